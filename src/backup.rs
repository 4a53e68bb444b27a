//! A backup: every table of one moment as lines of JSON, compressed with gzip. It can be taken while the program runs, and
//! comes back on either engine. Sealed values stay sealed in it; the keys are never part of it.
//!
//! The first line says what the file is and which migrations its tables have been through. Then comes each table: a line
//! with its name and columns, and a line for each row. The last line has the number of rows and the digest of all that
//! stands before it, so that a file that is cut off or altered is noticed before anything has been written.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::{Context, bail, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use db::{Db, Kind, Migration, Table, Tx, Value};
use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::keys::{Keys, Mark};
use crate::schema::MIGRATIONS;

#[derive(Serialize, Deserialize)]
struct Head {
    doorstep_backup: u32,
    made_at: Timestamp,
    migrations: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct TableHead {
    table: String,
    columns: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct Tail {
    rows: u64,
    sha256: String,
}

/// The only version of the format so far.
const FORMAT: u32 = 1;

/// What was written or brought back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Amount {
    pub tables: usize,
    pub rows: u64,
}

/// Writes a backup of one state of the database, and tells after each thousand rows how many it is at. The file appears
/// under its name only when it is whole; nobody but its owner may read it.
pub async fn write(db: &Db, file: &Path, now: Timestamp, mut progress: impl FnMut(u64)) -> anyhow::Result<Amount> {
    let unfinished = file.with_extension("unfinished");
    let made = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&unfinished);
    let made = made.with_context(|| format!("写不了 {}", unfinished.display()))?;
    let mut lines = Lines::to(GzEncoder::new(BufWriter::new(made), Compression::fast()));

    let mut tx = db.read().await?;
    let migrations = db::applied(&mut tx).await?;
    ensure!(!migrations.is_empty(), "数据库是空的，没有可备份的内容");
    lines.write(&Head { doorstep_backup: FORMAT, made_at: now, migrations })?;
    let tables = db::tables(&mut tx).await?;
    let mut rows = 0;
    for table in &tables {
        let columns = table.columns.iter().map(|(name, _)| name.clone()).collect();
        lines.write(&TableHead { table: table.name.clone(), columns })?;
        let each = |row: Vec<Value>| {
            rows += 1;
            if rows % 1000 == 0 {
                progress(rows);
            }
            lines.write(&row.into_iter().map(said).collect::<Vec<_>>())
        };
        table.read::<anyhow::Error>(&mut tx, each).await?;
    }
    let sha256 = lines.digest();
    lines.write(&Tail { rows, sha256 })?;
    let whole = lines.to.finish()?.into_inner().map_err(|error| error.into_error())?;
    whole.sync_all()?;
    std::fs::rename(&unfinished, file).with_context(|| format!("写不了 {}", file.display()))?;
    Ok(Amount { tables: tables.len(), rows })
}

/// Brings a backup back into an empty database, in one transaction, and the schema up to date. The file is read twice:
/// before anything is made in the database, everything about the file has been checked.
///
/// Errors: the database is not empty, the file is damaged or from a newer program, or the keys are not those with which
/// its values were sealed. Nothing is kept of any of these.
pub async fn restore(
    db: &Db,
    keys: &Keys,
    file: &Path,
    now: Timestamp,
    mut progress: impl FnMut(u64),
) -> anyhow::Result<Amount> {
    let migrations = examine(file, keys)?;
    check_empty(db).await?;
    db::migrate(db, migrations, now).await.context("建不了数据表")?;
    let mut tx = db.begin().await?;
    tx.defer_references().await?;
    let tables = db::tables(&mut tx).await?;
    let mut amount = Amount { tables: 0, rows: 0 };
    let mut batch = Batch::default();
    let mut lines = Reading::open(file)?;
    lines.next()?;
    loop {
        match lines.next()? {
            Line::Table(head) => {
                batch.flush(&mut tx).await?;
                batch.table = Some(table(&tables, &head)?);
                amount.tables += 1;
            }
            Line::Row(line) => {
                batch.push(&line)?;
                amount.rows += 1;
                if batch.is_full() {
                    batch.flush(&mut tx).await?;
                    progress(amount.rows);
                }
            }
            Line::Tail(_) => break,
            Line::Head(_) => bail!(UNREADABLE),
        }
    }
    batch.flush(&mut tx).await?;
    keys.check_in(&mut tx).await?;
    tx.commit().await.context("备份里的数据互相对不上，没有恢复任何内容")?;
    db::migrate(db, MIGRATIONS, now).await.context("数据库升级没有完成")?;
    // Of tables that were filled at once a server knows nothing; what has been restored is whole all the same.
    let mut tx = db.read().await?;
    let tables = db::tables(&mut tx).await?;
    drop(tx);
    let names: Vec<&str> = tables.iter().map(|table| table.name.as_str()).collect();
    if let Err(error) = db.analyze(&names).await {
        tracing::warn!(?error, "nobody has looked at the tables after they were restored");
    }
    Ok(amount)
}

