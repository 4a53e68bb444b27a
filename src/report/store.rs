use std::collections::HashMap;

use db::{Tx, record, statements};
use jiff::Timestamp;
use uuid::Uuid;

use super::model::{Answer, Period, Record, Taken};
use crate::access::Scope;
use crate::error::{Error, Result};
use crate::in_reach;
use crate::issue::{Category, Score, Solved, Source, State, Step};

/// More issues than a community has in three years; a report of more is asked for in parts.
const MOST: usize = 50_000;

/// The issues that a period concerns, within reach, of one estate where one is named: what is open, what has ended since it began,
/// and what was rated in it, as long as it was reported before its end. (The sum keeps SQLite from going by the reports.)
macro_rules! concerned {
    () => {
        concat!(
            " i.tenant_id = $1 AND i.id IN (SELECT id FROM issues WHERE tenant_id = $1 AND open AND due_at >= 0
                UNION SELECT id FROM issues WHERE tenant_id = $1 AND NOT open AND ended_at >= $4
                UNION SELECT issue_id FROM surveys WHERE tenant_id = $1 AND respondent = 'reporter' AND at >= $4 AND at < $5)
              AND i.reported_at + 0 < $5 AND (CAST($6 AS UUID) IS NULL OR i.estate_id = $6) AND ",
            in_reach!("$2", "$3", "i.tenant_id", "i.estate_id", "i.grid_id", "i.organisation_id")
        )
    };
}

statements! {
    ISSUES = concat!("SELECT i.id, i.number, i.summary, i.description, i.category, i.source, i.state, i.reported_at, i.due_at, i.reporter_sealed, i.enquiry,
            i.estate_id, e.name AS estate_name, i.building_id, b.name AS building_name, u.key AS unit_key, o.name AS organisation_name
        FROM issues i LEFT JOIN estates e ON e.tenant_id = i.tenant_id AND e.id = i.estate_id
        LEFT JOIN buildings b ON b.tenant_id = i.tenant_id AND b.id = i.building_id
        LEFT JOIN units u ON u.tenant_id = i.tenant_id AND u.id = i.unit_id
        LEFT JOIN organisations o ON o.tenant_id = i.tenant_id AND o.id = i.organisation_id
        WHERE", concerned!(), " LIMIT $7");
    TAKEN = concat!("SELECT v.issue_id, v.kind, v.at, v.due_at, v.note
        FROM issues i CROSS JOIN issue_events v
        WHERE v.tenant_id = i.tenant_id AND v.issue_id = i.id AND", concerned!(), " AND v.kind IN ('accepted', 'dispatched', 'escalated', 'done', 'closed', 'reopened', 'unreachable', 'refused', 'redirected',
            'merged', 'withdrawn') ORDER BY v.issue_id, v.position");
    /// Of the whole tenant; those of issues out of reach find no issue.
    ANSWERS = "SELECT s.issue_id, s.score, s.solved FROM surveys s
        WHERE s.tenant_id = $1 AND s.respondent = 'reporter' AND s.at >= $2 AND s.at < $3 ORDER BY s.at, s.id";
}

record! {
    struct IssueRow {
        id: Uuid, number: String, summary: Option<String>, description: String, category: Category, source: Source, state: State,
        reported_at: Timestamp, due_at: Timestamp, reporter_sealed: Option<Vec<u8>>, enquiry: bool, estate_id: Option<Uuid>, estate_name: Option<String>,
        building_id: Option<Uuid>, building_name: Option<String>, unit_key: Option<String>, organisation_name: Option<String>,
    }
    struct TakenRow { issue_id: Uuid, kind: Step, at: Timestamp, due_at: Option<Timestamp>, note: String }
    struct AnswerRow { issue_id: Uuid, score: i64, solved: Solved }
}

/// Every issue within reach that a period concerns, in the order in which they were reported; of one estate where one is named.
///
/// Errors: refused if there are more than fifty thousand.
pub async fn records(
    tx: &mut Tx,
    tenant: Uuid,
    scope: &Scope,
    period: &Period,
    estate: Option<Uuid>,
) -> Result<Vec<Record>> {
    let bound = |statement: db::Statement| {
        statement.bind(tenant).bind(scope.account).bind(&scope.roles).bind(period.from).bind(period.until).bind(estate)
    };
    let issues: Vec<IssueRow> = tx.all(bound(ISSUES).bind(MOST as i64 + 1)).await?;
    if issues.len() > MOST {
        return Err(Error::refused(format!("这段时间的诉求超过 {MOST} 件，请选短一些的时间，或者只看一个小区")));
    }
    let mut taken: HashMap<Uuid, Vec<Taken>> = HashMap::new();
    for TakenRow { issue_id, kind, at, due_at, note } in tx.all::<TakenRow>(bound(TAKEN)).await? {
        taken.entry(issue_id).or_default().push(Taken { step: kind, at, due_at, note });
    }
    // In their order, so that the last one stays.
    let answers: HashMap<Uuid, Answer> = tx
        .all::<AnswerRow>(ANSWERS.bind(tenant).bind(period.from).bind(period.until))
        .await?
        .into_iter()
        .filter_map(answer)
        .collect();
    let mut records: Vec<Record> = issues.into_iter().map(|issue| issue.record(&mut taken, &answers)).collect();
    records.sort_by_key(|record| (record.reported_at, record.id));
    Ok(records)
}

fn answer(row: AnswerRow) -> Option<(Uuid, Answer)> {
    let score = Score::parse(&row.score.to_string())?;
    Some((row.issue_id, Answer { score, solved: row.solved }))
}

impl IssueRow {
    fn record(self, taken: &mut HashMap<Uuid, Vec<Taken>>, answers: &HashMap<Uuid, Answer>) -> Record {
        let unit = self.unit_key.filter(|key| !key.is_empty()).map(|key| format!("{key}单元"));
        let place: Vec<&str> =
            [&self.estate_name, &self.building_name, &unit].into_iter().flatten().map(String::as_str).collect();
        let place = if place.is_empty() { "本社区".to_owned() } else { place.join(" ") };
        Record {
            title: self.summary.unwrap_or_else(|| format!("{}问题（{place}）", self.category)),
            place,
            id: self.id,
            number: self.number,
            description: self.description,
            estate: self.estate_id.zip(self.estate_name),
            building: self.building_id.zip(self.building_name),
            category: self.category,
            source: self.source,
            state: self.state,
            reported_at: self.reported_at,
            due_at: self.due_at,
            party: self.organisation_name,
            reporter_sealed: self.reporter_sealed,
            enquiry: self.enquiry,
            taken: taken.remove(&self.id).unwrap_or_default(),
            answer: answers.get(&self.id).copied(),
        }
    }
}
