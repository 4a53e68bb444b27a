use std::collections::HashMap;

use db::{Cursor, Json, Page, Tx, record, statements};
use jiff::Timestamp;
use uuid::Uuid;

use super::model::{Kind, Layout};
use crate::error::Result;
use crate::issue::{Solved, State, Step};

/// So many orders go into one answer.
pub const MOST: i64 = 5000;

statements! {
    ADD = "INSERT INTO work_orders (tenant_id, id, number, issue_id, kind, called_at, imported_at) VALUES ($1, $2, $3, $4, $5, $6, $7)";
    /// Of fifty numbers at once.
    KNOWN = "SELECT w.number, w.issue_id, i.description, i.deadline_at FROM work_orders w JOIN issues i ON i.tenant_id = w.tenant_id AND i.id = w.issue_id
        WHERE w.tenant_id = $1 AND w.number IN ($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40, $41, $42, $43, $44, $45, $46, $47, $48, $49, $50, $51)";
    LIST = "SELECT w.id, w.number, w.kind, w.called_at, w.imported_at, w.issue_id, i.number AS issue_number, i.state, i.deadline_at, i.open
        FROM work_orders w JOIN issues i ON i.tenant_id = w.tenant_id AND i.id = w.issue_id
        WHERE w.tenant_id = $1 AND (w.imported_at, w.id) < ($2, $3) ORDER BY w.imported_at DESC, w.id DESC LIMIT $4";
    /// One that was joined to another goes on with that.
    REPLIED = "SELECT w.number, w.kind, w.called_at, w.issue_id, m.id AS main_id, m.state, i.category, i.description, i.place_text, i.reporter_sealed,
            i.deadline_at
        FROM work_orders w JOIN issues i ON i.tenant_id = w.tenant_id AND i.id = w.issue_id
        JOIN issues m ON m.tenant_id = i.tenant_id AND m.id = COALESCE(i.merged_into, i.id)
        WHERE w.tenant_id = $1 AND w.imported_at >= $2 AND w.imported_at < $3 ORDER BY w.imported_at, w.id LIMIT $4";
    ENDS = "SELECT v.issue_id, v.kind, v.at, v.note FROM (SELECT DISTINCT i.tenant_id, COALESCE(i.merged_into, i.id) AS id
            FROM work_orders w JOIN issues i ON i.tenant_id = w.tenant_id AND i.id = w.issue_id
            WHERE w.tenant_id = $1 AND w.imported_at >= $2 AND w.imported_at < $3) p CROSS JOIN issue_events v
        WHERE v.tenant_id = p.tenant_id AND v.issue_id = p.id AND v.tenant_id = $1
          AND v.kind IN ('done', 'refused', 'redirected', 'merged', 'withdrawn', 'unreachable', 'reopened') ORDER BY v.issue_id, v.position";
    ANSWERS = "SELECT s.issue_id, s.score, s.solved FROM work_orders w
        JOIN surveys s ON s.tenant_id = w.tenant_id AND s.issue_id = w.issue_id
        WHERE w.tenant_id = $1 AND w.imported_at >= $2 AND w.imported_at < $3 AND s.respondent = 'reporter' ORDER BY s.at, s.id";
    LAYOUT = "SELECT layout FROM work_order_layouts WHERE tenant_id = $1";
    SET_LAYOUT = "INSERT INTO work_order_layouts (tenant_id, layout, set_by, set_at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (tenant_id) DO UPDATE SET layout = excluded.layout, set_by = excluded.set_by, set_at = excluded.set_at";
    KEEP = "INSERT INTO work_order_uploads (tenant_id, id, file_name, sealed, uploaded_by, uploaded_at) VALUES ($1, $2, $3, $4, $5, $6)";
    UPLOAD = "SELECT file_name, sealed FROM work_order_uploads WHERE tenant_id = $1 AND id = $2";
    DROP = "DELETE FROM work_order_uploads WHERE tenant_id = $1 AND id = $2";
    FORGET = "DELETE FROM work_order_uploads WHERE tenant_id = $1 AND uploaded_at < $2";
}

record! {
    /// An order that has come in before, as it came then.
    pub(super) struct Known { pub number: String, pub issue_id: Uuid, pub description: String, pub deadline_at: Option<Timestamp> }
    struct Kept { layout: Json<Layout> }
    pub(super) struct Upload { pub file_name: String, pub sealed: Vec<u8> }
    /// An order as the page lists it.
    pub(super) struct Listed {
        pub id: Uuid, pub number: String, pub kind: Kind, pub called_at: Timestamp, pub imported_at: Timestamp, pub issue_id: Uuid,
        pub issue_number: String, pub state: State, pub deadline_at: Option<Timestamp>, pub open: bool,
    }
    pub(super) struct Replied {
        pub number: String, pub kind: Kind, pub called_at: Timestamp, pub issue_id: Uuid, pub main_id: Uuid, pub state: State, pub category: crate::issue::Category,
        pub description: String, pub place_text: String, pub reporter_sealed: Option<Vec<u8>>, pub deadline_at: Option<Timestamp>,
    }
    pub(super) struct End { pub issue_id: Uuid, pub kind: Step, pub at: Timestamp, pub note: String }
    pub(super) struct Answered { pub issue_id: Uuid, pub score: i64, pub solved: Solved }
}

/// Which of these numbers have come in before; of as many as a workbook holds.
pub(super) async fn known(tx: &mut Tx, tenant: Uuid, numbers: &[&str]) -> Result<HashMap<String, Known>> {
    let mut known = HashMap::new();
    for fifty in numbers.chunks(50) {
        let bound = (0..50).fold(KNOWN.bind(tenant), |query, at| query.bind(fifty[at.min(fifty.len() - 1)]));
        known.extend(tx.all::<Known>(bound).await?.into_iter().map(|found| (found.number.clone(), found)));
    }
    Ok(known)
}

pub(super) async fn list(tx: &mut Tx, tenant: Uuid, before: Cursor, size: usize) -> Result<Page<Listed>> {
    let rows: Vec<Listed> = tx.all(LIST.bind(tenant).bind(before.key).bind(before.id).bind(size as i64 + 1)).await?;
    Ok(Page::of(rows, size, |row| Cursor { key: row.imported_at.as_millisecond(), id: row.id }))
}

pub(super) async fn layout(tx: &mut Tx, tenant: Uuid) -> Result<Layout> {
    let kept: Option<Kept> = tx.optional(LAYOUT.bind(tenant)).await?;
    Ok(kept.map_or_else(Layout::default, |kept| kept.layout.0))
}

pub(super) async fn upload(tx: &mut Tx, tenant: Uuid, id: Uuid) -> Result<Upload> {
    Ok(tx.one(UPLOAD.bind(tenant).bind(id)).await?)
}
