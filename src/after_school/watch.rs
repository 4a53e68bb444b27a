//! What is watched without anybody asking: a child whom nobody has fetched raises an alarm, again and again; somebody is told that the
//! guardian of a child that is missing was not called, and that nobody has opened a class that should have begun. When one is over, the hours
//! of its volunteers are written.

use std::collections::{HashMap, HashSet};

use db::{Db, Tx};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::child::{read_json, today};
use super::model::Particulars;
use super::roll::{rows, save};
use super::rota;
use super::session::{hold, note};
use super::session_model::{Rules, TermRules};
use super::session_store::{
    ALARMED, CALL_TOLD, CHILDREN_COMING, Coming, DUE_ALARMS, DUE_CALLS, DUE_SESSIONS, DuePresence, DueSession, MOVED,
    Session, TO_CALL, TO_STAFF, UNACCOUNTED, UNOPENED, UNTOLD, WATCHED,
};
use crate::access::{Act, Permission, Scope, Viewer};
use crate::channel::{self, Notice, Occasion, Place};
use crate::error::Result;
use crate::means::Means;
use crate::settings;
use crate::web::{Alarm, Todo, show};

/// Raises what alarms are due and has staff told of what was not done in time; tells whether there may be more.
pub async fn watch_some(db: &Db, means: &Means) -> Result<bool> {
    let now = means.now();
    let mut tx = db.read().await?;
    let alarms: Vec<DuePresence> = tx.all(DUE_ALARMS.bind(now)).await?;
    let calls: Vec<DuePresence> = tx.all(DUE_CALLS.bind(now)).await?;
    let sessions: Vec<DueSession> = tx.all(DUE_SESSIONS.bind(now)).await?;
    drop(tx);
    let mut done = false;
    // What goes wrong with one does not keep the others waiting.
    for DuePresence { tenant_id, session_id, child_id } in alarms {
        let act = Act::system(tenant_id, means);
        done |= looked_at(alarm(db, &act, session_id, child_id).await, session_id);
    }
    for DuePresence { tenant_id, session_id, child_id } in calls {
        let act = Act::system(tenant_id, means);
        done |= looked_at(uncalled(db, &act, session_id, child_id).await, session_id);
    }
    for DueSession { tenant_id, id } in sessions {
        let act = Act::system(tenant_id, means);
        done |= looked_at(looked_after(db, &act, id).await, id);
    }
    Ok(done)
}

fn looked_at(done: Result<()>, session: Uuid) -> bool {
    if let Err(error) = &done {
        tracing::error!(?error, %session, "a class was not looked after");
    }
    done.is_ok()
}

/// What staff are told; a message of one kind does not stand in the way of one of another.
#[derive(Clone, Copy)]
pub(super) enum What {
    Alarm,
    Call,
    Unopened,
    Held,
    Crowd,
}

/// Tells those who work, once a minute at most. It is urgent: nobody waits for the morning.
pub(super) async fn tell(tx: &mut Tx, act: &Act, session: &Session, what: What, text: &str) -> Result<()> {
    let hour = SignedDuration::from_hours(1);
    let notice = Notice {
        place: Place::Estate(session.estate_id),
        subject: ("class_session", session.id),
        occasion: Occasion::Reminder,
        edition: act.at.as_second() / 60 * 5 + what as i64,
        text,
        path: &format!("/class-sessions/{}", session.id),
        happens_at: Some(act.at + hour),
    };
    channel::tell(tx, act, &notice).await?;
    Ok(())
}

async fn alarm(db: &Db, act: &Act, session: Uuid, child: Uuid) -> Result<()> {
    let mut tx = db.begin().await?;
    raise(&mut tx, act, session, child).await?;
    Ok(tx.commit().await?)
}

/// Raises the alarm of a child that is still here, if it is due.
pub async fn raise(tx: &mut Tx, act: &Act, session: Uuid, child: Uuid) -> Result<()> {
    let session = hold(tx, act, session).await?;
    let rules: Rules = settings::read(tx, act.tenant, act.at).await?;
    let rows = rows(tx, act, &session).await?;
    let Some(row) = rows.iter().find(|row| row.child.id == child) else { return Ok(()) };
    // Somebody may have fetched it since.
    let Some(now) = row.presence.alarm(&rules.terms(session.span()), act.at) else { return Ok(()) };
    save(tx, act, &session, row, &now, row.noted_by.as_deref(), None).await?;
    let text = format!(
        "【七彩四点半·警报】{}，{}的课已经下课，还有孩子没接走。请马上打开看，联系家长（第 {} 次提醒）。",
        session.whereabouts(),
        session.when(),
        now.alarms
    );
    tell(tx, act, &session, What::Alarm, &text).await?;
    note(tx, act, "raise_alarm", session.id, child, "").await
}

