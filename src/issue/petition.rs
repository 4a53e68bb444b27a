//! What the party that handles an issue asks of those who decide: more time, a stop of the clock, or to be let off, because it is
//! not theirs. Whoever was asked first leads until then (首接负责制): an issue stays with them, and its clock runs, until somebody
//! else has decided.

use db::{Tx, text_enum};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use super::handling::check_responsible;
use super::model::{State, Step};
use super::step::{self, Words};
use super::store::{self, ADD_PETITION, DECIDE_PETITION, Issue};
use crate::access::Act;
use crate::error::{Error, Result};
use crate::settings::{self, Setting};
use crate::web::show;

text_enum! {
    pub enum Petition {
        Extension = "extension" "延期",
        Suspension = "suspension" "挂账",
        Dispute = "dispute" "派单异议",
    }
}

/// How far a petition may go.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Rules {
    /// The day on which a suspended issue is looked at again lies no further ahead.
    suspension_days: i64,
    /// So long after it was given to somebody they may say that it is not theirs.
    dispute_hours: i64,
}

impl Setting for Rules {
    const NAME: &'static str = "issue.petitions";
}

impl Petition {
    fn asked(self) -> Step {
        match self {
            Petition::Extension => Step::ExtensionRequested,
            Petition::Suspension => Step::SuspensionRequested,
            Petition::Dispute => Step::Disputed,
        }
    }
}

/// Asks. `until` is the new deadline, or the day on which a suspended issue is looked at again; a dispute has none.
///
/// Errors: refused to whoever does not handle the issue, beyond the settings, and while another petition waits.
pub async fn ask(
    tx: &mut Tx,
    act: &Act,
    issue: &mut Issue,
    seen: i64,
    petition: Petition,
    until: Option<Timestamp>,
    reason: &str,
) -> Result<()> {
    check_responsible(act, issue)?;
    // Whoever says that an issue is not theirs asks for no time.
    let until = until.filter(|_| petition != Petition::Dispute);
    check_length(tx, act, issue, petition, until).await?;
    if let Some(waiting) = store::pending_petition(tx, act.tenant, issue.id).await? {
        return Err(Error::refused(format!("上一次{}申请还在等社区审批，不用重复申请", waiting.kind)));
    }
    let row = ADD_PETITION.bind(act.tenant).bind(act.id()).bind(issue.id).bind(issue.round).bind(petition).bind(until);
    tx.execute(row.bind(reason).bind(act.account).bind(act.at)).await?;
    step::take(tx, act, issue, seen, petition.asked(), Words::public(reason), None).await
}

async fn check_length(
    tx: &mut Tx,
    act: &Act,
    issue: &Issue,
    petition: Petition,
    until: Option<Timestamp>,
) -> Result<()> {
    let days = |days: i64| SignedDuration::from_hours(24 * days);
    let rules: Rules = settings::read(tx, act.tenant, act.at).await?;
    match (petition, until) {
        (Petition::Extension, Some(until)) => {
            if until <= issue.due_at {
                return Err(Error::refused("延期后的日期要晚于现在的期限"));
            }
            let most = step::limits(tx, act).await?.steps.extension_days;
            if until > issue.due_at.max(act.at) + days(most + 1) {
                return Err(Error::refused(format!("一次最多延期 {most} 天，请选近一些的日期")));
            }
        }
        (Petition::Suspension, Some(until)) => {
            let most = rules.suspension_days;
            if until <= act.at || until > act.at + days(most + 1) {
                return Err(Error::refused(format!("复核的日期要在今天以后、{most} 天以内")));
            }
        }
        (Petition::Dispute, _) => {
            let hours = rules.dispute_hours;
            if act.at > issue.since + SignedDuration::from_hours(hours) {
                return Err(Error::refused(format!(
                    "派单异议要在派单后 {hours} 小时内提出。确实不归您单位办的，请打电话跟社区说"
                )));
            }
            if store::refused_dispute(tx, act.tenant, issue).await? {
                return Err(Error::refused("这次派单的异议社区已经答复过了：由您单位先办"));
            }
        }
        (Petition::Extension | Petition::Suspension, None) => return Err(Error::refused("请选一个日期")),
    }
    Ok(())
}

/// Answers what was asked. Granted, the deadline moves, the clock stops, or the issue waits to be given to somebody else; either
/// way the reporter reads it. Gives what had been asked.
///
/// Errors: refused to whoever has asked, and where nothing waits.
pub async fn decide(
    tx: &mut Tx,
    act: &Act,
    issue: &mut Issue,
    seen: i64,
    granted: bool,
    words: &str,
) -> Result<Petition> {
    let Some(asked) = store::pending_petition(tx, act.tenant, issue.id).await? else {
        return Err(Error::refused("没有等待审批的申请，可能刚刚已有人批过。请刷新页面。"));
    };
    if act.account == Some(asked.requested_by) {
        return Err(Error::refused(format!("申请人不能审批自己的{}", asked.kind)));
    }
    let row = DECIDE_PETITION.bind(act.tenant).bind(asked.id).bind(act.account).bind(act.at).bind(granted);
    tx.execute(row.bind(words)).await?;
    let day = asked.until.map(|until| show::day(&until)).unwrap_or_default();
    let (taken, answer) = match (asked.kind, granted) {
        (Petition::Extension, true) => (Step::ExtensionDecided, format!("同意延期到 {day}")),
        (Petition::Extension, false) => (Step::ExtensionDecided, "不同意延期".to_owned()),
        (Petition::Suspension, true) => (Step::Suspended, format!("暂时办不了，停止计时，{day} 复核")),
        (Petition::Suspension, false) => (Step::SuspensionRefused, "不同意挂账，继续办理".to_owned()),
        (Petition::Dispute, true) => (Step::DisputeUpheld, "不归原来的单位办，重新派单".to_owned()),
        (Petition::Dispute, false) => (Step::DisputeRefused, "由原来的单位先办".to_owned()),
    };
    let due = asked.until.filter(|_| granted);
    match taken {
        Step::Suspended if issue.state == State::Dispatched => {
            let limits = step::limits(tx, act).await?;
            issue.remaining_minutes = Some(limits.left(issue.tier, act.at, issue.due_at)?);
        }
        Step::DisputeUpheld => {
            issue.organisation_id = None;
            (issue.organisation_name, issue.organisation_kind) = (None, None);
        }
        _ => {}
    }
    let answer = if words.is_empty() { answer } else { format!("{answer}：{words}") };
    step::take(tx, act, issue, seen, taken, Words::public(&answer), due).await?;
    Ok(asked.kind)
}

/// A suspended issue is worked on again: what was left of its time runs from now.
pub async fn resume(tx: &mut Tx, act: &Act, issue: &mut Issue, seen: i64, words: &str) -> Result<()> {
    let left = issue.remaining_minutes.take().unwrap_or(0);
    let due = step::limits(tx, act).await?.with_left(issue.tier, act.at, left)?;
    step::take(tx, act, issue, seen, Step::Resumed, Words::public(words), Some(due)).await
}
