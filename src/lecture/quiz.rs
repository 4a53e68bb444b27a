//! The anonymous quiz before and after a lecture. A sheet is added to the sums of its quiz and forgotten: no row, no moment and no device of it
//! is kept. While a quiz is open its sums are sealed as one, so that whoever reads the database before and after somebody hands in learns nothing
//! of the sheet between. When it is closed they are written down, and what too few have answered is left out for good.
//! What a lecture came to is read by the classes that it is said to have been given for: one that is taken out of it counts no more, and counts
//! again once it is put back.

use std::collections::{BTreeMap, BTreeSet};

use db::{Db, Tx};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::model::{Phase, Rules, SessionState};
use super::quiz_store::{
    self, ADD_PART, ADD_QUESTION, ADD_SCORE, ADD_TALLY, ASK, CLOSE_QUESTION, CLOSE_QUIZ, DROP_ASKED, DROP_PARTS,
    DROP_QUIZZES, DROP_SCORES, DROP_TALLIES, HOLD_QUIZ, KEEP_SUMS, OVER, Open, Over, PARTS_OF, Part, QUIZZES, Quiz,
    SCORES_OF, Score, TALLIES_OF, Tally,
};
use super::session_store::{self, Session};
use super::store::Class;
use crate::access::{Act, Link};
use crate::error::{Error, Result};
use crate::keys::Keys;
use crate::{audit, settings};

/// Errors: refused if there are not two to six options, or the right one is not among them.
pub async fn add_question(
    tx: &mut Tx,
    act: &Act,
    topic: Uuid,
    (words, options, correct): (&str, &[String], usize),
) -> Result<Uuid> {
    if !(2..=6).contains(&options.len()) {
        return Err(Error::refused("请写两到六个选项，一行一个"));
    }
    if correct >= options.len() {
        return Err(Error::refused("正确答案是第几个，要在选项以内"));
    }
    let id = act.id();
    let row =
        ADD_QUESTION.bind(act.tenant).bind(id).bind(topic).bind(words).bind(options.join("\n")).bind(correct as i64);
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

/// Errors: not found by a link that was not made for this, or of a session that was called off.
pub(super) async fn by_quiz_link(tx: &mut Tx, link: &Link, keys: &Keys) -> Result<(Session, Phase)> {
    let phase =
        Phase::ALL.iter().copied().find(|phase| link.is_signed(&format!("lecture quiz {}", phase.code()), keys));
    let session = session_store::session(tx, link.tenant, link.id).await?;
    match phase {
        Some(phase) if session.state != SessionState::Cancelled => Ok((session, phase)),
        _ => Err(Error::NotFound),
    }
}

/// So long after a lecture somebody can still answer, unless the quiz is closed by hand.
const AFTER: SignedDuration = SignedDuration::from_hours(24 * 14);

/// Why nobody can answer now; `None` if they can. Before is over when the lecture begins, and after begins when it is over, so that the two
/// can be compared.
pub(super) fn closed(session: &Session, phase: Phase, now: Timestamp) -> Option<&'static str> {
    match phase {
        _ if session.state == SessionState::Proposed && !session.written_down() => {
            Some("这节课还没有约定，约定以后再来")
        }
        Phase::Before if now >= session.starts_at => Some("已经上课，课前问卷收了"),
        Phase::After if now < session.ends_at && !session.written_down() => Some("还没有下课，课后再来"),
        Phase::After if now > session.ends_at + AFTER => Some("课后问卷已经收了"),
        _ => None,
    }
}

/// Whether its time is over, so that it is closed and never opens again.
fn over(session: &Session, phase: Phase, now: Timestamp) -> bool {
    match phase {
        Phase::Before => now >= session.starts_at,
        Phase::After => now > session.ends_at + AFTER,
    }
}

/// What a pupil sends: a class, an answer to some questions, and afterwards how they liked it.
#[derive(Debug, Clone)]
pub struct Sheet {
    pub class: Uuid,
    pub answers: Vec<(Uuid, usize)>,
    pub score: Option<i64>,
}

/// What a quiz has come to so far.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Sums {
    classes: BTreeMap<Uuid, OfClass>,
    /// How it was liked on sheets that came before that was kept by classes.
    given: i64,
    good: i64,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct OfClass {
    sheets: i64,
    #[serde(default)]
    given: i64,
    #[serde(default)]
    good: i64,
    /// By the question: how many have answered it, and how many of them right.
    cells: BTreeMap<Uuid, (i64, i64)>,
}

