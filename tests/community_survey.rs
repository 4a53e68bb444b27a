//! 年度满意度调查: who is drawn and who asks, what stands in for whom nobody meets, what is told of the answers, and that nobody can tell
//! whose they were.

use std::collections::BTreeMap;
use std::io::Read;

use codes::PersonName;
use codes::address::parse_room;
use db::{record, statements};
use doorstep::access::{self, Act, Grant, NewAccount, Reach, Role};
use doorstep::community_survey::{self, Answers, Door, DoorState, Outcome, Plan, Survey};
use doorstep::error::Error;
use doorstep::meeting::{self, Circle, NewItem};
use doorstep::place::{self, Settler};
use doorstep::registry::enrol::{NewResident, enrol};
use doorstep::{backup, board, upkeep};
use flate2::read::GzDecoder;
use jiff::Timestamp;
use jiff::civil::date;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::support::{Account, Browser, TestApp, office};

/// Two estates with a grid each, and a small one without.
const ESTATES: [(&str, usize); 3] = [("王府名苑小区", 30), ("水保所家属院", 20), ("林业局家属楼", 3)];
/// What follows from 53 homes: n = 384.16 / (1 + 383.16 / 53), rounded up, in proportion.
const WANTED: [i64; 3] = [26, 18, 3];

statements! {
    DOORS = "SELECT id, dwelling_id, estate_id, place, state FROM community_survey_doors WHERE tenant_id = $1 AND survey_id = $2 ORDER BY estate_id, place";
    DWELLINGS = "SELECT d.id, b.estate_id FROM dwellings d JOIN buildings b ON b.tenant_id = d.tenant_id AND b.id = d.building_id
        WHERE d.tenant_id = $1 ORDER BY d.id";
    BOXES = "SELECT box_number, tallies FROM community_survey_boxes WHERE tenant_id = $1 ORDER BY box_number";
    LOGGED = "SELECT action || subject_kind || reason AS text FROM audit_entries WHERE tenant_id = $1";
    GAVE_UP = "UPDATE accounts SET disabled_at = $3 WHERE tenant_id = $1 AND id = $2";
}

record! {
    struct Drawn { id: Uuid, dwelling_id: Uuid, estate_id: Uuid, place: i64, state: DoorState }
    struct Dwelling { id: Uuid, estate_id: Uuid }
    struct Kept { box_number: i64, tallies: String }
    struct Text { text: String }
}

/// The community, the two grids, and where they lie.
struct Town {
    estates: Vec<Uuid>,
    grids: [Uuid; 2],
}

async fn settle(app: &TestApp) -> Town {
    let mut tx = app.db.begin().await.unwrap();
    let mut settler = Settler::default();
    for (at, (estate, homes)) in ESTATES.into_iter().enumerate() {
        // They come in the order in which they were made.
        set(app, &format!("2026-11-23T08:0{at}:00+08:00")).await;
        let act = app.act();
        for home in 0..homes {
            let room = parse_room(&format!("{}0{}", home / 3 + 1, home % 3 + 1)).unwrap();
            let dwelling = settler.settle(&mut tx, &act, estate, "1号楼", "", &room).await.unwrap();
            let name = PersonName::parse("王秀兰").unwrap();
            enrol(&mut tx, &act, dwelling, &name, &NewResident::named(name.clone())).await.unwrap();
        }
        // Where nobody lives nobody is asked.
        settler.settle(&mut tx, &act, estate, "1号楼", "", &parse_room("9901").unwrap()).await.unwrap();
    }
    set(app, "2026-11-23T09:00:00+08:00").await;
    let act = app.act();
    let mut grids = Vec::new();
    let estates: Vec<Uuid> = place::estates(&mut tx, act.tenant).await.unwrap().iter().map(|known| known.id).collect();
    for (at, estate) in estates.iter().take(2).enumerate() {
        let grid = place::create_grid(&mut tx, &act, &format!("14110200499900{at}"), "网格").await.unwrap();
        let building = place::buildings(&mut tx, act.tenant, *estate).await.unwrap().remove(0).id;
        place::assign_grid(&mut tx, &act, building, grid).await.unwrap();
        grids.push(grid);
    }
    tx.commit().await.unwrap();
    Town { estates, grids: grids.try_into().unwrap() }
}

/// The two grid workers.
async fn workers(app: &TestApp, town: &Town) -> [Account; 2] {
    let first = app.person(Role::GridWorker).named("贺海霞").reaching(Reach::Grid, town.grids[0]).create().await;
    let second = app.person(Role::GridWorker).named("薛改珍").reaching(Reach::Grid, town.grids[1]).create().await;
    [first, second]
}

