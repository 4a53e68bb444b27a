use db::Tx;
use jiff::Timestamp;
use jiff::civil::Date;
use uuid::Uuid;

use super::model::Words;
use super::store::{self, ADD_EVENT, ADVANCE, LAST_EVENT, LastEvent, Mediation};
use super::transition::{State, Step};
use crate::access::{Act, Role};
use crate::error::{Error, Result};
use crate::web::show;
use crate::{audit, issue, settings};

pub(super) fn day_of(at: Timestamp) -> Date {
    at.to_zoned_datetime(calendar::shanghai()).date()
}

/// As people read it, and as it stands on papers.
pub(super) fn in_words(day: Date) -> String {
    show::kept_day(&day.to_string())
}

/// Takes a mediation one step on: its new state, its event and the audit entry in one transaction. What the step brings along (days,
/// why it ends …) the caller has already set in `mediation`. `words` are for the file; the audit log names the step alone.
///
/// Errors: stale if the row has changed since `seen`; refused if the state does not allow the step.
pub(super) async fn take(
    tx: &mut Tx,
    act: &Act,
    mediation: &mut Mediation,
    seen: i64,
    step: Step,
    words: &str,
) -> Result<()> {
    if seen != mediation.lock_version {
        return Err(stale(tx, act, mediation.id).await?);
    }
    let state = check(mediation, step)?;
    let moved = state != mediation.state;
    mediation.state = state;
    let follows_days = matches!(state, State::Mediating | State::Paused | State::Performing | State::Defaulted);
    if moved || follows_days {
        let next = store::duties(tx, act, mediation.id).await?;
        let next = next.iter().find(|duty| duty.performed_on.is_none()).and_then(|duty| duty.due_on.parse().ok());
        // Where nothing says when, what was said when the state began holds.
        if moved || next.is_some() || mediation.limit().is_some() && state.talks() {
            let limits: super::model::Limits = settings::read(tx, act.tenant, act.at).await?;
            mediation.due_on = limits.due(mediation, day_of(act.at), next).to_string();
        }
    }
    let Mediation { id, form, confirmation, ending, advice, term, .. } = *mediation;
    let update = ADVANCE.bind(act.tenant).bind(id).bind(seen).bind(state).bind(step);
    let update = update.bind(mediation.words_sealed.as_deref()).bind(mediation.accepted_on.as_deref());
    let update = update.bind(mediation.limit_on.as_deref()).bind(&mediation.due_on).bind(form);
    let update = update.bind(mediation.agreed_on.as_deref()).bind(mediation.effective_on.as_deref());
    let update = update.bind(mediation.confirm_by.as_deref()).bind(confirmation);
    let update = update.bind(mediation.confirmation_on.as_deref()).bind(ending).bind(advice).bind(term);
    let update = update.bind(mediation.archived_on.as_deref()).bind(mediation.keep_until.as_deref());
    if tx.execute(update).await? == 0 {
        return Err(stale(tx, act, id).await?);
    }
    mediation.lock_version = seen + 1;
    note(tx, act, mediation, step, words).await?;
    if moved {
        tell_issue(tx, act, mediation).await?;
    }
    Ok(())
}

/// The state to which a step leads.
///
/// Errors: refused if it cannot be taken now.
pub(super) fn check(mediation: &Mediation, step: Step) -> Result<State> {
    let now = mediation.state;
    let sentence = || format!("这件调解现在是“{now}”，不能做“{step}”。请刷新页面看最新情况。");
    now.after(step).ok_or_else(|| Error::refused(sentence()))
}

/// Writes the event of a step that has just been taken, and its audit entry.
pub(super) async fn note(tx: &mut Tx, act: &Act, mediation: &Mediation, step: Step, words: &str) -> Result<()> {
    let words = if words.is_empty() { None } else { Some(store::seal(act, &words)?) };
    let event = ADD_EVENT.bind(act.tenant).bind(act.id()).bind(mediation.id).bind(mediation.lock_version).bind(step);
    tx.execute(event.bind(act.at).bind(act.account).bind(act.role).bind(words)).await?;
    audit::record(tx, act, "mediate", ("mediation", mediation.id), step.label(), &[]).await
}

/// The receipt of the issue from which a case was opened tells whether it came to something, and nothing else: neither who nor what.
async fn tell_issue(tx: &mut Tx, act: &Act, mediation: &Mediation) -> Result<()> {
    let Some(id) = mediation.issue_id else { return Ok(()) };
    let words = match mediation.state {
        State::Performing => "双方达成了调解协议",
        State::Failed => "没有谈成，已告知可以走的其他途径",
        State::Terminated => "调解终止，可以走其他途径",
        _ => return Ok(()),
    };
    // Which of them has ended it is not for the neighbours.
    let act = Act { account: None, organisation: None, role: Role::System, ..act.clone() };
    issue::mediation(tx, &act, id, issue::Step::MediationEnded, words).await
}

/// The conflict that tells who was first.
async fn stale(tx: &mut Tx, act: &Act, id: Uuid) -> Result<Error> {
    let LastEvent { step, at, role } = tx.one(LAST_EVENT.bind(act.tenant).bind(id)).await?;
    Ok(Error::Stale(format!(
        "{role}已在 {} 做了“{step}”，您打开的是这之前的页面。您刚才的操作没有提交，请返回后刷新，看过最新情况再决定。",
        show::moment(&at)
    )))
}

/// What has happened and what is in dispute, in the words of today.
pub(super) async fn rewrite(tx: &mut Tx, act: &Act, mediation: &mut Mediation, seen: i64, words: &Words) -> Result<()> {
    mediation.words_sealed = Some(store::seal(act, words)?);
    take(tx, act, mediation, seen, Step::Rewritten, "").await
}
