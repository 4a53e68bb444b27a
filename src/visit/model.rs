//! The rules of a campaign: how doors are dealt out, how a door stands after the visits to it, when to come back, and
//! what an answer may say.

use std::collections::BTreeMap;

use calendar::WorkingDays;
use db::text_enum;
use jiff::civil::{Date, Weekday};
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::issue::Category;
use crate::registry::Tag;
use crate::registry::figures::AgeBand;
use crate::settings::Setting;

text_enum! {
    pub enum State {
        Draft = "draft" "草稿",
        Open = "open" "进行中",
        Ended = "ended" "已结束",
        Withdrawn = "withdrawn" "已撤回",
    }
    /// What somebody met with at a door.
    pub enum Outcome {
        Home = "home" "在家",
        Nobody = "nobody" "没人",
        Refused = "refused" "拒访",
        Vacant = "vacant" "空户",
        Later = "later" "改约",
    }
    pub enum DoorState {
        Open = "open" "未走",
        Again = "again" "要再去",
        Done = "done" "已走",
        GivenUp = "given_up" "多次没人",
    }
    pub enum Part { Morning = "morning" "上午", Afternoon = "afternoon" "下午", Evening = "evening" "晚上" }
    pub enum QuestionKind {
        YesNo = "yes_no" "是或否",
        Choice = "choice" "选一项",
        Choices = "choices" "选几项",
        Number = "number" "填数字",
        Text = "text" "填文字",
    }
}

#[derive(Debug, Clone, Copy, Deserialize)]
pub(super) struct Rules {
    /// After so many visits that met nobody a door is given up.
    pub attempts: i64,
    /// Knocking again within this time is the same attempt.
    pub apart_minutes: i64,
    /// From this hour of the day on it is evening.
    pub evening_hour: i64,
    /// A form has at most so many questions: it is asked at the door.
    pub questions: i64,
    /// So many reports of a kind from an estate within so many days suggest a survey.
    pub cluster_reports: i64,
    pub cluster_days: i64,
    /// How long answers and notes are kept.
    pub keep_days: i64,
}

impl Setting for Rules {
    const NAME: &'static str = "visit.rules";
}

// ---------- questions ----------

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    pub value: String,
    pub label: String,
}

/// A question of a campaign's short form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// `q1`, `q2` …
    pub id: String,
    #[serde(with = "coded")]
    pub kind: QuestionKind,
    pub text: String,
    pub required: bool,
    /// What can be chosen; yes and no need not be written down.
    pub options: Vec<Choice>,
}

/// A kind of question by its code.
mod coded {
    use serde::{Deserialize, Deserializer, Serializer, de};

    use super::QuestionKind;

    pub fn serialize<S: Serializer>(kind: &QuestionKind, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(kind.code())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<QuestionKind, D::Error> {
        let code = String::deserialize(deserializer)?;
        QuestionKind::parse(&code).ok_or_else(|| de::Error::custom("a kind of question"))
    }
}

/// What was said to a question: one value, or several of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    pub question: String,
    pub value: Said,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Said {
    One(String),
    Several(Vec<String>),
}

impl Said {
    pub fn values(&self) -> &[String] {
        match self {
            Said::One(value) => std::slice::from_ref(value),
            Said::Several(values) => values,
        }
    }
}

impl Question {
    /// The values to choose from, each with its label; empty where anything may be written.
    pub fn options(&self) -> Vec<Choice> {
        let yes_no = || [("yes", "是"), ("no", "否")].map(|(value, label)| choice(value, label)).to_vec();
        if self.kind == QuestionKind::YesNo { yes_no() } else { self.options.clone() }
    }

    /// Whether what is answered can be counted, rather than a text, which stays sealed.
    pub fn is_counted(&self) -> bool {
        self.kind != QuestionKind::Text
    }

    /// Errors: what is wrong with the answer, in a sentence.
    pub fn check(&self, said: &Said) -> Result<(), String> {
        let wrong = |why: &str| Err(format!("“{}”的回答{why}", self.text));
        let known = |value: &String| self.options().iter().any(|option| option.value == *value);
        match (self.kind, said) {
            (QuestionKind::YesNo | QuestionKind::Choice, Said::One(value)) if known(value) => Ok(()),
            (QuestionKind::Choices, Said::Several(values)) if values.iter().all(known) => Ok(()),
            (QuestionKind::Number, Said::One(value)) => match value.parse::<f64>() {
                Ok(number) if (0.0..=1_000_000.0).contains(&number) => Ok(()),
                _ => wrong("不是数字"),
            },
            (QuestionKind::Text, Said::One(value)) if value.chars().count() <= 500 => Ok(()),
            (QuestionKind::Text, Said::One(_)) => wrong("超过 500 个字"),
            _ => wrong("不在选项里"),
        }
    }

