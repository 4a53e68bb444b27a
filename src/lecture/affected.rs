//! What is arranged and cannot take place like that any more: a lecturer whose query is not good on the day, who gives no lectures any more or
//! teaches other grades or topics now; a school, a hall or a class that is not there any more; a hall with fewer seats than pupils; a day on which there is no school after all, or of
//! which nobody knows it any more since its term was taken out; a way from one school to another that takes longer than was known. The school cannot
//! agree to it. Nothing is called off by itself: whoever arranges sees it before everything else.

use db::Tx;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::lecturer::unvetted;
use super::model::{SchoolDay, at_day, grade, span, today};
use super::school::{self, Stay, Ways};
use super::session_store::{
    AHEAD, CROWDED, Crowded, GOING, GONE, Going, Gone, Named, STAFFED, Session, Staffed, UNTAUGHT_CLASSES,
    UNTAUGHT_TOPICS, UntaughtClass,
};
use crate::error::Result;

/// So far ahead sessions are looked at again.
const AHEAD_DAYS: i64 = 400;

/// No way is longer, and no lecture: what begins this much earlier or later is in nobody's way.
const BESIDE: SignedDuration = SignedDuration::from_hours(48);

/// Somebody else has to give it.
pub(super) const STAFF: &str = "换人";

/// Nobody goes there any more: there is nothing to be changed.
const CALL_OFF: &str = "取消";

#[derive(Debug, Clone)]
pub struct Affected {
    pub session: Session,
    /// What has to be done, in two characters or three.
    pub verb: &'static str,
    pub why: String,
}

impl Affected {
    /// Where it is put right.
    pub fn path(&self) -> String {
        let id = self.session.id;
        if self.verb == CALL_OFF { format!("/lectures/{id}") } else { format!("/lectures/{id}/particulars") }
    }
}

/// The soonest first; at most 500 sessions are looked at.
pub async fn affected(tx: &mut Tx, tenant: Uuid, now: Timestamp) -> Result<Vec<Affected>> {
    look(tx, tenant, now, (now, now + SignedDuration::from_hours(24 * AHEAD_DAYS))).await
}

/// What stands in the way of one that is still to come; `None` if it can take place as it is arranged.
pub(super) async fn of(tx: &mut Tx, tenant: Uuid, now: Timestamp, session: &Session) -> Result<Option<Affected>> {
    let second = SignedDuration::from_secs(1);
    let around = (session.starts_at - second, session.starts_at + second);
    Ok(look(tx, tenant, now, around).await?.into_iter().find(|one| one.session.id == session.id))
}

/// Those that begin between two moments.
async fn look(
    tx: &mut Tx,
    tenant: Uuid,
    now: Timestamp,
    (from, until): (Timestamp, Timestamp),
) -> Result<Vec<Affected>> {
    let sessions: Vec<Session> = tx.all(AHEAD.bind(tenant).bind(from).bind(until)).await?;
    if sessions.is_empty() {
        return Ok(Vec::new());
    }
    let staffed: Vec<Staffed> = tx.all(STAFFED.bind(tenant).bind(from).bind(until)).await?;
    let gone: Vec<Gone> = tx.all(GONE.bind(tenant).bind(from).bind(until)).await?;
    let crowded: Vec<Crowded> = tx.all(CROWDED.bind(tenant).bind(from).bind(until)).await?;
    let classes: Vec<UntaughtClass> = tx.all(UNTAUGHT_CLASSES.bind(tenant).bind(from).bind(until)).await?;
    let topics: Vec<Named> = tx.all(UNTAUGHT_TOPICS.bind(tenant).bind(from).bind(until)).await?;
    let going: Vec<Going> = tx.all(GOING.bind(tenant).bind(from - BESIDE).bind(until + BESIDE)).await?;
    let ways = school::ways(tx, tenant).await?;
    let table = school::timetable(tx, tenant, today(now)).await?;
    let mut found = Vec::new();
    for session in sessions {
        let day = at_day(session.starts_at);
        let own = staffed.iter().filter(|one| one.session_id == session.id);
        let mut without = own.filter_map(|one| match one.ended_at {
            Some(_) => Some(format!("{}已经不讲课了", one.name)),
            None => unvetted(&one.name, one.vetted_on.as_deref(), one.vetted_until.as_deref(), day),
        });
        let stands = match (without.next(), table.of(session.school_id, day)) {
            (Some(why), _) => Some((STAFF, why)),
            (None, SchoolDay::No(why)) => Some(("改期", format!("{day} 学校{why}"))),
            (None, SchoolDay::Unknown(why)) => Some(("改期", format!("{day} 上不上课还不知道：{why}"))),
            (None, SchoolDay::Lessons) => {
                let class = classes.iter().filter(|one| one.session_id == session.id);
                let topic = topics.iter().find(|one| one.session_id == session.id);
                let crowd = crowded.iter().find(|one| one.session_id == session.id);
                place(gone.iter().find(|one| one.session_id == session.id))
                    .or_else(|| crowd.map(too_small))
                    .or_else(|| pupils(class))
                    .or_else(|| topic.map(|one| (STAFF, format!("选的讲师里没有人讲{}了", one.name))))
                    .or_else(|| hurry(&going, &ways, session.id))
            }
        };
        if let Some((verb, why)) = stands {
            found.push(Affected { session, verb, why });
        }
    }
    Ok(found)
}

/// What has to be done, and why.
type Stands = Option<(&'static str, String)>;

fn place(gone: Option<&Gone>) -> Stands {
    let gone = gone?;
    Some(if gone.whole_school {
        (CALL_OFF, format!("已经不再去{}", gone.name))
    } else {
        ("换场地", format!("{}已经不列出了", gone.name))
    })
}

/// More pupils have come to its classes, or seats went, since it was arranged.
fn too_small(crowd: &Crowded) -> (&'static str, String) {
    ("换场地", format!("{}坐 {} 人，来听的班现在有 {} 人", crowd.name, crowd.seats, crowd.pupils))
}

/// A class that is not there any more goes before one that a lecturer does not teach any more.
fn pupils<'a>(mut classes: impl Iterator<Item = &'a UntaughtClass> + Clone) -> Stands {
    let name = |one: &UntaughtClass| format!("{}{}", grade(one.grade), one.name);
    if let Some(one) = classes.clone().find(|one| one.closed_at.is_some()) {
        return Some(("换班", format!("{}已经不列出了", name(one))));
    }
    classes.next().map(|one| (STAFF, format!("{}不讲{}了", one.lecturer, name(one))))
}

/// Whoever gives it comes too late from another school, or to it: a way was entered anew or taken out since both were arranged.
/// Somebody else gives it, or it is moved; where they are then is not this school's to read.
fn hurry(going: &[Going], ways: &Ways, session: Uuid) -> Stands {
    let stay = |one: &Going| Stay {
        school: one.school_id,
        travel_minutes: one.travel_minutes,
        span: (one.starts_at, one.ends_at),
    };
    going.iter().filter(|one| one.session_id == session).find_map(|one| {
        let mut others =
            going.iter().filter(|other| other.lecturer_id == one.lecturer_id && other.school_id != one.school_id);
        others.find_map(|other| {
            let minutes = ways.too_long(&stay(one), &stay(other))?;
            let when = span(other.starts_at, other.ends_at);
            Some((STAFF, format!("{}{when} 在{}讲课，路上要 {minutes} 分钟，来不及", one.name, other.school_name)))
        })
    })
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
