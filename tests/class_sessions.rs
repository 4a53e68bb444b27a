//! 七彩四点半, the sessions: no child goes with a stranger, and none is left behind.

use doorstep::access::{Reach, Role};
use doorstep::after_school::presence::{Authority, Claim, Keeper, Presence, Terms};
use doorstep::after_school::{self, Answer, Fetch, Person, Purpose, Step, Taken, presence};
use doorstep::channel;
use doorstep::error::Error;
use doorstep::volunteer::{self, Outcome, Post, Target};
use doorstep::{audit, settings};
use futures_util::future::join_all;
use jiff::civil::date;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use uuid::Uuid;

use crate::after_school::{enrolled, id_of, link as guardian_link};
use crate::stories::cast::estate;
use crate::support::{Account, Browser, Page, TestApp};
use crate::volunteer::{at, team, volunteer};

/// What must never be, whoever writes it: without a way, without an alarm, twice, and by one person.
mod forged {
    db::statements! {
        NO_WAY = "UPDATE class_presences SET standing = 'released', alarm_due_at = NULL WHERE tenant_id = $1 AND child_id = $2";
        NO_ALARM = "UPDATE class_presences SET alarm_due_at = NULL WHERE tenant_id = $1 AND child_id = $2";
        TWICE = "INSERT INTO class_presences (tenant_id, session_id, child_id, standing, late, early, alarms, added_at, lock_version)
            SELECT tenant_id, session_id, child_id, 'expected', late, early, 0, 1, 1 FROM class_presences WHERE tenant_id = $1 AND child_id = $2";
        NOBODY = "UPDATE class_presences SET standing = 'released', alarm_due_at = NULL, released_at = 1, released_by = '张爱莲', released_by_id = $3,
            way = 'listed' WHERE tenant_id = $1 AND child_id = $2";
        UNLISTED = "UPDATE class_presences SET standing = 'released', alarm_due_at = NULL, released_at = 1, released_by = '张爱莲', released_by_id = $3,
            way = 'listed', adult_id = $3 WHERE tenant_id = $1 AND child_id = $2";
        NO_CODE = "UPDATE class_presences SET standing = 'released', alarm_due_at = NULL, released_at = 1, released_by = '张爱莲', released_by_id = $3,
            way = 'code', code_id = $3 WHERE tenant_id = $1 AND child_id = $2";
        ONE_PERSON = "UPDATE class_presences SET standing = 'released', alarm_due_at = NULL, released_at = 1, released_by = '张爱莲', released_by_id = $3,
            way = 'emergency', second_id = $3, second_by = '王桂芳' WHERE tenant_id = $1 AND child_id = $2";
        ONE_NAME = "UPDATE class_presences SET standing = 'released', alarm_due_at = NULL, released_at = 1, released_by = '张爱莲', released_by_id = $3,
            way = 'emergency', second_id = tenant_id, second_by = '张爱莲' WHERE tenant_id = $1 AND child_id = $2";
        RIGHT = "UPDATE class_presences SET standing = 'released', alarm_due_at = NULL, released_at = 1, released_by = '张爱莲', released_by_id = $3,
            way = 'emergency', second_id = tenant_id, second_by = '王桂芳' WHERE tenant_id = $1 AND child_id = $2";
    }
}

/// A class on the afternoon of 1 December, and everybody it takes.
pub struct Class {
    estate: Uuid,
    pub account: Account,
    team: Uuid,
    /// `/class-sessions/…`
    pub path: String,
}

const MORNING: &str = "2026-12-01T09:00:00+08:00";
pub const DOORS: &str = "2026-12-01T16:10:00+08:00";
const START: &str = "2026-12-01T16:30:00+08:00";

fn form(estate: &str) -> Vec<(&str, &str)> {
    vec![
        ("estate", estate),
        ("place", "党群服务站"),
        ("kind", "homework"),
        ("theme", "写数学"),
        ("day", "2026-12-01"),
        ("from", "16:30"),
        ("until", "18:00"),
        ("capacity", "20"),
    ]
}

impl Class {
    pub async fn new(app: &TestApp) -> Class {
        at(app, MORNING);
        let place = estate(app).await;
        let account = app.person(Role::Staff).named("任建平").create().await;
        let staff = app.browser_of(&account).await;
        let estate = place.estate.to_string();
        let page = staff.post("/class-sessions", &form(&estate)).await;
        page.assert_ok().assert_contains("安排好了").assert_contains("还差 2 位");
        let team = team(app, "七色阳光志愿服务队", &[place.estate], &[Target::Children]).await;
        Class { estate: place.estate, account, team, path: format!("/class-sessions/{}", id_of(&page)) }
    }

    pub fn id(&self) -> Uuid {
        self.path.rsplit('/').next().unwrap().parse().unwrap()
    }

    /// Whoever is signed in for long is not any more.
    pub async fn staff(&self, app: &TestApp) -> Browser {
        app.browser_of(&self.account).await
    }

    /// Somebody of the rota who was vetted, and their link.
    pub async fn keeper(&self, app: &TestApp, name: &str) -> String {
        let (id, _) = volunteer(app, name, self.team, Post::Member).await;
        vetted(app, id, date(2026, 11, 2), Outcome::Passed).await;
        let page = self.put(app, &format!("volunteer:{id}")).await;
        page.assert_ok();
        let rest = page.body.split(&format!("{name}的链接")).nth(1).unwrap();
        let link = rest.split("/class-keepers/").nth(1).unwrap().split('<').next().unwrap();
        format!("/class-keepers/{link}")
    }

    pub async fn put(&self, app: &TestApp, who: &str) -> Page {
        self.staff(app).await.post(&format!("{}/keepers", self.path), &[("who", who)]).await
    }

    /// A child that is expected.
    pub async fn child(&self, app: &TestApp, changed: &[(&str, &str)]) -> String {
        let staff = self.staff(app).await;
        let id = enrolled(&staff, changed).await;
        staff.post(&format!("{}/children", self.path), &[("child", &id)]).await.assert_ok();
        id
    }

    /// Two of the rota are there, and the class has begun.
    pub async fn open(&self, app: &TestApp) -> [String; 2] {
        let keepers = [self.keeper(app, "张爱莲").await, self.keeper(app, "王桂芳").await];
        at(app, DOORS);
        let phone = app.browser();
        for keeper in &keepers {
            came(&phone, keeper).await.assert_ok();
        }
        step(&phone, &keepers[0], "", "open", &[]).await.assert_ok().assert_contains("正在上");
        keepers
    }
}

async fn vetted(app: &TestApp, id: Uuid, day: jiff::civil::Date, outcome: Outcome) {
    // The last one counts.
    app.means.clock.set(app.means.now() + SignedDuration::from_secs(1));
    let mut tx = app.db.begin().await.unwrap();
    volunteer::vet(&mut tx, &app.act(), id, (outcome, day), "C-1").await.unwrap();
    tx.commit().await.unwrap();
}

