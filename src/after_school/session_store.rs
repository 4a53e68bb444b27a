use db::{Cursor, Page, Tx, record, statements};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::presence::{ReleaseWay, Standing};
use super::session_model::{Answer, Call, Kind, LONGEST};
use crate::access::Scope;
use crate::error::Result;
use crate::volunteer::{Outcome, Span};
use crate::{in_reach, vetted_until};

macro_rules! sessions {
    ($where:expr) => {
        concat!(
            "SELECT s.id, s.series_id, s.estate_id, e.name AS estate_name, s.place, s.kind, s.theme, s.starts_at, s.ends_at, s.capacity, s.opened_at,
                s.opened_by, s.cancelled_at, s.cancelled_why, s.accounted_by, s.account_sealed, s.moved_at, s.moved_from, s.lock_version,
                (SELECT COUNT(*) FROM class_presences p WHERE p.tenant_id = s.tenant_id AND p.session_id = s.id) AS children
            FROM class_sessions s JOIN estates e ON e.tenant_id = s.tenant_id AND e.id = s.estate_id WHERE s.tenant_id = $1 AND ",
            $where
        )
    };
}

macro_rules! in_reach_of_session {
    () => {
        in_reach!("$2", "$3", "s.tenant_id", "s.estate_id", "NULL", "NULL")
    };
}

macro_rules! presences {
    ($where:expr) => {
        concat!(
            "SELECT p.child_id, p.standing, p.noted_by, p.arrived_at, p.late, p.early, p.alarm_due_at, p.alarm_at, p.alarms, p.answer, p.answered_by,
                p.call_due_at, p.call_outcome, p.called_by, p.told_at, p.told_by, p.told_what, p.added_at, p.asked_sealed, p.asked_by_id, p.asked_by, p.asked_at,
                p.released_at, p.way, p.adult_id, p.code_id, p.person_sealed, p.released_by_id, p.released_by, p.second_id, p.second_by, p.lock_version
            FROM class_presences p WHERE p.tenant_id = $1 AND ",
            $where
        )
    };
}

macro_rules! keepers {
    ($where:expr) => {
        concat!(
            "SELECT k.id, k.session_id, k.volunteer_id, k.account_id, k.name, k.came_at, k.record_id, k.unrecorded_why, v.birth_date,
                CASE WHEN v.state = 'active' OR (a.id IS NOT NULL AND a.disabled_at IS NULL) THEN 1 ELSE 0 END AS standing,
                CASE WHEN k.account_id IS NULL THEN ",
            vetted_until!("k.tenant_id", "k.volunteer_id"),
            " ELSE (SELECT CASE WHEN w.result = 'passed' THEN w.expires_on END FROM class_vettings w
                    WHERE w.tenant_id = k.tenant_id AND w.account_id = k.account_id ORDER BY w.recorded_at DESC, w.id DESC LIMIT 1) END AS vetted_until
            FROM class_keepers k LEFT JOIN volunteers v ON v.tenant_id = k.tenant_id AND v.id = k.volunteer_id
            LEFT JOIN accounts a ON a.tenant_id = k.tenant_id AND a.id = k.account_id WHERE k.tenant_id = $1 AND ",
            $where
        )
    };
}

