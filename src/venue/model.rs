//! When a room is open, and what stands in the way of somebody who wants it.

use calendar::shanghai;
use db::text_enum;
use jiff::civil::{Date, Time, Weekday};
use jiff::{SignedDuration, Timestamp, ToSpan};

use super::store::{Booking, Closure};
use crate::web::show;

text_enum! {
    pub enum Purpose { Meeting = "meeting" "会议", Activity = "activity" "活动", Class = "class" "课堂", Other = "other" "其他" }
}

/// From a moment until another, which does not belong to it any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub starts_at: Timestamp,
    pub ends_at: Timestamp,
}

impl Span {
    /// From a moment on, for some minutes.
    pub fn of_minutes(starts_at: Timestamp, minutes: i64) -> Span {
        Span { starts_at, ends_at: starts_at + SignedDuration::from_mins(minutes) }
    }

    fn overlaps(&self, other: &Span) -> bool {
        self.starts_at < other.ends_at && other.starts_at < self.ends_at
    }

    fn day(&self) -> Date {
        day_of(self.starts_at)
    }

    pub fn minutes(&self) -> i64 {
        self.ends_at.duration_since(self.starts_at).as_secs() / 60
    }

    /// `09:00–10:30`
    pub fn clock(&self) -> String {
        format!("{}–{}", clock(self.starts_at), clock(self.ends_at))
    }
}

pub(super) fn day_of(at: Timestamp) -> Date {
    at.to_zoned_datetime(shanghai()).date()
}

fn clock(at: Timestamp) -> String {
    at.to_zoned_datetime(shanghai()).strftime("%H:%M").to_string()
}

/// The moment of some minutes after midnight. 24:00 is the midnight that follows.
pub(super) fn moment(day: Date, minutes: i64) -> Option<Timestamp> {
    let midnight = day.to_datetime(Time::midnight()).to_zoned_datetime(shanghai()).ok()?.timestamp();
    Some(midnight + SignedDuration::from_mins(minutes))
}

/// When a room is open on a day of the week, in minutes after midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hours {
    pub weekday: i64,
    pub opens: i64,
    pub closes: i64,
}

impl Hours {
    /// The same hours on some days of the week.
    pub fn on(days: impl IntoIterator<Item = Weekday>, opens: i64, closes: i64) -> Vec<Hours> {
        let day = |day: Weekday| Hours { weekday: i64::from(day.to_monday_one_offset()), opens, closes };
        days.into_iter().map(day).collect()
    }
}

/// What is known of a room over some days: all that decides whether somebody can have it.
#[derive(Debug, Clone, Default)]
pub struct Diary {
    pub hours: Vec<Hours>,
    pub closures: Vec<Closure>,
    pub bookings: Vec<Booking>,
}

/// The longest that somebody can have a room at a time: within one day.
const WHOLE_DAY: i64 = 24 * 60;

impl Diary {
    /// When the room is open on a day, in order; hours that touch are one.
    pub fn open(&self, day: Date) -> Vec<Span> {
        let weekday = i64::from(day.weekday().to_monday_one_offset());
        let mut hours: Vec<Hours> = self.hours.iter().copied().filter(|hours| hours.weekday == weekday).collect();
        hours.sort();
        let mut open: Vec<Span> = Vec::new();
        for hours in hours {
            let Some((starts_at, ends_at)) = moment(day, hours.opens).zip(moment(day, hours.closes)) else { continue };
            match open.last_mut() {
                Some(last) if last.ends_at >= starts_at => last.ends_at = last.ends_at.max(ends_at),
                _ => open.push(Span { starts_at, ends_at }),
            }
        }
        open
    }

    /// What stands in the way of a span, in words; `None` if nothing does. Bookings in `moved` do not count: they are the ones that
    /// are moved.
    pub fn obstacle(&self, span: Span, moved: &[uuid::Uuid]) -> Option<String> {
        let day = show::month_and_day(&span.starts_at);
        if span.minutes() <= 0 {
            return Some("结束要在开始以后".to_owned());
        }
        let open = self.open(span.day());
        if span.minutes() > WHOLE_DAY
            || !open.iter().any(|open| open.starts_at <= span.starts_at && span.ends_at <= open.ends_at)
        {
            let hours: Vec<String> = open.iter().map(Span::clock).collect();
            return Some(match hours.is_empty() {
                true => format!("{day}不开放"),
                false => format!("{day}只在 {} 开放", hours.join("、")),
            });
        }
        if let Some(closure) = self.closures.iter().find(|closure| closure.span().overlaps(&span)) {
            return Some(format!("{day}临时关闭：{}", closure.reason));
        }
        let taken = self.bookings.iter().find(|taken| !moved.contains(&taken.id) && taken.span().overlaps(&span))?;
        let free = self.free(span, moved).map(|free| format!("。当天 {} 空着", free.clock())).unwrap_or_default();
        Some(format!("{day} {} 已经约给“{}”{free}", taken.span().clock(), taken.title))
    }

