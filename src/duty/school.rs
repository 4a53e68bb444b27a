//! Schools with their gates and peaks, and the days on which there is school.

use db::Tx;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::calling_off::{self, CalledOff, Unneeded, call_off};
use super::model::{DayKind, Exception, GateKind, Holidays, OnDays, Peak, Stage, Term, Timetable, Weekdays};
use super::store::{
    self, ADD_BELL, ADD_CLOSURE, ADD_DAY, ADD_GATE, ADD_GATE_PAST, ADD_SCHOOL, ADD_SLOT, ADD_SLOT_GATE, ADD_TERM,
    ADD_UNIT, CHANGE_DAY, CHANGE_GATE, CHANGE_SCHOOL, CHANGE_TERM, CLOSE_SLOT, DROP_DAY, DROP_TERM, DROP_UNITS,
    DROP_WAY, KEEP_WEEKDAYS, RENEW_GATE_LINK, RENEW_SCHOOL_LINK, SCHOOL_NAMED, SET_PAIR, SET_WAY, SET_WEEKDAYS, School,
};
use crate::access::{Act, Link};
use crate::error::{Error, Result};
use crate::keys::Keys;
use crate::{audit, settings};

/// Who answers for a school's own security.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    pub name: String,
    pub phone: String,
}

#[derive(Debug, Clone)]
pub struct SchoolSketch {
    /// The station that answers for it.
    pub station: Uuid,
    /// Whoever else covers it, such as the patrol unit.
    pub others: Vec<Uuid>,
    pub name: String,
    pub stage: Stage,
    pub address: String,
    pub contact: Option<Contact>,
    /// The number that the school's page shows.
    pub phone: String,
    pub closed_at: Option<Timestamp>,
}

const CONTACT: &str = "duty school contact";

impl Contact {
    /// `安保干部 0358-****410`
    pub fn masked(&self) -> String {
        let phone = codes::Phone::parse(&self.phone).map_or_else(|_| "****".to_owned(), |phone| phone.masked());
        format!("{} {phone}", self.name)
    }
}

impl School {
    pub fn contact(&self, act: &Act) -> Result<Option<Contact>> {
        let Some(sealed) = &self.contact_sealed else { return Ok(None) };
        Ok(Some(serde_json::from_str(&act.open(CONTACT, sealed)?).map_err(anyhow::Error::from)?))
    }

    /// The link of the school's own page.
    pub fn link(&self, tenant: Uuid, keys: &Keys) -> Link {
        Link::signed(tenant, self.id, &watch(self.link_number), keys)
    }
}

fn watch(number: i64) -> String {
    format!("duty school {number}")
}

/// Errors: not found by a link that was not made for this, or is not good any more.
pub async fn by_link(tx: &mut Tx, link: &Link, keys: &Keys) -> Result<School> {
    let school = store::school(tx, link.tenant, link.id).await?;
    if school.closed_at.is_some() || !link.is_signed(&watch(school.link_number), keys) {
        return Err(Error::NotFound);
    }
    Ok(school)
}

/// The link behind the code that hangs at a post.
pub fn post_link(tenant: Uuid, gate: &store::Gate, keys: &Keys) -> Link {
    Link::signed(tenant, gate.id, &format!("duty post {}", gate.link_number), keys)
}

pub(super) async fn post_by_link(tx: &mut Tx, link: &Link, keys: &Keys) -> Result<store::Gate> {
    let gate = store::gate(tx, link.tenant, link.id).await?;
    if gate.closed_at.is_some() || !link.is_signed(&format!("duty post {}", gate.link_number), keys) {
        return Err(Error::NotFound);
    }
    Ok(gate)
}

async fn refuse_taken(tx: &mut Tx, tenant: Uuid, id: Option<Uuid>, name: &str) -> Result<()> {
    let same: Option<School> = tx.optional(SCHOOL_NAMED.bind(tenant).bind(name)).await?;
    match same {
        Some(same) if Some(same.id) != id => Err(Error::refused("已经登记过同名的学校")),
        _ => Ok(()),
    }
}

