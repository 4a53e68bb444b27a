use db::{Cursor, Page, Tx, record, statements};
use jiff::Timestamp;
use uuid::Uuid;

use super::model::{Answer, Source, State};
use crate::access::Scope;
use crate::error::Result;
use crate::volunteer::{Risk, Target};
use crate::{in_reach, place};

macro_rules! kinds {
    ($where:expr) => {
        concat!(
            "SELECT k.id, k.estate_id, e.name AS estate_name, k.version, k.ended_at, v.name, v.skill, v.qualification, v.target, v.risk, v.insured
            FROM service_kinds k JOIN service_kind_versions v ON v.tenant_id = k.tenant_id AND v.kind_id = k.id AND v.number = k.version
            LEFT JOIN estates e ON e.tenant_id = k.tenant_id AND e.id = k.estate_id WHERE k.tenant_id = $1 AND ",
            $where
        )
    };
}

macro_rules! needs {
    ($where:expr) => {
        concat!(
            "SELECT n.id, n.kind_id, n.kind_version, v.name AS kind_name, n.estate_id, e.name AS estate_name, n.building_id, b.name AS building_name,
                u.key AS unit_key, n.dwelling_id, d.room, n.resident_id, n.sealed, n.state, n.source, n.days, n.parts, n.shares, n.created_at,
                n.ended_at, n.ended_why, n.met, n.lock_version
            FROM service_needs n
            JOIN service_kind_versions v ON v.tenant_id = n.tenant_id AND v.kind_id = n.kind_id AND v.number = n.kind_version
            JOIN estates e ON e.tenant_id = n.tenant_id AND e.id = n.estate_id
            LEFT JOIN dwellings d ON d.tenant_id = n.tenant_id AND d.id = n.dwelling_id
            LEFT JOIN units u ON u.tenant_id = d.tenant_id AND u.id = d.unit_id
            LEFT JOIN buildings b ON b.tenant_id = n.tenant_id AND b.id = n.building_id WHERE n.tenant_id = $1 AND ",
            $where
        )
    };
}

macro_rules! in_reach_of_need {
    () => {
        in_reach!("$2", "$3", "n.tenant_id", "n.estate_id", "b.grid_id", "NULL")
    };
}

/// Bound to $2 and $3: the coming activities in which a volunteer has a place, or whose team they lead.
macro_rules! their_activities {
    () => {
        "c.activity_id IN (SELECT s.activity_id FROM volunteer_sign_ups s WHERE s.tenant_id = $1 AND s.volunteer_id = $2 AND s.state = 'confirmed'
            UNION SELECT t.id FROM volunteer_memberships m JOIN volunteer_activities t ON t.tenant_id = m.tenant_id AND t.team_id = m.team_id
            WHERE m.tenant_id = $1 AND m.volunteer_id = $2 AND m.left_on IS NULL AND m.post <> 'member' AND t.starts_at > $3) AND c.starts_at > $3 AND c.state <> 'cancelled'"
    };
}

macro_rules! calls {
    ($where:expr) => {
        concat!(
            "SELECT c.id, c.need_id, c.volunteer_id, w.name AS volunteer_name, c.activity_id, a.title AS activity_title, a.cancelled_at AS activity_cancelled_at,
                a.team_id, COALESCE(a.starts_at, c.starts_at) AS starts_at, COALESCE(a.ends_at, c.ends_at) AS ends_at, c.reason, c.state, c.answer, c.asked_at, c.answered_at, p.name AS provider_name
            FROM service_calls c
            LEFT JOIN volunteers w ON w.tenant_id = c.tenant_id AND w.id = c.volunteer_id
            LEFT JOIN volunteer_activities a ON a.tenant_id = c.tenant_id AND a.id = c.activity_id
            LEFT JOIN service_dates t ON t.tenant_id = c.tenant_id AND t.id = c.date_id
            LEFT JOIN service_standings g ON g.tenant_id = t.tenant_id AND g.id = t.standing_id
            LEFT JOIN service_providers p ON p.tenant_id = g.tenant_id AND p.id = g.provider_id WHERE c.tenant_id = $1 AND ",
            $where
        )
    };
}

