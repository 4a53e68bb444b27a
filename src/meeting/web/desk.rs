//! The list of meetings, and the form on which the next one is planned.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use db::{Cursor, Tx};
use jiff::Timestamp;
use jiff::civil::DateTime;
use serde::Deserialize;
use uuid::Uuid;

use crate::access::{Act, Permission, Routes, Viewer};
use crate::app::App;
use crate::error::Result;
use crate::issue::personal_data_in;
use crate::meeting::agenda::{self, From};
use crate::meeting::model::Kind;
use crate::meeting::preparation::{self, NewItem, NewMeeting, Plan, Proposal, Wording};
use crate::meeting::room::{self, Room};
use crate::meeting::store::{self, Circle, Meeting};
use crate::web::{Form, Shell, page, page_again, redirect};
use crate::{place, venue};

pub fn routes() -> Routes {
    use Permission::{MeetingHold, MeetingRead};
    Routes::default().get("/meetings", MeetingRead, list).get("/meetings/new", MeetingHold, new).post(
        "/meetings",
        MeetingHold,
        create,
    )
}

const PAGE: usize = 20;

#[derive(Deserialize)]
struct Paging {
    before: Option<String>,
}

#[derive(Template)]
#[template(path = "meeting/web/list.html")]
struct ListPage {
    shell: Shell,
    coming: Vec<Meeting>,
    past: Vec<Meeting>,
    next: Option<String>,
    may_hold: bool,
}

async fn list(State(app): State<App>, viewer: Viewer, shell: Shell, Query(paging): Query<Paging>) -> Result<Response> {
    let before = paging.before.and_then(|text| text.parse().ok()).unwrap_or(Cursor::LAST);
    let mut tx = app.db.read().await?;
    let coming = if before == Cursor::LAST {
        store::coming(&mut tx, &viewer, Cursor::FIRST, 100).await?.items
    } else {
        Vec::new()
    };
    let past = store::past(&mut tx, &viewer, before, PAGE).await?;
    let next = past.next.map(|cursor| format!("/meetings?before={cursor}"));
    let may_hold = viewer.may(Permission::MeetingHold);
    page(&ListPage { shell, coming, past: past.items, next, may_hold })
}

/// Something that the form offers for the agenda.
pub(super) struct Offer {
    /// What the checkbox sends: `issue:…` or `item:…`.
    pub value: String,
    pub proposal: Proposal,
}

pub(super) fn offers(proposals: Vec<Proposal>) -> Vec<Offer> {
    let value = |item: &NewItem| match item {
        NewItem::Issue(id) => format!("issue:{id}"),
        NewItem::Unfinished(id) => format!("item:{id}"),
        NewItem::Procedure(id) => format!("procedure:{id}"),
        NewItem::Survey(id) => format!("survey:{id}"),
        NewItem::Topic(title) | NewItem::Motion(Wording { title, .. }) => title.clone(),
    };
    proposals.into_iter().map(|proposal| Offer { value: value(&proposal.item), proposal }).collect()
}

pub(super) fn chosen(value: &str) -> Option<NewItem> {
    let (kind, id) = value.split_once(':')?;
    let id = id.parse().ok()?;
    match kind {
        "issue" => Some(NewItem::Issue(id)),
        "item" => Some(NewItem::Unfinished(id)),
        "procedure" => Some(NewItem::Procedure(id)),
        "survey" => Some(NewItem::Survey(id)),
        _ => None,
    }
}

#[derive(Template)]
#[template(path = "meeting/web/new.html")]
struct NewPage {
    shell: Shell,
    form: Form,
    kind: Kind,
    /// Chosen first: the agenda depends on it.
    estate: Option<place::Estate>,
    estates: Vec<place::Estate>,
    offers: Vec<Offer>,
    rooms: Vec<(String, String)>,
}

/// Of whom and of what kind the next meeting is.
type Asked = (Option<Uuid>, Kind);

