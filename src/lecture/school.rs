//! Schools with their halls, classes and terms; topics and forms.

use std::collections::BTreeMap;

use db::Tx;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::model::{FORMS, Period, PeriodKind, Stage, SubjectKind, TOPICS, Term, Timetable, at_day};
use super::session_store::HOLD_DIARY;
use super::store::{
    self, ADD_CLASS, ADD_HALL, ADD_PERIOD, ADD_SCHOOL, ADD_SUBJECT, ADD_TERM, ADD_VICE, CHANGE_HALL, CHANGE_SCHOOL,
    CHANGE_TERM, CLOSE_CLASS, CLOSE_HALL, CLOSE_SUBJECT, Counted, DROP_PERIOD, DROP_TERM, DROP_VICE, DROP_WAY,
    END_VICE, GIVEN_AT, HALL_NAMED, Hall, OPEN_SUBJECT, PERIODS, PeriodRow, RENEW_SCHOOL_LINK, SCHOOL_NAMED,
    SET_PUPILS, SET_WAY, SUBJECT_NAMED, School, Subject, TERM, TERMS, TERMS_WITHIN, TermRow, VICES, Vice, WAYS, Way,
};
use super::summary::begins;
use super::summary_store::{Held, WRITTEN_DOWN};
use crate::access::{Act, Link};
use crate::audit;
use crate::error::{Error, Result};
use crate::keys::Keys;

/// Who answers for a school: usually its 德育 or 安全 office.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    pub name: String,
    pub phone: String,
}

#[derive(Debug, Clone)]
pub struct SchoolSketch {
    pub name: String,
    pub stage: Stage,
    pub address: String,
    pub travel_minutes: i64,
    pub contact: Option<Contact>,
    pub closed_at: Option<Timestamp>,
}

const CONTACT: &str = "lecture school contact";

impl School {
    pub fn contact(&self, act: &Act) -> Result<Option<Contact>> {
        let Some(sealed) = &self.contact_sealed else { return Ok(None) };
        Ok(Some(serde_json::from_str(&act.open(CONTACT, sealed)?).map_err(anyhow::Error::from)?))
    }

    /// The link by which the school asks, agrees and confirms.
    pub fn link(&self, tenant: Uuid, keys: &Keys) -> Link {
        Link::signed(tenant, self.id, &own(self.link_number), keys)
    }
}

fn own(number: i64) -> String {
    format!("lecture school {number}")
}

/// Errors: not found by a link that was not made for this, or is not good any more.
pub(super) async fn by_link(tx: &mut Tx, link: &Link, keys: &Keys) -> Result<School> {
    let school = store::school(tx, link.tenant, link.id).await?;
    if school.closed_at.is_some() || !link.is_signed(&own(school.link_number), keys) {
        return Err(Error::NotFound);
    }
    Ok(school)
}

async fn refuse_taken(tx: &mut Tx, tenant: Uuid, id: Option<Uuid>, name: &str) -> Result<()> {
    let same: Option<School> = tx.optional(SCHOOL_NAMED.bind(tenant).bind(name)).await?;
    match same {
        Some(same) if Some(same.id) != id && same.closed_at.is_some() => Err(Error::refused(
            "已经登记过同名的学校，现在不再去。要再去，从“学校”最下面的“不再去的学校”打开它，改资料，去掉“不再去这所学校”",
        )),
        Some(same) if Some(same.id) != id => Err(Error::refused("已经登记过同名的学校")),
        _ => Ok(()),
    }
}

fn sealed(act: &Act, contact: &Option<Contact>) -> Result<Option<Vec<u8>>> {
    let Some(contact) = contact else { return Ok(None) };
    Ok(Some(act.seal(CONTACT, &serde_json::to_string(contact).map_err(anyhow::Error::from)?)?))
}

/// Errors: refused if the name is taken.
pub async fn create(tx: &mut Tx, act: &Act, new: &SchoolSketch) -> Result<Uuid> {
    refuse_taken(tx, act.tenant, None, &new.name).await?;
    let id = act.id();
    let row = ADD_SCHOOL.bind(act.tenant).bind(id).bind(&new.name).bind(new.stage).bind(&new.address);
    let row = row.bind(new.travel_minutes).bind(sealed(act, &new.contact)?).bind(act.at).bind(act.at);
    tx.execute(row).await?;
    audit::record(tx, act, "create", ("lecture_school", id), "", &[]).await?;
    Ok(id)
}

