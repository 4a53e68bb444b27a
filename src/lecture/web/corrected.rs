//! What was entered wrongly of a school, or has changed since, is put right in place: the pupils of a class, a hall, a post of a 法治副校长. And the
//! whole number of the school's contact, for whoever says why.

use axum::extract::{Path, State};
use axum::response::Response;
use uuid::Uuid;

use super::number;
use super::school::school_page;
use crate::access::{Permission, Routes, Viewer};
use crate::app::App;
use crate::audit;
use crate::error::{Error, Result};
use crate::lecture::affected;
use crate::lecture::school;
use crate::lecture::store;
use crate::web::{Form, Revealed, Shell, ValueForm, page_again, redirect};

pub fn routes() -> Routes {
    use Permission::{LectureArrange, LectureEdit};
    Routes::default()
        .post("/lecture-schools/{id}/halls/{hall}/particulars", LectureEdit, change_hall)
        .post("/lecture-schools/{id}/classes/{class}/particulars", LectureEdit, set_pupils)
        .post("/lecture-schools/{id}/vice-principals/{vice}/erasure", LectureEdit, drop_post)
        .post("/lecture-schools/{id}/reveals", LectureArrange, reveal)
}

async fn change_hall(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path((id, hall)): Path<(Uuid, Uuid)>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::LectureEdit)?;
    let mut tx = app.db.begin().await?;
    store::school(&mut tx, viewer.tenant, id).await?;
    let name = form.text("new_name", "场地名称", 1..=30);
    let seats = number(&mut form, "new_seats", "坐多少人", 1..=5000);
    if form.ok()
        && let Some(seats) = seats
    {
        let done = school::change_hall(&mut tx, &act, id, (hall, form.version()), (&name, seats)).await;
        if form.noted("new_name", done)?.is_some() {
            let said = affected::told(&mut tx, viewer.tenant, act.at, "场地已改").await?;
            tx.commit().await?;
            return Ok(redirect(&format!("/lecture-schools/{id}"), &said));
        }
    }
    drop(tx);
    page_again(&school_page(&app, &viewer, shell, id, (form, "")).await?.of_row(hall))
}

async fn set_pupils(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path((id, class)): Path<(Uuid, Uuid)>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::LectureEdit)?;
    let mut tx = app.db.begin().await?;
    store::school(&mut tx, viewer.tenant, id).await?;
    if let Some(pupils) = number(&mut form, "new_pupils", "学生人数", 1..=200) {
        school::set_pupils(&mut tx, &act, id, class, pupils).await?;
        let said = affected::told(&mut tx, viewer.tenant, act.at, "人数已改").await?;
        tx.commit().await?;
        return Ok(redirect(&format!("/lecture-schools/{id}"), &said));
    }
    drop(tx);
    page_again(&school_page(&app, &viewer, shell, id, (form, "")).await?.of_row(class))
}

/// A post that was entered wrongly, in which nothing was given.
async fn drop_post(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path((id, vice)): Path<(Uuid, Uuid)>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::LectureEdit)?;
    let mut tx = app.db.begin().await?;
    store::school(&mut tx, viewer.tenant, id).await?;
    let why = form.open_text("vice_why", "为什么删去", 2..=100, "不要写电话或身份证号");
    if form.ok() {
        let done = school::drop_post(&mut tx, &act, id, vice, &why).await;
        if form.noted("vice_why", done)?.is_some() {
            tx.commit().await?;
            return Ok(redirect(&format!("/lecture-schools/{id}"), "登记错的任期已删去"));
        }
    }
    drop(tx);
    page_again(&school_page(&app, &viewer, shell, id, (form, "")).await?.of_row(vice))
}

/// The whole number of the school's contact, with a reason that stays.
async fn reveal(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::LectureArrange)?;
    let mut tx = app.db.begin().await?;
    let school = store::school(&mut tx, viewer.tenant, id).await?;
    let reason = form.reveal_reason("reason");
    if !form.ok() {
        drop(tx);
        return page_again(&school_page(&app, &viewer, shell, id, (form, "")).await?);
    }
    let Some(contact) = school.contact(&act)? else {
        return Err(Error::refused("没有登记学校的联系人，不用查看。这次没有记入审计记录。"));
    };
    audit::record(&mut tx, &act, "reveal", ("lecture_school", id), &format!("联系人电话：{reason}"), &[]).await?;
    tx.commit().await?;
    let back = (format!("/lecture-schools/{id}"), "回到这所学校");
    let (name, what, value) = (contact.name, "联系人电话", contact.phone);
    Revealed { shell, name, what, value, form: ValueForm::Phone, reason, back }.page()
}
