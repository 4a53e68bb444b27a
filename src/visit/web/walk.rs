//! The phone at the door: the app that works without signal with what it takes along, and the same doors as plain pages
//! for browsers that cannot keep anything.

use askama::Template;
use axum::Json;
use axum::extract::{Extension, Path, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH, SET_COOKIE};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::access::web::LockedViewer;
use crate::access::{Need, Permission, Routes, Viewer};
use crate::app::{App, more_to_take};
use crate::error::{Error, Result};
use crate::issue::Category;
use crate::offline::{self, Outcome as Received};
use crate::visit::model::{Outcome, Part, QuestionKind};
use crate::visit::pack::{self, Pack, PackedCampaign, PackedDoor};
use crate::visit::slip;
use crate::web::{Form, Shell, asset, asset_text, asset_version, assets_in, page, page_again, redirect, set_cookie};

pub fn routes() -> Routes {
    use Permission::VisitRecord;
    Routes::default()
        .get("/doors", Need::Public, show_app)
        .get("/doors/worker.js", Need::Public, worker)
        .get("/doors/app.webmanifest", Need::Public, manifest)
        .get("/doors/entry", Need::Public, enter)
        .get("/doors/pack", VisitRecord, take_along)
        .get("/doors/list", VisitRecord, list)
        .get("/doors/list/{campaign}/{dwelling}", VisitRecord, show_door)
        .post("/doors/list/{campaign}/{dwelling}", VisitRecord, record)
}

/// The app. The page says nothing about anybody, so that the phone may keep it; the rest is on the phone.
#[derive(Template)]
#[template(path = "visit/walk.html")]
struct AppPage;

async fn show_app() -> Result<Response> {
    page(&AppPage)
}

/// The service worker: which version of the app it keeps, and how.
async fn worker() -> impl IntoResponse {
    let own = ["app.css", "icon.svg", "icons.svg", "idb.js"].into_iter();
    let parts = assets_in("doors/").into_iter().filter(|name| *name != "doors/worker.js");
    let pages = ["/doors", "/doors/app.webmanifest"].map(str::to_owned);
    let shell: Vec<String> = pages.into_iter().chain(own.chain(parts).map(asset)).collect();
    let head = format!("const VERSION = {};\nconst SHELL = {};\n", json!(asset_version()), json!(shell));
    let headers = [
        (CONTENT_TYPE, "text/javascript; charset=utf-8"),
        (CACHE_CONTROL, "no-cache"),
        (HeaderName::from_static("service-worker-allowed"), "/doors"),
    ];
    (headers, head + &asset_text("doors/worker.js"))
}

/// What makes the app installable.
async fn manifest() -> impl IntoResponse {
    let manifest = json!({
        "name": "家门口 敲门走访",
        "short_name": "敲门走访",
        "lang": "zh-CN",
        "id": "/doors",
        "start_url": "/doors",
        "scope": "/doors",
        "display": "standalone",
        "background_color": "#f6f5f1",
        "theme_color": "#0b655e",
        "icons": [{ "src": asset("icon.svg"), "sizes": "any", "type": "image/svg+xml", "purpose": "any" }],
    });
    ([(CONTENT_TYPE, "application/manifest+json")], manifest.to_string())
}

/// Lets somebody in again, by the PIN of a phone that was put down or by password, and back to the app.
async fn enter(
    State(app): State<App>,
    viewer: Option<Extension<Viewer>>,
    locked: Option<Extension<LockedViewer>>,
) -> Response {
    if viewer.is_some() {
        return Redirect::to("/doors").into_response();
    }
    let cookie = set_cookie("back", "/doors", "/", 1800, app.secure());
    let way = if locked.is_some() { "/unlock" } else { "/login" };
    (AppendHeaders([(SET_COOKIE, cookie)]), Redirect::to(way)).into_response()
}

async fn take_along(State(app): State<App>, viewer: Viewer, headers: HeaderMap) -> Result<Response> {
    let pack = pack::pack(&mut app.db.read().await?, &viewer, &app.means).await?;
    let mut pack = serde_json::to_value(pack).map_err(anyhow::Error::from)?;
    if let (Value::Object(pack), Value::Object(more)) = (&mut pack, more_to_take(&app, &viewer).await?) {
        pack.extend(more);
    }
    let digest = Sha256::digest(pack.to_string().as_bytes());
    let etag = format!("\"{}\"", digest.iter().take(12).map(|byte| format!("{byte:02x}")).collect::<String>());
    if headers.get(IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == etag.as_bytes()) {
        return Ok((StatusCode::NOT_MODIFIED, [(ETAG, etag)]).into_response());
    }
    pack["made_at"] = json!(app.means.now().as_millisecond());
    Ok(([(ETAG, etag)], Json(pack)).into_response())
}

// ---------- plain pages ----------

#[derive(Template)]
#[template(path = "visit/web/doors.html")]
struct ListPage {
    shell: Shell,
    pack: Pack,
}

async fn list(State(app): State<App>, viewer: Viewer, shell: Shell) -> Result<Response> {
    let pack = pack::pack(&mut app.db.read().await?, &viewer, &app.means).await?;
    page(&ListPage { shell, pack })
}

