use db::{Cursor, Page, Tx, record, statements};
use jiff::Timestamp;
use uuid::Uuid;

use super::model::{MaterialKind, PeriodKind, Stage, SubjectKind};
use crate::error::Result;

macro_rules! schools {
    ($where:expr) => {
        concat!(
            "SELECT s.id, s.name, s.stage, s.address, s.travel_minutes, s.contact_sealed, s.link_number, s.position, s.closed_at,
                s.turned_year, s.lock_version
            FROM lecture_schools s WHERE s.tenant_id = $1 AND ",
            $where
        )
    };
}

macro_rules! lecturers {
    ($where:expr) => {
        concat!(
            "SELECT l.id, l.name, l.title, l.phone_sealed, l.first_grade, l.last_grade, l.vetted_on, l.vetted_until, l.link_number, l.ended_at,
                l.created_at, l.lock_version FROM lecturers l WHERE l.tenant_id = $1 AND ",
            $where
        )
    };
}

macro_rules! materials {
    ($where:expr) => {
        concat!(
            "SELECT m.id, m.kind, m.title, m.topic_id, t.name AS topic_name, m.file_name, m.media_type, m.size, m.added_at,
                m.desensitised_by, d.name AS desensitised_name, m.desensitised_at, m.reviewed_by, r.name AS reviewed_name, m.reviewed_at,
                m.withdrawn_at, m.erased_at, m.why, m.lock_version
            FROM lecture_materials m
            JOIN lecture_subjects t ON t.tenant_id = m.tenant_id AND t.id = m.topic_id
            LEFT JOIN accounts d ON d.tenant_id = m.tenant_id AND d.id = m.desensitised_by
            LEFT JOIN accounts r ON r.tenant_id = m.tenant_id AND r.id = m.reviewed_by WHERE m.tenant_id = $1 AND ",
            $where
        )
    };
}

