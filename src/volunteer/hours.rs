//! Hours on their way into the ledger: who was there, whoever leads confirms, the community approves, whoever it is about may object for some
//! days, and then it is booked. Nobody confirms their own, and nobody approves what they have confirmed. What is wrong is corrected by
//! another version, which takes the same way. Whoever writes hours of somebody holds the row of that person, so that no two records of
//! one person overlap.

use calendar::shanghai;
use db::Tx;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::activity_model::{Place, Span};
use super::activity_store::{Activity, HOLD_VOLUNTEER, sign_ups};
use super::hours_model::{Counted, Hours, Kind, Stage, Step, counted, in_words};
use super::hours_store::{
    self, ADD, ADD_VERSION, ANSWER, APPROVE, CONFIRM, CORRECT, OBJECT, REFUSE, Record, TEAM_FOR_CHILDREN, Team,
    of_activity,
};
use super::sign_up;
use crate::access::Act;
use crate::audit::{self, Change};
use crate::error::{Error, Result};
use crate::settings;

/// Those of whom something could not be done, with why.
pub type Left = Vec<(String, String)>;

/// Somebody who was there, and when they went if they have not signed out.
#[derive(Debug, Clone, Copy)]
pub struct Was {
    pub volunteer: Uuid,
    pub left_at: Option<Timestamp>,
}

/// Nobody else writes hours of somebody, or puts them on a rota, until the transaction ends.
pub async fn hold(tx: &mut Tx, act: &Act, volunteer: Uuid) -> Result<()> {
    Ok(tx.execute_one(HOLD_VOLUNTEER.bind(act.tenant).bind(volunteer)).await?)
}

fn stale() -> Error {
    Error::Stale("这条时长刚刚有别人处理过，请看一下再办。".to_owned())
}

/// Errors: stale if the record is not as it was seen.
fn refuse_unseen(record: &Record, seen: i64) -> Result<()> {
    if record.lock_version == seen { Ok(()) } else { Err(stale()) }
}

fn after(record: &Record, step: Step) -> Result<(Stage, String)> {
    Stage::after(Some(record.state), step)
        .ok_or_else(|| Error::refused(format!("现在是“{}”，不能{}", record.state, step.label())))
}

/// What an entry about hours says besides. It stands in the history of whoever served.
fn known(record: (Option<Uuid>, &str, i64), by: Option<Uuid>) -> Vec<Change> {
    let (activity, title, minutes) = record;
    let change = |field, new: String| Change { field, old: None, new: Some(new) };
    let of = activity.map_or_else(|| change("title", title.to_owned()), |id| change("activity", id.to_string()));
    [of, change("hours", in_words(minutes))].into_iter().chain(by.map(|by| change("by", by.to_string()))).collect()
}

async fn note(tx: &mut Tx, act: &Act, step: &str, record: &Record, by: Option<Uuid>, why: &str) -> Result<()> {
    let known = known((record.activity_id, &record.title, record.minutes), by);
    audit::record(tx, act, step, ("volunteer", record.volunteer_id), why, &known).await
}

/// A record that is written for the first time.
struct New<'a> {
    volunteer: Uuid,
    team: Uuid,
    activity: Option<Uuid>,
    kind: Kind,
    title: &'a str,
    there: Span,
    counted: Counted,
    breaks: i64,
    left_said: bool,
    step: Step,
    /// The volunteer who writes it.
    by: Option<Uuid>,
    /// Where the program knows it from, if nobody writes it.
    noted_from: Option<&'a str>,
}

impl New<'_> {
    async fn write(&self, tx: &mut Tx, act: &Act) -> Result<Uuid> {
        let id = act.id();
        let Counted { span, minutes } = self.counted;
        let version = Version { id, number: 1, volunteer: self.volunteer, there: self.there, counted: self.counted };
        version.write(tx, act, (self.breaks, self.left_said), None, self.by).await?;
        let (state, moved) = Stage::after(None, self.step).ok_or_else(stale)?;
        let confirmed = state == Stage::Confirmed;
        let row = ADD.bind(act.tenant).bind(id).bind(self.volunteer).bind(self.team).bind(self.activity);
        let row = row.bind(self.kind).bind(self.title).bind(state).bind(minutes).bind(span.starts_at);
        let row = row.bind(span.ends_at).bind(span.day().to_string()).bind(act.account.filter(|_| confirmed));
        let row = row.bind(self.by.filter(|_| confirmed)).bind(confirmed.then_some(act.at));
        tx.execute(row.bind(act.at).bind(moved).bind(self.noted_from)).await?;
        Ok(id)
    }
}

