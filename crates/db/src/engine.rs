use std::fs::OpenOptions;
use std::ops::{Deref, DerefMut};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use sqlx::pool::PoolOptions;
use sqlx::postgres::{PgArguments, PgConnectOptions};
use sqlx::sqlite::{SqliteArguments, SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{AssertSqlSafe, Executor, Pool, Postgres, SqlSafeStr, Sqlite, Transaction};

use crate::statement::arguments;
use crate::writer::{Turn, Writer};
use crate::{Error, Query, Record, Result, Row, Statement};

/// A database of either engine. Cloning shares the pools.
#[derive(Debug, Clone)]
pub enum Db {
    /// One writer, and readers that cannot write.
    Sqlite {
        writer: Arc<Writer>,
        readers: Pool<Sqlite>,
    },
    Postgres {
        pool: Pool<Postgres>,
    },
}

/// A transaction. Dropped without `commit`, it leaves nothing behind.
#[derive(Debug)]
pub enum Tx {
    Sqlite(SqliteTx),
    Postgres(Transaction<'static, Postgres>),
}

/// A reader of its own, or a turn at the one writer.
#[derive(Debug)]
pub enum SqliteTx {
    Read(Transaction<'static, Sqlite>),
    Write(Turn),
}

impl Deref for SqliteTx {
    type Target = SqliteConnection;
    fn deref(&self) -> &SqliteConnection {
        match self {
            SqliteTx::Read(tx) => tx,
            SqliteTx::Write(turn) => turn,
        }
    }
}

impl DerefMut for SqliteTx {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        match self {
            SqliteTx::Read(tx) => tx,
            SqliteTx::Write(turn) => turn,
        }
    }
}

impl Db {
    /// Opens `sqlite:PATH` (created if missing) or `postgres://…`.
    pub async fn open(address: &str) -> Result<Db> {
        if let Some(path) = address.strip_prefix("sqlite:") {
            Db::sqlite(Path::new(path)).await
        } else if address.starts_with("postgres://") || address.starts_with("postgresql://") {
            let options = PgConnectOptions::from_str(address).map_err(|_| Error::Address("postgres://…".into()))?;
            Ok(Db::Postgres { pool: PoolOptions::new().max_connections(16).connect_with(options).await? })
        } else {
            Err(Error::Address(address.to_owned()))
        }
    }

    /// Opens a file, which only its owner may read; SQLite gives its log the same mode.
    pub async fn sqlite(file: &Path) -> Result<Db> {
        let made = OpenOptions::new().create(true).append(true).mode(0o600).open(file);
        made.map_err(|error| Error::Driver(sqlx::Error::Io(error)))?;
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(10));
        let writer = Arc::new(Writer::open(options.clone()).await?);
        let readers = PoolOptions::new().max_connections(4).connect_lazy_with(options.pragma("query_only", "on"));
        Ok(Db::Sqlite { writer, readers })
    }

    /// A transaction that may write.
    pub async fn begin(&self) -> Result<Tx> {
        Ok(match self {
            Db::Sqlite { writer, .. } => Tx::Sqlite(SqliteTx::Write(writer.begin().await?)),
            Db::Postgres { pool } => Tx::Postgres(pool.begin().await?),
        })
    }

    /// A transaction that sees one state and writes nothing.
    pub async fn read(&self) -> Result<Tx> {
        Ok(match self {
            Db::Sqlite { readers, .. } => Tx::Sqlite(SqliteTx::Read(readers.begin().await?)),
            Db::Postgres { pool } => {
                Tx::Postgres(pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?)
            }
        })
    }

    pub async fn close(&self) {
        match self {
            Db::Sqlite { writer, readers } => {
                readers.close().await;
                writer.close().await;
            }
            Db::Postgres { pool } => pool.close().await,
        }
    }
}

impl Tx {
    /// Runs a statement and tells how many rows it changed.
    pub async fn execute(&mut self, query: impl Into<Query>) -> Result<u64> {
        let query: Query = query.into();
        let text = query.statement.text;
        Ok(match self {
            Tx::Sqlite(tx) => {
                let running = sqlx::query_with(text, arguments::<SqliteArguments>(query.values()?)?);
                running.execute(&mut **tx).await?.rows_affected()
            }
            Tx::Postgres(tx) => {
                let running = sqlx::query_with(text, arguments::<PgArguments>(query.values()?)?);
                running.execute(&mut **tx).await?.rows_affected()
            }
        })
    }

    /// Runs a statement that adds one row, with `VALUES ($1, …)` in its text, for many rows at once.
    pub async fn execute_many(&mut self, statement: Statement, rows: Vec<Query>) -> Result<()> {
        let mut rows = rows.into_iter().peekable();
        while rows.peek().is_some() {
            let part = rows.by_ref().take(Statement::MANY).map(Query::values).collect::<Result<Vec<_>>>()?;
            let text = AssertSqlSafe(statement.of_many(part.len()));
            let values = part.into_iter().flatten().collect();
            match self {
                Tx::Sqlite(tx) => {
                    sqlx::query_with(text, arguments::<SqliteArguments>(values)?).execute(&mut **tx).await?;
                }
                Tx::Postgres(tx) => {
                    sqlx::query_with(text, arguments::<PgArguments>(values)?).execute(&mut **tx).await?;
                }
            }
        }
        Ok(())
    }

    /// Runs a statement that must change exactly the one row it names; none is [`Error::NotFound`].
    pub async fn execute_one(&mut self, query: impl Into<Query>) -> Result<()> {
        if self.execute(query).await? == 0 { Err(Error::NotFound) } else { Ok(()) }
    }

    pub async fn rows(&mut self, query: impl Into<Query>) -> Result<Vec<Row>> {
        let query: Query = query.into();
        let text = query.statement.text;
        Ok(match self {
            Tx::Sqlite(tx) => {
                let running = sqlx::query_with(text, arguments::<SqliteArguments>(query.values()?)?);
                running.fetch_all(&mut **tx).await?.into_iter().map(Row::Sqlite).collect()
            }
            Tx::Postgres(tx) => {
                let running = sqlx::query_with(text, arguments::<PgArguments>(query.values()?)?);
                running.fetch_all(&mut **tx).await?.into_iter().map(Row::Postgres).collect()
            }
        })
    }

    pub async fn all<T: Record>(&mut self, query: impl Into<Query>) -> Result<Vec<T>> {
        self.rows(query).await?.iter().map(T::from_row).collect()
    }

    pub async fn optional<T: Record>(&mut self, query: impl Into<Query>) -> Result<Option<T>> {
        self.rows(query).await?.first().map(T::from_row).transpose()
    }

    /// The first row, or [`Error::NotFound`].
    pub async fn one<T: Record>(&mut self, query: impl Into<Query>) -> Result<T> {
        self.optional(query).await?.ok_or(Error::NotFound)
    }

    /// Runs a trusted text of one statement: a step of a migration, or one that names tables.
    pub(crate) async fn step(&mut self, text: String) -> Result<()> {
        let step = sqlx::raw_sql(sqlx::AssertSqlSafe(text));
        match self {
            Tx::Sqlite(tx) => step.execute(&mut **tx).await.map(|_| ())?,
            Tx::Postgres(tx) => step.execute(&mut **tx).await.map(|_| ())?,
        }
        Ok(())
    }

    /// Asks the engine whether it takes the statement, without running it.
    pub async fn prepare(&mut self, statement: Statement) -> Result<()> {
        match self {
            Tx::Sqlite(tx) => drop((&mut **tx).prepare(statement.text.into_sql_str()).await?),
            Tx::Postgres(tx) => drop((&mut **tx).prepare(statement.text.into_sql_str()).await?),
        }
        Ok(())
    }

    pub async fn commit(self) -> Result<()> {
        match self {
            Tx::Sqlite(SqliteTx::Read(tx)) => Ok(tx.commit().await?),
            Tx::Sqlite(SqliteTx::Write(turn)) => turn.commit().await,
            Tx::Postgres(tx) => Ok(tx.commit().await?),
        }
    }
}
