//! Who gives lectures: topics, grades, and the yearly query of 未成年人保护法 art. 62. They have a link and no account.

use std::collections::BTreeMap;

use db::Tx;
use jiff::Timestamp;
use jiff::civil::Date;
use uuid::Uuid;

use super::model::{self, grades, vetted_until};
use super::store::{
    self, ADD_LECTURER, ADD_TOPIC, ADD_VETTING, CHANGE_LECTURER, DROP_TOPICS, HOLD_LECTURER, LAST_VETTING, Lecturer,
    RENEW_LECTURER_LINK, VET, VETTINGS, VOID_VETTING, Vetting, VettingOf,
};
use crate::access::{Act, Link};
use crate::audit;
use crate::error::{Error, Result};
use crate::keys::Keys;

#[derive(Debug, Clone)]
pub struct LecturerSketch {
    pub name: String,
    pub title: String,
    pub phone: String,
    pub grades: (i64, i64),
    pub topics: Vec<Uuid>,
    pub ended_at: Option<Timestamp>,
}

const PHONE: &str = "lecturer phone";

impl Lecturer {
    pub fn phone(&self, act: &Act) -> Result<String> {
        self.phone_sealed.as_deref().map_or(Ok(String::new()), |sealed| act.open(PHONE, sealed))
    }

    pub fn link(&self, tenant: Uuid, keys: &Keys) -> Link {
        Link::signed(tenant, self.id, &own(self.link_number), keys)
    }

    pub fn grades(&self) -> String {
        grades(self.first_grade, self.last_grade)
    }

    /// Why somebody must not stand before a class on a day; `None` if they may.
    pub fn unvetted(&self, day: Date) -> Option<String> {
        unvetted(&self.name, self.vetted_on.as_deref(), self.vetted_until.as_deref(), day)
    }
}

/// Why somebody of whom the last query is known must not stand before a class on a day.
pub(super) fn unvetted(name: &str, on: Option<&str>, until: Option<&str>, day: Date) -> Option<String> {
    let day = day.to_string();
    match (on, until) {
        (None, _) => Some(format!("{name}还没有做过从业查询")),
        (Some(_), None) => Some(format!("{name}的从业查询没有通过")),
        (Some(on), Some(_)) if *on > *day => Some(format!("{name}的从业查询是 {on} 才做的")),
        (Some(_), Some(until)) if *until < *day => {
            Some(format!("{name}的从业查询 {until} 到期，那一天已经过期，先重新查询"))
        }
        _ => None,
    }
}

/// Those of a session, each with all their queries the latest first, of whom none that was passed held on a day.
pub(super) fn unvetted_by(history: &[VettingOf], day: Date) -> Vec<String> {
    let on = day.to_string();
    let mut standing: BTreeMap<Uuid, (&str, Option<bool>)> = BTreeMap::new();
    for one in history {
        let (_, holds) = standing.entry(one.lecturer_id).or_insert((&one.name, None));
        // The latest that was made by then is the one that counts.
        if let (None, Some(checked)) = (*holds, one.checked_on.as_ref().filter(|checked| **checked <= on)) {
            let until = checked.parse().map(vetted_until);
            *holds = Some(one.passed == Some(true) && until.is_ok_and(|until| until >= day));
        }
    }
    standing.into_values().filter(|(_, holds)| *holds != Some(true)).map(|(name, _)| name.to_owned()).collect()
}

fn own(number: i64) -> String {
    format!("lecturer {number}")
}

/// Errors: not found by a link that was not made for this, or is not good any more.
pub(super) async fn by_link(tx: &mut Tx, link: &Link, keys: &Keys) -> Result<Lecturer> {
    let lecturer = store::lecturer(tx, link.tenant, link.id).await?;
    if lecturer.ended_at.is_some() || !link.is_signed(&own(lecturer.link_number), keys) {
        return Err(Error::NotFound);
    }
    Ok(lecturer)
}

fn sealed(act: &Act, phone: &str) -> Result<Option<Vec<u8>>> {
    if phone.is_empty() { Ok(None) } else { Ok(Some(act.seal(PHONE, phone)?)) }
}

async fn set_topics(tx: &mut Tx, act: &Act, id: Uuid, topics: &[Uuid]) -> Result<()> {
    tx.execute(DROP_TOPICS.bind(act.tenant).bind(id)).await?;
    let rows = topics.iter().map(|topic| ADD_TOPIC.bind(act.tenant).bind(id).bind(*topic));
    Ok(tx.execute_many(ADD_TOPIC, rows.collect()).await?)
}

pub async fn create(tx: &mut Tx, act: &Act, new: &LecturerSketch) -> Result<Uuid> {
    let id = act.id();
    let row = ADD_LECTURER.bind(act.tenant).bind(id).bind(&new.name).bind(&new.title).bind(sealed(act, &new.phone)?);
    tx.execute(row.bind(new.grades.0).bind(new.grades.1).bind(act.at)).await?;
    set_topics(tx, act, id, &new.topics).await?;
    audit::record(tx, act, "create", ("lecturer", id), "", &[]).await?;
    Ok(id)
}

