//! 警力部署: who guards what from which day on. A plan is of a unit of the bureau and goes in versions (`plan`): fixed posts 定点守护, patrols 巡逻
//! and mobile reserve 动态备勤, made from the posts and people of `duty` and the routes of `patrol`, and resting on the surveys of `hazard`.
//! Whoever plans writes a draft and hands it in; whoever leads approves it or gives it back, and never had a hand in it. What is approved does
//! not change: a change is the next version, copied from it, with its own reason. The one that holds on a day is the latest that begins by then.
//!
//! Two versions are compared by what differs (`comparison`), and tried out against a day: a post lost, a crowd, a second incident
//! (`simulation`). Schools are told which gates are kept when, and say by their own link that they know (`notice`); how strong anybody is stays
//! here.

mod comparison;
mod model;
mod notice;
mod paper;
mod plan;
mod simulation;
mod store;
mod todo;
mod web;

pub use comparison::{Comparison, Line, Parts, Total, compare};
pub use model::{State, Targets};
pub use notice::see as acknowledge;
pub use plan::{
    ReserveSketch, Sketch, add_reserve, approve, change_reserve, draft, drop_reserve, give_back, post, set_particulars,
    set_patrols, set_posts, submit,
};
pub use simulation::{Event, Force, Manned, Outcome, Simulation, Verdict, simulate};
pub use store::{Notice, Patrol, Plan, Post, Reach, Reserve, RestsOn, STATEMENTS};
pub use todo::todo;
pub use web::routes;

use db::Tx;
use jiff::civil::Date;
use uuid::Uuid;

use crate::error::Result;

/// A version, by its id.
pub async fn plan(tx: &mut Tx, tenant: Uuid, id: Uuid) -> Result<Plan> {
    store::plan(tx, tenant, id).await
}

/// Everything of which a version is made.
pub async fn parts(tx: &mut Tx, tenant: Uuid, id: Uuid) -> Result<Parts> {
    store::parts(tx, tenant, id).await
}

/// The version of a unit that holds on a day.
pub async fn in_force(tx: &mut Tx, tenant: Uuid, unit: Uuid, day: Date) -> Result<Option<Plan>> {
    store::in_force(tx, tenant, unit, &day.to_string()).await
}

/// Which schools were told of a version.
pub async fn notices(tx: &mut Tx, tenant: Uuid, id: Uuid) -> Result<Vec<Notice>> {
    store::notices(tx, tenant, id).await
}

/// The surveys on which a version rests.
pub async fn rests_on(tx: &mut Tx, tenant: Uuid, id: Uuid) -> Result<Vec<RestsOn>> {
    store::surveys(tx, tenant, id).await
}
