//! 护学岗: posts at the gates and crossings of schools, which are kept at the peaks of every school day. A police bureau is a tenant of its
//! own; its stations and its patrol unit are organisations within it, and reach the schools that they cover (`store::school_in_reach`).
//! Schools have gates and peaks, and a table of terms and special days says when there is school (`school`, `model::Timetable`); what it does not
//! say is not guessed. People have no account: their link leads to their own page (`person`). A shift is somebody at a post in a
//! peak, and shows what is missing of 定人、定岗、定时、定责; `coverage` compares what is put down with what has to be kept, by the minute.
//! On the day people confirm, come, hand over and go (`shift`); in the place of whoever is absent the nearest on standby is called, told, and
//! passed over by the clock when they do not answer (`standby`), but not before the beginning is near: an absence that is known days before is for
//! the desk to arrange (`todo`). What a change of days, peaks or posts makes needless is cancelled with it, and those who were to stand
//! there are told, or are on a list of whom the desk has to call (`calling_off`). Nobody is put at a post while on a round of `patrol` (`walk`). `limit` has when somebody can come (`times`) and where they must not stand, to which all of it keeps. `roster`
//! fills a period by the crate of that name, as a draft from which `publication` puts people down, and `mending` changes few of them; `caution` says
//! what of its rules is broken by hand. The school sees whether somebody is on post and whom to call, that its posts are kept in the days to come, and its
//! own people; `news` tells it when that changes.

mod calling_off;
mod caution;
mod coverage;
mod ground;
mod limit;
mod mending;
mod model;
mod news;
mod person;
mod publication;
mod roster;
mod roster_case;
mod school;
mod share;
mod shift;
mod shift_store;
mod standby;
mod store;
mod swap;
mod times;
mod todo;
mod walk;
mod web;

pub use calling_off::{STATEMENTS as CALLING_OFF_STATEMENTS, TOPIC as CANCELLED, handler as cancelled_handler};
pub use caution::cautions;
pub use coverage::{Coverage, Unknown, read as coverage};
pub use ground::{Guarded, Standby, demand, guarded, schools_of, standby_of};
pub use limit::{STATEMENTS as LIMIT_STATEMENTS, bar, set_times};
pub use mending::{Mended, apply as apply_mending, mend};
pub use model::{
    Alone, DayKind, Exception, GateKind, How, OnDays, Peak, PersonKind, Qualification, SchoolDay, ShiftState, Stage,
    Term, Timetable, Weekdays, clock, day_of, minute, moment, monday, short as short_day, written as written_day,
};
pub use news::{TOPIC as PLAN, handler as plan_handler, told as school_told, watch_some as watch_plans};
pub use person::{
    PersonSketch, add_leave, by_link as person_by_link, create as create_person, hold, phone as person_phone,
    set_reaches, set_school,
};
pub use publication::publish as publish_roster;
pub use roster::{draft as draft_roster, work_out as work_roster_out, work_out_again as work_roster_out_again};
pub use school::{
    Contact, GateSketch, SchoolSketch, SlotSketch, add_gate, add_slot, add_term, by_link as school_by_link,
    create as create_school, post_link, set_day, set_day_like, set_pair, set_ways, set_weekdays, timetable,
};
pub use shift::{
    NewShift, answer as answer_call, call_next, cancel as cancel_shift, come, confirm, leave, miss, put as put_shift,
};
pub use shift_store::{STATEMENTS as SHIFT_STATEMENTS, Shift, of_days as shifts, shift};
pub use standby::{STATEMENTS as STANDBY_STATEMENTS, TOPIC as CALLED, handler as called, watch_some};
pub use store::{Gate, Person, STATEMENTS, School, all_people as people, gate, gates_of, school, schools};
pub use times::Times;
pub use todo::todo;
pub use walk::STATEMENTS as WALK_STATEMENTS;
pub use web::{remember_phone, routes, whose_phone};

use std::collections::HashSet;

use db::Tx;
use jiff::civil::Date;
use uuid::Uuid;

use crate::access::Scope;
use crate::error::Result;

/// Somebody who can stand at a post.
pub async fn person(tx: &mut Tx, tenant: Uuid, id: Uuid) -> Result<Person> {
    store::person(tx, tenant, id).await
}

/// A roster within reach.
pub async fn roster(tx: &mut Tx, tenant: Uuid, id: Uuid) -> Result<shift_store::RosterRow> {
    shift_store::roster_within(tx, tenant, &Scope::tenant(), id).await
}

/// Who has asked for a day off.
pub async fn on_leave(tx: &mut Tx, tenant: Uuid, day: Date) -> Result<HashSet<Uuid>> {
    let day = day.to_string();
    let leaves: Vec<store::Leave> = tx.all(store::LEAVES.bind(tenant).bind(&day).bind(&day)).await?;
    Ok(leaves.into_iter().map(|leave| leave.person_id).collect())
}

/// The shifts of somebody from one day to another, both included.
pub async fn shifts_of(tx: &mut Tx, tenant: Uuid, person: Uuid, days: (Date, Date)) -> Result<Vec<Shift>> {
    shift_store::of_person(tx, tenant, person, (&days.0.to_string(), &days.1.to_string())).await
}