/// Reads a backup to its end: is it whole, of this program or an older one, and sealed with these keys? Gives the migrations
/// that its tables have been through.
fn examine(file: &Path, keys: &Keys) -> anyhow::Result<&'static [Migration]> {
    let mut lines = Reading::open(file)?;
    let Ok(Line::Head(head)) = lines.next() else { bail!("{} 不是家门口的备份文件", file.display()) };
    ensure!(head.doorstep_backup == FORMAT, "这个备份的格式是第 {} 版，请用更新的程序恢复", head.doorstep_backup);
    let known = MIGRATIONS.iter().zip(&head.migrations).take_while(|(migration, name)| migration.name == *name).count();
    ensure!(known == head.migrations.len(), "这个备份来自更新的程序（{}），请先升级程序", head.migrations[known]);
    let (mut rows, mut marks, mut of_keys) = (0, Vec::new(), false);
    loop {
        let digest = lines.digest.clone();
        match lines.next()? {
            Line::Table(head) => of_keys = head.table == "key_checks",
            Line::Row(line) => {
                rows += 1;
                if of_keys {
                    marks.push(mark(&line).context(UNREADABLE)?);
                }
            }
            Line::Tail(tail) => {
                let whole = tail.rows == rows && tail.sha256 == hex(digest);
                ensure!(whole, "备份文件的校验值对不上，内容被改过或损坏了，没有恢复任何内容");
                break;
            }
            Line::Head(_) => bail!(UNREADABLE),
        }
    }
    keys.check_marks(&marks)?;
    Ok(&MIGRATIONS[..known])
}

/// A row of the table in which each key has left its mark.
fn mark(line: &str) -> Option<Mark> {
    let (key_id, sealed): (String, String) = serde_json::from_str(line).ok()?;
    Some(Mark { key_id, sealed: STANDARD.decode(sealed).ok()? })
}

/// A backup being read, and the digest of the lines that have been.
struct Reading {
    lines: std::io::Lines<BufReader<MultiGzDecoder<File>>>,
    digest: Sha256,
}

enum Line {
    Head(Head),
    Table(TableHead),
    Row(String),
    Tail(Tail),
}

const UNREADABLE: &str = "备份文件里有一行读不懂，没有恢复任何内容";

impl Reading {
    fn open(file: &Path) -> anyhow::Result<Reading> {
        let opened = File::open(file).with_context(|| format!("读不了 {}", file.display()))?;
        let lines = BufReader::with_capacity(1 << 16, MultiGzDecoder::new(opened)).lines();
        Ok(Reading { lines, digest: Sha256::new() })
    }

    fn next(&mut self) -> anyhow::Result<Line> {
        let line = self.lines.next().transpose().context("备份文件读到一半就坏了，没有恢复任何内容")?;
        let line = line.context("备份文件不完整，没有恢复任何内容")?;
        add(&mut self.digest, &line);
        Ok(match line.get(..8) {
            Some("{\"doorst") => Line::Head(serde_json::from_str(&line).context(UNREADABLE)?),
            Some("{\"table\"") => Line::Table(serde_json::from_str(&line).context(UNREADABLE)?),
            Some("{\"rows\":") => Line::Tail(serde_json::from_str(&line).context(UNREADABLE)?),
            _ => Line::Row(line),
        })
    }
}

