//! The 党员花名册 that offices keep. A workbook is read as people write it (`row`), and what each row would do is shown before
//! anything is written (`plan`); it adds and updates, moves between branches, and never removes anybody. What is blank in a
//! row erases nothing. Rows that cannot be taken come back with the reason. The same member list goes out again, masked.

mod plan;
mod row;

pub use row::Column;

use std::collections::HashMap;

use db::{Tx, text_enum};
use jiff::SignedDuration;
use serde::Deserialize;
use uuid::Uuid;

use super::field::{Field, exported};
use super::member::{self, today};
use super::model::{Post, Status, Tie};
use super::store::{self, ADD_IMPORT, END_IMPORT, FORGET, Import, Organisation};
use crate::access::{Act, Scope};
use crate::audit;
use crate::error::{Error, Result};
use crate::settings::{self, Setting};
use crate::workbook::{self, Header, Sheet, Staged, StagedRow, Unreadable};
use plan::{Known, Plan};
use row::{Entry, Rejection};

text_enum! {
    /// How far an import has come.
    pub enum State { Checked = "checked" "等待确认", Applied = "applied" "已写入", Cancelled = "cancelled" "已放弃" }
}

#[derive(Debug, Clone, Copy, Deserialize)]
struct Rules {
    keep_rows_days: i64,
}

impl Setting for Rules {
    const NAME: &'static str = "party.import";
}

/// More rows than this are more than a branch has, and more than one transaction should write.
const MOST_ROWS: usize = 1000;

/// What its rows are sealed for.
const PURPOSE: &str = "party_import";

/// What becomes of a row.
pub(super) struct Foreseen {
    pub number: u32,
    pub name: String,
    /// In words; `Err` where the row is given back.
    pub outcome: std::result::Result<String, String>,
    pub kind: Effect,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    New,
    Changed,
    Same,
    Rejected,
}

/// Reads a workbook on a thread of its own.
pub(super) async fn read(file: Vec<u8>) -> Result<std::result::Result<Sheet<Column>, Unreadable>> {
    workbook::read_most(file, MOST_ROWS).await
}

/// Keeps what a workbook says until somebody has seen what it would do.
pub(super) async fn stage(
    tx: &mut Tx,
    act: &Act,
    organisation: Uuid,
    file_name: &str,
    sheet: Sheet<Column>,
) -> Result<Uuid> {
    let id = act.id();
    let sealed = Staged::of(sheet).seal(act, PURPOSE)?;
    let row = ADD_IMPORT.bind(act.tenant).bind(id).bind(organisation).bind(file_name).bind(sealed);
    tx.execute(row.bind(act.account).bind(act.at)).await?;
    audit::record(tx, act, "stage", ("party_import", id), "", &[]).await?;
    Ok(id)
}

/// The rows of an import, unless they are not kept any more.
fn open(act: &Act, import: &Import) -> Result<Option<(Header<Column>, Vec<StagedRow>)>> {
    Staged::open(act, PURPOSE, import.sealed.as_deref())
}

/// What each row would do now, or what became of those that were given back.
pub(super) async fn foresee(tx: &mut Tx, act: &Act, scope: &Scope, import: &Import) -> Result<Vec<Foreseen>> {
    let Some((header, rows)) = open(act, import)? else { return Ok(Vec::new()) };
    let entries = read_rows(act, &header, rows);
    let mut known = Known::read(tx, act, scope, import.party_organisation_id, understood(&entries)).await?;
    let mut foreseen = Vec::with_capacity(entries.len());
    for (row, entry) in entries {
        let name = header.cell(&row.cells, Column::Name).to_owned();
        let verdict = match row.rejected {
            Some((column, reason)) => Err(format!("{column}：{reason}")),
            None => entry.and_then(|entry| plan::plan(&mut known, row.number, entry)).map_err(|why| why.words()),
        };
        let kind = verdict.as_ref().map_or(Effect::Rejected, Plan::effect);
        let outcome = verdict.map(|plan| plan.words);
        foreseen.push(Foreseen { number: row.number, name, outcome, kind });
    }
    Ok(foreseen)
}

type ReadRow = (StagedRow, std::result::Result<Entry, Rejection>);

fn read_rows(act: &Act, header: &Header<Column>, rows: Vec<StagedRow>) -> Vec<ReadRow> {
    let read = |row: StagedRow| {
        let entry = Entry::read(header, &row.cells, today(act));
        (row, entry)
    };
    rows.into_iter().map(read).collect()
}

fn understood(rows: &[ReadRow]) -> impl Iterator<Item = &Entry> + Clone {
    rows.iter().filter_map(|(_, entry)| entry.as_ref().ok())
}