/// Errors: refused if the name is taken, stale if somebody else was first.
pub(super) async fn change(tx: &mut Tx, act: &Act, id: Uuid, seen: i64, to: &SchoolSketch) -> Result<()> {
    refuse_taken(tx, act.tenant, Some(id), &to.name).await?;
    let row = CHANGE_SCHOOL.bind(act.tenant).bind(id).bind(seen).bind(&to.name).bind(to.stage).bind(&to.address);
    let row = row.bind(to.travel_minutes).bind(sealed(act, &to.contact)?).bind(to.closed_at);
    if tx.execute(row).await? == 0 {
        return Err(Error::Stale("这所学校的资料刚刚有变化，请看一下再改。".to_owned()));
    }
    audit::record(tx, act, "update", ("lecture_school", id), "", &[]).await
}

/// The school's link is another one from now on.
pub(super) async fn renew_link(tx: &mut Tx, act: &Act, id: Uuid) -> Result<()> {
    tx.execute_one(RENEW_SCHOOL_LINK.bind(act.tenant).bind(id)).await?;
    audit::record(tx, act, "renew_link", ("lecture_school", id), "", &[]).await
}

/// A lecture as somebody is held by it: at which school, how far that is from where the team works, from when to when.
pub(super) struct Stay {
    pub school: Uuid,
    pub travel_minutes: i64,
    pub span: (Timestamp, Timestamp),
}

/// The ways between schools that somebody has entered.
#[derive(Debug, Default)]
pub struct Ways(BTreeMap<(Uuid, Uuid), i64>);

/// Identities begin with the moment at which they were made: whichever was registered first stands first.
fn pair(one: Uuid, other: Uuid) -> (Uuid, Uuid) {
    (one.min(other), one.max(other))
}

impl Ways {
    /// None where nobody has entered it.
    pub fn between(&self, one: Uuid, other: Uuid) -> Option<i64> {
        self.0.get(&pair(one, other)).copied()
    }

    /// So many minutes the way from one school to another takes, if it does not fit in between two lectures there: as it is entered, or else both
    /// ways, over where the team works.
    pub(super) fn too_long(&self, one: &Stay, other: &Stay) -> Option<i64> {
        let minutes = self.between(one.school, other.school).unwrap_or(one.travel_minutes + other.travel_minutes);
        let way = SignedDuration::from_mins(minutes);
        (one.span.0 < other.span.1 + way && other.span.0 < one.span.1 + way).then_some(minutes)
    }

    /// The other schools to which a way from this one is entered.
    pub fn of(&self, school: Uuid) -> BTreeMap<Uuid, i64> {
        let own = self.0.iter().filter(|((one, other), _)| *one == school || *other == school);
        own.map(|((one, other), minutes)| (if *one == school { *other } else { *one }, *minutes)).collect()
    }
}

pub(super) async fn ways(tx: &mut Tx, tenant: Uuid) -> Result<Ways> {
    let rows: Vec<Way> = tx.all(WAYS.bind(tenant)).await?;
    Ok(Ways(rows.into_iter().map(|row| ((row.one_id, row.other_id), row.minutes)).collect()))
}

/// How long it takes from one school to another; none: as before somebody entered it.
///
/// Errors: refused of a school and itself.
pub async fn set_way(tx: &mut Tx, act: &Act, one: Uuid, other: Uuid, minutes: Option<i64>) -> Result<()> {
    if one == other {
        return Err(Error::refused("请选另一所学校"));
    }
    let (first, second) = pair(one, other);
    match minutes {
        Some(minutes) => tx.execute(SET_WAY.bind(act.tenant).bind(first).bind(second).bind(minutes)).await?,
        None => tx.execute(DROP_WAY.bind(act.tenant).bind(first).bind(second)).await?,
    };
    audit::record(tx, act, "update", ("lecture_school", one), "", &[]).await
}

