//! A school asks, the team proposes a date and lecturers, the school agrees; either side calls it off with a reason. Nobody and nothing is in two
//! places at once: whoever arranges holds the team's diary, and each lecturer, hall and class has a row for each quarter of an hour, which
//! collides with that of another session.

use std::collections::BTreeSet;

use db::{Db, Tx};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::lecturer::unvetted_by;
use super::model::{self, NoteKind, RequestState, Rules, SchoolDay, SessionState, Timetable, at_day, quarters, span};
use super::school::Stay;
use super::session_store::{
    self, ADD, ADD_CLASS, ADD_HOLD, ADD_LECTURER, ADD_NOTE, ADD_TOPIC, AGREE, ATTACH, CAMPAIGN, CANCEL, Campaign,
    DETACH, DROP_CLASSES, DROP_HOLDS, DROP_SIGN_INS, DROP_STRAY_LECTURERS, DROP_STRAY_SIGN_INS, DROP_TOPICS,
    DROP_WITHDRAWN, ELSEWHERE, END_REQUEST, Elsewhere, HELD_BY, HOLD_DIARY, Held, MOVE, PUT_RIGHT, REMINDED, Request,
    Session, TO_REMIND,
};
use super::store::{self, ALL_TOPICS, Class, Hall, Lecturer, TopicOf, VETTINGS_OF_SESSION, VettingOf};
use super::{affected, quiz, school, turn};
use crate::access::Act;
use crate::channel::{self, Notice, Occasion, Place};
use crate::error::{Error, Result};
use crate::{audit, settings};

#[derive(Debug, Clone)]
pub struct SessionSketch {
    pub request: Option<Uuid>,
    pub school: Uuid,
    pub hall: Uuid,
    pub form: Uuid,
    pub campaign: Option<Uuid>,
    pub title: String,
    pub span: (Timestamp, Timestamp),
    pub why: String,
    pub topics: Vec<Uuid>,
    pub lecturers: Vec<Uuid>,
    pub classes: Vec<Uuid>,
}

pub(super) fn stale() -> Error {
    Error::Stale("这节课刚刚有变化，请看一下再继续。".to_owned())
}

/// Everything that a session would need, as it is known while the diary is held.
struct Needed {
    hall: Hall,
    lecturers: Vec<Lecturer>,
    classes: Vec<Class>,
}

impl Needed {
    /// Who and what is held, in one order, so that two who arrange never wait for each other.
    fn held(&self) -> Vec<(Uuid, String)> {
        let mut held: Vec<(Uuid, String)> = vec![(self.hall.id, self.hall.name.clone())];
        held.extend(self.lecturers.iter().map(|one| (one.id, one.name.clone())));
        held.extend(self.classes.iter().map(|one| (one.id, one.full_name())));
        held.sort();
        held
    }
}

impl Class {
    /// `七年级1班`
    pub fn full_name(&self) -> String {
        format!("{}{}", model::grade(self.grade), self.name)
    }
}

/// Whether a change says how a lecture that has begun was or is really given: another hour, whoever stood in, a class that came along. What was so is
/// no plan, and by the rules of plans it is not judged; that nobody was in two places at once holds of it as well. The school confirms it
/// afterwards, and then it is settled.
pub(super) fn puts_right(session: &Session, now: Timestamp, (from, to): (Timestamp, Timestamp)) -> bool {
    session.may_be_put_right(now) && from < to && from <= now
}

