//! The roll call without a network, and the pictures of a class: what a phone says late changes nothing of who may fetch a child.

use doorstep::access::Role;
use doorstep::after_school::presence::{ReleaseWay, Standing};
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::after_school::{CHILD, home, link};
use crate::class_sessions::{Class, DOORS, came, group, notices, row, step, watch};
use crate::support::{Browser, TestApp};
use crate::volunteer::at;

/// More pictures of a child than are read at once.
mod many {
    db::statements! {
        COPY = "INSERT INTO class_pictures (tenant_id, id, session_id, content_sealed, thumbnail_sealed, taken_by, added_at)
            VALUES ($1, $3, (SELECT session_id FROM class_pictures WHERE tenant_id = $1 AND id = $2), (SELECT content_sealed FROM class_pictures WHERE tenant_id = $1 AND id = $2), (SELECT thumbnail_sealed FROM class_pictures WHERE tenant_id = $1 AND id = $2), (SELECT taken_by FROM class_pictures WHERE tenant_id = $1 AND id = $2), (SELECT added_at FROM class_pictures WHERE tenant_id = $1 AND id = $2))";
        SHOW = "INSERT INTO class_picture_children (tenant_id, picture_id, child_id) VALUES ($1, $2, $3)";
        SHOWN = "SELECT COUNT(*) AS amount FROM class_picture_children WHERE tenant_id = $1";
        LEFT = "SELECT COUNT(*) AS amount FROM class_pictures WHERE tenant_id = $1";
    }
    db::record! {
        pub struct Left { pub amount: i64 }
    }
}

/// A class of which a member of staff is on the rota with a volunteer, and the volunteer's link.
async fn class(app: &TestApp) -> (Class, String) {
    let class = Class::new(app).await;
    let staff = class.staff(app).await;
    let account = class.account.id.to_string();
    let query =
        [("account", account.as_str()), ("result", "passed"), ("checked_on", "2026-11-02"), ("proof_no", "C-9")];
    staff.post("/class-vettings", &query).await.assert_ok();
    let keeper = class.keeper(app, "张爱莲").await;
    class.put(app, "me").await.assert_ok();
    at(app, DOORS);
    (class, keeper)
}

/// What a phone says: one tap, made at a moment.
struct Tap {
    id: Uuid,
    content: String,
}

fn tap(app: &TestApp, class: &Class, made_at: &str, step: &str, more: Value) -> Tap {
    let made: Timestamp = made_at.parse().unwrap();
    let mut body = json!({ "session": class.id(), "step": step });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let record = json!({
        "kind": "roll", "schema": 1, "account": class.account.id, "made_at": made.as_millisecond(), "body": body,
    });
    Tap { id: app.means.id(), content: record.to_string() }
}

async fn sent(phone: &Browser, tap: &Tap) -> Value {
    phone.put(&format!("/offline/records/{}", tap.id), tap.content.clone()).await.assert_ok().json()
}

