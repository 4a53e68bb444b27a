//! Whatever a phone may send as a record: it is entered whole, held, or turned away, and never anything between. The
//! corpus in `tests/data/corpus/sync` is sent first, then hundreds of records made from it by a generator whose seed is
//! fixed; `DOORSTEP_FUZZ=20000` sends so many.

use std::collections::BTreeMap;
use std::path::Path;

use codes::PersonName;
use codes::address::parse_room;
use db::{Db, record, statements};
use doorstep::access::{Act, Role};
use doorstep::audit;
use doorstep::place::Settler;
use doorstep::registry::enrol::{self, NewResident, enrol};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::TestApp;
use crate::visit::Estate;

/// How many rows a tenant has of each table that a record may write to.
macro_rules! amounts {
    ($($table:literal),+) => {
        concat!($("SELECT '", $table, "' AS name, COUNT(*) AS amount FROM ", $table, " WHERE tenant_id = $1 UNION ALL ",)+
            "SELECT 'changes of residents' AS name, CAST(COALESCE(SUM(lock_version), 0) AS BIGINT) AS amount FROM residents WHERE tenant_id = $1
            UNION ALL SELECT 'attempts' AS name, CAST(COALESCE(SUM(attempts), 0) AS BIGINT) AS amount FROM campaign_doors WHERE tenant_id = $1
            UNION ALL SELECT 'doors' AS name, COUNT(*) AS amount FROM campaign_doors WHERE tenant_id = $1 AND state <> 'open'
            UNION ALL SELECT 'numbers' AS name, CAST(COALESCE(SUM(value), 0) AS BIGINT) AS amount FROM counters WHERE tenant_id = $1")
    };
}

statements! {
    AMOUNTS = amounts!("offline_records", "offline_disputes", "visits", "visit_issues", "issues", "issue_events", "campaign_answers",
        "findings", "residents", "households", "dwellings", "resident_fields", "resident_tags", "doubles", "stale_buildings", "field_histories", "audit_entries",
        "outbox_messages");
    VISIT = "SELECT COUNT(*) AS amount FROM visits WHERE tenant_id = $1 AND id = $2";
}

record! {
    struct Amount { name: String, amount: i64 }
    struct Count { amount: i64 }
}

type Amounts = BTreeMap<String, i64>;

async fn amounts(db: &Db, tenant: Uuid) -> Amounts {
    let found: Vec<Amount> = db.read().await.unwrap().all(AMOUNTS.bind(tenant)).await.unwrap();
    found.into_iter().map(|row| (row.name, row.amount)).collect()
}

/// What has been added, table by table.
fn added(before: &Amounts, after: &Amounts) -> Amounts {
    let more = after.iter().map(|(name, amount)| (name.clone(), amount - before[name]));
    more.filter(|(_, more)| *more != 0).collect()
}

fn only(tables: &[(&str, i64)]) -> Amounts {
    tables.iter().map(|(name, amount)| ((*name).to_owned(), *amount)).collect()
}

/// The files of a folder of the corpus, each with its name.
fn corpus(folder: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/corpus").join(folder);
    let files = crate::architecture::files(&folder, "json").into_iter().map(|file| {
        let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
        (name, std::fs::read(file).unwrap())
    });
    files.collect()
}

/// What stands in the corpus as `$name$`, since it differs from one database to the next.
struct Names(Vec<(String, String)>);

impl Names {
    async fn of(app: &TestApp, estate: &Estate) -> Names {
        let door = estate.door("601").await;
        let household = &door["households"][0];
        let elsewhere = app.community("141102005999", "凤山底社区").await;
        let (foreign_dwelling, foreign_resident) = stranger(&app.db, &Act::system(elsewhere.tenant, &app.means)).await;
        // More is held here than anybody would send by mistake.
        let rules = serde_json::json!({ "keep_days": 30, "review_hours": 24, "held_most": 1_000_000 });
        let mut tx = app.db.begin().await.unwrap();
        let today = app.means.now().to_zoned_datetime(calendar::shanghai()).date();
        doorstep::settings::set(&mut tx, &app.act(), "offline.records", today, &rules, "试验").await.unwrap();
        tx.commit().await.unwrap();
        let colleague = app.person(Role::GridWorker).named("高瑞芹").create().await;
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let names = [
            ("account", estate.worker.id.to_string()),
            ("colleague", colleague.id.to_string()),
            ("campaign", estate.campaign.to_string()),
            ("dwelling", text(&door["dwelling"])),
            ("household", text(&household["id"])),
            ("resident", text(&household["people"][0]["id"])),
            ("foreign_dwelling", foreign_dwelling.to_string()),
            ("foreign_resident", foreign_resident.to_string()),
            ("unknown", app.means.id().to_string()),
            ("now", app.means.now().as_millisecond().to_string()),
        ];
        Names(names.into_iter().map(|(name, value)| (format!("${name}$"), value)).collect())
    }

    /// Bytes, since not everything that is sent is text.
    fn filled(&self, bytes: &[u8]) -> Vec<u8> {
        self.0.iter().fold(bytes.to_vec(), |mut bytes, (name, value)| {
            while let Some(at) = bytes.windows(name.len()).position(|found| found == name.as_bytes()) {
                bytes.splice(at..at + name.len(), value.bytes());
            }
            bytes
        })
    }
}

/// Somebody in another community, and their home.
async fn stranger(db: &Db, act: &Act) -> (Uuid, Uuid) {
    let (name, room) = (PersonName::parse("冯建国").unwrap(), parse_room("302").unwrap());
    let mut tx = db.begin().await.unwrap();
    let dwelling = Settler::default().settle(&mut tx, act, "凤山小区", "1号楼", "1单元", &room).await.unwrap();
    let enrolled = enrol(&mut tx, act, dwelling, &name, &NewResident::named(name.clone())).await.unwrap();
    tx.commit().await.unwrap();
    let enrol::Outcome::Created(resident) = enrolled else { panic!("somebody new") };
    (dwelling, resident)
}

/// Sends a record and says what became of it, having looked at what it left behind.
async fn send(app: &TestApp, estate: &Estate, id: Uuid, bytes: &[u8], what: &str) -> &'static str {
    let tenant = app.home.tenant;
    let path = format!("/offline/records/{id}");
    let before = amounts(&app.db, tenant).await;
    let answer = estate.phone.put(&path, bytes).await;
    let after = amounts(&app.db, tenant).await;
    let left = added(&before, &after);
    let became = match answer.status {
        200 => match answer.json()["state"].as_str() {
            Some("accepted") => "accepted",
            Some("held") => "held",
            state => panic!("{what}: {state:?}"),
        },
        403 => "forbidden",
        409 => "disputed",
        413 => "too large",
        status => panic!("{what}: {status} {}\n{}", answer.body, String::from_utf8_lossy(bytes)),
    };
    match became {
        "accepted" => {
            let visits: Count = app.db.read().await.unwrap().one(VISIT.bind(tenant).bind(id)).await.unwrap();
            let one = (visits.amount, left.get("visits"), left.get("offline_records"));
            assert_eq!(one, (1, Some(&1), Some(&1)), "{what}");
        }
        "held" => assert_eq!(left, only(&[("offline_records", 1), ("audit_entries", 1)]), "{what}"),
        "disputed" => assert_eq!(left, only(&[("offline_disputes", 1), ("audit_entries", 1)]), "{what}"),
        _ => assert_eq!(left, only(&[]), "{what}"),
    }
    let again = estate.phone.put(&path, bytes).await;
    assert_eq!(again.status, answer.status, "{what}, sent again");
    if matches!(answer.status, 200 | 409) {
        assert_eq!(again.body, answer.body, "{what}, sent again");
    }
    assert_eq!(amounts(&app.db, tenant).await, after, "{what}, sent again");
    became
}

