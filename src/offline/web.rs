use askama::Template;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use db::Cursor;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::export::{self, Brought};
use super::model::Ruling;
use super::receive::{self, Outcome};
use super::review::{self, Pair, Said};
use super::store;
use crate::access::web::LockedViewer;
use crate::access::{self, Act, Need, Permission, Routes, SessionKind, Viewer};
use crate::app::App;
use crate::error::{Error, Result};
use crate::web::{Csrf, Form, FromThisSite, Shell, page, page_again, redirect};

/// What a record and a photo may weigh, in bytes. A record is some words; a photo was made small by its phone.
const RECORD_LIMIT: usize = 256 << 10;
const PHOTO_LIMIT: usize = 8 << 20;
const LISTED: usize = 10;

pub fn routes() -> Routes {
    use Permission::{UploadReview, VisitRecord};
    Routes::default()
        .get("/offline/hello", Need::Work, hello)
        .post("/offline/pin", Need::Public, check_pin)
        .post("/offline/receipts", VisitRecord, receipts)
        .put("/offline/records/{id}", VisitRecord, create)
        .put("/offline/records/{id}/photos/{photo}", VisitRecord, create_photo)
        .get("/uploads", UploadReview, list)
        .post("/uploads/{id}/entry", UploadReview, retry)
        .post("/uploads/{id}/dismissal", UploadReview, dismiss)
        .post("/uploads/disputes/{dispute}/ruling", UploadReview, rule)
        .post("/uploads/files", UploadReview, bring)
}

/// Who is signed in on this phone, and what it needs to send: the token, the time, and the key of exported files.
async fn hello(State(app): State<App>, viewer: Viewer, csrf: Extension<Csrf>) -> Result<Json<Value>> {
    let key = export::public_key(&app.means.keys, viewer.tenant, viewer.account);
    Ok(Json(json!({
        "account": viewer.account,
        "name": viewer.name,
        "community": viewer.tenant_name,
        // Somebody on their own phone has a PIN already, which need not be made up.
        "device": viewer.kind == SessionKind::Device,
        "csrf": csrf.0.0,
        "now": app.means.now().as_millisecond(),
        "key": key,
    })))
}

#[derive(Deserialize)]
struct Pin {
    pin: String,
}

