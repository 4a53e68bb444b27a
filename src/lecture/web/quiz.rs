//! The codes of a session with what its quiz came to, what pupils see behind them, and the questions.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use db::Tx;
use uuid::Uuid;

use super::{Options, chosen, number, offered};
use crate::access::{self, Act, Link, Need, Permission, Routes, Viewer};
use crate::app::App;
use crate::error::{Error, Result};
use crate::lecture::confidence;
use crate::lecture::model::{Phase, Rules, SubjectKind};
use crate::lecture::quiz::{self, Outcome, Outcomes, Sheet, gain, percent};
use crate::lecture::quiz_store::{self, QUESTIONS, Question};
use crate::lecture::session_store::{self, Session};
use crate::lecture::store;
use crate::settings;
use crate::web::{Form, Shell, page, page_again, qr, redirect};

pub fn routes() -> Routes {
    use Permission::{LectureArrange, LectureRead};
    Routes::default()
        .get("/lectures/{id}/quiz", LectureRead, codes)
        .post("/lectures/{id}/quiz", LectureArrange, close)
        .get("/lecture-quizzes", LectureRead, questions)
        .post("/lecture-quizzes", LectureArrange, add_question)
        .post("/lecture-quizzes/{id}/removal", LectureArrange, close_question)
        .get("/lecture-quiz/{link}", Need::Public, sheet)
        .post("/lecture-quiz/{link}", Need::Public, hand_in)
}

#[derive(Template)]
#[template(path = "lecture/web/codes.html")]
struct CodesPage {
    shell: Shell,
    session: Session,
    /// What each code is for, its address and its picture.
    codes: Vec<(&'static str, String, String)>,
    questions: usize,
    /// Before and after.
    quizzes: [Shown; 2],
    content: String,
    gain: String,
    /// Of each class: its name, and what it knew before and after.
    classes: Vec<(String, String, String)>,
    fewest: i64,
    may_arrange: bool,
    form: Form,
}

/// What there is to be said of a quiz.
struct Shown {
    phase: Phase,
    sheets: i64,
    closed: bool,
    /// Empty while it is open, and where too few have handed in.
    words: String,
    /// It has begun, and can be closed by hand.
    may_close: bool,
}

fn shown(outcomes: &Outcomes, session: &Session, now: jiff::Timestamp) -> [Shown; 2] {
    let one = |at: usize, phase: Phase, outcome: &Outcome| {
        let (sheets, closed) = (outcomes.sheets[at], outcomes.closed[at]);
        let known = outcome.known().filter(|_| closed);
        let words =
            known.map(|known| format!("知晓率 {}（{} ÷ {}）", percent(Some(known)), outcome.correct, outcome.answered));
        let may_close = !closed && quiz::closed(session, phase, now).is_none();
        Shown { phase, sheets, closed, words: words.unwrap_or_default(), may_close }
    };
    [one(0, Phase::Before, &outcomes.before), one(1, Phase::After, &outcomes.after)]
}

async fn codes_page(app: &App, viewer: &Viewer, shell: Shell, id: Uuid, form: Form) -> Result<CodesPage> {
    let act = app.act(viewer, Permission::LectureRead)?;
    let mut tx = app.db.read().await?;
    let session = session_store::session(&mut tx, viewer.tenant, id).await?;
    let rules: Rules = settings::read(&mut tx, viewer.tenant, act.at).await?;
    let keys = &app.means.keys;
    let mut codes = Vec::new();
    for (what, path) in [
        ("课前问卷", format!("/lecture-quiz/{}", quiz::quiz_link(viewer.tenant, id, Phase::Before, keys))),
        ("课后问卷", format!("/lecture-quiz/{}", quiz::quiz_link(viewer.tenant, id, Phase::After, keys))),
        ("需要帮助", format!("/lecture-help/{}", confidence::help_link(viewer.tenant, id, keys))),
    ] {
        let address = app.link(&path);
        let picture = qr(&address)?;
        codes.push((what, address, picture));
    }
    let outcomes = quiz::outcomes(&mut tx, &act, &session).await?;
    let classes = session_store::classes(&mut tx, viewer.tenant, id).await?;
    let classes = classes.iter().filter_map(|class| {
        let phases = outcomes.classes.get(&class.id)?;
        let [before, after] = phases.each_ref().map(|outcome| percent(outcome.known()));
        Some((class.full_name(), before, after))
    });
    Ok(CodesPage {
        shell,
        codes,
        questions: quiz_store::asked(&mut tx, viewer.tenant, id).await?.len(),
        quizzes: shown(&outcomes, &session, act.at),
        content: outcomes.content().map_or_else(String::new, |content| percent(Some(content))),
        gain: gain(&outcomes.both[0], &outcomes.both[1]),
        classes: classes.collect(),
        fewest: rules.fewest_sheets,
        may_arrange: viewer.may(Permission::LectureArrange),
        session,
        form,
    })
}

async fn codes(State(app): State<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    page(&codes_page(&app, &viewer, shell, id, Form::default()).await?)
}

/// 收卷
async fn close(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::LectureArrange)?;
    let mut tx = app.db.begin().await?;
    let session = session_store::session(&mut tx, viewer.tenant, id).await?;
    if let Some(phase) = form.choice("phase", "收哪一份", Phase::parse) {
        let done = quiz::close(&mut tx, &act, &session, phase).await;
        if form.ended(tx, "phase", done).await?.is_some() {
            return Ok(redirect(&format!("/lectures/{id}/quiz"), "收好了"));
        }
    } else {
        drop(tx);
    }
    page_again(&codes_page(&app, &viewer, shell, id, form).await?)
}

