//! 部署方案: versions that nobody approves who had a hand in them, the one that holds on a day, two side by side, what breaks when something
//! happens, and what a school is told.

use db::statements;
use doorstep::access::{Act, Reach, Role};
use doorstep::deployment::{self, ReserveSketch, Sketch, State};
use doorstep::duty::{self, PersonKind, SchoolSketch, Stage};
use doorstep::error::Error;
use doorstep::hazard::{self, Survey};
use doorstep::patrol::{self, Asked, Days, RouteKind, RouteSketch};
use jiff::Timestamp;
use jiff::civil::Date;
use uuid::Uuid;

use crate::duty::{Bureau, bureau};
use crate::support::{Account, Browser, Page, TestApp};

pub fn at(app: &TestApp, moment: &str) {
    app.means.clock.set(moment.parse::<Timestamp>().unwrap());
}

fn date(text: &str) -> Date {
    text.parse().unwrap()
}

statements! {
    APPROVED_BY_MAKER = "UPDATE deployment_plans SET state = 'approved', submitted_by = $3, submitted_at = 1, approved_by = made_by, approved_at = 1
        WHERE tenant_id = $1 AND id = $2";
    APPROVED_BY_CHANGER = "UPDATE deployment_plans SET changed_by = $3, state = 'approved', submitted_by = made_by, submitted_at = 1, approved_by = $3,
        approved_at = 1 WHERE tenant_id = $1 AND id = $2";
    APPROVED_BY_SUBMITTER = "UPDATE deployment_plans SET state = 'approved', submitted_by = $3, submitted_at = 1, approved_by = $3, approved_at = 1
        WHERE tenant_id = $1 AND id = $2";
    APPROVED_BY_NOBODY = "UPDATE deployment_plans SET state = 'approved', submitted_by = $3, submitted_at = 1 WHERE tenant_id = $1 AND id = $2";
    NOT_HANDED_IN = "UPDATE deployment_plans SET state = 'approved', approved_by = $3, approved_at = 1 WHERE tenant_id = $1 AND id = $2";
}

/// A bureau with the plans' people: whoever plans at the first station, and whoever leads the whole bureau.
pub struct Desk {
    pub bureau: Bureau,
    pub planner: Account,
    pub leader: Account,
}

impl Desk {
    pub async fn set_up(app: &TestApp) -> Desk {
        at(app, "2026-08-25T09:00:00+08:00");
        let bureau = bureau(app).await;
        bureau.person(app, "冯志强", PersonKind::Officer, Some(4), true).await;
        bureau.person(app, "高瑞芹", PersonKind::Officer, Some(6), true).await;
        bureau.person(app, "薛改珍", PersonKind::Officer, Some(1), false).await;
        let planner = app.person(Role::DutyStaff).of_community(&bureau.community).of_organisation(bureau.stations[0]);
        let planner = planner.reaching(Reach::Organisation, bureau.stations[0]).named("田家会值班员").create().await;
        let leader = app.person(Role::DutyChief).of_community(&bureau.community).named("勤务负责人").create().await;
        Desk { bureau, planner, leader }
    }

    pub fn act(&self, app: &TestApp, account: &Account) -> Act {
        Act { account: Some(account.id), ..self.bureau.act(app) }
    }

    /// A version of the first station, from a day on.
    pub async fn drafted(&self, app: &TestApp, from: &str, of: Option<Uuid>) -> Uuid {
        let (name, reason) = ("秋季开学季部署".to_owned(), "开学初校园周边治安情况复杂".to_owned());
        let new = Sketch { name, effective_from: date(from), reason };
        let act = self.act(app, &self.planner);
        let mut tx = app.db.begin().await.unwrap();
        let of = match of {
            Some(id) => Some(deployment::plan(&mut tx, act.tenant, id).await.unwrap()),
            None => None,
        };
        let id = deployment::draft(&mut tx, &act, self.bureau.stations[0], &new, of.as_ref()).await.unwrap();
        tx.commit().await.unwrap();
        id
    }

    pub async fn plan(&self, app: &TestApp, id: Uuid) -> deployment::Plan {
        deployment::plan(&mut app.db.read().await.unwrap(), self.bureau.community.tenant, id).await.unwrap()
    }

    pub async fn parts(&self, app: &TestApp, id: Uuid) -> deployment::Parts {
        deployment::parts(&mut app.db.read().await.unwrap(), self.bureau.community.tenant, id).await.unwrap()
    }

    /// How many people, and police among them, stand at the gate of the first school.
    async fn set_gate(&self, app: &TestApp, id: Uuid, people: i64) {
        let plan = self.plan(app, id).await;
        let mut posts = self.parts(app, id).await.posts;
        for post in &mut posts {
            if post.gate_id == self.bureau.gate {
                post.people = people;
            }
        }
        posts.retain(|post| post.people > 0);
        let mut tx = app.db.begin().await.unwrap();
        let act = self.act(app, &self.planner);
        deployment::set_posts(&mut tx, &act, &plan, plan.lock_version, &posts).await.unwrap();
        tx.commit().await.unwrap();
    }

    pub async fn approved(&self, app: &TestApp, id: Uuid) {
        let plan = self.plan(app, id).await;
        let mut tx = app.db.begin().await.unwrap();
        deployment::submit(&mut tx, &self.act(app, &self.planner), &plan, plan.lock_version).await.unwrap();
        let plan = deployment::plan(&mut tx, self.bureau.community.tenant, id).await.unwrap();
        deployment::approve(&mut tx, &self.act(app, &self.leader), &plan, plan.lock_version, "").await.unwrap();
        tx.commit().await.unwrap();
    }

    pub async fn watch(&self, app: &TestApp, school: usize) -> String {
        let tenant = self.bureau.community.tenant;
        let school =
            duty::school(&mut app.db.read().await.unwrap(), tenant, self.bureau.schools[school]).await.unwrap();
        format!("/deployment-watch/{}", school.link(tenant, &app.means.keys))
    }

    pub async fn notices(&self, app: &TestApp, id: Uuid) -> Vec<deployment::Notice> {
        deployment::notices(&mut app.db.read().await.unwrap(), self.bureau.community.tenant, id).await.unwrap()
    }
}

fn shows_gate(page: &Page, words: &str) {
    page.assert_ok().assert_contains("东门").assert_contains(words);
}

/// The name of the field of a gate in a peak.
fn key(what: &str, gate: Uuid, slot: Uuid) -> String {
    format!("{what}-{}-{}", gate.simple(), slot.simple())
}

async fn step(browser: &Browser, id: Uuid, step: &str, fields: &[(&str, &str)]) -> Page {
    let version = browser.get(&format!("/deployment-plans/{id}")).await.input("version");
    let fields = [&[("version", version.as_str())], fields].concat();
    browser.post(&format!("/deployment-plans/{id}/{step}"), &fields).await
}

