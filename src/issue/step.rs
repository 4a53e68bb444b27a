use db::Tx;
use jiff::Timestamp;
use uuid::Uuid;

use super::model::{Limits, Step};
use super::store::{ADD_EVENT, ADD_PHOTO, ADVANCE, Issue, LAST_EVENT, LastEvent};
use super::{month, reminder};
use crate::access::Act;
use crate::error::{Error, Result};
use crate::web::show;
use crate::{audit, outbox, photo, settings};

/// Told in the outbox to whoever wants to know of steps: the issue, and the position of the step on its chain.
pub const STEPPED: &str = "issue.stepped";

/// What is said with a step.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Words<'a> {
    /// Stands on the receipt.
    pub public: &'a str,
    /// Only staff read it.
    pub internal: &'a str,
    pub photos: &'a [Uuid],
}

impl<'a> Words<'a> {
    pub fn public(public: &'a str) -> Self {
        Words { public, ..Words::default() }
    }
}

pub(super) async fn limits(tx: &mut Tx, act: &Act) -> Result<Limits> {
    let tiers = settings::read(tx, act.tenant, act.at).await?;
    Ok(Limits { tiers, steps: settings::read(tx, act.tenant, act.at).await? })
}

/// Takes an issue one step on: its new state, its event and the audit entry in one transaction. What the step brings
/// along (who is responsible, which tier …) the caller has already set in `issue`. `due` overrides the time limit.
///
/// Errors: stale if the row has changed since `seen`; refused if the state does not allow the step.
pub(super) async fn take(
    tx: &mut Tx,
    act: &Act,
    issue: &mut Issue,
    seen: i64,
    step: Step,
    words: Words<'_>,
    due: Option<Timestamp>,
) -> Result<()> {
    if seen != issue.lock_version {
        return Err(stale(tx, act, issue).await?);
    }
    let Some(state) = issue.state.after(step) else {
        return Err(Error::refused(format!("这件事现在是“{}”，不能做“{step}”。请刷新页面看最新进度。", issue.state)));
    };
    let moved = state != issue.state || matches!(step, Step::Dispatched | Step::Escalated);
    // A step that moves the issue on answers the deadline that stood until now.
    // So does whatever gives more time: asked for or put on an agenda too late, it stays late.
    let answers = moved || matches!(step, Step::ExtensionRequested | Step::SuspensionRequested | Step::Announced);
    let was_due = (answers && issue.state.open()).then_some(issue.due_at);
    if moved || due.is_some() {
        let limits = limits(tx, act).await?;
        if moved {
            issue.state = state;
            issue.since = act.at;
            issue.due_at = issue.due(limits.due(state, issue.tier, act.at)?);
            issue.ended_at = (!state.open()).then_some(act.at);
        }
        issue.due_at = due.unwrap_or(issue.due_at);
        issue.remind_at = reminder::next(tx, act, issue, &limits).await?;
    }
    let search_text = search_text(issue);
    let update = ADVANCE.bind(act.tenant).bind(issue.id).bind(seen).bind(issue.state).bind(issue.state.open());
    let update = update.bind(issue.since).bind(issue.due_at).bind(issue.ended_at).bind(issue.round);
    let update = update.bind(issue.organisation_id).bind(issue.tier).bind(issue.remedy).bind(issue.category);
    let update = update.bind(issue.summary.as_deref()).bind(search_text).bind(issue.merged_into).bind(step);
    issue.changed_at = act.means.now();
    let update = update.bind(issue.remaining_minutes).bind(issue.remind_at).bind(issue.changed_at).bind(issue.level);
    if tx.execute(update).await? == 0 {
        return Err(stale(tx, act, issue).await?);
    }
    issue.lock_version = seen + 1;
    note(tx, act, issue, step, words, was_due).await
}

/// Writes the event of a step that has just been taken, with its photos and its audit entry.
pub(super) async fn note(
    tx: &mut Tx,
    act: &Act,
    issue: &Issue,
    step: Step,
    words: Words<'_>,
    was_due: Option<Timestamp>,
) -> Result<()> {
    let id = act.id();
    // Where something is given to somebody the event names whom it goes to; everywhere else, whom the actor belongs to.
    let given = matches!(step, Step::Dispatched | Step::Escalated);
    let organisation = if given { issue.organisation_id } else { act.organisation };
    let event =
        ADD_EVENT.bind(act.tenant).bind(id).bind(issue.id).bind(issue.lock_version).bind(issue.round).bind(step);
    let event = event.bind(act.at).bind(was_due).bind(act.account).bind(act.role).bind(organisation);
    tx.execute(event.bind(words.public).bind(words.internal)).await?;
    for (position, photo) in words.photos.iter().enumerate() {
        photo::attach(tx, act.tenant, *photo).await?;
        tx.execute(ADD_PHOTO.bind(act.tenant).bind(id).bind(*photo).bind(issue.id).bind(position as i64)).await?;
    }
    month::touch(tx, act, issue.reported_at).await?;
    let stepped = serde_json::json!({ "issue": issue.id, "position": issue.lock_version });
    outbox::post_if_wished(tx, act, STEPPED, &stepped).await?;
    audit::record(tx, act, step.code(), ("issue", issue.id), words.public, &[]).await
}

/// The conflict that tells who was first.
async fn stale(tx: &mut Tx, act: &Act, issue: &Issue) -> Result<Error> {
    let last: LastEvent = tx.one(LAST_EVENT.bind(act.tenant).bind(issue.id)).await?;
    let (who, when, what) = (last.role, show::moment(&last.at), last.kind);
    Ok(Error::Stale(format!(
        "{who}已在 {when} 做了“{what}”，您打开的是这之前的页面。您刚才的操作没有提交，请返回后刷新，看过最新进度再决定。"
    )))
}

/// What the search box looks through: words and place, in lower case and half width.
pub(super) fn search_text(issue: &Issue) -> String {
    let summary = issue.summary.as_deref().unwrap_or_default();
    let parts = [issue.category.label(), summary, &issue.description, &issue.place(), &issue.place_text];
    codes::text::half_width(&parts.join(" ")).to_lowercase()
}
