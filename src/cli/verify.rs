use anyhow::ensure;
use clap::Args;
use serde::Serialize;

use super::{Format, say, tenants};
use crate::audit::{self, Verdict};
use crate::config::Options;

#[derive(Args)]
pub struct Verify {
    /// 只核对这个单位（十二位编码）；不填则核对全部
    #[arg(long, value_name = "CODE")]
    tenant: Option<String>,
}

#[derive(Serialize)]
struct Checked {
    tenant: String,
    name: String,
    #[serde(flatten)]
    verdict: Verdict,
}

impl Verify {
    /// Errors: a chain is broken; each is named with its first broken link.
    pub async fn run(&self, options: &Options, format: Format) -> anyhow::Result<()> {
        let (db, _) = options.open().await?;
        let mut checked = Vec::new();
        for tenant in tenants(&db, self.tenant.as_deref()).await? {
            let verdict = audit::verify(&mut db.read().await?, tenant.tenant_id).await?;
            checked.push(Checked { tenant: tenant.code, name: tenant.name, verdict });
        }
        db.close().await;
        let lines: Vec<String> = checked.iter().map(Checked::words).collect();
        say(format, lines.join("\n"), &checked)?;
        let broken = checked.iter().filter(|checked| checked.verdict.broken.is_some()).count();
        ensure!(broken == 0, "{broken} 个单位的审计记录对不上");
        Ok(())
    }
}

impl Checked {
    fn words(&self) -> String {
        let Checked { tenant, name, verdict } = self;
        match &verdict.broken {
            None => format!("{name}（{tenant}）：{} 条审计记录完整，末尾校验值 {}", verdict.entries, verdict.head),
            Some(broken) => format!("{name}（{tenant}）：审计记录在第 {} 条断开，{}", broken.position, broken.why),
        }
    }
}
