use db::{Cursor, Json, Page, Tx, record, statements};
use jiff::Timestamp;
use uuid::Uuid;

use super::model::{Kind, Occasion, Place, State};
use crate::access::Scope;
use crate::error::Result;
use crate::in_reach;
use crate::web::show;

/// Channels within a scope: those of an estate, those of a party organisation by its own reach or that of its estate. Those of
/// the whole community are for whoever reaches all of it.
macro_rules! channels {
    ($where:expr) => {
        concat!(
            "SELECT c.id, c.kind, c.name, c.estate_id, c.party_organisation_id, c.enabled, c.reminders, c.hint, c.lock_version,
                c.secret_sealed IS NOT NULL AS signs, e.name AS estate_name, po.name AS organisation_name
            FROM channels c LEFT JOIN estates e ON e.tenant_id = c.tenant_id AND e.id = c.estate_id
            LEFT JOIN party_organisations po ON po.tenant_id = c.tenant_id AND po.id = c.party_organisation_id
            WHERE c.tenant_id = $1 AND ",
            in_reach!("$2", "$3", "$1", "COALESCE(c.estate_id, po.estate_id)", "NULL", "po.organisation_id"),
            " AND ",
            $where
        )
    };
}

macro_rules! deliveries {
    ($where:expr) => {
        concat!(
            "SELECT d.id, c.name AS channel_name, c.kind, d.occasion, d.position, d.text, d.urgent, d.state, d.attempts, d.maybe_sent,
                d.available_at, d.created_at, d.ended_at, d.failure
            FROM deliveries d JOIN channels c ON c.tenant_id = d.tenant_id AND c.id = d.channel_id WHERE d.tenant_id = $1 AND ",
            $where
        )
    };
}

