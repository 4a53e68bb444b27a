//! What the class and the guardians tell each other, both ways, and how it goes with the child's record.

use doorstep::access::{Reach, Role};
use doorstep::{after_school, channel, place, upkeep};

use crate::after_school::{enrolled, link};
use crate::stories::cast::estate;
use crate::support::{Browser, TestApp};
use crate::volunteer::at;

db::statements! {
    COPIES = "SELECT COUNT(*) AS count FROM class_message_copies WHERE tenant_id = $1";
    MESSAGES = "SELECT COUNT(*) AS count FROM class_messages WHERE tenant_id = $1";
    AUDITED = "SELECT reason || fields AS text FROM audit_entries WHERE tenant_id = $1";
    NOTICES = "SELECT text FROM deliveries WHERE tenant_id = $1";
}

async fn count(app: &TestApp, statement: db::Statement) -> i64 {
    app.db.read().await.unwrap().rows(statement.bind(app.home.tenant)).await.unwrap()[0].get("count").unwrap()
}

async fn opened(browser: &Browser, child: &str) {
    browser.post(&format!("/children/{child}/openings"), &[("reason", "看家长的留言")]).await.assert_ok();
}

db_test! {
    async fn staff_and_guardians_write_to_each_other(app: TestApp) {
        let place = estate(&app).await;
        let staff = app.person(Role::Staff).named("任建平").browser().await;
        let one = enrolled(&staff, &[]).await;
        let two = enrolled(&staff, &[("child_name", "高小明"), ("guardian1_name", "高建国")]).await;
        let [own, other] = [link(&staff, &one).await, link(&staff, &two).await];
        let guardian = app.browser();
        let address = format!("/children/{one}/messages");

        // To one: nobody else reads it, and no other child is named in it.
        staff.get(&address).await.assert_ok().assert_lacks("小雨");
        staff.post(&address, &[("words", "今天和高小明闹了别扭")]).await.assert_status(422).assert_contains("别的孩子的姓名");
        staff.post(&address, &[("words", "")]).await.assert_status(422);
        staff.post(&address, &[("words", "刘小雨今天把手工落在教室了")]).await.assert_ok().assert_lacks("手工");
        guardian.get(&own).await.assert_contains("1 条新消息");
        let page = guardian.get(&format!("{own}/messages")).await;
        page.assert_ok().assert_contains("把手工落在教室").assert_contains("还没看").assert_lacks("任建平");
        guardian.get(&format!("{other}/messages")).await.assert_ok().assert_lacks("手工");
        guardian.get(&other).await.assert_lacks("新消息");
        guardian.post(&format!("{own}/messages/seen"), &[]).await.assert_status(422);
        let until = page.input("until");
        guardian.post(&format!("{own}/messages/seen"), &[("until", &until)]).await.assert_ok();
        guardian.get(&own).await.assert_lacks("条新消息");

        // The answer waits for staff, who read it once they have said why.
        guardian.post(&format!("{own}/messages"), &[("words", "明天我去拿，谢谢"), ("until", &until)]).await.assert_ok().assert_contains("明天我去拿");
        staff.get("/today").await.assert_contains("家长留言").assert_contains("1 条没看").assert_lacks("小雨").assert_lacks("明天我去拿");
        staff.get(&address).await.assert_contains("1 条没看").assert_lacks("明天我去拿");
        staff.post(&format!("{address}/seen"), &[]).await.assert_status(422);
        opened(&staff, &one).await;
        let shown = staff.get(&address).await;
        shown.assert_contains("明天我去拿").assert_contains("把手工落在教室").assert_contains("看过了");
        let until = shown.input("until");
        staff.get("/today").await.assert_contains("家长留言");
        // What came after the page was shown has not been seen.
        at(&app, "2026-11-23T09:01:00+08:00");
        guardian.post(&format!("{own}/messages"), &[("words", "孩子还有点咳嗽")]).await.assert_ok();
        staff.post(&format!("{address}/seen"), &[("until", &until)]).await.assert_ok();
        staff.get("/today").await.assert_contains("家长留言").assert_contains("1 条没看");
        let until = staff.get(&address).await.assert_contains("孩子还有点咳嗽").input("until");
        staff.post(&format!("{address}/seen"), &[("until", &until)]).await.assert_ok();
        staff.get("/today").await.assert_lacks("家长留言");
        guardian.get(&format!("{own}/messages")).await.assert_lacks("还没看");

        // To all of an estate: one text, by which no child can be told.
        let estate = place.estate.to_string();
        let to_all = |words: &'static str| [("estate", estate.clone()), ("words", words.to_owned()), ("aloud", "yes".to_owned())];
        let send = async |words| {
            let form = to_all(words);
            let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
            staff.post("/class-messages", &form).await
        };
        let group = channel::NewChannel {
            kind: channel::Kind::Wecom,
            name: "王府名苑群".to_owned(),
            place: channel::Place::Estate(place.estate),
            address: "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=made-up".to_owned(),
            secret: None,
            reminders: false,
        };
        let mut tx = app.db.begin().await.unwrap();
        channel::add(&mut tx, &app.act(), group, &[]).await.unwrap();
        tx.commit().await.unwrap();
        send("明天请高小明带彩纸").await.assert_status(422).assert_contains("不要写孩子的姓名");
        send("明天下大雪，停一次课").await.assert_ok().assert_contains("已发给 2 位监护人").assert_contains("2 位里 0 位看过");
        for own in [&own, &other] {
            guardian.get(&format!("{own}/messages")).await.assert_contains("停一次课");
        }
        let until = guardian.get(&format!("{other}/messages")).await.input("until");
        guardian.post(&format!("{other}/messages/seen"), &[("until", &until)]).await.assert_ok();
        staff.get("/class-messages").await.assert_contains("2 位里 1 位看过");
        let told = app.db.read().await.unwrap().rows(NOTICES.bind(app.home.tenant)).await.unwrap();
        let told: Vec<String> = told.iter().map(|row| row.get("text").unwrap()).collect();
        assert!(told.len() == 1 && told[0].contains("新消息") && !told[0].contains("大雪"), "{told:?}");

        // The guardian takes all of it along; what is kept elsewhere has no word of it.
        let words = crate::support::office::words(&guardian.download(&format!("{own}/record.docx")).await);
        for expected in ["把手工落在教室", "明天我去拿", "停一次课", "和社区说的话"] {
            assert!(words.contains(expected), "{expected}");
        }
        for row in app.db.read().await.unwrap().rows(AUDITED.bind(app.home.tenant)).await.unwrap() {
            let text: String = row.get("text").unwrap();
            assert!(!["手工", "去拿", "大雪"].iter().any(|word| text.contains(word)), "{text}");
        }
    }

    async fn only_another_childs_name_is_in_the_way(app: TestApp) {
        let place = estate(&app).await;
        let staff = app.person(Role::Staff).browser().await;
        let one = enrolled(&staff, &[("child_name", "高小明月")]).await;
        enrolled(&staff, &[("child_name", "高小明")]).await;
        enrolled(&staff, &[("child_name", "安宁")]).await;
        let address = format!("/children/{one}/messages");
        // The own name has another's in it.
        staff.post(&address, &[("words", "高小明月今天写完了作业")]).await.assert_ok();
        let page = staff.post(&address, &[("words", "高小明月和高小明闹了别扭")]).await;
        page.assert_status(422).assert_contains("“高小明”").assert_contains("照发");
        // A name may be a word, and somebody says so.
        let words = ("words", "祝新年安宁");
        staff.post(&address, &[words]).await.assert_status(422).assert_contains("“安宁”");
        staff.post(&address, &[words, ("sure", "yes")]).await.assert_ok();
        let estate = place.estate.to_string();
        let form = [("estate", estate.as_str()), words];
        staff.post("/class-messages", &form).await.assert_status(422).assert_contains("“安宁”").assert_contains("照发");
        staff.post("/class-messages", &[form[0], form[1], ("sure", "yes")]).await.assert_ok();
    }

    async fn messages_stay_within_reach_and_go_with_the_child(app: TestApp) {
        let place = estate(&app).await;
        let staff = app.person(Role::Staff).browser().await;
        let one = enrolled(&staff, &[]).await;
        let two = enrolled(&staff, &[("child_name", "高小明")]).await;
        let [own, other] = [link(&staff, &one).await, link(&staff, &two).await];
        let guardian = app.browser();
        let address = format!("/children/{one}/messages");
        for role in Role::assignable().filter(|role| !matches!(role, Role::Secretary | Role::Staff)) {
            let browser = app.person(role).browser().await;
            browser.get(&address).await.assert_status(403);
            browser.get("/class-messages").await.assert_status(403);
        }
        guardian.post(&format!("{own}/messages"), &[("words", "孩子这周感冒")]).await.assert_ok();
        let mut tx = app.db.begin().await.unwrap();
        let elsewhere = place::create_estate(&mut tx, &app.act(), "凤凰苑小区", None, None).await.unwrap();
        tx.commit().await.unwrap();
        let neighbour = app.person(Role::Staff).reaching(Reach::Estate, elsewhere).browser().await;
        neighbour.get(&address).await.assert_status(404);
        neighbour.get("/today").await.assert_lacks("家长留言");
        let estate = place.estate.to_string();
        let form = [("estate", estate.as_str()), ("words", "停一次课")];
        neighbour.post("/class-messages", &form).await.assert_status(422);
        let empty = elsewhere.to_string();
        neighbour.post("/class-messages", &[("estate", empty.as_str()), ("words", "停一次课")]).await.assert_status(422).assert_contains("还没有在册的孩子");
        let abroad = app.community("141102004998", "凤山社区").await;
        let stranger = app.person(Role::Secretary).of_community(&abroad).browser().await;
        stranger.get(&address).await.assert_status(404);
        stranger.post(&address, &[("words", "你好")]).await.assert_status(404);
        stranger.get("/class-messages").await.assert_ok();

        staff.post("/class-messages", &form).await.assert_ok();
        staff.post(&address, &[("words", "多喝水")]).await.assert_ok();
        guardian.post(&format!("{other}/messages"), &[("words", "收到")]).await.assert_ok();
        assert_eq!((count(&app, MESSAGES).await, count(&app, COPIES).await), (4, 5));
        // Who has left writes and is written to no more, and reads what was said.
        guardian.post(&format!("{own}/departure"), &[]).await.assert_ok();
        guardian.post(&format!("{own}/messages"), &[("words", "再见")]).await.assert_status(422).assert_contains("不能再发");
        staff.post(&address, &[("words", "再见")]).await.assert_status(422);
        guardian.get(&format!("{own}/messages")).await.assert_ok().assert_contains("多喝水");
        guardian.post(&format!("{own}/erasure"), &[]).await.assert_ok();
        guardian.get(&format!("{own}/messages")).await.assert_status(404);
        assert_eq!((count(&app, MESSAGES).await, count(&app, COPIES).await), (2, 2));
        guardian.get(&format!("{other}/messages")).await.assert_contains("停一次课").assert_contains("收到");
        // The rest goes when its time is up.
        at(&app, "2027-05-01T09:00:00+08:00");
        upkeep::once(&app.app).await.unwrap();
        assert_eq!(count(&app, MESSAGES).await, 2);
        at(&app, "2027-06-01T09:00:00+08:00");
        upkeep::once(&app.app).await.unwrap();
        assert_eq!((count(&app, MESSAGES).await, count(&app, COPIES).await), (0, 0));
        assert!(!after_school::child(&mut app.db.read().await.unwrap(), &app.act(), two.parse().unwrap()).await.unwrap().erased);
    }
}
