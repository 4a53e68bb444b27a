//! The register: looked up, seen building by building and household by household, and revealed with a reason.

use codes::address::parse_room;
use codes::tables::{Political, Relation};
use codes::{IdentityNumber, PersonName, Phone, Sex};
use doorstep::access::{Reach, Role};
use doorstep::place::{self, Settler, Use};
use doorstep::registry::enrol::{NewResident, Outcome, enrol};
use doorstep::registry::{self, ResidenceState, Tag};
use doorstep::{audit, upkeep};
use jiff::ToSpan;
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
    upkeep::count(&app.db, &app.means).await.unwrap();
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
    async fn a_household_belongs_here_in_one_way(app: TestApp) {
        living(&app, "3号楼", "2", "1302", "王秀兰", alone()).await;
        let staff = app.person(Role::Staff).browser().await;
        let found = search(&staff, "3-2-1302").await;
        let page = staff.get(&found.link("/households/")).await;
        let (kind, version) = (format!("{}/kind", page.url), page.input("version"));
        let fields = [("version", version.as_str()), ("kind", "relocated")];
        staff.post(&kind, &fields).await.assert_ok().assert_contains("户别已改好").assert_contains("移民搬迁户");
        // Somebody else has seen what was there before.
        staff.post(&kind, &fields).await.assert_status(409);
    }

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
        page.assert_contains("<a class=\"door unknown\" href=\"/dwellings/").assert_contains("202<small>未登记</small></a>");
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
        assert_eq!(reveals(&app).await, ["健康状况：上门走访前了解", "证件号码：核对登记信息"]);
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

    async fn a_field_is_corrected_and_the_record_says_who_and_why(app: TestApp) {
        let (resident, _) = living(&app, "3号楼", "2单元", "1302", "王秀兰", alone()).await;
        let staff = app.person(Role::Staff).named("李社工").browser().await;
        let path = format!("/residents/{resident}/particulars");
        let form = staff.get(&path).await;
        form.assert_ok().assert_contains("现在是 138****1234").assert_lacks(PHONE).assert_lacks("高血压");
        let version = form.input("version");
        let whole = [
            ("version", version.as_str()), ("name", "王秀兰"), ("was_name", "王秀兰"), ("sex", "2"), ("was_sex", "2"),
            ("birth_date", "1958-01-01"), ("was_birth_date", "1958-01-01"), ("political_status", "01"), ("was_political_status", "01"),
            ("relation", "02"), ("was_relation", "02"), ("document", "identity_card"), ("was_document", "identity_card"),
        ];
        let with = |more: &[(&'static str, &'static str)]| [&whole[..], more].concat();
        let wrong = staff.post(&path, &with(&[("phone", "1380000"), ("workplace", "退休"), ("reason", "本人来电")])).await;
        wrong.assert_status(422).assert_contains("value=\"1380000\"").assert_contains("value=\"退休\"");
        let done = staff.post(&path, &with(&[("phone", "139 0000 5678"), ("workplace", "退休"), ("reason", "本人来电")])).await;
        done.assert_ok().assert_contains("139****5678").assert_contains("退休").assert_contains("李社工").assert_contains("本人来电");
        done.assert_contains("电话：138****1234 → 139****5678").assert_contains("工作单位或学校：空 → 退休").assert_lacks("PHONE");
        search(&staff, "13900005678").await.assert_contains("王秀兰");
        search(&staff, PHONE).await.assert_contains("没有找到这个人");
        // What is sealed is only taken away where somebody says so, and what is shown where it is left empty.
        let version = staff.get(&path).await.input("version");
        let erased = [("version", version.as_str()), ("erase", "health"), ("workplace", ""), ("was_workplace", "退休"), ("name", "王秀兰"),
            ("was_name", "王秀兰"), ("sex", "2"), ("was_sex", "2"), ("reason", "本人要求")];
        let erased = staff.post(&path, &erased).await;
        erased.assert_ok().assert_contains("健康状况：已登记 → 空").assert_contains("工作单位或学校：退休 → 空").assert_contains("139****5678");
        let verdict = audit::verify(&mut app.db.read().await.unwrap(), app.home.tenant).await.unwrap();
        assert_eq!(verdict.broken, None);
    }

    async fn two_who_change_different_fields_both_have_their_way(app: TestApp) {
        let (resident, _) = living(&app, "3号楼", "2单元", "1302", "王秀兰", alone()).await;
        let staff = app.person(Role::Staff).browser().await;
        let worker = app.person(Role::GridWorker).browser().await;
        let path = format!("/residents/{resident}/particulars");
        let version = staff.get(&path).await.input("version");
        let change = |name: &'static str, value: &'static str| {
            let known = [("name", "王秀兰"), ("was_name", "王秀兰"), ("sex", "2"), ("was_sex", "2"), ("reason", "入户核对")];
            [&[("version", version.clone().leak() as &str), (name, value)], &known[..]].concat()
        };
        staff.post(&path, &change("workplace", "退休")).await.assert_ok();
        worker.post(&path, &change("education", "80")).await.assert_ok().assert_contains("退休").assert_contains("小学");
        // The same field: the second is told, sees both, and decides.
        staff.post(&path, &change("phone", "13900005678")).await.assert_ok();
        let clash = worker.post(&path, &change("phone", "13900009999")).await;
        clash.assert_status(422).assert_contains("刚刚有别人改成“139****5678”").assert_contains("value=\"13900009999\"");
        let now = clash.input("version");
        let again = change("phone", "13900009999");
        let again: Vec<_> = again.iter().map(|(name, value)| if *name == "version" { (*name, now.as_str()) } else { (*name, *value) }).collect();
        worker.post(&path, &again).await.assert_ok().assert_contains("139****5678 → 139****9999");
        // Who writes what is so already is not told anything.
        staff.post(&path, &change("phone", "13900009999")).await.assert_ok();
    }

    async fn people_leave_come_back_and_move(app: TestApp) {
        let (wang, _) = living(&app, "3号楼", "2单元", "1302", "王秀兰", alone()).await;
        let (chen, _) = living(&app, "3号楼", "2单元", "1302", "王秀兰", named("陈明")).await;
        living(&app, "4号楼", "1单元", "101", "李强", named("李强")).await;
        let staff = app.person(Role::Staff).browser().await;
        let people = async || registry::population(&mut app.db.read().await.unwrap(), app.home.tenant).await.unwrap();
        let step = async |id: Uuid, what: &str, fields: &[(&str, &str)]| {
            let version = staff.get(&format!("/residents/{id}")).await.input("version");
            staff.post(&format!("/residents/{id}/{what}"), &[&[("version", version.as_str())], fields].concat()).await
        };
        let gone = [("ending", "died"), ("day", "2026-11-20"), ("departure_reason", "家属来报")];
        let future = step(wang, "departure", &[("ending", "died"), ("day", "2027-01-01"), ("departure_reason", "家属来报")]).await;
        future.assert_status(422).assert_contains("在今天以后").assert_contains("value=\"家属来报\"");
        step(wang, "departure", &gone).await.assert_ok().assert_contains("已去世").assert_contains("又住回来了");
        assert_eq!(people().await, (2, 2));
        step(wang, "departure", &gone).await.assert_status(422);
        // The household goes on under another head, and remembers her.
        let page = staff.get(&search(&staff, "陈明").await.link("/households/")).await;
        page.assert_contains("户主</dt><dd>陈明").assert_contains("以前住在这里").assert_contains("王秀兰").assert_contains("家里 1 口人");
        search(&staff, "王秀兰").await.assert_contains("已去世");
        // A mistake is undone.
        let home = [("door", "3-2-1302"), ("home_reason", "登记错了")];
        step(wang, "return", &home).await.assert_ok().assert_contains("恢复登记");
        assert_eq!(people().await, (2, 3));
        // The son moves next door, where somebody lives, and his household of one ends when he goes on.
        step(chen, "home", &[("door", "13楼"), ("home_reason", "本人说的")]).await.assert_status(422).assert_contains("楼栋还是楼层");
        step(chen, "home", &[("door", "4-1-999"), ("home_reason", "本人说的")]).await.assert_status(422).assert_contains("没有找到这个房号");
        let moved = step(chen, "home", &[("door", "4-1-101"), ("home_reason", "本人说的")]).await;
        moved.assert_ok().assert_contains("4号楼 1单元 101室").assert_contains("换了一户");
        staff.get(&moved.link("/households/")).await.assert_contains("户主</dt><dd>李强").assert_contains("家里 2 口人");
        // Whoever has moved out and is found at a door again is the same person.
        step(wang, "departure", &[("ending", "moved_out"), ("day", "2026-11-23"), ("departure_reason", "回老家")]).await.assert_ok();
        let mut tx = app.db.begin().await.unwrap();
        let room = parse_room("101").unwrap();
        let door = Settler::default().settle(&mut tx, &app.act(), "王府名苑小区", "5", "1", &room).await.unwrap();
        let name = PersonName::parse("王秀兰").unwrap();
        assert_eq!(enrol(&mut tx, &app.act(), door, &name, &alone()).await.unwrap(), Outcome::Updated(wang));
        tx.commit().await.unwrap();
        assert_eq!(people().await, (2, 3));
    }

    async fn doubles_are_found_and_decided_by_somebody(app: TestApp) {
        let born = |phone: &str| NewResident {
            birth: Some(codes::date::parse("1990-03-07").unwrap()), phone: Some(Phone::parse(phone).unwrap()), ..named("李强")
        };
        let later = || app.means.clock.set(app.means.now() + 1.minute());
        let known = NewResident { identity: Some(IdentityNumber::parse("141199199003070013").unwrap()), ..born("13800000001") };
        let (first, _) = living(&app, "3号楼", "1单元", "201", "李强", known).await;
        later();
        let vague = NewResident { workplace: Some("个体".to_owned()), ..born("13800000002") };
        let (second, _) = living(&app, "4号楼", "1单元", "101", "李强", vague).await;
        later();
        let father = NewResident { phone: Some(Phone::parse("13800000001").unwrap()), ..named("李强") };
        living(&app, "5号楼", "1单元", "101", "李强", father).await;
        let numbered = NewResident { identity: Some(IdentityNumber::parse("141199198512310113").unwrap()), ..named("李强") };
        living(&app, "6号楼", "1单元", "101", "李强", numbered).await;
        let staff = app.person(Role::Staff).browser().await;
        let page = staff.get("/doubles").await;
        page.assert_ok().assert_contains("姓名和出生日期一样").assert_contains("3号楼 1单元 201室").assert_contains("4号楼 1单元 101室");
        page.assert_contains("姓名和电话一样").assert_lacks("6号楼");
        assert_eq!(page.body.matches("/decision\"").count(), 2);
        let path = |page: &Page| format!("/doubles/{}", &page.body.split("action=\"/doubles/").nth(1).unwrap()[..45]);
        staff.post(&path(&page), &[("verdict", "same")]).await.assert_ok();
        let kept = staff.get(&format!("/residents/{first}")).await;
        kept.assert_contains("个体").assert_contains("138****0001");
        staff.get(&format!("/residents/{second}")).await.assert_contains("已并入").assert_contains(&format!("/residents/{first}"));
        let page = staff.get("/doubles").await;
        staff.post(&path(&page), &[("verdict", "different")]).await.assert_ok();
        staff.get("/doubles").await.assert_contains("没有要看的");
    }

    async fn a_door_is_registered_and_a_child_is_born(app: TestApp) {
        living(&app, "3号楼", "1单元", "201", "李强", named("李强")).await;
        let mut tx = app.db.begin().await.unwrap();
        Settler::default().settle(&mut tx, &app.act(), "王府名苑小区", "3", "1", &parse_room("202").unwrap()).await.unwrap();
        tx.commit().await.unwrap();
        let worker = app.person(Role::GridWorker).browser().await;
        let page = worker.get(&format!("/buildings/{}", building(&app, "3号楼").await)).await;
        let form = page.link("/dwellings/");
        worker.get(&form).await.assert_ok().assert_contains("登记这一户").assert_contains("3号楼 202室");
        let door = form.trim_end_matches("/new");
        let fields = [("name", "王秀兰"), ("identity", IDENTITY), ("usage", Use::OwnerOccupied.code()), ("how", "入户核对")];
        let wrong = worker.post(door, &[("name", "王秀兰"), ("identity", "141199195801010026"), ("how", "入户核对")]).await;
        wrong.assert_status(422).assert_contains("校验不对").assert_contains("value=\"141199195801010026\"");
        let made = worker.post(door, &fields).await;
        made.assert_ok().assert_contains("女 · 68 岁").assert_contains("户主").assert_contains("入户核对");
        let home = made.link("/households/");
        let members = format!("{home}/members");
        let child = [("name", "陈小宝"), ("document", "none"), ("birth_date", "2026-11-20"), ("sex", "1"), ("relation", "40"), ("how", "家属来报")];
        worker.post(&members, &child).await.assert_ok().assert_contains("无证件").assert_contains("孙");
        worker.get(&home).await.assert_contains("家里 2 口人").assert_contains("自住");
        // Somebody who is registered next door is recognised by the number and moves over.
        let moved = worker.post(&members, &[("name", "王秀兰"), ("identity", IDENTITY), ("how", "入户核对")]).await;
        moved.assert_ok().assert_contains("本来就登记在这一户");
        assert_eq!(registry::population(&mut app.db.read().await.unwrap(), app.home.tenant).await.unwrap(), (2, 3));
    }

    async fn while_somebody_types_only_the_results_come(app: TestApp) {
        living(&app, "3号楼", "2单元", "1302", "王秀兰", alone()).await;
        let staff = app.person(Role::Staff).browser().await;
        let page = staff.get("/residents").await;
        page.assert_contains("hx-post=\"/residents/search\"").assert_contains("hx-target=\"#results\"");
        search(&staff, "wxl").await.assert_contains("<div id=\"results\" aria-live=\"polite\">");
    }
}
