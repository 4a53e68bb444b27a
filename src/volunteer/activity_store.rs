use db::{Cursor, Page, Tx, record, statements};
use jiff::Timestamp;
use jiff::civil::Date;
use uuid::Uuid;

use super::activity_model::{Attendance, LeftOut, Place, Risk, Span, clock_of};
use super::hours_model::Kind;
use super::model::State;
use crate::access::Scope;
use crate::error::Result;
use crate::in_reach;

macro_rules! activities {
    ($where:expr) => {
        activities!("volunteer_activities a", concat!("a.tenant_id = $1 AND ", $where))
    };
    ($from:expr, $where:expr) => {
        concat!(
            "SELECT a.id, a.series_id, a.team_id, t.name AS team_name, a.estate_id, e.name AS estate_name, a.title, a.place, a.needs, a.starts_at,
                a.ends_at, a.capacity, a.risk, a.risk_notice, a.least_age, a.cancelled_at, a.cancelled_why, a.lock_version, a.kind,
                (SELECT COUNT(*) FROM volunteer_sign_ups s WHERE s.tenant_id = a.tenant_id AND s.activity_id = a.id AND s.state = 'confirmed') AS confirmed,
                (SELECT COUNT(*) FROM volunteer_sign_ups s WHERE s.tenant_id = a.tenant_id AND s.activity_id = a.id AND s.state = 'waiting') AS waiting
            FROM ",
            $from,
            " JOIN volunteer_teams t ON t.tenant_id = a.tenant_id AND t.id = a.team_id
            LEFT JOIN estates e ON e.tenant_id = a.tenant_id AND e.id = a.estate_id WHERE ",
            $where
        )
    };
}

/// Bound to $2 and $3: an activity in an estate within reach, or of a team that serves one.
macro_rules! in_reach_of_activity {
    () => {
        concat!(
            "(",
            in_reach!("$2", "$3", "a.tenant_id", "a.estate_id", "NULL", "NULL"),
            " OR EXISTS (SELECT 1 FROM volunteer_team_estates s WHERE s.tenant_id = a.tenant_id AND s.team_id = a.team_id AND ",
            in_reach!("$2", "$3", "s.tenant_id", "s.estate_id", "NULL", "NULL"),
            "))"
        )
    };
}

/// Somebody was there, for at least a minute, of whom nobody has confirmed the hours.
macro_rules! unrecorded {
    () => {
        "EXISTS (SELECT 1 FROM volunteer_sign_ups u
            WHERE u.tenant_id = a.tenant_id AND u.activity_id = a.id AND u.state = 'confirmed' AND u.came_at < a.ends_at
            AND (u.left_at IS NULL OR u.left_at - u.came_at >= 60000)
            AND NOT EXISTS (SELECT 1 FROM volunteer_records r WHERE r.tenant_id = u.tenant_id AND r.activity_id = u.activity_id AND r.volunteer_id = u.volunteer_id))"
    };
}

macro_rules! sign_ups {
    ($where:expr) => {
        concat!(
            "SELECT s.id, s.activity_id, s.volunteer_id, v.name, s.state, s.position, s.signed_at, s.risk_read_at, s.promoted_at, s.came_at, s.came_how, s.left_at, s.left_how,
                s.photo_id, s.left_photo_id, s.claim_came_at, s.claim_left_at, s.claim_why,
                (SELECT COUNT(*) FROM volunteer_records r WHERE r.tenant_id = s.tenant_id AND r.activity_id = s.activity_id AND r.volunteer_id = s.volunteer_id) AS recorded
            FROM volunteer_sign_ups s JOIN volunteers v ON v.tenant_id = s.tenant_id AND v.id = s.volunteer_id WHERE s.tenant_id = $1 AND ",
            $where
        )
    };
}

/// SQL: the last day on which the query of a volunteer is good, by the expressions of their tenant and id; NULL unless the last one was passed.
#[macro_export]
macro_rules! vetted_until {
    ($tenant:literal, $volunteer:literal) => {
        concat!(
            "(SELECT CASE WHEN w.result = 'passed' THEN w.expires_on END FROM volunteer_vettings w WHERE w.tenant_id = ",
            $tenant,
            " AND w.volunteer_id = ",
            $volunteer,
            " ORDER BY w.recorded_at DESC, w.id DESC LIMIT 1)"
        )
    };
}

