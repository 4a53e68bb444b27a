//! People sign up and give up. Whoever changes who takes part holds the row of the activity first, so that however many come at once, no
//! more are confirmed than there are places, the others stand in the order in which they came, and each who goes lets exactly one move up.

use db::Tx;
use uuid::Uuid;

use super::activity_model::{Demands, Place};
use super::activity_store::{
    self, APPLICANT, Activity, Applicant, COMING_OF_TEAM, COMING_PLACES, COUNTED, Coming, Counted, ELSEWHERE, GIVE_UP,
    HOLD, HOLD_VOLUNTEER, PROMOTE, Queue, READ, SIGN_UP, Titled, WITH_CHILDREN,
};
use super::engagement;
use super::model::Joining;
use crate::access::Act;
use crate::audit::{self, Change};
use crate::error::{Error, Result};
use crate::settings;

/// Nobody else changes who takes part until the transaction ends. Gives the last place in the order, one more if `by` is 1.
pub(super) async fn hold(tx: &mut Tx, act: &Act, activity: Uuid, by: i64) -> Result<i64> {
    Ok(tx.one::<Queue>(HOLD.bind(act.tenant).bind(activity).bind(by)).await?.queue)
}

async fn confirmed(tx: &mut Tx, act: &Act, activity: Uuid) -> Result<i64> {
    Ok(tx.one::<Counted>(COUNTED.bind(act.tenant).bind(activity)).await?.people)
}

/// What an activity asks of whoever takes part.
pub(super) async fn demands_of(tx: &mut Tx, act: &Act, activity: &Activity) -> Result<Demands> {
    let rules: Joining = settings::read(tx, act.tenant, act.at).await?;
    let children: Counted = tx.one(WITH_CHILDREN.bind(act.tenant).bind(activity.team_id)).await?;
    Ok(Demands {
        day: activity.span().day(),
        risk: activity.risk,
        least_age: activity.least_age,
        adult_age: rules.adult_age,
        with_children: children.people > 0,
    })
}

/// What an entry about a place says besides: whose it is, and who did it for them, if that was a volunteer who leads the team.
fn whose(volunteer: Uuid, by: Option<Uuid>) -> Vec<Change> {
    let id = |field, id: Uuid| Change { field, old: None, new: Some(id.to_string()) };
    let by = by.filter(|by| *by != volunteer).map(|by| id("by", by));
    [id("volunteer", volunteer)].into_iter().chain(by).collect()
}

/// Somebody wants to take part: they do if there is a place, and wait otherwise. `by` is the volunteer who puts them down, if it is one. Whoever
/// is down already may say once more that they have read what may happen, where that has changed.
///
/// Errors: refused, with what stands in the way.
pub async fn sign_up(
    tx: &mut Tx,
    act: &Act,
    activity: Uuid,
    volunteer: Uuid,
    by: Option<Uuid>,
    risk_read: bool,
) -> Result<Place> {
    let position = hold(tx, act, activity, 1).await?;
    tx.execute_one(HOLD_VOLUNTEER.bind(act.tenant).bind(volunteer)).await?;
    let known = activity_store::activity(tx, act.tenant, activity).await?;
    let already = activity_store::sign_up_of(tx, act.tenant, activity, volunteer).await?;
    let already = already.filter(|already| already.state != Place::Cancelled);
    // Whoever has a place already reads what was added to the danger since, at the door at the latest.
    if let Some(already) = already.as_ref().filter(|already| risk_read && already.unread(&known))
        && known.cancelled_at.is_none()
        && known.ends_at > act.at
    {
        tx.execute_one(READ.bind(act.tenant).bind(activity).bind(volunteer).bind(act.at)).await?;
        let whose = whose(volunteer, by);
        audit::record(tx, act, "read_risk", ("volunteer_activity", activity), "看过新的风险提示", &whose).await?;
        return Ok(already.state);
    }
    if !known.open(act.at) {
        return Err(Error::refused("已经开始、结束或者取消了，不能再报名"));
    }
    if let Some(already) = already {
        return Err(Error::refused(format!("已经报过名了，现在是“{}”", already.state)));
    }
    let who: Applicant = tx.one(APPLICANT.bind(act.tenant).bind(volunteer)).await?;
    if let Some(obstacle) = demands_of(tx, act, &known).await?.unmet(&who) {
        return Err(Error::refused(obstacle));
    }
    if !known.risk_notice.is_empty() && !risk_read {
        return Err(Error::refused("请先看完风险提示，再勾选“我看过了”"));
    }
    let elsewhere = ELSEWHERE.bind(act.tenant).bind(volunteer).bind(activity).bind(known.starts_at).bind(known.ends_at);
    if let Some(other) = tx.optional::<Titled>(elsewhere).await? {
        return Err(Error::refused(format!("同一时间已经报了“{}”，请先取消那一次", other.title)));
    }
    if let Some(visit) = engagement::meanwhile(tx, act, volunteer, known.span()).await? {
        return Err(Error::refused(format!("同一时间要上门（{visit}），请先和社区说一声")));
    }
    let place = match confirmed(tx, act, activity).await? < known.capacity {
        true => Place::Confirmed,
        false => Place::Waiting,
    };
    let risk_read = (!known.risk_notice.is_empty()).then_some(act.at);
    let row = SIGN_UP.bind(act.tenant).bind(act.id()).bind(activity).bind(volunteer).bind(place).bind(position);
    tx.execute(row.bind(act.at).bind(act.account).bind(risk_read)).await?;
    let whose = whose(volunteer, by);
    audit::record(tx, act, "sign_up", ("volunteer_activity", activity), place.label(), &whose).await?;
    Ok(place)
}

