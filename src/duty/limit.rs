//! When somebody can come, and where they must not stand, such as at the school of their own child. A roster and a repair keep to both, and
//! nobody is called against them; by hand, and where a draft is published, a bar is a refusal, and another time a warning. Why somebody is barred is
//! sealed and for the desk alone.

use std::collections::HashSet;

use db::{Tx, record, statements};
use jiff::civil::Date;
use uuid::Uuid;

use super::model::Peak;
use super::shift_store::{self, Shift};
use super::store::{HOLD_PERSON, Person, whole};
use super::times::Times;
use super::{coverage, school};
use crate::access::Act;
use crate::audit;
use crate::error::{Error, Result};

macro_rules! bars {
    ($rest:literal) => {
        concat!(
            "SELECT b.id, b.person_id, b.school_id, s.name AS school_name, b.gate_id, g.name AS gate_name, b.why_sealed FROM duty_bars b
            JOIN duty_schools s ON s.tenant_id = b.tenant_id AND s.id = b.school_id
            LEFT JOIN duty_gates g ON g.tenant_id = b.tenant_id AND g.id = b.gate_id WHERE b.tenant_id = $1",
            $rest
        )
    };
}

statements! {
    SET_TIMES = "UPDATE duty_people SET times = $3 WHERE tenant_id = $1 AND id = $2";
    ADD_BAR = "INSERT INTO duty_bars (tenant_id, person_id, id, school_id, gate_id, why_sealed) VALUES ($1, $2, $3, $4, $5, $6)";
    DROP_BAR = "DELETE FROM duty_bars WHERE tenant_id = $1 AND person_id = $2 AND id = $3";
    BARS_OF = bars!(" AND b.person_id = $2 ORDER BY b.id LIMIT 200");
    ALL_BARS = bars!(" ORDER BY b.person_id, b.id LIMIT 20000");
}

record! {
    /// Somebody must not stand at a post, or at none of a school's.
    #[derive(Debug, Clone)]
    pub(super) struct Bar {
        pub id: Uuid, pub person_id: Uuid, pub school_id: Uuid, pub school_name: String, pub gate_id: Option<Uuid>, pub gate_name: Option<String>,
        pub why_sealed: Vec<u8>,
    }
}

const WHY: &str = "duty bar";

impl Bar {
    /// `城北小学 · 东门`, `城北小学`
    pub fn place(&self) -> String {
        match &self.gate_name {
            Some(gate) => format!("{} · {gate}", self.school_name),
            None => self.school_name.clone(),
        }
    }

    /// Whether it forbids to stand there. Of a shift without a post only the school is known.
    pub fn keeps_from(&self, school: Uuid, gate: Option<Uuid>) -> bool {
        self.school_id == school && (self.gate_id.is_none() || self.gate_id == gate)
    }

    pub fn why(&self, act: &Act) -> Result<String> {
        act.open(WHY, &self.why_sealed)
    }
}

fn said(name: &str, times: Times) -> String {
    format!("{name}登记的是只能站{}", times.words())
}

/// What speaks against putting somebody down at a school on a day in a peak.
pub(super) async fn caution(
    tx: &mut Tx,
    tenant: Uuid,
    person: &Person,
    (school, day, peak): (Uuid, Date, Option<Peak>),
) -> Result<Option<String>> {
    let times = Times(person.times);
    if times == Times::ALWAYS {
        return Ok(None);
    }
    let lessons = school::timetable(tx, tenant, day, day).await?.lessons(school, day);
    Ok((!times.allow(lessons, peak)).then(|| said(&person.name, times)))
}

