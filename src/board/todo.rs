use db::Tx;
use jiff::{SignedDuration, Timestamp};

use super::objection::{self, Waiting};
use crate::access::{Permission, Viewer};
use crate::error::Result;
use crate::web::Todo;
use crate::web::show;

/// Whoever objects should not wait longer.
const ANSWER_WITHIN: SignedDuration = SignedDuration::from_hours(3 * 24);

/// The publications to which somebody objects.
pub async fn todo(tx: &mut Tx, viewer: &Viewer, now: Timestamp) -> Result<Vec<Todo>> {
    if !viewer.may(Permission::PublicationManage) {
        return Ok(Vec::new());
    }
    let waiting = objection::waiting(tx, viewer.tenant, &viewer.scope(Permission::PublicationManage)).await?;
    let todo = |Waiting { id, title, estate_name, since, waiting }: Waiting| {
        let due = since + ANSWER_WITHIN;
        Todo {
            verb: "答复异议",
            title,
            detail: format!("{} · {waiting} 条异议", estate_name.as_deref().unwrap_or("整个社区")),
            href: format!("/publications/{id}"),
            due,
            deadline: show::deadline(due, now, false),
        }
    };
    Ok(waiting.into_iter().map(todo).collect())
}
