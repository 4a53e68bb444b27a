//! The one operation that writes a person into a household. What is blank in the new particulars never erases what is
//! known; a person is recognised by the identity number, or without one by dwelling, name and date of birth. Whoever moves
//! leaves no household behind that has nobody in it.

use codes::tables::{Education, Ethnic, Marital, Political, Relation};
use codes::{IdentityNumber, PartialDate, PersonName, Phone, Sex};
use db::{Tx, record, statements};
use pinyin::ToPinyin;
use uuid::Uuid;

use super::tag::{ResidenceState, Tag};
use crate::access::Act;
use crate::audit::{self, Change};
use crate::error::{Error, Result};
use crate::{counter, search};

/// What is known of somebody who is to be registered.
#[derive(Clone)]
pub struct NewResident {
    pub name: PersonName,
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
    HOUSEHOLD = "SELECT id FROM households WHERE tenant_id = $1 AND dwelling_id = $2 AND head_name = $3";
    HOUSEHOLDS_AT = "SELECT id, head_name FROM households WHERE tenant_id = $1 AND dwelling_id = $2
        ORDER BY created_at, id LIMIT 100";
    HOUSEHOLD_BY_ID = "SELECT dwelling_id, head_name FROM households WHERE tenant_id = $1 AND id = $2";
    /// Those who live in a household; the spouse of its head comes first.
    MEMBERS = "SELECT name FROM residents WHERE tenant_id = $1 AND household_id = $2
        ORDER BY CASE WHEN relation = '10' THEN 0 ELSE 1 END, created_at, id LIMIT 100";
    SET_HEAD = "UPDATE households SET head_name = $3, lock_version = lock_version + 1, updated_at = $4
        WHERE tenant_id = $1 AND id = $2";
    REMOVE_HOUSEHOLD = "DELETE FROM households WHERE tenant_id = $1 AND id = $2";
    ADD_HOUSEHOLD = "INSERT INTO households (tenant_id, id, dwelling_id, head_name, lock_version, created_at, updated_at)
        VALUES ($1, $2, $3, $4, 1, $5, $5) ON CONFLICT (tenant_id, dwelling_id, head_name) DO NOTHING";
    BY_IDENTITY = "SELECT id, household_id, name, sex, birth_date, identity_fingerprint, phone_sealed, phone_fingerprint,
            ethnic_group, political_status, education, marital_status, relation, registered_address, residence_state,
            workplace, health_sealed, note_sealed, lock_version
        FROM residents WHERE tenant_id = $1 AND identity_fingerprint = $2";
    BY_NAME = "SELECT id, household_id, name, sex, birth_date, identity_fingerprint, phone_sealed, phone_fingerprint,
            ethnic_group, political_status, education, marital_status, relation, registered_address, residence_state,
            workplace, health_sealed, note_sealed, lock_version
        FROM residents WHERE tenant_id = $1 AND name = $3 AND household_id IN
            (SELECT id FROM households WHERE tenant_id = $1 AND dwelling_id = $2) LIMIT 20";
    ADD = "INSERT INTO residents (tenant_id, id, household_id, name, search_text, sex, birth_date, identity_sealed,
            identity_fingerprint, phone_sealed, phone_fingerprint, ethnic_group, political_status, education,
            marital_status, relation, registered_address, residence_state, workplace, health_sealed, note_sealed,
            lock_version, created_at, updated_at, position, indexed)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, 1, $22, $22, $23, FALSE)";
    CHANGE = "UPDATE residents SET household_id = $4, sex = $5, birth_date = $6,
            identity_sealed = COALESCE($7, identity_sealed), identity_fingerprint = COALESCE($8, identity_fingerprint),
            phone_sealed = $9, phone_fingerprint = $10, ethnic_group = $11, political_status = $12, education = $13,
            marital_status = $14, relation = $15, registered_address = $16, residence_state = $17, workplace = $18,
            health_sealed = $19, note_sealed = $20, lock_version = lock_version + 1, updated_at = $21
        WHERE tenant_id = $1 AND id = $2 AND lock_version = $3";
    TAGS = "SELECT tag FROM resident_tags WHERE tenant_id = $1 AND resident_id = $2 AND until IS NULL";
    ADD_TAG = "INSERT INTO resident_tags (tenant_id, id, resident_id, tag, since, evidence, set_by)
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    END_TAG = "UPDATE resident_tags SET until = $4, evidence = LTRIM(evidence || $5, '；')
        WHERE tenant_id = $1 AND resident_id = $2 AND tag = $3 AND until IS NULL";
}

