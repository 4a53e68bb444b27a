//! Robots that fail, stall and refuse: everything arrives, in order, as often and as long as each service takes it.

use std::sync::Arc;

use doorstep::access::Act;
use doorstep::app::App;
use doorstep::channel::{self, Kind, NewChannel, Notice, Occasion, Place, Sender};
use doorstep::config::{Config, Outgoing};
use doorstep::settings;
use jiff::SignedDuration;
use jiff::civil::date;
use serde_json::{Value, json};
use uuid::Uuid;

use super::service::{Fate, Service};
use crate::support::TestApp;

db::statements! {
    OPEN = "SELECT COUNT(*) AS count FROM deliveries WHERE tenant_id = $1 AND state IN ('waiting', 'sending')";
    OF_STATE = "SELECT COUNT(*) AS count FROM deliveries WHERE tenant_id = $1 AND state = $2";
    FAILURES = "SELECT failure FROM deliveries WHERE tenant_id = $1 AND failure IS NOT NULL ORDER BY position";
}

db::record! {
    struct Count { count: i64 }
    struct Failure { failure: String }
}

pub const AGAIN: &str = "（可能重复）";

/// A sender of the program with ways out of its own.
pub fn sender_of(app: &TestApp, outgoing: Outgoing) -> Sender {
    let config = Config { outgoing, ..(*app.app.config).clone() };
    Sender::new(App { config: Arc::new(config), ..app.app.clone() }).unwrap()
}

pub fn to(service: &Service) -> Outgoing {
    Outgoing { webhook_hosts: vec![service.host.clone()], ..Outgoing::default() }
}

/// Registers a channel of the whole community.
pub async fn register(app: &TestApp, kind: Kind, address: &str, secret: Option<&str>, hosts: &[String]) -> Uuid {
    let new = NewChannel {
        kind,
        name: kind.label().to_owned(),
        place: Place::Community,
        address: address.to_owned(),
        secret: secret.map(str::to_owned),
        reminders: false,
    };
    let mut tx = app.db.begin().await.unwrap();
    let id = channel::add(&mut tx, &app.act(), new, hosts).await.unwrap();
    tx.commit().await.unwrap();
    id
}

/// Tells the whole community something.
pub async fn tell(app: &TestApp, act: &Act, text: &str) {
    let notice = Notice {
        place: Place::Community,
        subject: ("meeting", act.id()),
        occasion: Occasion::Announcement,
        edition: 1,
        text,
        path: "/board/141102004999/meetings/1",
        happens_at: None,
    };
    let mut tx = app.db.begin().await.unwrap();
    channel::tell(&mut tx, act, &notice).await.unwrap();
    tx.commit().await.unwrap();
}

/// Changes some numbers of a setting.
pub async fn set(app: &TestApp, name: &str, changes: &Value) {
    let mut tx = app.db.begin().await.unwrap();
    let known = settings::list(&mut tx, app.home.tenant).await.unwrap();
    let mut value = known.into_iter().find(|setting| setting.name == name).unwrap().value.0;
    for (field, number) in changes.as_object().unwrap() {
        value[field] = number.clone();
    }
    settings::set(&mut tx, &app.act(), name, date(2026, 1, 1), &value, "试验").await.unwrap();
    tx.commit().await.unwrap();
}

pub async fn open(app: &TestApp) -> i64 {
    app.db.read().await.unwrap().one::<Count>(OPEN.bind(app.home.tenant)).await.unwrap().count
}

async fn in_state(app: &TestApp, state: &str) -> i64 {
    app.db.read().await.unwrap().one::<Count>(OF_STATE.bind(app.home.tenant).bind(state)).await.unwrap().count
}

pub async fn failures(app: &TestApp) -> Vec<String> {
    let mut tx = app.db.read().await.unwrap();
    let failures: Vec<Failure> = tx.all(FAILURES.bind(app.home.tenant)).await.unwrap();
    failures.into_iter().map(|failure| failure.failure).collect()
}

/// Lets the sender do all that it can do at this moment.
pub async fn work(sender: &mut Sender) {
    while sender.pass().await.unwrap() > 0 {}
    sender.finish().await;
}

pub fn pass(app: &TestApp, time: SignedDuration) {
    app.means.clock.set(app.means.now() + time);
}