async fn uncalled(db: &Db, act: &Act, session: Uuid, child: Uuid) -> Result<()> {
    let mut tx = db.begin().await?;
    let session = hold(&mut tx, act, session).await?;
    if tx.execute(CALL_TOLD.bind(act.tenant).bind(session.id).bind(child).bind(act.at)).await? == 0 {
        return Ok(());
    }
    let text = format!(
        "【七彩四点半】{}，{}：有孩子到点没来，还没有问清楚。请马上打开看，给监护人打电话。",
        session.whereabouts(),
        session.when()
    );
    tell(&mut tx, act, &session, What::Call, &text).await?;
    Ok(tx.commit().await?)
}

async fn looked_after(db: &Db, act: &Act, session: Uuid) -> Result<()> {
    let mut tx = db.begin().await?;
    let session = hold(&mut tx, act, session).await?;
    if session.opened_at.is_some() {
        over(&mut tx, act, &session).await?;
        return Ok(tx.commit().await?);
    }
    unopened(tx, act, &session).await
}

/// A class that was opened is over: the hours of its volunteers are written.
pub async fn over(tx: &mut Tx, act: &Act, session: &Session) -> Result<()> {
    let row = WATCHED.bind(act.tenant).bind(session.id).bind(None::<Timestamp>).bind(act.at);
    if tx.execute(row).await? > 0 {
        rota::record_hours(tx, act, session).await?;
    }
    Ok(())
}

async fn unopened(mut tx: Tx, act: &Act, session: &Session) -> Result<()> {
    let rules: Rules = settings::read(&mut tx, act.tenant, act.at).await?;
    let alarm_from = rules.terms(session.span()).alarm_from();
    // Of a class without children nobody needs to know.
    let matters = session.cancelled_at.is_none() && session.children > 0;
    let again = if act.at < alarm_from { alarm_from } else { act.at + SignedDuration::from_mins(rules.repeat_minutes) };
    let row = WATCHED.bind(act.tenant).bind(session.id).bind(matters.then_some(again)).bind(act.at);
    if tx.execute(row).await? == 0 {
        return Ok(());
    }
    if matters && act.at >= alarm_from {
        let text = format!(
            "【七彩四点半·警报】{}，{}的课没有开，也没有取消，{} 个孩子怎样了没人知道。请马上打开看，问清楚写下来。",
            session.whereabouts(),
            session.when(),
            session.children
        );
        tell(&mut tx, act, session, What::Alarm, &text).await?;
    } else if matters && session.ends_at > act.at {
        let (place, when, children) = (session.whereabouts(), session.when(), session.children);
        let text =
            format!("【七彩四点半】{place}，{when}的课到点还没有人开，有 {children} 个孩子要来。请马上联系带班的人。");
        tell(&mut tx, act, session, What::Unopened, &text).await?;
    }
    Ok(tx.commit().await?)
}

// ---------- what waits for staff ----------

/// Sessions with children whom nobody has fetched, within reach; at most 20.
async fn alarmed(tx: &mut Tx, tenant: Uuid, scope: &Scope) -> Result<Vec<Session>> {
    Ok(tx.all(ALARMED.bind(tenant).bind(scope.account).bind(&scope.roles)).await?)
}

/// The same for whoever opens a page of the class, before anything else on it.
pub async fn alarms(db: &Db, viewer: &Viewer) -> Result<Vec<Alarm>> {
    if !viewer.may(Permission::ChildManage) {
        return Ok(Vec::new());
    }
    let found = alarmed(&mut db.read().await?, viewer.tenant, &viewer.scope(Permission::ChildManage)).await?;
    let alarm = |session: Session| Alarm {
        title: "警报：还有孩子没接走",
        detail: format!("{} · {}", session.when(), session.whereabouts()),
        href: format!("/class-sessions/{}", session.id),
    };
    Ok(found.into_iter().map(alarm).collect())
}

