//! The meeting itself: it begins, and when it ends what it resolved becomes a dispatch, and what it left comes back.

use std::collections::BTreeSet;

use db::{Json, Tx};
use jiff::SignedDuration;
use uuid::Uuid;

use super::election::Elected;
use super::model::{Kind, Outcome, SignIn, State};
use super::preparation::{check, rules, rules_of};
use super::rule::{BodyRules, Counted, Motion};
use super::store::{self, DEFER_PENDING, FILED, Heads, Item, Meeting};
use super::{roll, update};
use crate::access::Act;
use crate::board::{self, NewPublication, Period, PublicationKind, Snapshot};
use crate::error::{Error, Result};
use crate::issue::{self, Category, Due, Grading, NewIssue, Place, Remedy, Source, Tier};
use crate::web::show;
use crate::{audit, settings};

/// Begins a meeting. One that was held without a notice can be written down too; its issues show the missing notice.
pub async fn begin(tx: &mut Tx, act: &Act, meeting: &mut Meeting, seen: i64) -> Result<()> {
    check(meeting, seen, matches!(meeting.state, State::Draft | State::Announced), "开始")?;
    if store::items(tx, act.tenant, meeting.id).await?.is_empty() {
        return Err(Error::refused("还没有议题，先列上要议的事再开会"));
    }
    let rules: SignIn = settings::read(tx, act.tenant, act.at).await?;
    if act.at < meeting.planned_at - SignedDuration::from_mins(rules.opens_minutes) {
        let (begins, minutes) = (show::moment(&meeting.planned_at), rules.opens_minutes);
        return Err(Error::refused(format!("{begins} 开会，提前 {minutes} 分钟才能开始。要改时间，先点“改时间地点”")));
    }
    meeting.state = State::InSession;
    meeting.began_at = Some(act.at);
    update(tx, act, meeting).await?;
    roll::call(tx, act, meeting).await?;
    audit::record(tx, act, "begin", ("meeting", meeting.id), "", &[]).await
}

/// A matter that the meeting raised itself becomes an issue, so that somebody answers for it.
async fn file(tx: &mut Tx, act: &Act, meeting: &Meeting, item: &Item) -> Result<Uuid> {
    let place = Place::Estate { id: meeting.estate_id, name: meeting.estate_name.clone(), grid: None };
    let words = if meeting.kind.private() { &item.public_words } else { &item.title };
    let new = NewIssue {
        source: Source::Meeting,
        category: Category::Other,
        description: words.clone(),
        place,
        place_text: String::new(),
        reporter: None,
        photos: Vec::new(),
    };
    let filed = issue::file(tx, act, new).await?;
    let mut issue = issue::issue(tx, act.tenant, filed.id).await?;
    let seen = issue.lock_version;
    let grading =
        Grading { category: Category::Other, tier: Tier::Hard, remedy: Remedy::SelfHelp, summary: words.clone() };
    issue::accept(tx, act, &mut issue, seen, grading).await?;
    if let Some(announced) = meeting.announced_at.filter(|_| item.announced && !meeting.kind.private()) {
        let words = format!("{}议题，{} 已公示", meeting.kind, show::day(&announced));
        issue::put_on_agenda(tx, act, filed.id, &words, meeting.planned_at).await?;
    }
    Ok(filed.id)
}

