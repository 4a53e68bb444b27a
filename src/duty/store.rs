use db::{Cursor, Page, Tx, record, statements};
use jiff::Timestamp;
use uuid::Uuid;

use super::model::{DayKind, GateKind, OnDays, Peak, PersonKind, Stage};
use crate::access::Scope;
use crate::error::{Error, Result};
use crate::in_reach;

/// Bound to $2 and $3: a school of which a unit within reach takes care.
macro_rules! school_in_reach {
    ($school:literal) => {
        concat!(
            "(CAST($2 AS UUID) IS NULL OR EXISTS (SELECT 1 FROM duty_school_units u WHERE u.tenant_id = $1 AND u.school_id = ",
            $school,
            " AND ",
            in_reach!("$2", "$3", "u.tenant_id", "NULL", "NULL", "u.organisation_id"),
            "))"
        )
    };
}
pub(super) use school_in_reach;

macro_rules! schools {
    ($where:expr) => {
        concat!(
            "SELECT s.id, s.organisation_id, o.name AS organisation_name, s.name, s.stage, s.address, s.contact_sealed, s.phone, s.link_number,
                s.position, s.closed_at, s.lock_version, s.plan_changed_at, s.plan_told_at
            FROM duty_schools s JOIN organisations o ON o.tenant_id = s.tenant_id AND o.id = s.organisation_id WHERE s.tenant_id = $1 AND ",
            $where
        )
    };
}

macro_rules! gates {
    ($where:expr) => {
        concat!(
            "SELECT g.id, g.school_id, s.name AS school_name, g.kind, g.name, g.duty, g.seats, g.officers, g.pair, g.qualification, g.link_number,
                g.opened_at, g.closed_at, g.lock_version
            FROM duty_gates g JOIN duty_schools s ON s.tenant_id = g.tenant_id AND s.id = g.school_id WHERE g.tenant_id = $1 AND ",
            $where
        )
    };
}

macro_rules! people {
    ($where:expr) => {
        concat!(
            "SELECT p.id, p.organisation_id, o.name AS organisation_name, p.kind, p.name, p.phone_sealed, p.qualifications, p.daily, p.weekly,
                p.standby, p.link_number, p.ended_at, p.created_at, p.lock_version, p.school_id, p.times, h.name AS school_name
            FROM duty_people p JOIN organisations o ON o.tenant_id = p.tenant_id AND o.id = p.organisation_id
            LEFT JOIN duty_schools h ON h.tenant_id = p.tenant_id AND h.id = p.school_id WHERE p.tenant_id = $1 AND ",
            $where
        )
    };
}