/// Moves the clock on until nothing waits any more.
pub async fn work_on(app: &TestApp, sender: &mut Sender) {
    let mut turns = 0;
    while open(app).await > 0 {
        work(sender).await;
        pass(app, SignedDuration::from_millis(1700));
        turns += 1;
        assert!(turns < 20_000, "it never ends: {:?}", failures(app).await);
    }
}

/// What arrived in a group is every text once, in order; what arrived again says so, and stands beside the first.
fn assert_in_order(service: &Service, key: &str, wanted: &[String]) -> usize {
    let inner = service.inner();
    let robot = &inner.robots[key];
    let mut seen: Vec<&str> = Vec::new();
    let mut again = 0;
    for text in &robot.delivered {
        let plain = text.trim_start_matches(AGAIN);
        // What is cut has lost more where something stands before it.
        let number = |text: &str| text.split('条').next().unwrap().to_owned();
        if seen.last().is_some_and(|last| number(last) == number(plain)) {
            assert!(text.starts_with(AGAIN), "{key}: {} came twice and does not say so", number(plain));
            again += 1;
        } else {
            assert!(
                !seen.iter().any(|seen| number(seen) == number(plain)),
                "{key}: {} again, after others",
                number(plain)
            );
            seen.push(plain);
        }
    }
    assert_eq!(seen.len(), wanted.len(), "{key}");
    for (seen, wanted) in seen.iter().zip(wanted) {
        assert!(seen == wanted || cut_of(seen, wanted), "{key}: {seen:.60} instead of {wanted:.60}");
    }
    assert!(again <= robot.lost, "{key}: {again} came twice, and of {} nobody was told", robot.lost);
    again
}

fn cut_of(seen: &str, wanted: &str) -> bool {
    let kept = seen.split("…\n（太长").next().and_then(|text| text.split("\n（太长").next()).unwrap_or_default();
    wanted.starts_with(kept) && seen.ends_with("/board/141102004999/meetings/1 ）") && kept.len() > 1000
}

