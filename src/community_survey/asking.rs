//! What happens at a door. What was said goes into the box of the estate and is added up there; the door only learns that it has
//! answered. Nothing in the database tells which answer was whose.

use std::collections::BTreeMap;

use db::{Json, Tx};
use uuid::Uuid;

use super::model::{DoorState, LEVELS, Outcome, Rules, deal};
use super::plan::{askers, day_of, rules_of, running};
use super::store::{
    self, ANSWERED, ATTEMPTED, BOX, Door, FILL_BOX, GIVEN_UP, HOLD, HOLD_BOX, Kept, NEXT_RESERVE, STEP_IN, Survey,
};
use crate::access::{Act, Link};
use crate::audit;
use crate::error::{Error, Result};
use crate::keys::Keys;

/// What a home says: a level from 5 to 1 for the keys of questions, and a wish.
#[derive(Debug, Clone, Default)]
pub struct Answers {
    pub levels: BTreeMap<String, i64>,
    pub wish: String,
}

const PURPOSE: &str = "community survey door";

/// By which a home answers itself, once. It follows from the keys, so it can be written again.
pub fn link(tenant: Uuid, door: Uuid, keys: &Keys) -> Link {
    Link::signed(tenant, door, PURPOSE, keys)
}

/// Whether this is the link of a door.
pub fn is_link(link: &Link, keys: &Keys) -> bool {
    link.is_signed(PURPOSE, keys)
}

/// A home answers, whoever writes it down. Whoever was not met or refused before may still.
///
/// Errors: refused if the survey is not open, nothing was answered, or the home has answered; not found of one that is not asked.
pub async fn answer(tx: &mut Tx, act: &Act, door: Uuid, answers: &Answers) -> Result<()> {
    let door = store::door(tx, act.tenant, door).await?;
    if door.state == DoorState::Reserve {
        return Err(Error::NotFound);
    }
    tx.execute(HOLD.bind(act.tenant).bind(door.survey_id)).await?;
    let survey = running(tx, act, door.survey_id).await?;
    let known = |(key, level): (&String, &i64)| {
        survey.questions.0.iter().any(|question| question.key == *key) && LEVELS.iter().any(|(known, _)| known == level)
    };
    if answers.levels.is_empty() || !answers.levels.iter().all(known) {
        return Err(Error::refused("至少答一个问题再交"));
    }
    let today = day_of(act.at).to_string();
    if tx.execute(ANSWERED.bind(act.tenant).bind(door.id).bind(today)).await? == 0 {
        return Err(Error::refused("这一户已经答过了，一户只答一次"));
    }
    add(tx, act, &survey, door.estate_id, answers).await?;
    audit::record(tx, act, "answer_survey", ("community_survey", survey.id), "", &[]).await
}

/// Adds to the box of an estate. The row is written as a whole, whatever was said, and the wishes stand in the order of their
/// characters, so that neither a row nor a place in it tells what came last.
async fn add(tx: &mut Tx, act: &Act, survey: &Survey, estate: Uuid, answers: &Answers) -> Result<()> {
    let strata = store::strata(tx, act.tenant, survey.id).await?;
    let number = strata.iter().find(|stratum| stratum.estate_id == estate).ok_or(Error::NotFound)?.box_number;
    tx.execute_one(HOLD_BOX.bind(act.tenant).bind(survey.id).bind(number)).await?;
    let kept: Kept = tx.one(BOX.bind(act.tenant).bind(survey.id).bind(number)).await?;
    let mut tallies = kept.tallies.0;
    for (key, level) in &answers.levels {
        tallies.entry(key.clone()).or_default().count(*level);
    }
    let mut wishes = store::open(act, kept.open_sealed.as_deref())?;
    if !answers.wish.is_empty() && !survey.open_question.is_empty() {
        wishes.push(answers.wish.clone());
    }
    wishes.sort();
    let row = FILL_BOX.bind(act.tenant).bind(survey.id).bind(number).bind(Json(&tallies));
    tx.execute_one(row.bind(store::seal(act, &wishes)?)).await?;
    Ok(())
}

/// Nobody was there, or they do not want to, or nobody lives there. After so many days on which nobody was there, and at once
/// otherwise, the next home of the reserve of the same estate steps in. Tells how the door stands, and whether another steps in.
///
/// Errors: refused if the survey is not open, or today has been counted already; stale if the door does not wait any more.
pub async fn note(tx: &mut Tx, act: &Act, door: Uuid, outcome: Outcome) -> Result<(DoorState, bool)> {
    let door = store::door(tx, act.tenant, door).await?;
    tx.execute(HOLD.bind(act.tenant).bind(door.survey_id)).await?;
    let survey = running(tx, act, door.survey_id).await?;
    let rules = rules_of(&survey)?;
    let today = day_of(act.at).to_string();
    let stale = || Error::Stale("这一户刚刚有人记过，请看一下名单。".to_owned());
    if door.state != DoorState::Waiting {
        return Err(stale());
    }
    let state = match outcome {
        Outcome::Away if door.attempted_on.as_deref() == Some(today.as_str()) => {
            return Err(Error::refused("今天已经记过一次没人了，一天算一次，请改天再来"));
        }
        Outcome::Away if door.attempts + 1 < rules.attempts => DoorState::Waiting,
        Outcome::Away => DoorState::Unreached,
        Outcome::Refused => DoorState::Refused,
        Outcome::Empty => DoorState::Empty,
    };
    let settled = (state != DoorState::Waiting).then(|| today.clone());
    let done = match outcome {
        Outcome::Away => {
            tx.execute(ATTEMPTED.bind(act.tenant).bind(door.id).bind(state).bind(&today).bind(settled)).await?
        }
        Outcome::Refused | Outcome::Empty => {
            tx.execute(GIVEN_UP.bind(act.tenant).bind(door.id).bind(state).bind(&today)).await?
        }
    };
    if done == 0 {
        return Err(stale());
    }
    let replaced = state != DoorState::Waiting && step_in(tx, act, &door, &rules).await?;
    audit::record(tx, act, "note_survey", ("community_survey", survey.id), outcome.label(), &[]).await?;
    Ok((state, replaced))
}

/// Lets the next home of the reserve step in, if there is one. Whoever asked at the other door asks there too, unless it is their own
/// grid and somebody else can. Tells whether there was one.
async fn step_in(tx: &mut Tx, act: &Act, given_up: &Door, rules: &Rules) -> Result<bool> {
    let next: Option<Door> =
        tx.optional(NEXT_RESERVE.bind(act.tenant).bind(given_up.survey_id).bind(given_up.estate_id)).await?;
    let Some(next) = next else { return Ok(false) };
    let listed = store::askers(tx, act.tenant, given_up.survey_id).await?;
    let mut askers = askers(tx, act).await?;
    for asker in &mut askers {
        let theirs = listed.iter().find(|listed| listed.account_id == Some(asker.account));
        let theirs = theirs.map_or(0, |listed| listed.left_over.unsigned_abs() as usize + 1);
        asker.doors = if given_up.account_id == Some(asker.account) { 0 } else { theirs };
    }
    let dealt = deal(&[(next.building_id, next.grid_id)], &askers, rules.own_grid);
    let account = dealt.into_iter().next().flatten();
    tx.execute_one(STEP_IN.bind(act.tenant).bind(next.id).bind(account)).await?;
    Ok(true)
}
