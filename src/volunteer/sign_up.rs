//! People sign up and give up. Whoever changes who takes part holds the row of the activity first, so that however many come at once, no
//! more are confirmed than there are places, the others stand in the order in which they came, and each who goes lets exactly one move up.

use db::Tx;
use uuid::Uuid;

use super::activity_model::{Place, Plan, obstacle};
use super::activity_store::{
    self, Activity, COUNTED, Counted, ELSEWHERE, GIVE_UP, HOLD, HOLD_VOLUNTEER, PROMOTE, Promoted, Queue, SIGN_UP,
    Titled,
};
use super::card;
use super::model::Joining;
use crate::access::Act;
use crate::error::{Error, Result};
use crate::{audit, settings};

/// Nobody else changes who takes part until the transaction ends. Gives the last place in the order, one more if `by` is 1.
pub(super) async fn hold(tx: &mut Tx, act: &Act, activity: Uuid, by: i64) -> Result<i64> {
    Ok(tx.one::<Queue>(HOLD.bind(act.tenant).bind(activity).bind(by)).await?.queue)
}

async fn confirmed(tx: &mut Tx, act: &Act, activity: Uuid) -> Result<i64> {
    Ok(tx.one::<Counted>(COUNTED.bind(act.tenant).bind(activity)).await?.people)
}

fn plan_of(activity: &Activity) -> Plan {
    Plan {
        estate: activity.estate_id,
        title: activity.title.clone(),
        place: activity.place.clone(),
        needs: activity.needs.clone(),
        span: activity.span(),
        capacity: activity.capacity,
        risk: activity.risk,
        risk_notice: activity.risk_notice.clone(),
        least_age: activity.least_age,
    }
}

/// Somebody wants to take part: they do if there is a place, and wait otherwise.
///
/// Errors: refused, with what stands in the way.
pub async fn sign_up(tx: &mut Tx, act: &Act, activity: Uuid, volunteer: Uuid, risk_read: bool) -> Result<Place> {
    let position = hold(tx, act, activity, 1).await?;
    tx.execute_one(HOLD_VOLUNTEER.bind(act.tenant).bind(volunteer)).await?;
    let known = activity_store::activity(tx, act.tenant, activity).await?;
    if !known.open(act.at) {
        return Err(Error::refused("已经开始、结束或者取消了，不能再报名"));
    }
    let already = activity_store::sign_up_of(tx, act.tenant, activity, volunteer).await?;
    if let Some(already) = already.filter(|already| already.state != Place::Cancelled) {
        return Err(Error::refused(format!("已经报过名了，现在是“{}”", already.state)));
    }
    let card = card::card(tx, act, volunteer).await?;
    let rules: Joining = settings::read(tx, act.tenant, act.at).await?;
    if let Some(obstacle) = obstacle(&plan_of(&known), &card, rules.adult_age, risk_read) {
        return Err(Error::refused(obstacle));
    }
    let elsewhere = ELSEWHERE.bind(act.tenant).bind(volunteer).bind(activity).bind(known.starts_at).bind(known.ends_at);
    if let Some(other) = tx.optional::<Titled>(elsewhere).await? {
        return Err(Error::refused(format!("同一时间已经报了“{}”，请先取消那一次", other.title)));
    }
    let place = match confirmed(tx, act, activity).await? < known.capacity {
        true => Place::Confirmed,
        false => Place::Waiting,
    };
    let risk_read = (!known.risk_notice.is_empty()).then_some(act.at);
    let row = SIGN_UP.bind(act.tenant).bind(act.id()).bind(activity).bind(volunteer).bind(place).bind(position);
    tx.execute(row.bind(act.at).bind(act.account).bind(risk_read)).await?;
    audit::record(tx, act, "sign_up", ("volunteer_activity", activity), place.label(), &[]).await?;
    Ok(place)
}

/// Somebody does not come after all. If they had a place, the first of those who wait gets it: gives who.
///
/// Errors: refused of what has begun; not found if they are not down for it.
pub async fn give_up(tx: &mut Tx, act: &Act, activity: Uuid, volunteer: Uuid) -> Result<Option<Uuid>> {
    hold(tx, act, activity, 0).await?;
    let known = activity_store::activity(tx, act.tenant, activity).await?;
    if !known.open(act.at) {
        return Err(Error::refused("已经开始、结束或者取消了，不用再取消"));
    }
    let down = activity_store::sign_up_of(tx, act.tenant, activity, volunteer).await?.ok_or(Error::NotFound)?;
    tx.execute_one(GIVE_UP.bind(act.tenant).bind(activity).bind(down.id).bind(act.at)).await?;
    audit::record(tx, act, "give_up_place", ("volunteer_activity", activity), "", &[]).await?;
    Ok(fill(tx, act, activity, known.capacity).await?.pop())
}

/// Lets those who wait move up, in their order, as far as there are places. Gives who did. The row of the activity is held already.
pub(super) async fn fill(tx: &mut Tx, act: &Act, activity: Uuid, capacity: i64) -> Result<Vec<Uuid>> {
    let free = capacity - confirmed(tx, act, activity).await?;
    let mut moved_up = Vec::new();
    for _ in 0..free.max(0) {
        let promoted: Option<Promoted> = tx.optional(PROMOTE.bind(act.tenant).bind(activity).bind(act.at)).await?;
        let Some(promoted) = promoted else { break };
        audit::record(tx, act, "move_up", ("volunteer_activity", activity), "候补转为报上", &[]).await?;
        moved_up.push(promoted.id);
    }
    Ok(moved_up)
}
