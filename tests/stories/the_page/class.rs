//! Lines 171 to 213: children who read together at four in the afternoon, why they come, how many and how often, and what has come of it.

use std::collections::BTreeSet;

use doorstep::access::{Reach, Role};
use doorstep::after_school;
use doorstep::registry::import::Column;
use jiff::civil::{Date, date};
use jiff::{SignedDuration, ToSpan};
use uuid::Uuid;

use super::community::register;
use super::{
    Part, Told, act, at, bring_in, estate, figure, gauge, grid, id_of, organisation, organise, staff, visit, worker,
};
use crate::after_school::CHILD;
use crate::class_sessions::{adult, came, step};
use crate::import::Line;
use crate::support::{Browser, Page, TestApp};

/// Three homes of which the register knows nobody but a child.
fn alone() -> Vec<Line> {
    let child = |n: usize| {
        let name = ["何小花", "高小明", "刘小雨"][n];
        [
            (Column::Estate, "王府名苑小区"),
            (Column::Building, "13号楼"),
            (Column::Unit, "1单元"),
            (Column::Room, ["101", "102", "201"][n]),
            (Column::Head, name),
            (Column::Relation, "户主"),
            (Column::Name, name),
            (Column::Birth, "2016-05-20"),
        ]
        .map(|(column, value)| (column, value.to_owned()))
        .to_vec()
    };
    (0..3).map(child).collect()
}

/// A form of which only the first answer is read: the page that it leads to is not fetched, which a story of hundreds of children would do
/// hundreds of times. Gives where it leads.
async fn sent(browser: &Browser, token: &str, path: &str, fields: &[(&str, &str)]) -> String {
    let page = browser.post_direct(path, &[&[("csrf", token)], fields].concat()).await;
    page.assert_status(303);
    page.location.unwrap()
}

/// A child whose guardian has signed, by a name of its own.
async fn enrolled(desk: &Browser, token: &str, home: &str, number: usize) -> String {
    let name = format!("高小{}", char::from_u32(0x4e00 + number as u32).unwrap());
    let mut form = vec![("way", "signed"), ("signed", "yes"), ("home", home), ("child_name", name.as_str())];
    form.extend(CHILD.iter().filter(|(field, _)| *field != "child_name"));
    let place = sent(desk, token, "/children", &form).await;
    place.split('?').next().unwrap().rsplit('/').next().unwrap().to_owned()
}

/// Those on the rota of a session: the line of each, and the link that they were given.
async fn links(app: &TestApp, session: Uuid) -> Vec<(String, String)> {
    let act = app.act();
    let mut tx = app.db.read().await.unwrap();
    let session = after_school::session(&mut tx, act.tenant, session).await.unwrap();
    let rota = after_school::keepers(&mut tx, &act, &session).await.unwrap();
    let link = |keeper| after_school::keeper_link(act.tenant, keeper, &app.means.keys);
    rota.iter().map(|keeper| (keeper.id.to_string(), format!("/class-keepers/{}", link(keeper.id)))).collect()
}

/// Somebody of the team is asked about, as everybody is who is with children. Gives what a rota takes.
async fn vetted(app: &TestApp, desk: &Browser, team: &str, name: &str, phone: &str) -> String {
    let form = [
        ("name", name),
        ("phone", phone),
        ("sex", "2"),
        ("birth_date", "1985-03-07"),
        ("team", team),
        ("source", "unit"),
        ("agrees", "yes"),
    ];
    app.browser().post(&format!("/board/{}/volunteers", app.home.code), &form).await.assert_ok();
    let applied = desk.get("/volunteers?state=applied").await.link("/volunteers/0");
    act(desk, &applied, "confirmation", &[]).await.assert_ok();
    let query = [("result", "passed"), ("checked_on", "2026-02-20"), ("proof_no", "查2026-17")];
    desk.post(&format!("{applied}/vettings"), &query).await.assert_ok();
    format!("volunteer:{}", applied.rsplit('/').next().unwrap())
}

