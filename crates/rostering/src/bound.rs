//! What no roster can be better than.

use crate::layers::{Layers, groups};
use crate::prepared::Prepared;
use crate::score::Score;

/// A score that no roster is below: so many seats are empty in every roster, and none that leaves just so many empty costs less.
///
/// It is the cheapest flow of seats to people through their peaks, days, weeks and period, without the other rules and wishes. A roster
/// that reaches it is proved best; one that does not may still be.
pub fn bound(on: &Prepared) -> Score {
    let groups = groups(on);
    let mut layers = Layers::new(on, &groups, |_, _| true);
    for seat in 0..on.seats.len() {
        let fixed = on.is_fixed(seat).then_some(on.fixed[seat]);
        let people = on.candidates[seat].iter().filter(|&&person| fixed.is_none_or(|fixed| person == fixed));
        layers.add(seat, people.map(|&person| person as usize));
    }
    let (filled, minutes) = layers.fill();
    Score { unfilled: on.seats.len() as i64 - filled, penalty: minutes * on.problem.weights.travel }
}
