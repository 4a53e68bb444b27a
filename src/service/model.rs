//! What somebody needs, when it suits, and the rules of taking it down, without a database.

use calendar::shanghai;
use db::text_enum;
use jiff::civil::{Date, Time, Weekday};
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::access::Role;
use crate::settings::Setting;
use crate::volunteer::Span;

text_enum! {
    pub enum State {
        Open = "open" "等安排",
        Matched = "matched" "已安排",
        Done = "done" "办好了",
        Withdrawn = "withdrawn" "不需要了",
        Unmet = "unmet" "办不了",
    }
    /// Who has taken it down.
    pub enum Source { Staff = "staff" "社区登记", Grid = "grid" "网格员登记", Board = "board" "居民在公示栏提出", Round = "round" "志愿者上门时提出" }
    pub enum Part { Morning = "morning" "上午", Afternoon = "afternoon" "下午", Evening = "evening" "晚上" }
    /// What somebody agrees to, each by itself.
    pub enum Purpose { Keep = "keep" "记下姓名和电话", Share = "share" "告诉上门的志愿者" }
    pub enum How { Form = "form" "本人在公示栏上点的", Told = "told" "本人口头同意，登记的人记下" }
    /// How somebody stands who is asked to go.
    pub enum Answer {
        Asked = "asked" "等答复",
        Accepted = "accepted" "答应了",
        Declined = "declined" "去不了",
        Done = "done" "去过了",
        Cancelled = "cancelled" "取消了",
    }
}

impl State {
    pub const fn ended(self) -> bool {
        matches!(self, State::Done | State::Withdrawn | State::Unmet)
    }
}

impl Answer {
    /// They are still to go.
    pub const fn stands(self) -> bool {
        matches!(self, Answer::Asked | Answer::Accepted)
    }
}

impl Source {
    pub const fn of(role: Role) -> Source {
        match role {
            Role::Resident => Source::Board,
            Role::GridWorker => Source::Grid,
            _ => Source::Staff,
        }
    }
}

/// What is sealed of a need.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Particulars {
    /// In their own words, or those of whoever takes it down.
    pub words: String,
    /// Empty where nobody has agreed that it is kept.
    pub name: String,
    pub phone: String,
}

impl Particulars {
    pub fn has_contact(&self) -> bool {
        !self.name.is_empty() || !self.phone.is_empty()
    }

    /// `王* 138****1234`
    pub fn masked(&self) -> String {
        let name = codes::PersonName::parse(&self.name).map(|name| name.masked()).unwrap_or_default();
        let phone = codes::Phone::parse(&self.phone).map(|phone| phone.masked()).unwrap_or_default();
        format!("{name} {phone}").trim().to_owned()
    }

    /// `王桂香 13800001234`
    pub fn contact(&self) -> String {
        format!("{} {}", self.name, self.phone).trim().to_owned()
    }
}

/// On which days of the week, and when on them; nothing chosen suits whenever.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// 1 is Monday.
    pub days: Vec<i8>,
    pub parts: Vec<Part>,
}

const WEEK: [&str; 7] = ["一", "二", "三", "四", "五", "六", "日"];

impl Wanted {
    pub fn read(days: &str, parts: &str) -> Wanted {
        let days = days.split(',').filter_map(|day| day.parse().ok()).filter(|day| (1..=7).contains(day)).collect();
        Wanted { days, parts: parts.split(',').filter_map(Part::parse).collect() }
    }

    pub fn days_code(&self) -> String {
        self.days.iter().map(i8::to_string).collect::<Vec<_>>().join(",")
    }

    pub fn parts_code(&self) -> String {
        self.parts.iter().map(|part| part.code()).collect::<Vec<_>>().join(",")
    }

    /// `周六、周日 上午`; `哪天都行`
    pub fn words(&self) -> String {
        let day = |day: &i8| WEEK.get(*day as usize - 1).map(|day| format!("周{day}"));
        let days: Vec<String> = self.days.iter().filter_map(day).collect();
        let parts: Vec<&str> = self.parts.iter().map(|part| part.label()).collect();
        match (days.is_empty(), parts.is_empty()) {
            (true, true) => "哪天都行".to_owned(),
            (true, false) => format!("哪天都行，{}", parts.join("、")),
            (false, true) => days.join("、"),
            (false, false) => format!("{} {}", days.join("、"), parts.join("、")),
        }
    }

    pub fn suits(&self, day: Date, part: Part) -> bool {
        let day = day.weekday().to_monday_one_offset();
        (self.days.is_empty() || self.days.contains(&day)) && (self.parts.is_empty() || self.parts.contains(&part))
    }

    /// Whether something between two moments suits, by the part of the day in which it begins.
    pub fn suits_span(&self, span: Span) -> bool {
        let begins = span.starts_at.to_zoned_datetime(shanghai());
        let part = match begins.time().hour() {
            ..12 => Part::Morning,
            12..18 => Part::Afternoon,
            _ => Part::Evening,
        };
        self.suits(begins.date(), part)
    }
}

