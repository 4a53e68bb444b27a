//! A version: begun from what is guarded or from an earlier one, written, handed in, approved by somebody who never had a hand in it, or given back
//! with words. What is written locks the row of the version first, under the number that somebody saw.

use std::collections::{BTreeSet, HashSet};

use db::Tx;
use jiff::Timestamp;
use jiff::civil::Date;
use uuid::Uuid;

use super::comparison::Parts;
use super::model::{State, Targets};
use super::notice;
use super::store::{
    self, ADD_HAND, ADD_PATROL, ADD_PLAN, ADD_POST, ADD_REACH, ADD_RESERVE, ADD_SURVEY, APPROVE, CHANGE_RESERVE,
    DROP_PATROLS, DROP_POSTS, DROP_REACHES, DROP_RESERVE, DROP_SURVEYS, GIVE_BACK, LOCK_UNIT, Patrol, Plan, Post,
    SET_PARTICULARS, SUBMIT, TOUCH,
};
use crate::access::{Act, Scope};
use crate::duty::{self, Guarded};
use crate::error::{Error, Result};
use crate::patrol::{self, Route};
use crate::{audit, counter, hazard, settings};

#[derive(Debug, Clone)]
pub struct Sketch {
    pub name: String,
    pub effective_from: Date,
    pub reason: String,
}

/// A reserve as it is written: with minutes to schools.
#[derive(Debug, Clone)]
pub struct ReserveSketch {
    pub name: String,
    pub base: String,
    pub people: i64,
    pub response_minutes: i64,
    pub minutes: Vec<(Uuid, i64)>,
}

/// Somebody has a hand in a version from now on.
async fn add_hand(tx: &mut Tx, act: &Act, plan: Uuid) -> Result<()> {
    tx.execute(ADD_HAND.bind(act.tenant).bind(plan).bind(account(act)?)).await?;
    Ok(())
}

fn account(act: &Act) -> Result<Uuid> {
    act.account.ok_or(Error::Forbidden)
}

async fn add_posts(tx: &mut Tx, act: &Act, plan: Uuid, posts: &[Post]) -> Result<()> {
    let rows = posts.iter().enumerate().map(|(position, post)| {
        let row = ADD_POST.bind(act.tenant).bind(plan).bind(post.gate_id).bind(post.slot_id).bind(post.school_id);
        let row = row.bind(position as i64).bind(&post.school_name).bind(&post.gate_name).bind(post.peak);
        row.bind(post.from_minute).bind(post.to_minute).bind(post.people).bind(post.police)
    });
    Ok(tx.execute_many(ADD_POST, rows.collect()).await?)
}

async fn add_patrols(tx: &mut Tx, act: &Act, plan: Uuid, patrols: &[Patrol]) -> Result<()> {
    let rows = patrols.iter().enumerate().map(|(position, patrol)| {
        let row = ADD_PATROL.bind(act.tenant).bind(plan).bind(patrol.route_id).bind(position as i64).bind(&patrol.name);
        let row = row.bind(patrol.from_minute).bind(patrol.to_minute).bind(patrol.people).bind(patrol.vehicles);
        row.bind(patrol.interval_minutes)
    });
    Ok(tx.execute_many(ADD_PATROL, rows.collect()).await?)
}

async fn insert_reserve(tx: &mut Tx, act: &Act, plan: Uuid, position: usize, new: &ReserveSketch) -> Result<Uuid> {
    let id = act.id();
    let row = ADD_RESERVE.bind(act.tenant).bind(id).bind(plan).bind(position as i64).bind(&new.name).bind(&new.base);
    tx.execute(row.bind(new.people).bind(new.response_minutes)).await?;
    add_reaches(tx, act, id, &new.minutes).await?;
    Ok(id)
}

async fn add_reaches(tx: &mut Tx, act: &Act, reserve: Uuid, minutes: &[(Uuid, i64)]) -> Result<()> {
    let rows = minutes.iter().map(|(school, n)| ADD_REACH.bind(act.tenant).bind(reserve).bind(*school).bind(*n));
    Ok(tx.execute_many(ADD_REACH, rows.collect()).await?)
}

