//! What staff decide: to take an issue on, to refuse it, to send it elsewhere, to join it to another, to give it to somebody.

use db::Tx;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::model::{Category, Remedy, State, Step, Tier};
use super::owners;
use super::step::{self, Words};
use super::store::{self, DROP_PETITIONS, FOLLOW, HOLD, HOLD_OPEN, Issue};
use crate::access::{self, Act, OrganisationKind};
use crate::error::{Error, Result};
use crate::web::show;

/// How an issue is taken on.
#[derive(Debug, Clone)]
pub struct Grading {
    pub category: Category,
    pub tier: Tier,
    pub remedy: Remedy,
    /// The public words for it: no name, no room, no phone.
    pub summary: String,
}

/// Takes an issue on.
///
/// Errors: refused where a court or whoever hears complaints has it in hand already.
pub async fn accept(tx: &mut Tx, act: &Act, issue: &mut Issue, seen: i64, grading: Grading) -> Result<()> {
    if grading.remedy == Remedy::Legal {
        return Err(Error::refused("涉法涉诉的事社区不能受理，请用“转其他渠道”告诉反映人该找哪里"));
    }
    issue.category = grading.category;
    issue.tier = Some(grading.tier);
    issue.remedy = Some(grading.remedy);
    issue.summary = Some(grading.summary);
    let words = format!("{}事项", grading.tier);
    step::take(tx, act, issue, seen, Step::Accepted, Words::public(&words), None).await
}

/// Not taken on; the reporter reads the reason.
pub async fn refuse(tx: &mut Tx, act: &Act, issue: &mut Issue, seen: i64, reason: &str) -> Result<()> {
    step::take(tx, act, issue, seen, Step::Refused, Words::public(reason), None).await
}

/// Where an issue is sent that the community does not see to.
#[derive(Debug, Clone)]
pub struct Elsewhere {
    /// What it is found to be, where that is the reason.
    pub remedy: Option<Remedy>,
    /// 110, a court, another office.
    pub to: String,
    pub reason: String,
}

/// Sent to where it belongs. The reporter reads where and why.
pub async fn redirect(tx: &mut Tx, act: &Act, issue: &mut Issue, seen: i64, elsewhere: Elsewhere) -> Result<()> {
    let Elsewhere { remedy, to, reason } = elsewhere;
    issue.remedy = remedy.or(issue.remedy);
    let words = format!("请联系：{to}。{reason}");
    step::take(tx, act, issue, seen, Step::Redirected, Words::public(&words), None).await
}

/// Joins an issue to another about the same thing. Its reporter follows the other one from now on.
pub async fn merge(tx: &mut Tx, act: &Act, issue: &mut Issue, seen: i64, into: &Issue) -> Result<()> {
    if into.id == issue.id {
        return Err(Error::refused("不能并入它自己，请选另一件"));
    }
    // Both are held, one after the other in one order, so that a chain of mergers is never longer than one even if somebody joins the
    // other to a third at this moment.
    let (first, second) = (issue.id.min(into.id), issue.id.max(into.id));
    for id in [first, second] {
        let hold = if id == into.id { HOLD_OPEN } else { HOLD };
        if tx.execute(hold.bind(act.tenant).bind(id)).await? == 0 {
            let state = store::issue(tx, act.tenant, into.id).await?.state;
            return Err(Error::refused(format!("{} 已经{state}，不能再并入。请选一件在办的。", into.number)));
        }
    }
    issue.merged_into = Some(into.id);
    // Whoever was joined to this one follows along.
    tx.execute(FOLLOW.bind(act.tenant).bind(issue.id).bind(into.id).bind(act.means.now())).await?;
    let words = format!("与 {} 是同一件事，合并办理", into.number);
    step::take(tx, act, issue, seen, Step::Merged, Words::public(&words), None).await
}

/// Until when a party has time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// As long as the tier gives.
    ByTier,
    /// Less than the tier gives.
    Earlier(Timestamp),
    /// What a meeting agreed on, which may be longer; at most a year.
    Agreed(Timestamp),
}

