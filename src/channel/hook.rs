//! Webhooks: other programs are told that an issue was filed, has moved or has ended, and that something hangs on the board. A hook is one
//! more kind of channel, so that its sender, its order, its pauses and what is given up are those of the robots.
//!
//! Events come by the outbox, where they are only written down if somebody has a hook. Each is signed as Standard Webhooks says. One
//! that may have arrived goes out again under the same `webhook-id`. None of them names anybody.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use db::Tx;
use jiff::{SignedDuration, Timestamp};
use reqwest::StatusCode;
use reqwest::header::CONTENT_TYPE;
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;
use uuid::Uuid;

use super::delivery::{Notice, write};
use super::model::{Limits, Occasion, Place, Sending};
use super::robot::{Outcome, broken, pause_of};
use super::store::{DEAD_IN_A_ROW, Dead, HOOKS, Hook, SWITCH_OFF, WAKE};
use crate::access::Act;
use crate::app::App;
use crate::error::Result;
use crate::issue::{self, State, personal_data_in};
use crate::means::Chance;
use crate::outbox::{self, Handler, Message};
use crate::settings::{self, Setting};
use crate::{audit, board};

/// What of the outbox hooks wait for.
const TOPICS: [&str; 2] = [issue::STEPPED, board::POSTED];

/// How much and how often a hook takes, and when it is given up.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(super) struct Rules {
    bytes: i64,
    per_minute: i64,
    per_second: i64,
    /// So many events in a row that could not be sent switch a hook off.
    dead_in_a_row: i64,
}

impl Setting for Rules {
    const NAME: &'static str = "channel.hooks";
}

impl Rules {
    pub fn limits(&self) -> Limits {
        Limits { bytes: self.bytes, per_minute: self.per_minute, per_second: self.per_second }
    }
}

/// A secret of Standard Webhooks, to be shown once.
pub(super) fn new_secret(chance: &Chance) -> String {
    format!("whsec_{}", STANDARD.encode(chance.bytes::<24>()))
}

/// Has the outbox write events down from now on.
pub(super) async fn wish(tx: &mut Tx, tenant: Uuid) -> Result<()> {
    for topic in TOPICS {
        outbox::wish(tx, tenant, topic).await?;
    }
    Ok(())
}

// ---------- what is told ----------

fn event(kind: &str, at: Timestamp, data: &Value) -> String {
    json!({ "type": kind, "timestamp": at.to_string(), "data": data }).to_string()
}

/// What is sent so that somebody can see that it arrives.
pub(super) fn ping(at: Timestamp) -> String {
    event("ping", at, &json!({}))
}

/// Words that carry a number are not passed on, wherever they come from.
fn public(title: String) -> Option<String> {
    personal_data_in(&title).is_none().then_some(title)
}

pub fn issue_handler() -> Handler {
    Arc::new(|app, message| Box::pin(tell_of_issue(app, message)))
}

#[derive(Deserialize)]
struct Stepped {
    issue: Uuid,
    position: i64,
}

/// Tells the steps of an issue up to one in their order, each once: whichever message comes first, none overtakes another.
async fn tell_of_issue(app: App, message: Message) -> Result<()> {
    let stepped: Stepped = serde_json::from_str(&message.payload).map_err(anyhow::Error::from)?;
    let act = Act::system(message.tenant_id, &app.means);
    let mut tx = app.db.begin().await?;
    let hooks: Vec<Hook> = tx.all(HOOKS.bind(act.tenant)).await?;
    if hooks.is_empty() {
        return Ok(());
    }
    let issue = issue::issue(&mut tx, act.tenant, stepped.issue).await?;
    // What was told longer ago than deliveries are kept would go out once more, as if nobody had been told.
    let rules: Sending = settings::read(&mut tx, act.tenant, act.at).await?;
    let kept_since = act.at - SignedDuration::from_hours(24 * rules.keep_days);
    let title = public(issue.title());
    let mut told: Vec<(i64, Timestamp, String)> = Vec::new();
    let mut state = State::Submitted;
    for one in issue::events(&mut tx, act.tenant, issue.id).await? {
        let before = state;
        state = state.after(one.kind).unwrap_or(state);
        let kind = match one.kind {
            issue::Step::Filed => "issue.filed",
            issue::Step::Dispatched => "issue.moved",
            _ if state == before => continue,
            _ if state.open() => "issue.moved",
            _ => "issue.closed",
        };
        if one.position > stepped.position {
            break;
        }
        if one.position < stepped.position && one.at < kept_since {
            continue;
        }
        let data = json!({
            "id": issue.id, "number": issue.number, "step": one.kind.code(), "state": state.code(), "position": one.position,
            "category": issue.category.code(), "estate_id": issue.estate_id, "title": title,
        });
        told.push((one.position, one.at, event(kind, one.at, &data)));
    }
    for hook in &hooks {
        tx.execute(WAKE.bind(act.tenant).bind(hook.id).bind(act.at)).await?;
    }
    for hook in &hooks {
        for (position, _, text) in told.iter().filter(|(_, at, _)| *at >= hook.created_at) {
            write(&mut tx, &act, hook.id, &notice(("issue", issue.id), *position, text)).await?;
        }
    }
    Ok(tx.commit().await?)
}

