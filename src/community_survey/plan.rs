//! A survey is planned, drawn when it opens, and comes to an end.

use std::collections::{BTreeMap, BTreeSet};

use db::{Json, Tx};
use jiff::civil::Date;
use uuid::Uuid;

use super::model::{
    Asker, Asking, DoorState, Least, OPEN_QUESTION, Question, Rules, State, Tallies, USUAL, allocate, deal, drawn,
    frame, groups, hex, sample_size,
};
use super::store::{
    self, ADD, ADD_BOX, ADD_DOOR, ADD_STRATUM, DEAL_BUILDING, DRAW, Home, OVERDUE, REWRITE, Survey, TURN, Unsettled,
    WAITING,
};
use crate::access::{self, Act, Permission, Reach};
use crate::error::{Error, Result};
use crate::{audit, settings};

/// A survey that is to be made.
#[derive(Debug, Clone)]
pub struct Plan {
    pub title: String,
    pub from: Date,
    pub until: Date,
    /// Their words.
    pub questions: Vec<String>,
    /// Empty: none.
    pub open_question: String,
}

/// How many of each estate would be asked today.
#[derive(Debug, Clone)]
pub struct Share {
    pub estate: Uuid,
    pub name: String,
    pub homes: i64,
    pub wanted: i64,
    pub reserve: i64,
}

pub(super) fn day_of(at: jiff::Timestamp) -> Date {
    at.to_zoned_datetime(calendar::shanghai()).date()
}

/// The words of the questions with which a new survey begins.
pub async fn usual(tx: &mut Tx, act: &Act) -> Result<(Vec<String>, String)> {
    let asking: Asking = settings::read(tx, act.tenant, act.at).await?;
    let asked = |key: &str| asking.usual.get(key).is_none_or(|asked| asked == "asked");
    let questions = USUAL.iter().filter(|(key, _)| asked(key)).map(|(_, text)| (*text).to_owned()).collect();
    Ok((questions, OPEN_QUESTION.to_owned()))
}

async fn checked(tx: &mut Tx, act: &Act, plan: &Plan) -> Result<Vec<Question>> {
    let asking: Asking = settings::read(tx, act.tenant, act.at).await?;
    if plan.until < plan.from || plan.until < day_of(act.at) {
        return Err(Error::refused("截止的日子要在开始之后，也不能已经过了"));
    }
    if plan.questions.is_empty() {
        return Err(Error::refused("至少要问一个问题"));
    }
    if plan.questions.len() as i64 > asking.most_questions {
        return Err(Error::refused(format!("最多问 {} 个问题：在门口问不了太多", asking.most_questions)));
    }
    let questions: Vec<Question> = plan.questions.iter().map(|text| Question::of(text)).collect();
    let keys: BTreeSet<&str> = questions.iter().map(|question| question.key.as_str()).collect();
    if keys.len() < questions.len() {
        return Err(Error::refused("有两个问题是一样的"));
    }
    Ok(questions)
}

/// Plans a survey. It is a draft until it opens.
///
/// Errors: refused if it is over before it began, or asks nothing, too much, or something twice.
pub async fn create(tx: &mut Tx, act: &Act, plan: &Plan) -> Result<Uuid> {
    let questions = checked(tx, act, plan).await?;
    let id = act.id();
    let row = ADD.bind(act.tenant).bind(id).bind(&plan.title).bind(plan.from.to_string()).bind(plan.until.to_string());
    let row = row.bind(Json(&questions)).bind(&plan.open_question).bind(act.account).bind(act.at);
    tx.execute(row).await?;
    audit::record(tx, act, "create", ("community_survey", id), "", &[]).await?;
    Ok(id)
}

/// Writes a draft anew.
///
/// Errors: as [`create`]; stale if somebody else has changed or opened it.
pub async fn rewrite(tx: &mut Tx, act: &Act, id: Uuid, seen: i64, plan: &Plan) -> Result<()> {
    let questions = checked(tx, act, plan).await?;
    let row = REWRITE.bind(act.tenant).bind(id).bind(seen).bind(&plan.title).bind(plan.from.to_string());
    let row = row.bind(plan.until.to_string()).bind(Json(&questions)).bind(&plan.open_question);
    if tx.execute(row).await? == 0 {
        return Err(stale());
    }
    audit::record(tx, act, "update", ("community_survey", id), "", &[]).await
}

fn stale() -> Error {
    Error::Stale("这次调查刚刚有人改过，请看一下再做。".to_owned())
}

/// How many of each estate would be asked if the draw were made now.
pub async fn shares(tx: &mut Tx, act: &Act) -> Result<(Rules, Vec<Share>)> {
    let rules: Rules = settings::read(tx, act.tenant, act.at).await?;
    let estates = store::homes(tx, act.tenant).await?;
    let homes: Vec<i64> = estates.iter().map(|(.., homes)| *homes).collect();
    let asked = allocate(sample_size(homes.iter().sum(), &rules), &homes);
    let share = |((estate, name, homes), wanted): ((Uuid, String, i64), i64)| {
        let reserve = (wanted * rules.reserve_percent.max(0) + 99) / 100;
        Share { estate, name, homes, wanted, reserve: reserve.min(homes - wanted) }
    };
    let shares = estates.into_iter().zip(asked).filter(|((.., homes), _)| *homes > 0);
    Ok((rules, shares.map(share).collect()))
}