statements! {
    ADD_SCHOOL = "INSERT INTO lecture_schools (tenant_id, id, name, stage, address, travel_minutes, contact_sealed, link_number, position, created_at,
            lock_version) VALUES ($1, $2, $3, $4, $5, $6, $7, 1, $8, $9, 1)";
    CHANGE_SCHOOL = "UPDATE lecture_schools SET name = $4, stage = $5, address = $6, travel_minutes = $7, contact_sealed = $8, closed_at = $9,
            lock_version = lock_version + 1 WHERE tenant_id = $1 AND id = $2 AND lock_version = $3";
    RENEW_SCHOOL_LINK = "UPDATE lecture_schools SET link_number = link_number + 1 WHERE tenant_id = $1 AND id = $2";
    SCHOOL = schools!("s.id = $2");
    SCHOOL_NAMED = schools!("s.name = $2");
    SCHOOLS = schools!("s.closed_at IS NULL ORDER BY s.position, s.id LIMIT 1000");
    CLOSED_SCHOOLS = schools!("s.closed_at IS NOT NULL ORDER BY s.position, s.id LIMIT 1000");

    SET_WAY = "INSERT INTO lecture_ways (tenant_id, one_id, other_id, minutes) VALUES ($1, $2, $3, $4)
        ON CONFLICT (tenant_id, one_id, other_id) DO UPDATE SET minutes = excluded.minutes";
    DROP_WAY = "DELETE FROM lecture_ways WHERE tenant_id = $1 AND one_id = $2 AND other_id = $3";
    /// Those that are entered; a school has few that are near.
    WAYS = "SELECT w.one_id, w.other_id, w.minutes FROM lecture_ways w WHERE w.tenant_id = $1 ORDER BY w.one_id, w.other_id LIMIT 20000";

    ADD_HALL = "INSERT INTO lecture_halls (tenant_id, id, school_id, name, seats) VALUES ($1, $2, $3, $4, $5)";
    CLOSE_HALL = "UPDATE lecture_halls SET closed_at = $4 WHERE tenant_id = $1 AND school_id = $2 AND id = $3 AND closed_at IS NULL";
    HALLS = "SELECT h.id, h.school_id, h.name, h.seats, h.lock_version FROM lecture_halls h WHERE h.tenant_id = $1 AND h.school_id = $2 AND h.closed_at IS NULL
        ORDER BY h.name LIMIT 200";
    /// Those that were there at a moment, and that of a session whatever became of it.
    HALLS_AT = "SELECT h.id, h.school_id, h.name, h.seats, h.lock_version FROM lecture_halls h WHERE h.tenant_id = $1 AND h.school_id = $2
        AND (h.closed_at IS NULL OR h.closed_at > $3
            OR EXISTS (SELECT 1 FROM lecture_sessions x WHERE x.tenant_id = h.tenant_id AND x.id = $4 AND x.hall_id = h.id)) ORDER BY h.name LIMIT 200";
    HALL_NAMED = "SELECT h.id, h.school_id, h.name, h.seats, h.lock_version FROM lecture_halls h WHERE h.tenant_id = $1 AND h.school_id = $2 AND h.name = $3 AND h.closed_at IS NULL";
    CHANGE_HALL = "UPDATE lecture_halls SET name = $5, seats = $6, lock_version = lock_version + 1
        WHERE tenant_id = $1 AND school_id = $2 AND id = $3 AND lock_version = $4 AND closed_at IS NULL";
    ADD_CLASS = "INSERT INTO lecture_classes (tenant_id, id, school_id, grade, name, pupils) VALUES ($1, $2, $3, $4, $5, $6)";
    CLOSE_CLASS = "UPDATE lecture_classes SET closed_at = $4 WHERE tenant_id = $1 AND school_id = $2 AND id = $3 AND closed_at IS NULL";
    SET_PUPILS = "UPDATE lecture_classes SET pupils = $4 WHERE tenant_id = $1 AND school_id = $2 AND id = $3 AND closed_at IS NULL";
    CLASSES = "SELECT c.id, c.school_id, c.grade, c.name, c.pupils, c.closed_at FROM lecture_classes c WHERE c.tenant_id = $1 AND c.school_id = $2
        AND c.closed_at IS NULL ORDER BY c.grade, c.name, c.id LIMIT 500";
    /// Those that are put away or leave, the latest first.
    CLOSED_CLASSES = "SELECT c.id, c.school_id, c.grade, c.name, c.pupils, c.closed_at FROM lecture_classes c WHERE c.tenant_id = $1 AND c.school_id = $2
        AND c.closed_at IS NOT NULL ORDER BY c.closed_at DESC, c.grade, c.name, c.id LIMIT 100";
    OPEN_CLASS = "UPDATE lecture_classes SET closed_at = NULL WHERE tenant_id = $1 AND school_id = $2 AND id = $3 AND closed_at IS NOT NULL";
    /// Those that were there at a moment, and those of a session whatever became of them.
    CLASSES_AT = "SELECT c.id, c.school_id, c.grade, c.name, c.pupils, c.closed_at FROM lecture_classes c WHERE c.tenant_id = $1 AND c.school_id = $2
        AND (c.closed_at IS NULL OR c.closed_at > $3 OR EXISTS (SELECT 1 FROM lecture_session_classes x
            WHERE x.tenant_id = c.tenant_id AND x.session_id = $4 AND x.class_id = c.id)) ORDER BY c.grade, c.name, c.id LIMIT 500";
    ALL_CLASSES = "SELECT c.id, c.school_id, c.grade, c.name, c.pupils, c.closed_at FROM lecture_classes c WHERE c.tenant_id = $1 AND c.closed_at IS NULL
        ORDER BY c.school_id, c.grade, c.id LIMIT 20000";
    REGRADE = "UPDATE lecture_classes SET grade = $4, name = $5 WHERE tenant_id = $1 AND school_id = $2 AND id = $3 AND closed_at IS NULL";
    /// Once in a school year, at a school to which somebody still goes.
    TURN = "UPDATE lecture_schools SET turned_year = $3 WHERE tenant_id = $1 AND id = $2 AND closed_at IS NULL AND (turned_year IS NULL OR turned_year < $3)";
    TURN_BACK = "UPDATE lecture_schools SET turned_year = NULL WHERE tenant_id = $1 AND id = $2 AND turned_year = $3";
    /// A class that left at $5, with the turn, is there again; one that was put away otherwise stays away.
    MOVE_BACK = "UPDATE lecture_classes SET grade = $4, closed_at = CASE WHEN closed_at = $5 THEN NULL ELSE closed_at END
        WHERE tenant_id = $1 AND school_id = $2 AND id = $3";
    ADD_PAST = "INSERT INTO lecture_class_pasts (tenant_id, school_id, year, class_id, grade) VALUES ($1, $2, $3, $4, $5)";
    DROP_PASTS = "DELETE FROM lecture_class_pasts WHERE tenant_id = $1 AND school_id = $2 AND year = $3";
    /// What the classes of a school were until each turn from a year on, the first turn first, and the youngest first.
    PASTS_OF = "SELECT p.class_id, p.grade, c.name, c.closed_at FROM lecture_class_pasts p
        JOIN lecture_classes c ON c.tenant_id = p.tenant_id AND c.id = p.class_id
        WHERE p.tenant_id = $1 AND p.school_id = $2 AND p.year >= $3 ORDER BY p.year, p.grade, p.class_id LIMIT 5000";
    /// The same of all schools.
    PASTS = "SELECT p.class_id, p.grade FROM lecture_class_pasts p WHERE p.tenant_id = $1 AND p.year >= $2 ORDER BY p.year, p.class_id LIMIT 100000";

    ADD_TERM = "INSERT INTO lecture_terms (tenant_id, id, school_id, name, first_day, last_day) VALUES ($1, $2, $3, $4, $5, $6)";
    CHANGE_TERM = "UPDATE lecture_terms SET name = $3, first_day = $4, last_day = $5 WHERE tenant_id = $1 AND id = $2";
    DROP_TERM = "DELETE FROM lecture_terms WHERE tenant_id = $1 AND id = $2";
    /// The latest 500: those of years ago are no days for a lecture.
    TERMS = "SELECT t.id, t.school_id, s.name AS school_name, t.name, t.first_day, t.last_day FROM lecture_terms t
        LEFT JOIN lecture_schools s ON s.tenant_id = t.tenant_id AND s.id = t.school_id WHERE t.tenant_id = $1 ORDER BY t.first_day DESC, t.id DESC LIMIT 500";
    TERM = "SELECT t.id, t.school_id, s.name AS school_name, t.name, t.first_day, t.last_day FROM lecture_terms t
        LEFT JOIN lecture_schools s ON s.tenant_id = t.tenant_id AND s.id = t.school_id WHERE t.tenant_id = $1 AND t.id = $2";
    /// Those that touch the days from $2 to $3, however long ago.
    TERMS_WITHIN = "SELECT t.id, t.school_id, s.name AS school_name, t.name, t.first_day, t.last_day FROM lecture_terms t
        LEFT JOIN lecture_schools s ON s.tenant_id = t.tenant_id AND s.id = t.school_id
        WHERE t.tenant_id = $1 AND t.first_day <= $3 AND t.last_day >= $2 ORDER BY t.first_day, t.id LIMIT 5000";
    ADD_PERIOD = "INSERT INTO lecture_periods (tenant_id, id, school_id, kind, first_day, last_day, note) VALUES ($1, $2, $3, $4, $5, $6, $7)";
    DROP_PERIOD = "DELETE FROM lecture_periods WHERE tenant_id = $1 AND id = $2";
    PERIODS = "SELECT p.id, p.school_id, s.name AS school_name, p.kind, p.first_day, p.last_day, p.note FROM lecture_periods p
        LEFT JOIN lecture_schools s ON s.tenant_id = p.tenant_id AND s.id = p.school_id
        WHERE p.tenant_id = $1 AND p.last_day >= $2 ORDER BY p.last_day, p.id LIMIT 2000";

    ADD_SUBJECT = "INSERT INTO lecture_subjects (tenant_id, id, kind, name, words, position) VALUES ($1, $2, $3, $4, $5, $6)";
    CLOSE_SUBJECT = "UPDATE lecture_subjects SET closed_at = $3 WHERE tenant_id = $1 AND id = $2 AND closed_at IS NULL";
    OPEN_SUBJECT = "UPDATE lecture_subjects SET closed_at = NULL WHERE tenant_id = $1 AND id = $2";
    SUBJECT_NAMED = "SELECT s.id, s.kind, s.name, s.words, s.closed_at FROM lecture_subjects s WHERE s.tenant_id = $1 AND s.kind = $2 AND s.name = $3";
    SUBJECTS = "SELECT s.id, s.kind, s.name, s.words, s.closed_at FROM lecture_subjects s WHERE s.tenant_id = $1 AND s.kind = $2
        ORDER BY s.position, s.id LIMIT 300";

    ADD_LECTURER = "INSERT INTO lecturers (tenant_id, id, name, title, phone_sealed, first_grade, last_grade, link_number, created_at, lock_version)
        VALUES ($1, $2, $3, $4, $5, $6, $7, 1, $8, 1)";
    CHANGE_LECTURER = "UPDATE lecturers SET name = $4, title = $5, phone_sealed = $6, first_grade = $7, last_grade = $8, ended_at = $9,
            lock_version = lock_version + 1 WHERE tenant_id = $1 AND id = $2 AND lock_version = $3";
    RENEW_LECTURER_LINK = "UPDATE lecturers SET link_number = link_number + 1 WHERE tenant_id = $1 AND id = $2";
    VET = "UPDATE lecturers SET vetted_on = $3, vetted_until = $4, lock_version = lock_version + 1 WHERE tenant_id = $1 AND id = $2";
    ADD_VETTING = "INSERT INTO lecturer_vettings (tenant_id, id, lecturer_id, passed, checked_on, proof, account_id, at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    VETTINGS = "SELECT v.id, v.passed, v.checked_on, v.proof, v.voided_at, w.name AS voided_by, v.voided_why FROM lecturer_vettings v
        LEFT JOIN accounts w ON w.tenant_id = v.tenant_id AND w.id = v.voided_by
        WHERE v.tenant_id = $1 AND v.lecturer_id = $2 ORDER BY v.at DESC, v.id DESC LIMIT 50";
    VOID_VETTING = "UPDATE lecturer_vettings SET voided_at = $4, voided_by = $5, voided_why = $6
        WHERE tenant_id = $1 AND lecturer_id = $2 AND id = $3 AND voided_at IS NULL";
    /// Whoever has done this reckons alone what somebody's queries come to.
    HOLD_LECTURER = "UPDATE lecturers SET lock_version = lock_version WHERE tenant_id = $1 AND id = $2";
    /// The one that holds: of the latest day, and of those of one day the one that was entered last.
    LAST_VETTING = "SELECT v.id, v.passed, v.checked_on, v.proof, v.voided_at, CAST(NULL AS TEXT) AS voided_by, v.voided_why FROM lecturer_vettings v
        WHERE v.tenant_id = $1 AND v.lecturer_id = $2 AND v.voided_at IS NULL ORDER BY v.checked_on DESC, v.at DESC, v.id DESC LIMIT 1";
    LECTURER = lecturers!("l.id = $2");
    LECTURERS = lecturers!("l.ended_at IS NULL ORDER BY l.created_at, l.id LIMIT 500");
    ENDED_LECTURERS = lecturers!("l.ended_at IS NOT NULL ORDER BY l.created_at, l.id LIMIT 500");
    /// Those who gave lectures at a moment, and those of a session whatever became of them.
    LECTURERS_AT = lecturers!("(l.ended_at IS NULL OR l.ended_at > $2 OR EXISTS (SELECT 1 FROM lecture_session_lecturers x
        WHERE x.tenant_id = l.tenant_id AND x.session_id = $3 AND x.lecturer_id = l.id)) ORDER BY l.created_at, l.id LIMIT 500");
    DROP_TOPICS = "DELETE FROM lecturer_topics WHERE tenant_id = $1 AND lecturer_id = $2";
    ADD_TOPIC = "INSERT INTO lecturer_topics (tenant_id, lecturer_id, topic_id) VALUES ($1, $2, $3)";
    TOPICS_OF = "SELECT t.lecturer_id, t.topic_id, s.name FROM lecturer_topics t JOIN lecture_subjects s ON s.tenant_id = t.tenant_id AND s.id = t.topic_id
        WHERE t.tenant_id = $1 AND t.lecturer_id = $2 ORDER BY s.position, s.id LIMIT 300";
    ALL_TOPICS = "SELECT t.lecturer_id, t.topic_id, s.name FROM lecturer_topics t JOIN lecture_subjects s ON s.tenant_id = t.tenant_id AND s.id = t.topic_id
        WHERE t.tenant_id = $1 ORDER BY t.lecturer_id, s.position, s.id LIMIT 20000";

    ADD_VICE = "INSERT INTO lecture_vice_principals (tenant_id, id, school_id, lecturer_id, first_day, last_day) VALUES ($1, $2, $3, $4, $5, $6)";
    END_VICE = "UPDATE lecture_vice_principals SET last_day = $4 WHERE tenant_id = $1 AND school_id = $2 AND id = $3 AND last_day > $4 AND first_day <= $4";
    DROP_VICE = "DELETE FROM lecture_vice_principals WHERE tenant_id = $1 AND school_id = $2 AND id = $3";
    /// How many lectures somebody has given at a school from one moment to another, also of those that the school denies or that are put right: what was
    /// entered of them stays until they are written down anew.
    GIVEN_AT = "SELECT COUNT(*) AS count FROM lecture_sessions s CROSS JOIN lecture_session_lecturers x
        WHERE x.tenant_id = s.tenant_id AND x.session_id = s.id AND s.tenant_id = $1 AND s.school_id = $2 AND x.lecturer_id = $3
            AND s.starts_at >= $4 AND s.starts_at < $5 AND s.state <> 'cancelled' AND s.pupils IS NOT NULL";
    /// The vettings of those who give a session, the latest first, without those that were entered wrongly.
    VETTINGS_OF_SESSION = "SELECT x.lecturer_id, l.name, v.passed, v.checked_on FROM lecture_session_lecturers x
        JOIN lecturers l ON l.tenant_id = x.tenant_id AND l.id = x.lecturer_id
        LEFT JOIN lecturer_vettings v ON v.tenant_id = x.tenant_id AND v.lecturer_id = x.lecturer_id AND v.voided_at IS NULL
        WHERE x.tenant_id = $1 AND x.session_id = $2 ORDER BY v.checked_on DESC, v.at DESC, v.id DESC LIMIT 500";
    VICES = "SELECT v.id, v.school_id, v.lecturer_id, l.name, v.first_day, v.last_day FROM lecture_vice_principals v
        JOIN lecturers l ON l.tenant_id = v.tenant_id AND l.id = v.lecturer_id WHERE v.tenant_id = $1 AND v.school_id = $2
        ORDER BY v.first_day DESC, v.id LIMIT 50";

    ADD_MATERIAL = "INSERT INTO lecture_materials (tenant_id, id, kind, title, topic_id, file_name, media_type, size, content, digest, added_by, added_at,
            why, lock_version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, '', 1)";
    DESENSITISE = "UPDATE lecture_materials SET desensitised_by = $4, desensitised_at = $5, why = '', lock_version = lock_version + 1
        WHERE tenant_id = $1 AND id = $2 AND lock_version = $3 AND desensitised_by IS NULL AND withdrawn_at IS NULL";
    REVIEW = "UPDATE lecture_materials SET reviewed_by = $4, reviewed_at = $5, lock_version = lock_version + 1
        WHERE tenant_id = $1 AND id = $2 AND lock_version = $3 AND reviewed_by IS NULL AND withdrawn_at IS NULL";
    GIVE_BACK = "UPDATE lecture_materials SET desensitised_by = NULL, desensitised_at = NULL, why = $4, lock_version = lock_version + 1
        WHERE tenant_id = $1 AND id = $2 AND lock_version = $3 AND reviewed_by IS NULL";
    WITHDRAW = "UPDATE lecture_materials SET withdrawn_at = $4, why = $5, lock_version = lock_version + 1
        WHERE tenant_id = $1 AND id = $2 AND lock_version = $3 AND withdrawn_at IS NULL";
    /// Once, of what was withdrawn; its copies are called back in the same transaction.
    ERASE_FILE = "UPDATE lecture_materials SET content = $3, size = 0, erased_at = $4, recalled_at = $4, lock_version = lock_version + 1
        WHERE tenant_id = $1 AND id = $2 AND withdrawn_at IS NOT NULL AND erased_at IS NULL";
    TO_RECALL = "SELECT m.id FROM lecture_materials m WHERE m.tenant_id = $1 AND m.erased_at IS NOT NULL AND m.recalled_at IS NULL ORDER BY m.id LIMIT 50";
    RECALLED = "UPDATE lecture_materials SET recalled_at = $3 WHERE tenant_id = $1 AND id = $2 AND recalled_at IS NULL";
    /// What is not given any more is taken off what is still to come, after $3; what has begun keeps the name of what was shown, written down or not.
    TAKE_OFF = "DELETE FROM lecture_session_materials WHERE tenant_id = $1 AND material_id = $2 AND EXISTS (SELECT 1 FROM lecture_sessions s
        WHERE s.tenant_id = lecture_session_materials.tenant_id AND s.id = lecture_session_materials.session_id AND s.state IN ('proposed', 'agreed') AND s.starts_at > $3)";
    MATERIAL = materials!("m.id = $2");
    MATERIALS = materials!("(m.added_at, m.id) < ($2, $3) ORDER BY m.added_at DESC, m.id DESC LIMIT $4");
    USABLE_MATERIALS = materials!("m.reviewed_by IS NOT NULL AND m.withdrawn_at IS NULL ORDER BY m.added_at DESC, m.id DESC LIMIT 500");
    /// What was withdrawn is not opened any more.
    FILE = "SELECT m.media_type, m.file_name, m.size, (m.reviewed_by IS NOT NULL) AS reviewed FROM lecture_materials m
        WHERE m.tenant_id = $1 AND m.id = $2 AND m.withdrawn_at IS NULL";
    /// So many bytes from a place on, counted from 1: players ask for parts.
    PART = "SELECT SUBSTR(m.content, CAST($3 AS INTEGER), CAST($4 AS INTEGER)) AS content FROM lecture_materials m WHERE m.tenant_id = $1 AND m.id = $2";
    /// Another file in place of one that nobody has called de-identified yet.
    REPLACE = "UPDATE lecture_materials SET file_name = $4, media_type = $5, size = $6, content = $7, digest = $8, added_by = $9, added_at = $10, lock_version = lock_version + 1
        WHERE tenant_id = $1 AND id = $2 AND lock_version = $3 AND desensitised_by IS NULL AND withdrawn_at IS NULL";
}

