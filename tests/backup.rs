//! A backup is one moment of a running program, and comes back whole on either engine, or not at all.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::path::Path;

use db::{Db, Value};
use doorstep::issue::{self, Reporter};
use doorstep::keys::Keys;
use doorstep::means::Chance;
use doorstep::{audit, backup};
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use uuid::Uuid;

use crate::stories::cast::{estate, people, report};
use crate::support::{Engine, TestApp, fresh};

db::statements! {
    /// How many rows PostgreSQL believes a table to have: none that it knows of, until somebody has looked.
    BELIEVED = "SELECT CAST(reltuples AS BIGINT) AS amount FROM pg_class WHERE relname = $1 AND relnamespace = current_schema()::regnamespace";
}

db::record! {
    struct Believed { amount: i64 }
}

/// Every row of every table, as text, by table.
pub async fn everything(db: &Db) -> BTreeMap<String, Vec<String>> {
    let mut tx = db.read().await.unwrap();
    let mut all = BTreeMap::new();
    for table in db::tables(&mut tx).await.unwrap() {
        let mut rows = Vec::new();
        let each = |row: Vec<Value>| {
            rows.push(format!("{row:?}"));
            Ok::<_, db::Error>(())
        };
        table.read(&mut tx, each).await.unwrap();
        rows.sort();
        all.insert(table.name.clone(), rows);
    }
    all
}

async fn back_up(db: &Db, file: &Path) {
    backup::write(db, file, jiff::Timestamp::UNIX_EPOCH, |_| ()).await.unwrap();
}

async fn restore(db: &Db, keys: &Keys, file: &Path) -> anyhow::Result<backup::Amount> {
    backup::restore(db, keys, file, jiff::Timestamp::UNIX_EPOCH, |_| ()).await
}

/// A community with something in many tables: a report with photo and phone, another merged into it, sealed values.
async fn community_life(app: &TestApp) -> Uuid {
    app.means.keys.check(&app.db, &app.means.chance).await.unwrap();
    let place = estate(app).await;
    let people = people(app, &place).await;
    report(&people.resident, &place).await;
    report(&people.resident, &place).await;
    let page = people.staff.get("/issues").await;
    let ids =
        page.body.split("href=\"/issues/0").skip(1).map(|rest| format!("0{}", &rest[..35]).parse::<Uuid>().unwrap());
    let mut tx = app.db.begin().await.unwrap();
    let mut reports = Vec::new();
    for id in ids {
        reports.push(issue::issue(&mut tx, app.home.tenant, id).await.unwrap());
    }
    let [first, second] = &mut reports[..] else { panic!("two reports") };
    let seen = first.lock_version;
    issue::merge(&mut tx, &app.act(), first, seen, second).await.unwrap();
    tx.commit().await.unwrap();
    first.id
}

async fn reporter(app: &TestApp, db: &Db, id: Uuid) -> Option<Reporter> {
    let issue = issue::issue(&mut db.read().await.unwrap(), app.home.tenant, id).await.unwrap();
    issue::reporter(&app.act(), &issue).unwrap()
}

