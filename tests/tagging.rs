//! Tags set, confirmed and ended by hand; and the restricted ones, of which nobody but the secretary learns.

use codes::PersonName;
use codes::address::parse_room;
use doorstep::access::{Reach, Role};
use doorstep::place::{self, Settler};
use doorstep::registry::enrol::{NewResident, Outcome, enrol};
use doorstep::registry::life;
use doorstep::{audit, settings, upkeep};
use jiff::ToSpan;
use jiff::civil::date;
use uuid::Uuid;

use crate::support::{Browser, TestApp};

/// 王秀兰, 68, in 3-1-101: the resident and the dwelling.
async fn somebody(app: &TestApp) -> (Uuid, Uuid) {
    let act = app.act();
    let mut tx = app.db.begin().await.unwrap();
    let room = parse_room("101").unwrap();
    let door = Settler::default().settle(&mut tx, &act, "王府名苑小区", "3号楼", "1", &room).await.unwrap();
    let name = PersonName::parse("王秀兰").unwrap();
    let birth = Some(codes::date::parse("1958-01-01").unwrap());
    let new = NewResident { birth, ..NewResident::named(name.clone()) };
    let Outcome::Created(id) = enrol(&mut tx, &act, door, &name, &new).await.unwrap() else { panic!() };
    tx.commit().await.unwrap();
    upkeep::count(&app.db, &app.means).await.unwrap();
    (id, door)
}

async fn switch_on(app: &TestApp) {
    let mut tx = app.db.begin().await.unwrap();
    let on = serde_json::json!({ "registered": "on" });
    let from = date(2026, 11, 23);
    settings::set(&mut tx, &app.act(), "registry.restricted_tags", from, &on, "区司法局委托").await.unwrap();
    tx.commit().await.unwrap();
}

/// Everything that somebody may open about residents, in one text.
async fn all_they_see(browser: &Browser, resident: Uuid) -> String {
    let mut seen = String::new();
    let page = browser.get(&format!("/residents/{resident}")).await;
    for path in [page.link("/households/"), page.link("/residents/"), format!("/residents/{resident}/tags")] {
        seen += &browser.get(&path).await.body;
    }
    seen += &browser.get(&browser.get(&page.link("/households/")).await.link("/buildings/")).await.body;
    for path in ["/residents/roll", "/residents/figures", "/residents/changes", "/today"] {
        seen += &browser.get(path).await.body;
    }
    seen + &page.body + &browser.post("/residents/search", &[("q", "王秀兰")]).await.body
}

