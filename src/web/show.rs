//! How moments are written on pages. Everything is shown by the clock of Shanghai.

use jiff::{SignedDuration, Timestamp};

/// `11月18日 星期三 19:42`
pub fn moment(at: &Timestamp) -> String {
    calendar::short_time(*at)
}

/// `2026年11月23日 星期一`
pub fn day(at: &Timestamp) -> String {
    calendar::long_date(*at)
}

/// `11月28日`, of a year that is plain from what stands around it.
pub fn month_and_day(at: &Timestamp) -> String {
    at.to_zoned_datetime(calendar::shanghai()).strftime("%-m月%-d日").to_string()
}

/// `2026年11月28日 星期六 09:30`, for papers that are kept.
pub fn day_and_time(at: &Timestamp) -> String {
    format!("{} {}", day(at), at.to_zoned_datetime(calendar::shanghai()).strftime("%H:%M"))
}

/// `2026年11月28日` of a day that is kept as `2026-11-28`; anything else as it stands.
pub fn kept_day(day: &str) -> String {
    day.parse::<jiff::civil::Date>().map_or_else(|_| day.to_owned(), |day| day.strftime("%Y年%-m月%-d日").to_string())
}

/// `2026-11-28`, for a cell of a workbook.
pub fn date(at: &Timestamp) -> String {
    at.to_zoned_datetime(calendar::shanghai()).date().to_string()
}

/// For the `datetime` attribute.
pub fn iso(at: &Timestamp) -> String {
    at.to_zoned_datetime(calendar::shanghai()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

/// `87.5%`, a part of what there is; a dash of nothing. It is never rounded up, so that it says the whole only where nothing is missing.
pub fn percent(part: i64, of: i64) -> String {
    if of == 0 {
        return "—".to_owned();
    }
    let tenths = part * 1000 / of;
    format!("{}.{}%", tenths / 10, tenths % 10)
}

/// How a deadline stands: overdue, near or far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deadline {
    pub class: &'static str,
    pub text: String,
}

/// `等了 2 小时`
pub fn since(at: Timestamp, now: Timestamp) -> String {
    format!("等了 {}", length(now.duration_since(at)))
}

/// The largest unit of a distance in time: `4 天`, `3 小时`, `1 分钟`.
fn length(distance: SignedDuration) -> String {
    let distance = distance.unsigned_abs().as_secs();
    match (distance / 86_400, distance / 3600) {
        (0, 0) => format!("{} 分钟", (distance / 60).max(1)),
        (0, hours) => format!("{hours} 小时"),
        (days, _) => format!("{days} 天"),
    }
}

/// `超期 4 天`, `还剩 2 天`, `今天 18:00 前`. `soon` tells whether it is near enough to be marked.
pub fn deadline(due: Timestamp, now: Timestamp, soon: bool) -> Deadline {
    let length = length(now.duration_since(due));
    match (due < now, soon) {
        (true, _) => Deadline { class: "late", text: format!("超期 {length}") },
        (false, true) => Deadline { class: "soon", text: format!("还剩 {length}") },
        (false, false) => Deadline { class: "", text: format!("还剩 {length}") },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_never_rounded_up_to_the_whole() {
        assert_eq!(percent(5399, 5400), "99.9%");
        assert_eq!(
            [percent(5400, 5400), percent(2, 3), percent(0, 7), percent(0, 0)],
            ["100.0%", "66.6%", "0.0%", "—"]
        );
    }
}
