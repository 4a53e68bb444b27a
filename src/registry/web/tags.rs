//! The tags of one resident: what holds and since when, set, confirmed and ended on some evidence.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use uuid::Uuid;

use super::resident::within;
use crate::access::{Permission, Routes, Viewer};
use crate::app::App;
use crate::error::{Error, Result};
use crate::registry::person::Person;
use crate::registry::store::Household;
use crate::registry::tag::Tag;
use crate::registry::tagging::{self, HeldRestricted, HeldTag, RestrictedTag};
use crate::web::{Form, Shell, page, page_again, redirect};

pub fn routes() -> Routes {
    use Permission::{ResidentEdit, ResidentTagRestricted};
    Routes::default()
        .get("/residents/{id}/tags", ResidentEdit, list)
        .post("/residents/{id}/tags", ResidentEdit, set)
        .post("/residents/{id}/tags/removal", ResidentEdit, end)
        .get("/residents/{id}/restricted-tags", ResidentTagRestricted, list_restricted)
        .post("/residents/{id}/restricted-tags", ResidentTagRestricted, set_restricted)
        .post("/residents/{id}/restricted-tags/removal", ResidentTagRestricted, end_restricted)
}

#[derive(Template)]
#[template(path = "registry/web/tags.html")]
struct TagsPage {
    shell: Shell,
    household: Household,
    person: Person,
    tags: Vec<HeldTag>,
    /// Leads to the restricted ones.
    may_restricted: bool,
    form: Form,
}

impl TagsPage {
    /// What can be set: neither what follows from facts nor what holds.
    fn choices(&self) -> Vec<(&'static str, &'static str)> {
        let free = |tag: &&Tag| !tag.is_derived() && !self.tags.iter().any(|held| held.tag == **tag);
        Tag::ALL.iter().filter(free).map(|tag| (tag.code(), tag.label())).collect()
    }
}

async fn tags_page(app: &App, viewer: &Viewer, shell: Shell, id: Uuid, form: Form) -> Result<TagsPage> {
    let act = app.act(viewer, Permission::ResidentEdit)?;
    let mut tx = app.db.read().await?;
    let (person, household) = within(&mut tx, &act, &viewer.scope(Permission::ResidentEdit), id).await?;
    let tags = tagging::held(&mut tx, viewer.tenant, id).await?;
    let may_restricted = viewer.may(Permission::ResidentTagRestricted);
    Ok(TagsPage { shell, household, person, tags, may_restricted, form })
}

async fn list(State(app): State<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    page(&tags_page(&app, &viewer, shell, id, Form::default()).await?)
}

async fn set(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    form: Form,
) -> Result<Response> {
    change(&app, &viewer, shell, id, form, true).await
}

async fn end(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    form: Form,
) -> Result<Response> {
    change(&app, &viewer, shell, id, form, false).await
}

async fn change(app: &App, viewer: &Viewer, shell: Shell, id: Uuid, mut form: Form, holds: bool) -> Result<Response> {
    let act = app.act(viewer, Permission::ResidentEdit)?;
    let tag = form.choice("tag", "标签", Tag::parse);
    let evidence = form.text("evidence", "依据", 2..=100);
    if codes::text::personal(&evidence).is_some() {
        form.fail("evidence", "依据会写进审计记录，请不要写电话或证件号码");
    }
    let (Some(tag), true) = (tag, form.ok()) else {
        return page_again(&tags_page(app, viewer, shell, id, form).await?);
    };
    let mut tx = app.db.begin().await?;
    let (person, _) = within(&mut tx, &act, &viewer.scope(Permission::ResidentEdit), id).await?;
    if person.ended.is_some() {
        return Err(Error::refused("这个人已不在册，标签不用再改"));
    }
    let flash = if holds {
        tagging::set(&mut tx, &act, id, tag, &evidence, &evidence).await?;
        format!("“{tag}”已记下，今天核实过")
    } else {
        tagging::end(&mut tx, &act, id, tag, &evidence, &evidence).await?;
        format!("“{tag}”已去掉")
    };
    tx.commit().await?;
    Ok(redirect(&format!("/residents/{id}/tags"), &flash))
}

// ---------- restricted ----------

#[derive(Template)]
#[template(path = "registry/web/restricted_tags.html")]
struct RestrictedPage {
    shell: Shell,
    household: Household,
    person: Person,
    /// The community registers them.
    registered: bool,
    tags: Vec<HeldRestricted>,
    form: Form,
}

impl RestrictedPage {
    fn choices(&self) -> Vec<(&'static str, &'static str)> {
        let free = |tag: &&RestrictedTag| !self.tags.iter().any(|held| held.tag == **tag);
        RestrictedTag::ALL.iter().filter(free).map(|tag| (tag.code(), tag.label())).collect()
    }
}

async fn restricted_page(app: &App, viewer: &Viewer, shell: Shell, id: Uuid, form: Form) -> Result<RestrictedPage> {
    let act = app.act(viewer, Permission::ResidentTagRestricted)?;
    let mut tx = app.db.read().await?;
    let (person, household) = within(&mut tx, &act, &viewer.scope(Permission::ResidentTagRestricted), id).await?;
    let registered = tagging::are_registered(&mut tx, viewer.tenant, act.at).await?;
    let tags = tagging::restricted(&mut tx, &act, id).await?;
    Ok(RestrictedPage { shell, household, person, registered, tags, form })
}

async fn list_restricted(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
) -> Result<Response> {
    page(&restricted_page(&app, &viewer, shell, id, Form::default()).await?)
}

async fn set_restricted(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    form: Form,
) -> Result<Response> {
    change_restricted(&app, &viewer, shell, id, form, true).await
}

async fn end_restricted(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    form: Form,
) -> Result<Response> {
    change_restricted(&app, &viewer, shell, id, form, false).await
}

async fn change_restricted(
    app: &App,
    viewer: &Viewer,
    shell: Shell,
    id: Uuid,
    mut form: Form,
    holds: bool,
) -> Result<Response> {
    let act = app.act(viewer, Permission::ResidentTagRestricted)?;
    let tag = form.choice("tag", "标签", RestrictedTag::parse);
    let evidence = form.text("evidence", "依据", 4..=200);
    let (Some(tag), true) = (tag, form.ok()) else {
        return page_again(&restricted_page(app, viewer, shell, id, form).await?);
    };
    let mut tx = app.db.begin().await?;
    within(&mut tx, &act, &viewer.scope(Permission::ResidentTagRestricted), id).await?;
    let flash = if holds {
        tagging::set_restricted(&mut tx, &act, id, tag, &evidence).await?;
        "已记下，今天核实过"
    } else {
        tagging::end_restricted(&mut tx, &act, id, tag, &evidence).await?;
        "已去掉"
    };
    tx.commit().await?;
    Ok(redirect(&format!("/residents/{id}/restricted-tags"), flash))
}
