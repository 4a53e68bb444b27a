use db::{record, statements};
use jiff::Timestamp;
use uuid::Uuid;

use super::model::Phase;

statements! {
    /// What was taught in which grades of which school.
    TAUGHT = "SELECT s.school_id, x.topic_id, c.grade, COUNT(DISTINCT s.id) AS sessions FROM lecture_sessions s
        JOIN lecture_session_topics x ON x.tenant_id = s.tenant_id AND x.session_id = s.id
        JOIN lecture_session_classes y ON y.tenant_id = s.tenant_id AND y.session_id = s.id
        JOIN lecture_classes c ON c.tenant_id = y.tenant_id AND c.id = y.class_id
        WHERE s.tenant_id = $1 AND s.state = 'held' AND s.starts_at >= $2 AND s.starts_at < $3 GROUP BY s.school_id, x.topic_id, c.grade";
    SUMS = "SELECT s.school_id, COUNT(*) AS sessions, CAST(COALESCE(SUM(s.class_hours), 0) AS BIGINT) AS class_hours,
            CAST(COALESCE(SUM(s.pupils), 0) AS BIGINT) AS pupils, CAST(COALESCE(SUM(s.handouts), 0) AS BIGINT) AS handouts
        FROM lecture_sessions s WHERE s.tenant_id = $1 AND s.state = 'held' AND s.starts_at >= $2 AND s.starts_at < $3 GROUP BY s.school_id";
    REACHED = "SELECT s.school_id, COUNT(DISTINCT y.class_id) AS classes FROM lecture_sessions s
        JOIN lecture_session_classes y ON y.tenant_id = s.tenant_id AND y.session_id = s.id
        WHERE s.tenant_id = $1 AND s.state = 'held' AND s.starts_at >= $2 AND s.starts_at < $3 GROUP BY s.school_id";
    /// Each lecture of somebody at a school of which they are 法治副校长; whether it was within their term is looked at by its day.
    VICE_HOURS = "SELECT v.school_id, v.id AS vice_id, l.name, v.first_day, v.last_day, s.starts_at, s.class_hours FROM lecture_sessions s
        JOIN lecture_session_lecturers x ON x.tenant_id = s.tenant_id AND x.session_id = s.id
        JOIN lecture_vice_principals v ON v.tenant_id = s.tenant_id AND v.school_id = s.school_id AND v.lecturer_id = x.lecturer_id
        JOIN lecturers l ON l.tenant_id = v.tenant_id AND l.id = v.lecturer_id
        WHERE s.tenant_id = $1 AND s.state = 'held' AND s.starts_at >= $2 AND s.starts_at < $3 ORDER BY s.starts_at, v.id LIMIT 20000";
    ALL_VICES = "SELECT v.school_id, l.name, v.first_day, v.last_day FROM lecture_vice_principals v
        JOIN lecturers l ON l.tenant_id = v.tenant_id AND l.id = v.lecturer_id WHERE v.tenant_id = $1 ORDER BY v.school_id, v.first_day, v.id LIMIT 5000";
    KNOWN = "SELECT t.phase, CAST(SUM(t.answered) AS BIGINT) AS answered, CAST(SUM(t.correct) AS BIGINT) AS correct FROM lecture_sessions s
        JOIN lecture_tallies t ON t.tenant_id = s.tenant_id AND t.session_id = s.id
        WHERE s.tenant_id = $1 AND s.starts_at >= $2 AND s.starts_at < $3 GROUP BY t.phase";
    CONTENT = "SELECT t.score, CAST(SUM(t.count) AS BIGINT) AS count FROM lecture_sessions s
        JOIN lecture_scores t ON t.tenant_id = s.tenant_id AND t.session_id = s.id
        WHERE s.tenant_id = $1 AND s.starts_at >= $2 AND s.starts_at < $3 GROUP BY t.score ORDER BY t.score";
    /// What is arranged and not yet given.
    PROMISED = "SELECT s.school_id, s.starts_at, s.ends_at FROM lecture_sessions s
        WHERE s.tenant_id = $1 AND s.state IN ('proposed', 'agreed') AND s.starts_at >= $2 AND s.starts_at < $3 ORDER BY s.starts_at, s.id LIMIT 2000";
    FOLLOWED = "SELECT COUNT(*) AS asked, COUNT(n.done_at) AS answered FROM lecture_sessions s
        JOIN lecture_notes n ON n.tenant_id = s.tenant_id AND n.session_id = s.id AND n.kind = 'question'
        WHERE s.tenant_id = $1 AND s.starts_at >= $2 AND s.starts_at < $3";
    OF_CAMPAIGNS = "SELECT s.campaign_id, COUNT(*) AS sessions FROM lecture_sessions s
        WHERE s.tenant_id = $1 AND s.state = 'held' AND s.starts_at >= $2 AND s.starts_at < $3 AND s.campaign_id IS NOT NULL GROUP BY s.campaign_id";
}

record! {
    #[derive(Debug, Clone)]
    pub struct Taught { pub school_id: Uuid, pub topic_id: Uuid, pub grade: i64, pub sessions: i64 }
    #[derive(Debug, Clone)]
    pub struct Sum { pub school_id: Uuid, pub sessions: i64, pub class_hours: i64, pub pupils: i64, pub handouts: i64 }
    #[derive(Debug, Clone)]
    pub struct Reached { pub school_id: Uuid, pub classes: i64 }
    #[derive(Debug, Clone)]
    pub struct ViceHours {
        pub school_id: Uuid, pub vice_id: Uuid, pub name: String, pub first_day: String, pub last_day: String, pub starts_at: Timestamp,
        pub class_hours: Option<i64>,
    }
    #[derive(Debug, Clone)]
    pub struct ViceOf { pub school_id: Uuid, pub name: String, pub first_day: String, pub last_day: String }
    #[derive(Debug, Clone)]
    pub struct Known { pub phase: Phase, pub answered: i64, pub correct: i64 }
    #[derive(Debug, Clone)]
    pub struct Content { pub score: i64, pub count: i64 }
    #[derive(Debug, Clone)]
    pub struct Promised { pub school_id: Uuid, pub starts_at: Timestamp, pub ends_at: Timestamp }
    #[derive(Debug, Clone)]
    pub struct Followed { pub asked: i64, pub answered: i64 }
    #[derive(Debug, Clone)]
    pub struct OfCampaign { pub campaign_id: Uuid, pub sessions: i64 }
}
