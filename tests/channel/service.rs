//! The services of 企业微信, 钉钉 and 飞书 as their documents describe them, on this machine: they check signature, size and rate by
//! themselves, answer with their own numbers, and fail in many ways when chance says so.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use doorstep::channel::Kind;
use doorstep::means::Clock;
use futures_util::stream;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// What happens to a request that is right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    Delivered,
    /// 45009, or what the others say.
    TooOften,
    /// 429, with the seconds to wait.
    TryLater,
    /// 500 or 503, and nothing was delivered.
    Broken(StatusCode),
    /// The address is not one any more.
    Unknown,
    /// No answer; whether it was delivered.
    Silent(bool),
    /// The connection breaks; whether it was delivered.
    Torn(bool),
    /// Something that is no answer of this service, and nothing was delivered.
    Nonsense,
}

pub struct Robot {
    pub kind: Kind,
    pub secret: Option<String>,
    pub delivered: Vec<String>,
    /// How often it was delivered and nobody was told so.
    pub lost: usize,
    /// When it was asked to, in milliseconds.
    asked: Vec<i64>,
}

pub struct Inner {
    pub robots: BTreeMap<String, Robot>,
    /// What our program must not do, in the words of a test that fails.
    pub offences: Vec<String>,
    /// Of the next requests, whichever robot they are for; afterwards chance decides, or all are delivered.
    pub next: VecDeque<Fate>,
    pub chance: Option<StdRng>,
    /// Whether it counts.
    pub rated: bool,
    clock: Clock,
    trap: Option<Trap>,
}

/// So many requests later one meets its fate, and somebody is told at once who wants to kill its sender.
struct Trap {
    after: usize,
    fate: Fate,
    sprung: oneshot::Sender<()>,
}

#[derive(Clone)]
pub struct Service {
    pub host: String,
    inner: Arc<Mutex<Inner>>,
}

