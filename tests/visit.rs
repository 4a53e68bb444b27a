//! A campaign from its plan to what it found: doors are dealt out, visits come as records, problems are issues.

use codes::PersonName;
use codes::address::parse_room;
use doorstep::access::{Act, Reach, Role, Scope};
use doorstep::place::{self, Settler};
use doorstep::registry::enrol::{NewResident, enrol};
use doorstep::registry::roll::Filter;
use doorstep::visit::{self, Order, Question, QuestionKind};
use jiff::SignedDuration;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Account, Browser, TestApp};

/// A building with households, a grid, and who works there.
pub struct Estate {
    pub grid: Uuid,
    pub building: Uuid,
    pub worker: Account,
    pub phone: Browser,
    pub staff: Browser,
    pub campaign: Uuid,
}

/// The head of each household, and the room.
const HOMES: [(&str, &str); 6] =
    [("王秀兰", "601"), ("李建国", "602"), ("张小燕", "501"), ("刘志强", "502"), ("陈桂花", "401"), ("赵铁柱", "402")];

impl Estate {
    pub async fn set_up(app: &TestApp) -> Estate {
        let act = app.act();
        let mut tx = app.db.begin().await.unwrap();
        let grid = place::create_grid(&mut tx, &act, "141102004999001", "第一网格").await.unwrap();
        for (name, room) in HOMES {
            let name = PersonName::parse(name).unwrap();
            let room = parse_room(room).unwrap();
            let dwelling =
                Settler::default().settle(&mut tx, &act, "王府名苑小区", "3号楼", "1单元", &room).await.unwrap();
            enrol(&mut tx, &act, dwelling, &name, &NewResident::named(name.clone())).await.unwrap();
        }
        let building = place::all_buildings(&mut tx, act.tenant).await.unwrap().remove(0).id;
        place::assign_grid(&mut tx, &act, building, grid).await.unwrap();
        tx.commit().await.unwrap();
        let worker = app.person(Role::GridWorker).named("贺海霞").reaching(Reach::Grid, grid).create().await;
        let phone = app.browser_of(&worker).await;
        let staff = app.person(Role::Staff).browser().await;
        let campaign = campaign(app, questions()).await;
        Estate { grid, building, worker, phone, staff, campaign }
    }

    /// The door of a room as the phone has it.
    pub async fn door(&self, room: &str) -> Value {
        let pack = self.phone.get("/doors/pack").await.json();
        let doors = pack["doors"].as_array().unwrap().clone();
        doors.into_iter().find(|door| door["room"] == room).unwrap_or_else(|| panic!("no door {room}"))
    }

    /// A record of a visit to a room, with what is different from nobody having said anything.
    pub async fn record(&self, app: &TestApp, room: &str, outcome: &str, more: Value) -> Value {
        let door = self.door(room).await;
        let mut body = json!({ "campaign": self.campaign, "dwelling": door["dwelling"], "outcome": outcome });
        for (name, value) in more.as_object().unwrap() {
            body[name] = value.clone();
        }
        let made_at = app.means.now().as_millisecond();
        json!({ "kind": "visit", "schema": 1, "account": self.worker.id, "made_at": made_at, "body": body })
    }

    /// Sends a record under a new id, and gives what the phone is told.
    pub async fn visit(&self, app: &TestApp, room: &str, outcome: &str, more: Value) -> Value {
        let record = self.record(app, room, outcome, more).await;
        let path = format!("/offline/records/{}", app.means.id());
        self.phone.put(&path, record.to_string()).await.assert_ok().json()
    }
}

fn questions() -> Vec<Question> {
    let question = |id: &str, kind, text: &str| Question {
        id: id.to_owned(),
        kind,
        text: text.to_owned(),
        required: true,
        options: Vec::new(),
    };
    vec![question("q1", QuestionKind::YesNo, "家里用煤吗"), question("q2", QuestionKind::Text, "最担心什么")]
}

