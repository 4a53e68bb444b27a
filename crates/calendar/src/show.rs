//! Moments as people in China read them, in Shanghai time.

use jiff::Timestamp;
use jiff::civil::{DateTime, Weekday};

use crate::SHANGHAI;

/// `2026年11月23日 星期一`
pub fn long_date(at: Timestamp) -> String {
    let local = local(at);
    let weekday = match local.weekday() {
        Weekday::Monday => "一",
        Weekday::Tuesday => "二",
        Weekday::Wednesday => "三",
        Weekday::Thursday => "四",
        Weekday::Friday => "五",
        Weekday::Saturday => "六",
        Weekday::Sunday => "日",
    };
    format!("{}年{}月{}日 星期{weekday}", local.year(), local.month(), local.day())
}

/// `11月18日 19:42`
pub fn short_time(at: Timestamp) -> String {
    let local = local(at);
    format!("{}月{}日 {:02}:{:02}", local.month(), local.day(), local.hour(), local.minute())
}

/// `2026年11月18日 19:42`
pub fn date_time(at: Timestamp) -> String {
    format!("{}年{}", local(at).year(), short_time(at))
}

fn local(at: Timestamp) -> DateTime {
    SHANGHAI.to_datetime(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_shown_in_shanghai_time() {
        let at: Timestamp = "2026-11-22T16:05:00Z".parse().unwrap();
        assert_eq!(long_date(at), "2026年11月23日 星期一");
        assert_eq!(short_time(at), "11月23日 00:05");
        assert_eq!(date_time(at), "2026年11月23日 00:05");
        assert_eq!(long_date("2026-11-22T00:00:00Z".parse().unwrap()), "2026年11月22日 星期日");
    }

    #[test]
    fn the_ends_of_time_do_not_panic() {
        for at in [Timestamp::MIN, Timestamp::MAX] {
            assert!(!long_date(at).is_empty() && !date_time(at).is_empty());
        }
    }
}
