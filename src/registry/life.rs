//! What happens to people after they are registered: they leave, come back, move within the community, or turn out to be
//! somebody who was registered already.

use codes::PersonName;
use db::{Cursor, Page, Tx, record, statements, text_enum};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::enrol::{self, add_tag};
use super::particular::Particular;
use super::person::{self, Ending, Person};
use super::tag::Tag;
use super::tagging;
use crate::access::{Act, Scope};
use crate::error::{Error, Result};
use crate::{audit, in_reach, outbox};

text_enum! {
    /// What somebody has found out about two who may be one.
    pub enum Verdict { Same = "same" "是同一个人", Different = "different" "不是同一个人" }
}

statements! {
    /// Others of the same name who share the day of birth or the phone, unless both are known by number.
    ALIKE = "SELECT r.id, CASE WHEN r.birth_date = $4 THEN 1 ELSE 0 END AS same_birth,
            CASE WHEN r.phone_fingerprint = $5 THEN 1 ELSE 0 END AS same_phone
        FROM residents r WHERE r.tenant_id = $1 AND r.name = $3 AND r.id <> $2 AND r.ended IS NULL
            AND (r.birth_date = $4 OR r.phone_fingerprint = $5) AND (r.identity_fingerprint IS NULL OR $6) LIMIT 5";
    SUSPECT = "INSERT INTO doubles (tenant_id, id, one_id, other_id, why, found_at) VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (tenant_id, one_id, other_id) DO NOTHING";
    DOUBLE = "SELECT id, one_id, other_id, why, found_at FROM doubles WHERE tenant_id = $1 AND id = $2 AND decision IS NULL";
    DOUBLES = concat!("SELECT p.id, p.one_id, p.other_id, p.why, p.found_at FROM doubles p
        JOIN residents r ON r.tenant_id = p.tenant_id AND r.id = p.one_id JOIN buildings b ON b.tenant_id = r.tenant_id AND b.id = r.building_id
        JOIN residents s ON s.tenant_id = p.tenant_id AND s.id = p.other_id JOIN buildings c ON c.tenant_id = s.tenant_id AND c.id = s.building_id
        WHERE p.tenant_id = $1 AND p.decision IS NULL AND r.ended IS NULL AND s.ended IS NULL AND (p.found_at, p.id) > ($4, $5) AND ",
        in_reach!("$2", "$3", "$1", "b.estate_id", "b.grid_id", "NULL"), " AND ",
        in_reach!("$2", "$3", "$1", "c.estate_id", "c.grid_id", "NULL"), " ORDER BY p.found_at, p.id LIMIT $6");
    DECIDE = "UPDATE doubles SET decision = $3, decided_by = $4, decided_at = $5 WHERE tenant_id = $1 AND id = $2 AND decision IS NULL";
    TAGS = "SELECT tag, evidence FROM resident_tags WHERE tenant_id = $1 AND resident_id = $2 AND until IS NULL";
    END_TAGS = "UPDATE resident_tags SET until = $3 WHERE tenant_id = $1 AND resident_id = $2 AND until IS NULL";
}

record! {
    struct Alike { id: Uuid, same_birth: i64, same_phone: i64 }
    struct Tagged { tag: Tag, evidence: String }
    /// Two who may be one person; the first was registered earlier.
    #[derive(Debug, Clone)]
    pub struct Double { pub id: Uuid, pub one_id: Uuid, pub other_id: Uuid, pub why: String, pub found_at: Timestamp }
}

/// Somebody leaves: moved out, died, or was never here. The household is seen to.
///
/// Errors: refused if they have left already; stale if somebody else has changed them since.
pub async fn leave(
    tx: &mut Tx,
    act: &Act,
    id: Uuid,
    seen: i64,
    ending: Ending,
    at: Timestamp,
    reason: &str,
) -> Result<()> {
    let before = seen_as(tx, act, id, seen).await?;
    if let Some(ended) = before.ended {
        return Err(Error::refused(format!("{}{ended}，不用再登记一次", before.name())));
    }
    let now = Person { ended: Some(ending), ended_at: Some(at), ..before.clone() };
    write(tx, act, &before, &now, reason).await?;
    enrol::leave(tx, act, before.household, before.name()).await
}

