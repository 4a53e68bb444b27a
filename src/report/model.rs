//! The questions that are asked of issues, and the rates that follow from them. No input or output, no clock.

use db::text_enum;
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use serde::Deserialize;
use uuid::Uuid;

use crate::access::OrganisationKind;
use crate::error::{Error, Result};
use crate::issue::exclusion::Ground;
use crate::issue::{Category, Level, Score, Solved, Source, State, Step};
use crate::settings::Setting;

/// From the beginning of a day to the beginning of another, by the clock of Shanghai.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    pub first: Date,
    pub last: Date,
    pub from: Timestamp,
    pub until: Timestamp,
}

impl Period {
    /// The days from the first to the last, both included.
    ///
    /// Errors: refused if the last comes before the first, or if they are more than three years apart.
    pub fn of(first: Date, last: Date) -> Result<Period> {
        let sane = |day: Date| (2000..=2200).contains(&day.year());
        if !sane(first) || !sane(last) || last < first || first.saturating_add(3.years()) < last {
            return Err(Error::refused("起止日期不对：开始的日子在前，最多三年"));
        }
        let midnight = |day: Date| day.to_zoned_datetime(calendar::shanghai()).map(|at| at.timestamp());
        let from = midnight(first).map_err(anyhow::Error::from)?;
        let until = midnight(last + 1.day()).map_err(anyhow::Error::from)?;
        Ok(Period { first, last, from, until })
    }

    /// The month in which a day lies.
    pub fn month(day: Date) -> Result<Period> {
        Period::of(day.first_of_month(), day.last_of_month())
    }

    pub fn has(&self, at: Timestamp) -> bool {
        self.from <= at && at < self.until
    }

    /// `2026年11月`, `2026年`, or the two days.
    pub fn words(&self) -> String {
        if self.first == self.first.first_of_month() && self.last == self.first.last_of_month() {
            return self.first.strftime("%Y年%-m月").to_string();
        }
        if self.first == self.first.first_of_year() && self.last == self.first.last_of_year() {
            return self.first.strftime("%Y年").to_string();
        }
        format!("{}至{}", self.first.strftime("%Y年%-m月%-d日"), self.last.strftime("%Y年%-m月%-d日"))
    }
}

/// A step that was taken, and by when it should have been.
#[derive(Debug, Clone)]
pub struct Taken {
    pub step: Step,
    pub at: Timestamp,
    pub due_at: Option<Timestamp>,
    pub note: String,
    /// Of what kind the party is that took it, or that it was given to.
    pub party: Option<OrganisationKind>,
}

impl Taken {
    fn is_late(&self) -> bool {
        self.due_at.is_some_and(|due| due < self.at)
    }
}

/// What the reporter has answered last within the period.
#[derive(Debug, Clone, Copy)]
pub struct Answer {
    pub score: Score,
    pub solved: Solved,
}

/// An issue that a period concerns, and what has become of it.
#[derive(Debug, Clone)]
pub struct Record {
    pub id: Uuid,
    pub number: String,
    pub title: String,
    pub description: String,
    pub place: String,
    pub estate: Option<(Uuid, String)>,
    pub building: Option<(Uuid, String)>,
    pub category: Category,
    pub source: Source,
    pub state: State,
    /// Who leads on it within the community.
    pub level: Level,
    pub reported_at: Timestamp,
    pub due_at: Timestamp,
    pub party: Option<String>,
    pub reporter_sealed: Option<Vec<u8>>,
    /// Somebody only asked something: the three rates leave it out.
    pub enquiry: bool,
    /// Why the three rates leave it out, where somebody has approved of that.
    pub excluded: Option<(Ground, String)>,
    /// In their order; only the steps of which a figure asks.
    pub taken: Vec<Taken>,
    pub answer: Option<Answer>,
}

text_enum! {
    /// What can be counted. 其中 is a part of the figure before it that is none.
    pub enum Figure {
        Reported = "reported" "新反映",
        Property = "property" "其中物业管理类",
        Dispatched = "dispatched" "派单",
        Responded = "responded" "其中按时受理",
        Done = "done" "办结",
        DoneLate = "done_late" "其中超期办结",
        Closed = "closed" "销号",
        Otherwise = "otherwise" "不予受理、转其他渠道、并案、撤回",
        Reopened = "reopened" "不满意重办",
        Surveyed = "surveyed" "反映人已测评",
        Solved = "solved" "其中问题已解决",
        Satisfied = "satisfied" "其中满意（基本满意以上）",
        Unreachable = "unreachable" "多次联系不上",
        Excluded = "excluded" "剔除，不计入三率",
        Open = "open" "期末在办",
        Overdue = "overdue" "现在超期",
    }
}