statements! {
    ADD_KIND = "INSERT INTO service_kinds (tenant_id, id, estate_id, version, created_at) VALUES ($1, $2, $3, 1, $4)";
    ADD_VERSION = "INSERT INTO service_kind_versions (tenant_id, kind_id, number, name, skill, qualification, target, risk, insured, made_by, made_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    SET_VERSION = "UPDATE service_kinds SET version = version + 1, ended_at = $4 WHERE tenant_id = $1 AND id = $2 AND version = $3";
    KIND = kinds!("k.id = $2");
    /// A kind of the whole community is changed by whoever reaches all of it.
    KIND_IN_REACH = kinds!(concat!("k.id = $4 AND ", in_reach!("$2", "$3", "k.tenant_id", "k.estate_id", "NULL", "NULL")));
    KINDS = kinds!("TRUE ORDER BY k.created_at, k.id LIMIT 200");
    VERSIONS = "SELECT number, name, skill, qualification, target, risk, insured, made_at FROM service_kind_versions
        WHERE tenant_id = $1 AND kind_id = $2 ORDER BY number DESC LIMIT 50";

    BUILDINGS = concat!("SELECT b.id, e.name AS estate_name, b.name FROM buildings b JOIN estates e ON e.tenant_id = b.tenant_id AND e.id = b.estate_id
        WHERE b.tenant_id = $1 AND ", in_reach!("$2", "$3", "b.tenant_id", "b.estate_id", "b.grid_id", "NULL"), " ORDER BY e.created_at, e.id, b.position, b.key LIMIT 2000");
    DOORS = "SELECT d.id, u.key AS unit_key FROM dwellings d JOIN units u ON u.tenant_id = d.tenant_id AND u.id = d.unit_id
        WHERE d.tenant_id = $1 AND d.building_id = $2 AND d.room = $3 ORDER BY LENGTH(u.key), u.key LIMIT 50";
    /// Those who live behind a door, by name.
    NAMED_AT = "SELECT r.id FROM households h JOIN residents r ON r.tenant_id = h.tenant_id AND r.household_id = h.id
        WHERE h.tenant_id = $1 AND h.dwelling_id = $2 AND h.ended_at IS NULL AND r.ended IS NULL AND r.name = $3 ORDER BY r.position + 0 LIMIT 2";

    ADD = "INSERT INTO service_needs (tenant_id, id, kind_id, kind_version, building_id, dwelling_id, resident_id, sealed, state, source, days, parts, shares,
            created_at, created_by, estate_id, ended_why, lock_version)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'open', $9, $10, $11, $12, $13, $14, $15, '', 1)";
    CHANGE = "UPDATE service_needs SET kind_id = $4, kind_version = $5, resident_id = $6, sealed = $7, days = $8, parts = $9, shares = $10, lock_version = lock_version + 1
        WHERE tenant_id = $1 AND id = $2 AND lock_version = $3 AND ended_at IS NULL";
    /// Whoever does something with a need holds its row until the end of the transaction, from the version that they saw.
    HOLD = "UPDATE service_needs SET lock_version = lock_version + 1 WHERE tenant_id = $1 AND id = $2 AND lock_version = $3 AND ended_at IS NULL";
    /// The same for whoever has seen no version: a volunteer who answers, or the program.
    TAKE = "UPDATE service_needs SET lock_version = lock_version + 1 WHERE tenant_id = $1 AND id = $2";
    SET_STATE = "UPDATE service_needs SET state = $3 WHERE tenant_id = $1 AND id = $2 AND ended_at IS NULL";
    UNSHARE = "UPDATE service_needs SET shares = FALSE WHERE tenant_id = $1 AND id = $2";
    END = "UPDATE service_needs SET state = $3, ended_at = $4, ended_why = $5, met = $6 WHERE tenant_id = $1 AND id = $2 AND ended_at IS NULL";
    /// Of the door nothing stays but its estate.
    FORGET = "UPDATE service_needs SET sealed = NULL, resident_id = NULL, building_id = NULL, dwelling_id = NULL, days = '', parts = '', ended_why = '', shares = FALSE
        WHERE tenant_id = $1 AND id = $2";
    /// What is on a round for a need: nobody goes there for it any more.
    DROP_DOORS = "DELETE FROM service_round_doors WHERE tenant_id = $1 AND need_id = $2 AND noted_at IS NULL";
    FORGET_DOORS = "UPDATE service_round_doors SET need_id = NULL WHERE tenant_id = $1 AND need_id = $2";
    FORGET_CALLS = "UPDATE service_calls SET reason = '', answer = '' WHERE tenant_id = $1 AND need_id = $2";
    GET = needs!("n.id = $2");
    GET_IN_REACH = needs!(concat!("n.id = $4 AND ", in_reach_of_need!()));
    LIST = needs!(concat!("n.state = $4 AND (n.created_at, n.id) < ($5, $6) AND ", in_reach_of_need!(), " ORDER BY n.created_at DESC, n.id DESC LIMIT $7"));
    WAITING = needs!(concat!("n.state = 'open' AND ", in_reach_of_need!(), " ORDER BY n.created_at, n.id LIMIT 50"));
    /// Nobody is to go any more who was to, or should have gone by now, and nobody has said yet whether that was what was needed.
    VISITED = needs!(concat!("n.state = 'matched' AND NOT EXISTS (SELECT 1 FROM service_round_doors o WHERE o.tenant_id = n.tenant_id AND o.need_id = n.id AND o.noted_at IS NULL)
        AND NOT EXISTS (SELECT 1 FROM service_calls c LEFT JOIN volunteer_activities a ON a.tenant_id = c.tenant_id AND a.id = c.activity_id
            WHERE c.tenant_id = n.tenant_id AND c.need_id = n.id AND c.state IN ('asked', 'accepted') AND COALESCE(a.ends_at, c.ends_at) > $4 AND a.cancelled_at IS NULL) AND ",
        in_reach_of_need!(), " ORDER BY n.created_at, n.id LIMIT 50"));
    /// Whoever was asked has not answered yet, and it is still to come.
    UNANSWERED = needs!(concat!("n.state = 'matched' AND EXISTS (SELECT 1 FROM service_calls c WHERE c.tenant_id = n.tenant_id AND c.need_id = n.id AND c.state = 'asked' AND c.starts_at > $4) AND ",
        in_reach_of_need!(), " ORDER BY n.created_at, n.id LIMIT 50"));
    UNANSWERED_CALLS = calls!("c.state = 'asked' AND c.starts_at > $2 AND c.need_id IN (SELECT n.id FROM service_needs n WHERE n.tenant_id = $1 AND n.state = 'matched') ORDER BY c.starts_at + 0 LIMIT 500");
    LATELY_AT = "SELECT COUNT(*) AS needs FROM service_needs WHERE tenant_id = $1 AND dwelling_id = $2 AND source = 'board' AND created_at > $3";
    OF_RESIDENT = "SELECT id FROM service_needs WHERE tenant_id = $1 AND resident_id = $2 ORDER BY created_at + 0 LIMIT 1000";
    OF_NOBODY_AT = "SELECT id FROM service_needs WHERE tenant_id = $1 AND dwelling_id = $2 AND resident_id IS NULL AND sealed IS NOT NULL ORDER BY created_at + 0 LIMIT 1000";
    RELINK = "UPDATE service_needs SET resident_id = $3 WHERE tenant_id = $1 AND resident_id = $2";
    OLD = "SELECT id FROM service_needs WHERE tenant_id = $1 AND ended_at < $2 AND sealed IS NOT NULL ORDER BY ended_at LIMIT 200";

    KEEP_TEXT = "INSERT INTO service_consent_texts (tenant_id, edition, wording) VALUES ($1, $2, $3) ON CONFLICT (tenant_id, edition) DO NOTHING";
    /// What stands is never overwritten: how and when somebody has agreed is the proof of it.
    AGREE = "INSERT INTO service_consents (tenant_id, id, need_id, purpose, how, edition, given_at, recorded_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        ON CONFLICT (tenant_id, need_id, purpose) WHERE withdrawn_at IS NULL DO NOTHING";
    TAKE_BACK = "UPDATE service_consents SET withdrawn_at = $3 WHERE tenant_id = $1 AND need_id = $2 AND withdrawn_at IS NULL";
    TAKE_BACK_ONE = "UPDATE service_consents SET withdrawn_at = $4 WHERE tenant_id = $1 AND need_id = $2 AND purpose = $3 AND withdrawn_at IS NULL";
    CONSENTS = "SELECT c.purpose, c.how, t.wording, c.given_at, c.withdrawn_at FROM service_consents c JOIN service_consent_texts t ON t.tenant_id = c.tenant_id AND t.edition = c.edition
        WHERE c.tenant_id = $1 AND c.need_id = $2 ORDER BY c.given_at, c.id LIMIT 50";

    ADD_CALL = "INSERT INTO service_calls (tenant_id, id, need_id, volunteer_id, activity_id, starts_at, ends_at, reason, state, answer, asked_at, asked_by, date_id)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $12, '', $9, $10, $11)";
    SET_CALL = "UPDATE service_calls SET state = $4, answer = $5, answered_at = $6 WHERE tenant_id = $1 AND id = $2 AND state = $3";
    CALL = calls!("c.id = $2");
    CALLS = calls!("c.need_id = $2 ORDER BY c.asked_at DESC, c.id DESC LIMIT 50");
    /// The needs that wait for a date of a provider.
    NEEDS_OF_DATE = "SELECT c.need_id AS id FROM service_calls c WHERE c.tenant_id = $1 AND c.date_id = $2 AND c.state IN ('asked', 'accepted') LIMIT 1000";
    FREE_DATE = "UPDATE service_calls SET state = 'cancelled', answered_at = $4 WHERE tenant_id = $1 AND need_id = $2 AND date_id = $3 AND state IN ('asked', 'accepted')";
    /// What a volunteer has said, and what was read of their card.
    FORGET_WORDS_OF = "UPDATE service_calls SET reason = '', answer = '' WHERE tenant_id = $1 AND volunteer_id = $2";
    STANDING = calls!("c.need_id = $2 AND c.state IN ('asked', 'accepted')");
    OF_VOLUNTEER = calls!("c.volunteer_id = $2 AND c.starts_at > $3 AND c.state <> 'cancelled' ORDER BY c.starts_at, c.id LIMIT 100");
    OF_ACTIVITIES = calls!(concat!(their_activities!(), " ORDER BY c.starts_at, c.id LIMIT 100"));
    NEEDS_OF_ACTIVITIES = needs!(concat!("n.id IN (SELECT c.need_id FROM service_calls c WHERE c.tenant_id = $1 AND ", their_activities!(), ")"));
    NEEDS_OF_VOLUNTEER = needs!("n.id IN (SELECT c.need_id FROM service_calls c WHERE c.tenant_id = $1 AND c.volunteer_id = $2 AND c.starts_at > $3 AND c.state <> 'cancelled')");
}

