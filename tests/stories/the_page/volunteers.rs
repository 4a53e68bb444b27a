//! Lines 109 to 169: Saturday morning in an old courtyard, and the ten teams.

use doorstep::access::Role;
use doorstep::registry::import::Column;
use doorstep::volunteer;
use uuid::Uuid;

use super::community::register;
use super::{Part, Told, act, at, bring_in, estate, gauge, id_of, settle, staff};
use crate::import::{Line, identity};
use crate::support::{Browser, Page, TestApp};

/// Ten who live in the ninth building of the courtyard, one a door: old and alone, disabled, in need.
fn courtyard() -> Vec<Line> {
    let somebody = |n: usize| {
        let name = format!("老住户{}", ["甲", "乙", "丙", "丁", "戊", "己", "庚", "辛", "壬", "癸"][n]);
        let words = [
            (Column::Estate, "水保所家属院".to_owned()),
            (Column::Building, "9号楼".to_owned()),
            (Column::Unit, "1单元".to_owned()),
            (Column::Room, format!("{}{:02}", n / 2 + 1, n % 2 + 1)),
            (Column::Head, name.clone()),
            (Column::Relation, "户主".to_owned()),
            (Column::Name, name),
            (Column::Identity, identity(if n < 6 { "19480301" } else { "19750301" }, 700 + n)),
            (Column::Disabled, if n == 6 || n == 7 { "是" } else { "" }.to_owned()),
            (Column::Needy, if n > 7 { "是" } else { "" }.to_owned()),
        ];
        words.into_iter().filter(|(_, value)| !value.is_empty()).collect()
    };
    (0..10).map(somebody).collect()
}

/// The value of what somebody chooses by its name.
#[track_caller]
fn chosen(page: &Page, name: &str) -> String {
    let found = [format!(">{name}</option>"), format!("> {name}</label>")];
    let (before, _) = found
        .iter()
        .find_map(|found| page.body.split_once(found.as_str()))
        .unwrap_or_else(|| panic!("no {name} on {}: {}", page.url, page.body));
    before.rsplit_once("value=\"").unwrap().1.split('"').next().unwrap().to_owned()
}

/// Somebody applies on the board for a team, and the community confirms. Gives the address of their own page, and their id.
async fn applied(
    app: &TestApp,
    desk: &Browser,
    number: usize,
    (name, team): (&str, &str),
    source: &str,
) -> (String, String) {
    let phone = format!("1380000{number:04}");
    let form = [
        ("name", name),
        ("phone", phone.as_str()),
        ("sex", "1"),
        ("birth_date", "1990-03-07"),
        ("team", team),
        ("source", source),
        ("available", "周六上午"),
        ("agrees", "yes"),
    ];
    let own = app.browser().post(&format!("/board/{}/volunteers", app.home.code), &form).await;
    own.assert_ok().assert_contains("等社区确认");
    let id = confirmed(desk).await;
    (own.url.clone(), id)
}

/// The last one who applied is confirmed; their id.
async fn confirmed(desk: &Browser) -> String {
    let applied = desk.get("/volunteers?state=applied").await.link("/volunteers/0");
    act(desk, &applied, "confirmation", &[]).await.assert_ok().assert_contains("成了志愿者");
    applied.rsplit('/').next().unwrap().to_owned()
}

async fn team(desk: &Browser, name: &str, kind: &str, targets: &[&str], estates: &[Uuid]) -> String {
    let estates: Vec<String> = estates.iter().map(Uuid::to_string).collect();
    let mut form = vec![("name", name), ("kind", kind)];
    form.extend(targets.iter().map(|target| ("target", *target)));
    form.extend(estates.iter().map(|estate| ("estate", estate.as_str())));
    let page = desk.post("/volunteer-teams", &form).await;
    page.assert_ok().assert_contains(name);
    id_of(&page)
}

/// Somebody scans the code on the wall.
async fn scan(app: &TestApp, own: &str, activity: &str, way: &str) {
    let id = activity.rsplit('/').next().unwrap().parse().unwrap();
    let path =
        volunteer::on_the_wall(&mut app.db.read().await.unwrap(), app.home.tenant, id, &app.means).await.unwrap();
    let phone = app.browser();
    phone.get(own).await.assert_ok();
    let page = phone.get(&path).await;
    phone.post(&page.link("/arrivals/"), &[("ticket", &page.input("ticket")), ("way", way)]).await.assert_ok();
}

