//! The table of days off and make-up workdays, and counting with it; and the school vacations, which stand beside it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use jiff::civil::{Date, Weekday};

use crate::CalendarError;

/// Days off and make-up workdays of the years whose notice is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WorkingDays {
    exceptions: BTreeMap<Date, Exception>,
    years: BTreeSet<i16>,
    vacations: Vec<Vacation>,
}

/// 寒假 or 暑假, from its first day to its last.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Vacation {
    first: Date,
    last: Date,
    winter: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Exception {
    kind: Kind,
    festival: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Off,
    Work,
}

impl WorkingDays {
    /// Reads a table with the header `date,kind,festival`, where kind is `off` or `work`. It holds only the days that
    /// differ from, or confirm, the ordinary week. Fails on the first line that cannot be read or contradicts another.
    pub fn from_csv(text: &str) -> Result<Self, CalendarError> {
        let mut table = Self::default();
        let lines =
            text.trim_start_matches('\u{feff}').lines().enumerate().map(|(index, line)| (index + 1, line.trim()));
        for (line, row) in lines.filter(|&(line, row)| !row.is_empty() && (line > 1 || !row.starts_with("date,"))) {
            table.add(row).map_err(|reason| CalendarError::Csv { line, reason })?;
        }
        Ok(table)
    }

    /// The notices that ship with the program, 2022 to 2026.
    pub fn embedded() -> &'static Self {
        static TABLE: OnceLock<WorkingDays> = OnceLock::new();
        // An empty table refuses every year, so even a damaged build fails loudly; a test reads the file.
        TABLE.get_or_init(|| Self::from_csv(include_str!("../data/holidays.csv")).unwrap_or_default())
    }

    /// The years whose notice is known, ascending.
    pub fn years(&self) -> impl Iterator<Item = i16> + '_ {
        self.years.iter().copied()
    }

    /// Whether offices work on `date`.
    pub fn is_working(&self, date: Date) -> Result<bool, CalendarError> {
        if !self.years.contains(&date.year()) {
            return Err(CalendarError::NoTable(date.year()));
        }
        Ok(match self.exceptions.get(&date) {
            Some(exception) => exception.kind == Kind::Work,
            None => !matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday),
        })
    }

    /// The `days`-th working day after `date`, which itself is not counted; `date` unchanged when `days` is 0.
    pub fn add_working_days(&self, date: Date, days: u16) -> Result<Date, CalendarError> {
        let mut day = date;
        for _ in 0..days {
            day = self.on_or_after(tomorrow(day)?)?;
        }
        Ok(day)
    }

    /// The first working day that is not before `date`.
    pub fn on_or_after(&self, date: Date) -> Result<Date, CalendarError> {
        let mut day = date;
        while !self.is_working(day)? {
            day = tomorrow(day)?;
        }
        Ok(day)
    }

    /// The same with the school vacations, which the education office of each place sets: `2026-01-31至2026-03-01寒假、2026-07-11至2026-08-31暑假`.
    ///
    /// Errors: at the first one that cannot be read.
    pub fn with_vacations(mut self, text: &str) -> Result<Self, CalendarError> {
        let parts = text.split(['、', ';', '；', '\n']).map(str::trim).filter(|part| !part.is_empty());
        for part in parts {
            let vacation = Vacation::parse(part).ok_or_else(|| CalendarError::Vacation(part.to_owned()))?;
            self.vacations.push(vacation);
        }
        Ok(self)
    }

    /// Whether there is school on `date`: a working day outside of the vacations.
    ///
    /// Errors: a year whose holidays or of which one of the two vacations is not known.
    pub fn is_school_day(&self, date: Date) -> Result<bool, CalendarError> {
        let works = self.is_working(date)?;
        let year = date.year();
        let known = |winter| self.vacations.iter().any(|one| one.winter == winter && one.last.year() == year);
        if !known(true) || !known(false) {
            return Err(CalendarError::NoVacations(year));
        }
        Ok(works && !self.vacations.iter().any(|one| (one.first..=one.last).contains(&date)))
    }

    /// The festival that makes `date` a day off. Make-up workdays have none.
    pub fn festival(&self, date: Date) -> Option<&str> {
        self.exceptions.get(&date).filter(|exception| exception.kind == Kind::Off).map(|exception| &*exception.festival)
    }

    fn add(&mut self, row: &str) -> Result<(), String> {
        let mut cells = row.splitn(3, ',').map(str::trim);
        let (Some(date), Some(kind), Some(festival)) = (cells.next(), cells.next(), cells.next()) else {
            return Err("缺少一列".into());
        };
        let date: Date = date.parse().map_err(|_| format!("“{date}”不是日期"))?;
        let kind = match kind {
            "off" => Kind::Off,
            "work" => Kind::Work,
            _ => return Err(format!("“{kind}”既不是 off 也不是 work")),
        };
        // The New Year notice may reach back into December, so a December row alone does not make its year known.
        if date.month() < 12 {
            self.years.insert(date.year());
        }
        let exception = Exception { kind, festival: festival.into() };
        match self.exceptions.insert(date, exception) {
            Some(earlier) if earlier.kind != kind => Err(format!("{date} 前后矛盾")),
            _ => Ok(()),
        }
    }
}