/// A class of the coming days that too few adults hold for its children, with how many it needs and how many it has.
async fn understaffed(tx: &mut Tx, viewer: &Viewer, act: &Act) -> Result<Vec<(Session, i64, usize)>> {
    let terms: TermRules = settings::read(tx, act.tenant, act.at).await?;
    let rules: Rules = settings::read(tx, act.tenant, act.at).await?;
    let scope = viewer.scope(Permission::ChildManage);
    let (from, until) = (act.at, act.at + SignedDuration::from_hours(24 * terms.rota_days));
    let query = TO_STAFF.bind(act.tenant).bind(scope.account).bind(&scope.roles).bind(from).bind(until);
    let sessions: Vec<Session> = tx.all(query).await?;
    if sessions.is_empty() {
        return Ok(Vec::new());
    }
    let rota = rota::coming(tx, act, (from, until), &sessions).await?;
    let mut ages: HashMap<Uuid, Vec<Option<i64>>> = HashMap::new();
    for Coming { session_id, sealed } in tx.all(CHILDREN_COMING.bind(act.tenant).bind(from).bind(until)).await? {
        let particulars: Option<Particulars> =
            sealed.map(|sealed| read_json(&act.open("child", &sealed)?)).transpose()?;
        let age = particulars.and_then(|particulars| particulars.age(today(act)));
        ages.entry(session_id).or_default().push(age);
    }
    let short = |session: Session| {
        let needed = rules.adults_for(ages.get(&session.id)?);
        let fit = rota.iter().filter(|(of, keeper)| *of == session.id && keeper.obstacle.is_none());
        // People, and not lines of the rota.
        let there = fit.map(|(_, keeper)| keeper.name.as_str()).collect::<HashSet<&str>>().len();
        ((there as i64) < needed).then_some((session, needed, there))
    };
    Ok(sessions.into_iter().filter_map(short).collect())
}

/// Alarms before everything else, then guardians to be called, classes that nobody has opened, families who were not told, and classes of the
/// coming days that too few hold.
pub async fn todo(tx: &mut Tx, viewer: &Viewer, means: &Means) -> Result<Vec<Todo>> {
    let Ok(act) = Act::by(viewer, Permission::ChildManage, means) else { return Ok(Vec::new()) };
    let now = act.at;
    let (tenant, scope) = (viewer.tenant, viewer.scope(Permission::ChildManage));
    let waits = |verb, title: &str, session: &Session, due: Timestamp, order: Timestamp| Todo {
        verb,
        title: title.to_owned(),
        detail: format!("{} · {}", session.when(), session.whereabouts()),
        href: format!("/class-sessions/{}", session.id),
        due: order,
        deadline: show::deadline(due, now, true),
    };
    let mut todo = Vec::new();
    for session in alarmed(tx, tenant, &scope).await? {
        let title = "警报：七彩四点半还有孩子没接走";
        todo.push(waits("马上看", title, &session, session.ends_at, Timestamp::UNIX_EPOCH));
    }
    let reach = |statement: db::Statement| statement.bind(tenant).bind(scope.account).bind(&scope.roles);
    for session in tx.all::<Session>(reach(UNACCOUNTED).bind(now)).await? {
        let title = "警报：七彩四点半的课没有开，孩子怎样了没人知道";
        todo.push(waits("马上问", title, &session, session.ends_at, Timestamp::UNIX_EPOCH));
    }
    for session in tx.all::<Session>(reach(TO_CALL).bind(now)).await? {
        let title = "七彩四点半有孩子没来，没请假";
        todo.push(waits("打电话", title, &session, session.starts_at, session.starts_at));
    }
    let day = SignedDuration::from_hours(24);
    for session in tx.all::<Session>(reach(UNOPENED).bind(now).bind(now - day)).await? {
        todo.push(waits("开课", "七彩四点半到点还没开课", &session, session.starts_at, session.starts_at));
    }
    let mut untold: Vec<Session> = tx.all(reach(UNTOLD).bind(now - day)).await?;
    // Of a term that ends the first list is enough.
    let mut seen = HashSet::new();
    untold.retain(|session| seen.insert((session.series_id.unwrap_or(session.id), session.cancelled_at)));
    for session in untold {
        todo.push(waits("通知", "七彩四点半取消了，家长还没通知完", &session, session.starts_at, session.starts_at));
    }
    for session in tx.all::<Session>(reach(MOVED).bind(now)).await? {
        todo.push(waits("通知", "七彩四点半改了，家长还没通知完", &session, session.starts_at, session.starts_at));
    }
    for (session, needed, there) in understaffed(tx, viewer, &act).await? {
        let waits = waits("排人", "七彩四点半带班的人不够", &session, session.starts_at, session.starts_at);
        let detail = format!("{} · 要 {needed} 位，排了 {there} 位", waits.detail);
        todo.push(Todo { detail, ..waits });
    }
    Ok(todo)
}