statements! {
    ADD_SCHOOL = "INSERT INTO duty_schools (tenant_id, id, organisation_id, name, stage, address, contact_sealed, phone, link_number, position,
            created_at, lock_version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1, $9, $10, 1)";
    CHANGE_SCHOOL = "UPDATE duty_schools SET organisation_id = $4, name = $5, stage = $6, address = $7, contact_sealed = $8, phone = $9,
            closed_at = $10, lock_version = lock_version + 1 WHERE tenant_id = $1 AND id = $2 AND lock_version = $3";
    /// It was given up for a while: nobody is missed in that time.
    ADD_CLOSURE = "INSERT INTO duty_closures (tenant_id, school_id, from_at, until_at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (tenant_id, school_id, from_at) DO UPDATE SET until_at = excluded.until_at";
    CLOSURES = "SELECT school_id, from_at, until_at FROM duty_closures WHERE tenant_id = $1 AND until_at > $2 ORDER BY school_id, from_at LIMIT 20000";
    RENEW_SCHOOL_LINK = "UPDATE duty_schools SET link_number = link_number + 1 WHERE tenant_id = $1 AND id = $2";
    DROP_UNITS = "DELETE FROM duty_school_units WHERE tenant_id = $1 AND school_id = $2";
    ADD_UNIT = "INSERT INTO duty_school_units (tenant_id, school_id, organisation_id) VALUES ($1, $2, $3)";
    UNITS = "SELECT u.organisation_id AS id, o.name FROM duty_school_units u
        JOIN organisations o ON o.tenant_id = u.tenant_id AND o.id = u.organisation_id WHERE u.tenant_id = $1 AND u.school_id = $2 ORDER BY o.name";
    SCHOOL = schools!("s.id = $2");
    SCHOOL_IN_REACH = schools!(concat!("s.id = $4 AND ", school_in_reach!("s.id")));
    SCHOOL_NAMED = schools!("s.name = $2");
    SCHOOLS = schools!(concat!(school_in_reach!("s.id"), " ORDER BY s.position, s.id LIMIT 1000"));

    ADD_GATE = "INSERT INTO duty_gates (tenant_id, id, school_id, kind, name, duty, seats, officers, qualification, link_number, position, opened_at, lock_version)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1, $10, $11, 1)";
    CHANGE_GATE = "UPDATE duty_gates SET kind = $4, name = $5, duty = $6, seats = $7, officers = $8, qualification = $9, closed_at = $10,
            lock_version = lock_version + 1 WHERE tenant_id = $1 AND id = $2 AND lock_version = $3";
    SET_PAIR = "UPDATE duty_gates SET pair = $3 WHERE tenant_id = $1 AND id = $2";
    RENEW_GATE_LINK = "UPDATE duty_gates SET link_number = link_number + 1 WHERE tenant_id = $1 AND id = $2";
    /// What was needed until now is kept for the days before.
    ADD_GATE_PAST = "INSERT INTO duty_gate_pasts (tenant_id, gate_id, until_at, seats, officers) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (tenant_id, gate_id, until_at) DO NOTHING";
    GATE_PASTS = "SELECT gate_id, until_at, seats, officers FROM duty_gate_pasts WHERE tenant_id = $1 AND until_at > $2 ORDER BY gate_id, until_at LIMIT 20000";
    GATE = gates!("g.id = $2");
    GATE_IN_REACH = gates!(concat!("g.id = $4 AND ", school_in_reach!("g.school_id")));
    /// Bound to $4, here and below: the end of time for what is kept now, or a moment for what was kept after it too.
    GATES = gates!(concat!("(g.closed_at IS NULL OR g.closed_at > $4) AND (s.closed_at IS NULL OR s.closed_at > $4) AND ", school_in_reach!("g.school_id"), " ORDER BY s.position, s.id, g.position, g.id LIMIT 5000"));
    GATES_OF = gates!("g.school_id = $2 ORDER BY g.closed_at IS NOT NULL, g.position, g.id LIMIT 200");

    ADD_SLOT = "INSERT INTO duty_slots (tenant_id, id, school_id, kind, days, early, stay, opened_at, lock_version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1)";
    CLOSE_SLOT = "UPDATE duty_slots SET closed_at = $4, lock_version = lock_version + 1 WHERE tenant_id = $1 AND school_id = $2 AND id = $3 AND closed_at IS NULL";
    SET_WEEKDAYS = "UPDATE duty_slots SET weekdays = $4, lock_version = lock_version + 1 WHERE tenant_id = $1 AND school_id = $2 AND id = $3 AND closed_at IS NULL";
    /// On which days a peak was kept until now is kept for the days before; of one that is only being entered there are none.
    KEEP_WEEKDAYS = "INSERT INTO duty_slot_pasts (tenant_id, slot_id, until_at, weekdays)
        SELECT t.tenant_id, t.id, CAST($4 AS BIGINT), t.weekdays FROM duty_slots t
        WHERE t.tenant_id = $1 AND t.school_id = $2 AND t.id = $3 AND t.weekdays <> $5 AND (t.opened_at IS NULL OR t.opened_at < CAST($4 AS BIGINT))
        ON CONFLICT (tenant_id, slot_id, until_at) DO NOTHING";
    SLOT_PASTS = "SELECT slot_id, until_at, weekdays FROM duty_slot_pasts WHERE tenant_id = $1 AND until_at > $2 ORDER BY slot_id, until_at LIMIT 20000";
    ADD_BELL = "INSERT INTO duty_bells (tenant_id, slot_id, minute, grades) VALUES ($1, $2, $3, $4)";
    ADD_SLOT_GATE = "INSERT INTO duty_slot_gates (tenant_id, slot_id, gate_id) VALUES ($1, $2, $3)";
    SLOTS = concat!("SELECT t.id, t.school_id, t.kind, t.days, t.early, t.stay, t.weekdays, t.opened_at, t.closed_at FROM duty_slots t
        WHERE t.tenant_id = $1 AND (t.closed_at IS NULL OR t.closed_at > $4) AND ", school_in_reach!("t.school_id"), " ORDER BY t.school_id, t.id LIMIT 5000");
    BELLS = concat!("SELECT b.slot_id, b.minute, b.grades FROM duty_bells b JOIN duty_slots t ON t.tenant_id = b.tenant_id AND t.id = b.slot_id
        WHERE b.tenant_id = $1 AND (t.closed_at IS NULL OR t.closed_at > $4) AND ", school_in_reach!("t.school_id"), " ORDER BY b.slot_id, b.minute LIMIT 20000");
    SLOT_GATES = concat!("SELECT l.slot_id, l.gate_id FROM duty_slot_gates l JOIN duty_slots t ON t.tenant_id = l.tenant_id AND t.id = l.slot_id
        WHERE l.tenant_id = $1 AND (t.closed_at IS NULL OR t.closed_at > $4) AND ", school_in_reach!("t.school_id"), " ORDER BY l.slot_id, l.gate_id LIMIT 20000");

    ADD_TERM = "INSERT INTO duty_terms (tenant_id, id, school_id, name, first_day, last_day) VALUES ($1, $2, $3, $4, $5, $6)";
    CHANGE_TERM = "UPDATE duty_terms SET name = $3, first_day = $4, last_day = $5 WHERE tenant_id = $1 AND id = $2";
    DROP_TERM = "DELETE FROM duty_terms WHERE tenant_id = $1 AND id = $2";
    TERM = "SELECT t.id, t.school_id, CAST(NULL AS TEXT) AS school_name, t.name, t.first_day, t.last_day FROM duty_terms t WHERE t.tenant_id = $1 AND t.id = $2";
    TERMS = "SELECT t.id, t.school_id, s.name AS school_name, t.name, t.first_day, t.last_day FROM duty_terms t
        LEFT JOIN duty_schools s ON s.tenant_id = t.tenant_id AND s.id = t.school_id WHERE t.tenant_id = $1 ORDER BY t.first_day DESC, t.id LIMIT 500";
    ADD_DAY = "INSERT INTO duty_days (tenant_id, id, school_id, day, kind, note, follows) VALUES ($1, $2, $3, $4, $5, $6, $7)";
    CHANGE_DAY = "UPDATE duty_days SET kind = $3, note = $4, follows = $5 WHERE tenant_id = $1 AND id = $2";
    DROP_DAY = "DELETE FROM duty_days WHERE tenant_id = $1 AND id = $2";
    DAY = "SELECT d.id, d.school_id, CAST(NULL AS TEXT) AS school_name, d.day, d.kind, d.note, d.follows FROM duty_days d WHERE d.tenant_id = $1 AND d.id = $2";
    DAYS = "SELECT d.id, d.school_id, s.name AS school_name, d.day, d.kind, d.note, d.follows FROM duty_days d
        LEFT JOIN duty_schools s ON s.tenant_id = d.tenant_id AND s.id = d.school_id
        WHERE d.tenant_id = $1 AND d.day >= $2 AND d.day <= $3 ORDER BY d.day, d.id LIMIT 5000";

    /// The units within reach.
    UNITS_IN_REACH = concat!("SELECT n.id, n.name FROM organisations n WHERE n.tenant_id = $1 AND ", in_reach!("$2", "$3", "n.tenant_id", "NULL", "NULL", "n.id"),
        " ORDER BY n.name, n.id LIMIT 1000");
    ADD_PERSON = "INSERT INTO duty_people (tenant_id, id, organisation_id, kind, name, phone_sealed, qualifications, daily, weekly, standby, link_number,
            created_at, lock_version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 1, $11, 1)";
    CHANGE_PERSON = "UPDATE duty_people SET organisation_id = $4, kind = $5, name = $6, phone_sealed = $7, qualifications = $8, daily = $9,
            weekly = $10, standby = $11, ended_at = $12, lock_version = lock_version + 1 WHERE tenant_id = $1 AND id = $2 AND lock_version = $3";
    RENEW_PERSON_LINK = "UPDATE duty_people SET link_number = link_number + 1 WHERE tenant_id = $1 AND id = $2";
    /// Whoever has done this puts them down alone until the transaction ends.
    HOLD_PERSON = "UPDATE duty_people SET lock_version = lock_version + 0 WHERE tenant_id = $1 AND id = $2";
    PERSON = people!("p.id = $2");
    PERSON_IN_REACH = people!(concat!("p.id = $4 AND ", in_reach!("$2", "$3", "p.tenant_id", "NULL", "NULL", "p.organisation_id")));
    PEOPLE = people!(concat!(in_reach!("$2", "$3", "p.tenant_id", "NULL", "NULL", "p.organisation_id"),
        " AND p.ended_at IS NULL AND (p.created_at, p.id) > ($4, $5) ORDER BY p.created_at, p.id LIMIT $6"));
    /// Who can be put down, in one list.
    ALL_PEOPLE = people!(concat!(in_reach!("$2", "$3", "p.tenant_id", "NULL", "NULL", "p.organisation_id"), " AND p.ended_at IS NULL ORDER BY p.created_at, p.id LIMIT 2000"));
    /// Of one unit and kind, whom somebody may ask to take a shift over; and to which schools they can come.
    COLLEAGUES = people!("p.organisation_id = $2 AND p.kind = $3 AND p.ended_at IS NULL AND p.id <> $4 ORDER BY p.name, p.id LIMIT 500");
    REACHES_OF_COLLEAGUES = "SELECT r.person_id, r.school_id, r.minutes FROM duty_reaches r WHERE r.tenant_id = $1 AND r.person_id IN (SELECT p.id FROM duty_people p
            WHERE p.tenant_id = $1 AND p.organisation_id = $2 AND p.kind = $3 AND p.ended_at IS NULL) ORDER BY r.person_id, r.school_id LIMIT 20000";
    SET_PERSON_SCHOOL = "UPDATE duty_people SET school_id = $3 WHERE tenant_id = $1 AND id = $2";
    /// The school's own security, teachers and parents.
    OWN_PEOPLE = people!("p.school_id = $2 AND p.ended_at IS NULL ORDER BY p.created_at + 0, p.id LIMIT 200");
    DROP_REACHES = "DELETE FROM duty_reaches WHERE tenant_id = $1 AND person_id = $2";
    ADD_REACH = "INSERT INTO duty_reaches (tenant_id, person_id, school_id, minutes) VALUES ($1, $2, $3, $4)";
    REACHES_OF = "SELECT r.person_id, r.school_id, r.minutes FROM duty_reaches r WHERE r.tenant_id = $1 AND r.person_id = $2 ORDER BY r.minutes, r.school_id LIMIT 1000";
    /// Of which schools a unit, or one below it, takes care.
    SCHOOLS_OF_UNIT = "SELECT DISTINCT u.school_id FROM duty_school_units u
        JOIN organisation_ancestors o ON o.tenant_id = u.tenant_id AND o.organisation_id = u.organisation_id
        WHERE u.tenant_id = $1 AND o.ancestor_id = $2 LIMIT 1000";
    /// Whoever must not stand at a school is not counted towards it.
    STANDBY_OF_UNIT = "SELECT r.person_id, r.school_id, r.minutes FROM duty_people p
        JOIN organisation_ancestors o ON o.tenant_id = p.tenant_id AND o.organisation_id = p.organisation_id
        JOIN duty_reaches r ON r.tenant_id = p.tenant_id AND r.person_id = p.id
        WHERE p.tenant_id = $1 AND o.ancestor_id = $2 AND p.standby AND p.ended_at IS NULL AND NOT EXISTS (SELECT 1 FROM duty_bars b
            WHERE b.tenant_id = r.tenant_id AND b.person_id = r.person_id AND b.school_id = r.school_id AND b.gate_id IS NULL)
        ORDER BY r.school_id, r.person_id LIMIT 20000";
    REACHES = "SELECT r.person_id, r.school_id, r.minutes FROM duty_reaches r WHERE r.tenant_id = $1 AND (r.person_id, r.school_id) > ($2, $3)
        ORDER BY r.person_id, r.school_id LIMIT 20000";
    WAYS = "SELECT w.from_id, w.to_id, w.minutes FROM duty_ways w WHERE w.tenant_id = $1 AND (w.from_id, w.to_id) > ($2, $3)
        ORDER BY w.from_id, w.to_id LIMIT 20000";
    SET_WAY = "INSERT INTO duty_ways (tenant_id, from_id, to_id, minutes) VALUES ($1, $2, $3, $4)
        ON CONFLICT (tenant_id, from_id, to_id) DO UPDATE SET minutes = excluded.minutes";
    DROP_WAY = "DELETE FROM duty_ways WHERE tenant_id = $1 AND from_id = $2 AND to_id = $3";
    /// Both ways between a school and all others.
    WAYS_OF = "SELECT w.from_id, w.to_id, w.minutes FROM duty_ways w WHERE w.tenant_id = $1 AND w.from_id = $2
        UNION ALL SELECT b.from_id, b.to_id, b.minutes FROM duty_ways b WHERE b.tenant_id = $1 AND b.to_id = $2 LIMIT 5000";

    /// Somebody has put something down otherwise: it is looked at once nothing has changed for a while.
    WATCH_PLAN = "UPDATE duty_schools SET plan_watch_at = $3 WHERE tenant_id = $1 AND id = $2";
    /// Of every tenant.
    DUE_PLANS = "SELECT tenant_id, id, plan_watch_at FROM duty_schools WHERE plan_watch_at <= $1 ORDER BY plan_watch_at, tenant_id, id LIMIT 50";
    /// Whoever was first looks.
    TAKE_PLAN = "UPDATE duty_schools SET plan_watch_at = NULL WHERE tenant_id = $1 AND id = $2 AND plan_watch_at = $3";
    PLAN_KNOWN = "SELECT plan_known FROM duty_schools WHERE tenant_id = $1 AND id = $2";
    PLAN_CHANGED = "UPDATE duty_schools SET plan_known = $3, plan_changed_at = $4, plan_told_at = NULL WHERE tenant_id = $1 AND id = $2";
    PLAN_TOLD = "UPDATE duty_schools SET plan_told_at = $3 WHERE tenant_id = $1 AND id = $2 AND plan_changed_at IS NOT NULL AND plan_told_at IS NULL";
    ADD_LEAVE = "INSERT INTO duty_leaves (tenant_id, id, person_id, first_day, last_day) VALUES ($1, $2, $3, $4, $5)";
    DROP_LEAVE = "DELETE FROM duty_leaves WHERE tenant_id = $1 AND person_id = $2 AND id = $3";
    LEAVES_OF = "SELECT l.id, l.person_id, l.first_day, l.last_day FROM duty_leaves l WHERE l.tenant_id = $1 AND l.person_id = $2 AND l.last_day >= $3 ORDER BY l.first_day, l.id LIMIT 100";
    LEAVES = "SELECT l.id, l.person_id, l.first_day, l.last_day FROM duty_leaves l WHERE l.tenant_id = $1 AND l.last_day >= $2 AND l.first_day <= $3 ORDER BY l.first_day, l.id LIMIT 5000";
}

