//! The one operation that writes a person into a household. What is blank in the new particulars never erases what is
//! known; a person is recognised by the identity number, or without one by dwelling, name and date of birth. Whoever moves
//! leaves no household behind that has nobody in it.

use std::str::FromStr;

use codes::tables::{Education, Ethnic, Marital, Political, Relation};
use codes::{IdentityNumber, PartialDate, PersonName, Phone, Sex};
use db::{Tx, record, statements};
use pinyin::ToPinyin;
use uuid::Uuid;

use super::figures;
use super::life::{self, Traits};
use super::particular::{Document, Particular, Values};
use super::person::{self, Ending, Person};
use super::tag::{ResidenceState, Tag};
use crate::access::Act;
use crate::audit::{self, Change};
use crate::error::{Error, Result};
use crate::{counter, search};

/// What is known of somebody who is to be registered.
#[derive(Clone)]
pub struct NewResident {
    pub name: PersonName,
    /// The kind of document, where it is said; a number without it is an identity card's.
    pub document: Option<Document>,
    pub identity: Option<IdentityNumber>,
    pub sex: Sex,
    pub birth: Option<PartialDate>,
    pub phone: Option<Phone>,
    pub ethnic: Option<Ethnic>,
    pub political: Option<Political>,
    pub education: Option<Education>,
    pub marital: Option<Marital>,
    pub relation: Option<Relation>,
    pub registered_address: Option<String>,
    pub residence_state: Option<ResidenceState>,
    pub workplace: Option<String>,
    pub health: Option<String>,
    pub note: Option<String>,
    /// Each with the evidence on which it is set. Tags that are known and not given here stay.
    pub tags: Vec<(Tag, String)>,
    /// Tags that do not hold any more, each with the evidence.
    pub ended: Vec<(Tag, String)>,
}

impl NewResident {
    /// Somebody of whom nothing but the name is known yet.
    pub fn named(name: PersonName) -> NewResident {
        NewResident {
            name,
            document: None,
            identity: None,
            sex: Sex::Unknown,
            birth: None,
            phone: None,
            ethnic: None,
            political: None,
            education: None,
            marital: None,
            relation: None,
            registered_address: None,
            residence_state: None,
            workplace: None,
            health: None,
            note: None,
            tags: Vec::new(),
            ended: Vec::new(),
        }
    }
}

impl std::fmt::Debug for NewResident {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewResident").field("name", &self.name).finish_non_exhaustive()
    }
}

/// What came of it, and who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Created(Uuid),
    Updated(Uuid),
    Unchanged(Uuid),
}

/// What would come of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Foreseen {
    Created,
    Updated,
    Unchanged,
}

statements! {
    /// The household of a dwelling that is called after somebody, and the dwelling's building in any case.
    HOUSEHOLD = "SELECT d.building_id, h.id FROM dwellings d
        LEFT JOIN households h ON h.tenant_id = d.tenant_id AND h.dwelling_id = d.id AND h.head_name = $3 AND h.ended_at IS NULL
        WHERE d.tenant_id = $1 AND d.id = $2";
    HOUSEHOLDS_AT = "SELECT id, head_name FROM households WHERE tenant_id = $1 AND dwelling_id = $2 AND ended_at IS NULL
        ORDER BY created_at, id LIMIT 100";
    HOUSEHOLD_BY_ID = "SELECT dwelling_id, head_name FROM households WHERE tenant_id = $1 AND id = $2";
    /// Those who live in a household; the spouse of its head comes first.
    MEMBERS = "SELECT name FROM residents WHERE tenant_id = $1 AND household_id = $2 AND ended IS NULL
        ORDER BY CASE WHEN relation = '10' THEN 0 ELSE 1 END, created_at, id LIMIT 100";
    SET_HEAD = "UPDATE households SET head_name = $3, lock_version = lock_version + 1, updated_at = $4
        WHERE tenant_id = $1 AND id = $2";
    END_HOUSEHOLD = "UPDATE households SET ended_at = $3, lock_version = lock_version + 1, updated_at = $3
        WHERE tenant_id = $1 AND id = $2";
    ADD_HOUSEHOLD = "INSERT INTO households (tenant_id, id, dwelling_id, head_name, lock_version, created_at, updated_at)
        VALUES ($1, $2, $3, $4, 1, $5, $5) ON CONFLICT (tenant_id, dwelling_id, head_name) WHERE ended_at IS NULL DO NOTHING";
    ADD = "INSERT INTO residents (tenant_id, id, household_id, name, search_text, sex, birth_date, identity_sealed,
            identity_fingerprint, phone_sealed, phone_fingerprint, ethnic_group, political_status, education,
            marital_status, relation, registered_address, residence_state, workplace, health_sealed, note_sealed,
            lock_version, created_at, updated_at, position, indexed, building_id, document)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, 1, $22, $22, $23,
            FALSE, $24, $25)";
    TAGS = "SELECT tag FROM resident_tags WHERE tenant_id = $1 AND resident_id = $2 AND until IS NULL";
    ADD_TAG = "INSERT INTO resident_tags (tenant_id, id, resident_id, tag, since, evidence, set_by, verified_at, position)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $5, (SELECT position FROM residents WHERE tenant_id = $1 AND id = $3))";
    END_TAG = "UPDATE resident_tags SET until = $4, evidence = LTRIM(evidence || $5, '；')
        WHERE tenant_id = $1 AND resident_id = $2 AND tag = $3 AND until IS NULL";
}

