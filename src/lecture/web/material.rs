//! Materials: taken in, de-identified by one person, looked at again by another, played.

use askama::Template;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::header::{ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_RANGE, CONTENT_TYPE, RANGE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use db::Cursor;
use serde::Deserialize;
use uuid::Uuid;

use super::{Options, chosen, offered};
use crate::access::{Permission, Routes, Viewer};
use crate::app::App;
use crate::error::Result;
use crate::lecture::material::{self, MaterialSketch};
use crate::lecture::model::{MaterialKind, SubjectKind};
use crate::lecture::sharing::{self, Sending};
use crate::lecture::store::{self, CONTENT, Content, Material};
use crate::web::{Form, Shell, page, page_again, redirect};

pub fn routes() -> Routes {
    use Permission::{LectureArrange, LectureRead};
    Routes::default()
        .get("/lecture-materials", LectureRead, list)
        .get("/lecture-materials/new", LectureArrange, new)
        .post("/lecture-materials", LectureArrange, create)
        .get("/lecture-materials/{id}", LectureRead, show)
        .get("/lecture-materials/{id}/file", LectureRead, file)
        .post("/lecture-materials/{id}/steps", LectureArrange, step)
        .post("/lecture-materials/{id}/sendings", LectureArrange, share)
}

const PAGE: usize = 50;

#[derive(Template)]
#[template(path = "lecture/web/materials.html")]
struct ListPage {
    shell: Shell,
    materials: Vec<Material>,
    next: Option<String>,
    may_arrange: bool,
}

#[derive(Deserialize)]
struct Paging {
    before: Option<String>,
}

async fn list(State(app): State<App>, viewer: Viewer, shell: Shell, Query(paging): Query<Paging>) -> Result<Response> {
    let before = paging.before.and_then(|text| text.parse().ok()).unwrap_or(Cursor::LAST);
    let materials = store::materials(&mut app.db.read().await?, viewer.tenant, before, PAGE).await?;
    let next = materials.next.map(|cursor| format!("/lecture-materials?before={cursor}"));
    page(&ListPage { shell, materials: materials.items, next, may_arrange: viewer.may(Permission::LectureArrange) })
}

#[derive(Template)]
#[template(path = "lecture/web/material-form.html")]
struct FormPage {
    shell: Shell,
    form: Form,
    topics: Options,
}

impl FormPage {
    fn kinds(&self) -> Vec<(&'static str, &'static str)> {
        MaterialKind::ALL.iter().map(|kind| (kind.code(), kind.label())).collect()
    }
}

async fn new(State(app): State<App>, viewer: Viewer, shell: Shell) -> Result<Response> {
    let topics = offered(&store::subjects(&mut app.db.read().await?, viewer.tenant, SubjectKind::Topic).await?);
    page(&FormPage { shell, form: Form::default(), topics })
}

async fn create(State(app): State<App>, viewer: Viewer, shell: Shell, mut form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::LectureArrange)?;
    let topics = offered(&store::subjects(&mut app.db.read().await?, viewer.tenant, SubjectKind::Topic).await?);
    let kind = form.choice("kind", "是什么材料", MaterialKind::parse);
    let title = form.text("title", "名称", 2..=60);
    let topic = form.choice("topic", "主题", |code| chosen(&topics, code));
    let upload = form.uploads.iter().find(|upload| upload.field == "file").cloned();
    let mut read = None;
    match upload {
        None => form.fail("file", "请选择文件"),
        Some(upload) => {
            let done = material::read(upload.content, &upload.file_name).await;
            read = form.noted("file", done)?.map(|(kind, content)| (kind, content, upload.file_name));
        }
    }
    if form.ok()
        && let Some(((kind, topic), (media_type, content, file_name))) = kind.zip(topic).zip(read)
    {
        let mut tx = app.db.begin().await?;
        let new = MaterialSketch { kind, title, topic, file_name, media_type, content };
        let id = material::add(&mut tx, &act, new).await?;
        tx.commit().await?;
        return Ok(redirect(&format!("/lecture-materials/{id}"), "已传上来。脱敏、审核以后才能用"));
    }
    page_again(&FormPage { shell, form, topics })
}

#[derive(Template)]
#[template(path = "lecture/web/material.html")]
struct MaterialPage {
    shell: Shell,
    material: Material,
    /// Whoever is signed in has de-identified it, so somebody else has to review.
    own: bool,
    sendings: Vec<Sending>,
    may_arrange: bool,
    form: Form,
}

async fn material_page(app: &App, viewer: &Viewer, shell: Shell, id: Uuid, form: Form) -> Result<MaterialPage> {
    let mut tx = app.db.read().await?;
    let material = store::material(&mut tx, viewer.tenant, id).await?;
    let sendings = sharing::sendings(&mut tx, viewer.tenant, id).await?;
    let own = material.desensitised_by == Some(viewer.account);
    Ok(MaterialPage { shell, material, own, sendings, may_arrange: viewer.may(Permission::LectureArrange), form })
}

async fn show(State(app): State<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    page(&material_page(&app, &viewer, shell, id, Form::default()).await?)
}

