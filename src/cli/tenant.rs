use anyhow::Context;
use clap::{Args, Subcommand};
use codes::DivisionCode;
use serde::Serialize;

use super::{Format, say};
use crate::access::{self, Act, TenantKind};
use crate::config::Options;

#[derive(Subcommand)]
pub enum Tenant {
    /// 新建一个单位：社区、街道、区县、公安机关或检察院
    Add(Add),
}

#[derive(Args)]
pub struct Add {
    /// 单位的十二位编码
    #[arg(long, value_name = "CODE")]
    code: String,
    /// 名称
    #[arg(long)]
    name: String,
    /// 是什么单位：community、subdistrict、district、police、procuratorate
    #[arg(long, value_parser = kind, default_value = "community")]
    kind: TenantKind,
}

#[derive(Serialize)]
struct Added {
    code: String,
    name: String,
    kind: &'static str,
}

impl Tenant {
    pub async fn run(self, options: &Options, format: Format) -> anyhow::Result<()> {
        match self {
            Tenant::Add(add) => add.run(options, format).await,
        }
    }
}

impl Add {
    async fn run(self, options: &Options, format: Format) -> anyhow::Result<()> {
        let Add { code, name, kind } = self;
        DivisionCode::parse(&code).with_context(|| format!("--code {code}"))?;
        let (db, means) = options.open().await?;
        let act = Act::system(means.id(), &means);
        let mut tx = db.begin().await?;
        access::create_tenant(&mut tx, &act, kind, &code, &name).await?;
        tx.commit().await?;
        db.close().await;
        let words = format!("已新建{kind} {name}（{code}）。用 doorstep account add --tenant {code} 给它建账号");
        say(format, words, &Added { code, name, kind: kind.code() })
    }
}

fn kind(code: &str) -> Result<TenantKind, String> {
    TenantKind::parse(code).ok_or_else(|| "可选 community、subdistrict、district、police、procuratorate".to_owned())
}
