//! What a meeting makes of an item: it votes, agrees, puts it off or drops it. Until the meeting ends this can be written down
//! anew; what follows from it follows when the meeting ends (`session`).

use db::{Json, Tx};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::attendance::hold_open;
use super::election::Elected;
use super::model::{Kind, Outcome, State, Tally};
use super::preparation::counted;
use super::procedure::Step;
use super::rule::{Counted, Motion};
use super::store::{self, DECIDE_ITEM, Heads, Item, Meeting};
use crate::access::Act;
use crate::error::{Error, Result};
use crate::{access, audit, issue};

#[derive(Debug, Clone)]
pub enum Decision {
    /// Whether it carries, the rule says; those present are counted from the sign-in.
    Vote { ballot: Ballot, resolution: Resolution },
    /// Those who have come agree.
    Agree(Resolution),
    /// It was taught, heard or done; there was nothing to decide.
    Hold(Option<Lesson>),
    /// Comes back at the next meeting.
    Defer,
    /// Needs no more talk.
    Drop,
}

/// A lesson of a 党课.
#[derive(Debug, Clone)]
pub struct Lesson {
    pub speaker: String,
    pub half_hours: i64,
    /// The secretary of the branch gave it.
    pub by_secretary: bool,
}

/// What is to be done.
#[derive(Debug, Clone, Default)]
pub struct Resolution {
    pub text: String,
    /// Of members: what the neighbours read where somebody has to carry it out.
    pub public_words: String,
    /// Members may also resolve what nobody has to carry out.
    pub execution: Option<Execution>,
    /// Why it is carried out although it is the owners' to decide and they have not agreed; empty otherwise.
    pub without_owners: String,
}

/// Who carries a resolution out, and until when.
#[derive(Debug, Clone, Copy)]
pub struct Execution {
    pub organisation: Uuid,
    pub due_at: Timestamp,
}

/// What was voted on and how it was counted. Of a secret vote there are only these totals: nothing is kept of a single ballot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ballot {
    pub motion: Motion,
    pub count: Count,
    /// Agreed to in writing beforehand by people who were not there.
    #[serde(default)]
    pub written: i64,
    /// Lawfully not counted among those who should attend, and why.
    #[serde(default)]
    pub left_out: i64,
    #[serde(default)]
    pub left_out_why: String,
    /// Who counted a secret vote, each on their own.
    #[serde(default)]
    pub tellers: Vec<String>,
    /// Of an election, how many votes each who stood has got, in the order of the paper. `count.yes` are then the valid papers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub votes: Vec<(String, i64)>,
}

/// Hands, or papers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    pub yes: i64,
    pub no: i64,
    pub abstain: i64,
    #[serde(default)]
    pub invalid: i64,
}

/// What can be voted on about an item: once it is known who stands, that.
pub(super) fn motions(kind: Kind, item: &Item) -> &'static [Motion] {
    match item.election {
        Some(_) => &[Motion::Election],
        None => possible(kind, item.procedure_step),
    }
}

/// What a meeting can vote on. What members review in 四议两公开 has a rule of its own.
pub(super) fn possible(kind: Kind, step: Option<Step>) -> &'static [Motion] {
    match (kind, step) {
        (Kind::Assembly, Some(Step::Review)) => &[Motion::FourDeliberations],
        (Kind::Assembly, _) => &[Motion::General, Motion::Admission, Motion::Election],
        (Kind::Committee, _) => &[Motion::General, Motion::Election],
        _ => &[Motion::General],
    }
}

/// What will be voted on about an item, as far as anybody knows, or was.
pub(super) fn expected(kind: Kind, item: &Item) -> Motion {
    let voted = item.ballot.as_ref().map(|Json(ballot)| ballot.motion);
    let possible = motions(kind, item);
    voted.or(item.motion).filter(|motion| possible.contains(motion)).unwrap_or(possible[0])
}

impl Ballot {
    /// Nobody votes for somebody else: what was written beforehand, and who is left out, counts only where the rules say so.
    fn check(&self, possible: &[Motion]) -> Result<()> {
        if !possible.contains(&self.motion) {
            return Err(Error::refused(format!("这个议题不按“{}”表决，请刷新页面再记", self.motion)));
        }
        if (self.written > 0 && !self.motion.takes_written()) || (self.left_out > 0 && !self.motion.leaves_out()) {
            return Err(Error::refused("不能委托别人投票，也不能书面投票：只记到会的人的票"));
        }
        Ok(())
    }

    /// A show of hands.
    pub fn hands(yes: i64, no: i64, abstain: i64) -> Ballot {
        Ballot {
            motion: Motion::General,
            count: Count { yes, no, abstain, invalid: 0 },
            written: 0,
            left_out: 0,
            left_out_why: String::new(),
            tellers: Vec::new(),
            votes: Vec::new(),
        }
    }

