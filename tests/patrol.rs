//! 巡逻: routes and their points, rounds and check-ins by people without an account, the figure of 不间断, what was seen, and who sees none of it.

use std::io::Cursor;

use calamine::{Reader, Xlsx, open_workbook_from_rs};
use db::{record, statements};
use doorstep::access::{self, OrganisationKind, Reach, Role, Scope};
use doorstep::duty::{self, PersonKind};
use doorstep::hazard::{self, PlaceKind};
use doorstep::patrol::{self, Asked, Days, How, PointSketch, RouteKind, RouteSketch};
use jiff::{SignedDuration, Timestamp, ToSpan};
use uuid::Uuid;

use crate::duty::{Bureau, bureau};
use crate::support::{Browser, Page, TestApp};

statements! {
    CHECKED = "INSERT INTO patrol_checks (tenant_id, id, round_id, point_id, person_id, at, how, note, waiting, answer)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    ASKED = "INSERT INTO patrol_route_versions (tenant_id, route_id, from_day, interval_minutes, tolerance_minutes, from_minute, to_minute, days)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    HANDS = "SELECT d.begun_person_id, d.begun_by, d.ended_person_id, d.ended_by, c.entered_by, c.entered_at FROM patrol_rounds d
        JOIN patrol_checks c ON c.tenant_id = d.tenant_id AND c.round_id = d.id WHERE d.tenant_id = $1 AND d.id = $2 AND c.how = 'desk' LIMIT 1";
}

record! {
    struct Hands {
        begun_person_id: Option<Uuid>, begun_by: Option<Uuid>, ended_person_id: Option<Uuid>, ended_by: Option<Uuid>, entered_by: Option<Uuid>,
        entered_at: Option<Timestamp>,
    }
}

pub fn at(app: &TestApp, moment: &str) {
    app.means.clock.set(moment.parse::<Timestamp>().unwrap());
}

/// On the first of September.
pub fn clock(app: &TestApp, time: &str) {
    at(app, &format!("2026-09-01T{time}+08:00"));
}

/// A route from seven to nine with a point every half hour, and two points.
pub async fn laid(app: &TestApp, bureau: &Bureau, unit: Uuid, name: &str, days: Days) -> (Uuid, Vec<Uuid>) {
    let school = (days == Days::School).then_some(bureau.schools[0]);
    let asked = Asked { interval: 30, tolerance: 0, from: 420, to: 540, days, school };
    let sketch = RouteSketch { unit, name: name.to_owned(), kind: RouteKind::Street, asked, closed_at: None };
    let point =
        |name: &str| PointSketch { position: None, name: name.to_owned(), school: None, place: None, closed_at: None };
    let act = bureau.act(app);
    let mut tx = app.db.begin().await.unwrap();
    let route = patrol::create(&mut tx, &act, &sketch).await.unwrap();
    let points = patrol::add_points(&mut tx, &act, route, &[point("滨河路口"), point("北巷口")]).await.unwrap();
    tx.commit().await.unwrap();
    (route, points)
}

pub async fn planned(app: &TestApp, bureau: &Bureau, route: Uuid, day: &str, people: &[Uuid]) -> Uuid {
    let mut tx = app.db.begin().await.unwrap();
    let act = bureau.act(app);
    let route = patrol::route(&mut tx, act.tenant, route).await.unwrap();
    let mut who = Vec::new();
    for person in people {
        who.push(duty::person(&mut tx, act.tenant, *person).await.unwrap());
    }
    let id = patrol::plan(&mut tx, &act, &route, (day.parse().unwrap(), None), &who).await.unwrap();
    tx.commit().await.unwrap();
    id
}

/// Somebody's own page of patrols.
pub async fn own(app: &TestApp, bureau: &Bureau, person: Uuid) -> String {
    bureau.link(app, person).await.replace("/duty-own/", "/patrol-own/")
}

pub async fn tap(phone: &Browser, own: &str, round: Uuid, point: Uuid, note: &str) -> Page {
    let point = point.to_string();
    let form = [("step", "check"), ("point", point.as_str()), ("note", note)];
    phone.post(&format!("{own}/rounds/{round}"), &form).await
}

pub async fn checks(app: &TestApp, bureau: &Bureau, round: Uuid) -> Vec<patrol::Check> {
    patrol::checks(&mut app.db.read().await.unwrap(), bureau.community.tenant, round).await.unwrap()
}

/// What was noted in a round, and whether it waits.
async fn notes(app: &TestApp, bureau: &Bureau, round: Uuid) -> Vec<(String, bool)> {
    checks(app, bureau, round).await.into_iter().map(|check| (check.note, check.waiting)).collect()
}

pub async fn code(app: &TestApp, bureau: &Bureau, point: Uuid) -> String {
    let tenant = bureau.community.tenant;
    let point = patrol::point(&mut app.db.read().await.unwrap(), tenant, point).await.unwrap();
    format!("/patrol-points/{}", patrol::point_link(tenant, &point, &app.means.keys))
}

/// What stands in a field.
fn field(page: &Page, name: &str) -> String {
    let before = format!("name=\"{name}\" type=\"text\" value=\"");
    page.between_all(&before, "\"").next().unwrap_or_else(|| panic!("no field {name} on {}", page.url)).to_owned()
}