fn sealed(act: &Act, contact: &Option<Contact>) -> Result<Option<Vec<u8>>> {
    let Some(contact) = contact else { return Ok(None) };
    Ok(Some(act.seal(CONTACT, &serde_json::to_string(contact).map_err(anyhow::Error::from)?)?))
}

async fn set_units(tx: &mut Tx, act: &Act, school: Uuid, sketch: &SchoolSketch) -> Result<()> {
    tx.execute(DROP_UNITS.bind(act.tenant).bind(school)).await?;
    let mut units = vec![sketch.station];
    units.extend(sketch.others.iter().copied().filter(|unit| *unit != sketch.station));
    units.sort_unstable();
    units.dedup();
    let rows = units.into_iter().map(|unit| ADD_UNIT.bind(act.tenant).bind(school).bind(unit));
    Ok(tx.execute_many(ADD_UNIT, rows.collect()).await?)
}

/// Errors: refused if the name is taken.
pub async fn create(tx: &mut Tx, act: &Act, new: &SchoolSketch) -> Result<Uuid> {
    refuse_taken(tx, act.tenant, None, &new.name).await?;
    let id = act.id();
    let row = ADD_SCHOOL.bind(act.tenant).bind(id).bind(new.station).bind(&new.name).bind(new.stage);
    let row = row.bind(&new.address).bind(sealed(act, &new.contact)?).bind(&new.phone).bind(act.at);
    tx.execute(row.bind(act.at)).await?;
    set_units(tx, act, id, new).await?;
    audit::record(tx, act, "create", ("duty_school", id), "", &[]).await?;
    Ok(id)
}

/// Gives what is cancelled because it is given up.
///
/// Errors: refused if the name is taken, stale if somebody else was first.
pub(super) async fn change(tx: &mut Tx, act: &Act, before: &School, seen: i64, to: &SchoolSketch) -> Result<CalledOff> {
    let id = before.id;
    refuse_taken(tx, act.tenant, Some(id), &to.name).await?;
    let off = match (before.closed_at, to.closed_at) {
        (None, Some(_)) => {
            calling_off::hold(tx, act, id).await?;
            Some(calling_off::before(tx, act, Unneeded { school: Some(id), ..Unneeded::default() }).await?)
        }
        _ => None,
    };
    let row = CHANGE_SCHOOL.bind(act.tenant).bind(id).bind(seen).bind(to.station).bind(&to.name).bind(to.stage);
    let row = row.bind(&to.address).bind(sealed(act, &to.contact)?).bind(&to.phone).bind(to.closed_at);
    if tx.execute(row).await? == 0 {
        return Err(Error::Stale("这所学校的资料刚刚有变化，请看一下再改。".to_owned()));
    }
    // It is taken up again: in between nobody was missed.
    if let (Some(closed), None) = (before.closed_at, to.closed_at) {
        tx.execute(ADD_CLOSURE.bind(act.tenant).bind(id).bind(closed).bind(act.at)).await?;
    }
    set_units(tx, act, id, to).await?;
    let cancelled = match off {
        Some(off) => call_off(tx, act, off, (("duty_school", id), "不再护这所学校")).await?,
        None => CalledOff::default(),
    };
    audit::record(tx, act, "update", ("duty_school", id), "", &[]).await?;
    Ok(cancelled)
}

/// The school's link is another one from now on.
pub(super) async fn renew_link(tx: &mut Tx, act: &Act, id: Uuid) -> Result<()> {
    tx.execute_one(RENEW_SCHOOL_LINK.bind(act.tenant).bind(id)).await?;
    audit::record(tx, act, "renew_link", ("duty_school", id), "", &[]).await
}

#[derive(Debug, Clone)]
pub struct GateSketch {
    pub kind: GateKind,
    pub name: String,
    pub duty: String,
    pub seats: i64,
    pub officers: i64,
    pub qualification: Option<String>,
    pub closed_at: Option<Timestamp>,
}