record! {
    struct AtDoor { building_id: Uuid, id: Option<Uuid> }
    struct Household { id: Uuid, head_name: String }
    /// Where a household lives, and what it is called after.
    pub struct Where { pub dwelling_id: Uuid, pub head_name: String }
    struct Member { name: String }
    struct Tagged { tag: Tag }
}

/// Registers a person in the household of a dwelling that is called after its head, or brings what is known up to date.
/// An update is audited here, field by field; whoever creates people audits that, so that an import need not do it one by one.
///
/// Errors: refused if the identity number belongs to somebody of another name or to somebody who has died, or the household
/// has several of this name and nothing tells which is meant.
pub async fn enrol(tx: &mut Tx, act: &Act, dwelling: Uuid, head: &PersonName, new: &NewResident) -> Result<Outcome> {
    let known = recognise(tx, act, Some(dwelling), head, new).await?;
    write(tx, act, dwelling, head, known, new).await
}

/// What [`enrol`] would do, reading only. `dwelling` is `None` where the place itself is not registered yet.
pub async fn foresee(
    tx: &mut Tx,
    act: &Act,
    dwelling: Option<Uuid>,
    head: &PersonName,
    new: &NewResident,
) -> Result<Foreseen> {
    let Some(known) = recognise(tx, act, dwelling, head, new).await? else { return Ok(Foreseen::Created) };
    let household = match dwelling {
        Some(dwelling) => household(tx, act, dwelling, head).await?.id,
        None => None,
    };
    let stays = household == Some(known.household) && known.ended.is_none();
    let (missing, ended) = changed_tags(tx, act, known.id, new).await?;
    let same = new.upon(&known).values == known.values;
    Ok(if stays && same && missing.is_empty() && ended.is_empty() { Foreseen::Unchanged } else { Foreseen::Updated })
}

/// Who somebody is, if the register has them already. Whoever has moved out is recognised by the number when they come back.
pub(super) async fn recognise(
    tx: &mut Tx,
    act: &Act,
    dwelling: Option<Uuid>,
    head: &PersonName,
    new: &NewResident,
) -> Result<Option<Person>> {
    if let Some(identity) = &new.identity
        && let Some(known) = person::by_identity(tx, act, identity.as_str()).await?
    {
        if known.name() != new.name.as_str() {
            return Err(Error::refused(person::taken_by(&known)));
        }
        if known.ended == Some(Ending::Died) {
            return Err(Error::refused("这个人登记为已去世，请核对；登记错了的，先在居民页面改正"));
        }
        return Ok(Some(known));
    }
    let Some(dwelling) = dwelling else { return Ok(None) };
    let household = household(tx, act, dwelling, head).await?.id;
    let named = person::at_door(tx, act, dwelling, &new.name).await?;
    let possible = named.into_iter().filter(|known| may_be(known, new));
    let (mut same, mut next_door): (Vec<Person>, Vec<Person>) =
        possible.partition(|known| Some(known.household) == household);
    let birth = new.birth.map(|birth| birth.to_string());
    let born_then = |known: &Person| known.get(Particular::BirthDate) == birth.as_deref();
    if same.is_empty() {
        // A household may have got another head since.
        next_door.retain(born_then);
        same = next_door;
    }
    if same.len() > 1 {
        same.retain(born_then);
        if same.len() != 1 {
            return Err(Error::refused("这一户登记有几个同名的人，分不清是哪一个，请填写身份证号或完整的出生日期"));
        }
    }
    Ok(same.pop())
}

