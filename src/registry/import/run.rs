//! The course of an import: staged, checked against the register, and applied, each in bounded steps with a transaction
//! of their own, so that others can go on working and a process that dies loses nothing but the step in hand.

use std::fmt::Write;

use codes::PersonName;
use codes::tables::Relation;
use db::{Db, Statement, Tx};
use jiff::SignedDuration;
use jiff::civil::Date;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::column::{Column, Header};
use super::compare;
use super::review::review;
use super::row::{self, Entry, Rejection};
use super::store::{
    self, ADD, ADD_ROW, APPLIED, BEGIN_APPLYING, CHECKED, COUNT, END_APPLYING, FORGET, FORGET_UNLESS_REJECTED, HOLD,
    Import, Mode, OLD, REJECT, RowState, Staged, State, StoredRow, TURN,
};
use super::{Rejected, Summary};
use crate::access::{Act, Role};
use crate::error::{Error, Result};
use crate::means::Means;
use crate::place::{self, Settler};
use crate::registry::enrol::{self, Foreseen, NewResident, Outcome};
use crate::registry::{figures, person};
use crate::settings::{self, Setting};
use crate::workbook::{self, RejectedRow, Sheet, Unreadable};
use crate::{audit, outbox};

/// The topic under which an import asks to be carried on.
pub const TOPIC: &str = "registry.import";

/// How many rows are staged or checked in one transaction.
const ROWS_PER_TRANSACTION: usize = 500;
/// From so many rows on the server looks at the tables anew when they are written; fewer do not change how a query is best answered.
const ROWS_TO_ANALYZE: i64 = 200;
/// Which tables a register is written into.
const FILLED: &[&str] =
    &["buildings", "units", "dwellings", "households", "residents", "resident_tags", "building_figures"];
/// How many steps a message of the outbox takes before it makes room for others.
const STEPS_PER_MESSAGE: usize = 20;

#[derive(Debug, Clone, Copy, Deserialize)]
struct Rules {
    rows_per_step: i64,
    keep_rows_days: i64,
}

impl Setting for Rules {
    const NAME: &'static str = "registry.import";
}

/// What a message of the outbox carries.
#[derive(serde::Serialize, Deserialize)]
pub(super) struct Payload {
    pub import: Uuid,
}

/// A workbook that has been read, each row with what it says or why it is given back.
pub(super) struct Reading {
    sheet: Sheet<Column>,
    verdicts: Vec<std::result::Result<Entry, Rejection>>,
    digest: String,
}

/// Reads a workbook on a thread of its own.
pub(super) async fn read(file: Vec<u8>, today: Date) -> Result<std::result::Result<Reading, Unreadable>> {
    let reading = tokio::task::spawn_blocking(move || {
        let sheet = workbook::read(&file)?;
        let verdicts = review(&sheet, today);
        let digest = Sha256::digest(&file).iter().fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        });
        Ok(Reading { sheet, verdicts, digest })
    });
    reading.await.map_err(|error| Error::Internal(error.into()))
}

/// The day in Shanghai.
pub(super) fn today(act: &Act) -> Date {
    act.at.to_zoned_datetime(calendar::shanghai()).date()
}

/// What the import would do, read against the register, without leaving a trace.
pub(super) async fn foresee(db: &Db, act: &Act, reading: Reading, progress: &impl Fn(i64, i64)) -> Result<Summary> {
    let total = reading.verdicts.len() as i64;
    let mut summary = Summary { rows: total, ..Summary::default() };
    let mut rows = reading.sheet.rows.into_iter().zip(reading.verdicts);
    loop {
        let mut tx = db.read().await?;
        let mut some = false;
        for (row, verdict) in rows.by_ref().take(ROWS_PER_TRANSACTION) {
            some = true;
            let rejected = match verdict {
                Ok(entry) => foresee_row(&mut tx, act, &entry).await?.map(|foreseen| summary.count(foreseen)).err(),
                Err(rejection) => Some(rejection),
            };
            summary.rejected.extend(rejected.map(|rejection| Rejected::of(i64::from(row.number), rejection)));
        }
        if !some {
            return Ok(summary);
        }
        progress(summary.settled(), total);
    }
}

