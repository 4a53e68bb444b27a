use std::collections::HashMap;

use db::{Cursor, Page, Tx, record, statements};
use jiff::Timestamp;
use uuid::Uuid;

use super::model::{Asked, Days, How, RouteKind};
use crate::access::Scope;
use crate::error::Result;
use crate::in_reach;

/// Bound to $2 and $3: a route of a unit within reach.
macro_rules! route_in_reach {
    () => {
        in_reach!("$2", "$3", "r.tenant_id", "NULL", "NULL", "r.organisation_id")
    };
}

macro_rules! routes {
    ($where:expr) => {
        concat!(
            "SELECT r.id, r.organisation_id, o.name AS organisation_name, r.name, r.kind, r.interval_minutes, r.tolerance_minutes, r.from_minute,
                r.to_minute, r.days, r.school_id, s.name AS school_name, r.closed_at, r.created_at, r.lock_version
            FROM patrol_routes r JOIN organisations o ON o.tenant_id = r.tenant_id AND o.id = r.organisation_id
            LEFT JOIN duty_schools s ON s.tenant_id = r.tenant_id AND s.id = r.school_id WHERE r.tenant_id = $1 AND ",
            $where
        )
    };
}

macro_rules! points {
    ($where:expr) => {
        concat!(
            "SELECT p.id, p.route_id, r.name AS route_name, p.position, p.name, p.school_id, s.name AS school_name, p.place_id, l.name AS place_name,
                p.link_number, p.closed_at, p.created_at, p.lock_version
            FROM patrol_points p JOIN patrol_routes r ON r.tenant_id = p.tenant_id AND r.id = p.route_id
            LEFT JOIN duty_schools s ON s.tenant_id = p.tenant_id AND s.id = p.school_id
            LEFT JOIN hazard_places l ON l.tenant_id = p.tenant_id AND l.id = p.place_id WHERE p.tenant_id = $1 AND ",
            $where
        )
    };
}

macro_rules! rounds {
    ($where:expr) => {
        concat!(
            "SELECT d.id, d.route_id, r.name AS route_name, d.day, d.planned_at, d.minutes, d.begun_at, d.ended_at, d.cancelled_at, d.words,
                d.lock_version, bp.name AS begun_name, ba.name AS begun_desk, ep.name AS ended_name, ea.name AS ended_desk
            FROM patrol_rounds d JOIN patrol_routes r ON r.tenant_id = d.tenant_id AND r.id = d.route_id
            LEFT JOIN duty_people bp ON bp.tenant_id = d.tenant_id AND bp.id = d.begun_person_id
            LEFT JOIN accounts ba ON ba.tenant_id = d.tenant_id AND ba.id = d.begun_by
            LEFT JOIN duty_people ep ON ep.tenant_id = d.tenant_id AND ep.id = d.ended_person_id
            LEFT JOIN accounts ea ON ea.tenant_id = d.tenant_id AND ea.id = d.ended_by WHERE d.tenant_id = $1 AND ",
            $where
        )
    };
}

macro_rules! checks {
    ($where:expr) => {
        concat!(
            "SELECT c.id, c.round_id, p.route_id, r.name AS route_name, c.point_id, p.name AS point_name, c.person_id, w.name AS person_name, c.at,
                c.how, c.note, c.waiting, c.seen_at, a.name AS seen_name, c.answer, h.id AS hazard_id, h.number AS hazard_number, e.name AS entered_name,
                c.entered_at
            FROM patrol_checks c JOIN patrol_points p ON p.tenant_id = c.tenant_id AND p.id = c.point_id
            JOIN patrol_routes r ON r.tenant_id = p.tenant_id AND r.id = p.route_id
            JOIN duty_people w ON w.tenant_id = c.tenant_id AND w.id = c.person_id
            LEFT JOIN accounts a ON a.tenant_id = c.tenant_id AND a.id = c.seen_by
            LEFT JOIN accounts e ON e.tenant_id = c.tenant_id AND e.id = c.entered_by
            LEFT JOIN hazards h ON h.tenant_id = c.tenant_id AND h.origin_id = c.id WHERE c.tenant_id = $1 AND ",
            $where
        )
    };
}

