//! What is guarded and by whom, without a database: on which days there is school, when a post is kept, and for how many minutes it is not.

use calendar::{WorkingDays, shanghai};
use db::text_enum;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde::Deserialize;
use uuid::Uuid;

use crate::settings::Setting;

text_enum! {
    pub enum Stage {
        Kindergarten = "kindergarten" "幼儿园",
        Primary = "primary" "小学",
        Junior = "junior" "初中",
        Nine = "nine" "九年一贯制学校",
        Senior = "senior" "高中",
    }
    pub enum GateKind { Gate = "gate" "校门", Crossing = "crossing" "路口", BusStop = "bus_stop" "公交站", PickUp = "pick_up" "接送区" }
    pub enum Peak {
        MorningIn = "morning_in" "早入校",
        NoonOut = "noon_out" "午放学",
        NoonIn = "noon_in" "午返校",
        EveningOut = "evening_out" "晚放学",
        LateOut = "late_out" "晚自习放学",
    }
    /// On which school days a peak is kept.
    pub enum OnDays { Every = "every" "上课日和考试日", Lessons = "lessons" "只在上课日", Exams = "exams" "只在考试日" }
    /// What is different on a day.
    pub enum DayKind { Off = "off" "不上课", Lessons = "lessons" "上课（调课、补课）", Exams = "exams" "考试" }
    pub enum PersonKind {
        Officer = "officer" "民警",
        Auxiliary = "auxiliary" "辅警",
        Patrol = "patrol" "巡特警",
        Security = "security" "学校保安",
        Teacher = "teacher" "教师",
        Parent = "parent" "家长志愿者",
    }
    pub enum Qualification {
        Traffic = "traffic" "交通指挥",
        FirstAid = "first_aid" "急救",
        Equipment = "equipment" "防暴器械",
        Minors = "minors" "从业查询合格",
    }
    pub enum ShiftState { Draft = "draft" "草稿", Standing = "standing" "已排", Cancelled = "cancelled" "已取消" }
    /// How it is known that somebody is there.
    pub enum How { Link = "link" "本人手机", Code = "code" "扫岗位码", Desk = "desk" "值班登记" }
    /// What has to be settled of an assignment.
    pub enum Fixed { School = "school" "定校", Point = "point" "定点", Person = "person" "定人", Post = "post" "定岗", Time = "time" "定时", Duty = "duty" "定责" }
}

impl PersonKind {
    /// Police in uniform, by whom a slot counts as one where police are seen.
    pub fn is_uniformed(self) -> bool {
        matches!(self, PersonKind::Officer | PersonKind::Auxiliary | PersonKind::Patrol)
    }
}

/// The days of a week, one bit each from Monday.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Weekdays(pub i64);

impl Weekdays {
    pub const ALL: Weekdays = Weekdays(127);
    /// From Monday to Friday.
    const LESSONS: i64 = 31;

    /// From 1, Monday, to 7; none at all means every day.
    pub fn of(days: impl IntoIterator<Item = i64>) -> Weekdays {
        let bits = days.into_iter().filter(|day| (1..=7).contains(day)).fold(0, |bits, day| bits | 1 << (day - 1));
        if bits == 0 { Weekdays::ALL } else { Weekdays(bits) }
    }

    pub fn has(self, day: i64) -> bool {
        (1..=7).contains(&day) && self.0 >> (day - 1) & 1 == 1
    }

    /// Whether a peak is kept on a day with the lessons of a weekday. `None` where a Saturday or Sunday is made up for, nobody has said whose
    /// lessons it has, and that matters.
    pub fn on(self, follows: Option<i64>, weekday: i64) -> Option<bool> {
        match follows {
            _ if self == Weekdays::ALL => Some(true),
            Some(day) => Some(self.has(day)),
            None if self.has(weekday) || self.0 & Weekdays::LESSONS == Weekdays::LESSONS => Some(true),
            None if self.0 & Weekdays::LESSONS == 0 => Some(false),
            None => None,
        }
    }

