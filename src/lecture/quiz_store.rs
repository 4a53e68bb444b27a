use db::{Tx, record, statements};
use jiff::Timestamp;
use uuid::Uuid;

use super::model::{Phase, StepKind};
use crate::error::Result;

macro_rules! confidences {
    ($where:expr) => {
        concat!(
            "SELECT c.id, c.session_id, s.title, o.name AS school_name, c.sealed, c.at, c.report_due_at, c.reported_at, c.closed_at
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
        JOIN lecture_quiz_questions q ON q.tenant_id = x.tenant_id AND q.topic_id = x.topic_id
        JOIN lecture_subjects t ON t.tenant_id = q.tenant_id AND t.id = q.topic_id
        WHERE x.tenant_id = $1 AND x.session_id = $2 AND q.closed_at IS NULL ORDER BY t.position, t.id, q.position, q.id LIMIT 30";

    OPEN_SHEETS = "INSERT INTO lecture_sheets (tenant_id, session_id, phase, class_id, sheets) VALUES ($1, $2, $3, $4, 0)
        ON CONFLICT (tenant_id, session_id, phase, class_id) DO NOTHING";
    TAKE_SHEET = "UPDATE lecture_sheets SET sheets = sheets + 1 WHERE tenant_id = $1 AND session_id = $2 AND phase = $3 AND class_id = $4 AND sheets < $5";
    TALLY = "INSERT INTO lecture_tallies (tenant_id, session_id, phase, class_id, question_id, answered, correct) VALUES ($1, $2, $3, $4, $5, 1, $6)
        ON CONFLICT (tenant_id, session_id, phase, class_id, question_id)
        DO UPDATE SET answered = lecture_tallies.answered + 1, correct = lecture_tallies.correct + excluded.correct";
    SCORE = "INSERT INTO lecture_scores (tenant_id, session_id, class_id, score, count) VALUES ($1, $2, $3, $4, 1)
        ON CONFLICT (tenant_id, session_id, class_id, score) DO UPDATE SET count = lecture_scores.count + 1";
    SHEETS_OF = "SELECT x.phase, CAST(SUM(x.sheets) AS BIGINT) AS sheets FROM lecture_sheets x WHERE x.tenant_id = $1 AND x.session_id = $2 GROUP BY x.phase";
    TALLIES_OF = "SELECT x.phase, CAST(SUM(x.answered) AS BIGINT) AS answered, CAST(SUM(x.correct) AS BIGINT) AS correct
        FROM lecture_tallies x WHERE x.tenant_id = $1 AND x.session_id = $2 GROUP BY x.phase";
    SCORES_OF = "SELECT x.score, CAST(SUM(x.count) AS BIGINT) AS count FROM lecture_scores x WHERE x.tenant_id = $1 AND x.session_id = $2
        GROUP BY x.score ORDER BY x.score DESC";

    CONFIDE = "INSERT INTO lecture_confidences (tenant_id, id, session_id, sealed, at, report_due_at) VALUES ($1, $2, $3, $4, $5, $6)";
    REPORTED = "UPDATE lecture_confidences SET reported_at = $3 WHERE tenant_id = $1 AND id = $2 AND reported_at IS NULL";
    CLOSE = "UPDATE lecture_confidences SET closed_at = $3, ending = 'settled' WHERE tenant_id = $1 AND id = $2 AND closed_at IS NULL AND reported_at IS NOT NULL";
    CONFIDENCE = confidences!("c.id = $2");
    CONFIDENCES = confidences!("(c.at, c.id) < ($2, $3) ORDER BY c.at DESC, c.id DESC LIMIT $4");
    OPEN = confidences!("c.closed_at IS NULL ORDER BY c.report_due_at, c.id LIMIT 50");
    ADD_ENTRY = "INSERT INTO lecture_confidence_entries (tenant_id, id, confidence_id, kind, sealed, account_id, at) VALUES ($1, $2, $3, $4, $5, $6, $7)";
    ENTRIES = "SELECT e.id, e.kind, e.sealed, e.account_id, a.name AS writer, e.at FROM lecture_confidence_entries e
        JOIN accounts a ON a.tenant_id = e.tenant_id AND a.id = e.account_id WHERE e.tenant_id = $1 AND e.confidence_id = $2 ORDER BY e.at, e.id LIMIT 500";
}

record! {
    #[derive(Debug, Clone)]
    pub struct Question { pub id: Uuid, pub topic_id: Uuid, pub topic_name: String, pub words: String, pub options: String, pub correct: i64 }
    #[derive(Debug, Clone)]
    pub struct Sheets { pub phase: Phase, pub sheets: i64 }
    #[derive(Debug, Clone)]
    pub struct Tally { pub phase: Phase, pub answered: i64, pub correct: i64 }
    #[derive(Debug, Clone)]
    pub struct Score { pub score: i64, pub count: i64 }
    #[derive(Debug, Clone)]
    pub struct Confidence {
        pub id: Uuid, pub session_id: Uuid, pub title: String, pub school_name: String, pub sealed: Vec<u8>, pub at: Timestamp,
        pub report_due_at: Timestamp, pub reported_at: Option<Timestamp>, pub closed_at: Option<Timestamp>,
    }
    #[derive(Debug, Clone)]
    pub struct EntryRow { pub id: Uuid, pub kind: StepKind, pub sealed: Vec<u8>, pub account_id: Uuid, pub writer: String, pub at: Timestamp }
}

impl Question {
    pub fn choices(&self) -> Vec<&str> {
        self.options.lines().collect()
    }
}

pub(super) async fn questions_of(tx: &mut Tx, tenant: Uuid, session: Uuid) -> Result<Vec<Question>> {
    Ok(tx.all(QUESTIONS_OF.bind(tenant).bind(session)).await?)
}

pub async fn confidence(tx: &mut Tx, tenant: Uuid, id: Uuid) -> Result<Confidence> {
    Ok(tx.one(CONFIDENCE.bind(tenant).bind(id)).await?)
}