async fn add_surveys(tx: &mut Tx, act: &Act, plan: Uuid, unit: Uuid, chosen: &[(Uuid, i64)]) -> Result<()> {
    let schools = duty::schools_of(tx, act.tenant, unit).await?;
    let rows = chosen.iter().filter_map(|(school, version)| {
        let known = schools.iter().find(|known| known.id == *school)?;
        Some(ADD_SURVEY.bind(act.tenant).bind(plan).bind(*school).bind(*version).bind(&known.name))
    });
    Ok(tx.execute_many(ADD_SURVEY, rows.collect()).await?)
}

/// How a post is written into a plan: with its name and hours of now.
pub fn post(guarded: &Guarded, people: i64, police: i64) -> Post {
    Post {
        gate_id: guarded.gate,
        slot_id: guarded.slot,
        school_id: guarded.school,
        school_name: guarded.school_name.clone(),
        gate_name: guarded.gate_name.clone(),
        peak: guarded.peak,
        from_minute: guarded.from,
        to_minute: guarded.to,
        people,
        police,
    }
}

/// The most groups of the reserve that a version has.
const MOST_RESERVES: usize = 500;

/// The reserves that are known without asking: those of the unit who are on standby, whoever reaches the same schools together.
///
/// Errors: refused if they are too many.
fn reserves_of(groups: Vec<duty::Standby>, response_minutes: i64) -> Result<Vec<ReserveSketch>> {
    let many = groups.len();
    if many > MOST_RESERVES {
        return Err(Error::refused(format!(
            "备勤的人到得了的学校各不相同，要分成 {many} 组，一版最多 {MOST_RESERVES} 组：请先在人员里把到各校的分钟数补齐，到同样几所学校的算一组"
        )));
    }
    let reserve = |(at, group): (usize, duty::Standby)| ReserveSketch {
        name: if at == 0 { "机动备勤".to_owned() } else { format!("机动备勤第 {} 组", at + 1) },
        base: String::new(),
        people: group.people.min(50),
        response_minutes,
        minutes: group.minutes,
    };
    Ok(groups.into_iter().enumerate().map(reserve).collect())
}

async fn standby(tx: &mut Tx, act: &Act, unit: Uuid) -> Result<Vec<ReserveSketch>> {
    let targets: Targets = settings::read(tx, act.tenant, act.at).await?;
    reserves_of(duty::standby_of(tx, act.tenant, unit).await?, targets.response_minutes)
}

/// Begins the next version of a unit: copied from an earlier one, without what is not guarded or walked any more, or from what is guarded and who is on
/// standby. It rests on the latest survey of each school. Whoever wrote in a draft has a hand in its copies too: what nobody has approved yet is
/// not made anew by being copied.
///
/// Errors: refused if the earlier one is of another unit, or whoever is on standby makes too many groups.
pub async fn draft(tx: &mut Tx, act: &Act, unit: Uuid, new: &Sketch, from: Option<&Plan>) -> Result<Uuid> {
    let maker = account(act)?;
    if from.is_some_and(|from| from.organisation_id != unit) {
        return Err(Error::refused("只能照同一个单位的方案做新的一版"));
    }
    let waiting = match from {
        Some(_) => Vec::new(),
        None => standby(tx, act, unit).await?,
    };
    let version = counter::next(tx, act.tenant, &format!("deployment {}", unit.simple())).await?;
    let id = act.id();
    let row = ADD_PLAN.bind(act.tenant).bind(id).bind(unit).bind(version).bind(&new.name);
    let row = row.bind(new.effective_from.to_string()).bind(&new.reason).bind(from.map(|from| from.id));
    tx.execute(row.bind(maker).bind(act.at)).await?;
    let mut hands = BTreeSet::from([maker]);
    if let Some(from) = from.filter(|from| from.state != State::Approved) {
        hands.extend(store::hands(tx, act.tenant, from.id).await?);
    }
    let rows = hands.into_iter().map(|account| ADD_HAND.bind(act.tenant).bind(id).bind(account));
    tx.execute_many(ADD_HAND, rows.collect()).await?;

    let guarded = duty::guarded(tx, act.tenant, unit, act.at).await?;
    let schools = duty::schools_of(tx, act.tenant, unit).await?;
    let own: HashSet<Uuid> = schools.iter().map(|school| school.id).collect();
    match from {
        Some(from) => {
            let parts = store::parts(tx, act.tenant, from.id).await?;
            let routes = routes_of(tx, act.tenant, unit, &Scope::tenant()).await?;
            copy(tx, act, id, parts, (guarded.as_slice(), routes.as_slice(), &own)).await?;
        }
        None => {
            let posts: Vec<Post> = guarded.iter().map(|one| post(one, one.seats, one.officers)).collect();
            add_posts(tx, act, id, &posts).await?;
            for (position, reserve) in waiting.iter().enumerate() {
                insert_reserve(tx, act, id, position, reserve).await?;
            }
        }
    }
    let mut latest: Vec<(Uuid, i64)> = Vec::new();
    for survey in hazard::surveyed(tx, act.tenant).await? {
        let known = own.contains(&survey.school_id) && survey.made_at <= act.at;
        if known && latest.last().is_none_or(|(school, _)| *school != survey.school_id) {
            latest.push((survey.school_id, survey.version));
        }
    }
    add_surveys(tx, act, id, unit, &latest).await?;
    audit::record(tx, act, "create", ("deployment_plan", id), &new.reason, &[]).await?;
    Ok(id)
}