/// Ends a meeting: what was not talked about comes back next time, what was resolved is given to whoever carries it out, and the
/// decisions go on the board, unless it was one of members. A meeting by a roll to which too few came for anything on its agenda
/// has failed.
///
/// Errors: refused if a resolution can no longer be carried out as it was written down, or was voted on by more people than have
/// come according to the roll as it stands now.
pub async fn end(tx: &mut Tx, act: &Act, meeting: &mut Meeting, seen: i64, remarks: &str) -> Result<()> {
    check(meeting, seen, meeting.state == State::InSession, "结束")?;
    meeting.ended_at = Some(act.at);
    remarks.clone_into(&mut meeting.remarks);
    // First of all, so that nobody signs in or decides meanwhile.
    update(tx, act, meeting).await?;
    tx.execute(DEFER_PENDING.bind(act.tenant).bind(meeting.id).bind(act.at)).await?;
    let items = store::items(tx, act.tenant, meeting.id).await?;
    let heads = store::heads(tx, act.tenant, meeting.id).await?;
    let came_voters = heads.came_voters;
    if let Some((item, present)) = items
        .iter()
        .find_map(|item| item.present.filter(|present| *present > came_voters).map(|present| (item, present)))
    {
        return Err(Error::refused(format!(
            "“{}”表决时有表决权的到会 {present} 人，现在签到表上只有 {came_voters} 人。请核对签到，或重新记这个议题的结果，再散会。",
            item.title
        )));
    }
    // Where something has been voted on there was a quorum, whoever has gone since.
    let voted = items.iter().any(|item| item.yes.is_some());
    let as_they_came = heads.as_they_came();
    let rules = rules_of(tx, act.tenant, meeting, &items, &as_they_came).await?;
    let enough = rules.iter().any(|(_, rule)| rule.has_quorum(&as_they_came));
    let held = items.iter().any(|item| item.outcome == Outcome::Held);
    let inquorate = meeting.kind.by_roll() && meeting.kind.votes() && !voted && !held && !enough;
    meeting.state = if inquorate { State::Inquorate } else { State::Ended };
    update(tx, act, meeting).await?;
    audit::record(tx, act, "end", ("meeting", meeting.id), "", &[]).await?;
    for item in &items {
        follow(tx, act, meeting, item).await?;
    }
    if meeting.kind.private() {
        return Ok(());
    }
    let items = store::items(tx, act.tenant, meeting.id).await?;
    let period = publicity(tx, act.tenant, meeting).await?;
    let mut facts = vec![
        ("时间".to_owned(), show::moment(&meeting.planned_at)),
        ("地点".to_owned(), meeting.place.clone()),
        ("到会".to_owned(), came(meeting, &heads)),
    ];
    if inquorate {
        facts.push(("结果".to_owned(), "有表决权的人到得不够，流会，没有决议".to_owned()));
    }
    facts.extend(items.iter().map(|item| (item.title.clone(), item.result())));
    let publication = NewPublication {
        kind: PublicationKind::Decision,
        estate: Some(meeting.estate_id),
        subject: meeting.id,
        title: format!("{}结果", meeting.title),
        snapshot: Snapshot { text: String::new(), facts, photos: Vec::new(), link: None },
        period,
        named: Vec::new(),
    };
    let publication = board::publish(tx, act, publication).await?;
    let issues: BTreeSet<Uuid> = items.iter().filter_map(|item| item.issue_id).collect();
    board::concern(tx, act, publication, &issues.into_iter().collect::<Vec<_>>()).await
}

/// Who came, for the board; of a meeting by a roll, of how many.
fn came(meeting: &Meeting, heads: &Heads) -> String {
    match meeting.kind.by_roll() {
        true => format!("应到 {} 人，实到 {} 人，其中有表决权 {} 人", heads.expected, heads.came, heads.came_voters),
        false => format!("{} 人，其中有表决权 {} 人", heads.present, heads.came_voters),
    }
}

/// How long the decisions of a meeting hang. What a 物管会 decides hangs for working days.
async fn publicity(tx: &mut Tx, tenant: Uuid, meeting: &Meeting) -> Result<Period> {
    if meeting.kind == Kind::PropertyCommittee {
        let rules: BodyRules = settings::read(tx, tenant, meeting.planned_at).await?;
        return Ok(Period::working_days(rules.property_committee_working_days));
    }
    Ok(Period::days(rules(tx, tenant, meeting.planned_at).await?.publicity_days))
}

