use db::Tx;
use jiff::{SignedDuration, Timestamp};

use super::model::{Delivery, Limits, State};
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
    let delivery: Delivery = settings::read(tx, viewer.tenant, now).await?;
    let until = now - SignedDuration::from_mins(delivery.call_after_minutes);
    let undelivered = store::undelivered(tx, viewer.tenant, &scope, until).await?;
    let mut todos: Vec<Todo> =
        undelivered.into_iter().map(|whistle| call(whistle, delivery.call_after_minutes, now)).collect();
    let waiting = store::waiting(tx, viewer.tenant, &scope, now).await?;
    todos.extend(waiting.into_iter().map(|whistle| said(whistle, &limits, now)));
    Ok(todos)
}

/// Somebody calls, since the letters do not arrive.
fn call(whistle: Whistle, minutes: i64, now: Timestamp) -> Todo {
    let detail = format!("{minutes} 分钟没送到，请打电话告诉{}", whistle.counterpart_name);
    let href = format!("/whistles/{}", whistle.id);
    Todo {
        verb: "打电话",
        title: whistle.title,
        detail,
        href,
        due: now,
        deadline: show::Deadline { class: "late", text: "没送到".to_owned() },
    }
}

fn said(whistle: Whistle, limits: &Limits, now: Timestamp) -> Todo {
    if let Some(why) = whistle.idle() {
        let deadline = show::Deadline { class: "soon", text: "不用等了".to_owned() };
        let href = format!("/whistles/{}", whistle.id);
        return Todo { verb: "撤哨", title: whistle.title, detail: why, href, due: now, deadline };
    }
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