/// How needs are taken down, met and kept.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Rules {
    /// So long a need waits at most until somebody is asked.
    pub arrange_days: i64,
    /// So far ahead somebody is looked for.
    pub ahead_days: i64,
    pub visit_minutes: i64,
    pub morning_hour: i64,
    pub afternoon_hour: i64,
    pub evening_hour: i64,
    /// From this age on somebody is sent to a door.
    pub visitor_age: i64,
    pub most_visits_week: i64,
    /// So many needs at most a day from the board for one door.
    pub most_door_day: i64,
    /// So long after its end the particulars of a need are kept.
    pub keep_need_days: i64,
}

impl Setting for Rules {
    const NAME: &'static str = "service.needs";
}

impl Rules {
    fn hour(&self, part: Part) -> i64 {
        match part {
            Part::Morning => self.morning_hour,
            Part::Afternoon => self.afternoon_hour,
            Part::Evening => self.evening_hour,
        }
    }

    /// The visit on a day, in a part of it; `None` where the setting has no such hour.
    pub fn visit(&self, day: Date, part: Part) -> Option<Span> {
        let time = Time::new(i8::try_from(self.hour(part)).ok()?, 0, 0, 0).ok()?;
        let starts_at = day.to_datetime(time).to_zoned_datetime(shanghai()).ok()?.timestamp();
        Some(Span { starts_at, ends_at: starts_at + SignedDuration::from_mins(self.visit_minutes) })
    }

    /// When somebody could go, from tomorrow on. Nobody is sent in the evening who was not asked for then.
    pub fn visits(&self, wanted: &Wanted, now: Timestamp) -> Vec<(Part, Span)> {
        let today = now.to_zoned_datetime(shanghai()).date();
        let days = (1..=self.ahead_days).filter_map(|ahead| today.checked_add(ahead.days()).ok());
        let suits = |day: Date, part: Part| {
            wanted.suits(day, part) && (part != Part::Evening || wanted.parts.contains(&Part::Evening))
        };
        let parts = |day: Date| Part::ALL.iter().filter(move |part| suits(day, **part)).map(move |part| (day, *part));
        days.flat_map(parts).filter_map(|(day, part)| Some((part, self.visit(day, part)?))).collect()
    }
}

/// The days of the week in a clause such as `周六上午`, `周一至周五`, `周一三五`, `周末`; none where it names none.
fn days_in(clause: &str) -> Vec<i8> {
    if clause.contains("周末") {
        return vec![6, 7];
    }
    if clause.contains("工作日") {
        return (1..=5).collect();
    }
    let day_of = |letter: char| WEEK.iter().position(|day| day.starts_with(letter)).map(|at| at as i8 + 1);
    let mut days: Vec<i8> = Vec::new();
    let mut ranges = false;
    // After 周 come the days: one, several at once, or from one to another.
    for run in clause.split('周').skip(1) {
        for letter in run.chars() {
            match day_of(letter) {
                Some(day) if ranges => {
                    let from = days.last().copied().unwrap_or(day);
                    days.extend(if from < day { (from + 1)..=day } else { day..=day });
                    ranges = false;
                }
                Some(day) => days.push(day),
                None if matches!(letter, '至' | '到' | '-' | '—' | '~') => ranges = true,
                None => break,
            }
        }
    }
    days
}

/// What somebody has written about their time, clause by clause; days alone belong to what follows them: `周一、三、五上午`.
fn clauses(available: &str) -> Vec<String> {
    let text = available.replace("星期", "周").replace("礼拜", "周").replace('天', "日").replace("每日", "每天");
    let mut clauses: Vec<String> = Vec::new();
    let mut days = String::new();
    for clause in
        text.split(['、', '，', ',', '；', ';', '/', '\n', ' ', '\u{3000}']).filter(|clause| !clause.is_empty())
    {
        let letters = |clause: &str| clause.chars().all(|letter| "周一二三四五六日至到".contains(letter));
        let begins = clause.chars().next().is_some_and(|letter| WEEK.iter().any(|day| day.starts_with(letter)));
        let clause = match begins && !days.is_empty() {
            true => format!("周{clause}"),
            false => clause.to_owned(),
        };
        if letters(&clause) {
            days.push_str(&clause);
        } else if clause.starts_with('周') || !days.is_empty() && PARTS.iter().any(|part| clause.starts_with(part)) {
            clauses.push(std::mem::take(&mut days) + &clause);
        } else {
            clauses.extend((!days.is_empty()).then(|| std::mem::take(&mut days)));
            clauses.push(clause);
        }
    }
    clauses.extend((!days.is_empty()).then_some(days));
    clauses
}

const PARTS: [&str; 6] = ["上午", "早上", "早晨", "下午", "晚上", "傍晚"];