async fn set(app: &TestApp, moment: &str) {
    app.means.clock.set(moment.parse::<Timestamp>().unwrap());
}

fn plan() -> Plan {
    Plan {
        title: "2026年度满意度调查".to_owned(),
        from: date(2026, 11, 23),
        until: date(2026, 12, 7),
        questions: vec!["总的来说，您对社区工作满意吗？".to_owned(), "电动车充电方便吗？".to_owned()],
        open_question: "最希望社区办的一件事是什么？".to_owned(),
    }
}

/// A survey that is open.
async fn opened(app: &TestApp) -> Uuid {
    let mut tx = app.db.begin().await.unwrap();
    let act = app.act();
    let id = community_survey::create(&mut tx, &act, &plan()).await.unwrap();
    community_survey::open(&mut tx, &act, id, 1).await.unwrap();
    tx.commit().await.unwrap();
    id
}

async fn survey(app: &TestApp, id: Uuid) -> Survey {
    community_survey::survey(&mut app.db.read().await.unwrap(), app.home.tenant, id).await.unwrap()
}

async fn doors_of(app: &TestApp, account: &Account, id: Uuid) -> Vec<Door> {
    let mut tx = app.db.read().await.unwrap();
    community_survey::doors_of(&mut tx, app.home.tenant, account.id, id).await.unwrap()
}

async fn waiting(app: &TestApp, id: Uuid) -> Vec<Door> {
    community_survey::waiting(&mut app.db.read().await.unwrap(), app.home.tenant, id).await.unwrap()
}

async fn answer(app: &TestApp, door: Uuid, levels: &[(&str, i64)], wish: &str) -> Result<(), Error> {
    let levels = levels.iter().map(|(key, level)| ((*key).to_owned(), *level)).collect();
    let mut tx = app.db.begin().await.unwrap();
    let answers = Answers { levels, wish: wish.to_owned() };
    let done = community_survey::answer(&mut tx, &app.act(), door, &answers).await;
    if done.is_ok() {
        tx.commit().await.unwrap();
    }
    done
}

async fn note(app: &TestApp, door: Uuid, outcome: Outcome) -> Result<DoorState, Error> {
    let mut tx = app.db.begin().await.unwrap();
    let done = community_survey::note(&mut tx, &app.act(), door, outcome).await.map(|(state, _)| state);
    if done.is_ok() {
        tx.commit().await.unwrap();
    }
    done
}

async fn end(app: &TestApp, id: Uuid) {
    let seen = survey(app, id).await.lock_version;
    let mut tx = app.db.begin().await.unwrap();
    community_survey::end(&mut tx, &app.act(), id, seen).await.unwrap();
    tx.commit().await.unwrap();
}

async fn publish(app: &TestApp, id: Uuid, chosen: &[&str]) -> Result<Uuid, Error> {
    let seen = survey(app, id).await.lock_version;
    let chosen: Vec<String> = chosen.iter().map(|wish| (*wish).to_owned()).collect();
    let mut tx = app.db.begin().await.unwrap();
    let done = community_survey::publish(&mut tx, &app.act(), id, seen, &chosen).await;
    if done.is_ok() {
        tx.commit().await.unwrap();
    }
    done
}

/// The key of the question that is no usual one.
async fn own_key(app: &TestApp, id: Uuid) -> String {
    survey(app, id).await.questions.0[1].key.clone()
}

fn refused<T: std::fmt::Debug>(done: Result<T, Error>) -> String {
    match done {
        Err(Error::Refused(sentence)) => sentence,
        other => panic!("not refused: {other:?}"),
    }
}

/// Plans a survey on the page, as it comes.
async fn planned_by(staff: &Browser) -> String {
    let form = staff.get("/community-surveys/new").await;
    form.assert_ok().assert_contains("384.16").assert_contains("N = 53 户").assert_contains("是 47 户");
    form.assert_contains("<b>47</b>户要问").assert_contains("总的来说，您对社区工作满意吗？").assert_lacks("9901");
    let fields = [
        ("title", "2026年度满意度调查"),
        ("from", "2026-11-23"),
        ("until", "2026-12-07"),
        ("questions", "总的来说，您对社区工作满意吗？\n电动车充电方便吗？"),
        ("open_question", "最希望社区办的一件事是什么？"),
    ];
    let saved = staff.post("/community-surveys", &fields).await;
    saved.assert_ok().assert_contains("准备中").assert_contains("电动车充电方便吗？");
    saved.url
}