/// The hours of a week at which the class is held: on school days after school, at weekends when the grown-ups are at work all day.
const HOURS: [(i64, &str, &str); 13] = [
    (0, "16:00", "17:30"),
    (1, "16:00", "17:30"),
    (2, "16:00", "17:30"),
    (3, "16:00", "17:30"),
    (4, "16:00", "17:30"),
    (5, "08:30", "10:00"),
    (5, "10:30", "12:00"),
    (5, "14:00", "15:30"),
    (5, "16:00", "17:30"),
    (6, "08:30", "10:00"),
    (6, "10:30", "12:00"),
    (6, "14:00", "15:30"),
    (6, "16:00", "17:30"),
];
/// The first day of the term, a Monday, and how many weeks it has.
const TERM: (Date, i64) = (date(2026, 3, 9), 8);
/// So many have a place at once: with ten for each grown-up, two can hold it.
const AT_ONCE: usize = 20;

/// What came of a term.
#[derive(Default)]
struct Held {
    sessions: i64,
    /// How often a child came.
    came: i64,
    /// Of each week, whom its classes were for.
    weeks: Vec<BTreeSet<String>>,
}

/// Every class that is to come is held by the two of its rota. In the first week every child that is put down comes and is fetched again,
/// and in the others one of each class; the door and the list are the same for one as for all.
async fn held_to_the_last(app: &TestApp, desk: &Browser) -> Held {
    let (mut moments, mut path) = (Vec::new(), "/class-sessions".to_owned());
    loop {
        let page = desk.get(&path).await;
        for id in page.between_all("<li><a href=\"/class-sessions/", "\"") {
            let id: Uuid = id.parse().unwrap();
            let session = after_school::session(&mut app.db.read().await.unwrap(), app.home.tenant, id).await.unwrap();
            moments.push((session.starts_at, id));
        }
        if !page.contains("/class-sessions?at=") {
            break;
        }
        path = page.link("/class-sessions?at=");
    }
    moments.sort_unstable();
    let phone = app.browser();
    let mut held = Held::default();
    for (number, of_week) in moments.chunks(HOURS.len()).enumerate() {
        let mut week = BTreeSet::new();
        for (starts_at, id) in of_week {
            app.means.clock.set(*starts_at - SignedDuration::from_mins(10));
            let own = links(app, *id).await;
            let page = phone.get(&own[0].1).await;
            let token = page.assert_ok().input("csrf");
            let expected: Vec<String> = page.between_all("id=\"child-", "\"").map(str::to_owned).collect();
            let steps = [format!("{}/steps", own[0].1), format!("{}/steps", own[1].1)];
            for ((line, _), steps) in own.iter().zip(&steps) {
                sent(&phone, &token, steps, &[("child", ""), ("step", "came"), ("value", line.as_str())]).await;
            }
            sent(&phone, &token, &steps[0], &[("child", ""), ("step", "open")]).await;
            let there = if number == 0 { expected.as_slice() } else { &expected[..1] };
            for child in there {
                sent(&phone, &token, &steps[0], &[("child", child.as_str()), ("step", "arrive")]).await;
            }
            let page = phone.get(&own[0].1).await;
            app.means.clock.set(*starts_at + SignedDuration::from_mins(90));
            for child in there {
                let card = page.body.split(&format!("id=\"child-{child}\"")).nth(1).unwrap().to_owned();
                let card = Page { status: page.status, url: page.url.clone(), location: None, body: card };
                let who = adult(&card, "王桂香");
                let fetched = [("child", child.as_str()), ("step", "listed"), ("value", who.as_str())];
                sent(&phone, &token, &steps[1], &fetched).await;
            }
            held.sessions += 1;
            held.came += there.len() as i64;
            week.extend(expected);
        }
        held.weeks.push(week);
    }
    held
}

