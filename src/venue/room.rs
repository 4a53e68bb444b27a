//! A room is entered, changed, given its hours, and closed for a while.

use db::Tx;
use uuid::Uuid;

use super::model::{Hours, Span};
use super::store::{self, ADD, ADD_CLOSURE, ADD_HOURS, CHANGE, DROP_CLOSURE, DROP_HOURS, HOLD, Venue};
use crate::access::Act;
use crate::audit;
use crate::error::{Error, Result};
use crate::web::show;

#[derive(Debug, Clone)]
pub struct NewVenue {
    /// `None` for the whole community.
    pub estate: Option<Uuid>,
    pub name: String,
    pub whereabouts: String,
    pub capacity: Option<i64>,
    pub hours: Vec<Hours>,
}

async fn refuse_taken(tx: &mut Tx, tenant: Uuid, id: Option<Uuid>, name: &str) -> Result<()> {
    match store::named(tx, tenant, name).await? {
        Some(same) if Some(same.id) != id => Err(Error::refused("已经有一个同名的场地，请写清楚是哪个小区的")),
        _ => Ok(()),
    }
}

/// Errors: refused if the name is taken.
pub async fn create(tx: &mut Tx, act: &Act, new: NewVenue) -> Result<Uuid> {
    refuse_taken(tx, act.tenant, None, &new.name).await?;
    let id = act.id();
    let row = ADD.bind(act.tenant).bind(id).bind(new.estate).bind(&new.name).bind(&new.whereabouts);
    tx.execute(row.bind(new.capacity).bind(act.at)).await?;
    audit::record(tx, act, "create", ("venue", id), &new.name, &[]).await?;
    set_hours(tx, act, id, new.hours).await?;
    Ok(id)
}

/// Writes what a room is called, where it is, how many fit in, and whether it is still booked.
///
/// Errors: refused if the name is taken; stale if somebody else has changed it, or booked it, since it was seen.
pub(super) async fn change(tx: &mut Tx, act: &Act, venue: &Venue, seen: i64) -> Result<()> {
    refuse_taken(tx, act.tenant, Some(venue.id), &venue.name).await?;
    let row = CHANGE.bind(act.tenant).bind(venue.id).bind(seen).bind(&venue.name).bind(&venue.whereabouts);
    if tx.execute(row.bind(venue.capacity).bind(venue.retired_at)).await? == 0 {
        return Err(Error::Stale("这个场地刚刚有变化，请看一下再改。".to_owned()));
    }
    audit::record(tx, act, "update", ("venue", venue.id), "", &[]).await
}

/// Writes when a room is open, in the place of what held before. What has been booked stays.
pub async fn set_hours(tx: &mut Tx, act: &Act, venue: Uuid, hours: Vec<Hours>) -> Result<()> {
    tx.execute_one(HOLD.bind(act.tenant).bind(venue)).await?;
    tx.execute(DROP_HOURS.bind(act.tenant).bind(venue)).await?;
    let rows = hours
        .iter()
        .map(|hours| ADD_HOURS.bind(act.tenant).bind(venue).bind(hours.weekday).bind(hours.opens).bind(hours.closes));
    tx.execute_many(ADD_HOURS, rows.collect()).await?;
    audit::record(tx, act, "set_hours", ("venue", venue), "", &[]).await
}

/// Closes a room for a while.
///
/// Errors: refused while something is booked then, which has to be moved first.
pub async fn close(tx: &mut Tx, act: &Act, venue: Uuid, span: Span, reason: &str) -> Result<()> {
    tx.execute_one(HOLD.bind(act.tenant).bind(venue)).await?;
    let diary = store::diary(tx, act.tenant, venue, span).await?;
    if let Some(booked) = diary.bookings.first() {
        let (day, clock) = (show::month_and_day(&booked.starts_at), booked.span().clock());
        return Err(Error::refused(format!(
            "这段时间里有 {} 个预约，先改期或取消：{day} {clock}“{}”",
            diary.bookings.len(),
            booked.title
        )));
    }
    let row = ADD_CLOSURE.bind(act.tenant).bind(act.id()).bind(venue).bind(span.starts_at).bind(span.ends_at);
    tx.execute(row.bind(reason)).await?;
    audit::record(tx, act, "close", ("venue", venue), reason, &[]).await
}

/// It is open again.
pub(super) async fn reopen(tx: &mut Tx, act: &Act, venue: Uuid, closure: Uuid) -> Result<()> {
    tx.execute_one(DROP_CLOSURE.bind(act.tenant).bind(venue).bind(closure)).await?;
    audit::record(tx, act, "reopen", ("venue", venue), "", &[]).await
}
