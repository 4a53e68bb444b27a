//! The receipt 一事一链: the whole chain of an issue as anybody with the code may see it. Roles and organisations stand
//! in it, never names; what is missing or late stands out.

use std::collections::HashMap;

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::model::{Limits, State, Step};
use super::store::{Event, EventPhoto, Issue};
use crate::access::{OrganisationKind, Role};
use crate::web::show;

/// An issue as the public may see it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Receipt {
    /// Twelve characters of Crockford's base32.
    pub code: String,
    pub number: String,
    /// Public words, without names.
    pub title: String,
    /// Down to the stairwell, never a room.
    pub place: String,
    pub category: &'static str,
    pub state: &'static str,
    pub state_label: &'static str,
    #[schema(value_type = String, format = DateTime)]
    pub reported_at: Timestamp,
    /// When the next step is due; null when nothing is left to do.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub due_at: Option<Timestamp>,
    pub overdue: bool,
    /// The organisation that is responsible now.
    pub responsible: Option<String>,
    /// How often it has been worked on: grows with every reopening.
    pub round: i64,
    /// The number of the issue that it was joined to, whose chain this is.
    pub joined_to: Option<String>,
    pub chain: Vec<ChainLink>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ChainLink {
    pub step: &'static str,
    pub title: String,
    pub standing: Standing,
    /// The role or organisation that acted.
    pub actor: Option<String>,
    pub words: Vec<String>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub due_at: Option<Timestamp>,
    /// Each can be fetched at `/receipts/{code}/photos/{id}`.
    pub photos: Vec<Uuid>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    /// Done, in time.
    Done,
    /// Done or due, but too late.
    Late,
    /// Should be there and is not.
    Missing,
    /// What is waited for now.
    Now,
    Next,
}

impl Standing {
    /// The stylesheet's class.
    pub fn class(self) -> &'static str {
        match self {
            Standing::Done => "done",
            Standing::Late => "late",
            Standing::Missing => "hole",
            Standing::Now => "now",
            Standing::Next => "next",
        }
    }
}

/// What each open state waits for.
const WAITS: [(State, Step, &str); 8] = [
    (State::Submitted, Step::Accepted, "社区受理"),
    (State::Accepted, Step::Dispatched, "派人办理"),
    (State::Suspended, Step::Resumed, "到期复核"),
    (State::Dispatched, Step::Done, "办理并反馈结果"),
    (State::Escalated, Step::Done, "上级办理并反馈结果"),
    (State::Done, Step::Published, "结果公示"),
    (State::Published, Step::Surveyed, "上门测评满意度"),
    (State::Surveyed, Step::Closed, "销号"),
];

/// What an open state waits for, in words.
pub(super) fn waits_for(state: State) -> Option<&'static str> {
    WAITS.iter().find(|(known, ..)| *known == state).map(|(.., words)| *words)
}

impl Receipt {
    pub fn new(
        issue: &Issue,
        events: &[Event],
        photos: &[EventPhoto],
        limits: &Limits,
        now: Timestamp,
        joined_to: Option<String>,
    ) -> Receipt {
        let due_at = issue.state.open().then_some(issue.due_at);
        Receipt {
            code: issue.receipt_code.clone(),
            number: issue.number.clone(),
            title: issue.title(),
            place: issue.place(),
            category: issue.category.label(),
            state: issue.state.code(),
            state_label: issue.state.label(),
            reported_at: issue.reported_at,
            due_at,
            overdue: due_at.is_some_and(|due| due < now),
            responsible: issue.organisation_name.clone(),
            round: issue.round,
            joined_to,
            chain: chain(issue, events, photos, limits, now),
        }
    }

    /// How the deadline stands, for the mark beside the title.
    pub fn deadline(&self, since: Timestamp, limits: &Limits, now: Timestamp) -> Option<show::Deadline> {
        self.due_at.map(|due| show::deadline(due, now, limits.is_soon(since, due, now)))
    }
}