/// Whoever moves a session may do so at short notice: then the school has to say that it can do that.
async fn refuse_day(tx: &mut Tx, act: &Act, (moved, past): (bool, bool), sketch: &SessionSketch) -> Result<()> {
    let (from, to) = sketch.span;
    let day = at_day(from);
    if at_day(to) != day || to <= from {
        return Err(Error::refused("开始和结束要在同一天，结束在开始以后"));
    }
    if past {
        return Ok(());
    }
    let rules: Rules = settings::read(tx, act.tenant, act.at).await?;
    if !rules.within_hours(from, to) {
        return Err(Error::refused(format!("上课要在 {} 点到 {} 点之间", rules.first_hour, rules.last_hour)));
    }
    if from <= act.at {
        return Err(Error::refused("这个时间已经过了，请选以后的"));
    }
    let (today, table) = (model::today(act.at), school::timetable(tx, act.tenant, model::today(act.at)).await?);
    // The working days to come are asked for only where they matter: towards the end of a year nobody may know them yet.
    if !moved {
        let earliest = rules.earliest_with(today, &table, sketch.school)?;
        if day < earliest {
            return Err(Error::refused(format!("要至少提前 {} 个工作日，最早可以约 {earliest}", rules.lead_days)));
        }
    }
    match table.of(sketch.school, day) {
        SchoolDay::Lessons => Ok(()),
        SchoolDay::No(why) => Err(Error::refused(format!("{day} 学校{why}，请换一天"))),
        SchoolDay::Unknown(why) => Err(Error::refused(model::unknown(day, &why))),
    }
}

fn distinct(ids: &[Uuid]) -> usize {
    ids.iter().collect::<BTreeSet<_>>().len()
}

/// Errors: refused, with what stands in the way, if it cannot take place like that.
async fn needed(tx: &mut Tx, act: &Act, before: Option<&Session>, sketch: &SessionSketch) -> Result<Needed> {
    let given = before.filter(|one| puts_right(one, act.at, sketch.span));
    let past = given.is_some();
    // What was so is said of who and what was there then, whatever became of them since. A class that leaves in the summer is there until then.
    let as_of = given.map_or((sketch.span.0.max(act.at), Uuid::nil()), |one| (one.starts_at, one.id));
    let school = store::school(tx, act.tenant, sketch.school).await?;
    if school.closed_at.is_some() && !past {
        return Err(Error::refused(format!("已经不再去{}", school.name)));
    }
    refuse_day(tx, act, (before.is_some(), past), sketch).await?;
    // It may have been voided since the form was opened; whoever voids one holds the diary too.
    let chosen = sketch.campaign.filter(|id| before.and_then(|one| one.campaign_id) != Some(*id));
    if let Some(id) = chosen
        && tx.optional::<Campaign>(CAMPAIGN.bind(act.tenant).bind(id)).await?.is_none()
    {
        return Err(Error::refused("这个专项活动已经作废，请重新选"));
    }
    let halls = store::halls_at(tx, act.tenant, school.id, as_of).await?;
    let Some(hall) = halls.into_iter().find(|hall| hall.id == sketch.hall) else {
        return Err(Error::refused("请选这所学校的场地"));
    };
    let mut classes = store::classes_at(tx, act.tenant, school.id, as_of).await?;
    classes.retain(|class| sketch.classes.contains(&class.id));
    let of = (at_day(sketch.span.0), before, past);
    turn::put_back(tx, act.tenant, school.id, of, &mut classes).await?;
    if classes.is_empty() {
        return Err(Error::refused("请选哪些班来听"));
    }
    if classes.len() < distinct(&sketch.classes) {
        return Err(Error::refused("选的班里有已经不再列出的，或者那个学年还没有的，请换班"));
    }
    let pupils: i64 = classes.iter().map(|class| class.pupils).sum();
    if pupils > hall.seats && !past {
        return Err(Error::refused(format!("{}坐 {} 人，选的班有 {pupils} 人", hall.name, hall.seats)));
    }
    let day = at_day(sketch.span.0);
    let mut lecturers = store::lecturers_at(tx, act.tenant, as_of).await?;
    lecturers.retain(|one| sketch.lecturers.contains(&one.id));
    if lecturers.is_empty() {
        return Err(Error::refused("请选讲师"));
    }
    if lecturers.len() < distinct(&sketch.lecturers) {
        return Err(Error::refused("选的讲师里有已经不再讲课的，请换人"));
    }
    if sketch.topics.is_empty() {
        return Err(Error::refused("请选主题"));
    }
    // Of whoever gave it without a valid query the record says so.
    for one in lecturers.iter().filter(|_| !past) {
        if let Some(why) = one.unvetted(day) {
            return Err(Error::refused(why));
        }
        if let Some(class) = classes.iter().find(|class| !(one.first_grade..=one.last_grade).contains(&class.grade)) {
            return Err(Error::refused(format!("{}讲{}，不讲{}", one.name, one.grades(), class.full_name())));
        }
    }
    let known: Vec<TopicOf> = tx.all(ALL_TOPICS.bind(act.tenant)).await?;
    let taught = |topic: &Uuid| {
        known.iter().any(|row| row.topic_id == *topic && lecturers.iter().any(|one| one.id == row.lecturer_id))
    };
    if !past && !sketch.topics.iter().all(taught) {
        return Err(Error::refused("选的讲师里没有人讲其中一个主题，请换讲师或换主题"));
    }
    let needed = Needed { hall, lecturers, classes };
    let session = before.map(|one| one.id);
    refuse_taken(tx, act, session, sketch, &needed).await?;
    refuse_hurry(tx, act, session, sketch, (&needed.lecturers, school.travel_minutes)).await?;
    Ok(needed)
}