/// Whether this is the PIN of whoever is signed in, so that the phone can seal with it what it keeps. A session that has
/// paused for too long it opens again, as the page with the PIN would: whoever has just typed it into the app need not
/// type it once more. Such a phone has no token yet; no other site can send this kind of request.
async fn check_pin(
    State(app): State<App>,
    viewer: Option<Extension<Viewer>>,
    locked: Option<Extension<LockedViewer>>,
    token: std::result::Result<FromThisSite, StatusCode>,
    Json(Pin { pin }): Json<Pin>,
) -> Result<StatusCode> {
    match (viewer, locked, token) {
        (Some(Extension(viewer)), _, Ok(_)) => access::check_pin(&app.db, &app.means, &viewer, pin).await?,
        (None, Some(Extension(LockedViewer(viewer))), _) => {
            if !access::unlock(&app.db, &app.means, &viewer, pin).await? {
                return Err(access::wrong_pin());
            }
        }
        _ => return Ok(StatusCode::UNAUTHORIZED),
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Takes a record in. Whatever the answer says, the record is durable when it comes.
async fn create(
    State(app): State<App>,
    viewer: Viewer,
    _: FromThisSite,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response> {
    if body.len() > RECORD_LIMIT {
        return Err(Error::TooLarge(1));
    }
    let sent_at = headers.get("x-sent-at").and_then(|value| value.to_str().ok()?.parse().ok());
    Ok(match receive::receive(&app.db, &app.means, &viewer, id, &body, sent_at).await? {
        Outcome::Receipt(receipt) => Json(receipt).into_response(),
        Outcome::Disputed { made_at, received_at } => {
            let first = json!({ "made_at": made_at.as_millisecond(), "received_at": received_at.as_millisecond() });
            let sentence = "这条记录的编号下已经有另一份内容，两份都保存好了，请社区工作人员核对";
            (StatusCode::CONFLICT, Json(json!({ "sentence": sentence, "first": first }))).into_response()
        }
    })
}

#[derive(Deserialize)]
struct Asked {
    ids: Vec<Uuid>,
}

/// What has become of records that were held: the receipts as they stand now, of the first hundred that are asked for.
async fn receipts(
    State(app): State<App>,
    viewer: Viewer,
    _: FromThisSite,
    Json(Asked { ids }): Json<Asked>,
) -> Result<Json<Value>> {
    let receipts = receive::receipts(&mut app.db.read().await?, &viewer, &ids).await?;
    Ok(Json(json!({ "receipts": receipts })))
}

async fn create_photo(
    State(app): State<App>,
    viewer: Viewer,
    _: FromThisSite,
    Path((record, id)): Path<(Uuid, Uuid)>,
    body: Bytes,
) -> Result<Json<Value>> {
    if body.len() > PHOTO_LIMIT {
        return Err(Error::TooLarge(PHOTO_LIMIT >> 20));
    }
    receive::attach(&app.db, &app.means, &viewer, record, id, body).await?;
    Ok(Json(json!({ "id": id })))
}

// ---------- what could not be entered ----------

/// What is held may lie anywhere in the community, so a role that reaches only a part of it does not do.
fn reviewer(app: &App, viewer: &Viewer) -> Result<Act> {
    if viewer.scope(Permission::UploadReview).account.is_some() {
        return Err(Error::Forbidden);
    }
    app.act(viewer, Permission::UploadReview)
}

#[derive(Template)]
#[template(path = "offline/uploads.html")]
struct Uploads {
    shell: Shell,
    form: Form,
    held: Vec<Held>,
    pairs: Vec<Pair>,
    next: Option<String>,
    brought: Option<Brought>,
}

struct Held {
    id: Uuid,
    sentence: String,
    said: Said,
}

impl Uploads {
    async fn of(app: &App, viewer: &Viewer, shell: Shell, form: Form, after: Cursor) -> Result<Uploads> {
        let act = reviewer(app, viewer)?;
        let mut tx = app.db.read().await?;
        let records = store::held(&mut tx, act.tenant, after, LISTED).await?;
        let next = records.next.map(|cursor| format!("/uploads?after={cursor}"));
        let mut held = Vec::new();
        for record in records.items {
            let (whose, times) =
                ((record.id, record.account_id, record.kind.as_str()), (record.made_at, record.received_at));
            let said = review::said(&mut tx, &act, whose, record.content_sealed.as_deref(), times).await?;
            held.push(Held { id: record.id, sentence: record.sentence, said });
        }
        let mut pairs = Vec::new();
        for dispute in store::disputes(&mut tx, act.tenant).await? {
            pairs.push(review::pair(&mut tx, &act, &dispute).await?);
        }
        Ok(Uploads { shell, form, held, pairs, next, brought: None })
    }
}

#[derive(Deserialize)]
struct Paging {
    after: Option<String>,
}

async fn list(State(app): State<App>, viewer: Viewer, shell: Shell, Query(paging): Query<Paging>) -> Result<Response> {
    let after = paging.after.and_then(|after| after.parse().ok()).unwrap_or(Cursor::FIRST);
    page(&Uploads::of(&app, &viewer, shell, Form::default(), after).await?)
}

async fn retry(State(app): State<App>, viewer: Viewer, Path(id): Path<Uuid>, _form: Form) -> Result<Response> {
    let act = reviewer(&app, &viewer)?;
    let mut tx = app.db.begin().await?;
    match review::retry(&mut tx, &act, id).await {
        Ok(()) => tx.commit().await?,
        Err(Error::Refused(sentence)) => return Ok(redirect("/uploads", &format!("还是不能登记：{sentence}"))),
        Err(error) => return Err(error),
    }
    Ok(redirect("/uploads", "已登记"))
}

async fn dismiss(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = reviewer(&app, &viewer)?;
    let reason = form.text("reason", "不登记的原因", 2..=100);
    if !form.ok() {
        return page_again(&Uploads::of(&app, &viewer, shell, form, Cursor::FIRST).await?);
    }
    let mut tx = app.db.begin().await?;
    review::dismiss(&mut tx, &act, id, &reason).await?;
    tx.commit().await?;
    Ok(redirect("/uploads", "已记下，不再登记"))
}

async fn rule(State(app): State<App>, viewer: Viewer, Path(id): Path<Uuid>, mut form: Form) -> Result<Response> {
    let act = reviewer(&app, &viewer)?;
    let mut tx = app.db.begin().await?;
    let dispute = store::dispute(&mut tx, act.tenant, id).await?;
    let Some(ruling) = form.choice("ruling", "怎么处理", Ruling::parse) else {
        return Ok(redirect("/uploads", "请选择以哪一条为准"));
    };
    match review::rule(&mut tx, &act, &dispute, ruling).await {
        Ok(()) => tx.commit().await?,
        Err(Error::Refused(sentence)) => return Ok(redirect("/uploads", &format!("不能登记：{sentence}"))),
        Err(error) => return Err(error),
    }
    Ok(redirect("/uploads", "已处理"))
}

/// Brings in what a phone exported because it could not send it.
async fn bring(State(app): State<App>, viewer: Viewer, shell: Shell, mut form: Form) -> Result<Response> {
    let act = reviewer(&app, &viewer)?;
    let file = form.uploads.pop();
    let brought = match file {
        Some(file) => export::bring(&app, &act, &file.content).await,
        None => Err(Error::refused("请选择手机导出的文件")),
    };
    match brought {
        Ok(brought) => {
            let listed = Uploads::of(&app, &viewer, shell, Form::default(), Cursor::FIRST).await?;
            page(&Uploads { brought: Some(brought), ..listed })
        }
        Err(Error::Refused(sentence)) => {
            form.fail("file", sentence);
            page_again(&Uploads::of(&app, &viewer, shell, form, Cursor::FIRST).await?)
        }
        Err(error) => Err(error),
    }
}
