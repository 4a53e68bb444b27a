use db::Tx;
use uuid::Uuid;

use super::model::Limits;
use super::store::{ADD_EVENT, ADD_PHOTO, ADVANCE, Hazard, LAST_EVENT, LastEvent};
use super::transition::{State, Step};
use crate::access::Act;
use crate::error::{Error, Result};
use crate::web::show;
use crate::{audit, photo, settings};

/// What is said with a step.
#[derive(Debug, Clone, Copy, Default)]
pub struct Words<'a> {
    pub words: &'a str,
    pub photos: &'a [Uuid],
}

impl<'a> From<&'a str> for Words<'a> {
    fn from(words: &'a str) -> Self {
        Words { words, photos: &[] }
    }
}

/// Whether a step can be taken at the version that somebody saw, before anything that it brings along is looked at.
///
/// Errors: stale if somebody was first; refused if it cannot be taken from here.
pub(super) async fn ready(tx: &mut Tx, act: &Act, hazard: &Hazard, seen: i64, step: Step) -> Result<()> {
    if seen != hazard.lock_version {
        return Err(stale(tx, act, hazard.id).await?);
    }
    check(hazard, step).map(drop)
}

fn check(hazard: &Hazard, step: Step) -> Result<State> {
    let now = hazard.state;
    let sentence = || format!("这处隐患现在是“{now}”，不能做“{step}”。请刷新页面看最新情况。");
    now.after(step).ok_or_else(|| Error::refused(sentence()))
}

/// Takes a hazard one step on: its new state, its deadline, its event and the audit entry in one transaction. What the step brings along
/// (level, owner, dates …) the caller has already set in `hazard`. The audit log names the step alone.
///
/// Errors: stale if the row has changed since `seen`; refused if the state does not allow the step, or nobody takes it.
pub(super) async fn take(
    tx: &mut Tx,
    act: &Act,
    hazard: &mut Hazard,
    seen: i64,
    step: Step,
    words: Words<'_>,
) -> Result<()> {
    if seen != hazard.lock_version {
        return Err(stale(tx, act, hazard.id).await?);
    }
    let state = check(hazard, step)?;
    let limits: Limits = settings::read(tx, act.tenant, act.at).await?;
    let dated = matches!(step, Step::Extended | Step::Replied | Step::Listed | Step::Assigned);
    if state != hazard.state || dated {
        hazard.state = state;
        // What is re-checked late stays late when a sign is hung up meanwhile.
        if step != Step::Listed || state != State::Awaiting {
            hazard.due_at = limits.due(state, hazard.dates(), act.at);
        }
        hazard.remind_at = limits.remind(state, hazard.due_at, act.at);
    }
    let update = ADVANCE.bind(act.tenant).bind(hazard.id).bind(seen).bind(state).bind(step).bind(state.open());
    let update = update.bind(hazard.level).bind(hazard.mode).bind(hazard.turn).bind(hazard.due_at);
    let update = update.bind(hazard.fix_due_at).bind(hazard.reply_due_at).bind(hazard.owner_id);
    let update = update.bind(&hazard.owner_unit).bind(hazard.owner_sealed.as_deref()).bind(&hazard.measures);
    let update = update.bind(&hazard.result).bind(&hazard.conclusion).bind(hazard.fixed_by).bind(hazard.fixed_at);
    let update = update.bind(hazard.rechecked_by).bind(hazard.rechecked_at).bind(hazard.supervision);
    let update = update.bind(hazard.supervised_until).bind(hazard.unlisted_at).bind(hazard.closed_by);
    let update = update.bind(hazard.closed_at).bind(hazard.shared).bind(hazard.remind_at);
    if tx.execute(update).await? == 0 {
        return Err(stale(tx, act, hazard.id).await?);
    }
    hazard.lock_version = seen + 1;
    note(tx, act, hazard, step, words).await
}

/// Writes the event of a step that has just been taken, with its photos, and its audit entry.
pub(super) async fn note(tx: &mut Tx, act: &Act, hazard: &Hazard, step: Step, words: Words<'_>) -> Result<()> {
    let id = act.id();
    let event = ADD_EVENT.bind(act.tenant).bind(id).bind(hazard.id).bind(hazard.lock_version).bind(step);
    let event = event.bind(hazard.turn).bind(act.at).bind(act.account).bind(act.role).bind(words.words);
    tx.execute(event.bind(hazard.due_at)).await?;
    for (position, photo) in words.photos.iter().enumerate() {
        photo::attach(tx, act.tenant, *photo).await?;
        tx.execute(ADD_PHOTO.bind(act.tenant).bind(id).bind(*photo).bind(hazard.id).bind(position as i64)).await?;
    }
    audit::record(tx, act, "step_hazard", ("hazard", hazard.id), step.label(), &[]).await
}

/// The conflict that tells who was first.
async fn stale(tx: &mut Tx, act: &Act, id: Uuid) -> Result<Error> {
    let LastEvent { step, at, role } = tx.one(LAST_EVENT.bind(act.tenant).bind(id)).await?;
    Ok(Error::Stale(format!(
        "{role}已在 {} 做了“{step}”，您打开的是这之前的页面。您刚才的操作没有提交，请返回后刷新，看过最新情况再决定。",
        show::moment(&at)
    )))
}