async fn refuse_taken(
    tx: &mut Tx,
    act: &Act,
    session: Option<Uuid>,
    sketch: &SessionSketch,
    needed: &Needed,
) -> Result<()> {
    let range = quarters(sketch.span.0, sketch.span.1);
    for (id, name) in needed.held() {
        let row = HELD_BY.bind(act.tenant).bind(id).bind(range.start).bind(range.end);
        let other: Option<Held> = tx.optional(row.bind(session.unwrap_or_default())).await?;
        if let Some(other) = other {
            let when = span(other.starts_at, other.ends_at);
            return Err(Error::refused(format!(
                "{name}这个时间已经约了：{when}，{}，{}",
                other.school_name, other.title
            )));
        }
    }
    Ok(())
}

/// From one school to another somebody has to travel, and the way between them has to fit in between.
async fn refuse_hurry(
    tx: &mut Tx,
    act: &Act,
    session: Option<Uuid>,
    sketch: &SessionSketch,
    (lecturers, travel): (&[Lecturer], i64),
) -> Result<()> {
    let (from, to) = sketch.span;
    let widest = SignedDuration::from_mins(1200);
    let ways = school::ways(tx, act.tenant).await?;
    let here = Stay { school: sketch.school, travel_minutes: travel, span: sketch.span };
    for one in lecturers {
        let row = ELSEWHERE.bind(act.tenant).bind(one.id).bind(from - widest).bind(to + widest).bind(sketch.school);
        let others: Vec<Elsewhere> = tx.all(row.bind(session.unwrap_or_default())).await?;
        for other in others {
            let there = Stay {
                school: other.school_id,
                travel_minutes: other.travel_minutes,
                span: (other.starts_at, other.ends_at),
            };
            if let Some(minutes) = ways.too_long(&here, &there) {
                let when = span(other.starts_at, other.ends_at);
                return Err(Error::refused(format!(
                    "{}{when} 在{}讲课，路上要 {minutes} 分钟，来不及",
                    one.name, other.school_name
                )));
            }
        }
    }
    Ok(())
}