db_test! {
    async fn whatever_is_sent_is_entered_whole_or_held(app: TestApp) {
        let estate = Estate::set_up(&app).await;
        let names = Names::of(&app, &estate).await;
        let elsewhere = names.0.iter().find(|(name, _)| name == "$foreign_dwelling$").map(|(_, id)| id.clone());
        for became in ["accepted", "held", "forbidden"] {
            for (name, bytes) in corpus(&format!("sync/{became}")) {
                assert_eq!(send(&app, &estate, app.means.id(), &names.filled(&bytes), &name).await, became, "{name}");
            }
        }

        let seeds: Vec<Vec<u8>> = corpus("sync").iter().map(|(_, bytes)| names.filled(bytes)).collect();
        let mut rng = StdRng::seed_from_u64(20261125);
        let most = std::env::var("DOORSTEP_FUZZ").ok().and_then(|most| most.parse().ok()).unwrap_or(300);
        let (mut seen, mut taken) = (BTreeMap::<&str, usize>::new(), Vec::new());
        for n in 0..most {
            let seed = &seeds[rng.random_range(0..seeds.len())];
            let bytes = mutation(seed, &names, &mut rng);
            // Some come under an id that has been used.
            let known = (rng.random_range(0..12) == 0).then(|| taken.get(rng.random_range(0..taken.len().max(1)))).flatten();
            let id = known.copied().unwrap_or_else(|| app.means.id());
            let became = send(&app, &estate, id, &bytes, &format!("mutation {n}")).await;
            if matches!(became, "accepted" | "held") {
                taken.push(id);
            }
            *seen.entry(became).or_default() += 1;
        }
        assert_eq!(seen.len(), 5, "every answer was heard: {seen:?}");

        // All of it can be looked at, and nobody else has felt any of it.
        estate.staff.get("/uploads").await.assert_ok();
        estate.staff.get(&format!("/campaigns/{}", estate.campaign)).await.assert_ok();
        estate.staff.get("/residents/changes").await.assert_ok();
        estate.phone.get("/doors/pack").await.assert_ok().assert_lacks(&elsewhere.unwrap());
        let mut tx = app.db.read().await.unwrap();
        assert_eq!(audit::verify(&mut tx, app.home.tenant).await.unwrap().broken, None);
    }
}

