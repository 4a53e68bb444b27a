//! Somebody is absent, and the nearest on standby who can do what the post then lacks is called: told at once, by a short message of their own
//! and by the channels of those who work, and passed over by the clock when their time to answer is over. What goes out says neither who nor
//! where: it leaves the bureau's own system, and how strong the police are where is a secret.

use std::collections::HashSet;
use std::sync::Arc;

use db::{Db, Statement, Tx, record, statements};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::model::{Alone, Calling, PersonKind, Windows, clock, moment};
use super::shift::held;
use super::shift_store::{self, ADD_CALL, CALL, Call, END_CALLS, OF_SEAT, Planned, STANDING_FOR, Shift};
use super::store::{self, HOLD_PERSON};
use super::times::Times;
use super::walk::is_walking;
use super::{caution, coverage, person, school};
use crate::access::{Act, Scope};
use crate::app::App;
use crate::channel::{self, Notice, Occasion, Place};
use crate::error::{Error, Result};
use crate::means::Means;
use crate::outbox::{self, Handler, Message};
use crate::{audit, settings};

statements! {
    /// Who can be at a school ($2) on a day ($3) before a moment ($5), and is free from another ($6) until then; or whether one of them ($7)
    /// still is. Whoever must not stand there ($8), is on leave, was absent that day, is asked to go elsewhere, is on patrol or has had all their shifts is not asked.
    NEAREST = concat!("SELECT p.id, p.kind, p.qualifications, p.times, r.minutes FROM duty_reaches r JOIN duty_people p ON p.tenant_id = r.tenant_id AND p.id = r.person_id
        WHERE r.tenant_id = $1 AND r.school_id = $2 AND p.standby AND p.ended_at IS NULL AND (CAST($7 AS UUID) IS NULL OR p.id = $7)
        AND (CAST($5 AS BIGINT) IS NULL OR CAST($4 AS BIGINT) + r.minutes * 60000 < CAST($5 AS BIGINT))
        AND NOT EXISTS (SELECT 1 FROM duty_bars b WHERE b.tenant_id = r.tenant_id AND b.person_id = r.person_id AND b.school_id = $2 AND (b.gate_id IS NULL OR b.gate_id = $8))
        AND NOT EXISTS (SELECT 1 FROM duty_leaves l WHERE l.tenant_id = r.tenant_id AND l.person_id = r.person_id AND l.first_day <= $3 AND l.last_day >= $3)
        AND NOT EXISTS (SELECT 1 FROM duty_shifts x WHERE x.tenant_id = r.tenant_id AND x.person_id = r.person_id AND x.day = $3 AND x.state = 'standing'
            AND (x.absent_at IS NOT NULL OR x.starts_at < CAST($5 AS BIGINT) AND x.ends_at > CAST($6 AS BIGINT)))
        AND (SELECT COUNT(*) FROM duty_shifts y WHERE y.tenant_id = r.tenant_id AND y.person_id = r.person_id AND y.day = $3 AND y.state = 'standing'
            AND y.absent_at IS NULL) < p.daily
        AND NOT EXISTS (SELECT 1 FROM duty_calls c WHERE c.tenant_id = r.tenant_id AND c.person_id = r.person_id AND c.answered_at IS NULL AND c.ended_at IS NULL
            AND c.answer_by > CAST($4 AS BIGINT))
        AND NOT ", is_walking!("r.tenant_id", "r.person_id"), "
        ORDER BY r.minutes, p.created_at, p.id LIMIT 2000");
    /// Of every tenant: calls whose time to answer is over.
    DUE = "SELECT tenant_id, id, shift_id FROM duty_calls WHERE watch_at <= $1 ORDER BY watch_at, tenant_id, id LIMIT 50";
    /// Whoever was first looks.
    LOOKED = "UPDATE duty_calls SET watch_at = NULL WHERE tenant_id = $1 AND id = $2 AND watch_at <= $3";
    /// Of every tenant: absences ahead whose time to call has come.
    BEGINNING = "SELECT tenant_id, id, id AS shift_id FROM duty_shifts WHERE call_at <= $1 ORDER BY call_at, tenant_id, id LIMIT 50";
    BEGUN = "UPDATE duty_shifts SET call_at = NULL WHERE tenant_id = $1 AND id = $2 AND call_at <= $3";
    TEXTED = "UPDATE duty_calls SET texted_at = $3 WHERE tenant_id = $1 AND id = $2";
}

record! {
    /// Somebody on standby.
    struct Near { id: Uuid, kind: PersonKind, qualifications: String, times: i64, minutes: i64 }
    struct Due { tenant_id: Uuid, id: Uuid, shift_id: Uuid }
}

/// What whoever comes has to bring along.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Lack {
    police: bool,
    alone: bool,
    qualification: Option<String>,
}