db_test! {
    async fn what_is_tapped_without_a_network_is_taken_once_and_in_its_own_time(app: TestApp) {
        let (class, _) = class(&app).await;
        let child = class.child(&app, &[]).await;
        let phone = class.staff(&app).await;
        at(&app, DOORS);
        let pack = phone.get("/doors/pack").await.assert_ok().json();
        let session = &pack["sessions"][0];
        assert_eq!(session["id"], json!(class.id()));
        assert_eq!(session["needed"], 2);
        let packed = &session["children"][0];
        assert_eq!((&packed["name"], &packed["standing"]), (&json!("刘小雨"), &json!("expected")));
        assert!(!pack.to_string().contains("花生"), "health stays here");
        let adult = packed["adults"][0]["id"].clone();
        // That the phone has it is noted, once, and the guardian reads who took it along.
        phone.get("/doors/pack").await.assert_ok();
        let staff = class.staff(&app).await;
        let guardian = app.browser().get(&link(&staff, &child).await).await;
        let looks = guardian.between_all("<b>任建平</b>", "</li>").filter(|look| look.contains("带班："));
        assert_eq!(looks.count(), 1);

        let other = class.child(&app, &[("child_name", "高小明")]).await;
        let keepers = session["keepers"].as_array().unwrap().clone();
        let mut taps: Vec<Tap> = keepers.iter().map(|keeper| tap(&app, &class, "2026-12-01T16:12:00+08:00", "came", json!({ "keeper": keeper["id"] }))).collect();
        taps.push(tap(&app, &class, "2026-12-01T16:13:00+08:00", "open", json!({})));
        taps.push(tap(&app, &class, "2026-12-01T16:50:00+08:00", "arrive", json!({ "child": child })));
        taps.push(tap(&app, &class, "2026-12-01T18:05:00+08:00", "listed", json!({ "child": child, "value": adult })));
        at(&app, "2026-12-01T18:20:00+08:00");
        let phone = class.staff(&app).await;
        for tap in &taps {
            let receipt = sent(&phone, tap).await;
            assert_eq!(receipt["state"], "accepted", "{receipt}");
            assert_eq!(sent(&phone, tap).await, receipt, "the same again gets the same receipt");
        }
        let known = row(&app, &class, &child).await;
        assert_eq!(known.presence.standing, Standing::Released);
        assert_eq!(known.presence.arrived_at, Some("2026-12-01T16:50:00+08:00".parse().unwrap()));
        assert!(known.presence.late && !known.presence.early);
        let release = known.presence.release.clone().unwrap();
        assert_eq!((release.way, release.at), (ReleaseWay::Listed, "2026-12-01T18:05:00+08:00".parse().unwrap()));
        assert_eq!(Some(release.adult.unwrap().to_string()), adult.as_str().map(str::to_owned));

        // What came late raises no alarm while the rest of it may still come.
        at(&app, "2026-12-01T19:00:00+08:00");
        let phone = class.staff(&app).await;
        let late = tap(&app, &class, "2026-12-01T16:55:00+08:00", "arrive", json!({ "child": other }));
        assert_eq!(sent(&phone, &late).await["state"], "accepted");
        watch(&app).await;
        assert_eq!(row(&app, &class, &other).await.presence.alarms, 0);
        at(&app, "2026-12-01T19:01:01+08:00");
        watch(&app).await;
        assert_eq!(row(&app, &class, &other).await.presence.alarms, 1);

        // Another phone has seen the same: that is no trouble. What never was is.
        let again = tap(&app, &class, "2026-12-01T16:51:00+08:00", "arrive", json!({ "child": child }));
        assert_eq!(sent(&phone, &again).await["answer"]["known"], true);
        let unclear = tap(&app, &class, "2026-12-01T16:51:00+08:00", "listed", json!({ "child": child, "value": "谁" }));
        assert_eq!(sent(&phone, &unclear).await["state"], "held");
    }

    async fn whoever_was_barred_meanwhile_gets_no_child_and_the_alarm_goes_on(app: TestApp) {
        let (class, _) = class(&app).await;
        let child = class.child(&app, &[]).await;
        let phone = class.staff(&app).await;
        let page = phone.get("/doors/pack").await.json();
        let session = page["sessions"][0].clone();
        let adult = session["children"][0]["adults"][0]["id"].clone();
        for keeper in session["keepers"].as_array().unwrap() {
            sent(&phone, &tap(&app, &class, DOORS, "came", json!({ "keeper": keeper["id"] }))).await;
        }
        sent(&phone, &tap(&app, &class, DOORS, "open", json!({}))).await;
        at(&app, "2026-12-01T16:31:00+08:00");
        let phone = class.staff(&app).await;
        let arrives = tap(&app, &class, "2026-12-01T16:30:00+08:00", "arrive", json!({ "child": child }));
        assert_eq!(sent(&phone, &arrives).await["state"], "accepted");

        group(&app).await;
        // The phone has no network any more. The guardian bars the grandmother and lists an aunt.
        at(&app, "2026-12-01T17:50:00+08:00");
        let staff = class.staff(&app).await;
        let own = link(&staff, &child).await;
        let home = home(&staff).await;
        let guardian = app.browser();
        let version = guardian.get(&format!("{own}/particulars")).await.input("version");
        let mut form = vec![("home", home.as_str()), ("version", version.as_str())];
        form.extend(CHILD.iter().filter(|(name, _)| !name.starts_with("listed1")));
        form.extend([("listed1_name", "刘小红"), ("listed1_relation", "姑姑"), ("listed1_phone", "13800007777")]);
        form.extend([("barred1_name", "王桂香"), ("barred1_relation", "奶奶"), ("barred1_phone", "13800005678")]);
        guardian.post(&format!("{own}/particulars"), &form).await.assert_ok();

        at(&app, "2026-12-01T18:10:00+08:00");
        let phone = class.staff(&app).await;
        let gone = tap(&app, &class, "2026-12-01T18:00:00+08:00", "listed", json!({ "child": child, "value": adult }));
        let receipt = sent(&phone, &gone).await;
        assert_eq!(receipt["state"], "held");
        assert_eq!(notices(&app, &class).await, 1, "whoever has the child now may be somebody who must not");
        phone.get("/uploads").await.assert_contains("交给名单上的人").assert_contains("刘某某").assert_contains("奶奶").assert_lacks("小雨");
        assert!(row(&app, &class, &child).await.is(Standing::Here));
        at(&app, "2026-12-01T18:30:00+08:00");
        watch(&app).await;
        assert_eq!(row(&app, &class, &child).await.presence.alarms, 1);
    }

    async fn a_class_lies_on_the_phone_of_whoever_holds_it_and_on_no_other(app: TestApp) {
        let (class, keeper) = class(&app).await;
        class.child(&app, &[]).await;
        let other = app.person(Role::Staff).browser().await;
        assert_eq!(other.get("/doors/pack").await.assert_ok().json()["sessions"], json!([]));
        let stranger = app.person(Role::Staff).create().await;
        let phone = app.browser_of(&stranger).await;
        let mut record: Value = serde_json::from_str(&tap(&app, &class, DOORS, "open", json!({})).content).unwrap();
        record["account"] = json!(stranger.id);
        let answer = phone.put(&format!("/offline/records/{}", app.means.id()), record.to_string()).await.json();
        assert_eq!(answer["state"], "held");
        assert!(answer["sentence"].as_str().unwrap().contains("带班表"));
        // The day before and the day after there is nothing to take along.
        at(&app, "2026-12-02T09:00:00+08:00");
        assert_eq!(class.staff(&app).await.get("/doors/pack").await.json()["sessions"], json!([]));
        app.browser().get(&format!("{keeper}/pictures")).await.assert_status(422);
    }

    async fn pictures_are_seen_by_the_guardians_of_whoever_is_in_them(app: TestApp) {
        let (class, keeper) = class(&app).await;
        let agrees = class.child(&app, &[("photos", "yes")]).await;
        let not = class.child(&app, &[("child_name", "高明明")]).await;
        let staff = class.staff(&app).await;
        let [own, other] = [link(&staff, &agrees).await, link(&staff, &not).await];
        at(&app, DOORS);
        let phone = app.browser();
        let volunteer = &keeper;
        came(&phone, volunteer).await.assert_ok();
        let staff = class.staff(&app).await;
        came(&staff, &class.path).await.assert_ok();
        step(&staff, &class.path, "", "open", &[]).await.assert_ok();
        for child in [&agrees, &not] {
            step(&phone, volunteer, child, "arrive", &[]).await.assert_ok();
        }
        let album = format!("{volunteer}/pictures");
        phone.get(&album).await.assert_ok().assert_contains("高明明").assert_contains("请站到旁边");
        phone.post_files(&album, &[], &[("photos", "x.jpg", b"nothing")]).await.assert_status(422).assert_contains("打不开");
        let kept = phone.post_files(&album, &[], &[("photos", "x.jpg", &picture())]).await;
        kept.assert_ok().assert_contains("还没有人看得到");
        let one = kept.between_all("<img src=\"", "\"").next().unwrap().to_owned();
        assert_eq!(app.browser().get(&own).await.between_all("/pictures/", "\"").count(), 0);

        phone.post(&one, &[("step", "show")]).await.assert_status(422).assert_contains("里有谁");
        phone.post(&one, &[("step", "show"), ("child", &agrees), ("child", &not)]).await.assert_status(422).assert_contains("没有同意拍照");
        phone.post(&one, &[("step", "show"), ("child", &agrees)]).await.assert_ok();
        let id = one.rsplit('/').next().unwrap();
        let guardian = app.browser();
        let seen = format!("{own}/pictures/{id}");
        guardian.get(&own).await.assert_contains(&seen);
        assert!(guardian.download(&seen).await.starts_with(&[0xff, 0xd8]));
        guardian.get(&format!("{other}/pictures/{id}")).await.assert_status(404);

        // More than one reads at once.
        let mut tx = app.db.begin().await.unwrap();
        for _ in 0..101 {
            let copy = app.means.id();
            let first: Uuid = id.parse().unwrap();
            tx.execute(many::COPY.bind(app.home.tenant).bind(first).bind(copy)).await.unwrap();
            tx.execute(many::SHOW.bind(app.home.tenant).bind(copy).bind(agrees.parse::<Uuid>().unwrap())).await.unwrap();
        }
        tx.commit().await.unwrap();
        // Whoever takes the consent back takes every picture of their child away.
        guardian.post(&format!("{own}/consents"), &[("purpose", "photos"), ("agrees", "no")]).await.assert_ok();
        guardian.get(&seen).await.assert_status(404);
        let mut tx = app.db.read().await.unwrap();
        assert_eq!(tx.one::<many::Left>(many::LEFT.bind(app.home.tenant)).await.unwrap().amount, 0);
        drop(tx);
        phone.get(&one).await.assert_status(404);
        // One of which nobody says who is in it is not kept for long.
        phone.post_files(&album, &[], &[("photos", "x.jpg", &picture())]).await.assert_ok();
        for (moment, left) in [("2026-12-02T16:09:00+08:00", 1), ("2026-12-02T16:11:00+08:00", 0)] {
            at(&app, moment);
            let mut tx = app.db.begin().await.unwrap();
            doorstep::after_school::forget_old(&mut tx, &app.act()).await.unwrap();
            tx.commit().await.unwrap();
            let mut tx = app.db.read().await.unwrap();
            assert_eq!(tx.one::<many::Left>(many::LEFT.bind(app.home.tenant)).await.unwrap().amount, left);
        }
    }
}

