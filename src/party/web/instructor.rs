//! 党建指导员: the list, the form on which one is sent, and one of them with the log.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use jiff::civil::Date;
use uuid::Uuid;

use crate::access::{self, OrganisationKind, Permission, Routes, Viewer};
use crate::app::App;
use crate::error::Result;
use crate::party::instructor::{self, Instructor, NewInstructor, Note};
use crate::party::member::{self, today};
use crate::place;
use crate::web::{Form, Shell, page, page_again, redirect};

pub fn routes() -> Routes {
    use Permission::{PartyEdit, PartyRead};
    Routes::default()
        .get("/party/instructors", PartyRead, list)
        .get("/party/instructors/new", PartyEdit, new)
        .post("/party/instructors", PartyEdit, send)
        .get("/party/instructors/{id}", PartyRead, show)
        .post("/party/instructors/{id}/notes", PartyEdit, note)
        .post("/party/instructors/{id}/end", PartyEdit, end)
}

#[derive(Template)]
#[template(path = "party/web/instructors.html")]
struct ListPage {
    shell: Shell,
    instructors: Vec<Instructor>,
    today: Date,
    may_edit: bool,
}

async fn list(State(app): State<App>, viewer: Viewer, shell: Shell) -> Result<Response> {
    let act = app.act(&viewer, Permission::PartyRead)?;
    let today = today(&act);
    let mut tx = app.db.read().await?;
    let scope = viewer.scope(Permission::PartyRead);
    let instructors = instructor::instructors(&mut tx, viewer.tenant, &scope, today).await?;
    page(&ListPage { shell, instructors, today, may_edit: viewer.may(Permission::PartyEdit) })
}

#[derive(Template)]
#[template(path = "party/web/instructor-new.html")]
struct NewPage {
    shell: Shell,
    form: Form,
    companies: Vec<(String, String)>,
    estates: Vec<(String, String)>,
}

async fn new_page(app: &App, viewer: &Viewer, shell: Shell, form: Form) -> Result<NewPage> {
    let mut tx = app.db.read().await?;
    let companies = access::organisations(&mut tx, viewer.tenant).await?;
    let companies = companies.into_iter().filter(|known| known.kind == OrganisationKind::PropertyCompany);
    let estates = place::estates_within(&mut tx, viewer.tenant, &viewer.scope(Permission::PartyEdit)).await?;
    Ok(NewPage {
        shell,
        form,
        companies: companies.map(|known| (known.id.to_string(), known.name)).collect(),
        estates: estates.into_iter().map(|estate| (estate.id.to_string(), estate.name)).collect(),
    })
}

async fn new(State(app): State<App>, viewer: Viewer, shell: Shell) -> Result<Response> {
    page(&new_page(&app, &viewer, shell, Form::default()).await?)
}

async fn send(State(app): State<App>, viewer: Viewer, shell: Shell, mut form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::PartyEdit)?;
    let scope = viewer.scope(Permission::PartyEdit);
    let name = form.person_name("name");
    let company = form.choice("company", "派到哪家物业公司", |id| id.parse::<Uuid>().ok());
    let estate = form.optional_choice("estate", "小区", |id| id.parse::<Uuid>().ok());
    let since = form.choice("since", "从哪一天起", |text| text.parse::<Date>().ok());
    let until = form.optional_choice("until", "到哪一天", |text| text.parse::<Date>().ok());
    let duties = form.text("duties", "职责", 2..=500);
    if since.zip(until).is_some_and(|(since, until)| until < since) {
        form.fail("until", "结束的日子不能早于开始的日子");
    }
    if estate.is_none() && scope.account.is_some() {
        form.fail("estate", "请选择小区");
    }
    let mut tx = app.db.begin().await?;
    if let Some(estate) = estate {
        place::estate_within(&mut tx, viewer.tenant, &scope, estate).await?;
    }
    if let (Some(name), Some(company), Some(since), true) = (name, company, since, form.ok()) {
        // The member list knows them if exactly one member has this name.
        let known = member::by_name(&mut tx, &act, &scope, &name).await?;
        let member = if let [only] = known.as_slice() { Some(only.id) } else { None };
        let done =
            instructor::send(&mut tx, &act, NewInstructor { name, member, company, estate, since, until, duties })
                .await;
        if let Some(id) = form.noted("company", done)? {
            tx.commit().await?;
            return Ok(redirect(&format!("/party/instructors/{id}"), "已登记，做了什么记在下面"));
        }
    }
    drop(tx);
    page_again(&new_page(&app, &viewer, shell, form).await?)
}

#[derive(Template)]
#[template(path = "party/web/instructor.html")]
struct ShowPage {
    shell: Shell,
    instructor: Instructor,
    notes: Vec<Note>,
    today: Date,
    may_edit: bool,
    form: Form,
    failed: &'static str,
}

async fn show_page(
    app: &App,
    viewer: &Viewer,
    shell: Shell,
    id: Uuid,
    (failed, mut form): (&'static str, Form),
) -> Result<ShowPage> {
    let act = app.act(viewer, Permission::PartyRead)?;
    let mut tx = app.db.read().await?;
    let scope = viewer.scope(Permission::PartyRead);
    let instructor = instructor::instructor(&mut tx, viewer.tenant, &scope, id).await?;
    let notes = instructor::notes(&mut tx, viewer.tenant, id).await?;
    let today = today(&act);
    if failed.is_empty() {
        form.set("day", today.to_string());
    }
    Ok(ShowPage { shell, instructor, notes, today, may_edit: viewer.may(Permission::PartyEdit), form, failed })
}

async fn show(State(app): State<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    page(&show_page(&app, &viewer, shell, id, ("", Form::default())).await?)
}

async fn note(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::PartyEdit)?;
    let mut tx = app.db.begin().await?;
    let scope = viewer.scope(Permission::PartyEdit);
    let instructor = instructor::instructor(&mut tx, viewer.tenant, &scope, id).await?;
    let day = form.choice("day", "哪一天", |text| text.parse::<Date>().ok());
    let text = form.text("text", "做了什么", 4..=1000);
    if let (Some(day), true) = (day, form.ok()) {
        let done = instructor::note(&mut tx, &act, &instructor, day, &text).await;
        if let Some(()) = form.noted("day", done)? {
            tx.commit().await?;
            return Ok(redirect(&format!("/party/instructors/{id}"), "已记下"));
        }
    }
    drop(tx);
    page_again(&show_page(&app, &viewer, shell, id, ("note", form)).await?)
}

async fn end(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::PartyEdit)?;
    let mut tx = app.db.begin().await?;
    let scope = viewer.scope(Permission::PartyEdit);
    let instructor = instructor::instructor(&mut tx, viewer.tenant, &scope, id).await?;
    if let Some(on) = form.choice("until", "到哪一天", |text| text.parse::<Date>().ok()) {
        let done = instructor::end(&mut tx, &act, &instructor, form.version(), on).await;
        if let Some(()) = form.noted("until", done)? {
            tx.commit().await?;
            return Ok(redirect(&format!("/party/instructors/{id}"), "已改好派驻到哪一天"));
        }
    }
    drop(tx);
    page_again(&show_page(&app, &viewer, shell, id, ("end", form)).await?)
}
