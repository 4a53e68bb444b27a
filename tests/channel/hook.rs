//! Other programs are told of events: signed, in the order of each issue, at least once, and with nobody's name.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use doorstep::access::{Act, Role};
use doorstep::app::{App, handlers, router};
use doorstep::channel::{self, Kind, NewChannel, Place};
use doorstep::config::{Config, Outgoing};
use doorstep::issue::{self, Category, NewIssue, Reporter, Source};
use doorstep::{board, outbox, settings};
use hmac::{Hmac, KeyInit, Mac};
use jiff::SignedDuration;
use jiff::civil::date;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use uuid::Uuid;

use super::sending::{sender_of, set, work, work_on};
use crate::crash::{open, prepare, start};
use crate::support::{Browser, TestApp, cluster};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// A program that takes events, and checks them as Standard Webhooks says.
#[derive(Clone, Default)]
struct Receiver {
    host: String,
    inner: Arc<Mutex<Inner>>,
    hung: Arc<Notify>,
}

#[derive(Default)]
struct Inner {
    /// Every event that came with a right signature, as often as it came.
    came: Vec<(String, Value)>,
    forged: usize,
    /// How the next are answered; none: never.
    next: VecDeque<Option<StatusCode>>,
    chance: Option<StdRng>,
    always: Option<StatusCode>,
}

impl Receiver {
    async fn start() -> Receiver {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let receiver = Receiver { host: listener.local_addr().unwrap().to_string(), ..Receiver::default() };
        let service = Router::new().fallback(receive).with_state(receiver.clone());
        tokio::spawn(async move { axum::serve(listener, service).await });
        receiver
    }

    fn outgoing(&self) -> Outgoing {
        Outgoing { webhook_hosts: vec![self.host.clone()], ..Outgoing::default() }
    }

    /// Each event once, in the order in which it first came.
    fn events(&self) -> Vec<Value> {
        let inner = self.inner.lock().unwrap();
        assert_eq!(inner.forged, 0, "every signature is right");
        let mut first: BTreeMap<&str, &Value> = BTreeMap::new();
        let mut events = Vec::new();
        for (id, event) in &inner.came {
            match first.get(id.as_str()) {
                Some(known) => assert_eq!(*known, event, "the same id is the same event"),
                None => {
                    first.insert(id, event);
                    events.push(event.clone());
                }
            }
        }
        events
    }
}

async fn receive(State(receiver): State<Receiver>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let text = |name: &str| headers.get(name).map_or("", |value| value.to_str().unwrap()).to_owned();
    let (id, timestamp) = (text("webhook-id"), text("webhook-timestamp"));
    let key = STANDARD.decode(SECRET.strip_prefix("whsec_").unwrap()).unwrap();
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(&key).unwrap();
    mac.update(format!("{id}.{timestamp}.").as_bytes());
    mac.update(&body);
    let right = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
    let fate = {
        let mut inner = receiver.inner.lock().unwrap();
        if text("webhook-signature") != right || timestamp.parse::<i64>().is_err() {
            inner.forged += 1;
            return StatusCode::UNAUTHORIZED;
        }
        let chance = inner.chance.as_mut().map(|chance| chance.random_range(0..10));
        let fate = match (inner.next.pop_front(), inner.always, chance) {
            (Some(fate), ..) => fate,
            (None, Some(status), _) => Some(status),
            (.., Some(0)) => Some(StatusCode::SERVICE_UNAVAILABLE),
            (.., Some(1)) => Some(StatusCode::TOO_MANY_REQUESTS),
            (.., Some(2)) => Some(StatusCode::INTERNAL_SERVER_ERROR),
            _ => Some(StatusCode::NO_CONTENT),
        };
        // What is answered with 500 has been taken all the same: nobody can tell.
        if fate.is_none_or(|status| status.is_success() || status == StatusCode::INTERNAL_SERVER_ERROR) {
            inner.came.push((id, serde_json::from_slice(&body).unwrap()));
        }
        fate
    };
    match fate {
        Some(status) => status,
        None => {
            receiver.hung.notify_one();
            std::future::pending().await
        }
    }
}

