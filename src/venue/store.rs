use db::{Tx, record, statements};
use jiff::Timestamp;
use uuid::Uuid;

use super::model::{Diary, Hours, Purpose, Span};
use crate::access::Scope;
use crate::error::Result;
use crate::in_reach;

macro_rules! venues {
    ($where:expr) => {
        concat!(
            "SELECT v.id, v.estate_id, e.name AS estate_name, v.name, v.whereabouts, v.capacity, v.retired_at, v.lock_version
            FROM venues v LEFT JOIN estates e ON e.tenant_id = v.tenant_id AND e.id = v.estate_id WHERE v.tenant_id = $1 AND ",
            $where
        )
    };
}

macro_rules! bookings {
    ($where:expr) => {
        concat!(
            "SELECT b.id, b.venue_id, b.series_id, b.subject_id, b.purpose, b.title, b.starts_at, b.ends_at, b.cancelled_at,
                b.cancelled_why, b.lock_version FROM bookings b WHERE b.tenant_id = $1 AND ",
            $where
        )
    };
}

/// Those of an estate within reach, and those of the whole community, which everybody may book.
macro_rules! bookable {
    () => {
        concat!("(v.estate_id IS NULL OR ", in_reach!("$2", "$3", "v.tenant_id", "v.estate_id", "NULL", "NULL"), ")")
    };
}

statements! {
    ADD = "INSERT INTO venues (tenant_id, id, estate_id, name, whereabouts, capacity, created_at, lock_version) VALUES ($1, $2, $3, $4, $5, $6, $7, 1)";
    CHANGE = "UPDATE venues SET name = $4, whereabouts = $5, capacity = $6, retired_at = $7, lock_version = lock_version + 1
        WHERE tenant_id = $1 AND id = $2 AND lock_version = $3";
    /// Whoever has done this books alone until the transaction ends.
    HOLD = "UPDATE venues SET lock_version = lock_version + 1 WHERE tenant_id = $1 AND id = $2";
    GET = venues!("v.id = $2");
    NAMED = venues!("v.name = $2");
    LIST = venues!(concat!(bookable!(), " ORDER BY v.retired_at IS NOT NULL, v.estate_id, v.name LIMIT 500"));
    GET_BOOKABLE = venues!(concat!(bookable!(), " AND v.id = $4"));
    GET_IN_REACH = venues!(concat!(in_reach!("$2", "$3", "v.tenant_id", "v.estate_id", "NULL", "NULL"), " AND v.id = $4"));
    USABLE = venues!("v.retired_at IS NULL AND (v.estate_id IS NULL OR v.estate_id = $2) ORDER BY v.estate_id IS NULL, v.name LIMIT 200");
    DROP_HOURS = "DELETE FROM venue_hours WHERE tenant_id = $1 AND venue_id = $2";
    ADD_HOURS = "INSERT INTO venue_hours (tenant_id, venue_id, weekday, opens, closes) VALUES ($1, $2, $3, $4, $5)";
    HOURS = "SELECT weekday, opens, closes FROM venue_hours WHERE tenant_id = $1 AND venue_id = $2 ORDER BY weekday, opens LIMIT 100";
    ADD_CLOSURE = "INSERT INTO venue_closures (tenant_id, id, venue_id, starts_at, ends_at, reason) VALUES ($1, $2, $3, $4, $5, $6)";
    DROP_CLOSURE = "DELETE FROM venue_closures WHERE tenant_id = $1 AND venue_id = $2 AND id = $3";
    CLOSURES = "SELECT id, starts_at, ends_at, reason FROM venue_closures
        WHERE tenant_id = $1 AND venue_id = $2 AND ends_at > $3 AND starts_at < $4 ORDER BY ends_at, id LIMIT 500";
    ADD_SERIES = "INSERT INTO booking_series (tenant_id, id, venue_id, rule, created_at) VALUES ($1, $2, $3, $4, $5)";
    BOOK = "INSERT INTO bookings (tenant_id, id, venue_id, series_id, subject_id, purpose, title, starts_at, ends_at, booked_by, booked_at,
            cancelled_why, lock_version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
    MOVE = "UPDATE bookings SET starts_at = starts_at + $4, ends_at = ends_at + $4 + $5, title = $6, lock_version = lock_version + 1
        WHERE tenant_id = $1 AND id = $2 AND lock_version = $3 AND cancelled_at IS NULL";
    /// The later ones of a series, by as much.
    MOVE_LATER = "UPDATE bookings SET starts_at = starts_at + $4, ends_at = ends_at + $4 + $5, title = $6, lock_version = lock_version + 1
        WHERE tenant_id = $1 AND series_id = $2 AND starts_at > $3 AND cancelled_at IS NULL";
    /// The same room at another time, or another room.
    REBOOK = "UPDATE bookings SET venue_id = $3, starts_at = $4, ends_at = $5, title = $6, lock_version = lock_version + 1
        WHERE tenant_id = $1 AND subject_id = $2 AND cancelled_at IS NULL";
    CANCEL = "UPDATE bookings SET cancelled_at = $4, cancelled_why = $5, lock_version = lock_version + 1
        WHERE tenant_id = $1 AND id = $2 AND lock_version = $3 AND cancelled_at IS NULL";
    CANCEL_LATER = "UPDATE bookings SET cancelled_at = $4, cancelled_why = $5, lock_version = lock_version + 1
        WHERE tenant_id = $1 AND series_id = $2 AND starts_at > $3 AND cancelled_at IS NULL";
    RELEASE = "UPDATE bookings SET cancelled_at = $3, cancelled_why = $4, lock_version = lock_version + 1
        WHERE tenant_id = $1 AND subject_id = $2 AND cancelled_at IS NULL";
    BOOKED = bookings!("b.venue_id = $2 AND b.cancelled_at IS NULL AND b.ends_at > $3 AND b.starts_at < $4 ORDER BY b.ends_at, b.id LIMIT 20000");
    BOOKING = bookings!("b.id = $2");
    OF_SUBJECT = bookings!("b.subject_id = $2 AND b.cancelled_at IS NULL");
    OF_SERIES = bookings!("b.series_id = $2 AND b.starts_at >= $3 AND b.cancelled_at IS NULL ORDER BY b.starts_at, b.id LIMIT 400");
}

