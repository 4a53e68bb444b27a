//! What somebody needs: taken down, put right, ended, and forgotten.

use db::Tx;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::call;
use super::kind::{self, Kind};
use super::model::{How, Particulars, Purpose, Rules, Source, State, Wanted, edition};
use super::store::{
    self, ADD, AGREE, CHANGE, DOORS, DROP_DOORS, Door, END, FORGET, FORGET_CALLS, FORGET_DOORS, Found, GET,
    GET_IN_REACH, HOLD, KEEP_TEXT, NAMED_AT, OLD, SET_STATE, STANDING, Stored, TAKE, TAKE_BACK, TAKE_BACK_ONE, UNSHARE,
};
use crate::access::{self, Act, Link, Scope};
use crate::audit::{self, Change};
use crate::error::{Error, Result};
use crate::keys::Keys;
use crate::{place, settings};

#[derive(Debug, Clone)]
pub struct Need {
    pub id: Uuid,
    pub kind: Uuid,
    pub kind_version: i64,
    /// As it was called when the need was taken down.
    pub kind_name: String,
    pub estate: Uuid,
    /// `None` of the door once it is not kept any more.
    pub building: Option<Uuid>,
    pub dwelling: Option<Uuid>,
    /// `王府名苑小区 3号楼 2单元 1302`
    pub door: String,
    /// Whose it is, where the register knows them.
    pub resident: Option<Uuid>,
    /// Empty once they are erased.
    pub particulars: Particulars,
    pub erased: bool,
    pub state: State,
    pub source: Source,
    pub wanted: Wanted,
    pub shares: bool,
    pub created_at: Timestamp,
    pub ended_at: Option<Timestamp>,
    pub ended_why: String,
    pub met: Option<bool>,
    pub version: i64,
}

/// What somebody asks for. The name and the phone are kept only of whoever has agreed.
#[derive(Debug, Clone)]
pub struct NewNeed {
    pub kind: Uuid,
    pub dwelling: Uuid,
    pub building: Uuid,
    pub particulars: Particulars,
    pub wanted: Wanted,
    pub keeps: Option<How>,
    pub shares: bool,
}

/// How a need ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// They were asked, and it was what they needed.
    Met,
    Withdrawn(String),
    /// It cannot be met, and why.
    Unmet(String),
}

impl Stored {
    pub(super) fn open(self, act: &Act) -> Result<Need> {
        let particulars = match &self.sealed {
            Some(sealed) => serde_json::from_str(&act.open("service need", sealed)?).map_err(anyhow::Error::from)?,
            None => Particulars::default(),
        };
        let door = self.door();
        Ok(Need {
            id: self.id,
            kind: self.kind_id,
            kind_version: self.kind_version,
            kind_name: self.kind_name,
            estate: self.estate_id,
            building: self.building_id,
            dwelling: self.dwelling_id,
            door,
            resident: self.resident_id,
            particulars,
            erased: self.sealed.is_none(),
            state: self.state,
            source: self.source,
            wanted: Wanted::read(&self.days, &self.parts),
            shares: self.shares,
            created_at: self.created_at,
            ended_at: self.ended_at,
            ended_why: self.ended_why,
            met: self.met,
            version: self.lock_version,
        })
    }
}

impl Need {
    pub fn ended(&self) -> bool {
        self.state.ended()
    }

    /// By which whoever asked sees what becomes of it, and takes it back.
    pub fn link(&self, tenant: Uuid, keys: &Keys) -> Link {
        Link::signed(tenant, self.id, LINK, keys)
    }
}

const LINK: &str = "service-need";

pub async fn need(tx: &mut Tx, act: &Act, id: Uuid) -> Result<Need> {
    tx.one::<Stored>(GET.bind(act.tenant).bind(id)).await?.open(act)
}

pub(super) async fn in_reach(tx: &mut Tx, act: &Act, scope: &Scope, id: Uuid) -> Result<Need> {
    tx.one::<Stored>(GET_IN_REACH.bind(act.tenant).bind(scope.account).bind(&scope.roles).bind(id)).await?.open(act)
}

/// Errors: not found by a link that was not made for this.
pub(super) async fn by_link(tx: &mut Tx, act: &Act, link: &Link) -> Result<Need> {
    if !link.is_signed(LINK, &act.means.keys) {
        return Err(Error::NotFound);
    }
    need(tx, act, link.id).await
}