impl OfClass {
    /// Some have said how they liked it, and too few of them.
    fn too_few(&self, fewest: i64) -> bool {
        (1..fewest).contains(&self.given)
    }
}

impl Sums {
    fn sheets(&self) -> i64 {
        self.classes.values().map(|class| class.sheets).sum()
    }

    /// What is written down: of no class that handed in too few sheets, and of no question that too few of it have answered.
    fn cells(&self, fewest: i64) -> impl Iterator<Item = (Uuid, Uuid, i64, i64)> {
        let enough = self.classes.iter().filter(move |(_, of)| of.sheets >= fewest);
        enough.flat_map(move |(class, of)| {
            let cells = of.cells.iter().filter(move |(_, (answered, _))| *answered >= fewest);
            cells.map(move |(question, (answered, correct))| (*class, *question, *answered, *correct))
        })
    }

    /// The part of each class.
    fn parts(&self, phase: Phase, fewest: i64) -> impl Iterator<Item = Part> {
        self.classes.iter().map(move |(class, of)| {
            let told = !of.too_few(fewest);
            let (given, good) = (told.then_some(of.given), told.then_some(of.good));
            Part { phase, class_id: *class, sheets: of.sheets, given, good }
        })
    }

    /// How it was liked in the classes of which too few said so, together.
    fn score(&self, fewest: i64) -> Option<Score> {
        let mut score = Score { given: self.given, good: self.good };
        for of in self.classes.values().filter(|of| of.too_few(fewest)) {
            score.given += of.given;
            score.good += of.good;
        }
        (score.given >= fewest).then_some(score)
    }
}

/// How a lecture was liked by the classes that heard it. Classes that are only known together count while all of them heard it: what was the part of
/// one of them nobody is to learn from the difference.
fn liked(parts: &[Part], together: Option<Score>, heard: &BTreeSet<Uuid>) -> Option<Score> {
    let after = || parts.iter().filter(|part| part.phase == Phase::After);
    let whole = after().all(|part| part.given.is_some() || heard.contains(&part.class_id));
    let mut liked = together.filter(|_| whole).unwrap_or(Score { given: 0, good: 0 });
    for part in after().filter(|part| heard.contains(&part.class_id)) {
        liked.given += part.given.unwrap_or(0);
        liked.good += part.good.unwrap_or(0);
    }
    (liked.given > 0).then_some(liked)
}

const SUMS: &str = "lecture quiz";

/// Sealed sums are as long as these at least, and grow by so much: their length must not tell which of them has grown.
const PADDED: usize = 4096;

fn sealed(act: &Act, sums: &Sums) -> Result<Vec<u8>> {
    let mut text = serde_json::to_string(sums).map_err(anyhow::Error::from)?;
    let padded = text.len().next_multiple_of(PADDED);
    text.extend(std::iter::repeat_n(' ', padded - text.len()));
    act.seal(SUMS, &text)
}

fn opened(act: &Act, sealed: &[u8]) -> Result<Sums> {
    Ok(serde_json::from_str(&act.open(SUMS, sealed)?).map_err(anyhow::Error::from)?)
}

/// Holds a quiz until the transaction ends, and gives its sums; `None` if it is closed.
async fn hold(tx: &mut Tx, act: &Act, session: Uuid, phase: Phase) -> Result<Option<Sums>> {
    let row = HOLD_QUIZ.bind(act.tenant).bind(session).bind(phase).bind(sealed(act, &Sums::default())?);
    let held: Open = tx.one(row).await?;
    held.sums.map(|sums| opened(act, &sums)).transpose()
}

