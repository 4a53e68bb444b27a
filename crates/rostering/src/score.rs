//! What a roster is worth, counted from nothing: the rules it breaks, its empty seats, and what each person's wishes cost.
//!
//! The search counts differently, by what each step changes; the tests compare it with this.

use crate::model::{Peak, Span};
use crate::prepared::{NOBODY, Prepared};

/// Who is in each seat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roster(pub(crate) Vec<u32>);

impl Roster {
    /// Only the fixed duties.
    pub fn empty(on: &Prepared) -> Self {
        Self(on.fixed.clone())
    }

    pub fn who(&self, seat: usize) -> Option<usize> {
        Some(self.0[seat]).filter(|&who| who != NOBODY).map(|who| who as usize)
    }

    pub fn put(&mut self, seat: usize, who: Option<usize>) {
        self.0[seat] = who.map_or(NOBODY, |who| who as u32);
    }
}

/// A rule that no roster breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Rule {
    /// Who takes a seat is of its kinds and has its qualifications.
    Qualified,
    /// Nobody is on duty while away.
    Available,
    /// Nobody stands where they must not.
    Barred,
    /// The way from the base to the post is known.
    WayKnown,
    /// Duties of one day leave time for a known way from one to the other.
    OneAtATime,
    /// Days leave the rest between them.
    Rest,
    PerDay,
    PerWeek,
    PerPeriod,
    /// Who may not stand alone stands with somebody who may; where a pair is needed nobody is alone. A roster does not break it:
    /// who stands against it counts as nobody.
    Company,
}

impl Rule {
    /// The rules about one person in one seat, whatever else they do.
    pub(crate) const OF_ONE: [Self; 4] = [Self::Qualified, Self::WayKnown, Self::Available, Self::Barred];
    /// The rules about all duties of one person.
    pub(crate) const OF_DUTIES: [Self; 5] =
        [Self::OneAtATime, Self::Rest, Self::PerDay, Self::PerWeek, Self::PerPeriod];

    /// Whether a rule [of one](Self::OF_ONE) allows somebody a seat; the others allow everything here.
    pub(crate) fn allows(self, on: &Prepared, person: usize, seat: usize) -> bool {
        let who = &on.problem.people[person];
        let slot = on.slot(seat);
        match self {
            Self::Qualified => {
                let wanted = slot.seats[on.slot_of(seat).1];
                wanted.kinds.has(who.kind) && who.qualifications & wanted.qualifications == wanted.qualifications
            }
            Self::Available => {
                let span = slot.span();
                !who.away.iter().any(|away: &Span| away.touches(span))
            }
            Self::Barred => {
                who.barred_slots.binary_search(&(on.seats[seat] as usize)).is_err()
                    && !who.barred_posts.contains(&slot.post)
            }
            Self::WayKnown => on.reach(person, slot.post).is_some(),
            _ => true,
        }
    }
}

/// A rule that a person's duty breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Broken {
    pub person: usize,
    pub seat: usize,
    pub rule: Rule,
}

/// Every rule that a roster breaks; none for what [`solve`](crate::solve) and [`repair`](crate::repair) give.
pub fn broken(on: &Prepared, roster: &Roster) -> Vec<Broken> {
    broken_rules(on, &roster.0)
}

pub(crate) fn broken_rules(on: &Prepared, plan: &[u32]) -> Vec<Broken> {
    let mut found = Vec::new();
    for (person, duties) in duties(on, plan).into_iter().enumerate() {
        let most = on.problem.people[person].most;
        for (at, &seat) in duties.iter().enumerate() {
            let mut note = |rule| found.push(Broken { person, seat, rule });
            Rule::OF_ONE.into_iter().filter(|rule| !rule.allows(on, person, seat)).for_each(&mut note);
            let day = on.when(seat).day;
            let earlier = &duties[..at];
            if earlier.iter().any(|&other| on.when(other).day == day && !on.apart(other, seat)) {
                note(Rule::OneAtATime);
            }
            if earlier.iter().any(|&other| on.when(other).day != day && !on.rested(person, other, seat)) {
                note(Rule::Rest);
            }
            let before = |same: &dyn Fn(u32) -> bool| earlier.iter().filter(|&&other| same(on.when(other).day)).count();
            let full = [
                (Rule::PerDay, before(&|other| other == day), most.per_day),
                (
                    Rule::PerWeek,
                    before(&|other| other / 7 == day / 7),
                    on.problem.people[person].room_in(day as usize / 7),
                ),
                (Rule::PerPeriod, at, most.per_period),
            ];
            full.into_iter().filter(|&(_, has, most)| has >= usize::from(most)).for_each(|(rule, ..)| note(rule));
        }
    }
    found
}

