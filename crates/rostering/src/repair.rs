//! Mending a roster after something has changed, by changing as little as possible.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use crate::chain::Chains;
use crate::chance::Chance;
use crate::model::Minute;
use crate::prepared::Prepared;
use crate::score::{Roster, unfilled};
use crate::search::{Annealing, key};
use crate::state::State;

/// A mended roster, and what is different.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repair {
    pub roster: Roster,
    /// In the order of seats. Somebody who can no longer stand where they stood is a change too.
    pub changes: Vec<Change>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    pub seat: usize,
    pub before: Option<usize>,
    pub after: Option<usize>,
}

/// How many duties may move for one seat that is to be filled.
const LONGEST: usize = 4;
/// How many people may be tried for it, and in how many orders the seats are filled.
const PATIENCE: usize = 20_000;
const ORDERS: usize = 24;
/// How many empty slots are tried in more than one order.
const FEW: usize = 60;
/// How many steps a round of the search takes afterwards, and how many rounds there are, of which the first are bold.
const STEPS: u64 = 100_000;
const ROUNDS: u32 = 6;
const BOLD: u32 = 3;

/// Makes an old roster fit a problem that has changed, [with an absence](crate::Problem::with_absence) for example. First as few seats
/// as possible are empty, then as few as possible change, then the wishes are looked at.
///
/// Fixed duties, and all that begins before the minute `from`, stay as they are, as far as the problem still allows them. Seats are
/// filled by chains of up to four changes, in several orders, of which the best counts; where that is more than one change for each duty
/// that was lost, it is searched on. The fewest changes are not proved. The same seed gives the same repair.
///
/// Panics for a roster of a problem with another number of seats.
pub fn repair(on: &Prepared, old: &Roster, from: Minute, seed: u64) -> Repair {
    let broken = State::from(on, old);
    let mut open: Vec<usize> = (0..on.slots.len())
        .filter(|&slot| on.slots[slot].from >= from && broken.unfilled(slot).next().is_some())
        .collect();
    let free = |slot: usize| -> usize {
        let free =
            |seat: usize| on.candidates[seat].iter().filter(|&&person| broken.fits(person as usize, seat)).count();
        broken.unfilled(slot).map(free).min().unwrap_or(0)
    };
    open.sort_by_cached_key(|&slot| (free(slot), slot));
    let mut chance = Chance::new(seed);
    let mut broken = broken;
    broken.compare(old);
    let mut best: Option<State<'_>> = None;
    for order in 0..if open.len() > FEW { 1 } else { ORDERS } {
        if order > 0 {
            chance.shuffle(&mut open);
        }
        let mut state = broken.clone();
        let mut chains =
            Chains::new(&mut state, LONGEST, PATIENCE, |seat| on.is_fixed(seat) || on.when(seat).from < from);
        open.iter().for_each(|&slot| chains.fill(slot));
        if best.as_ref().is_none_or(|best| key(&state) < key(best)) {
            best = Some(state);
        }
    }
    let mut best = best.unwrap_or(broken);
    // As few changes as duties were lost, and no seat more empty than before: that cannot be better.
    let lost = changes(old, &State::from(on, old).roster()).count() as i64;
    let rounds = if best.changes == lost && best.score.unfilled <= unfilled(on, old).len() as i64 { 0 } else { ROUNDS };
    // Otherwise those days are searched, and all duties of those who might help.
    let days: BTreeSet<u32> = open.iter().map(|&slot| on.slots[slot].day).collect();
    let helping: BTreeSet<u32> = open
        .iter()
        .flat_map(|&slot| best.unfilled(slot))
        .flat_map(|seat| on.candidates[seat].iter().copied())
        .collect();
    let helpful: Vec<usize> = (0..on.seats.len())
        .filter(|&seat| days.contains(&on.when(seat).day) || helping.contains(&best.who[seat]))
        .filter(|&seat| on.when(seat).from >= from)
        .collect();
    for round in 0..rounds {
        let seats = helpful.iter().copied();
        let annealing = Annealing::new(best.clone(), seats, seed.wrapping_add(u64::from(round)));
        let mut annealing = if round < BOLD { annealing.boldly() } else { annealing };
        // The watcher always says go on.
        let _ = annealing.run(round, STEPS, &|_| ControlFlow::Continue(()));
        best.become_roster(&annealing.best);
    }
    let roster = best.roster();
    Repair { changes: changes(old, &roster).collect(), roster }
}

fn changes(old: &Roster, new: &Roster) -> impl Iterator<Item = Change> {
    let seats = (0..old.0.len()).map(|seat| Change { seat, before: old.who(seat), after: new.who(seat) });
    seats.filter(|change| change.before != change.after)
}
