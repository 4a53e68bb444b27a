//! 联席会议表: what the meetings with the property company of a month talked about in an estate, who answers for it, and how far it
//! is. Everything in it is known from the work itself.

use std::collections::BTreeMap;

use db::{Tx, record, statements};
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use uuid::Uuid;

use super::duty::named;
use super::held::Span;
use super::model::{Joint, Outcome, Side};
use crate::access::{OrganisationKind, Role};
use crate::board::{self, Post};
use crate::document::{Block, Paper, Table};
use crate::error::Result;
use crate::issue::{Score, Source, State};
use crate::place::Estate;
use crate::web::show;
use crate::{in_reach, settings};

/// What the meetings talked about, in the order in which they were held.
macro_rules! topics {
    ($where:expr, $limit:literal) => {
        concat!(
            "SELECT m.id AS meeting_id, m.planned_at, m.estate_id, e.name AS estate_name, a.title, a.discussion, a.outcome, a.resolution, a.due_at, a.times,
            o.name AS organisation_name, o.kind AS organisation_kind, i.source, i.state AS issue_state, i.due_at AS issue_due_at,
            (SELECT v.note FROM issue_events v WHERE v.tenant_id = i.tenant_id AND v.issue_id = i.id AND v.kind = 'done' AND v.round = i.round
                ORDER BY v.position DESC LIMIT 1) AS result,
            (SELECT v.role FROM issue_events v WHERE v.tenant_id = i.tenant_id AND v.issue_id = i.id AND v.kind = 'closed' AND v.round = i.round
                ORDER BY v.position DESC LIMIT 1) AS closed_by,
            (SELECT s.score FROM surveys s WHERE s.tenant_id = i.tenant_id AND s.issue_id = i.id AND s.round = i.round AND s.respondent = 'reporter'
                ORDER BY s.at DESC, s.id DESC LIMIT 1) AS score
        FROM meetings m JOIN agenda_items a ON a.tenant_id = m.tenant_id AND a.meeting_id = m.id
        JOIN estates e ON e.tenant_id = m.tenant_id AND e.id = m.estate_id
        LEFT JOIN issues i ON i.tenant_id = a.tenant_id AND i.id = a.issue_id
        LEFT JOIN organisations o ON o.tenant_id = a.tenant_id AND o.id = COALESCE(a.organisation_id, i.organisation_id)
        WHERE m.tenant_id = $1 AND m.kind = 'joint_meeting' AND m.state = 'ended' AND ",
            $where,
            " ORDER BY m.planned_at, m.id, a.position ",
            $limit
        )
    };
}

statements! {
    HELD = "SELECT m.planned_at, m.host, m.place FROM meetings m WHERE m.tenant_id = $1 AND m.estate_id = $2 AND m.planned_at >= $3 AND m.planned_at < $4
        AND m.kind = 'joint_meeting' AND m.state = 'ended' ORDER BY m.planned_at, m.id LIMIT 31";
    CAME = "SELECT a.side, COUNT(*) AS people FROM meetings m JOIN attendances a ON a.tenant_id = m.tenant_id AND a.meeting_id = m.id
        WHERE m.tenant_id = $1 AND m.estate_id = $2 AND m.planned_at >= $3 AND m.planned_at < $4 AND m.kind = 'joint_meeting' AND m.state = 'ended'
          AND a.arrived_at IS NOT NULL GROUP BY a.side";
    TOPICS = topics!("m.estate_id = $2 AND m.planned_at >= $3 AND m.planned_at < $4", "LIMIT 300");
    TALKED = topics!(concat!("m.planned_at >= $4 AND m.planned_at < $5 AND (CAST($6 AS UUID) IS NULL OR m.estate_id = $6) AND ",
        in_reach!("$2", "$3", "m.tenant_id", "m.estate_id", "NULL", "NULL")), "LIMIT 20000");
}

record! {
    struct Held { planned_at: Timestamp, host: String, place: String }
    struct Came { side: Side, people: i64 }
    struct Topic {
        meeting_id: Uuid, planned_at: Timestamp, estate_id: Uuid, estate_name: String,
        title: String, discussion: String, outcome: Outcome, resolution: String, due_at: Option<Timestamp>, times: i64,
        organisation_name: Option<String>, organisation_kind: Option<OrganisationKind>, source: Option<Source>,
        issue_state: Option<State>, issue_due_at: Option<Timestamp>, result: Option<String>, closed_by: Option<Role>, score: Option<i64>,
    }
}

const COLUMNS: [(&str, u32); 11] = [
    ("序号", 4),
    ("提出人", 8),
    ("问题", 15),
    ("责任单位", 10),
    ("责任人", 7),
    ("措施", 17),
    ("完成时限", 9),
    ("进度", 7),
    ("反馈", 10),
    ("验收人", 7),
    ("满意度", 6),
];