/// Whether somebody has time, by what they have written about it; `None` where it does not say, or says when they have none.
pub fn is_free(available: &str, weekday: Weekday, part: Part) -> Option<bool> {
    if available.contains(['不', '没', '除', '别']) {
        return None;
    }
    let day = weekday.to_monday_one_offset();
    let mut said = None;
    for clause in clauses(available) {
        let days = days_in(&clause);
        let named = |words: &[&str]| words.iter().any(|word| clause.contains(word));
        let morning = named(&["上午", "早上", "早晨"]);
        let (afternoon, evening) = (named(&["下午"]), named(&["晚上", "傍晚"]));
        let any_part = !(morning || afternoon || evening);
        if days.is_empty() && any_part && !named(&["每天", "随时", "都行", "都可以"]) {
            continue;
        }
        let fits = match part {
            Part::Morning => morning,
            Part::Afternoon => afternoon,
            Part::Evening => evening,
        };
        let free = (days.is_empty() || days.contains(&day)) && (any_part || fits);
        said = Some(said.unwrap_or(false) || free);
    }
    said
}

impl Purpose {
    /// What somebody reads before they agree, or is told by whoever takes it down.
    pub fn wording(self, how: How, community: &str, rules: &Rules) -> Vec<String> {
        let taken_back = match how {
            How::Form => "您随时可以从自己的链接撤回，马上删掉",
            How::Told => "您随时可以跟社区说一声，或者从社区给的链接撤回，马上删掉",
        };
        match self {
            Purpose::Keep => vec![
                format!("谁在用：{community}居民委员会，只为安排这一次上门服务。"),
                "要什么：您需要什么、住哪一户、怎么称呼、电话。加密保存，不公开，不要身份证号。".to_owned(),
                format!("存多久：办完以后 {} 天自动删除；{taken_back}。", rules.keep_need_days),
                "删了以后，只留哪个小区、哪一天有过这一类需要，不留是哪一户，也不留时间和原因。".to_owned(),
                match how {
                    How::Form => "不同意，就什么也不记；您可以直接打电话或到党群服务站找社区。".to_owned(),
                    How::Told => {
                        "不同意，就不记姓名和电话，只记要做什么、去哪一户，好派人上门；也不想记的，就什么都不记。"
                            .to_owned()
                    }
                },
            ],
            Purpose::Share => vec![
                "同意以后，上门的志愿者能看到您写的需要、称呼和电话，好先和您约时间。".to_owned(),
                "不同意，志愿者只知道去哪一户、做什么，不影响给您安排。".to_owned(),
            ],
        }
    }
}

/// Tells one wording from another.
pub fn edition(wording: &[String]) -> String {
    Sha256::digest(wording.join("\n")).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_somebody_writes_about_their_time_is_understood() {
        use Weekday::{Monday, Saturday, Sunday, Wednesday};
        for (text, day, part, free) in [
            ("周六上午", Saturday, Part::Morning, Some(true)),
            ("周六上午", Saturday, Part::Afternoon, Some(false)),
            ("周六上午、周日下午", Sunday, Part::Afternoon, Some(true)),
            ("周六上午、周日下午", Sunday, Part::Morning, Some(false)),
            ("周一至周五晚上", Monday, Part::Evening, Some(true)),
            ("周一至周五晚上", Saturday, Part::Evening, Some(false)),
            ("星期天", Sunday, Part::Evening, Some(true)),
            ("周末", Monday, Part::Morning, Some(false)),
            ("每天下午", Monday, Part::Afternoon, Some(true)),
            ("随时", Monday, Part::Morning, Some(true)),
            ("看情况", Monday, Part::Morning, None),
            ("周六不行", Saturday, Part::Morning, None),
            ("周末没空", Saturday, Part::Morning, None),
            ("除周六都行", Saturday, Part::Morning, None),
            ("周一、三、五上午", Wednesday, Part::Morning, Some(true)),
            ("周一、三、五上午", Monday, Part::Morning, Some(true)),
            ("周一、三、五上午", Monday, Part::Afternoon, Some(false)),
            ("周一、三、五上午", Saturday, Part::Morning, Some(false)),
            ("周一三五", Wednesday, Part::Evening, Some(true)),
            ("周六、日", Sunday, Part::Evening, Some(true)),
            ("周六、周日下午", Saturday, Part::Morning, Some(false)),
            ("周六上午 周日下午", Saturday, Part::Morning, Some(true)),
            ("周六上午 周日下午", Sunday, Part::Morning, Some(false)),
            ("周六上午 周日下午", Saturday, Part::Afternoon, Some(false)),
            ("周一到周三、周六上午", Monday, Part::Morning, Some(true)),
            ("每天下午", Sunday, Part::Afternoon, Some(true)),
            ("", Monday, Part::Morning, None),
        ] {
            assert_eq!(is_free(text, day, part), free, "{text} {day:?} {part:?}");
        }
    }

    #[test]
    fn nothing_chosen_suits_whenever() {
        let day = jiff::civil::date(2026, 12, 5);
        assert!(Wanted::default().suits(day, Part::Evening));
        let wanted = Wanted::read("6,9,x", "morning");
        assert_eq!((wanted.days.clone(), wanted.parts_code()), (vec![6], "morning".to_owned()));
        assert!(wanted.suits(day, Part::Morning) && !wanted.suits(day, Part::Afternoon));
        assert_eq!(wanted.words(), "周六 上午");
    }
}
