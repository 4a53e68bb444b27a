//! Figures and rolls: what follows from the register, counted, listed, kept and taken away.

use std::io::Cursor;

use calamine::{Reader, Xlsx, open_workbook_from_rs};
use codes::address::parse_room;
use codes::{IdentityNumber, PersonName, Phone};
use doorstep::access::{Reach, Role};
use doorstep::place::{self, Settler, Use};
use doorstep::registry::ResidenceState;
use doorstep::registry::Tag;
use doorstep::registry::enrol::{NewResident, enrol};
use doorstep::upkeep;
use jiff::ToSpan;
use uuid::Uuid;

use crate::support::{Browser, TestApp};

const IDENTITY: &str = "141199195801010025";

fn born(name: &str, day: &str) -> NewResident {
    let birth = Some(codes::date::parse(day).unwrap());
    NewResident { birth, ..NewResident::named(PersonName::parse(name).unwrap()) }
}

/// Lets a family live at a door, and gives the dwelling.
async fn family(app: &TestApp, estate: &str, building: &str, room: &str, members: &[NewResident]) -> Uuid {
    let mut tx = app.db.begin().await.unwrap();
    let room = parse_room(room).unwrap();
    let door = Settler::default().settle(&mut tx, &app.act(), estate, building, "1", &room).await.unwrap();
    for member in members {
        enrol(&mut tx, &app.act(), door, &members[0].name, member).await.unwrap();
    }
    tx.commit().await.unwrap();
    door
}

/// Two estates; an old woman alone, an old couple, a family with a child, an empty home and a shop.
async fn community(app: &TestApp) {
    let alone = NewResident {
        identity: Some(IdentityNumber::parse(IDENTITY).unwrap()),
        phone: Some(Phone::parse("13800001234").unwrap()),
        health: Some("高血压".to_owned()),
        tags: vec![(Tag::Needy, "申请表".to_owned())],
        ..born("王秀兰", "1958-01-01")
    };
    family(app, "王府名苑小区", "3号楼", "101", &[alone]).await;
    family(app, "王府名苑小区", "3号楼", "102", &[born("陈大山", "1946-11-23"), born("刘桂花", "1950-05-05")]).await;
    let away =
        NewResident { residence_state: Some(ResidenceState::RegisteredHereOnly), ..born("李远", "1990-01-01") };
    family(app, "水保所家属院", "1号楼", "201", &[born("李强", "1988-01-01"), born("李小宝", "2012-11-25"), away])
        .await;
    let empty = family(app, "水保所家属院", "1号楼", "202", &[]).await;
    let shop = family(app, "水保所家属院", "1号楼", "101", &[]).await;
    let mut tx = app.db.begin().await.unwrap();
    place::set_use(&mut tx, &app.act(), empty, Use::Vacant).await.unwrap();
    place::set_use(&mut tx, &app.act(), shop, Use::Commercial).await.unwrap();
    tx.commit().await.unwrap();
    upkeep::count(&app.db, &app.means).await.unwrap();
}

/// The names on a roll, in order.
async fn names(browser: &Browser, query: &str) -> Vec<String> {
    let page = browser.get(&format!("/residents/roll?{query}")).await;
    page.assert_ok();
    let rows = page.body.split("<tr><th scope=\"row\"><a href=\"/residents/").skip(1);
    rows.map(|row| row.split('>').nth(1).unwrap().split('<').next().unwrap().to_owned()).collect()
}