#[derive(Template)]
#[template(path = "lecture/web/questions.html")]
struct QuestionsPage {
    shell: Shell,
    questions: Vec<Question>,
    topics: Options,
    may_arrange: bool,
    form: Form,
}

async fn questions_page(app: &App, viewer: &Viewer, shell: Shell, form: Form) -> Result<QuestionsPage> {
    let mut tx = app.db.read().await?;
    Ok(QuestionsPage {
        shell,
        questions: tx.all(QUESTIONS.bind(viewer.tenant)).await?,
        topics: offered(&store::subjects(&mut tx, viewer.tenant, SubjectKind::Topic).await?),
        may_arrange: viewer.may(Permission::LectureArrange),
        form,
    })
}

async fn questions(State(app): State<App>, viewer: Viewer, shell: Shell) -> Result<Response> {
    page(&questions_page(&app, &viewer, shell, Form::default()).await?)
}

async fn add_question(State(app): State<App>, viewer: Viewer, shell: Shell, mut form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::LectureArrange)?;
    let mut tx = app.db.begin().await?;
    let topics = offered(&store::subjects(&mut tx, viewer.tenant, SubjectKind::Topic).await?);
    let topic = form.choice("topic", "主题", |code| chosen(&topics, code));
    let words = form.text("words", "题目", 4..=120);
    let options = form.text("options", "选项", 3..=300);
    let options: Vec<String> =
        options.lines().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect();
    let correct = number(&mut form, "correct", "正确答案是第几个", 1..=6);
    if form.ok()
        && let Some((topic, correct)) = topic.zip(correct)
    {
        let at = usize::try_from(correct - 1).unwrap_or_default();
        let done = quiz::add_question(&mut tx, &act, topic, (&words, &options, at)).await;
        if form.ended(tx, "options", done).await?.is_some() {
            return Ok(redirect("/lecture-quizzes", "题目已加上"));
        }
    } else {
        drop(tx);
    }
    page_again(&questions_page(&app, &viewer, shell, form).await?)
}

async fn close_question(State(app): State<App>, viewer: Viewer, Path(id): Path<Uuid>, _form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::LectureArrange)?;
    let mut tx = app.db.begin().await?;
    quiz::close_question(&mut tx, &act, id).await?;
    tx.commit().await?;
    Ok(redirect("/lecture-quizzes", "不再用了，已经答过的不变"))
}