    /// `周一到周四`, `周一、周三`; empty for every day.
    pub fn words(self) -> String {
        if self == Weekdays::ALL {
            return String::new();
        }
        let days: Vec<i64> = (1..=7).filter(|day| self.has(*day)).collect();
        let name = |day: &i64| weekday_name(*day);
        match (days.first(), days.last()) {
            (Some(first), Some(last)) if days.len() > 2 && last - first + 1 == days.len() as i64 => {
                format!("{}到{}", name(first), name(last))
            }
            _ => days.iter().map(name).collect::<Vec<_>>().join("、"),
        }
    }
}

/// `周一` for 1.
pub fn weekday_name(day: i64) -> &'static str {
    usize::try_from(day - 1).ok().and_then(|at| WEEKDAYS.get(at)).copied().unwrap_or_default()
}

/// From 1, Monday, to 7.
pub fn weekday(day: Date) -> i64 {
    i64::from(day.weekday().to_monday_one_offset())
}

/// Whether somebody can do two duties of one day, one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Between {
    Enough,
    /// How long the way takes, and how many minutes there are.
    Short(i64, i64),
    /// Nobody has filled the way in, and there is no time to go back to work in between.
    Unknown(i64),
}

/// `way` is from the place of the one to that of the other, and `by_base` from the one to where they work and on to the other, as far as they are known.
pub fn between(gap: i64, way: Option<i64>, by_base: Option<i64>) -> Between {
    match (way, by_base) {
        (Some(way), _) if way <= gap => Between::Enough,
        (_, Some(round)) if round <= gap => Between::Enough,
        (Some(way), _) => Between::Short(way, gap),
        (None, _) => Between::Unknown(gap),
    }
}

/// How a school is told of what changes at its posts.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Telling {
    /// So long after the last change, so that it hears once of many.
    pub school_minutes: i64,
}

/// How far the tables of terms are trusted.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Holidays {
    pub holiday_days: i64,
}

impl Setting for Holidays {
    const NAME: &'static str = "duty.holidays";
}

/// When those on standby are called in the place of somebody who has said early that they do not come.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Calling {
    /// So long before the beginning at the earliest.
    pub call_hours: i64,
}

impl Setting for Calling {
    const NAME: &'static str = "duty.calling";
}

impl Setting for Telling {
    const NAME: &'static str = "duty.telling";
}

/// Minutes around the bells, and on the day itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Windows {
    pub early_minutes: i64,
    pub stay_minutes: i64,
    /// So long before the beginning somebody can say that they have come.
    pub check_in_minutes: i64,
    /// So long after the end they can say that they have gone.
    pub check_out_minutes: i64,
    /// Whoever has not come so long after the beginning is absent.
    pub missing_minutes: i64,
    /// Whoever is called on standby answers within.
    pub standby_minutes: i64,
}

impl Setting for Windows {
    const NAME: &'static str = "duty.windows";
}

/// Which of the fixings are asked for: 四定, 五定.
#[derive(Debug, Clone, Deserialize)]
pub struct Fixings {
    pub fix_school: String,
    pub fix_point: String,
    pub fix_person: String,
    pub fix_post: String,
    pub fix_time: String,
    pub fix_duty: String,
}

impl Setting for Fixings {
    const NAME: &'static str = "duty.fixings";
}

impl Fixings {
    pub fn list(&self) -> Vec<Fixed> {
        let all = [
            (&self.fix_school, Fixed::School),
            (&self.fix_point, Fixed::Point),
            (&self.fix_person, Fixed::Person),
            (&self.fix_post, Fixed::Post),
            (&self.fix_time, Fixed::Time),
            (&self.fix_duty, Fixed::Duty),
        ];
        all.into_iter().filter(|(value, _)| *value == "required").map(|(_, fixed)| fixed).collect()
    }

