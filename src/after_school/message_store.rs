use db::{Tx, record, statements};
use jiff::Timestamp;
use uuid::Uuid;

use crate::access::Scope;
use crate::error::Result;
use crate::in_reach;

/// Of a child, or of a message to an estate.
macro_rules! in_reach_of_child {
    () => {
        in_reach!("$2", "$3", "c.tenant_id", "c.estate_id", "NULL", "NULL")
    };
}

statements! {
    /// Without a child, to all of an estate.
    ADD = "INSERT INTO class_messages (tenant_id, id, child_id, estate_id, from_guardian, sealed, at, account_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    GIVE = "INSERT INTO class_message_copies (tenant_id, child_id, message_id, from_guardian, at) VALUES ($1, $2, $3, $4, $5)";
    GIVE_ALL = "INSERT INTO class_message_copies (tenant_id, child_id, message_id, from_guardian, at)
        SELECT c.tenant_id, c.id, m.id, m.from_guardian, m.at FROM class_messages m JOIN children c ON c.tenant_id = m.tenant_id AND c.estate_id = m.estate_id
        WHERE m.tenant_id = $1 AND m.id = $2 AND c.state = 'enrolled'";
    OF_CHILD = "SELECT m.child_id, m.from_guardian, m.sealed, m.at, p.read_at, a.name AS writer_name FROM class_message_copies p
        JOIN class_messages m ON m.tenant_id = p.tenant_id AND m.id = p.message_id
        LEFT JOIN accounts a ON a.tenant_id = m.tenant_id AND a.id = m.account_id
        WHERE p.tenant_id = $1 AND p.child_id = $2 ORDER BY p.at DESC, p.message_id DESC LIMIT 1000";
    UNREAD = "SELECT COUNT(*) AS amount FROM class_message_copies p WHERE p.tenant_id = $1 AND p.child_id = $2 AND p.from_guardian = $3 AND p.read_at IS NULL";
    SEEN = "UPDATE class_message_copies SET read_at = $4 WHERE tenant_id = $1 AND child_id = $2 AND from_guardian = $3 AND at <= $5 AND read_at IS NULL";
    /// What guardians wrote and nobody has seen, by child.
    WAITING = concat!("SELECT p.child_id, e.name AS estate_name, COUNT(*) AS amount, MIN(p.at) AS since FROM class_message_copies p
        JOIN children c ON c.tenant_id = p.tenant_id AND c.id = p.child_id JOIN estates e ON e.tenant_id = c.tenant_id AND e.id = c.estate_id
        WHERE p.tenant_id = $1 AND p.from_guardian AND p.read_at IS NULL AND ", in_reach_of_child!(),
        " GROUP BY p.child_id, e.name ORDER BY MIN(p.at), p.child_id LIMIT 50");
    /// The latest that went to all of an estate, and how many of them have seen it.
    TO_ALL = concat!("SELECT p.estate_name, p.sealed, p.at, p.writer_name, COUNT(k.child_id) AS people, COUNT(k.read_at) AS seen FROM (
            SELECT c.id, e.name AS estate_name, c.sealed, c.at, a.name AS writer_name
            FROM class_messages c JOIN estates e ON e.tenant_id = c.tenant_id AND e.id = c.estate_id
            LEFT JOIN accounts a ON a.tenant_id = c.tenant_id AND a.id = c.account_id
            WHERE c.tenant_id = $1 AND c.child_id IS NULL AND c.at > $4 AND ", in_reach_of_child!(), " ORDER BY c.at DESC, c.id DESC LIMIT 20) p
        LEFT JOIN class_message_copies k ON k.tenant_id = $1 AND k.message_id = p.id
        GROUP BY p.id, p.estate_name, p.sealed, p.at, p.writer_name ORDER BY p.at DESC, p.id DESC");
    ERASE_COPIES = "DELETE FROM class_message_copies WHERE tenant_id = $1 AND child_id = $2";
    ERASE = "DELETE FROM class_messages WHERE tenant_id = $1 AND child_id = $2";
    FORGET_COPIES = "DELETE FROM class_message_copies WHERE tenant_id = $1 AND at < $2";
    FORGET = "DELETE FROM class_messages WHERE tenant_id = $1 AND at < $2";
}

record! {
    pub(super) struct StoredMessage {
        pub child_id: Option<Uuid>, pub from_guardian: bool, pub sealed: Vec<u8>, pub at: Timestamp,
        pub read_at: Option<Timestamp>, pub writer_name: Option<String>,
    }
    pub(super) struct StoredToAll {
        pub estate_name: String, pub sealed: Vec<u8>, pub at: Timestamp, pub writer_name: Option<String>, pub people: i64,
        pub seen: i64,
    }
    pub(super) struct Waiting { pub child_id: Uuid, pub estate_name: String, pub amount: i64, pub since: Timestamp }
    struct Amount { amount: i64 }
}

/// How many wait for the guardian, or with `true` for staff.
pub async fn unread(tx: &mut Tx, tenant: Uuid, child: Uuid, from_guardian: bool) -> Result<i64> {
    Ok(tx.one::<Amount>(UNREAD.bind(tenant).bind(child).bind(from_guardian)).await?.amount)
}

pub(super) async fn waiting(tx: &mut Tx, tenant: Uuid, scope: &Scope) -> Result<Vec<Waiting>> {
    Ok(tx.all(WAITING.bind(tenant).bind(scope.account).bind(&scope.roles)).await?)
}
