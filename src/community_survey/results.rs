//! What came out: how far the doors have come, and, once a survey has ended, what was answered. Of fewer than a handful nothing is
//! told; small estates are put together with others, so that nothing can be computed from the rest either.

use db::Tx;
use jiff::ToSpan;
use jiff::civil::Date;
use uuid::Uuid;

use super::model::{DoorState, Least, Question, State, Tallies, Tally, groups, margin};
use super::plan::rules_of;
use super::store::{self, BOXES, ENDED_SINCE, Kept, Standing, Stratum, Survey};
use crate::access::Act;
use crate::error::Result;
use crate::settings;

/// How far the doors of an estate have come.
#[derive(Debug, Clone)]
pub struct Course {
    pub name: String,
    pub homes: i64,
    pub wanted: i64,
    pub answered: i64,
    pub waiting: i64,
    pub refused: i64,
    pub unreached: i64,
    pub empty: i64,
    /// What of the reserve is left.
    pub reserve: i64,
}

impl Course {
    /// How many homes were to be asked so far, but those in which nobody lives.
    pub fn asked(&self) -> i64 {
        self.answered + self.waiting + self.refused + self.unreached
    }
}

/// What was answered in some estates.
#[derive(Debug, Clone)]
pub struct OfGroup {
    pub name: String,
    pub tally: Tally,
}

#[derive(Debug, Clone)]
pub struct OfQuestion {
    pub question: Question,
    pub tally: Tally,
    /// More than one, and none of them too small; empty where that is not so.
    pub groups: Vec<OfGroup>,
    /// The same question the last time.
    pub before: Option<Tally>,
}

#[derive(Debug, Clone)]
pub struct Results {
    pub survey: Survey,
    pub courses: Vec<Course>,
    /// In hundredths of a percent; `None` without an answer.
    pub margin: Option<i64>,
    pub least: i64,
    /// Only of a survey that has ended; only those which enough have answered.
    pub questions: Vec<OfQuestion>,
    /// The title of the survey that is compared with.
    pub before: Option<String>,
}

impl Results {
    fn sum(&self, of: impl Fn(&Course) -> i64) -> i64 {
        self.courses.iter().map(of).sum()
    }

    pub fn wanted(&self) -> i64 {
        self.sum(|course| course.wanted)
    }

    pub fn answered(&self) -> i64 {
        self.sum(|course| course.answered)
    }

    pub fn waiting(&self) -> i64 {
        self.sum(|course| course.waiting)
    }

    pub fn asked(&self) -> i64 {
        self.sum(Course::asked)
    }

    pub fn homes(&self) -> i64 {
        self.survey.homes.unwrap_or_default()
    }

    /// `±4.99%`, rounded up.
    pub fn margin_words(&self) -> String {
        self.margin.map_or_else(|| "—".to_owned(), |margin| format!("±{}.{:02}%", margin / 100, margin % 100))
    }

    /// `置信度 95%`, of the usual ones.
    pub fn confidence_words(&self) -> &'static str {
        match self.survey.rules.map(|rules| rules.0.confidence_z) {
            Some(1645) => "置信度 90%",
            Some(1960) => "置信度 95%",
            Some(2576) => "置信度 99%",
            _ => "按定好的置信度",
        }
    }
}

fn courses(strata: &[Stratum], standing: &[Standing]) -> Vec<Course> {
    let course = |stratum: &Stratum| {
        let count = |state| {
            let doors = standing.iter().filter(|doors| doors.estate_id == stratum.estate_id && doors.state == state);
            doors.map(|doors| doors.doors).sum()
        };
        Course {
            name: stratum.estate_name.clone(),
            homes: stratum.homes,
            wanted: stratum.wanted,
            answered: count(DoorState::Answered),
            waiting: count(DoorState::Waiting),
            refused: count(DoorState::Refused),
            unreached: count(DoorState::Unreached),
            empty: count(DoorState::Empty),
            reserve: count(DoorState::Reserve),
        }
    };
    strata.iter().map(course).collect()
}

