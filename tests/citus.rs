//! The schema can be spread over many machines by tenant.

use std::collections::BTreeSet;

use db::{record, statements};
use doorstep::schema::MIGRATIONS;

use crate::support::{Engine, fresh};

statements! {
    LINT = include_str!("citus-lint.sql");
    SPREAD = "SELECT CAST(logicalrelid AS TEXT) AS name FROM pg_dist_partition";
}

record! {
    #[derive(Debug)]
    struct Violation { name: String, why: String }
    struct Spread { name: String }
}

/// Kept by the migrations' own machinery, which knows no tenants.
const MIGRATIONS_TABLE: &str = "schema_migrations";

#[test]
fn every_table_says_how_it_is_spread() {
    assert_eq!(all_tables(), &tables("create_distributed_table(") | &tables("create_reference_table("));
}

#[tokio::test]
async fn citus_would_refuse_nothing() {
    let (db, _storage) = fresh(Engine::Postgres).await;
    let reference: Vec<String> =
        tables("create_reference_table(").into_iter().chain([MIGRATIONS_TABLE.to_owned()]).collect();
    let violations: Vec<Violation> = db.read().await.unwrap().all(LINT.bind(reference.join(","))).await.unwrap();
    assert!(violations.is_empty(), "{violations:#?}");
}

/// With `CITUS_URL`, where every story runs on a database with the extension.
#[tokio::test]
async fn citus_spreads_every_table() {
    if std::env::var_os("CITUS_URL").is_none() {
        return;
    }
    let (db, _storage) = fresh(Engine::Postgres).await;
    let spread: Vec<Spread> = db.read().await.unwrap().all(SPREAD).await.unwrap();
    assert_eq!(all_tables(), spread.into_iter().map(|table| table.name).collect());
}

fn all_tables() -> BTreeSet<String> {
    let created = MIGRATIONS.iter().flat_map(|migration| migration.text.split("CREATE TABLE ").skip(1));
    created.filter_map(|rest| rest.split_whitespace().next()).map(str::to_owned).collect()
}

/// The tables that the migrations name first in a call.
fn tables(call: &str) -> BTreeSet<String> {
    let calls = MIGRATIONS.iter().flat_map(|migration| migration.text.split(call).skip(1));
    calls.filter_map(|rest| rest.split('\'').nth(1)).map(str::to_owned).collect()
}