/// Errors: refused if the school has a gate of this name.
pub async fn add_gate(tx: &mut Tx, act: &Act, school: Uuid, new: &GateSketch) -> Result<Uuid> {
    let id = act.id();
    let gates = store::gates_of(tx, act.tenant, school).await?;
    if gates.iter().any(|gate| gate.name == new.name) {
        return Err(Error::refused("这所学校已经有同名的岗位"));
    }
    let row = ADD_GATE.bind(act.tenant).bind(id).bind(school).bind(new.kind).bind(&new.name).bind(&new.duty);
    let row = row.bind(new.seats).bind(new.officers).bind(new.qualification.as_deref()).bind(gates.len() as i64);
    tx.execute(row.bind(act.at)).await?;
    audit::record(tx, act, "create", ("duty_gate", id), "", &[]).await?;
    Ok(id)
}

/// Gives what is cancelled because it is closed.
///
/// Errors: refused if the school has another gate of this name, stale if somebody else was first.
pub(super) async fn change_gate(
    tx: &mut Tx,
    act: &Act,
    gate: &store::Gate,
    seen: i64,
    to: &GateSketch,
) -> Result<CalledOff> {
    let gates = store::gates_of(tx, act.tenant, gate.school_id).await?;
    if gates.iter().any(|other| other.name == to.name && other.id != gate.id) {
        return Err(Error::refused("这所学校已经有同名的岗位"));
    }
    let off = match (gate.closed_at, to.closed_at) {
        (None, Some(_)) => {
            let its = Unneeded { school: Some(gate.school_id), gate: Some(gate.id), ..Unneeded::default() };
            Some(calling_off::before(tx, act, its).await?)
        }
        _ => None,
    };
    let row = CHANGE_GATE.bind(act.tenant).bind(gate.id).bind(seen).bind(to.kind).bind(&to.name).bind(&to.duty);
    let row = row.bind(to.seats).bind(to.officers).bind(to.qualification.as_deref()).bind(to.closed_at);
    if tx.execute(row).await? == 0 {
        return Err(Error::Stale("这个岗位刚刚有变化，请看一下再改。".to_owned()));
    }
    keep_past(tx, act, gate, to).await?;
    let cancelled = match off {
        Some(off) => call_off(tx, act, off, (("duty_gate", gate.id), "这个岗位停用了")).await?,
        None => CalledOff::default(),
    };
    audit::record(tx, act, "update", ("duty_gate", gate.id), "", &[]).await?;
    Ok(cancelled)
}

/// At a post two stand at once or nobody, whatever else a roster would like.
pub async fn set_pair(tx: &mut Tx, act: &Act, id: Uuid, pair: bool) -> Result<()> {
    tx.execute_one(SET_PAIR.bind(act.tenant).bind(id).bind(pair)).await?;
    let said = if pair { "必须两人同时在" } else { "不用两人同时在" };
    audit::record(tx, act, "update", ("duty_gate", id), said, &[]).await
}

/// The code that hangs at a post is another one from now on.
pub(super) async fn renew_gate_link(tx: &mut Tx, act: &Act, id: Uuid) -> Result<()> {
    tx.execute_one(RENEW_GATE_LINK.bind(act.tenant).bind(id)).await?;
    audit::record(tx, act, "renew_link", ("duty_gate", id), "", &[]).await
}

/// Minutes from one school to others, or from others to it; `None` takes away what was filled in.
pub async fn set_ways(tx: &mut Tx, act: &Act, ways: &[(Uuid, Uuid, Option<i64>)]) -> Result<()> {
    for (from, to, minutes) in ways {
        let row = match minutes {
            Some(minutes) => SET_WAY.bind(act.tenant).bind(*from).bind(*to).bind(*minutes),
            None => DROP_WAY.bind(act.tenant).bind(*from).bind(*to),
        };
        tx.execute(row).await?;
        audit::record(tx, act, "set_ways", ("duty_school", *from), "", &[]).await?;
    }
    Ok(())
}

