use std::path::PathBuf;

use anyhow::ensure;
use clap::Args;

use super::{Format, import::bar, say};
use crate::backup::{self, Amount};
use crate::config::Options;
use crate::keys::Keys;

#[derive(Args)]
pub struct Backup {
    /// 备份写到哪个文件；同名的旧文件会被换掉
    file: PathBuf,
}

#[derive(Args)]
pub struct Restore {
    /// 备份文件
    file: PathBuf,
}

impl Backup {
    pub async fn run(&self, options: &Options, format: Format) -> anyhow::Result<()> {
        let db = options.connect().await?;
        let bar = bar();
        let written = backup::write(&db, &self.file, jiff::Timestamp::now(), |rows| bar.set_position(rows)).await;
        bar.finish_and_clear();
        db.close().await;
        let amount = written?;
        let (Amount { tables, rows }, file, keys) = (amount, self.file.display(), options.key_path());
        let words = format!(
            "已备份 {tables} 张表 {rows} 行到 {file}\n备份里没有密钥。密钥文件 {} 请另外保管，没有它备份恢复不了。",
            keys.display()
        );
        say(format, words, &amount)
    }
}

impl Restore {
    pub async fn run(&self, options: &Options, format: Format) -> anyhow::Result<()> {
        let keys = options.key_path();
        ensure!(keys.exists(), "没有密钥文件 {}。请先把备份时用的密钥文件放到这里，再恢复", keys.display());
        let keys = Keys::load(&keys)?;
        let db = options.connect().await?;
        let bar = bar();
        let restored =
            backup::restore(&db, &keys, &self.file, jiff::Timestamp::now(), |rows| bar.set_position(rows)).await;
        bar.finish_and_clear();
        db.close().await;
        let amount = restored?;
        let Amount { tables, rows } = amount;
        say(format, format!("已恢复 {tables} 张表 {rows} 行。请再运行一次 doorstep verify 核对审计记录"), &amount)
    }
}
