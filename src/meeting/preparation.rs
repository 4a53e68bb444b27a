//! Before the meeting: what is put on the agenda, and the notice.

use db::{Json, Tx};
use jiff::civil::DateTime;
use jiff::{SignedDuration, Timestamp, ToSpan};
use uuid::Uuid;

use super::decision;
use super::election::Election;
use super::model::{Deliberations, Invitation, Kind, Outcome, State};
use super::procedure::{self, Step};
use super::rule::{BodyRules, Counted, MemberRules, Motion};
use super::store::{self, ADD, ADD_ITEM, ANNOUNCE_ITEMS, Circle, Heads, Item, Meeting, REMOVE_ITEM, REWORD_ITEM};
use super::{roll, stale, telling, update};
use crate::access::{Act, Scope};
use crate::board::{self, NewPublication, Period, PublicationKind, Snapshot, SnapshotLink};
use crate::community_survey::{self, Survey};
use crate::error::{Error, Result};
use crate::issue::{self, Issue};
use crate::web::show;
use crate::{access, audit, body, party, place, settings, venue};

/// A meeting that is to be held.
#[derive(Debug, Clone)]
pub struct NewMeeting {
    pub kind: Kind,
    pub circle: Circle,
    pub plan: Plan,
    pub items: Vec<NewItem>,
}

/// When, where and by whom.
#[derive(Debug, Clone)]
pub struct Plan {
    pub planned_at: Timestamp,
    pub place: String,
    pub host: String,
    pub recorder: String,
}

/// Something that is put on an agenda.
#[derive(Debug, Clone)]
pub enum NewItem {
    /// An issue, in its public words.
    Issue(Uuid),
    /// What an earlier meeting left unfinished.
    Unfinished(Uuid),
    /// The next step of 四议两公开.
    Procedure(Uuid),
    /// The result of a survey of the whole community.
    Survey(Uuid),
    /// A matter of its own.
    Topic(String),
    /// One of which it is known how it is voted on.
    Motion(Wording),
}

/// What the system proposes for the next agenda of an estate, and why.
#[derive(Debug, Clone)]
pub struct Proposal {
    pub item: NewItem,
    pub title: String,
    pub why: String,
    /// Urgent enough to be on the agenda unless somebody takes it off.
    pub pressing: bool,
}

pub async fn create(tx: &mut Tx, act: &Act, new: NewMeeting) -> Result<Uuid> {
    let Circle { estate, party, body } = new.circle;
    let estate = place::estate(tx, act.tenant, estate).await?;
    let (caller, level) = match (party, body) {
        (Some(id), _) => {
            let organisation = party::organisation(tx, act.tenant, &Scope::tenant(), id).await?;
            (organisation.name, Some(organisation.kind))
        }
        (None, Some(id)) => (body::body(tx, act.tenant, &Scope::tenant(), id).await?.name, None),
        (None, None) => (estate.name, None),
    };
    check_public(tx, act, (estate.id, new.kind), "地点", &new.plan.place).await?;
    let title = title(&caller, new.kind.of_level(level), new.plan.planned_at);
    let id = act.id();
    let row = ADD.bind(act.tenant).bind(id).bind(new.kind).bind(estate.id).bind(title);
    let Plan { planned_at, place, host, recorder } = new.plan;
    let row = row.bind(planned_at).bind(place).bind(host).bind(recorder).bind(act.account).bind(act.at);
    tx.execute(row.bind(party).bind(body)).await?;
    audit::record(tx, act, "create", ("meeting", id), "", &[]).await?;
    for (position, item) in (1..).zip(new.items) {
        put(tx, act, (new.circle, new.kind), id, position, item).await?;
    }
    let meeting = store::meeting(tx, act.tenant, id).await?;
    roll::call(tx, act, &meeting).await?;
    Ok(id)
}

