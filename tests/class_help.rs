//! 帮扶名单: which children stand on it is compared with what follows from the families themselves, and who reads it says why.

use std::collections::{BTreeMap, BTreeSet};

use codes::address::parse_room;
use codes::tables::Relation;
use codes::{PersonName, Phone};
use doorstep::access::{Reach, Role};
use doorstep::after_school::{self, Particulars, Person, Sketch, Wishes};
use doorstep::place::{self, Building, Settler};
use doorstep::registry::enrol::{NewResident, Outcome, enrol};
use doorstep::registry::{ResidenceState, Tag, erasure, life};
use doorstep::{audit, upkeep};
use jiff::civil::{Date, date};
use uuid::Uuid;

use crate::support::{Browser, TestApp};
use crate::volunteer::at;

db::statements! {
    STEPS = "SELECT COUNT(*) AS count FROM class_help_steps WHERE tenant_id = $1";
    CHILDREN = "SELECT COUNT(*) AS count FROM children WHERE tenant_id = $1";
    LOOKS = "SELECT COUNT(*) AS count FROM class_help_looks WHERE tenant_id = $1";
    STANDINGS = "SELECT COUNT(*) AS count FROM class_help WHERE tenant_id = $1";
    OPENINGS = "SELECT COUNT(*) AS count FROM class_help_openings WHERE tenant_id = $1";
    RESIDENT = "SELECT id FROM residents WHERE tenant_id = $1 AND name = $2";
}

/// Somebody of a family that was made up.
#[derive(Debug, Clone)]
struct Made {
    name: String,
    born: Option<Date>,
    away: bool,
    tag: Option<Tag>,
    relation: Option<Relation>,
}

fn made(name: &str, born: Option<Date>) -> Made {
    Made { name: name.to_owned(), born, away: false, tag: None, relation: None }
}

async fn settle(app: &TestApp, (estate, building, room): (&str, &str, &str), family: &[Made]) {
    let mut tx = app.db.begin().await.unwrap();
    let room = parse_room(room).unwrap();
    let door = Settler::default().settle(&mut tx, &app.act(), estate, building, "1", &room).await.unwrap();
    let head = PersonName::parse(&family[0].name).unwrap();
    for member in family {
        let new = NewResident {
            birth: member.born.map(|day| codes::date::parse(&day.to_string()).unwrap()),
            residence_state: member.away.then_some(ResidenceState::RegisteredHereOnly),
            relation: member.relation,
            phone: (member.name == "高建国").then(|| Phone::parse("13800002222").unwrap()),
            tags: member.tag.map(|tag| (tag, "走访".to_owned())).into_iter().collect(),
            ..NewResident::named(PersonName::parse(&member.name).unwrap())
        };
        let done = enrol(&mut tx, &app.act(), door, &head, &new).await.unwrap();
        assert!(matches!(done, Outcome::Created(_)), "{}", member.name);
    }
    tx.commit().await.unwrap();
}

async fn building(app: &TestApp, name: &str) -> Building {
    let all = place::all_buildings(&mut app.db.read().await.unwrap(), app.home.tenant).await.unwrap();
    all.into_iter().find(|building| building.name == name).unwrap()
}

/// A child of the register comes to the class.
async fn enrolled(app: &TestApp, name: &str, month: &str, building: &Building) {
    let adult = Person { name: "王桂香".to_owned(), relation: "奶奶".to_owned(), phone: "13800005678".to_owned() };
    let particulars = Particulars {
        name: name.to_owned(),
        birth_month: month.to_owned(),
        guardians: vec![adult.clone()],
        ..Particulars::default()
    };
    let sketch = Sketch { estate: building.estate_id, building: building.id, particulars, medical: None };
    let mut tx = app.db.begin().await.unwrap();
    let wishes = Wishes { adults: vec![(false, adult)], photos: false, alone: false };
    after_school::enrol(&mut tx, &app.act(), sketch, &wishes).await.unwrap();
    tx.commit().await.unwrap();
}

