use db::{record, statements};
use jiff::Timestamp;
use uuid::Uuid;

statements! {
    /// What was taught in which grades of which school, as they were then. A class that has signed in with nobody was not there; one that has not signed in was.
    TAUGHT = "SELECT s.school_id, x.topic_id, y.grade, COUNT(DISTINCT s.id) AS sessions FROM lecture_sessions s
        CROSS JOIN lecture_session_topics x CROSS JOIN lecture_session_classes y
        WHERE x.tenant_id = s.tenant_id AND x.session_id = s.id AND y.tenant_id = s.tenant_id AND y.session_id = s.id
            AND s.tenant_id = $1 AND s.state = 'held' AND s.starts_at >= $2 AND s.starts_at < $3 AND NOT EXISTS (SELECT 1 FROM lecture_sign_ins i
            WHERE i.tenant_id = y.tenant_id AND i.session_id = y.session_id AND i.class_id = y.class_id AND i.present = 0)
        GROUP BY x.topic_id, y.grade, s.school_id";
    /// What the pupils who are in a grade now have heard, in whatever grade they were then, with what is arranged from $4 on. Of a class that is gone by $4
    /// it is only what it heard while it was there, in the school year that began at $5, and only until the school has turned for the next one, in $6: what
    /// those who leave with a year that has been turned already have heard was heard by nobody who stays.
    TAUGHT_OR_PROMISED = "SELECT s.school_id, x.topic_id, c.grade, COUNT(DISTINCT s.id) AS sessions FROM lecture_sessions s
        CROSS JOIN lecture_session_topics x CROSS JOIN lecture_session_classes y CROSS JOIN lecture_classes c
        WHERE x.tenant_id = s.tenant_id AND x.session_id = s.id AND y.tenant_id = s.tenant_id AND y.session_id = s.id
            AND c.tenant_id = y.tenant_id AND c.id = y.class_id AND s.tenant_id = $1 AND s.starts_at >= $2 AND s.starts_at < $3
            AND (c.closed_at IS NULL OR (s.starts_at >= $5 AND s.starts_at < c.closed_at AND c.closed_at <= $4
                AND NOT EXISTS (SELECT 1 FROM lecture_schools o WHERE o.tenant_id = s.tenant_id AND o.id = s.school_id AND o.turned_year >= $6)))
            AND (s.state = 'held' OR (s.state IN ('proposed', 'agreed') AND s.starts_at > $4)) AND NOT EXISTS (SELECT 1 FROM lecture_sign_ins i
            WHERE i.tenant_id = y.tenant_id AND i.session_id = y.session_id AND i.class_id = y.class_id AND i.present = 0)
        GROUP BY x.topic_id, c.grade, s.school_id";
    SUMS = "SELECT s.school_id, COUNT(*) AS sessions, CAST(COALESCE(SUM(s.class_hours), 0) AS BIGINT) AS class_hours,
            CAST(COALESCE(SUM(s.pupils), 0) AS BIGINT) AS pupils, CAST(COALESCE(SUM(s.handouts), 0) AS BIGINT) AS handouts
        FROM lecture_sessions s WHERE s.tenant_id = $1 AND s.state = 'held' AND s.starts_at >= $2 AND s.starts_at < $3 GROUP BY s.school_id";
    /// Each lecture that was given, to be counted by years and terms.
    HELD = "SELECT s.school_id, s.starts_at, s.campaign_id FROM lecture_sessions s
        WHERE s.tenant_id = $1 AND s.state = 'held' AND s.starts_at >= $2 AND s.starts_at < $3 ORDER BY s.starts_at, s.id LIMIT 50000";
    /// Each lecture that was given, also one that the school denies or that is put right: what was entered of it stays until it is written down anew.
    WRITTEN_DOWN = "SELECT s.school_id, s.starts_at, s.campaign_id FROM lecture_sessions s
        WHERE s.tenant_id = $1 AND s.state <> 'cancelled' AND s.pupils IS NOT NULL AND s.starts_at >= $2 AND s.starts_at < $3
        ORDER BY s.starts_at, s.id LIMIT 50000";
    /// All that was given within campaigns since $2, whatever period is looked at: it stands against all that they intend.
    OF_CAMPAIGNS = "SELECT s.campaign_id, COUNT(*) AS sessions FROM lecture_sessions s
        WHERE s.tenant_id = $1 AND s.state = 'held' AND s.starts_at >= $2 AND s.campaign_id IS NOT NULL GROUP BY s.campaign_id";
    REACHED = "SELECT DISTINCT y.class_id FROM lecture_sessions s
        JOIN lecture_session_classes y ON y.tenant_id = s.tenant_id AND y.session_id = s.id
        WHERE s.tenant_id = $1 AND s.state = 'held' AND s.starts_at >= $2 AND s.starts_at < $3 AND NOT EXISTS (SELECT 1 FROM lecture_sign_ins i
            WHERE i.tenant_id = y.tenant_id AND i.session_id = y.session_id AND i.class_id = y.class_id AND i.present = 0)";
    /// Those that were not closed before $2.
    CLASSES_OF_PERIOD = "SELECT c.id, c.school_id, c.grade, c.closed_at FROM lecture_classes c
        WHERE c.tenant_id = $1 AND (c.closed_at IS NULL OR c.closed_at >= $2) ORDER BY c.school_id, c.grade, c.id LIMIT 50000";
    /// Schools with those to which nobody goes any more.
    EVERY_SCHOOL = "SELECT o.id, o.name, o.closed_at FROM lecture_schools o WHERE o.tenant_id = $1 ORDER BY o.position, o.id LIMIT 2000";
    /// Each lecture of somebody at a school of which they are 法治副校长; whether it was within their term is looked at by its day.
    VICE_HOURS = "SELECT v.school_id, v.id AS vice_id, l.name, v.first_day, v.last_day, s.starts_at, s.class_hours FROM lecture_sessions s
        CROSS JOIN lecture_session_lecturers x CROSS JOIN lecture_vice_principals v CROSS JOIN lecturers l
        WHERE x.tenant_id = s.tenant_id AND x.session_id = s.id AND v.tenant_id = s.tenant_id AND v.school_id = s.school_id
            AND v.lecturer_id = x.lecturer_id AND l.tenant_id = v.tenant_id AND l.id = v.lecturer_id AND s.tenant_id = $1 AND s.state = 'held' AND s.starts_at >= $2 AND s.starts_at < $3 ORDER BY s.starts_at, v.id LIMIT 50000";
    ALL_VICES = "SELECT v.id, v.school_id, v.lecturer_id, l.name, v.first_day, v.last_day FROM lecture_vice_principals v
        JOIN lecturers l ON l.tenant_id = v.tenant_id AND l.id = v.lecturer_id WHERE v.tenant_id = $1 ORDER BY v.school_id, v.first_day, v.id LIMIT 5000";
    /// What was known before and after of the questions that a class of a lecture that was given has answered twice.
    KNOWN = "SELECT CAST(COALESCE(SUM(b.answered), 0) AS BIGINT) AS answered_before, CAST(COALESCE(SUM(b.correct), 0) AS BIGINT) AS correct_before,
            CAST(COALESCE(SUM(a.answered), 0) AS BIGINT) AS answered_after, CAST(COALESCE(SUM(a.correct), 0) AS BIGINT) AS correct_after
        FROM lecture_sessions s
        CROSS JOIN lecture_session_classes y CROSS JOIN lecture_tallies b CROSS JOIN lecture_tallies a
        WHERE y.tenant_id = s.tenant_id AND y.session_id = s.id AND b.class_id = y.class_id AND b.tenant_id = s.tenant_id AND b.session_id = s.id AND b.phase = 'before' AND a.tenant_id = b.tenant_id
            AND a.session_id = b.session_id AND a.phase = 'after' AND a.class_id = b.class_id AND a.question_id = b.question_id
            AND s.tenant_id = $1 AND s.state = 'held' AND s.starts_at >= $2 AND s.starts_at < $3";
    /// How lectures that were given were liked by the classes that heard them.
    CONTENT = "SELECT CAST(COALESCE(SUM(p.given), 0) AS BIGINT) AS given, CAST(COALESCE(SUM(p.good), 0) AS BIGINT) AS good FROM lecture_sessions s
        CROSS JOIN lecture_session_classes y CROSS JOIN lecture_quiz_classes p
        WHERE y.tenant_id = s.tenant_id AND y.session_id = s.id AND p.tenant_id = y.tenant_id AND p.session_id = y.session_id AND p.phase = 'after'
            AND p.class_id = y.class_id AND s.tenant_id = $1 AND s.state = 'held' AND s.starts_at >= $2 AND s.starts_at < $3";
    /// The same of classes that are only known together, while all of them are said to have heard it.
    CONTENT_TOGETHER = "SELECT CAST(COALESCE(SUM(t.given), 0) AS BIGINT) AS given, CAST(COALESCE(SUM(t.good), 0) AS BIGINT) AS good FROM lecture_sessions s
        CROSS JOIN lecture_scores t
        WHERE t.tenant_id = s.tenant_id AND t.session_id = s.id AND s.tenant_id = $1 AND s.state = 'held' AND s.starts_at >= $2 AND s.starts_at < $3
            AND NOT EXISTS (SELECT 1 FROM lecture_quiz_classes p
                LEFT JOIN lecture_session_classes y ON y.tenant_id = p.tenant_id AND y.session_id = p.session_id AND y.class_id = p.class_id
                WHERE p.tenant_id = t.tenant_id AND p.session_id = t.session_id AND p.phase = 'after' AND p.given IS NULL AND y.class_id IS NULL)";
    /// What is arranged and not yet given, each with the youngest of its grades: by that its class-hours are counted once it is written down.
    PROMISED = "SELECT s.school_id, s.starts_at, s.ends_at, (SELECT MIN(y.grade) FROM lecture_session_classes y
            WHERE y.tenant_id = s.tenant_id AND y.session_id = s.id) AS youngest
        FROM lecture_sessions s
        WHERE s.tenant_id = $1 AND s.state IN ('proposed', 'agreed') AND s.starts_at >= $2 AND s.starts_at < $3 ORDER BY s.starts_at, s.id LIMIT 20000";
    /// Who is to give what is arranged and not yet given.
    PROMISED_BY = "SELECT s.school_id, x.lecturer_id, s.starts_at, s.ends_at, (SELECT MIN(y.grade) FROM lecture_session_classes y
            WHERE y.tenant_id = s.tenant_id AND y.session_id = s.id) AS youngest
        FROM lecture_sessions s
        JOIN lecture_session_lecturers x ON x.tenant_id = s.tenant_id AND x.session_id = s.id
        WHERE s.tenant_id = $1 AND s.state IN ('proposed', 'agreed') AND s.starts_at >= $2 AND s.starts_at < $3 ORDER BY s.starts_at, x.lecturer_id LIMIT 20000";
    FOLLOWED = "SELECT COUNT(*) AS asked, COUNT(n.done_at) AS answered FROM lecture_sessions s
        JOIN lecture_notes n ON n.tenant_id = s.tenant_id AND n.session_id = s.id AND n.kind = 'question'
        WHERE s.tenant_id = $1 AND s.state <> 'cancelled' AND s.starts_at >= $2 AND s.starts_at < $3";
}

