//! Incidents of the class: who reads what, that nothing is lost, and that a suspected harm waits for nobody.

use doorstep::access::{Reach, Role};
use doorstep::{audit, place, upkeep};
use futures_util::future::join_all;

use crate::after_school::{enrolled, id_of, link};
use crate::class_sessions::{Class, DOORS};
use crate::stories::cast::{Estate, estate};
use crate::support::{Browser, Page, TestApp};
use crate::volunteer::at;

db::statements! {
    AUDITED = "SELECT reason || fields AS text FROM audit_entries WHERE tenant_id = $1";
    WORDS = "SELECT COUNT(*) AS count FROM class_incident_entries WHERE tenant_id = $1 AND sealed IS NOT NULL";
    INCIDENTS = "SELECT COUNT(*) AS count FROM class_incidents WHERE tenant_id = $1";
    OPENINGS = "SELECT COUNT(*) AS count FROM class_incident_openings WHERE tenant_id = $1";
    REPORTS = "SELECT COUNT(*) AS count FROM class_incident_reports WHERE tenant_id = $1";
    SUSPICIONS = "SELECT COUNT(*) AS count FROM class_incident_entries WHERE tenant_id = $1 AND kind = 'suspected'";
    ENDS = "SELECT COUNT(*) AS count FROM class_incident_entries WHERE tenant_id = $1 AND kind = 'closed'";
    ENTRIES = "SELECT COUNT(*) AS count FROM class_incident_entries WHERE tenant_id = $1";
}

async fn written(writer: &Browser, place: &Estate, changed: &[(&str, &str)]) -> Page {
    let estate = place.estate.to_string();
    let mut form = vec![("estate", estate.as_str()), ("happened_at", "2026-11-23T08:40")];
    form.retain(|(name, _)| !changed.iter().any(|(other, _)| other == name));
    form.extend(changed);
    writer.post("/class-incidents", &form).await
}

async fn opened(browser: &Browser, id: &str) -> Page {
    browser.post(&format!("/class-incidents/{id}/openings"), &[("reason", "派出所来了解情况")]).await
}

async fn count(app: &TestApp, statement: db::Statement) -> i64 {
    app.db.read().await.unwrap().rows(statement.bind(app.home.tenant)).await.unwrap()[0].get("count").unwrap()
}

/// A suspected harm of 刘小雨, written down at nine.
const HARM: [(&str, &str); 3] =
    [("kind", "harm"), ("children", "刘小雨"), ("account", "胳膊上有一圈青紫，孩子说不敢回家")];