/// What decides whether somebody may take part.
macro_rules! applicants {
    ($from:expr) => {
        concat!(
            "SELECT v.id, v.name, v.state, v.birth_date, v.insurance_no, v.insured_until, v.guardian_agreed_on,
",
            vetted_until!("v.tenant_id", "v.id"),
            " AS vetted_until FROM ",
            $from
        )
    };
}

statements! {
    ADD_SERIES = "INSERT INTO volunteer_series (tenant_id, id, rule, skip, created_at) VALUES ($1, $2, $3, $4, $5)";
    SKIPS = "SELECT skip FROM volunteer_series WHERE tenant_id = $1 AND id = $2";
    ADD = "INSERT INTO volunteer_activities (tenant_id, id, series_id, team_id, estate_id, title, place, needs, starts_at, ends_at, capacity, risk,
            risk_notice, least_age, queue, cancelled_why, created_by, created_at, lock_version, kind)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)";
    /// Whoever is about to change who takes part in an activity holds its row until the end of the transaction; $3 is 1 where a place in
    /// the order is taken, and 0 otherwise.
    HOLD = "UPDATE volunteer_activities SET queue = queue + $3 WHERE tenant_id = $1 AND id = $2 RETURNING queue";
    CHANGE = "UPDATE volunteer_activities SET title = $4, place = $5, needs = $6, starts_at = $7, ends_at = $8, capacity = $9, risk = $10,
            risk_notice = $11, least_age = $12, estate_id = $13, kind = $14, lock_version = lock_version + 1,
            reminded_at = CASE WHEN starts_at = $7 THEN reminded_at END
        WHERE tenant_id = $1 AND id = $2 AND lock_version = $3 AND cancelled_at IS NULL";
    CANCEL = "UPDATE volunteer_activities SET cancelled_at = $4, cancelled_why = $5, lock_version = lock_version + 1
        WHERE tenant_id = $1 AND id = $2 AND lock_version = $3 AND cancelled_at IS NULL";
    GET = activities!("a.id = $2");
    GET_IN_REACH = activities!(concat!("a.id = $4 AND ", in_reach_of_activity!()));
    COMING = activities!(concat!("a.ends_at > $4 AND a.cancelled_at IS NULL AND (a.starts_at, a.id) > ($5, $6) AND ", in_reach_of_activity!(),
        " ORDER BY a.starts_at, a.id LIMIT $7"));
    PAST = activities!(concat!("(a.starts_at, a.id) < ($5, $6) AND (a.ends_at <= $4 OR a.cancelled_at IS NOT NULL) AND ", in_reach_of_activity!(),
        " ORDER BY a.starts_at DESC, a.id DESC LIMIT $7"));
    /// What the teams do in which somebody is.
    COMING_OF_OWN = activities!("volunteer_memberships m JOIN volunteer_activities a ON a.tenant_id = m.tenant_id AND a.team_id = m.team_id",
        "m.tenant_id = $1 AND m.volunteer_id = $2 AND m.left_on IS NULL AND a.cancelled_at IS NULL AND a.starts_at > $3 ORDER BY a.starts_at, a.id LIMIT 200");
    FOLLOWING = activities!("a.series_id = $2 AND a.starts_at >= $3 AND a.cancelled_at IS NULL ORDER BY a.starts_at, a.id LIMIT 400");
    /// What somebody has signed up for and is not long over.
    OWN = activities!("volunteer_sign_ups o JOIN volunteer_activities a ON a.tenant_id = o.tenant_id AND a.id = o.activity_id",
        "o.tenant_id = $1 AND o.volunteer_id = $2 AND o.state <> 'cancelled' AND a.ends_at > $3 ORDER BY o.signed_at DESC, o.id LIMIT 100");
    /// What the teams that somebody leads did lately, what of it somebody has entered later, and of which nobody has confirmed the hours. (The
    /// sum keeps SQLite from going by the days.)
    LED = activities!(concat!("a.team_id IN (SELECT m.team_id FROM volunteer_memberships m WHERE m.tenant_id = $1 AND m.volunteer_id = $2 AND m.left_on IS NULL
            AND m.post <> 'member')
        AND a.cancelled_at IS NULL AND a.ends_at <= $3 AND (a.ends_at > $4 OR EXISTS (SELECT 1 FROM volunteer_sign_ups c
            WHERE c.tenant_id = a.tenant_id AND c.activity_id = a.id AND c.claim_came_at IS NOT NULL) OR a.ends_at > $5 AND ", unrecorded!(),
        ") ORDER BY a.starts_at + 0 DESC, a.id LIMIT 100"));
    /// What was over before a moment and of which hours still wait for whoever leads.
    UNRECORDED = activities!(concat!("a.starts_at > $4 AND a.ends_at <= $5 AND a.cancelled_at IS NULL AND ", unrecorded!(), " AND ", in_reach_of_activity!(),
        " ORDER BY a.starts_at, a.id LIMIT 50"));
    /// Where somebody has entered later that they were there, and nobody has said yet whether that is so.
    CLAIMED = activities!(concat!("a.id IN (SELECT c.activity_id FROM volunteer_sign_ups c WHERE c.tenant_id = $1 AND c.claim_came_at IS NOT NULL) AND ",
        in_reach_of_activity!(), " ORDER BY a.starts_at + 0, a.id LIMIT 50"));
    TO_REMIND = activities!("a.reminded_at IS NULL AND a.cancelled_at IS NULL AND a.starts_at > $2 AND a.starts_at <= $3 ORDER BY a.starts_at, a.id LIMIT 50");
    REMINDED = "UPDATE volunteer_activities SET reminded_at = $3 WHERE tenant_id = $1 AND id = $2 AND reminded_at IS NULL AND cancelled_at IS NULL";

    /// Nobody signs the same person up elsewhere until the end of the transaction.
    HOLD_VOLUNTEER = "UPDATE volunteers SET state = state WHERE tenant_id = $1 AND id = $2";
    SIGN_UP = "INSERT INTO volunteer_sign_ups (tenant_id, id, activity_id, volunteer_id, state, position, signed_at, signed_by, risk_read_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        ON CONFLICT (tenant_id, activity_id, volunteer_id) DO UPDATE SET state = excluded.state, position = excluded.position,
            signed_at = excluded.signed_at, signed_by = excluded.signed_by, risk_read_at = excluded.risk_read_at, promoted_at = NULL, cancelled_at = NULL";
    GIVE_UP = "UPDATE volunteer_sign_ups SET state = 'cancelled', cancelled_at = $4 WHERE tenant_id = $1 AND activity_id = $2 AND volunteer_id = $3 AND state <> 'cancelled'";
    PROMOTE = "UPDATE volunteer_sign_ups SET state = 'confirmed', promoted_at = $4 WHERE tenant_id = $1 AND activity_id = $2 AND volunteer_id = $3 AND state = 'waiting'";
    APPLICANT = applicants!("volunteers v WHERE v.tenant_id = $1 AND v.id = $2");
    /// Those of an activity who stand in one way, in their order.
    APPLICANTS = applicants!("volunteer_sign_ups s JOIN volunteers v ON v.tenant_id = s.tenant_id AND v.id = s.volunteer_id
        WHERE s.tenant_id = $1 AND s.activity_id = $2 AND s.state = $3 ORDER BY s.position LIMIT 500");
    /// Those on the roll who have passed a query that is still good on a day.
    VETTED = applicants!("volunteers v WHERE v.tenant_id = $1 AND v.state = 'active' AND EXISTS (SELECT 1 FROM volunteer_vettings p
        WHERE p.tenant_id = v.tenant_id AND p.volunteer_id = v.id AND p.result = 'passed' AND p.expires_on >= $2) ORDER BY v.name, v.id LIMIT 500");
    WITH_CHILDREN = "SELECT COUNT(*) AS people FROM volunteer_team_groups WHERE tenant_id = $1 AND team_id = $2 AND target = 'children'";
    /// What a team does that has not begun, in the order in which it is held.
    COMING_OF_TEAM = "SELECT a.id FROM volunteer_activities a WHERE a.tenant_id = $1 AND a.team_id = $2 AND a.starts_at > $3 AND a.cancelled_at IS NULL
        ORDER BY a.id LIMIT 1000";
    /// For what somebody is down that has not begun.
    COMING_PLACES = "SELECT a.id FROM volunteer_sign_ups s JOIN volunteer_activities a ON a.tenant_id = s.tenant_id AND a.id = s.activity_id
        WHERE s.tenant_id = $1 AND s.volunteer_id = $2 AND s.state <> 'cancelled' AND a.starts_at > $3 AND a.cancelled_at IS NULL ORDER BY a.id LIMIT 500";
    /// Everybody who is down for an activity, in the order in which they are held.
    DOWN = "SELECT s.volunteer_id AS id FROM volunteer_sign_ups s WHERE s.tenant_id = $1 AND s.activity_id = $2 AND s.state IN ('confirmed', 'waiting') AND s.position > 0 ORDER BY s.volunteer_id LIMIT 5000";
    /// (By the position, as elsewhere, so that SQLite goes by the activity.) How many of an activity are down for another one at the same time, or have to go to a door then.
    DOUBLED = "SELECT COUNT(*) AS people FROM volunteer_sign_ups s JOIN volunteer_activities m ON m.tenant_id = s.tenant_id AND m.id = s.activity_id
        WHERE s.tenant_id = $1 AND s.activity_id = $2 AND s.state IN ('confirmed', 'waiting') AND s.position > 0 AND (EXISTS (SELECT 1 FROM volunteer_sign_ups o
                JOIN volunteer_activities a ON a.tenant_id = o.tenant_id AND a.id = o.activity_id
                WHERE o.tenant_id = s.tenant_id AND o.volunteer_id = s.volunteer_id AND o.state IN ('confirmed', 'waiting') AND o.activity_id <> s.activity_id
                AND a.cancelled_at IS NULL AND a.starts_at < m.ends_at AND a.starts_at > m.starts_at - 86400000 AND a.ends_at > m.starts_at)
            OR EXISTS (SELECT 1 FROM volunteer_engagements g WHERE g.tenant_id = s.tenant_id AND g.volunteer_id = s.volunteer_id
                AND g.starts_at < m.ends_at AND g.ends_at > m.starts_at))";
    /// The danger is another one than they have read of.
    UNREAD = "UPDATE volunteer_sign_ups SET risk_read_at = NULL WHERE tenant_id = $1 AND activity_id = $2 AND state <> 'cancelled'";
    READ = "UPDATE volunteer_sign_ups SET risk_read_at = $4 WHERE tenant_id = $1 AND activity_id = $2 AND volunteer_id = $3 AND state <> 'cancelled' AND risk_read_at IS NULL";
    COUNTED = "SELECT COUNT(*) AS people FROM volunteer_sign_ups WHERE tenant_id = $1 AND activity_id = $2 AND state = 'confirmed'";
    SIGN_UP_OF = sign_ups!("s.activity_id = $2 AND s.volunteer_id = $3");
    GET_SIGN_UP = sign_ups!("s.activity_id = $2 AND s.id = $3");
    SIGN_UPS = sign_ups!("s.activity_id = $2 AND s.state <> 'cancelled' ORDER BY s.state, s.position, s.id LIMIT 500");
    OWN_SIGN_UPS = sign_ups!("s.volunteer_id = $2 AND s.state <> 'cancelled' ORDER BY s.signed_at DESC, s.id LIMIT 200");
    SERVED = "SELECT COUNT(*) AS people FROM volunteer_sign_ups s WHERE s.tenant_id = $1 AND s.volunteer_id = $2 AND s.state = 'confirmed' AND s.came_at IS NOT NULL";
    /// Another activity at the same time for which somebody is down.
    ELSEWHERE = "SELECT a.title FROM volunteer_sign_ups s JOIN volunteer_activities a ON a.tenant_id = s.tenant_id AND a.id = s.activity_id
        WHERE s.tenant_id = $1 AND s.volunteer_id = $2 AND s.state <> 'cancelled' AND a.id <> $3 AND a.cancelled_at IS NULL
            AND a.starts_at < $5 AND a.ends_at > $4 LIMIT 1";
    /// Those of whom the history of an activity may speak: who was down for it, and who was in the team.
    PEOPLE = "SELECT v.id, v.name FROM volunteers v WHERE v.tenant_id = $1 AND v.id IN (
            SELECT s.volunteer_id FROM volunteer_sign_ups s WHERE s.tenant_id = $1 AND s.activity_id = $2
            UNION SELECT m.volunteer_id FROM volunteer_memberships m WHERE m.tenant_id = $1 AND m.team_id = $3) LIMIT 5000";
    /// Those of whom the history of somebody may speak: who was in a team with which they did something.
    COMPANIONS = "SELECT v.id, v.name FROM volunteers v WHERE v.tenant_id = $1 AND v.id IN (
            SELECT m.volunteer_id FROM volunteer_sign_ups s CROSS JOIN volunteer_activities a CROSS JOIN volunteer_memberships m
            WHERE s.tenant_id = $1 AND s.volunteer_id = $2 AND a.tenant_id = s.tenant_id AND a.id = s.activity_id
                AND m.tenant_id = a.tenant_id AND m.team_id = a.team_id) LIMIT 5000";
    /// What somebody has ever been down for.
    DONE = activities!("volunteer_sign_ups o JOIN volunteer_activities a ON a.tenant_id = o.tenant_id AND a.id = o.activity_id",
        "o.tenant_id = $1 AND o.volunteer_id = $2 ORDER BY o.signed_at DESC, o.id LIMIT 500");
    /// The photos of those who came or went together at activities that were over before a moment.
    OLD_PHOTOS = "SELECT s.photo_id AS id FROM volunteer_sign_ups s JOIN volunteer_activities a ON a.tenant_id = s.tenant_id AND a.id = s.activity_id
        WHERE s.tenant_id = $1 AND s.photo_id IS NOT NULL AND a.ends_at < $2
        UNION SELECT s.left_photo_id AS id FROM volunteer_sign_ups s JOIN volunteer_activities a ON a.tenant_id = s.tenant_id AND a.id = s.activity_id
        WHERE s.tenant_id = $1 AND s.left_photo_id IS NOT NULL AND a.ends_at < $2 LIMIT 200";
    /// Those that show nobody but somebody.
    OWN_PHOTOS = "SELECT s.photo_id AS id FROM volunteer_sign_ups s WHERE s.tenant_id = $1 AND s.volunteer_id = $2 AND s.photo_id IS NOT NULL
            AND NOT EXISTS (SELECT 1 FROM volunteer_sign_ups o WHERE o.tenant_id = $1 AND o.photo_id = s.photo_id AND o.volunteer_id <> $2)
            AND NOT EXISTS (SELECT 1 FROM volunteer_sign_ups o WHERE o.tenant_id = $1 AND o.left_photo_id = s.photo_id AND o.volunteer_id <> $2)
        UNION SELECT s.left_photo_id AS id FROM volunteer_sign_ups s WHERE s.tenant_id = $1 AND s.volunteer_id = $2 AND s.left_photo_id IS NOT NULL
            AND NOT EXISTS (SELECT 1 FROM volunteer_sign_ups o WHERE o.tenant_id = $1 AND o.photo_id = s.left_photo_id AND o.volunteer_id <> $2)
            AND NOT EXISTS (SELECT 1 FROM volunteer_sign_ups o WHERE o.tenant_id = $1 AND o.left_photo_id = s.left_photo_id AND o.volunteer_id <> $2) LIMIT 500";
    DROP_CAME = "UPDATE volunteer_sign_ups SET photo_id = NULL WHERE tenant_id = $1 AND photo_id = $2";
    DROP_LEFT = "UPDATE volunteer_sign_ups SET left_photo_id = NULL WHERE tenant_id = $1 AND left_photo_id = $2";
    LEAVE_PHOTO = "INSERT INTO volunteer_photos_left (tenant_id, photo_id) VALUES ($1, $2) ON CONFLICT (tenant_id, photo_id) DO NOTHING";
    PHOTOS_LEFT = "SELECT p.photo_id AS id FROM volunteer_photos_left p WHERE p.tenant_id = $1 LIMIT 200";
    PHOTO_GONE = "DELETE FROM volunteer_photos_left WHERE tenant_id = $1 AND photo_id = $2";
    COME = "UPDATE volunteer_sign_ups SET came_at = $4, came_how = $5, photo_id = $6
        WHERE tenant_id = $1 AND activity_id = $2 AND volunteer_id = $3 AND state = 'confirmed' AND came_at IS NULL";
    GO = "UPDATE volunteer_sign_ups SET left_at = $4, left_how = $5, left_photo_id = $6
        WHERE tenant_id = $1 AND activity_id = $2 AND volunteer_id = $3 AND state = 'confirmed' AND came_at IS NOT NULL AND left_at IS NULL";
    /// What is confirmed is corrected, not entered later.
    CLAIM = "UPDATE volunteer_sign_ups SET claim_came_at = $4, claim_left_at = $5, claim_why = $6
        WHERE tenant_id = $1 AND activity_id = $2 AND id = $3 AND state = 'confirmed' AND (came_at IS NULL OR left_at IS NULL)
            AND NOT EXISTS (SELECT 1 FROM volunteer_records r WHERE r.tenant_id = $1 AND r.activity_id = $2 AND r.volunteer_id = volunteer_sign_ups.volunteer_id)";
    /// What was noted at the place stays; the claim fills in what is missing.
    GRANT = "UPDATE volunteer_sign_ups SET came_at = COALESCE(came_at, claim_came_at), came_how = COALESCE(came_how, 'later'),
            left_at = COALESCE(left_at, claim_left_at), left_how = COALESCE(left_how, 'later'), claim_came_at = NULL, claim_left_at = NULL, claim_why = NULL
        WHERE tenant_id = $1 AND activity_id = $2 AND id = $3 AND claim_came_at = $4 AND claim_left_at = $5";
    DENY = "UPDATE volunteer_sign_ups SET claim_came_at = NULL, claim_left_at = NULL, claim_why = NULL
        WHERE tenant_id = $1 AND activity_id = $2 AND id = $3 AND claim_came_at = $4 AND claim_left_at = $5";
}

