//! What is kept of volunteers and for how long: of those who were refused or leave, of a guardian, and of the link with the register.

use doorstep::access::Role;
use doorstep::place::Settler;
use doorstep::registry::enrol::{NewResident, Outcome as Enrolled, enrol};
use doorstep::registry::life;
use doorstep::volunteer::{self, Field, Post, State, Target};
use doorstep::{audit, upkeep};
use jiff::SignedDuration;
use uuid::Uuid;

use crate::stories::cast::estate;
use crate::support::{Browser, TestApp};
use crate::volunteer::{at, step, team, volunteer as joined};
use crate::volunteer_activity::{get, plan, planned, sign_up};

async fn card(app: &TestApp, id: Uuid) -> volunteer::Card {
    volunteer::card(&mut app.db.read().await.unwrap(), &app.act(), id).await.unwrap()
}

/// Days later; whoever was signed in has to sign in again.
async fn days_later(app: &TestApp, days: i64) -> Browser {
    app.means.clock.set(app.means.now() + SignedDuration::from_hours(24 * days));
    upkeep::once(&app.app).await.unwrap();
    app.person(Role::Staff).browser().await
}

async fn deliver(app: &TestApp) {
    while doorstep::outbox::work(&app.app, &doorstep::app::handlers()).await.unwrap() > 0 {}
}

