//! A meeting as an iCalendar file (RFC 5545), which a phone or a PC takes into its calendar.

use axum::extract::{Path, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use icalendar::{Calendar, Component, Event, EventLike, EventStatus};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::public::announced;
use crate::access::{Need, Permission, Routes, Viewer};
use crate::app::App;
use crate::error::Result;
use crate::meeting::model::State as Stage;
use crate::meeting::room::{self, Room};
use crate::meeting::store::{self, Item, Meeting};

pub fn routes() -> Routes {
    Routes::default().get("/meetings/{id}/calendar.ics", Permission::MeetingRead, of_meeting).get(
        "/board/{code}/meetings/{id}/calendar.ics",
        Need::Public,
        of_announced,
    )
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