struct Version {
    id: Uuid,
    number: i64,
    volunteer: Uuid,
    there: Span,
    counted: Counted,
}

impl Version {
    /// `replaces` is the figure of the version before, and why it does not hold any more.
    async fn write(
        &self,
        tx: &mut Tx,
        act: &Act,
        (breaks, left_said): (i64, bool),
        replaces: Option<(i64, &str)>,
        by: Option<Uuid>,
    ) -> Result<()> {
        let Counted { span, minutes } = self.counted;
        let row = ADD_VERSION.bind(act.tenant).bind(self.id).bind(self.number).bind(self.volunteer);
        let row = row.bind(self.there.starts_at).bind(self.there.ends_at).bind(span.starts_at).bind(span.ends_at);
        let row = row.bind(breaks).bind(minutes).bind(left_said).bind(replaces.map(|_| self.number - 1));
        let row = row.bind(replaces.map(|(minutes, _)| minutes)).bind(replaces.map_or("", |(_, why)| why));
        tx.execute(row.bind(act.account).bind(by).bind(act.at)).await?;
        Ok(())
    }
}

/// Errors: refused, with what somebody did then.
async fn refuse_overlap(tx: &mut Tx, act: &Act, of: (Uuid, Uuid), span: Span) -> Result<()> {
    match hours_store::overlapping(tx, act.tenant, of, span).await? {
        Some(other) if span.minutes() > 0 => {
            let when = Span { starts_at: other.counts_from, ends_at: other.counts_until }.words();
            Err(Error::refused(format!("同一段时间已经记了“{}”（{when}），一个人不能同时在两处", other.title)))
        }
        _ => Ok(()),
    }
}

/// Whoever leads says that those people were there; `by` is the volunteer who does, if it is one. What they signed counts; of whoever has not
/// signed out the moment is said here. What somebody has entered later is looked at before, and nothing is no service. Gives how many were
/// confirmed, and who was not and why.
///
/// Errors: refused before the end, and of nobody.
pub async fn confirm_activity(
    tx: &mut Tx,
    act: &Act,
    activity: &Activity,
    by: Option<Uuid>,
    people: &[Was],
    breaks: i64,
) -> Result<(usize, Left)> {
    if activity.cancelled_at.is_some() || activity.ends_at > act.at {
        return Err(Error::refused("活动还没有结束，结束以后再确认"));
    }
    if people.is_empty() {
        return Err(Error::refused("请至少选一个人"));
    }
    sign_up::hold(tx, act, activity.id, 0).await?;
    let rules: Hours = settings::read(tx, act.tenant, act.at).await?;
    let downs = sign_ups(tx, act.tenant, activity.id).await?;
    let mut people = people.to_vec();
    people.sort_by_key(|was| was.volunteer);
    people.dedup_by_key(|was| was.volunteer);
    let (mut done, mut left) = (Vec::new(), Left::new());
    for was in people {
        let down = downs.iter().find(|down| down.volunteer_id == was.volunteer && down.state == Place::Confirmed);
        let down = down.ok_or(Error::NotFound)?;
        let mut leave = |why: &str| left.push((down.name.clone(), why.to_owned()));
        if by == Some(was.volunteer) {
            leave("自己的时长要由别人确认，请副队长或社区来");
            continue;
        }
        if down.recorded > 0 {
            leave("已经确认过了");
            continue;
        }
        if down.claim_came_at.is_some() {
            leave("有补登等核对，请先核对");
            continue;
        }
        let Some(came_at) = down.came_at else {
            leave("没有签到，请本人先补登");
            continue;
        };
        let Some(left_at) = down.left_at.or(was.left_at) else {
            leave("没有签退，请写上几点走的");
            continue;
        };
        let there = Span { starts_at: came_at, ends_at: left_at };
        if left_at <= came_at || left_at > act.at {
            leave("走的时间要在签到以后，也不能在将来");
            continue;
        }
        hold(tx, act, was.volunteer).await?;
        let counted = counted(there, activity.span(), rules.tolerance_minutes, breaks);
        if counted.minutes == 0 {
            leave("算下来没有时间，请看一下签到签退和休息");
            continue;
        }
        if let Err(error) = refuse_overlap(tx, act, (was.volunteer, Uuid::nil()), counted.span).await {
            let Error::Refused(why) = error else { return Err(error) };
            leave(&why);
            continue;
        }
        let (left_said, title) = (down.left_at.is_none(), activity.title.as_str());
        let (volunteer, team, kind) = (was.volunteer, activity.team_id, activity.kind);
        let (activity, step) = (Some(activity.id), Step::Confirmed);
        let noted_from = None;
        let new =
            New { volunteer, team, activity, kind, title, there, counted, breaks, left_said, step, by, noted_from };
        new.write(tx, act).await?;
        done.push((was.volunteer, counted.minutes));
    }
    for (volunteer, minutes) in &done {
        let known = known((Some(activity.id), &activity.title, *minutes), by);
        audit::record(tx, act, "confirm_hours", ("volunteer", *volunteer), "", &known).await?;
    }
    Ok((done.len(), left))
}

