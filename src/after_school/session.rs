//! Sessions: a term is planned at once, by the rule, the table of holidays and the school vacations; one of them is changed or cancelled,
//! and the families of its children are told, each once; and children are expected at one, or at all that follow.

use calendar::{Recurrence, WorkingDays};
use db::Tx;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::child::{self, Child};
use super::rota;
use super::session_model::{LONGEST, Plan, Rules, TermRules};
use super::session_store::{
    self, ADD, ADD_SERIES, CALL_EXPECTED, CANCEL, CANCEL_FOLLOWING, CHANGE, Counted, EXPECT, EXPECTED_NOWHERE, HERE,
    HOLD, HOLD_FOLLOWING, NOT_EXPECTED, NOTE_TOLD, Session, TELL_ANEW, TELL_ANEW_OF_ALL,
};
use crate::access::Act;
use crate::audit::{self, Change};
use crate::error::{Error, Result};
use crate::settings;
use crate::volunteer::{Following, Span};

/// Nobody else takes a step at a session until the transaction ends. Gives it as it is then.
pub(super) async fn hold(tx: &mut Tx, act: &Act, id: Uuid) -> Result<Session> {
    tx.execute_one(HOLD.bind(act.tenant).bind(id)).await?;
    session_store::session(tx, act.tenant, id).await
}

fn refuse_impossible(plan: &Plan, rules: &Rules, now: Timestamp) -> Result<()> {
    match plan.span.minutes() {
        _ if plan.span.ends_at <= now => Err(Error::refused("这个时间已经过了，请选以后的时间")),
        ..=0 => Err(Error::refused("结束要在开始以后")),
        minutes if minutes > LONGEST.as_mins() => {
            Err(Error::refused(format!("一次课最长 {} 小时，请分成几次", LONGEST.as_hours())))
        }
        _ if plan.span.starts_at > now + SignedDuration::from_hours(24 * rules.term_days) => {
            Err(Error::refused(format!("最多提前 {} 天安排，请选近一些的日子", rules.term_days)))
        }
        _ => Ok(()),
    }
}

/// Plans a session, or a term of them. Gives the first and how many there are.
///
/// Errors: refused of the past, of what is too far ahead, and if the rule names no day, or holidays or vacations of a year that are not known.
pub async fn plan(tx: &mut Tx, act: &Act, plan: &Plan, repeat: Option<&Recurrence>) -> Result<(Uuid, usize)> {
    let rules: Rules = settings::read(tx, act.tenant, act.at).await?;
    refuse_impossible(plan, &rules, act.at)?;
    let spans: Vec<Span> = match repeat {
        None => vec![plan.span],
        Some(recurrence) => {
            let terms: TermRules = settings::read(tx, act.tenant, act.at).await?;
            let table = WorkingDays::embedded().clone().with_vacations(&terms.vacations);
            let days = table.and_then(|table| recurrence.dates(plan.span.day(), &table));
            let days = days.map_err(|error| Error::refused(error.to_string()))?;
            days.into_iter().filter_map(|day| plan.span.on(day)).collect()
        }
    };
    let Some(last) = spans.last() else {
        return Err(Error::refused("照这样重复，一次也没有。请看一下日子和截止日期"));
    };
    refuse_impossible(&Plan { span: *last, ..plan.clone() }, &rules, act.at)?;
    let series = match repeat {
        None => None,
        Some(recurrence) => {
            let id = act.id();
            let rule = recurrence.rule(plan.span.day());
            tx.execute(ADD_SERIES.bind(act.tenant).bind(id).bind(rule).bind(act.at)).await?;
            Some(id)
        }
    };
    let ids: Vec<Uuid> = spans.iter().map(|_| act.id()).collect();
    let row = |(id, span): (&Uuid, &Span)| {
        let row = ADD.bind(act.tenant).bind(*id).bind(series).bind(plan.estate).bind(&plan.place).bind(plan.kind);
        let row = row.bind(&plan.theme).bind(span.starts_at).bind(span.ends_at).bind(plan.capacity);
        row.bind(watch_at(&rules, *span)).bind("").bind(act.at).bind(1)
    };
    tx.execute_many(ADD, ids.iter().zip(&spans).map(row).collect()).await?;
    let words = if spans.len() == 1 { plan.span.words() } else { format!("{} 次", spans.len()) };
    audit::record(tx, act, "create", ("class_session", ids[0]), &words, &[]).await?;
    Ok((ids[0], spans.len()))
}

/// A child is put down at one session, whatever there is room for: it has come. `false` where it is down already.
pub(super) async fn put_down(tx: &mut Tx, act: &Act, session: Uuid, child: Uuid) -> Result<bool> {
    let row = EXPECT.bind(act.tenant).bind(session).bind(child).bind("expected").bind(false).bind(false);
    Ok(tx.execute(row.bind(0).bind(act.at).bind(1)).await? > 0)
}

