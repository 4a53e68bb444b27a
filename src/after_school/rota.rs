//! The rota: who holds a session. They are volunteers, by the vettings of the volunteers' slice, and staff with an account, whose own stand
//! here. Nobody holds two sessions at the same time. Each has a link that is good on the session's day and no longer, and a volunteer has
//! the hours of a class in their ledger when it is over.

use db::Tx;
use jiff::Timestamp;
use jiff::civil::Date;
use uuid::Uuid;

use super::child::today;
use super::session::hold;
use super::session_model::RotaKeeper;
use super::session_store::{
    self, ADD_KEEPER, ADD_VETTING, HELD_BY_ACCOUNT, HELD_BY_VOLUNTEER, HOLD_FOLLOWING, HOLD_VETTED, HeldThen,
    KEEPER_SESSION, KEEPERS, KEEPERS_COMING, KEEPERS_FOLLOWING, Known, NOT_THERE, RECORDED, REMOVE_KEEPER, RotaRow,
    Session, VETTINGS, Vetting,
};
use crate::access::{self, Act, Holder, Link, Permission, Reach};
use crate::audit::{self, Change};
use crate::error::{Error, Result};
use crate::keys::Keys;
use crate::settings;
use crate::volunteer::{self, Following, Joining, Outcome, Span, TakenBack as Kept};

/// Whom somebody puts on the rota.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    Volunteer(Uuid),
    Account(Uuid),
}

/// The rota of a session, in the order in which it was written; of each, what stands against them that day.
pub async fn keepers(tx: &mut Tx, act: &Act, session: &Session) -> Result<Vec<RotaKeeper>> {
    let rules: Joining = settings::read(tx, act.tenant, act.at).await?;
    let rows: Vec<RotaRow> = tx.all(KEEPERS.bind(act.tenant).bind(session.id)).await?;
    let day = session.span().day();
    Ok(rows.into_iter().map(|row| RotaKeeper::of(row, day, rules.adult_age)).collect())
}

/// The rotas of the sessions of some days, each line with its session.
pub(super) async fn coming(
    tx: &mut Tx,
    act: &Act,
    (from, until): (Timestamp, Timestamp),
    sessions: &[Session],
) -> Result<Vec<(Uuid, RotaKeeper)>> {
    let rules: Joining = settings::read(tx, act.tenant, act.at).await?;
    let rows: Vec<RotaRow> = tx.all(KEEPERS_COMING.bind(act.tenant).bind(from).bind(until)).await?;
    let of = |row: RotaRow| {
        let session = sessions.iter().find(|session| session.id == row.session_id)?;
        Some((session.id, RotaKeeper::of(row, session.span().day(), rules.adult_age)))
    };
    Ok(rows.into_iter().filter_map(of).collect())
}

/// What came of putting somebody on the rota of a session, and of those that follow.
#[derive(Debug, Clone)]
pub struct Added {
    /// Their line of the first.
    pub keeper: Uuid,
    /// How many sessions they are on now that they were not on before.
    pub times: usize,
    /// Those on which they are not, and why.
    pub left: Vec<String>,
}

