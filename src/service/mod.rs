//! 为民服务: what residents need at their doors, and who goes there. A need is taken down by staff, by a grid worker within their reach, or
//! by the resident on the board, who agrees first to what is kept (`need`); it is tied to a door and, where the register knows them, to the
//! resident, so that it is erased with them (`erasure`). What a kind of service asks for stands in versions (`kind`). `matching` suggests
//! activities and volunteers, each with its reason; `call` asks one of them, who answers on their own page. Whoever assigns holds the need
//! first and the volunteer then, so that a need is met once and nobody is in two places. On a round volunteers go from door to door, each along
//! their own doors, and note what came of each (`round`). Others come from outside, by agreement, on dates of their own (`provider`).

mod call;
pub mod erasure;
mod figures;
mod kind;
mod matching;
mod model;
mod need;
mod once;
mod provider;
mod provider_store;
mod round;
mod round_store;
mod store;
mod todo;
mod web;

pub use call::{Call, accept, answer, cancel as cancel_call};
pub use figures::{
    Figures, OfNeeds, OfOutcome, OfProvider, OfRounds, STATEMENTS as FIGURES_STATEMENTS, read as figures,
};
pub use kind::{Kind, Sketch as KindSketch, add as add_kind, change as change_kind, enter_usual, kinds};
pub use matching::{Suggestion, Whom, suggestions};
pub use model::{Answer, How, Part, Particulars, Purpose, Source, State, Wanted, edition};
pub use need::{End, Need, NewNeed, change, end, file, need, reopen, withdraw};
pub use once::STATEMENTS as ONCE_STATEMENTS;
pub use provider::{
    NewStanding, ProviderSketch, Served, add as add_provider, change as change_provider, coming as coming_dates,
    count as count_served, miss as miss_date, of_provider, set_up as set_up_standing, stop as stop_standing,
};
pub use provider_store::{Date, Provider, STATEMENTS as PROVIDER_STATEMENTS, Standing};
pub use round::{
    NewRound, Origin, add_outcome, cancel as cancel_round, deal, doors, end_outcome, enter_usual_outcomes,
    move_to as move_round, note as note_door, plan as plan_round, round,
};
pub use round_store::{Came, Door, Outcome, Round, STATEMENTS as ROUND_STATEMENTS, Sum, of_round, outcomes, sums};
pub use store::STATEMENTS;
pub use todo::todo;
pub use web::routes;

use db::Tx;

use crate::access::Act;
use crate::error::Result;

/// Removes what may not be kept any longer.
pub async fn forget_old(tx: &mut Tx, act: &Act) -> Result<()> {
    need::forget_old(tx, act).await?;
    once::forget_old(tx, act).await?;
    round::forget_old(tx, act).await
}
