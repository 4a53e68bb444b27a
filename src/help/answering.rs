//! The member answers: takes it on, passes it to the branch, mediates, or says that it is done.

use db::Tx;

use super::model::State;
use super::store::{self, ANSWER, Help, OTHER_AGREES, REPORTER_AGREES};
use crate::access::{Act, Role};
use crate::audit;
use crate::error::{Error, Result};
use crate::issue::{self, Category, Due, Grading, Issue, Remedy, Step, Tier};
use crate::means::Means;

/// The two who have to agree before a member mediates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Reporter,
    Other,
}

impl Side {
    /// What their links are signed for.
    pub fn purpose(self) -> &'static str {
        match self {
            Side::Reporter => "help reporter",
            Side::Other => "help other",
        }
    }
}

/// The member, who has no account, on behalf of their branch.
fn member(act: &Act, help: &Help) -> Act {
    Act { role: Role::PartyMember, organisation: Some(help.organisation_id), ..act.clone() }
}

fn system(tenant: uuid::Uuid, means: &Means) -> Act {
    Act::system(tenant, means)
}

async fn answered(tx: &mut Tx, act: &Act, help: &Help, state: State, mediates: bool) -> Result<()> {
    let row = ANSWER.bind(act.tenant).bind(help.id).bind(help.lock_version).bind(state).bind(act.at).bind(mediates);
    if tx.execute(row).await? == 0 {
        return Err(Error::Stale("这件事刚刚有变化，请看一下再点。".to_owned()));
    }
    audit::record(tx, act, "answer_help", ("help", help.id), state.label(), &[]).await
}

fn refuse_unless(possible: bool, help: &Help) -> Result<()> {
    if possible {
        return Ok(());
    }
    Err(Error::refused(format!("这件事现在是“{}”，{}，不用再点了", help.issue_state, help.state)))
}

/// The member takes it on: it is accepted, and given to their branch.
///
/// Errors: refused if staff have been quicker.
pub async fn take(tx: &mut Tx, means: &Means, tenant: uuid::Uuid, help: &Help) -> Result<()> {
    refuse_unless(help.waits(), help)?;
    let act = member(&system(tenant, means), help);
    answered(tx, &act, help, State::Taken, false).await?;
    let mut issue = issue::issue(tx, tenant, help.issue_id).await?;
    let remedy = if issue.category == Category::Neighbour { Remedy::Dispute } else { Remedy::SelfHelp };
    // What the reporter wrote is not for everybody, so the title says no more than of what kind it is.
    let summary = format!("居民找党员：{}", issue.category);
    let tier = if issue.is_emergency() { Tier::Sudden } else { Tier::Ordinary };
    let grading = Grading { category: issue.category, tier, remedy, summary };
    let seen = issue.lock_version;
    issue::accept(tx, &act, &mut issue, seen, grading).await?;
    let seen = issue.lock_version;
    issue::dispatch(tx, &act, &mut issue, seen, help.organisation_id, Due::ByTier, "党员接下，由支部党员来办").await
}

/// It is more than the member can do: the branch sees to it.
pub async fn pass_on(tx: &mut Tx, means: &Means, tenant: uuid::Uuid, help: &Help, why: &str) -> Result<()> {
    refuse_unless(help.waits() || help.in_hand(), help)?;
    let act = member(&system(tenant, means), help);
    answered(tx, &act, help, State::Passed, help.mediates).await?;
    issue::member_says(tx, &act, help.issue_id, Step::PassedOn, why).await
}

/// The member offers to mediate. Nothing is talked over before both parties have agreed.
pub async fn mediate(tx: &mut Tx, means: &Means, tenant: uuid::Uuid, help: &Help) -> Result<()> {
    refuse_unless(help.in_hand() && !help.mediates, help)?;
    answered(tx, &member(&system(tenant, means), help), help, State::Taken, true).await
}

/// A party agrees to the mediation, or does not. If one does not there is none, and the branch sees to the matter.
///
/// Errors: refused if they have said already, or if it is out of the member's hands.
pub async fn agree(
    tx: &mut Tx,
    means: &Means,
    tenant: uuid::Uuid,
    help: &Help,
    side: Side,
    agrees: bool,
) -> Result<()> {
    refuse_unless(help.in_hand(), help)?;
    let statement = match side {
        Side::Reporter => REPORTER_AGREES,
        Side::Other => OTHER_AGREES,
    };
    let act = system(tenant, means);
    if tx.execute(statement.bind(tenant).bind(help.id).bind(agrees)).await? == 0 {
        return Err(Error::refused("已经答复过了，或者这件事已经不用调解了"));
    }
    let said = if agrees { "同意" } else { "不同意" };
    audit::record(tx, &act, "consent_mediation", ("help", help.id), said, &[]).await?;
    let help = store::help(tx, tenant, help.id).await?;
    if !agrees {
        let act = member(&act, &help);
        answered(tx, &act, &help, State::Passed, true).await?;
        // Which of the two it was is not for the neighbours.
        return issue::member_says(tx, &act, help.issue_id, Step::PassedOn, "没有双方都同意，不由党员调解").await;
    }
    if help.both_agreed() {
        let act = member(&act, &help);
        issue::member_says(tx, &act, help.issue_id, Step::Consented, "").await?;
    }
    Ok(())
}

/// It is done; where the member mediated, the parties are at one.
///
/// Errors: refused where a mediation waits for somebody's consent.
pub async fn reconcile(
    tx: &mut Tx,
    means: &Means,
    tenant: uuid::Uuid,
    help: &Help,
    issue: &mut Issue,
    words: &str,
) -> Result<()> {
    refuse_unless(help.in_hand(), help)?;
    if help.mediates && !help.both_agreed() {
        return Err(Error::refused("双方都同意以后才能调解，请先让双方扫码同意"));
    }
    let act = member(&system(tenant, means), help);
    answered(tx, &act, help, State::Settled, help.mediates).await?;
    let seen = issue.lock_version;
    issue::finish(tx, &act, issue, seen, words, &[]).await
}
