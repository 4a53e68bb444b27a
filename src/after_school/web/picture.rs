//! Pictures of a session: whoever holds it takes them and says who is in them; guardians see those of their child.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use uuid::Uuid;

use super::roll::{Holding, held_by_keeper, held_by_staff};
use super::{Options, guardian};
use crate::access::{Need, Permission, Routes, Viewer};
use crate::after_school::picture::{self, Picture, Shown};
use crate::after_school::roll;
use crate::after_school::session_store::Session;
use crate::app::{App, ClientAddress};
use crate::error::{Error, Result};
use crate::photo::{self, Size};
use crate::web::{Form, Shell, page, page_again, redirect};

pub fn routes() -> Routes {
    use Permission::ChildManage;
    Routes::default()
        .get("/class-sessions/{id}/pictures", ChildManage, show)
        .post("/class-sessions/{id}/pictures", ChildManage, add)
        .get("/class-sessions/{id}/pictures/{picture}", ChildManage, look)
        .post("/class-sessions/{id}/pictures/{picture}", ChildManage, say)
        .get("/class-keepers/{link}/pictures", Need::Public, show_to_keeper)
        .post("/class-keepers/{link}/pictures", Need::Public, add_of_keeper)
        .get("/class-keepers/{link}/pictures/{picture}", Need::Public, look_of_keeper)
        .post("/class-keepers/{link}/pictures/{picture}", Need::Public, say_of_keeper)
        .get("/guardians/{link}/pictures/{picture}", Need::Public, look_of_guardian)
        .post("/guardians/{link}/pictures/{picture}", Need::Public, remove_of_guardian)
}

#[derive(Template)]
#[template(path = "after_school/web/pictures.html")]
struct PicturesPage {
    shell: Shell,
    base: String,
    session: Session,
    pictures: Vec<Picture>,
    shown: Vec<Shown>,
    /// Those who may be in a picture.
    agreed: Options,
    /// Those who are there and may not.
    others: Vec<String>,
    /// A child was left behind.
    alarmed: bool,
    form: Form,
}

impl PicturesPage {
    fn shows(&self, picture: &Picture, child: &str) -> bool {
        let is = |shown: &&Shown| shown.picture_id == picture.id && shown.child_id.to_string() == child;
        self.shown.iter().any(|shown| is(&shown))
    }

    fn is_shown(&self, picture: &Picture) -> bool {
        self.shown.iter().any(|shown| shown.picture_id == picture.id)
    }
}

async fn pictures_page(app: &App, holding: Holding, shell: Shell, form: Form) -> Result<PicturesPage> {
    let Holding { act, session, by, base } = holding;
    let mut tx = app.db.read().await?;
    let (pictures, shown) = picture::of_session(&mut tx, act.tenant, session.id).await?;
    let may = picture::agreed_at(&mut tx, act.tenant, session.id).await?;
    let rows = roll::rows(&mut tx, &act, &session).await?;
    let rows: Vec<roll::Row> = rows.into_iter().filter(|row| row.presence.arrived_at.is_some()).collect();
    let read = Vec::from_iter(&rows);
    let anew = roll::sees_anew(&mut tx, &act, &session, &read, by.id).await?;
    drop(tx);
    if anew {
        let mut tx = app.db.begin().await?;
        roll::see(&mut tx, &act, &session, &read, &by, "课堂照片").await?;
        tx.commit().await?;
    }
    let (agreed, others): (Vec<_>, Vec<_>) = rows.iter().partition(|row| may.contains(&row.child.id));
    let name = |row: &&roll::Row| row.child.name().to_owned();
    Ok(PicturesPage {
        agreed: agreed.iter().map(|row| (row.child.id.to_string(), name(row))).collect(),
        others: others.iter().map(name).collect(),
        alarmed: rows.iter().any(|row| row.presence.alarm_at.is_some()),
        shell,
        base,
        session,
        pictures,
        shown,
        form,
    })
}

/// Keeps the pictures of a form; `false` if it has to come back.
async fn keep(app: &App, holding: &Holding, form: &mut Form) -> Result<bool> {
    let Holding { act, session, by, .. } = holding;
    let uploads = std::mem::take(&mut form.uploads);
    if uploads.is_empty() {
        form.fail("photos", "请拍一张或者选一张照片");
    }
    for upload in uploads {
        let done = match photo::prepare(upload.content).await {
            Ok(jpeg) => {
                let mut tx = app.db.begin().await?;
                let done = picture::add(&mut tx, act, session.id, &jpeg, &by.name).await;
                if done.is_ok() {
                    tx.commit().await?;
                }
                done.map(|_| ())
            }
            Err(error) => Err(error),
        };
        form.noted("photos", done)?;
    }
    Ok(form.ok())
}

