//! One member: read whole, changed field by field, moved between branches, gone. Every change is kept with its old value.

use db::{Query, Row, Tx};
use jiff::civil::Date;
use uuid::Uuid;

use super::consent;
use super::field::{Field, Values};
use super::model::{Departure, Kind, Post, Status, Tie};
use super::store::{
    self, ADD_MEMBER, ADD_POST, BY_IDENTITY, BY_NAME, CARD, CHANGE_MEMBER, END_POST, END_POSTS, MOVE, OF_ORGANISATION,
    WITH_IDENTITIES, WITH_NAMES,
};
use crate::access::{Act, Scope};
use crate::audit::{self, Change};
use crate::error::{Error, Result};
use crate::search::{BATCH, in_batch_of};

/// To which organisation somebody belongs, and to which 党小组 within it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Home {
    pub organisation: Uuid,
    pub group: Option<Uuid>,
}

/// A member, with what is sealed opened.
#[derive(Clone)]
pub struct Card {
    pub id: Uuid,
    pub home: Home,
    pub organisation_name: String,
    /// Whom the register knows.
    pub resident: Option<Uuid>,
    pub values: Values,
    pub ended: Option<Departure>,
    pub ended_on: Option<String>,
    pub version: i64,
}

/// A row before its sealed columns are opened.
struct Stored {
    card: Card,
    sealed: Vec<(Field, Vec<u8>)>,
}

impl db::Record for Stored {
    fn from_row(row: &Row) -> db::Result<Stored> {
        let (mut values, mut sealed) = (Values::new(), Vec::new());
        for field in Field::ALL {
            if field.is_sealed() {
                let value: Option<Vec<u8>> = row.get(&format!("{}_sealed", field.code()))?;
                sealed.extend(value.map(|value| (*field, value)));
            } else if let Some(value) = row.get::<Option<String>>(field.code())? {
                values.insert(*field, value);
            }
        }
        let card = Card {
            id: row.get("id")?,
            home: Home { organisation: row.get("party_organisation_id")?, group: row.get("group_id")? },
            organisation_name: row.get("organisation_name")?,
            resident: row.get("resident_id")?,
            values,
            ended: row.get("ended")?,
            ended_on: row.get("ended_on")?,
            version: row.get("lock_version")?,
        };
        Ok(Stored { card, sealed })
    }
}

impl Stored {
    fn open(mut self, act: &Act) -> Result<Card> {
        for (field, sealed) in self.sealed {
            self.card.values.insert(field, act.open(field.code(), &sealed)?);
        }
        Ok(self.card)
    }
}

async fn opened(tx: &mut Tx, act: &Act, query: Query) -> Result<Vec<Card>> {
    tx.all::<Stored>(query).await?.into_iter().map(|stored| stored.open(act)).collect()
}

/// A member within reach, whether they still belong here or not.
pub(super) async fn card(tx: &mut Tx, act: &Act, scope: &Scope, id: Uuid) -> Result<Card> {
    tx.one::<Stored>(CARD.bind(act.tenant).bind(scope.account).bind(&scope.roles).bind(id)).await?.open(act)
}

/// Whoever has an identity number, in the whole tenant.
pub(super) async fn by_identity(tx: &mut Tx, act: &Act, number: &str) -> Result<Option<Card>> {
    let all = Scope::tenant();
    let found = BY_IDENTITY.bind(act.tenant).bind(all.account).bind(&all.roles);
    Ok(opened(tx, act, found.bind(act.fingerprint("identity", number))).await?.pop())
}

/// Those of a name within reach who belong here; at most five.
pub(super) async fn by_name(tx: &mut Tx, act: &Act, scope: &Scope, name: &str) -> Result<Vec<Card>> {
    opened(tx, act, BY_NAME.bind(act.tenant).bind(scope.account).bind(&scope.roles).bind(name)).await
}

/// Those who have one of some identity numbers, in the whole tenant, whether they still belong here or not.
pub(super) async fn with_identities(tx: &mut Tx, act: &Act, numbers: &[&str]) -> Result<Vec<Card>> {
    let mut found = Vec::new();
    for batch in numbers.chunks(BATCH) {
        let prints = batch.iter().map(|number| act.fingerprint("identity", number));
        found.extend(opened(tx, act, in_batch_of(WITH_IDENTITIES, act.tenant, prints, Vec::new())).await?);
    }
    Ok(found)
}

/// Those of some names who belong here, in the whole tenant.
///
/// Errors: refused if there are more than [`store::MOST_MEMBERS`] of 64 names.
pub(super) async fn with_names(tx: &mut Tx, act: &Act, names: &[&str]) -> Result<Vec<Card>> {
    let mut found = Vec::new();
    for batch in names.chunks(BATCH) {
        let named = in_batch_of(WITH_NAMES, act.tenant, batch.iter().copied(), "");
        found.extend(store::whole(opened(tx, act, named.bind(store::MOST_MEMBERS as i64 + 1)).await?)?);
    }
    Ok(found)
}

