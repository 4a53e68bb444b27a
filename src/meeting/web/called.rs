//! Meetings to which people are called by a roll, of a party organisation or of a body: what it has called, and the form for the next.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use db::{Cursor, Tx};
use serde::Deserialize;
use uuid::Uuid;

use super::desk::{Offer, begin_like, chosen, create_in, offers, read_plan, read_room, rooms, topics};
use crate::access::{Permission, Routes, Scope, Viewer};
use crate::app::App;
use crate::error::{Error, Result};
use crate::meeting::agenda::{self, From};
use crate::meeting::duty::{self, Duty};
use crate::meeting::model::Kind;
use crate::meeting::preparation::{self, NewMeeting};
use crate::meeting::store::{self, Circle, Meeting};
use crate::web::{Form, Shell, page, page_again, redirect};
use crate::{body, party, place};

pub fn routes() -> Routes {
    use Permission::MeetingHold;
    Routes::default()
        .get("/party/organisations/{id}/meetings/new", MeetingHold, new_of_party)
        .get("/party/organisations/{id}/meetings", MeetingHold, list_of_party)
        .post("/party/organisations/{id}/meetings", MeetingHold, create_of_party)
        .get("/bodies/{id}/meetings/new", MeetingHold, new_of_body)
        .get("/bodies/{id}/meetings", MeetingHold, list_of_body)
        .post("/bodies/{id}/meetings", MeetingHold, create_of_body)
}

/// Who calls.
struct Caller {
    name: String,
    /// Its own page; the forms stand below it.
    path: String,
    party: Option<Uuid>,
    body: Option<Uuid>,
    /// Where it meets; whoever belongs to no one estate chooses.
    estate: Option<Uuid>,
    kinds: Vec<Kind>,
    /// Of a party organisation.
    level: Option<party::Kind>,
}

impl Caller {
    async fn party(tx: &mut Tx, viewer: &Viewer, id: Uuid) -> Result<Caller> {
        let organisation = party::organisation(tx, viewer.tenant, &viewer.scope(Permission::MeetingHold), id).await?;
        let mut kinds = Kind::of(organisation.kind).to_vec();
        if residents_committee(tx, viewer.tenant).await?.is_none() {
            kinds.retain(|kind| *kind != Kind::TwoCommittees);
        }
        let path = format!("/party/organisations/{id}");
        let (estate, level) = (organisation.estate_id, Some(organisation.kind));
        Ok(Caller { name: organisation.name, path, party: Some(id), body: None, estate, kinds, level })
    }

    async fn body(tx: &mut Tx, viewer: &Viewer, id: Uuid) -> Result<Caller> {
        let body = body::body(tx, viewer.tenant, &viewer.scope(Permission::MeetingHold), id).await?;
        let kinds = Kind::of_body(body.kind).to_vec();
        if kinds.is_empty() {
            return Err(Error::refused("两委商议会由党组织召集：在“党建”里打开社区党组织，点“开会”"));
        }
        let path = format!("/bodies/{id}");
        Ok(Caller { name: body.name, path, party: None, body: Some(id), estate: body.estate_id, kinds, level: None })
    }

    /// Whose meeting one of a kind is. The two committees are the party's and the community's 居委会.
    async fn circle(&self, tx: &mut Tx, tenant: Uuid, kind: Kind, estate: Uuid) -> Result<Circle> {
        let body = match kind {
            Kind::TwoCommittees => residents_committee(tx, tenant).await?,
            _ => self.body,
        };
        Ok(Circle { estate, party: self.party, body })
    }
}

/// The 居委会 of a community, if it has been registered.
async fn residents_committee(tx: &mut Tx, tenant: Uuid) -> Result<Option<Uuid>> {
    let bodies = body::bodies(tx, tenant, &Scope::tenant()).await?;
    Ok(bodies.into_iter().find(|body| body.kind == body::Kind::ResidentsCommittee).map(|body| body.id))
}

#[derive(Template)]
#[template(path = "meeting/web/called-new.html")]
struct NewPage {
    shell: Shell,
    form: Form,
    caller: Caller,
    /// What it should have held by the end of the month, the quarter or the year.
    owed: Vec<Duty>,
    estates: Vec<(String, String)>,
    offers: Vec<Offer>,
    rooms: Vec<(String, String)>,
}

