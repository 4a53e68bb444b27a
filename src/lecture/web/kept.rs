//! What a community was sent: taken or dropped, and shown at the activities of its volunteers, on a page of whoever gives a law talk.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use db::{Cursor, Tx};
use serde::Deserialize;
use uuid::Uuid;

use super::Options;
use super::material::answer;
use crate::access::{self, Link, Need, Permission, Routes, Viewer};
use crate::app::App;
use crate::error::{Error, Result};
use crate::lecture::sharing::{self, KEPT_FILE, KEPT_PART, Kept, TO_SHOW};
use crate::lecture::store::File;
use crate::volunteer::{self, Activity};
use crate::web::{Form, Shell, page, page_again, qr, redirect};

pub fn routes() -> Routes {
    use Permission::{VolunteerEdit, VolunteerRead};
    Routes::default()
        .get("/law-materials", VolunteerRead, list)
        .get("/law-materials/{id}/file", VolunteerRead, file)
        .post("/law-materials/{id}/steps", VolunteerEdit, step)
        .get("/law-talks/{activity}", VolunteerRead, talk)
        .post("/law-talks/{activity}", VolunteerEdit, change_talk)
        .get("/law-talk/{link}", Need::Public, show)
        .get("/law-talk/{link}/materials/{material}", Need::Public, play)
}

const PAGE: usize = 50;

#[derive(Template)]
#[template(path = "lecture/web/kept.html")]
struct KeptPage {
    shell: Shell,
    materials: Vec<Kept>,
    next: Option<String>,
    may_edit: bool,
    form: Form,
}

#[derive(Deserialize, Default)]
struct Paging {
    before: Option<String>,
}

async fn kept_page(app: &App, viewer: &Viewer, shell: Shell, paging: Paging, form: Form) -> Result<KeptPage> {
    let before = paging.before.and_then(|text| text.parse().ok()).unwrap_or(Cursor::LAST);
    let found = sharing::kept(&mut app.db.read().await?, viewer.tenant, before, PAGE).await?;
    let next = found.next.map(|cursor| format!("/law-materials?before={cursor}"));
    Ok(KeptPage { shell, materials: found.items, next, may_edit: viewer.may(Permission::VolunteerEdit), form })
}

async fn list(State(app): State<App>, viewer: Viewer, shell: Shell, Query(paging): Query<Paging>) -> Result<Response> {
    page(&kept_page(&app, &viewer, shell, paging, Form::default()).await?)
}

async fn file(State(app): State<App>, viewer: Viewer, Path(id): Path<Uuid>, headers: HeaderMap) -> Result<Response> {
    let mut tx = app.db.read().await?;
    let file: File = tx.one(KEPT_FILE.bind(viewer.tenant).bind(id)).await?;
    answer(&mut tx, (KEPT_PART, viewer.tenant, id), file, &headers).await
}

async fn step(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::VolunteerEdit)?;
    let mut tx = app.db.begin().await?;
    let (said, done) = match form.value("step") {
        "accept" => ("已收下，可以用到活动上", sharing::accept(&mut tx, &act, id).await),
        "drop" => ("已删去本社区的这一份", sharing::drop_kept(&mut tx, &act, id).await),
        _ => ("", Err(Error::refused("没有看懂要做什么，请再点一次"))),
    };
    if form.ended(tx, "step", done).await?.is_some() {
        return Ok(redirect("/law-materials", said));
    }
    page_again(&kept_page(&app, &viewer, shell, Paging::default(), form).await?)
}

#[derive(Template)]
#[template(path = "lecture/web/law-talk.html")]
struct TalkPage {
    shell: Shell,
    activity: Activity,
    shown: Vec<Kept>,
    /// What else could be shown.
    others: Options,
    address: String,
    picture: String,
    may_edit: bool,
    form: Form,
}

