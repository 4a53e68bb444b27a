use db::{Cursor, Page, Tx, record, statements};
use jiff::Timestamp;
use uuid::Uuid;

use super::comparison::Parts;
use super::model::State;
use crate::access::Scope;
use crate::duty::Peak;
use crate::error::Result;
use crate::in_reach;

macro_rules! plans {
    ($where:expr) => {
        concat!(
            "SELECT p.id, p.organisation_id, o.name AS organisation_name, p.version, p.name, p.effective_from, p.reason, p.copied_from, p.state, p.made_by,
                a.name AS made_name, p.made_at, p.changed_by, b.name AS changed_name, p.submitted_by, c.name AS submitted_name, p.submitted_at,
                p.approved_by, d.name AS approved_name, p.approved_at, p.returned_by, e.name AS returned_name, p.returned_at, p.words, p.lock_version
            FROM deployment_plans p JOIN organisations o ON o.tenant_id = p.tenant_id AND o.id = p.organisation_id
            LEFT JOIN accounts a ON a.tenant_id = p.tenant_id AND a.id = p.made_by
            LEFT JOIN accounts b ON b.tenant_id = p.tenant_id AND b.id = p.changed_by
            LEFT JOIN accounts c ON c.tenant_id = p.tenant_id AND c.id = p.submitted_by
            LEFT JOIN accounts d ON d.tenant_id = p.tenant_id AND d.id = p.approved_by
            LEFT JOIN accounts e ON e.tenant_id = p.tenant_id AND e.id = p.returned_by WHERE p.tenant_id = $1 AND ",
            $where
        )
    };
}

/// Bound to $2 and $3: a plan of a unit within reach.
macro_rules! plan_in_reach {
    () => {
        in_reach!("$2", "$3", "p.tenant_id", "NULL", "NULL", "p.organisation_id")
    };
}

/// No other version of the unit has taken its place by a day.
macro_rules! not_replaced {
    ($day:literal) => {
        concat!(
            "NOT EXISTS (SELECT 1 FROM deployment_plans q WHERE q.tenant_id = p.tenant_id AND q.organisation_id = p.organisation_id
                AND q.state = 'approved' AND q.effective_from <= ",
            $day,
            " AND (q.effective_from, q.version) > (p.effective_from, p.version))"
        )
    };
}

/// No later version of the unit is approved for the same day: of these only the last ever holds.
macro_rules! not_beaten {
    () => {
        "NOT EXISTS (SELECT 1 FROM deployment_plans w WHERE w.tenant_id = p.tenant_id AND w.organisation_id = p.organisation_id
            AND w.state = 'approved' AND w.effective_from = p.effective_from AND w.version > p.version)"
    };
}

