//! Deadlines are told to people who work for the community: when they are near, when they pass, and a few times more.

use doorstep::access::Role;
use doorstep::app::handlers;
use doorstep::channel::{self, Kind, NewChannel, Place};
use doorstep::{issue, outbox};
use jiff::SignedDuration;
use uuid::Uuid;

use crate::support::TestApp;

async fn list_of(app: &TestApp, name: &str, reminders: bool) {
    let address = "13800001234".to_owned();
    let new = NewChannel {
        kind: Kind::Sms,
        name: name.to_owned(),
        place: Place::Community,
        address,
        secret: None,
        reminders,
    };
    let mut tx = app.db.begin().await.unwrap();
    channel::add(&mut tx, &app.act(), new, &[]).await.unwrap();
    tx.commit().await.unwrap();
}

/// What has been told of an issue after so many hours more, channel and text.
async fn told(app: &TestApp, id: Uuid, hours: i64) -> Vec<(String, String)> {
    app.means.clock.set(app.means.now() + SignedDuration::from_hours(hours));
    while issue::reminder::post_some(&app.db, &app.app.means).await.unwrap() {}
    while outbox::work(&app.app, &handlers()).await.unwrap() > 0 {}
    let mut tx = app.db.read().await.unwrap();
    let told = channel::of_subject(&mut tx, app.home.tenant, id).await.unwrap();
    told.into_iter().map(|delivery| (delivery.channel_name, delivery.text)).collect()
}

db_test! {
    async fn staff_are_told_of_a_deadline_before_it_and_after_it_and_not_for_ever(app: TestApp) {
        list_of(&app, "网格员群", true).await;
        list_of(&app, "居民群", false).await;
        let id = app.file_issue(Vec::new()).await;
        assert_eq!(told(&app, id, 19).await, []);
        let near = told(&app, id, 1).await;
        assert_eq!(near.len(), 1);
        let (name, text) = &near[0];
        assert_eq!(name, "网格员群");
        assert!(text.starts_with("【快到期】SSYS-") && text.contains("社区受理：社区，最晚") && text.contains("还剩 4 小时"), "{text}");
        // It passes within the hour after the night, so nobody waits for the morning to say so.
        let mut tx = app.db.read().await.unwrap();
        assert!(channel::of_subject(&mut tx, app.home.tenant, id).await.unwrap()[0].urgent);
        drop(tx);
        let late = told(&app, id, 5).await;
        assert!(late.len() == 2 && late[1].1.contains("已超期") && late[1].1.contains("超期 1 小时"), "{late:?}");
        // Where nobody looked for days, once says it.
        assert_eq!(told(&app, id, 24).await.len(), 3);
        assert_eq!(told(&app, id, 24 * 10).await.len(), 4);
        assert_eq!(told(&app, id, 24 * 10).await.len(), 4);
    }

    async fn a_deadline_that_was_met_meanwhile_is_told_to_nobody(app: TestApp) {
        list_of(&app, "网格员群", true).await;
        let id = app.file_issue(Vec::new()).await;
        app.means.clock.set(app.means.now() + SignedDuration::from_hours(20));
        while issue::reminder::post_some(&app.db, &app.app.means).await.unwrap() {}
        let mut tx = app.db.begin().await.unwrap();
        let mut taken = issue::issue(&mut tx, app.home.tenant, id).await.unwrap();
        let seen = taken.lock_version;
        issue::refuse(&mut tx, &app.act(), &mut taken, seen, "不归社区管的事").await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(told(&app, id, 0).await, []);
        assert_eq!(told(&app, id, 100).await, [], "what has ended wants no reminder");
    }

    async fn who_is_in_a_channel_is_said_where_it_is_registered(app: TestApp) {
        let staff = app.person(Role::Staff).browser().await;
        let fields = [("kind", "sms"), ("name", "网格员"), ("place", "community"), ("address", "13800001234")];
        let page = staff.post("/channels", &[&fields[..], &[("reminders", "yes")]].concat()).await;
        page.assert_ok().assert_contains("办理时限");
        let particulars = format!("{}/particulars", page.url);
        let form = staff.get(&particulars).await;
        assert!(form.body.contains("value=\"yes\" checked"), "{}", form.body);
        let version = form.input("version");
        let changed = staff.post(&particulars, &[("name", "网格员"), ("place", "community"), ("version", &version)]).await;
        changed.assert_ok().assert_lacks("办理时限");
    }
}