    /// `四定`
    pub fn name(&self) -> String {
        let names = ["零定", "一定", "两定", "三定", "四定", "五定", "六定"];
        names.get(self.list().len()).copied().unwrap_or("四定").to_owned()
    }
}

/// Who may stand at a post without somebody else who may.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Alone {
    pub alone_officer: String,
    pub alone_auxiliary: String,
    pub alone_patrol: String,
    pub alone_security: String,
    pub alone_teacher: String,
    pub alone_parent: String,
}

impl Setting for Alone {
    const NAME: &'static str = "duty.alone";
}

impl Alone {
    pub fn may(&self, kind: PersonKind) -> bool {
        let value = match kind {
            PersonKind::Officer => &self.alone_officer,
            PersonKind::Auxiliary => &self.alone_auxiliary,
            PersonKind::Patrol => &self.alone_patrol,
            PersonKind::Security => &self.alone_security,
            PersonKind::Teacher => &self.alone_teacher,
            PersonKind::Parent => &self.alone_parent,
        };
        value == "allowed"
    }
}

/// A term of one school, or of all that have none of their own.
#[derive(Debug, Clone)]
pub struct Term {
    pub school: Option<Uuid>,
    pub first: Date,
    pub last: Date,
}

/// A day that is different for one school, or for all.
#[derive(Debug, Clone)]
pub struct Exception {
    pub school: Option<Uuid>,
    pub day: Date,
    pub kind: DayKind,
    pub note: String,
}

/// Whether there is school. What the tables do not say is not guessed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SchoolDay {
    Lessons,
    Exams,
    /// Why not.
    Off(String),
    /// What is missing.
    Unknown(String),
}

#[derive(Debug, Clone)]
pub struct Timetable {
    pub terms: Vec<Term>,
    pub days: Vec<Exception>,
    /// Of days that are made up for: whose lessons they have, from 1, Monday.
    pub follows: Vec<(Option<Uuid>, Date, i64)>,
    /// No holidays between two terms are longer: then a term is missing.
    pub longest_holiday: i64,
}

impl Default for Timetable {
    fn default() -> Timetable {
        Timetable { terms: Vec::new(), days: Vec::new(), follows: Vec::new(), longest_holiday: 75 }
    }
}

impl Timetable {
    fn exception(&self, school: Uuid, day: Date) -> Option<&Exception> {
        let of = |of: Option<Uuid>| self.days.iter().find(|one| one.day == day && one.school == of);
        of(Some(school)).or_else(|| of(None))
    }

    /// Whose lessons a school day has, from 1, Monday: its own from Monday to Friday, and at a weekend those that somebody has said.
    pub fn follows(&self, school: Uuid, day: Date) -> Option<i64> {
        let own = weekday(day);
        let said = |of: Option<Uuid>| self.follows.iter().find(|one| (one.0, one.1) == (of, day)).map(|one| one.2);
        said(Some(school)).or_else(|| said(None)).or_else(|| (own <= 5).then_some(own))
    }

    /// The same, or the day of the calendar where nobody has said: somebody who comes on some days only has to be told one.
    pub fn lessons(&self, school: Uuid, day: Date) -> i64 {
        self.follows(school, day).unwrap_or_else(|| weekday(day))
    }

