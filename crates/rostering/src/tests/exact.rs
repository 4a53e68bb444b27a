//! The best roster by trying every one, with nothing of the search: rules and scores are counted from nothing.

use crate::prepared::Prepared;
use crate::score::{Roster, Score, broken, score, unfilled};

/// The best score of all rosters in which nobody stands where it counts for nothing.
pub fn best(on: &Prepared) -> Score {
    let mut best = Score { unfilled: i64::MAX, penalty: 0 };
    every(on, &mut Roster::empty(on), 0, &mut |roster| {
        let in_vain = |seat: usize| !on.is_fixed(seat) && roster.who(seat).is_some();
        if !unfilled(on, roster).into_iter().any(in_vain) {
            best = best.min(score(on, roster));
        }
    });
    best
}

/// The fewest empty seats, and the fewest changes of a roster with which no more are empty.
pub fn fewest_changes(on: &Prepared, old: &Roster) -> (i64, usize) {
    let mut best = (i64::MAX, usize::MAX);
    every(on, &mut Roster::empty(on), 0, &mut |roster| {
        let changes = (0..on.seats()).filter(|&seat| roster.who(seat) != old.who(seat)).count();
        best = best.min((score(on, roster).unfilled, changes));
    });
    best
}

/// Shows every roster that breaks no rule. Taking somebody away never breaks one, so what is broken halfway stays so.
pub fn every(on: &Prepared, roster: &mut Roster, seat: usize, look: &mut dyn FnMut(&Roster)) {
    if seat == on.seats() {
        return look(roster);
    }
    if on.is_fixed(seat) {
        return every(on, roster, seat + 1, look);
    }
    for person in std::iter::once(None).chain((0..on.problem().people.len()).map(Some)) {
        roster.put(seat, person);
        if broken(on, roster).is_empty() {
            every(on, roster, seat + 1, look);
        }
    }
    roster.put(seat, None);
}
