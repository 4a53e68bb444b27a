//! What the responsible party does: it tells how it goes on, and proves the result.

use db::Tx;
use uuid::Uuid;

use super::model::Step;
use super::owners;
use super::step::{self, Words};
use super::store::{self, Issue};
use crate::access::Act;
use crate::board;
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
    board::refuse_while_objected(tx, act.tenant, issue.id).await?;
    if owners::unasked(tx, act.tenant, issue).await? {
        return Err(Error::refused("这是业主共同决定的事，先登记业主表决的结果，再报办结"));
    }
    let words = Words { public: words, photos, ..Words::default() };
    step::take(tx, act, issue, seen, Step::Done, words, None).await
}

/// What a member says to whom somebody turned, which moves nothing: that the branch should see to it, that both parties agree.
pub async fn member_says(tx: &mut Tx, act: &Act, id: Uuid, step: Step, words: &str) -> Result<()> {
    let mut issue = store::issue(tx, act.tenant, id).await?;
    let seen = issue.lock_version;
    step::take(tx, act, &mut issue, seen, step, Words::public(words), None).await
}

/// That an issue is being mediated, or how that has ended, in words that name nobody. One that has ended in the meantime keeps its
/// chain as it is. Nothing else changes: whoever has the issue reports its result.
pub async fn mediation(tx: &mut Tx, act: &Act, id: Uuid, step: Step, words: &str) -> Result<()> {
    let mut issue = store::issue(tx, act.tenant, id).await?;
    if !issue.state.open() {
        return Ok(());
    }
    let seen = issue.lock_version;
    step::take(tx, act, &mut issue, seen, step, Words::public(words), None).await
}

/// Only people of the party that an issue was given to may work on it.
pub(super) fn check_responsible(act: &Act, issue: &Issue) -> Result<()> {
    if is_responsible(act.organisation, issue) {
        return Ok(());
    }
    let party = issue.organisation_name.as_deref().unwrap_or("（还没有派单）");
    Err(Error::refused(format!("这件事由 {party} 办理，您不是这个单位的人，不能填写办理情况")))
}

pub fn is_responsible(organisation: Option<Uuid>, issue: &Issue) -> bool {
    organisation.is_some() && organisation == issue.organisation_id
}