impl NewPage {
    fn kinds(&self) -> Vec<(&'static str, &'static str)> {
        self.caller.kinds.iter().map(|kind| (kind.code(), kind.of_level(self.caller.level))).collect()
    }

    /// Whether anything of what may be held is shown to the neighbours.
    fn in_public(&self) -> bool {
        self.caller.kinds.iter().any(|kind| !kind.private())
    }

    fn topics_hint(&self) -> &'static str {
        match self.in_public() {
            true => "一行一个。居民看得到，不写姓名、门牌、电话。",
            false => "一行一个，如“讨论预备党员转正”。不写电话、身份证号。",
        }
    }
}

async fn new_page(app: &App, viewer: &Viewer, shell: Shell, caller: Caller, form: Form) -> Result<NewPage> {
    let now = app.means.now();
    let mut tx = app.db.read().await?;
    let estates = match caller.estate {
        Some(_) => Vec::new(),
        None => place::estates_within(&mut tx, viewer.tenant, &viewer.scope(Permission::MeetingHold)).await?,
    };
    let estates = estates.into_iter().map(|estate| (estate.id.to_string(), estate.name)).collect();
    let own = Circle { estate: caller.estate.unwrap_or_default(), party: caller.party, body: caller.body };
    let owed = duty::owed(&mut tx, viewer, own, now).await?;
    // What one kind of its meetings left unfinished may come back at another; the two committees are a circle of their own.
    let kind = Kind::parse(form.value("kind")).filter(|kind| caller.kinds.contains(kind)).unwrap_or(caller.kinds[0]);
    let mut proposals = preparation::proposals(&mut tx, viewer.tenant, own, kind, now).await?;
    if caller.kinds.contains(&Kind::TwoCommittees) {
        let both = caller.circle(&mut tx, viewer.tenant, Kind::TwoCommittees, own.estate).await?;
        let known: Vec<String> = offers(proposals.clone()).into_iter().map(|offer| offer.value).collect();
        let of_both = preparation::proposals(&mut tx, viewer.tenant, both, kind, now).await?;
        let of_both = offers(of_both).into_iter().filter(|offer| !known.contains(&offer.value));
        proposals.extend(of_both.map(|offer| offer.proposal));
    }
    let rooms = rooms(&mut tx, viewer.tenant, caller.estate).await?;
    Ok(NewPage { shell, form, caller, owed, estates, offers: offers(proposals), rooms })
}

const PAGE: usize = 20;

#[derive(Deserialize)]
struct Paging {
    before: Option<String>,
}

#[derive(Template)]
#[template(path = "meeting/web/called-list.html")]
struct ListPage {
    shell: Shell,
    caller: Caller,
    meetings: Vec<Meeting>,
    next: Option<String>,
}

async fn list(
    mut tx: Tx,
    viewer: &Viewer,
    shell: Shell,
    caller: Caller,
    id: Uuid,
    Paging { before }: Paging,
) -> Result<Response> {
    let before = before.and_then(|text| text.parse().ok()).unwrap_or(Cursor::LAST);
    let of_party = caller.party.is_some();
    let meetings = store::called_by(&mut tx, viewer.tenant, (of_party, id), before, PAGE).await?;
    let next = meetings.next.map(|cursor| format!("{}/meetings?before={cursor}", caller.path));
    page(&ListPage { shell, caller, meetings: meetings.items, next })
}

async fn list_of_party(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    Query(paging): Query<Paging>,
) -> Result<Response> {
    let mut tx = app.db.read().await?;
    let caller = Caller::party(&mut tx, &viewer, id).await?;
    list(tx, &viewer, shell, caller, id, paging).await
}

async fn list_of_body(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    Query(paging): Query<Paging>,
) -> Result<Response> {
    let mut tx = app.db.read().await?;
    let caller = Caller::body(&mut tx, &viewer, id).await?;
    list(tx, &viewer, shell, caller, id, paging).await
}

#[derive(Default, Deserialize)]
struct Wanted {
    kind: Option<String>,
}

async fn new_of_party(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    Query(wanted): Query<Wanted>,
) -> Result<Response> {
    let caller = Caller::party(&mut app.db.read().await?, &viewer, id).await?;
    new(&app, &viewer, shell, caller, wanted).await
}

