//! When a time limit ends.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use crate::{CalendarError, SHANGHAI, WorkingDays};

const MINUTES_PER_DAY: i64 = 24 * 60;

/// How a time limit counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Clock {
    /// Every minute counts, at night and on holidays too.
    Natural,
    /// Each whole day (1440 minutes) is one working day.
    Working,
}

/// The moment at which a limit of `minutes` that starts at `start` ends, in Shanghai time.
///
/// On [`Clock::Working`] each whole day moves to the next working day at the same wall time, what remains is added as
/// ordinary minutes, and an end on a day off moves on to the next working day at the same wall time. Fails for a
/// negative limit, and on the working clock for a year without a table.
pub fn deadline(days: &WorkingDays, start: Timestamp, minutes: i64, clock: Clock) -> Result<Timestamp, CalendarError> {
    if minutes < 0 {
        return Err(CalendarError::Negative);
    }
    match clock {
        Clock::Natural => add(start, minutes),
        Clock::Working => {
            let whole = u16::try_from(minutes / MINUTES_PER_DAY).map_err(|_| CalendarError::OutOfRange)?;
            let counted = move_day(start, |date| days.add_working_days(date, whole))?;
            move_day(add(counted, minutes % MINUTES_PER_DAY)?, |date| days.on_or_after(date))
        }
    }
}

/// How many minutes of a limit that ends at `end` are left at `at`: the most whose deadline, counted from `at`, is not after `end`.
/// None are left once it has passed.
///
/// Errors: as [`deadline`].
pub fn minutes_left(days: &WorkingDays, at: Timestamp, end: Timestamp, clock: Clock) -> Result<i64, CalendarError> {
    let natural = (end.duration_since(at).as_secs() / 60).max(0);
    if clock == Clock::Natural {
        return Ok(natural);
    }
    // A working day is never shorter than a natural one, so the answer lies below. Whole days first: from a day off, a day and less
    // than a day may end on the same one.
    let whole =
        most(natural / MINUTES_PER_DAY, |whole| Ok(deadline(days, at, whole * MINUTES_PER_DAY, clock)? <= end))?;
    let whole = whole * MINUTES_PER_DAY;
    // From a day off, less than a day may end earlier on the next working day than nothing at all does, so each is tried.
    for rest in (1..MINUTES_PER_DAY).rev() {
        if deadline(days, at, whole + rest, clock)? <= end {
            return Ok(whole + rest);
        }
    }
    Ok(whole)
}

/// The largest number up to a limit that fits, where all below it fit too; 0 if none does.
fn most(limit: i64, fits: impl Fn(i64) -> Result<bool, CalendarError>) -> Result<i64, CalendarError> {
    let (mut least, mut most) = (0, limit);
    while least < most {
        let middle = least + (most - least + 1) / 2;
        if fits(middle)? {
            least = middle;
        } else {
            most = middle - 1;
        }
    }
    Ok(least)
}

fn add(start: Timestamp, minutes: i64) -> Result<Timestamp, CalendarError> {
    let seconds = minutes.checked_mul(60).ok_or(CalendarError::OutOfRange)?;
    start.checked_add(SignedDuration::from_secs(seconds)).map_err(|_| CalendarError::OutOfRange)
}

