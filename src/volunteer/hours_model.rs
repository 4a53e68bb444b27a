//! How long somebody has served, and how far that has come, without a database. 《志愿服务记录与证明出具办法(试行)》: true, exact, whole.

use calendar::shanghai;
use db::text_enum;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde::Deserialize;

use super::activity_model::Span;
use crate::settings::Setting;

text_enum! {
    /// Training is recorded too, but apart.
    pub enum Kind { Service = "service" "服务", Training = "training" "培训" }
    /// How far a record has come. What is approved is in the ledger once the days for objections are over.
    pub enum Stage {
        Submitted = "submitted" "等队长确认",
        Confirmed = "confirmed" "等社区审核",
        Approved = "approved" "审核通过",
        Objected = "objected" "本人有异议",
        Refused = "refused" "不计",
    }
    pub enum Step {
        Submitted = "submitted" "本人填报",
        Confirmed = "confirmed" "确认",
        Approved = "approved" "审核通过",
        Refused = "refused" "不计",
        Objected = "objected" "提出异议",
        Answered = "answered" "答复异议",
        Upheld = "upheld" "维持不计",
        Corrected = "corrected" "更正",
    }
}

/// Which step leads from where to where; the check of `volunteer_records.move` says the same.
const TRANSITIONS: &[(Option<Stage>, Step, Stage)] = &[
    (None, Step::Submitted, Stage::Submitted),
    (None, Step::Confirmed, Stage::Confirmed),
    (Some(Stage::Submitted), Step::Confirmed, Stage::Confirmed),
    (Some(Stage::Submitted), Step::Refused, Stage::Refused),
    (Some(Stage::Confirmed), Step::Approved, Stage::Approved),
    (Some(Stage::Confirmed), Step::Refused, Stage::Refused),
    (Some(Stage::Confirmed), Step::Corrected, Stage::Confirmed),
    (Some(Stage::Approved), Step::Objected, Stage::Objected),
    (Some(Stage::Approved), Step::Corrected, Stage::Confirmed),
    (Some(Stage::Objected), Step::Answered, Stage::Approved),
    (Some(Stage::Objected), Step::Corrected, Stage::Confirmed),
    // What was refused can be contested and put right for as many days.
    (Some(Stage::Refused), Step::Objected, Stage::Objected),
    (Some(Stage::Refused), Step::Corrected, Stage::Confirmed),
    (Some(Stage::Objected), Step::Upheld, Stage::Refused),
];

impl Stage {
    /// Where a step leads from here, and the move as the database keeps it; `None` if it leads nowhere.
    pub fn after(from: Option<Stage>, step: Step) -> Option<(Stage, String)> {
        let (_, _, to) = TRANSITIONS.iter().find(|(before, known, _)| *before == from && *known == step)?;
        Some((*to, format!("{}>{}>{}", from.map_or("", Stage::code), step.code(), to.code())))
    }
}

/// How hours are counted and recorded.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Hours {
    /// So much of what lies before the planned beginning and after the planned end counts too.
    pub tolerance_minutes: i64,
    /// More than this on one day needs a reason.
    pub day_hours: i64,
    pub objection_days: i64,
    /// So long afterwards somebody may enter what they have done.
    pub own_days: i64,
    /// So long whoever leads and the community have.
    pub answer_days: i64,
}

impl Setting for Hours {
    const NAME: &'static str = "volunteer.hours";
}

impl Hours {
    /// When something that is approved at a moment is in the ledger, or what is refused then stays so: after the days on which somebody can
    /// object, of which this is none.
    pub fn books_at(&self, approved: Timestamp) -> Option<Timestamp> {
        let day = approved.to_zoned_datetime(shanghai()).date();
        let next = day.checked_add((self.objection_days + 1).days()).ok()?;
        moment(next, jiff::civil::Time::midnight())
    }
}

/// What of the time in which somebody was there counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    pub span: Span,
    pub minutes: i64,
}

/// `min(check_out, planned_end + tol) − max(check_in, planned_start − tol) − breaks`, in whole minutes, rounded down, and never less than
/// nothing.
pub fn counted(there: Span, planned: Span, tolerance_minutes: i64, breaks: i64) -> Counted {
    let tolerance = SignedDuration::from_mins(tolerance_minutes);
    let starts_at = there.starts_at.max(planned.starts_at - tolerance);
    let ends_at = there.ends_at.min(planned.ends_at + tolerance).max(starts_at);
    let span = Span { starts_at, ends_at };
    Counted { span, minutes: (span.minutes() - breaks).max(0) }
}

impl Span {
    pub fn overlaps(&self, other: &Span) -> bool {
        let lasts = |span: &Span| span.starts_at < span.ends_at;
        lasts(self) && lasts(other) && self.starts_at < other.ends_at && other.starts_at < self.ends_at
    }
}