/// Errors: refused if the school has a hall of this name.
pub async fn add_hall(tx: &mut Tx, act: &Act, school: Uuid, name: &str, seats: i64) -> Result<Uuid> {
    let same: Option<Hall> = tx.optional(HALL_NAMED.bind(act.tenant).bind(school).bind(name)).await?;
    if same.is_some() {
        return Err(Error::refused("这所学校登记过同名的场地，请换一个名称"));
    }
    let id = act.id();
    tx.execute(ADD_HALL.bind(act.tenant).bind(id).bind(school).bind(name).bind(seats)).await?;
    audit::record(tx, act, "create", ("lecture_hall", id), "", &[]).await?;
    Ok(id)
}

/// Another name, or other seats: what is arranged there and is too large for it now is asked about.
///
/// Errors: refused if the school has another hall of this name, stale if somebody else was first.
pub async fn change_hall(
    tx: &mut Tx,
    act: &Act,
    school: Uuid,
    (id, seen): (Uuid, i64),
    (name, seats): (&str, i64),
) -> Result<()> {
    let same: Option<Hall> = tx.optional(HALL_NAMED.bind(act.tenant).bind(school).bind(name)).await?;
    if same.is_some_and(|other| other.id != id) {
        return Err(Error::refused("这所学校登记过同名的场地，请换一个名称"));
    }
    let row = CHANGE_HALL.bind(act.tenant).bind(school).bind(id).bind(seen).bind(name).bind(seats);
    if tx.execute(row).await? == 0 {
        return Err(Error::Stale("这个场地刚刚有变化，请看一下再改。".to_owned()));
    }
    audit::record(tx, act, "update", ("lecture_hall", id), &format!("{name}，坐 {seats} 人"), &[]).await
}

/// Nothing new is arranged there; what is arranged stays.
pub(super) async fn close_hall(tx: &mut Tx, act: &Act, school: Uuid, id: Uuid) -> Result<()> {
    tx.execute_one(CLOSE_HALL.bind(act.tenant).bind(school).bind(id).bind(act.at)).await?;
    audit::record(tx, act, "put_away", ("lecture_hall", id), "", &[]).await
}

/// Errors: refused of a grade that the school does not have, and of a class that is there.
pub async fn add_class(
    tx: &mut Tx,
    act: &Act,
    school: &School,
    (grade, name, pupils): (i64, &str, i64),
) -> Result<Uuid> {
    let (first, last) = school.stage.grades();
    if !(first..=last).contains(&grade) {
        return Err(Error::refused(format!("{}没有这个年级", school.stage)));
    }
    // Nobody moves the others up meanwhile.
    tx.execute(HOLD_DIARY.bind(act.tenant)).await?;
    let known = store::classes(tx, act.tenant, school.id).await?;
    if known.iter().any(|class| class.grade == grade && class.name == name) {
        return Err(Error::refused("这个班已经登记过了"));
    }
    let id = act.id();
    tx.execute(ADD_CLASS.bind(act.tenant).bind(id).bind(school.id).bind(grade).bind(name).bind(pupils)).await?;
    audit::record(tx, act, "create", ("lecture_class", id), "", &[]).await?;
    Ok(id)
}

/// Pupils come and go: the class stays what it is, with all that it has heard and is to hear.
pub async fn set_pupils(tx: &mut Tx, act: &Act, school: Uuid, id: Uuid, pupils: i64) -> Result<()> {
    tx.execute_one(SET_PUPILS.bind(act.tenant).bind(school).bind(id).bind(pupils)).await?;
    audit::record(tx, act, "update", ("lecture_class", id), &format!("{pupils} 名学生"), &[]).await
}

pub(super) async fn close_class(tx: &mut Tx, act: &Act, school: Uuid, id: Uuid) -> Result<()> {
    tx.execute(HOLD_DIARY.bind(act.tenant)).await?;
    tx.execute_one(CLOSE_CLASS.bind(act.tenant).bind(school).bind(id).bind(act.at)).await?;
    audit::record(tx, act, "put_away", ("lecture_class", id), "", &[]).await
}

pub(super) async fn vices(tx: &mut Tx, tenant: Uuid, school: Uuid) -> Result<Vec<Vice>> {
    Ok(tx.all(VICES.bind(tenant).bind(school)).await?)
}

