//! What lectures are made of, without a database: grades, days on which there is school, class-hours, and which files can be shown.

use calendar::{WorkingDays, shanghai};
use db::text_enum;
use jiff::civil::{Date, Weekday};
use jiff::{Timestamp, ToSpan};
use serde::Deserialize;
use uuid::Uuid;

use crate::error::{Error, Result};
use crate::settings::Setting;

text_enum! {
    pub enum Stage {
        Primary = "primary" "小学",
        Junior = "junior" "初中",
        Nine = "nine" "九年一贯制学校",
        Senior = "senior" "高中",
        Secondary = "secondary" "完全中学（初中和高中）",
    }
    pub enum PeriodKind { Exams = "exams" "考试，不安排", Off = "off" "不上课", Lessons = "lessons" "上课（调课、补课）" }
    pub enum SubjectKind { Topic = "topic" "主题", Form = "form" "形式" }
    pub enum MaterialKind { Courseware = "courseware" "课件", Case = "case" "案例", Video = "video" "视频短片", Leaflet = "leaflet" "发放资料" }
    pub enum RequestState { Waiting = "waiting" "待安排", Arranged = "arranged" "已安排", Refused = "refused" "没有受理", Withdrawn = "withdrawn" "学校撤回" }
    pub enum SessionState { Proposed = "proposed" "等学校确认", Agreed = "agreed" "已约定", Held = "held" "已授课", Cancelled = "cancelled" "已取消" }
    pub enum NoteKind { Moved = "moved" "改期", Declined = "declined" "学校没有同意", Question = "question" "学生的问题" }
    pub enum Phase { Before = "before" "课前", After = "after" "课后" }
    pub enum StepKind { Read = "read" "查看", Reported = "reported" "报告", Followed = "followed" "跟进", Closed = "closed" "了结", Harmless = "harmless" "核实没有受到侵害，了结", Duplicate = "duplicate" "和另一件重复，了结" }
    /// How it ended when a pupil asked for help.
    pub enum Ending { Settled = "settled" "报告以后了结", Harmless = "harmless" "核实没有受到侵害", Duplicate = "duplicate" "和另一件重复" }
    /// Who is to be told when a minor was harmed (未成年人保护法 art. 11).
    pub enum Office { Police = "police" "公安", Civil = "civil" "民政", Education = "education" "教育" }
}

/// What a team begins with; it changes them as it likes.
pub const TOPICS: [(&str, &str); 13] = [
    ("网络保护", "网络沉迷、个人信息、网络欺凌"),
    ("新型毒品", "含电子烟"),
    ("场所安全", "酒吧、网吧、KTV、文身店"),
    ("校园欺凌", ""),
    ("防性侵", ""),
    ("防诈骗", "含帮信罪"),
    ("交通安全", ""),
    ("防溺水", ""),
    ("家庭保护", ""),
    ("预防犯罪", ""),
    ("宪法", ""),
    ("心理健康", ""),
    ("国家安全", ""),
];

pub const FORMS: [(&str, &str); 9] = [
    ("案例宣讲", "讲述典型案例，以案释法"),
    ("播放视频短片", ""),
    ("模拟法庭", ""),
    ("主题班会", ""),
    ("情景剧", ""),
    ("参观基地", ""),
    ("知识竞赛", ""),
    ("线上课", ""),
    ("座谈", ""),
];

#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Rules {
    /// Working days between an arrangement and its lecture.
    pub lead_days: i64,
    pub primary_minutes: i64,
    pub secondary_minutes: i64,
    /// Class-hours that a 法治副校长 owes a school in a year.
    pub vice_lessons: i64,
    pub tell_minutes: i64,
    pub remind_ahead_days: i64,
    /// So long before a lecture begins its classes can be signed in.
    pub sign_in_minutes: i64,
    /// So much longer than it was arranged for a lecture may have taken.
    pub overrun_minutes: i64,
    /// Class-hours of a visit that is suggested: two in a row save a way.
    pub visit_lessons: i64,
    pub keep_photos_days: i64,
    /// So long after its end the words of what a pupil confided are kept.
    pub keep_confidence_days: i64,
    /// No lecture begins before the first of these hours of a day, nor ends after the last.
    pub first_hour: i64,
    pub last_hour: i64,
    /// Fewer sheets of the quiz are not shown: they might be one pupil's.
    pub fewest_sheets: i64,
}