record! {
    #[derive(Debug, Clone)]
    pub struct School {
        pub id: Uuid, pub organisation_id: Uuid, pub organisation_name: String, pub name: String, pub stage: Stage, pub address: String,
        pub contact_sealed: Option<Vec<u8>>, pub phone: String, pub link_number: i64, pub position: i64, pub closed_at: Option<Timestamp>,
        pub lock_version: i64, pub plan_changed_at: Option<Timestamp>, pub plan_told_at: Option<Timestamp>,
    }
    #[derive(Debug, Clone)]
    pub struct Unit { pub id: Uuid, pub name: String }
    #[derive(Debug, Clone)]
    pub struct Gate {
        pub id: Uuid, pub school_id: Uuid, pub school_name: String, pub kind: GateKind, pub name: String, pub duty: String, pub seats: i64,
        pub officers: i64, pub pair: bool, pub qualification: Option<String>, pub link_number: i64, pub opened_at: Option<Timestamp>, pub closed_at: Option<Timestamp>,
        pub lock_version: i64,
    }
    #[derive(Debug, Clone)]
    pub struct Slot { pub id: Uuid, pub school_id: Uuid, pub kind: Peak, pub days: OnDays, pub early: Option<i64>, pub stay: Option<i64>, pub weekdays: i64,
        pub opened_at: Option<Timestamp>, pub closed_at: Option<Timestamp> }
    pub(super) struct GatePast { pub gate_id: Uuid, pub until_at: Timestamp, pub seats: i64, pub officers: i64 }
    pub(super) struct SlotPast { pub slot_id: Uuid, pub until_at: Timestamp, pub weekdays: i64 }
    pub(super) struct Closure { pub school_id: Uuid, pub from_at: Timestamp, pub until_at: Timestamp }
    #[derive(Debug, Clone)]
    pub struct Bell { pub slot_id: Uuid, pub minute: i64, pub grades: String }
    #[derive(Debug, Clone)]
    pub struct SlotGate { pub slot_id: Uuid, pub gate_id: Uuid }
    #[derive(Debug, Clone)]
    pub struct TermRow { pub id: Uuid, pub school_id: Option<Uuid>, pub school_name: Option<String>, pub name: String, pub first_day: String, pub last_day: String }
    #[derive(Debug, Clone)]
    pub struct DayRow { pub id: Uuid, pub school_id: Option<Uuid>, pub school_name: Option<String>, pub day: String, pub kind: DayKind, pub note: String, pub follows: Option<i64> }
    #[derive(Debug, Clone)]
    pub struct Person {
        pub id: Uuid, pub organisation_id: Uuid, pub organisation_name: String, pub kind: PersonKind, pub name: String, pub phone_sealed: Option<Vec<u8>>,
        pub qualifications: String, pub daily: i64, pub weekly: i64, pub standby: bool, pub link_number: i64, pub ended_at: Option<Timestamp>,
        pub created_at: Timestamp, pub lock_version: i64, pub school_id: Option<Uuid>, pub school_name: Option<String>, pub times: i64,
    }
    #[derive(Debug, Clone)]
    pub struct WayRow { pub from_id: Uuid, pub to_id: Uuid, pub minutes: i64 }
    pub(super) struct DuePlan { pub tenant_id: Uuid, pub id: Uuid, pub plan_watch_at: Timestamp }
    pub(super) struct PlanKnown { pub plan_known: String }
    #[derive(Debug, Clone)]
    pub struct ReachRow { pub person_id: Uuid, pub school_id: Uuid, pub minutes: i64 }
    #[derive(Debug, Clone)]
    pub struct Leave { pub id: Uuid, pub person_id: Uuid, pub first_day: String, pub last_day: String }
}