/// Of a survey that has been drawn. As long as it is open nothing is told of what was answered: whoever looked before and after a door
/// would know what was said there.
pub async fn results(tx: &mut Tx, act: &Act, survey: Survey) -> Result<Results> {
    let rules = rules_of(&survey)?;
    let least: Least = settings::read(tx, act.tenant, act.at).await?;
    let least = least.least_cases.max(1);
    let strata = store::strata(tx, act.tenant, survey.id).await?;
    let courses = courses(&strata, &store::standing(tx, act.tenant, survey.id).await?);
    let answered: i64 = courses.iter().map(|course| course.answered).sum();
    let margin = margin(answered, survey.homes.unwrap_or_default(), &rules);
    let (mut questions, mut before) = (Vec::new(), None);
    if survey.state == State::Ended {
        let boxes: Vec<Kept> = tx.all(BOXES.bind(act.tenant).bind(survey.id)).await?;
        let last = store::before(tx, act.tenant, &survey).await?;
        let mut past = Tallies::new();
        if let Some(last) = last {
            for kept in tx.all::<Kept>(BOXES.bind(act.tenant).bind(last.id)).await? {
                kept.tallies.0.iter().for_each(|(key, tally)| past.entry(key.clone()).or_default().add(tally));
            }
            before = Some(last.title);
        }
        let of = |question: &Question| of_question(question, (&strata, &boxes), &past, least);
        questions = survey.questions.0.iter().filter_map(of).collect();
    }
    Ok(Results { survey, courses, margin, least, questions, before })
}

/// `None` if too few have answered it.
fn of_question(
    question: &Question,
    (strata, boxes): (&[Stratum], &[Kept]),
    past: &Tallies,
    least: i64,
) -> Option<OfQuestion> {
    let tally_of = |kept: &Kept| kept.tallies.0.get(&question.key).copied().unwrap_or_default();
    let tallies: Vec<Tally> = boxes.iter().map(tally_of).collect();
    let mut all = Tally::default();
    tallies.iter().for_each(|tally| all.add(tally));
    if all.answers() < least {
        return None;
    }
    let counts: Vec<i64> = tallies.iter().map(Tally::answers).collect();
    let of = groups(&counts, least);
    let number = of.iter().max().map_or(0, |most| most + 1);
    let group = |number: usize| {
        let mut tally = Tally::default();
        let mut names = Vec::new();
        for (at, kept) in boxes.iter().enumerate().filter(|(at, _)| of[*at] == number) {
            tally.add(&tallies[at]);
            let here = strata.iter().filter(|stratum| stratum.box_number == kept.box_number);
            names.extend(here.map(|stratum| stratum.estate_name.clone()));
        }
        OfGroup { name: names.join("、"), tally }
    };
    let groups = if number > 1 { (0..number).map(group).collect() } else { Vec::new() };
    let before = past.get(&question.key).copied().filter(|tally| tally.answers() >= least);
    Some(OfQuestion { question: question.clone(), tally: all, groups, before })
}

/// What people wish for, in the order of their characters, of a survey that has ended; nothing of fewer than a handful of answers.
pub(super) async fn wishes(tx: &mut Tx, act: &Act, results: &Results) -> Result<Vec<String>> {
    if results.survey.state != State::Ended || results.answered() < results.least {
        return Ok(Vec::new());
    }
    let mut wishes = Vec::new();
    for kept in tx.all::<Kept>(BOXES.bind(act.tenant).bind(results.survey.id)).await? {
        wishes.extend(store::open(act, kept.open_sealed.as_deref())?);
    }
    wishes.sort();
    Ok(wishes)
}

/// How many months a branch can still be told of a result.
const FRESH: i64 = 6;

/// The surveys of whose results a branch has something to hear, the latest first.
pub async fn to_deliberate(tx: &mut Tx, tenant: Uuid, today: Date) -> Result<Vec<Survey>> {
    Ok(tx.all(ENDED_SINCE.bind(tenant).bind((today - FRESH.months()).to_string())).await?)
}