    /// What was answered, in words.
    pub fn words(&self, said: &Said) -> String {
        let options = self.options();
        let label = |value: &String| {
            let option = options.iter().find(|option| option.value == *value);
            option.map_or_else(|| value.clone(), |option| option.label.clone())
        };
        said.values().iter().map(label).collect::<Vec<_>>().join("、")
    }
}

pub fn choice(value: &str, label: &str) -> Choice {
    Choice { value: value.to_owned(), label: label.to_owned() }
}

// ---------- how a door stands ----------

/// When to come back to a door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Again {
    pub day: Date,
    pub part: Part,
}

impl Again {
    /// `11月28日 星期六上午`
    pub fn words(self) -> String {
        let weekday = ["一", "二", "三", "四", "五", "六", "日"];
        let of_week = weekday[usize::from(self.day.weekday().to_monday_zero_offset().unsigned_abs()) % 7];
        format!("{}月{}日 星期{of_week}{}", self.day.month(), self.day.day(), self.part)
    }
}

/// One visit as far as the door is concerned.
#[derive(Debug, Clone, Copy)]
pub struct Knock {
    pub outcome: Outcome,
    pub made_at: Timestamp,
    /// What was agreed where somebody asked to come back.
    pub again: Option<Again>,
}

/// How a door stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    pub state: DoorState,
    pub attempts: i64,
    pub again: Option<Again>,
    pub last: Option<(Outcome, Timestamp)>,
}

impl Standing {
    const UNVISITED: Standing = Standing { state: DoorState::Open, attempts: 0, again: None, last: None };

    /// How a door stands after all visits to it, in the order in which they were made. It does not matter in which order
    /// they arrived.
    pub fn after(knocks: &[Knock], rules: &Rules) -> Standing {
        let mut standing = Standing::UNVISITED;
        let mut counted: Option<Timestamp> = None;
        for knock in knocks {
            standing.last = Some((knock.outcome, knock.made_at));
            if standing.state == DoorState::Done {
                continue;
            }
            match knock.outcome {
                Outcome::Home | Outcome::Refused | Outcome::Vacant => {
                    (standing.state, standing.again) = (DoorState::Done, None);
                }
                Outcome::Later => (standing.state, standing.again) = (DoorState::Again, knock.again),
                Outcome::Nobody => {
                    let apart = SignedDuration::from_mins(rules.apart_minutes);
                    if counted.is_none_or(|counted| knock.made_at.duration_since(counted) >= apart) {
                        standing.attempts += 1;
                        counted = Some(knock.made_at);
                    }
                    (standing.state, standing.again) = if standing.attempts >= rules.attempts {
                        (DoorState::GivenUp, None)
                    } else {
                        (DoorState::Again, Some(come_back(knock.made_at, rules)))
                    };
                }
            }
        }
        standing
    }
}

impl Standing {
    /// Nobody is sent to a door after the last day: then it is that day's evening, if nothing was agreed.
    pub fn until(mut self, last_day: Date) -> Standing {
        let agreed = self.last.is_some_and(|(outcome, _)| outcome == Outcome::Later);
        if let Some(again) = self.again.as_mut().filter(|again| again.day > last_day && !agreed) {
            *again = Again { day: last_day, part: Part::Evening };
        }
        self
    }
}

/// When somebody who was not in is likelier to be: on a working day the same evening; after an evening on the next free
/// day; on a free day the evening of the next working day.
fn come_back(at: Timestamp, rules: &Rules) -> Again {
    let local = at.to_zoned_datetime(calendar::shanghai());
    let (today, evening) = (local.date(), i64::from(local.hour()) >= rules.evening_hour);
    match (works(today), evening) {
        (true, false) => Again { day: today, part: Part::Evening },
        (true, true) => Again { day: next(today, |day| !works(day)), part: Part::Morning },
        (false, _) => Again { day: next(today, works), part: Part::Evening },
    }
}

/// Whether people are at work on a day. This is advice and no time limit, so a year without a notice goes by the weekday.
fn works(day: Date) -> bool {
    let weekend = matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
    WorkingDays::embedded().is_working(day).unwrap_or(!weekend)
}

fn next(after: Date, wanted: impl Fn(Date) -> bool) -> Date {
    (1..15).map(|days| after.saturating_add(days.days())).find(|day| wanted(*day)).unwrap_or(after)
}

