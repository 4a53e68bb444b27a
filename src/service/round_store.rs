use db::{Cursor, Page, Tx, record, statements};
use jiff::Timestamp;
use uuid::Uuid;

use super::round::Origin;
use crate::access::Scope;
use crate::error::Result;
use crate::in_reach;
use crate::registry::Tag;

macro_rules! rounds {
    ($where:expr) => {
        concat!(
            "SELECT r.id, r.estate_id, e.name AS estate_name, r.team_id, t.name AS team_name, r.activity_id, r.title, r.origin, r.tag, r.on_day, r.starts_at, r.ends_at,
                r.cancelled_at, r.cancelled_why, r.forgotten_at, r.created_at, r.lock_version,
                (SELECT COUNT(*) FROM service_round_doors d WHERE d.tenant_id = r.tenant_id AND d.round_id = r.id) AS doors,
                (SELECT COUNT(*) FROM service_round_doors d WHERE d.tenant_id = r.tenant_id AND d.round_id = r.id AND d.noted_at IS NOT NULL) AS noted
            FROM service_rounds r JOIN estates e ON e.tenant_id = r.tenant_id AND e.id = r.estate_id
            JOIN volunteer_teams t ON t.tenant_id = r.tenant_id AND t.id = r.team_id WHERE r.tenant_id = $1 AND ",
            $where
        )
    };
}

macro_rules! in_reach_of_round {
    () => {
        in_reach!("$2", "$3", "r.tenant_id", "r.estate_id", "NULL", "NULL")
    };
}

macro_rules! doors {
    ($where:expr) => {
        concat!(
            "SELECT d.id, d.round_id, d.position, d.dwelling_id, w.unit_id, b.name AS building_name, u.key AS unit_key, w.room, d.need_id, n.kind_id, n.shares, n.sealed,
                k.name AS kind_name, d.volunteer_id, v.name AS volunteer_name, d.noted_at
            FROM service_round_doors d
            LEFT JOIN dwellings w ON w.tenant_id = d.tenant_id AND w.id = d.dwelling_id
            LEFT JOIN units u ON u.tenant_id = w.tenant_id AND u.id = w.unit_id
            LEFT JOIN buildings b ON b.tenant_id = w.tenant_id AND b.id = w.building_id
            LEFT JOIN service_needs n ON n.tenant_id = d.tenant_id AND n.id = d.need_id AND n.ended_at IS NULL
            LEFT JOIN service_kind_versions k ON k.tenant_id = n.tenant_id AND k.kind_id = n.kind_id AND k.number = n.kind_version
            LEFT JOIN volunteers v ON v.tenant_id = d.tenant_id AND v.id = d.volunteer_id WHERE d.tenant_id = $1 AND ",
            $where
        )
    };
}