/// Puts a workbook's rows into the database, sealed, and leaves word in the outbox that they are to be checked.
pub(super) async fn stage(db: &Db, act: &Act, file_name: &str, reading: Reading, mode: Mode) -> Result<Uuid> {
    let Reading { sheet: Sheet { header, rows }, verdicts, digest } = reading;
    let id = act.id();
    let rejected = verdicts.iter().filter(|verdict| verdict.is_err()).count() as i64;
    let mut tx = db.begin().await?;
    let batch = match mode {
        Mode::Register => None,
        Mode::Compare => Some(store::compared_before(&mut tx, act.tenant, &digest).await?.unwrap_or(id)),
    };
    let import = ADD.bind(act.tenant).bind(id).bind(file_name).bind(digest).bind(db::Json(&header.cells));
    let import = import.bind(rows.len() as i64).bind(rejected).bind(act.account).bind(act.at).bind(mode).bind(batch);
    tx.execute(import).await?;
    audit::record(&mut tx, act, "stage", ("import", id), "", &[]).await?;
    let (mut number, mut verdicts) = (0, verdicts.into_iter());
    for step in rows.chunks(ROWS_PER_TRANSACTION) {
        for (row, verdict) in step.iter().zip(verdicts.by_ref()) {
            let door = match &verdict {
                _ if mode == Mode::Register => None,
                Ok(entry) => Some(compare::door(&entry.place)),
                Err(_) => row::member(&header, &row.cells).map(|member| compare::door(&member.place)),
            };
            let (head, supposed, rejection) = match verdict {
                Ok(entry) => (entry.head.map(|head| head.as_str().to_owned()), entry.supposed, None),
                Err(rejection) => (None, false, Some(rejection)),
            };
            let staged = Staged { cells: row.cells.clone(), head, supposed };
            let sealed = act.seal("import", &serde_json::to_string(&staged).map_err(anyhow::Error::from)?)?;
            let state = if rejection.is_some() { RowState::Rejected } else { RowState::Staged };
            let (column, reason) = rejection.map(|rejection| (rejection.column, rejection.reason)).unzip();
            let stored = ADD_ROW.bind(act.tenant).bind(id).bind(row.number).bind(state).bind(sealed);
            tx.execute(stored.bind(column).bind(reason).bind(door)).await?;
        }
        number += step.len();
        if number < rows.len() {
            tx.commit().await?;
            tx = db.begin().await?;
        }
    }
    turn(&mut tx, act, id, State::Staging, State::Checking).await?;
    outbox::post(&mut tx, act, TOPIC, &Payload { import: id }).await?;
    tx.commit().await?;
    Ok(id)
}

/// Begins to write what has been checked; the outbox sees to the rest.
///
/// Errors: refused unless the import waits for this.
pub(super) async fn begin(db: &Db, act: &Act, id: Uuid) -> Result<()> {
    let mut tx = db.begin().await?;
    if tx.execute(BEGIN_APPLYING.bind(act.tenant).bind(id)).await? == 0 {
        let import = store::import(&mut tx, act.tenant, id).await?;
        return Err(Error::refused(format!("这次导入现在是“{}”，不能再确认写入。", import.state)));
    }
    audit::record(&mut tx, act, "apply", ("import", id), "", &[]).await?;
    outbox::post(&mut tx, act, TOPIC, &Payload { import: id }).await?;
    Ok(tx.commit().await?)
}

/// Gives an import up before anything of it has been written, and removes what was staged. Rejected rows can still be
/// fetched for a while.
///
/// Errors: refused once writing has begun.
pub(super) async fn cancel(db: &Db, act: &Act, id: Uuid, reason: &str) -> Result<()> {
    let mut tx = db.begin().await?;
    let import = store::import(&mut tx, act.tenant, id).await?;
    if !matches!(import.state, State::Staging | State::Checking | State::Checked) {
        return Err(Error::refused(format!("这次导入现在是“{}”，不能再放弃。", import.state)));
    }
    turn(&mut tx, act, id, import.state, State::Cancelled).await?;
    audit::record(&mut tx, act, "cancel", ("import", id), reason, &[]).await?;
    tx.commit().await?;
    forget(db, act, FORGET_UNLESS_REJECTED, id).await
}

async fn turn(tx: &mut Tx, act: &Act, id: Uuid, from: State, to: State) -> Result<()> {
    if tx.execute(TURN.bind(act.tenant).bind(id).bind(from).bind(to)).await? == 0 {
        return Err(Error::Stale("这次导入刚刚有别人处理过，请刷新页面再看。".to_owned()));
    }
    Ok(())
}

/// Carries an import on until it is checked or applied, and tells after each step how far it is.
pub(super) async fn finish(
    db: &Db,
    means: &Means,
    tenant: Uuid,
    id: Uuid,
    progress: &impl Fn(i64, i64),
) -> Result<Import> {
    loop {
        let import = step(db, means, tenant, id).await?;
        progress(import.settled(), import.total_rows);
        if !import.running() {
            return Ok(import);
        }
    }
}

