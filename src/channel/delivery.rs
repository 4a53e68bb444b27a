//! What is told is written down, and somebody who sees that it did not arrive sends it again or gives it up.

use db::Tx;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::hook;
use super::model::{Kind, Occasion, Place, Sending};
use super::store::{
    self, ADD_DELIVERY, AT_ONCE, Channel, Delivery, FITTING, Fitting, GIVE_UP, OF_SUBJECT, RESEND, SWEEP, WAKE,
};
use crate::access::{self, Act};
use crate::error::{Error, Result};
use crate::issue::personal_data_in;
use crate::{audit, counter, settings};

/// Something that people should know.
#[derive(Debug, Clone)]
pub struct Notice<'a> {
    /// Who is told: an estate's channels and those of the whole community, or of members those of their organisation alone.
    pub place: Place,
    /// The kind and the id of what it is about.
    pub subject: (&'static str, Uuid),
    pub occasion: Occasion,
    /// Tells what is told again, because it has changed, from what is told twice by mistake.
    pub edition: i64,
    pub text: &'a str,
    /// The page that has all of it.
    pub path: &'a str,
    /// When what it is about takes place. Nobody is told afterwards, and on the day itself the night is no reason to wait.
    pub happens_at: Option<Timestamp>,
}

/// Writes a delivery for every channel that is switched on and whose place fits, in the transaction of what it follows from. The
/// same edition of an occasion of a subject is told once. Comes before anything of the transaction is noted in the audit log. Gives the number of
/// channels.
///
/// Errors: refused if the text has a phone or an identity number in it.
pub async fn tell(tx: &mut Tx, act: &Act, notice: &Notice<'_>) -> Result<usize> {
    if let Some(sentence) = personal_data_in(notice.text) {
        return Err(Error::refused(sentence));
    }
    if notice.happens_at.is_some_and(|at| at <= act.at) {
        return Ok(0);
    }
    let channels = fitting(tx, act.tenant, notice.place, notice.occasion).await?;
    // Everybody takes the rows of channels in the order of their ids, then the counter, then the end of the audit log: whoever
    // took them the other way round could wait for somebody who waits for him.
    for channel in &channels {
        tx.execute(WAKE.bind(act.tenant).bind(channel.id).bind(act.at)).await?;
    }
    for channel in &channels {
        write(tx, act, channel.id, notice).await?;
    }
    Ok(channels.len())
}

/// The channels that would be told now: of deadlines only those of people who work.
pub async fn fitting(tx: &mut Tx, tenant: Uuid, place: Place, occasion: Occasion) -> Result<Vec<Fitting>> {
    let query = FITTING.bind(tenant).bind(place.estate()).bind(place.organisation());
    Ok(tx.all(query.bind(occasion == Occasion::Reminder)).await?)
}

pub(super) async fn write(tx: &mut Tx, act: &Act, channel: Uuid, notice: &Notice<'_>) -> Result<()> {
    let rules: Sending = settings::read(tx, act.tenant, act.at).await?;
    let urgent = match notice.happens_at {
        Some(at) => rules.is_urgent(at, act.at),
        // Programs do not sleep.
        None => matches!(notice.occasion, Occasion::Trial | Occasion::Event),
    };
    let position = counter::next(tx, act.tenant, "delivery").await?;
    let (kind, subject) = notice.subject;
    let row = ADD_DELIVERY.bind(act.tenant).bind(act.id()).bind(channel).bind(kind).bind(subject).bind(notice.occasion);
    let row = row
        .bind(notice.edition)
        .bind(position)
        .bind(notice.text)
        .bind(notice.path)
        .bind(urgent)
        .bind(notice.happens_at)
        .bind(act.at);
    tx.execute(row).await?;
    Ok(())
}