async fn new_of_body(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    Query(wanted): Query<Wanted>,
) -> Result<Response> {
    let caller = Caller::body(&mut app.db.read().await?, &viewer, id).await?;
    new(&app, &viewer, shell, caller, wanted).await
}

async fn new(app: &App, viewer: &Viewer, shell: Shell, caller: Caller, Wanted { kind }: Wanted) -> Result<Response> {
    let mut tx = app.db.read().await?;
    let circle = Circle { estate: caller.estate.unwrap_or_default(), party: caller.party, body: caller.body };
    let last = store::latest(&mut tx, viewer.tenant, circle).await?;
    let station = match caller.estate {
        Some(estate) => place::estate(&mut tx, viewer.tenant, estate).await?.station_address,
        None => None,
    };
    let station = station.unwrap_or_else(|| "小区党群服务站".to_owned());
    let wanted = kind.and_then(|code| Kind::parse(&code)).or(last.as_ref().map(|last| last.kind));
    let kind = wanted.filter(|kind| caller.kinds.contains(kind)).unwrap_or(caller.kinds[0]);
    let mut form = Form::filled(&[("kind", kind.code())]);
    begin_like(&mut tx, viewer, &mut form, last.as_ref(), &station, app.means.now()).await?;
    drop(tx);
    let mut shown = new_page(app, viewer, shell, caller, form).await?;
    for offer in shown.offers.iter().filter(|offer| offer.proposal.pressing) {
        shown.form.add("item", offer.value.clone());
    }
    page(&shown)
}

async fn create_of_party(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    form: Form,
) -> Result<Response> {
    let caller = Caller::party(&mut app.db.read().await?, &viewer, id).await?;
    create(&app, &viewer, shell, caller, form).await
}

async fn create_of_body(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    form: Form,
) -> Result<Response> {
    let caller = Caller::body(&mut app.db.read().await?, &viewer, id).await?;
    create(&app, &viewer, shell, caller, form).await
}

async fn create(app: &App, viewer: &Viewer, shell: Shell, caller: Caller, mut form: Form) -> Result<Response> {
    let kind = match caller.kinds.as_slice() {
        [only] => Some(*only),
        kinds => form.choice("kind", "开什么会", Kind::parse).filter(|kind| kinds.contains(kind)),
    };
    if kind.is_none() {
        form.fail("kind", format!("{}不开这种会", caller.name));
    }
    if let (Some(from), Some(kind)) = (From::parse(form.value("from")), kind) {
        let estate = caller.estate.or(form.value("estate").parse().ok()).unwrap_or_default();
        let mut tx = app.db.read().await?;
        let circle = caller.circle(&mut tx, viewer.tenant, kind, estate).await?;
        form.set("topics", agenda::topics(&mut tx, viewer.tenant, circle, kind, from).await?);
        drop(tx);
        return page(&new_page(app, viewer, shell, caller, form).await?);
    }
    let estate = match caller.estate {
        Some(estate) => Some(estate),
        None => form.choice("estate", "在哪个小区开", |id| id.parse::<Uuid>().ok()),
    };
    let room = read_room(&form);
    let plan = read_plan(&mut form, room);
    let topics = topics(&mut form);
    let act = app.act(viewer, Permission::MeetingHold)?;
    let mut tx = app.db.begin().await?;
    if let Some(estate) = estate.filter(|_| caller.estate.is_none()) {
        place::estate_within(&mut tx, viewer.tenant, &viewer.scope(Permission::MeetingHold), estate).await?;
    }
    if let (Some(kind), Some(plan), Some(estate), true) = (kind, plan, estate, form.ok()) {
        let items = form.values("item").filter_map(chosen).chain(topics).collect();
        let circle = caller.circle(&mut tx, viewer.tenant, kind, estate).await?;
        let new = NewMeeting { kind, circle, plan, items };
        if let Some(meeting) = create_in(&mut tx, &act, new, room, &mut form, "kind").await? {
            tx.commit().await?;
            return Ok(redirect(&format!("/meetings/{meeting}"), "会议已建好，应到的人已列上，看一下再发通知"));
        }
    }
    drop(tx);
    page_again(&new_page(app, viewer, shell, caller, form).await?)
}
