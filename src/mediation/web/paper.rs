//! The papers of a case, to be printed or kept as Word files. They carry names and numbers, so whoever wants one says why first.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use uuid::Uuid;

use crate::access::{Permission, Routes, Viewer};
use crate::app::App;
use crate::document::{self, Paper};
use crate::error::{Error, Result};
use crate::mediation::paper::Sheet;
use crate::mediation::store::{self, Mediation};
use crate::web::{Shell, page};

pub fn routes() -> Routes {
    Routes::default().get("/mediations/{id}/papers/{paper}", Permission::MediationWork, show).get(
        "/mediations/{id}/papers/{paper}/paper.docx",
        Permission::MediationWork,
        file,
    )
}

async fn paper(app: &App, viewer: &Viewer, id: Uuid, code: &str) -> Result<(Mediation, Paper)> {
    let sheet = Sheet::parse(code).ok_or(Error::NotFound)?;
    let act = app.act(viewer, Permission::MediationWork)?;
    let mut tx = app.db.read().await?;
    let mediation = store::readable(&mut tx, viewer, id).await?;
    if store::opened(&mut tx, &act, id).await?.is_none() {
        return Err(Error::refused("文书上有完整的姓名和号码。请先在这件调解的页面上写明原因，再打开文书。"));
    }
    let case = store::case(&mut tx, &act, mediation.clone()).await?;
    Ok((mediation, case.sheet(sheet)))
}

#[derive(Template)]
#[template(path = "mediation/web/paper.html")]
struct PaperPage {
    shell: Shell,
    mediation: Mediation,
    paper: Paper,
    file: String,
}

async fn show(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path((id, code)): Path<(Uuid, String)>,
) -> Result<Response> {
    let (mediation, paper) = paper(&app, &viewer, id, &code).await?;
    page(&PaperPage { shell, mediation, paper, file: format!("/mediations/{id}/papers/{code}/paper.docx") })
}

async fn file(State(app): State<App>, viewer: Viewer, Path((id, code)): Path<(Uuid, String)>) -> Result<Response> {
    document::response(&paper(&app, &viewer, id, &code).await?.1)
}
