//! A hazard is registered, graded, given to whoever has to fix it or to another body, fixed, looked at again by somebody else, and struck off.

use db::Tx;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::School;
use super::model::{Answer, Contact, Kind, Level, Limits, Mode, Supervision};
use super::step::{self, Words, ready, take};
use super::store::{self, ADD, ANSWERED, HEARD, Hazard, TRANSFER};
use super::transition::{State, Step};
use crate::access::Act;
use crate::error::{Error, Result};
use crate::{counter, settings};

#[derive(Debug, Clone)]
pub struct NewHazard {
    pub school: School,
    pub gate: Option<Uuid>,
    /// Metres from the gate.
    pub distance: i64,
    pub place: String,
    pub kind: Kind,
    pub description: String,
    /// Where a round found it, and on the list of places.
    pub inspection: Option<Uuid>,
    pub listed_place: Option<Uuid>,
    /// What it was noted as elsewhere, by its id there; one becomes one hazard.
    pub origin: Option<Uuid>,
    pub photos: Vec<Uuid>,
}

/// Who has to fix it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owner {
    /// Somebody of the bureau, by their account.
    Own(Uuid),
    Outside(Contact),
}

fn days(at: Timestamp, days: i64) -> Timestamp {
    at + SignedDuration::from_hours(24 * days)
}

/// The last second of the day of a moment.
fn end_of_day(at: Timestamp) -> Result<Timestamp> {
    let day = at.to_zoned_datetime(calendar::shanghai()).date();
    let end = day.at(23, 59, 59, 0).to_zoned_datetime(calendar::shanghai());
    Ok(end.map_err(anyhow::Error::from)?.timestamp())
}

/// A day within which something is to be done: not over, and not further than so many days.
fn within(act: &Act, until: Timestamp, most: i64) -> Result<Timestamp> {
    if until <= act.at {
        return Err(Error::refused("时限要在今天以后"));
    }
    if until > end_of_day(days(act.at, most))? {
        return Err(Error::refused(format!("时限最长 {most} 天，请选近一些的日子；确实要更长的，由上级改参数")));
    }
    Ok(until)
}

/// Registers a hazard. Its number counts up within the year: `YH-2026-0007`.
///
/// Errors: stale if what it was noted as has become one already.
pub async fn register(tx: &mut Tx, act: &Act, new: NewHazard) -> Result<Uuid> {
    let limits: Limits = settings::read(tx, act.tenant, act.at).await?;
    let year = act.at.to_zoned_datetime(calendar::shanghai()).year();
    let number = counter::next(tx, act.tenant, &format!("hazard {year}")).await?;
    let due = limits.due(State::Registered, super::model::Dates::default(), act.at);
    let id = act.id();
    let row = ADD.bind(act.tenant).bind(id).bind(format!("YH-{year}-{number:04}")).bind(new.school.organisation_id);
    let row = row.bind(new.school.id).bind(new.gate).bind(new.distance).bind(&new.place).bind(new.kind);
    let row = row.bind(&new.description).bind(new.inspection).bind(new.listed_place).bind(act.at).bind(act.account);
    let row = row.bind(due).bind(limits.remind(State::Registered, due, act.at)).bind(new.origin);
    match tx.execute(row).await {
        Err(db::Error::Duplicate(_)) => {
            let sentence = "这条情况刚刚有人登记成隐患了，您写的没有存。请在台账里看，有补充的写到那一处。";
            return Err(Error::Stale(sentence.to_owned()));
        }
        other => other?,
    };
    let hazard = store::hazard(tx, act.tenant, id).await?;
    let words = Words { words: &new.description, photos: &new.photos };
    step::note(tx, act, &hazard, Step::Registered, words).await?;
    Ok(id)
}

pub async fn supplement(tx: &mut Tx, act: &Act, hazard: &mut Hazard, seen: i64, words: Words<'_>) -> Result<()> {
    take(tx, act, hazard, seen, Step::Supplemented, words).await
}

pub async fn grade(
    tx: &mut Tx,
    act: &Act,
    hazard: &mut Hazard,
    seen: i64,
    (level, mode): (Level, Mode),
    words: &str,
) -> Result<()> {
    ready(tx, act, hazard, seen, Step::Graded).await?;
    (hazard.level, hazard.mode) = (Some(level), Some(mode));
    let said = format!("{level}隐患，{mode}。{words}");
    take(tx, act, hazard, seen, Step::Graded, said.as_str().into()).await
}

