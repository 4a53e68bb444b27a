//! A million residents with as many issues: 200 tenants, one of them of 100,000. One tenant is made by the program's own
//! operations and then copied, row by row in SQL: as it is into 198 others, and nineteen times into itself, where all ids,
//! numbers and positions carry a mark of the copy. Its people then get other given names, or there would be twenty of each, and
//! the program indexes them. Sealed values are bound to their tenant, so none of the copies in other tenants can be shown; the last
//! tenant, of five thousand, is made by the program's own operations among them and tells what a million costs whoever has so many.
//! The large one and the last one are measured.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Instant;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions, Executor, Row};

const BASE: usize = 5_000;
/// With the large one and without the last.
const TENANTS: usize = 199;
/// The code of the tenant of five thousand among the others.
const AMONG: &str = "141102004998";
/// How often the original stands in the large tenant.
const COPIES: usize = 20;
/// What each of the other tenants has, so that all together have a million.
const SMALL: usize = (1_000_000 - COPIES * BASE - BASE) / (TENANTS - 1);
/// So far apart do the positions of two copies begin.
const APART: usize = BASE + 120;

/// What a tenant has once.
const ONCE: [&str; 8] = [
    "tenants",
    "organisations",
    "organisation_ancestors",
    "accounts",
    "settings",
    "audit_heads",
    "counters",
    "search_postings",
];
/// What every copy brings. The log and the photos stay with the original: no page of the measurement reads them.
const EACH: [&str; 15] = [
    "estates",
    "grids",
    "buildings",
    "units",
    "dwellings",
    "households",
    "residents",
    "resident_tags",
    "building_figures",
    "contacts",
    "publications",
    "issues",
    "issue_events",
    "surveys",
    "petitions",
];

pub async fn run(kept: Option<&Path>) {
    let folder = tempfile::tempdir().unwrap();
    let folder = kept.unwrap_or(folder.path());
    let file = folder.join("doorstep.db");
    let database = format!("sqlite:{}", file.display());
    if !file.exists() {
        crate::generate(folder, &database, crate::CODE, BASE).await;
        copy(&file).await;
        crate::generate(folder, &database, AMONG, BASE).await;
    }
    println!("\nThe file has {} MB.", std::fs::metadata(&file).unwrap().len() / 1_000_000);
    let of = "1,000,000 residents and issues in 200 tenants";
    crate::measure(&format!("SQLite, {of}, one of 100,000"), folder, &database, crate::CODE).await;
    crate::measure(&format!("SQLite, {of}, in one of 5,000"), folder, &database, AMONG).await;
}

async fn copy(file: &Path) {
    let began = Instant::now();
    let options = SqliteConnectOptions::new().filename(file).foreign_keys(false).journal_mode(SqliteJournalMode::Off);
    let mut sqlite = options.synchronous(SqliteSynchronous::Off).connect().await.unwrap();
    sqlite.execute("PRAGMA cache_size = -4000000").await.unwrap();
    sqlite.execute("BEGIN").await.unwrap();
    for tenant in 1..TENANTS {
        for table in ONCE.into_iter().chain(EACH) {
            copy_table(&mut sqlite, table, Some(tenant), 0).await;
        }
    }
    eprintln!("{} tenants copied after {:.0?}", TENANTS - 1, began.elapsed());
    for n in 1..COPIES {
        for table in EACH {
            copy_table(&mut sqlite, table, None, n).await;
        }
    }
    let raised = format!("UPDATE counters SET value = {} WHERE name LIKE '%-position'", COPIES * APART);
    sqlite.execute(AssertSqlSafe(raised)).await.unwrap();
    rename(&mut sqlite).await;
    // Counted anew with what the copies have brought.
    sqlite.execute("DELETE FROM issue_figures").await.unwrap();
    sqlite.execute("COMMIT").await.unwrap();
    eprintln!("copied in {:.0?}", began.elapsed());
}