db_test! {
    async fn tags_follow_from_facts_and_from_time(app: TestApp) {
        community(&app).await;
        let staff = app.person(Role::Staff).browser().await;
        assert_eq!(names(&staff, "tag=elder_living_alone").await, ["王秀兰"]);
        assert_eq!(names(&staff, "tag=empty_nest_elder").await, ["刘桂花", "陈大山"]);
        assert_eq!(names(&staff, "tag=oldest_old").await, ["陈大山"]);
        assert_eq!(names(&staff, "tag=child").await, ["李小宝"]);
        let page = staff.get("/residents/roll?tag=elder_living_alone").await;
        staff.get(&page.link("/residents/0")).await.assert_contains("1958-01-01出生，满60岁，这套房只住一个人");
        // Somebody moves in with her, and two days later the boy is fourteen.
        family(&app, "王府名苑小区", "3号楼", "101", &[born("王秀兰", "1958-01-01"), born("王小明", "2000-01-01")]).await;
        upkeep::count(&app.db, &app.means).await.unwrap();
        assert!(names(&staff, "tag=elder_living_alone").await.is_empty());
        app.means.clock.set(app.means.now() + 48.hours());
        upkeep::once(&app.app).await.unwrap();
        upkeep::count(&app.db, &app.means).await.unwrap();
        let staff = app.person(Role::Staff).browser().await;
        assert!(names(&staff, "tag=child").await.is_empty());
        assert_eq!(names(&staff, "age=adult").await, ["王小明", "李远", "李小宝", "李强"]);
    }

    async fn buildings_and_estates_add_up(app: TestApp) {
        community(&app).await;
        let staff = app.person(Role::Staff).browser().await;
        let page = staff.get("/residents/figures").await;
        page.assert_ok().assert_contains("<b>3</b>户").assert_contains("<b>6</b>人").assert_contains("<b>75%</b>入住率");
        page.assert_contains("王府名苑小区").assert_contains("水保所家属院").assert_contains("<b>0</b>套未登记");
        page.assert_contains("<b>独居老人</b><span class=\"quiet num\">1 人").assert_contains("<b>80岁以上</b><span class=\"quiet num\">1 人");
        assert!(page.body.contains("入住率\" class=\"num\">100%") && page.body.contains("入住率\" class=\"num\">50%"));
        // Who dies is not counted, and nobody else's figures change.
        let dead = staff.get("/residents/roll?tag=oldest_old").await.link("/residents/0");
        let version = staff.get(&dead).await.input("version");
        let fields = [("version", version.as_str()), ("ending", "died"), ("day", "2026-11-23"), ("departure_reason", "家属来报")];
        staff.post(&format!("{dead}/departure"), &fields).await.assert_ok();
        upkeep::count(&app.db, &app.means).await.unwrap();
        staff.get("/residents/figures").await.assert_contains("<b>5</b>人").assert_contains("<b>独居老人</b><span class=\"quiet num\">2 人");
    }

    async fn a_roll_is_what_its_filters_have_in_common(app: TestApp) {
        community(&app).await;
        let staff = app.person(Role::Staff).browser().await;
        let mut tx = app.db.begin().await.unwrap();
        let estates = place::estates(&mut tx, app.home.tenant).await.unwrap();
        let yard = estates.iter().find(|estate| estate.name == "水保所家属院").unwrap().id;
        let building = place::buildings(&mut tx, app.home.tenant, yard).await.unwrap()[0].id;
        let grid = place::create_grid(&mut tx, &app.act(), "141102004999001", "第一网格").await.unwrap();
        place::assign_grid(&mut tx, &app.act(), building, grid).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(names(&staff, "").await.len(), 6);
        assert_eq!(names(&staff, &format!("estate={yard}")).await, ["李远", "李小宝", "李强"]);
        assert_eq!(names(&staff, &format!("building={building}&age=child")).await, ["李小宝"]);
        assert_eq!(names(&staff, &format!("grid={grid}&state=registered_here_only")).await, ["李远"]);
        assert_eq!(names(&staff, "tag=needy&age=elder").await, ["王秀兰"]);
        assert!(names(&staff, &format!("tag=needy&estate={yard}")).await.is_empty());
        staff.get("/residents/roll?age=elder").await.assert_contains("共 2 人").assert_lacks("13800001234");
        let worker = app.person(Role::GridWorker).reaching(Reach::Grid, grid).browser().await;
        assert_eq!(names(&worker, "").await, ["李远", "李小宝", "李强"]);
        worker.get("/residents/figures").await.assert_contains("<b>3</b>人").assert_lacks("王府名苑小区");
        let other = app.community("141126004999", "石楼县社区").await;
        assert!(names(&app.person(Role::Staff).of_community(&other).browser().await, "").await.is_empty());
    }

    async fn a_long_roll_goes_on(app: TestApp) {
        let people: Vec<NewResident> = (0..65).map(|n| born(&format!("张{}", char::from_u32(0x4E00 + n).unwrap()), "1990-01-01")).collect();
        family(&app, "王府名苑小区", "3号楼", "101", &people).await;
        upkeep::count(&app.db, &app.means).await.unwrap();
        let staff = app.person(Role::Staff).browser().await;
        let mut expected: Vec<String> = people.iter().map(|person| person.name.as_str().to_owned()).collect();
        expected.reverse();
        let mut tx = app.db.begin().await.unwrap();
        let building = place::all_buildings(&mut tx, app.home.tenant).await.unwrap().remove(0);
        let grid = place::create_grid(&mut tx, &app.act(), "141102004999001", "第一网格").await.unwrap();
        place::assign_grid(&mut tx, &app.act(), building.id, grid).await.unwrap();
        tx.commit().await.unwrap();
        let worker = app.person(Role::GridWorker).reaching(Reach::Grid, grid).browser().await;
        let estate = building.estate_id;
        let rolls = [(&staff, "age=adult".to_owned()), (&staff, format!("estate={estate}")), (&staff, format!("estate={estate}&age=adult&state=")),
            (&staff, format!("grid={grid}")), (&staff, format!("building={}", building.id)), (&worker, String::new())];
        for (browser, mut path) in rolls {
            let mut all = Vec::new();
            loop {
                all.extend(names(browser, &path).await);
                let page = browser.get(&format!("/residents/roll?{path}")).await;
                page.assert_contains("共 65 人");
                let Some(next) = page.body.split("href=\"/residents/roll?").find(|part| part.contains("rel=\"next\"")) else { break };
                path = next.split('"').next().unwrap().replace("&#38;", "&");
            }
            assert_eq!(all, expected);
        }
    }

    async fn a_view_is_kept_and_a_workbook_is_masked_and_marked(app: TestApp) {
        community(&app).await;
        let staff = app.person(Role::Staff).named("郭丽萍").browser().await;
        staff.post("/residents/roll/views", &[("query", "tag=needy&age=elder"), ("view_name", "老年困难户")]).await.assert_ok();
        let page = staff.get("/residents/roll?tag=needy&age=elder").await;
        page.assert_contains("aria-current=\"true\">老年困难户").assert_contains("条件：困难户、60到79岁");
        app.person(Role::Staff).browser().await.get("/residents/roll").await.assert_lacks("老年困难户");

        let file = staff.download_by_form("/residents/roll/workbook", &[("query", "tag=needy")]).await;
        let mut book: Xlsx<_> = open_workbook_from_rs(Cursor::new(file)).unwrap();
        let sheet = book.worksheet_range("居民信息登记表").unwrap();
        let cells: Vec<Vec<String>> = sheet.rows().map(|row| row.iter().map(ToString::to_string).collect()).collect();
        let of = |heading: &str| cells[1][cells[0].iter().position(|cell| cell == heading).unwrap()].clone();
        assert_eq!((of("姓名"), of("户主姓名"), of("房号")), ("王*兰".into(), "王*兰".into(), "101".into()));
        assert_eq!((of("身份证号"), of("联系电话")), ("141199********0025".into(), "138****1234".into()));
        assert_eq!((of("是否困难户"), of("健康状况")), ("是".into(), String::new()));
        let text = cells.concat().join(" ");
        assert!(text.contains("郭丽萍 2026年11月23日") && !text.contains("13800001234") && !text.contains("高血压"), "{text}");
        let worker = app.person(Role::GridWorker).browser().await;
        worker.post("/residents/roll/workbook", &[("query", "")]).await.assert_status(403);
        let view = page.body.split("/residents/roll/views/").nth(1).unwrap()[..36].to_owned();
        worker.post(&format!("/residents/roll/views/{view}/removal"), &[]).await.assert_status(404);
        staff.post(&format!("/residents/roll/views/{view}/removal"), &[]).await.assert_ok().assert_lacks("老年困难户");
    }
}