db_test! {
    async fn a_route_is_entered_its_points_are_drawn_from_the_list_and_what_is_wrong_comes_back(app: TestApp) {
        at(&app, "2026-08-31T09:00:00+08:00");
        let bureau = bureau(&app).await;
        let chief = bureau.chief(&app).await;
        chief.get("/patrols").await.assert_ok().assert_contains("还没有巡逻路线");
        // It begins with what the settings say.
        let page = chief.get("/patrol-routes/new").await;
        page.assert_ok().assert_contains("value=\"07:00\"").assert_contains("value=\"21:00\"").assert_contains("value=\"30\"");
        let (unit, school) = (bureau.stations[0].to_string(), bureau.schools[0].to_string());
        let form = [("name", "一小周边"), ("unit", unit.as_str()), ("kind", "school"), ("days", "school"), ("school", ""), ("from", "09:00"), ("to", "07:00"), ("interval", "30"), ("tolerance", "2")];
        let page = chief.post("/patrol-routes", &form).await;
        page.assert_status(422).assert_contains("结束要在开始以后").assert_contains("要选是哪所学校").assert_contains("一小周边");
        let form = [&form[..4], &[("school", school.as_str()), ("from", "07:00"), ("to", "00:00"), ("interval", "２０"), ("tolerance", "0")]].concat();
        let page = chief.post("/patrol-routes", &form).await;
        page.assert_ok().assert_contains("07:00–24:00").assert_contains("20 分钟").assert_contains("还没有点");
        chief.post("/patrol-routes", &form).await.assert_status(422).assert_contains("已经有同名的巡逻路线");
        let route = page.url.clone();

        // The places around the school are offered, and named only once.
        let mut tx = app.db.begin().await.unwrap();
        let near = hazard::school(&mut tx, bureau.community.tenant, &Scope::tenant(), bureau.schools[0]).await.unwrap();
        let words = ("滨河路夜市", "滨河路中段", "晚上");
        let place = hazard::add_place(&mut tx, &bureau.act(&app), &near, PlaceKind::Crowd, words, 180).await.unwrap().to_string();
        tx.commit().await.unwrap();
        chief.get(&route).await.assert_contains("从重点部位里选").assert_contains("离校门 180 米");
        chief.post(&format!("{route}/places"), &[]).await.assert_status(422).assert_contains("请勾上要走的重点部位");
        chief.post(&format!("{route}/places"), &[("place", place.as_str())]).await.assert_ok().assert_contains("加上了 1 个点").assert_lacks("离校门 180 米");
        chief.post(&format!("{route}/points"), &[("name", "滨河路夜市")]).await.assert_status(422).assert_contains("已经有叫“滨河路夜市”的点");
        let page = chief.post(&format!("{route}/points"), &[("name", "东门")]).await;
        page.assert_ok().assert_contains("东门");
        chief.get(&format!("{route}/posters")).await.assert_ok().assert_contains("<svg class=\"qr\"").assert_contains("东门");
        // A point is renamed, moved and closed; a stale form is told so.
        let point = page.between_all(&format!("href=\"{route}/points/"), "\"").nth(1).unwrap().to_owned();
        let point = format!("{route}/points/{point}");
        let page = chief.get(&point).await;
        let version = page.input("version");
        let form = [("version", version.as_str()), ("name", "东门外"), ("position", "一"), ("school", "")];
        chief.post(&point, &form).await.assert_status(422).assert_contains("第几个请填").assert_contains("东门外");
        let form = [("version", version.as_str()), ("name", "东门外"), ("position", "1"), ("school", ""), ("closed", "yes")];
        chief.post(&point, &form).await.assert_ok().assert_contains("停用");
        chief.post(&point, &form).await.assert_status(409);
        // What is closed stays closed, and its name is free for another.
        let version = chief.get(&point).await.assert_contains("不能再开").input("version");
        let form = [("version", version.as_str()), ("name", "东门外"), ("position", "1"), ("school", "")];
        chief.post(&point, &form).await.assert_status(422).assert_contains("停用了的点不能再开");
        chief.post(&format!("{route}/points"), &[("name", "东门外")]).await.assert_ok().assert_contains("点已加上");
        chief.post(&format!("{route}/points"), &[("name", "东门外")]).await.assert_status(422).assert_contains("已经有叫“东门外”的点");
    }

    async fn what_was_closed_leaves_the_past_as_it_was(app: TestApp) {
        at(&app, "2026-08-31T06:00:00+08:00");
        let bureau = bureau(&app).await;
        let (route, points) = laid(&app, &bureau, bureau.stations[0], "滨河路街面", Days::Every).await;
        let officer = bureau.person(&app, "冯志强", PersonKind::Officer, None, false).await;
        let round = planned(&app, &bureau, route, "2026-09-01", &[officer]).await;
        let (mine, phone) = (own(&app, &bureau, officer).await, app.browser());
        for time in ["07:25:00", "07:50:00", "08:15:00", "08:40:00"] {
            clock(&app, time);
            tap(&phone, &mine, round, points[0], "").await.assert_ok();
        }
        // A point that is closed in the middle of the day is nobody's to hurry to.
        clock(&app, "08:41:00");
        let chief = bureau.chief(&app).await;
        chief.get("/today").await.assert_contains("催巡逻").assert_contains("北巷口");
        let point = format!("/patrol-routes/{route}/points/{}", points[1]);
        let version = chief.get(&point).await.input("version");
        let form = [("version", version.as_str()), ("name", "北巷口"), ("position", "2"), ("school", ""), ("closed", "yes")];
        chief.post(&point, &form).await.assert_ok();
        clock(&app, "08:42:00");
        chief.get("/today").await.assert_lacks("催巡逻");
        chief.get("/patrols").await.assert_lacks("太久没有人到").assert_contains("✕ 最长 101 分钟没有人到");
        // The route is closed too, and still stands on the days on which it was walked.
        at(&app, "2026-09-02T06:00:00+08:00");
        let chief = bureau.chief(&app).await;
        let edit = format!("/patrol-routes/{route}/particulars");
        let unit = bureau.stations[0].to_string();
        let version = chief.get(&edit).await.input("version");
        let form = [("version", version.as_str()), ("name", "滨河路街面"), ("unit", unit.as_str()), ("kind", "street"), ("days", "every"), ("from", "07:00"), ("to", "09:00"), ("interval", "30"), ("tolerance", "0"), ("closed", "yes")];
        chief.post(&edit, &form).await.assert_ok().assert_contains("已经停走");
        chief.get("/patrols?day=2026-09-02").await.assert_lacks("滨河路街面");
        chief.get("/patrols?day=2026-09-01").await.assert_contains("滨河路街面").assert_contains("后来停走了").assert_contains("滨河路口");
        // Opening it again would make nobody's days of those in between.
        let version = chief.get(&edit).await.assert_contains("不能再开").input("version");
        let form = [&[("version", version.as_str())][..], &form[1..9]].concat();
        chief.post(&edit, &form).await.assert_status(422).assert_contains("停走了的路线不能再开");
        let again = chief.post("/patrol-routes", &form).await;
        again.assert_ok().assert_contains("还没有点");
        assert!(!again.url.contains(&route.to_string()));
        chief.post("/patrol-routes", &form).await.assert_status(422).assert_contains("已经有同名的巡逻路线");
    }

    async fn a_workbook_and_a_day_have_all_that_there_is(app: TestApp) {
        at(&app, "2026-08-31T06:00:00+08:00");
        let bureau = bureau(&app).await;
        let (first, points) = laid(&app, &bureau, bureau.stations[0], "滨河路街面", Days::Every).await;
        let (second, _) = laid(&app, &bureau, bureau.stations[0], "城北街面", Days::Every).await;
        let officer = bureau.person(&app, "冯志强", PersonKind::Officer, None, false).await;
        let round = planned(&app, &bureau, first, "2026-09-01", &[officer]).await;
        let tenant = bureau.community.tenant;
        let from: Timestamp = "2026-09-01T00:00:00+08:00".parse().unwrap();
        let row = |n: i64| {
            let come = from + SignedDuration::from_secs(n * 20);
            let row = CHECKED.bind(tenant).bind(bureau.act(&app).id()).bind(round).bind(points[0]).bind(officer).bind(come);
            row.bind(How::Link).bind("").bind(false).bind("")
        };
        let (most, least) = (first.max(second), first.min(second));
        let before: jiff::civil::Date = "1995-01-01".parse().unwrap();
        let asked = before.series(1.day()).take(10_001).map(|day| {
            let row = ASKED.bind(tenant).bind(least).bind(day.to_string()).bind(30i64).bind(0i64);
            row.bind(420i64).bind(540i64).bind(Days::Every)
        });
        let mut tx = app.db.begin().await.unwrap();
        tx.execute_many(CHECKED, (0..20_001).map(row).collect()).await.unwrap();
        tx.execute_many(ASKED, asked.collect()).await.unwrap();
        tx.commit().await.unwrap();
        at(&app, "2026-09-07T06:00:00+08:00");
        let chief = bureau.chief(&app).await;
        let file = chief.download_by_form(&format!("/patrol-routes/{first}/figures/workbook"), &[("day", "2026-09-01"), ("span", "week")]).await;
        let mut workbook: Xlsx<_> = open_workbook_from_rs(Cursor::new(file)).unwrap();
        let rows = workbook.worksheet_range("到点记录").unwrap();
        assert_eq!(rows.rows().filter(|row| row[3] == "冯志强").count(), 20_001);
        // However often the one has been changed, what is asked of the other is known.
        chief.get("/patrols?day=2026-09-02").await.assert_ok().assert_lacks("那时还没有这条路线");
        chief.get(&format!("/patrol-routes/{most}/figures?day=2026-09-02&span=day")).await.assert_ok().assert_contains("07:00–09:00");
    }

    async fn nobody_is_in_two_places_and_what_the_desk_enters_has_a_name(app: TestApp) {
        at(&app, "2026-08-31T06:00:00+08:00");
        let bureau = bureau(&app).await;
        let (route, points) = laid(&app, &bureau, bureau.stations[0], "滨河路街面", Days::Every).await;
        let (other, _) = laid(&app, &bureau, bureau.stations[0], "城北街面", Days::Every).await;
        let officer = bureau.person(&app, "冯志强", PersonKind::Officer, None, false).await;
        let guard = bureau.person(&app, "高瑞芹", PersonKind::Officer, None, false).await;
        let chief = bureau.chief(&app).await;
        let (first, second, who) = (route.to_string(), other.to_string(), officer.to_string());
        let form = |route, at, minutes| [("route", route), ("day", "2026-09-01"), ("at", at), ("minutes", minutes), ("person", who.as_str())];
        chief.post("/patrol-rounds", &form(first.as_str(), "07:00", "九")).await.assert_status(422).assert_contains("大约走多久请填");
        let page = chief.post("/patrol-rounds", &form(first.as_str(), "07:00", "90")).await;
        page.assert_ok().assert_contains("大约 90 分钟").assert_lacks("注意：");
        let round: Uuid = page.url.rsplit('/').next().unwrap().parse().unwrap();
        // Another route at the same time, and after it.
        chief.post("/patrol-rounds", &form(second.as_str(), "08:29", "")).await.assert_status(422).assert_contains("冯志强07:00–08:30在走滨河路街面，时间重了");
        chief.post("/patrol-rounds", &form(second.as_str(), "08:30", "")).await.assert_ok().assert_contains("大约 60 分钟");
        // Of one without a time nobody knows.
        chief.post("/patrol-rounds", &form(second.as_str(), "", "")).await.assert_ok().assert_contains("注意：这一天冯志强还有");

        // Whoever has signed on at a post is there.
        let shift = bureau.put(&app, "2026-09-01", bureau.gate, Some(guard)).await.unwrap(); // from 07:10 to 08:20
        let walked = planned(&app, &bureau, route, "2026-09-01", &[guard]).await;
        clock(&app, "07:05:00");
        let (post, phone) = (bureau.link(&app, guard).await, app.browser());
        phone.post(&format!("{post}/shifts/{shift}"), &[("step", "come"), ("place", "东门岗亭")]).await.assert_ok();
        clock(&app, "07:30:00");
        let theirs = own(&app, &bureau, guard).await;
        tap(&phone, &theirs, walked, points[0], "").await.assert_status(422).assert_contains("高瑞芹这时候在田家会小学 · 东门站岗");
        clock(&app, "08:20:00");
        tap(&phone, &theirs, walked, points[0], "").await.assert_ok();

        // Who set out, who ended it, and who entered what was told by radio.
        let (mine, phone) = (own(&app, &bureau, officer).await, app.browser());
        phone.post(&format!("{mine}/rounds/{round}"), &[("step", "begin")]).await.assert_ok();
        let chief = bureau.chief(&app).await;
        let path = format!("/patrol-rounds/{round}");
        let point = points[1].to_string();
        let told = |time| [("point", point.as_str()), ("who", who.as_str()), ("checked_at", time)];
        chief.post(&format!("{path}/checks"), &told("08:10")).await.assert_ok().assert_contains("值班登记（");
        chief.post(&format!("{path}/closure"), &[("words", "手机没电")]).await.assert_ok();
        let mut tx = app.db.read().await.unwrap();
        let kept: Vec<Hands> = tx.all(HANDS.bind(bureau.community.tenant).bind(round)).await.unwrap();
        drop(tx);
        let kept = &kept[0];
        assert_eq!((kept.begun_person_id, kept.begun_by, kept.ended_person_id), (Some(officer), None, None));
        assert!(kept.ended_by.is_some() && kept.entered_by == kept.ended_by);
        assert_eq!(kept.entered_at, Some(app.means.now()));
        // A day later it is too late.
        at(&app, "2026-09-02T08:30:00+08:00");
        let chief = bureau.chief(&app).await;
        chief.post(&format!("{path}/checks"), &told("08:29")).await.assert_status(422).assert_contains("要在 24 小时内登记");
        chief.post(&format!("{path}/checks"), &told("08:30")).await.assert_ok();
        at(&app, "2026-09-03T00:00:01+08:00");
        bureau.chief(&app).await.get(&path).await.assert_ok().assert_lacks("替他登记到点");
    }

    async fn words_that_come_after_an_answer_wait_by_themselves(app: TestApp) {
        at(&app, "2026-08-31T09:00:00+08:00");
        let bureau = bureau(&app).await;
        let (route, points) = laid(&app, &bureau, bureau.stations[0], "一小周边", Days::School).await;
        let officer = bureau.person(&app, "冯志强", PersonKind::Officer, None, false).await;
        let round = planned(&app, &bureau, route, "2026-09-01", &[officer]).await;
        let (mine, phone) = (own(&app, &bureau, officer).await, app.browser());
        clock(&app, "07:20:00");
        tap(&phone, &mine, round, points[0], "路灯坏了两盏").await.assert_ok();
        let chief = bureau.chief(&app).await;
        let note = chief.get("/patrols").await.input("origin");
        chief.post(&format!("/patrol-notes/{note}/answer"), &[("answer", "已报路灯所")]).await.assert_ok();
        clock(&app, "07:20:20");
        tap(&phone, &mine, round, points[0], "井盖松动").await.assert_ok();
        tap(&phone, &mine, round, points[0], "井盖松动").await.assert_ok();
        tap(&phone, &mine, round, points[0], "").await.assert_ok();
        assert_eq!(notes(&app, &bureau, round).await, [("路灯坏了两盏".to_owned(), false), ("井盖松动".to_owned(), true)]);
        let page = chief.get("/patrols").await;
        page.assert_contains("井盖松动");
        // And after it has become a hazard.
        let (origin, school) = (page.input("origin"), bureau.schools[0].to_string());
        let send = [("origin", origin.as_str()), ("school", school.as_str()), ("distance", "50"), ("place", "滨河路口"), ("listed", ""), ("kind", "crowd"), ("description", "井盖松动")];
        chief.post("/hazards", &send).await.assert_ok().assert_contains("已登记，请定级");
        clock(&app, "07:20:40");
        tap(&phone, &mine, round, points[0], "电线垂下来了").await.assert_ok();
        chief.get("/patrols").await.assert_contains("电线垂下来了").assert_lacks("井盖松动");
        let known = notes(&app, &bureau, round).await;
        assert_eq!((known.len(), &known[2]), (3, &("电线垂下来了".to_owned(), true)));
    }

    async fn the_figure_is_what_one_adds_up_by_hand(app: TestApp) {
        at(&app, "2026-08-31T09:00:00+08:00");
        let bureau = bureau(&app).await;
        let (route, points) = laid(&app, &bureau, bureau.stations[0], "滨河路街面", Days::Every).await;
        let officer = bureau.person(&app, "冯志强", PersonKind::Officer, None, false).await;
        let auxiliary = bureau.person(&app, "任建平", PersonKind::Auxiliary, None, false).await;
        bureau.person(&app, "薛改珍", PersonKind::Parent, None, false).await;
        let chief = bureau.chief(&app).await;
        chief.get(&format!("/patrol-rounds/new?route={route}&day=2026-09-01")).await.assert_ok().assert_contains("冯志强").assert_lacks("薛改珍");
        let (id, one, two) = (route.to_string(), officer.to_string(), auxiliary.to_string());
        let form = [("route", id.as_str()), ("day", "2026-09-01"), ("at", "07:00")];
        chief.post("/patrol-rounds", &form).await.assert_status(422).assert_contains("请选择谁去走");
        let alone = [&form[..], &[("person", two.as_str())]].concat();
        chief.post("/patrol-rounds", &alone).await.assert_status(422).assert_contains("不能单独执勤");
        let past = [("route", id.as_str()), ("day", "2026-08-30"), ("person", one.as_str())];
        chief.post("/patrol-rounds", &past).await.assert_status(422).assert_contains("已经过去了");
        let both = [&alone[..], &[("person", one.as_str())]].concat();
        let page = chief.post("/patrol-rounds", &both).await;
        page.assert_ok().assert_contains("待出发").assert_contains("冯志强").assert_contains("07:00 出发");
        chief.post("/patrol-rounds", &both).await.assert_status(422).assert_contains("已经排在这条路线上");
        let round: Uuid = page.url.rsplit('/').next().unwrap().parse().unwrap();

        let (mine, phone) = (own(&app, &bureau, officer).await, app.browser());
        phone.get(&mine).await.assert_ok().assert_contains("后面两周").assert_contains("滨河路街面").assert_lacks("北巷口");
        tap(&phone, &mine, round, points[0], "").await.assert_status(422).assert_contains("到那一天才能走");
        clock(&app, "07:20:00");
        phone.get(&mine).await.assert_contains("滨河路口").assert_contains("一起走的：任建平").assert_contains("下一个");
        tap(&phone, &mine, round, points[0], "").await.assert_ok().assert_contains("07:20 到过");
        // At twenty to eight: 20 + 20 minutes at the first point are all within thirty, of the 40 at the other thirty: 70 ÷ 80.
        clock(&app, "07:40:00");
        let figures = format!("/patrol-routes/{route}/figures");
        let day = format!("{figures}?day=2026-09-01&span=day");
        let page = bureau.chief(&app).await.get(&day).await;
        page.assert_ok().assert_contains("87.5%").assert_contains("70 ÷ 应巡的分钟 80").assert_contains("07:00–07:40 隔了 40 分钟");
        for (time, point) in [("07:50:00", 0), ("08:10:00", 1), ("08:40:00", 0)] {
            clock(&app, time);
            tap(&phone, &mine, round, points[point], "").await.assert_ok();
        }
        let step = format!("{mine}/rounds/{round}");
        phone.post(&step, &[("step", "end"), ("words", "摊位多，电话 13800001111")]).await.assert_status(422).assert_contains("不要写电话").assert_contains("摊位多");
        phone.post(&step, &[("step", "end"), ("words", "下一班多看夜市")]).await.assert_ok().assert_contains("已结束").assert_contains("下一班多看夜市");
        tap(&phone, &mine, round, points[0], "").await.assert_status(422).assert_contains("已经结束了");

        // 20, 30, 50 and 20 minutes: 20 + 30 + 30 + 20 = 100 of 120. 70 and 50: 30 + 30 = 60 of 120. Together 160 ÷ 240.
        clock(&app, "10:00:00");
        let chief = bureau.chief(&app).await;
        let page = chief.get(&day).await;
        page.assert_ok().assert_contains("✕ 83.3%").assert_contains("✕ 50.0%").assert_contains("66.6%").assert_contains("160 ÷ 应巡的分钟 240");
        page.assert_contains("到过 3 次，最长间隔 50 分钟；07:50–08:40 隔了 50 分钟").assert_contains("class=\"strip\"");
        let week = chief.get(&format!("{figures}?day=2026-09-03&span=week")).await;
        // The day before, when the route was entered at nine, counts nothing.
        week.assert_ok().assert_contains("✕ 83.3%，最长 50 分").assert_contains("66.6%").assert_contains("160 ÷ 应巡的分钟 240");
        chief.get(&format!("{figures}?day=2026-09-03&span=term")).await.assert_ok().assert_contains("✕ 66.6%，最长 70 分");
        let file = chief.download_by_form(&format!("{figures}/workbook"), &[("day", "2026-09-01"), ("span", "week")]).await;
        let mut workbook: Xlsx<_> = open_workbook_from_rs(Cursor::new(file)).unwrap();
        let rates = workbook.worksheet_range("不间断率").unwrap();
        let row: Vec<String> = rates.rows().nth(1).unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(row[0], "滨河路口");
        assert_eq!(row[row.len() - 5..], ["83.3%", "100", "120", "50", "3"]);
        let total: Vec<String> = rates.rows().nth(3).unwrap().iter().map(ToString::to_string).collect();
        assert_eq!((total[0].as_str(), &total[total.len() - 5..]), ("全线", &["66.6%", "160", "240", "70", "4"].map(str::to_owned)[..]));
        assert_eq!(workbook.worksheet_range("到点记录").unwrap().rows().nth(1).unwrap()[3].to_string(), "冯志强");
        assert!(workbook.worksheet_range("轮次").unwrap().rows().nth(1).unwrap()[1].to_string().contains("任建平"));

        // What is asked from now on leaves the days before as they were.
        at(&app, "2026-09-02T06:00:00+08:00");
        let chief = bureau.chief(&app).await;
        let edit = format!("/patrol-routes/{route}/particulars");
        let version = chief.get(&edit).await.input("version");
        let unit = bureau.stations[0].to_string();
        let form = [("version", version.as_str()), ("name", "滨河路街面"), ("unit", unit.as_str()), ("kind", "street"), ("days", "every"), ("from", "07:00"), ("to", "09:00"), ("interval", "55"), ("tolerance", "5")];
        // Hours in which hardly anybody would have to come are not asked.
        let rare = [&form[..7], &[("interval", "56"), ("tolerance", "5")]].concat();
        chief.post(&edit, &rare).await.assert_status(422).assert_contains("不能超过整段时间的一半（60 分钟）");
        chief.post(&edit, &form).await.assert_ok().assert_contains("从今天起");
        chief.post(&edit, &form).await.assert_status(409);
        chief.get(&day).await.assert_contains("66.6%").assert_contains("最长间隔 30）");
        at(&app, "2026-09-02T10:00:00+08:00");
        let chief = bureau.chief(&app).await;
        // Nobody ever came, so no minute counts.
        chief.get(&format!("{figures}?day=2026-09-02&span=day")).await.assert_contains("<b>0.0%</b>").assert_contains("不超过 60 分钟").assert_contains("容差 5");
        chief.get(&format!("{figures}?day=2026-09-02&span=week")).await.assert_contains("要求改过");
    }

    async fn a_point_at_which_nobody_has_been_for_too_long_is_seen_at_once(app: TestApp) {
        at(&app, "2026-08-31T09:00:00+08:00");
        let bureau = bureau(&app).await;
        let (route, points) = laid(&app, &bureau, bureau.stations[0], "滨河路街面", Days::Every).await;
        let officer = bureau.person(&app, "冯志强", PersonKind::Officer, None, false).await;
        let round = planned(&app, &bureau, route, "2026-09-01", &[officer]).await;
        clock(&app, "06:59:00");
        bureau.chief(&app).await.get("/patrols").await.assert_ok().assert_contains("还没到时间").assert_lacks("太久没有人到");
        clock(&app, "07:30:00");
        let chief = bureau.chief(&app).await;
        chief.get("/patrols").await.assert_contains("该到了，已 30 分钟").assert_lacks("太久没有人到");
        chief.get("/today").await.assert_lacks("催巡逻");
        clock(&app, "07:31:00");
        chief.get("/patrols").await.assert_contains("2 个点太久没有人到").assert_contains("✕ 31 分钟，还没有人到过");
        chief.get("/today").await.assert_contains("催巡逻").assert_contains("滨河路街面 · 滨河路口").assert_contains("北巷口");
        let (mine, phone) = (own(&app, &bureau, officer).await, app.browser());
        tap(&phone, &mine, round, points[0], "").await.assert_ok();
        chief.get("/patrols").await.assert_contains("1 个点太久没有人到").assert_contains("✓ 0 分钟前到过").assert_contains("下次 08:01 前").assert_contains("在走");
        chief.get("/today").await.assert_contains("北巷口").assert_lacks("滨河路街面 · 滨河路口");
        // What was told by radio is entered by the desk, for the time that was told.
        let (point, who) = (points[1].to_string(), officer.to_string());
        let form = [("point", point.as_str()), ("who", who.as_str()), ("checked_at", "07:45")];
        chief.post(&format!("/patrol-rounds/{round}/checks"), &form).await.assert_status(422).assert_contains("不能晚于现在");
        let form = [("point", point.as_str()), ("who", who.as_str()), ("checked_at", "07:25")];
        chief.post(&format!("/patrol-rounds/{round}/checks"), &form).await.assert_ok().assert_contains("值班登记");
        chief.get("/patrols").await.assert_lacks("太久没有人到").assert_contains("✓ 6 分钟前到过");
        // When the hours are over nothing is due any more, and what was broken stays to be read.
        clock(&app, "09:00:00");
        let chief = bureau.chief(&app).await;
        chief.get("/today").await.assert_lacks("催巡逻");
        chief.get("/patrols").await.assert_contains("✕ 最长 95 分钟没有人到").assert_lacks("下次 ");
    }

    async fn a_round_goes_on_beyond_midnight_and_is_ended_then(app: TestApp) {
        at(&app, "2026-08-31T09:00:00+08:00");
        let bureau = bureau(&app).await;
        let (route, points) = laid(&app, &bureau, bureau.stations[0], "滨河路街面", Days::Every).await;
        let officer = bureau.person(&app, "冯志强", PersonKind::Officer, None, false).await;
        let (id, who) = (route.to_string(), officer.to_string());
        let form = [("route", id.as_str()), ("day", "2026-09-01"), ("at", "23:10"), ("minutes", "60"), ("person", who.as_str())];
        let page = bureau.chief(&app).await.post("/patrol-rounds", &form).await;
        let round: Uuid = page.assert_ok().url.rsplit('/').next().unwrap().parse().unwrap();
        let (mine, phone) = (own(&app, &bureau, officer).await, app.browser());
        let step = format!("{mine}/rounds/{round}");
        phone.post(&step, &[("step", "begin")]).await.assert_status(422).assert_contains("到那一天才能走");
        clock(&app, "23:12:00");
        phone.post(&step, &[("step", "begin")]).await.assert_ok();
        at(&app, "2026-09-02T00:01:00+08:00");
        let page = phone.get(&mine).await;
        page.assert_ok().assert_contains("9月1日 周二").assert_contains("在走").assert_contains("结束这一轮").assert_contains("下一个");
        tap(&phone, &mine, round, points[0], "").await.assert_ok();
        let code = code(&app, &bureau, points[1]).await;
        phone.post(&code, &[("note", "")]).await.assert_ok().assert_contains("到了，已记下");
        // What is told by radio is of the night, too.
        at(&app, "2026-09-02T00:15:00+08:00");
        let chief = bureau.chief(&app).await;
        let point = points[0].to_string();
        let form = [("point", point.as_str()), ("who", who.as_str()), ("checked_at", "00:05")];
        chief.post(&format!("/patrol-rounds/{round}/checks"), &form).await.assert_ok().assert_contains("值班登记");
        let noted: Vec<String> = checks(&app, &bureau, round).await.iter().map(|check| check.at.to_string()).collect();
        assert!(noted.contains(&"2026-09-01T16:05:00Z".to_owned()), "{noted:?}");
        chief.get("/today").await.assert_lacks("问回来没有");
        // When they should have been back for a while the desk asks, and no point is taken for that round any more.
        at(&app, "2026-09-02T00:23:00+08:00");
        chief.get("/today").await.assert_contains("问回来没有").assert_contains("滨河路街面 · 昨天 23:12 出发的一轮");
        phone.get(&mine).await.assert_contains("没有点结束").assert_contains("结束这一轮").assert_lacks("下一个");
        tap(&phone, &mine, round, points[0], "").await.assert_status(422).assert_contains("那一天已经过了");
        phone.post(&step, &[("step", "end"), ("words", "北巷口路灯不亮")]).await.assert_ok().assert_contains("辛苦了");
        phone.get(&mine).await.assert_lacks("滨河路街面");
        chief.get("/today").await.assert_lacks("问回来没有");
        chief.get(&format!("/patrol-rounds/{round}")).await.assert_contains("北巷口路灯不亮");
    }

    async fn two_taps_are_one_and_lose_no_words(app: TestApp) {
        at(&app, "2026-08-31T09:00:00+08:00");
        let bureau = bureau(&app).await;
        let (route, points) = laid(&app, &bureau, bureau.stations[0], "滨河路街面", Days::Every).await;
        let officer = bureau.person(&app, "冯志强", PersonKind::Officer, None, false).await;
        let partner = bureau.person(&app, "高瑞芹", PersonKind::Officer, None, false).await;
        let round = planned(&app, &bureau, route, "2026-09-01", &[officer, partner]).await;
        let (mine, phone) = (own(&app, &bureau, officer).await, app.browser());
        clock(&app, "07:20:00");
        tap(&phone, &mine, round, points[0], "").await.assert_ok();
        clock(&app, "07:20:30");
        tap(&phone, &mine, round, points[0], "路灯坏了两盏").await.assert_ok();
        tap(&phone, &mine, round, points[0], "路灯坏了两盏").await.assert_ok();
        tap(&phone, &mine, round, points[0], "井盖松动").await.assert_ok();
        // The first words are those of the first tap; others wait by themselves, whatever becomes of the first meanwhile.
        assert_eq!(notes(&app, &bureau, round).await, [("路灯坏了两盏".to_owned(), true), ("井盖松动".to_owned(), true)]);
        assert_eq!(checks(&app, &bureau, round).await[0].how, How::Link);
        // Somebody else at the same place, the same one at another, and the same one later are each their own.
        tap(&app.browser(), &own(&app, &bureau, partner).await, round, points[0], "").await.assert_ok();
        tap(&phone, &mine, round, points[1], "").await.assert_ok();
        clock(&app, "07:21:30");
        tap(&phone, &mine, round, points[0], "").await.assert_ok();
        assert_eq!(checks(&app, &bureau, round).await.len(), 5);
        // At the same moment, twice.
        clock(&app, "07:50:00");
        let twice = futures_util::future::join(tap(&phone, &mine, round, points[1], ""), tap(&phone, &mine, round, points[1], "")).await;
        twice.0.assert_ok();
        twice.1.assert_ok();
        assert_eq!(checks(&app, &bureau, round).await.len(), 6);
        // Nobody checks in for a round that is not theirs, nor at a point of another route.
        let other = bureau.person(&app, "薛改珍", PersonKind::Officer, None, false).await;
        tap(&app.browser(), &own(&app, &bureau, other).await, round, points[0], "").await.assert_status(404);
        let (_, elsewhere) = laid(&app, &bureau, bureau.stations[0], "城北街面", Days::Every).await;
        tap(&phone, &mine, round, elsewhere[0], "").await.assert_status(422).assert_contains("不在这条路线上");
    }

    async fn the_code_at_a_point_tells_an_unknown_phone_nothing(app: TestApp) {
        at(&app, "2026-08-31T09:00:00+08:00");
        let bureau = bureau(&app).await;
        let (route, points) = laid(&app, &bureau, bureau.stations[0], "滨河路街面", Days::Every).await;
        let officer = bureau.person(&app, "冯志强", PersonKind::Officer, None, false).await;
        let round = planned(&app, &bureau, route, "2026-09-01", &[officer]).await;
        let path = code(&app, &bureau, points[0]).await;
        clock(&app, "07:20:00");
        let stranger = app.browser();
        stranger.get(&path).await.assert_ok().assert_contains("还不知道您是谁").assert_lacks("滨河路");
        stranger.post(&path, &[("note", "路过")]).await.assert_status(422).assert_lacks("滨河路");
        assert!(checks(&app, &bureau, round).await.is_empty());
        // A phone on which the own page of the posts was opened is known here too.
        let phone = app.browser();
        phone.get(&bureau.link(&app, officer).await).await.assert_ok().assert_contains("我的巡逻");
        phone.get(&path).await.assert_ok().assert_contains("滨河路口").assert_contains("冯志强");
        phone.post(&path, &[("note", "")]).await.assert_ok().assert_contains("07:20 您到过这里");
        let made = checks(&app, &bureau, round).await;
        assert_eq!((made.len(), made[0].how), (1, How::Code));
        // Somebody who has no round there, and somebody who is never sent.
        let other = bureau.person(&app, "高瑞芹", PersonKind::Officer, None, false).await;
        let elsewhere = app.browser();
        elsewhere.get(&own(&app, &bureau, other).await).await.assert_ok().assert_contains("今天没有您的巡逻");
        elsewhere.post(&path, &[("note", "")]).await.assert_status(422).assert_contains("没有您的巡逻");
        let parent = bureau.person(&app, "薛改珍", PersonKind::Parent, None, false).await;
        let home = app.browser();
        home.get(&own(&app, &bureau, parent).await).await.assert_status(404);
        home.get(&bureau.link(&app, parent).await).await.assert_ok().assert_lacks("我的巡逻");
        home.get(&path).await.assert_ok().assert_contains("还不知道您是谁").assert_lacks("滨河路");
        // A code that was lost is void.
        let chief = bureau.chief(&app).await;
        chief.post(&format!("/patrol-routes/{route}/points/{}/code", points[0]), &[]).await.assert_ok().assert_contains("已经作废");
        phone.get(&path).await.assert_status(404);
        phone.get(&code(&app, &bureau, points[0]).await).await.assert_ok().assert_contains("滨河路口");
    }

    async fn a_day_of_which_nobody_knows_is_not_counted(app: TestApp) {
        at(&app, "2026-08-31T06:00:00+08:00");
        let bureau = bureau(&app).await;
        let (route, _) = laid(&app, &bureau, bureau.stations[0], "一小周边", Days::School).await;
        let chief = bureau.chief(&app).await;
        chief.get("/patrols?day=2027-01-06").await.assert_ok().assert_contains("不知道这一天走不走").assert_contains("以后的学期还没有登记").assert_lacks("北巷口");
        chief.get("/patrols?day=2026-09-26").await.assert_ok().assert_contains("这一天不走：中秋节");
        chief.get("/patrols?day=2026-09-20").await.assert_ok().assert_contains("北巷口"); // a Sunday that is made up for
        let figures = format!("/patrol-routes/{route}/figures");
        chief.get(&format!("{figures}?day=2027-01-06&span=week")).await.assert_ok().assert_contains("？不知道").assert_contains("有 7 天不知道走不走").assert_contains("<b>—</b>");
        chief.get(&format!("{figures}?day=2027-01-06&span=day")).await.assert_ok().assert_contains("有 1 天不知道走不走").assert_lacks("<svg class=\"strip\"");
        // Before there was the route, nobody was asked to walk it.
        chief.get(&format!("{figures}?day=2026-08-20&span=day")).await.assert_ok().assert_contains("那时还没有这条路线");
        // Monday, the last of August, is before the term.
        chief.get("/today").await.assert_lacks("催巡逻");
        clock(&app, "08:00:00");
        bureau.chief(&app).await.get("/today").await.assert_contains("催巡逻");
    }

    async fn what_was_seen_becomes_a_hazard_and_is_typed_once(app: TestApp) {
        at(&app, "2026-08-31T09:00:00+08:00");
        let bureau = bureau(&app).await;
        let (route, points) = laid(&app, &bureau, bureau.stations[0], "一小周边", Days::School).await;
        let mut tx = app.db.begin().await.unwrap();
        let near = hazard::school(&mut tx, bureau.community.tenant, &Scope::tenant(), bureau.schools[0]).await.unwrap();
        let words = ("滨河路夜市", "滨河路中段", "晚上");
        let place = hazard::add_place(&mut tx, &bureau.act(&app), &near, PlaceKind::Crowd, words, 180).await.unwrap();
        let sketch = PointSketch { position: None, name: "夜市".to_owned(), school: None, place: Some(place), closed_at: None };
        let market = patrol::add_points(&mut tx, &bureau.act(&app), route, &[sketch]).await.unwrap()[0];
        tx.commit().await.unwrap();
        let officer = bureau.person(&app, "冯志强", PersonKind::Officer, None, false).await;
        let round = planned(&app, &bureau, route, "2026-09-01", &[officer]).await;
        let (mine, phone) = (own(&app, &bureau, officer).await, app.browser());
        clock(&app, "07:20:00");
        tap(&phone, &mine, round, market, "打 13800001111 问").await.assert_status(422).assert_contains("不要写电话").assert_contains("打 13800001111 问");
        tap(&phone, &mine, round, market, "摊位占了消防通道").await.assert_ok();
        clock(&app, "07:30:00");
        tap(&phone, &mine, round, points[1], "路灯坏了两盏").await.assert_ok();
        let chief = bureau.chief(&app).await;
        chief.get("/today").await.assert_contains("看情况").assert_contains("一小周边 · 夜市");
        let page = chief.get("/patrols").await;
        page.assert_ok().assert_contains("摊位占了消防通道").assert_contains("路灯坏了两盏");
        // The button brings along everything that is known.
        let hidden = |name: &str| page.input(name);
        let fields = ["origin", "school", "place", "distance", "kind", "listed", "found", "description"].map(|name| (name, hidden(name)));
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let form = chief.post("/hazards/new", &fields).await;
        form.assert_ok().assert_contains(">摊位占了消防通道</textarea>");
        assert_eq!(form.between_all("name=\"found\" type=\"date\" value=\"", "\"").next().unwrap(), "2026-09-01");
        form.assert_contains(&format!("value=\"{}\" selected", bureau.schools[0]));
        form.assert_contains(&format!("value=\"{place}\" selected")).assert_contains("value=\"crowd\" selected");
        assert_eq!((field(&form, "distance"), field(&form, "place")), ("180".to_owned(), "滨河路中段".to_owned()));
        let origin = form.input("origin");
        let school = bureau.schools[0].to_string();
        let (distance, whereabouts, listed) = (field(&form, "distance"), field(&form, "place"), place.to_string());
        let send = [("origin", origin.as_str()), ("school", school.as_str()), ("distance", distance.as_str()), ("place", whereabouts.as_str()), ("listed", listed.as_str()), ("kind", "crowd"), ("description", "摊位占了消防通道")];
        // A mistake does not lose where it comes from.
        let wrong = [&send[..5], &[("kind", ""), send[6]]].concat();
        assert_eq!(chief.post("/hazards", &wrong).await.assert_status(422).input("origin"), origin);
        chief.post("/hazards", &send).await.assert_ok().assert_contains("已登记，请定级").assert_contains("摊位占了消防通道");
        chief.post("/hazards", &send).await.assert_status(409).assert_contains("刚刚有人登记成隐患");
        let page = chief.get("/patrols").await;
        page.assert_lacks("摊位占了消防通道").assert_contains("路灯坏了两盏");
        chief.get(&format!("/patrol-rounds/{round}")).await.assert_contains("已登记为隐患 YH-2026-0001").assert_contains("等值班室看");
        // What is none is answered.
        let note = page.input("origin");
        let answer = format!("/patrol-notes/{note}/answer");
        chief.post(&answer, &[("answer", "")]).await.assert_status(422).assert_contains("请填写怎么处理的");
        chief.post(&answer, &[("answer", "已报路灯所")]).await.assert_ok().assert_lacks("路灯坏了两盏");
        chief.post(&answer, &[("answer", "再说一次")]).await.assert_status(422).assert_contains("已经有人处理过");
        chief.get(&format!("/patrol-rounds/{round}")).await.assert_contains("已报路灯所");
        chief.get("/today").await.assert_lacks("看情况");
        // With the next note the first stops waiting for good.
        clock(&app, "07:40:00");
        tap(&phone, &mine, round, points[0], "井盖松动").await.assert_ok();
        let waiting: Vec<String> = checks(&app, &bureau, round).await.into_iter().filter(|check| check.waiting).map(|check| check.note).collect();
        assert_eq!(waiting, ["井盖松动"]);
    }

    async fn a_round_is_changed_called_off_and_keeps_to_leave_and_posts(app: TestApp) {
        at(&app, "2026-08-31T09:00:00+08:00");
        let bureau = bureau(&app).await;
        let (route, points) = laid(&app, &bureau, bureau.stations[0], "滨河路街面", Days::Every).await;
        let [first, second, third] = ["冯志强", "高瑞芹", "薛改珍"];
        let first = bureau.person(&app, first, PersonKind::Officer, None, false).await;
        let second = bureau.person(&app, second, PersonKind::Officer, None, false).await;
        let third = bureau.person(&app, third, PersonKind::Officer, None, false).await;
        bureau.put(&app, "2026-09-01", bureau.gate, Some(second)).await.unwrap(); // from 07:10 to 08:20
        let mut tx = app.db.begin().await.unwrap();
        let day = "2026-09-01".parse().unwrap();
        duty::add_leave(&mut tx, &bureau.act(&app), third, (day, day)).await.unwrap();
        tx.commit().await.unwrap();
        let chief = bureau.chief(&app).await;
        let (id, one, two, three) = (route.to_string(), first.to_string(), second.to_string(), third.to_string());
        let form = |person| [("route", id.as_str()), ("day", "2026-09-01"), ("at", "07:30"), ("person", person)];
        chief.post("/patrol-rounds", &form(&two)).await.assert_status(422).assert_contains("高瑞芹这时候在田家会小学 · 东门站岗");
        chief.post("/patrol-rounds", &form(&three)).await.assert_status(422).assert_contains("薛改珍这一天请假");
        let page = chief.post("/patrol-rounds", &form(&one)).await;
        let (path, version) = (page.assert_ok().url.clone(), page.input("version"));
        let change = [("version", version.as_str()), ("at", "08:20"), ("person", two.as_str())];
        chief.post(&format!("{path}/particulars"), &change).await.assert_ok().assert_contains("08:20 出发").assert_contains("高瑞芹（民警）");
        chief.post(&format!("{path}/particulars"), &change).await.assert_status(409);
        let round: Uuid = path.rsplit('/').next().unwrap().parse().unwrap();
        clock(&app, "08:30:00");
        let chief = bureau.chief(&app).await;
        chief.get("/patrols").await.assert_contains("到点没出发");
        let (mine, phone) = (own(&app, &bureau, second).await, app.browser());
        phone.post(&format!("{mine}/rounds/{round}"), &[("step", "begin")]).await.assert_ok().assert_contains("在走");
        tap(&phone, &mine, round, points[0], "").await.assert_ok();
        // Whoever has been somewhere stays, and a round that has begun is not called off.
        let version = chief.get(&path).await.input("version");
        let without = [("version", version.as_str()), ("at", ""), ("person", one.as_str())];
        chief.post(&format!("{path}/particulars"), &without).await.assert_status(422).assert_contains("高瑞芹已经在这一轮到过点");
        chief.post(&format!("{path}/cancellation"), &[("why", "下雨")]).await.assert_status(422).assert_contains("不能再取消");
        chief.post(&format!("{path}/closure"), &[("words", "手机没电，电台报的")]).await.assert_ok().assert_contains("已结束");
        let another = planned(&app, &bureau, route, "2026-09-02", &[first]).await;
        chief.post(&format!("/patrol-rounds/{another}/cancellation"), &[("why", "")]).await.assert_status(422).assert_contains("请填写取消的原因");
        chief.post(&format!("/patrol-rounds/{another}/cancellation"), &[("why", "有大型活动")]).await.assert_ok().assert_contains("已取消").assert_contains("有大型活动");
        app.browser().get(&own(&app, &bureau, first).await).await.assert_ok().assert_lacks("滨河路街面");
    }

    async fn routes_are_seen_by_their_unit_and_by_nobody_else(app: TestApp) {
        at(&app, "2026-08-31T09:00:00+08:00");
        let bureau = bureau(&app).await;
        let (route, points) = laid(&app, &bureau, bureau.stations[0], "滨河路街面", Days::Every).await;
        let (far, _) = laid(&app, &bureau, bureau.stations[1], "城北街面", Days::Every).await;
        let (patrol, _) = laid(&app, &bureau, bureau.patrol, "城区联巡", Days::Every).await;
        let mut tx = app.db.begin().await.unwrap();
        let below = access::create_organisation(&mut tx, &bureau.act(&app), Some(bureau.stations[0]), OrganisationKind::PoliceUnit, "滨河警务室", None).await.unwrap();
        tx.commit().await.unwrap();
        laid(&app, &bureau, below, "警务室门前", Days::Every).await;
        let officer = bureau.person(&app, "冯志强", PersonKind::Officer, None, false).await;
        let round = planned(&app, &bureau, route, "2026-09-01", &[officer]).await;
        clock(&app, "07:20:00");
        tap(&app.browser(), &own(&app, &bureau, officer).await, round, points[0], "路灯坏了两盏").await.assert_ok();
        let note = checks(&app, &bureau, round).await[0].id;

        let of = async |role, unit| app.person(role).of_community(&bureau.community).of_organisation(unit).reaching(Reach::Organisation, unit).browser().await;
        let first = of(Role::DutyChief, bureau.stations[0]).await;
        let second = of(Role::DutyChief, bureau.stations[1]).await;
        let unit = of(Role::DutyStaff, bureau.patrol).await;
        first.get("/patrols").await.assert_contains("滨河路街面").assert_contains("警务室门前").assert_contains("路灯坏了两盏").assert_lacks("城北街面").assert_lacks("城区联巡");
        second.get("/patrols").await.assert_contains("城北街面").assert_lacks("滨河路街面").assert_lacks("警务室门前").assert_lacks("路灯坏了两盏");
        unit.get("/patrols").await.assert_contains("城区联巡").assert_lacks("滨河路街面").assert_lacks("城北街面");
        unit.get("/patrol-routes").await.assert_contains("城区联巡").assert_lacks("滨河路街面");
        for path in [format!("/patrol-routes/{route}"), format!("/patrol-routes/{route}/figures"), format!("/patrol-routes/{route}/posters"), format!("/patrol-routes/{route}/points/{}", points[0]), format!("/patrol-rounds/{round}")] {
            second.get(&path).await.assert_status(404);
        }
        for path in [format!("/patrol-routes/{route}/points"), format!("/patrol-routes/{route}/particulars"), format!("/patrol-rounds/{round}/checks"), format!("/patrol-notes/{note}/answer"), format!("/patrol-routes/{route}/figures/workbook")] {
            second.post(&path, &[]).await.assert_status(404);
        }
        // A point is reached only by its own route.
        first.get(&format!("/patrol-routes/{route}/points/{}", points[0])).await.assert_ok();
        second.get(&format!("/patrol-routes/{far}/points/{}", points[0])).await.assert_status(404);
        let (id, who) = (route.to_string(), officer.to_string());
        let form = [("route", id.as_str()), ("day", "2026-09-01"), ("person", who.as_str())];
        unit.post("/patrol-rounds", &form).await.assert_status(422).assert_lacks("滨河路街面");
        second.get("/today").await.assert_lacks("路灯").assert_lacks("滨河路");
        // A route is given only to a unit within reach.
        let home = bureau.stations[0].to_string();
        let form = [("name", "越界"), ("unit", home.as_str()), ("kind", "street"), ("days", "every"), ("from", "07:00"), ("to", "09:00"), ("interval", "30"), ("tolerance", "0")];
        second.post("/patrol-routes", &form).await.assert_status(422).assert_contains("请选择哪个单位走");

        // Nobody else: a community, another bureau's chief, the school, a stranger.
        app.person(Role::Secretary).browser().await.get("/patrols").await.assert_status(403);
        let elsewhere = app.person(Role::DutyChief).browser().await;
        for path in [format!("/patrol-routes/{route}"), format!("/patrol-rounds/{round}"), format!("/patrol-routes/{patrol}/figures")] {
            elsewhere.get(&path).await.assert_status(404);
        }
        let chief = bureau.chief(&app).await;
        let page = chief.post(&format!("/duty-schools/{}/link", bureau.schools[0]), &[]).await;
        let address = page.between_all("id=\"own-link\">", "<").next().unwrap().to_owned();
        let watch = app.browser().get(&format!("/duty-watch/{}", address.rsplit('/').next().unwrap())).await;
        watch.assert_ok().assert_lacks("巡逻").assert_lacks("滨河路");
        let mut tx = app.db.read().await.unwrap();
        let all = patrol::routes_within(&mut tx, bureau.community.tenant, &Scope::tenant()).await.unwrap();
        assert_eq!(all.len(), 4);
    }
}