/// Somebody is counted again, in the household of a dwelling: because they came back, or because it was a mistake.
///
/// Errors: refused if they have not left, or are registered as another person.
pub async fn come_back(tx: &mut Tx, act: &Act, id: Uuid, seen: i64, to: Home<'_>, reason: &str) -> Result<()> {
    let before = seen_as(tx, act, id, seen).await?;
    match before.ended {
        None => return Err(Error::refused(format!("{}登记在册，不用恢复", before.name()))),
        Some(Ending::Merged) => return Err(Error::refused("这个人已并入另一个人的登记，请在那个人的页面上修改")),
        Some(_) => {}
    }
    let (household, building) = enrol::household_of(tx, act, to.dwelling, to.head).await?;
    let now = Person { ended: None, ended_at: None, household, building, ..before.clone() };
    write(tx, act, &before, &now, reason).await
}

/// Where somebody goes: a dwelling, and the head of the household there.
#[derive(Debug, Clone, Copy)]
pub struct Home<'a> {
    pub dwelling: Uuid,
    pub head: &'a PersonName,
}

/// Somebody moves into another household of the community.
///
/// Errors: refused if they have left the community, or live there already.
pub async fn move_to(tx: &mut Tx, act: &Act, id: Uuid, seen: i64, to: Home<'_>, reason: &str) -> Result<()> {
    let before = seen_as(tx, act, id, seen).await?;
    if let Some(ended) = before.ended {
        return Err(Error::refused(format!("{}{ended}，请先恢复登记", before.name())));
    }
    let (household, building) = enrol::household_of(tx, act, to.dwelling, to.head).await?;
    if household == before.household {
        return Err(Error::refused(format!("{}已经登记在这一户", before.name())));
    }
    let now = Person { household, building, ..before.clone() };
    write(tx, act, &before, &now, reason).await?;
    enrol::leave(tx, act, before.household, before.name()).await
}

/// The topic under which those are told who keep something about people besides the register.
pub const MERGED: &str = "registry.merged";

/// What a message of the outbox says: whose record has been merged into another one.
#[derive(Serialize, Deserialize)]
pub struct Merged {
    pub dropped: Uuid,
}

/// The record that stands for somebody, after all that has been merged since.
pub async fn standing_for(tx: &mut Tx, act: &Act, resident: Uuid) -> Result<Uuid> {
    let mut id = resident;
    while let Some(kept) = person::person(tx, act, id).await?.merged_into {
        id = kept;
    }
    Ok(id)
}

/// Two who are one person: what only the second record knows goes over to the first, and the second ends.
///
/// Errors: refused if both have a number and the two differ, or one of them has ended already.
pub async fn merge(tx: &mut Tx, act: &Act, keep: Uuid, drop: Uuid, reason: &str) -> Result<()> {
    let (kept, dropped) = (person::person(tx, act, keep).await?, person::person(tx, act, drop).await?);
    if keep == drop || kept.ended.is_some() || dropped.ended.is_some() {
        return Err(Error::refused("其中一个人已不在册，请刷新页面再看"));
    }
    let number = |person: &Person| person.get(Particular::Identity).map(str::to_owned);
    if let (Some(one), Some(other)) = (number(&kept), number(&dropped))
        && one != other
    {
        return Err(Error::refused("两个人的证件号码不一样，不能合并；有一个填错了的，请先改正"));
    }
    // The number goes first, since no two may have the same.
    let mut gone =
        Person { ended: Some(Ending::Merged), ended_at: Some(act.at), merged_into: Some(keep), ..dropped.clone() };
    gone.values.remove(&Particular::Identity);
    write(tx, act, &dropped, &gone, reason).await?;
    let mut now = kept.clone();
    for (particular, value) in dropped.values {
        let vague = particular == Particular::Sex && kept.get(Particular::Sex) == Some("0");
        if vague || !now.values.contains_key(&particular) {
            now.values.insert(particular, value);
        }
    }
    write(tx, act, &kept, &now, reason).await?;
    let tags: Vec<Tagged> = tx.all(TAGS.bind(act.tenant).bind(drop)).await?;
    let held: Vec<Tagged> = tx.all(TAGS.bind(act.tenant).bind(keep)).await?;
    tx.execute(END_TAGS.bind(act.tenant).bind(drop).bind(act.at)).await?;
    for Tagged { tag, evidence } in tags.into_iter().filter(|tag| !held.iter().any(|held| held.tag == tag.tag)) {
        add_tag(tx, act, keep, tag, &evidence).await?;
    }
    tagging::carry_restricted(tx, act, drop, keep).await?;
    outbox::post(tx, act, MERGED, &Merged { dropped: drop }).await?;
    enrol::leave(tx, act, dropped.household, gone.name()).await
}