impl Gate {
    /// `城北小学 · 东门`
    pub fn place(&self) -> String {
        format!("{} · {}", self.school_name, self.name)
    }
}

impl Person {
    pub fn has(&self, qualification: &str) -> bool {
        self.qualifications.contains(&format!(",{qualification},"))
    }
}

pub async fn school(tx: &mut Tx, tenant: Uuid, id: Uuid) -> Result<School> {
    Ok(tx.one(SCHOOL.bind(tenant).bind(id)).await?)
}

pub async fn school_within(tx: &mut Tx, tenant: Uuid, scope: &Scope, id: Uuid) -> Result<School> {
    Ok(tx.one(SCHOOL_IN_REACH.bind(tenant).bind(scope.account).bind(&scope.roles).bind(id)).await?)
}

/// The schools within reach, in their order, those that are not guarded any more among them; at most 1000.
pub async fn schools(tx: &mut Tx, tenant: Uuid, scope: &Scope) -> Result<Vec<School>> {
    Ok(tx.all(SCHOOLS.bind(tenant).bind(scope.account).bind(&scope.roles)).await?)
}

pub async fn gate(tx: &mut Tx, tenant: Uuid, id: Uuid) -> Result<Gate> {
    Ok(tx.one(GATE.bind(tenant).bind(id)).await?)
}

