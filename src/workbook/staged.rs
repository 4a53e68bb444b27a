//! What is kept of a workbook, sealed, until somebody has seen what it would do: its rows, and in the end those that were given back.

use serde::{Deserialize, Serialize};

use super::{Column, Header, RejectedRow, Sheet, Unreadable, read, rejections};
use crate::access::Act;
use crate::error::{Error, Result};

#[derive(Serialize, Deserialize)]
pub struct Staged {
    header: Vec<String>,
    rows: Vec<StagedRow>,
}

#[derive(Serialize, Deserialize)]
pub struct StagedRow {
    pub number: u32,
    pub cells: Vec<String>,
    /// The column and the reason, once that is final.
    pub rejected: Option<(String, String)>,
}

impl Staged {
    pub fn of<C>(sheet: Sheet<C>) -> Staged {
        let row = |row: super::Row| StagedRow { number: row.number, cells: row.cells, rejected: None };
        Staged { header: sheet.header.cells, rows: sheet.rows.into_iter().map(row).collect() }
    }

    /// What is left of a workbook once it is written; nothing if no row was given back.
    pub fn left<C>(header: Header<C>, rows: Vec<StagedRow>) -> Option<Staged> {
        (!rows.is_empty()).then_some(Staged { header: header.cells, rows })
    }

    pub fn seal(&self, act: &Act, purpose: &str) -> Result<Vec<u8>> {
        act.seal(purpose, &serde_json::to_string(self).map_err(anyhow::Error::from)?)
    }

    /// The rows of an import, unless they are not kept any more.
    pub fn open<C: Column>(
        act: &Act,
        purpose: &str,
        sealed: Option<&[u8]>,
    ) -> Result<Option<(Header<C>, Vec<StagedRow>)>> {
        let Some(sealed) = sealed else { return Ok(None) };
        let staged: Staged = serde_json::from_str(&act.open(purpose, sealed)?).map_err(anyhow::Error::from)?;
        let header = Header::read(staged.header)
            .map_err(|_| Error::Internal(anyhow::anyhow!("a staged header has a column twice")))?;
        Ok(Some((header, staged.rows)))
    }
}

/// The rows that were given back, as a workbook, made on a thread of its own.
///
/// Errors: not found if there are none.
pub async fn given_back<C: Column>(header: Header<C>, rows: Vec<StagedRow>) -> Result<Vec<u8>> {
    let given_back = |row: StagedRow| {
        let (column, reason) = row.rejected?;
        let column = C::all().iter().copied().find(|known| known.heading() == column)?;
        Some(RejectedRow { number: row.number, cells: row.cells, column, reason })
    };
    let rows: Vec<RejectedRow<C>> = rows.into_iter().filter_map(given_back).collect();
    if rows.is_empty() {
        return Err(Error::NotFound);
    }
    let made = move || rejections(&header, &rows);
    tokio::task::spawn_blocking(made).await.map_err(|error| Error::Internal(error.into()))?
}

/// Reads a workbook of at most so many rows on a thread of its own.
pub async fn read_most<C: Column>(file: Vec<u8>, most: usize) -> Result<std::result::Result<Sheet<C>, Unreadable>> {
    let reading = tokio::task::spawn_blocking(move || match read::<C>(&file) {
        Ok(sheet) if sheet.rows.len() > most => Err(Unreadable::TooManyRows(most)),
        other => other,
    });
    reading.await.map_err(|error| Error::Internal(error.into()))
}