/// Whether somebody of the same name in the same household can be the same person.
fn may_be(known: &Person, new: &NewResident) -> bool {
    let documents = known.get(Particular::Identity).is_none() || new.identity.is_none();
    let births = match (known.get(Particular::BirthDate), new.birth) {
        (Some(known), Some(given)) => {
            let given = given.to_string();
            known.starts_with(&given) || given.starts_with(known)
        }
        _ => true,
    };
    documents && births
}

/// Writes what [`recognise`] has prepared.
pub(super) async fn write(
    tx: &mut Tx,
    act: &Act,
    dwelling: Uuid,
    head: &PersonName,
    known: Option<Person>,
    new: &NewResident,
) -> Result<Outcome> {
    let door = household_of(tx, act, dwelling, head).await?;
    match known {
        None => create(tx, act, door, new).await,
        Some(known) => update(tx, act, door, known, new).await,
    }
}

/// The head of the household in a dwelling that somebody belongs to if nobody says which: the one that they live in
/// already, or else the only one.
pub(super) async fn head_at(tx: &mut Tx, act: &Act, dwelling: Uuid, new: &NewResident) -> Result<Option<PersonName>> {
    let mut households: Vec<Household> = tx.all(HOUSEHOLDS_AT.bind(act.tenant).bind(dwelling)).await?;
    if households.len() > 1 {
        let Some(identity) = &new.identity else { return Ok(None) };
        let known = person::by_identity(tx, act, identity.as_str()).await?;
        households.retain(|household| known.as_ref().is_some_and(|known| known.household == household.id));
    }
    Ok(households.pop().and_then(|household| PersonName::parse(&household.head_name).ok()))
}

pub async fn home(tx: &mut Tx, act: &Act, household: Uuid) -> Result<Where> {
    Ok(tx.one(HOUSEHOLD_BY_ID.bind(act.tenant).bind(household)).await?)
}

/// A household and its building.
pub(super) type Home = (Uuid, Uuid);

async fn household(tx: &mut Tx, act: &Act, dwelling: Uuid, head: &PersonName) -> Result<AtDoor> {
    Ok(tx.one(HOUSEHOLD.bind(act.tenant).bind(dwelling).bind(head.as_str())).await?)
}

/// The household of a dwelling that is called after its head, made if it is not there yet.
pub(super) async fn household_of(tx: &mut Tx, act: &Act, dwelling: Uuid, head: &PersonName) -> Result<Home> {
    let AtDoor { building_id, id } = household(tx, act, dwelling, head).await?;
    if let Some(id) = id {
        return Ok((id, building_id));
    }
    let row = ADD_HOUSEHOLD.bind(act.tenant).bind(act.id()).bind(dwelling).bind(head.as_str()).bind(act.at);
    tx.execute(row).await?;
    let id = household(tx, act, dwelling, head).await?.id.ok_or(Error::NotFound)?;
    Ok((id, building_id))
}

async fn create(tx: &mut Tx, act: &Act, (household, building): Home, new: &NewResident) -> Result<Outcome> {
    let id = act.id();
    let seal = |purpose, plain: Option<&str>| plain.map(|plain| act.seal(purpose, plain)).transpose();
    let identity = new.identity.as_ref().map(IdentityNumber::as_str);
    let phone = new.phone.as_ref().map(Phone::as_str);
    let row = ADD.bind(act.tenant).bind(id).bind(household).bind(new.name.as_str());
    let row =
        row.bind(search_text(new.name.as_str())).bind(new.sex.code()).bind(new.birth.map(|birth| birth.to_string()));
    let row = row.bind(seal("identity", identity)?).bind(identity.map(|number| act.fingerprint("identity", number)));
    let row = row.bind(seal("phone", phone)?).bind(phone.map(|number| act.fingerprint("phone", number)));
    let row = row.bind(new.ethnic.map(Ethnic::code)).bind(new.political.map(Political::code));
    let row = row.bind(new.education.map(Education::code)).bind(new.marital.map(Marital::code));
    let row = row.bind(new.relation.map(Relation::code)).bind(new.registered_address.as_deref());
    let row = row.bind(new.residence_state).bind(new.workplace.as_deref());
    let row = row.bind(seal("health", new.health.as_deref())?).bind(seal("note", new.note.as_deref())?);
    let position = counter::next(tx, act.tenant, search::Kind::Resident.positions()).await?;
    let document = new.document.or(identity.map(|_| Document::IdentityCard));
    tx.execute(row.bind(act.at).bind(position).bind(building).bind(document)).await?;
    for (tag, evidence) in new.said() {
        add_tag(tx, act, id, tag, &evidence).await?;
    }
    let birth = new.birth.map(|birth| birth.to_string());
    figures::touch(tx, act, building).await?;
    let traits = Traits { birth: birth.as_deref(), phone, numbered: identity.is_some() };
    life::suspect(tx, act, id, new.name.as_str(), traits).await?;
    Ok(Outcome::Created(id))
}

