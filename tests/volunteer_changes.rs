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
        lead.post(&format!("{running}/sign-ups/{sign_up}/claim"), &[("decision", "yes")]).await.assert_ok();
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
