//! Activities: planned once or again and again, changed alone or with all that follow, called off, and reminded of.

use calendar::{Every, Recurrence, Skip, WorkingDays};
use db::{Db, Tx};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::activity_model::{Demands, LeftOut, Place as Standing, Plan, Risk, Rules, Span};
use super::activity_store::{
    self, ADD, ADD_SERIES, Activity, CANCEL, CHANGE, Coming, Counted, DOUBLED, DOWN, HOLD_VOLUNTEER, REMINDED, SKIPS,
    Skips, TO_REMIND, UNREAD,
};
use super::{sign_up, store};
use crate::access::{self, Act};
use crate::audit::{self, Change};
use crate::channel::{self, Notice, Occasion, Place};
use crate::error::{Error, Result};
use crate::settings;

/// Whether what is done to one activity of a series is done to those after it, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Following {
    ThisOne,
    AllThatFollow,
}

/// Plans an activity of a team, or one again and again. Gives the first and how many there are.
///
/// Errors: refused of the past, of a team that has ended, and if the rule names no day or holidays of a year that are not known.
pub async fn plan(
    tx: &mut Tx,
    act: &Act,
    team: Uuid,
    plan: &Plan,
    repeat: Option<&Recurrence>,
) -> Result<(Uuid, usize)> {
    let team = store::team(tx, act.tenant, team).await?;
    if team.ended_on.is_some() {
        return Err(Error::refused(format!("{}已经解散，请选别的队", team.name)));
    }
    refuse_impossible(plan, act.at)?;
    let spans: Vec<Span> = match repeat {
        None => vec![plan.span],
        Some(recurrence) => {
            let days = recurrence.dates(plan.span.day(), WorkingDays::embedded());
            let days = days.map_err(|error| Error::refused(error.to_string()))?;
            days.into_iter().filter_map(|day| plan.span.on(day)).collect()
        }
    };
    if spans.is_empty() {
        return Err(Error::refused("照这样重复，一次也没有。请看一下日子和截止日期"));
    }
    let series = match repeat {
        None => None,
        Some(recurrence) => {
            let id = act.id();
            let rule = recurrence.rule(plan.span.day());
            let skip = match recurrence.skip {
                Skip::Nothing => LeftOut::Nothing,
                Skip::Holidays => LeftOut::Holidays,
                Skip::DaysOff => LeftOut::DaysOff,
                Skip::NoSchool => return Err(Error::refused("志愿活动不按学校的假期排，请选别的")),
            };
            tx.execute(ADD_SERIES.bind(act.tenant).bind(id).bind(rule).bind(skip).bind(act.at)).await?;
            Some(id)
        }
    };
    let ids: Vec<Uuid> = spans.iter().map(|_| act.id()).collect();
    let row = |(id, span): (&Uuid, &Span)| {
        let row = ADD.bind(act.tenant).bind(*id).bind(series).bind(team.id).bind(plan.estate).bind(&plan.title);
        let row = row.bind(&plan.place).bind(&plan.needs).bind(span.starts_at).bind(span.ends_at).bind(plan.capacity);
        let row = row.bind(plan.risk).bind(&plan.risk_notice).bind(plan.least_age).bind(0).bind("");
        row.bind(act.account).bind(act.at).bind(1).bind(plan.kind)
    };
    tx.execute_many(ADD, ids.iter().zip(&spans).map(row).collect()).await?;
    for id in &ids {
        audit::record(tx, act, "create", ("volunteer_activity", *id), &plan.title, &[]).await?;
    }
    Ok((ids[0], spans.len()))
}

fn refuse_impossible(plan: &Plan, now: Timestamp) -> Result<()> {
    match (plan.span.ends_at <= now, plan.span.minutes()) {
        (true, _) => Err(Error::refused("这个时间已经过了，请选以后的时间")),
        (false, ..=0) => Err(Error::refused("结束要在开始以后")),
        (false, 1441..) => Err(Error::refused("一次活动最长一天，请分成几次")),
        _ => Ok(()),
    }
}