/// Adds a sheet to the sums of its quiz. Nothing else of it is kept, in the audit log neither. The first sheet settles what a session asks.
///
/// Errors: refused outside of its time, of an answer that is none of the options, of an empty sheet, and if there can be no more sheets than
/// the class has pupils.
pub async fn hand_in(tx: &mut Tx, act: &Act, (session, phase): (&Session, Phase), sheet: &Sheet) -> Result<()> {
    if let Some(why) = closed(session, phase, act.at) {
        return Err(Error::refused(why));
    }
    let Some(mut sums) = hold(tx, act, session.id, phase).await? else {
        return Err(Error::refused("问卷已经收了"));
    };
    // While it is held nobody moves the session: what was read before may have been of another date, other topics and classes.
    if session_store::session(tx, act.tenant, session.id).await?.lock_version != session.lock_version {
        return Err(Error::refused("这节课刚刚有变化，请看一下再交"));
    }
    let classes: Vec<Class> = session_store::classes(tx, act.tenant, session.id).await?;
    let Some(class) = classes.iter().find(|class| class.id == sheet.class) else {
        return Err(Error::refused("请选择你的班级"));
    };
    let questions = quiz_store::asked(tx, act.tenant, session.id).await?;
    let of = sums.classes.entry(class.id).or_default();
    if of.sheets >= class.pupils {
        return Err(Error::refused("这个班的问卷已经交齐了"));
    }
    of.sheets += 1;
    for (id, chosen) in &sheet.answers {
        let Some(question) = questions.iter().find(|question| question.id == *id) else {
            return Err(Error::refused("题目刚刚有变化，请刷新再答"));
        };
        if *chosen >= question.choices().len() {
            return Err(Error::refused("有一题选的不在选项里，请重新选"));
        }
        let (answered, correct) = of.cells.entry(*id).or_default();
        *answered += 1;
        *correct += i64::from(i64::try_from(*chosen).is_ok_and(|chosen| chosen == question.correct));
    }
    let score = sheet.score.filter(|_| phase == Phase::After);
    if score.is_some_and(|score| !(1..=5).contains(&score)) {
        return Err(Error::refused("请给一到五颗星"));
    }
    if sheet.answers.is_empty() && score.is_none() {
        return Err(Error::refused("还什么都没有答"));
    }
    of.given += i64::from(score.is_some());
    of.good += i64::from(score.is_some_and(|score| score >= 4));
    if quiz_store::settled(tx, act.tenant, session.id).await?.is_empty() {
        let rows = questions.iter().map(|question| ASK.bind(act.tenant).bind(session.id).bind(question.id));
        tx.execute_many(ASK, rows.collect()).await?;
    }
    tx.execute_one(KEEP_SUMS.bind(act.tenant).bind(session.id).bind(phase).bind(sealed(act, &sums)?)).await?;
    Ok(())
}

/// Writes down what a quiz came to. `false` if that was done already.
async fn settle(tx: &mut Tx, act: &Act, session: Uuid, phase: Phase) -> Result<bool> {
    let Some(sums) = hold(tx, act, session, phase).await? else { return Ok(false) };
    let rules: Rules = settings::read(tx, act.tenant, act.at).await?;
    tx.execute_one(CLOSE_QUIZ.bind(act.tenant).bind(session).bind(phase).bind(sums.sheets())).await?;
    let row = |(class, question, answered, correct): (Uuid, Uuid, i64, i64)| {
        ADD_TALLY.bind(act.tenant).bind(session).bind(phase).bind(class).bind(question).bind(answered).bind(correct)
    };
    tx.execute_many(ADD_TALLY, sums.cells(rules.fewest_sheets).map(row).collect()).await?;
    let row = |part: Part| {
        let row = ADD_PART.bind(act.tenant).bind(session).bind(phase).bind(part.class_id).bind(part.sheets);
        row.bind(part.given).bind(part.good)
    };
    tx.execute_many(ADD_PART, sums.parts(phase, rules.fewest_sheets).map(row).collect()).await?;
    if let Some(score) = sums.score(rules.fewest_sheets) {
        tx.execute(ADD_SCORE.bind(act.tenant).bind(session).bind(score.given).bind(score.good)).await?;
    }
    Ok(true)
}

/// A session begins anew, with other topics or classes or on another date after it did not take place: what was asked for the old one and
/// answered there is no answer to the new one.
pub(super) async fn begin_anew(tx: &mut Tx, act: &Act, session: Uuid) -> Result<()> {
    // Held, so that a sheet that is on its way comes to the old sums or to the new ones, and to none in between.
    for phase in Phase::ALL {
        hold(tx, act, session, *phase).await?;
    }
    for statement in [DROP_TALLIES, DROP_PARTS, DROP_SCORES, DROP_QUIZZES, DROP_ASKED] {
        tx.execute(statement.bind(act.tenant).bind(session)).await?;
    }
    Ok(())
}

/// 收卷: nobody can hand in any more, and what it came to can be seen.
///
/// Errors: refused of the quiz after a lecture before that is over, and of one that is closed.
pub async fn close(tx: &mut Tx, act: &Act, session: &Session, phase: Phase) -> Result<()> {
    if phase == Phase::After && act.at < session.ends_at && !session.written_down() {
        return Err(Error::refused("还没有下课，课后问卷还没有开始"));
    }
    if phase == Phase::After {
        // Its time is over: the two can be compared at once.
        settle(tx, act, session.id, Phase::Before).await?;
    }
    if !settle(tx, act, session.id, phase).await? {
        return Err(Error::refused("这份问卷已经收了"));
    }
    audit::record(tx, act, "close_quiz", ("lecture_session", session.id), phase.label(), &[]).await
}

