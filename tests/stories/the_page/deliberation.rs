//! Lines 218 to 312: a member whom everybody can turn to, the property company that is met every month, and the platform on which all sides
//! talk things over.

use doorstep::access::{Reach, Role};
use doorstep::place;
use doorstep::registry::import::Column;
use jiff::SignedDuration;
use uuid::Uuid;

use super::{
    Part, Told, act, at, bring_in, company, estate, figure, gauge, grid, id_of, organisation, organise, staff, visit,
    worker,
};
use crate::import::Line;
use crate::stories::cast::{photo, step};
use crate::support::{Browser, Page, TestApp};

/// A building 13 and a storey 13, a dozen homes, two more in another estate, and people who are made up.
fn homes() -> Vec<Line> {
    let home = |n: usize| {
        let (building, room) = if n < 4 { ("13号楼", n + 101) } else { ("5号楼", 1301 - 100 * (n % 4) + n / 4) };
        let name = format!("住户{}", ["甲", "乙", "丙", "丁", "戊", "己", "庚", "辛", "壬", "癸", "子", "丑"][n]);
        [
            (Column::Estate, "王府名苑小区".to_owned()),
            (Column::Building, building.to_owned()),
            (Column::Unit, "1单元".to_owned()),
            (Column::Room, room.to_string()),
            (Column::Head, name.clone()),
            (Column::Relation, "户主".to_owned()),
            (Column::Name, name),
            (Column::Birth, format!("19{}-03-07", 60 + n)),
        ]
        .to_vec()
    };
    let yard = |n: usize| {
        let name = format!("家属院住户{}", ["甲", "乙"][n]);
        [
            (Column::Estate, "水保所家属院".to_owned()),
            (Column::Building, "1号楼".to_owned()),
            (Column::Unit, "1单元".to_owned()),
            (Column::Room, (n + 101).to_string()),
            (Column::Head, name.clone()),
            (Column::Relation, "户主".to_owned()),
            (Column::Name, name),
            (Column::Birth, format!("19{}-05-11", 50 + n)),
        ]
        .to_vec()
    };
    (0..12).map(home).chain((0..2).map(yard)).collect()
}

/// What residents tell of, and whether a property company is there for it: written out here, and not asked of the program, which is to come
/// to the same share by itself.
const TOLD: [(&str, &str, bool); 9] = [
    ("lift", "电梯停电就不走", true),
    ("parking", "车没有地方停", true),
    ("cleaning", "楼道没人打扫", true),
    ("lighting", "院里路灯不亮", true),
    ("greening", "树挡住了窗户", true),
    ("access_control", "单元门禁坏了", true),
    ("noise", "半夜有人唱歌", false),
    ("health", "老人想量血压", false),
    ("neighbour", "邻居占了楼道", false),
];

/// Whoever has a part in it; they sign in anew as days go by.
struct Estate<'a> {
    app: &'a TestApp,
    home: Uuid,
    company: Uuid,
    branch: Uuid,
    grid: Uuid,
    /// Where the label in a stairwell leads.
    stairwell: String,
}

