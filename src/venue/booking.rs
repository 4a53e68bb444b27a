//! Somebody books a room, once or again and again, moves a booking, or gives it up.

use calendar::{Recurrence, WorkingDays, shanghai};
use db::Tx;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::model::{Diary, Purpose, Span, day_of};
use super::store::{
    self, ADD_SERIES, BOOK, Booking, CANCEL, CANCEL_LATER, HOLD, MOVE, MOVE_LATER, REBOOK, RELEASE, Venue,
};
use crate::access::Act;
use crate::audit;
use crate::error::{Error, Result};

#[derive(Debug, Clone)]
pub struct NewBooking {
    pub venue: Uuid,
    pub span: Span,
    pub title: String,
    pub purpose: Purpose,
    /// What holds the room and moves or gives up the booking with itself: a meeting.
    pub subject: Option<Uuid>,
}

/// How a booking comes again.
#[derive(Debug, Clone)]
pub struct Repeat {
    pub recurrence: Recurrence,
    /// Books the days that are free where others are not, instead of nothing.
    pub skip_taken: bool,
}

/// Whether what is done to one booking of a series is done to those after it, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Following {
    ThisOne,
    AllThatFollow,
}

/// Nobody else books the room until the transaction ends.
async fn hold(tx: &mut Tx, tenant: Uuid, id: Uuid) -> Result<Venue> {
    tx.execute_one(HOLD.bind(tenant).bind(id)).await?;
    let venue = store::venue(tx, tenant, id).await?;
    if venue.retired_at.is_some() {
        return Err(Error::refused(format!("{}已经停用，请换一个场地", venue.name)));
    }
    Ok(venue)
}

/// What is known of a room from the first day of some spans to the last.
async fn diary(tx: &mut Tx, tenant: Uuid, venue: Uuid, spans: &[Span]) -> Result<Diary> {
    let day = SignedDuration::from_hours(24);
    let (first, last) = (spans.iter().map(|span| span.starts_at).min(), spans.iter().map(|span| span.ends_at).max());
    let Some((first, last)) = first.zip(last) else { return Ok(Diary::default()) };
    store::diary(tx, tenant, venue, Span { starts_at: first - day, ends_at: last + day }).await
}

fn refuse_past(span: Span, now: Timestamp) -> Result<()> {
    if span.ends_at <= now {
        return Err(Error::refused("这个时间已经过了，请选以后的时间"));
    }
    Ok(())
}

async fn refuse_taken(tx: &mut Tx, act: &Act, venue: &Venue, span: Span, moved: &[Uuid]) -> Result<()> {
    let diary = diary(tx, act.tenant, venue.id, &[span]).await?;
    match diary.obstacle(span, moved) {
        Some(obstacle) => Err(Error::refused(format!("{}：{obstacle}", venue.name))),
        None => Ok(()),
    }
}

/// Errors: refused, with what stands in the way and what is free, if the room cannot be had then.
pub async fn book(tx: &mut Tx, act: &Act, new: NewBooking) -> Result<Uuid> {
    let venue = hold(tx, act.tenant, new.venue).await?;
    refuse_past(new.span, act.at)?;
    refuse_taken(tx, act, &venue, new.span, &[]).await?;
    let id = act.id();
    tx.execute(row(act, id, None, &new, new.span)).await?;
    audit::record(tx, act, "book", ("booking", id), &venue.name, &[]).await?;
    Ok(id)
}

fn row(act: &Act, id: Uuid, series: Option<Uuid>, new: &NewBooking, span: Span) -> db::Query {
    let row = BOOK.bind(act.tenant).bind(id).bind(new.venue).bind(series).bind(new.subject).bind(new.purpose);
    row.bind(&new.title).bind(span.starts_at).bind(span.ends_at).bind(act.account).bind(act.at).bind("").bind(1)
}

/// The same on another day.
fn on(span: Span, day: Date) -> Option<Span> {
    let time = span.starts_at.to_zoned_datetime(shanghai()).time();
    let starts_at = day.to_datetime(time).to_zoned_datetime(shanghai()).ok()?.timestamp();
    Some(Span::of_minutes(starts_at, span.minutes()))
}