impl Figure {
    /// What exactly is counted, for whoever doubts a figure.
    pub fn meaning(self) -> &'static str {
        match self {
            Figure::Reported => "这段时间里反映来的",
            Figure::Property => "这段时间里反映来的，类别属于物业管理的十类",
            Figure::Dispatched => "第一次派单或吹哨上报在这段时间里的（不算并案、咨询和剔除的）",
            Figure::Responded => "第一次派单在这段时间里，并且在受理期限以内答复了反映人的",
            Figure::Done => "这段时间里报办结的，一件只算一次",
            Figure::DoneLate => "这段时间里最后一次报办结时已经过了期限的",
            Figure::Closed => "这段时间里销号的",
            Figure::Otherwise => "这段时间里没有办就结束的，都写了理由",
            Figure::Reopened => "这段时间里测评打 1 分、2 分，退回重办的",
            Figure::Surveyed => {
                "这段时间里反映人打过分的（不算并案、咨询和剔除的），几次打分按最后一次，几个人反映的按最不满意的"
            }
            Figure::Solved => "最后一次打分说“解决了”的",
            Figure::Satisfied => "最后一次打分 3 分以上的",
            Figure::Unreachable => "这段时间里上门几次都联系不上，没有测评的",
            Figure::Excluded => "这段时间里派单或打过分，经批准不计入三率的，每件都写了理由",
            Figure::Open => "到最后一天（还没到的，到现在）没有结束的",
            Figure::Overdue => "现在过了期限还没有办完这一步的",
        }
    }

    /// Whether a figure is a part of the one before it.
    pub fn is_part(self) -> bool {
        self.label().starts_with("其中")
    }

    /// Whether an issue is counted. `now` stands for the end of a period that is not over yet.
    pub fn counts(self, record: &Record, period: &Period, now: Timestamp) -> bool {
        let within = |step: Step| record.taken.iter().filter(move |taken| taken.step == step && period.has(taken.at));
        let first = |step: Step| record.taken.iter().find(|taken| taken.step == step);
        let given = record.taken.iter().find(|taken| matches!(taken.step, Step::Dispatched | Step::Escalated));
        // What the rates would count, and what they do.
        let given = !record.enquiry && record.state != State::Merged && given.is_some_and(|taken| period.has(taken.at));
        let answer = record.answer.filter(|_| record.state != State::Merged && !record.enquiry);
        let excluded = record.excluded.is_some();
        let in_question = given || answer.is_some();
        let (dispatched, answer) = (given && !excluded, answer.filter(|_| !excluded));
        let reported = period.has(record.reported_at);
        match self {
            Figure::Reported => reported,
            Figure::Property => reported && record.category.of_property(),
            Figure::Dispatched => dispatched,
            Figure::Responded => dispatched && first(Step::Accepted).is_some_and(|taken| !taken.is_late()),
            Figure::Done => within(Step::Done).next().is_some(),
            Figure::DoneLate => within(Step::Done).next_back().is_some_and(Taken::is_late),
            Figure::Closed => within(Step::Closed).next().is_some(),
            Figure::Otherwise => ENDS.iter().any(|step| within(*step).next().is_some()),
            Figure::Reopened => within(Step::Reopened).next().is_some(),
            Figure::Surveyed => answer.is_some(),
            Figure::Solved => answer.is_some_and(|answer| answer.solved == Solved::Yes),
            Figure::Satisfied => answer.is_some_and(|answer| !answer.score.is_bad()),
            Figure::Unreachable => within(Step::Unreachable).next().is_some(),
            Figure::Excluded => excluded && in_question,
            Figure::Open => record.reported_at < period.until && record.is_open_at(period.until.min(now)),
            Figure::Overdue => record.state.open() && record.due_at < now,
        }
    }
}

/// The steps with which an issue ends that nobody has worked on to its end.
const ENDS: [Step; 4] = [Step::Refused, Step::Redirected, Step::Merged, Step::Withdrawn];

