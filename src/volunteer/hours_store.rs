use std::collections::HashMap;

use db::{Cursor, Page, Tx, record, statements};
use jiff::Timestamp;
use uuid::Uuid;

use super::activity_model::Span;
use super::hours_model::{Kind, Stage, in_words};
use crate::access::Scope;
use crate::error::Result;
use crate::in_reach;

macro_rules! records {
    ($where:expr) => {
        concat!(
            "SELECT r.id, r.volunteer_id, v.name, r.team_id, t.name AS team_name, r.activity_id, r.noted_from, r.kind, r.title, r.state, r.version, r.minutes,
                r.counts_from, r.counts_until, r.on_day, r.confirmed_by, c.name AS confirmed_by_account, w.name AS confirmed_by_leader, r.confirmed_at,
                p.name AS approved_by_account, r.approved_at, r.over_day_why, r.books_at, r.objection_sealed, r.objected_at, r.answer, r.answered_at,
                r.refused_why, r.contested_until, r.created_at, r.lock_version
            FROM volunteer_records r JOIN volunteers v ON v.tenant_id = r.tenant_id AND v.id = r.volunteer_id
            JOIN volunteer_teams t ON t.tenant_id = r.tenant_id AND t.id = r.team_id
            LEFT JOIN volunteer_activities a ON a.tenant_id = r.tenant_id AND a.id = r.activity_id
            LEFT JOIN accounts c ON c.tenant_id = r.tenant_id AND c.id = r.confirmed_by
            LEFT JOIN volunteers w ON w.tenant_id = r.tenant_id AND w.id = r.confirmed_by_volunteer
            LEFT JOIN accounts p ON p.tenant_id = r.tenant_id AND p.id = r.approved_by
            WHERE r.tenant_id = $1 AND ",
            $where
        )
    };
}

/// Bound to $2 and $3: of an activity in an estate within reach, or of a team that serves one.
macro_rules! in_reach_of_record {
    () => {
        concat!(
            "(",
            in_reach!("$2", "$3", "r.tenant_id", "a.estate_id", "NULL", "NULL"),
            " OR EXISTS (SELECT 1 FROM volunteer_team_estates s WHERE s.tenant_id = r.tenant_id AND s.team_id = r.team_id AND ",
            in_reach!("$2", "$3", "s.tenant_id", "s.estate_id", "NULL", "NULL"),
            "))"
        )
    };
}
pub(super) use in_reach_of_record;