    /// The earliest span of the same length on the same day that is free, not before it was wanted if there is one then.
    fn free(&self, wanted: Span, moved: &[uuid::Uuid]) -> Option<Span> {
        let length = SignedDuration::from_mins(wanted.minutes());
        let mut taken: Vec<Span> = self.closures.iter().map(Closure::span).collect();
        taken.extend(self.bookings.iter().filter(|taken| !moved.contains(&taken.id)).map(Booking::span));
        // A room becomes free when it opens, or when somebody leaves it.
        let open = self.open(wanted.day());
        let mut begins: Vec<Timestamp> =
            open.iter().map(|open| open.starts_at).chain(taken.iter().map(|taken| taken.ends_at)).collect();
        begins.sort();
        let fits = |starts_at: &Timestamp| {
            let span = Span { starts_at: *starts_at, ends_at: *starts_at + length };
            let within = open.iter().any(|open| open.starts_at <= span.starts_at && span.ends_at <= open.ends_at);
            (within && !taken.iter().any(|taken| taken.overlaps(&span))).then_some(span)
        };
        let later = begins.iter().filter(|begins| **begins >= wanted.starts_at).find_map(fits);
        later.or_else(|| begins.iter().find_map(fits))
    }
}

/// The Monday of the week in which a day lies.
pub(super) fn monday(day: Date) -> Date {
    day.checked_sub(i64::from(day.weekday().to_monday_zero_offset()).days()).unwrap_or(day)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn at(day: Date, minutes: i64) -> Timestamp {
        moment(day, minutes).unwrap()
    }

    fn span(day: Date, from: i64, until: i64) -> Span {
        Span { starts_at: at(day, from), ends_at: at(day, until) }
    }

    fn taken(title: &str, span: Span) -> Booking {
        Booking {
            id: Uuid::from_u128(span.starts_at.as_millisecond() as u128),
            title: title.to_owned(),
            starts_at: span.starts_at,
            ends_at: span.ends_at,
            ..Booking::example()
        }
    }

    #[test]
    fn what_stands_in_the_way_is_said_with_what_is_free() {
        let day = date(2026, 12, 5);
        let hours = [Hours::on([Weekday::Saturday], 8 * 60, 12 * 60), Hours::on([Weekday::Saturday], 12 * 60, 18 * 60)]
            .concat();
        let mut diary = Diary { hours, ..Diary::default() };
        assert_eq!(diary.obstacle(span(day, 11 * 60, 13 * 60), &[]), None, "hours that touch are one");
        assert_eq!(diary.obstacle(span(day, 7 * 60, 9 * 60), &[]).unwrap(), "12月5日只在 08:00–18:00 开放");
        assert_eq!(diary.obstacle(span(date(2026, 12, 6), 600, 660), &[]).unwrap(), "12月6日不开放");
        assert_eq!(diary.obstacle(span(day, 600, 600), &[]).unwrap(), "结束要在开始以后");
        let class = taken("七彩四点半", span(day, 9 * 60, 10 * 60));
        diary.bookings = vec![class.clone(), taken("合唱", span(day, 10 * 60 + 30, 12 * 60))];
        assert_eq!(
            diary.obstacle(span(day, 9 * 60 + 30, 10 * 60 + 30), &[]).unwrap(),
            "12月5日 09:00–10:00 已经约给“七彩四点半”。当天 12:00–13:00 空着"
        );
        assert_eq!(diary.obstacle(span(day, 10 * 60, 10 * 60 + 30), &[]), None, "one may follow the other");
        assert_eq!(diary.obstacle(span(day, 9 * 60, 10 * 60), &[class.id]), None, "it may be moved onto itself");
    }

    proptest! {
        /// Whatever is booked one after the other, no two spans of a room ever overlap, and what is offered as free can be had.
        #[test]
        fn nothing_is_in_one_room_twice(wanted in proptest::collection::vec((0i64..24 * 60, 1i64..300), 1..40)) {
            let day = date(2026, 12, 5);
            let hours = Hours::on([Weekday::Saturday], 8 * 60, 20 * 60);
            let mut diary = Diary { hours, ..Diary::default() };
            for (from, length) in wanted {
                let span = Span::of_minutes(at(day, from), length);
                if diary.obstacle(span, &[]).is_none() {
                    diary.bookings.push(taken("有人", span));
                } else if let Some(free) = diary.free(span, &[]) {
                    prop_assert_eq!(diary.obstacle(free, &[]), None);
                }
            }
            for (n, one) in diary.bookings.iter().enumerate() {
                prop_assert!(one.starts_at >= at(day, 8 * 60) && one.ends_at <= at(day, 20 * 60));
                prop_assert!(diary.bookings[n + 1..].iter().all(|other| !one.span().overlaps(&other.span())));
            }
        }
    }
}