/// Errors: refused where a sign hangs and it would be minor.
pub async fn regrade(
    tx: &mut Tx,
    act: &Act,
    hazard: &mut Hazard,
    seen: i64,
    (level, mode): (Level, Mode),
    words: &str,
) -> Result<()> {
    ready(tx, act, hazard, seen, Step::Regraded).await?;
    if level == Level::General && hazard.supervision.is_some() {
        return Err(Error::refused("挂牌督办的是重大隐患，不能改成一般"));
    }
    (hazard.level, hazard.mode) = (Some(level), Some(mode));
    let said = format!("改为{level}隐患，{mode}。{words}");
    take(tx, act, hazard, seen, Step::Regraded, said.as_str().into()).await
}

/// It is none, or is in the ledger already.
pub async fn dismiss(tx: &mut Tx, act: &Act, hazard: &mut Hazard, seen: i64, words: &str) -> Result<()> {
    if hazard.listed() {
        return Err(Error::refused("挂着督办牌的隐患要整改、复查，不能不作为隐患"));
    }
    take(tx, act, hazard, seen, Step::Dismissed, words.into()).await
}

/// Gives it to whoever has to fix it. What is to be fixed at once has the hours of the setting; otherwise a day has to be said.
pub async fn assign(
    tx: &mut Tx,
    act: &Act,
    hazard: &mut Hazard,
    seen: i64,
    (owner, unit): (Owner, &str),
    until: Option<Timestamp>,
    measures: &str,
) -> Result<()> {
    ready(tx, act, hazard, seen, Step::Assigned).await?;
    let limits: Limits = settings::read(tx, act.tenant, act.at).await?;
    let level = hazard.level.unwrap_or(Level::General);
    hazard.fix_due_at = Some(match (hazard.mode, until) {
        (Some(Mode::Immediate), _) => act.at + SignedDuration::from_hours(limits.immediate_hours),
        (_, Some(until)) => within(act, until, limits.longest_days(level))?,
        (_, None) => return Err(Error::refused("限期整改的，要定哪天前整改完")),
    });
    let who = match &owner {
        Owner::Own(account) => {
            (hazard.owner_id, hazard.owner_sealed) = (Some(*account), None);
            String::new()
        }
        Owner::Outside(contact) => {
            (hazard.owner_id, hazard.owner_sealed) = (None, Some(store::seal(act, contact)?));
            contact.masked()
        }
    };
    unit.clone_into(&mut hazard.owner_unit);
    measures.clone_into(&mut hazard.measures);
    let said = format!("{unit}{who}：{measures}");
    take(tx, act, hazard, seen, Step::Assigned, said.as_str().into()).await
}

pub async fn begin(tx: &mut Tx, act: &Act, hazard: &mut Hazard, seen: i64, words: &str) -> Result<()> {
    take(tx, act, hazard, seen, Step::Began, words.into()).await
}

pub async fn progress(tx: &mut Tx, act: &Act, hazard: &mut Hazard, seen: i64, words: Words<'_>) -> Result<()> {
    take(tx, act, hazard, seen, Step::Progressed, words).await
}

/// More time, which nobody gives themselves.
pub async fn extend(
    tx: &mut Tx,
    act: &Act,
    hazard: &mut Hazard,
    seen: i64,
    until: Timestamp,
    words: &str,
) -> Result<()> {
    ready(tx, act, hazard, seen, Step::Extended).await?;
    if act.account.is_none() || hazard.owner_id == act.account {
        return Err(Error::refused("延长时限要由责任人以外的人批"));
    }
    let limits: Limits = settings::read(tx, act.tenant, act.at).await?;
    let until = within(act, until, limits.longest_days(hazard.level.unwrap_or(Level::General)))?;
    if hazard.fix_due_at.is_some_and(|due| until <= due) {
        return Err(Error::refused("新的时限要比原来的晚"));
    }
    if hazard.dates().supervised.is_some_and(|last| until > last) {
        return Err(Error::refused("不能超过挂牌督办的时限，要先由督办单位重新定"));
    }
    hazard.fix_due_at = Some(until);
    take(tx, act, hazard, seen, Step::Extended, words.into()).await
}