/// Writes down who and what is held, and the lists of a session, in place of what was there.
async fn set_lists(tx: &mut Tx, act: &Act, id: Uuid, sketch: &SessionSketch, needed: &Needed) -> Result<()> {
    for statement in [DROP_HOLDS, DROP_TOPICS, DROP_CLASSES] {
        tx.execute(statement.bind(act.tenant).bind(id)).await?;
    }
    let mut topics = sketch.topics.clone();
    topics.sort_unstable();
    topics.dedup();
    let rows = topics.into_iter().map(|topic| ADD_TOPIC.bind(act.tenant).bind(id).bind(topic));
    tx.execute_many(ADD_TOPIC, rows.collect()).await?;
    let rows = needed.classes.iter().map(|one| ADD_CLASS.bind(act.tenant).bind(id).bind(one.id).bind(one.grade));
    tx.execute_many(ADD_CLASS, rows.collect()).await?;
    let range = quarters(sketch.span.0, sketch.span.1);
    let mut rows = Vec::new();
    for (held, _) in needed.held() {
        rows.extend(range.clone().map(|quarter| ADD_HOLD.bind(act.tenant).bind(held).bind(quarter).bind(id)));
    }
    match tx.execute_many(ADD_HOLD, rows).await {
        Err(db::Error::Duplicate(_)) => {
            return Err(Error::Stale("这个时间刚刚被别人约了，请换一个时间。".to_owned()));
        }
        other => other?,
    }
    // Whoever is held stays with what they have said of it themselves.
    tx.execute(DROP_STRAY_LECTURERS.bind(act.tenant).bind(id)).await?;
    let rows = needed.lecturers.iter().map(|one| ADD_LECTURER.bind(act.tenant).bind(id).bind(one.id).bind(""));
    tx.execute_many(ADD_LECTURER, rows.collect()).await?;
    Ok(())
}

/// In what a proposal is not what the school has asked for, in words.
pub async fn apart(tx: &mut Tx, act: &Act, request: &Request, sketch: &SessionSketch) -> Result<Vec<String>> {
    let mut apart = Vec::new();
    let on = at_day(sketch.span.0);
    let day = on.to_string();
    if day < request.first_day || day > request.last_day {
        apart.push(format!("要的是 {} 到 {}", request.first_day, request.last_day));
    }
    if !sketch.topics.contains(&request.topic_id) {
        apart.push(format!("要讲{}", request.topic_name));
    }
    if sketch.form != request.form_id {
        apart.push(format!("要的形式是{}", request.form_name));
    }
    let mut classes = store::classes(tx, act.tenant, request.school_id).await?;
    turn::put_back(tx, act.tenant, request.school_id, (on, None, false), &mut classes).await?;
    let asked = request.first_grade..=request.last_grade;
    if classes.iter().any(|class| sketch.classes.contains(&class.id) && !asked.contains(&class.grade)) {
        apart.push(format!("要讲给{}", request.grades()));
    }
    Ok(apart)
}

/// The team proposes; that is its own word, and the school's is asked for.
///
/// Errors: refused, with what stands in the way.
pub async fn propose(tx: &mut Tx, act: &Act, sketch: &SessionSketch) -> Result<Uuid> {
    tx.execute(HOLD_DIARY.bind(act.tenant)).await?;
    if let Some(request) = sketch.request {
        let row = END_REQUEST.bind(act.tenant).bind(request).bind(RequestState::Waiting);
        if tx.execute(row.bind(RequestState::Arranged).bind("")).await? == 0 {
            return Err(Error::refused("这条需求已经有人安排了，或者学校撤回了"));
        }
    }
    let needed = needed(tx, act, None, sketch).await?;
    let id = act.id();
    let row =
        ADD.bind(act.tenant).bind(id).bind(sketch.request).bind(sketch.school).bind(sketch.hall).bind(sketch.form);
    let row = row.bind(sketch.campaign).bind(&sketch.title).bind(sketch.span.0).bind(sketch.span.1).bind(&sketch.why);
    tx.execute(row.bind(act.at).bind(act.at)).await?;
    set_lists(tx, act, id, sketch, &needed).await?;
    audit::record(tx, act, "propose", ("lecture_session", id), "", &[]).await?;
    Ok(id)
}

