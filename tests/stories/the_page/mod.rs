//! The page of the newspaper from which the program grew, line by line: whatever a sentence of it says that somebody does, or counts,
//! is done here by those who would do it, in their browsers, by their links and on their phones, and is seen there afterwards.
//!
//! | file | lines | what it tells |
//! |---|---|---|
//! | `community` | 4–102 | the members' meeting, the register, the branch at the door |
//! | `volunteers` | 109–169 | Saturday at eight, ten teams |
//! | `class` | 171–213 | the class after school, what it has come to |
//! | `deliberation` | 218–312 | the member as a go-between, the property company, the platform of every estate |
//! | `guard` | 328–360 | the posts at the schools |
//! | `lectures` | 365–425 | 法治进校园 |
//!
//! The line numbers are those of the text of the page, which is not part of this repository. What is left out are its headlines (1–2,
//! 104–105, 107, 215–216, 314–326, 428–431), the names of its authors, and praise that says nothing of what anybody does. Each file
//! tells its steps in their order and cannot leave one out ([`Told`]); the page of the guide names each of them ([`STEPS`]).
//!
//! Accounts and grids are entered by the harness, as in every other test; all the rest goes through pages.

mod class;
mod community;
mod deliberation;
mod guard;
mod lectures;
mod volunteers;

use std::collections::BTreeSet;
use std::path::Path;

use doorstep::access::{Act, Reach, Role};
use doorstep::place;
use jiff::Timestamp;
use uuid::Uuid;

use crate::support::{Account, Browser, Page, TestApp};

/// A sentence of the page, or some that belong together.
pub struct Step {
    pub part: Part,
    /// Its lines in the page.
    pub lines: &'static str,
    /// What it asks, as the guide says it.
    pub asks: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Community,
    Volunteers,
    Class,
    Deliberation,
    Guard,
    Lectures,
}

const fn step(part: Part, lines: &'static str, asks: &'static str) -> Step {
    Step { part, lines, asks }
}

/// Every step, in the order of the page; they are counted from one.
pub const STEPS: &[Step] = &[
    step(Part::Community, "4–12", "支部大会提前一小时发通知，56 名党员到会"),
    step(Part::Community, "14–30", "会上说的难事：医务人员定期来，量血压、测血糖、管孩子的牙"),
    step(Part::Community, "30–34", "例会也是协调会，说的事跟到办完"),
    step(Part::Community, "40–50", "1580 户、4915 人，大多是外来人员和移民村民"),
    step(Part::Community, "50–58", "一户一户摸底，摸出党员户、困难户"),
    step(Part::Community, "60–70", "小区里建党群服务站，成立党支部"),
    step(Part::Community, "72–80", "哪个小区还没有党支部，社区党组织一叫都到"),
    step(Part::Community, "82–92", "入住率低、租房的多，也看得清"),
    step(Part::Community, "94–102", "别的小区也来参加"),
    step(Part::Volunteers, "109–123", "周六早上八点，6 名志愿者挨家挨户"),
    step(Part::Volunteers, "125–137", "独居老人、困难居民多的院子，看得出谁需要"),
    step(Part::Volunteers, "139–145", "每周来清院子，也帮忙松土施肥"),
    step(Part::Volunteers, "145–161", "十支服务队，居民推荐、自愿报名"),
    step(Part::Volunteers, "163–169", "入户宣传、环境整治、法律普讲，居民说好不好"),
    step(Part::Class, "171–177", "下午四点，活动室里十几个孩子一起诵读"),
    step(Part::Class, "179–195", "孩子独自在家的多了，支部摸底，定下方案"),
    step(Part::Class, "195–205", "每周给 255 个孩子上课，开了一百多场"),
    step(Part::Class, "207–213", "成效报得上去，荣誉挂得出来"),
    step(Part::Deliberation, "218", "“我是党员，大伙有事来找我”"),
    step(Part::Deliberation, "220–236", "“13楼”下水道堵了，党员来当中间人"),
    step(Part::Deliberation, "238–240", "六成以上的难题跟物业有关"),
    step(Part::Deliberation, "240–256", "物业党建联建：物管会、党建指导员、每月联席会议"),
    step(Part::Deliberation, "258–274", "有事直接找支部，事事有回应"),
    step(Part::Deliberation, "276–284", "说事议事，物业、物管会、网格员、党员、社区坐到一起"),
    step(Part::Deliberation, "284–288", "公开四个人的姓名和电话"),
    step(Part::Deliberation, "288–294", "敲门行动：进楼宇、进家门、拉清单"),
    step(Part::Deliberation, "294–302", "公示栏上有议题、有时间，党员亮身份"),
    step(Part::Deliberation, "302–304", "网格员入户测评满意度，结果反馈支部"),
    step(Part::Deliberation, "304–312", "十多场议事、二十多个议题"),
    step(Part::Guard, "328–334", "开学站岗，每一班“四定”齐全"),
    step(Part::Guard, "334–340", "民辅警提前到，上学放学的高峰一直有人"),
    step(Part::Guard, "340–342", "巡特警的高峰勤务，几个岗一起排"),
    step(Part::Guard, "342–348", "排查治安复杂地区和人员聚集区，隐患办到销号"),
    step(Part::Guard, "348–350", "街面巡逻走到校园周边，不间断有数可查"),
    step(Part::Guard, "352–356", "先调研，再定方案"),
    step(Part::Guard, "356–358", "跟学校的安保力量对接，安保说“知道了”"),
    step(Part::Guard, "358–360", "调整警力部署，定点守护、动态备勤"),
    step(Part::Lectures, "365–375", "“橄榄石”团队两名讲师，“护航开学季，法治进校园”"),
    step(Part::Lectures, "375–383", "检校合作共建，一年打算讲几场"),
    step(Part::Lectures, "385–399", "案例宣讲：网络保护、新型毒品、场所安全"),
    step(Part::Lectures, "399–405", "放视频短片、讲真实案例，先脱敏、再审核"),
    step(Part::Lectures, "405–413", "知法懂法守法，知晓率看得见，遇到事能求助"),
    step(Part::Lectures, "415–421", "常态化，模拟法庭、主题班会"),
    step(Part::Lectures, "421–425", "传播法律价值，一年的数算得清"),
];