/// Books a room again and again. Gives the first booking, how many there are, and the days that were left out, in words.
///
/// Errors: refused with the days that cannot be had, unless those are to be left out; if the rule names no day; if holidays are to
/// be left out in a year of which they are not known.
pub async fn book_series(
    tx: &mut Tx,
    act: &Act,
    new: NewBooking,
    repeat: Repeat,
) -> Result<(Uuid, usize, Vec<String>)> {
    let venue = hold(tx, act.tenant, new.venue).await?;
    refuse_past(new.span, act.at)?;
    let first = day_of(new.span.starts_at);
    let days = repeat.recurrence.dates(first, WorkingDays::embedded());
    let days = days.map_err(|error| Error::refused(error.to_string()))?;
    let spans: Vec<Span> = days.into_iter().filter_map(|day| on(new.span, day)).collect();
    let diary = diary(tx, act.tenant, venue.id, &spans).await?;
    let mut taken = Vec::new();
    let mut free = Vec::new();
    for span in spans {
        match diary.obstacle(span, &[]) {
            Some(obstacle) => taken.push(obstacle),
            None => free.push(span),
        }
    }
    if !taken.is_empty() && (!repeat.skip_taken || free.is_empty()) {
        let (some, count) = (taken.iter().take(3).cloned().collect::<Vec<_>>().join("；"), taken.len());
        return Err(Error::refused(format!("{}有 {count} 次约不上：{some}", venue.name)));
    }
    if free.is_empty() {
        return Err(Error::refused("照这样重复，一次也约不到。请看一下日子和截止日期"));
    }
    let series = act.id();
    let rule = repeat.recurrence.rule(first);
    tx.execute(ADD_SERIES.bind(act.tenant).bind(series).bind(venue.id).bind(rule).bind(act.at)).await?;
    let ids: Vec<Uuid> = free.iter().map(|_| act.id()).collect();
    let rows = ids.iter().zip(&free).map(|(id, span)| row(act, *id, Some(series), &new, *span));
    tx.execute_many(BOOK, rows.collect()).await?;
    audit::record(tx, act, "book", ("booking", series), &venue.name, &[]).await?;
    Ok((ids[0], free.len(), taken))
}

/// Moves a booking to another time in its room, and those that follow it by as much.
///
/// Errors: stale if somebody else has changed it; refused for what is over, as for a new booking, and if those that follow would meet.
pub async fn shift(
    tx: &mut Tx,
    act: &Act,
    booking: &Booking,
    seen: i64,
    to: Span,
    title: &str,
    following: Following,
) -> Result<()> {
    refuse_held(booking)?;
    refuse_past(booking.span(), act.at)?;
    let venue = hold(tx, act.tenant, booking.venue_id).await?;
    refuse_past(to, act.at)?;
    let by = to.starts_at.duration_since(booking.starts_at);
    let longer = SignedDuration::from_mins(to.minutes() - booking.span().minutes());
    let all = moved(tx, act, booking, following).await?;
    let ids: Vec<Uuid> = all.iter().map(|one| one.id).collect();
    let spans: Vec<Span> =
        all.iter().map(|one| Span { starts_at: one.starts_at + by, ends_at: one.ends_at + by + longer }).collect();
    let diary = diary(tx, act.tenant, venue.id, &spans).await?;
    if let Some(obstacle) = spans.iter().find_map(|span| diary.obstacle(*span, &ids)) {
        return Err(Error::refused(format!("{}：{obstacle}", venue.name)));
    }
    // They move together, but one that had been moved by itself may now meet another of them.
    let mut in_order = spans;
    in_order.sort_by_key(|span| span.starts_at);
    if in_order.windows(2).any(|pair| pair[1].starts_at < pair[0].ends_at) {
        return Err(Error::refused(format!("{}：这样改，同一组里有两次会撞在一起", venue.name)));
    }
    let (by, longer) = (by.as_millis() as i64, longer.as_millis() as i64);
    // Those that follow go first, while this one still stands before them.
    if let (Some(series), Following::AllThatFollow) = (booking.series_id, following) {
        let row = MOVE_LATER.bind(act.tenant).bind(series).bind(booking.starts_at.as_millisecond());
        tx.execute(row.bind(by).bind(longer).bind(title)).await?;
    }
    let row = MOVE.bind(act.tenant).bind(booking.id).bind(seen).bind(by).bind(longer).bind(title);
    if tx.execute(row).await? == 0 {
        return Err(stale());
    }
    audit::record(tx, act, "rebook", ("booking", booking.id), &venue.name, &[]).await
}