/// Puts somebody on the rota of a session, or also of those of its term that follow, where nothing stands in the way there.
///
/// Errors: refused of somebody who was not vetted or not for that day, who is not grown up, is down already or holds another session at that
/// time, and of a session that is over or cancelled.
pub async fn add(tx: &mut Tx, act: &Act, session: &Session, who: Who, following: Following) -> Result<Added> {
    let held = hold(tx, act, session.id).await?;
    if held.cancelled_at.is_some() || held.ends_at <= act.at {
        return Err(Error::refused("这次课取消了或者上完了，不能再排人"));
    }
    let mut sessions = vec![held.clone()];
    if let (Some(series), Following::AllThatFollow) = (held.series_id, following) {
        tx.execute(HOLD_FOLLOWING.bind(act.tenant).bind(series).bind(held.starts_at)).await?;
        let rest = session_store::following(tx, act.tenant, &held).await?;
        sessions.extend(rest.into_iter().filter(|one| one.id != held.id));
    }
    let name = match who {
        Who::Volunteer(id) => volunteer::card(tx, act, id).await?.name().to_owned(),
        Who::Account(id) => {
            let holders = staff_at(tx, act, held.estate_id).await?;
            holders.into_iter().find(|holder| holder.account == id).ok_or(Error::NotFound)?.name
        }
    };
    hold_person(tx, act, who).await?;
    let last = sessions.iter().map(|session| session.ends_at).max().unwrap_or(held.ends_at);
    let mut others = held_between(tx, act, who, Span { starts_at: held.starts_at, ends_at: last }).await?;
    let rota = match held.series_id {
        Some(series) if sessions.len() > 1 => {
            tx.all(KEEPERS_FOLLOWING.bind(act.tenant).bind(series).bind(held.starts_at)).await?
        }
        _ => Vec::new(),
    };
    let here: Vec<RotaRow> = tx.all(KEEPERS.bind(act.tenant).bind(held.id)).await?;
    let rota: Vec<RotaRow> = here.into_iter().chain(rota).collect();
    let (keeper, mut rows, mut left, mut on) = (act.id(), Vec::new(), Vec::new(), Vec::new());
    for session in &sessions {
        // Somebody may have an account and a card: two lines of one name would count as two adults.
        let known = rota.iter().any(|row| row.session_id == session.id && row.name == name);
        let overlaps = others.iter().find(|other| other.id != session.id && other.span().overlaps(&session.span()));
        let why = match overlaps {
            _ if known => Some(format!("{name}已经在带班表上了")),
            Some(other) => Some(format!("{name}那段时间已经带着另一次课（{}）", other.span().words())),
            None => None,
        };
        match why {
            Some(why) if session.id == held.id => return Err(Error::refused(why)),
            Some(_) if known => {}
            Some(why) => left.push(format!("{}：{why}", session.when())),
            None => {
                let id = if session.id == held.id { keeper } else { act.id() };
                let (volunteer, account) = who.columns();
                let row = ADD_KEEPER.bind(act.tenant).bind(id).bind(session.id).bind(volunteer).bind(account);
                rows.push((session, row.bind(&name).bind(act.at)));
                others.push(HeldThen { id: session.id, starts_at: session.starts_at, ends_at: session.ends_at });
            }
        }
    }
    // What is known of them is the same on each of the days, and what follows from it is not.
    let mut rows = rows.into_iter();
    let Some((_, first)) = rows.next() else { return Err(Error::refused(format!("{name}已经在带班表上了"))) };
    if tx.execute(first).await? == 0 {
        return Err(Error::refused(format!("{name}已经在带班表上了")));
    }
    let here: Vec<RotaRow> = tx.all(KEEPERS.bind(act.tenant).bind(held.id)).await?;
    let own = here.into_iter().find(|row| row.id == keeper).ok_or(Error::NotFound)?;
    let rules: Joining = settings::read(tx, act.tenant, act.at).await?;
    if let Some(obstacle) = own.obstacle(held.span().day(), rules.adult_age) {
        return Err(Error::refused(obstacle));
    }
    for (session, row) in rows {
        match own.obstacle(session.span().day(), rules.adult_age) {
            Some(obstacle) => left.push(format!("{}：{obstacle}", session.when())),
            None => on.push(row),
        }
    }
    let times = on.len() + 1;
    tx.execute_many(ADD_KEEPER, on).await?;
    let words = if sessions.len() > 1 { format!("{times} 次") } else { String::new() };
    let of = Change { field: "keeper", old: None, new: Some(name) };
    audit::record(tx, act, "add_keeper", ("class_session", held.id), &words, &[of]).await?;
    Ok(Added { keeper, times, left })
}

impl Who {
    /// The volunteer and the account of a line, one of which is empty.
    fn columns(self) -> (Option<Uuid>, Option<Uuid>) {
        match self {
            Who::Volunteer(id) => (Some(id), None),
            Who::Account(id) => (None, Some(id)),
        }
    }
}

impl HeldThen {
    fn span(&self) -> Span {
        Span { starts_at: self.starts_at, ends_at: self.ends_at }
    }
}

