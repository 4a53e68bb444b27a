//! Somebody is asked to go to a need: a volunteer, who answers on their own page, or everybody who comes to an activity. Whoever does
//! something here holds the need first and the volunteer then; of two who assign the same need, or the same volunteer at the same time,
//! one succeeds.

use db::Tx;
use jiff::Timestamp;
use uuid::Uuid;

use super::kind;
use super::matching::{self, Suggestion, Whom};
use super::model::{Answer, Rules, State};
use super::need::{self, Need};
use super::provider;
use super::store::{
    ADD_CALL, CALL, CALLS, FREE_DATE, Found, NEEDS_OF_ACTIVITIES, NEEDS_OF_DATE, NEEDS_OF_VOLUNTEER, OF_ACTIVITIES,
    OF_VOLUNTEER, SET_CALL, SET_STATE, STANDING, Stored,
};
use crate::access::{self, Act, Scope};
use crate::audit::{self, Change};
use crate::channel::{self, Notice, Occasion, Place};
use crate::error::{Error, Result};
use crate::settings;
use crate::volunteer::{self, Booking, Span};

pub use super::store::Call;

impl Call {
    pub fn span(&self) -> Span {
        Span { starts_at: self.starts_at, ends_at: self.ends_at }
    }

    pub fn when(&self) -> String {
        self.span().words()
    }

    /// Who goes, for staff.
    pub fn who(&self) -> String {
        if let Some(provider) = &self.provider_name {
            return format!("{provider}来的那一次");
        }
        match (&self.volunteer_name, &self.activity_title) {
            (Some(name), _) if name.is_empty() => "志愿者（已删去）".to_owned(),
            (Some(name), _) => name.clone(),
            (None, Some(title)) => format!("活动“{title}”"),
            (None, None) => String::new(),
        }
    }

    pub fn called_off(&self) -> bool {
        self.activity_cancelled_at.is_some() && self.state.stands()
    }
}

/// Those who were asked to go to a need, the latest first.
pub(super) async fn calls(tx: &mut Tx, tenant: Uuid, need: Uuid) -> Result<Vec<Call>> {
    Ok(tx.all(CALLS.bind(tenant).bind(need)).await?)
}

/// Where a volunteer is asked to go since a moment, by themselves or with all who come to an activity, each with the need.
pub(super) async fn of_volunteer(
    tx: &mut Tx,
    act: &Act,
    volunteer: Uuid,
    since: Timestamp,
) -> Result<Vec<(Call, Need)>> {
    let own = |statement: db::Statement| statement.bind(act.tenant).bind(volunteer).bind(since);
    let mut calls: Vec<Call> = tx.all(own(OF_VOLUNTEER)).await?;
    let mut needs: Vec<Stored> = tx.all(own(NEEDS_OF_VOLUNTEER)).await?;
    let with_others: Vec<Call> = tx.all(own(OF_ACTIVITIES)).await?;
    calls.extend(with_others.into_iter().filter(|call| call.activity_cancelled_at.is_none()));
    needs.extend(tx.all::<Stored>(own(NEEDS_OF_ACTIVITIES)).await?);
    calls.sort_by_key(|call| call.starts_at);
    let needs = needs.into_iter().map(|row| row.open(act)).collect::<Result<Vec<Need>>>()?;
    let need = |call: &Call| needs.iter().find(|need| need.id == call.need_id).cloned();
    Ok(calls.into_iter().filter_map(|call| need(&call).map(|need| (call, need))).collect())
}

/// Somebody follows a suggestion, from the version of the need that they saw. It is looked for again, so that only what still fits is taken.
///
/// Errors: stale if somebody else was first; refused if it does not fit any more, or something stands in the way.
pub async fn accept(tx: &mut Tx, act: &Act, scope: &Scope, need: &Need, seen: i64, key: &str) -> Result<Call> {
    need::hold(tx, act, need.id, seen).await?;
    if need.state != State::Open {
        return Err(need::stale());
    }
    let found = matching::suggestions(tx, act, scope, need).await?;
    let Some(chosen) = found.into_iter().find(|suggestion| suggestion.key() == key) else {
        return Err(Error::refused("这个安排已经不合适了，可能刚刚派了别的事。请看看新的建议"));
    };
    assign(tx, act, need, chosen).await
}

