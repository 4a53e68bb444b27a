//! 变化核对: a workbook as a re-survey, what a visit says, and what becomes of it.

use std::collections::BTreeMap;

use codes::address::parse_room;
use codes::{IdentityNumber, PersonName, Phone};
use db::Statement;
use doorstep::access::{Reach, Role};
use doorstep::place::{self, Settler};
use doorstep::registry::enrol::{NewResident, Outcome, enrol};
use doorstep::registry::finding::{Batch, BatchKind, Said, note};
use doorstep::registry::import::{Column, ImportOptions, Summary, import_file, workbook};
use doorstep::registry::{Clash, Ending, Particular, life, person};
use doorstep::{audit, upkeep};
use jiff::Timestamp;
use uuid::Uuid;

use crate::import::{Line, identity, line, settle, with};
use crate::support::{Engine, Page, TestApp};

const COMPARE: ImportOptions = ImportOptions { dry_run: false, all_or_nothing: false, compare: true };
const DRY_RUN: ImportOptions = ImportOptions { dry_run: true, all_or_nothing: false, compare: false };

db::statements! {
    OPEN = "SELECT f.id, f.kind, f.field, f.sure, COALESCE(r.name, '') AS who FROM findings f
        LEFT JOIN residents r ON r.tenant_id = f.tenant_id AND r.id = f.resident_id
        WHERE f.tenant_id = $1 AND f.decision IS NULL ORDER BY f.id";
    ALL = "SELECT COUNT(*) AS many FROM findings WHERE tenant_id = $1";
    RESIDENTS = "SELECT COUNT(*) AS many FROM residents WHERE tenant_id = $1 AND ended IS NULL";
    BY_NUMBER = "SELECT id FROM residents WHERE tenant_id = $1 AND identity_fingerprint = $2";
    NAMED = "SELECT id FROM residents WHERE tenant_id = $1 AND name = $2 AND ended IS NULL";
}

db::record! {
    struct Many { many: i64 }
    struct Found { id: Uuid }
    struct Open { id: Uuid, kind: String, field: Option<String>, sure: bool, who: String }
}

async fn many(app: &TestApp, what: Statement) -> i64 {
    app.db.read().await.unwrap().one::<Many>(what.bind(app.home.tenant)).await.unwrap().many
}

async fn open(app: &TestApp) -> Vec<Open> {
    app.db.read().await.unwrap().all(OPEN.bind(app.home.tenant)).await.unwrap()
}

/// What is open: how many of each kind, and of which fields.
async fn kinds(app: &TestApp) -> BTreeMap<String, usize> {
    let mut kinds = BTreeMap::new();
    for Open { kind, field, .. } in open(app).await {
        let field = field.filter(|_| kind == "particular").map_or(String::new(), |field| format!(" {field}"));
        *kinds.entry(format!("{kind}{field}")).or_default() += 1;
    }
    kinds
}

async fn run(app: &TestApp, lines: &[Line], options: ImportOptions) -> Summary {
    let file = workbook(lines.to_vec()).unwrap();
    import_file(&app.db, &app.act(), "登记表.xlsx", file, options, |_, _| {}).await.unwrap()
}

fn at(moment: &str) -> Timestamp {
    moment.parse().unwrap()
}

fn named(name: &str) -> NewResident {
    NewResident::named(PersonName::parse(name).unwrap())
}

/// Somebody new in the household of a line.
fn beside(n: usize, name: &str, relation: &str, birth: &str, number: &str) -> Line {
    let line = with(with(line(n), Column::Name, name), Column::Relation, relation);
    let line = with(with(line, Column::Birth, birth), Column::Phone, "");
    with(with(line, Column::PartyHousehold, ""), Column::Identity, number)
}

