//! The posts of a school at its gates and crossings, and the codes that hang there.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use uuid::Uuid;

use super::number;
use super::school::school_page;
use crate::access::{Permission, Routes, Viewer};
use crate::app::App;
use crate::duty::calling_off;
use crate::duty::model::{GateKind, Qualification};
use crate::duty::school::{self, GateSketch};
use crate::duty::store::{self, Gate};
use crate::error::Result;
use crate::web::{Form, Shell, page, page_again, qr, redirect};

pub fn routes() -> Routes {
    use Permission::DutyEdit;
    Routes::default()
        .post("/duty-schools/{id}/gates", DutyEdit, add_gate)
        .get("/duty-gates/{id}", DutyEdit, edit_gate)
        .post("/duty-gates/{id}", DutyEdit, change_gate)
        .get("/duty-gates/{id}/poster", DutyEdit, poster)
        .post("/duty-gates/{id}/link", DutyEdit, renew_poster)
}

/// What a form says about a post.
fn gate_sketch(form: &mut Form, closed: Option<jiff::Timestamp>) -> Option<GateSketch> {
    let kind = form.choice("kind", "是什么岗位", GateKind::parse);
    let name = form.text("name", "岗位名称", 1..=30);
    let duty = form.text("duty", "职责", 0..=300);
    let seats = number(form, "seats", "要几个人", 1..=20);
    let officers = number(form, "officers", "其中警力", 0..=20);
    let qualification = form.optional_choice("qualification", "要有的资格", Qualification::parse);
    let (kind, seats, officers) = (kind?, seats?, officers?);
    if officers > seats {
        form.fail("officers", "其中警力不能比总人数多");
    }
    if seats < 2 && form.is("pair", "yes") {
        form.fail("seats", "必须两人同时在的岗，至少要 2 个人");
    }
    let qualification = qualification.map(|one| one.code().to_owned());
    form.ok().then_some(GateSketch { kind, name, duty, seats, officers, qualification, closed_at: closed })
}

async fn add_gate(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::DutyEdit)?;
    let mut tx = app.db.begin().await?;
    store::school_within(&mut tx, viewer.tenant, &viewer.scope(Permission::DutyEdit), id).await?;
    if let Some(new) = gate_sketch(&mut form, None) {
        let done = school::add_gate(&mut tx, &act, id, &new).await;
        if let Some(gate) = form.noted("name", done)? {
            if form.is("pair", "yes") {
                school::set_pair(&mut tx, &act, gate, true).await?;
            }
            tx.commit().await?;
            return Ok(redirect(&format!("/duty-schools/{id}"), "岗位已登记"));
        }
    }
    drop(tx);
    page_again(&school_page(&app, &viewer, shell, id, (form, "gate")).await?)
}

#[derive(Template)]
#[template(path = "duty/web/gate.html")]
struct GatePage {
    shell: Shell,
    form: Form,
    gate: Gate,
    kinds: Vec<(&'static str, &'static str)>,
    qualifications: Vec<(&'static str, &'static str)>,
}

fn gate_page(shell: Shell, form: Form, gate: Gate) -> GatePage {
    let kinds = GateKind::ALL.iter().map(|kind| (kind.code(), kind.label())).collect();
    let qualifications = Qualification::ALL.iter().map(|one| (one.code(), one.label())).collect();
    GatePage { shell, form, gate, kinds, qualifications }
}

async fn edit_gate(State(app): State<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    let scope = viewer.scope(Permission::DutyEdit);
    let gate = store::gate_within(&mut app.db.read().await?, viewer.tenant, &scope, id).await?;
    let mut form = Form::filled(&[
        ("kind", gate.kind.code()),
        ("name", &gate.name),
        ("duty", &gate.duty),
        ("seats", &gate.seats.to_string()),
        ("officers", &gate.officers.to_string()),
        ("qualification", gate.qualification.as_deref().unwrap_or_default()),
        ("version", &gate.lock_version.to_string()),
    ]);
    if gate.pair {
        form.set("pair", "yes");
    }
    if gate.closed_at.is_some() {
        form.set("closed", "yes");
    }
    page(&gate_page(shell, form, gate))
}

async fn change_gate(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::DutyEdit)?;
    let mut tx = app.db.begin().await?;
    let gate = store::gate_within(&mut tx, viewer.tenant, &viewer.scope(Permission::DutyEdit), id).await?;
    let closed = form.is("closed", "yes").then(|| gate.closed_at.unwrap_or(act.at));
    if let Some(to) = gate_sketch(&mut form, closed) {
        let done = school::change_gate(&mut tx, &act, &gate, form.version(), &to).await;
        if let Some(cancelled) = form.noted("name", done)? {
            let pair = form.is("pair", "yes");
            if pair != gate.pair {
                school::set_pair(&mut tx, &act, gate.id, pair).await?;
            }
            tx.commit().await?;
            let said = format!("岗位已改好{}", calling_off::said(&app, &cancelled));
            return Ok(redirect(&format!("/duty-schools/{}", gate.school_id), &said));
        }
    }
    drop(tx);
    page_again(&gate_page(shell, form, gate))
}

#[derive(Template)]
#[template(path = "duty/web/poster.html")]
struct PosterPage {
    shell: Shell,
    gate: Gate,
    picture: String,
}

async fn poster(State(app): State<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    let scope = viewer.scope(Permission::DutyEdit);
    let gate = store::gate_within(&mut app.db.read().await?, viewer.tenant, &scope, id).await?;
    let link = school::post_link(viewer.tenant, &gate, &app.means.keys);
    let picture = qr(&app.link(&format!("/duty-posts/{link}")))?;
    page(&PosterPage { shell, gate, picture })
}

/// The code that hangs at a post is made anew; a picture of the old one signs nobody in any more.
async fn renew_poster(State(app): State<App>, viewer: Viewer, Path(id): Path<Uuid>, _form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::DutyEdit)?;
    let mut tx = app.db.begin().await?;
    store::gate_within(&mut tx, viewer.tenant, &viewer.scope(Permission::DutyEdit), id).await?;
    school::renew_gate_link(&mut tx, &act, id).await?;
    tx.commit().await?;
    Ok(redirect(&format!("/duty-gates/{id}/poster"), "换了新码，旧的已经作废，请打印这一张换上"))
}