record! {
    #[derive(Debug, Clone)]
    pub struct Kind {
        pub id: Uuid, pub estate_id: Option<Uuid>, pub estate_name: Option<String>, pub version: i64, pub ended_at: Option<Timestamp>,
        pub name: String, pub skill: String, pub qualification: String, pub target: Option<Target>, pub risk: Risk, pub insured: bool,
    }
    #[derive(Debug, Clone)]
    pub struct Version {
        pub number: i64, pub name: String, pub skill: String, pub qualification: String, pub target: Option<Target>, pub risk: Risk,
        pub insured: bool, pub made_at: Timestamp,
    }
    pub(super) struct Stored {
        pub id: Uuid, pub kind_id: Uuid, pub kind_version: i64, pub kind_name: String, pub estate_id: Uuid, pub estate_name: String,
        pub building_id: Option<Uuid>, pub building_name: Option<String>, pub unit_key: Option<String>, pub dwelling_id: Option<Uuid>, pub room: Option<String>,
        pub resident_id: Option<Uuid>, pub sealed: Option<Vec<u8>>, pub state: State, pub source: Source, pub days: String, pub parts: String,
        pub shares: bool, pub created_at: Timestamp, pub ended_at: Option<Timestamp>, pub ended_why: String, pub met: Option<bool>,
        pub lock_version: i64,
    }
    #[derive(Debug, Clone)]
    pub struct Consent {
        pub purpose: super::model::Purpose, pub how: super::model::How, pub wording: String, pub given_at: Timestamp, pub withdrawn_at: Option<Timestamp>,
    }
    #[derive(Debug, Clone)]
    pub struct Call {
        pub id: Uuid, pub need_id: Uuid, pub volunteer_id: Option<Uuid>, pub volunteer_name: Option<String>, pub activity_id: Option<Uuid>,
        pub activity_title: Option<String>, pub activity_cancelled_at: Option<Timestamp>, pub team_id: Option<Uuid>, pub starts_at: Timestamp, pub ends_at: Timestamp,
        pub reason: String, pub state: Answer, pub answer: String, pub asked_at: Timestamp, pub answered_at: Option<Timestamp>,
        pub provider_name: Option<String>,
    }
    struct Building { id: Uuid, estate_name: String, name: String }
    pub(super) struct Door { pub id: Uuid, pub unit_key: String }
    pub(super) struct Found { pub id: Uuid }
    struct Counted { needs: i64 }
}

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
    Ok(Page::of(items, size, |item| Cursor { key: item.created_at.as_millisecond(), id: item.id }))
}

