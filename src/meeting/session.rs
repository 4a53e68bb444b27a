//! The meeting itself: item by item it talks, votes and resolves, and what it resolved becomes a dispatch.

use db::{Json, Tx};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::model::{Outcome, State, Tally};
use super::preparation::{check, counted, rules};
use super::rule::{Counted, Motion};
use super::store::{self, DECIDE_ITEM, DEFER_PENDING, Heads, Item, Meeting};
use super::{roll, update};
use crate::access::Act;
use crate::audit;
use crate::board::{self, NewPublication, PublicationKind, Snapshot};
use crate::error::{Error, Result};
use crate::issue::{self, Category, Due, Grading, NewIssue, Place, Remedy, Source, Tier};
use crate::web::show;

/// What a meeting makes of an item.
#[derive(Debug, Clone)]
pub enum Decision {
    /// A show of hands over a resolution. Whether it carries, the rule says; those present are counted from the sign-in.
    Vote { motion: Motion, yes: i64, no: i64, abstain: i64, resolution: String, execution: Option<Execution> },
    /// Comes back at the next meeting.
    Defer,
    /// Needs no more talk.
    Drop,
}

/// Who carries a resolution out, and until when. Members may also resolve what nobody has to carry out.
#[derive(Debug, Clone, Copy)]
pub struct Execution {
    pub organisation: Uuid,
    pub due_at: Timestamp,
}

/// Begins a meeting. One that was held without a notice can be written down too; its issues show the missing notice.
pub async fn begin(tx: &mut Tx, act: &Act, meeting: &mut Meeting, seen: i64) -> Result<()> {
    check(meeting, seen, matches!(meeting.state, State::Draft | State::Announced), "开始")?;
    if store::items(tx, act.tenant, meeting.id).await?.is_empty() {
        return Err(Error::refused("还没有议题，先列上要议的事再开会"));
    }
    meeting.state = State::InSession;
    meeting.began_at = Some(act.at);
    update(tx, act, meeting).await?;
    roll::call(tx, act, meeting).await?;
    audit::record(tx, act, "begin", ("meeting", meeting.id), "", &[]).await
}

/// Writes down what became of an item. Gives the outcome.
///
/// Errors: refused without a quorum, if the hands do not add up, or if the item has been decided already.
pub async fn decide(
    tx: &mut Tx,
    act: &Act,
    meeting: &Meeting,
    id: Uuid,
    discussion: &str,
    decision: Decision,
) -> Result<Outcome> {
    if meeting.state != State::InSession {
        return Err(Error::refused(format!("这次会议{}，要在开会时记录结果", meeting.state)));
    }
    let item = store::item(tx, act.tenant, meeting.id, id).await?;
    let mut decided = Decided {
        outcome: Outcome::Deferred,
        discussion,
        vote: None,
        resolution: String::new(),
        execution: None,
        issue: item.issue_id,
    };
    match decision {
        Decision::Defer => {}
        Decision::Drop => decided.outcome = Outcome::Dropped,
        Decision::Vote { motion, yes, no, abstain, resolution, execution } => {
            if !meeting.kind.votes() {
                return Err(Error::refused(format!("{}不作表决，请选“下次再议”或“不再议”", meeting.kind)));
            }
            if execution.is_none() && !meeting.kind.of_members() {
                return Err(Error::refused("请写谁来办、什么时候前办完"));
            }
            let rule = counted(tx, act.tenant, meeting.kind, motion, act.at).await?;
            let heads = store::heads(tx, act.tenant, meeting.id).await?;
            let present = heads.voters;
            let tally = Tally { present, yes, no, abstain }.check().map_err(Error::refused)?;
            if !rule.has_quorum(&heads) {
                let wanted = rule.quorum(&heads);
                return Err(Error::refused(format!(
                    "签到的人里有表决权的只有 {present} 人，不够 {wanted} 人，不能表决。请先补签到，或选“下次再议”。"
                )));
            }
            decided.vote = Some((tally, rule, heads));
            decided.outcome = if rule.passes(&heads, tally) { Outcome::Resolved } else { Outcome::Rejected };
            (decided.resolution, decided.execution) = (resolution, execution);
        }
    }
    if decided.outcome == Outcome::Resolved && decided.issue.is_none() && decided.execution.is_some() {
        decided.issue = Some(file(tx, act, meeting, &item).await?);
    }
    write(tx, act, meeting, &item, &decided).await?;
    if let Some(issue) = decided.issue {
        issue::deliberate(tx, act, issue, &decided.words(meeting)).await?;
        if let (Outcome::Resolved, Some(Execution { organisation, due_at })) = (decided.outcome, decided.execution) {
            let mut issue = issue::issue(tx, act.tenant, issue).await?;
            let seen = issue.lock_version;
            let due = Due::Agreed(due_at);
            issue::dispatch(tx, act, &mut issue, seen, organisation, due, &decided.resolution).await?;
        }
    }
    Ok(decided.outcome)
}