statements! {
    ADD_SERIES = "INSERT INTO class_series (tenant_id, id, rule, created_at) VALUES ($1, $2, $3, $4)";
    ADD = "INSERT INTO class_sessions (tenant_id, id, series_id, estate_id, place, kind, theme, starts_at, ends_at, capacity, watch_at, cancelled_why, created_at, lock_version)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";
    /// Whoever takes a step at a session holds its row until the end of the transaction, so that two who tap at once come one after the other.
    HOLD = "UPDATE class_sessions SET capacity = capacity WHERE tenant_id = $1 AND id = $2";
    CHANGE = "UPDATE class_sessions SET place = $4, kind = $5, theme = $6, starts_at = $7, ends_at = $8, capacity = $9, watch_at = $10,
            moved_at = COALESCE($11, moved_at), moved_from = COALESCE($12, moved_from), lock_version = lock_version + 1
        WHERE tenant_id = $1 AND id = $2 AND lock_version = $3 AND opened_at IS NULL AND cancelled_at IS NULL";
    CANCEL = "UPDATE class_sessions SET cancelled_at = $4, cancelled_why = $5, watch_at = NULL, lock_version = lock_version + 1
        WHERE tenant_id = $1 AND id = $2 AND lock_version = $3 AND opened_at IS NULL AND cancelled_at IS NULL";
    CANCEL_FOLLOWING = "UPDATE class_sessions SET cancelled_at = $4, cancelled_why = $5, watch_at = NULL, lock_version = lock_version + 1
        WHERE tenant_id = $1 AND series_id = $2 AND starts_at >= $3 AND opened_at IS NULL AND cancelled_at IS NULL";
    HOLD_FOLLOWING = "UPDATE class_sessions SET capacity = capacity WHERE tenant_id = $1 AND series_id = $2 AND starts_at >= $3 AND opened_at IS NULL AND cancelled_at IS NULL";
    OPEN = "UPDATE class_sessions SET opened_at = $3, opened_by = $4, watch_at = $5 WHERE tenant_id = $1 AND id = $2 AND opened_at IS NULL AND cancelled_at IS NULL";
    WATCHED = "UPDATE class_sessions SET watch_at = $3 WHERE tenant_id = $1 AND id = $2 AND watch_at <= $4";
    /// Somebody says what became of the children of a class that nobody has opened: it is not watched any more.
    ACCOUNT = "UPDATE class_sessions SET account_sealed = $3, accounted_by = $4, accounted_at = $5, watch_at = NULL
        WHERE tenant_id = $1 AND id = $2 AND opened_at IS NULL AND cancelled_at IS NULL AND accounted_at IS NULL";
    /// The guardians of those who have not come by then are to be called.
    CALL_EXPECTED = "UPDATE class_presences SET call_due_at = $3 WHERE tenant_id = $1 AND session_id = $2 AND standing = 'expected' AND call_due_at IS NULL";
    GET = sessions!("s.id = $2");
    GET_IN_REACH = sessions!(concat!("s.id = $4 AND ", in_reach_of_session!()));
    COMING = sessions!(concat!("s.ends_at > $4 AND s.cancelled_at IS NULL AND (s.starts_at, s.id) > ($5, $6) AND ", in_reach_of_session!(),
        " ORDER BY s.starts_at, s.id LIMIT $7"));
    PAST = sessions!(concat!("(s.starts_at, s.id) < ($5, $6) AND (s.ends_at <= $4 OR s.cancelled_at IS NOT NULL) AND ", in_reach_of_session!(),
        " ORDER BY s.starts_at DESC, s.id DESC LIMIT $7"));
    /// One of a term and those that follow it.
    FOLLOWING = sessions!("s.series_id = $2 AND s.starts_at >= $3 AND s.opened_at IS NULL AND s.cancelled_at IS NULL ORDER BY s.starts_at, s.id LIMIT 400");

    ADD_KEEPER = "INSERT INTO class_keepers (tenant_id, id, session_id, volunteer_id, account_id, name, added_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT DO NOTHING";
    REMOVE_KEEPER = "DELETE FROM class_keepers WHERE tenant_id = $1 AND session_id = $2 AND id = $3 AND came_at IS NULL";
    KEEPER_CAME = "UPDATE class_keepers SET came_at = $4 WHERE tenant_id = $1 AND session_id = $2 AND id = $3 AND came_at IS NULL";
    KEEPER_SESSION = "SELECT k.session_id AS id FROM class_keepers k WHERE k.tenant_id = $1 AND k.id = $2";
    KEEPERS = keepers!("k.session_id = $2 ORDER BY k.added_at, k.id LIMIT 60");
    /// Of the sessions of some days that have not been cancelled.
    KEEPERS_COMING = keepers!("k.session_id IN (SELECT s.id FROM class_sessions s WHERE s.tenant_id = $1 AND s.starts_at > $2 AND s.starts_at <= $3
        AND s.cancelled_at IS NULL) ORDER BY k.added_at, k.id LIMIT 2000");
    /// Those of the sessions of a term that follow one.
    KEEPERS_FOLLOWING = keepers!("k.session_id IN (SELECT s.id FROM class_sessions s WHERE s.tenant_id = $1 AND s.series_id = $2 AND s.starts_at > $3
        AND s.opened_at IS NULL AND s.cancelled_at IS NULL) ORDER BY k.added_at, k.id LIMIT 8000");
    /// The sessions that somebody holds between two moments.
    HELD_BY_VOLUNTEER = "SELECT s.id, s.starts_at, s.ends_at FROM class_keepers k CROSS JOIN class_sessions s WHERE k.tenant_id = $1 AND k.volunteer_id = $2
        AND s.tenant_id = k.tenant_id AND s.id = k.session_id AND s.cancelled_at IS NULL AND s.ends_at > $3 AND s.starts_at < $4 ORDER BY s.starts_at, s.id LIMIT 1000";
    HELD_BY_ACCOUNT = "SELECT s.id, s.starts_at, s.ends_at FROM class_keepers k CROSS JOIN class_sessions s WHERE k.tenant_id = $1 AND k.account_id = $2
        AND s.tenant_id = k.tenant_id AND s.id = k.session_id AND s.cancelled_at IS NULL AND s.ends_at > $3 AND s.starts_at < $4 ORDER BY s.starts_at, s.id LIMIT 1000";
    /// Whoever puts a member of staff on a rota holds what was found of them, so that nobody puts them on another one meanwhile.
    HOLD_VETTED = "UPDATE class_vettings SET result = result WHERE tenant_id = $1 AND account_id = $2";
    /// Somebody was noted as there who was not.
    NOT_THERE = "UPDATE class_keepers SET came_at = NULL, unrecorded_why = NULL WHERE tenant_id = $1 AND session_id = $2 AND id = $3 AND came_at IS NOT NULL";
    RECORDED = "UPDATE class_keepers SET record_id = $4, unrecorded_why = $5 WHERE tenant_id = $1 AND session_id = $2 AND id = $3";
    /// A class that was opened is looked after once more when it is over.
    WATCH_AGAIN = "UPDATE class_sessions SET watch_at = $3 WHERE tenant_id = $1 AND id = $2 AND opened_at IS NOT NULL";
    /// The children of the sessions of some days, each as often as it is expected, by what is known of them.
    CHILDREN_COMING = "SELECT p.session_id, c.sealed FROM class_sessions s CROSS JOIN class_presences p CROSS JOIN children c
        WHERE s.tenant_id = $1 AND s.starts_at > $2 AND s.starts_at <= $3 AND s.cancelled_at IS NULL AND p.tenant_id = s.tenant_id AND p.session_id = s.id
            AND p.standing IN ('expected', 'here') AND c.tenant_id = p.tenant_id AND c.id = p.child_id LIMIT 4000";

    ADD_VETTING = "INSERT INTO class_vettings (tenant_id, id, account_id, result, checked_on, expires_on, proof_no, recorded_by, recorded_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    /// The last of each account.
    VETTINGS = "SELECT w.account_id, w.result, w.checked_on, w.expires_on, w.proof_no FROM class_vettings w WHERE w.tenant_id = $1 AND NOT EXISTS (
            SELECT 1 FROM class_vettings l WHERE l.tenant_id = w.tenant_id AND l.account_id = w.account_id AND (l.recorded_at, l.id) > (w.recorded_at, w.id))
        ORDER BY w.account_id LIMIT 1000";

    /// A child is expected at a session, once.
    EXPECT = "INSERT INTO class_presences (tenant_id, session_id, child_id, standing, late, early, alarms, added_at, lock_version)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (tenant_id, session_id, child_id) DO NOTHING";
    NOT_EXPECTED = "DELETE FROM class_presences WHERE tenant_id = $1 AND session_id = $2 AND child_id = $3 AND standing IN ('expected', 'on_leave')
        AND (told_at IS NULL OR session_id IN (SELECT s.id FROM class_sessions s WHERE s.tenant_id = $1 AND s.id = $2 AND s.cancelled_at IS NULL))";
    /// A child that has left is expected nowhere any more. That its family was told that a class is not held stays.
    EXPECTED_NOWHERE = "DELETE FROM class_presences WHERE tenant_id = $1 AND child_id = $2 AND standing IN ('expected', 'on_leave')
        AND session_id IN (SELECT s.id FROM class_sessions s WHERE s.tenant_id = $1 AND s.starts_at > $3 AND (class_presences.told_at IS NULL OR s.cancelled_at IS NULL))";
    HERE = "SELECT COUNT(*) AS children FROM class_presences WHERE tenant_id = $1 AND child_id = $2 AND standing = 'here'";
    PRESENCES = presences!("p.session_id = $2 ORDER BY p.added_at, p.child_id LIMIT 200");
    SAVE = "UPDATE class_presences SET standing = $5, arrived_at = $6, late = $7, early = $8, alarm_due_at = $9, alarm_at = $10, alarms = $11,
            noted_by = $12, call_due_at = $13, released_at = $14, way = $15, adult_id = $16, code_id = $17, person_sealed = $18, released_by_id = $19,
            released_by = $20, second_id = $21, second_by = $22, call_told_at = NULL, lock_version = lock_version + 1
        WHERE tenant_id = $1 AND session_id = $2 AND child_id = $3 AND lock_version = $4";
    NOTE_ANSWER = "UPDATE class_presences SET answer = $4, answered_by = $5 WHERE tenant_id = $1 AND session_id = $2 AND child_id = $3";
    NOTE_CALL = "UPDATE class_presences SET call_due_at = $4, call_outcome = $5, called_by = $6, called_at = $7, call_told_at = NULL, lock_version = lock_version + 1
        WHERE tenant_id = $1 AND session_id = $2 AND child_id = $3 AND standing = 'absent'";
    NOTE_ASKING = "UPDATE class_presences SET asked_sealed = $4, asked_by_id = $5, asked_by = $6, asked_at = $7, lock_version = lock_version + 1
        WHERE tenant_id = $1 AND session_id = $2 AND child_id = $3 AND standing = 'here'";
    /// What came late from a phone raises no alarm before the rest of it can come.
    GRACE = "UPDATE class_presences SET alarm_due_at = $4 WHERE tenant_id = $1 AND session_id = $2 AND child_id = $3 AND alarm_due_at < $4";
    /// What was asked for before a release was taken back is not asked for any more.
    CLEAR_ASKING = "UPDATE class_presences SET asked_sealed = NULL, asked_by_id = NULL, asked_by = NULL, asked_at = NULL
        WHERE tenant_id = $1 AND session_id = $2 AND child_id = $3";
    /// Whoever was told of a session that is cancelled was told of all that were cancelled with it.
    NOTE_TOLD = "UPDATE class_presences SET told_at = $4, told_by = $5, told_what = $8 WHERE tenant_id = $1 AND child_id = $3 AND told_at IS NULL
        AND (session_id = $2 OR session_id IN (SELECT s.id FROM class_sessions s WHERE s.tenant_id = $1 AND s.series_id = $6 AND s.cancelled_at = $7))";
    /// What the families were told is not so any more.
    TELL_ANEW = "UPDATE class_presences SET told_at = NULL, told_by = NULL, told_what = NULL WHERE tenant_id = $1 AND session_id = $2 AND told_at IS NOT NULL";
    TELL_ANEW_OF_ALL = "UPDATE class_presences SET told_at = NULL, told_by = NULL, told_what = NULL WHERE tenant_id = $1 AND told_at IS NOT NULL
        AND session_id IN (SELECT s.id FROM class_sessions s WHERE s.tenant_id = $1 AND s.series_id = $2 AND s.cancelled_at = $3)";
    CALL_TOLD = "UPDATE class_presences SET call_told_at = $4 WHERE tenant_id = $1 AND session_id = $2 AND child_id = $3 AND call_due_at <= $4 AND call_told_at IS NULL";
    /// Who has fetched a child that is erased is not kept by name.
    ERASE_FETCHERS = "UPDATE class_presences SET person_sealed = NULL, asked_sealed = NULL WHERE tenant_id = $1 AND child_id = $2";
    ERASE_SUBSTITUTES = "UPDATE class_codes SET person_sealed = NULL, withdrawn_at = CASE WHEN used_at IS NULL THEN COALESCE(withdrawn_at, $3) END
        WHERE tenant_id = $1 AND child_id = $2";

    /// Those who may fetch the children and those who must not, and whoever has fetched one and was taken off the list since.
    ADULTS_AT = "SELECT a.child_id, a.id, a.barred, a.sealed, a.removed_at FROM child_adults a WHERE a.tenant_id = $1
        AND (a.removed_at IS NULL OR a.id IN (SELECT f.adult_id FROM class_presences f WHERE f.tenant_id = $1 AND f.session_id = $2))
        AND a.child_id IN (SELECT p.child_id FROM class_presences p WHERE p.tenant_id = $1 AND p.session_id = $2) ORDER BY a.added_at, a.id LIMIT 2000";
    ALONE_AT = "SELECT c.child_id AS id FROM child_consents c WHERE c.tenant_id = $1 AND c.purpose = 'alone' AND c.withdrawn_at IS NULL
        AND c.child_id IN (SELECT p.child_id FROM class_presences p WHERE p.tenant_id = $1 AND p.session_id = $2) LIMIT 200";
    CODES_AT = "SELECT c.child_id AS id FROM class_codes c WHERE c.tenant_id = $1 AND c.used_at IS NULL AND c.withdrawn_at IS NULL AND c.expires_at > $3 AND c.tries < $4
        AND c.child_id IN (SELECT p.child_id FROM class_presences p WHERE p.tenant_id = $1 AND p.session_id = $2) LIMIT 200";
    SEEN = "SELECT o.child_id AS id FROM child_openings o WHERE o.tenant_id = $1 AND o.session_id = $2 AND o.reader_id = $3 LIMIT 200";
    SEE = "INSERT INTO child_openings (tenant_id, id, child_id, reader_id, reader_name, purpose, at, until_at, session_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        ON CONFLICT (tenant_id, session_id, child_id, reader_id) WHERE session_id IS NOT NULL DO NOTHING";

    ADD_CODE = "INSERT INTO class_codes (tenant_id, child_id, id, code_hash, person_sealed, made_at, expires_at, tries) VALUES ($1, $2, $3, $4, $5, $6, $7, 0)";
    CODE = "SELECT c.id, c.code_hash, c.person_sealed, c.expires_at, c.tries FROM class_codes c
        WHERE c.tenant_id = $1 AND c.child_id = $2 AND c.used_at IS NULL AND c.withdrawn_at IS NULL";
    TRIED = "UPDATE class_codes SET tries = tries + 1 WHERE tenant_id = $1 AND child_id = $2 AND id = $3";
    USE_CODE = "UPDATE class_codes SET used_at = $4 WHERE tenant_id = $1 AND child_id = $2 AND id = $3 AND used_at IS NULL AND withdrawn_at IS NULL";
    WITHDRAW_CODE = "UPDATE class_codes SET withdrawn_at = $3 WHERE tenant_id = $1 AND child_id = $2 AND used_at IS NULL AND withdrawn_at IS NULL";

    /// What a guardian sees: the sessions at which the child is expected or was, the latest first.
    OF_CHILD = "SELECT s.id AS session_id, s.starts_at, s.ends_at, s.place, s.kind, s.theme, s.cancelled_at, s.cancelled_why, p.standing, p.arrived_at, p.late, p.early,
            p.released_at, p.way, p.adult_id, p.person_sealed, p.released_by
        FROM class_presences p JOIN class_sessions s ON s.tenant_id = p.tenant_id AND s.id = p.session_id
        WHERE p.tenant_id = $1 AND p.child_id = $2 ORDER BY s.starts_at + 0 DESC, s.id LIMIT $3";

    /// Those of a day that somebody with an account holds.
    HELD_BY = sessions!(concat!("s.starts_at >= $3 AND s.starts_at < $4 AND s.cancelled_at IS NULL AND s.id IN (SELECT k.session_id FROM class_keepers k
        WHERE k.tenant_id = $1 AND k.account_id = $2) AND ", in_reach!("$5", "$6", "s.tenant_id", "s.estate_id", "NULL", "NULL"),
        " ORDER BY s.starts_at, s.id LIMIT 10"));

    /// Of every tenant: whoever looks after the program looks after them all.
    DUE_ALARMS = "SELECT tenant_id, session_id, child_id FROM class_presences WHERE alarm_due_at <= $1 ORDER BY alarm_due_at, tenant_id, session_id, child_id LIMIT 50";
    DUE_CALLS = "SELECT tenant_id, session_id, child_id FROM class_presences WHERE call_due_at <= $1 AND call_told_at IS NULL ORDER BY call_due_at, tenant_id, session_id, child_id LIMIT 50";
    DUE_SESSIONS = "SELECT tenant_id, id FROM class_sessions WHERE watch_at <= $1 ORDER BY watch_at, tenant_id, id LIMIT 50";

    /// Sessions with children whom nobody has fetched, or whom somebody is to call about, within reach.
    ALARMED = sessions!(concat!("s.id IN (SELECT q.session_id FROM class_presences q WHERE q.tenant_id = $1 AND q.alarm_at IS NOT NULL) AND ",
        in_reach_of_session!(), " ORDER BY s.starts_at + 0, s.id LIMIT 20"));
    TO_CALL = sessions!(concat!("s.id IN (SELECT q.session_id FROM class_presences q WHERE q.tenant_id = $1 AND q.call_due_at IS NOT NULL
            AND (q.call_due_at <= $4 OR (q.standing = 'absent' AND COALESCE(q.call_outcome, 'no_answer') = 'no_answer'))) AND ",
        in_reach_of_session!(), " ORDER BY s.starts_at + 0, s.id LIMIT 20"));
    UNOPENED = sessions!(concat!("s.starts_at <= $4 AND s.ends_at > $4 AND s.starts_at > $5 AND s.opened_at IS NULL AND s.cancelled_at IS NULL AND ", in_reach_of_session!(),
        " ORDER BY s.starts_at, s.id LIMIT 20"));
    /// Classes that were never opened, of which nobody has said what became of the children.
    UNACCOUNTED = sessions!(concat!("s.watch_at IS NOT NULL AND s.starts_at < $4 AND s.ends_at <= $4 AND s.opened_at IS NULL AND s.cancelled_at IS NULL
            AND EXISTS (SELECT 1 FROM class_presences q WHERE q.tenant_id = s.tenant_id AND q.session_id = s.id) AND ", in_reach_of_session!(),
        " ORDER BY s.starts_at, s.id LIMIT 20"));
    UNTOLD = sessions!(concat!("s.cancelled_at IS NOT NULL AND s.starts_at > $4 AND EXISTS (SELECT 1 FROM class_presences q
            WHERE q.tenant_id = s.tenant_id AND q.session_id = s.id AND q.told_at IS NULL) AND ", in_reach_of_session!(), " ORDER BY s.starts_at, s.id LIMIT 20"));
    /// Classes that were moved and have not begun. Whoever was put down since knows where and when it is.
    MOVED = sessions!(concat!("s.moved_at IS NOT NULL AND s.cancelled_at IS NULL AND s.opened_at IS NULL AND s.starts_at > $4 AND EXISTS (SELECT 1 FROM class_presences q
            WHERE q.tenant_id = s.tenant_id AND q.session_id = s.id AND q.told_at IS NULL AND q.added_at <= s.moved_at) AND ", in_reach_of_session!(),
        " ORDER BY s.starts_at, s.id LIMIT 20"));
    /// Classes of the coming days at which children are expected.
    TO_STAFF = sessions!(concat!("s.starts_at > $4 AND s.starts_at <= $5 AND s.cancelled_at IS NULL AND s.opened_at IS NULL AND EXISTS (SELECT 1 FROM class_presences q
            WHERE q.tenant_id = s.tenant_id AND q.session_id = s.id AND q.standing IN ('expected', 'here')) AND ", in_reach_of_session!(),
        " ORDER BY s.starts_at, s.id LIMIT 40"));
}