/// A lecturer is 法治副校长 of a school from a day to a day.
///
/// Errors: refused if they are one there already within that time, or give no lectures any more.
pub async fn appoint(tx: &mut Tx, act: &Act, school: Uuid, lecturer: Uuid, days: (Date, Date)) -> Result<Uuid> {
    let (first, last) = (days.0.to_string(), days.1.to_string());
    let person = store::lecturer(tx, act.tenant, lecturer).await?;
    if person.ended_at.is_some() {
        return Err(Error::refused(format!("{}已经不讲课了", person.name)));
    }
    let known = vices(tx, act.tenant, school).await?;
    let overlaps = |one: &&Vice| one.lecturer_id == lecturer && one.first_day <= last && one.last_day >= first;
    if let Some(other) = known.iter().find(overlaps) {
        return Err(Error::refused(format!(
            "{}从 {} 到 {} 已经是这所学校的法治副校长",
            other.name, other.first_day, other.last_day
        )));
    }
    let id = act.id();
    tx.execute(ADD_VICE.bind(act.tenant).bind(id).bind(school).bind(lecturer).bind(first).bind(last)).await?;
    audit::record(tx, act, "create", ("lecture_vice_principal", id), "", &[]).await?;
    Ok(id)
}

/// Today is their last day.
pub(super) async fn end_post(tx: &mut Tx, act: &Act, school: Uuid, id: Uuid) -> Result<()> {
    let today = super::model::today(act.at).to_string();
    if tx.execute(END_VICE.bind(act.tenant).bind(school).bind(id).bind(today)).await? == 0 {
        return Err(Error::refused("这个任期还没有开始，或者已经结束"));
    }
    audit::record(tx, act, "end_term", ("lecture_vice_principal", id), "", &[]).await
}

/// A post that was entered wrongly goes, with the reason in the audit log.
///
/// Errors: refused of one in whose time lectures were given there: what they count for would be another thing afterwards.
pub async fn drop_post(tx: &mut Tx, act: &Act, school: Uuid, id: Uuid, why: &str) -> Result<()> {
    let known = vices(tx, act.tenant, school).await?;
    let post = known.iter().find(|one| one.id == id).ok_or(Error::NotFound)?;
    let day = |text: &str| text.parse::<Date>().map_err(|error| Error::Internal(error.into()));
    let (first, last) = (day(&post.first_day)?, day(&post.last_day)?);
    let row = GIVEN_AT.bind(act.tenant).bind(school).bind(post.lecturer_id).bind(begins(first)?);
    let given: Counted = tx.one(row.bind(begins(last.tomorrow().unwrap_or(last))?)).await?;
    if given.count > 0 {
        return Err(Error::refused(format!(
            "{}在这个任期里已经讲过 {} 场课，不能删；任期可以今天结束",
            post.name, given.count
        )));
    }
    tx.execute_one(DROP_VICE.bind(act.tenant).bind(school).bind(id)).await?;
    audit::record(tx, act, "remove", ("lecture_vice_principal", id), why, &[]).await
}

/// Errors: refused if it overlaps another term of the same schools.
pub async fn add_term(tx: &mut Tx, act: &Act, school: Option<Uuid>, name: &str, days: (Date, Date)) -> Result<Uuid> {
    let (first, last) = (days.0.to_string(), days.1.to_string());
    let overlaps = |term: &&TermRow| term.school_id == school && term.first_day <= last && term.last_day >= first;
    if let Some(other) = terms(tx, act.tenant).await?.iter().find(overlaps) {
        return Err(Error::refused(format!("和“{}”重叠了（{} 到 {}）", other.name, other.first_day, other.last_day)));
    }
    let id = act.id();
    tx.execute(ADD_TERM.bind(act.tenant).bind(id).bind(school).bind(name).bind(first).bind(last)).await?;
    audit::record(tx, act, "create", ("lecture_term", id), name, &[]).await?;
    Ok(id)
}

