//! A million residents with as many issues: 200 tenants, one of them of 100,000. One tenant is made by the program's own
//! operations and then copied, row by row in SQL: as it is into tenants of their own, and twenty times into the large one,
//! where all ids, numbers and positions carry a mark of the copy.

use std::path::Path;
use std::time::Instant;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions, Executor, Row};

/// Who is copied.
const ORIGINAL: &str = "141102005999";
const BASE: usize = 5_000;
const TENANTS: usize = 200;
/// How often the original stands in the large tenant.
const COPIES: usize = 20;
/// Of what each small tenant has: (1,000,000 - 5,000 - 100,000) / 198.
const SMALL: usize = 4_520;
/// A copy's positions begin with a block of their own.
const APART: usize = (BASE / 64 + 2) * 64;

/// What a tenant has once.
const ONCE: [&str; 7] =
    ["tenants", "organisations", "organisation_ancestors", "accounts", "settings", "audit_heads", "counters"];
/// What every copy brings. The log and the photos stay with the original: no page of the measurement reads them.
const EACH: [&str; 15] = [
    "estates", "grids", "buildings", "units", "dwellings", "households", "residents", "resident_tags", "contacts",
    "publications", "issues", "issue_events", "surveys", "extensions", "search_blocks",
];

pub async fn run(kept: Option<&Path>) {
    let folder = tempfile::tempdir().unwrap();
    let folder = kept.unwrap_or(folder.path());
    let file = folder.join("doorstep.db");
    let database = format!("sqlite:{}", file.display());
    if !file.exists() {
        crate::generate(folder, &database, ORIGINAL, BASE).await;
        copy(&file).await;
    }
    println!("\nThe file has {} MB.", std::fs::metadata(&file).unwrap().len() / 1_000_000);
    crate::measure("SQLite, 1,000,000 residents and issues in 200 tenants, one of 100,000", folder, &database).await;
}

async fn copy(file: &Path) {
    let began = Instant::now();
    let options = SqliteConnectOptions::new().filename(file).foreign_keys(false).journal_mode(SqliteJournalMode::Off);
    let mut sqlite = options.synchronous(SqliteSynchronous::Off).connect().await.unwrap();
    sqlite.execute("PRAGMA cache_size = -4000000").await.unwrap();
    sqlite.execute("BEGIN").await.unwrap();
    let small = TENANTS - 2; // the original and the large one are the others
    for tenant in 1..=small {
        for table in ONCE.into_iter().chain(EACH) {
            copy_table(&mut sqlite, table, tenant, 0, SMALL).await;
        }
    }
    eprintln!("{small} tenants copied after {:.0?}", began.elapsed());
    let large = small + 1;
    for table in ONCE {
        copy_table(&mut sqlite, table, large, 0, BASE).await;
    }
    for n in 0..COPIES {
        for table in EACH {
            copy_table(&mut sqlite, table, large, n, BASE).await;
        }
    }
    let known = format!("INSERT INTO tenant_codes (code, tenant_id) SELECT '{}', {} {}", crate::CODE, target(large), original());
    let door = format!("INSERT INTO place_codes (code, tenant_id, unit_id) SELECT code || 'L', {}, unit_id FROM place_codes WHERE tenant_id = (SELECT tenant_id {}) LIMIT 5", target(large), original());
    for text in [known, door, format!("UPDATE counters SET value = {} WHERE name LIKE '%-position'", COPIES * APART * 2)] {
        sqlite.execute(AssertSqlSafe(text)).await.unwrap();
    }
    sqlite.execute("COMMIT").await.unwrap();
    eprintln!("copied in {:.0?}", began.elapsed());
}

fn original() -> String {
    format!("FROM tenant_codes WHERE code = '{ORIGINAL}'")
}

/// The id of a tenant that is made, in SQL.
fn target(tenant: usize) -> String {
    format!("substr(tenant_id, 1, 14) || X'{tenant:04X}'")
}

/// Copies the original's rows of a table into a tenant, as its nth copy there; of issues and residents the first `most`.
async fn copy_table(sqlite: &mut SqliteConnection, table: &str, tenant: usize, n: usize, most: usize) {
    let columns = sqlite.fetch_all(AssertSqlSafe(format!("PRAGMA table_info({table})"))).await.unwrap();
    let columns: Vec<(String, String)> = columns.iter().map(|row| (row.get("name"), row.get("type"))).collect();
    let value = |(name, kind): &(String, String)| match (name.as_str(), kind.as_str()) {
        ("tenant_id", _) => target(tenant),
        ("code", _) if table == "tenants" => if most == BASE { format!("'{}'", crate::CODE) } else { format!("code || '-{tenant}'") },
        ("position", _) if matches!(table, "issues" | "residents") => format!("position + {}", n * APART),
        ("block", _) => format!("block + {}", n * APART / 64),
        ("receipt_code", _) => format!("receipt_code || '-{tenant}-{n}'"),
        ("number", _) if n > 0 => format!("number || '-{n}'"),
        ("name", _) if n > 0 && table == "estates" => format!("name || {n}"),
        ("code", _) if n > 0 && table == "grids" => format!("code || '-{n}'"),
        ("identity_fingerprint", _) if n > 0 => format!("identity_fingerprint || X'{n:04X}'"),
        // Whoever works there is there once.
        ("organisation_id" | "account_id" | "filed_by" | "property_company_id" | "set_by" | "surveyor_id" | "requested_by" | "decided_by", _) => name.clone(),
        (_, "UUID") if n > 0 => format!("CASE WHEN {name} IS NULL THEN NULL ELSE substr({name}, 1, 14) || X'{n:04X}' END"),
        _ => name.clone(),
    };
    let values: Vec<String> = columns.iter().map(value).collect();
    let names: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
    let limit = if matches!(table, "issues" | "residents") { format!("AND position <= {most}") } else { String::new() };
    let text = format!(
        "INSERT INTO {table} ({}) SELECT {} FROM {table} WHERE tenant_id = (SELECT tenant_id {}) {limit}",
        names.join(", "), values.join(", "), original()
    );
    sqlite.execute(AssertSqlSafe(text.clone())).await.unwrap_or_else(|error| panic!("{table}: {error}\n{text}"));
}
