//! The orders, a workbook that somebody looks at, and the answer.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use db::Cursor;
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use serde::Deserialize;
use uuid::Uuid;

use super::intake::{self, MOST_ROWS, Plan};
use super::model::{Field, Layout};
use super::reply;
use super::store::{self, Listed};
use crate::access::{Permission, Routes, Viewer};
use crate::app::App;
use crate::error::Result;
use crate::web::{Form, Shell, page, page_again, redirect};
use crate::{audit, workbook};

pub fn routes() -> Routes {
    use Permission::WorkOrderHandle;
    Routes::default()
        .get("/work-orders", WorkOrderHandle, list)
        .post("/work-orders/uploads", WorkOrderHandle, upload)
        .get("/work-orders/uploads/{id}", WorkOrderHandle, look)
        .get("/work-orders/uploads/{id}/rejections", WorkOrderHandle, rejections)
        .post("/work-orders/uploads/{id}/layout", WorkOrderHandle, set_layout)
        .post("/work-orders/uploads/{id}/entry", WorkOrderHandle, enter)
        .post("/work-orders/replies", WorkOrderHandle, replies)
}

const PAGE: usize = 50;
const LARGEST_MB: usize = 5;

#[derive(Template)]
#[template(path = "work_order/web/list.html")]
struct ListPage {
    shell: Shell,
    orders: Vec<Listed>,
    next: Option<String>,
    form: Form,
    now: Timestamp,
}

impl ListPage {
    fn file_label(&self) -> String {
        format!("12345 转来的工单表（.xlsx，不超过 {LARGEST_MB} MB、{MOST_ROWS} 行）")
    }

    fn is_late(&self, order: &Listed) -> bool {
        order.open && order.deadline_at.is_some_and(|deadline| deadline < self.now)
    }
}

#[derive(Deserialize)]
struct Paging {
    before: Option<String>,
}

async fn list_page(
    app: &App,
    viewer: &Viewer,
    shell: Shell,
    before: Option<String>,
    mut form: Form,
) -> Result<ListPage> {
    let before = before.and_then(|text| text.parse().ok()).unwrap_or(Cursor::LAST);
    let orders = store::list(&mut app.db.read().await?, viewer.tenant, before, PAGE).await?;
    let next = orders.next.map(|cursor| format!("/work-orders?before={cursor}"));
    let now = app.means.now();
    if form.value("from").is_empty() && form.ok() {
        let today = now.to_zoned_datetime(calendar::shanghai()).date();
        form.set("from", today.first_of_month().to_string());
        form.set("to", today.to_string());
    }
    Ok(ListPage { shell, orders: orders.items, next, form, now })
}

async fn list(State(app): State<App>, viewer: Viewer, shell: Shell, Query(paging): Query<Paging>) -> Result<Response> {
    page(&list_page(&app, &viewer, shell, paging.before, Form::default()).await?)
}

/// Keeps a workbook, if it is one, and shows what is in it.
async fn upload(State(app): State<App>, viewer: Viewer, shell: Shell, mut form: Form) -> Result<Response> {
    let upload = form.uploads.iter().position(|upload| upload.field == "file").map(|at| form.uploads.swap_remove(at));
    match &upload {
        None => form.fail("file", "请选择 12345 转来的工单表"),
        Some(upload) if upload.content.len() > LARGEST_MB << 20 => {
            form.fail("file", format!("文件超过 {LARGEST_MB} MB，请分成几个文件"));
        }
        Some(upload) => {
            let read = intake::read(upload.content.to_vec()).await;
            form.noted("file", read)?;
        }
    }
    let (Some(upload), true) = (upload, form.ok()) else {
        return page_again(&list_page(&app, &viewer, shell, None, form).await?);
    };
    let act = app.act(&viewer, Permission::WorkOrderHandle)?;
    let name: String = upload.file_name.chars().filter(|c| !c.is_control()).take(100).collect();
    let mut tx = app.db.begin().await?;
    let id = intake::keep(&mut tx, &act, &name, &upload.content).await?;
    tx.commit().await?;
    Ok(redirect(&format!("/work-orders/uploads/{id}"), "读出来了，还没有导入。请核对下面两步"))
}

/// A column of the workbook, the name of its field in the form, and what it has been said to be.
struct Column {
    name: String,
    heading: String,
}

#[derive(Template)]
#[template(path = "work_order/web/look.html")]
struct LookPage {
    shell: Shell,
    form: Form,
    id: Uuid,
    file_name: String,
    columns: Vec<Column>,
    fields: Vec<(String, String)>,
    plan: Option<Plan>,
    lacks: Option<String>,
}