record! {
    #[derive(Debug, Clone)]
    pub struct Activity {
        pub id: Uuid, pub series_id: Option<Uuid>, pub team_id: Uuid, pub team_name: String, pub estate_id: Option<Uuid>,
        pub estate_name: Option<String>, pub title: String, pub place: String, pub needs: String, pub starts_at: Timestamp, pub ends_at: Timestamp,
        pub capacity: i64, pub risk: Risk, pub risk_notice: String, pub least_age: i64, pub cancelled_at: Option<Timestamp>,
        pub cancelled_why: String, pub lock_version: i64, pub kind: Kind, pub confirmed: i64, pub waiting: i64,
    }
    #[derive(Debug, Clone)]
    pub struct SignUp {
        pub id: Uuid, pub activity_id: Uuid, pub volunteer_id: Uuid, pub name: String, pub state: Place, pub position: i64,
        pub signed_at: Timestamp,
        /// When they had read what may happen.
        pub risk_read_at: Option<Timestamp>, pub promoted_at: Option<Timestamp>, pub came_at: Option<Timestamp>, pub came_how: Option<Attendance>,
        pub left_at: Option<Timestamp>, pub left_how: Option<Attendance>, pub photo_id: Option<Uuid>, pub left_photo_id: Option<Uuid>, pub claim_came_at: Option<Timestamp>,
        pub claim_left_at: Option<Timestamp>, pub claim_why: Option<String>,
        /// 1 if hours of them are confirmed.
        pub recorded: i64,
    }
    pub(super) struct Queue { pub queue: i64 }
    pub(super) struct Skips { pub skip: LeftOut }
    pub(super) struct Counted { pub people: i64 }
    pub(super) struct Titled { pub title: String }
    pub(super) struct Named { pub id: Uuid, pub name: String }
    #[derive(PartialEq, Eq)]
    pub(super) struct Coming { pub id: Uuid }
    #[derive(Debug)]
    pub(super) struct Applicant {
        pub id: Uuid, pub name: String, pub state: State, pub birth_date: Option<String>, pub insurance_no: Option<String>,
        /// The last day of the insurance.
        pub insured_until: Option<String>,
        /// The day of a guardian's written consent.
        pub guardian_agreed_on: Option<String>,
        /// The last day on which their query is good; `None` without one that was passed.
        pub vetted_until: Option<String>,
    }
}

