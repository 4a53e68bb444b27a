//! Duty rosters that are provably good, for people who stand guard at schools. Pure: no input or output, no clock, and chance only
//! from a seed.
//!
//! A [`Problem`] says who there is, which posts are kept at which peaks, and what is known of the ways between them. [`Prepared::new`]
//! looks it through once. [`solve`] then fills the seats of all slots, by rules that are never broken ([`Rule`]): first as many seats as
//! possible, then at the least [penalty](items) for wishes that are not met. It is the same for the same seed, tells its progress, and
//! may be stopped at any moment, when it gives the best roster so far.
//!
//! How good that is says [`bound`]: a score that no roster can be below. Why a seat is empty says [`explain`]: a smallest set of rules
//! and of other seats that cannot all be had. When something changes, such as [somebody's absence](Problem::with_absence), [`repair`]
//! mends the roster by as few changes as it finds.
//!
//! ```
//! use std::ops::ControlFlow;
//! use rostering::{Effort, Prepared, bound, explain, generate, items, repair, score, solve};
//!
//! let problem = generate::case(generate::SMALL, 4);
//! let prepared = Prepared::new(problem).expect("the generator's cases have no flaws");
//! let effort = Effort { seed: 1, threads: 2, rounds: 3, steps: 20_000 };
//! let roster = solve(&prepared, None, &effort, &|_| ControlFlow::Continue(()));
//!
//! // Three seats are empty, and in every roster as many must be.
//! assert_eq!(score(&prepared, &roster).unfilled, bound(&prepared).unfilled);
//! for clash in explain(&prepared, &roster) {
//!     assert!(clash.proved);
//! }
//! // What each person's unmet wishes cost is the whole penalty.
//! let penalty: i64 = items(&prepared, &roster).iter().map(|item| item.penalty).sum();
//! assert_eq!(penalty, score(&prepared, &roster).penalty);
//!
//! // Person 0 falls ill on the first day.
//! let day = rostering::Span { from: 0, to: rostering::DAY };
//! let changed = Prepared::new(prepared.problem().with_absence(0, day)).expect("still without flaws");
//! let mended = repair(&changed, &roster, 0, 1);
//! assert!(mended.changes.len() < 5);
//! ```
//!
//! Inside, `state` counts what the search needs step by step, and `score` the same from nothing, by which the tests judge it. `search`
//! anneals; `chain` fills a seat by moving a few people on, for `search` and `repair`; `layers` sees a roster as a `flow`, for `bound`
//! and `explain`.

mod bound;
mod chain;
mod chance;
mod explain;
mod flow;
pub mod generate;
mod layers;
mod model;
mod prepared;
mod repair;
mod score;
mod search;
pub mod shifts;
mod state;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests;

pub use bound::bound;
pub use explain::{Clash, Whom, explain};
pub use model::*;
pub use prepared::{Flaw, Prepared};
pub use repair::{Change, Repair, repair};
pub use score::{Broken, Item, Roster, Rule, Score, Wish, broken, items, score, unfilled};
pub use search::{Effort, Progress, Watch, solve};
