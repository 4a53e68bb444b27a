//! What a period came to, as a page, a Word file and a workbook.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use jiff::civil::{Date, date};
use serde::Deserialize;

use super::a_day;
use crate::access::{Permission, Routes, Viewer};
use crate::app::App;
use crate::document::{self, Paper};
use crate::error::Result;
use crate::lecture::model::today;
use crate::lecture::school;
use crate::lecture::summary::{self, Summary};
use crate::web::{Form, Shell, page};
use crate::workbook::{self, Cell, Table};

pub fn routes() -> Routes {
    use Permission::LectureRead;
    Routes::default().get("/lecture-summary", LectureRead, show).get("/lecture-summary/word", LectureRead, word).get(
        "/lecture-summary/workbook",
        LectureRead,
        sheet,
    )
}

#[derive(Deserialize)]
struct Days {
    first: Option<String>,
    last: Option<String>,
}

#[derive(Template)]
#[template(path = "lecture/web/summary.html")]
struct SummaryPage {
    shell: Shell,
    paper: Paper,
    form: Form,
    query: String,
}

/// The days that are asked for; otherwise the term of all schools that is on, or else the year.
async fn days(tx: &mut db::Tx, app: &App, viewer: &Viewer, asked: &Days) -> Result<(Date, Date)> {
    let read = |text: &Option<String>| text.as_deref().and_then(a_day);
    if let Some((first, last)) = read(&asked.first).zip(read(&asked.last)).filter(|(first, last)| first <= last) {
        return Ok((first, last));
    }
    let now = today(app.means.now());
    for term in school::terms(tx, viewer.tenant).await? {
        if let Some((first, last)) = a_day(&term.first_day).zip(a_day(&term.last_day))
            && term.school_id.is_none()
            && (first..=last).contains(&now)
        {
            return Ok((first, last));
        }
    }
    Ok((date(now.year(), 1, 1), date(now.year(), 12, 31)))
}

async fn read(app: &App, viewer: &Viewer, asked: &Days) -> Result<Summary> {
    let mut tx = app.db.read().await?;
    let days = days(&mut tx, app, viewer, asked).await?;
    summary::of_period(&mut tx, viewer.tenant, days).await
}

async fn show(State(app): State<App>, viewer: Viewer, shell: Shell, Query(asked): Query<Days>) -> Result<Response> {
    let found = read(&app, &viewer, &asked).await?;
    let (first, last) = (found.days.0.to_string(), found.days.1.to_string());
    let form = Form::filled(&[("first", &first), ("last", &last)]);
    page(&SummaryPage { shell, paper: found.paper(), form, query: format!("first={first}&last={last}") })
}

async fn word(State(app): State<App>, viewer: Viewer, Query(asked): Query<Days>) -> Result<Response> {
    document::response(&read(&app, &viewer, &asked).await?.paper())
}

async fn sheet(State(app): State<App>, viewer: Viewer, Query(asked): Query<Days>) -> Result<Response> {
    let found = read(&app, &viewer, &asked).await?;
    let cell = |text: String| text.parse::<i64>().map_or(Cell::Text(text.clone()), Cell::Number);
    let mut tables = vec![found.overview()];
    tables.extend(found.tables());
    let tables = tables.into_iter().map(|(name, table)| Table {
        columns: table.columns.into_iter().map(|(column, _)| (column, if name == "概况" { 40 } else { 14 })).collect(),
        name,
        rows: table.rows.into_iter().map(|row| row.into_iter().map(cell).collect()).collect(),
    });
    let content = workbook::of_tables(&tables.collect::<Vec<_>>())?;
    Ok(workbook::response(content, &format!("{}.xlsx", found.paper().title)))
}