/// A workbook of a whole community, changed in known ways, and what those are.
fn changed(people: usize) -> (Vec<Line>, BTreeMap<String, usize>) {
    let mut lines: Vec<Line> = Vec::new();
    for n in 0..people {
        let line = match n {
            // Three have left; of another household nobody asked, which says nothing.
            31 | 34 | 37 | 150..=152 => continue,
            // Two left before the survey, as the register knows; the old head stays alone.
            121 | 122 => continue,
            200..=209 => with(line(n), Column::Phone, &format!("139{n:08}")),
            220..=223 => with(line(n), Column::Workplace, "县医院"),
            230 => with(line(n), Column::Category, "退役军人、残疾人"),
            // Somebody has moved next door.
            241 => {
                let next = line(243)
                    .into_iter()
                    .filter(|(column, _)| matches!(column, Column::Room | Column::Head | Column::Housing));
                let moved = with(line(241), Column::Relation, "其他");
                next.fold(moved, |line, (column, value)| with(line, column, &value))
            }
            // A row that is given back does not make its person missing.
            61 => with(line(n), Column::Identity, "141199199003070014"),
            _ => line(n),
        };
        lines.push(line);
    }
    for n in 0..5 {
        lines.push(beside(
            300 + n * 3,
            &format!("新来{}", ["甲", "乙", "丙", "丁", "戊"][n]),
            "其他",
            "",
            &identity("19900101", 900 + n),
        ));
    }
    lines.push(beside(330, "无号人", "其他", "1991-02-03", ""));
    for (n, name) in ["小一", "小二", "小三"].into_iter().enumerate() {
        lines.push(beside(360 + n * 3, name, "子", "2026-09-01", ""));
    }
    let expected = [
        ("moved_in", 7),
        ("moved_out", 3),
        ("born", 3),
        ("phone", 10),
        ("particular workplace", 4),
        ("particular tag:veteran", 1),
        ("particular tag:disabled", 1),
        ("became_alone", 1),
    ];
    (lines, expected.into_iter().map(|(kind, many)| (kind.to_owned(), many)).collect())
}

/// Those of a community who turn 60 after one day and until another.
fn turn_sixty(people: usize, after: &str, until: &str) -> usize {
    let born = |n: usize| {
        let line = line(n);
        let number = line.iter().find(|(column, _)| *column == Column::Identity).unwrap().1.clone();
        number[6..14].to_owned()
    };
    (0..people).filter(|n| !matches!(n, 121 | 122) && (born(*n).as_str() > after && born(*n).as_str() <= until)).count()
}

async fn resident(app: &TestApp, n: usize) -> Uuid {
    let number = line(n).into_iter().find(|(column, _)| *column == Column::Identity).unwrap().1;
    let number = app.act().fingerprint("identity", &number);
    app.db.read().await.unwrap().one::<Found>(BY_NUMBER.bind(app.home.tenant).bind(number)).await.unwrap().id
}

/// Somebody has left, today.
async fn left(app: &TestApp, id: Uuid) {
    let mut tx = app.db.begin().await.unwrap();
    let version = person::person(&mut tx, &app.act(), id).await.unwrap().version;
    life::leave(&mut tx, &app.act(), id, version, Ending::MovedOut, app.means.now(), "邻居说的").await.unwrap();
    tx.commit().await.unwrap();
}

/// The story of a re-survey, from a register that a workbook made to the same register with the changes.
async fn a_register_is_surveyed_again(app: &TestApp, people: usize) {
    let first: Vec<Line> = (0..people).map(line).collect();
    assert_eq!(run(app, &first, ImportOptions::default()).await.created, people as i64);
    upkeep::count(&app.db, &app.means).await.unwrap();
    app.means.clock.set(at("2026-12-05T09:00:00+08:00"));
    left(app, resident(app, 121).await).await;
    left(app, resident(app, 122).await).await;
    upkeep::count(&app.db, &app.means).await.unwrap();

    app.means.clock.set(at("2027-03-01T09:00:00+08:00"));
    let (lines, mut expected) = changed(people);
    let turned = turn_sixty(people, "19661123", "19670301");
    assert!(turned > 0);
    expected.insert("turned_60".to_owned(), turned);
    let before = many(app, RESIDENTS).await;
    let began = std::time::Instant::now();
    let summary = run(app, &lines, COMPARE).await;
    println!("{} rows compared in {:?}", lines.len(), began.elapsed());
    assert_eq!(summary.rejected.len(), 1, "{:?}", summary.rejected);
    assert_eq!(kinds(app).await, expected);
    assert_eq!(many(app, RESIDENTS).await, before, "the register is as it was");
    let found = open(app).await;
    let sure = found.iter().filter(|found| found.sure).count();
    assert_eq!(sure, 5 + 10 + 4 + 2, "by number: the new ones, the phones, the workplaces, the tags");
    if people < 1000 {
        run(app, &lines, COMPARE).await;
        assert_eq!(open(app).await.len(), found.len(), "what is said again is noted once");
    }

    let staff = app.person(Role::Staff).browser().await;
    let page = staff.get("/residents/changes").await;
    page.assert_ok()
        .assert_contains(&format!("其中 {sure} 条有把握"))
        .assert_contains("新住进来 <span class=\"count\">7</span>");
    let of = page.input("of");
    let done = staff.post("/residents/changes/acceptance", &[("of", &of)]).await;
    done.assert_ok().assert_contains(&format!("已采纳 {sure} 条有把握的"));
    for found in open(app).await {
        let path = format!("/residents/changes/{}/decision", found.id);
        staff.post(&path, &[("decision", "accepted")]).await.assert_ok();
    }
    staff.get("/residents/changes").await.assert_contains("没有要核对的变化");
    assert_eq!(many(app, RESIDENTS).await, before + 6 + 3 - 3);

    // What the workbook says is what the register has now.
    let again = run(app, &lines, DRY_RUN).await;
    assert_eq!((again.created, again.updated, again.rejected.len()), (0, 0, 1));
    run(app, &lines, COMPARE).await;
    assert_eq!(open(app).await.len(), 0);
    let verdict = audit::verify(&mut app.db.read().await.unwrap(), app.home.tenant).await.unwrap();
    assert_eq!(verdict.broken, None);
}