/// The seats of each person, in the order of time.
pub(crate) fn duties(on: &Prepared, plan: &[u32]) -> Vec<Vec<usize>> {
    let mut duties = vec![Vec::new(); on.problem.people.len()];
    for (seat, &who) in plan.iter().enumerate().filter(|&(_, &who)| who != NOBODY) {
        duties[who as usize].push(seat);
    }
    duties.iter_mut().for_each(|seats| seats.sort_by_key(|&seat| (on.when(seat).from, seat)));
    duties
}

/// What a roster is judged by: first how many seats are empty, then what the wishes cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Score {
    pub unfilled: i64,
    pub penalty: i64,
}

/// The score, counted from nothing.
pub fn score(on: &Prepared, roster: &Roster) -> Score {
    Score {
        unfilled: unfilled(on, roster).len() as i64,
        penalty: items(on, roster).iter().map(|item| item.penalty).sum(),
    }
}

/// The seats in which nobody stands who counts.
pub fn unfilled(on: &Prepared, roster: &Roster) -> Vec<usize> {
    let mut empty = Vec::new();
    for (slot, wanted) in on.problem.slots.iter().enumerate() {
        let seats = on.first[slot] as usize..on.first[slot + 1] as usize;
        let there: Vec<usize> = seats.clone().filter_map(|seat| roster.who(seat)).collect();
        let leads = there.iter().any(|&who| on.problem.people[who].stands_alone);
        let counts = leads && !(wanted.pair && there.len() < 2);
        empty.extend(seats.filter(|&seat| !counts || roster.who(seat).is_none()));
    }
    empty
}

/// A wish that a roster does not meet, and whose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    pub person: usize,
    pub wish: Wish,
    /// The items of a roster add up to its penalty.
    pub penalty: i64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    /// So many early or late peaks, with those carried along, where everybody in the team would have `fair` or one more.
    Fairness { peak: Peak, has: i64, fair: i64 },
    /// All posts at which this person stands: more than one.
    Continuity { posts: Vec<usize> },
    /// Minutes from the base to all duties.
    Travel { minutes: i64 },
}

/// Every item of penalty, by person.
///
/// Fairness adds up because of an identity: the squares of a team's shares exceed the smallest possible sum by
/// the sum of `(has - fair) * (has - fair - 1)`, where `fair` is the mean rounded down.
pub fn items(on: &Prepared, roster: &Roster) -> Vec<Item> {
    let weights = on.problem.weights;
    let duties = duties(on, &roster.0);
    let mut items = Vec::new();
    let mut note = |person, wish, penalty| {
        if penalty > 0 {
            items.push(Item { person, wish, penalty });
        }
    };
    let count = |person: usize, peak: usize| {
        let stood = duties[person].iter().filter(|&&seat| usize::from(on.when(seat).peak) == peak).count();
        i64::from(on.problem.people[person].carried[peak]) + stood as i64
    };
    let mut totals = vec![[0; 2]; on.team_sizes.len()];
    for (person, who) in on.problem.people.iter().enumerate() {
        (0..2).for_each(|peak| totals[who.team][peak] += count(person, peak));
    }
    for (person, who) in on.problem.people.iter().enumerate() {
        for (at, peak) in [Peak::Early, Peak::Late].into_iter().enumerate() {
            let (has, fair) = (count(person, at), totals[who.team][at] / on.team_sizes[who.team]);
            let beyond = (has - fair) * (has - fair - 1);
            note(person, Wish::Fairness { peak, has, fair }, beyond * weights.fairness);
        }
        let mut posts: Vec<usize> = duties[person].iter().map(|&seat| on.when(seat).post as usize).collect();
        posts.sort_unstable();
        posts.dedup();
        let more = posts.len() as i64 - 1;
        note(person, Wish::Continuity { posts }, more * weights.continuity);
        let minutes = |&seat: &usize| i64::from(on.reach(person, on.when(seat).post as usize).unwrap_or(0));
        let minutes = duties[person].iter().map(minutes).sum();
        note(person, Wish::Travel { minutes }, minutes * weights.travel);
    }
    items
}