/// When staff are told that nobody has opened it.
fn watch_at(rules: &Rules, span: Span) -> Timestamp {
    span.starts_at + SignedDuration::from_mins(rules.unopened_minutes)
}

/// When the guardian of a child that should have come at some moment is called at the latest.
pub(super) fn call_from(rules: &Rules, from: Timestamp) -> Timestamp {
    from + SignedDuration::from_mins(rules.tardy_minutes + rules.call_minutes)
}

fn stale() -> Error {
    Error::Stale("这次课刚刚有人改过或者已经开课，请看一下再改。".to_owned())
}

/// One session is held on another day, elsewhere or with something else. If it is moved, the families of the children who are expected have to
/// be told, also whoever was told of an earlier move.
///
/// Errors: stale if somebody else has changed it, or it was opened; refused of fewer places than children, and of a time at which somebody of
/// the rota holds another one.
pub async fn change(tx: &mut Tx, act: &Act, before: &Session, seen: i64, now: &Plan) -> Result<()> {
    let rules: Rules = settings::read(tx, act.tenant, act.at).await?;
    refuse_impossible(now, &rules, act.at)?;
    let before = hold(tx, act, before.id).await?;
    if now.capacity < before.children {
        return Err(Error::refused(format!("已经有 {} 个孩子，名额不能更少。请先去掉几个孩子", before.children)));
    }
    let row = CHANGE.bind(act.tenant).bind(before.id).bind(seen).bind(&now.place).bind(now.kind).bind(&now.theme);
    let row = row.bind(now.span.starts_at).bind(now.span.ends_at).bind(now.capacity).bind(watch_at(&rules, now.span));
    let moved = before.span() != now.span || before.place != now.place;
    let from = moved.then(|| format!("{} · {}", before.when(), before.place));
    if tx.execute(row.bind(moved.then_some(act.at)).bind(from)).await? == 0 {
        return Err(stale());
    }
    if moved {
        tx.execute(TELL_ANEW.bind(act.tenant).bind(before.id)).await?;
    }
    if before.span() != now.span {
        rota::refuse_moved(tx, act, &before, now.span).await?;
    }
    let mut changes = Vec::new();
    let mut compare = |field, old: String, new: String| {
        if old != new {
            changes.push(Change { field, old: Some(old), new: Some(new) });
        }
    };
    compare("kind", before.kind.to_string(), now.kind.to_string());
    compare("title", before.theme.clone(), now.theme.clone());
    compare("place", before.place.clone(), now.place.clone());
    compare("when", before.when(), now.span.words());
    compare("capacity", before.capacity.to_string(), now.capacity.to_string());
    audit::record(tx, act, "update", ("class_session", before.id), "", &changes).await
}

/// A session is not held, or none of the term any more. The families of the children who are expected have to be told: who was is ticked off.
///
/// Errors: stale if somebody else has changed it; refused once it was opened.
pub async fn cancel(
    tx: &mut Tx,
    act: &Act,
    before: &Session,
    seen: i64,
    why: &str,
    following: Following,
) -> Result<()> {
    let before = hold(tx, act, before.id).await?;
    if before.opened_at.is_some() || before.ends_at <= act.at {
        return Err(Error::refused("已经开课或者过了，不能再取消"));
    }
    let row = CANCEL.bind(act.tenant).bind(before.id).bind(seen).bind(act.at).bind(why);
    if tx.execute(row).await? == 0 {
        return Err(stale());
    }
    tx.execute(TELL_ANEW.bind(act.tenant).bind(before.id)).await?;
    let mut words = why.to_owned();
    if let (Some(series), Following::AllThatFollow) = (before.series_id, following) {
        let rest = CANCEL_FOLLOWING.bind(act.tenant).bind(series).bind(before.starts_at).bind(act.at).bind(why);
        let more = tx.execute(rest).await?;
        tx.execute(TELL_ANEW_OF_ALL.bind(act.tenant).bind(series).bind(act.at)).await?;
        words = format!("{why}（连同以后的 {more} 次）");
    }
    audit::record(tx, act, "cancel", ("class_session", before.id), &words, &[]).await
}

/// The family of a child was told that the session is cancelled, and those that were with it, or where and when it is now; `seen` is the
/// version from which it was told.
///
/// Errors: stale of a child whose family was told, or that is not expected, and where the session was changed since; refused where nothing was.
pub async fn told(tx: &mut Tx, act: &Act, session: &Session, seen: i64, child: Uuid, by: &str) -> Result<()> {
    let held = hold(tx, act, session.id).await?;
    let news = held.news().ok_or_else(|| Error::refused("这次课没有改，也没有取消，不用通知"))?;
    if held.lock_version != seen {
        return Err(Error::Stale("这次课刚刚又改了，请看清楚现在是哪天、在哪里，再告诉家长。".to_owned()));
    }
    let row = NOTE_TOLD.bind(act.tenant).bind(held.id).bind(child).bind(act.at).bind(by);
    if tx.execute(row.bind(held.series_id).bind(held.cancelled_at).bind(&news)).await? == 0 {
        return Err(Error::Stale("这家已经有人通知过了。".to_owned()));
    }
    note(tx, act, "tell_family", held.id, child, &news).await
}

