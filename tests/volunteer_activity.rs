//! Activities of volunteers: places, the waiting list, what comes again, and who was there. However many sign up at once, nobody is
//! booked over, and each who goes lets exactly one move up.

use calendar::{Every, Recurrence, Skip};
use doorstep::access::Role;
use doorstep::channel;
use doorstep::error::Error;
use doorstep::volunteer::{self, Activity, Attendance, Field, Place, Plan, Post, Risk, SignUp, Span};
use doorstep::{audit, upkeep};
use futures_util::future::join_all;
use jiff::civil::{Date, date};
use jiff::{SignedDuration, Timestamp, ToSpan};
use uuid::Uuid;

use crate::stories::cast::{estate, photo};
use crate::support::{Browser, Page, TestApp};
use crate::volunteer::{at, team, volunteer as joined};

pub fn plan(starts_at: &str, capacity: i64) -> Plan {
    let starts_at: Timestamp = starts_at.parse().unwrap();
    Plan {
        kind: volunteer::Kind::Service,
        estate: None,
        title: "教老人用手机".to_owned(),
        place: "大门口".to_owned(),
        needs: String::new(),
        span: Span { starts_at, ends_at: starts_at + SignedDuration::from_hours(3) },
        capacity,
        risk: Risk::Low,
        risk_notice: String::new(),
        least_age: 14,
    }
}

pub async fn planned(app: &TestApp, team: Uuid, plan: &Plan) -> Uuid {
    let mut tx = app.db.begin().await.unwrap();
    let (id, _) = volunteer::plan(&mut tx, &app.act(), team, plan, None).await.unwrap();
    tx.commit().await.unwrap();
    id
}

pub async fn sign_up(app: &TestApp, activity: Uuid, person: Uuid) -> Result<Place, Error> {
    let mut tx = app.db.begin().await.unwrap();
    let place = volunteer::sign_up(&mut tx, &app.act(), activity, person, None, false).await?;
    tx.commit().await.unwrap();
    Ok(place)
}

pub async fn get(app: &TestApp, id: Uuid) -> Activity {
    volunteer::activity(&mut app.db.read().await.unwrap(), app.home.tenant, id).await.unwrap()
}

db::statements! {
    STARTS = "SELECT starts_at FROM volunteer_activities WHERE tenant_id = $1 ORDER BY starts_at";
}

db::record! {
    struct Starts { starts_at: Timestamp }
}

async fn down(app: &TestApp, id: Uuid) -> Vec<SignUp> {
    volunteer::sign_ups(&mut app.db.read().await.unwrap(), app.home.tenant, id).await.unwrap()
}

fn standing(all: &[SignUp], state: Place) -> Vec<&SignUp> {
    all.iter().filter(|one| one.state == state).collect()
}