record! {
    struct Found { id: Uuid }
    struct Household { id: Uuid, head_name: String }
    struct Left { dwelling_id: Uuid, head_name: String }
    struct Member { name: String }
    struct Tagged { tag: Tag }
    /// A resident as the register has them.
    #[derive(Clone)]
    pub struct Known {
        id: Uuid, household_id: Uuid, name: String, sex: String, birth_date: Option<String>,
        identity_fingerprint: Option<Vec<u8>>, phone_sealed: Option<Vec<u8>>, phone_fingerprint: Option<Vec<u8>>,
        ethnic_group: Option<String>, political_status: Option<String>, education: Option<String>,
        marital_status: Option<String>, relation: Option<String>, registered_address: Option<String>,
        residence_state: Option<String>, workplace: Option<String>, health_sealed: Option<Vec<u8>>,
        note_sealed: Option<Vec<u8>>, lock_version: i64,
    }
}

/// Registers a person in the household of a dwelling that is called after its head, or brings what is known up to date.
/// An update is audited here, field by field; whoever creates people audits that, so that an import need not do it one by one.
///
/// Errors: refused if the identity number belongs to somebody of another name, or the household has several of this
/// name and nothing tells which is meant.
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
        Some(dwelling) => household(tx, act, dwelling, head).await?,
        None => None,
    };
    let moved = household != Some(known.household_id);
    let (missing, ended) = changed_tags(tx, act, known.id, new).await?;
    let (_, changes) = known.with(act, new)?;
    Ok(if moved || !missing.is_empty() || !ended.is_empty() || !changes.is_empty() {
        Foreseen::Updated
    } else {
        Foreseen::Unchanged
    })
}

/// Who somebody is, if the register has them already.
pub(super) async fn recognise(
    tx: &mut Tx,
    act: &Act,
    dwelling: Option<Uuid>,
    head: &PersonName,
    new: &NewResident,
) -> Result<Option<Known>> {
    if let Some(identity) = &new.identity {
        let fingerprint = act.fingerprint("identity", identity.as_str());
        if let Some(known) = tx.optional::<Known>(BY_IDENTITY.bind(act.tenant).bind(fingerprint)).await? {
            if known.name != new.name.as_str() {
                let name = PersonName::parse(&known.name).map_or_else(|_| "另一个人".to_owned(), |name| name.masked());
                return Err(Error::refused(format!(
                    "这个身份证号已登记在“{name}”名下，与这里的姓名不同，请核对姓名和身份证号"
                )));
            }
            return Ok(Some(known));
        }
    }
    let Some(dwelling) = dwelling else { return Ok(None) };
    let household = household(tx, act, dwelling, head).await?;
    let named: Vec<Known> = tx.all(BY_NAME.bind(act.tenant).bind(dwelling).bind(new.name.as_str())).await?;
    let possible = named.into_iter().filter(|known| known.may_be(new));
    let (mut same, mut next_door): (Vec<Known>, Vec<Known>) =
        possible.partition(|known| Some(known.household_id) == household);
    let birth = new.birth.map(|birth| birth.to_string());
    if same.is_empty() {
        // A household may have got another head since.
        next_door.retain(|known| known.birth_date == birth);
        same = next_door;
    }
    if same.len() > 1 {
        same.retain(|known| known.birth_date == birth);
        if same.len() != 1 {
            return Err(Error::refused("这一户登记有几个同名的人，分不清是哪一个，请填写身份证号或完整的出生日期"));
        }
    }
    Ok(same.pop())
}

/// Writes what [`recognise`] has prepared.
pub(super) async fn write(
    tx: &mut Tx,
    act: &Act,
    dwelling: Uuid,
    head: &PersonName,
    known: Option<Known>,
    new: &NewResident,
) -> Result<Outcome> {
    let household = household_of(tx, act, dwelling, head).await?;
    match known {
        None => create(tx, act, household, new).await,
        Some(known) => update(tx, act, household, known, new).await,
    }
}

/// The head of the household in a dwelling that somebody belongs to if nobody says which: the one that they live in
/// already, or else the only one.
pub(super) async fn head_at(tx: &mut Tx, act: &Act, dwelling: Uuid, new: &NewResident) -> Result<Option<PersonName>> {
    let mut households: Vec<Household> = tx.all(HOUSEHOLDS_AT.bind(act.tenant).bind(dwelling)).await?;
    if households.len() > 1 {
        let Some(identity) = &new.identity else { return Ok(None) };
        let fingerprint = act.fingerprint("identity", identity.as_str());
        let known: Option<Known> = tx.optional(BY_IDENTITY.bind(act.tenant).bind(fingerprint)).await?;
        households.retain(|household| known.as_ref().is_some_and(|known| known.household_id == household.id));
    }
    Ok(households.pop().and_then(|household| PersonName::parse(&household.head_name).ok()))
}

