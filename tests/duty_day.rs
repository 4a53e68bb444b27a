//! 护学岗, the day itself: who is called when somebody is absent, how they are told, what the clock does, what the desk writes down afterwards,
//! what a school sees, and that figures of the past stay what they were.

use std::collections::BTreeMap;
use std::sync::Arc;

use doorstep::access::Scope;
use doorstep::app::{App, handlers};
use doorstep::channel::{self, Kind, NewChannel, Place};
use doorstep::config::{Config, Outgoing};
use doorstep::duty::{self, GateKind, GateSketch, NewShift, OnDays, Peak, PersonKind, SlotSketch};
use doorstep::{audit, outbox};
use futures_util::future::join_all;
use jiff::Timestamp;
use jiff::civil::Date;
use uuid::Uuid;

use crate::duty::{Bureau, bureau};
use crate::support::{Browser, Page, TestApp};

const DAY: &str = "2026-09-01";

fn at(app: &TestApp, time: &str) {
    app.means.clock.set(format!("{DAY}T{time}:00+08:00").parse::<Timestamp>().unwrap());
}

fn date(text: &str) -> Date {
    text.parse().unwrap()
}

async fn eve(app: &TestApp) -> Bureau {
    app.means.clock.set("2026-08-31T09:00:00+08:00".parse::<Timestamp>().unwrap());
    bureau(app).await
}

async fn shift(app: &TestApp, bureau: &Bureau, id: Uuid) -> duty::Shift {
    duty::shift(&mut app.db.read().await.unwrap(), bureau.community.tenant, id).await.unwrap()
}

async fn table_of(app: &TestApp, bureau: &Bureau, day: &str) -> duty::Coverage {
    let (tenant, day) = (bureau.community.tenant, date(day));
    duty::coverage(&mut app.db.read().await.unwrap(), tenant, &Scope::tenant(), (day, day), app.means.now())
        .await
        .unwrap()
}

/// Somebody does not come; gives whom that calls.
async fn miss(app: &TestApp, bureau: &Bureau, id: Uuid) -> Option<Uuid> {
    let mut tx = app.db.begin().await.unwrap();
    let called = duty::miss(&mut tx, &bureau.act(app), id, "临时出警").await.unwrap();
    tx.commit().await.unwrap();
    called.map(|call| call.person_id)
}

/// Where a call is answered on the page of whoever is called.
fn answer_of(page: &Page) -> String {
    page.between_all("action=\"", "\"").find(|action| action.contains("/calls/")).expect("a call").to_owned()
}

/// They say by their link that they come; gives the shift that they have then.
async fn accept(app: &TestApp, bureau: &Bureau, person: Uuid, root: Uuid) -> Uuid {
    let (phone, link) = (app.browser(), bureau.link(app, person).await);
    let form = answer_of(&phone.get(&link).await);
    phone.post(&form, &[("answer", "yes")]).await.assert_ok().assert_contains("请马上出发");
    let table = table_of(app, bureau, DAY).await;
    let all = table.rows.iter().flat_map(|row| &row.kept).flat_map(|kept| &kept.shifts).chain(&table.others);
    all.filter(|one| one.stands_for == Some(root) && one.absent_at.is_none()).map(|one| one.id).next().unwrap()
}

async fn watch(app: &TestApp) {
    while duty::watch_some(&app.db, &app.means).await.unwrap() {}
}

async fn watching_school(app: &TestApp, bureau: &Bureau) -> String {
    let school = duty::school(&mut app.db.read().await.unwrap(), bureau.community.tenant, bureau.schools[0]).await;
    format!("/duty-watch/{}", school.unwrap().link(bureau.community.tenant, &app.means.keys))
}

async fn code_of(app: &TestApp, bureau: &Bureau) -> String {
    let gate = duty::gate(&mut app.db.read().await.unwrap(), bureau.community.tenant, bureau.gate).await.unwrap();
    format!("/duty-posts/{}", duty::post_link(bureau.community.tenant, &gate, &app.means.keys))
}

async fn phone_of(app: &TestApp, bureau: &Bureau, person: Uuid) -> (Browser, String) {
    (app.browser(), bureau.link(app, person).await)
}

