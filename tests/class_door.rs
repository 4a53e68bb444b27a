//! 七彩四点半, at the door: no child goes with a stranger.

use doorstep::after_school::presence::{Authority, Claim, Keeper, Presence, Terms};
use doorstep::after_school::{self, Answer, Fetch, Person, Purpose, Step, Taken, presence};
use doorstep::audit;
use doorstep::error::Error;
use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use uuid::Uuid;

use crate::after_school::{enrolled, link as guardian_link};
use crate::class_sessions::{Class, START, adult, code, digits, row, step, watch};
use crate::support::{Browser, Page, TestApp};
use crate::volunteer::at;

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

/// The moment of an emergency that somebody has asked for, as the form has it.
fn asked(page: &Page) -> String {
    let before = page.body.split("同意放行</button>").next().unwrap();
    before.rsplit("name=\"value\" value=\"").next().unwrap().split('"').next().unwrap().to_owned()
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

    async fn a_child_that_comes_unexpected_is_put_down_by_name(app: TestApp) {
        let class = Class::new(&app).await;
        class.child(&app, &[]).await;
        let staff = class.staff(&app).await;
        let other = enrolled(&staff, &[("child_name", "高小明")]).await;
        let gone = enrolled(&staff, &[("child_name", "王小丫")]).await;
        staff.post(&format!("/children/{gone}/departure"), &[("why", "毕业了")]).await.assert_ok();
        let (phone, keepers) = (app.browser(), class.open(&app).await);
        phone.get(&keepers[0]).await.assert_lacks("高小明");
        let came = async |name: &str| step(&phone, &keepers[0], "", "unexpected", &[("unexpected", name)]).await;
        came("").await.assert_status(422).assert_contains("请写孩子的姓名");
        came("王小丫").await.assert_status(422).assert_contains("没有这个名字").assert_contains("value=\"王小丫\"");
        came("高小明").await.assert_ok().assert_contains("高小明");
        let known = row(&app, &class, &other).await;
        assert!(known.is(presence::Standing::Here) && known.noted_by.as_deref() == Some("张爱莲"));
        came("高小明").await.assert_status(422).assert_contains("已经点过到了");
        let history = audit::history(&mut app.db.read().await.unwrap(), &app.act(), class.id()).await.unwrap();
        assert!(history.iter().any(|past| past.reason == "张爱莲：没有排上，来了"));
        // Two of one name: where they live is not said.
        enrolled(&class.staff(&app).await, &[("child_name", "高小明")]).await;
        came("高小明").await.assert_status(422).assert_contains("有同名的孩子").assert_lacks("1号楼");
        // Whoever does not hold the class puts nobody down like this.
        let staff = class.staff(&app).await;
        step(&staff, &class.path, "", "unexpected", &[("unexpected", "高小明")]).await.assert_status(422).assert_contains("不在这次课的带班表上");
        at(&app, "2026-12-01T18:00:00+08:00");
        came("高小明").await.assert_status(422);
    }
}