db_test! {
    async fn comes_back_whole_on_either_engine(app: TestApp) {
        let merged = community_life(&app).await;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("backup");
        back_up(&app.db, &file).await;
        let before = everything(&app.db).await;
        assert!(before["issues"].len() == 2 && !before["photos"].is_empty() && !before["audit_entries"].is_empty());
        // What happens afterwards is not in it.
        app.file_issue(Vec::new()).await;
        for engine in [Engine::Sqlite, Engine::Postgres] {
            let (db, _storage) = fresh(engine).await;
            let amount = restore(&db, &app.means.keys, &file).await.unwrap();
            assert_eq!(amount.rows as usize, before.values().map(Vec::len).sum::<usize>());
            assert_eq!(everything(&db).await, before, "{engine:?}");
            if engine == Engine::Postgres && std::env::var_os("CITUS_URL").is_none() {
                let believed: Believed = db.read().await.unwrap().one(BELIEVED.bind("issues")).await.unwrap();
                assert_eq!(believed.amount, 2, "the server has looked at what it has now");
            }
            assert_eq!(reporter(&app, &db, merged).await.unwrap().phone, "13800001234");
            let verdict = audit::verify(&mut db.read().await.unwrap(), app.home.tenant).await.unwrap();
            assert_eq!(verdict.broken, None);
            let again = restore(&db, &app.means.keys, &file).await.unwrap_err().to_string();
            assert!(again.contains("数据库不是空的"), "{again}");
        }
    }

    async fn a_damaged_file_or_a_wrong_key_leaves_nothing(app: TestApp) {
        community_life(&app).await;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("backup");
        back_up(&app.db, &file).await;
        let whole = std::fs::read(&file).unwrap();
        let mut text = String::new();
        GzDecoder::new(&whole[..]).read_to_string(&mut text).unwrap();
        let pack = |text: &str| {
            let mut packed = GzEncoder::new(Vec::new(), flate2::Compression::fast());
            packed.write_all(text.as_bytes()).unwrap();
            packed.finish().unwrap()
        };
        let lines: Vec<&str> = text.lines().collect();
        let without_a_row = [&lines[..lines.len() - 2], &lines[lines.len() - 1..]].concat().join("\n");
        let cases = [
            ("cut off", whole[..whole.len() / 2].to_vec(), "没有恢复任何内容"),
            ("without its end", pack(&lines[..lines.len() - 1].join("\n")), "备份文件不完整"),
            ("without a row", pack(&without_a_row), "校验值对不上"),
            ("altered", pack(&text.replace("尉汾路社区", "尉汾路小区")), "校验值对不上"),
            ("of something else", b"PK\x03\x04".to_vec(), "不是家门口的备份文件"),
            ("of the future", pack(&text.replace("0007_search", "0999_wonders")), "请先升级程序"),
        ];
        let (db, _storage) = fresh(app.engine).await;
        let bare = Db::sqlite(&folder.path().join("bare.db")).await.unwrap();
        for (what, bytes, why) in cases {
            std::fs::write(&file, bytes).unwrap();
            let error = format!("{:#}", restore(&db, &app.means.keys, &file).await.unwrap_err());
            assert!(error.contains(why), "{what}: {error}");
            assert!(everything(&db).await.values().all(Vec::is_empty), "{what}");
            restore(&bare, &app.means.keys, &file).await.unwrap_err();
            assert!(everything(&bare).await.is_empty(), "{what}: no table either, so that an older backup may follow");
        }
        std::fs::write(&file, &whole).unwrap();
        let strange = Keys::generate(&Chance::seeded(7));
        let error = format!("{:#}", restore(&db, &strange, &file).await.unwrap_err());
        assert!(error.contains("密钥文件与数据库不符"), "{error}");
        assert!(everything(&db).await.values().all(Vec::is_empty));
        restore(&db, &app.means.keys, &file).await.unwrap();
        assert!(text.lines().all(|line| !line.contains("13800001234")), "what is sealed stays sealed");
    }

    async fn is_taken_while_others_write(app: TestApp) {
        community_life(&app).await;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("backup");
        let writing = async {
            for _ in 0..20 {
                app.file_issue(Vec::new()).await;
            }
        };
        tokio::join!(back_up(&app.db, &file), writing);
        let (db, _storage) = fresh(app.engine).await;
        restore(&db, &app.means.keys, &file).await.unwrap();
        let copy = everything(&db).await;
        // One moment: as many filings as issues, and the chain of the log whole.
        let filed = copy["issue_events"].iter().filter(|row| row.contains("\"filed\"")).count();
        assert_eq!(filed, copy["issues"].len());
        let verdict = audit::verify(&mut db.read().await.unwrap(), app.home.tenant).await.unwrap();
        assert_eq!(verdict.broken, None);
        assert_eq!(everything(&app.db).await["issues"].len(), 22);
    }
}