/// Changes when, where and by whom a meeting is held. Where people have been told already, there is a new notice, with `link`.
pub async fn replan(tx: &mut Tx, act: &Act, meeting: &mut Meeting, seen: i64, plan: Plan, link: &str) -> Result<()> {
    check(meeting, seen, matches!(meeting.state, State::Draft | State::Announced), "改时间地点")?;
    let announced = meeting.state == State::Announced;
    if announced && plan.planned_at <= act.at {
        return Err(Error::refused("请改成以后的时间"));
    }
    check_public(tx, act, (meeting.estate_id, meeting.kind), "地点", &plan.place).await?;
    meeting.title = title(meeting.caller(), meeting.name(), plan.planned_at);
    Plan { planned_at: meeting.planned_at, place: meeting.place, host: meeting.host, recorder: meeting.recorder } =
        plan;
    if announced {
        meeting.notice = format!("【改期】{}", notice(tx, act.tenant, meeting, link).await?);
    }
    update(tx, act, meeting).await?;
    roll::call(tx, act, meeting).await?;
    if announced {
        telling::moved(tx, act, meeting).await?;
    }
    audit::record(tx, act, "update", ("meeting", meeting.id), "", &[]).await?;
    if announced && !meeting.kind.private() {
        board::withdraw(tx, act, meeting.id, "会议改期").await?;
        let items = store::items(tx, act.tenant, meeting.id).await?;
        make_known(tx, act, meeting, &items).await?;
    }
    Ok(())
}

/// `王府名苑小区11月28日说事议事会`
fn title(caller: &str, name: &str, planned_at: Timestamp) -> String {
    format!("{caller}{}{name}", show::month_and_day(&planned_at))
}

/// Adds an item. Where the agenda hangs already it hangs anew.
pub async fn add_item(tx: &mut Tx, act: &Act, meeting: &mut Meeting, seen: i64, item: NewItem) -> Result<()> {
    check(meeting, seen, meeting.state.open(), "改议题")?;
    let last = store::items(tx, act.tenant, meeting.id).await?.last().map_or(0, |item| item.position);
    put(tx, act, (meeting.circle(), meeting.kind), meeting.id, last + 1, item).await?;
    update(tx, act, meeting).await?;
    if meeting.state == State::Announced && !meeting.kind.private() {
        board::withdraw(tx, act, meeting.id, "加了议题").await?;
        let items = store::items(tx, act.tenant, meeting.id).await?;
        publish(tx, act, meeting, &items).await?;
        put_on_agenda(tx, act, meeting, &items[items.len() - 1..]).await?;
    }
    Ok(())
}

pub async fn remove_item(tx: &mut Tx, act: &Act, meeting: &mut Meeting, seen: i64, item: Uuid) -> Result<()> {
    check(meeting, seen, meeting.state.may_prepare(), "撤议题")?;
    tx.execute_one(REMOVE_ITEM.bind(act.tenant).bind(meeting.id).bind(item)).await?;
    audit::record(tx, act, "remove", ("agenda_item", item), "", &[]).await?;
    update(tx, act, meeting).await
}

/// How an item is put, and what is to be voted on.
#[derive(Debug, Clone)]
pub struct Wording {
    pub title: String,
    pub motion: Option<Motion>,
    pub election: Option<Election>,
}

/// Puts an item otherwise. What the neighbours read of it already hangs anew.
///
/// Errors: refused once the meeting is over, or if it is to be voted on otherwise and has been voted on; stale if somebody else
/// was first.
pub async fn reword_item(
    tx: &mut Tx,
    act: &Act,
    meeting: &mut Meeting,
    seen: i64,
    id: Uuid,
    wording: Wording,
) -> Result<()> {
    check(meeting, seen, meeting.state.open(), "改议题")?;
    let item = store::item(tx, act.tenant, meeting.id, id).await?;
    let Wording { title, motion, election } = wording;
    let voted = item.outcome != Outcome::Pending;
    if voted && (motion, election.as_ref()) != (item.motion, item.election.as_ref().map(|Json(election)| election)) {
        return Err(Error::refused("这个议题已经记过结果，不能再改表决什么"));
    }
    check_motion(meeting.kind, item.procedure_step, motion)?;
    check_public(tx, act, (meeting.estate_id, meeting.kind), "议题", &title).await?;
    let row = REWORD_ITEM.bind(act.tenant).bind(meeting.id).bind(id).bind(&title).bind(motion);
    tx.execute_one(row.bind(election.map(Json))).await?;
    update(tx, act, meeting).await?;
    audit::record(tx, act, "reword", ("agenda_item", id), "", &[]).await?;
    if meeting.state == State::Announced && !meeting.kind.private() && title != item.title {
        board::withdraw(tx, act, meeting.id, "议题改了说法").await?;
        let items = store::items(tx, act.tenant, meeting.id).await?;
        publish(tx, act, meeting, &items).await?;
    }
    Ok(())
}