/// What is written down about an item.
struct Decided<'a> {
    outcome: Outcome,
    discussion: &'a str,
    vote: Option<(Tally, Counted, Heads)>,
    /// What is to be done.
    resolution: String,
    execution: Option<Execution>,
    issue: Option<Uuid>,
}

impl Decided<'_> {
    /// For the chain of the issue.
    fn words(&self, meeting: &Meeting) -> String {
        let day = show::day(&meeting.planned_at);
        let outcome = self.outcome;
        match &self.vote {
            Some((tally, ..)) => {
                let Tally { present, yes, no, abstain } = tally;
                format!("{day}：{outcome}。到会有表决权 {present} 人，赞成 {yes}，反对 {no}，弃权 {abstain}")
            }
            None => format!("{day}：{outcome}"),
        }
    }
}

async fn write(tx: &mut Tx, act: &Act, meeting: &Meeting, item: &Item, decided: &Decided<'_>) -> Result<()> {
    let tally = decided.vote.map(|(tally, ..)| tally);
    let row =
        DECIDE_ITEM.bind(act.tenant).bind(meeting.id).bind(item.id).bind(decided.outcome).bind(decided.discussion);
    let row = row.bind(tally.map(|tally| tally.present)).bind(tally.map(|tally| tally.yes));
    let row = row.bind(tally.map(|tally| tally.no)).bind(tally.map(|tally| tally.abstain));
    let row = row.bind(decided.vote.map(|(_, rule, _)| Json(rule)));
    let execution = decided.execution;
    let row = row.bind(decided.resolution.as_str()).bind(execution.map(|execution| execution.organisation));
    let row = row.bind(execution.map(|execution| execution.due_at)).bind(act.at).bind(decided.issue);
    let eligible =
        decided.vote.filter(|(_, rule, _)| matches!(rule, Counted::Roll(_))).map(|(.., heads)| heads.eligible);
    if tx.execute(row.bind(eligible)).await? == 0 {
        return Err(Error::Stale(format!("“{}”刚刚已有同事记过结果。请刷新页面看记录。", item.title)));
    }
    audit::record(tx, act, decided.outcome.code(), ("agenda_item", item.id), "", &[]).await
}

/// A matter that the meeting raised itself becomes an issue, so that somebody answers for it.
async fn file(tx: &mut Tx, act: &Act, meeting: &Meeting, item: &Item) -> Result<Uuid> {
    let place = Place::Estate { id: meeting.estate_id, name: meeting.estate_name.clone(), grid: None };
    let new = NewIssue {
        source: Source::Meeting,
        category: Category::Other,
        description: item.title.clone(),
        place,
        place_text: String::new(),
        reporter: None,
        photos: Vec::new(),
    };
    let filed = issue::file(tx, act, new).await?;
    let mut issue = issue::issue(tx, act.tenant, filed.id).await?;
    let seen = issue.lock_version;
    let grading =
        Grading { category: Category::Other, tier: Tier::Hard, remedy: Remedy::SelfHelp, summary: item.title.clone() };
    issue::accept(tx, act, &mut issue, seen, grading).await?;
    if let Some(announced) = meeting.announced_at.filter(|_| item.announced) {
        let words = format!("{}议题，{} 已公示", meeting.kind, show::day(&announced));
        issue::put_on_agenda(tx, act, filed.id, &words, meeting.planned_at).await?;
    }
    Ok(filed.id)
}