/// Writes what has become of an activity, and of those that follow it: they move by as much. Free places go to those who wait, and the
/// groups are told when or where it is now, and of a danger that nobody has read of yet.
///
/// Errors: stale if somebody else has changed it; refused of what is over or was called off, of fewer places than people, on days that the
/// series leaves out, and if somebody who takes part may not any more or is elsewhere then.
pub async fn change(
    tx: &mut Tx,
    act: &Act,
    before: &Activity,
    seen: i64,
    now: &Plan,
    following: Following,
) -> Result<()> {
    if before.cancelled_at.is_some() || before.ends_at <= act.at {
        return Err(Error::refused("已经结束或者取消了，不能再改"));
    }
    refuse_impossible(now, act.at)?;
    let all = hold_all(tx, act, before, seen, following).await?;
    let by = now.span.starts_at.duration_since(before.starts_at);
    let moved = now.span != before.span();
    if moved && all.len() > 1 {
        refuse_left_out(tx, act, before, &all, by).await?;
    }
    if moved {
        hold_people(tx, act, &all).await?;
    }
    let mut notes = Vec::with_capacity(all.len());
    for one in &all {
        if now.capacity < one.confirmed {
            return Err(Error::refused(format!(
                "{}已经有 {} 人报上，名额不能更少。请先和他们商量",
                one.when(),
                one.confirmed
            )));
        }
        let starts_at = one.starts_at + by;
        let span = Span { starts_at, ends_at: starts_at + SignedDuration::from_mins(now.span.minutes()) };
        refuse_unfit(tx, act, one, now, span).await?;
        let row = CHANGE.bind(act.tenant).bind(one.id).bind(one.lock_version).bind(&now.title).bind(&now.place);
        let row = row.bind(&now.needs).bind(span.starts_at).bind(span.ends_at).bind(now.capacity).bind(now.risk);
        let row = row.bind(&now.risk_notice).bind(now.least_age).bind(now.estate).bind(now.kind);
        if tx.execute(row).await? == 0 {
            return Err(stale());
        }
        let worse = is_worse(one, now);
        if worse {
            tx.execute(UNREAD.bind(act.tenant).bind(one.id)).await?;
        }
        let changed = activity_store::activity(tx, act.tenant, one.id).await?;
        let moved_up = sign_up::fill(tx, act, &changed).await?;
        if one.id == before.id && (one.when(), one.whereabouts()) != (changed.when(), changed.whereabouts()) {
            let also = if all.len() > 1 { "，以后的也照改" } else { "" };
            let (title, was) = (&changed.title, one.when());
            let text =
                format!("【活动改期】{title}，原定{was}，现在是{}，{}{also}。", changed.when(), changed.whereabouts());
            let text = if worse { format!("{text}{READ_AGAIN}") } else { text };
            notes.push((changes(one, now, span), moved_up, Some((changed, text))));
        } else if one.id == before.id && worse {
            let text = format!("【活动有变】{}，{}。{READ_AGAIN}", changed.title, changed.when());
            notes.push((changes(one, now, span), moved_up, Some((changed, text))));
        } else {
            notes.push((changes(one, now, span), moved_up, None));
        }
    }
    if moved {
        // Only now, when each stands where it is going to be: a series that moves by a week passes over its own dates.
        for one in &all {
            refuse_doubled(tx, act, one).await?;
        }
    }
    // Whoever is told comes before the end of the audit log.
    for (activity, text) in notes.iter().filter_map(|(_, _, moved)| moved.as_ref()) {
        tell(tx, act, activity, Occasion::Change, text).await?;
    }
    for (one, (changes, moved_up, _)) in all.iter().zip(&notes) {
        audit::record(tx, act, "update", ("volunteer_activity", one.id), "", changes).await?;
        sign_up::note_moves(tx, act, one.id, moved_up).await?;
    }
    Ok(())
}

/// What the group is told of a danger that is new.
const READ_AGAIN: &str = "风险提示有变，报上名的请打开自己的链接看一遍，看过才能扫码签到。";

/// There is more to be read of than before.
fn is_worse(before: &Activity, now: &Plan) -> bool {
    let riskier = before.risk == Risk::Low && now.risk == Risk::High;
    !now.risk_notice.is_empty() && (riskier || before.risk_notice != now.risk_notice)
}

