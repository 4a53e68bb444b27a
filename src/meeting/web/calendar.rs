//! A meeting as an iCalendar file (RFC 5545), which a phone or a PC takes into its calendar.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use icalendar::{Calendar, Component, Event, EventLike, EventStatus};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::public::announced;
use crate::access::{self, Link, Need, Permission, Routes, Viewer};
use crate::app::App;
use crate::error::{Error, Result};
use crate::meeting::feed;
use crate::meeting::model::State as Stage;
use crate::meeting::room::{self, Room};
use crate::meeting::store::{self, Item, Meeting};
use crate::place;
use crate::web::{Form, Shell, page, qr, redirect};

pub fn routes() -> Routes {
    use Permission::MeetingRead;
    Routes::default()
        .get("/meetings/{id}/calendar.ics", MeetingRead, of_meeting)
        .get("/board/{code}/meetings/{id}/calendar.ics", Need::Public, of_announced)
        .get("/board/{code}/estates/{id}/calendar.ics", Need::Public, of_estate)
        .get("/meetings/calendar", MeetingRead, show_address)
        .post("/meetings/calendar", MeetingRead, renew_address)
        .get("/calendars/{link}", Need::Public, of_account)
}

/// One's own calendar: where a phone reads it, or how to get there.
#[derive(Template)]
#[template(path = "meeting/web/calendar.html")]
struct AddressPage {
    shell: Shell,
    /// With its picture for a phone's camera.
    address: Option<(String, String)>,
}

async fn show_address(State(app): State<App>, viewer: Viewer, shell: Shell) -> Result<Response> {
    let address = feed::address(&mut app.db.read().await?, &viewer, &app.means.keys).await?;
    let address = match address {
        Some(link) => {
            let address = app.link(&format!("/calendars/{link}"));
            let picture = qr(&address)?;
            Some((address, picture))
        }
        None => None,
    };
    page(&AddressPage { shell, address })
}

async fn renew_address(State(app): State<App>, viewer: Viewer, form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::MeetingRead)?;
    let open = !form.is("close", "yes");
    let mut tx = app.db.begin().await?;
    feed::renew(&mut tx, &act, viewer.account, open).await?;
    tx.commit().await?;
    Ok(redirect("/meetings/calendar", if open { "新的网址好了，原来的不能再用" } else { "已停用" }))
}

async fn of_account(State(app): State<App>, Path(link): Path<String>) -> Result<Response> {
    let link: Link = link.trim_end_matches(".ics").parse().map_err(|()| Error::NotFound)?;
    let now = app.means.now();
    let meetings = feed::of_account(&mut app.db.read().await?, &link, &app.means.keys, now).await?;
    Ok(subscribed(&app, &meetings, "我的会议", |meeting| format!("/meetings/{}", meeting.id)))
}

async fn of_estate(State(app): State<App>, Path((code, id)): Path<(String, Uuid)>) -> Result<Response> {
    let now = app.means.now();
    let mut tx = app.db.read().await?;
    let tenant = access::tenant_by_code(&mut tx, &code).await?.ok_or(Error::NotFound)?;
    let estate = place::estate(&mut tx, tenant.tenant_id, id).await?;
    let meetings = feed::of_estate(&mut tx, tenant.tenant_id, id, now).await?;
    let name = format!("{}的会议", estate.name);
    Ok(subscribed(&app, &meetings, &name, |meeting| format!("/board/{code}/meetings/{}", meeting.id)))
}

/// Several meetings as a calendar that is read again every few hours.
fn subscribed(app: &App, meetings: &[Meeting], name: &str, page: impl Fn(&Meeting) -> String) -> Response {
    let mut calendar = Calendar::new();
    calendar.name(name).append_property(("REFRESH-INTERVAL;VALUE=DURATION", "PT4H"));
    for meeting in meetings {
        calendar.push(event(meeting, &[], None, &app.link(&page(meeting)), app.means.now()));
    }
    ([(CONTENT_TYPE, "text/calendar; charset=utf-8")], calendar.done().to_string()).into_response()
}

async fn of_meeting(State(app): State<App>, viewer: Viewer, Path(id): Path<Uuid>) -> Result<Response> {
    let mut tx = app.db.read().await?;
    let meeting = store::meeting_for(&mut tx, &viewer, id, Permission::MeetingRead).await?;
    let items = store::items(&mut tx, viewer.tenant, id).await?;
    let room = room::of_meeting(&mut tx, viewer.tenant, id).await?;
    Ok(file(&app, &meeting, &items, room, &format!("/meetings/{id}")))
}

async fn of_announced(State(app): State<App>, Path((code, id)): Path<(String, Uuid)>) -> Result<Response> {
    let mut tx = app.db.read().await?;
    let (tenant, meeting) = announced(&mut tx, &code, id).await?;
    let items = store::items(&mut tx, tenant.tenant_id, id).await?;
    let room = room::of_meeting(&mut tx, tenant.tenant_id, id).await?;
    Ok(file(&app, &meeting, &items, room, &format!("/board/{code}/meetings/{id}")))
}

fn file(app: &App, meeting: &Meeting, items: &[Item], room: Option<Room>, page: &str) -> Response {
    let page = app.link(page);
    let calendar = Calendar::new().push(event(meeting, items, room, &page, app.means.now())).done();
    let kind = (CONTENT_TYPE, "text/calendar; charset=utf-8");
    (([kind, (CONTENT_DISPOSITION, "attachment; filename=\"meeting.ics\"")]), calendar.to_string()).into_response()
}

/// The same identity and a higher sequence replace what a calendar has already; a meeting that is called off is
/// taken out of it.
fn event(meeting: &Meeting, items: &[Item], room: Option<Room>, page: &str, now: Timestamp) -> Event {
    let topics: Vec<String> = (1..).zip(items).map(|(number, item)| format!("{number}. {}", item.title)).collect();
    let status = match meeting.state {
        Stage::Cancelled => EventStatus::Cancelled,
        Stage::Draft => EventStatus::Tentative,
        _ => EventStatus::Confirmed,
    };
    let mut event = Event::new();
    event
        .uid(&format!("{}@doorstep", meeting.id))
        .summary(&meeting.title)
        .location(&format!("{} {}", meeting.estate_name, meeting.place))
        .description(&topics.join("\n"))
        .url(page)
        .status(status)
        .add_property("SEQUENCE", meeting.lock_version.to_string())
        .add_property("DTSTAMP", utc(now))
        .add_property("DTSTART", utc(meeting.planned_at));
    if let Some(room) = room {
        event.add_property("DTEND", utc(meeting.planned_at + SignedDuration::from_mins(room.minutes)));
    }
    event.done()
}

/// `20261126T010000Z`
fn utc(at: Timestamp) -> String {
    at.strftime("%Y%m%dT%H%M%SZ").to_string()
}