/// What a message of the outbox does: some steps, and another message for the rest.
pub(super) async fn carry_on(db: &Db, means: &Means, tenant: Uuid, id: Uuid) -> Result<()> {
    for _ in 0..STEPS_PER_MESSAGE {
        if !step(db, means, tenant, id).await?.running() {
            return Ok(());
        }
    }
    let mut tx = db.begin().await?;
    outbox::post(&mut tx, &Act::system(tenant, means), TOPIC, &Payload { import: id }).await?;
    Ok(tx.commit().await?)
}

/// Takes the next step of an import, and gives it as it is then.
async fn step(db: &Db, means: &Means, tenant: Uuid, id: Uuid) -> Result<Import> {
    let import = store::import(&mut db.read().await?, tenant, id).await?;
    let act = Act { account: import.account_id, role: Role::System, ..Act::system(tenant, means) };
    match import.state {
        State::Checking => check_step(db, &act, &import).await?,
        State::Applying => apply_step(db, &act, &import).await?,
        _ => return Ok(import),
    }
    store::import(&mut db.read().await?, tenant, id).await
}

/// Compares the next rows with the register, reading only, and then notes the verdicts in a short transaction.
async fn check_step(db: &Db, act: &Act, import: &Import) -> Result<()> {
    let (tenant, id) = (act.tenant, import.id);
    let header = header(import)?;
    let mut tx = db.read().await?;
    let rows = store::rows(&mut tx, tenant, id, RowState::Staged, 0, ROWS_PER_TRANSACTION as i64).await?;
    let (mut tally, mut rejections) = (Summary::default(), Vec::new());
    for row in &rows {
        let verdict = match reread(act, &header, row)? {
            Ok(entry) => foresee_row(&mut tx, act, &entry).await?,
            Err(rejection) => Err(rejection),
        };
        match verdict {
            Ok(foreseen) => tally.count(foreseen),
            Err(rejection) => rejections.push((row.row_number, rejection)),
        }
    }
    drop(tx);
    let mut tx = db.begin().await?;
    if tx.execute(HOLD.bind(tenant).bind(id).bind(State::Checking)).await? == 0 {
        return Ok(());
    }
    let next = store::rows(&mut tx, tenant, id, RowState::Staged, 0, 1).await?;
    match (rows.first(), rows.last(), next.first()) {
        (Some(first), Some(last), Some(next)) if first.row_number == next.row_number => {
            reject_rows(&mut tx, act, id, &rejections).await?;
            tx.execute(CHECKED.bind(tenant).bind(id).bind(first.row_number).bind(last.row_number)).await?;
            count(&mut tx, act, id, &tally, rejections.len()).await?;
        }
        (None, _, None) => turn(&mut tx, act, id, State::Checking, State::Checked).await?,
        // Another worker has been here in the meantime.
        _ => return Ok(()),
    }
    Ok(tx.commit().await?)
}

/// Writes the next rows into the register, and with them, in the same transaction, that they are written.
async fn apply_step(db: &Db, act: &Act, import: &Import) -> Result<()> {
    let (tenant, id) = (act.tenant, import.id);
    let header = header(import)?;
    let mut tx = db.begin().await?;
    if tx.execute(HOLD.bind(tenant).bind(id).bind(State::Applying)).await? == 0 {
        return Ok(());
    }
    let rules: Rules = settings::read(&mut tx, tenant, act.at).await?;
    let rows = store::rows(&mut tx, tenant, id, RowState::Checked, 0, rules.rows_per_step.max(1)).await?;
    let (Some(first), Some(last)) = (rows.first(), rows.last()) else {
        if import.compares() && compare::look_behind_doors(&mut tx, act, import, rules.rows_per_step.max(1)).await? {
            return Ok(tx.commit().await?);
        }
        tx.execute(END_APPLYING.bind(tenant).bind(id).bind(act.at)).await?;
        tx.commit().await?;
        // What is written is written, and the server comes to look by itself in the end.
        if !import.compares()
            && import.total_rows >= ROWS_TO_ANALYZE
            && let Err(error) = db.analyze(FILLED).await
        {
            tracing::warn!(?error, "nobody has looked at the tables after an import");
        }
        return Ok(());
    };
    let (mut settler, mut tally, mut rejections) = (Settler::default(), Summary::default(), Vec::new());
    for row in &rows {
        let verdict = match reread(act, &header, row)? {
            Ok(entry) if import.compares() => {
                compare::compare_row(&mut tx, act, &mut settler, import, (row.row_number, &entry)).await?
            }
            Ok(entry) => apply_row(&mut tx, act, &mut settler, &entry).await?,
            Err(rejection) => Err(rejection),
        };
        match verdict {
            Ok(foreseen) => tally.count(foreseen),
            Err(rejection) => rejections.push((row.row_number, rejection)),
        }
    }
    reject_rows(&mut tx, act, id, &rejections).await?;
    tx.execute(APPLIED.bind(tenant).bind(id).bind(first.row_number).bind(last.row_number)).await?;
    count(&mut tx, act, id, &tally, rejections.len()).await?;
    let words = format!(
        "{}第 {} 至 {} 行：新增 {} 人，更新 {} 人，没有变化 {} 人，退回 {} 行",
        if import.compares() { "只对照，" } else { "" },
        first.row_number,
        last.row_number,
        tally.created,
        tally.updated,
        tally.unchanged,
        rejections.len()
    );
    audit::record(&mut tx, act, "apply_step", ("import", id), &words, &[]).await?;
    Ok(tx.commit().await?)
}

