//! What waits for whoever runs the patrols: rounds on which nobody has set out in time or come back, points at which nobody has been for too long, and what was
//! seen on the way.

use db::Tx;
use jiff::{SignedDuration, Timestamp};

use super::figure;
use super::model::{Departure, Rounds, Usual};
use super::store::{self, Round};
use crate::access::{Permission, Viewer};
use crate::duty;
use crate::error::Result;
use crate::settings;
use crate::web::{Todo, show};

/// So many points of a route are named; a route is one thing to do, however many of its points wait.
const NAMED: usize = 3;

pub async fn todo(tx: &mut Tx, viewer: &Viewer, now: Timestamp) -> Result<Vec<Todo>> {
    if !viewer.may(Permission::DutyPlan) {
        return Ok(Vec::new());
    }
    let scope = viewer.scope(Permission::DutyPlan);
    let usual: Usual = settings::read(tx, viewer.tenant, now).await?;
    let Departure { departure_minutes } = settings::read(tx, viewer.tenant, now).await?;
    let Rounds { round_minutes, .. } = settings::read(tx, viewer.tenant, now).await?;
    let slack = SignedDuration::from_mins(departure_minutes);
    let today = duty::day_of(now);
    let ask = |round: &Round| {
        let at = round.due_back(round_minutes).filter(|at| round.open() && *at + slack <= now)?;
        let day = if round.day < today.to_string() { "昨天 " } else { "" };
        let begun = round.begun_at.map(duty::clock).unwrap_or_default();
        Some(Todo {
            verb: "问回来没有",
            title: format!("{} · {day}{begun} 出发的一轮", round.route_name),
            detail: "该走完了还没有人点“结束”：回来了的，替他结束".to_owned(),
            href: format!("/patrol-rounds/{}", round.id),
            due: at,
            deadline: show::deadline(at, now, true),
        })
    };
    // Whoever set out late in the evening comes back after midnight.
    let yesterday = today.yesterday().unwrap_or(today).to_string();
    let before = store::rounds_of_day(tx, viewer.tenant, &scope, &yesterday).await?;
    let mut todos: Vec<Todo> = before.iter().filter_map(&ask).collect();
    for of in figure::of_day(tx, viewer.tenant, &scope, today, now).await? {
        let waiting = of.rounds.iter().filter(|round| round.open() && round.begun_at.is_none());
        let planned = waiting.filter_map(|round| Some((round, round.planned_at?)));
        // The points are late only after their interval, which may be an hour more.
        let late = planned.filter(|(_, at)| *at + slack <= now);
        todos.extend(late.map(|(round, at)| Todo {
            verb: "催出发",
            title: format!("{} · {} 的一轮", of.route.name, duty::clock(at)),
            detail: "到点了还没有人点“出发”：问一下去走的人，不走了就取消".to_owned(),
            href: format!("/patrol-rounds/{}", round.id),
            due: at,
            deadline: show::deadline(at, now, true),
        }));
        todos.extend(of.rounds.iter().filter_map(&ask));
        let late = of.late(now);
        let Some(due) = late.iter().map(|(_, standing)| standing.due).min() else { continue };
        let minutes = late.iter().map(|(_, standing)| standing.minutes).max().unwrap_or_default();
        let names: Vec<&str> = late.iter().take(NAMED).map(|(point, _)| point.name.as_str()).collect();
        let more = if late.len() > NAMED { format!("等 {} 个点", late.len()) } else { String::new() };
        todos.push(Todo {
            verb: "催巡逻",
            title: format!("{} · {}{more}", of.route.name, names.join("、")),
            detail: format!("最久的 {minutes} 分钟没有人到，最长间隔 {} 分钟", of.route.interval_minutes),
            href: format!("/patrols#route-{}", of.route.id),
            due,
            deadline: show::deadline(due, now, true),
        });
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