statements! {
    ADD_VERSION = "INSERT INTO volunteer_record_versions (tenant_id, record_id, number, volunteer_id, came_at, left_at, counts_from, counts_until, breaks,
            minutes, left_said, replaces, replaces_minutes, why, made_by, made_by_volunteer, made_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)";
    ADD = "INSERT INTO volunteer_records (tenant_id, id, volunteer_id, team_id, activity_id, kind, title, state, version, minutes, counts_from,
            counts_until, on_day, confirmed_by, confirmed_by_volunteer, confirmed_at, created_at, lock_version, move, noted_from)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1, $9, $10, $11, $12, $13, $14, $15, $16, 1, $17, $18)";
    /// To which of their teams it belongs what somebody does for children.
    TEAM_FOR_CHILDREN = "SELECT m.team_id AS id FROM volunteer_memberships m WHERE m.tenant_id = $1 AND m.volunteer_id = $2 AND m.left_on IS NULL
        ORDER BY CASE WHEN EXISTS (SELECT 1 FROM volunteer_team_groups g WHERE g.tenant_id = m.tenant_id AND g.team_id = m.team_id AND g.target = 'children')
            THEN 0 ELSE 1 END, m.joined_on, m.id LIMIT 1";
    CONFIRM = "UPDATE volunteer_records SET state = $4, move = $5, confirmed_by = $6, confirmed_by_volunteer = $7, confirmed_at = $8,
            lock_version = lock_version + 1 WHERE tenant_id = $1 AND id = $2 AND lock_version = $3";
    APPROVE = "UPDATE volunteer_records SET state = $4, move = $5, approved_by = $6, approved_at = $7, books_at = $8, over_day_why = $9,
            lock_version = lock_version + 1 WHERE tenant_id = $1 AND id = $2 AND lock_version = $3";
    REFUSE = "UPDATE volunteer_records SET state = $4, move = $5, refused_why = $6, contested_until = $7, lock_version = lock_version + 1
        WHERE tenant_id = $1 AND id = $2 AND lock_version = $3";
    OBJECT = "UPDATE volunteer_records SET state = $4, move = $5, objection_sealed = $6, objected_at = $7, answer = NULL, answered_by = NULL, answered_at = NULL,
            lock_version = lock_version + 1 WHERE tenant_id = $1 AND id = $2 AND lock_version = $3";
    ANSWER = "UPDATE volunteer_records SET state = $4, move = $5, answer = $6, answered_by = $7, answered_at = $8, lock_version = lock_version + 1
        WHERE tenant_id = $1 AND id = $2 AND lock_version = $3";
    /// Another version holds; it has to be approved anew, by somebody else, and can be objected to like the first. What somebody has said against
    /// the one before stays for whoever approves to read.
    CORRECT = "UPDATE volunteer_records SET state = $4, move = $5, version = $6, minutes = $7, counts_from = $8, counts_until = $9, on_day = $10,
            confirmed_by = $11, confirmed_by_volunteer = NULL, confirmed_at = $12, approved_by = NULL, approved_at = NULL, books_at = NULL,
            over_day_why = NULL, refused_why = NULL, contested_until = NULL, answer = NULL, answered_by = NULL, answered_at = NULL, lock_version = lock_version + 1
        WHERE tenant_id = $1 AND id = $2 AND lock_version = $3";
    /// What somebody has said and was told goes with them; what they have served stays.
    FORGET_WORDS = "UPDATE volunteer_records SET objection_sealed = NULL, answer = NULL, refused_why = NULL WHERE tenant_id = $1 AND volunteer_id = $2";
    GET = records!("r.id = $2");
    GET_IN_REACH = records!(concat!("r.id = $4 AND ", in_reach_of_record!()));
    /// Of an activity, by name.
    OF_ACTIVITY = records!("r.activity_id = $2 ORDER BY v.name, r.id LIMIT 500");
    OF_VOLUNTEER = records!("r.volunteer_id = $2 AND (r.counts_from, r.id) < ($3, $4) ORDER BY r.counts_from DESC, r.id DESC LIMIT $5");
    LIST = records!(concat!("r.state = $4 AND (r.counts_from, r.id) < ($5, $6) AND ", in_reach_of_record!(), " ORDER BY r.counts_from DESC, r.id DESC LIMIT $7"));
    /// What those in the teams that somebody leads have entered, but for what they have entered themselves.
    TO_CONFIRM = records!("r.team_id IN (SELECT m.team_id FROM volunteer_memberships m WHERE m.tenant_id = $1 AND m.volunteer_id = $2 AND m.left_on IS NULL
            AND m.post <> 'member')
        AND r.state = 'submitted' AND r.volunteer_id <> $2 ORDER BY r.counts_from, r.id LIMIT 100");
    VERSIONS = "SELECT x.number, x.came_at, x.left_at, x.counts_from, x.counts_until, x.breaks, x.minutes, x.left_said, x.why, a.name AS made_by_account,
            v.name AS made_by_leader, x.made_at
        FROM volunteer_record_versions x LEFT JOIN accounts a ON a.tenant_id = x.tenant_id AND a.id = x.made_by
        LEFT JOIN volunteers v ON v.tenant_id = x.tenant_id AND v.id = x.made_by_volunteer
        WHERE x.tenant_id = $1 AND x.record_id = $2 ORDER BY x.number DESC LIMIT 100";
    /// Another record of somebody at the same time. What was refused leaves the time free, and does so while that is contested.
    OVERLAPPING = "SELECT r.title, r.counts_from, r.counts_until FROM volunteer_records r WHERE r.tenant_id = $1 AND r.volunteer_id = $2 AND r.id <> $3
        AND r.state <> 'refused' AND NOT (r.state = 'objected' AND r.approved_at IS NULL) AND r.counts_from < r.counts_until AND r.counts_from < $5 AND r.counts_until > $4 ORDER BY r.counts_from LIMIT 1";
    /// What somebody has of a day that is approved, but for one record.
    OF_DAY = "SELECT CAST(COALESCE(SUM(r.minutes), 0) AS BIGINT) AS minutes FROM volunteer_records r WHERE r.tenant_id = $1 AND r.volunteer_id = $2
        AND r.on_day = $3 AND r.id <> $4 AND r.kind = 'service' AND r.state IN ('approved', 'objected') AND r.approved_at IS NOT NULL";
    /// What of somebody is in the ledger at a moment, and how many times. What was corrected to nothing is no service.
    BOOKED = "SELECT r.kind, CAST(SUM(r.minutes) AS BIGINT) AS minutes, COUNT(*) AS times FROM volunteer_records r
        WHERE r.tenant_id = $1 AND r.volunteer_id = $2 AND r.state = 'approved' AND r.books_at <= $3 AND r.minutes > 0 GROUP BY r.kind";
    /// What of everybody is in the ledger, for lists of everybody.
    TOTALS = "SELECT r.volunteer_id, CAST(SUM(r.minutes) AS BIGINT) AS minutes FROM volunteer_records r
        WHERE r.tenant_id = $1 AND r.state = 'approved' AND r.books_at <= $2 AND r.kind = 'service' GROUP BY r.volunteer_id";
    UNDER_WAY = "SELECT CAST(COALESCE(SUM(r.minutes), 0) AS BIGINT) AS minutes FROM volunteer_records r WHERE r.tenant_id = $1 AND r.volunteer_id = $2
        AND r.state <> 'refused' AND NOT (r.state = 'approved' AND r.books_at <= $3)";
    /// What of an activity is approved, for everybody to read, without a name.
    OF_ALL = "SELECT COUNT(*) AS people, CAST(COALESCE(SUM(r.minutes), 0) AS BIGINT) AS minutes, MAX(r.books_at) AS books_at FROM volunteer_records r
        WHERE r.tenant_id = $1 AND r.activity_id = $2 AND r.state IN ('approved', 'objected') AND r.approved_at IS NOT NULL AND r.minutes > 0";
    RECORDED = "SELECT COUNT(*) AS people FROM volunteer_records WHERE tenant_id = $1 AND volunteer_id = $2";
    /// Activities of which hours wait for the community that somebody else ($4) has confirmed, each with how many people.
    TO_APPROVE = concat!("SELECT r.activity_id, MIN(r.title) AS title, COUNT(*) AS people, MIN(r.confirmed_at) AS since FROM volunteer_records r
        LEFT JOIN volunteer_activities a ON a.tenant_id = r.tenant_id AND a.id = r.activity_id
        WHERE r.tenant_id = $1 AND r.state = 'confirmed' AND r.activity_id IS NOT NULL AND (r.confirmed_by IS NULL OR r.confirmed_by <> $4) AND ", in_reach_of_record!(),
        " GROUP BY r.activity_id ORDER BY MIN(r.confirmed_at) LIMIT 50");
    /// What volunteers entered themselves before a moment, in one state, and not what somebody ($6) has confirmed.
    OWN_IN_STATE = records!(concat!("r.state = $4 AND r.activity_id IS NULL AND r.created_at <= $5 AND (r.confirmed_by IS NULL OR r.confirmed_by <> $6) AND ",
        in_reach_of_record!(), " ORDER BY r.counts_from, r.id LIMIT 50"));
    OBJECTED = records!(concat!("r.state = 'objected' AND ", in_reach_of_record!(), " ORDER BY r.counts_from, r.id LIMIT 50"));
}

