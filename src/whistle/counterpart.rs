//! Who stands above and below. The level above makes an invitation; the one below pastes it in, and says hello by a first letter,
//! which tells where letters to it go. From then on both sign what they send with the secret of the invitation.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use db::Tx;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::letter::{self, Waiting};
use super::model::{Ending, Side};
use super::store::{ADD_COUNTERPART, Counterpart, END};
use crate::access::{self, Act, OrganisationKind};
use crate::app::App;
use crate::error::{Error, Result};
use crate::outbox::http::{is_named, safe_url};
use crate::{audit, outbox};

/// What the secrets of links are sealed for.
pub(super) const SECRET: &str = "counterpart secret";

/// What the level above hands over, for the one below to paste in: where it is, who it is, and the secret.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Invitation {
    address: String,
    code: String,
    name: String,
    id: Uuid,
    secret: String,
}

const PREFIX: &str = "JMK1-";

impl fmt::Display for Invitation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let json = serde_json::to_vec(self).map_err(|_| fmt::Error)?;
        write!(f, "{PREFIX}{}", URL_SAFE_NO_PAD.encode(json))
    }
}

impl FromStr for Invitation {
    type Err = &'static str;

    fn from_str(text: &str) -> std::result::Result<Self, Self::Err> {
        const WRONG: &str = "这不是对接码，或者没有复制全。请把上级给的一整段都贴进来";
        let text: String = text.split_whitespace().collect();
        let coded = text.strip_prefix(PREFIX).ok_or(WRONG)?;
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(coded).map_err(|_| WRONG)?).map_err(|_| WRONG)
    }
}

/// Makes an invitation for one below; it is shown once.
pub async fn invite(tx: &mut Tx, act: &Act, app: &App, name: &str) -> Result<Invitation> {
    let own = access::tenant(tx, act.tenant).await?;
    let id = act.id();
    let secret = URL_SAFE_NO_PAD.encode(act.means.chance.bytes::<32>());
    let row = ADD_COUNTERPART.bind(act.tenant).bind(id).bind(Side::Below).bind(name).bind(None::<Uuid>);
    let row = row.bind(None::<&str>).bind(None::<&str>).bind(act.seal(SECRET, &secret)?).bind(act.at);
    tx.execute(row).await?;
    audit::record(tx, act, "invite", ("counterpart", id), name, &[]).await?;
    Ok(Invitation { address: app.config.public_url.clone(), code: own.code, name: own.name, id, secret })
}

/// Takes an invitation of one above, and says hello.
///
/// Errors: refused if it is one's own, leads to a host that is not allowed, or has been taken already.
pub async fn join(tx: &mut Tx, act: &Act, app: &App, invitation: &Invitation) -> Result<Uuid> {
    let own = access::tenant(tx, act.tenant).await?;
    let here = invitation.address == app.config.public_url;
    if here && invitation.code == own.code {
        return Err(Error::refused("这是本单位自己发的对接码，要交给下级去贴"));
    }
    let url = safe_url(&invitation.address).map_err(Error::refused)?;
    if !here && !is_named(&url, &app.config.outgoing.webhook_hosts) {
        let host = url.host_str().unwrap_or_default();
        return Err(Error::refused(format!("上级在 {host}，还没有加进允许的主机。请先由运行本系统的人加上")));
    }
    let existing = access::organisations(tx, act.tenant).await?;
    let known = existing.iter().find(|known| known.name == invitation.name && known.kind == OrganisationKind::Superior);
    let organisation = match known {
        Some(known) => known.id,
        None => access::create_organisation(tx, act, None, OrganisationKind::Superior, &invitation.name, None).await?,
    };
    let Invitation { address, code, name, id, secret } = invitation;
    let row = ADD_COUNTERPART.bind(act.tenant).bind(*id).bind(Side::Above).bind(name).bind(organisation);
    // One of this installation is found wherever the installation moves to.
    let row = row.bind((!here).then_some(address)).bind(code).bind(act.seal(SECRET, secret)?).bind(act.at);
    if tx.execute(row).await? == 0 {
        return Err(Error::refused("这个对接码已经用过了"));
    }
    outbox::post_to(tx, act, letter::TOPIC, *id, &Waiting::Hello(*id)).await?;
    audit::record(tx, act, "join", ("counterpart", *id), name, &[]).await?;
    Ok(*id)
}

/// Ends a link: nothing more is sent to the other side or taken from it.
///
/// Errors: stale if somebody was first.
pub async fn end(tx: &mut Tx, act: &Act, counterpart: &Counterpart, seen: i64) -> Result<()> {
    let ended = seen == counterpart.lock_version && close(tx, act, counterpart, Ending::Here).await?;
    if ended { Ok(()) } else { Err(Error::Stale("这个对接刚刚有变化，请刷新页面看一下".to_owned())) }
}

/// Notes that a link is over; tells whether it was not before.
pub(super) async fn close(tx: &mut Tx, act: &Act, counterpart: &Counterpart, ending: Ending) -> Result<bool> {
    if tx.execute(END.bind(act.tenant).bind(counterpart.id).bind(act.at).bind(ending)).await? == 0 {
        return Ok(false);
    }
    let words = format!("{}：{ending}", counterpart.name);
    audit::record(tx, act, "end", ("counterpart", counterpart.id), &words, &[]).await?;
    Ok(true)
}