async fn resident(app: &TestApp, name: &str) -> Uuid {
    let rows = app.db.read().await.unwrap().rows(RESIDENT.bind(app.home.tenant).bind(name)).await.unwrap();
    rows[0].get("id").unwrap()
}

async fn count(app: &TestApp, statement: db::Statement) -> i64 {
    app.db.read().await.unwrap().rows(statement.bind(app.home.tenant)).await.unwrap()[0].get("count").unwrap()
}

async fn opened(browser: &Browser) {
    browser.post("/class-help/openings", &[("reason", "寒假前上门走访")]).await.assert_ok();
}

/// The names on all pages of a list, in their order.
async fn names(browser: &Browser, show: &str) -> Vec<String> {
    let (mut names, mut next) = (Vec::new(), format!("/class-help?show={show}"));
    loop {
        let page = browser.get(&next).await;
        page.assert_ok();
        let found = page.between_all("<b><a href=\"/class-help/", "</a>");
        names.extend(found.map(|text| text.rsplit('>').next().unwrap().to_owned()));
        match page.between_all("href=\"/class-help?show=", "\"").find(|link| link.contains("before=")) {
            Some(link) => next = format!("/class-help?show={}", link.replace("&#38;", "&").replace("&amp;", "&")),
            None => return names,
        }
    }
}

/// The same numbers every time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 33) % sides
    }
}

const TODAY: Date = date(2026, 11, 23);

/// At least so many years old.
fn is(made: &Made, years: i16) -> bool {
    made.born.is_some_and(|born| TODAY >= date(born.year() + years, born.month(), born.day().min(28)))
}

