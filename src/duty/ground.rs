//! What a unit guards, for whoever plans with it: its schools, every post in every peak, what of it has to be kept on a day, and who of the unit
//! is on standby.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashSet};

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

/// People of a unit who are on standby and reach the same schools, and by when all of them are at each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standby {
    pub people: i64,
    pub minutes: Vec<(Uuid, i64)>,
}

/// The groups of a unit, the largest first. A group is at a school when the last of it is there, and everybody in it reaches each of its schools:
/// whoever has no minutes to a school is not counted towards it. Whoever reaches no school of the unit is in no group.
pub async fn standby_of(tx: &mut Tx, tenant: Uuid, unit: Uuid) -> Result<Vec<Standby>> {
    let own: HashSet<Uuid> = schools_of(tx, tenant, unit).await?.into_iter().map(|school| school.id).collect();
    let rows: Vec<ReachRow> = tx.all(STANDBY_OF_UNIT.bind(tenant).bind(unit)).await?;
    // The rows come by school, so that two who reach the same have the same list.
    let mut of_people: BTreeMap<Uuid, Vec<(Uuid, i64)>> = BTreeMap::new();
    for row in rows.into_iter().filter(|row| own.contains(&row.school_id)) {
        of_people.entry(row.person_id).or_default().push((row.school_id, row.minutes));
    }
    Ok(grouped(of_people.into_values()))
}

fn grouped(people: impl Iterator<Item = Vec<(Uuid, i64)>>) -> Vec<Standby> {
    let mut groups: BTreeMap<Vec<Uuid>, Standby> = BTreeMap::new();
    for ways in people {
        let schools: Vec<Uuid> = ways.iter().map(|(school, _)| *school).collect();
        match groups.get_mut(&schools) {
            Some(group) => {
                group.people += 1;
                for ((_, most), (_, minutes)) in group.minutes.iter_mut().zip(ways) {
                    *most = minutes.max(*most);
                }
            }
            None => {
                groups.insert(schools, Standby { people: 1, minutes: ways });
            }
        }
    }
    let mut groups: Vec<Standby> = groups.into_values().collect();
    groups.sort_by_key(|group| Reverse(group.people));
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_counted_towards_a_school_that_they_do_not_reach() {
        let [near, far] = [Uuid::from_u128(1), Uuid::from_u128(2)];
        let both = |to_near, to_far| vec![(near, to_near), (far, to_far)];
        let groups = grouped([both(4, 9), vec![(far, 3)], both(6, 7)].into_iter());
        let expected =
            [Standby { people: 2, minutes: vec![(near, 6), (far, 9)] }, Standby { people: 1, minutes: vec![(far, 3)] }];
        assert_eq!(groups, expected);
        assert!(grouped(std::iter::empty()).is_empty());
    }
}
