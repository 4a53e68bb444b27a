//! What a campaign has found out: what was chosen how often, at which doors, and the problems that became issues.

use db::{Cursor, Page, Tx};
use uuid::Uuid;

use super::model::{Answer, Question, QuestionKind};
use super::record::SEAL;
use super::store::{
    self, ANSWERED, AnsweredDoor, Campaign, FOUND_ISSUES, FoundIssue, TALLY, TEXTS, Tally, TextDoor, VISITS,
};
use crate::access::{Act, Scope};
use crate::error::Result;
use crate::issue::{Category, State};
use crate::registry;

/// A question with how often each of its options was chosen.
#[derive(Debug, Clone)]
pub(super) struct Counted {
    pub question: Question,
    /// The value, its label, and how many doors.
    pub options: Vec<(String, String, i64)>,
}

/// The questions of a campaign that can be counted. Of several choices at one door each counts.
pub(super) async fn counted(tx: &mut Tx, tenant: Uuid, campaign: &Campaign) -> Result<Vec<Counted>> {
    let tally: Vec<Tally> = tx.all(TALLY.bind(tenant).bind(campaign.id)).await?;
    let counted = |question: &Question| {
        let said: Vec<&Tally> = tally.iter().filter(|tally| tally.question == question.id).collect();
        let doors = |value: &str| said.iter().find(|tally| tally.value == value).map_or(0, |tally| tally.doors);
        let mut options: Vec<(String, String, i64)> = question
            .options()
            .into_iter()
            .map(|option| (option.value.clone(), option.label, doors(&option.value)))
            .collect();
        if question.kind == QuestionKind::Number {
            // Nobody has listed the numbers beforehand: those that were said, from the smallest on.
            options = said.iter().map(|tally| (tally.value.clone(), tally.value.clone(), tally.doors)).collect();
            options.sort_by(|(one, ..), (other, ..)| number(one).total_cmp(&number(other)));
        }
        Counted { options, question: question.clone() }
    };
    Ok(campaign.questions.0.iter().filter(|question| question.is_counted()).map(counted).collect())
}

fn number(said: &str) -> f64 {
    said.parse().unwrap_or(f64::MAX)
}

/// What was said to a question that asks for a text: the home, and the words.
#[derive(Debug, Clone)]
pub(super) struct Told {
    pub door: TextDoor,
    pub words: String,
}

/// A page of the texts that were said to a question, the latest first. What somebody said earlier at the same door is told
/// too, since it is not certain that it does not hold any more.
pub(super) async fn told(
    tx: &mut Tx,
    (act, scope): (&Act, &Scope),
    campaign: &Campaign,
    question: &str,
    before: Cursor,
    size: usize,
) -> Result<Page<Told>> {
    let query = TEXTS.bind(act.tenant).bind(campaign.id).bind(scope.account).bind(&scope.roles);
    let rows: Vec<TextDoor> = tx.all(query.bind(before.key).bind(before.id).bind(size as i64 + 1)).await?;
    let cursor = |door: &TextDoor| Cursor { key: door.made_at.as_millisecond(), id: door.id };
    let page = Page::of(rows, size, cursor);
    let mut told = Vec::new();
    for door in page.items {
        let answers: Vec<Answer> =
            serde_json::from_str(&act.open(SEAL, &door.answers_sealed)?).map_err(anyhow::Error::from)?;
        let answer = answers.iter().find(|answer| answer.question == question);
        let words = answer.map(|answer| answer.value.values().join("、"));
        told.extend(words.filter(|words| !words.is_empty()).map(|words| Told { door, words }));
    }
    Ok(Page { items: told, next: page.next })
}

impl TextDoor {
    pub fn place(&self) -> String {
        registry::door_words(&self.estate_name, &self.building_name, &self.unit_key, &self.room)
    }
}

/// A page of the homes at which something was chosen, in walking order, a row for each household.
pub(super) async fn answered(
    tx: &mut Tx,
    (tenant, scope): (Uuid, &Scope),
    campaign: Uuid,
    (question, value): (&str, &str),
    after: Cursor,
    size: usize,
) -> Result<Page<AnsweredDoor>> {
    let query = ANSWERED.bind(tenant).bind(campaign).bind(question).bind(value).bind(after.key);
    let query = query.bind(scope.account).bind(&scope.roles).bind(size as i64 + 1).bind(after.id);
    let cursor = |door: &AnsweredDoor| Cursor { key: door.position, id: door.household_id.unwrap_or_else(Uuid::max) };
    Ok(Page::of(tx.all(query).await?, size, cursor))
}

impl AnsweredDoor {
    pub fn words(&self) -> String {
        registry::door_words(&self.estate_name, &self.building_name, &self.unit_key, &self.room)
    }
}

/// The issues that a campaign has brought, the latest first; at most 200.
pub(super) async fn issues(tx: &mut Tx, tenant: Uuid, campaign: Uuid) -> Result<Vec<FoundIssue>> {
    Ok(tx.all(FOUND_ISSUES.bind(tenant).bind(campaign)).await?)
}

impl FoundIssue {
    pub fn state_label(&self) -> &'static str {
        State::parse(&self.state).map_or("", State::label)
    }
}

/// The problems by category, the most frequent first.
pub(super) fn by_category(issues: &[FoundIssue]) -> Vec<(Category, usize)> {
    let mut categories: Vec<(Category, usize)> = Vec::new();
    for issue in issues {
        match categories.iter_mut().find(|(category, _)| *category == issue.category) {
            Some((_, amount)) => *amount += 1,
            None => categories.push((issue.category, 1)),
        }
    }
    categories.sort_by_key(|(category, amount)| (std::cmp::Reverse(*amount), *category));
    categories
}

/// A visit as the page of its door shows it.
#[derive(Debug, Clone)]
pub(super) struct Shown {
    pub title: String,
    pub walker: String,
    pub outcome: &'static str,
    pub made_at: jiff::Timestamp,
    /// Pairs of a question and its answer.
    pub answers: Vec<(String, String)>,
    pub note: String,
}

/// The visits to a door, of whatever campaign, the latest first; at most 50.
pub(super) async fn visits(tx: &mut Tx, act: &Act, dwelling: Uuid) -> Result<Vec<Shown>> {
    let past: Vec<store::PastVisit> = tx.all(VISITS.bind(act.tenant).bind(dwelling)).await?;
    let shown = past.into_iter().map(|visit| {
        let answers = match visit.answers_sealed {
            Some(sealed) => {
                serde_json::from_str::<Vec<Answer>>(&act.open(SEAL, &sealed)?).map_err(anyhow::Error::from)?
            }
            None => Vec::new(),
        };
        let question = |answer: &Answer| visit.questions.0.iter().find(|question| question.id == answer.question);
        let answers = answers.iter().filter_map(|answer| {
            question(answer).map(|question| (question.text.clone(), question.words(&answer.value)))
        });
        Ok(Shown {
            answers: answers.collect(),
            note: visit.note_sealed.map(|sealed| act.open(SEAL, &sealed)).transpose()?.unwrap_or_default(),
            title: visit.title,
            walker: visit.walker,
            outcome: visit.outcome.label(),
            made_at: visit.made_at,
        })
    });
    shown.collect()
}
