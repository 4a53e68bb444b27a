use db::{Cursor, Page, Tx, record, statements};
use jiff::Timestamp;
use uuid::Uuid;

use super::model::{NoteKind, RequestState, SessionState, span};
use super::store::{Class, Lecturer, Material};
use crate::error::Result;

macro_rules! requests {
    ($where:expr) => {
        concat!(
            "SELECT q.id, q.school_id, s.name AS school_name, q.call_id, q.topic_id, t.name AS topic_name, q.form_id, f.name AS form_name,
                q.first_grade, q.last_grade, q.first_day, q.last_day, q.words, q.state, q.why, q.created_at
            FROM lecture_requests q
            JOIN lecture_schools s ON s.tenant_id = q.tenant_id AND s.id = q.school_id
            JOIN lecture_subjects t ON t.tenant_id = q.tenant_id AND t.id = q.topic_id
            JOIN lecture_subjects f ON f.tenant_id = q.tenant_id AND f.id = q.form_id WHERE q.tenant_id = $1 AND ",
            $where
        )
    };
}

macro_rules! sessions {
    ($where:expr) => {
        concat!(
            "SELECT s.id, s.request_id, s.school_id, c.name AS school_name, c.address AS school_address, s.hall_id, h.name AS hall_name, s.form_id, f.name AS form_name,
                s.campaign_id, s.title, s.starts_at, s.ends_at, s.why, s.state, s.team_agreed_at, s.school_agreed_at, s.ended_why, s.pupils,
                s.teachers, s.parents, s.handouts, s.minutes, s.class_hours, s.course, s.recorded_at, s.school_words,
                s.school_confirmed_at, s.unanswered, s.disputed_at, s.disputed_why, s.paper_by, s.paper_day, s.lock_version
            FROM lecture_sessions s
            JOIN lecture_schools c ON c.tenant_id = s.tenant_id AND c.id = s.school_id
            JOIN lecture_halls h ON h.tenant_id = s.tenant_id AND h.id = s.hall_id
            JOIN lecture_subjects f ON f.tenant_id = s.tenant_id AND f.id = s.form_id WHERE s.tenant_id = $1 AND ",
            $where
        )
    };
}