/// Says who is in a picture, or removes it.
async fn settle(app: &App, holding: &Holding, id: Uuid, form: &Form) -> Result<&'static str> {
    let Holding { act, session, .. } = holding;
    let mut tx = app.db.begin().await?;
    let (pictures, _) = picture::of_session(&mut tx, act.tenant, session.id).await?;
    let known = pictures.into_iter().find(|known| known.id == id).ok_or(Error::NotFound)?;
    let said = if form.is("step", "remove") {
        picture::remove(&mut tx, act, &known, "").await?;
        "删掉了"
    } else {
        let children: Option<Vec<Uuid>> = form.values("child").map(|child| child.parse().ok()).collect();
        let children = children.filter(|children| !children.is_empty());
        let children = children.ok_or_else(|| Error::refused("请勾上照片里有谁，没有孩子的照片不用留"))?;
        picture::show(&mut tx, act, &known, &children).await?;
        "记下了，这些孩子的家长看得到了"
    };
    tx.commit().await?;
    Ok(said)
}

async fn jpeg(app: &App, holding: &Holding, id: Uuid) -> Result<Response> {
    let Holding { act, session, .. } = holding;
    let content = picture::read(&mut app.db.read().await?, act, (session.id, id), Size::Thumbnail).await?;
    Ok(shown_once(content))
}

/// A child's face is not left behind in a browser.
fn shown_once(jpeg: Vec<u8>) -> Response {
    ([(CONTENT_TYPE, "image/jpeg"), (CACHE_CONTROL, "no-store")], jpeg).into_response()
}

async fn added(app: &App, holding: Holding, shell: Shell, mut form: Form) -> Result<Response> {
    if keep(app, &holding, &mut form).await? {
        return Ok(redirect(&format!("{}/pictures", holding.base), "照片存好了，请勾上里面有谁"));
    }
    page_again(&pictures_page(app, holding, shell, form).await?)
}

async fn settled(app: &App, holding: Holding, shell: Shell, id: Uuid, mut form: Form) -> Result<Response> {
    let done = settle(app, &holding, id, &form).await;
    match form.noted("child", done)? {
        Some(words) => Ok(redirect(&format!("{}/pictures", holding.base), words)),
        None => page_again(&pictures_page(app, holding, shell, form).await?),
    }
}

// ---------- for staff ----------

async fn show(State(app): State<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    let holding = held_by_staff(&app, &viewer, id).await?;
    page(&pictures_page(&app, holding, shell, Form::default()).await?)
}

async fn add(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    form: Form,
) -> Result<Response> {
    added(&app, held_by_staff(&app, &viewer, id).await?, shell, form).await
}

async fn look(State(app): State<App>, viewer: Viewer, Path((id, picture)): Path<(Uuid, Uuid)>) -> Result<Response> {
    jpeg(&app, &held_by_staff(&app, &viewer, id).await?, picture).await
}

async fn say(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path((id, picture)): Path<(Uuid, Uuid)>,
    form: Form,
) -> Result<Response> {
    settled(&app, held_by_staff(&app, &viewer, id).await?, shell, picture, form).await
}

// ---------- by a keeper's link ----------

async fn show_to_keeper(State(app): State<App>, shell: Shell, Path(link): Path<String>) -> Result<Response> {
    let holding = held_by_keeper(&app, &link).await?;
    page(&pictures_page(&app, holding, shell, Form::default()).await?)
}

async fn add_of_keeper(State(app): State<App>, shell: Shell, Path(link): Path<String>, form: Form) -> Result<Response> {
    added(&app, held_by_keeper(&app, &link).await?, shell, form).await
}

async fn look_of_keeper(State(app): State<App>, Path((link, picture)): Path<(String, Uuid)>) -> Result<Response> {
    jpeg(&app, &held_by_keeper(&app, &link).await?, picture).await
}

async fn say_of_keeper(
    State(app): State<App>,
    shell: Shell,
    Path((link, picture)): Path<(String, Uuid)>,
    form: Form,
) -> Result<Response> {
    settled(&app, held_by_keeper(&app, &link).await?, shell, picture, form).await
}

// ---------- for guardians ----------

/// Errors: not found of a picture in which the child is not.
async fn look_of_guardian(State(app): State<App>, Path((link, id)): Path<(String, Uuid)>) -> Result<Response> {
    let mut tx = app.db.read().await?;
    let (act, child) = guardian::by_link(&app, &mut tx, &link).await?;
    let pictures = picture::of_child(&mut tx, act.tenant, child.id).await?;
    let known = pictures.into_iter().find(|known| known.id == id).ok_or(Error::NotFound)?;
    Ok(shown_once(picture::read(&mut tx, &act, (known.session_id, id), Size::Full).await?))
}

/// A guardian does not want a picture of their child.
async fn remove_of_guardian(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    Path((link, id)): Path<(String, Uuid)>,
    _form: Form,
) -> Result<Response> {
    let mut tx = app.db.begin().await?;
    let (act, child) = guardian::by_link(&app, &mut tx, &link).await?;
    app.posts.check(address)?;
    let pictures = picture::of_child(&mut tx, act.tenant, child.id).await?;
    let known = pictures.into_iter().find(|known| known.id == id).ok_or(Error::NotFound)?;
    picture::remove(&mut tx, &act, &known, "监护人要求删掉").await?;
    tx.commit().await?;
    Ok(redirect(&format!("/guardians/{link}"), "照片删掉了"))
}
