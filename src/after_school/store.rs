use db::{Cursor, Page, Tx, record, statements};
use jiff::Timestamp;
use uuid::Uuid;

use super::help_store;
use super::model::{How, Purpose, State};
use crate::access::Scope;
use crate::error::Result;
use crate::in_reach;

macro_rules! children {
    ($where:expr) => {
        concat!(
            "SELECT c.id, c.state, c.estate_id, e.name AS estate_name, c.building_id, b.name AS building_name, c.sealed, c.medical_sealed, c.invited_at,
                c.enrolled_on, c.ended_on, c.ended_why, c.link_number, c.lock_version
            FROM children c JOIN estates e ON e.tenant_id = c.tenant_id AND e.id = c.estate_id
            JOIN buildings b ON b.tenant_id = c.tenant_id AND b.id = c.building_id WHERE c.tenant_id = $1 AND ",
            $where
        )
    };
}

macro_rules! in_reach_of_child {
    () => {
        in_reach!("$2", "$3", "c.tenant_id", "c.estate_id", "NULL", "NULL")
    };
}

statements! {
    ADD = "INSERT INTO children (tenant_id, id, state, estate_id, building_id, sealed, medical_sealed, invited_at, enrolled_on, ended_why, link_number, lock_version)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, '', 1, 1)";
    CHANGE = "UPDATE children SET state = $4, estate_id = $5, building_id = $6, sealed = $7, medical_sealed = $8, enrolled_on = $9, ended_on = $10,
            ended_why = $11, link_number = $12, lock_version = lock_version + 1 WHERE tenant_id = $1 AND id = $2 AND lock_version = $3";
    GET = children!("c.id = $2");
    GET_IN_REACH = children!(concat!("c.id = $4 AND ", in_reach_of_child!()));
    LIST = children!(concat!("c.state = $4 AND (c.invited_at, c.id) < ($5, $6) AND ", in_reach_of_child!(), " ORDER BY c.invited_at DESC, c.id DESC LIMIT $7"));
    /// Those on the roll who live in an estate, to be chosen from.
    ENROLLED = children!("c.state = 'enrolled' AND c.estate_id = $2 ORDER BY c.invited_at, c.id LIMIT $3");
    /// Those who are expected at a session, or were.
    CHILDREN_AT = children!("c.id IN (SELECT p.child_id FROM class_presences p WHERE p.tenant_id = $1 AND p.session_id = $2) LIMIT 200");
    HOLD_NOW = "UPDATE children SET state = state WHERE tenant_id = $1 AND id = $2";
    /// The same of a child that is on the roll: whoever has left meanwhile is not.
    HOLD_ENROLLED = "UPDATE children SET state = state WHERE tenant_id = $1 AND id = $2 AND state = 'enrolled'";
    COUNTS = concat!("SELECT c.state, COUNT(*) AS people FROM children c WHERE c.tenant_id = $1 AND ", in_reach_of_child!(), " GROUP BY c.state");
    /// Those of whom nothing may be kept any more: nobody has answered in time, or they have left long ago.
    UNANSWERED = children!("c.state = 'invited' AND c.invited_at < $2 ORDER BY c.invited_at, c.id LIMIT 200");
    LEFT = children!("c.state = 'left' AND c.ended_on < $2 AND c.sealed IS NOT NULL ORDER BY c.invited_at, c.id LIMIT 200");
    /// Nobody else changes a child, or who may fetch it, from the version that somebody saw.
    HOLD = "UPDATE children SET lock_version = lock_version + 1 WHERE tenant_id = $1 AND id = $2 AND lock_version = $3";

    ADULTS = "SELECT id, barred, sealed FROM child_adults WHERE tenant_id = $1 AND child_id = $2 AND removed_at IS NULL ORDER BY added_at, id LIMIT 40";
    ADD_ADULT = "INSERT INTO child_adults (tenant_id, child_id, id, barred, sealed, added_at) VALUES ($1, $2, $3, $4, $5, $6)";
    REMOVE_ADULT = "UPDATE child_adults SET removed_at = $4 WHERE tenant_id = $1 AND child_id = $2 AND id = $3 AND removed_at IS NULL";
    /// Also one who is not on the list any more.
    ADULT = "SELECT id, barred, sealed FROM child_adults WHERE tenant_id = $1 AND child_id = $2 AND id = $3";
    /// Those who have ever fetched the child, on the list or not any more.
    FETCHERS = "SELECT a.id, a.barred, a.sealed FROM child_adults a WHERE a.tenant_id = $1 AND a.child_id = $2
        AND a.id IN (SELECT p.adult_id FROM class_presences p WHERE p.tenant_id = $1 AND p.child_id = $2) LIMIT 400";
    /// Whom a child went with stays as a row, without a name.
    ERASE_ADULTS = "UPDATE child_adults SET sealed = $3, removed_at = COALESCE(removed_at, $4) WHERE tenant_id = $1 AND child_id = $2";

    KEEP_TEXT = "INSERT INTO child_consent_texts (tenant_id, edition, wording) VALUES ($1, $2, $3) ON CONFLICT (tenant_id, edition) DO NOTHING";
    TEXT = "SELECT wording FROM child_consent_texts WHERE tenant_id = $1 AND edition = $2";
    AGREE = "INSERT INTO child_consents (tenant_id, id, child_id, purpose, how, edition, guardian_sealed, given_at, recorded_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        ON CONFLICT (tenant_id, child_id, purpose) WHERE withdrawn_at IS NULL DO NOTHING";
    TAKE_BACK = "UPDATE child_consents SET withdrawn_at = $4 WHERE tenant_id = $1 AND child_id = $2 AND purpose = $3 AND withdrawn_at IS NULL";
    CONSENTS = "SELECT c.purpose, c.how, c.edition, c.guardian_sealed, c.given_at, c.withdrawn_at, a.name AS recorded_by FROM child_consents c
        LEFT JOIN accounts a ON a.tenant_id = c.tenant_id AND a.id = c.recorded_by
        WHERE c.tenant_id = $1 AND c.child_id = $2 ORDER BY c.given_at DESC, c.id DESC LIMIT 50";
    FORGET_CONSENTS = "UPDATE child_consents SET guardian_sealed = NULL WHERE tenant_id = $1 AND withdrawn_at < $2 AND guardian_sealed IS NOT NULL";

    OPEN = "INSERT INTO child_openings (tenant_id, id, child_id, reader_id, reader_name, purpose, at, until_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    OPENED = "SELECT MAX(until_at) AS until_at FROM child_openings WHERE tenant_id = $1 AND child_id = $2 AND reader_id = $3 AND until_at > $4";
    FORGET_OPENINGS_OF = "DELETE FROM child_openings WHERE tenant_id = $1 AND child_id = $2";
    FORGET_OPENINGS = "DELETE FROM child_openings WHERE tenant_id = $1 AND at < $2";
    OPENINGS = "SELECT reader_name, purpose, at FROM child_openings WHERE tenant_id = $1 AND child_id = $2 ORDER BY at DESC, id DESC LIMIT 50";
}