record! {
    #[derive(Debug, Clone)]
    pub struct School {
        pub id: Uuid, pub name: String, pub stage: Stage, pub address: String, pub travel_minutes: i64, pub contact_sealed: Option<Vec<u8>>,
        pub link_number: i64, pub position: i64, pub closed_at: Option<Timestamp>, pub turned_year: Option<i64>, pub lock_version: i64,
    }
    #[derive(Debug, Clone)]
    pub struct Way { pub one_id: Uuid, pub other_id: Uuid, pub minutes: i64 }
    #[derive(Debug, Clone)]
    pub struct Hall { pub id: Uuid, pub school_id: Uuid, pub name: String, pub seats: i64, pub lock_version: i64 }
    #[derive(Debug, Clone)]
    pub struct Class {
        pub id: Uuid, pub school_id: Uuid, pub grade: i64, pub name: String, pub pupils: i64, pub closed_at: Option<Timestamp>,
    }
    #[derive(Debug, Clone)]
    pub struct TermRow { pub id: Uuid, pub school_id: Option<Uuid>, pub school_name: Option<String>, pub name: String, pub first_day: String, pub last_day: String }
    #[derive(Debug, Clone)]
    pub struct PeriodRow {
        pub id: Uuid, pub school_id: Option<Uuid>, pub school_name: Option<String>, pub kind: PeriodKind, pub first_day: String, pub last_day: String,
        pub note: String,
    }
    #[derive(Debug, Clone)]
    pub struct Subject { pub id: Uuid, pub kind: SubjectKind, pub name: String, pub words: String, pub closed_at: Option<Timestamp> }
    #[derive(Debug, Clone)]
    pub struct Lecturer {
        pub id: Uuid, pub name: String, pub title: String, pub phone_sealed: Option<Vec<u8>>, pub first_grade: i64, pub last_grade: i64,
        pub vetted_on: Option<String>, pub vetted_until: Option<String>, pub link_number: i64, pub ended_at: Option<Timestamp>,
        pub created_at: Timestamp, pub lock_version: i64,
    }
    #[derive(Debug, Clone)]
    pub struct Vetting {
        pub id: Uuid, pub passed: bool, pub checked_on: String, pub proof: String, pub voided_at: Option<Timestamp>,
        pub voided_by: Option<String>, pub voided_why: String,
    }
    #[derive(Debug, Clone)]
    pub struct VettingOf { pub lecturer_id: Uuid, pub name: String, pub passed: Option<bool>, pub checked_on: Option<String> }
    #[derive(Debug, Clone)]
    pub struct TopicOf { pub lecturer_id: Uuid, pub topic_id: Uuid, pub name: String }
    #[derive(Debug, Clone)]
    pub struct Vice { pub id: Uuid, pub school_id: Uuid, pub lecturer_id: Uuid, pub name: String, pub first_day: String, pub last_day: String }
    pub(super) struct Counted { pub count: i64 }
    pub(super) struct PastOf { pub class_id: Uuid, pub grade: i64, pub name: String, pub closed_at: Option<Timestamp> }
    pub(super) struct Past { pub class_id: Uuid, pub grade: i64 }
    #[derive(Debug, Clone)]
    pub struct Material {
        pub id: Uuid, pub kind: MaterialKind, pub title: String, pub topic_id: Uuid, pub topic_name: String, pub file_name: String,
        pub media_type: String, pub size: i64, pub added_at: Timestamp, pub desensitised_by: Option<Uuid>, pub desensitised_name: Option<String>,
        pub desensitised_at: Option<Timestamp>, pub reviewed_by: Option<Uuid>, pub reviewed_name: Option<String>, pub reviewed_at: Option<Timestamp>,
        pub withdrawn_at: Option<Timestamp>, pub erased_at: Option<Timestamp>, pub why: String, pub lock_version: i64,
    }
    pub(super) struct Erased { pub id: Uuid }
    #[derive(Debug, Clone)]
    pub struct File { pub media_type: String, pub file_name: String, pub size: i64, pub reviewed: bool }
    #[derive(Debug, Clone)]
    pub struct Content { pub content: Vec<u8> }
}

