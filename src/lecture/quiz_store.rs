use db::{Tx, record, statements};
use jiff::Timestamp;
use uuid::Uuid;

use super::model::{Ending, Phase, StepKind};
use crate::error::Result;

macro_rules! confidences {
    ($where:expr) => {
        concat!(
            "SELECT c.id, c.session_id, s.title, o.name AS school_name, c.sealed, c.at, c.report_due_at, c.reported_at, c.alarms,
                c.closed_at, c.ending, c.erased_at
            FROM lecture_confidences c
            JOIN lecture_sessions s ON s.tenant_id = c.tenant_id AND s.id = c.session_id
            JOIN lecture_schools o ON o.tenant_id = s.tenant_id AND o.id = s.school_id WHERE c.tenant_id = $1 AND ",
            $where
        )
    };
}

statements! {
    ADD_QUESTION = "INSERT INTO lecture_quiz_questions (tenant_id, id, topic_id, words, options, correct, position) VALUES ($1, $2, $3, $4, $5, $6, $7)";
    CLOSE_QUESTION = "UPDATE lecture_quiz_questions SET closed_at = $3 WHERE tenant_id = $1 AND id = $2 AND closed_at IS NULL";
    QUESTIONS = "SELECT q.id, q.topic_id, t.name AS topic_name, q.words, q.options, q.correct FROM lecture_quiz_questions q
        JOIN lecture_subjects t ON t.tenant_id = q.tenant_id AND t.id = q.topic_id WHERE q.tenant_id = $1 AND q.closed_at IS NULL
        ORDER BY q.topic_id, q.position, q.id LIMIT 500";
    QUESTIONS_OF = "SELECT q.id, q.topic_id, t.name AS topic_name, q.words, q.options, q.correct FROM lecture_session_topics x
        CROSS JOIN lecture_quiz_questions q CROSS JOIN lecture_subjects t
        WHERE q.tenant_id = x.tenant_id AND q.topic_id = x.topic_id AND t.tenant_id = q.tenant_id AND t.id = q.topic_id AND x.tenant_id = $1 AND x.session_id = $2 AND q.closed_at IS NULL ORDER BY t.position, t.id, q.position, q.id LIMIT 30";
    /// The questions that were settled when the first sheet came, whatever became of them since.
    SETTLED = "SELECT q.id, q.topic_id, t.name AS topic_name, q.words, q.options, q.correct FROM lecture_session_questions x
        JOIN lecture_quiz_questions q ON q.tenant_id = x.tenant_id AND q.id = x.question_id
        JOIN lecture_subjects t ON t.tenant_id = q.tenant_id AND t.id = q.topic_id
        WHERE x.tenant_id = $1 AND x.session_id = $2 ORDER BY t.position, t.id, q.position, q.id LIMIT 30";
    ASK = "INSERT INTO lecture_session_questions (tenant_id, session_id, question_id) VALUES ($1, $2, $3)";

    /// Whoever has done this adds to the sums alone until the transaction ends.
    HOLD_QUIZ = "INSERT INTO lecture_quizzes (tenant_id, session_id, phase, sums, sheets, closed) VALUES ($1, $2, $3, $4, 0, FALSE)
        ON CONFLICT (tenant_id, session_id, phase) DO UPDATE SET closed = lecture_quizzes.closed RETURNING sums";
    KEEP_SUMS = "UPDATE lecture_quizzes SET sums = $4 WHERE tenant_id = $1 AND session_id = $2 AND phase = $3 AND closed = FALSE";
    CLOSE_QUIZ = "UPDATE lecture_quizzes SET sums = NULL, closed = TRUE, sheets = $4 WHERE tenant_id = $1 AND session_id = $2 AND phase = $3 AND closed = FALSE";
    ADD_TALLY = "INSERT INTO lecture_tallies (tenant_id, session_id, phase, class_id, question_id, answered, correct) VALUES ($1, $2, $3, $4, $5, $6, $7)";
    ADD_PART = "INSERT INTO lecture_quiz_classes (tenant_id, session_id, phase, class_id, sheets, given, good) VALUES ($1, $2, $3, $4, $5, $6, $7)";
    /// What a session has asked and been answered, in the order in which one refers to the other.
    DROP_TALLIES = "DELETE FROM lecture_tallies WHERE tenant_id = $1 AND session_id = $2";
    DROP_PARTS = "DELETE FROM lecture_quiz_classes WHERE tenant_id = $1 AND session_id = $2";
    DROP_SCORES = "DELETE FROM lecture_scores WHERE tenant_id = $1 AND session_id = $2";
    DROP_QUIZZES = "DELETE FROM lecture_quizzes WHERE tenant_id = $1 AND session_id = $2";
    DROP_ASKED = "DELETE FROM lecture_session_questions WHERE tenant_id = $1 AND session_id = $2";
    ADD_SCORE = "INSERT INTO lecture_scores (tenant_id, session_id, given, good) VALUES ($1, $2, $3, $4)";
    QUIZZES = "SELECT x.phase, x.sums, x.sheets FROM lecture_quizzes x WHERE x.tenant_id = $1 AND x.session_id = $2 ORDER BY x.phase LIMIT 2";
    TALLIES_OF = "SELECT x.phase, x.class_id, x.question_id, x.answered, x.correct FROM lecture_tallies x WHERE x.tenant_id = $1 AND x.session_id = $2
        ORDER BY x.phase, x.class_id, x.question_id LIMIT 10000";
    PARTS_OF = "SELECT x.phase, x.class_id, x.sheets, x.given, x.good FROM lecture_quiz_classes x WHERE x.tenant_id = $1 AND x.session_id = $2
        ORDER BY x.phase, x.class_id LIMIT 1000";
    SCORES_OF = "SELECT x.given, x.good FROM lecture_scores x WHERE x.tenant_id = $1 AND x.session_id = $2";
    /// Those that are open although their time is over: $2 is now, and $3 when lectures ended that nobody answers any more.
    OVER = "SELECT x.session_id, x.phase FROM lecture_quizzes x JOIN lecture_sessions s ON s.tenant_id = x.tenant_id AND s.id = x.session_id
        WHERE x.tenant_id = $1 AND x.sums IS NOT NULL
            AND ((x.phase = 'before' AND s.starts_at <= $2) OR (x.phase = 'after' AND s.ends_at < $3) OR s.state = 'cancelled')
        ORDER BY x.session_id, x.phase LIMIT 200";

    CONFIDE = "INSERT INTO lecture_confidences (tenant_id, id, session_id, sealed, at, report_due_at, alarm_at, alarms) VALUES ($1, $2, $3, $4, $5, $6, $6, 0)";
    /// One that was closed although somebody was harmed is open again once that is reported.
    REPORTED = "UPDATE lecture_confidences SET reported_at = COALESCE(reported_at, $3), alarm_at = NULL,
            closed_at = CASE WHEN ending = 'settled' THEN closed_at END, ending = CASE WHEN ending = 'settled' THEN ending END
        WHERE tenant_id = $1 AND id = $2";
    /// What ends otherwise than settled need not have been reported: $5 is whether it must.
    CLOSE = "UPDATE lecture_confidences SET closed_at = $3, ending = $4, alarm_at = NULL
        WHERE tenant_id = $1 AND id = $2 AND closed_at IS NULL AND (reported_at IS NOT NULL OR $5 = FALSE)";
    CONFIDENCE = confidences!("c.id = $2");
    CONFIDENCES = confidences!("(c.at, c.id) < ($2, $3) ORDER BY c.at DESC, c.id DESC LIMIT $4");
    OPEN = confidences!("c.closed_at IS NULL ORDER BY c.report_due_at, c.id LIMIT 50");
    DUE_CONFIDENCES = "SELECT tenant_id, id FROM lecture_confidences WHERE alarm_at <= $1 ORDER BY alarm_at, tenant_id, id LIMIT 50";
    ALARM = "UPDATE lecture_confidences SET alarm_at = $4, alarms = alarms + 1 WHERE tenant_id = $1 AND id = $2 AND alarm_at <= $3";
    OLD = "SELECT c.id FROM lecture_confidences c WHERE c.tenant_id = $1 AND c.closed_at < $2 AND c.erased_at IS NULL ORDER BY c.closed_at, c.id LIMIT 200";
    ERASE = "UPDATE lecture_confidences SET sealed = NULL, erased_at = $3 WHERE tenant_id = $1 AND id = $2 AND erased_at IS NULL";
    ERASE_ENTRIES = "UPDATE lecture_confidence_entries SET sealed = NULL WHERE tenant_id = $1 AND confidence_id = $2";
    ADD_ENTRY = "INSERT INTO lecture_confidence_entries (tenant_id, id, confidence_id, kind, sealed, account_id, at, offices, told_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    ENTRIES = "SELECT e.id, e.kind, e.sealed, e.account_id, a.name AS writer, e.at, e.offices, e.told_at FROM lecture_confidence_entries e
        JOIN accounts a ON a.tenant_id = e.tenant_id AND a.id = e.account_id WHERE e.tenant_id = $1 AND e.confidence_id = $2 ORDER BY e.at, e.id LIMIT 500";
    READ_BY = "SELECT COUNT(*) AS count FROM lecture_confidence_entries e WHERE e.tenant_id = $1 AND e.confidence_id = $2 AND e.kind = 'read'
        AND e.account_id = $3 AND e.at >= $4";
}