impl Activity {
    pub fn span(&self) -> Span {
        Span { starts_at: self.starts_at, ends_at: self.ends_at }
    }

    /// `水保所家属院 · 大门口`
    pub fn whereabouts(&self) -> String {
        let estate = self.estate_name.as_deref().unwrap_or("全社区");
        if self.place.is_empty() { estate.to_owned() } else { format!("{estate} · {}", self.place) }
    }

    /// `12月5日 星期六 08:00–11:00`
    pub fn when(&self) -> String {
        self.span().words()
    }

    /// `招募中，还差 4 人`
    pub fn standing(&self, now: Timestamp) -> String {
        if self.cancelled_at.is_some() {
            return format!("已取消：{}", self.cancelled_why);
        }
        match (self.starts_at <= now, self.ends_at <= now) {
            (_, true) => "已结束".to_owned(),
            (true, false) => "进行中".to_owned(),
            _ if self.confirmed < self.capacity => format!("招募中，还差 {} 人", self.capacity - self.confirmed),
            _ if self.waiting > 0 => format!("已满，{} 人候补", self.waiting),
            _ => "已满".to_owned(),
        }
    }

    pub fn open(&self, now: Timestamp) -> bool {
        self.cancelled_at.is_none() && self.starts_at > now
    }
}

impl SignUp {
    /// They have not read what may happen, or that was changed since.
    pub fn unread(&self, activity: &Activity) -> bool {
        self.state != Place::Cancelled && self.risk_read_at.is_none() && !activity.risk_notice.is_empty()
    }