record! {
    pub(super) struct Stored {
        pub id: Uuid, pub state: State, pub estate_id: Uuid, pub estate_name: String, pub building_id: Uuid, pub building_name: String,
        pub sealed: Option<Vec<u8>>, pub medical_sealed: Option<Vec<u8>>, pub invited_at: Timestamp, pub enrolled_on: Option<String>,
        pub ended_on: Option<String>, pub ended_why: String, pub link_number: i64, pub lock_version: i64,
    }
    pub(super) struct StoredAdult { pub id: Uuid, pub barred: bool, pub sealed: Vec<u8> }
    pub(super) struct StoredConsent {
        pub purpose: Purpose, pub how: How, pub edition: String, pub guardian_sealed: Option<Vec<u8>>, pub given_at: Timestamp,
        pub withdrawn_at: Option<Timestamp>, pub recorded_by: Option<String>,
    }
    pub struct Opening { pub reader_name: String, pub purpose: String, pub at: Timestamp }
    struct Until { until_at: Option<Timestamp> }
    struct Text { wording: String }
    struct Count { state: State, people: i64 }
}

/// So many are read at most where children are chosen from.
pub(super) const MOST: i64 = 500;

pub(super) async fn list(
    tx: &mut Tx,
    tenant: Uuid,
    scope: &Scope,
    state: State,
    before: Cursor,
    size: usize,
) -> Result<Page<Stored>> {
    let query = LIST.bind(tenant).bind(scope.account).bind(&scope.roles).bind(state).bind(before.key).bind(before.id);
    let items: Vec<Stored> = tx.all(query.bind(size as i64 + 1)).await?;
    Ok(Page::of(items, size, |item| Cursor { key: item.invited_at.as_millisecond(), id: item.id }))
}

/// How many there are in each state within reach.
pub(super) async fn counts(tx: &mut Tx, tenant: Uuid, scope: &Scope) -> Result<Vec<(State, i64)>> {
    let counts: Vec<Count> = tx.all(COUNTS.bind(tenant).bind(scope.account).bind(&scope.roles)).await?;
    Ok(counts.into_iter().map(|count| (count.state, count.people)).collect())
}

/// Until when a child's record is open to a reader who has said why.
pub(super) async fn opened(
    tx: &mut Tx,
    tenant: Uuid,
    child: Uuid,
    reader: Option<Uuid>,
    now: Timestamp,
) -> Result<Option<Timestamp>> {
    let until: Until = tx.one(OPENED.bind(tenant).bind(child).bind(reader).bind(now)).await?;
    Ok(until.until_at)
}

/// Who has read a child's record, and who looked at it on the list of those who ought to be asked, the latest first; at most 50.
pub async fn openings(tx: &mut Tx, tenant: Uuid, child: Uuid) -> Result<Vec<Opening>> {
    let mut all: Vec<Opening> = tx.all(OPENINGS.bind(tenant).bind(child)).await?;
    all.extend(help_store::looks_at_child(tx, tenant, child).await?);
    all.sort_by_key(|one| std::cmp::Reverse(one.at));
    all.truncate(50);
    Ok(all)
}

/// A wording that somebody has agreed to, by its digest.
pub(super) async fn text(tx: &mut Tx, tenant: Uuid, edition: &str) -> Result<String> {
    Ok(tx.one::<Text>(TEXT.bind(tenant).bind(edition)).await?.wording)
}