db_test! {
    async fn a_picture_of_nobody_is_removed_by_hand_and_no_other_is(app: TestApp) {
        let (class, keeper) = class(&app).await;
        let child = class.child(&app, &[("photos", "yes")]).await;
        at(&app, DOORS);
        let phone = app.browser();
        came(&phone, &keeper).await.assert_ok();
        let staff = class.staff(&app).await;
        came(&staff, &class.path).await.assert_ok();
        step(&staff, &class.path, "", "open", &[]).await.assert_ok();
        step(&phone, &keeper, &child, "arrive", &[]).await.assert_ok();
        let album = format!("{keeper}/pictures");
        let mut ids = Vec::new();
        for _ in 0..2 {
            let kept = phone.post_files(&album, &[], &[("photos", "x.jpg", &picture())]).await;
            ids = kept.between_all("<img src=\"", "\"").map(|path| path.rsplit('/').next().unwrap().to_owned()).collect();
        }
        phone.post(&format!("{album}/{}", ids[0]), &[("step", "show"), ("child", &child)]).await.assert_ok();
        let desk = app.person(Role::Staff).browser().await;
        desk.get(&class.path).await.assert_contains("没写里面有谁的照片").assert_lacks(&ids[0]).assert_contains(&ids[1]);
        let removal = format!("{}/pictures/removal", class.path);
        desk.post(&removal, &[("picture", &ids[0])]).await.assert_status(404);
        desk.post(&removal, &[("picture", &ids[1])]).await.assert_ok().assert_contains("照片删掉了").assert_lacks("没写里面有谁的照片");
        desk.post(&removal, &[("picture", &ids[1])]).await.assert_status(404);
        let mut tx = app.db.read().await.unwrap();
        assert_eq!(tx.one::<many::Left>(many::LEFT.bind(app.home.tenant)).await.unwrap().amount, 1);
    }

    async fn of_a_consent_and_a_picture_at_once_no_picture_is_left(app: TestApp) {
        let (class, keeper) = class(&app).await;
        let mut children = Vec::new();
        for name in ["高一", "高二", "高三", "高四", "高五"] {
            children.push(class.child(&app, &[("child_name", name), ("photos", "yes")]).await);
        }
        at(&app, DOORS);
        let phone = app.browser();
        came(&phone, &keeper).await.assert_ok();
        let staff = class.staff(&app).await;
        came(&staff, &class.path).await.assert_ok();
        step(&staff, &class.path, "", "open", &[]).await.assert_ok();
        let album = format!("{keeper}/pictures");
        let mut pairs = Vec::new();
        for child in &children {
            step(&phone, &keeper, child, "arrive", &[]).await.assert_ok();
            let kept = phone.post_files(&album, &[], &[("photos", "x.jpg", &picture())]).await;
            let one = kept.between_all("<img src=\"", "\"").last().unwrap().to_owned();
            let own = link(&staff, child).await;
            let (guardian, other) = (app.browser(), phone.again());
            guardian.get(&own).await.assert_ok();
            other.get(&album).await.assert_ok();
            pairs.push((child, one, own, guardian, other));
        }
        futures_util::future::join_all(pairs.iter().map(|(child, one, own, guardian, other)| async move {
            let (show, not) = ([("step", "show"), ("child", child.as_str())], [("purpose", "photos"), ("agrees", "no")]);
            let consents = format!("{own}/consents");
            let (said, _) = futures_util::future::join(
                other.post(one, &show),
                guardian.post(&consents, &not),
            )
            .await;
            assert!([200, 404, 422].contains(&said.status), "{}", said.status);
        }))
        .await;
        let mut tx = app.db.read().await.unwrap();
        assert_eq!(tx.one::<many::Left>(many::SHOWN.bind(app.home.tenant)).await.unwrap().amount, 0);
    }
}

fn picture() -> Vec<u8> {
    let mut file = std::io::Cursor::new(Vec::new());
    image::RgbImage::from_pixel(8, 8, image::Rgb([90, 120, 90])).write_to(&mut file, image::ImageFormat::Jpeg).unwrap();
    file.into_inner()
}
