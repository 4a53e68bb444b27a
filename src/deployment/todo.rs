//! What waits: plans for whoever approves them, and schools that have not said that they know.

use db::Tx;
use jiff::{SignedDuration, Timestamp};

use super::plan::today;
use super::store;
use crate::access::{Permission, Viewer};
use crate::error::Result;
use crate::web::{Todo, show};

pub async fn todo(tx: &mut Tx, viewer: &Viewer, now: Timestamp) -> Result<Vec<Todo>> {
    let mut todos = Vec::new();
    if viewer.may(Permission::DutyEdit) {
        let waiting = store::waiting(tx, viewer.tenant, &viewer.scope(Permission::DutyEdit)).await?;
        for plan in waiting.into_iter().filter(|plan| !plan.has_hand(viewer.account)) {
            // Until the day on which it is to hold begins.
            let due = plan.effective_from.parse().ok().and_then(|day| crate::duty::moment(day, 0)).unwrap_or(now);
            todos.push(Todo {
                verb: "批方案",
                title: format!("部署方案 {}", plan.title()),
                detail: format!("{}，{}起执行", plan.name, show::kept_day(&plan.effective_from)),
                href: format!("/deployment-plans/{}", plan.id),
                due,
                deadline: show::deadline(due, now, due < now + SignedDuration::from_hours(48)),
            });
        }
    }
    if viewer.may(Permission::DutyPlan) {
        let scope = viewer.scope(Permission::DutyPlan);
        for notice in store::unseen(tx, viewer.tenant, &scope, &today(now).to_string()).await? {
            todos.push(Todo {
                verb: "通知学校",
                title: notice.school_name,
                detail: "护学岗安排有变化，学校安保还没有说知道了".to_owned(),
                href: format!("/deployment-plans/{}#schools", notice.plan_id),
                due: notice.due_at,
                deadline: show::deadline(notice.due_at, now, notice.due_at < now + SignedDuration::from_hours(12)),
            });
        }
    }
    Ok(todos)
}