/// What was needed at a gate until now stays known, so that the figures of past days stay what they were.
async fn keep_past(tx: &mut Tx, act: &Act, before: &store::Gate, to: &GateSketch) -> Result<()> {
    let past = |until: Timestamp, seats: i64, officers: i64| {
        ADD_GATE_PAST.bind(act.tenant).bind(before.id).bind(until).bind(seats).bind(officers)
    };
    let opened = before.closed_at.is_some() && to.closed_at.is_none();
    if opened || (before.seats, before.officers) != (to.seats, to.officers) {
        // Of one that is closed, what was needed when it was.
        let until = before.closed_at.or(to.closed_at).unwrap_or(act.at);
        tx.execute(past(until, before.seats, before.officers)).await?;
    }
    if opened {
        // In between it was not kept.
        tx.execute(past(act.at, 0, 0)).await?;
    }
    Ok(())
}

#[derive(Debug, Clone)]
pub struct SlotSketch {
    pub kind: Peak,
    pub days: OnDays,
    pub early: Option<i64>,
    pub stay: Option<i64>,
    /// Minutes of the day with the grades that come or go then.
    pub bells: Vec<(i64, String)>,
    pub gates: Vec<Uuid>,
}

/// Errors: refused if a gate is not the school's.
pub async fn add_slot(tx: &mut Tx, act: &Act, school: Uuid, new: &SlotSketch) -> Result<Uuid> {
    let own = store::gates_of(tx, act.tenant, school).await?;
    let open = |id: &Uuid| own.iter().any(|gate| gate.id == *id && gate.closed_at.is_none());
    if new.gates.is_empty() || !new.gates.iter().all(open) {
        return Err(Error::refused("请选择这个时段要站的岗位"));
    }
    let id = act.id();
    let row = ADD_SLOT.bind(act.tenant).bind(id).bind(school).bind(new.kind).bind(new.days).bind(new.early);
    tx.execute(row.bind(new.stay).bind(act.at)).await?;
    let bells = new.bells.iter().map(|(minute, grades)| ADD_BELL.bind(act.tenant).bind(id).bind(*minute).bind(grades));
    tx.execute_many(ADD_BELL, bells.collect()).await?;
    let gates = new.gates.iter().map(|gate| ADD_SLOT_GATE.bind(act.tenant).bind(id).bind(*gate));
    tx.execute_many(ADD_SLOT_GATE, gates.collect()).await?;
    audit::record(tx, act, "create", ("duty_slot", id), "", &[]).await?;
    Ok(id)
}

/// A peak is kept on some days of the week only, from now on; what is past goes by the days on which it was kept then. Gives what is cancelled on
/// the days that are taken out.
pub async fn set_weekdays(tx: &mut Tx, act: &Act, school: Uuid, slot: Uuid, days: Weekdays) -> Result<CalledOff> {
    let its = Unneeded { school: Some(school), slot: Some(slot), ..Unneeded::default() };
    let off = calling_off::before(tx, act, its).await?;
    tx.execute(KEEP_WEEKDAYS.bind(act.tenant).bind(school).bind(slot).bind(act.at).bind(days.0)).await?;
    tx.execute_one(SET_WEEKDAYS.bind(act.tenant).bind(school).bind(slot).bind(days.0)).await?;
    let cancelled = call_off(tx, act, off, (("duty_slot", slot), "这个时段不在这一天站了")).await?;
    audit::record(tx, act, "update", ("duty_slot", slot), &days.words(), &[]).await?;
    Ok(cancelled)
}

/// The peak is not kept any more from now on: what stands later is cancelled, and what was before stays readable. Gives what is cancelled.
pub(super) async fn close_slot(tx: &mut Tx, act: &Act, school: Uuid, id: Uuid) -> Result<CalledOff> {
    let its = Unneeded { school: Some(school), slot: Some(id), ..Unneeded::default() };
    let off = calling_off::before(tx, act, its).await?;
    tx.execute_one(CLOSE_SLOT.bind(act.tenant).bind(school).bind(id).bind(act.at)).await?;
    let cancelled = call_off(tx, act, off, (("duty_slot", id), "这个时段停用了")).await?;
    audit::record(tx, act, "end", ("duty_slot", id), "", &[]).await?;
    Ok(cancelled)
}