/// What was done at a session about a child.
pub(super) async fn note(tx: &mut Tx, act: &Act, action: &str, session: Uuid, child: Uuid, why: &str) -> Result<()> {
    let of = Change { field: "child", old: None, new: Some(child.to_string()) };
    audit::record(tx, act, action, ("class_session", session), why, &[of]).await
}

/// Children are expected at a session, or also at those of its term that follow. Whoever is already is left as they are.
///
/// Errors: refused of more than there are places, of a child that is not on the roll any more, and of a session that is over or cancelled.
pub async fn expect(
    tx: &mut Tx,
    act: &Act,
    session: &Session,
    children: &[Child],
    following: Following,
) -> Result<usize> {
    if children.is_empty() {
        return Err(Error::refused("请至少选一个孩子"));
    }
    // Before the session, as everybody does who takes both: whoever leaves the roll now is waited for, and not expected.
    let ids: Vec<Uuid> = children.iter().map(|child| child.id).collect();
    child::hold_enrolled(tx, act, &ids).await?;
    let held = hold(tx, act, session.id).await?;
    if held.cancelled_at.is_some() || held.ends_at <= act.at {
        return Err(Error::refused("这次课取消了或者上完了，不能再加孩子"));
    }
    let mut sessions = vec![held.clone()];
    if let (Some(series), Following::AllThatFollow) = (held.series_id, following) {
        tx.execute(HOLD_FOLLOWING.bind(act.tenant).bind(series).bind(held.starts_at)).await?;
        let rest = session_store::following(tx, act.tenant, &held).await?;
        sessions.extend(rest.into_iter().filter(|one| one.id != held.id));
    }
    let row = |session: &Session, child: &Child| {
        let row = EXPECT.bind(act.tenant).bind(session.id).bind(child.id).bind("expected").bind(false).bind(false);
        row.bind(0).bind(act.at).bind(1)
    };
    let rows = sessions.iter().flat_map(|session| children.iter().map(move |child| row(session, child))).collect();
    tx.execute_many(EXPECT, rows).await?;
    if held.opened_at.is_some() {
        let rules: Rules = settings::read(tx, act.tenant, act.at).await?;
        let due = call_from(&rules, held.starts_at.max(act.at));
        tx.execute(CALL_EXPECTED.bind(act.tenant).bind(held.id).bind(due)).await?;
    }
    let mut after = vec![session_store::session(tx, act.tenant, held.id).await?];
    if sessions.len() > 1 {
        after.extend(session_store::following(tx, act.tenant, &held).await?);
    }
    if let Some(full) = after.iter().find(|one| one.children > one.capacity) {
        return Err(Error::refused(format!(
            "{}只有 {} 个名额，加上这些孩子就有 {} 个。请少选几个，或者先改名额",
            full.when(),
            full.capacity,
            full.children
        )));
    }
    let of = |child: &Child| Change { field: "child", old: None, new: Some(child.id.to_string()) };
    let changes: Vec<Change> = children.iter().map(of).collect();
    let words = format!("{} 次", sessions.len());
    audit::record(tx, act, "expect_child", ("class_session", held.id), &words, &changes).await?;
    Ok(sessions.len())
}

/// A child is not expected at a session any more.
///
/// Errors: refused of one of whom something has been noted.
pub async fn not_expected(tx: &mut Tx, act: &Act, session: &Session, child: Uuid) -> Result<()> {
    hold(tx, act, session.id).await?;
    if tx.execute(NOT_EXPECTED.bind(act.tenant).bind(session.id).bind(child)).await? == 0 {
        return Err(Error::refused("这个孩子已经点过名了，不能从名单上去掉"));
    }
    note(tx, act, "unexpect_child", session.id, child, "").await
}

/// A child that has left the roll is expected nowhere.
pub(super) async fn expected_nowhere(tx: &mut Tx, act: &Act, child: Uuid) -> Result<()> {
    tx.execute(EXPECTED_NOWHERE.bind(act.tenant).bind(child).bind(act.at)).await?;
    Ok(())
}

/// Errors: refused of a child that is at a class now: who may fetch it is needed until it has gone.
pub(super) async fn refuse_present(tx: &mut Tx, act: &Act, child: Uuid) -> Result<()> {
    let here: Counted = tx.one(HERE.bind(act.tenant).bind(child)).await?;
    if here.children > 0 {
        return Err(Error::refused("孩子现在在课堂上，接走以后才能删"));
    }
    Ok(())
}
