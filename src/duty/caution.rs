//! What speaks against putting somebody down where nothing forbids it: a way between two schools that nobody knows or that is too long, a week
//! that is full, a night that is too short. A roster keeps to all of it; by hand it is a warning, since whoever plans may know better.

use db::Tx;
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use uuid::Uuid;

use super::model::{Between, between, monday};
use super::roster::Rostering;
use super::shift_store::{self, Shift};
use super::store::{self, REACHES_OF, ReachRow, WAYS_OF, WayRow};
use crate::access::Act;
use crate::error::Result;
use crate::settings;

/// What speaks against it, each in a sentence; nothing if all is well. `shift` is left out of account, since it is the one that changes.
pub async fn cautions(
    tx: &mut Tx,
    act: &Act,
    person: Uuid,
    (shift, school, day): (Option<Uuid>, Uuid, Date),
    span: Option<(Timestamp, Timestamp)>,
) -> Result<Vec<String>> {
    let person = store::person(tx, act.tenant, person).await?;
    let shifted = |day: Date, days: i64| day.checked_add(days.days()).unwrap_or(day).to_string();
    // A whole week, and the days around this one where it is a Monday or a Sunday.
    let (first, last) = (shifted(monday(day), -1), shifted(monday(day), 7));
    let others = shift_store::of_person(tx, act.tenant, person.id, (&first, &last)).await?;
    let others: Vec<Shift> =
        others.into_iter().filter(|one| Some(one.id) != shift && one.absent_at.is_none()).collect();
    let mut found = Vec::new();
    let week = (monday(day).to_string(), shifted(monday(day), 6));
    let in_week = others.iter().filter(|one| (&week.0..=&week.1).contains(&&one.day)).count() as i64;
    if in_week >= person.weekly {
        found.push(format!("{}这一周已经排了 {in_week} 班，登记的是最多 {} 班", person.name, person.weekly));
    }
    let Some((from, to)) = span else { return Ok(found) };
    let rules: Rostering = settings::read(tx, act.tenant, act.at).await?;
    let today = day.to_string();
    for other in &others {
        let Some((start, end)) = other.starts_at.zip(other.ends_at).filter(|_| other.day != today) else { continue };
        let gap = if start < from { from.duration_since(end) } else { start.duration_since(to) };
        if gap.as_mins() < rules.rest_hours * 60 {
            found.push(format!(
                "{} {} 还站{}，中间休息不到 {} 小时",
                other.day,
                other.hours(),
                other.place(),
                rules.rest_hours
            ));
        }
    }
    let today: Vec<&Shift> = others.iter().filter(|one| one.day == today && one.school_id != school).collect();
    found.extend(ways(tx, act, person.id, &today, (school, from, to)).await?);
    Ok(found)
}

/// Whether whoever is called gets from the other schools of their day to this one and back.
pub(super) async fn gets_there(tx: &mut Tx, act: &Act, person: Uuid, to: &Shift) -> Result<bool> {
    let Some((from, until)) = to.starts_at.zip(to.ends_at) else { return Ok(true) };
    let own = shift_store::of_person(tx, act.tenant, person, (&to.day, &to.day)).await?;
    let elsewhere: Vec<&Shift> =
        own.iter().filter(|one| one.absent_at.is_none() && one.school_id != to.school_id).collect();
    Ok(ways(tx, act, person, &elsewhere, (to.school_id, from, until)).await?.is_empty())
}

/// Whether they get to the schools at which they stand on the same day, and back.
async fn ways(
    tx: &mut Tx,
    act: &Act,
    person: Uuid,
    elsewhere: &[&Shift],
    (school, from, to): (Uuid, Timestamp, Timestamp),
) -> Result<Vec<String>> {
    if elsewhere.is_empty() {
        return Ok(Vec::new());
    }
    let ways: Vec<WayRow> = tx.all(WAYS_OF.bind(act.tenant).bind(school)).await?;
    let reaches: Vec<ReachRow> = tx.all(REACHES_OF.bind(act.tenant).bind(person)).await?;
    let reach = |school: Uuid| reaches.iter().find(|row| row.school_id == school).map(|row| row.minutes);
    let mut found = Vec::new();
    for other in elsewhere {
        let Some((start, end)) = other.starts_at.zip(other.ends_at) else { continue };
        // Two at once are refused for that.
        if from < end && start < to {
            continue;
        }
        let (first, second, gap) = if end <= from {
            (other.school_id, school, from.duration_since(end))
        } else {
            (school, other.school_id, start.duration_since(to))
        };
        let way = ways.iter().find(|row| (row.from_id, row.to_id) == (first, second)).map(|row| row.minutes);
        let by_base = reach(first).zip(reach(second)).map(|(one, two)| one + two);
        let (place, hours) = (other.place(), other.hours());
        match between(gap.as_mins(), way, by_base) {
            Between::Enough => {}
            Between::Short(way, gap) => {
                found.push(format!("这一天 {hours} 还站{place}，路上要 {way} 分钟，中间只有 {gap} 分钟"));
            }
            Between::Unknown(gap) => {
                found.push(format!("这一天 {hours} 还站{place}，中间有 {gap} 分钟，两所学校之间要几分钟没有填"));
            }
        }
    }
    Ok(found)
}
