//! The codes of a session, what pupils see behind them, the questions, and what was confided.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use db::{Cursor, Page, Tx};
use serde::Deserialize;
use uuid::Uuid;

use super::{Options, chosen, number, offered};
use crate::access::{self, Act, Link, Need, Permission, Routes, Viewer};
use crate::app::{App, ClientAddress};
use crate::error::{Error, Result};
use crate::lecture::model::{Phase, Rules, StepKind, SubjectKind};
use crate::lecture::quiz::{self, Confided, Entry, Outcome, Outcomes, Sheet, percent};
use crate::lecture::quiz_store::{self, CONFIDENCES, Confidence, QUESTIONS, Question};
use crate::lecture::session_store::{self, Session};
use crate::lecture::store;
use crate::settings;
use crate::web::{Form, Shell, page, page_again, qr, redirect};

pub fn routes() -> Routes {
    use Permission::{ConfidenceManage, LectureArrange, LectureRead};
    Routes::default()
        .get("/lectures/{id}/quiz", LectureRead, codes)
        .get("/lecture-quizzes", LectureRead, questions)
        .post("/lecture-quizzes", LectureArrange, add_question)
        .post("/lecture-quizzes/{id}/removal", LectureArrange, close_question)
        .get("/lecture-quiz/{link}", Need::Public, sheet)
        .post("/lecture-quiz/{link}", Need::Public, hand_in)
        .get("/lecture-help/{link}", Need::Public, help)
        .post("/lecture-help/{link}", Need::Public, confide)
        .get("/lecture-confidences", ConfidenceManage, confidences)
        .get("/lecture-confidences/{id}", ConfidenceManage, confidence)
        .post("/lecture-confidences/{id}/opening", ConfidenceManage, open)
        .post("/lecture-confidences/{id}/steps", ConfidenceManage, step)
}

#[derive(Template)]
#[template(path = "lecture/web/codes.html")]
struct CodesPage {
    shell: Shell,
    session: Session,
    /// What each code is for, its address and its picture.
    codes: Vec<(&'static str, String, String)>,
    questions: usize,
    outcomes: Outcomes,
    fewest: i64,
}

impl CodesPage {
    fn shown(&self, outcome: &Outcome) -> bool {
        outcome.sheets >= self.fewest
    }

    fn known(&self, outcome: &Outcome) -> String {
        percent(outcome.known())
    }

