use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use codes::{IdentityNumber, PersonName, Phone};
use db::Cursor;
use serde::Deserialize;
use uuid::Uuid;

use super::column::{Column, Header};
use super::run;
use super::store::{self, Import, Mode, RowState, State as Stage};
use crate::access::{Act, Permission, Routes, Viewer};
use crate::app::App;
use crate::audit;
use crate::error::{Error, Result};
use crate::web::{Form, Shell, page, page_again, redirect};
use crate::workbook;

const LISTED: usize = 20;
/// How many rejected rows the page shows; all of them are in the workbook.
const SHOWN: i64 = 50;

pub fn routes() -> Routes {
    Routes::default()
        .get("/imports", Permission::RegistryImport, list)
        .post("/imports", Permission::RegistryImport, create)
        .get("/imports/template.xlsx", Permission::RegistryImport, template)
        .get("/imports/{id}", Permission::RegistryImport, show)
        .post("/imports/{id}/application", Permission::RegistryImport, apply)
        .post("/imports/{id}/cancellation", Permission::RegistryImport, cancel)
        .get("/imports/{id}/rejections.xlsx", Permission::RegistryImport, rejections)
}

/// A register is about the whole community, so a role that reaches only a part of it does not do.
fn act(app: &App, viewer: &Viewer) -> Result<Act> {
    if viewer.scope(Permission::RegistryImport).account.is_some() {
        return Err(Error::Forbidden);
    }
    app.act(viewer, Permission::RegistryImport)
}

#[derive(Template)]
#[template(path = "registry/import/list.html")]
struct List {
    shell: Shell,
    form: Form,
    imports: Vec<Import>,
    next: Option<String>,
}