record! {
    #[derive(Debug, Clone)]
    pub struct Session {
        pub id: Uuid, pub series_id: Option<Uuid>, pub estate_id: Uuid, pub estate_name: String, pub place: String, pub kind: Kind,
        pub theme: String, pub starts_at: Timestamp, pub ends_at: Timestamp, pub capacity: i64, pub opened_at: Option<Timestamp>,
        pub opened_by: Option<String>, pub cancelled_at: Option<Timestamp>, pub cancelled_why: String,
        /// What became of the children of a class that nobody has opened, and who says so.
        pub accounted_by: Option<String>, pub account_sealed: Option<Vec<u8>>,
        /// When it was last moved to another time or place, and in words from where.
        pub moved_at: Option<Timestamp>, pub moved_from: Option<String>, pub lock_version: i64,
        /// How many are expected.
        pub children: i64,
    }
    pub(super) struct RotaRow {
        pub id: Uuid, pub session_id: Uuid, pub volunteer_id: Option<Uuid>, pub account_id: Option<Uuid>, pub name: String,
        pub came_at: Option<Timestamp>, pub record_id: Option<Uuid>, pub unrecorded_why: Option<String>,
        /// 1 if they are on the roll, or their account is not disabled.
        pub standing: i64,
        pub birth_date: Option<String>, pub vetted_until: Option<String>,
    }
    pub(super) struct Vetting {
        pub account_id: Uuid, pub result: Outcome, pub checked_on: String, pub expires_on: String, pub proof_no: String,
    }
    pub(super) struct StoredPresence {
        pub child_id: Uuid, pub standing: Standing, pub noted_by: Option<String>, pub arrived_at: Option<Timestamp>,
        pub late: bool, pub early: bool, pub alarm_due_at: Option<Timestamp>, pub alarm_at: Option<Timestamp>, pub alarms: i64,
        pub answer: Option<Answer>, pub answered_by: Option<String>, pub call_due_at: Option<Timestamp>,
        pub call_outcome: Option<Call>, pub called_by: Option<String>, pub told_at: Option<Timestamp>, pub told_by: Option<String>,
        pub told_what: Option<String>, pub added_at: Timestamp,
        pub asked_sealed: Option<Vec<u8>>, pub asked_by_id: Option<Uuid>, pub asked_by: Option<String>, pub asked_at: Option<Timestamp>,
        pub released_at: Option<Timestamp>, pub way: Option<ReleaseWay>, pub adult_id: Option<Uuid>, pub code_id: Option<Uuid>,
        pub person_sealed: Option<Vec<u8>>, pub released_by_id: Option<Uuid>, pub released_by: Option<String>, pub second_id: Option<Uuid>,
        pub second_by: Option<String>, pub lock_version: i64,
    }
    pub(super) struct AdultAt { pub child_id: Uuid, pub id: Uuid, pub barred: bool, pub sealed: Vec<u8>, pub removed_at: Option<Timestamp> }
    pub(super) struct Known { pub id: Uuid }
    pub(super) struct HeldThen { pub id: Uuid, pub starts_at: Timestamp, pub ends_at: Timestamp }
    pub(super) struct Coming { pub session_id: Uuid, pub sealed: Option<Vec<u8>> }
    pub(super) struct Counted { pub children: i64 }
    pub(super) struct StoredCode {
        pub id: Uuid, pub code_hash: Vec<u8>, pub person_sealed: Option<Vec<u8>>, pub expires_at: Timestamp, pub tries: i64,
    }
    pub(super) struct Attended {
        pub session_id: Uuid, pub starts_at: Timestamp, pub ends_at: Timestamp, pub place: String, pub kind: Kind, pub theme: String,
        pub cancelled_at: Option<Timestamp>, pub cancelled_why: String, pub standing: Standing, pub arrived_at: Option<Timestamp>,
        pub late: bool, pub early: bool, pub released_at: Option<Timestamp>, pub way: Option<ReleaseWay>, pub adult_id: Option<Uuid>,
        pub person_sealed: Option<Vec<u8>>, pub released_by: Option<String>,
    }
    pub(super) struct DuePresence { pub tenant_id: Uuid, pub session_id: Uuid, pub child_id: Uuid }
    pub(super) struct DueSession { pub tenant_id: Uuid, pub id: Uuid }
}