impl Estate<'_> {
    async fn branch(&self) -> Browser {
        let person = self.app.person(Role::BranchSecretary).named("支部书记").of_organisation(self.branch);
        person.reaching(Reach::Estate, self.home).browser().await
    }

    async fn manager(&self) -> Browser {
        let person = self.app.person(Role::PropertyManager).of_organisation(self.company);
        person.reaching(Reach::Organisation, self.company).browser().await
    }

    async fn worker(&self) -> Browser {
        self.app.browser_of(&worker(self.app, self.grid, "网格员").await).await
    }

    /// A resident tells of something by the code in their stairwell. Gives the receipt and the id of the issue.
    async fn told(&self, category: &str, words: &str) -> (String, String) {
        let fields = [("category", category), ("description", words), ("phone", "13800001111")];
        let resident = self.app.browser();
        let filed = resident.post_files(&self.stairwell, &fields, &[]).await;
        filed.assert_ok().assert_contains("收到了");
        let receipt = filed.url.trim_end_matches("/filed").to_owned();
        (receipt, self.found(words).await)
    }

    /// The id of the issue in which somebody has said that.
    async fn found(&self, words: &str) -> String {
        let query: String = form_urlencoded::byte_serialize(words.as_bytes()).collect();
        let found = staff(self.app).await.get(&format!("/issues?q={query}")).await.link("/issues/0");
        found.rsplit('/').next().unwrap().to_owned()
    }

    /// Plans a meeting of the estate for today. Gives its path.
    async fn planned(&self, branch: &Browser, kind: &str, items: &[&str], topics: &str) -> String {
        let soon = (self.app.means.now() + SignedDuration::from_mins(10)).to_zoned_datetime(calendar::shanghai());
        let (home, day, time) = (self.home.to_string(), soon.date().to_string(), soon.strftime("%H:%M").to_string());
        let mut fields = vec![
            ("kind", kind),
            ("estate", home.as_str()),
            ("day", day.as_str()),
            ("time", time.as_str()),
            ("place", "小区党群服务站"),
            ("host", "支部书记"),
            ("topics", topics),
        ];
        fields.extend(items.iter().map(|item| ("item", *item)));
        let page = branch.post("/meetings", &fields).await;
        page.assert_ok().assert_contains("会议已建好");
        page.url.clone()
    }

    /// A meeting with the property company to which all three sides come: what they agree on is the company's to do until a day.
    async fn met(&self, branch: &Browser, meeting: &str, words: &str, due: &str) {
        act(branch, meeting, "session", &[]).await.assert_ok();
        let sides = [("物业经理", "property"), ("党员户代表", "member"), ("居民代表", "resident")];
        self.came(branch, meeting, &sides).await;
        let item = branch.get(meeting).await.link_called("记结果");
        let company = self.company.to_string();
        let agreed = [("decision", "agree"), ("resolution", words), ("organisation", company.as_str()), ("due", due)];
        branch.post(&item, &agreed).await.assert_ok().assert_contains("形成决议");
        act(branch, meeting, "end", &[("remarks", "")]).await.assert_ok();
    }

    async fn came(&self, branch: &Browser, meeting: &str, people: &[(&str, &str)]) {
        for (name, side) in people {
            let fields = [("name", *name), ("side", *side)];
            branch.post(&format!("{meeting}/attendances"), &fields).await.assert_ok().assert_contains(name);
        }
    }

    /// The first item is voted on and given to somebody.
    async fn resolved(&self, branch: &Browser, meeting: &str, yes: &str, words: &str, owner: Uuid) -> Page {
        let item = branch.get(meeting).await.link_called("记结果");
        let owner = owner.to_string();
        let fields = [
            ("decision", "vote"),
            ("discussion", "各方都说了"),
            ("yes", yes),
            ("no", "0"),
            ("abstain", "0"),
            ("resolution", words),
            ("organisation", owner.as_str()),
            ("due", "2026-12-20"),
        ];
        let page = branch.post(&item, &fields).await;
        page.assert_ok().assert_contains("形成决议");
        page
    }
}

/// What somebody does at the company: it is done, with a photo of it.
async fn handled(manager: &Browser, id: &str, words: &str) {
    let version = manager.get(&format!("/issues/{id}")).await.input("version");
    let fields = [("version", version.as_str()), ("result_words", words)];
    let page =
        manager.post_files(&format!("/issues/{id}/result"), &fields, &[("result_photos", "done.jpg", &photo())]).await;
    page.assert_ok().assert_contains("结果和照片已提交");
}

/// On the board, asked about at the door, struck off, and told to the branch.
async fn finished(estate: &Estate<'_>, id: &str, words: &str) {
    let desk = staff(estate.app).await;
    let photo = desk.get(&format!("/issues/{id}")).await.input("photo");
    step(&desk, id, "publications", &[("publication_text", words), ("photo", &photo)])
        .await
        .assert_ok()
        .assert_contains("已公示");
    let worker = estate.worker().await;
    let version = worker.get(&format!("/issues/{id}/survey")).await.assert_ok().input("version");
    let answer = [("version", version.as_str()), ("respondent", "reporter"), ("solved", "yes"), ("score", "5")];
    worker.post(&format!("/issues/{id}/surveys"), &answer).await.assert_ok();
    step(&desk, id, "closure", &[]).await.assert_ok().assert_contains("已销号");
    step(&estate.branch().await, id, "acknowledgements", &[]).await.assert_ok().assert_contains("支部阅知");
}

