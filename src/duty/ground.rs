//! What a unit guards, for whoever plans with it: its schools, every post in every peak, what of it has to be kept on a day, and who of the unit
//! is on standby.

use std::collections::HashSet;

use db::{Tx, record};
use jiff::Timestamp;
use jiff::civil::Date;
use uuid::Uuid;

use super::coverage::{self, Posts, Unknown};
use super::model::{Peak, Windows};
use super::store::{self, ReachRow, SCHOOLS_OF_UNIT, STANDBY_OF_UNIT, School};
use crate::access::Scope;
use crate::error::Result;
use crate::settings;

/// A post in a peak.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guarded {
    pub school: Uuid,
    pub school_name: String,
    pub gate: Uuid,
    pub gate_name: String,
    pub slot: Uuid,
    pub peak: Peak,
    /// Minutes of the day.
    pub from: i64,
    pub to: i64,
    /// How many people are needed, and how many of them in uniform.
    pub seats: i64,
    pub officers: i64,
}

record! {
    struct Covered { school_id: Uuid }
}

/// The schools of which a unit or one below it takes care, in their order.
pub async fn schools_of(tx: &mut Tx, tenant: Uuid, unit: Uuid) -> Result<Vec<School>> {
    let covered: Vec<Covered> = tx.all(SCHOOLS_OF_UNIT.bind(tenant).bind(unit)).await?;
    let covered: HashSet<Uuid> = covered.into_iter().map(|row| row.school_id).collect();
    let schools = store::schools(tx, tenant, &Scope::tenant()).await?;
    Ok(schools.into_iter().filter(|school| school.closed_at.is_none() && covered.contains(&school.id)).collect())
}

async fn posts(tx: &mut Tx, tenant: Uuid, unit: Uuid) -> Result<Posts> {
    let schools = schools_of(tx, tenant, unit).await?;
    let own: HashSet<Uuid> = schools.iter().map(|school| school.id).collect();
    let mut posts = Posts::read(tx, tenant, &Scope::tenant()).await?;
    posts.schools = schools;
    posts.gates.retain(|gate| own.contains(&gate.school_id));
    posts.slots.retain(|slot| own.contains(&slot.school_id));
    Ok(posts)
}

/// In the order of schools and gates, and of each gate by time.
fn laid_out(posts: &Posts, windows: &Windows) -> Vec<Guarded> {
    let mut all = Vec::new();
    for gate in &posts.gates {
        let open = |slot: Uuid| posts.open.iter().any(|open| open.slot_id == slot && open.gate_id == gate.id);
        let mut own: Vec<Guarded> = Vec::new();
        for slot in posts.slots.iter().filter(|slot| slot.school_id == gate.school_id && open(slot.id)) {
            let Some((from, to)) = posts.window(slot, windows) else { continue };
            own.push(Guarded {
                school: gate.school_id,
                school_name: gate.school_name.clone(),
                gate: gate.id,
                gate_name: gate.name.clone(),
                slot: slot.id,
                peak: slot.kind,
                from,
                to,
                seats: gate.seats,
                officers: gate.officers,
            });
        }
        own.sort_by_key(|one| (one.from, one.slot));
        all.extend(own);
    }
    all
}

/// Everything that a unit guards on one school day or another.
pub async fn guarded(tx: &mut Tx, tenant: Uuid, unit: Uuid, now: Timestamp) -> Result<Vec<Guarded>> {
    let windows: Windows = settings::read(tx, tenant, now).await?;
    Ok(laid_out(&posts(tx, tenant, unit).await?, &windows))
}

/// What has to be kept on a day, and the schools of which nobody knows whether it is a school day.
pub async fn demand(
    tx: &mut Tx,
    tenant: Uuid,
    unit: Uuid,
    day: Date,
    now: Timestamp,
) -> Result<(Vec<Guarded>, Vec<Unknown>)> {
    let windows: Windows = settings::read(tx, tenant, now).await?;
    let posts = posts(tx, tenant, unit).await?;
    let (needs, unknown) = coverage::needs(tx, tenant, &posts, &windows, (day, day)).await?;
    let asked: HashSet<(Uuid, Uuid)> = needs.iter().map(|need| (need.gate, need.slot)).collect();
    let mut all = laid_out(&posts, &windows);
    all.retain(|one| asked.contains(&(one.gate, one.slot)));
    Ok((all, unknown))
}

/// How many of a unit are on standby and somewhere within minutes, and by when all of them are at each school.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standby {
    pub people: i64,
    pub minutes: Vec<(Uuid, i64)>,
}

/// A group is at a school when the last of it is there.
pub async fn standby_of(tx: &mut Tx, tenant: Uuid, unit: Uuid) -> Result<Standby> {
    let rows: Vec<ReachRow> = tx.all(STANDBY_OF_UNIT.bind(tenant).bind(unit)).await?;
    let people: HashSet<Uuid> = rows.iter().map(|row| row.person_id).collect();
    let mut minutes: Vec<(Uuid, i64)> = Vec::new();
    for row in &rows {
        match minutes.iter_mut().find(|(school, _)| *school == row.school_id) {
            Some((_, most)) => *most = row.minutes.max(*most),
            None => minutes.push((row.school_id, row.minutes)),
        }
    }
    Ok(Standby { people: people.len() as i64, minutes })
}
