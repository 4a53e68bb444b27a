//! Whole tables, out of one database and into another of whichever engine, and what a server knows of how they are filled. Only here are
//! statements made while the program runs, of names that the database itself gives or the program has as constants.

use futures_util::TryStreamExt;
use sqlx::AssertSqlSafe;
use sqlx::postgres::PgArguments;
use sqlx::sqlite::SqliteArguments;

use crate::statement::arguments;
use crate::value::{Row, Value};
use crate::{Db, Error, Result, Tx, record, statements};

/// A table, in an order in which every table comes after those that it refers to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    pub name: String,
    pub columns: Vec<(String, Kind)>,
}

/// What a column holds, whatever the engine calls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Uuid,
    Text,
    Int,
    Bool,
    Bytes,
}

statements! {
    SQLITE_TABLES = "SELECT t.name AS table_name, c.name AS column_name, c.type AS declared FROM sqlite_master t
        JOIN pragma_table_info(t.name) c WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
        AND t.name <> 'schema_migrations' ORDER BY t.rowid, c.cid";
    SQLITE_HAS = "SELECT COUNT(*) AS count FROM sqlite_master WHERE type = 'table' AND name = $1";
    POSTGRES_HAS = "SELECT COUNT(*) AS count FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relname = $1";
    POSTGRES_TABLES = "SELECT t.relname::TEXT AS table_name, c.attname::TEXT AS column_name, format_type(c.atttypid, NULL) AS declared
        FROM pg_class t JOIN pg_attribute c ON c.attrelid = t.oid AND c.attnum > 0 AND NOT c.attisdropped
        WHERE t.relkind IN ('r', 'p') AND t.relnamespace = current_schema()::regnamespace AND t.relname <> 'schema_migrations'
        ORDER BY t.oid, c.attnum";
}

record! {
    struct Count { count: i64 }
    struct Found { table_name: String, column_name: String, declared: String }
}

/// Every table of the program, the older first.
pub async fn tables(tx: &mut Tx) -> Result<Vec<Table>> {
    let found: Vec<Found> = match tx {
        Tx::Sqlite(_) => tx.all(SQLITE_TABLES).await?,
        Tx::Postgres(_) => tx.all(POSTGRES_TABLES).await?,
    };
    let mut tables: Vec<Table> = Vec::new();
    for Found { table_name, column_name, declared } in found {
        let kind = kind(&declared).ok_or(Error::Unknown { column: column_name.clone(), value: declared })?;
        if tables.last().is_none_or(|last| last.name != table_name) {
            tables.push(Table { name: table_name, columns: Vec::new() });
        }
        if let Some(last) = tables.last_mut() {
            last.columns.push((column_name, kind));
        }
    }
    Ok(tables)
}

impl Db {
    /// Lets a server look at how its tables are filled, after many rows have come into them at once. PostgreSQL plans by what it knows of a
    /// table, and looks by itself only about a minute later: until then it takes a full table for one of a few rows, and may go through the
    /// whole of it again for every row of another. SQLite is not asked: each text says by `CROSS JOIN` in which order its tables are gone
    /// through, so that no statistics are needed there, and none can change a plan.
    pub async fn analyze(&self, tables: &[&str]) -> Result<()> {
        if tables.is_empty() || matches!(self, Db::Sqlite { .. }) {
            return Ok(());
        }
        let mut tx = self.begin().await?;
        tx.step(format!("ANALYZE {}", tables.join(", "))).await?;
        tx.commit().await
    }
}

pub(crate) async fn has_table(tx: &mut Tx, name: &str) -> Result<bool> {
    let found: Count = match tx {
        Tx::Sqlite(_) => tx.one(SQLITE_HAS.bind(name)).await?,
        Tx::Postgres(_) => tx.one(POSTGRES_HAS.bind(name)).await?,
    };
    Ok(found.count > 0)
}

