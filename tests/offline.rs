//! Records that were written down without signal: each is there once, none is lost, and what two people changed is shown.

use std::collections::BTreeMap;

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use doorstep::access::{self, Reach, Role};
use doorstep::registry::{self, Particular};
use doorstep::{place, settings};
use jiff::SignedDuration;
use p256::elliptic_curve::sec1::ToSec1Point;
use serde_json::{Value, json};
use sha2::Sha256;
use uuid::Uuid;

use crate::support::{Browser, TestApp};
use crate::visit::Estate;

fn path(id: Uuid) -> String {
    format!("/offline/records/{id}")
}

fn picture() -> Vec<u8> {
    let mut file = std::io::Cursor::new(Vec::new());
    image::RgbImage::from_pixel(8, 8, image::Rgb([90, 120, 90])).write_to(&mut file, image::ImageFormat::Jpeg).unwrap();
    file.into_inner()
}

/// A file as a phone exports it, with `records` (id, `ahead`, bytes) and `photos` (id, record, bytes).
async fn exported(estate: &Estate, records: &[(Uuid, i64, String)], photos: &[(Uuid, Uuid, Vec<u8>)]) -> Vec<u8> {
    let said = estate.phone.get("/offline/hello").await.json()["key"].clone();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let bytes = |value: &Value| URL_SAFE_NO_PAD.decode(text(value)).unwrap();
    let point = [vec![4], bytes(&said["jwk"]["x"]), bytes(&said["jwk"]["y"])].concat();
    let ours = p256::SecretKey::from_slice(&[7; 32]).unwrap();
    let theirs = p256::PublicKey::from_sec1_bytes(&point).unwrap();
    let shared = p256::ecdh::diffie_hellman(ours.to_nonzero_scalar(), theirs.as_affine());
    let mut wrapping = [0; 32];
    shared.extract::<Sha256>(None).expand(b"doorstep escrow v1", &mut wrapping).unwrap();
    let key = [5; 32];
    let plain = [key.to_vec(), STANDARD.decode(text(&said["token"])).unwrap()].concat();
    let escrow = Aes256Gcm::new(&wrapping.into()).encrypt(&Nonce::from([1; 12]), plain.as_slice()).unwrap();
    let seal = |place: String, msg: &[u8]| {
        let payload = Payload { msg, aad: place.as_bytes() };
        let content = Aes256Gcm::new(&key.into()).encrypt(&Nonce::from([2; 12]), payload).unwrap();
        STANDARD.encode([vec![2; 12], content].concat())
    };
    let point = ours.public_key().to_sec1_point(false);
    let epk = |part: Option<&[u8]>| URL_SAFE_NO_PAD.encode(part.unwrap());
    let escrow = json!({
        "epk": { "x": epk(point.x().map(|x| x.as_slice())), "y": epk(point.y().map(|y| y.as_slice())) },
        "iv": STANDARD.encode([1; 12]),
        "ciphertext": STANDARD.encode(escrow),
    });
    let records = records.iter().map(
        |(id, ahead, bytes)| json!({ "id": id, "ahead": ahead, "box": seal(format!("record:{id}"), bytes.as_bytes()) }),
    );
    let photos = photos
        .iter()
        .map(|(id, record, bytes)| json!({ "id": id, "record": record, "box": seal(format!("photo:{id}"), bytes) }));
    let (records, photos): (Vec<_>, Vec<_>) = (records.collect(), photos.collect());
    let file = json!({ "v": 1, "account": estate.worker.id, "escrow": escrow, "records": records, "photos": photos });
    file.to_string().into_bytes()
}