db_test! {
    async fn the_first_version_is_filled_in_and_the_next_is_copied(app: TestApp) {
        let desk = Desk::set_up(&app).await;
        let bureau = &desk.bureau;
        let planner = app.browser_of(&desk.planner).await;
        planner.get("/deployment-plans").await.assert_ok().assert_contains("还没有部署方案");
        planner.get("/deployment-plans/new").await.assert_ok().assert_contains("田家会派出所").assert_lacks("城北派出所");
        let station = bureau.stations[0].to_string();
        let form = [("unit", station.as_str()), ("name", "开学季部署"), ("effective_from", "2026-09-01"), ("reason", "")];
        planner.post("/deployment-plans", &form).await.assert_status(422).assert_contains("请填写理由").assert_contains("开学季部署");
        let far = [("unit", bureau.stations[1].to_string()), ("name", "开学季部署".into()), ("effective_from", "2026-09-01".into()), ("reason", "治安复杂".into())];
        let far: Vec<(&str, &str)> = far.iter().map(|(name, value)| (*name, value.as_str())).collect();
        planner.post("/deployment-plans", &far).await.assert_status(422).assert_contains("请选择单位");
        let form = [&form[..3], &[("reason", "开学初校园周边治安情况复杂")]].concat();
        let page = planner.post("/deployment-plans", &form).await;
        // What is registered is there: two posts of one each, and who is on standby by the slower of them.
        page.assert_ok().assert_contains("田家会派出所 第 1 版").assert_contains("东门 早入校").assert_contains("校门前路口 早入校");
        page.assert_contains("07:10–08:20").assert_contains("2 人，田家会小学 6 分钟，目标 5 分钟").assert_lacks("城北中学");
        let first: Uuid = page.url.rsplit('/').next().unwrap().parse().unwrap();

        // Numbers that cannot be come back, nothing is lost.
        let posts = format!("/deployment-plans/{first}/posts");
        let page = planner.get(&posts).await;
        let version = page.input("version");
        let (people, police) = (key("people", bureau.gate, bureau.morning), key("police", bureau.gate, bureau.morning));
        let crossing = key("people", bureau.crossing, bureau.morning);
        assert_eq!((page.input("version"), page.contains("登记的是要 1 人，其中警力 1 人")), (version.clone(), true));
        let wrong = [("version", version.as_str()), (people.as_str(), "三"), (police.as_str(), "1")];
        planner.post(&posts, &wrong).await.assert_status(422).assert_contains("请填 0 到 50 的整数").assert_contains("value=\"三\"");
        let wrong = [("version", version.as_str()), (people.as_str(), "1"), (police.as_str(), "2")];
        planner.post(&posts, &wrong).await.assert_status(422).assert_contains("其中警力不能比总人数多");
        let right = [("version", version.as_str()), (people.as_str(), "2"), (police.as_str(), "1"), (crossing.as_str(), "0")];
        let page = planner.post(&posts, &right).await;
        page.assert_ok().assert_contains("岗位已改好").assert_contains("2 人").assert_lacks("校门前路口");
        // Whoever saw the version before does not write over it.
        planner.post(&posts, &right).await.assert_status(409).assert_contains("刚刚有人动过");

        // A route of the unit is on the form with its interval; one of the patrol unit is not.
        let route = async |unit, name: &str| {
            let asked = Asked { interval: 30, tolerance: 0, from: 420, to: 540, days: Days::Every, school: None };
            let new = RouteSketch { unit, name: name.to_owned(), kind: RouteKind::Street, asked, closed_at: None };
            let mut tx = app.db.begin().await.unwrap();
            let id = patrol::create(&mut tx, &bureau.act(&app), &new).await.unwrap();
            tx.commit().await.unwrap();
            id
        };
        let (street, _) = (route(bureau.stations[0], "滨河路").await, route(bureau.patrol, "北巷").await);
        let patrols = format!("/deployment-plans/{first}/patrols");
        let page = planner.get(&patrols).await;
        page.assert_ok().assert_contains("滨河路").assert_contains("07:00–09:00").assert_contains("value=\"30\"").assert_lacks("北巷");
        let version = page.input("version");
        let [people, vehicles, interval] = ["people", "vehicles", "interval"].map(|what| format!("{what}-{}", street.simple()));
        let wrong = [("version", version.as_str()), (people.as_str(), "2"), (vehicles.as_str(), "1"), (interval.as_str(), "0")];
        planner.post(&patrols, &wrong).await.assert_status(422).assert_contains("最多间隔几分钟请填 1 到 1440 的整数");
        let right = [&wrong[..3], &[(interval.as_str(), "20")]].concat();
        planner.post(&patrols, &right).await.assert_ok().assert_contains("2 人、1 辆车，07:00–09:00，间隔 20 分钟");
        planner.post(&patrols, &right).await.assert_status(409);

        // Reserves: another of the same name is refused, one can go.
        let reserves = format!("/deployment-plans/{first}/reserves");
        let page = planner.get(&reserves).await;
        let minutes = format!("minutes-{}", bureau.schools[0].simple());
        page.assert_contains(&format!("name=\"{minutes}\" type=\"number\" min=\"0\" max=\"240\" inputmode=\"numeric\" value=\"6\""));
        let version = page.input("version");
        let same = [("version", version.as_str()), ("name", "机动备勤"), ("base", "派出所"), ("people", "2"), ("response", "5"), (minutes.as_str(), "3")];
        planner.post(&reserves, &same).await.assert_status(422).assert_contains("同名的备勤组").assert_contains("派出所");
        let other = [&same[..1], &[("name", "巡逻车一组")], &same[2..]].concat();
        planner.post(&reserves, &other).await.assert_ok().assert_contains("2 人，在派出所，田家会小学 3 分钟，目标 5 分钟");
        let old = desk.parts(&app, first).await.reserves.into_iter().find(|reserve| reserve.name == "机动备勤").unwrap();
        let page = planner.get(&format!("{reserves}/{}", old.id)).await;
        let version = page.input("version");
        let other = [("version", version.as_str()), ("name", "机动一组"), ("base", ""), ("people", "0"), ("response", "5")];
        planner.post(&format!("{reserves}/{}", old.id), &other).await.assert_status(422).assert_contains("几个人请填 1 到 50 的整数");
        planner.post(&format!("{reserves}/{}/removal", old.id), &[("version", version.as_str())]).await.assert_ok().assert_lacks("机动备勤");

        // The next is copied from it, with a number of its own.
        let page = planner.get(&format!("/deployment-plans/new?from={first}")).await;
        page.assert_ok().assert_contains("照第 1 版抄一份");
        let from = first.to_string();
        let form = [("from", from.as_str()), ("name", "开学季部署"), ("effective_from", "2026-09-07"), ("reason", "调研后加一个岗")];
        let page = planner.post("/deployment-plans", &form).await;
        page.assert_ok().assert_contains("第 2 版").assert_contains("滨河路").assert_contains("巡逻车一组").assert_lacks("校门前路口");
        let second: Uuid = page.url.rsplit('/').next().unwrap().parse().unwrap();
        assert_eq!(desk.plan(&app, second).await.copied_from, Some(first));
        planner.get("/deployment-plans").await.assert_contains("第 1 版").assert_contains("第 2 版");
        // The list is paged by key.
        at(&app, "2026-08-25T09:01:00+08:00");
        for _ in 0..30 {
            desk.drafted(&app, "2026-09-08", None).await;
        }
        let page = planner.get("/deployment-plans").await;
        page.assert_lacks("田家会派出所 第 2 版");
        planner.get(&page.link("/deployment-plans?before=")).await.assert_ok().assert_contains("田家会派出所 第 2 版").assert_contains("田家会派出所 第 1 版");
    }

    async fn a_copy_takes_routes_as_they_are_now_and_says_what_it_leaves_out(app: TestApp) {
        let desk = Desk::set_up(&app).await;
        let (planner, leader) = (app.browser_of(&desk.planner).await, app.browser_of(&desk.leader).await);
        let station = desk.bureau.stations[0].to_string();
        let mut tx = app.db.begin().await.unwrap();
        let asked = Asked { interval: 30, tolerance: 0, from: 420, to: 540, days: Days::Every, school: None };
        let new = RouteSketch { unit: desk.bureau.stations[0], name: "滨河路".to_owned(), kind: RouteKind::Street, asked, closed_at: None };
        let route = patrol::create(&mut tx, &desk.bureau.act(&app), &new).await.unwrap();
        tx.commit().await.unwrap();
        let first = desk.drafted(&app, "2026-09-01", None).await;
        let patrols = ["people", "vehicles", "interval"].map(|what| format!("{what}-{}", route.simple()));
        let walked = [(patrols[0].as_str(), "2"), (patrols[1].as_str(), "1"), (patrols[2].as_str(), "20")];
        step(&planner, first, "patrols", &walked).await.assert_ok().assert_contains("2 人、1 辆车，07:00–09:00，间隔 20 分钟");
        desk.approved(&app, first).await;

        // The route has another name and other hours since: a copy is of now, and what was approved stays.
        let change = async |name: &str, closed: &str| {
            let particulars = format!("/patrol-routes/{route}/particulars");
            let version = leader.get(&particulars).await.input("version");
            let form = [("version", version.as_str()), ("name", name), ("unit", station.as_str()), ("kind", "street"), ("days", "every"), ("school", ""),
                ("from", "08:00"), ("to", "10:00"), ("interval", "30"), ("tolerance", "0"), ("closed", closed)];
            leader.post(&particulars, &form).await.assert_ok();
        };
        change("滨河东路", "").await;
        let begun = async |from: Uuid| {
            let from = from.to_string();
            let form = [("from", from.as_str()), ("name", "开学季部署"), ("effective_from", "2026-09-07"), ("reason", "调研后调整")];
            planner.post("/deployment-plans", &form).await
        };
        let page = begun(first).await;
        page.assert_ok().assert_contains("滨河东路").assert_contains("2 人、1 辆车，08:00–10:00，间隔 20 分钟").assert_lacks("没有抄过来");
        let second: Uuid = page.url.rsplit('/').next().unwrap().parse().unwrap();
        planner.get(&format!("/deployment-plans/{first}")).await.assert_ok().assert_contains("07:00–09:00").assert_lacks("滨河东路");

        // It is closed: whoever saves the form of the draft is told before, and the next copy says that it is not there.
        planner.get(&format!("/deployment-plans/{second}/patrols")).await.assert_ok().assert_lacks("有路线不能再排");
        change("滨河东路", "yes").await;
        planner.get(&format!("/deployment-plans/{second}/patrols")).await.assert_ok().assert_contains("滨河东路已经停用或者不归本单位");
        let page = begun(second).await;
        page.assert_ok().assert_contains("没有抄过来（已经停用或者不归本单位）：滨河东路").assert_contains("没有安排巡逻");
        // Whoever names none goes on from what was approved last, not from a draft.
        let form = [("unit", station.as_str()), ("name", "开学季部署"), ("effective_from", "2026-09-08"), ("reason", "调研后调整")];
        planner.post("/deployment-plans", &form).await.assert_ok().assert_contains("已照第 1 版做好草稿").assert_contains("：滨河路");
    }

    async fn whoever_is_on_standby_counts_only_towards_schools_that_they_reach(app: TestApp) {
        let desk = Desk::set_up(&app).await;
        let (bureau, act) = (&desk.bureau, desk.bureau.act(&app));
        // Another school of the station, reached by one of three; and somebody who reaches only a school of another station.
        let mut tx = app.db.begin().await.unwrap();
        let sketch = SchoolSketch {
            station: bureau.stations[0], others: Vec::new(), name: "王家沟小学".to_owned(), stage: Stage::Primary, address: String::new(), contact: None,
            phone: String::new(), closed_at: None,
        };
        let third = duty::create_school(&mut tx, &act, &sketch).await.unwrap();
        tx.commit().await.unwrap();
        let both = bureau.person(&app, "任建平", PersonKind::Officer, None, true).await;
        let elsewhere = bureau.person(&app, "闫改珍", PersonKind::Officer, None, true).await;
        let mut tx = app.db.begin().await.unwrap();
        duty::set_reaches(&mut tx, &act, both, &[(bureau.schools[0], 3), (third, 8)]).await.unwrap();
        duty::set_reaches(&mut tx, &act, elsewhere, &[(bureau.schools[1], 2)]).await.unwrap();
        tx.commit().await.unwrap();
        let id = desk.drafted(&app, "2026-09-01", None).await;
        let parts = desk.parts(&app, id).await;
        let said: Vec<(&str, i64, Vec<i64>)> = parts.reserves.iter().map(|reserve| {
            let ways = parts.reaches.iter().filter(|reach| reach.reserve_id == reserve.id);
            (reserve.name.as_str(), reserve.people, ways.map(|reach| reach.minutes).collect())
        }).collect();
        assert_eq!(said, [("机动备勤", 2, vec![6]), ("机动备勤第 2 组", 1, vec![3, 8])]);
    }

    async fn nobody_approves_what_they_had_a_hand_in_and_what_is_approved_stays(app: TestApp) {
        let desk = Desk::set_up(&app).await;
        let (planner, leader) = (app.browser_of(&desk.planner).await, app.browser_of(&desk.leader).await);
        let id = desk.drafted(&app, "2026-09-01", None).await;
        leader.get("/today").await.assert_lacks("批方案");
        planner.post(&format!("/deployment-plans/{id}/approval"), &[("version", "1")]).await.assert_status(403);
        step(&leader, id, "approval", &[]).await.assert_status(422).assert_contains("不在等批准");
        step(&planner, id, "submission", &[]).await.assert_ok().assert_contains("已交批");
        planner.get(&format!("/deployment-plans/{id}/posts")).await.assert_status(422).assert_contains("不能再改");
        leader.get("/today").await.assert_ok().assert_contains("批方案").assert_contains("田家会派出所 第 1 版");

        // Given back with words, changed and handed in anew.
        step(&leader, id, "return", &[("return", "")]).await.assert_status(422).assert_contains("请填写退回的原因");
        step(&leader, id, "return", &[("return", "东门要两个人")]).await.assert_ok().assert_contains("退回修改").assert_contains("东门要两个人");
        planner.get("/today").await.assert_ok().assert_contains("改方案");
        leader.get("/today").await.assert_ok().assert_lacks("改方案");
        desk.set_gate(&app, id, 2).await;
        // The leader who writes in it does not approve it, however often whoever plans writes after that.
        let particulars = format!("/deployment-plans/{id}/particulars");
        let version = leader.get(&particulars).await.input("version");
        let form = [("version", version.as_str()), ("name", "开学季部署"), ("effective_from", "2026-09-01"), ("reason", "治安复杂")];
        leader.post(&particulars, &form).await.assert_ok().assert_contains("治安复杂");
        desk.set_gate(&app, id, 3).await;
        step(&planner, id, "submission", &[]).await.assert_ok();
        let page = leader.get(&format!("/deployment-plans/{id}")).await;
        page.assert_ok().assert_contains("要由别人批准").assert_lacks("/approval");
        leader.get("/today").await.assert_lacks("批方案");
        let version = desk.plan(&app, id).await.lock_version.to_string();
        leader.post(&format!("/deployment-plans/{id}/approval"), &[("version", version.as_str())]).await.assert_status(422).assert_contains("要由别人批准");
        let other = app.person(Role::DutyChief).of_community(&desk.bureau.community).create().await;
        let other_leader = app.browser_of(&other).await;
        // What was seen is what is approved.
        other_leader.post(&format!("/deployment-plans/{id}/approval"), &[("version", "1")]).await.assert_status(409);
        let page = step(&other_leader, id, "approval", &[("approval", "同意")]).await;
        page.assert_ok().assert_contains("已批准").assert_contains("：同意");
        assert_eq!(desk.plan(&app, id).await.approved_by, Some(other.id));

        // Nothing changes it any more, on whatever way.
        let plan = desk.plan(&app, id).await;
        let act = desk.act(&app, &desk.planner);
        let mut tx = app.db.begin().await.unwrap();
        let refused = |done: doorstep::error::Result<()>| matches!(done, Err(Error::Refused(_)));
        assert!(refused(deployment::set_posts(&mut tx, &act, &plan, plan.lock_version, &[]).await));
        assert!(refused(deployment::set_patrols(&mut tx, &act, &plan, plan.lock_version, &[]).await));
        assert!(refused(deployment::submit(&mut tx, &act, &plan, plan.lock_version).await));
        assert!(refused(deployment::give_back(&mut tx, &act, &plan, plan.lock_version, "不").await));
        // Not even by somebody who holds an old copy of the row.
        let old = deployment::Plan { state: State::Draft, ..plan.clone() };
        let done = deployment::set_posts(&mut tx, &act, &old, old.lock_version, &[]).await;
        assert!(matches!(done, Err(Error::Stale(_))));
        let reserve = ReserveSketch { name: "一组".into(), base: String::new(), people: 1, response_minutes: 5, minutes: Vec::new() };
        assert!(deployment::add_reserve(&mut tx, &act, &old, old.lock_version, &reserve).await.is_err());
        drop(tx);

        // The database says the same of who approves.
        let open = desk.drafted(&app, "2026-09-02", None).await;
        let tenant = desk.bureau.community.tenant;
        let by = |account: &Account, statement: db::Statement| statement.bind(tenant).bind(open).bind(account.id);
        for wrong in [by(&desk.leader, APPROVED_BY_MAKER), by(&desk.leader, APPROVED_BY_CHANGER), by(&desk.leader, APPROVED_BY_SUBMITTER), by(&desk.planner, APPROVED_BY_NOBODY), by(&desk.leader, NOT_HANDED_IN)] {
            let mut tx = app.db.begin().await.unwrap();
            let name = wrong.name();
            assert!(tx.execute(wrong).await.is_err(), "{name}");
        }
    }

    async fn whoever_handed_it_in_once_does_not_approve_it_nor_a_copy_of_the_draft(app: TestApp) {
        let desk = Desk::set_up(&app).await;
        let leader = app.browser_of(&desk.leader).await;
        let other = app.person(Role::DutyChief).of_community(&desk.bureau.community).create().await;
        let other_leader = app.browser_of(&other).await;
        let id = desk.drafted(&app, "2026-09-01", None).await;
        // The leader hands it in, another gives it back, and whoever plans writes in it and hands it in again.
        step(&leader, id, "submission", &[]).await.assert_ok().assert_contains("已交批");
        step(&other_leader, id, "return", &[("return", "东门要两个人")]).await.assert_ok();
        desk.set_gate(&app, id, 2).await;
        // Copied from what nobody has approved, it is still what the leader handed in.
        let copied = desk.drafted(&app, "2026-09-02", Some(id)).await;
        for plan in [id, copied] {
            let known = desk.plan(&app, plan).await;
            let mut tx = app.db.begin().await.unwrap();
            deployment::submit(&mut tx, &desk.act(&app, &desk.planner), &known, known.lock_version).await.unwrap();
            tx.commit().await.unwrap();
            let known = desk.plan(&app, plan).await;
            assert_eq!((known.made_by, known.changed_by, known.submitted_by), (desk.planner.id, desk.planner.id, Some(desk.planner.id)));
            leader.get(&format!("/deployment-plans/{plan}")).await.assert_ok().assert_contains("要由别人批准").assert_lacks("/approval");
            let version = known.lock_version.to_string();
            leader.post(&format!("/deployment-plans/{plan}/approval"), &[("version", version.as_str())]).await.assert_status(422).assert_contains("要由别人批准");
        }
        leader.get("/today").await.assert_ok().assert_lacks("批方案");
        other_leader.get("/today").await.assert_ok().assert_contains("批方案");
        step(&other_leader, id, "approval", &[]).await.assert_ok().assert_contains("已批准");
        // What was approved is a beginning like any other.
        let next = desk.drafted(&app, "2026-09-03", Some(id)).await;
        desk.approved(&app, next).await;
        assert_eq!(desk.plan(&app, next).await.approved_by, Some(desk.leader.id));
    }

    async fn the_one_that_holds_is_the_latest_that_has_begun(app: TestApp) {
        let desk = Desk::set_up(&app).await;
        let tenant = desk.bureau.community.tenant;
        let holds = async |day: &str| {
            let unit = desk.bureau.stations[0];
            let plan = deployment::in_force(&mut app.db.read().await.unwrap(), tenant, unit, date(day)).await.unwrap();
            plan.map(|plan| plan.version)
        };
        let first = desk.drafted(&app, "2026-09-01", None).await;
        assert_eq!(holds("2026-09-01").await, None, "a draft holds nowhere");
        desk.approved(&app, first).await;
        let winter = desk.drafted(&app, "2026-10-01", Some(first)).await;
        desk.approved(&app, winter).await;
        // Later made, sooner begun: it ends where the one for the winter begins.
        let third = desk.drafted(&app, "2026-09-15", Some(first)).await;
        desk.approved(&app, third).await;
        // Of the same day, the later version.
        let fourth = desk.drafted(&app, "2026-09-15", Some(third)).await;
        desk.approved(&app, fourth).await;
        for (day, version) in [("2026-08-31", None), ("2026-09-01", Some(1)), ("2026-09-14", Some(1)), ("2026-09-15", Some(4)), ("2026-09-30", Some(4)), ("2026-10-01", Some(2)), ("2027-01-01", Some(2))] {
            assert_eq!(holds(day).await, version, "{day}");
        }
        // What begins on a day that is over is neither handed in nor approved.
        at(&app, "2026-09-16T09:00:00+08:00");
        let planner = app.browser_of(&desk.planner).await;
        planner.get("/deployment-plans").await.assert_ok().assert_contains("正在执行");
        planner.get(&format!("/deployment-plans/{fourth}")).await.assert_contains("现在执行的就是这一版");
        planner.get(&format!("/deployment-plans/{third}")).await.assert_lacks("现在执行的就是这一版");
        let late = desk.drafted(&app, "2026-09-15", Some(third)).await;
        step(&planner, late, "submission", &[]).await.assert_status(422).assert_contains("已经过了");
        let soon = desk.drafted(&app, "2026-09-16", Some(third)).await;
        step(&planner, soon, "submission", &[]).await.assert_ok();
        at(&app, "2026-09-17T09:00:00+08:00");
        let leader = app.browser_of(&desk.leader).await;
        step(&leader, soon, "approval", &[]).await.assert_status(422).assert_contains("请退回去改了日期再批");
    }

    async fn two_versions_are_compared_by_what_differs(app: TestApp) {
        let desk = Desk::set_up(&app).await;
        let planner = app.browser_of(&desk.planner).await;
        let first = desk.drafted(&app, "2026-09-01", None).await;
        planner.get(&format!("/deployment-plans/{first}/comparison")).await.assert_ok().assert_contains("只有一版");
        let second = desk.drafted(&app, "2026-09-07", Some(first)).await;
        planner.get(&format!("/deployment-plans/{second}/comparison")).await.assert_ok().assert_contains("都一样");
        desk.set_gate(&app, second, 3).await;
        let page = planner.get(&format!("/deployment-plans/{second}/comparison")).await;
        page.assert_ok().assert_contains("多 2 人").assert_contains("1 人（警力 1 人）07:10–08:20").assert_contains("3 人（警力 1 人）07:10–08:20");
        // One and one before, three and one after; the crossing is the same and is not told.
        page.assert_contains("多 2<").assert_lacks("校门前路口").assert_lacks("机动备勤");
        let back = planner.get(&format!("/deployment-plans/{first}/comparison?with={second}")).await;
        back.assert_ok().assert_contains("少 2 人");
        planner.get(&format!("/deployment-plans/{second}/comparison/paper?with={first}")).await.assert_ok().assert_contains("第 1 版和第 2 版").assert_contains("内部使用");
        planner.get(&format!("/deployment-plans/{second}/paper")).await.assert_ok().assert_contains("警力部署方案").assert_contains("开学初校园周边治安情况复杂");
        let file = planner.download(&format!("/deployment-plans/{second}/plan.docx")).await;
        assert!(crate::support::office::words(&file).contains("定点守护"));
        planner.get(&format!("/deployment-plans/{second}/comparison?with={}", Uuid::nil())).await.assert_status(404);
    }

    async fn what_happens_is_tried_out_and_explains_itself(app: TestApp) {
        let desk = Desk::set_up(&app).await;
        let (gate, slot, school) = (desk.bureau.gate, desk.bureau.morning, desk.bureau.schools[0].to_string());
        let planner = app.browser_of(&desk.planner).await;
        let first = desk.drafted(&app, "2026-09-01", None).await;
        let simulation = format!("/deployment-plans/{first}/simulation");
        // Two posts of one person each from 7:10 to 8:20; two on standby who are there in six minutes.
        planner.get(&simulation).await.assert_ok().assert_contains("2026年9月1日").assert_contains("所有岗位都守得住");
        let post = format!("{}~{}", gate.simple(), slot.simple());
        let lost = [("day", "2026-09-01"), ("kind", "lost"), ("post", post.as_str()), ("lost_people", "")];
        planner.post(&simulation, &lost).await.assert_status(422).assert_contains("少几个人请填 1 到 50 的整数");
        let lost = [&lost[..3], &[("lost_people", "1")]].concat();
        let page = planner.post(&simulation, &lost).await;
        page.assert_ok().assert_contains("备勤 6 分钟后顶上").assert_contains("缺人 6 分钟").assert_contains("靠备勤守住");
        page.assert_contains("机动备勤 1 人 07:10 出发，07:16 到田家会小学（超过目标），08:20 完，08:26 回到驻地");
        assert!(page.url.contains("event=lost"), "{}", page.url);

        // A crowd of two at half past seven: one of the reserve is at the gate, one comes after six minutes, one is missing. The crossing gives
        // one for all that time, the gate another until somebody comes.
        let event = page.input("event");
        let crowd = [("day", "2026-09-01"), ("event", event.as_str()), ("kind", "crowd"), ("crowd_school", school.as_str()), ("crowd_from", "08:00"), ("crowd_to", "07:30"), ("crowd_people", "2")];
        planner.post(&simulation, &crowd).await.assert_status(422).assert_contains("结束要在开始以后").assert_contains(&event);
        let crowd = [&crowd[..4], &[("crowd_from", "07:30"), ("crowd_to", "08:00"), ("crowd_people", "2")]].concat();
        let page = planner.post(&simulation, &crowd).await;
        page.assert_ok().assert_contains("差 1 人").assert_contains("1 处守不住").assert_contains("07:30–08:00 人群聚集没有人手，岗上的人要分出去");
        page.assert_contains("07:30–07:36 人群聚集没有人手，岗上的人要分出去");
        // The gate: six minutes and six; the crossing: thirty.
        page.assert_contains("缺人 12 分钟").assert_contains("缺人 30 分钟").assert_contains("一共 42 分钟缺人");

        // An incident from seven takes both away until ten past eight, and six minutes back: the gate breaks.
        let events: Vec<&str> = vec![event.as_str()];
        let incident = [("day", "2026-09-01"), ("event", events[0]), ("kind", "incident"), ("incident_school", school.as_str()), ("incident_from", "07:00"), ("incident_to", "08:10"), ("incident_people", "2")];
        let page = planner.post(&simulation, &incident).await;
        page.assert_ok().assert_contains("1 处守不住").assert_contains("最早 08:22 才到").assert_contains("缺人 70 分钟");
        let address = page.url.clone();
        let paper = planner.get(&address.replace("/simulation?", "/simulation/paper?")).await;
        paper.assert_ok().assert_contains("最早 08:22 才到").assert_contains("内部使用");

        // Another version beside it, with a second person at the gate, holds.
        let second = desk.drafted(&app, "2026-09-01", Some(first)).await;
        desk.set_gate(&app, second, 2).await;
        let plan = desk.plan(&app, second).await;
        let mut posts = desk.parts(&app, second).await.posts;
        posts.iter_mut().filter(|post| post.gate_id == gate).for_each(|post| post.police = 2);
        let mut tx = app.db.begin().await.unwrap();
        deployment::set_posts(&mut tx, &desk.act(&app, &desk.planner), &plan, plan.lock_version, &posts).await.unwrap();
        tx.commit().await.unwrap();
        let page = planner.get(&format!("{address}&other={second}")).await;
        page.assert_ok().assert_contains("1 处守不住").assert_contains("少来 1 人，剩下的还够").assert_contains("所有岗位都守得住");
        // A day of which nobody knows is not guessed, and a day without school has nothing to keep.
        planner.get(&format!("{simulation}?day=2027-01-06")).await.assert_ok().assert_contains("不知道上不上课，没有算").assert_contains("以后的学期还没有登记");
        planner.get(&format!("{simulation}?day=2026-09-05")).await.assert_ok().assert_contains("没有要站的岗位");
        // What no form writes is left out.
        planner.get(&format!("{simulation}?event=fire~1&event=lost~x~y~1&day=x")).await.assert_ok().assert_contains("所有岗位都守得住");
        // Nothing is written but who tried it out.
        assert_eq!(desk.plan(&app, first).await.lock_version, 1);
        let auditor = app.person(Role::AuditAdmin).of_community(&desk.bureau.community).browser().await;
        auditor.get("/audit").await.assert_ok().assert_contains("推演部署方案");
    }

    async fn a_school_is_told_when_and_where_and_never_how_many(app: TestApp) {
        let desk = Desk::set_up(&app).await;
        let planner = app.browser_of(&desk.planner).await;
        let path = desk.watch(&app, 0).await;
        let school = app.browser();
        school.get(&path).await.assert_ok().assert_contains("还没有护学岗安排");
        let first = desk.drafted(&app, "2026-09-01", None).await;
        desk.set_gate(&app, first, 7).await;
        school.get(&path).await.assert_contains("还没有护学岗安排"); // a draft is nobody's business
        planner.get("/today").await.assert_lacks("通知学校");
        desk.approved(&app, first).await;
        let page = school.get(&path).await;
        shows_gate(&page, "早入校 07:10–08:20");
        page.assert_contains("2026年9月1日起").assert_contains("0358-0000110").assert_lacks("7 人").assert_lacks("警力").assert_lacks("备勤").assert_lacks("巡逻").assert_lacks("正在执行");
        page.assert_lacks("冯志强").assert_lacks("勤务负责人");
        school.get(&path.replace("deployment-watch", "duty-watch")).await.assert_ok().assert_contains(&path);

        planner.get("/today").await.assert_ok().assert_contains("通知学校").assert_contains("田家会小学");
        let page = planner.get(&format!("/deployment-plans/{first}")).await;
        page.assert_ok().assert_contains("有 1 所学校的安保还没有说知道了").assert_contains(&path).assert_contains("2026年9月1日起，护学岗安排：东门 早入校 07:10–08:20").assert_lacks("城北中学");
        let id = first.to_string();
        school.post(&path, &[("plan", id.as_str()), ("name", "")]).await.assert_status(422).assert_contains("请填写您的姓名");
        school.post(&path, &[("plan", id.as_str()), ("name", "13800001111")]).await.assert_status(422).assert_contains("只写姓名");
        // Neither by the link of another school nor of something that it was not told.
        let far = desk.watch(&app, 1).await;
        school.post(&far, &[("plan", id.as_str()), ("name", "保安老李")]).await.assert_status(404);
        school.post(&path, &[("plan", &Uuid::nil().to_string()), ("name", "保安老李")]).await.assert_status(404);
        school.post(&path, &[("plan", id.as_str()), ("name", "保安老李")]).await.assert_ok().assert_contains("警方已经知道您看过了").assert_contains("✓ 知道了");
        school.post(&path, &[("plan", id.as_str()), ("name", "别人")]).await.assert_ok().assert_contains("已经有人说过").assert_lacks("别人");
        planner.get(&format!("/deployment-plans/{first}")).await.assert_contains("学校都说知道了").assert_contains("保安老李");
        planner.get("/today").await.assert_lacks("通知学校");

        // More people are no news to the school; another gate is, and so is that there are none any more.
        let second = desk.drafted(&app, "2026-09-07", Some(first)).await;
        desk.set_gate(&app, second, 8).await;
        desk.approved(&app, second).await;
        assert!(desk.notices(&app, second).await.is_empty());
        let third = desk.drafted(&app, "2026-09-14", Some(second)).await;
        desk.set_gate(&app, third, 0).await;
        desk.approved(&app, third).await;
        assert_eq!(desk.notices(&app, third).await.len(), 1);
        let page = school.get(&path).await;
        page.assert_contains("2026年9月14日起").assert_contains("校门前路口");
        // Whoever has not said so of one is told of the next, whatever is in it.
        let fourth = desk.drafted(&app, "2026-09-21", Some(third)).await;
        desk.approved(&app, fourth).await;
        assert_eq!(desk.notices(&app, fourth).await.len(), 1);
        at(&app, "2026-09-21T08:00:00+08:00");
        // What another has taken the place of is not asked about any more.
        let planner = app.browser_of(&desk.planner).await;
        let page = planner.get("/today").await;
        assert_eq!(page.between_all("通知学校", "\n").count(), 1, "{}", page.body);
        let page = school.get(&path).await;
        page.assert_contains("2026年9月21日起").assert_contains("正在执行").assert_lacks("2026年9月14日起").assert_lacks("东门");
        let id = fourth.to_string();
        school.post(&path, &[("plan", id.as_str()), ("name", "保安老李")]).await.assert_ok();
        planner.get("/today").await.assert_lacks("通知学校");

        // A link that was given anew leads nowhere by the old.
        let leader = app.browser_of(&desk.leader).await;
        leader.post(&format!("/duty-schools/{}/link", desk.bureau.schools[0]), &[]).await.assert_ok();
        school.get(&path).await.assert_status(404);
    }

    async fn a_version_between_two_that_are_approved_tells_schools_of_both_its_ends(app: TestApp) {
        let desk = Desk::set_up(&app).await;
        let path = desk.watch(&app, 0).await;
        let (school, planner) = (app.browser(), app.browser_of(&desk.planner).await);
        // Neither from September nor from October on is a gate of the school kept: there are only the reserves.
        let first = desk.drafted(&app, "2026-09-01", None).await;
        let plan = desk.plan(&app, first).await;
        let mut tx = app.db.begin().await.unwrap();
        deployment::set_posts(&mut tx, &desk.act(&app, &desk.planner), &plan, plan.lock_version, &[]).await.unwrap();
        tx.commit().await.unwrap();
        desk.approved(&app, first).await;
        let autumn = desk.drafted(&app, "2026-10-01", Some(first)).await;
        desk.approved(&app, autumn).await;
        assert!(desk.notices(&app, autumn).await.is_empty());
        school.get(&path).await.assert_ok().assert_contains("还没有护学岗安排");

        // From the middle of September on one is: that has an end, of which the school has to know too.
        let between = desk.drafted(&app, "2026-09-15", None).await;
        desk.approved(&app, between).await;
        assert_eq!((desk.notices(&app, between).await.len(), desk.notices(&app, autumn).await.len()), (1, 1));
        let page = school.get(&path).await;
        shows_gate(&page, "早入校 07:10–08:20");
        page.assert_contains("2026年9月15日起").assert_contains("2026年10月1日起").assert_contains("不再安排护学岗").assert_lacks("2026年9月1日起");
        planner.get(&format!("/deployment-plans/{autumn}")).await.assert_ok().assert_contains("2026年10月1日起，不再安排护学岗");
        let id = autumn.to_string();
        school.post(&path, &[("plan", id.as_str()), ("name", "保安老李")]).await.assert_ok().assert_contains("警方已经知道您看过了");
        at(&app, "2026-10-01T08:00:00+08:00");
        school.get(&path).await.assert_ok().assert_contains("正在执行").assert_contains("不再安排护学岗").assert_lacks("东门");
        // Who has said so of what comes next is not told of it twice.
        let planner = app.browser_of(&desk.planner).await;
        planner.get("/today").await.assert_ok().assert_lacks("通知学校");
    }

    async fn of_two_versions_of_one_day_only_the_later_is_told_and_approved(app: TestApp) {
        let desk = Desk::set_up(&app).await;
        let path = desk.watch(&app, 0).await;
        let (school, planner, leader) = (app.browser(), app.browser_of(&desk.planner).await, app.browser_of(&desk.leader).await);
        let first = desk.drafted(&app, "2026-09-01", None).await;
        desk.approved(&app, first).await;
        // A correction before it begins, and one that was begun between them and is handed in too late.
        let slow = desk.drafted(&app, "2026-09-01", Some(first)).await;
        let second = desk.drafted(&app, "2026-09-01", Some(first)).await;
        desk.set_gate(&app, second, 0).await;
        desk.approved(&app, second).await;
        let page = school.get(&path).await;
        page.assert_ok().assert_contains("校门前路口").assert_lacks("东门");
        assert_eq!(page.between_all("<h2>2026年9月1日起", "</h2>").count(), 1, "{}", page.body);
        let page = planner.get("/today").await;
        assert_eq!(page.between_all("通知学校", "\n").count(), 1, "{}", page.body);
        planner.get(&format!("/deployment-plans/{first}")).await.assert_ok().assert_contains("从同一天起执行的第 3 版已经批准").assert_lacks("要知道的学校");
        step(&planner, slow, "submission", &[]).await.assert_ok();
        step(&leader, slow, "approval", &[]).await.assert_status(422).assert_contains("这一版批了也不会执行");
        let id = second.to_string();
        school.post(&path, &[("plan", id.as_str()), ("name", "保安老李")]).await.assert_ok().assert_contains("✓ 知道了").assert_lacks("您的姓名");
        planner.get("/today").await.assert_ok().assert_lacks("通知学校");
    }

    async fn the_number_of_a_school_s_security_is_masked_until_somebody_says_why(app: TestApp) {
        let desk = Desk::set_up(&app).await;
        let leader = app.browser_of(&desk.leader).await;
        let school = desk.bureau.schools[0];
        let page = leader.get(&format!("/duty-schools/{school}/particulars")).await;
        let (version, station) = (page.input("version"), desk.bureau.stations[0].to_string());
        let form = [("version", version.as_str()), ("name", "田家会小学"), ("station", station.as_str()), ("stage", "primary"), ("phone", "0358-0000110"), ("contact_name", "保安队长"), ("contact_phone", "13800001111")];
        leader.post(&format!("/duty-schools/{school}/particulars"), &form).await.assert_ok();
        let id = desk.drafted(&app, "2026-09-01", None).await;
        let planner = app.browser_of(&desk.planner).await;
        let contact = format!("/deployment-plans/{id}/contacts/{school}");
        planner.post(&contact, &[("reason", "通知部署变化")]).await.assert_status(404); // it was not told anything
        desk.approved(&app, id).await;
        planner.get(&format!("/deployment-plans/{id}")).await.assert_ok().assert_contains("保安队长 138****1111").assert_lacks("13800001111");
        planner.post(&contact, &[("reason", "看")]).await.assert_status(422).assert_contains("原因").assert_lacks("13800001111");
        planner.post(&contact, &[("reason", "通知部署变化")]).await.assert_ok().assert_contains("13800001111");
        let auditor = app.person(Role::AuditAdmin).of_community(&desk.bureau.community).browser().await;
        auditor.get("/audit").await.assert_ok().assert_contains("查看完整号码").assert_contains("通知部署变化");
        planner.post(&format!("/deployment-plans/{id}/contacts/{}", desk.bureau.schools[1]), &[("reason", "通知部署变化")]).await.assert_status(404);
    }

    async fn a_version_rests_on_surveys_that_can_be_chosen(app: TestApp) {
        let desk = Desk::set_up(&app).await;
        let tenant = desk.bureau.community.tenant;
        let act = desk.act(&app, &desk.leader);
        let mut tx = app.db.begin().await.unwrap();
        let school = hazard::school(&mut tx, tenant, &doorstep::access::Scope::tenant(), desk.bureau.schools[0]).await.unwrap();
        for (seen, gates) in [(0, "一个门"), (1, "两个门")] {
            let survey = Survey::of(|name, _| if name == "students" { gates.to_owned() } else { String::new() });
            hazard::survey(&mut tx, &act, &school, seen, (&survey, "开学前调研")).await.unwrap();
        }
        tx.commit().await.unwrap();
        let id = desk.drafted(&app, "2026-09-01", None).await;
        let planner = app.browser_of(&desk.planner).await;
        planner.get(&format!("/deployment-plans/{id}")).await.assert_ok().assert_contains("田家会小学第 2 版");
        let particulars = format!("/deployment-plans/{id}/particulars");
        let version = planner.get(&particulars).await.input("version");
        let survey = format!("survey-{}", desk.bureau.schools[0]);
        let form = [("version", version.as_str()), ("name", "开学季部署"), ("effective_from", "2026-09-01"), ("reason", "治安复杂"), (survey.as_str(), "1")];
        planner.post(&particulars, &form).await.assert_ok().assert_contains("田家会小学第 1 版");
        planner.post(&particulars, &form).await.assert_status(409);
        let rests = deployment::rests_on(&mut app.db.read().await.unwrap(), tenant, id).await.unwrap();
        assert_eq!(rests.iter().map(|survey| survey.version).collect::<Vec<_>>(), [1]);
        // Another version of the survey does not move under it.
        let version = planner.get(&particulars).await.input("version");
        let none = [("version", version.as_str()), ("name", "开学季部署"), ("effective_from", "2026-09-01"), ("reason", "治安复杂"), (survey.as_str(), "9")];
        planner.post(&particulars, &none).await.assert_ok().assert_contains("依据的调研</dt><dd>没有");
    }

    async fn other_units_and_tenants_see_nothing_of_it(app: TestApp) {
        let desk = Desk::set_up(&app).await;
        let id = desk.drafted(&app, "2026-09-01", None).await;
        desk.approved(&app, id).await;
        let of = async |role, unit| app.person(role).of_community(&desk.bureau.community).of_organisation(unit).reaching(Reach::Organisation, unit).browser().await;
        let second = of(Role::DutyChief, desk.bureau.stations[1]).await;
        let patrol = of(Role::DutyChief, desk.bureau.patrol).await;
        let elsewhere = app.person(Role::DutyChief).browser().await;
        let paths = ["", "/comparison", "/simulation", "/paper", "/plan.docx", "/posts", "/patrols", "/reserves", "/particulars"];
        for stranger in [&second, &patrol, &elsewhere] {
            stranger.get("/deployment-plans").await.assert_ok().assert_lacks("田家会派出所");
            stranger.get("/today").await.assert_ok().assert_lacks("通知学校");
            for path in paths {
                stranger.get(&format!("/deployment-plans/{id}{path}")).await.assert_status(404);
            }
            for path in ["/approval", "/return", "/submission", "/simulation"] {
                stranger.post(&format!("/deployment-plans/{id}{path}"), &[("version", "3"), ("return", "不行"), ("day", "2026-09-01")]).await.assert_status(404);
            }
            stranger.get(&format!("/deployment-plans/new?from={id}")).await.assert_status(404);
        }
        app.person(Role::Secretary).browser().await.get("/deployment-plans").await.assert_status(403);
        // The patrol unit covers the first school too, and plans for it on its own.
        let (unit, form) = (desk.bureau.patrol.to_string(), [("name", "巡特警部署"), ("effective_from", "2026-09-01"), ("reason", "高峰勤务")]);
        let page = patrol.post("/deployment-plans", &[&[("unit", unit.as_str())], &form[..]].concat()).await;
        page.assert_ok().assert_contains("巡特警大队 第 1 版").assert_contains("东门").assert_lacks("城北中学").assert_lacks("机动备勤");
        // Two units' versions are never side by side.
        let mine = page.url.rsplit('/').next().unwrap().to_owned();
        patrol.get(&format!("/deployment-plans/{mine}/comparison?with={id}")).await.assert_status(404);
        patrol.get(&format!("/deployment-plans/{mine}/simulation?other={id}")).await.assert_status(404);
        let leader = app.browser_of(&desk.leader).await;
        leader.get(&format!("/deployment-plans/{mine}/simulation?other={id}")).await.assert_status(404);
        leader.get("/deployment-plans").await.assert_contains("田家会派出所").assert_contains("巡特警大队");
    }

    async fn of_two_who_decide_at_once_one_is_told_that_somebody_was_first(app: TestApp) {
        let desk = Desk::set_up(&app).await;
        let id = desk.drafted(&app, "2026-09-01", None).await;
        let planner = app.browser_of(&desk.planner).await;
        step(&planner, id, "submission", &[]).await.assert_ok();
        let other = app.person(Role::DutyChief).of_community(&desk.bureau.community).create().await;
        let (one, two) = (app.browser_of(&desk.leader).await, app.browser_of(&other).await);
        let version = one.get(&format!("/deployment-plans/{id}")).await.input("version");
        let (approval, back) = (format!("/deployment-plans/{id}/approval"), format!("/deployment-plans/{id}/return"));
        let fields = [("version", version.as_str()), ("approval", "同意"), ("return", "再看看")];
        let (first, second) = tokio::join!(one.post(&approval, &fields), two.post(&approval, &fields));
        let mut statuses = [first.status, second.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409], "{}\n{}", first.body, second.body);
        two.post(&back, &fields).await.assert_status(409);
        assert_eq!(desk.plan(&app, id).await.state, State::Approved);
        assert_eq!(desk.notices(&app, id).await.len(), 1, "the school is told once");
        // Two drafts that are begun at once have two numbers.
        let begun = async |browser: &Browser| {
            let station = desk.bureau.stations[0].to_string();
            browser.post("/deployment-plans", &[("unit", station.as_str()), ("name", "开学季部署"), ("effective_from", "2026-09-02"), ("reason", "治安复杂")]).await
        };
        let (first, second) = tokio::join!(begun(&one), begun(&two));
        first.assert_ok();
        second.assert_ok();
        let second_version = |page: &Page| page.contains("<h1>田家会派出所 第 2 版");
        assert_ne!(second_version(&first), second_version(&second));
    }
}