    /// Who should attend by the law of this vote.
    fn heads(&self, heads: Heads) -> Result<Heads> {
        let (absent, out) = (heads.eligible - heads.voters, self.left_out);
        if out + self.written > absent.max(0) {
            return Err(Error::refused(format!(
                "有表决权的只有 {absent} 人没到会，不计入的和书面同意的加起来不能更多"
            )));
        }
        Ok(Heads { eligible: heads.eligible - out, ..heads })
    }

    fn tally(&self, present: i64) -> Result<Tally> {
        let Count { yes, no, abstain, invalid } = self.count;
        Tally { present, yes, no, abstain, invalid, written: self.written }.check().map_err(Error::refused)
    }

    /// What an election has come to; every candidate of the item has their number, and no more votes than papers.
    fn elects(&self, item: &Item, needed: i64) -> Result<Option<Elected>> {
        let Some(Json(election)) = item.election.as_ref().filter(|_| self.motion == Motion::Election) else {
            return match self.votes.as_slice() {
                [] => Ok(None),
                _ => Err(Error::refused("这个议题还没有写候选人，请刷新页面再记")),
            };
        };
        let stand: Vec<&String> = self.votes.iter().map(|(name, _)| name).collect();
        if stand != election.candidates.iter().collect::<Vec<_>>() {
            return Err(Error::refused("候选人刚刚改过，请刷新页面再记"));
        }
        let papers = self.count.yes;
        if let Some((name, votes)) = self.votes.iter().find(|(_, votes)| *votes > papers) {
            return Err(Error::refused(format!("{name} {votes} 票，比有效票 {papers} 张还多")));
        }
        let sum: i64 = self.votes.iter().map(|(_, votes)| votes).sum();
        if sum > papers * election.seats {
            return Err(Error::refused(format!(
                "各人的票加起来 {sum}，{papers} 张有效票每张最多选 {} 名，不会这么多",
                election.seats
            )));
        }
        Ok(Some(election.outcome(&self.votes, needed)))
    }
}

/// Writes down what became of an item. `seen` is when it had been decided on the page that somebody looked at. Gives the outcome.
///
/// Errors: refused without a quorum or if the votes do not add up; stale if somebody else has decided meanwhile.
pub async fn decide(
    tx: &mut Tx,
    act: &Act,
    meeting: &Meeting,
    (id, seen): (Uuid, Option<Timestamp>),
    discussion: &str,
    decision: Decision,
) -> Result<Outcome> {
    hold_open(tx, act, meeting).await?;
    if meeting.state != State::InSession {
        return Err(Error::refused(format!("这次会议{}，要在开会时记录结果", meeting.state)));
    }
    let item = store::item(tx, act.tenant, meeting.id, id).await?;
    let mut decided = Decided {
        discussion,
        seen,
        outcome: Outcome::Deferred,
        lesson: None,
        vote: None,
        resolution: Resolution::default(),
    };
    match decision {
        Decision::Defer => {}
        Decision::Drop => decided.outcome = Outcome::Dropped,
        Decision::Hold(_) if !meeting.kind.by_roll() => {
            return Err(Error::refused(format!("{}要有个结果，请选别的", meeting.kind)));
        }
        Decision::Hold(lesson) => (decided.outcome, decided.lesson) = (Outcome::Held, lesson),
        Decision::Agree(_) if !meeting.kind.agrees() => {
            return Err(Error::refused(format!("{}要表决，请选“表决”", meeting.kind)));
        }
        Decision::Agree(_) if store::heads(tx, act.tenant, meeting.id).await?.present == 0 => {
            return Err(Error::refused("还没有人签到，先登记到会的人再记结果"));
        }
        Decision::Agree(resolution) => (decided.outcome, decided.resolution) = (Outcome::Resolved, resolution),
        Decision::Vote { .. } if !meeting.kind.votes() => {
            return Err(Error::refused(format!("{}不作表决，请选别的", meeting.kind)));
        }
        Decision::Vote { ballot, resolution } => {
            ballot.check(motions(meeting.kind, &item))?;
            let rule = counted(tx, act.tenant, meeting, ballot.motion).await?;
            let heads = ballot.heads(store::heads(tx, act.tenant, meeting.id).await?)?;
            let tally = ballot.tally(heads.voters)?;
            if !rule.has_quorum(&heads) {
                let (present, wanted) = (heads.voters, rule.quorum(&heads));
                let why = match present < wanted {
                    true => format!("签到的人里有表决权的只有 {present} 人，不够 {wanted} 人"),
                    false => format!("到会的业主委员不够，{}", rule.lacking(&heads)),
                };
                return Err(Error::refused(format!("{why}，不能表决。请先补签到，或选“下次再议”。")));
            }
            let passes = match ballot.elects(&item, rule.needed(&heads))? {
                Some(elected) => !elected.elected.is_empty(),
                None => rule.passes(&heads, tally),
            };
            decided.outcome = if passes { Outcome::Resolved } else { Outcome::Rejected };
            decided.vote = Some(Vote { tally, rule, heads, ballot });
            decided.resolution = resolution;
        }
    }
    if decided.outcome == Outcome::Resolved && decided.resolution.execution.is_none() && !meeting.kind.by_roll() {
        return Err(Error::refused("请写谁来办、什么时候前办完"));
    }
    if item.procedure_step.is_some_and(|step| step != Step::Resolve) && decided.resolution.execution.is_some() {
        return Err(Error::refused("四议两公开的前三步只议不派：居民代表会议决议以后再定谁来办"));
    }
    let unasked = match decided.resolution.execution.filter(|_| decided.outcome == Outcome::Resolved) {
        Some(execution) => waits_for_owners(tx, act.tenant, &item, execution.organisation).await?,
        None => false,
    };
    if !unasked {
        decided.resolution.without_owners.clear();
    } else if decided.resolution.without_owners.is_empty() {
        return Err(Error::refused(
            "这是业主共同决定的事，会议不能代替业主表决。先登记业主表决通过的结果，或选“下次再议”；等不得的，由社区书记写明理由先办",
        ));
    }
    if let (Some(id), Some(_)) = (item.issue_id, decided.resolution.execution) {
        let issue = issue::issue(tx, act.tenant, id).await?;
        if !issue.state.open() {
            return Err(Error::refused(format!("{} 已经{}，不用再派，请选“不再议”", issue.number, issue.state)));
        }
    }
    write(tx, act, meeting, &item, &decided).await?;
    Ok(decided.outcome)
}

