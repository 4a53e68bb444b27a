//! 导出审批: asked for on the page of a roll, approved by the secretary, taken away once.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use db::Cursor;
use jiff::Timestamp;
use serde::Deserialize;
use uuid::Uuid;

use super::roll::{self, Asked, Offer};
use crate::access::{Permission, Routes, Viewer};
use crate::app::App;
use crate::error::{Error, Result};
use crate::registry::export;
use crate::registry::export_request::{self, ExportRequest, Kind, Roll, State as Stage};
use crate::web::{Form, Shell, page, page_again, redirect, show};
use crate::workbook;

pub fn routes() -> Routes {
    use Permission::{ResidentExport, ResidentExportApprove};
    Routes::default()
        .get("/residents/exports", ResidentExport, list)
        .get("/residents/exports/new", ResidentExport, new)
        .post("/residents/exports", ResidentExport, create)
        .post("/residents/exports/{export}/decision", ResidentExportApprove, decide)
        .post("/residents/exports/{export}/workbook", ResidentExport, take)
}

const PAGE: usize = 20;

// ---------- asking ----------

#[derive(Template)]
#[template(path = "registry/web/export_new.html")]
struct NewPage {
    shell: Shell,
    words: String,
    people: String,
    query: String,
    form: Form,
}

async fn new_page(app: &App, viewer: &Viewer, shell: Shell, form: Form, asked: &Asked) -> Result<(NewPage, Roll)> {
    let act = app.act(viewer, Permission::ResidentExport)?;
    let scope = viewer.scope(Permission::ResidentExport);
    let filter = asked.filter();
    let mut tx = app.db.read().await?;
    let people = crate::registry::roll::count(&mut tx, viewer.tenant, &scope, &filter, super::today(&act)).await?;
    let chosen = roll::places(&mut tx, viewer.tenant, &scope, (filter.estate, filter.grid), Offer::Chosen).await?;
    let words = roll::words(&filter, &chosen);
    let words = if words.is_empty() { "全部居民".to_owned() } else { words };
    let query = roll::query(&filter);
    let roll = Roll { query: query.clone(), words: words.clone(), people };
    Ok((NewPage { shell, words, people: roll::counted(people), query, form }, roll))
}

async fn new(State(app): State<App>, viewer: Viewer, shell: Shell, Query(asked): Query<Asked>) -> Result<Response> {
    page(&new_page(&app, &viewer, shell, Form::default(), &asked).await?.0)
}

async fn create(State(app): State<App>, viewer: Viewer, shell: Shell, mut form: Form) -> Result<Response> {
    let reason = form.text("reason", "做什么用", 5..=200);
    if codes::text::personal(&reason).is_some() {
        form.fail("reason", "原因会写进审计记录，请不要写电话或身份证号");
    }
    let asked = Asked::of(form.value("query"));
    let ok = form.ok();
    let (new, roll) = new_page(&app, &viewer, shell, form, &asked).await?;
    if !ok {
        return page_again(&new);
    }
    let act = app.act(&viewer, Permission::ResidentExport)?;
    let mut tx = app.db.begin().await?;
    export_request::ask(&mut tx, &act, Kind::Residents, roll, &reason).await?;
    tx.commit().await?;
    Ok(redirect("/residents/exports", "已提交，社区书记批准后在这里领取"))
}

// ---------- deciding and taking ----------

#[derive(Template)]
#[template(path = "registry/web/exports.html")]
struct ExportsPage {
    shell: Shell,
    requests: Vec<ExportRequest>,
    next: Option<String>,
    account: Uuid,
    now: Timestamp,
    may_approve: bool,
}

impl ExportsPage {
    fn decides(&self, request: &ExportRequest) -> bool {
        self.may_approve && request.state == Stage::Open && request.asked_by != self.account
    }

    fn takes(&self, request: &ExportRequest) -> bool {
        request.asked_by == self.account && request.is_ready(self.now)
    }

    /// How it stands, in words.
    fn stands(&self, request: &ExportRequest) -> &'static str {
        match request.state {
            Stage::Approved if !request.is_ready(self.now) => "过了领取时限",
            state => state.label(),
        }
    }
}

#[derive(Deserialize)]
struct Paging {
    after: Option<String>,
}

async fn list(State(app): State<App>, viewer: Viewer, shell: Shell, Query(paging): Query<Paging>) -> Result<Response> {
    let may_approve = viewer.may(Permission::ResidentExportApprove);
    let after = paging.after.and_then(|after| after.parse().ok()).unwrap_or(Cursor::LAST);
    let account = if may_approve { None } else { Some(viewer.account) };
    let listed = export_request::list(&mut app.db.read().await?, viewer.tenant, account, after, PAGE).await?;
    let next = listed.next.map(|after| format!("/residents/exports?after={after}"));
    let (account, now) = (viewer.account, app.means.now());
    page(&ExportsPage { shell, requests: listed.items, next, account, now, may_approve })
}

async fn decide(State(app): State<App>, viewer: Viewer, Path(id): Path<Uuid>, mut form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::ResidentExportApprove)?;
    let mut tx = app.db.begin().await?;
    export_request::export_request(&mut tx, viewer.tenant, id).await?;
    let flash = if form.is("decision", "approve") {
        export_request::decide(&mut tx, &act, id, None).await?;
        "已批准，申请人可以领取一次"
    } else {
        let answer = form.text("answer", "为什么不批", 2..=200);
        if let Some((_, sentence)) = form.errors().next() {
            return Ok(redirect("/residents/exports", sentence));
        }
        export_request::decide(&mut tx, &act, id, Some(&answer)).await?;
        "没有批准，理由会告诉申请人"
    };
    tx.commit().await?;
    Ok(redirect("/residents/exports", flash))
}

/// The roll with whole numbers, with the name of whoever took it away and the time on every page.
async fn take(State(app): State<App>, viewer: Viewer, Path(id): Path<Uuid>, _form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::ResidentExport)?;
    let scope = viewer.scope(Permission::ResidentExport);
    let mut tx = app.db.read().await?;
    let request = export_request::ready(&mut tx, &act, Kind::Residents, id).await?;
    let filter = Asked::of(&request.query).filter();
    let rows = export::rows(&mut tx, &act, &scope, &filter, (super::today(&act), true)).await?;
    drop(tx);
    let people = rows.len();
    let mark = format!("{} {} 导出，号码完整，用完请销毁", viewer.name, show::day_and_time(&act.at));
    let content = tokio::task::spawn_blocking(move || workbook::filled(rows, Some(&mark)))
        .await
        .map_err(|error| Error::Internal(error.into()))??;
    let mut tx = app.db.begin().await?;
    export_request::take(&mut tx, &act, id, people).await?;
    tx.commit().await?;
    Ok(workbook::response(content, "居民名单（完整号码）.xlsx"))
}