statements! {
    ADD_CALL = "INSERT INTO lecture_calls (tenant_id, id, title, words, last_day, created_at) VALUES ($1, $2, $3, $4, $5, $6)";
    CALLS = "SELECT c.id, c.title, c.words, c.last_day, c.created_at, c.lock_version FROM lecture_calls c WHERE c.tenant_id = $1 AND c.last_day >= $2
        AND c.voided_at IS NULL ORDER BY c.last_day, c.id LIMIT 50";
    CALL = "SELECT c.id, c.title, c.words, c.last_day, c.created_at, c.lock_version FROM lecture_calls c WHERE c.tenant_id = $1 AND c.id = $2 AND c.voided_at IS NULL";
    CHANGE_CALL = "UPDATE lecture_calls SET title = $4, words = $5, last_day = $6, lock_version = lock_version + 1
        WHERE tenant_id = $1 AND id = $2 AND lock_version = $3 AND voided_at IS NULL";
    VOID_CALL = "UPDATE lecture_calls SET voided_at = $3, voided_by = $4, voided_why = $5 WHERE tenant_id = $1 AND id = $2 AND voided_at IS NULL";
    VOIDED_CALLS = "SELECT c.title AS name, c.voided_at, w.name AS voided_by, c.voided_why FROM lecture_calls c
        LEFT JOIN accounts w ON w.tenant_id = c.tenant_id AND w.id = c.voided_by WHERE c.tenant_id = $1 AND c.voided_at IS NOT NULL
        ORDER BY c.voided_at DESC, c.id LIMIT 50";
    /// Which schools have answered the calls that are open.
    ANSWERS = "SELECT q.call_id, q.school_id FROM lecture_calls c JOIN lecture_requests q ON q.tenant_id = c.tenant_id AND q.call_id = c.id
        WHERE c.tenant_id = $1 AND c.last_day >= $2 AND q.state <> 'withdrawn' GROUP BY q.call_id, q.school_id";
    ADD_REQUEST = "INSERT INTO lecture_requests (tenant_id, id, school_id, call_id, topic_id, form_id, first_grade, last_grade, first_day, last_day,
            words, state, why, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'waiting', '', $12)";
    END_REQUEST = "UPDATE lecture_requests SET state = $4, why = $5 WHERE tenant_id = $1 AND id = $2 AND state = $3";
    REQUEST = requests!("q.id = $2");
    WAITING = requests!("q.state = 'waiting' ORDER BY q.created_at, q.id LIMIT 200");
    REQUESTS_OF = requests!("q.school_id = $2 ORDER BY q.created_at DESC, q.id DESC LIMIT 50");

    ADD_AGREEMENT = "INSERT INTO lecture_agreements (tenant_id, id, school_id, title, first_day, last_day, intended) VALUES ($1, $2, $3, $4, $5, $6, $7)";
    AGREEMENTS = "SELECT a.id, a.school_id, s.name AS school_name, a.title, a.first_day, a.last_day, a.intended, a.lock_version FROM lecture_agreements a
        JOIN lecture_schools s ON s.tenant_id = a.tenant_id AND s.id = a.school_id WHERE a.tenant_id = $1
        AND a.voided_at IS NULL ORDER BY a.school_id, a.first_day, a.id LIMIT 2000";
    AGREEMENT = "SELECT a.id, a.school_id, s.name AS school_name, a.title, a.first_day, a.last_day, a.intended, a.lock_version FROM lecture_agreements a
        JOIN lecture_schools s ON s.tenant_id = a.tenant_id AND s.id = a.school_id WHERE a.tenant_id = $1 AND a.id = $2 AND a.voided_at IS NULL";
    CHANGE_AGREEMENT = "UPDATE lecture_agreements SET school_id = $4, title = $5, first_day = $6, last_day = $7, intended = $8, lock_version = lock_version + 1
        WHERE tenant_id = $1 AND id = $2 AND lock_version = $3 AND voided_at IS NULL";
    VOID_AGREEMENT = "UPDATE lecture_agreements SET voided_at = $3, voided_by = $4, voided_why = $5 WHERE tenant_id = $1 AND id = $2 AND voided_at IS NULL";
    VOIDED_AGREEMENTS = "SELECT s.name || '：' || a.title || '，' || a.first_day || ' 到 ' || a.last_day AS name, a.voided_at, w.name AS voided_by, a.voided_why
        FROM lecture_agreements a JOIN lecture_schools s ON s.tenant_id = a.tenant_id AND s.id = a.school_id
        LEFT JOIN accounts w ON w.tenant_id = a.tenant_id AND w.id = a.voided_by WHERE a.tenant_id = $1 AND a.voided_at IS NOT NULL
        ORDER BY a.voided_at DESC, a.id LIMIT 200";
    ADD_CAMPAIGN = "INSERT INTO lecture_campaigns (tenant_id, id, theme, first_day, last_day, intended) VALUES ($1, $2, $3, $4, $5, $6)";
    CAMPAIGNS = "SELECT c.id, c.theme, c.first_day, c.last_day, c.intended, c.lock_version FROM lecture_campaigns c WHERE c.tenant_id = $1
        AND c.voided_at IS NULL ORDER BY c.first_day DESC, c.id LIMIT 200";
    CAMPAIGN = "SELECT c.id, c.theme, c.first_day, c.last_day, c.intended, c.lock_version FROM lecture_campaigns c WHERE c.tenant_id = $1 AND c.id = $2 AND c.voided_at IS NULL";
    CHANGE_CAMPAIGN = "UPDATE lecture_campaigns SET theme = $4, first_day = $5, last_day = $6, intended = $7, lock_version = lock_version + 1
        WHERE tenant_id = $1 AND id = $2 AND lock_version = $3 AND voided_at IS NULL";
    VOID_CAMPAIGN = "UPDATE lecture_campaigns SET voided_at = $3, voided_by = $4, voided_why = $5 WHERE tenant_id = $1 AND id = $2 AND voided_at IS NULL";
    VOIDED_CAMPAIGNS = "SELECT c.theme AS name, c.voided_at, w.name AS voided_by, c.voided_why FROM lecture_campaigns c
        LEFT JOIN accounts w ON w.tenant_id = c.tenant_id AND w.id = c.voided_by WHERE c.tenant_id = $1 AND c.voided_at IS NOT NULL
        ORDER BY c.voided_at DESC, c.id LIMIT 50";
    /// How many lectures from a moment on are one campaign's.
    IN_CAMPAIGN = "SELECT COUNT(*) AS count FROM lecture_sessions s WHERE s.tenant_id = $1 AND s.campaign_id = $2 AND s.starts_at >= $3 AND s.state <> 'cancelled'";

    /// Whoever has done this arranges alone until the transaction ends.
    HOLD_DIARY = "INSERT INTO lecture_diaries (tenant_id, changes) VALUES ($1, 1)
        ON CONFLICT (tenant_id) DO UPDATE SET changes = lecture_diaries.changes + 1";
    ADD = "INSERT INTO lecture_sessions (tenant_id, id, request_id, school_id, hall_id, form_id, campaign_id, title, starts_at, ends_at, why, state,
            proposed_at, team_agreed_at, ended_why, course, school_words, lock_version)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'proposed', $12, $13, '', '', '', 1)";
    MOVE = "UPDATE lecture_sessions SET hall_id = $4, form_id = $5, campaign_id = $6, title = $7, starts_at = $8, ends_at = $9, why = $10,
            state = 'proposed', team_agreed_at = $11, school_agreed_at = NULL, reminded_at = NULL, pupils = NULL, teachers = NULL, parents = NULL, handouts = NULL,
            minutes = NULL, course = '', unanswered = FALSE, disputed_at = NULL, disputed_why = '', lock_version = lock_version + 1
        WHERE tenant_id = $1 AND id = $2 AND lock_version = $3 AND state IN ('proposed', 'agreed')";
    /// What has begun is put as it was, until the school has confirmed it. What was written down of it counts no more, and stays for the form; what
    /// the school has disputed stays disputed; until it is written down anew.
    PUT_RIGHT = "UPDATE lecture_sessions SET hall_id = $4, form_id = $5, campaign_id = $6, title = $7, starts_at = $8, ends_at = $9, why = $10,
            state = CASE WHEN state = 'held' THEN 'agreed' ELSE state END, recorded_at = NULL, class_hours = NULL, lock_version = lock_version + 1
        WHERE tenant_id = $1 AND id = $2 AND lock_version = $3 AND state <> 'cancelled' AND school_confirmed_at IS NULL";
    AGREE = "UPDATE lecture_sessions SET state = 'agreed', school_agreed_at = $4, lock_version = lock_version + 1
        WHERE tenant_id = $1 AND id = $2 AND lock_version = $3 AND state = 'proposed'";
    /// What was written down of it and nobody has confirmed goes with it.
    CANCEL = "UPDATE lecture_sessions SET state = 'cancelled', ended_why = $4, recorded_at = NULL, class_hours = NULL, lock_version = lock_version + 1
        WHERE tenant_id = $1 AND id = $2 AND lock_version = $3 AND state <> 'cancelled' AND school_confirmed_at IS NULL";
    /// One to which the school has not answered is held all the same: its confirmation stands for both.
    RECORD = "UPDATE lecture_sessions SET state = 'held', pupils = $4, teachers = $5, parents = $6, handouts = $7, minutes = $8, class_hours = $9,
            course = $10, recorded_at = $11, school_agreed_at = COALESCE(school_agreed_at, $11),
            unanswered = CASE WHEN state = 'proposed' THEN TRUE ELSE unanswered END, disputed_at = NULL, disputed_why = '', lock_version = lock_version + 1
        WHERE tenant_id = $1 AND id = $2 AND lock_version = $3 AND state IN ('proposed', 'agreed', 'held') AND school_confirmed_at IS NULL";
    /// Back to where it was before it was written down; what was entered stays for the form.
    DISPUTE = "UPDATE lecture_sessions SET state = CASE WHEN unanswered THEN 'proposed' ELSE 'agreed' END,
            school_agreed_at = CASE WHEN unanswered THEN NULL ELSE school_agreed_at END, unanswered = FALSE, recorded_at = NULL, class_hours = NULL,
            disputed_at = $4, disputed_why = $5, lock_version = lock_version + 1
        WHERE tenant_id = $1 AND id = $2 AND lock_version = $3 AND state = 'held' AND school_confirmed_at IS NULL";
    CONFIRM = "UPDATE lecture_sessions SET school_words = $4, school_confirmed_at = $5, paper_by = $6, paper_day = $7, lock_version = lock_version + 1
        WHERE tenant_id = $1 AND id = $2 AND lock_version = $3 AND state = 'held' AND school_confirmed_at IS NULL";
    SESSION = sessions!("s.id = $2");
    /// Those of which the team still has to do something, however long ago they were.
    UNFINISHED = sessions!("s.starts_at < $2 AND s.state <> 'cancelled' AND s.state <> 'held' AND s.school_confirmed_at IS NULL ORDER BY s.starts_at, s.id LIMIT 500");
    /// Schools that have not confirmed what was written down, with how many lectures, and since when.
    UNCONFIRMED = "SELECT s.school_id, c.name AS school_name, COUNT(*) AS count, MIN(s.recorded_at) AS since FROM lecture_sessions s
        JOIN lecture_schools c ON c.tenant_id = s.tenant_id AND c.id = s.school_id
        WHERE s.tenant_id = $1 AND s.state = 'held' AND s.school_confirmed_at IS NULL GROUP BY s.school_id, c.name ORDER BY since, s.school_id LIMIT 1000";
    TO_REMIND = sessions!("s.state = 'agreed' AND s.reminded_at IS NULL AND s.starts_at > $2 AND s.starts_at <= $3 ORDER BY s.starts_at, s.id LIMIT 100");
    REMINDED = "UPDATE lecture_sessions SET reminded_at = $4 WHERE tenant_id = $1 AND id = $2 AND lock_version = $3 AND state = 'agreed' AND reminded_at IS NULL";
    PAST = sessions!("(s.starts_at, s.id) < ($2, $3) AND (CAST($5 AS TEXT) IS NULL OR s.state = $5) ORDER BY s.starts_at DESC, s.id DESC LIMIT $4");
    COMING = sessions!("(s.starts_at, s.id) > ($2, $3) AND s.state <> 'cancelled' ORDER BY s.starts_at, s.id LIMIT $4");
    /// From a day on, and before it what the school has not confirmed yet.
    OF_SCHOOL = sessions!("s.school_id = $2 AND (s.starts_at >= $3 OR (s.state = 'held' AND s.school_confirmed_at IS NULL)) ORDER BY s.starts_at, s.id LIMIT 200");
    OF_LECTURER = sessions!("s.starts_at >= $3 AND s.state <> 'cancelled' AND EXISTS (SELECT 1 FROM lecture_session_lecturers l
        WHERE l.tenant_id = s.tenant_id AND l.session_id = s.id AND l.lecturer_id = $2) ORDER BY s.starts_at, s.id LIMIT 200");
    /// Where else somebody is around that time.
    ELSEWHERE = "SELECT s.school_id, c.name AS school_name, c.travel_minutes, s.starts_at, s.ends_at FROM lecture_session_lecturers l
        JOIN lecture_sessions s ON s.tenant_id = l.tenant_id AND s.id = l.session_id
        JOIN lecture_schools c ON c.tenant_id = s.tenant_id AND c.id = s.school_id
        WHERE l.tenant_id = $1 AND l.lecturer_id = $2 AND s.state <> 'cancelled' AND s.ends_at > $3 AND s.starts_at < $4 AND s.school_id <> $5 AND s.id <> $6
        ORDER BY s.starts_at LIMIT 50";

    /// Who is where in a period, a row for each lecturer of each session.
    BUSY = "SELECT s.school_id, x.lecturer_id, s.starts_at, s.ends_at FROM lecture_sessions s
        JOIN lecture_session_lecturers x ON x.tenant_id = s.tenant_id AND x.session_id = s.id
        WHERE s.tenant_id = $1 AND s.starts_at >= $2 AND s.starts_at < $3 AND s.state <> 'cancelled' ORDER BY s.starts_at, x.lecturer_id LIMIT 5000";

    ADD_HOLD = "INSERT INTO lecture_holds (tenant_id, held_id, quarter, session_id) VALUES ($1, $2, $3, $4)";
    DROP_HOLDS = "DELETE FROM lecture_holds WHERE tenant_id = $1 AND session_id = $2";
    HELD_BY = "SELECT s.id, s.title, s.starts_at, s.ends_at, c.name AS school_name FROM lecture_holds h
        JOIN lecture_sessions s ON s.tenant_id = h.tenant_id AND s.id = h.session_id
        JOIN lecture_schools c ON c.tenant_id = s.tenant_id AND c.id = s.school_id
        WHERE h.tenant_id = $1 AND h.held_id = $2 AND h.quarter >= $3 AND h.quarter < $4 AND h.session_id <> $5 ORDER BY h.quarter LIMIT 1";

    DROP_TOPICS = "DELETE FROM lecture_session_topics WHERE tenant_id = $1 AND session_id = $2";
    ADD_TOPIC = "INSERT INTO lecture_session_topics (tenant_id, session_id, topic_id) VALUES ($1, $2, $3)";
    TOPICS = "SELECT t.topic_id AS id, s.name FROM lecture_session_topics t JOIN lecture_subjects s ON s.tenant_id = t.tenant_id AND s.id = t.topic_id
        WHERE t.tenant_id = $1 AND t.session_id = $2 ORDER BY s.position, s.id LIMIT 50";
    /// Those who are not held for it any more.
    DROP_STRAY_LECTURERS = "DELETE FROM lecture_session_lecturers WHERE tenant_id = $1 AND session_id = $2 AND NOT EXISTS (SELECT 1 FROM lecture_holds h
        WHERE h.tenant_id = lecture_session_lecturers.tenant_id AND h.held_id = lecture_session_lecturers.lecturer_id
            AND h.session_id = lecture_session_lecturers.session_id)";
    /// Whoever gives it already keeps what they have said of it.
    ADD_LECTURER = "INSERT INTO lecture_session_lecturers (tenant_id, session_id, lecturer_id, own_words) VALUES ($1, $2, $3, $4)
        ON CONFLICT (tenant_id, session_id, lecturer_id) DO NOTHING";
    OWN_WORDS = "UPDATE lecture_session_lecturers SET own_words = $4 WHERE tenant_id = $1 AND session_id = $2 AND lecturer_id = $3";
    WORDS_OF_SESSION = "SELECT x.session_id, l.name, x.own_words FROM lecture_session_lecturers x
        CROSS JOIN lecturers l
        WHERE l.tenant_id = x.tenant_id AND l.id = x.lecturer_id AND x.tenant_id = $1 AND x.session_id = $2 AND x.own_words <> '' ORDER BY l.created_at, l.id LIMIT 50";
    WORDS_OF_LECTURER = "SELECT x.session_id, l.name, x.own_words FROM lecture_session_lecturers x
        JOIN lecturers l ON l.tenant_id = x.tenant_id AND l.id = x.lecturer_id
        WHERE x.tenant_id = $1 AND x.lecturer_id = $2 AND x.own_words <> '' LIMIT 2000";
    /// What of a session that is still to come is not there any more: its school, or its hall.
    GONE = "SELECT s.id AS session_id, c.name, TRUE AS whole_school FROM lecture_sessions s JOIN lecture_schools c ON c.tenant_id = s.tenant_id AND c.id = s.school_id
        WHERE s.tenant_id = $1 AND s.starts_at > $2 AND s.starts_at < $3 AND s.state IN ('proposed', 'agreed') AND c.closed_at IS NOT NULL
        UNION ALL SELECT s.id AS session_id, h.name, FALSE AS whole_school FROM lecture_sessions s JOIN lecture_halls h ON h.tenant_id = s.tenant_id AND h.id = s.hall_id
        WHERE s.tenant_id = $1 AND s.starts_at > $2 AND s.starts_at < $3 AND s.state IN ('proposed', 'agreed') AND h.closed_at IS NOT NULL";
    /// Each class of what is still to come that is put away by then, or that one of its lecturers does not teach any more, who is named then.
    UNTAUGHT_CLASSES = "SELECT s.id AS session_id, y.grade, c.name, CASE WHEN c.closed_at <= s.starts_at THEN c.closed_at END AS closed_at, l.name AS lecturer
        FROM lecture_sessions s
        CROSS JOIN lecture_session_classes y CROSS JOIN lecture_classes c CROSS JOIN lecture_session_lecturers x CROSS JOIN lecturers l
        WHERE y.tenant_id = s.tenant_id AND y.session_id = s.id AND c.tenant_id = y.tenant_id AND c.id = y.class_id
            AND x.tenant_id = s.tenant_id AND x.session_id = s.id AND l.tenant_id = x.tenant_id AND l.id = x.lecturer_id
            AND s.tenant_id = $1 AND s.starts_at > $2 AND s.starts_at < $3 AND s.state IN ('proposed', 'agreed')
            AND (c.closed_at <= s.starts_at OR y.grade < l.first_grade OR y.grade > l.last_grade)
        ORDER BY s.starts_at, s.id, y.grade, c.name, l.created_at, l.id LIMIT 2000";
    /// What is still to come and has more pupils than its hall has seats; a class that is put away by then is not there and is asked about itself.
    CROWDED = "SELECT s.id AS session_id, h.name, h.seats, CAST(SUM(c.pupils) AS BIGINT) AS pupils FROM lecture_sessions s
        CROSS JOIN lecture_halls h CROSS JOIN lecture_session_classes y CROSS JOIN lecture_classes c
        WHERE h.tenant_id = s.tenant_id AND h.id = s.hall_id AND y.tenant_id = s.tenant_id AND y.session_id = s.id
            AND c.tenant_id = y.tenant_id AND c.id = y.class_id AND (c.closed_at IS NULL OR c.closed_at > s.starts_at)
            AND s.tenant_id = $1 AND s.starts_at > $2 AND s.starts_at < $3 AND s.state IN ('proposed', 'agreed')
        GROUP BY h.name, h.seats, s.id HAVING SUM(c.pupils) > h.seats";
    /// Each topic of what is still to come that none of its lecturers teaches any more.
    UNTAUGHT_TOPICS = "SELECT s.id AS session_id, t.name FROM lecture_sessions s CROSS JOIN lecture_session_topics x CROSS JOIN lecture_subjects t
        WHERE x.tenant_id = s.tenant_id AND x.session_id = s.id AND t.tenant_id = x.tenant_id AND t.id = x.topic_id
            AND s.tenant_id = $1 AND s.starts_at > $2 AND s.starts_at < $3 AND s.state IN ('proposed', 'agreed')
            AND NOT EXISTS (SELECT 1 FROM lecture_session_lecturers l JOIN lecturer_topics k ON k.tenant_id = l.tenant_id AND k.lecturer_id = l.lecturer_id
                WHERE l.tenant_id = s.tenant_id AND l.session_id = s.id AND k.topic_id = x.topic_id)
        ORDER BY s.starts_at, s.id, t.position, t.id LIMIT 2000";
    /// Who gives what is still to come, with what is known of them now.
    STAFFED = "SELECT x.session_id, l.name, l.vetted_on, l.vetted_until, l.ended_at FROM lecture_sessions s
        JOIN lecture_session_lecturers x ON x.tenant_id = s.tenant_id AND x.session_id = s.id
        JOIN lecturers l ON l.tenant_id = x.tenant_id AND l.id = x.lecturer_id
        WHERE s.tenant_id = $1 AND s.starts_at > $2 AND s.starts_at < $3 AND s.state IN ('proposed', 'agreed') ORDER BY s.starts_at, l.id LIMIT 2000";
    /// Where each lecturer is in a period, whether that was given already or is still to come.
    GOING = "SELECT x.session_id, x.lecturer_id, l.name, s.school_id, c.name AS school_name, c.travel_minutes, s.starts_at, s.ends_at FROM lecture_sessions s
        CROSS JOIN lecture_session_lecturers x CROSS JOIN lecturers l CROSS JOIN lecture_schools c
        WHERE x.tenant_id = s.tenant_id AND x.session_id = s.id AND l.tenant_id = x.tenant_id AND l.id = x.lecturer_id
            AND c.tenant_id = s.tenant_id AND c.id = s.school_id AND s.tenant_id = $1 AND s.starts_at > $2 AND s.starts_at < $3 AND s.state <> 'cancelled'
        ORDER BY s.starts_at, l.id LIMIT 5000";
    AHEAD = sessions!("s.starts_at > $2 AND s.starts_at < $3 AND s.state IN ('proposed', 'agreed') ORDER BY s.starts_at, s.id LIMIT 500");
    LECTURERS = "SELECT l.id, l.name, l.title, l.phone_sealed, l.first_grade, l.last_grade, l.vetted_on, l.vetted_until, l.link_number, l.ended_at,
            l.created_at, l.lock_version
        FROM lecture_session_lecturers x CROSS JOIN lecturers l
        WHERE l.tenant_id = x.tenant_id AND l.id = x.lecturer_id AND x.tenant_id = $1 AND x.session_id = $2 ORDER BY l.created_at, l.id LIMIT 50";
    DROP_CLASSES = "DELETE FROM lecture_session_classes WHERE tenant_id = $1 AND session_id = $2";
    ADD_CLASS = "INSERT INTO lecture_session_classes (tenant_id, session_id, class_id, grade) VALUES ($1, $2, $3, $4)";
    /// What a school's lectures from a moment on say of its classes is what these are now.
    FOLLOW = "UPDATE lecture_session_classes SET grade = (SELECT c.grade FROM lecture_classes c
            WHERE c.tenant_id = $1 AND c.id = lecture_session_classes.class_id)
        WHERE tenant_id = $1 AND session_id IN (SELECT s.id FROM lecture_sessions s WHERE s.tenant_id = $1 AND s.school_id = $2 AND s.starts_at >= $3)";
    /// The same of one of its classes.
    FOLLOW_CLASS = "UPDATE lecture_session_classes SET grade = (SELECT c.grade FROM lecture_classes c
            WHERE c.tenant_id = $1 AND c.id = lecture_session_classes.class_id)
        WHERE tenant_id = $1 AND session_id IN (SELECT s.id FROM lecture_sessions s WHERE s.tenant_id = $1 AND s.school_id = $2 AND s.starts_at >= $3)
            AND class_id = $4";
    /// The class-hours of those that are written down, by the youngest grade that they say now: of a primary school's lessons, at $4 minutes, or of others.
    COUNT_ANEW = "UPDATE lecture_sessions SET class_hours = minutes / CASE WHEN (SELECT MIN(y.grade) FROM lecture_session_classes y
            WHERE y.tenant_id = $1 AND y.session_id = lecture_sessions.id) <= 6 THEN CAST($4 AS BIGINT) ELSE CAST($5 AS BIGINT) END
        WHERE tenant_id = $1 AND school_id = $2 AND starts_at >= $3 AND state = 'held' AND minutes IS NOT NULL";
    /// As they were on its day.
    CLASSES = "SELECT c.id, c.school_id, x.grade, c.name, c.pupils, c.closed_at FROM lecture_session_classes x
        JOIN lecture_classes c ON c.tenant_id = x.tenant_id AND c.id = x.class_id WHERE x.tenant_id = $1 AND x.session_id = $2
        ORDER BY x.grade, c.name, c.id LIMIT 200";

    SIGN_IN = "INSERT INTO lecture_sign_ins (tenant_id, session_id, class_id, present, at) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (tenant_id, session_id, class_id) DO UPDATE SET present = excluded.present, at = excluded.at";
    DROP_SIGN_INS = "DELETE FROM lecture_sign_ins WHERE tenant_id = $1 AND session_id = $2";
    /// Of classes that do not hear it any more.
    DROP_STRAY_SIGN_INS = "DELETE FROM lecture_sign_ins WHERE tenant_id = $1 AND session_id = $2 AND NOT EXISTS (SELECT 1 FROM lecture_session_classes y
        WHERE y.tenant_id = lecture_sign_ins.tenant_id AND y.session_id = lecture_sign_ins.session_id AND y.class_id = lecture_sign_ins.class_id)";
    SIGN_INS = "SELECT i.session_id, i.class_id, i.present, i.at FROM lecture_sign_ins i WHERE i.tenant_id = $1 AND i.session_id = $2
        ORDER BY i.class_id LIMIT 200";
    SIGN_INS_OF_SCHOOL = "SELECT i.session_id, i.class_id, i.present, i.at FROM lecture_sessions s
        JOIN lecture_sign_ins i ON i.tenant_id = s.tenant_id AND i.session_id = s.id
        WHERE s.tenant_id = $1 AND s.school_id = $2 AND s.starts_at >= $3 ORDER BY i.class_id LIMIT 2000";
    SIGN_INS_OF_LECTURER = "SELECT i.session_id, i.class_id, i.present, i.at FROM lecture_session_lecturers l
        JOIN lecture_sessions s ON s.tenant_id = l.tenant_id AND s.id = l.session_id
        JOIN lecture_sign_ins i ON i.tenant_id = l.tenant_id AND i.session_id = l.session_id
        WHERE l.tenant_id = $1 AND l.lecturer_id = $2 AND s.starts_at >= $3 ORDER BY i.class_id LIMIT 2000";
    /// The classes of a school's sessions, for its page, each beside its session.
    CLASSES_OF_SCHOOL = "SELECT x.session_id, c.id, x.grade, c.name, c.pupils FROM lecture_sessions s
        CROSS JOIN lecture_session_classes x
        CROSS JOIN lecture_classes c
        WHERE x.tenant_id = s.tenant_id AND x.session_id = s.id AND c.tenant_id = x.tenant_id AND c.id = x.class_id AND s.tenant_id = $1 AND s.school_id = $2 AND (s.starts_at >= $3 OR (s.state = 'held' AND s.school_confirmed_at IS NULL)) ORDER BY x.grade, c.name, c.id LIMIT 5000";

    /// What nobody has de-identified and reviewed adds no row; the key that it points to says the same again.
    ATTACH = "INSERT INTO lecture_session_materials (tenant_id, session_id, material_id, desensitised_by, reviewed_by)
        SELECT m.tenant_id, s.id, m.id, m.desensitised_by, m.reviewed_by FROM lecture_materials m
        JOIN lecture_sessions s ON s.tenant_id = m.tenant_id AND s.id = $2
        WHERE m.tenant_id = $1 AND m.id = $3 AND m.reviewed_by IS NOT NULL AND m.withdrawn_at IS NULL
        ON CONFLICT (tenant_id, session_id, material_id) DO NOTHING";
    /// What was withdrawn is not shown at what is to come.
    DROP_WITHDRAWN = "DELETE FROM lecture_session_materials WHERE tenant_id = $1 AND session_id = $2 AND EXISTS (SELECT 1 FROM lecture_materials m
        WHERE m.tenant_id = lecture_session_materials.tenant_id AND m.id = lecture_session_materials.material_id AND m.withdrawn_at IS NOT NULL)";
    DETACH = "DELETE FROM lecture_session_materials WHERE tenant_id = $1 AND session_id = $2 AND material_id = $3";
    MATERIALS = "SELECT m.id, m.kind, m.title, m.topic_id, t.name AS topic_name, m.file_name, m.media_type, m.size, m.added_at,
            m.desensitised_by, CAST(NULL AS TEXT) AS desensitised_name, m.desensitised_at, m.reviewed_by, CAST(NULL AS TEXT) AS reviewed_name,
            m.reviewed_at, m.withdrawn_at, m.erased_at, m.why, m.lock_version
        FROM lecture_session_materials x CROSS JOIN lecture_materials m
        CROSS JOIN lecture_subjects t
        WHERE m.tenant_id = x.tenant_id AND m.id = x.material_id AND t.tenant_id = m.tenant_id AND t.id = m.topic_id AND x.tenant_id = $1 AND x.session_id = $2 ORDER BY m.added_at, m.id LIMIT 100";

    /// Who teaches what at a school, for its page: names and topics, each beside its session.
    NAMES_OF_SCHOOL = "SELECT x.session_id, l.name FROM lecture_sessions s
        CROSS JOIN lecture_session_lecturers x
        CROSS JOIN lecturers l
        WHERE x.tenant_id = s.tenant_id AND x.session_id = s.id AND l.tenant_id = x.tenant_id AND l.id = x.lecturer_id AND s.tenant_id = $1 AND s.school_id = $2 AND (s.starts_at >= $3 OR (s.state = 'held' AND s.school_confirmed_at IS NULL)) ORDER BY l.created_at, l.id LIMIT 1000";
    TOPICS_OF_SCHOOL = "SELECT x.session_id, t.name FROM lecture_sessions s
        CROSS JOIN lecture_session_topics x
        CROSS JOIN lecture_subjects t
        WHERE x.tenant_id = s.tenant_id AND x.session_id = s.id AND t.tenant_id = x.tenant_id AND t.id = x.topic_id AND s.tenant_id = $1 AND s.school_id = $2 AND (s.starts_at >= $3 OR (s.state = 'held' AND s.school_confirmed_at IS NULL)) ORDER BY t.position, t.id LIMIT 1000";
    /// When it was to be before it was moved, of what a school has to answer anew; the latest last.
    MOVED_OF_SCHOOL = "SELECT n.session_id, n.words AS name FROM lecture_sessions s CROSS JOIN lecture_notes n
        WHERE n.tenant_id = s.tenant_id AND n.session_id = s.id AND n.kind = 'moved' AND s.tenant_id = $1 AND s.school_id = $2
            AND s.starts_at >= $3 AND s.state = 'proposed' ORDER BY n.at, n.id LIMIT 1000";
    /// What somebody teaches, to whom and with whom, for their page, each beside its session.
    TOPICS_OF_LECTURER = "SELECT x.session_id, t.name FROM lecture_session_lecturers o
        CROSS JOIN lecture_sessions s CROSS JOIN lecture_session_topics x CROSS JOIN lecture_subjects t
        WHERE s.tenant_id = o.tenant_id AND s.id = o.session_id AND x.tenant_id = s.tenant_id AND x.session_id = s.id
            AND t.tenant_id = x.tenant_id AND t.id = x.topic_id AND o.tenant_id = $1 AND o.lecturer_id = $2 AND s.starts_at >= $3
        ORDER BY t.position, t.id LIMIT 2000";
    CLASSES_OF_LECTURER = "SELECT x.session_id, c.id, x.grade, c.name, c.pupils FROM lecture_session_lecturers o
        CROSS JOIN lecture_sessions s CROSS JOIN lecture_session_classes x CROSS JOIN lecture_classes c
        WHERE s.tenant_id = o.tenant_id AND s.id = o.session_id AND x.tenant_id = s.tenant_id AND x.session_id = s.id
            AND c.tenant_id = x.tenant_id AND c.id = x.class_id AND o.tenant_id = $1 AND o.lecturer_id = $2 AND s.starts_at >= $3
        ORDER BY x.grade, c.name, c.id LIMIT 5000";
    BESIDE_LECTURER = "SELECT x.session_id, l.name FROM lecture_session_lecturers o
        CROSS JOIN lecture_sessions s CROSS JOIN lecture_session_lecturers x CROSS JOIN lecturers l
        WHERE s.tenant_id = o.tenant_id AND s.id = o.session_id AND x.tenant_id = s.tenant_id AND x.session_id = s.id AND x.lecturer_id <> o.lecturer_id
            AND l.tenant_id = x.tenant_id AND l.id = x.lecturer_id AND o.tenant_id = $1 AND o.lecturer_id = $2 AND s.starts_at >= $3
        ORDER BY l.created_at, l.id LIMIT 2000";
    MATERIALS_OF_LECTURER = "SELECT x.session_id, m.id, m.title, m.media_type FROM lecture_session_lecturers l
        CROSS JOIN lecture_session_materials x
        CROSS JOIN lecture_materials m
        WHERE x.tenant_id = l.tenant_id AND x.session_id = l.session_id AND m.tenant_id = x.tenant_id AND m.id = x.material_id AND l.tenant_id = $1 AND l.lecturer_id = $2 AND m.withdrawn_at IS NULL ORDER BY m.added_at, m.id LIMIT 1000";

    ADD_NOTE = "INSERT INTO lecture_notes (tenant_id, id, session_id, kind, words, at, answer) VALUES ($1, $2, $3, $4, $5, $6, '')";
    ANSWER_NOTE = "UPDATE lecture_notes SET answer = $4, done_at = $5 WHERE tenant_id = $1 AND session_id = $2 AND id = $3 AND kind = 'question'
        AND done_at IS NULL";
    OPEN_QUESTIONS = "SELECT n.session_id, MIN(n.at) AS since, COUNT(*) AS count FROM lecture_notes n
        WHERE n.tenant_id = $1 AND n.kind = 'question' AND n.done_at IS NULL GROUP BY n.session_id ORDER BY since, n.session_id LIMIT 50";
    NOTES = "SELECT n.id, n.session_id, n.kind, n.words, n.at, n.done_at, n.answer FROM lecture_notes n WHERE n.tenant_id = $1 AND n.session_id = $2
        ORDER BY n.at, n.id LIMIT 300";
    ADD_PHOTO = "INSERT INTO lecture_photos (tenant_id, session_id, photo_id, consent, added_at) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (tenant_id, session_id, photo_id) DO NOTHING";
    DROP_PHOTO = "DELETE FROM lecture_photos WHERE tenant_id = $1 AND session_id = $2 AND photo_id = $3";
    PHOTOS = "SELECT p.photo_id, p.consent FROM lecture_photos p WHERE p.tenant_id = $1 AND p.session_id = $2 ORDER BY p.photo_id LIMIT 30";
    OLD_PHOTOS = "SELECT p.session_id, p.photo_id FROM lecture_photos p WHERE p.tenant_id = $1 AND p.added_at < $2 ORDER BY p.added_at, p.photo_id LIMIT 200";
    OTHER_USE = "SELECT p.photo_id, p.consent FROM lecture_photos p WHERE p.tenant_id = $1 AND p.photo_id = $2 LIMIT 1";
    PHOTO = "SELECT p.photo_id, p.consent FROM lecture_photos p WHERE p.tenant_id = $1 AND p.session_id = $2 AND p.photo_id = $3";
}

