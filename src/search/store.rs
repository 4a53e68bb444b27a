use std::collections::BTreeMap;

use db::{Statement, Tx, record, statements, text_enum};
use uuid::Uuid;

use super::gram::{self, Terms};
use crate::error::Result;

text_enum! {
    /// The tables that can be searched.
    pub enum Kind { Issue = "issue" "诉求", Resident = "resident" "居民" }
}

statements! {
    ADD = "INSERT INTO search_blocks (tenant_id, kind, gram, block, bits) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (tenant_id, kind, gram, block) DO UPDATE SET bits = search_blocks.bits | excluded.bits";
    /// The latest blocks in which a gram occurs.
    OF_ONE = "SELECT a.block, a.bits FROM search_blocks a WHERE a.tenant_id = $1 AND a.kind = $2 AND a.gram = $3
        AND a.block <= $4 ORDER BY a.block DESC LIMIT $5";
    /// The latest blocks in which three grams occur in one row.
    OF_THREE = "SELECT a.block, a.bits & b.bits & c.bits AS bits FROM search_blocks a
        JOIN search_blocks b ON b.tenant_id = a.tenant_id AND b.kind = a.kind AND b.gram = $4 AND b.block = a.block
        JOIN search_blocks c ON c.tenant_id = a.tenant_id AND c.kind = a.kind AND c.gram = $5 AND c.block = a.block
        WHERE a.tenant_id = $1 AND a.kind = $2 AND a.gram = $3 AND a.block <= $6 AND (a.bits & b.bits & c.bits) <> 0
        ORDER BY a.block DESC LIMIT $7";
}

record! {
    struct Block { block: i64, bits: i64 }
    struct Unindexed { tenant_id: Uuid }
    struct Text { position: i64, search_text: String }
}

/// Rows in one block.
const WIDTH: i64 = 64;

impl Kind {
    /// The counter that gives each new row its position.
    pub const fn positions(self) -> &'static str {
        match self {
            Kind::Issue => "issue-position",
            Kind::Resident => "resident-position",
        }
    }
}

/// The tenants that a statement of [`crate::search`] finds to have rows that are not indexed.
pub async fn tenants(tx: &mut Tx, unindexed: Statement) -> Result<Vec<Uuid>> {
    let tenants: Vec<Unindexed> = tx.all(unindexed).await?;
    Ok(tenants.into_iter().map(|tenant| tenant.tenant_id).collect())
}

/// Marks up to `most` rows of a tenant as indexed, by a statement that gives their `position` and `search_text` as they are
/// then, and notes them. Tells how many there were.
pub async fn index(tx: &mut Tx, tenant: Uuid, kind: Kind, take: Statement, most: i64) -> Result<usize> {
    let texts: Vec<Text> = tx.all(take.bind(tenant).bind(most)).await?;
    let texts: Vec<(i64, String)> = texts.into_iter().map(|text| (text.position, text.search_text)).collect();
    add(tx, tenant, kind, &texts).await?;
    Ok(texts.len())
}

/// Notes the grams of rows, given by position and text. What was noted for an earlier text of a row stays: it only makes
/// a candidate of what LIKE then turns down.
async fn add(tx: &mut Tx, tenant: Uuid, kind: Kind, rows: &[(i64, String)]) -> Result<()> {
    let mut blocks: BTreeMap<(String, i64), i64> = BTreeMap::new();
    for (position, text) in rows {
        let (block, bit) = (position.div_euclid(WIDTH), 1_i64 << position.rem_euclid(WIDTH));
        for gram in gram::grams(text) {
            *blocks.entry((gram, block)).or_default() |= bit;
        }
    }
    let row =
        |((gram, block), bits): ((String, i64), i64)| ADD.bind(tenant).bind(kind).bind(gram).bind(block).bind(bits);
    Ok(tx.execute_many(ADD, blocks.into_iter().map(row).collect()).await?)
}

/// Up to `size` positions below `below` at which all terms may occur, the highest first; `None` if there are no more.
pub(super) async fn candidates(
    tx: &mut Tx,
    tenant: Uuid,
    kind: Kind,
    terms: &Terms,
    below: i64,
    size: usize,
) -> Result<Option<Vec<i64>>> {
    let last = below.saturating_sub(1);
    if last < 0 {
        return Ok(None);
    }
    let (block, most) = (last.div_euclid(WIDTH), size as i64);
    let query = match terms.grams().as_slice() {
        [] => return Ok(None),
        [a] => OF_ONE.bind(tenant).bind(kind).bind(a).bind(block).bind(most),
        [a, rest @ ..] => {
            let (b, c) = (&rest[0], rest.last().unwrap_or(a));
            OF_THREE.bind(tenant).bind(kind).bind(a).bind(b).bind(c).bind(block).bind(most)
        }
    };
    let blocks: Vec<Block> = tx.all(query).await?;
    let mut positions: Vec<i64> = blocks
        .iter()
        .flat_map(|Block { block, bits }| {
            (0..WIDTH).rev().filter(move |n| bits >> n & 1 == 1).map(move |n| block * WIDTH + n)
        })
        .filter(|position| *position <= last)
        .collect();
    positions.truncate(size);
    Ok((!positions.is_empty()).then_some(positions))
}