statements! {
    ADD_PLAN = "INSERT INTO deployment_plans (tenant_id, id, organisation_id, version, name, effective_from, reason, copied_from, state, made_by, made_at,
            changed_by, words, lock_version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'draft', $9, $10, $9, '', 1)";
    /// What is written in it, and by whom. Nothing else writes after this but under the row that it has locked.
    TOUCH = "UPDATE deployment_plans SET changed_by = $4, lock_version = lock_version + 1
        WHERE tenant_id = $1 AND id = $2 AND lock_version = $3 AND state IN ('draft', 'returned')";
    /// Whoever had a hand in it stays so, however often others write after them.
    ADD_HAND = "INSERT INTO deployment_hands (tenant_id, plan_id, account_id) VALUES ($1, $2, $3) ON CONFLICT (tenant_id, plan_id, account_id) DO NOTHING";
    HANDS = "SELECT h.account_id AS id FROM deployment_hands h WHERE h.tenant_id = $1 AND h.plan_id = $2 ORDER BY h.account_id LIMIT 1000";
    HAND = "SELECT h.account_id AS id FROM deployment_hands h WHERE h.tenant_id = $1 AND h.plan_id = $2 AND h.account_id = $3";
    SET_PARTICULARS = "UPDATE deployment_plans SET name = $3, effective_from = $4, reason = $5 WHERE tenant_id = $1 AND id = $2 AND state IN ('draft', 'returned')";
    SUBMIT = "UPDATE deployment_plans SET state = 'submitted', submitted_by = $4, submitted_at = $5, lock_version = lock_version + 1
        WHERE tenant_id = $1 AND id = $2 AND lock_version = $3 AND state IN ('draft', 'returned')";
    /// Of a unit one version is approved after the other, so that each is compared with those beside it: all of them lock the first.
    LOCK_UNIT = "UPDATE deployment_plans SET lock_version = lock_version WHERE tenant_id = $1 AND organisation_id = $2 AND version = 1";
    APPROVE = "UPDATE deployment_plans SET state = 'approved', approved_by = $4, approved_at = $5, words = $6, lock_version = lock_version + 1
        WHERE tenant_id = $1 AND id = $2 AND lock_version = $3 AND state = 'submitted'
            AND NOT EXISTS (SELECT 1 FROM deployment_hands h WHERE h.tenant_id = $1 AND h.plan_id = $2 AND h.account_id = $4)";
    GIVE_BACK = "UPDATE deployment_plans SET state = 'returned', returned_by = $4, returned_at = $5, words = $6, lock_version = lock_version + 1
        WHERE tenant_id = $1 AND id = $2 AND lock_version = $3 AND state = 'submitted'";
    PLAN = plans!("p.id = $2");
    PLAN_IN_REACH = plans!(concat!("p.id = $4 AND ", plan_in_reach!()));
    PLANS = plans!(concat!(plan_in_reach!(), " AND (p.made_at, p.id) < ($4, $5) ORDER BY p.made_at DESC, p.id DESC LIMIT $6"));
    VERSIONS = plans!("p.organisation_id = $2 ORDER BY p.version DESC LIMIT 100");
    /// The version that holds on a day.
    IN_FORCE = plans!("p.organisation_id = $2 AND p.state = 'approved' AND p.effective_from <= $3 ORDER BY p.effective_from DESC, p.version DESC LIMIT 1");
    /// The approved versions of a unit that begin right before one and right after it.
    BEFORE = plans!("p.organisation_id = $2 AND p.state = 'approved' AND (p.effective_from, p.version) < ($3, $4)
        ORDER BY p.effective_from DESC, p.version DESC LIMIT 1");
    AFTER = plans!("p.organisation_id = $2 AND p.state = 'approved' AND p.effective_from > $3 ORDER BY p.effective_from, p.version DESC LIMIT 1");
    /// The one that holds in place of a version from its very first day.
    BEATEN_BY = plans!("p.organisation_id = $2 AND p.state = 'approved' AND p.effective_from = $3 AND p.version > $4 ORDER BY p.version DESC LIMIT 1");
    /// The versions that hold on a day, one of each unit.
    ALL_IN_FORCE = concat!("SELECT p.id FROM deployment_plans p WHERE p.tenant_id = $1 AND p.state = 'approved' AND p.effective_from <= $2 AND ",
        not_replaced!("$2"), " LIMIT 1000");
    /// What waits for somebody who had no hand in it.
    WAITING = plans!(concat!("p.state = 'submitted' AND ", plan_in_reach!(), " AND NOT EXISTS (SELECT 1 FROM deployment_hands h
        WHERE h.tenant_id = p.tenant_id AND h.plan_id = p.id AND h.account_id = $4) ORDER BY p.submitted_at, p.id LIMIT 50"));
    RETURNED = plans!(concat!("p.state = 'returned' AND ", plan_in_reach!(), " ORDER BY p.returned_at, p.id LIMIT 50"));
    UNITS = concat!("SELECT u.id, u.name FROM organisations u WHERE u.tenant_id = $1 AND ",
        in_reach!("$2", "$3", "u.tenant_id", "NULL", "NULL", "u.id"), " ORDER BY u.name, u.id LIMIT 500");
    BELOW = "SELECT o.organisation_id AS id FROM organisation_ancestors o WHERE o.tenant_id = $1 AND o.ancestor_id = $2 LIMIT 500";

    ADD_POST = "INSERT INTO deployment_posts (tenant_id, plan_id, gate_id, slot_id, school_id, position, school_name, gate_name, peak, from_minute,
            to_minute, people, police) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
    DROP_POSTS = "DELETE FROM deployment_posts WHERE tenant_id = $1 AND plan_id = $2";
    POSTS = "SELECT d.gate_id, d.slot_id, d.school_id, d.school_name, d.gate_name, d.peak, d.from_minute, d.to_minute, d.people, d.police
        FROM deployment_posts d WHERE d.tenant_id = $1 AND d.plan_id = $2 ORDER BY d.position, d.gate_id, d.slot_id LIMIT 5000";
    ADD_PATROL = "INSERT INTO deployment_patrols (tenant_id, plan_id, route_id, position, name, from_minute, to_minute, people, vehicles, interval_minutes)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    DROP_PATROLS = "DELETE FROM deployment_patrols WHERE tenant_id = $1 AND plan_id = $2";
    PATROLS = "SELECT d.route_id, d.name, d.from_minute, d.to_minute, d.people, d.vehicles, d.interval_minutes
        FROM deployment_patrols d WHERE d.tenant_id = $1 AND d.plan_id = $2 ORDER BY d.position, d.route_id LIMIT 1000";
    ADD_RESERVE = "INSERT INTO deployment_reserves (tenant_id, id, plan_id, position, name, base, people, response_minutes) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    CHANGE_RESERVE = "UPDATE deployment_reserves SET name = $4, base = $5, people = $6, response_minutes = $7 WHERE tenant_id = $1 AND plan_id = $2 AND id = $3";
    DROP_RESERVE = "DELETE FROM deployment_reserves WHERE tenant_id = $1 AND plan_id = $2 AND id = $3";
    RESERVES = "SELECT d.id, d.position, d.name, d.base, d.people, d.response_minutes FROM deployment_reserves d
        WHERE d.tenant_id = $1 AND d.plan_id = $2 AND (d.position, d.id) > ($3, $4) ORDER BY d.position, d.id LIMIT 1000";
    ADD_REACH = "INSERT INTO deployment_reaches (tenant_id, reserve_id, school_id, minutes) VALUES ($1, $2, $3, $4)";
    DROP_REACHES = "DELETE FROM deployment_reaches WHERE tenant_id = $1 AND reserve_id = $2";
    REACHES = "SELECT r.reserve_id, r.school_id, s.name AS school_name, r.minutes FROM deployment_reaches r
        JOIN duty_schools s ON s.tenant_id = r.tenant_id AND s.id = r.school_id
        WHERE r.tenant_id = $1 AND r.reserve_id IN (SELECT d.id FROM deployment_reserves d WHERE d.tenant_id = $1 AND d.plan_id = $2)
            AND (r.reserve_id, r.school_id) > ($3, $4) ORDER BY r.reserve_id, r.school_id LIMIT 10000";
    ADD_SURVEY = "INSERT INTO deployment_surveys (tenant_id, plan_id, school_id, version, school_name) VALUES ($1, $2, $3, $4, $5)";
    DROP_SURVEYS = "DELETE FROM deployment_surveys WHERE tenant_id = $1 AND plan_id = $2";
    SURVEYS = "SELECT d.school_id, d.school_name, d.version, v.reason, v.made_at FROM deployment_surveys d
        JOIN hazard_surveys v ON v.tenant_id = d.tenant_id AND v.school_id = d.school_id AND v.version = d.version
        WHERE d.tenant_id = $1 AND d.plan_id = $2 ORDER BY d.school_name, d.school_id LIMIT 1000";

    ADD_NOTICE = "INSERT INTO deployment_notices (tenant_id, plan_id, school_id, made_at, due_at) VALUES ($1, $2, $3, $4, $5)";
    /// Who says first that they know is whoever has said it.
    SEE = "UPDATE deployment_notices SET seen_at = $4, seen_by = $5 WHERE tenant_id = $1 AND plan_id = $2 AND school_id = $3 AND seen_at IS NULL";
    NOTICES = "SELECT n.plan_id, n.school_id, s.name AS school_name, n.due_at, n.seen_at, n.seen_by FROM deployment_notices n
        JOIN duty_schools s ON s.tenant_id = n.tenant_id AND s.id = n.school_id
        WHERE n.tenant_id = $1 AND n.plan_id = $2 ORDER BY n.school_id LIMIT 1000";
    /// What each school was told of a unit's versions up to one, the latest first.
    TOLD = "SELECT n.school_id, n.seen_at, s.closed_at FROM deployment_plans p CROSS JOIN deployment_notices n CROSS JOIN duty_schools s
        WHERE n.tenant_id = p.tenant_id AND n.plan_id = p.id AND s.tenant_id = n.tenant_id AND s.id = n.school_id
            AND p.tenant_id = $1 AND p.organisation_id = $2 AND p.state = 'approved' AND (p.effective_from, p.version) < ($3, $4)
        ORDER BY p.effective_from DESC, p.version DESC, n.school_id LIMIT 5000";
    /// Who has not said so, of what holds or is going to.
    UNSEEN = concat!("SELECT n.plan_id, n.school_id, s.name AS school_name, n.due_at, n.seen_at, n.seen_by FROM deployment_notices n
        JOIN deployment_plans p ON p.tenant_id = n.tenant_id AND p.id = n.plan_id
        JOIN duty_schools s ON s.tenant_id = n.tenant_id AND s.id = n.school_id
        WHERE n.tenant_id = $1 AND n.seen_at IS NULL AND s.closed_at IS NULL AND ", plan_in_reach!(), " AND ", not_replaced!("$4"), " AND ", not_beaten!(),
        " ORDER BY n.due_at, n.plan_id, s.position LIMIT 200");
    /// What a school may see: of every unit that has kept a gate of it or told it something, the versions from then on, also those that keep none.
    OF_SCHOOL = concat!("SELECT p.id, p.organisation_id, o.name AS organisation_name, p.effective_from, n.made_at AS told_at, n.seen_at, n.seen_by
        FROM deployment_plans p JOIN organisations o ON o.tenant_id = p.tenant_id AND o.id = p.organisation_id
        LEFT JOIN deployment_notices n ON n.tenant_id = p.tenant_id AND n.plan_id = p.id AND n.school_id = $2
        WHERE p.tenant_id = $1 AND p.state = 'approved' AND ", not_beaten!(), " AND EXISTS (SELECT 1 FROM deployment_plans k
            WHERE k.tenant_id = p.tenant_id AND k.organisation_id = p.organisation_id AND k.state = 'approved'
            AND (k.effective_from, k.version) <= (p.effective_from, p.version)
            AND (EXISTS (SELECT 1 FROM deployment_posts d WHERE d.tenant_id = k.tenant_id AND d.school_id = $2 AND d.plan_id = k.id)
                OR EXISTS (SELECT 1 FROM deployment_notices m WHERE m.tenant_id = k.tenant_id AND m.school_id = $2 AND m.plan_id = k.id)))
        ORDER BY p.effective_from DESC, p.version DESC LIMIT 100");
    /// The gates of a school that versions keep, without how many stand there.
    KEPT = "SELECT d.plan_id, d.gate_name, d.peak, d.from_minute, d.to_minute, d.position FROM deployment_posts d
        JOIN deployment_plans p ON p.tenant_id = d.tenant_id AND p.id = d.plan_id
        WHERE d.tenant_id = $1 AND d.school_id = $2 AND p.state = 'approved'
            AND (d.plan_id, d.position) > ($3, $4) ORDER BY d.plan_id, d.position LIMIT 1000";
}

record! {
    /// A version.
    #[derive(Debug, Clone)]
    pub struct Plan {
        pub id: Uuid, pub organisation_id: Uuid, pub organisation_name: String, pub version: i64, pub name: String, pub effective_from: String,
        pub reason: String, pub copied_from: Option<Uuid>, pub state: State, pub made_by: Uuid, pub made_name: Option<String>, pub made_at: Timestamp,
        pub changed_by: Uuid, pub changed_name: Option<String>, pub submitted_by: Option<Uuid>, pub submitted_name: Option<String>,
        pub submitted_at: Option<Timestamp>, pub approved_by: Option<Uuid>, pub approved_name: Option<String>, pub approved_at: Option<Timestamp>,
        pub returned_by: Option<Uuid>, pub returned_name: Option<String>, pub returned_at: Option<Timestamp>, pub words: String,
        pub lock_version: i64,
    }
    #[derive(Debug, Clone)]
    pub struct Unit { pub id: Uuid, pub name: String }
    struct Id { id: Uuid }
    /// How a gate is kept in a peak, with its name and hours as they were when it was written.
    #[derive(Debug, Clone)]
    pub struct Post {
        pub gate_id: Uuid, pub slot_id: Uuid, pub school_id: Uuid, pub school_name: String, pub gate_name: String, pub peak: Peak,
        pub from_minute: i64, pub to_minute: i64, pub people: i64, pub police: i64,
    }
    #[derive(Debug, Clone)]
    pub struct Patrol {
        pub route_id: Uuid, pub name: String, pub from_minute: i64, pub to_minute: i64, pub people: i64, pub vehicles: i64,
        pub interval_minutes: i64,
    }
    #[derive(Debug, Clone)]
    pub struct Reserve { pub id: Uuid, pub position: i64, pub name: String, pub base: String, pub people: i64, pub response_minutes: i64 }
    #[derive(Debug, Clone)]
    pub struct Reach { pub reserve_id: Uuid, pub school_id: Uuid, pub school_name: String, pub minutes: i64 }
    /// A survey on which a version rests.
    #[derive(Debug, Clone)]
    pub struct RestsOn { pub school_id: Uuid, pub school_name: String, pub version: i64, pub reason: String, pub made_at: Timestamp }
    /// What a school was told, and whether anybody there has said that they know.
    #[derive(Debug, Clone)]
    pub struct Notice {
        pub plan_id: Uuid, pub school_id: Uuid, pub school_name: String, pub due_at: Timestamp, pub seen_at: Option<Timestamp>,
        pub seen_by: Option<String>,
    }
    #[derive(Debug, Clone)]
    pub struct Told { pub school_id: Uuid, pub seen_at: Option<Timestamp>, pub closed_at: Option<Timestamp> }
    /// A version as far as a school sees it.
    #[derive(Debug, Clone)]
    pub struct OfSchool {
        pub id: Uuid, pub organisation_id: Uuid, pub organisation_name: String, pub effective_from: String, pub told_at: Option<Timestamp>,
        pub seen_at: Option<Timestamp>, pub seen_by: Option<String>,
    }
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Kept { pub plan_id: Uuid, pub gate_name: String, pub peak: Peak, pub from_minute: i64, pub to_minute: i64, pub position: i64 }
}

impl Plan {
    /// `第 2 版`
    pub fn title(&self) -> String {
        format!("{} 第 {} 版", self.organisation_name, self.version)
    }
}

/// Whether somebody has made a version, ever written in it or ever handed it in.
pub(super) async fn has_hand(tx: &mut Tx, tenant: Uuid, plan: Uuid, account: Uuid) -> Result<bool> {
    let hand: Option<Id> = tx.optional(HAND.bind(tenant).bind(plan).bind(account)).await?;
    Ok(hand.is_some())
}

/// Everybody of whom that is so.
pub(super) async fn hands(tx: &mut Tx, tenant: Uuid, plan: Uuid) -> Result<Vec<Uuid>> {
    let ids: Vec<Id> = tx.all(HANDS.bind(tenant).bind(plan)).await?;
    Ok(ids.into_iter().map(|row| row.id).collect())
}

/// The approved version of its unit that ends where a version begins.
pub(super) async fn before(tx: &mut Tx, tenant: Uuid, plan: &Plan) -> Result<Option<Plan>> {
    let query = BEFORE.bind(tenant).bind(plan.organisation_id).bind(&plan.effective_from).bind(plan.version);
    Ok(tx.optional(query).await?)
}

/// The approved version of its unit that begins where a version ends.
pub(super) async fn after(tx: &mut Tx, tenant: Uuid, plan: &Plan) -> Result<Option<Plan>> {
    Ok(tx.optional(AFTER.bind(tenant).bind(plan.organisation_id).bind(&plan.effective_from)).await?)
}

/// The approved version of its unit that begins on the same day and was made later.
pub(super) async fn beaten_by(tx: &mut Tx, tenant: Uuid, plan: &Plan) -> Result<Option<Plan>> {
    let query = BEATEN_BY.bind(tenant).bind(plan.organisation_id).bind(&plan.effective_from).bind(plan.version);
    Ok(tx.optional(query).await?)
}

pub(super) async fn plan(tx: &mut Tx, tenant: Uuid, id: Uuid) -> Result<Plan> {
    Ok(tx.one(PLAN.bind(tenant).bind(id)).await?)
}

/// One within reach; not found otherwise.
pub(super) async fn plan_within(tx: &mut Tx, tenant: Uuid, scope: &Scope, id: Uuid) -> Result<Plan> {
    Ok(tx.one(PLAN_IN_REACH.bind(tenant).bind(scope.account).bind(&scope.roles).bind(id)).await?)
}

/// The latest first.
pub(super) async fn plans(tx: &mut Tx, tenant: Uuid, scope: &Scope, before: Cursor, size: usize) -> Result<Page<Plan>> {
    let query = PLANS.bind(tenant).bind(scope.account).bind(&scope.roles).bind(before.key).bind(before.id);
    let items: Vec<Plan> = tx.all(query.bind(size as i64 + 1)).await?;
    Ok(Page::of(items, size, |plan| Cursor { key: plan.made_at.as_millisecond(), id: plan.id }))
}

/// Of a unit, the latest first; at most a hundred.
pub(super) async fn versions(tx: &mut Tx, tenant: Uuid, unit: Uuid) -> Result<Vec<Plan>> {
    Ok(tx.all(VERSIONS.bind(tenant).bind(unit)).await?)
}

pub(super) async fn in_force(tx: &mut Tx, tenant: Uuid, unit: Uuid, day: &str) -> Result<Option<Plan>> {
    Ok(tx.optional(IN_FORCE.bind(tenant).bind(unit).bind(day)).await?)
}

/// Which versions hold on a day.
pub(super) async fn all_in_force(tx: &mut Tx, tenant: Uuid, day: &str) -> Result<Vec<Uuid>> {
    let ids: Vec<Id> = tx.all(ALL_IN_FORCE.bind(tenant).bind(day)).await?;
    Ok(ids.into_iter().map(|row| row.id).collect())
}

/// The units within reach.
pub(super) async fn units(tx: &mut Tx, tenant: Uuid, scope: &Scope) -> Result<Vec<Unit>> {
    Ok(tx.all(UNITS.bind(tenant).bind(scope.account).bind(&scope.roles)).await?)
}

/// A unit and those below it.
pub(super) async fn below(tx: &mut Tx, tenant: Uuid, unit: Uuid) -> Result<Vec<Uuid>> {
    let ids: Vec<Id> = tx.all(BELOW.bind(tenant).bind(unit)).await?;
    Ok(ids.into_iter().map(|row| row.id).collect())
}

/// Everything of which a version is made.
pub(super) async fn parts(tx: &mut Tx, tenant: Uuid, plan: Uuid) -> Result<Parts> {
    Ok(Parts {
        posts: tx.all(POSTS.bind(tenant).bind(plan)).await?,
        patrols: tx.all(PATROLS.bind(tenant).bind(plan)).await?,
        reserves: reserves(tx, tenant, plan).await?,
        reaches: reaches(tx, tenant, plan).await?,
    })
}

/// Every group of the reserve in its order.
async fn reserves(tx: &mut Tx, tenant: Uuid, plan: Uuid) -> Result<Vec<Reserve>> {
    let (mut all, mut after) = (Vec::new(), (-1i64, Uuid::nil()));
    loop {
        let rows: Vec<Reserve> = tx.all(RESERVES.bind(tenant).bind(plan).bind(after.0).bind(after.1)).await?;
        let Some(last) = rows.last() else { return Ok(all) };
        after = (last.position, last.id);
        all.extend(rows);
    }
}

/// In how many minutes each of them is at each school, the nearest first.
async fn reaches(tx: &mut Tx, tenant: Uuid, plan: Uuid) -> Result<Vec<Reach>> {
    let (mut all, mut after): (Vec<Reach>, _) = (Vec::new(), (Uuid::nil(), Uuid::nil()));
    loop {
        let rows: Vec<Reach> = tx.all(REACHES.bind(tenant).bind(plan).bind(after.0).bind(after.1)).await?;
        let Some(last) = rows.last() else { break };
        after = (last.reserve_id, last.school_id);
        all.extend(rows);
    }
    all.sort_by_key(|reach| (reach.minutes, reach.school_id));
    Ok(all)
}

pub(super) async fn surveys(tx: &mut Tx, tenant: Uuid, plan: Uuid) -> Result<Vec<RestsOn>> {
    Ok(tx.all(SURVEYS.bind(tenant).bind(plan)).await?)
}

pub(super) async fn notices(tx: &mut Tx, tenant: Uuid, plan: Uuid) -> Result<Vec<Notice>> {
    Ok(tx.all(NOTICES.bind(tenant).bind(plan)).await?)
}

/// What schools have not said that they know, of what holds on a day or later.
pub(super) async fn unseen(tx: &mut Tx, tenant: Uuid, scope: &Scope, day: &str) -> Result<Vec<Notice>> {
    Ok(tx.all(UNSEEN.bind(tenant).bind(scope.account).bind(&scope.roles).bind(day)).await?)
}

/// What was given back and has not been handed in again.
pub(super) async fn returned(tx: &mut Tx, tenant: Uuid, scope: &Scope) -> Result<Vec<Plan>> {
    Ok(tx.all(RETURNED.bind(tenant).bind(scope.account).bind(&scope.roles)).await?)
}

pub(super) async fn waiting(tx: &mut Tx, tenant: Uuid, scope: &Scope, reader: Uuid) -> Result<Vec<Plan>> {
    Ok(tx.all(WAITING.bind(tenant).bind(scope.account).bind(&scope.roles).bind(reader)).await?)
}