statements! {
    ADD = "INSERT INTO channels (tenant_id, id, kind, name, estate_id, party_organisation_id, enabled, address_sealed, address_fingerprint,
            secret_sealed, hint, taken, created_by, created_at, lock_version, reminders)
        VALUES ($1, $2, $3, $4, $5, $6, TRUE, $7, $8, $9, $10, '[]', $11, $12, 1, $13) ON CONFLICT (tenant_id, address_fingerprint) DO NOTHING";
    /// What is not given anew stays.
    CHANGE = "UPDATE channels SET name = $4, estate_id = $5, party_organisation_id = $6, address_sealed = COALESCE($7, address_sealed),
            address_fingerprint = COALESCE($8, address_fingerprint), secret_sealed = COALESCE($9, secret_sealed), hint = COALESCE($10, hint),
            reminders = $11, lock_version = lock_version + 1 WHERE tenant_id = $1 AND id = $2 AND lock_version = $3";
    TAKEN = "SELECT id FROM channels WHERE tenant_id = $1 AND address_fingerprint = $2";
    SWITCH = "UPDATE channels SET enabled = $4, lock_version = lock_version + 1 WHERE tenant_id = $1 AND id = $2 AND lock_version = $3";
    LIST = channels!("1 = 1 ORDER BY c.created_at, c.id LIMIT 200");
    GET = channels!("c.id = $4");
    FITTING = "SELECT id, name FROM channels WHERE tenant_id = $1 AND enabled AND kind <> 'hook' AND (reminders OR NOT $4)
        AND ((CAST($3 AS UUID) IS NULL AND party_organisation_id IS NULL AND (estate_id IS NULL OR estate_id = $2)) OR party_organisation_id = $3)
        ORDER BY id LIMIT 200";

    HOOKS = "SELECT id, created_at FROM channels WHERE tenant_id = $1 AND enabled AND kind = 'hook' ORDER BY id LIMIT 50";
    /// How many could not be sent since one was.
    DEAD_IN_A_ROW = "SELECT c.id, c.name, COUNT(*) AS dead, CAST(MIN(d.ended_at) AS BIGINT) AS since FROM channels c
        JOIN deliveries d ON d.tenant_id = c.tenant_id AND d.channel_id = c.id AND d.state = 'dead'
        WHERE c.tenant_id = $1 AND c.id = $2 AND d.ended_at > COALESCE((SELECT MAX(s.ended_at) FROM deliveries s
            WHERE s.tenant_id = $1 AND s.channel_id = $2 AND s.state = 'sent'), 0) GROUP BY c.id, c.name";
    SWITCH_OFF = "UPDATE channels SET enabled = FALSE, lock_version = lock_version + 1 WHERE tenant_id = $1 AND id = $2 AND enabled";

    /// Whoever writes a delivery waits here for the sender, so that the one never misses the other.
    WAKE = "UPDATE channels SET wake_at = $3 WHERE tenant_id = $1 AND id = $2";
    /// Of every tenant: the sender serves them all.
    WAKING = "SELECT tenant_id, id FROM channels WHERE wake_at <= $1 AND (leased_until IS NULL OR leased_until <= $1)
        ORDER BY wake_at, tenant_id, id LIMIT $2";
    /// Asks again, since another sender may have been first.
    LEASE = "UPDATE channels SET leased_until = $4 WHERE tenant_id = $1 AND id = $2 AND wake_at <= $3 AND (leased_until IS NULL OR leased_until <= $3)
        RETURNING kind, enabled, address_sealed, secret_sealed, taken";
    USE_TOKEN = "UPDATE channels SET taken = $3 WHERE tenant_id = $1 AND id = $2";
    /// Only for whoever still has it.
    RELEASE = "UPDATE channels SET wake_at = $4, leased_until = NULL WHERE tenant_id = $1 AND id = $2 AND leased_until = $3";

    ADD_DELIVERY = "INSERT INTO deliveries (tenant_id, id, channel_id, subject_kind, subject_id, occasion, edition, position, text, path, urgent,
            expires_at, state, attempts, maybe_sent, available_at, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 'waiting', 0, FALSE, $13, $13)
        ON CONFLICT (tenant_id, channel_id, subject_id, occasion, edition) DO NOTHING";
    HEAD = "SELECT id, text, path, expires_at, state, attempts, maybe_sent, available_at FROM deliveries
        WHERE tenant_id = $1 AND channel_id = $2 AND state IN ('waiting', 'sending') ORDER BY position LIMIT 1";
    /// What is ahead of something urgent goes out with it, since the order holds.
    URGENT = "SELECT id FROM deliveries WHERE tenant_id = $1 AND channel_id = $2 AND state IN ('waiting', 'sending') AND urgent LIMIT 1";
    BEGIN = "UPDATE deliveries SET state = 'sending', attempts = attempts + 1, maybe_sent = $3 WHERE tenant_id = $1 AND id = $2";
    SENT = "UPDATE deliveries SET state = 'sent', ended_at = $3, failure = $4 WHERE tenant_id = $1 AND id = $2 AND state = 'sending'";
    /// What was only too early may count as no attempt.
    LATER = "UPDATE deliveries SET state = 'waiting', attempts = attempts - $3, available_at = $4, failure = $5, maybe_sent = $6
        WHERE tenant_id = $1 AND id = $2 AND state = 'sending'";
    BURY = "UPDATE deliveries SET state = 'dead', ended_at = $3, failure = $4, maybe_sent = $5
        WHERE tenant_id = $1 AND id = $2 AND state IN ('waiting', 'sending')";

    OF_CHANNEL = deliveries!("d.channel_id = $2 AND (d.position, d.id) < ($3, $4) ORDER BY d.position DESC, d.id DESC LIMIT $5");
    DELIVERY = deliveries!("d.channel_id = $2 AND d.id = $3");
    OF_SUBJECT = deliveries!("d.subject_id = $2 ORDER BY d.position LIMIT 200");
    /// Waiting twice, for the index of what is open.
    AT_ONCE = "UPDATE deliveries SET available_at = $3
        WHERE tenant_id = $1 AND channel_id = $2 AND state IN ('waiting', 'sending') AND state = 'waiting' AND available_at > $3";
    /// At the end of the queue: what came after it has gone out.
    RESEND = "UPDATE deliveries SET state = 'waiting', position = $3, attempts = 0, available_at = $4, ended_at = NULL, failure = NULL, expires_at = NULL
        WHERE tenant_id = $1 AND id = $2 AND state = 'dead'";
    GIVE_UP = "UPDATE deliveries SET state = 'given_up', ended_at = $3 WHERE tenant_id = $1 AND id = $2 AND state IN ('waiting', 'dead')";
    /// Waiting twice, for the index of what is open.
    GIVE_UP_WAITING = "UPDATE deliveries SET state = 'given_up', ended_at = $3, failure = NULL
        WHERE tenant_id = $1 AND channel_id = $2 AND state IN ('waiting', 'sending') AND state = 'waiting'";
    DEAD = concat!("SELECT c.id, c.name, COUNT(*) AS dead, CAST(MIN(d.ended_at) AS BIGINT) AS since
        FROM channels c LEFT JOIN party_organisations po ON po.tenant_id = c.tenant_id AND po.id = c.party_organisation_id
        JOIN deliveries d ON d.tenant_id = c.tenant_id AND d.channel_id = c.id AND d.state = 'dead'
        WHERE c.tenant_id = $1 AND ", in_reach!("$2", "$3", "$1", "COALESCE(c.estate_id, po.estate_id)", "NULL", "po.organisation_id"), "
        GROUP BY c.id, c.name ORDER BY 4, c.id LIMIT 50");
    SWEEP = "DELETE FROM deliveries WHERE tenant_id = $1 AND ended_at < $2 AND state IN ('sent', 'given_up')";
}