/// Whether a term is one of a school's: its own, or one of all with which none of its own has a day in common.
pub(super) fn is_term_of(term: &TermRow, school: Uuid, around: &[TermRow]) -> bool {
    let touches = |own: &TermRow| own.first_day <= term.last_day && own.last_day >= term.first_day;
    match term.school_id {
        Some(own) => own == school,
        None => !around.iter().any(|own| own.school_id == Some(school) && touches(own)),
    }
}

/// The days of the lectures that count for a term.
async fn given_in(tx: &mut Tx, tenant: Uuid, term: &TermRow) -> Result<Vec<Date>> {
    let day = |text: &str| text.parse::<Date>().map_err(|error| Error::Internal(error.into()));
    let days = (day(&term.first_day)?, day(&term.last_day)?);
    let (from, until) = (begins(days.0)?, begins(days.1.tomorrow().unwrap_or(days.1))?);
    let around = terms_within(tx, tenant, days).await?;
    let given: Vec<Held> = tx.all(WRITTEN_DOWN.bind(tenant).bind(from).bind(until)).await?;
    let own = given.iter().filter(|one| is_term_of(term, one.school_id, &around));
    Ok(own.map(|one| at_day(one.starts_at)).collect())
}

/// A term that was entered wrongly is put right.
///
/// Errors: refused if it overlaps another term of the same schools, and if a lecture that was given in it would not be in it any more.
pub(super) async fn change_term(tx: &mut Tx, act: &Act, term: &TermRow, name: &str, days: (Date, Date)) -> Result<()> {
    let (first, last) = (days.0.to_string(), days.1.to_string());
    let around = terms_within(tx, act.tenant, days).await?;
    if let Some(other) = around.iter().find(|other| other.id != term.id && other.school_id == term.school_id) {
        return Err(Error::refused(format!("和“{}”重叠了（{} 到 {}）", other.name, other.first_day, other.last_day)));
    }
    let given = given_in(tx, act.tenant, term).await?;
    if let Some(lost) = given.iter().find(|day| **day < days.0 || **day > days.1) {
        return Err(Error::refused(format!("{lost} 讲过课，这一天也要在学期里")));
    }
    tx.execute_one(CHANGE_TERM.bind(act.tenant).bind(term.id).bind(name).bind(first).bind(last)).await?;
    audit::record(tx, act, "update", ("lecture_term", term.id), name, &[]).await
}

/// Errors: refused of one in which lectures were given: what is said of them by the term would be another thing afterwards.
pub(super) async fn drop_term(tx: &mut Tx, act: &Act, id: Uuid) -> Result<()> {
    let term: TermRow = tx.one(TERM.bind(act.tenant).bind(id)).await?;
    let given = given_in(tx, act.tenant, &term).await?.len();
    if given > 0 {
        return Err(Error::refused(format!(
            "“{}”里已经讲过 {given} 场课，删了它，这些课就不知道算哪个学期，不能删；登记错了的，可以改",
            term.name
        )));
    }
    tx.execute_one(DROP_TERM.bind(act.tenant).bind(id)).await?;
    audit::record(tx, act, "remove", ("lecture_term", id), "", &[]).await
}

/// Errors: refused if it overlaps another period of the same schools.
pub async fn add_period(
    tx: &mut Tx,
    act: &Act,
    school: Option<Uuid>,
    days: (Date, Date),
    (kind, note): (PeriodKind, &str),
) -> Result<Uuid> {
    let (first, last) = (days.0.to_string(), days.1.to_string());
    let overlaps = |one: &&PeriodRow| one.school_id == school && one.first_day <= last && one.last_day >= first;
    if let Some(other) = periods(tx, act.tenant, days.0).await?.iter().find(overlaps) {
        return Err(Error::refused(format!(
            "{} 到 {} 已经登记为“{}”，先删去原来的",
            other.first_day, other.last_day, other.kind
        )));
    }
    let id = act.id();
    let row = ADD_PERIOD.bind(act.tenant).bind(id).bind(school).bind(kind).bind(&first).bind(last).bind(note);
    tx.execute(row).await?;
    audit::record(tx, act, "create", ("lecture_period", id), &first, &[]).await?;
    Ok(id)
}