db_test! {
    async fn of_two_hundred_who_sign_up_at_once_ten_have_a_place_and_the_rest_stand_in_order(app: TestApp) {
        at(&app, "2026-11-27T09:00:00+08:00");
        let place = estate(&app).await;
        let team = team(&app, "雷锋大妈志愿服务队", &[place.estate], &[]).await;
        let id = planned(&app, team, &plan("2026-12-05T08:00:00+08:00", 10)).await;
        let mut people = Vec::new();
        for number in 0..200 {
            people.push(joined(&app, &format!("志愿者{number}"), team, Post::Member).await.0);
        }
        let tries = people.iter().map(|person| {
            let (db, act, person) = (app.db.clone(), app.act(), *person);
            tokio::spawn(async move {
                let mut tx = db.begin().await.unwrap();
                let place = volunteer::sign_up(&mut tx, &act, id, person, None, false).await.unwrap();
                tx.commit().await.unwrap();
                place
            })
        });
        let answers: Vec<Place> = join_all(tries.collect::<Vec<_>>()).await.into_iter().map(Result::unwrap).collect();
        assert_eq!(answers.iter().filter(|place| **place == Place::Confirmed).count(), 10);
        let all = down(&app, id).await;
        let (confirmed, waiting) = (standing(&all, Place::Confirmed), standing(&all, Place::Waiting));
        assert_eq!((confirmed.len(), waiting.len()), (10, 190));
        let mut order: Vec<i64> = all.iter().map(|one| one.position).collect();
        order.sort_unstable();
        assert_eq!(order, (1..=200).collect::<Vec<i64>>(), "everybody has a place of their own in the order");
        assert!(confirmed.iter().all(|one| one.position <= 10), "whoever came first has a place");

        // Fifteen go at once, some of whom had a place and some of whom waited: as many move up as left a place, and in their order.
        let leaving: Vec<Uuid> = confirmed[..7].iter().chain(&waiting[..8]).map(|one| one.volunteer_id).collect();
        let tries = leaving.iter().map(|person| {
            let (db, act, person) = (app.db.clone(), app.act(), *person);
            tokio::spawn(async move {
                let mut tx = db.begin().await.unwrap();
                let moved_up = volunteer::give_up(&mut tx, &act, id, person, None).await.unwrap();
                tx.commit().await.unwrap();
                moved_up
            })
        });
        let moved: Vec<Option<Uuid>> = join_all(tries.collect::<Vec<_>>()).await.into_iter().map(Result::unwrap).collect();
        let all = down(&app, id).await;
        let (confirmed, waiting) = (standing(&all, Place::Confirmed), standing(&all, Place::Waiting));
        assert_eq!((confirmed.len(), waiting.len()), (10, 175));
        let moved = moved.into_iter().flatten().count();
        assert!((7..=15).contains(&moved), "{moved}: one for each place that was left");
        let last = confirmed.iter().map(|one| one.position).max().unwrap();
        assert!(waiting.iter().all(|one| one.position > last), "nobody was passed over");
        let verdict = audit::verify(&mut app.db.read().await.unwrap(), app.home.tenant).await.unwrap();
        assert_eq!(verdict.broken, None);
    }

    async fn each_who_goes_lets_exactly_one_move_up(app: TestApp) {
        at(&app, "2026-11-27T09:00:00+08:00");
        let place = estate(&app).await;
        let team = team(&app, "雷锋大妈志愿服务队", &[place.estate], &[]).await;
        let id = planned(&app, team, &plan("2026-12-05T08:00:00+08:00", 2)).await;
        let mut people = Vec::new();
        for name in ["甲一", "乙二", "丙三", "丁四"] {
            let (person, _) = joined(&app, name, team, Post::Member).await;
            people.push(person);
            let mut tx = app.db.begin().await.unwrap();
            volunteer::sign_up(&mut tx, &app.act(), id, person, None, false).await.unwrap();
            tx.commit().await.unwrap();
        }
        let go = async |person: Uuid| {
            let mut tx = app.db.begin().await.unwrap();
            let moved_up = volunteer::give_up(&mut tx, &app.act(), id, person, None).await.unwrap();
            tx.commit().await.unwrap();
            moved_up
        };
        assert_eq!(go(people[3]).await, None, "whoever waited leaves no place");
        assert_eq!(go(people[0]).await, Some(people[2]));
        assert_eq!(go(people[1]).await, None, "nobody waits any more");
        let mut tx = app.db.begin().await.unwrap();
        assert!(matches!(volunteer::give_up(&mut tx, &app.act(), id, people[1], None).await, Err(Error::NotFound)));
        drop(tx);
        // Whoever comes again goes to the end.
        let mut tx = app.db.begin().await.unwrap();
        assert_eq!(volunteer::sign_up(&mut tx, &app.act(), id, people[0], None, false).await.unwrap(), Place::Confirmed);
        assert_eq!(volunteer::sign_up(&mut tx, &app.act(), id, people[3], None, false).await.unwrap(), Place::Waiting);
        assert!(matches!(volunteer::sign_up(&mut tx, &app.act(), id, people[0], None, false).await, Err(Error::Refused(_))));
        tx.commit().await.unwrap();
        // More places: whoever waits moves up; fewer than there are people are refused.
        let (activity, wider) = (get(&app, id).await, plan("2026-12-05T08:00:00+08:00", 3));
        let mut tx = app.db.begin().await.unwrap();
        let this = volunteer::Following::ThisOne;
        volunteer::change_activity(&mut tx, &app.act(), &activity, activity.lock_version, &wider, this).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(standing(&down(&app, id).await, Place::Confirmed).len(), 3);
        let (activity, narrower) = (get(&app, id).await, plan("2026-12-05T08:00:00+08:00", 1));
        let mut tx = app.db.begin().await.unwrap();
        let refused =
            volunteer::change_activity(&mut tx, &app.act(), &activity, activity.lock_version, &narrower, this).await;
        assert!(matches!(refused, Err(Error::Refused(sentence)) if sentence.contains("已经有 3 人报上")));
    }

    /// 周六早上8点 through the whole of 2026, the holidays and the Saturdays that were made workdays read off the notice by hand.
    async fn saturdays_at_eight_through_a_year(app: TestApp) {
        at(&app, "2025-12-30T09:00:00+08:00");
        let place = estate(&app).await;
        let team = team(&app, "引领先锋志愿服务队", &[place.estate], &[]).await;
        let saturdays: Vec<Date> = date(2026, 1, 3).series(7.days()).take_while(|day| day.year() == 2026).collect();
        assert_eq!(saturdays.len(), 52);
        let holidays = [(1, 3), (2, 21), (4, 4), (5, 2), (6, 20), (9, 26), (10, 3)].map(|(month, day)| date(2026, month, day));
        let worked = [(2, 14), (2, 28), (5, 9), (10, 10)].map(|(month, day)| date(2026, month, day));
        let without_holidays: Vec<Date> = saturdays.iter().copied().filter(|day| !holidays.contains(day)).collect();
        for (skip, expected) in [(Skip::Nothing, saturdays), (Skip::Holidays, without_holidays), (Skip::DaysOff, worked.to_vec())] {
            let weekly = Recurrence { every: Every::Weeks { interval: 1, days: Vec::new() }, until: date(2026, 12, 31), skip };
            let mut tx = app.db.begin().await.unwrap();
            let eight = plan("2026-01-03T08:00:00+08:00", 6);
            let (_, times) = volunteer::plan(&mut tx, &app.act(), team, &eight, Some(&weekly)).await.unwrap();
            let starts: Vec<Starts> = tx.all(STARTS.bind(app.home.tenant)).await.unwrap();
            let starts: Vec<String> = starts.iter().map(|row| row.starts_at.to_zoned_datetime(calendar::shanghai()).strftime("%F %H:%M").to_string()).collect();
            assert_eq!(starts, expected.iter().map(|day| format!("{day} 08:00")).collect::<Vec<_>>());
            assert_eq!(times, expected.len());
        }
    }

    async fn what_comes_again_leaves_out_holidays_and_changes_from_here_on(app: TestApp) {
        at(&app, "2026-09-10T09:00:00+08:00");
        let place = estate(&app).await;
        let staff = app.person(Role::Staff).browser().await;
        let team = team(&app, "引领先锋志愿服务队", &[place.estate], &[]).await.to_string();
        let usual = [
            ("team", team.as_str()), ("title", "清理院子"), ("day", "2026-09-12"), ("from", "08:00"), ("until", "10:00"), ("capacity", "6"),
            ("least_age", "14"), ("risk", "low"),
        ];
        staff.get("/activities").await.assert_ok().assert_contains("没有要办的活动");
        staff.post("/activities", &usual[..7]).await.assert_status(422).assert_contains("请选择有没有危险").assert_contains("清理院子");
        let weekly = [&usual[..], &[("repeat", "week"), ("repeat_until", "2026-10-17"), ("skip", "holidays")]].concat();
        // Of six Saturdays one is in 中秋 and one in 国庆.
        let page = staff.post("/activities", &weekly).await;
        page.assert_ok().assert_contains("已安排 4 次");
        let list = staff.get("/activities").await;
        assert_eq!(list.body.matches("<b>清理院子</b>").count(), 4);
        list.assert_lacks("10月3日").assert_contains("10月10日");

        let second = list.between_all("href=\"/activities/0", "\"").nth(1).map(|rest| format!("/activities/0{rest}")).unwrap();
        let form = staff.get(&format!("{second}/particulars")).await;
        let version = form.input("version");
        let later = [
            ("version", version.as_str()), ("title", "清理院子和楼道"), ("day", "2026-09-19"), ("from", "09:00"), ("until", "11:00"),
            ("capacity", "8"), ("least_age", "14"), ("risk", "low"), ("following", "yes"),
        ];
        staff.post(&format!("{second}/particulars"), &later).await.assert_ok().assert_contains("08:00–10:00 → ");
        staff.post(&format!("{second}/particulars"), &later).await.assert_status(409).assert_contains("刚刚有人改过");
        let list = staff.get("/activities").await;
        assert_eq!(list.body.matches("<b>清理院子和楼道</b>").count(), 3, "the first stays as it was");
        assert_eq!(list.body.matches("09:00–11:00").count(), 3);
        let version = staff.get(&second).await.input("version");
        let off = [("version", version.as_str()), ("why", "下雨"), ("following", "yes")];
        staff.post(&format!("{second}/cancellation"), &off).await.assert_ok().assert_contains("已取消：下雨");
        let list = staff.get("/activities").await;
        assert_eq!(list.body.matches("href=\"/activities/0").count(), 1);
        staff.get("/activities?past=yes").await.assert_contains("已取消：下雨");
    }

    async fn volunteers_sign_up_by_their_link_and_danger_wants_insurance(app: TestApp) {
        at(&app, "2026-11-27T09:00:00+08:00");
        let place = estate(&app).await;
        let team = team(&app, "雷锋大妈志愿服务队", &[place.estate], &[]).await;
        let (id, own) = joined(&app, "刘建军", team, Post::Member).await;
        let risky = Plan { risk: Risk::High, risk_notice: "要上梯子，可能摔下来".to_owned(), ..plan("2026-12-05T08:00:00+08:00", 6) };
        let activity = planned(&app, team, &risky).await.to_string();
        let person = app.browser();
        person.get(&own).await.assert_ok().assert_contains("教老人用手机").assert_contains("可能摔下来").assert_contains("还差 6 人");
        let sign = async |fields: &[(&str, &str)]| {
            person.post(&format!("{own}/sign-ups"), &[&[("activity", activity.as_str())], fields].concat()).await
        };
        sign(&[("risk_read", "yes")]).await.assert_status(422).assert_contains("要先有人身意外保险");
        let mut tx = app.db.begin().await.unwrap();
        let before = volunteer::card(&mut tx, &app.act(), id).await.unwrap();
        let mut now = before.clone();
        now.values.insert(Field::Insurance, "BX-2026-1".to_owned());
        now.values.insert(Field::InsuredUntil, "2026-12-04".to_owned());
        volunteer::change(&mut tx, &app.act(), &before, &now, "").await.unwrap();
        tx.commit().await.unwrap();
        sign(&[("risk_read", "yes")]).await.assert_status(422).assert_contains("管不到那一天");
        let mut tx = app.db.begin().await.unwrap();
        let before = volunteer::card(&mut tx, &app.act(), id).await.unwrap();
        now.values.insert(Field::InsuredUntil, "2026-12-05".to_owned());
        volunteer::change(&mut tx, &app.act(), &before, &now, "").await.unwrap();
        tx.commit().await.unwrap();
        sign(&[]).await.assert_status(422).assert_contains("请先看完风险提示");
        sign(&[("risk_read", "yes")]).await.assert_ok().assert_contains("报上了");
        sign(&[("risk_read", "yes")]).await.assert_status(422).assert_contains("已经报过名了");
        let same_time = planned(&app, team, &Plan { title: "量血压".to_owned(), ..plan("2026-12-05T10:00:00+08:00", 6) }).await.to_string();
        let other = person.post(&format!("{own}/sign-ups"), &[("activity", &same_time)]).await;
        other.assert_status(422).assert_contains("同一时间已经报了“教老人用手机”");
        app.browser().get(&format!("/board/{}/teams", app.home.code)).await.assert_contains("教老人用手机").assert_lacks("刘建军");
        app.browser().get(&format!("/board/{}/activities/{activity}", app.home.code)).await.assert_ok().assert_contains("1/6 人").assert_lacks("刘建军");
        person.post(&format!("{own}/sign-ups/{activity}/removal"), &[]).await.assert_ok().assert_contains("已取消");
        person.post(&format!("{own}/sign-ups/{activity}/removal"), &[]).await.assert_status(404);
    }

    async fn who_was_there_is_known_by_the_wall_the_leader_or_later(app: TestApp) {
        at(&app, "2026-12-04T09:00:00+08:00");
        let place = estate(&app).await;
        let team = team(&app, "雷锋大妈志愿服务队", &[place.estate], &[]).await;
        let (leader, leads) = joined(&app, "高月英", team, Post::Leader).await;
        let activity = planned(&app, team, &plan("2026-12-05T08:00:00+08:00", 6)).await;
        let mut phones = Vec::new();
        for name in ["刘建军", "王秀兰", "薛改珍"] {
            let (_, own) = joined(&app, name, team, Post::Member).await;
            let phone = app.browser();
            phone.get(&own).await.assert_ok();
            phone.post(&format!("{own}/sign-ups"), &[("activity", &activity.to_string())]).await.assert_ok();
            phones.push((phone, own));
        }
        let lead = app.browser();
        let running = format!("{leads}/activities/{activity}");
        lead.get(&leads).await.assert_contains("我带队");
        lead.get(&running).await.assert_ok().assert_contains("刘建军").assert_lacks("13800001234").assert_lacks("谁改过什么");
        lead.post(&format!("{running}/sign-ups"), &[("volunteer", &leader.to_string())]).await.assert_ok().assert_contains("已报上");
        phones[0].0.get(&format!("{}/activities/{activity}", phones[0].1)).await.assert_status(404);

        // By the code on the wall: on their own phone with one tap, on another with name and number.
        let scan = async |browser: &Browser| -> Page {
            let path = volunteer::on_the_wall(&mut app.db.read().await.unwrap(), app.home.tenant, activity, &app.means).await.unwrap();
            browser.get(&path).await
        };
        let arrive = async |browser: &Browser, fields: &[(&str, &str)]| {
            let page = scan(browser).await;
            let (ticket, action) = (page.input("ticket"), page.link("/arrivals/"));
            browser.post(&action, &[&[("ticket", ticket.as_str())], fields].concat()).await
        };
        arrive(&phones[0].0, &[("way", "came")]).await.assert_status(422).assert_contains("还没到签到的时间");
        at(&app, "2026-12-05T07:50:00+08:00");
        scan(&phones[0].0).await.assert_contains("刘建军，您来了");
        arrive(&phones[0].0, &[("way", "came")]).await.assert_ok().assert_contains("签到成功");
        arrive(&phones[0].0, &[("way", "came")]).await.assert_status(422).assert_contains("已经签过到了");
        let stranger = app.browser();
        arrive(&stranger, &[("way", "came"), ("name", "王秀兰"), ("phone", "13900000000")]).await.assert_status(422).assert_contains("没有找到");
        arrive(&stranger, &[("way", "came"), ("name", "王秀兰"), ("phone", "13800001234")]).await.assert_ok().assert_contains("王秀兰，签到成功");
        let old = scan(&stranger).await.url;
        at(&app, "2026-12-05T07:52:00+08:00");
        stranger.get(&old).await.assert_contains("这个码过期了");

        // The leader notes the group with a photo.
        let person = leader.to_string();
        let group = [("way", "came"), ("person", person.as_str())];
        lead.post(&format!("{running}/presence"), &group).await.assert_status(422).assert_contains("拍一张");
        let picture = photo();
        lead.post_files(&format!("{running}/presence"), &group, &[("photos", "g.jpg", &picture[..])]).await.assert_ok().assert_contains("已登记 1 人到了");
        at(&app, "2026-12-05T11:10:00+08:00");
        arrive(&phones[0].0, &[("way", "left")]).await.assert_ok().assert_contains("签退成功");
        lead.post_files(&format!("{running}/presence"), &[("way", "left"), ("person", &person)], &[("photos", "g.jpg", &picture[..])]).await.assert_ok();

        // Whoever forgot enters it later, and somebody else says whether it is so.
        let (phone, own) = &phones[2];
        let late = [("came", "08:05"), ("left", "11:00"), ("why", "手机没电")];
        phone.post(&format!("{own}/sign-ups/{activity}/claim"), &[("came", "07:00"), late[1], late[2]]).await.assert_status(422).assert_contains("08:00–11:00 以内");
        phone.post(&format!("{own}/sign-ups/{activity}/claim"), &late).await.assert_ok().assert_contains("等核对");
        let shown = lead.get(&running).await;
        shown.assert_contains("手机没电");
        let (claim, seen) = (shown.between_all("/sign-ups/", "/claim").next().unwrap().to_owned(), shown.input("claim"));
        lead.post(&format!("{running}/sign-ups/{claim}/claim"), &[("claim", &seen), ("decision", "yes")]).await.assert_ok().assert_contains("08:05 到，11:00 走");
        let all = down(&app, activity).await;
        let of = |name: &str| all.iter().find(|one| one.name == name).unwrap();
        assert_eq!((of("刘建军").came_how, of("高月英").came_how), (Some(Attendance::Code), Some(Attendance::Leader)));
        assert_eq!((of("薛改珍").came_how, of("王秀兰").left_at), (Some(Attendance::Later), None));
        assert!(of("高月英").photo_id.is_some());

        // Nobody agrees with themselves.
        let staff = app.person(Role::Staff).browser().await;
        let (phone, own) = &phones[1];
        phone.post(&format!("{own}/sign-ups/{activity}/claim"), &late).await.assert_ok();
        let (known, own_claim) = (get(&app, activity).await, down(&app, activity).await.into_iter().find(|one| one.name == "王秀兰").unwrap());
        let mut tx = app.db.begin().await.unwrap();
        let same = volunteer::decide(&mut tx, &app.act(), &known, own_claim.id, Some(own_claim.volunteer_id), (own_claim.claimed().unwrap(), true)).await;
        assert!(matches!(same, Err(Error::Refused(sentence)) if sentence.contains("由别人核对")));
        drop(tx);
        let shown = staff.get(&format!("/activities/{activity}")).await;
        let (claim, seen) = (shown.between_all("/sign-ups/", "/claim").next().unwrap().to_owned(), shown.input("claim"));
        let decide = format!("/activities/{activity}/sign-ups/{claim}/claim");
        // Meanwhile something else is entered: whoever has the page open answers nothing that they have not seen.
        phone.post(&format!("{own}/sign-ups/{activity}/claim"), &[("came", "08:20"), late[1], late[2]]).await.assert_ok();
        staff.post(&decide, &[("claim", &seen), ("decision", "yes")]).await.assert_status(409).assert_contains("刚刚改过");
        let seen = staff.get(&format!("/activities/{activity}")).await.input("claim");
        staff.post(&decide, &[("claim", &seen), ("decision", "no")]).await.assert_ok().assert_contains("没有认可");
        assert_eq!(down(&app, activity).await.iter().find(|one| one.name == "王秀兰").unwrap().left_at, None);
    }

    async fn whoever_moves_up_reads_it_and_whoever_made_room_is_told_who(app: TestApp) {
        at(&app, "2026-11-27T09:00:00+08:00");
        let place = estate(&app).await;
        let team = team(&app, "雷锋大妈志愿服务队", &[place.estate], &[]).await;
        let (_, leads) = joined(&app, "高月英", team, Post::Leader).await;
        let id = planned(&app, team, &plan("2026-12-05T08:00:00+08:00", 1)).await;
        let (first, _) = joined(&app, "刘建军", team, Post::Member).await;
        let (second, own) = joined(&app, "王秀兰", team, Post::Member).await;
        for person in [first, second] {
            sign_up(&app, id, person).await.unwrap();
        }
        app.browser().get(&own).await.assert_contains("候补").assert_lacks("候补补上了");
        let place = down(&app, id).await.into_iter().find(|one| one.volunteer_id == first).unwrap().id;
        let lead = app.browser();
        lead.post(&format!("{leads}/activities/{id}/sign-ups/{place}/removal"), &[]).await.assert_ok().assert_contains("王秀兰从候补补上了");
        app.browser().get(&own).await.assert_contains("候补补上了");
    }

    async fn what_ones_own_team_does_is_offered_however_much_others_do(app: TestApp) {
        at(&app, "2026-11-27T09:00:00+08:00");
        let place = estate(&app).await;
        let (others, ours) = (team(&app, "引领先锋志愿服务队", &[place.estate], &[]).await, team(&app, "雷锋大妈志愿服务队", &[place.estate], &[]).await);
        let daily = Recurrence { every: Every::Weeks { interval: 1, days: vec![jiff::civil::Weekday::Monday, jiff::civil::Weekday::Tuesday, jiff::civil::Weekday::Friday] }, until: date(2027, 4, 1), skip: Skip::Nothing };
        let mut tx = app.db.begin().await.unwrap();
        let cleaning = Plan { title: "清理院子".to_owned(), ..plan("2026-11-30T08:00:00+08:00", 6) };
        let (_, times) = volunteer::plan(&mut tx, &app.act(), others, &cleaning, Some(&daily)).await.unwrap();
        tx.commit().await.unwrap();
        assert!((45..80).contains(&times), "{times}");
        planned(&app, ours, &plan("2027-05-01T08:00:00+08:00", 6)).await;
        let (_, own) = joined(&app, "刘建军", ours, Post::Member).await;
        let phone = app.browser();
        let page = phone.get(&own).await;
        page.assert_contains("教老人用手机");
        let offered = |page: &Page| page.body.matches("<h3>清理院子</h3>").count();
        assert_eq!(offered(&page), 40);
        let next = phone.get(&page.link_called("下一页")).await;
        assert_eq!(offered(&next), times - 40);
        next.assert_lacks("下一页");
    }

    async fn hours_that_nobody_has_confirmed_wait_until_somebody_does(app: TestApp) {
        at(&app, "2026-12-05T07:50:00+08:00");
        let place = estate(&app).await;
        let team = team(&app, "雷锋大妈志愿服务队", &[place.estate], &[]).await;
        let (person, _) = joined(&app, "刘建军", team, Post::Member).await;
        let id = planned(&app, team, &plan("2026-12-05T08:00:00+08:00", 6)).await;
        sign_up(&app, id, person).await.unwrap();
        at(&app, "2026-12-05T08:00:00+08:00");
        let mut tx = app.db.begin().await.unwrap();
        let known = volunteer::activity(&mut tx, app.home.tenant, id).await.unwrap();
        volunteer::note(&mut tx, &app.act(), &known, person, volunteer::Arrival::Comes).await.unwrap();
        tx.commit().await.unwrap();
        at(&app, "2027-03-05T08:00:00+08:00");
        app.person(Role::Staff).browser().await.get("/today").await.assert_contains("队长还没有确认");
    }

    async fn the_group_is_reminded_once(app: TestApp) {
        at(&app, "2026-12-03T09:00:00+08:00");
        let place = estate(&app).await;
        let team = team(&app, "雷锋大妈志愿服务队", &[place.estate], &[]).await;
        let id = planned(&app, team, &plan("2026-12-05T08:00:00+08:00", 6)).await;
        let mut tx = app.db.begin().await.unwrap();
        let address = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=made-up".to_owned();
        let (kind, place, name) = (channel::Kind::Wecom, channel::Place::Community, "志愿者群".to_owned());
        let new = channel::NewChannel { kind, name, place, address, secret: None, reminders: false };
        channel::add(&mut tx, &app.act(), new, &[]).await.unwrap();
        tx.commit().await.unwrap();
        let told = async || {
            channel::of_subject(&mut app.db.read().await.unwrap(), app.home.tenant, id).await.unwrap()
        };
        upkeep::once(&app.app).await.unwrap();
        assert_eq!(told().await.len(), 0);
        at(&app, "2026-12-04T09:00:00+08:00");
        upkeep::once(&app.app).await.unwrap();
        upkeep::once(&app.app).await.unwrap();
        let told = told().await;
        assert_eq!(told.len(), 1);
        assert!(told[0].text.contains("【志愿服务】教老人用手机") && told[0].text.contains("还差 6 人"), "{}", told[0].text);
    }
}
