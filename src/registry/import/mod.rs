//! The import of the 居民信息登记表 that staff already have. A workbook is read as people write it (`row`, on what
//! `crate::workbook` makes of the file), its rows are staged and compared with the register, and after somebody has confirmed they are written in bounded steps
//! (`run`). Rows that cannot be taken come back as a workbook, ready to be mended and sent in again. An import adds and
//! updates; it never removes anybody, and the same workbook twice changes nothing. As a re-survey (`compare`) it writes
//! nobody and notes what is different.

mod column;
mod compare;
mod place;
mod review;
mod row;
mod run;
mod store;
mod todo;
mod web;

#[cfg(test)]
mod tests;

pub use column::Column;
pub use compare::STATEMENTS as COMPARE_STATEMENTS;
pub use run::{TOPIC, forget_old};
pub use store::STATEMENTS;
pub use todo::todo;
pub use web::routes;

use std::sync::Arc;

use db::Db;
use serde::Serialize;
use uuid::Uuid;

use crate::access::Act;
use crate::error::{Error, Result};
use crate::outbox::Handler;
use crate::registry::enrol::Foreseen;
use crate::workbook;
use row::Rejection;
use store::{Mode, State};

/// How an import is to be done.
#[derive(Debug, Clone, Copy, Default)]
pub struct ImportOptions {
    /// Only tells what would happen.
    pub dry_run: bool,
    /// Writes nothing unless every row can be taken.
    pub all_or_nothing: bool,
    /// Writes nothing but what is different from the register, as findings for somebody to look at.
    pub compare: bool,
}

/// What an import came to, counted in people.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    pub rows: i64,
    pub created: i64,
    pub updated: i64,
    pub unchanged: i64,
    pub rejected: Vec<Rejected>,
    /// Where the rejected rows can be fetched; a dry run keeps nothing.
    #[serde(skip)]
    pub import: Option<Uuid>,
}

/// A row that was not taken: its number in the worksheet, the column, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rejected {
    pub row: i64,
    pub column: &'static str,
    pub reason: String,
}

impl Rejected {
    fn of(row: i64, rejection: Rejection) -> Rejected {
        Rejected { row, column: rejection.column.label(), reason: rejection.reason }
    }
}

impl Summary {
    fn count(&mut self, foreseen: Foreseen) {
        match foreseen {
            Foreseen::Created => self.created += 1,
            Foreseen::Updated => self.updated += 1,
            Foreseen::Unchanged => self.unchanged += 1,
        }
    }

    fn settled(&self) -> i64 {
        self.created + self.updated + self.unchanged + self.rejected.len() as i64
    }
}

/// Imports a workbook in this process, from reading to writing, and tells after each step how many rows of how many are
/// settled: once for the check and once for the writing.
///
/// Errors: refused, with nothing changed, if the file cannot be read as a register.
pub async fn import_file(
    db: &Db,
    act: &Act,
    file_name: &str,
    file: Vec<u8>,
    options: ImportOptions,
    progress: impl Fn(i64, i64),
) -> Result<Summary> {
    let reading =
        run::read(file, run::today(act)).await?.map_err(|unreadable| Error::refused(unreadable.to_string()))?;
    if options.dry_run {
        return run::foresee(db, act, reading, &progress).await;
    }
    let mode = if options.compare { Mode::Compare } else { Mode::Register };
    let id = run::stage(db, act, file_name, reading, mode).await?;
    let mut import = run::finish(db, &act.means, act.tenant, id, &progress).await?;
    if import.state == State::Checked {
        if options.all_or_nothing && import.rejected_count > 0 {
            run::cancel(db, act, id, "有退回的行，按要求一行也不写入").await?;
            import.state = State::Cancelled;
        } else {
            run::begin(db, act, id).await?;
            import = run::finish(db, &act.means, act.tenant, id, &progress).await?;
        }
    }
    let summary = run::summary(db, act.tenant, &import).await?;
    Ok(Summary { import: Some(id), ..summary })
}

/// A filled 居民信息登记表, each row as the columns that it has something in. No rows make the empty form.
pub fn workbook(rows: impl IntoIterator<Item = Vec<(Column, String)>>) -> Result<Vec<u8>> {
    workbook::filled(rows.into_iter().collect(), None)
}

/// The rejected rows of an import as a workbook.
///
/// Errors: not found if there are none; refused once they have been removed for their age.
pub async fn rejections(db: &Db, act: &Act, import: Uuid) -> Result<Vec<u8>> {
    run::rejections(db, act, import).await
}

/// What the outbox does with messages of [`TOPIC`]: a process that was killed goes on where it was.
pub fn handler() -> Handler {
    Arc::new(|app, message| {
        Box::pin(async move {
            let payload: run::Payload = serde_json::from_str(&message.payload).map_err(anyhow::Error::from)?;
            run::carry_on(&app.db, &app.means, message.tenant_id, payload.import).await
        })
    })
}
