//! Who means to come, who came, and what was said beforehand.

use std::collections::HashMap;

use db::Tx;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::model::{Excuse, Mark, Side, SignIn, State, Way};
use super::store::{self, ADD_ATTENDANCE, ADD_OPINION, ARRIVE, Attendance, BY_PHONE, HOLD_OPEN, MARK, Meeting, REPLY};
use crate::access::Act;
use crate::error::{Error, Result};
use crate::web::show;
use crate::{audit, settings};

/// Somebody at a meeting. Sealed in the database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    pub name: String,
    /// Normalised; empty if none was left.
    pub phone: String,
}

/// Keeps the meeting from being ended until the transaction is committed, so that nothing is written down about one whose heads
/// have been counted already.
///
/// Errors: refused if it is at an end.
pub(super) async fn hold_open(tx: &mut Tx, act: &Act, meeting: &Meeting) -> Result<()> {
    if tx.execute(HOLD_OPEN.bind(act.tenant).bind(meeting.id)).await? == 0 {
        let meeting = store::meeting(tx, act.tenant, meeting.id).await?;
        return Err(Error::refused(format!("这次会议{}，不能再登记", meeting.state)));
    }
    Ok(())
}

/// A resident means to come. Whoever has enrolled already is not entered twice.
///
/// Errors: refused where those who should come are on a roll.
pub async fn enrol(tx: &mut Tx, act: &Act, meeting: &Meeting, side: Side, person: &Person) -> Result<()> {
    if meeting.kind.by_roll() {
        return Err(Error::refused(format!("{}由名册上的人参加，想说的可以先留言", meeting.kind)));
    }
    hold_open(tx, act, meeting).await?;
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
    hold_open(tx, act, meeting).await?;
    let rules: SignIn = settings::read(tx, act.tenant, act.at).await?;
    if act.at < meeting.planned_at - SignedDuration::from_mins(rules.opens_minutes) {
        let (begins, minutes) = (show::moment(&meeting.planned_at), rules.opens_minutes);
        return Err(Error::refused(format!("{begins} 开会，提前 {minutes} 分钟可以签到")));
    }
    if meeting.kind.by_roll() {
        return sign_in_member(tx, act, meeting, person).await;
    }
    arrive(tx, act, meeting, side, person, Way::Qr).await
}

/// Somebody on the roll signs in, by name.
async fn sign_in_member(tx: &mut Tx, act: &Act, meeting: &Meeting, person: &Person) -> Result<()> {
    let known = on_the_roll(tx, act, meeting, &person.name).await?;
    note_arrival(tx, act, meeting, known.id, Way::Qr).await
}

/// Errors: refused if nobody on the roll has this name, or several.
async fn on_the_roll(tx: &mut Tx, act: &Act, meeting: &Meeting, name: &str) -> Result<Attendance> {
    let mut found = Vec::new();
    for attendance in store::attendances(tx, act.tenant, meeting.id).await? {
        if attendance.member_id.is_some() && person(act, &attendance)?.name == name {
            found.push(attendance);
        }
    }
    match (found.pop(), found.is_empty()) {
        (Some(only), true) => Ok(only),
        (None, _) => Err(Error::refused("名册上没有这个姓名。请核对，或者找工作人员登记为列席")),
        (Some(_), false) => Err(Error::refused("名册上有几位同名的，请找工作人员登记")),
    }
}

/// Somebody on the roll answers the notice: they come, or ask for leave, which is decided by those who hold the meeting.
pub async fn reply(tx: &mut Tx, act: &Act, meeting: &Meeting, name: &str, asked: Option<Excuse>) -> Result<()> {
    if !matches!(meeting.state, State::Announced | State::InSession) {
        return Err(Error::refused(format!("这次会议{}，不用再回复", meeting.state)));
    }
    let known = on_the_roll(tx, act, meeting, name).await?;
    tx.execute_one(REPLY.bind(act.tenant).bind(meeting.id).bind(known.id).bind(act.at).bind(asked)).await?;
    let words = asked.map_or("会到".to_owned(), |excuse| format!("要请{excuse}"));
    audit::record(tx, act, "reply", ("meeting", meeting.id), &words, &[]).await
}