/// What a volunteer has done apart from an activity.
#[derive(Debug, Clone)]
pub struct Own<'a> {
    pub team: Uuid,
    pub kind: Kind,
    pub title: &'a str,
    pub span: Span,
    pub breaks: i64,
}

/// A volunteer enters what they have done by themselves; whoever leads the team is asked.
///
/// Errors: refused of the future, of long ago, of more than a day may have, and of a time for which there is a record.
pub async fn submit(tx: &mut Tx, act: &Act, volunteer: Uuid, own: &Own<'_>) -> Result<Uuid> {
    let rules: Hours = settings::read(tx, act.tenant, act.at).await?;
    if own.span.ends_at > act.at {
        return Err(Error::refused("这段时间还没有过完，做完了再填"));
    }
    if own.span.minutes() <= 0 {
        return Err(Error::refused("结束要在开始以后"));
    }
    if own.span.starts_at < act.at - SignedDuration::from_hours(24 * rules.own_days) {
        return Err(Error::refused(format!("{} 天以前的不能自己填了，请找社区", rules.own_days)));
    }
    let counted = counted(own.span, own.span, 0, own.breaks);
    if counted.minutes == 0 {
        return Err(Error::refused("去掉休息就没有时间了，请看一下休息了多久"));
    }
    if counted.minutes > rules.day_hours * 60 {
        return Err(Error::refused(format!("一天最多记 {} 小时，请分天填", rules.day_hours)));
    }
    hold(tx, act, volunteer).await?;
    refuse_overlap(tx, act, (volunteer, Uuid::nil()), counted.span).await?;
    let &Own { team, kind, title, span, breaks } = own;
    let (step, by, there, activity, left_said) = (Step::Submitted, Some(volunteer), span, None, false);
    let noted_from = None;
    let new = New { volunteer, team, activity, kind, title, there, counted, breaks, left_said, step, by, noted_from };
    let id = new.write(tx, act).await?;
    let known = known((None, title, counted.minutes), None);
    audit::record(tx, act, "submit_hours", ("volunteer", volunteer), "", &known).await?;
    Ok(id)
}

/// What somebody has done for children elsewhere in the program, from when they came; nobody signs out there, so it ends as it was planned.
#[derive(Debug, Clone, Copy)]
pub struct KeptTime<'a> {
    pub volunteer: Uuid,
    pub title: &'a str,
    /// Where it was noted: `七彩四点半点名`
    pub from: &'a str,
    pub came_at: Timestamp,
    pub planned: Span,
}