/// Nobody else puts somebody on a rota until the transaction ends: of two sessions at the same time they get one. Sessions are held before.
async fn hold_person(tx: &mut Tx, act: &Act, who: Who) -> Result<()> {
    match who {
        Who::Volunteer(id) => volunteer::hold(tx, act, id).await,
        // Whoever has no vetting is refused anyway.
        Who::Account(id) => {
            tx.execute(HOLD_VETTED.bind(act.tenant).bind(id)).await?;
            Ok(())
        }
    }
}

/// The sessions that somebody holds in some time.
async fn held_between(tx: &mut Tx, act: &Act, who: Who, span: Span) -> Result<Vec<HeldThen>> {
    let (statement, id) = match who {
        Who::Volunteer(id) => (HELD_BY_VOLUNTEER, id),
        Who::Account(id) => (HELD_BY_ACCOUNT, id),
    };
    Ok(tx.all(statement.bind(act.tenant).bind(id).bind(span.starts_at).bind(span.ends_at)).await?)
}

/// Errors: refused where somebody of the rota of a session holds another one at the time to which it is moved.
pub(super) async fn refuse_moved(tx: &mut Tx, act: &Act, session: &Session, span: Span) -> Result<()> {
    let mut rota = keepers(tx, act, session).await?;
    rota.sort_by_key(RotaKeeper::person);
    for keeper in rota {
        let who = match (keeper.volunteer, keeper.account) {
            (Some(id), _) => Who::Volunteer(id),
            (None, Some(id)) => Who::Account(id),
            (None, None) => continue,
        };
        hold_person(tx, act, who).await?;
        let others = held_between(tx, act, who, span).await?;
        if let Some(other) = others.iter().find(|other| other.id != session.id) {
            let (name, when) = (keeper.name, other.span().words());
            return Err(Error::refused(format!("{name}那段时间带着另一次课（{when}），请先换人")));
        }
    }
    Ok(())
}

/// Errors: refused of whoever is with the children already.
pub async fn remove(tx: &mut Tx, act: &Act, session: &Session, keeper: Uuid) -> Result<()> {
    hold(tx, act, session.id).await?;
    let rota = keepers(tx, act, session).await?;
    let known = rota.into_iter().find(|known| known.id == keeper).ok_or(Error::NotFound)?;
    if tx.execute(REMOVE_KEEPER.bind(act.tenant).bind(session.id).bind(keeper)).await? == 0 {
        return Err(Error::refused(format!("{}已经到场了，不能去掉", known.name)));
    }
    let of = Change { field: "keeper", old: Some(known.name), new: None };
    audit::record(tx, act, "remove_keeper", ("class_session", session.id), "", &[of]).await
}

/// Somebody was noted as there who was not: staff take it back, and with it their hours.
///
/// Errors: refused of whoever was not noted, and where what was confirmed of their hours cannot be taken back.
pub async fn not_there(tx: &mut Tx, act: &Act, session: &Session, keeper: Uuid, why: &str) -> Result<()> {
    let held = hold(tx, act, session.id).await?;
    let rota = keepers(tx, act, &held).await?;
    let known = rota.into_iter().find(|known| known.id == keeper).ok_or(Error::NotFound)?;
    if tx.execute(NOT_THERE.bind(act.tenant).bind(held.id).bind(keeper)).await? == 0 {
        return Err(Error::refused(format!("{}没有点过到，不用撤回", known.name)));
    }
    if let Some(record) = known.record {
        let kept = volunteer::take_back_kept(tx, act, record, why).await?;
        // What counts no more can be written anew; what is corrected to nothing stays the one of this class.
        let record = (kept == Kept::Corrected).then_some(record);
        tx.execute(RECORDED.bind(act.tenant).bind(held.id).bind(keeper).bind(record).bind(None::<&str>)).await?;
    }
    let of = Change { field: "keeper", old: Some(known.name), new: None };
    audit::record(tx, act, "keeper_not_there", ("class_session", held.id), why, &[of]).await
}

