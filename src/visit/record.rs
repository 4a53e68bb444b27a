//! A visit that was written down on a phone is entered: all of it or nothing.

use codes::PersonName;
use db::{Json, Tx};
use jiff::civil::Date;
use serde_json::{Value, json};
use uuid::Uuid;

use super::model::{Answer, Outcome, Rules, Standing, State};
use super::slip::{self, Correction, Finding, Problem, Slip};
use super::store::{
    self, ADD_ANSWER, ADD_ISSUE, ADD_VISIT, Campaign, Door, FORGET_ANSWERS, HOLD_DOOR, ISSUES, LIVING, Living,
    SET_DOOR, VisitIssue,
};
use crate::access::{Act, Permission, Viewer};
use crate::error::{Error, Result};
use crate::issue::{self, NewIssue, Place, Reporter, Source};
use crate::means::Means;
use crate::offline::{Recorder, Sent, Taken, Words, hidden};
use crate::place::{self, Use};
use crate::registry::enrol::NewResident;
use crate::registry::finding::{self, Batch, BatchKind, Said};
use crate::registry::{self, Edit};
use crate::{audit, settings};

/// The kind of these records.
pub const KIND: &str = "visit";

pub const RECORDER: Recorder = Recorder {
    record: |tx, author, means, sent| Box::pin(record(tx, author, means, sent)),
    attach: |tx, author, means, taken| Box::pin(attach(tx, author, means, taken)),
    words: |tx, author, _, sent| Box::pin(words(tx, author, sent)),
    held: |_, _, _, _| Box::pin(async { Ok(()) }),
};

/// What the answers and the note of a visit are sealed for.
pub(super) const SEAL: &str = "visit";

fn day(sent: &Sent) -> Date {
    sent.made_at.to_zoned_datetime(calendar::shanghai()).date()
}

/// Enters a visit, of a campaign that may have ended or been withdrawn since: it has been made.
async fn record(tx: &mut Tx, author: &Viewer, means: &Means, sent: &Sent) -> Result<Value> {
    let act = Act::by(author, Permission::VisitRecord, means)
        .map_err(|_| Error::refused("记录人现在没有走访的权限，请社区核对后登记"))?;
    let slip = slip::read(&sent.body, day(sent))?;
    let campaign = store::campaign(tx, act.tenant, slip.campaign).await.map_err(|_| unknown())?;
    let door = store::door(tx, act.tenant, campaign.id, slip.dwelling).await?.ok_or_else(unknown)?;
    if campaign.state == State::Draft {
        return Err(Error::refused("这次走访还没有开始"));
    }
    if !store::walks(tx, act.tenant, campaign.id, author.account).await? {
        let scope = author.scope(Permission::VisitRecord);
        place::building_in_reach(tx, act.tenant, &scope, door.building_id)
            .await
            .map_err(|_| Error::refused("记录人没有参加这次走访，这户也不在他的网格里，请社区核对后登记"))?;
    }
    for answer in &slip.answers {
        let question = campaign.questions.0.iter().find(|question| question.id == answer.question);
        let question = question.ok_or_else(|| Error::refused("有一个回答不知道是答哪一题的"))?;
        question.check(&answer.value).map_err(Error::Refused)?;
    }

    add_visit(tx, &act, sent, &slip).await?;
    let standing = settle_door(tx, &act, sent.id, &campaign, &slip).await?;
    set_use(tx, &act, &door, &slip).await?;
    let gone = find_gone(tx, &act, &batch(sent, &campaign), &door, &slip).await?;
    let clashes = correct(tx, author, means, sent, &campaign, &slip.edits).await?;
    for found in &slip.findings {
        note(tx, author, &act, &batch(sent, &campaign), slip.dwelling, found).await?;
    }
    let mut issues = Vec::new();
    for (position, problem) in slip.problems.iter().enumerate() {
        let filed = file(tx, &act, (slip.dwelling, &door), problem).await?;
        let row = ADD_ISSUE.bind(act.tenant).bind(sent.id).bind(position as i64).bind(campaign.id).bind(filed.id);
        tx.execute(row.bind(Json(&problem.photos))).await?;
        let link = format!("/receipts/{}", filed.receipt_code);
        issues.push(json!({ "problem": position, "number": filed.number, "code": filed.receipt_code, "link": link }));
    }
    audit::record(tx, &act, "create", ("visit", sent.id), "", &[]).await?;
    Ok(json!({
        "door": { "state": standing.state.code(), "words": standing.again.map(|again| again.words()) },
        "issues": issues,
        "clashes": clashes,
        "findings": slip.findings.len() + gone,
        "warnings": slip.unread,
    }))
}