/// Sends a line to a channel, so that somebody can see in the group that it arrives. What waits before it is tried at once.
///
/// Errors: refused if it is switched off.
pub async fn try_out(tx: &mut Tx, act: &Act, channel: &Channel) -> Result<()> {
    if !channel.enabled {
        return Err(Error::refused("这个渠道停用了，先恢复再试"));
    }
    let text = match channel.kind {
        Kind::Hook => hook::ping(act.at),
        _ => {
            let whole = access::tenant(tx, act.tenant).await?.kind.whole();
            format!("这是家门口发来的试发消息。{}的通知以后会发到这里。", channel.place_name(whole))
        }
    };
    let notice = Notice {
        place: channel.place(),
        subject: ("trial", act.id()),
        occasion: Occasion::Trial,
        edition: 1,
        text: &text,
        path: "",
        happens_at: None,
    };
    hurry(tx, act, channel.id).await?;
    write(tx, act, channel.id, &notice).await?;
    audit::record(tx, act, "try_out", ("channel", channel.id), "", &[]).await
}

/// Puts a delivery that could not be sent at the end of its channel's queue, with all its attempts before it.
///
/// Errors: stale if somebody else was first; refused if the channel is switched off.
pub(super) async fn resend(tx: &mut Tx, act: &Act, channel: &Channel, id: Uuid) -> Result<()> {
    if !channel.enabled {
        return Err(Error::refused("这个渠道停用了，先恢复再重发"));
    }
    tx.execute(WAKE.bind(act.tenant).bind(channel.id).bind(act.at)).await?;
    let delivery = store::delivery(tx, act.tenant, channel.id, id).await?;
    let position = counter::next(tx, act.tenant, "delivery").await?;
    if tx.execute(RESEND.bind(act.tenant).bind(delivery.id).bind(position).bind(act.at)).await? == 0 {
        return Err(stale());
    }
    audit::record(tx, act, "resend", ("delivery", id), "", &[]).await
}

/// Errors: stale if it has been sent, or is just being sent.
pub(super) async fn give_up(tx: &mut Tx, act: &Act, channel: &Channel, id: Uuid) -> Result<()> {
    tx.execute(WAKE.bind(act.tenant).bind(channel.id).bind(act.at)).await?;
    let delivery = store::delivery(tx, act.tenant, channel.id, id).await?;
    if tx.execute(GIVE_UP.bind(act.tenant).bind(delivery.id).bind(act.at)).await? == 0 {
        return Err(stale());
    }
    audit::record(tx, act, "give_up", ("delivery", id), "", &[]).await
}

fn stale() -> Error {
    Error::Stale("这条通知刚刚有了变化，可能已经发出，请刷新看一下。".to_owned())
}

/// Where something was told, in the order in which it was; at most 200.
pub async fn of_subject(tx: &mut Tx, tenant: Uuid, subject: Uuid) -> Result<Vec<Delivery>> {
    Ok(tx.all(OF_SUBJECT.bind(tenant).bind(subject)).await?)
}

/// Whether people are left alone now.
pub async fn asleep(tx: &mut Tx, tenant: Uuid, now: Timestamp) -> Result<bool> {
    let rules: Sending = settings::read(tx, tenant, now).await?;
    Ok(rules.quiet_until(now).is_some())
}

/// Has what waits for its next attempt tried at once, since somebody has just mended something.
pub(super) async fn hurry(tx: &mut Tx, act: &Act, channel: Uuid) -> Result<()> {
    tx.execute(WAKE.bind(act.tenant).bind(channel).bind(act.at)).await?;
    tx.execute(AT_ONCE.bind(act.tenant).bind(channel).bind(act.at)).await?;
    Ok(())
}

/// Removes what was delivered or given up longer ago than the setting says. What could not be sent stays for somebody to see.
pub async fn forget_old(tx: &mut Tx, act: &Act) -> Result<()> {
    let rules: Sending = settings::read(tx, act.tenant, act.at).await?;
    tx.execute(SWEEP.bind(act.tenant).bind(act.at - SignedDuration::from_hours(24 * rules.keep_days))).await?;
    Ok(())
}
