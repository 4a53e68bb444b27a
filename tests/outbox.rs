//! The outbox delivers at least once, whatever dies, and gives up in the end.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use doorstep::access::Role;
use doorstep::error::Error;
use doorstep::outbox::{self, Handler, Handlers, Message};
use jiff::SignedDuration;
use tokio::sync::Barrier;

use crate::support::TestApp;

async fn post(app: &TestApp, count: usize) {
    let mut tx = app.db.begin().await.unwrap();
    for number in 0..count {
        outbox::post(&mut tx, &app.act(), "knock", &number).await.unwrap();
    }
    tx.commit().await.unwrap();
}

async fn lease(app: &TestApp, limit: i64) -> Vec<Message> {
    outbox::lease(&app.db, &app.means, limit).await.unwrap()
}

fn pass(app: &TestApp, time: SignedDuration) {
    app.means.clock.set(app.means.now() + time);
}

/// A handler of the topic of these tests.
fn knock(answer: impl Fn(Message) -> Result<(), Error> + Send + Sync + 'static) -> Handlers {
    let answer = Arc::new(answer);
    let handler: Handler = Arc::new(move |_, message| {
        let answer = answer.clone();
        Box::pin(async move { answer(message) })
    });
    BTreeMap::from([("knock", handler)])
}

