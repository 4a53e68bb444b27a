//! A problem that has been looked through, with what the search asks a million times a second laid out in tables.

use crate::Rule;
use crate::model::{DAY, MOST_PER_DAY, Minute, Peak, Problem, Slot};
use crate::score::broken_rules;

/// Why a problem cannot be rostered as it was given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    #[error("slot {slot}: its window does not lie within a day, or ends before it begins")]
    Window { slot: usize },
    #[error("slot {slot} needs nobody, or names a post that is not there")]
    Slot { slot: usize },
    #[error("post {post} names a place that is not in the table of travel")]
    Post { post: usize },
    #[error(
        "person {person} names a place, a post or a slot that is not there, or has a rest or a maximum out of range"
    )]
    Person { person: usize },
    #[error("a fixed duty of person {person} in slot {slot} names what is not there, or a seat that is taken")]
    Fixed { person: usize, slot: usize },
    #[error("the fixed duty of person {person} in slot {slot} breaks a rule: {rule:?}")]
    FixedAgainst { person: usize, slot: usize, rule: Rule },
    #[error("weights are from 0 to a million")]
    Weights,
}

/// In a plan: the seat is empty.
pub(crate) const NOBODY: u32 = u32::MAX;

/// A problem without flaws. Seats of all slots are numbered through, slot by slot.
#[derive(Debug, Clone)]
pub struct Prepared {
    pub(crate) problem: Problem,
    /// The slot of each seat.
    pub(crate) seats: Vec<u32>,
    /// The first seat of each slot, and one beyond the last.
    pub(crate) first: Vec<u32>,
    pub(crate) slots: Vec<When>,
    /// Who may take each seat by what no other duty changes, in order.
    pub(crate) candidates: Vec<Vec<u32>>,
    may: Vec<u64>,
    pub(crate) fixed: Vec<u32>,
    pub(crate) days: usize,
    pub(crate) weeks: usize,
    pub(crate) team_sizes: Vec<i64>,
    /// From each base to each post, [`UNKNOWN`] where the way is.
    reach: Vec<u16>,
    ways: Vec<u16>,
}

const UNKNOWN: u16 = u16::MAX;

/// The times of a slot, and where it is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct When {
    pub day: u32,
    pub from: Minute,
    pub to: Minute,
    pub post: u32,
    /// 0 early, 1 late, 2 neither.
    pub peak: u8,
}

impl Prepared {
    /// Errors: everything that is wrong with the problem, which is then not looked at further.
    pub fn new(mut problem: Problem) -> Result<Self, Vec<Flaw>> {
        let flaws = flaws(&problem);
        if !flaws.is_empty() {
            return Err(flaws);
        }
        // Whoever can come in the mornings only is barred from half of a term's slots: they are looked up, not looked through.
        problem.people.iter_mut().for_each(|person| person.barred_slots.sort_unstable());
        let mut first = vec![0];
        let mut seats = Vec::new();
        for (at, slot) in problem.slots.iter().enumerate() {
            seats.extend(slot.seats.iter().map(|_| at as u32));
            first.push(seats.len() as u32);
        }
        let days = problem.slots.iter().map(|slot| slot.day + 1).max().unwrap_or(0);
        let posts = problem.posts.len();
        let ways = (0..posts * posts)
            .map(|pair| way(&problem, problem.posts[pair / posts].place, problem.posts[pair % posts].place))
            .collect();
        let reach = (0..problem.people.len() * posts)
            .map(|pair| way(&problem, problem.people[pair / posts].base, problem.posts[pair % posts].place))
            .collect();
        let teams = problem.people.iter().map(|person| person.team + 1).max().unwrap_or(0);
        let mut team_sizes = vec![0; teams];
        for person in &problem.people {
            team_sizes[person.team] += 1;
        }
        let words = seats.len().div_ceil(64);
        let mut prepared = Self {
            slots: problem.slots.iter().map(when).collect(),
            candidates: vec![Vec::new(); seats.len()],
            may: vec![0; words * problem.people.len()],
            fixed: vec![NOBODY; seats.len()],
            weeks: days.div_ceil(7),
            problem,
            seats,
            first,
            days,
            team_sizes,
            reach,
            ways,
        };
        for person in 0..prepared.problem.people.len() {
            for seat in 0..prepared.seats.len() {
                if Rule::OF_ONE.iter().all(|rule| rule.allows(&prepared, person, seat)) {
                    prepared.may[person * words + seat / 64] |= 1 << (seat % 64);
                    prepared.candidates[seat].push(person as u32);
                }
            }
        }
        let mut plan = vec![NOBODY; prepared.seats.len()];
        let mut flaws = Vec::new();
        for fixed in prepared.problem.fixed.clone() {
            let seat = prepared.first[fixed.slot] as usize + fixed.seat;
            if plan[seat] != NOBODY {
                flaws.push(Flaw::Fixed { person: fixed.person, slot: fixed.slot });
            }
            plan[seat] = fixed.person as u32;
        }
        flaws.extend(broken_rules(&prepared, &plan).into_iter().map(|broken| Flaw::FixedAgainst {
            person: broken.person,
            slot: prepared.seats[broken.seat] as usize,
            rule: broken.rule,
        }));
        prepared.fixed = plan;
        if flaws.is_empty() { Ok(prepared) } else { Err(flaws) }
    }