/// Sends it to a body that it belongs to, which answers by a day. Gives the id of the transfer, of which there is a letter.
pub async fn transfer(
    tx: &mut Tx,
    act: &Act,
    hazard: &mut Hazard,
    seen: i64,
    (body, until): (&str, Timestamp),
    words: &str,
) -> Result<Uuid> {
    ready(tx, act, hazard, seen, Step::Transferred).await?;
    let limits: Limits = settings::read(tx, act.tenant, act.at).await?;
    let until = within(act, until, limits.longest_days(hazard.level.unwrap_or(Level::General)))?;
    hazard.reply_due_at = Some(until);
    let said = format!("移送{body}：{words}");
    take(tx, act, hazard, seen, Step::Transferred, said.as_str().into()).await?;
    let year = act.at.to_zoned_datetime(calendar::shanghai()).year();
    let number = counter::next(tx, act.tenant, &format!("hazard transfer {year}")).await?;
    let (id, number) = (act.id(), format!("隐患移送〔{year}〕{number}号"));
    let row = TRANSFER.bind(act.tenant).bind(id).bind(hazard.id).bind(body).bind(number).bind(words).bind(act.at);
    tx.execute(row.bind(act.account).bind(until)).await?;
    Ok(id)
}

pub async fn urge(tx: &mut Tx, act: &Act, hazard: &mut Hazard, seen: i64, words: &str) -> Result<()> {
    take(tx, act, hazard, seen, Step::Urged, words.into()).await
}

/// The other body says that it is at work, until when.
pub async fn heard(
    tx: &mut Tx,
    act: &Act,
    hazard: &mut Hazard,
    seen: i64,
    until: Timestamp,
    words: &str,
) -> Result<()> {
    ready(tx, act, hazard, seen, Step::Replied).await?;
    let limits: Limits = settings::read(tx, act.tenant, act.at).await?;
    let until = within(act, until, limits.longest_days(hazard.level.unwrap_or(Level::General)))?;
    hazard.reply_due_at = Some(until);
    take(tx, act, hazard, seen, Step::Replied, words.into()).await?;
    Ok(tx.execute_one(HEARD.bind(act.tenant).bind(hazard.id).bind(words).bind(until)).await?)
}

async fn answered(tx: &mut Tx, act: &Act, hazard: &Hazard, answer: Answer, words: &str) -> Result<()> {
    let row = ANSWERED.bind(act.tenant).bind(hazard.id).bind(words).bind(answer).bind(act.at);
    Ok(tx.execute_one(row).await?)
}

/// The other body says that it is not theirs.
pub async fn give_back(tx: &mut Tx, act: &Act, hazard: &mut Hazard, seen: i64, words: &str) -> Result<()> {
    ready(tx, act, hazard, seen, Step::Returned).await?;
    hazard.reply_due_at = None;
    take(tx, act, hazard, seen, Step::Returned, words.into()).await?;
    answered(tx, act, hazard, Answer::Returned, words).await
}

/// A sign is hung up, or a higher one in its place.
pub async fn list(
    tx: &mut Tx,
    act: &Act,
    hazard: &mut Hazard,
    seen: i64,
    (supervision, until): (Supervision, Timestamp),
    words: &str,
) -> Result<()> {
    ready(tx, act, hazard, seen, Step::Listed).await?;
    if hazard.level != Some(Level::Major) {
        return Err(Error::refused("只有重大隐患才挂牌督办。要挂牌的，先改等级"));
    }
    if hazard.supervision.is_some_and(|known| supervision < known) {
        return Err(Error::refused("已经由更高一级挂牌了"));
    }
    let limits: Limits = settings::read(tx, act.tenant, act.at).await?;
    hazard.supervised_until = Some(within(act, until, limits.supervise_days)?);
    (hazard.supervision, hazard.unlisted_at) = (Some(supervision), None);
    let said = format!("{supervision}。{words}");
    take(tx, act, hazard, seen, Step::Listed, said.as_str().into()).await
}

pub async fn unlist(tx: &mut Tx, act: &Act, hazard: &mut Hazard, seen: i64, words: &str) -> Result<()> {
    ready(tx, act, hazard, seen, Step::Unlisted).await?;
    if !hazard.listed() {
        return Err(Error::refused("这处隐患没有挂牌"));
    }
    hazard.unlisted_at = Some(act.at);
    take(tx, act, hazard, seen, Step::Unlisted, words.into()).await
}