statements! {
    ADD_OUTCOME = "INSERT INTO service_outcomes (tenant_id, id, name, counted, alone, away, created_at, lock_version) VALUES ($1, $2, $3, $4, $5, $6, $7, 1)";
    END_OUTCOME = "UPDATE service_outcomes SET ended_at = $4, lock_version = lock_version + 1 WHERE tenant_id = $1 AND id = $2 AND lock_version = $3";
    OUTCOMES = "SELECT id, name, counted, alone, away, ended_at, lock_version FROM service_outcomes WHERE tenant_id = $1 ORDER BY created_at, id LIMIT 100";

    ADD_ROUND = "INSERT INTO service_rounds (tenant_id, id, estate_id, team_id, activity_id, title, origin, tag, on_day, starts_at, ends_at, cancelled_why, created_at, created_by, lock_version)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, '', $12, $13, 1)";
    ADD_DOOR = "INSERT INTO service_round_doors (tenant_id, id, round_id, position, dwelling_id, need_id) VALUES ($1, $2, $3, $4, $5, $6)";
    /// The doors of open needs of an estate, or of one of its buildings, in walking order.
    NEEDY = concat!("SELECT n.id, n.dwelling_id FROM service_needs n JOIN dwellings d ON d.tenant_id = n.tenant_id AND d.id = n.dwelling_id
        JOIN units u ON u.tenant_id = d.tenant_id AND u.id = d.unit_id JOIN buildings b ON b.tenant_id = n.tenant_id AND b.id = n.building_id
        WHERE n.tenant_id = $1 AND n.state = 'open' AND b.estate_id = $4 AND (CAST($6 AS UUID) IS NULL OR n.building_id = $6) AND ", in_reach!("$2", "$3", "n.tenant_id", "b.estate_id", "b.grid_id", "NULL"),
        " ORDER BY b.position, b.key, LENGTH(u.key), u.key, d.floor DESC, d.room, n.id LIMIT $5");
    /// Somebody is to go to a need that nobody has been asked for.
    MATCH = "UPDATE service_needs SET state = 'matched', lock_version = lock_version + 1 WHERE tenant_id = $1 AND id = $2 AND state = 'open'";
    /// What came of a door of a round says whether its need waits again, unless somebody else is to go there by now: by a call, or on another round.
    SETTLE = "UPDATE service_needs SET state = $3, lock_version = lock_version + 1 WHERE tenant_id = $1 AND id = $2 AND ended_at IS NULL
        AND NOT EXISTS (SELECT 1 FROM service_calls c WHERE c.tenant_id = service_needs.tenant_id AND c.need_id = service_needs.id AND c.state IN ('asked', 'accepted'))
        AND NOT EXISTS (SELECT 1 FROM service_round_doors o JOIN service_rounds x ON x.tenant_id = o.tenant_id AND x.id = o.round_id
            WHERE o.tenant_id = service_needs.tenant_id AND o.need_id = service_needs.id AND o.round_id <> $4 AND o.noted_at IS NULL AND x.cancelled_at IS NULL AND x.forgotten_at IS NULL)";
    /// Nobody goes any more to the doors of a round at which nobody has been.
    NEEDS_LEFT = "SELECT d.need_id AS id FROM service_round_doors d WHERE d.tenant_id = $1 AND d.round_id = $2 AND d.noted_at IS NULL AND d.need_id IS NOT NULL ORDER BY d.position LIMIT 1000";
    ROUND = rounds!("r.id = $2");
    ROUND_IN_REACH = rounds!(concat!("r.id = $4 AND ", in_reach_of_round!()));
    ROUNDS = rounds!(concat!("(r.created_at, r.id) < ($4, $5) AND ", in_reach_of_round!(), " ORDER BY r.created_at DESC, r.id DESC LIMIT $6"));
    /// Those of a day, and those before it of which not every door has been noted.
    ROUNDS_OF_DAY = rounds!(concat!("r.on_day <= $4 AND r.forgotten_at IS NULL AND r.cancelled_at IS NULL
        AND EXISTS (SELECT 1 FROM service_round_doors o WHERE o.tenant_id = r.tenant_id AND o.round_id = r.id AND o.noted_at IS NULL) AND ", in_reach_of_round!(), " ORDER BY r.on_day, r.id LIMIT 50"));
    /// Whoever does something with a round holds its row until the end of the transaction, from the version that they saw.
    HOLD_ROUND = "UPDATE service_rounds SET lock_version = lock_version + 1 WHERE tenant_id = $1 AND id = $2 AND lock_version = $3 AND cancelled_at IS NULL AND forgotten_at IS NULL";
    /// The same for whoever notes what came of a door.
    TAKE_ROUND = "UPDATE service_rounds SET lock_version = lock_version WHERE tenant_id = $1 AND id = $2 AND cancelled_at IS NULL AND forgotten_at IS NULL";
    MOVE_ROUND = "UPDATE service_rounds SET on_day = $3, starts_at = $4, ends_at = $5 WHERE tenant_id = $1 AND id = $2";
    CANCEL_ROUND = "UPDATE service_rounds SET cancelled_at = $3, cancelled_why = $4 WHERE tenant_id = $1 AND id = $2";
    DOORS = doors!("d.round_id = $2 ORDER BY d.position, d.id LIMIT 1000");
    DOOR = doors!("d.id = $2");
    /// A volunteer's own doors of rounds of two days.
    OWN_DOORS = doors!("d.volunteer_id = $2 AND d.round_id IN (SELECT r.id FROM service_rounds r WHERE r.tenant_id = $1 AND r.on_day >= $3 AND r.on_day <= $4 AND r.cancelled_at IS NULL)
        ORDER BY d.position + 0 LIMIT 1000");
    OWN_ROUNDS = rounds!("r.on_day >= $3 AND r.on_day <= $4 AND r.cancelled_at IS NULL AND EXISTS (SELECT 1 FROM service_round_doors o
            WHERE o.tenant_id = r.tenant_id AND o.round_id = r.id AND o.volunteer_id = $2) ORDER BY r.on_day, r.id LIMIT 20");
    GIVE = "UPDATE service_round_doors SET volunteer_id = $3 WHERE tenant_id = $1 AND round_id = $2 AND position >= $4 AND position <= $5 AND noted_at IS NULL";
    NOTE = "UPDATE service_round_doors SET noted_at = $3, noted_by = $4, noted_by_volunteer = $5 WHERE tenant_id = $1 AND id = $2";
    DROP_OUTCOMES = "DELETE FROM service_door_outcomes WHERE tenant_id = $1 AND door_id = $2";
    ADD_DOOR_OUTCOME = "INSERT INTO service_door_outcomes (tenant_id, door_id, outcome_id, round_id, number) VALUES ($1, $2, $3, $4, $5)";
    OF_ROUND = "SELECT x.door_id, x.outcome_id, o.name, o.counted, x.number FROM service_door_outcomes x
        JOIN service_outcomes o ON o.tenant_id = x.tenant_id AND o.id = x.outcome_id
        WHERE x.tenant_id = $1 AND x.round_id = $2 ORDER BY o.created_at + 0 LIMIT 10000";
    /// What came of the doors of the rounds of some days.
    SUMS = concat!("SELECT o.name, o.counted, COUNT(*) AS doors, CAST(SUM(x.number) AS BIGINT) AS number FROM service_rounds r CROSS JOIN service_door_outcomes x CROSS JOIN service_outcomes o
        WHERE x.tenant_id = r.tenant_id AND x.round_id = r.id AND o.tenant_id = x.tenant_id AND o.id = x.outcome_id AND r.tenant_id = $1 AND r.on_day >= $4 AND r.on_day <= $5 AND ", in_reach_of_round!(),
        " GROUP BY o.id, o.name, o.counted, o.created_at ORDER BY o.created_at, o.id");
    OLD_ROUNDS = "SELECT r.id FROM service_rounds r WHERE r.tenant_id = $1 AND r.on_day < $2 AND r.forgotten_at IS NULL ORDER BY r.on_day LIMIT 100";
    FORGET_ROUND = "UPDATE service_rounds SET forgotten_at = $3, tag = NULL WHERE tenant_id = $1 AND id = $2";
    FORGET_DOORS = "UPDATE service_round_doors SET dwelling_id = NULL, need_id = NULL, volunteer_id = NULL, noted_by_volunteer = NULL WHERE tenant_id = $1 AND round_id = $2";
    /// Whose doors they were: a volunteer notes only their own.
    FORGET_WALKER = "UPDATE service_round_doors SET volunteer_id = NULL, noted_by_volunteer = NULL WHERE tenant_id = $1 AND volunteer_id = $2";
    FORGET_DWELLING = "UPDATE service_round_doors SET dwelling_id = NULL, need_id = NULL WHERE tenant_id = $1 AND dwelling_id = $2";
}

record! {
    /// What can come of a door.
    #[derive(Debug, Clone)]
    pub struct Outcome {
        pub id: Uuid, pub name: String, pub counted: bool, pub alone: bool, pub away: bool, pub ended_at: Option<Timestamp>, pub lock_version: i64,
    }
    #[derive(Debug, Clone)]
    pub struct Round {
        pub id: Uuid, pub estate_id: Uuid, pub estate_name: String, pub team_id: Uuid, pub team_name: String, pub activity_id: Option<Uuid>,
        pub title: String, pub origin: Origin, pub tag: Option<Tag>, pub on_day: String, pub starts_at: Timestamp, pub ends_at: Timestamp, pub cancelled_at: Option<Timestamp>,
        pub cancelled_why: String, pub forgotten_at: Option<Timestamp>, pub created_at: Timestamp, pub lock_version: i64, pub doors: i64,
        pub noted: i64,
    }
    #[derive(Debug, Clone)]
    pub struct Door {
        pub id: Uuid, pub round_id: Uuid, pub position: i64, pub dwelling_id: Option<Uuid>, pub unit_id: Option<Uuid>,
        pub building_name: Option<String>, pub unit_key: Option<String>, pub room: Option<String>, pub need_id: Option<Uuid>, pub kind_id: Option<Uuid>,
        pub shares: Option<bool>, pub sealed: Option<Vec<u8>>, pub kind_name: Option<String>, pub volunteer_id: Option<Uuid>,
        pub volunteer_name: Option<String>, pub noted_at: Option<Timestamp>,
    }
    #[derive(Debug, Clone)]
    pub struct Came { pub door_id: Uuid, pub outcome_id: Uuid, pub name: String, pub counted: bool, pub number: i64 }
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Sum { pub name: String, pub counted: bool, pub doors: i64, pub number: i64 }
    pub(super) struct Needy { pub id: Uuid, pub dwelling_id: Uuid }
    pub(super) struct Found { pub id: Uuid }
}

impl Sum {
    /// `留了宣传册 7 户 21 份`
    pub fn words(&self) -> String {
        let number = if self.counted { format!("，{} 份", self.number) } else { String::new() };
        format!("{} {} 户{number}", self.name, self.doors)
    }
}

impl Came {
    pub fn words(&self) -> String {
        if self.counted { format!("{} {} 份", self.name, self.number) } else { self.name.clone() }
    }
}

pub(super) async fn rounds(
    tx: &mut Tx,
    tenant: Uuid,
    scope: &Scope,
    before: Cursor,
    size: usize,
) -> Result<Page<Round>> {
    let query = ROUNDS.bind(tenant).bind(scope.account).bind(&scope.roles).bind(before.key).bind(before.id);
    let items: Vec<Round> = tx.all(query.bind(size as i64 + 1)).await?;
    Ok(Page::of(items, size, |item| Cursor { key: item.created_at.as_millisecond(), id: item.id }))
}

pub async fn outcomes(tx: &mut Tx, tenant: Uuid) -> Result<Vec<Outcome>> {
    Ok(tx.all(OUTCOMES.bind(tenant)).await?)
}

/// What came of the doors of a round, door by door.
pub async fn of_round(tx: &mut Tx, tenant: Uuid, round: Uuid) -> Result<Vec<Came>> {
    Ok(tx.all(OF_ROUND.bind(tenant).bind(round)).await?)
}

/// What came of the doors of rounds within reach from one day to another.
pub async fn sums(tx: &mut Tx, tenant: Uuid, scope: &Scope, (from, until): (&str, &str)) -> Result<Vec<Sum>> {
    Ok(tx.all(SUMS.bind(tenant).bind(scope.account).bind(&scope.roles).bind(from).bind(until)).await?)
}
