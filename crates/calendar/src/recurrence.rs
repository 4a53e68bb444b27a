//! How something comes again: in the terms of iCalendar (RFC 5545), so that what is kept is what a calendar reads.

use jiff::civil::{Date, Weekday};
use rrule::RRuleSet;

use crate::{CalendarError, WorkingDays};

/// More often than this nothing comes again under one rule: every day of a year.
const MOST: u16 = 366;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Every {
    /// Every so many weeks, on these days; on that of the first time where there are none.
    Weeks { interval: u8, days: Vec<Weekday> },
    /// On the same day of each month, which leaves out months that have none.
    DayOfMonth,
    /// On the same weekday of the same week of each month: the first Saturday. The fifth is the last.
    WeekdayOfMonth,
}

/// Days on which it does not take place although the rule names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Skip {
    Nothing,
    /// Public holidays, but not weekends.
    Holidays,
    /// Every day on which offices do not work.
    DaysOff,
    /// Every day on which there is no school: these and the vacations.
    NoSchool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recurrence {
    pub every: Every,
    /// The last day on which it may take place.
    pub until: Date,
    pub skip: Skip,
}

impl Recurrence {
    /// The rule as a calendar reads it: `FREQ=WEEKLY;INTERVAL=2;BYDAY=SA;UNTIL=20270228T000000Z`.
    pub fn rule(&self, first: Date) -> String {
        let how = match &self.every {
            Every::Weeks { interval, days } if days.is_empty() => {
                format!("FREQ=WEEKLY;INTERVAL={interval};BYDAY={}", code(first.weekday()))
            }
            Every::Weeks { interval, days } => {
                let days: Vec<&str> = days.iter().copied().map(code).collect();
                format!("FREQ=WEEKLY;INTERVAL={interval};BYDAY={}", days.join(","))
            }
            Every::DayOfMonth => format!("FREQ=MONTHLY;BYMONTHDAY={}", first.day()),
            Every::WeekdayOfMonth => {
                let week = (first.day() - 1) / 7 + 1;
                format!("FREQ=MONTHLY;BYDAY={}{}", if week == 5 { -1 } else { week }, code(first.weekday()))
            }
        };
        format!("{how};UNTIL={}T000000Z", self.until.strftime("%Y%m%d"))
    }

    /// The days on which it takes place, from the first one on, in order; at most a year's.
    ///
    /// Errors: a year without a table of holidays where holidays are left out, or without vacations where these are; more days than fit.
    pub fn dates(&self, first: Date, table: &WorkingDays) -> Result<Vec<Date>, CalendarError> {
        if self.until < first {
            return Ok(Vec::new());
        }
        let text = format!("DTSTART:{}T000000Z\nRRULE:{}", first.strftime("%Y%m%d"), self.rule(first));
        let rules: RRuleSet = text.parse().map_err(|_| CalendarError::OutOfRange)?;
        let found = rules.all(MOST);
        if found.limited {
            return Err(CalendarError::OutOfRange);
        }
        // Days are reckoned at midnight of UTC, where no zone shifts them.
        let days = found.dates.into_iter().map(|at| at.format("%Y-%m-%d").to_string().parse::<Date>());
        let days = days.collect::<Result<Vec<Date>, _>>().map_err(|_| CalendarError::OutOfRange)?;
        let mut kept = Vec::with_capacity(days.len());
        for day in days {
            let takes_place = match self.skip {
                Skip::Nothing => true,
                // Asked for the error of a year without a table; weekends are worked and not worked.
                Skip::Holidays => table.is_working(day).map(|_| table.festival(day).is_none())?,
                Skip::DaysOff => table.is_working(day)?,
                Skip::NoSchool => table.is_school_day(day)?,
            };
            if takes_place {
                kept.push(day);
            }
        }
        Ok(kept)
    }
}

fn code(day: Weekday) -> &'static str {
    ["MO", "TU", "WE", "TH", "FR", "SA", "SU"][day.to_monday_zero_offset() as usize]
}

#[cfg(test)]
mod tests {
    use jiff::ToSpan;
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    fn dates(every: Every, first: Date, until: Date, skip: Skip) -> Vec<Date> {
        Recurrence { every, until, skip }.dates(first, WorkingDays::embedded()).unwrap()
    }

    fn weekly(interval: u8, days: &[Weekday]) -> Every {
        Every::Weeks { interval, days: days.to_vec() }
    }

    #[test]
    fn weeks_and_months() {
        let first = date(2026, 11, 28);
        let every_other = dates(weekly(2, &[]), first, date(2026, 12, 31), Skip::Nothing);
        assert_eq!(every_other, [first, date(2026, 12, 12), date(2026, 12, 26)]);
        let work_days: Vec<Weekday> = [Weekday::Monday, Weekday::Wednesday].to_vec();
        let twice = dates(weekly(1, &work_days), date(2026, 11, 30), date(2026, 12, 9), Skip::Nothing);
        assert_eq!(twice, [date(2026, 11, 30), date(2026, 12, 2), date(2026, 12, 7), date(2026, 12, 9)]);
        let short = dates(Every::DayOfMonth, date(2026, 8, 31), date(2026, 12, 31), Skip::Nothing);
        assert_eq!(short, [date(2026, 8, 31), date(2026, 10, 31), date(2026, 12, 31)]);
        let first_saturdays = dates(Every::WeekdayOfMonth, date(2026, 10, 3), date(2026, 12, 31), Skip::Nothing);
        assert_eq!(first_saturdays, [date(2026, 10, 3), date(2026, 11, 7), date(2026, 12, 5)]);
        let last_sundays = dates(Every::WeekdayOfMonth, date(2026, 11, 29), date(2026, 12, 31), Skip::Nothing);
        assert_eq!(last_sundays, [date(2026, 11, 29), date(2026, 12, 27)]);
        assert!(dates(weekly(1, &[]), first, date(2026, 11, 27), Skip::Nothing).is_empty());
    }