db_test! {
    async fn a_refusal_is_kept_for_its_days_and_nothing_new_is_written_of_who_is_gone(app: TestApp) {
        at(&app, "2026-11-27T09:00:00+08:00");
        let form = [("name", "刘建军"), ("phone", "13800001234"), ("sex", "1"), ("birth_date", "1990-03-07"), ("agrees", "yes")];
        let person = app.browser();
        let own = person.post(&format!("/board/{}/volunteers", app.home.code), &form).await.assert_ok().url.clone();
        let staff = days_later(&app, 25).await;
        let id = staff.get("/volunteers?state=applied").await.link("/volunteers/0").rsplit('/').next().unwrap().to_owned();
        step(&staff, &id, "refusal", &[("refused_why", "不")]).await.assert_status(422);
        step(&staff, &id, "refusal", &[("refused_why", "住得太远")]).await.assert_ok().assert_contains("没有通过").assert_contains("答复时间");
        person.get(&own).await.assert_ok().assert_contains("住得太远");
        let uuid: Uuid = id.parse().unwrap();
        let staff = days_later(&app, 29).await;
        assert_eq!((card(&app, uuid).await.state, card(&app, uuid).await.name()), (State::Refused, "刘建军"), "54 days after applying");
        let fields = [("name", "刘建军"), ("phone", "13900000000"), ("agreed_on", "2026-11-27"), ("guardian_name", "刘大"), ("guardian_relation", "父亲"), ("guardian_phone", "13800002222")];
        let write = async |staff: &Browser, what: &str| {
            let version = card(&app, uuid).await.version.to_string();
            staff.post(&format!("/volunteers/{id}/{what}"), &[&[("version", version.as_str())], &fields[..]].concat()).await
        };
        write(&staff, "particulars").await.assert_status(422).assert_contains("不能再登记");
        let staff = days_later(&app, 2).await;
        assert_eq!((card(&app, uuid).await.state, card(&app, uuid).await.name()), (State::Declined, ""));
        for what in ["particulars", "guardian"] {
            write(&staff, what).await.assert_status(422);
        }
        assert!(card(&app, uuid).await.erased());
    }

    async fn whoever_leaves_gives_up_their_places_and_is_erased_when_they_ask(app: TestApp) {
        at(&app, "2026-12-04T09:00:00+08:00");
        let place = estate(&app).await;
        let team = team(&app, "雷锋大妈志愿服务队", &[place.estate], &[]).await;
        let ((leaves, own), (waits, _)) = (joined(&app, "刘建军", team, Post::Leader).await, joined(&app, "王秀兰", team, Post::Member).await);
        let (gone, _) = joined(&app, "薛改珍", team, Post::Member).await;
        let first = planned(&app, team, &plan("2026-12-05T08:00:00+08:00", 1)).await;
        let next = planned(&app, team, &plan("2026-12-12T08:00:00+08:00", 1)).await;
        let mut full = plan("2026-12-13T08:00:00+08:00", 1);
        full.title = "量血压".to_owned();
        let full = planned(&app, team, &full).await;
        for (activity, who) in [(first, leaves), (next, leaves), (next, gone), (next, waits), (full, waits), (full, leaves)] {
            sign_up(&app, activity, who).await.unwrap();
        }
        // Somebody who waits leaves: nobody moves up for them, and they do not either.
        let staff = app.person(Role::Staff).browser().await;
        step(&staff, &gone.to_string(), "departure", &[("left_why", "搬走了")]).await.assert_ok();
        let was = get(&app, next).await;
        assert_eq!((was.confirmed, was.waiting), (1, 1));
        // Whoever has served first is there today, and leaves after.
        let act = { at(&app, "2026-12-05T08:00:00+08:00"); app.act() };
        let mut tx = app.db.begin().await.unwrap();
        let today = volunteer::activity(&mut tx, act.tenant, first).await.unwrap();
        volunteer::note(&mut tx, &act, &today, leaves, volunteer::Arrival::Comes).await.unwrap();
        tx.commit().await.unwrap();
        let person = app.browser();
        person.post(&format!("{own}/erasure"), &[]).await.assert_status(422).assert_contains("退出以后才能删");
        person.post(&format!("{own}/departure"), &[]).await.assert_ok().assert_contains("已经退出");
        let mut tx = app.db.read().await.unwrap();
        let place = |found: Option<volunteer::SignUp>| found.map(|down| down.state);
        use volunteer::{Place, sign_up_of};
        assert_eq!(place(sign_up_of(&mut tx, act.tenant, next, waits).await.unwrap()), Some(Place::Confirmed));
        assert_eq!(place(sign_up_of(&mut tx, act.tenant, next, leaves).await.unwrap()), Some(Place::Cancelled));
        assert_eq!(place(sign_up_of(&mut tx, act.tenant, full, leaves).await.unwrap()), Some(Place::Cancelled));
        assert_eq!(place(sign_up_of(&mut tx, act.tenant, first, leaves).await.unwrap()), Some(Place::Confirmed), "what has begun is on record");
        drop(tx);
        let staff = app.person(Role::Staff).browser().await;
        staff.get(&format!("/activities/{next}")).await.assert_contains("退出志愿服务").assert_contains("刘建军");

        // The record of what they have done stays, with the name; of somebody who has done nothing, nothing does.
        person.post(&format!("{own}/erasure"), &[]).await.assert_ok().assert_contains("您的资料删掉了");
        person.get(&own).await.assert_status(404);
        let kept = card(&app, leaves).await;
        assert!(kept.erased() && kept.state == State::Left && kept.name() == "刘建军");
        assert_eq!(kept.get(Field::Phone), None);
        step(&staff, &gone.to_string(), "erasure", &[]).await.assert_ok();
        assert_eq!(card(&app, gone).await.name(), "");
        let mut tx = app.db.read().await.unwrap();
        for id in [leaves, gone] {
            assert!(audit::history(&mut tx, &app.act(), id).await.unwrap().iter().all(|past| past.changes.is_empty()));
        }
        assert_eq!(audit::verify(&mut tx, app.home.tenant).await.unwrap().broken, None);
    }

    async fn a_photo_goes_with_whoever_is_alone_in_it_when_staff_say_so_and_after_its_days(app: TestApp) {
        at(&app, "2026-12-04T09:00:00+08:00");
        let place = estate(&app).await;
        let team = team(&app, "雷锋大妈志愿服务队", &[place.estate], &[]).await;
        let (leader, leads) = joined(&app, "高月英", team, Post::Leader).await;
        let (goes, own) = joined(&app, "刘建军", team, Post::Member).await;
        let (stays, _) = joined(&app, "王秀兰", team, Post::Member).await;
        let activity = planned(&app, team, &plan("2026-12-05T08:00:00+08:00", 6)).await;
        for who in [leader, goes, stays] {
            sign_up(&app, activity, who).await.unwrap();
        }
        at(&app, "2026-12-05T08:00:00+08:00");
        let lead = app.browser();
        for (number, people) in [vec![goes], vec![stays, leader]].into_iter().enumerate() {
            let people: Vec<String> = people.iter().map(Uuid::to_string).collect();
            let group: Vec<(&str, &str)> = [("way", "came")].into_iter().chain(people.iter().map(|id| ("person", id.as_str()))).collect();
            let picture = crate::stories::cast::photo_of(number + 1);
            lead.post_files(&format!("{leads}/activities/{activity}/presence"), &group, &[("photos", "g.jpg", &picture[..])]).await.assert_ok();
        }
        // All of them leave together, with one photo.
        at(&app, "2026-12-05T11:00:00+08:00");
        let all: Vec<String> = [goes, stays, leader].iter().map(Uuid::to_string).collect();
        let group: Vec<(&str, &str)> = [("way", "left")].into_iter().chain(all.iter().map(|id| ("person", id.as_str()))).collect();
        let picture = crate::stories::cast::photo_of(3);
        lead.post_files(&format!("{leads}/activities/{activity}/presence"), &group, &[("photos", "g.jpg", &picture[..])]).await.assert_ok();
        let of = async |who: Uuid| {
            let down = volunteer::sign_up_of(&mut app.db.read().await.unwrap(), app.home.tenant, activity, who).await.unwrap().unwrap();
            (down.photo_id, down.left_photo_id)
        };
        let kept = async |id: Uuid| {
            doorstep::photo::read(&mut app.db.read().await.unwrap(), app.home.tenant, id, doorstep::photo::Size::Full).await.is_ok()
        };
        let ((alone, together), (two, _)) = (of(goes).await, of(stays).await);
        let (alone, together, two) = (alone.unwrap(), together.unwrap(), two.unwrap());
        let person = app.browser();
        person.post(&format!("{own}/departure"), &[]).await.assert_ok();
        person.post(&format!("{own}/erasure"), &[]).await.assert_ok();
        upkeep::once(&app.app).await.unwrap();
        assert_eq!((kept(alone).await, kept(together).await, kept(two).await), (false, true, true));
        assert_eq!(of(goes).await, (None, Some(together)));

        let staff = app.person(Role::Staff).browser().await;
        let page = format!("/activities/{activity}");
        staff.get(&format!("{page}/photos/{two}")).await.assert_ok();
        staff.post(&format!("{page}/photos/{}/removal", Uuid::nil()), &[]).await.assert_status(404);
        staff.post(&format!("{page}/photos/{two}/removal"), &[]).await.assert_ok().assert_contains("合影已删去");
        staff.get(&format!("{page}/photos/{two}")).await.assert_status(404);
        upkeep::once(&app.app).await.unwrap();
        assert!(!kept(two).await);
        for (days, stays) in [(364, true), (2, false)] {
            app.means.clock.set(app.means.now() + SignedDuration::from_hours(24 * days));
            upkeep::once(&app.app).await.unwrap();
            assert_eq!(kept(together).await, stays);
        }
    }

    async fn a_guardian_is_corrected_and_called_and_whoever_recommended_is_asked(app: TestApp) {
        at(&app, "2026-11-27T09:00:00+08:00");
        let staff = app.person(Role::Staff).browser().await;
        let form = [
            ("way", "recommended"), ("name", "高子涵"), ("phone", "13800001111"), ("recommender", "老王，13800009999"),
            ("guardian_name", "高建国"), ("guardian_relation", "父亲"), ("guardian_phone", "13800002222"),
        ];
        let id = staff.post("/volunteers", &form).await.assert_ok().url.rsplit('/').next().unwrap().to_owned();
        step(&staff, &id, "signature", &[("signed", "yes")]).await.assert_ok();
        let guardian = [("agreed_on", "2026-11-27"), ("guardian_name", "高建国"), ("guardian_relation", "父亲"), ("guardian_phone", "13800002222")];
        step(&staff, &id, "guardian", &guardian).await.assert_ok();
        let corrected = [guardian[0], guardian[1], guardian[2], ("guardian_phone", "13800003333")];
        step(&staff, &id, "guardian", &corrected).await.assert_ok().assert_lacks("13800003333");
        let reveal = async |field: &str| staff.post(&format!("/volunteers/{id}/reveals"), &[("field", field), ("reason", "通知活动改期")]).await;
        reveal("guardian_phone").await.assert_ok().assert_contains("13800003333");
        reveal("recommender").await.assert_ok().assert_contains("老王");
        reveal("identity").await.assert_status(422);
    }

    async fn a_link_follows_what_the_register_merges_and_lets_go_of_what_it_erases(app: TestApp) {
        at(&app, "2026-11-27T09:00:00+08:00");
        let place = estate(&app).await;
        let team = team(&app, "引领先锋志愿服务队", &[place.estate], &[Target::Elderly]).await;
        let (id, _) = joined(&app, "刘建军", team, Post::Member).await;
        let mut residents = Vec::new();
        for name in ["刘建军甲", "刘建军"] {
            let mut tx = app.db.begin().await.unwrap();
            let room = codes::address::parse_room("1302").unwrap();
            let door = Settler::default().settle(&mut tx, &app.act(), "王府名苑小区", "3号楼", "2单元", &room).await.unwrap();
            let name = codes::PersonName::parse(name).unwrap();
            let Enrolled::Created(resident) = enrol(&mut tx, &app.act(), door, &name, &NewResident::named(name.clone())).await.unwrap() else { panic!() };
            tx.commit().await.unwrap();
            residents.push(resident);
        }
        let staff = app.person(Role::Staff).browser().await;
        let page = format!("/volunteers/{id}");
        step(&staff, &id.to_string(), "resident", &[("resident", &residents[1].to_string())]).await.assert_ok().assert_contains(&format!("/residents/{}", residents[1]));
        let mut tx = app.db.begin().await.unwrap();
        life::merge(&mut tx, &app.act(), residents[0], residents[1], "重复登记").await.unwrap();
        tx.commit().await.unwrap();
        deliver(&app).await;
        staff.get(&page).await.assert_contains(&format!("/residents/{}", residents[0])).assert_contains("居民登记合并");
        let mut tx = app.db.begin().await.unwrap();
        doorstep::registry::erasure::erase(&mut tx, &app.act(), residents[0], "本人要求").await.unwrap();
        tx.commit().await.unwrap();
        deliver(&app).await;
        staff.get(&page).await.assert_contains("刘建军").assert_contains("取消关联").assert_lacks("/residents/");
        let past = audit::history(&mut app.db.read().await.unwrap(), &app.act(), id).await.unwrap();
        assert!(past.iter().flat_map(|past| &past.changes).all(|change| change.field != "resident"), "{past:?}");
    }
}