/// What a post lacks once somebody does not come. Another absence at the same post that is still to be filled may bring the police, but only one
/// seat is filled by one person.
fn lack(absent: &Shift, there: &[&Shift], (seats, officers): (i64, i64), alone: &Alone) -> Lack {
    let kinds: Vec<PersonKind> = there.iter().filter_map(|shift| shift.person_kind).collect();
    let empty = seats - kinds.len() as i64;
    let police = officers - kinds.iter().filter(|kind| kind.is_uniformed()).count() as i64;
    let own = absent.person_kind;
    Lack {
        police: police > 0 && (empty <= police || own.is_some_and(PersonKind::is_uniformed)),
        alone: !kinds.iter().any(|kind| alone.may(*kind)) && (empty <= 1 || own.is_some_and(|kind| alone.may(kind))),
        qualification: None,
    }
}

impl Lack {
    async fn read(tx: &mut Tx, act: &Act, shift: &Shift) -> Result<(Lack, Alone)> {
        let alone: Alone = settings::read(tx, act.tenant, act.at).await?;
        let Some((gate, slot)) = shift.gate_id.zip(shift.slot_id) else {
            return Ok((Lack { police: false, alone: false, qualification: None }, alone));
        };
        let gate = store::gate(tx, act.tenant, gate).await?;
        let others: Vec<Shift> = tx.all(OF_SEAT.bind(act.tenant).bind(&shift.day).bind(gate.id).bind(slot)).await?;
        // Whoever is there for a part of the time leaves the rest as it is.
        let through = |other: &&Shift| {
            other.id != shift.id
                && other.absent_at.is_none()
                && match (other.starts_at.zip(other.ends_at), shift.starts_at.zip(shift.ends_at)) {
                    (Some((from, to)), Some((start, end))) => from <= start && to >= end,
                    _ => false,
                }
        };
        let there: Vec<&Shift> = others.iter().filter(through).collect();
        let lack = lack(shift, &there, (gate.seats, gate.officers), &alone);
        Ok((Lack { qualification: gate.qualification, ..lack }, alone))
    }

    fn is_met_by(&self, near: &Near, alone: &Alone) -> bool {
        let has = |needed: &String| near.qualifications.contains(&format!(",{needed},"));
        (!self.police || near.kind.is_uniformed())
            && (!self.alone || alone.may(near.kind))
            && self.qualification.as_ref().is_none_or(has)
    }
}

/// Whoever stands where somebody does not: in the seat, or for them.
pub(super) async fn in_place(tx: &mut Tx, act: &Act, shift: &Shift) -> Result<Option<Shift>> {
    if let Some((gate, slot)) = shift.gate_id.zip(shift.slot_id) {
        let there: Vec<Shift> = tx.all(OF_SEAT.bind(act.tenant).bind(&shift.day).bind(gate).bind(slot)).await?;
        let takes = |other: &Shift| other.seat == shift.seat && other.absent_at.is_none() && other.id != shift.id;
        return Ok(there.into_iter().find(takes));
    }
    Ok(after(tx, act, shift).await?.into_iter().find(|other| other.absent_at.is_none()))
}

/// Somebody stands there where somebody else does not, for whom nobody is called meanwhile.
pub(super) async fn fills(tx: &mut Tx, act: &Act, shift: &Shift) -> Result<bool> {
    if shift.stands_for.is_some() {
        return Ok(true);
    }
    let Some((gate, slot)) = shift.gate_id.zip(shift.slot_id) else { return Ok(false) };
    let there: Vec<Shift> = tx.all(OF_SEAT.bind(act.tenant).bind(&shift.day).bind(gate).bind(slot)).await?;
    Ok(there.iter().any(|other| other.seat == shift.seat && other.absent_at.is_some() && other.id != shift.id))
}

