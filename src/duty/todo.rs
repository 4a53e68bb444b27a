//! What waits for whoever runs the posts: who has not come, whose place nobody takes, who has said early that they do not come, who has
//! not heard that they need not, swaps to approve, gaps of today and tomorrow.

use std::collections::{HashMap, HashSet};

use db::Tx;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};
use uuid::Uuid;

use super::calling_off::{self, Untold};
use super::coverage::{self, Coverage, expected};
use super::model::{Windows, clock, day_of, moment, short};
use super::shift_store::{self, Call, Planned, Shift};
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
    let mut calls: HashMap<Uuid, Vec<Call>> = HashMap::new();
    for day in [today, tomorrow] {
        for call in shift_store::calls_of_day(tx, viewer.tenant, &scope, &day.to_string()).await? {
            calls.entry(call.shift_id).or_default().push(call);
        }
    }
    let mut todos = absent(&table, &calls, now);
    let absences = shift_store::absent_from(tx, viewer.tenant, &scope, &today.to_string()).await?;
    let early = absences.iter().filter_map(|shift| Some((shift, ahead(shift, tomorrow, now)?)));
    let early: Vec<(&Shift, Todo)> = early.collect();
    // The table ends with tomorrow, and an absence is known long before. What has to be kept is not worked out for a whole term each time.
    let looked = today.saturating_add(LOOKED.days()).to_string();
    let near = early.iter().filter(|(shift, _)| shift.day <= looked).filter_map(|(shift, _)| shift.planned());
    let near: Vec<Planned> = near.collect();
    let needless = coverage::needless(tx, viewer.tenant, &near, now).await?;
    todos.extend(early.into_iter().filter(|(shift, _)| !needless.contains(&shift.id)).map(|(_, todo)| todo));
    todos.extend(untold(&calling_off::untold(tx, viewer.tenant, &scope, now).await?, now));
    let (mut gaps, mut first) = (0, None);
    for (row, kept) in table.rows.iter().flat_map(|row| row.kept.iter().map(move |kept| (row, kept))) {
        let late = |shift: &&Shift| {
            shift.absent_at.is_none()
                && shift.came_at.is_none()
                && shift.person_id.is_some()
                && expected(shift).is_some_and(|start| start < now)
        };
        if kept.need.ends_at <= now {
            continue;
        }
        if let Some(shift) = kept.shifts.iter().find(late) {
            let due = expected(shift).unwrap_or(kept.need.starts_at);
            todos.push(Todo {
                verb: "催到岗",
                title: format!("{} · {}", row.school, row.gate.name),
                detail: format!("{} {}，到点没有签到", row.peak.label(), row.hours),
                href: format!("/duty-shifts/{}", shift.id),
                due,
                deadline: show::deadline(due, now, true),
            });
        } else if kept.uncovered > 0 {
            gaps += 1;
            first = Some(first.map_or(kept.need.starts_at, |first: Timestamp| first.min(kept.need.starts_at)));
        }
    }
    if let Some(due) = first {
        todos.push(Todo {
            verb: "补岗",
            title: format!("今天、明天有 {gaps} 处岗位有空当"),
            detail: "按学校看是哪个岗、差几分钟".to_owned(),
            href: "/duty".to_owned(),
            due,
            deadline: show::deadline(due, now, true),
        });
    }
    // By then the short message has gone out, if there is one.
    let since = now - SignedDuration::from_mins(2);
    for school in super::store::schools(tx, viewer.tenant, &scope).await? {
        let Some(changed) = school.plan_changed_at.filter(|at| *at < since && school.plan_told_at.is_none()) else {
            continue;
        };
        if school.closed_at.is_none() {
            todos.push(Todo {
                verb: "告知学校",
                title: school.name.clone(),
                detail: "岗位的安排变了，短信没有发成，请打电话请学校看链接".to_owned(),
                href: format!("/duty-schools/{}", school.id),
                due: changed,
                deadline: show::deadline(changed, now, true),
            });
        }
    }
    for swap in shift_store::swaps_waiting(tx, viewer.tenant, &scope, now).await? {
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

/// So many days ahead it is looked whether anybody is needed where somebody is absent.
const LOOKED: i64 = 31;

/// One for everybody who was to stand somewhere, need not, and has not heard of it: no message went out, or none can.
fn untold(all: &[Untold], now: Timestamp) -> Option<Todo> {
    let late: Vec<&Untold> = all.iter().filter(|one| calling_off::is_late(one.cancelled_at, now)).collect();
    let people: HashSet<Uuid> = late.iter().map(|one| one.person_id).collect();
    let begins = |one: &&Untold| one.starts_at.or_else(|| moment(one.day.parse().ok()?, 0));
    let due = late.iter().filter_map(begins).min()?;
    Some(Todo {
        verb: "告诉本人",
        title: format!("{} 人的班取消了，还没有告诉本人", people.len()),
        detail: "短信没有发成，请打电话告诉，再点“已经告诉”".to_owned(),
        href: "/duty/cancelled".to_owned(),
        due,
        deadline: show::deadline(due, now, true),
    })
}

/// An absence that nobody has to fill within minutes: it waits for the desk until the clock begins to call, whatever its day.
fn ahead(shift: &Shift, tomorrow: Date, now: Timestamp) -> Option<Todo> {
    let called = shift.call_at.filter(|at| *at > now);
    if called.is_none() && shift.day <= tomorrow.to_string() {
        return None;
    }
    let day: Date = shift.day.parse().ok()?;
    let due = shift.starts_at.or_else(|| moment(day, 0))?;
    let detail = match called {
        Some(at) => format!("来不了，没有人顶：现在就能换人，到 {} {} 系统开始叫备勤", short(day_of(at)), clock(at)),
        None => "来不了，还没有人顶：换一个人站，或者重新安排".to_owned(),
    };
    Some(Todo {
        verb: "重新安排",
        title: format!("{} {} {}", short(day), shift.hours(), shift.place()),
        detail,
        href: format!("/duty-shifts/{}", shift.id),
        due,
        deadline: show::deadline(due, now, false),
    })
}

/// One for each absence whose place nobody takes, before all that is only due: while somebody is asked it waits for their answer, and when
/// nobody is left somebody has to arrange otherwise, at once.
fn absent(table: &Coverage, calls: &HashMap<Uuid, Vec<Call>>, now: Timestamp) -> Vec<Todo> {
    let kept: Vec<&Shift> = table.rows.iter().flat_map(|row| &row.kept).flat_map(|kept| &kept.shifts).collect();
    let all: Vec<&Shift> = kept.into_iter().chain(&table.others).collect();
    let place = |shift: &Shift| (shift.day.clone(), shift.gate_id, shift.slot_id, shift.seat);
    let taken = |absent: &Shift| {
        all.iter().any(|other| {
            // Whoever was called for it goes on in a shift of their own, absent or not.
            other.stands_for == Some(absent.id)
                || other.absent_at.is_none() && absent.gate_id.is_some() && place(other) == place(absent)
        })
    };
    let mut todos = Vec::new();
    // Nobody is missed where nobody has to stand, and whoever said so early is somebody to arrange for.
    let waits = |shift: &Shift| shift.call_at.is_some_and(|at| at > now);
    let missed = |shift: &Shift| shift.absent_at.is_some() && !shift.is_over(now) && !table.idle.contains(&shift.id);
    for shift in all.iter().filter(|shift| missed(shift) && !waits(shift) && !taken(shift)) {
        let own = calls.get(&shift.id).map(Vec::as_slice).unwrap_or_default();
        let bell = shift.starts_at.unwrap_or(now);
        let asked = own.iter().find(|call| call.is_open(now));
        let (verb, detail, due) = match asked {
            Some(call) => {
                let words = format!("缺岗，正在叫备勤，等答复到 {}", clock(call.answer_by));
                ("盯备勤", words, call.answer_by.min(bell))
            }
            None if own.is_empty() => ("叫下一位", "缺岗，备勤里没有叫到人".to_owned(), bell),
            None => {
                ("叫下一位", format!("缺岗，叫过 {} 位备勤，都来不了或者没有答复，请马上另外安排", own.len()), bell)
            }
        };
        todos.push(Todo {
            verb,
            title: format!("警报：{} {} 没有人", shift.place(), shift.hours()),
            detail,
            href: format!("/duty-shifts/{}", shift.id),
            // Alarms come first, whatever their deadline.
            due: if asked.is_some() { due } else { Timestamp::UNIX_EPOCH },
            deadline: show::deadline(due, now, true),
        });
    }
    todos
}
