//! How many of each class were there: said by whoever brings it, put right by the team, until the school has confirmed the lecture.

use db::Tx;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::model::{Rules, SessionState};
use super::session_store::{SIGN_IN, Session};
use super::store::Class;
use crate::access::{Act, Link};
use crate::error::{Error, Result};
use crate::keys::Keys;
use crate::{audit, settings};

/// Whoever brings a class says how many of it are there; said again, the last word holds.
///
/// Errors: refused of more than the class has pupils, before people come, and once the school has confirmed it.
pub async fn sign_in(tx: &mut Tx, act: &Act, session: &Session, class: &Class, present: i64) -> Result<()> {
    let rules: Rules = settings::read(tx, act.tenant, act.at).await?;
    if let Some(why) = sign_in_closed(session, &rules, act.at) {
        return Err(Error::refused(why));
    }
    count_in(tx, act, session, class, present).await?;
    audit::record(tx, act, "sign_in_class", ("lecture_session", session.id), &class.full_name(), &[]).await
}

/// The team puts right how many of a class were there, also when nobody can sign in any more: by that number coverage is counted.
///
/// Errors: refused of more than the class has pupils, before people come, and once the school has confirmed it.
pub async fn set_present(tx: &mut Tx, act: &Act, session: &Session, class: &Class, present: i64) -> Result<()> {
    let rules: Rules = settings::read(tx, act.tenant, act.at).await?;
    if let Some(why) = numbers_closed(session, &rules, act.at) {
        return Err(Error::refused(why));
    }
    count_in(tx, act, session, class, present).await?;
    let what = format!("{}到 {present} 人", class.full_name());
    audit::record(tx, act, "set_present", ("lecture_session", session.id), &what, &[]).await
}

async fn count_in(tx: &mut Tx, act: &Act, session: &Session, class: &Class, present: i64) -> Result<()> {
    if !(0..=class.pupils).contains(&present) {
        return Err(Error::refused(format!(
            "{}一共 {} 人，到场人数要在 0 到 {} 之间",
            class.full_name(),
            class.pupils,
            class.pupils
        )));
    }
    tx.execute(SIGN_IN.bind(act.tenant).bind(session.id).bind(class.id).bind(present).bind(act.at)).await?;
    Ok(())
}

/// The link by which a class is signed in to a session, and no other class.
pub fn sign_in_link(tenant: Uuid, session: Uuid, class: Uuid, keys: &Keys) -> Link {
    Link::signed(tenant, session, &format!("lecture sign in {class}"), keys)
}

pub(super) fn is_sign_in_link(link: &Link, class: Uuid, keys: &Keys) -> bool {
    link.is_signed(&format!("lecture sign in {class}"), keys)
}

/// Why no class can be signed in now by its link; `None` if it can.
pub(super) fn sign_in_closed(session: &Session, rules: &Rules, now: Timestamp) -> Option<&'static str> {
    let over = now > session.ends_at + SignedDuration::from_hours(24);
    numbers_closed(session, rules, now).or(over.then_some("课已经上完一天，人数请告诉讲师，由对方改"))
}

/// Why nobody can say now how many of a class are there; `None` if somebody can.
pub(super) fn numbers_closed(session: &Session, rules: &Rules, now: Timestamp) -> Option<&'static str> {
    let early = SignedDuration::from_mins(rules.sign_in_minutes);
    if session.state != SessionState::Agreed && !session.written_down() {
        Some("这节课还没有约定，或者已经取消")
    } else if session.school_confirmed_at.is_some() {
        Some("学校已经确认过，人数不再改")
    } else if now < session.starts_at - early {
        Some("还没到时间，快上课的时候再来")
    } else {
        None
    }
}
