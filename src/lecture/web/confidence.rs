//! What pupils see who ask for help, and whoever answers for the team.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use db::{Cursor, Page, Tx};
use jiff::Timestamp;
use jiff::civil::DateTime;
use serde::Deserialize;
use uuid::Uuid;

use super::Options;
use crate::access::{self, Act, Link, Need, Permission, Routes, Viewer};
use crate::app::App;
use crate::error::{Error, Result};
use crate::lecture::confidence::{self, Confided, Entry};
use crate::lecture::model::{Office, StepKind};
use crate::lecture::quiz_store::{self, CONFIDENCES, Confidence};
use crate::lecture::session_store::Session;
use crate::web::{Form, Shell, page, page_again, redirect};

pub fn routes() -> Routes {
    use Permission::ConfidenceManage;
    Routes::default()
        .get("/lecture-help/{link}", Need::Public, help)
        .post("/lecture-help/{link}", Need::Public, confide)
        .get("/lecture-confidences", ConfidenceManage, list)
        .get("/lecture-confidences/{id}", ConfidenceManage, show)
        .post("/lecture-confidences/{id}/opening", ConfidenceManage, open)
        .post("/lecture-confidences/{id}/steps", ConfidenceManage, step)
}

#[derive(Template)]
#[template(path = "lecture/web/help.html")]
struct HelpPage {
    shell: Shell,
    link: String,
    done: bool,
    form: Form,
}

async fn help_page(
    app: &App,
    tx: &mut Tx,
    shell: Shell,
    link: String,
    form: Form,
) -> Result<(HelpPage, Session, Uuid)> {
    let read: Link = link.parse().map_err(|()| Error::NotFound)?;
    let session = confidence::by_help_link(tx, &read, &app.means.keys).await?;
    let tenant = access::tenant(tx, read.tenant).await?;
    let shell = shell.of_community(&tenant.name, "");
    Ok((HelpPage { shell, link, done: false, form }, session, read.tenant))
}

async fn help(State(app): State<App>, shell: Shell, Path(link): Path<String>) -> Result<Response> {
    page(&help_page(&app, &mut app.db.read().await?, shell, link, Form::default()).await?.0)
}

async fn confide(State(app): State<App>, shell: Shell, Path(link): Path<String>, form: Form) -> Result<Response> {
    let mut tx = app.db.begin().await?;
    let (mut shown, session, tenant) = help_page(&app, &mut tx, shell, link, form).await?;
    let words = shown.form.text("words", "发生了什么", 2..=2000);
    let who = shown.form.text("who", "怎么找到你", 0..=100);
    // Whoever asks for help must not find what they wrote gone.
    if let Err(seconds) = app.crowds.take(&(session.id, "help")) {
        shown.form.fail("words", format!("现在写的人太多，你写的还在下面，过 {seconds} 秒再点一次；等不了就打 110"));
    }
    if shown.form.ok() {
        let act = Act::resident(tenant, &app.means);
        confidence::confide(&mut tx, &act, session.id, &Confided { words, who }).await?;
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
struct ListPage {
    shell: Shell,
    confidences: Vec<Confidence>,
    next: Option<String>,
}

#[derive(Deserialize)]
struct Paging {
    before: Option<String>,
}

async fn list(State(app): State<App>, viewer: Viewer, shell: Shell, Query(paging): Query<Paging>) -> Result<Response> {
    let before = paging.before.and_then(|text| text.parse().ok()).unwrap_or(Cursor::LAST);
    let query = CONFIDENCES.bind(viewer.tenant).bind(before.key).bind(before.id).bind(PAGE as i64 + 1);
    let items: Vec<Confidence> = app.db.read().await?.all(query).await?;
    let found = Page::of(items, PAGE, |item| Cursor { key: item.at.as_millisecond(), id: item.id });
    let next = found.next.map(|cursor| format!("/lecture-confidences?before={cursor}"));
    page(&ListPage { shell, confidences: found.items, next })
}

#[derive(Template)]
#[template(path = "lecture/web/confidence.html")]
struct ShowPage {
    shell: Shell,
    confidence: Confidence,
    /// For as long as somebody has said why they read it.
    said: Option<(Confided, Vec<Entry>)>,
    form: Form,
}

impl ShowPage {
    fn offices(&self) -> Options {
        Office::ALL.iter().map(|office| (office.code().to_owned(), office.label().to_owned())).collect()
    }
}

/// `2026-09-08T15:04`
fn minute(at: Timestamp) -> String {
    at.to_zoned_datetime(calendar::shanghai()).strftime("%Y-%m-%dT%H:%M").to_string()
}

fn moment(text: &str) -> Option<Timestamp> {
    let moment: DateTime = text.parse().ok()?;
    Some(moment.to_zoned_datetime(calendar::shanghai()).ok()?.timestamp())
}

async fn show_page(app: &App, viewer: &Viewer, shell: Shell, id: Uuid, mut form: Form) -> Result<ShowPage> {
    let act = app.act(viewer, Permission::ConfidenceManage)?;
    let mut tx = app.db.read().await?;
    let confidence = quiz_store::confidence(&mut tx, viewer.tenant, id).await?;
    let said = confidence::still_open(&mut tx, &act, &confidence).await?;
    if form.value("told_at").is_empty() {
        form.set("told_at", minute(act.at));
    }
    Ok(ShowPage { shell, confidence, said, form })
}

async fn show(State(app): State<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    page(&show_page(&app, &viewer, shell, id, Form::default()).await?)
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
    let known = quiz_store::confidence(&mut tx, viewer.tenant, id).await?;
    let purpose = form.text("purpose", "为什么要看", 2..=100);
    if form.ok() {
        let done = confidence::read(&mut tx, &act, &known, &purpose).await;
        if form.ended(tx, "purpose", done).await?.is_some() {
            return page(&show_page(&app, &viewer, shell, id, Form::default()).await?);
        }
    } else {
        drop(tx);
    }
    page_again(&show_page(&app, &viewer, shell, id, form).await?)
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
    let known = quiz_store::confidence(&mut tx, viewer.tenant, id).await?;
    let kind = form.choice("kind", "做了什么", |code| StepKind::parse(code).filter(|kind| *kind != StepKind::Read));
    let (field, words, told) = match kind {
        Some(StepKind::Reported) => {
            let offices: Vec<Office> = form.values("office").filter_map(Office::parse).collect();
            let at = form.choice("told_at", "什么时候报的", moment);
            ("office", form.text("report", "谁报的、谁接的、编号", 2..=600), at.map(|at| (offices, at)))
        }
        _ => ("kind", form.text("step_words", "写清楚", 2..=600), None),
    };
    if form.ok()
        && let Some(kind) = kind
    {
        let told = told.as_ref().map(|(offices, at)| (offices.as_slice(), *at));
        let done = confidence::take(&mut tx, &act, &known, (kind, &words), told).await;
        if form.ended(tx, field, done).await?.is_some() {
            return Ok(redirect(&format!("/lecture-confidences/{id}"), "已记下"));
        }
    } else {
        drop(tx);
    }
    page_again(&show_page(&app, &viewer, shell, id, form).await?)
}