/// A door of a building by its room and, where the building has several stairwells, the unit as it is written.
///
/// Errors: refused if there is no such door, or it is not plain which one is meant.
pub(super) async fn door(tx: &mut Tx, act: &Act, building: Uuid, unit: &str, room: &str) -> Result<Uuid> {
    let room = codes::address::parse_room(room).map_err(|error| Error::refused(error.to_string()))?;
    let doors: Vec<Door> = tx.all(DOORS.bind(act.tenant).bind(building).bind(room.room)).await?;
    let key = codes::address::unit_key(unit);
    let fitting: Vec<&Door> = doors.iter().filter(|door| unit.trim().is_empty() || door.unit_key == key).collect();
    match fitting[..] {
        [only] => Ok(only.id),
        [] => Err(Error::refused("这栋楼没有登记这个门牌，请核对单元和房号；没有错的话请直接找社区")),
        _ => Err(Error::refused("这栋楼有几个单元都有这个房号，请写上单元")),
    }
}

/// Whose need it is: the only one of that name who lives there, if the register knows one.
async fn resident(tx: &mut Tx, act: &Act, dwelling: Uuid, name: &str) -> Result<Option<Uuid>> {
    if name.is_empty() {
        return Ok(None);
    }
    let found: Vec<Found> = tx.all(NAMED_AT.bind(act.tenant).bind(dwelling).bind(name)).await?;
    Ok(match found[..] {
        [Found { id }] => Some(id),
        _ => None,
    })
}

fn sealed(act: &Act, particulars: &Particulars) -> Result<Vec<u8>> {
    act.seal("service need", &serde_json::to_string(particulars).map_err(anyhow::Error::from)?)
}

async fn agree(tx: &mut Tx, act: &Act, need: Uuid, purpose: Purpose, how: How) -> Result<()> {
    let rules: Rules = settings::read(tx, act.tenant, act.at).await?;
    let wording = purpose.wording(how, &access::tenant(tx, act.tenant).await?.name, &rules);
    let edition = edition(&wording);
    tx.execute(KEEP_TEXT.bind(act.tenant).bind(&edition).bind(wording.join("\n"))).await?;
    let row = AGREE.bind(act.tenant).bind(act.id()).bind(need).bind(purpose).bind(how).bind(&edition).bind(act.at);
    tx.execute(row.bind(act.account)).await?;
    Ok(())
}

/// Errors: refused of a name or phone that nobody has agreed to, of a kind that has ended or is another estate's.
async fn checked(tx: &mut Tx, act: &Act, new: &NewNeed) -> Result<(Kind, Uuid)> {
    if new.particulars.has_contact() && new.keeps.is_none() {
        return Err(Error::refused("本人同意了才能记姓名和电话"));
    }
    let kind = kind::kind(tx, act.tenant, new.kind).await?;
    let estate = place::spot(tx, act.tenant, new.building).await?.estate_id;
    if kind.ended_at.is_some() || !kind.of_estate(estate) {
        return Err(Error::refused("这个小区没有这一类服务，请另选一类"));
    }
    Ok((kind, estate))
}

/// Takes a need down. From the board a door gives only so many a day.
///
/// Errors: refused of a name or phone that nobody has agreed to, of a kind that is not offered there, and of too many.
pub async fn file(tx: &mut Tx, act: &Act, new: NewNeed) -> Result<Need> {
    file_as(tx, act, new, Source::of(act.role)).await
}

/// The same, where it is not the role that says who has taken it down.
pub(super) async fn file_as(tx: &mut Tx, act: &Act, new: NewNeed, source: Source) -> Result<Need> {
    let (kind, estate) = checked(tx, act, &new).await?;
    if source == Source::Board {
        let rules: Rules = settings::read(tx, act.tenant, act.at).await?;
        let since = act.at - SignedDuration::from_hours(24);
        if store::lately_at(tx, act.tenant, new.dwelling, since).await? >= rules.most_door_day {
            return Err(Error::refused("这个门牌今天收到的已经够多了，请直接给社区打电话"));
        }
    }
    let id = act.id();
    let resident = resident(tx, act, new.dwelling, &new.particulars.name).await?;
    let row = ADD.bind(act.tenant).bind(id).bind(kind.id).bind(kind.version).bind(new.building).bind(new.dwelling);
    let row = row.bind(resident).bind(sealed(act, &new.particulars)?).bind(source);
    let row = row.bind(new.wanted.days_code()).bind(new.wanted.parts_code()).bind(new.shares && new.keeps.is_some());
    tx.execute(row.bind(act.at).bind(act.account).bind(estate)).await?;
    settle(tx, act, id, new.keeps, new.shares).await?;
    audit::record(tx, act, "create", ("service_need", id), &kind.name, &[]).await?;
    need(tx, act, id).await
}

/// What somebody agrees to is written down, or that they do no more; where that is as it was, nothing is.
async fn settle(tx: &mut Tx, act: &Act, need: Uuid, keeps: Option<How>, shares: bool) -> Result<()> {
    let known = store::consents(tx, act.tenant, need).await?;
    for (purpose, wanted) in [(Purpose::Keep, keeps), (Purpose::Share, keeps.filter(|_| shares))] {
        let stands = known.iter().any(|consent| consent.purpose == purpose && consent.withdrawn_at.is_none());
        match wanted {
            Some(how) if !stands => agree(tx, act, need, purpose, how).await?,
            None if stands => take_back(tx, act, need, purpose).await?,
            _ => {}
        }
    }
    Ok(())
}

