//! Where the program finds its database and its keys, and how the world reaches it.

use std::fmt;
use std::fs::DirBuilder;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, ensure};
use clap::Args;
use db::Db;

use crate::app::App;
use crate::keys::Keys;
use crate::means::{Chance, Clock, Means};
use crate::schema::MIGRATIONS;
use crate::web::Limiter;

/// What every command is told.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// 数据库：sqlite:文件路径 或 postgres://…；不填则用 --data 目录下的 SQLite
    #[arg(long, env = "DOORSTEP_DATABASE_URL", global = true)]
    pub database: Option<String>,
    /// 数据目录
    #[arg(long, env = "DOORSTEP_DATA", default_value = "data", global = true)]
    pub data: PathBuf,
    /// 密钥文件（权限 0600）；不填则用 --data 目录下的 doorstep.key，第一次运行时生成
    #[arg(long, env = "DOORSTEP_KEY_FILE", global = true)]
    pub key_file: Option<PathBuf>,
}

/// How messages leave the program.
#[derive(Clone, Default, Args)]
pub struct Outgoing {
    /// 机器人除官方网址外还可以在哪些主机上，写成 host:port；http 只限本机；可写多次
    #[arg(long = "webhook-host", env = "DOORSTEP_WEBHOOK_HOSTS", value_delimiter = ',', value_name = "HOST:PORT")]
    pub webhook_hosts: Vec<String>,
    /// 邮件服务器，如 smtps://用户:密码@smtp.example.org；不填就发不了邮件
    #[arg(long, env = "DOORSTEP_SMTP_URL", hide_env_values = true, value_name = "URL")]
    pub smtp_url: Option<String>,
    /// 邮件的发件人
    #[arg(long, env = "DOORSTEP_SMTP_FROM", value_name = "ADDRESS")]
    pub smtp_from: Option<String>,
    /// 短信逐条写进这个文件，一行一条 JSON，由接短信的程序去发；不填就发不了短信
    #[arg(long, env = "DOORSTEP_SMS_FILE", value_name = "FILE")]
    pub sms_file: Option<PathBuf>,
}

/// The address of the mail server has a password in it.
impl fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outgoing").field("webhook_hosts", &self.webhook_hosts).finish_non_exhaustive()
    }
}

/// How the world reaches the program.
#[derive(Debug, Clone)]
pub struct Config {
    /// Begins every public link, without a slash at the end.
    pub public_url: String,
    /// Addresses whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpAddr>,
    /// How many forms one address may post in an hour without an account.
    pub public_posts_per_hour: NonZeroU32,
    /// How often one address may try a password in an hour, whosever it is.
    pub sign_ins_per_hour: NonZeroU32,
    /// How many requests one token may make in a minute.
    pub token_requests_per_minute: NonZeroU32,
    pub outgoing: Outgoing,
}

impl Options {
    /// Opens the database as it is.
    pub async fn connect(&self) -> anyhow::Result<Db> {
        let folder = DirBuilder::new().recursive(true).mode(0o700).create(&self.data);
        folder.with_context(|| format!("建不了数据目录 {}", self.data.display()))?;
        let address = self.database.clone();
        let address = address.unwrap_or_else(|| format!("sqlite:{}", self.data.join("doorstep.db").display()));
        Db::open(&address).await.context("打不开数据库")
    }

    /// Opens the database, brings its schema up to date and checks that the keys are its own.
    pub async fn open(&self) -> anyhow::Result<(Db, Means)> {
        let db = self.connect().await?;
        let chance = Chance::System;
        let applied = db::migrate(&db, MIGRATIONS, jiff::Timestamp::now()).await.context("数据库升级没有完成")?;
        if applied > 0 {
            tracing::info!(applied, "migrations applied");
        }
        let keys = self.keys(&db, &chance).await?;
        keys.check(&db, &chance).await?;
        Ok((db, Means { clock: Clock::System, chance, keys: Arc::new(keys) }))
    }

    /// Where the keys are.
    pub fn key_path(&self) -> PathBuf {
        self.key_file.clone().unwrap_or_else(|| self.data.join("doorstep.key"))
    }

    /// The keys in their file, which is made for a new database.
    async fn keys(&self, db: &Db, chance: &Chance) -> anyhow::Result<Keys> {
        let path = self.key_path();
        if !path.exists() {
            let marked = Keys::are_expected(&mut db.read().await?).await?;
            ensure!(!marked, "没有密钥文件 {}，而数据库里已有用密钥加密的内容。请放回原来的密钥文件", path.display());
            Keys::generate(chance).save(&path).with_context(|| format!("写不了密钥文件 {}", path.display()))?;
        }
        Keys::load(&path)
    }
}

/// More than a hall of pupils hands in within a minute.
const CROWD_PER_MINUTE: NonZeroU32 = NonZeroU32::MIN.saturating_add(1199);

/// More than somebody sends by their own link within a minute.
const LINK_PER_MINUTE: NonZeroU32 = NonZeroU32::MIN.saturating_add(59);

impl App {
    pub fn new(db: Db, means: Means, config: Config) -> App {
        let posts = Arc::new(Limiter::per_hour(config.public_posts_per_hour));
        let sign_ins = Arc::new(Limiter::per_hour(config.sign_ins_per_hour));
        let crowds = Arc::new(Limiter::per_minute(CROWD_PER_MINUTE));
        let links = Arc::new(Limiter::per_minute(LINK_PER_MINUTE));
        let token_requests = Arc::new(Limiter::per_minute(config.token_requests_per_minute));
        App {
            db,
            means,
            config: Arc::new(config),
            posts,
            sign_ins,
            crowds,
            links,
            token_requests,
            metrics: Arc::default(),
            tally: Arc::default(),
        }
    }
}
