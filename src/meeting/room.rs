//! The room in which a meeting is held, where one that can be booked was chosen.

use db::Tx;
use uuid::Uuid;

use super::store::{self, Meeting};
use crate::access::Act;
use crate::error::{Error, Result};
use crate::venue::{self, NewBooking, Purpose, Span, Venue};

#[derive(Debug, Clone, Copy)]
pub struct Room {
    pub venue: Uuid,
    /// How long the meeting will last, as far as anybody knows.
    pub minutes: i64,
}

/// The words by which people find a room; they become the place of the meeting.
///
/// Errors: refused if meetings of the estate are not held there.
pub async fn place_of(tx: &mut Tx, tenant: Uuid, estate: Uuid, room: Room) -> Result<String> {
    let usable = venue::usable(tx, tenant, estate).await?;
    let found = usable.into_iter().find(|venue| venue.id == room.venue);
    let Venue { name, whereabouts, .. } =
        found.ok_or_else(|| Error::refused("这个小区用不了这个场地，或者场地已经停用。请刷新页面再选。"))?;
    Ok(if whereabouts.is_empty() { name } else { format!("{name}（{whereabouts}）") })
}

/// Books the room of a meeting for when it is planned now, moves the booking, or gives it up.
///
/// Errors: refused, with what stands in the way and what is free, if the room cannot be had then.
pub async fn hold(tx: &mut Tx, act: &Act, meeting: Uuid, room: Option<Room>) -> Result<()> {
    let Meeting { id, title, planned_at, .. } = store::meeting(tx, act.tenant, meeting).await?;
    let booking = room.map(|Room { venue, minutes }| NewBooking {
        venue,
        span: Span::of_minutes(planned_at, minutes),
        title,
        purpose: Purpose::Meeting,
        subject: Some(id),
    });
    venue::rebook(tx, act, id, booking).await
}

/// The room that is booked for a meeting.
pub async fn of_meeting(tx: &mut Tx, tenant: Uuid, meeting: Uuid) -> Result<Option<Room>> {
    let booking = venue::of_subject(tx, tenant, meeting).await?;
    Ok(booking.map(|booking| Room { venue: booking.venue_id, minutes: booking.span().minutes() }))
}