/// Errors: refused if a meeting does not vote on such a thing.
fn check_motion(kind: Kind, step: Option<Step>, motion: Option<Motion>) -> Result<()> {
    match motion.filter(|motion| !decision::possible(kind, step).contains(motion)) {
        Some(motion) => Err(Error::refused(format!("{kind}不按“{motion}”表决"))),
        None => Ok(()),
    }
}

/// Words that will hang on the board when the meeting is announced or has ended must be fit for it when they are written down:
/// nobody can be asked for others once it is over.
async fn check_public(tx: &mut Tx, act: &Act, (estate, kind): (Uuid, Kind), what: &str, words: &str) -> Result<()> {
    if kind.private() {
        return Ok(());
    }
    board::check_words(tx, act.tenant, Some(estate), what, words).await
}

async fn put(
    tx: &mut Tx,
    act: &Act,
    (circle, kind): (Circle, Kind),
    meeting: Uuid,
    position: i64,
    item: NewItem,
) -> Result<()> {
    let mut of_survey: Option<Uuid> = None;
    let mut of_procedure: Option<(Uuid, Step)> = None;
    let mut voted_on: Option<(Motion, Option<Json<Election>>)> = None;
    let (title, issue, carried_from, times) = match item {
        NewItem::Topic(title) => (title, None, None, 1),
        NewItem::Motion(Wording { title, motion, election }) => {
            check_motion(kind, None, motion)?;
            voted_on = motion.map(|motion| (motion, election.map(Json)));
            (title, None, None, 1)
        }
        NewItem::Issue(id) => {
            let issue = issue::issue(tx, act.tenant, id).await?;
            (issue.title(), Some(id), None, 1 + store::times(tx, act.tenant, id).await?)
        }
        NewItem::Survey(id) => {
            let survey = surveys_to_hear(tx, act.tenant, (circle, kind), act.at).await?;
            let survey = survey.into_iter().find(|survey| survey.id == id);
            let survey = survey.ok_or_else(|| Error::refused("这次调查的结果已经列入别的会了。请刷新页面再选。"))?;
            of_survey = Some(id);
            (result_of(&survey), None, None, 1)
        }
        NewItem::Procedure(id) => {
            let (procedure, step, times) = procedure::next_at(tx, act.tenant, (circle, kind), id).await?;
            of_procedure = Some((id, step));
            (procedure.title, None, None, times)
        }
        NewItem::Unfinished(id) => {
            let unfinished = store::unfinished(tx, act.tenant, circle, kind, act.at).await?;
            let item = unfinished
                .into_iter()
                .find(|item| item.id == id && item.procedure_id.is_none())
                .ok_or_else(|| Error::refused("这个议题已经办结，或者已列入另一次会议。请刷新页面再选。"))?;
            voted_on = item.motion.zip(Some(item.election));
            (item.title, item.issue_id, Some(id), item.times + 1)
        }
    };
    check_public(tx, act, (circle.estate, kind), "议题", &title).await?;
    if let Some(issue) = issue {
        let issue = issue::issue(tx, act.tenant, issue).await?;
        // Whoever holds meetings of one estate must not decide on the issues of another; what this circle has talked about
        // already is its own wherever it meets.
        if issue.estate_id != Some(circle.estate) && carried_from.is_none() {
            return Err(Error::NotFound);
        }
        if !issue.state.open() {
            return Err(Error::refused(format!("{} 已经{}，不用再议", issue.number, issue.state)));
        }
        let estate = issue.estate_id.unwrap_or(circle.estate);
        if store::pending_issues(tx, act.tenant, estate).await?.contains(&issue.id) {
            return Err(Error::refused(format!("{} 已经列入一次还没开完的会，不能再列", issue.number)));
        }
    }
    let id = act.id();
    let row = ADD_ITEM.bind(act.tenant).bind(id).bind(meeting).bind(position).bind(title);
    let row = row.bind(issue).bind(carried_from).bind(times).bind(of_procedure.map(|(procedure, _)| procedure));
    let (motion, election) = voted_on.map_or((None, None), |(motion, election)| (Some(motion), election));
    let row = row.bind(of_procedure.map(|(_, step)| step)).bind(motion).bind(election);
    tx.execute(row.bind(of_survey)).await?;
    audit::record(tx, act, "create", ("agenda_item", id), "", &[]).await
}