record! {
    #[derive(Debug, Clone)]
    pub struct Call { pub id: Uuid, pub title: String, pub words: String, pub last_day: String, pub created_at: Timestamp, pub lock_version: i64 }
    #[derive(Debug, Clone)]
    pub struct Answer { pub call_id: Uuid, pub school_id: Uuid }
    #[derive(Debug, Clone)]
    pub struct Request {
        pub id: Uuid, pub school_id: Uuid, pub school_name: String, pub call_id: Option<Uuid>, pub topic_id: Uuid, pub topic_name: String,
        pub form_id: Uuid, pub form_name: String, pub first_grade: i64, pub last_grade: i64, pub first_day: String, pub last_day: String,
        pub words: String, pub state: RequestState, pub why: String, pub created_at: Timestamp,
    }
    #[derive(Debug, Clone)]
    pub struct Agreement {
        pub id: Uuid, pub school_id: Uuid, pub school_name: String, pub title: String, pub first_day: String, pub last_day: String, pub intended: i64,
        pub lock_version: i64,
    }
    #[derive(Debug, Clone)]
    pub struct Campaign {
        pub id: Uuid, pub theme: String, pub first_day: String, pub last_day: String, pub intended: i64, pub lock_version: i64,
    }
    /// What was planned and does not count; of what was voided before that was kept nobody is known.
    #[derive(Debug, Clone)]
    pub struct Voided { pub name: String, pub voided_at: Timestamp, pub voided_by: Option<String>, pub voided_why: String }
    #[derive(Debug, Clone)]
    pub struct Session {
        pub id: Uuid, pub request_id: Option<Uuid>, pub school_id: Uuid, pub school_name: String, pub school_address: String, pub hall_id: Uuid, pub hall_name: String,
        pub form_id: Uuid, pub form_name: String, pub campaign_id: Option<Uuid>, pub title: String, pub starts_at: Timestamp, pub ends_at: Timestamp,
        pub why: String, pub state: SessionState, pub team_agreed_at: Option<Timestamp>, pub school_agreed_at: Option<Timestamp>, pub ended_why: String,
        pub pupils: Option<i64>, pub teachers: Option<i64>, pub parents: Option<i64>, pub handouts: Option<i64>, pub minutes: Option<i64>,
        pub class_hours: Option<i64>, pub course: String, pub recorded_at: Option<Timestamp>, pub school_words: String,
        pub school_confirmed_at: Option<Timestamp>, pub unanswered: bool, pub disputed_at: Option<Timestamp>, pub disputed_why: String,
        pub paper_by: String, pub paper_day: String, pub lock_version: i64,
    }
    #[derive(Debug, Clone)]
    pub struct Unconfirmed { pub school_id: Uuid, pub school_name: String, pub count: i64, pub since: Timestamp }
    #[derive(Debug, Clone)]
    pub struct Elsewhere { pub school_id: Uuid, pub school_name: String, pub travel_minutes: i64, pub starts_at: Timestamp, pub ends_at: Timestamp }
    #[derive(Debug, Clone)]
    pub struct Busy { pub school_id: Uuid, pub lecturer_id: Uuid, pub starts_at: Timestamp, pub ends_at: Timestamp }
    #[derive(Debug, Clone)]
    pub struct Held { pub id: Uuid, pub title: String, pub starts_at: Timestamp, pub ends_at: Timestamp, pub school_name: String }
    #[derive(Debug, Clone)]
    pub struct Topic { pub id: Uuid, pub name: String }
    #[derive(Debug, Clone)]
    pub struct Note {
        pub id: Uuid, pub session_id: Uuid, pub kind: NoteKind, pub words: String, pub at: Timestamp, pub done_at: Option<Timestamp>, pub answer: String,
    }
    #[derive(Debug, Clone)]
    pub struct Named { pub session_id: Uuid, pub name: String }
    #[derive(Debug, Clone)]
    pub struct Shown { pub session_id: Uuid, pub id: Uuid, pub title: String, pub media_type: String }
    #[derive(Debug, Clone)]
    pub struct OwnWords { pub session_id: Uuid, pub name: String, pub own_words: String }
    #[derive(Debug, Clone)]
    pub struct Staffed {
        pub session_id: Uuid, pub name: String, pub vetted_on: Option<String>, pub vetted_until: Option<String>, pub ended_at: Option<Timestamp>,
    }
    #[derive(Debug, Clone)]
    pub struct Going {
        pub session_id: Uuid, pub lecturer_id: Uuid, pub name: String, pub school_id: Uuid, pub school_name: String, pub travel_minutes: i64,
        pub starts_at: Timestamp, pub ends_at: Timestamp,
    }
    #[derive(Debug, Clone)]
    pub struct Gone { pub session_id: Uuid, pub name: String, pub whole_school: bool }
    #[derive(Debug, Clone)]
    pub struct Crowded { pub session_id: Uuid, pub name: String, pub seats: i64, pub pupils: i64 }
    #[derive(Debug, Clone)]
    pub struct UntaughtClass { pub session_id: Uuid, pub grade: i64, pub name: String, pub closed_at: Option<Timestamp>, pub lecturer: String }
    #[derive(Debug, Clone)]
    pub struct OpenQuestions { pub session_id: Uuid, pub since: Timestamp, pub count: i64 }
    #[derive(Debug, Clone)]
    pub struct SignIn { pub session_id: Uuid, pub class_id: Uuid, pub present: i64, pub at: Timestamp }
    #[derive(Debug, Clone)]
    pub struct ClassOf { pub session_id: Uuid, pub id: Uuid, pub grade: i64, pub name: String, pub pupils: i64 }
    #[derive(Debug, Clone)]
    pub struct OldPhoto { pub session_id: Uuid, pub photo_id: Uuid }
    #[derive(Debug, Clone)]
    pub struct Photo { pub photo_id: Uuid, pub consent: String }
}

