//! Who means to come, who came, and what was said beforehand.

use db::Tx;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::model::{Side, State, Way};
use super::store::{self, ADD_ATTENDANCE, ADD_OPINION, ARRIVE, Attendance, BY_PHONE, LEAVE, Meeting};
use crate::access::Act;
use crate::audit;
use crate::error::{Error, Result};
use crate::web::show;

/// Somebody at a meeting. Sealed in the database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    pub name: String,
    /// Normalised; empty if none was left.
    pub phone: String,
}

/// How long before the planned time the door opens.
const DOOR: SignedDuration = SignedDuration::from_hours(1);

/// A resident means to come. Whoever has enrolled with the same phone is not entered twice.
pub async fn enrol(tx: &mut Tx, act: &Act, meeting: &Meeting, side: Side, person: &Person) -> Result<()> {
    if meeting.state != State::Announced || meeting.planned_at <= act.at {
        return Err(Error::refused("报名已经结束"));
    }
    if known(tx, act, meeting, person).await?.is_some() {
        return Ok(());
    }
    add(tx, act, meeting, side, person, None).await
}

/// Somebody signs in by themselves.
pub async fn sign_in(tx: &mut Tx, act: &Act, meeting: &Meeting, side: Side, person: &Person) -> Result<()> {
    let open = matches!(meeting.state, State::Announced | State::InSession);
    if !open {
        return Err(Error::refused(format!("这次会议{}，不能签到", meeting.state)));
    }
    if act.at < meeting.planned_at - DOOR {
        return Err(Error::refused(format!("{} 开会，提前一小时可以签到", show::moment(&meeting.planned_at))));
    }
    if meeting.kind.of_members() {
        return sign_in_member(tx, act, meeting, person).await;
    }
    arrive(tx, act, meeting, side, person, Way::Qr).await
}

/// Somebody on the roll signs in, by name.
async fn sign_in_member(tx: &mut Tx, act: &Act, meeting: &Meeting, person: &Person) -> Result<()> {
    let mut found = Vec::new();
    for attendance in store::attendances(tx, act.tenant, meeting.id).await? {
        if attendance.member_id.is_some() && self::person(act, &attendance)?.name == person.name {
            found.push(attendance);
        }
    }
    match found.as_slice() {
        [only] => note_arrival(tx, act, meeting, only.id, Way::Qr).await,
        [] => Err(Error::refused("名册上没有这个姓名。请核对，或者找工作人员登记为列席")),
        _ => Err(Error::refused("名册上有几位同名的，请找工作人员登记")),
    }
}

/// Staff enter somebody who is there. At a meeting of members whoever is not on the roll is a guest.
pub async fn attend(tx: &mut Tx, act: &Act, meeting: &Meeting, side: Side, person: &Person) -> Result<()> {
    if !meeting.state.open() {
        return Err(Error::refused(format!("这次会议{}，到会的人不能再改", meeting.state)));
    }
    let side = if meeting.kind.of_members() { Side::Guest } else { side };
    arrive(tx, act, meeting, side, person, Way::Staff).await
}

async fn arrive(tx: &mut Tx, act: &Act, meeting: &Meeting, side: Side, person: &Person, way: Way) -> Result<()> {
    match known(tx, act, meeting, person).await? {
        Some(known) => note_arrival(tx, act, meeting, known.id, way).await,
        None => add(tx, act, meeting, side, person, Some(way)).await,
    }
}

/// Whoever is there already stays as they came.
async fn note_arrival(tx: &mut Tx, act: &Act, meeting: &Meeting, attendance: Uuid, way: Way) -> Result<()> {
    let arrive = ARRIVE.bind(act.tenant).bind(meeting.id).bind(attendance).bind(act.at).bind(way);
    if tx.execute(arrive).await? > 0 {
        audit::record(tx, act, "sign_in_meeting", ("meeting", meeting.id), "", &[]).await?;
    }
    Ok(())
}

/// Staff tick somebody off, or take it back.
pub async fn mark(tx: &mut Tx, act: &Act, meeting: &Meeting, attendance: Uuid, there: bool) -> Result<()> {
    if !meeting.state.open() {
        return Err(Error::refused(format!("这次会议{}，到会的人不能再改", meeting.state)));
    }
    if there {
        return note_arrival(tx, act, meeting, attendance, Way::Staff).await;
    }
    tx.execute_one(LEAVE.bind(act.tenant).bind(meeting.id).bind(attendance)).await?;
    audit::record(tx, act, "sign_out_meeting", ("meeting", meeting.id), "", &[]).await
}

/// Somebody who has left the same phone with this meeting before.
async fn known(tx: &mut Tx, act: &Act, meeting: &Meeting, person: &Person) -> Result<Option<Attendance>> {
    let Some(fingerprint) = fingerprint(act, person) else { return Ok(None) };
    Ok(tx.optional(BY_PHONE.bind(act.tenant).bind(meeting.id).bind(fingerprint)).await?)
}

fn fingerprint(act: &Act, person: &Person) -> Option<Vec<u8>> {
    (!person.phone.is_empty()).then(|| act.fingerprint("phone", &person.phone))
}

async fn add(tx: &mut Tx, act: &Act, meeting: &Meeting, side: Side, person: &Person, way: Option<Way>) -> Result<()> {
    let text = serde_json::to_string(person).map_err(anyhow::Error::from)?;
    let (id, arrived) = (act.id(), way.map(|_| act.at));
    let enrolled = way.is_none().then_some(act.at);
    let row = ADD_ATTENDANCE.bind(act.tenant).bind(id).bind(meeting.id).bind(side).bind(side.votes());
    let row = row.bind(act.seal("attendance", &text)?).bind(fingerprint(act, person)).bind(enrolled);
    if tx.execute(row.bind(arrived).bind(way)).await? == 0 {
        // The same phone came in at the same moment, by another tap.
        return Ok(());
    }
    audit::record(tx, act, if way.is_some() { "sign_in_meeting" } else { "enrol" }, ("meeting", meeting.id), "", &[])
        .await
}

/// Who an attendance is.
pub fn person(act: &Act, attendance: &Attendance) -> Result<Person> {
    let text = act.open("attendance", &attendance.person_sealed)?;
    Ok(serde_json::from_str(&text).map_err(anyhow::Error::from)?)
}

/// What a resident wants said about an item, or about the meeting as a whole. It is read out there and never shown in public.
pub async fn leave_opinion(tx: &mut Tx, act: &Act, meeting: &Meeting, item: Option<Uuid>, text: &str) -> Result<()> {
    if !matches!(meeting.state, State::Announced | State::InSession) {
        return Err(Error::refused(format!("这次会议{}，留言已经关闭", meeting.state)));
    }
    let id = act.id();
    tx.execute(ADD_OPINION.bind(act.tenant).bind(id).bind(meeting.id).bind(item).bind(text).bind(act.at)).await?;
    audit::record(tx, act, "opinion", ("meeting", meeting.id), "", &[]).await
}
