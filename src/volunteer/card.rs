//! One volunteer: read whole, changed field by field. Every change is kept with its old value.

use db::{Cursor, Page, Query, Row, Tx};
use jiff::Timestamp;
use jiff::civil::Date;
use uuid::Uuid;

use super::field::{Field, Values};
use super::model::{Guardian, State, Way};
use super::store::{ADD, BY_IDENTITY, CHANGE, GET, GET_IN_REACH, KNOWN, LIST, Listed, ROLL, SERVED, UNANSWERED};
use crate::access::{Act, Link, Scope};
use crate::audit::{self, Change};
use crate::error::{Error, Result};
use crate::keys::Keys;

/// A volunteer, or somebody who may become one, with what is sealed opened.
#[derive(Clone)]
pub struct Card {
    pub id: Uuid,
    pub state: State,
    pub way: Way,
    /// The team that they want to join.
    pub team: Option<Uuid>,
    /// Where they live, if in the community.
    pub estate: Option<Uuid>,
    pub estate_name: Option<String>,
    /// Whom the register knows.
    pub resident: Option<Uuid>,
    pub values: Values,
    pub recommender: Option<String>,
    pub guardian: Option<Guardian>,
    /// The day of the guardian's written consent.
    pub guardian_agreed_on: Option<String>,
    pub ended_why: String,
    pub applied_at: Timestamp,
    pub joined_on: Option<String>,
    pub ended_on: Option<String>,
    pub link_number: i64,
    pub version: i64,
}

/// A row before its sealed columns are opened.
struct Stored {
    card: Card,
    sealed: Vec<(Field, Vec<u8>)>,
    recommender: Option<Vec<u8>>,
    guardian: Option<Vec<u8>>,
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
            state: row.get("state")?,
            way: row.get("way")?,
            team: row.get("team_id")?,
            estate: row.get("estate_id")?,
            estate_name: row.get("estate_name")?,
            resident: row.get("resident_id")?,
            values,
            recommender: None,
            guardian: None,
            guardian_agreed_on: row.get("guardian_agreed_on")?,
            ended_why: row.get("ended_why")?,
            applied_at: row.get("applied_at")?,
            joined_on: row.get("joined_on")?,
            ended_on: row.get("ended_on")?,
            link_number: row.get("link_number")?,
            version: row.get("lock_version")?,
        };
        let (recommender, guardian) = (row.get("recommender_sealed")?, row.get("guardian_sealed")?);
        Ok(Stored { card, sealed, recommender, guardian })
    }
}

impl Stored {
    fn open(mut self, act: &Act) -> Result<Card> {
        for (field, sealed) in self.sealed {
            self.card.values.insert(field, act.open(field.code(), &sealed)?);
        }
        self.card.recommender = self.recommender.map(|sealed| act.open("recommender", &sealed)).transpose()?;
        if let Some(sealed) = self.guardian {
            let guardian = serde_json::from_str(&act.open("guardian", &sealed)?).map_err(anyhow::Error::from)?;
            self.card.guardian = Some(guardian);
        }
        Ok(self.card)
    }
}

async fn opened(tx: &mut Tx, act: &Act, query: Query) -> Result<Vec<Card>> {
    tx.all::<Stored>(query).await?.into_iter().map(|stored| stored.open(act)).collect()
}

pub async fn card(tx: &mut Tx, act: &Act, id: Uuid) -> Result<Card> {
    tx.one::<Stored>(GET.bind(act.tenant).bind(id)).await?.open(act)
}

pub(super) async fn card_in_reach(tx: &mut Tx, act: &Act, scope: &Scope, id: Uuid) -> Result<Card> {
    tx.one::<Stored>(GET_IN_REACH.bind(act.tenant).bind(scope.account).bind(&scope.roles).bind(id)).await?.open(act)
}

/// Whoever is on the roll with an identity number.
pub(super) async fn by_identity(tx: &mut Tx, act: &Act, number: &str) -> Result<Option<Card>> {
    let query = BY_IDENTITY.bind(act.tenant).bind(act.fingerprint("identity", number));
    Ok(opened(tx, act, query).await?.pop())
}

