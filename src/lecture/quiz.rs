//! The anonymous quiz before and after a lecture, and what a pupil confides. Answers are added to the sums of a class and forgotten: no row, no
//! moment and no device of a sheet is kept, so that nobody can join them to a pupil. What a pupil confides is sealed, reported by law
//! (未成年人保护法 art. 11), and read by whoever answers for the team and nobody else.

use db::Tx;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::model::{Phase, Rules, SessionState, StepKind};
use super::quiz_store::{
    self, ADD_ENTRY, ADD_QUESTION, CLOSE, CLOSE_QUESTION, CONFIDE, Confidence, ENTRIES, EntryRow, OPEN_SHEETS,
    REPORTED, SCORE, SCORES_OF, SHEETS_OF, Score, Sheets, TAKE_SHEET, TALLIES_OF, TALLY, Tally,
};
use super::session_store::{self, Session};
use super::store::Class;
use crate::access::{Act, Link};
use crate::error::{Error, Result};
use crate::keys::Keys;
use crate::{audit, settings};

/// Errors: refused if there are not two to six options, or the right one is not among them.
pub async fn add_question(tx: &mut Tx, act: &Act, topic: Uuid, (words, options, correct): (&str, &[String], usize)) -> Result<Uuid> {
    if !(2..=6).contains(&options.len()) {
        return Err(Error::refused("请写两到六个选项，一行一个"));
    }
    if correct >= options.len() {
        return Err(Error::refused("正确答案是第几个，要在选项以内"));
    }
    let id = act.id();
    let row = ADD_QUESTION.bind(act.tenant).bind(id).bind(topic).bind(words).bind(options.join("\n")).bind(correct as i64);
    tx.execute(row.bind(act.at)).await?;
    audit::record(tx, act, "create", ("lecture_question", id), "", &[]).await?;
    Ok(id)
}

pub(super) async fn close_question(tx: &mut Tx, act: &Act, id: Uuid) -> Result<()> {
    tx.execute_one(CLOSE_QUESTION.bind(act.tenant).bind(id).bind(act.at)).await?;
    audit::record(tx, act, "end", ("lecture_question", id), "", &[]).await
}

/// The link behind the code of a quiz.
pub fn quiz_link(tenant: Uuid, session: Uuid, phase: Phase, keys: &Keys) -> Link {
    Link::signed(tenant, session, &format!("lecture quiz {}", phase.code()), keys)
}

/// The link behind the code by which pupils ask for help.
pub fn help_link(tenant: Uuid, session: Uuid, keys: &Keys) -> Link {
    Link::signed(tenant, session, "lecture help", keys)
}

/// Errors: not found by a link that was not made for this, or of a session that was called off.
pub(super) async fn by_quiz_link(tx: &mut Tx, link: &Link, keys: &Keys) -> Result<(Session, Phase)> {
    let phase = Phase::ALL.iter().copied().find(|phase| link.is_signed(&format!("lecture quiz {}", phase.code()), keys));
    let session = session_store::session(tx, link.tenant, link.id).await?;
    match phase {
        Some(phase) if session.state != SessionState::Cancelled => Ok((session, phase)),
        _ => Err(Error::NotFound),
    }
}

pub(super) async fn by_help_link(tx: &mut Tx, link: &Link, keys: &Keys) -> Result<Session> {
    let session = session_store::session(tx, link.tenant, link.id).await?;
    if !link.is_signed("lecture help", keys) || session.state == SessionState::Cancelled {
        return Err(Error::NotFound);
    }
    Ok(session)
}

/// Why nobody can answer now; `None` if they can.
pub(super) fn closed(session: &Session, phase: Phase, now: Timestamp) -> Option<&'static str> {
    let after = SignedDuration::from_hours(24 * 14);
    match phase {
        Phase::Before if now > session.ends_at => Some("课已经上完，课前问卷收了"),
        Phase::After if now < session.starts_at => Some("还没有上课，课后再来"),
        Phase::After if now > session.ends_at + after => Some("课后问卷已经收了"),
        _ => None,
    }
}