    /// Came and went, in words.
    pub fn presence(&self) -> String {
        match (self.came_at, self.left_at) {
            (Some(came), Some(left)) => format!("{} 到，{} 走", clock_of(came), clock_of(left)),
            (Some(came), None) => format!("{} 到", clock_of(came)),
            _ => String::new(),
        }
    }

    /// `08:00–11:00` of what they have entered later.
    pub fn claim(&self) -> Option<String> {
        Some(self.claimed()?.clock())
    }

    /// What they have entered later.
    pub fn claimed(&self) -> Option<Span> {
        Some(Span { starts_at: self.claim_came_at?, ends_at: self.claim_left_at? })
    }
}

pub async fn activity(tx: &mut Tx, tenant: Uuid, id: Uuid) -> Result<Activity> {
    Ok(tx.one(GET.bind(tenant).bind(id)).await?)
}

/// Errors: not found out of reach.
pub async fn in_reach(tx: &mut Tx, tenant: Uuid, scope: &Scope, id: Uuid) -> Result<Activity> {
    Ok(tx.one(GET_IN_REACH.bind(tenant).bind(scope.account).bind(&scope.roles).bind(id)).await?)
}

/// Those that are not over, the next one first.
pub async fn coming(
    tx: &mut Tx,
    tenant: Uuid,
    scope: &Scope,
    now: Timestamp,
    after: Cursor,
    size: usize,
) -> Result<Page<Activity>> {
    let query = COMING.bind(tenant).bind(scope.account).bind(&scope.roles).bind(now).bind(after.key).bind(after.id);
    Ok(Page::of(tx.all(query.bind(size as i64 + 1)).await?, size, cursor))
}