/// Those who were called one after the other since somebody did not come.
async fn after(tx: &mut Tx, act: &Act, shift: &Shift) -> Result<Vec<Shift>> {
    let (mut found, mut last) = (Vec::new(), shift.id);
    while let Some(next) = tx.optional::<Shift>(STANDING_FOR.bind(act.tenant).bind(last)).await? {
        last = next.id;
        found.push(next);
    }
    Ok(found)
}

/// Those who were to stand there before.
async fn before(tx: &mut Tx, act: &Act, shift: &Shift) -> Result<Vec<Shift>> {
    let (mut found, mut first) = (Vec::new(), shift.stands_for);
    while let Some(id) = first {
        let shift = shift_store::shift(tx, act.tenant, id).await?;
        first = shift.stands_for;
        found.push(shift);
    }
    Ok(found)
}

/// Calls the nearest who is not tried yet and can do what is lacking, and tells them. `None` if there is nobody left, of which those who run the
/// posts are told. Comes before anything of the transaction is noted in the audit log; the shift's row is held.
///
/// Errors: refused while somebody stands there or may still answer, and once it is over.
pub(super) async fn next(tx: &mut Tx, act: &Act, shift: &Shift) -> Result<Option<Call>> {
    if shift.absent_at.is_none() {
        return Err(Error::refused("没有记缺岗，不用叫备勤"));
    }
    if shift.is_over(act.at) {
        return Err(Error::refused("这一班已经结束，不用再叫备勤"));
    }
    if let Some(other) = in_place(tx, act, shift).await? {
        return Err(Error::refused(format!("{}已经顶岗", other.who())));
    }
    let (earlier, later) = (before(tx, act, shift).await?, after(tx, act, shift).await?);
    if let Some(other) = later.first() {
        return Err(Error::refused(format!("顶岗的{}也没有来，请在顶岗的那一班上接着叫", other.who())));
    }
    let calls = shift_store::calls_of(tx, act.tenant, shift.id).await?;
    if let Some(open) = calls.iter().find(|call| call.is_open(act.at)) {
        return Err(Error::refused(format!("{}还可以答复到 {}，先打电话问", open.person_name, clock(open.answer_by))));
    }
    // Whoever has been tried once for this seat is not tried again, nor whoever did not come to it.
    let mut tried: HashSet<Uuid> = calls.iter().map(|call| call.person_id).chain(shift.person_id).collect();
    for one in &earlier {
        let calls = shift_store::calls_of(tx, act.tenant, one.id).await?;
        tried.extend(calls.iter().map(|call| call.person_id).chain(one.person_id));
    }
    let (lack, alone) = Lack::read(tx, act, shift).await?;
    let day: Date = shift.day.parse().map_err(|error: jiff::Error| Error::Internal(error.into()))?;
    let lessons = school::timetable(tx, act.tenant, day, day).await?.lessons(shift.school_id, day);
    let found: Vec<Near> = tx.all(nearest(act, shift, None)).await?;
    for near in found.iter().filter(|near| !tried.contains(&near.id) && lack.is_met_by(near, &alone)) {
        // Nobody is held who cannot come: whoever puts several people down holds them in another order.
        if !Times(near.times).allow(lessons, shift.peak) || !caution::gets_there(tx, act, near.id, shift).await? {
            continue;
        }
        // Of two absences at once that want the same person the second sees that they are asked, and goes on to the next.
        tx.execute_one(HOLD_PERSON.bind(act.tenant).bind(near.id)).await?;
        let free = tx.optional::<Near>(nearest(act, shift, Some(near.id))).await?.is_some();
        if free && caution::gets_there(tx, act, near.id, shift).await? {
            return Ok(Some(call(tx, act, shift, near).await?));
        }
    }
    tell_exhausted(tx, act, shift).await?;
    Ok(None)
}