/// Writes what has been shown, all in one transaction, and keeps only the rows that are given back.
///
/// Errors: refused unless the import waits for this.
pub(super) async fn apply(tx: &mut Tx, act: &Act, scope: &Scope, import: &Import) -> Result<()> {
    let Some((header, rows)) = open(act, import)? else { return Err(over()) };
    let entries = read_rows(act, &header, rows);
    let mut known = Known::read(tx, act, scope, import.party_organisation_id, understood(&entries)).await?;
    let (mut counts, mut back) = (HashMap::new(), Vec::new());
    for (mut row, entry) in entries {
        let effect = match entry.and_then(|entry| plan::plan(&mut known, row.number, entry)) {
            Ok(plan) => {
                let effect = plan.effect();
                plan::carry_out(tx, act, &mut known, plan).await?;
                effect
            }
            Err(rejection) => {
                row.rejected = Some((rejection.column.label().to_owned(), rejection.reason));
                back.push(row);
                Effect::Rejected
            }
        };
        *counts.entry(effect as u8).or_insert(0) += 1;
    }
    let count = |effect: Effect| counts.get(&(effect as u8)).copied().unwrap_or(0);
    let outcome = format!(
        "新增 {} 人，更新 {} 人，没有变化 {} 人，退回 {} 行",
        count(Effect::New),
        count(Effect::Changed),
        count(Effect::Same),
        count(Effect::Rejected)
    );
    let sealed = Staged::left(header, back).map(|left| left.seal(act, PURPOSE)).transpose()?;
    end(tx, act, import, State::Applied, (sealed, &outcome)).await?;
    audit::record(tx, act, "apply", ("party_import", import.id), &outcome, &[]).await
}

/// Gives an import up before anything of it has been written.
pub(super) async fn cancel(tx: &mut Tx, act: &Act, import: &Import) -> Result<()> {
    end(tx, act, import, State::Cancelled, (None, "")).await?;
    audit::record(tx, act, "cancel", ("party_import", import.id), "", &[]).await
}

async fn end(
    tx: &mut Tx,
    act: &Act,
    import: &Import,
    state: State,
    (sealed, outcome): (Option<Vec<u8>>, &str),
) -> Result<()> {
    let row = END_IMPORT.bind(act.tenant).bind(import.id).bind(state).bind(sealed).bind(outcome);
    if tx.execute(row).await? == 0 { Err(over()) } else { Ok(()) }
}

fn over() -> Error {
    Error::refused("这次导入已经写入、放弃，或者原始行已过保存期。请重新上传花名册。")
}

/// The rows that an import has given back, as a workbook.
///
/// Errors: not found if there are none, or they are not kept any more.
pub(super) async fn rejections(act: &Act, import: &Import) -> Result<Vec<u8>> {
    let Some((header, rows)) = open(act, import)? else { return Err(Error::NotFound) };
    workbook::given_back(header, rows).await
}

/// Removes the rows of imports that are kept longer than the setting says.
pub async fn forget_old(tx: &mut Tx, act: &Act) -> Result<()> {
    let rules: Rules = settings::read(tx, act.tenant, act.at).await?;
    let before = act.at - SignedDuration::from_hours(24 * rules.keep_rows_days);
    tx.execute(FORGET.bind(act.tenant).bind(before)).await?;
    Ok(())
}

// ---------- going out ----------

/// A filled 党员花名册; no rows make the empty form.
pub fn workbook(rows: Vec<Vec<(Column, String)>>, mark: Option<&str>) -> Result<Vec<u8>> {
    workbook::filled(rows, mark)
}

/// The members of an organisation as rows of the member list, names and numbers masked, notes left out.
pub(super) async fn rows(tx: &mut Tx, act: &Act, organisation: &Organisation) -> Result<Vec<Vec<(Column, String)>>> {
    let cards = member::of_organisation(tx, act, organisation.id).await?;
    let groups = store::organisations(tx, act.tenant, &Scope::tenant()).await?;
    let posts = store::posts(tx, act.tenant).await?;
    let row = |(at, card): (usize, &member::Card)| {
        let mut row = vec![(Column::Serial, (at + 1).to_string()), (Column::Branch, organisation.name.clone())];
        for (column, field) in row::FIELDS {
            row.extend(card.get(field).filter(|_| field != Field::Note).map(|kept| (column, exported(field, kept))));
        }
        let group = groups.iter().find(|group| Some(group.id) == card.home.group);
        row.extend(group.map(|group| (Column::Group, group.name.clone())));
        let mut held: Vec<Post> = posts
            .iter()
            .filter(|post| post.member_id == card.id && post.party_organisation_id == organisation.id)
            .map(|post| post.post)
            .collect();
        held.sort_unstable();
        row.push((Column::Post, held.iter().map(|post| post.label()).collect::<Vec<_>>().join("、")));
        // What the form has no column for goes where offices write it.
        let status = card.get(Field::Status).and_then(Status::parse).filter(|status| *status != Status::Formal);
        let link = card.get(Field::Link).and_then(Tie::parse).filter(|link| *link != Tie::Here);
        let said: Vec<&str> = status.map(Status::label).into_iter().chain(link.map(Tie::label)).collect();
        row.push((Column::Note, said.join("、")));
        row
    };
    Ok(cards.iter().enumerate().map(row).collect())
}