/// What a row would do to the register.
async fn foresee_row(tx: &mut Tx, act: &Act, entry: &Entry) -> Result<std::result::Result<Foreseen, Rejection>> {
    let dwelling = store::dwelling(tx, act.tenant, &entry.place).await?;
    let (head, person) = member(tx, act, dwelling, entry).await?;
    let foreseen = match enrol::foresee(tx, act, dwelling, &head, &person).await {
        Ok(foreseen) => foreseen,
        Err(Error::Refused(sentence)) => return Ok(Err(row::reject(Column::Name, sentence))),
        Err(error) => return Err(error),
    };
    if let (Foreseen::Unchanged, Some(dwelling), Some(said)) = (foreseen, dwelling, entry.usage)
        && place::dwelling(tx, act.tenant, dwelling).await?.usage != Some(said)
    {
        return Ok(Ok(Foreseen::Updated));
    }
    Ok(Ok(foreseen))
}

/// Registers the person of a row. A row that is refused leaves nothing behind, not even its dwelling.
async fn apply_row(
    tx: &mut Tx,
    act: &Act,
    settler: &mut Settler,
    entry: &Entry,
) -> Result<std::result::Result<Foreseen, Rejection>> {
    let Entry { place, usage, .. } = entry;
    let dwelling = store::dwelling(tx, act.tenant, place).await?;
    let (head, person) = member(tx, act, dwelling, entry).await?;
    let known = match enrol::recognise(tx, act, dwelling, &head, &person).await {
        Ok(known) => known,
        Err(Error::Refused(sentence)) => return Ok(Err(row::reject(Column::Name, sentence))),
        Err(error) => return Err(error),
    };
    let dwelling = settler.settle(tx, act, &place.estate, &place.building, &place.unit, &place.room).await?;
    let used = match usage {
        Some(usage) => place::set_use(tx, act, dwelling, *usage).await?,
        None => false,
    };
    Ok(Ok(match enrol::write(tx, act, dwelling, &head, known, &person).await? {
        Outcome::Created(_) => Foreseen::Created,
        Outcome::Updated(_) => Foreseen::Updated,
        Outcome::Unchanged(id) if used => {
            let building = person::person(tx, act, id).await?.building;
            figures::touch(tx, act, building).await?;
            Foreseen::Updated
        }
        Outcome::Unchanged(_) => Foreseen::Unchanged,
    }))
}

/// The head of the household that a row belongs to, and its person as a member of it. Where nobody in the file is named
/// as the head, the register may know the household.
pub(super) async fn member(
    tx: &mut Tx,
    act: &Act,
    dwelling: Option<Uuid>,
    entry: &Entry,
) -> Result<(PersonName, NewResident)> {
    let mut person = entry.person.clone();
    let mut head = entry.head.clone().unwrap_or_else(|| person.name.clone());
    if entry.supposed {
        if let Some(dwelling) = dwelling
            && let Some(known) = enrol::head_at(tx, act, dwelling, &person).await?
        {
            head = known;
        }
        if head == person.name {
            person.relation = person.relation.or(Some(Relation::Head));
        }
    }
    Ok((head, person))
}

/// Reads a staged row again.
fn reread(act: &Act, header: &Header, row: &StoredRow) -> Result<std::result::Result<Entry, Rejection>> {
    let Some(staged) = row.open(act)? else {
        return Err(Error::Internal(anyhow::anyhow!("a row that is not applied yet has lost its content")));
    };
    let mut entry = match row::read(header, &staged.cells, today(act)) {
        Ok(entry) => entry,
        Err(rejection) => return Ok(Err(rejection)),
    };
    entry.head = entry.head.or_else(|| PersonName::parse(staged.head.as_deref()?).ok());
    entry.supposed = staged.supposed;
    Ok(Ok(entry))
}