    pub fn problem(&self) -> &Problem {
        &self.problem
    }

    /// How many seats there are in all slots.
    pub fn seats(&self) -> usize {
        self.seats.len()
    }

    /// The slot of a seat, and which of its seats it is.
    pub fn slot_of(&self, seat: usize) -> (usize, usize) {
        let slot = self.seats[seat] as usize;
        (slot, seat - self.first[slot] as usize)
    }

    /// The number of a slot's seat.
    pub fn seat(&self, slot: usize, seat: usize) -> usize {
        self.first[slot] as usize + seat
    }

    pub(crate) fn when(&self, seat: usize) -> &When {
        &self.slots[self.seats[seat] as usize]
    }

    pub(crate) fn slot(&self, seat: usize) -> &Slot {
        &self.problem.slots[self.seats[seat] as usize]
    }

    /// Whether nothing but other duties stands between a person and a seat.
    pub fn may(&self, person: usize, seat: usize) -> bool {
        let words = self.seats.len().div_ceil(64);
        self.may[person * words + seat / 64] >> (seat % 64) & 1 == 1
    }

    pub(crate) fn is_fixed(&self, seat: usize) -> bool {
        self.fixed[seat] != NOBODY
    }

    /// Minutes from a person's base to a post.
    pub(crate) fn reach(&self, person: usize, post: usize) -> Option<u16> {
        Some(self.reach[person * self.problem.posts.len() + post]).filter(|&minutes| minutes != UNKNOWN)
    }

    /// Whether one person can do both on the same day, one after the other.
    pub(crate) fn apart(&self, a: usize, b: usize) -> bool {
        let (a, b) = (self.when(a), self.when(b));
        let (a, b) = if a.from <= b.from { (a, b) } else { (b, a) };
        let way = self.ways[a.post as usize * self.problem.posts.len() + b.post as usize];
        way != UNKNOWN && b.from - a.to >= Minute::from(way)
    }

    /// Whether one person can do both: on one day one after the other, on two with their rest between.
    pub fn together(&self, person: usize, a: usize, b: usize) -> bool {
        if self.when(a).day == self.when(b).day { self.apart(a, b) } else { self.rested(person, a, b) }
    }

    /// Whether two duties on different days leave a person their rest.
    pub(crate) fn rested(&self, person: usize, a: usize, b: usize) -> bool {
        let (a, b) = (self.when(a), self.when(b));
        let (a, b) = if a.from <= b.from { (a, b) } else { (b, a) };
        b.from - a.to >= self.problem.people[person].rest
    }

    pub(crate) fn travel_cost(&self, person: usize, seat: usize) -> i64 {
        i64::from(self.reach[person * self.problem.posts.len() + self.when(seat).post as usize])
            * self.problem.weights.travel
    }
}

fn way(problem: &Problem, from: usize, to: usize) -> u16 {
    problem.travel.get(from, to).unwrap_or(UNKNOWN)
}

fn when(slot: &Slot) -> When {
    let span = slot.span();
    let peak = match slot.peak {
        Peak::Early => 0,
        Peak::Late => 1,
        Peak::Midday => 2,
    };
    When { day: slot.day as u32, from: span.from, to: span.to, post: slot.post as u32, peak }
}

/// What is wrong with each part by itself.
fn flaws(problem: &Problem) -> Vec<Flaw> {
    let mut flaws = Vec::new();
    let places = problem.travel.places();
    let weights = problem.weights;
    if [weights.fairness, weights.continuity, weights.travel].iter().any(|weight| !(0..=1_000_000).contains(weight)) {
        flaws.push(Flaw::Weights);
    }
    flaws.extend(
        (0..problem.posts.len()).filter(|&post| problem.posts[post].place >= places).map(|post| Flaw::Post { post }),
    );
    for (slot, wanted) in problem.slots.iter().enumerate() {
        if wanted.window.from < 0 || wanted.window.to > DAY || wanted.window.from >= wanted.window.to {
            flaws.push(Flaw::Window { slot });
        }
        if wanted.post >= problem.posts.len()
            || wanted.seats.is_empty()
            || wanted.seats.len() > 100
            || wanted.day > 3660
        {
            flaws.push(Flaw::Slot { slot });
        }
    }
    for (person, who) in problem.people.iter().enumerate() {
        let fits = who.base < places
            && who.team <= problem.people.len()
            && (0..=DAY).contains(&who.rest)
            && who.most.per_day <= MOST_PER_DAY
            && who.barred_posts.iter().all(|&post| post < problem.posts.len())
            && who.barred_slots.iter().all(|&slot| slot < problem.slots.len());
        if !fits {
            flaws.push(Flaw::Person { person });
        }
    }
    for fixed in &problem.fixed {
        let seat = problem.slots.get(fixed.slot).and_then(|slot| slot.seats.get(fixed.seat));
        if fixed.person >= problem.people.len() || seat.is_none() {
            flaws.push(Flaw::Fixed { person: fixed.person, slot: fixed.slot });
        }
    }
    flaws
}