fn hook(receiver: &Receiver) -> NewChannel {
    NewChannel {
        kind: Kind::Hook,
        name: "街道平台".to_owned(),
        place: Place::Community,
        address: format!("http://{}/events?of=家门口", receiver.host),
        secret: Some(SECRET.to_owned()),
        reminders: false,
    }
}

async fn register(app: &TestApp, receiver: &Receiver) -> Uuid {
    let mut tx = app.db.begin().await.unwrap();
    let id = channel::add(&mut tx, &app.act(), hook(receiver), std::slice::from_ref(&receiver.host)).await.unwrap();
    tx.commit().await.unwrap();
    id
}

fn report() -> NewIssue {
    NewIssue {
        source: Source::Web,
        category: Category::Lighting,
        description: "王秀兰家门口路灯不亮".to_owned(),
        place: issue::Place::Community,
        place_text: "东户".to_owned(),
        reporter: Some(Reporter { name: "贺海霞".to_owned(), phone: "13800001234".to_owned() }),
        photos: Vec::new(),
    }
}

async fn file(app: &TestApp) -> issue::Filed {
    let mut tx = app.db.begin().await.unwrap();
    let filed = issue::file(&mut tx, &app.act(), report()).await.unwrap();
    tx.commit().await.unwrap();
    filed
}

async fn refuse(app: &TestApp, id: Uuid) {
    let mut tx = app.db.begin().await.unwrap();
    let mut one = issue::issue(&mut tx, app.home.tenant, id).await.unwrap();
    let seen = one.lock_version;
    issue::refuse(&mut tx, &app.act(), &mut one, seen, "不归社区管").await.unwrap();
    tx.commit().await.unwrap();
}

async fn deliver_outbox(app: &TestApp) {
    while outbox::work(&app.app, &handlers()).await.unwrap() > 0 {}
}

