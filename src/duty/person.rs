//! Who can stand at a post: officers, auxiliaries, the patrol unit, the school's own people and parents. They have a link and no account.

use db::Tx;
use jiff::Timestamp;
use jiff::civil::Date;
use uuid::Uuid;

use super::model::{PersonKind, Qualification, day_of};
use super::shift_store;
use super::store::{
    self, ADD_LEAVE, ADD_PERSON, ADD_REACH, CHANGE_PERSON, DROP_LEAVE, DROP_REACHES, HOLD_PERSON, OWN_PEOPLE, Person,
    RENEW_PERSON_LINK, SET_PERSON_SCHOOL,
};
use crate::access::{Act, Link};
use crate::audit;
use crate::error::{Error, Result};
use crate::keys::Keys;

#[derive(Debug, Clone)]
pub struct PersonSketch {
    /// The station or unit that they belong to, or that answers for them.
    pub unit: Uuid,
    pub kind: PersonKind,
    pub name: String,
    pub phone: String,
    pub qualifications: Vec<Qualification>,
    /// The most peaks of a day and of a week.
    pub daily: i64,
    pub weekly: i64,
    pub standby: bool,
    pub ended_at: Option<Timestamp>,
}

const PHONE: &str = "duty person phone";

impl Person {
    /// The whole number; empty if there is none.
    pub fn phone(&self, act: &Act) -> Result<String> {
        phone(act, self.phone_sealed.as_deref())
    }

    /// The link of their own page.
    pub fn link(&self, tenant: Uuid, keys: &Keys) -> Link {
        Link::signed(tenant, self.id, &own(self.link_number), keys)
    }

    pub fn qualified(&self) -> Vec<Qualification> {
        Qualification::ALL.iter().copied().filter(|one| self.has(one.code())).collect()
    }
}

/// A number that is kept sealed; empty if there is none.
pub fn phone(act: &Act, sealed: Option<&[u8]>) -> Result<String> {
    sealed.map_or(Ok(String::new()), |sealed| act.open(PHONE, sealed))
}

fn own(number: i64) -> String {
    format!("duty person {number}")
}

/// Errors: not found by a link that was not made for this, or is not good any more.
pub async fn by_link(tx: &mut Tx, link: &Link, keys: &Keys) -> Result<Person> {
    let person = store::person(tx, link.tenant, link.id).await?;
    if person.ended_at.is_some() || !link.is_signed(&own(person.link_number), keys) {
        return Err(Error::NotFound);
    }
    Ok(person)
}

fn codes(qualifications: &[Qualification]) -> String {
    let codes: Vec<&str> = qualifications.iter().map(|one| one.code()).collect();
    if codes.is_empty() { String::new() } else { format!(",{},", codes.join(",")) }
}

fn sealed(act: &Act, phone: &str) -> Result<Option<Vec<u8>>> {
    if phone.is_empty() { Ok(None) } else { Ok(Some(act.seal(PHONE, phone)?)) }
}

pub async fn create(tx: &mut Tx, act: &Act, new: &PersonSketch) -> Result<Uuid> {
    let id = act.id();
    let row = ADD_PERSON.bind(act.tenant).bind(id).bind(new.unit).bind(new.kind).bind(&new.name);
    let row = row.bind(sealed(act, &new.phone)?).bind(codes(&new.qualifications)).bind(new.daily).bind(new.weekly);
    tx.execute(row.bind(new.standby).bind(act.at)).await?;
    audit::record(tx, act, "create", ("duty_person", id), "", &[]).await?;
    Ok(id)
}

