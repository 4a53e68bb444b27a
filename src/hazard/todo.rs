//! What is due, told on the page 今日 and by the channels. A notice has the number, the kind and the deadline of a hazard, and neither where it
//! is nor who answers for it: what reaches a group leaves the bureau's own system.

use db::{Db, Tx};
use jiff::{SignedDuration, Timestamp};

use super::model::Limits;
use super::round;
use super::store::{self, Hazard, REMINDED};
use super::transition::State;
use crate::access::{Act, Permission, Viewer};
use crate::channel::{self, Notice, Occasion, Place};
use crate::error::Result;
use crate::settings;
use crate::web::{Todo, show};

/// What each state asks for.
pub(super) fn verb(state: State) -> &'static str {
    match state {
        State::Registered => "定级",
        State::Graded => "交办",
        State::Assigned | State::Fixing => "整改",
        State::Transferred => "催回复",
        State::Awaiting => "复查",
        State::Passed => "销号",
        State::Closed | State::Dismissed => "",
    }
}

/// Whether it is somebody's to do: striking off is for those who may, fixing for its owner where that is somebody of the bureau, and the
/// re-check for everybody but the fixer and the owner.
fn concerns(hazard: &Hazard, viewer: &Viewer) -> bool {
    let own = Some(viewer.account);
    match hazard.state {
        State::Passed => viewer.may(Permission::HazardApprove) && hazard.fixed_by != own && hazard.owner_id != own,
        State::Awaiting => hazard.fixed_by != own && hazard.owner_id != own,
        State::Assigned | State::Fixing => hazard.owner_id.is_none_or(|owner| Some(owner) == own),
        _ => true,
    }
}

pub async fn todo(tx: &mut Tx, viewer: &Viewer, now: Timestamp) -> Result<Vec<Todo>> {
    if !viewer.may(Permission::HazardWork) {
        return Ok(Vec::new());
    }
    let limits: Limits = settings::read(tx, viewer.tenant, now).await?;
    let scope = viewer.scope(Permission::HazardWork);
    let until = now + SignedDuration::from_hours(24 * limits.reply_days);
    let due = store::due(tx, viewer.tenant, &scope, until).await?;
    let soon = now + SignedDuration::from_hours(limits.remind_hours);
    let mut todos: Vec<Todo> = due
        .into_iter()
        .filter(|hazard| concerns(hazard, viewer))
        .map(|hazard| Todo {
            verb: verb(hazard.state),
            title: format!("{} {}", hazard.number, hazard.kind),
            detail: format!("{} · {}", hazard.school_name, hazard.whereabouts()),
            href: format!("/hazards/{}", hazard.id),
            due: hazard.due_at,
            deadline: show::deadline(hazard.due_at, now, hazard.due_at < soon),
        })
        .collect();
    for round in round::planned(tx, viewer.tenant, &scope, until).await? {
        todos.push(Todo {
            verb: "排查",
            title: round.name,
            detail: round.school_name,
            href: format!("/hazard-rounds/{}", round.id),
            due: round.planned_at,
            deadline: show::deadline(round.planned_at, now, round.planned_at < soon),
        });
    }
    Ok(todos)
}

/// Reminds of what is due soon or is late, each in a transaction of its own.
pub async fn remind(db: &Db, act: &Act) -> Result<()> {
    let wanting = store::to_remind(&mut db.read().await?, act).await?;
    for id in wanting {
        let mut tx = db.begin().await?;
        let hazard = store::hazard(&mut tx, act.tenant, id).await?;
        let limits: Limits = settings::read(&mut tx, act.tenant, act.at).await?;
        let next = limits.remind(hazard.state, hazard.due_at, act.at);
        // Another process may have been first, or somebody has taken a step since.
        let row = REMINDED.bind(act.tenant).bind(id).bind(hazard.remind_at).bind(next);
        if hazard.remind_at.is_some_and(|at| at <= act.at) && tx.execute(row).await? == 1 {
            tell(&mut tx, act, &hazard).await?;
        }
        tx.commit().await?;
    }
    Ok(())
}

async fn tell(tx: &mut Tx, act: &Act, hazard: &Hazard) -> Result<()> {
    let head = if hazard.due_at < act.at { "已超期" } else { "快到期" };
    let text = format!(
        "【隐患整改提醒】{} {}，{head}\n要做：{}，最晚 {}，{}。",
        hazard.number,
        hazard.kind,
        verb(hazard.state),
        show::moment(&hazard.due_at),
        show::deadline(hazard.due_at, act.at, true).text
    );
    let notice = Notice {
        place: Place::Community,
        subject: ("hazard", hazard.id),
        occasion: Occasion::Reminder,
        edition: act.at.as_millisecond() / 60_000,
        text: &text,
        path: &format!("/hazards/{}", hazard.id),
        happens_at: Some(hazard.due_at).filter(|due| *due > act.at),
    };
    channel::tell(tx, act, &notice).await?;
    Ok(())
}
