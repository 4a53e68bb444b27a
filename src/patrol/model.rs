//! What “uninterrupted” means, without a database: whether a route is walked on a day, and for how long each of its points was left alone.

use calendar::WorkingDays;
use db::text_enum;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;
use uuid::Uuid;

use crate::duty::{SchoolDay, Timetable, moment};
use crate::settings::Setting;
use crate::web::show;

text_enum! {
    pub enum RouteKind { School = "school" "校园周边", Street = "street" "街面" }
    /// On which days a route is walked.
    pub enum Days { School = "school" "学校上课、考试的日子", Every = "every" "每天", Working = "working" "工作日" }
    /// How it is known that somebody was there.
    pub enum How { Link = "link" "本人手机", Code = "code" "扫点位码", Desk = "desk" "值班登记" }
}

/// What a new route begins with, and how long a note may wait.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Usual {
    pub between_minutes: i64,
    pub patrol_tolerance_minutes: i64,
    pub walk_from_hour: i64,
    pub walk_to_hour: i64,
    /// Within so many hours somebody has looked at what was seen.
    pub note_hours: i64,
}

impl Setting for Usual {
    const NAME: &'static str = "patrol.usual";
}

/// What holds of every round.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Rounds {
    /// So long a round takes of which nothing else is said.
    pub round_minutes: i64,
    /// Within so many hours the desk enters what was told by radio.
    pub desk_hours: i64,
}

impl Setting for Rounds {
    const NAME: &'static str = "patrol.rounds";
}

/// When somebody is reminded of a round on which nobody has set out.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Departure {
    /// So long after the time for which it is planned.
    pub departure_minutes: i64,
}

impl Setting for Departure {
    const NAME: &'static str = "patrol.departure";
}

/// What is asked of a route on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    pub interval: i64,
    pub tolerance: i64,
    /// Minutes of the day.
    pub from: i64,
    pub to: i64,
    pub days: Days,
    pub school: Option<Uuid>,
}

/// Whether a route is walked on a day. What the tables do not say is not guessed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Walked {
    Yes,
    /// Why not.
    No(String),
    /// What is missing.
    Unknown(String),
}

impl Asked {
    /// So many minutes may pass at a point before it counts as left alone: never more than half of the hours, or one visit would do for all of
    /// them.
    pub fn allowed(&self) -> i64 {
        (self.interval + self.tolerance).min(self.half())
    }

    fn half(&self) -> i64 {
        (self.to - self.from) / 2
    }

    /// Why nobody could be asked this: hours in which hardly anybody would have to come are never broken.
    pub fn too_rare(&self) -> Option<String> {
        let (asked, half) = (self.interval + self.tolerance, self.half());
        (asked > half).then(|| format!("最长间隔加容差不能超过整段时间的一半（{half} 分钟），不然没有人去也看不出来"))
    }

    pub fn walked(&self, day: Date, table: &Timetable, working: &WorkingDays) -> Walked {
        match (self.days, self.school) {
            (Days::Every, _) => Walked::Yes,
            (Days::Working, _) => match working.is_working(day) {
                Ok(true) => Walked::Yes,
                Ok(false) => Walked::No(working.festival(day).unwrap_or("周末").to_owned()),
                Err(error) => Walked::Unknown(error.to_string()),
            },
            (Days::School, Some(school)) => match table.of(school, day, working) {
                SchoolDay::Lessons | SchoolDay::Exams => Walked::Yes,
                SchoolDay::Off(why) => Walked::No(why),
                SchoolDay::Unknown(why) => Walked::Unknown(why),
            },
            (Days::School, None) => Walked::Unknown("没有登记是哪所学校".to_owned()),
        }
    }

    /// From when until when it is walked on a day.
    pub fn window(&self, day: Date) -> Option<(Timestamp, Timestamp)> {
        moment(day, self.from).zip(moment(day, self.to))
    }
}

/// Time in which nobody was at a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    pub from: Timestamp,
    pub to: Timestamp,
}

impl Gap {
    pub fn seconds(&self) -> i64 {
        self.to.as_second() - self.from.as_second()
    }

    /// Minutes, a begun one counted whole: what is longer than allowed reads longer.
    pub fn minutes(&self) -> i64 {
        (self.seconds() + 59) / 60
    }
}

