//! A school hears when something changes at its posts that concerns it: which posts are kept, and who of its own people stands where. How many of
//! the police stand there, who, and from when to when, is none of that, and changes of it are told to nobody.

use std::collections::BTreeSet;
use std::sync::Arc;

use db::{Db, Tx};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::coverage;
use super::model::Telling;
use super::shift_store::{OF_SCHOOL_DAYS, Shift};
use super::store::{
    self, DUE_PLANS, DuePlan, PLAN_CHANGED, PLAN_KNOWN, PLAN_TOLD, PlanKnown, TAKE_PLAN, WATCH_PLAN, whole,
};
use crate::access::Act;
use crate::app::App;
use crate::channel;
use crate::error::{Error, Result};
use crate::means::Means;
use crate::outbox::{Handler, Message};
use crate::{audit, outbox, settings};

pub const TOPIC: &str = "duty.plan";

#[derive(Debug, Serialize, Deserialize)]
struct Changed {
    school: Uuid,
}

pub fn handler() -> Handler {
    Arc::new(|app, message| Box::pin(tell(app, message)))
}

/// Something has been put down otherwise at a school's posts: some minutes after the last of many changes it is looked at.
pub(super) async fn watch(tx: &mut Tx, act: &Act, school: Uuid, day: &str) -> Result<()> {
    if *day < *coverage::today(act.at).to_string() {
        return Ok(());
    }
    let at = looked_at(tx, act).await?;
    tx.execute(WATCH_PLAN.bind(act.tenant).bind(school).bind(at)).await?;
    Ok(())
}

/// When it is looked at what has changed now.
pub(super) async fn looked_at(tx: &mut Tx, act: &Act) -> Result<Timestamp> {
    let rules: Telling = settings::read(tx, act.tenant, act.at).await?;
    Ok(act.at + SignedDuration::from_mins(rules.school_minutes))
}

/// What a school may know of the days to come. Each line begins with the day.
fn concerns(shifts: &[Shift], school: Uuid) -> BTreeSet<String> {
    let mut lines = BTreeSet::new();
    for shift in shifts.iter().filter(|shift| shift.absent_at.is_none()) {
        let (Some(person), Some((gate, slot))) = (shift.person_id, shift.gate_id.zip(shift.slot_id)) else { continue };
        lines.insert(format!("{} {gate} {slot}", shift.day));
        if shift.person_school_id == Some(school) {
            let from = shift.starts_at.map_or(0, |at| at.as_second());
            lines.insert(format!("{} {gate} {slot} {person} {from}", shift.day));
        }
    }
    lines
}

/// Looks at the schools at whose posts something has changed; tells whether there may be more.
pub async fn watch_some(db: &Db, means: &Means) -> Result<bool> {
    let plans: Vec<DuePlan> = db.read().await?.all(DUE_PLANS.bind(means.now())).await?;
    let mut done = false;
    for due in plans {
        let looked = compare(db, &Act::system(due.tenant_id, means), &due).await;
        // What goes wrong with one does not keep the others waiting.
        done |=
            looked.inspect_err(|error| tracing::error!(?error, school = %due.id, "a plan was not looked at")).is_ok();
    }
    Ok(done)
}

async fn compare(db: &Db, act: &Act, due: &DuePlan) -> Result<()> {
    let mut tx = db.begin().await?;
    if tx.execute(TAKE_PLAN.bind(act.tenant).bind(due.id).bind(due.plan_watch_at)).await? == 0 {
        return Ok(());
    }
    let today = coverage::today(act.at).to_string();
    let last = "9999-12-31";
    let shifts: Vec<Shift> = tx.all(OF_SCHOOL_DAYS.bind(act.tenant).bind(due.id).bind(&today).bind(last)).await?;
    let now = concerns(&whole(shifts, 5000)?, due.id);
    let known: PlanKnown = tx.one(PLAN_KNOWN.bind(act.tenant).bind(due.id)).await?;
    let known: BTreeSet<String> = serde_json::from_str(&known.plan_known).map_err(anyhow::Error::from)?;
    // What is past is no change.
    if !now.iter().eq(known.iter().filter(|line| line.as_str() >= today.as_str())) {
        let lines = serde_json::to_string(&now).map_err(anyhow::Error::from)?;
        tx.execute(PLAN_CHANGED.bind(act.tenant).bind(due.id).bind(lines).bind(act.at)).await?;
        outbox::post(&mut tx, act, TOPIC, &Changed { school: due.id }).await?;
    }
    Ok(tx.commit().await?)
}

/// The school's contact gets a short message; where that cannot be, the desk is asked to call.
async fn tell(app: App, message: Message) -> Result<()> {
    let act = Act::system(message.tenant_id, &app.means);
    let changed: Changed = serde_json::from_str(&message.payload).map_err(anyhow::Error::from)?;
    let school = store::school(&mut app.db.read().await?, act.tenant, changed.school).await?;
    if school.plan_told_at.is_some() || school.plan_changed_at.is_none() || school.closed_at.is_some() {
        return Ok(());
    }
    let Some(contact) = school.contact(&act)? else { return Ok(()) };
    let words = "【护学岗】贵校岗位的安排有变动，请打开学校的护学岗链接看。";
    if channel::text(&app, message.id, &contact.phone, words).await? {
        let mut tx = app.db.begin().await?;
        tx.execute(PLAN_TOLD.bind(act.tenant).bind(school.id).bind(act.at)).await?;
        audit::record(&mut tx, &act, "tell", ("duty_school", school.id), "短信", &[]).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// Somebody has told the school by telephone.
///
/// Errors: refused if there is nothing to tell.
pub async fn told(tx: &mut Tx, act: &Act, school: Uuid) -> Result<()> {
    if tx.execute(PLAN_TOLD.bind(act.tenant).bind(school).bind(act.at)).await? == 0 {
        return Err(Error::refused("没有要告诉学校的变动，或者已经告诉了"));
    }
    audit::record(tx, act, "tell", ("duty_school", school), "电话", &[]).await
}
