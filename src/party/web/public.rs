//! 亮身份 on the public board. The page is composed here, under the board's address: what the board publishes is a snapshot
//! that never changes, and whoever takes their consent back must be gone at once.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use uuid::Uuid;

use crate::access::{self, Need, Routes};
use crate::app::App;
use crate::error::{Error, Result};
use crate::party::consent::{self, Shown};
use crate::place::{self, Estate};
use crate::web::{Shell, page};

pub fn routes() -> Routes {
    Routes::default().get("/board/{code}/estates/{id}/members", Need::Public, show)
}

#[derive(Template)]
#[template(path = "party/web/public.html")]
struct PublicPage {
    shell: Shell,
    code: String,
    estate: Estate,
    buildings: Vec<(Option<String>, Vec<Shown>)>,
}

async fn show(State(app): State<App>, shell: Shell, Path((code, id)): Path<(String, Uuid)>) -> Result<Response> {
    let mut tx = app.db.read().await?;
    let tenant = access::tenant_by_code(&mut tx, &code).await?.ok_or(Error::NotFound)?;
    let estate = place::estate(&mut tx, tenant.tenant_id, id).await?;
    let buildings = consent::shown(&mut tx, tenant.tenant_id, id).await?;
    page(&PublicPage { shell: shell.of_community(&tenant.name, &tenant.code), code, estate, buildings })
}