/// Errors: stale if somebody else was first.
pub(super) async fn change(tx: &mut Tx, act: &Act, id: Uuid, seen: i64, to: &LecturerSketch) -> Result<()> {
    let row = CHANGE_LECTURER.bind(act.tenant).bind(id).bind(seen).bind(&to.name).bind(&to.title);
    let row = row.bind(sealed(act, &to.phone)?).bind(to.grades.0).bind(to.grades.1).bind(to.ended_at);
    if tx.execute(row).await? == 0 {
        return Err(Error::Stale("这位讲师的资料刚刚有变化，请看一下再改。".to_owned()));
    }
    set_topics(tx, act, id, &to.topics).await?;
    audit::record(tx, act, "update", ("lecturer", id), "", &[]).await
}

pub(super) async fn renew_link(tx: &mut Tx, act: &Act, id: Uuid) -> Result<()> {
    tx.execute_one(RENEW_LECTURER_LINK.bind(act.tenant).bind(id)).await?;
    audit::record(tx, act, "renew_link", ("lecturer", id), "", &[]).await
}

/// A query was made: its result holds for a year, or not at all. What it says is not kept. One that is entered late, after another of a later
/// day, says something of what was before and changes nothing now. A form that comes twice makes one.
///
/// Errors: refused of a day that is still to come.
pub async fn vet(tx: &mut Tx, act: &Act, id: Uuid, (passed, checked_on): (bool, Date), proof: &str) -> Result<()> {
    if checked_on > model::today(act.at) {
        return Err(Error::refused("查询日期还没有到"));
    }
    tx.execute_one(HOLD_LECTURER.bind(act.tenant).bind(id)).await?;
    let day = checked_on.to_string();
    let known: Vec<Vetting> = tx.all(VETTINGS.bind(act.tenant).bind(id)).await?;
    // Of one day the one that was entered last holds.
    let last = known.iter().find(|one| one.voided_at.is_none() && one.checked_on == day);
    if last.is_some_and(|one| one.passed == passed && one.proof == proof) {
        return Ok(());
    }
    let row = ADD_VETTING.bind(act.tenant).bind(act.id()).bind(id).bind(passed).bind(day).bind(proof);
    tx.execute(row.bind(act.account).bind(act.at)).await?;
    reckon(tx, act, id).await?;
    audit::record(tx, act, "vet", ("lecturer", id), "", &[]).await
}

/// A query was entered wrongly: it stays to be read with the reason, and what holds is what the others say.
///
/// Errors: refused of one that counts no more already.
pub async fn void_vetting(tx: &mut Tx, act: &Act, lecturer: Uuid, id: Uuid, why: &str) -> Result<()> {
    tx.execute_one(HOLD_LECTURER.bind(act.tenant).bind(lecturer)).await?;
    let row = VOID_VETTING.bind(act.tenant).bind(lecturer).bind(id).bind(act.at).bind(act.account).bind(why);
    if tx.execute(row).await? == 0 {
        return Err(Error::refused("这条查询已经作废了"));
    }
    reckon(tx, act, lecturer).await?;
    audit::record(tx, act, "void", ("lecturer_vetting", id), why, &[]).await
}

/// What somebody's queries come to, while their row is held.
async fn reckon(tx: &mut Tx, act: &Act, id: Uuid) -> Result<()> {
    let last: Option<Vetting> = tx.optional(LAST_VETTING.bind(act.tenant).bind(id)).await?;
    let until = match last.as_ref().filter(|one| one.passed) {
        Some(one) => {
            let day: Date = one.checked_on.parse().map_err(|error: jiff::Error| Error::Internal(error.into()))?;
            Some(vetted_until(day).to_string())
        }
        None => None,
    };
    let on = last.map(|one| one.checked_on);
    Ok(tx.execute_one(VET.bind(act.tenant).bind(id).bind(on).bind(until)).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_query_before_the_day_counts_and_a_later_one_does_not() {
        let one = |passed, checked: Option<&str>| VettingOf {
            lecturer_id: Uuid::from_u128(1),
            name: "武晓峰".to_owned(),
            passed,
            checked_on: checked.map(str::to_owned),
        };
        let history = [
            one(Some(true), Some("2026-09-10")),
            one(Some(false), Some("2026-09-05")),
            one(Some(true), Some("2026-01-02")),
        ];
        let on = |day: &str| unvetted_by(&history, day.parse().unwrap()).len();
        assert_eq!((on("2025-12-31"), on("2026-01-02"), on("2026-09-04")), (1, 0, 0));
        assert_eq!((on("2026-09-05"), on("2026-09-09"), on("2026-09-10")), (1, 1, 0));
        assert_eq!((on("2027-09-09"), on("2027-09-10")), (0, 1));
        assert_eq!(unvetted_by(&[one(None, None)], "2026-09-05".parse().unwrap()), ["武晓峰"]);
    }
}