db_test! {
    async fn only_somebody_who_brings_what_the_post_lacks_is_called(app: TestApp) {
        let bureau = eve(&app).await;
        let person = async |name: &str, kind, minutes, standby| bureau.person(&app, name, kind, Some(minutes), standby).await;
        let absent = person("冯志强", PersonKind::Officer, 5, false).await;
        let also_absent = person("任建平", PersonKind::Officer, 2, true).await;
        person("高瑞芹", PersonKind::Parent, 3, true).await; // no police
        person("薛改珍", PersonKind::Auxiliary, 4, true).await; // police, but not alone
        let near = person("郝春生", PersonKind::Officer, 8, true).await;
        let far = person("刘秀英", PersonKind::Officer, 12, true).await;
        let gate = bureau.put(&app, DAY, bureau.gate, Some(absent)).await.unwrap();
        let crossing = bureau.put(&app, DAY, bureau.crossing, Some(also_absent)).await.unwrap();
        at(&app, "06:50");
        // Whoever is ill at one post is not called to another, though nearest, nor is whoever still has to answer.
        assert_eq!(miss(&app, &bureau, crossing).await, Some(near));
        assert_eq!(miss(&app, &bureau, gate).await, Some(far));
        // It is the post that lacks police and somebody who may stand alone: where both are there already, a parent is of use.
        let act = bureau.act(&app);
        let wide = GateSketch {
            kind: GateKind::PickUp, name: "接送区".to_owned(), duty: "疏导车辆".to_owned(), seats: 2, officers: 1, qualification: None, closed_at: None,
        };
        let mut tx = app.db.begin().await.unwrap();
        let wide = duty::add_gate(&mut tx, &act, bureau.schools[0], &wide).await.unwrap();
        let bells = vec![(460, String::new())];
        let slot = SlotSketch { kind: Peak::MorningIn, days: OnDays::Every, early: Some(30), stay: Some(40), bells, gates: vec![wide] };
        let slot = duty::add_slot(&mut tx, &act, bureau.schools[0], &slot).await.unwrap();
        tx.commit().await.unwrap();
        let stays = person("王秋萍", PersonKind::Officer, 5, false).await;
        let teacher = person("马玉兰", PersonKind::Teacher, 5, false).await;
        let mut shifts = Vec::new();
        for who in [stays, teacher] {
            let day = date(DAY);
            let new = NewShift {
                school: bureau.schools[0], day, post: Some((wide, slot)), person: Some(who), duty: "疏导车辆".to_owned(),
                span: duty::moment(day, 430).zip(duty::moment(day, 500)), pinned: false, stands_for: None,
            };
            let mut tx = app.db.begin().await.unwrap();
            shifts.push(duty::put_shift(&mut tx, &act, &new).await.unwrap());
            tx.commit().await.unwrap();
        }
        let called = miss(&app, &bureau, shifts[1]).await.unwrap();
        let called = duty::person(&mut app.db.read().await.unwrap(), bureau.community.tenant, called).await.unwrap();
        assert_eq!(called.kind, PersonKind::Parent);
        // Of nobody who would come when it is over.
        at(&app, "08:15");
        let late = bureau.put(&app, DAY, bureau.crossing, Some(teacher)).await.unwrap();
        assert_eq!(miss(&app, &bureau, late).await, None);
    }

    async fn the_chain_goes_on_when_whoever_stands_in_fails(app: TestApp) {
        let bureau = eve(&app).await;
        let first = bureau.person(&app, "冯志强", PersonKind::Officer, Some(1), true).await;
        let second = bureau.person(&app, "高瑞芹", PersonKind::Officer, Some(6), true).await;
        let third = bureau.person(&app, "薛改珍", PersonKind::Officer, Some(8), true).await;
        let fourth = bureau.person(&app, "郝春生", PersonKind::Officer, Some(9), true).await;
        let root = bureau.put(&app, DAY, bureau.gate, Some(first)).await.unwrap();
        at(&app, "06:40");
        let chief = bureau.chief(&app).await;
        assert_eq!(miss(&app, &bureau, root).await, Some(second));
        let stand_in = accept(&app, &bureau, second, root).await;
        chief.get(&format!("/duty-shifts/{root}")).await.assert_contains("由高瑞芹顶岗").assert_lacks("叫下一位").assert_lacks("撤销缺岗</button>");
        chief.post(&format!("/duty-shifts/{root}/calls"), &[]).await.assert_status(422).assert_contains("高瑞芹已经顶岗");
        // The stand-in is called off before it begins: their promise is no longer one, and the place is to be filled again.
        chief.post(&format!("/duty-shifts/{stand_in}/cancellation"), &[("why", "另有任务")]).await.assert_ok();
        let page = chief.get(&format!("/duty-shifts/{root}")).await;
        page.assert_contains("叫下一位").assert_contains("后来取消了");
        chief.post(&format!("/duty-shifts/{root}/calls"), &[]).await.assert_ok().assert_contains("正在叫薛改珍");
        let stand_in = accept(&app, &bureau, third, root).await;
        // And whoever stands in next does not come either: the first is not asked to fill their own place.
        assert_eq!(miss(&app, &bureau, stand_in).await, Some(fourth));
        chief.post(&format!("/duty-shifts/{root}/calls"), &[]).await.assert_status(422).assert_contains("在顶岗的那一班上接着叫");
        let last = accept(&app, &bureau, fourth, stand_in).await;
        assert_eq!(shift(&app, &bureau, last).await.person_id, Some(fourth));
        let table = table_of(&app, &bureau, DAY).await;
        let kept = &table.rows.iter().find(|row| row.gate.id == bureau.gate).unwrap().kept[0];
        assert_eq!(kept.uncovered, 0);
    }

    async fn the_desk_writes_down_when_somebody_really_came(app: TestApp) {
        let bureau = eve(&app).await;
        let officer = bureau.person(&app, "冯志强", PersonKind::Officer, Some(5), false).await;
        let near = bureau.person(&app, "高瑞芹", PersonKind::Officer, Some(6), true).await;
        let id = bureau.put(&app, DAY, bureau.gate, Some(officer)).await.unwrap();
        at(&app, "07:40");
        let chief = bureau.chief(&app).await;
        let path = format!("/duty-shifts/{id}/presence");
        let form = |way, time, why| [("way", way), ("at", time), ("presence_why", why)];
        chief.post(&path, &form("came", "七点零五", "手机没电")).await.assert_status(422).assert_contains("时间看不懂").assert_contains("手机没电");
        chief.post(&path, &form("came", "07:05", "")).await.assert_status(422).assert_contains("请填写补登的原因").assert_contains("value=\"07:05\"");
        chief.post(&path, &form("came", "07:50", "手机没电")).await.assert_status(422).assert_contains("还没有到这个时间");
        chief.post(&path, &form("came", "05:30", "手机没电")).await.assert_status(422).assert_contains("要在 06:10 到 08:20 之间");
        chief.post(&path, &form("left", "07:30", "手机没电")).await.assert_status(422).assert_contains("先登记到岗");
        chief.post(&path, &form("came", "07:05", "手机没电")).await.assert_ok().assert_contains("07:05，值班登记").assert_lacks("迟到");
        let table = table_of(&app, &bureau, DAY).await;
        assert_eq!((table.rates.on_time, table.rates.planned), (1, 1));
        let kept = &table.rows.iter().find(|row| row.gate.id == bureau.gate).unwrap().kept[0];
        assert_eq!(kept.uncovered, 0);
        // Long after the end too; the desk is not sent to the desk.
        at(&app, "11:00");
        let chief = bureau.chief(&app).await;
        chief.post(&path, &[("way", "left")]).await.assert_status(422).assert_contains("填上实际离岗的时间和原因");
        chief.post(&path, &form("left", "08:20", "手机没电")).await.assert_ok().assert_contains("已离岗");
        let mut tx = app.db.read().await.unwrap();
        let past = audit::history(&mut tx, &bureau.act(&app), id).await.unwrap();
        assert_eq!(past.iter().filter(|one| one.reason == "手机没电").count(), 2, "why it was written afterwards is in the log");
        drop(tx);

        // An absence that was noted by mistake is taken back, and whoever was called need not come.
        app.means.clock.set("2026-09-02T06:40:00+08:00".parse::<Timestamp>().unwrap());
        let next = bureau.put(&app, "2026-09-02", bureau.gate, Some(officer)).await.unwrap();
        let chief = bureau.chief(&app).await;
        chief.post(&format!("/duty-shifts/{next}/absence"), &[("absent_why", "看错了人")]).await.assert_ok().assert_contains("正在叫高瑞芹");
        let (phone, link) = phone_of(&app, &bureau, near).await;
        let answer = answer_of(&phone.get(&link).await);
        let back = format!("/duty-shifts/{next}/absence/removal");
        chief.post(&back, &[("back_why", "")]).await.assert_status(422).assert_contains("请填写撤销的原因");
        chief.post(&back, &[("back_why", "点错了")]).await.assert_ok().assert_contains("缺岗已撤销").assert_lacks("叫下一位");
        phone.get(&link).await.assert_lacks("请您去顶岗");
        phone.post(&answer, &[("answer", "yes")]).await.assert_status(422).assert_contains("不用去了");
        assert!(shift(&app, &bureau, next).await.absent_at.is_none());
        chief.post(&back, &[("back_why", "点错了")]).await.assert_status(422).assert_contains("没有记缺岗");
    }

    async fn a_school_does_not_read_of_somebody_on_post_all_day(app: TestApp) {
        let bureau = eve(&app).await;
        let officer = bureau.person(&app, "冯志强", PersonKind::Officer, Some(5), false).await;
        let id = bureau.put(&app, DAY, bureau.gate, Some(officer)).await.unwrap();
        let (school, (phone, own)) = (watching_school(&app, &bureau).await, phone_of(&app, &bureau, officer).await);
        let browser = app.browser();
        at(&app, "07:00");
        phone.post(&format!("{own}/shifts/{id}"), &[("step", "come")]).await.assert_ok();
        browser.get(&school).await.assert_contains("护学岗已到岗");
        at(&app, "08:20");
        browser.get(&school).await.assert_contains("护学岗已到岗");
        at(&app, "08:21");
        browser.get(&school).await.assert_lacks("护学岗已到岗").assert_contains("这一时段已结束");
        phone.get(&own).await.assert_contains("已过时间，没有签退");
        at(&app, "10:21");
        browser.get(&school).await.assert_lacks("护学岗已到岗").assert_lacks("这一时段已结束").assert_contains("现在没有人在岗");
    }

    async fn whoever_was_called_late_is_on_the_way_until_they_said_to_be_there(app: TestApp) {
        let bureau = eve(&app).await;
        let ill = bureau.person(&app, "冯志强", PersonKind::Officer, Some(5), false).await;
        let near = bureau.person(&app, "高瑞芹", PersonKind::Officer, Some(15), true).await;
        let root = bureau.put(&app, DAY, bureau.gate, Some(ill)).await.unwrap();
        at(&app, "07:20");
        miss(&app, &bureau, root).await;
        let stand_in = accept(&app, &bureau, near, root).await;
        at(&app, "07:34");
        let chief = bureau.chief(&app).await;
        chief.get("/duty").await.assert_contains("正在赶来，最晚 07:35").assert_lacks("缺岗，没有来").assert_lacks("到点没到");
        chief.get("/today").await.assert_lacks("催到岗").assert_lacks("警报");
        let table = table_of(&app, &bureau, DAY).await;
        let kept = &table.rows.iter().find(|row| row.gate.id == bureau.gate).unwrap().kept[0];
        assert_eq!(kept.uncovered, 25, "until they are there");
        at(&app, "07:36");
        chief.get("/duty").await.assert_contains("到点没到").assert_lacks("缺岗，没有来");
        chief.get("/today").await.assert_contains("催到岗");
        let (phone, own) = phone_of(&app, &bureau, near).await;
        at(&app, "07:35");
        phone.post(&format!("{own}/shifts/{stand_in}"), &[("step", "come")]).await.assert_ok().assert_lacks("迟到");
    }

    async fn an_absence_that_nobody_answers_is_an_alarm_and_the_clock_calls_on(app: TestApp) {
        let bureau = eve(&app).await;
        let ill = bureau.person(&app, "冯志强", PersonKind::Officer, Some(5), false).await;
        let near = bureau.person(&app, "高瑞芹", PersonKind::Officer, Some(6), true).await;
        let far = bureau.person(&app, "薛改珍", PersonKind::Officer, Some(12), true).await;
        let root = bureau.put(&app, DAY, bureau.gate, Some(ill)).await.unwrap();
        at(&app, "06:50");
        let chief = bureau.chief(&app).await;
        // The first gap is twenty minutes away, not the end of the day.
        chief.get("/today").await.assert_contains("补岗").assert_contains("还剩 20 分钟");
        miss(&app, &bureau, root).await;
        chief.get("/today").await.assert_contains("盯备勤").assert_contains("等答复到 06:53").assert_contains("警报：田家会小学 · 东门");
        at(&app, "06:52");
        watch(&app).await;
        let ((first, first_link), (second, second_link)) = (phone_of(&app, &bureau, near).await, phone_of(&app, &bureau, far).await);
        second.get(&second_link).await.assert_lacks("请您去顶岗");
        at(&app, "06:53");
        watch(&app).await;
        second.get(&second_link).await.assert_contains("请您去顶岗").assert_contains("06:56");
        first.get(&first_link).await.assert_contains("正在问别人");
        chief.get("/today").await.assert_contains("等答复到 06:56");
        at(&app, "06:56");
        watch(&app).await;
        assert!(!duty::watch_some(&app.db, &app.means).await.unwrap(), "nobody is left, which is found once");
        chief.get("/today").await.assert_contains("叫下一位").assert_contains("叫过 2 位备勤，都来不了或者没有答复");
        chief.get(&format!("/duty-shifts/{root}")).await.assert_contains("备勤都问过了，没有人能来");
        // A late answer is better than none.
        let (late, other) = (answer_of(&first.get(&first_link).await), answer_of(&second.get(&second_link).await));
        at(&app, "06:58");
        first.post(&late, &[("answer", "yes")]).await.assert_ok().assert_contains("最晚 07:10 到岗");
        second.get(&second_link).await.assert_lacks("请您去顶岗");
        second.post(&other, &[("answer", "yes")]).await.assert_status(422).assert_contains("已经有别人顶岗了");
        chief.get("/today").await.assert_lacks("警报");
    }

    async fn whoever_is_called_is_told_without_saying_who_or_where(app: TestApp) {
        let bureau = eve(&app).await;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("sms.jsonl");
        let outgoing = Outgoing { sms_file: Some(file.clone()), ..Outgoing::default() };
        let with_gateway = App { config: Arc::new(Config { outgoing, ..(*app.app.config).clone() }), ..app.app.clone() };
        let group = NewChannel {
            kind: Kind::Wecom, name: "值班群".to_owned(), place: Place::Community,
            address: "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=made-up".to_owned(), secret: None, reminders: true,
        };
        let mut tx = app.db.begin().await.unwrap();
        channel::add(&mut tx, &bureau.act(&app), group, &[]).await.unwrap();
        tx.commit().await.unwrap();
        let ill = bureau.person(&app, "冯志强", PersonKind::Officer, Some(5), false).await;
        let near = bureau.person(&app, "高瑞芹", PersonKind::Officer, Some(6), true).await;
        let root = bureau.put(&app, DAY, bureau.gate, Some(ill)).await.unwrap();
        at(&app, "06:50");
        let mut tx = app.db.begin().await.unwrap();
        let call = duty::miss(&mut tx, &bureau.act(&app), root, "发烧").await.unwrap().unwrap();
        tx.commit().await.unwrap();
        assert_eq!(call.person_id, near);
        while outbox::work(&with_gateway, &handlers()).await.unwrap() > 0 {}
        let written = std::fs::read_to_string(&file).unwrap();
        let lines: Vec<serde_json::Value> = written.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0]["numbers"], serde_json::json!(["13800001111"]));
        let mut tx = app.db.read().await.unwrap();
        let told = channel::of_subject(&mut tx, bureau.community.tenant, call.id).await.unwrap();
        assert_eq!(told.len(), 1);
        assert!(told[0].urgent, "nobody waits for the morning");
        for text in [lines[0]["text"].as_str().unwrap(), told[0].text.as_str()] {
            assert!(text.contains("06:53"), "{text}");
            for secret in ["冯志强", "高瑞芹", "田家会", "东门", "发烧", "138", "/duty-own"] {
                assert!(!text.contains(secret), "{text}");
            }
        }
        drop(tx);
        bureau.chief(&app).await.get(&format!("/duty-shifts/{root}")).await.assert_contains("06:50 发了短信").assert_contains("发烧");
        // Nobody is left: those who run the posts hear of it once.
        at(&app, "06:53");
        watch(&app).await;
        watch(&app).await;
        let mut tx = app.db.read().await.unwrap();
        let told = channel::of_subject(&mut tx, bureau.community.tenant, root).await.unwrap();
        assert_eq!(told.len(), 1);
        assert!(told[0].text.contains("没有人能来") && !told[0].text.contains("东门"));
        // Why somebody does not come may be an illness: it is sealed, and the log has no word of it.
        let kept = shift(&app, &bureau, root).await;
        assert!(kept.absent_why.is_empty() && kept.absent_sealed.is_some_and(|sealed| !sealed.windows(6).any(|part| part == "发烧".as_bytes())));
        let past = audit::history(&mut tx, &bureau.act(&app), root).await.unwrap();
        assert!(past.len() >= 3 && past.iter().all(|one| !one.reason.contains("发烧")));
        assert!(past.iter().all(|one| one.changes.iter().all(|change| !format!("{change:?}").contains("发烧"))));
    }

    async fn once_it_has_begun_or_is_over_nothing_is_put_down_otherwise(app: TestApp) {
        let bureau = eve(&app).await;
        let officer = bureau.person(&app, "冯志强", PersonKind::Officer, Some(5), false).await;
        let near = bureau.person(&app, "高瑞芹", PersonKind::Officer, Some(6), true).await;
        let id = bureau.put(&app, DAY, bureau.gate, Some(officer)).await.unwrap();
        let other = bureau.put(&app, DAY, bureau.crossing, None).await.unwrap();
        let asked = bureau.person(&app, "薛改珍", PersonKind::Officer, Some(9), false).await;
        let (phone, own) = phone_of(&app, &bureau, officer).await;
        let colleague = asked.to_string();
        phone.post(&format!("{own}/shifts/{id}"), &[("step", "swap"), ("to", colleague.as_str())]).await.assert_ok();
        let (theirs, their_link) = phone_of(&app, &bureau, asked).await;
        let swap = theirs.get(&their_link).await.between_all("action=\"", "\"").find(|action| action.contains("/swaps/")).unwrap().to_owned();
        theirs.post(&swap, &[("answer", "yes")]).await.assert_ok();
        let decision = format!("/duty-shifts/{id}/swaps/{}/decision", swap.rsplit('/').next().unwrap());
        let version = shift(&app, &bureau, id).await.lock_version.to_string();
        let free = shift(&app, &bureau, other).await.lock_version.to_string();
        at(&app, "07:15");
        let chief = bureau.chief(&app).await;
        let who = near.to_string();
        let change = |version| [("version", version), ("person", who.as_str()), ("duty", "看护"), ("from", "07:10"), ("to", "08:20")];
        chief.post(&format!("/duty-shifts/{id}/particulars"), &change(version.as_str())).await.assert_status(422).assert_contains("已经开始，不能再改").assert_contains("看护");
        chief.post(&format!("/duty-shifts/{id}/cancellation"), &[("why", "不用了")]).await.assert_status(422).assert_contains("已经开始的班次不能取消");
        chief.post(&decision, &[("decision", "yes"), ("swap_why", "")]).await.assert_status(422).assert_contains("已经开始");
        chief.get("/today").await.assert_lacks("批换岗");
        chief.get("/duty").await.assert_lacks("换岗要批");
        phone.get(&own).await.assert_contains("到点没有办完").assert_lacks("撤回，不换了");
        // A place that nobody has can still be given to somebody.
        chief.post(&format!("/duty-shifts/{other}/particulars"), &change(free.as_str())).await.assert_ok().assert_contains("已改好");
        at(&app, "08:30");
        let chief = bureau.chief(&app).await; // the session has ended meanwhile
        let version = shift(&app, &bureau, id).await.lock_version.to_string();
        chief.post(&format!("/duty-shifts/{id}/particulars"), &change(version.as_str())).await.assert_status(422).assert_contains("已经结束");
        // That somebody did not come is still written down, and calls nobody.
        let page = chief.post(&format!("/duty-shifts/{id}/absence"), &[("absent_why", "没有来")]).await;
        page.assert_ok().assert_contains("这一班已经结束，没有叫备勤").assert_lacks("叫下一位").assert_contains("没有来");
        chief.post(&format!("/duty-shifts/{id}/calls"), &[]).await.assert_status(422).assert_contains("不用再叫备勤");
        chief.get("/today").await.assert_lacks("警报");
    }

    async fn whoever_was_marked_absent_and_comes_is_told_how_it_stands(app: TestApp) {
        let bureau = eve(&app).await;
        let first = bureau.person(&app, "冯志强", PersonKind::Officer, Some(5), false).await;
        let by_hand = bureau.person(&app, "高瑞芹", PersonKind::Officer, None, false).await;
        let id = bureau.put(&app, DAY, bureau.gate, Some(first)).await.unwrap();
        let (phone, own) = phone_of(&app, &bureau, first).await;
        let code = code_of(&app, &bureau).await;
        at(&app, "06:50");
        miss(&app, &bureau, id).await;
        // Somebody was put into the seat by hand, without being called for it.
        bureau.put(&app, DAY, bureau.gate, Some(by_hand)).await.unwrap();
        phone.post(&format!("{own}/shifts/{id}"), &[("step", "come")]).await.assert_status(422).assert_contains("已经由高瑞芹顶岗了");
        phone.get(&own).await.assert_ok();
        let shown = id.to_string();
        phone.get(&code).await.assert_ok().assert_contains("这一班记了缺岗").assert_contains("我到岗了，签到");
        phone.post(&code, &[("shift", shown.as_str()), ("way", "come")]).await.assert_status(422).assert_contains("顶岗");
        let chief = bureau.chief(&app).await;
        let form = [("way", "came"), ("at", "06:45"), ("presence_why", "其实来了")];
        chief.post(&format!("/duty-shifts/{id}/presence"), &form).await.assert_status(422).assert_contains("顶岗");
        // At the other post the stand-in does not come either, so the first is welcome.
        let second = bureau.person(&app, "薛改珍", PersonKind::Officer, Some(5), false).await;
        let near = bureau.person(&app, "郝春生", PersonKind::Officer, Some(6), true).await;
        let root = bureau.put(&app, DAY, bureau.crossing, Some(second)).await.unwrap();
        miss(&app, &bureau, root).await;
        let stand_in = accept(&app, &bureau, near, root).await;
        let (theirs, their_link) = phone_of(&app, &bureau, second).await;
        theirs.post(&format!("{their_link}/shifts/{root}"), &[("step", "come")]).await.assert_status(422);
        miss(&app, &bureau, stand_in).await;
        theirs.post(&format!("{their_link}/shifts/{root}"), &[("step", "come")]).await.assert_ok().assert_contains("签到成功");
        chief.get("/today").await.assert_lacks("校门前路口 07:10–08:20 没有人");
    }

    async fn a_swap_says_nothing_of_what_others_do_and_how_it_ended(app: TestApp) {
        let bureau = eve(&app).await;
        let from = bureau.person(&app, "冯志强", PersonKind::Parent, Some(5), false).await;
        let same_school = bureau.person(&app, "高瑞芹", PersonKind::Parent, Some(5), false).await;
        let elsewhere = bureau.person(&app, "薛改珍", PersonKind::Parent, None, false).await;
        let officer = bureau.person(&app, "郝春生", PersonKind::Officer, Some(5), false).await;
        let id = bureau.put(&app, DAY, bureau.gate, Some(from)).await.unwrap();
        let busy = bureau.put(&app, DAY, bureau.crossing, Some(same_school)).await.unwrap();
        let (asker, own) = phone_of(&app, &bureau, from).await;
        asker.get(&own).await.assert_contains("高瑞芹").assert_lacks("薛改珍").assert_lacks("郝春生");
        let ask = async |to: Uuid| {
            let to = to.to_string();
            asker.post(&format!("{own}/shifts/{id}"), &[("step", "swap"), ("to", to.as_str())]).await
        };
        for nobody in [elsewhere, officer, Uuid::from_u128(7)] {
            ask(nobody).await.assert_status(422).assert_contains("请选择换给谁").assert_lacks("路口");
        }
        ask(same_school).await.assert_status(422).assert_contains("对方这时候不能来").assert_lacks("路口").assert_lacks("已经排在");
        let chief = bureau.chief(&app).await;
        chief.post(&format!("/duty-shifts/{busy}/cancellation"), &[("why", "不用了")]).await.assert_ok();
        ask(same_school).await.assert_ok().assert_contains("等高瑞芹答复");
        // It is taken back, and asked again.
        let own_swap = asker.get(&own).await.between_all("action=\"", "\"").find(|action| action.contains("/swaps/")).unwrap().to_owned();
        asker.post(&own_swap, &[("answer", "withdraw")]).await.assert_ok().assert_contains("没有换成：本人撤回");
        asker.post(&own_swap, &[("answer", "withdraw")]).await.assert_status(422).assert_contains("已经了结");
        let (asked, link) = phone_of(&app, &bureau, same_school).await;
        let theirs = own_swap.replace(&own, &link);
        asked.post(&theirs, &[("answer", "yes")]).await.assert_status(422).assert_contains("已经了结");
        asked.post(&theirs, &[("answer", "withdraw")]).await.assert_status(422);
        ask(same_school).await.assert_ok();
        let theirs = asked.get(&link).await.between_all("action=\"", "\"").find(|action| action.contains("/swaps/")).unwrap().to_owned();
        asked.post(&theirs, &[("answer", "yes")]).await.assert_ok();
        asked.post(&theirs, &[("answer", "yes")]).await.assert_status(422).assert_contains("您已经同意过了");
        asker.get(&own).await.assert_contains("高瑞芹同意了，等值班室批");
        let decision = format!("/duty-shifts/{id}/swaps/{}/decision", theirs.rsplit('/').next().unwrap());
        chief.post(&decision, &[("decision", "no"), ("swap_why", "那天有检查")]).await.assert_ok().assert_contains("没有换成：那天有检查");
        asker.get(&own).await.assert_contains("没有换成：那天有检查");
        chief.post(&decision, &[("decision", "yes"), ("swap_why", "")]).await.assert_status(422).assert_contains("已经了结");
    }

    async fn what_was_needed_on_a_past_day_stays_what_it_was(app: TestApp) {
        let bureau = eve(&app).await;
        let officer = bureau.person(&app, "冯志强", PersonKind::Officer, Some(5), false).await;
        bureau.put(&app, DAY, bureau.gate, Some(officer)).await.unwrap();
        at(&app, "07:00");
        let (phone, own) = phone_of(&app, &bureau, officer).await;
        let id = table_of(&app, &bureau, DAY).await.rows.iter().flat_map(|row| &row.kept).flat_map(|kept| &kept.shifts).next().unwrap().id;
        phone.post(&format!("{own}/shifts/{id}"), &[("step", "come")]).await.assert_ok();
        app.means.clock.set("2026-09-10T09:00:00+08:00".parse::<Timestamp>().unwrap());
        let figures = async || {
            let table = table_of(&app, &bureau, DAY).await;
            let rows: BTreeMap<Uuid, i64> = table.rows.iter().map(|row| (row.gate.id, row.kept[0].uncovered)).collect();
            (rows, table.rates)
        };
        let before = figures().await;
        assert_eq!(before.0, BTreeMap::from([(bureau.gate, 0), (bureau.crossing, 70), (bureau.far_gate, 70)]));
        let chief = bureau.chief(&app).await;
        // More people are needed from now on.
        let page = chief.get(&format!("/duty-gates/{}", bureau.gate)).await;
        let version = page.input("version");
        let more = [("version", version.as_str()), ("kind", "gate"), ("name", "东门"), ("duty", "看护"), ("seats", "3"), ("officers", "2")];
        chief.post(&format!("/duty-gates/{}", bureau.gate), &more).await.assert_ok();
        assert_eq!(figures().await, before);
        chief.get(&format!("/duty?day={DAY}")).await.assert_contains("要 1 人，其中警力 1 人");
        chief.get("/duty?day=2026-09-11").await.assert_contains("要 3 人，其中警力 2 人");
        // Officers may not stand alone any more from now on.
        let alone = serde_json::json!({
            "alone_officer": "not_allowed", "alone_auxiliary": "not_allowed", "alone_patrol": "not_allowed",
            "alone_security": "not_allowed", "alone_teacher": "not_allowed", "alone_parent": "not_allowed",
        });
        let mut tx = app.db.begin().await.unwrap();
        doorstep::settings::set(&mut tx, &bureau.act(&app), "duty.alone", date("2026-09-10"), &alone, "试行两人一岗").await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(figures().await, before);
        // The peak is not kept any more from now on, and a gate is closed.
        chief.post(&format!("/duty-schools/{}/slots/{}/removal", bureau.schools[1], bureau.far_morning), &[]).await.assert_ok();
        let version = chief.get(&format!("/duty-gates/{}", bureau.crossing)).await.input("version");
        let closed = [("version", version.as_str()), ("kind", "crossing"), ("name", "校门前路口"), ("duty", "看护"), ("seats", "1"), ("officers", "1"), ("closed", "yes")];
        chief.post(&format!("/duty-gates/{}", bureau.crossing), &closed).await.assert_ok();
        assert_eq!(figures().await, before);
        let rows: Vec<Uuid> = table_of(&app, &bureau, "2026-09-11").await.rows.iter().map(|row| row.gate.id).collect();
        assert_eq!(rows, [bureau.gate]);
        // It is opened again: the days in between were not kept.
        app.means.clock.set("2026-09-16T09:00:00+08:00".parse::<Timestamp>().unwrap());
        let chief = bureau.chief(&app).await;
        let version = chief.get(&format!("/duty-gates/{}", bureau.crossing)).await.input("version");
        let open = [&[("version", version.as_str())], &closed[1..6]].concat();
        chief.post(&format!("/duty-gates/{}", bureau.crossing), &open).await.assert_ok();
        assert_eq!(figures().await, before);
        let rows = async |day: &str| table_of(&app, &bureau, day).await.rows.iter().map(|row| row.gate.id).collect::<Vec<_>>();
        assert_eq!(rows("2026-09-11").await, [bureau.gate]);
        assert_eq!(rows("2026-09-17").await, [bureau.gate, bureau.crossing]);
        // And what was entered only now was not missing before.
        let mut tx = app.db.begin().await.unwrap();
        let bells = vec![(720, String::new())];
        let noon = SlotSketch { kind: Peak::NoonOut, days: OnDays::Every, early: Some(10), stay: Some(10), bells, gates: vec![bureau.gate] };
        duty::add_slot(&mut tx, &bureau.act(&app), bureau.schools[0], &noon).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(figures().await, before);
        assert_eq!(rows("2026-09-17").await.len(), 3);
    }

    async fn the_rates_follow_their_words(app: TestApp) {
        let bureau = eve(&app).await;
        let officer = bureau.person(&app, "冯志强", PersonKind::Officer, Some(5), false).await;
        let id = bureau.put(&app, DAY, bureau.gate, Some(officer)).await.unwrap();
        bureau.put(&app, DAY, bureau.crossing, None).await.unwrap();
        let (phone, own) = phone_of(&app, &bureau, officer).await;
        at(&app, "06:12");
        phone.post(&format!("{own}/shifts/{id}"), &[("step", "come")]).await.assert_ok();
        at(&app, "06:15");
        phone.post(&format!("{own}/shifts/{id}"), &[("step", "leave")]).await.assert_ok();
        at(&app, "07:30");
        let rates = table_of(&app, &bureau, DAY).await.rates;
        // A shift without a person is planned too; whoever has gone before the beginning was not there.
        assert_eq!((rates.on_time, rates.planned, rates.seen, rates.slots), (0, 2, 0, 3));
        let chief = bureau.chief(&app).await;
        for page in ["/duty", "/duty/coverage?day=2026-09-01&span=week"] {
            let page = chief.get(page).await;
            page.assert_contains("没有定人的班算在内，顶岗的不另算").assert_contains("民警、辅警、巡特警算穿制服的");
        }
        let form = [("way", "left"), ("at", "07:20"), ("presence_why", "手机点错了")];
        chief.post(&format!("/duty-shifts/{id}/presence"), &form).await.assert_ok();
        let rates = table_of(&app, &bureau, DAY).await.rates;
        assert_eq!((rates.on_time, rates.planned, rates.seen, rates.slots), (1, 2, 1, 3));
    }

    async fn two_absences_at_once_call_two_people(app: TestApp) {
        let bureau = eve(&app).await;
        let mut shifts = Vec::new();
        for (name, gate) in [("冯志强", bureau.gate), ("任建平", bureau.crossing)] {
            let person = bureau.person(&app, name, PersonKind::Officer, Some(5), false).await;
            shifts.push(bureau.put(&app, DAY, gate, Some(person)).await.unwrap());
        }
        for name in ["高瑞芹", "薛改珍"] {
            bureau.person(&app, name, PersonKind::Officer, Some(6), true).await;
        }
        at(&app, "06:50");
        let called = join_all(shifts.iter().map(|id| miss(&app, &bureau, *id))).await;
        assert!(called[0].is_some() && called[1].is_some(), "{called:?}");
        assert_ne!(called[0], called[1]);
    }

    async fn the_first_day_of_term_an_officer_is_ill_and_the_post_is_kept_before_the_bell(app: TestApp) {
        app.means.clock.set("2026-08-28T10:00:00+08:00".parse::<Timestamp>().unwrap());
        let bureau = bureau(&app).await;
        let folder = tempfile::tempdir().unwrap();
        let outgoing = Outgoing { sms_file: Some(folder.path().join("sms.jsonl")), ..Outgoing::default() };
        let program = App { config: Arc::new(Config { outgoing, ..(*app.app.config).clone() }), ..app.app.clone() };
        let chief = bureau.chief(&app).await;
        let mut people = Vec::new();
        for (name, kind, minutes, standby) in [
            ("冯志强", PersonKind::Officer, 5, false), ("任建平", PersonKind::Officer, 5, false), ("高瑞芹", PersonKind::Parent, 2, true),
            ("薛改珍", PersonKind::Officer, 7, true), ("郝春生", PersonKind::Officer, 12, true),
        ] {
            people.push(bureau.person(&app, name, kind, Some(minutes), standby).await);
        }
        // The week is planned by hand before it begins; what is not settled would be written beside it.
        let school = bureau.schools[0].to_string();
        for (gate, person) in [(bureau.gate, people[0]), (bureau.crossing, people[1])] {
            let (post, person) = (format!("{gate}:{}", bureau.morning), person.to_string());
            let form = [("day", DAY), ("school", school.as_str()), ("post", post.as_str()), ("person", person.as_str()), ("duty", "看护学生过马路")];
            chief.post("/duty-shifts", &form).await.assert_ok().assert_contains("已排上");
        }
        chief.get("/duty/coverage?day=2026-09-01&span=week").await.assert_contains("✓ 冯志强").assert_contains("✓ 任建平").assert_contains("没有人 70 分");
        let phones = [phone_of(&app, &bureau, people[0]).await, phone_of(&app, &bureau, people[3]).await, phone_of(&app, &bureau, people[4]).await];
        let [(ill, ill_link), (near, near_link), (far, far_link)] = &phones;
        let page = ill.get(ill_link).await;
        let step = page.between_all("action=\"", "\"").find(|action| action.contains("/shifts/")).unwrap().to_owned();
        let root: Uuid = step.rsplit('/').next().unwrap().parse().unwrap();
        ill.post(&step, &[("step", "confirm")]).await.assert_ok().assert_contains("已确认");
        let school = watching_school(&app, &bureau).await;

        at(&app, "06:50");
        ill.post(&step, &[("step", "absent"), ("why", "夜里发烧")]).await.assert_ok().assert_contains("马上叫备勤的人");
        while outbox::work(&program, &handlers()).await.unwrap() > 0 {}
        let chief = bureau.chief(&app).await;
        chief.get("/today").await.assert_contains("盯备勤");
        // The parent is nearest, and no police: the officer who is called does not look at the phone, and the clock goes on.
        near.get(near_link).await.assert_contains("请您去顶岗");
        far.get(far_link).await.assert_lacks("请您去顶岗");
        at(&app, "06:53");
        watch(&app).await;
        while outbox::work(&program, &handlers()).await.unwrap() > 0 {}
        assert_eq!(std::fs::read_to_string(folder.path().join("sms.jsonl")).unwrap().lines().count(), 2);
        at(&app, "06:54");
        let form = answer_of(&far.get(far_link).await);
        far.post(&form, &[("answer", "yes")]).await.assert_ok().assert_contains("最晚 07:10 到岗");
        chief.get("/duty").await.assert_contains("正在赶来，最晚 07:10");
        let page = chief.get(&format!("/duty-shifts/{root}")).await;
        page.assert_contains("1 分钟后答应，12 分钟到").assert_contains("06:53 还没有答复").assert_contains("由郝春生顶岗").assert_contains("夜里发烧");
        near.get(near_link).await.assert_lacks("请您去顶岗");
        app.browser().get(&school).await.assert_contains("现在没有人在岗").assert_lacks("已到岗");

        // On post at six past seven by the code that hangs there, four minutes before the post is to be kept and thirty-four before the bell.
        at(&app, "07:06");
        let code = code_of(&app, &bureau).await;
        let page = far.get(&code).await;
        let id = page.input("shift");
        far.post(&code, &[("shift", id.as_str()), ("way", "come")]).await.assert_ok().assert_contains("您已在岗");
        app.browser().get(&school).await.assert_contains("护学岗已到岗").assert_lacks("郝春生");
        let table = table_of(&app, &bureau, DAY).await;
        let kept = &table.rows.iter().find(|row| row.gate.id == bureau.gate).unwrap().kept[0];
        assert_eq!(kept.uncovered, 0);
        let handover = format!("{far_link}/shifts/{id}");
        far.post(&handover, &[("step", "handover"), ("words", "停车牌在门卫室")]).await.assert_ok();
        at(&app, "08:20");
        far.post(&code, &[("shift", id.as_str()), ("way", "leave")]).await.assert_ok().assert_contains("已经签退");
        let chief = bureau.chief(&app).await;
        chief.get(&format!("/duty-shifts/{id}")).await.assert_contains("停车牌在门卫室").assert_contains("扫岗位码");
        // The week as it was kept, for the wall of the duty room.
        chief.get("/duty/coverage/paper?day=2026-09-01&span=week").await.assert_ok().assert_contains("✓ 郝春生").assert_contains("内部使用");
        let rates = table_of(&app, &bureau, DAY).await.rates;
        assert_eq!((rates.on_time, rates.planned, rates.seen, rates.slots), (0, 2, 1, 3));
    }
}