async fn assign(tx: &mut Tx, act: &Act, need: &Need, chosen: Suggestion) -> Result<Call> {
    let id = act.id();
    let Suggestion { whom, span, reason, .. } = chosen;
    let (volunteer, activity, date) = match whom {
        Whom::Volunteer(volunteer) => (Some(volunteer), None, None),
        Whom::Activity(activity) => (None, Some(activity), None),
        Whom::Date(date) => (None, None, Some(date)),
    };
    if let Some(volunteer) = volunteer {
        let rules: Rules = settings::read(tx, act.tenant, act.at).await?;
        let kind = kind::kind(tx, act.tenant, need.kind).await?;
        let title = format!("上门{}", need.kind_name);
        let booking = Booking { subject: id, title: &title, span, activity: None };
        volunteer::engage(tx, act, volunteer, booking, kind.asked(&rules)).await?;
    }
    if let Some(date) = date {
        provider::take(tx, act, date).await?;
    }
    let row = ADD_CALL.bind(act.tenant).bind(id).bind(need.id).bind(volunteer).bind(activity).bind(span.starts_at);
    // Whoever comes from outside comes by agreement; nobody has to answer for them.
    let state = if date.is_some() { Answer::Accepted } else { Answer::Asked };
    tx.execute(row.bind(span.ends_at).bind(&reason).bind(act.at).bind(act.account).bind(date).bind(state)).await?;
    tx.execute(SET_STATE.bind(act.tenant).bind(need.id).bind(State::Matched)).await?;
    // Nobody has to be asked whether a provider comes: its dates stand on the board.
    if date.is_none() {
        tell(tx, act, need, id, (span, activity.is_some())).await?;
    }
    // Why, and who, is read of the call; the audit keeps nothing that a volunteer has written.
    let change = Change { field: "call", old: None, new: Some(id.to_string()) };
    audit::record(tx, act, "ask_to_go", ("service_need", need.id), "", &[change]).await?;
    Ok(tx.one(CALL.bind(act.tenant).bind(id)).await?)
}

/// The estate's channels say that there is something to answer, and nothing about whom.
async fn tell(tx: &mut Tx, act: &Act, need: &Need, call: Uuid, (span, with_others): (Span, bool)) -> Result<()> {
    let path = format!("/board/{}/services", access::tenant(tx, act.tenant).await?.code);
    let who = if with_others { "这次活动的队长" } else { "接到的志愿者" };
    let text = format!(
        "【为民服务】上门{}派了出去，{}。{who}请打开自己的志愿服务链接，在“上门服务”里答复。",
        need.kind_name,
        span.words()
    );
    let notice = Notice {
        place: Place::Estate(need.estate),
        subject: ("service_call", call),
        occasion: Occasion::Announcement,
        edition: 1,
        text: &text,
        path: &path,
        happens_at: Some(span.starts_at),
    };
    channel::tell(tx, act, &notice).await?;
    Ok(())
}

async fn set(tx: &mut Tx, act: &Act, call: &Call, state: Answer, words: &str) -> Result<()> {
    let row = SET_CALL.bind(act.tenant).bind(call.id).bind(call.state).bind(state).bind(words).bind(act.at);
    if tx.execute(row).await? == 0 {
        return Err(Error::Stale("这次上门刚刚有别人动过，请看一下再办。".to_owned()));
    }
    // Whoever has gone was taken at that time; whoever does not go is free for something else.
    if !matches!(state, Answer::Accepted | Answer::Done) {
        volunteer::release(tx, act, call.id).await?;
    }
    Ok(())
}

/// Staff call it off: the need waits again.
///
/// Errors: stale if somebody else was first; refused of a call that does not stand any more.
pub async fn cancel(tx: &mut Tx, act: &Act, need: &Need, seen: i64, call: Uuid, why: &str) -> Result<()> {
    need::hold(tx, act, need.id, seen).await?;
    let call: Call = tx.one(CALL.bind(act.tenant).bind(call)).await?;
    if call.need_id != need.id {
        return Err(Error::NotFound);
    }
    if !call.state.stands() {
        return Err(Error::refused(format!("已经是“{}”，不用再取消", call.state)));
    }
    set(tx, act, &call, Answer::Cancelled, why).await?;
    tx.execute(SET_STATE.bind(act.tenant).bind(need.id).bind(State::Open)).await?;
    audit::record(tx, act, "call_off_visit", ("service_need", need.id), why, &[]).await
}