db_test! {
    async fn everything_arrives_in_order_whatever_the_services_do(app: TestApp) {
        let service = Service::start(app.means.clock.clone()).await;
        set(&app, "channel.sending", &json!({ "answer_seconds": 1, "tries": 60, "longest_wait_minutes": 2 })).await;
        let robots = [
            (Kind::Wecom, "wecom-key", None),
            (Kind::Dingtalk, "dingtalk-token", Some("SECtest")),
            (Kind::Feishu, "feishu-hook", Some("testsecret")),
            (Kind::Feishu, "unsigned-hook", None),
        ];
        let outgoing = to(&service);
        for (kind, key, secret) in robots {
            register(&app, kind, &service.robot(kind, key, secret), secret, &outgoing.webhook_hosts).await;
        }
        service.grow_unreliable(20_261_123);
        let mut sender = sender_of(&app, outgoing);
        let text = |n: usize| match n {
            7 => format!("第 {n} 条。\n{}", "请大家来。\n".repeat(3000)),
            13 => format!("第 {n} 条{}", "长".repeat(9000)),
            _ => format!("第 {n} 条：“周六”停水\n请提前接水 \\ 存水"),
        };
        let wanted: Vec<String> = (0..50).map(text).collect();
        for some in wanted.chunks(9) {
            for text in some {
                tell(&app, &app.act(), text).await;
            }
            for _ in 0..8 {
                work(&mut sender).await;
                pass(&app, SignedDuration::from_secs(2));
            }
        }
        work_on(&app, &mut sender).await;
        assert_eq!(service.inner().offences, Vec::<String>::new());
        assert_eq!(in_state(&app, "sent").await, 200);
        for (_, key, _) in robots {
            assert_in_order(&service, key, &wanted);
        }
        let lost: usize = service.inner().robots.values().map(|robot| robot.lost).sum();
        assert!(lost > 3, "chance was kind: {lost}");
    }

    async fn a_robot_gets_twenty_a_minute_and_waits_where_it_is_told_to(app: TestApp) {
        let service = Service::start(app.means.clock.clone()).await;
        let outgoing = to(&service);
        register(&app, Kind::Wecom, &service.robot(Kind::Wecom, "k", None), None, &outgoing.webhook_hosts).await;
        let mut sender = sender_of(&app, outgoing.clone());
        for n in 0..45 {
            tell(&app, &app.act(), &format!("第 {n} 条")).await;
        }
        work(&mut sender).await;
        assert_eq!(service.delivered("k").len(), 20);
        pass(&app, SignedDuration::from_secs(59));
        work(&mut sender).await;
        // Neither does a program that was started anew send more.
        let mut another = sender_of(&app, outgoing);
        work(&mut another).await;
        assert_eq!(service.delivered("k").len(), 20);
        pass(&app, SignedDuration::from_secs(2));
        work(&mut another).await;
        assert_eq!(service.delivered("k").len(), 40);
        pass(&app, SignedDuration::from_secs(61));
        service.inner().next.extend([Fate::TooOften, Fate::TryLater]);
        work(&mut another).await;
        assert_eq!(service.delivered("k").len(), 40);
        pass(&app, SignedDuration::from_secs(59));
        work(&mut another).await;
        assert_eq!(service.delivered("k").len(), 40, "45009 is a minute of silence");
        pass(&app, SignedDuration::from_secs(1));
        work(&mut another).await;
        pass(&app, SignedDuration::from_secs(6));
        work(&mut another).await;
        assert_eq!(service.delivered("k").len(), 40, "and this time it was told how long");
        pass(&app, SignedDuration::from_secs(1));
        work(&mut another).await;
        assert_eq!(service.delivered("k").len(), 45);
        assert_eq!(service.inner().offences, Vec::<String>::new());
    }

    async fn two_senders_never_send_the_same(app: TestApp) {
        let service = Service::start(app.means.clock.clone()).await;
        let outgoing = to(&service);
        let keys: Vec<String> = (0..6).map(|n| format!("hook-{n}")).collect();
        for key in &keys {
            register(&app, Kind::Feishu, &service.robot(Kind::Feishu, key, None), None, &outgoing.webhook_hosts).await;
        }
        let wanted: Vec<String> = (0..8).map(|n| format!("第 {n} 条")).collect();
        for text in &wanted {
            tell(&app, &app.act(), text).await;
        }
        let mut senders = [sender_of(&app, outgoing.clone()), sender_of(&app, outgoing.clone()), sender_of(&app, outgoing)];
        while open(&app).await > 0 {
            let [one, two, three] = &mut senders;
            tokio::join!(work(one), work(two), work(three));
            pass(&app, SignedDuration::from_secs(1));
        }
        for key in &keys {
            assert_eq!(service.delivered(key), wanted, "{key}");
        }
        assert_eq!(service.inner().offences, Vec::<String>::new());
    }

    async fn a_robot_that_is_silent_keeps_no_other_waiting(app: TestApp) {
        let service = Service::start(app.means.clock.clone()).await;
        let outgoing = to(&service);
        for key in ["first", "second"] {
            register(&app, Kind::Feishu, &service.robot(Kind::Feishu, key, None), None, &outgoing.webhook_hosts).await;
        }
        tell(&app, &app.act(), "停水通知").await;
        let silent = service.trap(0, Fate::Silent(true));
        let mut sender = sender_of(&app, outgoing);
        assert_eq!(sender.pass().await.unwrap(), 1, "the other one");
        silent.await.unwrap();
        let got = |key| service.delivered(key).len();
        assert_eq!((got("first"), got("second")), (1, 1));
        assert_eq!(in_state(&app, "sent").await, 1);
        // The program dies here; when the lease has run out, another goes on, and says that it may be the second time.
        drop(sender);
        pass(&app, SignedDuration::from_secs(29));
        let mut another = sender_of(&app, to(&service));
        work(&mut another).await;
        assert_eq!(got("first") + got("second"), 2);
        pass(&app, SignedDuration::from_secs(1));
        work(&mut another).await;
        let all = [service.delivered("first"), service.delivered("second")].concat();
        assert_eq!(all.iter().filter(|text| *text == "停水通知").count(), 2);
        assert_eq!(all.iter().filter(|text| **text == format!("{AGAIN}停水通知")).count(), 1);
        assert_eq!(open(&app).await, 0);
    }
}