async fn seen_as(tx: &mut Tx, act: &Act, id: Uuid, seen: i64) -> Result<Person> {
    let person = person::person(tx, act, id).await?;
    if person.version != seen {
        return Err(Error::Stale("这位居民的资料刚刚有别人改过，请看一下现在的登记再做。".to_owned()));
    }
    Ok(person)
}

async fn write(tx: &mut Tx, act: &Act, before: &Person, now: &Person, reason: &str) -> Result<()> {
    let changes = person::save(tx, act, before, now).await?;
    if changes.is_empty() {
        Ok(())
    } else {
        audit::record(tx, act, "update", ("resident", now.id), reason, &changes).await
    }
}

// ---------- two who may be one ----------

/// Notes for somebody to look at who else in the register may be this person.
pub(super) async fn suspect(tx: &mut Tx, act: &Act, id: Uuid, name: &str, traits: Traits<'_>) -> Result<()> {
    if traits.birth.is_none() && traits.phone.is_none() {
        return Ok(());
    }
    let phone = traits.phone.map(|phone| act.fingerprint("phone", phone));
    let query = ALIKE.bind(act.tenant).bind(id).bind(name).bind(traits.birth).bind(phone).bind(!traits.numbered);
    let alike: Vec<Alike> = tx.all(query).await?;
    for Alike { id: earlier, same_birth, same_phone } in alike {
        let why = match (same_birth > 0, same_phone > 0) {
            (true, true) => "姓名、出生日期和电话都一样",
            (true, false) => "姓名和出生日期一样",
            _ => "姓名和电话一样",
        };
        let (one, other) = if earlier < id { (earlier, id) } else { (id, earlier) };
        tx.execute(SUSPECT.bind(act.tenant).bind(act.id()).bind(one).bind(other).bind(why).bind(act.at)).await?;
    }
    Ok(())
}

/// What tells people of one name apart.
#[derive(Debug, Clone, Copy)]
pub(super) struct Traits<'a> {
    pub birth: Option<&'a str>,
    pub phone: Option<&'a str>,
    /// They are known by the number of a document.
    pub numbered: bool,
}

/// Two who may be one, both within a scope, the earliest found first.
pub(super) async fn doubles(
    tx: &mut Tx,
    tenant: Uuid,
    scope: &Scope,
    after: Cursor,
    size: usize,
) -> Result<Page<Double>> {
    let query = DOUBLES.bind(tenant).bind(scope.account).bind(&scope.roles).bind(after.key).bind(after.id);
    let doubles = tx.all(query.bind(size as i64 + 1)).await?;
    Ok(Page::of(doubles, size, |double: &Double| Cursor { key: double.found_at.as_millisecond(), id: double.id }))
}

pub(super) async fn double(tx: &mut Tx, tenant: Uuid, id: Uuid) -> Result<Double> {
    Ok(tx.one(DOUBLE.bind(tenant).bind(id)).await?)
}

/// Somebody has looked at two who may be one. Where they are, the one registered earlier stays.
///
/// Errors: not found if somebody has decided already; as [`merge`].
pub async fn decide(tx: &mut Tx, act: &Act, id: Uuid, verdict: Verdict) -> Result<()> {
    let Double { one_id, other_id, why, .. } = double(tx, act.tenant, id).await?;
    tx.execute_one(DECIDE.bind(act.tenant).bind(id).bind(verdict).bind(act.account).bind(act.at)).await?;
    match verdict {
        Verdict::Same => merge(tx, act, one_id, other_id, &format!("重复登记，{why}")).await,
        Verdict::Different => {
            audit::record(tx, act, "tell_apart", ("resident", one_id), &format!("{why}，但不是同一个人"), &[]).await
        }
    }
}
