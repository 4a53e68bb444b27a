//! Why a seat is empty: the fewest rules, seats and people that cannot all be had.

use std::collections::{BTreeMap, BTreeSet};

use crate::layers::{Layers, groups};
use crate::prepared::Prepared;
use crate::score::{Roster, Rule, unfilled};
use crate::state::State;

/// A set of rules and filled seats together with which a seat cannot be filled. None of them could be shown to be needless.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clash {
    pub seat: usize,
    /// Rules, each with the person for whom it holds, [`Rule::Company`] with the slot.
    pub rules: Vec<(Rule, Whom)>,
    /// Seats that are filled and would have to be given up, one of them at least.
    pub seats: Vec<usize>,
    /// Whether it has been proved that the seat cannot be filled without emptying another. If not, no way was found, and the rules
    /// are those that keep each person from it in this roster.
    pub proved: bool,
}

/// For whom, or where, a rule holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Whom {
    Person(usize),
    Slot(usize),
}

/// A clash for each seat that is empty, in the order of seats.
pub fn explain(on: &Prepared, roster: &Roster) -> Vec<Clash> {
    let groups = groups(on);
    unfilled(on, roster).into_iter().map(|seat| explain_one(on, roster, seat, &groups)).collect()
}

/// Beyond so many seats a clash is not looked for: nobody could read it.
const MOST_SEATS: usize = 600;
/// Where the flow does not decide, everything is tried among so many seats at most, in so many steps.
const FEW_SEATS: usize = 40;
const PATIENCE: usize = 4_000;
/// In how many ways company is spread over the slots.
const SPREADS: usize = 200;

fn explain_one(on: &Prepared, roster: &Roster, seat: usize, groups: &[u32]) -> Clash {
    let state = State::from(on, roster);
    let mut seats = vec![seat];
    let slot = on.seats[seat] as usize;
    // Whoever could keep company may be kept from any seat of the slot.
    let mut layer: Vec<usize> = (on.first[slot] as usize..on.first[slot + 1] as usize).collect();
    let mut known = BTreeSet::from([seat]);
    // What keeps people from the seat, what keeps others from that, and so on, until it cannot all be had.
    while seats.len() <= MOST_SEATS {
        let question = Question::new(on, groups, &seats);
        if question.answer() == Answer::No {
            return question.minimal(seat);
        }
        let mut next = Vec::new();
        for &seat in &layer {
            for &person in &on.candidates[seat] {
                for duty in blocking(&state, person as usize, seat) {
                    if known.insert(duty) {
                        next.push(duty);
                    }
                }
            }
        }
        if next.is_empty() {
            break;
        }
        seats.extend(&next);
        layer = next;
    }
    Clash { seat, rules: reasons(&state, seat), seats: Vec::new(), proved: false }
}

/// The duties of a person that stand against a seat.
fn blocking(state: &State<'_>, person: usize, seat: usize) -> Vec<usize> {
    let on = state.on;
    let most = on.problem.people[person].most;
    let day = on.when(seat).day as usize;
    let monday = day / 7 * 7;
    let week = monday..(monday + 7).min(on.days);
    let all = |days| state.during(person, days).collect::<Vec<usize>>();
    if all(0..on.days).len() >= usize::from(most.per_period) {
        return all(0..on.days);
    }
    if all(week.clone()).len() >= usize::from(on.problem.people[person].room_in(day / 7)) {
        return all(week);
    }
    if all(day..day + 1).len() >= usize::from(most.per_day) {
        return all(day..day + 1);
    }
    state.near(person, day).filter(|&other| !on.together(person, other, seat)).collect()
}

/// The first rule that keeps each person from a seat in a roster.
fn reasons(state: &State<'_>, seat: usize) -> Vec<(Rule, Whom)> {
    let on = state.on;
    let day = on.when(seat).day as usize;
    let reason = |person: usize| {
        if let Some(rule) = Rule::OF_ONE.into_iter().find(|rule| !rule.allows(on, person, seat)) {
            return rule;
        }
        let clash = state.near(person, day).find(|&other| !on.together(person, other, seat));
        match clash {
            Some(other) if on.when(other).day as usize == day => Rule::OneAtATime,
            Some(_) => Rule::Rest,
            None if state.fits(person, seat) => Rule::Company,
            None => {
                let most = on.problem.people[person].most;
                let monday = day / 7 * 7;
                let has = |days| state.during(person, days).count();
                if has(day..day + 1) >= usize::from(most.per_day) {
                    Rule::PerDay
                } else if has(monday..(monday + 7).min(on.days))
                    >= usize::from(on.problem.people[person].room_in(day / 7))
                {
                    Rule::PerWeek
                } else {
                    Rule::PerPeriod
                }
            }
        }
    };
    let mut rules: Vec<_> = (0..on.problem.people.len()).map(|person| (reason(person), Whom::Person(person))).collect();
    rules.sort_unstable();
    rules
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    Yes,
    No,
    Unknown,
}