async fn household(tx: &mut Tx, act: &Act, dwelling: Uuid, head: &PersonName) -> Result<Option<Uuid>> {
    let found: Option<Found> = tx.optional(HOUSEHOLD.bind(act.tenant).bind(dwelling).bind(head.as_str())).await?;
    Ok(found.map(|found| found.id))
}

/// The household, made if it is not there yet.
async fn household_of(tx: &mut Tx, act: &Act, dwelling: Uuid, head: &PersonName) -> Result<Uuid> {
    if let Some(id) = household(tx, act, dwelling, head).await? {
        return Ok(id);
    }
    let row = ADD_HOUSEHOLD.bind(act.tenant).bind(act.id()).bind(dwelling).bind(head.as_str()).bind(act.at);
    tx.execute(row).await?;
    household(tx, act, dwelling, head).await?.ok_or(Error::NotFound)
}

async fn create(tx: &mut Tx, act: &Act, household: Uuid, new: &NewResident) -> Result<Outcome> {
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
    tx.execute(row.bind(act.at).bind(position)).await?;
    for (tag, evidence) in &new.tags {
        add_tag(tx, act, id, *tag, evidence).await?;
    }
    Ok(Outcome::Created(id))
}

async fn update(tx: &mut Tx, act: &Act, household: Uuid, known: Known, new: &NewResident) -> Result<Outcome> {
    let (id, version) = (known.id, known.lock_version);
    let left = Some(known.household_id).filter(|left| *left != household);
    let (mut now, mut changes) = known.with(act, new)?;
    if left.is_some() {
        let (old, new) = (Some(now.household_id.to_string()), Some(household.to_string()));
        changes.push(Change { field: "household", old, new });
        now.household_id = household;
    }
    let identity = new.identity.as_ref().filter(|_| now.identity_fingerprint.is_none());
    let sealed = identity.map(|identity| act.seal("identity", identity.as_str())).transpose()?;
    let fingerprint = identity.map(|identity| act.fingerprint("identity", identity.as_str()));
    if !changes.is_empty() {
        let row = CHANGE.bind(act.tenant).bind(id).bind(version).bind(now.household_id).bind(now.sex);
        let row = row.bind(now.birth_date).bind(sealed).bind(fingerprint).bind(now.phone_sealed);
        let row = row.bind(now.phone_fingerprint).bind(now.ethnic_group).bind(now.political_status).bind(now.education);
        let row =
            row.bind(now.marital_status).bind(now.relation).bind(now.registered_address).bind(now.residence_state);
        let row = row.bind(now.workplace).bind(now.health_sealed).bind(now.note_sealed).bind(act.at);
        if tx.execute(row).await? == 0 {
            return Err(Error::Stale("这位居民的资料刚刚有别人改过，请再试一次。".to_owned()));
        }
    }
    let (missing, ended) = changed_tags(tx, act, id, new).await?;
    for (tag, evidence) in missing {
        add_tag(tx, act, id, tag, &evidence).await?;
        changes.push(Change { field: "tag", old: None, new: Some(tag.code().to_owned()) });
    }
    for (tag, evidence) in ended {
        let row = END_TAG.bind(act.tenant).bind(id).bind(tag).bind(act.at).bind(format!("；{evidence}"));
        tx.execute(row).await?;
        changes.push(Change { field: "tag", old: Some(tag.code().to_owned()), new: None });
    }
    if changes.is_empty() {
        return Ok(Outcome::Unchanged(id));
    }
    audit::record(tx, act, "update", ("resident", id), "", &changes).await?;
    if let Some(left) = left {
        leave(tx, act, left, &now.name).await?;
    }
    Ok(Outcome::Updated(id))
}

/// Sees to a household that somebody has just left: without people it is no household, and without its head it gets another.
async fn leave(tx: &mut Tx, act: &Act, id: Uuid, who: &str) -> Result<()> {
    let members: Vec<Member> = tx.all(MEMBERS.bind(act.tenant).bind(id)).await?;
    if members.is_empty() {
        tx.execute(REMOVE_HOUSEHOLD.bind(act.tenant).bind(id)).await?;
        return audit::record(tx, act, "remove", ("household", id), "家里已没有登记的人", &[]).await;
    }
    let Left { dwelling_id, head_name } = tx.one(HOUSEHOLD_BY_ID.bind(act.tenant).bind(id)).await?;
    if head_name != who || members.iter().any(|member| member.name == who) {
        return Ok(());
    }
    // Two households of a dwelling cannot be called the same.
    let others: Vec<Household> = tx.all(HOUSEHOLDS_AT.bind(act.tenant).bind(dwelling_id)).await?;
    let free = |member: &Member| !others.iter().any(|other| other.head_name == member.name);
    let Some(member) = members.into_iter().find(free) else { return Ok(()) };
    tx.execute(SET_HEAD.bind(act.tenant).bind(id).bind(&member.name).bind(act.at)).await?;
    let change = Change { field: "head_name", old: Some(head_name), new: Some(member.name) };
    audit::record(tx, act, "update", ("household", id), "户主已迁出", &[change]).await
}

