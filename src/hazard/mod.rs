//! 隐患台账: what is dangerous around a school, from 排查 to 销号. A round (`round`) looks at a school by a checklist that is a setting and by
//! the list of 治安复杂地区 and 人员聚集区; what it finds, or anybody enters, is a hazard (`course`). It is graded, given to somebody to fix or
//! to another body that it belongs to, fixed with a photo, looked at again by somebody who had no hand in the fixing, and struck off. Every
//! change is a named step (`step`), and which one may follow is one table (`transition`), of which the database has a copy.
//!
//! Hazards are police work: they are of the bureau's tenant, within it of the station that answers for the school, and nobody else's. A school
//! sees by its link that something is there and how it stands, without a person and without a photo, and only if that was decided
//! (`Step::Shared`). Schools and gates are those of the slice `duty`, of which `school` reads what it needs.

mod course;
mod model;
mod paper;
mod round;
mod school;
mod step;
mod store;
mod todo;
mod transition;
mod web;

pub use course::{
    Correction, NewHazard, Owner, assign, begin, close, correct, dismiss, extend, fail, fix, give_back, grade, heard,
    list, pass, progress, recall, register, regrade, reopen, share, supplement, transfer, unlist, urge,
};
pub use model::{
    Answer, Checklist, Contact, Item, Kind, Level, Limits, Mode, PlaceKind, RoundState, Supervision, Survey, Verdict,
};
pub use round::{
    Line, Place, Round, STATEMENTS as ROUND_STATEMENTS, Seen, add_place, answers, cancel, close_place, finish, lines,
    plan,
};
pub use school::{Gate, STATEMENTS as SCHOOL_STATEMENTS, School, Surveyed, school, schools, survey, surveyed, surveys};
pub use step::Words;
pub use store::{Event, Hazard, STATEMENTS, Transfer};
pub use todo::{remind, todo};
pub use transition::{State, Step, TRANSITIONS, Transition};
pub use web::{MOST_PHOTOS, routes};

use db::{Cursor, Tx};
use uuid::Uuid;

use crate::access::Scope;
use crate::error::Result;

/// One hazard of a tenant, by its id.
pub async fn hazard(tx: &mut Tx, tenant: Uuid, id: Uuid) -> Result<Hazard> {
    store::hazard(tx, tenant, id).await
}

/// What has become of a hazard, step by step.
pub async fn events(tx: &mut Tx, tenant: Uuid, id: Uuid) -> Result<Vec<Event>> {
    store::events(tx, tenant, id).await
}

pub async fn transfers(tx: &mut Tx, tenant: Uuid, id: Uuid) -> Result<Vec<Transfer>> {
    store::transfers(tx, tenant, id).await
}

/// A round of a tenant, by its id.
pub async fn a_round(tx: &mut Tx, tenant: Uuid, id: Uuid) -> Result<Round> {
    round::round(tx, tenant, &Scope::tenant(), id).await
}

/// Every place of the list around the schools within reach, from the nearest to a gate on.
pub async fn listed_places(tx: &mut Tx, tenant: Uuid, scope: &Scope) -> Result<Vec<Place>> {
    let (mut all, mut after) = (Vec::new(), Cursor::FIRST);
    loop {
        let page = round::places(tx, tenant, scope, after, 1_000).await?;
        all.extend(page.items);
        let Some(next) = page.next else { return Ok(all) };
        after = next;
    }
}
