//! Lines 328 to 360: the posts at the schools on the first day of term, kept by a police bureau, which is a tenant of its own.

use doorstep::access::{self, Act, Reach, Role, TenantKind};
use uuid::Uuid;

use super::{Part, Told, act, at, figure, id_of};
use crate::stories::cast::photo_of;
use crate::support::{Browser, Community, Page, TestApp};

/// The bureau, with a station and a patrol unit that an administrator enters.
struct Bureau<'a> {
    app: &'a TestApp,
    home: Community,
    station: Uuid,
    patrol: Uuid,
}

impl<'a> Bureau<'a> {
    async fn new(app: &'a TestApp) -> Bureau<'a> {
        let act = Act::system(app.means.id(), &app.means);
        let mut tx = app.db.begin().await.unwrap();
        let (code, name) = ("141102000000", "离石分局");
        let organisation = access::create_tenant(&mut tx, &act, TenantKind::Police, code, name).await.unwrap();
        tx.commit().await.unwrap();
        let home = Community { tenant: act.tenant, code: code.to_owned(), name: name.to_owned(), organisation };
        let admin = app.person(Role::SecurityAdmin).of_community(&home).browser().await;
        for name in ["田家会派出所", "巡特警大队"] {
            let unit = [("name", name), ("kind", "police_unit"), ("parent", &*organisation.to_string())];
            admin.post("/organisations", &unit).await.assert_ok().assert_contains(name);
        }
        let known = access::organisations(&mut app.db.read().await.unwrap(), act.tenant).await.unwrap();
        let unit = |name: &str| known.iter().find(|known| known.name == name).unwrap().id;
        Bureau { app, station: unit("田家会派出所"), patrol: unit("巡特警大队"), home }
    }

    async fn chief(&self) -> Browser {
        self.app.person(Role::DutyChief).of_community(&self.home).browser().await
    }

    /// Whoever leads one of its units.
    async fn chief_of(&self, unit: Uuid) -> Browser {
        let person = self.app.person(Role::DutyChief).of_community(&self.home).of_organisation(unit);
        person.reaching(Reach::Organisation, unit).browser().await
    }

    async fn officer(&self, name: &str) -> Browser {
        self.app.person(Role::DutyStaff).of_community(&self.home).named(name).browser().await
    }
}

/// A school with its posts and its two peaks. Gives its path.
async fn school(
    chief: &Browser,
    bureau: &Bureau<'_>,
    name: &str,
    stage: &str,
    gates: [(&str, &str); 2],
    bells: [&str; 2],
) -> String {
    let (station, patrol) = (bureau.station.to_string(), bureau.patrol.to_string());
    let form = [
        ("name", name),
        ("station", station.as_str()),
        ("other", patrol.as_str()),
        ("stage", stage),
        ("phone", "0358-0000110"),
        ("contact_name", "安保干部"),
        ("contact_phone", "13800001111"),
    ];
    let path = chief.post("/duty-schools", &form).await.assert_ok().assert_contains(name).url.clone();
    let mut posts = Vec::new();
    for (name, kind) in gates {
        let gate = [
            ("kind", kind),
            ("name", name),
            ("duty", "看护学生过马路，疏导接送车辆"),
            ("seats", "1"),
            ("officers", "1"),
        ];
        let page = chief.post(&format!("{path}/gates"), &gate).await;
        page.assert_ok().assert_contains(name);
        posts = page.between_all("href=\"/duty-gates/", "\"").filter(|id| id.len() == 36).map(str::to_owned).collect();
    }
    posts.sort_unstable();
    posts.dedup();
    assert_eq!(posts.len(), 2);
    for (peak, bells) in ["morning_in", "evening_out"].into_iter().zip(bells) {
        let mut slot = vec![("peak", peak), ("bells", bells), ("on_days", "every"), ("early", "30"), ("stay", "20")];
        slot.extend(posts.iter().map(|post| ("gate", post.as_str())));
        chief.post(&format!("{path}/slots"), &slot).await.assert_ok();
    }
    path
}

/// Somebody else of a unit, who is at each of the schools within five minutes: their id, and their own page.
async fn another(chief: &Browser, unit: Uuid, name: &str, standby: bool, schools: [&str; 2]) -> (String, String) {
    let unit = unit.to_string();
    let mut form = vec![
        ("name", name),
        ("unit", unit.as_str()),
        ("kind", "patrol"),
        ("phone", "13800001111"),
        ("daily", "2"),
        ("weekly", "10"),
    ];
    if standby {
        form.push(("standby", "yes"));
    }
    let person = chief.post("/duty-people", &form).await.assert_ok().url.clone();
    let minutes = schools.map(|school| (format!("minutes-{}", school.rsplit('/').next().unwrap()), "5"));
    let minutes: Vec<(&str, &str)> = minutes.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    chief.post(&format!("{person}/reaches"), &minutes).await.assert_ok();
    let page = chief.post(&format!("{person}/link"), &[]).await;
    let link = page.between_all("/duty-own/", "<").next().unwrap().to_owned();
    (person.rsplit('/').next().unwrap().to_owned(), format!("/duty-own/{link}"))
}

/// Where somebody sends a form of their own page that does this.
fn action(page: &Page, noun: &str) -> String {
    let found = page.between_all("action=\"", "\"").find(|action| action.contains(noun));
    found.unwrap_or_else(|| panic!("no form for {noun} on {}", page.url)).to_owned()
}

/// What somebody does about a hazard, from the version that its page has.
async fn say(
    browser: &Browser,
    hazard: &str,
    noun: &str,
    fields: &[(&str, &str)],
    files: &[(&str, &str, &[u8])],
) -> Page {
    let version = browser.get(hazard).await.input("version");
    let fields = [&[("version", version.as_str())], fields].concat();
    browser.post_files(&format!("{hazard}/{noun}"), &fields, files).await
}

/// Who comes to the posts of a peak, by their own link, and signs.
async fn signed(app: &TestApp, chief: &Browser, people: &[(&str, String)], day: &str, peak: &str, step: &str) -> usize {
    let page = chief.get(&format!("/duty?day={day}")).await;
    let mut count = 0;
    for card in page.body.split("<section class=\"card brief\">").skip(1).filter(|card| card.contains(peak)) {
        for rest in card.split("href=\"/duty-shifts/").skip(1) {
            let Some(shift) = rest.split('"').next().filter(|id| id.len() == 36) else { continue };
            let (_, own) = people.iter().find(|(name, _)| rest.split("</a>").next().unwrap().contains(*name)).unwrap();
            let phone = app.browser();
            phone.post(&format!("{own}/shifts/{shift}"), &[("step", step)]).await.assert_ok();
            count += 1;
        }
    }
    count
}

db_test! {
    async fn the_first_day_of_term(app: TestApp) {
        let mut told = Told::of(Part::Guard);
        at(&app, "2026-08-25T09:00:00+08:00");
        let bureau = Bureau::new(&app).await;
        let chief = bureau.chief().await;

        // Before the term: schools and posts, peaks and people; each assignment has all four that are to be fixed.
        told.step("328–334");
        let term = [("name", "2026年秋季学期"), ("first", "2026-09-01"), ("last", "2026-12-31")];
        chief.post("/duty-terms", &term).await.assert_ok().assert_contains("2026年秋季学期");
        let gates = [("正门", "gate"), ("校门前路口", "crossing")];
        let primary = school(&chief, &bureau, "田家会小学", "primary", gates, ["7:40 一二年级\n8:00 三四年级", "16:40"]).await;
        let gates = [("东门", "gate"), ("接送区", "pick_up")];
        let junior = school(&chief, &bureau, "田家会中学", "junior", gates, ["7:30", "17:00"]).await;
        let mut people = Vec::new();
        for (name, unit, kind) in [
            ("民警甲", bureau.station, "officer"), ("民警乙", bureau.station, "officer"), ("特警丙", bureau.patrol, "patrol"), ("特警丁", bureau.patrol, "patrol"),
        ] {
            let unit = unit.to_string();
            let form = [("name", name), ("unit", unit.as_str()), ("kind", kind), ("phone", "13800001111"), ("daily", "2"), ("weekly", "10")];
            let person = chief.post("/duty-people", &form).await.assert_ok().url.clone();
            let minutes: Vec<(String, &str)> = [&primary, &junior].map(|school| (format!("minutes-{}", school.rsplit('/').next().unwrap()), "8")).into();
            let minutes: Vec<(&str, &str)> = minutes.iter().map(|(name, value)| (name.as_str(), *value)).collect();
            chief.post(&format!("{person}/reaches"), &minutes).await.assert_ok();
            let page = chief.post(&format!("{person}/link"), &[]).await;
            let link = page.between_all("/duty-own/", "<").next().unwrap().to_owned();
            people.push((name, format!("/duty-own/{link}")));
        }
        let roster = [("first", "2026-09-01"), ("last", "2026-09-04"), ("seed", "1")];
        let page = chief.post("/duty-rosters", &roster).await;
        page.assert_ok().assert_contains("草稿");
        let roster = page.url.clone();
        chief.post(&format!("{roster}/publication"), &[("version", &page.input("version"))]).await.assert_ok();
        let day = chief.get("/duty?day=2026-09-01").await;
        day.assert_contains("所有岗位的每一分钟都排了人").assert_lacks("四定缺");
        let shifts: Vec<&str> = day.between_all("href=\"/duty-shifts/", "\"").filter(|id| id.len() == 36).collect();
        assert_eq!(shifts.len(), 8, "four posts, two peaks");
        for shift in shifts {
            let page = chief.get(&format!("/duty-shifts/{shift}")).await;
            page.assert_contains("四定齐全").assert_contains("✓ 定人").assert_contains("✓ 定岗").assert_contains("✓ 定时").assert_contains("✓ 定责");
        }

        // They are there before the first child, and as long as children come and go; the school sees that they are.
        told.step("334–340");
        let page = chief.post(&format!("{primary}/link"), &[]).await;
        let watch = format!("/duty-watch/{}", page.between_all("/duty-watch/", "<").next().unwrap());
        at(&app, "2026-09-01T06:50:00+08:00");
        app.browser().get(&watch).await.assert_contains("现在没有人在岗");
        let chief = bureau.chief().await;
        assert_eq!(signed(&app, &chief, &people, "2026-09-01", "早入校", "come").await, 4);
        let seen = app.browser().get(&watch).await;
        seen.assert_contains("护学岗已到岗").assert_contains("0358-0000110").assert_lacks("民警甲").assert_lacks("特警丙");
        at(&app, "2026-09-01T08:21:00+08:00");
        signed(&app, &chief, &people, "2026-09-01", "早入校", "leave").await;
        at(&app, "2026-09-01T16:05:00+08:00");
        let chief = bureau.chief().await;
        assert_eq!(signed(&app, &chief, &people, "2026-09-01", "晚放学", "come").await, 4);
        at(&app, "2026-09-01T18:05:00+08:00");
        let chief = bureau.chief().await;
        let day = chief.get("/duty?day=2026-09-01").await;
        assert_eq!((figure(&day, "到岗率"), figure(&day, "见警率")), ("100.0%".to_owned(), "100.0%".to_owned()));

        // The patrol unit stands at peaks too, at every kind of post, and sees the week of the schools that it helps to guard.
        told.step("340–342");
        let patrol = bureau.chief_of(bureau.patrol).await;
        let day = patrol.get("/duty?day=2026-09-02").await;
        for words in ["田家会小学", "田家会中学", "早入校", "晚放学", "正门", "校门前路口", "接送区", "巡特警"] {
            day.assert_contains(words);
        }
        let week = patrol.get("/duty/coverage?day=2026-09-01&span=week").await;
        week.assert_contains("✓").assert_contains("特警丙").assert_contains("特警丁");
        patrol.get("/duty-people").await.assert_contains("特警丙");
        assert!(patrol.download_by_form("/duty/coverage/workbook", &[("day", "2026-09-01"), ("span", "week")]).await.starts_with(b"PK"));
        // What they are and how many is nobody else's business.
        app.person(Role::Secretary).browser().await.get("/duty").await.assert_status(403);

        // Before and after: places of disorder and of crowds, a round over them, and each hazard to its end.
        told.step("342–348");
        at(&app, "2026-09-02T09:00:00+08:00");
        let (chief, officer, other) = (bureau.chief().await, bureau.officer("排查民警").await, bureau.officer("复查民警").await);
        let of_school = primary.rsplit('/').next().unwrap();
        for (kind, name, place, distance) in [("disorder", "后巷棋牌室", "校后巷", "180"), ("crowd", "门前夜市", "正门东侧", "60")] {
            let fields = [("school", of_school), ("kind", kind), ("name", name), ("place", place), ("distance", distance), ("busy", "放学以后")];
            officer.post("/hazard-places", &fields).await.assert_ok().assert_contains(name);
        }
        officer.get("/hazard-places").await.assert_contains("治安复杂地区").assert_contains("人员聚集区");
        let round = officer.post("/hazard-rounds", &[("school", of_school), ("name", "开学季排查"), ("by", "2026-09-04")]).await;
        round.assert_ok().assert_contains("后巷棋牌室").assert_contains("门前夜市");
        let address = round.link("/hazard-rounds/").replace("/answers", "");
        let lines: Vec<String> = round.between_all("name=\"words-", "\"").map(str::to_owned).collect();
        let mut fields = vec![("round_words".to_owned(), "开学第一周".to_owned())];
        for (at, line) in lines.iter().enumerate() {
            let problem = at + 2 >= lines.len();
            fields.push((format!("verdict-{line}"), if problem { "problem" } else { "fine" }.to_owned()));
            fields.push((format!("words-{line}"), if problem { "放学时人多，占了路" } else { "" }.to_owned()));
            fields.push((format!("distance-{line}"), "60".to_owned()));
        }
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        officer.post(&format!("{address}/answers"), &fields).await.assert_ok().assert_contains("2 处隐患进了台账");
        let hazard = officer.get("/hazards").await.link("/hazards/0");
        let account = app.person(Role::DutyStaff).of_community(&bureau.home).named("整改民警").create().await;
        let fixer = app.browser_of(&account).await;
        let of_account = account.id.to_string();
        say(&officer, &hazard, "grade", &[("grade-level", "general"), ("grade-mode", "dated"), ("grade-words", "")], &[]).await.assert_ok();
        let assignment = [
            ("assignment-unit", "田家会派出所"), ("assignment-account", of_account.as_str()), ("assignment-words", "放学时守着"), ("assignment-until", "2026-09-08"),
        ];
        say(&chief, &hazard, "assignment", &assignment, &[]).await.assert_ok();
        fixer.get("/today").await.assert_contains("整改");
        say(&fixer, &hazard, "beginning", &[], &[]).await.assert_ok();
        let after = photo_of(3);
        say(&fixer, &hazard, "completion", &[("completion-words", "搬到便民市场了")], &[("completion-photos", "after.jpg", &after)]).await.assert_ok();
        say(&fixer, &hazard, "recheck", &[("recheck-words", "看过了，很好")], &[]).await.assert_status(422);
        say(&other, &hazard, "recheck", &[("recheck-words", "路面通畅")], &[]).await.assert_ok();
        say(&chief, &hazard, "closure", &[("closure-words", "同意")], &[]).await.assert_ok().assert_contains("已销号");
        assert!(chief.download("/hazards/ledger.xlsx").await.starts_with(b"PK"));
        assert_eq!(figure(&chief.get("/hazards/figures").await, "销号"), "1");

        // The rounds of the streets go on round the school: a route over the places that were found, and how long nobody was at each of them.
        told.step("348–350");
        at(&app, "2026-09-02T10:00:00+08:00");
        let chief = bureau.chief().await;
        let schools = [primary.as_str(), junior.as_str()];
        let (walks, own) = another(&chief, bureau.patrol, "特警戊", false, schools).await;
        let unit = bureau.patrol.to_string();
        let form = [
            ("name", "小学周边"), ("unit", unit.as_str()), ("kind", "school"), ("days", "school"), ("school", of_school), ("from", "07:00"), ("to", "09:00"),
            ("interval", "30"), ("tolerance", "0"),
        ];
        let page = chief.post("/patrol-routes", &form).await;
        let route = page.assert_ok().assert_contains("07:00–09:00").assert_contains("从重点部位里选").url.clone();
        let places: Vec<&str> = page.between_all("name=\"place\" value=\"", "\"").collect();
        assert_eq!(places.len(), 2, "what was entered before the round over the hazards");
        let places: Vec<(&str, &str)> = places.into_iter().map(|id| ("place", id)).collect();
        let page = chief.post(&format!("{route}/places"), &places).await;
        page.assert_ok().assert_contains("加上了 2 个点").assert_contains("后巷棋牌室").assert_contains("门前夜市");
        let points: Vec<String> = page.between_all(&format!("href=\"{route}/points/"), "\"").map(str::to_owned).collect();
        assert_eq!(points.len(), 2);
        let of_route = route.rsplit('/').next().unwrap();
        let form = [("route", of_route), ("day", "2026-09-03"), ("at", "07:00"), ("person", walks.as_str())];
        let page = chief.post("/patrol-rounds", &form).await;
        page.assert_ok().assert_contains("待出发").assert_contains("特警戊").assert_contains("07:00 出发");
        let round = format!("{}/rounds/{}", own.replace("/duty-own/", "/patrol-own/"), id_of(&page));
        let phone = app.browser();
        for (time, point, note) in [
            ("07:20", 0, ""), ("07:25", 1, ""), ("07:50", 0, ""), ("07:55", 1, ""), ("08:20", 0, ""), ("08:35", 1, "路灯坏了两盏"), ("08:50", 0, ""),
        ] {
            at(&app, &format!("2026-09-03T{time}:00+08:00"));
            let check = [("step", "check"), ("point", points[point].as_str()), ("note", note)];
            phone.post(&round, &check).await.assert_ok().assert_contains(&format!("{time} 到过"));
        }
        phone.post(&round, &[("step", "end"), ("words", "下一班多看夜市")]).await.assert_ok().assert_contains("已结束");
        // 20, 30, 30, 30 and 10 minutes at the one, all within thirty; 25, 30, 40 and 25 at the other, of which ten are not: 120 + 110 of 240.
        at(&app, "2026-09-03T10:00:00+08:00");
        let chief = bureau.chief().await;
        chief.get("/patrols").await.assert_contains("路灯坏了两盏");
        let page = chief.get(&format!("{route}/figures?day=2026-09-03&span=day")).await;
        page.assert_ok().assert_contains("✓ 100.0%").assert_contains("✕ 91.6%").assert_contains("230 ÷ 应巡的分钟 240").assert_contains("07:55–08:35 隔了 40 分钟");
        assert_eq!(figure(&page, "不间断率"), "95.8%");
        let span = [("day", "2026-09-03"), ("span", "week")];
        assert!(chief.download_by_form(&format!("{route}/figures/workbook"), &span).await.starts_with(b"PK"));

        // What it is like round a school is written down before anybody decides, and a version of the plan rests on it.
        told.step("352–356");
        let (officer, planner) = (bureau.officer("调研民警").await, bureau.chief_of(bureau.patrol).await);
        let surveys = format!("/hazard-schools/{of_school}/surveys");
        let survey = [("version", "0"), ("students", "学生一千人"), ("guards", "保安两人"), ("reason", "开学前")];
        officer.post(&surveys, &survey).await.assert_ok();
        let (_, reserve_own) = another(&chief, bureau.patrol, "特警己", true, schools).await;
        let form = [("unit", unit.as_str()), ("name", "开学季部署"), ("effective_from", "2026-09-04"), ("reason", "开学初校园周边治安情况复杂")];
        let page = planner.post("/deployment-plans", &form).await;
        page.assert_ok().assert_contains("巡特警大队 第 1 版").assert_contains("田家会小学第 1 版").assert_contains("正门").assert_contains("机动备勤");
        let first = page.url.clone();
        // Nobody approves what they have made.
        act(&planner, &first, "submission", &[]).await.assert_ok().assert_contains("已交批");
        let version = chief.get(&first).await.input("version");
        planner.post(&format!("{first}/approval"), &[("version", version.as_str())]).await.assert_status(422).assert_contains("要由别人批准");
        act(&chief, &first, "approval", &[("approval", "同意")]).await.assert_ok().assert_contains("已批准").assert_contains("：同意");

        // The schools' own security is told when and where, never how many, and says that it knows.
        told.step("356–358");
        planner.get("/today").await.assert_contains("通知学校");
        planner.get(&first).await.assert_contains("有 2 所学校的安保还没有说知道了");
        let page = chief.post(&format!("{junior}/link"), &[]).await;
        let other_watch = format!("/duty-watch/{}", page.between_all("/duty-watch/", "<").next().unwrap());
        let of_first = first.rsplit('/').next().unwrap();
        for (watch, gate) in [(&watch, "正门"), (&other_watch, "东门")] {
            let (security, page) = (app.browser(), watch.replace("/duty-watch/", "/deployment-watch/"));
            let seen = security.get(&page).await;
            seen.assert_ok().assert_contains("2026年9月4日起").assert_contains(gate).assert_contains("早入校").assert_contains("0358-0000110");
            seen.assert_lacks("警力").assert_lacks("备勤").assert_lacks("巡逻");
            let knows = [("plan", of_first), ("name", "安保干部")];
            security.post(&page, &knows).await.assert_ok().assert_contains("警方已经知道您看过了").assert_contains("✓ 知道了");
        }
        planner.get(&first).await.assert_contains("学校都说知道了").assert_contains("安保干部");
        planner.get("/today").await.assert_lacks("通知学校");

        // Another survey, another version: more at the posts, patrols more often, a reserve that moves; and the reserve is called and comes.
        told.step("358–360");
        let survey = [("version", "1"), ("students", "学生一千人"), ("guards", "保安四人，盾牌两面"), ("reason", "勤务调整前")];
        officer.post(&surveys, &survey).await.assert_ok().assert_contains("和上一版不同");
        let form = [("from", of_first), ("name", "开学季部署"), ("effective_from", "2026-09-04"), ("reason", "调研后加人、加密巡逻")];
        let page = planner.post("/deployment-plans", &form).await;
        page.assert_ok().assert_contains("巡特警大队 第 2 版").assert_contains("田家会小学第 2 版");
        let second = page.url.clone();
        let page = planner.get(&format!("{second}/posts")).await;
        let posts: Vec<&str> = page.between_all("name=\"people-", "\"").collect();
        assert_eq!(posts.len(), 8, "four posts, two peaks");
        let posts: Vec<(String, &str)> = posts.into_iter().flat_map(|post| [(format!("people-{post}"), "2"), (format!("police-{post}"), "2")]).collect();
        let posts: Vec<(&str, &str)> = posts.iter().map(|(name, value)| (name.as_str(), *value)).collect();
        act(&planner, &second, "posts", &posts).await.assert_ok().assert_contains("岗位已改好").assert_contains("2 人");
        let simple = of_route.replace('-', "");
        let patrols = ["people", "vehicles", "interval"].map(|what| format!("{what}-{simple}"));
        let patrols = [(patrols[0].as_str(), "2"), (patrols[1].as_str(), "1"), (patrols[2].as_str(), "20")];
        let page = act(&planner, &second, "patrols", &patrols).await;
        page.assert_ok().assert_contains("2 人、1 辆车，07:00–09:00，间隔 20 分钟");
        let minutes = schools.map(|school| format!("minutes-{}", school.rsplit('/').next().unwrap().replace('-', "")));
        let reserve = [
            ("name", "巡逻车一组"), ("base", "校后巷口"), ("people", "2"), ("response", "5"), (minutes[0].as_str(), "3"), (minutes[1].as_str(), "4"),
        ];
        let page = act(&planner, &second, "reserves", &reserve).await;
        page.assert_ok().assert_contains("巡逻车一组").assert_contains("2 人，在校后巷口");
        let page = planner.get(&format!("{second}/comparison")).await;
        page.assert_ok().assert_contains("多 1 人").assert_contains("巡逻车一组");
        act(&planner, &second, "submission", &[]).await.assert_ok().assert_contains("已交批");
        let page = act(&chief, &second, "approval", &[("approval", "同意")]).await;
        page.assert_ok().assert_contains("已批准").assert_contains("定点守护").assert_contains("动态备勤");
        let words = crate::support::office::words(&planner.download(&format!("{second}/plan.docx")).await);
        assert!(words.contains("定点守护") && words.contains("动态备勤"), "{words}");

        at(&app, "2026-09-04T06:50:00+08:00");
        let (chief, planner) = (bureau.chief().await, bureau.chief_of(bureau.patrol).await);
        planner.get(&second).await.assert_contains("现在执行的就是这一版");
        let day = chief.get("/duty?day=2026-09-04").await;
        let card = day.body.split("<section class=\"card brief\">").skip(1).find(|card| card.contains("早入校")).unwrap();
        let mut shifts = card.split("href=\"/duty-shifts/").skip(1).filter(|rest| rest.split('"').next().unwrap().len() == 36);
        // Whoever comes within minutes is there when it begins.
        let start = &card.split("class=\"num\">").nth(1).unwrap()[..5];
        let rest = shifts.next().unwrap();
        let shift = rest.split('"').next().unwrap();
        let (_, ill) = people.iter().find(|(name, _)| rest.split("</a>").next().unwrap().contains(*name)).unwrap();
        let absent = [("step", "absent"), ("why", "夜里发烧")];
        app.browser().post(&format!("{ill}/shifts/{shift}"), &absent).await.assert_ok().assert_contains("马上叫备勤的人");
        chief.get("/today").await.assert_contains("盯备勤");
        let page = phone.get(&reserve_own).await;
        page.assert_contains("请您去顶岗");
        at(&app, "2026-09-04T06:52:00+08:00");
        phone.post(&action(&page, "/calls/"), &[("answer", "yes")]).await.assert_ok().assert_contains(&format!("最晚 {start} 到岗"));
        chief.get("/duty?day=2026-09-04").await.assert_contains(&format!("正在赶来，最晚 {start}"));
        at(&app, "2026-09-04T06:57:00+08:00");
        let come = action(&phone.get(&reserve_own).await, "/shifts/");
        phone.post(&come, &[("step", "come")]).await.assert_ok().assert_contains("06:57 签到");
        chief.get(&format!("/duty-shifts/{shift}")).await.assert_contains("由特警己顶岗").assert_contains("夜里发烧");
        told.end();
    }
}