impl Setting for Rules {
    const NAME: &'static str = "lecture.rules";
}

/// What a term is a part of.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct SchoolYear {
    /// Weeks of lessons and exams in a school year.
    pub term_weeks: i64,
}

impl Setting for SchoolYear {
    const NAME: &'static str = "lecture.year";
}

impl SchoolYear {
    pub fn days(self) -> i64 {
        (self.term_weeks * 7).max(1)
    }
}

/// About what pupils confide.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct ConfidenceRules {
    /// So long somebody who has said why sees it without saying so again.
    pub open_minutes: i64,
    /// So often those who work are told again of what nobody has reported in time.
    pub again_minutes: i64,
}

impl Setting for ConfidenceRules {
    const NAME: &'static str = "lecture.confidences";
}

/// The codes of offices, as they are kept.
pub fn office_codes(offices: &[Office]) -> String {
    offices.iter().map(|office| office.code()).collect::<Vec<_>>().join(",")
}

/// `公安、民政`
pub fn office_labels(codes: &str) -> String {
    codes.split(',').filter_map(Office::parse).map(Office::label).collect::<Vec<_>>().join("、")
}

impl Rules {
    /// Whole class-hours of so many minutes, by the youngest who sit there.
    pub fn class_hours(&self, minutes: i64, youngest: i64) -> i64 {
        minutes / if youngest <= 6 { self.primary_minutes } else { self.secondary_minutes }.max(1)
    }

    /// The first day for which something can still be arranged.
    ///
    /// Errors: refused towards the end of a year, while nobody has published the holidays of the next.
    pub fn earliest(&self, today: Date) -> Result<Date> {
        let days = u16::try_from(self.lead_days).unwrap_or(u16::MAX);
        WorkingDays::embedded().add_working_days(today, days).map_err(|error| Error::refused(error.to_string()))
    }

    /// The same with a school: of days that nobody has published yet those count on which it is entered to have lessons. A weekend of which nothing is
    /// entered does not count, nor does one within a longer period of lessons, which only a period of one or two days makes a day of make-up lessons: if
    /// people turn out to work on it, the day is only later than it had to be.
    ///
    /// Errors: refused, with the first day that is not known either way.
    pub fn earliest_with(&self, today: Date, table: &Timetable, school: Uuid) -> Result<Date> {
        let working = WorkingDays::embedded();
        let (mut day, mut left) = (today, self.lead_days);
        while left > 0 {
            day = day.saturating_add(1.day());
            let weekend = matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
            let counts = match (working.is_working(day), table.of(school, day)) {
                (Ok(is_working), _) => is_working,
                (Err(_), SchoolDay::Lessons) => !weekend || table.period(school, day).is_some_and(Period::is_short),
                (Err(_), SchoolDay::No(_)) => false,
                (Err(_), SchoolDay::Unknown(_)) if weekend => false,
                (Err(_), SchoolDay::Unknown(why)) => return Err(Error::refused(unknown(day, &why))),
            };
            left -= i64::from(counts);
        }
        Ok(day)
    }
}

impl Rules {
    /// Whether a lecture lies within the hours of a day.
    pub fn within_hours(&self, from: Timestamp, to: Timestamp) -> bool {
        let (from, to) = (from.to_zoned_datetime(shanghai()), to.to_zoned_datetime(shanghai()));
        let minutes = |hour: i8, minute: i8| i64::from(hour) * 60 + i64::from(minute);
        minutes(from.hour(), from.minute()) >= self.first_hour * 60
            && minutes(to.hour(), to.minute()) <= self.last_hour * 60
    }
}

impl Stage {
    pub const fn grades(self) -> (i64, i64) {
        match self {
            Stage::Primary => (1, 6),
            Stage::Junior => (7, 9),
            Stage::Nine => (1, 9),
            Stage::Senior => (10, 12),
            Stage::Secondary => (7, 12),
        }
    }

    /// The grade after this one at the same school; none where pupils leave. Who comes to 高一 of a 完全中学 is in other classes than before.
    pub fn after(self, grade: i64) -> Option<i64> {
        let leaves = grade >= self.grades().1 || (self == Stage::Secondary && grade == Stage::Junior.grades().1);
        (!leaves).then_some(grade + 1)
    }
}