record! {
    /// What somebody has served by one record, as far as it has come.
    #[derive(Debug, Clone)]
    pub struct Record {
        pub id: Uuid, pub volunteer_id: Uuid, pub name: String, pub team_id: Uuid, pub team_name: String, pub activity_id: Option<Uuid>,
        /// Where the program has noted it, in words; nothing of an activity, and of what the volunteer has entered.
        pub noted_from: Option<String>, pub kind: Kind,
        pub title: String, pub state: Stage, pub version: i64, pub minutes: i64, pub counts_from: Timestamp, pub counts_until: Timestamp,
        pub on_day: String, pub confirmed_by: Option<Uuid>, pub confirmed_by_account: Option<String>, pub confirmed_by_leader: Option<String>,
        pub confirmed_at: Option<Timestamp>, pub approved_by_account: Option<String>, pub approved_at: Option<Timestamp>,
        pub over_day_why: Option<String>, pub books_at: Option<Timestamp>, pub objection_sealed: Option<Vec<u8>>, pub objected_at: Option<Timestamp>,
        pub answer: Option<String>, pub answered_at: Option<Timestamp>, pub refused_why: Option<String>,
        /// Until then it can be contested and put right that it was refused.
        pub contested_until: Option<Timestamp>, pub created_at: Timestamp,
        pub lock_version: i64,
    }
    /// What was said once; it never changes.
    #[derive(Debug, Clone)]
    pub struct Version {
        pub number: i64, pub came_at: Timestamp, pub left_at: Timestamp, pub counts_from: Timestamp, pub counts_until: Timestamp, pub breaks: i64,
        pub minutes: i64, pub left_said: bool, pub why: String, pub made_by_account: Option<String>, pub made_by_leader: Option<String>,
        pub made_at: Timestamp,
    }
    pub(super) struct Team { pub id: Uuid }
    pub(super) struct Other { pub title: String, pub counts_from: Timestamp, pub counts_until: Timestamp }
    struct Minutes { minutes: i64 }
    struct OfOne { volunteer_id: Uuid, minutes: i64 }
    struct OfKind { kind: Kind, minutes: i64, times: i64 }
    pub(super) struct OfAll { pub people: i64, pub minutes: i64, pub books_at: Option<Timestamp> }
    pub(super) struct ToApprove { pub activity_id: Uuid, pub title: String, pub people: i64, pub since: Timestamp }
}