async fn check_empty(db: &Db) -> anyhow::Result<()> {
    let mut tx = db.read().await?;
    for table in db::tables(&mut tx).await? {
        ensure!(table.is_empty(&mut tx).await?, "数据库不是空的（{} 表里有内容），请恢复到一个新的数据库", table.name);
    }
    Ok(())
}

/// The table of the database that a line names, with its columns in the order of the file.
fn table(tables: &[Table], head: &TableHead) -> anyhow::Result<Table> {
    let known = tables.iter().find(|table| table.name == head.table);
    let columns: Option<Vec<_>> = known.and_then(|known| {
        let find = |name: &String| known.columns.iter().find(|(column, _)| column == name).cloned();
        head.columns.iter().map(find).collect()
    });
    let columns = columns.with_context(|| format!("数据库里没有备份中的表或列：{}", head.table))?;
    Ok(Table { name: head.table.clone(), columns })
}

/// Rows of one table on their way into the database: at most 200, or about a megabyte.
#[derive(Default)]
struct Batch {
    table: Option<Table>,
    rows: Vec<Vec<Value>>,
    bytes: usize,
}

impl Batch {
    fn push(&mut self, line: &str) -> anyhow::Result<()> {
        let table = self.table.as_ref().context("备份文件里有一行不属于任何表")?;
        let cells: Vec<serde_json::Value> = serde_json::from_str(line).context("备份文件里有一行读不懂")?;
        ensure!(cells.len() == table.columns.len(), "备份文件里 {} 表有一行的列数不对", table.name);
        let values = cells.into_iter().zip(&table.columns).map(|(cell, (name, kind))| {
            value(cell, *kind).with_context(|| format!("备份文件里 {}.{name} 有一个值读不懂", table.name))
        });
        self.rows.push(values.collect::<anyhow::Result<_>>()?);
        self.bytes += line.len();
        Ok(())
    }

    fn is_full(&self) -> bool {
        self.rows.len() >= 200 || self.bytes > 1 << 20
    }

    async fn flush(&mut self, tx: &mut Tx) -> anyhow::Result<()> {
        self.bytes = 0;
        if let (Some(table), false) = (&self.table, self.rows.is_empty()) {
            table.add(tx, std::mem::take(&mut self.rows)).await.with_context(|| format!("写不进 {} 表", table.name))?;
        }
        Ok(())
    }
}

fn said(value: Value) -> serde_json::Value {
    match value {
        Value::Uuid(value) => value.map(|value| value.to_string()).into(),
        Value::Text(value) => value.into(),
        Value::Int(value) => value.into(),
        Value::Bool(value) => value.into(),
        Value::Bytes(value) => value.map(|value| STANDARD.encode(value)).into(),
    }
}

fn value(cell: serde_json::Value, kind: Kind) -> Option<Value> {
    let null = cell.is_null();
    let text = || if null { Some(None) } else { cell.as_str().map(Some) };
    Some(match kind {
        Kind::Uuid => Value::Uuid(text()?.map(str::parse::<Uuid>).transpose().ok()?),
        Kind::Text => Value::Text(text()?.map(str::to_owned)),
        Kind::Bytes => Value::Bytes(text()?.map(|text| STANDARD.decode(text)).transpose().ok()?),
        Kind::Int if null => Value::Int(None),
        Kind::Int => Value::Int(Some(cell.as_i64()?)),
        Kind::Bool if null => Value::Bool(None),
        Kind::Bool => Value::Bool(Some(cell.as_bool()?)),
    })
}

/// Lines on their way into a file, and the digest of those before.
struct Lines<W: Write> {
    to: W,
    digest: Sha256,
}

impl<W: Write> Lines<W> {
    fn to(to: W) -> Self {
        Lines { to, digest: Sha256::new() }
    }

    fn write(&mut self, line: &impl Serialize) -> anyhow::Result<()> {
        let line = serde_json::to_string(line)?;
        add(&mut self.digest, &line);
        writeln!(self.to, "{line}").context("写不进备份文件，磁盘可能满了")
    }

    fn digest(&self) -> String {
        hex(self.digest.clone())
    }
}

fn add(digest: &mut Sha256, line: &str) {
    digest.update(line);
    digest.update("\n");
}

fn hex(digest: Sha256) -> String {
    digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