async fn within(tx: &mut Tx, viewer: &Viewer, id: Uuid) -> Result<Activity> {
    volunteer::activity_in_reach(tx, viewer.tenant, &viewer.scope(Permission::VolunteerRead), id).await
}

async fn talk_page(app: &App, viewer: &Viewer, shell: Shell, id: Uuid, form: Form) -> Result<TalkPage> {
    let mut tx = app.db.read().await?;
    let activity = within(&mut tx, viewer, id).await?;
    let shown = sharing::of_talk(&mut tx, viewer.tenant, id).await?;
    let all: Vec<Kept> = tx.all(TO_SHOW.bind(viewer.tenant)).await?;
    let others = all.into_iter().filter(|one| !shown.iter().any(|known| known.id == one.id));
    let address = app.link(&format!("/law-talk/{}", link(viewer.tenant, id, app)));
    Ok(TalkPage {
        shell,
        activity,
        others: others.map(|one| (one.id.to_string(), format!("{}：{}", one.kind, one.title))).collect(),
        shown,
        picture: qr(&address)?,
        address,
        may_edit: viewer.may(Permission::VolunteerEdit),
        form,
    })
}

async fn talk(State(app): State<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    page(&talk_page(&app, &viewer, shell, id, Form::default()).await?)
}

async fn change_talk(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::VolunteerEdit)?;
    let mut tx = app.db.begin().await?;
    within(&mut tx, &viewer, id).await?;
    if let Some(material) = form.choice("material", "材料", |code| code.parse::<Uuid>().ok()) {
        let (said, done) = if form.is("step", "detach") {
            ("已拿掉", sharing::do_not_show_at(&mut tx, &act, id, material).await)
        } else {
            ("已加上", sharing::show_at(&mut tx, &act, id, material).await)
        };
        if form.ended(tx, "material", done).await?.is_some() {
            return Ok(redirect(&format!("/law-talks/{id}"), said));
        }
    } else {
        drop(tx);
    }
    page_again(&talk_page(&app, &viewer, shell, id, form).await?)
}

/// The link of whoever gives the talk: it opens what is shown there and nothing else.
fn link(tenant: Uuid, activity: Uuid, app: &App) -> Link {
    Link::signed(tenant, activity, "law talk", &app.means.keys)
}

#[derive(Template)]
#[template(path = "lecture/web/law-talk-shown.html")]
struct ShownPage {
    shell: Shell,
    link: String,
    activity: Activity,
    shown: Vec<Kept>,
}

async fn by_link(app: &App, tx: &mut Tx, text: &str) -> Result<(Uuid, Activity)> {
    let link: Link = text.parse().map_err(|()| Error::NotFound)?;
    let activity = volunteer::activity(tx, link.tenant, link.id).await?;
    if !link.is_signed("law talk", &app.means.keys) || activity.cancelled_at.is_some() {
        return Err(Error::NotFound);
    }
    Ok((link.tenant, activity))
}

async fn show(State(app): State<App>, shell: Shell, Path(link): Path<String>) -> Result<Response> {
    let mut tx = app.db.read().await?;
    let (tenant, activity) = by_link(&app, &mut tx, &link).await?;
    let shown = sharing::of_talk(&mut tx, tenant, activity.id).await?;
    let community = access::tenant(&mut tx, tenant).await?;
    page(&ShownPage { shell: shell.of_community(&community.name, &community.code), link, activity, shown })
}

async fn play(State(app): State<App>, Path((link, id)): Path<(String, Uuid)>, headers: HeaderMap) -> Result<Response> {
    let mut tx = app.db.read().await?;
    let (tenant, activity) = by_link(&app, &mut tx, &link).await?;
    if !sharing::of_talk(&mut tx, tenant, activity.id).await?.iter().any(|one| one.id == id) {
        return Err(Error::NotFound);
    }
    let file: File = tx.one(KEPT_FILE.bind(tenant).bind(id)).await?;
    answer(&mut tx, (KEPT_PART, tenant, id), file, &headers).await
}