async fn new_page(app: &App, viewer: &Viewer, shell: Shell, (estate, kind): Asked, form: Form) -> Result<NewPage> {
    let mut tx = app.db.read().await?;
    let scope = viewer.scope(Permission::MeetingHold);
    let estates = place::estates_within(&mut tx, viewer.tenant, &scope).await?;
    let estate = match estate {
        Some(id) => estates.iter().find(|estate| estate.id == id),
        None if estates.len() == 1 => estates.first(),
        None => None,
    };
    let estate = estate.cloned();
    let proposals = match &estate {
        Some(estate) => {
            preparation::proposals(&mut tx, viewer.tenant, Circle::of_estate(estate.id), kind, app.means.now()).await?
        }
        None => Vec::new(),
    };
    let rooms = rooms(&mut tx, viewer.tenant, estate.as_ref().map(|estate| estate.id)).await?;
    Ok(NewPage { shell, form, kind, estate, estates, offers: offers(proposals), rooms })
}

#[derive(Deserialize)]
struct Wanted {
    estate: Option<Uuid>,
    kind: Option<String>,
}

/// What an estate can hold; 说事议事 unless something else was asked for.
fn of_estate(code: &str) -> Kind {
    Kind::parse(code).filter(|kind| Kind::OF_ESTATES.contains(kind)).unwrap_or(Kind::Deliberation)
}

async fn new(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Query(Wanted { estate, kind }): Query<Wanted>,
) -> Result<Response> {
    let kind = of_estate(kind.as_deref().unwrap_or_default());
    let mut page_shown = new_page(&app, &viewer, shell, (estate, kind), Form::default()).await?;
    if let Some(estate) = &page_shown.estate {
        let mut tx = app.db.read().await?;
        let last = store::latest(&mut tx, viewer.tenant, Circle::of_estate(estate.id)).await?;
        let station = estate.station_address.as_deref().unwrap_or("小区党群服务站");
        let form = &mut page_shown.form;
        form.set("estate", estate.id.to_string());
        begin_like(&mut tx, &viewer, form, last.as_ref(), station, app.means.now()).await?;
        for offer in page_shown.offers.iter().filter(|offer| offer.proposal.pressing) {
            form.add("item", offer.value.clone());
        }
    }
    page(&page_shown)
}

async fn create(State(app): State<App>, viewer: Viewer, shell: Shell, mut form: Form) -> Result<Response> {
    let kind = of_estate(form.value("kind"));
    let estate = form.choice("estate", "小区", |id| id.parse::<Uuid>().ok());
    if let (Some(from), Some(id)) = (From::parse(form.value("from")), estate) {
        let mut tx = app.db.read().await?;
        place::estate_within(&mut tx, viewer.tenant, &viewer.scope(Permission::MeetingHold), id).await?;
        let topics = agenda::topics(&mut tx, viewer.tenant, Circle::of_estate(id), kind, from).await?;
        drop(tx);
        form.set("topics", topics);
        return page(&new_page(&app, &viewer, shell, (estate, kind), form).await?);
    }
    let room = read_room(&form);
    let plan = read_plan(&mut form, room);
    let topics = topics(&mut form);
    let (Some(id), Some(plan), true) = (estate, plan, form.ok()) else {
        return page_again(&new_page(&app, &viewer, shell, (estate, kind), form).await?);
    };
    let items = form.values("item").filter_map(chosen).chain(topics).collect();
    let act = app.act(&viewer, Permission::MeetingHold)?;
    let mut tx = app.db.begin().await?;
    place::estate_within(&mut tx, viewer.tenant, &viewer.scope(Permission::MeetingHold), id).await?;
    let new = NewMeeting { kind, circle: Circle::of_estate(id), plan, items };
    // Somebody else may have put an issue on another agenda meanwhile.
    let created = create_in(&mut tx, &act, new, room, &mut form, "topics").await?;
    let Some(meeting) = created else {
        drop(tx);
        return page_again(&new_page(&app, &viewer, shell, (estate, kind), form).await?);
    };
    tx.commit().await?;
    Ok(redirect(&format!("/meetings/{meeting}"), "会议已建好，看一下议题，再发通知"))
}

