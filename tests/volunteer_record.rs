//! Records of hours that were confirmed: who may change one, what is objected to twice, what was seen before it was approved, and what two do
//! at once.

use doorstep::access::Role;
use doorstep::error::Error;
use doorstep::volunteer::{self, Arrival, Post, Span, Stage, Was};
use doorstep::{audit, settings};
use jiff::civil::date;
use jiff::{SignedDuration, Timestamp};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::json;
use uuid::Uuid;

use crate::stories::cast::estate;
use crate::support::TestApp;
use crate::volunteer::{at, team, volunteer as joined};
use crate::volunteer_activity::{get as activity, plan, planned, sign_up};
use crate::volunteer_hours::{
    answer, approve, approve_shown, confirm, correct, get, ledger, object, refused, span, staff, submit, total,
};

/// Somebody comes or goes by the code on the wall, at a moment.
async fn note(app: &TestApp, id: Uuid, person: Uuid, moment: Timestamp, way: Arrival) {
    app.means.clock.set(moment);
    let known = activity(app, id).await;
    let mut tx = app.db.begin().await.unwrap();
    volunteer::note(&mut tx, &app.act(), &known, person, way).await.unwrap();
    tx.commit().await.unwrap();
}

/// Whoever leads confirms; gives how many, and of whom not and why.
async fn confirm_all(app: &TestApp, id: Uuid, by: Uuid, people: &[Was], breaks: i64) -> (usize, Vec<(String, String)>) {
    let known = activity(app, id).await;
    let mut tx = app.db.begin().await.unwrap();
    let done = volunteer::confirm_activity(&mut tx, &app.act(), &known, Some(by), people, breaks).await.unwrap();
    tx.commit().await.unwrap();
    done
}

async fn claim(app: &TestApp, id: Uuid, person: Uuid, span: Span) -> Result<(), Error> {
    let known = activity(app, id).await;
    let mut tx = app.db.begin().await.unwrap();
    let down = volunteer::sign_up_of(&mut tx, app.home.tenant, id, person).await.unwrap().unwrap();
    volunteer::claim(&mut tx, &app.act(), &known, &down, span, "手机没电了").await?;
    tx.commit().await.unwrap();
    Ok(())
}

