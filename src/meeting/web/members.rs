//! Meetings of party members: the form on which one is called.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use uuid::Uuid;

use super::desk::{Offer, chosen, offers, read_plan, topics};
use crate::access::{Permission, Routes, Viewer};
use crate::app::App;
use crate::error::{Error, Result};
use crate::meeting::model::Kind;
use crate::meeting::preparation::{self, NewMeeting};
use crate::meeting::store;
use crate::party::{self, Organisation};
use crate::place;
use crate::web::{Form, Shell, page, page_again, redirect};

pub fn routes() -> Routes {
    use Permission::MeetingHold;
    Routes::default().get("/party/organisations/{id}/meetings/new", MeetingHold, new).post(
        "/party/organisations/{id}/meetings",
        MeetingHold,
        create,
    )
}

#[derive(Template)]
#[template(path = "meeting/web/members-new.html")]
struct NewPage {
    shell: Shell,
    form: Form,
    organisation: Organisation,
    offers: Vec<Offer>,
}

impl NewPage {
    fn kinds(&self) -> Vec<(&'static str, &'static str)> {
        Kind::of(self.organisation.kind).iter().map(|kind| (kind.code(), kind.label())).collect()
    }
}

async fn new_page(app: &App, viewer: &Viewer, shell: Shell, id: Uuid, form: Form) -> Result<NewPage> {
    let mut tx = app.db.read().await?;
    let organisation = party::organisation(&mut tx, viewer.tenant, &viewer.scope(Permission::MeetingHold), id).await?;
    let proposals = match organisation.estate_id {
        Some(estate) => {
            preparation::proposals(&mut tx, viewer.tenant, (estate, Some(id)), Kind::Assembly, app.means.now()).await?
        }
        None => Vec::new(),
    };
    Ok(NewPage { shell, form, organisation, offers: offers(proposals) })
}

async fn new(State(app): State<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    let mut shown = new_page(&app, &viewer, shell, id, Form::default()).await?;
    if let Some(estate) = shown.organisation.estate_id {
        let mut tx = app.db.read().await?;
        let last = store::latest(&mut tx, viewer.tenant, (estate, Some(id))).await?;
        let station = place::estate(&mut tx, viewer.tenant, estate).await?.station_address;
        let station = || station.unwrap_or_else(|| "小区党群服务站".to_owned());
        let kind = last.as_ref().map(|last| last.kind.code());
        shown.form.set("kind", kind.or(shown.kinds().first().map(|(code, _)| *code)).unwrap_or_default());
        let (place, host) = last.map_or_else(|| (station(), viewer.name.clone()), |last| (last.place, last.host));
        shown.form.set("place", place);
        shown.form.set("host", host);
    }
    page(&shown)
}

async fn create(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let kind = form.choice("kind", "开什么会", Kind::parse);
    let plan = read_plan(&mut form);
    let topics = topics(&mut form);
    let act = app.act(&viewer, Permission::MeetingHold)?;
    let mut tx = app.db.begin().await?;
    let organisation = party::organisation(&mut tx, viewer.tenant, &viewer.scope(Permission::MeetingHold), id).await?;
    if kind.is_some_and(|kind| !Kind::of(organisation.kind).contains(&kind)) {
        form.fail("kind", format!("{}不开这种会", organisation.kind));
    }
    if organisation.estate_id.is_none() {
        form.fail("kind", "先在这个党组织的“改资料”里选哪个小区，才能开会");
    }
    if let (Some(kind), Some(plan), Some(estate), true) = (kind, plan, organisation.estate_id, form.ok()) {
        let items = form.values("item").filter_map(chosen).chain(topics).collect();
        let new = NewMeeting { kind, estate, organisation: Some(id), plan, items };
        match preparation::create(&mut tx, &act, new).await {
            Ok(meeting) => {
                tx.commit().await?;
                return Ok(redirect(&format!("/meetings/{meeting}"), "会议已建好，应到的人已列上，看一下再发通知"));
            }
            Err(Error::Refused(sentence)) => form.fail("kind", sentence),
            Err(error) => return Err(error),
        }
    }
    drop(tx);
    page_again(&new_page(&app, &viewer, shell, id, form).await?)
}
