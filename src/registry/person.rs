//! One resident as the register has them: read whole, changed field by field, and kept with the version of each change.

use codes::{IdentityNumber, PersonName};
use db::{Row, Tx, record, statements, text_enum};
use jiff::Timestamp;
use uuid::Uuid;

use super::enrol::search_text;
use super::figures;
use super::life::{self, Traits};
use super::particular::{Particular, Values};
use crate::access::Act;
use crate::audit::{self, Change};
use crate::error::{Error, Result};
use crate::{in_batch, search};

text_enum! {
    /// Why somebody is not counted any more. The record stays, for whoever asks where they went.
    pub enum Ending {
        MovedOut = "moved_out" "已迁出",
        Died = "died" "已去世",
        Merged = "merged" "已并入",
        Mistaken = "mistaken" "登记错误",
    }
}

macro_rules! people {
    ($where:expr) => {
        concat!(
            "SELECT r.id, r.household_id, r.building_id, r.name, r.sex, r.birth_date, r.document, r.identity_sealed, r.phone_sealed,
                r.ethnic_group, r.political_status, r.education, r.marital_status, r.relation, r.registered_address,
                r.residence_state, r.workplace, r.health_sealed, r.note_sealed, r.ended, r.ended_at, r.merged_into,
                r.lock_version, r.updated_at FROM residents r WHERE r.tenant_id = $1 AND ",
            $where
        )
    };
}

statements! {
    BY_ID = people!("r.id = $2");
    BY_IDENTITY = people!("r.identity_fingerprint = $2");
    AT_DOOR = people!("r.name = $3 AND r.ended IS NULL AND r.household_id IN
        (SELECT id FROM households WHERE tenant_id = $1 AND dwelling_id = $2 AND ended_at IS NULL) LIMIT 20");
    AT_POSITIONS = people!(concat!("r.position IN ", in_batch!(), " ORDER BY r.position DESC"));
    CHANGE = "UPDATE residents SET household_id = $4, building_id = $5, name = $6, indexed = indexed AND search_text = $7, search_text = $7,
            sex = $8, birth_date = $9, document = $10, identity_sealed = $11, identity_fingerprint = $12, phone_sealed = $13,
            phone_fingerprint = $14, ethnic_group = $15, political_status = $16, education = $17, marital_status = $18,
            relation = $19, registered_address = $20, residence_state = $21, workplace = $22, health_sealed = $23,
            note_sealed = $24, ended = $25, ended_at = $26, merged_into = $27, updated_at = $28, lock_version = lock_version + 1
        WHERE tenant_id = $1 AND id = $2 AND lock_version = $3";
    CHANGED_WITH = "INSERT INTO resident_fields (tenant_id, resident_id, field, version, account_id, made_at)
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (tenant_id, resident_id, field)
        DO UPDATE SET version = excluded.version, account_id = excluded.account_id, made_at = excluded.made_at";
    CHANGED_SINCE = "SELECT field, account_id, made_at FROM resident_fields WHERE tenant_id = $1 AND resident_id = $2 AND version > $3";
}

record! {
    struct Changed { field: String, account_id: Option<Uuid>, made_at: Timestamp }
}

/// A resident, with what is sealed opened.
#[derive(Clone)]
pub struct Person {
    pub id: Uuid,
    pub household: Uuid,
    pub building: Uuid,
    pub values: Values,
    pub ended: Option<Ending>,
    pub ended_at: Option<Timestamp>,
    pub merged_into: Option<Uuid>,
    pub version: i64,
    pub updated_at: Timestamp,
}

/// A row before its sealed columns are opened.
struct Stored {
    person: Person,
    sealed: Vec<(Particular, Vec<u8>)>,
}

impl db::Record for Stored {
    fn from_row(row: &Row) -> db::Result<Stored> {
        let (mut values, mut sealed) = (Values::new(), Vec::new());
        for particular in Particular::ALL {
            if particular.is_sealed() {
                let value: Option<Vec<u8>> = row.get(&format!("{}_sealed", particular.code()))?;
                sealed.extend(value.map(|value| (*particular, value)));
            } else if let Some(value) = row.get::<Option<String>>(particular.code())? {
                values.insert(*particular, value);
            }
        }
        let person = Person {
            id: row.get("id")?,
            household: row.get("household_id")?,
            building: row.get("building_id")?,
            values,
            ended: row.get("ended")?,
            ended_at: row.get("ended_at")?,
            merged_into: row.get("merged_into")?,
            version: row.get("lock_version")?,
            updated_at: row.get("updated_at")?,
        };
        Ok(Stored { person, sealed })
    }
}

impl Stored {
    fn open(mut self, act: &Act) -> Result<Person> {
        for (particular, sealed) in self.sealed {
            self.person.values.insert(particular, act.open(particular.code(), &sealed)?);
        }
        Ok(self.person)
    }
}

/// A resident, whether they still belong here or not.
pub async fn person(tx: &mut Tx, act: &Act, id: Uuid) -> Result<Person> {
    tx.one::<Stored>(BY_ID.bind(act.tenant).bind(id)).await?.open(act)
}

pub(super) async fn by_identity(tx: &mut Tx, act: &Act, number: &str) -> Result<Option<Person>> {
    let found: Option<Stored> =
        tx.optional(BY_IDENTITY.bind(act.tenant).bind(act.fingerprint("identity", number))).await?;
    found.map(|found| found.open(act)).transpose()
}

/// The people at up to 64 positions, the latest registered first.
pub(super) async fn at_positions(tx: &mut Tx, act: &Act, positions: &[i64]) -> Result<Vec<Person>> {
    let found: Vec<Stored> = tx.all(search::in_batch(AT_POSITIONS, act.tenant, positions)).await?;
    found.into_iter().map(|found| found.open(act)).collect()
}

/// Those of a name who live in a dwelling; at most 20.
pub(super) async fn at_door(tx: &mut Tx, act: &Act, dwelling: Uuid, name: &PersonName) -> Result<Vec<Person>> {
    let found: Vec<Stored> = tx.all(AT_DOOR.bind(act.tenant).bind(dwelling).bind(name.as_str())).await?;
    found.into_iter().map(|found| found.open(act)).collect()
}

/// The phone of the one person of a name who lives in a dwelling; `None` if there are several or it is not known.
pub async fn phone_at(tx: &mut Tx, act: &Act, dwelling: Uuid, name: &str) -> Result<Option<String>> {
    let Ok(name) = PersonName::parse(name) else { return Ok(None) };
    match at_door(tx, act, dwelling, &name).await?.as_slice() {
        [only] => Ok(only.get(Particular::Phone).map(str::to_owned)),
        _ => Ok(None),
    }
}

impl Person {
    pub fn get(&self, particular: Particular) -> Option<&str> {
        self.values.get(&particular).map(String::as_str)
    }

    pub fn name(&self) -> &str {
        self.get(Particular::Name).unwrap_or_default()
    }

    fn traits(&self) -> Traits<'_> {
        Traits {
            birth: self.get(Particular::BirthDate),
            phone: self.get(Particular::Phone),
            numbered: self.get(Particular::Identity).is_some(),
        }
    }

    /// How this person differs from what they were before, field by field.
    fn changes(&self, before: &Person) -> Vec<Change> {
        let mut changes = Vec::new();
        let mut compare = |field: &'static str, old: Option<String>, new: Option<String>| {
            if old != new {
                changes.push(Change { field, old, new });
            }
        };
        for particular in Particular::ALL {
            let value = |person: &Person| person.get(*particular).map(str::to_owned);
            compare(particular.code(), value(before), value(self));
        }
        compare("household", Some(before.household.to_string()), Some(self.household.to_string()));
        compare(
            "ended",
            before.ended.map(|ending| ending.code().to_owned()),
            self.ended.map(|ending| ending.code().to_owned()),
        );
        changes
    }
}