/// The latest first.
pub(super) async fn list(
    tx: &mut Tx,
    act: &Act,
    scope: &Scope,
    listed: Listed,
    before: Cursor,
    size: usize,
) -> Result<Page<Card>> {
    let query = LIST.bind(act.tenant).bind(scope.account).bind(&scope.roles).bind(listed.state).bind(listed.team);
    let items = opened(tx, act, query.bind(before.key).bind(before.id).bind(size as i64 + 1)).await?;
    Ok(Page::of(items, size, |item| Cursor { key: item.applied_at.as_millisecond(), id: item.id }))
}

/// More than this are not on one list.
pub(super) const MOST: usize = 5_000;

/// Everybody on the roll within reach.
///
/// Errors: refused if there are more than [`MOST`].
pub(super) async fn roll(tx: &mut Tx, act: &Act, scope: &Scope) -> Result<Vec<Card>> {
    let query = ROLL.bind(act.tenant).bind(scope.account).bind(&scope.roles).bind(MOST as i64 + 1);
    whole(opened(tx, act, query).await?)
}

/// Everybody on the roll within reach, and whoever has hours in the ledger from one moment to another.
///
/// Errors: refused if there are more than [`MOST`].
pub(super) async fn served(
    tx: &mut Tx,
    act: &Act,
    scope: &Scope,
    (from, until): (Timestamp, Timestamp),
) -> Result<Vec<Card>> {
    let query = SERVED.bind(act.tenant).bind(scope.account).bind(&scope.roles).bind(from).bind(until).bind(act.at);
    whole(opened(tx, act, query.bind(MOST as i64 + 1)).await?)
}

/// Everybody who is on the roll or on the way to it.
///
/// Errors: refused if there are more than [`MOST`].
pub(super) async fn known(tx: &mut Tx, act: &Act) -> Result<Vec<Card>> {
    whole(opened(tx, act, KNOWN.bind(act.tenant).bind(MOST as i64 + 1)).await?)
}

fn whole(cards: Vec<Card>) -> Result<Vec<Card>> {
    if cards.len() > MOST {
        return Err(Error::refused(format!("志愿者超过 {MOST} 名，一张表放不下")));
    }
    Ok(cards)
}

/// Those who were asked or refused before a moment, or have applied before another one.
pub(super) async fn unanswered(
    tx: &mut Tx,
    act: &Act,
    before: Timestamp,
    applied_before: Timestamp,
) -> Result<Vec<Card>> {
    let day = before.to_zoned_datetime(calendar::shanghai()).date();
    opened(tx, act, UNANSWERED.bind(act.tenant).bind(before).bind(day.to_string()).bind(applied_before)).await
}

/// What a link of somebody is for: their own page. It counts up when the link is to be good no more.
fn purpose(number: i64) -> String {
    format!("volunteer-{number}")
}

/// Whose page a link leads to.
///
/// Errors: not found by a link that was not made for this, or is not good any more.
pub async fn by_link(tx: &mut Tx, act: &Act, link: &Link) -> Result<Card> {
    let card = card(tx, act, link.id).await?;
    if link.is_signed(&purpose(card.link_number), &act.means.keys) { Ok(card) } else { Err(Error::NotFound) }
}

impl Card {
    pub fn get(&self, field: Field) -> Option<&str> {
        self.values.get(&field).map(String::as_str)
    }

    /// Nothing is kept of them any more but what they have done.
    pub fn erased(&self) -> bool {
        self.values.iter().all(|(field, kept)| match field {
            Field::Name => true,
            Field::Sex => kept == "0",
            _ => false,
        })
    }

    pub fn name(&self) -> &str {
        self.get(Field::Name).unwrap_or_default()
    }