db_test! {
    /// Whoever may not approve takes nothing out of the ledger, and whoever has corrected a figure does not strike it out as well. The new figure
    /// can be objected to, whatever was answered about the old one.
    async fn what_is_booked_is_changed_by_two_and_can_be_objected_to_again(app: TestApp) {
        at(&app, "2026-12-08T20:00:00+08:00");
        let place = estate(&app).await;
        let team = team(&app, "扶危济困志愿服务队", &[place.estate], &[]).await;
        let (person, own) = joined(&app, "刘建军", team, Post::Member).await;
        let (first, second) = (staff(&app).await, staff(&app).await);
        let id = submit(&app, person, team, span("2026-12-08T09:00:00+08:00", "2026-12-08T10:00:00+08:00"), 0).await.unwrap();
        confirm(&app, first.act(), id).await.unwrap();

        // What waits somebody who registers volunteers may correct; what is approved not, nor what is objected to.
        let branch = app.person(Role::BranchSecretary).create().await;
        let branch = app.browser_of(&branch).await;
        let page = format!("/volunteer-hours/{id}");
        let fields = [("day", "2026-12-08"), ("from", "09:00"), ("until", "11:00"), ("breaks", "0"), ("why", "问过队长")];
        let version = branch.get(&page).await.assert_contains("更正</summary>").input("version");
        branch.post(&format!("{page}/correction"), &[&fields[..], &[("version", &version)]].concat()).await.assert_ok();
        approve(&app, second.act(), id, None).await.unwrap();
        branch.get(&page).await.assert_lacks("更正</summary>");
        let version = get(&app, id).await.lock_version.to_string();
        let emptied = [&fields[..3], &[("breaks", "1440"), ("why", "不算"), ("version", version.as_str())]].concat();
        branch.post(&format!("{page}/correction"), &emptied).await.assert_status(403);
        object(&app, person, id).await.unwrap();
        let version = get(&app, id).await.lock_version.to_string();
        branch.post(&format!("{page}/correction"), &[&fields[..], &[("version", &version)]].concat()).await.assert_status(403);
        assert_eq!(get(&app, id).await.minutes, 120);

        answer(&app, first.act(), id).await.unwrap();
        refused(object(&app, person, id).await, "已经答复过");
        correct(&app, first.act(), id, span("2026-12-08T09:00:00+08:00", "2026-12-08T09:30:00+08:00"), 0).await.unwrap();
        let strike = async |act: doorstep::access::Act| {
            let mut tx = app.db.begin().await.unwrap();
            let record = volunteer::record(&mut tx, app.home.tenant, id).await.unwrap();
            volunteer::refuse_hours(&mut tx, &act, &record, record.lock_version, None, "那天没有去").await
        };
        refused(strike(first.act()).await, "是您自己更正的");
        strike(second.act()).await.unwrap();
        approve(&app, second.act(), id, None).await.unwrap();
        app.browser().get(&format!("{own}/hours")).await.assert_contains("时间不对").assert_lacks("社区答复");
        object(&app, person, id).await.unwrap();
        assert_eq!(get(&app, id).await.state, Stage::Objected);
        assert_eq!(audit::verify(&mut app.db.read().await.unwrap(), app.home.tenant).await.unwrap().broken, None);
    }

    /// What somebody has not seen they do not approve with the rest.
    async fn an_activity_is_approved_as_it_was_seen(app: TestApp) {
        at(&app, "2026-12-04T09:00:00+08:00");
        let place = estate(&app).await;
        let team = team(&app, "雷锋大妈志愿服务队", &[place.estate], &[]).await;
        let (leader, _) = joined(&app, "高月英", team, Post::Leader).await;
        let id = planned(&app, team, &plan("2026-12-05T08:00:00+08:00", 6)).await;
        let mut people = Vec::new();
        for name in ["刘建军", "王秀兰", "薛改珍"] {
            let person = joined(&app, name, team, Post::Member).await.0;
            sign_up(&app, id, person).await.unwrap();
            people.push(person);
        }
        for person in &people {
            note(&app, id, *person, "2026-12-05T08:00:00+08:00".parse().unwrap(), Arrival::Comes).await;
        }
        at(&app, "2026-12-05T12:00:00+08:00");
        let left_at = Some("2026-12-05T11:00:00+08:00".parse().unwrap());
        let was: Vec<Was> = people.iter().map(|person| Was { volunteer: *person, left_at }).collect();
        assert_eq!(confirm_all(&app, id, leader, &was[..2], 0).await.0, 2);

        let desk = app.person(Role::Secretary).browser().await;
        let shown = desk.get(&format!("/activities/{id}")).await;
        // Meanwhile one figure is another, and one more comes.
        let changed = ledger(&app, people[0]).await.remove(0).id;
        let there = span("2026-12-05T08:00:00+08:00", "2026-12-05T10:30:00+08:00");
        correct(&app, staff(&app).await.act(), changed, there, 0).await.unwrap();
        assert_eq!(confirm_all(&app, id, leader, &was[2..], 0).await.0, 1);
        let partly = approve_shown(&desk, id, &shown).await;
        partly.assert_status(422).assert_contains("已审核 1 人").assert_contains("刘建军：您打开页面以后有改动").assert_contains("薛改珍：您打开页面以后有改动");
        let mut states = Vec::new();
        for person in &people {
            states.push(ledger(&app, *person).await.remove(0).state);
        }
        assert_eq!(states, [Stage::Confirmed, Stage::Approved, Stage::Confirmed]);
        approve_shown(&desk, id, &partly).await.assert_ok().assert_contains("已审核 2 人");
        approve_shown(&desk, id, &partly).await.assert_status(422).assert_contains("没有等审核的时长");
    }

    /// A late word is looked at before hours are confirmed, and none is taken afterwards. What comes to nothing is no service.
    async fn what_somebody_enters_late_is_not_lost_and_nothing_is_no_service(app: TestApp) {
        at(&app, "2026-12-04T09:00:00+08:00");
        let place = estate(&app).await;
        let team = team(&app, "雷锋大妈志愿服务队", &[place.estate], &[]).await;
        let (leader, _) = joined(&app, "高月英", team, Post::Leader).await;
        let id = planned(&app, team, &plan("2026-12-05T08:00:00+08:00", 6)).await;
        let mut people = Vec::new();
        for name in ["刘建军", "王秀兰", "薛改珍"] {
            let (person, own) = joined(&app, name, team, Post::Member).await;
            sign_up(&app, id, person).await.unwrap();
            note(&app, id, person, "2026-12-05T08:00:00+08:00".parse().unwrap(), Arrival::Comes).await;
            at(&app, "2026-12-04T09:00:00+08:00");
            people.push((person, own));
        }
        let [(late, _), (short, _), (said, own)] = &people[..] else { panic!("three") };
        note(&app, id, *short, "2026-12-05T08:10:00+08:00".parse().unwrap(), Arrival::Goes).await;
        at(&app, "2026-12-05T12:00:00+08:00");
        app.browser().get(own).await.assert_contains("忘了扫码，补登");
        let there = span("2026-12-05T08:00:00+08:00", "2026-12-05T11:00:00+08:00");
        claim(&app, id, *late, there).await.unwrap();
        let left_at = Some("2026-12-05T10:00:00+08:00".parse().unwrap());
        let was = [late, short, said].map(|person| Was { volunteer: *person, left_at });
        let (done, left) = confirm_all(&app, id, leader, &was, 15).await;
        assert_eq!(done, 1, "{left:?}");
        assert!(left.iter().any(|(name, why)| name == "刘建军" && why.contains("有补登等核对")), "{left:?}");
        assert!(left.iter().any(|(name, why)| name == "王秀兰" && why.contains("算下来没有时间")), "{left:?}");
        assert!(ledger(&app, *short).await.is_empty());

        let known = activity(&app, id).await;
        let mut tx = app.db.begin().await.unwrap();
        let down = volunteer::sign_up_of(&mut tx, app.home.tenant, id, *late).await.unwrap().unwrap();
        volunteer::decide(&mut tx, &app.act(), &known, down.id, Some(leader), (there, true)).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(confirm_all(&app, id, leader, &was[..1], 15).await.0, 1);
        assert_eq!(ledger(&app, *late).await[0].minutes, 165, "by what they entered late, not by what the leader would have said");
        refused(claim(&app, id, *said, there).await, "时长确认过了");
        app.browser().get(own).await.assert_lacks("忘了扫码，补登");

        // What is corrected to nothing is no service either.
        let (first, second) = (staff(&app).await, staff(&app).await);
        let record = ledger(&app, *said).await.remove(0).id;
        correct(&app, first.act(), record, there, 180).await.unwrap();
        approve(&app, second.act(), record, None).await.unwrap();
        at(&app, "2026-12-20T00:00:00+08:00");
        assert_eq!((get(&app, record).await.minutes, total(&app, *said).await), (0, volunteer::Total::default()));
    }

    /// Of two who do the same at once one is refused, whatever the engine.
    async fn at_once_nothing_overlaps_and_no_day_has_more_than_it_may(app: TestApp) {
        at(&app, "2026-12-08T22:00:00+08:00");
        let place = estate(&app).await;
        let team = team(&app, "扶危济困志愿服务队", &[place.estate], &[]).await;
        let (first, second) = (staff(&app).await, staff(&app).await);
        for round in 0..5 {
            let (person, _) = joined(&app, &format!("志愿者{round}"), team, Post::Member).await;
            let (one, other) = (span("2026-12-08T06:00:00+08:00", "2026-12-08T11:00:00+08:00"), span("2026-12-08T08:00:00+08:00", "2026-12-08T12:00:00+08:00"));
            let (a, b) = tokio::join!(submit(&app, person, team, one, 0), submit(&app, person, team, other, 0));
            assert!(a.is_ok() != b.is_ok(), "{a:?} {b:?}");
            refused(if a.is_ok() { b } else { a }, "同时在两处");
            let evening = submit(&app, person, team, span("2026-12-08T14:00:00+08:00", "2026-12-08T19:00:00+08:00"), 0).await.unwrap();
            let morning = ledger(&app, person).await.into_iter().find(|record| record.id != evening).unwrap();
            correct_before(&app, first.act(), morning.id, one).await;
            confirm(&app, first.act(), evening).await.unwrap();
            let (a, b) = tokio::join!(approve(&app, second.act(), morning.id, None), approve(&app, second.act(), evening, None));
            assert!(a.is_ok() != b.is_ok(), "{a:?} {b:?}");
            refused(if a.is_ok() { b } else { a }, "一天超过 8 小时");
        }
    }

    /// Somebody's particulars go while a figure of theirs is corrected: both are done, in either order.
    async fn whoever_is_forgotten_and_whoever_corrects_do_not_wait_for_each_other(app: TestApp) {
        at(&app, "2026-12-08T20:00:00+08:00");
        let place = estate(&app).await;
        let team = team(&app, "扶危济困志愿服务队", &[place.estate], &[]).await;
        let (first, second) = (staff(&app).await, staff(&app).await);
        let there = span("2026-12-08T09:00:00+08:00", "2026-12-08T10:00:00+08:00");
        for round in 0..5 {
            let (person, _) = joined(&app, &format!("志愿者{round}"), team, Post::Member).await;
            let id = submit(&app, person, team, there, 0).await.unwrap();
            confirm(&app, first.act(), id).await.unwrap();
            let mut tx = app.db.begin().await.unwrap();
            let card = volunteer::card(&mut tx, &app.act(), person).await.unwrap();
            volunteer::leave(&mut tx, &app.act(), &card, "搬走了").await.unwrap();
            tx.commit().await.unwrap();
            let forget = async {
                let mut tx = app.db.begin().await.unwrap();
                let card = volunteer::card(&mut tx, &app.act(), person).await.unwrap();
                volunteer::forget(&mut tx, &app.act(), &card).await?;
                tx.commit().await.unwrap();
                Ok::<(), Error>(())
            };
            let (forgotten, corrected) = tokio::join!(forget, correct(&app, second.act(), id, there, 10));
            forgotten.unwrap();
            // It was read before the other one wrote, or after.
            assert!(matches!(corrected, Ok(()) | Err(Error::Stale(_))), "{corrected:?}");
        }
    }

    /// What somebody has said, and was told, goes with them, and no entry keeps the words.
    async fn words_about_somebody_go_with_them(app: TestApp) {
        at(&app, "2026-12-08T20:00:00+08:00");
        let place = estate(&app).await;
        let team = team(&app, "扶危济困志愿服务队", &[place.estate], &[]).await;
        let (person, _) = joined(&app, "刘建军", team, Post::Member).await;
        let (first, second) = (staff(&app).await, staff(&app).await);
        let kept = submit(&app, person, team, span("2026-12-08T09:00:00+08:00", "2026-12-08T10:00:00+08:00"), 0).await.unwrap();
        let out = submit(&app, person, team, span("2026-12-08T11:00:00+08:00", "2026-12-08T12:00:00+08:00"), 0).await.unwrap();
        confirm(&app, first.act(), kept).await.unwrap();
        approve(&app, second.act(), kept, None).await.unwrap();
        object(&app, person, kept).await.unwrap();
        answer(&app, first.act(), kept).await.unwrap();
        let mut tx = app.db.begin().await.unwrap();
        let record = volunteer::record(&mut tx, app.home.tenant, out).await.unwrap();
        volunteer::refuse_hours(&mut tx, &first.act(), &record, 1, None, "那天没有去").await.unwrap();
        tx.commit().await.unwrap();
        let words = async || {
            let (kept, out) = (get(&app, kept).await, get(&app, out).await);
            (kept.objection_sealed.is_some(), kept.answer, out.refused_why)
        };
        assert_eq!(words().await, (true, Some("签退是十点".to_owned()), Some("那天没有去".to_owned())));
        let mut tx = app.db.begin().await.unwrap();
        let card = volunteer::card(&mut tx, &app.act(), person).await.unwrap();
        volunteer::leave(&mut tx, &app.act(), &card, "搬走了").await.unwrap();
        let card = volunteer::card(&mut tx, &app.act(), person).await.unwrap();
        volunteer::forget(&mut tx, &app.act(), &card).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(words().await, (false, None, None));
        let past = format!("{:?}", audit::history(&mut app.db.read().await.unwrap(), &app.act(), person).await.unwrap());
        assert!(!past.contains("签退是十点") && !past.contains("那天没有去"), "{past}");
        at(&app, "2026-12-20T00:00:00+08:00");
        assert_eq!(total(&app, person).await.service, 60, "what they have served stays");
    }

    /// Random comings and goings at activities, by day and over midnight, with a tolerance, against counting second by second.
    async fn at_random_an_activity_gives_what_an_independent_count_gives(app: TestApp) {
        at(&app, "2026-12-01T08:00:00+08:00");
        let place = estate(&app).await;
        let team = team(&app, "雷锋大妈志愿服务队", &[place.estate], &[]).await;
        let (leader, _) = joined(&app, "高月英", team, Post::Leader).await;
        let people = [joined(&app, "刘建军", team, Post::Member).await.0, joined(&app, "王秀兰", team, Post::Member).await.0];
        let rules = json!({ "tolerance_minutes": 12, "day_hours": 8, "objection_days": 5, "own_days": 30, "answer_days": 7 });
        let mut tx = app.db.begin().await.unwrap();
        settings::set(&mut tx, &app.act(), "volunteer.hours", date(2026, 1, 1), &rules, "试验").await.unwrap();
        tx.commit().await.unwrap();
        let mut random = StdRng::seed_from_u64(11);
        let (mut counted, mut nothing, mut over_midnight) = (0, 0, 0);
        let mut ways = [0; 3];
        for round in 0..30 {
            // By turns in the morning and late in the evening; each has a day and more of its own.
            let starts = if round % 2 == 0 { "08:00:00" } else { "22:30:00" };
            let first: Timestamp = format!("2026-12-02T{starts}+08:00").parse().unwrap();
            let starts_at = first + SignedDuration::from_hours(48 * round);
            app.means.clock.set(starts_at - SignedDuration::from_hours(20));
            let mut plan = plan("2026-12-02T08:00:00+08:00", 6);
            plan.span = Span { starts_at, ends_at: starts_at + SignedDuration::from_hours(3) };
            let id = planned(&app, team, &plan).await;
            let second = |second: i64| starts_at + SignedDuration::from_secs(second);
            let mut was = Vec::new();
            for person in people {
                sign_up(&app, id, person).await.unwrap();
            }
            let mut times = Vec::new();
            let mut claims = Vec::new();
            for person in people {
                // By the code on the wall, by whoever leads with a photo, or entered later within the time of the activity.
                let way = random.random_range(0..3);
                ways[way] += 1;
                let (first, last) = if way == 2 { (0, 10_800) } else { (-1800, 14_400) };
                let came = random.random_range(first..10_000);
                let left = random.random_range(came + 1..last);
                times.push((person, came, left));
                if way == 2 {
                    claims.push((person, Span { starts_at: second(came), ends_at: second(left) }));
                    was.push(Was { volunteer: person, left_at: None });
                }
                if way == 1 {
                    let known = activity(&app, id).await;
                    for (at, way) in [(came, Arrival::Comes), (left, Arrival::Goes)] {
                        app.means.clock.set(second(at));
                        let made = doorstep::photo::prepare(crate::stories::cast::photo().into()).await.unwrap();
                        let mut tx = app.db.begin().await.unwrap();
                        let picture = doorstep::photo::keep(&mut tx, &app.act(), &made).await.unwrap();
                        volunteer::note_group(&mut tx, &app.act(), &known, Some(leader), &[person], (way, picture)).await.unwrap();
                        tx.commit().await.unwrap();
                    }
                    was.push(Was { volunteer: person, left_at: None });
                }
            }
            let noted: Vec<Uuid> = was.iter().map(|was| was.volunteer).collect();
            for (person, came, left) in times.iter().filter(|(person, ..)| !noted.contains(person)) {
                note(&app, id, *person, second(*came), Arrival::Comes).await;
                let signs_out = random.random_bool(0.7);
                if signs_out {
                    note(&app, id, *person, second(*left), Arrival::Goes).await;
                }
                was.push(Was { volunteer: *person, left_at: (!signs_out).then(|| second(*left)) });
            }
            app.means.clock.set(starts_at + SignedDuration::from_hours(9));
            for (person, there) in claims {
                claim(&app, id, person, there).await.unwrap();
                let known = activity(&app, id).await;
                let mut tx = app.db.begin().await.unwrap();
                let down = volunteer::sign_up_of(&mut tx, app.home.tenant, id, person).await.unwrap().unwrap();
                volunteer::decide(&mut tx, &app.act(), &known, down.id, Some(leader), (there, true)).await.unwrap();
                tx.commit().await.unwrap();
            }
            let breaks = random.random_range(0..40);
            confirm_all(&app, id, leader, &was, breaks).await;
            for (person, came, left) in times {
                let seconds = (came..left).filter(|second| (-720..3 * 3600 + 720).contains(second)).count() as i64;
                let minutes = (seconds / 60 - breaks).max(0);
                let records = ledger(&app, person).await;
                let found = records.iter().find(|record| record.activity_id == Some(id));
                assert_eq!(found.map_or(0, |record| record.minutes), minutes, "{came} {left} {breaks}");
                match found {
                    Some(record) => {
                        let day = |at: &Timestamp| at.to_zoned_datetime(calendar::shanghai()).date();
                        assert_eq!(record.on_day, day(&record.counts_from).to_string(), "the day on which it begins");
                        counted += 1;
                        over_midnight += usize::from(day(&record.counts_from) != day(&record.counts_until));
                    }
                    None => nothing += 1,
                }
            }
        }
        assert!(counted > 10 && nothing > 0 && over_midnight > 2, "{counted} {nothing} {over_midnight}");
        assert!(ways.iter().all(|times| *times > 5), "{ways:?}");
    }
}

/// Confirms what somebody has entered, as five hours whatever they have said.
async fn correct_before(app: &TestApp, act: doorstep::access::Act, id: Uuid, there: Span) {
    confirm(app, act.clone(), id).await.unwrap();
    correct(app, act, id, there, 0).await.unwrap();
}
