use anyhow::Context;
use clap::Subcommand;

use super::{Format, say};
use crate::config::Options;
use crate::keys::Keys;

#[derive(Subcommand)]
pub enum Key {
    /// 换新的加密密钥：密钥文件里添一把新的，旧的留着读以前的数据
    Rotate,
}

impl Key {
    pub async fn run(&self, options: &Options, format: Format) -> anyhow::Result<()> {
        match self {
            Key::Rotate => rotate(options, format).await,
        }
    }
}

/// The new file is written beside the old one and takes its place at once, so that no moment is without keys.
async fn rotate(options: &Options, format: Format) -> anyhow::Result<()> {
    let (db, means) = options.open().await?;
    let path = options.key_path();
    let keys = Keys::load(&path)?.with_new_sealing_key(&means.chance);
    let beside = path.with_extension("new");
    keys.save(&beside).with_context(|| format!("写不了 {}", beside.display()))?;
    std::fs::rename(&beside, &path).with_context(|| format!("换不了密钥文件 {}", path.display()))?;
    keys.check(&db, &means.chance).await?;
    db.close().await;
    let words = format!("新的密钥已写入 {}，请备份这个文件，并重启正在运行的程序", path.display());
    say(format, words, &serde_json::json!({ "key_file": path }))
}