/// What the form for the next meeting begins with: the hour, room and people of the last one.
pub(super) async fn begin_like(
    tx: &mut Tx,
    viewer: &Viewer,
    form: &mut Form,
    last: Option<&Meeting>,
    station: &str,
    now: Timestamp,
) -> Result<()> {
    let rules = preparation::rules(tx, viewer.tenant, now).await?;
    let planned = preparation::proposed_time(last, &rules, now);
    form.set("day", planned.date().to_string());
    form.set("time", planned.strftime("%H:%M").to_string());
    form.set("place", last.map_or(station, |last| &last.place));
    form.set("host", last.map_or(&viewer.name, |last| &last.host).as_str());
    form.set("recorder", last.map_or("", |last| &last.recorder));
    if let Some(last) = last
        && let Some(room) = room::of_meeting(tx, viewer.tenant, last.id).await?
    {
        form.set("venue", room.venue.to_string());
        form.set("minutes", room.minutes.to_string());
    }
    Ok(())
}

/// Makes a meeting and books its room. What is refused is noted in the form: what concerns the room there, all else in `field`.
pub(super) async fn create_in(
    tx: &mut Tx,
    act: &Act,
    mut new: NewMeeting,
    room: Option<Room>,
    form: &mut Form,
    field: &str,
) -> Result<Option<Uuid>> {
    if let Some(room) = room {
        let Some(place) = form.noted("venue", room::place_of(tx, act.tenant, new.circle.estate, room).await)? else {
            return Ok(None);
        };
        new.plan.place = place;
    }
    let Some(meeting) = form.noted(field, preparation::create(tx, act, new).await)? else { return Ok(None) };
    Ok(form.noted("venue", room::hold(tx, act, meeting, room).await)?.map(|()| meeting))
}

/// The rooms that a meeting can be held in: of an estate and of the whole community, or only the latter.
pub(super) async fn rooms(tx: &mut Tx, tenant: Uuid, estate: Option<Uuid>) -> Result<Vec<(String, String)>> {
    let usable = venue::usable(tx, tenant, estate.unwrap_or_default()).await?;
    Ok(usable.into_iter().map(|venue| (venue.id.to_string(), venue.name)).collect())
}

/// The room that was chosen, and for how long.
pub(super) fn read_room(form: &Form) -> Option<Room> {
    let venue = form.value("venue").parse().ok()?;
    let minutes = form.value("minutes").parse().ok().filter(|minutes| (15..=720).contains(minutes)).unwrap_or(60);
    Some(Room { venue, minutes })
}

/// Matters that somebody wrote down, one a line.
pub(super) fn topics(form: &mut Form) -> Vec<NewItem> {
    let topics = form.text("topics", "其他议题", 0..=600);
    if let Some(sentence) = personal_data_in(&topics) {
        form.fail("topics", sentence);
    }
    if topics.lines().any(|line| line.trim().chars().count() > 60) {
        form.fail("topics", "每个议题写一行，最多 60 个字");
    }
    let topics = topics.lines().map(str::trim).filter(|line| !line.is_empty());
    topics.map(|line| NewItem::Topic(line.to_owned())).collect()
}

/// When, where and by whom, from a form. Where a room was chosen its name is the place.
pub(super) fn read_plan(form: &mut Form, room: Option<Room>) -> Option<Plan> {
    let planned_at = planned_at(form);
    let place = form.text("place", "地点", if room.is_some() { 0..=60 } else { 2..=60 });
    let host = form.text("host", "主持人", 2..=30);
    let recorder = form.text("recorder", "记录人", 0..=30);
    Some(Plan { planned_at: planned_at?, place, host, recorder })
}

/// Day and time, by the clock of Shanghai.
fn planned_at(form: &mut Form) -> Option<Timestamp> {
    let text = format!("{}T{}", form.value("day").trim(), form.value("time").trim());
    let moment = text.parse::<DateTime>().ok().and_then(|at| at.to_zoned_datetime(calendar::shanghai()).ok());
    if moment.is_none() {
        let missing = if form.value("day").trim().is_empty() { "day" } else { "time" };
        form.fail(missing, "请选择哪天几点开会");
    }
    moment.map(|moment| moment.timestamp())
}
