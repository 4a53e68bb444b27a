//! The 志愿者花名册 comes in: chosen, shown row by row, and then written or given up. It is the list of the whole community, so only
//! whoever reaches all of it sends one in.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use db::Cursor;
use serde::Deserialize;
use uuid::Uuid;

use crate::access::{Act, Permission, Routes, Viewer};
use crate::app::App;
use crate::audit;
use crate::error::{Error, Result};
use crate::volunteer::roster::{self, Effect, Foreseen, Stage};
use crate::volunteer::store::{self, Import};
use crate::web::{Form, Shell, page, page_again, redirect};
use crate::workbook;

pub fn routes() -> Routes {
    use Permission::VolunteerImport;
    Routes::default()
        .get("/volunteer-imports", VolunteerImport, list)
        .post("/volunteer-imports", VolunteerImport, create)
        .get("/volunteer-imports/template.xlsx", VolunteerImport, template)
        .get("/volunteer-imports/{id}", VolunteerImport, show)
        .post("/volunteer-imports/{id}/application", VolunteerImport, apply)
        .post("/volunteer-imports/{id}/cancellation", VolunteerImport, cancel)
        .get("/volunteer-imports/{id}/rejections.xlsx", VolunteerImport, rejections)
}

const LISTED: usize = 20;

/// Errors: forbidden to whoever reaches a part of the community only.
fn acting(app: &App, viewer: &Viewer) -> Result<Act> {
    match viewer.scope(Permission::VolunteerImport).account {
        None => app.act(viewer, Permission::VolunteerImport),
        Some(_) => Err(Error::Forbidden),
    }
}

#[derive(Template)]
#[template(path = "volunteer/web/imports.html")]
struct ListPage {
    shell: Shell,
    form: Form,
    imports: Vec<Import>,
    next: Option<String>,
}

#[derive(Deserialize)]
struct Asked {
    before: Option<String>,
}

async fn list_page(app: &App, act: &Act, shell: Shell, form: Form, before: Cursor) -> Result<ListPage> {
    let imports = store::imports(&mut app.db.read().await?, act.tenant, before, LISTED).await?;
    let next = imports.next.map(|cursor| format!("/volunteer-imports?before={cursor}"));
    Ok(ListPage { shell, form, imports: imports.items, next })
}

async fn list(State(app): State<App>, viewer: Viewer, shell: Shell, Query(asked): Query<Asked>) -> Result<Response> {
    let act = acting(&app, &viewer)?;
    let before = asked.before.and_then(|text| text.parse().ok()).unwrap_or(Cursor::LAST);
    page(&list_page(&app, &act, shell, Form::default(), before).await?)
}

async fn template() -> Result<Response> {
    Ok(workbook::response(roster::filled(Vec::new(), None)?, "志愿者花名册.xlsx"))
}

async fn create(State(app): State<App>, viewer: Viewer, shell: Shell, mut form: Form) -> Result<Response> {
    let act = acting(&app, &viewer)?;
    let upload = form.uploads.iter().position(|upload| upload.field == "file").map(|at| form.uploads.swap_remove(at));
    if upload.is_none() {
        form.fail("file", "请选择花名册文件");
    }
    let agreed = form.choice("agreed", "新登记的人本人同意没有", |text| match text {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    });
    if let (Some(agreed), Some(upload), true) = (agreed, upload, form.ok()) {
        match roster::read(upload.content.to_vec()).await? {
            Ok(sheet) => {
                let mut tx = app.db.begin().await?;
                let name: String = upload.file_name.chars().filter(|c| !c.is_control()).take(100).collect();
                let id = roster::stage(&mut tx, &act, agreed, &name, sheet).await?;
                tx.commit().await?;
                return Ok(redirect(&format!("/volunteer-imports/{id}"), "已收到花名册，还没有写入"));
            }
            Err(unreadable) => form.fail("file", unreadable.to_string()),
        }
    }
    page_again(&list_page(&app, &act, shell, form, Cursor::LAST).await?)
}

#[derive(Template)]
#[template(path = "volunteer/web/import.html")]
struct ShowPage {
    shell: Shell,
    import: Import,
    /// A page of them, those that are given back first.
    rows: Vec<Foreseen>,
    next: Option<String>,
    effects: Vec<Effect>,
}

/// So many rows stand on a page.
const PAGE: usize = 60;

impl ShowPage {
    fn count(&self, effect: Effect) -> usize {
        self.effects.iter().filter(|known| **known == effect).count()
    }

    fn waits(&self) -> bool {
        self.import.state == Stage::Checked
    }
}

#[derive(Deserialize)]
struct Rows {
    #[serde(default)]
    after: usize,
}

async fn show(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    Query(asked): Query<Rows>,
) -> Result<Response> {
    let act = acting(&app, &viewer)?;
    let mut tx = app.db.read().await?;
    let import = store::import(&mut tx, viewer.tenant, id).await?;
    let mut rows = roster::foresee(&mut tx, &act, &import).await?;
    rows.sort_by_key(|row| (row.effect != Effect::Rejected, row.number));
    let effects: Vec<Effect> = rows.iter().map(|row| row.effect).collect();
    let end = asked.after.saturating_add(PAGE);
    let next = (end < rows.len()).then(|| format!("/volunteer-imports/{id}?after={end}"));
    let rows = rows.into_iter().skip(asked.after).take(PAGE).collect();
    page(&ShowPage { shell, import, rows, next, effects })
}

async fn apply(State(app): State<App>, viewer: Viewer, Path(id): Path<Uuid>, _form: Form) -> Result<Response> {
    let act = acting(&app, &viewer)?;
    let mut tx = app.db.begin().await?;
    let import = store::import(&mut tx, viewer.tenant, id).await?;
    roster::apply(&mut tx, &act, &import).await?;
    tx.commit().await?;
    Ok(redirect(&format!("/volunteer-imports/{id}"), "已写入"))
}

async fn cancel(State(app): State<App>, viewer: Viewer, Path(id): Path<Uuid>, _form: Form) -> Result<Response> {
    let act = acting(&app, &viewer)?;
    let mut tx = app.db.begin().await?;
    let import = store::import(&mut tx, viewer.tenant, id).await?;
    roster::cancel(&mut tx, &act, &import).await?;
    tx.commit().await?;
    Ok(redirect("/volunteer-imports", "已放弃这次导入，一行也没有写入"))
}

async fn rejections(State(app): State<App>, viewer: Viewer, Path(id): Path<Uuid>) -> Result<Response> {
    let act = acting(&app, &viewer)?;
    let mut tx = app.db.begin().await?;
    let import = store::import(&mut tx, viewer.tenant, id).await?;
    let content = roster::rejections(&act, &import).await?;
    audit::record(&mut tx, &act, "download_rejections", ("volunteer_import", id), "", &[]).await?;
    tx.commit().await?;
    Ok(workbook::response(content, "志愿者花名册退回的行.xlsx"))
}