/// Tags, each with the evidence.
type Evidenced = Vec<(Tag, String)>;

/// The tags that are given and do not hold yet, and those that hold and are to end.
async fn changed_tags(tx: &mut Tx, act: &Act, resident: Uuid, new: &NewResident) -> Result<(Evidenced, Evidenced)> {
    if new.tags.is_empty() && new.ended.is_empty() {
        return Ok((Vec::new(), Vec::new()));
    }
    let held: Vec<Tagged> = tx.all(TAGS.bind(act.tenant).bind(resident)).await?;
    let holds = |tag: Tag| held.iter().any(|held| held.tag == tag);
    let missing = new.tags.iter().filter(|(tag, _)| !holds(*tag));
    let ended = new.ended.iter().filter(|(tag, _)| holds(*tag));
    Ok((missing.cloned().collect(), ended.cloned().collect()))
}

async fn add_tag(tx: &mut Tx, act: &Act, resident: Uuid, tag: Tag, evidence: &str) -> Result<()> {
    let row = ADD_TAG.bind(act.tenant).bind(act.id()).bind(resident).bind(tag).bind(act.at).bind(evidence);
    tx.execute(row.bind(act.account)).await?;
    Ok(())
}

impl Known {
    /// Whether somebody of the same name in the same household can be the same person.
    fn may_be(&self, new: &NewResident) -> bool {
        let documents = self.identity_fingerprint.is_none() || new.identity.is_none();
        let births = match (&self.birth_date, new.birth) {
            (Some(known), Some(given)) => {
                let given = given.to_string();
                known.starts_with(&given) || given.starts_with(known.as_str())
            }
            _ => true,
        };
        documents && births
    }

    /// The same resident with what the new particulars add or change, and which fields these are.
    fn with(mut self, act: &Act, new: &NewResident) -> Result<(Known, Vec<Change>)> {
        let mut changes = Vec::new();
        let mut set = |field: &'static str, known: &mut Option<String>, given: Option<&str>| {
            if given.is_some() && known.as_deref() != given {
                let given = given.map(str::to_owned);
                changes.push(Change { field, old: std::mem::replace(known, given.clone()), new: given });
            }
        };
        let mut sex = Some(std::mem::take(&mut self.sex));
        set("sex", &mut sex, Some(new.sex.code()).filter(|_| !matches!(new.sex, Sex::Unknown | Sex::Unstated)));
        self.sex = sex.unwrap_or_default();
        let birth = new.birth.map(|birth| birth.to_string());
        // A year and month say nothing new about somebody whose day is known.
        let vaguer = |given: &&str| !self.birth_date.as_deref().is_some_and(|known| known.starts_with(given));
        let birth = birth.as_deref().filter(vaguer).map(str::to_owned);
        set("birth_date", &mut self.birth_date, birth.as_deref());
        set("ethnic_group", &mut self.ethnic_group, new.ethnic.map(Ethnic::code));
        set("political_status", &mut self.political_status, new.political.map(Political::code));
        set("education", &mut self.education, new.education.map(Education::code));
        set("marital_status", &mut self.marital_status, new.marital.map(Marital::code));
        set("relation", &mut self.relation, new.relation.map(Relation::code));
        set("registered_address", &mut self.registered_address, new.registered_address.as_deref());
        set("residence_state", &mut self.residence_state, new.residence_state.map(ResidenceState::code));
        set("workplace", &mut self.workplace, new.workplace.as_deref());

        if let Some(identity) = new.identity.as_ref().filter(|_| self.identity_fingerprint.is_none()) {
            changes.push(Change { field: "identity", old: None, new: Some(identity.as_str().to_owned()) });
        }
        for (field, sealed, given) in [
            ("phone", &mut self.phone_sealed, new.phone.as_ref().map(Phone::as_str)),
            ("health", &mut self.health_sealed, new.health.as_deref()),
            ("note", &mut self.note_sealed, new.note.as_deref()),
        ] {
            let Some(given) = given else { continue };
            let old = sealed.as_deref().map(|sealed| act.open(field, sealed)).transpose()?;
            if old.as_deref() != Some(given) {
                *sealed = Some(act.seal(field, given)?);
                changes.push(Change { field, old, new: Some(given.to_owned()) });
            }
        }
        if let Some(phone) = &new.phone {
            self.phone_fingerprint = Some(act.fingerprint("phone", phone.as_str()));
        }
        Ok((self, changes))
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
        assert_eq!(search_text("王娟峰"), "王娟峰 wangjuanfeng wjf");
        assert_eq!(search_text("阿依·Anna"), "阿依·anna ayianna ayanna");
    }
}
