//! Notices by mail. The id of a message follows from its delivery, so that a mailbox that gets it twice can drop the second; its text
//! says that it may come twice, all the same.

use std::time::{Duration, UNIX_EPOCH};

use anyhow::{Context, ensure};
use jiff::Timestamp;
use lettre::address::Envelope;
use lettre::message::Mailbox;
use lettre::message::header::ContentType;
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use uuid::Uuid;

use super::robot::Outcome;
use crate::config::Outgoing;

/// The server that takes our mail, and in whose name it goes out.
pub(super) struct Post {
    server: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

/// Longer subjects are cut by mailboxes.
const SUBJECT: usize = 60;

/// Why a message was not taken, and whether the server will never take it.
struct Turned {
    outcome: Outcome,
    for_good: bool,
}

impl Post {
    /// `None` if no server was named.
    ///
    /// Errors: the address of the server or of the sender is not right.
    pub fn open(outgoing: &Outgoing) -> anyhow::Result<Option<Post>> {
        let Some(url) = &outgoing.smtp_url else { return Ok(None) };
        let from = outgoing.smtp_from.as_deref().context("设了 DOORSTEP_SMTP_URL，还要设发件人 DOORSTEP_SMTP_FROM")?;
        let from: Mailbox = from.parse().ok().context("发件人 DOORSTEP_SMTP_FROM 不是邮箱地址")?;
        // What goes wrong is not repeated: the address has a password in it.
        let wrong = "DOORSTEP_SMTP_URL 不对，要像 smtps://用户:密码@smtp.example.org";
        let parsed: url::Url = url.parse().ok().context(wrong)?;
        let plain = parsed.scheme() == "smtp" && parsed.query() != Some("tls=required");
        ensure!(
            !plain || parsed.password().is_none(),
            "邮件密码不能不加密就传，DOORSTEP_SMTP_URL 请用 smtps://，或在末尾加 ?tls=required"
        );
        let server = AsyncSmtpTransport::<Tokio1Executor>::from_url(url).ok().context(wrong)?;
        Ok(Some(Post { server: server.build(), from }))
    }

    /// Sends a text to addresses that do not see one another.
    pub async fn send(
        &self,
        id: Uuid,
        addresses: &[String],
        text: &str,
        now: Timestamp,
        patience: Duration,
    ) -> Outcome {
        match tokio::time::timeout(patience, self.send_to_all(id, addresses, text, now)).await {
            Ok(outcome) => outcome,
            Err(_) => Outcome::unknown("邮件服务器没有及时回应"),
        }
    }

    /// To all at once; where the server will not have that, to each alone, so that a mailbox that is gone keeps nobody else from
    /// being told.
    async fn send_to_all(&self, id: Uuid, addresses: &[String], text: &str, now: Timestamp) -> Outcome {
        let refused = match self.send_to(id, addresses, text, now).await {
            Ok(()) => return Outcome::Sent,
            Err(Turned { outcome, for_good }) if !for_good || addresses.len() == 1 => return outcome,
            Err(turned) => turned.outcome,
        };
        let mut gone = 0;
        for address in addresses {
            match self.send_to(id, std::slice::from_ref(address), text, now).await {
                Ok(()) => {}
                Err(Turned { for_good: true, .. }) => gone += 1,
                // Those who have it already know it again by its id.
                Err(Turned { outcome, .. }) => return outcome,
            }
        }
        match gone {
            all if all == addresses.len() => refused,
            0 => Outcome::Sent,
            gone => {
                Outcome::SentBut(format!("有 {gone} 个邮箱收不到，其余 {} 个已经送到，请核对", addresses.len() - gone))
            }
        }
    }

    async fn send_to(&self, id: Uuid, addresses: &[String], text: &str, now: Timestamp) -> Result<(), Turned> {
        let Ok(message) = self.message(id, addresses, text, now) else {
            return Err(Turned { outcome: Outcome::failed("邮箱地址不对"), for_good: true });
        };
        let Err(error) = self.server.send(message).await else { return Ok(()) };
        let outcome = match error.status() {
            Some(code) => Outcome::failed(format!("邮件服务器没有收，请核对每个邮箱（SMTP {code}）")),
            None if error.is_timeout() => Outcome::unknown("邮件服务器没有及时回应"),
            None => Outcome::unknown("连不上邮件服务器，或者连接中断了"),
        };
        Err(Turned { outcome, for_good: error.is_permanent() })
    }

    fn message(&self, id: Uuid, addresses: &[String], text: &str, now: Timestamp) -> anyhow::Result<Message> {
        let to = addresses.iter().map(|address| address.parse()).collect::<Result<_, _>>()?;
        let envelope = Envelope::new(Some(self.from.email.clone()), to)?;
        let subject: String = text.lines().next().unwrap_or_default().chars().take(SUBJECT).collect();
        let seconds = u64::try_from(now.as_second()).unwrap_or_default();
        let message = Message::builder()
            .from(self.from.clone())
            .to(self.from.clone())
            .subject(subject)
            .date(UNIX_EPOCH + Duration::from_secs(seconds))
            .message_id(Some(format!("<{id}@{}>", self.from.email.domain())))
            .header(ContentType::TEXT_PLAIN)
            .envelope(envelope);
        Ok(message.body(text.to_owned())?)
    }
}