    #[test]
    fn holidays_are_left_out_and_never_guessed() {
        let saturdays = |skip| dates(weekly(1, &[]), date(2026, 9, 19), date(2026, 10, 10), skip);
        assert_eq!(saturdays(Skip::Nothing).len(), 4);
        assert_eq!(saturdays(Skip::Holidays), [date(2026, 9, 19), date(2026, 10, 10)]);
        assert_eq!(saturdays(Skip::DaysOff), [date(2026, 10, 10)], "a Saturday that was made a workday");
        let table = WorkingDays::embedded()
            .clone()
            .with_vacations("2026-01-31至2026-03-01寒假、2026-07-11至2026-08-31暑假")
            .unwrap();
        let every = weekly(1, &[]);
        let mondays =
            Recurrence { every, until: date(2026, 9, 7), skip: Skip::NoSchool }.dates(date(2026, 6, 29), &table);
        assert_eq!(mondays.unwrap(), [date(2026, 6, 29), date(2026, 7, 6), date(2026, 9, 7)], "not in summer");
        let into_2027 = Recurrence { every: weekly(1, &[]), until: date(2027, 1, 31), skip: Skip::Holidays };
        assert_eq!(into_2027.dates(date(2026, 12, 26), WorkingDays::embedded()), Err(CalendarError::NoTable(2027)));
    }

    /// The examples of RFC 5545, 3.8.5.3 that our rules can say, with the dates that it gives. It names midnight of the last day as the end of
    /// some, which leaves that day's nine o'clock out; we name the day before.
    #[test]
    fn examples_of_the_standard() {
        use Weekday::{Friday, Monday, Sunday, Thursday, Tuesday, Wednesday};
        let check = |every: Every, first: Date, until: Date, months: &[(i16, i8, &[i8])]| {
            let given = months.iter().flat_map(|(year, month, days)| days.iter().map(|day| date(*year, *month, *day)));
            assert_eq!(dates(every, first, until, Skip::Nothing), given.collect::<Vec<_>>());
        };
        let tuesday = date(1997, 9, 2);
        let september: (i16, i8, &[i8]) = (1997, 9, &[2, 9, 16, 23, 30]);
        check(
            weekly(1, &[]),
            tuesday,
            date(1997, 12, 23),
            &[september, (1997, 10, &[7, 14, 21, 28]), (1997, 11, &[4, 11, 18, 25]), (1997, 12, &[2, 9, 16, 23])],
        );
        check(
            weekly(2, &[]),
            tuesday,
            date(1998, 2, 17),
            &[
                (1997, 9, &[2, 16, 30]),
                (1997, 10, &[14, 28]),
                (1997, 11, &[11, 25]),
                (1997, 12, &[9, 23]),
                (1998, 1, &[6, 20]),
                (1998, 2, &[3, 17]),
            ],
        );
        let two = weekly(1, &[Tuesday, Thursday]);
        check(two, tuesday, date(1997, 10, 6), &[(1997, 9, &[2, 4, 9, 11, 16, 18, 23, 25, 30]), (1997, 10, &[2])]);
        check(
            weekly(2, &[Monday, Wednesday, Friday]),
            date(1997, 9, 1),
            date(1997, 12, 23),
            &[
                (1997, 9, &[1, 3, 5, 15, 17, 19, 29]),
                (1997, 10, &[1, 3, 13, 15, 17, 27, 29, 31]),
                (1997, 11, &[10, 12, 14, 24, 26, 28]),
                (1997, 12, &[8, 10, 12, 22]),
            ],
        );
        // Weeks begin on Monday: a Sunday belongs to the week that it ends.
        check(weekly(2, &[Tuesday, Sunday]), date(1997, 8, 5), date(1997, 8, 24), &[(1997, 8, &[5, 10, 19, 24])]);
        check(
            Every::WeekdayOfMonth,
            date(1997, 9, 5),
            date(1998, 6, 5),
            &[
                (1997, 9, &[5]),
                (1997, 10, &[3]),
                (1997, 11, &[7]),
                (1997, 12, &[5]),
                (1998, 1, &[2]),
                (1998, 2, &[6]),
                (1998, 3, &[6]),
                (1998, 4, &[3]),
                (1998, 5, &[1]),
                (1998, 6, &[5]),
            ],
        );
        // "An invalid date, such as February 30, is ignored."
        check(Every::DayOfMonth, date(2007, 1, 30), date(2007, 3, 30), &[(2007, 1, &[30]), (2007, 3, &[30])]);
    }

    proptest! {
        #[test]
        fn every_date_is_one_that_the_rule_names(start in 0i64..1000, length in 0i64..366, interval in 1u8..5, picked in 0u8..128) {
            let first = date(2022, 1, 1) + start.days();
            let until = first + length.days();
            let days: Vec<Weekday> = (0..7).filter(|day| picked >> day & 1 == 1)
                .map(|day| Weekday::from_monday_zero_offset(day).unwrap()).collect();
            let expected = if days.is_empty() { vec![first.weekday()] } else { days.clone() };
            let found = dates(weekly(interval, &days), first, until, Skip::Nothing);
            // By hand: weeks begin on Monday, and only every so-manieth counts.
            let monday = first - i64::from(first.weekday().to_monday_zero_offset()).days();
            let by_hand: Vec<Date> = first.series(1.day()).take_while(|day| *day <= until)
                .filter(|day| expected.contains(&day.weekday()))
                .filter(|day| (monday.until(*day).unwrap().get_days() / 7) % i32::from(interval) == 0)
                .collect();
            prop_assert_eq!(found, by_hand);
        }
    }
}