// ---------- mutations ----------

/// A record made from another: one to three things are different about it.
fn mutation(seed: &[u8], names: &Names, rng: &mut StdRng) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for _ in 0..rng.random_range(1..=3) {
        bytes = match serde_json::from_slice::<Value>(&bytes) {
            Ok(mut value) if rng.random_range(0..4) > 0 => {
                let at = rng.random_range(0..places(&mut value));
                *place(&mut value, at) = odd(names, rng);
                value.to_string().into_bytes()
            }
            _ => damaged(bytes, rng),
        };
    }
    bytes
}

/// How many values there are in a value, itself included.
fn places(value: &mut Value) -> usize {
    1 + within(value).into_iter().map(places).sum::<usize>()
}

fn within(value: &mut Value) -> Vec<&mut Value> {
    match value {
        Value::Array(values) => values.iter_mut().collect(),
        Value::Object(fields) => fields.values_mut().collect(),
        _ => Vec::new(),
    }
}

/// The nth value in a value, from the outside in.
fn place(value: &mut Value, n: usize) -> &mut Value {
    if n == 0 {
        return value;
    }
    let mut left = n - 1;
    for inner in within(value) {
        let size = places(inner);
        if left < size {
            return place(inner, left);
        }
        left -= size;
    }
    unreachable!("there are more values than that")
}

/// What no form sends.
fn odd(names: &Names, rng: &mut StdRng) -> Value {
    let nested = |depth: usize| (0..depth).fold(json!([]), |inner, _| json!([inner]));
    let values = [
        json!(null),
        json!(true),
        json!(-1),
        json!(0.5),
        json!(i64::MAX),
        json!(i64::MIN),
        json!(u64::MAX),
        json!(i64::from(i32::MAX) + 1),
        json!(1e308),
        json!(""),
        json!(" "),
        json!("\u{0}"),
        json!("一\u{0}二"),
        json!("\u{202e}\u{feff}\u{1f468}\u{200d}\u{1f469}𠅤"),
        json!("'; DROP TABLE visits; --"),
        json!("2026-02-30"),
        json!("9999-12-31"),
        json!("-009999-01-01"),
        json!("00000000-0000-0000-0000-000000000000"),
        json!("灯".repeat(501)),
        json!("a".repeat(100_000)),
        json!("灯".repeat(256 << 10)),
        nested(60),
        nested(200),
        json!([]),
        json!({}),
        json!(vec![json!({}); 21]),
        json!({ "kind": "moved_in", "name": "张三" }),
        json!("later"),
        json!("vacant"),
        json!("born"),
    ];
    // Half of the time an id of something else.
    match rng.random_range(0..2) {
        0 => json!(names.0[rng.random_range(0..names.0.len())].1),
        _ => values[rng.random_range(0..values.len())].clone(),
    }
}

/// Bytes of which some are others, are missing, or are there twice.
fn damaged(mut bytes: Vec<u8>, rng: &mut StdRng) -> Vec<u8> {
    if bytes.is_empty() {
        return bytes;
    }
    let at = rng.random_range(0..bytes.len());
    let after = |bytes: &[u8], mark: u8| bytes[at..].iter().position(|byte| *byte == mark).map(|found| at + found + 1);
    let (mark, words): (u8, &[u8]) = match rng.random_range(0..10) {
        0 => {
            bytes[at] ^= 1 << rng.random_range(0..8);
            return bytes;
        }
        1 => {
            bytes.truncate(at);
            return bytes;
        }
        2 => {
            let end = rng.random_range(at..bytes.len());
            bytes.drain(at..end);
            return bytes;
        }
        3 => {
            let end = rng.random_range(at..bytes.len());
            let twice = bytes[at..end].to_vec();
            bytes.splice(at..at, twice);
            return bytes;
        }
        4 => (b'{', br#""outcome":"nobody","account":1,"#),
        5 => (b'{', br#""kind":"visit","kind":"died","#),
        6 => (b'"', br"\ud800"),
        7 => (b'"', br"\u0000"),
        8 => (b':', &[b'['; 4096]),
        _ => (b':', b"123456789012345678901234567890e400,\"x\":"),
    };
    if let Some(at) = after(&bytes, mark) {
        bytes.splice(at..at, words.iter().copied());
    }
    bytes
}