impl Session {
    /// `2026年9月8日 14:30–15:15`
    pub fn when(&self) -> String {
        span(self.starts_at, self.ends_at)
    }

    /// Still to come, and not called off.
    pub fn open(&self) -> bool {
        matches!(self.state, SessionState::Proposed | SessionState::Agreed)
    }

    /// The school says that what was written down is not so, and nobody has written it down anew yet.
    pub fn disputed(&self) -> bool {
        self.disputed_at.is_some() && self.open()
    }

    /// It has begun, and the school has not confirmed it: who gave it, where, when and to whom is put as it was.
    pub fn may_be_put_right(&self, now: Timestamp) -> bool {
        self.starts_at <= now && self.school_confirmed_at.is_none() && self.state != SessionState::Cancelled
    }

    /// Somebody says that it was given. What was open for that stays open while the team and the school are not of one mind about it.
    pub fn written_down(&self) -> bool {
        self.state == SessionState::Held || self.disputed()
    }

    /// It was written down, and the school has not said yet that it was so.
    pub fn unconfirmed(&self) -> bool {
        self.state == SessionState::Held && self.school_confirmed_at.is_none()
    }
}

impl Request {
    pub fn grades(&self) -> String {
        super::model::grades(self.first_grade, self.last_grade)
    }
}