db_test! {
    async fn a_suspected_harm_is_reported_and_stays_with_whoever_is_responsible(app: TestApp) {
        let place = estate(&app).await;
        let staff = app.person(Role::Staff).named("任建平").browser().await;
        let child = enrolled(&staff, &[]).await;
        let own = link(&staff, &child).await;
        let wrong = written(&staff, &place, &[("kind", "harm"), ("children", "刘小雪"), ("account", "胳膊上有青紫")]).await;
        wrong.assert_status(422).assert_contains("第 1 个名字不在名单上").assert_contains("胳膊上有青紫");
        written(&staff, &place, &[("kind", "hurt"), ("happened_at", ""), ("account", "")]).await.assert_status(422);

        // It leads at once to the numbers and to the report, and says no word of what was written.
        let page = written(&staff, &place, &HARM).await;
        page.assert_ok().assert_contains("tel:110").assert_contains("tel:12345").assert_contains("tel:12355");
        page.assert_contains("登记报告").assert_contains("第十一条").assert_lacks("青紫").assert_lacks("小雨");
        let id = id_of(&page);
        let address = format!("/class-incidents/{id}");

        // Nobody else learns of it: no colleague, no other role, not the guardian.
        let colleague = app.person(Role::Staff).browser().await;
        colleague.get(&address).await.assert_status(404);
        colleague.get("/class-incidents").await.assert_ok().assert_contains("还没有记录");
        colleague.get("/today").await.assert_lacks("强制报告");
        opened(&colleague, &id).await.assert_status(404);
        for role in Role::assignable().filter(|role| !matches!(role, Role::Secretary | Role::Staff)) {
            let browser = app.person(role).browser().await;
            browser.get(&address).await.assert_status(403);
            browser.get("/class-incidents").await.assert_status(403);
            assert!(!browser.get("/today").await.contains("强制报告"), "{role:?}");
        }
        let guardian = app.browser();
        guardian.get(&own).await.assert_ok().assert_lacks("事件").assert_lacks("侵害").assert_lacks("青紫");
        guardian.get(&format!("{own}/particulars")).await.assert_lacks("侵害").assert_lacks("青紫");
        let copy = crate::support::office::words(&guardian.download(&format!("{own}/record.docx")).await);
        assert!(!copy.contains("侵害") && !copy.contains("青紫") && !copy.contains("事件"), "{copy}");
        staff.get(&format!("/children/{child}")).await.assert_lacks("侵害");

        // Whoever wrote it reads their own words, and whoever is responsible all of them, once they have said why.
        let secretary = app.person(Role::Secretary).named("温书记").browser().await;
        secretary.get("/class-incidents").await.assert_contains("疑似侵害").assert_contains("任建平").assert_lacks("小雨");
        secretary.get(&address).await.assert_lacks("青紫").assert_lacks("小雨");
        secretary.post(&format!("{address}/openings"), &[("reason", "看")]).await.assert_status(422).assert_lacks("青紫");
        let form = [("kind", "later"), ("at", "2026-11-23T08:55"), ("words", "负责人补充：已请民警到场")];
        secretary.post(&format!("{address}/entries"), &form).await.assert_ok();
        opened(&secretary, &id).await.assert_ok().assert_contains("青紫").assert_contains("刘小雨").assert_contains("已请民警到场");
        opened(&staff, &id).await.assert_ok().assert_contains("青紫").assert_lacks("已请民警到场").assert_lacks("温书记");
        secretary.get(&address).await.assert_contains("派出所来了解情况").assert_contains("任建平");
        staff.post(&format!("{address}/attention"), &[("plan", "自己跟进"), ("version", "1")]).await.assert_status(403);

        // Until somebody has told an office, it stands first for both, in red once the time is up, and cannot be closed.
        for browser in [&secretary, &staff] {
            browser.get("/today").await.assert_contains("强制报告").assert_contains("还剩 30 分钟");
        }
        at(&app, "2026-11-23T09:25:00+08:00");
        staff.get("/today").await.assert_ok();
        let version = secretary.get(&address).await.input("version");
        secretary.post(&format!("{address}/attention"), &[("plan", "陪孩子去医院检查"), ("version", &version)]).await.assert_ok();
        let version = secretary.get(&address).await.input("version");
        let closure = [("ending", "算了"), ("version", version.as_str())];
        secretary.post(&format!("{address}/closure"), &closure).await.assert_status(422).assert_contains("还没有报告");
        at(&app, "2026-11-23T09:31:00+08:00");
        secretary.get(&address).await.assert_contains("tag late");
        for browser in [&secretary, &staff] {
            let today = browser.get("/today").await;
            today.assert_contains("强制报告").assert_contains("超期 1 分钟").assert_contains("已经超时");
            assert!(!today.contains("刘") && !today.contains("侵害"), "no word of it");
        }
        opened(&secretary, &id).await.assert_ok();
        let report = format!("{address}/reports");
        secretary.post(&report, &[("reported_at", "2026-11-23T09:28"), ("by", "温书记")]).await.assert_status(422).assert_contains("哪个部门");
        let told = [("office", "police"), ("office", "civil"), ("by", "温书记"), ("answer", "JQ20261123007")];
        let later = [&told[..], &[("reported_at", "2026-11-23T10:00")]].concat();
        secretary.post(&report, &later).await.assert_status(422).assert_contains("时间还没有到");
        secretary.get("/today").await.assert_contains("强制报告");
        let form = [&told[..], &[("reported_at", "2026-11-23T09:28")]].concat();
        secretary.post(&report, &form).await.assert_ok().assert_contains("公安、民政").assert_contains("JQ20261123007");
        for browser in [&secretary, &staff] {
            browser.get("/today").await.assert_lacks("强制报告");
        }
        staff.get(&address).await.assert_ok().assert_contains("已报告").assert_lacks("JQ20261123007");

        // It is handed over as a file, by whoever is responsible and has said why.
        staff.post(&format!("{address}/paper.docx"), &[]).await.assert_status(403);
        let file = secretary.download_by_form(&format!("{address}/paper.docx"), &[]).await;
        let words = crate::support::office::words(&file);
        for expected in ["刘小雨", "胳膊上有一圈青紫", "已请民警到场", "公安、民政", "JQ20261123007", "接收人", "任建平", "写下时间", "登记人", "登记时间"] {
            assert!(words.contains(expected), "{expected}");
        }
        let version = secretary.get(&address).await.input("version");
        secretary.post(&format!("{address}/closure"), &[("ending", "公安已立案，孩子暂住姑姑家"), ("version", &version)]).await.assert_ok().assert_contains("已了结");
        // What is said later is an entry of its own.
        let entries = count(&app, ENTRIES).await;
        let form = [("kind", "done"), ("at", "2026-11-23T09:30"), ("words", "又去看过")];
        secretary.post(&format!("{address}/entries"), &form).await.assert_ok().assert_contains("青紫").assert_contains("又去看过");
        assert_eq!(count(&app, ENTRIES).await, entries + 1);

        // The audit log says that something was done and no word of what.
        app.person(Role::AuditAdmin).browser().await.get("/audit").await
            .assert_contains("打开七彩四点半的事件记录").assert_contains("登记强制报告").assert_lacks("青紫").assert_lacks("派出所").assert_lacks("小雨");
        let rows = app.db.read().await.unwrap().rows(AUDITED.bind(app.home.tenant)).await.unwrap();
        for row in rows {
            let text: String = row.get("text").unwrap();
            assert!(!["青紫", "派出所", "民警", "医院", "公安", "JQ2026", "立案"].iter().any(|word| text.contains(word)), "{text}");
        }
        let mut tx = app.db.read().await.unwrap();
        let history = audit::history(&mut tx, &app.act(), child.parse().unwrap()).await.unwrap();
        assert!(history.iter().all(|past| !past.reason.contains("侵害") && !past.reason.contains("派出所")));
        assert_eq!(audit::verify(&mut tx, app.home.tenant).await.unwrap().broken, None);
    }

    async fn a_reported_harm_waits_for_whoever_is_responsible(app: TestApp) {
        let place = estate(&app).await;
        let staff = app.person(Role::Staff).named("任建平").browser().await;
        enrolled(&staff, &[]).await;
        let secretary = app.person(Role::Secretary).browser().await;
        let id = id_of(written(&staff, &place, &HARM).await.assert_ok());
        let address = format!("/class-incidents/{id}");
        secretary.get("/today").await.assert_contains("强制报告").assert_lacks("事件记录");
        let told = [("office", "police"), ("reported_at", "2026-11-23T08:55"), ("by", "任建平")];
        staff.post(&format!("{address}/reports"), &told).await.assert_ok();
        secretary.get("/today").await.assert_lacks("强制报告").assert_contains("跟进").assert_contains("事件记录").assert_contains(&address);
        staff.get("/today").await.assert_lacks("事件记录");
        let version = secretary.get(&address).await.input("version");
        secretary.post(&format!("{address}/attention"), &[("plan", "陪孩子去医院检查"), ("version", &version)]).await.assert_ok();
        secretary.get("/today").await.assert_lacks("事件记录");
        // The paper for the police says when each thing was written and who entered the report.
        opened(&secretary, &id).await.assert_ok();
        let words = crate::support::office::words(&secretary.download_by_form(&format!("{address}/paper.docx"), &[]).await);
        let report = words.split("强制报告").last().unwrap();
        assert!(report.matches("任建平").count() == 2 && report.contains("08:55") && report.contains("09:00"), "{report}");
        assert!(words.contains("08:40") && words.contains("写下时间"), "{words}");
    }

    async fn what_was_written_twice_or_by_mistake_ends_without_a_report(app: TestApp) {
        let place = estate(&app).await;
        let staff = app.person(Role::Staff).browser().await;
        enrolled(&staff, &[]).await;
        let secretary = app.person(Role::Secretary).browser().await;
        // A form that comes twice is one incident.
        let form = staff.get("/class-incidents/new").await.input("id");
        let twice = [&HARM[..], &[("id", form.as_str())]].concat();
        let [one, same] = [id_of(written(&staff, &place, &twice).await.assert_ok()), id_of(written(&staff, &place, &twice).await.assert_ok())];
        assert_eq!(one, same);
        assert_eq!(count(&app, INCIDENTS).await, 1);
        assert_eq!(count(&app, ENTRIES).await, 1);
        // One that was tapped by mistake is not ended by a report that is not true, and not by whoever wrote it.
        let mistaken = id_of(written(&staff, &place, &[("kind", "harm"), ("account", "本来要选冲突")]).await.assert_ok());
        let address = format!("/class-incidents/{mistaken}");
        let version = secretary.get(&address).await.input("version");
        let form = [("how", "mistaken"), ("ending", "选错了，另记了一件冲突"), ("version", version.as_str())];
        staff.post(&format!("{address}/closure"), &form).await.assert_status(403);
        secretary.post(&format!("{address}/closure"), &[form[0], form[2]]).await.assert_status(422);
        secretary.post(&format!("{address}/closure"), &form).await.assert_ok().assert_contains("已了结").assert_lacks("已报告").assert_lacks("还没有报告");
        opened(&secretary, &mistaken).await.assert_contains("本来要选冲突").assert_contains("选错了，另记了一件冲突");
        secretary.get("/today").await.assert_contains(&one).assert_lacks(&mistaken);
        secretary.post(&format!("{address}/closure"), &form).await.assert_status(422);
        // And if it was one after all, it waits again.
        staff.post(&format!("{address}/suspicions"), &[("suspicion", "孩子又说了一次")]).await.assert_ok().assert_contains("还没有报告");
        secretary.get("/today").await.assert_contains(&mistaken);
    }

    async fn what_is_followed_waits_to_be_settled(app: TestApp) {
        let place = estate(&app).await;
        let staff = app.person(Role::Staff).browser().await;
        let id = id_of(written(&staff, &place, &[("kind", "property"), ("account", "书包丢了")]).await.assert_ok());
        let secretary = app.person(Role::Secretary).browser().await;
        secretary.post(&format!("/class-incidents/{id}/attention"), &[("plan", "查监控"), ("version", "1")]).await.assert_ok();
        at(&app, "2026-12-23T08:59:00+08:00");
        let secretary = app.person(Role::Secretary).browser().await;
        secretary.get("/today").await.assert_lacks("事件记录");
        at(&app, "2026-12-23T09:01:00+08:00");
        let secretary = app.person(Role::Secretary).browser().await;
        secretary.get("/today").await.assert_contains("了结").assert_contains("事件记录").assert_contains(&id);
        app.person(Role::Staff).browser().await.get("/today").await.assert_lacks("事件记录");
        secretary.post(&format!("/class-incidents/{id}/closure"), &[("ending", "找到了"), ("version", "2")]).await.assert_ok();
        secretary.get("/today").await.assert_lacks("事件记录");
    }

    async fn whoever_has_a_grid_writes_down_what_they_saw(app: TestApp) {
        let place = estate(&app).await;
        let staff = app.person(Role::Staff).browser().await;
        enrolled(&staff, &[]).await;
        let walker = app.person(Role::Staff).reaching(Reach::Grid, place.grid).browser().await;
        walker.get("/class-incidents/new").await.assert_ok().assert_contains("王府名苑小区");
        let id = id_of(written(&walker, &place, &HARM).await.assert_ok().assert_contains("tel:110"));
        app.person(Role::Secretary).browser().await.get("/today").await.assert_contains(&id);
    }

    async fn whoever_keeps_a_class_by_a_link_writes_down_what_happened(app: TestApp) {
        let class = Class::new(&app).await;
        let (child, other) = (class.child(&app, &[]).await, class.child(&app, &[("child_name", "高小明")]).await);
        let stranger = enrolled(&class.staff(&app).await, &[("child_name", "王小丫")]).await;
        let keeper = class.keeper(&app, "张爱莲").await;
        let phone = app.browser();
        // The numbers are there on any day, the form on the day of the class.
        let form = format!("{keeper}/incidents/new");
        at(&app, "2026-11-30T16:10:00+08:00");
        phone.get(&keeper).await.assert_contains("tel:110").assert_lacks("记一件事");
        phone.get(&form).await.assert_status(422).assert_lacks("小雨");
        at(&app, DOORS);
        phone.get(&keeper).await.assert_contains("tel:12355").assert_contains(&form);
        let asked = phone.get(&form).await;
        asked.assert_ok().assert_contains("刘小雨").assert_contains("高小明").assert_lacks("王小丫").assert_lacks("哪个小区");
        let id = asked.input("id");
        let address = format!("{keeper}/incidents");
        let wrong = [("id", id.as_str()), ("happened_at", "2026-12-01T16:05"), ("child", other.as_str()), ("account", "胳膊上有青紫")];
        phone.post(&address, &wrong).await.assert_status(422).assert_contains("胳膊上有青紫").assert_contains("checked");
        let late = [&wrong[..], &[("kind", "harm"), ("told", "值班民警"), ("told_at", "2026-12-01T18:00")]].concat();
        phone.post(&address, &late).await.assert_status(422).assert_contains("时间还没有到");
        // A child of another class is none of theirs, whatever they send.
        let sent = [("id", id.as_str()), ("kind", "harm"), ("happened_at", "2026-12-01T16:05"), ("child", child.as_str()), ("child", stranger.as_str()), ("account", "胳膊上有青紫")];
        for words in ["请现在就打电话报告", "已经记过一次"] {
            phone.post(&address, &sent).await.assert_ok().assert_contains(words).assert_lacks("青紫");
        }
        assert_eq!(count(&app, INCIDENTS).await, 1, "a form that comes twice is one incident");

        // Whoever is responsible reads all of it, with the name of who wrote it, and nobody else.
        let colleague = class.staff(&app).await;
        colleague.get("/class-incidents").await.assert_contains("还没有记录");
        colleague.get(&class.path).await.assert_contains("/class-incidents/new?estate=").assert_contains("tel:110");
        let secretary = app.person(Role::Secretary).browser().await;
        secretary.get("/today").await.assert_contains("强制报告").assert_contains(&id);
        secretary.get("/class-incidents").await.assert_contains("张爱莲记");
        let shown = opened(&secretary, &id).await;
        shown.assert_ok().assert_contains("刘小雨（2016-05 生） 王府名苑小区 3号楼").assert_contains("青紫").assert_contains("张爱莲").assert_lacks("王小丫");
        let words = crate::support::office::words(&secretary.download_by_form(&format!("/class-incidents/{id}/paper.docx"), &[]).await);
        assert!(words.contains("张爱莲") && words.contains("刘小雨"), "{words}");
        // The guardian reads that somebody held the class and no word of what was written.
        let own = link(&class.staff(&app).await, &child).await;
        app.browser().get(&own).await.assert_contains("带班：12月1日").assert_lacks("记一件事").assert_lacks("青紫");
        let auditor = app.person(Role::AuditAdmin).browser().await;
        auditor.get("/audit").await.assert_lacks("青紫").assert_lacks("小雨");
        // The next day the link is good for nothing.
        at(&app, "2026-12-02T09:00:00+08:00");
        phone.post(&address, &sent[1..]).await.assert_status(422);
        phone.get(&form).await.assert_status(422);
        assert_eq!(count(&app, INCIDENTS).await, 1);
    }

    async fn of_two_at_once_one_is_first(app: TestApp) {
        let place = estate(&app).await;
        let staff = app.person(Role::Staff).browser().await;
        let secretaries = [app.person(Role::Secretary).browser().await, app.person(Role::Secretary).browser().await];
        let id = id_of(written(&staff, &place, &[("kind", "conflict"), ("account", "两个孩子抢彩笔")]).await.assert_ok());
        let address = format!("/class-incidents/{id}");
        for browser in &secretaries {
            browser.get(&address).await.assert_ok();
        }
        let both = async |what: &str, form: &[(&str, &str)]| -> Vec<u16> {
            let path = format!("{address}/{what}");
            let mut answers: Vec<u16> = join_all(secretaries.iter().map(|browser| browser.post(&path, form))).await.iter().map(|page| page.status).collect();
            answers.sort_unstable();
            answers
        };
        let follow = both("attention", &[("plan", "请家长来谈"), ("version", "1")]).await;
        assert!(follow[0] == 200 && follow[1] > 400, "{follow:?}");
        // One of two who find out, and the other reads that it is known.
        assert_eq!(both("suspicions", &[("suspicion", "孩子又说是家里人打的")]).await, [200, 422]);
        assert_eq!(count(&app, SUSPICIONS).await, 1);
        // Both have called an office, and both of that stays.
        let told = [("office", "police"), ("by", "温书记"), ("reported_at", "2026-11-23T08:59")];
        assert_eq!(both("reports", &told).await, [200, 200]);
        assert_eq!(count(&app, REPORTS).await, 2);
        let version = secretaries[0].get(&address).await.input("version");
        let follow = both("attention", &[("plan", "陪孩子去医院检查"), ("version", &version)]).await;
        assert!(follow[0] == 200 && follow[1] > 400, "{follow:?}");
        let version = secretaries[0].get(&address).await.input("version");
        let close = both("closure", &[("how", "settled"), ("ending", "公安已立案"), ("version", &version)]).await;
        assert!(close[0] == 200 && close[1] > 400, "{close:?}");
        assert_eq!(count(&app, ENDS).await, 1, "one end, with one word of it");
        // A form that two taps send at once is one incident.
        let form = staff.get("/class-incidents/new").await.input("id");
        let estate = place.estate.to_string();
        let fields = [("id", form.as_str()), ("estate", estate.as_str()), ("happened_at", "2026-11-23T08:40"), ("kind", "property"), ("account", "书包丢了")];
        let before = count(&app, INCIDENTS).await;
        for page in join_all((0..4).map(|_| staff.post("/class-incidents", &fields))).await {
            page.assert_ok();
        }
        assert_eq!(count(&app, INCIDENTS).await, before + 1);
    }

    async fn moments_are_in_their_order(app: TestApp) {
        let place = estate(&app).await;
        let staff = app.person(Role::Staff).browser().await;
        let harm = [("kind", "harm"), ("account", "胳膊上有青紫")];
        written(&staff, &place, &[&harm[..], &[("happened_at", "1926-11-23T08:40")]].concat()).await.assert_status(422);
        let early = [&harm[..], &[("told", "给奶奶打了电话"), ("told_at", "2026-11-23T08:30")]].concat();
        written(&staff, &place, &early).await.assert_status(422).assert_contains("比事情还早");
        let id = id_of(written(&staff, &place, &harm).await.assert_ok());
        let told = [("office", "police"), ("reported_at", "2026-11-23T08:30"), ("by", "任建平")];
        staff.post(&format!("/class-incidents/{id}/reports"), &told).await.assert_status(422).assert_contains("比事情还早");
    }

    async fn a_name_leads_to_the_child_of_that_home(app: TestApp) {
        let place = estate(&app).await;
        let mut tx = app.db.begin().await.unwrap();
        let room = codes::address::parse_room("101").unwrap();
        place::Settler::default().settle(&mut tx, &app.act(), "王府名苑小区", "13号楼", "1", &room).await.unwrap();
        tx.commit().await.unwrap();
        let staff = app.person(Role::Staff).browser().await;
        let page = staff.get("/children/new").await;
        let homes: Vec<String> = page.between_all("<option value=\"0", "</option>").map(str::to_owned).collect();
        let home = |building: &str| {
            let found = homes.iter().find(|text| text.contains(&format!(" {building}")) || text.contains(&format!(">{building}")));
            format!("0{}", found.unwrap_or_else(|| panic!("{homes:?}")).split('"').next().unwrap())
        };
        let [three, thirteen] = [home("3号楼"), home("13号楼")];
        enrolled(&staff, &[("child_name", "高小明"), ("home", &thirteen), ("guardian1_name", "高建国")]).await;
        let changed = [("kind", "conflict"), ("account", "两个孩子抢彩笔"), ("children", "高小明 3号楼")];
        written(&staff, &place, &changed).await.assert_status(422).assert_contains("第 1 个名字不在名单上");
        enrolled(&staff, &[("child_name", "高小明"), ("home", &three), ("guardian1_name", "高建军")]).await;
        let id = id_of(written(&staff, &place, &changed).await.assert_ok());
        opened(&staff, &id).await.assert_contains("高建军").assert_lacks("高建国");
        let bare = [("kind", "conflict"), ("account", "两个孩子抢彩笔"), ("children", "高小明")];
        written(&staff, &place, &bare).await.assert_status(422).assert_contains("王府名苑小区 13号楼、王府名苑小区 3号楼");
        let whole = [("kind", "conflict"), ("account", "两个孩子抢彩笔"), ("children", "高小明 王府名苑小区 13号楼")];
        let id = id_of(written(&staff, &place, &whole).await.assert_ok());
        opened(&staff, &id).await.assert_contains("高建国").assert_lacks("高建军");
    }

    async fn an_ordinary_incident_is_followed_and_may_turn_into_a_harm(app: TestApp) {
        let place = estate(&app).await;
        let staff = app.person(Role::Staff).browser().await;
        enrolled(&staff, &[]).await;
        enrolled(&staff, &[("child_name", "高小明")]).await;
        enrolled(&staff, &[("child_name", "高小明"), ("guardian1_name", "高建国")]).await;
        let form = [("kind", "conflict"), ("account", "两个孩子抢彩笔，手划破了"), ("done", "冲洗、贴创可贴"), ("told", "给奶奶打了电话"), ("told_at", "2026-11-23T08:50")];
        let same = [&form[..], &[("children", "刘小雨、高小明")]].concat();
        written(&staff, &place, &same).await.assert_status(422).assert_contains("第 2 个名字有同名的孩子");
        let untimely = [&form[..4], &[("told_at", "2026-11-24T08:50")]].concat();
        written(&staff, &place, &untimely).await.assert_status(422).assert_contains("时间还没有到");
        let page = written(&staff, &place, &[&form[..], &[("children", "刘小雨")]].concat()).await;
        page.assert_ok().assert_lacks("拨打");
        let id = id_of(&page);
        let address = format!("/class-incidents/{id}");
        let secretary = app.person(Role::Secretary).browser().await;
        secretary.get("/today").await.assert_contains("事件记录").assert_contains("还剩 1 天");
        staff.get("/today").await.assert_lacks("事件记录");
        staff.post(&format!("{address}/reports"), &[("office", "police"), ("reported_at", "2026-11-23T08:59"), ("by", "任建平")]).await.assert_status(422);
        secretary.post(&format!("{address}/closure"), &[("ending", "没事"), ("version", "1")]).await.assert_status(422).assert_contains("跟进以后才能了结");
        secretary.post(&format!("{address}/attention"), &[("plan", "请家长来谈"), ("version", "9")]).await.assert_status(409);
        secretary.post(&format!("{address}/attention"), &[("plan", "请家长来谈"), ("version", "1")]).await.assert_ok();
        secretary.get("/today").await.assert_lacks("事件记录");
        secretary.post(&format!("{address}/closure"), &[("ending", "说开了"), ("version", "2")]).await.assert_ok().assert_contains("已了结");
        opened(&secretary, &id).await.assert_contains("抢彩笔").assert_contains("创可贴").assert_contains("给奶奶打了电话").assert_contains("说开了");
        staff.post(&format!("{address}/suspicions"), &[("suspicion", "孩子又说是家里人打的")]).await.assert_ok().assert_contains("tel:110");
        for browser in [&secretary, &staff] {
            browser.get("/today").await.assert_contains("强制报告");
        }
        staff.post(&format!("{address}/suspicions"), &[("suspicion", "再点一次")]).await.assert_status(422);
        secretary.get(&address).await.assert_contains("抢彩笔").assert_contains("家里人打的").assert_contains("新记的");
    }

    async fn an_incident_outlasts_the_childs_record_and_goes_when_its_time_is_up(app: TestApp) {
        let place = estate(&app).await;
        let staff = app.person(Role::Staff).browser().await;
        let child = enrolled(&staff, &[]).await;
        let own = link(&staff, &child).await;
        let id = id_of(written(&staff, &place, &HARM).await.assert_ok());
        let address = format!("/class-incidents/{id}");
        let guardian = app.browser();
        guardian.post(&format!("{own}/departure"), &[]).await.assert_ok();
        guardian.post(&format!("{own}/erasure"), &[]).await.assert_ok();
        let secretary = app.person(Role::Secretary).browser().await;
        opened(&secretary, &id).await.assert_contains("青紫").assert_contains("刘小雨（2016-05 生） 王府名苑小区").assert_contains("刘建军（父亲）13800001234");
        // Another estate's secretary, and another community, have nothing to do with it.
        let mut tx = app.db.begin().await.unwrap();
        let other = place::create_estate(&mut tx, &app.act(), "凤凰苑小区", None, None).await.unwrap();
        tx.commit().await.unwrap();
        let neighbour = app.person(Role::Secretary).reaching(Reach::Estate, other).browser().await;
        neighbour.get(&address).await.assert_status(404);
        neighbour.get("/class-incidents").await.assert_lacks("疑似侵害");
        neighbour.get("/today").await.assert_lacks("强制报告");
        let abroad = app.community("141102004998", "凤山社区").await;
        let stranger = app.person(Role::Secretary).of_community(&abroad).browser().await;
        stranger.get(&address).await.assert_status(404);
        stranger.get("/class-incidents").await.assert_ok().assert_lacks("疑似侵害");
        opened(&stranger, &id).await.assert_status(404);

        secretary.post(&format!("{address}/reports"), &[("office", "police"), ("reported_at", "2026-11-23T08:59"), ("by", "温书记")]).await.assert_ok();
        let version = secretary.get(&address).await.input("version");
        secretary.post(&format!("{address}/attention"), &[("plan", "陪同检查"), ("version", &version)]).await.assert_ok();
        let version = secretary.get(&address).await.input("version");
        secretary.post(&format!("{address}/closure"), &[("ending", "已立案"), ("version", &version)]).await.assert_ok();
        let words = count(&app, WORDS).await;
        at(&app, "2036-11-23T09:00:00+08:00");
        upkeep::once(&app.app).await.unwrap();
        assert_eq!(count(&app, WORDS).await, words, "a suspected harm is kept for twenty years");
        at(&app, "2046-12-23T09:00:00+08:00");
        upkeep::once(&app.app).await.unwrap();
        assert_eq!(count(&app, WORDS).await, 0);
        assert_eq!(count(&app, ENTRIES).await, words, "that something was written stays");
        let secretary = app.person(Role::Secretary).browser().await;
        // There is nothing to open any more, so that nobody writes down why; that it was written down and reported is there without.
        let left = secretary.get(&address).await;
        left.assert_ok().assert_contains("保管期满").assert_contains("公安").assert_lacks("青紫").assert_lacks("小雨").assert_lacks("刘建军");
        left.assert_lacks("为什么要看").assert_lacks("paper.docx").assert_lacks("派出所来了解情况");
        let openings = count(&app, OPENINGS).await;
        opened(&secretary, &id).await.assert_status(422).assert_contains("没有要打开的");
        assert_eq!(count(&app, OPENINGS).await, openings);
        secretary.post(&format!("{address}/paper.docx"), &[]).await.assert_status(422);
        secretary.post(&format!("{address}/suspicions"), &[("suspicion", "又有人说起")]).await.assert_status(422).assert_contains("保管期满，内容已经删去").assert_lacks("已经是疑似侵害");
    }
}