db_test! {
    async fn what_cannot_be_taken_from_a_file_leaves_the_rest_and_comes_again(app: TestApp) {
        let estate = Estate::set_up(&app).await;
        let rules = |held_most: i64| json!({ "keep_days": 30, "review_hours": 24, "held_most": held_most });
        let allow = async |held_most: i64| {
            let mut tx = app.db.begin().await.unwrap();
            let today = app.means.now().to_zoned_datetime(calendar::shanghai()).date();
            settings::set(&mut tx, &app.act(), "offline.records", today, &rules(held_most), "试验").await.unwrap();
            tx.commit().await.unwrap();
        };
        allow(1).await;
        let shot = app.means.id();
        let problem = json!({ "category": "lighting", "text": "楼道灯不亮", "photos": [shot] });
        let mut good = estate.record(&app, "601", "home", json!({ "problems": [problem] })).await;
        let mut bad = good.clone();
        bad["kind"] = json!("visit/2");
        // The clock of the phone was two days behind when this was written down, and has been set right since.
        let (hour, days) = (3_600_000, 48 * 3_600_000);
        let now = app.means.now().as_millisecond();
        good["made_at"] = json!(now - hour - days);
        let [held, left, entered] = [app.means.id(), app.means.id(), app.means.id()];
        let records = [(held, 0, bad.to_string()), (left, 0, bad.to_string()), (entered, days, good.to_string())];
        let photos = [(app.means.id(), left, picture()), (shot, entered, picture())];
        let file = exported(&estate, &records, &photos).await;
        let bring = async || estate.staff.post_files("/uploads/files", &[], &[("file", "走访.doorstep", &file)]).await;

        bring().await.assert_ok().assert_contains("2 条记录，1 张照片").assert_contains("有 2 件这次没有收下");
        assert_eq!(estate.door("601").await["state"], "done");
        let other = estate.record(&app, "601", "home", json!({ "note": "别的" })).await.to_string();
        let clash = estate.phone.put(&path(entered), other).await;
        assert_eq!(clash.assert_status(409).json()["first"]["made_at"], now - hour);

        allow(200).await;
        bring().await.assert_ok().assert_contains("3 条记录，2 张照片").assert_lacks("没有收下");
    }

    async fn the_same_again_gets_the_first_receipt(app: TestApp) {
        let estate = Estate::set_up(&app).await;
        let problem = json!({ "problems": [{ "category": "lighting", "text": "楼道灯不亮" }] });
        let record = estate.record(&app, "601", "home", problem).await.to_string();
        let id = app.means.id();
        let first = estate.phone.put(&path(id), record.clone()).await.assert_ok().json();
        app.means.clock.set(app.means.now() + SignedDuration::from_hours(24 * 30));
        // The login is over by then; the record waits until somebody has signed in again.
        let late = estate.phone.put(&path(id), record.clone()).await;
        assert_eq!((late.status, late.location.as_deref()), (303, Some("/login")));
        let phone = app.browser_of(&estate.worker).await;
        assert_eq!(phone.put(&path(id), record).await.assert_ok().json(), first);
        let staff = app.person(Role::Staff).browser().await;
        assert_eq!(staff.get("/issues?q=楼道灯不亮").await.body.matches("SSYS-20261123-").count(), 1);
    }

    async fn another_content_under_an_id_is_kept_and_shown(app: TestApp) {
        let estate = Estate::set_up(&app).await;
        let id = app.means.id();
        let first = estate.record(&app, "601", "home", json!({ "note": "第一份" })).await.to_string();
        let second = estate.record(&app, "602", "home", json!({ "note": "第二份" })).await.to_string();
        estate.phone.put(&path(id), first).await.assert_ok();
        for _ in 0..2 {
            let answer = estate.phone.put(&path(id), second.clone()).await;
            answer.assert_status(409);
            assert_eq!(answer.json()["first"]["made_at"], app.means.now().as_millisecond());
        }
        assert_eq!(estate.door("602").await["state"], "open");
        let page = estate.staff.get("/uploads").await;
        page.assert_ok().assert_contains("两份内容").assert_contains("第一份").assert_contains("第二份");
        assert_eq!(page.body.matches("后到的").count(), 1, "the same dispute is one");
        estate.staff.get("/today").await.assert_ok().assert_contains("1 条走访上传没能登记");
        estate.staff.post(&page.link("/uploads/disputes/"), &[("ruling", "both")]).await.assert_ok().assert_contains("已处理");
        assert_eq!(estate.door("602").await["state"], "done");
        estate.staff.get("/uploads").await.assert_lacks("两份内容");
    }

    async fn what_cannot_be_entered_is_held_and_blocks_nobody(app: TestApp) {
        let estate = Estate::set_up(&app).await;
        let good = estate.record(&app, "601", "home", json!({})).await;
        let mut elsewhere = good.clone();
        elsewhere["body"]["dwelling"] = json!(app.means.id());
        let mut unknown = good.clone();
        unknown["kind"] = json!("visit/2");
        let mut nothing = good.clone();
        nothing["body"] = json!({ "outcome": 7 });
        let nul = good.to_string().replace("\"body\":{", "\"body\":{\"note\":\"一\\u0000二\",");
        let cases = [
            (elsewhere.to_string(), "不在这次走访里"),
            (unknown.to_string(), "不认识"),
            (nothing.to_string(), "格式不对"),
            ("{\"kind\":\"visit\"".to_owned(), "读不懂"),
            (String::new(), "读不懂"),
        ];
        for (record, why) in &cases {
            let receipt = estate.phone.put(&path(app.means.id()), record.clone()).await.assert_ok().json();
            assert_eq!(receipt["state"], "held", "{receipt}");
            assert!(receipt["sentence"].as_str().unwrap().contains(why), "{receipt}");
        }
        assert_eq!(estate.phone.put(&path(app.means.id()), nul).await.json()["state"], "accepted");
        let page = estate.staff.get("/uploads").await;
        page.assert_ok().assert_contains("没能登记").assert_contains("贺海霞");
        assert_eq!(page.body.matches("再登记一次").count(), cases.len());
        // It still cannot be entered; then somebody says why it will not be.
        estate.staff.post(&page.link("/uploads/"), &[]).await.assert_ok().assert_contains("还是不能登记");
        let dismissal = page.link("/uploads/").replace("/entry", "/dismissal");
        estate.staff.post(&dismissal, &[]).await.assert_status(422);
        estate.staff.post(&dismissal, &[("reason", "测试时发的")]).await.assert_ok();
        let page = estate.staff.get("/uploads").await;
        assert_eq!(page.body.matches("再登记一次").count(), cases.len() - 1);
    }

    async fn a_held_record_is_entered_when_nothing_stands_in_its_way(app: TestApp) {
        let estate = Estate::set_up(&app).await;
        // A worker who has been given another grid since.
        let other = app.person(Role::GridWorker).named("高瑞芹").reaching(Reach::Grid, Uuid::nil()).create().await;
        let mut record = estate.record(&app, "501", "home", json!({ "problems": [{ "category": "lift", "text": "电梯异响", "photos": [Uuid::nil()] }] })).await;
        record["account"] = json!(other.id);
        let phone = app.browser_of(&other).await;
        let id = app.means.id();
        let receipt = phone.put(&path(id), record.to_string()).await.json();
        assert_eq!(receipt["state"], "held", "{receipt}");
        // Its photo waits with it.
        phone.put(&format!("{}/photos/{}", path(id), Uuid::nil()), picture()).await.assert_ok();
        let join = format!("/campaigns/{}/walkers", estate.campaign);
        estate.staff.post(&join, &[("account", &other.id.to_string())]).await.assert_ok();
        let page = estate.staff.get("/uploads").await;
        estate.staff.post(&page.link("/uploads/"), &[]).await.assert_ok().assert_contains("已登记");
        assert_eq!(estate.door("501").await["state"], "done");
        let found = estate.staff.get("/issues?q=电梯异响").await;
        let issue = estate.staff.get(&found.link("/issues/0")).await;
        issue.assert_ok().assert_contains("走访时拍的照片").assert_contains("/photos/");
    }

    async fn a_photo_comes_after_its_record_and_once(app: TestApp) {
        let estate = Estate::set_up(&app).await;
        let (id, photo) = (app.means.id(), app.means.id());
        let problem = json!({ "problems": [{ "category": "fire_safety", "text": "楼道堆物", "photos": [photo] }] });
        let record = estate.record(&app, "502", "home", problem).await.to_string();
        let to = format!("{}/photos/{photo}", path(id));
        estate.phone.put(&to, picture()).await.assert_status(404);
        estate.phone.put(&path(id), record).await.assert_ok();
        for _ in 0..2 {
            estate.phone.put(&to, picture()).await.assert_ok();
        }
        estate.phone.put(&to, b"no picture".to_vec()).await.assert_status(409);
        estate.phone.put(&format!("{}/photos/{}", path(id), app.means.id()), b"no picture".to_vec()).await.assert_status(422);
        let found = estate.staff.get("/issues?q=楼道堆物").await;
        let issue = estate.staff.get(&found.link("/issues/0")).await;
        assert_eq!(issue.body.matches("走访时拍的照片").count(), 1);
    }

    async fn what_cannot_be_read_is_told_without_the_numbers_in_it(app: TestApp) {
        let estate = Estate::set_up(&app).await;
        let mut record = estate.record(&app, "601", "home", json!({})).await;
        record["body"]["outcome"] = json!("电话 13800001234，证件 141199199003070013");
        estate.phone.put(&path(app.means.id()), record.to_string()).await.assert_ok();
        estate.staff.get("/uploads").await.assert_ok().assert_lacks("13800001234").assert_lacks("141199199003070013");
        // Whoever reaches only an estate does not see what lies anywhere.
        let all = place::all_buildings(&mut app.db.read().await.unwrap(), app.home.tenant).await.unwrap();
        let some = app.person(Role::Staff).reaching(Reach::Estate, all[0].estate_id).browser().await;
        some.get("/uploads").await.assert_status(403);
        // The phone learns what has become of it.
        let ids: Vec<&str> = Vec::new();
        let none = estate.phone.post_json("/offline/receipts", &json!({ "ids": ids })).await.assert_ok().json();
        assert_eq!(none, json!({ "receipts": [] }));
    }

    async fn the_photo_of_another_content_waits_with_it(app: TestApp) {
        let estate = Estate::set_up(&app).await;
        let (id, photo) = (app.means.id(), app.means.id());
        let problem = json!({ "problems": [{ "category": "lift", "text": "电梯异响", "photos": [photo] }] });
        let first = estate.record(&app, "601", "home", json!({})).await.to_string();
        let second = estate.record(&app, "602", "home", problem).await.to_string();
        estate.phone.put(&path(id), first).await.assert_ok();
        estate.phone.put(&path(id), second).await.assert_status(409);
        estate.phone.put(&format!("{}/photos/{photo}", path(id)), picture()).await.assert_ok();
        let page = estate.staff.get("/uploads").await;
        estate.staff.post(&page.link("/uploads/disputes/"), &[("ruling", "both")]).await.assert_ok();
        let found = estate.staff.get("/issues?q=电梯异响").await;
        let issue = estate.staff.get(&found.link("/issues/0")).await;
        issue.assert_ok().assert_contains("走访时拍的照片");
    }

    async fn a_slip_of_the_hand_is_told_and_the_rest_is_entered(app: TestApp) {
        let estate = Estate::set_up(&app).await;
        let door = estate.door("601").await;
        let person = &door["households"][0]["people"][0];
        let receipt = estate.visit(&app, "601", "home", json!({
            "edits": [{ "resident": person["id"], "seen": person["version"], "fields": { "phone": "138", "workplace": "凤山中学" } }],
        })).await;
        assert_eq!(receipt["state"], "accepted", "{receipt}");
        assert!(receipt["answer"]["warnings"][0].as_str().unwrap().contains("写的是“138”"), "{receipt}");
        let now = estate.door("601").await;
        assert_eq!(now["households"][0]["people"][0]["fields"]["workplace"], "凤山中学");
        let visits = estate.staff.get(&format!("/dwellings/{}/visits", door["dwelling"].as_str().unwrap())).await;
        visits.assert_ok().assert_contains("写的是“138”");
    }

    async fn a_record_of_somebody_else_is_turned_away(app: TestApp) {
        let estate = Estate::set_up(&app).await;
        let record = estate.record(&app, "601", "home", json!({})).await;
        let other = app.person(Role::GridWorker).browser().await;
        other.put(&path(app.means.id()), record.to_string()).await.assert_status(403);
        // Without the token nothing is taken at all.
        estate.phone.put_direct(&path(app.means.id())).await.assert_status(401);
        let property = app.person(Role::PropertyManager).create().await;
        let mut record = record;
        record["account"] = json!(property.id);
        let phone = app.browser_of(&property).await;
        phone.put(&path(app.means.id()), record.to_string()).await.assert_status(403);
    }

    async fn the_phone_learns_who_it_belongs_to(app: TestApp) {
        let estate = Estate::set_up(&app).await;
        let hello = estate.phone.get("/offline/hello").await.assert_ok().json();
        assert_eq!((hello["account"].as_str(), hello["name"].as_str()), (Some(estate.worker.id.to_string().as_str()), Some("贺海霞")));
        assert_eq!(hello["now"], app.means.now().as_millisecond());
        assert_eq!(hello["key"]["jwk"]["crv"], "P-256");
        estate.phone.post_json("/offline/pin", &json!({ "pin": "123456" })).await.assert_status(422);
        estate.phone.post_json("/offline/pin", &json!({ "pin": "395817" })).await.assert_status(204);
        // What is taken along is not sent twice.
        let pack = estate.phone.get("/doors/pack").await;
        assert!(pack.json()["words"]["categories"].as_array().unwrap().len() > 10);
        app.browser().get("/doors").await.assert_ok().assert_lacks("贺海霞");
        let worker = app.browser().get("/doors/worker.js").await;
        worker.assert_ok().assert_contains("const SHELL = [\"/doors\"").assert_contains("doors/app.js").assert_contains("idb.js");
        for asset in worker.between_all("\"/assets/", "\"").filter(|asset| !asset.is_empty()) {
            app.browser().get(&format!("/assets/{asset}")).await.assert_ok();
        }
    }

    async fn a_phone_that_paused_is_opened_by_the_pin_that_the_app_asked_for(app: TestApp) {
        let worker = app.person(Role::GridWorker).create().await;
        let mut tx = app.db.begin().await.unwrap();
        let invitation = access::invite(&mut tx, &app.act(), worker.id).await.unwrap();
        tx.commit().await.unwrap();
        let phone = app.browser();
        phone.post(&format!("/join/{invitation}"), &[("device", "红米"), ("pin", "395817"), ("again", "395817")]).await.assert_ok();
        phone.get("/offline/hello").await.assert_ok();
        phone.post_json("/offline/pin", &json!({ "pin": "123457" })).await.assert_status(422);
        app.means.clock.set(app.means.now() + SignedDuration::from_hours(2));
        let locked = phone.get_direct("/offline/hello").await;
        assert_eq!((locked.status, locked.location.as_deref()), (303, Some("/unlock")));
        let pin = async |pin: &str| phone.post_json("/offline/pin", &json!({ "pin": pin })).await;
        pin("123457").await.assert_status(422).assert_contains("PIN 码不对");
        phone.get_direct("/offline/hello").await.assert_status(303);
        pin("395817").await.assert_status(204);
        phone.get("/offline/hello").await.assert_ok();
        app.browser().post_json("/offline/pin", &json!({ "pin": "395817" })).await.assert_status(401);
    }

    async fn visits_that_arrive_at_once_are_all_entered(app: TestApp) {
        let estate = Estate::set_up(&app).await;
        let person = newcomer(&app, "402", "甲辰").await;
        let fields = [("phone", "13800001234"), ("workplace", "凤山中学"), ("registered_address", "方山县"), ("education", "20"), ("relation", "20"), ("marital_status", "20")];
        let mut records = Vec::new();
        for (n, (field, value)) in fields.into_iter().enumerate() {
            let edit = json!({ "edits": [{ "resident": person.id, "seen": person.version, "fields": { field: value } }] });
            let mut record = estate.record(&app, "402", "nobody", edit).await;
            let hours = SignedDuration::from_hours(3 * (n as i64 - 10));
            record["made_at"] = json!((app.means.now() + hours).as_millisecond());
            records.push((path(app.means.id()), record.to_string()));
        }
        let sent = records.iter().map(|(path, record)| estate.phone.put(path, record.clone()));
        for answer in futures_util::future::join_all(sent).await {
            let receipt = answer.assert_ok().json();
            assert_eq!((receipt["state"].as_str(), receipt["answer"]["clashes"].as_u64()), (Some("accepted"), Some(0)), "{receipt}");
        }
        let now = registry::person::person(&mut app.db.read().await.unwrap(), &app.act(), person.id).await.unwrap();
        assert_eq!((now.get(Particular::Phone), now.get(Particular::Education)), (Some("13800001234"), Some("20")));
        assert_eq!(estate.door("402").await["attempts"], fields.len(), "each visit has seen the others");
    }

    async fn a_finding_must_be_of_this_door(app: TestApp) {
        let estate = Estate::set_up(&app).await;
        let act = app.act();
        let mut tx = app.db.begin().await.unwrap();
        let far = place::create_grid(&mut tx, &act, "141102004999002", "第二网格").await.unwrap();
        tx.commit().await.unwrap();
        // Somebody in another building, which is in another grid.
        let other = newcomer_at(&app, "5号楼", "101", "甲午").await;
        let mut tx = app.db.begin().await.unwrap();
        place::assign_grid(&mut tx, &act, other.building, far).await.unwrap();
        tx.commit().await.unwrap();
        for finding in [
            json!({ "kind": "died", "resident": other.id, "seen": other.version }),
            json!({ "kind": "born", "household": other.household, "name": "甲子" }),
            json!({ "kind": "moved_in", "household": other.household, "name": "甲子" }),
        ] {
            let receipt = estate.visit(&app, "601", "home", json!({ "findings": [finding] })).await;
            assert_eq!(receipt["state"], "held", "{receipt}");
        }
    }

    /// Two workers each correct a person twice while neither has signal. In whatever order the four edits arrive, the register
    /// is what the accepted ones make of it one after the other, and each of the others is there to be decided.
    async fn four_edits_of_two_devices_in_every_order(app: TestApp) {
        let estate = Estate::set_up(&app).await;
        let second = app.person(Role::GridWorker).named("高瑞芹").reaching(Reach::Grid, estate.grid).create().await;
        let phones: [(&Browser, Uuid); 2] = [(&estate.phone, estate.worker.id), (&app.browser_of(&second).await, second.id)];
        for (round, order) in orders(4).into_iter().enumerate() {
            let name = format!("甲{}", "子丑寅卯辰巳午未申酉戌亥天地玄黄宇宙洪荒日月盈昃".chars().nth(round).unwrap());
            let room = ["601", "602", "501", "502", "401", "402"][round % 6];
            let person = newcomer(&app, room, &name).await;
            let edits: [(usize, &str, String); 4] = [
                (0, "phone", format!("13800{round:03}001")),
                (0, "phone", format!("13800{round:03}002")),
                (1, "phone", format!("13800{round:03}003")),
                (1, "workplace", "凤山中学".to_owned()),
            ];
            let (version, began) = (person.version, app.means.now());
            let mut records = Vec::new();
            for (n, (device, field, value)) in edits.iter().enumerate() {
                let edit = json!({ "edits": [{ "resident": person.id, "seen": version, "fields": { *field: value } }] });
                let mut record = estate.record(&app, room, "home", edit).await;
                record["account"] = json!(phones[*device].1);
                // Each device wrote its first edit before its second.
                record["made_at"] = json!((began + SignedDuration::from_mins(n as i64 - 10)).as_millisecond());
                records.push(record.to_string());
            }
            let mut clashes = 0;
            for n in &order {
                let receipt = phones[edits[*n].0].0.put(&path(app.means.id()), records[*n].clone()).await.assert_ok().json();
                assert_eq!(receipt["state"], "accepted", "{receipt}");
                clashes += receipt["answer"]["clashes"].as_u64().unwrap();
            }
            let mut tx = app.db.read().await.unwrap();
            let now = registry::person::person(&mut tx, &app.act(), person.id).await.unwrap();
            // The field that one device alone changed is as it says; of the other, the device that came first won, and of
            // its own edits the later one stands.
            assert_eq!(now.get(Particular::Workplace), Some("凤山中学"));
            let first = order.iter().copied().find(|n| *n < 3).unwrap();
            let (winner, losers) = if first == 2 { (2, 2) } else { (1, 1) };
            assert_eq!(now.get(Particular::Phone), Some(edits[winner].2.as_str()), "{order:?}");
            assert_eq!(clashes, losers, "{order:?}");
        }
        // Every edit that lost waits for somebody, and nothing was written over.
        let waiting = estate.staff.get("/residents/changes").await;
        waiting.assert_ok().assert_contains("两个人改得不一样");
    }
}