record! {
    #[derive(Debug, Clone)]
    pub struct Question { pub id: Uuid, pub topic_id: Uuid, pub topic_name: String, pub words: String, pub options: String, pub correct: i64 }
    pub(super) struct Open { pub sums: Option<Vec<u8>> }
    pub(super) struct Quiz { pub phase: Phase, pub sums: Option<Vec<u8>>, pub sheets: i64 }
    pub(super) struct Over { pub session_id: Uuid, pub phase: Phase }
    pub(super) struct Tally { pub phase: Phase, pub class_id: Uuid, pub question_id: Uuid, pub answered: i64, pub correct: i64 }
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub(super) struct Part { pub phase: Phase, pub class_id: Uuid, pub sheets: i64, pub given: Option<i64>, pub good: Option<i64> }
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Score { pub given: i64, pub good: i64 }
    #[derive(Debug, Clone)]
    pub struct Confidence {
        pub id: Uuid, pub session_id: Uuid, pub title: String, pub school_name: String, pub sealed: Option<Vec<u8>>, pub at: Timestamp,
        pub report_due_at: Timestamp, pub reported_at: Option<Timestamp>, pub alarms: i64, pub closed_at: Option<Timestamp>,
        pub ending: Option<Ending>, pub erased_at: Option<Timestamp>,
    }
    pub(super) struct EntryRow {
        pub id: Uuid, pub kind: StepKind, pub sealed: Option<Vec<u8>>, pub account_id: Uuid, pub writer: String, pub at: Timestamp,
        pub offices: Option<String>, pub told_at: Option<Timestamp>,
    }
    pub(super) struct ReadBy { pub count: i64 }
    pub(super) struct Due { pub tenant_id: Uuid, pub id: Uuid }
    pub(super) struct OldConfidence { pub id: Uuid }
}