async fn update(tx: &mut Tx, act: &Act, home: Home, known: Person, new: &NewResident) -> Result<Outcome> {
    let left = Some(known.household).filter(|left| known.ended.is_none() && *left != home.0);
    let mut now = new.upon(&known);
    (now.household, now.building) = home;
    (now.ended, now.ended_at, now.merged_into) = (None, None, None);
    let mut changes = person::save(tx, act, &known, &now).await?;
    let (missing, ended) = changed_tags(tx, act, known.id, new).await?;
    for (tag, evidence) in missing {
        add_tag(tx, act, known.id, tag, &evidence).await?;
        changes.push(Change { field: "tag", old: None, new: Some(tag.code().to_owned()) });
    }
    for (tag, evidence) in ended {
        let row = END_TAG.bind(act.tenant).bind(known.id).bind(tag).bind(act.at).bind(format!("；{evidence}"));
        tx.execute(row).await?;
        changes.push(Change { field: "tag", old: Some(tag.code().to_owned()), new: None });
    }
    if changes.is_empty() {
        return Ok(Outcome::Unchanged(known.id));
    }
    figures::touch(tx, act, now.building).await?;
    audit::record(tx, act, "update", ("resident", known.id), "", &changes).await?;
    if let Some(left) = left {
        leave(tx, act, left, now.name()).await?;
    }
    Ok(Outcome::Updated(known.id))
}

/// Sees to a household that somebody has just left: without people it ends, and without its head it gets another.
pub(super) async fn leave(tx: &mut Tx, act: &Act, id: Uuid, who: &str) -> Result<()> {
    let members: Vec<Member> = tx.all(MEMBERS.bind(act.tenant).bind(id)).await?;
    if members.is_empty() {
        tx.execute(END_HOUSEHOLD.bind(act.tenant).bind(id).bind(act.at)).await?;
        return audit::record(tx, act, "remove", ("household", id), "家里已没有登记的人", &[]).await;
    }
    let Where { dwelling_id, head_name } = home(tx, act, id).await?;
    if head_name != who || members.iter().any(|member| member.name == who) {
        return Ok(());
    }
    // Two households of a dwelling cannot be called the same.
    let others: Vec<Household> = tx.all(HOUSEHOLDS_AT.bind(act.tenant).bind(dwelling_id)).await?;
    let free = |member: &Member| !others.iter().any(|other| other.head_name == member.name);
    let Some(member) = members.into_iter().find(free) else { return Ok(()) };
    tx.execute(SET_HEAD.bind(act.tenant).bind(id).bind(&member.name).bind(act.at)).await?;
    let change = Change { field: "head_name", old: Some(head_name), new: Some(member.name) };
    audit::record(tx, act, "update", ("household", id), "户主已不在这一户", &[change]).await
}

/// Tags, each with the evidence.
type Evidenced = Vec<(Tag, String)>;

/// The tags that are given and do not hold yet, and those that hold and are to end.
pub(super) async fn changed_tags(
    tx: &mut Tx,
    act: &Act,
    resident: Uuid,
    new: &NewResident,
) -> Result<(Evidenced, Evidenced)> {
    if new.tags.is_empty() && new.ended.is_empty() {
        return Ok((Vec::new(), Vec::new()));
    }
    let held: Vec<Tagged> = tx.all(TAGS.bind(act.tenant).bind(resident)).await?;
    let holds = |tag: Tag| held.iter().any(|held| held.tag == tag);
    let missing = new.said().into_iter().filter(|(tag, _)| !holds(*tag));
    let ended = new.ended.iter().filter(|(tag, _)| !tag.is_derived() && holds(*tag));
    Ok((missing.collect(), ended.cloned().collect()))
}

pub(super) async fn add_tag(tx: &mut Tx, act: &Act, resident: Uuid, tag: Tag, evidence: &str) -> Result<()> {
    let row = ADD_TAG.bind(act.tenant).bind(act.id()).bind(resident).bind(tag).bind(act.at).bind(evidence);
    tx.execute(row.bind(act.account)).await?;
    Ok(())
}

