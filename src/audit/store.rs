use db::{Json, Tx, record, statements};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::model::{Broken, Change, Content, Past, PastChange, Verdict, digest, hex};
use crate::access::{Act, Role};
use crate::error::Result;

statements! {
    /// Takes the next position and locks the chain's end until the transaction is over.
    ADVANCE = "UPDATE audit_heads SET position = position + 1 WHERE tenant_id = $1 RETURNING position, hash";
    BEGIN_CHAIN = "INSERT INTO audit_heads (tenant_id, position, hash) VALUES ($1, 0, $2)";
    SET_HEAD = "UPDATE audit_heads SET hash = $2 WHERE tenant_id = $1";
    HEAD = "SELECT position, hash FROM audit_heads WHERE tenant_id = $1";
    APPEND = "INSERT INTO audit_entries
        (tenant_id, position, at, account_id, role, action, subject_kind, subject_id, reason, fields, hash)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    REMEMBER = "INSERT INTO field_histories (tenant_id, id, position, subject_id, field, sealed)
        VALUES ($1, $2, $3, $4, $5, $6)";
    /// The values of one field, or of every field.
    ERASE = "DELETE FROM field_histories WHERE tenant_id = $1 AND subject_id = $2 AND (CAST($3 AS TEXT) IS NULL OR field = $3)";
    AFTER = "SELECT position, at, account_id, role, action, subject_kind, subject_id, reason, fields, hash
        FROM audit_entries WHERE tenant_id = $1 AND position > $2 ORDER BY position LIMIT 1000";
    /// What was changed about a subject, the latest first, a row for each field.
    OF_SUBJECT = "SELECT e.position, e.at, e.role, e.action, e.reason, a.name AS account_name, h.field, h.sealed
        FROM audit_entries e LEFT JOIN field_histories h ON h.tenant_id = e.tenant_id AND h.subject_id = e.subject_id AND h.position = e.position
        LEFT JOIN accounts a ON a.tenant_id = e.tenant_id AND a.id = e.account_id
        WHERE e.tenant_id = $1 AND e.subject_id = $2 AND e.action <> 'reveal' ORDER BY e.position DESC, h.field LIMIT 500";
    LIST = "SELECT e.position, e.at, e.role, e.action, e.subject_kind, e.subject_id, e.reason, e.fields, a.name AS account_name
        FROM audit_entries e LEFT JOIN accounts a ON a.tenant_id = e.tenant_id AND a.id = e.account_id
        WHERE e.tenant_id = $1 AND e.position < $2 ORDER BY e.position DESC LIMIT $3";
}

record! {
    struct Head { position: i64, hash: Vec<u8> }
    struct Entry {
        position: i64, at: Timestamp, account_id: Option<Uuid>, role: String, action: String, subject_kind: String,
        subject_id: Uuid, reason: String, fields: String, hash: Vec<u8>,
    }
    struct Changed {
        position: i64, at: Timestamp, role: String, reason: String, account_name: Option<String>, field: Option<String>,
        sealed: Option<Vec<u8>>,
    }
    /// An entry as the audit page shows it.
    pub struct Listed {
        pub position: i64, pub at: Timestamp, pub role: String, pub action: String, pub subject_kind: String,
        pub subject_id: Uuid, pub reason: String, pub fields: Json<Vec<Field>>, pub account_name: Option<String>,
    }
}

/// A field's name and the digest of its new value behind a salt that only the sealed history knows.
#[derive(Debug, Serialize, Deserialize)]
pub struct Field {
    pub name: String,
    pub digest: String,
}

/// What the sealed history holds of a field.
#[derive(Deserialize)]
struct Remembered {
    old: Option<String>,
    new: Option<String>,
}

/// What was changed about a subject, with the values, the latest first; at most 500 fields. Readings are not among it.
pub async fn history(tx: &mut Tx, act: &Act, subject: Uuid) -> Result<Vec<Past>> {
    let rows: Vec<Changed> = tx.all(OF_SUBJECT.bind(act.tenant).bind(subject)).await?;
    let mut past: Vec<Past> = Vec::new();
    for row in rows {
        if past.last().is_none_or(|last| last.position != row.position) {
            let role = Role::parse(&row.role).map_or(row.role, |role| role.to_string());
            let (at, reason) = (row.at, row.reason);
            past.push(Past {
                position: row.position,
                at,
                role,
                account_name: row.account_name,
                reason,
                changes: Vec::new(),
            });
        }
        if let (Some(last), Some(field), Some(sealed)) = (past.last_mut(), row.field, row.sealed) {
            let Remembered { old, new } =
                serde_json::from_str(&act.open("history", &sealed)?).map_err(anyhow::Error::from)?;
            last.changes.push(PastChange { field, old, new });
        }
    }
    Ok(past)
}