fn unknown() -> Error {
    Error::refused("这户不在这次走访里，可能走访安排后来改过，请社区核对后登记")
}

fn door_words(door: &Door) -> String {
    registry::door_words(&door.estate_name, &door.building_name, &door.unit_key, &door.room)
}

async fn add_visit(tx: &mut Tx, act: &Act, sent: &Sent, slip: &Slip) -> Result<()> {
    let answers = match slip.answers.is_empty() {
        true => None,
        false => Some(act.seal(SEAL, &serde_json::to_string(&slip.answers).map_err(anyhow::Error::from)?)?),
    };
    let lines: Vec<&str> = std::iter::once(&slip.note).chain(&slip.unread).map(String::as_str).collect();
    let note =
        lines.iter().any(|line| !line.is_empty()).then(|| act.seal(SEAL, lines.join("\n").trim())).transpose()?;
    let row = ADD_VISIT.bind(act.tenant).bind(sent.id).bind(slip.campaign).bind(slip.dwelling).bind(act.account);
    let row = row.bind(slip.outcome).bind(slip.again.map(|again| again.day.to_string()));
    let row = row.bind(slip.again.map(|again| again.part)).bind(answers).bind(note);
    tx.execute(row.bind(sent.made_at).bind(act.at)).await?;
    Ok(())
}

/// How the door stands after all visits that have arrived, and what was answered there last.
async fn settle_door(tx: &mut Tx, act: &Act, visit: Uuid, campaign: &Campaign, slip: &Slip) -> Result<Standing> {
    let rules: Rules = settings::read(tx, act.tenant, act.at).await?;
    tx.execute_one(HOLD_DOOR.bind(act.tenant).bind(campaign.id).bind(slip.dwelling)).await?;
    let (knocks, answered) = store::knocks(tx, act.tenant, campaign.id, slip.dwelling).await?;
    let last_day = campaign.until.to_zoned_datetime(calendar::shanghai()).date();
    let standing = Standing::after(&knocks, &rules).until(last_day);
    let door = SET_DOOR.bind(act.tenant).bind(campaign.id).bind(slip.dwelling).bind(standing.state);
    let door = door.bind(standing.attempts).bind(standing.again.map(|again| again.day.to_string()));
    let door = door.bind(standing.again.map(|again| again.part)).bind(standing.last.map(|(outcome, _)| outcome));
    tx.execute_one(door.bind(standing.last.map(|(_, at)| at))).await?;
    if answered == Some(visit) {
        tx.execute(FORGET_ANSWERS.bind(act.tenant).bind(campaign.id).bind(slip.dwelling)).await?;
        let counted = |answer: &&Answer| {
            campaign.questions.0.iter().any(|question| question.id == answer.question && question.is_counted())
        };
        let rows = slip.answers.iter().filter(counted).flat_map(|answer| {
            let row = ADD_ANSWER.bind(act.tenant).bind(campaign.id).bind(slip.dwelling).bind(&answer.question);
            answer.value.values().iter().map(move |value| row.clone().bind(value))
        });
        tx.execute_many(ADD_ANSWER, rows.collect()).await?;
    }
    Ok(standing)
}

/// What the home serves for, where that was seen. A home in which somebody is registered is not called empty by this.
async fn set_use(tx: &mut Tx, act: &Act, door: &Door, slip: &Slip) -> Result<()> {
    let vacant = (slip.outcome == Outcome::Vacant).then_some(Use::Vacant);
    let usage = slip.usage.or(vacant).filter(|usage| *usage != Use::Vacant || door.households == 0);
    if let Some(usage) = usage
        && place::set_use(tx, act, slip.dwelling, usage).await?
    {
        registry::figures::touch(tx, act, door.building_id).await?;
    }
    Ok(())
}