/// Opens a draft: draws the homes, deals them out, and freezes both.
///
/// Errors: refused where nobody lives or nobody asks; stale if it is not the draft that was seen.
pub async fn open(tx: &mut Tx, act: &Act, id: Uuid, seen: i64) -> Result<()> {
    let survey = store::survey(tx, act.tenant, id).await?;
    let (rules, shares) = shares(tx, act).await?;
    if shares.is_empty() {
        return Err(Error::refused("登记里还没有住人的房子，抽不出样本。请先导入居民信息登记表"));
    }
    if survey.until().is_some_and(|until| until < day_of(act.at)) {
        return Err(Error::refused("截止的日子已经过了，请先改日子"));
    }
    let askers = askers(tx, act).await?;
    if askers.is_empty() {
        return Err(Error::refused("还没有网格员的账号，没有人能上门问"));
    }
    let least: Least = settings::read(tx, act.tenant, act.at).await?;
    let homes = store::lived_in(tx, act.tenant).await?;
    let seed: [u8; 32] = act.means.chance.bytes();
    let every: Vec<Uuid> = homes.iter().map(|home| home.dwelling_id).collect();
    let row = DRAW.bind(act.tenant).bind(id).bind(seen).bind(Json(rules)).bind(homes.len() as i64);
    if tx.execute(row.bind(hex(&seed)).bind(frame(&every)).bind(act.at)).await? == 0 {
        return Err(stale());
    }
    // What somebody in a small estate says must not be told apart, so such estates share a box.
    let wanted: Vec<i64> = shares.iter().map(|share| share.wanted).collect();
    let boxes = groups(&wanted, least.least_cases.max(1));
    let nothing: Tallies =
        survey.questions.0.iter().map(|question| (question.key.clone(), Default::default())).collect();
    let numbers: BTreeSet<usize> = boxes.iter().copied().collect();
    let row = |number: &usize| ADD_BOX.bind(act.tenant).bind(id).bind(*number as i64).bind(Json(&nothing));
    tx.execute_many(ADD_BOX, numbers.iter().map(row).collect()).await?;
    let row = |(at, share): (usize, &Share)| {
        let row = ADD_STRATUM.bind(act.tenant).bind(id).bind(share.estate).bind(at as i64).bind(share.homes);
        row.bind(share.wanted).bind(share.reserve).bind(boxes[at] as i64)
    };
    tx.execute_many(ADD_STRATUM, shares.iter().enumerate().map(row).collect()).await?;
    draw(tx, act, id, &rules, (&shares, &homes, &seed), &askers).await?;
    let words = format!("{} 户里抽 {} 户", homes.len(), wanted.iter().sum::<i64>());
    audit::record(tx, act, "open", ("community_survey", id), &words, &[]).await
}

/// Draws the homes of each estate and writes them down in walking order, so that nothing but `place` tells how they were drawn.
async fn draw(
    tx: &mut Tx,
    act: &Act,
    id: Uuid,
    rules: &Rules,
    (shares, homes, seed): (&[Share], &[Home], &[u8]),
    askers: &[Asker],
) -> Result<()> {
    let mut chosen: BTreeMap<usize, (usize, DoorState)> = BTreeMap::new();
    for share in shares {
        let of_estate: Vec<usize> = (0..homes.len()).filter(|at| homes[*at].estate_id == share.estate).collect();
        let ids: Vec<Uuid> = of_estate.iter().map(|at| homes[*at].dwelling_id).collect();
        let (wanted, reserve) = (share.wanted.max(0) as usize, share.reserve.max(0) as usize);
        for (place, at) in drawn(seed, &ids).into_iter().take(wanted + reserve).enumerate() {
            let state = if place < wanted { DoorState::Waiting } else { DoorState::Reserve };
            chosen.insert(of_estate[at], (place, state));
        }
    }
    let waiting = chosen.iter().filter(|(_, (_, state))| *state == DoorState::Waiting);
    let waiting: Vec<usize> = waiting.map(|(at, _)| *at).collect();
    let places: Vec<(Uuid, Option<Uuid>)> =
        waiting.iter().map(|at| (homes[*at].building_id, homes[*at].grid_id)).collect();
    let dealt: BTreeMap<usize, Option<Uuid>> = waiting.into_iter().zip(deal(&places, askers, rules.own_grid)).collect();
    let row = |(at, (place, state)): (&usize, &(usize, DoorState))| {
        let home = &homes[*at];
        let row = ADD_DOOR.bind(act.tenant).bind(act.id()).bind(id).bind(home.dwelling_id).bind(home.estate_id);
        row.bind(*place as i64).bind(*at as i64).bind(*state).bind(dealt.get(at).copied().flatten()).bind(0)
    };
    tx.execute_many(ADD_DOOR, chosen.iter().map(row).collect()).await?;
    Ok(())
}

