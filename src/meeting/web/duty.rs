//! The list of meetings that should be held.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use crate::access::{Permission, Routes, Viewer};
use crate::app::App;
use crate::error::Result;
use crate::meeting::duty::{self, Duties};
use crate::web::{Shell, page};

pub fn routes() -> Routes {
    Routes::default().get("/meetings/duties", Permission::MeetingHold, list)
}

#[derive(Template)]
#[template(path = "meeting/web/duties.html")]
struct DutiesPage {
    shell: Shell,
    all: Vec<Duties>,
}

async fn list(State(app): State<App>, viewer: Viewer, shell: Shell) -> Result<Response> {
    let mut tx = app.db.read().await?;
    let all = duty::duties(&mut tx, &viewer, app.means.now()).await?;
    page(&DutiesPage { shell, all })
}