/// Gives an issue to the party that answers for it. Giving it to the same party again moves no deadline: more time is
/// asked for and granted, or agreed on by a meeting.
///
/// Errors: refused where it is the owners' to decide, they have not agreed, and the party would carry it out.
pub async fn dispatch(
    tx: &mut Tx,
    act: &Act,
    issue: &mut Issue,
    seen: i64,
    organisation: Uuid,
    due: Due,
    words: &str,
) -> Result<()> {
    let organisation = access::organisation(tx, act.tenant, organisation).await?;
    if owners::keep_from(tx, act.tenant, issue, organisation.kind).await? {
        return Err(Error::refused(
            "这是业主共同决定的事，先登记业主表决通过的结果再派单；组织表决的，可以派给社区、物管会或支部；等不得的，由社区书记写明理由先办",
        ));
    }
    if organisation.kind == OrganisationKind::Superior {
        return Err(Error::refused(format!("{}是上级单位，请用“吹哨请上级来办”", organisation.name)));
    }
    let again = issue.state == State::Dispatched && issue.organisation_id == Some(organisation.id);
    let due = match due {
        Due::ByTier => again.then_some(issue.due_at),
        Due::Earlier(due) | Due::Agreed(due) if due <= act.at => {
            return Err(Error::refused("办理期限已经过了，请选一个以后的日期"));
        }
        Due::Earlier(due) => {
            let limit = step::limits(tx, act).await?.due(State::Dispatched, issue.tier, act.at)?;
            let limit = issue.due_in(State::Dispatched, limit);
            // A date stands for the end of its day, which may lie a few hours beyond the limit.
            if due > limit + SignedDuration::from_hours(24) {
                let day = show::day(&limit);
                return Err(Error::refused(format!(
                    "期限不能晚于 {day}（按紧急程度和来时的期限算出）。确实办不完，由办理单位申请延期"
                )));
            }
            Some(due.min(if again { issue.due_at } else { limit }))
        }
        Due::Agreed(due) if due > act.at + SignedDuration::from_hours(366 * 24) => {
            return Err(Error::refused("期限不能在一年以后，请选近一些的日期"));
        }
        Due::Agreed(due) => Some(due),
    };
    let dropped = DROP_PETITIONS.bind(act.tenant).bind(issue.id).bind(act.at).bind("已重新派单");
    tx.execute(dropped).await?;
    issue.remaining_minutes = None;
    issue.organisation_id = Some(organisation.id);
    issue.organisation_name = Some(organisation.name);
    issue.organisation_kind = Some(organisation.kind);
    step::take(tx, act, issue, seen, Step::Dispatched, Words::public(words), due).await
}

/// Notes on the chain that an issue stands on the agenda of a meeting: `words` say of which, and when. What has been given
/// to nobody yet waits for the meeting: it has to be dispatched by the end of the day after it. An issue that has ended
/// in the meantime keeps its chain as it is.
pub async fn put_on_agenda(tx: &mut Tx, act: &Act, id: Uuid, words: &str, meets_at: Timestamp) -> Result<()> {
    let mut issue = store::issue(tx, act.tenant, id).await?;
    if !issue.state.open() {
        return Ok(());
    }
    let seen = issue.lock_version;
    let waits = meets_at + SignedDuration::from_hours(24);
    let due = (issue.state == State::Accepted).then_some(waits.max(issue.due_at));
    step::take(tx, act, &mut issue, seen, Step::Announced, Words::public(words), due).await
}

/// Notes on the chain what a meeting said about an issue. One that has ended in the meantime keeps its chain as it is.
pub async fn deliberate(tx: &mut Tx, act: &Act, id: Uuid, words: &str) -> Result<()> {
    let mut issue = store::issue(tx, act.tenant, id).await?;
    if !issue.state.open() {
        return Ok(());
    }
    let seen = issue.lock_version;
    step::take(tx, act, &mut issue, seen, Step::Deliberated, Words::public(words), None).await
}