/// From when the clock calls somebody in the place of whoever does not come; nothing where that is now.
pub(super) async fn call_at(tx: &mut Tx, act: &Act, shift: &Shift) -> Result<Option<Timestamp>> {
    let Calling { call_hours } = settings::read(tx, act.tenant, act.at).await?;
    let start = shift.starts_at.or_else(|| moment(shift.day.parse::<Date>().ok()?, 0));
    Ok(start.map(|start| start - SignedDuration::from_hours(call_hours)).filter(|at| *at > act.at))
}

/// Nobody has to stand there: it was put down all the same, or had begun when what makes it needless was entered.
pub(super) async fn needless(tx: &mut Tx, act: &Act, shift: &Shift) -> Result<bool> {
    let Ok(day) = shift.day.parse::<Date>() else { return Ok(false) };
    let table = coverage::read(tx, act.tenant, &Scope::tenant(), (day, day), act.at).await?;
    Ok(table.idle.contains(&shift.id))
}

/// Calls the next without anybody asking for it, where it is time for that and somebody is still needed.
pub(super) async fn go_on(tx: &mut Tx, act: &Act, shift: &Shift) -> Result<Option<Call>> {
    if shift.call_at.is_some_and(|at| at > act.at) || needless(tx, act, shift).await? {
        return Ok(None);
    }
    match next(tx, act, shift).await {
        // It is over, or somebody stands there already.
        Err(Error::Refused(_)) => Ok(None),
        other => other,
    }
}

fn nearest(act: &Act, shift: &Shift, person: Option<Uuid>) -> db::Query {
    let query = NEAREST.bind(act.tenant).bind(shift.school_id).bind(&shift.day).bind(act.at);
    query.bind(shift.ends_at).bind(shift.starts_at).bind(person).bind(shift.gate_id)
}

async fn call(tx: &mut Tx, act: &Act, shift: &Shift, near: &Near) -> Result<Call> {
    let windows: Windows = settings::read(tx, act.tenant, act.at).await?;
    let id = act.id();
    let by = act.at + SignedDuration::from_mins(windows.standby_minutes);
    let row = ADD_CALL.bind(act.tenant).bind(id).bind(shift.id).bind(near.id).bind(near.minutes).bind(act.at);
    tx.execute(row.bind(by)).await?;
    let call: Call = tx.one(CALL.bind(act.tenant).bind(id)).await?;
    outbox::post(tx, act, TOPIC, &Called { call: id }).await?;
    let text = format!(
        "【护学岗·备勤】有一班岗缺人，{} 叫了一位备勤的人，{} 以前要答复。请备勤的人打开自己的护学岗链接看一下，值班室同时打电话问。",
        clock(act.at),
        clock(by)
    );
    tell(tx, act, shift, ("duty_call", id, 1), &text).await?;
    Ok(call)
}

async fn tell_exhausted(tx: &mut Tx, act: &Act, shift: &Shift) -> Result<()> {
    let text = "【护学岗·备勤】有一班岗缺人，备勤都问过了，没有人能来。请值班室马上打开看，另外安排。";
    tell(tx, act, shift, ("duty_shift", shift.id, act.at.as_second()), text).await
}

