use db::{Cursor, Json, Page, Tx, record, statements};
use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use super::model::State;
use crate::error::Result;

statements! {
    /// Takes an id, unless it is taken.
    CLAIM = "INSERT INTO offline_records
            (tenant_id, id, account_id, kind, digest, content_sealed, state, sentence, answer, made_at, received_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'null', $9, $10) ON CONFLICT (tenant_id, id) DO NOTHING";
    ANSWER = "UPDATE offline_records SET answer = $3 WHERE tenant_id = $1 AND id = $2";
    RECORD = "SELECT id, account_id, kind, digest, content_sealed, state, sentence, answer, made_at, received_at
        FROM offline_records WHERE tenant_id = $1 AND id = $2";
    /// Without the content, which nobody asks for here.
    RECEIPT = "SELECT id, account_id, kind, digest, CAST(NULL AS BYTEA) AS content_sealed, state, sentence, answer, made_at, received_at
        FROM offline_records WHERE tenant_id = $1 AND id = $2 AND account_id = $3";
    HELD_OF = "SELECT COUNT(*) AS amount FROM (SELECT id FROM offline_records WHERE tenant_id = $1 AND account_id = $2 AND state = 'held' LIMIT $3) p";
    DISPUTES_OF = "SELECT id FROM offline_disputes WHERE tenant_id = $1 AND record_id = $2 LIMIT 1";
    SETTLE = "UPDATE offline_records SET state = $3, sentence = $4, answer = $5, settled_by = $6
        WHERE tenant_id = $1 AND id = $2 AND state = 'held'";
    HELD = "SELECT r.id, r.account_id, r.kind, r.digest, r.content_sealed, r.state, r.sentence, r.answer, r.made_at, r.received_at
        FROM offline_records r WHERE r.tenant_id = $1 AND r.state = 'held' AND (r.received_at, r.id) > ($2, $3)
        ORDER BY r.received_at, r.id LIMIT $4";
    DISPUTE = "INSERT INTO offline_disputes (tenant_id, id, record_id, account_id, digest, content_sealed, made_at, received_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (tenant_id, record_id, digest) DO NOTHING";
    DISPUTES = "SELECT id, record_id, account_id, content_sealed, made_at, received_at FROM offline_disputes
        WHERE tenant_id = $1 AND decision IS NULL ORDER BY received_at, id LIMIT 20";
    DISPUTED = "SELECT id, record_id, account_id, content_sealed, made_at, received_at FROM offline_disputes
        WHERE tenant_id = $1 AND id = $2 AND decision IS NULL";
    RULE = "UPDATE offline_disputes SET decision = $3, decided_by = $4 WHERE tenant_id = $1 AND id = $2 AND decision IS NULL";
    OLDEST_HELD = "SELECT MIN(received_at) AS since, COUNT(*) AS amount FROM
        (SELECT received_at FROM offline_records WHERE tenant_id = $1 AND state = 'held' ORDER BY received_at, id LIMIT 100) p";
    OLDEST_DISPUTE = "SELECT MIN(received_at) AS since, COUNT(*) AS amount FROM
        (SELECT received_at FROM offline_disputes WHERE tenant_id = $1 AND decision IS NULL ORDER BY received_at, id LIMIT 100) p";
    PHOTO = "SELECT id, digest, photo_id, attached FROM offline_photos WHERE tenant_id = $1 AND record_id = $2 AND id = $3";
    ADD_PHOTO = "INSERT INTO offline_photos (tenant_id, record_id, id, digest, photo_id, attached, received_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (tenant_id, record_id, id) DO NOTHING";
    LOOSE_PHOTOS = "SELECT id, digest, photo_id, attached FROM offline_photos
        WHERE tenant_id = $1 AND record_id = $2 AND NOT attached ORDER BY received_at, id LIMIT 100";
    ATTACHED = "UPDATE offline_photos SET attached = TRUE WHERE tenant_id = $1 AND record_id = $2 AND id = $3";
    /// What was entered is in the register; its bytes were only kept to be compared.
    FORGET = "UPDATE offline_records SET content_sealed = NULL
        WHERE tenant_id = $1 AND content_sealed IS NOT NULL AND received_at < $2 AND state <> 'held'";
    FORGET_ONE = "UPDATE offline_records SET content_sealed = NULL WHERE tenant_id = $1 AND id = $2 AND state <> 'held'";
    FORGET_DISPUTES = "DELETE FROM offline_disputes WHERE tenant_id = $1 AND received_at < $2 AND decision IS NOT NULL";
}

record! {
    #[derive(Debug, Clone)]
    pub(super) struct Record {
        pub id: Uuid, pub account_id: Uuid, pub kind: String, pub digest: Vec<u8>, pub content_sealed: Option<Vec<u8>>,
        pub state: State, pub sentence: String, pub answer: Json<Value>, pub made_at: Timestamp, pub received_at: Timestamp,
    }
    #[derive(Debug, Clone)]
    pub(super) struct Dispute {
        pub id: Uuid, pub record_id: Uuid, pub account_id: Uuid, pub content_sealed: Vec<u8>, pub made_at: Timestamp,
        pub received_at: Timestamp,
    }
    pub(super) struct Held { pub amount: i64 }
    #[allow(dead_code)] // that there is one is all that is asked
    pub(super) struct Known { pub id: Uuid }
    pub(super) struct Waiting { pub since: Option<Timestamp>, pub amount: i64 }
    #[derive(Debug, Clone)]
    pub(super) struct Photo { pub id: Uuid, pub digest: Vec<u8>, pub photo_id: Uuid, pub attached: bool }
}

pub(super) async fn record(tx: &mut Tx, tenant: Uuid, id: Uuid) -> Result<Option<Record>> {
    Ok(tx.optional(RECORD.bind(tenant).bind(id)).await?)
}

/// Records that wait for somebody, the longest waiting first.
pub(super) async fn held(tx: &mut Tx, tenant: Uuid, after: Cursor, size: usize) -> Result<Page<Record>> {
    let query = HELD.bind(tenant).bind(after.key).bind(after.id).bind(size as i64 + 1);
    let cursor = |record: &Record| Cursor { key: record.received_at.as_millisecond(), id: record.id };
    Ok(Page::of(tx.all(query).await?, size, cursor))
}

/// Second contents that nobody has looked at; at most 20.
pub(super) async fn disputes(tx: &mut Tx, tenant: Uuid) -> Result<Vec<Dispute>> {
    Ok(tx.all(DISPUTES.bind(tenant)).await?)
}

/// A second content that nobody has decided about; not found otherwise.
pub(super) async fn dispute(tx: &mut Tx, tenant: Uuid, id: Uuid) -> Result<Dispute> {
    Ok(tx.one(DISPUTED.bind(tenant).bind(id)).await?)
}
