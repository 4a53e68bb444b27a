//! What waits for whoever runs the posts: who has not come, swaps to approve, gaps of tomorrow.

use db::Tx;
use jiff::{SignedDuration, Timestamp, ToSpan};

use super::coverage;
use super::model::{Windows, moment};
use super::shift_store::{SWAPS_WAITING, Swap};
use crate::access::{Permission, Viewer};
use crate::error::Result;
use crate::settings;
use crate::web::{Todo, show};

pub async fn todo(tx: &mut Tx, viewer: &Viewer, now: Timestamp) -> Result<Vec<Todo>> {
    if !viewer.may(Permission::DutyPlan) {
        return Ok(Vec::new());
    }
    let scope = viewer.scope(Permission::DutyPlan);
    let windows: Windows = settings::read(tx, viewer.tenant, now).await?;
    let today = coverage::today(now);
    let tomorrow = today.checked_add(1.day()).unwrap_or(today);
    let table = coverage::read(tx, viewer.tenant, &scope, (today, tomorrow), now).await?;
    let mut todos = Vec::new();
    let mut gaps = 0;
    for kept in table.rows.iter().flat_map(|row| row.kept.iter().map(move |kept| (row, kept))) {
        let (row, kept) = kept;
        let late = |shift: &&super::Shift| {
            shift.absent_at.is_none()
                && shift.came_at.is_none()
                && shift.person_id.is_some()
                && shift.starts_at.is_some_and(|start| start < now)
        };
        if kept.need.ends_at > now
            && let Some(shift) = kept.shifts.iter().find(late)
        {
            let due = kept.need.starts_at;
            todos.push(Todo {
                verb: "催到岗",
                title: format!("{} · {}", row.school, row.gate.name),
                detail: format!("{} {}，到点没有签到", row.peak.label(), row.hours),
                href: format!("/duty-shifts/{}", shift.id),
                due,
                deadline: show::deadline(due, now, true),
            });
        } else if kept.uncovered > 0 && kept.need.ends_at > now {
            gaps += 1;
        }
    }
    if gaps > 0 {
        let due = moment(today, 24 * 60).unwrap_or(now);
        todos.push(Todo {
            verb: "补岗",
            title: format!("今天、明天有 {gaps} 处岗位有空当"),
            detail: "按学校看是哪个岗、差几分钟".to_owned(),
            href: "/duty".to_owned(),
            due,
            deadline: show::deadline(due, now, true),
        });
    }
    let swaps: Vec<Swap> = tx.all(SWAPS_WAITING.bind(viewer.tenant).bind(scope.account).bind(&scope.roles)).await?;
    for swap in swaps {
        let due = swap.starts_at.unwrap_or(swap.asked_at + SignedDuration::from_hours(24));
        todos.push(Todo {
            verb: "批换岗",
            title: format!("{} {}", swap.school_name, swap.gate_name.as_deref().unwrap_or_default()),
            detail: format!("{} 的班，双方已经说好", swap.day),
            href: format!("/duty-shifts/{}", swap.shift_id),
            due,
            deadline: show::deadline(due, now, due < now + SignedDuration::from_mins(windows.check_in_minutes)),
        });
    }
    Ok(todos)
}