/// Errors: refused if they were to stand somewhere as what they are no longer said to be, stale if somebody else was first.
pub(super) async fn change(tx: &mut Tx, act: &Act, before: &Person, seen: i64, to: &PersonSketch) -> Result<()> {
    let id = before.id;
    // Whether police were seen, and whether somebody could stand alone, is counted by what people are; of past days it stays what it was.
    if to.kind != before.kind {
        // Nobody puts them down meanwhile.
        hold(tx, act.tenant, vec![id]).await?;
        let stood = shift_store::of_person(tx, act.tenant, id, ("", &day_of(act.at).to_string())).await?;
        if !stood.is_empty() {
            let words = "这个人已经排过班，以前的数字照原来的算，不能改。请勾上“不再站岗”，再登记一个人";
            return Err(Error::refused(words));
        }
    }
    let row = CHANGE_PERSON.bind(act.tenant).bind(id).bind(seen).bind(to.unit).bind(to.kind).bind(&to.name);
    let row = row.bind(sealed(act, &to.phone)?).bind(codes(&to.qualifications)).bind(to.daily).bind(to.weekly);
    if tx.execute(row.bind(to.standby).bind(to.ended_at)).await? == 0 {
        return Err(Error::Stale("这个人的资料刚刚有变化，请看一下再改。".to_owned()));
    }
    audit::record(tx, act, "update", ("duty_person", id), "", &[]).await
}

/// Holds people until the transaction ends, so that nobody else puts them at a post or on a round meanwhile. Everybody holds several in the order
/// of their ids.
pub async fn hold(tx: &mut Tx, tenant: Uuid, mut people: Vec<Uuid>) -> Result<()> {
    people.sort_unstable();
    people.dedup();
    for person in people {
        tx.execute_one(HOLD_PERSON.bind(tenant).bind(person)).await?;
    }
    Ok(())
}

/// Whether somebody is a school's own: its security, its teachers, its parents.
pub(super) fn of_a_school(kind: PersonKind) -> bool {
    !kind.is_uniformed()
}

/// Somebody is one of a school's own people, or of none.
pub async fn set_school(tx: &mut Tx, act: &Act, id: Uuid, school: Option<Uuid>) -> Result<()> {
    tx.execute_one(SET_PERSON_SCHOOL.bind(act.tenant).bind(id).bind(school)).await?;
    audit::record(tx, act, "update", ("duty_person", id), "", &[]).await
}

/// A school's own people; at most 200.
pub(super) async fn of_school(tx: &mut Tx, tenant: Uuid, school: Uuid) -> Result<Vec<Person>> {
    Ok(tx.all(OWN_PEOPLE.bind(tenant).bind(school)).await?)
}

pub(super) async fn renew_link(tx: &mut Tx, act: &Act, id: Uuid) -> Result<()> {
    tx.execute_one(RENEW_PERSON_LINK.bind(act.tenant).bind(id)).await?;
    audit::record(tx, act, "renew_link", ("duty_person", id), "", &[]).await
}

/// In how many minutes somebody is at each school, in place of what was known.
pub async fn set_reaches(tx: &mut Tx, act: &Act, id: Uuid, minutes: &[(Uuid, i64)]) -> Result<()> {
    tx.execute(DROP_REACHES.bind(act.tenant).bind(id)).await?;
    let rows = minutes.iter().map(|(school, n)| ADD_REACH.bind(act.tenant).bind(id).bind(*school).bind(*n));
    tx.execute_many(ADD_REACH, rows.collect()).await?;
    audit::record(tx, act, "set_reaches", ("duty_person", id), "", &[]).await
}

/// They cannot be put down on these days.
pub async fn add_leave(tx: &mut Tx, act: &Act, id: Uuid, days: (Date, Date)) -> Result<()> {
    let row = ADD_LEAVE.bind(act.tenant).bind(act.id()).bind(id).bind(days.0.to_string()).bind(days.1.to_string());
    tx.execute(row).await?;
    audit::record(tx, act, "add_leave", ("duty_person", id), "", &[]).await
}

pub(super) async fn drop_leave(tx: &mut Tx, act: &Act, id: Uuid, leave: Uuid) -> Result<()> {
    tx.execute_one(DROP_LEAVE.bind(act.tenant).bind(id).bind(leave)).await?;
    audit::record(tx, act, "drop_leave", ("duty_person", id), "", &[]).await
}