/// Writes what has become of a person, if anything has, and gives the changes. Whoever calls this records them.
///
/// Errors: stale if somebody else has changed the person since they were read; refused if the number of the document belongs
/// to somebody else.
pub(super) async fn save(tx: &mut Tx, act: &Act, before: &Person, now: &Person) -> Result<Vec<Change>> {
    save_as_of(tx, act, act.at, before, now).await
}

/// The same, of what was written down at another moment than now.
async fn save_as_of(tx: &mut Tx, act: &Act, made_at: Timestamp, before: &Person, now: &Person) -> Result<Vec<Change>> {
    let changes = now.changes(before);
    if changes.is_empty() {
        return Ok(changes);
    }
    let plain = |particular| now.get(particular);
    let seal = |particular: Particular| now.get(particular).map(|value| act.seal(particular.code(), value)).transpose();
    let fingerprint =
        |particular: Particular| now.get(particular).map(|value| act.fingerprint(particular.code(), value));
    if let Some(number) =
        now.get(Particular::Identity).filter(|number| before.get(Particular::Identity) != Some(number))
        && let Some(other) = by_identity(tx, act, number).await?
        && other.id != now.id
    {
        return Err(Error::refused(taken_by(&other)));
    }
    let row = CHANGE.bind(act.tenant).bind(now.id).bind(before.version).bind(now.household).bind(now.building);
    let row = row.bind(now.name()).bind(search_text(now.name())).bind(plain(Particular::Sex).unwrap_or("0"));
    let row = row.bind(plain(Particular::BirthDate)).bind(plain(Particular::Document));
    let row = row.bind(seal(Particular::Identity)?).bind(fingerprint(Particular::Identity));
    let row = row.bind(seal(Particular::Phone)?).bind(fingerprint(Particular::Phone));
    let row = row.bind(plain(Particular::Ethnic)).bind(plain(Particular::Political)).bind(plain(Particular::Education));
    let row = row.bind(plain(Particular::Marital)).bind(plain(Particular::Relation));
    let row = row.bind(plain(Particular::RegisteredAddress)).bind(plain(Particular::ResidenceState));
    let row = row.bind(plain(Particular::Workplace)).bind(seal(Particular::Health)?).bind(seal(Particular::Note)?);
    let row = row.bind(now.ended).bind(now.ended_at).bind(now.merged_into).bind(act.at);
    if tx.execute(row).await? == 0 {
        return Err(Error::Stale("这位居民的资料刚刚有别人改过，请再试一次。".to_owned()));
    }
    let version = before.version + 1;
    let field = |change: &Change| {
        let row = CHANGED_WITH.bind(act.tenant).bind(now.id).bind(change.field).bind(version);
        row.bind(act.account).bind(made_at)
    };
    tx.execute_many(CHANGED_WITH, changes.iter().map(field).collect()).await?;
    figures::touch(tx, act, now.building).await?;
    if before.building != now.building {
        figures::touch(tx, act, before.building).await?;
    }
    Ok(changes)
}

