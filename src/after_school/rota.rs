//! The rota: who holds a session. They are volunteers, by the vettings of the volunteers' slice, and staff with an account, whose own stand
//! here. Each has a link that is good on the session's day and no longer.

use db::Tx;
use jiff::civil::Date;
use uuid::Uuid;

use super::child::today;
use super::session::hold;
use super::session_model::RotaKeeper;
use super::session_store::{
    self, ADD_KEEPER, ADD_VETTING, KEEPER_SESSION, KEEPERS, Known, REMOVE_KEEPER, RotaRow, Session, VETTINGS, Vetting,
};
use crate::access::{self, Act, Holder, Link, Permission, Reach};
use crate::audit::{self, Change};
use crate::error::{Error, Result};
use crate::keys::Keys;
use crate::settings;
use crate::volunteer::{self, Joining, Outcome};

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

/// Puts somebody on the rota.
///
/// Errors: refused of somebody who was not vetted or not for that day, who is not grown up, or is down already, and of a session that is over or cancelled.
pub async fn add(tx: &mut Tx, act: &Act, session: &Session, who: Who) -> Result<Uuid> {
    let held = hold(tx, act, session.id).await?;
    if held.cancelled_at.is_some() || held.ends_at <= act.at {
        return Err(Error::refused("这次课取消了或者上完了，不能再排人"));
    }
    let (name, volunteer, account) = match who {
        Who::Volunteer(id) => (volunteer::card(tx, act, id).await?.name().to_owned(), Some(id), None),
        Who::Account(id) => {
            let holders = staff_at(tx, act, held.estate_id).await?;
            let holder = holders.into_iter().find(|holder| holder.account == id).ok_or(Error::NotFound)?;
            (holder.name, None, Some(id))
        }
    };
    // Somebody may have an account and a card: two lines of one name would count as two adults.
    if keepers(tx, act, &held).await?.iter().any(|known| known.name == name) {
        return Err(Error::refused(format!("{name}已经在带班表上了")));
    }
    let id = act.id();
    let row = ADD_KEEPER.bind(act.tenant).bind(id).bind(held.id).bind(volunteer).bind(account).bind(&name);
    if tx.execute(row.bind(act.at)).await? == 0 {
        return Err(Error::refused(format!("{name}已经在带班表上了")));
    }
    let rota = keepers(tx, act, &held).await?;
    if let Some(obstacle) = rota.into_iter().find(|keeper| keeper.id == id).and_then(|keeper| keeper.obstacle) {
        return Err(Error::refused(obstacle));
    }
    let of = Change { field: "keeper", old: None, new: Some(name) };
    audit::record(tx, act, "add_keeper", ("class_session", held.id), "", &[of]).await?;
    Ok(id)
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