#[derive(Template)]
#[template(path = "lecture/web/sheet.html")]
struct SheetPage {
    shell: Shell,
    link: String,
    help: String,
    session: Session,
    phase: Phase,
    classes: Options,
    questions: Vec<Question>,
    closed: Option<&'static str>,
    done: bool,
    form: Form,
}

impl SheetPage {
    fn after(&self) -> bool {
        self.phase == Phase::After
    }

    /// Where no question was made, a lecture can be liked all the same.
    fn answerable(&self) -> bool {
        self.after() || !self.questions.is_empty()
    }

    fn answered(&self, question: &Uuid, at: &usize) -> bool {
        self.form.value(&format!("q-{question}")) == at.to_string()
    }
}

async fn sheet_page(app: &App, tx: &mut Tx, shell: Shell, link: String, form: Form) -> Result<SheetPage> {
    let read: Link = link.parse().map_err(|()| Error::NotFound)?;
    let (session, phase) = quiz::by_quiz_link(tx, &read, &app.means.keys).await?;
    let tenant = access::tenant(tx, read.tenant).await?;
    let classes = session_store::classes(tx, read.tenant, session.id).await?;
    Ok(SheetPage {
        shell: shell.of_community(&tenant.name, ""),
        help: format!("/lecture-help/{}", confidence::help_link(read.tenant, session.id, &app.means.keys)),
        classes: classes.into_iter().map(|class| (class.id.to_string(), class.full_name())).collect(),
        questions: quiz_store::asked(tx, read.tenant, session.id).await?,
        closed: match quiz_store::is_closed(tx, read.tenant, session.id, phase).await? {
            true => Some("问卷已经收了"),
            false => quiz::closed(&session, phase, app.means.now()),
        },
        done: false,
        link,
        session,
        phase,
        form,
    })
}

async fn sheet(State(app): State<App>, shell: Shell, Path(link): Path<String>) -> Result<Response> {
    page(&sheet_page(&app, &mut app.db.read().await?, shell, link, Form::default()).await?)
}

async fn hand_in(State(app): State<App>, shell: Shell, Path(link): Path<String>, form: Form) -> Result<Response> {
    let mut tx = app.db.begin().await?;
    let mut shown = sheet_page(&app, &mut tx, shell, link, form).await?;
    let read: Link = shown.link.parse().map_err(|()| Error::NotFound)?;
    let act = Act::resident(read.tenant, &app.means);
    let classes = shown.classes.clone();
    let class = shown.form.choice("class", "你的班级", |code| chosen(&classes, code));
    let mut answers = Vec::new();
    for question in &shown.questions {
        let answer = shown.form.value(&format!("q-{}", question.id)).to_owned();
        match answer.parse::<usize>() {
            Ok(at) if at < question.choices().len() => answers.push((question.id, at)),
            _ if answer.is_empty() => {}
            _ => shown.form.fail("questions", "有一题选的不在选项里，请重新选"),
        }
    }
    let score = shown.form.value("score").to_owned();
    let score = (!score.is_empty()).then(|| score.parse().unwrap_or(0));
    if answers.is_empty() && !shown.questions.is_empty() {
        shown.form.fail("questions", "一题也没有答，请至少答一题");
    } else if answers.is_empty() && score.is_none() {
        shown.form.fail("score", "请给几颗星");
    }
    // A whole school answers from one address: what is counted is the code, and what was ticked comes back.
    if let Err(seconds) = app.crowds.take(&(shown.session.id, shown.phase.code())) {
        shown.form.fail("class", format!("现在交的人太多，你答的还在下面，过 {seconds} 秒再交"));
    }
    if shown.form.ok()
        && let Some(class) = class
    {
        let sheet = Sheet { class, answers, score };
        let done = quiz::hand_in(&mut tx, &act, (&shown.session, shown.phase), &sheet).await;
        if shown.form.noted("class", done)?.is_some() {
            tx.commit().await?;
            shown.done = true;
            shown.form = Form::default();
            return page(&shown);
        }
    }
    page_again(&shown)
}