/// Whoever has agreed does no more. Of what was kept by that, the history keeps nothing either.
async fn take_back(tx: &mut Tx, act: &Act, need: Uuid, purpose: Purpose) -> Result<()> {
    tx.execute(TAKE_BACK_ONE.bind(act.tenant).bind(need).bind(purpose).bind(act.at)).await?;
    if purpose == Purpose::Keep {
        audit::erase(tx, act, need, Some(&["contact"])).await?;
    }
    audit::record(tx, act, "take_back_consent", ("service_need", need), purpose.label(), &[]).await
}

/// A need is put right, from the version that somebody saw; the door stays. It keeps the version of its kind, unless it becomes another kind.
///
/// Errors: refused as when it is taken down, of one that has ended, and of another kind or time while somebody is to go; stale if somebody else has changed it since.
pub async fn change(tx: &mut Tx, act: &Act, before: &Need, seen: i64, new: NewNeed) -> Result<()> {
    if before.ended() {
        return Err(Error::refused(format!("已经是“{}”，不能再改", before.state)));
    }
    if before.version != seen {
        return Err(stale());
    }
    if before.state == State::Matched && (new.kind != before.kind || new.wanted != before.wanted) {
        return Err(Error::refused(
            "已经安排了人去，类别和时间不能改；要改请先取消派出去的人，或者点“没办好，另外派人”",
        ));
    }
    let (kind_version, kind_name) = match new.kind == before.kind {
        true => (before.kind_version, before.kind_name.clone()),
        false => {
            let (kind, _) = checked(tx, act, &new).await?;
            (kind.version, kind.name)
        }
    };
    let Some(dwelling) = before.dwelling else { return Err(stale()) };
    if new.particulars.has_contact() && new.keeps.is_none() {
        return Err(Error::refused("本人同意了才能记姓名和电话"));
    }
    let resident = resident(tx, act, dwelling, &new.particulars.name).await?;
    let shares = new.shares && new.keeps.is_some();
    let row = CHANGE.bind(act.tenant).bind(before.id).bind(seen).bind(new.kind).bind(kind_version).bind(resident);
    let row = row.bind(sealed(act, &new.particulars)?).bind(new.wanted.days_code()).bind(new.wanted.parts_code());
    if tx.execute(row.bind(shares)).await? == 0 {
        return Err(stale());
    }
    let pairs = [
        ("kind", before.kind_name.clone(), kind_name),
        ("words", before.particulars.words.clone(), new.particulars.words.clone()),
        ("contact", before.particulars.contact(), new.particulars.contact()),
        ("wanted", before.wanted.words(), new.wanted.words()),
        ("shares", before.shares.to_string(), shares.to_string()),
    ];
    // What may not be kept any longer is not written into the history on the way out.
    let kept = |field: &str| field != "contact" || new.keeps.is_some();
    let changes = pairs.into_iter().filter(|(field, old, new)| old != new && kept(field));
    let changes: Vec<Change> =
        changes.map(|(field, old, new)| Change { field, old: Some(old), new: Some(new) }).collect();
    audit::record(tx, act, "update", ("service_need", before.id), "", &changes).await?;
    settle(tx, act, before.id, new.keeps, shares).await
}

/// Somebody has been there, or was to, and it was not what was needed: the need waits for somebody else.
///
/// Errors: stale if somebody else was first; refused unless somebody was asked, and while they are still to go.
pub async fn reopen(tx: &mut Tx, act: &Act, before: &Need, seen: i64) -> Result<()> {
    hold(tx, act, before.id, seen).await?;
    if before.state != State::Matched {
        return Err(Error::refused(format!("现在是“{}”，不用再点", before.state)));
    }
    if tx.optional::<call::Call>(STANDING.bind(act.tenant).bind(before.id)).await?.is_some() {
        return Err(Error::refused("派出去的人还没有回话，请先取消"));
    }
    tx.execute(DROP_DOORS.bind(act.tenant).bind(before.id)).await?;
    tx.execute(SET_STATE.bind(act.tenant).bind(before.id).bind(State::Open)).await?;
    audit::record(tx, act, "reopened", ("service_need", before.id), "", &[]).await
}

pub(super) fn stale() -> Error {
    Error::Stale("这项需要刚刚有别人动过，请看一下再办。".to_owned())
}

