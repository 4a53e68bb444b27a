//! Notices by short message. What sends them is somebody else's: a gateway takes a text and the numbers that it is for.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::pin::Pin;

use anyhow::Context;
use codes::Phone;
use serde_json::json;
use uuid::Uuid;

use super::robot::Outcome;
use crate::app::App;
use crate::error::{Error, Result};
use crate::issue::personal_data_in;

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

/// A short message to one person who has to act now, apart from the channels, whose lists are of groups. The same id again is the same message.
/// `false` if nothing can be sent: the number is none of a mobile phone, or whoever runs the program has named no gateway.
///
/// Errors: refused if the text has a phone or an identity number in it; unreachable if the gateway did not take it, so that it is tried again.
pub async fn text(app: &App, id: Uuid, number: &str, words: &str) -> Result<bool> {
    if let Some(sentence) = personal_data_in(words) {
        return Err(Error::refused(sentence));
    }
    let mobile = mobile(number);
    let Some((path, number)) = app.config.outgoing.sms_file.as_ref().zip(mobile) else { return Ok(false) };
    match SmsFile(path.clone()).send(id, &[number.as_str().to_owned()], words).await {
        Outcome::Sent | Outcome::SentBut(_) => Ok(true),
        Outcome::Wait { why, .. } | Outcome::Failed { why, .. } => Err(Error::Unreachable(why)),
    }
}

/// Whether one can be sent to a number at all, for pages that say who has to be called instead.
pub fn can_text(app: &App, number: &str) -> bool {
    app.config.outgoing.sms_file.is_some() && mobile(number).is_some()
}

fn mobile(number: &str) -> Option<Phone> {
    Phone::parse(number).ok().filter(Phone::is_mobile)
}

/// Returns when the disk has it.
fn append(path: &Path, text: &str) -> std::io::Result<()> {
    let mut file = std::fs::OpenOptions::new().append(true).create(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}
