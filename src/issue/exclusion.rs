//! 剔除: an issue for which nobody can answer, such as what heaven sends or what is reported the tenth time without anything new, is left
//! out of the three rates. Somebody proposes it with a reason and somebody else approves of it; both stand with the issue, the
//! report counts it openly among what was left out, and it can be taken back. It changes nothing of how the issue goes.

use db::{Tx, record, statements, text_enum};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{month, store};
use crate::access::{Act, Permission, Viewer};
use crate::error::{Error, Result};
use crate::settings::{self, Setting};
use crate::web::Todo;
use crate::web::show::{self, Deadline};
use crate::{audit, in_reach};

text_enum! {
    pub enum Ground {
        ForceMajeure = "force_majeure" "客观不可抗力",
        BeyondPowers = "beyond_powers" "超出职权范围",
        Repeated = "repeated" "重复反映，没有新情况",
        Malicious = "malicious" "恶意或者不实",
    }
    pub enum State {
        Proposed = "proposed" "等审批",
        Approved = "approved" "已剔除",
        Refused = "refused" "没有批准",
        Revoked = "revoked" "已取消剔除",
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Leave {
    Allowed,
    NotAllowed,
}

/// Which grounds a community takes.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Grounds {
    force_majeure: Leave,
    beyond_powers: Leave,
    repeated: Leave,
    malicious: Leave,
}

impl Setting for Grounds {
    const NAME: &'static str = "issue.exclusions";
}

impl Grounds {
    fn allows(&self, ground: Ground) -> bool {
        let leave = match ground {
            Ground::ForceMajeure => self.force_majeure,
            Ground::BeyondPowers => self.beyond_powers,
            Ground::Repeated => self.repeated,
            Ground::Malicious => self.malicious,
        };
        leave == Leave::Allowed
    }

    pub fn allowed(&self) -> impl Iterator<Item = Ground> {
        Ground::ALL.iter().copied().filter(|ground| self.allows(*ground))
    }
}

statements! {
    ADD = "INSERT INTO exclusions (tenant_id, id, issue_id, ground, reason, state, proposed_by, proposed_at)
        VALUES ($1, $2, $3, $4, $5, 'proposed', $6, $7)";
    OF_ISSUE = "SELECT x.id, x.ground, x.reason, x.state, x.proposed_by, x.proposed_at, x.decided_at, x.answer, x.revoked_at, x.revocation,
            p.name AS proposer, d.name AS decider, r.name AS revoker
        FROM exclusions x LEFT JOIN accounts p ON p.tenant_id = x.tenant_id AND p.id = x.proposed_by
        LEFT JOIN accounts d ON d.tenant_id = x.tenant_id AND d.id = x.decided_by
        LEFT JOIN accounts r ON r.tenant_id = x.tenant_id AND r.id = x.revoked_by
        WHERE x.tenant_id = $1 AND x.issue_id = $2 ORDER BY x.proposed_at DESC, x.id DESC LIMIT 20";
    /// Proposed by others, the oldest first.
    WAITING = concat!("SELECT x.issue_id, x.ground, x.proposed_at, i.number FROM exclusions x JOIN issues i ON i.tenant_id = x.tenant_id AND i.id = x.issue_id
        WHERE x.tenant_id = $1 AND x.state = 'proposed' AND x.proposed_by <> $4 AND ",
        in_reach!("$2", "$3", "i.tenant_id", "i.estate_id", "i.grid_id", "i.organisation_id"), " ORDER BY x.proposed_at, x.id LIMIT $5");
    DECIDE = "UPDATE exclusions SET state = $4, decided_by = $5, decided_at = $6, answer = $7
        WHERE tenant_id = $1 AND issue_id = $2 AND id = $3 AND state = 'proposed'";
    REVOKE = "UPDATE exclusions SET state = 'revoked', revoked_by = $4, revoked_at = $5, revocation = $6
        WHERE tenant_id = $1 AND issue_id = $2 AND id = $3 AND state = 'approved'";
}

record! {
    #[derive(Debug, Clone)]
    pub struct Exclusion {
        pub id: Uuid, pub ground: Ground, pub reason: String, pub state: State, pub proposed_by: Uuid, pub proposed_at: Timestamp,
        pub decided_at: Option<Timestamp>, pub answer: Option<String>, pub revoked_at: Option<Timestamp>, pub revocation: Option<String>,
        pub proposer: Option<String>, pub decider: Option<String>, pub revoker: Option<String>,
    }
    struct Waiting { issue_id: Uuid, ground: Ground, proposed_at: Timestamp, number: String }
}

/// What has been proposed about an issue, the latest first; at most one of them stands.
pub async fn of_issue(tx: &mut Tx, tenant: Uuid, issue: Uuid) -> Result<Vec<Exclusion>> {
    Ok(tx.all(OF_ISSUE.bind(tenant).bind(issue)).await?)
}

/// Proposes to leave an issue out of the rates.
///
/// Errors: refused on grounds that the settings do not take, without an account, and where one proposal stands already.
pub async fn propose(tx: &mut Tx, act: &Act, issue: Uuid, ground: Ground, reason: &str) -> Result<Uuid> {
    let grounds: Grounds = settings::read(tx, act.tenant, act.at).await?;
    if !grounds.allows(ground) {
        return Err(Error::refused(format!("本社区不按“{ground}”剔除，请选别的理由")));
    }
    let Some(account) = act.account else { return Err(Error::refused("剔除要由工作人员提出")) };
    let mut standing = of_issue(tx, act.tenant, issue).await?.into_iter().map(|exclusion| exclusion.state);
    if let Some(state) = standing.find(|state| matches!(state, State::Proposed | State::Approved)) {
        return Err(Error::refused(format!("这件诉求{state}，不用再提")));
    }
    let id = act.id();
    let row = ADD.bind(act.tenant).bind(id).bind(issue).bind(ground).bind(reason).bind(account).bind(act.at);
    match tx.execute(row).await {
        Err(db::Error::Duplicate(_)) => return Err(Error::refused("这件诉求刚刚有同事提过了，不用再提")),
        done => done?,
    };
    audit::record(tx, act, "propose_exclusion", ("issue", issue), &format!("{ground}：{reason}"), &[]).await?;
    Ok(id)
}

/// Approves of a proposal, or refuses it with the answer that says why.
///
/// Errors: refused to whoever has proposed it; stale if somebody has decided.
pub async fn decide(tx: &mut Tx, act: &Act, issue: Uuid, id: Uuid, approved: bool, answer: &str) -> Result<()> {
    let asked = of_issue(tx, act.tenant, issue).await?.into_iter().find(|exclusion| exclusion.id == id);
    let asked = asked.ok_or(Error::NotFound)?;
    if act.account.is_none() || act.account == Some(asked.proposed_by) {
        return Err(Error::refused("自己提出的不能自己批，请另一位同事审批"));
    }
    let state = if approved { State::Approved } else { State::Refused };
    let row = DECIDE.bind(act.tenant).bind(issue).bind(id).bind(state).bind(act.account).bind(act.at).bind(answer);
    if tx.execute(row).await? == 0 {
        return Err(Error::Stale("这个申请刚刚有别人批过，请刷新页面再看。".to_owned()));
    }
    if approved {
        recount(tx, act, issue).await?;
    }
    let action = if approved { "approve_exclusion" } else { "refuse_exclusion" };
    audit::record(tx, act, action, ("issue", issue), answer, &[]).await
}

/// Lets an issue count again.
///
/// Errors: stale if it is not left out, or not any more.
pub async fn revoke(tx: &mut Tx, act: &Act, issue: Uuid, id: Uuid, reason: &str) -> Result<()> {
    let row = REVOKE.bind(act.tenant).bind(issue).bind(id).bind(act.account).bind(act.at).bind(reason);
    if tx.execute(row).await? == 0 {
        return Err(Error::Stale("这件诉求现在没有剔除，可能刚刚有别人取消了。请刷新页面再看。".to_owned()));
    }
    recount(tx, act, issue).await?;
    audit::record(tx, act, "revoke_exclusion", ("issue", issue), reason, &[]).await
}

/// The rates of every month since an issue was reported may be others now.
async fn recount(tx: &mut Tx, act: &Act, issue: Uuid) -> Result<()> {
    let reported_at = store::issue(tx, act.tenant, issue).await?.reported_at;
    month::touch(tx, act, reported_at).await
}

/// What waits to be approved by somebody; at most so many.
pub async fn todo(tx: &mut Tx, viewer: &Viewer, now: Timestamp, most: usize) -> Result<Vec<Todo>> {
    if !viewer.may(Permission::ExclusionApprove) {
        return Ok(Vec::new());
    }
    let scope = viewer.scope(Permission::ExclusionApprove);
    let query = WAITING.bind(viewer.tenant).bind(scope.account).bind(scope.roles).bind(viewer.account);
    let waiting: Vec<Waiting> = tx.all(query.bind(most as i64)).await?;
    let todo = |Waiting { issue_id, ground, proposed_at, number }| Todo {
        verb: "审批剔除",
        title: format!("{number} 不计入三率"),
        detail: Ground::label(ground).to_owned(),
        href: format!("/issues/{issue_id}/exclusions"),
        due: proposed_at,
        deadline: Deadline { class: "soon", text: show::since(proposed_at, now) },
    };
    Ok(waiting.into_iter().map(todo).collect())
}
