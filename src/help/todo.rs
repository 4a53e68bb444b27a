use db::Tx;
use jiff::Timestamp;

use super::store;
use crate::access::{Permission, Viewer};
use crate::error::Result;
use crate::web::{Todo, show};

/// Members who do not know yet that somebody turns to them, and parties who have to be asked for their consent.
pub async fn todo(tx: &mut Tx, viewer: &Viewer, now: Timestamp) -> Result<Vec<Todo>> {
    if !viewer.may(Permission::HelpTell) {
        return Ok(Vec::new());
    }
    let untold = store::untold(tx, viewer.tenant, &viewer.scope(Permission::HelpTell)).await?;
    // Staff may have taken it on meanwhile; then there is nothing to pass on.
    let todo = untold.into_iter().filter(|help| help.waits() || help.wants_consent()).map(|help| Todo {
        verb: if help.waits() { "转告党员" } else { "转同意码" },
        title: format!("居民找{}", help.member_name),
        detail: format!("{} · {}", help.estate_name, help.number),
        href: format!("/member-helps/{}", help.id),
        due: help.due_at,
        deadline: show::deadline(help.due_at, now, true),
    });
    Ok(todo.collect())
}
