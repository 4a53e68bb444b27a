//! What waits for whoever runs the patrols: points at which nobody has been for too long, and what was seen on the way.

use db::Tx;
use jiff::{SignedDuration, Timestamp};

use super::figure;
use super::model::Usual;
use super::store;
use crate::access::{Permission, Viewer};
use crate::duty;
use crate::error::Result;
use crate::settings;
use crate::web::{Todo, show};

pub async fn todo(tx: &mut Tx, viewer: &Viewer, now: Timestamp) -> Result<Vec<Todo>> {
    if !viewer.may(Permission::DutyPlan) {
        return Ok(Vec::new());
    }
    let scope = viewer.scope(Permission::DutyPlan);
    let usual: Usual = settings::read(tx, viewer.tenant, now).await?;
    let today = duty::day_of(now);
    let mut todos = Vec::new();
    for of in figure::of_day(tx, viewer.tenant, &scope, today, now).await? {
        for (point, standing) in of.late(now) {
            let words = if standing.visited { "没有人到" } else { "还没有人到过" };
            todos.push(Todo {
                verb: "催巡逻",
                title: format!("{} · {}", of.route.name, point.name),
                detail: format!("{} 分钟{words}，最长间隔 {} 分钟", standing.minutes, of.route.interval_minutes),
                href: format!("/patrols#route-{}", of.route.id),
                due: standing.due,
                deadline: show::deadline(standing.due, now, true),
            });
        }
    }
    for check in store::waiting(tx, viewer.tenant, &scope).await? {
        let due = check.at + SignedDuration::from_hours(usual.note_hours);
        todos.push(Todo {
            verb: "看情况",
            title: format!("{} · {}", check.route_name, check.point_name),
            detail: "巡逻时看到的：登记隐患，或者写明怎么处理了".to_owned(),
            href: format!("/patrols#note-{}", check.id),
            due,
            deadline: show::deadline(due, now, false),
        });
    }
    Ok(todos)
}