/// Those of some shifts that somebody has at a time at which they cannot come, each with what is said of it by hand as well.
pub(super) async fn untimely<'a>(tx: &mut Tx, tenant: Uuid, shifts: &[&'a Shift]) -> Result<Vec<(&'a Shift, String)>> {
    let limited: Vec<(&Shift, Date, Times)> = shifts
        .iter()
        .filter_map(|one| Some((*one, one.day.parse::<Date>().ok()?, Times(one.person_times?))))
        .filter(|(.., times)| *times != Times::ALWAYS)
        .collect();
    let days = limited.iter().map(|(_, day, _)| *day);
    let Some((first, last)) = days.clone().min().zip(days.max()) else { return Ok(Vec::new()) };
    let table = school::timetable(tx, tenant, first, last).await?;
    let against =
        limited.into_iter().filter(|(one, day, times)| !times.allow(table.lessons(one.school_id, *day), one.peak));
    Ok(against.map(|(one, _, times)| (one, said(one.who(), times))).collect())
}

/// Where somebody must not stand.
pub(super) async fn bars_of(tx: &mut Tx, tenant: Uuid, person: Uuid) -> Result<Vec<Bar>> {
    Ok(tx.all(BARS_OF.bind(tenant).bind(person)).await?)
}

/// Of everybody.
pub(super) async fn all_bars(tx: &mut Tx, tenant: Uuid) -> Result<Vec<Bar>> {
    whole(tx.all(ALL_BARS.bind(tenant)).await?, 20_000)
}

/// They can come at these times only.
pub async fn set_times(tx: &mut Tx, act: &Act, person: Uuid, times: Times) -> Result<()> {
    tx.execute_one(SET_TIMES.bind(act.tenant).bind(person).bind(times.0)).await?;
    audit::record(tx, act, "set_times", ("duty_person", person), &times.words(), &[]).await
}

/// Somebody must not stand at a post, or at none of a school's, and why.
///
/// Errors: refused if that is known.
pub async fn bar(
    tx: &mut Tx,
    act: &Act,
    person: Uuid,
    (school, gate): (Uuid, Option<Uuid>),
    why: &str,
) -> Result<Uuid> {
    // Nobody puts them down there meanwhile.
    tx.execute_one(HOLD_PERSON.bind(act.tenant).bind(person)).await?;
    let known = bars_of(tx, act.tenant, person).await?;
    if let Some(bar) = known.iter().find(|bar| bar.keeps_from(school, gate)) {
        return Err(Error::refused(format!("已经登记了不能站{}", bar.place())));
    }
    let id = act.id();
    let row = ADD_BAR.bind(act.tenant).bind(person).bind(id).bind(school).bind(gate);
    tx.execute(row.bind(act.seal(WHY, why)?)).await?;
    audit::record(tx, act, "bar_from_post", ("duty_person", person), "", &[]).await?;
    Ok(id)
}

/// They may stand there again.
pub(super) async fn lift(tx: &mut Tx, act: &Act, person: Uuid, bar: Uuid) -> Result<()> {
    tx.execute_one(DROP_BAR.bind(act.tenant).bind(person).bind(bar)).await?;
    audit::record(tx, act, "lift_bar", ("duty_person", person), "", &[]).await
}

/// How many shifts that are still to come somebody has against what is known of them now. They stay until somebody changes them.
pub(super) async fn against(tx: &mut Tx, act: &Act, person: Uuid) -> Result<usize> {
    let bars = bars_of(tx, act.tenant, person).await?;
    let today = coverage::today(act.at).to_string();
    let shifts = shift_store::of_person(tx, act.tenant, person, (&today, "9999-12-31")).await?;
    let to_come = shifts.iter().filter(|one| one.came_at.is_none() && one.absent_at.is_none() && !one.is_over(act.at));
    let to_come: Vec<&Shift> = to_come.collect();
    let untimely = untimely(tx, act.tenant, &to_come).await?;
    let untimely: HashSet<Uuid> = untimely.into_iter().map(|(one, _)| one.id).collect();
    let against = to_come
        .iter()
        .filter(|one| untimely.contains(&one.id) || bars.iter().any(|bar| bar.keeps_from(one.school_id, one.gate_id)));
    Ok(against.count())
}