/// What came of a door, by whoever was there: the doors of somebody on a round that have no result yet.
async fn noted(app: &TestApp, own: &str, outcomes: &[(&str, i64)]) -> usize {
    let (phone, path) = (app.browser(), format!("{own}/rounds"));
    let page = phone.get(&path).await;
    let open: Vec<String> = page
        .assert_ok()
        .body
        .split("<article>")
        .skip(1)
        .filter(|article| article.contains("还没有结果"))
        .map(|article| article.split("action=\"").nth(1).unwrap().split('"').next().unwrap().to_owned())
        .collect();
    for door in &open {
        let mut fields = vec![("noted".to_owned(), String::new())];
        for (name, number) in outcomes {
            let id = chosen(&page, name);
            fields.push((format!("number_{id}"), number.to_string()));
            fields.push(("outcome".to_owned(), id));
        }
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        phone.post(door, &fields).await.assert_ok();
    }
    open.len()
}

/// A round is dealt out among people.
async fn dealt(desk: &Browser, round: &str, people: &[String]) {
    let people: Vec<(&str, &str)> = people.iter().map(|id| ("person", id.as_str())).collect();
    act(desk, round, "dealing", &people).await.assert_ok();
}

db_test! {
    async fn service_at_the_door(app: TestApp) {
        let mut told = Told::of(Part::Volunteers);
        at(&app, "2026-11-20T09:00:00+08:00");
        let of_yard = |line: &Line| line.iter().any(|(_, value)| value == "水保所家属院");
        bring_in(&app, register().into_iter().filter(of_yard).chain(courtyard()).collect()).await;
        let yard = estate(&app, "水保所家属院").await;
        let yard_id = yard.to_string();
        let desk = staff(&app).await;
        let aunts = team(&desk, "雷锋大妈志愿服务队", "women", &["elderly", "alone"], &[yard]).await;
        desk.post("/service-outcomes/usual", &[]).await.assert_ok();
        desk.post("/service-kinds/usual", &[]).await.assert_ok();

        // Every Saturday at eight: six have a place, the seventh waits. They go from door to door.
        told.step("109–123");
        let plan = [
            ("team", aunts.as_str()), ("title", "教老人用手机、装反诈App、清院子"), ("estate", yard_id.as_str()), ("place", "大门口"), ("day", "2026-11-28"),
            ("from", "08:00"), ("until", "11:00"), ("capacity", "6"), ("least_age", "18"), ("risk", "low"), ("kind", "service"),
            ("repeat", "week"), ("repeat_until", "2026-12-26"), ("skip", "holidays"),
        ];
        desk.post("/activities", &plan).await.assert_ok().assert_contains("已安排 5 次").assert_contains("星期六 08:00");
        let list = desk.get("/activities").await;
        assert_eq!(list.body.matches("<b>教老人用手机、装反诈App、清院子</b>").count(), 5);
        let saturday = list.link("/activities/0");
        let saturday_id = saturday.rsplit('/').next().unwrap().to_owned();
        let mut people = Vec::new();
        for (number, name) in ["甲一", "乙二", "丙三", "丁四", "戊五", "己六", "庚七"].into_iter().enumerate() {
            let (own, id) = applied(&app, &desk, number, (name, &aunts), "retired").await;
            let answer = app.browser().post(&format!("{own}/sign-ups"), &[("activity", &saturday_id)]).await;
            answer.assert_ok().assert_contains(if number < 6 { "报上了" } else { "候补" });
            people.push((own, id));
        }
        desk.get(&saturday).await.assert_contains("6/6 人，1 人候补");
        let form = desk.get(&format!("/service-rounds/new?estate={yard_id}")).await;
        let round = [
            ("title", "教老人用手机、装反诈App、发宣传册"), ("day", "2026-11-28"), ("from", "08:00"), ("until", "11:00"), ("team", aunts.as_str()),
            ("activity", saturday_id.as_str()), ("estate", yard_id.as_str()), ("origin", "place"),
        ];
        let building = chosen(&form, "水保所家属院 9号楼");
        let page = desk.post("/service-rounds", &[&round[..], &[("building", building.as_str())]].concat()).await;
        let walk = page.assert_ok().assert_contains("0/10 户有结果").url.clone();
        let six: Vec<String> = people[..6].iter().map(|(_, id)| id.clone()).collect();
        dealt(&desk, &walk, &six).await;
        at(&app, "2026-11-28T07:50:00+08:00");
        for (own, _) in &people[..6] {
            scan(&app, own, &saturday, "came").await;
        }
        at(&app, "2026-11-28T09:30:00+08:00");
        let mut doors = 0;
        for (own, _) in &people[..6] {
            doors += noted(&app, own, &[("教了手机", 1), ("装了反诈App", 1), ("留了宣传册（电信诈骗、非法集资）", 2)]).await;
        }
        assert_eq!(doors, 10);
        at(&app, "2026-11-28T11:00:00+08:00");
        for (own, _) in &people[..6] {
            scan(&app, own, &saturday, "left").await;
        }
        let desk = staff(&app).await;
        desk.get(&walk).await.assert_contains("10/10 户有结果");
        let month = desk.get("/service-rounds?month=2026-11").await;
        month.assert_contains("装了反诈App 10 户").assert_contains("教了手机 10 户").assert_contains("留了宣传册（电信诈骗、非法集资） 10 户");
        month.assert_contains("20 份");

        // Who lives alone, who is disabled, who is in need is known, and a round follows it without telling anybody why.
        told.step("125–137");
        let listed = async |tag: &str| {
            let page = desk.get(&format!("/residents/roll?tag={tag}&estate={yard_id}")).await;
            page.assert_ok().between_all("共 ", " 人").next().unwrap().parse::<usize>().unwrap()
        };
        assert_eq!((listed("elder_living_alone").await, listed("disabled").await), (6, 2));
        assert!(listed("needy").await >= 2);
        let round = [
            ("title", "上门看望"), ("day", "2026-12-05"), ("from", "08:00"), ("until", "11:00"), ("team", aunts.as_str()),
            ("estate", yard_id.as_str()), ("origin", "tag"), ("tag", "elder_living_alone"),
        ];
        let page = desk.post("/service-rounds", &round).await;
        page.assert_ok().assert_contains("0/6 户有结果");
        dealt(&desk, &page.url, &six[..1]).await;
        at(&app, "2026-12-05T08:30:00+08:00");
        let visitor = app.browser().get(&format!("{}/rounds", people[0].0)).await;
        visitor.assert_contains("9号楼").assert_lacks("独居老人</").assert_lacks("老住户");

        // Every week they clear the yard; what somebody asks for at the door is taken along the next time.
        told.step("139–145");
        let door = visitor.between_all("action=\"", "\"").find(|path| path.ends_with("/needs")).unwrap().to_owned();
        let soil = chosen(&visitor, "松土施肥");
        app.browser().post(&door, &[("kind", &soil), ("words", "菜地想松松土")]).await.assert_ok().assert_contains("社区会安排");
        noted(&app, &people[0].0, &[("清了院子", 1)]).await;
        let desk = staff(&app).await;
        desk.get("/services").await.assert_contains("松土施肥").assert_contains("志愿者上门时提出");
        let round = [
            ("title", "清院子、松土施肥"), ("day", "2026-12-12"), ("from", "08:00"), ("until", "11:00"), ("team", aunts.as_str()),
            ("estate", yard_id.as_str()), ("origin", "needs"),
        ];
        let page = desk.post("/service-rounds", &round).await;
        page.assert_ok().assert_contains("0/1 户有结果");
        dealt(&desk, &page.url, &six[1..2]).await;
        at(&app, "2026-12-12T09:00:00+08:00");
        assert_eq!(noted(&app, &people[1].0, &[("清了院子", 1), ("翻了土", 1)]).await, 1);
        let desk = staff(&app).await;
        let month = desk.get("/service-rounds?month=2026-12").await;
        month.assert_contains("清了院子 7 户").assert_contains("翻了土 1 户");
        assert!(desk.get("/activities").await.body.matches("<b>教老人用手机、装反诈App、清院子</b>").count() >= 2, "the next Saturdays");

        // Ten teams, each for somebody; whoever is recommended is asked first, whoever applies is confirmed.
        told.step("145–161");
        let targets: [(&str, &str, &[&str]); 9] = [
            ("引领先锋志愿服务队", "party", &["everyone"]), ("扶危济困志愿服务队", "general", &["needy", "disabled"]),
            ("七色阳光志愿服务队", "youth", &["children"]), ("第五志愿服务队", "general", &["elderly"]), ("第六志愿服务队", "general", &["everyone"]),
            ("第七志愿服务队", "professional", &["elderly"]), ("第八志愿服务队", "general", &["everyone"]), ("第九志愿服务队", "women", &["children"]),
            ("第十志愿服务队", "general", &["needy"]),
        ];
        desk.get("/volunteer-teams").await.assert_contains("还没有队服务残疾人、困难家庭、儿童青少年");
        let mut teams = Vec::new();
        for (name, kind, whom) in targets {
            teams.push(team(&desk, name, kind, whom, &[yard]).await);
        }
        let page = desk.get("/volunteer-teams").await;
        assert_eq!(page.body.split("志愿服务组织网格").next().unwrap().matches("<li><a href=\"/volunteer-teams/").count(), 10);
        page.assert_contains("每个小区的老年人、残疾人、困难家庭、孩子都有队服务");
        app.browser().get(&format!("/board/{}/teams", app.home.code)).await.assert_contains("扶危济困志愿服务队").assert_contains("雷锋大妈志愿服务队");
        // A neighbour recommends a student, who is asked, agrees, and is confirmed.
        let form = [("way", "recommended"), ("name", "大学生"), ("phone", "13800009999"), ("recommender", "楼上邻居"), ("team", teams[0].as_str()), ("estate", yard_id.as_str())];
        let page = desk.post("/volunteers", &form).await;
        page.assert_ok().assert_contains("等本人同意");
        let shown = act(&desk, &page.url, "links", &[]).await;
        let link = format!("/volunteering/{}", shown.between_all("/volunteering/", "<").next().unwrap());
        act(&desk, &page.url, "confirmation", &[]).await.assert_status(422);
        let answer = [("agrees", "yes"), ("name", "大学生"), ("sex", "2"), ("birth_date", "2005-05-01"), ("source", "student")];
        app.browser().post(&format!("{link}/answer"), &answer).await.assert_ok().assert_contains("等社区确认");
        confirmed(&desk).await;
        // And three apply by themselves.
        for (number, (name, source)) in (50..).zip([("老党员", "party_member"), ("单位职工", "unit"), ("退休教师", "retired")]) {
            applied(&app, &desk, number, (name, &teams[1]), source).await;
        }
        let roll = desk.get("/volunteers").await;
        for source in ["离退休人员", "党员", "驻区单位工作人员", "青年大学生"] {
            roll.assert_contains(source);
        }

        // Three kinds of activities, regularly; what was done is in the ledger, and who was helped is asked whether it is well.
        told.step("163–169");
        for title in ["入户宣传", "环境整治", "法律普讲"] {
            let plan = [
                ("team", teams[0].as_str()), ("title", title), ("estate", yard_id.as_str()), ("day", "2026-12-13"), ("from", "14:00"), ("until", "16:00"),
                ("capacity", "10"), ("least_age", "14"), ("risk", "low"), ("kind", "service"), ("repeat", "week"), ("repeat_until", "2026-12-27"),
            ];
            desk.post("/activities", &plan).await.assert_ok().assert_contains("已安排 3 次");
        }
        let open = app.browser().get(&format!("/board/{}/teams", app.home.code)).await;
        open.assert_contains("入户宣传").assert_contains("环境整治").assert_contains("法律普讲");
        let mut hours = vec![("breaks", "0")];
        hours.extend(six.iter().map(|id| ("person", id.as_str())));
        desk.post(&format!("{saturday}/hours"), &hours).await.assert_ok().assert_contains("已确认 6 人");
        let other = app.person(Role::Secretary).browser().await;
        let shown = other.get(&saturday).await;
        let seen: Vec<(&str, &str)> = shown.between_all("name=\"record\" value=\"", "\"").map(|seen| ("record", seen)).collect();
        other.post(&format!("{saturday}/hours/approval"), &seen).await.assert_ok().assert_contains("已审核 6 人");
        let need = desk.get("/services?state=matched").await.link("/services/0");
        act(&desk, &need, "end", &[("outcome", "met"), ("why", "老人说翻得真细")]).await.assert_ok().assert_contains("办好了");
        at(&app, "2026-12-20T09:00:00+08:00");
        settle(&app).await;
        let desk = staff(&app).await;
        let period = "from=2026-11-01&to=2026-12-31";
        let report = desk.get(&format!("/reports/topics/volunteering?{period}")).await;
        assert_eq!((gauge(&report, "场次"), gauge(&report, "人次"), gauge(&report, "服务分钟")), (1, 6, 6 * 180));
        let report = desk.get(&format!("/reports/topics/services?{period}")).await;
        assert_eq!((gauge(&report, "居民需要"), gauge(&report, "办好了")), (1, 1));
        assert!(gauge(&report, "入户户数") >= 17 && gauge(&report, "发放份数") == 20, "{}", report.body);
        told.end();
    }
}
