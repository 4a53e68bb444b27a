use std::process;
use std::sync::atomic::{AtomicU32, Ordering};

use db::{Db, migrate, statements};
use doorstep::schema::MIGRATIONS;
use jiff::Timestamp;
use tempfile::TempDir;
use tokio::sync::OnceCell;

use super::cluster;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

/// What a database of a test lies in. It goes with this, so that the disk never holds more of them than tests that run.
#[must_use]
pub enum Storage {
    Folder(TempDir),
    Server(String),
}

impl Drop for Storage {
    fn drop(&mut self) {
        if let Storage::Server(name) = self {
            cluster::shared().drop_database(name);
        }
    }
}

/// A migrated database that nobody else uses: the copy of one that was migrated once. Its storage has to outlive it.
pub async fn fresh(engine: Engine) -> (Db, Storage) {
    match engine {
        Engine::Sqlite => sqlite().await,
        Engine::Postgres => postgres().await,
    }
}

async fn sqlite() -> (Db, Storage) {
    static TEMPLATE: OnceCell<Vec<u8>> = OnceCell::const_new();
    let template = TEMPLATE.get_or_init(|| async {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("template.db");
        migrated(Db::sqlite(&file).await.expect("a database")).await;
        std::fs::read(file).expect("the database's file")
    });
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("doorstep.db");
    std::fs::write(&file, template.await).expect("a copy of the database");
    (Db::sqlite(&file).await.expect("a database"), Storage::Folder(folder))
}

statements! {
    ADD_CITUS = "CREATE EXTENSION citus";
}

/// With `CITUS_URL` every database is migrated by itself, since one with distributed tables cannot be copied.
async fn postgres() -> (Db, Storage) {
    static TEMPLATE: OnceCell<String> = OnceCell::const_new();
    static COPIES: AtomicU32 = AtomicU32::new(0);
    let name = format!("doorstep_{}_{}", process::id(), COPIES.fetch_add(1, Ordering::Relaxed));
    if std::env::var_os("CITUS_URL").is_some() {
        cluster::shared().create_database(&name, None);
        let db = Db::open(&cluster::shared().url(&name)).await.expect("a database");
        let mut tx = db.begin().await.expect("a transaction");
        tx.execute(ADD_CITUS).await.expect("the extension");
        tx.commit().await.expect("committed");
        migrate(&db, MIGRATIONS, Timestamp::UNIX_EPOCH).await.expect("the migrations apply");
        return (db, Storage::Server(name));
    }
    let template = TEMPLATE.get_or_init(|| async {
        let name = format!("doorstep_{}_template", process::id());
        cluster::shared().create_database(&name, None);
        migrated(Db::open(&cluster::shared().url(&name)).await.expect("a database")).await;
        name
    });
    cluster::shared().create_database(&name, Some(template.await));
    (Db::open(&cluster::shared().url(&name)).await.expect("a database"), Storage::Server(name))
}

/// Migrates a database and lets go of it: only one that nobody is connected to can be copied.
async fn migrated(db: Db) {
    migrate(&db, MIGRATIONS, Timestamp::UNIX_EPOCH).await.expect("the migrations apply");
    db.close().await;
}
