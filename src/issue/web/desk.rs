//! The list of issues, and the form on which staff enter one for somebody.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use db::{Cursor, Tx};
use serde::Deserialize;
use uuid::Uuid;

use super::public::{Options, categories, chosen_place, read_issue};
use crate::access::{self, Permission, Routes, Scope, Viewer};
use crate::app::App;
use crate::error::Result;
use crate::issue::duplicate::{self, Likely};
use crate::issue::filing;
use crate::issue::model::{Source, State as IssueState};
use crate::issue::store::{self, Filter, Issue};
use crate::web::{Form, Shell, page, page_again, qr, show};
use crate::{audit, place, search};

pub fn routes() -> Routes {
    use Permission::{IssueFile, IssueRead};
    Routes::default()
        .get("/issues", IssueRead, list)
        .get("/issues/new", IssueFile, new)
        .post("/issues", IssueFile, create)
        .post("/issues/{id}/slips", IssueFile, print_slip)
}

const PAGE: usize = 50;

/// An issue on a list.
pub(super) struct Row {
    pub issue: Issue,
    pub deadline: Option<show::Deadline>,
}

pub(super) async fn rows(tx: &mut Tx, app: &App, tenant: Uuid, issues: Vec<Issue>) -> Result<Vec<Row>> {
    if !issues.iter().any(|issue| issue.state.open()) {
        return Ok(issues.into_iter().map(|issue| Row { deadline: None, issue }).collect());
    }
    let (limits, now) = (super::limits(tx, app, tenant).await?, app.means.now());
    let deadline = |issue: &Issue| {
        let open = issue.state.open();
        open.then(|| show::deadline(issue.due_at, now, limits.is_soon(issue.since, issue.due_at, now)))
    };
    Ok(issues.into_iter().map(|issue| Row { deadline: deadline(&issue), issue }).collect())
}

#[derive(Deserialize)]
struct Filters {
    #[serde(default)]
    state: String,
    #[serde(default)]
    q: String,
    after: Option<String>,
}

/// A tab above the list.
struct Tab {
    href: String,
    label: String,
    count: Option<i64>,
    late: bool,
    current: bool,
}

#[derive(Template)]
#[template(path = "issue/web/list.html")]
struct ListPage {
    shell: Shell,
    tabs: Vec<Tab>,
    /// Open issues, and those of them that are about the management of property.
    open: i64,
    property: i64,
    q: String,
    rows: Vec<Row>,
    next: Option<String>,
    /// How the rows are ordered, in words.
    order: &'static str,
    may_file: bool,
}

async fn list(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Query(filters): Query<Filters>,
) -> Result<Response> {
    let now = app.means.now();
    let scope = viewer.scope(Permission::IssueRead);
    let mut tx = app.db.read().await?;
    let counts = store::counts(&mut tx, viewer.tenant, now, scope.clone()).await?;
    let state = IssueState::parse(&filters.state);
    let late = filters.state == "late";
    let ended = filters.state == "ended" || state.is_some_and(|state| !state.open());
    let filter = Filter { scope, state, due_before: late.then_some(now) };
    let after = filters.after.as_deref();
    let terms = search::Terms::read(&filters.q);
    let (issues, next) = if terms.is_empty() {
        let cursor = after.and_then(|text| text.parse().ok());
        let issues = if ended {
            store::ended_issues(&mut tx, viewer.tenant, &filter, cursor.unwrap_or(Cursor::LAST), PAGE).await?
        } else {
            store::open_issues(&mut tx, viewer.tenant, &filter, cursor.unwrap_or(Cursor::FIRST), PAGE).await?
        };
        (issues.items, issues.next.map(|cursor| cursor.to_string()))
    } else if let Some(issue) =
        store::issue_by_what_is_on_paper(&mut tx, viewer.tenant, &filters.q, now, filter.scope.clone()).await?
    {
        (vec![issue], None)
    } else {
        let before = after.and_then(|text| text.parse().ok()).unwrap_or(i64::MAX);
        let (issues, next) = store::search(&mut tx, viewer.tenant, &filter.scope, &terms, before, PAGE).await?;
        (issues, next.map(|position| position.to_string()))
    };
    let next = next.map(|cursor| {
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("state", &filters.state)
            .append_pair("q", &filters.q)
            .append_pair("after", &cursor)
            .finish();
        format!("/issues?{query}")
    });
    let rows = rows(&mut tx, &app, viewer.tenant, issues).await?;

    let tab = |code: &str, label: &str, count: Option<i64>| Tab {
        href: if code.is_empty() { "/issues".to_owned() } else { format!("/issues?state={code}") },
        label: label.to_owned(),
        late: code == "late" && count.is_some_and(|count| count > 0),
        count,
        current: terms.is_empty() && filters.state == code,
    };
    let open = counts.iter().map(|count| count.count).sum();
    let property = counts.iter().map(|count| count.property).sum();
    let mut tabs =
        vec![tab("", "在办", Some(open)), tab("late", "超期", Some(counts.iter().map(|count| count.late).sum()))];
    tabs.extend(IssueState::open_states().map(|state| {
        let count = counts.iter().find(|count| count.state == state).map_or(0, |count| count.count);
        tab(state.code(), state.label(), Some(count))
    }));
    tabs.push(tab("ended", "已结束", None));
    let may_file = viewer.may(Permission::IssueFile);
    let order = match (terms.is_empty(), ended) {
        (true, false) => "超期和最急的在前",
        (true, true) => "最近结束的在前",
        (false, _) => "在办和已结束的都找，后反映的在前",
    };
    page(&ListPage { shell, tabs, open, property, q: filters.q, rows, next, order, may_file })
}

