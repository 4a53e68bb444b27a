//! What waits for whoever arranges lectures: what a pupil confides before all else, then what is arranged and cannot take place like that, then
//! what schools have asked for, what is to be written down and what they have to confirm.

use db::Tx;
use jiff::{SignedDuration, Timestamp};

use super::affected::{Affected, affected};
use super::model::{Rules, SessionState, at_day, today};
use super::quiz_store::{Confidence, OPEN};
use super::session_store::{
    OPEN_QUESTIONS, OpenQuestions, Request, Session, UNCONFIRMED, UNFINISHED, Unconfirmed, WAITING,
};
use super::store;
use crate::access::{Permission, Viewer};
use crate::error::Result;
use crate::settings;
use crate::web::{Todo, show};

/// Before all else until an office was told. Whoever does not read it learns that it waits once its time is up, so that they find somebody who does.
fn confided(one: &Confidence, responsible: bool, now: Timestamp) -> Option<Todo> {
    let (told, late) = (one.reported_at.is_some(), one.report_due_at < now);
    let (verb, detail) = match (responsible, told) {
        (true, true) => ("跟进", "已经报告，跟进到了结"),
        (true, false) if late => ("报告", "已经超时，马上看；怀疑受到侵害，现在就报告"),
        (true, false) => ("报告", "先看，怀疑受到侵害马上报告"),
        (false, false) if late => ("转告", "已经超时没有报告，请马上找法治进校园负责人"),
        _ => return None,
    };
    let href = if responsible { format!("/lecture-confidences/{}", one.id) } else { "/lectures".to_owned() };
    Some(Todo {
        verb,
        title: "有学生求助".to_owned(),
        detail: detail.to_owned(),
        href,
        due: if told { one.report_due_at } else { Timestamp::UNIX_EPOCH },
        deadline: show::deadline(one.report_due_at, now, !told),
    })
}

/// So many are listed one by one; where a term was taken out there are hundreds, which stand in the list of lectures.
const TO_CHANGE: usize = 20;

/// Before all that is late already: each day that they wait there are fewer ways to put them right.
fn to_change(affected: Vec<Affected>, now: Timestamp) -> Vec<Todo> {
    let others = affected.len().saturating_sub(TO_CHANGE);
    let next = affected.get(TO_CHANGE).map(|one| one.session.starts_at);
    let mut todos: Vec<Todo> = affected
        .into_iter()
        .take(TO_CHANGE)
        .map(|one| Todo {
            verb: one.verb,
            title: format!("{} · {}", one.session.school_name, one.session.title),
            detail: format!("{} {}", one.session.when(), one.why),
            href: one.path(),
            due: Timestamp::UNIX_EPOCH,
            deadline: show::deadline(one.session.starts_at, now, true),
        })
        .collect();
    todos.extend(next.map(|starts_at| Todo {
        verb: "调整",
        title: format!("还有 {others} 节约好的课要改"),
        detail: "列在“法治课”最上面".to_owned(),
        href: "/lectures".to_owned(),
        due: Timestamp::UNIX_EPOCH,
        deadline: show::deadline(starts_at, now, true),
    }));
    todos
}

pub async fn todo(tx: &mut Tx, viewer: &Viewer, now: Timestamp) -> Result<Vec<Todo>> {
    let mut todos = Vec::new();
    let responsible = viewer.may(Permission::ConfidenceManage);
    if responsible || viewer.may(Permission::LectureArrange) {
        let open: Vec<Confidence> = tx.all(OPEN.bind(viewer.tenant)).await?;
        todos.extend(open.iter().filter_map(|one| confided(one, responsible, now)));
    }
    if !viewer.may(Permission::LectureArrange) {
        return Ok(todos);
    }
    let day = SignedDuration::from_hours(24);
    let waiting: Vec<Request> = tx.all(WAITING.bind(viewer.tenant)).await?;
    todos.extend(waiting.into_iter().map(|one| {
        let due = one.created_at + day * 5;
        Todo {
            verb: "排课",
            title: format!("{} · {}", one.school_name, one.topic_name),
            detail: format!("{}，{} 到 {}", one.form_name, one.first_day, one.last_day),
            href: format!("/lecture-requests/{}", one.id),
            due,
            deadline: show::deadline(due, now, due < now + day),
        }
    }));
    todos.extend(to_change(affected(tx, viewer.tenant, now).await?, now));
    for open in tx.all::<OpenQuestions>(OPEN_QUESTIONS.bind(viewer.tenant)).await? {
        let due = open.since + day * 7;
        todos.push(Todo {
            verb: "回复",
            title: "学生的问题".to_owned(),
            detail: format!("{} 个问题还没有回复", open.count),
            href: format!("/lectures/{}", open.session_id),
            due,
            deadline: show::deadline(due, now, due < now + day),
        });
    }
    let rules: Rules = settings::read(tx, viewer.tenant, now).await?;
    let ahead = now + SignedDuration::from_hours(24 * rules.remind_ahead_days);
    let unfinished: Vec<Session> = tx.all(UNFINISHED.bind(viewer.tenant).bind(ahead)).await?;
    for one in unfinished {
        let (verb, detail, due) = match one.state {
            _ if one.disputed_at.is_some() => {
                ("核对", "学校说登记的情况不属实：", one.disputed_at.unwrap_or(one.starts_at))
            }
            SessionState::Agreed if one.ends_at < now => ("登记", "课上完了，登记上课情况", one.starts_at),
            SessionState::Agreed if one.starts_at > now => ("备课", "课快到了，看看课件和场地", one.starts_at),
            SessionState::Proposed if one.starts_at > now => ("催确认", "学校还没有确认", one.starts_at),
            SessionState::Proposed => {
                ("没答复", "学校没有答复，时间过了：没有上成的，或者电话里说好、上了的，都登记一下", one.starts_at)
            }
            _ => continue,
        };
        todos.push(Todo {
            verb,
            title: format!("{} · {}", one.school_name, one.title),
            detail: format!("{} {detail}{}", one.when(), one.disputed_why),
            href: format!("/lectures/{}", one.id),
            due,
            deadline: show::deadline(due, now, due < now + day),
        });
    }
    // One for each school, however many lectures it has not confirmed, so that nothing else is pushed off the page.
    for one in tx.all::<Unconfirmed>(UNCONFIRMED.bind(viewer.tenant)).await? {
        let due = one.since + day * 7;
        todos.push(Todo {
            verb: "催确认",
            title: one.school_name,
            detail: format!("{} 节课学校还没有确认上课情况", one.count),
            href: format!("/lecture-schools/{}", one.school_id),
            due,
            deadline: show::deadline(due, now, due < now + day),
        });
    }
    let lecturers = store::lecturers(tx, viewer.tenant).await?;
    let soon = at_day(now + day * 30);
    for one in lecturers.iter().filter(|one| one.unvetted(soon).is_some()) {
        let until =
            one.vetted_until.as_deref().and_then(|text| text.parse::<jiff::civil::Date>().ok()).unwrap_or(today(now));
        let due = until.to_zoned_datetime(calendar::shanghai()).map_or(now, |at| at.timestamp());
        todos.push(Todo {
            verb: "查询",
            title: "有讲师的从业查询要到期".to_owned(),
            detail: "到期以后排不上课".to_owned(),
            href: format!("/lecturers/{}", one.id),
            due,
            deadline: show::deadline(due, now, true),
        });
    }
    Ok(todos)
}
