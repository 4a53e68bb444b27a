//! 七彩四点半, the sessions: how a term is planned, and that every family hears of what becomes of one. How a child comes and goes is in
//! `class_door`, who holds a session in `class_rota`, what is watched in `class_watch`.

use doorstep::access::Role;
use doorstep::after_school::{self, Particulars, Person, Sketch, Wishes};
use doorstep::channel;
use doorstep::settings;
use doorstep::volunteer::{self, Outcome, Post, Target};
use jiff::SignedDuration;
use jiff::civil::date;
use uuid::Uuid;

use crate::after_school::{enrolled, id_of, link as guardian_link};
use crate::stories::cast::estate;
use crate::support::{Account, Browser, Page, TestApp};
use crate::volunteer::{at, team, volunteer};

/// A class on the afternoon of 1 December, and everybody it takes.
pub struct Class {
    pub estate: Uuid,
    pub account: Account,
    pub team: Uuid,
    /// `/class-sessions/…`
    pub path: String,
}

pub const MORNING: &str = "2026-12-01T09:00:00+08:00";
pub const DOORS: &str = "2026-12-01T16:10:00+08:00";
pub const START: &str = "2026-12-01T16:30:00+08:00";

pub fn form(estate: &str) -> Vec<(&str, &str)> {
    vec![
        ("estate", estate),
        ("place", "党群服务站"),
        ("kind", "homework"),
        ("theme", "写数学"),
        ("day", "2026-12-01"),
        ("from", "16:30"),
        ("until", "18:00"),
        ("capacity", "20"),
    ]
}

impl Class {
    pub async fn new(app: &TestApp) -> Class {
        at(app, MORNING);
        let place = estate(app).await;
        let account = app.person(Role::Staff).named("任建平").create().await;
        let staff = app.browser_of(&account).await;
        let estate = place.estate.to_string();
        let page = staff.post("/class-sessions", &form(&estate)).await;
        page.assert_ok().assert_contains("安排好了").assert_contains("还差 2 位");
        let team = team(app, "七色阳光志愿服务队", &[place.estate], &[Target::Children]).await;
        Class { estate: place.estate, account, team, path: format!("/class-sessions/{}", id_of(&page)) }
    }

    pub fn id(&self) -> Uuid {
        self.path.rsplit('/').next().unwrap().parse().unwrap()
    }

    /// Whoever is signed in for long is not any more.
    pub async fn staff(&self, app: &TestApp) -> Browser {
        app.browser_of(&self.account).await
    }

    /// Somebody of the rota who was vetted, and their link.
    pub async fn keeper(&self, app: &TestApp, name: &str) -> String {
        let (id, _) = volunteer(app, name, self.team, Post::Member).await;
        vetted(app, id, date(2026, 11, 2), Outcome::Passed).await;
        let page = self.put(app, &format!("volunteer:{id}")).await;
        page.assert_ok();
        let rest = page.body.split(&format!("{name}的链接")).nth(1).unwrap();
        let link = rest.split("/class-keepers/").nth(1).unwrap().split('<').next().unwrap();
        format!("/class-keepers/{link}")
    }

    pub async fn put(&self, app: &TestApp, who: &str) -> Page {
        self.staff(app).await.post(&format!("{}/keepers", self.path), &[("who", who)]).await
    }

    /// A child that is expected.
    pub async fn child(&self, app: &TestApp, changed: &[(&str, &str)]) -> String {
        let staff = self.staff(app).await;
        let id = enrolled(&staff, changed).await;
        staff.post(&format!("{}/children", self.path), &[("child", &id)]).await.assert_ok();
        id
    }

    /// Two of the rota are there, and the class has begun.
    pub async fn open(&self, app: &TestApp) -> [String; 2] {
        let keepers = [self.keeper(app, "张爱莲").await, self.keeper(app, "王桂芳").await];
        at(app, DOORS);
        let phone = app.browser();
        for keeper in &keepers {
            came(&phone, keeper).await.assert_ok();
        }
        step(&phone, &keepers[0], "", "open", &[]).await.assert_ok().assert_contains("正在上");
        keepers
    }
}

pub async fn vetted(app: &TestApp, id: Uuid, day: jiff::civil::Date, outcome: Outcome) {
    // The last one counts.
    app.means.clock.set(app.means.now() + SignedDuration::from_secs(1));
    let mut tx = app.db.begin().await.unwrap();
    volunteer::vet(&mut tx, &app.act(), id, (outcome, day), "C-1").await.unwrap();
    tx.commit().await.unwrap();
}

