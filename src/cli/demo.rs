use std::io::Write;
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::{Context, ensure};
use clap::Args;

use super::account::make_up_password;
use super::import::bar;
use super::serve::{self, Limits};
use crate::config::{Config, Options, Outgoing};
use crate::demo::{self, Made};
use crate::means::Chance;

#[derive(Args)]
pub struct Demo {
    /// 监听地址，只能是本机
    #[arg(long, env = "DOORSTEP_LISTEN", default_value = "127.0.0.1:8080", value_name = "ADDR")]
    listen: SocketAddr,
    #[command(flatten)]
    limits: Limits,
    #[command(flatten)]
    outgoing: Outgoing,
}

/// Where the demonstration keeps its data unless it is told otherwise.
pub const DATA: &str = "data/demo";
/// The names and the password to sign in with, for the next start.
const ACCOUNTS: &str = "accounts.txt";

impl Demo {
    pub async fn run(self, options: &Options) -> anyhow::Result<()> {
        ensure!(
            self.listen.ip().is_loopback(),
            "演示只能在本机打开，请用 127.0.0.1 的地址；正式使用请用 doorstep serve"
        );
        ensure!(
            options.database.is_none(),
            "演示社区总是放在 --data 目录下的 SQLite 里，请去掉 --database 或 DOORSTEP_DATABASE_URL"
        );
        let listener = serve::listen(self.listen).await?;
        let made = if options.data.join("doorstep.db").exists() { None } else { Some(build(options).await?) };
        let (db, means) = options.open().await?;
        let public_url = serve::address(&listener)?;
        let accounts = std::fs::read_to_string(options.data.join(ACCOUNTS)).unwrap_or_default();
        let mut greeting = format!("家门口已启动：{public_url}\n\n{accounts}\n");
        if let Some(invitation) = made.and_then(|made| made.invitation) {
            greeting += &format!(
                "网格员手机登录的邀请链接（只能用一次，请在手机大小的窗口里打开）：\n{public_url}/join/{invitation}\n\n"
            );
        }
        greeting += "按 Ctrl+C 结束。";
        let serve::Limits { public_posts_per_hour, sign_ins_per_hour, token_requests_per_minute } = self.limits;
        let (trusted_proxies, outgoing) = (Vec::new(), self.outgoing);
        let config = Config {
            public_url,
            trusted_proxies,
            public_posts_per_hour,
            sign_ins_per_hour,
            token_requests_per_minute,
            outgoing,
        };
        serve::serve(listener, db, means, config, &greeting).await
    }
}

/// Makes the community in a file of its own, which becomes the database only when it is complete.
async fn build(options: &Options) -> anyhow::Result<Made> {
    println!("第一次启动，正在建立演示社区（1580 户、4915 人）…");
    let unfinished = options.data.join("unfinished.db");
    for ending in ["", "-wal", "-shm"] {
        let file = options.data.join(format!("unfinished.db{ending}"));
        if file.exists() {
            std::fs::remove_file(&file).with_context(|| format!("删不了 {}", file.display()))?;
        }
    }
    let database = Some(format!("sqlite:{}", unfinished.display()));
    let (db, means) = Options { database, ..options.clone() }.open().await?;
    let password = std::env::var("DOORSTEP_DEMO_PASSWORD").unwrap_or_else(|_| make_up_password(&Chance::System));
    let bar = bar();
    let made = demo::build(&db, &means, &password, &bar).await;
    bar.finish_and_clear();
    db.close().await;
    let made = made?;
    write_accounts(&options.data.join(ACCOUNTS), &accounts(&made, &password))?;
    std::fs::rename(&unfinished, options.data.join("doorstep.db")).context("演示社区没有建成")?;
    Ok(made)
}

fn accounts(made: &Made, password: &str) -> String {
    let mut lines = vec![format!("{}{}{}", column("角色"), column("姓名"), "登录名")];
    for account in &made.accounts {
        lines.push(format!("{}{}{}", column(account.role.label()), column(&account.name), account.login));
    }
    format!("{}\n密码都是 {password}\n居民不用登录，直接打开首页。", lines.join("\n"))
}

/// Padded to a width of 18, where a Chinese character is two wide.
fn column(text: &str) -> String {
    let width: usize = text.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum();
    format!("{text}{}", " ".repeat(18_usize.saturating_sub(width).max(1)))
}

/// Only for the eyes of whoever runs the demonstration.
fn write_accounts(path: &Path, text: &str) -> anyhow::Result<()> {
    let mut file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    Ok(file.write_all(text.as_bytes())?)
}