/// The routes of a unit and of those below it that are walked and that somebody reaches.
pub(super) async fn routes_of(tx: &mut Tx, tenant: Uuid, unit: Uuid, scope: &Scope) -> Result<Vec<Route>> {
    let units = store::below(tx, tenant, unit).await?;
    let routes = patrol::routes_within(tx, tenant, scope).await?;
    let open = |route: &Route| route.closed_at.is_none() && units.contains(&route.organisation_id);
    Ok(routes.into_iter().filter(open).collect())
}

/// What there was in the version that was copied and is not in its copy, since it is closed or another unit's by now: `滨河路`, `田家会小学 东门 早入校`.
pub(super) async fn left_out(tx: &mut Tx, tenant: Uuid, from: Uuid, to: Uuid) -> Result<Vec<String>> {
    let (old, new) = (store::parts(tx, tenant, from).await?, store::parts(tx, tenant, to).await?);
    let gone =
        |post: &&Post| !new.posts.iter().any(|kept| (kept.gate_id, kept.slot_id) == (post.gate_id, post.slot_id));
    let posts = old.posts.iter().filter(gone).map(|post| format!("{} {}", post.school_name, post.what()));
    let gone = |patrol: &&Patrol| !new.patrols.iter().any(|kept| kept.route_id == patrol.route_id);
    let patrols = old.patrols.iter().filter(gone).map(|patrol| patrol.name.clone());
    Ok(posts.chain(patrols).collect())
}

/// What is not guarded or walked any more stays behind; names and hours are those of now.
async fn copy(
    tx: &mut Tx,
    act: &Act,
    to: Uuid,
    parts: Parts,
    (guarded, routes, own): (&[Guarded], &[Route], &HashSet<Uuid>),
) -> Result<()> {
    let kept = guarded.iter().filter_map(|one| {
        let old = parts.posts.iter().find(|old| old.gate_id == one.gate && old.slot_id == one.slot)?;
        Some(post(one, old.people, old.police))
    });
    let posts: Vec<Post> = kept.collect();
    add_posts(tx, act, to, &posts).await?;
    let walked = parts.patrols.iter().filter_map(|old| {
        let route = routes.iter().find(|route| route.id == old.route_id)?;
        let name = route.name.clone();
        Some(Patrol { name, from_minute: route.from_minute, to_minute: route.to_minute, ..old.clone() })
    });
    let patrols: Vec<Patrol> = walked.collect();
    add_patrols(tx, act, to, &patrols).await?;
    for (position, reserve) in parts.reserves.iter().enumerate() {
        let minutes = parts.reaches.iter().filter(|reach| reach.reserve_id == reserve.id);
        let new = ReserveSketch {
            name: reserve.name.clone(),
            base: reserve.base.clone(),
            people: reserve.people,
            response_minutes: reserve.response_minutes,
            minutes: minutes
                .filter(|reach| own.contains(&reach.school_id))
                .map(|reach| (reach.school_id, reach.minutes))
                .collect(),
        };
        insert_reserve(tx, act, to, position, &new).await?;
    }
    Ok(())
}

/// Locks a version that can still be written, under the number that somebody saw.
///
/// Errors: refused if it cannot be written any more, stale if somebody was first.
async fn touch(tx: &mut Tx, act: &Act, plan: &Plan, seen: i64) -> Result<()> {
    if !plan.state.is_open() {
        let state = plan.state;
        return Err(Error::refused(format!("这一版现在是“{state}”，不能再改。要改就照它做新的一版")));
    }
    let row = TOUCH.bind(act.tenant).bind(plan.id).bind(seen).bind(account(act)?);
    if tx.execute(row).await? == 0 {
        return Err(stale());
    }
    add_hand(tx, act, plan.id).await?;
    audit::record(tx, act, "update", ("deployment_plan", plan.id), "", &[]).await
}