/// Whether an item is about a matter of the owners who have not agreed to it.
pub(super) async fn wants_owners(tx: &mut Tx, tenant: Uuid, item: &Item) -> Result<bool> {
    let Some(id) = item.issue_id.filter(|_| item.remedy == Some(issue::Remedy::Owners)) else { return Ok(false) };
    let issue = issue::issue(tx, tenant, id).await?;
    issue::owners::missing(tx, tenant, &issue).await
}

/// Whether an item must not be carried out by a party before the owners have agreed.
async fn waits_for_owners(tx: &mut Tx, tenant: Uuid, item: &Item, party: Uuid) -> Result<bool> {
    let Some(id) = item.issue_id.filter(|_| item.remedy == Some(issue::Remedy::Owners)) else { return Ok(false) };
    let party = access::organisation(tx, tenant, party).await?;
    let issue = issue::issue(tx, tenant, id).await?;
    issue::owners::keep_from(tx, tenant, &issue, party.kind).await
}

/// What is written down about an item.
struct Decided<'a> {
    discussion: &'a str,
    seen: Option<Timestamp>,
    outcome: Outcome,
    lesson: Option<Lesson>,
    vote: Option<Vote>,
    resolution: Resolution,
}

struct Vote {
    tally: Tally,
    rule: Counted,
    heads: Heads,
    ballot: Ballot,
}

async fn write(tx: &mut Tx, act: &Act, meeting: &Meeting, item: &Item, decided: &Decided<'_>) -> Result<()> {
    let Decided { discussion, seen, outcome, lesson, vote, resolution } = decided;
    let tally = vote.as_ref().map(|vote| vote.tally);
    let row = DECIDE_ITEM.bind(act.tenant).bind(meeting.id).bind(item.id).bind(*seen).bind(*outcome).bind(*discussion);
    let row = row.bind(tally.map(|tally| tally.present)).bind(tally.map(|tally| tally.yes));
    let row = row.bind(tally.map(|tally| tally.no)).bind(tally.map(|tally| tally.abstain));
    let of_roll = vote.as_ref().filter(|vote| matches!(vote.rule, Counted::Roll(_)));
    let row = row.bind(of_roll.map(|vote| vote.heads.eligible));
    let row =
        row.bind(vote.as_ref().map(|vote| Json(vote.rule))).bind(vote.as_ref().map(|vote| Json(vote.ballot.clone())));
    let row = row.bind(resolution.text.as_str()).bind(resolution.public_words.as_str());
    let row = row.bind(resolution.execution.map(|execution| execution.organisation));
    let row = row.bind(resolution.execution.map(|execution| execution.due_at)).bind(act.at);
    let row = row.bind(Some(resolution.without_owners.as_str()).filter(|why| !why.is_empty()));
    let row = row.bind(lesson.as_ref().map(|lesson| lesson.speaker.as_str()));
    let row = row.bind(lesson.as_ref().map(|lesson| lesson.half_hours));
    let row = row.bind(lesson.as_ref().is_some_and(|lesson| lesson.by_secretary));
    if tx.execute(row).await? == 0 {
        return Err(Error::Stale(format!("“{}”刚刚已有同事记过结果。请刷新页面看记录。", item.title)));
    }
    audit::record(tx, act, outcome.code(), ("agenda_item", item.id), "", &[]).await
}