/// What is in the ledger of somebody: minutes of service, how many times, and minutes of training.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Total {
    pub service: i64,
    pub times: i64,
    pub training: i64,
}

impl Total {
    pub fn words(&self) -> String {
        in_words(self.service)
    }

    pub fn training_words(&self) -> String {
        in_words(self.training)
    }
}

impl Record {
    pub fn span(&self) -> Span {
        Span { starts_at: self.counts_from, ends_at: self.counts_until }
    }

    pub fn when(&self) -> String {
        self.span().words()
    }

    pub fn length(&self) -> String {
        in_words(self.minutes)
    }

    pub fn booked(&self, now: &Timestamp) -> bool {
        self.state == Stage::Approved && self.books_at.is_some_and(|at| at <= *now)
    }

    /// Somebody can still say that it is not right.
    pub fn may_object(&self, now: &Timestamp) -> bool {
        let until = match self.state {
            Stage::Approved => self.books_at,
            Stage::Refused => self.contested_until,
            Stage::Submitted | Stage::Confirmed | Stage::Objected => None,
        };
        self.answered_at.is_none() && until.is_some_and(|until| *now < until)
    }

    /// Somebody has struck it out by mistake, a few days ago at most.
    pub fn may_restore(&self, now: &Timestamp) -> bool {
        self.state == Stage::Refused && self.contested_until.is_some_and(|until| *now < until)
    }

    /// What somebody objects to is that it was refused.
    pub fn contests_refusal(&self) -> bool {
        self.state == Stage::Objected && self.approved_at.is_none()
    }

    /// `已入账`, `异议期，12月11日 入账`
    pub fn standing(&self, now: &Timestamp) -> String {
        match (self.state, self.books_at) {
            (Stage::Approved, Some(at)) if at <= *now => "已入账".to_owned(),
            (Stage::Approved, Some(at)) => format!("异议期，{} 入账", crate::web::show::month_and_day(&at)),
            (state, _) => state.to_string(),
        }
    }

    pub fn class(&self, now: &Timestamp) -> &'static str {
        match self.state {
            Stage::Approved if self.booked(now) => " done",
            Stage::Refused => "",
            _ => " soon",
        }
    }
}

impl Version {
    pub fn who(&self) -> &str {
        self.made_by_account.as_deref().or(self.made_by_leader.as_deref()).unwrap_or_default()
    }

    pub fn there(&self) -> String {
        Span { starts_at: self.came_at, ends_at: self.left_at }.words()
    }

    pub fn length(&self) -> String {
        in_words(self.minutes)
    }
}

pub async fn record(tx: &mut Tx, tenant: Uuid, id: Uuid) -> Result<Record> {
    Ok(tx.one(GET.bind(tenant).bind(id)).await?)
}

pub(super) async fn in_reach(tx: &mut Tx, tenant: Uuid, scope: &Scope, id: Uuid) -> Result<Record> {
    Ok(tx.one(GET_IN_REACH.bind(tenant).bind(scope.account).bind(&scope.roles).bind(id)).await?)
}

/// The records of an activity, by name; at most 500.
pub async fn of_activity(tx: &mut Tx, tenant: Uuid, activity: Uuid) -> Result<Vec<Record>> {
    Ok(tx.all(OF_ACTIVITY.bind(tenant).bind(activity)).await?)
}

/// The records of somebody, the latest first.
pub async fn of_volunteer(
    tx: &mut Tx,
    tenant: Uuid,
    volunteer: Uuid,
    before: Cursor,
    size: usize,
) -> Result<Page<Record>> {
    let query = OF_VOLUNTEER.bind(tenant).bind(volunteer).bind(before.key).bind(before.id).bind(size as i64 + 1);
    Ok(Page::of(tx.all(query).await?, size, cursor))
}

