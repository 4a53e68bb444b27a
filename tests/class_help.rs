//! 帮扶名单: which children stand on it is compared with what follows from the families themselves, and who reads it says why.

use std::collections::{BTreeMap, BTreeSet};

use codes::address::parse_room;
use codes::tables::Relation;
use codes::{PersonName, Phone};
use doorstep::access::{Reach, Role};
use doorstep::after_school::{self, Particulars, Person, Sketch, Wishes};
use doorstep::place::{self, Building, Settler};
use doorstep::registry::enrol::{NewResident, Outcome, enrol};
use doorstep::registry::{ResidenceState, Tag, erasure};
use jiff::civil::{Date, date};
use uuid::Uuid;

use crate::support::{Browser, TestApp};
use crate::volunteer::at;

db::statements! {
    STEPS = "SELECT COUNT(*) AS count FROM class_help_steps WHERE tenant_id = $1";
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
            let cared = family.iter().any(|one| !one.away && (one.born.is_none() || is(one, 18)) && !is(one, 60));
            for one in &family {
                let tagged = matches!(one.tag, Some(Tag::LeftBehindChild | Tag::ChildInDifficulty));
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
            (wanted.remove(&one.name), all.remove(&one.name));
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
        let mut tx = app.db.begin().await.unwrap();
        after_school::help::forget_old(&mut tx, &app.act()).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(count().await, 0);
    }
}
