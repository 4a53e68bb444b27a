//! 个人信息请求: a copy, a correction, an erasure, a consent taken back; answered in time, and provable afterwards.

use std::io::Cursor;

use calamine::{Reader, Xlsx, open_workbook_from_rs};
use codes::address::parse_room;
use codes::tables::Political;
use codes::{IdentityNumber, PersonName, Phone};
use doorstep::access::{Act, Reach, Role};
use doorstep::place::{self, Settler};
use doorstep::registry::enrol::{NewResident, Outcome, enrol};
use doorstep::registry::finding::{Batch, BatchKind, Said, note};
use doorstep::registry::{Clash, Edit, Ending, Particular, Tag, edit, life, person};
use doorstep::{audit, settings};
use jiff::Timestamp;
use jiff::civil::date;
use uuid::Uuid;

use crate::support::{Browser, Page, TestApp};

const IDENTITY: &str = "141199195801010025";

db::statements! {
    HISTORIES = "SELECT COUNT(*) AS many FROM field_histories WHERE tenant_id = $1 AND subject_id = $2 AND field = $3";
    ALL_HISTORIES = "SELECT COUNT(*) AS many FROM field_histories WHERE tenant_id = $1 AND subject_id = $2 AND field <> $3";
}

db::record! {
    struct Many { many: i64 }
}

async fn histories(app: &TestApp, statement: db::Statement, resident: Uuid, field: &str) -> i64 {
    let query = statement.bind(app.home.tenant).bind(resident).bind(field);
    app.db.read().await.unwrap().one::<Many>(query).await.unwrap().many
}

/// 王秀兰, of whom a good deal is known and has changed.
async fn somebody(app: &TestApp) -> Uuid {
    let act = app.act();
    let mut tx = app.db.begin().await.unwrap();
    let room = parse_room("101").unwrap();
    let door = Settler::default().settle(&mut tx, &act, "王府名苑小区", "3号楼", "1", &room).await.unwrap();
    let name = PersonName::parse("王秀兰").unwrap();
    let new = NewResident {
        identity: Some(IdentityNumber::parse(IDENTITY).unwrap()),
        birth: Some(codes::date::parse("1958-01-01").unwrap()),
        phone: Some(Phone::parse("13800001234").unwrap()),
        political: Some(Political::Member),
        health: Some("高血压".to_owned()),
        tags: vec![(Tag::Disabled, "残疾证".to_owned())],
        ..NewResident::named(name.clone())
    };
    let Outcome::Created(id) = enrol(&mut tx, &act, door, &name, &new).await.unwrap() else { panic!() };
    let phone =
        Edit { seen: 1, made_at: app.means.now(), values: vec![(Particular::Phone, Some("13900005678".to_owned()))] };
    edit(&mut tx, &act, id, &phone, "本人来电").await.unwrap();
    let registered = Edit {
        seen: 2,
        made_at: app.means.now(),
        values: vec![(Particular::RegisteredAddress, Some("临县".to_owned()))],
    };
    edit(&mut tx, &act, id, &registered, "看了户口本").await.unwrap();
    tx.commit().await.unwrap();
    id
}

async fn ask(browser: &Browser, resident: Uuid, kind: &str) -> Page {
    let fields = [("kind", kind), ("channel", "window"), ("requester", "本人，看了身份证"), ("words", "请照我说的办")];
    let page = browser.post(&format!("/residents/{resident}/data-requests"), &fields).await;
    page.assert_ok().assert_contains("2026年12月14日").assert_contains("本人，看了身份证");
    page
}

async fn verified(app: &TestApp) {
    let verdict = audit::verify(&mut app.db.read().await.unwrap(), app.home.tenant).await.unwrap();
    assert_eq!(verdict.broken, None);
}

async fn known(app: &TestApp, id: Uuid) -> person::Person {
    person::person(&mut app.db.read().await.unwrap(), &app.act(), id).await.unwrap()
}

