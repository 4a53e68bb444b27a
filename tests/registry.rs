//! The register: looked up, seen building by building and household by household, and revealed with a reason.

use codes::address::parse_room;
use codes::tables::{Political, Relation};
use codes::{IdentityNumber, PersonName, Phone, Sex};
use doorstep::access::{Reach, Role};
use doorstep::audit;
use doorstep::place::{self, Settler, Use};
use doorstep::registry::enrol::{NewResident, Outcome, enrol};
use doorstep::registry::{self, ResidenceState, Tag};
use uuid::Uuid;

use crate::support::{Browser, Page, TestApp};

const IDENTITY: &str = "141199195801010025"; // a county that does not exist
const PHONE: &str = "13800001234";

fn named(name: &str) -> NewResident {
    NewResident::named(PersonName::parse(name).unwrap())
}

/// 王秀兰, 68, alone in 3-2-1302.
fn alone() -> NewResident {
    NewResident {
        identity: Some(IdentityNumber::parse(IDENTITY).unwrap()),
        sex: Sex::Female,
        birth: Some(codes::date::parse("1958-01-01").unwrap()),
        phone: Some(Phone::parse(PHONE).unwrap()),
        political: Some(Political::Member),
        relation: Some(Relation::Head),
        health: Some("高血压，长期服药".to_owned()),
        tags: vec![(Tag::ElderLivingAlone, "2026年3月入户核实".to_owned()), (Tag::PartyMemberHousehold, String::new())],
        ..named("王秀兰")
    }
}

/// Registers somebody at a door of 王府名苑小区, and gives the resident and the dwelling.
async fn living(app: &TestApp, building: &str, unit: &str, room: &str, head: &str, new: NewResident) -> (Uuid, Uuid) {
    let act = app.act();
    let mut tx = app.db.begin().await.unwrap();
    let room = parse_room(room).unwrap();
    let dwelling = Settler::default().settle(&mut tx, &act, "王府名苑小区", building, unit, &room).await.unwrap();
    let head = PersonName::parse(head).unwrap();
    let Outcome::Created(id) = enrol(&mut tx, &act, dwelling, &head, &new).await.unwrap() else {
        panic!("somebody new");
    };
    tx.commit().await.unwrap();
    (id, dwelling)
}

async fn building(app: &TestApp, name: &str) -> Uuid {
    let mut tx = app.db.read().await.unwrap();
    let all = place::all_buildings(&mut tx, app.home.tenant).await.unwrap();
    all.iter().find(|building| building.name == name).unwrap().id
}

async fn search(browser: &Browser, query: &str) -> Page {
    browser.post("/residents/search", &[("q", query)]).await
}

async fn reveals(app: &TestApp) -> Vec<String> {
    let mut tx = app.db.read().await.unwrap();
    let entries = audit::list(&mut tx, app.home.tenant, i64::MAX, 100).await.unwrap();
    entries.into_iter().filter(|entry| entry.action == "reveal").map(|entry| entry.reason).collect()
}

