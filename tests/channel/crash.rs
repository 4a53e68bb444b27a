//! The program is killed with SIGKILL while it sends, ten times in each run (`DOORSTEP_CRASHES` for more): between taking a notice and
//! sending it, between sending and hearing the answer, between the answer and noting it. Nothing that somebody was told is on its way
//! gets lost, the order holds, and what arrives twice says so.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use db::Db;
use doorstep::access::Act;
use doorstep::channel::{self, Kind, NewChannel, Place};
use doorstep::means::{Clock, Means};
use doorstep::meeting::{self, NewItem, NewMeeting, Plan};
use doorstep::{place, settings};
use jiff::SignedDuration;
use jiff::civil::date;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::json;
use tokio::sync::mpsc;
use uuid::Uuid;

use super::sending::AGAIN;
use super::service::{Fate, Service};
use crate::crash::{address_of, crashes, doorstep, open, prepare, start};
use crate::support::{Browser, cluster};

db::statements! {
    LEFT = "SELECT COUNT(*) AS count FROM deliveries WHERE tenant_id = $1 AND state <> 'sent'";
    TEXTS = "SELECT d.text FROM deliveries d JOIN channels c ON c.tenant_id = d.tenant_id AND c.id = d.channel_id
        WHERE d.tenant_id = $1 AND c.name = $2 ORDER BY d.position";
}

db::record! {
    struct Count { count: i64 }
    struct Text { text: String }
}

const ROBOTS: [(Kind, &str, Option<&str>); 3] = [
    (Kind::Wecom, "key-7e57", None),
    (Kind::Dingtalk, "token-7e57", Some("SECtest")),
    (Kind::Feishu, "hook-7e57", Some("testsecret")),
];
const WRITERS: usize = 2;
/// So many are told before a program is killed, at the most.
const MOST: usize = 12;

#[tokio::test]
async fn nothing_acknowledged_is_lost_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let address = format!("sqlite:{}", folder.path().join("doorstep.db").display());
    kill_while_sending(folder.path(), &address, crashes(10)).await;
}

#[tokio::test]
async fn nothing_acknowledged_is_lost_on_postgres() {
    let folder = tempfile::tempdir().unwrap();
    let name = format!("doorstep_{}_channel_crash", std::process::id());
    cluster::shared().create_database(&name, None);
    kill_while_sending(folder.path(), &cluster::shared().url(&name), crashes(3)).await;
}

async fn kill_while_sending(data: &Path, address: &str, times: usize) {
    let (session, _, tenant) = prepare(data, address).await;
    let service = Service::start(Clock::System).await;
    let drafts = draft(data, address, tenant, &service, times * MOST).await;
    let next = Arc::new(AtomicUsize::new(0));
    // The rates have a test of their own; here they would only take hours.
    service.inner().rated = false;
    let mut chance = StdRng::seed_from_u64(u64::from(std::process::id()));
    let mut acknowledged = BTreeSet::new();
    for round in 0..times {
        let fate = [Fate::Silent(false), Fate::Silent(true), Fate::Delivered][round % 3];
        let sprung = service.trap(chance.random_range(1..8), fate);
        let (mut program, url) = start(data, address, &["--webhook-host", &service.host]);
        let (said, mut hear) = mpsc::unbounded_channel();
        let last = (round + 1) * MOST;
        let writers: Vec<_> = (0..WRITERS)
            .map(|_| {
                tokio::spawn(announce(url.clone(), session.clone(), drafts.clone(), next.clone(), last, said.clone()))
            })
            .collect();
        drop(said);
        tokio::time::timeout(Duration::from_secs(120), sprung).await.expect("somebody sends").unwrap();
        // The moment, and a little later: the answer may be on its way, or just being noted.
        tokio::time::sleep(Duration::from_micros(chance.random_range(0..3000))).await;
        program.kill().unwrap(); // SIGKILL
        program.wait().unwrap();
        for writer in writers {
            writer.await.unwrap();
        }
        while let Some(text) = hear.recv().await {
            acknowledged.insert(text);
        }
    }
    let (mut program, _) = start(data, address, &["--webhook-host", &service.host]);
    let (db, _) = open(data, address).await;
    all_sent(&db, tenant, &mut program).await;
    check(&db, tenant, &service, &acknowledged, times).await;
    db.close().await;
}

/// Waits until nothing is left to send, and kills the program.
async fn all_sent(db: &Db, tenant: Uuid, program: &mut Child) {
    let left = async || db.read().await.unwrap().one::<Count>(LEFT.bind(tenant)).await.unwrap().count;
    while left().await > 0 {
        assert!(program.try_wait().unwrap().is_none(), "it runs");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    program.kill().unwrap();
    program.wait().unwrap();
}

/// Whatever goes wrong, and however much is logged.
#[tokio::test]
async fn no_secret_is_in_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let (data, address) = (folder.path(), format!("sqlite:{}", folder.path().join("doorstep.db").display()));
    let (session, _, tenant) = prepare(data, &address).await;
    let service = Service::start(Clock::System).await;
    let drafts = draft(data, &address, tenant, &service, 1).await;
    // None of them is told that it sends too often: 钉钉 then takes nothing for ten minutes, and the clock here is the wall's.
    let fates = [Fate::Unknown, Fate::Torn(true), Fate::Nonsense, Fate::Silent(false), Fate::TryLater];
    service.inner().next.extend(fates);
    let log = folder.path().join("log");
    let arguments = ["serve", "--listen", "127.0.0.1:0", "--webhook-host", &service.host];
    let mut command = doorstep(data, &address, &arguments);
    command.env("DOORSTEP_LOG", "trace").stdout(Stdio::piped()).stderr(std::fs::File::create(&log).unwrap());
    let mut program = command.spawn().unwrap();
    let url = address_of(&mut program);
    let (said, _hear) = mpsc::unbounded_channel();
    announce(url, session, drafts, Arc::default(), 1, said).await;
    let (db, _) = open(data, &address).await;
    all_sent(&db, tenant, &mut program).await;
    db.close().await;
    let log = std::fs::read_to_string(log).unwrap();
    assert!(log.contains("not delivered") && log.contains("TRACE"), "it logs");
    for (_, key, secret) in ROBOTS {
        for secret in [Some(key), secret].into_iter().flatten() {
            let line = log.lines().find(|line| line.contains(secret));
            assert!(line.is_none(), "{secret}: {line:?}");
        }
    }
}