/// Nobody comes from outside on some dates after all: what was to be met then waits again.
pub(super) async fn let_go_of_dates(tx: &mut Tx, act: &Act, dates: Vec<Uuid>, why: &str) -> Result<()> {
    let mut awaited = Vec::new();
    for date in dates {
        let found: Vec<Found> = tx.all(NEEDS_OF_DATE.bind(act.tenant).bind(date)).await?;
        awaited.extend(found.into_iter().map(|row| (row.id, date)));
    }
    let mut needs: Vec<Uuid> = awaited.iter().map(|(need, _)| *need).collect();
    need::take_all(tx, act, &mut needs).await?;
    let mut left = Vec::new();
    for (need, date) in awaited {
        // Somebody may have called it off meanwhile, and arranged for something else.
        if tx.execute(FREE_DATE.bind(act.tenant).bind(need).bind(date).bind(act.at)).await? > 0 {
            tx.execute(SET_STATE.bind(act.tenant).bind(need).bind(State::Open)).await?;
            left.push(need);
        }
    }
    for need in left {
        audit::record(tx, act, "call_off_visit", ("service_need", need), why, &[]).await?;
    }
    Ok(())
}

/// Whether a need waits for a date.
pub(super) async fn waits_for_date(tx: &mut Tx, act: &Act, date: Uuid) -> Result<bool> {
    Ok(!tx.all::<Found>(NEEDS_OF_DATE.bind(act.tenant).bind(date)).await?.is_empty())
}

/// The teams that somebody leads.
pub(super) async fn led(tx: &mut Tx, act: &Act, volunteer: Uuid) -> Result<Vec<Uuid>> {
    let memberships = volunteer::memberships(tx, act.tenant, volunteer).await?;
    Ok(memberships.iter().filter(|membership| membership.leads()).map(|membership| membership.team_id).collect())
}

/// A volunteer answers by their own page, or whoever leads the team for all who come to its activity: they go, they do not, or they have been there.
///
/// Errors: not found of a call that is somebody else's; refused of an answer that does not follow.
pub async fn answer(tx: &mut Tx, act: &Act, volunteer: Uuid, call: Uuid, says: Answer, words: &str) -> Result<()> {
    let need = tx.one::<Call>(CALL.bind(act.tenant).bind(call)).await?.need_id;
    need::take(tx, act, need).await?;
    let call: Call = tx.one(CALL.bind(act.tenant).bind(call)).await?;
    let leads = match call.team_id {
        Some(team) => led(tx, act, volunteer).await?.contains(&team),
        None => false,
    };
    if call.volunteer_id != Some(volunteer) && !leads {
        return Err(Error::NotFound);
    }
    let follows = match (call.state, says) {
        (Answer::Asked, Answer::Accepted) | (Answer::Asked | Answer::Accepted, Answer::Declined) => true,
        (Answer::Accepted, Answer::Done) if call.starts_at > act.at => {
            return Err(Error::refused("还没有到时间，去过以后再点"));
        }
        (Answer::Accepted, Answer::Done) => true,
        _ => false,
    };
    if !follows {
        return Err(Error::refused(format!("这次上门现在是“{}”，不用再点了", call.state)));
    }
    set(tx, act, &call, says, words).await?;
    if says == Answer::Declined {
        tx.execute(SET_STATE.bind(act.tenant).bind(need).bind(State::Open)).await?;
    }
    audit::record(tx, act, "answer_visit", ("service_need", need), says.label(), &[]).await
}

/// The need has ended: nobody has to go any more, or whoever was to go has been there.
pub(super) async fn release(tx: &mut Tx, act: &Act, need: Uuid, done: bool) -> Result<()> {
    let standing: Option<Call> = tx.optional(STANDING.bind(act.tenant).bind(need)).await?;
    let Some(call) = standing else { return Ok(()) };
    let state = if done { Answer::Done } else { Answer::Cancelled };
    set(tx, act, &call, state, "").await
}