/// Gives the people of each copy other given names, of the same characters.
async fn rename(sqlite: &mut SqliteConnection) {
    let tenant = sqlx::query("SELECT tenant_id FROM tenant_codes WHERE code = ?1").bind(crate::CODE);
    let tenant: Vec<u8> = tenant.fetch_one(&mut *sqlite).await.unwrap().get("tenant_id");
    let people = sqlx::query("SELECT id, name FROM residents WHERE tenant_id = ?1").bind(&tenant);
    let people = people.fetch_all(&mut *sqlite).await.unwrap();
    let people: Vec<(Vec<u8>, String)> = people.iter().map(|row| (row.get("id"), row.get("name"))).collect();
    let known: BTreeSet<char> = people.iter().flat_map(|(_, name)| name.chars().skip(1)).collect();
    let known: Vec<char> = known.into_iter().collect();
    for (id, name) in people {
        let n = usize::from(id[6].saturating_sub(0x80));
        if n == 0 {
            continue;
        }
        // The first character after the surname goes on by so many, the next by three times as many.
        let other = |(at, c): (usize, char)| match known.binary_search(&c) {
            Ok(found) if at > 0 => known[(found + n * (2 * at - 1) * 7) % known.len()],
            _ => c,
        };
        let name: String = name.chars().enumerate().map(other).collect();
        let renamed = sqlx::query("UPDATE residents SET name = ?1, search_text = ?2 WHERE tenant_id = ?3 AND id = ?4")
            .bind(&name)
            .bind(doorstep::registry::enrol::search_text(&name))
            .bind(&tenant)
            .bind(&id);
        renamed.execute(&mut *sqlite).await.unwrap();
    }
}

/// The id of a row's nth copy, in SQL; null stays null. The byte of the version, which begins with 7 in every id of the
/// program, carries the mark. SQLite joins blobs to a text, which is made a blob again.
fn marked(id: &str, n: usize) -> String {
    format!("CAST(substr({id}, 1, 6) || X'{:02X}' || substr({id}, 8) AS BLOB)", 0x80 + n)
}

/// Copies the original's rows of a table: as they are into another tenant, or as the nth copy into its own.
async fn copy_table(sqlite: &mut SqliteConnection, table: &str, tenant: Option<usize>, n: usize) {
    let columns = sqlite.fetch_all(AssertSqlSafe(format!("PRAGMA table_info({table})"))).await.unwrap();
    let columns: Vec<(String, String)> = columns.iter().map(|row| (row.get("name"), row.get("type"))).collect();
    let value = |(name, kind): &(String, String)| match (name.as_str(), kind.as_str(), tenant) {
        ("tenant_id", _, Some(tenant)) => format!("CAST(substr(tenant_id, 1, 14) || X'{tenant:04X}' AS BLOB)"),
        ("tenant_id", _, None) => name.clone(),
        ("code", _, Some(tenant)) if table == "tenants" => format!("code || '-{tenant}'"),
        (_, _, Some(_)) => name.clone(),
        ("position", ..) if matches!(table, "issues" | "residents" | "resident_tags") => {
            format!("position + {}", n * APART)
        }
        ("indexed", ..) => "FALSE".to_owned(),
        ("receipt_code" | "number", ..) => format!("{name} || '-{n}'"),
        ("name", ..) if table == "estates" => format!("name || {n}"),
        ("code", ..) if table == "grids" => format!("code || '-{n}'"),
        ("identity_fingerprint" | "phone_fingerprint", ..) => format!("CAST({name} || X'{n:04X}' AS BLOB)"),
        // Whoever works there is there once.
        ("organisation_id" | "account_id" | "filed_by" | "property_company_id" | "set_by" | "surveyor_id", ..) => {
            name.clone()
        }
        ("requested_by" | "decided_by", ..) => name.clone(),
        (_, "UUID", _) => marked(name, n),
        _ => name.clone(),
    };
    let values: Vec<String> = columns.iter().map(value).collect();
    let names: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
    let limit = match (tenant, table) {
        (Some(_), "issues" | "residents") => format!("AND position <= {SMALL}"),
        (Some(_), _) => String::new(),
        (None, "building_figures") => "AND substr(building_id, 7, 1) < X'80'".to_owned(),
        // Not what earlier copies have brought.
        (None, _) => "AND substr(id, 7, 1) < X'80'".to_owned(),
    };
    let text = format!(
        "INSERT INTO {table} ({}) SELECT {} FROM {table} WHERE tenant_id = (SELECT tenant_id FROM tenant_codes WHERE code = '{}') {limit}",
        names.join(", "),
        values.join(", "),
        crate::CODE
    );
    sqlite.execute(AssertSqlSafe(text.clone())).await.unwrap_or_else(|error| panic!("{table}: {error}\n{text}"));
}
