//! Where the program finds its database and its keys, and how the world reaches it.

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

impl App {
    pub fn new(db: Db, means: Means, config: Config) -> App {
        let posts = Arc::new(Limiter::per_hour(config.public_posts_per_hour));
        let sign_ins = Arc::new(Limiter::per_hour(config.sign_ins_per_hour));
        App { db, means, config: Arc::new(config), posts, sign_ins, metrics: Arc::default() }
    }
}
