use db::{Cursor, Page, Tx, record, statements};
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use uuid::Uuid;

use super::model::{How, Peak, PersonKind, ShiftState};
use super::store::{self, school_in_reach};
use crate::access::Scope;
use crate::error::Result;
use crate::in_reach;

macro_rules! shifts {
    ($where:expr) => {
        concat!(
            "SELECT f.id, f.roster_id, f.school_id, s.name AS school_name, f.day, f.gate_id, g.name AS gate_name, f.slot_id, t.kind AS peak, f.seat,
                f.person_id, p.name AS person_name, p.kind AS person_kind, f.duty, f.starts_at, f.ends_at, f.state, f.pinned, f.confirmed_at,
                f.came_at, f.came_how, f.came_where, f.left_at, f.absent_at, f.absent_why, f.absent_sealed, f.stands_for, f.reach_by, f.call_at, f.handover, f.handover_at,
                f.lock_version, p.school_id AS person_school_id, p.ended_at AS person_ended_at, p.times AS person_times
            FROM duty_shifts f JOIN duty_schools s ON s.tenant_id = f.tenant_id AND s.id = f.school_id
            LEFT JOIN duty_gates g ON g.tenant_id = f.tenant_id AND g.id = f.gate_id
            LEFT JOIN duty_slots t ON t.tenant_id = f.tenant_id AND t.id = f.slot_id
            LEFT JOIN duty_people p ON p.tenant_id = f.tenant_id AND p.id = f.person_id WHERE f.tenant_id = $1 AND ",
            $where
        )
    };
}

macro_rules! swaps {
    ($where:expr) => {
        concat!(
            "SELECT w.id, w.shift_id, w.from_id, a.name AS from_name, w.to_id, b.name AS to_name, w.asked_at, w.agreed_at, w.state, w.why,
                f.day, f.school_id, s.name AS school_name, g.name AS gate_name, f.starts_at, f.ends_at
            FROM duty_swaps w JOIN duty_shifts f ON f.tenant_id = w.tenant_id AND f.id = w.shift_id
            JOIN duty_schools s ON s.tenant_id = f.tenant_id AND s.id = f.school_id
            LEFT JOIN duty_gates g ON g.tenant_id = f.tenant_id AND g.id = f.gate_id
            JOIN duty_people a ON a.tenant_id = w.tenant_id AND a.id = w.from_id
            JOIN duty_people b ON b.tenant_id = w.tenant_id AND b.id = w.to_id WHERE w.tenant_id = $1 AND ",
            $where
        )
    };
}

macro_rules! calls {
    ($where:expr) => {
        concat!(
            "SELECT c.id, c.shift_id, c.person_id, p.name AS person_name, p.phone_sealed, c.minutes, c.called_at, c.answer_by, c.answered_at, c.accepted, c.texted_at, c.ended_at,
                f.day, s.name AS school_name, g.name AS gate_name, f.starts_at, f.ends_at
            FROM duty_calls c JOIN duty_people p ON p.tenant_id = c.tenant_id AND p.id = c.person_id
            JOIN duty_shifts f ON f.tenant_id = c.tenant_id AND f.id = c.shift_id
            JOIN duty_schools s ON s.tenant_id = f.tenant_id AND s.id = f.school_id
            LEFT JOIN duty_gates g ON g.tenant_id = f.tenant_id AND g.id = f.gate_id WHERE c.tenant_id = $1 AND ",
            $where
        )
    };
}

macro_rules! rosters {
    ($where:expr) => {
        concat!(
            "SELECT r.id, r.organisation_id, o.name AS organisation_name, r.first_day, r.last_day, r.state, r.seed, r.seats, r.empty, r.least_empty,
                r.made_at, r.published_at, r.lock_version
            FROM duty_rosters r JOIN organisations o ON o.tenant_id = r.tenant_id AND o.id = r.organisation_id WHERE r.tenant_id = $1 AND ",
            $where
        )
    };
}

