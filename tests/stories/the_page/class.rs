//! Lines 171 to 213: children who read together at four in the afternoon, why they come, how many and how often, and what has come of it.

use doorstep::access::{Reach, Role};
use doorstep::after_school;
use doorstep::registry::import::Column;
use jiff::SignedDuration;
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

/// A child whose guardian has signed, by a name of its own.
async fn enrolled(desk: &Browser, home: &str, number: usize) -> String {
    let name = format!("高小{}", char::from_u32(0x4e00 + number as u32).unwrap());
    let mut form = vec![("way", "signed"), ("signed", "yes"), ("home", home), ("child_name", name.as_str())];
    form.extend(CHILD.iter().filter(|(field, _)| *field != "child_name"));
    let page = desk.post("/children", &form).await;
    page.assert_ok().assert_contains("在册");
    id_of(&page)
}

/// Those on the rota of a session, each by the link that they were given.
async fn links(app: &TestApp, session: Uuid) -> Vec<String> {
    let act = app.act();
    let mut tx = app.db.read().await.unwrap();
    let session = after_school::session(&mut tx, act.tenant, session).await.unwrap();
    let rota = after_school::keepers(&mut tx, &act, &session).await.unwrap();
    rota.iter()
        .map(|keeper| format!("/class-keepers/{}", after_school::keeper_link(act.tenant, keeper.id, &app.means.keys)))
        .collect()
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

/// Every class that is to come is held by the two of its rota, with one child that comes and goes. Gives how many there were.
async fn held_to_the_last(app: &TestApp, desk: &Browser) -> i64 {
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
    for (starts_at, id) in &moments {
        app.means.clock.set(*starts_at - SignedDuration::from_mins(10));
        let own = links(app, *id).await;
        for keeper in &own {
            came(&phone, keeper).await.assert_ok();
        }
        let page = step(&phone, &own[0], "", "open", &[]).await;
        let child = page.assert_ok().between_all("id=\"child-", "\"").next().unwrap().to_owned();
        let page = step(&phone, &own[0], &child, "arrive", &[]).await;
        let card = page.assert_ok().body.split(&format!("id=\"child-{child}\"")).nth(1).unwrap().to_owned();
        let who = adult(&Page { body: card, ..page }, "王桂香");
        app.means.clock.set(*starts_at + SignedDuration::from_mins(90));
        step(&phone, &own[1], &child, "listed", &[("value", &who)]).await.assert_ok();
    }
    moments.len() as i64
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
        let keepers = [vetted(&app, &desk, &team, "张爱莲", "13800000001").await, vetted(&app, &desk, &team, "王桂芳", "13800000002").await];

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
        for who in &keepers {
            desk.post(&format!("{first}/keepers"), &[("who", who)]).await.assert_ok().assert_contains("排上了");
        }
        let form = desk.get("/children/new").await;
        let house = format!("0{}", form.between_all("<option value=\"0", "\"").next().unwrap());
        let mut children = Vec::new();
        for number in 0..12 {
            children.push(enrolled(&desk, &house, number).await);
        }
        let expected: Vec<(&str, &str)> = children.iter().map(|id| ("child", id.as_str())).collect();
        desk.post(&format!("{first}/children"), &expected).await.assert_ok().assert_contains("加了 12 个孩子");
        at(&app, "2026-03-02T15:50:00+08:00");
        let own = links(&app, first.rsplit('/').next().unwrap().parse().unwrap()).await;
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

        // Three times a week, for all two hundred and fifty-five, and more than a hundred times by now.
        told.step("195–205");
        for number in 12..255 {
            children.push(enrolled(&desk, &house, number).await);
        }
        desk.get("/children").await.assert_contains("在册 255");
        desk.get("/class-sessions/new").await.assert_contains("只辅导作业，不上新课");
        let (mut turns, mut times) = (children.chunks(12).cycle(), 0);
        // Wednesdays, Fridays and Saturdays, in spring and in autumn, each term planned when it comes.
        for (now, days, last) in [
            ("2026-03-03T09:00:00+08:00", ["2026-03-04", "2026-03-06", "2026-03-07"], "2026-08-29"),
            ("2026-08-31T09:00:00+08:00", ["2026-09-02", "2026-09-04", "2026-09-05"], "2026-11-14"),
        ] {
            at(&app, now);
            let desk = staff(&app).await;
            for (first, (kind, theme)) in days.into_iter().zip([("homework", ""), ("crafts", "剪窗花"), ("classics", "声律启蒙")]) {
                let term = [
                    ("estate", home_id.as_str()), ("place", "社区活动室"), ("kind", kind), ("theme", theme), ("day", first), ("from", "16:00"), ("until", "17:30"),
                    ("capacity", "20"), ("repeat", "week"), ("repeat_until", last),
                ];
                let page = desk.post("/class-sessions", &term).await;
                page.assert_ok().assert_contains("一共");
                for who in &keepers {
                    desk.post(&format!("{}/keepers", page.url), &[("who", who), ("following", "yes")]).await.assert_ok().assert_contains("排上了");
                }
                let some: Vec<(&str, &str)> = turns.next().unwrap().iter().map(|id| ("child", id.as_str())).collect();
                desk.post(&format!("{}/children", page.url), &[&some[..], &[("following", "yes")]].concat()).await.assert_ok();
            }
            times += held_to_the_last(&app, &desk).await;
        }
        at(&app, "2026-11-23T09:00:00+08:00");
        let desk = staff(&app).await;
        let report = desk.get("/reports/topics/classes?from=2026-03-01&to=2026-11-22").await;
        let held = gauge(&report, "场次");
        assert!(held > 100 && held == times + 1, "{held}");
        assert_eq!(gauge(&report, "人次"), times + 12);
        assert_eq!(gauge(&report, "作业辅导") + gauge(&report, "手工制作") + gauge(&report, "诵读经典"), held);
        assert!(["作业辅导", "手工制作", "诵读经典"].iter().all(|kind| gauge(&report, kind) > 30));
        assert_eq!(figure(&report, "现在在册的孩子"), "255");

        // What the volunteers have done goes to whoever is above, and what they were given hangs on the board.
        told.step("207–213");
        let file = desk.download_by_form("/reports/topics/classes/workbooks?from=2026-03-01&to=2026-11-22", &[]).await;
        assert!(file.starts_with(b"PK"), "a workbook");
        desk.get("/reports/topics/volunteering/paper?from=2026-03-01&to=2026-11-22").await.assert_ok();
        let honour = [
            ("title", "获评最美志愿服务社区"), ("text", "社区获得省里 2022 年度学雷锋志愿服务最美志愿服务社区的荣誉。"), ("days", "30"),
        ];
        desk.post_files("/publications", &honour, &[]).await.assert_ok().assert_contains("已登在公示栏");
        let board = format!("/board/{}", app.home.code);
        app.browser().get(&board).await.assert_contains("获评最美志愿服务社区");
        // Of a person only who agrees to it.
        let volunteer = format!("/volunteers/{}", keepers[0].trim_start_matches("volunteer:"));
        let given = [("honour", "优秀志愿者"), ("given_by", "城北街道"), ("honoured_on", "2026-11-20")];
        desk.post(&format!("{volunteer}/honours"), &given).await.assert_ok().assert_contains("已登记表彰");
        app.browser().get(&format!("{board}/honours")).await.assert_ok().assert_lacks("优秀志愿者");
        let shown = act(&desk, &volunteer, "links", &[]).await;
        let link = format!("/volunteering/{}", shown.between_all("/volunteering/", "<").next().unwrap());
        app.browser().post(&format!("{link}/honours"), &[("agrees", "yes")]).await.assert_ok();
        app.browser().get(&format!("{board}/honours")).await.assert_contains("优秀志愿者").assert_contains("张爱莲");
        told.end();
    }
}