record! {
    /// A channel as pages show it: never its address.
    #[derive(Debug, Clone)]
    pub struct Channel {
        pub id: Uuid, pub kind: Kind, pub name: String, pub estate_id: Option<Uuid>, pub party_organisation_id: Option<Uuid>,
        pub enabled: bool, pub reminders: bool, pub hint: String, pub lock_version: i64, pub signs: bool, pub estate_name: Option<String>,
        pub organisation_name: Option<String>,
    }
    #[derive(Debug, Clone)]
    pub struct Delivery {
        pub id: Uuid, pub channel_name: String, pub kind: Kind, pub occasion: Occasion, pub position: i64, pub text: String,
        pub urgent: bool, pub state: State, pub attempts: i64, pub maybe_sent: bool, pub available_at: Timestamp,
        pub created_at: Timestamp, pub ended_at: Option<Timestamp>, pub failure: Option<String>,
    }
    pub(super) struct Dead { pub id: Uuid, pub name: String, pub dead: i64, pub since: Timestamp }
    #[derive(Debug, Clone, Copy)]
    pub(super) struct Waking { pub tenant_id: Uuid, pub id: Uuid }
    /// A channel in a sender's hands.
    pub(super) struct Leased {
        pub kind: Kind, pub enabled: bool, pub address_sealed: Vec<u8>, pub secret_sealed: Option<Vec<u8>>, pub taken: Json<Vec<i64>>,
    }
    /// The first of its deliveries that is neither sent nor given up.
    pub(super) struct Head {
        pub id: Uuid, pub text: String, pub path: String, pub expires_at: Option<Timestamp>, pub state: State, pub attempts: i64,
        pub maybe_sent: bool, pub available_at: Timestamp,
    }
    /// A channel that fits a place.
    pub struct Fitting { pub id: Uuid, pub name: String }
    pub(super) struct Found { pub id: Uuid }
    pub(super) struct Hook { pub id: Uuid, pub created_at: Timestamp }
}

impl Channel {
    pub fn place(&self) -> Place {
        Place::of(self.estate_id, self.party_organisation_id)
    }

    /// Whose notices it gets; `whole` is what everything is called in its tenant.
    pub fn place_name<'a>(&'a self, whole: &'a str) -> &'a str {
        self.organisation_name.as_deref().or(self.estate_name.as_deref()).unwrap_or(whole)
    }
}

impl Delivery {
    /// How it stands: the class and the words of a tag. `asleep` while people are left alone.
    pub fn stands(&self, asleep: &bool) -> (&'static str, String) {
        match (self.state, self.ended_at) {
            (State::Waiting, _) if *asleep && !self.urgent => ("soon", "夜里不发，等到早上".to_owned()),
            (State::Waiting, _) if self.failure.is_some() => ("soon", "没发成，等着再发".to_owned()),
            (State::Sent, Some(at)) => ("done", format!("{}，{}", self.state, show::moment(&at))),
            (State::Dead, _) => ("late", self.state.to_string()),
            _ => ("", self.state.to_string()),
        }
    }

    /// What went wrong, and when it is tried again.
    pub fn trouble(&self) -> Option<String> {
        let why = self.failure.as_ref()?;
        if matches!(self.state, State::Dead | State::Sent) {
            return Some(format!("{why}。"));
        }
        let again = if self.attempts > 0 { format!("第 {} 次重试", self.attempts) } else { "再发".to_owned() };
        Some(format!("{why}。{} {again}。", show::moment(&self.available_at)))
    }
}

/// The channels within reach, the oldest first; at most 200.
pub(super) async fn channels(tx: &mut Tx, tenant: Uuid, scope: &Scope) -> Result<Vec<Channel>> {
    Ok(tx.all(LIST.bind(tenant).bind(scope.account).bind(&scope.roles)).await?)
}

pub(super) async fn channel(tx: &mut Tx, tenant: Uuid, scope: &Scope, id: Uuid) -> Result<Channel> {
    Ok(tx.one(GET.bind(tenant).bind(scope.account).bind(&scope.roles).bind(id)).await?)
}

pub(super) async fn reaches(tx: &mut Tx, tenant: Uuid, scope: &Scope, id: Uuid) -> Result<bool> {
    let found: Option<Channel> = tx.optional(GET.bind(tenant).bind(scope.account).bind(&scope.roles).bind(id)).await?;
    Ok(found.is_some())
}

/// The deliveries of a channel, the latest first.
pub(super) async fn deliveries(
    tx: &mut Tx,
    tenant: Uuid,
    channel: Uuid,
    before: Cursor,
    size: usize,
) -> Result<Page<Delivery>> {
    let rows = OF_CHANNEL.bind(tenant).bind(channel).bind(before.key).bind(before.id).bind(size as i64 + 1);
    Ok(Page::of(tx.all(rows).await?, size, |delivery: &Delivery| Cursor { key: delivery.position, id: delivery.id }))
}

pub(super) async fn delivery(tx: &mut Tx, tenant: Uuid, channel: Uuid, id: Uuid) -> Result<Delivery> {
    Ok(tx.one(DELIVERY.bind(tenant).bind(channel).bind(id)).await?)
}
