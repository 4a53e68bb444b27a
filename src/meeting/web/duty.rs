//! The list of meetings that should be held.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use jiff::ToSpan;
use jiff::civil::Date;

use crate::access::{Permission, Routes, Viewer};
use crate::app::App;
use crate::error::Result;
use crate::meeting::duty::{self, Duties};
use crate::web::{Shell, page};

use super::Month;

pub fn routes() -> Routes {
    Routes::default().get("/meetings/duties", Permission::MeetingHold, list)
}

#[derive(Template)]
#[template(path = "meeting/web/duties.html")]
struct DutiesPage {
    shell: Shell,
    all: Vec<Duties>,
    month: Date,
    before: Date,
    after: Date,
}

async fn list(State(app): State<App>, viewer: Viewer, shell: Shell, Query(asked): Query<Month>) -> Result<Response> {
    let now = app.means.now();
    let month = asked.first_day(now);
    let mut tx = app.db.read().await?;
    let all = duty::around(&mut tx, &viewer, month, now).await?;
    page(&DutiesPage { shell, all, month, before: month - 1.month(), after: month + 1.month() })
}
