//! The one writing connection to a SQLite file, shared by everybody who writes, with one commit for all who wait.
//!
//! A transaction is a savepoint. Whoever finishes releases it and passes the connection on; the next goes on within the same
//! transaction of the engine. The committer stands in the same queue: when its turn comes it commits for all that have
//! finished, and then tells them. Nobody is told before that, so what has been told is on the disk; and the many wait for
//! one write of the disk instead of one each.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Weak};

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection, Executor};
use tokio::sync::{Mutex, Notify, OwnedMappedMutexGuard, OwnedMutexGuard, watch};

use crate::{Error, Result};

#[derive(Debug)]
pub struct Writer {
    /// None once it is closed.
    state: Arc<Mutex<Option<State>>>,
    wake: Arc<Notify>,
}

#[derive(Debug)]
struct State {
    connection: SqliteConnection,
    /// A transaction of the engine has begun and is not committed.
    open: bool,
    /// Somebody's savepoint is neither released nor taken back.
    dirty: bool,
    /// How the commit ends for those who have finished since the last one.
    done: watch::Sender<Option<std::result::Result<(), String>>>,
}

/// Somebody's turn at the connection. Dropped without [`Turn::commit`], what was done in it is taken back.
#[derive(Debug)]
pub struct Turn {
    state: OwnedMappedMutexGuard<Option<State>, State>,
    wake: Arc<Notify>,
}

impl Writer {
    pub async fn open(options: SqliteConnectOptions) -> Result<Writer> {
        let connection = options.connect().await?;
        let state = State { connection, open: false, dirty: false, done: watch::Sender::default() };
        let writer = Writer { state: Arc::new(Mutex::new(Some(state))), wake: Arc::default() };
        tokio::spawn(commit_for_all(Arc::downgrade(&writer.state), writer.wake.clone()));
        Ok(writer)
    }

    /// Waits for a turn.
    ///
    /// Errors: the connection has been closed.
    pub async fn begin(&self) -> Result<Turn> {
        let state = OwnedMutexGuard::try_map(self.state.clone().lock_owned().await, Option::as_mut)
            .map_err(|_| Error::Driver(sqlx::Error::PoolClosed))?;
        let turn = Turn { state, wake: self.wake.clone() };
        unhurried(turn.enter()).await
    }

    /// Writes what is in the log of the database into its file, and lets go of it: whoever renames the file afterwards and opens it again in
    /// this process must not find the index of the old log, which other processes do not see.
    pub async fn close(&self) {
        let Some(mut state) = self.state.lock().await.take() else { return };
        state.commit().await;
        drop(state.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").await);
        drop(state.connection.close().await);
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.wake.notify_one(); // the committer sees that there is nobody left
    }
}

impl Turn {
    async fn enter(mut self) -> Result<Turn> {
        let state = &mut *self.state;
        drop(state.tidy().await); // what went wrong there is not this one's
        if !state.open {
            state.connection.execute("BEGIN IMMEDIATE").await?;
            state.open = true;
            self.wake.notify_one();
        }
        state.dirty = true;
        state.connection.execute("SAVEPOINT turn").await?;
        Ok(self)
    }

    /// Passes the connection on, and waits until what was done in this turn is on the disk.
    pub async fn commit(self) -> Result<()> {
        let mut done = unhurried(self.release()).await?;
        let done = done.wait_for(Option::is_some).await.ok().and_then(|done| done.clone());
        match done {
            Some(Ok(())) => Ok(()),
            Some(Err(why)) => Err(Error::Driver(sqlx::Error::Protocol(why))),
            None => Err(Error::Driver(sqlx::Error::WorkerCrashed)),
        }
    }

    async fn release(mut self) -> Result<watch::Receiver<Option<std::result::Result<(), String>>>> {
        self.state.connection.execute("RELEASE turn").await?;
        self.state.dirty = false;
        self.wake.notify_one();
        Ok(self.state.done.subscribe())
    }
}

impl State {
    /// Takes back what somebody has left half done.
    ///
    /// Errors: SQLite has already given the whole transaction up, as it does when the disk is full. Those who have finished in
    /// it are told, and the next one begins anew.
    async fn tidy(&mut self) -> Result<()> {
        if !self.dirty {
            return Ok(());
        }
        self.dirty = false;
        let back = async {
            self.connection.execute("ROLLBACK TO turn").await?;
            self.connection.execute("RELEASE turn").await
        };
        if let Err(error) = back.await {
            drop(self.connection.execute("ROLLBACK").await);
            self.end(Err(error.to_string()));
            return Err(error.into());
        }
        Ok(())
    }