/// Whoever has the link says that they are there.
pub async fn came(phone: &Browser, keeper: &str) -> Page {
    let page = phone.get(keeper).await;
    let own = page.body.split("我到了").next().unwrap();
    let id = own.rsplit("value=\"").next().unwrap().split('"').next().unwrap().to_owned();
    step(phone, keeper, "", "came", &[("value", &id)]).await
}

pub async fn step(phone: &Browser, page: &str, child: &str, step: &str, fields: &[(&str, &str)]) -> Page {
    let fields = [&[("child", child), ("step", step)], fields].concat();
    phone.post(&format!("{page}/steps"), &fields).await
}

pub async fn code(app: &TestApp, link: &str, name: &str) -> Page {
    let form = [("fetcher_name", name), ("fetcher_relation", "姑姑"), ("fetcher_phone", "13800007777")];
    app.browser().post(&format!("{link}/codes"), &form).await
}

/// Six digits that are shown once.
pub fn digits(page: &Page) -> String {
    page.assert_ok().between_all("<span class=\"code\">", "<").next().unwrap().to_owned()
}

/// The number of the adult to whom a button hands the child.
pub fn adult(page: &Page, name: &str) -> String {
    let before = page.body.split(&format!("\">交给{name}")).next().unwrap();
    before.rsplit("value=\"").next().unwrap().to_owned()
}

/// The moment of an emergency that somebody has asked for, as the form has it.
fn asked(page: &Page) -> String {
    let before = page.body.split("同意放行</button>").next().unwrap();
    before.rsplit("name=\"value\" value=\"").next().unwrap().split('"').next().unwrap().to_owned()
}

pub async fn row(app: &TestApp, class: &Class, child: &str) -> after_school::Row {
    let mut tx = app.db.read().await.unwrap();
    let session = after_school::session(&mut tx, app.home.tenant, class.id()).await.unwrap();
    let rows = after_school::rows(&mut tx, &app.act(), &session).await.unwrap();
    rows.into_iter().find(|row| row.child.id.to_string() == child).unwrap()
}

/// A group of those who work, which is told.
pub async fn group(app: &TestApp) {
    let address = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=made-up".to_owned();
    let (kind, name, place) = (channel::Kind::Wecom, "工作群".to_owned(), channel::Place::Community);
    let new = channel::NewChannel { kind, name, place, address, secret: None, reminders: true };
    let mut tx = app.db.begin().await.unwrap();
    channel::add(&mut tx, &app.act(), new, &[]).await.unwrap();
    tx.commit().await.unwrap();
}

/// How often it was told of the class.
pub async fn notices(app: &TestApp, class: &Class) -> usize {
    channel::of_subject(&mut app.db.read().await.unwrap(), app.home.tenant, class.id()).await.unwrap().len()
}

pub async fn watch(app: &TestApp) {
    while after_school::watch_some(&app.db, &app.means).await.unwrap() {}
}

/// What happens at the door, in any order; numbers are who does it, or who stands there.
#[derive(Debug, Clone)]
enum Event {
    Wait(i64),
    Arrive(usize),
    StayAway(usize, bool),
    LetAlone(bool),
    GiveCode,
    Listed(usize, usize),
    Code(usize, bool, bool),
    Alone(usize),
    Ask(usize, usize),
    Agree(usize),
    Look,
    Answer(usize),
    TakeBack(usize),
}

fn event() -> impl Strategy<Value = Event> {
    let by = 0..2usize;
    prop_oneof![
        3 => (1..60i64).prop_map(Event::Wait),
        5 => by.clone().prop_map(Event::Arrive),
        1 => (by.clone(), any::<bool>()).prop_map(|(by, leave)| Event::StayAway(by, leave)),
        1 => any::<bool>().prop_map(Event::LetAlone),
        2 => Just(Event::GiveCode),
        1 => (by.clone(), 0..3usize).prop_map(|(by, who)| Event::Listed(by, who)),
        3 => (by.clone(), any::<bool>(), any::<bool>()).prop_map(|(by, right, name)| Event::Code(by, right, name)),
        1 => by.clone().prop_map(Event::Alone),
        2 => (by.clone(), 0..3usize).prop_map(|(by, who)| Event::Ask(by, who)),
        1 => by.clone().prop_map(Event::Agree),
        3 => Just(Event::Look),
        2 => by.clone().prop_map(Event::Answer),
        1 => by.prop_map(Event::TakeBack),
    ]
}

async fn take(app: &TestApp, class: &Class, child: Uuid, by: &Keeper, step: Step) -> Result<Taken, Error> {
    let mut tx = app.db.begin().await.unwrap();
    let taken = after_school::take(&mut tx, &app.act(), class.id(), child, by, step).await?;
    tx.commit().await.unwrap();
    Ok(taken)
}