pub(super) async fn drop_period(tx: &mut Tx, act: &Act, id: Uuid) -> Result<()> {
    tx.execute_one(DROP_PERIOD.bind(act.tenant).bind(id)).await?;
    audit::record(tx, act, "remove", ("lecture_period", id), "", &[]).await
}

/// In the order of their days; of very many the latest.
pub(super) async fn terms(tx: &mut Tx, tenant: Uuid) -> Result<Vec<TermRow>> {
    let mut latest: Vec<TermRow> = tx.all(TERMS.bind(tenant)).await?;
    latest.reverse();
    Ok(latest)
}

/// Those that touch some days, in their order.
pub(super) async fn terms_within(tx: &mut Tx, tenant: Uuid, days: (Date, Date)) -> Result<Vec<TermRow>> {
    Ok(tx.all(TERMS_WITHIN.bind(tenant).bind(days.0.to_string()).bind(days.1.to_string())).await?)
}

/// Those that are not over before a day.
pub(super) async fn periods(tx: &mut Tx, tenant: Uuid, from: Date) -> Result<Vec<PeriodRow>> {
    Ok(tx.all(PERIODS.bind(tenant).bind(from.to_string())).await?)
}

/// When there is school, from a day on.
pub(super) async fn timetable(tx: &mut Tx, tenant: Uuid, from: Date) -> Result<Timetable> {
    let day = |text: &str| text.parse::<Date>().map_err(|error| Error::Internal(error.into()));
    let mut table = Timetable::default();
    for row in terms(tx, tenant).await? {
        table.terms.push(Term { school: row.school_id, first: day(&row.first_day)?, last: day(&row.last_day)? });
    }
    for row in periods(tx, tenant, from).await? {
        let (first, last) = (day(&row.first_day)?, day(&row.last_day)?);
        table.periods.push(Period { school: row.school_id, kind: row.kind, first, last, note: row.note });
    }
    Ok(table)
}

/// A topic or a form. One that was put away comes back under its name.
///
/// Errors: refused if it is there.
pub async fn add_subject(tx: &mut Tx, act: &Act, kind: SubjectKind, name: &str, words: &str) -> Result<Uuid> {
    let same: Option<Subject> = tx.optional(SUBJECT_NAMED.bind(act.tenant).bind(kind).bind(name)).await?;
    match same {
        Some(same) if same.closed_at.is_some() => {
            tx.execute_one(OPEN_SUBJECT.bind(act.tenant).bind(same.id)).await?;
            audit::record(tx, act, "update", ("lecture_subject", same.id), name, &[]).await?;
            Ok(same.id)
        }
        Some(_) => Err(Error::refused(format!("已经有这个{kind}了"))),
        None => {
            let id = act.id();
            let row = ADD_SUBJECT.bind(act.tenant).bind(id).bind(kind).bind(name).bind(words);
            tx.execute(row.bind(act.at.as_millisecond())).await?;
            audit::record(tx, act, "create", ("lecture_subject", id), name, &[]).await?;
            Ok(id)
        }
    }
}

pub(super) async fn close_subject(tx: &mut Tx, act: &Act, id: Uuid) -> Result<()> {
    tx.execute_one(CLOSE_SUBJECT.bind(act.tenant).bind(id).bind(act.at)).await?;
    audit::record(tx, act, "put_away", ("lecture_subject", id), "", &[]).await
}

/// The topics and forms that teams usually have, where there is none yet. Gives how many were added.
pub async fn add_usual_subjects(tx: &mut Tx, act: &Act) -> Result<usize> {
    let mut added = 0;
    for (kind, usual) in [(SubjectKind::Topic, &TOPICS[..]), (SubjectKind::Form, &FORMS[..])] {
        let known = store::subjects(tx, act.tenant, kind).await?;
        for (at, (name, words)) in (0i64..).zip(usual) {
            if known.iter().any(|subject| subject.name == *name) {
                continue;
            }
            let id = act.id();
            let row = ADD_SUBJECT.bind(act.tenant).bind(id).bind(kind).bind(*name).bind(*words);
            tx.execute(row.bind(act.at.as_millisecond() + at)).await?;
            audit::record(tx, act, "create", ("lecture_subject", id), name, &[]).await?;
            added += 1;
        }
    }
    Ok(added)
}
