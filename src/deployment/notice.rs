//! Schools are told which of their gates are kept at which peaks from when, and a number to call: never how many stand there, nor where patrols
//! go. Somebody of the school's security says that they know.

use std::collections::BTreeSet;

use db::Tx;
use jiff::SignedDuration;
use jiff::civil::Date;
use uuid::Uuid;

use super::model::{Targets, clock};
use super::store::{self, ADD_NOTICE, KEPT, Kept, OF_SCHOOL, OfSchool, Plan, Post, SEE, TOLD, Told};
use crate::access::Act;
use crate::duty::{Peak, School};
use crate::error::{Error, Result};
use crate::web::show;
use crate::{audit, settings};

/// What of a version a school sees, so that two can be compared.
fn visible(posts: &[Post], school: Uuid) -> BTreeSet<(Uuid, Peak, i64, i64)> {
    let own = posts.iter().filter(|post| post.school_id == school);
    own.map(|post| (post.gate_id, post.peak, post.from_minute, post.to_minute)).collect()
}

/// Tells the schools that are concerned by a version that is being approved: those that see something else than before, and those that have
/// not yet said that they know what they were told last. If another version is approved for a later day already, it comes after this one now,
/// and the schools that see something else in it than in this one have to know as well.
pub(super) async fn inform(tx: &mut Tx, act: &Act, plan: &Plan) -> Result<()> {
    let targets: Targets = settings::read(tx, act.tenant, act.at).await?;
    let due = act.at + SignedDuration::from_hours(targets.inform_hours);
    let own = store::parts(tx, act.tenant, plan.id).await?.posts;
    let before = match store::before(tx, act.tenant, plan).await? {
        Some(before) => store::parts(tx, act.tenant, before.id).await?.posts,
        None => Vec::new(),
    };
    let query = TOLD.bind(act.tenant).bind(plan.organisation_id).bind(&plan.effective_from).bind(plan.version);
    let told: Vec<Told> = tx.all(query).await?;
    let unknowing =
        |school: Uuid| told.iter().find(|told| told.school_id == school).is_none_or(|latest| latest.seen_at.is_none());
    // A school that keeps nothing in either may still not know that it has lost its guard.
    let earlier = told.iter().filter(|told| told.closed_at.is_none()).map(|told| told.school_id);
    let schools: BTreeSet<Uuid> = before.iter().chain(&own).map(|post| post.school_id).chain(earlier).collect();
    let concerned = schools.into_iter().filter(|id| visible(&before, *id) != visible(&own, *id) || unknowing(*id));
    let mut concerned: Vec<(Uuid, Uuid)> = concerned.map(|school| (plan.id, school)).collect();
    if let Some(next) = store::after(tx, act.tenant, plan).await? {
        let after = store::parts(tx, act.tenant, next.id).await?.posts;
        let known = store::notices(tx, act.tenant, next.id).await?;
        let schools: BTreeSet<Uuid> = own.iter().chain(&after).map(|post| post.school_id).collect();
        let unaware = schools.into_iter().filter(|id| {
            visible(&own, *id) != visible(&after, *id) && !known.iter().any(|notice| notice.school_id == *id)
        });
        concerned.extend(unaware.map(|school| (next.id, school)));
    }
    let rows = concerned
        .into_iter()
        .map(|(plan, school)| ADD_NOTICE.bind(act.tenant).bind(plan).bind(school).bind(act.at).bind(due));
    Ok(tx.execute_many(ADD_NOTICE, rows.collect()).await?)
}

/// A version as a school's page shows it.
#[derive(Debug, Clone)]
pub struct Arrangement {
    pub plan: Uuid,
    /// Who keeps the gates.
    pub unit: String,
    /// `2026年9月1日`
    pub from: String,
    /// It holds today.
    pub holds: bool,
    /// Each gate with its peaks: `早入校 07:10–08:20、晚放学 16:00–17:20`
    pub gates: Vec<(String, String)>,
    /// The school was told of this one.
    pub told: bool,
    /// When somebody has said that they know, and who.
    pub seen: Option<(String, String)>,
}