/// Holds everybody who is down for some activities, which are held already, in the order of their ids.
async fn hold_people(tx: &mut Tx, act: &Act, all: &[Activity]) -> Result<()> {
    let mut people: Vec<Uuid> = Vec::new();
    for one in all {
        let down: Vec<Coming> = tx.all(DOWN.bind(act.tenant).bind(one.id)).await?;
        people.extend(down.into_iter().map(|down| down.id));
    }
    people.sort_unstable();
    people.dedup();
    for volunteer in people {
        tx.execute_one(HOLD_VOLUNTEER.bind(act.tenant).bind(volunteer)).await?;
    }
    Ok(())
}

/// Errors: refused if somebody who is down for it has something else to do at the time at which it is now.
async fn refuse_doubled(tx: &mut Tx, act: &Act, before: &Activity) -> Result<()> {
    let doubled = tx.one::<Counted>(DOUBLED.bind(act.tenant).bind(before.id)).await?.people;
    if doubled > 0 {
        return Err(Error::refused(format!(
            "{}报上和候补的有 {doubled} 人，新的时间另有活动或者上门服务，请换个时间，或者先和他们取消",
            before.when()
        )));
    }
    Ok(())
}

/// Errors: refused if dates of a series would come to lie on days that it leaves out; they are named.
async fn refuse_left_out(tx: &mut Tx, act: &Act, first: &Activity, all: &[Activity], by: SignedDuration) -> Result<()> {
    let Some(series) = first.series_id else { return Ok(()) };
    let skip = match tx.one::<Skips>(SKIPS.bind(act.tenant).bind(series)).await?.skip {
        LeftOut::Nothing => return Ok(()),
        LeftOut::Holidays => Skip::Holidays,
        LeftOut::DaysOff => Skip::DaysOff,
    };
    let mut days = Vec::new();
    for one in all {
        let (was, is) = (one.span().day(), Span { starts_at: one.starts_at + by, ends_at: one.ends_at + by }.day());
        // Each by itself: what the rule names on one day and leaves out is no date of it.
        let once = Recurrence { every: Every::Weeks { interval: 1, days: Vec::new() }, until: is, skip };
        let dates = once.dates(is, WorkingDays::embedded()).map_err(|error| Error::refused(error.to_string()))?;
        if was != is && dates.is_empty() {
            days.push(format!("{}月{}日那次改到{}月{}日", was.month(), was.day(), is.month(), is.day()));
        }
    }
    if days.is_empty() {
        return Ok(());
    }
    let what = if skip == Skip::Holidays { "法定节假日" } else { "休息日" };
    Err(Error::refused(format!("这样改，有几次落在{what}：{}。请先取消这几次，再一起改", days.join("，"))))
}

/// Errors: refused if somebody has a place who may have had one until now, and may not any more.
async fn refuse_unfit(tx: &mut Tx, act: &Act, before: &Activity, now: &Plan, span: Span) -> Result<()> {
    let asked = sign_up::demands_of(tx, act, before).await?;
    let demands = Demands { day: span.day(), risk: now.risk, least_age: now.least_age, ..asked };
    let people = activity_store::applicants(tx, act.tenant, before.id, Standing::Confirmed).await?;
    let lost = people.iter().filter(|who| asked.unmet(who).is_none() && demands.unmet(who).is_some()).count();
    if lost > 0 {
        return Err(Error::refused(format!("{}有 {lost} 人不符合改后的要求，请先和他们取消", before.when())));
    }
    Ok(())
}

fn stale() -> Error {
    Error::Stale("这次活动刚刚有人改过，请看一下再改。".to_owned())
}

/// An activity, and those of its series that follow it where that was said, as they are behind their locks, in their order. They are held in
/// the order of their ids, so that nobody who holds several waits for somebody else who does.
///
/// Errors: stale if somebody else has changed the first since it was read.
async fn hold_all(tx: &mut Tx, act: &Act, first: &Activity, seen: i64, following: Following) -> Result<Vec<Activity>> {
    let mut ids: Vec<Uuid> = match (first.series_id, following) {
        (Some(series), Following::AllThatFollow) => {
            let all = activity_store::following(tx, act.tenant, series, first.starts_at).await?;
            all.into_iter().map(|one| one.id).collect()
        }
        _ => vec![first.id],
    };
    ids.sort_unstable();
    let mut all = Vec::with_capacity(ids.len());
    for id in ids {
        sign_up::hold(tx, act, id, 0).await?;
        let one = activity_store::activity(tx, act.tenant, id).await?;
        if one.id == first.id && one.lock_version != seen {
            return Err(stale());
        }
        all.push(one);
    }
    all.retain(|one| one.id == first.id || one.cancelled_at.is_none());
    all.sort_by_key(|one| (one.starts_at, one.id));
    Ok(all)
}

