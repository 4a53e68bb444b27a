use db::Tx;
use jiff::Timestamp;
use jiff::civil::Date;

use super::model::{Limits, days_after};
use super::step::day_of;
use super::store::{self, Mediation};
use super::transition::State;
use crate::access::{Permission, Viewer};
use crate::error::Result;
use crate::settings;
use crate::web::{Todo, show};

/// What each state asks for.
pub(super) fn verb(state: State) -> &'static str {
    match state {
        State::Registered => "受理",
        State::Accepted => "开始调解",
        State::Mediating => "调解",
        State::Paused => "看能否恢复",
        State::Agreed => "签字生效",
        State::Performing => "看履行",
        State::Defaulted => "督促",
        State::Performed => "回访",
        State::CalledBack | State::Failed | State::Terminated => "归档",
        State::Archived => "",
    }
}

/// What is due, and agreements that a court can still confirm. Nobody is named.
pub async fn todo(tx: &mut Tx, viewer: &Viewer, now: Timestamp) -> Result<Vec<Todo>> {
    if !viewer.may(Permission::MediationWork) {
        return Ok(Vec::new());
    }
    let limits: Limits = settings::read(tx, viewer.tenant, now).await?;
    let today = day_of(now);
    let (due, to_confirm) = store::waiting(tx, viewer, today, days_after(today, limits.warn_days)).await?;
    let mut todos = Vec::with_capacity(due.len() + to_confirm.len());
    for mediation in &due {
        let day = mediation.due_on.parse().unwrap_or(today);
        todos.push(of(mediation, verb(mediation.state), mediation.state.to_string(), day, now)?);
    }
    for mediation in &to_confirm {
        let Some(day) = mediation.confirmable_until() else { continue };
        let detail = format!("双方可以共同申请司法确认，最晚 {}", show::kept_day(&day.to_string()));
        todos.push(of(mediation, "司法确认", detail, day, now)?);
    }
    Ok(todos)
}

fn of(mediation: &Mediation, verb: &'static str, detail: String, day: Date, now: Timestamp) -> Result<Todo> {
    let due = day.at(23, 59, 59, 0).to_zoned_datetime(calendar::shanghai()).map_err(anyhow::Error::from)?.timestamp();
    Ok(Todo {
        verb,
        title: mediation.title(),
        detail,
        href: format!("/mediations/{}", mediation.id),
        due,
        deadline: show::deadline(due, now, true),
    })
}
