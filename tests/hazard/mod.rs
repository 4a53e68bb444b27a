//! The ledger of hazards around schools: from a round to the striking off, what the database refuses, who sees what, and what is taken away.

use std::collections::BTreeSet;
use std::io::Cursor;

use calamine::{Reader, Xlsx, open_workbook_from_rs};
use db::{Tx, statements};
use doorstep::access::{self, Act, OrganisationKind, Reach, Role, Scope};
use doorstep::error::Error;
use doorstep::hazard::{
    self, Answer, Hazard, Kind, Level, Mode, NewHazard, Owner, PlaceKind, School, State, Step, Supervision, Survey,
    TRANSITIONS, Words,
};
use doorstep::photo;
use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::support::{Account, Browser, Page, TestApp, office};

mod at_random;

statements! {
    ADD_SCHOOL = "INSERT INTO duty_schools (tenant_id, id, organisation_id, name, stage, address, phone, link_number, position, created_at, lock_version)
        VALUES ($1, $2, $3, $4, 'primary', '', '', 1, 1, $5, 1)";
    ADD_GATE = "INSERT INTO duty_gates (tenant_id, id, school_id, kind, name, duty, seats, officers, link_number, position, lock_version)
        VALUES ($1, $2, $3, 'gate', $4, '', 1, 1, 1, 1, 1)";
    NEXT_LINK = "UPDATE duty_schools SET link_number = link_number + 1 WHERE tenant_id = $1 AND id = $2";
    LEAP = "UPDATE hazards SET state = 'closed', open = FALSE, move = state || '>closed>closed' WHERE tenant_id = $1 AND id = $2";
    SILENT = "UPDATE hazards SET state = 'graded', level = 'general', mode = 'dated' WHERE tenant_id = $1 AND id = $2";
    PROPER = "UPDATE hazards SET state = 'graded', level = 'general', mode = 'dated', move = state || '>graded>graded' WHERE tenant_id = $1 AND id = $2";
    BY_FIXER = "UPDATE hazards SET state = 'passed', rechecked_by = fixed_by, rechecked_at = 1, move = state || '>passed>passed' WHERE tenant_id = $1 AND id = $2";
    BY_OWNER = "UPDATE hazards SET state = 'passed', rechecked_by = $3, owner_id = $3, rechecked_at = 1, move = state || '>passed>passed' WHERE tenant_id = $1 AND id = $2";
    BY_ANOTHER = "UPDATE hazards SET state = 'passed', rechecked_by = $3, rechecked_at = 1, move = state || '>passed>passed' WHERE tenant_id = $1 AND id = $2";
    UNCHECKED = "UPDATE hazards SET state = 'passed', move = state || '>passed>passed' WHERE tenant_id = $1 AND id = $2";
}

/// Takes a step at the version that stands, by an operation of the slice, in somebody's name.
macro_rules! step {
    ($app:expr, $act:expr, $id:expr, $operation:ident $(, $argument:expr)*) => {{
        let mut tx = $app.db.begin().await.unwrap();
        let act = Act { at: $app.means.now(), ..$act.clone() };
        let mut known = hazard::hazard(&mut tx, act.tenant, $id).await.unwrap();
        let seen = known.lock_version;
        let done = hazard::$operation(&mut tx, &act, &mut known, seen $(, $argument)*).await;
        if done.is_ok() {
            tx.commit().await.unwrap();
        }
        done
    }};
}

/// A school of a station, with a gate.
pub async fn add_school(tx: &mut Tx, act: &Act, organisation: Uuid, name: &str) -> School {
    let id = act.id();
    tx.execute(ADD_SCHOOL.bind(act.tenant).bind(id).bind(organisation).bind(name).bind(act.at)).await.unwrap();
    tx.execute(ADD_GATE.bind(act.tenant).bind(act.id()).bind(id).bind("北门")).await.unwrap();
    hazard::school(tx, act.tenant, &Scope::tenant(), id).await.unwrap()
}

pub fn new(school: &School, distance: i64) -> NewHazard {
    NewHazard {
        school: school.clone(),
        gate: None,
        distance,
        place: "北门外巷口".to_owned(),
        kind: Kind::Vendors,
        description: "放学时摊贩占了人行道".to_owned(),
        inspection: None,
        listed_place: None,
        origin: None,
        photos: Vec::new(),
    }
}