/// How many needs came from the board for a door since a moment.
pub(super) async fn lately_at(tx: &mut Tx, tenant: Uuid, dwelling: Uuid, since: Timestamp) -> Result<i64> {
    Ok(tx.one::<Counted>(LATELY_AT.bind(tenant).bind(dwelling).bind(since)).await?.needs)
}

/// What somebody has agreed to about their need.
pub(super) async fn consents(tx: &mut Tx, tenant: Uuid, need: Uuid) -> Result<Vec<Consent>> {
    Ok(tx.all(CONSENTS.bind(tenant).bind(need)).await?)
}

/// The versions of a kind, the latest first; at most 50.
pub(super) async fn versions(tx: &mut Tx, tenant: Uuid, kind: Uuid) -> Result<Vec<Version>> {
    Ok(tx.all(VERSIONS.bind(tenant).bind(kind)).await?)
}

/// The buildings within reach, each with its estate: what a form offers.
pub(super) async fn buildings(tx: &mut Tx, tenant: Uuid, scope: &Scope) -> Result<Vec<(String, String)>> {
    let found: Vec<Building> = tx.all(BUILDINGS.bind(tenant).bind(scope.account).bind(&scope.roles)).await?;
    Ok(found.into_iter().map(|row| (row.id.to_string(), format!("{} {}", row.estate_name, row.name))).collect())
}

