//! A resident turns to a member.

use db::Tx;
use uuid::Uuid;

use super::model::State;
use super::store::{ADD, TELL};
use crate::access::{Act, Link};
use crate::error::Result;
use crate::issue::{self, Filed, NewIssue};
use crate::keys::Keys;
use crate::{audit, party};

/// Files an issue with which somebody turns to a member. `shares_phone` lets the member read who they are.
///
/// Errors: not found if the member is not on the board of the estate, or not any more.
pub async fn ask(
    tx: &mut Tx,
    act: &Act,
    (estate, member): (Uuid, Uuid),
    new: NewIssue,
    shares_phone: bool,
) -> Result<Filed> {
    party::shown_member(tx, act.tenant, estate, member).await?;
    let filed = issue::file(tx, act, new).await?;
    let id = act.id();
    let row = ADD.bind(act.tenant).bind(id).bind(filed.id).bind(member).bind(estate).bind(State::Asked);
    tx.execute(row.bind(shares_phone).bind(act.at)).await?;
    audit::record(tx, act, "ask_member", ("party_member", member), &filed.number, &[]).await?;
    Ok(filed)
}

/// By which the member answers. It follows from the keys, so it can be written again.
pub fn link(tenant: Uuid, help: Uuid, keys: &Keys) -> Link {
    Link::signed(tenant, help, "help", keys)
}

/// Somebody of the branch has passed the word on to the member.
pub(super) async fn tell(tx: &mut Tx, act: &Act, help: Uuid) -> Result<()> {
    if tx.execute(TELL.bind(act.tenant).bind(help).bind(act.at)).await? > 0 {
        audit::record(tx, act, "tell_member", ("help", help), "", &[]).await?;
    }
    Ok(())
}