    fn content(&self) -> String {
        percent(self.outcomes.content())
    }
}

async fn codes(State(app): State<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    let mut tx = app.db.read().await?;
    let session = session_store::session(&mut tx, viewer.tenant, id).await?;
    let rules: Rules = settings::read(&mut tx, viewer.tenant, app.means.now()).await?;
    let keys = &app.means.keys;
    let mut codes = Vec::new();
    for (what, path) in [
        ("课前问卷", format!("/lecture-quiz/{}", quiz::quiz_link(viewer.tenant, id, Phase::Before, keys))),
        ("课后问卷", format!("/lecture-quiz/{}", quiz::quiz_link(viewer.tenant, id, Phase::After, keys))),
        ("需要帮助", format!("/lecture-help/{}", quiz::help_link(viewer.tenant, id, keys))),
    ] {
        let address = app.link(&path);
        let picture = qr(&address)?;
        codes.push((what, address, picture));
    }
    page(&CodesPage {
        shell,
        codes,
        questions: quiz_store::questions_of(&mut tx, viewer.tenant, id).await?.len(),
        outcomes: quiz::outcomes(&mut tx, viewer.tenant, id).await?,
        fewest: rules.fewest_sheets,
        session,
    })
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
    let options: Vec<String> = options.lines().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect();
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
        help: format!("/lecture-help/{}", quiz::help_link(read.tenant, session.id, &app.means.keys)),
        classes: classes.into_iter().map(|class| (class.id.to_string(), class.full_name())).collect(),
        questions: quiz_store::questions_of(tx, read.tenant, session.id).await?,
        closed: quiz::closed(&session, phase, app.means.now()),
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

async fn hand_in(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    shell: Shell,
    Path(link): Path<String>,
    form: Form,
) -> Result<Response> {
    let mut tx = app.db.begin().await?;
    let mut shown = sheet_page(&app, &mut tx, shell, link, form).await?;
    // A whole school answers from one address.
    app.sign_ins.check(address)?;
    let read: Link = shown.link.parse().map_err(|()| Error::NotFound)?;
    let act = Act::resident(read.tenant, &app.means);
    let classes = shown.classes.clone();
    let class = shown.form.choice("class", "你的班级", |code| chosen(&classes, code));
    let mut answers = Vec::new();
    for question in &shown.questions {
        let field = format!("q-{}", question.id);
        answers.extend(shown.form.value(&field).parse::<usize>().ok().map(|at| (question.id, at)));
    }
    if answers.is_empty() && !shown.questions.is_empty() {
        shown.form.fail("questions", "一题也没有答，请至少答一题");
    }
    let score = shown.form.value("score").parse().ok();
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

#[derive(Template)]
#[template(path = "lecture/web/help.html")]
struct HelpPage {
    shell: Shell,
    link: String,
    done: bool,
    form: Form,
}

async fn help_page(app: &App, tx: &mut Tx, shell: Shell, link: String, form: Form) -> Result<(HelpPage, Session, Uuid)> {
    let read: Link = link.parse().map_err(|()| Error::NotFound)?;
    let session = quiz::by_help_link(tx, &read, &app.means.keys).await?;
    let tenant = access::tenant(tx, read.tenant).await?;
    let shell = shell.of_community(&tenant.name, "");
    Ok((HelpPage { shell, link, done: false, form }, session, read.tenant))
}

async fn help(State(app): State<App>, shell: Shell, Path(link): Path<String>) -> Result<Response> {
    page(&help_page(&app, &mut app.db.read().await?, shell, link, Form::default()).await?.0)
}

async fn confide(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    shell: Shell,
    Path(link): Path<String>,
    form: Form,
) -> Result<Response> {
    let mut tx = app.db.begin().await?;
    let (mut shown, session, tenant) = help_page(&app, &mut tx, shell, link, form).await?;
    app.sign_ins.check(address)?;
    let words = shown.form.text("words", "发生了什么", 2..=2000);
    let who = shown.form.text("who", "怎么找到你", 0..=100);
    if shown.form.ok() {
        let act = Act::resident(tenant, &app.means);
        quiz::confide(&mut tx, &act, session.id, &Confided { words, who }).await?;
        tx.commit().await?;
        shown.done = true;
        shown.form = Form::default();
        return page(&shown);
    }
    page_again(&shown)
}

const PAGE: usize = 50;

#[derive(Template)]
#[template(path = "lecture/web/confidences.html")]
struct ConfidencesPage {
    shell: Shell,
    confidences: Vec<Confidence>,
    next: Option<String>,
}

#[derive(Deserialize)]
struct Paging {
    before: Option<String>,
}

async fn confidences(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Query(paging): Query<Paging>,
) -> Result<Response> {
    let before = paging.before.and_then(|text| text.parse().ok()).unwrap_or(Cursor::LAST);
    let query = CONFIDENCES.bind(viewer.tenant).bind(before.key).bind(before.id).bind(PAGE as i64 + 1);
    let items: Vec<Confidence> = app.db.read().await?.all(query).await?;
    let found = Page::of(items, PAGE, |item| Cursor { key: item.at.as_millisecond(), id: item.id });
    let next = found.next.map(|cursor| format!("/lecture-confidences?before={cursor}"));
    page(&ConfidencesPage { shell, confidences: found.items, next })
}

#[derive(Template)]
#[template(path = "lecture/web/confidence.html")]
struct ConfidencePage {
    shell: Shell,
    confidence: Confidence,
    /// Only once somebody has said why they read it.
    said: Option<(Confided, Vec<Entry>)>,
    form: Form,
}

async fn confidence(State(app): State<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    let confidence = quiz_store::confidence(&mut app.db.read().await?, viewer.tenant, id).await?;
    page(&ConfidencePage { shell, confidence, said: None, form: Form::default() })
}

async fn open(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::ConfidenceManage)?;
    let mut tx = app.db.begin().await?;
    let confidence = quiz_store::confidence(&mut tx, viewer.tenant, id).await?;
    let purpose = form.text("purpose", "为什么要看", 2..=100);
    if !form.ok() {
        return page_again(&ConfidencePage { shell, confidence, said: None, form });
    }
    let confided = quiz::read(&mut tx, &act, &confidence, &purpose).await?;
    let entries = quiz::entries(&mut tx, &act, id).await?;
    tx.commit().await?;
    page(&ConfidencePage { shell, confidence, said: Some((confided, entries)), form: Form::default() })
}

async fn step(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::ConfidenceManage)?;
    let mut tx = app.db.begin().await?;
    let confidence = quiz_store::confidence(&mut tx, viewer.tenant, id).await?;
    let kind = form.choice("kind", "做了什么", |code| StepKind::parse(code).filter(|kind| *kind != StepKind::Read));
    let words = form.text("step_words", "写清楚", 2..=600);
    if form.ok()
        && let Some(kind) = kind
    {
        let done = quiz::take(&mut tx, &act, &confidence, kind, &words).await;
        if form.ended(tx, "kind", done).await?.is_some() {
            return Ok(redirect(&format!("/lecture-confidences/{id}"), "已记下"));
        }
    } else {
        drop(tx);
    }
    page_again(&ConfidencePage { shell, confidence, said: None, form })
}
