//! Lines 4 to 102: fifty-six members in the station of their estate, and the community that they belong to.

use doorstep::access::{self, Act, Reach, Role, TenantKind};
use doorstep::channel::{self, Kind, NewChannel, Place};
use doorstep::registry::import::Column;
use doorstep::upkeep;
use uuid::Uuid;

use super::{
    Part, Told, act, at, bring_in, company, estate, figure, gauge, grid, id_of, organisation, organise, staff, visit,
    worker,
};
use crate::branch_meeting::{item, sign_in, vote, voter};
use crate::channel::{sending, service::Service};
use crate::import::{Line, identity};
use crate::party::member_list;
use crate::support::{Browser, Community, TestApp};

/// The estates and how many households live in each: two that the page names, and three of our own.
const ESTATES: [(&str, usize); 5] =
    [("王府名苑小区", 620), ("水保所家属院", 96), ("枣林园小区", 384), ("西山里新居", 300), ("柳溪苑小区", 180)];

/// An old couple whose children live elsewhere, and a family of four beside them.
const COUPLE: usize = 200;

fn size(household: usize) -> usize {
    match household {
        COUPLE => 2,
        _ if household <= 174 || household == COUPLE + 1 => 4,
        _ => 3,
    }
}

/// Everybody of the community: 1580 households, 4915 people, three of five households from elsewhere and one of five resettled.
pub fn register() -> Vec<Line> {
    const SURNAMES: [&str; 6] = ["王", "李", "张", "刘", "陈", "杨"];
    const GIVEN: [&str; 10] = ["桂", "峰", "秀英", "建国", "小明", "桂兰", "志强", "丽", "海燕", "伟"];
    let name = |n: usize| format!("{}{}{}", SURNAMES[n % 6], GIVEN[n % 10], GIVEN[n / 10 % 10]);
    let mut lines: Vec<Line> = Vec::new();
    let mut household = 0;
    for (estate, households) in ESTATES {
        for here in 0..households {
            let first = lines.len();
            for member in 0..size(household) {
                let n = lines.len();
                let year = match member {
                    _ if household == COUPLE => 1948 + member,
                    0 | 1 => 1967 + household % 28,
                    2 => 2008 + household % 17,
                    _ => 1942 + household % 15,
                };
                let born = format!("{year}{:02}{:02}", household % 12 + 1, 1 + n / 1000 + 5 * (n % 5));
                let kind = match household % 5 {
                    0..3 => "外来人员",
                    3 => "移民村民",
                    _ => "",
                };
                let words = [
                    (Column::Serial, (n + 1).to_string()),
                    (Column::Estate, estate.to_owned()),
                    (Column::Building, format!("{}号楼", here / 54 + 1)),
                    (Column::Unit, format!("{}单元", here % 54 / 18 + 1)),
                    (Column::Room, format!("{}{:02}", here % 18 / 2 + 1, here % 2 + 1)),
                    (Column::Head, name(first)),
                    (Column::Relation, ["户主", "配偶", "子", "父母"][member].to_owned()),
                    (Column::Name, name(n)),
                    (Column::Identity, identity(&born, n % 1000)),
                    (Column::Phone, format!("138{n:08}")),
                    (Column::Category, kind.to_owned()),
                    (Column::PartyHousehold, if household % 40 == 0 { "是" } else { "否" }.to_owned()),
                    (Column::Needy, if household % 50 == 7 { "是" } else { "否" }.to_owned()),
                    (Column::Housing, if household % 3 == 0 { "租住" } else { "自有" }.to_owned()),
                ];
                lines.push(words.into_iter().filter(|(_, value)| !value.is_empty()).collect());
            }
            household += 1;
        }
    }
    lines
}

/// A robot in the group of a branch's members, and what has been said there.
async fn group(app: &TestApp, branch: Uuid) -> Service {
    let service = Service::start(app.means.clock.clone()).await;
    let address = service.robot(Kind::Wecom, "members", None);
    let name = "王府名苑党员群".to_owned();
    let new =
        NewChannel { kind: Kind::Wecom, name, place: Place::Party(branch), address, secret: None, reminders: false };
    let mut tx = app.db.begin().await.unwrap();
    channel::add(&mut tx, &app.act(), new, std::slice::from_ref(&service.host)).await.unwrap();
    tx.commit().await.unwrap();
    service
}