/// What the teams of somebody do that has not begun, the next one first; at most 200.
pub(super) async fn coming_of_own(tx: &mut Tx, tenant: Uuid, volunteer: Uuid, now: Timestamp) -> Result<Vec<Activity>> {
    Ok(tx.all(COMING_OF_OWN.bind(tenant).bind(volunteer).bind(now)).await?)
}

/// Those that are over or were called off, the latest first.
pub(super) async fn past(
    tx: &mut Tx,
    tenant: Uuid,
    scope: &Scope,
    now: Timestamp,
    before: Cursor,
    size: usize,
) -> Result<Page<Activity>> {
    let query = PAST.bind(tenant).bind(scope.account).bind(&scope.roles).bind(now).bind(before.key).bind(before.id);
    Ok(Page::of(tx.all(query.bind(size as i64 + 1)).await?, size, cursor))
}

fn cursor(activity: &Activity) -> Cursor {
    Cursor { key: activity.starts_at.as_millisecond(), id: activity.id }
}

/// An activity of a series and those that follow it, in order; at most 400.
pub(super) async fn following(tx: &mut Tx, tenant: Uuid, series: Uuid, from: Timestamp) -> Result<Vec<Activity>> {
    Ok(tx.all(FOLLOWING.bind(tenant).bind(series).bind(from)).await?)
}