fn picture(shade: u8) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    image::RgbImage::from_pixel(8, 8, image::Rgb([shade, 120, 90]))
        .write_to(&mut file, image::ImageFormat::Png)
        .unwrap();
    file.into_inner()
}

/// Whoever works at a bureau.
struct Bureau {
    station: Uuid,
    school: School,
    commander: Act,
    first: Act,
    second: Act,
    photo: Uuid,
}

async fn act_of(app: &TestApp, account: &Account, role: Role) -> Act {
    Act { account: Some(account.id), organisation: Some(app.home.organisation), role, ..app.act() }
}

async fn bureau(app: &TestApp) -> Bureau {
    let commander = app.person(Role::DutyChief).named("景瑞芳").create().await;
    let first = app.person(Role::DutyStaff).named("任建平").create().await;
    let second = app.person(Role::DutyStaff).named("贺海霞").create().await;
    let picture = photo::prepare(picture(7).into()).await.unwrap();
    let mut tx = app.db.begin().await.unwrap();
    let photo = photo::keep(&mut tx, &app.act(), &picture).await.unwrap();
    let kind = OrganisationKind::Other;
    let station = access::create_organisation(&mut tx, &app.act(), None, kind, "田家会派出所", None).await.unwrap();
    let school = add_school(&mut tx, &app.act(), station, "育英小学").await;
    tx.commit().await.unwrap();
    Bureau {
        station,
        school,
        commander: act_of(app, &commander, Role::DutyChief).await,
        first: act_of(app, &first, Role::DutyStaff).await,
        second: act_of(app, &second, Role::DutyStaff).await,
        photo,
    }
}

async fn register(app: &TestApp, act: &Act, new: NewHazard) -> Uuid {
    let mut tx = app.db.begin().await.unwrap();
    let id = hazard::register(&mut tx, &Act { at: app.means.now(), ..act.clone() }, new).await.unwrap();
    tx.commit().await.unwrap();
    id
}

async fn known(app: &TestApp, id: Uuid) -> Hazard {
    hazard::hazard(&mut app.db.read().await.unwrap(), app.home.tenant, id).await.unwrap()
}

fn in_days(app: &TestApp, days: i64) -> Timestamp {
    app.means.now() + SignedDuration::from_hours(24 * days)
}

/// Fixed by the first officer, and waiting for somebody to look.
async fn fixed(app: &TestApp, bureau: &Bureau, level: Level) -> Uuid {
    let id = register(app, &bureau.first, new(&bureau.school, 120)).await;
    step!(app, bureau.first, id, grade, (level, Mode::Dated), "").unwrap();
    let owner = Owner::Own(bureau.first.account.unwrap());
    step!(app, bureau.first, id, assign, (owner, "田家会派出所"), Some(in_days(app, 5)), "劝离摊贩").unwrap();
    let words = Words { words: "摊贩都劝离了", photos: &[bureau.photo] };
    step!(app, bureau.first, id, fix, words).unwrap();
    id
}

/// A browser, and a step taken by the form of a hazard's page at the version that stands.
async fn say(browser: &Browser, id: &str, noun: &str, fields: &[(&str, &str)]) -> Page {
    let version = browser.get(&format!("/hazards/{id}")).await.input("version");
    let fields = [&[("version", version.as_str())], fields].concat();
    browser.post_files(&format!("/hazards/{id}/{noun}"), &fields, &[]).await
}

fn refused<T: std::fmt::Debug>(done: Result<T, Error>, words: &str) {
    let error = done.unwrap_err();
    assert!(matches!(&error, Error::Refused(sentence) if sentence.contains(words)), "{error:?}");
}

/// The migration has exactly the moves of the table: `registered>graded>graded`.
#[test]
fn the_database_knows_the_same_moves() {
    let first = format!(">{}>{}", Step::Registered.code(), State::Registered.code());
    let moves = TRANSITIONS.iter().flat_map(|known| {
        known.from.iter().map(|from| {
            let to = known.to.unwrap_or(*from);
            format!("{}>{}>{}", from.code(), known.step.code(), to.code())
        })
    });
    let moves: BTreeSet<String> = std::iter::once(first).chain(moves).collect();
    let check = doorstep::schema::MIGRATIONS.iter().rev().find_map(|migration| {
        let (_, check) = migration.text.split_once("-- every move of a hazard\n")?;
        Some(check.split_once("-- the end of them")?.0)
    });
    let kept: BTreeSet<String> = check.unwrap().split('\'').skip(1).step_by(2).map(str::to_owned).collect();
    assert_eq!(kept, moves);
}