db_test! {
    async fn a_tag_is_set_confirmed_and_ended_on_evidence(app: TestApp) {
        let (resident, _) = somebody(&app).await;
        let path = format!("/residents/{resident}/tags");
        let worker = app.person(Role::GridWorker).named("景瑞芳").browser().await;
        let page = worker.get(&format!("/residents/{resident}")).await;
        page.assert_contains(&path);
        let page = worker.get(&path).await;
        page.assert_ok().assert_contains("1958-01-01出生，满60岁，这套房只住一个人").assert_contains("程序算出");
        page.assert_lacks("value=\"elder_living_alone\"").assert_contains("value=\"disabled\"").assert_lacks("社区矫正");
        let without = worker.post(&path, &[("tag", "disabled"), ("evidence", "")]).await;
        without.assert_status(422).assert_contains("请填写依据").assert_contains("value=\"disabled\" selected");
        worker.post(&path, &[("tag", "disabled"), ("evidence", "电话13800001234")]).await.assert_status(422);
        worker.post(&path, &[("tag", "oldest_old"), ("evidence", "看着像")]).await.assert_status(422).assert_contains("由程序按年龄");
        let set = worker.post(&path, &[("tag", "disabled"), ("evidence", "残疾证 2026年3月核对")]).await;
        set.assert_ok().assert_contains("残疾证 2026年3月核对").assert_contains("景瑞芳登记").assert_contains("上次核实 2026年11月23日");
        upkeep::count(&app.db, &app.means).await.unwrap();
        worker.get("/residents/figures").await.assert_contains("残疾人");

        app.means.clock.set(app.means.now() + 48.hours());
        let staff = app.person(Role::Staff).browser().await;
        let confirmed = staff.post(&path, &[("tag", "disabled"), ("evidence", "残疾证 2026年11月核对")]).await;
        confirmed.assert_contains("残疾证 2026年11月核对").assert_contains("2026年11月23日 星期一起").assert_contains("上次核实 2026年11月25日");
        let ended = staff.post(&format!("{path}/removal"), &[("tag", "disabled"), ("evidence", "证件注销")]).await;
        ended.assert_ok().assert_lacks("残疾证 2026年11月核对");
        let page = staff.get(&format!("/residents/{resident}")).await;
        page.assert_contains("加标签：残疾人").assert_contains("去标签：残疾人").assert_contains("证件注销");
        assert_eq!(audit::verify(&mut app.db.read().await.unwrap(), app.home.tenant).await.unwrap().broken, None);
    }

    async fn a_tag_is_set_only_within_reach(app: TestApp) {
        let (resident, door) = somebody(&app).await;
        let mut tx = app.db.begin().await.unwrap();
        let grid = place::create_grid(&mut tx, &app.act(), "141102004999001", "第一网格").await.unwrap();
        tx.commit().await.unwrap();
        let path = format!("/residents/{resident}/tags");
        let fields = [("tag", "disabled"), ("evidence", "残疾证")];
        let worker = app.person(Role::GridWorker).reaching(Reach::Grid, grid).browser().await;
        worker.get(&path).await.assert_status(404);
        worker.post(&path, &fields).await.assert_status(404);
        let mut tx = app.db.begin().await.unwrap();
        let building = place::dwelling(&mut tx, app.home.tenant, door).await.unwrap().building_id;
        place::assign_grid(&mut tx, &app.act(), building, grid).await.unwrap();
        tx.commit().await.unwrap();
        worker.post(&path, &fields).await.assert_ok();
    }

    async fn a_restricted_tag_is_the_secretarys_alone(app: TestApp) {
        let (resident, _) = somebody(&app).await;
        let path = format!("/residents/{resident}/restricted-tags");
        let secretary = app.person(Role::Secretary).browser().await;
        let fields = [("tag", "community_correction"), ("evidence", "司法所告知书 2026年10月8日")];
        secretary.get(&path).await.assert_ok().assert_contains("本社区不登记这类标签");
        secretary.post(&path, &fields).await.assert_status(422).assert_contains("没有开启");
        switch_on(&app).await;
        secretary.get(&path).await.assert_contains("value=\"community_correction\"");
        secretary.post(&path, &[("tag", "community_correction"), ("evidence", "")]).await.assert_status(422);
        secretary.post(&path, &fields).await.assert_ok().assert_contains("司法所告知书");
        upkeep::count(&app.db, &app.means).await.unwrap();

        let staff = app.person(Role::Staff).browser().await;
        let worker = app.person(Role::GridWorker).browser().await;
        for other in [&staff, &worker] {
            other.get(&path).await.assert_status(403);
            other.post(&path, &fields).await.assert_status(403);
        }
        for browser in [&staff, &worker, &secretary] {
            let seen = all_they_see(browser, resident).await;
            assert!(!seen.contains("社区矫正") && !seen.contains("community_correction") && !seen.contains("司法所"));
        }
        let auditor = app.person(Role::AuditAdmin).browser().await;
        let log = auditor.get("/audit").await;
        log.assert_contains("限制登记的标签").assert_lacks("社区矫正").assert_lacks("司法所告知书");
        let file = staff.download_by_form("/residents/roll/workbook", &[("query", "")]).await;
        let mut book: calamine::Xlsx<_> = calamine::open_workbook_from_rs(std::io::Cursor::new(file)).unwrap();
        let sheet = calamine::Reader::worksheet_range_at(&mut book, 0).unwrap().unwrap();
        assert!(sheet.rows().flatten().all(|cell| !cell.to_string().contains("矫正")));
        let roll = staff.get("/residents/roll?tag=community_correction").await;
        roll.assert_ok().assert_contains("王秀兰").assert_lacks("矫正");

        let ended = secretary.post(&format!("{path}/removal"), &[("tag", "community_correction"), ("evidence", "期满解除")]).await;
        ended.assert_ok().assert_lacks("司法所告知书");
        secretary.post(&format!("{path}/removal"), &[("tag", "community_correction"), ("evidence", "期满解除")]).await.assert_status(404);
    }

    async fn what_is_restricted_goes_over_when_two_are_one(app: TestApp) {
        let (kept, door) = somebody(&app).await;
        switch_on(&app).await;
        let act = app.act();
        let mut tx = app.db.begin().await.unwrap();
        let name = PersonName::parse("王秀兰").unwrap();
        let twin = NewResident { birth: Some(codes::date::parse("1959-02-02").unwrap()), ..NewResident::named(name.clone()) };
        let Outcome::Created(dropped) = enrol(&mut tx, &act, door, &name, &twin).await.unwrap() else { panic!() };
        tx.commit().await.unwrap();
        let secretary = app.person(Role::Secretary).browser().await;
        let fields = [("tag", "released"), ("evidence", "安置帮教函 2026年9月")];
        secretary.post(&format!("/residents/{dropped}/restricted-tags"), &fields).await.assert_ok();
        secretary.get(&format!("/residents/{kept}/restricted-tags")).await.assert_lacks("安置帮教函");
        let mut tx = app.db.begin().await.unwrap();
        life::merge(&mut tx, &act, kept, dropped, "重复登记").await.unwrap();
        tx.commit().await.unwrap();
        secretary.get(&format!("/residents/{kept}/restricted-tags")).await.assert_contains("安置帮教函");
        secretary.get(&format!("/residents/{dropped}/restricted-tags")).await.assert_lacks("安置帮教函");
    }
}