/// Somebody does not come after all; `by` is the volunteer who says so, if it is one. If they had a place, the first of those who wait gets it: gives who.
///
/// Errors: refused of what has begun; not found if they are not down for it.
pub async fn give_up(
    tx: &mut Tx,
    act: &Act,
    activity: Uuid,
    volunteer: Uuid,
    by: Option<Uuid>,
) -> Result<Option<Uuid>> {
    hold(tx, act, activity, 0).await?;
    let known = activity_store::activity(tx, act.tenant, activity).await?;
    if !known.open(act.at) {
        return Err(Error::refused("已经开始、结束或者取消了，不用再取消"));
    }
    tx.execute_one(GIVE_UP.bind(act.tenant).bind(activity).bind(volunteer).bind(act.at)).await?;
    let moved_up = fill(tx, act, &known).await?;
    audit::record(tx, act, "give_up_place", ("volunteer_activity", activity), "", &whose(volunteer, by)).await?;
    note_moves(tx, act, activity, &moved_up).await?;
    Ok(moved_up.into_iter().next())
}

/// Lets those who wait move up who may take part, in their order, as far as there are places. Gives who did. The row of the activity is held
/// already; what happened is noted once everything is held (`note_moves`).
pub(super) async fn fill(tx: &mut Tx, act: &Act, activity: &Activity) -> Result<Vec<Uuid>> {
    let free = activity.capacity - confirmed(tx, act, activity.id).await?;
    if free <= 0 {
        return Ok(Vec::new());
    }
    let demands = demands_of(tx, act, activity).await?;
    let waiting = activity_store::applicants(tx, act.tenant, activity.id, Place::Waiting).await?;
    let fit = waiting.into_iter().filter(|who| demands.unmet(who).is_none());
    let moved_up: Vec<Uuid> = fit.take(free as usize).map(|who| who.id).collect();
    for who in &moved_up {
        tx.execute_one(PROMOTE.bind(act.tenant).bind(activity.id).bind(*who).bind(act.at)).await?;
    }
    Ok(moved_up)
}

/// Notes those who have moved up.
pub(super) async fn note_moves(tx: &mut Tx, act: &Act, activity: Uuid, moved_up: &[Uuid]) -> Result<()> {
    for who in moved_up {
        let whose = whose(*who, None);
        audit::record(tx, act, "move_up", ("volunteer_activity", activity), "候补转为报上", &whose).await?;
    }
    Ok(())
}

/// The activities that somebody has given up, each with those who have moved up.
pub(super) type GivenUp = Vec<(Uuid, Vec<Uuid>)>;

/// Holds every activity to come for which somebody is down, and then the person, so that nobody signs them up meanwhile. Gives the activities.
///
/// Errors: stale if they have just been signed up for another one.
pub(super) async fn hold_places(tx: &mut Tx, act: &Act, volunteer: Uuid) -> Result<Vec<Uuid>> {
    let places = COMING_PLACES.bind(act.tenant).bind(volunteer).bind(act.at);
    let coming: Vec<Coming> = tx.all(places.clone()).await?;
    for activity in &coming {
        hold(tx, act, activity.id, 0).await?;
    }
    tx.execute_one(HOLD_VOLUNTEER.bind(act.tenant).bind(volunteer)).await?;
    let behind: Vec<Coming> = tx.all(places).await?;
    if behind.iter().any(|activity| !coming.contains(activity)) {
        return Err(Error::Stale("刚刚又报了一次活动，请看一下再办。".to_owned()));
    }
    Ok(behind.into_iter().map(|activity| activity.id).collect())
}