impl NewResident {
    /// The tags that are set because somebody says so; those that follow from facts are computed.
    fn said(&self) -> Evidenced {
        let mut said = Evidenced::new();
        for (tag, evidence) in &self.tags {
            if let Some(tag) = tag.as_said().filter(|tag| !said.iter().any(|(known, _)| known == tag)) {
                said.push((tag, evidence.clone()));
            }
        }
        said
    }

    /// What is given, field by field, in the form in which it is kept.
    pub(super) fn values(&self) -> Values {
        let birth = self.birth.map(|birth| birth.to_string());
        let document = self.document.or(self.identity.as_ref().map(|_| Document::IdentityCard));
        let given = [
            (Particular::Name, Some(self.name.as_str())),
            (Particular::Sex, Some(self.sex.code())),
            (Particular::BirthDate, birth.as_deref()),
            (Particular::Document, document.map(Document::code)),
            (Particular::Identity, self.identity.as_ref().map(IdentityNumber::as_str)),
            (Particular::Phone, self.phone.as_ref().map(Phone::as_str)),
            (Particular::Relation, self.relation.map(Relation::code)),
            (Particular::Ethnic, self.ethnic.map(Ethnic::code)),
            (Particular::Political, self.political.map(Political::code)),
            (Particular::Education, self.education.map(Education::code)),
            (Particular::Marital, self.marital.map(Marital::code)),
            (Particular::RegisteredAddress, self.registered_address.as_deref()),
            (Particular::ResidenceState, self.residence_state.map(ResidenceState::code)),
            (Particular::Workplace, self.workplace.as_deref()),
            (Particular::Health, self.health.as_deref()),
            (Particular::Note, self.note.as_deref()),
        ];
        given.into_iter().filter_map(|(particular, value)| Some((particular, value?.to_owned()))).collect()
    }

    /// Somebody of whom these fields are known; `None` without a name.
    pub fn of(values: &Values) -> Option<NewResident> {
        fn read<T: FromStr>(values: &Values, particular: Particular) -> Option<T> {
            values.get(&particular)?.parse().ok()
        }
        let text = |particular| values.get(&particular).cloned();
        Some(NewResident {
            document: text(Particular::Document).and_then(|code| Document::parse(&code)),
            identity: text(Particular::Identity).and_then(|number| IdentityNumber::parse(&number).ok()),
            sex: read(values, Particular::Sex).unwrap_or(Sex::Unknown),
            birth: read(values, Particular::BirthDate),
            phone: text(Particular::Phone).and_then(|phone| Phone::parse(&phone).ok()),
            ethnic: read(values, Particular::Ethnic),
            political: read(values, Particular::Political),
            education: read(values, Particular::Education),
            marital: read(values, Particular::Marital),
            relation: read(values, Particular::Relation),
            registered_address: text(Particular::RegisteredAddress),
            residence_state: text(Particular::ResidenceState).and_then(|code| ResidenceState::parse(&code)),
            workplace: text(Particular::Workplace),
            health: text(Particular::Health),
            note: text(Particular::Note),
            ..NewResident::named(read(values, Particular::Name)?)
        })
    }

    /// Somebody who is known already, with what these particulars add or change.
    pub(super) fn upon(&self, known: &Person) -> Person {
        let mut now = known.clone();
        let numbered = known.get(Particular::Identity).is_some();
        for (particular, value) in self.values() {
            let says_nothing = match particular {
                Particular::Name => true,
                Particular::Sex => matches!(self.sex, Sex::Unknown | Sex::Unstated),
                // A year and month say nothing new about somebody whose day is known.
                Particular::BirthDate => known.get(particular).is_some_and(|known| known.starts_with(&value)),
                Particular::Identity => numbered,
                Particular::Document => numbered && self.document.is_none(),
                _ => false,
            };
            if !says_nothing {
                now.values.insert(particular, value);
            }
        }
        now
    }
}

/// What a name is found by: itself, its pinyin and its initials, in small letters. Characters without a reading stay.
pub fn search_text(name: &str) -> String {
    let (mut full, mut initials) = (String::new(), String::new());
    for c in name.chars().filter(|c| c.is_alphanumeric()) {
        match c.to_pinyin() {
            Some(reading) => {
                full.push_str(reading.plain());
                initials.push_str(reading.first_letter());
            }
            None => {
                full.extend(c.to_lowercase());
                initials.extend(c.to_lowercase());
            }
        }
    }
    format!("{} {full} {initials}", name.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_by_pinyin_and_initials() {
        assert_eq!(search_text("王娟枫"), "王娟枫 wangjuanfeng wjf");
        assert_eq!(search_text("阿依·Anna"), "阿依·anna ayianna ayanna");
    }
}
