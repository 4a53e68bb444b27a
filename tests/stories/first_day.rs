//! The first day of term: the bureau enters a school, makes the week's roster, an officer falls ill at ten to seven, somebody from standby is on post
//! before the bell, and the week is printed. Every step is taken as whoever takes it does.

use doorstep::access::{self, Act, OrganisationKind, Reach, Role, TenantKind};
use uuid::Uuid;

use crate::support::{Browser, Community, Page, TestApp};

fn at(app: &TestApp, moment: &str) {
    app.means.clock.set(moment.parse::<jiff::Timestamp>().unwrap());
}

/// The bureau with a station, before anything is guarded.
async fn bureau(app: &TestApp) -> (Community, Uuid) {
    let act = Act::system(app.means.id(), &app.means);
    let mut tx = app.db.begin().await.unwrap();
    let (code, name) = ("141102000000", "离石分局");
    let home = access::create_tenant(&mut tx, &act, TenantKind::Police, code, name).await.unwrap();
    let kind = OrganisationKind::PoliceUnit;
    let station = access::create_organisation(&mut tx, &act, Some(home), kind, "田家会派出所", None).await.unwrap();
    tx.commit().await.unwrap();
    (Community { tenant: act.tenant, code: code.to_owned(), name: name.to_owned(), organisation: home }, station)
}

/// The last part of an address.
fn id(page: &Page) -> String {
    page.url.rsplit('/').next().unwrap().to_owned()
}

/// The chief gives somebody a new link and reads it from the page; what they open on their phone.
async fn link(chief: &Browser, path: &str) -> String {
    let page = chief.post(&format!("{path}/link"), &[]).await;
    let address = page.between_all("id=\"own-link\">", "<").next().unwrap().to_owned();
    let at = address.find("/duty-").unwrap();
    address[at..].to_owned()
}

/// The first form of a page whose address has this in it.
fn form(page: &Page, part: &str) -> String {
    page.between_all("action=\"", "\"")
        .find(|action| action.contains(part))
        .unwrap_or_else(|| panic!("{part}\n{}", page.body))
        .to_owned()
}

/// The page of the one shift that somebody has that day, by their own link.
fn own_shift(page: &Page) -> String {
    form(page, "/shifts/")
}

