//! The papers of a meeting, to be printed or kept as Word files.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use db::Tx;
use uuid::Uuid;

use super::page::{Somebody, people};
use crate::access::{Permission, Routes, Viewer};
use crate::app::App;
use crate::document::{self, Paper};
use crate::error::{Error, Result};
use crate::meeting::model::SignIn;
use crate::meeting::paper::Record;
use crate::meeting::roll;
use crate::meeting::store::{self, Heads, Item, Meeting};
use crate::settings;
use crate::web::{Shell, page};

pub fn routes() -> Routes {
    use Permission::{MeetingHold, MeetingRead};
    Routes::default()
        .get("/meetings/{id}/sheet", MeetingHold, show_sheet)
        .get("/meetings/{id}/sheet.docx", MeetingHold, sheet_file)
        .get("/meetings/{id}/items/{item}/resolution", MeetingRead, show_resolution)
        .get("/meetings/{id}/items/{item}/resolution.docx", MeetingRead, resolution_file)
}

#[derive(Template)]
#[template(path = "meeting/web/paper.html")]
struct PaperPage {
    shell: Shell,
    meeting: Meeting,
    paper: Paper,
    file: String,
}

/// What the papers of a meeting are made of.
pub(super) struct Kept {
    pub meeting: Meeting,
    pub items: Vec<Item>,
    pub heads: Heads,
    pub people: Vec<Somebody>,
    posts: HashMap<Uuid, String>,
    pub rules: SignIn,
}

impl Kept {
    pub async fn read(tx: &mut Tx, app: &App, viewer: &Viewer, id: Uuid, permission: Permission) -> Result<Kept> {
        let meeting = store::meeting_for(tx, viewer, id, permission).await?;
        let items = store::items(tx, viewer.tenant, id).await?;
        let heads = store::heads(tx, viewer.tenant, id).await?;
        let people = people(tx, app, viewer.tenant, id).await?;
        let rules = settings::read(tx, viewer.tenant, meeting.planned_at).await?;
        let posts = roll::posts(tx, viewer.tenant, &meeting).await?;
        Ok(Kept { meeting, items, heads, people, posts, rules })
    }

    pub fn record(&self) -> Record<'_> {
        let Kept { meeting, items, heads, people, posts, rules } = self;
        Record { meeting, items, heads, people, posts, rules }
    }
}

async fn sheet(app: &App, viewer: &Viewer, id: Uuid) -> Result<(Meeting, Paper)> {
    let kept = Kept::read(&mut app.db.read().await?, app, viewer, id, Permission::MeetingHold).await?;
    let paper = kept.record().sheet();
    Ok((kept.meeting, paper))
}

async fn show_sheet(State(app): State<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    let (meeting, paper) = sheet(&app, &viewer, id).await?;
    page(&PaperPage { shell, meeting, paper, file: format!("/meetings/{id}/sheet.docx") })
}

async fn sheet_file(State(app): State<App>, viewer: Viewer, Path(id): Path<Uuid>) -> Result<Response> {
    document::response(&sheet(&app, &viewer, id).await?.1)
}

async fn resolution(app: &App, viewer: &Viewer, id: Uuid, item: Uuid) -> Result<(Meeting, Paper)> {
    let kept = Kept::read(&mut app.db.read().await?, app, viewer, id, Permission::MeetingRead).await?;
    let item = kept.items.iter().find(|known| known.id == item).ok_or(Error::NotFound)?;
    let paper = kept.record().resolution(item);
    Ok((kept.meeting, paper))
}

async fn show_resolution(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path((id, item)): Path<(Uuid, Uuid)>,
) -> Result<Response> {
    let (meeting, paper) = resolution(&app, &viewer, id, item).await?;
    page(&PaperPage { shell, meeting, paper, file: format!("/meetings/{id}/items/{item}/resolution.docx") })
}

async fn resolution_file(
    State(app): State<App>,
    viewer: Viewer,
    Path((id, item)): Path<(Uuid, Uuid)>,
) -> Result<Response> {
    document::response(&resolution(&app, &viewer, id, item).await?.1)
}