pub async fn school(tx: &mut Tx, tenant: Uuid, id: Uuid) -> Result<School> {
    Ok(tx.one(SCHOOL.bind(tenant).bind(id)).await?)
}

/// Those at which lectures are given, in their order; at most 1000.
pub async fn schools(tx: &mut Tx, tenant: Uuid) -> Result<Vec<School>> {
    Ok(tx.all(SCHOOLS.bind(tenant)).await?)
}

pub async fn halls(tx: &mut Tx, tenant: Uuid, school: Uuid) -> Result<Vec<Hall>> {
    Ok(tx.all(HALLS.bind(tenant).bind(school)).await?)
}

pub async fn classes(tx: &mut Tx, tenant: Uuid, school: Uuid) -> Result<Vec<Class>> {
    Ok(tx.all(CLASSES.bind(tenant).bind(school)).await?)
}

/// What a lecture can be given with: what was there at a moment, and what belongs to a session already.
pub(super) type AsOf = (Timestamp, Uuid);

pub(super) async fn halls_at(tx: &mut Tx, tenant: Uuid, school: Uuid, (at, session): AsOf) -> Result<Vec<Hall>> {
    Ok(tx.all(HALLS_AT.bind(tenant).bind(school).bind(at).bind(session)).await?)
}

pub(super) async fn classes_at(tx: &mut Tx, tenant: Uuid, school: Uuid, (at, session): AsOf) -> Result<Vec<Class>> {
    Ok(tx.all(CLASSES_AT.bind(tenant).bind(school).bind(at).bind(session)).await?)
}

