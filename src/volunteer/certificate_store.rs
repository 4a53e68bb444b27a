use db::{Cursor, Page, Tx, record, statements, text_enum};
use jiff::Timestamp;
use uuid::Uuid;

use crate::access::{Act, Scope};
use crate::error::Result;
use crate::in_reach;

text_enum! {
    pub enum Given { Applied = "applied" "等社区出具", Issued = "issued" "有效", Refused = "refused" "没有出具", Revoked = "revoked" "已撤销" }
}

macro_rules! certificates {
    ($where:expr) => {
        concat!(
            "SELECT c.id, c.volunteer_id, v.name, c.state, c.from_on, c.until_on, c.applied_at, c.due_on, c.number, c.masked_name, c.minutes, c.training,
                c.times, c.first_on, c.last_on, c.issued_on, a.name AS issued_by_account, c.paper_sealed, c.refused_why, c.revoked_at,
                b.name AS revoked_by_account, c.revoked_why, c.lock_version
            FROM volunteer_certificates c JOIN volunteers v ON v.tenant_id = c.tenant_id AND v.id = c.volunteer_id
            LEFT JOIN accounts a ON a.tenant_id = c.tenant_id AND a.id = c.issued_by
            LEFT JOIN accounts b ON b.tenant_id = c.tenant_id AND b.id = c.revoked_by
            WHERE c.tenant_id = $1 AND ",
            $where
        )
    };
}

/// Bound to $2 and $3: of somebody who lives within reach, or is or was in a team that serves an estate of it.
macro_rules! in_reach_of_certificate {
    () => {
        concat!(
            "(",
            in_reach!("$2", "$3", "v.tenant_id", "v.estate_id", "NULL", "NULL"),
            " OR EXISTS (SELECT 1 FROM volunteer_memberships n JOIN volunteer_team_estates s ON s.tenant_id = n.tenant_id AND s.team_id = n.team_id
                WHERE n.tenant_id = v.tenant_id AND n.volunteer_id = v.id AND ",
            in_reach!("$2", "$3", "s.tenant_id", "s.estate_id", "NULL", "NULL"),
            "))"
        )
    };
}

/// What is in the ledger of somebody at a moment ($3), within days ($4, $5) that may be NULL.
macro_rules! booked {
    ($columns:expr, $rest:expr) => {
        concat!(
            "SELECT ",
            $columns,
            " FROM volunteer_records r WHERE r.tenant_id = $1 AND r.volunteer_id = $2 AND r.state = 'approved' AND r.books_at <= $3 AND r.minutes > 0
                AND (CAST($4 AS TEXT) IS NULL OR r.on_day >= $4) AND (CAST($5 AS TEXT) IS NULL OR r.on_day <= $5)",
            $rest
        )
    };
}

statements! {
    APPLY = "INSERT INTO volunteer_certificates (tenant_id, id, volunteer_id, state, from_on, until_on, applied_at, due_on, lock_version)
        VALUES ($1, $2, $3, 'applied', $4, $5, $6, $7, 1) ON CONFLICT (tenant_id, volunteer_id) WHERE state = 'applied' DO NOTHING";
    ISSUE = "UPDATE volunteer_certificates SET state = 'issued', number = $4, masked_name = $5, minutes = $6, training = $7, times = $8, first_on = $9,
            last_on = $10, issued_on = $11, issued_by = $12, paper_sealed = $13, decided_at = $14, lock_version = lock_version + 1
        WHERE tenant_id = $1 AND id = $2 AND lock_version = $3 AND state = 'applied'";
    REFUSE = "UPDATE volunteer_certificates SET state = 'refused', decided_at = $4, refused_why = $5, lock_version = lock_version + 1
        WHERE tenant_id = $1 AND id = $2 AND lock_version = $3 AND state = 'applied'";
    REVOKE = "UPDATE volunteer_certificates SET state = 'revoked', revoked_at = $4, revoked_by = $5, revoked_why = $6, lock_version = lock_version + 1
        WHERE tenant_id = $1 AND id = $2 AND lock_version = $3 AND state = 'issued'";
    /// What has no end yet is over, what was told goes, and of the paper, on which the whole identity number stands, nothing is kept.
    FORGET = "UPDATE volunteer_certificates SET state = CASE WHEN state = 'applied' THEN 'refused' ELSE state END, decided_at = COALESCE(decided_at, $3),
            refused_why = CASE WHEN state IN ('applied', 'refused') THEN $4 END, paper_sealed = NULL, lock_version = lock_version + 1
        WHERE tenant_id = $1 AND volunteer_id = $2 RETURNING id";
    GET_IN_REACH = certificates!(concat!("c.id = $4 AND ", in_reach_of_certificate!()));
    BY_NUMBER = certificates!("c.number = $2");
    OF_VOLUNTEER = certificates!("c.volunteer_id = $2 ORDER BY c.applied_at DESC, c.id DESC LIMIT 20");
    /// Those that are good and speak of a day.
    ABOUT = certificates!("c.volunteer_id = $2 AND c.state = 'issued' AND c.first_on <= $3 AND c.last_on >= $3 ORDER BY c.applied_at DESC, c.id DESC LIMIT 20");
    LIST = certificates!(concat!("c.state = $4 AND (c.applied_at, c.id) < ($5, $6) AND ", in_reach_of_certificate!(),
        " ORDER BY c.applied_at DESC, c.id DESC LIMIT $7"));
    WAITING = certificates!(concat!("c.state = 'applied' AND ", in_reach_of_certificate!(), " ORDER BY c.applied_at, c.id LIMIT 50"));
    BOOKED = booked!("r.kind, CAST(SUM(r.minutes) AS BIGINT) AS minutes, COUNT(*) AS times, MIN(r.on_day) AS first_on, MAX(r.on_day) AS last_on",
        " GROUP BY r.kind ORDER BY r.kind");
    CONTENTS = booked!("r.title, CAST(SUM(r.minutes) AS BIGINT) AS minutes, COUNT(*) AS times",
        " AND r.kind = 'service' GROUP BY r.title ORDER BY SUM(r.minutes) DESC, r.title LIMIT 15");
}

