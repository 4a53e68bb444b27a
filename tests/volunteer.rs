//! Volunteers and their teams: nobody is on the roll without having agreed, and of whoever does not agree nothing is kept.

use doorstep::access::{Reach, Role};
use doorstep::place::Settler;
use doorstep::registry::enrol::{NewResident, enrol};
use doorstep::volunteer::{
    self, Field, NewVolunteer, Outcome, Place, Post, Sketch, State, Target, TeamKind, Values, Way,
};
use doorstep::workbook::{self, Cell, Table};
use doorstep::{audit, upkeep};
use jiff::civil::date;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use doorstep::error::Error;

use crate::stories::cast::{Estate, estate};
use crate::support::{Browser, Page, TestApp};
use crate::volunteer_activity::{plan, planned, sign_up};

pub fn at(app: &TestApp, moment: &str) {
    app.means.clock.set(moment.parse::<Timestamp>().unwrap());
}

pub async fn team(app: &TestApp, name: &str, estates: &[Uuid], targets: &[Target]) -> Uuid {
    let sketch = Sketch {
        name: name.to_owned(),
        named: true,
        kind: TeamKind::General,
        slogan: String::new(),
        founded_on: None,
        ended_on: None,
        estates: estates.to_vec(),
        targets: targets.to_vec(),
    };
    let mut tx = app.db.begin().await.unwrap();
    let id = volunteer::create_team(&mut tx, &app.act(), &sketch).await.unwrap();
    tx.commit().await.unwrap();
    id
}

/// Somebody who has applied and been confirmed, with the link of their own page.
pub async fn volunteer(app: &TestApp, name: &str, team: Uuid, post: Post) -> (Uuid, String) {
    let act = app.act();
    let values = Values::from([
        (Field::Name, name.to_owned()),
        (Field::Sex, "1".to_owned()),
        (Field::Birth, "1990-03-07".to_owned()),
        (Field::Phone, "13800001234".to_owned()),
    ]);
    let new = NewVolunteer { way: Way::Applied, values, team: None, estate: None, recommender: None, guardian: None };
    let mut tx = app.db.begin().await.unwrap();
    let card = volunteer::apply(&mut tx, &act, new).await.unwrap();
    volunteer::confirm(&mut tx, &act, &card).await.unwrap();
    volunteer::join(&mut tx, &act, team, card.id, post, Way::Applied, date(2026, 11, 1)).await.unwrap();
    tx.commit().await.unwrap();
    (card.id, format!("/volunteering/{}", card.link(act.tenant, &app.means.keys)))
}

async fn version(browser: &Browser, id: &str) -> String {
    browser.get(&format!("/volunteers/{id}")).await.input("version")
}

/// A step of the community on somebody.
pub async fn step(browser: &Browser, id: &str, step: &str, fields: &[(&str, &str)]) -> Page {
    let version = version(browser, id).await;
    let fields = [&[("version", version.as_str())], fields].concat();
    browser.post(&format!("/volunteers/{id}/{step}"), &fields).await
}

async fn state(app: &TestApp, id: Uuid) -> (State, String) {
    let card = volunteer::card(&mut app.db.read().await.unwrap(), &app.act(), id).await.unwrap();
    (card.state, card.name().to_owned())
}

async fn desk(app: &TestApp) -> (Estate, Browser) {
    at(app, "2026-11-27T09:00:00+08:00");
    (estate(app).await, app.person(Role::Staff).browser().await)
}

/// The link that staff see once.
fn link_of(page: &Page) -> String {
    let link = page.assert_ok().assert_contains("只显示这一次").between_all("/volunteering/", "<").next().unwrap();
    format!("/volunteering/{link}")
}

fn id_of(page: &Page) -> String {
    page.url.rsplit('/').next().unwrap().to_owned()
}