impl Service {
    pub async fn start(clock: Clock) -> Service {
        let inner = Inner {
            robots: BTreeMap::new(),
            offences: Vec::new(),
            next: VecDeque::new(),
            chance: None,
            rated: true,
            clock,
            trap: None,
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address: SocketAddr = listener.local_addr().unwrap();
        let service = Service { host: address.to_string(), inner: Arc::new(Mutex::new(inner)) };
        let router = Router::new().fallback(receive).with_state(service.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        service
    }

    pub fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap()
    }

    /// Fails from now on as the seed decides.
    pub fn grow_unreliable(&self, seed: u64) {
        self.inner().chance = Some(StdRng::seed_from_u64(seed));
    }

    /// Lets so many requests pass; tells when the next has met its fate and is about to be answered, or never will be.
    pub fn trap(&self, after: usize, fate: Fate) -> oneshot::Receiver<()> {
        let (sprung, told) = oneshot::channel();
        self.inner().trap = Some(Trap { after, fate, sprung });
        told
    }

    /// A robot in a group. Gives the address that somebody would copy.
    pub fn robot(&self, kind: Kind, key: &str, secret: Option<&str>) -> String {
        let path = match kind {
            Kind::Wecom => format!("/cgi-bin/webhook/send?key={key}"),
            Kind::Dingtalk => format!("/robot/send?access_token={key}"),
            Kind::Feishu => format!("/open-apis/bot/v2/hook/{key}"),
            Kind::Mail | Kind::Sms | Kind::Hook => panic!("no robot"),
        };
        let address = format!("http://{}{path}", self.host);
        let secret = secret.map(str::to_owned);
        let robot = Robot { kind, secret, delivered: Vec::new(), lost: 0, asked: Vec::new() };
        self.inner().robots.insert(key.to_owned(), robot);
        address
    }

    pub fn delivered(&self, key: &str) -> Vec<String> {
        self.inner().robots[key].delivered.clone()
    }
}

fn chosen(chance: &mut StdRng) -> Fate {
    match chance.random_range(0..100) {
        0..8 => Fate::TooOften,
        8..12 => Fate::TryLater,
        12..17 => Fate::Broken(StatusCode::INTERNAL_SERVER_ERROR),
        17..22 => Fate::Broken(StatusCode::SERVICE_UNAVAILABLE),
        22..25 => Fate::Unknown,
        25..27 => Fate::Silent(false),
        27..29 => Fate::Silent(true),
        29..33 => Fate::Torn(false),
        33..37 => Fate::Torn(true),
        37..40 => Fate::Nonsense,
        _ => Fate::Delivered,
    }
}

async fn receive(State(service): State<Service>, uri: Uri, body: Bytes) -> Response {
    let (kind, fate, sprung) = {
        let mut inner = service.inner();
        let (now, rated) = (inner.clock.now().as_millisecond(), inner.rated);
        let Some((key, parameters)) = key_of(&uri) else {
            inner.offences.push(format!("no robot is at {uri}"));
            return StatusCode::NOT_FOUND.into_response();
        };
        let Some(robot) = inner.robots.get_mut(&key) else {
            inner.offences.push(format!("a robot that nobody made: {key}"));
            return StatusCode::NOT_FOUND.into_response();
        };
        let kind = robot.kind;
        robot.asked.extend(rated.then_some(now));
        if let Some((offence, code)) = offence(robot, now, &parameters, &body) {
            inner.offences.push(offence);
            return said(kind, code);
        }
        let (mut fate, mut sprung) = match (inner.next.pop_front(), &mut inner.chance) {
            (Some(next), _) => (next, None),
            (None, Some(chance)) => (chosen(chance), None),
            (None, None) => (Fate::Delivered, None),
        };
        match inner.trap.take() {
            Some(trap) if trap.after == 0 => (fate, sprung) = (trap.fate, Some(trap.sprung)),
            trap => inner.trap = trap.map(|trap| Trap { after: trap.after - 1, ..trap }),
        }
        if matches!(fate, Fate::Delivered | Fate::Silent(true) | Fate::Torn(true)) {
            let robot = inner.robots.get_mut(&key).unwrap();
            robot.delivered.push(text_of(kind, &body));
            robot.lost += usize::from(fate != Fate::Delivered);
        }
        (kind, fate, sprung)
    };
    _ = sprung.map(|sprung| sprung.send(()));
    match fate {
        Fate::Delivered => said(kind, 0),
        Fate::TooOften => said(
            kind,
            if kind == Kind::Wecom {
                45009
            } else if kind == Kind::Feishu {
                11232
            } else {
                130_101
            },
        ),
        Fate::TryLater => (StatusCode::TOO_MANY_REQUESTS, [("retry-after", "7")], "").into_response(),
        Fate::Broken(status) => status.into_response(),
        Fate::Unknown => said(
            kind,
            if kind == Kind::Wecom {
                93000
            } else if kind == Kind::Feishu {
                19001
            } else {
                300_001
            },
        ),
        Fate::Silent(_) => std::future::pending().await,
        Fate::Torn(_) => torn(),
        Fate::Nonsense => "<html>502 nginx</html>".into_response(),
    }
}

/// A body that ends before it should.
fn torn() -> Response {
    let pieces = [Ok(Bytes::from_static(b"{\"err")), Err(std::io::Error::other("torn"))];
    Body::from_stream(stream::iter(pieces)).into_response()
}

fn said(kind: Kind, code: i64) -> Response {
    let words = if code == 0 { "ok" } else { "no" };
    let answer = match kind {
        Kind::Feishu => json!({ "code": code, "msg": words, "data": {} }),
        _ => json!({ "errcode": code, "errmsg": words }),
    };
    axum::Json(answer).into_response()
}

/// The robot that an address names, and the parameters beside that.
fn key_of(uri: &Uri) -> Option<(String, BTreeMap<String, String>)> {
    let query = uri.query().unwrap_or_default();
    let mut parameters: BTreeMap<String, String> =
        form_urlencoded::parse(query.as_bytes()).map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
    let key = match uri.path() {
        "/cgi-bin/webhook/send" => parameters.remove("key")?,
        "/robot/send" => parameters.remove("access_token")?,
        path => path.strip_prefix("/open-apis/bot/v2/hook/")?.to_owned(),
    };
    Some((key, parameters))
}

fn text_of(kind: Kind, body: &[u8]) -> String {
    let body: Value = serde_json::from_slice(body).unwrap();
    let text = if kind == Kind::Feishu { &body["content"]["text"] } else { &body["text"]["content"] };
    text.as_str().unwrap_or_default().to_owned()
}

/// What is wrong with a request, and the number that the service has for it.
fn offence(robot: &Robot, now: i64, parameters: &BTreeMap<String, String>, body: &[u8]) -> Option<(String, i64)> {
    let message: Value = serde_json::from_slice(body).ok()?;
    let kind = robot.kind;
    let named = if kind == Kind::Feishu { "msg_type" } else { "msgtype" };
    if message[named] != "text" || text_of(kind, body).is_empty() {
        return Some((format!("no text for {kind:?}: {message}"), 40008));
    }
    let (size, most) = match kind {
        Kind::Wecom => (text_of(kind, body).len(), 2048),
        _ => (body.len(), 20_000),
    };
    if size > most {
        return Some((format!("{size} bytes for {kind:?}"), 40058));
    }
    let within = |span: i64| robot.asked.iter().filter(|asked| **asked > now - span).count();
    let (minute, second) = if kind == Kind::Feishu { (100, 5) } else { (20, 20) };
    if within(60_000) > minute || within(1000) > second {
        let code = if kind == Kind::Feishu { 11232 } else { 45009 };
        return Some((format!("{} in a minute and {} in a second for {kind:?}", within(60_000), within(1000)), code));
    }
    let secret = robot.secret.as_deref()?;
    let (given, sign, wanted, millis) = match kind {
        Kind::Dingtalk => {
            let given = parameters.get("timestamp").cloned().unwrap_or_default();
            let wanted = hmac_sha256(secret.as_bytes(), format!("{given}\n{secret}").as_bytes());
            let millis = given.parse().unwrap_or(0);
            (given, parameters.get("sign").cloned(), wanted, millis)
        }
        Kind::Feishu => {
            let given = message["timestamp"].as_str().unwrap_or_default().to_owned();
            let wanted = hmac_sha256(format!("{given}\n{secret}").as_bytes(), b"");
            let millis = given.parse::<i64>().unwrap_or(0) * 1000;
            (given, message["sign"].as_str().map(str::to_owned), wanted, millis)
        }
        _ => return None,
    };
    let right = sign == Some(STANDARD.encode(wanted)) && (now - millis).abs() < 3_600_000;
    let code = if kind == Kind::Feishu { 19021 } else { 310_000 };
    (!right).then(|| (format!("signature of {kind:?} at {given}"), code))
}

/// RFC 2104, without the library that our program uses.
fn hmac_sha256(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut block = [0u8; 64];
    if key.len() > 64 {
        block[..32].copy_from_slice(&Sha256::digest(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let pad = |with: u8| block.map(|byte| byte ^ with);
    let inner = Sha256::new().chain_update(pad(0x36)).chain_update(message).finalize();
    Sha256::new().chain_update(pad(0x5c)).chain_update(inner).finalize().into()
}

#[test]
fn the_service_signs_as_the_documents_do() {
    let dingtalk = hmac_sha256(b"SECtest", b"1600000000000\nSECtest");
    assert_eq!(STANDARD.encode(dingtalk), "J1ROuI0lRhdAs5lXpASksT0u9NwWl4DNkvcHISJRBoY=");
    let feishu = hmac_sha256(b"1600000000\ntestsecret", b"");
    assert_eq!(STANDARD.encode(feishu), "FrB6Vkt4tvfW07GcG9xHUVpDVjzh8IAuR1/N+/su9ME=");
}
