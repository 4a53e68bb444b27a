//! Filling an empty seat by a chain: somebody takes it and leaves another duty, which somebody else takes, and so on. The same
//! chains complete a roster and repair one.

use crate::prepared::NOBODY;
use crate::score::Score;
use crate::state::{InTheWay, State};

/// Looks for chains in a roster, and leaves it as it was but for the chains that it takes.
pub(crate) struct Chains<'s, 'a, F> {
    state: &'s mut State<'a>,
    /// Seats that stay as they are.
    stays: F,
    /// The longest chain: how many seats may change.
    longest: usize,
    /// How many people may be tried for one seat, over all chains of one length.
    patience: usize,
    tried: usize,
    links: Vec<(usize, usize)>,
    best: Option<(Score, Vec<(usize, usize)>)>,
}

impl<'s, 'a, F: Fn(usize) -> bool> Chains<'s, 'a, F> {
    pub fn new(state: &'s mut State<'a>, longest: usize, patience: usize, stays: F) -> Self {
        Self { state, stays, longest, patience, tried: 0, links: Vec::new(), best: None }
    }

    /// Fills as much as it can of a slot's seats, each by the shortest chain, and of those by the one that costs least.
    pub fn fill(&mut self, slot: usize) {
        for seat in self.state.unfilled(slot) {
            if (self.stays)(seat) {
                continue;
            }
            let sent_home = self.state.take(seat);
            let before = self.state.score.unfilled;
            if self.fill_seat(seat, before - 1).is_some() {
                continue;
            }
            // Where a pair is needed one person changes nothing yet.
            let empty = |state: &State<'_>| state.unfilled(slot).filter(|&seat| state.who[seat] == NOBODY).collect();
            let others: Vec<usize> = empty(self.state);
            if others.len() > 1
                && let Some(undo) = self.fill_seat(seat, before)
            {
                let mut rest = others.into_iter().filter(|&other| other != seat);
                if rest.any(|other| !(self.stays)(other) && self.fill_seat(other, before - 1).is_some()) {
                    continue;
                }
                self.change(undo);
            }
            if let Some(person) = sent_home.filter(|&person| self.state.fits(person, seat)) {
                self.state.put(seat, person);
            }
        }
    }

    /// Fills an empty seat so that at most so many are unfilled, and says who was where before.
    fn fill_seat(&mut self, seat: usize, most_unfilled: i64) -> Option<Vec<(usize, Option<usize>)>> {
        for length in 1..=self.longest {
            self.tried = 0;
            self.best = None;
            self.extend(seat, length, most_unfilled);
            if let Some((_, links)) = self.best.take() {
                let before = links.iter().map(|&(seat, _)| (seat, self.state.who(seat))).collect();
                self.change(links.into_iter().map(|(seat, person)| (seat, Some(person))).collect());
                return Some(before);
            }
        }
        None
    }

    fn change(&mut self, links: Vec<(usize, Option<usize>)>) {
        for &(seat, _) in &links {
            self.state.take(seat);
        }
        for (seat, person) in links {
            if let Some(person) = person {
                self.state.put(seat, person);
            }
        }
    }

    fn extend(&mut self, seat: usize, length: usize, most_unfilled: i64) {
        let on = self.state.on;
        for &person in &on.candidates[seat] {
            if self.tried >= self.patience {
                return;
            }
            self.tried += 1;
            let person = person as usize;
            let way = self.state.in_the_way(person, seat);
            if length == 1 {
                if way == InTheWay::Free {
                    self.state.put(seat, person);
                    let score = self.state.score;
                    if score.unfilled <= most_unfilled && self.best.as_ref().is_none_or(|(best, _)| score < *best) {
                        let mut links = self.links.clone();
                        links.push((seat, person));
                        self.best = Some((score, links));
                    }
                    self.state.take(seat);
                }
                continue;
            }
            let left: Vec<usize> = match way {
                InTheWay::One(other) => vec![other],
                InTheWay::OneOf(days) => self.state.during(person, days).collect(),
                InTheWay::Free | InTheWay::Blocked => continue,
            };
            for other in left {
                if (self.stays)(other) || self.links.iter().any(|&(seat, _)| seat == other) {
                    continue;
                }
                self.state.take(other);
                if self.state.fits(person, seat) {
                    self.state.put(seat, person);
                    self.links.push((seat, person));
                    self.extend(other, length - 1, most_unfilled);
                    self.links.pop();
                    self.state.take(seat);
                }
                self.state.put(other, person);
            }
        }
    }
}
