//! 联席会议表 of an estate and a month, to read, to print and as a Word file.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use jiff::ToSpan;
use jiff::civil::Date;
use uuid::Uuid;

use crate::access::{Permission, Routes, Viewer};
use crate::app::App;
use crate::document::{self, Paper};
use crate::error::Result;
use crate::meeting::joint;
use crate::place::{self, Estate};
use crate::web::{Shell, page};

use super::Month;

pub fn routes() -> Routes {
    use Permission::MeetingHold;
    Routes::default().get("/estates/{id}/joint-meetings", MeetingHold, show).get(
        "/estates/{id}/joint-meetings.docx",
        MeetingHold,
        file,
    )
}

#[derive(Template)]
#[template(path = "meeting/web/joint.html")]
struct TablePage {
    shell: Shell,
    estate: Estate,
    address: String,
    paper: Paper,
    month: Date,
    before: Date,
    after: Date,
}

async fn table(app: &App, viewer: &Viewer, id: Uuid, asked: &Month) -> Result<(Estate, Paper, Date)> {
    let month = asked.first_day(app.means.now());
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
    Query(asked): Query<Month>,
) -> Result<Response> {
    let (estate, paper, month) = table(&app, &viewer, id, &asked).await?;
    let address = format!("/estates/{id}/joint-meetings");
    page(&TablePage { shell, estate, address, paper, month, before: month - 1.month(), after: month + 1.month() })
}

async fn file(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<Uuid>,
    Query(asked): Query<Month>,
) -> Result<Response> {
    document::response(&table(&app, &viewer, id, &asked).await?.1)
}
