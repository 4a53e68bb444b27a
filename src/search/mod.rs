//! Text search without a word list, on every engine: each pair of neighbouring characters has bitmaps of the rows in which
//! it occurs (`gram`, `store`). A search intersects the bitmaps of its pairs and lets the table itself decide with LIKE, so
//! that what is found is exact. The bitmaps are written after the commit, by the program itself; rows that they do not know
//! yet are looked through one by one, so that nothing is missing meanwhile.
//!
//! A table that can be searched has `search_text`, `position` (counted from 1 within the tenant) and `indexed`.

mod gram;
mod store;

pub use gram::{Terms, containing};
pub use store::{Kind, STATEMENTS, index, tenants};

use db::{Bind, Query, Record, Row, Statement, Tx};
use uuid::Uuid;

use crate::error::Result;

/// So many candidates are looked at in one query; the statements say [`crate::in_batch`].
pub const BATCH: usize = 64;
/// So many queries are made for one page at most. A page that is not full by then goes on where they ended.
const ROUNDS: usize = 50;

/// SQL: the placeholders of a batch of positions, `$2` to `$65`; see [`in_batch`].
#[macro_export]
macro_rules! in_batch {
    () => {
        "($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26,
          $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40, $41, $42, $43, $44, $45, $46, $47, $48, $49,
          $50, $51, $52, $53, $54, $55, $56, $57, $58, $59, $60, $61, $62, $63, $64, $65)"
    };
}

/// A position, as both queries of a table give it.
struct Found(i64);

impl Record for Found {
    fn from_row(row: &Row) -> db::Result<Found> {
        row.get("position").map(Found)
    }
}

/// Some positions that were found, the highest first, and where the next page begins.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hits {
    pub positions: Vec<i64>,
    pub next: Option<i64>,
}

/// The next `size` rows below the position `before` that hold all the terms, the latest first. `among` selects the
/// `position` of those in a batch that hold them; `unindexed` of those that are not indexed and below a position, the
/// highest first, as many as it is told.
pub async fn page(
    tx: &mut Tx,
    (tenant, kind, terms): (Uuid, Kind, &Terms),
    among: impl Fn(&[i64]) -> Query,
    unindexed: impl Fn(i64, i64) -> Query,
    before: i64,
    size: usize,
) -> Result<Hits> {
    let unindexed = unindexed(before, size as i64 + 1);
    let mut found: Vec<i64> = tx.all(unindexed).await?.into_iter().map(|Found(position)| position).collect();
    let grams = terms.grams();
    let mut candidates = store::Candidates::below(tenant, kind, &grams, before);
    let mut below = before;
    for _ in 0..ROUNDS {
        let batch = candidates.next(tx).await?;
        below = batch.last().copied().unwrap_or(i64::MIN);
        if batch.is_empty() {
            break;
        }
        found.extend(tx.all(among(&batch)).await?.into_iter().map(|Found(position)| position));
        if found.iter().filter(|position| **position >= below).count() > size {
            break;
        }
    }
    // Below the last batch only what is not indexed was looked at: that belongs to a later page.
    found.retain(|position| *position >= below);
    found.sort_unstable_by(|a, b| b.cmp(a));
    found.dedup();
    let more = found.len() > size;
    found.truncate(size);
    let next = if more { found.last().copied() } else { Some(below).filter(|below| *below > 1) };
    Ok(Hits { positions: found, next })
}

/// Binds a tenant and up to 64 positions to the first placeholders of a statement that says [`crate::in_batch`].
pub fn in_batch(statement: Statement, tenant: Uuid, positions: &[i64]) -> Query {
    in_batch_of(statement, tenant, positions.iter().copied(), -1) // no row has it
}

/// Binds a tenant, up to 64 values and as often as is needed one that no row has.
pub fn in_batch_of<B: Bind + Clone>(
    statement: Statement,
    tenant: Uuid,
    values: impl Iterator<Item = B>,
    none: B,
) -> Query {
    values.chain(std::iter::repeat(none)).take(BATCH).fold(statement.bind(tenant), Query::bind)
}