/// What a pupil sends: a class, an answer to some questions, and afterwards how they liked it.
#[derive(Debug, Clone)]
pub struct Sheet {
    pub class: Uuid,
    pub answers: Vec<(Uuid, usize)>,
    pub score: Option<i64>,
}

/// Adds a sheet to the sums of its class. Nothing else of it is kept, in the audit log neither.
///
/// Errors: refused if there can be no more sheets than the class has pupils, and outside of its time.
pub async fn hand_in(tx: &mut Tx, act: &Act, (session, phase): (&Session, Phase), sheet: &Sheet) -> Result<()> {
    if let Some(why) = closed(session, phase, act.at) {
        return Err(Error::refused(why));
    }
    let classes: Vec<Class> = session_store::classes(tx, act.tenant, session.id).await?;
    let Some(class) = classes.iter().find(|class| class.id == sheet.class) else {
        return Err(Error::refused("请选择你的班级"));
    };
    let questions = quiz_store::questions_of(tx, act.tenant, session.id).await?;
    tx.execute(OPEN_SHEETS.bind(act.tenant).bind(session.id).bind(phase).bind(class.id)).await?;
    let row = TAKE_SHEET.bind(act.tenant).bind(session.id).bind(phase).bind(class.id).bind(class.pupils);
    if tx.execute(row).await? == 0 {
        return Err(Error::refused("这个班的问卷已经交齐了"));
    }
    for question in &questions {
        let Some((_, chosen)) = sheet.answers.iter().find(|(id, _)| *id == question.id) else { continue };
        let right = i64::from(i64::try_from(*chosen).is_ok_and(|chosen| chosen == question.correct));
        let row = TALLY.bind(act.tenant).bind(session.id).bind(phase).bind(class.id).bind(question.id);
        tx.execute(row.bind(right)).await?;
    }
    if let Some(score) = sheet.score.filter(|score| phase == Phase::After && (1..=5).contains(score)) {
        tx.execute(SCORE.bind(act.tenant).bind(session.id).bind(class.id).bind(score)).await?;
    }
    Ok(())
}

/// What is known of a phase: sheets, and how many answers of how many were right.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Outcome {
    pub sheets: i64,
    pub answered: i64,
    pub correct: i64,
}

impl Outcome {
    /// 知晓率: right answers among those that were given, in tenths of a percent.
    pub fn known(&self) -> Option<i64> {
        (self.answered > 0).then(|| (self.correct * 1000 + self.answered / 2) / self.answered)
    }
}

/// `83.3%`
pub fn percent(permille: Option<i64>) -> String {
    permille.map_or("—".to_owned(), |tenths| format!("{}.{}%", tenths / 10, tenths % 10))
}

#[derive(Debug, Clone, Default)]
pub struct Outcomes {
    pub before: Outcome,
    pub after: Outcome,
    pub scores: Vec<Score>,
}

impl Outcomes {
    /// Those who gave four or five of five, in tenths of a percent.
    pub fn content(&self) -> Option<i64> {
        let all: i64 = self.scores.iter().map(|score| score.count).sum();
        let good: i64 = self.scores.iter().filter(|score| score.score >= 4).map(|score| score.count).sum();
        (all > 0).then(|| (good * 1000 + all / 2) / all)
    }
}