/// Somebody gives up every place that is still to come, because they leave. What happened is noted once everything is held
/// (`note_given_up`).
///
/// Errors: stale if they have just been signed up for another one.
pub(super) async fn give_up_all(tx: &mut Tx, act: &Act, volunteer: Uuid) -> Result<GivenUp> {
    let held = hold_places(tx, act, volunteer).await?;
    let mut given_up = Vec::with_capacity(held.len());
    for activity in held {
        given_up.push((activity, let_go(tx, act, activity, volunteer).await?));
    }
    Ok(given_up)
}

/// Gives who has moved up instead. The activity is held already.
async fn let_go(tx: &mut Tx, act: &Act, activity: Uuid, volunteer: Uuid) -> Result<Vec<Uuid>> {
    let known = activity_store::activity(tx, act.tenant, activity).await?;
    tx.execute_one(GIVE_UP.bind(act.tenant).bind(activity).bind(volunteer).bind(act.at)).await?;
    fill(tx, act, &known).await
}

/// Of the activities, which are held already, somebody gives up those in which they may not take part any more.
pub(super) async fn give_up_unfit(tx: &mut Tx, act: &Act, volunteer: Uuid, held: Vec<Uuid>) -> Result<GivenUp> {
    let who: Applicant = tx.one(APPLICANT.bind(act.tenant).bind(volunteer)).await?;
    let mut given_up = Vec::new();
    for activity in held {
        let known = activity_store::activity(tx, act.tenant, activity).await?;
        if demands_of(tx, act, &known).await?.unmet(&who).is_some() {
            given_up.push((activity, let_go(tx, act, activity, volunteer).await?));
        }
    }
    Ok(given_up)
}

/// Holds what a team does that has not begun, in the order of the ids.
pub(super) async fn hold_coming(tx: &mut Tx, act: &Act, team: Uuid) -> Result<Vec<Uuid>> {
    let coming: Vec<Coming> = tx.all(COMING_OF_TEAM.bind(act.tenant).bind(team).bind(act.at)).await?;
    for activity in &coming {
        hold(tx, act, activity.id, 0).await?;
    }
    Ok(coming.into_iter().map(|activity| activity.id).collect())
}

/// Everybody who may not take part any more gives up their place in the activities, which are held already. Gives each of them with the
/// activity.
pub(super) async fn give_up_all_unfit(tx: &mut Tx, act: &Act, held: &[Uuid]) -> Result<Vec<(Uuid, GivenUp)>> {
    let mut unfit = Vec::new();
    for activity in held {
        let known = activity_store::activity(tx, act.tenant, *activity).await?;
        let demands = demands_of(tx, act, &known).await?;
        let mut people = activity_store::applicants(tx, act.tenant, *activity, Place::Confirmed).await?;
        people.extend(activity_store::applicants(tx, act.tenant, *activity, Place::Waiting).await?);
        let before = unfit.len();
        for who in people.iter().filter(|who| demands.unmet(who).is_some()) {
            tx.execute_one(GIVE_UP.bind(act.tenant).bind(*activity).bind(who.id).bind(act.at)).await?;
            unfit.push((who.id, vec![(*activity, Vec::new())]));
        }
        // Whoever moves up is noted once, with the last who went.
        if unfit.len() > before
            && let Some((_, given_up)) = unfit.last_mut()
        {
            given_up[0].1 = fill(tx, act, &known).await?;
        }
    }
    Ok(unfit)
}

/// Notes that somebody has given up their places, and why.
pub(super) async fn note_given_up(
    tx: &mut Tx,
    act: &Act,
    volunteer: Uuid,
    given_up: &[(Uuid, Vec<Uuid>)],
    why: &str,
) -> Result<()> {
    let whose = whose(volunteer, None);
    for (activity, moved_up) in given_up {
        audit::record(tx, act, "give_up_place", ("volunteer_activity", *activity), why, &whose).await?;
        note_moves(tx, act, *activity, moved_up).await?;
    }
    Ok(())
}
