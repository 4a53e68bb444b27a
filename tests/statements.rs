//! Every SQL constant of the program is text that both engines take.

use std::path::Path;

use db::Statement;
use doorstep::{access, audit, board, counter, issue, keys, meeting, outbox, photo, place, registry, search, settings};

use crate::support::{Engine, fresh};

/// Every list of statements; a file that declares one and is not here fails [`no_list_is_forgotten`].
const LISTS: &[&[Statement]] = &[
    access::STATEMENTS,
    audit::STATEMENTS,
    board::STATEMENTS,
    counter::STATEMENTS,
    issue::STATEMENTS,
    keys::STATEMENTS,
    meeting::STATEMENTS,
    outbox::STATEMENTS,
    photo::STATEMENTS,
    place::STATEMENTS,
    registry::STATEMENTS,
    registry::enrol::STATEMENTS,
    registry::import::STATEMENTS,
    search::STATEMENTS,
    settings::STATEMENTS,
];

#[tokio::test]
async fn sqlite_takes_every_statement() {
    every_statement_is_taken(Engine::Sqlite).await;
}

#[tokio::test]
async fn postgres_takes_every_statement() {
    every_statement_is_taken(Engine::Postgres).await;
}

async fn every_statement_is_taken(engine: Engine) {
    let (db, _folder) = fresh(engine).await;
    let mut refused = Vec::new();
    for statement in LISTS.iter().copied().flatten() {
        let mut tx = db.begin().await.unwrap(); // its own, since PostgreSQL gives a transaction up after an error
        if let Err(error) = tx.prepare(*statement).await {
            refused.push(format!("{}: {error}\n{}", statement.name, statement.text));
        }
    }
    assert!(refused.is_empty(), "{engine:?} refuses:\n{}", refused.join("\n\n"));
}

#[test]
fn no_list_is_forgotten() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for file in crate::architecture::files(&source, "rs") {
        if !std::fs::read_to_string(&file).unwrap().contains("statements! {") {
            continue;
        }
        let path = file.strip_prefix(&source).unwrap().with_extension("");
        let path = path.to_str().unwrap().trim_end_matches("/mod").replace('/', "::");
        let listed = LISTS.iter().copied().flatten().any(|statement| {
            let (module, _) = statement.name.rsplit_once("::").unwrap();
            module == format!("doorstep::{path}")
        });
        assert!(listed, "{} declares statements that LISTS does not have", file.display());
    }
}