db_test! {
    async fn a_round_finds_it_and_it_is_fixed_looked_at_again_and_struck_off(app: TestApp) {
        let bureau = bureau(&app).await;
        let leader = app.person(Role::DutyChief).named("郭秀珍").browser().await;
        let fixer = app.person(Role::DutyStaff).named("刘建军").create().await;
        let officer = app.browser_of(&fixer).await;
        let other = app.person(Role::DutyStaff).named("王志强").browser().await;
        let school = bureau.school.id.to_string();

        // The list of places, a round over the checklist and over them.
        officer.post("/hazard-places", &[("school", &school), ("kind", "crowd"), ("name", "北门夜市"), ("place", "北门外东侧"), ("distance", "１５０米"), ("busy", "晚上六点到十点")])
            .await.assert_ok().assert_contains("北门夜市");
        let round = officer.post("/hazard-rounds", &[("school", &school), ("name", "开学季排查"), ("by", "2026-11-25")]).await;
        round.assert_ok().assert_contains("北门夜市").assert_contains("文具店不卖管制刀具");
        officer.get("/today").await.assert_contains("排查").assert_contains("开学季排查");
        let address = round.link("/hazard-rounds/").replace("/answers", "");
        let lines: Vec<String> = round.between_all("name=\"words-", "\"").map(str::to_owned).collect();
        assert_eq!(lines.len(), 15);
        // Nothing that was typed is lost where a line was left out.
        let again = officer.post(&format!("{address}/answers"), &[("round_words", "天冷，摊贩少")]).await;
        again.assert_status(422).assert_contains("天冷，摊贩少").assert_contains("请选择“校门口没有违停、乱停”看得怎样");
        let mut fields: Vec<(String, String)> = vec![("round_words".to_owned(), "天冷，摊贩少".to_owned())];
        for (at, line) in lines.iter().enumerate() {
            let problem = at == 2 || at == 14;
            fields.push((format!("verdict-{line}"), if problem { "problem" } else { "fine" }.to_owned()));
            fields.push((format!("words-{line}"), if problem { "摊位占了半条路" } else { "" }.to_owned()));
            fields.push((format!("distance-{line}"), "40".to_owned()));
        }
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let done = officer.post(&format!("{address}/answers"), &fields).await;
        done.assert_ok().assert_contains("2 处隐患进了台账").assert_contains("YH-2026-0001").assert_contains("YH-2026-0002");
        officer.post(&format!("{address}/answers"), &fields).await.assert_status(409);

        // The nearest first: the stall at 40 metres stands before the night market at 150.
        let list = officer.get("/hazards").await;
        let found = list.link("/hazards/0");
        let id = found.rsplit('/').next().unwrap();
        let page = officer.get(&found).await;
        page.assert_contains("流动摊贩").assert_contains("摊位占了半条路").assert_contains("排查发现").assert_contains("200 米内");
        say(&officer, id, "supplements", &[("supplements-words", "放学时最多")]).await.assert_ok();
        say(&officer, id, "grade", &[("grade-level", "general"), ("grade-mode", "dated"), ("grade-words", "")]).await.assert_ok().assert_contains("请交办");
        let account = fixer.id.to_string();
        let assignment = [("assignment-unit", "田家会派出所"), ("assignment-account", account.as_str()), ("assignment-words", "劝离摊贩，每天放学守着")];
        say(&leader, id, "assignment", &assignment).await.assert_status(422).assert_contains("限期整改的，要定哪天前整改完").assert_contains("劝离摊贩，每天放学守着");
        say(&leader, id, "assignment", &[&assignment[..], &[("assignment-until", "2026-11-30")]].concat()).await.assert_ok();
        officer.get("/today").await.assert_contains("整改").assert_contains("YH-2026-0001");
        other.get("/today").await.assert_lacks("YH-2026-0001");
        say(&officer, id, "beginning", &[]).await.assert_ok();
        say(&officer, id, "completion", &[("completion-words", "摊贩搬到便民市场了")]).await.assert_status(422).assert_contains("要附整改以后的照片");
        let version = officer.get(&found).await.input("version");
        let picture = picture(200);
        officer.post_files(&format!("{found}/completion"), &[("version", &version), ("completion-words", "摊贩搬到便民市场了")], &[("completion-photos", "after.png", &picture)])
            .await.assert_ok().assert_contains("请没参与整改的人去看");

        // Whoever fixed it is not offered the re-check, and is refused if they ask.
        officer.get(&found).await.assert_lacks("/recheck").assert_contains("复查和销号由别人来做");
        say(&officer, id, "recheck", &[("recheck-words", "看过了，很好")]).await.assert_status(422).assert_contains("没有参与整改的人");
        say(&other, id, "failure", &[("failure-words", "还有两个摊位"), ("failure-until", "2026-12-02")]).await.assert_ok();
        let version = officer.get(&found).await.input("version");
        officer.post_files(&format!("{found}/completion"), &[("version", &version), ("completion-words", "余下两个也搬了")], &[("completion-photos", "after.png", &picture)]).await.assert_ok();
        say(&other, id, "recheck", &[("recheck-words", "路面通畅，没有摊位")]).await.assert_ok();
        // Striking off is for whoever leads, and they see a photo only through the hazard.
        other.get(&found).await.assert_lacks("/closure");
        say(&leader, id, "sharing", &[]).await.assert_ok();
        say(&leader, id, "closure", &[("closure-words", "同意")]).await.assert_ok().assert_contains("已销号");
        let photo = leader.get(&found).await.link(&format!("{found}/photos/"));
        assert!(image::load_from_memory(&leader.download(&photo).await).is_ok());
        leader.get(&format!("{found}/photos/{}", bureau.photo)).await.assert_status(404);

        // What is taken away says the same.
        let file = leader.download("/hazards/ledger.xlsx").await;
        let mut book: Xlsx<_> = open_workbook_from_rs(Cursor::new(file)).unwrap();
        let sheet = book.worksheet_range("隐患排查整改台账").unwrap();
        let cell = |row: usize, name: &str| {
            let at = sheet.rows().next().unwrap().iter().position(|cell| *cell == name).unwrap();
            sheet.get((row, at)).unwrap().to_string()
        };
        let row = (1..=2).find(|row| cell(*row, "编号") == "YH-2026-0001").unwrap();
        assert_eq!(cell(row, "状态"), "已销号");
        assert_eq!(cell(row, "复查人"), "王志强");
        assert_eq!(cell(row, "整改情况"), "余下两个也搬了");
        assert_eq!(cell(row, "离校门（米）"), "40");
        assert_eq!(cell(row, "照片（张）"), "2");
        leader.get("/hazards/print").await.assert_ok().assert_contains("YH-2026-0002").assert_lacks("YH-2026-0001");
        leader.get("/hazards?which=ended").await.assert_contains("YH-2026-0001").assert_lacks("YH-2026-0002");
        leader.get("/hazards/figures").await.assert_ok().assert_contains("<b>2</b>发现").assert_contains("<b>1</b>销号").assert_contains("0.0");

        // It comes back, with another turn and nothing of the last re-check.
        say(&leader, id, "reopening", &[("reopening-words", "摊贩又回来了")]).await.assert_ok();
        let again = known(&app, id.parse().unwrap()).await;
        assert_eq!((again.state, again.turn, again.rechecked_by, again.closed_at), (State::Graded, 2, None, None));
    }

    async fn the_database_takes_no_move_and_no_recheck_that_must_not_be(app: TestApp) {
        let bureau = bureau(&app).await;
        let id = register(&app, &bureau.first, new(&bureau.school, 10)).await;
        for wrong in [LEAP, SILENT] {
            let mut tx = app.db.begin().await.unwrap();
            assert!(tx.execute(wrong.bind(app.home.tenant).bind(id)).await.is_err(), "{}", wrong.name);
        }
        let mut tx = app.db.begin().await.unwrap();
        assert_eq!(tx.execute(PROPER.bind(app.home.tenant).bind(id)).await.unwrap(), 1);
        drop(tx);
        let id = fixed(&app, &bureau, Level::General).await;
        for wrong in [BY_FIXER, UNCHECKED] {
            let mut tx = app.db.begin().await.unwrap();
            assert!(tx.execute(wrong.bind(app.home.tenant).bind(id)).await.is_err(), "{}", wrong.name);
        }
        let mut tx = app.db.begin().await.unwrap();
        assert!(tx.execute(BY_OWNER.bind(app.home.tenant).bind(id).bind(bureau.second.account)).await.is_err());
        drop(tx);
        let mut tx = app.db.begin().await.unwrap();
        assert_eq!(tx.execute(BY_ANOTHER.bind(app.home.tenant).bind(id).bind(bureau.second.account)).await.unwrap(), 1);
    }

    async fn nobody_with_a_hand_in_it_looks_again_or_strikes_off(app: TestApp) {
        let bureau = bureau(&app).await;
        let id = register(&app, &bureau.first, new(&bureau.school, 10)).await;
        step!(app, bureau.first, id, grade, (Level::General, Mode::Immediate), "").unwrap();
        let owner = Owner::Outside(hazard::Contact { name: "李强".to_owned(), phone: "13800001111".to_owned() });
        step!(app, bureau.first, id, assign, (owner, "便利店"), None, "下架电子烟").unwrap();
        // To be fixed at once: a day, by the setting.
        assert_eq!(known(&app, id).await.due_at, app.means.now() + SignedDuration::from_hours(24));
        step!(app, bureau.second, id, progress, Words::from("店主正在下架")).unwrap();
        refused(step!(app, bureau.first, id, fix, Words::from("下架了")), "照片");
        step!(app, bureau.first, id, fix, Words { words: "下架了", photos: &[bureau.photo] }).unwrap();
        for one in [&bureau.first, &bureau.second] {
            refused(step!(app, one, id, pass, Words::from("没有了")), "没有参与整改的人");
        }
        step!(app, bureau.commander, id, pass, Words::from("没有了")).unwrap();
        refused(step!(app, bureau.first, id, close, ""), "没有参与整改的人");
        step!(app, bureau.commander, id, close, "").unwrap();
        let steps: Vec<Step> = hazard::events(&mut app.db.read().await.unwrap(), app.home.tenant, id).await.unwrap().iter().map(|event| event.step).collect();
        assert_eq!(steps, [Step::Registered, Step::Graded, Step::Assigned, Step::Progressed, Step::Fixed, Step::Passed, Step::Closed]);
        // The phone of whoever answers for it outside is sealed.
        let contact = known(&app, id).await.contact(&app.act()).unwrap().unwrap();
        assert_eq!((contact.phone.as_str(), contact.masked().as_str()), ("13800001111", "李*"));
    }

    async fn a_sign_hangs_only_on_what_is_major_and_comes_down_before_it_is_struck_off(app: TestApp) {
        let bureau = bureau(&app).await;
        let minor = fixed(&app, &bureau, Level::General).await;
        refused(step!(app, bureau.commander, minor, list, (Supervision::Bureau, in_days(&app, 3)), "尽快"), "只有重大隐患");
        let id = register(&app, &bureau.first, new(&bureau.school, 120)).await;
        step!(app, bureau.first, id, grade, (Level::Major, Mode::Dated), "").unwrap();
        let outside = || Owner::Outside(hazard::Contact { name: "李强".to_owned(), phone: String::new() });
        step!(app, bureau.first, id, assign, (outside(), "物业"), Some(in_days(&app, 20)), "清理消防通道").unwrap();
        step!(app, bureau.commander, id, list, (Supervision::County, in_days(&app, 6)), "一周内").unwrap();
        // The sign's deadline is the earlier one, and nothing gives more time than it says.
        assert_eq!(known(&app, id).await.due_at, in_days(&app, 6));
        refused(step!(app, bureau.commander, id, extend, in_days(&app, 30), "来不及"), "督办");
        refused(step!(app, bureau.commander, id, list, (Supervision::Bureau, in_days(&app, 9)), "再挂"), "更高一级");
        refused(step!(app, bureau.commander, id, regrade, (Level::General, Mode::Dated), "小事"), "挂牌督办");
        step!(app, bureau.first, id, fix, Words { words: "清理了", photos: &[bureau.photo] }).unwrap();
        step!(app, bureau.second, id, pass, Words::from("通道畅通")).unwrap();
        refused(step!(app, bureau.commander, id, close, ""), "先摘牌");
        step!(app, bureau.commander, id, unlist, "整改到位").unwrap();
        step!(app, bureau.commander, id, close, "").unwrap();
        assert!(known(&app, id).await.unlisted_at.is_some());
    }

    async fn another_body_is_asked_by_a_letter_and_its_answers_are_kept(app: TestApp) {
        let bureau = bureau(&app).await;
        let id = register(&app, &bureau.first, new(&bureau.school, 120)).await;
        step!(app, bureau.first, id, grade, (Level::General, Mode::Dated), "").unwrap();
        let letter = step!(app, bureau.first, id, transfer, ("城市管理局", in_days(&app, 7)), "请依法取缔占道摊点").unwrap();
        assert_eq!(known(&app, id).await.due_at, in_days(&app, 7));
        let officer = app.person(Role::DutyStaff).browser().await;
        let page = officer.get(&format!("/hazards/{id}/transfers/{letter}")).await;
        page.assert_ok().assert_contains("隐患移送〔2026〕1号").assert_contains("城市管理局").assert_lacks("任建平");
        let words = office::words(&officer.download(&format!("/hazards/{id}/transfers/{letter}/letter.docx")).await);
        for said in ["校园周边安全隐患移送函", "请依法取缔占道摊点", "放学时摊贩占了人行道", "回执"] {
            assert!(words.contains(said), "{said}\n{words}");
        }
        officer.get(&format!("/hazards/{id}/transfers/{}", Uuid::nil())).await.assert_status(404);
        step!(app, bureau.first, id, heard, in_days(&app, 12), "已派队员去看").unwrap();
        step!(app, bureau.first, id, give_back, "不在建成区，不归我局").unwrap();
        app.means.clock.set(in_days(&app, 1));
        step!(app, bureau.first, id, transfer, ("镇政府", in_days(&app, 7)), "请劝离").unwrap();
        refused(step!(app, bureau.first, id, begin, ""), "不能做");
        step!(app, bureau.first, id, fix, Words { words: "镇政府回复已劝离", photos: &[bureau.photo] }).unwrap();
        let told = hazard::transfers(&mut app.db.read().await.unwrap(), app.home.tenant, id).await.unwrap();
        assert_eq!(told.iter().map(|transfer| transfer.answer).collect::<Vec<_>>(), [Some(Answer::Returned), Some(Answer::Fixed)]);
        assert_eq!(told[0].reply, "不在建成区，不归我局");
    }

    async fn of_two_at_once_one_wins_and_the_other_is_told(app: TestApp) {
        let bureau = bureau(&app).await;
        let id = fixed(&app, &bureau, Level::General).await;
        let mut crowd = Vec::new();
        for _ in 0..6 {
            let browser = app.person(Role::DutyStaff).browser().await;
            browser.get("/hazards").await;
            crowd.push(browser);
        }
        let version = crowd[0].get(&format!("/hazards/{id}")).await.input("version");
        let fields = [("version", version.as_str()), ("recheck-words", "看过了，没有摊贩")];
        let path = format!("/hazards/{id}/recheck");
        let answers: Vec<Page> = join_all(crowd.iter().map(|browser| browser.post(&path, &fields))).await;
        assert_eq!(answers.iter().filter(|page| page.status == 200).count(), 1);
        for lost in answers.iter().filter(|page| page.status != 200) {
            lost.assert_status(409).assert_contains("复查通过").assert_contains("看过了，没有摊贩");
        }
        // Two versions of a survey at once: one is the first, the other is told.
        let survey = format!("/hazard-schools/{}/surveys", bureau.school.id);
        let writes = [("version", "0"), ("students", "学生一千人"), ("reason", "开学前")];
        let answers: Vec<Page> = join_all(crowd.iter().map(|browser| browser.post(&survey, &writes))).await;
        assert_eq!(answers.iter().filter(|page| page.status == 200).count(), 1, "{:?}", answers.iter().map(|page| page.status).collect::<Vec<_>>());
        for lost in answers.iter().filter(|page| page.status != 200) {
            lost.assert_status(409).assert_contains("学生一千人");
        }
        // And a round is ended once.
        let mut tx = app.db.begin().await.unwrap();
        let round = hazard::plan(&mut tx, &bureau.first, &bureau.school, "节后排查", in_days(&app, 2)).await.unwrap();
        tx.commit().await.unwrap();
        let page = crowd[0].get(&format!("/hazard-rounds/{round}")).await;
        let lines: Vec<String> = page.between_all("name=\"words-", "\"").map(|key| format!("verdict-{key}")).collect();
        let fields: Vec<(&str, &str)> = lines.iter().map(|name| (name.as_str(), "fine")).collect();
        let path = format!("/hazard-rounds/{round}/answers");
        let answers: Vec<Page> = join_all(crowd.iter().map(|browser| browser.post(&path, &fields))).await;
        assert_eq!(answers.iter().filter(|page| page.status == 200).count(), 1);
        assert!(answers.iter().filter(|page| page.status != 200).all(|page| page.status == 409));
    }

    async fn a_station_sees_its_own_schools_and_a_school_what_is_shared(app: TestApp) {
        let bureau = bureau(&app).await;
        let mut tx = app.db.begin().await.unwrap();
        let kind = OrganisationKind::Other;
        let elsewhere = access::create_organisation(&mut tx, &app.act(), None, kind, "凤山派出所", None).await.unwrap();
        let other_school = add_school(&mut tx, &app.act(), elsewhere, "凤山中学").await;
        tx.commit().await.unwrap();
        let own = register(&app, &bureau.first, new(&bureau.school, 50)).await;
        let foreign = register(&app, &bureau.first, new(&other_school, 60)).await;
        let officer = app.person(Role::DutyStaff).reaching(Reach::Organisation, bureau.station).browser().await;
        officer.get("/hazards").await.assert_contains("育英小学").assert_lacks("凤山中学");
        officer.get(&format!("/hazards/{own}")).await.assert_ok();
        officer.get(&format!("/hazards/{foreign}")).await.assert_status(404);
        officer.post(&format!("/hazards/{foreign}/supplements"), &[("version", "1"), ("supplements-words", "看到了")]).await.assert_status(404);
        officer.get(&format!("/hazard-schools/{}", other_school.id)).await.assert_status(404);
        let school = other_school.id.to_string();
        let fields = [("school", school.as_str()), ("kind", "fire"), ("place", "门口"), ("distance", "0"), ("description", "通道堵了")];
        officer.post("/hazards", &fields).await.assert_status(422).assert_contains("请选择学校").assert_contains("通道堵了");
        officer.get("/hazards/figures").await.assert_contains("<b>1</b>发现");

        // The school sees what it is told, and nothing of another's.
        for id in [own, foreign] {
            step!(app, bureau.first, id, grade, (Level::General, Mode::Dated), "").unwrap();
        }
        step!(app, bureau.commander, foreign, share, true).unwrap();
        let leader = app.person(Role::DutyChief).browser().await;
        let page = leader.get(&format!("/hazard-schools/{}/link", bureau.school.id)).await;
        let link = page.between_all("/school-hazards/", "<").next().unwrap().to_owned();
        let guest = app.browser();
        let seen = guest.get(&format!("/school-hazards/{link}")).await;
        seen.assert_ok().assert_contains("没有要告诉学校的隐患").assert_lacks("凤山");
        step!(app, bureau.commander, own, share, true).unwrap();
        let seen = guest.get(&format!("/school-hazards/{link}")).await;
        seen.assert_contains("流动摊贩").assert_contains("待交办").assert_lacks("任建平").assert_lacks("放学时摊贩占了人行道").assert_lacks("YH-");
        step!(app, bureau.commander, own, share, false).unwrap();
        guest.get(&format!("/school-hazards/{link}")).await.assert_lacks("流动摊贩");
        // The link dies with its number, and a changed one never was.
        let mut tx = app.db.begin().await.unwrap();
        tx.execute(NEXT_LINK.bind(app.home.tenant).bind(bureau.school.id)).await.unwrap();
        tx.commit().await.unwrap();
        guest.get(&format!("/school-hazards/{link}")).await.assert_status(404);
        guest.get("/school-hazards/x").await.assert_status(404);
    }

    async fn a_list_goes_on_page_by_page_in_either_order(app: TestApp) {
        let bureau = bureau(&app).await;
        for at in 0..35 {
            app.means.clock.set(app.means.now() + SignedDuration::from_mins(1));
            register(&app, &bureau.first, new(&bureau.school, (at * 7) % 35)).await;
        }
        let officer = app.person(Role::DutyStaff).browser().await;
        for order in ["", "deadline"] {
            let first = officer.get(&format!("/hazards?order={order}")).await;
            let next = officer.get(&first.link_called("下一页")).await;
            let numbers = |page: &Page| page.between_all("<b>YH-2026-", " ").map(str::to_owned).collect::<Vec<_>>();
            let all = [numbers(&first), numbers(&next)].concat();
            assert_eq!((numbers(&first).len(), all.len(), all.iter().collect::<BTreeSet<_>>().len()), (30, 35, 35));
            assert_eq!(all.is_sorted(), order == "deadline");
            next.assert_lacks("下一页");
        }
        officer.get("/hazards?kind=fire").await.assert_contains("没有这样的隐患");
        officer.get("/hazards?which=late").await.assert_contains("没有这样的隐患");
        app.means.clock.set(in_days(&app, 3));
        // Whoever signed in days ago has to again.
        let officer = app.person(Role::DutyStaff).browser().await;
        officer.get("/hazards?which=late").await.assert_contains("超期");
        officer.get("/hazards/figures").await.assert_contains("<b>35</b>现在超期");
    }

    async fn a_deadline_is_reminded_of_again_until_it_is_met(app: TestApp) {
        let bureau = bureau(&app).await;
        let id = register(&app, &bureau.first, new(&bureau.school, 10)).await;
        let first = known(&app, id).await;
        assert_eq!(first.remind_at, Some(first.due_at));
        app.means.clock.set(first.due_at + SignedDuration::from_mins(1));
        hazard::remind(&app.db, &app.act()).await.unwrap();
        let again = known(&app, id).await.remind_at;
        assert_eq!(again, Some(app.means.now() + SignedDuration::from_hours(24)));
        // Twice at the same moment is once.
        hazard::remind(&app.db, &app.act()).await.unwrap();
        assert_eq!(known(&app, id).await.remind_at, again);
        step!(app, bureau.commander, id, dismiss, "重复登记").unwrap();
        assert_eq!(known(&app, id).await.remind_at, None);
    }

    async fn a_survey_is_kept_in_versions_and_the_page_says_what_changed(app: TestApp) {
        let bureau = bureau(&app).await;
        let officer = app.person(Role::DutyStaff).named("任建平").browser().await;
        let path = format!("/hazard-schools/{}", bureau.school.id);
        let write = async |seen: &str, guards: &str| {
            let fields = [("version", seen), ("students", "学生一千人"), ("guards", guards), ("reason", "开学前")];
            officer.post(&format!("{path}/surveys"), &fields).await
        };
        officer.post(&format!("{path}/surveys"), &[("version", "0"), ("reason", "开学前")]).await.assert_status(422).assert_contains("一项都没有填");
        write("0", "保安两人").await.assert_ok().assert_lacks("和上一版不同");
        write("1", "保安两人").await.assert_status(422).assert_contains("没有新的内容");
        write("1", "保安四人，盾牌两面").await.assert_ok().assert_contains("和上一版不同").assert_contains("保安两人");
        let stale = write("1", "保安六人").await;
        stale.assert_status(409).assert_contains("保安六人");
        let mut tx = app.db.read().await.unwrap();
        let versions = hazard::surveys(&mut tx, &app.act(), bureau.school.id).await.unwrap();
        assert_eq!(versions.len(), 2);
        assert_ne!(versions[0].survey, Survey::default());
    }

    async fn the_page_of_the_way_has_the_whole_table(app: TestApp) {
        let officer = app.person(Role::DutyStaff).browser().await;
        let page = officer.get("/hazards/way").await;
        page.assert_ok();
        for step in Step::ALL.iter().filter(|step| **step != Step::Registered) {
            page.assert_contains(&format!("<b>{step}</b>"));
        }
        let told: usize = TRANSITIONS.iter().map(|known| known.from.len()).sum();
        assert_eq!(page.body.matches("<li><b>").count(), told);
        // Nobody of a community has a part in it.
        app.person(Role::Secretary).browser().await.get("/hazards").await.assert_status(403);
    }

    async fn a_place_stands_once_on_the_list_of_a_school(app: TestApp) {
        let bureau = bureau(&app).await;
        let mut tx = app.db.begin().await.unwrap();
        let words = ("北门夜市", "北门外", "");
        let id = hazard::add_place(&mut tx, &bureau.first, &bureau.school, PlaceKind::Crowd, words, 150).await.unwrap();
        refused(hazard::add_place(&mut tx, &bureau.first, &bureau.school, PlaceKind::Crowd, words, 150).await, "已经登记过");
        tx.commit().await.unwrap();
        let officer = app.person(Role::DutyStaff).browser().await;
        officer.get("/hazard-places").await.assert_contains("北门夜市");
        let field = format!("reason-{id}");
        officer.post(&format!("/hazard-places/{id}/closure"), &[(field.as_str(), "")]).await.assert_status(422);
        officer.post(&format!("/hazard-places/{id}/closure"), &[(field.as_str(), "夜市搬走了")]).await.assert_lacks("北门夜市");
    }
}