/// Writes what somebody has kept into their ledger, as if they had entered it: whoever leads their team is asked, and then the community.
///
/// Errors: refused, before anything is written, of whoever came when it was over or is in no team, and of a time for which there is a record.
pub async fn record_kept(tx: &mut Tx, act: &Act, kept: &KeptTime<'_>) -> Result<Uuid> {
    let &KeptTime { volunteer, title, from, came_at, planned } = kept;
    if came_at >= planned.ends_at {
        return Err(Error::refused("到的时候已经结束了"));
    }
    hold(tx, act, volunteer).await?;
    let rules: Hours = settings::read(tx, act.tenant, act.at).await?;
    let there = Span { starts_at: came_at, ends_at: planned.ends_at };
    let counted = counted(there, planned, rules.tolerance_minutes, 0);
    if counted.minutes == 0 {
        return Err(Error::refused("算下来没有时间"));
    }
    let team: Option<Team> = tx.optional(TEAM_FOR_CHILDREN.bind(act.tenant).bind(volunteer)).await?;
    let team = team.ok_or_else(|| Error::refused("不在任何一支服务队里"))?.id;
    refuse_overlap(tx, act, (volunteer, Uuid::nil()), counted.span).await?;
    let (activity, kind, breaks, left_said, by) = (None, Kind::Service, 0, true, None);
    let (step, noted_from) = (Step::Submitted, Some(from));
    let new = New { volunteer, team, activity, kind, title, there, counted, breaks, left_said, step, by, noted_from };
    let id = new.write(tx, act).await?;
    let known = known((None, title, counted.minutes), None);
    audit::record(tx, act, "submit_hours", ("volunteer", volunteer), from, &known).await?;
    Ok(id)
}

/// How it was taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TakenBack {
    /// It does not count.
    Refused,
    /// Somebody has approved or corrected it: another version says that there was nothing, which somebody else has to approve.
    Corrected,
}

/// What was recorded of somebody who kept something was not so, for a reason that they read.
pub async fn take_back_kept(tx: &mut Tx, act: &Act, record: Uuid, why: &str) -> Result<TakenBack> {
    let known = hours_store::record(tx, act.tenant, record).await?;
    hold(tx, act, known.volunteer_id).await?;
    let known = hours_store::record(tx, act.tenant, record).await?;
    match known.state {
        Stage::Refused => Ok(TakenBack::Refused),
        Stage::Submitted | Stage::Confirmed if known.version == 1 => {
            refuse(tx, act, &known, known.lock_version, None, why).await?;
            Ok(TakenBack::Refused)
        }
        _ => {
            let nothing = Span { starts_at: known.counts_from, ends_at: known.counts_from };
            correct(tx, act, &known, known.lock_version, Correct { there: nothing, breaks: 0 }, why).await?;
            Ok(TakenBack::Corrected)
        }
    }
}

/// Somebody else says that what a volunteer has entered is so. `by` is the volunteer who says it, if it is one.
///
/// Errors: refused of one's own; stale if somebody was first.
pub async fn confirm(tx: &mut Tx, act: &Act, record: &Record, seen: i64, by: Option<Uuid>) -> Result<()> {
    if by == Some(record.volunteer_id) {
        return Err(Error::refused("自己填的要由别人确认，请副队长或社区来"));
    }
    refuse_unseen(record, seen)?;
    let (state, moved) = after(record, Step::Confirmed)?;
    let row = CONFIRM.bind(act.tenant).bind(record.id).bind(seen).bind(state).bind(moved);
    if tx.execute(row.bind(act.account).bind(by).bind(act.at)).await? == 0 {
        return Err(stale());
    }
    note(tx, act, "confirm_hours", record, by, "").await
}

/// What was entered or confirmed does not count, for a reason that the volunteer reads.
///
/// Errors: refused of one's own, of what is approved already, and by whoever has corrected it, who would undo by themselves what others have
/// approved; stale if somebody was first.
pub async fn refuse(tx: &mut Tx, act: &Act, record: &Record, seen: i64, by: Option<Uuid>, why: &str) -> Result<()> {
    if by == Some(record.volunteer_id) {
        return Err(Error::refused("自己填的要由别人答复"));
    }
    refuse_unseen(record, seen)?;
    if record.version > 1 && record.confirmed_by == act.account {
        return Err(Error::refused("是您自己更正的，要由别人答复"));
    }
    let (state, moved) = after(record, Step::Refused)?;
    let rules: Hours = settings::read(tx, act.tenant, act.at).await?;
    let until = rules.books_at(act.at).ok_or_else(|| Error::refused("算不出异议期到哪一天"))?;
    let row = REFUSE.bind(act.tenant).bind(record.id).bind(seen).bind(state).bind(moved).bind(why).bind(until);
    if tx.execute(row).await? == 0 {
        return Err(stale());
    }
    // The row keeps the words, and lets go of them when it has to; an entry never does.
    note(tx, act, "refuse_hours", record, by, "").await
}

