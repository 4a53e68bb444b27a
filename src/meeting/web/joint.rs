//! 联席会议表 of an estate and a month, to read, to print and as a Word file.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use jiff::ToSpan;
use jiff::civil::Date;
use serde::Deserialize;
use uuid::Uuid;

use crate::access::{Permission, Routes, Viewer};
use crate::app::App;
use crate::document::{self, Paper};
use crate::error::Result;
use crate::meeting::joint;
use crate::place::{self, Estate};
use crate::web::{Shell, page};

pub fn routes() -> Routes {
    use Permission::MeetingHold;
    Routes::default().get("/estates/{id}/joint-meetings", MeetingHold, show).get(
        "/estates/{id}/joint-meetings.docx",
        MeetingHold,
        file,
    )
}

#[derive(Deserialize)]
struct Asked {
    /// Any day of the month; this month if there is none.
    month: Option<String>,
}

#[derive(Template)]
#[template(path = "meeting/web/joint.html")]
struct TablePage {
    shell: Shell,
    estate: Estate,
    paper: Paper,
    month: Date,
    before: Date,
    after: Date,
}

async fn table(app: &App, viewer: &Viewer, id: Uuid, asked: &Asked) -> Result<(Estate, Paper, Date)> {
    let today = app.means.now().to_zoned_datetime(calendar::shanghai()).date();
    // A date of somebody's own making may lie at the end of all calendars.
    let asked = asked.month.as_deref().and_then(|text| text.parse::<Date>().ok());
    let month = asked.filter(|day| (2000..=2200).contains(&day.year())).unwrap_or(today).first_of_month();
    let mut tx = app.db.read().await?;
    let estate = place::estate_within(&mut tx, viewer.tenant, &viewer.scope(Permission::MeetingHold), id).await?;
    let paper = joint::table(&mut tx, viewer.tenant, &estate, month).await?;
    Ok((estate, paper, month))
}

async fn show(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    Query(asked): Query<Asked>,
) -> Result<Response> {
    let (estate, paper, month) = table(&app, &viewer, id, &asked).await?;
    page(&TablePage { shell, estate, paper, month, before: month - 1.month(), after: month + 1.month() })
}

async fn file(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<Uuid>,
    Query(asked): Query<Asked>,
) -> Result<Response> {
    document::response(&table(&app, &viewer, id, &asked).await?.1)
}