/// Every order of so many things.
fn orders(things: usize) -> Vec<Vec<usize>> {
    if things == 0 {
        return vec![Vec::new()];
    }
    let shorter = orders(things - 1);
    let with = |order: &Vec<usize>| {
        let order = order.clone();
        (0..things).map(move |at| {
            let mut order = order.clone();
            order.insert(at, things - 1);
            order
        })
    };
    shorter.iter().flat_map(with).collect()
}

/// Somebody new in a room of the estate.
async fn newcomer(app: &TestApp, room: &str, name: &str) -> registry::Person {
    newcomer_at(app, "3号楼", room, name).await
}

async fn newcomer_at(app: &TestApp, building: &str, room: &str, name: &str) -> registry::Person {
    use codes::PersonName;
    use codes::address::parse_room;
    use doorstep::registry::enrol::{NewResident, Outcome, enrol};
    use place::Settler;
    let act = app.act();
    let mut tx = app.db.begin().await.unwrap();
    let (name, room) = (PersonName::parse(name).unwrap(), parse_room(room).unwrap());
    let dwelling = Settler::default().settle(&mut tx, &act, "王府名苑小区", building, "1单元", &room).await.unwrap();
    let Outcome::Created(id) = enrol(&mut tx, &act, dwelling, &name, &NewResident::named(name.clone())).await.unwrap()
    else {
        panic!("somebody new")
    };
    tx.commit().await.unwrap();
    registry::person::person(&mut app.db.read().await.unwrap(), &act, id).await.unwrap()
}

#[test]
fn there_are_twenty_four_orders_of_four() {
    let all: BTreeMap<Vec<usize>, Value> = orders(4).into_iter().map(|order| (order, Value::Null)).collect();
    assert_eq!(all.len(), 24);
}