impl Record {
    /// Whether it had not ended, or had been opened again, before a moment.
    fn is_open_at(&self, moment: Timestamp) -> bool {
        let before = self.taken.iter().filter(|taken| taken.at < moment);
        let ended = |open, taken: &Taken| match taken.step {
            Step::Closed => false,
            Step::Reopened => true,
            step => open && !ENDS.contains(&step),
        };
        self.reported_at < moment && before.fold(true, ended)
    }

    /// The result that stands: it has not been sent back since.
    pub fn result(&self) -> Option<&Taken> {
        let done = self.last(Step::Done)?;
        let back = |taken: &&Taken| {
            taken.at > done.at && matches!(taken.step, Step::Reopened | Step::Dispatched | Step::Escalated)
        };
        (!self.taken.iter().any(|taken| back(&taken))).then_some(done)
    }

    /// The last time that a step was taken, in whichever period.
    pub fn last(&self, step: Step) -> Option<&Taken> {
        self.taken.iter().rev().find(|taken| taken.step == step)
    }
}

/// A part of a whole, with how large the whole is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    pub label: &'static str,
    pub part: Figure,
    pub whole: Figure,
    pub count: i64,
    pub of: i64,
}

/// The three rates of an evaluation, and the share that the management of property has.
const RATES: [(&str, Figure, Figure); 4] = [
    ("响应率", Figure::Responded, Figure::Dispatched),
    ("解决率", Figure::Solved, Figure::Surveyed),
    ("满意率", Figure::Satisfied, Figure::Surveyed),
    ("物业类占比", Figure::Property, Figure::Reported),
];

/// The rates that follow from counts.
pub fn rates(count: impl Fn(Figure) -> i64) -> Vec<Rate> {
    RATES.map(|(label, part, whole)| Rate { label, part, whole, count: count(part), of: count(whole) }).to_vec()
}

/// Below how many a rate says more about single people than about the work.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Rules {
    pub least_cases: i64,
}

impl Setting for Rules {
    const NAME: &'static str = "report.rates";
}

/// A part of a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ratio {
    pub count: i64,
    pub of: i64,
}

impl Rate {
    fn ratio(&self) -> Ratio {
        Ratio { count: self.count, of: self.of }
    }

    pub fn per_mille(&self, rules: &Rules) -> Option<i64> {
        self.ratio().per_mille(rules)
    }

    pub fn words(&self, rules: &Rules) -> String {
        self.ratio().words(rules)
    }
}

impl Ratio {
    /// In tenths of a percent, rounded; `None` if there are too few to tell.
    pub fn per_mille(&self, rules: &Rules) -> Option<i64> {
        (self.of >= rules.least_cases.max(1)).then(|| (self.count * 1000 + self.of / 2) / self.of)
    }

    /// `87.5%`, or that there are too few.
    pub fn words(&self, rules: &Rules) -> String {
        match self.per_mille(rules) {
            Some(rate) if rate % 10 == 0 => format!("{}%", rate / 10),
            Some(rate) => format!("{}.{}%", rate / 10, rate % 10),
            None => "—".to_owned(),
        }
    }
}

/// How much each of the three rates weighs in one score; local rules say so, and until they do there is none.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Weights {
    composite: Shown,
    responded_weight: i64,
    solved_weight: i64,
    satisfied_weight: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Shown {
    Shown,
    NotShown,
}

impl Setting for Weights {
    const NAME: &'static str = "report.weights";
}

impl Weights {
    /// Nothing is made of the rates but what they are.
    pub const NONE: Weights =
        Weights { composite: Shown::NotShown, responded_weight: 1, solved_weight: 1, satisfied_weight: 1 };

    /// Each rate of three by its part, with how much it weighs.
    fn of(&self) -> [(Figure, i64); 3] {
        [
            (Figure::Responded, self.responded_weight),
            (Figure::Solved, self.solved_weight),
            (Figure::Satisfied, self.satisfied_weight),
        ]
    }
}

/// 综合得分 of a hundred, and how it is made.
#[derive(Debug, Clone, PartialEq)]
pub struct Composite {
    /// In tenths of a point; `None` where one of the rates is of too few.
    pub tenths: Option<i64>,
    /// `（响应率×30 + 解决率×40 + 满意率×30）÷ 100`
    pub formula: String,
}