impl Session {
    pub fn span(&self) -> Span {
        Span { starts_at: self.starts_at, ends_at: self.ends_at }
    }

    /// `12月1日 星期二 16:30–18:00`
    pub fn when(&self) -> String {
        self.span().words()
    }

    /// What a family is told: `取消了：学校开运动会`, `改到12月29日 星期二 09:00–10:00 · 党群服务站`; nothing where nothing was changed.
    pub fn news(&self) -> Option<String> {
        if self.cancelled_at.is_some() {
            return Some(format!("取消了：{}", self.cancelled_why));
        }
        self.moved_at.map(|_| format!("改到{} · {}", self.when(), self.place))
    }

    /// So long the families of a class that was changed can be called from its page.
    pub fn calls_until(&self) -> Timestamp {
        self.ends_at + SignedDuration::from_hours(24)
    }

    /// `王府名苑小区 · 党群服务站`
    pub fn whereabouts(&self) -> String {
        format!("{} · {}", self.estate_name, self.place)
    }

    /// `作业辅导：写数学`
    pub fn title(&self) -> String {
        if self.theme.is_empty() { self.kind.to_string() } else { format!("{}：{}", self.kind, self.theme) }
    }

    /// `还没开课`
    pub fn state_words(&self, now: Timestamp) -> &'static str {
        match (self.cancelled_at.is_some(), self.opened_at.is_some(), self.ends_at <= now) {
            (true, ..) => "取消了",
            (_, true, true) => "上完了",
            (_, true, false) => "正在上",
            (_, false, true) => "没有开",
            (_, false, false) if self.starts_at <= now => "到点了，还没开",
            _ => "还没开课",
        }
    }
}

