use db::{Cursor, Json, Page, Tx, record, statements, text_enum};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::column::Column;
use super::place::Place;
use crate::access::Act;
use crate::error::Result;

text_enum! {
    /// How far an import has come.
    pub enum State {
        Staging = "staging" "没有收完",
        Checking = "checking" "正在核对",
        Checked = "checked" "等待确认",
        Applying = "applying" "正在写入",
        Applied = "applied" "已写入",
        Cancelled = "cancelled" "已放弃",
    }
    /// What has become of a row.
    pub enum RowState {
        Staged = "staged" "待核对",
        Checked = "checked" "待写入",
        Rejected = "rejected" "已退回",
        Applied = "applied" "已写入",
        /// Of a comparison: it is known who else lives behind its door.
        Compared = "compared" "已对照",
    }
    /// What is done with a workbook.
    pub enum Mode {
        Register = "register" "写入登记",
        Compare = "compare" "重新摸底对照",
    }
}

statements! {
    ADD = "INSERT INTO imports (tenant_id, id, file_name, digest, state, header, total_rows, created_count, updated_count,
            unchanged_count, rejected_count, account_id, created_at, mode, batch_id)
        VALUES ($1, $2, $3, $4, 'staging', $5, $6, 0, 0, 0, $7, $8, $9, $10, $11)";
    /// The first comparison of the same workbook.
    COMPARED_BEFORE = "SELECT id FROM imports WHERE tenant_id = $1 AND digest = $2 AND mode = 'compare' ORDER BY created_at LIMIT 1";
    ADD_ROW = "INSERT INTO import_rows (tenant_id, import_id, row_number, state, sealed, rejected_column, reason, door)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    IMPORT = "SELECT i.id, i.file_name, i.state, i.header, i.total_rows, i.created_count, i.updated_count, i.unchanged_count,
            i.rejected_count, i.account_id, i.created_at, i.mode, i.batch_id, a.name AS account_name
        FROM imports i LEFT JOIN accounts a ON a.tenant_id = i.tenant_id AND a.id = i.account_id
        WHERE i.tenant_id = $1 AND i.id = $2";
    LIST = "SELECT i.id, i.file_name, i.state, i.header, i.total_rows, i.created_count, i.updated_count, i.unchanged_count,
            i.rejected_count, i.account_id, i.created_at, i.mode, i.batch_id, a.name AS account_name
        FROM imports i LEFT JOIN accounts a ON a.tenant_id = i.tenant_id AND a.id = i.account_id
        WHERE i.tenant_id = $1 AND (i.created_at, i.id) < ($2, $3) ORDER BY i.created_at DESC, i.id DESC LIMIT $4";
    /// What somebody has sent in and not yet confirmed.
    UNCONFIRMED = "SELECT id, file_name, mode, total_rows, rejected_count, created_at FROM imports
        WHERE tenant_id = $1 AND account_id = $2 AND state = 'checked' ORDER BY created_at, id LIMIT 20";
    /// Locks the import until the transaction is over, so that two workers take its steps one after the other.
    HOLD = "UPDATE imports SET state = $3 WHERE tenant_id = $1 AND id = $2 AND state = $3";
    TURN = "UPDATE imports SET state = $4 WHERE tenant_id = $1 AND id = $2 AND state = $3";
    BEGIN_APPLYING = "UPDATE imports SET state = 'applying', created_count = 0, updated_count = 0, unchanged_count = 0
        WHERE tenant_id = $1 AND id = $2 AND state = 'checked'";
    END_APPLYING = "UPDATE imports SET state = 'applied', applied_at = $3
        WHERE tenant_id = $1 AND id = $2 AND state = 'applying'";
    COUNT = "UPDATE imports SET created_count = created_count + $3, updated_count = updated_count + $4,
            unchanged_count = unchanged_count + $5, rejected_count = rejected_count + $6
        WHERE tenant_id = $1 AND id = $2";
    ROWS = "SELECT row_number, sealed, rejected_column, reason FROM import_rows
        WHERE tenant_id = $1 AND import_id = $2 AND state = $3 AND row_number > $4 ORDER BY row_number LIMIT $5";
    REJECT = "UPDATE import_rows SET state = 'rejected', rejected_column = $4, reason = $5
        WHERE tenant_id = $1 AND import_id = $2 AND row_number = $3";
    CHECKED = "UPDATE import_rows SET state = 'checked'
        WHERE tenant_id = $1 AND import_id = $2 AND state = 'staged' AND row_number BETWEEN $3 AND $4";
    /// What has been written into the register is not kept a second time.
    APPLIED = "UPDATE import_rows SET state = 'applied', sealed = NULL
        WHERE tenant_id = $1 AND import_id = $2 AND state = 'checked' AND row_number BETWEEN $3 AND $4";
    FORGET = "UPDATE import_rows SET sealed = NULL WHERE tenant_id = $1 AND import_id = $2 AND row_number IN
        (SELECT row_number FROM import_rows WHERE tenant_id = $1 AND import_id = $2 AND sealed IS NOT NULL
        ORDER BY row_number LIMIT 500)";
    FORGET_UNLESS_REJECTED = "UPDATE import_rows SET sealed = NULL WHERE tenant_id = $1 AND import_id = $2 AND row_number IN
        (SELECT row_number FROM import_rows WHERE tenant_id = $1 AND import_id = $2 AND sealed IS NOT NULL
        AND state <> 'rejected' ORDER BY row_number LIMIT 500)";
    OLD = "SELECT i.id FROM imports i WHERE i.tenant_id = $1 AND i.created_at < $2 AND EXISTS
        (SELECT 1 FROM import_rows r WHERE r.tenant_id = i.tenant_id AND r.import_id = i.id AND r.sealed IS NOT NULL)
        ORDER BY i.created_at, i.id LIMIT 100";
    DWELLING = "SELECT d.id FROM estates e JOIN buildings b ON b.tenant_id = e.tenant_id AND b.estate_id = e.id
        JOIN units u ON u.tenant_id = b.tenant_id AND u.building_id = b.id
        JOIN dwellings d ON d.tenant_id = u.tenant_id AND d.unit_id = u.id
        WHERE e.tenant_id = $1 AND e.name = $2 AND b.key = $3 AND u.key = $4 AND d.room = $5";
}