impl Question {
    pub fn choices(&self) -> Vec<&str> {
        self.options.lines().collect()
    }
}

/// Whether a quiz was closed, by hand or because its time was over.
pub(super) async fn is_closed(tx: &mut Tx, tenant: Uuid, session: Uuid, phase: Phase) -> Result<bool> {
    let quizzes: Vec<Quiz> = tx.all(QUIZZES.bind(tenant).bind(session)).await?;
    Ok(quizzes.iter().any(|quiz| quiz.phase == phase && quiz.sums.is_none()))
}

/// Whether anybody may have answered.
pub(super) async fn has_begun(tx: &mut Tx, tenant: Uuid, session: Uuid) -> Result<bool> {
    let quizzes: Vec<Quiz> = tx.all(QUIZZES.bind(tenant).bind(session)).await?;
    Ok(!quizzes.is_empty())
}

pub(super) async fn settled(tx: &mut Tx, tenant: Uuid, session: Uuid) -> Result<Vec<Question>> {
    Ok(tx.all(SETTLED.bind(tenant).bind(session)).await?)
}

/// What a session asks: the same before and after. Until the first sheet comes, what its topics ask now.
pub(super) async fn asked(tx: &mut Tx, tenant: Uuid, session: Uuid) -> Result<Vec<Question>> {
    let settled = settled(tx, tenant, session).await?;
    if !settled.is_empty() {
        return Ok(settled);
    }
    Ok(tx.all(QUESTIONS_OF.bind(tenant).bind(session)).await?)
}

pub async fn confidence(tx: &mut Tx, tenant: Uuid, id: Uuid) -> Result<Confidence> {
    Ok(tx.one(CONFIDENCE.bind(tenant).bind(id)).await?)
}