/// Who asks, with the grids that are theirs.
pub(super) async fn askers(tx: &mut Tx, act: &Act) -> Result<Vec<Asker>> {
    let holders = access::holders(tx, act.tenant, Permission::CommunitySurveyAsk).await?;
    let asker = |holder: access::Holder| {
        let grids = holder.grants.iter().filter(|grant| grant.reach == Reach::Grid);
        Asker { account: holder.account, grids: grids.filter_map(|grant| grant.reach_id).collect(), doors: 0 }
    };
    Ok(holders.into_iter().map(asker).collect())
}

/// Deals the doors that still wait out anew, among those who ask now.
pub async fn deal_again(tx: &mut Tx, act: &Act, id: Uuid) -> Result<()> {
    let survey = running(tx, act, id).await?;
    let rules = rules_of(&survey)?;
    let doors: Vec<Unsettled> = tx.all(WAITING.bind(act.tenant).bind(id)).await?;
    let places: Vec<(Uuid, Option<Uuid>)> = doors.iter().map(|door| (door.building_id, door.grid_id)).collect();
    let askers = askers(tx, act).await?;
    let dealt: BTreeMap<Uuid, Option<Uuid>> =
        places.iter().map(|(building, _)| *building).zip(deal(&places, &askers, rules.own_grid)).collect();
    for (building, account) in dealt {
        tx.execute(DEAL_BUILDING.bind(act.tenant).bind(id).bind(building).bind(account)).await?;
    }
    let words = format!("{} 户分给 {} 人", doors.len(), askers.len());
    audit::record(tx, act, "deal", ("community_survey", id), &words, &[]).await
}

/// A survey that is open.
///
/// Errors: refused if it is not.
pub(super) async fn running(tx: &mut Tx, act: &Act, id: Uuid) -> Result<Survey> {
    let survey = store::survey(tx, act.tenant, id).await?;
    match survey.state {
        State::Open => Ok(survey),
        State::Draft => Err(Error::refused("这次调查还没有开始")),
        State::Ended | State::Withdrawn => Err(Error::refused(format!("这次调查{}，不能再记了", survey.state))),
    }
}

/// The rules by which a survey was drawn.
pub(super) fn rules_of(survey: &Survey) -> Result<Rules> {
    survey.rules.map(|rules| rules.0).ok_or_else(|| Error::Internal(anyhow::anyhow!("a survey without a draw")))
}

/// Another last day for a survey that is open.
///
/// Errors: refused if that is over.
pub async fn extend(tx: &mut Tx, act: &Act, id: Uuid, seen: i64, until: Date) -> Result<()> {
    let survey = running(tx, act, id).await?;
    if until < day_of(act.at) {
        return Err(Error::refused("新的截止日已经过了，请选今天或以后的日子"));
    }
    turn(tx, act, (&survey, seen), State::Open, until, "extend").await
}

/// Ends a survey that is open. From then on its results can be read, and nothing is added to them.
pub async fn end(tx: &mut Tx, act: &Act, id: Uuid, seen: i64) -> Result<()> {
    let survey = running(tx, act, id).await?;
    let until = survey.until().unwrap_or_else(|| day_of(act.at)).min(day_of(act.at));
    turn(tx, act, (&survey, seen), State::Ended, until, "end").await
}

/// Takes back a draft.
///
/// Errors: stale if it is none any more: what people have said is not thrown away.
pub async fn withdraw(tx: &mut Tx, act: &Act, id: Uuid, seen: i64) -> Result<()> {
    let survey = store::survey(tx, act.tenant, id).await?;
    let Some(until) = survey.until().filter(|_| survey.state == State::Draft) else { return Err(stale()) };
    turn(tx, act, (&survey, seen), State::Withdrawn, until, "withdraw").await
}

/// Ends the surveys whose last day is over.
pub async fn end_overdue(tx: &mut Tx, act: &Act) -> Result<()> {
    let over: Vec<Survey> = tx.all(OVERDUE.bind(act.tenant).bind(day_of(act.at).to_string())).await?;
    for survey in over {
        let until = survey.until().unwrap_or_else(|| day_of(act.at));
        turn(tx, act, (&survey, survey.lock_version), State::Ended, until, "end").await?;
    }
    Ok(())
}

async fn turn(
    tx: &mut Tx,
    act: &Act,
    (survey, seen): (&Survey, i64),
    to: State,
    until: Date,
    action: &str,
) -> Result<()> {
    let ended = matches!(to, State::Ended | State::Withdrawn).then_some(act.at);
    let row = TURN.bind(act.tenant).bind(survey.id).bind(seen).bind(to).bind(until.to_string()).bind(ended);
    if tx.execute(row).await? == 0 {
        return Err(stale());
    }
    audit::record(tx, act, action, ("community_survey", survey.id), "", &[]).await
}
