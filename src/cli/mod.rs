//! The command line. Each command is a file; what they share, the database and the keys, is in [`crate::config`].
//! A result goes to standard output, as sentences or with `--format json` as one line of JSON; an error goes to
//! standard error, and the exit code is 1.

mod account;
mod backup;
mod demo;
mod generate;
mod import;
mod key;
mod migrate;
mod roster;
mod serve;
mod tenant;
mod verify;

use std::io::IsTerminal;
use std::process::ExitCode;

use anyhow::Context;
use clap::parser::ValueSource;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use db::{Db, Tx};
use serde::Serialize;
use tracing_subscriber::EnvFilter;

use crate::access::{self, Tenant};
use crate::config::Options;

#[derive(Parser)]
#[command(name = "doorstep", version, about = "家门口：社区为居民办事的软件", next_help_heading = "选项")]
#[command(subcommand_help_heading = "命令", arg_required_else_help = true)]
struct Cli {
    #[command(flatten)]
    options: Options,
    /// 结果的格式
    #[arg(long, value_enum, default_value_t = Format::Text, global = true)]
    format: Format,
    /// 日志的格式
    #[arg(long, value_enum, default_value_t = Format::Text, global = true)]
    log_format: Format,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// 启动网站
    Serve(serve::Serve),
    /// 在本机演示：建好一个有 1580 户、4915 人的示例社区并启动
    Demo(demo::Demo),
    /// 建好或升级数据库，然后结束
    Migrate,
    /// 导入表格
    #[command(subcommand)]
    Import(import::Import),
    /// 备份数据库，程序正在运行也可以
    Backup(backup::Backup),
    /// 把备份恢复到一个空的数据库
    Restore(backup::Restore),
    /// 核对审计记录的链，指出第一处断开的地方
    Verify(verify::Verify),
    /// 生成一个任意大小的示例社区
    Generate(generate::Generate),
    /// 排班
    #[command(subcommand)]
    Roster(roster::Roster),
    /// 单位
    #[command(subcommand)]
    Tenant(tenant::Tenant),
    /// 账号
    #[command(subcommand)]
    Account(account::Account),
    /// 密钥
    #[command(subcommand)]
    Key(key::Key),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// 给人看的文字
    Text,
    /// 给程序读的 JSON
    Json,
}

/// Runs the command that the program was called with.
pub fn main() -> ExitCode {
    let matches = Cli::command().get_matches();
    let mut cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    // The demonstration keeps away from the place where real data lies.
    if matches!(cli.command, Command::Demo(_)) && matches.value_source("data") == Some(ValueSource::DefaultValue) {
        cli.options.data = demo::DATA.into();
    }
    log(cli.log_format, if matches!(cli.command, Command::Serve(_)) { "info" } else { "warn" });
    let done = tokio::runtime::Runtime::new().context("启动不了").and_then(|runtime| runtime.block_on(run(cli)));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("出错了：{error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(cli: Cli) -> anyhow::Result<()> {
    let (options, format) = (cli.options, cli.format);
    match cli.command {
        Command::Serve(serve) => serve.run(&options).await,
        Command::Demo(demo) => demo.run(&options).await,
        Command::Migrate => migrate::run(&options, format).await,
        Command::Import(import) => import.run(&options, format).await,
        Command::Backup(backup) => backup.run(&options, format).await,
        Command::Restore(restore) => restore.run(&options, format).await,
        Command::Verify(verify) => verify.run(&options, format).await,
        Command::Generate(generate) => generate.run(&options, format).await,
        Command::Roster(roster) => roster.run(format),
        Command::Tenant(tenant) => tenant.run(&options, format).await,
        Command::Account(account) => account.run(&options, format).await,
        Command::Key(key) => key.run(&options, format).await,
    }
}

/// `DOORSTEP_LOG` says what is logged, in the words of tracing's filters, such as `debug` or `doorstep=debug,warn`.
fn log(format: Format, usual: &str) {
    let filter = EnvFilter::try_from_env("DOORSTEP_LOG").unwrap_or_else(|_| EnvFilter::new(usual));
    let ansi = std::io::stderr().is_terminal();
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(ansi).with_writer(std::io::stderr);
    match format {
        Format::Text => log.init(),
        Format::Json => log.json().init(),
    }
}

/// Says a result in the form that was asked for.
fn say(format: Format, words: impl std::fmt::Display, result: &impl Serialize) -> anyhow::Result<()> {
    match format {
        Format::Text => println!("{words}"),
        Format::Json => println!("{}", serde_json::to_string(result)?),
    }
    Ok(())
}

/// The tenant with a code, or an error that says which codes there are.
async fn tenant(tx: &mut Tx, code: &str) -> anyhow::Result<Tenant> {
    if let Some(tenant) = access::tenant_by_code(tx, code).await? {
        return Ok(tenant);
    }
    let known: Vec<String> =
        access::tenants(tx).await?.into_iter().map(|t| format!("{}（{}）", t.code, t.name)).collect();
    let known = if known.is_empty() {
        "数据库里还没有单位，可用 doorstep generate 或 doorstep tenant add 新建".to_owned()
    } else {
        known.join("、")
    };
    anyhow::bail!("没有编码为 {code} 的单位。已有：{known}")
}

/// The tenants that a command is about: the one with the code, or all.
async fn tenants(db: &Db, code: Option<&str>) -> anyhow::Result<Vec<Tenant>> {
    let mut tx = db.read().await?;
    match code {
        Some(code) => Ok(vec![tenant(&mut tx, code).await?]),
        None => Ok(access::tenants(&mut tx).await?),
    }
}