db_test! {
    async fn the_flag_at_the_door(app: TestApp) {
        let mut told = Told::of(Part::Deliberation);
        at(&app, "2026-10-26T09:00:00+08:00");
        bring_in(&app, homes()).await;
        let home = estate(&app, "王府名苑小区").await;
        let home_id = home.to_string();
        let serves = company(&app, "安心物业").await;
        let first = grid(&app, home, "141102004999001", "第一网格").await;
        let desk = staff(&app).await;
        let serves_id = serves.to_string();
        desk.post(&format!("/estates/{home}/particulars"), &[("station_address", "5号楼一层"), ("property_company", &serves_id)]).await.assert_ok();
        let branch_path = organise(&desk, "party_branch", "王府名苑小区党支部", &[("estate", home_id.as_str()), ("founded_on", "2020")]).await;
        let own = organisation(&app, "王府名苑小区党支部").await;
        let mut tx = app.db.read().await.unwrap();
        let buildings = place::buildings(&mut tx, app.home.tenant, home).await.unwrap();
        let unit = place::units(&mut tx, app.home.tenant, buildings[0].id).await.unwrap().remove(0);
        drop(tx);
        let stairwell = format!("/r/{}", unit.place_code);
        let place = Estate { app: &app, home, company: serves, branch: own, grid: first, stairwell };
        // Another estate, with a branch of its own.
        let yard = estate(&app, "水保所家属院").await;
        let yard_id = yard.to_string();
        let second = grid(&app, yard, "141102004999002", "第二网格").await;
        desk.post(&format!("/estates/{yard}/particulars"), &[("station_address", "1号楼一层"), ("property_company", &serves_id)]).await.assert_ok();
        organise(&desk, "party_branch", "水保所家属院党支部", &[("estate", yard_id.as_str())]).await;
        let of_yard = organisation(&app, "水保所家属院党支部").await;
        let mut tx = app.db.read().await.unwrap();
        let of_building = place::buildings(&mut tx, app.home.tenant, yard).await.unwrap()[0].id;
        let unit = place::units(&mut tx, app.home.tenant, of_building).await.unwrap().remove(0);
        drop(tx);
        let stairwell = format!("/r/{}", unit.place_code);
        let other = Estate { app: &app, home: yard, company: serves, branch: of_yard, grid: second, stairwell };
        let board = format!("/board/{}/estates/{home}", app.home.code);

        // Who has agreed to it stands on the board, and anybody can turn to them.
        told.step("218");
        let member = [("name", "老战友"), ("joined_on", "1985.7"), ("status", "formal"), ("link", "here")];
        let member = desk.post(&format!("{branch_path}/members"), &member).await.assert_ok().url.clone();
        let members = format!("{board}/members");
        app.browser().get(&members).await.assert_contains("还没有党员亮身份");
        desk.post(&format!("{member}/consent"), &[("how", "signed"), ("consent_on", "2026-10-26")]).await.assert_ok().assert_contains("已亮身份");
        app.browser().get(&board).await.assert_contains("我是党员，大伙有事来找我");
        app.browser().get(&members).await.assert_contains("老战友").assert_contains("找他帮忙");

        // Two neighbours and a sewer: nobody guesses which “13楼” it is, and a member brings them together.
        told.step("220–236");
        let asked = desk.post("/residents/search", &[("q", "13楼")]).await;
        asked.assert_contains("value=\"13号楼\"").assert_contains("value=\"13层\"");
        let ask = format!("{members}/{}/help", member.rsplit('/').next().unwrap());
        let said = [
            ("description", "下水主管道堵了，污水溢到楼下，几家说不拢谁来清"), ("category", "drainage"), ("name", "楼下邻居"), ("phone", "13800001111"),
            ("shares", "yes"),
        ];
        let receipt = app.browser().post_files(&ask, &said, &[]).await.assert_ok().url.trim_end_matches("/filed").to_owned();
        let branch = place.branch().await;
        let word = branch.get("/today").await.assert_contains("转告党员").link("/member-helps/");
        let link = format!("/helps/{}", branch.get(&word).await.between_all("/helps/", "<").next().unwrap());
        branch.post(&format!("{word}/word"), &[]).await.assert_ok();
        let veteran = app.browser();
        veteran.get(&link).await.assert_contains("污水溢到楼下").assert_contains("13800001111");
        veteran.post(&format!("{link}/taking"), &[]).await.assert_ok().assert_contains("您接下了");
        veteran.post(&format!("{link}/mediation"), &[]).await.assert_ok().assert_contains("双方同意了才能说和");
        let word = branch.get("/today").await.assert_contains("转同意码").link("/member-helps/");
        let page = branch.get(&word).await;
        let consents: Vec<String> = page.between_all("/consents/", "<").map(|link| format!("/consents/{link}")).collect();
        veteran.post(&format!("{link}/end"), &[("result", "说好了各出一半")]).await.assert_status(422);
        for party in &consents {
            app.browser().post(party, &[("agrees", "yes")]).await.assert_ok();
        }
        veteran.post(&format!("{link}/end"), &[("result", "两家说好了，各出一半，一起清了")]).await.assert_ok().assert_contains("谢谢您");
        let seen = app.browser().get(&receipt).await;
        seen.assert_contains("双方同意由党员调解").assert_contains("待公示").assert_lacks("老战友");

        // What people tell of, by kind: six of ten and more are about the property company.
        told.step("238–240");
        for (category, words, _) in TOLD {
            place.told(category, words).await;
        }
        // The sewer of the two neighbours is one more.
        let of_property = 1 + TOLD.iter().filter(|(_, _, of_property)| *of_property).count();
        assert_eq!((of_property, 1 + TOLD.len()), (7, 10), "more than six of ten");
        let desk = staff(&app).await;
        let report = desk.get("/reports?from=2026-10-01&to=2026-10-31").await;
        assert_eq!(figure(&report, "物业类占比"), "70%");

        // The company is not alone: a committee led by a cadre, an instructor, and a meeting of three sides every month.
        told.step("240–256");
        let committee = [("kind", "property_committee"), ("name", "王府名苑小区物管会"), ("term_began_on", "2025-01-01"), ("term_ends_on", "2027-12-31"), ("estate", home_id.as_str())];
        let branch = place.branch().await;
        let committee = branch.post("/bodies", &committee).await.assert_ok().url.clone();
        let mut last = None;
        for (name, part, post) in [
            ("社区干部", "community", "chair"), ("业主甲", "owner", "vice_chair"), ("业主乙", "owner", "member"), ("业主丙", "owner", "member"),
            ("业主丁", "owner", "member"), ("租户戊", "user", "member"), ("社区专干己", "community", "member"),
        ] {
            last = Some(branch.post(&format!("{committee}/seats"), &[("name", name), ("part", part), ("post", post), ("since", "2025-01-01")]).await);
        }
        last.unwrap().assert_ok().assert_contains("<b>7</b>人").assert_lacks("主任应当是居委会的代表").assert_lacks("还没有主任");
        let instructor = [("name", "老战友"), ("company", serves_id.as_str()), ("estate", home_id.as_str()), ("since", "2026-10-26"), ("duties", "参加联席会议，督促整改")];
        let sent = desk.post("/party/instructors", &instructor).await.assert_ok().url.clone();
        desk.post(&format!("{sent}/notes"), &[("day", "2026-10-26"), ("text", "查看电梯机房")]).await.assert_ok().assert_contains("查看电梯机房");
        branch.get("/meetings/duties").await.assert_contains("物业联席会议").assert_contains("还没开");
        let parking = place.found("车没有地方停").await;
        let grading = [("summary", "停车位不够"), ("category", "parking"), ("tier", "ordinary"), ("remedy", "property")];
        step(&desk, &parking, "acceptance", &grading).await.assert_ok();
        let offered = branch.get(&format!("/meetings/new?estate={home}&kind=joint_meeting")).await;
        offered.assert_contains("停车位不够").assert_contains("checked");
        let item = format!("issue:{parking}");
        let joint = place.planned(&branch, "joint_meeting", &[&item], "").await;
        branch.get(&joint).await.assert_contains("还没有到：居民、党员、物业");
        place.met(&branch, &joint, "物业补画三十个车位", "2026-11-25").await;
        branch.get("/meetings/duties").await.assert_contains("已开，10月26日");
        // The month after they meet again: what is not done yet is on the table by itself, and is looked at once more.
        at(&app, "2026-11-02T09:00:00+08:00");
        let branch = place.branch().await;
        branch.get("/meetings/duties").await.assert_contains("11月").assert_contains("还没开");
        let offered = branch.get(&format!("/meetings/new?estate={home}&kind=joint_meeting")).await;
        offered.assert_contains("上次的决议还没办完").assert_contains("第 2 次上会").assert_contains("停车位不够");
        let joint = place.planned(&branch, "joint_meeting", &[&offered.input("item")], "").await;
        branch.get(&joint).await.assert_contains("停车位不够").assert_contains("第 2 次上会");
        place.met(&branch, &joint, "物业本周补画三十个车位", "2026-11-20").await;
        branch.get("/meetings/duties").await.assert_contains("已开，11月2日");
        branch.get("/meetings/duties?month=2026-10-01").await.assert_contains("已开，10月26日");
        // The other estate has its own. Nobody there hears of the parking.
        let there = other.branch().await;
        let apart = there.get(&format!("/meetings/new?estate={yard}&kind=joint_meeting")).await;
        apart.assert_ok().assert_lacks("停车位不够");
        let paving = other.planned(&there, "joint_meeting", &[], "院里路面坑洼").await;
        other.met(&there, &paving, "物业补平院里的路", "2026-11-30").await;
        // Two months of the one and one of the other, and every time all three sides.
        let report = staff(&app).await.get("/reports/topics/joint_meetings?from=2026-10-01&to=2026-11-30").await;
        assert_eq!((gauge(&report, "已开"), gauge(&report, "各方到齐")), (3, 3));
        // Followed up: it opens the next one until it is done, and then it is closed like any other.
        branch.get(&format!("/meetings/new?estate={home}&kind=joint_meeting")).await.assert_contains("上次的决议还没办完");
        handled(&place.manager().await, &parking, "三十个车位画好了").await;
        finished(&place, &parking, "物业补画了三十个车位。").await;
        let table = branch.get(&branch.get("/meetings/duties").await.link(&format!("/estates/{home}/joint-meetings"))).await;
        table.assert_contains("物业本周补画三十个车位").assert_contains("安心物业").assert_contains("居民 1 人");
        let before = branch.get(&format!("/estates/{home}/joint-meetings?month=2026-10-01")).await;
        before.assert_contains("2026年10月").assert_contains("物业补画三十个车位").assert_contains("居民 1 人");
        at(&app, "2026-12-27T09:00:00+08:00");
        place.branch().await.get("/today").await.assert_contains("该开会").assert_contains("12月物业联席会议还没开");

        // Nobody is sent from one to the other: the branch has it, and each word of it is answered.
        told.step("258–274");
        at(&app, "2026-11-10T09:00:00+08:00");
        let (receipt, id) = place.told("drainage", "水管又漏了三天没人来").await;
        let resident = app.browser();
        resident.get(&receipt).await.assert_contains("待受理");
        let branch = place.branch().await;
        branch.get("/today").await.assert_contains("受理");
        let grading = [("summary", "水管漏水"), ("category", "drainage"), ("tier", "ordinary"), ("remedy", "property"), ("organisation", serves_id.as_str())];
        step(&branch, &id, "acceptance", &grading).await.assert_ok().assert_contains("已受理并派单");
        resident.get(&receipt).await.assert_contains("派给安心物业");
        handled(&place.manager().await, &id, "换了新的阀门").await;
        finished(&place, &id, "物业公司换了阀门。").await;
        let chain = resident.get(&receipt).await;
        for link in ["居民反映", "受理", "派给安心物业", "办结", "结果公示", "满意度测评", "销号", "反馈支部"] {
            chain.assert_contains(link);
        }
        chain.assert_lacks("class=\"hole\"");
        let json: serde_json::Value = resident.get(&format!("/api/v1{receipt}")).await.json();
        assert_eq!(json["state"], "closed");
        let (receipt, id) = place.told("other", "想让社区出钱给我家装修").await;
        step(&place.branch().await, &id, "refusal", &[("refusal_reason", "私人装修不在社区办理的范围里")]).await.assert_ok();
        resident.get(&receipt).await.assert_contains("私人装修不在社区办理的范围里");

        // Five sides at one table, and what they find together is somebody's to do.
        told.step("276–284");
        let branch = place.branch().await;
        let meeting = place.planned(&branch, "deliberation", &[], "电梯双电源").await;
        act(&branch, &meeting, "session", &[]).await.assert_ok();
        let sides = [("物业经理", "property"), ("物管会主任", "committee"), ("网格员某", "grid_worker"), ("党员某", "member"), ("社区干部", "community"), ("居民某", "resident")];
        place.came(&branch, &meeting, &sides).await;
        place.resolved(&branch, &meeting, "6", "电梯接上第二路电源", serves).await;
        act(&branch, &meeting, "end", &[("remarks", "")]).await.assert_ok();
        let lift = branch.get(&meeting).await.link("/issues/0").rsplit('/').next().unwrap().to_owned();
        place.manager().await.get(&format!("/issues/{lift}")).await.assert_contains("电梯接上第二路电源");
        let report = staff(&app).await.get("/reports/topics/deliberations?from=2026-11-01&to=2026-11-30").await;
        report.assert_contains("<b>6</b>到会人次");

        // Four people whom everybody can call.
        told.step("284–288");
        let desk = staff(&app).await;
        let contacts = [("branch_secretary", "支书某"), ("liaison_cadre", "干部某"), ("grid_assistant", "网格某"), ("property_manager", "经理某")];
        for (number, (post, name)) in contacts.into_iter().enumerate() {
            let phone = format!("0358-822120{number}");
            let fields = [("post", post), ("name", name), ("phone", phone.as_str()), ("consent", "yes")];
            desk.post(&format!("/estates/{home}/contacts"), &fields).await.assert_ok();
        }
        let page = app.browser().get(&board).await;
        for words in ["小区党支部书记", "社区包联干部", "网格助理员", "物业负责人", "支书某", "经理某", "0358-8221203"] {
            page.assert_contains(words);
        }
        page.assert_contains("我要反映");

        // The branch goes from building to building and from door to door, and each thing that it hears is an issue.
        told.step("288–294");
        let walker = worker(&app, first, "敲门的网格员").await;
        let branch = place.branch().await;
        let plan = [("title", "敲门行动"), ("until", "2026-11-30"), ("estate", home_id.as_str()), ("organisation", &own.to_string())];
        let page = branch.post("/campaigns", &plan).await;
        page.assert_ok().assert_contains("<b>12</b>户");
        let campaign = id_of(&page);
        branch.post(&format!("{}/opening", page.url), &[("version", &page.input("version"))]).await.assert_ok();
        for building in &buildings {
            let given = [("building", &*building.id.to_string()), ("account", &*walker.id.to_string())];
            branch.post(&format!("/campaigns/{campaign}/assignments"), &given).await.assert_ok();
        }
        let phone = app.browser_of(&walker).await;
        let pack = phone.get("/doors/pack").await.json();
        let doors = pack["doors"].as_array().unwrap();
        assert!(!doors.is_empty());
        let heard = serde_json::json!({ "problems": [{ "category": "lighting", "text": "车棚里没有灯", "photos": [] }] });
        let answer = visit(&app, &phone, &walker, (&campaign, &doors[0]), "home", heard).await;
        let issue = &answer["answer"]["issues"][0];
        app.browser().get(issue["link"].as_str().unwrap()).await.assert_ok().assert_contains("居民反映");
        branch.get(&format!("/campaigns/{campaign}")).await.assert_contains(issue["number"].as_str().unwrap());
        branch.get(&format!("/meetings/new?estate={home}")).await.assert_ok();

        // What is talked about and when hangs on the board; people come, and members are seen to be members.
        told.step("294–302");
        let meeting = place.planned(&branch, "deliberation", &[], "停车位设置\n车棚装灯").await;
        act(&branch, &meeting, "notice", &[("notice", "【说事议事会】欢迎大家来说、来议。")]).await.assert_ok().assert_contains("已登在小区公示栏");
        let entry = app.browser().get(&format!("/board/{}{meeting}", app.home.code)).await;
        entry.assert_contains("停车位设置").assert_contains("车棚装灯").assert_contains("09:10").assert_contains("小区党群服务站");
        for (name, phone, side) in [("来议事的居民", "13800001111", "resident"), ("来议事的党员", "13800002222", "member")] {
            let enrolled = [("name", name), ("phone", phone), ("side", side)];
            app.browser().post(&format!("/board/{}{meeting}/enrolments", app.home.code), &enrolled).await.assert_ok();
        }
        branch.get(&meeting).await.assert_contains("来议事的居民").assert_contains("来议事的党员");
        app.browser().get(&members).await.assert_contains("老战友").assert_lacks("1985");
        let screen = app.browser().get(&format!("{board}/screen")).await;
        screen.assert_ok().assert_contains("说事议事会");
        act(&branch, &meeting, "session", &[]).await.assert_ok();
        place.came(&branch, &meeting, &[("来议事的居民", "resident"), ("来议事的党员", "member"), ("物业经理", "property")]).await;
        place.resolved(&branch, &meeting, "3", "按户数摇号分车位", serves).await;
        place.resolved(&branch, &meeting, "3", "车棚装两盏灯", serves).await;
        act(&branch, &meeting, "end", &[("remarks", "")]).await.assert_ok();

        // Somebody who has not handled it asks at the door whether it is well, and the branch is told.
        told.step("302–304");
        let lamps = place.found("院里路灯不亮").await;
        let grading = [("summary", "院里路灯不亮"), ("category", "lighting"), ("tier", "ordinary"), ("remedy", "property"), ("organisation", serves_id.as_str())];
        step(&place.branch().await, &lamps, "acceptance", &grading).await.assert_ok();
        handled(&place.manager().await, &lamps, "换了六盏新灯").await;
        finished(&place, &lamps, "物业公司换了六盏灯。").await;
        let page = place.branch().await.get(&format!("/issues/{lamps}")).await;
        page.assert_contains("非常满意").assert_contains("小区支部已阅知测评结果");
        let report = staff(&app).await.get("/reports/topics/surveys?from=2026-11-01&to=2026-11-30").await;
        assert_eq!(gauge(&report, "已测评"), 3);

        // More than ten meetings and twenty topics, in both estates.
        told.step("304–312");
        for day in 11..20 {
            at(&app, &format!("2026-11-{day}T18:00:00+08:00"));
            let of = if day % 2 == 0 { &other } else { &place };
            let branch = of.branch().await;
            let meeting = of.planned(&branch, "deliberation", &[], &format!("第{day}日的第一件事\n第{day}日的第二件事")).await;
            act(&branch, &meeting, "session", &[]).await.assert_ok();
            of.came(&branch, &meeting, &[("居民一", "resident"), ("居民二", "resident"), ("居民三", "resident")]).await;
            of.resolved(&branch, &meeting, "3", "照大家说的办", serves).await;
            of.resolved(&branch, &meeting, "3", "也照大家说的办", serves).await;
            act(&branch, &meeting, "end", &[("remarks", "")]).await.assert_ok();
        }
        at(&app, "2026-11-30T09:00:00+08:00");
        let desk = staff(&app).await;
        let asked = "/reports/topics/deliberations?from=2026-07-01&to=2026-11-30";
        let report = desk.get(asked).await;
        report.assert_contains("<h2>各小区</h2>").assert_contains("水保所家属院");
        assert_eq!((gauge(&report, "会议"), gauge(&report, "议题"), gauge(&report, "有决议")), (11, 21, 21));
        // Each estate by itself: five of these, and the two from before; and four.
        for (estate, meetings, topics) in [(&home_id, 7, 13), (&yard_id, 4, 8)] {
            let report = desk.get(&format!("{asked}&estate={estate}")).await;
            assert_eq!((gauge(&report, "会议"), gauge(&report, "议题"), gauge(&report, "有决议")), (meetings, topics, topics));
        }
        let rows = desk.get("/reports/topics/deliberations/rows?from=2026-07-01&to=2026-11-30&figure=items").await;
        rows.assert_contains("电梯双电源").assert_contains("停车位设置");
        told.end();
    }
}