/// Errors: refused if it overlaps another term of the same schools.
pub async fn add_term(tx: &mut Tx, act: &Act, school: Option<Uuid>, name: &str, days: (Date, Date)) -> Result<Uuid> {
    Ok(enter_term(tx, act, school, name, days).await?.0)
}

/// The same; gives what is cancelled too, since only with the next term it is known which days are holidays.
pub(super) async fn enter_term(
    tx: &mut Tx,
    act: &Act,
    school: Option<Uuid>,
    name: &str,
    days: (Date, Date),
) -> Result<(Uuid, CalledOff)> {
    let (first, last) = (days.0.to_string(), days.1.to_string());
    refuse_overlap(tx, act, (None, school), (&first, &last)).await?;
    let off = calling_off::before(tx, act, all_of(school)).await?;
    let id = act.id();
    tx.execute(ADD_TERM.bind(act.tenant).bind(id).bind(school).bind(name).bind(first).bind(last)).await?;
    let cancelled = call_off(tx, act, off, (("duty_term", id), TERMS_CHANGED)).await?;
    audit::record(tx, act, "create", ("duty_term", id), name, &[]).await?;
    Ok((id, cancelled))
}

async fn refuse_overlap(
    tx: &mut Tx,
    act: &Act,
    (id, school): (Option<Uuid>, Option<Uuid>),
    (first, last): (&str, &str),
) -> Result<()> {
    let terms = store::terms(tx, act.tenant).await?;
    let overlaps = |term: &&store::TermRow| {
        let other = Some(term.id) != id && term.school_id == school;
        other && term.first_day.as_str() <= last && term.last_day.as_str() >= first
    };
    if let Some(other) = terms.iter().find(overlaps) {
        return Err(Error::refused(format!("和“{}”重叠了（{} 到 {}）", other.name, other.first_day, other.last_day)));
    }
    Ok(())
}

/// A term that was entered wrongly is put right in one step, so that nothing is cancelled for the time in between. Gives what is cancelled.
///
/// Errors: refused if it overlaps another term of the same schools.
pub(super) async fn change_term(
    tx: &mut Tx,
    act: &Act,
    term: &store::TermRow,
    name: &str,
    days: (Date, Date),
) -> Result<CalledOff> {
    let (first, last) = (days.0.to_string(), days.1.to_string());
    refuse_overlap(tx, act, (Some(term.id), term.school_id), (&first, &last)).await?;
    let off = calling_off::before(tx, act, all_of(term.school_id)).await?;
    tx.execute_one(CHANGE_TERM.bind(act.tenant).bind(term.id).bind(name).bind(first).bind(last)).await?;
    let cancelled = call_off(tx, act, off, (("duty_term", term.id), TERMS_CHANGED)).await?;
    audit::record(tx, act, "update", ("duty_term", term.id), name, &[]).await?;
    Ok(cancelled)
}

/// Gives what is cancelled because there is no school then, as far as that is known.
pub(super) async fn drop_term(tx: &mut Tx, act: &Act, term: &store::TermRow) -> Result<CalledOff> {
    let off = calling_off::before(tx, act, all_of(term.school_id)).await?;
    tx.execute_one(DROP_TERM.bind(act.tenant).bind(term.id)).await?;
    let cancelled = call_off(tx, act, off, (("duty_term", term.id), TERMS_CHANGED)).await?;
    audit::record(tx, act, "remove", ("duty_term", term.id), "", &[]).await?;
    Ok(cancelled)
}

const TERMS_CHANGED: &str = "学期的日子改了";

/// Everything to come at a school, or at all: terms say of each other's gaps what they are.
fn all_of(school: Option<Uuid>) -> Unneeded {
    Unneeded { school, working: true, ..Unneeded::default() }
}