/// Whoever has the link says that they are there.
pub async fn came(phone: &Browser, keeper: &str) -> Page {
    let page = phone.get(keeper).await;
    let own = page.body.split("我到了").next().unwrap();
    let id = own.rsplit("value=\"").next().unwrap().split('"').next().unwrap().to_owned();
    step(phone, keeper, "", "came", &[("value", &id)]).await
}

pub async fn step(phone: &Browser, page: &str, child: &str, step: &str, fields: &[(&str, &str)]) -> Page {
    let fields = [&[("child", child), ("step", step)], fields].concat();
    phone.post(&format!("{page}/steps"), &fields).await
}

pub async fn code(app: &TestApp, link: &str, name: &str) -> Page {
    let form = [("fetcher_name", name), ("fetcher_relation", "姑姑"), ("fetcher_phone", "13800007777")];
    app.browser().post(&format!("{link}/codes"), &form).await
}

/// Six digits that are shown once.
pub fn digits(page: &Page) -> String {
    page.assert_ok().between_all("<span class=\"code\">", "<").next().unwrap().to_owned()
}

pub async fn row(app: &TestApp, class: &Class, child: &str) -> after_school::Row {
    let mut tx = app.db.read().await.unwrap();
    let session = after_school::session(&mut tx, app.home.tenant, class.id()).await.unwrap();
    let rows = after_school::rows(&mut tx, &app.act(), &session).await.unwrap();
    rows.into_iter().find(|row| row.child.id.to_string() == child).unwrap()
}

/// A group of those who work, which is told.
pub async fn group(app: &TestApp) {
    let address = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=made-up".to_owned();
    let (kind, name, place) = (channel::Kind::Wecom, "工作群".to_owned(), channel::Place::Community);
    let new = channel::NewChannel { kind, name, place, address, secret: None, reminders: true };
    let mut tx = app.db.begin().await.unwrap();
    channel::add(&mut tx, &app.act(), new, &[]).await.unwrap();
    tx.commit().await.unwrap();
}

/// How often it was told of the class.
pub async fn notices(app: &TestApp, class: &Class) -> usize {
    channel::of_subject(&mut app.db.read().await.unwrap(), app.home.tenant, class.id()).await.unwrap().len()
}

pub async fn watch(app: &TestApp) {
    while after_school::watch_some(&app.db, &app.means).await.unwrap() {}
}

/// The number of the adult to whom a button hands the child.
pub fn adult(page: &Page, name: &str) -> String {
    let before = page.body.split(&format!("\">交给{name}")).next().unwrap();
    before.rsplit("value=\"").next().unwrap().to_owned()
}

/// So many children on the roll, of whom nobody is expected: 高小一, 高小二 and so on.
async fn estate_children(app: &TestApp, class: &Class, many: usize) -> Vec<Uuid> {
    let digits = ["一", "二", "三", "四", "五", "六", "七", "八", "九", "十"];
    let mut tx = app.db.begin().await.unwrap();
    let building = doorstep::place::all_buildings(&mut tx, app.home.tenant).await.unwrap();
    let building = building.iter().find(|building| building.estate_id == class.estate).unwrap().id;
    let person = |name: &str| Person { name: name.into(), relation: "父亲".into(), phone: "13800001234".into() };
    let mut ids = Vec::new();
    for at in 0..many {
        let tens = if at < 10 { String::new() } else { digits[at / 10 - 1].to_owned() };
        let particulars = Particulars {
            name: format!("高小{tens}{}", digits[at % 10]),
            sex: "1".into(),
            birth_month: "2016-05".into(),
            school: "城内小学".into(),
            grade: "四年级".into(),
            guardians: vec![person("高大")],
            ..Particulars::default()
        };
        let sketch = Sketch { estate: class.estate, building, particulars, medical: None };
        let wishes = Wishes { adults: vec![(false, person("高大"))], ..Wishes::default() };
        ids.push(after_school::enrol(&mut tx, &app.act(), sketch, &wishes).await.unwrap().id);
    }
    tx.commit().await.unwrap();
    ids
}