record! {
    pub(super) struct Found { pub id: Uuid }
    /// An import and how far it has come. Before it is written the counts say what is expected.
    #[derive(Debug, Clone)]
    pub struct Import {
        pub id: Uuid, pub file_name: String, pub state: State, pub header: Json<Vec<String>>, pub total_rows: i64,
        pub created_count: i64, pub updated_count: i64, pub unchanged_count: i64, pub rejected_count: i64,
        pub account_id: Option<Uuid>, pub created_at: Timestamp, pub account_name: Option<String>,
        pub mode: Mode,
        /// Of a comparison: the first one of the same workbook, under which its findings stand.
        pub batch_id: Option<Uuid>,
    }
    pub struct Unconfirmed {
        pub id: Uuid, pub file_name: String, pub mode: Mode, pub total_rows: i64, pub rejected_count: i64, pub created_at: Timestamp,
    }
    pub struct StoredRow {
        pub row_number: i64, pub sealed: Option<Vec<u8>>, pub rejected_column: Option<Column>, pub reason: Option<String>,
    }
}

impl Import {
    /// Of how many rows it is known what becomes or has become of them.
    pub fn settled(&self) -> i64 {
        self.created_count + self.updated_count + self.unchanged_count + self.rejected_count
    }

    /// How many rows are or were taken.
    pub fn taken(&self) -> i64 {
        self.total_rows - self.rejected_count
    }

    pub fn compares(&self) -> bool {
        self.mode == Mode::Compare
    }

    /// Under which the findings of a comparison stand.
    pub fn batch(&self) -> Uuid {
        self.batch_id.unwrap_or(self.id)
    }

    /// How far it has come, in words.
    pub fn words(&self) -> &'static str {
        match (self.compares(), self.state) {
            (true, State::Applying) => "正在对照",
            (true, State::Applied) => "对照完了",
            (_, state) => state.label(),
        }
    }

    pub fn running(&self) -> bool {
        matches!(self.state, State::Checking | State::Applying)
    }
}

/// A row as it is kept, sealed, until it has been written: its cells, and the head of its household as the other rows tell.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Staged {
    pub cells: Vec<String>,
    pub head: Option<String>,
    #[serde(default)]
    pub supposed: bool,
}

impl StoredRow {
    /// The row's content, unless it has been removed.
    pub fn open(&self, act: &Act) -> Result<Option<Staged>> {
        let Some(sealed) = &self.sealed else { return Ok(None) };
        let staged = serde_json::from_str(&act.open("import", sealed)?).map_err(anyhow::Error::from)?;
        Ok(Some(staged))
    }
}

pub async fn import(tx: &mut Tx, tenant: Uuid, id: Uuid) -> Result<Import> {
    Ok(tx.one(IMPORT.bind(tenant).bind(id)).await?)
}

/// The first comparison of a workbook, if it has been compared.
pub async fn compared_before(tx: &mut Tx, tenant: Uuid, digest: &str) -> Result<Option<Uuid>> {
    let found: Option<Found> = tx.optional(COMPARED_BEFORE.bind(tenant).bind(digest)).await?;
    Ok(found.map(|found| found.id))
}

/// The imports that an account has to confirm, the oldest first; at most 20.
pub async fn unconfirmed(tx: &mut Tx, tenant: Uuid, account: Uuid) -> Result<Vec<Unconfirmed>> {
    Ok(tx.all(UNCONFIRMED.bind(tenant).bind(account)).await?)
}

/// The imports of a tenant, newest first.
pub async fn list(tx: &mut Tx, tenant: Uuid, after: Cursor, size: usize) -> Result<Page<Import>> {
    let limit = i64::try_from(size).unwrap_or(i64::MAX).saturating_add(1);
    let imports = tx.all(LIST.bind(tenant).bind(after.key).bind(after.id).bind(limit)).await?;
    Ok(Page::of(imports, size, |import: &Import| Cursor { key: import.created_at.as_millisecond(), id: import.id }))
}

/// Rows in a state, after a row number, in the order of the worksheet.
pub async fn rows(
    tx: &mut Tx,
    tenant: Uuid,
    id: Uuid,
    state: RowState,
    after: i64,
    limit: i64,
) -> Result<Vec<StoredRow>> {
    Ok(tx.all(ROWS.bind(tenant).bind(id).bind(state).bind(after).bind(limit)).await?)
}

/// The dwelling that a place means, if it is registered.
pub async fn dwelling(tx: &mut Tx, tenant: Uuid, place: &Place) -> Result<Option<Uuid>> {
    let (estate, building, unit, room) = place.key();
    let found: Option<Found> =
        tx.optional(DWELLING.bind(tenant).bind(estate).bind(building).bind(unit).bind(room)).await?;
    Ok(found.map(|found| found.id))
}