fn chain(issue: &Issue, events: &[Event], photos: &[EventPhoto], limits: &Limits, now: Timestamp) -> Vec<ChainLink> {
    let mut by_event: HashMap<Uuid, Vec<Uuid>> = HashMap::new();
    for photo in photos {
        by_event.entry(photo.event_id).or_default().push(photo.photo_id);
    }
    let mut links = Vec::new();
    let mut proofs_in_round = 0;
    let mut announced = false;
    for event in events {
        let photos = by_event.remove(&event.id).unwrap_or_default();
        match event.kind {
            Step::Dispatched | Step::Escalated => proofs_in_round = 0,
            Step::Progressed | Step::Done => proofs_in_round += photos.len(),
            Step::Deliberated if !std::mem::take(&mut announced) => {
                links.push(missing(Step::Announced, "缺会前公示", "开会前没有公示议题、时间和地点"));
            }
            Step::Announced => announced = true,
            _ => {}
        }
        links.push(taken(event, issue, photos));
        if event.kind == Step::Done && proofs_in_round == 0 {
            links.push(missing(Step::Done, "缺办理照片", "办理单位没有上传办理后的照片"));
        }
    }
    let waiting = WAITS.iter().skip_while(|(state, ..)| *state != issue.state);
    // Nobody expects to be put off, or to be passed up.
    let beside = |state: State| matches!(state, State::Suspended | State::Escalated);
    let waiting = waiting.filter(|(state, ..)| !beside(*state) || issue.state == *state);
    for (position, (_, step, title)) in waiting.enumerate() {
        let due_at = (position == 0).then_some(issue.due_at);
        let standing = match due_at {
            Some(due) if due < now => Standing::Late,
            Some(_) => Standing::Now,
            None => Standing::Next,
        };
        let words = due_at.map(|due| format!("最晚 {}", show::moment(&due))).into_iter().collect();
        let link = ChainLink { words, due_at, ..expected(*step, title, standing) };
        links.push(link);
    }
    let acknowledged = events.iter().any(|event| event.kind == Step::Acknowledged && event.round == issue.round);
    if (issue.state.open() || issue.state == State::Closed) && !acknowledged {
        let due = issue.ended_at.and_then(|closed| limits.acknowledgement_due(closed).ok());
        let late = due.is_some_and(|due| due < now);
        links.push(match (late, issue.estate_id) {
            (true, Some(_)) => missing(Step::Acknowledged, "缺反馈支部", "小区支部还没有阅知测评结果"),
            (true, None) => missing(Step::Acknowledged, "缺反馈社区党委", "社区党委还没有阅知测评结果"),
            (false, Some(_)) => expected(Step::Acknowledged, "反馈小区支部", Standing::Next),
            (false, None) => expected(Step::Acknowledged, "反馈社区党委", Standing::Next),
        });
    }
    links
}

/// A step that was taken.
fn taken(event: &Event, issue: &Issue, photos: Vec<Uuid>) -> ChainLink {
    let title = match (event.kind, &event.organisation_name) {
        (Step::Dispatched, Some(organisation)) => format!("派给{organisation}"),
        (Step::Escalated, Some(organisation)) => format!("吹哨，请{organisation}来办"),
        (Step::Accepted, _) => "社区受理".to_owned(),
        (kind, _) => kind.to_string(),
    };
    let mut words = Vec::new();
    if event.kind == Step::Filed {
        words.push(issue.source.to_string());
    }
    if !event.note.is_empty() {
        words.push(event.note.clone());
    }
    let late = event.due_at.filter(|due| *due < event.at);
    if let Some(due) = late {
        words.push(show::deadline(due, event.at, false).text);
    }
    let standing = match event.kind {
        Step::Unreachable => Standing::Missing,
        _ if late.is_some() => Standing::Late,
        _ => Standing::Done,
    };
    ChainLink {
        step: event.kind.code(),
        title,
        standing,
        actor: Some(actor(event)),
        words,
        at: Some(event.at),
        due_at: event.due_at,
        photos,
    }
}

/// The role of whoever acted; for people of a responsible party or of the level above, the party.
fn actor(event: &Event) -> String {
    let heard = event.role == Role::System && event.organisation_kind == Some(OrganisationKind::Superior);
    match (event.role, &event.organisation_name) {
        (Role::Resident, _) => "反映人".to_owned(),
        (Role::PropertyManager, Some(organisation)) => organisation.clone(),
        (_, Some(organisation)) if heard => organisation.clone(),
        (role, _) => role.to_string(),
    }
}

fn missing(step: Step, title: &str, words: &str) -> ChainLink {
    ChainLink { words: vec![words.to_owned()], ..expected(step, title, Standing::Missing) }
}

fn expected(step: Step, title: &str, standing: Standing) -> ChainLink {
    let (title, words) = (title.to_owned(), Vec::new());
    ChainLink { step: step.code(), title, standing, actor: None, words, at: None, due_at: None, photos: Vec::new() }
}

/// `7K3M9QX2HT5D` as people read it aloud: `7K3M-9QX2-HT5D`.
pub fn spaced(code: &str) -> String {
    code.as_bytes().chunks(4).map(|part| String::from_utf8_lossy(part)).collect::<Vec<_>>().join("-")
}

/// A code as somebody typed it: dashes, spaces, small letters and the letters that look like digits are forgiven.
pub fn read_code(text: &str) -> String {
    let text = codes::text::half_width(text).to_uppercase();
    let letter = |c: char| match c {
        'O' => Some('0'),
        'I' | 'L' => Some('1'),
        c if c.is_ascii_alphanumeric() => Some(c),
        _ => None,
    };
    text.chars().filter_map(letter).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_forgiving() {
        assert_eq!(read_code(" 7k3m－9qx2-htol "), "7K3M9QX2HT01");
        assert_eq!(spaced("7K3M9QX2HT5D"), "7K3M-9QX2-HT5D");
    }
}