fn stale() -> Error {
    let sentence = "这一版刚刚有人动过，您打开的是这之前的。您刚才填的没有存，请返回刷新，看过再改。";
    Error::Stale(sentence.to_owned())
}

/// Errors: refused if it cannot be written any more, stale if somebody was first.
pub async fn set_particulars(
    tx: &mut Tx,
    act: &Act,
    plan: &Plan,
    seen: i64,
    to: &Sketch,
    surveys: &[(Uuid, i64)],
) -> Result<()> {
    touch(tx, act, plan, seen).await?;
    let row = SET_PARTICULARS.bind(act.tenant).bind(plan.id).bind(&to.name).bind(to.effective_from.to_string());
    tx.execute_one(row.bind(&to.reason)).await?;
    tx.execute(DROP_SURVEYS.bind(act.tenant).bind(plan.id)).await?;
    add_surveys(tx, act, plan.id, plan.organisation_id, surveys).await
}

/// Which gates are kept in which peaks, in place of what was written.
///
/// Errors: as above.
pub async fn set_posts(tx: &mut Tx, act: &Act, plan: &Plan, seen: i64, posts: &[Post]) -> Result<()> {
    touch(tx, act, plan, seen).await?;
    tx.execute(DROP_POSTS.bind(act.tenant).bind(plan.id)).await?;
    add_posts(tx, act, plan.id, posts).await
}

/// Errors: as above.
pub async fn set_patrols(tx: &mut Tx, act: &Act, plan: &Plan, seen: i64, patrols: &[Patrol]) -> Result<()> {
    touch(tx, act, plan, seen).await?;
    tx.execute(DROP_PATROLS.bind(act.tenant).bind(plan.id)).await?;
    add_patrols(tx, act, plan.id, patrols).await
}

/// Errors: as above, and refused if the plan has a reserve of this name, or too many.
pub async fn add_reserve(tx: &mut Tx, act: &Act, plan: &Plan, seen: i64, new: &ReserveSketch) -> Result<Uuid> {
    touch(tx, act, plan, seen).await?;
    let known = store::parts(tx, act.tenant, plan.id).await?.reserves;
    if known.iter().any(|other| other.name == new.name) {
        return Err(Error::refused("这一版里已经有同名的备勤组"));
    }
    if known.len() >= MOST_RESERVES {
        return Err(Error::refused(format!("一版最多 {MOST_RESERVES} 组备勤，请先去掉用不上的")));
    }
    insert_reserve(tx, act, plan.id, known.len(), new).await
}

/// Errors: as above; not found if it is not of this plan.
pub async fn change_reserve(
    tx: &mut Tx,
    act: &Act,
    plan: &Plan,
    seen: i64,
    id: Uuid,
    to: &ReserveSketch,
) -> Result<()> {
    touch(tx, act, plan, seen).await?;
    let known = store::parts(tx, act.tenant, plan.id).await?.reserves;
    if known.iter().any(|other| other.name == to.name && other.id != id) {
        return Err(Error::refused("这一版里已经有同名的备勤组"));
    }
    let row = CHANGE_RESERVE.bind(act.tenant).bind(plan.id).bind(id).bind(&to.name).bind(&to.base).bind(to.people);
    tx.execute_one(row.bind(to.response_minutes)).await?;
    tx.execute(DROP_REACHES.bind(act.tenant).bind(id)).await?;
    add_reaches(tx, act, id, &to.minutes).await
}

/// Errors: as above.
pub async fn drop_reserve(tx: &mut Tx, act: &Act, plan: &Plan, seen: i64, id: Uuid) -> Result<()> {
    touch(tx, act, plan, seen).await?;
    let known = store::parts(tx, act.tenant, plan.id).await?.reserves;
    if !known.iter().any(|reserve| reserve.id == id) {
        return Err(Error::NotFound);
    }
    tx.execute(DROP_REACHES.bind(act.tenant).bind(id)).await?;
    Ok(tx.execute_one(DROP_RESERVE.bind(act.tenant).bind(plan.id).bind(id)).await?)
}

