use db::{Cursor, Page, Query, Tx, record, statements};
use jiff::Timestamp;
use uuid::Uuid;

use super::level;
use super::model::{Category, Channel, Duty, Level, Remedy, Respondent, Solved, Source, State, Step, Tier};
use super::petition::Petition;
use crate::access::{Link, OrganisationKind, Permission, Role, Scope, Viewer};
use crate::error::Result;
use crate::search::{self, Terms};
use crate::{in_batch, in_reach};

/// The columns of [`Issue`], with the names of its place and of whoever is responsible.
macro_rules! issue_columns {
    () => {
        "i.id, i.number, i.receipt_code, i.source, i.category, i.tier, i.remedy, i.state, i.summary, i.description,
         i.estate_id, i.building_id, i.unit_id, i.grid_id, i.place_text, i.reporter_sealed, i.organisation_id, i.since, i.due_at,
         i.merged_into, i.round, i.reported_at, i.ended_at, i.remaining_minutes, i.remind_at, i.lock_version, i.changed_at, i.deadline_at, i.level,
         e.name AS estate_name, b.name AS building_name, u.key AS unit_key, o.name AS organisation_name, o.kind AS organisation_kind"
    };
}

/// What `Category::of_property` says.
macro_rules! of_property {
    () => {
        "('drainage', 'lift', 'parking', 'cleaning', 'greening', 'lighting', 'access_control', 'repair', 'heating', 'property_fee')"
    };
}

macro_rules! issue_tables {
    () => {
        " FROM issues i
         LEFT JOIN estates e ON e.tenant_id = i.tenant_id AND e.id = i.estate_id
         LEFT JOIN buildings b ON b.tenant_id = i.tenant_id AND b.id = i.building_id
         LEFT JOIN units u ON u.tenant_id = i.tenant_id AND u.id = i.unit_id
         LEFT JOIN organisations o ON o.tenant_id = i.tenant_id AND o.id = i.organisation_id"
    };
}

/// Is a neighbour's bad answer in this round one that the branch has not looked at since?
macro_rules! unreviewed {
    ($issue:literal, $round:literal) => {
        concat!(
            "EXISTS (SELECT 1 FROM surveys s WHERE s.tenant_id = i.tenant_id AND s.issue_id = ",
            $issue,
            " AND s.round = ",
            $round,
            " AND s.respondent = 'neighbour' AND s.score <= 2 AND NOT EXISTS (SELECT 1 FROM issue_events v
                WHERE v.tenant_id = s.tenant_id AND v.issue_id = s.issue_id AND v.kind = 'acknowledged' AND v.at >= s.at))"
        )
    };
}

/// Did an account work on the issue as its handler, in whichever round?
macro_rules! took_part {
    ($account:literal) => {
        concat!(
            "EXISTS (SELECT 1 FROM issue_events v WHERE v.tenant_id = i.tenant_id AND v.issue_id = i.id
                AND v.account_id = ",
            $account,
            " AND v.kind IN ('progressed', 'done'))"
        )
    };
}

/// Does the handler wait for more time?
macro_rules! asks_petition {
    () => {
        "EXISTS (SELECT 1 FROM petitions x WHERE x.tenant_id = i.tenant_id AND x.issue_id = i.id AND x.decided_at IS NULL)"
    };
}