// ---------- dealing ----------

/// Somebody who knocks, and the grids that are theirs.
#[derive(Debug, Clone)]
pub struct Walker {
    pub account: Uuid,
    pub grids: Vec<Uuid>,
}

/// Deals doors out, which come in walking order, each as its grid. Each grid goes to those whose grid it is, in unbroken stretches of the walking order, so that nobody
/// climbs a stairwell after somebody else, and so long that all have as equally much to do as the grids allow. A grid that
/// is nobody's is shared by everybody. Gives an account for each door, in their order; none if nobody knocks.
pub fn deal(doors: &[Option<Uuid>], walkers: &[Walker]) -> Vec<Option<Uuid>> {
    let mut dealt = vec![None; doors.len()];
    let mut load: BTreeMap<Uuid, usize> = walkers.iter().map(|walker| (walker.account, 0)).collect();
    let mut grids: BTreeMap<Option<Uuid>, Vec<usize>> = BTreeMap::new();
    for (at, door) in doors.iter().enumerate() {
        let owned = door.filter(|grid| walkers.iter().any(|walker| walker.grids.contains(grid)));
        grids.entry(owned).or_default().push(at);
    }
    // Grids with fewest people to choose from come first: they have the least say in who gets more.
    let mut order: Vec<(Vec<Uuid>, Vec<usize>)> = grids
        .into_iter()
        .map(|(grid, doors)| {
            let theirs = walkers.iter().filter(|walker| grid.is_none_or(|grid| walker.grids.contains(&grid)));
            (theirs.map(|walker| walker.account).collect(), doors)
        })
        .collect();
    order.sort_by_key(|(walkers, _)| walkers.len());
    for (walkers, doors) in order {
        let mut rest = doors.as_slice();
        for (account, share) in shares(&walkers, &load, doors.len()) {
            let (stretch, after) = rest.split_at(share);
            stretch.iter().for_each(|door| dealt[*door] = Some(account));
            rest = after;
            *load.entry(account).or_default() += share;
        }
    }
    dealt
}

/// How many of some doors each gets, so that those who have least so far catch up first.
fn shares(walkers: &[Uuid], load: &BTreeMap<Uuid, usize>, doors: usize) -> Vec<(Uuid, usize)> {
    let mut shares: Vec<(Uuid, usize)> = walkers.iter().map(|account| (*account, 0)).collect();
    let has = |(account, share): &(Uuid, usize)| load.get(account).copied().unwrap_or_default() + share;
    for _ in 0..doors {
        let Some(least) = shares.iter_mut().min_by_key(|share| has(share)) else { return shares };
        least.1 += 1;
    }
    shares
}

// ---------- from reports to a plan ----------

