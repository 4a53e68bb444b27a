//! Notices by short message. What sends them is somebody else's: a gateway takes a text and the numbers that it is for.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::pin::Pin;

use anyhow::Context;
use serde_json::json;
use uuid::Uuid;

use super::robot::Outcome;

/// Whoever sends short messages for us. The same id again is the same message, so that it can drop the second.
pub(super) trait SmsGateway: Send + Sync {
    fn send<'a>(
        &'a self,
        id: Uuid,
        numbers: &'a [String],
        text: &'a str,
    ) -> Pin<Box<dyn Future<Output = Outcome> + Send + 'a>>;
}

/// Writes each message as a line of JSON into a file, for tests, and for a program beside this one that has a modem or a contract with
/// somebody. The numbers stand in it as they are, so it is for its owner alone.
pub(super) struct SmsFile(PathBuf);

impl SmsFile {
    /// Errors: the file cannot be written.
    pub fn open(path: &Path) -> anyhow::Result<SmsFile> {
        append(path, "").with_context(|| format!("短信文件写不进去：{}", path.display()))?;
        Ok(SmsFile(path.to_owned()))
    }
}

impl SmsGateway for SmsFile {
    fn send<'a>(
        &'a self,
        id: Uuid,
        numbers: &'a [String],
        text: &'a str,
    ) -> Pin<Box<dyn Future<Output = Outcome> + Send + 'a>> {
        let path = self.0.clone();
        let line = format!("{}\n", json!({ "id": id, "numbers": numbers, "text": text }));
        Box::pin(async move {
            match tokio::task::spawn_blocking(move || append(&path, &line)).await {
                Ok(Ok(())) => Outcome::Sent,
                _ => Outcome::unknown("短信文件写不进去，请联系运行本系统的人"),
            }
        })
    }
}

/// Returns when the disk has it.
fn append(path: &Path, text: &str) -> std::io::Result<()> {
    let mut file = std::fs::OpenOptions::new().append(true).create(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}