/// Each gate once, with its peaks in words.
fn by_gate(kept: &[&Kept]) -> Vec<(String, String)> {
    let mut gates: Vec<(String, Vec<String>)> = Vec::new();
    for one in kept {
        let peak = format!("{} {}–{}", one.peak, clock(one.from_minute), clock(one.to_minute));
        match gates.iter_mut().find(|(name, _)| *name == one.gate_name) {
            Some((_, peaks)) => peaks.push(peak),
            None => gates.push((one.gate_name.clone(), vec![peak])),
        }
    }
    gates.into_iter().map(|(name, peaks)| (name, peaks.join("、"))).collect()
}

/// Every gate of a school in every approved version, however many there have been.
async fn kept_of(tx: &mut Tx, tenant: Uuid, school: Uuid) -> Result<Vec<Kept>> {
    let (mut all, mut after) = (Vec::new(), (Uuid::nil(), -1i64));
    loop {
        let rows: Vec<Kept> = tx.all(KEPT.bind(tenant).bind(school).bind(after.0).bind(after.1)).await?;
        let Some(last) = rows.last() else { return Ok(all) };
        after = (last.plan_id, last.position);
        all.extend(rows);
    }
}

/// What holds for a school today, and what is going to: of each unit that keeps its gates, in the order of the days.
pub(super) async fn of_school(tx: &mut Tx, tenant: Uuid, school: Uuid, today: Date) -> Result<Vec<Arrangement>> {
    let versions: Vec<OfSchool> = tx.all(OF_SCHOOL.bind(tenant).bind(school)).await?;
    let kept = kept_of(tx, tenant, school).await?;
    let today = today.to_string();
    let mut holding: Vec<Uuid> = Vec::new();
    let mut shown = Vec::new();
    // The latest first, so that the first of a unit that has begun is the one that holds.
    for version in versions {
        let holds = version.effective_from <= today;
        if holds && holding.contains(&version.organisation_id) {
            continue;
        }
        if holds {
            holding.push(version.organisation_id);
        }
        let own: Vec<&Kept> = kept.iter().filter(|one| one.plan_id == version.id).collect();
        shown.push(Arrangement {
            plan: version.id,
            unit: version.organisation_name,
            from: show::kept_day(&version.effective_from),
            holds,
            gates: by_gate(&own),
            told: version.told_at.is_some(),
            seen: version.seen_at.map(|at| (show::moment(&at), version.seen_by.unwrap_or_default())),
        });
    }
    shown.reverse();
    Ok(shown)
}

/// What is copied into a chat or read out on the telephone.
pub(super) fn words(plan: &Plan, posts: &[Post], school: &School, address: &str) -> String {
    let own = posts.iter().filter(|post| post.school_id == school.id);
    let kept: Vec<Kept> = own
        .zip(0i64..)
        .map(|(post, position)| Kept {
            plan_id: plan.id,
            gate_name: post.gate_name.clone(),
            peak: post.peak,
            from_minute: post.from_minute,
            to_minute: post.to_minute,
            position,
        })
        .collect();
    let gates = by_gate(&kept.iter().collect::<Vec<_>>());
    let gates: Vec<String> = gates.into_iter().map(|(gate, peaks)| format!("{gate} {peaks}")).collect();
    let what = if gates.is_empty() {
        "不再安排护学岗".to_owned()
    } else {
        format!("护学岗安排：{}", gates.join("；"))
    };
    let phone = if school.phone.is_empty() { String::new() } else { format!("有事打 {}。", school.phone) };
    let day = show::kept_day(&plan.effective_from);
    format!("【{}】{day}起，{what}。{phone}请学校安保打开链接点“知道了”：{address}", school.name)
}

/// Somebody of a school's security says that they know. Whoever is second changes nothing.
///
/// Errors: not found if the school was not told.
pub async fn see(tx: &mut Tx, act: &Act, plan: Uuid, school: Uuid, name: &str) -> Result<bool> {
    let known = store::notices(tx, act.tenant, plan).await?;
    if !known.iter().any(|notice| notice.school_id == school) {
        return Err(Error::NotFound);
    }
    let row = SEE.bind(act.tenant).bind(plan).bind(school).bind(act.at).bind(name);
    if tx.execute(row).await? == 0 {
        return Ok(false);
    }
    audit::record(tx, act, "acknowledge_plan", ("deployment_plan", plan), "", &[]).await?;
    Ok(true)
}
