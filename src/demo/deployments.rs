//! How the station of the bureau is deployed: a version for the beginning of a term, another after the schools were looked at, both approved by
//! whoever leads, and a draft. Of the schools that the second concerns one has not yet said that it knows.

use calendar::shanghai;
use db::{Db, Tx};
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use uuid::Uuid;

use super::community::act_at;
use super::guards;
use crate::access::{self, Act, Permission, Role, Scope};
use crate::deployment::{self, ReserveSketch, Sketch};
use crate::error::{Error, Result};
use crate::hazard::{self, Survey};
use crate::means::Means;
use crate::patrol;

/// Who does what: the unit, whoever plans there, whoever leads.
#[derive(Clone, Copy)]
struct Desk {
    tenant: Uuid,
    station: Uuid,
    planner: Uuid,
    leader: Uuid,
}

impl Desk {
    /// At nine in the morning of a day.
    fn act(&self, means: &Means, account: Uuid, day: Date) -> Result<Act> {
        let nine = day.at(9, 0, 0, 0).to_zoned_datetime(shanghai()).map_err(anyhow::Error::from)?.timestamp();
        let role = if account == self.leader { Role::DutyChief } else { Role::DutyStaff };
        let act = act_at(self.tenant, means, nine);
        Ok(Act { account: Some(account), organisation: Some(self.station), role, ..act })
    }

    async fn begun(&self, tx: &mut Tx, act: &Act, from: Date, reason: &str, of: Option<Uuid>) -> Result<Uuid> {
        let new = Sketch { name: "开学季部署".to_owned(), effective_from: from, reason: reason.to_owned() };
        let of = match of {
            Some(id) => Some(deployment::plan(tx, act.tenant, id).await?),
            None => None,
        };
        deployment::draft(tx, act, self.station, &new, of.as_ref()).await
    }

    /// Handed in by whoever plans and approved by whoever leads.
    async fn approved(&self, tx: &mut Tx, (planner, leader): (&Act, &Act), id: Uuid, words: &str) -> Result<()> {
        let plan = deployment::plan(tx, self.tenant, id).await?;
        deployment::submit(tx, planner, &plan, plan.lock_version).await?;
        let plan = deployment::plan(tx, self.tenant, id).await?;
        deployment::approve(tx, leader, &plan, plan.lock_version, words).await
    }
}

fn surveyed(gates: &str, order: &str) -> Survey {
    Survey::of(|name, _| match name {
        "gates" => gates.to_owned(),
        "order" => order.to_owned(),
        "guards" => "专职保安 4 人，一键报警和视频都已联网".to_owned(),
        _ => String::new(),
    })
}

/// By how many each post is kept; 0: not at all.
async fn set(tx: &mut Tx, act: &Act, id: Uuid, people: impl Fn(&deployment::Post) -> i64) -> Result<()> {
    let plan = deployment::plan(tx, act.tenant, id).await?;
    let mut posts = deployment::parts(tx, act.tenant, id).await?.posts;
    for post in &mut posts {
        post.people = people(post);
        post.police = post.police.min(post.people);
    }
    posts.retain(|post| post.people > 0);
    deployment::set_posts(tx, act, &plan, plan.lock_version, &posts).await
}

/// Writes the versions of the station's plan, from the first day of a term that has lasted some days.
pub async fn deploy(db: &Db, means: &Means, now: Timestamp) -> Result<()> {
    let today = now.to_zoned_datetime(shanghai()).date();
    let begins = begun(&guards::terms(today), today)?;
    let mut tx = db.begin().await?;
    let tenant = access::tenant_by_code(&mut tx, guards::CODE).await?.ok_or(Error::NotFound)?.tenant_id;
    let units = access::organisations(&mut tx, tenant).await?;
    let station = units.iter().find(|unit| unit.name == "田家会派出所").map(|unit| unit.id).ok_or(Error::NotFound)?;
    let holders = access::holders(&mut tx, tenant, Permission::DutyPlan).await?;
    let holder = |role: Role| {
        let found = holders.iter().find(|one| one.grants.iter().any(|grant| grant.role == role));
        found.map(|one| one.account).ok_or(Error::NotFound)
    };
    let desk = Desk { tenant, station, planner: holder(Role::DutyStaff)?, leader: holder(Role::DutyChief)? };
    let known = hazard::schools(&mut tx, tenant, &Scope::tenant()).await?;
    let known = guards::SCHOOLS.iter().filter_map(|sketch| known.iter().find(|one| one.name == sketch.name));
    let schools: Vec<Uuid> = known.map(|one| one.id).collect();
    versions(&mut tx, means, desk, &schools, begins, today).await?;
    Ok(tx.commit().await?)
}

