//! What everybody has had of the term so far, so that a roster goes on sharing it fairly.

use std::collections::HashMap;

use db::Tx;
use jiff::ToSpan;
use jiff::civil::Date;
use uuid::Uuid;

use super::model::{Peak, PersonKind, day_of};
use super::school;
use super::shift_store::{SHARES, Share};
use super::store::{self, Person, whole};
use crate::access::Act;
use crate::error::Result;

/// How many early and late peaks of the term somebody has had, compared with the others of their unit and kind. Whoever was not on the list yet, or
/// had leave, is credited what the others had in that time: nobody makes up for it.
pub(super) async fn carried(tx: &mut Tx, act: &Act, people: &[Person], first: Date) -> Result<HashMap<Uuid, [u16; 2]>> {
    let table = school::timetable(tx, act.tenant, first, first).await?;
    let terms = table.terms.iter().filter(|term| (term.first..=term.last).contains(&first));
    let Some(since) = terms.map(|term| term.first).min().filter(|since| *since < first) else {
        return Ok(HashMap::new());
    };
    let until = first.checked_sub(1.day()).unwrap_or(first);
    let (from, to) = (since.to_string(), first.to_string());
    let mut had: HashMap<Uuid, [f64; 2]> = HashMap::new();
    for share in whole(tx.all::<Share>(SHARES.bind(act.tenant).bind(&from).bind(&to)).await?, 20_000)? {
        let kind = match share.peak {
            Peak::MorningIn => 0,
            Peak::EveningOut | Peak::LateOut => 1,
            Peak::NoonOut | Peak::NoonIn => continue,
        };
        had.entry(share.person_id).or_default()[kind] += share.shifts as f64;
    }
    let leaves = store::leaves(tx, act.tenant, (&from, &until.to_string())).await?;
    let days = f64::from((first - since).get_days());
    let missed = |person: &Person| -> f64 {
        let joined = day_of(person.created_at).clamp(since, first);
        let on_leave = leaves.iter().filter(|leave| leave.person_id == person.id).map(|leave| {
            let (Ok(start), Ok(end)) = (leave.first_day.parse::<Date>(), leave.last_day.parse::<Date>()) else {
                return 0;
            };
            ((end.min(until) - start.max(joined)).get_days() + 1).max(0)
        });
        f64::from((joined - since).get_days() + on_leave.sum::<i32>()).min(days)
    };
    let mut teams: HashMap<(Uuid, PersonKind), Vec<&Person>> = HashMap::new();
    for person in people {
        teams.entry((person.organisation_id, person.kind)).or_default().push(person);
    }
    let mut carried: HashMap<Uuid, [u16; 2]> = HashMap::new();
    for team in teams.values() {
        for kind in 0..2 {
            let own = |person: &Person| had.get(&person.id).map_or(0.0, |had| had[kind]);
            let (sum, present) = team
                .iter()
                .fold((0.0, 0.0), |(sum, present), person| (sum + own(person), present + days - missed(person)));
            let rate = if present > 0.0 { sum / present } else { 0.0 };
            let counts: Vec<f64> = team.iter().map(|person| own(person) + rate * missed(person)).collect();
            // Only what one has more than another counts.
            let least = counts.iter().copied().fold(f64::INFINITY, f64::min);
            for (person, count) in team.iter().zip(&counts) {
                carried.entry(person.id).or_default()[kind] = (count - least).round().clamp(0.0, 1000.0) as u16;
            }
        }
    }
    Ok(carried)
}
