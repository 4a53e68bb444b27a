//! The audit log: one chain of hashes per tenant. An entry tells who did what to what, when and why. Of personal values
//! it holds only the field's name and a salted digest; the values themselves are sealed in `field_histories`, where
//! a lawful erasure can delete them while the chain still verifies.

mod model;
mod store;
pub mod web;

pub use model::{Broken, Change, Past, PastChange, Told, Verdict};
pub(crate) use store::begin;
pub use store::{Listed, STATEMENTS, erase, history, list, verify};

use db::Tx;
use uuid::Uuid;

use crate::access::Act;
use crate::error::Result;

/// Appends an entry to the tenant's chain, in the transaction of what it tells about.
pub async fn record(
    tx: &mut Tx,
    act: &Act,
    action: &str,
    subject: (&str, Uuid),
    reason: &str,
    changes: &[Change],
) -> Result<()> {
    store::append(tx, act, action, subject, reason, changes).await
}