/// Gives a booking up, and those that follow it where that was said.
///
/// Errors: stale if somebody else has changed it; refused for what is over.
pub async fn cancel(
    tx: &mut Tx,
    act: &Act,
    booking: &Booking,
    seen: i64,
    why: &str,
    following: Following,
) -> Result<()> {
    refuse_held(booking)?;
    refuse_past(booking.span(), act.at)?;
    let row = CANCEL.bind(act.tenant).bind(booking.id).bind(seen).bind(act.at).bind(why);
    if tx.execute(row).await? == 0 {
        return Err(stale());
    }
    if let (Some(series), Following::AllThatFollow) = (booking.series_id, following) {
        let later = booking.starts_at.as_millisecond();
        tx.execute(CANCEL_LATER.bind(act.tenant).bind(series).bind(later).bind(act.at).bind(why)).await?;
    }
    audit::record(tx, act, "cancel", ("booking", booking.id), why, &[]).await
}

/// A booking, and those after it where they go with it.
async fn moved(tx: &mut Tx, act: &Act, booking: &Booking, following: Following) -> Result<Vec<Booking>> {
    match (booking.series_id, following) {
        (Some(series), Following::AllThatFollow) => store::following(tx, act.tenant, series, booking.starts_at).await,
        _ => Ok(vec![booking.clone()]),
    }
}

/// A meeting moves and gives up its room itself.
fn refuse_held(booking: &Booking) -> Result<()> {
    if booking.subject_id.is_some() {
        return Err(Error::refused("这是一次会议约的，请在会议的页面上改时间或取消"));
    }
    Ok(())
}

fn stale() -> Error {
    Error::Stale("这个预约刚刚有人改过，请看一下再改。".to_owned())
}

/// Books a room for something, moves what it has booked, or gives it up where it needs none any more.
///
/// Errors: refused as for a new booking.
pub async fn rebook(tx: &mut Tx, act: &Act, subject: Uuid, new: Option<NewBooking>) -> Result<()> {
    let before = store::of_subject(tx, act.tenant, subject).await?;
    let (before, new) = match (before, new) {
        (None, None) => return Ok(()),
        (Some(_), None) => return release(tx, act, subject, "不用场地了").await,
        (None, Some(new)) => {
            book(tx, act, new).await?;
            return Ok(());
        }
        (Some(before), Some(new)) => (before, new),
    };
    let venue = hold(tx, act.tenant, new.venue).await?;
    if before.span() != new.span || before.venue_id != new.venue {
        refuse_past(new.span, act.at)?;
        refuse_taken(tx, act, &venue, new.span, &[before.id]).await?;
    }
    let row = REBOOK.bind(act.tenant).bind(subject).bind(venue.id).bind(new.span.starts_at).bind(new.span.ends_at);
    tx.execute(row.bind(&new.title)).await?;
    audit::record(tx, act, "rebook", ("booking", before.id), &venue.name, &[]).await
}

/// Gives up whatever is booked for something.
pub async fn release(tx: &mut Tx, act: &Act, subject: Uuid, why: &str) -> Result<()> {
    if let Some(booking) = store::of_subject(tx, act.tenant, subject).await? {
        tx.execute(RELEASE.bind(act.tenant).bind(subject).bind(act.at).bind(why)).await?;
        audit::record(tx, act, "cancel", ("booking", booking.id), why, &[]).await?;
    }
    Ok(())
}