pub fn publication_handler() -> Handler {
    Arc::new(|app, message| Box::pin(tell_of_publication(app, message)))
}

#[derive(Deserialize)]
struct Posted {
    publication: Uuid,
}

async fn tell_of_publication(app: App, message: Message) -> Result<()> {
    let posted: Posted = serde_json::from_str(&message.payload).map_err(anyhow::Error::from)?;
    let act = Act::system(message.tenant_id, &app.means);
    let mut tx = app.db.begin().await?;
    let hooks: Vec<Hook> = tx.all(HOOKS.bind(act.tenant)).await?;
    let publication = match board::publication(&mut tx, act.tenant, posted.publication).await {
        // Taken down before anybody was told.
        Err(crate::error::Error::NotFound) => return Ok(()),
        found => found?,
    };
    let data = json!({
        "id": publication.id, "kind": publication.kind.code(), "estate_id": publication.estate_id, "title": public(publication.title),
    });
    let text = event("publication.posted", publication.starts_at, &data);
    for hook in &hooks {
        tx.execute(WAKE.bind(act.tenant).bind(hook.id).bind(act.at)).await?;
    }
    for hook in &hooks {
        write(&mut tx, &act, hook.id, &notice(("publication", publication.id), 1, &text)).await?;
    }
    Ok(tx.commit().await?)
}

fn notice<'a>(subject: (&'static str, Uuid), edition: i64, text: &'a str) -> Notice<'a> {
    Notice { place: Place::Community, subject, occasion: Occasion::Event, edition, text, path: "", happens_at: None }
}

// ---------- how it goes out ----------

/// The key is what the secret has behind `whsec_`.
fn signature(secret: &str, id: &str, now: Timestamp, body: &str) -> Option<String> {
    let key = STANDARD.decode(secret.strip_prefix("whsec_")?).ok()?;
    Some(outbox::http::signature(&key, id, now, body))
}

/// Sends an event. Nothing that is said about a failure holds the address.
pub(super) async fn send(
    client: &reqwest::Client,
    (address, secret): (Url, &str),
    (id, body): (Uuid, &str),
    now: Timestamp,
    patience: Duration,
) -> Outcome {
    let id = id.to_string();
    let Some(signature) = signature(secret, &id, now, body) else {
        return Outcome::failed("签名密钥打不开，请停用后重新登记");
    };
    let request = client.post(address).timeout(patience).header(CONTENT_TYPE, "application/json");
    let request = request.header("webhook-id", &id).header("webhook-timestamp", now.as_second());
    let response = match request.header("webhook-signature", signature).body(body.to_owned()).send().await {
        Ok(response) => response,
        Err(error) => return broken(&error),
    };
    let status = response.status();
    match status {
        status if status.is_success() => Outcome::Sent,
        StatusCode::TOO_MANY_REQUESTS => {
            Outcome::Wait { long: pause_of(&response), why: "对方说发得太频繁".to_owned() }
        }
        StatusCode::GONE => Outcome::failed("对方说不再接收（HTTP 410）"),
        status if status.is_redirection() => Outcome::failed("对方要转到别的网址，没有跟去"),
        status if status.is_server_error() => Outcome::unknown(format!("对方的服务器出错（HTTP {}）", status.as_u16())),
        status => Outcome::failed(format!("对方没有收（HTTP {}）", status.as_u16())),
    }
}

/// Switches a hook off to which nothing has got through for long. What waits is shown as not sent, for somebody to send again.
pub(super) async fn give_up_on(tx: &mut Tx, act: &Act, channel: Uuid) -> Result<()> {
    let rules: Rules = settings::read(tx, act.tenant, act.at).await?;
    let dead: Vec<Dead> = tx.all(DEAD_IN_A_ROW.bind(act.tenant).bind(channel)).await?;
    if dead.first().is_none_or(|dead| dead.dead < rules.dead_in_a_row) {
        return Ok(());
    }
    if tx.execute(SWITCH_OFF.bind(act.tenant).bind(channel)).await? > 0 {
        audit::record(tx, act, "disable", ("channel", channel), "连续发不出去，自动停用", &[]).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_that_of_the_standard() {
        // The example of the specification.
        let body = r#"{"test": 2432232314}"#;
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let at = Timestamp::from_second(1_614_265_330).unwrap();
        let signed = signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", at, body);
        assert_eq!(signed.as_deref(), Some("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="));
        assert_eq!(signature("secret", "msg", at, body), None);
    }
}