/// Closes those whose time is over, each in a transaction of its own.
pub async fn close_old(db: &Db, act: &Act) -> Result<()> {
    let old: Vec<Over> = db.read().await?.all(OVER.bind(act.tenant).bind(act.at).bind(act.at - AFTER)).await?;
    for one in old {
        let mut tx = db.begin().await?;
        // Held first and then read again: somebody may have moved the lecture meanwhile, and the quiz of its new date is not over.
        hold(&mut tx, act, one.session_id, one.phase).await?;
        let session = session_store::session(&mut tx, act.tenant, one.session_id).await?;
        if over(&session, one.phase, act.at) || session.state == SessionState::Cancelled {
            settle(&mut tx, act, one.session_id, one.phase).await?;
            tx.commit().await?;
        }
    }
    Ok(())
}

/// How many answers of how many were right.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Outcome {
    pub answered: i64,
    pub correct: i64,
}

impl Outcome {
    fn add(&mut self, answered: i64, correct: i64) {
        self.answered += answered;
        self.correct += correct;
    }

    /// 知晓率: right answers among those that were given, in tenths of a percent.
    pub fn known(&self) -> Option<i64> {
        share(self.correct, self.answered)
    }
}

/// A part of a whole in tenths of a percent; `None` of nothing.
pub fn share(part: i64, whole: i64) -> Option<i64> {
    (whole > 0).then(|| (part * 1000 + whole / 2) / whole)
}

/// `83.3%`
pub fn percent(permille: Option<i64>) -> String {
    permille.map_or("—".to_owned(), |tenths| format!("{}.{}%", tenths / 10, tenths % 10))
}

/// `提高 66.7 个百分点`; empty where there is nothing to compare.
pub fn gain(before: &Outcome, after: &Outcome) -> String {
    let Some((before, after)) = before.known().zip(after.known()) else { return String::new() };
    let points = after - before;
    let (way, points) = match points {
        0 => return "没有变化".to_owned(),
        1.. => ("提高", points),
        _ => ("下降", -points),
    };
    format!("{way} {}.{} 个百分点", points / 10, points % 10)
}

/// What a session's quiz came to. Of one that is open there is only how many have handed in.
#[derive(Debug, Clone, Default)]
pub struct Outcomes {
    pub sheets: [i64; 2],
    pub closed: [bool; 2],
    pub before: Outcome,
    pub after: Outcome,
    /// Of the questions that a class has answered before and after, which alone can be compared.
    pub both: [Outcome; 2],
    pub score: Option<Score>,
    /// The same of each class that handed in enough.
    pub classes: BTreeMap<Uuid, [Outcome; 2]>,
}

impl Outcomes {
    /// Those who gave four or five of five stars, in tenths of a percent.
    pub fn content(&self) -> Option<i64> {
        self.score.as_ref().and_then(|score| share(score.good, score.given))
    }
}