/// The members of an organisation.
///
/// Errors: refused if there are more than [`store::MOST_MEMBERS`].
pub(super) async fn of_organisation(tx: &mut Tx, act: &Act, organisation: Uuid) -> Result<Vec<Card>> {
    let all = Scope::tenant();
    let rows = OF_ORGANISATION.bind(act.tenant).bind(all.account).bind(&all.roles).bind(organisation);
    store::whole(opened(tx, act, rows.bind(store::MOST_MEMBERS as i64 + 1)).await?)
}

impl Card {
    pub fn get(&self, field: Field) -> Option<&str> {
        self.values.get(&field).map(String::as_str)
    }

    pub fn name(&self) -> &str {
        self.get(Field::Name).unwrap_or_default()
    }

    /// How this card differs from what it was before, field by field.
    fn changes(&self, before: &Card) -> Vec<Change> {
        let mut changes = Vec::new();
        let mut compare = |field: &'static str, old: Option<String>, new: Option<String>| {
            if old != new {
                changes.push(Change { field, old, new });
            }
        };
        for field in Field::ALL {
            compare(field.code(), before.get(*field).map(str::to_owned), self.get(*field).map(str::to_owned));
        }
        let id = |id: Option<Uuid>| id.map(|id| id.to_string());
        if before.home.organisation != self.home.organisation {
            compare("branch", Some(before.organisation_name.clone()), Some(self.organisation_name.clone()));
        }
        compare("group", id(before.home.group), id(self.home.group));
        compare("resident", id(before.resident), id(self.resident));
        let ended = |card: &Card| card.ended.map(|ending| ending.code().to_owned());
        compare("ended", ended(before), ended(self));
        changes
    }
}

/// The columns of the values, in the order in which the statements name them.
fn columns(row: Query, act: &Act, values: &Values) -> Result<Query> {
    let plain = |field| values.get(&field).map(String::as_str);
    let seal = |field: Field| plain(field).map(|value| act.seal(field.code(), value)).transpose();
    let row = row.bind(plain(Field::Name)).bind(plain(Field::Sex).unwrap_or("0")).bind(plain(Field::Ethnic));
    let row = row.bind(plain(Field::Birth)).bind(seal(Field::Identity)?);
    let row = row.bind(plain(Field::Identity).map(|number| act.fingerprint("identity", number)));
    let row = row.bind(seal(Field::Phone)?).bind(plain(Field::Education)).bind(plain(Field::Joined));
    let row = row.bind(plain(Field::Full)).bind(plain(Field::Home));
    let row = row.bind(plain(Field::Status).unwrap_or(Status::Formal.code()));
    Ok(row.bind(plain(Field::Link).unwrap_or(Tie::Here.code())).bind(seal(Field::Note)?))
}

/// Errors: refused if the identity number is another member's.
async fn refuse_taken(tx: &mut Tx, act: &Act, id: Option<Uuid>, values: &Values) -> Result<()> {
    let Some(number) = values.get(&Field::Identity) else { return Ok(()) };
    match by_identity(tx, act, number).await? {
        Some(other) if Some(other.id) != id => {
            let place = other.organisation_name;
            Err(Error::refused(format!("这个身份证号已登记在{place}的一名党员名下。已经离开的，请在那里恢复后再转来")))
        }
        _ => Ok(()),
    }
}

/// Somebody becomes known as a member.
///
/// Errors: refused if the identity number is another member's.
pub async fn add(tx: &mut Tx, act: &Act, home: Home, values: &Values, resident: Option<Uuid>) -> Result<Uuid> {
    refuse_taken(tx, act, None, values).await?;
    let id = act.id();
    let row = ADD_MEMBER.bind(act.tenant).bind(id).bind(home.organisation).bind(home.group).bind(resident);
    tx.execute(columns(row, act, values)?.bind(act.at)).await?;
    audit::record(tx, act, "create", ("party_member", id), "登记党员", &[]).await?;
    Ok(id)
}

/// Writes what has become of a member, if anything has, and says whether it has.
///
/// Errors: stale if somebody else has changed them since they were read; refused if the identity number is another's.
pub(super) async fn save(tx: &mut Tx, act: &Act, before: &Card, now: &Card, reason: &str) -> Result<bool> {
    let changes = now.changes(before);
    if changes.is_empty() {
        return Ok(false);
    }
    if before.get(Field::Identity) != now.get(Field::Identity) {
        refuse_taken(tx, act, Some(now.id), &now.values).await?;
    }
    let row = CHANGE_MEMBER.bind(act.tenant).bind(now.id).bind(before.version);
    let row = row.bind(now.home.organisation).bind(now.home.group).bind(now.resident);
    let row = columns(row, act, &now.values)?.bind(now.ended).bind(now.ended_on.as_deref()).bind(act.at);
    if tx.execute(row).await? == 0 {
        return Err(Error::Stale("这名党员的资料刚刚有别人改过，请看一下再改。".to_owned()));
    }
    audit::record(tx, act, "update", ("party_member", now.id), reason, &changes).await?;
    Ok(true)
}