/// One story of a child, told to the program and to the state machine; both remember the same.
async fn told(app: &TestApp, class: &Class, keepers: &[Keeper], name: &str, events: Vec<Event>) {
    at(app, START);
    let barred = [
        ("child_name", name),
        ("barred1_name", "刘老二"),
        ("barred1_relation", "叔叔"),
        ("barred1_phone", "13800009999"),
    ];
    let id: Uuid = class.child(app, &barred).await.parse().unwrap();
    let mut tx = app.db.read().await.unwrap();
    let adults = after_school::adults(&mut tx, &app.act(), id).await.unwrap();
    let child = after_school::child(&mut tx, &app.act(), id).await.unwrap();
    drop(tx);
    let minutes = SignedDuration::from_mins;
    let starts_at: Timestamp = START.parse().unwrap();
    let terms = Terms {
        starts_at,
        ends_at: starts_at + minutes(90),
        late: minutes(10),
        alarm: minutes(30),
        again: minutes(10),
        answered: minutes(15),
        asked: minutes(10),
    };
    let person = |name: &str, phone: &str| Person { name: name.into(), relation: "亲戚".into(), phone: phone.into() };
    let strangers = [person("陈医生", "13800000001"), person("刘老二", "13800000002"), person("无名氏", "13800009999")];
    let aunt = person("刘小红", "13800007777");
    let (mut known, mut alone, mut asked) = (Presence::expected(), false, None::<(Person, Keeper, Timestamp)>);
    let mut code = None::<(String, usize)>;
    for event in events {
        let now = app.means.now();
        let authority =
            Authority { adults: adults.clone(), alone, code: code.as_ref().map(|_| (Uuid::nil(), aunt.clone())) };
        let release = |claim, by: usize| known.release(&terms, &authority, claim, keepers[by].clone(), now);
        let (by, step, expected) = match event.clone() {
            Event::Wait(time) => {
                app.means.clock.set(now + minutes(time));
                continue;
            }
            Event::LetAlone(may) => {
                let mut tx = app.db.begin().await.unwrap();
                match may {
                    true => after_school::consent(&mut tx, &app.act(), &child, Purpose::Alone, after_school::How::Link)
                        .await
                        .unwrap(),
                    false => after_school::withdraw(&mut tx, &app.act(), &child, Purpose::Alone).await.unwrap(),
                }
                tx.commit().await.unwrap();
                alone = may;
                continue;
            }
            Event::GiveCode => {
                let mut tx = app.db.begin().await.unwrap();
                code = Some((after_school::make_code(&mut tx, &app.act(), &child, &aunt).await.unwrap(), 0));
                tx.commit().await.unwrap();
                continue;
            }
            Event::Look => {
                watch(app).await;
                known = known.alarm(&terms, now).unwrap_or(known);
                continue;
            }
            Event::Arrive(by) => (by, Step::Arrive, known.arrive(&terms, now)),
            Event::StayAway(by, leave) => (by, Step::StayAway(leave), known.stay_away(leave)),
            Event::Answer(by) => (by, Step::Answer(Answer::OnWay), known.answer(&terms, now)),
            Event::TakeBack(by) => (by, Step::TakeBack("点错了".to_owned()), known.take_back(&terms, now)),
            Event::Listed(by, who) => {
                let adult = adults.get(who).map_or(Uuid::nil(), |adult| adult.id);
                (by, Step::Fetch(Fetch::Listed(adult)), release(Claim::Listed(adult), by))
            }
            Event::Alone(by) => (by, Step::Fetch(Fetch::Alone), release(Claim::Alone, by)),
            Event::Code(by, right, name) => {
                let digits = code.as_ref().map_or("000000".to_owned(), |(digits, _)| digits.clone());
                let digits =
                    if right { digits } else { format!("{:06}", (digits.parse::<u32>().unwrap() + 1) % 1_000_000) };
                let name = if name { "刘小红" } else { "陈大伟" };
                let right = right && name == "刘小红" && code.is_some();
                let claim = Claim::Code { code: Uuid::nil(), person: aunt.clone() };
                let expected = if right { release(claim, by) } else { Err("wrong") };
                // It counts where it is looked at.
                if known.release.is_none() && !right {
                    code = code.map(|(digits, tries)| (digits, tries + 1)).filter(|(_, tries)| *tries < 5);
                }
                (by, Step::Fetch(Fetch::Code { digits, name: name.to_owned() }), expected)
            }
            Event::Ask(by, who) => {
                let done = take(app, class, id, &keepers[by], Step::Ask(strangers[who].clone())).await;
                let right = known.standing == presence::Standing::Here && who == 0;
                assert_eq!(done.is_ok(), right, "{event:?} {known:?} {done:?}");
                if right {
                    asked = Some((strangers[who].clone(), keepers[by].clone(), now));
                }
                continue;
            }
            Event::Agree(by) => {
                let seen = asked.as_ref().map_or(now, |(.., at)| *at);
                let claim = asked.clone();
                let claim = claim.map(|(person, asked_by, asked_at)| Claim::Emergency { person, asked_by, asked_at });
                (
                    by,
                    Step::Fetch(Fetch::Emergency(seen)),
                    claim.map_or(Err("nobody has asked"), |claim| release(claim, by)),
                )
            }
        };
        let done = take(app, class, id, &keepers[by], step).await;
        assert_eq!(matches!(done, Ok(Taken::Done(_))), expected.is_ok(), "{event:?} {known:?} {done:?} {expected:?}");
        if let Ok(now) = expected {
            // What was asked for before a release was taken back is asked for no more.
            if known.release.is_some() && now.release.is_none() {
                asked = None;
            }
            code = code.filter(|_| now.release.as_ref().is_none_or(|release| release.code.is_none()));
            known = now;
        }
        let mut kept = row(app, class, &id.to_string()).await.presence;
        if let Some(release) = &mut kept.release {
            release.code = release.code.map(|_| Uuid::nil());
        }
        assert_eq!(kept, known, "{event:?}");
    }
}