pub(super) async fn gate_within(tx: &mut Tx, tenant: Uuid, scope: &Scope, id: Uuid) -> Result<Gate> {
    Ok(tx.one(GATE_IN_REACH.bind(tenant).bind(scope.account).bind(&scope.roles).bind(id)).await?)
}

/// The gates of one school, those that are closed last.
pub async fn gates_of(tx: &mut Tx, tenant: Uuid, school: Uuid) -> Result<Vec<Gate>> {
    Ok(tx.all(GATES_OF.bind(tenant).bind(school)).await?)
}

pub(super) async fn units(tx: &mut Tx, tenant: Uuid, school: Uuid) -> Result<Vec<Unit>> {
    Ok(tx.all(UNITS.bind(tenant).bind(school)).await?)
}

pub(super) async fn person(tx: &mut Tx, tenant: Uuid, id: Uuid) -> Result<Person> {
    Ok(tx.one(PERSON.bind(tenant).bind(id)).await?)
}

pub(super) async fn person_within(tx: &mut Tx, tenant: Uuid, scope: &Scope, id: Uuid) -> Result<Person> {
    Ok(tx.one(PERSON_IN_REACH.bind(tenant).bind(scope.account).bind(&scope.roles).bind(id)).await?)
}

pub(super) async fn people(
    tx: &mut Tx,
    tenant: Uuid,
    scope: &Scope,
    after: Cursor,
    size: usize,
) -> Result<Page<Person>> {
    let query = PEOPLE.bind(tenant).bind(scope.account).bind(&scope.roles).bind(after.key).bind(after.id);
    let items: Vec<Person> = tx.all(query.bind(size as i64 + 1)).await?;
    Ok(Page::of(items, size, |item| Cursor { key: item.created_at.as_millisecond(), id: item.id }))
}