async fn called(secretary: &Browser, party: &str, fields: &[(&str, &str)]) -> crate::support::Page {
    let plan = [("day", "2026-11-23"), ("time", "09:00"), ("place", "小区党群服务站"), ("host", "支部书记")];
    secretary.post(&format!("{party}/meetings"), &[&plan[..], fields].concat()).await
}

/// The subdistrict, which gives a code to each community below it; they enter it. `城北街道` has three.
async fn under_a_subdistrict(app: &TestApp) -> Browser {
    let act = Act::system(app.means.id(), &app.means);
    let mut tx = app.db.begin().await.unwrap();
    let (code, name) = ("141102004000", "城北街道");
    let organisation = access::create_tenant(&mut tx, &act, TenantKind::Subdistrict, code, name).await.unwrap();
    tx.commit().await.unwrap();
    let above = Community { tenant: act.tenant, code: code.to_owned(), name: name.to_owned(), organisation };
    let street = app.person(Role::SystemAdmin).of_community(&above).browser().await;
    let mut below = vec![app.home.clone()];
    for (code, name) in [("141102004997", "北川社区"), ("141102004998", "凤山社区")] {
        below.push(app.community(code, name).await);
    }
    for community in below {
        let made = street.post("/counterparts/invitations", &[("name", community.name.as_str())]).await;
        let code = made.between_all("<p class=\"copied\">", "</p>").next().unwrap().to_owned();
        let admin = app.person(Role::SystemAdmin).of_community(&community).browser().await;
        admin.post("/counterparts", &[("invitation", &code)]).await.assert_ok();
        super::settle(app).await;
    }
    street
}

/// How many people bear a mark, of the page of figures.
fn tagged(page: &crate::support::Page, tag: &str) -> usize {
    let rest = page
        .body
        .split(&format!("<b>{tag}</b><span class=\"quiet num\">"))
        .nth(1)
        .unwrap_or_else(|| panic!("no {tag}"));
    rest.split(' ').next().unwrap().parse().unwrap()
}

