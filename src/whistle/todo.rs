use db::Tx;
use jiff::{SignedDuration, Timestamp};

use super::model::{Limits, State};
use super::store::{self, Whistle};
use crate::access::{Permission, Viewer};
use crate::error::Result;
use crate::settings;
use crate::web::{Todo, show};

/// What waits for this side of a whistle.
pub async fn todo(tx: &mut Tx, viewer: &Viewer, now: Timestamp) -> Result<Vec<Todo>> {
    if !viewer.may(Permission::WhistleHandle) {
        return Ok(Vec::new());
    }
    let limits: Limits = settings::read(tx, viewer.tenant, now).await?;
    let scope = viewer.scope(Permission::WhistleHandle);
    let waiting = store::waiting(tx, viewer.tenant, &scope, now).await?;
    Ok(waiting.into_iter().map(|whistle| said(whistle, &limits, now)).collect())
}

fn said(whistle: Whistle, limits: &Limits, now: Timestamp) -> Todo {
    let (verb, due) = match (whistle.asked, whistle.state) {
        (true, State::Blown) => ("催报到", whistle.acknowledge_by),
        (true, State::Acknowledged) => ("催答复", whistle.answer_by),
        (false, State::Blown) => ("报到", whistle.acknowledge_by),
        (false, State::Acknowledged) => ("答复", whistle.answer_by),
        _ => {
            let answered = whistle.answered_at.unwrap_or(now);
            ("评价", limits.rating_due(answered).unwrap_or(answered + SignedDuration::from_hours(24 * 7)))
        }
    };
    let soon = due < now + SignedDuration::from_hours(24);
    Todo {
        verb,
        title: whistle.title,
        detail: format!("{} · {} · {}", whistle.kind, whistle.counterpart_name, whistle.place),
        href: format!("/whistles/{}", whistle.id),
        due,
        deadline: show::deadline(due, now, soon),
    }
}