db_test! {
    async fn an_officer_is_ill_at_ten_to_seven_on_the_first_day_of_term(app: TestApp) {
        // A week before the term the chief enters everything.
        at(&app, "2026-08-25T09:00:00+08:00");
        let (community, station) = bureau(&app).await;
        let chief = app.person(Role::DutyChief).of_community(&community).browser().await;
        let unit = station.to_string();
        let term = [("name", "2026年秋季学期"), ("first", "2026-09-01"), ("last", "2026-12-31")];
        chief.post("/duty-terms", &term).await.assert_ok().assert_contains("2026年秋季学期");
        let school = [("name", "田家会小学"), ("station", unit.as_str()), ("stage", "primary"), ("phone", "0358-0000110"), ("contact_name", "高瑞芹"), ("contact_phone", "13800002222")];
        let school = chief.post("/duty-schools", &school).await;
        school.assert_ok();
        let gate = [("kind", "gate"), ("name", "东门"), ("duty", "看护学生过马路"), ("seats", "1"), ("officers", "1")];
        let page = chief.post(&format!("{}/gates", school.url), &gate).await;
        page.assert_ok();
        let post = page.link("/duty-gates/0").trim_start_matches("/duty-gates/").to_owned();
        // Bells at 7:40 and 8:00: somebody stands there from 7:10 to 8:20.
        let slot = [("peak", "morning_in"), ("bells", "7:40 一二年级\n8:00 三四年级"), ("on_days", "every"), ("early", "30"), ("stay", "20"), ("gate", post.as_str())];
        chief.post(&format!("{}/slots", school.url), &slot).await.assert_ok().assert_contains("07:10–08:20");
        let minutes = format!("minutes-{}", id(&school));
        let mut people = Vec::new();
        for (name, reach, standby) in [("冯志强", "5", ""), ("任建平", "6", "yes"), ("薛改珍", "9", "yes")] {
            let person = [("name", name), ("unit", unit.as_str()), ("kind", "officer"), ("phone", "13800001111"), ("daily", "2"), ("weekly", "5"), ("standby", standby)];
            let page = chief.post("/duty-people", &person).await;
            chief.post(&format!("{}/reaches", page.url), &[(minutes.as_str(), reach)]).await.assert_ok();
            people.push(page.url.clone());
        }
        // The week has no officer yet: 70 minutes are open on each of four school days.
        let week = "/duty/coverage?day=2026-09-01&span=week";
        chief.get(week).await.assert_ok().assert_contains("4 处有空当，一共 280 分钟");
        let draft = chief.post("/duty-rosters", &[("first", "2026-09-01"), ("last", "2026-09-04"), ("seed", "1")]).await;
        draft.assert_ok().assert_contains("每人几班");
        let version = draft.input("version");
        chief.post(&format!("{}/publication", draft.url), &[("version", version.as_str())]).await.assert_ok();
        chief.get(week).await.assert_contains("没有空当");

        // The evening before, whoever stands there in the morning opens their own page and confirms. The nearest without standby may be anybody: the
        // page of the day names them.
        at(&app, "2026-08-31T19:00:00+08:00");
        let chief = app.person(Role::DutyChief).of_community(&community).browser().await;
        let day = chief.get("/duty?day=2026-09-01").await;
        let names = ["冯志强", "任建平", "薛改珍"];
        let ill = names.iter().position(|name| day.contains(name)).expect("somebody is down");
        let phone = app.browser();
        let own = link(&chief, &people[ill]).await;
        let step = own_shift(&phone.get(&own).await);
        phone.post(&step, &[("step", "confirm")]).await.assert_ok().assert_contains("已确认");
        let watch = link(&chief, &school.url).await;
        let guest = app.browser();
        guest.get(&watch).await.assert_ok().assert_contains("东门 ✓ 已安排").assert_lacks("冯志强").assert_lacks("07:10");

        // Ten to seven: twenty minutes are left until the post is to be kept, fifty until the first bell.
        at(&app, "2026-09-01T06:50:00+08:00");
        let chief = app.person(Role::DutyChief).of_community(&community).browser().await;
        phone.post(&step, &[("step", "absent"), ("why", "身体不适")]).await.assert_ok().assert_contains("缺岗");
        chief.get("/duty").await.assert_contains("缺岗").assert_contains("有 70 分钟没有人");
        chief.get(week).await.assert_contains("1 处有空当，一共 70 分钟");
        // Two minutes later the nearest of those on standby accepts.
        at(&app, "2026-09-01T06:52:00+08:00");
        let mut called = None;
        for (at, path) in people.iter().enumerate().filter(|(at, _)| *at != ill) {
            let link = link(&chief, path).await;
            let page = app.browser().get(&link).await;
            if page.contains("请您去顶岗") {
                assert!(called.replace((at, link, page)).is_none(), "one at a time");
            }
        }
        let (_, link, page) = called.expect("somebody is called");
        let second = app.browser();
        second.post(&form(&page, "/calls/"), &[("answer", "yes")]).await.assert_ok().assert_contains("请马上出发");
        // Everything is covered again before the post is to be kept.
        chief.get(week).await.assert_contains("没有空当");
        at(&app, "2026-09-01T07:05:00+08:00");
        let step = own_shift(&second.get(&link).await);
        second.post(&step, &[("step", "come"), ("place", "东门岗亭")]).await.assert_ok().assert_contains("签到成功");
        guest.get(&watch).await.assert_contains("护学岗已到岗").assert_lacks("任建平").assert_lacks("薛改珍");
        at(&app, "2026-09-01T07:40:00+08:00");
        let chief = app.person(Role::DutyChief).of_community(&community).browser().await;
        let day = chief.get("/duty").await;
        day.assert_contains("在岗").assert_lacks("没有人或者人不够").assert_contains("顶岗");
        at(&app, "2026-09-01T08:20:00+08:00");
        second.post(&step, &[("step", "handover"), ("words", "停车牌在门卫室")]).await.assert_ok();
        second.post(&step, &[("step", "leave")]).await.assert_ok().assert_contains("签退成功");

        // The week is printed, with no minute open, and names who stood there.
        let staff = app.person(Role::DutyStaff).of_community(&community).of_organisation(station).reaching(Reach::Organisation, station).browser().await;
        let paper = staff.get("/duty/coverage/paper?day=2026-09-01&span=week").await;
        paper.assert_ok().assert_contains("没有空当").assert_contains("9月1日 周二").assert_contains("9月4日 周五").assert_contains("内部使用");
        assert_eq!(paper.body.matches("tag done").count(), 4, "four school days, each of them kept");
        assert_eq!(paper.body.matches("tag late").count(), 0);
        // The Monday before the term is asked about, not guessed.
        paper.assert_contains("不知道");
        let verdict = doorstep::audit::verify(&mut app.db.read().await.unwrap(), community.tenant).await.unwrap();
        assert_eq!(verdict.broken, None);
    }
}