/// Nobody else does anything with a need until the transaction ends, from the version that somebody saw.
///
/// Errors: stale if somebody else was first, or it has ended.
pub(super) async fn hold(tx: &mut Tx, act: &Act, id: Uuid, seen: i64) -> Result<()> {
    if tx.execute(HOLD.bind(act.tenant).bind(id).bind(seen)).await? == 0 { Err(stale()) } else { Ok(()) }
}

/// The same for whoever has seen no version.
pub(super) async fn take(tx: &mut Tx, act: &Act, id: Uuid) -> Result<()> {
    Ok(tx.execute_one(TAKE.bind(act.tenant).bind(id)).await?)
}

/// All of several, in one order, before anything else is held: so two who take some of the same never wait for each other.
pub(super) async fn take_all(tx: &mut Tx, act: &Act, ids: &mut [Uuid]) -> Result<()> {
    ids.sort();
    for id in ids {
        take(tx, act, *id).await?;
    }
    Ok(())
}

/// Closes a need: whoever does has asked whether it was met.
///
/// Errors: stale if somebody else was first; refused of a met need to which nobody went.
pub async fn end(tx: &mut Tx, act: &Act, before: &Need, seen: i64, end: End) -> Result<()> {
    hold(tx, act, before.id, seen).await?;
    if end == End::Met && before.state == State::Open {
        return Err(Error::refused("还没有安排人去。已经有人办了的，请选“不需要了”，写明是谁办的"));
    }
    end_held(tx, act, before.id, end).await
}

async fn end_held(tx: &mut Tx, act: &Act, id: Uuid, end: End) -> Result<()> {
    let (state, why, met) = match end {
        End::Met => (State::Done, String::new(), Some(true)),
        End::Withdrawn(why) => (State::Withdrawn, why, None),
        End::Unmet(why) => (State::Unmet, why, Some(false)),
    };
    call::release(tx, act, id, state == State::Done).await?;
    let row = END.bind(act.tenant).bind(id).bind(state).bind(act.at).bind(&why).bind(met);
    tx.execute(row).await?;
    tx.execute(DROP_DOORS.bind(act.tenant).bind(id)).await?;
    let change = Change { field: "state", old: None, new: Some(state.code().to_owned()) };
    audit::record(tx, act, "end_need", ("service_need", id), state.label(), &[change]).await
}

/// Whoever asked takes it back, by their link or by telling staff: nothing is kept of them.
pub async fn withdraw(tx: &mut Tx, act: &Act, need: &Need) -> Result<()> {
    take(tx, act, need.id).await?;
    if !need.ended() {
        end_held(tx, act, need.id, End::Withdrawn("本人撤回".to_owned())).await?;
    }
    forget(tx, act, need.id, "本人撤回同意").await
}

/// Whoever asked does not agree any more that whoever comes reads what they wrote; they still come.
pub async fn stop_sharing(tx: &mut Tx, act: &Act, need: &Need) -> Result<()> {
    take(tx, act, need.id).await?;
    if need.shares {
        tx.execute(UNSHARE.bind(act.tenant).bind(need.id)).await?;
        take_back(tx, act, need.id, Purpose::Share).await?;
    }
    Ok(())
}

/// Removes what is known of whoever asked; that there was a need stays. Its row is held already.
async fn forget(tx: &mut Tx, act: &Act, id: Uuid, why: &str) -> Result<()> {
    tx.execute(FORGET.bind(act.tenant).bind(id)).await?;
    tx.execute(FORGET_CALLS.bind(act.tenant).bind(id)).await?;
    tx.execute(FORGET_DOORS.bind(act.tenant).bind(id)).await?;
    tx.execute(TAKE_BACK.bind(act.tenant).bind(id).bind(act.at)).await?;
    audit::erase(tx, act, id, None).await?;
    audit::record(tx, act, "erase", ("service_need", id), why, &[]).await
}

/// The data of somebody were erased, and this with it.
pub(super) async fn erase(tx: &mut Tx, act: &Act, id: Uuid) -> Result<()> {
    take(tx, act, id).await?;
    let known = need(tx, act, id).await?;
    if !known.ended() {
        end_held(tx, act, id, End::Withdrawn("居民资料已应要求删除".to_owned())).await?;
    }
    forget(tx, act, id, "居民资料已应要求删除").await
}

/// Removes the particulars of needs that have ended longer ago than the setting says.
pub async fn forget_old(tx: &mut Tx, act: &Act) -> Result<()> {
    let rules: Rules = settings::read(tx, act.tenant, act.at).await?;
    let before = act.at - SignedDuration::from_hours(24 * rules.keep_need_days);
    let mut old: Vec<Uuid> =
        tx.all::<Found>(OLD.bind(act.tenant).bind(before)).await?.into_iter().map(|row| row.id).collect();
    take_all(tx, act, &mut old).await?;
    for id in old {
        forget(tx, act, id, "保存期已满").await?;
    }
    Ok(())
}
