//! The robots of groups, as their services describe them: payloads, signatures, and what an answer means.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use jiff::{SignedDuration, Timestamp};
use reqwest::StatusCode;
use reqwest::header::RETRY_AFTER;
use serde_json::{Value, json};
use sha2::Sha256;
use url::Url;

use super::model::Kind;

/// How an attempt ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Sent,
    /// To most of a list; why not to all.
    SentBut(String),
    /// Too often, or too early; no fault of the message. Without a time the setting says how long.
    Wait {
        long: Option<SignedDuration>,
        why: String,
    },
    /// `maybe_sent` where the message may have arrived although nobody said so.
    Failed {
        why: String,
        maybe_sent: bool,
    },
}

impl Outcome {
    pub fn failed(why: impl Into<String>) -> Outcome {
        Outcome::Failed { why: why.into(), maybe_sent: false }
    }

    /// Nobody said whether it arrived.
    pub fn unknown(why: impl Into<String>) -> Outcome {
        Outcome::Failed { why: why.into(), maybe_sent: true }
    }
}

/// Nobody answers more than this.
const LONGEST_ANSWER: usize = 64 << 10;
/// A service that asks to be left alone for longer is asked again anyway.
const LONGEST_PAUSE: i64 = 3600;

/// `urlencode(base64(HmacSHA256(key = secret, message = "{timestamp}\n{secret}")))` without the url-encoding; milliseconds.
fn dingtalk_signature(timestamp: i64, secret: &str) -> String {
    signature(secret, &format!("{timestamp}\n{secret}"))
}

/// Here the timestamp, in seconds, and the secret are the key, and the message is empty.
fn feishu_signature(timestamp: i64, secret: &str) -> String {
    signature(&format!("{timestamp}\n{secret}"), "")
}

fn signature(key: &str, message: &str) -> String {
    let Ok(mut mac) = <Hmac<Sha256> as KeyInit>::new_from_slice(key.as_bytes()) else { return String::new() };
    mac.update(message.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

/// Where a message goes, and what it says.
fn message(kind: Kind, mut address: Url, secret: Option<&str>, text: &str, now: Timestamp) -> (Url, Value) {
    match kind {
        Kind::Feishu => {
            let mut body = json!({ "msg_type": "text", "content": { "text": text } });
            if let Some(secret) = secret {
                body["timestamp"] = now.as_second().to_string().into();
                body["sign"] = feishu_signature(now.as_second(), secret).into();
            }
            (address, body)
        }
        Kind::Wecom | Kind::Dingtalk | Kind::Mail | Kind::Sms | Kind::Hook => {
            if let Some(secret) = secret.filter(|_| kind.signs()) {
                let now = now.as_millisecond();
                let sign = dingtalk_signature(now, secret);
                address.query_pairs_mut().append_pair("timestamp", &now.to_string()).append_pair("sign", &sign);
            }
            (address, json!({ "msgtype": "text", "text": { "content": text } }))
        }
    }
}

/// Sends a text to a robot. Nothing that is said about a failure holds the address.
pub(super) async fn send(
    client: &reqwest::Client,
    (kind, address, secret): (Kind, Url, Option<&str>),
    text: &str,
    now: Timestamp,
    patience: Duration,
) -> Outcome {
    let (address, body) = message(kind, address, secret, text, now);
    let mut response = match client.post(address).json(&body).timeout(patience).send().await {
        Ok(response) => response,
        Err(error) => return broken(&error),
    };
    let status = response.status();
    let long = pause_of(&response);
    let mut answer = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(more)) if answer.len() + more.len() <= LONGEST_ANSWER => answer.extend_from_slice(&more),
            Ok(Some(_)) => break,
            Ok(None) => break,
            Err(error) => return broken(&error),
        }
    }
    match status {
        StatusCode::TOO_MANY_REQUESTS => Outcome::Wait { long, why: "对方说发得太频繁".to_owned() },
        status if status.is_redirection() => Outcome::failed("对方要转到别的网址，没有跟去"),
        // Only this one says that nothing was done; others may come from in front of a service that has done it.
        status if status.is_server_error() => Outcome::Failed {
            why: format!("对方的服务器出错（HTTP {}）", status.as_u16()),
            maybe_sent: status != StatusCode::SERVICE_UNAVAILABLE,
        },
        _ => meaning(kind, &answer),
    }
}

