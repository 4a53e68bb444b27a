//! How anything leaves the program over HTTP: to allowed hosts only, and signed where the other side should know who sends.

use std::sync::OnceLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use reqwest::redirect::Policy;
use sha2::Sha256;
use url::{Host, Url};

/// So far the clocks of two installations may be apart, either way, in seconds.
const SKEW: i64 = 600;

/// A client that goes where it is told and nowhere else: no redirection, no proxy, and a connection for each message, so that it
/// is known whether a message was on its way when a connection broke.
pub fn client() -> reqwest::Result<reqwest::Client> {
    static CLIENT: OnceLock<reqwest::Client> = OnceLock::new();
    if let Some(client) = CLIENT.get() {
        return Ok(client.clone());
    }
    // sqlx brings this provider along, so there is one library for TLS.
    _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().redirect(Policy::none()).no_proxy().pool_max_idle_per_host(0);
    let client = client.user_agent("doorstep").build()?;
    Ok(CLIENT.get_or_init(|| client).clone())
}

/// An address without a name, a password or a fragment in it, over TLS unless it is this machine's own.
///
/// Errors: a sentence that says what is wrong, without the address.
pub fn safe_url(text: &str) -> Result<Url, &'static str> {
    let url: Url = text.trim().parse().map_err(|_| "这不是网址，请整段复制")?;
    if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
        return Err("网址里不能有用户名、密码或 # 号，请整段复制");
    }
    let Some(host) = url.host() else {
        return Err("网址里没有主机名，请整段复制");
    };
    let loopback = match &host {
        Host::Domain(name) => *name == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    };
    match url.scheme() {
        "https" => Ok(url),
        "http" if loopback => Ok(url),
        _ => Err("网址要以 https:// 开头"),
    }
}

/// Whether whoever runs the program has named the host of an address, as `host:port` or, for the usual port, as `host`.
pub fn is_named(url: &Url, hosts: &[String]) -> bool {
    let host = url.host().map(|host| host.to_string()).unwrap_or_default();
    let port = url.port_or_known_default().unwrap_or_default();
    hosts.iter().any(|known| {
        let known = known.trim().to_ascii_lowercase();
        known == format!("{host}:{port}") || (port == 443 && known == host)
    })
}

/// What goes with a body as `webhook-signature`, in the way of Standard Webhooks: `v1,` and the base64 of
/// `HmacSHA256(key, "{id}.{seconds}.{body}")`.
pub fn signature(key: &[u8], id: &str, at: Timestamp, body: &str) -> String {
    let Ok(mut mac) = <Hmac<Sha256> as KeyInit>::new_from_slice(key) else { return String::new() };
    mac.update(format!("{id}.{}.{body}", at.as_second()).as_bytes());
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

/// Whether a body was signed with a key, not long before or after now.
pub fn is_signed(key: &[u8], (id, seconds, signed): (&str, i64, &str), body: &str, now: Timestamp) -> bool {
    let Ok(at) = Timestamp::from_second(seconds) else { return false };
    let expected = signature(key, id, at, body);
    // How long the comparison takes tells how much of it is right, and so it compares everything.
    let differs = expected
        .bytes()
        .zip(signed.bytes())
        .fold(expected.len() ^ signed.len(), |differs, (one, other)| differs | usize::from(one ^ other));
    (now.as_second() - seconds).abs() <= SKEW && differs == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_holds_for_what_was_signed_and_not_for_ever() {
        // Computed by `openssl dgst -sha256 -mac HMAC` over `msg_1.1600000000.{"a":1}` with the key `secret`.
        let at = Timestamp::from_second(1_600_000_000).unwrap();
        let signed = signature(b"secret", "msg_1", at, r#"{"a":1}"#);
        assert_eq!(signed, "v1,cqOzd0ciB7mDi38IFmr2FkBdO6ogUHcEnXn/v2LnuXs=");
        let holds = |key: &[u8], id, seconds, signed: &str, body, later| {
            let now = Timestamp::from_second(1_600_000_000 + later).unwrap();
            is_signed(key, (id, seconds, signed), body, now)
        };
        let body = r#"{"a":1}"#;
        assert!(holds(b"secret", "msg_1", 1_600_000_000, &signed, body, 0));
        assert!(holds(b"secret", "msg_1", 1_600_000_000, &signed, body, SKEW));
        assert!(holds(b"secret", "msg_1", 1_600_000_000, &signed, body, -SKEW));
        assert!(!holds(b"secret", "msg_1", 1_600_000_000, &signed, body, SKEW + 1));
        assert!(!holds(b"another", "msg_1", 1_600_000_000, &signed, body, 0));
        assert!(!holds(b"secret", "msg_2", 1_600_000_000, &signed, body, 0));
        assert!(!holds(b"secret", "msg_1", 1_600_000_001, &signed, body, 0));
        assert!(!holds(b"secret", "msg_1", 1_600_000_000, &signed, r#"{"a":2}"#, 0));
        assert!(!holds(b"secret", "msg_1", 1_600_000_000, "v1,", body, 0));
    }

    #[test]
    fn only_named_hosts_over_tls_or_this_machine() {
        for wrong in ["", "example.org", "http://example.org", "https://a@example.org", "https://example.org/#x"] {
            assert!(safe_url(wrong).is_err(), "{wrong}");
        }
        let url = safe_url(" https://Example.org/x ").unwrap();
        assert!(is_named(&url, &["example.org".to_owned()]) && is_named(&url, &["example.org:443".to_owned()]));
        assert!(!is_named(&url, &["example.org:8443".to_owned(), "other.org".to_owned()]));
        let local = safe_url("http://127.0.0.1:8080").unwrap();
        assert!(is_named(&local, &["127.0.0.1:8080".to_owned()]) && !is_named(&local, &["127.0.0.1".to_owned()]));
    }
}