/// A version never holds for days that are over: what held then would be another plan afterwards.
fn refuse_past(plan: &Plan, at: Timestamp, how: &str) -> Result<()> {
    if plan.effective_from < duty::day_of(at).to_string() {
        let day = crate::web::show::kept_day(&plan.effective_from);
        return Err(Error::refused(format!("执行日期 {day} 已经过了，{how}")));
    }
    Ok(())
}

/// Hands it in to whoever leads.
///
/// Errors: refused if it is empty, its day is over or it was handed in already; stale if somebody was first.
pub async fn submit(tx: &mut Tx, act: &Act, plan: &Plan, seen: i64) -> Result<()> {
    if !plan.state.is_open() {
        return Err(Error::refused(format!("这一版现在是“{}”，不用再交", plan.state)));
    }
    refuse_past(plan, act.at, "请先改成今天或以后")?;
    let parts = store::parts(tx, act.tenant, plan.id).await?;
    if parts.posts.is_empty() && parts.patrols.is_empty() && parts.reserves.is_empty() {
        return Err(Error::refused("方案还是空的，先排岗位、巡逻或备勤"));
    }
    let row = SUBMIT.bind(act.tenant).bind(plan.id).bind(seen).bind(account(act)?).bind(act.at);
    if tx.execute(row).await? == 0 {
        return Err(stale());
    }
    add_hand(tx, act, plan.id).await?;
    audit::record(tx, act, "submit_plan", ("deployment_plan", plan.id), "", &[]).await
}

fn refuse_decided(plan: &Plan) -> Result<()> {
    match plan.state {
        State::Submitted => Ok(()),
        state => Err(Error::refused(format!("这一版现在是“{state}”，不在等批准。请刷新看最新情况"))),
    }
}

/// Approves it, and tells the schools whose gates are kept otherwise from then on.
///
/// Errors: refused if whoever approves ever had a hand in it, its day is over, or a later version is approved for the same day, so that this one
/// would never hold; stale if somebody was first.
pub async fn approve(tx: &mut Tx, act: &Act, plan: &Plan, seen: i64, words: &str) -> Result<()> {
    let approver = account(act)?;
    if seen != plan.lock_version {
        return Err(stale());
    }
    refuse_decided(plan)?;
    if store::has_hand(tx, act.tenant, plan.id, approver).await? {
        return Err(Error::refused("这一版您自己做过、改过或者交过，要由别人批准"));
    }
    refuse_past(plan, act.at, "请退回去改了日期再批")?;
    tx.execute(LOCK_UNIT.bind(act.tenant).bind(plan.organisation_id)).await?;
    if let Some(latest) = store::beaten_by(tx, act.tenant, plan).await? {
        let sentence =
            format!("从同一天起执行的第 {} 版已经批准，这一版批了也不会执行。请退回去改了日期再批", latest.version);
        return Err(Error::refused(sentence));
    }
    let row = APPROVE.bind(act.tenant).bind(plan.id).bind(seen).bind(approver).bind(act.at).bind(words);
    if tx.execute(row).await? == 0 {
        return Err(stale());
    }
    notice::inform(tx, act, plan).await?;
    audit::record(tx, act, "approve_plan", ("deployment_plan", plan.id), words, &[]).await
}

/// Gives it back to be changed, and says why.
///
/// Errors: refused if it does not wait for approval; stale if somebody was first.
pub async fn give_back(tx: &mut Tx, act: &Act, plan: &Plan, seen: i64, why: &str) -> Result<()> {
    if seen != plan.lock_version {
        return Err(stale());
    }
    refuse_decided(plan)?;
    let row = GIVE_BACK.bind(act.tenant).bind(plan.id).bind(seen).bind(account(act)?).bind(act.at).bind(why);
    if tx.execute(row).await? == 0 {
        return Err(stale());
    }
    audit::record(tx, act, "return_plan", ("deployment_plan", plan.id), why, &[]).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_groups_than_anybody_oversees_are_refused_in_words() {
        let groups = |many: usize| vec![duty::Standby { people: 1, minutes: Vec::new() }; many];
        let named = reserves_of(groups(MOST_RESERVES), 5).unwrap();
        assert_eq!((named.len(), named[1].name.as_str()), (MOST_RESERVES, "机动备勤第 2 组"));
        let Err(Error::Refused(words)) = reserves_of(groups(MOST_RESERVES + 1), 5) else { panic!("not refused") };
        assert!(words.contains("要分成 501 组"), "{words}");
    }
}
