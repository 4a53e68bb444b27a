use db::Tx;
use jiff::{SignedDuration, Timestamp};

use super::store::{LEFT_TO_DO, LeftToDo};
use crate::access::{Permission, Viewer};
use crate::error::Result;
use crate::web::{Todo, show};

/// How long before its last day a campaign is pressing.
const SOON: SignedDuration = SignedDuration::from_hours(72);

/// The doors that somebody still has to knock at.
pub async fn todo(tx: &mut Tx, viewer: &Viewer, now: Timestamp) -> Result<Vec<Todo>> {
    if !viewer.may(Permission::VisitRecord) {
        return Ok(Vec::new());
    }
    let today = now.to_zoned_datetime(calendar::shanghai()).date().to_string();
    let left: Vec<LeftToDo> = tx.all(LEFT_TO_DO.bind(viewer.tenant).bind(viewer.account).bind(today)).await?;
    let todo = |LeftToDo { title, until, doors, again, .. }: LeftToDo| {
        let again = if again > 0 { format!("，今天要再去 {again} 户") } else { String::new() };
        Todo {
            verb: "敲门",
            title,
            detail: format!("还有 {doors} 户没走{again}"),
            href: "/doors".to_owned(),
            due: until,
            deadline: show::deadline(until, now, until < now + SOON),
        }
    };
    Ok(left.into_iter().map(todo).collect())
}