/// The hours of the volunteers who held a class that is over, each once.
pub(super) async fn record_hours(tx: &mut Tx, act: &Act, session: &Session) -> Result<()> {
    let mut rota = keepers(tx, act, session).await?;
    rota.sort_by_key(RotaKeeper::person);
    for keeper in rota {
        let (Some(volunteer), Some(came_at), None) = (keeper.volunteer, keeper.came_at, keeper.record) else {
            continue;
        };
        // Whoever may not be with children that day has not held it.
        if keeper.obstacle.is_some() {
            continue;
        }
        let title = format!("七彩四点半：{}", session.title());
        let class =
            volunteer::KeptTime {
                volunteer, title: &title, from: "七彩四点半点名", came_at, planned: session.span()
            };
        let (record, why) = match volunteer::record_kept(tx, act, &class).await {
            Ok(record) => (Some(record), None),
            Err(Error::Refused(why)) => (None, Some(why)),
            Err(error) => return Err(error),
        };
        let row = RECORDED.bind(act.tenant).bind(session.id).bind(keeper.id).bind(record).bind(why.as_deref());
        tx.execute(row).await?;
    }
    Ok(())
}

/// Staff who may hold a session: those who look after the children's roll.
pub async fn staff(tx: &mut Tx, act: &Act) -> Result<Vec<Holder>> {
    access::holders(tx, act.tenant, Permission::ChildManage).await
}

/// Those of them whose reach covers an estate: nobody else could come to its classes.
pub async fn staff_at(tx: &mut Tx, act: &Act, estate: Uuid) -> Result<Vec<Holder>> {
    let mut holders = staff(tx, act).await?;
    holders.retain(|holder| {
        holder.grants.iter().any(|grant| match grant.reach {
            Reach::Tenant => true,
            Reach::Estate => grant.reach_id == Some(estate),
            Reach::Grid | Reach::Organisation => false,
        })
    });
    Ok(holders)
}

/// What a keeper's link is for.
const PURPOSE: &str = "class keeper";

/// By which a keeper comes to the roll call on the day.
pub fn link(tenant: Uuid, keeper: Uuid, keys: &Keys) -> Link {
    Link::signed(tenant, keeper, PURPOSE, keys)
}

/// Whose link it is, and of which session.
///
/// Errors: not found by a link that was not made for this, of somebody who is not on the rota any more.
pub async fn by_link(tx: &mut Tx, act: &Act, link: &Link) -> Result<(Session, RotaKeeper)> {
    if !link.is_signed(PURPOSE, &act.means.keys) {
        return Err(Error::NotFound);
    }
    let of: Known = tx.one(KEEPER_SESSION.bind(act.tenant).bind(link.id)).await?;
    let session = session_store::session(tx, act.tenant, of.id).await?;
    let rota = keepers(tx, act, &session).await?;
    let keeper = rota.into_iter().find(|keeper| keeper.id == link.id).ok_or(Error::NotFound)?;
    Ok((session, keeper))
}

/// It is the day of the session: the children are known by name to whoever holds it, and their links are good.
pub fn is_the_day(act: &Act, session: &Session) -> bool {
    session.span().day() == today(act)
}

// ---------- the vettings of staff ----------

/// What a query about a member of staff has found, and until when that is good.
///
/// Errors: refused of a day to come.
pub async fn vet(
    tx: &mut Tx,
    act: &Act,
    account: Uuid,
    (result, checked_on): (Outcome, Date),
    proof_no: &str,
) -> Result<()> {
    if checked_on > today(act) {
        return Err(Error::refused("这一天还没有到"));
    }
    if !staff(tx, act).await?.iter().any(|holder| holder.account == account) {
        return Err(Error::NotFound);
    }
    let rules: Joining = settings::read(tx, act.tenant, act.at).await?;
    let expires_on = rules.vetting_end(checked_on).ok_or_else(|| Error::refused("这个日期算不出到期日"))?;
    let row = ADD_VETTING.bind(act.tenant).bind(act.id()).bind(account).bind(result).bind(checked_on.to_string());
    tx.execute(row.bind(expires_on.to_string()).bind(proof_no).bind(act.account).bind(act.at)).await?;
    audit::record(tx, act, "vet", ("account", account), result.label(), &[]).await
}

/// The last of each member of staff.
pub(super) async fn vettings(tx: &mut Tx, act: &Act) -> Result<Vec<Vetting>> {
    Ok(tx.all(VETTINGS.bind(act.tenant)).await?)
}
