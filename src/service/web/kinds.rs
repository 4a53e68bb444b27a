//! What kinds of service there are, and what each asks of whoever goes.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use uuid::Uuid;

use super::Options;
use crate::access::{Permission, Routes, Viewer};
use crate::app::App;
use crate::error::Result;
use crate::place;
use crate::service::kind::{self, Kind, Sketch};
use crate::service::store::{self, Version};
use crate::volunteer::{Risk, Target};
use crate::web::{Form, Shell, page, page_again, redirect};

pub fn routes() -> Routes {
    use Permission::ServiceArrange;
    Routes::default()
        .get("/service-kinds", ServiceArrange, list)
        .get("/service-kinds/new", ServiceArrange, new)
        .post("/service-kinds", ServiceArrange, create)
        .post("/service-kinds/usual", ServiceArrange, enter_usual)
        .get("/service-kinds/{id}", ServiceArrange, edit)
        .post("/service-kinds/{id}", ServiceArrange, change)
}

#[derive(Template)]
#[template(path = "service/web/kinds.html")]
struct ListPage {
    shell: Shell,
    kinds: Vec<Kind>,
    /// They reach the whole community.
    of_all: bool,
}

fn of_all(viewer: &Viewer) -> bool {
    viewer.scope(Permission::ServiceArrange).account.is_none()
}

async fn list(State(app): State<App>, viewer: Viewer, shell: Shell) -> Result<Response> {
    let kinds = kind::kinds(&mut app.db.read().await?, viewer.tenant).await?;
    page(&ListPage { shell, kinds, of_all: of_all(&viewer) })
}

async fn enter_usual(State(app): State<App>, viewer: Viewer, _form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::ServiceArrange)?;
    if !of_all(&viewer) {
        return Err(crate::error::Error::refused("整个社区的服务类别，请社区登记"));
    }
    let mut tx = app.db.begin().await?;
    kind::enter_usual(&mut tx, &act).await?;
    tx.commit().await?;
    Ok(redirect("/service-kinds", "登记好了，可以再改"))
}

#[derive(Template)]
#[template(path = "service/web/kind.html")]
struct FormPage {
    shell: Shell,
    form: Form,
    estates: Options,
    of_all: bool,
    kind: Option<Kind>,
    versions: Vec<Version>,
}

impl FormPage {
    fn targets(&self) -> Vec<(&'static str, &'static str)> {
        Target::ALL.iter().map(|target| (target.code(), target.label())).collect()
    }

    fn demands(&self, version: &Version) -> String {
        kind::demands(&version.skill, &version.qualification, version.risk, version.insured)
    }
}

async fn form_page(app: &App, viewer: &Viewer, shell: Shell, form: Form, id: Option<Uuid>) -> Result<FormPage> {
    let scope = viewer.scope(Permission::ServiceArrange);
    let mut tx = app.db.read().await?;
    let estates = place::estates_within(&mut tx, viewer.tenant, &scope).await?;
    let (kind, versions) = match id {
        Some(id) => {
            let kind = kind::in_reach(&mut tx, viewer.tenant, &scope, id).await?;
            (Some(kind), store::versions(&mut tx, viewer.tenant, id).await?)
        }
        None => (None, Vec::new()),
    };
    let estates = estates.into_iter().map(|estate| (estate.id.to_string(), estate.name)).collect();
    Ok(FormPage { shell, form, estates, of_all: of_all(viewer), kind, versions })
}

fn read(form: &mut Form) -> Sketch {
    let sentence = "请不要写电话或身份证号";
    Sketch {
        name: form.open_text("name", "名称", 2..=20, sentence),
        skill: form.open_text("skill", "要会什么", 0..=60, sentence),
        qualification: form.open_text("qualification", "要什么证书", 0..=60, sentence),
        target: form.optional_choice("target", "服务谁", Target::parse),
        risk: if form.is("risk", "high") { Risk::High } else { Risk::Low },
        insured: form.is("insured", "yes"),
        ended: form.is("ended", "yes"),
    }
}

async fn new(State(app): State<App>, viewer: Viewer, shell: Shell) -> Result<Response> {
    page(&form_page(&app, &viewer, shell, Form::default(), None).await?)
}

async fn create(State(app): State<App>, viewer: Viewer, shell: Shell, mut form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::ServiceArrange)?;
    let shown = form_page(&app, &viewer, shell, Form::default(), None).await?;
    let listed = |id: &str| shown.estates.iter().any(|(known, _)| known == id);
    let estate: Option<Uuid> = form.optional_choice("estate", "小区", |id| id.parse().ok().filter(|_| listed(id)));
    if estate.is_none() && !shown.of_all {
        form.fail("estate", "请选择小区");
    }
    let sketch = read(&mut form);
    if !form.ok() {
        return page_again(&FormPage { form, ..shown });
    }
    let mut tx = app.db.begin().await?;
    kind::add(&mut tx, &act, estate, &sketch).await?;
    tx.commit().await?;
    Ok(redirect("/service-kinds", "登记好了"))
}

async fn edit(State(app): State<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    let mut shown = form_page(&app, &viewer, shell, Form::default(), Some(id)).await?;
    if let Some(kind) = &shown.kind {
        shown.form = Form::filled(&[
            ("version", &kind.version.to_string()),
            ("name", &kind.name),
            ("skill", &kind.skill),
            ("qualification", &kind.qualification),
            ("target", kind.target.map_or("", |target| target.code())),
            ("risk", kind.risk.code()),
            ("insured", if kind.insured { "yes" } else { "" }),
            ("ended", if kind.ended_at.is_some() { "yes" } else { "" }),
        ]);
    }
    page(&shown)
}

async fn change(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::ServiceArrange)?;
    let shown = form_page(&app, &viewer, shell, Form::default(), Some(id)).await?;
    let sketch = read(&mut form);
    if !form.ok() {
        return page_again(&FormPage { form, ..shown });
    }
    let mut tx = app.db.begin().await?;
    let before = kind::in_reach(&mut tx, act.tenant, &viewer.scope(Permission::ServiceArrange), id).await?;
    kind::change(&mut tx, &act, &before, form.version(), &sketch).await?;
    tx.commit().await?;
    Ok(redirect("/service-kinds", "改好了，以前登记的仍按当时的"))
}
