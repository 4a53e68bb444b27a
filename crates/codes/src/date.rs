//! Dates as they stand in registers: whole, or only a year and a month.

use std::fmt;

use jiff::ToSpan;
use jiff::civil::Date;

use crate::text::{half_width, is_invisible};

/// A date known to the year, the month or the day. A day comes only with a month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PartialDate {
    pub year: i16,
    pub month: Option<i8>,
    pub day: Option<i8>,
}

/// Why a text is not a date.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DateError {
    #[error("没有填写日期")]
    Empty,
    #[error("年份请写全四位，如 1990-03-07")]
    ShortYear,
    #[error("没有这一天，请核对年、月、日")]
    NoSuchDay,
    #[error("日期看不懂，请写成 1990-03-07、1990.3.7 或 1990年3月7日")]
    Format,
}

impl PartialDate {
    /// A date that exists, in a year from 1800 to 2200.
    pub fn new(year: i16, month: Option<i8>, day: Option<i8>) -> Option<Self> {
        let exists = Date::new(year, month.unwrap_or(1), day.unwrap_or(1)).is_ok();
        let date = Self { year, month, day };
        (exists && (1800..=2200).contains(&year) && (month.is_some() || day.is_none())).then_some(date)
    }

    /// The calendar day, if the date is known to the day.
    pub fn to_date(self) -> Option<Date> {
        Date::new(self.year, self.month?, self.day?).ok()
    }
}

impl From<Date> for PartialDate {
    fn from(date: Date) -> Self {
        Self { year: date.year(), month: Some(date.month()), day: Some(date.day()) }
    }
}

impl fmt::Display for PartialDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}", self.year)?;
        [self.month, self.day].into_iter().flatten().try_for_each(|part| write!(f, "-{part:02}"))
    }
}

impl std::str::FromStr for PartialDate {
    type Err = DateError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse(text)
    }
}

/// Reads `1990.3.7`, `1990-03`, `19900307`, `199003`, `1990年3月7日`, `1990/3/7`, a year alone, or a timestamp whose
/// time of day is dropped. Year first, always.
pub fn parse(text: &str) -> Result<PartialDate, DateError> {
    let written: String = half_width(text).chars().filter(|&c| c.is_whitespace() || !is_invisible(c)).collect();
    let written = written.trim().trim_start_matches('\'').trim();
    if written.is_empty() {
        return Err(DateError::Empty);
    }
    let parts = split(without_time(written))?;
    let number = |part: &String| part.parse::<i16>().map_err(|_| DateError::Format);
    let year = match parts.first() {
        Some(year) if year.len() == 4 => number(year)?,
        Some(year) if year.len() == 2 && parts.len() > 1 => return Err(DateError::ShortYear),
        _ => return Err(DateError::Format),
    };
    let small = |part: Option<&String>| match part {
        Some(part) if part.len() > 2 => Err(DateError::Format),
        Some(part) => part.parse::<i8>().map(Some).map_err(|_| DateError::Format),
        None => Ok(None),
    };
    PartialDate::new(year, small(parts.get(1))?, small(parts.get(2))?).ok_or(DateError::NoSuchDay)
}

/// The day of an Excel serial number in the 1900 system, whose 29 February 1900 never was. The time of day is dropped.
/// `None` outside 1900 to 2200, and thus for numbers such as 19900307 and 199003, which [`parse`] reads as text.
pub fn from_excel_serial(serial: f64) -> Option<PartialDate> {
    const LAST: f64 = 109_940.0; // 2200-12-31 and a few days
    if !(1.0..LAST).contains(&serial) {
        return None;
    }
    let days = serial as i64;
    let epoch = match days {
        ..60 => Date::constant(1899, 12, 31),
        60 => return None,
        _ => Date::constant(1899, 12, 30),
    };
    let date = epoch.checked_add(days.days()).ok()?;
    PartialDate::new(date.year(), Some(date.month()), Some(date.day()))
}

fn without_time(text: &str) -> &str {
    match text.split_once('T').or_else(|| text.split_once(' ')) {
        Some((date, time)) if time.contains(':') => date,
        _ => text,
    }
}