fn header(import: &Import) -> Result<Header> {
    Header::read(import.header.0.clone())
        .map_err(|_| Error::Internal(anyhow::anyhow!("a staged header has a column twice")))
}

async fn reject_rows(tx: &mut Tx, act: &Act, id: Uuid, rejections: &[(i64, Rejection)]) -> Result<()> {
    for (number, rejection) in rejections {
        let row = REJECT.bind(act.tenant).bind(id).bind(*number).bind(rejection.column).bind(&rejection.reason);
        tx.execute(row).await?;
    }
    Ok(())
}

async fn count(tx: &mut Tx, act: &Act, id: Uuid, tally: &Summary, rejected: usize) -> Result<()> {
    let counts = COUNT.bind(act.tenant).bind(id).bind(tally.created).bind(tally.updated).bind(tally.unchanged);
    tx.execute(counts.bind(rejected as i64)).await?;
    Ok(())
}

/// What an import came to, with every rejected row.
pub(super) async fn summary(db: &Db, tenant: Uuid, import: &Import) -> Result<Summary> {
    let mut summary = Summary { rows: import.total_rows, ..Summary::default() };
    if import.state != State::Cancelled {
        (summary.created, summary.updated) = (import.created_count, import.updated_count);
        summary.unchanged = import.unchanged_count;
    }
    let mut after = 0;
    loop {
        let mut tx = db.read().await?;
        let rows =
            store::rows(&mut tx, tenant, import.id, RowState::Rejected, after, ROWS_PER_TRANSACTION as i64).await?;
        let Some(last) = rows.last() else { return Ok(summary) };
        after = last.row_number;
        summary.rejected.extend(rows.into_iter().map(|row| Rejected {
            row: row.row_number,
            column: row.rejected_column.map_or("", Column::label),
            reason: row.reason.unwrap_or_default(),
        }));
    }
}

/// The rejected rows as a workbook: the original cells, the bad one marked, the reason beside it.
///
/// Errors: not found where nothing was rejected; refused once the rows have been removed.
pub(super) async fn rejections(db: &Db, act: &Act, id: Uuid) -> Result<Vec<u8>> {
    let import = store::import(&mut db.read().await?, act.tenant, id).await?;
    let header = header(&import)?;
    let (mut rejected, mut after) = (Vec::new(), 0);
    loop {
        let mut tx = db.read().await?;
        let rows = store::rows(&mut tx, act.tenant, id, RowState::Rejected, after, ROWS_PER_TRANSACTION as i64).await?;
        let Some(last) = rows.last() else { break };
        after = last.row_number;
        for row in rows {
            let Some(staged) = row.open(act)? else { return Err(removed()) };
            let number = u32::try_from(row.row_number).unwrap_or(0);
            let (column, reason) = (row.rejected_column.unwrap_or(Column::Name), row.reason.unwrap_or_default());
            rejected.push(RejectedRow { number, cells: staged.cells, column, reason });
        }
    }
    if rejected.is_empty() {
        return Err(Error::NotFound);
    }
    let made = move || workbook::rejections(&header, &rejected);
    tokio::task::spawn_blocking(made).await.map_err(|error| Error::Internal(error.into()))?
}

fn removed() -> Error {
    Error::refused("退回的原始行已过保存期，为保护个人信息已经删除。请用原来的登记表重新导入。")
}

/// Removes the content of rows that are kept longer than the setting says: a workbook is not a second register.
pub async fn forget_old(db: &Db, act: &Act) -> Result<()> {
    let mut tx = db.read().await?;
    let rules: Rules = settings::read(&mut tx, act.tenant, act.at).await?;
    let before = act.at - SignedDuration::from_hours(24 * rules.keep_rows_days);
    let old: Vec<store::Found> = tx.all(OLD.bind(act.tenant).bind(before)).await?;
    drop(tx);
    for import in old {
        forget(db, act, FORGET, import.id).await?;
    }
    Ok(())
}

/// Removes the content of an import's rows, in steps.
async fn forget(db: &Db, act: &Act, some: Statement, id: Uuid) -> Result<()> {
    loop {
        let mut tx = db.begin().await?;
        let removed = tx.execute(some.bind(act.tenant).bind(id)).await?;
        tx.commit().await?;
        if removed == 0 {
            return Ok(());
        }
    }
}