    /// By which somebody without an account comes to their own page.
    pub fn link(&self, tenant: Uuid, keys: &Keys) -> Link {
        Link::signed(tenant, self.id, &purpose(self.link_number), keys)
    }

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
        compare("state", Some(before.state.code().to_owned()), Some(self.state.code().to_owned()));
        compare("way", Some(before.way.code().to_owned()), Some(self.way.code().to_owned()));
        compare("estate", id(before.estate), id(self.estate));
        compare("resident", id(before.resident), id(self.resident));
        compare("team", id(before.team), id(self.team));
        compare("joined_on", before.joined_on.clone(), self.joined_on.clone());
        compare("guardian_agreed_on", before.guardian_agreed_on.clone(), self.guardian_agreed_on.clone());
        let guardian = |card: &Card| card.guardian.as_ref().map(Guardian::words);
        compare("guardian", guardian(before), guardian(self));
        compare("recommender", before.recommender.clone(), self.recommender.clone());
        compare("link", Some(before.link_number.to_string()), Some(self.link_number.to_string()));
        changes
    }

    /// The columns from `state` on, as the statements name them, up to `ended_why`.
    fn columns(&self, row: Query, act: &Act) -> Result<Query> {
        let plain = |field| self.get(field);
        let seal = |field: Field| plain(field).map(|value| act.seal(field.code(), value)).transpose();
        let row = row.bind(self.state).bind(self.way).bind(self.team).bind(self.estate).bind(self.resident);
        let row = row.bind(self.name()).bind(plain(Field::Sex).unwrap_or("0")).bind(plain(Field::Birth));
        let row = row.bind(seal(Field::Identity)?);
        let row = row.bind(plain(Field::Identity).map(|number| act.fingerprint("identity", number)));
        let row = row.bind(seal(Field::Phone)?).bind(plain(Field::Political)).bind(plain(Field::Source));
        let row = row.bind(plain(Field::Skills)).bind(plain(Field::Qualifications)).bind(plain(Field::Services));
        let row = row.bind(plain(Field::Available)).bind(plain(Field::National)).bind(plain(Field::Insurance));
        let row = row.bind(seal(Field::Note)?);
        let row = row.bind(self.recommender.as_ref().map(|name| act.seal("recommender", name)).transpose()?);
        let guardian = self.guardian.as_ref().map(serde_json::to_string).transpose().map_err(anyhow::Error::from)?;
        let row = row.bind(guardian.map(|guardian| act.seal("guardian", &guardian)).transpose()?);
        Ok(row.bind(self.guardian_agreed_on.as_deref()).bind(&self.ended_why))
    }
}

/// Errors: refused if the identity number is that of somebody else on the roll.
async fn refuse_taken(tx: &mut Tx, act: &Act, card: &Card) -> Result<()> {
    if card.state != State::Active {
        return Ok(());
    }
    let Some(number) = card.get(Field::Identity) else { return Ok(()) };
    match by_identity(tx, act, number).await? {
        Some(other) if other.id != card.id => {
            Err(Error::refused("这个身份证号已经登记在一名在册志愿者名下，请先核对是不是同一个人"))
        }
        _ => Ok(()),
    }
}

/// Writes somebody down for the first time.
pub(super) async fn add(tx: &mut Tx, act: &Act, card: &Card) -> Result<()> {
    refuse_taken(tx, act, card).await?;
    let row = card.columns(ADD.bind(act.tenant).bind(card.id), act)?.bind(card.applied_at);
    let row = row.bind(card.joined_on.as_deref()).bind(card.ended_on.as_deref()).bind(card.link_number);
    let row = row.bind(card.get(Field::InsuredUntil));
    tx.execute(row).await?;
    audit::record(tx, act, "create", ("volunteer", card.id), card.way.label(), &[]).await
}

/// Writes what has become of somebody, if anything has.
///
/// Errors: stale if somebody else has changed them since they were read; refused if the identity number is another's.
pub(super) async fn save(tx: &mut Tx, act: &Act, before: &Card, now: &Card, action: &str, why: &str) -> Result<bool> {
    let changes = now.changes(before);
    if changes.is_empty() {
        return Ok(false);
    }
    refuse_taken(tx, act, now).await?;
    let row = now.columns(CHANGE.bind(act.tenant).bind(now.id).bind(before.version), act)?;
    let row = row.bind(now.joined_on.as_deref()).bind(now.ended_on.as_deref()).bind(now.link_number);
    let row = row.bind(now.get(Field::InsuredUntil));
    if tx.execute(row).await? == 0 {
        return Err(Error::Stale("这名志愿者的登记刚刚有别人改过，请看一下再改。".to_owned()));
    }
    audit::record(tx, act, action, ("volunteer", now.id), why, &changes).await?;
    Ok(true)
}

/// The day in Shanghai.
pub(super) fn today(act: &Act) -> Date {
    act.at.to_zoned_datetime(calendar::shanghai()).date()
}