fn changes(before: &Activity, now: &Plan, span: Span) -> Vec<Change> {
    let mut changes = Vec::new();
    let mut compare = |field, old: String, new: String| {
        if old != new {
            changes.push(Change { field, old: Some(old), new: Some(new) });
        }
    };
    compare("kind", before.kind.to_string(), now.kind.to_string());
    compare("title", before.title.clone(), now.title.clone());
    compare("place", before.place.clone(), now.place.clone());
    compare("needs", before.needs.clone(), now.needs.clone());
    compare("when", before.when(), span.words());
    compare("capacity", before.capacity.to_string(), now.capacity.to_string());
    compare("risk", before.risk.to_string(), now.risk.to_string());
    compare("risk_notice", before.risk_notice.clone(), now.risk_notice.clone());
    compare("least_age", before.least_age.to_string(), now.least_age.to_string());
    changes
}

/// Calls an activity off, and those that follow it where that was said.
///
/// Errors: stale if somebody else has changed it; refused of what has begun.
pub async fn cancel(
    tx: &mut Tx,
    act: &Act,
    before: &Activity,
    seen: i64,
    why: &str,
    following: Following,
) -> Result<()> {
    if !before.open(act.at) {
        return Err(Error::refused("已经开始、结束或者取消了，不能再取消"));
    }
    let all = hold_all(tx, act, before, seen, following).await?;
    for one in &all {
        let row = CANCEL.bind(act.tenant).bind(one.id).bind(one.lock_version).bind(act.at).bind(why);
        if tx.execute(row).await? == 0 {
            return Err(stale());
        }
    }
    let (title, when) = (&before.title, before.when());
    let also = if all.len() > 1 { "，以后的也不办了" } else { "" };
    // Once, and before anything is noted: whoever is told comes before the end of the audit log.
    tell(tx, act, before, Occasion::Cancellation, &format!("【活动取消】{title}，{when}取消{also}。原因：{why}"))
        .await?;
    for one in all {
        audit::record(tx, act, "cancel", ("volunteer_activity", one.id), why, &[]).await?;
    }
    Ok(())
}

async fn tell(tx: &mut Tx, act: &Act, activity: &Activity, occasion: Occasion, text: &str) -> Result<()> {
    let path = format!("/board/{}/activities/{}", access::tenant(tx, act.tenant).await?.code, activity.id);
    let notice = Notice {
        place: activity.estate_id.map_or(Place::Community, Place::Estate),
        subject: ("volunteer_activity", activity.id),
        occasion,
        edition: activity.lock_version,
        text,
        path: &path,
        happens_at: Some(activity.starts_at),
    };
    channel::tell(tx, act, &notice).await?;
    Ok(())
}

/// Reminds the groups of what begins soon, once; each in a transaction of its own.
pub async fn remind(db: &Db, act: &Act) -> Result<()> {
    let mut tx = db.read().await?;
    let rules: Rules = settings::read(&mut tx, act.tenant, act.at).await?;
    let until = act.at + SignedDuration::from_hours(rules.remind_hours);
    let soon: Vec<Activity> = tx.all(TO_REMIND.bind(act.tenant).bind(act.at).bind(until)).await?;
    drop(tx);
    for activity in soon {
        let mut tx = db.begin().await?;
        // Another process may have been first, or it was called off just now.
        if tx.execute(REMINDED.bind(act.tenant).bind(activity.id).bind(act.at)).await? == 1 {
            let activity = activity_store::activity(&mut tx, act.tenant, activity.id).await?;
            let missing = (activity.capacity - activity.confirmed).max(0);
            let more = if missing > 0 { format!("，还差 {missing} 人") } else { String::new() };
            let text = format!(
                "【志愿服务】{}，{}，{}，{}{more}。报上名的请准时到，到了扫码签到。",
                activity.title,
                activity.team_name,
                activity.when(),
                activity.whereabouts()
            );
            tell(&mut tx, act, &activity, Occasion::Announcement, &text).await?;
        }
        tx.commit().await?;
    }
    Ok(())
}
