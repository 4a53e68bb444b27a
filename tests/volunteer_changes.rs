//! Activities are changed while people sign up and leave: nobody's change is lost, nobody waits for ever, and everybody hears of it.

use calendar::{Every, Recurrence, Skip};
use doorstep::access::Role;
use doorstep::channel::{self, Occasion};
use doorstep::error::Error;
use doorstep::volunteer::{self, Activity, Attendance, Following, Place, Plan, Post, Risk, Span};
use doorstep::{audit, upkeep};
use futures_util::future::join_all;
use jiff::SignedDuration;
use jiff::civil::date;
use uuid::Uuid;

use crate::stories::cast::{estate, photo_of};
use crate::support::TestApp;
use crate::volunteer::{at, step, team, volunteer as joined};
use crate::volunteer_activity::{get, plan, planned, sign_up};

async fn change(app: &TestApp, before: &Activity, now: &Plan, following: Following) -> Result<(), Error> {
    let mut tx = app.db.begin().await?;
    volunteer::change_activity(&mut tx, &app.act(), before, before.lock_version, now, following).await?;
    Ok(tx.commit().await?)
}

async fn history(app: &TestApp, id: Uuid) -> Vec<audit::Past> {
    audit::history(&mut app.db.read().await.unwrap(), &app.act(), id).await.unwrap()
}