record! {
    #[derive(Debug, Clone)]
    pub struct Venue {
        pub id: Uuid, pub estate_id: Option<Uuid>, pub estate_name: Option<String>, pub name: String, pub whereabouts: String,
        pub capacity: Option<i64>, pub retired_at: Option<Timestamp>, pub lock_version: i64,
    }
    #[derive(Debug, Clone)]
    pub struct Closure { pub id: Uuid, pub starts_at: Timestamp, pub ends_at: Timestamp, pub reason: String }
    #[derive(Debug, Clone)]
    pub struct Booking {
        pub id: Uuid, pub venue_id: Uuid, pub series_id: Option<Uuid>, pub subject_id: Option<Uuid>, pub purpose: Purpose,
        pub title: String, pub starts_at: Timestamp, pub ends_at: Timestamp, pub cancelled_at: Option<Timestamp>,
        pub cancelled_why: String, pub lock_version: i64,
    }
    struct HoursRow { weekday: i64, opens: i64, closes: i64 }
}

impl Venue {
    /// `王府名苑小区 · 3号楼一层`
    pub fn place(&self) -> String {
        let estate = self.estate_name.as_deref().unwrap_or("整个社区");
        if self.whereabouts.is_empty() { estate.to_owned() } else { format!("{estate} · {}", self.whereabouts) }
    }
}

impl Closure {
    pub fn span(&self) -> Span {
        Span { starts_at: self.starts_at, ends_at: self.ends_at }
    }
}

impl Booking {
    pub fn span(&self) -> Span {
        Span { starts_at: self.starts_at, ends_at: self.ends_at }
    }