    /// Commits what has been finished, and tells those who wait for it.
    async fn commit(&mut self) {
        if !self.open || self.tidy().await.is_err() {
            return;
        }
        let ended = self.connection.execute("COMMIT").await;
        if ended.is_err() {
            drop(self.connection.execute("ROLLBACK").await);
        }
        self.end(ended.map(drop).map_err(|error| error.to_string()));
    }

    fn end(&mut self, how: std::result::Result<(), String>) {
        self.open = false;
        std::mem::take(&mut self.done).send_replace(Some(how));
    }
}

/// Stands in line with those who write, and commits when its turn comes; ends with the last of them.
async fn commit_for_all(state: Weak<Mutex<Option<State>>>, wake: Arc<Notify>) {
    loop {
        wake.notified().await;
        let Some(state) = state.upgrade() else { return };
        let mut state = state.lock().await;
        let Some(state) = state.as_mut() else { return };
        state.commit().await;
    }
}

/// Runs to its end even if nobody waits for it any longer, so that the connection is never left between two states.
async fn unhurried<T: Send + 'static>(work: impl Future<Output = Result<T>> + Send + 'static) -> Result<T> {
    tokio::spawn(work).await.unwrap_or(Err(Error::Driver(sqlx::Error::WorkerCrashed)))
}

impl Deref for Turn {
    type Target = SqliteConnection;
    fn deref(&self) -> &SqliteConnection {
        &self.state.connection
    }
}