/// Why a number cannot be written down for a second person.
pub(super) fn taken_by(other: &Person) -> String {
    let name = PersonName::parse(other.name()).map_or_else(|_| "另一个人".to_owned(), |name| name.masked());
    format!("这个身份证号已登记在“{name}”名下，与这里的姓名不同，请核对姓名和身份证号")
}

// ---------- edits ----------

/// What somebody wants to be different about a person whom they saw in some version. Fields that are not named stay.
#[derive(Debug, Clone)]
pub struct Edit {
    pub seen: i64,
    /// When it was written down, which may be long before now.
    pub made_at: Timestamp,
    pub values: Vec<(Particular, Option<String>)>,
}

/// A field that somebody else has changed to something else since.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clash {
    pub particular: Particular,
    pub theirs: Option<String>,
    pub mine: Option<String>,
}

/// Merges an edit field by field: what nobody else has changed since is set, what is so already counts as done, and what
/// somebody else has changed to something else stays as it is and is given back. Of what one person changed several times
/// the change that they made last stands, in whatever order the changes arrive.
///
/// Errors: refused if the number of the document belongs to somebody else.
pub async fn edit(tx: &mut Tx, act: &Act, id: Uuid, edit: &Edit, reason: &str) -> Result<Vec<Clash>> {
    let before = person(tx, act, id).await?;
    let changed: Vec<Changed> = tx.all(CHANGED_SINCE.bind(act.tenant).bind(id).bind(edit.seen)).await?;
    let (mut now, mut clashes) = (before.clone(), Vec::new());
    for (particular, mine) in &edit.values {
        let theirs = before.get(*particular).map(str::to_owned);
        if theirs == *mine {
            continue;
        }
        match changed.iter().find(|changed| changed.field == particular.code()) {
            Some(changed) if changed.account_id.is_none() || changed.account_id != act.account => {
                clashes.push(Clash { particular: *particular, theirs, mine: mine.clone() });
                continue;
            }
            Some(own) if own.made_at > edit.made_at => continue,
            _ => {}
        }
        match mine {
            Some(value) => now.values.insert(*particular, value.clone()),
            None => now.values.remove(particular),
        };
    }
    follow_the_number(&mut now, edit);
    let changes = save_as_of(tx, act, edit.made_at, &before, &now).await?;
    if !changes.is_empty() {
        audit::record(tx, act, "update", ("resident", id), reason, &changes).await?;
        if changes.iter().any(|change| matches!(change.field, "name" | "birth_date" | "phone")) {
            life::suspect(tx, act, id, now.name(), now.traits()).await?;
        }
    }
    Ok(clashes)
}

/// A new identity number tells the day of birth and the sex, where the edit does not.
fn follow_the_number(now: &mut Person, edit: &Edit) {
    let given = |particular| edit.values.iter().any(|(known, _)| *known == particular);
    let number = now.get(Particular::Identity).filter(|_| given(Particular::Identity));
    let Some(number) = number.and_then(|number| IdentityNumber::parse(number).ok()) else { return };
    let (year, month, day) = number.birth();
    if !given(Particular::BirthDate) {
        now.values.insert(Particular::BirthDate, format!("{year:04}-{month:02}-{day:02}"));
    }
    if !given(Particular::Sex) {
        now.values.insert(Particular::Sex, number.sex().code().to_owned());
    }
    if now.get(Particular::Document).is_none_or(|document| document == "none") {
        now.values.insert(Particular::Document, "identity_card".to_owned());
    }
}