pub async fn session(tx: &mut Tx, tenant: Uuid, id: Uuid) -> Result<Session> {
    Ok(tx.one(GET.bind(tenant).bind(id)).await?)
}

pub(super) async fn in_reach(tx: &mut Tx, tenant: Uuid, scope: &Scope, id: Uuid) -> Result<Session> {
    Ok(tx.one(GET_IN_REACH.bind(tenant).bind(scope.account).bind(&scope.roles).bind(id)).await?)
}

/// Those that are not over, the next one first; or those that are over or cancelled, the latest first.
pub(super) async fn list(
    tx: &mut Tx,
    tenant: Uuid,
    scope: &Scope,
    (past, now): (bool, Timestamp),
    from: Cursor,
    size: usize,
) -> Result<Page<Session>> {
    let query = if past { PAST } else { COMING }.bind(tenant).bind(scope.account).bind(&scope.roles).bind(now);
    // What began longer ago than one lasts is over: it need not be looked through.
    let begun = Cursor { key: (now - LONGEST).as_millisecond(), ..Cursor::FIRST };
    let from = if past || from.key > begun.key { from } else { begun };
    let items: Vec<Session> = tx.all(query.bind(from.key).bind(from.id).bind(size as i64 + 1)).await?;
    Ok(Page::of(items, size, |item| Cursor { key: item.starts_at.as_millisecond(), id: item.id }))
}

/// An unopened session of a term and those that follow it, in order.
pub(super) async fn following(tx: &mut Tx, tenant: Uuid, session: &Session) -> Result<Vec<Session>> {
    match session.series_id {
        Some(series) => Ok(tx.all(FOLLOWING.bind(tenant).bind(series).bind(session.starts_at)).await?),
        None => Ok(vec![session.clone()]),
    }
}