/// Where a home was seen empty, those who are registered there may have moved out: somebody has to look.
async fn find_gone(tx: &mut Tx, act: &Act, batch: &Batch, door: &Door, slip: &Slip) -> Result<usize> {
    let empty = slip.outcome == Outcome::Vacant || slip.usage == Some(Use::Vacant);
    if !empty || door.households == 0 {
        return Ok(0);
    }
    let living: Vec<Living> = tx.all(LIVING.bind(act.tenant).bind(slip.dwelling)).await?;
    for Living { id, lock_version } in &living {
        let words = "走访时是空户".to_owned();
        let said = Said::MovedOut { resident: *id, seen: *lock_version, words };
        finding::note(tx, act, batch, said).await?;
    }
    Ok(living.len())
}

fn batch(sent: &Sent, campaign: &Campaign) -> Batch {
    Batch { kind: BatchKind::Campaign, id: campaign.id, source: sent.id, by: Some(sent.account) }
}

/// Corrections of the register, field by field. What somebody else has changed in the meantime waits for a decision.
async fn correct(
    tx: &mut Tx,
    author: &Viewer,
    means: &Means,
    sent: &Sent,
    campaign: &Campaign,
    edits: &[Correction],
) -> Result<usize> {
    if edits.is_empty() {
        return Ok(0);
    }
    let act = Act::by(author, Permission::ResidentEdit, means)
        .map_err(|_| Error::refused("记录人不能改居民登记，请社区核对后登记"))?;
    let mut clashes = 0;
    for Correction { resident, seen, values } in edits {
        reachable(tx, &act, author, *resident).await?;
        let edit = Edit { seen: *seen, made_at: sent.made_at, values: values.clone() };
        let reason = format!("走访时更正：{}", campaign.title);
        for clash in registry::edit(tx, &act, *resident, &edit, &reason).await? {
            clashes += 1;
            finding::note(tx, &act, &batch(sent, campaign), Said::Clash { resident: *resident, clash }).await?;
        }
    }
    Ok(clashes)
}

/// Who came and who went waits in the re-survey for somebody to accept it. It is said of this door only.
async fn note(tx: &mut Tx, author: &Viewer, act: &Act, batch: &Batch, dwelling: Uuid, found: &Finding) -> Result<()> {
    let new = |values: &registry::Values| {
        NewResident::of(values).map(Box::new).ok_or_else(|| Error::refused("新登记的人要写姓名"))
    };
    if let Finding::MovedOut { resident, .. } | Finding::Died { resident, .. } = found {
        reachable(tx, act, author, *resident).await?;
        let person = registry::person::person(tx, act, *resident).await?;
        household_of(tx, act, dwelling, person.household).await?;
    }
    let said = match found.clone() {
        Finding::MovedOut { resident, seen, words } => Said::MovedOut { resident, seen, words },
        Finding::Died { resident, seen, words } => Said::Died { resident, seen, words },
        Finding::Born { household, values } => {
            household_of(tx, act, dwelling, household).await?;
            Said::Born { household, person: new(&values)? }
        }
        Finding::MovedIn { household, values } => {
            let head = match household {
                Some(household) => household_of(tx, act, dwelling, household).await?,
                None => None,
            };
            Said::MovedIn { dwelling, head, person: new(&values)? }
        }
    };
    finding::note(tx, act, batch, said).await?;
    Ok(())
}

/// The head of a household of this home.
async fn household_of(tx: &mut Tx, act: &Act, dwelling: Uuid, household: Uuid) -> Result<Option<PersonName>> {
    let elsewhere = || Error::refused("写下的人或那一户不在这里，请社区核对后登记");
    let home = registry::enrol::home(tx, act, household).await.map_err(|_| elsewhere())?;
    if home.dwelling_id != dwelling {
        return Err(elsewhere());
    }
    Ok(PersonName::parse(&home.head_name).ok())
}

async fn reachable(tx: &mut Tx, act: &Act, author: &Viewer, resident: Uuid) -> Result<()> {
    let scope = author.scope(Permission::ResidentEdit);
    registry::resident_in_reach(tx, act.tenant, &scope, resident)
        .await
        .map_err(|_| Error::refused("写下的居民不在记录人的网格里，请社区核对后登记"))
}

