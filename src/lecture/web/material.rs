//! Materials: taken in, de-identified by one person, looked at again by another, played.

use askama::Template;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::header::{ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_RANGE, CONTENT_TYPE, RANGE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use db::{Cursor, Statement, Tx};
use serde::Deserialize;
use uuid::Uuid;

use super::{Options, chosen, offered};
use crate::access::{Permission, Routes, Viewer};
use crate::app::App;
use crate::error::{Error, Result};
use crate::lecture::material::{self, MaterialSketch};
use crate::lecture::model::{MaterialKind, SubjectKind};
use crate::lecture::sharing::{self, Sending};
use crate::lecture::store::{self, Content, FILE, File, Material, PART};
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
    let read = read_file(&mut form).await?;
    if form.ok()
        && let Some(((kind, topic), (media_type, content))) = kind.zip(topic).zip(read)
    {
        let mut tx = app.db.begin().await?;
        let new = MaterialSketch { kind, title, topic, media_type, content };
        let id = material::add(&mut tx, &act, new).await?;
        tx.commit().await?;
        return Ok(redirect(&format!("/lecture-materials/{id}"), "已传上来。脱敏、审核以后才能用"));
    }
    page_again(&FormPage { shell, form, topics })
}

/// The file of a form, as what it is found to be.
async fn read_file(form: &mut Form) -> Result<Option<(&'static str, Vec<u8>)>> {
    let Some(upload) = form.uploads.iter().find(|upload| upload.field == "file").cloned() else {
        form.fail("file", "请选择文件");
        return Ok(None);
    };
    let done = material::read(upload.content, &upload.file_name).await;
    form.noted("file", done)
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

impl MaterialPage {
    /// Which version a form is of: one that comes back was filled in by what was read then, and not by what somebody has changed meanwhile.
    fn seen(&self, step: &str) -> i64 {
        if self.form.is("step", step) { self.form.version() } else { self.material.lock_version }
    }

    fn ticked(&self, step: &str, name: &str) -> bool {
        self.form.is("step", step) && self.form.is(name, "yes")
    }
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
    let file = if form.is("step", "replace") { read_file(&mut form).await? } else { None };
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
            let erased = form.is("erased", "yes");
            let done =
                if form.ok() { material::withdraw(&mut tx, &act, &known, seen, (&why, erased)).await } else { Ok(()) };
            ("已停用，还没上的课已经拿掉", done)
        }
        "erase" => ("文件已删，收到过的社区那一份也会删掉", material::erase(&mut tx, &act, &known).await),
        "replace" => match file {
            Some(file) => ("已换文件，重新脱敏", material::replace(&mut tx, &act, &known, seen, file).await),
            None => ("", Ok(())),
        },
        _ => ("", Err(Error::refused("没有看懂要做什么，请再点一次"))),
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

/// What is not reviewed yet is opened by those alone who may de-identify and review it.
async fn file(State(app): State<App>, viewer: Viewer, Path(id): Path<Uuid>, headers: HeaderMap) -> Result<Response> {
    let mut tx = app.db.read().await?;
    let file: File = tx.one(FILE.bind(viewer.tenant).bind(id)).await?;
    if !file.reviewed && !viewer.may(Permission::LectureArrange) {
        return Err(Error::NotFound);
    }
    answer(&mut tx, (PART, viewer.tenant, id), file, &headers).await
}

/// A player that asks for all from a place on gets so many bytes, and asks again.
const MOST: i64 = 4 << 20;

/// A file as an answer, or the part of it that a player asks for; the statement reads so many bytes of it from a place on.
pub async fn answer(
    tx: &mut Tx,
    (part, tenant, id): (Statement, Uuid, Uuid),
    file: File,
    headers: &HeaderMap,
) -> Result<Response> {
    let shown = ["video/", "image/", "application/pdf"].iter().any(|kind| file.media_type.starts_with(kind));
    let name: String = form_urlencoded::byte_serialize(file.file_name.as_bytes()).collect();
    let way = if shown { "inline" } else { "attachment" };
    let whole = file.size;
    let asked = headers.get(RANGE).and_then(|value| value.to_str().ok()).map(|text| range(text, whole));
    let (status, first, size) = match asked {
        None | Some(Asked::All) => (StatusCode::OK, 0, whole),
        Some(Asked::Part(first, last)) => (StatusCode::PARTIAL_CONTENT, first, last - first + 1),
        Some(Asked::Outside) => {
            let there = [(CONTENT_RANGE, format!("bytes */{whole}")), (ACCEPT_RANGES, "bytes".to_owned())];
            return Ok((StatusCode::RANGE_NOT_SATISFIABLE, there).into_response());
        }
    };
    let Content { content } = tx.one(part.bind(tenant).bind(id).bind(first + 1).bind(size)).await?;
    let mut response = (
        status,
        [
            (CONTENT_TYPE, file.media_type),
            (CONTENT_DISPOSITION, format!("{way}; filename*=UTF-8''{name}")),
            (CACHE_CONTROL, "private, max-age=3600".to_owned()),
            (ACCEPT_RANGES, "bytes".to_owned()),
        ],
        Body::from(content),
    )
        .into_response();
    if status == StatusCode::PARTIAL_CONTENT
        && let Ok(value) = format!("bytes {first}-{}/{whole}", first + size - 1).parse()
    {
        response.headers_mut().insert(CONTENT_RANGE, value);
    }
    Ok(response)
}

#[derive(Debug, PartialEq, Eq)]
enum Asked {
    All,
    /// The first and the last byte.
    Part(i64, i64),
    Outside,
}

/// What `bytes=a-b`, `bytes=a-` or `bytes=-n` asks for; anything else gets the whole file.
fn range(text: &str, whole: i64) -> Asked {
    let read = || -> Option<Asked> {
        let (from, to) = text.strip_prefix("bytes=")?.split_once('-')?;
        let number = |text: &str| text.parse::<u32>().ok().map(i64::from);
        let (from, to) = match (from.is_empty(), to.is_empty()) {
            (true, _) => ((whole - number(to)?).max(0), whole - 1),
            (false, true) => {
                let from = number(from)?;
                (from, (whole - 1).min(from + MOST - 1))
            }
            (false, false) => (number(from)?, number(to)?),
        };
        Some(match () {
            () if from >= whole => Asked::Outside,
            () if from > to => return None,
            () => Asked::Part(from, to.min(whole - 1)),
        })
    };
    read().unwrap_or(Asked::All)
}

#[cfg(test)]
mod tests {
    use super::{Asked, MOST, range};

    #[test]
    fn a_player_asks_for_parts() {
        assert_eq!(range("bytes=0-1", 10), Asked::Part(0, 1));
        assert_eq!(range("bytes=4-", 10), Asked::Part(4, 9));
        assert_eq!(range("bytes=-3", 10), Asked::Part(7, 9));
        assert_eq!(range("bytes=-30", 10), Asked::Part(0, 9));
        assert_eq!(range("bytes=0-99", 10), Asked::Part(0, 9));
        assert_eq!(range("bytes=0-", 10 * MOST), Asked::Part(0, MOST - 1));
        assert_eq!(range("bytes=10-", 10), Asked::Outside);
        assert_eq!(range("bytes=99-120", 10), Asked::Outside);
        assert_eq!(range("bytes=-0", 10), Asked::Outside);
        assert_eq!(range("bytes=0-", 0), Asked::Outside);
        for odd in ["bytes=9-3", "bytes=0-1,4-5", "lines=0-1", "bytes=a-", "bytes=-"] {
            assert_eq!(range(odd, 10), Asked::All, "{odd}");
        }
    }
}