/// What follows from an item: its issue learns of it, and a resolution that somebody has to carry out is the dispatch.
async fn follow(tx: &mut Tx, act: &Act, meeting: &Meeting, item: &Item) -> Result<()> {
    let execution = item.organisation_id.zip(item.due_at).filter(|_| item.outcome == Outcome::Resolved);
    let issue = match (item.issue_id, execution) {
        (None, Some(_)) => file(tx, act, meeting, item).await?,
        (Some(issue), _) => issue,
        (None, None) => return Ok(()),
    };
    if item.issue_id.is_none() {
        tx.execute_one(FILED.bind(act.tenant).bind(meeting.id).bind(item.id).bind(issue)).await?;
    }
    issue::deliberate(tx, act, issue, &item.told(meeting)).await?;
    let Some((organisation, due_at)) = execution else { return Ok(()) };
    let mut issue = issue::issue(tx, act.tenant, issue).await?;
    // It may have been settled while the meeting sat.
    if !issue.state.open() {
        return Ok(());
    }
    if let Some(reason) = &item.without_owners {
        issue::owners::waive(tx, act, &mut issue, reason).await?;
    }
    let (seen, due) = (issue.lock_version, Due::Agreed(due_at));
    let words = if meeting.kind.private() { &item.public_words } else { &item.resolution };
    let dispatched = issue::dispatch(tx, act, &mut issue, seen, organisation, due, words).await;
    dispatched.map_err(|error| match error {
        Error::Refused(sentence) => {
            Error::refused(format!("“{}”：{sentence}。请改这个议题的结果，再散会。", item.title))
        }
        error => error,
    })
}

impl Item {
    /// The outcome in words: `形成决议（赞成 12，反对 1，弃权 0）：… 由青禾里物业办理，12月31日前办完`.
    pub fn result(&self) -> String {
        let mut words = format!("{}{}", self.outcome, self.hands());
        if self.outcome == Outcome::Resolved && self.resolution.is_empty() {
            return words;
        }
        if self.outcome == Outcome::Resolved && self.organisation_id.is_none() {
            words = format!("{words}{}{}", if self.elected().is_some() { "。" } else { "：" }, self.resolution);
        } else if self.outcome == Outcome::Resolved {
            let (resolution, owner) = (&self.resolution, self.organisation_name.as_deref().unwrap_or_default());
            let due = self.due_at.map(|due| show::day(&due)).unwrap_or_default();
            words = format!("{words}：{resolution} 由{owner}办理，{due}前办完");
            if self.without_owners.is_some() {
                words.push_str("。没有经过业主表决，由社区书记决定先办");
            }
        }
        words
    }

    /// What an election has come to.
    pub fn elected(&self) -> Option<Elected> {
        let (Json(ballot), Json(election)) = self.ballot.as_ref().zip(self.election.as_ref())?;
        let (Json(rule), present) = self.rule.as_ref().zip(self.present)?;
        let needed = match rule {
            Counted::Hands(rule) => rule.needed(present),
            Counted::Roll(rule) => rule.needed(self.eligible.unwrap_or(present), present),
        };
        (ballot.motion == Motion::Election).then(|| election.outcome(&ballot.votes, needed))
    }

    /// What the vote has come to, in figures.
    pub fn voted(&self) -> String {
        format!("{}{}", self.outcome, self.hands())
    }

    /// `（赞成 12，反对 1，弃权 0，废票 1，书面同意 2）`; empty if nothing was counted.
    fn hands(&self) -> String {
        let (Some(yes), Some(no), Some(abstain)) = (self.yes, self.no, self.abstain) else { return String::new() };
        if let Some(elected) = self.elected() {
            let invalid = self.ballot.as_ref().map_or(0, |Json(ballot)| ballot.count.invalid);
            return format!("（有效票 {yes}，废票 {invalid}）：{}", elected.words());
        }
        let mut words = format!("赞成 {yes}，反对 {no}，弃权 {abstain}");
        if let Some(Json(ballot)) = &self.ballot {
            let beside = [("废票", ballot.count.invalid), ("书面同意", ballot.written)];
            words
                .extend(beside.iter().filter(|(_, count)| *count > 0).map(|(name, count)| format!("，{name} {count}")));
        }
        format!("（{words}）")
    }

    /// For the chain of the issue, which the neighbours read: how members voted is not for them.
    fn told(&self, meeting: &Meeting) -> String {
        let (day, outcome) = (show::day(&meeting.planned_at), self.outcome);
        match (meeting.kind.private(), self.present) {
            (true, _) => format!("{day}：党组织会议议过，{outcome}"),
            (false, Some(present)) => format!("{day}：{outcome}。到会有表决权 {present} 人{}", self.hands()),
            (false, None) if self.discussion.is_empty() && outcome == Outcome::Deferred => {
                format!("{day}：没有议到，转到下一次")
            }
            (false, None) => format!("{day}：{outcome}"),
        }
    }
}