/// Which steps of a part have been told.
pub struct Told {
    part: Part,
    next: usize,
}

impl Told {
    pub fn of(part: Part) -> Told {
        Told { part, next: STEPS.iter().position(|step| step.part == part).expect("a part with steps") }
    }

    /// The next step begins.
    #[track_caller]
    pub fn step(&mut self, lines: &str) {
        let step = STEPS.get(self.next).filter(|step| step.part == self.part).expect("no more steps of this part");
        assert_eq!(step.lines, lines, "the steps are told in the order of the page");
        self.next += 1;
        println!("{}. {} (lines {lines})", self.next, step.asks);
    }

    /// All of them have been told.
    #[track_caller]
    pub fn end(self) {
        let left: Vec<&str> =
            STEPS[self.next..].iter().filter(|step| step.part == self.part).map(|step| step.lines).collect();
        assert!(left.is_empty(), "not told: {left:?}");
    }
}

/// Steps that are done on the page which the picture of the step before shows.
const SAME_PAGE: [usize; 1] = [8];

/// The guide tells what the test does: each step under its number and its words, with a picture of its own, unless it is the same page.
#[test]
fn the_guide_tells_every_step_and_shows_it() {
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/guide/the-page.md");
    let guide = std::fs::read_to_string(guide).unwrap();
    let told: Vec<&str> = guide.split("\n### ").skip(1).collect();
    assert_eq!(told.len(), STEPS.len());
    let mut shown = BTreeSet::new();
    for ((number, step), told) in (1..).zip(STEPS).zip(told) {
        let heading = format!("{number}. {}（报上第 {} 行）", step.asks, step.lines);
        assert_eq!(told.lines().next().unwrap(), heading);
        let own: Vec<&str> = told.split("](pictures/").skip(1).map(|rest| rest.split(')').next().unwrap()).collect();
        let same = SAME_PAGE.contains(&number);
        assert_eq!((own.is_empty(), told.contains("（图同上")), (same, same), "{heading} has no picture of its own");
        for picture in own {
            assert!(shown.insert(picture), "{heading}: {picture} shows another step");
        }
    }
}

pub fn at(app: &TestApp, moment: &str) {
    app.means.clock.set(moment.parse::<Timestamp>().unwrap());
}

/// Does something with what a page shows, from the version that it has.
pub async fn act(browser: &Browser, page: &str, what: &str, fields: &[(&str, &str)]) -> Page {
    let version = browser.get(page).await.input("version");
    browser.post(&format!("{page}/{what}"), &[&[("version", version.as_str())], fields].concat()).await
}

/// Everything that waits is done: what comes of an import, of a notice.
pub async fn settle(app: &TestApp) {
    crate::whistle::deliver(&app.app).await;
}

pub async fn staff(app: &TestApp) -> Browser {
    app.person(Role::Staff).named("社区专干").browser().await
}

/// The last part of where somebody has been led.
pub fn id_of(page: &Page) -> String {
    page.url.split('?').next().unwrap().rsplit('/').next().unwrap().to_owned()
}

/// The number over a label, of a page that shows figures.
#[track_caller]
pub fn figure(page: &Page, label: &str) -> String {
    let (before, _) =
        page.body.split_once(&format!("</b>{label}")).unwrap_or_else(|| panic!("no figure {label}: {}", page.body));
    before.rsplit_once("<b>").unwrap().1.to_owned()
}

