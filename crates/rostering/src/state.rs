//! A roster that is being changed: what the rules and the score need is kept in counters, so that a step costs the same in a large
//! problem as in a small one.

use crate::model::MOST_PER_DAY;
use crate::prepared::{NOBODY, Prepared};
use crate::score::{Roster, Score};

#[derive(Debug, Clone)]
pub(crate) struct State<'a> {
    pub on: &'a Prepared,
    pub who: Vec<u32>,
    /// The duties of each person on each day.
    today: Vec<Today>,
    weeks: Vec<u16>,
    totals: Vec<u16>,
    /// Early, late and other duties of each person, with those carried along.
    shares: Vec<[i64; 3]>,
    /// How often each person stands at each post, and at how many different ones.
    at: Vec<u16>,
    posts: Vec<i64>,
    teams: Vec<[Balance; 2]>,
    slots: Vec<Company>,
    pub score: Score,
    /// How many people stand where it counts for nothing.
    pub in_vain: i64,
    /// Who was in each seat, and how many seats are different, where that matters.
    pub old: Option<&'a Roster>,
    pub changes: i64,
}

#[derive(Debug, Clone, Copy, Default)]
struct Today {
    count: u8,
    seats: [u32; MOST_PER_DAY as usize],
}

/// The sum of a team's shares, and of their squares.
#[derive(Debug, Clone, Copy, Default)]
struct Balance {
    sum: i64,
    squares: i64,
}

impl Balance {
    /// By how much the squares exceed the smallest sum of squares that the same total can have.
    fn excess(self, size: i64) -> i64 {
        let (fair, more) = (self.sum / size, self.sum % size);
        self.squares - size * fair * fair - more * (2 * fair + 1)
    }
}

/// Who stands in a slot: how many, and how many of them may stand alone.
#[derive(Debug, Clone, Copy, Default)]
struct Company {
    here: u8,
    leading: u8,
}

impl<'a> State<'a> {
    /// The fixed duties, and of the roster what the rules allow together with them, in the order of seats.
    pub fn from(on: &'a Prepared, roster: &Roster) -> Self {
        let people = on.problem.people.len();
        let mut state = Self {
            on,
            who: vec![NOBODY; on.seats.len()],
            today: vec![Today::default(); people * on.days],
            weeks: vec![0; people * on.weeks],
            totals: vec![0; people],
            shares: vec![[0; 3]; people],
            at: vec![0; people * on.problem.posts.len()],
            posts: vec![0; people],
            teams: vec![[Balance::default(); 2]; on.team_sizes.len()],
            slots: vec![Company::default(); on.slots.len()],
            score: Score { unfilled: on.seats.len() as i64, penalty: 0 },
            in_vain: 0,
            old: None,
            changes: 0,
        };
        for (person, who) in on.problem.people.iter().enumerate() {
            for peak in 0..2 {
                let carried = i64::from(who.carried[peak]);
                state.shares[person][peak] = carried;
                state.teams[who.team][peak].sum += carried;
                state.teams[who.team][peak].squares += carried * carried;
            }
        }
        for (team, balances) in state.teams.iter().enumerate().filter(|&(team, _)| on.team_sizes[team] > 0) {
            let excess: i64 = balances.iter().map(|balance| balance.excess(on.team_sizes[team])).sum();
            state.score.penalty += excess * on.problem.weights.fairness;
        }
        for seat in (0..on.seats.len()).filter(|&seat| on.is_fixed(seat)) {
            state.put(seat, on.fixed[seat] as usize);
        }
        for seat in 0..on.seats.len() {
            if let Some(person) = roster.who(seat).filter(|_| state.who[seat] == NOBODY)
                && on.may(person, seat)
                && state.fits(person, seat)
            {
                state.put(seat, person);
            }
        }
        state
    }

    pub fn roster(&self) -> Roster {
        Roster(self.who.clone())
    }