/// A point in the window of a day, as far as it has run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    pub from: Timestamp,
    /// The end of the window, or now.
    pub to: Timestamp,
    pub checks: Vec<Timestamp>,
    pub gaps: Vec<Gap>,
    /// Seconds after which a point counts as left alone.
    allowed: i64,
    /// The window has ended.
    over: bool,
}

impl Kept {
    /// Lays the checks of a point into its window. The beginning counts as if somebody had been there, for as long as somebody may still come;
    /// the end is no visit. A day that still runs ends now. Nothing where the window has not begun, or the point was not there.
    pub fn of(window: (Timestamp, Timestamp), allowed: i64, checks: &[Timestamp], now: Timestamp) -> Option<Kept> {
        let (from, to) = (window.0, window.1.min(now));
        if from >= to {
            return None;
        }
        let mut within: Vec<Timestamp> = checks.iter().copied().filter(|at| (from..=to).contains(at)).collect();
        within.sort_unstable();
        within.dedup();
        let mut turns = vec![from];
        turns.extend(within.iter().copied());
        turns.push(to);
        let gaps = turns.windows(2).map(|pair| Gap { from: pair[0], to: pair[1] });
        let gaps = gaps.filter(|gap| gap.from < gap.to).collect();
        Some(Kept { from, to, checks: within, gaps, allowed: allowed * 60, over: window.1 <= now })
    }

    /// The window is over and nobody ever came: no minute of it counts. Where the point was there for less than what may pass, nobody had to.
    pub fn never(&self) -> bool {
        self.over && self.checks.is_empty() && self.to.as_second() - self.from.as_second() > self.allowed
    }

    pub fn longest(&self) -> Option<Gap> {
        self.gaps.iter().copied().max_by_key(Gap::seconds)
    }

    /// The times in which nobody came as often as was asked.
    pub fn broken(&self) -> impl Iterator<Item = &Gap> {
        self.gaps.iter().filter(|gap| gap.seconds() > self.allowed)
    }

    pub fn sum(&self) -> Sum {
        let counted = if self.never() { 0 } else { self.allowed };
        let within = self.gaps.iter().map(|gap| gap.seconds().min(counted)).sum();
        let longest = self.longest().map_or(0, |gap| gap.minutes());
        let (of, broken) = (self.to.as_second() - self.from.as_second(), self.broken().count() as i64);
        Sum { within, of, longest, broken, checks: self.checks.len() as i64 }
    }
}

/// How a point stands now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// When somebody was there last, or the window began.
    pub since: Timestamp,
    pub visited: bool,
    /// When somebody should be there again.
    pub due: Timestamp,
    pub minutes: i64,
    /// The interval is over.
    pub due_now: bool,
    /// The tolerance is over too.
    pub late: bool,
}

impl Standing {
    /// Of a window that runs; nothing before and after it, nor once the point has been closed in the middle of it.
    pub fn of(kept: Option<&Kept>, window: (Timestamp, Timestamp), asked: &Asked, now: Timestamp) -> Option<Standing> {
        let kept = kept.filter(|kept| window.0 <= now && now < window.1 && !kept.over)?;
        let last = kept.checks.last().copied();
        let since = last.unwrap_or(kept.from);
        let passed = now.as_second() - since.as_second();
        Some(Standing {
            since,
            visited: last.is_some(),
            due: since + jiff::SignedDuration::from_mins(asked.interval),
            minutes: passed / 60,
            due_now: passed >= asked.interval * 60,
            late: passed > asked.allowed() * 60,
        })
    }
}

/// Windows added up: of points, of days.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sum {
    /// Seconds at which somebody had been there no longer ago than allowed.
    pub within: i64,
    /// Seconds of the windows.
    pub of: i64,
    /// Minutes of the longest gap.
    pub longest: i64,
    /// Gaps that were longer than allowed.
    pub broken: i64,
    pub checks: i64,
}

impl Sum {
    pub fn add(self, other: Sum) -> Sum {
        Sum {
            within: self.within + other.within,
            of: self.of + other.of,
            longest: self.longest.max(other.longest),
            broken: self.broken + other.broken,
            checks: self.checks + other.checks,
        }
    }