/// Somebody goes to another branch or 党小组 of the community; `on` is their first day there. Their posts end where they leave
/// a branch.
///
/// Errors: refused of a day before they came to where they are.
pub async fn transfer(tx: &mut Tx, act: &Act, before: &Card, to: Home, on: Date, reason: &str) -> Result<()> {
    let organisation = store::organisation(tx, act.tenant, &Scope::tenant(), to.organisation).await?;
    if organisation.kind == Kind::Group {
        return Err(Error::refused("请先选党支部，再选党小组"));
    }
    if let Some(group) = to.group {
        let group = store::organisation(tx, act.tenant, &Scope::tenant(), group).await?;
        if group.kind != Kind::Group || group.parent_id != Some(to.organisation) {
            return Err(Error::refused("这个党小组不在所选的党支部里"));
        }
    }
    let now = Card { home: to, organisation_name: organisation.name, ..before.clone() };
    let leaves = before.home.organisation != to.organisation;
    if leaves && let Some(came) = store::moved_after(tx, act.tenant, before.id, on).await? {
        return Err(Error::refused(format!("这名党员 {came} 才转到{}，请核对日期", before.organisation_name)));
    }
    if save(tx, act, before, &now, reason).await? && leaves {
        let row = MOVE.bind(act.tenant).bind(act.id()).bind(before.id).bind(before.home.organisation);
        tx.execute(row.bind(on.to_string())).await?;
        end_posts(tx, act, before.id, Some(before.home.organisation), on).await?;
    }
    Ok(())
}

/// Somebody is not a member here any more; they are not shown any more either. The card stays.
///
/// Errors: refused if they have left already.
pub async fn leave(tx: &mut Tx, act: &Act, before: &Card, why: Departure, on: Date, reason: &str) -> Result<()> {
    if before.ended.is_some() {
        return Err(Error::refused("这名党员已经登记离开了"));
    }
    let now = Card { ended: Some(why), ended_on: Some(on.to_string()), ..before.clone() };
    save(tx, act, before, &now, reason).await?;
    end_posts(tx, act, before.id, None, on).await?;
    consent::withdraw(tx, act, before.id, None, on).await
}

/// Somebody is here again, or was never gone.
pub(super) async fn come_back(tx: &mut Tx, act: &Act, before: &Card, reason: &str) -> Result<()> {
    let now = Card { ended: None, ended_on: None, ..before.clone() };
    save(tx, act, before, &now, reason).await?;
    Ok(())
}

/// Says which resident of the register a member is, or that it is not known.
pub(super) async fn tie_to(tx: &mut Tx, act: &Act, before: &Card, resident: Option<Uuid>) -> Result<()> {
    let now = Card { resident, ..before.clone() };
    save(tx, act, before, &now, "").await?;
    Ok(())
}

// ---------- posts ----------

/// A member takes a post, unless they hold it.
pub async fn join_post(
    tx: &mut Tx,
    act: &Act,
    organisation: Uuid,
    member: Uuid,
    post: Post,
    since: Date,
) -> Result<()> {
    let row = ADD_POST.bind(act.tenant).bind(act.id()).bind(organisation).bind(member).bind(post);
    if tx.execute(row.bind(since.to_string())).await? > 0 {
        audit::record(tx, act, "take_post", ("party_member", member), &format!("担任{post}"), &[]).await?;
    }
    Ok(())
}

/// Errors: not found if nobody holds it.
pub(super) async fn end_post(tx: &mut Tx, act: &Act, organisation: Uuid, post: Uuid) -> Result<()> {
    let ended = END_POST.bind(act.tenant).bind(organisation).bind(post).bind(today(act).to_string());
    tx.execute_one(ended).await?;
    audit::record(tx, act, "end_post", ("party_organisation", organisation), "", &[]).await
}

/// The posts that somebody holds in an organisation, or everywhere, end on a day.
async fn end_posts(tx: &mut Tx, act: &Act, member: Uuid, organisation: Option<Uuid>, on: Date) -> Result<()> {
    tx.execute(END_POSTS.bind(act.tenant).bind(member).bind(on.to_string()).bind(organisation)).await?;
    Ok(())
}

/// The day in Shanghai.
pub(super) fn today(act: &Act) -> Date {
    act.at.to_zoned_datetime(calendar::shanghai()).date()
}