impl Composite {
    /// What a community makes of its rates; nothing where it has not said how much each weighs.
    pub fn of(rates: &[Rate], rules: &Rules, weights: &Weights) -> Option<Composite> {
        let total: i64 = weights.of().iter().map(|(_, weight)| weight).sum();
        if weights.composite == Shown::NotShown || total < 1 {
            return None;
        }
        let weighed: Vec<(&Rate, i64)> = weights
            .of()
            .into_iter()
            .filter_map(|(part, weight)| Some((rates.iter().find(|rate| rate.part == part)?, weight)))
            .collect();
        let terms: Vec<String> = weighed.iter().map(|(rate, weight)| format!("{}×{weight}", rate.label)).collect();
        // From the counts, so that nothing is rounded twice.
        let told = weighed.iter().all(|(rate, _)| rate.per_mille(rules).is_some());
        let sum = || weighed.iter().map(|(rate, weight)| (rate.count * weight) as f64 / rate.of as f64).sum::<f64>();
        let tenths = told.then(|| (sum() * 1000.0 / total as f64).round() as i64);
        Some(Composite { tenths, formula: format!("（{}）÷ {total}", terms.join(" + ")) })
    }

    /// `87.5 分`, or that there are too few.
    pub fn words(&self) -> String {
        match self.tenths {
            Some(tenths) if tenths % 10 == 0 => format!("{} 分", tenths / 10),
            Some(tenths) => format!("{}.{} 分", tenths / 10, tenths % 10),
            None => "—".to_owned(),
        }
    }
}

/// Records with the questions that a page asks of them.
pub struct Report {
    pub period: Period,
    pub now: Timestamp,
    pub records: Vec<Record>,
}

impl Report {
    /// The rows that a figure counts, in the order in which they were reported.
    pub fn rows(&self, figure: Figure) -> impl Iterator<Item = &Record> {
        self.records.iter().filter(move |record| figure.counts(record, &self.period, self.now))
    }

    /// What was reported, worked on, rated or open in the period: what comes up only because it was opened again since is not.
    pub fn concerned(&self) -> impl Iterator<Item = &Record> {
        let (period, end) = (self.period, self.period.until.min(self.now));
        self.records.iter().filter(move |record| {
            let worked_on = record.taken.iter().any(|taken| period.has(taken.at));
            period.has(record.reported_at) || worked_on || record.answer.is_some() || record.is_open_at(end)
        })
    }

    pub fn count(&self, figure: Figure) -> i64 {
        self.rows(figure).count() as i64
    }

    pub fn rates(&self) -> Vec<Rate> {
        self.rates_of(|_| true)
    }

    fn rates_of(&self, belongs: impl Fn(&Record) -> bool) -> Vec<Rate> {
        rates(|figure| self.rows(figure).filter(|record| belongs(record)).count() as i64)
    }

    /// How many were reported of each category, the most frequent first.
    pub fn categories(&self) -> Vec<(Category, i64)> {
        let count = |category| self.rows(Figure::Reported).filter(|record| record.category == category).count() as i64;
        let mut counted: Vec<_> = Category::ALL.iter().map(|category| (*category, count(*category))).collect();
        counted.retain(|(_, count)| *count > 0);
        counted.sort_by_key(|(category, count)| (-count, *category));
        counted
    }

    /// The figures of each estate that has any, by its name.
    pub fn estates(&self) -> Vec<OfEstate> {
        let mut known: Vec<(Uuid, String)> = self.records.iter().filter_map(|record| record.estate.clone()).collect();
        known.sort_by(|(a, first), (b, second)| (first, a).cmp(&(second, b)));
        known.dedup();
        let of = |(id, name): (Uuid, String)| {
            let here = |record: &Record| record.estate.as_ref().is_some_and(|(estate, _)| *estate == id);
            let count = |figure| self.rows(figure).filter(|record| here(record)).count() as i64;
            let counts =
                [Figure::Reported, Figure::Done, Figure::Closed, Figure::Open].map(|figure| (figure, count(figure)));
            OfEstate { id, name, counts, rates: self.rates_of(here) }
        };
        known.into_iter().map(of).collect()
    }
}

pub struct OfEstate {
    pub id: Uuid,
    pub name: String,
    pub counts: [(Figure, i64); 4],
    pub rates: Vec<Rate>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(count: i64, of: i64) -> Rate {
        Rate { label: "解决率", part: Figure::Solved, whole: Figure::Surveyed, count, of }
    }

