//! Numbers that count up without a gap, one row for each kind of thing in a tenant. Whoever takes the next number keeps
//! others of the tenant waiting until the transaction is over.

use db::{Tx, record, statements};
use uuid::Uuid;

use crate::error::Result;

statements! {
    NEXT_OF_TWO = "INSERT INTO counters (tenant_id, name, value) VALUES ($1, $2, 1), ($1, $3, 1)
        ON CONFLICT (tenant_id, name) DO UPDATE SET value = counters.value + 1 RETURNING name, value";
    NEXT = "INSERT INTO counters (tenant_id, name, value) VALUES ($1, $2, 1)
        ON CONFLICT (tenant_id, name) DO UPDATE SET value = counters.value + 1 RETURNING value";
}

record! {
    struct Counter { value: i64 }
    struct Named { name: String, value: i64 }
}

/// The next number of a name, from 1.
pub async fn next(tx: &mut Tx, tenant: Uuid, name: &str) -> Result<i64> {
    Ok(tx.one::<Counter>(NEXT.bind(tenant).bind(name)).await?.value)
}

/// The next numbers of two names that are not the same.
pub async fn next_of_two(tx: &mut Tx, tenant: Uuid, first: &str, second: &str) -> Result<(i64, i64)> {
    let counters: Vec<Named> = tx.all(NEXT_OF_TWO.bind(tenant).bind(first).bind(second)).await?;
    let value = |name| counters.iter().find(|counter| counter.name == name).map_or(0, |counter| counter.value);
    Ok((value(first), value(second)))
}
