use std::collections::BTreeMap;

use db::{Query, Statement, Tx, record, statements, text_enum};
use roaring::RoaringBitmap;
use uuid::Uuid;

use super::gram;
use super::{BATCH, in_batch_of};
use crate::counter;
use crate::error::{Error, Result};
use crate::in_batch;

text_enum! {
    /// The tables that can be searched.
    pub enum Kind { Issue = "issue" "诉求", Resident = "resident" "居民" }
}

statements! {
    PUT = "INSERT INTO search_postings (tenant_id, kind, gram, chunk, positions) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (tenant_id, kind, gram, chunk) DO UPDATE SET positions = excluded.positions";
    /// What is known of a batch of grams in a chunk.
    KNOWN = concat!("SELECT gram, chunk, positions FROM search_postings WHERE tenant_id = $1 AND gram IN ", in_batch!(), "
        AND kind = $66 AND chunk = $67 LIMIT 64");
    /// The same in the latest chunk, up to one, in which a gram occurs at all.
    LATEST = concat!("SELECT gram, chunk, positions FROM search_postings WHERE tenant_id = $1 AND gram IN ", in_batch!(), "
        AND kind = $66 AND chunk = (SELECT MAX(chunk) FROM search_postings WHERE tenant_id = $1 AND kind = $66 AND gram = $67
            AND chunk <= $68) LIMIT 64");
}

record! {
    struct Posting { gram: String, chunk: i64, positions: Vec<u8> }
    struct Unindexed { tenant_id: Uuid }
    struct Text { position: i64, search_text: String }
}

/// Positions in one chunk.
const WIDTH: i64 = 1 << 16;

impl Kind {
    /// The counter that gives each new row its position.
    pub const fn positions(self) -> &'static str {
        match self {
            Kind::Issue => "issue-position",
            Kind::Resident => "resident-position",
        }
    }

    /// The counter of how often rows have been indexed, by which those who index wait for one another.
    const fn indexed(self) -> &'static str {
        match self {
            Kind::Issue => "issue-indexed",
            Kind::Resident => "resident-indexed",
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
    // A bitmap is read, added to and written: whoever else does so has to wait.
    counter::next(tx, tenant, kind.indexed()).await?;
    let texts: Vec<Text> = tx.all(take.bind(tenant).bind(most)).await?;
    add(tx, tenant, kind, &texts).await?;
    Ok(texts.len())
}

/// Notes the grams of rows. What was noted for an earlier text of a row stays: it only makes a candidate of what LIKE then
/// turns down.
async fn add(tx: &mut Tx, tenant: Uuid, kind: Kind, rows: &[Text]) -> Result<()> {
    let mut chunks: BTreeMap<i64, BTreeMap<String, RoaringBitmap>> = BTreeMap::new();
    for Text { position, search_text } in rows {
        let (chunk, offset) = (position.div_euclid(WIDTH), position.rem_euclid(WIDTH) as u32);
        let grams = chunks.entry(chunk).or_default();
        for gram in gram::grams(search_text) {
            grams.entry(gram).or_default().insert(offset);
        }
    }
    for (chunk, mut grams) in chunks {
        let names: Vec<String> = grams.keys().cloned().collect();
        for batch in names.chunks(BATCH) {
            let known = in_batch_of(KNOWN, tenant, batch.iter().map(String::as_str), "").bind(kind).bind(chunk);
            for posting in tx.all::<Posting>(known).await? {
                *grams.entry(posting.gram).or_default() |= read(&posting.positions)?;
            }
        }
        let rows: Vec<Query> = grams
            .into_iter()
            .map(|(gram, positions)| PUT.bind(tenant).bind(kind).bind(gram).bind(chunk).bind(write(&positions)))
            .collect();
        tx.execute_many(PUT, rows).await?;
    }
    Ok(())
}

/// The positions at which all terms may occur, from the highest down.
pub(super) struct Candidates<'a> {
    tenant: Uuid,
    kind: Kind,
    grams: &'a [String],
    /// Positions from here up have been given.
    below: i64,
    /// What is left of the chunk that was read last, whose first position this is.
    first: i64,
    left: RoaringBitmap,
}

impl<'a> Candidates<'a> {
    pub fn below(tenant: Uuid, kind: Kind, grams: &'a [String], below: i64) -> Candidates<'a> {
        Candidates { tenant, kind, grams, below, first: below, left: RoaringBitmap::new() }
    }

    /// Up to a batch of the next positions; none if there are no more.
    pub async fn next(&mut self, tx: &mut Tx) -> Result<Vec<i64>> {
        while self.left.is_empty() {
            if !self.read_chunk(tx).await? {
                return Ok(Vec::new());
            }
        }
        let offsets: Vec<u32> = self.left.iter().rev().take(BATCH).collect();
        if let Some(lowest) = offsets.last() {
            self.left.remove_range(lowest..);
        }
        Ok(offsets.into_iter().map(|offset| self.first + i64::from(offset)).collect())
    }

    /// Reads the next chunk in which the first gram occurs; there may be none.
    async fn read_chunk(&mut self, tx: &mut Tx) -> Result<bool> {
        let Some(gram) = self.grams.first().filter(|_| self.below > 0) else { return Ok(false) };
        let latest = in_batch_of(LATEST, self.tenant, self.grams.iter().map(String::as_str), "");
        let latest = latest.bind(self.kind).bind(gram).bind((self.below - 1).div_euclid(WIDTH));
        let postings: Vec<Posting> = tx.all(latest).await?;
        let Some(chunk) = postings.first().map(|posting| posting.chunk) else { return Ok(false) };
        self.first = chunk * WIDTH;
        if postings.len() == self.grams.len() {
            let bitmaps = postings.iter().map(|posting| read(&posting.positions)).collect::<Result<Vec<_>>>()?;
            self.left = bitmaps.into_iter().reduce(|all, one| all & one).unwrap_or_default();
            let end = self.below - self.first;
            if end < WIDTH {
                self.left.remove_range(end as u32..);
            }
        }
        self.below = self.first;
        Ok(true)
    }
}

fn read(bytes: &[u8]) -> Result<RoaringBitmap> {
    RoaringBitmap::deserialize_from(bytes).map_err(|error| Error::Internal(error.into()))
}

fn write(positions: &RoaringBitmap) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(positions.serialized_size());
    positions.serialize_into(&mut bytes).ok(); // a vector takes everything
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bitmap_is_read_as_it_was_written() {
        for positions in [vec![], vec![0, 63, 64, 65_535], (0..65_536).collect()] {
            let bitmap = RoaringBitmap::from_iter(positions);
            let bytes = write(&bitmap);
            assert!(bytes.len() <= 8 * 1024 + 16, "{} bytes", bytes.len());
            assert_eq!(read(&bytes).unwrap(), bitmap);
        }
        assert!(read(b"what is this").is_err());
    }
}