/// `七年级`, `高一`
pub fn grade(grade: i64) -> &'static str {
    const NAMES: [&str; 12] = [
        "一年级",
        "二年级",
        "三年级",
        "四年级",
        "五年级",
        "六年级",
        "七年级",
        "八年级",
        "九年级",
        "高一",
        "高二",
        "高三",
    ];
    usize::try_from(grade - 1).ok().and_then(|at| NAMES.get(at)).copied().unwrap_or("")
}

/// `七年级` or `七年级到九年级`
pub fn grades(first: i64, last: i64) -> String {
    if first == last { grade(first).to_owned() } else { format!("{}到{}", grade(first), grade(last)) }
}

pub fn today(now: Timestamp) -> Date {
    now.to_zoned_datetime(shanghai()).date()
}

/// `9:00`, `14:30`
pub fn clock(at: Timestamp) -> String {
    at.to_zoned_datetime(shanghai()).strftime("%H:%M").to_string()
}

/// `2026年9月8日 14:30–15:15`
pub fn span(starts_at: Timestamp, ends_at: Timestamp) -> String {
    let day = at_day(starts_at);
    format!("{} {}–{}", day.strftime("%Y年%-m月%-d日"), clock(starts_at), clock(ends_at))
}

pub fn at_day(at: Timestamp) -> Date {
    at.to_zoned_datetime(shanghai()).date()
}

/// The quarters of an hour that lie, in whole or in part, between two moments.
pub fn quarters(starts_at: Timestamp, ends_at: Timestamp) -> std::ops::Range<i64> {
    const QUARTER: i64 = 15 * 60 * 1000;
    let (from, to) = (starts_at.as_millisecond(), ends_at.as_millisecond());
    from.div_euclid(QUARTER)..(to + QUARTER - 1).div_euclid(QUARTER)
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SchoolDay {
    Lessons,
    /// With the reason, in words.
    No(String),
    /// Nothing is entered, and it is not guessed.
    Unknown(String),
}

const NO_TERM: &str = "还没有登记学期";
const OUTSIDE: &str = "这一天不在登记过的学期里";

/// Why nothing can be said of a day, and what helps.
pub fn unknown(day: Date, why: &str) -> String {
    format!("{day} 上不上课还不知道：{why}。{}", way_out(why))
}

/// What helps where it is not known whether there is school on a day, for the reason that stands with it: a term, or a period where the holidays of
/// a year are not in the table yet.
pub fn way_out(why: &str) -> &'static str {
    match why {
        NO_TERM | OUTSIDE => "先登记学期",
        _ => "先在“学期和考试”里把这几天登记为“上课”或者“不上课”",
    }
}

#[derive(Debug, Clone)]
pub struct Term {
    pub school: Option<Uuid>,
    pub first: Date,
    pub last: Date,
}

#[derive(Debug, Clone)]
pub struct Period {
    pub school: Option<Uuid>,
    pub kind: PeriodKind,
    pub first: Date,
    pub last: Date,
    pub note: String,
}

impl Period {
    /// A weekend at most.
    fn is_short(&self) -> bool {
        self.last <= self.first.saturating_add(1.day())
    }
}

#[derive(Debug, Clone, Default)]
pub struct Timetable {
    pub terms: Vec<Term>,
    pub periods: Vec<Period>,
}

impl Timetable {
    /// A school's own goes before one of all.
    fn period(&self, school: Uuid, day: Date) -> Option<&Period> {
        let period = |of: Option<Uuid>| {
            self.periods.iter().find(|one| one.school == of && (one.first..=one.last).contains(&day))
        };
        period(Some(school)).or_else(|| period(None))
    }

    /// A school's own period goes before one of all; then its terms, or those of all if it has none; within a term the State Council's table.
    pub fn of(&self, school: Uuid, day: Date) -> SchoolDay {
        if let Some(one) = self.period(school, day) {
            return match one.kind {
                PeriodKind::Lessons => SchoolDay::Lessons,
                kind if one.note.is_empty() => SchoolDay::No(kind.label().to_owned()),
                _ => SchoolDay::No(one.note.clone()),
            };
        }
        let own: Vec<&Term> = self.terms.iter().filter(|term| term.school == Some(school)).collect();
        let terms = if own.is_empty() { self.terms.iter().filter(|term| term.school.is_none()).collect() } else { own };
        if terms.is_empty() {
            return SchoolDay::Unknown(NO_TERM.to_owned());
        }
        if !terms.iter().any(|term| (term.first..=term.last).contains(&day)) {
            let known = terms.iter().any(|term| term.first > day) && terms.iter().any(|term| term.last < day);
            return if known { SchoolDay::No("假期".to_owned()) } else { SchoolDay::Unknown(OUTSIDE.to_owned()) };
        }
        let working = WorkingDays::embedded();
        match working.is_working(day) {
            Ok(true) => SchoolDay::Lessons,
            Ok(false) => SchoolDay::No(working.festival(day).unwrap_or("周末").to_owned()),
            Err(error) => SchoolDay::Unknown(error.to_string()),
        }
    }
}