db_test! {
    async fn the_list_is_what_follows_from_the_families(app: TestApp) {
        let mut dice = Dice(20261123);
        let (mut wanted, mut all, mut in_class) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
        let mut number = 0;
        for home in 0..36 {
            let family: Vec<Made> = (0..1 + dice.below(5))
                .map(|_| {
                    number += 1;
                    let digits: String = format!("{number:03}").chars().map(|digit| "零一二三四五六七八九".chars().nth(digit as usize - 48).unwrap()).collect();
                    // From five to nineteen, of working age, old, or not known.
                    let age = match dice.below(8) { 0..4 => Some(5 + dice.below(15)), 4..6 => Some(20 + dice.below(39)), 6 => Some(60 + dice.below(30)), _ => None };
                    let born = age.map(|years| date(2026 - years as i16, 1 + dice.below(12) as i8, 1 + dice.below(28) as i8));
                    let tag = match dice.below(9) { 0 => Some(Tag::LeftBehindChild), 1 => Some(Tag::ChildInDifficulty), 2 => Some(Tag::Needy), _ => None };
                    Made { away: dice.below(5) == 0, tag, ..made(&format!("陈{digits}"), born) }
                })
                .collect();
            let floor = format!("{}01", 1 + home / 2);
            let name = if home % 2 == 0 { "3号楼" } else { "5号楼" };
            settle(&app, ("王府名苑小区", name, &floor), &family).await;
            let cared = family.iter().any(|one| !one.away && is(one, 18) && !is(one, 60));
            for one in &family {
                let tagged = matches!(one.tag, Some(Tag::LeftBehindChild | Tag::ChildInDifficulty));
                if tagged && one.born.is_none() && !one.away {
                    wanted.insert(one.name.clone());
                    all.insert(one.name.clone());
                }
                if one.away || !is(one, 6) || is(one, 18) {
                    continue;
                }
                if tagged || (!is(one, 16) && !cared) {
                    wanted.insert(one.name.clone());
                }
                if tagged || !is(one, 16) {
                    all.insert(one.name.clone());
                    if dice.below(6) == 0 && is(one, 7) {
                        in_class.push((one.clone(), name));
                    }
                }
            }
        }
        assert!(wanted.len() > 8 && all.len() > wanted.len() + 4 && in_class.len() > 2, "{} {} {}", wanted.len(), all.len(), in_class.len());
        let staff = app.person(Role::Staff).browser().await;
        opened(&staff).await;
        let as_set = |names: Vec<String>| names.into_iter().collect::<BTreeSet<String>>();
        assert_eq!(as_set(names(&staff, "").await), wanted);
        assert_eq!(as_set(names(&staff, "all").await), all);
        assert!(names(&staff, "later").await.is_empty());
        let homes: BTreeMap<&str, Building> = [("3号楼", building(&app, "3号楼").await), ("5号楼", building(&app, "5号楼").await)].into();
        for (one, home) in &in_class {
            let month = one.born.unwrap().strftime("%Y-%m").to_string();
            enrolled(&app, &one.name, &month, &homes[home]).await;
            wanted.remove(&one.name);
            all.remove(&one.name);
        }
        assert_eq!(as_set(names(&staff, "").await), wanted);
        assert_eq!(as_set(names(&staff, "all").await), all);
    }

    async fn a_long_list_is_read_page_by_page(app: TestApp) {
        for door in 0..11 {
            let family: Vec<Made> = (0..10).map(|number| made(&format!("何{}{}", "甲乙丙丁戊己庚辛壬癸子".chars().nth(door).unwrap(), "一二三四五六七八九十".chars().nth(number).unwrap()), Some(date(2015, 3, 4)))).collect();
            settle(&app, ("王府名苑小区", "3号楼", &format!("{}01", door + 1)), &family).await;
        }
        let staff = app.person(Role::Staff).browser().await;
        opened(&staff).await;
        let found = names(&staff, "").await;
        assert_eq!(found.len(), 110);
        assert_eq!(found.iter().collect::<BTreeSet<_>>().len(), 110);
    }

    async fn steps_and_an_invitation_move_a_child_along(app: TestApp) {
        let own = [
            Made { relation: Some(Relation::Head), ..made("高老汉", Some(date(1950, 1, 1))) },
            Made { relation: Some(Relation::Son), ..made("高建国", Some(date(1985, 1, 1))) },
            Made { relation: Some(Relation::Grandchild), tag: Some(Tag::LeftBehindChild), ..made("高小明", Some(date(2016, 5, 20))) },
        ];
        settle(&app, ("王府名苑小区", "3号楼", "101"), &own).await;
        settle(&app, ("王府名苑小区", "3号楼", "102"), &[made("刘小雨", Some(date(2016, 5, 20)))]).await;
        settle(&app, ("凤凰苑小区", "1号楼", "101"), &[made("何小花", Some(date(2016, 5, 20)))]).await;
        let staff = app.person(Role::Staff).browser().await;
        let ids = [resident(&app, "高小明").await, resident(&app, "刘小雨").await, resident(&app, "何小花").await];
        let [ming, yu, hua] = ids.map(|id| format!("/class-help/{id}"));

        // Before somebody has said why there is nobody to be seen, and nothing to be done.
        staff.get("/class-help").await.assert_ok().assert_contains("先写明原因").assert_lacks("高小明");
        staff.get(&ming).await.assert_lacks("高小明");
        staff.post(&format!("{ming}/invitation"), &[]).await.assert_status(422);
        staff.post("/class-help/openings", &[("reason", "看看")]).await.assert_status(422);
        for role in Role::assignable().filter(|role| !matches!(role, Role::Secretary | Role::Staff)) {
            let browser = app.person(role).browser().await;
            browser.get("/class-help").await.assert_status(403);
            browser.post("/class-help/openings", &[("reason", "寒假前上门走访")]).await.assert_status(403);
        }
        opened(&staff).await;
        let page = staff.get("/class-help").await;
        page.assert_contains("留守儿童").assert_contains("儿童独自在家");
        assert!(!page.body.contains("2016"), "no day of birth in an address or on the list");
        app.person(Role::AuditAdmin).browser().await.get("/audit").await.assert_contains("寒假前上门走访").assert_lacks("高小明");
        // Within their reach.
        let estates = place::estates(&mut app.db.read().await.unwrap(), app.home.tenant).await.unwrap();
        let other = estates.iter().find(|estate| estate.name == "凤凰苑小区").unwrap().id;
        let worker = app.person(Role::GridWorker).browser().await;
        let neighbour = app.person(Role::Staff).reaching(Reach::Estate, other).browser().await;
        opened(&neighbour).await;
        assert_eq!(names(&neighbour, "").await, ["何小花"]);
        neighbour.get(&ming).await.assert_status(404);
        let abroad = app.community("141102004998", "凤山社区").await;
        let stranger = app.person(Role::Secretary).of_community(&abroad).browser().await;
        opened(&stranger).await;
        assert!(names(&stranger, "all").await.is_empty());
        stranger.get(&ming).await.assert_status(404);
        stranger.post(&format!("{ming}/steps"), &[("kind", "visited")]).await.assert_status(404);

        // What was done, and when somebody looks again.
        let steps = format!("{yu}/steps");
        staff.post(&steps, &[("kind", "not_needed")]).await.assert_status(422).assert_contains("为什么不需要");
        staff.post(&steps, &[("kind", "visited"), ("next_on", "2026-11-23")]).await.assert_status(422).assert_contains("今天以后");
        staff.post(&steps, &[("kind", "invited"), ("words", "说了")]).await.assert_status(422);
        staff.post(&steps, &[("kind", "visited"), ("words", "姑姑在照看"), ("next_on", "2026-12-01")]).await.assert_ok();
        assert_eq!(names(&staff, "").await, ["何小花", "高小明"]);
        assert_eq!(names(&staff, "later").await, ["刘小雨"]);
        staff.get(&yu).await.assert_contains("姑姑在照看").assert_contains("已上门");
        // What was done stands on the list's page, and neither on the resident's nor in the log.
        for page in [worker.get(&format!("/residents/{}", ids[1])).await, staff.get(&format!("/residents/{}", ids[1])).await] {
            page.assert_ok().assert_lacks("登记帮扶").assert_lacks("已上门");
        }
        app.person(Role::AuditAdmin).browser().await.get("/audit").await.assert_contains("登记帮扶").assert_lacks("已上门");
        staff.post(&format!("{hua}/steps"), &[("kind", "not_needed"), ("words", "在私立学校住宿")]).await.assert_ok();
        staff.get("/today").await.assert_lacks("帮扶名单");

        // One tap: the child is asked, with the name and the phone of whoever the register makes a guardian.
        staff.get(&ming).await.assert_contains("高建国").assert_lacks("13800002222");
        let page = staff.post(&format!("{ming}/invitation"), &[]).await;
        page.assert_ok().assert_contains("等监护人答复").assert_contains("/guardians/");
        let child = after_school::child(&mut app.db.read().await.unwrap(), &app.act(), crate::after_school::id_of(&page).parse().unwrap()).await.unwrap();
        assert_eq!(child.name(), "高小明");
        assert_eq!(child.particulars.guardians[0].with_phone(), "高建国13800002222");
        assert_eq!(child.particulars.birth_month, "", "nothing more than who is asked");
        assert!(names(&staff, "").await.is_empty());
        staff.get("/class-help?show=later").await.assert_contains("已邀请").assert_contains("很可能已经在班上");
        staff.post(&format!("{yu}/invitation"), &[]).await.assert_status(422).assert_contains("没有大人");

        // The day comes.
        at(&app, "2026-12-01T09:00:00+08:00");
        let staff = app.person(Role::Staff).browser().await;
        staff.get("/today").await.assert_contains("帮扶名单").assert_contains("1 个孩子");
        opened(&staff).await;
        assert_eq!(names(&staff, "").await, ["刘小雨"]);

        // Of whom nothing may be kept, nothing is.
        let count = async || -> i64 { app.db.read().await.unwrap().rows(STEPS.bind(app.home.tenant)).await.unwrap()[0].get("count").unwrap() };
        assert_eq!(count().await, 3);
        let mut tx = app.db.begin().await.unwrap();
        erasure::erase(&mut tx, &app.act(), ids[1], "家长要求").await.unwrap();
        tx.commit().await.unwrap();
        while doorstep::outbox::work(&app.app, &doorstep::app::handlers()).await.unwrap() > 0 {}
        assert_eq!(count().await, 2);
        at(&app, "2029-12-30T09:00:00+08:00");
        upkeep::once(&app.app).await.unwrap();
        assert_eq!(count().await, 0);
        let rows = app.db.read().await.unwrap().rows(OPENINGS.bind(app.home.tenant)).await.unwrap();
        let openings: i64 = rows[0].get("count").unwrap();
        assert_eq!(openings, 0, "nor why somebody looked");
    }

    async fn who_may_be_a_parent_follows_from_the_household(app: TestApp) {
        let child = |name: &str, relation| Made { relation: Some(relation), ..made(name, Some(date(2016, 5, 20))) };
        let someone = |name: &str, relation, born| Made { relation: Some(relation), ..made(name, born) };
        let (old, adult) = (Some(date(1950, 1, 1)), Some(date(1988, 1, 1)));
        // A brother or sister whose day of birth nobody wrote down is no parent.
        settle(&app, ("王府名苑小区", "3号楼", "101"), &[someone("高老汉", Relation::Head, old), child("高小明", Relation::Grandchild), someone("高小红", Relation::Grandchild, None)]).await;
        // A grown brother is none either; the head is.
        settle(&app, ("王府名苑小区", "3号楼", "102"), &[someone("任建国", Relation::Head, adult), child("任小雨", Relation::Son)]).await;
        settle(&app, ("王府名苑小区", "3号楼", "103"), &[someone("温老汉", Relation::Head, old), child("温小雨", Relation::Grandchild), someone("温大姐", Relation::Grandchild, Some(date(2004, 1, 1)))]).await;
        // Two households behind one door.
        settle(&app, ("王府名苑小区", "3号楼", "104"), &[someone("何建国", Relation::Head, adult)]).await;
        settle(&app, ("王府名苑小区", "3号楼", "104"), &[someone("白老汉", Relation::Head, old), child("白小花", Relation::Other)]).await;
        // A tag holds whatever day of birth is written down, and parents without one are a reason of their own.
        settle(&app, ("王府名苑小区", "3号楼", "105"), &[someone("牛建国", Relation::Head, adult), Made { tag: Some(Tag::LeftBehindChild), ..someone("牛小花", Relation::Daughter, None) }]).await;
        settle(&app, ("王府名苑小区", "3号楼", "106"), &[someone("马建国", Relation::Head, None), child("马小花", Relation::Daughter)]).await;
        let staff = app.person(Role::Staff).browser().await;
        opened(&staff).await;
        let mut found = names(&staff, "").await;
        found.sort();
        let mut expected = ["高小明", "温小雨", "白小花", "牛小花", "马小花"];
        expected.sort();
        assert_eq!(found, expected);
        let address = async |name: &str| format!("/class-help/{}", resident(&app, name).await);
        staff.get(&address("马小花").await).await.assert_contains("大人的年龄没有登记").assert_lacks("儿童独自在家");
        staff.get(&address("牛小花").await).await.assert_contains("留守儿童").assert_contains("出生日期没有登记");
        staff.get(&address("高小明").await).await.assert_contains("登记里没有父母").assert_lacks("年龄没有登记");

        // Nobody of another household becomes a guardian, and where the register does not say who is one, somebody chooses.
        let bai = address("白小花").await;
        staff.get(&bai).await.assert_contains("看不出谁是监护人").assert_contains("白老汉").assert_lacks("何建国");
        staff.post(&format!("{bai}/invitation"), &[]).await.assert_status(422).assert_contains("请选问谁");
        let flatmate = resident(&app, "何建国").await.to_string();
        staff.post(&format!("{bai}/invitation"), &[("adult", &flatmate)]).await.assert_status(422);
        let own = resident(&app, "白老汉").await.to_string();
        staff.post(&format!("{bai}/invitation"), &[("adult", &own)]).await.assert_ok().assert_contains("等监护人答复");
    }

    async fn a_child_is_asked_once_and_waits_for_nobody_when_it_has_come(app: TestApp) {
        let family = [
            Made { relation: Some(Relation::Head), ..made("高建国", Some(date(1985, 1, 1))) },
            Made { relation: Some(Relation::Son), tag: Some(Tag::LeftBehindChild), ..made("高小明", Some(date(2016, 5, 20))) },
        ];
        settle(&app, ("王府名苑小区", "3号楼", "101"), &family).await;
        let staff = app.person(Role::Staff).browser().await;
        opened(&staff).await;
        let ming = format!("/class-help/{}", resident(&app, "高小明").await);
        let page = staff.post(&format!("{ming}/invitation"), &[]).await;
        page.assert_ok().assert_contains("等监护人答复");
        let id = crate::after_school::id_of(&page);
        let count = async || -> i64 { app.db.read().await.unwrap().rows(CHILDREN.bind(app.home.tenant)).await.unwrap()[0].get("count").unwrap() };
        staff.post(&format!("{ming}/invitation"), &[]).await.assert_status(422).assert_contains("很可能已经有这个孩子");
        assert_eq!(count().await, 1, "asked twice, and there is one child");
        staff.get(&ming).await.assert_contains("不是同一个孩子");

        // The guardian agrees; on the day on which somebody would have looked again there is nothing to look at.
        let link = crate::after_school::link(&staff, &id).await;
        let home = crate::after_school::home(&staff).await;
        let mut form = vec![("agrees", "yes"), ("home", home.as_str()), ("child_name", "高小明"), ("guardian1_name", "高建国")];
        form.extend(crate::after_school::CHILD.iter().filter(|(name, _)| !["child_name", "guardian1_name"].contains(name)));
        app.browser().post(&format!("{link}/answer"), &form).await.assert_ok().assert_contains("登记好了");
        at(&app, "2026-12-24T09:00:00+08:00");
        let staff = app.person(Role::Staff).browser().await;
        staff.get("/today").await.assert_lacks("帮扶名单");
        opened(&staff).await;
        assert!(names(&staff, "").await.is_empty());
    }

    async fn each_look_at_one_child_is_noted_with_a_reason_and_the_guardian_reads_it(app: TestApp) {
        let family = [
            Made { relation: Some(Relation::Head), ..made("高建国", Some(date(1985, 1, 1))) },
            Made { relation: Some(Relation::Son), tag: Some(Tag::LeftBehindChild), ..made("高小明", Some(date(2016, 5, 20))) },
        ];
        settle(&app, ("王府名苑小区", "3号楼", "101"), &family).await;
        settle(&app, ("王府名苑小区", "3号楼", "102"), &[made("刘小雨", Some(date(2016, 5, 20)))]).await;
        let [ming, yu] = [resident(&app, "高小明").await, resident(&app, "刘小雨").await];
        let looks = async || count(&app, LOOKS).await;
        let staff = app.person(Role::Staff).named("任建平").browser().await;
        staff.get(&format!("/class-help/{ming}")).await.assert_status(422);
        assert_eq!(looks().await, 0, "nobody has seen anything");
        opened(&staff).await;
        staff.get("/class-help").await.assert_ok();
        assert_eq!(looks().await, 0, "the list itself was opened with a reason");
        staff.get(&format!("/class-help/{ming}")).await.assert_ok().assert_contains("任建平").assert_contains("寒假前上门走访");
        staff.get(&format!("/class-help/{ming}")).await.assert_ok();
        assert_eq!(looks().await, 1, "once for each time that somebody said why");
        staff.get(&format!("/class-help/{yu}")).await.assert_ok();
        let colleague = app.person(Role::Staff).named("温小霞").browser().await;
        colleague.post("/class-help/openings", &[("reason", "核对家里有没有大人")]).await.assert_ok();
        // Whoever does something about a child without having looked has read of it as well.
        colleague.post(&format!("/class-help/{ming}/steps"), &[("kind", "visited"), ("words", "奶奶在家")]).await.assert_ok();
        assert_eq!(looks().await, 3);
        // Neither the log nor the resident's page learns of whom it was.
        app.person(Role::AuditAdmin).browser().await.get("/audit").await.assert_lacks("小明").assert_contains("核对家里有没有大人");
        staff.get(&format!("/residents/{ming}")).await.assert_ok().assert_lacks("核对家里有没有大人");

        // The guardian who is asked reads who looked before, and why; also in the copy that they take along.
        let page = staff.post(&format!("/class-help/{ming}/invitation"), &[]).await;
        let child = crate::after_school::id_of(page.assert_ok());
        let link = crate::after_school::link(&staff, &child).await;
        let home = crate::after_school::home(&staff).await;
        let mut form = vec![("agrees", "yes"), ("home", home.as_str()), ("child_name", "高小明"), ("guardian1_name", "高建国")];
        form.extend(crate::after_school::CHILD.iter().filter(|(name, _)| !["child_name", "guardian1_name"].contains(name)));
        app.browser().post(&format!("{link}/answer"), &form).await.assert_ok();
        let seen = app.browser().get(&link).await;
        for words in ["任建平", "帮扶名单：寒假前上门走访", "温小霞", "帮扶名单：核对家里有没有大人"] {
            seen.assert_contains(words);
        }
        let words = crate::support::office::words(&app.browser().download(&format!("{link}/record.docx")).await);
        assert!(words.contains("帮扶名单：核对家里有没有大人") && words.contains("温小霞"), "{words}");
        let other = crate::after_school::enrolled(&staff, &[]).await;
        let other = crate::after_school::link(&staff, &other).await;
        app.browser().get(&other).await.assert_lacks("帮扶名单");
        // They go when their time is up.
        at(&app, "2029-12-30T09:00:00+08:00");
        upkeep::once(&app.app).await.unwrap();
        assert_eq!(looks().await, 0);
    }

    async fn what_was_done_follows_a_child_of_whom_there_were_two_records(app: TestApp) {
        let twice = [made("高小明", Some(date(2016, 5, 20))), made("高小朋", Some(date(2016, 5, 20)))];
        settle(&app, ("王府名苑小区", "3号楼", "101"), &[&[made("高建国", Some(date(1985, 1, 1)))], &twice[..]].concat()).await;
        let [keep, drop] = [resident(&app, "高小明").await, resident(&app, "高小朋").await];
        let staff = app.person(Role::Staff).named("任建平").browser().await;
        opened(&staff).await;
        let done = |id: Uuid, words: &'static str| {
            let (staff, path) = (&staff, format!("/class-help/{id}/steps"));
            async move { staff.post(&path, &[("kind", "visited"), ("words", words)]).await.assert_ok(); }
        };
        done(drop, "姑姑在照看").await;
        let merge = async |keep: Uuid, drop: Uuid| {
            let mut tx = app.db.begin().await.unwrap();
            life::merge(&mut tx, &app.act(), keep, drop, "重复登记").await.unwrap();
            tx.commit().await.unwrap();
            while doorstep::outbox::work(&app.app, &doorstep::app::handlers()).await.unwrap() > 0 {}
        };
        merge(keep, drop).await;
        // What is known of the one is known of the other, with who looked and when somebody looks again.
        staff.get(&format!("/class-help/{keep}")).await.assert_ok().assert_contains("姑姑在照看").assert_contains("寒假前上门走访");
        staff.get("/class-help?show=later").await.assert_contains("高小明").assert_contains("再看");
        assert_eq!((count(&app, STEPS).await, count(&app, LOOKS).await, count(&app, STANDINGS).await), (1, 1, 1));
        // Where both were looked after, both of that stays, and the one that stays stands as it stood.
        settle(&app, ("王府名苑小区", "3号楼", "102"), &[made("高小友", Some(date(2016, 5, 20)))]).await;
        let third = resident(&app, "高小友").await;
        staff.post(&format!("/class-help/{third}/steps"), &[("kind", "not_needed"), ("words", "在私立学校住宿")]).await.assert_ok();
        merge(keep, third).await;
        let page = staff.get(&format!("/class-help/{keep}")).await;
        page.assert_ok().assert_contains("姑姑在照看").assert_contains("在私立学校住宿");
        staff.get("/class-help?show=later").await.assert_contains("已上门").assert_contains("再看");
        assert_eq!((count(&app, STEPS).await, count(&app, LOOKS).await, count(&app, STANDINGS).await), (2, 1, 1), "one look at one child");
        assert_eq!(audit::verify(&mut app.db.read().await.unwrap(), app.home.tenant).await.unwrap().broken, None);
    }

    async fn a_child_that_has_not_come_is_looked_at_again(app: TestApp) {
        let family = [made("高建国", Some(date(1985, 1, 1))), made("高小明", Some(date(2016, 5, 20)))];
        settle(&app, ("王府名苑小区", "3号楼", "101"), &family).await;
        let staff = app.person(Role::Staff).browser().await;
        opened(&staff).await;
        let ming = format!("/class-help/{}", resident(&app, "高小明").await);
        // Nothing speaks for it but that somebody has been there, and said when to look again.
        staff.post(&format!("{ming}/steps"), &[("kind", "visited"), ("next_on", "2026-12-01")]).await.assert_ok();
        assert!(names(&staff, "").await.is_empty());
        at(&app, "2026-12-01T09:00:00+08:00");
        let staff = app.person(Role::Staff).browser().await;
        staff.get("/today").await.assert_contains("帮扶名单").assert_contains("1 个孩子");
        opened(&staff).await;
        assert_eq!(names(&staff, "").await, ["高小明"], "the list shows what the line counts");
        // Who has grown out of it is not counted any more.
        staff.post(&format!("{ming}/steps"), &[("kind", "visited"), ("next_on", "2027-11-30")]).await.assert_ok();
        at(&app, "2032-06-01T09:00:00+08:00");
        app.person(Role::Staff).browser().await.get("/today").await.assert_lacks("帮扶名单");
    }

    async fn whoever_has_a_grid_is_told_before_anything_is_written(app: TestApp) {
        settle(&app, ("王府名苑小区", "3号楼", "101"), &[
            Made { relation: Some(Relation::Head), ..made("高建国", Some(date(1985, 1, 1))) },
            Made { relation: Some(Relation::Son), tag: Some(Tag::LeftBehindChild), ..made("高小明", Some(date(2016, 5, 20))) },
        ]).await;
        let home = building(&app, "3号楼").await;
        let mut tx = app.db.begin().await.unwrap();
        let grid = place::create_grid(&mut tx, &app.act(), "141102004999001", "第一网格").await.unwrap();
        place::assign_grid(&mut tx, &app.act(), home.id, grid).await.unwrap();
        tx.commit().await.unwrap();
        let walker = app.person(Role::Staff).reaching(Reach::Grid, grid).browser().await;
        opened(&walker).await;
        assert_eq!(names(&walker, "").await, ["高小明"]);
        let ming = format!("/class-help/{}", resident(&app, "高小明").await);
        walker.post(&format!("{ming}/invitation"), &[]).await.assert_status(422).assert_contains("您管的是网格");
        let rows = app.db.read().await.unwrap().rows(CHILDREN.bind(app.home.tenant)).await.unwrap();
        let count: i64 = rows[0].get("count").unwrap();
        assert_eq!(count, 0);
    }
}
