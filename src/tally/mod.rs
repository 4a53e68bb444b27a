//! 填报负担: how much the work on these pages costs those who do it, so that it can be driven down. A page counts the fields that were
//! filled in, the taps, and the seconds in which somebody was doing something, and tells when it is left (`assets/tally.js`). They
//! are added up by role and week, in memory first, and never by person: what is measured is the program, not its people.

mod store;
mod web;

pub use store::{STATEMENTS, Week, weeks};
pub use web::routes;

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use db::Db;
use jiff::Timestamp;
use jiff::civil::{Date, Weekday};
use uuid::Uuid;

use crate::access::Role;
use crate::error::Result;

/// What some work has cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cost {
    pub entries: i64,
    pub taps: i64,
    pub seconds: i64,
}

impl Cost {
    fn add(&mut self, other: Cost) {
        self.entries += other.entries;
        self.taps += other.taps;
        self.seconds += other.seconds;
    }
}

/// The Monday of a week, by the clock of Shanghai.
pub fn week_of(at: Timestamp) -> Date {
    let day = at.to_zoned_datetime(calendar::shanghai()).date();
    day.saturating_sub(jiff::Span::new().days(day.weekday().since(Weekday::Monday)))
}

type Key = (Uuid, Date, Role);

/// What has been told and is not written down yet. If the program is killed it is lost, which a measure of weeks can bear; a row
/// written for each page that is left it could not.
#[derive(Debug, Default)]
pub struct Tally(Mutex<BTreeMap<Key, Cost>>);

impl Tally {
    pub fn add(&self, tenant: Uuid, at: Timestamp, role: Role, cost: Cost) {
        let mut sums = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sums.entry((tenant, week_of(at), role)).or_default().add(cost);
    }

    /// Writes down what has been told. What cannot be written is kept for the next time.
    pub async fn write_down(&self, db: &Db) -> Result<()> {
        let sums = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        if sums.is_empty() {
            return Ok(());
        }
        let written = store::add(db, &sums).await;
        if written.is_err() {
            let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            for (key, cost) in sums {
                kept.entry(key).or_default().add(cost);
            }
        }
        written
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_week_begins_on_monday_in_shanghai() {
        let monday = |text: &str| week_of(text.parse().unwrap()).to_string();
        assert_eq!(monday("2026-11-22T15:59:59Z"), "2026-11-16");
        assert_eq!(monday("2026-11-22T16:00:00Z"), "2026-11-23");
        assert_eq!(monday("2026-11-29T15:00:00Z"), "2026-11-23");
    }
}