#[derive(Template)]
#[template(path = "issue/web/new.html")]
struct NewPage {
    shell: Shell,
    form: Form,
    buildings: Options,
    estates: Options,
    categories: Options,
    sources: Options,
}

async fn new_page(app: &App, viewer: &Viewer, shell: Shell, form: Form) -> Result<NewPage> {
    let mut tx = app.db.read().await?;
    let estates = place::estates(&mut tx, viewer.tenant).await?;
    let names: BTreeMap<Uuid, &str> = estates.iter().map(|estate| (estate.id, estate.name.as_str())).collect();
    let buildings = place::all_buildings(&mut tx, viewer.tenant).await?;
    let named = |estate: &Uuid| names.get(estate).copied().unwrap_or_default();
    Ok(NewPage {
        shell,
        form,
        buildings: buildings
            .iter()
            .map(|building| (building.id.to_string(), format!("{} {}", named(&building.estate_id), building.name)))
            .collect(),
        estates: estates.iter().map(|estate| (estate.id.to_string(), estate.name.clone())).collect(),
        categories: categories(),
        sources: [Source::Door, Source::Window, Source::Phone, Source::Wechat, Source::Member, Source::Meeting]
            .map(|source| (source.code().to_owned(), source.label().to_owned()))
            .to_vec(),
    })
}

async fn new(State(app): State<App>, viewer: Viewer, shell: Shell) -> Result<Response> {
    page(&new_page(&app, &viewer, shell, Form::default()).await?)
}

/// Files an issue for somebody, and goes on to the slip that is handed to them.
async fn create(State(app): State<App>, viewer: Viewer, shell: Shell, mut form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::IssueFile)?;
    let source = form.choice("source", "从哪里反映来的", Source::parse);
    let place = chosen_place(&app, viewer.tenant, &mut form).await?;
    let new = read_issue(&app, &act, source.unwrap_or(Source::Window), place, &mut form).await?;
    let (Some(new), Some(_)) = (new, source) else {
        return page_again(&new_page(&app, &viewer, shell, form).await?);
    };
    let mut tx = app.db.begin().await?;
    let filed = filing::file(&mut tx, &act, new).await?;
    let issue = store::issue(&mut tx, viewer.tenant, filed.id).await?;
    tx.commit().await?;
    let scope = viewer.scope(Permission::IssueRead);
    // The issue is filed: the slip must come, with or without advice.
    let likely = likely(&app, &viewer, &issue, scope).await.unwrap_or_else(|error| {
        tracing::error!(?error, "no duplicates could be looked for");
        Vec::new()
    });
    slip(&app, shell, &issue, &filed.rating_link, likely)
}

async fn likely(app: &App, viewer: &Viewer, issue: &Issue, scope: Scope) -> Result<Vec<Likely>> {
    duplicate::likely(&mut app.db.read().await?, viewer.tenant, issue, scope).await
}

#[derive(Template)]
#[template(path = "issue/web/slip.html")]
struct SlipPage {
    shell: Shell,
    issue: Issue,
    code: String,
    receipt_qr: String,
    rating_qr: String,
    /// Reports of the same thing that are open already.
    likely: Vec<Likely>,
}

/// The paper that a resident takes home: the receipt code and their own rating link.
fn slip(app: &App, shell: Shell, issue: &Issue, link: &access::Link, likely: Vec<Likely>) -> Result<Response> {
    page(&SlipPage {
        shell,
        code: crate::issue::receipt::spaced(&issue.receipt_code),
        receipt_qr: qr(&app.link(&format!("/receipts/{}", issue.receipt_code)))?,
        rating_qr: qr(&app.link(&format!("/ratings/{link}")))?,
        issue: issue.clone(),
        likely,
    })
}

async fn print_slip(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    _form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::IssueFile)?;
    let mut tx = app.db.begin().await?;
    let issue = store::issue_in_scope(&mut tx, viewer.tenant, id, viewer.scope(Permission::IssueFile)).await?;
    let link = filing::give_rating_link(&mut tx, &act, id).await?;
    audit::record(&mut tx, &act, "give_rating_link", ("issue", id), "", &[]).await?;
    tx.commit().await?;
    slip(&app, shell, &issue, &link, Vec::new())
}