/// The table of the month in which a day lies.
pub async fn table(tx: &mut Tx, tenant: Uuid, estate: &Estate, day: Date) -> Result<Paper> {
    let first = day.first_of_month();
    let midnight = |day: Date| day.to_zoned_datetime(calendar::shanghai()).map(|at| at.timestamp());
    let from = midnight(first).map_err(anyhow::Error::from)?;
    let until = midnight(first + 1.month()).map_err(anyhow::Error::from)?;
    let bound = |statement: db::Statement| statement.bind(tenant).bind(estate.id).bind(from).bind(until);
    let held: Vec<Held> = tx.all(bound(HELD)).await?;
    let came: Vec<Came> = tx.all(bound(CAME)).await?;
    let topics: Vec<Topic> = tx.all(bound(TOPICS)).await?;
    let manager = board::holders(tx, tenant, Post::PropertyManager).await?.remove(&estate.id);
    let joint: Joint = settings::read(tx, tenant, from).await?;

    let mut paper = Paper::new(format!("{}{}物业联席会议表", estate.name, first.strftime("%Y年%-m月")));
    paper.landscape = true;
    let times: Vec<String> =
        held.iter().map(|held| format!("{}（{}）", show::moment(&held.planned_at), held.place)).collect();
    let mut hosts: Vec<&str> = held.iter().map(|held| held.host.as_str()).collect();
    hosts.dedup();
    let people: BTreeMap<Side, i64> = came.iter().map(|came| (came.side, came.people)).collect();
    let sides = people.iter().map(|(side, people)| format!("{side} {people} 人")).collect::<Vec<_>>().join("，");
    let missing = joint.missing(&people.keys().copied().collect::<Vec<_>>());
    let missing = if held.is_empty() { "这个月还没有开".to_owned() } else { named(&missing) };
    paper.facts(&[
        ("开会", times.join("、")),
        ("主持人", hosts.join("、")),
        ("参加各方", sides),
        ("还没请到", missing),
    ]);
    let columns = COLUMNS.map(|(name, percent)| (name.to_owned(), percent)).to_vec();
    let row = |(number, topic): (usize, &Topic)| [vec![number.to_string()], topic.cells(manager.as_deref())].concat();
    let rows = (1..).zip(&topics).map(row).collect();
    paper.blocks.push(Block::Table(Table { columns, rows }));
    paper.signatures(&["物业公司", "小区党支部", "居民代表"]);
    Ok(paper)
}

/// What one of the meetings of a span talked about, in the columns of the table.
pub struct Talked {
    pub meeting: Uuid,
    pub held_at: Timestamp,
    pub estate: Uuid,
    pub estate_name: String,
    pub outcome: Outcome,
    /// All of the table's but the first.
    pub cells: Vec<String>,
}

/// The names of those columns.
pub fn columns() -> impl Iterator<Item = &'static str> {
    COLUMNS.iter().skip(1).map(|(name, _)| *name)
}

/// What the meetings of a span talked about.
pub(super) async fn talked(tx: &mut Tx, span: &Span<'_>) -> Result<Vec<Talked>> {
    let topics: Vec<Topic> = tx.all(span.bind(TALKED)).await?;
    let managers = board::holders(tx, span.tenant, Post::PropertyManager).await?;
    let talked = |topic: Topic| Talked {
        cells: topic.cells(managers.get(&topic.estate_id).map(String::as_str)),
        meeting: topic.meeting_id,
        held_at: topic.planned_at,
        estate: topic.estate_id,
        estate_name: topic.estate_name,
        outcome: topic.outcome,
    };
    Ok(topics.into_iter().map(talked).collect())
}

impl Topic {
    /// What stands behind the number, column by column.
    fn cells(&self, manager: Option<&str>) -> Vec<String> {
        let again = if self.times > 1 { format!("（第 {} 次上会）", self.times) } else { String::new() };
        let answers = self.organisation_kind == Some(OrganisationKind::PropertyCompany);
        let measures = if self.resolution.is_empty() { &self.discussion } else { &self.resolution };
        let due = self.due_at.or(self.issue_due_at.filter(|_| self.issue_state.is_some_and(State::open)));
        let progress = match (self.issue_state, self.outcome) {
            (Some(state), Outcome::Resolved) => state.to_string(),
            (_, outcome) => outcome.to_string(),
        };
        let score = self.score.and_then(|score| Score::parse(&score.to_string()));
        vec![
            self.source.map_or_else(|| "会上提出".to_owned(), |source| source.to_string()),
            format!("{}{again}", self.title),
            self.organisation_name.clone().unwrap_or_default(),
            manager.filter(|_| answers).unwrap_or_default().to_owned(),
            measures.clone(),
            due.map(|due| show::month_and_day(&due)).unwrap_or_default(),
            progress,
            self.result.clone().unwrap_or_default(),
            self.closed_by.map(|role| role.to_string()).unwrap_or_default(),
            score.map(|score| score.label().to_owned()).unwrap_or_default(),
        ]
    }
}