/// Staff enter somebody who is there. At a meeting with a roll whoever is not on the roll is a guest.
pub async fn attend(tx: &mut Tx, act: &Act, meeting: &Meeting, side: Side, person: &Person) -> Result<()> {
    if !meeting.state.open() {
        return Err(Error::refused(format!("这次会议{}，到会的人不能再改", meeting.state)));
    }
    hold_open(tx, act, meeting).await?;
    let side = if meeting.kind.by_roll() { Side::Guest } else { side };
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

/// How somebody stands according to whoever calls the roll.
#[derive(Debug, Clone, Copy)]
pub struct Marked {
    pub attendance: Uuid,
    /// How they stood on the page that was looked at; `None` of a mark that holds whatever it was.
    pub seen: Option<Mark>,
    /// Whether that page said that they ask for leave: then any mark decides on it.
    pub asked: bool,
    pub mark: Mark,
}

/// What came of calling the roll.
#[derive(Debug, Clone, Default)]
pub struct RollCall {
    pub changed: usize,
    /// Who has come or been marked otherwise since the page was looked at: they stay as they are now.
    pub moved: Vec<Uuid>,
}

/// The roll is called: whoever is marked otherwise than they were seen is written down anew. `way` is how those who are there have
/// signed in.
pub async fn call_roll(tx: &mut Tx, act: &Act, meeting: &Meeting, way: Way, called: &[Marked]) -> Result<RollCall> {
    if !meeting.state.open() {
        return Err(Error::refused(format!("这次会议{}，到会的人不能再改", meeting.state)));
    }
    hold_open(tx, act, meeting).await?;
    let mut known: HashMap<Uuid, Attendance> = HashMap::new();
    known.extend(store::attendances(tx, act.tenant, meeting.id).await?.into_iter().map(|known| (known.id, known)));
    let mut done = RollCall::default();
    let mut rows = Vec::new();
    for Marked { attendance, seen, asked, mark } in called {
        let Some(known) = known.get(attendance).filter(|_| *asked || *seen != Some(*mark)) else { continue };
        if known.mark() == *mark && known.asked.is_none() {
            continue;
        }
        if seen.is_some_and(|seen| seen != known.mark()) {
            done.moved.push(known.id);
            continue;
        }
        let there = matches!(mark, Mark::There | Mark::Left);
        let row = MARK.bind(act.tenant).bind(known.id).bind(meeting.id).bind(known.side).bind(known.votes);
        let row = row.bind(known.person_sealed.as_slice()).bind(there.then_some(act.at)).bind(there.then_some(way));
        let excuse = if there { known.excuse } else { mark.excuse().filter(|_| known.member_id.is_some()) };
        let refused = known.asked.is_some() && *mark == Mark::Absent;
        let row = row.bind((*mark == Mark::Left).then_some(act.at)).bind(excuse);
        rows.push(row.bind(refused.then_some(act.at)));
    }
    done.changed = rows.len();
    tx.execute_many(MARK, rows).await?;
    let words = format!("{} 人，{way}", done.changed);
    audit::record(tx, act, "call_roll", ("meeting", meeting.id), &words, &[]).await?;
    Ok(done)
}

impl Mark {
    fn excuse(self) -> Option<Excuse> {
        match self {
            Mark::Private => Some(Excuse::Private),
            Mark::Sick => Some(Excuse::Sick),
            Mark::Official => Some(Excuse::Official),
            Mark::There | Mark::Left | Mark::Absent => None,
        }
    }
}

impl From<Excuse> for Mark {
    fn from(excuse: Excuse) -> Mark {
        match excuse {
            Excuse::Private => Mark::Private,
            Excuse::Sick => Mark::Sick,
            Excuse::Official => Mark::Official,
        }
    }
}

impl Attendance {
    pub fn mark(&self) -> Mark {
        match (self.arrived_at, self.left_at) {
            (Some(_), None) => Mark::There,
            (Some(_), Some(_)) => Mark::Left,
            (None, _) => self.excuse.map_or(Mark::Absent, Mark::from),
        }
    }

    /// When somebody came on paper nobody knows.
    pub fn is_late(&self, meeting: &Meeting, rules: &SignIn) -> bool {
        let late = meeting.planned_at + SignedDuration::from_mins(rules.late_minutes);
        self.way != Some(Way::Paper) && self.arrived_at.is_some_and(|arrived| arrived > late)
    }

    /// How somebody on the roll stands, or somebody who has enrolled: `到会`, `迟到`, `请病假`, `没回复`.
    pub fn presence(&self, meeting: &Meeting, rules: &SignIn) -> String {
        let late = self.is_late(meeting, rules);
        match (self.mark(), self.asked) {
            (Mark::There, _) if late => "迟到".to_owned(),
            (Mark::There, _) => "已到".to_owned(),
            (Mark::Left, _) if late => "迟到，早退".to_owned(),
            (Mark::Left, _) => "早退".to_owned(),
            (Mark::Absent, Some(asked)) => format!("要请{asked}，没批"),
            (Mark::Absent, None) if !meeting.state.open() => "缺席".to_owned(),
            (Mark::Absent, None) if self.refused_at.is_some() => "请假没准".to_owned(),
            (Mark::Absent, None) if self.replied_at.is_some() => "回复会到".to_owned(),
            (Mark::Absent, None) if self.enrolled_at.is_some() => "报名".to_owned(),
            (Mark::Absent, None) if self.member_id.is_some() => "没回复".to_owned(),
            (Mark::Absent, None) => "没到".to_owned(),
            (excused, _) => format!("请{excused}"),
        }
    }
}

/// Somebody whom this meeting knows already: by the same phone, or, where one of the two left none, as the only one of the name.
async fn known(tx: &mut Tx, act: &Act, meeting: &Meeting, who: &Person) -> Result<Option<Attendance>> {
    if let Some(fingerprint) = fingerprint(act, who)
        && let Some(known) = tx.optional(BY_PHONE.bind(act.tenant).bind(meeting.id).bind(fingerprint)).await?
    {
        return Ok(Some(known));
    }
    let mut same = Vec::new();
    for attendance in store::attendances(tx, act.tenant, meeting.id).await? {
        let other = person(act, &attendance)?;
        if other.name == who.name && (other.phone.is_empty() || who.phone.is_empty()) {
            same.push(attendance);
        }
    }
    Ok(same.pop().filter(|_| same.is_empty()))
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