pub async fn session(tx: &mut Tx, tenant: Uuid, id: Uuid) -> Result<Session> {
    Ok(tx.one(SESSION.bind(tenant).bind(id)).await?)
}

pub async fn request(tx: &mut Tx, tenant: Uuid, id: Uuid) -> Result<Request> {
    Ok(tx.one(REQUEST.bind(tenant).bind(id)).await?)
}

pub(super) async fn coming(tx: &mut Tx, tenant: Uuid, after: Cursor, size: usize) -> Result<Page<Session>> {
    let items: Vec<Session> = tx.all(COMING.bind(tenant).bind(after.key).bind(after.id).bind(size as i64 + 1)).await?;
    Ok(Page::of(items, size, |item| Cursor { key: item.starts_at.as_millisecond(), id: item.id }))
}

/// Those that have begun, the latest first.
pub(super) async fn past(
    tx: &mut Tx,
    tenant: Uuid,
    before: Cursor,
    state: Option<SessionState>,
    size: usize,
) -> Result<Page<Session>> {
    let query = PAST.bind(tenant).bind(before.key).bind(before.id).bind(size as i64 + 1);
    let items: Vec<Session> = tx.all(query.bind(state.map(|state| state.code()))).await?;
    Ok(Page::of(items, size, |item| Cursor { key: item.starts_at.as_millisecond(), id: item.id }))
}

pub(super) async fn sign_ins(tx: &mut Tx, tenant: Uuid, session: Uuid) -> Result<Vec<SignIn>> {
    Ok(tx.all(SIGN_INS.bind(tenant).bind(session)).await?)
}

pub(super) async fn topics(tx: &mut Tx, tenant: Uuid, session: Uuid) -> Result<Vec<Topic>> {
    Ok(tx.all(TOPICS.bind(tenant).bind(session)).await?)
}

pub(super) async fn lecturers(tx: &mut Tx, tenant: Uuid, session: Uuid) -> Result<Vec<Lecturer>> {
    Ok(tx.all(LECTURERS.bind(tenant).bind(session)).await?)
}

pub(super) async fn classes(tx: &mut Tx, tenant: Uuid, session: Uuid) -> Result<Vec<Class>> {
    Ok(tx.all(CLASSES.bind(tenant).bind(session)).await?)
}

pub(super) async fn materials(tx: &mut Tx, tenant: Uuid, session: Uuid) -> Result<Vec<Material>> {
    Ok(tx.all(MATERIALS.bind(tenant).bind(session)).await?)
}