/// What is written of that day already gives way.
pub async fn set_day(
    tx: &mut Tx,
    act: &Act,
    school: Option<Uuid>,
    day: Date,
    kind: DayKind,
    note: &str,
) -> Result<Uuid> {
    Ok(set_day_like(tx, act, school, day, (kind, note, None)).await?.0)
}

/// The same, of a day that has the lessons of a weekday, from 1, Monday. Gives whether something was written of it already, and what is cancelled
/// because there is no school or a peak does not take place on such a day.
pub async fn set_day_like(
    tx: &mut Tx,
    act: &Act,
    school: Option<Uuid>,
    day: Date,
    (kind, note, follows): (DayKind, &str, Option<i64>),
) -> Result<(Uuid, bool, CalledOff)> {
    let its = Unneeded { days: Some((day, day)), school, ..Unneeded::default() };
    let day = day.to_string();
    let known = store::days(tx, act.tenant, &day, &day).await?;
    let known = known.into_iter().find(|one| one.school_id == school);
    let off = calling_off::before(tx, act, its).await?;
    let id = known.as_ref().map_or_else(|| act.id(), |known| known.id);
    let row = match known {
        Some(_) => CHANGE_DAY.bind(act.tenant).bind(id).bind(kind).bind(note).bind(follows),
        None => ADD_DAY.bind(act.tenant).bind(id).bind(school).bind(&day).bind(kind).bind(note).bind(follows),
    };
    tx.execute_one(row).await?;
    let noted = if note.is_empty() { String::new() } else { format!("（{note}）") };
    let why = match kind {
        DayKind::Off if note.is_empty() => "这一天不上课".to_owned(),
        DayKind::Off => note.to_owned(),
        DayKind::Exams => format!("这一天考试，这个时段不用站{noted}"),
        DayKind::Lessons => format!("这一天调课或补课，这个时段不用站{noted}"),
    };
    let cancelled = call_off(tx, act, off, (("duty_day", id), &why)).await?;
    let action = if known.is_some() { "update" } else { "create" };
    audit::record(tx, act, action, ("duty_day", id), &day, &[]).await?;
    Ok((id, known.is_some(), cancelled))
}

/// Gives what is cancelled because there is no school on such a day otherwise, or a peak does not take place.
pub(super) async fn drop_day(tx: &mut Tx, act: &Act, row: &store::DayRow) -> Result<CalledOff> {
    let day: Date = row.day.parse().map_err(|error: jiff::Error| Error::Internal(error.into()))?;
    let its = Unneeded { days: Some((day, day)), school: row.school_id, ..Unneeded::default() };
    let off = calling_off::before(tx, act, its).await?;
    tx.execute_one(DROP_DAY.bind(act.tenant).bind(row.id)).await?;
    let why = "这一天改回平常安排，这个时段不用站";
    let cancelled = call_off(tx, act, off, (("duty_day", row.id), why)).await?;
    audit::record(tx, act, "remove", ("duty_day", row.id), "", &[]).await?;
    Ok(cancelled)
}

/// The terms, and what is different on the days of a period.
pub async fn timetable(tx: &mut Tx, tenant: Uuid, from: Date, to: Date) -> Result<Timetable> {
    let day = |text: &str| text.parse::<Date>().map_err(|error| Error::Internal(error.into()));
    let now = super::model::moment(from, 12 * 60).unwrap_or_default();
    let rules: Holidays = settings::read(tx, tenant, now).await?;
    let mut table = Timetable { longest_holiday: rules.holiday_days, ..Timetable::default() };
    for row in store::terms(tx, tenant).await? {
        table.terms.push(Term { school: row.school_id, first: day(&row.first_day)?, last: day(&row.last_day)? });
    }
    for row in store::days(tx, tenant, &from.to_string(), &to.to_string()).await? {
        if let Some(follows) = row.follows {
            table.follows.push((row.school_id, day(&row.day)?, follows));
        }
        table.days.push(Exception { school: row.school_id, day: day(&row.day)?, kind: row.kind, note: row.note });
    }
    Ok(table)
}