/// The two or three numbers of a date, or those of a run of eight, six or four digits.
fn split(text: &str) -> Result<Vec<String>, DateError> {
    let plain: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    if plain.bytes().all(|b| b.is_ascii_digit()) {
        return match plain.len() {
            4 => Ok(vec![plain]),
            6 => Ok(vec![plain[..4].into(), plain[4..].into()]),
            8 => Ok(vec![plain[..4].into(), plain[4..6].into(), plain[6..].into()]),
            _ => Err(DateError::Format),
        };
    }
    let unmarked = plain.trim_end_matches(['日', '号', '月', '年', '.', '。']);
    let parts: Vec<String> = unmarked.split(['.', '-', '/', '年', '月', '。', '、']).map(str::to_owned).collect();
    let whole = |part: &String| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if parts.len() <= 3 && parts.iter().all(whole) { Ok(parts) } else { Err(DateError::Format) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(text: &str) -> Result<String, DateError> {
        parse(text).map(|date| date.to_string())
    }

    #[test]
    fn habits_of_registers_are_read() {
        for text in [
            "1990.3.7",
            "1990-03-07",
            "19900307",
            "'19900307",
            "1990年3月7日",
            "1990年3月7号",
            "1990 年 3 月 7 日",
            "1990/3/7",
            "１９９０．３．７",
            "1990—03—07",
            "1990-03-07T08:00:00",
            "1990-03-07T00:00:00.000Z",
            "1990/3/7 0:00:00",
            "1990.03.07.",
        ] {
            assert_eq!(shown(text).as_deref(), Ok("1990-03-07"), "{text}");
        }
        for text in ["1990-03", "1990.3", "199003", "1990年3月"] {
            assert_eq!(shown(text).as_deref(), Ok("1990-03"), "{text}");
        }
        assert_eq!(shown("1990年").as_deref(), Ok("1990"));
    }

    #[test]
    fn each_mistake_has_its_own_error() {
        for (text, error) in [
            ("", DateError::Empty),
            ("90.3.7", DateError::ShortYear),
            ("1990-02-30", DateError::NoSuchDay),
            ("2011-02-29", DateError::NoSuchDay),
            ("19901301", DateError::NoSuchDay),
            ("0000-01-01", DateError::NoSuchDay),
            ("3/7/1990", DateError::Format),
            ("1990-3-7-1", DateError::Format),
            ("1990-", DateError::Format),
            ("不详", DateError::Format),
            ("32939", DateError::Format),
        ] {
            assert_eq!(parse(text), Err(error), "{text}");
        }
    }

    #[test]
    fn excel_serials() {
        let shown = |serial| from_excel_serial(serial).map(|date| date.to_string());
        assert_eq!(shown(32939.0).as_deref(), Some("1990-03-07"));
        assert_eq!(shown(32939.75).as_deref(), Some("1990-03-07"));
        assert_eq!(shown(1.0).as_deref(), Some("1900-01-01"));
        assert_eq!(shown(59.0).as_deref(), Some("1900-02-28"));
        assert_eq!(shown(61.0).as_deref(), Some("1900-03-01"));
        for serial in [60.0, 0.0, -5.0, f64::NAN, f64::INFINITY, 19900307.0, 199003.0] {
            assert_eq!(from_excel_serial(serial), None);
        }
    }

    proptest! {
        #[test]
        fn any_input_is_read_or_refused(text in any::<String>(), near in "[0-9年月日./ T:-]{0,20}", serial in any::<f64>()) {
            let _ = (parse(&text), parse(&near), from_excel_serial(serial));
        }

        #[test]
        fn display_parses_back(year in 1800i16..=2200, month in 1i8..=12, day in 1i8..=31, known in 1..=3) {
            let (month, day) = ((known > 1).then_some(month), (known > 2).then_some(day));
            if let Some(date) = PartialDate::new(year, month, day) {
                prop_assert_eq!(parse(&date.to_string()), Ok(date));
            }
        }

        #[test]
        fn serials_count_days(serial in 61u32..109_000) {
            let day = |serial: u32| from_excel_serial(serial.into()).and_then(PartialDate::to_date).unwrap();
            prop_assert_eq!(day(serial).tomorrow().unwrap(), day(serial + 1));
        }
    }
}