macro_rules! walkers {
    ($where:expr) => {
        concat!(
            "SELECT w.round_id, w.person_id, q.name, q.kind, q.phone_sealed FROM patrol_walkers w
            JOIN duty_people q ON q.tenant_id = w.tenant_id AND q.id = w.person_id WHERE w.tenant_id = $1 AND ",
            $where
        )
    };
}

statements! {
    ADD_ROUTE = "INSERT INTO patrol_routes (tenant_id, id, organisation_id, name, kind, interval_minutes, tolerance_minutes, from_minute, to_minute, days,
            school_id, created_at, lock_version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 1)";
    CHANGE_ROUTE = "UPDATE patrol_routes SET organisation_id = $4, name = $5, kind = $6, interval_minutes = $7, tolerance_minutes = $8, from_minute = $9,
            to_minute = $10, days = $11, school_id = $12, closed_at = $13, lock_version = lock_version + 1
        WHERE tenant_id = $1 AND id = $2 AND lock_version = $3";
    /// Whoever has done this plans along it alone until the transaction ends; one that is closed is not held.
    HOLD_ROUTE = "UPDATE patrol_routes SET lock_version = lock_version + 0 WHERE tenant_id = $1 AND id = $2 AND closed_at IS NULL";
    /// What is asked from a day on; said twice on one day, the later holds.
    ASK = "INSERT INTO patrol_route_versions (tenant_id, route_id, from_day, interval_minutes, tolerance_minutes, from_minute, to_minute, days, school_id)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        ON CONFLICT (tenant_id, route_id, from_day) DO UPDATE SET interval_minutes = excluded.interval_minutes,
            tolerance_minutes = excluded.tolerance_minutes, from_minute = excluded.from_minute, to_minute = excluded.to_minute, days = excluded.days,
            school_id = excluded.school_id";
    ROUTE = routes!("r.id = $2");
    ROUTE_IN_REACH = routes!(concat!("r.id = $4 AND ", route_in_reach!()));
    ROUTE_NAMED = routes!("r.name = $2 AND r.closed_at IS NULL");
    ROUTES = routes!(concat!(route_in_reach!(), " ORDER BY r.closed_at IS NOT NULL, r.created_at, r.id LIMIT 1000"));
    LIST = routes!(concat!(route_in_reach!(), " AND (r.created_at, r.id) > ($4, $5) ORDER BY r.created_at, r.id LIMIT $6"));
    /// Of each route what holds on a day.
    VERSIONS = concat!("SELECT v.route_id, v.from_day, v.interval_minutes, v.tolerance_minutes, v.from_minute, v.to_minute, v.days, v.school_id
        FROM patrol_route_versions v JOIN patrol_routes r ON r.tenant_id = v.tenant_id AND r.id = v.route_id
        WHERE v.tenant_id = $1 AND v.from_day = (SELECT MAX(x.from_day) FROM patrol_route_versions x
            WHERE x.tenant_id = v.tenant_id AND x.route_id = v.route_id AND x.from_day <= $4) AND ", route_in_reach!(), "
        ORDER BY v.route_id LIMIT 10000");
    /// The latest first: there is at most one a day, and more days than are counted at once.
    VERSIONS_OF = "SELECT v.route_id, v.from_day, v.interval_minutes, v.tolerance_minutes, v.from_minute, v.to_minute, v.days, v.school_id
        FROM patrol_route_versions v WHERE v.tenant_id = $1 AND v.route_id = $2 AND v.from_day <= $3 ORDER BY v.from_day DESC LIMIT 1000";

    /// Whose people may be sent along a route.
    UNITS = concat!("SELECT u.id, u.name FROM organisations u WHERE u.tenant_id = $1 AND ",
        in_reach!("$2", "$3", "u.tenant_id", "NULL", "NULL", "u.id"), " ORDER BY u.name, u.id LIMIT 500");

    ADD_POINT = "INSERT INTO patrol_points (tenant_id, id, route_id, position, name, school_id, place_id, link_number, created_at, lock_version)
        VALUES ($1, $2, $3, $4, $5, $6, $7, 1, $8, 1)";
    CHANGE_POINT = "UPDATE patrol_points SET position = $4, name = $5, school_id = $6, place_id = $7, closed_at = $8, lock_version = lock_version + 1
        WHERE tenant_id = $1 AND id = $2 AND lock_version = $3";
    RENEW_CODE = "UPDATE patrol_points SET link_number = link_number + 1 WHERE tenant_id = $1 AND id = $2";
    POINT = points!("p.id = $2");
    POINTS_OF = points!("p.route_id = $2 ORDER BY p.closed_at IS NOT NULL, p.position, p.id LIMIT 200");
    POINTS = points!(concat!(route_in_reach!(), " AND (r.closed_at IS NULL OR r.closed_at > $4) ORDER BY p.route_id, p.position, p.id LIMIT 10000"));

    ADD_ROUND = "INSERT INTO patrol_rounds (tenant_id, id, route_id, day, planned_at, minutes, words, created_by, created_at, lock_version)
        VALUES ($1, $2, $3, $4, $5, $6, '', $7, $8, 1)";
    CHANGE_ROUND = "UPDATE patrol_rounds SET planned_at = $4, minutes = $5, lock_version = lock_version + 1
        WHERE tenant_id = $1 AND id = $2 AND lock_version = $3 AND ended_at IS NULL AND cancelled_at IS NULL";
    /// Every one of a route that nobody has set out on, from a day on.
    CANCEL_ROUNDS = "UPDATE patrol_rounds SET cancelled_at = $4, words = $5, lock_version = lock_version + 1
        WHERE tenant_id = $1 AND route_id = $2 AND day >= $3 AND begun_at IS NULL AND cancelled_at IS NULL";
    CANCEL_ROUND = "UPDATE patrol_rounds SET cancelled_at = $3, words = $4, lock_version = lock_version + 1
        WHERE tenant_id = $1 AND id = $2 AND begun_at IS NULL AND cancelled_at IS NULL";
    BEGIN_ROUND = "UPDATE patrol_rounds SET begun_at = $3, begun_person_id = $4, begun_by = $5 WHERE tenant_id = $1 AND id = $2 AND begun_at IS NULL";
    END_ROUND = "UPDATE patrol_rounds SET ended_at = $3, words = $4, ended_person_id = $5, ended_by = $6, lock_version = lock_version + 1
        WHERE tenant_id = $1 AND id = $2 AND ended_at IS NULL AND begun_at IS NOT NULL";
    /// Whoever has done this takes the steps of a round alone until the transaction ends.
    HOLD_ROUND = "UPDATE patrol_rounds SET lock_version = lock_version + 0 WHERE tenant_id = $1 AND id = $2";
    ROUND = rounds!("d.id = $2");
    ROUND_IN_REACH = rounds!(concat!("d.id = $4 AND ", route_in_reach!()));
    ROUNDS_OF_DAY = rounds!(concat!("d.day = $4 AND ", route_in_reach!(), " ORDER BY d.planned_at IS NULL, d.planned_at, d.id LIMIT 2000"));
    ROUNDS_OF_ROUTE = rounds!("d.route_id = $2 AND d.day >= $3 AND d.day <= $4 AND (d.day, d.id) > ($5, $6) ORDER BY d.day, d.id LIMIT 5000");
    ROUNDS_OF_PERSON = rounds!("d.cancelled_at IS NULL AND EXISTS (SELECT 1 FROM patrol_walkers w WHERE w.tenant_id = d.tenant_id AND w.round_id = d.id
            AND w.person_id = $2) AND d.day >= $3 AND d.day <= $4 ORDER BY d.day, d.planned_at IS NULL, d.planned_at, d.id LIMIT 200");
    /// What else whoever walks a round walks on its day.
    BESIDES = "SELECT q.name AS person_name, r.name AS route_name, d.planned_at FROM patrol_walkers own CROSS JOIN patrol_walkers w
        JOIN patrol_rounds d ON d.tenant_id = w.tenant_id AND d.id = w.round_id JOIN patrol_routes r ON r.tenant_id = d.tenant_id AND r.id = d.route_id
        JOIN duty_people q ON q.tenant_id = w.tenant_id AND q.id = w.person_id
        WHERE own.tenant_id = $1 AND own.round_id = $2 AND w.tenant_id = $1 AND w.person_id = own.person_id AND w.day = own.day
            AND w.round_id <> own.round_id AND d.ended_at IS NULL AND d.cancelled_at IS NULL ORDER BY q.name, r.name, d.id LIMIT 100";
    DROP_WALKERS = "DELETE FROM patrol_walkers WHERE tenant_id = $1 AND round_id = $2";
    ADD_WALKER = "INSERT INTO patrol_walkers (tenant_id, round_id, person_id, day) VALUES ($1, $2, $3, $4)";
    WALKERS_OF = walkers!("w.round_id = $2 ORDER BY w.person_id LIMIT 50");
    WALKERS_OF_DAY = walkers!(concat!("w.round_id IN (SELECT d.id FROM patrol_rounds d JOIN patrol_routes r ON r.tenant_id = d.tenant_id AND r.id = d.route_id
        WHERE d.tenant_id = $1 AND d.day = $4 AND ", route_in_reach!(), ") ORDER BY w.round_id, w.person_id LIMIT 10000"));
    WALKERS_OF_ROUTE = walkers!("w.round_id IN (SELECT d.id FROM patrol_rounds d
        WHERE d.tenant_id = $1 AND d.route_id = $2 AND d.day >= $3 AND d.day <= $4)
        AND (w.round_id, w.person_id) > ($5, $6) ORDER BY w.round_id, w.person_id LIMIT 20000");
    WALKERS_WITH = walkers!("w.round_id IN (SELECT own.round_id FROM patrol_walkers own
        WHERE own.tenant_id = $1 AND own.person_id = $2 AND own.day >= $3 AND own.day <= $4) ORDER BY w.round_id, w.person_id LIMIT 2000");

    ADD_CHECK = "INSERT INTO patrol_checks (tenant_id, id, round_id, point_id, person_id, at, how, note, waiting, entered_by, entered_at, answer)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, '')";
    /// What has become a hazard does not wait any more.
    SETTLE = "UPDATE patrol_checks SET waiting = FALSE WHERE tenant_id = $1 AND waiting
        AND EXISTS (SELECT 1 FROM hazards h WHERE h.tenant_id = $1 AND h.origin_id = patrol_checks.id)";
    ADD_PHOTO = "INSERT INTO patrol_photos (tenant_id, check_id, photo_id, position) VALUES ($1, $2, $3, $4)
        ON CONFLICT (tenant_id, check_id, photo_id) DO NOTHING";
    HAS_PHOTO = "SELECT COUNT(*) AS amount FROM patrol_photos WHERE tenant_id = $1 AND check_id = $2 AND photo_id = $3";
    PHOTOS_OF_ROUND = "SELECT q.check_id, q.photo_id FROM patrol_checks c CROSS JOIN patrol_photos q
        WHERE c.tenant_id = $1 AND c.round_id = $2 AND q.tenant_id = $1 AND q.check_id = c.id ORDER BY c.at, c.id, q.position LIMIT 6000";
    /// Of the fifty notes that are shown while they wait, each with six at most.
    PHOTOS_WAITING = concat!("SELECT q.check_id, q.photo_id FROM patrol_checks c CROSS JOIN patrol_photos q
        JOIN patrol_points p ON p.tenant_id = c.tenant_id AND p.id = c.point_id JOIN patrol_routes r ON r.tenant_id = p.tenant_id AND r.id = p.route_id
        LEFT JOIN hazards h ON h.tenant_id = c.tenant_id AND h.origin_id = c.id
        WHERE c.tenant_id = $1 AND c.waiting AND h.id IS NULL AND q.tenant_id = $1 AND q.check_id = c.id AND ", route_in_reach!(), "
        ORDER BY c.at, c.id, q.position LIMIT 300");
    ANSWER = "UPDATE patrol_checks SET waiting = FALSE, seen_at = $3, seen_by = $4, answer = $5 WHERE tenant_id = $1 AND id = $2 AND waiting";
    /// One who says twice that they are there is there once.
    NEAR = "SELECT c.id, c.note FROM patrol_checks c WHERE c.tenant_id = $1 AND c.point_id = $2 AND c.person_id = $3 AND c.at > $4 AND c.at < $5 ORDER BY c.at, c.id LIMIT 200";
    /// Only where nothing was said: what was said may be answered or become a hazard at any moment, and what came to it then would wait for nobody.
    ADD_NOTE = "UPDATE patrol_checks SET note = $3, waiting = TRUE WHERE tenant_id = $1 AND id = $2 AND note = ''";
    CHECK_IN_REACH = checks!(concat!("c.id = $4 AND ", route_in_reach!()));
    CHECKS_OF_ROUND = checks!("c.round_id = $2 ORDER BY c.at, c.id LIMIT 1000");
    CHECKS_OF_ROUTE = checks!("p.route_id = $2 AND (c.at, c.id) > ($3, $4) AND c.at < $5 ORDER BY c.at, c.id LIMIT $6");
    WAITING = checks!(concat!("c.waiting AND h.id IS NULL AND ", route_in_reach!(), " ORDER BY c.at, c.id LIMIT 50"));
    STAMPS = concat!("SELECT c.point_id, c.at FROM patrol_checks c JOIN patrol_points p ON p.tenant_id = c.tenant_id AND p.id = c.point_id
        JOIN patrol_routes r ON r.tenant_id = p.tenant_id AND r.id = p.route_id
        WHERE c.tenant_id = $1 AND c.at >= $4 AND c.at < $5 AND ", route_in_reach!(), " ORDER BY c.at, c.id LIMIT 50000");
    STAMPS_OF = "SELECT c.point_id, c.at FROM patrol_points p JOIN patrol_checks c ON c.tenant_id = p.tenant_id AND c.point_id = p.id
        WHERE p.tenant_id = $1 AND p.route_id = $2 AND c.at >= $3 AND c.at < $4 ORDER BY c.at LIMIT 200000";
}

record! {
    /// Somebody goes along it within the hours of a day, and at each of its points as often as is asked.
    #[derive(Debug, Clone)]
    pub struct Route {
        pub id: Uuid, pub organisation_id: Uuid, pub organisation_name: String, pub name: String, pub kind: RouteKind, pub interval_minutes: i64,
        pub tolerance_minutes: i64, pub from_minute: i64, pub to_minute: i64, pub days: Days, pub school_id: Option<Uuid>,
        pub school_name: Option<String>, pub closed_at: Option<Timestamp>, pub created_at: Timestamp, pub lock_version: i64,
    }
    #[derive(Debug, Clone)]
    pub struct Unit { pub id: Uuid, pub name: String }
    #[derive(Debug, Clone)]
    pub struct Version {
        pub route_id: Uuid, pub from_day: String, pub interval_minutes: i64, pub tolerance_minutes: i64, pub from_minute: i64, pub to_minute: i64,
        pub days: Days, pub school_id: Option<Uuid>,
    }
    #[derive(Debug, Clone)]
    pub struct Point {
        pub id: Uuid, pub route_id: Uuid, pub route_name: String, pub position: i64, pub name: String, pub school_id: Option<Uuid>,
        pub school_name: Option<String>, pub place_id: Option<Uuid>, pub place_name: Option<String>, pub link_number: i64,
        pub closed_at: Option<Timestamp>, pub created_at: Timestamp, pub lock_version: i64,
    }
    #[derive(Debug, Clone)]
    pub struct Round {
        pub id: Uuid, pub route_id: Uuid, pub route_name: String, pub day: String, pub planned_at: Option<Timestamp>, pub minutes: Option<i64>,
        pub begun_at: Option<Timestamp>, pub ended_at: Option<Timestamp>, pub cancelled_at: Option<Timestamp>, pub words: String, pub lock_version: i64,
        pub begun_name: Option<String>, pub begun_desk: Option<String>, pub ended_name: Option<String>, pub ended_desk: Option<String>,
    }
    #[derive(Debug, Clone)]
    pub struct Walker {
        pub round_id: Uuid, pub person_id: Uuid, pub name: String, pub kind: crate::duty::PersonKind, pub phone_sealed: Option<Vec<u8>>,
    }
    /// Somebody was at a point.
    #[derive(Debug, Clone)]
    pub struct Check {
        pub id: Uuid, pub round_id: Uuid, pub route_id: Uuid, pub route_name: String, pub point_id: Uuid, pub point_name: String, pub person_id: Uuid,
        pub person_name: String, pub at: Timestamp, pub how: How, pub note: String, pub waiting: bool, pub seen_at: Option<Timestamp>,
        pub seen_name: Option<String>, pub answer: String, pub hazard_id: Option<Uuid>, pub hazard_number: Option<String>,
        pub entered_name: Option<String>, pub entered_at: Option<Timestamp>,
    }
    #[derive(Debug, Clone, Copy)]
    pub struct Stamp { pub point_id: Uuid, pub at: Timestamp }
    #[derive(Debug, Clone)]
    pub struct Near { pub id: Uuid, pub note: String }
    /// What was seen, as whoever saw it photographed it.
    #[derive(Debug, Clone, Copy)]
    pub struct CheckPhoto { pub check_id: Uuid, pub photo_id: Uuid }
    struct Amount { amount: i64 }
    pub struct Besides { pub person_name: String, pub route_name: String, pub planned_at: Option<Timestamp> }
}

impl Route {
    /// What is asked of it now.
    pub fn asked(&self) -> Asked {
        let (interval, tolerance) = (self.interval_minutes, self.tolerance_minutes);
        Asked {
            interval,
            tolerance,
            from: self.from_minute,
            to: self.to_minute,
            days: self.days,
            school: self.school_id,
        }
    }
}

impl Version {
    pub fn asked(&self) -> Asked {
        let (interval, tolerance) = (self.interval_minutes, self.tolerance_minutes);
        Asked {
            interval,
            tolerance,
            from: self.from_minute,
            to: self.to_minute,
            days: self.days,
            school: self.school_id,
        }
    }
}

pub async fn route(tx: &mut Tx, tenant: Uuid, id: Uuid) -> Result<Route> {
    Ok(tx.one(ROUTE.bind(tenant).bind(id)).await?)
}

/// One within reach; not found otherwise.
pub async fn route_within(tx: &mut Tx, tenant: Uuid, scope: &Scope, id: Uuid) -> Result<Route> {
    Ok(tx.one(ROUTE_IN_REACH.bind(tenant).bind(scope.account).bind(&scope.roles).bind(id)).await?)
}

/// The routes of units within reach, those that are not walked any more last; at most 1000.
pub async fn routes_within(tx: &mut Tx, tenant: Uuid, scope: &Scope) -> Result<Vec<Route>> {
    Ok(tx.all(ROUTES.bind(tenant).bind(scope.account).bind(&scope.roles)).await?)
}

pub async fn list(tx: &mut Tx, tenant: Uuid, scope: &Scope, after: Cursor, size: usize) -> Result<Page<Route>> {
    let query = LIST.bind(tenant).bind(scope.account).bind(&scope.roles).bind(after.key).bind(after.id);
    let items: Vec<Route> = tx.all(query.bind(size as i64 + 1)).await?;
    Ok(Page::of(items, size, |route| Cursor { key: route.created_at.as_millisecond(), id: route.id }))
}

pub async fn point(tx: &mut Tx, tenant: Uuid, id: Uuid) -> Result<Point> {
    Ok(tx.one(POINT.bind(tenant).bind(id)).await?)
}

/// The points of a route in their order, those that are closed last.
pub async fn points_of(tx: &mut Tx, tenant: Uuid, route: Uuid) -> Result<Vec<Point>> {
    Ok(tx.all(POINTS_OF.bind(tenant).bind(route)).await?)
}

/// The points of all routes within reach that are walked, or were until some time after a moment.
pub async fn points(tx: &mut Tx, tenant: Uuid, scope: &Scope, since: Timestamp) -> Result<Vec<Point>> {
    Ok(tx.all(POINTS.bind(tenant).bind(scope.account).bind(&scope.roles).bind(since)).await?)
}

pub async fn round(tx: &mut Tx, tenant: Uuid, id: Uuid) -> Result<Round> {
    Ok(tx.one(ROUND.bind(tenant).bind(id)).await?)
}

pub async fn round_within(tx: &mut Tx, tenant: Uuid, scope: &Scope, id: Uuid) -> Result<Round> {
    Ok(tx.one(ROUND_IN_REACH.bind(tenant).bind(scope.account).bind(&scope.roles).bind(id)).await?)
}

pub async fn rounds_of_day(tx: &mut Tx, tenant: Uuid, scope: &Scope, day: &str) -> Result<Vec<Round>> {
    Ok(tx.all(ROUNDS_OF_DAY.bind(tenant).bind(scope.account).bind(&scope.roles).bind(day)).await?)
}

/// Every one of them, in the order in which they set out.
pub async fn rounds_of_route(tx: &mut Tx, tenant: Uuid, route: Uuid, days: (&str, &str)) -> Result<Vec<Round>> {
    let (mut all, mut after): (Vec<Round>, _) = (Vec::new(), (String::new(), Uuid::nil()));
    loop {
        let query = ROUNDS_OF_ROUTE.bind(tenant).bind(route).bind(days.0).bind(days.1).bind(&after.0).bind(after.1);
        let rows: Vec<Round> = tx.all(query).await?;
        let Some(last) = rows.last() else { break };
        after = (last.day.clone(), last.id);
        all.extend(rows);
    }
    all.sort_by(|a, b| {
        let key = |round: &Round| (round.planned_at.is_none(), round.planned_at, round.id);
        a.day.cmp(&b.day).then_with(|| key(a).cmp(&key(b)))
    });
    Ok(all)
}

/// Those that somebody walks, but for the ones that were cancelled.
pub async fn rounds_of_person(tx: &mut Tx, tenant: Uuid, person: Uuid, days: (&str, &str)) -> Result<Vec<Round>> {
    Ok(tx.all(ROUNDS_OF_PERSON.bind(tenant).bind(person).bind(days.0).bind(days.1)).await?)
}

pub async fn walkers_of(tx: &mut Tx, tenant: Uuid, round: Uuid) -> Result<Vec<Walker>> {
    Ok(tx.all(WALKERS_OF.bind(tenant).bind(round)).await?)
}

pub async fn walkers_of_day(tx: &mut Tx, tenant: Uuid, scope: &Scope, day: &str) -> Result<Vec<Walker>> {
    Ok(tx.all(WALKERS_OF_DAY.bind(tenant).bind(scope.account).bind(&scope.roles).bind(day)).await?)
}

/// Whoever walks each of its rounds, by the round.
pub async fn walkers_of_route(
    tx: &mut Tx,
    tenant: Uuid,
    route: Uuid,
    days: (&str, &str),
) -> Result<HashMap<Uuid, Vec<Walker>>> {
    let (mut all, mut after): (HashMap<Uuid, Vec<Walker>>, _) = (HashMap::new(), (Uuid::nil(), Uuid::nil()));
    loop {
        let query = WALKERS_OF_ROUTE.bind(tenant).bind(route).bind(days.0).bind(days.1).bind(after.0).bind(after.1);
        let rows: Vec<Walker> = tx.all(query).await?;
        let Some(last) = rows.last() else { return Ok(all) };
        after = (last.round_id, last.person_id);
        for walker in rows {
            all.entry(walker.round_id).or_default().push(walker);
        }
    }
}

/// Whoever walks together with somebody, themselves among them.
pub async fn walkers_with(tx: &mut Tx, tenant: Uuid, person: Uuid, days: (&str, &str)) -> Result<Vec<Walker>> {
    Ok(tx.all(WALKERS_WITH.bind(tenant).bind(person).bind(days.0).bind(days.1)).await?)
}

pub async fn check_within(tx: &mut Tx, tenant: Uuid, scope: &Scope, id: Uuid) -> Result<Check> {
    Ok(tx.one(CHECK_IN_REACH.bind(tenant).bind(scope.account).bind(&scope.roles).bind(id)).await?)
}

pub async fn checks_of_round(tx: &mut Tx, tenant: Uuid, round: Uuid) -> Result<Vec<Check>> {
    Ok(tx.all(CHECKS_OF_ROUND.bind(tenant).bind(round)).await?)
}

/// So many checks are read at a time.
const AT_ONCE: usize = 5_000;

/// Every one of them, however many there are.
pub async fn checks_of_route(
    tx: &mut Tx,
    tenant: Uuid,
    route: Uuid,
    span: (Timestamp, Timestamp),
) -> Result<Vec<Check>> {
    let mut checks: Vec<Check> = Vec::new();
    let mut after = Cursor { key: span.0.as_millisecond(), id: Uuid::nil() };
    loop {
        let query = CHECKS_OF_ROUTE.bind(tenant).bind(route).bind(after.key).bind(after.id).bind(span.1);
        let items: Vec<Check> = tx.all(query.bind(AT_ONCE as i64 + 1)).await?;
        let page = Page::of(items, AT_ONCE, |check| Cursor { key: check.at.as_millisecond(), id: check.id });
        checks.extend(page.items);
        let Some(next) = page.next else { return Ok(checks) };
        after = next;
    }
}

/// What was seen and nobody has looked at yet, the oldest first; at most fifty.
pub async fn waiting(tx: &mut Tx, tenant: Uuid, scope: &Scope) -> Result<Vec<Check>> {
    Ok(tx.all(WAITING.bind(tenant).bind(scope.account).bind(&scope.roles)).await?)
}

/// The photos of a round's notes, in their order.
pub async fn photos_of_round(tx: &mut Tx, tenant: Uuid, round: Uuid) -> Result<Vec<CheckPhoto>> {
    Ok(tx.all(PHOTOS_OF_ROUND.bind(tenant).bind(round)).await?)
}

/// The photos of what [`waiting`] gives.
pub async fn photos_waiting(tx: &mut Tx, tenant: Uuid, scope: &Scope) -> Result<Vec<CheckPhoto>> {
    Ok(tx.all(PHOTOS_WAITING.bind(tenant).bind(scope.account).bind(&scope.roles)).await?)
}

pub async fn has_photo(tx: &mut Tx, tenant: Uuid, check: Uuid, photo: Uuid) -> Result<bool> {
    Ok(tx.one::<Amount>(HAS_PHOTO.bind(tenant).bind(check).bind(photo)).await?.amount > 0)
}