/// What somebody is down for that had not ended at a moment, in no order; at most 100.
pub(super) async fn own(tx: &mut Tx, tenant: Uuid, volunteer: Uuid, since: Timestamp) -> Result<Vec<Activity>> {
    Ok(tx.all(OWN.bind(tenant).bind(volunteer).bind(since)).await?)
}

/// What the teams that somebody leads did since a moment, and what of before still waits for a word; hours only since another one. At most 100.
pub(super) async fn led(
    tx: &mut Tx,
    tenant: Uuid,
    volunteer: Uuid,
    now: Timestamp,
    (since, unrecorded_since): (Timestamp, Timestamp),
) -> Result<Vec<Activity>> {
    Ok(tx.all(LED.bind(tenant).bind(volunteer).bind(now).bind(since).bind(unrecorded_since)).await?)
}

/// What was over between two moments and of which hours still wait for whoever leads; at most 50.
pub(super) async fn unrecorded(
    tx: &mut Tx,
    tenant: Uuid,
    scope: &Scope,
    (since, until): (Timestamp, Timestamp),
) -> Result<Vec<Activity>> {
    Ok(tx.all(UNRECORDED.bind(tenant).bind(scope.account).bind(&scope.roles).bind(since).bind(until)).await?)
}

/// Where somebody has entered later that they were there; at most 50.
pub(super) async fn claimed(tx: &mut Tx, tenant: Uuid, scope: &Scope) -> Result<Vec<Activity>> {
    Ok(tx.all(CLAIMED.bind(tenant).bind(scope.account).bind(&scope.roles)).await?)
}

