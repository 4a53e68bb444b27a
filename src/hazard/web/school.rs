//! Schools as the ledger sees them: what was found out about each, in versions, and the page on which a school sees what is shared with it.

use askama::Template;
use axum::extract::{Path, State as Shared};
use axum::response::Response;
use jiff::Timestamp;
use uuid::Uuid;

use crate::access::{self, Link, Need, Permission, Routes, Viewer};
use crate::app::App;
use crate::error::{Error, Result};
use crate::hazard::model::Survey;
use crate::hazard::round::{self, Place};
use crate::hazard::school::{self, School, Version};
use crate::hazard::store::{self, Hazard};
use crate::web::{Form, Shell, page, page_again, qr, redirect, show};

pub fn routes() -> Routes {
    use Permission::{HazardApprove, HazardRead, HazardWork};
    Routes::default()
        .get("/hazard-schools", HazardRead, list)
        .get("/hazard-schools/{id}", HazardRead, show)
        .post("/hazard-schools/{id}/surveys", HazardWork, add)
        .get("/hazard-schools/{id}/link", HazardApprove, show_link)
        .get("/school-hazards/{link}", Need::Public, shared)
}

#[derive(Template)]
#[template(path = "hazard/web/schools.html")]
struct SchoolsPage {
    shell: Shell,
    schools: Vec<School>,
}

async fn list(Shared(app): Shared<App>, viewer: Viewer, shell: Shell) -> Result<Response> {
    let scope = viewer.scope(Permission::HazardRead);
    let schools = school::schools(&mut app.db.read().await?, viewer.tenant, &scope).await?;
    page(&SchoolsPage { shell, schools })
}

#[derive(Template)]
#[template(path = "hazard/web/school.html")]
struct SchoolPage {
    shell: Shell,
    school: School,
    places: Vec<Place>,
    /// The latest first.
    versions: Vec<Version>,
    form: Form,
    may_work: bool,
    may_link: bool,
}

impl SchoolPage {
    fn seen(&self) -> i64 {
        self.versions.first().map_or(0, |last| last.version)
    }

    /// Whether a field of a version says something else than the version before it.
    fn differs(&self, at: &usize, name: &&'static str) -> bool {
        let field = |at: usize| {
            let version = self.versions.get(at)?;
            let fields = version.survey.fields();
            fields.iter().find(|(known, ..)| known == name).map(|(_, _, value)| (*value).to_owned())
        };
        field(*at + 1).is_some_and(|before| Some(before) != field(*at))
    }

    fn fields(&self) -> Vec<(&'static str, &'static str)> {
        Survey::default().fields().map(|(name, label, _)| (name, label)).to_vec()
    }
}

async fn school_page(app: &App, viewer: &Viewer, shell: Shell, id: Uuid, form: Option<Form>) -> Result<SchoolPage> {
    let act = app.act(viewer, Permission::HazardRead)?;
    let mut tx = app.db.read().await?;
    let school = school::school(&mut tx, viewer.tenant, &viewer.scope(Permission::HazardRead), id).await?;
    let places = round::places_of(&mut tx, viewer.tenant, id).await?;
    let versions = school::surveys(&mut tx, &act, id).await?;
    let form = form.unwrap_or_else(|| {
        let mut form = Form::default();
        for (name, _, value) in versions.first().map(|last| last.survey.clone()).unwrap_or_default().fields() {
            form.set(name, value);
        }
        form
    });
    let (may_work, may_link) = (viewer.may(Permission::HazardWork), viewer.may(Permission::HazardApprove));
    Ok(SchoolPage { shell, school, places, versions, form, may_work, may_link })
}

async fn show(Shared(app): Shared<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    page(&school_page(&app, &viewer, shell, id, None).await?)
}

async fn add(
    Shared(app): Shared<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::HazardWork)?;
    let mut tx = app.db.begin().await?;
    let school = school::school(&mut tx, viewer.tenant, &viewer.scope(Permission::HazardWork), id).await?;
    let seen = form.version();
    let survey = Survey::of(|name, label| form.text(name, label, 0..=1000));
    let reason = form.text("reason", "为什么调研", 2..=100);
    if survey == Survey::default() {
        form.fail("students", "一项都没有填，写了才能存");
    }
    let done = match form.ok() {
        true => {
            let done = school::survey(&mut tx, &act, &school, seen, (&survey, &reason)).await;
            form.noted("reason", done)?
        }
        false => None,
    };
    let Some(version) = done else {
        drop(tx);
        return page_again(&school_page(&app, &viewer, shell, id, Some(form)).await?);
    };
    tx.commit().await?;
    Ok(redirect(&format!("/hazard-schools/{id}"), &format!("第 {version} 版已存，以前的还在")))
}

#[derive(Template)]
#[template(path = "hazard/web/link.html")]
struct LinkPage {
    shell: Shell,
    school: School,
    address: String,
    picture: String,
}

async fn show_link(Shared(app): Shared<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    let mut tx = app.db.read().await?;
    let school = school::school(&mut tx, viewer.tenant, &viewer.scope(Permission::HazardApprove), id).await?;
    let link = school.link(viewer.tenant, &app.means.keys);
    let address = app.link(&format!("/school-hazards/{link}"));
    let picture = qr(&address)?;
    page(&LinkPage { shell, school, address, picture })
}

#[derive(Template)]
#[template(path = "hazard/web/shared.html")]
struct SharedPage {
    shell: Shell,
    school: School,
    hazards: Vec<Hazard>,
    now: Timestamp,
}

impl SharedPage {
    fn deadline(&self, hazard: &Hazard) -> show::Deadline {
        show::deadline(hazard.due_at, self.now, false)
    }
}

/// What a school sees: kind, place and how it stands. Neither a person nor a photo, nor anything of other schools.
async fn shared(Shared(app): Shared<App>, shell: Shell, Path(link): Path<String>) -> Result<Response> {
    let link: Link = link.parse().map_err(|()| Error::NotFound)?;
    let mut tx = app.db.read().await?;
    let school = school::by_link(&mut tx, &link, &app.means.keys).await?;
    let hazards = store::shared_with(&mut tx, link.tenant, school.id).await?;
    let tenant = access::tenant(&mut tx, link.tenant).await?;
    // Not the code: a bureau has no board.
    let shell = shell.of_community(&tenant.name, "");
    page(&SharedPage { shell, school, hazards, now: app.means.now() })
}
