//! A workbook of orders comes in: kept while somebody looks at it, then taken in row by row.

use std::collections::HashSet;

use db::Tx;
use jiff::SignedDuration;
use uuid::Uuid;

use super::model::{Field, Kind, Layout, Order, read_row};
use super::store::{self, ADD, DROP, FORGET, KEEP, Known, SET_LAYOUT};
use crate::access::Act;
use crate::error::{Error, Result};
use crate::issue::{self, NewIssue, Place, Source, Terms};
use crate::web::show;
use crate::workbook::{Cell, PlainSheet, Table, plain};
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

/// An order that has come in before and is told otherwise now.
pub(super) struct Changed {
    pub number: String,
    pub issue: Uuid,
    /// In words, what is different.
    pub what: String,
}

/// What would become of each row.
#[derive(Default)]
pub struct Plan {
    pub orders: Vec<Order>,
    /// Have come in before, or stand in the workbook above.
    pub known: usize,
    pub(super) changed: Vec<Changed>,
    pub(super) wrong: Vec<Wrong>,
}

impl Plan {
    /// What of the new orders is not taken in as it stands.
    pub(super) fn notes(&self) -> impl Iterator<Item = (&str, &(Field, String))> {
        self.orders.iter().flat_map(|order| order.notes.iter().map(move |note| (order.number.as_str(), note)))
    }

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
    let known = store::known(tx, tenant, &numbers).await?;
    let mut seen = HashSet::new();
    let (new, old): (Vec<Order>, Vec<Order>) = plan
        .orders
        .into_iter()
        .partition(|order| !known.contains_key(&order.number) && seen.insert(order.number.clone()));
    plan.known = old.len();
    plan.changed = old.iter().filter_map(|order| changed(order, known.get(&order.number)?)).collect();
    plan.orders = new;
    Ok(plan)
}

/// What the district tells otherwise than when the order came in.
fn changed(order: &Order, known: &Known) -> Option<Changed> {
    let content = (order.content != known.description).then(|| "内容和导入时不一样".to_owned());
    let deadline = order.deadline.filter(|deadline| known.deadline_at != Some(*deadline));
    let deadline = deadline.map(|deadline| format!("办结时限改成了 {}", show::moment(&deadline)));
    let what: Vec<String> = content.into_iter().chain(deadline).collect();
    (!what.is_empty()).then(|| Changed { number: order.number.clone(), issue: known.issue_id, what: what.join("；") })
}

/// The rows that cannot be taken in, with what is wrong, to be corrected and brought again.
pub(super) fn rejections(sheet: &PlainSheet, wrong: &[Wrong]) -> Table {
    let columns = ["行号", "为什么退回"].into_iter().chain(sheet.headings.iter().map(String::as_str));
    let columns = columns.enumerate().map(|(at, words)| (words.to_owned(), if at == 1 { 40 } else { 16 })).collect();
    let rows = wrong.iter().filter_map(|wrong| {
        let row = sheet.rows.iter().find(|row| row.number == wrong.row)?;
        let said = [wrong.row.to_string(), format!("{}：{}", wrong.field, wrong.sentence)];
        let cells = (0..sheet.headings.len()).map(|at| row.cells.get(at).cloned().unwrap_or_default());
        Some(said.into_iter().chain(cells).map(Cell::Text).collect())
    });
    Table { name: "退回的工单".to_owned(), columns, rows: rows.collect() }
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
        let place = match estate_of(&estates, &order) {
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

/// The estate that the address of an order names or, if it names none, its content; none, if there are several.
fn estate_of<'a>(estates: &'a [place::Estate], order: &Order) -> Option<&'a place::Estate> {
    let named = |text: &str| {
        let found: Vec<_> = estates.iter().filter(|estate| text.contains(&estate.name)).collect();
        // 东湖 also stands in 东湖花园.
        let within = |name: &String| found.iter().any(|longer| longer.name != *name && longer.name.contains(name));
        found.iter().copied().filter(|estate| !within(&estate.name)).collect::<Vec<_>>()
    };
    let mut near = named(&order.place);
    if near.is_empty() {
        near = named(&order.content);
    }
    match near[..] {
        [only] => Some(only),
        _ => None,
    }
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
