use db::{Db, Query, Tx, record, statements};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use uuid::Uuid;

use crate::access::Act;
use crate::error::Result;
use crate::means::Means;

/// How long a worker has for what it leased.
const LEASE: SignedDuration = SignedDuration::from_mins(5);
/// How often a message is tried. The waits between double from half a minute to two hours, four hours in all.
pub(super) const ATTEMPTS: i64 = 10;
/// Somebody who does not answer is asked again every hour, however often that was.
const UNANSWERED: i64 = 8;

statements! {
    POST = "INSERT INTO outbox_messages (tenant_id, id, topic, payload, addressee, available_at, attempts)
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    WISH = "INSERT INTO outbox_wishes (tenant_id, topic) VALUES ($1, $2) ON CONFLICT (tenant_id, topic) DO NOTHING";
    WISHED = "SELECT topic FROM outbox_wishes WHERE tenant_id = $1 AND topic = $2";
    /// Of every tenant: the worker serves them all.
    WAITING = "SELECT tenant_id, id FROM outbox_messages WHERE done_at IS NULL AND available_at <= $1
        ORDER BY available_at, tenant_id, id LIMIT $2";
    /// Asks again whether it is available: on PostgreSQL another worker may have been first, and this one waited for its row.
    LEASE_ONE = "UPDATE outbox_messages SET available_at = $4, attempts = attempts + 1
        WHERE tenant_id = $1 AND id = $2 AND done_at IS NULL AND available_at <= $3
        RETURNING tenant_id, id, topic, payload, addressee, attempts";
    DONE = "UPDATE outbox_messages SET done_at = $3, failure = NULL WHERE tenant_id = $1 AND id = $2 AND done_at IS NULL";
    /// Only for the attempt that failed; a later one may be under way.
    RETRY = "UPDATE outbox_messages SET available_at = $4, failure = $5, attempts = $6
        WHERE tenant_id = $1 AND id = $2 AND attempts = $3 AND done_at IS NULL";
    /// A parked message stays, for somebody to find out why.
    SWEEP = "DELETE FROM outbox_messages WHERE tenant_id = $1 AND done_at < $2 AND failure IS NULL";
    BACKLOG = "SELECT (SELECT COUNT(*) FROM outbox_messages WHERE done_at IS NULL) AS waiting,
        (SELECT COUNT(*) FROM outbox_messages WHERE failure IS NOT NULL AND done_at IS NOT NULL) AS parked";
    /// The latest first.
    PARKED = "SELECT id, topic, done_at, failure FROM outbox_messages WHERE tenant_id = $1 AND failure IS NOT NULL AND done_at IS NOT NULL
        ORDER BY done_at DESC, id DESC LIMIT 200";
    UNPARK = "UPDATE outbox_messages SET done_at = NULL, failure = NULL, attempts = 0, available_at = $3
        WHERE tenant_id = $1 AND id = $2 AND done_at IS NOT NULL AND failure IS NOT NULL";
    PARK = "UPDATE outbox_messages SET done_at = $4, failure = $5
        WHERE tenant_id = $1 AND id = $2 AND attempts = $3 AND done_at IS NULL";
}

record! {
    struct Backlog { waiting: i64, parked: i64 }
    struct Wished { topic: String }
    struct Waiting { tenant_id: Uuid, id: Uuid }
    /// A message that was given up.
    pub(super) struct Parked { pub id: Uuid, pub topic: String, pub done_at: Timestamp, pub failure: String }
    /// A message in a worker's hands.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Message {
        pub tenant_id: Uuid, pub id: Uuid, pub topic: String, pub payload: String,
        /// Who elsewhere it is for.
        pub addressee: Option<Uuid>,
        pub attempts: i64,
    }
}

/// Writes a message down, in the transaction of what it follows from.
pub async fn post(tx: &mut Tx, act: &Act, topic: &str, payload: &impl Serialize) -> Result<()> {
    tx.execute(row(act, topic, None, payload)?).await?;
    Ok(())
}

/// Writes many messages of a topic down.
pub async fn post_all(tx: &mut Tx, act: &Act, topic: &str, payloads: &[impl Serialize]) -> Result<()> {
    let rows = payloads.iter().map(|payload| row(act, topic, None, payload)).collect::<Result<_>>()?;
    Ok(tx.execute_many(POST, rows).await?)
}

/// Writes a message down that goes to somebody elsewhere, who may not be there to take it.
pub async fn post_to(tx: &mut Tx, act: &Act, topic: &str, addressee: Uuid, payload: &impl Serialize) -> Result<()> {
    tx.execute(row(act, topic, Some(addressee), payload)?).await?;
    Ok(())
}

fn row(act: &Act, topic: &str, addressee: Option<Uuid>, payload: &impl Serialize) -> Result<Query> {
    let payload = serde_json::to_string(payload).map_err(anyhow::Error::from)?;
    let row = POST.bind(act.tenant).bind(act.id()).bind(topic).bind(payload).bind(addressee);
    Ok(row.bind(act.at).bind(0))
}

