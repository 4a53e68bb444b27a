//! How long something hangs. Days count only when they have passed as a whole, so the day on which it was put up does not, nor
//! does a day on which an objection waited for its answer.

use calendar::{CalendarError, WorkingDays, shanghai};
use db::text_enum;
use jiff::civil::Date;
use jiff::{Span, Timestamp, ToSpan};

use crate::error::{Error, Result};

text_enum! {
    pub enum Count { Natural = "natural" "天", Working = "working" "个工作日" }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Period {
    /// Until something happens; nothing stops it.
    Until(Timestamp),
    Whole {
        days: i64,
        count: Count,
    },
}

impl Period {
    pub fn days(days: i64) -> Period {
        Period::Whole { days, count: Count::Natural }
    }

    pub fn working_days(days: i64) -> Period {
        Period::Whole { days, count: Count::Working }
    }
}

fn day_of(at: Timestamp) -> Date {
    at.to_zoned_datetime(shanghai()).date()
}

/// The end of the `days`-th whole day after a moment's. Working days that lie in a year whose holidays have not been made known are
/// not guessed: it then hangs so long that they have passed whatever the notice will say.
///
/// Errors: refused if there are too many.
pub(super) fn end(from: Timestamp, days: i64, count: Count) -> Result<Timestamp> {
    let day = day_of(from);
    let out_of_range = || Error::refused("公示的天数太多了，请填少一些");
    let natural = |days: i64| {
        let span = Span::new().try_days(days);
        span.and_then(|span| day.checked_add(span)).map_err(|_| out_of_range())
    };
    let last = match count {
        Count::Natural => natural(days)?,
        Count::Working => {
            let whole = u16::try_from(days).map_err(|_| out_of_range())?;
            match WorkingDays::embedded().add_working_days(day, whole) {
                Ok(last) => last,
                // Weekends are two days of seven, and the longest holidays of a winter do not fill a fortnight.
                Err(CalendarError::NoTable(_)) => natural(2 * days + 15)?,
                Err(error) => return Err(Error::refused(error.to_string())),
            }
        }
    };
    let after = last.tomorrow().and_then(|day| day.to_zoned_datetime(shanghai()));
    Ok(after.map_err(|_| out_of_range())?.timestamp())
}

/// How many days passed as a whole between two moments. A day of a year whose holidays are not known is no working day yet.
pub(super) fn passed(from: Timestamp, to: Timestamp, count: Count) -> Result<i64> {
    let (first, stop) = (day_of(from), day_of(to));
    let between = first.tomorrow().map_err(anyhow::Error::from)?.series(1.day()).take_while(|day| *day < stop);
    match count {
        Count::Natural => Ok(between.count() as i64),
        Count::Working => {
            let table = WorkingDays::embedded();
            Ok(between.filter(|day| table.is_working(*day).unwrap_or(false)).count() as i64)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn days_count_when_they_have_passed_as_a_whole() {
        let from = at("2026-11-26T10:00:00+08:00");
        assert_eq!(end(from, 7, Count::Natural).unwrap(), at("2026-12-04T00:00:00+08:00"));
        // From Thursday the 24th of September: both holidays of autumn lie between.
        let from = at("2026-09-24T16:00:00+08:00");
        assert_eq!(end(from, 10, Count::Working).unwrap(), at("2026-10-16T00:00:00+08:00"));
        let unknown = at("2026-12-30T10:00:00+08:00");
        assert_eq!(end(unknown, 10, Count::Working).unwrap(), at("2027-02-04T00:00:00+08:00"), "2027 has no table yet");
        assert_eq!(passed(unknown, at("2027-01-20T00:00:00+08:00"), Count::Working).unwrap(), 1);
        assert!(end(from, i64::MAX, Count::Natural).is_err());
    }

    #[test]
    fn a_day_that_was_cut_does_not_count() {
        let from = at("2026-11-26T10:00:00+08:00");
        assert_eq!(passed(from, at("2026-11-26T23:59:00+08:00"), Count::Natural).unwrap(), 0);
        assert_eq!(passed(from, at("2026-11-27T23:59:00+08:00"), Count::Natural).unwrap(), 0);
        assert_eq!(passed(from, at("2026-11-28T00:00:00+08:00"), Count::Natural).unwrap(), 1);
        assert_eq!(passed(from, at("2026-11-30T08:00:00+08:00"), Count::Working).unwrap(), 1, "a weekend lies between");
    }

    proptest! {
        /// Whenever it is stopped and goes on, the whole days before and after make up the period, and never fewer.
        #[test]
        fn a_pause_takes_nothing_away(days in 1i64..30, start in 0i64..5_000_000, stop in 0i64..30, rest in 0i64..10) {
            let from = at("2026-01-05T00:00:00+08:00") + jiff::SignedDuration::from_secs(start);
            for count in [Count::Natural, Count::Working] {
                let stopped = from + jiff::SignedDuration::from_hours(24 * stop);
                prop_assume!(stopped < end(from, days, count).unwrap());
                let before = passed(from, stopped, count).unwrap();
                prop_assert!(before < days);
                let resumed = stopped + jiff::SignedDuration::from_hours(24 * rest);
                let ends = end(resumed, days - before, count).unwrap();
                prop_assert_eq!(before + passed(resumed, ends, count).unwrap(), days);
            }
        }
    }
}