async fn look_page(app: &App, viewer: &Viewer, shell: Shell, id: Uuid) -> Result<LookPage> {
    let act = app.act(viewer, Permission::WorkOrderHandle)?;
    let mut tx = app.db.read().await?;
    let (sheet, file_name) = intake::kept(&mut tx, &act, id).await?;
    let layout = Layout::of(&sheet.headings, &store::layout(&mut tx, viewer.tenant).await?);
    let lacks = layout.lacks();
    let plan = match lacks {
        None => Some(intake::plan(&mut tx, viewer.tenant, &layout, &sheet).await?),
        Some(_) => None,
    };
    let (mut form, mut columns) = (Form::default(), Vec::new());
    for (at, (heading, field)) in layout.0.into_iter().enumerate() {
        let name = format!("column{at}");
        form.set(&name, field.unwrap_or_default());
        columns.push(Column { name, heading });
    }
    let fields = Field::ALL.iter().map(|field| (field.code().to_owned(), field.label().to_owned())).collect();
    Ok(LookPage { shell, form, id, file_name, columns, fields, plan, lacks })
}

async fn look(State(app): State<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    page(&look_page(&app, &viewer, shell, id).await?)
}

/// The rows that cannot be taken in, as a workbook. It has the names and phones of callers, so that it was taken away stays in the audit log.
async fn rejections(State(app): State<App>, viewer: Viewer, Path(id): Path<Uuid>) -> Result<Response> {
    let act = app.act(&viewer, Permission::WorkOrderHandle)?;
    let mut tx = app.db.begin().await?;
    let (sheet, _) = intake::kept(&mut tx, &act, id).await?;
    let layout = Layout::of(&sheet.headings, &store::layout(&mut tx, viewer.tenant).await?);
    let plan = intake::plan(&mut tx, viewer.tenant, &layout, &sheet).await?;
    let file = workbook::of_tables(&[intake::rejections(&sheet, &plan.wrong)])?;
    audit::record(&mut tx, &act, "export", ("work_orders", viewer.tenant), "退回的工单", &[]).await?;
    tx.commit().await?;
    Ok(workbook::response(file, "退回的工单.xlsx"))
}

/// Remembers what the columns are; whoever looks again sees what becomes of the rows then.
async fn set_layout(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let mut shown = look_page(&app, &viewer, shell, id).await?;
    let mut layout = Layout::default();
    for Column { name, heading } in &shown.columns {
        let field = form.optional_choice(name, heading, Field::parse);
        if let Some(field) = field.filter(|field| layout.position(*field).is_some()) {
            form.fail(name, format!("“{field}”只能指定一列"));
        }
        layout.0.push((heading.clone(), field.map(|field| field.code().to_owned())));
    }
    if let (Some(sentence), true) = (layout.lacks(), form.ok()) {
        form.fail("column0", sentence);
    }
    if !form.ok() {
        shown.form = form;
        return page_again(&shown);
    }
    let act = app.act(&viewer, Permission::WorkOrderHandle)?;
    let mut tx = app.db.begin().await?;
    intake::remember(&mut tx, &act, &layout).await?;
    tx.commit().await?;
    Ok(redirect(&format!("/work-orders/uploads/{id}"), "记住了，下次同样的表不用再指定"))
}

async fn enter(State(app): State<App>, viewer: Viewer, Path(id): Path<Uuid>, _: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::WorkOrderHandle)?;
    let mut tx = app.db.begin().await?;
    let taken = intake::take_in(&mut tx, &act, id).await?;
    tx.commit().await?;
    Ok(redirect("/work-orders", &format!("导入了 {taken} 件，都在“诉求”里等着受理")))
}

async fn replies(State(app): State<App>, viewer: Viewer, shell: Shell, mut form: Form) -> Result<Response> {
    let day = |text: &str| text.parse::<Date>().ok();
    let from = form.choice("from", "从哪天", day);
    let to = form.choice("to", "到哪天", day);
    if from.zip(to).is_some_and(|(from, to)| to < from || from.saturating_add(3.years()) < to) {
        form.fail("to", "起止日期不对：开始的日子在前，最多三年");
    }
    let (Some(from), Some(to), true) = (from, to, form.ok()) else {
        return page_again(&list_page(&app, &viewer, shell, None, form).await?);
    };
    let act = app.act(&viewer, Permission::WorkOrderHandle)?;
    let midnight =
        |day: Date| day.to_zoned_datetime(calendar::shanghai()).map(|at| at.timestamp()).map_err(anyhow::Error::from);
    let span = (midnight(from)?, midnight(to.saturating_add(1.day()))?);
    let mut tx = app.db.begin().await?;
    let layout = store::layout(&mut tx, viewer.tenant).await?;
    let table = reply::table(&mut tx, &act, &layout, span).await?;
    let name = format!("12345工单回复{from}至{to}");
    audit::record(
        &mut tx,
        &act,
        "export",
        ("work_orders", viewer.tenant),
        &format!("{name}，{} 件", table.rows.len()),
        &[],
    )
    .await?;
    tx.commit().await?;
    Ok(workbook::response(workbook::of_tables(&[table])?, &format!("{name}.xlsx")))
}