/// What keeps somebody from approving a record, in words. The person of the record is held.
async fn obstacle(tx: &mut Tx, act: &Act, rules: &Hours, record: &Record, over_day: bool) -> Result<Option<String>> {
    if record.confirmed_by.is_some() && record.confirmed_by == act.account {
        return Ok(Some("是您自己确认或更正的，要由别人审核".to_owned()));
    }
    if over_day || record.kind == Kind::Training {
        return Ok(None);
    }
    let before = hours_store::of_day(tx, act.tenant, record).await?;
    let over = before + record.minutes > rules.day_hours * 60;
    let so_far = if before > 0 { format!("，这一天已有 {}", in_words(before)) } else { String::new() };
    Ok(over.then(|| format!("一天超过 {} 小时{so_far}。确实做了这么久的，打开这一条写明理由", rules.day_hours)))
}

async fn write_approval(
    tx: &mut Tx,
    act: &Act,
    rules: &Hours,
    record: &Record,
    seen: i64,
    over_day: Option<&str>,
) -> Result<()> {
    let (state, moved) = after(record, Step::Approved)?;
    let books_at = rules.books_at(act.at).ok_or_else(|| Error::refused("算不出异议期到哪一天"))?;
    let row = APPROVE.bind(act.tenant).bind(record.id).bind(seen).bind(state).bind(moved).bind(act.account);
    match tx.execute(row.bind(act.at).bind(books_at).bind(over_day)).await? {
        0 => Err(stale()),
        _ => Ok(()),
    }
}

/// The community approves what was confirmed of an activity, as it was seen: records with their versions. Gives how many, and of whom not and
/// why.
///
/// Errors: refused if nothing waits.
pub async fn approve_activity(tx: &mut Tx, act: &Act, activity: Uuid, seen: &[(Uuid, i64)]) -> Result<(usize, Left)> {
    sign_up::hold(tx, act, activity, 0).await?;
    let rules: Hours = settings::read(tx, act.tenant, act.at).await?;
    let mut waiting = of_activity(tx, act.tenant, activity).await?;
    waiting.retain(|record| record.state == Stage::Confirmed);
    if waiting.is_empty() {
        return Err(Error::refused("没有等审核的时长"));
    }
    waiting.sort_by_key(|record| record.volunteer_id);
    let (mut done, mut left) = (Vec::new(), Left::new());
    for record in waiting {
        if !seen.contains(&(record.id, record.lock_version)) {
            left.push((record.name, "您打开页面以后有改动，请看一下再审核".to_owned()));
            continue;
        }
        hold(tx, act, record.volunteer_id).await?;
        match obstacle(tx, act, &rules, &record, false).await? {
            Some(why) => left.push((record.name, why)),
            None => {
                write_approval(tx, act, &rules, &record, record.lock_version, None).await?;
                done.push(record);
            }
        }
    }
    for record in &done {
        note(tx, act, "approve_hours", record, None, "").await?;
    }
    Ok((done.len(), left))
}

/// The community approves one record; `over_day` says why it may be more than a day has.
///
/// Errors: refused of what they have confirmed themselves, and of more than a day has without a reason; stale if somebody was first.
pub async fn approve(tx: &mut Tx, act: &Act, record: &Record, seen: i64, over_day: Option<&str>) -> Result<()> {
    hold(tx, act, record.volunteer_id).await?;
    refuse_unseen(record, seen)?;
    let rules: Hours = settings::read(tx, act.tenant, act.at).await?;
    after(record, Step::Approved)?;
    if let Some(why) = obstacle(tx, act, &rules, record, over_day.is_some()).await? {
        return Err(Error::refused(why));
    }
    write_approval(tx, act, &rules, record, seen, over_day).await?;
    note(tx, act, "approve_hours", record, None, "").await
}

