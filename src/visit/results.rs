//! What a campaign has found out: what was chosen how often, at which doors, and the problems that became issues.

use db::Tx;
use uuid::Uuid;

use super::model::{Answer, Question};
use super::record::SEAL;
use super::store::{self, ANSWERED, AnsweredDoor, Campaign, FOUND_ISSUES, FoundIssue, TALLY, Tally, VISITS};
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
        let options = question.options();
        let doors = |value: &str| {
            let chosen = tally.iter().find(|tally| tally.question == question.id && tally.value == value);
            chosen.map_or(0, |tally| tally.doors)
        };
        let options = options.into_iter().map(|option| (option.value.clone(), option.label, doors(&option.value)));
        Counted { options: options.collect(), question: question.clone() }
    };
    Ok(campaign.questions.0.iter().filter(|question| question.is_counted()).map(counted).collect())
}

/// A page of the doors at which something was chosen, after a place in the walking order.
pub(super) async fn answered(
    tx: &mut Tx,
    (tenant, scope): (Uuid, &Scope),
    campaign: Uuid,
    (question, value): (&str, &str),
    after: i64,
    size: usize,
) -> Result<(Vec<AnsweredDoor>, Option<i64>)> {
    let query = ANSWERED.bind(tenant).bind(campaign).bind(question).bind(value).bind(after);
    let query = query.bind(scope.account).bind(&scope.roles).bind(size as i64 + 1);
    let mut doors: Vec<AnsweredDoor> = tx.all(query).await?;
    let more = doors.len() > size;
    doors.truncate(size);
    let next = doors.last().map(|door| door.position).filter(|_| more);
    Ok((doors, next))
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
