use db::Tx;
use jiff::Timestamp;

use super::store::{DEAD, Dead};
use crate::access::{Permission, Viewer};
use crate::error::Result;
use crate::web::Todo;
use crate::web::show::{Deadline, since};

/// The channels through which something did not go out.
pub async fn todo(tx: &mut Tx, viewer: &Viewer, now: Timestamp) -> Result<Vec<Todo>> {
    if !viewer.may(Permission::ChannelManage) {
        return Ok(Vec::new());
    }
    let scope = viewer.scope(Permission::ChannelManage);
    let dead: Vec<Dead> = tx.all(DEAD.bind(viewer.tenant).bind(scope.account).bind(&scope.roles)).await?;
    let todo = |dead: Dead| Todo {
        verb: "重发通知",
        title: dead.name,
        detail: format!("{} 条通知发不出去", dead.dead),
        href: format!("/channels/{}", dead.id),
        due: dead.since,
        deadline: Deadline { class: "late", text: since(dead.since, now) },
    };
    Ok(dead.into_iter().map(todo).collect())
}