fn kind(declared: &str) -> Option<Kind> {
    Some(match declared.to_ascii_lowercase().as_str() {
        "uuid" => Kind::Uuid,
        "text" => Kind::Text,
        "bigint" | "integer" | "smallint" => Kind::Int,
        "boolean" => Kind::Bool,
        "bytea" => Kind::Bytes,
        _ => return None,
    })
}

impl Table {
    /// Whether the table has no row.
    pub async fn is_empty(&self, tx: &mut Tx) -> Result<bool> {
        let text = AssertSqlSafe(format!("SELECT 1 FROM {} LIMIT 1", self.name));
        Ok(match tx {
            Tx::Sqlite(tx) => sqlx::query(text).fetch_optional(&mut **tx).await?.is_none(),
            Tx::Postgres(tx) => sqlx::query(text).fetch_optional(&mut **tx).await?.is_none(),
        })
    }

    /// Hands every row, one after the other, to `each`; the first error ends it.
    pub async fn read<E: From<Error>>(
        &self,
        tx: &mut Tx,
        mut each: impl FnMut(Vec<Value>) -> std::result::Result<(), E>,
    ) -> std::result::Result<(), E> {
        let text = AssertSqlSafe(format!("SELECT {} FROM {}", self.names(), self.name));
        let failed = |error: sqlx::Error| E::from(Error::from(error));
        match tx {
            Tx::Sqlite(tx) => {
                let mut rows = sqlx::query(text).fetch(&mut **tx);
                while let Some(row) = rows.try_next().await.map_err(failed)? {
                    each(self.values(&Row::Sqlite(row))?)?;
                }
            }
            Tx::Postgres(tx) => {
                let mut rows = sqlx::query(text).fetch(&mut **tx);
                while let Some(row) = rows.try_next().await.map_err(failed)? {
                    each(self.values(&Row::Postgres(row))?)?;
                }
            }
        }
        Ok(())
    }

    /// Adds rows, each with the values of all columns.
    pub async fn add(&self, tx: &mut Tx, rows: Vec<Vec<Value>>) -> Result<()> {
        let width = self.columns.len();
        let placeholders = (0..rows.len()).map(|row| {
            let row: Vec<String> = (1..=width).map(|column| format!("${}", row * width + column)).collect();
            format!("({})", row.join(", "))
        });
        let placeholders = placeholders.collect::<Vec<_>>().join(", ");
        let text = AssertSqlSafe(format!("INSERT INTO {} ({}) VALUES {placeholders}", self.name, self.names()));
        let values: Vec<Value> = rows.into_iter().flatten().collect();
        match tx {
            Tx::Sqlite(tx) => {
                let values = arguments::<SqliteArguments>(values)?;
                sqlx::query_with(text, values).execute(&mut **tx).await?;
            }
            Tx::Postgres(tx) => {
                let values = arguments::<PgArguments>(values)?;
                sqlx::query_with(text, values).execute(&mut **tx).await?;
            }
        }
        Ok(())
    }

    fn names(&self) -> String {
        let names: Vec<&str> = self.columns.iter().map(|(name, _)| name.as_str()).collect();
        names.join(", ")
    }

    fn values(&self, row: &Row) -> Result<Vec<Value>> {
        let columns = self.columns.iter();
        columns
            .map(|(name, kind)| {
                Ok(match kind {
                    Kind::Uuid => Value::Uuid(row.get(name)?),
                    Kind::Text => Value::Text(row.get(name)?),
                    Kind::Int => Value::Int(row.get(name)?),
                    Kind::Bool => Value::Bool(row.get(name)?),
                    Kind::Bytes => Value::Bytes(row.get(name)?),
                })
            })
            .collect()
    }
}

impl Tx {
    /// Lets rows of this transaction refer to others that come later in it.
    pub async fn defer_references(&mut self) -> Result<()> {
        let text = match self {
            Tx::Sqlite(_) => "PRAGMA defer_foreign_keys = ON",
            Tx::Postgres(_) => "SET CONSTRAINTS ALL DEFERRED",
        };
        self.step(text.to_owned()).await
    }
}