    pub fn who(&self, seat: usize) -> Option<usize> {
        Some(self.who[seat]).filter(|&who| who != NOBODY).map(|who| who as usize)
    }

    /// Puts a person, who [fits](Self::fits), into an empty seat.
    pub fn put(&mut self, seat: usize, person: usize) {
        self.changes += self.changes_by(seat, person as u32);
        self.who[seat] = person as u32;
        self.count(seat, person, 1);
        let today = &mut self.today[person * self.on.days + self.on.when(seat).day as usize];
        today.seats[usize::from(today.count)] = seat as u32;
        today.count += 1;
    }

    /// Empties a seat, and says who was in it.
    pub fn take(&mut self, seat: usize) -> Option<usize> {
        let person = self.who[seat];
        if person == NOBODY {
            return None;
        }
        self.changes -= self.changes_by(seat, person);
        let person = person as usize;
        self.who[seat] = NOBODY;
        self.count(seat, person, -1);
        let today = &mut self.today[person * self.on.days + self.on.when(seat).day as usize];
        today.count -= 1;
        let last = usize::from(today.count);
        if let Some(at) = today.seats[..last].iter().position(|&other| other == seat as u32) {
            today.seats[at] = today.seats[last];
        }
        Some(person)
    }

    /// Changes to a roster that breaks no rule, and in which the fixed duties are.
    pub fn become_roster(&mut self, roster: &Roster) {
        let different: Vec<usize> = (0..self.who.len()).filter(|&seat| self.who[seat] != roster.0[seat]).collect();
        for &seat in &different {
            self.take(seat);
        }
        for seat in different {
            if let Some(person) = roster.who(seat) {
                self.put(seat, person);
            }
        }
    }

    /// Counts changes of a roster from now on.
    pub fn compare(&mut self, old: &'a Roster) {
        self.changes = self.who.iter().zip(&old.0).filter(|(now, old)| now != old).count() as i64;
        self.old = Some(old);
    }

    /// How many more seats are different when a person comes into an empty one.
    fn changes_by(&self, seat: usize, person: u32) -> i64 {
        match self.old.map(|old| old.0[seat]) {
            Some(NOBODY) => 1,
            Some(old) if old == person => -1,
            _ => 0,
        }
    }

    fn count(&mut self, seat: usize, person: usize, by: i64) {
        let on = self.on;
        let (when, who, weights) = (on.when(seat), &on.problem.people[person], on.problem.weights);
        let step = |counter: &mut u16| *counter = counter.wrapping_add_signed(by as i16);
        step(&mut self.weeks[person * on.weeks + when.day as usize / 7]);
        step(&mut self.totals[person]);
        let at = &mut self.at[person * on.problem.posts.len() + when.post as usize];
        let before = *at;
        step(at);
        if before == 0 || *at == 0 {
            let posts = &mut self.posts[person];
            let more = (*posts - 1).max(0);
            *posts += by;
            self.score.penalty += ((*posts - 1).max(0) - more) * weights.continuity;
        }
        if when.peak < 2 {
            let share = &mut self.shares[person][usize::from(when.peak)];
            let balance = &mut self.teams[who.team][usize::from(when.peak)];
            let size = on.team_sizes[who.team];
            let before = balance.excess(size);
            balance.squares += 2 * by * *share + 1;
            balance.sum += by;
            *share += by;
            self.score.penalty += (balance.excess(size) - before) * weights.fairness;
        }
        self.score.penalty += by * on.travel_cost(person, seat);
        let slot = on.seats[seat] as usize;
        let wanted = &on.problem.slots[slot];
        let company = &mut self.slots[slot];
        let counted = |company: &Company| {
            let counts = company.leading > 0 && !(wanted.pair && company.here < 2);
            if counts { i64::from(company.here) } else { 0 }
        };
        let before = counted(company);
        company.here = company.here.wrapping_add_signed(by as i8);
        if who.stands_alone {
            company.leading = company.leading.wrapping_add_signed(by as i8);
        }
        let more = counted(company) - before;
        self.score.unfilled -= more;
        self.in_vain += by - more;
    }