/// `3 小时 20 分`
pub fn in_words(minutes: i64) -> String {
    match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("{minutes} 分"),
        (hours, 0) => format!("{hours} 小时"),
        (hours, minutes) => format!("{hours} 小时 {minutes} 分"),
    }
}

/// `3.33` hours of 200 minutes: two places, rounded down.
pub fn in_hours(minutes: i64) -> String {
    let hundredths = minutes * 100 / 60;
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

/// A day with a time of it, by the clock of Shanghai.
pub(super) fn moment(day: Date, time: jiff::civil::Time) -> Option<Timestamp> {
    Some(day.to_datetime(time).to_zoned_datetime(shanghai()).ok()?.timestamp())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> Timestamp {
        format!("2026-12-05T{text}+08:00").parse().unwrap()
    }

    fn span(from: &str, until: &str) -> Span {
        Span { starts_at: at(from), ends_at: at(until) }
    }

    #[test]
    fn what_counts_lies_within_what_was_planned() {
        let planned = span("08:00:00", "11:00:00");
        let minutes = |from, until, tolerance, breaks| counted(span(from, until), planned, tolerance, breaks).minutes;
        assert_eq!(minutes("07:30:00", "11:40:00", 0, 0), 180, "early and late do not count");
        assert_eq!(minutes("07:30:00", "11:40:00", 10, 0), 200);
        assert_eq!(minutes("08:00:31", "10:59:59", 0, 0), 179, "rounded down");
        assert_eq!(minutes("08:30:00", "10:00:00", 0, 20), 70);
        assert_eq!(minutes("08:30:00", "09:00:00", 0, 45), 0, "never less than nothing");
        assert_eq!(minutes("11:05:00", "11:30:00", 0, 0), 0, "came after the end");
        let late = counted(span("11:05:00", "11:30:00"), planned, 0, 0).span;
        assert!(!late.overlaps(&span("08:00:00", "12:00:00")), "nothing overlaps nothing");
        assert!(planned.overlaps(&span("10:59:59", "12:00:00")) && !planned.overlaps(&span("11:00:00", "12:00:00")));
    }

    #[test]
    fn hours_are_said_in_words_and_with_two_places_rounded_down() {
        assert_eq!([0, 59, 60, 200].map(in_words), ["0 分", "59 分", "1 小时", "3 小时 20 分"]);
        assert_eq!([0, 59, 60, 200, 6000].map(in_hours), ["0.00", "0.98", "1.00", "3.33", "100.00"]);
    }

    #[test]
    fn it_is_in_the_ledger_after_the_days_for_objections() {
        let rules = Hours { tolerance_minutes: 0, day_hours: 8, objection_days: 5, own_days: 30, answer_days: 7 };
        assert_eq!(rules.books_at(at("15:00:00")), Some("2026-12-11T00:00:00+08:00".parse().unwrap()));
    }

    /// The check of the database and the table here are one list.
    #[test]
    fn the_database_takes_these_moves_and_no_others() {
        let text = include_str!("../../migrations/0071_volunteers_mended.sql");
        let listed = text.split("-- every move of a record of service").nth(1).unwrap();
        let listed = listed.split("-- the end of them").next().unwrap();
        let mut known: Vec<String> = listed.split('\'').skip(1).step_by(2).map(str::to_owned).collect();
        let moves = TRANSITIONS.iter().map(|(from, step, _)| Stage::after(*from, *step).unwrap().1);
        let mut moves: Vec<String> = moves.collect();
        known.sort();
        moves.sort();
        assert_eq!(known, moves);
    }

    proptest! {
        /// Against counting second by second.
        #[test]
        fn it_is_as_if_each_second_were_counted(
            came in 0i64..20_000, stays in 0i64..20_000, starts in 0i64..20_000, lasts in 1i64..20_000, tolerance in 0i64..40, breaks in 0i64..90,
        ) {
            let moment = |second: i64| Timestamp::from_second(1_800_000_000 + second).unwrap();
            let there = Span { starts_at: moment(came), ends_at: moment(came + stays) };
            let planned = Span { starts_at: moment(starts), ends_at: moment(starts + lasts) };
            let within = |second: &i64| {
                (starts - tolerance * 60..starts + lasts + tolerance * 60).contains(second)
            };
            let seconds = (came..came + stays).filter(within).count() as i64;
            let found = counted(there, planned, tolerance, breaks);
            prop_assert_eq!(found.minutes, (seconds / 60 - breaks).max(0));
            prop_assert!(found.span.starts_at <= found.span.ends_at);
        }
    }
}