db_test! {
    async fn a_request_is_entered_waits_and_is_answered(app: TestApp) {
        let resident = somebody(&app).await;
        let staff = app.person(Role::Staff).named("郭丽萍").browser().await;
        staff.get("/data-requests").await.assert_ok().assert_contains("没有待处理的请求");
        staff.get(&format!("/residents/{resident}")).await.assert_contains("/data-requests/new");
        let without = staff.post(&format!("/residents/{resident}/data-requests"), &[("kind", "correction"), ("words", "电话错了，请改")]).await;
        without.assert_status(422).assert_contains("电话错了，请改").assert_contains("请选择怎么来的");
        let page = ask(&staff, resident, "correction").await;
        page.assert_contains("还剩").assert_contains(&format!("/residents/{resident}/particulars")).assert_contains("郭丽萍");
        staff.get("/today").await.assert_contains("个人信息请求：更正").assert_lacks("王秀兰");
        staff.get("/data-requests").await.assert_contains("更正：王秀兰");
        let other = ask(&staff, resident, "deletion").await;
        // Fifteen working days later, by the calendar of the State Council.
        app.means.clock.set("2026-12-15T09:30:00+08:00".parse::<Timestamp>().unwrap());
        let staff = app.person(Role::Staff).browser().await;
        staff.get("/data-requests").await.assert_contains("超期");
        staff.post(&format!("{}/completion", page.url), &[("answer", "")]).await.assert_status(422);
        let done = staff.post(&format!("{}/completion", page.url), &[("answer", "您好，已改好。")]).await;
        done.assert_ok().assert_contains("已办理").assert_contains("您好，已改好。").assert_lacks("超期");
        staff.post(&format!("{}/refusal", page.url), &[("reason", "没有这回事")]).await.assert_status(409);
        staff.get("/data-requests?state=ended").await.assert_contains("更正：王秀兰");
        let refused = staff.post(&format!("{}/refusal", other.url), &[("reason", "登记与户口本一致，没有错")]).await;
        refused.assert_contains("已拒绝").assert_contains("登记与户口本一致");
        staff.get("/today").await.assert_lacks("个人信息请求");
        assert_eq!(known(&app, resident).await.get(Particular::Phone), Some("13900005678"), "a refusal erases nothing");
        verified(&app).await;
    }

    async fn a_year_without_a_calendar_is_said_and_not_guessed(app: TestApp) {
        let resident = somebody(&app).await;
        app.means.clock.set("2026-12-20T09:00:00+08:00".parse::<Timestamp>().unwrap());
        let staff = app.person(Role::Staff).browser().await;
        let path = format!("/residents/{resident}/data-requests");
        let fields = [("kind", "copy"), ("channel", "phone"), ("requester", "女儿来电"), ("words", "要一份登记")];
        let page = staff.post(&path, &fields).await;
        page.assert_status(422).assert_contains("算不出答复期限").assert_contains("改成按自然日算").assert_contains("女儿来电");
        let mut tx = app.db.begin().await.unwrap();
        let natural = serde_json::json!({ "answer_days": 20, "soon_days": 3, "clock": "natural" });
        settings::set(&mut tx, &app.act(), "registry.requests", date(2026, 12, 20), &natural, "街道通知").await.unwrap();
        tx.commit().await.unwrap();
        staff.post(&path, &fields).await.assert_ok().assert_contains("2027年1月9日");
    }

    async fn a_copy_has_everything_and_is_logged(app: TestApp) {
        let resident = somebody(&app).await;
        let staff = app.person(Role::Staff).named("郭丽萍").browser().await;
        let page = ask(&staff, resident, "copy").await;
        let file = staff.download_by_form(&format!("{}/copy", page.url), &[]).await;
        let mut book: Xlsx<_> = open_workbook_from_rs(Cursor::new(file)).unwrap();
        assert_eq!(book.sheet_names(), ["登记内容", "标签", "变更记录"]);
        let text = |range: calamine::Range<calamine::Data>| range.rows().flatten().map(ToString::to_string).collect::<Vec<_>>().join("|");
        let facts = text(book.worksheet_range("登记内容").unwrap());
        for known in ["王秀兰", IDENTITY, "13900005678", "高血压", "中共党员", "王府名苑小区 3号楼 1单元 101室", "只交给本人", "郭丽萍 2026年11月23日"] {
            assert!(facts.contains(known), "{known} in {facts}");
        }
        assert!(text(book.worksheet_range("标签").unwrap()).contains("残疾人|残疾证"));
        assert!(text(book.worksheet_range("变更记录").unwrap()).contains("电话|13800001234|13900005678|本人来电"));
        let auditor = app.person(Role::AuditAdmin).browser().await;
        auditor.get("/audit").await.assert_contains("出具登记内容副本");
        let worker = app.person(Role::GridWorker).browser().await;
        worker.get(&page.url).await.assert_status(403);
        let elsewhere = app.community("141126004999", "石楼县社区").await;
        let stranger = app.person(Role::Staff).of_community(&elsewhere).browser().await;
        stranger.get(&page.url).await.assert_status(404);
        stranger.post(&format!("{}/copy", page.url), &[]).await.assert_status(404);
    }

    async fn what_duty_does_not_need_is_erased_and_the_chain_holds(app: TestApp) {
        let resident = somebody(&app).await;
        let staff = app.person(Role::Staff).browser().await;
        assert_eq!(histories(&app, HISTORIES, resident, "phone").await, 1);
        // What a survey said of the phone goes with it.
        let act = app.act();
        let batch = Batch { kind: BatchKind::Campaign, id: act.id(), source: act.id(), by: None };
        let clash = Clash { particular: Particular::Phone, theirs: None, mine: Some("13700007777".to_owned()) };
        let mut tx = app.db.begin().await.unwrap();
        note(&mut tx, &act, &batch, Said::Clash { resident, clash }).await.unwrap();
        tx.commit().await.unwrap();
        staff.get("/residents/changes").await.assert_contains("137****7777");
        let page = ask(&staff, resident, "deletion").await;
        page.assert_contains("电话、政治面貌、健康状况").assert_contains("删去并办结").assert_contains("会留下：姓名、性别、出生日期");
        staff.post(&format!("{}/completion", page.url), &[("answer", "您好！已删去电话等。")]).await.assert_ok();
        let person = known(&app, resident).await;
        assert_eq!((person.get(Particular::Phone), person.get(Particular::Health), person.get(Particular::Political)), (None, None, None));
        assert_eq!((person.name(), person.get(Particular::Identity)), ("王秀兰", Some(IDENTITY)));
        assert_eq!(histories(&app, HISTORIES, resident, "phone").await, 0);
        staff.get("/residents/changes").await.assert_lacks("137****7777");
        assert_eq!(histories(&app, HISTORIES, resident, "registered_address").await, 1, "what is kept keeps its history");
        let page = staff.get(&format!("/residents/{resident}")).await;
        page.assert_contains("按本人请求删除：电话、政治面貌、健康状况").assert_lacks("139****5678");
        staff.post("/residents/search", &[("q", "13900005678")]).await.assert_contains("没有找到这个人");
        verified(&app).await;
        let auditor = app.person(Role::AuditAdmin).browser().await;
        auditor.post("/audit/verification", &[]).await.assert_ok().assert_lacks("断开");
    }

    async fn whoever_has_left_leaves_no_name_behind(app: TestApp) {
        let resident = somebody(&app).await;
        let mut tx = app.db.begin().await.unwrap();
        let act: Act = app.act();
        let version = person::person(&mut tx, &act, resident).await.unwrap().version;
        life::leave(&mut tx, &act, resident, version, Ending::MovedOut, act.at, "搬走了").await.unwrap();
        tx.commit().await.unwrap();
        let staff = app.person(Role::Staff).browser().await;
        let page = ask(&staff, resident, "deletion").await;
        page.assert_lacks("会留下");
        let done = staff.post(&format!("{}/completion", page.url), &[("answer", "您好！已全部删去。")]).await;
        done.assert_ok().assert_contains("（已删除）").assert_lacks("王秀兰");
        let person = known(&app, resident).await;
        assert_eq!((person.name(), person.get(Particular::Identity), person.values.len()), ("（已删除）", None, 2));
        assert_eq!(person.ended, Some(Ending::MovedOut));
        assert_eq!(histories(&app, ALL_HISTORIES, resident, "").await, 0);
        for query in ["王秀兰", "wxl", IDENTITY, "13900005678"] {
            staff.post("/residents/search", &[("q", query)]).await.assert_lacks("/residents/0");
        }
        let page = staff.get(&format!("/residents/{resident}")).await;
        page.assert_contains("已迁出").assert_lacks("王秀兰").assert_lacks("残疾");
        staff.get(&page.link("/households/")).await.assert_lacks("王秀兰");
        verified(&app).await;
    }

    async fn only_within_reach(app: TestApp) {
        let resident = somebody(&app).await;
        let mut tx = app.db.begin().await.unwrap();
        let other = place::create_estate(&mut tx, &app.act(), "水保所家属院", None, None).await.unwrap();
        tx.commit().await.unwrap();
        let cadre = app.person(Role::Staff).reaching(Reach::Estate, other).browser().await;
        let staff = app.person(Role::Staff).browser().await;
        let page = ask(&staff, resident, "withdrawal").await;
        page.assert_contains("凭同意登记的电话");
        cadre.get(&page.url).await.assert_status(404);
        cadre.get("/data-requests").await.assert_lacks("王秀兰");
        cadre.get("/today").await.assert_lacks("个人信息请求");
        cadre.get(&format!("/residents/{resident}/data-requests/new")).await.assert_status(404);
    }
}