pub async fn outcomes(tx: &mut Tx, act: &Act, session: &Session) -> Result<Outcomes> {
    let rules: Rules = settings::read(tx, act.tenant, act.at).await?;
    let classes = session_store::classes(tx, act.tenant, session.id).await?;
    let heard: BTreeSet<Uuid> = classes.into_iter().map(|class| class.id).collect();
    let quizzes: Vec<Quiz> = tx.all(QUIZZES.bind(act.tenant).bind(session.id)).await?;
    let tallies: Vec<Tally> = tx.all(TALLIES_OF.bind(act.tenant).bind(session.id)).await?;
    let mut parts: Vec<Part> = tx.all(PARTS_OF.bind(act.tenant).bind(session.id)).await?;
    let scores: Vec<Score> = tx.all(SCORES_OF.bind(act.tenant).bind(session.id)).await?;
    let mut together = scores.into_iter().next();
    let mut found = Outcomes::default();
    // By class and question: what is known of it before and after.
    type Sums = [Option<(i64, i64)>; 2];
    let mut cells: BTreeMap<(Uuid, Uuid), Sums> = BTreeMap::new();
    for one in tallies {
        let phase = usize::from(one.phase == Phase::After);
        cells.entry((one.class_id, one.question_id)).or_default()[phase] = Some((one.answered, one.correct));
    }
    for (at, phase) in [Phase::Before, Phase::After].into_iter().enumerate() {
        found.closed[at] = over(session, phase, act.at);
        let Some(quiz) = quizzes.iter().find(|quiz| quiz.phase == phase) else { continue };
        let Some(sums) = &quiz.sums else {
            let own: Vec<&Part> = parts.iter().filter(|part| part.phase == phase).collect();
            let there = own.iter().filter(|part| heard.contains(&part.class_id));
            let sheets: i64 = there.map(|part| part.sheets).sum();
            // Of one that was closed before the parts were kept only the whole is known.
            (found.closed[at], found.sheets[at]) = (true, if own.is_empty() { quiz.sheets } else { sheets });
            continue;
        };
        let sums = opened(act, sums)?;
        found.sheets[at] =
            sums.classes.iter().filter(|(class, _)| heard.contains(*class)).map(|(_, of)| of.sheets).sum();
        // It will be written down soon: what it comes to is settled.
        if found.closed[at] {
            for (class, question, answered, correct) in sums.cells(rules.fewest_sheets) {
                cells.entry((class, question)).or_default()[at] = Some((answered, correct));
            }
            parts.extend(sums.parts(phase, rules.fewest_sheets));
            together = sums.score(rules.fewest_sheets).or(together);
        }
    }
    found.score = liked(&parts, together, &heard);
    cells.retain(|(class, _), _| heard.contains(class));
    for ((class, _), phases) in cells {
        for (at, cell) in phases.into_iter().enumerate() {
            let Some((answered, correct)) = cell else { continue };
            found.classes.entry(class).or_default()[at].add(answered, correct);
            [&mut found.before, &mut found.after][at].add(answered, correct);
        }
        if let [Some(before), Some(after)] = phases {
            found.both[0].add(before.0, before.1);
            found.both[1].add(after.0, after.1);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_too_few_have_answered_is_left_out() {
        let id = Uuid::from_u128;
        let mut sums = Sums::default();
        let of = |sheets, cells: &[(u128, (i64, i64))]| OfClass {
            sheets,
            given: sheets,
            good: sheets,
            cells: cells.iter().map(|(at, cell)| (id(*at), *cell)).collect(),
        };
        sums.classes.insert(id(1), of(30, &[(11, (30, 20)), (12, (4, 4))]));
        sums.classes.insert(id(2), of(4, &[(11, (4, 1))]));
        assert_eq!(sums.cells(5).collect::<Vec<_>>(), [(id(1), id(11), 30, 20)]);
        let given = |sums: &Sums| sums.parts(Phase::After, 5).map(|part| part.given).collect::<Vec<_>>();
        assert_eq!((given(&sums), sums.score(5)), (vec![Some(30), None], None));
        // Two classes of a few are known together only.
        sums.classes.insert(id(3), OfClass { good: 1, ..of(2, &[]) });
        assert_eq!((given(&sums), sums.score(5)), (vec![Some(30), None, None], Some(Score { given: 6, good: 5 })));
        assert_eq!(sums.sheets(), 36);
    }

    #[test]
    fn only_classes_that_heard_it_are_counted_and_a_few_together_or_not_at_all() {
        let id = Uuid::from_u128;
        let part = |class, given: Option<i64>| Part {
            phase: Phase::After,
            class_id: id(class),
            sheets: given.unwrap_or(3),
            given,
            good: given,
        };
        let parts = [part(1, Some(30)), part(2, Some(10)), part(3, None), part(4, None)];
        let together = Some(Score { given: 6, good: 5 });
        let of = |classes: &[u128]| {
            let heard = classes.iter().map(|class| id(*class)).collect();
            liked(&parts, together, &heard).map(|score| (score.given, score.good))
        };
        assert_eq!(of(&[1, 2, 3, 4]), Some((46, 45)));
        assert_eq!(of(&[1, 3, 4]), Some((36, 35)));
        assert_eq!(of(&[1, 2, 3]), Some((40, 40)));
        assert_eq!(of(&[3]), None);
    }

    #[test]
    fn a_gain_is_said_in_points() {
        let of = |answered, correct| Outcome { answered, correct };
        assert_eq!(gain(&of(6, 2), &of(6, 6)), "提高 66.7 个百分点");
        assert_eq!(gain(&of(10, 9), &of(20, 17)), "下降 5.0 个百分点");
        assert_eq!(gain(&of(10, 9), &of(20, 18)), "没有变化");
        assert_eq!(gain(&of(0, 0), &of(20, 18)), "");
    }
}