record! {
    #[derive(Debug, Clone)]
    pub struct Certificate {
        pub id: Uuid, pub volunteer_id: Uuid, pub name: String, pub state: Given, pub from_on: Option<String>, pub until_on: Option<String>,
        pub applied_at: Timestamp, pub due_on: Option<String>, pub number: Option<String>, pub masked_name: Option<String>, pub minutes: Option<i64>,
        pub training: Option<i64>, pub times: Option<i64>, pub first_on: Option<String>, pub last_on: Option<String>, pub issued_on: Option<String>,
        pub issued_by_account: Option<String>, pub paper_sealed: Option<Vec<u8>>, pub refused_why: Option<String>, pub revoked_at: Option<Timestamp>,
        pub revoked_by_account: Option<String>, pub revoked_why: Option<String>, pub lock_version: i64,
    }
    struct OfKind { kind: super::hours_model::Kind, minutes: i64, times: i64, first_on: String, last_on: String }
    pub(super) struct Forgotten { pub id: Uuid }
    /// What was done, and how often and how long.
    #[derive(Debug, Clone)]
    pub struct Content { pub title: String, pub minutes: i64, pub times: i64 }
}

/// What a certificate is about, as the ledger says it at a moment.
#[derive(Debug, Clone)]
pub struct Served {
    pub minutes: i64,
    pub times: i64,
    pub training: i64,
    /// The first day of service and the last; `None` where there was none.
    pub given: Option<(String, String)>,
    pub contents: Vec<Content>,
}

/// What of somebody is in the ledger now, within days.
pub async fn served(
    tx: &mut Tx,
    act: &Act,
    volunteer: Uuid,
    (from, until): (Option<&str>, Option<&str>),
) -> Result<Served> {
    use super::hours_model::Kind;
    let bound =
        |statement: db::Statement| statement.bind(act.tenant).bind(volunteer).bind(act.at).bind(from).bind(until);
    let kinds: Vec<OfKind> = tx.all(bound(BOOKED)).await?;
    let mut contents: Vec<Content> = tx.all(bound(CONTENTS)).await?;
    let mut found = Served { minutes: 0, times: 0, training: 0, given: None, contents: Vec::new() };
    for of in kinds {
        match of.kind {
            Kind::Service => {
                (found.minutes, found.times, found.given) = (of.minutes, of.times, Some((of.first_on, of.last_on)));
            }
            Kind::Training => found.training = of.minutes,
        }
    }
    // The lines add up to the whole.
    let (minutes, times) =
        contents.iter().fold((0, 0), |(minutes, times), content| (minutes + content.minutes, times + content.times));
    if times < found.times {
        contents.push(Content {
            title: "其他".to_owned(),
            minutes: found.minutes - minutes,
            times: found.times - times,
        });
    }
    Ok(Served { contents, ..found })
}

pub(super) async fn in_reach(tx: &mut Tx, tenant: Uuid, scope: &Scope, id: Uuid) -> Result<Certificate> {
    Ok(tx.one(GET_IN_REACH.bind(tenant).bind(scope.account).bind(&scope.roles).bind(id)).await?)
}

/// The one with a number, if it was given out.
pub async fn by_number(tx: &mut Tx, tenant: Uuid, number: &str) -> Result<Option<Certificate>> {
    Ok(tx.optional(BY_NUMBER.bind(tenant).bind(number)).await?)
}

/// What somebody has asked for, the latest first; at most 20.
pub async fn of_volunteer(tx: &mut Tx, tenant: Uuid, volunteer: Uuid) -> Result<Vec<Certificate>> {
    Ok(tx.all(OF_VOLUNTEER.bind(tenant).bind(volunteer)).await?)
}

/// Those of somebody that are good and speak of a day, the latest first; at most 20.
pub(super) async fn about(tx: &mut Tx, tenant: Uuid, volunteer: Uuid, day: &str) -> Result<Vec<Certificate>> {
    Ok(tx.all(ABOUT.bind(tenant).bind(volunteer).bind(day)).await?)
}

pub(super) async fn list(
    tx: &mut Tx,
    tenant: Uuid,
    scope: &Scope,
    state: Given,
    before: Cursor,
    size: usize,
) -> Result<Page<Certificate>> {
    let query = LIST.bind(tenant).bind(scope.account).bind(&scope.roles).bind(state).bind(before.key).bind(before.id);
    let items = tx.all(query.bind(size as i64 + 1)).await?;
    Ok(Page::of(items, size, |one: &Certificate| Cursor { key: one.applied_at.as_millisecond(), id: one.id }))
}

pub(super) async fn waiting(tx: &mut Tx, tenant: Uuid, scope: &Scope) -> Result<Vec<Certificate>> {
    Ok(tx.all(WAITING.bind(tenant).bind(scope.account).bind(&scope.roles)).await?)
}

impl Certificate {
    pub fn length(&self) -> String {
        self.minutes.map(super::hours_model::in_words).unwrap_or_default()
    }
}