db_test! {
    async fn events_arrive_signed_in_order_and_name_nobody(app: TestApp) {
        let before = file(&app).await;
        let receiver = Receiver::start().await;
        register(&app, &receiver).await;
        receiver.inner.lock().unwrap().chance = Some(StdRng::seed_from_u64(20261123));
        let mut filed = Vec::new();
        for _ in 0..12 {
            filed.push(file(&app).await);
        }
        for one in &filed {
            // A supplement moves nothing, so that nobody is told.
            let mut tx = app.db.begin().await.unwrap();
            issue::supplement(&mut tx, &app.act(), one.id, "还是不亮", &[]).await.unwrap();
            tx.commit().await.unwrap();
            refuse(&app, one.id).await;
        }
        let mut tx = app.db.begin().await.unwrap();
        let new = board::NewPublication {
            kind: board::PublicationKind::Announcement,
            estate: None,
            subject: app.means.id(),
            title: "停水通知".to_owned(),
            snapshot: board::Snapshot { text: "周六停水".to_owned(), facts: Vec::new(), photos: Vec::new(), link: None },
            period: board::Period::days(7),
            named: Vec::new(),
        };
        let publication = board::publish(&mut tx, &app.act(), new).await.unwrap();
        tx.commit().await.unwrap();
        deliver_outbox(&app).await;
        let mut sender = sender_of(&app, receiver.outgoing());
        work_on(&app, &mut sender).await;

        let events = receiver.events();
        assert_eq!(events.len(), 12 * 2 + 1);
        for one in &filed {
            let of: Vec<_> = events.iter().filter(|event| event["data"]["id"] == json!(one.id)).collect();
            let said: Vec<_> = of.iter().map(|event| (event["type"].as_str().unwrap(), event["data"]["state"].as_str().unwrap())).collect();
            assert_eq!(said, [("issue.filed", "submitted"), ("issue.closed", "refused")]);
            assert_eq!(of[0]["data"]["number"], json!(one.number));
        }
        let posted = events.iter().find(|event| event["type"] == "publication.posted").unwrap();
        assert_eq!((&posted["data"]["id"], &posted["data"]["title"]), (&json!(publication), &json!("停水通知")));
        let all = json!(events).to_string();
        for secret in ["王秀兰", "贺海霞", "1380000", "东户", "还是不亮", filed[0].receipt_code.as_str(), &before.id.to_string()] {
            assert!(!all.contains(secret), "{secret}");
        }
    }

    async fn what_was_told_long_ago_is_not_told_again(app: TestApp) {
        let receiver = Receiver::start().await;
        let mut sender = sender_of(&app, receiver.outgoing());
        register(&app, &receiver).await;
        let one = file(&app).await;
        deliver_outbox(&app).await;
        work_on(&app, &mut sender).await;
        assert_eq!(receiver.events().len(), 1);
        // A year later what was sent is forgotten, and the issue moves.
        app.means.clock.set(app.means.now() + SignedDuration::from_hours(24 * 365));
        doorstep::upkeep::once(&app.app).await.unwrap();
        refuse(&app, one.id).await;
        deliver_outbox(&app).await;
        work_on(&app, &mut sender).await;
        let told: Vec<Value> = receiver.events().iter().map(|event| event["type"].clone()).collect();
        assert_eq!(told, ["issue.filed", "issue.closed"]);
    }

    async fn nothing_is_written_down_for_whom_nobody_waits(app: TestApp) {
        file(&app).await;
        let (waiting, _) = outbox::backlog(&mut app.db.read().await.unwrap()).await.unwrap();
        assert_eq!(waiting, 0);
    }

    async fn a_hook_to_which_nothing_gets_through_is_switched_off_and_somebody_is_told(app: TestApp) {
        let receiver = Receiver::start().await;
        let id = register(&app, &receiver).await;
        set(&app, "channel.sending", &json!({"tries": 2})).await;
        receiver.inner.lock().unwrap().always = Some(StatusCode::NOT_FOUND);
        for _ in 0..6 {
            file(&app).await;
        }
        deliver_outbox(&app).await;
        let mut sender = sender_of(&app, receiver.outgoing());
        work_on(&app, &mut sender).await;
        let admin = app.person(Role::SystemAdmin).browser().await;
        let path = format!("/channels/{id}");
        let page = admin.get(&path).await;
        page.assert_contains("停用").assert_contains("对方没有收（HTTP 404）").assert_contains("这个渠道停用了").assert_lacks("whsec_");
        admin.get("/today").await.assert_contains("6 条通知发不出去");
        app.person(Role::AuditAdmin).browser().await.get("/audit").await.assert_contains("自动停用");
        file(&app).await;
        deliver_outbox(&app).await;

        receiver.inner.lock().unwrap().always = None;
        let version = page.input("version");
        admin.post(&format!("{path}/switch"), &[("version", &version), ("to", "on")]).await.assert_ok();
        let page = admin.get(&path).await;
        let again: Vec<String> = page.between_all("action=\"", "\"").filter(|action| action.ends_with("/retry")).map(str::to_owned).collect();
        assert_eq!(again.len(), 6);
        for retry in &again {
            admin.post(retry, &[]).await.assert_ok();
        }
        admin.post(&format!("{path}/trial"), &[]).await.assert_ok();
        work_on(&app, &mut sender).await;
        let events = receiver.events();
        assert_eq!((events.len(), &events[6]["type"]), (7, &json!("ping")));
        work(&mut sender).await;
    }

    async fn only_whoever_looks_after_interfaces_registers_a_hook(app: TestApp) {
        let receiver = Receiver::start().await;
        let config = Config { outgoing: receiver.outgoing(), ..(*app.app.config).clone() };
        let service = router(App::new(app.db.clone(), app.means.clone(), config)).into_make_service_with_connect_info::<SocketAddr>();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, service).await });
        let signed_in = async |role| {
            let account = app.person(role).create().await;
            let browser = Browser::new(&url);
            browser.sign_in(&account.login, &account.password).await;
            browser
        };
        let address = format!("http://{}/events", receiver.host);
        let fields = [("kind", "hook"), ("name", "街道平台"), ("address", address.as_str())];
        let staff = signed_in(Role::Staff).await;
        staff.get("/channels/new").await.assert_lacks("Webhook）");
        staff.post("/channels", &fields).await.assert_status(403);
        let admin = signed_in(Role::SystemAdmin).await;
        admin.get("/channels/new").await.assert_contains("程序接收地址（Webhook）");
        for wrong in ["https://evil.example/events", "http://example.org/", "events"] {
            admin.post("/channels", &[fields[0], fields[1], ("address", wrong)]).await.assert_status(422);
        }
        let sheet = admin.post("/channels", &fields).await;
        sheet.assert_ok().assert_contains("只显示这一次").assert_contains("whsec_");
        let secret = sheet.between_all("readonly>", "</textarea>").next().unwrap().to_owned();
        assert_eq!(STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap().len(), 24);
        admin.get(&sheet.link("/channels/0")).await.assert_ok().assert_lacks(&secret).assert_contains("加签");
    }
}