/// Has messages of a topic written down that nobody waits for otherwise.
pub async fn wish(tx: &mut Tx, tenant: Uuid, topic: &str) -> Result<()> {
    tx.execute(WISH.bind(tenant).bind(topic)).await?;
    Ok(())
}

/// Writes a message down if somebody in the tenant waits for its topic.
pub async fn post_if_wished(tx: &mut Tx, act: &Act, topic: &str, payload: &impl Serialize) -> Result<()> {
    let wished: Option<Wished> = tx.optional(WISHED.bind(act.tenant).bind(topic)).await?;
    match wished {
        Some(Wished { topic }) => post(tx, act, &topic, payload).await,
        None => Ok(()),
    }
}

/// Takes up to `limit` waiting messages for five minutes. Nobody else gets them while that time lasts.
pub async fn lease(db: &Db, means: &Means, limit: i64) -> Result<Vec<Message>> {
    let now = means.now();
    let mut tx = db.read().await?;
    let waiting: Vec<Waiting> = tx.all(WAITING.bind(now).bind(limit)).await?;
    drop(tx);
    if waiting.is_empty() {
        return Ok(Vec::new());
    }
    let mut tx = db.begin().await?;
    let mut leased = Vec::with_capacity(waiting.len());
    for Waiting { tenant_id, id } in waiting {
        let message: Option<Message> =
            tx.optional(LEASE_ONE.bind(tenant_id).bind(id).bind(now).bind(now + LEASE)).await?;
        match message {
            // Its worker died every time, so that nobody could say it failed.
            Some(message) if message.attempts > ATTEMPTS => {
                park(&mut tx, means, &message, "试了几次都没有回音，可能是程序中途停了").await?
            }
            message => leased.extend(message),
        }
    }
    tx.commit().await?;
    Ok(leased)
}

/// Notes that a message has been dealt with.
pub async fn done(db: &Db, means: &Means, message: &Message) -> Result<()> {
    let mut tx = db.begin().await?;
    tx.execute(DONE.bind(message.tenant_id).bind(message.id).bind(means.now())).await?;
    Ok(tx.commit().await?)
}

/// Notes that an attempt failed: the message waits for the next one, or is parked after the last.
pub async fn failed(db: &Db, means: &Means, message: &Message, why: &str) -> Result<()> {
    let mut tx = db.begin().await?;
    if message.attempts >= ATTEMPTS {
        park(&mut tx, means, message, why).await?;
    } else {
        retry(&mut tx, means, message, message.attempts, why).await?;
    }
    Ok(tx.commit().await?)
}

/// Notes that somebody elsewhere did not answer: the message is tried for as long as it takes.
pub async fn unanswered(db: &Db, means: &Means, message: &Message, why: &str) -> Result<()> {
    let mut tx = db.begin().await?;
    retry(&mut tx, means, message, message.attempts.min(UNANSWERED), why).await?;
    Ok(tx.commit().await?)
}

async fn retry(tx: &mut Tx, means: &Means, message: &Message, attempts: i64, why: &str) -> Result<()> {
    let at = means.now() + SignedDuration::from_secs(15 << attempts);
    let row = RETRY.bind(message.tenant_id).bind(message.id).bind(message.attempts).bind(at);
    tx.execute(row.bind(why).bind(attempts)).await?;
    Ok(())
}

async fn park(tx: &mut Tx, means: &Means, message: &Message, why: &str) -> Result<()> {
    let park = PARK.bind(message.tenant_id).bind(message.id).bind(message.attempts).bind(means.now()).bind(why);
    tx.execute(park).await?;
    Ok(())
}

/// What was given up in a tenant, the latest first; at most 200.
pub(super) async fn parked(tx: &mut Tx, tenant: Uuid) -> Result<Vec<Parked>> {
    Ok(tx.all(PARKED.bind(tenant)).await?)
}

/// Lets a message that was given up be tried again, with all its attempts before it; tells whether there was one.
pub(super) async fn unpark(tx: &mut Tx, tenant: Uuid, id: Uuid, now: Timestamp) -> Result<bool> {
    Ok(tx.execute(UNPARK.bind(tenant).bind(id).bind(now)).await? > 0)
}

/// Removes the messages of a tenant that were delivered before a moment.
pub async fn sweep(tx: &mut Tx, tenant: Uuid, before: Timestamp) -> Result<u64> {
    Ok(tx.execute(SWEEP.bind(tenant).bind(before)).await?)
}

/// How many messages of all tenants wait to be delivered, and how many have been given up.
pub async fn backlog(tx: &mut Tx) -> Result<(i64, i64)> {
    let Backlog { waiting, parked } = tx.one(BACKLOG).await?;
    Ok((waiting, parked))
}