/// Ends a meeting: what was not talked about comes back next time, and the decisions go on the board, unless it was one of
/// members. A meeting of members to which too few came has failed.
pub async fn end(tx: &mut Tx, act: &Act, meeting: &mut Meeting, seen: i64, remarks: &str) -> Result<()> {
    check(meeting, seen, meeting.state == State::InSession, "结束")?;
    let items = store::items(tx, act.tenant, meeting.id).await?;
    for item in &items {
        if let (Outcome::Pending, Some(issue)) = (item.outcome, item.issue_id) {
            let words = format!("{}：没有议到，转到下一次", show::day(&meeting.planned_at));
            issue::deliberate(tx, act, issue, &words).await?;
        }
    }
    tx.execute(DEFER_PENDING.bind(act.tenant).bind(meeting.id).bind(act.at)).await?;
    let heads = store::heads(tx, act.tenant, meeting.id).await?;
    let rule = counted(tx, act.tenant, meeting.kind, Motion::General, act.at).await?;
    // Where something has been voted on there was a quorum, whoever has gone since.
    let voted = items.iter().any(|item| item.yes.is_some());
    let inquorate = meeting.kind.of_members() && meeting.kind.votes() && !voted && !rule.has_quorum(&heads);
    meeting.state = if inquorate { State::Inquorate } else { State::Ended };
    meeting.ended_at = Some(act.at);
    remarks.clone_into(&mut meeting.remarks);
    update(tx, act, meeting).await?;
    audit::record(tx, act, "end", ("meeting", meeting.id), "", &[]).await?;
    if meeting.kind.of_members() {
        return Ok(());
    }
    let items = store::items(tx, act.tenant, meeting.id).await?;
    let days = rules(tx, act.tenant, act.at).await?.publicity_days;
    let mut facts = vec![
        ("时间".to_owned(), show::moment(&meeting.planned_at)),
        ("地点".to_owned(), meeting.place.clone()),
        ("到会".to_owned(), format!("{} 人，其中有表决权 {} 人", heads.present, heads.voters)),
    ];
    facts.extend(items.iter().map(|item| (item.title.clone(), item.result())));
    let publication = NewPublication {
        kind: PublicationKind::Decision,
        estate: Some(meeting.estate_id),
        subject: meeting.id,
        title: format!("{}结果", meeting.title),
        snapshot: Snapshot { text: String::new(), facts, photos: Vec::new(), link: None },
        ends_at: act.at + SignedDuration::from_hours(24 * days),
    };
    board::publish(tx, act, publication).await?;
    Ok(())
}

impl Item {
    /// The outcome in public words: `形成决议（赞成 12，反对 1，弃权 0）：… 由青禾里物业办理，12月31日前办完`.
    pub fn result(&self) -> String {
        let hands = match (self.yes, self.no, self.abstain) {
            (Some(yes), Some(no), Some(abstain)) => format!("（赞成 {yes}，反对 {no}，弃权 {abstain}）"),
            _ => String::new(),
        };
        let mut words = format!("{}{hands}", self.outcome);
        if self.outcome == Outcome::Resolved && self.organisation_id.is_none() {
            words = format!("{words}：{}", self.resolution);
        } else if self.outcome == Outcome::Resolved {
            let (resolution, owner) = (&self.resolution, self.organisation_name.as_deref().unwrap_or_default());
            let due = self.due_at.map(|due| show::day(&due)).unwrap_or_default();
            words = format!("{words}：{resolution} 由{owner}办理，{due}前办完");
        }
        words
    }
}
