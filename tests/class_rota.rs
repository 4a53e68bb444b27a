//! 七彩四点半, the rota: who may hold a session, how many it takes, and what those who did have in their ledger.

use doorstep::access::{Reach, Role};
use doorstep::after_school::{self, presence};
use doorstep::settings;
use doorstep::volunteer::{self, Outcome, Post, Stage};
use futures_util::future::join_all;
use jiff::civil::date;
use uuid::Uuid;

use crate::class_sessions::{Class, DOORS, came, form, group, notices, row, step, vetted, watch};
use crate::support::Browser;
use crate::volunteer::{at, volunteer};

db_test! {
    async fn whoever_was_not_asked_about_holds_no_class(app: TestApp) {
        let class = Class::new(&app).await;
        let (id, _) = volunteer(&app, "张爱莲", class.team, Post::Member).await;
        let who = format!("volunteer:{id}");
        class.put(&app, &who).await.assert_status(422).assert_contains("没有通过从业查询");
        vetted(&app, id, date(2025, 11, 30), Outcome::Passed).await;
        class.put(&app, &who).await.assert_status(422).assert_contains("已经过期");
        vetted(&app, id, date(2026, 11, 2), Outcome::Passed).await;
        vetted(&app, id, date(2026, 11, 3), Outcome::Failed).await;
        class.put(&app, &who).await.assert_status(422).assert_contains("没有通过从业查询");
        vetted(&app, id, date(2026, 11, 4), Outcome::Passed).await;
        class.put(&app, &who).await.assert_ok().assert_contains("还差 1 位");
        class.put(&app, &who).await.assert_status(422).assert_contains("已经在带班表上");
        // Staff are asked about as well.
        class.put(&app, "me").await.assert_status(422).assert_contains("没有通过从业查询");
        let staff = class.staff(&app).await;
        let account = class.account.id.to_string();
        let result = [("account", account.as_str()), ("result", "passed"), ("checked_on", "2026-11-20"), ("proof_no", "")];
        staff.post("/class-vettings", &result).await.assert_ok().assert_contains("能带班");
        class.put(&app, "me").await.assert_ok().assert_lacks("还差");
        // Who has left the roll since is not counted any more.
        let card = volunteer::card(&mut app.db.read().await.unwrap(), &app.act(), id).await.unwrap();
        let mut tx = app.db.begin().await.unwrap();
        volunteer::leave(&mut tx, &app.act(), &card, "搬走了").await.unwrap();
        tx.commit().await.unwrap();
        staff.get(&class.path).await.assert_contains("不在册");
    }

    async fn no_class_begins_with_too_few_adults_and_of_too_many_children_staff_are_told(app: TestApp) {
        let class = Class::new(&app).await;
        let keeper = class.keeper(&app, "张爱莲").await;
        let other = class.keeper(&app, "王桂芳").await;
        let mut children = Vec::new();
        for name in ["高一", "高二", "高三"] {
            children.push(class.child(&app, &[("child_name", name)]).await);
        }
        let phone = app.browser();
        step(&phone, &keeper, "", "open", &[]).await.assert_status(422).assert_contains("还早");
        step(&phone, &keeper, &children[0], "arrive", &[]).await.assert_status(422).assert_contains("还没有开课");
        at(&app, DOORS);
        came(&phone, &keeper).await.assert_ok();
        step(&phone, &keeper, "", "open", &[]).await.assert_status(422).assert_contains("至少要有 2 位");
        came(&phone, &other).await.assert_ok();
        step(&phone, &other, "", "open", &[]).await.assert_ok().assert_contains("王桂芳开的课");
        step(&phone, &keeper, "", "open", &[]).await.assert_contains("已经开课了");
        // By another rule two adults look after two children at most.
        let mut tx = app.db.begin().await.unwrap();
        let rules = serde_json::json!({
            "least_adults": 2, "children_per_adult": 1, "young_per_adult": 1, "young_age": 8, "term_days": 190, "doors_minutes": 60,
            "unopened_minutes": 10, "tardy_minutes": 10, "call_minutes": 15, "alarm_minutes": 30, "repeat_minutes": 10, "answered_minutes": 15,
            "code_hours": 24, "code_tries": 5, "asked_minutes": 10, "most_pictures": 12, "picture_days": 365, "unshown_hours": 24
        });
        settings::set(&mut tx, &app.act(), "after_school.sessions", date(2026, 12, 1), &rules, "居民代表会议").await.unwrap();
        tx.commit().await.unwrap();
        for child in &children[..2] {
            step(&phone, &keeper, child, "arrive", &[]).await.assert_ok();
        }
        // The third is here, whatever is right: it is watched, and staff hear of it.
        group(&app).await;
        step(&phone, &keeper, &children[2], "arrive", &[]).await.assert_ok().assert_contains("要 3 位大人，现在只有 2 位");
        assert!(row(&app, &class, &children[2]).await.is(presence::Standing::Here));
        assert_eq!(notices(&app, &class).await, 1);
    }

    async fn one_person_is_one_adult(app: TestApp) {
        let class = Class::new(&app).await;
        let staff = class.staff(&app).await;
        let account = class.account.id.to_string();
        let query = [("account", account.as_str()), ("result", "passed"), ("checked_on", "2026-11-20"), ("proof_no", "")];
        staff.post("/class-vettings", &query).await.assert_ok();
        let keeper = class.keeper(&app, "张爱莲").await;
        class.put(&app, "me").await.assert_ok();
        // The same person again, with a card of a volunteer.
        let (id, _) = volunteer(&app, "任建平", class.team, Post::Member).await;
        vetted(&app, id, date(2026, 11, 2), Outcome::Passed).await;
        class.put(&app, &format!("volunteer:{id}")).await.assert_status(422).assert_contains("已经在带班表上");
        // Whoever holds the class has nobody else's link, and nobody says of another that they are there.
        class.staff(&app).await.get(&class.path).await.assert_lacks("张爱莲的链接").assert_lacks(&keeper);
        at(&app, DOORS);
        let staff = class.staff(&app).await;
        let mut tx = app.db.read().await.unwrap();
        let session = after_school::session(&mut tx, app.home.tenant, class.id()).await.unwrap();
        let rota = after_school::keepers(&mut tx, &app.act(), &session).await.unwrap();
        drop(tx);
        let line = rota.iter().find(|line| line.name == "张爱莲").unwrap().id.to_string();
        step(&staff, &class.path, "", "came", &[("value", &line)]).await.assert_status(422).assert_contains("要本人");
        came(&staff, &class.path).await.assert_ok().assert_contains("到了 1 位");
        came(&app.browser(), &keeper).await.assert_ok().assert_contains("到了 2 位");
    }

    async fn only_staff_whose_reach_covers_the_estate_hold_its_classes(app: TestApp) {
        let class = Class::new(&app).await;
        let elsewhere = app.person(Role::Staff).named("郭小梅").reaching(Reach::Estate, app.means.id()).create().await;
        class.staff(&app).await.get(&class.path).await.assert_lacks("郭小梅（工作人员）").assert_contains("任建平（工作人员）");
        let who = format!("account:{}", elsewhere.id);
        class.put(&app, &who).await.assert_status(404);
    }

    async fn a_term_has_its_rota_at_once(app: TestApp) {
        let class = Class::new(&app).await;
        let staff = class.staff(&app).await;
        let place = class.estate.to_string();
        let mut weekly = form(&place);
        weekly.retain(|(name, _)| *name != "day");
        weekly.extend([("day", "2026-12-02"), ("repeat", "week"), ("repeat_until", "2026-12-16")]);
        let term = staff.post("/class-sessions", &weekly).await.assert_contains("一共 3 次").url.clone();
        let (id, _) = volunteer(&app, "张爱莲", class.team, Post::Member).await;
        vetted(&app, id, date(2026, 11, 2), Outcome::Passed).await;
        let who = format!("volunteer:{id}");
        let all = [("who", who.as_str()), ("following", "yes")];
        staff.post(&format!("{term}/keepers"), &all).await.assert_ok().assert_contains("排上了 3 次");
        staff.post(&format!("{term}/keepers"), &all).await.assert_status(422).assert_contains("已经在带班表上");
        // Of another one the query ends in the middle of the term.
        let (other, _) = volunteer(&app, "王桂芳", class.team, Post::Member).await;
        vetted(&app, other, date(2025, 12, 10), Outcome::Passed).await;
        let who = format!("volunteer:{other}");
        let page = staff.post(&format!("{term}/keepers"), &[("who", who.as_str()), ("following", "yes")]).await;
        page.assert_ok().assert_contains("排上了 2 次").assert_contains("还有 1 次没排上").assert_contains("已经过期");
        let mut tx = app.db.read().await.unwrap();
        let mut on = Vec::new();
        let list = staff.get("/class-sessions").await;
        for path in list.between_all("<a href=\"/class-sessions/", "\"").filter_map(|id| id.parse::<Uuid>().ok()) {
            let session = after_school::session(&mut tx, app.home.tenant, path).await.unwrap();
            on.push(after_school::keepers(&mut tx, &app.act(), &session).await.unwrap().len());
        }
        assert_eq!(on, [0, 2, 2, 1], "the class of the first of December is another one");
    }

    async fn nobody_holds_two_classes_at_once(app: TestApp) {
        let class = Class::new(&app).await;
        let staff = class.staff(&app).await;
        let place = class.estate.to_string();
        let planned = async |from: &'static str, until: &'static str| {
            let mut fields = form(&place);
            fields.retain(|(name, _)| !["from", "until"].contains(name));
            fields.extend([("from", from), ("until", until)]);
            staff.post("/class-sessions", &fields).await.assert_ok().url.clone()
        };
        let (overlaps, follows, before) = (planned("17:00", "19:00").await, planned("18:00", "19:00").await, planned("09:30", "10:30").await);
        let (id, _) = volunteer(&app, "张爱莲", class.team, Post::Member).await;
        vetted(&app, id, date(2026, 11, 2), Outcome::Passed).await;
        let who = format!("volunteer:{id}");
        class.put(&app, &who).await.assert_ok();
        let add = async |path: &str, who: &str| staff.post(&format!("{path}/keepers"), &[("who", who)]).await;
        add(&overlaps, &who).await.assert_status(422).assert_contains("已经带着另一次课");
        add(&follows, &who).await.assert_ok();
        add(&before, &who).await.assert_ok();
        // Nor is a class moved to where one of its adults holds another one.
        let version = staff.get(&format!("{before}/particulars")).await.input("version");
        let moved = [("place", "党群服务站"), ("kind", "homework"), ("theme", ""), ("day", "2026-12-01"), ("from", "16:00"), ("until", "17:00"),
            ("capacity", "20"), ("version", version.as_str())];
        staff.post(&format!("{before}/particulars"), &moved).await.assert_status(422).assert_contains("请先换人");
        // A class that is cancelled stands in nobody's way.
        let version = staff.get(&class.path).await.input("version");
        staff.post(&format!("{}/cancellation", class.path), &[("version", &version), ("why", "停电")]).await.assert_ok();
        add(&overlaps, &who).await.assert_status(422);
        let rota = staff.get(&follows).await;
        let line = rota.between_all("name=\"keeper\" value=\"", "\"").next().unwrap().to_owned();
        staff.post(&format!("{follows}/keepers/removal"), &[("keeper", &line)]).await.assert_ok();
        add(&overlaps, &who).await.assert_ok();
        // Staff as well; and of two who put somebody onto two rotas at the same moment one does.
        let account = class.account.id.to_string();
        let query = [("account", account.as_str()), ("result", "passed"), ("checked_on", "2026-11-20"), ("proof_no", "")];
        staff.post("/class-vettings", &query).await.assert_ok();
        let (other, _) = volunteer(&app, "王桂芳", class.team, Post::Member).await;
        vetted(&app, other, date(2026, 11, 2), Outcome::Passed).await;
        for who in [format!("account:{account}"), format!("volunteer:{other}")] {
            let desks: Vec<Browser> = (0..8).map(|_| staff.again()).collect();
            join_all(desks.iter().map(|desk| desk.get("/class-vettings"))).await;
            let paths = [format!("{overlaps}/keepers"), format!("{follows}/keepers")];
            let fields = [("who", who.as_str())];
            let answers = join_all(desks.iter().enumerate().map(|(at, desk)| desk.post(&paths[at % 2], &fields))).await;
            assert_eq!(answers.iter().filter(|page| page.status == 200).count(), 1, "{who}");
        }
    }

    async fn staff_hear_of_a_class_of_the_coming_days_that_too_few_hold(app: TestApp) {
        let class = Class::new(&app).await;
        let staff = class.staff(&app).await;
        staff.get("/today").await.assert_lacks("带班的人不够");
        for name in ["高一", "高二", "高三"] {
            class.child(&app, &[("child_name", name)]).await;
        }
        // What is further ahead can wait, and another community hears of nothing.
        for (moment, told) in [("2026-11-28T16:29:00+08:00", false), ("2026-11-28T16:30:00+08:00", true)] {
            at(&app, moment);
            assert_eq!(class.staff(&app).await.get("/today").await.contains("带班的人不够"), told, "{moment}");
        }
        let other = app.community("141102004998", "别的社区").await;
        app.person(Role::Staff).of_community(&other).browser().await.get("/today").await.assert_lacks("带班的人不够");
        at(&app, "2026-12-01T09:00:00+08:00");
        let staff = class.staff(&app).await;
        staff.get("/today").await.assert_contains("带班的人不够").assert_contains("要 2 位，排了 0 位");
        class.keeper(&app, "张爱莲").await;
        staff.get("/today").await.assert_contains("要 2 位，排了 1 位");
        class.keeper(&app, "王桂芳").await;
        staff.get("/today").await.assert_lacks("带班的人不够");
        // By another rule one adult looks after one child.
        let mut tx = app.db.begin().await.unwrap();
        let rules = serde_json::json!({
            "least_adults": 2, "children_per_adult": 1, "young_per_adult": 1, "young_age": 8, "term_days": 190, "doors_minutes": 60,
            "unopened_minutes": 10, "tardy_minutes": 10, "call_minutes": 15, "alarm_minutes": 30, "repeat_minutes": 10, "answered_minutes": 15,
            "code_hours": 24, "code_tries": 5, "asked_minutes": 10, "most_pictures": 12, "picture_days": 365, "unshown_hours": 24
        });
        settings::set(&mut tx, &app.act(), "after_school.sessions", date(2026, 12, 1), &rules, "居民代表会议").await.unwrap();
        tx.commit().await.unwrap();
        staff.get("/today").await.assert_contains("要 3 位，排了 2 位");
    }

    async fn whoever_held_a_class_has_its_hours_once(app: TestApp) {
        let class = Class::new(&app).await;
        class.child(&app, &[]).await;
        class.open(&app).await;
        let ledger = async |id: Uuid| {
            let first = db::Cursor::LAST;
            volunteer::ledger(&mut app.db.read().await.unwrap(), app.home.tenant, id, first, 20).await.unwrap().items
        };
        let rota = async || {
            let mut tx = app.db.read().await.unwrap();
            let session = after_school::session(&mut tx, app.home.tenant, class.id()).await.unwrap();
            after_school::keepers(&mut tx, &app.act(), &session).await.unwrap()
        };
        let people: Vec<Uuid> = rota().await.iter().map(|keeper| keeper.volunteer.unwrap()).collect();
        at(&app, "2026-12-01T18:29:00+08:00");
        watch(&app).await;
        assert!(ledger(people[0]).await.is_empty());
        at(&app, "2026-12-01T18:30:00+08:00");
        watch(&app).await;
        watch(&app).await;
        for person in &people {
            let records = ledger(*person).await;
            let [record] = &records[..] else { panic!("once") };
            assert_eq!((record.minutes, record.state, record.title.as_str()), (90, Stage::Submitted, "七彩四点半：作业辅导：写数学"));
            assert_eq!(record.noted_from.as_deref(), Some("七彩四点半点名"));
        }
        let staff = class.staff(&app).await;
        staff.get(&class.path).await.assert_contains("时长记上了");
        // One of them was not there: what nobody has approved does not count, and of what somebody has another version says so.
        let lines = rota().await;
        let absence = format!("{}/keepers/absence", class.path);
        let back = async |line: usize, why: &str| {
            let keeper = lines[line].id.to_string();
            staff.post(&absence, &[("keeper", keeper.as_str()), ("absence", why)]).await
        };
        back(0, "").await.assert_status(422).assert_contains("请填写为什么撤回");
        back(0, "点错了人").await.assert_ok();
        assert_eq!(ledger(people[0]).await[0].state, Stage::Refused);
        back(0, "点错了人").await.assert_status(422).assert_contains("没有点过到");
        let record = ledger(people[1]).await.remove(0);
        let [one, other] = [app.person(Role::Staff).create().await.id, app.person(Role::Secretary).create().await.id];
        let mut tx = app.db.begin().await.unwrap();
        let by = |account: Uuid| doorstep::access::Act { account: Some(account), ..app.act() };
        volunteer::confirm_hours(&mut tx, &by(one), &record, record.lock_version, None).await.unwrap();
        let record = volunteer::record(&mut tx, app.home.tenant, record.id).await.unwrap();
        volunteer::approve_hours(&mut tx, &by(other), &record, record.lock_version, None).await.unwrap();
        tx.commit().await.unwrap();
        back(1, "点错了人").await.assert_ok();
        let record = ledger(people[1]).await.remove(0);
        assert_eq!((record.minutes, record.state, record.version), (0, Stage::Confirmed, 2));
        watch(&app).await;
        assert_eq!(ledger(people[1]).await.len(), 1);
    }

    async fn hours_that_somebody_has_already_are_not_written_twice(app: TestApp) {
        let class = Class::new(&app).await;
        class.child(&app, &[]).await;
        class.open(&app).await;
        let mut tx = app.db.begin().await.unwrap();
        let session = after_school::session(&mut tx, app.home.tenant, class.id()).await.unwrap();
        let rota = after_school::keepers(&mut tx, &app.act(), &session).await.unwrap();
        let person = rota[0].volunteer.unwrap();
        let (starts_at, ends_at) = (session.starts_at, session.ends_at);
        let own = volunteer::Own { team: class.team, kind: volunteer::Kind::Service, title: "扫雪", span: volunteer::Span { starts_at, ends_at }, breaks: 0 };
        let later = doorstep::access::Act { at: ends_at, ..app.act() };
        volunteer::submit_hours(&mut tx, &later, person, &own).await.unwrap();
        tx.commit().await.unwrap();
        at(&app, "2026-12-01T18:30:00+08:00");
        watch(&app).await;
        let page = class.staff(&app).await.get(&class.path).await;
        page.assert_contains("时长没记上：同一段时间已经记了“扫雪”").assert_contains("时长记上了");
    }
}