    /// A school's own exception goes before that of all; then the terms; within a term the State Council's table, whose make-up days are
    /// school days too.
    pub fn of(&self, school: Uuid, day: Date, working: &WorkingDays) -> SchoolDay {
        if let Some(one) = self.exception(school, day) {
            return match one.kind {
                DayKind::Lessons => SchoolDay::Lessons,
                DayKind::Exams => SchoolDay::Exams,
                DayKind::Off if one.note.is_empty() => SchoolDay::Off("不上课".to_owned()),
                DayKind::Off => SchoolDay::Off(one.note.clone()),
            };
        }
        let own: Vec<&Term> = self.terms.iter().filter(|term| term.school == Some(school)).collect();
        let terms = if own.is_empty() { self.terms.iter().filter(|term| term.school.is_none()).collect() } else { own };
        let Some((first, last)) =
            terms.iter().map(|term| term.first).min().zip(terms.iter().map(|term| term.last).max())
        else {
            return SchoolDay::Unknown("还没有登记学期".to_owned());
        };
        if day < first {
            return SchoolDay::Unknown(format!("{} 以前的学期没有登记", written(first)));
        }
        if day > last {
            return SchoolDay::Unknown(format!("{} 以后的学期还没有登记", written(last)));
        }
        if !terms.iter().any(|term| (term.first..=term.last).contains(&day)) {
            let before = terms.iter().map(|term| term.last).filter(|last| *last < day).max();
            let after = terms.iter().map(|term| term.first).filter(|first| *first > day).min();
            return match before.zip(after).map(|(before, after)| (before, i64::from((after - before).get_days()) - 1)) {
                Some((before, days)) if days > self.longest_holiday => {
                    SchoolDay::Unknown(format!("{} 以后 {days} 天没有学期，中间的学期可能还没有登记", written(before)))
                }
                _ => SchoolDay::Off("假期".to_owned()),
            };
        }
        match working.is_working(day) {
            Ok(true) => SchoolDay::Lessons,
            Ok(false) => SchoolDay::Off(working.festival(day).unwrap_or("周末").to_owned()),
            Err(error) => SchoolDay::Unknown(error.to_string()),
        }
    }
}

/// `2026年9月1日`
pub fn written(day: Date) -> String {
    day.strftime("%Y年%-m月%-d日").to_string()
}

const WEEKDAYS: [&str; 7] = ["周一", "周二", "周三", "周四", "周五", "周六", "周日"];

/// `9月1日 周二`
pub fn short(day: Date) -> String {
    let weekday = WEEKDAYS.get(day.weekday().to_monday_zero_offset() as usize).copied().unwrap_or_default();
    format!("{} {weekday}", day.strftime("%-m月%-d日"))
}

pub fn monday(day: Date) -> Date {
    day.checked_sub(i64::from(day.weekday().to_monday_zero_offset()).days()).unwrap_or(day)
}

pub fn day_of(at: Timestamp) -> Date {
    at.to_zoned_datetime(shanghai()).date()
}

/// The moment of a minute of a day, which may lie before or after it.
pub fn moment(day: Date, minute: i64) -> Option<Timestamp> {
    let midnight = day.at(0, 0, 0, 0).to_zoned_datetime(shanghai()).ok()?.timestamp();
    midnight.checked_add(SignedDuration::from_mins(minute)).ok()
}

/// `07:20`
pub fn clock(at: Timestamp) -> String {
    at.to_zoned_datetime(shanghai()).strftime("%H:%M").to_string()
}

/// `7:30` as minutes of the day.
pub fn minute(text: &str) -> Option<i64> {
    let (hour, minute) = text.trim().split_once(':')?;
    let (hour, minute) = (hour.trim().parse::<i64>().ok()?, minute.trim().parse::<i64>().ok()?);
    ((0..24).contains(&hour) && (0..60).contains(&minute)).then_some(hour * 60 + minute)
}

/// What is written of a peak's bells, one a line or between 、: `7:40 一二年级、7:50 三四年级`. A bell without grades is everybody's.
pub fn bells(text: &str) -> Option<Vec<(i64, String)>> {
    let text = codes::text::half_width(text).replace('：', ":");
    let mut read: Vec<(i64, String)> = Vec::new();
    for part in text.split(['\n', '、', ',', ';', '；', '，']).map(str::trim).filter(|part| !part.is_empty()) {
        let end = part.find(|c: char| !c.is_ascii_digit() && c != ':').unwrap_or(part.len());
        let (clock, grades) = part.split_at(end);
        let at = minute(clock)?;
        if grades.chars().count() > 30 || read.iter().any(|(other, _)| *other == at) {
            return None;
        }
        read.push((at, grades.trim().to_owned()));
    }
    read.sort();
    (!read.is_empty() && read.len() <= 12).then_some(read)
}