/// Erases what the history holds of a subject: of some fields, or of all. The entries stay, with the digests, and the chain
/// still holds.
pub async fn erase(tx: &mut Tx, act: &Act, subject: Uuid, fields: Option<&[&str]>) -> Result<()> {
    match fields {
        None => _ = tx.execute(ERASE.bind(act.tenant).bind(subject).bind(None::<String>)).await?,
        Some(fields) => {
            for field in fields {
                tx.execute(ERASE.bind(act.tenant).bind(subject).bind(Some(*field))).await?;
            }
        }
    }
    Ok(())
}

/// Begins the chain of a new tenant.
pub(crate) async fn begin(tx: &mut Tx, tenant: Uuid) -> Result<()> {
    tx.execute(BEGIN_CHAIN.bind(tenant).bind(vec![0u8; 32])).await?;
    Ok(())
}

pub(super) async fn append(
    tx: &mut Tx,
    act: &Act,
    action: &str,
    (subject_kind, subject_id): (&str, Uuid),
    reason: &str,
    changes: &[Change],
) -> Result<()> {
    let head: Head = tx.one(ADVANCE.bind(act.tenant)).await?;
    let mut fields = Vec::with_capacity(changes.len());
    for change in changes {
        let salt: [u8; 16] = act.means.chance.bytes();
        let history = serde_json::json!({ "old": change.old, "new": change.new, "salt": hex(&salt) });
        let sealed = act.seal("history", &history.to_string())?;
        tx.execute(
            REMEMBER
                .bind(act.tenant)
                .bind(act.id())
                .bind(head.position)
                .bind(subject_id)
                .bind(change.field)
                .bind(sealed),
        )
        .await?;
        let new = change.new.as_deref().unwrap_or_default();
        fields.push(Field { name: change.field.to_owned(), digest: digest(&salt, new) });
    }
    let fields = serde_json::to_string(&fields).map_err(anyhow::Error::from)?;
    let content = Content {
        position: head.position,
        at: act.at,
        account_id: act.account,
        role: act.role.code(),
        action,
        subject_kind,
        subject_id,
        reason,
        fields: &fields,
    };
    let hash = content.hash(&head.hash);
    let entry = APPEND.bind(act.tenant).bind(head.position).bind(act.at).bind(act.account).bind(act.role).bind(action);
    let entry = entry.bind(subject_kind).bind(subject_id).bind(reason).bind(fields.as_str()).bind(hash.as_slice());
    tx.execute(entry).await?;
    tx.execute(SET_HEAD.bind(act.tenant).bind(hash)).await?;
    Ok(())
}

/// Walks a tenant's whole chain in steps of a thousand entries and compares it with its recorded end.
pub async fn verify(tx: &mut Tx, tenant: Uuid) -> Result<Verdict> {
    let head: Head = tx.one(HEAD.bind(tenant)).await?;
    let (mut position, mut hash) = (0, vec![0u8; 32]);
    let broken = |position, why| Some(Broken { position, why });
    loop {
        let entries: Vec<Entry> = tx.all(AFTER.bind(tenant).bind(position)).await?;
        for entry in &entries {
            let verdict = |why| Verdict { entries: position, head: hex(&hash), broken: broken(position + 1, why) };
            if entry.position != position + 1 {
                return Ok(verdict("这一条不见了"));
            }
            let content = Content {
                position: entry.position,
                at: entry.at,
                account_id: entry.account_id,
                role: &entry.role,
                action: &entry.action,
                subject_kind: &entry.subject_kind,
                subject_id: entry.subject_id,
                reason: &entry.reason,
                fields: &entry.fields,
            };
            if content.hash(&hash) != entry.hash {
                return Ok(verdict("内容与校验值不符，被改动过"));
            }
            hash.clone_from(&entry.hash);
            position = entry.position;
        }
        if entries.is_empty() {
            let whole = head.position == position && head.hash == hash;
            let broken = if whole { None } else { broken(position + 1, "末尾的记录不见了") };
            return Ok(Verdict { entries: position, head: hex(&hash), broken });
        }
    }
}

/// The entries before a position, newest first.
pub async fn list(tx: &mut Tx, tenant: Uuid, before: i64, limit: i64) -> Result<Vec<Listed>> {
    Ok(tx.all(LIST.bind(tenant).bind(before).bind(limit)).await?)
}
