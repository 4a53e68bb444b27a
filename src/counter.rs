//! Numbers that count up without a gap, one row for each kind of thing in a tenant. Whoever takes the next number keeps
//! others of the tenant waiting until the transaction is over.

use db::{Tx, record, statements};
use uuid::Uuid;

use crate::error::Result;

statements! {
    NEXT = "INSERT INTO counters (tenant_id, name, value) VALUES ($1, $2, 1)
        ON CONFLICT (tenant_id, name) DO UPDATE SET value = counters.value + 1 RETURNING value";
}

record! {
    struct Counter { value: i64 }
}

/// The next number of a name, from 1.
pub async fn next(tx: &mut Tx, tenant: Uuid, name: &str) -> Result<i64> {
    Ok(tx.one::<Counter>(NEXT.bind(tenant).bind(name)).await?.value)
}