/// Tells those who work. Nobody waits for the morning.
async fn tell(tx: &mut Tx, act: &Act, shift: &Shift, of: (&'static str, Uuid, i64), text: &str) -> Result<()> {
    let notice = Notice {
        place: Place::Community,
        subject: (of.0, of.1),
        occasion: Occasion::Reminder,
        edition: of.2,
        text,
        path: &format!("/duty-shifts/{}", shift.id),
        happens_at: Some(act.at + SignedDuration::from_hours(1)),
    };
    channel::tell(tx, act, &notice).await?;
    Ok(())
}

/// Nobody has to come any more to where somebody was absent.
pub(super) async fn end(tx: &mut Tx, act: &Act, shift: Uuid) -> Result<()> {
    tx.execute(END_CALLS.bind(act.tenant).bind(shift).bind(act.at)).await?;
    Ok(())
}

// ---------- what happens afterwards ----------

pub const TOPIC: &str = "duty.called";

#[derive(Serialize, Deserialize)]
struct Called {
    call: Uuid,
}

pub fn handler() -> Handler {
    Arc::new(|app, message| Box::pin(text(app, message)))
}

/// A short message to whoever was called, if they still have to answer and have a mobile phone.
async fn text(app: App, message: Message) -> Result<()> {
    let called: Called = serde_json::from_str(&message.payload).map_err(anyhow::Error::from)?;
    let act = Act::system(message.tenant_id, &app.means);
    let mut tx = app.db.read().await?;
    let call: Call = tx.one(CALL.bind(act.tenant).bind(called.call)).await?;
    drop(tx);
    // What is tried again after the time to answer helps nobody.
    if !call.is_open(act.at) || call.texted_at.is_some() {
        return Ok(());
    }
    let number = person::phone(&act, call.phone_sealed.as_deref())?;
    let words = format!(
        "【护学岗】请您去顶岗。请在 {} 以前打开自己的护学岗链接答复；打不开的，打值班室电话。",
        clock(call.answer_by)
    );
    if channel::text(&app, call.id, &number, &words).await? {
        let mut tx = app.db.begin().await?;
        tx.execute(TEXTED.bind(act.tenant).bind(call.id).bind(act.at)).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// Calls the next where the time to answer is over, and the first where an absence that was known before comes near; tells whether there may be
/// more.
pub async fn watch_some(db: &Db, means: &Means) -> Result<bool> {
    let mut tx = db.read().await?;
    let due: Vec<Due> = tx.all(DUE.bind(means.now())).await?;
    let beginning: Vec<Due> = tx.all(BEGINNING.bind(means.now())).await?;
    drop(tx);
    let due = due.into_iter().map(|one| (one, LOOKED));
    let all: Vec<(Due, Statement)> = due.chain(beginning.into_iter().map(|one| (one, BEGUN))).collect();
    let mut done = false;
    // What goes wrong with one does not keep the others waiting.
    for (one, taken) in all {
        let act = Act::system(one.tenant_id, means);
        match call_on(db, &act, &one, taken).await {
            Ok(()) => done = true,
            Err(error) => tracing::error!(?error, shift = %one.shift_id, "the next on standby was not called"),
        }
    }
    Ok(done)
}

/// `taken` notes that it has been looked at.
async fn call_on(db: &Db, act: &Act, due: &Due, taken: Statement) -> Result<()> {
    let mut tx = db.begin().await?;
    let shift = match held(&mut tx, act, due.shift_id).await {
        Ok(shift) => Some(shift),
        Err(Error::Refused(_)) => None,
        Err(error) => return Err(error),
    };
    // Another process may have been first, or they have answered.
    let looked = tx.execute(taken.bind(act.tenant).bind(due.id).bind(act.at)).await? > 0;
    if let Some(shift) = shift.filter(|_| looked)
        && go_on(&mut tx, act, &shift).await?.is_some()
    {
        audit::record(&mut tx, act, "call_standby", ("duty_shift", shift.id), "", &[]).await?;
    }
    Ok(tx.commit().await?)
}

impl Call {
    /// They can still say that they come, and are waited for.
    pub(super) fn is_open(&self, now: Timestamp) -> bool {
        self.answered_at.is_none() && self.ended_at.is_none() && self.answer_by > now
    }
}

impl Shift {
    /// It was put down by hand and pinned, or has no post: nothing that is entered of days, peaks and posts makes it needless (`calling_off`).
    pub(super) fn is_for_its_own_sake(&self) -> bool {
        self.gate_id.is_none() || self.slot_id.is_none() || self.pinned && self.roster_id.is_none()
    }

    /// As much of it as tells whether it is needed; nothing of what is there for its own sake.
    pub(super) fn planned(&self) -> Option<Planned> {
        let (gate_id, slot_id) = self.gate_id.zip(self.slot_id).filter(|_| !self.is_for_its_own_sake())?;
        Some(Planned { id: self.id, day: self.day.clone(), school_id: self.school_id, gate_id, slot_id })
    }

    pub(super) fn has_begun(&self, now: Timestamp) -> bool {
        self.starts_at.map_or(self.day < coverage::today(now).to_string(), |start| start <= now)
    }

    pub(super) fn is_over(&self, now: Timestamp) -> bool {
        self.ends_at.map_or(self.day < coverage::today(now).to_string(), |end| end <= now)
    }
}