db_test! {
    async fn the_branch_at_the_door(app: TestApp) {
        let mut told = Told::of(Part::Community);
        at(&app, "2026-11-23T07:30:00+08:00");
        // What was there before: the register, which step 40–50 looks at, and the organisations, at which 60–70 does.
        let written = bring_in(&app, register()).await;
        let (home, yard) = (estate(&app, "王府名苑小区").await, estate(&app, "水保所家属院").await);
        let desk = staff(&app).await;
        let committee = organise(&desk, "party_committee", "尉汾路社区党委", &[("founded_on", "2016-11")]).await;
        let committee_id = committee.rsplit('/').next().unwrap().to_owned();
        let of_home = home.to_string();
        let above = [("parent", committee_id.as_str()), ("estate", of_home.as_str()), ("founded_on", "2020")];
        let branch = organise(&desk, "party_branch", "王府名苑小区党支部", &above).await;
        let branch_id: Uuid = branch.rsplit('/').next().unwrap().parse().unwrap();
        let names: Vec<String> = (0..56).map(voter).collect();
        let rows: Vec<[&str; 7]> = names.iter().map(|name| [name.as_str(), "", "1998-07", "1999-07", "", "", ""]).collect();
        let of_branch = branch_id.to_string();
        let list = member_list(&rows);
        let page = desk.post_files("/party/imports", &[("organisation", &of_branch)], &[("file", "党员花名册.xlsx", &list)]).await;
        page.assert_ok().assert_contains("<b>56</b>人新增");
        desk.post(&format!("{}/application", page.url), &[]).await.assert_ok().assert_contains("新增 56 人");
        let service = group(&app, branch_id).await;

        // At eight the notice is in the members' group, an hour before the meeting; all fifty-six come.
        told.step("4–12");
        at(&app, "2026-11-23T08:00:00+08:00");
        let new = || app.person(Role::BranchSecretary).named("支部书记").reaching(Reach::Estate, home);
        let secretary = new().browser().await;
        let topics = "老夫妻量血压、吃药不方便\n孩子有蛀牙，不知道怎么预防";
        let page = called(&secretary, &branch, &[("kind", "member_assembly"), ("topics", topics)]).await;
        page.assert_ok().assert_contains("<b>56</b>人应到").assert_contains("请全体党员于2026年11月23日 星期一 09:00到小区党群服务站参加党员大会");
        let meeting = page.url.clone();
        let answers = format!("/notices/{}", page.between_all("/notices/", "<").next().unwrap().trim());
        let words = "请全体党员上午9点到小区党群服务站参加支部党员大会。";
        act(&secretary, &meeting, "notice", &[("notice", words)]).await.assert_ok().assert_contains("通知已定好");
        // Where the group is an ordinary one of WeChat the text is copied; a robot of 企业微信 says it by itself.
        secretary.get(&meeting).await.assert_contains(words);
        sending::work(&mut sending::sender_of(&app, sending::to(&service))).await;
        let said = service.delivered("members");
        assert!(said.len() == 1 && said[0].contains(words), "{said:?}");
        app.browser().post(&answers, &[("name", &voter(0)), ("reply", "coming")]).await.assert_ok().assert_contains("收到您的回复");
        at(&app, "2026-11-23T08:50:00+08:00");
        sign_in(&app, &meeting, 0..56).await;
        at(&app, "2026-11-23T09:00:00+08:00");
        let secretary = new().browser().await;
        act(&secretary, &meeting, "session", &[]).await.assert_ok().assert_contains("<b>56</b>人实到");

        // What two of them tell is talked over: somebody who knows about health has to come, and regularly.
        told.step("14–30");
        let own = organisation(&app, "王府名苑小区党支部").await.to_string();
        for (discussion, resolution) in [
            ("对门的老夫妻子女不在身边，想量个血压都费劲", "请卫生院定期来量血压、测血糖、讲用药"),
            ("孩子六岁就有好几个虫牙", "请卫生院来给孩子查牙，发健康宣传册"),
        ] {
            let path = item(&secretary, &meeting).await;
            secretary.get(&path).await.assert_ok();
            let mut fields = vote("general", "56", "0");
            fields.retain(|(name, _)| *name != "discussion");
            fields.extend([("discussion", discussion), ("organisation", &own), ("due", "2026-12-10"), ("public_words", resolution)]);
            secretary.post(&path, &fields).await.assert_ok().assert_contains("形成决议（赞成 56，反对 0，弃权 0）");
        }
        act(&secretary, &meeting, "end", &[("remarks", "")]).await.assert_ok().assert_contains("已散会");
        let desk = staff(&app).await;
        let issues = desk.get("/issues").await;
        issues.assert_contains("请卫生院定期来量血压、测血糖、讲用药").assert_contains("请卫生院来给孩子查牙，发健康宣传册");
        let (before, _) = issues.body.split_once("请卫生院定期来量血压").unwrap();
        let issue = format!("/issues/0{}", before.rsplit_once("href=\"/issues/0").unwrap().1.split('"').next().unwrap());
        let number = desk.get(&issue).await.between_all("SSYS-", "<").next().unwrap().trim().to_owned();
        let number = format!("SSYS-{}", number.split_whitespace().next().unwrap());
        // The clinic comes every week to the station: consultation, blood pressure and sugar, teeth, leaflets, free of charge.
        desk.post("/service-kinds/usual", &[]).await.assert_ok().assert_contains("量血压");
        for (name, target) in [("测血糖", "elderly"), ("儿童口腔检查", "children")] {
            desk.post("/service-kinds", &[("name", name), ("target", target)]).await.assert_ok().assert_contains(name);
        }
        let agreed = [("name", "城北卫生院"), ("contact", ""), ("agreed_from", "2026-11-01"), ("agreed_until", "2026-12-31")];
        let clinic = desk.post("/service-providers", &agreed).await.assert_ok().url.clone();
        let page = desk.get(&clinic).await;
        let kind = |name: &str| {
            let (before, _) = page.body.split_once(&format!(">{name}</option>")).unwrap_or_else(|| panic!("no kind {name}"));
            before.rsplit_once("value=\"").unwrap().1.split('"').next().unwrap().to_owned()
        };
        let (pressure, teeth) = (kind("量血压"), kind("儿童口腔检查"));
        for (title, kind, from, until) in [
            ("健康咨询，量血压、测血糖，发健康宣传册", &pressure, "09:00", "10:30"), ("查牙、教孩子护牙，发健康宣传册", &teeth, "10:30", "12:00"),
        ] {
            let standing = [
                ("title", title), ("estate", of_home.as_str()), ("place", "小区党群服务站"), ("kind", kind), ("day", "2026-12-03"), ("from", from),
                ("until", until), ("repeat", "week"), ("repeat_until", "2026-12-31"), ("issue", number.as_str()),
            ];
            desk.post(&format!("{clinic}/standings"), &standing).await.assert_ok().assert_contains(title);
        }
        let board = format!("/board/{}", app.home.code);
        let resident = app.browser();
        resident.get(&format!("{board}/services")).await.assert_contains("量血压、测血糖").assert_contains("城北卫生院").assert_contains("志愿者上门帮忙，不收钱");
        // The couple ask for it on the board, and the family for the child; the next date is suggested to both.
        let ask = resident.get(&format!("{board}/services/new")).await;
        let (before, _) = ask.body.split_once(">王府名苑小区 4号楼</option>").unwrap_or_else(|| panic!("{}", ask.body));
        let building = before.rsplit_once("value=\"").unwrap().1.split('"').next().unwrap().to_owned();
        for (kind, unit, room, words) in [(&pressure, "3", "201", "老两口想量量血压"), (&teeth, "3", "202", "孩子六岁，有几个蛀牙")] {
            let fields = [
                ("kind", kind.as_str()), ("building", &building), ("unit", unit), ("room", room), ("words", words), ("name", "老住户"),
                ("phone", "13800001111"), ("keeps", "yes"), ("shares", "yes"),
            ];
            resident.post(&format!("{board}/services"), &fields).await.assert_ok().assert_contains("收到了");
            let need = desk.get("/services").await.link("/services/0");
            let page = desk.get(&need).await;
            page.assert_contains("城北卫生院");
            let fields = [("version", page.input("version")), ("suggestion", page.input("suggestion"))];
            let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
            desk.post(&format!("{need}/calls"), &fields).await.assert_ok().assert_contains("城北卫生院");
        }
        // They come, and what they did is counted.
        at(&app, "2026-12-03T12:30:00+08:00");
        let desk = staff(&app).await;
        desk.get("/today").await.assert_contains("登记人数");
        let page = desk.get(&clinic).await;
        let date = page.between_all("action=\"/service-dates/", "/count").next().unwrap().to_owned();
        let served = [("version", "1"), ("doors", "12"), ("people", "30"), ("leaflets", "40")];
        desk.post(&format!("/service-dates/{date}/count"), &served).await.assert_ok().assert_contains("12 户、30 人、宣传册 40 份");

        // It was one of the meetings that a branch has to hold, and it is followed up: what is not done comes back.
        told.step("30–34");
        at(&app, "2026-12-14T08:30:00+08:00");
        let secretary = new().browser().await;
        secretary.get("/meetings/duties").await.assert_contains("党员大会").assert_contains("已开，11月23日");
        let next = secretary.get(&format!("{branch}/meetings/new")).await;
        next.assert_contains("上次的决议还没办完").assert_contains("第 2 次上会").assert_contains("孩子有蛀牙");
        let desk = staff(&app).await;
        let receipt = desk.get(&issue).await.link("/receipts/");
        app.browser().get(receipt.trim_end_matches("/slip")).await.assert_ok().assert_contains("党组织会议议过");

        // The community: when it was founded, one of three of its subdistrict, how many live in it, and who they are.
        told.step("40–50");
        written.assert_contains("4915");
        desk.get(&committee).await.assert_contains("2016-11 成立");
        let street = under_a_subdistrict(&app).await;
        let below = street.get("/counterparts").await;
        below.assert_contains("尉汾路社区").assert_contains("北川社区").assert_contains("凤山社区");
        assert_eq!(below.body.matches("已接通").count(), 3);
        upkeep::count(&app.db, &app.means).await.unwrap();
        let figures = desk.get("/residents/figures").await;
        assert_eq!((figure(&figures, "户"), figure(&figures, "人")), ("1580".to_owned(), "4915".to_owned()));
        let (migrants, resettled) = (tagged(&figures, "外来人员"), tagged(&figures, "移民村民"));
        assert!((migrants + resettled) * 10 > 4915 * 7 && migrants > resettled, "{migrants} and {resettled} of 4915");

        // From door to door: what is said there corrects the register, and groups can be listed.
        told.step("50–58");
        let first = grid(&app, home, "141102004999001", "第一网格").await;
        let walker = worker(&app, first, "网格员").await;
        let plan = [("title", "上门摸底"), ("until", "2026-12-24"), ("estate", of_home.as_str()), ("organisation", &app.home.organisation.to_string()),
            ("q1_text", "家里有什么困难"), ("q1_kind", "text")];
        let page = desk.post("/campaigns", &plan).await;
        page.assert_ok().assert_contains("<b>620</b>户").assert_contains("网格员");
        let campaign = id_of(&page);
        desk.post(&format!("{}/opening", page.url), &[("version", &page.input("version"))]).await.assert_ok().assert_contains("进行中");
        let phone = app.browser_of(&walker).await;
        let pack = phone.get("/doors/pack").await.json();
        let doors: Vec<_> = pack["doors"].as_array().unwrap().iter().filter(|door| door["building"].as_str() == pack["doors"][0]["building"].as_str()).cloned().collect();
        assert_eq!(pack["doors"].as_array().unwrap().len(), 620);
        let somebody = &doors[0]["households"][0]["people"][0];
        let more = serde_json::json!({
            "answers": [{ "question": "q1", "value": "下岗了，想找个活" }],
            "edits": [{ "resident": somebody["id"], "seen": somebody["version"], "fields": { "workplace": "县医院" } }],
            "findings": [{ "kind": "moved_in", "household": null, "name": "新来的", "sex": "1", "birth_date": "1990-05-01" }],
        });
        visit(&app, &phone, &walker, (&campaign, &doors[0]), "home", more).await;
        desk.get("/residents/changes").await.assert_contains("新来的");
        // Somebody is found to be in need, which is noted with the reason for it.
        let tags = format!("/residents/{}/tags", somebody["id"].as_str().unwrap());
        phone.post(&tags, &[("tag", "needy"), ("evidence", "上门摸底，下岗")]).await.assert_ok().assert_contains("上门摸底，下岗");
        upkeep::count(&app.db, &app.means).await.unwrap();
        let listed = async |tag: &str| {
            let page = desk.get(&format!("/residents/roll?tag={tag}")).await;
            let count = page.assert_ok().between_all("共 ", " 人").next().unwrap();
            count.parse::<usize>().unwrap()
        };
        let everybody = register();
        let marked = |column: Column| everybody.iter().filter(|line| line.contains(&(column, "是".to_owned()))).count();
        assert_eq!(listed("party_member_household").await, marked(Column::PartyHousehold));
        assert_eq!(listed("needy").await, marked(Column::Needy) + 1);
        assert_eq!(listed("empty_nest_elder").await, 2);

        // The pilot: a station in the estate and a branch of the party, and everybody finds them.
        told.step("60–70");
        let particulars = format!("/estates/{home}/particulars");
        let serves = company(&app, "安心物业").await.to_string();
        desk.post(&particulars, &[("station_address", "5号楼东侧一层"), ("property_company", &serves)]).await.assert_ok().assert_contains("5号楼东侧一层");
        desk.get(&branch).await.assert_contains("党支部").assert_contains("王府名苑小区").assert_contains("2020 成立");
        let on_board = format!("{board}/estates/{home}");
        app.browser().get(&on_board).await.assert_contains("党群服务站：5号楼东侧一层").assert_contains("我是党员，大伙有事来找我");

        // Where there is no branch yet is seen; all who belong to the community are called at once.
        told.step("72–80");
        app.person(Role::BranchSecretary).named("支部书记").of_organisation(own.parse().unwrap()).reaching(Reach::Estate, home).create().await;
        let lacking = |page: &crate::support::Page| page.body.matches("<dt>小区党支部</dt><dd><span class=\"tag late\">没有").count();
        let page = desk.get("/estates/overview").await;
        page.assert_contains("王府名苑小区党支部");
        let before = lacking(&page);
        assert_eq!(before, ESTATES.len() - 1, "{}", page.body);
        let of_yard = yard.to_string();
        let second = organise(&desk, "party_branch", "水保所家属院党支部", &[("parent", committee_id.as_str()), ("estate", of_yard.as_str())]).await;
        let there = organisation(&app, "水保所家属院党支部").await;
        app.person(Role::BranchSecretary).named("支部书记").of_organisation(there).reaching(Reach::Estate, yard).create().await;
        assert_eq!(lacking(&desk.get("/estates/overview").await), before - 1);
        let member = [("name", "水保所党员"), ("joined_on", "1985.7"), ("status", "formal"), ("link", "here")];
        desk.post(&format!("{second}/members"), &member).await.assert_ok();
        let everybody = app.person(Role::Secretary).named("社区书记").browser().await;
        let plan = [("kind", "member_assembly"), ("day", "2026-12-15"), ("time", "09:00"), ("place", "社区活动室"), ("host", "社区书记"), ("estate", of_home.as_str()), ("topics", "年终总结")];
        everybody.post(&format!("{committee}/meetings"), &plan).await.assert_ok().assert_contains("<b>57</b>人应到");

        // Few homes are lived in at first, and many are let: both are figures.
        told.step("82–92");
        let empty = doors.iter().find(|door| door["dwelling"] != doors[0]["dwelling"]).unwrap();
        for person in empty["households"].as_array().unwrap().iter().flat_map(|household| household["people"].as_array().unwrap()) {
            let page = format!("/residents/{}", person["id"].as_str().unwrap());
            let left = [("ending", "moved_out"), ("day", "2026-12-13"), ("departure_reason", "回老家了，邻居说的")];
            act(&desk, &page, "departure", &left).await.assert_ok();
        }
        visit(&app, &phone, &walker, (&campaign, empty), "vacant", serde_json::json!({ "usage": "vacant" })).await;
        upkeep::count(&app.db, &app.means).await.unwrap();
        // Of the fifty-four homes of the building one is empty.
        desk.get(&format!("/residents/figures?estate={home}")).await.assert_ok().assert_contains("入住率\" class=\"num\">98%");
        let rented = desk.get(&format!("/households/{}", doors[0]["households"][0]["id"].as_str().unwrap())).await;
        desk.get(&rented.link("/buildings/")).await.assert_ok().assert_contains("租住");

        // Other estates follow: their residents enrol, come, and are counted.
        told.step("94–102");
        for (place, name) in [(home, "王府名苑的"), (yard, "水保所的")] {
            let secretary = app.person(Role::BranchSecretary).named("支部书记").reaching(Reach::Estate, place).browser().await;
            let of_place = place.to_string();
            let plan = [("estate", of_place.as_str()), ("day", "2026-12-16"), ("time", "09:00"), ("place", "院子里"), ("host", "支部书记"), ("topics", "院里装路灯")];
            let meeting = secretary.post("/meetings", &plan).await.assert_ok().url.clone();
            act(&secretary, &meeting, "notice", &[("notice", "【说事议事会】欢迎大家来说、来议。")]).await.assert_ok();
            let neighbour = [("name", name), ("phone", "13800001111"), ("side", "resident")];
            app.browser().post(&format!("{board}{meeting}/enrolments"), &neighbour).await.assert_ok().assert_contains("报名收到了");
            at(&app, "2026-12-16T09:00:00+08:00");
            let secretary = app.person(Role::BranchSecretary).named("支部书记").reaching(Reach::Estate, place).browser().await;
            act(&secretary, &meeting, "session", &[]).await.assert_ok();
            for name in [name, "邻居甲", "邻居乙"] {
                let came = [("name", name), ("side", "resident")];
                secretary.post(&format!("{meeting}/attendances"), &came).await.assert_ok();
            }
            act(&secretary, &meeting, "end", &[("remarks", "")]).await.assert_ok();
            at(&app, "2026-12-14T08:30:00+08:00");
        }
        at(&app, "2026-12-17T09:00:00+08:00");
        let report = staff(&app).await.get("/reports/topics/deliberations?from=2026-12-01&to=2026-12-31").await;
        assert_eq!((gauge(&report, "会议"), figure(&report, "到会人次")), (2, "6".to_owned()));
        report.assert_contains("<h2>各小区</h2>").assert_contains("水保所家属院");
        told.end();
    }
}