/// Whom a survey should ask that follows from reports of a category: people of a tag, of an age, or every home.
pub fn concerned(category: Category) -> (Option<Tag>, Option<AgeBand>) {
    match category {
        Category::Children => (Some(Tag::Child), None),
        Category::ElderCare => (None, Some(AgeBand::Elder)),
        Category::Health => (Some(Tag::ChronicIllness), None),
        _ => (None, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: Rules = Rules {
        attempts: 3,
        apart_minutes: 120,
        evening_hour: 17,
        questions: 6,
        cluster_reports: 3,
        cluster_days: 90,
        keep_days: 730,
    };

    fn knock(outcome: Outcome, at: &str) -> Knock {
        Knock { outcome, made_at: format!("{at}:00+08:00").parse().unwrap(), again: None }
    }

    fn again(at: &str) -> String {
        let standing = Standing::after(&[knock(Outcome::Nobody, at)], &RULES);
        standing.again.map(Again::words).unwrap_or_default()
    }

    #[test]
    fn who_was_out_is_tried_when_people_are_home() {
        assert_eq!(again("2026-11-25T10:00"), "11月25日 星期三晚上");
        assert_eq!(again("2026-11-25T18:30"), "11月28日 星期六上午");
        assert_eq!(again("2026-11-28T10:00"), "11月30日 星期一晚上");
        // 10 October 2026 is a Saturday on which people work.
        assert_eq!(again("2026-10-10T10:00"), "10月10日 星期六晚上");
    }

    #[test]
    fn nobody_is_sent_after_the_last_day() {
        let standing = Standing::after(&[knock(Outcome::Nobody, "2026-11-25T18:30")], &RULES);
        let friday = jiff::civil::date(2026, 11, 27);
        assert_eq!(standing.until(friday).again.map(Again::words).as_deref(), Some("11月27日 星期五晚上"));
        assert_eq!(standing.until(jiff::civil::date(2026, 12, 31)), standing);
    }

    #[test]
    fn three_attempts_count_and_knocking_twice_is_one() {
        let knocks = [
            knock(Outcome::Nobody, "2026-11-25T10:00"),
            knock(Outcome::Nobody, "2026-11-25T10:40"),
            knock(Outcome::Nobody, "2026-11-25T18:00"),
            knock(Outcome::Nobody, "2026-11-28T09:00"),
        ];
        let states: Vec<(DoorState, i64)> = (1..=4)
            .map(|n| {
                let standing = Standing::after(&knocks[..n], &RULES);
                (standing.state, standing.attempts)
            })
            .collect();
        assert_eq!(
            states,
            [(DoorState::Again, 1), (DoorState::Again, 1), (DoorState::Again, 2), (DoorState::GivenUp, 3)]
        );
    }

    #[test]
    fn a_door_that_opened_stays_done() {
        let knocks = [knock(Outcome::Home, "2026-11-25T10:00"), knock(Outcome::Nobody, "2026-11-26T10:00")];
        let standing = Standing::after(&knocks, &RULES);
        assert_eq!((standing.state, standing.attempts), (DoorState::Done, 0));
        assert_eq!(standing.last.map(|(outcome, _)| outcome), Some(Outcome::Nobody));
        assert_eq!(Standing::after(&[], &RULES), Standing::UNVISITED);
    }

    fn walker(id: u128, grids: &[u128]) -> Walker {
        Walker { account: Uuid::from_u128(id), grids: grids.iter().map(|grid| Uuid::from_u128(*grid)).collect() }
    }

    fn doors(grids: &[(u128, usize)]) -> Vec<Option<Uuid>> {
        let doors = grids.iter().flat_map(|(grid, doors)| std::iter::repeat_n(*grid, *doors));
        doors.map(|grid| (grid > 0).then(|| Uuid::from_u128(grid))).collect()
    }

    fn counts(dealt: &[Option<Uuid>]) -> BTreeMap<u128, usize> {
        let mut counts = BTreeMap::new();
        dealt.iter().flatten().for_each(|account| *counts.entry(account.as_u128()).or_default() += 1);
        counts
    }

    #[test]
    fn doors_go_to_those_whose_grid_they_are_in_and_equally() {
        let walkers = [walker(1, &[7]), walker(2, &[7, 8]), walker(3, &[9])];
        let dealt = deal(&doors(&[(7, 20), (8, 10), (9, 5)]), &walkers);
        assert_eq!(counts(&dealt), BTreeMap::from([(1, 15), (2, 15), (3, 5)]));
        // In one stretch each.
        let of_seven: Vec<u128> = dealt[..20].iter().flatten().map(Uuid::as_u128).collect();
        assert!(of_seven.is_sorted());
    }

    #[test]
    fn a_grid_of_nobody_is_shared_and_without_anybody_nothing_is_dealt() {
        let walkers = [walker(1, &[7]), walker(2, &[])];
        assert_eq!(counts(&deal(&doors(&[(7, 4), (0, 6)]), &walkers)), BTreeMap::from([(1, 5), (2, 5)]));
        assert_eq!(deal(&doors(&[(7, 2)]), &[]), [None, None]);
    }

    #[test]
    fn an_answer_must_fit_its_question() {
        let question = |kind, options: &[&str]| Question {
            id: "q1".into(),
            kind,
            text: "家里有老人吗".into(),
            required: true,
            options: options.iter().map(|option| choice(option, option)).collect(),
        };
        let one = |value: &str| Said::One(value.into());
        assert!(question(QuestionKind::YesNo, &[]).check(&one("yes")).is_ok());
        assert!(question(QuestionKind::YesNo, &[]).check(&one("maybe")).is_err());
        assert!(question(QuestionKind::Choice, &["a"]).check(&one("a")).is_ok());
        assert!(
            question(QuestionKind::Choices, &["a", "b"]).check(&Said::Several(vec!["b".into(), "c".into()])).is_err()
        );
        assert!(question(QuestionKind::Number, &[]).check(&one("3")).is_ok());
        assert_eq!(
            question(QuestionKind::Number, &[]).check(&one("三")),
            Err("“家里有老人吗”的回答不是数字".to_owned())
        );
        assert_eq!(question(QuestionKind::YesNo, &[]).words(&one("no")), "否");
        let stored = serde_json::to_string(&question(QuestionKind::YesNo, &[])).unwrap();
        assert_eq!(serde_json::from_str::<Question>(&stored).unwrap(), question(QuestionKind::YesNo, &[]));
    }
}