/// Everybody within reach who can be put down; at most 2000.
pub async fn all_people(tx: &mut Tx, tenant: Uuid, scope: &Scope) -> Result<Vec<Person>> {
    whole(tx.all(ALL_PEOPLE.bind(tenant).bind(scope.account).bind(&scope.roles)).await?, 2000)
}

/// The latest terms, the earliest first.
pub(super) async fn terms(tx: &mut Tx, tenant: Uuid) -> Result<Vec<TermRow>> {
    let mut terms: Vec<TermRow> = tx.all(TERMS.bind(tenant)).await?;
    terms.reverse();
    Ok(terms)
}

/// A list that is read whole: where it is as long as it may be, something may be missing, and nothing is computed from that.
pub(super) fn whole<T>(rows: Vec<T>, most: usize) -> Result<Vec<T>> {
    if rows.len() >= most {
        return Err(Error::refused(format!("数据太多（{most} 条以上），一次算不完，请选短一些的时间或者小一些的范围")));
    }
    Ok(rows)
}

/// In how many minutes everybody is at each school.
pub(super) async fn reaches(tx: &mut Tx, tenant: Uuid) -> Result<Vec<ReachRow>> {
    let (mut all, mut after) = (Vec::new(), (Uuid::nil(), Uuid::nil()));
    loop {
        let rows: Vec<ReachRow> = tx.all(REACHES.bind(tenant).bind(after.0).bind(after.1)).await?;
        let Some(last) = rows.last() else { return Ok(all) };
        after = (last.person_id, last.school_id);
        all.extend(rows);
    }
}

