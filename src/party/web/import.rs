//! The 党员花名册 comes in: chosen, shown row by row, and then written or given up.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use db::Cursor;
use serde::Deserialize;
use uuid::Uuid;

use crate::access::{Permission, Routes, Viewer};
use crate::app::App;
use crate::audit;
use crate::error::Result;
use crate::party::member_list::{self, Effect, Foreseen, State as Stage};
use crate::party::model::Kind;
use crate::party::store::{self, Import};
use crate::web::{Form, Shell, page, page_again, redirect};
use crate::workbook;

pub fn routes() -> Routes {
    use Permission::PartyImport;
    Routes::default()
        .get("/party/imports", PartyImport, list)
        .post("/party/imports", PartyImport, create)
        .get("/party/imports/template.xlsx", PartyImport, template)
        .get("/party/imports/{id}", PartyImport, show)
        .post("/party/imports/{id}/application", PartyImport, apply)
        .post("/party/imports/{id}/cancellation", PartyImport, cancel)
        .get("/party/imports/{id}/rejections.xlsx", PartyImport, rejections)
}

const LISTED: usize = 20;

#[derive(Template)]
#[template(path = "party/web/imports.html")]
struct ListPage {
    shell: Shell,
    form: Form,
    organisations: Vec<(String, String)>,
    imports: Vec<Import>,
    next: Option<String>,
}

#[derive(Deserialize)]
struct Asked {
    before: Option<String>,
    #[serde(default)]
    organisation: String,
}

async fn list(State(app): State<App>, viewer: Viewer, shell: Shell, Query(asked): Query<Asked>) -> Result<Response> {
    let before = asked.before.and_then(|text| text.parse().ok()).unwrap_or(Cursor::LAST);
    let form = Form::filled(&[("organisation", &asked.organisation)]);
    page(&list_page(&app, &viewer, shell, form, before).await?)
}

async fn list_page(app: &App, viewer: &Viewer, shell: Shell, form: Form, before: Cursor) -> Result<ListPage> {
    let scope = viewer.scope(Permission::PartyImport);
    let mut tx = app.db.read().await?;
    let organisations = store::organisations(&mut tx, viewer.tenant, &scope).await?;
    let organisations = organisations.into_iter().filter(|known| known.kind != Kind::Group);
    let imports = store::imports(&mut tx, viewer.tenant, &scope, before, LISTED).await?;
    Ok(ListPage {
        shell,
        form,
        organisations: organisations.map(|known| (known.id.to_string(), known.name)).collect(),
        imports: imports.items,
        next: imports.next.map(|cursor| format!("/party/imports?before={cursor}")),
    })
}

async fn template() -> Result<Response> {
    Ok(workbook::response(member_list::workbook(Vec::new(), None)?, "党员花名册.xlsx"))
}

async fn create(State(app): State<App>, viewer: Viewer, shell: Shell, mut form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::PartyImport)?;
    let organisation = form.choice("organisation", "是哪个党支部的", |id| id.parse::<Uuid>().ok());
    let upload = form.uploads.iter().position(|upload| upload.field == "file").map(|at| form.uploads.swap_remove(at));
    if upload.is_none() {
        form.fail("file", "请选择花名册文件");
    }
    if let (Some(organisation), Some(upload), true) = (organisation, upload, form.ok()) {
        match member_list::read(upload.content.to_vec()).await? {
            Ok(sheet) => {
                let mut tx = app.db.begin().await?;
                let scope = viewer.scope(Permission::PartyImport);
                store::organisation(&mut tx, viewer.tenant, &scope, organisation).await?;
                let name: String = upload.file_name.chars().filter(|c| !c.is_control()).take(100).collect();
                let id = member_list::stage(&mut tx, &act, organisation, &name, sheet).await?;
                tx.commit().await?;
                return Ok(redirect(&format!("/party/imports/{id}"), "已收到花名册，还没有写入"));
            }
            Err(unreadable) => form.fail("file", unreadable.to_string()),
        }
    }
    page_again(&list_page(&app, &viewer, shell, form, Cursor::LAST).await?)
}

#[derive(Template)]
#[template(path = "party/web/import.html")]
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

#[derive(Deserialize)]
struct Rows {
    #[serde(default)]
    after: usize,
}

impl ShowPage {
    fn count(&self, effect: &str) -> usize {
        let fits = |kind: &&Effect| match kind {
            Effect::New => effect == "new",
            Effect::Changed => effect == "changed",
            Effect::Same => effect == "same",
            Effect::Rejected => effect == "rejected",
        };
        self.effects.iter().filter(fits).count()
    }

    fn waits(&self) -> bool {
        self.import.state == Stage::Checked
    }
}

async fn show(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    Query(asked): Query<Rows>,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::PartyImport)?;
    let scope = viewer.scope(Permission::PartyImport);
    let mut tx = app.db.read().await?;
    let import = store::import(&mut tx, viewer.tenant, &scope, id).await?;
    let mut rows = member_list::foresee(&mut tx, &act, &scope, &import).await?;
    rows.sort_by_key(|row| (row.kind != Effect::Rejected, row.number));
    let effects: Vec<Effect> = rows.iter().map(|row| row.kind).collect();
    let end = asked.after.saturating_add(PAGE);
    let next = (end < rows.len()).then(|| format!("/party/imports/{id}?after={end}"));
    let rows = rows.into_iter().skip(asked.after).take(PAGE).collect();
    page(&ShowPage { shell, import, rows, next, effects })
}

async fn apply(State(app): State<App>, viewer: Viewer, Path(id): Path<Uuid>, _form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::PartyImport)?;
    let scope = viewer.scope(Permission::PartyImport);
    let mut tx = app.db.begin().await?;
    let import = store::import(&mut tx, viewer.tenant, &scope, id).await?;
    member_list::apply(&mut tx, &act, &scope, &import).await?;
    tx.commit().await?;
    Ok(redirect(&format!("/party/imports/{id}"), "已写入"))
}

async fn cancel(State(app): State<App>, viewer: Viewer, Path(id): Path<Uuid>, _form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::PartyImport)?;
    let mut tx = app.db.begin().await?;
    let import = store::import(&mut tx, viewer.tenant, &viewer.scope(Permission::PartyImport), id).await?;
    member_list::cancel(&mut tx, &act, &import).await?;
    tx.commit().await?;
    Ok(redirect("/party/imports", "已放弃这次导入，一行也没有写入"))
}

async fn rejections(State(app): State<App>, viewer: Viewer, Path(id): Path<Uuid>) -> Result<Response> {
    let act = app.act(&viewer, Permission::PartyImport)?;
    let mut tx = app.db.begin().await?;
    let import = store::import(&mut tx, viewer.tenant, &viewer.scope(Permission::PartyImport), id).await?;
    let content = member_list::rejections(&act, &import).await?;
    audit::record(&mut tx, &act, "download_rejections", ("party_import", id), "", &[]).await?;
    tx.commit().await?;
    Ok(workbook::response(content, "花名册退回的行.xlsx"))
}