    /// Whether somebody who [may](Prepared::may) can take a seat beside all other duties.
    pub fn fits(&self, person: usize, seat: usize) -> bool {
        let most = self.on.problem.people[person].most;
        let day = self.on.when(seat).day as usize;
        self.totals[person] < most.per_period
            && self.weeks[person * self.on.weeks + day / 7] < self.on.problem.people[person].room_in(day / 7)
            && self.on_day(person, day).len() < usize::from(most.per_day)
            && self.near(person, day).all(|other| self.on.together(person, other, seat))
    }

    pub fn on_day(&self, person: usize, day: usize) -> &[u32] {
        let today = &self.today[person * self.on.days + day];
        &today.seats[..usize::from(today.count)]
    }

    /// The duties of a person on a day, the day before and the day after.
    pub fn near(&self, person: usize, day: usize) -> impl Iterator<Item = usize> + '_ {
        let days = day.saturating_sub(1)..(day + 2).min(self.on.days);
        days.flat_map(move |day| self.on_day(person, day).iter().map(|&seat| seat as usize))
    }

    /// The duties of a person on all of these days.
    pub fn during(&self, person: usize, days: std::ops::Range<usize>) -> impl Iterator<Item = usize> + '_ {
        days.flat_map(move |day| self.on_day(person, day).iter().map(|&seat| seat as usize))
    }

    /// Which of a person's duties would have to go, one of them, for a seat: none are needed if `Free`, and one is not enough if
    /// `Blocked`.
    pub fn in_the_way(&self, person: usize, seat: usize) -> InTheWay {
        let most = self.on.problem.people[person].most;
        let day = self.on.when(seat).day as usize;
        let mut clashing = self.near(person, day).filter(|&other| !self.on.together(person, other, seat));
        let one = clashing.next();
        if clashing.next().is_some() {
            return InTheWay::Blocked;
        }
        let full_day = self.on_day(person, day).len() >= usize::from(most.per_day);
        let full_week = self.weeks[person * self.on.weeks + day / 7] >= self.on.problem.people[person].room_in(day / 7);
        let full = self.totals[person] >= most.per_period;
        let days = if full_day {
            day..day + 1
        } else if full_week {
            let monday = day / 7 * 7;
            monday..(monday + 7).min(self.on.days)
        } else if full {
            0..self.on.days
        } else {
            return one.map_or(InTheWay::Free, InTheWay::One);
        };
        match one {
            Some(other) if days.contains(&(self.on.when(other).day as usize)) => InTheWay::One(other),
            Some(_) => InTheWay::Blocked,
            // A full period in a day that is not full: any duty will do, and so on down.
            None => InTheWay::OneOf(days),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum InTheWay {
    Free,
    One(usize),
    /// Any one of the duties on these days.
    OneOf(std::ops::Range<usize>),
    Blocked,
}

impl State<'_> {
    /// Whether those who stand in a slot count.
    pub fn counts(&self, slot: usize) -> bool {
        let company = self.slots[slot];
        company.leading > 0 && !(self.on.problem.slots[slot].pair && company.here < 2)
    }

    /// The seats in which nobody stands who counts.
    pub fn unfilled(&self, slot: usize) -> impl Iterator<Item = usize> + use<> {
        let seats = self.on.first[slot] as usize..self.on.first[slot + 1] as usize;
        let counts = self.counts(slot);
        let empty: Vec<usize> = seats.filter(|&seat| !counts || self.who[seat] == NOBODY).collect();
        empty.into_iter()
    }

    /// Sends home whoever stands where it counts for nothing.
    pub fn tidy(&mut self) {
        for slot in 0..self.on.slots.len() {
            if !self.counts(slot) {
                for seat in self.on.first[slot] as usize..self.on.first[slot + 1] as usize {
                    if !self.on.is_fixed(seat) {
                        self.take(seat);
                    }
                }
            }
        }
    }
}