/// A campaign over the whole community, under way.
pub async fn campaign(app: &TestApp, questions: Vec<Question>) -> Uuid {
    let act = Act { role: Role::Staff, ..app.act() };
    let order = Order {
        title: "冬季安全敲门".to_owned(),
        words: "您好，我是社区网格员".to_owned(),
        organisation: app.home.organisation,
        origin: String::new(),
        questions,
        until: act.at + SignedDuration::from_hours(24 * 14),
        filter: Filter::default(),
        buildings: Vec::new(),
    };
    let mut tx = app.db.begin().await.unwrap();
    let campaign = visit::create(&mut tx, &act, &Scope::tenant(), &order).await.unwrap();
    visit::open(&mut tx, &act, campaign, 1).await.unwrap();
    tx.commit().await.unwrap();
    campaign
}

db_test! {
    async fn a_campaign_is_planned_on_a_page_and_its_doors_are_on_the_phone(app: TestApp) {
        let estate = Estate::set_up(&app).await;
        let staff = &estate.staff;
        let estate_id = place::all_buildings(&mut app.db.read().await.unwrap(), app.home.tenant).await.unwrap()[0].estate_id;
        staff.get(&format!("/campaigns/new?estate={estate_id}")).await.assert_ok().assert_contains("3号楼");
        let fields = |until: &'static str| vec![
            ("estate", estate_id.to_string()), ("title", "煤气摸底".into()), ("until", until.into()),
            ("organisation", app.home.organisation.to_string()), ("building", estate.building.to_string()),
            ("q1_text", "用什么取暖".into()), ("q1_kind", "choice".into()), ("q1_options", "煤、电、暖气".into()), ("q1_required", "yes".into()),
        ];
        let post = async |fields: Vec<(&'static str, String)>| {
            let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
            staff.post("/campaigns", &fields).await
        };
        // What is wrong is said, and nothing is lost.
        let again = post(fields("2026-11-01")).await;
        again.assert_status(422).assert_contains("已经过了").assert_contains("煤、电、暖气");

        let page = post(fields("2026-12-10")).await;
        page.assert_ok().assert_contains("煤气摸底").assert_contains("贺海霞").assert_contains("还没有开始");
        assert!(!estate.phone.get("/doors/pack").await.body.contains("煤气摸底"), "a draft is on no phone");
        let version = page.input("version");
        let opening = format!("{}/opening", page.url);
        staff.post(&opening, &[("version", &version)]).await.assert_ok().assert_contains("进行中");
        let pack = estate.phone.get("/doors/pack").await.json();
        let campaign = pack["campaigns"].as_array().unwrap().iter().find(|campaign| campaign["title"] == "煤气摸底").unwrap();
        assert_eq!(campaign["questions"][0]["options"][2]["label"], "暖气");
        assert_eq!(pack["doors"].as_array().unwrap().len(), 2 * HOMES.len());
        // In walking order: from the top down.
        let rooms: Vec<&str> = pack["doors"].as_array().unwrap().iter().take(3).map(|door| door["room"].as_str().unwrap()).collect();
        assert_eq!(rooms, ["601", "602", "501"]);
        assert_eq!(pack["doors"][0]["households"][0]["people"][0]["name"], "王秀兰");
    }

    async fn a_visit_is_entered_whole_and_its_problem_is_an_issue(app: TestApp) {
        let estate = Estate::set_up(&app).await;
        let door = estate.door("601").await;
        let person = &door["households"][0]["people"][0];
        let receipt = estate.visit(&app, "601", "home", json!({
            "answers": [{ "question": "q1", "value": "yes" }, { "question": "q2", "value": "怕煤气中毒" }],
            "edits": [{ "resident": person["id"], "seen": person["version"], "fields": { "phone": "138 0000 1234" } }],
            "findings": [{ "kind": "moved_in", "household": null, "name": "王小宝", "sex": "1", "birth_date": "2020-05-01" }],
            "problems": [{ "category": "lighting", "text": "六楼楼道灯不亮", "reporter": { "name": "王秀兰", "phone": "" }, "photos": [] }],
            "note": "耳背，要大声",
        })).await;
        assert_eq!(receipt["state"], "accepted", "{receipt}");
        assert_eq!(receipt["answer"]["door"]["state"], "done");
        let issue = &receipt["answer"]["issues"][0];
        // The issue is there, with its place, its reporter and its receipt.
        let found = estate.staff.get("/issues?q=六楼楼道灯不亮").await;
        found.assert_ok().assert_contains(issue["number"].as_str().unwrap()).assert_contains("3号楼");
        app.browser().get(issue["link"].as_str().unwrap()).await.assert_ok().assert_contains("居民反映");
        let issue_page = estate.staff.get(&found.link("/issues/0")).await;
        issue_page.assert_ok().assert_contains("敲门行动");
        // The reporter's phone was not typed: the register knows it.
        let reveal = format!("{}/reporter-reveals", issue_page.url);
        estate.staff.post(&reveal, &[("reveal_reason", "回访核实情况")]).await.assert_ok().assert_contains("13800001234");
        // So is the correction, with who made it; the newcomer waits for somebody to accept them.
        let household = estate.staff.get(&format!("/households/{}", door["households"][0]["id"].as_str().unwrap())).await;
        household.assert_ok().assert_contains("138****1234").assert_lacks("王小宝");
        estate.staff.get("/residents/changes").await.assert_ok().assert_contains("王小宝");
        // The answers are counted, and lead to the list of homes.
        let page = estate.staff.get(&format!("/campaigns/{}", estate.campaign)).await;
        page.assert_ok().assert_contains("家里用煤吗").assert_contains(issue["number"].as_str().unwrap());
        let answers = format!("/campaigns/{}/answers?question=q1&value=yes", estate.campaign);
        estate.staff.get(&answers).await.assert_ok().assert_contains("王秀兰").assert_lacks("李建国");
        let file = estate.staff.download_by_form(&answers.replace("?question=q1&value=yes", "/workbook"), &[("question", "q1"), ("value", "yes")]).await;
        assert!(file.starts_with(b"PK"), "a workbook");
        let texts = format!("/campaigns/{}/texts?question=q2", estate.campaign);
        estate.staff.get(&texts).await.assert_ok().assert_contains("怕煤气中毒").assert_contains("601室");
        let visits = estate.staff.get(&format!("/dwellings/{}/visits", door["dwelling"].as_str().unwrap())).await;
        visits.assert_ok().assert_contains("怕煤气中毒").assert_contains("耳背").assert_contains("贺海霞");
    }

    async fn a_number_in_a_problem_is_for_those_who_visit_only(app: TestApp) {
        let estate = Estate::set_up(&app).await;
        let receipt = estate.visit(&app, "501", "home", json!({ "problems": [{ "category": "noise", "text": "楼上太吵，打 13800001234 找我" }] })).await;
        assert!(receipt["answer"]["warnings"][0].as_str().unwrap().contains("号码隐去了"), "{receipt}");
        let found = estate.staff.get("/issues?q=楼上太吵").await;
        estate.staff.get(&found.link("/issues/0")).await.assert_ok().assert_lacks("13800001234").assert_contains("楼上太吵");
    }

    async fn an_empty_home_of_registered_people_is_looked_at(app: TestApp) {
        let estate = Estate::set_up(&app).await;
        let receipt = estate.visit(&app, "402", "vacant", json!({ "usage": "vacant" })).await;
        assert_eq!(receipt["answer"]["findings"], 1, "{receipt}");
        assert_eq!(estate.door("402").await["usage"], Value::Null, "somebody is registered there");
        estate.staff.get("/residents/changes").await.assert_ok().assert_contains("走访时是空户").assert_contains("赵铁柱");
    }

    async fn what_was_said_at_a_door_goes_with_the_data_of_whoever_asks(app: TestApp) {
        let estate = Estate::set_up(&app).await;
        let door = estate.door("602").await;
        let resident: Uuid = door["households"][0]["people"][0]["id"].as_str().unwrap().parse().unwrap();
        estate.visit(&app, "602", "home", json!({ "answers": [{ "question": "q1", "value": "yes" }, { "question": "q2", "value": "怕黑" }], "note": "常年吃药" })).await;
        let page = format!("/dwellings/{}/visits", door["dwelling"].as_str().unwrap());
        estate.staff.get(&page).await.assert_ok().assert_contains("常年吃药").assert_contains("怕黑");
        let mut tx = app.db.begin().await.unwrap();
        doorstep::registry::erasure::erase(&mut tx, &app.act(), resident, "本人要求").await.unwrap();
        tx.commit().await.unwrap();
        while doorstep::outbox::work(&app.app, &doorstep::app::handlers()).await.unwrap() > 0 {}
        estate.staff.get(&page).await.assert_ok().assert_contains("在家").assert_lacks("常年吃药").assert_lacks("怕黑");
        let verdict = doorstep::audit::verify(&mut app.db.read().await.unwrap(), app.home.tenant).await.unwrap();
        assert_eq!(verdict.broken, None);
    }

    async fn who_may_not_know_the_people_cannot_choose_doors_by_them(app: TestApp) {
        let estate = Estate::set_up(&app).await;
        let estate_id = place::all_buildings(&mut app.db.read().await.unwrap(), app.home.tenant).await.unwrap()[0].estate_id;
        let branch = app.person(Role::BranchSecretary).reaching(Reach::Estate, estate_id).browser().await;
        branch.get(&format!("/campaigns/new?estate={estate_id}")).await.assert_ok().assert_lacks("只走有这些人的户");
        let fields = [("estate", estate_id.to_string()), ("title", "看看谁病了".into()), ("until", "2026-12-10".into()),
            ("organisation", app.home.organisation.to_string()), ("tag", "serious_illness".into())];
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let page = branch.post("/campaigns", &fields).await;
        page.assert_ok().assert_contains(&format!("<b>{}</b>户", HOMES.len()));
        assert!(estate.staff.get("/campaigns").await.contains("看看谁病了"));
    }

    async fn who_was_out_comes_back_and_three_times_is_enough(app: TestApp) {
        let mut estate = Estate::set_up(&app).await; // Monday, nine in the morning
        let said = estate.visit(&app, "502", "nobody", json!({})).await;
        assert_eq!(said["answer"]["door"], json!({ "state": "again", "words": "11月23日 星期一晚上" }));
        for (hours, state) in [(10, "again"), (110, "given_up")] {
            app.means.clock.set(app.means.now() + SignedDuration::from_hours(hours));
            estate.phone = app.browser_of(&estate.worker).await;
            let said = estate.visit(&app, "502", "nobody", json!({})).await;
            assert_eq!(said["answer"]["door"]["state"], state);
        }
        let staff = app.person(Role::Staff).browser().await;
        staff.get(&format!("/campaigns/{}", estate.campaign)).await.assert_ok().assert_contains("多次没人");
        // Somebody was met after all, and that stands.
        let said = estate.visit(&app, "502", "later", json!({ "again": { "day": "2026-12-01", "part": "morning" } })).await;
        assert_eq!(said["answer"]["door"]["words"], "12月1日 星期二上午");
        estate.visit(&app, "502", "home", json!({})).await;
        assert_eq!(estate.door("502").await["state"], "done");
    }

    async fn a_visit_counts_though_the_campaign_was_withdrawn(app: TestApp) {
        let estate = Estate::set_up(&app).await;
        let record = estate.record(&app, "401", "home", json!({})).await;
        let page = estate.staff.get(&format!("/campaigns/{}", estate.campaign)).await;
        let withdrawal = format!("/campaigns/{}/withdrawal", estate.campaign);
        estate.staff.post(&withdrawal, &[("version", &page.input("version"))]).await.assert_ok().assert_contains("已撤回");
        assert!(estate.phone.get("/doors/pack").await.json()["doors"].as_array().unwrap().is_empty());
        let path = format!("/offline/records/{}", app.means.id());
        assert_eq!(estate.phone.put(&path, record.to_string()).await.json()["state"], "accepted");
    }

    async fn the_plain_pages_do_what_the_app_does(app: TestApp) {
        let estate = Estate::set_up(&app).await;
        let list = estate.phone.get("/doors/list").await;
        let page = estate.phone.get(&list.link("/doors/list/")).await;
        page.assert_ok().assert_contains("王秀兰").assert_contains("家里用煤吗");
        let fields = [("id", page.input("id")), ("opened", page.input("opened")), ("outcome", "home".to_owned()), ("q1", "no".to_owned()), ("q2", "没有".to_owned()),
            ("problem", "井盖松动".to_owned()), ("category", "traffic".to_owned())];
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        estate.phone.post(&page.url, &fields[..2]).await.assert_status(422).assert_contains("请选择走访结果");
        estate.phone.post(&page.url, &fields[..3]).await.assert_status(422).assert_contains("这一问一定要答");
        estate.phone.post(&page.url, &fields).await.assert_ok().assert_contains("走访已登记");
        // Sent twice it is there once.
        estate.phone.post(&page.url, &fields).await.assert_ok().assert_contains("走访已登记");
        let found = estate.staff.get("/issues?q=井盖松动").await;
        assert_eq!(found.body.matches("SSYS-").count(), found.body.matches("SSYS-20261123-0001").count());
    }

    async fn somebody_joins_and_a_building_changes_hands(app: TestApp) {
        let estate = Estate::set_up(&app).await;
        let other = app.person(Role::GridWorker).named("高瑞芹").create().await;
        let phone = app.browser_of(&other).await;
        let page = format!("/campaigns/{}", estate.campaign);
        phone.get(&page).await.assert_ok().assert_contains("我也参加");
        phone.post(&format!("{page}/participation"), &[]).await.assert_ok().assert_contains("您已参加");
        let assignment = [("building", estate.building.to_string()), ("account", other.id.to_string())];
        let assignment: Vec<(&str, &str)> = assignment.iter().map(|(name, value)| (*name, value.as_str())).collect();
        estate.staff.post(&format!("{page}/assignments"), &assignment).await.assert_ok().assert_contains("高瑞芹");
        assert_eq!(phone.get("/doors/pack").await.json()["doors"].as_array().unwrap().len(), HOMES.len());
        // Dealt anew they go back to the one whose grid it is; who leaves has none.
        estate.staff.post(&format!("{page}/walkers/{}/removal", other.id), &[]).await.assert_ok();
        assert!(phone.get("/doors/pack").await.json()["doors"].as_array().unwrap().is_empty());
        assert_eq!(estate.phone.get("/doors/pack").await.json()["doors"].as_array().unwrap().len(), HOMES.len());
    }

    async fn many_reports_of_a_kind_suggest_a_survey(app: TestApp) {
        let estate = Estate::set_up(&app).await;
        for n in 0..3 {
            estate.visit(&app, ["601", "602", "501"][n], "home", json!({ "problems": [{ "category": "children", "text": "孩子放学没人管" }] })).await;
        }
        let list = estate.staff.get("/campaigns").await;
        list.assert_ok().assert_contains("诉求集中").assert_contains("3 件");
        let form = estate.staff.get(&list.link("/campaigns/new?estate=")).await;
        form.assert_ok().assert_contains("近 90 天 3 件");
        form.assert_contains("未成年人摸底");
    }
}
