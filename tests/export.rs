//! 导出审批: a roll with whole numbers is asked for, approved by somebody else, and taken away once.

use std::io::Cursor;

use calamine::{Reader, Xlsx, open_workbook_from_rs};
use codes::address::parse_room;
use codes::{IdentityNumber, PersonName, Phone};
use doorstep::access::Role;
use doorstep::audit;
use doorstep::place::Settler;
use doorstep::registry::Tag;
use doorstep::registry::enrol::{NewResident, enrol};
use doorstep::upkeep;
use jiff::ToSpan;

use crate::support::{Browser, TestApp};

const IDENTITY: &str = "141199195801010025";

async fn somebody(app: &TestApp) {
    let act = app.act();
    let mut tx = app.db.begin().await.unwrap();
    let room = parse_room("101").unwrap();
    let door = Settler::default().settle(&mut tx, &act, "王府名苑小区", "3号楼", "1", &room).await.unwrap();
    let name = PersonName::parse("王秀兰").unwrap();
    let new = NewResident {
        identity: Some(IdentityNumber::parse(IDENTITY).unwrap()),
        phone: Some(Phone::parse("13800001234").unwrap()),
        health: Some("高血压".to_owned()),
        tags: vec![(Tag::Needy, "申请表".to_owned())],
        ..NewResident::named(name.clone())
    };
    enrol(&mut tx, &act, door, &name, &new).await.unwrap();
    tx.commit().await.unwrap();
    upkeep::count(&app.db, &app.means).await.unwrap();
}

/// Asks for the roll of those in need.
async fn ask(browser: &Browser) {
    let fields = [("query", "tag=needy"), ("reason", "区民政局核对救助金，月底销毁")];
    browser.post("/residents/exports", &fields).await.assert_ok().assert_contains("等审批").assert_contains("困难户");
}

/// The path of the latest request, as the page of somebody who may do something about it has it.
async fn path(browser: &Browser, action: &str) -> Option<String> {
    let page = browser.get("/residents/exports").await;
    page.assert_ok();
    let actions = page.body.split("action=\"/residents/exports/").skip(1);
    actions
        .map(|rest| rest[..36].to_owned() + &rest[36..rest.find('"').unwrap()])
        .find(|path| path.ends_with(action))
        .map(|path| format!("/residents/exports/{path}"))
}

db_test! {
    async fn the_secretary_approves_and_the_asker_takes_it_once(app: TestApp) {
        somebody(&app).await;
        let staff = app.person(Role::Staff).named("郭丽萍").browser().await;
        let secretary = app.person(Role::Secretary).named("王娟枫").browser().await;
        staff.get("/residents/roll?tag=needy").await.assert_contains("/residents/exports/new?tag=needy");
        staff.get("/residents/exports").await.assert_contains("没有申请");
        staff.get("/residents/exports/new?tag=needy").await.assert_ok().assert_contains("困难户").assert_contains("1 人");
        let short = staff.post("/residents/exports", &[("query", "tag=needy"), ("reason", "看看")]).await;
        short.assert_status(422).assert_contains("至少要 5 个字").assert_contains("看看");
        ask(&staff).await;
        assert_eq!(path(&staff, "/decision").await, None);
        assert_eq!(path(&staff, "/workbook").await, None);
        secretary.get("/today").await.assert_contains("审批导出").assert_contains("完整号码的名单：困难户");
        let decision = path(&secretary, "/decision").await.unwrap();
        let workbook = decision.replace("/decision", "/workbook");
        staff.post(&decision, &[("decision", "approve")]).await.assert_status(403);
        staff.post(&workbook, &[]).await.assert_status(422).assert_contains("没有批准");
        secretary.post(&decision, &[("decision", "approve")]).await.assert_ok().assert_contains("已批准");
        secretary.post(&decision, &[("decision", "approve")]).await.assert_status(409);
        secretary.post(&workbook, &[]).await.assert_status(404);
        staff.get("/today").await.assert_contains("领取名单");
        assert_eq!(path(&staff, "/workbook").await.as_ref(), Some(&workbook));

        let file = staff.download_by_form(&workbook, &[]).await;
        let mut book: Xlsx<_> = open_workbook_from_rs(Cursor::new(file)).unwrap();
        let sheet = book.worksheet_range_at(0).unwrap().unwrap();
        let text = sheet.rows().flatten().map(ToString::to_string).collect::<Vec<_>>().join("|");
        for there in ["王秀兰", IDENTITY, "13800001234", "郭丽萍 2026年11月23日 星期一 09:00 导出，号码完整"] {
            assert!(text.contains(there), "{there} in {text}");
        }
        assert!(!text.contains("高血压"), "{text}");
        staff.post(&workbook, &[]).await.assert_status(422).assert_contains("已经领过");
        assert_eq!(path(&staff, "/workbook").await, None);
        staff.get("/residents/exports").await.assert_contains("已领取").assert_contains("王娟枫批准");
        let entries = audit::list(&mut app.db.read().await.unwrap(), app.home.tenant, i64::MAX, 10).await.unwrap();
        assert!(entries.iter().any(|entry| entry.action == "export_whole" && entry.reason == "1 人，号码完整"));
        assert_eq!(audit::verify(&mut app.db.read().await.unwrap(), app.home.tenant).await.unwrap().broken, None);
    }

    async fn nobody_approves_their_own_and_an_approval_grows_old(app: TestApp) {
        somebody(&app).await;
        let account = app.person(Role::Secretary).create().await;
        let first = app.browser();
        first.sign_in(&account.login, &account.password).await.assert_ok();
        let second = app.person(Role::Secretary).browser().await;
        ask(&first).await;
        assert_eq!(path(&first, "/decision").await, None);
        let decision = path(&second, "/decision").await.unwrap();
        first.post(&decision, &[("decision", "approve")]).await.assert_status(422).assert_contains("不能自己批");
        second.post(&decision, &[("decision", "approve")]).await.assert_ok();
        app.means.clock.set(app.means.now() + 25.hours());
        let staff = app.person(Role::Staff).browser().await;
        first.sign_in(&account.login, &account.password).await.assert_ok();
        first.post(&decision.replace("/decision", "/workbook"), &[]).await.assert_status(422).assert_contains("过了时限");
        let secretary = app.person(Role::Secretary).browser().await;
        secretary.get("/residents/exports").await.assert_contains("过了领取时限");
        staff.get("/residents/exports").await.assert_lacks("过了领取时限").assert_contains("没有申请");
        // Another is refused, with why.
        ask(&staff).await;
        let decision = path(&secretary, "/decision").await.unwrap();
        secretary.post(&decision, &[("decision", "refuse"), ("answer", "")]).await.assert_ok().assert_contains("请填写为什么不批");
        secretary.post(&decision, &[("decision", "refuse"), ("answer", "隐去号码的就够用")]).await.assert_ok();
        staff.get("/residents/exports").await.assert_contains("没有批准").assert_contains("隐去号码的就够用");
        staff.post(&decision.replace("/decision", "/workbook"), &[]).await.assert_status(422);
        let elsewhere = app.community("141126004999", "石楼县社区").await;
        let stranger = app.person(Role::Secretary).of_community(&elsewhere).browser().await;
        stranger.get("/residents/exports").await.assert_lacks("困难户");
        stranger.post(&decision, &[("decision", "approve")]).await.assert_status(404);
        app.person(Role::GridWorker).browser().await.get("/residents/exports").await.assert_status(403);
    }
}