impl Vacation {
    fn parse(text: &str) -> Option<Vacation> {
        let (first, rest) = text.split_once('至')?;
        let split = rest.find(|c: char| !(c.is_ascii_digit() || c == '-')).unwrap_or(rest.len());
        let (last, name) = rest.split_at(split);
        let winter = match name.trim() {
            "寒假" => true,
            "暑假" => false,
            _ => return None,
        };
        let vacation = Vacation { first: first.trim().parse().ok()?, last: last.parse().ok()?, winter };
        // Nobody is away from school for half a year.
        let days = vacation.first.until(vacation.last).ok()?.get_days();
        (1..=120).contains(&days).then_some(vacation)
    }
}

fn tomorrow(date: Date) -> Result<Date, CalendarError> {
    date.tomorrow().map_err(|_| CalendarError::OutOfRange)
}

#[cfg(test)]
mod tests {
    use jiff::ToSpan;
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn embedded_table_is_whole() {
        let table = WorkingDays::from_csv(include_str!("../data/holidays.csv")).unwrap();
        assert_eq!(&table, WorkingDays::embedded());
        assert_eq!(table.years().collect::<Vec<_>>(), [2022, 2023, 2024, 2025, 2026]);
    }

    #[test]
    fn year_2026_follows_the_notice() {
        let table = WorkingDays::embedded();
        let off = [(1, 1, 3), (2, 15, 23), (4, 4, 6), (5, 1, 5), (6, 19, 21), (9, 25, 27), (10, 1, 7)];
        for (month, first, last) in off {
            for day in first..=last {
                assert_eq!(table.is_working(date(2026, month, day)), Ok(false), "{month}-{day}");
                assert!(table.festival(date(2026, month, day)).is_some());
            }
        }
        for (month, day) in [(1, 4), (2, 14), (2, 28), (5, 9), (9, 20), (10, 10)] {
            let makeup = date(2026, month, day);
            assert!(matches!(makeup.weekday(), Weekday::Saturday | Weekday::Sunday));
            assert_eq!(table.is_working(makeup), Ok(true), "{makeup}");
            assert_eq!(table.festival(makeup), None);
        }
        assert_eq!(table.is_working(date(2026, 11, 23)), Ok(true));
        assert_eq!(table.is_working(date(2026, 11, 22)), Ok(false));
        assert_eq!(table.festival(date(2026, 10, 1)), Some("国庆节"));
    }

    #[test]
    fn counting_skips_holidays_and_takes_makeup_days() {
        let table = WorkingDays::embedded();
        assert_eq!(table.add_working_days(date(2026, 9, 30), 1), Ok(date(2026, 10, 8)));
        assert_eq!(table.add_working_days(date(2026, 10, 9), 1), Ok(date(2026, 10, 10)));
        assert_eq!(table.add_working_days(date(2026, 10, 9), 2), Ok(date(2026, 10, 12)));
        assert_eq!(table.add_working_days(date(2026, 10, 4), 0), Ok(date(2026, 10, 4)));
    }