/// Another date, other lecturers, another hall. The school is asked anew, and so are pupils where it is about something else, for others, or did
/// not take place at first. What has begun can also be put as it was: then it is written down anew, the school confirms that, and nobody is asked
/// before; what pupils have answered stays, and counts of the classes that were there; it goes where it was about something else.
///
/// Errors: refused, with what stands in the way; stale if somebody else was first.
pub async fn change(
    tx: &mut Tx,
    act: &Act,
    session: &Session,
    seen: i64,
    (to, why): (&SessionSketch, &str),
) -> Result<()> {
    tx.execute(HOLD_DIARY.bind(act.tenant)).await?;
    let right = puts_right(session, act.at, to.span);
    if !session.open() && !right {
        return Err(Error::refused(match session.unconfirmed() {
            true => "这节课已经登记过，只能照实改；没有上成的，撤回登记".to_owned(),
            false => format!("这节课{}，不能再改", session.state),
        }));
    }
    let needed = needed(tx, act, Some(session), to).await?;
    let answers = answers(tx, act, session, to).await?;
    let statement = if right { PUT_RIGHT } else { MOVE };
    let row = statement.bind(act.tenant).bind(session.id).bind(seen).bind(to.hall).bind(to.form).bind(to.campaign);
    let row = row.bind(&to.title).bind(to.span.0).bind(to.span.1).bind(&to.why);
    if tx.execute(if right { row } else { row.bind(act.at) }).await? == 0 {
        return Err(stale());
    }
    set_lists(tx, act, session.id, to, &needed).await?;
    if !right {
        tx.execute(DROP_WITHDRAWN.bind(act.tenant).bind(session.id)).await?;
    }
    // How many had come at another time, or of a class that does not hear it any more, says nothing of this one.
    let moved = (session.starts_at, session.ends_at) != to.span && !right;
    let stale_sign_ins = if moved { DROP_SIGN_INS } else { DROP_STRAY_SIGN_INS };
    tx.execute(stale_sign_ins.bind(act.tenant).bind(session.id)).await?;
    if answers == Answers::Go {
        quiz::begin_anew(tx, act, session.id).await?;
    }
    note(tx, act, session.id, NoteKind::Moved, &format!("{}：{why}", session.when())).await?;
    let changed = session_store::session(tx, act.tenant, session.id).await?;
    let then = if right { "照实登记以后请学校确认" } else { "等学校重新确认" };
    tell(tx, act, &changed, Occasion::Change, &format!("改了，原来是 {}，{then}。", session.when())).await?;
    audit::record(tx, act, "move_lecture", ("lecture_session", session.id), why, &[]).await
}

/// What becomes of what pupils have answered when a lecture is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answers {
    /// Those of classes that were not there count no more (see `quiz`).
    Stay,
    Go,
}

/// A plan that is about something else or for others is asked anew, and so is one that did not take place. What was given was answered: that goes only
/// if it was about something else, or none of those who answered was there.
pub(super) async fn answers(tx: &mut Tx, act: &Act, session: &Session, to: &SessionSketch) -> Result<Answers> {
    let topics = session_store::topics(tx, act.tenant, session.id).await?.into_iter().map(|one| one.id);
    let classes = session_store::classes(tx, act.tenant, session.id).await?.into_iter().map(|one| one.id);
    let (topics, classes): (BTreeSet<Uuid>, BTreeSet<Uuid>) = (topics.collect(), classes.collect());
    let set = |ids: &[Uuid]| ids.iter().copied().collect::<BTreeSet<Uuid>>();
    let (asked, heard) = (set(&to.topics), set(&to.classes));
    Ok(match puts_right(session, act.at, to.span) {
        _ if topics != asked || classes.is_disjoint(&heard) => Answers::Go,
        true => Answers::Stay,
        false if session.starts_at > act.at && classes == heard => Answers::Stay,
        false => Answers::Go,
    })
}

pub(super) async fn note(tx: &mut Tx, act: &Act, session: Uuid, kind: NoteKind, words: &str) -> Result<()> {
    let row = ADD_NOTE.bind(act.tenant).bind(act.id()).bind(session).bind(kind).bind(words).bind(act.at);
    tx.execute(row).await?;
    Ok(())
}

/// Those who give a session and had no valid query on its day, by all queries that were made.
pub async fn unvetted(tx: &mut Tx, tenant: Uuid, session: &Session) -> Result<Vec<String>> {
    let history: Vec<VettingOf> = tx.all(VETTINGS_OF_SESSION.bind(tenant).bind(session.id)).await?;
    Ok(unvetted_by(&history, at_day(session.starts_at)))
}