/// The minutes of a day around all bells of a peak.
pub fn around(bells: &[i64], early: i64, stay: i64) -> Option<(i64, i64)> {
    Some((bells.iter().min()? - early, bells.iter().max()? + stay))
}

/// Somebody at a post for a while.
#[derive(Debug, Clone, Copy)]
pub struct Stand {
    pub from: Timestamp,
    pub to: Timestamp,
    pub uniformed: bool,
    pub alone: bool,
}

/// For how many minutes of a window a post is not kept: too few people, too few police, or only such as may not stand alone.
pub fn uncovered(window: (Timestamp, Timestamp), seats: i64, officers: i64, who: &[Stand]) -> i64 {
    let mut turns: Vec<Timestamp> = who.iter().flat_map(|one| [one.from, one.to]).collect();
    turns.extend([window.0, window.1]);
    turns.retain(|at| (window.0..=window.1).contains(at));
    turns.sort_unstable();
    turns.dedup();
    let open = turns.windows(2).filter(|part| {
        let there = |one: &&Stand| one.from <= part[0] && one.to >= part[1];
        let people = who.iter().filter(there).count() as i64;
        let police = who.iter().filter(there).filter(|one| one.uniformed).count() as i64;
        people < seats || police < officers || !who.iter().filter(there).any(|one| one.alone)
    });
    open.map(|part| (part[1].as_second() - part[0].as_second() + 59) / 60).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn what_the_tables_do_not_say_is_not_guessed() {
        let (school, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let working = WorkingDays::embedded();
        let mut table = Timetable::default();
        let of = |table: &Timetable, school, day: &str| table.of(school, date(day), working);
        assert_eq!(of(&table, school, "2026-10-12"), SchoolDay::Unknown("还没有登记学期".to_owned()));
        table.terms.push(Term { school: None, first: date("2026-03-02"), last: date("2026-07-10") });
        table.terms.push(Term { school: None, first: date("2026-09-01"), last: date("2027-01-15") });
        assert_eq!(of(&table, school, "2026-10-12"), SchoolDay::Lessons);
        assert_eq!(of(&table, school, "2026-10-01"), SchoolDay::Off("国庆节".to_owned()));
        assert_eq!(of(&table, school, "2026-10-10"), SchoolDay::Lessons, "a Saturday that is made up for");
        assert_eq!(of(&table, school, "2026-10-11"), SchoolDay::Off("周末".to_owned()));
        assert_eq!(of(&table, school, "2026-08-01"), SchoolDay::Off("假期".to_owned()));
        for day in ["2026-03-01", "2027-01-16", "2027-01-04"] {
            assert!(matches!(of(&table, school, day), SchoolDay::Unknown(_)), "{day}");
        }
        // Holidays are not as long as a term: one is missing.
        let mut missing = table.clone();
        missing.terms.remove(0);
        missing.terms.insert(0, Term { school: None, first: date("2025-09-01"), last: date("2026-01-25") });
        assert!(
            matches!(of(&missing, school, "2026-04-13"), SchoolDay::Unknown(why) if why.contains("可能还没有登记"))
        );
        let exception =
            |school, day: &str, kind| Exception { school, day: date(day), kind, note: "校运会".to_owned() };
        table.days.push(exception(None, "2026-10-12", DayKind::Exams));
        table.days.push(exception(Some(school), "2026-10-12", DayKind::Off));
        table.days.push(exception(Some(school), "2027-01-04", DayKind::Lessons));
        assert_eq!(of(&table, school, "2026-10-12"), SchoolDay::Off("校运会".to_owned()));
        assert_eq!(of(&table, other, "2026-10-12"), SchoolDay::Exams);
        assert_eq!(of(&table, school, "2027-01-04"), SchoolDay::Lessons);
        // A school with a term of its own goes by that alone.
        table.terms.push(Term { school: Some(other), first: date("2026-09-07"), last: date("2026-12-31") });
        assert!(matches!(of(&table, other, "2026-09-02"), SchoolDay::Unknown(_)));
        assert_eq!(of(&table, school, "2026-09-02"), SchoolDay::Lessons);
    }

    #[test]
    fn a_peak_of_some_weekdays_is_kept_on_those_and_on_days_that_follow_them() {
        let evenings = Weekdays::of([1, 2, 3, 4]);
        assert_eq!((evenings.words().as_str(), Weekdays::of([1, 3]).words().as_str()), ("周一到周四", "周一、周三"));
        assert_eq!((Weekdays::of([]), Weekdays::ALL.words()), (Weekdays::ALL, String::new()));
        assert_eq!((evenings.on(Some(4), 4), evenings.on(Some(5), 5)), (Some(true), Some(false)));
        // A Sunday that is made up for: nobody knows whose lessons it has until somebody says.
        assert_eq!(
            (evenings.on(None, 7), evenings.on(Some(2), 7), evenings.on(Some(5), 7)),
            (None, Some(true), Some(false))
        );
        assert_eq!((Weekdays::of(1..=5).on(None, 7), Weekdays::of([7]).on(None, 6)), (Some(true), Some(false)));
        let mut table = Timetable::default();
        let school = Uuid::from_u128(1);
        assert_eq!(table.follows(school, date("2026-09-18")), Some(5));
        assert_eq!((table.follows(school, date("2026-09-20")), table.lessons(school, date("2026-09-20"))), (None, 7));
        table.follows.push((None, date("2026-09-20"), 4));
        assert_eq!(table.follows(school, date("2026-09-20")), Some(4));
        table.follows.push((Some(school), date("2026-09-20"), 3));
        assert_eq!(
            (table.follows(school, date("2026-09-20")), table.lessons(school, date("2026-09-20"))),
            (Some(3), 3)
        );
    }

    #[test]
    fn a_way_is_long_enough_by_itself_or_by_where_they_work() {
        assert_eq!(between(10, Some(10), None), Between::Enough);
        assert_eq!(between(9, Some(10), None), Between::Short(10, 9));
        assert_eq!(between(9, None, Some(20)), Between::Unknown(9));
        assert_eq!(between(500, None, Some(20)), Between::Enough, "in between they are where they work");
        assert_eq!(between(500, None, None), Between::Unknown(500));
    }

    #[test]
    fn bells_are_read_as_people_write_them() {
        let read = bells("7：40 一二年级\n7:50三四年级、08:00").unwrap();
        assert_eq!(read, [(460, "一二年级".to_owned()), (470, "三四年级".to_owned()), (480, String::new())]);
        assert_eq!(around(&[460, 480], 30, 20), Some((430, 500)));
        for wrong in ["", "七点", "25:00", "7:40、7:40"] {
            assert!(bells(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn a_minute_counts_only_with_enough_people_police_and_somebody_who_may_stand_alone() {
        let at = |minute| moment(date("2026-10-12"), minute).unwrap();
        let stand = |from, to, uniformed, alone| Stand { from: at(from), to: at(to), uniformed, alone };
        let window = (at(430), at(500));
        assert_eq!(uncovered(window, 1, 0, &[]), 70);
        assert_eq!(uncovered(window, 1, 1, &[stand(400, 520, true, true)]), 0);
        assert_eq!(uncovered(window, 1, 1, &[stand(440, 490, true, true)]), 20);
        assert_eq!(uncovered(window, 1, 0, &[stand(430, 500, false, false)]), 70, "nobody who may stand alone");
        assert_eq!(uncovered(window, 2, 1, &[stand(430, 500, true, true)]), 70, "one is missing");
        assert_eq!(uncovered(window, 2, 1, &[stand(430, 500, true, true), stand(450, 500, false, false)]), 20);
        assert_eq!(uncovered(window, 1, 1, &[stand(430, 500, false, true)]), 70, "no police");
    }
}