impl List {
    /// What can be done with the workbook.
    fn modes(&self) -> [(Mode, &'static str); 2] {
        [
            (Mode::Register, "写入登记：新的人加进来，改了的更新"),
            (Mode::Compare, "作为重新摸底来对照：登记先不改，只列出谁来了、谁走了、什么变了，一条一条核对"),
        ]
    }

    fn chosen(&self, mode: &Mode) -> bool {
        self.form.is("mode", mode.code()) || (*mode == Mode::Register && self.form.value("mode").is_empty())
    }
}

#[derive(Deserialize)]
struct Paging {
    after: Option<String>,
}

async fn list(State(app): State<App>, viewer: Viewer, shell: Shell, Query(paging): Query<Paging>) -> Result<Response> {
    let act = act(&app, &viewer)?;
    let after = paging.after.and_then(|after| after.parse().ok()).unwrap_or(Cursor::LAST);
    page(&listed(&app, &act, shell, Form::default(), after).await?)
}

async fn listed(app: &App, act: &Act, shell: Shell, form: Form, after: Cursor) -> Result<List> {
    let imports = store::list(&mut app.db.read().await?, act.tenant, after, LISTED).await?;
    let next = imports.next.map(|cursor| format!("/imports?after={cursor}"));
    Ok(List { shell, form, imports: imports.items, next })
}

async fn template(State(app): State<App>, viewer: Viewer) -> Result<Response> {
    act(&app, &viewer)?;
    Ok(workbook::response(super::workbook([])?, "居民信息登记表.xlsx"))
}

/// Takes a workbook in: its rows are staged, and the page of the import goes on telling how the check is getting on.
async fn create(State(app): State<App>, viewer: Viewer, shell: Shell, mut form: Form) -> Result<Response> {
    let act = act(&app, &viewer)?;
    let upload = form.uploads.iter().position(|upload| upload.field == "file").map(|at| form.uploads.swap_remove(at));
    let Some(upload) = upload else {
        form.fail("file", "请选择登记表文件");
        return page_again(&listed(&app, &act, shell, form, Cursor::LAST).await?);
    };
    let reading = match run::read(upload.content.to_vec(), run::today(&act)).await? {
        Ok(reading) => reading,
        Err(unreadable) => {
            form.fail("file", unreadable.to_string());
            return page_again(&listed(&app, &act, shell, form, Cursor::LAST).await?);
        }
    };
    let file_name: String = upload.file_name.chars().filter(|c| !c.is_control()).take(100).collect();
    let mode = Mode::parse(form.value("mode")).unwrap_or(Mode::Register);
    let id = run::stage(&app.db, &act, &file_name, reading, mode).await?;
    Ok(redirect(&format!("/imports/{id}"), "已收到登记表"))
}

#[derive(Template)]
#[template(path = "registry/import/show.html")]
struct Show {
    shell: Shell,
    import: Import,
    rejected: Vec<Listed>,
    /// The rejected rows are no longer kept.
    removed: bool,
}

/// A rejected row as the page shows it: what was written, masked where it is personal.
struct Listed {
    row: i64,
    column: &'static str,
    written: String,
    reason: String,
}

async fn show(State(app): State<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    let act = act(&app, &viewer)?;
    let mut tx = app.db.read().await?;
    let import = store::import(&mut tx, act.tenant, id).await?;
    let rows = store::rows(&mut tx, act.tenant, id, RowState::Rejected, 0, SHOWN).await?;
    drop(tx);
    let header = Header::read(import.header.0.clone()).ok();
    let (mut rejected, mut removed) = (Vec::new(), false);
    for row in rows {
        let staged = row.open(&act)?;
        removed |= staged.is_none();
        let column = row.rejected_column.unwrap_or(Column::Name);
        let cell =
            header.as_ref().zip(staged.as_ref()).map_or("", |(header, staged)| header.cell(&staged.cells, column));
        let (row_number, written) = (row.row_number, masked(column, cell));
        let reason = row.reason.unwrap_or_default();
        rejected.push(Listed { row: row_number, column: column.label(), written, reason });
    }
    page(&Show { shell, import, rejected, removed })
}

async fn apply(State(app): State<App>, viewer: Viewer, Path(id): Path<Uuid>, form: Form) -> Result<Response> {
    let act = act(&app, &viewer)?;
    let to = format!("/imports/{id}");
    let import = store::import(&mut app.db.read().await?, act.tenant, id).await?;
    if form.is("rejected", "none") && import.rejected_count > 0 {
        run::cancel(&app.db, &act, id, "有退回的行，选择了一行也不写入").await?;
        return Ok(redirect(&to, "一行也没有写入。请改好退回的行，再导入整张登记表"));
    }
    run::begin(&app.db, &act, id).await?;
    Ok(redirect(&to, if import.compares() { "已开始对照" } else { "已开始写入" }))
}

async fn cancel(State(app): State<App>, viewer: Viewer, Path(id): Path<Uuid>, _form: Form) -> Result<Response> {
    let act = act(&app, &viewer)?;
    run::cancel(&app.db, &act, id, "").await?;
    Ok(redirect("/imports", "已放弃这次导入，一行也没有写入"))
}

async fn rejections(State(app): State<App>, viewer: Viewer, Path(id): Path<Uuid>) -> Result<Response> {
    let act = act(&app, &viewer)?;
    let content = run::rejections(&app.db, &act, id).await?;
    let mut tx = app.db.begin().await?;
    audit::record(&mut tx, &act, "download_rejections", ("import", id), "", &[]).await?;
    tx.commit().await?;
    Ok(workbook::response(content, "退回的行.xlsx"))
}

/// What stands in a cell, short, and with what is personal in it hidden.
fn masked(column: Column, written: &str) -> String {
    let length = written.chars().count();
    let ends = |first: usize, last: usize| {
        let head: String = written.chars().take(first).collect();
        let tail: String = written.chars().skip(length.saturating_sub(last)).collect();
        format!("{head}****{tail}")
    };
    match column {
        Column::Identity if IdentityNumber::parse(written).is_ok() || length > 14 => ends(6, 4),
        Column::Phone => match Phone::parse(written) {
            Ok(phone) => phone.masked(),
            Err(_) if length > 7 => ends(3, 2),
            Err(_) => written.to_owned(),
        },
        Column::Name | Column::Head => PersonName::parse(written).map_or_else(|_| ends(1, 0), |name| name.masked()),
        _ if codes::text::personal(written).is_some() => ends(2, 2),
        _ if length > 30 => written.chars().take(30).chain(['…']).collect(),
        _ => written.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_personal_is_hidden() {
        assert_eq!(masked(Column::Identity, "141199199003070014"), "141199****0014");
        assert_eq!(masked(Column::Identity, "1.41E+17"), "1.41E+17");
        assert_eq!(masked(Column::Phone, "13800001234"), "138****1234");
        assert_eq!(masked(Column::Phone, "1380000123"), "138****23");
        assert_eq!(masked(Column::Name, "王娟枫"), "王*枫");
        assert_eq!(masked(Column::Ethnic, "13800001234"), "13****34");
        assert_eq!(masked(Column::Building, "13楼"), "13楼");
    }
}
