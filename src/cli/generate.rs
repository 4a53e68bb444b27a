use anyhow::Context;
use clap::Args;
use codes::DivisionCode;

use super::{Format, import::bar, say};
use crate::config::Options;
use crate::demo::{self, Made, Order};

#[derive(Args)]
pub struct Generate {
    /// 新社区的十二位编码
    #[arg(long, value_name = "CODE")]
    tenant: String,
    /// 居民人数；0 只建社区
    #[arg(long, value_name = "N")]
    residents: usize,
    /// 诉求件数
    #[arg(long, value_name = "N", default_value_t = 0)]
    issues: usize,
    /// 随机种子：同一个数得到同样的居民
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// 社区名称
    #[arg(long, default_value = "示例社区")]
    name: String,
}

impl Generate {
    pub async fn run(self, options: &Options, format: Format) -> anyhow::Result<()> {
        DivisionCode::parse(&self.tenant).with_context(|| format!("--tenant {}", self.tenant))?;
        let (db, means) = options.open().await?;
        let Generate { tenant: code, residents, issues, seed, name } = self;
        let bar = bar();
        let made = demo::generate(&db, &means, &Order { code, name, residents, issues, seed }, &bar).await;
        bar.finish_and_clear();
        db.close().await;
        let made = made?;
        let Made { tenant, name, households, residents, issues, .. } = &made;
        let words = format!("已生成 {name}（{tenant}）：{households} 户 {residents} 人，{issues} 件诉求");
        say(format, words, &made)
    }
}