/// Whether a session was proposed for a day so near that the school has to say that it can do that, by a timetable since then; also where nobody knows.
pub(super) fn at_short_notice(session: &Session, rules: &Rules, table: &Timetable) -> bool {
    let enough = |day: Date| {
        let earliest = rules.earliest_with(day, table, session.school_id);
        earliest.is_ok_and(|earliest| earliest <= at_day(session.starts_at))
    };
    session.team_agreed_at.map(model::today).is_some_and(|day| !enough(day))
}

/// The school says yes to what it has read; `near` that a day at short notice suits it too.
///
/// Errors: refused of what is not open or over, without that word, while a lecturer must not stand before a class that day, and of what cannot
/// take place like that any more; stale if it was changed meanwhile.
pub async fn agree(tx: &mut Tx, act: &Act, session: &Session, seen: i64, near: bool) -> Result<()> {
    if session.state != SessionState::Proposed {
        return Err(Error::refused(format!("这节课现在是“{}”，不用再点", session.state)));
    }
    if session.starts_at <= act.at {
        return Err(Error::refused("这个时间已经过了，请让对方另约"));
    }
    let rules: Rules = settings::read(tx, act.tenant, act.at).await?;
    let since = model::today(session.team_agreed_at.unwrap_or(act.at));
    let table = school::timetable(tx, act.tenant, since).await?;
    if at_short_notice(session, &rules, &table) && !near {
        return Err(Error::refused(format!(
            "提出的时候离上课不到 {} 个工作日，来得及就勾上“时间很近，来得及”",
            rules.lead_days
        )));
    }
    // A query that was made since may have failed.
    if !unvetted(tx, act.tenant, session).await?.is_empty() {
        return Err(Error::refused("讲师要更换或者重新查询，对方办好以后再确认"));
    }
    // So may anything else have changed on which the proposal rested. Why somebody does not come is not the school's to read.
    match affected::of(tx, act.tenant, act.at, session).await? {
        Some(one) if one.verb == affected::STAFF => {
            return Err(Error::refused("讲师要更换，对方办好以后再确认"));
        }
        Some(one) => return Err(Error::refused(format!("{}，对方改好以后再确认", one.why))),
        None => {}
    }
    if tx.execute(AGREE.bind(act.tenant).bind(session.id).bind(seen).bind(act.at)).await? == 0 {
        return Err(stale());
    }
    let agreed = session_store::session(tx, act.tenant, session.id).await?;
    tell(tx, act, &agreed, Occasion::Announcement, "学校已经确认，请备课，带好课件。").await?;
    audit::record(tx, act, "agree", ("lecture_session", session.id), "", &[]).await
}

/// The team's groups are told of a session. Schools and lecturers have their links and calendars.
pub(super) async fn tell(tx: &mut Tx, act: &Act, session: &Session, occasion: Occasion, what: &str) -> Result<()> {
    let text = format!(
        "【法治进校园】{}，{} {}，{}。{what}",
        session.when(),
        session.school_name,
        session.hall_name,
        session.title
    );
    let notice = Notice {
        place: Place::Community,
        subject: ("lecture_session", session.id),
        occasion,
        edition: act.at.as_millisecond() / 60_000,
        text: &text,
        path: &format!("/lectures/{}", session.id),
        happens_at: Some(session.starts_at),
    };
    channel::tell(tx, act, &notice).await?;
    Ok(())
}

