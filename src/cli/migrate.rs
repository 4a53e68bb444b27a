use super::{Format, say};
use crate::config::Options;
use crate::schema::MIGRATIONS;

/// Opening the database is what brings it up to date.
pub async fn run(options: &Options, format: Format) -> anyhow::Result<()> {
    let (db, _) = options.open().await?;
    db.close().await;
    let newest = MIGRATIONS.last().map_or("", |migration| migration.name);
    say(format, format!("数据库已是最新：{newest}"), &serde_json::json!({ "migration": newest }))
}