db_test! {
    async fn a_survey_from_its_plan_to_the_board_and_the_branch(app: TestApp) {
        let town = settle(&app).await;
        let [first, second] = workers(&app, &town).await;
        let desk = app.person(Role::Staff).create().await;
        let staff = app.browser_of(&desk).await;
        staff.get("/community-surveys").await.assert_ok().assert_contains("还没有做过调查");
        let page = planned_by(&staff).await;
        let id: Uuid = page.rsplit('/').next().unwrap().parse().unwrap();
        let opened = staff.post(&format!("{page}/opening"), &[("version", "1")]).await;
        opened.assert_ok().assert_contains("正在调查").assert_contains("调查结束以后才看得到结果");
        let again = staff.post(&format!("{page}/opening"), &[("version", "1")]).await;
        assert_eq!(again.status, 409, "it is drawn once");

        // Nobody asks in their own grid.
        for (worker, estates) in [(&first, [ESTATES[1].0, ESTATES[2].0]), (&second, [ESTATES[0].0, ESTATES[0].0])] {
            let doors = doors_of(&app, worker, id).await;
            assert!(!doors.is_empty() && doors.iter().all(|door| estates.contains(&door.estate_name.as_str())));
        }
        let asking = app.browser_of(&second).await;
        asking.get("/today").await.assert_ok().assert_contains("还有 26 户没问");
        let list = asking.get("/community-surveys/doors").await;
        list.assert_ok().assert_contains("还有 <b>26</b> 户").assert_contains("1号楼").assert_lacks("王秀兰");
        let doors = doors_of(&app, &second, id).await;
        let door = format!("/community-surveys/doors/{}", doors[0].id);
        asking.get(&door).await.assert_ok().assert_contains("不记名").assert_contains("非常满意").assert_lacks("王秀兰");
        let nothing = asking.post(&format!("{door}/answers"), &[("wish", "多装充电桩")]).await;
        nothing.assert_status(422).assert_contains("至少答一个问题").assert_contains("多装充电桩");
        let number = asking.post(&format!("{door}/answers"), &[("q-overall", "5"), ("wish", "打 13800001234")]).await;
        number.assert_status(422).assert_contains("请不要写手机号");
        let own = own_key(&app, id).await;
        let charging = format!("q-{own}");
        let said = [("q-overall", "5"), (charging.as_str(), "2"), ("wish", "多装充电桩")];
        asking.post(&format!("{door}/answers"), &said).await.assert_ok().assert_contains("不记是哪一户答的");
        asking.post(&format!("{door}/answers"), &said).await.assert_status(422).assert_contains("一户只答一次");

        // Somebody else's door is not there, nor is one of the reserve.
        let other = app.browser_of(&first).await;
        other.get(&format!("/community-surveys/doors/{}", doors[1].id)).await.assert_status(404);
        other.post(&format!("/community-surveys/doors/{}/answers", doors[1].id), &said).await.assert_status(404);

        // The slip: once, without an account, and it says nothing of who they are.
        let slips = asking.get("/community-surveys/doors/slips").await;
        slips.assert_ok();
        assert_eq!(slips.between_all("<article class=\"qr-label\">", "</article>").count(), 25);
        let link = community_survey::link(app.home.tenant, doors[1].id, &app.means.keys);
        let address = format!("/community-survey-answers/{link}");
        let resident = app.browser();
        resident.get(&address).await.assert_ok().assert_contains("抽中").assert_lacks("1号楼");
        resident.post(&address, &[("q-overall", "9")]).await.assert_status(422);
        resident.post(&address, &said).await.assert_ok().assert_contains("收到了，谢谢您").assert_contains("已经答过了");
        resident.post(&address, &[("q-overall", "1")]).await.assert_status(422);
        asking.get(&format!("/community-surveys/doors/{}", doors[1].id)).await.assert_status(422);
        let forged = community_survey::link(app.home.tenant, doors[1].id, &doorstep::keys::Keys::generate(&app.means.chance));
        resident.get(&format!("/community-survey-answers/{forged}")).await.assert_status(404);

        // While it is open nobody reads what was said.
        staff.get(&page).await.assert_ok().assert_contains("<b>2</b>户回答，要 47 户").assert_lacks("多装充电桩");
        staff.get(&format!("{page}/results.xlsx")).await.assert_status(422);

        // The others, of whom everybody says something else.
        let mut levels: Vec<(i64, i64)> = vec![(5, 2), (5, 2)];
        for (at, door) in waiting(&app, id).await.iter().enumerate() {
            let (overall, charge) = ([5, 4, 4, 3, 1][at % 5], [4, 2, 1][at % 3]);
            answer(&app, door.id, &[("overall", overall), (&own, charge)], if at == 7 { "建个食堂" } else { "" }).await.unwrap();
            levels.push((overall, charge));
        }
        assert_eq!(levels.len(), 47);
        set(&app, "2026-12-05T09:00:00+08:00").await;
        let staff = app.browser_of(&desk).await;
        let version = survey(&app, id).await.lock_version.to_string();
        let ended = staff.post(&format!("{page}/ending"), &[("version", &version)]).await;
        let satisfied = levels.iter().filter(|(overall, _)| *overall >= 4).count();
        let share = format!("{:.1}%", satisfied as f64 * 100.0 / 47.0);
        let mean = levels.iter().map(|(overall, _)| *overall).sum::<i64>() as f64 / 47.0;
        // z · √(p (1 − p) / n · (N − n) / (N − 1)), rounded up
        let margin = 1.96 * (0.25 / 47.0 * (53.0 - 47.0) / 52.0_f64).sqrt();
        let margin = format!("±{:.2}%", (margin * 10_000.0).ceil() / 100.0);
        ended.assert_ok().assert_contains(&share).assert_contains(&format!("{mean:.2}")).assert_contains(&margin);
        ended.assert_contains("多装充电桩").assert_contains("建个食堂");
        staff.get("/today").await.assert_contains("公示结果");
        answer(&app, doors[2].id, &[("overall", 5)], "").await.unwrap_err();
        asking_is_over(&app, &second).await;

        // The files say the same.
        let workbook = staff.download(&format!("{page}/results.xlsx")).await;
        let said = office::saved_by_libreoffice("results.xlsx", &workbook, "csv", "csv:Text - txt - csv (StarCalc):44,34,76");
        let said = String::from_utf8(said).unwrap();
        assert!(said.contains("总的来说，您对社区工作满意吗？") && said.contains(&share), "{said}");
        let paper = office::words(&staff.download(&format!("{page}/results.docx")).await);
        assert!(paper.contains(&share) && paper.contains("53 户中按小区分层随机抽取 47 户"), "{paper}");

        // The branch hears of it at its next meeting, once; nobody talks of it before it is over.
        let circle = Circle::of_estate(town.estates[0]);
        let mut tx = app.db.begin().await.unwrap();
        let proposals = meeting::proposals(&mut tx, app.home.tenant, circle, meeting::Kind::Deliberation, app.means.now()).await.unwrap();
        let offered = proposals.iter().find(|proposal| proposal.title == "2026年度满意度调查的结果").unwrap();
        assert!(offered.pressing && matches!(offered.item, NewItem::Survey(known) if known == id));
        let new = meeting::NewMeeting {
            kind: meeting::Kind::Deliberation,
            circle,
            plan: meeting::Plan {
                planned_at: "2026-12-12T09:00:00+08:00".parse().unwrap(),
                place: "小区党群服务站".to_owned(),
                host: "冯环英".to_owned(),
                recorder: String::new(),
            },
            items: vec![offered.item.clone()],
        };
        let held = meeting::create(&mut tx, &app.act(), new).await.unwrap();
        assert_eq!(meeting::items(&mut tx, app.home.tenant, held).await.unwrap()[0].title, "2026年度满意度调查的结果");
        let proposals = meeting::proposals(&mut tx, app.home.tenant, circle, meeting::Kind::Deliberation, app.means.now()).await.unwrap();
        assert!(proposals.iter().all(|proposal| !matches!(proposal.item, NewItem::Survey(_))), "it is on an agenda");
        tx.commit().await.unwrap();

        // On the board hangs nothing but sums.
        let published = staff.post(&format!("{page}/publication"), &[("version", &survey(&app, id).await.lock_version.to_string()), ("wish", "建个食堂")]).await;
        published.assert_ok().assert_contains("结果已经");
        let hangs = app.browser().get(&format!("/board/{}", app.home.code)).await;
        let publication = app.browser().get(&hangs.link(&format!("/board/{}/publications/", app.home.code))).await;
        publication.assert_ok().assert_contains("2026年度满意度调查结果").assert_contains("建个食堂").assert_lacks("多装充电桩");
        publication.assert_contains(&format!("满意和非常满意 {}%", (satisfied * 100 + 23) / 47));
        staff.get("/today").await.assert_lacks("结果还没有公示");
        let mut tx = app.db.read().await.unwrap();
        let logged: Vec<Text> = tx.all(LOGGED.bind(app.home.tenant)).await.unwrap();
        assert!(logged.iter().all(|entry| !entry.text.contains("充电桩")), "the log has what somebody said");
    }

    async fn the_draw_can_be_repeated(app: TestApp) {
        let town = settle(&app).await;
        workers(&app, &town).await;
        let id = opened(&app).await;
        let known = survey(&app, id).await;
        assert_eq!((known.homes, known.state), (Some(53), community_survey::State::Open));
        let seed = known.seed.unwrap();
        let seed: Vec<u8> = (0..seed.len()).step_by(2).map(|at| u8::from_str_radix(&seed[at..at + 2], 16).unwrap()).collect();
        let mut tx = app.db.read().await.unwrap();
        let dwellings: Vec<Dwelling> = tx.all(DWELLINGS.bind(app.home.tenant)).await.unwrap();
        let drawn: Vec<Drawn> = tx.all(DOORS.bind(app.home.tenant).bind(id)).await.unwrap();
        let empty = 3;
        assert_eq!(dwellings.len(), 53 + empty);
        for (at, estate) in town.estates.iter().enumerate() {
            let here: Vec<&Drawn> = drawn.iter().filter(|door| door.estate_id == *estate).collect();
            let asked = here.iter().filter(|door| door.state == DoorState::Waiting).count() as i64;
            assert_eq!(asked, WANTED[at]);
            assert!(here.iter().all(|door| (door.place < asked) == (door.state == DoorState::Waiting)));
            // All homes in the order of their digests; those that nobody lives in were not among them.
            let mut homes: Vec<Uuid> = dwellings.iter().filter(|home| home.estate_id == *estate).map(|home| home.id).collect();
            homes.sort_by_key(|home| Sha256::digest([seed.as_slice(), home.as_bytes()].concat()).to_vec());
            let order: Vec<Uuid> = here.iter().map(|door| door.dwelling_id).collect();
            let skipped = homes.iter().take_while(|home| **home != order[order.len() - 1]).filter(|home| !order.contains(home)).count();
            assert!(skipped <= 1, "only the empty one is left out");
            homes.retain(|home| order.contains(home));
            assert_eq!(order, homes);
        }
        drop(tx);
        // Another draw has another seed.
        let other = survey(&app, opened(&app).await).await;
        assert_ne!(other.seed, survey(&app, id).await.seed);
        assert_eq!(other.frame, known.frame, "it was drawn among the same homes");
    }

    async fn after_three_days_without_anybody_another_home_steps_in(app: TestApp) {
        let town = settle(&app).await;
        let [_, second] = workers(&app, &town).await;
        let id = opened(&app).await;
        let before = doors_of(&app, &second, id).await;
        let door = before[0].id;
        let asking = app.browser_of(&second).await;
        let outcomes = format!("/community-surveys/doors/{door}/outcomes");
        asking.post(&outcomes, &[("outcome", "away")]).await.assert_ok().assert_contains("改天再来").assert_contains("来过 1 天");
        asking.post(&outcomes, &[("outcome", "away")]).await.assert_status(422).assert_contains("一天算一次");
        asking.post(&outcomes, &[("outcome", "gone")]).await.assert_status(422);
        for (day, state) in [(24, DoorState::Waiting), (25, DoorState::Unreached)] {
            set(&app, &format!("2026-11-{day}T19:00:00+08:00")).await;
            assert_eq!(note(&app, door, Outcome::Away).await.unwrap(), state);
        }
        let after = waiting(&app, id).await;
        let of_estate = |doors: &[Door]| doors.iter().filter(|door| door.estate_id == town.estates[0]).count() as i64;
        assert_eq!(of_estate(&after), WANTED[0], "one went and one of the same estate came");
        let next = after.iter().find(|new| new.estate_id == town.estates[0] && before.iter().all(|old| old.id != new.id)).unwrap();
        assert_eq!(next.account_id, Some(second.id));
        assert!(matches!(note(&app, door, Outcome::Away).await, Err(Error::Stale(_))));

        // Whoever refuses, or a home where nobody lives, is replaced at once; the reserve of 王府名苑 has three more.
        assert_eq!(note(&app, next.id, Outcome::Refused).await.unwrap(), DoorState::Refused);
        assert_eq!(note(&app, before[1].id, Outcome::Empty).await.unwrap(), DoorState::Empty);
        assert_eq!(note(&app, before[2].id, Outcome::Refused).await.unwrap(), DoorState::Refused);
        assert_eq!(of_estate(&waiting(&app, id).await), WANTED[0]);
        note(&app, before[3].id, Outcome::Refused).await.unwrap();
        assert_eq!(of_estate(&waiting(&app, id).await), WANTED[0] - 1, "nobody is left to step in");
        // Somebody who was not met, or refused, may still answer.
        answer(&app, door, &[("overall", 4)], "").await.unwrap();
        answer(&app, next.id, &[("overall", 4)], "").await.unwrap();
        assert_eq!(refused(answer(&app, door, &[("overall", 4)], "").await), "这一户已经答过了，一户只答一次");
        let mut tx = app.db.read().await.unwrap();
        let drawn: Vec<Drawn> = tx.all(DOORS.bind(app.home.tenant).bind(id)).await.unwrap();
        drop(tx);
        let reserve = drawn.iter().find(|door| door.state == DoorState::Reserve).unwrap().id;
        assert!(answer(&app, reserve, &[("overall", 5)], "").await.is_err(), "nobody asks there");
        let link = community_survey::link(app.home.tenant, reserve, &app.means.keys);
        app.browser().get(&format!("/community-survey-answers/{link}")).await.assert_status(404);
    }

    /// Two homes of an estate say something different. Had each said what the other did, not a byte of the database would be another.
    async fn nobody_can_tell_who_said_what(app: TestApp) {
        let other = TestApp::start(app.engine).await;
        let folder = tempfile::tempdir().unwrap();
        let mut copies = Vec::new();
        for (app, swapped) in [(&app, false), (&other, true)] {
            let town = settle(app).await;
            let mut tx = app.db.begin().await.unwrap();
            let grants = vec![Grant { role: Role::GridWorker, reach: Reach::Grid, reach_id: Some(town.grids[1]) }];
            let organisation = app.home.organisation;
            let new = NewAccount { name: "薛改珍".to_owned(), organisation, login: None, grants };
            access::create_account(&mut tx, &app.act(), new).await.unwrap();
            tx.commit().await.unwrap();
            let id = opened(app).await;
            let own = own_key(app, id).await;
            let said: [(&[(&str, i64)], &str); 2] =
                [(&[("overall", 1), (own.as_str(), 5)], "换物业"), (&[("overall", 5)], "都挺好")];
            let doors = waiting(app, id).await;
            for (at, door) in doors.iter().filter(|door| door.estate_id == town.estates[0]).take(2).enumerate() {
                set(app, &format!("2026-11-2{}T19:00:00+08:00", 4 + at)).await;
                let (levels, wish) = said[if swapped { 1 - at } else { at }];
                answer(app, door.id, levels, wish).await.unwrap();
            }
            let file = folder.path().join(format!("{swapped}"));
            backup::write(&app.db, &file, app.means.now(), |_| {}).await.unwrap();
            let mut text = String::new();
            GzDecoder::new(std::fs::File::open(file).unwrap()).read_to_string(&mut text).unwrap();
            assert!(text.contains("community_survey_boxes") && !text.contains("换物业"), "a wish is sealed");
            copies.push(text);
        }
        // PostgreSQL gives the rows of a table back in whatever order it has room for them, so that the checksum at the end says nothing.
        let rows = |copy: &String| {
            let rows = copy.lines().filter(|line| !line.starts_with("{\"rows\":"));
            rows.map(str::to_owned).collect::<std::collections::BTreeSet<_>>()
        };
        let told: Vec<String> = rows(&copies[0]).symmetric_difference(&rows(&copies[1])).cloned().collect();
        assert!(told.is_empty(), "what was said where can be told from the database: {told:#?}");
    }

    async fn nothing_is_told_of_few(app: TestApp) {
        let town = settle(&app).await;
        let desk = app.person(Role::Staff).create().await;
        workers(&app, &town).await;
        let id = opened(&app).await;
        let own = own_key(&app, id).await;
        let mut tx = app.db.read().await.unwrap();
        let strata = community_survey::strata(&mut tx, app.home.tenant, id).await.unwrap();
        drop(tx);
        assert_eq!(strata[2].box_number, strata[1].box_number, "three homes are kept together with another estate's");
        assert_ne!(strata[0].box_number, strata[1].box_number);
        let doors = waiting(&app, id).await;
        let estates = &town.estates;
        let of = |estate: usize| doors.iter().filter(move |door| door.estate_id == estates[estate]);
        for door in of(0).take(3) {
            answer(&app, door.id, &[("overall", 1)], "贺海霞家的狗太吵，找王秀兰阿姨").await.unwrap();
        }
        end(&app, id).await;
        let page = format!("/community-surveys/{id}");
        let staff = app.browser_of(&desk).await;
        staff.get(&page).await.assert_ok().assert_contains("不列结果").assert_lacks("狗太吵");
        assert!(refused(publish(&app, id, &[]).await).contains("不到 5 户"));

        let id = opened(&app).await;
        let doors = waiting(&app, id).await;
        let estates = &town.estates;
        let of = |estate: usize| doors.iter().filter(move |door| door.estate_id == estates[estate]);
        for door in of(0).take(4) {
            answer(&app, door.id, &[("overall", 1)], "王秀兰阿姨家太吵").await.unwrap();
        }
        for door in of(1).take(9) {
            answer(&app, door.id, &[("overall", 5), (&own, 3)], "").await.unwrap();
        }
        for door in of(2) {
            answer(&app, door.id, &[("overall", 4)], "").await.unwrap();
        }
        end(&app, id).await;
        let known = survey(&app, id).await;
        let mut tx = app.db.read().await.unwrap();
        let results = community_survey::results(&mut tx, &app.act(), known).await.unwrap();
        drop(tx);
        // Four said the worst in one estate: they are only told of together with the others.
        assert!(results.questions.iter().all(|of| of.groups.iter().all(|group| group.tally.answers() >= 5)));
        assert_eq!(results.questions[0].tally.0, [9, 3, 0, 0, 4]);
        assert!(results.questions[0].groups.is_empty(), "the rest would tell of the four");
        let page = staff.get(&format!("/community-surveys/{id}")).await;
        page.assert_ok().assert_contains("和别的小区合在一起");

        // A name does not get onto the board, and the form comes back with what was chosen.
        let version = survey(&app, id).await.lock_version.to_string();
        let named = [("version", version.as_str()), ("wish", "王秀兰阿姨家太吵")];
        let refused = staff.post(&format!("/community-surveys/{id}/publication"), &named).await;
        refused.assert_status(422).assert_contains("不能公示").assert_contains("checked");
        let publication = publish(&app, id, &[]).await.unwrap();
        let mut tx = app.db.read().await.unwrap();
        let hangs = board::publication(&mut tx, app.home.tenant, publication).await.unwrap();
        let facts: BTreeMap<String, String> = hangs.body.0.facts.into_iter().collect();
        let overall = &facts["总的来说，您对社区工作满意吗？"];
        // 9, 3, 0, 0 and 4 of 16: what is below five is told by a bound alone.
        assert_eq!(overall, "满意和非常满意 68% 以上。非常满意 56%，满意 不到 32%，基本满意 不到 32%，不满意 不到 32%，非常不满意 不到 32%");
        assert_eq!(facts["各小区回答的户数"], "王府名苑小区、林业局家属楼 7 户，水保所家属院 9 户");
        assert!(!facts.contains_key("王府名苑小区"));
    }

    async fn the_same_question_is_compared_with_the_last_time(app: TestApp) {
        let town = settle(&app).await;
        let desk = app.person(Role::BranchSecretary).create().await;
        workers(&app, &town).await;
        let mut ids = Vec::new();
        for (year, level) in [(2025, 2), (2026, 4)] {
            set(&app, &format!("{year}-11-23T09:00:00+08:00")).await;
            let mut tx = app.db.begin().await.unwrap();
            let mut plan = Plan { title: format!("{year}年度满意度调查"), from: date(year, 11, 23), until: date(year, 12, 7), ..plan() };
            if year == 2025 {
                plan.questions[1] = "电动车充电够用吗？".to_owned();
            }
            let id = community_survey::create(&mut tx, &app.act(), &plan).await.unwrap();
            community_survey::open(&mut tx, &app.act(), id, 1).await.unwrap();
            tx.commit().await.unwrap();
            let own = own_key(&app, id).await;
            for (at, door) in waiting(&app, id).await.iter().take(10).enumerate() {
                answer(&app, door.id, &[("overall", if at < 5 { 5 } else { level }), (&own, 5)], "").await.unwrap();
            }
            set(&app, &format!("{year}-12-08T09:00:00+08:00")).await;
            let overdue = Act { at: app.means.now(), ..app.act() };
            let mut tx = app.db.begin().await.unwrap();
            community_survey::end_overdue(&mut tx, &overdue).await.unwrap();
            tx.commit().await.unwrap();
            ids.push(id);
        }
        let reader = app.browser_of(&desk).await;
        let page = reader.get(&format!("/community-surveys/{}", ids[1])).await;
        page.assert_ok().assert_contains("和2025年度满意度调查比").assert_contains("+50.0").assert_lacks("公示结果");
        assert_eq!(page.between_all("比上次", "</b>").count(), 1, "other words are another question");
        reader.get(&format!("/community-surveys/{}", ids[0])).await.assert_ok().assert_lacks("比上次");
    }

    async fn who_may_do_what(app: TestApp) {
        let town = settle(&app).await;
        let id = opened_without_askers(&app).await;
        let [first, second] = workers(&app, &town).await;
        let cadre = app.person(Role::Staff).reaching(Reach::Estate, town.estates[0]).browser().await;
        let page = format!("/community-surveys/{id}");
        cadre.get(&page).await.assert_ok().assert_lacks("抽选并开始");
        cadre.get("/community-surveys/new").await.assert_status(403);
        cadre.post(&format!("{page}/opening"), &[("version", "1")]).await.assert_status(403);
        let branch = app.person(Role::BranchSecretary).browser().await;
        branch.get(&page).await.assert_ok().assert_lacks("抽选并开始");
        branch.post(&format!("{page}/opening"), &[("version", "1")]).await.assert_status(403);
        let secretary = app.person(Role::Secretary).browser().await;
        secretary.post(&format!("{page}/opening"), &[("version", "7")]).await.assert_status(409);
        secretary.post(&format!("{page}/opening"), &[("version", "1")]).await.assert_ok().assert_contains("正在调查");
        secretary.get(&format!("{page}/plan")).await.assert_status(422);
        secretary.post(&format!("{page}/withdrawal"), &[("version", "2")]).await.assert_status(409);

        // Somebody has gone: what is left of theirs goes to the other, who then asks in their own grid.
        let mut tx = app.db.begin().await.unwrap();
        tx.execute(GAVE_UP.bind(app.home.tenant).bind(second.id).bind(app.means.now())).await.unwrap();
        tx.commit().await.unwrap();
        secretary.post(&format!("{page}/dealing"), &[]).await.assert_ok().assert_contains("重新分好了");
        assert_eq!(doors_of(&app, &first, id).await.len(), 47);
        let later = secretary.post(&format!("{page}/extension"), &[("version", "2"), ("until", "2026-12-20")]).await;
        later.assert_ok().assert_contains("2026年12月20日");
        secretary.post(&format!("{page}/extension"), &[("version", "3"), ("until", "2026-01-20")]).await.assert_status(422);
        let mut tx = app.db.read().await.unwrap();
        let kept: Vec<Kept> = tx.all(BOXES.bind(app.home.tenant)).await.unwrap();
        assert!(kept.iter().all(|kept| kept.box_number < 2 && kept.tallies.contains("[0,0,0,0,0]")));
        drop(tx);
        // On the morning after its last day it has ended by itself.
        set(&app, "2026-12-21T01:00:00+08:00").await;
        upkeep::once(&app.app).await.unwrap();
        assert_eq!(survey(&app, id).await.state, community_survey::State::Ended);
    }

    async fn a_plan_that_is_not_right_comes_back_filled(app: TestApp) {
        let staff = app.person(Role::Staff).browser().await;
        let fields = |until, questions| [("title", "2026年度满意度调查"), ("from", "2026-11-23"), ("until", until), ("questions", questions), ("open_question", "")];
        let eleven = (1..=11).map(|n| format!("第{n}个问题是什么")).collect::<Vec<_>>().join("\n");
        for (until, questions, wrong) in [
            ("2026-11-20", "楼道、院子干净吗？", "截止的日子要在开始之后"),
            ("2026-12-20", "", "请填写要问的问题"),
            ("2026-12-20", "楼道、院子干净吗？\n楼道、院子干净吗？", "有两个问题是一样的"),
            ("2026-12-20", "脏", "要在 4 到 40 个字之间"),
            ("2026-12-20", eleven.as_str(), "最多问 10 个问题"),
            ("明年", "楼道、院子干净吗？", "请选择到哪天结束"),
        ] {
            let back = staff.post("/community-surveys", &fields(until, questions)).await;
            back.assert_status(422).assert_contains(wrong).assert_contains(until);
        }
        let saved = staff.post("/community-surveys", &fields("2026-12-20", "楼道、院子干净吗？")).await;
        saved.assert_ok();
        let nobody = staff.post(&format!("{}/opening", saved.url), &[("version", "1")]).await;
        nobody.assert_status(422).assert_contains("还没有住人的房子");
        let changed = staff.post(&format!("{}/plan", saved.url), &[&[("version", "1")], &fields("2026-12-21", "住得安全吗？")[..]].concat()).await;
        changed.assert_ok().assert_contains("住得安全吗？").assert_contains("2026年12月21日");
        let stale = staff.post(&format!("{}/plan", saved.url), &[&[("version", "1")], &fields("2026-12-21", "住得舒服吗？")[..]].concat()).await;
        stale.assert_status(409);
        staff.post(&format!("{}/withdrawal", saved.url), &[("version", "2")]).await.assert_ok().assert_contains("已取消");
    }
}

/// A worker whose round is over has nothing to ask.
async fn asking_is_over(app: &TestApp, worker: &Account) {
    let asking = app.browser_of(worker).await;
    asking.get("/community-surveys/doors").await.assert_ok().assert_contains("没有要问的");
    asking.get("/today").await.assert_ok().assert_lacks("户没问");
}

/// A draft that cannot be opened yet, since nobody could ask.
async fn opened_without_askers(app: &TestApp) -> Uuid {
    let mut tx = app.db.begin().await.unwrap();
    let id = community_survey::create(&mut tx, &app.act(), &plan()).await.unwrap();
    tx.commit().await.unwrap();
    let mut tx = app.db.begin().await.unwrap();
    let opened = community_survey::open(&mut tx, &app.act(), id, 1).await;
    assert!(refused(opened).contains("还没有网格员"));
    id
}