/// Each problem is an issue, with the stairwell as its place. The phone number of a reporter who lives here is not on the
/// phone in clear, nor need it be typed again: the register knows it.
async fn file(tx: &mut Tx, act: &Act, (dwelling, door): (Uuid, &Door), problem: &Problem) -> Result<issue::Filed> {
    let spot = place::spot_of_unit(tx, act.tenant, door.unit_id).await?;
    let mut reporter = problem.reporter.clone();
    if let Some(Reporter { name, phone }) = reporter.as_mut().filter(|reporter| reporter.phone.is_empty()) {
        *phone = registry::phone_at(tx, act, dwelling, name).await?.unwrap_or_default();
    }
    let new = NewIssue {
        source: Source::Door,
        category: problem.category,
        description: problem.text.clone(),
        place: Place::Spot(spot),
        place_text: problem.place_text.clone(),
        reporter,
        photos: Vec::new(),
    };
    issue::file(tx, act, new).await
}

/// Adds a photo to the issue that it shows. An issue that has ended in the meantime needs none.
async fn attach(tx: &mut Tx, author: &Viewer, means: &Means, taken: Taken) -> Result<()> {
    let act = Act::by(author, Permission::VisitRecord, means)?;
    let issues: Vec<VisitIssue> = tx.all(ISSUES.bind(act.tenant).bind(taken.record)).await?;
    let Some(shown) = issues.into_iter().find(|issue| issue.photos.0.contains(&taken.name)) else {
        return Err(Error::refused("这张照片不属于这次走访的任何一件问题"));
    };
    if !issue::issue(tx, act.tenant, shown.issue_id).await?.state.open() {
        return Ok(());
    }
    issue::supplement(tx, &act, shown.issue_id, "走访时拍的照片", &[taken.photo]).await
}

/// What a record says, for somebody who has to decide about it. Values of people are not repeated; their fields are named.
async fn words(tx: &mut Tx, author: &Viewer, sent: &Sent) -> Result<Words> {
    let slip = match slip::read(&sent.body, day(sent)) {
        Ok(slip) => slip,
        Err(Error::Refused(sentence)) => {
            let text = serde_json::to_string_pretty(&sent.body).unwrap_or_default();
            return Ok(vec![
                pair("读不懂", sentence),
                pair("原始内容", hidden(&text.chars().take(2_000).collect::<String>())),
            ]);
        }
        Err(error) => return Err(error),
    };
    let campaign = match store::campaign(tx, author.tenant, slip.campaign).await {
        Ok(campaign) => Some(campaign),
        Err(Error::NotFound) => None,
        Err(error) => return Err(error),
    };
    let door = store::door(tx, author.tenant, slip.campaign, slip.dwelling).await?;
    let mut words = vec![
        pair("走访", campaign.as_ref().map_or("已找不到".to_owned(), |campaign| campaign.title.clone())),
        pair("住户", door.as_ref().map_or("不在走访名单里".to_owned(), door_words)),
        pair("结果", slip.outcome.to_string()),
    ];
    words.extend(slip.again.map(|again| pair("改约", again.words())));
    for answer in &slip.answers {
        let questions = campaign.iter().flat_map(|campaign| &campaign.questions.0);
        let question = questions.into_iter().find(|question| question.id == answer.question);
        words.extend(question.map(|question| pair(&question.text, question.words(&answer.value))));
    }
    let fields = slip.edits.iter().flat_map(|edit| &edit.values).map(|(particular, _)| particular.label());
    let fields: Vec<&str> = fields.collect();
    if !fields.is_empty() {
        words.push(pair("更正", fields.join("、")));
    }
    if !slip.findings.is_empty() {
        words.push(pair("人口变化", format!("{} 条", slip.findings.len())));
    }
    words.extend(slip.problems.iter().map(|problem| pair(problem.category.label(), problem.text.clone())));
    if !slip.note.is_empty() {
        words.push(pair("备注", slip.note));
    }
    Ok(words)
}

fn pair(name: &str, text: String) -> (String, String) {
    (name.to_owned(), text)
}
