//! The materials that a community was sent, for its volunteers' law talks.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use db::Cursor;
use serde::Deserialize;
use uuid::Uuid;

use super::material::answer;
use crate::access::{Permission, Routes, Viewer};
use crate::app::App;
use crate::error::Result;
use crate::lecture::sharing::{self, KEPT_CONTENT, Kept};
use crate::lecture::store::Content;
use crate::web::{Shell, page};

pub fn routes() -> Routes {
    Routes::default()
        .get("/law-materials", Permission::VolunteerRead, list)
        .get("/law-materials/{id}/file", Permission::VolunteerRead, file)
}

const PAGE: usize = 50;

#[derive(Template)]
#[template(path = "lecture/web/kept.html")]
struct KeptPage {
    shell: Shell,
    materials: Vec<Kept>,
    next: Option<String>,
}

#[derive(Deserialize)]
struct Paging {
    before: Option<String>,
}

async fn list(State(app): State<App>, viewer: Viewer, shell: Shell, Query(paging): Query<Paging>) -> Result<Response> {
    let before = paging.before.and_then(|text| text.parse().ok()).unwrap_or(Cursor::LAST);
    let found = sharing::kept(&mut app.db.read().await?, viewer.tenant, before, PAGE).await?;
    let next = found.next.map(|cursor| format!("/law-materials?before={cursor}"));
    page(&KeptPage { shell, materials: found.items, next })
}

async fn file(State(app): State<App>, viewer: Viewer, Path(id): Path<Uuid>, headers: HeaderMap) -> Result<Response> {
    let content: Content = app.db.read().await?.one(KEPT_CONTENT.bind(viewer.tenant).bind(id)).await?;
    Ok(answer(content, &headers))
}
