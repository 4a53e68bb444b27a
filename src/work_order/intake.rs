//! A workbook of orders comes in: kept while somebody looks at it, then taken in row by row.

use std::collections::HashSet;

use db::Tx;
use jiff::SignedDuration;
use uuid::Uuid;

use super::model::{Field, Kind, Layout, Order, read_row};
use super::store::{self, ADD, DROP, FORGET, KEEP, SET_LAYOUT};
use crate::access::Act;
use crate::error::{Error, Result};
use crate::issue::{self, NewIssue, Place, Source, Terms};
use crate::workbook::{PlainSheet, plain};
use crate::{audit, counter, place};

/// A district sends no more at once, and one transaction takes all of them: 2,000 took PostgreSQL six seconds.
pub(super) const MOST_ROWS: usize = 500;
/// So long somebody may look at a workbook.
const LOOKED_AT: SignedDuration = SignedDuration::from_hours(24);
const SEALED: &str = "work order upload";

/// Keeps a workbook, sealed, until it is taken in or a day has passed.
pub(super) async fn keep(tx: &mut Tx, act: &Act, file_name: &str, content: &[u8]) -> Result<Uuid> {
    let (id, sealed) = (act.id(), act.means.keys.seal(&act.means.chance, act.tenant, SEALED, content)?);
    tx.execute(KEEP.bind(act.tenant).bind(id).bind(file_name).bind(sealed).bind(act.account).bind(act.at)).await?;
    audit::record(tx, act, "stage", ("work_orders", id), file_name, &[]).await?;
    Ok(id)
}

/// Reads a workbook; it may take a while, so it happens on a thread of its own.
pub(super) async fn read(content: Vec<u8>) -> Result<PlainSheet> {
    let read = tokio::task::spawn_blocking(move || plain(&content, MOST_ROWS)).await.map_err(anyhow::Error::from)?;
    read.map_err(|unreadable| Error::refused(unreadable.to_string()))
}

/// The sheet of a workbook that was kept, and its file's name.
pub(super) async fn kept(tx: &mut Tx, act: &Act, id: Uuid) -> Result<(PlainSheet, String)> {
    let upload = store::upload(tx, act.tenant, id).await?;
    let content = act.means.keys.open(act.tenant, SEALED, &upload.sealed)?;
    Ok((read(content).await?, upload.file_name))
}

/// A row that cannot be taken in.
pub(super) struct Wrong {
    pub row: u32,
    pub field: Field,
    pub sentence: String,
}

/// What would become of each row.
#[derive(Default)]
pub struct Plan {
    pub orders: Vec<Order>,
    /// Have come in before, or stand in the workbook above.
    pub known: usize,
    pub(super) wrong: Vec<Wrong>,
}

impl Plan {
    pub(super) fn enquiries(&self) -> usize {
        self.orders.iter().filter(|order| order.kind == Kind::Enquiry).count()
    }
}

/// Looks at a sheet without changing anything.
pub(super) async fn plan(tx: &mut Tx, tenant: Uuid, layout: &Layout, sheet: &PlainSheet) -> Result<Plan> {
    let mut plan = Plan::default();
    for row in &sheet.rows {
        match read_row(layout, &row.cells) {
            Ok(order) => plan.orders.push(order),
            Err((field, sentence)) => plan.wrong.push(Wrong { row: row.number, field, sentence }),
        }
    }
    let numbers: Vec<&str> = plan.orders.iter().map(|order| order.number.as_str()).collect();
    let mut known: HashSet<String> = store::known(tx, tenant, &numbers).await?;
    let all = plan.orders.len();
    plan.orders.retain(|order| known.insert(order.number.clone()));
    plan.known = all - plan.orders.len();
    Ok(plan)
}

/// Takes in what is new and right in a workbook that was kept, each order as an issue; gives how many.
///
/// Errors: refused if nobody has said which columns have number and content.
pub async fn take_in(tx: &mut Tx, act: &Act, upload: Uuid) -> Result<usize> {
    // One at a time, so that a number that comes in twice at once comes in once.
    counter::next(tx, act.tenant, "work-order-import").await?;
    let (sheet, _) = kept(tx, act, upload).await?;
    let layout = Layout::of(&sheet.headings, &store::layout(tx, act.tenant).await?);
    if let Some(sentence) = layout.lacks() {
        return Err(Error::refused(sentence));
    }
    let plan = plan(tx, act.tenant, &layout, &sheet).await?;
    // What was guessed is what the answer goes out in.
    remember(tx, act, &layout).await?;
    let estates = place::estates(tx, act.tenant).await?;
    let taken = plan.orders.len();
    for order in plan.orders {
        let near = |estate: &&place::Estate| order.place.contains(&estate.name) || order.content.contains(&estate.name);
        let place = match estates.iter().find(near) {
            Some(estate) => Place::Estate { id: estate.id, name: estate.name.clone(), grid: None },
            None => Place::Community,
        };
        let new = NewIssue {
            source: Source::Hotline,
            category: order.category,
            description: order.content,
            place,
            place_text: order.place,
            reporter: Some(order.reporter),
            photos: Vec::new(),
        };
        let terms = Terms { deadline: order.deadline, enquiry: order.kind == Kind::Enquiry };
        let filed = issue::file_with(tx, act, new, terms).await?;
        let row = ADD.bind(act.tenant).bind(act.id()).bind(&order.number).bind(filed.id).bind(order.kind);
        tx.execute(row.bind(order.called_at.unwrap_or(act.at)).bind(act.at)).await?;
    }
    tx.execute(DROP.bind(act.tenant).bind(upload)).await?;
    audit::record(tx, act, "import", ("work_orders", upload), &format!("{taken} 件"), &[]).await?;
    Ok(taken)
}

/// Remembers what the columns of the district's workbook are.
pub(super) async fn remember(tx: &mut Tx, act: &Act, layout: &Layout) -> Result<()> {
    let row = SET_LAYOUT.bind(act.tenant).bind(db::Json(layout.clone())).bind(act.account).bind(act.at);
    tx.execute(row).await?;
    audit::record(tx, act, "set", ("work_order_layout", act.tenant), "", &[]).await
}

/// Removes what nobody has taken in for a day.
pub async fn forget_old(tx: &mut Tx, act: &Act) -> Result<()> {
    tx.execute(FORGET.bind(act.tenant).bind(act.at - LOOKED_AT)).await?;
    Ok(())
}
