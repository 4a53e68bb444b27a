use jiff::Timestamp;

use crate::{Db, Error, Result, Tx, record, statements};

/// One step of the schema. `--@citus` lines in its text run only where the Citus extension is present,
/// each in its place, right after the table that it distributes.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    pub name: &'static str,
    pub text: &'static str,
}

statements! {
    APPLIED = "SELECT name, text FROM schema_migrations ORDER BY position";
    RECORD = "INSERT INTO schema_migrations (position, name, text, applied_at) VALUES ($1, $2, $3, $4)";
    CITUS = "SELECT COUNT(*) AS present FROM pg_extension WHERE extname = 'citus'";
}

record! {
    struct Applied { name: String, text: String }
    struct Citus { present: i64 }
}

const TABLE: &str = "CREATE TABLE IF NOT EXISTS schema_migrations (
    position INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL, text TEXT NOT NULL, applied_at BIGINT NOT NULL)";

/// The migrations that a database has been through; none if it is new.
pub async fn applied(tx: &mut Tx) -> Result<Vec<String>> {
    if crate::copy::has_table(tx, "schema_migrations").await? {
        let applied: Vec<Applied> = tx.all(APPLIED).await?;
        return Ok(applied.into_iter().map(|applied| applied.name).collect());
    }
    Ok(Vec::new())
}

/// Brings the database to the last of `migrations`, each in a transaction of its own, and tells how many it applied.
/// Two processes that migrate at once meet at the primary key of `schema_migrations`: one of them fails and changes nothing.
///
/// Errors: [`Error::MigrationChanged`] if an applied text differs, [`Error::MigrationAhead`] if the database knows more.
pub async fn migrate(db: &Db, migrations: &[Migration], now: Timestamp) -> Result<usize> {
    let mut tx = db.begin().await?;
    tx.step(TABLE.to_owned()).await?;
    let applied: Vec<Applied> = tx.all(APPLIED).await?;
    let citus = match tx {
        Tx::Sqlite(_) => false,
        Tx::Postgres(_) => tx.one::<Citus>(CITUS).await?.present > 0,
    };
    tx.commit().await?;

    for (known, migration) in applied.iter().zip(migrations) {
        if known.name != migration.name || known.text != migration.text {
            return Err(Error::MigrationChanged(known.name.clone()));
        }
    }
    if let Some(unknown) = applied.get(migrations.len()) {
        return Err(Error::MigrationAhead(unknown.name.clone()));
    }
    for (position, migration) in migrations.iter().enumerate().skip(applied.len()) {
        let mut tx = db.begin().await?;
        let record = RECORD.bind(position as i64).bind(migration.name).bind(migration.text).bind(now);
        tx.execute(record).await?;
        for step in steps(migration.text, citus) {
            tx.step(step).await?;
        }
        tx.commit().await?;
    }
    Ok(migrations.len() - applied.len())
}

/// The statements of a migration: each ends with a semicolon at the end of a line.
fn steps(text: &str, citus: bool) -> Vec<String> {
    let mut steps = Vec::new();
    let mut step = String::new();
    for line in text.lines() {
        let line = match line.trim_start().strip_prefix("--@citus") {
            Some(distribution) if citus => distribution,
            Some(_) => continue,
            None => line.split("--").next().unwrap_or_default(),
        };
        step.push_str(line);
        step.push('\n');
        if line.trim_end().ends_with(';') {
            steps.push(std::mem::take(&mut step));
        }
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::steps;

    #[test]
    fn citus_lines_run_only_on_citus() {
        let text = "CREATE TABLE a ( -- the first\n  id UUID);\n--@citus SELECT create_distributed_table('a', 'id');\n";
        assert_eq!(steps(text, false).len(), 1);
        assert_eq!(steps(text, true)[1].trim(), "SELECT create_distributed_table('a', 'id');");
    }
}