#[tokio::test]
async fn a_whole_community_is_surveyed_again() {
    let app = TestApp::start(Engine::Sqlite).await;
    a_register_is_surveyed_again(&app, 4915).await;
}

/// A family at a door: the dwelling, the household and the people.
async fn family(app: &TestApp, building: &str, members: &[NewResident]) -> (Uuid, Vec<Uuid>) {
    let mut tx = app.db.begin().await.unwrap();
    let room = parse_room("101").unwrap();
    let door = Settler::default().settle(&mut tx, &app.act(), "王府名苑小区", building, "1", &room).await.unwrap();
    let mut people = Vec::new();
    for member in members {
        let Outcome::Created(id) = enrol(&mut tx, &app.act(), door, &members[0].name, member).await.unwrap() else {
            panic!()
        };
        people.push(id);
    }
    tx.commit().await.unwrap();
    (door, people)
}

async fn household(app: &TestApp, id: Uuid) -> Uuid {
    person::person(&mut app.db.read().await.unwrap(), &app.act(), id).await.unwrap().household
}

async fn say(app: &TestApp, batch: Uuid, said: Said) -> Uuid {
    let act = app.act();
    let batch = Batch { kind: BatchKind::Campaign, id: batch, source: act.id(), by: None };
    let mut tx = app.db.begin().await.unwrap();
    let id = note(&mut tx, &act, &batch, said).await.unwrap();
    tx.commit().await.unwrap();
    id
}

async fn edit(app: &TestApp, id: Uuid, particular: Particular, value: &str) {
    let mut tx = app.db.begin().await.unwrap();
    let seen = person::person(&mut tx, &app.act(), id).await.unwrap().version;
    let edit = person::Edit { seen, made_at: app.means.now(), values: vec![(particular, Some(value.to_owned()))] };
    assert!(person::edit(&mut tx, &app.act(), id, &edit, "本人来电").await.unwrap().is_empty());
    tx.commit().await.unwrap();
}

async fn value(app: &TestApp, id: Uuid, particular: Particular) -> Option<String> {
    let person = person::person(&mut app.db.read().await.unwrap(), &app.act(), id).await.unwrap();
    person.get(particular).map(str::to_owned)
}

fn decision(id: Uuid) -> String {
    format!("/residents/changes/{id}/decision")
}

