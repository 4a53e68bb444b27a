//! What waits: plans for whoever approves them, those that were given back, and schools that have not said that they know.

use db::Tx;
use jiff::{SignedDuration, Timestamp};

use super::store::{self, Plan};
use crate::access::{Permission, Viewer};
use crate::duty;
use crate::error::Result;
use crate::web::{Todo, show};

/// Something to be done with a version before the day begins on which it is to hold.
fn of_plan(plan: &Plan, verb: &'static str, now: Timestamp) -> Todo {
    let due = plan.effective_from.parse().ok().and_then(|day| duty::moment(day, 0)).unwrap_or(now);
    Todo {
        verb,
        title: format!("部署方案 {}", plan.title()),
        detail: format!("{}，{}起执行", plan.name, show::kept_day(&plan.effective_from)),
        href: format!("/deployment-plans/{}", plan.id),
        due,
        deadline: show::deadline(due, now, due < now + SignedDuration::from_hours(48)),
    }
}

pub async fn todo(tx: &mut Tx, viewer: &Viewer, now: Timestamp) -> Result<Vec<Todo>> {
    let mut todos = Vec::new();
    if viewer.may(Permission::DutyEdit) {
        let waiting = store::waiting(tx, viewer.tenant, &viewer.scope(Permission::DutyEdit), viewer.account).await?;
        todos.extend(waiting.iter().map(|plan| of_plan(plan, "批方案", now)));
    }
    if viewer.may(Permission::DutyPlan) {
        let scope = viewer.scope(Permission::DutyPlan);
        // Whoever gave it back does not change it.
        let returned = store::returned(tx, viewer.tenant, &scope).await?;
        let others = returned.iter().filter(|plan| plan.returned_by != Some(viewer.account));
        todos.extend(others.map(|plan| of_plan(plan, "改方案", now)));
        for notice in store::unseen(tx, viewer.tenant, &scope, &duty::day_of(now).to_string()).await? {
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