db_test! {
    async fn a_term_is_planned_by_the_table_of_holidays(app: TestApp) {
        at(&app, MORNING);
        let place = estate(&app).await.estate.to_string();
        let staff = app.person(Role::Staff).browser().await;
        let weekly = |until: &'static str| {
            let mut fields = form(&place);
            fields.retain(|(name, _)| *name != "day");
            fields.extend([("day", "2026-12-28"), ("repeat", "week"), ("repeat_until", until), ("skip", "days_off")]);
            fields.extend([("weekday", "1"), ("weekday", "3"), ("weekday", "6")]);
            fields
        };
        let refused = staff.post("/class-sessions", &weekly("2027-01-15")).await;
        refused.assert_status(422).assert_contains("2027").assert_contains("党群服务站");
        let page = staff.post("/class-sessions", &weekly("2026-12-31")).await;
        page.assert_ok().assert_contains("一共 2 次");
        staff.get("/class-sessions").await.assert_contains("12月28日").assert_contains("12月30日").assert_lacks("12月26日");
        // One is held elsewhere, at another time; the other stays.
        let edit = staff.get(&format!("{}/particulars", page.url)).await;
        let version = edit.input("version");
        let changed = [("place", "党群服务站二楼"), ("kind", "classics"), ("theme", "声律启蒙"), ("day", "2026-12-29"), ("from", "09:00"),
            ("until", "10:00"), ("capacity", "20"), ("version", version.as_str())];
        staff.post(&format!("{}/particulars", page.url), &changed).await.assert_ok().assert_contains("诵读经典：声律启蒙").assert_contains("12月29日");
        staff.post(&format!("{}/particulars", page.url), &changed).await.assert_contains("刚刚有人改过");
        staff.get("/class-sessions").await.assert_contains("12月30日").assert_contains("写数学");
        let other = app.community("141102004998", "别的社区").await;
        let stranger = app.person(Role::Staff).of_community(&other).browser().await;
        stranger.get(&page.url).await.assert_status(404);
        stranger.post(&format!("{}/keepers", page.url), &[("who", "me")]).await.assert_status(404);
    }

    async fn the_families_of_a_class_that_is_cancelled_are_told(app: TestApp) {
        let class = Class::new(&app).await;
        let child = class.child(&app, &[]).await;
        let staff = class.staff(&app).await;
        let version = staff.get(&class.path).await.input("version");
        let cancellation = format!("{}/cancellation", class.path);
        staff.post(&cancellation, &[("version", &version), ("why", "")]).await.assert_status(422).assert_contains("请填写为什么取消");
        let page = staff.post(&cancellation, &[("version", &version), ("why", "学校开运动会")]).await;
        page.assert_ok().assert_contains("刘建军（父亲）13800001234").assert_contains("通知到了");
        staff.get("/today").await.assert_contains("家长还没通知完");
        let calls = format!("{}/calls", class.path);
        let version = page.input("version");
        let told = [("child", child.as_str()), ("version", version.as_str())];
        // Once a family was told, whom to call is read no more.
        let after = staff.post(&calls, &told).await;
        after.assert_ok().assert_contains("任建平通知了").assert_contains("取消了：学校开运动会").assert_lacks("13800001234");
        staff.post(&calls, &told).await.assert_ok().assert_contains("已经有人通知过了");
        staff.get("/today").await.assert_lacks("家长还没通知完");
        let own = guardian_link(&staff, &child).await;
        app.browser().get(&own).await.assert_contains("取消了：学校开运动会").assert_contains("通知课取消了");
        class.put(&app, "me").await.assert_status(422).assert_contains("取消了");
        // A term ends: each family is called once.
        let estate = class.estate.to_string();
        let mut weekly = form(&estate);
        weekly.retain(|(name, _)| *name != "day");
        weekly.extend([("day", "2026-12-02"), ("repeat", "week"), ("repeat_until", "2026-12-16")]);
        let term = staff.post("/class-sessions", &weekly).await.assert_contains("一共 3 次").url.clone();
        let all = [("child", child.as_str()), ("following", "yes")];
        staff.post(&format!("{term}/children"), &all).await.assert_ok().assert_contains("3 次课");
        let version = staff.get(&term).await.input("version");
        let ended = [("version", version.as_str()), ("why", "放寒假"), ("following", "yes")];
        let cancelled = staff.post(&format!("{term}/cancellation"), &ended).await;
        let version = cancelled.assert_ok().input("version");
        let today = staff.get("/today").await;
        assert_eq!(today.between_all("家长还没通知完", "<").count(), 1);
        // A day after the class whom to call is read no more, whoever was told.
        at(&app, "2026-12-03T17:59:00+08:00");
        class.staff(&app).await.get(&term).await.assert_contains("13800001234");
        at(&app, "2026-12-03T18:01:00+08:00");
        class.staff(&app).await.get(&term).await.assert_lacks("13800001234").assert_contains("通知到了");
        at(&app, MORNING);
        let staff = class.staff(&app).await;
        staff.post(&format!("{term}/calls"), &[("child", &child), ("version", &version)]).await.assert_ok();
        staff.get("/today").await.assert_lacks("家长还没通知完");
    }

    async fn the_families_of_a_class_that_is_moved_are_told_each_time(app: TestApp) {
        let class = Class::new(&app).await;
        let child = class.child(&app, &[]).await;
        let staff = class.staff(&app).await;
        let (edit, calls) = (format!("{}/particulars", class.path), format!("{}/calls", class.path));
        let changed = async |place: &str, theme: &str, from: &str| {
            let version = staff.get(&edit).await.input("version");
            let fields = [("place", place), ("kind", "homework"), ("theme", theme), ("day", "2026-12-01"), ("from", from), ("until", "18:30"),
                ("capacity", "20"), ("version", version.as_str())];
            staff.post(&edit, &fields).await
        };
        let told = async |version: &str| staff.post(&calls, &[("child", child.as_str()), ("version", version)]).await;
        told("1").await.assert_ok().assert_contains("没有改，也没有取消");
        let first = changed("党群服务站", "写数学", "17:00").await;
        first.assert_ok().assert_contains("给家长打电话").assert_contains("刘建军（父亲）13800001234").assert_contains("16:30–18:00 · 党群服务站");
        staff.get("/today").await.assert_contains("改了，家长还没通知完");
        // Whoever was put down since knows.
        app.means.clock.set(app.means.now() + SignedDuration::from_secs(1));
        let later = class.child(&app, &[("child_name", "高小明"), ("guardian1_phone", "13800001113")]).await;
        staff.get(&class.path).await.assert_lacks("13800001113");
        // What else is changed is nothing to be told.
        let version = staff.get(&class.path).await.input("version");
        told(&version).await.assert_ok().assert_contains("任建平通知了").assert_contains("改到12月1日 星期二 17:00–18:30 · 党群服务站").assert_lacks("13800001234");
        staff.get("/today").await.assert_lacks("家长还没通知完");
        changed("党群服务站", "写语文", "17:00").await.assert_ok().assert_lacks("13800001234");
        staff.get("/today").await.assert_lacks("家长还没通知完");
        // It is moved again: both are to be told, and nobody of what was before.
        let again = changed("党群服务站二楼", "写语文", "17:00").await;
        again.assert_ok().assert_contains("13800001234").assert_contains("13800001113").assert_contains("原来是 12月1日 星期二 17:00–18:30 · 党群服务站。");
        told(&version).await.assert_ok().assert_contains("刚刚又改了").assert_contains("13800001234");
        let version = staff.get(&class.path).await.input("version");
        told(&version).await.assert_ok().assert_contains("党群服务站二楼").assert_lacks("13800001234");
        let own = guardian_link(&staff, &child).await;
        app.browser().get(&own).await.assert_contains("通知课改了");
        // A family that says on the telephone that the child does not come is no reason to keep it on the list.
        staff.post(&format!("{}/children/removal", class.path), &[("child", &child)]).await.assert_ok();
        staff.post(&format!("{}/children", class.path), &[("child", &child)]).await.assert_ok();
        // It is cancelled after all: whoever was told of the move is told of that.
        staff.post(&calls, &[("child", later.as_str()), ("version", version.as_str())]).await.assert_ok();
        let cancelled = [("version", version.as_str()), ("why", "停电")];
        let page = staff.post(&format!("{}/cancellation", class.path), &cancelled).await;
        page.assert_ok().assert_contains("13800001234").assert_contains("13800001113").assert_lacks("通知了");
    }

    async fn a_term_is_held_on_school_days_and_no_vacation_is_guessed(app: TestApp) {
        at(&app, MORNING);
        let place = estate(&app).await.estate.to_string();
        let staff = app.person(Role::Staff).browser().await;
        let mut fields = form(&place);
        fields.retain(|(name, _)| *name != "day");
        fields.extend([("day", "2026-12-21"), ("repeat", "week"), ("repeat_until", "2026-12-31"), ("skip", "no_school")]);
        fields.extend([("weekday", "1"), ("weekday", "6")]);
        staff.get("/class-sessions/new").await.assert_contains("只在上学的日子上");
        staff.post("/class-sessions", &fields).await.assert_ok().assert_contains("一共 2 次");
        let set = async |vacations: &str| {
            let mut tx = app.db.begin().await.unwrap();
            let value = serde_json::json!({ "vacations": vacations, "rota_days": 3 });
            settings::set(&mut tx, &app.act(), "after_school.terms", date(2026, 12, 1), &value, "教育局校历").await.unwrap();
            tx.commit().await.unwrap();
        };
        set("2026-07-11至2026-08-31暑假").await;
        staff.post("/class-sessions", &fields).await.assert_status(422).assert_contains("还没有写 2026 年的寒暑假").assert_contains("党群服务站");
        set("2026-12-26至2026-12-30寒假、2026-07-11至2026-08-31暑假").await;
        staff.post("/class-sessions", &fields).await.assert_ok().assert_contains("安排好了").assert_lacks("一共");
        let admin = app.person(Role::SystemAdmin).browser().await;
        let page = admin.get("/settings/after_school.terms").await;
        page.assert_ok().assert_contains("寒暑假");
        let wrong = [("/vacations", "放到三月"), ("/rota_days", "3 天"), ("effective_from", "2026-12-01"), ("source", "教育局校历")];
        admin.post("/settings/after_school.terms", &wrong).await.assert_status(422).assert_contains("寒暑假请写成");
    }

    async fn a_child_is_looked_for_where_there_are_many(app: TestApp) {
        let class = Class::new(&app).await;
        let staff = class.staff(&app).await;
        let place = estate_children(&app, &class, 25).await;
        let page = staff.get(&class.path).await;
        page.assert_contains("还有 25 个孩子在册").assert_lacks("name=\"child\" value=");
        let children = format!("{}/children", class.path);
        let found = staff.post(&children, &[("step", "look"), ("look", "小七")]).await;
        found.assert_ok();
        assert_eq!(found.between_all("name=\"child\" value=\"", "\"").count(), 1);
        assert!(!found.url.contains("look"), "a name is no part of an address");
        // Who is ticked stays while somebody looks for another one.
        let more = staff.post(&children, &[("step", "look"), ("look", "高"), ("child", &place[3].to_string())]).await;
        more.assert_ok().assert_contains(&format!("value=\"{}\" checked", place[3])).assert_contains("还有 4 个，请写得更全");
        assert_eq!(more.between_all("name=\"child\" value=\"", "\"").count(), 21);
        staff.post(&children, &[("step", "look"), ("look", "没有的人")]).await.assert_ok().assert_contains("没有找到");
        staff.post(&children, &[("child", &place[3].to_string())]).await.assert_ok().assert_contains("加了 1 个孩子");
    }

    async fn whoever_leaves_the_roll_meanwhile_is_expected_nowhere(app: TestApp) {
        let class = Class::new(&app).await;
        let staff = class.staff(&app).await;
        let mut children = Vec::new();
        for name in ["高一", "高二", "高三", "高四", "高五", "高六"] {
            let id = enrolled(&staff, &[("child_name", name)]).await;
            let own = guardian_link(&staff, &id).await;
            let (guardian, desk) = (app.browser(), staff.again());
            guardian.get(&own).await.assert_ok();
            desk.get(&class.path).await.assert_ok();
            children.push((id, own, guardian, desk));
        }
        let path = format!("{}/children", class.path);
        let path = path.as_str();
        futures_util::future::join_all(children.iter().map(|(id, own, guardian, desk)| async move {
            let departure = format!("{own}/departure");
            let (added, _) = futures_util::future::join(
                desk.post(path, &[("child", id.as_str())]),
                guardian.post(&departure, &[]),
            )
            .await;
            assert!([200, 422].contains(&added.status), "{}", added.status);
        }))
        .await;
        let mut tx = app.db.read().await.unwrap();
        let session = after_school::session(&mut tx, app.home.tenant, class.id()).await.unwrap();
        assert_eq!(session.children, 0, "all of them have left");
    }
}
