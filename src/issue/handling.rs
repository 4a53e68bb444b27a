//! What the responsible party does: it tells how it goes on, proves the result, or asks for more time.

use db::Tx;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::model::Step;
use super::step::{self, Words};
use super::store::{self, ADD_EXTENSION, Issue};
use crate::access::Act;
use crate::error::{Error, Result};

pub async fn progress(
    tx: &mut Tx,
    act: &Act,
    issue: &mut Issue,
    seen: i64,
    words: &str,
    photos: &[Uuid],
) -> Result<()> {
    check_responsible(act, issue)?;
    let words = Words { public: words, photos, ..Words::default() };
    step::take(tx, act, issue, seen, Step::Progressed, words, None).await
}

/// The result. Without a photo it is taken all the same, but the receipt shows the missing proof in red.
pub async fn finish(tx: &mut Tx, act: &Act, issue: &mut Issue, seen: i64, words: &str, photos: &[Uuid]) -> Result<()> {
    check_responsible(act, issue)?;
    let words = Words { public: words, photos, ..Words::default() };
    step::take(tx, act, issue, seen, Step::Done, words, None).await
}

pub async fn request_extension(
    tx: &mut Tx,
    act: &Act,
    issue: &mut Issue,
    seen: i64,
    until: Timestamp,
    reason: &str,
) -> Result<()> {
    check_responsible(act, issue)?;
    if until <= issue.due_at {
        return Err(Error::refused("延期后的日期要晚于现在的期限"));
    }
    let days = step::limits(tx, act).await?.steps.extension_days;
    if until > issue.due_at.max(act.at) + SignedDuration::from_hours(24 * (days + 1)) {
        return Err(Error::refused(format!("一次最多延期 {days} 天，请选近一些的日期")));
    }
    if store::pending_extension(tx, act.tenant, issue.id).await?.is_some() {
        return Err(Error::refused("上一次延期申请还在等社区审批，不用重复申请"));
    }
    let row = ADD_EXTENSION.bind(act.tenant).bind(act.id()).bind(issue.id).bind(issue.round).bind(until).bind(reason);
    tx.execute(row.bind(act.account).bind(act.at)).await?;
    step::take(tx, act, issue, seen, Step::ExtensionRequested, Words::public(reason), None).await
}

/// What a member says to whom somebody turned, which moves nothing: that the branch should see to it, that both parties agree.
pub async fn member_says(tx: &mut Tx, act: &Act, id: Uuid, step: Step, words: &str) -> Result<()> {
    let mut issue = store::issue(tx, act.tenant, id).await?;
    let seen = issue.lock_version;
    step::take(tx, act, &mut issue, seen, step, Words::public(words), None).await
}

/// Only people of the party that an issue was given to may work on it.
fn check_responsible(act: &Act, issue: &Issue) -> Result<()> {
    if is_responsible(act.organisation, issue) {
        return Ok(());
    }
    let party = issue.organisation_name.as_deref().unwrap_or("（还没有派单）");
    Err(Error::refused(format!("这件事由 {party} 办理，您不是这个单位的人，不能填写办理情况")))
}

pub fn is_responsible(organisation: Option<Uuid>, issue: &Issue) -> bool {
    organisation.is_some() && organisation == issue.organisation_id
}
