//! Lines 328 to 360: the posts at the schools on the first day of term, kept by a police bureau, which is a tenant of its own.

use doorstep::access::{self, Act, Reach, Role, TenantKind};
use uuid::Uuid;

use super::{Part, Told, at, figure};
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
        told.end();
    }
}