    /// 不间断率, `87.5%`; a dash where no minute has passed. It is never rounded up to the whole.
    pub fn rate(&self) -> String {
        show::percent(self.within, self.of)
    }

    pub fn whole(&self) -> bool {
        self.within == self.of
    }

    /// The minutes above and below the line.
    pub fn minutes(&self) -> (i64, i64) {
        (self.within / 60, self.of / 60)
    }
}

/// The point after the one at which somebody was last; the first again after the last.
pub fn next_point(points: &[Uuid], last: Option<Uuid>) -> Option<Uuid> {
    let at = last.and_then(|last| points.iter().position(|point| *point == last));
    match at {
        Some(at) => points.get((at + 1) % points.len()).copied(),
        None => points.first().copied(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::duty::{Exception, Term};

    fn at(clock: &str) -> Timestamp {
        format!("2026-09-01T{clock}:00+08:00").parse().unwrap()
    }

    fn kept(checks: &[&str], now: &str) -> Option<Kept> {
        let checks: Vec<Timestamp> = checks.iter().map(|clock| at(clock)).collect();
        Kept::of((at("07:00"), at("09:00")), 30, &checks, at(now))
    }

    #[test]
    fn the_beginning_of_the_window_counts_and_each_gap_counts_up_to_what_is_allowed() {
        // 07:00–07:20–07:50–08:40–09:00: 20, 30, 50 and 20 minutes, of which 20 + 30 + 30 + 20 = 100 of 120 are within.
        let sum = kept(&["07:50", "07:20", "08:40"], "10:00").unwrap().sum();
        assert_eq!(sum, Sum { within: 100 * 60, of: 120 * 60, longest: 50, broken: 1, checks: 3 });
        assert_eq!((sum.rate().as_str(), sum.whole()), ("83.3%", false));
        // Nobody yet: the first half hour is nobody's fault. Nobody at all: no minute counts.
        let sum = kept(&[], "08:00").unwrap().sum();
        assert_eq!((sum.rate().as_str(), sum.longest, sum.broken), ("50.0%", 60, 1));
        let sum = kept(&[], "10:00").unwrap().sum();
        assert_eq!((sum.rate().as_str(), sum.longest, sum.broken), ("0.0%", 120, 1));
        // Every thirty minutes, to the minute.
        let sum = kept(&["07:30", "08:00", "08:30"], "10:00").unwrap().sum();
        assert_eq!((sum.rate().as_str(), sum.broken, sum.whole()), ("100.0%", 0, true));
        // What was outside of the window does not count.
        assert_eq!(kept(&["06:50", "09:10"], "10:00").unwrap().sum().checks, 0);
    }

    #[test]
    fn a_day_that_still_runs_is_counted_until_now() {
        assert_eq!(kept(&[], "06:59"), None);
        assert_eq!(kept(&[], "07:00"), None);
        let sum = kept(&["07:20"], "07:40").unwrap().sum();
        assert_eq!((sum.of, sum.rate().as_str()), (40 * 60, "100.0%"));
        // 20 minutes, then 40 of which 30 count.
        let sum = kept(&["07:20"], "08:00").unwrap().sum();
        assert_eq!((sum.rate().as_str(), sum.longest, sum.broken), ("83.3%", 40, 1));
        // A rate that is not whole never reads so.
        let sum = Sum { within: 99_999, of: 100_000, ..Sum::default() };
        assert_eq!((sum.rate().as_str(), sum.whole()), ("99.9%", false));
        assert_eq!(Sum::default().rate(), "—");
    }

    #[test]
    fn a_point_is_due_then_late() {
        let asked = Asked { interval: 30, tolerance: 5, from: 420, to: 540, days: Days::Every, school: None };
        let window = asked.window("2026-09-01".parse().unwrap()).unwrap();
        assert_eq!(window, (at("07:00"), at("09:00")));
        let stands = |now: &str| {
            let kept = Kept::of(window, asked.allowed(), &[at("07:20")], at(now));
            Standing::of(kept.as_ref(), window, &asked, at(now))
        };
        let standing = stands("07:49").unwrap();
        assert_eq!((standing.minutes, standing.due, standing.due_now, standing.late), (29, at("07:50"), false, false));
        let standing = stands("07:55").unwrap();
        assert_eq!((standing.due_now, standing.late), (true, false), "within the tolerance");
        assert!(stands("07:56").unwrap().late);
        assert!(!stands("07:10").unwrap().visited);
        assert_eq!((stands("06:50"), stands("09:00")), (None, None));
    }

    #[test]
    fn a_point_that_was_closed_is_not_due_any_more() {
        let asked = Asked { interval: 30, tolerance: 5, from: 420, to: 540, days: Days::Every, school: None };
        let window = asked.window("2026-09-01".parse().unwrap()).unwrap();
        let stands = |now: &str| {
            let kept = Kept::of((window.0, at("07:40")), asked.allowed(), &[], at(now));
            Standing::of(kept.as_ref(), window, &asked, at(now))
        };
        assert!(stands("07:39").unwrap().late);
        assert_eq!((stands("07:40"), stands("08:30")), (None, None));
        // What was broken before it was closed stays so.
        let kept = Kept::of((window.0, at("07:40")), asked.allowed(), &[], at("08:30")).unwrap();
        assert_eq!((kept.sum().broken, kept.sum().of), (1, 40 * 60));
    }

    #[test]
    fn hours_in_which_nobody_ever_came_are_never_whole() {
        let of =
            |interval, tolerance| Asked { interval, tolerance, from: 420, to: 540, days: Days::Every, school: None };
        assert_eq!(of(60, 0).too_rare(), None);
        assert!(of(60, 1).too_rare().unwrap().contains("60 分钟"));
        assert!(of(90, 30).too_rare().is_some());
        // Nor where it was entered before this was refused.
        let asked = of(90, 30);
        let window = asked.window("2026-09-01".parse().unwrap()).unwrap();
        let sum = Kept::of(window, asked.allowed(), &[], at("10:00")).unwrap().sum();
        assert_eq!((asked.allowed(), sum.rate().as_str(), sum.whole()), (60, "0.0%", false));
        // A point that was entered ten minutes before the end was nobody's to keep.
        let late = Kept::of((at("08:50"), at("09:00")), 30, &[], at("10:00")).unwrap();
        assert!(!late.never() && late.sum().whole());
    }

    #[test]
    fn whether_a_route_is_walked_is_looked_up() {
        let school = Uuid::from_u128(1);
        let working = WorkingDays::embedded();
        let date = |text: &str| text.parse::<Date>().unwrap();
        let mut table = Timetable::default();
        let of = |days, school| Asked { interval: 30, tolerance: 0, from: 420, to: 540, days, school };
        let (lessons, offices) = (of(Days::School, Some(school)), of(Days::Working, None));
        assert!(matches!(lessons.walked(date("2026-09-01"), &table, working), Walked::Unknown(_)));
        table.terms.push(Term { school: None, first: date("2026-09-01"), last: date("2026-12-31") });
        assert_eq!(lessons.walked(date("2026-09-01"), &table, working), Walked::Yes);
        let day = Exception {
            school: None,
            day: date("2026-09-02"),
            kind: crate::duty::DayKind::Off,
            note: "校运会".to_owned(),
        };
        table.days.push(day);
        assert_eq!(lessons.walked(date("2026-09-02"), &table, working), Walked::No("校运会".to_owned()));
        assert_eq!(offices.walked(date("2026-09-02"), &table, working), Walked::Yes);
        assert_eq!(offices.walked(date("2026-10-10"), &table, working), Walked::Yes, "a Saturday that is made up for");
        assert_eq!(offices.walked(date("2026-10-01"), &table, working), Walked::No("国庆节".to_owned()));
        assert!(matches!(offices.walked(date("2031-01-06"), &table, working), Walked::Unknown(_)));
        assert_eq!(of(Days::Every, None).walked(date("2031-01-06"), &table, working), Walked::Yes);
    }

    #[test]
    fn points_come_one_after_the_other_and_round_again() {
        let points = [1, 2, 3].map(Uuid::from_u128);
        assert_eq!(next_point(&points, None), Some(points[0]));
        assert_eq!(next_point(&points, Some(points[0])), Some(points[1]));
        assert_eq!(next_point(&points, Some(points[2])), Some(points[0]));
        assert_eq!(next_point(&points, Some(Uuid::nil())), Some(points[0]), "after one that is closed");
        assert_eq!(next_point(&[], None), None);
    }
}