/// Those that stand in one way, within reach, the latest first.
pub(super) async fn list(
    tx: &mut Tx,
    tenant: Uuid,
    scope: &Scope,
    state: Stage,
    before: Cursor,
    size: usize,
) -> Result<Page<Record>> {
    let query = LIST.bind(tenant).bind(scope.account).bind(&scope.roles).bind(state).bind(before.key).bind(before.id);
    Ok(Page::of(tx.all(query.bind(size as i64 + 1)).await?, size, cursor))
}

fn cursor(record: &Record) -> Cursor {
    Cursor { key: record.counts_from.as_millisecond(), id: record.id }
}

pub(super) async fn to_confirm(tx: &mut Tx, tenant: Uuid, leader: Uuid) -> Result<Vec<Record>> {
    Ok(tx.all(TO_CONFIRM.bind(tenant).bind(leader)).await?)
}

/// Every version of a record, the one that holds first; at most 100.
pub async fn versions(tx: &mut Tx, tenant: Uuid, record: Uuid) -> Result<Vec<Version>> {
    Ok(tx.all(VERSIONS.bind(tenant).bind(record)).await?)
}

pub(super) async fn overlapping(
    tx: &mut Tx,
    tenant: Uuid,
    (volunteer, but_for): (Uuid, Uuid),
    span: Span,
) -> Result<Option<Other>> {
    let query = OVERLAPPING.bind(tenant).bind(volunteer).bind(but_for).bind(span.starts_at).bind(span.ends_at);
    Ok(tx.optional(query).await?)
}

pub(super) async fn of_day(tx: &mut Tx, tenant: Uuid, record: &Record) -> Result<i64> {
    let query = OF_DAY.bind(tenant).bind(record.volunteer_id).bind(&record.on_day).bind(record.id);
    Ok(tx.one::<Minutes>(query).await?.minutes)
}

/// What is in the ledger of somebody at a moment.
pub async fn total(tx: &mut Tx, tenant: Uuid, volunteer: Uuid, at: Timestamp) -> Result<Total> {
    let kinds: Vec<OfKind> = tx.all(BOOKED.bind(tenant).bind(volunteer).bind(at)).await?;
    let mut total = Total::default();
    for OfKind { kind, minutes, times } in kinds {
        match kind {
            Kind::Service => (total.service, total.times) = (minutes, times),
            Kind::Training => total.training = minutes,
        }
    }
    Ok(total)
}

/// Minutes that are on the way into the ledger.
pub(super) async fn under_way(tx: &mut Tx, tenant: Uuid, volunteer: Uuid, at: Timestamp) -> Result<i64> {
    Ok(tx.one::<Minutes>(UNDER_WAY.bind(tenant).bind(volunteer).bind(at)).await?.minutes)
}

/// Minutes of service in the ledger, of everybody who has any.
pub(super) async fn totals(tx: &mut Tx, tenant: Uuid, now: Timestamp) -> Result<HashMap<Uuid, i64>> {
    let all: Vec<OfOne> = tx.all(TOTALS.bind(tenant).bind(now)).await?;
    Ok(all.into_iter().map(|one| (one.volunteer_id, one.minutes)).collect())
}

pub(super) async fn of_all(tx: &mut Tx, tenant: Uuid, activity: Uuid) -> Result<OfAll> {
    Ok(tx.one(OF_ALL.bind(tenant).bind(activity)).await?)
}

/// Activities with hours that an account may approve: it has not confirmed them itself.
pub(super) async fn to_approve(tx: &mut Tx, tenant: Uuid, scope: &Scope, account: Uuid) -> Result<Vec<ToApprove>> {
    Ok(tx.all(TO_APPROVE.bind(tenant).bind(scope.account).bind(&scope.roles).bind(account)).await?)
}

pub(super) async fn objected(tx: &mut Tx, tenant: Uuid, scope: &Scope) -> Result<Vec<Record>> {
    Ok(tx.all(OBJECTED.bind(tenant).bind(scope.account).bind(&scope.roles)).await?)
}

/// What volunteers entered themselves before a moment, stands in one way, and was not confirmed by an account; at most 50.
pub(super) async fn own_in_state(
    tx: &mut Tx,
    tenant: Uuid,
    scope: &Scope,
    (state, before): (Stage, Timestamp),
    account: Uuid,
) -> Result<Vec<Record>> {
    let query = OWN_IN_STATE.bind(tenant).bind(scope.account).bind(&scope.roles).bind(state).bind(before);
    Ok(tx.all(query.bind(account)).await?)
}
