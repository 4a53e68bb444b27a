use db::Tx;
use jiff::{SignedDuration, Timestamp};

use super::duty;
use super::model::{Deliberations, State};
use super::store::{self, Meeting};
use crate::access::{Permission, Viewer};
use crate::error::Result;
use crate::settings;
use crate::web::show::{self, Deadline};
use crate::web::{Todo, show::moment};

/// How far ahead a meeting is on somebody's mind.
const AHEAD: SignedDuration = SignedDuration::from_hours(72);
/// So long after it began those who are asked to come may still come.
const LASTS: SignedDuration = SignedDuration::from_hours(3);

/// What the meetings ask of somebody now: a notice that should go out, a meeting to hold or to go to, one to bring to an end.
pub async fn todo(tx: &mut Tx, viewer: &Viewer, now: Timestamp) -> Result<Vec<Todo>> {
    if !viewer.may(Permission::MeetingRead) {
        return Ok(Vec::new());
    }
    let rules: Deliberations = settings::read(tx, viewer.tenant, now).await?;
    let notice = SignedDuration::from_hours(rules.notice_hours);
    let until = now + notice.max(SignedDuration::ZERO) + AHEAD;
    let holds = viewer.may(Permission::MeetingHold);
    let permission = if holds { Permission::MeetingHold } else { Permission::MeetingRead };
    let meetings = store::near(tx, viewer, permission, until).await?;
    let mut todos: Vec<Todo> = meetings.into_iter().filter_map(|meeting| said(meeting, holds, notice, now)).collect();
    if holds {
        todos.extend(store::to_review(tx, viewer).await?.into_iter().map(|meeting| review(meeting, now)));
    }
    todos.extend(duty::todo(tx, viewer, now).await?);
    Ok(todos)
}

/// Minutes should be read within three days.
fn review(meeting: Meeting, now: Timestamp) -> Todo {
    let due = meeting.ended_at.unwrap_or(meeting.planned_at) + AHEAD;
    let (detail, href) = (meeting.caller().to_owned(), format!("/meetings/{}/minutes", meeting.id));
    Todo { verb: "审记录", title: meeting.title, detail, href, due, deadline: show::deadline(due, now, false) }
}

fn said(meeting: Meeting, holds: bool, notice: SignedDuration, now: Timestamp) -> Option<Todo> {
    let begins = meeting.planned_at;
    let (verb, due, deadline) = match (meeting.state, holds) {
        (State::Draft, true) => {
            let due = begins - notice;
            ("发通知", due, show::deadline(due, now, due < now + AHEAD))
        }
        (State::InSession, true) => ("记会议", begins, Deadline { class: "soon", text: "正在开".to_owned() }),
        (State::Announced, holds) if begins < now + AHEAD && (holds || begins > now - LASTS) => {
            let class = if begins < now { "late" } else { "soon" };
            let verb = if holds { "开会" } else { "参加会议" };
            (verb, begins, Deadline { class, text: moment(&begins) })
        }
        _ => return None,
    };
    let detail = format!("{} · {}", meeting.caller(), meeting.place);
    Some(Todo { verb, title: meeting.title, detail, href: format!("/meetings/{}", meeting.id), due, deadline })
}