/// A row of a report: what stands for a gauge.
#[track_caller]
pub fn gauge(page: &Page, label: &str) -> i64 {
    let table = page.body.split("<h2>数据</h2>").nth(1).unwrap().split("</table>").next().unwrap();
    let row = table.split("<th scope=\"row\">").find(|row| row.split('<').next() == Some(label));
    let cell = row.unwrap_or_else(|| panic!("no {label} in {table}")).split("<td class=\"num\">").nth(1).unwrap();
    let cell = cell.split("</td>").next().unwrap();
    cell.split('>').nth(1).map_or(cell, |rest| rest.split('<').next().unwrap()).parse().unwrap()
}

/// A grid over all buildings of an estate.
pub async fn grid(app: &TestApp, estate: Uuid, code: &str, name: &str) -> Uuid {
    let act: Act = app.act();
    let mut tx = app.db.begin().await.unwrap();
    let grid = place::create_grid(&mut tx, &act, code, name).await.unwrap();
    for building in place::buildings(&mut tx, act.tenant, estate).await.unwrap() {
        place::assign_grid(&mut tx, &act, building.id, grid).await.unwrap();
    }
    tx.commit().await.unwrap();
    grid
}

pub async fn worker(app: &TestApp, grid: Uuid, name: &str) -> Account {
    app.person(Role::GridWorker).named(name).reaching(Reach::Grid, grid).create().await
}

/// An estate of the register, by its name.
pub async fn estate(app: &TestApp, name: &str) -> Uuid {
    let estates = place::estates(&mut app.db.read().await.unwrap(), app.home.tenant).await.unwrap();
    estates.into_iter().find(|estate| estate.name == name).unwrap_or_else(|| panic!("no {name}")).id
}

/// The register as staff have it in a workbook is brought in on the pages: looked at, confirmed, written.
pub async fn bring_in(app: &TestApp, lines: Vec<crate::import::Line>) -> Page {
    let staff = staff(app).await;
    let file = doorstep::registry::import::workbook(lines).unwrap();
    let page = staff.post_files("/imports", &[], &[("file", "居民信息登记表.xlsx", &file)]).await;
    let address = page.assert_ok().url.clone();
    settle(app).await;
    staff.get(&address).await.assert_contains("还没有写入");
    staff.post(&format!("{address}/application"), &[("rejected", "keep")]).await.assert_ok();
    settle(app).await;
    doorstep::upkeep::count(&app.db, &app.means).await.unwrap();
    staff.get(&address).await
}

/// Enters a party organisation, and gives its path.
pub async fn organise(staff: &Browser, kind: &str, name: &str, fields: &[(&str, &str)]) -> String {
    let page = staff.post("/party/organisations", &[&[("kind", kind), ("name", name)], fields].concat()).await;
    page.assert_ok().assert_contains(name);
    let tree = staff.get("/party").await;
    let (before, _) = tree.body.split_once(&format!("<b>{name}</b>")).unwrap();
    let (_, link) = before.rsplit_once("href=\"").unwrap();
    link.split_once('"').unwrap().0.to_owned()
}

/// A company that an administrator enters; its id.
pub async fn company(app: &TestApp, name: &str) -> Uuid {
    let admin = app.person(Role::SecurityAdmin).browser().await;
    let fields = [("name", name), ("kind", "property_company"), ("phone", "0358-8221234")];
    admin.post("/organisations", &fields).await.assert_ok().assert_contains(name);
    let known = doorstep::access::organisations(&mut app.db.read().await.unwrap(), app.home.tenant).await.unwrap();
    known.into_iter().find(|known| known.name == name).unwrap().id
}

/// The organisation to which issues of a branch are given.
pub async fn organisation(app: &TestApp, name: &str) -> Uuid {
    let known = doorstep::access::organisations(&mut app.db.read().await.unwrap(), app.home.tenant).await.unwrap();
    known.into_iter().find(|known| known.name == name).unwrap().id
}

/// A visit that somebody's phone sends: what is different from nobody having said anything. Gives what the phone is told.
pub async fn visit(
    app: &TestApp,
    phone: &Browser,
    worker: &Account,
    (campaign, door): (&str, &serde_json::Value),
    outcome: &str,
    more: serde_json::Value,
) -> serde_json::Value {
    let mut body = serde_json::json!({ "campaign": campaign, "dwelling": door["dwelling"], "outcome": outcome });
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    let made_at = app.means.now().as_millisecond();
    let record =
        serde_json::json!({ "kind": "visit", "schema": 1, "account": worker.id, "made_at": made_at, "body": body });
    let answer = phone.put(&format!("/offline/records/{}", app.means.id()), record.to_string()).await;
    let answer = answer.assert_ok().json();
    assert_eq!(answer["state"], "accepted", "{answer}");
    answer
}
