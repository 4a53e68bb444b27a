use db::Tx;
use jiff::{SignedDuration, Timestamp};

use super::model::Rules;
use super::store::{Organisation, TERMS_ENDING};
use crate::access::{Permission, Viewer};
use crate::error::Result;
use crate::settings;
use crate::web::{Todo, show};

/// The organisations that have to elect a new committee soon, or should have.
pub async fn todo(tx: &mut Tx, viewer: &Viewer, now: Timestamp) -> Result<Vec<Todo>> {
    if !viewer.may(Permission::PartyEdit) {
        return Ok(Vec::new());
    }
    let rules: Rules = settings::read(tx, viewer.tenant, now).await?;
    let scope = viewer.scope(Permission::PartyEdit);
    let soon = now + SignedDuration::from_hours(24 * rules.remind_days);
    let last = soon.to_zoned_datetime(calendar::shanghai()).date().to_string();
    let ending = TERMS_ENDING.bind(viewer.tenant).bind(scope.account).bind(&scope.roles).bind(last);
    let organisations: Vec<Organisation> = tx.all(ending).await?;
    let todo = |organisation: Organisation| {
        let due = organisation.term_ends()?.at(23, 59, 59, 0).to_zoned_datetime(calendar::shanghai()).ok()?.timestamp();
        Some(Todo {
            verb: "换届",
            title: organisation.name,
            detail: format!("本届任期到{}", show::day(&due)),
            href: format!("/party/organisations/{}", organisation.id),
            due,
            deadline: show::deadline(due, now, true),
        })
    };
    Ok(organisations.into_iter().filter_map(todo).collect())
}
