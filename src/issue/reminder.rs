//! Deadlines are reminded of before they pass and after: an issue knows when it wants to be reminded of next, and whoever looks
//! after the program finds it by that and posts a message. What is done with it stands elsewhere; a message about a deadline that
//! was met, moved or stopped in the meantime is about nothing.

use db::{Db, Tx, record, statements};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::model::{Limits, State};
use super::receipt;
use super::store::{self, Issue};
use crate::access::Act;
use crate::error::Result;
use crate::means::Means;
use crate::outbox;
use crate::settings::Setting;
use crate::web::show;

/// Of a deadline that is near or has passed, by [`Due`].
pub const TOPIC: &str = "issue.due";

/// A deadline that is missed is reminded of at once, and then so many times more, so far apart.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Rules {
    again_hours: i64,
    times: i64,
}

impl Setting for Rules {
    const NAME: &'static str = "issue.reminders";
}

impl Rules {
    /// The next moment after another at which somebody should be reminded.
    fn next(&self, limits: &Limits, since: Timestamp, due: Timestamp, after: Timestamp) -> Option<Timestamp> {
        let late = (0..=self.times).map(|time| due + SignedDuration::from_hours(self.again_hours) * time as i32);
        std::iter::once(limits.soon(since, due)).chain(late).find(|at| *at > after)
    }
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Due {
    pub issue: Uuid,
    /// The deadline, and when it was to be reminded of, in milliseconds.
    pub due_at: i64,
    pub remind_at: i64,
}

statements! {
    /// Of every tenant: whoever looks after the program looks after them all.
    WANTING = "SELECT tenant_id, id FROM issues WHERE remind_at <= $1 ORDER BY remind_at, tenant_id, id LIMIT $2";
    REMINDED = "UPDATE issues SET remind_at = $4 WHERE tenant_id = $1 AND id = $2 AND remind_at = $3";
    POSTPONE = "UPDATE issues SET remind_at = $4 WHERE tenant_id = $1 AND id = $2 AND remind_at <= $3";
}

record! {
    struct Wanting { tenant_id: Uuid, id: Uuid }
}

/// How many issues are looked at in one go, and when one with which something went wrong is looked at again.
const BATCH: i64 = 50;
const LATER: SignedDuration = SignedDuration::from_hours(1);

/// When an issue that stands as it does now wants to be reminded of; never once it has ended.
pub(super) async fn next(tx: &mut Tx, act: &Act, issue: &Issue, limits: &Limits) -> Result<Option<Timestamp>> {
    if !issue.state.open() {
        return Ok(None);
    }
    let rules: Rules = crate::settings::read(tx, act.tenant, act.at).await?;
    Ok(rules.next(limits, issue.since, issue.due_at, act.at))
}

/// Posts a message for some of the issues that want to be reminded of; tells whether there may be more.
pub async fn post_some(db: &Db, means: &Means) -> Result<bool> {
    let now = means.now();
    let wanting: Vec<Wanting> = db.read().await?.all(WANTING.bind(now).bind(BATCH)).await?;
    if wanting.is_empty() {
        return Ok(false);
    }
    for Wanting { tenant_id, id } in &wanting {
        let act = Act::system(*tenant_id, means);
        // What goes wrong with one does not keep the others waiting, nor itself for ever.
        if let Err(error) = post_one(db, &act, *id).await {
            tracing::error!(?error, issue = %id, "a deadline was not reminded of");
            let mut tx = db.begin().await?;
            tx.execute(POSTPONE.bind(*tenant_id).bind(*id).bind(now).bind(now + LATER)).await?;
            tx.commit().await?;
        }
    }
    Ok(wanting.len() as i64 == BATCH)
}

async fn post_one(db: &Db, act: &Act, id: Uuid) -> Result<()> {
    let mut tx = db.begin().await?;
    let issue = store::issue(&mut tx, act.tenant, id).await?;
    let Some(was) = issue.remind_at.filter(|at| *at <= act.at) else { return Ok(()) };
    let limits = super::step::limits(&mut tx, act).await?;
    let next = next(&mut tx, act, &issue, &limits).await?;
    // Somebody may have taken a step since.
    if tx.execute(REMINDED.bind(act.tenant).bind(id).bind(was).bind(next)).await? == 1 && issue.state.open() {
        let message = Due { issue: id, due_at: issue.due_at.as_millisecond(), remind_at: was.as_millisecond() };
        outbox::post(&mut tx, act, TOPIC, &message).await?;
    }
    Ok(tx.commit().await?)
}

/// What staff are told of a deadline; nothing where it was met or moved in the meantime.
pub async fn words(tx: &mut Tx, act: &Act, due: &Due) -> Result<Option<(Issue, String)>> {
    let issue = store::issue(tx, act.tenant, due.issue).await?;
    if !issue.state.open() || issue.due_at.as_millisecond() != due.due_at {
        return Ok(None);
    }
    let head = if issue.due_at < act.at { "已超期" } else { "快到期" };
    let who = match (issue.state, &issue.organisation_name) {
        (State::Dispatched | State::Escalated, Some(party)) => party.as_str(),
        _ => "社区",
    };
    let what = receipt::waits_for(issue.state).unwrap_or_default();
    let how = show::deadline(issue.due_at, act.at, true).text;
    let due = show::moment(&issue.due_at);
    let words = format!(
        "【{head}】{} {}（{}）\n{what}：{who}，最晚 {due}，{how}。",
        issue.number,
        issue.title(),
        issue.place()
    );
    Ok(Some((issue, words)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_is_reminded_of_when_it_is_near_when_it_passes_and_a_few_times_more() {
        let limits =
            Limits { tiers: crate::settings::by_default().unwrap(), steps: crate::settings::by_default().unwrap() };
        let rules: Rules = crate::settings::by_default().unwrap();
        let since: Timestamp = "2026-11-23T00:00:00Z".parse().unwrap();
        let due: Timestamp = "2026-11-24T00:00:00Z".parse().unwrap();
        let mut seen = Vec::new();
        let mut after = since;
        while let Some(next) = rules.next(&limits, since, due, after) {
            seen.push(next.to_string());
            after = next;
        }
        let wanted = [
            "2026-11-23T19:12:00Z",
            "2026-11-24T00:00:00Z",
            "2026-11-25T00:00:00Z",
            "2026-11-26T00:00:00Z",
            "2026-11-27T00:00:00Z",
        ];
        assert_eq!(seen, wanted);
        // A deadline that had passed a day before somebody set it.
        assert_eq!(rules.next(&limits, due, since, due), Some(due + SignedDuration::from_hours(24)));
    }
}