#[tokio::test]
async fn what_was_sent_and_not_noted_comes_again_under_its_id_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let address = format!("sqlite:{}", folder.path().join("doorstep.db").display());
    kill_between(folder.path(), &address).await;
}

#[tokio::test]
async fn what_was_sent_and_not_noted_comes_again_under_its_id_on_postgres() {
    let folder = tempfile::tempdir().unwrap();
    let name = format!("doorstep_{}_hook_crash", std::process::id());
    cluster::shared().create_database(&name, None);
    kill_between(folder.path(), &cluster::shared().url(&name)).await;
}

/// The program is killed with SIGKILL when an event has arrived and nobody has noted it.
async fn kill_between(data: &Path, address: &str) {
    let (_, _, tenant) = prepare(data, address).await;
    let receiver = Receiver::start().await;
    let (db, means) = open(data, address).await;
    let act = Act::system(tenant, &means);
    let mut tx = db.begin().await.unwrap();
    let sending = json!({
        "quiet_from_hour": 0, "quiet_until_hour": 0, "tries": 1000, "first_wait_seconds": 0, "longest_wait_minutes": 1,
        "pause_seconds": 1, "answer_seconds": 1, "keep_days": 180,
    });
    settings::set(&mut tx, &act, "channel.sending", date(2020, 1, 1), &sending, "试验").await.unwrap();
    channel::add(&mut tx, &act, hook(&receiver), std::slice::from_ref(&receiver.host)).await.unwrap();
    for _ in 0..3 {
        issue::file(&mut tx, &Act::system(tenant, &means), report()).await.unwrap();
    }
    tx.commit().await.unwrap();
    db.close().await;

    receiver.inner.lock().unwrap().next.push_back(None);
    let (mut program, _) = start(data, address, &["--webhook-host", &receiver.host]);
    tokio::time::timeout(Duration::from_secs(120), receiver.hung.notified()).await.expect("an event arrives");
    program.kill().unwrap(); // SIGKILL
    program.wait().unwrap();
    assert_eq!(receiver.events().len(), 1);

    // Hangs again, on the fourth that comes, so that it is known when all are there.
    receiver.inner.lock().unwrap().next.extend([Some(StatusCode::OK), Some(StatusCode::OK), None]);
    let (mut program, _) = start(data, address, &["--webhook-host", &receiver.host]);
    tokio::time::timeout(Duration::from_secs(120), receiver.hung.notified()).await.expect("the others arrive");
    program.kill().unwrap();
    program.wait().unwrap();
    let came: Vec<String> = receiver.inner.lock().unwrap().came.iter().map(|(id, _)| id.clone()).collect();
    assert_eq!((came.len(), &came[0]), (4, &came[1]), "the first came twice, under one id");
    assert_eq!(receiver.events().len(), 3);
}
