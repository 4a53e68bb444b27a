//! What is arranged and cannot take place like that any more: a lecturer whose query is not good on the day, or who gives no lectures any more, or
//! a day on which there is no school after all. Nothing is called off by itself: whoever arranges sees it before everything else.

use db::Tx;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::lecturer::unvetted;
use super::model::{SchoolDay, at_day, today};
use super::school;
use super::session_store::{AHEAD, STAFFED, Session, Staffed};
use crate::error::Result;

/// So far ahead sessions are looked at again.
const AHEAD_DAYS: i64 = 400;

#[derive(Debug, Clone)]
pub struct Affected {
    pub session: Session,
    /// What has to be done, in two characters or three.
    pub verb: &'static str,
    pub why: String,
}

/// The soonest first; at most 500 sessions are looked at.
pub async fn affected(tx: &mut Tx, tenant: Uuid, now: Timestamp) -> Result<Vec<Affected>> {
    let until = now + SignedDuration::from_hours(24 * AHEAD_DAYS);
    let sessions: Vec<Session> = tx.all(AHEAD.bind(tenant).bind(now).bind(until)).await?;
    if sessions.is_empty() {
        return Ok(Vec::new());
    }
    let staffed: Vec<Staffed> = tx.all(STAFFED.bind(tenant).bind(now).bind(until)).await?;
    let table = school::timetable(tx, tenant, today(now)).await?;
    let mut found = Vec::new();
    for session in sessions {
        let day = at_day(session.starts_at);
        let own = staffed.iter().filter(|one| one.session_id == session.id);
        let mut without = own.filter_map(|one| match one.ended_at {
            Some(_) => Some(format!("{}已经不讲课了", one.name)),
            None => unvetted(&one.name, one.vetted_on.as_deref(), one.vetted_until.as_deref(), day),
        });
        if let Some(why) = without.next() {
            found.push(Affected { session, verb: "换人", why });
        } else if let SchoolDay::No(why) = table.of(session.school_id, day) {
            let why = format!("{day} 学校{why}");
            found.push(Affected { session, verb: "改期", why });
        }
    }
    Ok(found)
}

/// What a page says after something that sessions depend on was changed: `done`, and how many have to be changed with it.
pub async fn told(tx: &mut Tx, tenant: Uuid, now: Timestamp, done: &str) -> Result<String> {
    let count = affected(tx, tenant, now).await?.len();
    Ok(if count == 0 {
        done.to_owned()
    } else {
        format!("{done}。有 {count} 节约好的课要改，在“法治课”最上面")
    })
}
