//! The workbook for 志愿服务信息系统: masked at once, or whole once the secretary has approved of it.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use jiff::civil::Date;
use serde::Deserialize;
use uuid::Uuid;

use crate::access::{Act, Permission, Routes, Viewer};
use crate::app::App;
use crate::error::{Error, Result};
use crate::registry::export_request::{self, Kind, Roll};
use crate::volunteer::card::today;
use crate::volunteer::export::{self, Days, Export};
use crate::web::{Form, Shell, page, page_again, redirect, show};
use crate::{audit, workbook};

pub fn routes() -> Routes {
    use Permission::{ResidentExport, VolunteerRead};
    Routes::default()
        .get("/volunteer-exports", VolunteerRead, list)
        .post("/volunteer-exports", ResidentExport, ask)
        .post("/volunteer-exports/workbook", VolunteerRead, download)
        .post("/volunteer-exports/{export}/workbook", ResidentExport, take)
}

struct Found {
    words: String,
    people: usize,
    records: usize,
}

#[derive(Template)]
#[template(path = "volunteer/web/export.html")]
struct ExportPage {
    shell: Shell,
    form: Form,
    /// Of days that can be read.
    found: Option<Found>,
    may_ask: bool,
}

/// The days of a form; from the first of this year until today where nothing is said.
fn read_days(form: &mut Form) -> Option<Days> {
    let first = form.choice("from", "从哪天", |text| text.parse::<Date>().ok());
    let last = form.choice("until", "到哪天", |text| text.parse::<Date>().ok());
    let days = Days { first: first?, last: last? };
    if days.first > days.last {
        form.fail("until", "开始的日子要在结束的日子以前");
        return None;
    }
    Some(days)
}

async fn read(app: &App, act: &Act, viewer: &Viewer, days: Days, whole: bool) -> Result<Export> {
    let scope = viewer.scope(Permission::VolunteerRead);
    export::read(&mut app.db.read().await?, act, &scope, days, whole).await
}

async fn export_page(app: &App, viewer: &Viewer, shell: Shell, mut form: Form) -> Result<ExportPage> {
    let act = app.act(viewer, Permission::VolunteerRead)?;
    let days = read_days(&mut form);
    let found = match days {
        Some(days) => {
            let read = read(app, &act, viewer, days, false).await;
            let words = days.words();
            form.noted("until", read)?.map(|read| Found { words, people: read.people, records: read.records })
        }
        None => None,
    };
    Ok(ExportPage { shell, form, found, may_ask: viewer.may(Permission::ResidentExport) })
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    from: String,
    #[serde(default)]
    until: String,
}

async fn list(State(app): State<App>, viewer: Viewer, shell: Shell, Query(asked): Query<Asked>) -> Result<Response> {
    let today = today(&app.act(&viewer, Permission::VolunteerRead)?);
    let or = |text: String, usual: Date| if text.is_empty() { usual.to_string() } else { text };
    let (from, until) = (or(asked.from, today.first_of_year()), or(asked.until, today));
    let form = Form::filled(&[("from", &from), ("until", &until)]);
    let shown = export_page(&app, &viewer, shell, form).await?;
    if shown.form.ok() { page(&shown) } else { page_again(&shown) }
}

async fn ask(State(app): State<App>, viewer: Viewer, shell: Shell, mut form: Form) -> Result<Response> {
    let reason = form.text("reason", "做什么用", 5..=200);
    if codes::text::personal(&reason).is_some() {
        form.fail("reason", "原因会写进审计记录，请不要写电话或身份证号");
    }
    let shown = export_page(&app, &viewer, shell, form).await?;
    let mut form = shown.form;
    let (Some(found), Some(days), true) = (&shown.found, read_days(&mut form), form.ok()) else {
        return page_again(&ExportPage { form, ..shown });
    };
    let act = app.act(&viewer, Permission::ResidentExport)?;
    let people = i64::try_from(found.people).unwrap_or(i64::MAX);
    let roll =
        Roll {
            query: format!("{} {}", days.first, days.last), words: format!("志愿服务记录 {}", found.words), people
        };
    let mut tx = app.db.begin().await?;
    export_request::ask(&mut tx, &act, Kind::Volunteers, roll, &reason).await?;
    tx.commit().await?;
    Ok(redirect("/residents/exports", "已提交，社区书记批准后在这里领取"))
}

async fn written(export: Export, mark: String, name: &str) -> Result<Response> {
    let made = tokio::task::spawn_blocking(move || workbook::marked(&export.tables, &mark)).await;
    let content = made.map_err(|error| Error::Internal(error.into()))??;
    Ok(workbook::response(content, name))
}

async fn download(State(app): State<App>, viewer: Viewer, shell: Shell, mut form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::VolunteerRead)?;
    let Some(days) = read_days(&mut form) else {
        return page_again(&export_page(&app, &viewer, shell, form).await?);
    };
    let export = read(&app, &act, &viewer, days, false).await?;
    let mut tx = app.db.begin().await?;
    let words = format!("{}，{} 人，{} 条", days.words(), export.people, export.records);
    audit::record(&mut tx, &act, "export", ("volunteer_hours", viewer.tenant), &words, &[]).await?;
    tx.commit().await?;
    let mark = format!("{} {} 导出，号码已打码", viewer.name, show::day_and_time(&act.at));
    written(export, mark, "志愿服务记录.xlsx").await
}

/// The whole workbook, with the name of whoever took it away and the time on every page.
async fn take(State(app): State<App>, viewer: Viewer, Path(id): Path<Uuid>, _form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::ResidentExport)?;
    let request = export_request::ready(&mut app.db.read().await?, &act, Kind::Volunteers, id).await?;
    let days = request.query.split_once(' ');
    let days = days.and_then(|(first, last)| first.parse().ok().zip(last.parse().ok()));
    let (first, last) = days.ok_or(Error::NotFound)?;
    let export = read(&app, &act, &viewer, Days { first, last }, true).await?;
    let mut tx = app.db.begin().await?;
    export_request::take(&mut tx, &act, id, export.people).await?;
    tx.commit().await?;
    let mark = format!("{} {} 导出，号码完整，用完请销毁", viewer.name, show::day_and_time(&act.at));
    written(export, mark, "志愿服务记录（完整号码）.xlsx").await
}