db_test! {
    async fn people_are_found_by_name_pinyin_initials_and_numbers(app: TestApp) {
        living(&app, "3号楼", "2单元", "1302", "王秀兰", alone()).await;
        living(&app, "3号楼", "1单元", "201", "李强", named("李强")).await;
        let staff = app.person(Role::Staff).browser().await;
        staff.get("/residents").await.assert_ok().assert_contains("找居民");
        for query in ["王秀兰", "秀兰", "wxl", "WANGXIU", IDENTITY, "１３８ 0000 1234"] {
            let page = search(&staff, query).await;
            page.assert_ok().assert_contains("王秀兰").assert_contains("女 · 68 岁").assert_lacks("李强");
            page.assert_contains("王府名苑小区 3号楼 2单元 1302室").assert_contains("独居老人");
            page.assert_contains("138****1234").assert_contains("141199********0025");
            assert_eq!(page.url, "/residents/search", "nothing of the search stands in the address");
        }
        for query in ["王%兰", "王_兰", "13800009999", "141199199003070013"] {
            search(&staff, query).await.assert_ok().assert_contains("没有找到这个人");
        }
        search(&staff, "1380000").await.assert_contains("要写全");
        search(&staff, "").await.assert_ok();
    }

    async fn a_door_is_found_and_thirteen_lou_is_asked_about(app: TestApp) {
        living(&app, "3号楼", "2单元", "1302", "王秀兰", alone()).await;
        living(&app, "13号楼", "1单元", "1301", "李强", named("李强")).await;
        let staff = app.person(Role::Staff).browser().await;
        for query in ["3-2-1302", "3号楼1302", "王府名苑小区3号楼2单元1302室", "1302"] {
            let page = search(&staff, query).await;
            page.assert_ok().assert_contains("3号楼 2单元 1302室").assert_contains("户主 王秀兰").assert_lacks("李强");
        }
        search(&staff, "13楼").await.assert_contains("value=\"13号楼\"").assert_contains("value=\"13层\"");
        let link = search(&staff, "13号楼").await.assert_contains("王府名苑小区 13号楼").link("/buildings/");
        assert_eq!(link, format!("/buildings/{}", building(&app, "13号楼").await));
        search(&staff, "13层").await.assert_contains("1301室").assert_contains("1302室");
        search(&staff, "王府名苑").await.assert_contains("王府名苑小区 3号楼");
        search(&staff, "9-9-909").await.assert_contains("没有找到这个房号");
    }

    async fn a_long_list_goes_on(app: TestApp) {
        for number in 1..=32 {
            living(&app, "1号楼", "1单元", &format!("{number}01"), "张三", named("张三")).await;
        }
        let staff = app.person(Role::Staff).browser().await;
        let first = search(&staff, "张三").await;
        assert_eq!(first.body.matches("1号楼 1单元").count(), 30);
        let second = staff.post("/residents/search", &[("q", "张三"), ("before", &first.input("before"))]).await;
        assert_eq!(second.body.matches("1号楼 1单元").count(), 2);
        second.assert_lacks("下一页");
    }

    async fn a_building_is_drawn_as_its_doors(app: TestApp) {
        living(&app, "3号楼", "2单元", "1302", "王秀兰", alone()).await;
        let (_, rented) = living(&app, "3号楼", "1单元", "201", "李强", named("李强")).await;
        living(&app, "3号楼", "1单元", "201", "赵敏", named("赵敏")).await;
        let away = NewResident { residence_state: Some(ResidenceState::RegisteredHereOnly), ..named("周远") };
        living(&app, "3号楼", "1单元", "301", "周远", away).await;
        let mut tx = app.db.begin().await.unwrap();
        place::set_use(&mut tx, &app.act(), rented, Use::Rented).await.unwrap();
        Settler::default().settle(&mut tx, &app.act(), "王府名苑小区", "3", "1", &parse_room("202").unwrap()).await.unwrap();
        assert_eq!(registry::population(&mut tx, app.home.tenant).await.unwrap(), (4, 4));
        tx.commit().await.unwrap();

        let staff = app.person(Role::Staff).browser().await;
        let page = staff.get(&format!("/buildings/{}", building(&app, "3号楼").await)).await;
        page.assert_ok().assert_contains("<b>4</b>户").assert_contains("<b>4</b>人");
        page.assert_contains("<b>1</b>户要多照看").assert_contains("<b>1</b>套未登记");
        page.assert_contains("1302<small>1人</small><small>独居老人</small>").assert_contains("class=\"door care\"");
        page.assert_contains("201<small>租住 2人</small><small>2 户</small>");
        page.assert_contains("<span class=\"door unknown\">202<small>未登记</small></span>");
        page.assert_contains("301<small>空挂</small>");
        let household = staff.get(&page.link("/households/")).await;
        household.assert_ok().assert_contains("周远").assert_contains("户在人不在");
    }

    async fn a_household_has_one_file(app: TestApp) {
        let (resident, _) = living(&app, "3号楼", "2单元", "1302", "王秀兰", alone()).await;
        let son = NewResident { relation: Some(Relation::Son), ..named("陈明") };
        living(&app, "3号楼", "2单元", "1302", "王秀兰", son).await;
        living(&app, "3号楼", "2单元", "1302", "孙租户", named("孙租户")).await;
        let staff = app.person(Role::Staff).browser().await;
        let found = search(&staff, IDENTITY).await;
        let page = staff.get(&found.link("/households/")).await;
        page.assert_ok().assert_contains("家里 2 口人").assert_contains("陈明").assert_contains("王秀兰");
        page.assert_contains("中共党员").assert_contains("2026年3月入户核实").assert_contains("户主 孙租户");
        page.assert_contains("141199********0025").assert_lacks(IDENTITY).assert_lacks(PHONE).assert_lacks("高血压");
        page.assert_contains(&format!("action=\"/residents/{resident}/reveals\""));

        let mut tx = app.db.read().await.unwrap();
        let id = found.link("/households/").trim_start_matches("/households/").parse().unwrap();
        let card = registry::household_card(&mut tx, app.home.tenant, id).await.unwrap();
        assert_eq!((card.words().as_str(), card.people), ("王府名苑小区 3号楼 2单元 1302室", 2));
    }

    async fn a_reveal_needs_a_reason_and_is_logged(app: TestApp) {
        let (resident, _) = living(&app, "3号楼", "2单元", "1302", "王秀兰", alone()).await;
        let staff = app.person(Role::Staff).browser().await;
        let path = format!("/residents/{resident}/reveals");
        let without = staff.post(&path, &[("field", "identity"), ("reason", "看看")]).await;
        without.assert_status(422).assert_contains("至少要 5 个字").assert_contains("value=\"看看\"").assert_lacks(IDENTITY);
        let leaking = staff.post(&path, &[("field", "phone"), ("reason", "核对电话13800001234")]).await;
        leaking.assert_status(422).assert_contains("请不要写电话或身份证号");
        staff.post(&path, &[("field", "note"), ("reason", "核对登记信息")]).await.assert_status(422);
        staff.post(&path, &[("field", "all"), ("reason", "核对登记信息")]).await.assert_status(422);
        assert!(reveals(&app).await.is_empty(), "nothing was shown");

        let shown = staff.post(&path, &[("field", "identity"), ("reason", "核对登记信息")]).await;
        shown.assert_ok().assert_contains("141199<wbr>19580101<wbr>0025").assert_lacks(PHONE);
        let shown = staff.post(&path, &[("field", "health"), ("reason", "上门走访前了解")]).await;
        shown.assert_ok().assert_contains("高血压，长期服药");
        assert_eq!(reveals(&app).await, ["健康状况：上门走访前了解", "身份证号：核对登记信息"]);
    }

    async fn nobody_reaches_beyond_the_grid(app: TestApp) {
        let (resident, _) = living(&app, "3号楼", "2单元", "1302", "王秀兰", alone()).await;
        living(&app, "4号楼", "1单元", "101", "李强", named("李强")).await;
        let (third, fourth) = (building(&app, "3号楼").await, building(&app, "4号楼").await);
        let mut tx = app.db.begin().await.unwrap();
        let grid = place::create_grid(&mut tx, &app.act(), "141102004999001", "第一网格").await.unwrap();
        place::assign_grid(&mut tx, &app.act(), fourth, grid).await.unwrap();
        tx.commit().await.unwrap();
        let staff = app.person(Role::Staff).browser().await;
        let household = search(&staff, "王秀兰").await.link("/households/");

        let neighbour = app.community("141126004999", "石楼县社区").await;
        let worker = app.person(Role::GridWorker).reaching(Reach::Grid, grid).browser().await;
        let stranger = app.person(Role::Staff).of_community(&neighbour).browser().await;
        for outsider in [&worker, &stranger] {
            for query in ["王秀兰", IDENTITY, PHONE, "3-2-1302"] {
                search(outsider, query).await.assert_ok().assert_lacks("/households/");
            }
            outsider.get(&household).await.assert_status(404);
            outsider.get(&format!("/buildings/{third}")).await.assert_status(404);
            let reveal = [("field", "phone"), ("reason", "核对登记信息")];
            outsider.post(&format!("/residents/{resident}/reveals"), &reveal).await.assert_status(404);
        }
        search(&worker, "李强").await.assert_contains("4号楼 1单元 101室");
        worker.get(&format!("/buildings/{fourth}")).await.assert_ok();
        assert!(reveals(&app).await.is_empty());
    }

    async fn while_somebody_types_only_the_results_come(app: TestApp) {
        living(&app, "3号楼", "2单元", "1302", "王秀兰", alone()).await;
        let staff = app.person(Role::Staff).browser().await;
        let page = staff.get("/residents").await;
        page.assert_contains("hx-post=\"/residents/search\"").assert_contains("hx-target=\"#results\"");
        search(&staff, "wxl").await.assert_contains("<div id=\"results\" aria-live=\"polite\">");
    }
}