impl DerefMut for Turn {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        &mut self.state.connection
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, Ordering::SeqCst};

    use crate::{Db, record, statements};
    use std::sync::Arc;

    statements! {
        TABLES = "CREATE TABLE notes (n BIGINT NOT NULL PRIMARY KEY)";
        COUNTER = "CREATE TABLE counters (name TEXT NOT NULL PRIMARY KEY, value BIGINT NOT NULL)";
        ADD = "INSERT INTO notes (n) VALUES ($1)";
        COUNT = "INSERT INTO counters (name, value) VALUES ('n', 1) ON CONFLICT (name) DO UPDATE SET value = counters.value + 1";
        BOTH = "SELECT (SELECT COUNT(*) FROM notes) AS notes, COALESCE((SELECT value FROM counters), 0) AS counted";
        FILL = "CREATE TABLE filling AS WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200)
            SELECT HEX(RANDOMBLOB(400)) AS word FROM n";
        OWES = "CREATE TABLE debts (n BIGINT NOT NULL PRIMARY KEY, note BIGINT NOT NULL REFERENCES notes (n) DEFERRABLE INITIALLY DEFERRED)";
        OWE = "INSERT INTO debts (n, note) VALUES ($1, $2)";
        HAS = "SELECT COUNT(*) AS notes, 0 AS counted FROM notes WHERE n = $1";
    }

    record! {
        struct Both { notes: i64, counted: i64 }
    }

    async fn fresh() -> (Db, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::sqlite(&folder.path().join("test.db")).await.unwrap();
        let mut tx = db.begin().await.unwrap();
        tx.execute(TABLES).await.unwrap();
        tx.execute(COUNTER).await.unwrap();
        tx.commit().await.unwrap();
        (db, folder)
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn nothing_is_held_of_a_file_that_was_closed() {
        let (db, folder) = fresh().await;
        db.read().await.unwrap().one::<Both>(BOTH).await.unwrap();
        db.close().await;
        let held =
            std::fs::read_dir("/proc/self/fd").unwrap().filter_map(|fd| std::fs::read_link(fd.unwrap().path()).ok());
        let held: Vec<_> = held.filter(|file| file.starts_with(folder.path())).collect();
        assert!(held.is_empty(), "{held:?}");
        let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
        assert_eq!(left, ["test.db"]);
        assert!(db.begin().await.is_err(), "nobody writes into what is closed");
        db.close().await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn what_is_told_is_there_and_what_is_dropped_is_not() {
        let (db, _folder) = fresh().await;
        let told = Arc::new(AtomicI64::new(0));
        let writers = (0..200).map(|n: i64| {
            let (db, told) = (db.clone(), told.clone());
            tokio::spawn(async move {
                let mut tx = db.begin().await.unwrap();
                tx.execute(ADD.bind(n)).await.unwrap();
                tx.execute(COUNT).await.unwrap();
                if n % 5 == 0 {
                    return; // dropped
                }
                tx.commit().await.unwrap();
                told.fetch_add(1, SeqCst);
                let seen: Both = db.read().await.unwrap().one(HAS.bind(n)).await.unwrap();
                assert_eq!(seen.notes, 1, "others see it as soon as it is told");
            })
        });
        for writer in writers.collect::<Vec<_>>() {
            writer.await.unwrap();
        }
        let both: Both = db.read().await.unwrap().one(BOTH).await.unwrap();
        assert_eq!((both.notes, both.counted, told.load(SeqCst)), (160, 160, 160));
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_failure_takes_back_its_own_turn_only() {
        let (db, _folder) = fresh().await;
        let writers = (0..100).map(|n: i64| {
            let db = db.clone();
            tokio::spawn(async move {
                let mut tx = db.begin().await.unwrap();
                tx.execute(COUNT).await.unwrap();
                match tx.execute(ADD.bind(n / 2)).await {
                    Ok(_) => tx.commit().await.is_ok(),
                    Err(error) => !matches!(error, crate::Error::Duplicate(_)),
                }
            })
        });
        let mut kept = 0;
        for writer in writers.collect::<Vec<_>>() {
            kept += i64::from(writer.await.unwrap());
        }
        let both: Both = db.read().await.unwrap().one(BOTH).await.unwrap();
        assert_eq!((both.notes, both.counted, kept), (50, 50, 50));
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn whoever_is_cut_off_anywhere_holds_nobody_up() {
        let (db, _folder) = fresh().await;
        for round in 0..40 {
            let writers: Vec<_> = (0..20)
                .map(|n: i64| {
                    let db = db.clone();
                    tokio::spawn(async move {
                        let mut tx = db.begin().await.unwrap();
                        tx.execute(COUNT).await.unwrap();
                        tx.execute(ADD.bind(round * 20 + n)).await.unwrap();
                        tx.commit().await.unwrap();
                    })
                })
                .collect();
            for (n, writer) in writers.iter().enumerate() {
                for _ in 0..(n * 7 + round as usize) % 30 {
                    tokio::task::yield_now().await;
                }
                if n % 2 == 0 {
                    writer.abort();
                }
            }
            for (n, writer) in writers.into_iter().enumerate() {
                assert!(writer.await.is_ok() || n % 2 == 0, "those who stay are served");
            }
        }
        let both: Both = db.read().await.unwrap().one(BOTH).await.unwrap();
        assert_eq!(both.notes, both.counted, "nobody's half");
        assert!(both.notes >= 400);
    }

    /// SQLite looks at deferred references only when it commits, and so for the whole group.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_commit_that_fails_is_told_to_its_whole_group() {
        let (db, _folder) = fresh().await;
        let mut tx = db.begin().await.unwrap();
        tx.execute(OWES).await.unwrap();
        tx.commit().await.unwrap();
        let writers = (0..60).map(|n: i64| {
            let db = db.clone();
            tokio::spawn(async move {
                let mut tx = db.begin().await.unwrap();
                tx.execute(ADD.bind(n)).await.unwrap();
                tx.execute(COUNT).await.unwrap();
                tx.execute(OWE.bind(n).bind(if n % 20 == 7 { 1000 } else { n })).await.unwrap();
                tx.commit().await.is_ok()
            })
        });
        let mut told = 0;
        for (n, writer) in writers.collect::<Vec<_>>().into_iter().enumerate() {
            let kept = writer.await.unwrap();
            let seen: Both = db.read().await.unwrap().one(HAS.bind(n as i64)).await.unwrap();
            assert_eq!(kept, seen.notes == 1, "{n}");
            assert!(!kept || n % 20 != 7);
            told += i64::from(kept);
        }
        let mut tx = db.begin().await.unwrap();
        tx.execute(COUNT).await.unwrap();
        tx.commit().await.unwrap();
        let both: Both = db.read().await.unwrap().one(BOTH).await.unwrap();
        assert_eq!((both.notes, both.counted), (told, told + 1));
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_full_disk_loses_nothing_that_was_told_and_blocks_nobody() {
        let (db, _folder) = fresh().await;
        let limit = async |pages: &'static str| {
            let mut tx = db.begin().await.unwrap();
            let crate::Tx::Sqlite(connection) = &mut tx else { panic!("SQLite") };
            sqlx::Executor::execute(&mut **connection, pages).await.unwrap();
            tx.commit().await.unwrap();
        };
        limit("PRAGMA max_page_count = 12").await;
        let writers = (0..40).map(|n: i64| {
            let db = db.clone();
            tokio::spawn(async move {
                let mut tx = db.begin().await?;
                tx.execute(ADD.bind(n)).await?;
                if n % 4 == 0 {
                    tx.execute(FILL).await?;
                }
                tx.commit().await.map(|()| n)
            })
        });
        let mut told = Vec::new();
        for writer in writers.collect::<Vec<_>>() {
            told.extend(writer.await.unwrap().ok());
        }
        for n in &told {
            let seen: Both = db.read().await.unwrap().one(HAS.bind(*n)).await.unwrap();
            assert_eq!(seen.notes, 1);
        }
        assert!(told.len() < 40, "the disk was full for some");
        limit("PRAGMA max_page_count = 100000").await;
        let mut tx = db.begin().await.unwrap();
        tx.execute(ADD.bind(1000)).await.unwrap();
        tx.commit().await.unwrap();
    }
}