db_test! {
    async fn whatever_happens_at_the_door_the_program_and_the_state_machine_remember_the_same(app: TestApp) {
        let class = Class::new(&app).await;
        class.open(&app).await;
        let mut tx = app.db.read().await.unwrap();
        let session = after_school::session(&mut tx, app.home.tenant, class.id()).await.unwrap();
        let rota = after_school::keepers(&mut tx, &app.act(), &session).await.unwrap();
        drop(tx);
        let keepers: Vec<Keeper> = rota.iter().map(|keeper| Keeper { id: keeper.person(), name: keeper.name.clone() }).collect();
        let mut chance = TestRunner::deterministic();
        for name in ["高一", "高二", "高三", "高四", "高五", "高六", "高七", "高八", "高九", "高十"] {
            let events = prop::collection::vec(event(), 10..40).new_tree(&mut chance).unwrap().current();
            told(&app, &class, &keepers, name, events).await;
        }
    }

    async fn a_term_is_planned_by_the_table_of_holidays(app: TestApp) {
        at(&app, MORNING);
        let place = estate(&app).await.estate.to_string();
        let staff = app.person(Role::Staff).browser().await;
        let weekly = |until: &'static str| {
            let mut fields = form(&place);
            fields.retain(|(name, _)| *name != "day");
            fields.extend([("day", "2026-12-28"), ("repeat", "week"), ("repeat_until", until), ("skip", "days_off")]);
            fields.extend([("weekday", "1"), ("weekday", "3"), ("weekday", "6")]);
            fields
        };
        let refused = staff.post("/class-sessions", &weekly("2027-01-15")).await;
        refused.assert_status(422).assert_contains("2027").assert_contains("党群服务站");
        let page = staff.post("/class-sessions", &weekly("2026-12-31")).await;
        page.assert_ok().assert_contains("一共 2 次");
        staff.get("/class-sessions").await.assert_contains("12月28日").assert_contains("12月30日").assert_lacks("12月26日");
        // One is held elsewhere, at another time; the other stays.
        let edit = staff.get(&format!("{}/particulars", page.url)).await;
        let version = edit.input("version");
        let changed = [("place", "党群服务站二楼"), ("kind", "classics"), ("theme", "声律启蒙"), ("day", "2026-12-29"), ("from", "09:00"),
            ("until", "10:00"), ("capacity", "20"), ("version", version.as_str())];
        staff.post(&format!("{}/particulars", page.url), &changed).await.assert_ok().assert_contains("诵读经典：声律启蒙").assert_contains("12月29日");
        staff.post(&format!("{}/particulars", page.url), &changed).await.assert_contains("刚刚有人改过");
        staff.get("/class-sessions").await.assert_contains("12月30日").assert_contains("写数学");
        let other = app.community("141102004998", "别的社区").await;
        let stranger = app.person(Role::Staff).of_community(&other).browser().await;
        stranger.get(&page.url).await.assert_status(404);
        stranger.post(&format!("{}/keepers", page.url), &[("who", "me")]).await.assert_status(404);
    }

    async fn whoever_was_not_asked_about_holds_no_class(app: TestApp) {
        let class = Class::new(&app).await;
        let (id, _) = volunteer(&app, "张爱莲", class.team, Post::Member).await;
        let who = format!("volunteer:{id}");
        class.put(&app, &who).await.assert_status(422).assert_contains("没有通过从业查询");
        vetted(&app, id, date(2025, 11, 30), Outcome::Passed).await;
        class.put(&app, &who).await.assert_status(422).assert_contains("已经过期");
        vetted(&app, id, date(2026, 11, 2), Outcome::Passed).await;
        vetted(&app, id, date(2026, 11, 3), Outcome::Failed).await;
        class.put(&app, &who).await.assert_status(422).assert_contains("没有通过从业查询");
        vetted(&app, id, date(2026, 11, 4), Outcome::Passed).await;
        class.put(&app, &who).await.assert_ok().assert_contains("还差 1 位");
        class.put(&app, &who).await.assert_status(422).assert_contains("已经在带班表上");
        // Staff are asked about as well.
        class.put(&app, "me").await.assert_status(422).assert_contains("没有通过从业查询");
        let staff = class.staff(&app).await;
        let account = class.account.id.to_string();
        let result = [("account", account.as_str()), ("result", "passed"), ("checked_on", "2026-11-20"), ("proof_no", "")];
        staff.post("/class-vettings", &result).await.assert_ok().assert_contains("能带班");
        class.put(&app, "me").await.assert_ok().assert_lacks("还差");
        // Who has left the roll since is not counted any more.
        let card = volunteer::card(&mut app.db.read().await.unwrap(), &app.act(), id).await.unwrap();
        let mut tx = app.db.begin().await.unwrap();
        volunteer::leave(&mut tx, &app.act(), &card, "搬走了").await.unwrap();
        tx.commit().await.unwrap();
        staff.get(&class.path).await.assert_contains("不在册");
    }

    async fn no_class_begins_with_too_few_adults_and_of_too_many_children_staff_are_told(app: TestApp) {
        let class = Class::new(&app).await;
        let keeper = class.keeper(&app, "张爱莲").await;
        let other = class.keeper(&app, "王桂芳").await;
        let mut children = Vec::new();
        for name in ["高一", "高二", "高三"] {
            children.push(class.child(&app, &[("child_name", name)]).await);
        }
        let phone = app.browser();
        step(&phone, &keeper, "", "open", &[]).await.assert_status(422).assert_contains("还早");
        step(&phone, &keeper, &children[0], "arrive", &[]).await.assert_status(422).assert_contains("还没有开课");
        at(&app, DOORS);
        came(&phone, &keeper).await.assert_ok();
        step(&phone, &keeper, "", "open", &[]).await.assert_status(422).assert_contains("至少要有 2 位");
        came(&phone, &other).await.assert_ok();
        step(&phone, &other, "", "open", &[]).await.assert_ok().assert_contains("王桂芳开的课");
        step(&phone, &keeper, "", "open", &[]).await.assert_contains("已经开课了");
        // By another rule two adults look after two children at most.
        let mut tx = app.db.begin().await.unwrap();
        let rules = serde_json::json!({
            "least_adults": 2, "children_per_adult": 1, "young_per_adult": 1, "young_age": 8, "term_days": 190, "doors_minutes": 60,
            "unopened_minutes": 10, "tardy_minutes": 10, "call_minutes": 15, "alarm_minutes": 30, "repeat_minutes": 10, "answered_minutes": 15,
            "code_hours": 24, "code_tries": 5, "asked_minutes": 10, "most_pictures": 12, "picture_days": 365, "unshown_hours": 24
        });
        settings::set(&mut tx, &app.act(), "after_school.sessions", date(2026, 12, 1), &rules, "居民代表会议").await.unwrap();
        tx.commit().await.unwrap();
        for child in &children[..2] {
            step(&phone, &keeper, child, "arrive", &[]).await.assert_ok();
        }
        // The third is here, whatever is right: it is watched, and staff hear of it.
        group(&app).await;
        step(&phone, &keeper, &children[2], "arrive", &[]).await.assert_ok().assert_contains("要 3 位大人，现在只有 2 位");
        assert!(row(&app, &class, &children[2]).await.is(presence::Standing::Here));
        assert_eq!(notices(&app, &class).await, 1);
    }

    async fn a_child_goes_with_whom_the_guardian_lets_fetch_it_and_nobody_else(app: TestApp) {
        let class = Class::new(&app).await;
        let barred = [("barred1_name", "刘老二"), ("barred1_relation", "叔叔"), ("barred1_phone", "13800009999")];
        let child = class.child(&app, &barred).await;
        let alone = class.child(&app, &[("child_name", "高小明"), ("alone", "yes")]).await;
        let stranger = enrolled(&class.staff(&app).await, &[("child_name", "王小丫")]).await;
        let [keeper, other] = class.open(&app).await;
        let phone = app.browser();
        // Whoever holds the class reads of its children and of no others; the guardian sees who has.
        phone.get(&keeper).await.assert_contains("刘小雨").assert_lacks("王小丫");
        phone.get(&keeper).await.assert_contains("刘小雨");
        class.staff(&app).await.get(&class.path).await.assert_lacks("刘小雨").assert_contains("刘某某");
        let own = guardian_link(&class.staff(&app).await, &child).await;
        let seen = app.browser().get(&own).await;
        assert_eq!(seen.assert_contains("张爱莲").between_all("带班：12月1日", "<").count(), 2, "once for each of the two");
        step(&phone, &keeper, &stranger, "arrive", &[]).await.assert_status(404);
        step(&phone, &keeper, &child, "alone", &[]).await.assert_status(422).assert_contains("孩子不在这里");
        step(&phone, &keeper, &child, "arrive", &[]).await.assert_ok();
        step(&phone, &keeper, &alone, "arrive", &[]).await.assert_ok();
        let page = phone.get(&keeper).await;
        page.assert_contains("不能交给 刘老二");
        let grandmother = adult(&page, "王桂香");
        step(&phone, &keeper, &child, "listed", &[("value", &Uuid::nil().to_string())]).await.assert_status(422).assert_contains("不在能接的名单上");
        step(&phone, &keeper, &child, "alone", &[]).await.assert_status(422).assert_contains("没有同意自行离开");
        let code = [("digits", "123456"), ("fetcher", "刘小红")];
        step(&phone, &keeper, &child, "code", &code).await.assert_status(422).assert_contains("没有能用的接送码");
        let uncle = [("urgent_name", "刘老二"), ("urgent_relation", "叔叔"), ("urgent_phone", "13800001111")];
        step(&phone, &keeper, &child, "ask", &uncle).await.assert_status(422).assert_contains("不能交给这个人");
        // An emergency takes two people.
        step(&phone, &other, &child, "agree", &[("value", "1")]).await.assert_status(422).assert_contains("没有人提出过");
        let doctor = [("urgent_name", "陈医生"), ("urgent_relation", "急救"), ("urgent_phone", "13800001112")];
        step(&phone, &keeper, &child, "ask", &doctor).await.assert_ok().assert_contains("提出紧急放行").assert_lacks("同意放行");
        // Whom another one agrees to is whom they have read of, and not whom somebody has written down since.
        let shown = asked(&phone.get(&other).await);
        app.means.clock.set(app.means.now() + SignedDuration::from_secs(5));
        let nurse = [("urgent_name", "周护士"), ("urgent_relation", "急救"), ("urgent_phone", "13800001113")];
        step(&phone, &keeper, &child, "ask", &nurse).await.assert_ok();
        step(&phone, &other, &child, "agree", &[("value", &shown)]).await.assert_status(422).assert_contains("刚刚改过");
        step(&phone, &keeper, &child, "ask", &doctor).await.assert_ok();
        let shown = asked(&phone.get(&other).await);
        step(&phone, &keeper, &child, "agree", &[("value", &shown)]).await.assert_status(422).assert_contains("要两个人");
        // What was asked for long ago is not asked for any more.
        let now = app.means.now();
        app.means.clock.set(now + SignedDuration::from_mins(11));
        step(&phone, &other, &child, "agree", &[("value", &shown)]).await.assert_status(422).assert_contains("提出得太久");
        app.means.clock.set(now);
        phone.get(&other).await.assert_contains("我核实过了，同意放行");
        step(&phone, &other, &child, "agree", &[("value", &shown)]).await.assert_ok().assert_contains("陈医生");
        step(&phone, &other, &child, "listed", &[("value", &grandmother)]).await.assert_status(422).assert_contains("已经走了");
        step(&phone, &keeper, &alone, "alone", &[]).await.assert_ok();
        let gone = row(&app, &class, &child).await.presence;
        assert!(gone.early && gone.release.as_ref().unwrap().second.as_ref().unwrap().name == "王桂芳");
        // What is done by a link is written down under a name.
        let history = audit::history(&mut app.db.read().await.unwrap(), &app.act(), class.id()).await.unwrap();
        assert!(history.iter().any(|past| past.reason.contains("张爱莲：紧急") || past.reason.contains("王桂芳：紧急")));
        at(&app, "2026-12-02T09:00:00+08:00");
        phone.get(&keeper).await.assert_contains("只在上课那天能用").assert_lacks("刘小雨");
        step(&phone, &keeper, &child, "arrive", &[]).await.assert_status(422).assert_contains("只在上课那天能用");
        let words = crate::support::office::words(&app.browser().download(&format!("{own}/record.docx")).await);
        assert!(words.contains("陈医生") && words.contains("张爱莲放行"));
    }

    async fn of_two_who_tap_at_once_one_lets_the_child_go(app: TestApp) {
        let class = Class::new(&app).await;
        let child = class.child(&app, &[]).await;
        let keepers = class.open(&app).await;
        let phone = app.browser();
        step(&phone, &keepers[0], &child, "arrive", &[]).await.assert_ok();
        let value = adult(&phone.get(&keepers[0]).await, "王桂香");
        let phones: Vec<(Browser, &String)> = (0..12).map(|at| (app.browser(), &keepers[at % 2])).collect();
        join_all(phones.iter().map(|(phone, keeper)| phone.get(keeper))).await;
        let fields = [("value", value.as_str())];
        let answers = join_all(phones.iter().map(|(phone, keeper)| step(phone, keeper, &child, "listed", &fields))).await;
        assert_eq!(answers.iter().filter(|page| page.status == 200).count(), 1);
        assert!(answers.iter().filter(|page| page.status != 200).all(|page| page.contains("已经走了")));
    }

    async fn a_code_is_for_one_person_and_once(app: TestApp) {
        let class = Class::new(&app).await;
        let child = class.child(&app, &[("barred1_name", "刘老二"), ("barred1_relation", "叔叔"), ("barred1_phone", "13800009999")]).await;
        let keepers = class.open(&app).await;
        let (phone, keeper) = (app.browser(), &keepers[0]);
        step(&phone, keeper, &child, "arrive", &[]).await.assert_ok();
        let own = guardian_link(&class.staff(&app).await, &child).await;
        code(&app, &own, "刘老二").await.assert_status(422).assert_contains("不能接");
        let first = digits(&code(&app, &own, "刘小红").await);
        app.browser().get(&own).await.assert_contains("刘小红").assert_lacks(&first);
        let second = digits(&code(&app, &own, "刘小红").await);
        let tried = async |digits: &str, name: &str| step(&phone, keeper, &child, "code", &[("digits", digits), ("fetcher", name)]).await;
        if first != second {
            tried(&first, "刘小红").await.assert_status(422).assert_contains("还能试 4 次");
        }
        tried(&second, "陈大伟").await.assert_status(422).assert_contains("对不上");
        // Too many wrong ones, and the right one is good no more.
        for _ in 0..5 {
            tried("000000", "无名氏").await.assert_status(422);
        }
        tried(&second, "刘小红").await.assert_status(422).assert_contains("没有能用的接送码");
        let third = digits(&code(&app, &own, "刘小红").await);
        app.browser().post(&format!("{own}/codes/withdrawal"), &[]).await.assert_ok();
        tried(&third, "刘小红").await.assert_status(422).assert_contains("没有能用的接送码");
        let fourth = digits(&code(&app, &own, "刘小红").await);
        tried(&fourth, "刘小红").await.assert_ok();
        tried(&fourth, "刘小红").await.assert_status(422).assert_contains("已经走了");
        let release = row(&app, &class, &child).await.presence.release.unwrap();
        assert!(release.way == presence::ReleaseWay::Code && release.person.unwrap().name == "刘小红");
        // Another one runs out.
        let brother = class.child(&app, &[("child_name", "刘小雷")]).await;
        let own = guardian_link(&class.staff(&app).await, &brother).await;
        at(&app, "2026-11-30T12:00:00+08:00");
        let old = digits(&code(&app, &own, "刘小红").await);
        at(&app, "2026-12-01T16:40:00+08:00");
        step(&phone, keeper, &brother, "arrive", &[]).await.assert_ok();
        let late = step(&phone, keeper, &brother, "code", &[("digits", &old), ("fetcher", "刘小红")]).await;
        late.assert_status(422).assert_contains("没有能用的接送码");
    }

    async fn a_child_that_is_missing_is_called_about(app: TestApp) {
        let class = Class::new(&app).await;
        group(&app).await;
        let (child, ill) = (class.child(&app, &[]).await, class.child(&app, &[("child_name", "高小明")]).await);
        let own = guardian_link(&class.staff(&app).await, &ill).await;
        let coming = app.browser().get(&own).await;
        coming.assert_contains("要上的课").assert_contains("请假");
        let session = class.id().to_string();
        app.browser().post(&format!("{own}/leaves"), &[("session", &session)]).await.assert_ok().assert_contains("请好假了");
        let keepers = class.open(&app).await;
        let phone = app.browser();
        at(&app, START);
        app.browser().post(&format!("{own}/leaves"), &[("session", &session)]).await.assert_contains("已经开始上课");
        step(&phone, &keepers[0], &child, "absent", &[]).await.assert_ok().assert_contains("给监护人打电话").assert_contains("13800001234");
        class.staff(&app).await.get("/today").await.assert_contains("有孩子没来，没请假").assert_lacks("刘小雨");
        at(&app, "2026-12-01T16:46:00+08:00");
        watch(&app).await;
        watch(&app).await;
        assert_eq!(notices(&app, &class).await, 1, "nobody has called within a quarter of an hour");
        phone.get(&keepers[0]).await.assert_contains("已经晚了");
        step(&phone, &keepers[0], &child, "call", &[("value", "no_answer")]).await.assert_ok().assert_contains("没打通").assert_lacks("已经晚了");
        step(&phone, &keepers[0], &child, "call", &[("value", "on_way")]).await.assert_ok();
        class.staff(&app).await.get("/today").await.assert_lacks("有孩子没来，没请假");
        // Who is on the way has not come yet.
        at(&app, "2026-12-01T17:02:00+08:00");
        watch(&app).await;
        assert_eq!(notices(&app, &class).await, 2, "nobody has seen whether the child came");
        class.staff(&app).await.get("/today").await.assert_contains("有孩子没来，没请假");
        step(&phone, &keepers[0], &child, "call", &[("value", "on_way")]).await.assert_ok();
        class.staff(&app).await.get("/today").await.assert_lacks("有孩子没来，没请假");
        step(&phone, &keepers[0], &child, "arrive", &[]).await.assert_ok().assert_contains("迟到");
        // Who was on leave comes after all.
        step(&phone, &keepers[0], &ill, "arrive", &[]).await.assert_ok();
    }

    async fn a_child_of_whom_nothing_is_tapped_is_missed(app: TestApp) {
        let class = Class::new(&app).await;
        group(&app).await;
        let child = class.child(&app, &[]).await;
        let keepers = class.open(&app).await;
        let phone = app.browser();
        at(&app, "2026-12-01T16:54:00+08:00");
        watch(&app).await;
        assert_eq!(notices(&app, &class).await, 0);
        class.staff(&app).await.get("/today").await.assert_lacks("有孩子没来，没请假");
        at(&app, "2026-12-01T16:55:00+08:00");
        watch(&app).await;
        assert_eq!(notices(&app, &class).await, 1, "ten minutes late, and a quarter of an hour to call");
        class.staff(&app).await.get("/today").await.assert_contains("有孩子没来，没请假");
        phone.get(&keepers[0]).await.assert_contains("tel:13800001234");
        // Put down when the class has begun, a child is missed later.
        let other = class.child(&app, &[("child_name", "高小明")]).await;
        step(&phone, &keepers[0], &child, "call", &[("value", "not_coming")]).await.assert_ok().assert_contains("没来，没请假");
        class.staff(&app).await.get("/today").await.assert_lacks("有孩子没来，没请假");
        at(&app, "2026-12-01T17:20:00+08:00");
        watch(&app).await;
        assert_eq!(notices(&app, &class).await, 2);
        step(&phone, &keepers[0], &other, "arrive", &[]).await.assert_ok();
        class.staff(&app).await.get("/today").await.assert_lacks("有孩子没来，没请假");
    }

    async fn one_person_is_one_adult(app: TestApp) {
        let class = Class::new(&app).await;
        let staff = class.staff(&app).await;
        let account = class.account.id.to_string();
        let query = [("account", account.as_str()), ("result", "passed"), ("checked_on", "2026-11-20"), ("proof_no", "")];
        staff.post("/class-vettings", &query).await.assert_ok();
        let keeper = class.keeper(&app, "张爱莲").await;
        class.put(&app, "me").await.assert_ok();
        // The same person again, with a card of a volunteer.
        let (id, _) = volunteer(&app, "任建平", class.team, Post::Member).await;
        vetted(&app, id, date(2026, 11, 2), Outcome::Passed).await;
        class.put(&app, &format!("volunteer:{id}")).await.assert_status(422).assert_contains("已经在带班表上");
        // Whoever holds the class has nobody else's link, and nobody says of another that they are there.
        class.staff(&app).await.get(&class.path).await.assert_lacks("张爱莲的链接").assert_lacks(&keeper);
        at(&app, DOORS);
        let staff = class.staff(&app).await;
        let mut tx = app.db.read().await.unwrap();
        let session = after_school::session(&mut tx, app.home.tenant, class.id()).await.unwrap();
        let rota = after_school::keepers(&mut tx, &app.act(), &session).await.unwrap();
        drop(tx);
        let line = rota.iter().find(|line| line.name == "张爱莲").unwrap().id.to_string();
        step(&staff, &class.path, "", "came", &[("value", &line)]).await.assert_status(422).assert_contains("要本人");
        came(&staff, &class.path).await.assert_ok().assert_contains("到了 1 位");
        came(&app.browser(), &keeper).await.assert_ok().assert_contains("到了 2 位");
    }

    async fn what_was_tapped_by_mistake_is_taken_back_and_the_child_is_watched_again(app: TestApp) {
        let class = Class::new(&app).await;
        let child = class.child(&app, &[]).await;
        let keepers = class.open(&app).await;
        let phone = app.browser();
        step(&phone, &keepers[0], &child, "arrive", &[]).await.assert_ok();
        let page = phone.get(&keepers[0]).await;
        let value = adult(page.assert_contains("再看一眼：把 刘小雨 交给王桂香"), "王桂香");
        step(&phone, &keepers[0], &child, "take_back", &[("why", "点错了")]).await.assert_status(422).assert_contains("不用撤回");
        step(&phone, &keepers[0], &child, "listed", &[("value", &value)]).await.assert_ok().assert_contains("点错了，孩子还在");
        step(&phone, &keepers[0], &child, "take_back", &[("why", " ")]).await.assert_status(422).assert_contains("为什么撤回");
        step(&class.staff(&app).await, &class.path, &child, "take_back", &[("why", "点错了")]).await.assert_status(422);
        step(&phone, &keepers[1], &child, "take_back", &[("why", "点错了孩子")]).await.assert_ok();
        let kept = row(&app, &class, &child).await.presence;
        assert!(kept.standing == presence::Standing::Here && kept.release.is_none() && !kept.early);
        let history = audit::history(&mut app.db.read().await.unwrap(), &app.act(), class.id()).await.unwrap();
        assert!(history.iter().any(|past| past.reason.contains("王桂芳：点错了孩子") && past.reason.contains("张爱莲放行")));
        at(&app, "2026-12-01T18:30:00+08:00");
        watch(&app).await;
        assert_eq!(row(&app, &class, &child).await.presence.alarms, 1);
    }

    async fn whoever_is_known_by_name_only_can_be_barred(app: TestApp) {
        let class = Class::new(&app).await;
        let child = class.child(&app, &[("barred1_name", "刘老二")]).await;
        let keepers = class.open(&app).await;
        let phone = app.browser();
        step(&phone, &keepers[0], &child, "arrive", &[]).await.assert_ok();
        phone.get(&keepers[0]).await.assert_contains("不能交给 刘老二");
        let uncle = [("urgent_name", "刘老二"), ("urgent_relation", "叔叔"), ("urgent_phone", "13800001111")];
        step(&phone, &keepers[0], &child, "ask", &uncle).await.assert_status(422).assert_contains("不能交给这个人");
    }

    async fn only_staff_whose_reach_covers_the_estate_hold_its_classes(app: TestApp) {
        let class = Class::new(&app).await;
        let elsewhere = app.person(Role::Staff).named("郭小梅").reaching(Reach::Estate, app.means.id()).create().await;
        class.staff(&app).await.get(&class.path).await.assert_lacks("郭小梅（工作人员）").assert_contains("任建平（工作人员）");
        let who = format!("account:{}", elsewhere.id);
        class.put(&app, &who).await.assert_status(404);
    }

    async fn who_fetched_a_child_is_known_after_they_were_taken_off_the_list(app: TestApp) {
        let class = Class::new(&app).await;
        let child = class.child(&app, &[]).await;
        let keepers = class.open(&app).await;
        let phone = app.browser();
        step(&phone, &keepers[0], &child, "arrive", &[]).await.assert_ok();
        let value = adult(&phone.get(&keepers[0]).await, "王桂香");
        step(&phone, &keepers[0], &child, "listed", &[("value", &value)]).await.assert_ok();
        let staff = class.staff(&app).await;
        let own = guardian_link(&staff, &child).await;
        let home = crate::after_school::home(&staff).await;
        let guardian = app.browser();
        let version = guardian.get(&format!("{own}/particulars")).await.input("version");
        let mut form = vec![("home", home.as_str()), ("version", version.as_str())];
        form.extend(crate::after_school::CHILD.iter().filter(|(name, _)| !name.starts_with("listed1")));
        form.extend([("listed1_name", "刘小红"), ("listed1_relation", "姑姑"), ("listed1_phone", "13800007777")]);
        guardian.post(&format!("{own}/particulars"), &form).await.assert_ok();
        guardian.get(&own).await.assert_contains("王桂香（奶奶） 名单上的人接走");
        phone.get(&keepers[0]).await.assert_contains("王桂香（奶奶）");
    }

    async fn a_class_that_was_never_opened_alarms_until_somebody_says_what_became_of_the_children(app: TestApp) {
        let class = Class::new(&app).await;
        class.child(&app, &[]).await;
        group(&app).await;
        for (moment, told) in [("16:41", 1), ("18:29", 1), ("18:30", 2), ("18:39", 2), ("18:40", 3)] {
            at(&app, &format!("2026-12-01T{moment}:00+08:00"));
            watch(&app).await;
            assert_eq!(notices(&app, &class).await, told, "{moment}");
        }
        let staff = class.staff(&app).await;
        staff.get("/today").await.assert_contains("课没有开，孩子怎样了没人知道");
        staff.get(&class.path).await.assert_contains("警报：这次课没有开");
        step(&staff, &class.path, "", "account", &[("account", " ")]).await.assert_status(422).assert_contains("每个孩子");
        let words = [("account", "停电了，都由家长当场领回")];
        step(&staff, &class.path, "", "account", &words).await.assert_ok().assert_contains("任建平：停电了").assert_lacks("警报");
        staff.get("/today").await.assert_lacks("孩子怎样了没人知道");
        at(&app, "2026-12-01T19:30:00+08:00");
        watch(&app).await;
        assert_eq!(notices(&app, &class).await, 3);
    }

    async fn nobody_is_left_behind(app: TestApp) {
        let class = Class::new(&app).await;
        group(&app).await;
        let child = class.child(&app, &[]).await;
        let keepers = class.open(&app).await;
        let phone = app.browser();
        step(&phone, &keepers[0], &child, "arrive", &[]).await.assert_ok();
        at(&app, "2026-12-01T18:29:59+08:00");
        watch(&app).await;
        assert_eq!(row(&app, &class, &child).await.presence.alarms, 0);
        at(&app, "2026-12-01T18:30:00+08:00");
        watch(&app).await;
        watch(&app).await;
        assert_eq!(row(&app, &class, &child).await.presence.alarms, 1, "and not again at once");
        assert_eq!(notices(&app, &class).await, 1);
        let staff = class.staff(&app).await;
        for page in ["/today", "/class-sessions", "/children"] {
            staff.get(page).await.assert_contains("警报").assert_lacks("刘小雨");
        }
        staff.get(&class.path).await.assert_contains("警报：刘某某还没接走");
        phone.get(&keepers[1]).await.assert_contains("警报：刘小雨还没接走").assert_contains("tel:13800001234");
        at(&app, "2026-12-01T18:40:00+08:00");
        watch(&app).await;
        assert_eq!(row(&app, &class, &child).await.presence.alarms, 2, "nobody has answered");
        assert_eq!(notices(&app, &class).await, 2);
        // An answer puts it off; the child is still here.
        step(&class.staff(&app).await, &class.path, &child, "answer", &[("value", "on_way")]).await.assert_ok().assert_lacks("警报");
        at(&app, "2026-12-01T18:54:00+08:00");
        watch(&app).await;
        assert!(row(&app, &class, &child).await.presence.alarm_at.is_none());
        at(&app, "2026-12-01T18:55:00+08:00");
        watch(&app).await;
        assert_eq!(row(&app, &class, &child).await.presence.alarms, 3);
        // Staff who do not hold the class let nobody go.
        let value = adult(&phone.get(&keepers[0]).await, "王桂香");
        step(&class.staff(&app).await, &class.path, &child, "listed", &[("value", &value)]).await.assert_status(422).assert_contains("不在这次课的带班表上");
        step(&phone, &keepers[0], &child, "listed", &[("value", &value)]).await.assert_ok().assert_lacks("警报");
        at(&app, "2026-12-01T20:00:00+08:00");
        watch(&app).await;
        assert_eq!(row(&app, &class, &child).await.presence.alarms, 3);
        class.staff(&app).await.get("/today").await.assert_lacks("警报");
    }

    async fn where_nobody_hears_the_alarms_that_is_said(app: TestApp) {
        let admin = app.person(Role::SecurityAdmin).browser().await;
        admin.get("/accounts").await.assert_contains("没有人管七彩四点半");
        app.person(Role::Staff).create().await;
        admin.get("/accounts").await.assert_lacks("没有人管七彩四点半");
    }

    async fn the_database_lets_no_child_go_without_a_way(app: TestApp) {
        let class = Class::new(&app).await;
        let child = class.child(&app, &[]).await;
        let keepers = class.open(&app).await;
        step(&app.browser(), &keepers[0], &child, "arrive", &[]).await.assert_ok();
        let (tenant, child, nobody) = (app.home.tenant, child.parse::<Uuid>().unwrap(), Uuid::max());
        for statement in [forged::NO_WAY, forged::NO_ALARM, forged::TWICE] {
            let mut tx = app.db.begin().await.unwrap();
            assert!(tx.execute(statement.bind(tenant).bind(child)).await.is_err(), "{}", statement.name);
        }
        for statement in [forged::NOBODY, forged::UNLISTED, forged::NO_CODE, forged::ONE_PERSON, forged::ONE_NAME] {
            let mut tx = app.db.begin().await.unwrap();
            assert!(tx.execute(statement.bind(tenant).bind(child).bind(nobody)).await.is_err(), "{}", statement.name);
        }
        // The same with two people is taken, so it was not something else that was refused.
        let mut tx = app.db.begin().await.unwrap();
        assert_eq!(tx.execute(forged::RIGHT.bind(tenant).bind(child).bind(nobody)).await.unwrap(), 1);
    }

    async fn staff_are_told_of_a_class_that_nobody_has_opened(app: TestApp) {
        let class = Class::new(&app).await;
        class.child(&app, &[]).await;
        group(&app).await;
        at(&app, "2026-12-01T16:41:00+08:00");
        class.staff(&app).await.get("/today").await.assert_contains("到点还没开课");
        watch(&app).await;
        assert!(!after_school::watch_some(&app.db, &app.means).await.unwrap(), "once");
        assert_eq!(notices(&app, &class).await, 1);
    }

    async fn the_families_of_a_class_that_is_cancelled_are_told(app: TestApp) {
        let class = Class::new(&app).await;
        let child = class.child(&app, &[]).await;
        let staff = class.staff(&app).await;
        let version = staff.get(&class.path).await.input("version");
        let cancellation = format!("{}/cancellation", class.path);
        staff.post(&cancellation, &[("version", &version), ("why", "")]).await.assert_status(422).assert_contains("请填写为什么取消");
        let page = staff.post(&cancellation, &[("version", &version), ("why", "学校开运动会")]).await;
        page.assert_ok().assert_contains("刘建军（父亲）13800001234").assert_contains("通知到了");
        staff.get("/today").await.assert_contains("家长还没通知完");
        staff.post(&format!("{}/calls", class.path), &[("child", &child)]).await.assert_ok().assert_contains("任建平通知了");
        staff.post(&format!("{}/calls", class.path), &[("child", &child)]).await.assert_ok().assert_contains("已经有人通知过了");
        staff.get("/today").await.assert_lacks("家长还没通知完");
        let own = guardian_link(&staff, &child).await;
        app.browser().get(&own).await.assert_contains("取消了：学校开运动会").assert_contains("通知课取消了");
        class.put(&app, "me").await.assert_status(422).assert_contains("取消了");
        // A term ends: each family is called once.
        let estate = class.estate.to_string();
        let mut weekly = form(&estate);
        weekly.retain(|(name, _)| *name != "day");
        weekly.extend([("day", "2026-12-02"), ("repeat", "week"), ("repeat_until", "2026-12-16")]);
        let term = staff.post("/class-sessions", &weekly).await.assert_contains("一共 3 次").url.clone();
        let all = [("child", child.as_str()), ("following", "yes")];
        staff.post(&format!("{term}/children"), &all).await.assert_ok().assert_contains("3 次课");
        let version = staff.get(&term).await.input("version");
        let ended = [("version", version.as_str()), ("why", "放寒假"), ("following", "yes")];
        staff.post(&format!("{term}/cancellation"), &ended).await.assert_ok();
        let today = staff.get("/today").await;
        assert_eq!(today.between_all("家长还没通知完", "<").count(), 1);
        staff.post(&format!("{term}/calls"), &[("child", &child)]).await.assert_ok();
        staff.get("/today").await.assert_lacks("家长还没通知完");
    }

    async fn what_is_erased_does_not_say_who_fetched_the_child(app: TestApp) {
        let class = Class::new(&app).await;
        let child = class.child(&app, &[]).await;
        let keepers = class.open(&app).await;
        let phone = app.browser();
        step(&phone, &keepers[0], &child, "arrive", &[]).await.assert_ok();
        let own = guardian_link(&class.staff(&app).await, &child).await;
        let digits = digits(&code(&app, &own, "刘小红").await);
        step(&phone, &keepers[0], &child, "code", &[("digits", &digits), ("fetcher", "刘小红")]).await.assert_ok();
        let sister = class.child(&app, &[("child_name", "刘小雷")]).await;
        step(&phone, &keepers[0], &sister, "arrive", &[]).await.assert_ok();
        let hers = guardian_link(&class.staff(&app).await, &sister).await;
        app.browser().post(&format!("{hers}/departure"), &[]).await.assert_ok();
        app.browser().post(&format!("{hers}/erasure"), &[]).await.assert_contains("接走以后才能删");
        phone.get(&keepers[0]).await.assert_contains("刘小雷").assert_contains("交给王桂香");
        let guardian = app.browser();
        guardian.get(&own).await.assert_contains("刘小红（姑姑） 凭监护人的接送码接走");
        guardian.post(&format!("{own}/departure"), &[]).await.assert_ok();
        guardian.post(&format!("{own}/erasure"), &[]).await.assert_ok();
        let kept = row(&app, &class, &child).await;
        let release = kept.presence.release.unwrap();
        assert!(kept.child.erased && release.person.is_none() && release.way == presence::ReleaseWay::Code);
        phone.get(&keepers[0]).await.assert_ok().assert_lacks("刘小红").assert_lacks("刘小雨");
    }
}