#[derive(Template)]
#[template(path = "visit/web/door.html")]
struct DoorPage {
    shell: Shell,
    form: Form,
    campaign: PackedCampaign,
    door: PackedDoor,
    /// The id of the record that the form becomes, and when it was opened.
    id: Uuid,
    opened: i64,
}

impl DoorPage {
    fn outcomes(&self) -> Vec<(&'static str, &'static str)> {
        Outcome::ALL.iter().map(|outcome| (outcome.code(), outcome.label())).collect()
    }

    /// Says what is wrong while it can still be mended: a record that is on its way is only held.
    fn check(&mut self, body: &Value, today: jiff::civil::Date) {
        match slip::read(body, today) {
            Ok(read) => read.unread.into_iter().for_each(|sentence| self.form.fail("problem", sentence)),
            Err(error) => self.form.fail("outcome", error.to_string()),
        }
        let phone = self.form.value("phone").to_owned();
        if !phone.trim().is_empty() && codes::Phone::parse(&phone).is_err() {
            self.form.fail("phone", "电话写得不对，请核对；不知道可以不写");
        }
        let home = self.form.is("outcome", "home");
        let missing = self.campaign.questions.iter().filter(|question| home && question.required);
        let missing: Vec<String> = missing
            .filter(|question| self.form.values(&question.id).all(|value| value.trim().is_empty()))
            .map(|question| question.id.clone())
            .collect();
        missing.iter().for_each(|question| self.form.fail(question, "这一问一定要答"));
    }

    fn parts(&self) -> Vec<(&'static str, &'static str)> {
        Part::ALL.iter().map(|part| (part.code(), part.label())).collect()
    }

    fn categories(&self) -> Vec<(&'static str, &'static str)> {
        Category::ALL.iter().map(|category| (category.code(), category.label())).collect()
    }
}

async fn door_page(app: &App, viewer: &Viewer, shell: Shell, at: (Uuid, Uuid), form: Form) -> Result<DoorPage> {
    let pack = pack::pack(&mut app.db.read().await?, viewer, &app.means).await?;
    let (campaign, door) = pack.find(at.0, at.1).ok_or(Error::NotFound)?;
    let id = form.value("id").parse().unwrap_or_else(|_| app.means.id());
    let opened = form.value("opened").parse().unwrap_or_else(|_| app.means.now().as_millisecond());
    Ok(DoorPage { shell, form, campaign, door, id, opened })
}

async fn show_door(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(at): Path<(Uuid, Uuid)>,
) -> Result<Response> {
    page(&door_page(&app, &viewer, shell, at, Form::default()).await?)
}

/// The form becomes the same record that the app sends, and goes the same way.
async fn record(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(at): Path<(Uuid, Uuid)>,
    mut form: Form,
) -> Result<Response> {
    app.act(&viewer, Permission::VisitRecord)?;
    form.choice("outcome", "走访结果", Outcome::parse);
    let problem = form.text("problem", "问题", 0..=500);
    let mut shown = door_page(&app, &viewer, shell, at, form).await?;
    let body = body(&shown, at, problem.trim());
    shown.check(&body, app.means.now().to_zoned_datetime(calendar::shanghai()).date());
    if !shown.form.ok() {
        return page_again(&shown);
    }
    let content = json!({
        "kind": crate::visit::KIND, "schema": 1, "account": viewer.account, "made_at": shown.opened, "body": body,
    });
    let bytes = content.to_string();
    match offline::receive(&app.db, &app.means, &viewer, shown.id, bytes.as_bytes(), None).await? {
        Received::Receipt(receipt) if receipt.state == "accepted" => Ok(redirect("/doors/list", "走访已登记")),
        Received::Receipt(receipt) => Ok(redirect("/doors/list", &format!("已收下，等社区核对：{}", receipt.sentence))),
        Received::Disputed { .. } => Ok(redirect("/doors/list", "这户刚才已经登记过一次，两份都留着，等社区核对")),
    }
}

fn body(page: &DoorPage, (campaign, dwelling): (Uuid, Uuid), problem: &str) -> Value {
    let form = &page.form;
    let answers = page.campaign.questions.iter().filter_map(|question| {
        let values: Vec<&str> = form.values(&question.id).filter(|value| !value.is_empty()).collect();
        let value = match (values.first(), question.kind == QuestionKind::Choices.code()) {
            (None, _) => return None,
            (Some(_), true) => json!(values),
            (Some(value), false) => json!(value),
        };
        Some(json!({ "question": question.id, "value": value }))
    });
    let again = (!form.value("again_day").is_empty())
        .then(|| json!({ "day": form.value("again_day"), "part": form.value("again_part") }));
    let problems = (!problem.is_empty()).then(|| {
        json!({
            "category": if form.value("category").is_empty() { "other" } else { form.value("category") },
            "text": problem,
            "anonymous": form.is("anonymous", "yes"),
            "reporter": { "name": form.value("reporter"), "phone": form.value("phone") },
        })
    });
    json!({
        "campaign": campaign,
        "dwelling": dwelling,
        "outcome": form.value("outcome"),
        "again": again,
        "answers": answers.collect::<Vec<_>>(),
        "problems": problems.into_iter().collect::<Vec<_>>(),
        "note": form.value("note"),
    })
}