/// Whoever a record is about says that it is not right, or not right that it was refused. It is not booked before somebody has answered.
///
/// Errors: refused after the days for objections, and a second time; not found of somebody else's.
pub async fn object(tx: &mut Tx, act: &Act, record: &Record, volunteer: Uuid, words: &str) -> Result<()> {
    if record.volunteer_id != volunteer {
        return Err(Error::NotFound);
    }
    let (state, moved) = after(record, Step::Objected)?;
    if !record.may_object(&act.at) {
        return Err(Error::refused("异议期过了，或者已经答复过。还有话说的，请找社区"));
    }
    let sealed = act.seal("objection", words)?;
    let row = OBJECT.bind(act.tenant).bind(record.id).bind(record.lock_version).bind(state).bind(moved);
    if tx.execute(row.bind(sealed).bind(act.at)).await? == 0 {
        return Err(stale());
    }
    note(tx, act, "object_hours", record, None, "").await
}

/// The figure stands, or that it does not count, for a reason that the volunteer reads. Where it does not, it is corrected instead.
///
/// Errors: refused without an objection; stale if somebody was first.
pub async fn answer(tx: &mut Tx, act: &Act, record: &Record, seen: i64, words: &str) -> Result<()> {
    refuse_unseen(record, seen)?;
    let step = if record.contests_refusal() { Step::Upheld } else { Step::Answered };
    let (state, moved) = after(record, step)?;
    let row = ANSWER.bind(act.tenant).bind(record.id).bind(seen).bind(state).bind(moved).bind(words);
    if tx.execute(row.bind(act.account).bind(act.at)).await? == 0 {
        return Err(stale());
    }
    note(tx, act, "answer_hours", record, None, "").await
}

/// What a record should say instead.
#[derive(Debug, Clone, Copy)]
pub struct Correct {
    pub there: Span,
    pub breaks: i64,
}

/// Another version holds from now on, and has to be approved by somebody else. What the one before said stays.
///
/// Errors: refused of the future, of a time for which there is another record, and of what was refused longer ago than somebody may object;
/// stale if somebody was first.
pub async fn correct(tx: &mut Tx, act: &Act, record: &Record, seen: i64, now: Correct, why: &str) -> Result<()> {
    hold(tx, act, record.volunteer_id).await?;
    refuse_unseen(record, seen)?;
    // Whoever was first has let go of the person, so what they have written is read here.
    refuse_unseen(&hours_store::record(tx, act.tenant, record.id).await?, seen)?;
    let (state, moved) = after(record, Step::Corrected)?;
    if record.state == Stage::Refused && !record.may_restore(&act.at) {
        return Err(Error::refused("没有计已经过了异议期，不能再改"));
    }
    if now.there.minutes() < 0 || now.there.ends_at > act.at {
        return Err(Error::refused("走的时间要在到的时间以后，也不能在将来"));
    }
    let rules: Hours = settings::read(tx, act.tenant, act.at).await?;
    let counted = match record.activity_id {
        Some(id) => {
            let planned = super::activity_store::activity(tx, act.tenant, id).await?.span();
            counted(now.there, planned, rules.tolerance_minutes, now.breaks)
        }
        None => counted(now.there, now.there, 0, now.breaks),
    };
    if counted.minutes > 1440 {
        return Err(Error::refused("一条最长一天，请看一下时间"));
    }
    refuse_overlap(tx, act, (record.volunteer_id, record.id), counted.span).await?;
    let (number, volunteer) = (record.version + 1, record.volunteer_id);
    let version = Version { id: record.id, number, volunteer, there: now.there, counted };
    let day = counted.span.starts_at.to_zoned_datetime(shanghai()).date().to_string();
    let row = CORRECT.bind(act.tenant).bind(record.id).bind(seen).bind(state).bind(moved).bind(number);
    let row = row.bind(counted.minutes).bind(counted.span.starts_at).bind(counted.span.ends_at).bind(day);
    version.write(tx, act, (now.breaks, false), Some((record.minutes, why)), None).await?;
    if tx.execute(row.bind(act.account).bind(act.at)).await? == 0 {
        return Err(stale());
    }
    let change = |field, old: Option<String>, new: String| Change { field, old, new: Some(new) };
    let of = match record.activity_id {
        Some(id) => change("activity", None, id.to_string()),
        None => change("title", None, record.title.clone()),
    };
    let changes = [of, change("hours", Some(in_words(record.minutes)), in_words(counted.minutes))];
    audit::record(tx, act, "correct_hours", ("volunteer", volunteer), "", &changes).await
}
