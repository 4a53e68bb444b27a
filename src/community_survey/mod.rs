//! 年度满意度调查, the yearly survey of the whole community. It is planned and drawn at random among the homes that are lived in, each
//! estate by its size (`plan`, `model`); grid workers ask at the doors, and not about their own grid where somebody else can (`asking`); a
//! home may also answer by a link that is good once. Homes where nobody is met, or that refuse, are replaced from a reserve of the same estate.
//!
//! What is answered is added up in a box for each estate, and nothing ties it to a home or to who wrote it down. Results are read once the
//! survey has ended, never of fewer than a handful (`results`); they hang on the board in aggregate and come before the branch.

mod asking;
mod model;
mod paper;
mod plan;
mod publication;
mod results;
mod store;
mod todo;
mod web;

pub use asking::{Answers, answer, is_link, link, note};
pub use model::{
    Asker, DoorState, LEVELS, Outcome, OwnGrid, Question, Rules, State, Tally, allocate, deal, drawn, margin,
    sample_size,
};
pub use plan::{Plan, Share, create, deal_again, end, end_overdue, extend, open, rewrite, shares, usual, withdraw};
pub use publication::publish;
pub use results::{Course, OfGroup, OfQuestion, Results, results, to_deliberate};
pub use store::{Door, STATEMENTS, Stratum, Survey};
pub use todo::todo;
pub use web::routes;

use db::Tx;
use uuid::Uuid;

use crate::error::Result;

pub async fn survey(tx: &mut Tx, tenant: Uuid, id: Uuid) -> Result<Survey> {
    store::survey(tx, tenant, id).await
}

pub async fn strata(tx: &mut Tx, tenant: Uuid, id: Uuid) -> Result<Vec<Stratum>> {
    store::strata(tx, tenant, id).await
}

/// The doors at which somebody still has to ask, or was not answered.
pub async fn doors_of(tx: &mut Tx, tenant: Uuid, account: Uuid, survey: Uuid) -> Result<Vec<Door>> {
    Ok(store::of_asker(tx, tenant, account, survey).await?.0)
}

/// Every door of a survey that waits.
pub async fn waiting(tx: &mut Tx, tenant: Uuid, survey: Uuid) -> Result<Vec<Door>> {
    store::waiting(tx, tenant, survey).await
}