db_test! {
    async fn a_small_community_is_surveyed_again(app: TestApp) {
        a_register_is_surveyed_again(&app, 400).await;
    }

    async fn staff_compare_a_workbook_on_the_page(app: TestApp) {
        let lines: Vec<Line> = (0..12).map(line).collect();
        run(&app, &lines, ImportOptions::default()).await;
        let staff = app.person(Role::Staff).browser().await;
        staff.get("/residents/changes").await.assert_ok().assert_contains("没有要核对的变化").assert_contains("/imports");
        let mut again = lines.clone();
        again[1] = with(again[1].clone(), Column::Phone, "13900005678");
        again.remove(5);
        let file = workbook(again).unwrap();
        let page = staff.post_files("/imports", &[("mode", "compare")], &[("file", "王府名苑2027.xlsx", &file)]).await;
        let address = page.url.clone();
        settle(&app).await;
        staff.get("/today").await.assert_contains("开始对照");
        staff.get(&address).await.assert_contains("登记不会改").assert_contains("开始对照");
        staff.post(&format!("{address}/application"), &[]).await.assert_ok();
        settle(&app).await;
        let page = staff.get(&address).await;
        let changes = page.assert_contains("对照完了，登记没有改").link("/residents/changes?batch=");
        staff.get("/today").await.assert_contains("核对变化").assert_contains("登记表 王府名苑2027.xlsx").assert_contains("2 条变化");
        let page = staff.get(&changes).await;
        page.assert_ok().assert_contains("可能迁出").assert_contains("登记表里这一户没有写他").assert_lacks("13900005678");
        let phone = staff.get(&format!("{changes}&kind=phone")).await;
        phone.assert_contains("电话：138****0001 → 139****5678").assert_contains("有把握").assert_contains("hx-post=");
        staff.get("/residents").await.assert_contains("/residents/changes");
        // A kind of which nothing is left leads to what is left.
        staff.get(&format!("{changes}&kind=born")).await.assert_contains("可能迁出").assert_contains("登记表里这一户没有写他");
        let estate = place::estates(&mut app.db.read().await.unwrap(), app.home.tenant).await.unwrap()[0].id;
        staff.get(&format!("/residents/changes?estate={estate}&kind=phone")).await.assert_contains("139****5678");
        staff.get(&format!("/residents/changes?building={estate}&kind=phone")).await.assert_lacks("139****5678");
        // Refused, it is not noted again from the same workbook.
        for found in open(&app).await {
            staff.post(&decision(found.id), &[("decision", "refused")]).await.assert_ok();
        }
        assert_eq!(value(&app, resident(&app, 1).await, Particular::Phone).await.as_deref(), Some("13800000001"));
        let page = staff.post_files("/imports", &[("mode", "compare")], &[("file", "王府名苑2027.xlsx", &file)]).await;
        settle(&app).await;
        staff.post(&format!("{}/application", page.url), &[]).await.assert_ok();
        settle(&app).await;
        assert_eq!((open(&app).await.len(), many(&app, ALL).await), (0, 2));
    }

    async fn what_is_said_at_the_door_waits_and_then_holds(app: TestApp) {
        let (door, people) = family(&app, "3号楼", &[named("王秀兰"), named("陈大山"), named("陈明")]).await;
        let (empty, _) = family(&app, "4号楼", &[]).await;
        let [widow, dead, son] = people[..] else { panic!() };
        let campaign = app.act().id();
        let version = |id| { let app = &app; async move { person::person(&mut app.db.read().await.unwrap(), &app.act(), id).await.unwrap().version } };
        let head = Some(PersonName::parse("王秀兰").unwrap());
        let tenant = NewResident { phone: Some(Phone::parse("13800001234").unwrap()), ..named("孙租户") };
        let baby = NewResident { birth: Some(codes::date::parse("2026-11-20").unwrap()), ..named("陈小宝") };
        let died = || Said::Died { resident: dead, seen: 1, words: "家属说上周走的".to_owned() };
        let seen = version(dead).await;
        assert_eq!(seen, 1);
        let one = say(&app, campaign, died()).await;
        assert_eq!(say(&app, campaign, died()).await, one, "once, however often it is sent");
        say(&app, campaign, Said::MovedIn { dwelling: empty, head: None, person: Box::new(tenant) }).await;
        say(&app, campaign, Said::MovedIn { dwelling: door, head, person: Box::new(named("陈姑姑")) }).await;
        say(&app, campaign, Said::Born { household: household(&app, widow).await, person: Box::new(baby) }).await;
        let gone = say(&app, campaign, Said::MovedOut { resident: son, seen: version(son).await, words: "去太原了".to_owned() }).await;
        let clash = Clash { particular: Particular::Phone, theirs: None, mine: Some("13900005678".to_owned()) };
        say(&app, campaign, Said::Clash { resident: widow, clash }).await;
        assert_eq!(many(&app, ALL).await, 6);
        assert!(open(&app).await.iter().all(|found| !found.sure));
        assert_eq!(many(&app, RESIDENTS).await, 3);

        let worker = app.person(Role::GridWorker).browser().await;
        worker.get("/residents/changes?kind=died").await.assert_contains("陈大山").assert_contains("家属说上周走的").assert_contains("登记为去世");
        worker.get("/residents/changes?kind=moved_in").await.assert_contains("孙租户").assert_contains("4号楼").assert_contains("138****1234").assert_lacks("13800001234");
        // The son has been changed since he was seen; nobody overlooks that.
        edit(&app, son, Particular::Workplace, "县医院").await;
        worker.get("/residents/changes?kind=moved_out").await.assert_contains("登记后来改过");
        worker.post(&decision(gone), &[("decision", "accepted")]).await.assert_contains("登记后来有人改过");
        assert_eq!(open(&app).await.len(), 6);
        worker.post(&decision(gone), &[("decision", "accepted"), ("anyway", "yes")]).await.assert_contains("已采纳：陈明");
        for found in open(&app).await {
            worker.post(&decision(found.id), &[("decision", "accepted")]).await.assert_ok();
        }
        assert_eq!(open(&app).await.len(), 0);
        assert_eq!(many(&app, RESIDENTS).await, 3 - 2 + 3);
        assert_eq!(value(&app, widow, Particular::Phone).await.as_deref(), Some("13900005678"));
        let page = worker.get(&format!("/residents/{dead}")).await;
        page.assert_contains("已去世").assert_contains("变化核对（敲门行动）：家属说上周走的");
        worker.post(&decision(gone), &[("decision", "refused")]).await.assert_status(404);
        // In the campaign it has been said; in the next it may be said again.
        say(&app, campaign, died()).await;
        assert_eq!(open(&app).await.len(), 0);
        say(&app, app.act().id(), died()).await;
        assert_eq!(open(&app).await.len(), 1);
    }

    async fn somebody_registered_meanwhile_is_not_registered_twice(app: TestApp) {
        let (door, people) = family(&app, "3号楼", &[named("王秀兰")]).await;
        let number = Some(IdentityNumber::parse("141199199003070013").unwrap());
        let new = NewResident { identity: number, ..named("陈明") };
        let id = say(&app, app.act().id(), Said::MovedIn { dwelling: door, head: None, person: Box::new(new.clone()) }).await;
        let (next, _) = family(&app, "4号楼", &[new]).await;
        assert_ne!(next, door);
        let staff = app.person(Role::Staff).browser().await;
        staff.post(&decision(id), &[("decision", "accepted")]).await.assert_contains("后来已经登记在册");
        // The same field, written by somebody else since.
        let clash = Clash { particular: Particular::Phone, theirs: None, mine: Some("13900005678".to_owned()) };
        let phone = say(&app, app.act().id(), Said::Clash { resident: people[0], clash }).await;
        edit(&app, people[0], Particular::Workplace, "退休").await;
        staff.get("/residents/changes?kind=clash").await.assert_lacks("登记后来改过");
        edit(&app, people[0], Particular::Phone, "13800001111").await;
        staff.get("/residents/changes?kind=clash").await.assert_contains("登记后来改过").assert_contains("看过了，仍然用后写的");
        staff.post(&decision(phone), &[("decision", "refused")]).await.assert_ok();
        assert_eq!(value(&app, people[0], Particular::Phone).await.as_deref(), Some("13800001111"));
    }

    async fn a_grid_worker_decides_only_within_the_grid(app: TestApp) {
        let (door, _) = family(&app, "3号楼", &[named("王秀兰")]).await;
        let (other, _) = family(&app, "4号楼", &[named("李强")]).await;
        let mut tx = app.db.begin().await.unwrap();
        let grid = place::create_grid(&mut tx, &app.act(), "141102004999001", "第一网格").await.unwrap();
        let building = place::dwelling(&mut tx, app.home.tenant, door).await.unwrap().building_id;
        place::assign_grid(&mut tx, &app.act(), building, grid).await.unwrap();
        tx.commit().await.unwrap();
        let campaign = app.act().id();
        for (dwelling, name) in [(door, "新来甲"), (other, "新来乙")] {
            say(&app, campaign, Said::MovedIn { dwelling, head: None, person: Box::new(named(name)) }).await;
        }
        let worker = app.person(Role::GridWorker).reaching(Reach::Grid, grid).browser().await;
        worker.get("/residents/changes").await.assert_contains("新来甲").assert_lacks("新来乙");
        worker.get("/today").await.assert_contains("敲门行动").assert_contains("1 条变化");
        let found = open(&app).await;
        worker.post(&decision(found[1].id), &[("decision", "accepted")]).await.assert_status(404);
        worker.post(&decision(found[0].id), &[("decision", "accepted")]).await.assert_ok();
        let elsewhere = app.community("141126004999", "石楼县社区").await;
        let stranger = app.person(Role::Staff).of_community(&elsewhere).browser().await;
        stranger.get("/residents/changes").await.assert_lacks("新来乙");
        stranger.post(&decision(found[1].id), &[("decision", "accepted")]).await.assert_status(404);
        app.person(Role::PropertyManager).browser().await.get("/residents/changes").await.assert_status(403);
        let page: Page = app.person(Role::Staff).browser().await.get("/residents/changes").await;
        page.assert_contains("新来乙");
    }
}