/// What the next meeting of a circle should talk about: what earlier ones left unfinished, then issues that went wrong,
/// then those that wait. A meeting with the property company talks about all that is the company's to do, and nothing else.
pub async fn proposals(tx: &mut Tx, tenant: Uuid, circle: Circle, kind: Kind, now: Timestamp) -> Result<Vec<Proposal>> {
    let unfinished = store::unfinished(tx, tenant, circle, kind, now).await?;
    let mut taken = store::pending_issues(tx, tenant, circle.estate).await?;
    taken.extend(unfinished.iter().filter_map(|item| item.issue_id));
    // What is a step of 四议两公开 comes back as such.
    let left = unfinished.into_iter().filter(|item| item.procedure_id.is_none()).map(|item| Proposal {
        why: why_unfinished(&item, now),
        item: NewItem::Unfinished(item.id),
        title: item.title,
        pressing: true,
    });
    let mut proposals: Vec<Proposal> = left.collect();
    for (procedure, step) in procedure::due(tx, tenant, circle).await? {
        let why = format!("四议两公开第{}步：{step}", step.number());
        let pressing = step.fits(kind);
        proposals.push(Proposal { item: NewItem::Procedure(procedure.id), title: procedure.title, why, pressing });
    }
    for survey in surveys_to_hear(tx, tenant, (circle, kind), now).await? {
        let why = "居民满意度调查的结果，支部要听一听".to_owned();
        proposals.push(Proposal { item: NewItem::Survey(survey.id), title: result_of(&survey), why, pressing: true });
    }
    for issue in issue::to_deliberate(tx, tenant, circle.estate, kind == Kind::Joint).await? {
        if taken.contains(&issue.id) {
            continue;
        }
        let (why, pressing) = why_issue(&issue, now);
        let pressing = pressing || kind == Kind::Joint;
        proposals.push(Proposal { item: NewItem::Issue(issue.id), title: issue.title(), why, pressing });
    }
    proposals.sort_by_key(|proposal| !proposal.pressing);
    Ok(proposals)
}

/// The surveys of whose results a circle has not heard yet: the branch where it decides, and the neighbours whom it calls together.
async fn surveys_to_hear(
    tx: &mut Tx,
    tenant: Uuid,
    (circle, kind): (Circle, Kind),
    now: Timestamp,
) -> Result<Vec<Survey>> {
    if !matches!(kind, Kind::Deliberation | Kind::Committee | Kind::Assembly) {
        return Ok(Vec::new());
    }
    let today = now.to_zoned_datetime(calendar::shanghai()).date();
    let mut surveys = community_survey::to_deliberate(tx, tenant, today).await?;
    if !surveys.is_empty() {
        let heard = store::surveys(tx, tenant, circle).await?;
        surveys.retain(|survey| !heard.contains(&survey.id));
    }
    Ok(surveys)
}

fn result_of(survey: &Survey) -> String {
    format!("{}的结果", survey.title)
}

fn why_unfinished(item: &Item, now: Timestamp) -> String {
    match item.outcome {
        Outcome::Resolved => {
            let stands = match item.issue_due_at {
                Some(due) if due >= now => "还没到期".to_owned(),
                due => due.map(|due| show::deadline(due, now, false).text).unwrap_or_default(),
            };
            format!("上次的决议还没办完，{stands}，第 {} 次上会", item.times + 1)
        }
        _ => format!("上次没有议成，第 {} 次上会", item.times + 1),
    }
}

fn why_issue(issue: &Issue, now: Timestamp) -> (String, bool) {
    if issue.round > 1 {
        return (format!("反映人不满意，第 {} 次办理", issue.round), true);
    }
    if issue.due_at < now {
        return (format!("{}，{}", issue.state, show::deadline(issue.due_at, now, false).text), true);
    }
    (issue.state.to_string(), false)
}

/// When the next meeting of a circle could be: at the hour and on the day of the week of the last one, as soon as there is time
/// for the notice; without a last one at nine.
pub fn proposed_time(last: Option<&Meeting>, rules: &Deliberations, now: Timestamp) -> DateTime {
    let zone = calendar::shanghai();
    let earliest =
        (now + SignedDuration::from_hours(rules.notice_hours)).to_zoned_datetime(zone.clone()).date() + 1.day();
    let Some(last) = last.map(|last| last.planned_at.to_zoned_datetime(zone).datetime()) else {
        return earliest.at(9, 0, 0, 0);
    };
    let ahead = earliest.weekday().until(last.date().weekday());
    (earliest + i64::from(ahead).days()).to_datetime(last.time())
}