/// Of all statements of the program, wherever they stand.
#[test]
fn no_statement_takes_an_incident_away_or_writes_over_it() {
    let mut about = 0;
    for statement in crate::statements::LISTS.iter().copied().flatten() {
        let text = statement.text.split_whitespace().collect::<Vec<_>>().join(" ");
        if !text.contains("class_incident") {
            continue;
        }
        about += 1;
        assert!(statement.name.contains("after_school::incident_store::"), "{} knows of incidents", statement.name);
        assert!(!text.contains("DELETE") && !text.contains("DO UPDATE"), "{text}");
        let parts =
            ["class_incident_children", "class_incident_entries", "class_incident_reports", "class_incident_openings"];
        if let Some(table) = parts.iter().find(|table| text.contains(&format!("UPDATE {table} "))) {
            let set = text.split(" SET ").nth(1).unwrap().split(" WHERE ").next().unwrap();
            assert!(set == "sealed = NULL" || set == "purpose_sealed = NULL", "{table}: {text}");
        }
        // What was said first, by whom and when, is written once.
        if text.starts_with("UPDATE class_incidents ") {
            let set = text.split(" SET ").nth(1).unwrap().split(" WHERE ").next().unwrap();
            for column in ["estate_id", "happened_at", "written_at", "written_by", "keeper_name"] {
                assert!(!set.contains(column), "{column}: {text}");
            }
        }
    }
    assert!(about > 15, "{about}");
}
