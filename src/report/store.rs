use std::collections::HashMap;

use db::{Tx, record, statements};
use jiff::Timestamp;
use uuid::Uuid;

use super::model::{Answer, Period, Record, Taken};
use super::topic::Asked;
use crate::access::{OrganisationKind, Scope};
use crate::error::{Error, Result};
use crate::issue::exclusion::Ground;
use crate::issue::{Category, Level, Score, Solved, Source, State, Step};
use crate::{in_reach, whistle};

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

/// Of the visits to a home in some days.
macro_rules! at_the_door {
    ($what:literal, $which:literal) => {
        concat!(
            "(SELECT ",
            $what,
            " FROM visits v WHERE v.tenant_id = w.tenant_id AND v.dwelling_id = w.id AND v.made_at >= $4 AND v.made_at < $5 AND ",
            $which,
            ")"
        )
    };
}

statements! {
    ISSUES = concat!("SELECT i.id, i.number, i.summary, i.description, i.category, i.source, i.state, i.level, i.reported_at, i.due_at, i.reporter_sealed, i.enquiry,
            i.estate_id, e.name AS estate_name, i.building_id, b.name AS building_name, u.key AS unit_key, o.name AS organisation_name, x.ground, x.reason
        FROM issues i LEFT JOIN estates e ON e.tenant_id = i.tenant_id AND e.id = i.estate_id
        LEFT JOIN buildings b ON b.tenant_id = i.tenant_id AND b.id = i.building_id
        LEFT JOIN units u ON u.tenant_id = i.tenant_id AND u.id = i.unit_id
        LEFT JOIN organisations o ON o.tenant_id = i.tenant_id AND o.id = i.organisation_id
        LEFT JOIN exclusions x ON x.tenant_id = i.tenant_id AND x.issue_id = i.id AND x.state = 'approved'
        WHERE", concerned!(), " LIMIT $7");
    TAKEN = concat!("SELECT v.issue_id, v.kind, v.at, v.due_at, v.note, o.kind AS party
        FROM issues i CROSS JOIN issue_events v LEFT JOIN organisations o ON o.tenant_id = v.tenant_id AND o.id = v.organisation_id
        WHERE v.tenant_id = i.tenant_id AND v.issue_id = i.id AND", concerned!(), " AND v.kind IN ('accepted', 'dispatched', 'escalated', 'done', 'surveyed', 'closed', 'reopened', 'unreachable', 'refused', 'redirected',
            'merged', 'withdrawn') ORDER BY v.issue_id, v.position");
    /// Of the whole tenant; those of issues out of reach find no issue.
    ANSWERS = "SELECT s.issue_id, COALESCE(s.report_id, s.issue_id) AS report_id, s.round, s.score, s.solved FROM surveys s
        WHERE s.tenant_id = $1 AND s.respondent = 'reporter' AND s.at >= $2 AND s.at < $3 ORDER BY s.at, s.id";
    /// Every home within reach, and what was found at its door in some days. (A grouping by home would lead SQLite through all homes
    /// for each building.)
    HOMES = concat!("SELECT w.id, b.estate_id, e.name AS estate_name, b.name AS building_name, u.key AS unit_key, w.room,
            ", at_the_door!("COUNT(*)", "TRUE"), " AS visits, ", at_the_door!("MAX(v.made_at)", "TRUE"), " AS last_at,
            ", at_the_door!("COUNT(*)", "v.outcome = 'home'"), " AS met, ", at_the_door!("COUNT(*)", "v.outcome = 'refused'"), " AS refused,
            ", at_the_door!("COUNT(*)", "v.outcome = 'vacant'"), " AS vacant
        FROM buildings b JOIN estates e ON e.tenant_id = b.tenant_id AND e.id = b.estate_id CROSS JOIN dwellings w
        JOIN units u ON u.tenant_id = w.tenant_id AND u.id = w.unit_id
        WHERE b.tenant_id = $1 AND w.tenant_id = b.tenant_id AND w.building_id = b.id
            AND COALESCE(w.use, '') <> 'commercial' AND (CAST($6 AS UUID) IS NULL OR b.estate_id = $6) AND ",
        in_reach!("$2", "$3", "b.tenant_id", "b.estate_id", "b.grid_id", "NULL"),
        " ORDER BY e.name, b.estate_id, b.position, b.key, u.key, w.floor, w.room LIMIT $7");
    /// The whistles of some days that were blown from here, or to here.
    WHISTLES = concat!("SELECT w.id, w.asked, w.kind, w.number, w.title, c.name AS counterpart_name, w.estate_id, e.name AS estate_name, w.state, w.blown_at,
            w.acknowledge_by, w.answer_by, w.acknowledged_at, w.answered_at, w.asker_score, w.responder_score
        FROM whistles w JOIN counterparts c ON c.tenant_id = w.tenant_id AND c.id = w.counterpart_id
        LEFT JOIN estates e ON e.tenant_id = w.tenant_id AND e.id = w.estate_id
        WHERE w.tenant_id = $1 AND w.asked = $8 AND w.blown_at >= $4 AND w.blown_at < $5 AND (CAST($6 AS UUID) IS NULL OR w.estate_id = $6) AND ",
        in_reach!("$2", "$3", "w.tenant_id", "w.estate_id", "NULL", "w.organisation_id"), " ORDER BY w.blown_at, w.id LIMIT $7");
}

record! {
    struct IssueRow {
        id: Uuid, number: String, summary: Option<String>, description: String, category: Category, source: Source, state: State, level: Level,
        reported_at: Timestamp, due_at: Timestamp, reporter_sealed: Option<Vec<u8>>, enquiry: bool, estate_id: Option<Uuid>, estate_name: Option<String>,
        building_id: Option<Uuid>, building_name: Option<String>, unit_key: Option<String>, organisation_name: Option<String>,
        ground: Option<Ground>, reason: Option<String>,
    }
    struct TakenRow { issue_id: Uuid, kind: Step, at: Timestamp, due_at: Option<Timestamp>, note: String, party: Option<OrganisationKind> }
    /// A home, and what was found at its door.
    pub struct Home {
        pub id: Uuid, pub estate_id: Uuid, pub estate_name: String, pub building_name: String, pub unit_key: String, pub room: String,
        pub visits: i64, pub last_at: Option<Timestamp>, pub met: i64, pub refused: i64, pub vacant: i64,
    }
    /// A whistle, and how it was answered.
    pub struct Blown {
        pub id: Uuid, pub asked: bool, pub kind: whistle::Kind, pub number: String, pub title: String, pub counterpart_name: String,
        pub estate_id: Option<Uuid>, pub estate_name: Option<String>, pub state: whistle::State, pub blown_at: Timestamp,
        pub acknowledge_by: Timestamp, pub answer_by: Timestamp, pub acknowledged_at: Option<Timestamp>, pub answered_at: Option<Timestamp>,
        pub asker_score: Option<i64>, pub responder_score: Option<i64>,
    }
    struct AnswerRow { issue_id: Uuid, report_id: Uuid, round: i64, score: i64, solved: Solved }
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
    let records = read(tx, tenant, scope, period, estate, MOST as i64 + 1).await?;
    if records.len() > MOST {
        return Err(Error::refused(format!("这段时间的诉求超过 {MOST} 件，请选短一些的时间，或者只看一个小区")));
    }
    Ok(records)
}

/// Every issue of a community that a period concerns, however many there are.
pub(super) async fn all_records(tx: &mut Tx, tenant: Uuid, period: &Period) -> Result<Vec<Record>> {
    read(tx, tenant, &Scope::tenant(), period, None, i64::MAX).await
}

async fn read(
    tx: &mut Tx,
    tenant: Uuid,
    scope: &Scope,
    period: &Period,
    estate: Option<Uuid>,
    most: i64,
) -> Result<Vec<Record>> {
    let bound = |statement: db::Statement| {
        statement.bind(tenant).bind(scope.account).bind(&scope.roles).bind(period.from).bind(period.until).bind(estate)
    };
    let issues: Vec<IssueRow> = tx.all(bound(ISSUES).bind(most)).await?;
    let mut taken: HashMap<Uuid, Vec<Taken>> = HashMap::new();
    for TakenRow { issue_id, kind, at, due_at, note, party } in tx.all::<TakenRow>(bound(TAKEN)).await? {
        taken.entry(issue_id).or_default().push(Taken { step: kind, at, due_at, note, party });
    }
    let answers = answers(tx.all(ANSWERS.bind(tenant).bind(period.from).bind(period.until)).await?);
    let mut records: Vec<Record> = issues.into_iter().map(|issue| issue.record(&mut taken, &answers)).collect();
    records.sort_by_key(|record| (record.reported_at, record.id));
    Ok(records)
}

/// The last word of each reporter in a round.
#[derive(Default)]
struct LastRound {
    round: i64,
    words: HashMap<Uuid, (i64, Solved)>,
}

/// What has been said of each issue: in the last round in which anybody was asked, the last word of each reporter, and of several the
/// one who is least content.
fn answers(rows: Vec<AnswerRow>) -> HashMap<Uuid, Answer> {
    let mut said: HashMap<Uuid, LastRound> = HashMap::new();
    for row in rows {
        let last = said.entry(row.issue_id).or_default();
        if row.round > last.round {
            *last = LastRound { round: row.round, words: HashMap::new() };
        }
        if row.round == last.round {
            last.words.insert(row.report_id, (row.score, row.solved));
        }
    }
    let least = |(issue, LastRound { words, .. })| {
        let score = words.values().map(|(score, _)| *score).min()?;
        let solved = words.values().map(|(_, solved)| *solved).max()?;
        Some((issue, Answer { score: Score::parse(&score.to_string())?, solved }))
    };
    said.into_iter().filter_map(least).collect()
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
            level: self.level,
            reported_at: self.reported_at,
            due_at: self.due_at,
            party: self.organisation_name,
            reporter_sealed: self.reporter_sealed,
            enquiry: self.enquiry,
            excluded: self.ground.zip(self.reason),
            taken: taken.remove(&self.id).unwrap_or_default(),
            answer: answers.get(&self.id).copied(),
        }
    }
}

fn bound(statement: db::Statement, asked: &Asked<'_>) -> db::Query {
    let query = statement.bind(asked.viewer.tenant).bind(asked.scope.account).bind(&asked.scope.roles);
    query.bind(asked.period.from).bind(asked.period.until).bind(asked.estate).bind(MOST as i64 + 1)
}

/// Every home within reach, with what was found at its door in a period.
///
/// Errors: refused if there are more than fifty thousand.
pub async fn homes(tx: &mut Tx, asked: &Asked<'_>) -> Result<Vec<Home>> {
    let homes: Vec<Home> = tx.all(bound(HOMES, asked)).await?;
    if homes.len() > MOST {
        return Err(Error::refused(format!("住房超过 {MOST} 户，请只看一个小区")));
    }
    Ok(homes)
}

/// The whistles of a period that were blown from here, or to here.
pub async fn whistles(tx: &mut Tx, asked: &Asked<'_>, from_here: bool) -> Result<Vec<Blown>> {
    let blown: Vec<Blown> = tx.all(bound(WHISTLES, asked).bind(from_here)).await?;
    if blown.len() > MOST {
        return Err(Error::refused(format!("这段时间吹哨超过 {MOST} 次，请选短一些的时间")));
    }
    Ok(blown)
}