impl Stored {
    /// `王府名苑小区 3号楼 2单元 1302`; the estate alone where the door is not kept any more.
    pub fn door(&self) -> String {
        let word = |word: &Option<String>| word.clone().unwrap_or_default();
        let unit = place::unit_words(&word(&self.unit_key));
        let parts = [self.estate_name.clone(), word(&self.building_name), unit.to_string(), word(&self.room)];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
    }
}

/// Those of which whoever was asked has not answered yet, each with when they are to go.
pub(super) async fn unanswered(
    tx: &mut Tx,
    tenant: Uuid,
    scope: &Scope,
    now: Timestamp,
) -> Result<Vec<(Stored, Timestamp)>> {
    let needs: Vec<Stored> = tx.all(UNANSWERED.bind(tenant).bind(scope.account).bind(&scope.roles).bind(now)).await?;
    let calls: Vec<Call> = tx.all(UNANSWERED_CALLS.bind(tenant).bind(now)).await?;
    let of = |need: Stored| {
        let call = calls.iter().find(|call| call.need_id == need.id)?;
        Some((need, call.starts_at))
    };
    Ok(needs.into_iter().filter_map(of).collect())
}

/// Those that wait until somebody is asked, and those that somebody should have met; at most 50 of each.
pub(super) async fn waiting(
    tx: &mut Tx,
    tenant: Uuid,
    scope: &Scope,
    now: Timestamp,
) -> Result<(Vec<Stored>, Vec<Stored>)> {
    let open = tx.all(WAITING.bind(tenant).bind(scope.account).bind(&scope.roles)).await?;
    let visited = tx.all(VISITED.bind(tenant).bind(scope.account).bind(&scope.roles).bind(now)).await?;
    Ok((open, visited))
}