/// Reminds the team's groups of what is agreed and near, once; each in a transaction of its own.
pub async fn remind(db: &Db, act: &Act) -> Result<()> {
    let mut tx = db.read().await?;
    let rules: Rules = settings::read(&mut tx, act.tenant, act.at).await?;
    let until = act.at + SignedDuration::from_hours(24 * rules.remind_ahead_days);
    let near: Vec<Session> = tx.all(TO_REMIND.bind(act.tenant).bind(act.at).bind(until)).await?;
    drop(tx);
    for session in near {
        let mut tx = db.begin().await?;
        // Another process may have been first, or it was changed or called off just now.
        let row = REMINDED.bind(act.tenant).bind(session.id).bind(session.lock_version).bind(act.at);
        if tx.execute(row).await? == 1 {
            let what = match unvetted(&mut tx, act.tenant, &session).await?.is_empty() {
                true => "快到了，请核对课件、场地和投影，提醒讲师。",
                false => "快到了，有讲师那天的从业查询无效，请马上换人或者重新查询。",
            };
            tell(&mut tx, act, &session, Occasion::Announcement, what).await?;
        }
        tx.commit().await?;
    }
    Ok(())
}

/// Either side calls it off. Who and what was held is free again, and what the school had asked for waits again. The team also takes back by it
/// what was written down of one that was not given, until the school has confirmed it.
///
/// Errors: refused of what was confirmed or called off already, and of the school once it should have begun; stale if somebody else was first.
pub async fn cancel(tx: &mut Tx, act: &Act, session: &Session, seen: i64, (declined, why): (bool, &str)) -> Result<()> {
    tx.execute(HOLD_DIARY.bind(act.tenant)).await?;
    let taken_back = session.unconfirmed() && !declined;
    if !session.open() && !taken_back {
        return Err(Error::refused(format!("这节课{}，不能再取消", session.state)));
    }
    if declined && session.starts_at <= act.at {
        return Err(Error::refused("课已经到时间了。没有上成的，请告诉对方，由对方登记"));
    }
    if tx.execute(CANCEL.bind(act.tenant).bind(session.id).bind(seen).bind(why)).await? == 0 {
        return Err(stale());
    }
    tx.execute(DROP_HOLDS.bind(act.tenant).bind(session.id)).await?;
    if let Some(request) = session.request_id {
        let row = END_REQUEST.bind(act.tenant).bind(request).bind(RequestState::Arranged);
        tx.execute(row.bind(RequestState::Waiting).bind("")).await?;
    }
    if declined {
        note(tx, act, session.id, NoteKind::Declined, why).await?;
    }
    let what = match (declined, taken_back) {
        (true, _) => "学校说不方便，已取消。",
        (false, true) => "没有上成，登记已经撤回。",
        (false, false) => "已取消。",
    };
    tell(tx, act, session, Occasion::Cancellation, what).await?;
    audit::record(tx, act, "cancel", ("lecture_session", session.id), why, &[]).await
}

/// Errors: refused of what nobody has de-identified, or nobody else has reviewed.
pub async fn attach(tx: &mut Tx, act: &Act, session: Uuid, material: Uuid) -> Result<()> {
    if session_store::session(tx, act.tenant, session).await?.state == SessionState::Cancelled {
        return Err(Error::refused("这节课已经取消了"));
    }
    let known = store::material(tx, act.tenant, material).await?;
    if !known.usable() {
        return Err(Error::refused(format!("“{}”{}，不能用在课上", known.title, known.state().1)));
    }
    tx.execute(ATTACH.bind(act.tenant).bind(session).bind(material)).await?;
    audit::record(tx, act, "attach_material", ("lecture_session", session), "", &[]).await
}

pub(super) async fn detach(tx: &mut Tx, act: &Act, session: Uuid, material: Uuid) -> Result<()> {
    tx.execute_one(DETACH.bind(act.tenant).bind(session).bind(material)).await?;
    audit::record(tx, act, "detach_material", ("lecture_session", session), "", &[]).await
}

/// Whether somebody by their link has to do with a session.
///
/// Errors: not found if not.
pub(super) async fn of_lecturer(tx: &mut Tx, tenant: Uuid, who: &Lecturer, id: Uuid) -> Result<Session> {
    let session = session_store::session(tx, tenant, id).await?;
    let theirs = session_store::lecturers(tx, tenant, id).await?.iter().any(|one| one.id == who.id);
    if theirs && session.state != SessionState::Cancelled { Ok(session) } else { Err(Error::NotFound) }
}