/// Can all of these seats be filled by the rules that hold? The first is the one that is empty.
struct Question<'a> {
    on: &'a Prepared,
    groups: &'a [u32],
    seats: Vec<usize>,
    /// For each person, which rules hold: a bit for each.
    holds: Vec<u16>,
    /// Slots of these seats in which company is asked for, each with all its seats.
    company: BTreeMap<usize, Vec<usize>>,
    /// For each seat of these slots and each person, the rules of one that stand between them.
    against: BTreeMap<usize, Vec<u16>>,
}

/// A seat that must be filled, and whether by somebody who may stand alone.
type Demand = (usize, bool);

impl<'a> Question<'a> {
    fn new(on: &'a Prepared, groups: &'a [u32], seats: &[usize]) -> Self {
        let all = |slot: usize| (on.first[slot] as usize..on.first[slot + 1] as usize).collect::<Vec<usize>>();
        let company: BTreeMap<usize, Vec<usize>> =
            seats.iter().map(|&seat| on.seats[seat] as usize).map(|slot| (slot, all(slot))).collect();
        let against = |seat: usize| {
            let against = |person: usize| {
                let broken = Rule::OF_ONE.into_iter().filter(|rule| !rule.allows(on, person, seat));
                let fixed = on.is_fixed(seat) && on.fixed[seat] != person as u32;
                broken.fold(if fixed { FIXED } else { 0 }, |bits, rule| bits | bit(rule))
            };
            (seat, (0..on.problem.people.len()).map(against).collect())
        };
        Self {
            on,
            groups,
            seats: seats.to_vec(),
            holds: vec![u16::MAX; on.problem.people.len()],
            against: company.values().flatten().map(|&seat| against(seat)).collect(),
            company,
        }
    }

    /// Leaves out whatever is not needed for the answer no: company elsewhere, seats, the farthest first, then each rule.
    fn minimal(mut self, seat: usize) -> Clash {
        let all = std::mem::take(&mut self.company);
        if self.answer() != Answer::No {
            self.company = all;
        }
        for at in (1..self.seats.len()).rev() {
            let without = self.seats.remove(at);
            if self.answer() != Answer::No {
                self.seats.insert(at, without);
            }
        }
        for slot in self.company.keys().copied().collect::<Vec<usize>>() {
            if let Some(seats) = self.company.remove(&slot)
                && self.answer() != Answer::No
            {
                self.company.insert(slot, seats);
            }
        }
        let mut rules: Vec<(Rule, Whom)> = self.company.keys().map(|&slot| (Rule::Company, Whom::Slot(slot))).collect();
        for person in 0..self.holds.len() {
            for rule in Rule::OF_ONE.into_iter().chain(Rule::OF_DUTIES) {
                self.holds[person] &= !bit(rule);
                if self.answer() != Answer::No {
                    self.holds[person] |= bit(rule);
                    rules.push((rule, Whom::Person(person)));
                }
            }
        }
        rules.sort_unstable();
        Clash { seat, rules, seats: self.seats[1..].to_vec(), proved: true }
    }

    fn holds(&self, person: usize, rule: Rule) -> bool {
        self.holds[person] & bit(rule) != 0
    }

    fn leads(&self, person: usize) -> bool {
        self.on.problem.people[person].stands_alone
    }

    /// Who may meet a demand by the rules that hold.
    fn people(&self, (seat, leading): Demand) -> Vec<usize> {
        let against = &self.against[&seat];
        let may = |&person: &usize| against[person] & self.holds[person] == 0 && (!leading || self.leads(person));
        (0..self.holds.len()).filter(may).collect()
    }

    fn answer(&self) -> Answer {
        let demands: Vec<Demand> = self.seats.iter().map(|&seat| (seat, false)).collect();
        let mut slots: Vec<usize> = self.company.keys().copied().collect();
        slots.sort_by_key(|slot| std::cmp::Reverse(self.company[slot].len()));
        self.spread(&demands, &slots, &mut SPREADS.clone())
    }