/// The last day on which a query of this day holds: a year, as 未成年人保护法 art. 62 has it.
pub fn vetted_until(checked_on: Date) -> Date {
    checked_on.saturating_add(1.year()).yesterday().unwrap_or(checked_on)
}

/// What each kind of file is called by its ending.
const ENDINGS: [(&str, &str); 12] = [
    ("application/pdf", "pdf"),
    ("image/jpeg", "jpg"),
    ("video/mp4", "mp4"),
    ("video/webm", "webm"),
    ("video/quicktime", "mov"),
    ("application/vnd.openxmlformats-officedocument.presentationml.presentation", "pptx"),
    ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx"),
    ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"),
    ("application/vnd.ms-powerpoint", "ppt"),
    ("application/msword", "doc"),
    ("application/vnd.ms-excel", "xls"),
    ("application/octet-stream", "bin"),
];

pub fn ending(media_type: &str) -> &'static str {
    ENDINGS.iter().find(|(kind, _)| *kind == media_type).map_or("bin", |(_, ending)| ending)
}

/// The brands of files of films that browsers play; what else has the same shape is a picture or a sound.
const FILMS: [&[u8]; 12] =
    [b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"M4V ", b"MSNV", b"dash", b"3gp4"];

/// What a file is, found out from its content. Of an old or new Office file its name says which of three it is, and none with a program in it is taken.
///
/// Errors: refused, with what can be used.
pub fn media_type(content: &[u8], file_name: &str) -> Result<&'static str> {
    let named = file_name.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
    let has = |words: &[u8]| content.windows(words.len()).any(|part| part == words);
    let brand = content.get(8..12).unwrap_or_default();
    let found = match content {
        [b'%', b'P', b'D', b'F', ..] => Some("pdf"),
        [0xff, 0xd8, 0xff, ..] | [0x89, b'P', b'N', b'G', ..] => Some("jpg"),
        [0x1a, 0x45, 0xdf, 0xa3, ..] => Some("webm"),
        [_, _, _, _, b'f', b't', b'y', b'p', ..] if FILMS.contains(&brand) => Some("mp4"),
        [_, _, _, _, b'f', b't', b'y', b'p', ..] if brand == b"qt  " => Some("mov"),
        [b'P', b'K', 3, 4, ..] => [("pptx", "ppt/"), ("docx", "word/"), ("xlsx", "xl/")]
            .into_iter()
            .find(|(ending, folder)| *ending == named && has(folder.as_bytes()) && !has(b"vbaProject.bin"))
            .map(|(ending, _)| ending),
        [0xd0, 0xcf, 0x11, 0xe0, ..] => {
            let program: Vec<u8> = "_VBA_PROJECT".bytes().flat_map(|byte| [byte, 0]).collect();
            ["ppt", "doc", "xls"].into_iter().find(|ending| *ending == named && !has(&program))
        }
        _ => None,
    };
    let kind = found.and_then(|found| ENDINGS.iter().find(|(_, ending)| *ending == found));
    kind.map(|(kind, _)| *kind).ok_or_else(|| {
        Error::refused("这个文件用不了：请传 PDF、PPT、Word、Excel（不带宏）、JPG、PNG，视频请传 MP4、WebM 或 MOV")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn a_school_day_is_looked_up_and_never_guessed() {
        let (school, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let mut table = Timetable::default();
        assert!(matches!(table.of(school, date("2026-10-12")), SchoolDay::Unknown(_)));
        table.terms.push(Term { school: None, first: date("2026-09-01"), last: date("2026-12-31") });
        assert_eq!(table.of(school, date("2026-10-12")), SchoolDay::Lessons);
        assert_eq!(table.of(school, date("2026-10-01")), SchoolDay::No("国庆节".to_owned()));
        assert_eq!(table.of(school, date("2026-10-11")), SchoolDay::No("周末".to_owned()));
        assert!(matches!(table.of(school, date("2027-02-01")), SchoolDay::Unknown(_)));
        let exams = Period {
            school: Some(school),
            kind: PeriodKind::Exams,
            first: date("2026-11-10"),
            last: date("2026-11-12"),
            note: "期中考试".to_owned(),
        };
        table.periods.push(exams);
        assert_eq!(table.of(school, date("2026-11-11")), SchoolDay::No("期中考试".to_owned()));
        assert_eq!(table.of(other, date("2026-11-11")), SchoolDay::Lessons);
    }

    #[test]
    fn a_class_moves_up_until_the_top_of_its_school() {
        assert_eq!((Stage::Primary.after(3), Stage::Primary.after(6)), (Some(4), None));
        assert_eq!((Stage::Nine.after(6), Stage::Nine.after(9)), (Some(7), None));
        assert_eq!(
            (Stage::Secondary.after(8), Stage::Secondary.after(9)),
            (Some(9), None),
            "高一 is made of other classes"
        );
        assert_eq!((Stage::Secondary.after(10), Stage::Senior.after(12)), (Some(11), None));
    }

    #[test]
    fn a_query_holds_for_a_year_and_no_day_longer() {
        assert_eq!(vetted_until(date("2026-03-02")), date("2027-03-01"));
    }

    #[test]
    fn quarters_cover_a_session_and_leave_the_next_one_free() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let first = quarters(at("2026-09-08T14:30:00+08:00"), at("2026-09-08T15:15:00+08:00"));
        let next = quarters(at("2026-09-08T15:15:00+08:00"), at("2026-09-08T16:00:00+08:00"));
        assert_eq!((first.end - first.start, first.end), (3, next.start));
        let odd = quarters(at("2026-09-08T14:20:00+08:00"), at("2026-09-08T14:31:00+08:00"));
        assert_eq!(odd.end - odd.start, 2);
    }

    #[test]
    fn a_file_is_what_its_beginning_says() {
        assert_eq!(media_type(b"\0\0\0\x18ftypmp42", "a.avi").unwrap(), "video/mp4");
        assert_eq!(media_type(b"%PDF-1.7", "a.mp4").unwrap(), "application/pdf");
        assert!(media_type(b"PK\x03\x04", "a.zip").is_err());
        assert!(media_type(b"PK\x03\x04", "a.pptx").is_err());
        assert!(media_type(b"PK\x03\x04 ppt/slides/slide1.xml", "a.pptx").unwrap().ends_with("presentation"));
        assert!(media_type(b"PK\x03\x04 ppt/slides/slide1.xml ppt/vbaProject.bin", "a.pptx").is_err());
        assert_eq!(media_type(b"\xd0\xcf\x11\xe0", "a.PPT").unwrap(), "application/vnd.ms-powerpoint");
        assert!(media_type(b"\xd0\xcf\x11\xe0 _\0V\0B\0A\0_\0P\0R\0O\0J\0E\0C\0T\0", "a.ppt").is_err());
        assert_eq!(media_type(b"\0\0\0\x14ftypqt  ", "a.mov").unwrap(), "video/quicktime");
        for other in [b"\0\0\0\x18ftypheic", b"\0\0\0\x18ftypmif1", b"\0\0\0\x18ftypM4A ", b"\0\0\0\x18ftypavif"] {
            assert!(media_type(other, "a.mp4").is_err());
        }
        assert!(media_type(b"<html>", "a.pdf").is_err());
    }

    #[test]
    fn class_hours_are_whole_ones() {
        let rules = Rules {
            lead_days: 5,
            primary_minutes: 40,
            secondary_minutes: 45,
            vice_lessons: 4,
            tell_minutes: 30,
            remind_ahead_days: 3,
            sign_in_minutes: 60,
            overrun_minutes: 30,
            visit_lessons: 2,
            keep_photos_days: 365,
            keep_confidence_days: 7305,
            first_hour: 7,
            last_hour: 21,
            fewest_sheets: 5,
        };
        assert_eq!((rules.class_hours(90, 7), rules.class_hours(80, 6), rules.class_hours(44, 7)), (2, 2, 0));
    }
}