/// The ways between schools that are filled in.
pub(super) async fn ways(tx: &mut Tx, tenant: Uuid) -> Result<Vec<WayRow>> {
    let (mut all, mut after) = (Vec::new(), (Uuid::nil(), Uuid::nil()));
    loop {
        let rows: Vec<WayRow> = tx.all(WAYS.bind(tenant).bind(after.0).bind(after.1)).await?;
        let Some(last) = rows.last() else { return Ok(all) };
        after = (last.from_id, last.to_id);
        all.extend(rows);
    }
}

/// The units to which an account may assign people and schools.
pub(super) async fn units_within(tx: &mut Tx, tenant: Uuid, scope: &Scope) -> Result<Vec<Unit>> {
    Ok(tx.all(UNITS_IN_REACH.bind(tenant).bind(scope.account).bind(&scope.roles)).await?)
}

/// Who was away on one of these days, and when.
pub(super) async fn leaves(tx: &mut Tx, tenant: Uuid, (from, to): (&str, &str)) -> Result<Vec<Leave>> {
    whole(tx.all(LEAVES.bind(tenant).bind(from).bind(to)).await?, 5000)
}

pub(super) async fn days(tx: &mut Tx, tenant: Uuid, from: &str, to: &str) -> Result<Vec<DayRow>> {
    Ok(tx.all(DAYS.bind(tenant).bind(from).bind(to)).await?)
}
