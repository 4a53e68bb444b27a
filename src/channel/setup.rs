//! Channels are registered, changed, and switched off and on.

use db::Tx;
use uuid::Uuid;

use super::model::{Kind, Place, hint, mail_addresses, mobile_numbers, robot_address};
use super::store::{ADD, CHANGE, Channel, Found, GIVE_UP_WAITING, SWITCH, TAKEN};
use super::{delivery, hook};
use crate::access::Act;
use crate::audit::{self, Change};
use crate::error::{Error, Result};

/// What the sealed values of channels are sealed for.
pub(super) const ADDRESS: &str = "channel address";
pub(super) const SECRET: &str = "channel secret";

#[derive(Clone)]
pub struct NewChannel {
    pub kind: Kind,
    pub name: String,
    pub place: Place,
    /// Of the robot; mail addresses or mobile numbers are one a line.
    pub address: String,
    /// Without one messages are not signed.
    pub secret: Option<String>,
    /// Whoever is there works for the community, and is told of deadlines too.
    pub reminders: bool,
}

/// The address as it is kept.
///
/// Errors: a sentence that says what is wrong, without the address.
pub(super) fn checked(kind: Kind, address: &str, also: &[String]) -> std::result::Result<String, String> {
    match kind {
        Kind::Mail => Ok(mail_addresses(address)?.join("\n")),
        Kind::Sms => Ok(mobile_numbers(address)?.join("\n")),
        Kind::Wecom | Kind::Dingtalk | Kind::Feishu | Kind::Hook => Ok(robot_address(kind, address, also)?.to_string()),
    }
}

struct Sealed {
    address: Vec<u8>,
    fingerprint: Option<Vec<u8>>,
}

fn sealed(act: &Act, kind: Kind, address: &str) -> Result<Sealed> {
    let fingerprint = kind.is_robot().then(|| act.fingerprint(ADDRESS, address));
    Ok(Sealed { address: act.seal(ADDRESS, address)?, fingerprint })
}

fn known() -> Error {
    Error::refused("这个机器人已经登记过了。一个机器人只登记一次，发送次数才数得准。")
}

/// Registers a channel, switched on. `also` are the hosts that are allowed beside the services' own.
///
/// Errors: refused if the address is none of its kind, or is registered already.
pub async fn add(tx: &mut Tx, act: &Act, new: NewChannel, also: &[String]) -> Result<Uuid> {
    let address = checked(new.kind, &new.address, also).map_err(Error::refused)?;
    let Sealed { address: kept, fingerprint } = sealed(act, new.kind, &address)?;
    let secret = new.secret.as_deref().map(|secret| act.seal(SECRET, secret)).transpose()?;
    let id = act.id();
    let row = ADD.bind(act.tenant).bind(id).bind(new.kind).bind(new.name).bind(new.place.estate());
    let row = row.bind(new.place.organisation()).bind(kept).bind(fingerprint).bind(secret);
    if tx.execute(row.bind(hint(new.kind, &address)).bind(act.account).bind(act.at).bind(new.reminders)).await? == 0 {
        return Err(known());
    }
    if new.kind == Kind::Hook {
        hook::wish(tx, act.tenant).await?;
    }
    audit::record(tx, act, "create", ("channel", id), "", &[]).await?;
    Ok(id)
}

/// What somebody changes; what is `None` stays.
pub(super) struct Particulars {
    pub name: String,
    pub place: Place,
    pub address: Option<String>,
    pub secret: Option<String>,
    pub reminders: bool,
}

/// Errors: stale if somebody else has changed it since.
pub(super) async fn change(
    tx: &mut Tx,
    act: &Act,
    before: &Channel,
    seen: i64,
    new: Particulars,
    also: &[String],
) -> Result<()> {
    let (mut kept, mut fingerprint, mut shown) = (None, None, None);
    if let Some(address) = &new.address {
        let address = checked(before.kind, address, also).map_err(Error::refused)?;
        let sealed = sealed(act, before.kind, &address)?;
        if let Some(mark) = &sealed.fingerprint {
            let taken: Option<Found> = tx.optional(TAKEN.bind(act.tenant).bind(mark.as_slice())).await?;
            if taken.is_some_and(|taken| taken.id != before.id) {
                return Err(known());
            }
        }
        (kept, fingerprint, shown) = (Some(sealed.address), sealed.fingerprint, Some(hint(before.kind, &address)));
    }
    let secret = new.secret.as_deref().map(|secret| act.seal(SECRET, secret)).transpose()?;
    // Of a secret the log knows that it was changed, and nothing else.
    let words = [(kept.is_some(), "换了地址"), (secret.is_some(), "换了签名密钥")];
    let words: Vec<&str> = words.into_iter().filter_map(|(changed, words)| changed.then_some(words)).collect();
    let row = CHANGE.bind(act.tenant).bind(before.id).bind(seen).bind(&new.name).bind(new.place.estate());
    let row =
        row.bind(new.place.organisation()).bind(kept).bind(fingerprint).bind(secret).bind(shown).bind(new.reminders);
    if tx.execute(row).await? == 0 {
        return Err(stale());
    }
    if !words.is_empty() {
        delivery::hurry(tx, act, before.id).await?;
    }
    let mut changes = Vec::new();
    if before.name != new.name {
        changes.push(Change { field: "name", old: Some(before.name.clone()), new: Some(new.name) });
    }
    let also = [
        (before.place() != new.place, "换了范围"),
        (!before.reminders && new.reminders, "也发办理时限"),
        (before.reminders && !new.reminders, "不再发办理时限"),
    ];
    let also = also.into_iter().filter_map(|(changed, words)| changed.then_some(words));
    let words = words.into_iter().chain(also).collect::<Vec<_>>().join("，");
    audit::record(tx, act, "update", ("channel", before.id), &words, &changes).await
}

/// Switches a channel on or off. What waits when it is switched off is given up: by the time it is on again, nobody needs it.
///
/// Errors: stale if somebody else has changed it since.
pub async fn switch(tx: &mut Tx, act: &Act, channel: Uuid, seen: i64, on: bool) -> Result<()> {
    if tx.execute(SWITCH.bind(act.tenant).bind(channel).bind(seen).bind(on)).await? == 0 {
        return Err(stale());
    }
    if !on {
        tx.execute(GIVE_UP_WAITING.bind(act.tenant).bind(channel).bind(act.at)).await?;
    }
    audit::record(tx, act, if on { "enable" } else { "disable" }, ("channel", channel), "", &[]).await
}

fn stale() -> Error {
    Error::Stale("这个通知渠道刚刚有别人改过，请看一下再改。".to_owned())
}