/// The text of a meeting's notice, as it would go out now.
pub async fn notice(tx: &mut Tx, tenant: Uuid, meeting: &Meeting, link: &str) -> Result<String> {
    let items = store::items(tx, tenant, meeting.id).await?;
    let topics = items.iter().map(|item| item.title.as_str()).collect();
    let (kind, name, caller, place) = (meeting.kind, meeting.name(), meeting.caller(), meeting.place.as_str());
    Ok(Invitation { kind, name, caller, planned_at: meeting.planned_at, place, topics, link }.text())
}

/// Puts the notice on the board of the estate, unless only members are called, and onto the chain of every issue of the agenda.
pub async fn announce(tx: &mut Tx, act: &Act, meeting: &mut Meeting, seen: i64, text: &str) -> Result<()> {
    check(meeting, seen, meeting.state.may_prepare(), "发通知")?;
    let items = store::items(tx, act.tenant, meeting.id).await?;
    if items.is_empty() {
        return Err(Error::refused("还没有议题，先列上要议的事再发通知"));
    }
    if meeting.planned_at <= act.at {
        return Err(Error::refused("开会时间已经过了。改成以后的时间再发通知；会已经开过的，直接点“开始开会”补记。"));
    }
    if !meeting.kind.private() {
        let named = [meeting.host.clone(), meeting.recorder.clone()];
        board::check_words_but(tx, act.tenant, Some(meeting.estate_id), ("通知", text), &named).await?;
    }
    meeting.state = State::Announced;
    meeting.announced_at = Some(act.at);
    text.clone_into(&mut meeting.notice);
    update(tx, act, meeting).await?;
    tx.execute(ANNOUNCE_ITEMS.bind(act.tenant).bind(meeting.id)).await?;
    roll::call(tx, act, meeting).await?;
    telling::announced(tx, act, meeting).await?;
    audit::record(tx, act, "announce", ("meeting", meeting.id), "", &[]).await?;
    if !meeting.kind.private() {
        make_known(tx, act, meeting, &items).await?;
    }
    Ok(())
}

/// What members talk about is not told to anybody else.
async fn make_known(tx: &mut Tx, act: &Act, meeting: &Meeting, items: &[Item]) -> Result<()> {
    publish(tx, act, meeting, items).await?;
    put_on_agenda(tx, act, meeting, items).await
}

/// The chains of the issues that are to be talked about say so.
async fn put_on_agenda(tx: &mut Tx, act: &Act, meeting: &Meeting, items: &[Item]) -> Result<()> {
    let when = show::moment(&meeting.planned_at);
    for issue in items.iter().filter_map(|item| item.issue_id) {
        issue::put_on_agenda(tx, act, issue, &format!("{}，{when}", meeting.kind), meeting.planned_at).await?;
    }
    Ok(())
}

async fn publish(tx: &mut Tx, act: &Act, meeting: &Meeting, items: &[Item]) -> Result<()> {
    let tenant = access::tenant(tx, act.tenant).await?;
    let when = show::moment(&meeting.planned_at);
    let mut facts = vec![("时间".to_owned(), when), ("地点".to_owned(), meeting.place.clone())];
    facts.extend(items.iter().zip(1..).map(|(item, number)| (format!("议题 {number}"), item.title.clone())));
    let publication = NewPublication {
        kind: PublicationKind::Meeting,
        estate: Some(meeting.estate_id),
        subject: meeting.id,
        title: meeting.title.clone(),
        snapshot: Snapshot {
            text: "欢迎来说、来议。来不了的，可以先留言。".to_owned(),
            facts,
            photos: Vec::new(),
            link: Some(SnapshotLink {
                label: "报名或留言".to_owned(),
                href: format!("/board/{}/meetings/{}", tenant.code, meeting.id),
            }),
        },
        period: Period::Until(meeting.planned_at),
        named: Vec::new(),
    };
    board::publish(tx, act, publication).await?;
    Ok(())
}