    /// Somebody who may stand alone has to be in one of each slot's seats, beside somebody where a pair is needed: tries each of them,
    /// the slot at the end first, unless the flow says no without it.
    fn spread(&self, demands: &[Demand], slots: &[usize], left: &mut usize) -> Answer {
        if *left == 0 {
            return Answer::Unknown;
        }
        *left -= 1;
        let choices: Vec<Vec<usize>> = demands.iter().map(|&demand| self.people(demand)).collect();
        let mut layers = Layers::new(self.on, self.groups, |person, rule| self.holds(person, rule));
        for (&(seat, _), people) in demands.iter().zip(&choices) {
            layers.add(seat, people.iter().copied());
        }
        if layers.fill().0 < demands.len() as i64 {
            return Answer::No;
        }
        let Some((&slot, others)) = slots.split_last() else {
            return self.decide(demands, choices, layers.filled());
        };
        let pair = self.on.problem.slots[slot].pair;
        let seats = &self.company[&slot];
        let mut answer = Answer::No;
        for &leading in seats {
            let mut with = demands.to_vec();
            demand(&mut with, (leading, true));
            let beside: Vec<usize> = seats.iter().copied().filter(|&seat| pair && seat != leading).collect();
            let there = |demands: &[Demand]| beside.iter().any(|&seat| demands.contains(&(seat, false)));
            // Who is there anyway makes the pair; otherwise somebody has to.
            let ways: Vec<Vec<Demand>> = if !pair || there(&with) {
                vec![with]
            } else {
                beside.iter().map(|&seat| [&with[..], &[(seat, false)]].concat()).collect()
            };
            for way in ways {
                match self.spread(&way, others, left) {
                    Answer::Yes => return Answer::Yes,
                    Answer::Unknown => answer = Answer::Unknown,
                    Answer::No => {}
                }
            }
        }
        answer
    }

    /// The flow found an assignment, which may break what it does not know. Then, among few seats, every one is tried.
    fn decide(
        &self,
        demands: &[Demand],
        choices: Vec<Vec<usize>>,
        mut filled: impl Iterator<Item = (usize, usize)>,
    ) -> Answer {
        let mut duties = vec![Vec::new(); self.holds.len()];
        let kept = filled.all(|(seat, person)| {
            let fits = self.fits(&duties[person], person, seat);
            duties[person].push(seat);
            fits
        });
        if kept {
            return Answer::Yes;
        }
        if demands.len() > FEW_SEATS {
            return Answer::Unknown;
        }
        let seats = demands.iter().map(|&(seat, _)| seat).collect();
        let duties = vec![Vec::new(); self.holds.len()];
        Trying { question: self, seats, choices, duties, left: PATIENCE }.fill(&mut vec![false; demands.len()])
    }

    /// Whether a seat can be added to a person's duties by the rules that hold.
    fn fits(&self, duties: &[usize], person: usize, seat: usize) -> bool {
        let on = self.on;
        let most = on.problem.people[person].most;
        let day = on.when(seat).day;
        let has = |same: &dyn Fn(u32) -> bool| duties.iter().filter(|&&other| same(on.when(other).day)).count();
        let room = |rule, has: usize, most: u16| !self.holds(person, rule) || has < usize::from(most);
        let apart = |&other: &usize| {
            if on.when(other).day == day {
                !self.holds(person, Rule::OneAtATime) || on.apart(other, seat)
            } else {
                !self.holds(person, Rule::Rest) || on.rested(person, other, seat)
            }
        };
        room(Rule::PerPeriod, duties.len(), most.per_period)
            && room(Rule::PerDay, has(&|other| other == day), most.per_day)
            && room(
                Rule::PerWeek,
                has(&|other| other / 7 == day / 7),
                on.problem.people[person].room_in(day as usize / 7),
            )
            && duties.iter().all(apart)
    }
}

/// Adds a demand, or makes one for the same seat stricter.
fn demand(demands: &mut Vec<Demand>, (seat, leading): Demand) {
    match demands.iter_mut().find(|(other, _)| *other == seat) {
        Some(known) => known.1 |= leading,
        None => demands.push((seat, leading)),
    }
}

/// Trying everything, the seat with the fewest people first, until patience ends.
struct Trying<'q, 'a> {
    question: &'q Question<'a>,
    seats: Vec<usize>,
    choices: Vec<Vec<usize>>,
    duties: Vec<Vec<usize>>,
    left: usize,
}

impl Trying<'_, '_> {
    fn fill(&mut self, done: &mut Vec<bool>) -> Answer {
        let open = (0..done.len()).filter(|&at| !done[at]);
        let possible = |at: usize| {
            let fits = |&&person: &&usize| self.question.fits(&self.duties[person], person, self.seats[at]);
            self.choices[at].iter().filter(fits).copied().collect::<Vec<usize>>()
        };
        let Some((at, people)) = open.map(|at| (at, possible(at))).min_by_key(|(_, people)| people.len()) else {
            return Answer::Yes;
        };
        done[at] = true;
        for person in people {
            if self.left == 0 {
                return Answer::Unknown;
            }
            self.left -= 1;
            self.duties[person].push(self.seats[at]);
            let answer = self.fill(done);
            self.duties[person].pop();
            if answer != Answer::No {
                return answer;
            }
        }
        done[at] = false;
        Answer::No
    }
}

fn bit(rule: Rule) -> u16 {
    1 << rule as u16
}

/// Stands between a fixed seat and everybody else; no rule is dropped for it.
const FIXED: u16 = 1 << 15;