    #[test]
    fn unknown_year_is_refused() {
        let table = WorkingDays::embedded();
        assert_eq!(table.is_working(date(2027, 3, 1)), Err(CalendarError::NoTable(2027)));
        assert_eq!(table.add_working_days(date(2026, 12, 31), 1), Err(CalendarError::NoTable(2027)));
        let december = WorkingDays::from_csv("date,kind,festival\n2022-12-31,off,元旦\n2023-01-01,off,元旦").unwrap();
        assert_eq!(december.years().collect::<Vec<_>>(), [2023]);
        assert_eq!(WorkingDays::default().is_working(Date::MAX), Err(CalendarError::NoTable(9999)));
    }

    #[test]
    fn there_is_school_between_the_vacations_and_nothing_is_guessed() {
        let table = WorkingDays::embedded().clone();
        let table = table.with_vacations("2026-01-31至2026-03-01寒假、2026-07-11至2026-08-31暑假").unwrap();
        for (month, day, school) in [
            (1, 30, true),
            (1, 31, false),
            (2, 28, false), // a Saturday that was made a workday
            (3, 1, false),
            (3, 2, true),
            (7, 10, true),
            (7, 13, false),
            (8, 31, false),
            (9, 1, true),
            (9, 20, true), // a Sunday that was made a workday
            (10, 1, false),
            (10, 24, false),
        ] {
            assert_eq!(table.is_school_day(date(2026, month, day)), Ok(school), "{month}-{day}");
        }
        assert_eq!(table.is_school_day(date(2025, 12, 1)), Err(CalendarError::NoVacations(2025)));
        assert_eq!(table.is_school_day(date(2027, 3, 1)), Err(CalendarError::NoTable(2027)));
        let half = WorkingDays::embedded().clone().with_vacations("2026-07-11至2026-08-31暑假").unwrap();
        assert_eq!(
            half.is_school_day(date(2026, 9, 1)),
            Err(CalendarError::NoVacations(2026)),
            "the winter is not known"
        );
        assert_eq!(WorkingDays::embedded().is_school_day(date(2026, 9, 1)), Err(CalendarError::NoVacations(2026)));
        for text in ["2026-07-11", "2026-07-11至2026-08-31", "2026-08-31至2026-07-11暑假", "2026-02-30至2026-03-20寒假"]
        {
            let read = WorkingDays::default().with_vacations(text);
            assert_eq!(read, Err(CalendarError::Vacation(text.to_owned())));
        }
    }

    #[test]
    fn bad_tables_name_the_line() {
        for (text, line) in [
            ("date,kind,festival\n2026-02-30,off,春节", 2),
            ("2026-01-01,holiday,元旦", 1),
            ("2026-01-01", 1),
            ("2026-01-01,off,元旦\n\n2026-01-01,work,元旦", 3),
        ] {
            assert!(
                matches!(WorkingDays::from_csv(text), Err(CalendarError::Csv { line: found, .. }) if found == line)
            );
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in ".{0,80}") {
            let _ = WorkingDays::from_csv(&text);
            let _ = WorkingDays::default().with_vacations(&text);
        }

        #[test]
        fn counting_lands_on_a_later_working_day(offset in 0i64..1700, days in 1u16..60) {
            let table = WorkingDays::embedded();
            let start = date(2022, 1, 1).checked_add(offset.days()).unwrap();
            if let Ok(end) = table.add_working_days(start, days) {
                prop_assert!(end > start && table.is_working(end).unwrap());
                let mut counted = 0;
                let mut day = start;
                while day < end {
                    day = day.tomorrow().unwrap();
                    counted += u16::from(table.is_working(day).unwrap());
                }
                prop_assert_eq!(counted, days);
            }
        }
    }
}