/// How long a service asks to be left alone.
pub(super) fn pause_of(response: &reqwest::Response) -> Option<SignedDuration> {
    let seconds: i64 = response.headers().get(RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
    Some(SignedDuration::from_secs(seconds.clamp(1, LONGEST_PAUSE)))
}

pub(super) fn broken(error: &reqwest::Error) -> Outcome {
    if error.is_connect() {
        return Outcome::failed("连不上对方的服务器");
    }
    Outcome::unknown(if error.is_timeout() { "对方没有及时回应" } else { "连接中断了" })
}

/// What a service answered. Only its number is kept: its words may repeat what was sent.
fn meaning(kind: Kind, answer: &[u8]) -> Outcome {
    let answer: Value = serde_json::from_slice(answer).unwrap_or_default();
    let fields: &[&str] = if kind == Kind::Feishu { &["code", "StatusCode"] } else { &["errcode"] };
    let Some(code) = fields.iter().find_map(|field| answer.get(field)?.as_i64()) else {
        return Outcome::unknown("看不懂对方的回答");
    };
    let why = |words: &str| format!("{words}（错误码 {code}）");
    match (kind, code) {
        (_, 0) => Outcome::Sent,
        // 企业微信; 钉钉, which then takes nothing for ten minutes; 飞书.
        (_, 45009) | (Kind::Feishu, 11232 | 9499) => Outcome::Wait { long: None, why: why("对方说发得太频繁") },
        (Kind::Dingtalk, 130101 | 410100) => {
            Outcome::Wait { long: Some(SignedDuration::from_mins(10)), why: why("对方说发得太频繁") }
        }
        (Kind::Wecom, 93000) | (Kind::Dingtalk, 300001) | (Kind::Feishu, 19001) => {
            Outcome::failed(why("机器人的地址不对，或者机器人已被移出群"))
        }
        (Kind::Feishu, 19021) => Outcome::failed(why("签名密钥不对，或者本机的时间不准")),
        (Kind::Dingtalk, 310000) => Outcome::failed(why("没有通过机器人的安全设置，请核对签名密钥和关键词")),
        (Kind::Feishu, 19022 | 19024) => Outcome::failed(why("没有通过机器人的安全设置，请核对关键词和 IP 白名单")),
        _ => Outcome::failed(why("对方没有收")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_those_of_the_documents() {
        assert_eq!(dingtalk_signature(1_600_000_000_000, "SECtest"), "J1ROuI0lRhdAs5lXpASksT0u9NwWl4DNkvcHISJRBoY=");
        assert_eq!(feishu_signature(1_600_000_000, "testsecret"), "FrB6Vkt4tvfW07GcG9xHUVpDVjzh8IAuR1/N+/su9ME=");
    }

    #[test]
    fn a_message_has_the_shape_that_each_service_asks_for() {
        let now = Timestamp::from_second(1_600_000_000).unwrap();
        let of = |kind, address: &str, secret| message(kind, address.parse().unwrap(), secret, "开会", now);
        let (url, body) = of(Kind::Wecom, "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=k", Some("unused"));
        assert_eq!(url.query(), Some("key=k"));
        assert_eq!(body, json!({"msgtype": "text", "text": {"content": "开会"}}));
        let (url, _) = of(Kind::Dingtalk, "https://oapi.dingtalk.com/robot/send?access_token=t", Some("SECtest"));
        let signed = "access_token=t&timestamp=1600000000000&sign=J1ROuI0lRhdAs5lXpASksT0u9NwWl4DNkvcHISJRBoY%3D";
        assert_eq!(url.query(), Some(signed));
        let (_, body) = of(Kind::Feishu, "https://open.feishu.cn/open-apis/bot/v2/hook/h", Some("testsecret"));
        assert_eq!(body["msg_type"], "text");
        assert_eq!(body["content"]["text"], "开会");
        assert_eq!(body["timestamp"], "1600000000");
        assert_eq!(body["sign"], "FrB6Vkt4tvfW07GcG9xHUVpDVjzh8IAuR1/N+/su9ME=");
        let (_, body) = of(Kind::Feishu, "https://open.feishu.cn/open-apis/bot/v2/hook/h", None);
        assert_eq!(body.get("sign"), None);
    }

    #[test]
    fn an_answer_is_understood_by_its_number() {
        let said = |kind, text: &str| meaning(kind, text.as_bytes());
        assert_eq!(said(Kind::Wecom, r#"{"errcode":0,"errmsg":"ok"}"#), Outcome::Sent);
        assert_eq!(
            said(Kind::Feishu, r#"{"StatusCode":0,"StatusMessage":"success","code":0,"msg":"success"}"#),
            Outcome::Sent
        );
        assert!(matches!(said(Kind::Wecom, r#"{"errcode":45009,"errmsg":"freq"}"#), Outcome::Wait { .. }));
        for (kind, text) in [
            (Kind::Wecom, r#"{"errcode":93000,"errmsg":"invalid webhook url"}"#),
            (Kind::Dingtalk, r#"{"errcode":310000,"errmsg":"sign not match"}"#),
            (Kind::Feishu, r#"{"code":19021,"msg":"sign match fail or timestamp is not within one hour"}"#),
        ] {
            let Outcome::Failed { why, maybe_sent: false } = said(kind, text) else { panic!("{text}") };
            assert!(why.contains("错误码") && !why.contains("match") && !why.contains("url"), "{why}");
        }
        for text in ["", "<html>", "{}", r#"{"errcode":"0"}"#, r#"{"code":0}"#] {
            assert!(matches!(said(Kind::Wecom, text), Outcome::Failed { maybe_sent: true, .. }), "{text}");
        }
    }
}