db_test! {
    async fn a_message_of_an_undone_transaction_is_never_sent(app: TestApp) {
        let mut tx = app.db.begin().await.unwrap();
        outbox::post(&mut tx, &app.act(), "knock", &1).await.unwrap();
        drop(tx);
        assert_eq!(lease(&app, 10).await, []);
    }

    async fn a_lease_that_runs_out_is_given_again(app: TestApp) {
        post(&app, 1).await;
        let first = lease(&app, 10).await;
        assert_eq!(first.len(), 1);
        assert_eq!((first[0].topic.as_str(), first[0].payload.as_str(), first[0].attempts), ("knock", "0", 1));
        pass(&app, SignedDuration::from_secs(299));
        assert_eq!(lease(&app, 10).await, []);
        pass(&app, SignedDuration::from_secs(1));
        let second = lease(&app, 10).await;
        assert_eq!((second[0].id, second[0].attempts), (first[0].id, 2));
        // The first worker comes back late: what it says about its own attempt disturbs the second no more.
        outbox::failed(&app.db, &app.means, &first[0], "late").await.unwrap();
        pass(&app, SignedDuration::from_secs(60));
        assert_eq!(lease(&app, 10).await, []);
        outbox::done(&app.db, &app.means, &second[0]).await.unwrap();
        pass(&app, SignedDuration::from_hours(24));
        assert_eq!(lease(&app, 10).await, []);
    }

    async fn why_something_was_not_done_can_be_read(app: TestApp) {
        for handlers in [knock(|_| panic!("on purpose")), Handlers::new()] {
            post(&app, 1).await;
            for _ in 0..30 {
                outbox::work(&app.app, &handlers).await.unwrap();
                pass(&app, SignedDuration::from_hours(3));
            }
        }
        let page = app.person(Role::SystemAdmin).browser().await.get("/outbox").await;
        page.assert_ok().assert_contains("程序在做这件事的时候出错了").assert_contains("不认识这件事");
    }

    async fn two_workers_never_share(app: TestApp) {
        post(&app, 40).await;
        let (mut one, two, three) = tokio::join!(lease(&app, 40), lease(&app, 40), lease(&app, 40));
        one.extend(two);
        one.extend(three);
        let mut ids: Vec<_> = one.iter().map(|message| message.id).collect();
        ids.sort();
        ids.dedup();
        assert_eq!((one.len(), ids.len()), (40, 40));
        assert!(one.iter().all(|message| message.attempts == 1));
    }

    async fn parked_after_ten_attempts(app: TestApp) {
        post(&app, 1).await;
        let tried = Arc::new(AtomicUsize::new(0));
        let count = tried.clone();
        let refusing = knock(move |_| {
            count.fetch_add(1, Ordering::SeqCst);
            Err(Error::refused("nobody at home"))
        });
        assert_eq!(outbox::work(&app.app, &refusing).await.unwrap(), 1);
        assert_eq!(outbox::work(&app.app, &refusing).await.unwrap(), 0, "it waits before the next attempt");
        for _ in 0..30 {
            pass(&app, SignedDuration::from_hours(3));
            outbox::work(&app.app, &refusing).await.unwrap();
        }
        assert_eq!(tried.load(Ordering::SeqCst), 10);

        // Whoever runs the program sees it, and has it tried again.
        let admin = app.person(Role::SystemAdmin).browser().await;
        admin.get("/today").await.assert_contains("1 件后台的事没有做成");
        let page = admin.get("/outbox").await;
        page.assert_ok().assert_contains("nobody at home");
        let retry = page.between_all("action=\"", "\"").find(|path| path.ends_with("/retry")).unwrap().to_owned();
        admin.post(&retry, &[]).await.assert_ok().assert_contains("正在重试").assert_contains("后台的事都做成了");
        admin.post(&retry, &[]).await.assert_status(404);
        assert_eq!(outbox::work(&app.app, &refusing).await.unwrap(), 1);
        assert_eq!(tried.load(Ordering::SeqCst), 11);
        app.person(Role::Secretary).browser().await.get("/outbox").await.assert_status(403);
    }

    async fn whoever_is_not_to_be_reached_is_tried_for_as_long_as_it_takes(app: TestApp) {
        post(&app, 1).await;
        let tried = Arc::new(AtomicUsize::new(0));
        let count = tried.clone();
        let away = knock(move |_| match count.fetch_add(1, Ordering::SeqCst) {
            40 => Ok(()),
            _ => Err(Error::Unreachable("nobody at home".to_owned())),
        });
        // A night and a day more than that: an hour at most passes between two attempts.
        for _ in 0..50 {
            outbox::work(&app.app, &away).await.unwrap();
            pass(&app, SignedDuration::from_secs(3840));
        }
        assert_eq!(tried.load(Ordering::SeqCst), 41);
        let mut tx = app.db.read().await.unwrap();
        assert_eq!(outbox::backlog(&mut tx).await.unwrap(), (0, 0));
    }

    async fn who_waits_for_an_answer_keeps_nobody_waiting(app: TestApp) {
        let mut tx = app.db.begin().await.unwrap();
        for number in 0..2 {
            outbox::post_to(&mut tx, &app.act(), "knock", app.means.id(), &number).await.unwrap();
        }
        tx.commit().await.unwrap();
        // Both have begun before either ends.
        let both = Arc::new(Barrier::new(2));
        let handler: Handler = Arc::new(move |_, _| {
            let both = both.clone();
            Box::pin(async move {
                both.wait().await;
                Ok(())
            })
        });
        let handlers = BTreeMap::from([("knock", handler)]);
        let worked = tokio::time::timeout(Duration::from_secs(60), outbox::work(&app.app, &handlers)).await;
        assert_eq!(worked.expect("side by side").unwrap(), 2);
        assert_eq!(lease(&app, 10).await, []);
    }

    async fn what_is_for_somebody_who_is_away_waits_together(app: TestApp) {
        let mut tx = app.db.begin().await.unwrap();
        let [away, home] = [app.means.id(), app.means.id()];
        for (number, addressee) in [away, home, away, away, home].into_iter().enumerate() {
            pass(&app, SignedDuration::from_millis(1));
            outbox::post_to(&mut tx, &app.act(), "knock", addressee, &number).await.unwrap();
        }
        tx.commit().await.unwrap();
        let came = Arc::new(Mutex::new(Vec::new()));
        let seen = came.clone();
        let answer = knock(move |message| {
            seen.lock().unwrap().push(message.payload.clone());
            if message.addressee == Some(away) && message.attempts == 1 {
                return Err(Error::Unreachable("nobody at home".to_owned()));
            }
            Ok(())
        });
        assert_eq!(outbox::work(&app.app, &answer).await.unwrap(), 5);
        let mut first = came.lock().unwrap().clone();
        first.sort();
        assert_eq!(first, ["0", "1", "4"], "who is away is asked once");
        pass(&app, SignedDuration::from_secs(30));
        assert_eq!(outbox::work(&app.app, &answer).await.unwrap(), 3);
        assert_eq!(came.lock().unwrap()[3..], ["0", "2", "3"], "in their order");
    }

    async fn parked_when_every_worker_dies(app: TestApp) {
        post(&app, 1).await;
        for attempt in 1..=10 {
            assert_eq!(lease(&app, 10).await[0].attempts, attempt);
            pass(&app, SignedDuration::from_mins(5));
        }
        assert_eq!(lease(&app, 10).await, []);
        pass(&app, SignedDuration::from_hours(24));
        assert_eq!(lease(&app, 10).await, []);
        let admin = app.person(Role::SystemAdmin).browser().await;
        admin.get("/outbox").await.assert_ok().assert_contains("都没有回音");
    }

    async fn a_panic_and_an_unknown_topic_are_failures_like_others(app: TestApp) {
        post(&app, 2).await;
        let second_time = knock(|message| match (message.attempts, message.payload.as_str()) {
            (1, "0") => panic!("on purpose"),
            _ => Ok(()),
        });
        assert_eq!(outbox::work(&app.app, &second_time).await.unwrap(), 2);
        pass(&app, SignedDuration::from_mins(1));
        assert_eq!(outbox::work(&app.app, &Handlers::new()).await.unwrap(), 1, "the other one is done");
        pass(&app, SignedDuration::from_mins(5));
        assert_eq!(outbox::work(&app.app, &second_time).await.unwrap(), 1);
        pass(&app, SignedDuration::from_hours(24));
        assert_eq!(outbox::work(&app.app, &second_time).await.unwrap(), 0);
    }
}