/// Puts `at` on the day that `choose` names for its own, at the same wall time.
fn move_day(
    at: Timestamp,
    choose: impl FnOnce(Date) -> Result<Date, CalendarError>,
) -> Result<Timestamp, CalendarError> {
    let local = SHANGHAI.to_datetime(at);
    let moved = choose(local.date())?.to_datetime(local.time());
    SHANGHAI.to_timestamp(moved).map_err(|_| CalendarError::OutOfRange)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DAY: i64 = MINUTES_PER_DAY;

    fn ends(start: &str, minutes: i64, clock: Clock) -> Result<String, CalendarError> {
        let start: Timestamp = format!("{start}:00+08:00").parse().unwrap();
        let end = deadline(WorkingDays::embedded(), start, minutes, clock)?;
        Ok(SHANGHAI.to_datetime(end).strftime("%Y-%m-%dT%H:%M").to_string())
    }

    #[test]
    fn natural_time_runs_through_holidays() {
        assert_eq!(ends("2026-09-30T17:00", 2 * DAY, Clock::Natural).unwrap(), "2026-10-02T17:00");
        assert_eq!(ends("2027-09-30T17:00", 30, Clock::Natural).unwrap(), "2027-09-30T17:30");
    }

    #[test]
    fn working_time_skips_holidays_and_keeps_the_wall_time() {
        assert_eq!(ends("2026-11-18T19:42", 5 * DAY, Clock::Working).unwrap(), "2026-11-25T19:42");
        assert_eq!(ends("2026-09-30T17:00", DAY, Clock::Working).unwrap(), "2026-10-08T17:00");
        assert_eq!(ends("2026-10-09T09:00", DAY, Clock::Working).unwrap(), "2026-10-10T09:00");
        // Near midnight in Shanghai it is still the day before in UTC.
        assert_eq!(ends("2026-11-20T00:30", DAY, Clock::Working).unwrap(), "2026-11-23T00:30");
    }

    #[test]
    fn remainder_counts_minutes_and_moves_off_a_holiday() {
        assert_eq!(ends("2026-11-20T17:00", 120, Clock::Working).unwrap(), "2026-11-20T19:00");
        assert_eq!(ends("2026-11-20T23:00", 120, Clock::Working).unwrap(), "2026-11-23T01:00");
        assert_eq!(ends("2026-11-21T10:00", 0, Clock::Working).unwrap(), "2026-11-23T10:00");
        assert_eq!(ends("2026-11-19T10:00", DAY + 60, Clock::Working).unwrap(), "2026-11-20T11:00");
    }

    #[test]
    fn what_cannot_be_computed_is_refused() {
        assert_eq!(ends("2026-12-31T10:00", DAY, Clock::Working), Err(CalendarError::NoTable(2027)));
        assert_eq!(ends("2026-12-31T10:00", -1, Clock::Natural), Err(CalendarError::Negative));
        assert_eq!(ends("2026-12-31T10:00", i64::MAX, Clock::Natural), Err(CalendarError::OutOfRange));
        assert_eq!(ends("2026-12-31T10:00", i64::MAX, Clock::Working), Err(CalendarError::OutOfRange));
    }

    #[test]
    fn what_is_left_runs_out_at_the_same_end() {
        let days = WorkingDays::embedded();
        let at = |text: &str| format!("{text}:00+08:00").parse::<Timestamp>().unwrap();
        let left = |from, end, clock| minutes_left(days, at(from), at(end), clock).unwrap();
        assert_eq!(left("2026-11-20T17:00", "2026-11-23T17:00", Clock::Natural), 3 * DAY);
        assert_eq!(left("2026-11-20T17:00", "2026-11-23T17:00", Clock::Working), DAY);
        assert_eq!(left("2026-11-23T17:00", "2026-11-23T09:00", Clock::Working), 0);
        assert_eq!(left("2026-11-23T09:00", "2026-11-23T17:00", Clock::Working), 8 * 60);
        // Saturday at two in the afternoon: 646 minutes end on Sunday night, which is Monday night.
        assert_eq!(left("2026-11-21T14:00", "2026-11-23T00:46", Clock::Working), 646);
    }

    proptest! {
        #[test]
        fn what_is_left_is_the_most_that_ends_in_time(start in 0i64..500_000, minutes in 0i64..60_000) {
            let days = WorkingDays::embedded();
            let start: Timestamp = "2025-01-06T00:00:00+08:00".parse::<Timestamp>().unwrap() + SignedDuration::from_mins(start);
            for clock in [Clock::Natural, Clock::Working] {
                let Ok(end) = deadline(days, start, minutes, clock) else { continue };
                let left = minutes_left(days, start, end, clock).unwrap();
                prop_assert!(left >= minutes, "{} {}", left, minutes);
                prop_assert_eq!(deadline(days, start, left, clock).unwrap(), end);
            }
        }

        #[test]
        fn never_panics_and_never_ends_early(
            second in Timestamp::MIN.as_second()..=Timestamp::MAX.as_second(),
            minutes in any::<i64>(),
            working in any::<bool>(),
        ) {
            let start = Timestamp::from_second(second).unwrap();
            let clock = if working { Clock::Working } else { Clock::Natural };
            if let Ok(end) = deadline(WorkingDays::embedded(), start, minutes, clock) {
                prop_assert!(end >= start);
            }
        }

        #[test]
        fn working_deadlines_fall_on_working_days(offset in 0i64..2_000_000, minutes in 0i64..40 * DAY) {
            let first: Timestamp = "2022-01-01T00:00:00+08:00".parse().unwrap();
            let start = add(first, offset).unwrap();
            if let Ok(end) = deadline(WorkingDays::embedded(), start, minutes, Clock::Working) {
                prop_assert!(WorkingDays::embedded().is_working(SHANGHAI.to_datetime(end).date()).unwrap());
                prop_assert!(end >= add(start, minutes).unwrap());
            }
        }
    }
}