record! {
    #[derive(Debug, Clone)]
    pub struct Taught { pub school_id: Uuid, pub topic_id: Uuid, pub grade: i64, pub sessions: i64 }
    #[derive(Debug, Clone)]
    pub struct Sum { pub school_id: Uuid, pub sessions: i64, pub class_hours: i64, pub pupils: i64, pub handouts: i64 }
    pub(super) struct Held { pub school_id: Uuid, pub starts_at: Timestamp, pub campaign_id: Option<Uuid> }
    pub(super) struct OfCampaign { pub campaign_id: Uuid, pub sessions: i64 }
    pub(super) struct Reached { pub class_id: Uuid }
    pub(super) struct ClassOf { pub id: Uuid, pub school_id: Uuid, pub grade: i64, pub closed_at: Option<Timestamp> }
    pub(super) struct SchoolOf { pub id: Uuid, pub name: String, pub closed_at: Option<Timestamp> }
    #[derive(Debug, Clone)]
    pub struct ViceHours {
        pub school_id: Uuid, pub vice_id: Uuid, pub name: String, pub first_day: String, pub last_day: String, pub starts_at: Timestamp,
        pub class_hours: Option<i64>,
    }
    #[derive(Debug, Clone)]
    pub struct ViceOf { pub id: Uuid, pub school_id: Uuid, pub lecturer_id: Uuid, pub name: String, pub first_day: String, pub last_day: String }
    #[derive(Debug, Clone)]
    pub struct Known { pub answered_before: i64, pub correct_before: i64, pub answered_after: i64, pub correct_after: i64 }
    #[derive(Debug, Clone)]
    pub struct Content { pub given: i64, pub good: i64 }
    #[derive(Debug, Clone)]
    pub struct Promised { pub school_id: Uuid, pub starts_at: Timestamp, pub ends_at: Timestamp, pub youngest: i64 }
    #[derive(Debug, Clone)]
    pub struct PromisedBy { pub school_id: Uuid, pub lecturer_id: Uuid, pub starts_at: Timestamp, pub ends_at: Timestamp, pub youngest: i64 }
    #[derive(Debug, Clone)]
    pub struct Followed { pub asked: i64, pub answered: i64 }
}