db_test! {
    async fn no_change_makes_somebody_unfit_who_has_a_place_and_none_is_lost(app: TestApp) {
        at(&app, "2026-11-27T09:00:00+08:00");
        let place = estate(&app).await;
        let team = team(&app, "雷锋大妈志愿服务队", &[place.estate], &[]).await;
        let usual = plan("2026-12-05T08:00:00+08:00", 6);
        let id = planned(&app, team, &usual).await;
        for name in ["刘建军", "王秀兰"] {
            let (person, _) = joined(&app, name, team, Post::Member).await;
            sign_up(&app, id, person).await.unwrap();
        }
        let activity = get(&app, id).await;
        let danger = Plan { risk: Risk::High, risk_notice: "要上梯子".to_owned(), ..usual.clone() };
        for unfit in [danger, Plan { least_age: 40, ..usual.clone() }] {
            let refused = change(&app, &activity, &unfit, Following::ThisOne).await;
            assert!(matches!(refused, Err(Error::Refused(why)) if why.contains("有 2 人不符合改后的要求，请先和他们取消")));
        }
        // Two have opened the form at once: whoever is second is told so.
        change(&app, &activity, &Plan { title: "教老人用手机和电视".to_owned(), ..usual.clone() }, Following::ThisOne).await.unwrap();
        let second = change(&app, &activity, &Plan { needs: "带手套".to_owned(), ..usual }, Following::ThisOne).await;
        assert!(matches!(second, Err(Error::Stale(_))), "{second:?}");
        assert_eq!(get(&app, id).await.title, "教老人用手机和电视");
    }

    async fn whoever_holds_several_waits_for_nobody_who_waits_for_them(app: TestApp) {
        at(&app, "2026-11-27T09:00:00+08:00");
        let place = estate(&app).await;
        let team = team(&app, "雷锋大妈志愿服务队", &[place.estate], &[]).await;
        let every = Every::Weeks { interval: 1, days: Vec::new() };
        let repeat = Recurrence { every, until: date(2027, 1, 2), skip: Skip::Nothing };
        let first = plan("2026-12-05T08:00:00+08:00", 2);
        let mut tx = app.db.begin().await.unwrap();
        volunteer::plan(&mut tx, &app.act(), team, &first, Some(&repeat)).await.unwrap();
        let dates = volunteer::coming(&mut tx, app.home.tenant, &doorstep::access::Scope::tenant(), app.means.now(), db::Cursor::FIRST, 40).await.unwrap().items;
        tx.commit().await.unwrap();
        assert_eq!(dates.len(), 5);
        for one in &dates {
            assert_eq!(history(&app, one.id).await.len(), 1, "each is on record from the beginning");
        }
        let mut people = Vec::new();
        for number in 0..8 {
            people.push(joined(&app, &format!("志愿者{number}"), team, Post::Member).await.0);
        }
        let mut works: Vec<_> = Vec::new();
        for (at, person) in people.iter().enumerate() {
            for one in dates.iter().cycle().skip(at).take(dates.len()) {
                let (db, act, id, person) = (app.db.clone(), app.act(), one.id, *person);
                works.push(tokio::spawn(async move {
                    let mut tx = db.begin().await?;
                    volunteer::sign_up(&mut tx, &act, id, person, None, false).await?;
                    Ok::<(), Error>(tx.commit().await?)
                }));
            }
            if at % 2 == 0 {
                let (db, act, person) = (app.db.clone(), app.act(), *person);
                works.push(tokio::spawn(async move {
                    let mut tx = db.begin().await?;
                    let card = volunteer::card(&mut tx, &act, person).await?;
                    volunteer::leave(&mut tx, &act, &card, "搬走了").await?;
                    Ok::<(), Error>(tx.commit().await?)
                }));
            }
        }
        for one in [0, 2] {
            let (db, act, id) = (app.db.clone(), app.act(), dates[one].id);
            let first = first.clone();
            works.push(tokio::spawn(async move {
                for round in 0..4 {
                    let mut tx = db.begin().await?;
                    let known = volunteer::activity(&mut tx, act.tenant, id).await?;
                    let span = Span { starts_at: known.starts_at, ends_at: known.ends_at };
                    let now = Plan { span, needs: format!("第 {round} 次"), ..first.clone() };
                    match volunteer::change_activity(&mut tx, &act, &known, known.lock_version, &now, Following::AllThatFollow).await {
                        Ok(()) => tx.commit().await?,
                        Err(Error::Stale(_)) => drop(tx),
                        Err(other) => return Err(other),
                    }
                }
                Ok(())
            }));
        }
        for done in join_all(works).await {
            let done = done.unwrap();
            assert!(matches!(done, Ok(()) | Err(Error::Refused(_) | Error::Stale(_))), "{done:?}");
        }
        let mut tx = app.db.read().await.unwrap();
        for one in &dates {
            let down = volunteer::sign_ups(&mut tx, app.home.tenant, one.id).await.unwrap();
            let confirmed = down.iter().filter(|down| down.state == Place::Confirmed).count();
            assert_eq!(confirmed, down.len().min(2), "{down:?}");
            for down in &down {
                assert_eq!(volunteer::card(&mut tx, &app.act(), down.volunteer_id).await.unwrap().state, volunteer::State::Active);
            }
        }
        assert_eq!(audit::verify(&mut tx, app.home.tenant).await.unwrap().broken, None);
    }

    async fn what_is_moved_is_told_and_reminded_of_again(app: TestApp) {
        at(&app, "2026-12-04T09:00:00+08:00");
        let place = estate(&app).await;
        let team = team(&app, "雷锋大妈志愿服务队", &[place.estate], &[]).await;
        let usual = plan("2026-12-05T08:00:00+08:00", 6);
        let id = planned(&app, team, &usual).await;
        let mut tx = app.db.begin().await.unwrap();
        let address = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=made-up".to_owned();
        let (kind, name) = (channel::Kind::Wecom, "志愿者群".to_owned());
        let new = channel::NewChannel { kind, name, place: channel::Place::Community, address, secret: None, reminders: false };
        channel::add(&mut tx, &app.act(), new, &[]).await.unwrap();
        tx.commit().await.unwrap();
        let told = async || channel::of_subject(&mut app.db.read().await.unwrap(), app.home.tenant, id).await.unwrap();
        upkeep::once(&app.app).await.unwrap();
        assert_eq!(told().await.len(), 1);
        // More places are no move; a week later is.
        change(&app, &get(&app, id).await, &Plan { capacity: 8, ..usual.clone() }, Following::ThisOne).await.unwrap();
        assert_eq!(told().await.len(), 1);
        let later = plan("2026-12-12T09:00:00+08:00", 8);
        change(&app, &get(&app, id).await, &later, Following::ThisOne).await.unwrap();
        let now = told().await;
        assert_eq!((now.len(), now[1].occasion), (2, Occasion::Change));
        assert!(now[1].text.contains("原定12月5日 星期六 08:00–11:00，现在是12月12日 星期六 09:00–12:00"), "{}", now[1].text);
        at(&app, "2026-12-11T10:00:00+08:00");
        upkeep::once(&app.app).await.unwrap();
        upkeep::once(&app.app).await.unwrap();
        let now = told().await;
        assert_eq!(now.len(), 3);
        assert!(now[2].text.contains("12月12日"), "{}", now[2].text);
    }

    async fn a_leader_finds_what_was_entered_later_and_the_photos_and_it_is_on_record_who_did_what(app: TestApp) {
        at(&app, "2026-12-04T09:00:00+08:00");
        let place = estate(&app).await;
        let team = team(&app, "雷锋大妈志愿服务队", &[place.estate], &[]).await;
        let (leader, leads) = joined(&app, "高月英", team, Post::Leader).await;
        let (person, own) = joined(&app, "刘建军", team, Post::Member).await;
        let (other, _) = joined(&app, "王秀兰", team, Post::Member).await;
        let activity = planned(&app, team, &plan("2026-12-05T08:00:00+08:00", 6)).await;
        let running = format!("{leads}/activities/{activity}");
        let lead = app.browser();
        for who in [person, other] {
            lead.post(&format!("{running}/sign-ups"), &[("volunteer", &who.to_string())]).await.assert_ok();
        }
        at(&app, "2026-12-05T08:01:00+08:00");
        let (came, went) = (photo_of(1), photo_of(2));
        let note = async |way: &str, picture: &[u8]| {
            let group = [("way", way), ("person", &person.to_string()), ("person", &other.to_string())];
            lead.post_files(&format!("{running}/presence"), &group, &[("photos", "g.jpg", picture)]).await
        };
        note("came", &came).await.assert_ok().assert_contains("已登记 2 人到了");
        at(&app, "2026-12-05T09:00:00+08:00");
        let group = [("way", "left"), ("person", &other.to_string())];
        lead.post_files(&format!("{running}/presence"), &group, &[("photos", "g.jpg", &went)]).await.assert_ok();
        let down = volunteer::sign_up_of(&mut app.db.read().await.unwrap(), app.home.tenant, activity, other).await.unwrap().unwrap();
        assert!(down.photo_id.is_some() && down.left_photo_id.is_some() && down.photo_id != down.left_photo_id);

        // The leader had no place; of the claim only what is missing is taken.
        at(&app, "2026-12-05T13:00:00+08:00");
        let phone = app.browser();
        let claim = |came: &'static str, left: &'static str| [("came", came), ("left", left), ("why", "手机没电")];
        let to = format!("{own}/sign-ups/{activity}/claim");
        phone.post(&to, &claim("08:00", "08:01")).await.assert_status(422).assert_contains("08:01 才签到");
        phone.post(&to, &claim("08:30", "11:00")).await.assert_ok().assert_contains("等核对");
        let staff = app.person(Role::Staff).browser().await;
        staff.get("/today").await.assert_contains("志愿服务补登").assert_contains("教老人用手机").assert_lacks("刘建军");
        // Long after, the leader still finds it.
        app.means.clock.set(app.means.now() + SignedDuration::from_hours(24 * 10));
        lead.get(&leads).await.assert_contains("我带队：核对补登");
        let shown = lead.get(&running).await;
        let (picture, sign_up) = (shown.link(&format!("{running}/photos/")), shown.between_all("/sign-ups/", "/claim").next().unwrap().to_owned());
        lead.get(&picture).await.assert_ok();
        phone.get(&picture.replace(&leads, &own)).await.assert_status(404);
        lead.get(&format!("{running}/photos/{}", Uuid::nil())).await.assert_status(404);
        lead.post(&format!("{running}/sign-ups/{sign_up}/claim"), &[("claim", &shown.input("claim")), ("decision", "yes")]).await.assert_ok();
        let down = volunteer::sign_up_of(&mut app.db.read().await.unwrap(), app.home.tenant, activity, person).await.unwrap().unwrap();
        assert_eq!(down.presence(), "08:01 到，11:00 走");
        assert_eq!((down.came_how, down.left_how), (Some(Attendance::Leader), Some(Attendance::Later)));

        let staff = app.person(Role::Staff).browser().await;
        let shown = staff.get(&format!("/activities/{activity}")).await;
        shown.assert_contains("<b>志愿者</b>").assert_lacks("<b>居民</b>").assert_contains("<p>刘建军</p>").assert_contains("经手：高月英");
        staff.get(&shown.link(&format!("/activities/{activity}/photos/"))).await.assert_ok();
        staff.get(&format!("/volunteers/{person}")).await.assert_contains("教老人用手机，12月5日").assert_contains("经手：高月英");
        assert!(history(&app, leader).await.iter().all(|past| past.changes.iter().all(|change| change.field != "activity")));
    }

    async fn nobody_is_moved_into_two_places_at_once(app: TestApp) {
        at(&app, "2026-11-27T09:00:00+08:00");
        let place = estate(&app).await;
        let team = team(&app, "雷锋大妈志愿服务队", &[place.estate], &[]).await;
        let every = Every::Weeks { interval: 1, days: Vec::new() };
        let repeat = Recurrence { every, until: date(2026, 12, 19), skip: Skip::Nothing };
        let usual = plan("2026-12-05T08:00:00+08:00", 1);
        let mut tx = app.db.begin().await.unwrap();
        let (first, times) = volunteer::plan(&mut tx, &app.act(), team, &usual, Some(&repeat)).await.unwrap();
        let dates = volunteer::coming(&mut tx, app.home.tenant, &doorstep::access::Scope::tenant(), app.means.now(), db::Cursor::FIRST, 40).await.unwrap().items;
        tx.commit().await.unwrap();
        assert_eq!(times, 3);
        let other = planned(&app, team, &Plan { title: "量血压".to_owned(), ..plan("2026-12-06T08:00:00+08:00", 1) }).await;
        let (person, _) = joined(&app, "刘建军", team, Post::Member).await;
        let (waits, _) = joined(&app, "王秀兰", team, Post::Member).await;
        for activity in dates.iter().map(|one| one.id).chain([other]) {
            for person in [person, waits] {
                sign_up(&app, activity, person).await.unwrap();
            }
        }
        // A week later each stands where the next one stood: that is no double booking. A day later the first one meets another activity.
        let sunday = plan("2026-12-06T09:00:00+08:00", 1);
        for following in [Following::ThisOne, Following::AllThatFollow] {
            let refused = change(&app, &get(&app, first).await, &sunday, following).await;
            assert!(matches!(&refused, Err(Error::Refused(why)) if why.contains("有 2 人，新的时间另有活动")), "{refused:?}");
        }
        let week = plan("2026-12-12T08:00:00+08:00", 1);
        change(&app, &get(&app, first).await, &week, Following::AllThatFollow).await.unwrap();
        assert_eq!(get(&app, first).await.starts_at, week.span.starts_at);
        // Nor into a visit.
        let span = plan("2026-12-13T10:00:00+08:00", 1).span;
        let mut tx = app.db.begin().await.unwrap();
        let booking = volunteer::Booking { subject: Uuid::from_u128(9), title: "上门量血压", span, activity: None };
        volunteer::engage(&mut tx, &app.act(), person, booking, volunteer::Asked::of_age(18)).await.unwrap();
        tx.commit().await.unwrap();
        let refused = change(&app, &get(&app, first).await, &plan("2026-12-13T08:00:00+08:00", 1), Following::ThisOne).await;
        assert!(matches!(&refused, Err(Error::Refused(why)) if why.contains("有 1 人")), "{refused:?}");
        change(&app, &get(&app, first).await, &plan("2026-12-12T08:30:00+08:00", 1), Following::ThisOne).await.unwrap();
    }

    async fn a_danger_that_is_new_is_read_before_anybody_comes(app: TestApp) {
        at(&app, "2026-12-04T09:00:00+08:00");
        let place = estate(&app).await;
        let team = team(&app, "雷锋大妈志愿服务队", &[place.estate], &[]).await;
        let usual = plan("2026-12-05T08:00:00+08:00", 6);
        let id = planned(&app, team, &usual).await;
        let (person, own) = joined(&app, "刘建军", team, Post::Member).await;
        sign_up(&app, id, person).await.unwrap();
        let mut tx = app.db.begin().await.unwrap();
        let address = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=made-up".to_owned();
        let (kind, name) = (channel::Kind::Wecom, "志愿者群".to_owned());
        let new = channel::NewChannel { kind, name, place: channel::Place::Community, address, secret: None, reminders: false };
        channel::add(&mut tx, &app.act(), new, &[]).await.unwrap();
        tx.commit().await.unwrap();
        let phone = app.browser();
        phone.get(&own).await.assert_lacks("风险提示改过了");
        let icy = Plan { risk_notice: "路上有冰，穿防滑鞋".to_owned(), ..usual };
        change(&app, &get(&app, id).await, &icy, Following::ThisOne).await.unwrap();
        let told = channel::of_subject(&mut app.db.read().await.unwrap(), app.home.tenant, id).await.unwrap();
        assert!(told.len() == 1 && told[0].text.contains("【活动有变】") && told[0].text.contains("风险提示有变"), "{told:?}");
        phone.get(&own).await.assert_contains("风险提示改过了").assert_contains("路上有冰");
        at(&app, "2026-12-05T08:02:00+08:00");
        let arrive = async || {
            let mut tx = app.db.begin().await.unwrap();
            let activity = volunteer::activity(&mut tx, app.home.tenant, id).await.unwrap();
            volunteer::note(&mut tx, &app.act(), &activity, person, volunteer::Arrival::Comes).await?;
            tx.commit().await.unwrap();
            Ok::<(), Error>(())
        };
        let early = arrive().await;
        assert!(matches!(&early, Err(Error::Refused(why)) if why.contains("风险提示改过了")), "{early:?}");
        // At the door at the latest.
        let read = [("activity", id.to_string()), ("risk_read", "yes".to_owned())];
        let read: Vec<(&str, &str)> = read.iter().map(|(name, value)| (*name, value.as_str())).collect();
        phone.post(&format!("{own}/sign-ups"), &read).await.assert_ok().assert_lacks("风险提示改过了");
        arrive().await.unwrap();
        let past = history(&app, id).await;
        assert!(past.iter().any(|entry| entry.reason == "看过新的风险提示"), "{past:?}");
    }

    async fn this_and_following_do_not_come_to_lie_on_holidays(app: TestApp) {
        at(&app, "2026-09-10T09:00:00+08:00");
        let place = estate(&app).await;
        let team = team(&app, "引领先锋志愿服务队", &[place.estate], &[]).await;
        let every = Every::Weeks { interval: 1, days: Vec::new() };
        let usual = plan("2026-09-14T08:00:00+08:00", 6);
        // Mondays; a Friday later in the week meets 中秋 on 2026-09-25 and 国庆 on 2026-10-02.
        let friday = plan("2026-09-18T08:00:00+08:00", 6);
        for (skip, fits) in [(Skip::Holidays, false), (Skip::Nothing, true)] {
            let repeat = Recurrence { every: every.clone(), until: date(2026, 9, 28), skip };
            let mut tx = app.db.begin().await.unwrap();
            let (first, times) = volunteer::plan(&mut tx, &app.act(), team, &usual, Some(&repeat)).await.unwrap();
            tx.commit().await.unwrap();
            assert_eq!(times, 3);
            let moved = change(&app, &get(&app, first).await, &friday, Following::AllThatFollow).await;
            if fits {
                moved.unwrap();
            } else {
                let Err(Error::Refused(why)) = &moved else { panic!("{moved:?}") };
                assert!(why.contains("9月21日那次改到9月25日") && why.contains("9月28日那次改到10月2日") && !why.contains("9月18日"), "{why}");
                // The first one by itself is moved to a day that is none.
                change(&app, &get(&app, first).await, &friday, Following::ThisOne).await.unwrap();
            }
        }
    }

    async fn a_team_and_its_leaders_change_on_record(app: TestApp) {
        at(&app, "2026-11-27T09:00:00+08:00");
        let place = estate(&app).await;
        let id = team(&app, "雷锋大妈志愿服务队", &[], &[]).await;
        let (first, _) = joined(&app, "刘建军", id, Post::Leader).await;
        let (second, _) = joined(&app, "王秀兰", id, Post::Member).await;
        let staff = app.person(Role::Staff).browser().await;
        step(&staff, &second.to_string(), &format!("memberships/{id}/post"), &[("post", "leader")]).await.assert_ok();
        staff.get(&format!("/volunteers/{first}")).await.assert_contains("雷锋大妈志愿服务队队员");
        let version = staff.get(&format!("/volunteer-teams/{id}/particulars")).await.input("version");
        let form = [("version", version.as_str()), ("name", "雷锋大妈志愿服务队"), ("kind", "general"), ("target", "elderly"), ("estate", &place.estate.to_string())];
        staff.post(&format!("/volunteer-teams/{id}/particulars"), &form).await.assert_ok();
        let last = history(&app, id).await.into_iter().next().unwrap();
        let fields: Vec<&str> = last.changes.iter().map(|change| change.field.as_str()).collect();
        assert_eq!(fields, ["estates", "targets"]);
    }
}