    #[test]
    fn a_rate_of_few_is_hidden_and_any_other_is_rounded_to_a_tenth() {
        let rules: Rules = crate::settings::by_default().unwrap();
        assert_eq!(rate(4, 4).words(&rules), "—");
        assert_eq!(rate(5, 5).words(&rules), "100%");
        assert_eq!(rate(7, 8).words(&rules), "87.5%");
        assert_eq!(rate(2, 3).per_mille(&Rules { least_cases: 1 }), Some(667));
        assert_eq!(rate(0, 0).per_mille(&Rules { least_cases: 0 }), None);
    }

    #[test]
    fn a_composite_weighs_the_rates_and_is_hidden_where_one_of_them_is() {
        let rules: Rules = crate::settings::by_default().unwrap();
        let rate = |label, part, count, of| Rate { label, part, whole: Figure::Surveyed, count, of };
        let rates = |few| {
            [
                rate("响应率", Figure::Responded, 9, 10),
                rate("解决率", Figure::Solved, 2, few),
                rate("满意率", Figure::Satisfied, 5, 6),
                rate("物业类占比", Figure::Property, 1, 6),
            ]
        };
        let weights: Weights = crate::settings::by_default().unwrap();
        assert_eq!(Composite::of(&rates(6), &rules, &weights), None);
        let weights =
            Weights { composite: Shown::Shown, responded_weight: 20, solved_weight: 30, satisfied_weight: 50 };
        let composite = Composite::of(&rates(6), &rules, &weights).unwrap();
        // 0.9 × 20 + 0.3333… × 30 + 0.8333… × 50
        assert_eq!((composite.tenths, composite.words().as_str()), (Some(697), "69.7 分"));
        assert_eq!(composite.formula, "（响应率×20 + 解决率×30 + 满意率×50）÷ 100");
        assert_eq!(Composite::of(&rates(4), &rules, &weights).unwrap().words(), "—");
    }

    #[test]
    fn a_result_that_was_sent_back_is_none() {
        let at = |hour: i64| Timestamp::from_second(hour * 3600).unwrap();
        let taken = |steps: &[Step]| {
            let taken = |(hour, step): (i64, &Step)| Taken {
                step: *step,
                at: at(hour),
                due_at: None,
                note: String::new(),
                party: None,
            };
            (0..).zip(steps).map(taken).collect()
        };
        let of = |steps: &[Step]| Record {
            id: Uuid::nil(),
            number: String::new(),
            title: String::new(),
            description: String::new(),
            place: String::new(),
            estate: None,
            building: None,
            category: Category::Other,
            source: Source::Web,
            state: State::Dispatched,
            level: Level::Branch,
            reported_at: at(0),
            due_at: at(0),
            party: None,
            reporter_sealed: None,
            enquiry: false,
            excluded: None,
            taken: taken(steps),
            answer: None,
        };
        assert_eq!(of(&[Step::Dispatched, Step::Done]).result().map(|done| done.at), Some(at(1)));
        assert!(of(&[Step::Dispatched, Step::Done, Step::Dispatched]).result().is_none());
        assert!(of(&[Step::Dispatched, Step::Done, Step::Closed, Step::Reopened]).result().is_none());
        assert!(of(&[Step::Done, Step::Reopened, Step::Dispatched, Step::Done]).result().is_some());
    }

    #[test]
    fn a_period_is_whole_days_of_shanghai() {
        let day = |text: &str| text.parse::<Date>().unwrap();
        let month = Period::month(day("2026-02-14")).unwrap();
        assert_eq!(
            (month.from.to_string(), month.until.to_string()),
            ("2026-01-31T16:00:00Z".to_owned(), "2026-02-28T16:00:00Z".to_owned())
        );
        assert_eq!(month.words(), "2026年2月");
        assert_eq!(Period::of(day("2026-02-14"), day("2026-02-14")).unwrap().words(), "2026年2月14日至2026年2月14日");
        assert!(Period::of(day("2026-02-14"), day("2026-02-13")).is_err());
        assert!(Period::of(day("2020-01-01"), day("2026-01-01")).is_err());
        assert!(Period::of(day("9999-12-31"), day("9999-12-31")).is_err());
    }
}