/// Three groups, and meetings that can be announced in them; gives the ids of these.
async fn draft(data: &Path, address: &str, tenant: Uuid, service: &Service, count: usize) -> Arc<Vec<Uuid>> {
    let (db, means) = open(data, address).await;
    let act = Act::system(tenant, &means);
    let mut tx = db.begin().await.unwrap();
    let sending = json!({
        "quiet_from_hour": 0, "quiet_until_hour": 0, "tries": 1000, "first_wait_seconds": 0, "longest_wait_minutes": 1,
        "pause_seconds": 1, "answer_seconds": 1, "keep_days": 180,
    });
    settings::set(&mut tx, &act, "channel.sending", date(2020, 1, 1), &sending, "试验").await.unwrap();
    let often = json!({ "bytes": 2048, "per_minute": 100_000, "per_second": 100_000 });
    let limits = json!({ "wecom": often, "dingtalk": often, "feishu": often, "mail": often, "sms": often });
    settings::set(&mut tx, &act, "channel.limits", date(2020, 1, 1), &limits, "试验").await.unwrap();
    for (kind, key, secret) in ROBOTS {
        let new = NewChannel {
            kind,
            name: key.to_owned(),
            place: Place::Community,
            address: service.robot(kind, key, secret),
            secret: secret.map(str::to_owned),
            reminders: false,
        };
        channel::add(&mut tx, &act, new, std::slice::from_ref(&service.host)).await.unwrap();
    }
    let estate = place::all_buildings(&mut tx, tenant).await.unwrap().remove(0).estate_id;
    let mut drafts = Vec::with_capacity(count);
    for _ in 0..count {
        drafts.push(meeting::create(&mut tx, &act, meeting_of(estate, &means)).await.unwrap());
    }
    tx.commit().await.unwrap();
    db.close().await;
    Arc::new(drafts)
}

fn meeting_of(estate: Uuid, means: &Means) -> NewMeeting {
    NewMeeting {
        kind: meeting::Kind::Deliberation,
        circle: meeting::Circle::of_estate(estate),
        plan: Plan {
            planned_at: means.now() + SignedDuration::from_hours(96),
            place: "小区党群服务站".to_owned(),
            host: "冯环英".to_owned(),
            recorder: String::new(),
        },
        items: vec![NewItem::Topic("停车位设置".to_owned())],
    }
}

/// Announces one meeting after the other until the program is gone, or enough wait; tells of each that it was told is done.
async fn announce(
    url: String,
    session: String,
    drafts: Arc<Vec<Uuid>>,
    next: Arc<AtomicUsize>,
    last: usize,
    said: mpsc::UnboundedSender<String>,
) {
    let staff = Browser::new(&url);
    staff.set_cookie("session", &session);
    loop {
        let number = next.fetch_add(1, Ordering::SeqCst);
        if number >= last {
            next.fetch_sub(1, Ordering::SeqCst);
            return;
        }
        let text = format!("【说事议事会】第 {number} 号通知，请大家来");
        let path = format!("/meetings/{}/notice", drafts[number]);
        let Ok(page) = staff.try_post(&path, &[("notice", &text), ("version", "1")]).await else { return };
        page.assert_ok();
        _ = said.send(text);
    }
}

async fn check(db: &Db, tenant: Uuid, service: &Service, acknowledged: &BTreeSet<String>, times: usize) {
    let mut twice = 0;
    let mut tx = db.read().await.unwrap();
    for (_, key, _) in ROBOTS {
        let written: Vec<Text> = tx.all(TEXTS.bind(tenant).bind(key)).await.unwrap();
        let written: Vec<String> = written.into_iter().map(|text| text.text).collect();
        for text in acknowledged {
            assert!(written.contains(text), "{key}: {text} was acknowledged and is lost");
        }
        let mut arrived: Vec<String> = Vec::new();
        for text in service.delivered(key) {
            let plain = text.trim_start_matches(AGAIN).to_owned();
            if arrived.last() == Some(&plain) {
                assert!(text.starts_with(AGAIN), "{key}: {text} came twice and does not say so");
                twice += 1;
            } else {
                arrived.push(plain);
            }
        }
        assert_eq!(arrived, written, "{key}: everything once, in order");
    }
    assert_eq!(service.inner().offences, Vec::<String>::new());
    assert!(twice <= times, "{twice} came twice after {times} kills");
    assert!(acknowledged.len() >= times, "{} acknowledged", acknowledged.len());
    println!(
        "{times} kills while sending: {} notices acknowledged, none lost, {twice} came twice and said so",
        acknowledged.len()
    );
}