pub(super) async fn own_sign_ups(tx: &mut Tx, tenant: Uuid, volunteer: Uuid) -> Result<Vec<SignUp>> {
    Ok(tx.all(OWN_SIGN_UPS.bind(tenant).bind(volunteer)).await?)
}

/// Those who take part, then those who wait, in their order; at most 500.
pub async fn sign_ups(tx: &mut Tx, tenant: Uuid, activity: Uuid) -> Result<Vec<SignUp>> {
    Ok(tx.all(SIGN_UPS.bind(tenant).bind(activity)).await?)
}

pub async fn sign_up_of(tx: &mut Tx, tenant: Uuid, activity: Uuid, volunteer: Uuid) -> Result<Option<SignUp>> {
    Ok(tx.optional(SIGN_UP_OF.bind(tenant).bind(activity).bind(volunteer)).await?)
}

/// Those of an activity who stand in one way, in their order; at most 500.
pub(super) async fn applicants(tx: &mut Tx, tenant: Uuid, activity: Uuid, place: Place) -> Result<Vec<Applicant>> {
    Ok(tx.all(APPLICANTS.bind(tenant).bind(activity).bind(place)).await?)
}

/// Who may be with children on a day by their last query, by name; at most 500.
pub async fn vetted(tx: &mut Tx, tenant: Uuid, day: Date) -> Result<Vec<(Uuid, String)>> {
    let day = day.to_string();
    let found: Vec<Applicant> = tx.all(VETTED.bind(tenant).bind(&day)).await?;
    let fit = found.into_iter().filter(|who| who.vetted_until.as_deref().is_some_and(|until| until >= day.as_str()));
    Ok(fit.map(|who| (who.id, who.name)).collect())
}

/// Of whom the history of an activity may speak, by name.
pub(super) async fn people(tx: &mut Tx, tenant: Uuid, activity: &Activity) -> Result<Vec<Named>> {
    Ok(tx.all(PEOPLE.bind(tenant).bind(activity.id).bind(activity.team_id)).await?)
}

/// Of whom and of which activities the history of somebody may speak.
pub(super) async fn around(tx: &mut Tx, tenant: Uuid, volunteer: Uuid) -> Result<Vec<Named>> {
    let mut names: Vec<Named> = tx.all(COMPANIONS.bind(tenant).bind(volunteer)).await?;
    let done: Vec<Activity> = tx.all(DONE.bind(tenant).bind(volunteer)).await?;
    names.extend(done.into_iter().map(|one| Named { id: one.id, name: format!("{}，{}", one.title, one.when()) }));
    Ok(names)
}