/// Changes ($set) the shifts without anybody, where a draft ($2) has somebody.
macro_rules! hollow {
    ($set:literal) => {
        concat!(
            "UPDATE duty_shifts SET ",
            $set,
            " WHERE tenant_id = $1 AND state = 'standing' AND person_id IS NULL AND NOT pinned AND absent_at IS NULL
            AND id IN (SELECT h.id FROM duty_shifts d JOIN duty_shifts h ON h.tenant_id = d.tenant_id AND h.day = d.day AND h.gate_id = d.gate_id
                AND h.slot_id = d.slot_id AND h.seat = d.seat AND h.state = 'standing' AND h.absent_at IS NULL AND h.person_id IS NULL
                WHERE d.tenant_id = $1 AND d.roster_id = $2 AND d.state = 'draft')"
        )
    };
}

statements! {
    ADD = "INSERT INTO duty_shifts (tenant_id, id, roster_id, school_id, day, gate_id, slot_id, seat, person_id, duty, starts_at, ends_at, state, pinned,
            absent_why, stands_for, reach_by, handover, created_at, lock_version)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)";
    /// Who is put down has to confirm anew.
    CHANGE = "UPDATE duty_shifts SET person_id = $4, duty = $5, starts_at = $6, ends_at = $7, pinned = $8, confirmed_at = NULL, lock_version = lock_version + 1
        WHERE tenant_id = $1 AND id = $2 AND lock_version = $3 AND came_at IS NULL AND absent_at IS NULL AND state <> 'cancelled'";
    CANCEL = "UPDATE duty_shifts SET state = 'cancelled', lock_version = lock_version + 1
        WHERE tenant_id = $1 AND id = $2 AND came_at IS NULL AND absent_at IS NULL AND state <> 'cancelled'";
    /// Holds the row, so that of two who do something at once the second sees what the first did.
    HOLD = "UPDATE duty_shifts SET lock_version = lock_version + 1 WHERE tenant_id = $1 AND id = $2";
    /// The same without a new version, before the row is changed by the version that somebody has seen.
    HOLD_SEEN = "UPDATE duty_shifts SET lock_version = lock_version + 0 WHERE tenant_id = $1 AND id = $2";
    CONFIRM = "UPDATE duty_shifts SET confirmed_at = $3 WHERE tenant_id = $1 AND id = $2";
    COME = "UPDATE duty_shifts SET came_at = $3, came_how = $4, came_where = $5, call_at = NULL, absent_at = NULL, absent_why = '', absent_sealed = NULL WHERE tenant_id = $1 AND id = $2";
    LEAVE = "UPDATE duty_shifts SET left_at = $3 WHERE tenant_id = $1 AND id = $2";
    /// Why is sealed: it may be an illness. The clock calls somebody from a moment ($5) on; nothing where somebody is called at once.
    MISS = "UPDATE duty_shifts SET absent_at = $3, absent_why = '', absent_sealed = $4, call_at = $5 WHERE tenant_id = $1 AND id = $2";
    TAKE_MISS_BACK = "UPDATE duty_shifts SET call_at = NULL, absent_at = NULL, absent_why = '', absent_sealed = NULL WHERE tenant_id = $1 AND id = $2";
    HAND_OVER = "UPDATE duty_shifts SET handover = $3, handover_at = $4 WHERE tenant_id = $1 AND id = $2";
    GIVE_TO = "UPDATE duty_shifts SET person_id = $3, confirmed_at = $4, lock_version = lock_version + 1 WHERE tenant_id = $1 AND id = $2";
    SHIFT = shifts!("f.id = $2");
    SHIFT_IN_REACH = shifts!(concat!("f.id = $4 AND ", school_in_reach!("f.school_id")));
    OF_DAYS = shifts!(concat!("f.day >= $4 AND f.day <= $5 AND f.state = 'standing' AND ", school_in_reach!("f.school_id"), " ORDER BY f.day, f.starts_at, f.seat, f.id LIMIT 50000"));
    /// What has not begun ($7), of a school ($4) or of all, at a gate ($5) or in a peak ($6); without what is there for its own sake.
    AHEAD = "SELECT f.id, f.day, f.school_id, f.gate_id, f.slot_id FROM duty_shifts f WHERE f.tenant_id = $1 AND f.day >= $2 AND f.day <= $3
        AND (CAST($4 AS UUID) IS NULL OR f.school_id = $4) AND (CAST($5 AS UUID) IS NULL OR f.gate_id = $5) AND (CAST($6 AS UUID) IS NULL OR f.slot_id = $6)
        AND f.state = 'standing' AND f.came_at IS NULL AND (f.starts_at IS NULL OR f.starts_at > $7) AND f.gate_id IS NOT NULL AND f.slot_id IS NOT NULL
        AND (f.roster_id IS NOT NULL OR NOT f.pinned) ORDER BY f.day, f.id LIMIT 50000";
    OF_PERSON = shifts!("f.person_id = $2 AND f.day >= $3 AND f.day <= $4 AND f.state = 'standing' ORDER BY f.day, f.starts_at, f.id LIMIT 400");
    OF_ROSTER = shifts!("f.roster_id = $2 AND f.day >= $3 AND f.state = 'draft' ORDER BY f.day, f.starts_at, s.position, s.id, g.position, f.seat, f.id LIMIT 50000");
    OF_SEAT = shifts!("f.day = $2 AND f.gate_id = $3 AND f.slot_id = $4 AND f.state = 'standing' ORDER BY f.seat, f.id LIMIT 40");
    OF_SCHOOL = shifts!("f.school_id = $2 AND f.day = $3 AND f.state = 'standing' ORDER BY f.starts_at, f.id LIMIT 400");
    OF_SCHOOL_DAYS = shifts!("f.school_id = $2 AND f.day >= $3 AND f.day <= $4 AND f.state = 'standing' ORDER BY f.day, f.starts_at, f.id LIMIT 5000");
    PIN = "UPDATE duty_shifts SET pinned = $4, lock_version = lock_version + 1 WHERE tenant_id = $1 AND id = $2 AND lock_version = $3 AND state = 'draft'";
    /// Early and late peaks of each person since a day, up to but without another.
    SHARES = "SELECT f.person_id, t.kind AS peak, COUNT(*) AS shifts FROM duty_shifts f JOIN duty_slots t ON t.tenant_id = f.tenant_id AND t.id = f.slot_id
        WHERE f.tenant_id = $1 AND f.day >= $2 AND f.day < $3 AND f.state = 'standing' AND f.absent_at IS NULL AND f.person_id IS NOT NULL
        GROUP BY f.person_id, t.kind LIMIT 20000";
    /// Absences from a day on whose place nobody has taken, the earliest first.
    ABSENT_FROM = shifts!(concat!("f.day >= $4 AND f.absent_at IS NOT NULL AND f.state = 'standing' AND ", school_in_reach!("f.school_id"), "
        AND NOT EXISTS (SELECT 1 FROM duty_shifts o WHERE o.tenant_id = f.tenant_id AND o.day = f.day AND o.gate_id = f.gate_id AND o.slot_id = f.slot_id
            AND o.seat = f.seat AND o.state = 'standing' AND o.absent_at IS NULL)
        AND NOT EXISTS (SELECT 1 FROM duty_shifts o WHERE o.tenant_id = f.tenant_id AND o.stands_for = f.id AND o.state = 'standing')
        ORDER BY f.day, f.starts_at, f.id LIMIT 200"));
    STANDING_FOR = shifts!("f.stands_for = $2 AND f.state = 'standing' ORDER BY f.absent_at IS NOT NULL, f.id DESC LIMIT 1");

    ADD_CALL = "INSERT INTO duty_calls (tenant_id, id, shift_id, person_id, minutes, called_at, answer_by, watch_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $7)";
    ANSWER_CALL = "UPDATE duty_calls SET answered_at = $3, accepted = $4, watch_at = NULL WHERE tenant_id = $1 AND id = $2 AND answered_at IS NULL AND ended_at IS NULL";
    /// Whoever has not answered need not any more.
    END_CALLS = "UPDATE duty_calls SET ended_at = $3, watch_at = NULL WHERE tenant_id = $1 AND shift_id = $2 AND answered_at IS NULL AND ended_at IS NULL";
    /// The same once somebody was put into the seat of whoever is absent.
    END_CALLS_OF_SEAT = "UPDATE duty_calls SET ended_at = $6, watch_at = NULL WHERE tenant_id = $1 AND answered_at IS NULL AND ended_at IS NULL
        AND shift_id IN (SELECT f.id FROM duty_shifts f WHERE f.tenant_id = $1 AND f.day = $2 AND f.gate_id = $3 AND f.slot_id = $4 AND f.seat = $5 AND f.absent_at IS NOT NULL)";
    /// Whoever had accepted does not stand there after all.
    END_ACCEPTED = "UPDATE duty_calls SET ended_at = $4 WHERE tenant_id = $1 AND shift_id = $2 AND person_id = $3 AND accepted AND ended_at IS NULL";
    CALL = calls!("c.id = $2");
    CALLS_OF = calls!("c.shift_id = $2 ORDER BY c.called_at, c.id LIMIT 200");
    /// What somebody can still answer, from a day ($5) on.
    CALLS_TO = calls!("c.person_id = $2 AND c.called_at >= $3 AND c.answered_at IS NULL AND c.ended_at IS NULL AND f.absent_at IS NOT NULL
        AND (f.ends_at IS NULL OR f.ends_at > $4) AND f.day >= $5 ORDER BY c.called_at, c.id LIMIT 20");
    /// Those of the absences of a day.
    CALLS_OF_DAY = calls!(concat!("c.shift_id IN (SELECT x.id FROM duty_shifts x WHERE x.tenant_id = $1 AND x.day = $4 AND x.absent_at IS NOT NULL AND ",
        school_in_reach!("x.school_id"), ") ORDER BY c.called_at, c.id LIMIT 5000"));

    ADD_SWAP = "INSERT INTO duty_swaps (tenant_id, id, shift_id, from_id, to_id, asked_at, state, why) VALUES ($1, $2, $3, $4, $5, $6, 'asked', '')";
    AGREE = "UPDATE duty_swaps SET agreed_at = $3, state = 'agreed' WHERE tenant_id = $1 AND id = $2 AND state = 'asked'";
    DECIDE = "UPDATE duty_swaps SET state = $3, decided_by = $4, decided_at = $5, why = $6 WHERE tenant_id = $1 AND id = $2 AND state IN ('asked', 'agreed')";
    SWAP = swaps!("w.id = $2");
    /// The shift has changed: nobody can take it over as it was asked.
    CLOSE_SWAPS = "UPDATE duty_swaps SET state = 'refused', decided_at = $3, why = $4 WHERE tenant_id = $1 AND shift_id = $2 AND state IN ('asked', 'agreed')";
    /// What has begun is not swapped any more.
    SWAPS_WAITING = swaps!(concat!("w.state = 'agreed' AND (f.starts_at IS NULL OR f.starts_at > $4) AND ", school_in_reach!("f.school_id"), " ORDER BY w.asked_at, w.id LIMIT 100"));
    SWAPS_TO = swaps!("w.to_id = $2 AND w.asked_at >= $3 AND w.state = 'asked' AND (f.starts_at IS NULL OR f.starts_at > $4) ORDER BY w.asked_at, w.id LIMIT 20");
    /// What somebody has asked for and what became of it, the latest first.
    SWAPS_FROM = swaps!("w.from_id = $2 AND w.asked_at >= $3 ORDER BY w.asked_at DESC, w.id DESC LIMIT 10");
    /// The last that was asked of a shift, whatever became of it.
    SWAP_OF_SHIFT = swaps!("w.shift_id = $2 ORDER BY w.asked_at DESC, w.id DESC LIMIT 1");

    ADD_ROSTER = "INSERT INTO duty_rosters (tenant_id, id, organisation_id, first_day, last_day, state, seed, seats, empty, least_empty, made_by, made_at, lock_version)
        VALUES ($1, $2, $3, $4, $5, 'draft', $6, $7, $8, $9, $10, $11, 1)";
    PUBLISH = "UPDATE duty_rosters SET state = 'published', published_by = $4, published_at = $5, lock_version = lock_version + 1
        WHERE tenant_id = $1 AND id = $2 AND lock_version = $3 AND state = 'draft'";
    DROP_ROSTER = "UPDATE duty_rosters SET state = 'dropped', lock_version = lock_version + 1 WHERE tenant_id = $1 AND id = $2 AND state = 'draft'";
    PUBLISH_SHIFTS = "UPDATE duty_shifts SET state = 'standing' WHERE tenant_id = $1 AND roster_id = $2 AND state = 'draft'";
    /// Of a draft what has begun by now.
    DROP_BEGUN = "UPDATE duty_shifts SET state = 'cancelled' WHERE tenant_id = $1 AND roster_id = $2 AND state = 'draft'
        AND (starts_at <= $3 OR starts_at IS NULL AND day < $4)";
    /// Shifts without anybody, where a draft has somebody: it fills them.
    CANCEL_HOLLOW = hollow!("state = 'cancelled', lock_version = lock_version + 1");
    /// Takes their locks before those of people.
    HOLD_HOLLOW = hollow!("lock_version = lock_version + 0");
    DROP_SHIFTS = "UPDATE duty_shifts SET state = 'cancelled' WHERE tenant_id = $1 AND roster_id = $2 AND state = 'draft'";
    ADD_GAP = "INSERT INTO duty_gaps (tenant_id, roster_id, day, gate_id, slot_id, seat, why, proved) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    GAPS = "SELECT q.day, g.name AS gate_name, s.name AS school_name, t.kind AS peak, q.seat, q.why, q.proved FROM duty_gaps q
        JOIN duty_gates g ON g.tenant_id = q.tenant_id AND g.id = q.gate_id JOIN duty_schools s ON s.tenant_id = g.tenant_id AND s.id = g.school_id
        JOIN duty_slots t ON t.tenant_id = q.tenant_id AND t.id = q.slot_id
        WHERE q.tenant_id = $1 AND q.roster_id = $2 ORDER BY q.day, s.position, g.position, q.slot_id, q.seat LIMIT 500";
    GAP_SEATS = "SELECT q.day, q.gate_id, q.slot_id, q.seat FROM duty_gaps q WHERE q.tenant_id = $1 AND q.roster_id = $2 ORDER BY q.day, q.gate_id, q.slot_id, q.seat LIMIT 50000";
    ROSTER_IN_REACH = rosters!(concat!("r.id = $4 AND ", in_reach!("$2", "$3", "r.tenant_id", "NULL", "NULL", "r.organisation_id")));
    ROSTERS = rosters!(concat!(in_reach!("$2", "$3", "r.tenant_id", "NULL", "NULL", "r.organisation_id"),
        " AND (r.made_at, r.id) < ($4, $5) ORDER BY r.made_at DESC, r.id DESC LIMIT $6"));
}

record! {
    #[derive(Debug, Clone)]
    pub struct Shift {
        pub id: Uuid, pub roster_id: Option<Uuid>, pub school_id: Uuid, pub school_name: String, pub day: String, pub gate_id: Option<Uuid>,
        pub gate_name: Option<String>, pub slot_id: Option<Uuid>, pub peak: Option<Peak>, pub seat: i64, pub person_id: Option<Uuid>,
        pub person_name: Option<String>, pub person_kind: Option<PersonKind>, pub duty: String, pub starts_at: Option<Timestamp>,
        pub ends_at: Option<Timestamp>, pub state: ShiftState, pub pinned: bool, pub confirmed_at: Option<Timestamp>, pub came_at: Option<Timestamp>,
        pub came_how: Option<How>, pub came_where: Option<String>, pub left_at: Option<Timestamp>, pub absent_at: Option<Timestamp>,
        pub absent_why: String, pub absent_sealed: Option<Vec<u8>>, pub stands_for: Option<Uuid>, pub reach_by: Option<Timestamp>, pub call_at: Option<Timestamp>, pub handover: String,
        pub handover_at: Option<Timestamp>, pub lock_version: i64, pub person_school_id: Option<Uuid>, pub person_ended_at: Option<Timestamp>,
        pub person_times: Option<i64>,
    }
    /// As much of a shift as tells whether it is needed.
    pub(super) struct Planned { pub id: Uuid, pub day: String, pub school_id: Uuid, pub gate_id: Uuid, pub slot_id: Uuid }
    pub struct Share { pub person_id: Uuid, pub peak: Peak, pub shifts: i64 }
    pub struct GapSeat { pub day: String, pub gate_id: Uuid, pub slot_id: Uuid, pub seat: i64 }
    #[derive(Debug, Clone)]
    pub struct Call {
        pub id: Uuid, pub shift_id: Uuid, pub person_id: Uuid, pub person_name: String, pub phone_sealed: Option<Vec<u8>>, pub minutes: i64,
        pub called_at: Timestamp, pub answer_by: Timestamp, pub answered_at: Option<Timestamp>, pub accepted: Option<bool>,
        pub texted_at: Option<Timestamp>, pub ended_at: Option<Timestamp>, pub day: String,
        pub school_name: String, pub gate_name: Option<String>, pub starts_at: Option<Timestamp>, pub ends_at: Option<Timestamp>,
    }
    #[derive(Debug, Clone)]
    pub struct Swap {
        pub id: Uuid, pub shift_id: Uuid, pub from_id: Uuid, pub from_name: String, pub to_id: Uuid, pub to_name: String, pub asked_at: Timestamp,
        pub agreed_at: Option<Timestamp>, pub state: String, pub why: String, pub day: String, pub school_id: Uuid, pub school_name: String,
        pub gate_name: Option<String>, pub starts_at: Option<Timestamp>, pub ends_at: Option<Timestamp>,
    }
    #[derive(Debug, Clone)]
    pub struct RosterRow {
        pub id: Uuid, pub organisation_id: Uuid, pub organisation_name: String, pub first_day: String, pub last_day: String, pub state: String,
        pub seed: i64, pub seats: i64, pub empty: i64, pub least_empty: i64, pub made_at: Timestamp, pub published_at: Option<Timestamp>, pub lock_version: i64,
    }
    #[derive(Debug, Clone)]
    pub struct Gap { pub day: String, pub gate_name: String, pub school_name: String, pub peak: Peak, pub seat: i64, pub why: String, pub proved: bool }
}

pub async fn shift(tx: &mut Tx, tenant: Uuid, id: Uuid) -> Result<Shift> {
    Ok(tx.one(SHIFT.bind(tenant).bind(id)).await?)
}

/// Takes the locks of shifts in the order of their ids, as everybody does who takes several: of two who want the same neither waits for the other
/// for ever.
pub(super) async fn hold(tx: &mut Tx, tenant: Uuid, mut shifts: Vec<Uuid>) -> Result<()> {
    shifts.sort_unstable();
    for shift in shifts {
        tx.execute(HOLD_SEEN.bind(tenant).bind(shift)).await?;
    }
    Ok(())
}

pub(super) async fn shift_within(tx: &mut Tx, tenant: Uuid, scope: &Scope, id: Uuid) -> Result<Shift> {
    Ok(tx.one(SHIFT_IN_REACH.bind(tenant).bind(scope.account).bind(&scope.roles).bind(id)).await?)
}

/// What stands from one day to another, both included, read week by week: of a county a term has a hundred thousand.
///
/// Errors: refused where a week has more than can be read at once.
pub async fn of_days(tx: &mut Tx, tenant: Uuid, scope: &Scope, days: (&str, &str)) -> Result<Vec<Shift>> {
    let mut all = Vec::new();
    for (from, to) in weeks(days) {
        let query = OF_DAYS.bind(tenant).bind(scope.account).bind(&scope.roles).bind(from).bind(to);
        all.extend(store::whole(tx.all(query).await?, 50_000)?);
    }
    Ok(all)
}

/// What stands at a school, or at all, at one of its gates or in one of its peaks, whoever reaches it, has not begun and can be needless; read in
/// the same way.
///
/// Errors: refused where a week has more than can be read at once.
pub(super) async fn ahead(
    tx: &mut Tx,
    tenant: Uuid,
    (school, gate, slot): (Option<Uuid>, Option<Uuid>, Option<Uuid>),
    (first, last): (Date, Date),
    now: Timestamp,
) -> Result<Vec<Planned>> {
    let (first, last) = (first.to_string(), last.to_string());
    let mut all = Vec::new();
    for (from, to) in weeks((&first, &last)) {
        let query = AHEAD.bind(tenant).bind(from).bind(to).bind(school).bind(gate).bind(slot).bind(now);
        all.extend(store::whole(tx.all(query).await?, 50_000)?);
    }
    Ok(all)
}

/// The same days in pieces of a week.
fn weeks((from, to): (&str, &str)) -> Vec<(String, String)> {
    let (Ok(mut first), Ok(last)) = (from.parse::<Date>(), to.parse::<Date>()) else {
        return vec![(from.to_owned(), to.to_owned())];
    };
    let mut pieces = Vec::new();
    while first <= last {
        let end = first.saturating_add(6.days()).min(last);
        pieces.push((first.to_string(), end.to_string()));
        if end == last {
            break;
        }
        first = end.saturating_add(1.days());
    }
    pieces
}

pub(super) async fn of_person(tx: &mut Tx, tenant: Uuid, person: Uuid, days: (&str, &str)) -> Result<Vec<Shift>> {
    Ok(tx.all(OF_PERSON.bind(tenant).bind(person).bind(days.0).bind(days.1)).await?)
}

pub(super) async fn calls_of(tx: &mut Tx, tenant: Uuid, shift: Uuid) -> Result<Vec<Call>> {
    Ok(tx.all(CALLS_OF.bind(tenant).bind(shift)).await?)
}

/// Those of the absences of a day within reach, the earliest first.
pub(super) async fn calls_of_day(tx: &mut Tx, tenant: Uuid, scope: &Scope, day: &str) -> Result<Vec<Call>> {
    Ok(tx.all(CALLS_OF_DAY.bind(tenant).bind(scope.account).bind(&scope.roles).bind(day)).await?)
}

/// Absences from a day on, within reach, whose place nobody has taken; at most 200.
pub(super) async fn absent_from(tx: &mut Tx, tenant: Uuid, scope: &Scope, day: &str) -> Result<Vec<Shift>> {
    Ok(tx.all(ABSENT_FROM.bind(tenant).bind(scope.account).bind(&scope.roles).bind(day)).await?)
}

/// Swaps that both have agreed on, within reach, of shifts that have not begun; at most 100.
pub(super) async fn swaps_waiting(tx: &mut Tx, tenant: Uuid, scope: &Scope, now: Timestamp) -> Result<Vec<Swap>> {
    Ok(tx.all(SWAPS_WAITING.bind(tenant).bind(scope.account).bind(&scope.roles).bind(now)).await?)
}

pub(super) async fn roster_within(tx: &mut Tx, tenant: Uuid, scope: &Scope, id: Uuid) -> Result<RosterRow> {
    Ok(tx.one(ROSTER_IN_REACH.bind(tenant).bind(scope.account).bind(&scope.roles).bind(id)).await?)
}

pub(super) async fn rosters(
    tx: &mut Tx,
    tenant: Uuid,
    scope: &Scope,
    before: Cursor,
    size: usize,
) -> Result<Page<RosterRow>> {
    let query = ROSTERS.bind(tenant).bind(scope.account).bind(&scope.roles).bind(before.key).bind(before.id);
    let items: Vec<RosterRow> = tx.all(query.bind(size as i64 + 1)).await?;
    Ok(Page::of(items, size, |item| Cursor { key: item.made_at.as_millisecond(), id: item.id }))
}