/// It is fixed, as a photo shows; of what was transferred the other body says so.
///
/// Errors: refused without a photo.
pub async fn fix(tx: &mut Tx, act: &Act, hazard: &mut Hazard, seen: i64, words: Words<'_>) -> Result<()> {
    ready(tx, act, hazard, seen, Step::Fixed).await?;
    if words.photos.is_empty() {
        return Err(Error::refused("要附整改以后的照片，才能申请复查"));
    }
    if act.account.is_none() {
        return Err(Error::refused("要由有账号的人申请复查"));
    }
    let transferred = hazard.state == State::Transferred;
    (hazard.fixed_by, hazard.fixed_at) = (act.account, Some(act.at));
    words.words.clone_into(&mut hazard.result);
    take(tx, act, hazard, seen, Step::Fixed, words).await?;
    if transferred {
        answered(tx, act, hazard, Answer::Fixed, words.words).await?;
    }
    Ok(())
}

/// Errors: refused to whoever fixed it, had to, or had a hand in it.
async fn refuse_fixers(tx: &mut Tx, act: &Act, hazard: &Hazard, what: &str) -> Result<Uuid> {
    let fixers = store::fixers(tx, act.tenant, hazard).await?;
    match act.account {
        Some(account) if !fixers.contains(&account) => Ok(account),
        _ => Err(Error::refused(format!("{what}要由没有参与整改的人来做"))),
    }
}

/// Somebody else has looked and it is not good: on until another day.
pub async fn fail(
    tx: &mut Tx,
    act: &Act,
    hazard: &mut Hazard,
    seen: i64,
    until: Timestamp,
    words: Words<'_>,
) -> Result<()> {
    ready(tx, act, hazard, seen, Step::Failed).await?;
    refuse_fixers(tx, act, hazard, "复查").await?;
    let limits: Limits = settings::read(tx, act.tenant, act.at).await?;
    hazard.fix_due_at = Some(within(act, until, limits.longest_days(hazard.level.unwrap_or(Level::General)))?);
    (hazard.fixed_by, hazard.fixed_at) = (None, None);
    take(tx, act, hazard, seen, Step::Failed, words).await
}

pub async fn pass(tx: &mut Tx, act: &Act, hazard: &mut Hazard, seen: i64, words: Words<'_>) -> Result<()> {
    ready(tx, act, hazard, seen, Step::Passed).await?;
    (hazard.rechecked_by, hazard.rechecked_at) = (Some(refuse_fixers(tx, act, hazard, "复查").await?), Some(act.at));
    words.words.clone_into(&mut hazard.conclusion);
    take(tx, act, hazard, seen, Step::Passed, words).await
}

/// Errors: refused to whoever fixed it, and as long as a sign hangs.
pub async fn close(tx: &mut Tx, act: &Act, hazard: &mut Hazard, seen: i64, words: &str) -> Result<()> {
    ready(tx, act, hazard, seen, Step::Closed).await?;
    if hazard.listed() {
        return Err(Error::refused("还挂着督办牌，先摘牌再销号"));
    }
    (hazard.closed_by, hazard.closed_at) = (Some(refuse_fixers(tx, act, hazard, "销号").await?), Some(act.at));
    take(tx, act, hazard, seen, Step::Closed, words.into()).await
}

/// It is back. What was done about it stays in its history.
pub async fn reopen(tx: &mut Tx, act: &Act, hazard: &mut Hazard, seen: i64, words: &str) -> Result<()> {
    ready(tx, act, hazard, seen, Step::Reopened).await?;
    hazard.turn += 1;
    (hazard.fixed_by, hazard.fixed_at, hazard.rechecked_by, hazard.rechecked_at) = (None, None, None, None);
    (hazard.closed_by, hazard.closed_at, hazard.fix_due_at, hazard.reply_due_at) = (None, None, None, None);
    if hazard.unlisted_at.is_some() {
        (hazard.supervision, hazard.supervised_until, hazard.unlisted_at) = (None, None, None);
    }
    take(tx, act, hazard, seen, Step::Reopened, words.into()).await
}

/// Whether the school sees that it is there and how it stands.
pub async fn share(tx: &mut Tx, act: &Act, hazard: &mut Hazard, seen: i64, shared: bool) -> Result<()> {
    let step = if shared { Step::Shared } else { Step::Unshared };
    ready(tx, act, hazard, seen, step).await?;
    if hazard.shared == shared {
        return Err(Error::refused(if shared { "学校已经看得到了" } else { "学校本来就看不到" }));
    }
    hazard.shared = shared;
    take(tx, act, hazard, seen, step, "".into()).await
}