async fn step(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::LectureArrange)?;
    let mut tx = app.db.begin().await?;
    let known = store::material(&mut tx, viewer.tenant, id).await?;
    let seen = form.version();
    let (said, done) = match form.value("step") {
        "desensitise" if !form.is("sure", "yes") => {
            form.fail("sure", "请看过以后勾上这一条");
            ("", Ok(()))
        }
        "desensitise" => ("已记下脱敏，请另一个人审核", material::desensitise(&mut tx, &act, &known, seen).await),
        "approve" => ("审核通过，可以用了", material::review(&mut tx, &act, &known, seen, Ok(())).await),
        "give_back" => {
            let why = form.open_text("why", "原因", 2..=100, "不要写电话或身份证号");
            let done = if form.ok() { material::review(&mut tx, &act, &known, seen, Err(&why)).await } else { Ok(()) };
            ("已退回，重新脱敏", done)
        }
        "withdraw" => {
            let why = form.open_text("why", "原因", 2..=100, "不要写电话或身份证号");
            let done = if form.ok() { material::withdraw(&mut tx, &act, &known, seen, &why).await } else { Ok(()) };
            ("已停用", done)
        }
        _ => ("", Err(crate::error::Error::refused("没有看懂要做什么，请再点一次"))),
    };
    if form.ok() && form.noted("step", done)?.is_some() {
        tx.commit().await?;
        return Ok(redirect(&format!("/lecture-materials/{id}"), said));
    }
    drop(tx);
    page_again(&material_page(&app, &viewer, shell, id, form).await?)
}

/// The material goes to a community as a message.
async fn share(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::LectureArrange)?;
    let mut tx = app.db.begin().await?;
    let known = store::material(&mut tx, viewer.tenant, id).await?;
    let code = codes::text::half_width(form.value("code").trim());
    let done = sharing::share(&mut tx, &act, &known, &code).await;
    if form.ended(tx, "code", done).await?.is_some() {
        return Ok(redirect(&format!("/lecture-materials/{id}"), "已送出，到了这里看得到"));
    }
    page_again(&material_page(&app, &viewer, shell, id, form).await?)
}

async fn file(State(app): State<App>, viewer: Viewer, Path(id): Path<Uuid>, headers: HeaderMap) -> Result<Response> {
    let content: Content = app.db.read().await?.one(CONTENT.bind(viewer.tenant).bind(id)).await?;
    Ok(answer(content, &headers))
}

/// A file as an answer, or the part of it that a player asks for.
pub fn answer(file: Content, headers: &HeaderMap) -> Response {
    let shown = ["video/", "image/", "application/pdf"].iter().any(|kind| file.media_type.starts_with(kind));
    let name: String = form_urlencoded::byte_serialize(file.file_name.as_bytes()).collect();
    let way = if shown { "inline" } else { "attachment" };
    let mut response = [
        (CONTENT_TYPE, file.media_type),
        (CONTENT_DISPOSITION, format!("{way}; filename*=UTF-8''{name}")),
        (CACHE_CONTROL, "private, max-age=3600".to_owned()),
        (ACCEPT_RANGES, "bytes".to_owned()),
    ]
    .into_response();
    let whole = file.content.len();
    let asked = headers.get(RANGE).and_then(|value| value.to_str().ok()).and_then(|text| part(text, whole));
    *response.body_mut() = match asked {
        None => Body::from(file.content),
        Some((from, to)) => {
            *response.status_mut() = StatusCode::PARTIAL_CONTENT;
            if let Ok(value) = format!("bytes {from}-{to}/{whole}").parse() {
                response.headers_mut().insert(CONTENT_RANGE, value);
            }
            Body::from(file.content.get(from..=to).unwrap_or_default().to_vec())
        }
    };
    response
}

/// The first and the last byte of `bytes=a-b`, `bytes=a-` or `bytes=-n`; `None` for anything else, which gets the whole file.
fn part(text: &str, whole: usize) -> Option<(usize, usize)> {
    let (from, to) = text.strip_prefix("bytes=")?.split_once('-')?;
    let last = whole.checked_sub(1)?;
    let (from, to) = match (from.is_empty(), to.is_empty()) {
        (true, _) => (whole.saturating_sub(to.parse().ok()?), last),
        (false, true) => (from.parse().ok()?, last),
        (false, false) => (from.parse().ok()?, to.parse::<usize>().ok()?.min(last)),
    };
    (from <= to).then_some((from, to))
}

#[cfg(test)]
mod tests {
    use super::part;

    #[test]
    fn a_player_asks_for_parts() {
        assert_eq!(part("bytes=0-1", 10), Some((0, 1)));
        assert_eq!(part("bytes=4-", 10), Some((4, 9)));
        assert_eq!(part("bytes=-3", 10), Some((7, 9)));
        assert_eq!(part("bytes=0-99", 10), Some((0, 9)));
        assert_eq!(part("bytes=9-3", 10), None);
        assert_eq!(part("bytes=0-1,4-5", 10), None);
        assert_eq!(part("bytes=0-", 0), None);
    }
}