async fn versions(tx: &mut Tx, means: &Means, desk: Desk, schools: &[Uuid], begins: Date, today: Date) -> Result<()> {
    let after = |days: i64| begins.saturating_add(days.days());
    let (planning, leading) = (desk.act(means, desk.planner, after(-6))?, desk.act(means, desk.leader, after(-5))?);
    let first = desk.begun(tx, &planning, begins, "开学初校园周边治安情况复杂", None).await?;
    // Where children are fetched by car was left out at first.
    set(tx, &planning, first, |post| if post.gate_name == "接送区" { 0 } else { post.people }).await?;
    desk.approved(tx, (&planning, &leading), first, "同意，按这一版执行").await?;
    let at_the_gate = Act { account: None, role: Role::Resident, ..desk.act(means, desk.planner, after(-4))? };
    for school in schools {
        deployment::acknowledge(tx, &at_the_gate, first, *school, "值班保安").await?;
    }

    // The schools are looked at, and the next version rests on that.
    let survey = surveyed("正门早晚都开，家长在路口停车", "路口和接送区早晚高峰车多，没有人管");
    let done = hazard::surveyed(tx, desk.tenant).await?;
    for school in schools {
        let seen = done.iter().find(|one| one.school_id == *school).map_or(0, |latest| latest.version);
        let known = hazard::school(tx, desk.tenant, &Scope::tenant(), *school).await?;
        if seen > 0 {
            // The ledger has it.
            continue;
        }
        hazard::survey(tx, &planning, &known, seen, (&survey, "开学第一周调研")).await?;
    }
    let (planning, leading) = (desk.act(means, desk.planner, after(8))?, desk.act(means, desk.leader, after(9))?);
    let second = desk.begun(tx, &planning, after(13), "调研后加接送区，路口下午多一个人", Some(first)).await?;
    let plan = deployment::plan(tx, desk.tenant, second).await?;
    let known = deployment::parts(tx, desk.tenant, second).await?;
    let guarded = crate::duty::guarded(tx, desk.tenant, desk.station, planning.at).await?;
    let posts = guarded.iter().map(|one| {
        let old = known.posts.iter().find(|old| old.gate_id == one.gate && old.slot_id == one.slot);
        let people = old.map_or(one.seats, |old| old.people) + i64::from(one.gate_name == "校门前路口");
        deployment::post(one, people, one.officers)
    });
    let posts: Vec<deployment::Post> = posts.collect();
    deployment::set_posts(tx, &planning, &plan, plan.lock_version, &posts).await?;
    let plan = deployment::plan(tx, desk.tenant, second).await?;
    let routes = patrol::routes_within(tx, desk.tenant, &Scope::tenant()).await?;
    let own = routes.into_iter().filter(|route| route.organisation_id == desk.station);
    let patrols = own.map(|route| deployment::Patrol {
        route_id: route.id,
        name: route.name,
        from_minute: route.from_minute,
        to_minute: route.to_minute,
        people: 2,
        vehicles: 1,
        interval_minutes: route.interval_minutes,
    });
    let patrols: Vec<deployment::Patrol> = patrols.collect();
    deployment::set_patrols(tx, &planning, &plan, plan.lock_version, &patrols).await?;
    let plan = deployment::plan(tx, desk.tenant, second).await?;
    let reserve = ReserveSketch {
        name: "巡逻车一组".to_owned(),
        base: "巡特警大队".to_owned(),
        people: 2,
        response_minutes: 5,
        minutes: schools.iter().copied().zip([4, 5, 7]).collect(),
    };
    deployment::add_reserve(tx, &planning, &plan, plan.lock_version, &reserve).await?;
    desk.approved(tx, (&planning, &leading), second, "同意").await?;

    // A draft for the weeks to come.
    let planning = desk.act(means, desk.planner, today)?;
    let third = desk
        .begun(tx, &planning, today.saturating_add(7.days()), "天黑得早了，放学时正门多一个人", Some(second))
        .await?;
    let evening = |post: &deployment::Post| post.people + i64::from(post.gate_name == "正门" && post.from_minute > 900);
    set(tx, &planning, third, evening).await
}

/// The first day of the last term that has lasted ten days.
fn begun(terms: &[(String, Date, Date)], today: Date) -> Result<Date> {
    let last = terms.iter().map(|(_, first, _)| *first).filter(|first| first.saturating_add(10.days()) <= today).max();
    last.ok_or(Error::NotFound)
}