pub(super) async fn lecturers_at(tx: &mut Tx, tenant: Uuid, (at, session): AsOf) -> Result<Vec<Lecturer>> {
    Ok(tx.all(LECTURERS_AT.bind(tenant).bind(at).bind(session)).await?)
}

pub async fn subjects(tx: &mut Tx, tenant: Uuid, kind: SubjectKind) -> Result<Vec<Subject>> {
    Ok(tx.all(SUBJECTS.bind(tenant).bind(kind)).await?)
}

pub async fn lecturer(tx: &mut Tx, tenant: Uuid, id: Uuid) -> Result<Lecturer> {
    Ok(tx.one(LECTURER.bind(tenant).bind(id)).await?)
}

/// Those who give lectures; at most 500.
pub async fn lecturers(tx: &mut Tx, tenant: Uuid) -> Result<Vec<Lecturer>> {
    Ok(tx.all(LECTURERS.bind(tenant)).await?)
}

pub async fn material(tx: &mut Tx, tenant: Uuid, id: Uuid) -> Result<Material> {
    Ok(tx.one(MATERIAL.bind(tenant).bind(id)).await?)
}

pub(super) async fn materials(tx: &mut Tx, tenant: Uuid, before: Cursor, size: usize) -> Result<Page<Material>> {
    let query = MATERIALS.bind(tenant).bind(before.key).bind(before.id).bind(size as i64 + 1);
    let items: Vec<Material> = tx.all(query).await?;
    Ok(Page::of(items, size, |item| Cursor { key: item.added_at.as_millisecond(), id: item.id }))
}
