use db::Tx;
use jiff::{SignedDuration, Timestamp};

use super::exclusion;
use super::model::{Duty, Level, Limits};
use super::store::{self, Task};
use crate::access::{Permission, Viewer};
use crate::error::Result;
use crate::settings;
use crate::web::{Todo, show};

/// A branch that has not looked at a closed issue for so long is not reminded of it any more; the receipt keeps saying so.
const REMINDED: SignedDuration = SignedDuration::from_hours(60 * 24);

/// What the issues ask of somebody now; at most `most` of each kind.
pub async fn todo(tx: &mut Tx, viewer: &Viewer, now: Timestamp, most: usize) -> Result<Vec<Todo>> {
    if !viewer.may(Permission::IssueRead) {
        return Ok(Vec::new());
    }
    let limits = Limits {
        tiers: settings::read(tx, viewer.tenant, now).await?,
        steps: settings::read(tx, viewer.tenant, now).await?,
    };
    let mut todos = Vec::new();
    for task in store::tasks(tx, viewer, now, most).await? {
        let (since, due) = (task.issue.since, task.issue.due_at);
        todos.push(said(task, since, due, now, &limits));
    }
    if viewer.may(Permission::IssueAcknowledge) {
        for task in store::to_acknowledge(tx, viewer, now - REMINDED, most).await? {
            let Some(closed) = task.issue.ended_at else { continue };
            let due = limits.acknowledgement_due(closed)?;
            todos.push(said(task, closed, due, now, &limits));
        }
    }
    todos.extend(exclusion::todo(tx, viewer, now, most).await?);
    Ok(todos)
}

fn said(Task { issue, duty }: Task, since: Timestamp, due: Timestamp, now: Timestamp, limits: &Limits) -> Todo {
    let party =
        issue.organisation_name.as_ref().filter(|_| matches!(duty, Duty::Chase | Duty::DecidePetition | Duty::Review));
    let detail = match party {
        Some(party) => format!("{} · {party}", issue.place()),
        None if issue.level == Level::Community && issue.estate_id.is_some() => format!("小区上报 · {}", issue.place()),
        None if issue.place_text.is_empty() => issue.place(),
        None => format!("{} · {}", issue.place(), issue.place_text),
    };
    let href = match duty {
        Duty::Survey => format!("/issues/{}/survey", issue.id),
        _ => format!("/issues/{}", issue.id),
    };
    let deadline = show::deadline(due, now, limits.is_soon(since, due, now));
    Todo { verb: duty.label(), title: issue.title(), detail, href, due, deadline }
}
