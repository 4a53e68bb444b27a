//! In which peaks somebody can come, and where they must not stand, such as at the school of their own child. A roster and a repair keep to both, and
//! nobody is called against them; by hand a bar is a refusal, and another peak a warning. Why somebody is barred is sealed and for the desk alone.

use db::{Tx, record, statements};
use uuid::Uuid;

use super::coverage;
use super::model::Peak;
use super::shift_store;
use super::store::{HOLD_PERSON, Person, whole};
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
    SET_PEAKS = "UPDATE duty_people SET peaks = $3 WHERE tenant_id = $1 AND id = $2";
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

/// Whether somebody can come in a peak, by the codes of those in which they can; none at all is all of them. Of a shift without a peak nothing is
/// known that speaks against it.
pub(super) fn comes(peaks: &str, peak: Option<Peak>) -> bool {
    peaks.is_empty() || peak.is_none_or(|peak| peaks.contains(&format!(",{},", peak.code())))
}

/// `早入校、午返校`; empty where they can come in all.
pub(super) fn words(peaks: &str) -> String {
    let named = Peak::ALL.iter().filter(|peak| !peaks.is_empty() && comes(peaks, Some(**peak)));
    named.map(|peak| peak.label()).collect::<Vec<_>>().join("、")
}

/// What speaks against putting somebody down in a peak.
pub(super) fn caution(person: &Person, peak: Option<Peak>) -> Option<String> {
    (!comes(&person.peaks, peak)).then(|| format!("{}登记的是只能站{}", person.name, words(&person.peaks)))
}

/// Where somebody must not stand.
pub(super) async fn bars_of(tx: &mut Tx, tenant: Uuid, person: Uuid) -> Result<Vec<Bar>> {
    Ok(tx.all(BARS_OF.bind(tenant).bind(person)).await?)
}

/// Of everybody.
pub(super) async fn all_bars(tx: &mut Tx, tenant: Uuid) -> Result<Vec<Bar>> {
    whole(tx.all(ALL_BARS.bind(tenant)).await?, 20_000)
}

/// They can come in these peaks only; in all, if none or all are named.
pub async fn set_peaks(tx: &mut Tx, act: &Act, person: Uuid, peaks: &[Peak]) -> Result<()> {
    let codes = codes(peaks);
    tx.execute_one(SET_PEAKS.bind(act.tenant).bind(person).bind(&codes)).await?;
    audit::record(tx, act, "set_peaks", ("duty_person", person), &words(&codes), &[]).await
}

/// The peaks as they are kept.
pub(super) fn codes(peaks: &[Peak]) -> String {
    let named: Vec<&str> = Peak::ALL.iter().filter(|peak| peaks.contains(peak)).map(|peak| peak.code()).collect();
    if named.is_empty() || named.len() == Peak::ALL.len() { String::new() } else { format!(",{},", named.join(",")) }
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
pub(super) async fn against(tx: &mut Tx, act: &Act, person: &Person) -> Result<usize> {
    let bars = bars_of(tx, act.tenant, person.id).await?;
    let today = coverage::today(act.at).to_string();
    let shifts = shift_store::of_person(tx, act.tenant, person.id, (&today, "9999-12-31")).await?;
    let to_come = shifts.iter().filter(|one| one.came_at.is_none() && one.absent_at.is_none() && !one.is_over(act.at));
    let against = to_come.filter(|one| {
        !comes(&person.peaks, one.peak) || bars.iter().any(|bar| bar.keeps_from(one.school_id, one.gate_id))
    });
    Ok(against.count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn somebody_who_names_no_peak_or_every_peak_can_come_in_all() {
        assert_eq!((codes(&[]), codes(Peak::ALL)), (String::new(), String::new()));
        let morning = codes(&[Peak::NoonIn, Peak::MorningIn]);
        assert_eq!(words(&morning), "早入校、午返校");
        assert!(comes(&morning, Some(Peak::MorningIn)) && comes(&morning, None) && comes("", Some(Peak::LateOut)));
        assert!(!comes(&morning, Some(Peak::NoonOut)));
        assert_eq!(words(""), "");
    }
}
