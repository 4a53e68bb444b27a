//! In which months something about an issue has changed. Whoever counts issues by the month counts those anew.

use db::{Db, Tx, record, statements};
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use uuid::Uuid;

use crate::access::Act;
use crate::error::Result;

statements! {
    /// A row for each change: what is not committed yet is not there to be taken away, and so is not missed.
    TOUCH = "INSERT INTO stale_months (tenant_id, id, month) VALUES ($1, $2, $3)";
    STALE = "SELECT DISTINCT tenant_id, month FROM stale_months WHERE (tenant_id, month) > ($1, $2) ORDER BY tenant_id, month LIMIT 20";
    TAKE = "DELETE FROM stale_months WHERE tenant_id = $1 AND month = $2";
}

record! {
    struct StaleMonth { tenant_id: Uuid, month: i64 }
}

/// A month of the calendar, by the clock of Shanghai.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month(Date);

impl Month {
    pub fn of(day: Date) -> Month {
        Month(day.first_of_month())
    }

    pub fn at(moment: Timestamp) -> Month {
        Month::of(moment.to_zoned_datetime(calendar::shanghai()).date())
    }

    /// `202611`
    pub fn number(self) -> i64 {
        i64::from(self.0.year()) * 100 + i64::from(self.0.month())
    }

    /// Errors: `None` for what is no month between the years 1 and 9999.
    pub fn from_number(number: i64) -> Option<Month> {
        let (year, month) = (i16::try_from(number / 100).ok()?, i8::try_from(number % 100).ok()?);
        Date::new(year, month, 1).ok().filter(|day| day.year() > 0).map(Month)
    }

    pub fn first(self) -> Date {
        self.0
    }

    /// So many months later, or earlier.
    pub fn plus(self, months: i32) -> Month {
        Month(self.0.saturating_add(months.months()))
    }

    /// Every month from this one to another, both included.
    pub fn until(self, last: Month) -> impl Iterator<Item = Month> {
        (0..).map(move |months| self.plus(months)).take_while(move |month| *month <= last)
    }
}

/// Says that an issue has changed: every month since it was reported may count it otherwise now.
pub(super) async fn touch(tx: &mut Tx, act: &Act, reported_at: Timestamp) -> Result<()> {
    mark(tx, act, Month::at(reported_at).until(Month::at(act.at))).await
}

/// Has months counted anew.
pub async fn mark(tx: &mut Tx, act: &Act, months: impl Iterator<Item = Month>) -> Result<()> {
    let rows = months.map(|month| TOUCH.bind(act.tenant).bind(act.id()).bind(month.number())).collect();
    Ok(tx.execute_many(TOUCH, rows).await?)
}

/// Some of the months, of any tenant, in which something has changed, in their order: after the first ones, or after those looked at.
pub async fn stale(db: &Db, after: Option<(Uuid, Month)>) -> Result<Vec<(Uuid, Month)>> {
    let (tenant, month) = after.map_or((Uuid::nil(), 0), |(tenant, month)| (tenant, month.number()));
    let rows: Vec<StaleMonth> = db.read().await?.all(STALE.bind(tenant).bind(month)).await?;
    let month = |row: StaleMonth| Month::from_number(row.month).map(|month| (row.tenant_id, month));
    Ok(rows.into_iter().filter_map(month).collect())
}

/// Takes a month that is counted in this transaction; tells whether nobody else was first.
pub async fn take(tx: &mut Tx, tenant: Uuid, month: Month) -> Result<bool> {
    Ok(tx.execute(TAKE.bind(tenant).bind(month.number())).await? > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_counted_by_the_clock_of_shanghai() {
        let month = Month::at("2026-01-31T16:00:00Z".parse().unwrap());
        assert_eq!(month.number(), 202602);
        assert_eq!(Month::from_number(202602), Some(month));
        assert_eq!(Month::from_number(202613), None);
        assert_eq!(Month::from_number(-1), None);
        let year: Vec<i64> = month.plus(-3).until(month).map(Month::number).collect();
        assert_eq!(year, [202511, 202512, 202601, 202602]);
    }
}