pub async fn outcomes(tx: &mut Tx, tenant: Uuid, session: Uuid) -> Result<Outcomes> {
    let sheets: Vec<Sheets> = tx.all(SHEETS_OF.bind(tenant).bind(session)).await?;
    let tallies: Vec<Tally> = tx.all(TALLIES_OF.bind(tenant).bind(session)).await?;
    let of = |phase: Phase| {
        let tally = tallies.iter().find(|tally| tally.phase == phase);
        Outcome {
            sheets: sheets.iter().find(|one| one.phase == phase).map_or(0, |one| one.sheets),
            answered: tally.map_or(0, |tally| tally.answered),
            correct: tally.map_or(0, |tally| tally.correct),
        }
    };
    let scores = tx.all(SCORES_OF.bind(tenant).bind(session)).await?;
    Ok(Outcomes { before: of(Phase::Before), after: of(Phase::After), scores })
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Confided {
    pub words: String,
    /// Who asks for help, if they say so, and where they can be found.
    pub who: String,
}

const CONFIDED: &str = "lecture confidence";

/// A pupil asks for help.
pub async fn confide(tx: &mut Tx, act: &Act, session: Uuid, said: &Confided) -> Result<Uuid> {
    let rules: Rules = settings::read(tx, act.tenant, act.at).await?;
    let id = act.id();
    let sealed = act.seal(CONFIDED, &serde_json::to_string(said).map_err(anyhow::Error::from)?)?;
    let due = act.at + SignedDuration::from_mins(rules.tell_minutes);
    tx.execute(CONFIDE.bind(act.tenant).bind(id).bind(session).bind(sealed).bind(act.at).bind(due)).await?;
    audit::record(tx, act, "confide", ("lecture_confidence", id), "", &[]).await?;
    Ok(id)
}

#[derive(Debug, Clone)]
pub struct Entry {
    pub kind: StepKind,
    pub words: String,
    pub writer: String,
    pub at: Timestamp,
}

async fn add_entry(tx: &mut Tx, act: &Act, id: Uuid, kind: StepKind, words: &str) -> Result<()> {
    let writer = act.account.ok_or(Error::Forbidden)?;
    let row = ADD_ENTRY.bind(act.tenant).bind(act.id()).bind(id).bind(kind).bind(act.seal(CONFIDED, words)?);
    tx.execute(row.bind(writer).bind(act.at)).await?;
    Ok(())
}

/// Somebody reads what was confided. Why stands beside it; the audit log has no word of either.
pub async fn read(tx: &mut Tx, act: &Act, confidence: &Confidence, purpose: &str) -> Result<Confided> {
    add_entry(tx, act, confidence.id, StepKind::Read, purpose).await?;
    audit::record(tx, act, "read_confidence", ("lecture_confidence", confidence.id), "", &[]).await?;
    let plain = act.open(CONFIDED, &confidence.sealed)?;
    Ok(serde_json::from_str(&plain).map_err(anyhow::Error::from)?)
}

pub async fn entries(tx: &mut Tx, act: &Act, id: Uuid) -> Result<Vec<Entry>> {
    let rows: Vec<EntryRow> = tx.all(ENTRIES.bind(act.tenant).bind(id)).await?;
    let open = |row: EntryRow| {
        Ok(Entry { kind: row.kind, words: act.open(CONFIDED, &row.sealed)?, writer: row.writer, at: row.at })
    };
    rows.into_iter().map(open).collect()
}

/// An office was told; it was followed; it has ended.
///
/// Errors: refused to end what nobody has reported.
pub async fn take(tx: &mut Tx, act: &Act, confidence: &Confidence, kind: StepKind, words: &str) -> Result<()> {
    match kind {
        StepKind::Reported => {
            tx.execute(REPORTED.bind(act.tenant).bind(confidence.id).bind(act.at)).await?;
        }
        StepKind::Closed => {
            if tx.execute(CLOSE.bind(act.tenant).bind(confidence.id).bind(act.at)).await? == 0 {
                return Err(Error::refused("先报告、登记，再了结；已经了结的不用再点"));
            }
        }
        StepKind::Read | StepKind::Followed | StepKind::Harmless => {}
    }
    add_entry(tx, act, confidence.id, kind, words).await?;
    let action = match kind {
        StepKind::Read => "read_confidence",
        StepKind::Reported => "report_confidence",
        StepKind::Followed => "follow_confidence",
        StepKind::Closed | StepKind::Harmless => "close_confidence",
    };
    audit::record(tx, act, action, ("lecture_confidence", confidence.id), "", &[]).await
}