    #[cfg(test)]
    pub(super) fn example() -> Booking {
        Booking {
            id: Uuid::nil(),
            venue_id: Uuid::nil(),
            series_id: None,
            subject_id: None,
            purpose: Purpose::Other,
            title: String::new(),
            starts_at: Timestamp::UNIX_EPOCH,
            ends_at: Timestamp::UNIX_EPOCH,
            cancelled_at: None,
            cancelled_why: String::new(),
            lock_version: 1,
        }
    }
}

pub async fn venue(tx: &mut Tx, tenant: Uuid, id: Uuid) -> Result<Venue> {
    Ok(tx.one(GET.bind(tenant).bind(id)).await?)
}

/// The rooms that somebody may book, those in use first; at most 500.
pub(super) async fn venues(tx: &mut Tx, tenant: Uuid, scope: &Scope) -> Result<Vec<Venue>> {
    Ok(tx.all(LIST.bind(tenant).bind(scope.account).bind(&scope.roles)).await?)
}

pub(super) async fn bookable(tx: &mut Tx, tenant: Uuid, scope: &Scope, id: Uuid) -> Result<Venue> {
    Ok(tx.one(GET_BOOKABLE.bind(tenant).bind(scope.account).bind(&scope.roles).bind(id)).await?)
}

pub(super) async fn in_reach(tx: &mut Tx, tenant: Uuid, scope: &Scope, id: Uuid) -> Result<Venue> {
    Ok(tx.one(GET_IN_REACH.bind(tenant).bind(scope.account).bind(&scope.roles).bind(id)).await?)
}

pub(super) async fn named(tx: &mut Tx, tenant: Uuid, name: &str) -> Result<Option<Venue>> {
    Ok(tx.optional(NAMED.bind(tenant).bind(name)).await?)
}

/// The rooms in which something of an estate can be held: its own first, then those of the whole community; at most 200.
pub async fn usable(tx: &mut Tx, tenant: Uuid, estate: Uuid) -> Result<Vec<Venue>> {
    Ok(tx.all(USABLE.bind(tenant).bind(estate)).await?)
}

pub(super) async fn hours(tx: &mut Tx, tenant: Uuid, venue: Uuid) -> Result<Vec<Hours>> {
    let rows: Vec<HoursRow> = tx.all(HOURS.bind(tenant).bind(venue)).await?;
    Ok(rows.into_iter().map(|HoursRow { weekday, opens, closes }| Hours { weekday, opens, closes }).collect())
}

/// All that is known of a room within a span.
pub(super) async fn diary(tx: &mut Tx, tenant: Uuid, venue: Uuid, within: Span) -> Result<Diary> {
    let hours = hours(tx, tenant, venue).await?;
    let Span { starts_at, ends_at } = within;
    let closures = tx.all(CLOSURES.bind(tenant).bind(venue).bind(starts_at).bind(ends_at)).await?;
    let bookings = tx.all(BOOKED.bind(tenant).bind(venue).bind(starts_at).bind(ends_at)).await?;
    Ok(Diary { hours, closures, bookings })
}

pub(super) async fn booking(tx: &mut Tx, tenant: Uuid, id: Uuid) -> Result<Booking> {
    Ok(tx.one(BOOKING.bind(tenant).bind(id)).await?)
}

/// What is booked for a meeting or whatever else holds a room.
pub async fn of_subject(tx: &mut Tx, tenant: Uuid, subject: Uuid) -> Result<Option<Booking>> {
    Ok(tx.optional(OF_SUBJECT.bind(tenant).bind(subject)).await?)
}

/// A booking of a series and those that follow it, in order; at most 400.
pub(super) async fn following(tx: &mut Tx, tenant: Uuid, series: Uuid, from: Timestamp) -> Result<Vec<Booking>> {
    Ok(tx.all(OF_SERIES.bind(tenant).bind(series).bind(from)).await?)
}