statements! {
    ADD = "INSERT INTO issues (tenant_id, id, number, receipt_code, source, category, state, open, description,
            estate_id, building_id, unit_id, grid_id, place_text, search_text, reporter_sealed, phone_fingerprint, filed_by,
            since, due_at, round, reported_at, position, indexed, lock_version, move, remind_at, changed_at, deadline_at, enquiry, level)
        VALUES ($1, $2, $3, $4, $5, $6, $7, TRUE, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, 1, $18, $20, FALSE, 1, '>filed>' || $7, $21, $22, $23, $24, $25)";
    ADD_RECEIPT_CODE = "INSERT INTO receipt_codes (code, tenant_id, issue_id) VALUES ($1, $2, $3)";
    RECEIPT_CODE = "SELECT tenant_id, issue_id FROM receipt_codes WHERE code = $1";
    GET = concat!("SELECT ", issue_columns!(), issue_tables!(), " WHERE i.tenant_id = $1 AND i.id = $2");
    GET_IN_SCOPE = concat!("SELECT ", issue_columns!(), issue_tables!(), " WHERE i.tenant_id = $1 AND i.id = $2 AND ",
        in_reach!("$3", "$4", "i.tenant_id", "i.estate_id", "i.grid_id", "i.organisation_id"));
    BY_NUMBER = concat!("SELECT ", issue_columns!(), issue_tables!(), " WHERE i.tenant_id = $1 AND i.number = $2 AND ",
        in_reach!("$3", "$4", "i.tenant_id", "i.estate_id", "i.grid_id", "i.organisation_id"));
    /// The most urgent first, so what is overdue stands at the top.
    OPEN = concat!("SELECT ", issue_columns!(), issue_tables!(), " WHERE i.tenant_id = $1 AND i.open AND ",
        in_reach!("$2", "$3", "i.tenant_id", "i.estate_id", "i.grid_id", "i.organisation_id"),
        " AND (i.due_at, i.id) > ($4, $5) AND ($6 = '' OR i.state = $6) AND i.due_at < $7 ORDER BY i.due_at, i.id LIMIT $8");
    /// The latest first.
    ENDED = concat!("SELECT ", issue_columns!(), issue_tables!(), " WHERE i.tenant_id = $1 AND NOT i.open AND ",
        in_reach!("$2", "$3", "i.tenant_id", "i.estate_id", "i.grid_id", "i.organisation_id"),
        " AND (i.ended_at, i.id) < ($4, $5) AND ($6 = '' OR i.state = $6) ORDER BY i.ended_at DESC, i.id DESC LIMIT $7");
    /// In the order in which they have changed, so that whoever follows misses nothing.
    CHANGED = concat!("SELECT ", issue_columns!(), issue_tables!(), " WHERE i.tenant_id = $1 AND (i.changed_at, i.id) > ($2, $3)
        AND (CAST($4 AS UUID) IS NULL OR i.estate_id = $4) AND ($5 = '' OR i.state = $5) AND ($6 = '' OR i.category = $6)
        ORDER BY i.changed_at, i.id LIMIT $7");
    /// Reported in a span, with a result that hangs on the board; the latest first.
    HANGING = concat!("SELECT ", issue_columns!(), issue_tables!(), " WHERE i.tenant_id = $1 AND i.reported_at >= $2 AND i.reported_at <= $3
        AND ($4 = '' OR $4 LIKE '%,' || i.category || ',%') AND (CAST($5 AS BOOLEAN) IS NULL OR i.open = $5)
        AND EXISTS (SELECT 1 FROM publications p WHERE p.tenant_id = i.tenant_id AND p.subject_id = i.id AND p.withdrawn_at IS NULL)
        ORDER BY i.reported_at DESC, i.id DESC LIMIT $6");
    /// Which rows of a batch hold three patterns.
    SEARCH = concat!("SELECT i.position FROM issues i WHERE i.tenant_id = $1 AND i.position IN ", in_batch!(), " AND ",
        in_reach!("$66", "$67", "i.tenant_id", "i.estate_id", "i.grid_id", "i.organisation_id"), " AND
          i.search_text LIKE $68 ESCAPE '\\' AND i.search_text LIKE $69 ESCAPE '\\' AND i.search_text LIKE $70 ESCAPE '\\'");
    SEARCH_UNINDEXED = concat!("SELECT i.position FROM issues i WHERE i.tenant_id = $1 AND NOT i.indexed AND i.position < $2 AND ",
        in_reach!("$4", "$5", "i.tenant_id", "i.estate_id", "i.grid_id", "i.organisation_id"), " AND
          i.search_text LIKE $6 ESCAPE '\\' AND i.search_text LIKE $7 ESCAPE '\\' AND i.search_text LIKE $8 ESCAPE '\\'
        ORDER BY i.position DESC LIMIT $3");
    FOUND = concat!("SELECT ", issue_columns!(), issue_tables!(), " WHERE i.tenant_id = $1 AND i.position IN ", in_batch!(),
        " ORDER BY i.position DESC");
    UNINDEXED_TENANTS = "SELECT DISTINCT tenant_id FROM issues WHERE NOT indexed LIMIT 100";
    /// Gives the text as it stands when the row is marked, so that a change meanwhile is not lost.
    TAKE_UNINDEXED = "UPDATE issues SET indexed = TRUE WHERE tenant_id = $1 AND position IN
        (SELECT position FROM issues WHERE tenant_id = $1 AND NOT indexed ORDER BY position LIMIT $2)
        RETURNING position, search_text";
    /// Of the open issues in each state: how many, how many of them late, how many about the management of property.
    COUNTS = concat!("SELECT i.state, COUNT(*) AS count, COUNT(*) FILTER (WHERE i.due_at < $2) AS late,
            COUNT(*) FILTER (WHERE i.category IN ", of_property!(), ") AS property
        FROM issues i WHERE i.tenant_id = $1 AND i.open AND ",
        in_reach!("$3", "$4", "i.tenant_id", "i.estate_id", "i.grid_id", "i.organisation_id"), " GROUP BY i.state");
    /// Open issues reported until a moment that may be near a place, the latest first: all, where no estate is named.
    EARLIER = concat!("SELECT ", issue_columns!(), issue_tables!(), " WHERE i.tenant_id = $1 AND i.open AND i.id <> $2
        AND (CAST($3 AS UUID) IS NULL OR i.estate_id IS NULL OR i.estate_id = $3) AND i.reported_at <= $4 AND ",
        in_reach!("$5", "$6", "i.tenant_id", "i.estate_id", "i.grid_id", "i.organisation_id"),
        " ORDER BY i.reported_at DESC, i.id DESC LIMIT 200");
    /// Issues of an estate that a meeting could help on, the most urgent first: all, or those that are the property company's.
    TO_DELIBERATE = concat!("SELECT ", issue_columns!(), issue_tables!(), " WHERE i.tenant_id = $1 AND i.open AND i.estate_id = $2
        AND i.state IN ('accepted', 'dispatched', 'suspended') AND (NOT $3 OR o.kind = 'property_company' OR i.category IN ", of_property!(), ")
        ORDER BY i.due_at, i.id LIMIT 30");
    /// Published issues that a grid worker may survey: not those in which this account took part as the handler.
    TO_SURVEY = concat!("SELECT ", issue_columns!(), issue_tables!(), " WHERE i.tenant_id = $1 AND i.open AND i.state = 'published' AND ",
        in_reach!("$2", "$3", "i.tenant_id", "i.estate_id", "i.grid_id", "i.organisation_id"),
        " AND NOT ", took_part!("$4"), " AND (i.due_at, i.id) > ($5, $6) ORDER BY i.due_at, i.id LIMIT $7");
    /// What waits for an account, the most urgent first, each with its duty. The scopes are those in which it decides
    /// ($2, $3), publishes and closes ($4, $5), surveys ($6, $7), takes note ($8, $9) and handles ($14, $15); $10 is the party
    /// for which it handles, $16 whether it takes note for a branch or only of what lies in no estate, $17 whether it leads what is with the community. The duties follow the states; where an issue is both late and the account's own to handle,
    /// it is to be handled.
    TASKS = concat!("SELECT ", issue_columns!(), ", CASE i.state WHEN 'submitted' THEN 'accept' WHEN 'accepted' THEN 'dispatch'
            WHEN 'done' THEN 'publish' WHEN 'published' THEN 'survey'
            WHEN 'surveyed' THEN CASE WHEN ", unreviewed!("i.id", "i.round"), " THEN 'acknowledge' ELSE 'close' END
            ELSE CASE WHEN i.state = 'dispatched' AND i.organisation_id = $10 THEN 'handle' WHEN ", asks_petition!(), " THEN 'decide_petition'
            WHEN i.state = 'suspended' THEN 'review' ELSE 'chase' END
            END AS duty", issue_tables!(), " WHERE i.tenant_id = $1 AND i.open AND (
          (i.state IN ('submitted', 'accepted') AND (i.level <> 'community' OR $17) AND ",
        in_reach!("$2", "$3", "i.tenant_id", "i.estate_id", "i.grid_id", "i.organisation_id"),
        ") OR (i.state IN ('dispatched', 'suspended', 'escalated') AND ((i.state = 'dispatched' AND i.organisation_id = $10 AND ",
        in_reach!("$14", "$15", "i.tenant_id", "i.estate_id", "i.grid_id", "i.organisation_id"),
        ") OR ((i.due_at < $11 OR ", asks_petition!(), ") AND (i.level <> 'community' OR $17) AND ",
        in_reach!("$2", "$3", "i.tenant_id", "i.estate_id", "i.grid_id", "i.organisation_id"),
        "))) OR (i.state IN ('done', 'surveyed') AND NOT ", unreviewed!("i.id", "i.round"), " AND NOT ", took_part!("$12"), " AND ",
        in_reach!("$4", "$5", "i.tenant_id", "i.estate_id", "i.grid_id", "i.organisation_id"),
        ") OR (i.state = 'published' AND NOT ", took_part!("$12"), " AND ",
        in_reach!("$6", "$7", "i.tenant_id", "i.estate_id", "i.grid_id", "i.organisation_id"),
        ") OR (i.state = 'surveyed' AND (i.estate_id IS NULL OR $16) AND ", unreviewed!("i.id", "i.round"), " AND ",
        in_reach!("$8", "$9", "i.tenant_id", "i.estate_id", "i.grid_id", "i.organisation_id"),
        ")) ORDER BY i.due_at, i.id LIMIT $13");
    /// Issues closed since a moment of which nobody has taken note in their last round, the oldest first: all, or only those
    /// that lie in no estate.
    TO_ACKNOWLEDGE = concat!("SELECT ", issue_columns!(), ", 'acknowledge' AS duty", issue_tables!(),
        " WHERE i.tenant_id = $1 AND NOT i.open AND i.state = 'closed' AND i.ended_at > $4
          AND (i.estate_id IS NULL OR $6) AND ",
        in_reach!("$2", "$3", "i.tenant_id", "i.estate_id", "i.grid_id", "i.organisation_id"),
        " AND NOT EXISTS (SELECT 1 FROM issue_events v WHERE v.tenant_id = i.tenant_id AND v.issue_id = i.id
            AND v.round = i.round AND v.kind = 'acknowledged') ORDER BY i.ended_at, i.id LIMIT $5");
    /// What a step changes. Nothing is changed if somebody else was first, and the database refuses a move that is not in its table.
    ADVANCE = "UPDATE issues SET state = $4, open = $5, since = $6, due_at = $7, ended_at = $8, round = $9,
            organisation_id = $10, tier = $11, remedy = $12, category = $13, summary = $14,
            indexed = indexed AND search_text = $15, search_text = $15, merged_into = $16, lock_version = lock_version + 1,
            move = state || '>' || $17 || '>' || $4, remaining_minutes = $18, remind_at = $19, changed_at = $20, level = $21
        WHERE tenant_id = $1 AND id = $2 AND lock_version = $3";
    ADD_EVENT = "INSERT INTO issue_events (tenant_id, id, issue_id, position, round, kind, at, due_at, account_id, role, organisation_id, note, internal_note)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
    EVENTS = "SELECT v.id, v.position, v.round, v.kind, v.at, v.due_at, v.account_id, v.role, v.note, v.internal_note,
            o.name AS organisation_name, o.kind AS organisation_kind, a.name AS account_name
        FROM issue_events v
        LEFT JOIN organisations o ON o.tenant_id = v.tenant_id AND o.id = v.organisation_id
        LEFT JOIN accounts a ON a.tenant_id = v.tenant_id AND a.id = v.account_id
        WHERE v.tenant_id = $1 AND v.issue_id = $2 ORDER BY v.position";
    LAST_TAKEN = "SELECT MAX(at) AS at FROM issue_events WHERE tenant_id = $1 AND issue_id = $2 AND kind = $3 AND round = $4";
    LAST_EVENT = "SELECT v.kind, v.at, v.role FROM issue_events v WHERE v.tenant_id = $1 AND v.issue_id = $2
        ORDER BY v.position DESC LIMIT 1";
    FOLLOW = "UPDATE issues SET merged_into = $3, changed_at = $4 WHERE tenant_id = $1 AND merged_into = $2";
    JOINED = "SELECT COUNT(*) AS count FROM issues WHERE tenant_id = $1 AND merged_into = $2";
    /// Whoever reported the same twice is one, as far as their phone tells.
    REPORTERS = "SELECT COUNT(DISTINCT p.phone_fingerprint) + COUNT(CASE WHEN p.phone_fingerprint IS NULL THEN 1 END) AS count FROM (
        SELECT phone_fingerprint FROM issues WHERE tenant_id = $1 AND id = $2
        UNION ALL SELECT phone_fingerprint FROM issues WHERE tenant_id = $1 AND merged_into = $2) AS p";
    REACHABLE = "SELECT COUNT(*) AS count FROM issues WHERE tenant_id = $1 AND merged_into = $2 AND reporter_sealed IS NOT NULL";
    HOLD = "UPDATE issues SET state = state WHERE tenant_id = $1 AND id = $2";
    HOLD_OPEN = "UPDATE issues SET state = state WHERE tenant_id = $1 AND id = $2 AND open";
    /// (The sum keeps SQLite from going by the times.)
    REPORTS = "SELECT id, number, place_text, reported_at FROM issues WHERE tenant_id = $1 AND merged_into = $2 ORDER BY reported_at + 0, id LIMIT 100";
    /// Days, by the clock of Shanghai, on which a step was taken in a round.
    DAYS_OF_STEP = "SELECT COUNT(DISTINCT (at + 28800000) / 86400000) AS count FROM issue_events
        WHERE tenant_id = $1 AND issue_id = $2 AND round = $3 AND kind = $4";
    ADD_PHOTO = "INSERT INTO issue_photos (tenant_id, event_id, photo_id, issue_id, position) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (tenant_id, event_id, photo_id) DO NOTHING";
    PHOTOS = "SELECT event_id, photo_id FROM issue_photos WHERE tenant_id = $1 AND issue_id = $2 ORDER BY event_id, position";
    HAS_PHOTO = "SELECT COUNT(*) AS count FROM issue_photos WHERE tenant_id = $1 AND issue_id = $2 AND photo_id = $3";
    /// A neighbour was not satisfied in this round, and the branch has not looked at it since.
    UNREVIEWED = concat!("SELECT COUNT(*) AS count FROM issues i WHERE i.tenant_id = $1 AND i.id = $2 AND ", unreviewed!("i.id", "$3"));
    ANSWERED = "SELECT COUNT(*) AS count FROM surveys s JOIN issues r ON r.tenant_id = s.tenant_id AND r.id = COALESCE(s.report_id, s.issue_id)
        WHERE s.tenant_id = $1 AND s.issue_id = $2 AND s.round = $3 AND s.respondent = $4 AND s.channel = $5
            AND (r.id = $6 OR r.phone_fingerprint = (SELECT o.phone_fingerprint FROM issues o WHERE o.tenant_id = $1 AND o.id = $6))";
    TOOK_PART = concat!("SELECT COUNT(*) AS count FROM issues i WHERE i.tenant_id = $1 AND i.id = $2 AND ", took_part!("$3"));
    ADD_PETITION = "INSERT INTO petitions (tenant_id, id, issue_id, round, kind, until, reason, requested_by, requested_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    PENDING_PETITION = "SELECT id, kind, until, reason, requested_at, requested_by FROM petitions
        WHERE tenant_id = $1 AND issue_id = $2 AND decided_at IS NULL";
    DECIDE_PETITION = "UPDATE petitions SET decided_by = $3, decided_at = $4, granted = $5, decision = $6
        WHERE tenant_id = $1 AND id = $2 AND decided_at IS NULL";
    DROP_PETITIONS = "UPDATE petitions SET decided_at = $3, granted = FALSE, decision = $4
        WHERE tenant_id = $1 AND issue_id = $2 AND decided_at IS NULL";
    /// Whoever has the issue now has been told that it is theirs.
    REFUSED_DISPUTES = "SELECT COUNT(*) AS count FROM petitions WHERE tenant_id = $1 AND issue_id = $2 AND kind = 'dispute'
        AND decided_at >= $3 AND NOT granted";
    ADD_SURVEY = "INSERT INTO surveys (tenant_id, id, issue_id, round, respondent, channel, surveyor_id, score, solved, comment, at, report_id)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    SURVEYS = "SELECT s.round, s.respondent, s.channel, s.score, s.solved, s.comment, s.at, r.number AS report_number
        FROM surveys s LEFT JOIN issues r ON r.tenant_id = s.tenant_id AND r.id = s.report_id
        WHERE s.tenant_id = $1 AND s.issue_id = $2 ORDER BY s.at, s.id";
    ADD_RATING_LINK = "INSERT INTO rating_links (tenant_id, id, issue_id, secret_hash, created_at) VALUES ($1, $2, $3, $4, $5)";
    VOID_RATING_LINKS = "UPDATE rating_links SET used_at = $3 WHERE tenant_id = $1 AND issue_id = $2 AND used_at IS NULL";
    RATING_LINK = "SELECT issue_id, secret_hash, used_at FROM rating_links WHERE tenant_id = $1 AND id = $2";
    USE_RATING_LINK = "UPDATE rating_links SET used_at = $3 WHERE tenant_id = $1 AND id = $2 AND used_at IS NULL";
}

record! {
    #[derive(Debug, Clone)]
    pub struct Issue {
        pub id: Uuid, pub number: String, pub receipt_code: String, pub source: Source, pub category: Category,
        pub tier: Option<Tier>, pub remedy: Option<Remedy>, pub state: State, pub summary: Option<String>,
        pub description: String, pub estate_id: Option<Uuid>, pub building_id: Option<Uuid>, pub unit_id: Option<Uuid>,
        pub grid_id: Option<Uuid>, pub place_text: String, pub reporter_sealed: Option<Vec<u8>>,
        pub organisation_id: Option<Uuid>, pub since: Timestamp, pub due_at: Timestamp, pub merged_into: Option<Uuid>,
        pub round: i64, pub reported_at: Timestamp, pub ended_at: Option<Timestamp>, pub remaining_minutes: Option<i64>, pub remind_at: Option<Timestamp>, pub lock_version: i64,
        pub changed_at: Timestamp, pub deadline_at: Option<Timestamp>, pub level: Level, pub estate_name: Option<String>, pub building_name: Option<String>, pub unit_key: Option<String>,
        pub organisation_name: Option<String>, pub organisation_kind: Option<OrganisationKind>,
    }
    #[derive(Debug, Clone)]
    pub struct Event {
        pub id: Uuid, pub position: i64, pub round: i64, pub kind: Step, pub at: Timestamp, pub due_at: Option<Timestamp>,
        pub account_id: Option<Uuid>, pub role: Role, pub note: String, pub internal_note: String,
        pub organisation_name: Option<String>, pub organisation_kind: Option<OrganisationKind>, pub account_name: Option<String>,
    }
    pub(super) struct LastEvent { pub kind: Step, pub at: Timestamp, pub role: Role }
    #[derive(Debug, Clone, Copy)]
    pub struct EventPhoto { pub event_id: Uuid, pub photo_id: Uuid }
    #[derive(Debug, Clone)]
    pub struct Asked {
        pub id: Uuid, pub kind: Petition, pub until: Option<Timestamp>, pub reason: String, pub requested_at: Timestamp, pub requested_by: Uuid,
    }
    #[derive(Debug, Clone)]
    pub struct Survey {
        pub round: i64, pub respondent: Respondent, pub channel: Channel, pub score: i64, pub solved: Solved,
        pub comment: String, pub at: Timestamp, pub report_number: Option<String>,
    }
    /// One of the reports that were joined to an issue.
    #[derive(Debug, Clone)]
    pub struct Joined { pub id: Uuid, pub number: String, pub place_text: String, pub reported_at: Timestamp }
    #[derive(Debug, Clone)]
    pub struct StateCount { pub state: State, pub count: i64, pub late: i64, pub property: i64 }
    pub(super) struct Count { pub count: i64 }
    pub(super) struct Moment { pub at: Option<Timestamp> }
    pub(super) struct Receipt { pub tenant_id: Uuid, pub issue_id: Uuid }
    pub(super) struct RatingLink { pub issue_id: Uuid, pub secret_hash: Vec<u8>, pub used_at: Option<Timestamp> }
}

/// An issue, and what it asks of the account that looked.
pub(super) struct Task {
    pub issue: Issue,
    pub duty: Duty,
}

impl db::Record for Task {
    fn from_row(row: &db::Row) -> db::Result<Task> {
        Ok(Task { issue: Issue::from_row(row)?, duty: row.get("duty")? })
    }
}

impl Issue {
    /// When a step is due: not after the deadline that came with the issue, until its first result.
    pub(super) fn due(&self, due: Timestamp) -> Timestamp {
        self.due_in(self.state, due)
    }

    /// The same of a state to which it is about to come.
    pub(super) fn due_in(&self, state: State, due: Timestamp) -> Timestamp {
        let bound = self.round == 1 && matches!(state, State::Submitted | State::Accepted | State::Dispatched);
        self.deadline_at.filter(|_| bound).map_or(due, |deadline| due.min(deadline))
    }

    /// `王府名苑小区 3号楼 2单元`, never a room.
    pub fn place(&self) -> String {
        let unit = self.unit_key.as_ref().filter(|key| !key.is_empty()).map(|key| format!("{key}单元"));
        let parts: Vec<&str> =
            [&self.estate_name, &self.building_name, &unit].into_iter().flatten().map(String::as_str).collect();
        if parts.is_empty() { "本社区".to_owned() } else { parts.join(" ") }
    }

    /// Public words: those that staff wrote, and until then only the category and the place.
    pub fn title(&self) -> String {
        self.summary.clone().unwrap_or_else(|| format!("{}问题（{}）", self.category, self.place()))
    }
}

/// Which issues a list shows.
#[derive(Debug, Clone)]
pub struct Filter {
    pub scope: Scope,
    pub state: Option<State>,
    /// Only those due before this moment.
    pub due_before: Option<Timestamp>,
}

/// Which issues another program follows.
#[derive(Debug, Clone, Default)]
pub struct Followed {
    pub estate: Option<Uuid>,
    pub state: Option<State>,
    pub category: Option<Category>,
}

/// Issues in the order in which they have changed.
pub async fn changed(
    tx: &mut Tx,
    tenant: Uuid,
    followed: &Followed,
    after: Cursor,
    size: usize,
) -> Result<Page<Issue>> {
    let query = CHANGED.bind(tenant).bind(after.key).bind(after.id).bind(followed.estate);
    let query = query.bind(followed.state.map_or("", State::code)).bind(followed.category.map_or("", Category::code));
    let issues: Vec<Issue> = tx.all(query.bind(size as i64 + 1)).await?;
    Ok(Page::of(issues, size, |issue| Cursor { key: issue.changed_at.as_millisecond(), id: issue.id }))
}

/// Issues that were reported in a span and whose result hangs on the board, the latest first: of some categories or of all, open or
/// ended or both.
pub async fn hanging(
    tx: &mut Tx,
    tenant: Uuid,
    (start, end): (Timestamp, Timestamp),
    categories: &[&str],
    open: Option<bool>,
    most: i64,
) -> Result<Vec<Issue>> {
    let codes = if categories.is_empty() { String::new() } else { format!(",{},", categories.join(",")) };
    Ok(tx.all(HANGING.bind(tenant).bind(start).bind(end).bind(codes).bind(open).bind(most)).await?)
}

pub async fn issue(tx: &mut Tx, tenant: Uuid, id: Uuid) -> Result<Issue> {
    Ok(tx.one(GET.bind(tenant).bind(id)).await?)
}

pub async fn issue_in_scope(tx: &mut Tx, tenant: Uuid, id: Uuid, scope: Scope) -> Result<Issue> {
    Ok(tx.one(GET_IN_SCOPE.bind(tenant).bind(id).bind(scope.account).bind(scope.roles)).await?)
}

pub async fn issue_by_number(tx: &mut Tx, tenant: Uuid, number: &str, scope: Scope) -> Result<Option<Issue>> {
    Ok(tx.optional(BY_NUMBER.bind(tenant).bind(number).bind(scope.account).bind(scope.roles)).await?)
}

/// The issue whose number or receipt code somebody reads off a slip of paper: `SSYS-20261123-0001`, `1123-0001` of this
/// year, or twelve letters in groups.
pub(super) async fn issue_by_what_is_on_paper(
    tx: &mut Tx,
    tenant: Uuid,
    text: &str,
    now: Timestamp,
    scope: Scope,
) -> Result<Option<Issue>> {
    let text = codes::text::half_width(text).trim().to_uppercase();
    let number = text.strip_prefix("SSYS-").unwrap_or(&text);
    if let Some((day, sequence)) = number.split_once('-') {
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        if matches!(day.len(), 4 | 8) && digits(day) && digits(sequence) {
            let year = now.to_zoned_datetime(calendar::shanghai()).year();
            let day = if day.len() == 4 { format!("{year}{day}") } else { day.to_owned() };
            return issue_by_number(tx, tenant, &format!("SSYS-{day}-{sequence:0>4}"), scope).await;
        }
    }
    let code: String = text.chars().filter(char::is_ascii_alphanumeric).collect();
    if code.len() != 12 {
        return Ok(None);
    }
    let receipt: Option<Receipt> = tx.optional(RECEIPT_CODE.bind(&code)).await?;
    let Some(receipt) = receipt.filter(|receipt| receipt.tenant_id == tenant) else { return Ok(None) };
    let found = GET_IN_SCOPE.bind(tenant).bind(receipt.issue_id).bind(scope.account).bind(scope.roles);
    Ok(tx.optional(found).await?)
}

/// The issue behind a receipt code, with its tenant.
pub async fn issue_by_code(tx: &mut Tx, code: &str) -> Result<(Uuid, Issue)> {
    let receipt: Receipt = tx.one(RECEIPT_CODE.bind(code)).await?;
    Ok((receipt.tenant_id, issue(tx, receipt.tenant_id, receipt.issue_id).await?))
}

pub async fn open_issues(
    tx: &mut Tx,
    tenant: Uuid,
    filter: &Filter,
    after: Cursor,
    size: usize,
) -> Result<Page<Issue>> {
    let query =
        OPEN.bind(tenant).bind(filter.scope.account).bind(filter.scope.roles.as_str()).bind(after.key).bind(after.id);
    let due_before = filter.due_before.map_or(i64::MAX, Timestamp::as_millisecond);
    let query = query.bind(filter.state.map_or("", State::code)).bind(due_before);
    let issues: Vec<Issue> = tx.all(query.bind(size as i64 + 1)).await?;
    Ok(Page::of(issues, size, |issue| Cursor { key: issue.due_at.as_millisecond(), id: issue.id }))
}

pub async fn ended_issues(
    tx: &mut Tx,
    tenant: Uuid,
    filter: &Filter,
    before: Cursor,
    size: usize,
) -> Result<Page<Issue>> {
    let query = ENDED
        .bind(tenant)
        .bind(filter.scope.account)
        .bind(filter.scope.roles.as_str())
        .bind(before.key)
        .bind(before.id);
    let query = query.bind(filter.state.map_or("", State::code));
    let issues: Vec<Issue> = tx.all(query.bind(size as i64 + 1)).await?;
    Ok(Page::of(issues, size, |issue| Cursor {
        key: issue.ended_at.map_or(0, Timestamp::as_millisecond),
        id: issue.id,
    }))
}

/// Issues that hold all the terms, open or not, the latest first, and the position before which the next page begins.
pub(super) async fn search(
    tx: &mut Tx,
    tenant: Uuid,
    scope: &Scope,
    terms: &Terms,
    before: i64,
    size: usize,
) -> Result<(Vec<Issue>, Option<i64>)> {
    let conditions = |query: Query| {
        let query = query.bind(scope.account).bind(scope.roles.as_str());
        terms.patterns().into_iter().fold(query, Query::bind)
    };
    let among = |batch: &[i64]| conditions(search::in_batch(SEARCH, tenant, batch));
    let unindexed = |before, most| conditions(SEARCH_UNINDEXED.bind(tenant).bind(before).bind(most));
    let hits = search::page(tx, (tenant, search::Kind::Issue, terms), among, unindexed, before, size).await?;
    Ok((tx.all(search::in_batch(FOUND, tenant, &hits.positions)).await?, hits.next))
}

/// The tenants that have issues of which the search does not know yet; at most 100.
pub async fn unindexed_tenants(tx: &mut Tx) -> Result<Vec<Uuid>> {
    search::tenants(tx, UNINDEXED_TENANTS).await
}

/// Lets the search know of some more issues, and tells of how many.
pub async fn index(tx: &mut Tx, tenant: Uuid, most: i64) -> Result<usize> {
    search::index(tx, tenant, search::Kind::Issue, TAKE_UNINDEXED, most).await
}

pub async fn counts(tx: &mut Tx, tenant: Uuid, now: Timestamp, scope: Scope) -> Result<Vec<StateCount>> {
    Ok(tx.all(COUNTS.bind(tenant).bind(now).bind(scope.account).bind(scope.roles)).await?)
}

/// Open issues with which an issue could be joined, the latest first; at most 200.
pub(super) async fn earlier(tx: &mut Tx, tenant: Uuid, issue: &Issue, scope: Scope) -> Result<Vec<Issue>> {
    let query = EARLIER.bind(tenant).bind(issue.id).bind(issue.estate_id).bind(issue.reported_at);
    Ok(tx.all(query.bind(scope.account).bind(scope.roles)).await?)
}

/// Issues of an estate that a meeting could talk about; at most 30.
pub async fn to_deliberate(tx: &mut Tx, tenant: Uuid, estate: Uuid, of_property: bool) -> Result<Vec<Issue>> {
    Ok(tx.all(TO_DELIBERATE.bind(tenant).bind(estate).bind(of_property)).await?)
}

/// What waits for somebody, the most urgent first.
pub(super) async fn tasks(tx: &mut Tx, viewer: &Viewer, now: Timestamp, size: usize) -> Result<Vec<Task>> {
    let mut query = TASKS.bind(viewer.tenant);
    for permission in
        [Permission::IssueDecide, Permission::IssueClose, Permission::IssueSurvey, Permission::IssueAcknowledge]
    {
        let scope = viewer.scope(permission);
        query = query.bind(scope.account).bind(scope.roles);
    }
    let party = viewer.may(Permission::IssueHandle).then_some(viewer.organisation);
    let handles = viewer.scope(Permission::IssueHandle);
    let query = query.bind(party).bind(now).bind(viewer.account).bind(size as i64);
    Ok(tx
        .all(
            query
                .bind(handles.account)
                .bind(handles.roles)
                .bind(of_branch(viewer))
                .bind(level::leads_community(viewer)),
        )
        .await?)
}

/// Issues that were closed after `since` and wait for somebody to take note.
pub(super) async fn to_acknowledge(tx: &mut Tx, viewer: &Viewer, since: Timestamp, size: usize) -> Result<Vec<Task>> {
    let scope = viewer.scope(Permission::IssueAcknowledge);
    let query = TO_ACKNOWLEDGE.bind(viewer.tenant).bind(scope.account).bind(scope.roles).bind(since);
    Ok(tx.all(query.bind(size as i64).bind(of_branch(viewer))).await?)
}

/// Whether somebody takes note for a branch, or only of what lies in no estate.
pub(super) fn of_branch(viewer: &Viewer) -> bool {
    viewer.grants.iter().any(|grant| grant.role == Role::BranchSecretary)
}

pub async fn to_survey(
    tx: &mut Tx,
    tenant: Uuid,
    account: Uuid,
    scope: Scope,
    after: Cursor,
    size: usize,
) -> Result<Page<Issue>> {
    let query =
        TO_SURVEY.bind(tenant).bind(scope.account).bind(scope.roles).bind(account).bind(after.key).bind(after.id);
    let issues: Vec<Issue> = tx.all(query.bind(size as i64 + 1)).await?;
    Ok(Page::of(issues, size, |issue| Cursor { key: issue.due_at.as_millisecond(), id: issue.id }))
}

pub async fn events(tx: &mut Tx, tenant: Uuid, id: Uuid) -> Result<Vec<Event>> {
    Ok(tx.all(EVENTS.bind(tenant).bind(id)).await?)
}

pub async fn photos(tx: &mut Tx, tenant: Uuid, id: Uuid) -> Result<Vec<EventPhoto>> {
    Ok(tx.all(PHOTOS.bind(tenant).bind(id)).await?)
}

pub async fn has_photo(tx: &mut Tx, tenant: Uuid, id: Uuid, photo: Uuid) -> Result<bool> {
    Ok(tx.one::<Count>(HAS_PHOTO.bind(tenant).bind(id).bind(photo)).await?.count > 0)
}

pub async fn surveys(tx: &mut Tx, tenant: Uuid, id: Uuid) -> Result<Vec<Survey>> {
    Ok(tx.all(SURVEYS.bind(tenant).bind(id)).await?)
}

/// What the handler has asked for and nobody has decided.
pub async fn pending_petition(tx: &mut Tx, tenant: Uuid, id: Uuid) -> Result<Option<Asked>> {
    Ok(tx.optional(PENDING_PETITION.bind(tenant).bind(id)).await?)
}

/// Whether the party that has an issue now has been told that it is theirs.
pub(super) async fn refused_dispute(tx: &mut Tx, tenant: Uuid, issue: &Issue) -> Result<bool> {
    let refused: Count = tx.one(REFUSED_DISPUTES.bind(tenant).bind(issue.id).bind(issue.since)).await?;
    Ok(refused.count > 0)
}

/// On how many days a step was taken in a round.
pub(super) async fn days_of_step(tx: &mut Tx, tenant: Uuid, issue: &Issue, step: Step) -> Result<i64> {
    Ok(tx.one::<Count>(DAYS_OF_STEP.bind(tenant).bind(issue.id).bind(issue.round).bind(step)).await?.count)
}

/// When a step was taken last in this round.
pub(super) async fn last_taken(tx: &mut Tx, tenant: Uuid, issue: &Issue, step: Step) -> Result<Option<Timestamp>> {
    Ok(tx.one::<Moment>(LAST_TAKEN.bind(tenant).bind(issue.id).bind(step).bind(issue.round)).await?.at)
}

/// How many issues were joined to this one.
pub(super) async fn joined(tx: &mut Tx, tenant: Uuid, id: Uuid) -> Result<i64> {
    Ok(tx.one::<Count>(JOINED.bind(tenant).bind(id)).await?.count)
}

/// How many people reported an issue, with those whose reports were joined to it.
pub(super) async fn reporters(tx: &mut Tx, tenant: Uuid, id: Uuid) -> Result<i64> {
    Ok(tx.one::<Count>(REPORTERS.bind(tenant).bind(id)).await?.count)
}

/// Whether anybody who reported an issue, or the same, can be reached.
pub(super) async fn can_be_reached(tx: &mut Tx, tenant: Uuid, issue: &Issue) -> Result<bool> {
    Ok(issue.reporter_sealed.is_some() || tx.one::<Count>(REACHABLE.bind(tenant).bind(issue.id)).await?.count > 0)
}

/// The reports of others that were joined to this one, the first first; at most a hundred.
pub async fn reports(tx: &mut Tx, tenant: Uuid, id: Uuid) -> Result<Vec<Joined>> {
    Ok(tx.all(REPORTS.bind(tenant).bind(id)).await?)
}

/// Whether a neighbour's bad answer still waits for the branch.
pub(super) async fn unreviewed(tx: &mut Tx, tenant: Uuid, issue: &Issue) -> Result<bool> {
    Ok(tx.one::<Count>(UNREVIEWED.bind(tenant).bind(issue.id).bind(issue.round)).await?.count > 0)
}

/// How often whoever made a report, the issue's own or one that was joined to it, has answered in this round in this way; of neighbours,
/// how many.
pub(super) async fn answers(
    tx: &mut Tx,
    tenant: Uuid,
    issue: &Issue,
    respondent: Respondent,
    channel: Channel,
    report: Uuid,
) -> Result<i64> {
    let query = ANSWERED.bind(tenant).bind(issue.id).bind(issue.round).bind(respondent).bind(channel);
    Ok(tx.one::<Count>(query.bind(report)).await?.count)
}

/// Whether an account worked on an issue as its handler, in whichever round.
pub async fn took_part(tx: &mut Tx, tenant: Uuid, id: Uuid, account: Uuid) -> Result<bool> {
    Ok(tx.one::<Count>(TOOK_PART.bind(tenant).bind(id).bind(account)).await?.count > 0)
}

/// The issue that a reporter's link is for, and whether it has been used.
pub async fn rating_link(tx: &mut Tx, link: &Link) -> Result<(Uuid, bool)> {
    let row: Option<RatingLink> = tx.optional(RATING_LINK.bind(link.tenant).bind(link.id)).await?;
    let row = row.filter(|row| link.matches(&row.secret_hash)).ok_or(crate::error::Error::NotFound)?;
    Ok((row.issue_id, row.used_at.is_some()))
}
