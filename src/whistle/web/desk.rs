//! The lists of what was asked and is to be answered, and the form with which a whistle is blown.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use db::{Cursor, Tx};
use serde::Deserialize;
use uuid::Uuid;

use crate::access::{Permission, Routes, Scope, Viewer};
use crate::app::App;
use crate::error::{Error, Result};
use crate::issue::{self, Issue, NAMES_SOMEBODY, personal_data_in};
use crate::web::{Form, Shell, page, page_again, redirect};
use crate::whistle::model::Kind;
use crate::whistle::saying::{self, NewWhistle};
use crate::whistle::store::{self, Whistle};

pub fn routes() -> Routes {
    use Permission::WhistleHandle;
    Routes::default()
        .get("/whistles", WhistleHandle, list)
        .get("/whistles/new", WhistleHandle, new)
        .post("/whistles", WhistleHandle, create)
        .get("/issues/{id}/whistle", WhistleHandle, of_issue)
}

const PAGE: usize = 30;

#[derive(Deserialize)]
struct Paging {
    side: Option<String>,
    before: Option<String>,
}

#[derive(Template)]
#[template(path = "whistle/web/list.html")]
struct ListPage {
    shell: Shell,
    /// What this side has asked, or what it is asked.
    asked: bool,
    whistles: Vec<Whistle>,
    next: Option<String>,
    now: jiff::Timestamp,
}

async fn list(State(app): State<App>, viewer: Viewer, shell: Shell, Query(paging): Query<Paging>) -> Result<Response> {
    let asked = paging.side.as_deref() != Some("received");
    let before = paging.before.and_then(|text| text.parse().ok()).unwrap_or(Cursor::LAST);
    let scope = viewer.scope(Permission::WhistleHandle);
    let whistles = store::whistles(&mut app.db.read().await?, viewer.tenant, &scope, asked, before, PAGE).await?;
    let side = if asked { "asked" } else { "received" };
    let next = whistles.next.map(|cursor| format!("/whistles?side={side}&before={cursor}"));
    page(&ListPage { shell, asked, whistles: whistles.items, next, now: app.means.now() })
}

async fn of_issue(State(app): State<App>, viewer: Viewer, Path(id): Path<Uuid>) -> Result<Response> {
    let scope = viewer.scope(Permission::WhistleHandle);
    let whistle = store::of_issue(&mut app.db.read().await?, viewer.tenant, &scope, id).await?;
    Ok(Redirect::to(&format!("/whistles/{}", whistle.id)).into_response())
}

/// What a whistle is blown about.
enum Subject {
    Issue(Box<Issue>),
    Whistle(Box<Whistle>),
}

impl Subject {
    /// What goes along, besides the words.
    fn facts(&self, community: &str) -> [(&'static str, String); 3] {
        match self {
            Subject::Issue(issue) => {
                let place = if issue.estate_id.is_some() { issue.place() } else { community.to_owned() };
                [("事项", issue.title()), ("类别", issue.category.to_string()), ("地点", place)]
            }
            Subject::Whistle(whistle) => {
                [("事项", whistle.title.clone()), ("类别", whistle.category.clone()), ("地点", whistle.place.clone())]
            }
        }
    }
}

#[derive(Template)]
#[template(path = "whistle/web/new.html")]
struct NewPage {
    shell: Shell,
    subject: Subject,
    above: Vec<(String, String)>,
    form: Form,
}

impl NewPage {
    fn kinds(&self) -> Vec<(&'static str, &'static str)> {
        Kind::ALL.iter().map(|kind| (kind.code(), kind.label())).collect()
    }
}

/// Errors: not found out of reach, or where neither an issue nor a whistle is named.
async fn subject(tx: &mut Tx, viewer: &Viewer, scope: &Scope, form: &Form) -> Result<Subject> {
    let id = |field: &str| form.value(field).parse::<Uuid>().ok();
    match (id("issue"), id("whistle")) {
        (Some(id), _) => {
            Ok(Subject::Issue(Box::new(issue::issue_in_scope(tx, viewer.tenant, id, scope.clone()).await?)))
        }
        (None, Some(id)) => {
            Ok(Subject::Whistle(Box::new(store::whistle_in_reach(tx, viewer.tenant, scope, id).await?)))
        }
        (None, None) => Err(Error::NotFound),
    }
}

async fn new_page(app: &App, viewer: &Viewer, shell: Shell, mut form: Form) -> Result<NewPage> {
    let scope = viewer.scope(Permission::WhistleHandle);
    let mut tx = app.db.read().await?;
    let subject = subject(&mut tx, viewer, &scope, &form).await?;
    let above = store::above(&mut tx, viewer.tenant).await?;
    let above: Vec<_> = above.into_iter().map(|above| (above.id.to_string(), above.name)).collect();
    if form.value("counterpart").is_empty()
        && let [(only, _)] = above.as_slice()
    {
        form.set("counterpart", only.clone());
    }
    if form.value("version").is_empty() {
        let version = match &subject {
            Subject::Issue(issue) => issue.lock_version,
            Subject::Whistle(whistle) => whistle.lock_version,
        };
        form.set("version", version.to_string());
    }
    Ok(NewPage { shell, subject, above, form })
}

#[derive(Deserialize)]
struct About {
    issue: Option<Uuid>,
    whistle: Option<Uuid>,
}

async fn new(State(app): State<App>, viewer: Viewer, shell: Shell, Query(about): Query<About>) -> Result<Response> {
    let text = |id: Option<Uuid>| id.map(|id| id.to_string()).unwrap_or_default();
    let form = Form::filled(&[
        ("issue", &text(about.issue)),
        ("whistle", &text(about.whistle)),
        ("kind", Kind::Enforcement.code()),
    ]);
    page(&new_page(&app, &viewer, shell, form).await?)
}

async fn create(State(app): State<App>, viewer: Viewer, shell: Shell, mut form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::WhistleHandle)?;
    let scope = viewer.scope(Permission::WhistleHandle);
    let mut tx = app.db.begin().await?;
    let subject = subject(&mut tx, &viewer, &scope, &form).await?;
    let counterpart = form.choice("counterpart", "上级", |id| id.parse::<Uuid>().ok());
    let kind = form.choice("kind", "哪一种哨", Kind::parse);
    let words = form.text("words", "请上级做什么", 6..=300);
    if let Some(sentence) = personal_data_in(&words) {
        form.fail("words", sentence);
    }
    if let Subject::Issue(issue) = &subject {
        let knows = viewer.may(Permission::IssueFile);
        if issue::names_somebody(&mut tx, &act, issue, &words, knows).await? {
            form.fail("words", NAMES_SOMEBODY);
        }
    }
    let (Some(counterpart), Some(kind), true) = (counterpart, kind, form.ok()) else {
        drop(tx);
        return page_again(&new_page(&app, &viewer, shell, form).await?);
    };
    let new = NewWhistle { counterpart, kind, words };
    let blown = match subject {
        Subject::Issue(mut issue) => saying::blow(&mut tx, &act, &mut issue, form.version(), new).await,
        Subject::Whistle(mut origin) => saying::pass_on(&mut tx, &act, &mut origin, form.version(), new).await,
    };
    let Some(id) = form.noted("counterpart", blown)? else {
        drop(tx);
        return page_again(&new_page(&app, &viewer, shell, form).await?);
    };
    tx.commit().await?;
    Ok(redirect(&format!("/whistles/{id}"), "哨吹出去了，等上级报到"))
}