/// Calls a meeting off. Its items can be put on another agenda.
pub async fn cancel(tx: &mut Tx, act: &Act, meeting: &mut Meeting, seen: i64, reason: &str) -> Result<()> {
    check(meeting, seen, matches!(meeting.state, State::Draft | State::Announced), "取消")?;
    let announced = meeting.state == State::Announced;
    check_public(tx, act, (meeting.estate_id, meeting.kind), "取消原因", reason).await?;
    meeting.state = State::Cancelled;
    meeting.remarks = format!("取消原因：{reason}");
    update(tx, act, meeting).await?;
    if announced {
        telling::cancelled(tx, act, meeting, reason).await?;
    }
    board::withdraw(tx, act, meeting.id, "会议取消").await?;
    venue::release(tx, act, meeting.id, "会议取消").await?;
    audit::record(tx, act, "cancel", ("meeting", meeting.id), reason, &[]).await?;
    if announced && !meeting.kind.private() {
        for issue in store::items(tx, act.tenant, meeting.id).await?.iter().filter_map(|item| item.issue_id) {
            issue::deliberate(tx, act, issue, &format!("{}取消，另行通知：{reason}", meeting.kind)).await?;
        }
    }
    Ok(())
}

/// Whether a notice that goes out now is shorter than is good; the sentence that warns.
pub(super) fn short_notice(
    meeting: &Meeting,
    formal: &[Motion],
    rules: &Deliberations,
    now: Timestamp,
) -> Option<String> {
    let wanted = SignedDuration::from_hours(rules.notice_hours);
    if meeting.planned_at.duration_since(now) >= wanted {
        return None;
    }
    let hours = rules.notice_hours;
    if !formal.is_empty() {
        let formal: Vec<&str> = formal.iter().map(|motion| motion.label()).collect();
        return Some(format!(
            "离开会不到 {hours} 小时，议题里有正式表决（{}），有的人可能来不及知道。请改个晚些的时间。",
            formal.join("、")
        ));
    }
    Some(match meeting.kind.by_roll() {
        true => {
            format!("离开会不到 {hours} 小时，有的人可能来不及知道。例会可以照发；要正式表决的，最好改个晚些的时间。")
        }
        false => format!("离开会不到 {hours} 小时，有的居民可能来不及知道。急事可以照发；不急的，改个晚些的时间。"),
    })
}

pub(super) async fn rules(tx: &mut Tx, tenant: Uuid, now: Timestamp) -> Result<Deliberations> {
    settings::read(tx, tenant, now).await
}

/// The rule by which a vote of a meeting is counted: that which was in force on its day.
pub(super) async fn counted(tx: &mut Tx, tenant: Uuid, meeting: &Meeting, motion: Motion) -> Result<Counted> {
    let (kind, at) = (meeting.kind, meeting.planned_at);
    if !kind.by_roll() {
        return Ok(Counted::Hands(rules(tx, tenant, at).await?.rule));
    }
    let of_members: MemberRules = settings::read(tx, tenant, at).await?;
    let of_bodies: BodyRules = settings::read(tx, tenant, at).await?;
    Ok(Counted::Roll(match (kind, motion) {
        (Kind::PropertyCommittee, _) => of_bodies.property_committee,
        (Kind::Representatives, _) => of_bodies.representatives,
        (Kind::TwoCommittees, _) => of_bodies.two_committees,
        (Kind::Committee, Motion::Election) => of_members.election,
        (Kind::Committee, _) => of_members.committee,
        (_, Motion::General) => of_members.general,
        (_, Motion::Admission) => of_members.admission,
        (_, Motion::Election) => of_members.election,
        (_, Motion::FourDeliberations) => of_bodies.four_deliberations,
    }))
}

/// By which rules the items of an agenda will be voted on, or were: each once, whatever asks for most people first.
pub(super) async fn rules_of(
    tx: &mut Tx,
    tenant: Uuid,
    meeting: &Meeting,
    items: &[Item],
    heads: &Heads,
) -> Result<Vec<(Motion, Counted)>> {
    let mut motions: Vec<Motion> = items.iter().map(|item| decision::expected(meeting.kind, item)).collect();
    if motions.is_empty() {
        motions.push(Motion::General);
    }
    motions.sort();
    motions.dedup();
    let mut rules = Vec::with_capacity(motions.len());
    for motion in motions {
        rules.push((motion, counted(tx, tenant, meeting, motion).await?));
    }
    rules.sort_by_key(|(_, rule)| std::cmp::Reverse(rule.quorum(heads)));
    Ok(rules)
}

/// Errors: stale if the meeting has changed since it was seen; refused if it is past the point at which this can be done.
pub(super) fn check(meeting: &Meeting, seen: i64, possible: bool, what: &str) -> Result<()> {
    if seen != meeting.lock_version {
        return Err(stale());
    }
    if !possible {
        return Err(Error::refused(format!("这次会议{}，不能{what}了", meeting.state)));
    }
    Ok(())
}