db_test! {
    async fn four_in_the_afternoon(app: TestApp) {
        let mut told = Told::of(Part::Class);
        at(&app, "2026-02-27T09:00:00+08:00");
        let of_home = |line: &Line| line.iter().any(|(_, value)| value == "王府名苑小区");
        bring_in(&app, register().into_iter().filter(of_home).chain(alone()).collect()).await;
        let home = estate(&app, "王府名苑小区").await;
        let home_id = home.to_string();
        let desk = staff(&app).await;
        let team = [("name", "七色阳光志愿服务队"), ("kind", "youth"), ("target", "children"), ("estate", home_id.as_str())];
        let team = id_of(&desk.post("/volunteer-teams", &team).await);
        // Two hold the class on school days, two at weekends.
        let keepers = [vetted(&app, &desk, &team, "张爱莲", "13800000001").await, vetted(&app, &desk, &team, "王桂芳", "13800000002").await,
            vetted(&app, &desk, &team, "李春梅", "13800000003").await, vetted(&app, &desk, &team, "赵志强", "13800000004").await];

        // Four o'clock in the room of the community: two of the team, a dozen children, and 声律启蒙.
        told.step("171–177");
        let mut room = vec![("estate", home_id.as_str()), ("name", "社区活动室"), ("capacity", "40")];
        room.extend((1..=7).map(|day| (["", "hours-1", "hours-2", "hours-3", "hours-4", "hours-5", "hours-6", "hours-7"][day], "8:00-20:00")));
        let room = desk.post("/venues", &room).await.assert_ok().url.clone();
        let booking = [("title", "七彩四点半"), ("purpose", "activity"), ("day", "2026-03-02"), ("from", "15:30"), ("until", "18:00")];
        desk.post(&format!("{room}/bookings"), &booking).await.assert_ok().assert_contains("已约好");
        let session = [
            ("estate", home_id.as_str()), ("place", "社区活动室"), ("kind", "classics"), ("theme", "声律启蒙"), ("day", "2026-03-02"), ("from", "16:00"),
            ("until", "17:30"), ("capacity", "20"),
        ];
        let page = desk.post("/class-sessions", &session).await;
        page.assert_ok().assert_contains("诵读经典：声律启蒙");
        let first = page.url.clone();
        for who in &keepers[..2] {
            desk.post(&format!("{first}/keepers"), &[("who", who)]).await.assert_ok().assert_contains("排上了");
        }
        let form = desk.get("/children/new").await;
        let token = form.input("csrf");
        let house = format!("0{}", form.between_all("<option value=\"0", "\"").next().unwrap());
        let mut children = Vec::new();
        for number in 0..12 {
            children.push(enrolled(&desk, &token, &house, number).await);
        }
        desk.get("/children").await.assert_contains("在册 12");
        let expected: Vec<(&str, &str)> = children.iter().map(|id| ("child", id.as_str())).collect();
        desk.post(&format!("{first}/children"), &expected).await.assert_ok().assert_contains("加了 12 个孩子");
        at(&app, "2026-03-02T15:50:00+08:00");
        let own = links(&app, first.rsplit('/').next().unwrap().parse().unwrap()).await;
        let own: Vec<String> = own.into_iter().map(|(_, link)| link).collect();
        let phone = app.browser();
        for keeper in &own {
            came(&phone, keeper).await.assert_ok();
        }
        step(&phone, &own[0], "", "open", &[]).await.assert_ok().assert_contains("正在上");
        for child in &children {
            step(&phone, &own[0], child, "arrive", &[]).await.assert_ok();
        }
        phone.get(&own[0]).await.assert_contains("到了 12").assert_contains("诵读经典：声律启蒙");
        at(&app, "2026-03-02T17:30:00+08:00");
        for child in &children {
            let page = phone.get(&own[0]).await;
            let card = page.body.split(&format!("id=\"child-{child}\"")).nth(1).unwrap().to_owned();
            let who = adult(&Page { body: card, ..page }, "王桂香");
            step(&phone, &own[1], child, "listed", &[("value", &who)]).await.assert_ok();
        }
        phone.get(&own[0]).await.assert_contains("接走了");

        // Why: many tell the grid worker of children who are by themselves. The branch asks at every door, and makes a plan.
        told.step("179–195");
        at(&app, "2026-03-03T09:00:00+08:00");
        let second = grid(&app, home, "141102004999001", "第一网格").await;
        let walker = worker(&app, second, "网格员").await;
        let phone = app.browser_of(&walker).await;
        for _ in 0..3 {
            let heard = [("source", "phone"), ("description", "大人上班，孩子放假一个人在家"), ("category", "children"), ("estate", home_id.as_str())];
            phone.post("/issues", &heard).await.assert_ok();
        }
        let desk = staff(&app).await;
        let suggested = desk.get("/campaigns").await;
        suggested.assert_contains("诉求集中").assert_contains("3 件");
        desk.get(&suggested.link("/campaigns/new?estate=")).await.assert_ok().assert_contains("未成年人摸底");
        let branch = organise(&desk, "party_branch", "王府名苑小区党支部", &[("estate", home_id.as_str())]).await;
        let of_branch = organisation(&app, "王府名苑小区党支部").await;
        let secretary = app.person(Role::BranchSecretary).of_organisation(of_branch);
        let secretary = secretary.reaching(Reach::Estate, home).browser().await;
        let of_branch = of_branch.to_string();
        let plan = [
            ("title", "未成年人摸底"), ("until", "2026-03-15"), ("estate", home_id.as_str()), ("organisation", of_branch.as_str()),
            ("q1_text", "孩子放学后谁照看"), ("q1_kind", "choice"), ("q1_options", "大人、老人、没有人"), ("q1_required", "yes"),
        ];
        let page = secretary.post("/campaigns", &plan).await;
        page.assert_ok().assert_contains("未成年人摸底");
        let campaign = id_of(&page);
        secretary.post(&format!("{}/opening", page.url), &[("version", &page.input("version"))]).await.assert_ok();
        let pack = phone.get("/doors/pack").await.json();
        let answers = pack["campaigns"][0]["questions"][0]["options"].as_array().unwrap().clone();
        let nobody = answers.iter().find(|answer| answer["label"] == "没有人").unwrap()["value"].clone();
        let doors = pack["doors"].as_array().unwrap();
        let home_alone: Vec<_> = doors.iter().filter(|door| door["building"] == "13号楼").collect();
        assert_eq!(home_alone.len(), 3);
        for door in home_alone {
            let said = serde_json::json!({ "answers": [{ "question": "q1", "value": nobody }] });
            visit(&app, &phone, &walker, (&campaign, door), "home", said).await;
        }
        secretary.get(&format!("/campaigns/{campaign}")).await.assert_contains("没有人");
        let desk = staff(&app).await;
        desk.post("/class-help/openings", &[("reason", "支部摸底，上门核实")]).await.assert_ok();
        let help = desk.get("/class-help").await;
        help.assert_contains("儿童独自在家").assert_contains("何小花").assert_contains("高小明").assert_contains("刘小雨");
        secretary.get(&format!("{branch}/meetings/new")).await.assert_ok();
        let meeting = [
            ("estate", home_id.as_str()), ("day", "2026-03-03"), ("time", "09:30"), ("place", "小区党群服务站"), ("host", "支部书记"),
            ("topics", "开办七彩四点半，由七色阳光志愿服务队组织"),
        ];
        let meeting = secretary.post("/meetings", &meeting).await.assert_ok().url.clone();
        act(&secretary, &meeting, "session", &[]).await.assert_ok();
        for name in ["家长甲", "家长乙", "志愿者队长"] {
            secretary.post(&format!("{meeting}/attendances"), &[("name", name), ("side", "resident")]).await.assert_ok();
        }
        let item = secretary.get(&meeting).await.link_called("记结果");
        let agreed = [
            ("decision", "vote"), ("discussion", "放假也开"), ("yes", "3"), ("no", "0"), ("abstain", "0"),
            ("resolution", "每周三次，作业辅导、手工制作、诵读经典"), ("organisation", of_branch.as_str()), ("due", "2026-03-31"),
        ];
        secretary.post(&item, &agreed).await.assert_ok().assert_contains("形成决议");
        act(&secretary, &meeting, "end", &[("remarks", "")]).await.assert_ok();

        // Thirteen times a week, so that each of the two hundred and fifty-five has a place every week; and more than a hundred times by now.
        told.step("195–205");
        let token = desk.get("/children/new").await.input("csrf");
        for number in 12..255 {
            children.push(enrolled(&desk, &token, &house, number).await);
        }
        desk.get("/children").await.assert_contains("在册 255");
        desk.get("/class-sessions/new").await.assert_contains("只辅导作业，不上新课");
        let (monday, weeks) = TERM;
        let last = (monday + (7 * weeks - 1).days()).to_string();
        let kinds = [("homework", ""), ("crafts", "剪窗花"), ("classics", "声律启蒙")].into_iter().cycle();
        for ((&(day, from, until), (kind, theme)), group) in HOURS.iter().zip(kinds).zip(children.chunks(AT_ONCE)) {
            let (first, capacity) = ((monday + day.days()).to_string(), AT_ONCE.to_string());
            let term = [
                ("estate", home_id.as_str()), ("place", "社区活动室"), ("kind", kind), ("theme", theme), ("day", first.as_str()), ("from", from), ("until", until),
                ("capacity", capacity.as_str()), ("repeat", "week"), ("repeat_until", last.as_str()),
            ];
            let page = desk.post("/class-sessions", &term).await;
            page.assert_ok().assert_contains("一共 8 次");
            let pair = if day < 5 { &keepers[..2] } else { &keepers[2..] };
            for who in pair {
                let page = desk.post(&format!("{}/keepers", page.url), &[("who", who), ("following", "yes")]).await;
                page.assert_ok().assert_contains("排上了 8 次");
            }
            let group: Vec<(&str, &str)> = group.iter().map(|id| ("child", id.as_str())).collect();
            let put = desk.post(&format!("{}/children", page.url), &[&group[..], &[("following", "yes")]].concat()).await;
            put.assert_ok().assert_contains(&format!("加了 {} 个孩子，8 次课", group.len()));
        }
        let term = held_to_the_last(&app, &desk).await;
        assert_eq!((term.sessions, term.weeks.len()), (13 * weeks, 8));
        let everybody: BTreeSet<String> = children.iter().cloned().collect();
        assert_eq!(everybody.len(), 255);
        for (number, week) in (1..).zip(&term.weeks) {
            assert!(*week == everybody, "week {number} is for {} children", week.len());
        }
        at(&app, "2026-05-06T09:00:00+08:00");
        let desk = staff(&app).await;
        // Of the week in which all were fetched one by one the report says that each of them came, and each once.
        let sunday = monday + 6.days();
        let report = desk.get(&format!("/reports/topics/classes?from={monday}&to={sunday}")).await;
        assert_eq!((gauge(&report, "场次"), gauge(&report, "人次")), (13, 255));
        assert_eq!(figure(&report, "来过的孩子"), "255");
        let report = desk.get("/reports/topics/classes?from=2026-03-01&to=2026-05-05").await;
        let held = gauge(&report, "场次");
        assert!(held > 100 && held == term.sessions + 1, "{held}");
        assert_eq!(gauge(&report, "人次"), term.came + 12);
        assert_eq!(gauge(&report, "作业辅导") + gauge(&report, "手工制作") + gauge(&report, "诵读经典"), held);
        assert!(["作业辅导", "手工制作", "诵读经典"].iter().all(|kind| gauge(&report, kind) > 30));
        // However often they came, they are no more than there are.
        assert_eq!((figure(&report, "来过的孩子"), figure(&report, "现在在册的孩子")), ("255".to_owned(), "255".to_owned()));

        // What the volunteers have done goes to whoever is above, and what they were given hangs on the board.
        told.step("207–213");
        let file = desk.download_by_form("/reports/topics/classes/workbooks?from=2026-03-01&to=2026-05-05", &[]).await;
        assert!(file.starts_with(b"PK"), "a workbook");
        desk.get("/reports/topics/volunteering/paper?from=2026-03-01&to=2026-05-05").await.assert_ok();
        let honour = [
            ("title", "获评最美志愿服务社区"), ("text", "社区获得省里 2022 年度学雷锋志愿服务最美志愿服务社区的荣誉。"), ("days", "30"),
        ];
        desk.post_files("/publications", &honour, &[]).await.assert_ok().assert_contains("已登在公示栏");
        let board = format!("/board/{}", app.home.code);
        app.browser().get(&board).await.assert_contains("获评最美志愿服务社区");
        // Of a person only who agrees to it.
        let volunteer = format!("/volunteers/{}", keepers[0].trim_start_matches("volunteer:"));
        let given = [("honour", "优秀志愿者"), ("given_by", "城北街道"), ("honoured_on", "2026-05-04")];
        desk.post(&format!("{volunteer}/honours"), &given).await.assert_ok().assert_contains("已登记表彰");
        app.browser().get(&format!("{board}/honours")).await.assert_ok().assert_lacks("优秀志愿者");
        let shown = act(&desk, &volunteer, "links", &[]).await;
        let link = format!("/volunteering/{}", shown.between_all("/volunteering/", "<").next().unwrap());
        app.browser().post(&format!("{link}/honours"), &[("agrees", "yes")]).await.assert_ok();
        app.browser().get(&format!("{board}/honours")).await.assert_contains("优秀志愿者").assert_contains("张爱莲");
        told.end();
    }
}
