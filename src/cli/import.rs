use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};

use super::{Format, say, tenant};
use crate::access::Act;
use crate::config::Options;
use crate::registry::import::{self, ImportOptions, Summary};

#[derive(Subcommand)]
pub enum Import {
    /// 居民信息登记表（.xlsx）
    Residents(Residents),
}

#[derive(Args)]
pub struct Residents {
    /// 登记表文件
    file: PathBuf,
    /// 单位的十二位编码
    #[arg(long, value_name = "CODE")]
    tenant: String,
    /// 只试算，什么也不写入
    #[arg(long)]
    dry_run: bool,
    /// 只要有一行不能导入，就一行也不写入
    #[arg(long)]
    all_or_nothing: bool,
    /// 作为重新摸底来对照：不改登记，只把不一样的地方记进“变化核对”
    #[arg(long, conflicts_with = "dry_run")]
    compare: bool,
    /// 把退回的行写成表格，改好后可再次导入
    #[arg(long, value_name = "FILE")]
    rejections: Option<PathBuf>,
}

impl Import {
    pub async fn run(self, options: &Options, format: Format) -> anyhow::Result<()> {
        match self {
            Import::Residents(residents) => residents.run(options, format).await,
        }
    }
}

impl Residents {
    async fn run(&self, options: &Options, format: Format) -> anyhow::Result<()> {
        let name = self.file.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        let content = std::fs::read(&self.file).with_context(|| format!("读不了 {}", self.file.display()))?;
        let (db, means) = options.open().await?;
        let act = Act::system(tenant(&mut db.read().await?, &self.tenant).await?.tenant_id, &means);
        let bar = bar();
        let options =
            ImportOptions { dry_run: self.dry_run, all_or_nothing: self.all_or_nothing, compare: self.compare };
        let summary = import::import_file(&db, &act, &name, content, options, |done, all| {
            bar.set_length(all.unsigned_abs());
            bar.set_position(done.unsigned_abs());
        });
        let summary = summary.await;
        bar.finish_and_clear();
        let summary = summary?;
        if let (Some(file), Some(import), false) = (&self.rejections, summary.import, summary.rejected.is_empty()) {
            let workbook = import::rejections(&db, &act, import).await?;
            std::fs::write(file, workbook).with_context(|| format!("写不了 {}", file.display()))?;
        }
        db.close().await;
        say(format, self.words(&summary), &summary)
    }

    fn words(&self, summary: &Summary) -> String {
        let Summary { rows, created, updated, unchanged, rejected, .. } = summary;
        let kept = match (self.dry_run, self.all_or_nothing && !rejected.is_empty()) {
            (true, _) => "（试算，什么也没有写入）",
            (false, true) => "（有退回的行，按要求一行也没有写入）",
            (false, false) if self.compare => "（只对照，登记没有改；不一样的地方在“变化核对”里）",
            (false, false) => "",
        };
        let refused = rejected.len();
        let mut words =
            format!("共 {rows} 行：新增 {created}，更新 {updated}，没有变化 {unchanged}，退回 {refused}{kept}");
        for row in rejected {
            words.push_str(&format!("\n第 {} 行 {}：{}", row.row, row.column, row.reason));
        }
        words
    }
}

/// A bar on a terminal; nothing elsewhere.
pub fn bar() -> ProgressBar {
    let bar = ProgressBar::no_length();
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len} {msg} 还要约 {eta}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}
