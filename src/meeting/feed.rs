//! Meetings in a calendar that a phone or a PC keeps up to date by itself: those of an estate for everybody, and those that concern
//! somebody with an account, by a secret address of their own.

use db::{Cursor, Tx, record, statements};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::store::{self, Meeting, OF_BOARD};
use crate::access::{self, Act, Link, Viewer};
use crate::audit;
use crate::error::{Error, Result};
use crate::keys::Keys;

/// How long a meeting that is over stays in a calendar.
const KEPT: SignedDuration = SignedDuration::from_hours(60 * 24);

statements! {
    /// Of an account that may still sign in.
    ADDRESS = "SELECT l.number, l.open FROM calendar_links l
        JOIN accounts a ON a.tenant_id = l.tenant_id AND a.id = l.account_id AND a.disabled_at IS NULL
        WHERE l.tenant_id = $1 AND l.account_id = $2";
    RENEW = "INSERT INTO calendar_links (tenant_id, account_id, number, open) VALUES ($1, $2, 1, $3)
        ON CONFLICT (tenant_id, account_id) DO UPDATE SET number = calendar_links.number + 1, open = excluded.open";
}

record! {
    struct Address { number: i64, open: bool }
}

fn link(tenant: Uuid, account: Uuid, number: i64, keys: &Keys) -> Link {
    Link::signed(tenant, account, &format!("calendar-{number}"), keys)
}

/// The secret address of somebody's calendar, if they have asked for one.
pub async fn address(tx: &mut Tx, viewer: &Viewer, keys: &Keys) -> Result<Option<Link>> {
    let address: Option<Address> = tx.optional(ADDRESS.bind(viewer.tenant).bind(viewer.account)).await?;
    Ok(address.filter(|address| address.open).map(|address| link(viewer.tenant, viewer.account, address.number, keys)))
}

/// Gives somebody a new address, or none any more. The one before leads nowhere from now on.
pub async fn renew(tx: &mut Tx, act: &Act, account: Uuid, open: bool) -> Result<()> {
    tx.execute(RENEW.bind(act.tenant).bind(account).bind(open)).await?;
    audit::record(tx, act, if open { "give_calendar" } else { "take_calendar" }, ("account", account), "", &[]).await
}

/// The meetings that somebody may see, those that are coming and those of the last weeks.
///
/// Errors: not found by an address that is not theirs any more.
pub async fn of_account(tx: &mut Tx, link: &Link, keys: &Keys, now: Timestamp) -> Result<Vec<Meeting>> {
    let address: Option<Address> = tx.optional(ADDRESS.bind(link.tenant).bind(link.id)).await?;
    let known = address.filter(|address| address.open && link.is_signed(&format!("calendar-{}", address.number), keys));
    if known.is_none() {
        return Err(Error::NotFound);
    }
    let viewer = access::viewer_of(tx, link.tenant, link.id).await?;
    let mut meetings = store::coming(tx, &viewer, Cursor::FIRST, 200).await?.items;
    let past = store::past(tx, &viewer, Cursor::LAST, 100).await?.items;
    meetings.extend(past.into_iter().filter(|meeting| meeting.planned_at > now - KEPT));
    Ok(meetings)
}

/// The meetings of an estate that its neighbours know of.
pub async fn of_estate(tx: &mut Tx, tenant: Uuid, estate: Uuid, now: Timestamp) -> Result<Vec<Meeting>> {
    let meetings: Vec<Meeting> = tx.all(OF_BOARD.bind(tenant).bind(estate).bind(now - KEPT)).await?;
    Ok(meetings.into_iter().filter(|meeting| !meeting.kind.private()).collect())
}