db_test! {
    async fn somebody_applies_on_the_board_and_follows_by_a_link(app: TestApp) {
        let (place, staff) = desk(&app).await;
        let team = team(&app, "雷锋大妈志愿服务队", &[place.estate], &[Target::Elderly]).await.to_string();
        let board = format!("/board/{}", app.home.code);
        let resident = app.browser();
        resident.get(&format!("{board}/teams")).await.assert_ok().assert_contains("雷锋大妈志愿服务队").assert_contains("老年人");
        let mut form = vec![
            ("name", "刘建军"), ("phone", "13800001234"), ("sex", "1"), ("birth_date", "1990-03-07"), ("team", team.as_str()),
            ("skills", "修水管"), ("source", "retired"),
        ];
        resident.post(&format!("{board}/volunteers"), &form).await.assert_status(422).assert_contains("同意了才能报名").assert_contains("修水管");
        form.push(("agrees", "yes"));
        form[3].1 = "2020-03-07";
        resident.post(&format!("{board}/volunteers"), &form).await.assert_status(422).assert_contains("不满 8 岁");
        form[3].1 = "1990-03-07";
        let own = resident.post(&format!("{board}/volunteers"), &form).await;
        own.assert_ok().assert_contains("等社区确认").assert_contains("138****1234").assert_lacks("13800001234");
        let own = own.url.clone();

        staff.get("/today").await.assert_contains("志愿者报名").assert_lacks("刘建军");
        let id = staff.get("/today").await.link("/volunteers/0").rsplit('/').next().unwrap().to_owned();
        staff.get(&format!("/volunteers/{id}")).await.assert_contains("想参加雷锋大妈志愿服务队").assert_lacks("13800001234");
        step(&staff, &id, "confirmation", &[]).await.assert_ok().assert_contains("成了志愿者");
        let shown = resident.get(&own).await;
        shown.assert_contains("在册").assert_contains("雷锋大妈志愿服务队 · 队员");
        staff.get("/volunteers").await.assert_contains("刘建军").assert_contains("离退休人员");

        // Whoever leads a team is on the board when they agree, and off it at once when they do not any more.
        resident.post(&format!("{own}/contact"), &[("agrees", "yes")]).await.assert_status(422);
        step(&staff, &id, &format!("memberships/{team}/post"), &[("post", "leader")]).await.assert_ok();
        resident.get(&format!("{board}/teams")).await.assert_lacks("刘建军");
        resident.post(&format!("{own}/contact"), &[("agrees", "yes")]).await.assert_ok();
        resident.get(&format!("{board}/teams")).await.assert_contains("刘建军").assert_contains("13800001234");
        resident.post(&format!("{own}/contact"), &[("agrees", "no")]).await.assert_ok();
        resident.get(&format!("{board}/teams")).await.assert_lacks("刘建军");

        // A link in the wrong hands is made void.
        staff.get(&format!("/volunteers/{id}")).await.assert_lacks("/volunteering/");
        let shown = step(&staff, &id, "links", &[]).await;
        resident.get(&own).await.assert_status(404);
        let own = link_of(&shown);
        staff.get(&format!("/volunteers/{id}")).await.assert_contains("换了本人的链接").assert_lacks("/volunteering/");
        resident.post(&format!("{own}/departure"), &[]).await.assert_ok().assert_contains("已经退出");
        staff.get("/volunteers?state=left").await.assert_contains("刘建军");
        staff.get(&format!("/volunteer-teams/{team}")).await.assert_lacks("刘建军");
        let verdict = audit::verify(&mut app.db.read().await.unwrap(), app.home.tenant).await.unwrap();
        assert_eq!(verdict.broken, None);
    }

    async fn nobody_is_registered_who_has_not_agreed(app: TestApp) {
        let (_, staff) = desk(&app).await;
        let recommend = async |name: &str| {
            let form = [("way", "recommended"), ("name", name), ("phone", "13800004321"), ("recommender", "老王")];
            let page = staff.post("/volunteers", &form).await;
            page.assert_ok().assert_contains("等本人同意").assert_lacks("/volunteering/");
            let id = id_of(&page);
            let link = link_of(&step(&staff, &id, "links", &[]).await);
            (id, link)
        };
        staff.post("/volunteers", &[("way", "recommended"), ("name", "王秀兰")]).await.assert_status(422).assert_contains("请填写电话");
        let person = app.browser();

        // She does not agree: nothing is left of her, nor of what was noted about her.
        let (id, link) = recommend("王秀兰").await;
        step(&staff, &id, "confirmation", &[]).await.assert_status(422);
        person.get(&link).await.assert_ok().assert_contains("不同意").assert_contains("登记说明").assert_lacks("13800004321");
        person.post(&format!("{link}/answer"), &[("agrees", "no")]).await.assert_ok().assert_contains("已经删掉");
        let uuid: Uuid = id.parse().unwrap();
        assert_eq!(state(&app, uuid).await, (State::Declined, String::new()));
        let past = audit::history(&mut app.db.read().await.unwrap(), &app.act(), uuid).await.unwrap();
        assert!(past.iter().all(|entry| entry.changes.is_empty()), "{past:?}");
        person.get(&link).await.assert_status(404);
        staff.get("/volunteers?state=invited").await.assert_lacks("王秀兰");

        // He agrees, and writes down what is missing.
        let (id, link) = recommend("刘建军").await;
        let answer = [("agrees", "yes"), ("name", "刘建军"), ("sex", "1"), ("birth_date", "1990-03-07"), ("skills", "量血压")];
        person.post(&format!("{link}/answer"), &answer[..3]).await.assert_status(422).assert_contains("请填写出生日期");
        person.post(&format!("{link}/answer"), &answer).await.assert_ok().assert_contains("等社区确认");
        person.post(&format!("{link}/answer"), &answer).await.assert_status(422).assert_contains("已经答复过了");
        step(&staff, &id, "confirmation", &[]).await.assert_ok();
        assert_eq!(state(&app, id.parse().unwrap()).await, (State::Active, "刘建军".to_owned()));

        // Another signs on paper; the birthday is asked before anybody confirms.
        let (id, _) = recommend("高月英").await;
        step(&staff, &id, "signature", &[]).await.assert_status(422).assert_contains("签字的同意书");
        step(&staff, &id, "signature", &[("signed", "yes")]).await.assert_ok();
        step(&staff, &id, "confirmation", &[]).await.assert_status(422).assert_contains("还不知道出生日期");

        // Of whoever never answers nothing is kept.
        let (id, _) = recommend("薛改珍").await;
        app.means.clock.set(app.means.now() + SignedDuration::from_hours(24 * 31));
        upkeep::once(&app.app).await.unwrap();
        assert_eq!(state(&app, id.parse().unwrap()).await, (State::Declined, String::new()));
    }

    async fn minors_need_a_guardian_and_a_query_ends_after_a_year(app: TestApp) {
        let (_, staff) = desk(&app).await;
        let board = format!("/board/{}/volunteers", app.home.code);
        let mut form = vec![("name", "高子涵"), ("phone", "13800001111"), ("sex", "2"), ("birth_date", "2010-05-01"), ("agrees", "yes")];
        let resident = app.browser();
        resident.post(&board, &form).await.assert_status(422).assert_contains("监护人的姓名和电话");
        form.extend([("guardian_name", "高建国"), ("guardian_relation", "父亲"), ("guardian_phone", "13800002222")]);
        resident.post(&board, &form).await.assert_ok();
        let id = id_of_first(&staff).await;
        step(&staff, &id, "confirmation", &[]).await.assert_status(422).assert_contains("监护人的书面同意");
        step(&staff, &id, "guardian", &[("agreed_on", "2026-12-01")]).await.assert_status(422).assert_contains("还没有到");
        step(&staff, &id, "guardian", &[("agreed_on", "2026-11-27")]).await.assert_ok().assert_contains("2026年11月27日书面同意");
        step(&staff, &id, "confirmation", &[]).await.assert_ok();

        let uuid: Uuid = id.parse().unwrap();
        // A team that is with children wants a query that is good on the day.
        let team = team(&app, "七色阳光志愿服务队", &[], &[Target::Children]).await;
        let on = async |day: &str| planned(&app, team, &plan(&format!("{day}T08:00:00+08:00"), 1)).await;
        let (soon, last, after) = (on("2026-12-05").await, on("2027-11-19").await, on("2027-11-20").await);
        let vetted = async |activity| match sign_up(&app, activity, uuid).await {
            Ok(_) => true,
            Err(Error::Refused(sentence)) if sentence == "这支队陪孩子，要先有有效的从业查询" => false,
            Err(other) => panic!("{other:?}"),
        };
        assert!(!vetted(soon).await, "nobody has asked");
        let query = [("result", Outcome::Passed.code()), ("checked_on", "2026-11-20"), ("proof_no", "查2026-17")];
        staff.post(&format!("/volunteers/{id}/vettings"), &query).await.assert_ok().assert_contains("2027年11月19日到期");
        assert!(vetted(last).await && !vetted(after).await);
        // Somebody else has the place, and while she waits the next query is not passed: the one behind her moves up.
        let people = [volunteer(&app, "刘建军", team, Post::Member).await.0, volunteer(&app, "王秀兰", team, Post::Member).await.0];
        let mut tx = app.db.begin().await.unwrap();
        for person in people {
            let passed = (Outcome::Passed, date(2026, 11, 20));
            volunteer::vet(&mut tx, &app.act(), person, passed, "").await.unwrap();
        }
        tx.commit().await.unwrap();
        for (person, place) in [(people[0], Place::Confirmed), (uuid, Place::Waiting), (people[1], Place::Waiting)] {
            assert_eq!(sign_up(&app, soon, person).await.unwrap(), place);
        }
        app.means.clock.set(app.means.now() + SignedDuration::from_secs(1));
        let failed = [("result", Outcome::Failed.code()), ("checked_on", "2026-11-27")];
        staff.post(&format!("/volunteers/{id}/vettings"), &failed).await.assert_ok().assert_contains("不能安排接触未成年人").assert_contains("报上的 2 个名额已取消");
        for activity in [soon, last] {
            let down = volunteer::sign_up_of(&mut app.db.read().await.unwrap(), app.home.tenant, activity, uuid).await.unwrap().unwrap();
            assert_eq!(down.state, Place::Cancelled, "whoever has not passed goes to no children");
        }
        let mut tx = app.db.begin().await.unwrap();
        assert_eq!(volunteer::give_up(&mut tx, &app.act(), soon, people[0], None).await.unwrap(), Some(people[1]));
        drop(tx);
        let branch = app.person(Role::BranchSecretary).browser().await;
        branch.get(&format!("/volunteers/{id}")).await.assert_ok().assert_lacks("查2026-17");
        branch.post(&format!("/volunteers/{id}/vettings"), &query).await.assert_status(403);
    }

    async fn teams_and_the_grid_with_its_holes(app: TestApp) {
        let (place, staff) = desk(&app).await;
        staff.get("/volunteer-teams").await.assert_contains("还没有服务队").assert_contains("没有队服务老年人、独居老人、残疾人、困难家庭、儿童青少年");
        let estate = place.estate.to_string();
        let form = [("name", "扶危济困志愿服务队"), ("kind", "general"), ("target", "needy"), ("target", "disabled"), ("estate", estate.as_str())];
        let page = staff.post("/volunteer-teams", &form).await;
        page.assert_ok().assert_contains("残疾人、困难家庭").assert_contains("王府名苑小区");
        staff.post("/volunteer-teams", &form).await.assert_status(422).assert_contains("同名的服务队");
        staff.post("/volunteer-teams", &[("name", "好心人 13800001234"), ("kind", "general")]).await.assert_status(422).assert_contains("不要写电话");
        staff.get("/volunteer-teams").await.assert_contains("王府名苑小区：还没有队服务老年人、独居老人、儿童青少年");
        let id = id_of(&page);
        let (first, _) = volunteer(&app, "刘建军", id.parse().unwrap(), Post::Leader).await;
        let (_, _) = volunteer(&app, "王志强", id.parse().unwrap(), Post::Leader).await;
        let shown = staff.get(&format!("/volunteer-teams/{id}")).await;
        assert_eq!(shown.body.matches(">队长<").count(), 1, "one leads it");
        staff.get(&format!("/volunteers/{first}")).await.assert_contains("扶危济困志愿服务队 · 队员");
        staff.get(&format!("/volunteer-teams/{id}/poster")).await.assert_ok().assert_contains("class=\"qr\"");

        let version = staff.get(&format!("/volunteer-teams/{id}/particulars")).await.input("version");
        let changed = [&form[..], &[("version", version.as_str()), ("slogan", "帮一把"), ("ended_on", "2026-11-27")]].concat();
        staff.post(&format!("/volunteer-teams/{id}/particulars"), &changed).await.assert_ok().assert_contains("帮一把");
        staff.post(&format!("/volunteer-teams/{id}/particulars"), &changed).await.assert_status(409);
        app.browser().get(&format!("/board/{}/teams", app.home.code)).await.assert_lacks("扶危济困");

        // Whoever works for another estate sees neither the team nor its people.
        let elsewhere = Uuid::from_u128(7);
        let other = app.person(Role::BranchSecretary).reaching(Reach::Estate, elsewhere).browser().await;
        other.get(&format!("/volunteer-teams/{id}")).await.assert_status(404);
        other.get(&format!("/volunteers/{first}")).await.assert_status(404);
        other.get("/volunteers").await.assert_lacks("刘建军");
        let own = app.person(Role::BranchSecretary).reaching(Reach::Estate, place.estate).browser().await;
        own.get(&format!("/volunteers/{first}")).await.assert_ok();
        own.get("/volunteers").await.assert_contains("刘建军");
    }

    async fn the_roster_comes_in_as_offices_keep_it_and_goes_out_masked(app: TestApp) {
        let (place, staff) = desk(&app).await;
        team(&app, "雷锋大妈志愿服务队", &[place.estate], &[]).await;
        let file = |rows: &[[&str; 7]]| {
            let columns = ["序号", "姓名", "身份证号码", "手机", "所属服务队", "职务", "特长"];
            let columns = columns.iter().map(|heading| ((*heading).to_owned(), 12)).collect();
            let rows = rows.iter().map(|row| row.iter().map(|cell| Cell::Text((*cell).to_owned())).collect()).collect();
            workbook::of_tables(&[Table { name: "花名册".to_owned(), columns, rows }]).unwrap()
        };
        let send = async |agreed: &str, content: &[u8]| {
            staff.post_files("/volunteer-imports", &[("agreed", agreed)], &[("file", "花名册.xlsx", content)]).await
        };
        let rows = [
            ["1", "刘建军", "141199199003070013", "13800001234", "雷锋大妈", "队长", "修水管"],
            ["2", "王秀兰", "", "13800004321", "雷锋大妈", "", ""],
            ["3", "高月英", "1.41E+17", "", "雷锋大妈", "", ""],
            ["4", "薛改珍", "", "", "没有的队", "", ""],
        ];
        send("", &file(&rows)).await.assert_status(422).assert_contains("请选择新登记的人本人同意没有");
        let page = send("yes", &file(&rows)).await;
        page.assert_ok().assert_contains("新登记（本人已书面同意）").assert_contains("要写身份证号").assert_contains("没有“没有的队”");
        staff.get("/volunteers").await.assert_lacks("刘建军");
        let import = page.url.clone();
        staff.post(&format!("{import}/application"), &[]).await.assert_ok().assert_contains("新增 1 人，更新 0 人，没有变化 0 人，退回 3 行");
        staff.post(&format!("{import}/application"), &[]).await.assert_status(422);
        let back = staff.download(&format!("{import}/rejections.xlsx")).await;
        let back = workbook::plain(&back, 100).unwrap();
        assert_eq!(back.rows.len(), 3);

        // The same again changes nothing; those who have not agreed are asked first.
        let again = send("yes", &file(&rows[..1])).await;
        again.assert_ok().assert_contains("没有变化");
        let unasked = ["2", "王秀兰", "141199199003070021", "13800004321", "雷锋大妈", "", "量血压"];
        let asked = send("no", &file(&[unasked])).await;
        asked.assert_ok().assert_contains("记下，等本人同意");
        staff.post(&format!("{}/application", asked.url), &[]).await.assert_ok();
        let link = staff.get("/volunteers?state=invited").await.link("/volunteers/0");
        let kept = volunteer::card(&mut app.db.read().await.unwrap(), &app.act(), link.rsplit('/').next().unwrap().parse().unwrap()).await.unwrap();
        let fields: Vec<Field> = kept.values.into_keys().filter(|field| *field != Field::Sex).collect();
        assert_eq!(fields, [Field::Name, Field::Phone], "nothing else before she has agreed");
        staff.get("/volunteers?state=invited").await.assert_contains("王秀兰");
        staff.get("/volunteers").await.assert_contains("刘建军").assert_lacks("王秀兰");

        let out = staff.download("/volunteers/roster.xlsx").await;
        let out = workbook::plain(&out, 100).unwrap();
        let all: String = out.rows.iter().map(|row| row.cells.join("|")).collect();
        for words in ["刘*军", "141199********", "138****1234", "雷锋大妈志愿服务队", "队长", "2026-11-27"] {
            assert!(all.contains(words), "{words} in {all}");
        }
        assert!(!all.contains("王"), "{all}");
        let branch = app.person(Role::BranchSecretary).browser().await;
        branch.get("/volunteer-imports").await.assert_status(403);
        let part = app.person(Role::Staff).reaching(Reach::Estate, place.estate).browser().await;
        part.get("/volunteer-imports").await.assert_status(403);
    }

    async fn a_roster_takes_no_namesake_for_somebody_else_and_keeps_what_it_says(app: TestApp) {
        let (place, staff) = desk(&app).await;
        let team_id = team(&app, "雷锋大妈志愿服务队", &[place.estate], &[]).await;
        // Born on 1990-03-07, with a phone and without a number.
        let (known, _) = volunteer(&app, "刘建军", team_id, Post::Member).await;
        // Of her nobody knows more than the name and the phone.
        staff.post("/volunteers", &[("way", "recommended"), ("name", "王秀兰"), ("phone", "13800004321")]).await.assert_ok();
        let form = [("name", "高月英"), ("phone", "13800005555"), ("sex", "2"), ("birth_date", "1961-03-07"), ("agrees", "yes")];
        app.browser().post(&format!("/board/{}/volunteers", app.home.code), &form).await.assert_ok();
        let applied = id_of_first(&staff).await;

        let columns = ["姓名", "身份证号", "联系电话", "所属服务队", "队内职务", "注册时间"];
        let send = async |rows: &[[&str; 6]]| {
            let columns = columns.iter().map(|heading| ((*heading).to_owned(), 12)).collect();
            let rows = rows.iter().map(|row| row.iter().map(|cell| Cell::Text((*cell).to_owned())).collect()).collect();
            let content = workbook::of_tables(&[Table { name: "花名册".to_owned(), columns, rows }]).unwrap();
            let page = staff.post_files("/volunteer-imports", &[("agreed", "yes")], &[("file", "花名册.xlsx", &content[..])]).await;
            page.assert_ok();
            page
        };
        let page = send(&[
            ["刘建军", "141199198503070015", "13900000001", "", "", "2024年5月1日"],
            ["刘建军", "141199199003070013", "", "", "", "2020-03-15"],
            ["王秀兰", "141199199003070021", "13900000002", "", "", ""],
            ["高月英", "", "", "雷锋大妈", "队长", ""],
            ["薛改珍", "141199198503070023", "", "", "", "去年"],
        ])
        .await;
        page.assert_contains("看不出是不是同一个人").assert_contains("确认以后加入服务队").assert_lacks("任队长").assert_contains("请写年月日");
        staff.post(&format!("{}/application", page.url), &[]).await.assert_ok().assert_contains("新增 1 人，更新 2 人，没有变化 0 人，退回 2 行");
        let kept = volunteer::card(&mut app.db.read().await.unwrap(), &app.act(), known).await.unwrap();
        assert_eq!((kept.get(Field::Birth), kept.get(Field::Phone)), (Some("1990-03-07"), Some("13800001234")), "a namesake changes nothing");
        assert_eq!((kept.get(Field::Identity), kept.joined_on.as_deref()), (Some("141199199003070013"), Some("2020-03-15")));
        staff.get("/volunteers").await.assert_contains("2024年5月1日注册").assert_contains("2020年3月15日注册");
        step(&staff, &applied, "confirmation", &[]).await.assert_ok().assert_contains("雷锋大妈志愿服务队 · 队员");
        // What has come true changes nothing more.
        send(&[["高月英", "", "", "雷锋大妈", "", ""]]).await.assert_contains("没有变化");
    }

    async fn a_volunteer_is_linked_with_a_resident_by_somebody_who_has_looked(app: TestApp) {
        let (place, staff) = desk(&app).await;
        let team = team(&app, "引领先锋志愿服务队", &[place.estate], &[]).await;
        let (id, _) = volunteer(&app, "刘建军", team, Post::Member).await;
        staff.get(&format!("/volunteers/{id}")).await.assert_lacks("是哪位居民");
        let name = codes::PersonName::parse("刘建军").unwrap();
        let mut tx = app.db.begin().await.unwrap();
        let room = codes::address::parse_room("1302").unwrap();
        let dwelling = Settler::default().settle(&mut tx, &app.act(), "王府名苑小区", "3号楼", "2单元", &room).await.unwrap();
        enrol(&mut tx, &app.act(), dwelling, &name, &NewResident::named(name.clone())).await.unwrap();
        tx.commit().await.unwrap();
        let branch = app.person(Role::BranchSecretary).browser().await;
        branch.get(&format!("/volunteers/{id}")).await.assert_ok().assert_lacks("是哪位居民");
        let shown = staff.get(&format!("/volunteers/{id}")).await;
        shown.assert_contains("是哪位居民").assert_contains("1302");
        let resident = shown.input("resident");
        let id = id.to_string();
        step(&staff, &id, "resident", &[("resident", &Uuid::nil().to_string())]).await.assert_status(404);
        step(&staff, &id, "resident", &[("resident", &resident)]).await.assert_ok().assert_contains("对上了").assert_contains(&format!("/residents/{resident}"));
    }

    async fn numbers_are_shown_to_whoever_says_why(app: TestApp) {
        let (place, staff) = desk(&app).await;
        let team = team(&app, "引领先锋志愿服务队", &[place.estate], &[]).await;
        let (id, _) = volunteer(&app, "刘建军", team, Post::Member).await;
        let reveal = format!("/volunteers/{id}/reveals");
        staff.post(&reveal, &[("field", "phone"), ("reason", "打")]).await.assert_status(422);
        staff.post(&reveal, &[("field", "phone"), ("reason", "通知活动改期")]).await.assert_ok().assert_contains("13800001234");
        staff.post(&reveal, &[("field", "identity"), ("reason", "开服务证明")]).await.assert_status(422);
        let form = staff.get(&format!("/volunteers/{id}/particulars")).await;
        form.assert_lacks("13800001234");
        let version = form.input("version");
        let fields = [("version", version.as_str()), ("name", "刘建军"), ("identity", "141199199003070013"), ("insurance_no", "BX-1")];
        staff.post(&format!("/volunteers/{id}/particulars"), &fields).await.assert_ok().assert_contains("BX-1").assert_contains("138****1234");
        staff.post(&format!("/volunteers/{id}/particulars"), &fields).await.assert_status(409);
    }
}

async fn id_of_first(staff: &Browser) -> String {
    staff.get("/volunteers?state=applied").await.link("/volunteers/0").rsplit('/').next().unwrap().to_owned()
}
