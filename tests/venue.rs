//! Rooms: when they are open, that nobody is in one twice, what comes again, and meetings that book one.

use doorstep::access::{Reach, Role};
use doorstep::venue::{self, Hours, NewBooking, NewVenue, Purpose, Span};
use jiff::Timestamp;
use uuid::Uuid;

use crate::stories::cast::{Estate, estate};
use crate::support::{Browser, Page, TestApp};

fn at(app: &TestApp, moment: &str) {
    app.means.clock.set(moment.parse::<Timestamp>().unwrap());
}

async fn room(app: &TestApp, estate: Option<Uuid>, name: &str) -> Uuid {
    let hours = (1..=7).map(|weekday| Hours { weekday, opens: 8 * 60, closes: 20 * 60 }).collect();
    let new =
        NewVenue { estate, name: name.to_owned(), whereabouts: "3号楼一层".to_owned(), capacity: Some(60), hours };
    let mut tx = app.db.begin().await.unwrap();
    let id = venue::create(&mut tx, &app.act(), new).await.unwrap();
    tx.commit().await.unwrap();
    id
}

async fn branch(app: &TestApp, place: &Estate) -> Browser {
    app.person(Role::BranchSecretary).reaching(Reach::Estate, place.estate).browser().await
}

async fn book(browser: &Browser, venue: Uuid, fields: &[(&str, &str)]) -> Page {
    let usual = [
        ("title", "合唱队排练"),
        ("purpose", "activity"),
        ("day", "2026-12-05"),
        ("from", "09:00"),
        ("until", "10:00"),
    ];
    let usual: Vec<_> = usual.into_iter().filter(|(name, _)| !fields.iter().any(|(other, _)| other == name)).collect();
    browser.post(&format!("/venues/{venue}/bookings"), &[&usual[..], fields].concat()).await
}

db_test! {
    async fn a_room_is_entered_and_booked_and_nobody_is_in_it_twice(app: TestApp) {
        at(&app, "2026-11-27T09:00:00+08:00");
        let place = estate(&app).await;
        let secretary = branch(&app, &place).await;
        secretary.get("/venues").await.assert_ok().assert_contains("还没有登记场地");
        let estate = place.estate.to_string();
        let mut form = vec![("estate", estate.as_str()), ("name", "王府名苑党群服务站"), ("capacity", "60")];
        form.extend([("hours-1", "8-12、14点"), ("hours-6", "8:00-12:00、14:00-18:00")]);
        secretary.post("/venues", &form).await.assert_status(422).assert_contains("周一的开放时间看不懂").assert_contains("8-12、14点");
        form[3] = ("hours-1", "");
        let page = secretary.post("/venues", &form).await;
        page.assert_ok().assert_contains("不开放").assert_contains("08:00–12:00、14:00–18:00 开放");
        secretary.post("/venues", &form).await.assert_status(422).assert_contains("同名的场地");
        let id: Uuid = page.url.trim_start_matches("/venues/").parse().unwrap();

        book(&secretary, id, &[]).await.assert_ok().assert_contains("已约好").assert_contains("09:00–10:00").assert_contains("合唱队排练");
        let refused = async |fields: &[(&str, &str)], words: &str| {
            book(&secretary, id, fields).await.assert_status(422).assert_contains(words);
        };
        refused(&[("from", "09:30"), ("until", "10:30")], "09:00–10:00 已经约给“合唱队排练”。当天 10:00–11:00 空着").await;
        refused(&[("from", "11:00"), ("until", "13:00")], "只在 08:00–12:00、14:00–18:00 开放").await;
        refused(&[("day", "2026-12-07")], "12月7日不开放").await;
        refused(&[("day", "2026-11-21")], "已经过了").await;
        refused(&[("day", "2028-01-01")], "一年以内").await;
        refused(&[("until", "08:00")], "结束要在开始以后").await;
        refused(&[("title", "")], "做什么用").await;

        // Closed for repairs: what is booked has to go first.
        let closure = [("day", "2026-12-05"), ("from", "08:00"), ("until_day", "2026-12-05"), ("until", "18:00"), ("reason", "换暖气")];
        secretary.post(&format!("/venues/{id}/closures"), &closure).await.assert_status(422).assert_contains("先改期或取消").assert_contains("合唱队排练");
        let week = secretary.get(&format!("/venues/{id}?week=2026-12-03")).await;
        let booking = week.link("/bookings/0");
        let shown = secretary.get(&booking).await;
        let version = shown.assert_contains("王府名苑党群服务站").input("version");
        let to = [("version", version.as_str()), ("title", "合唱队排练"), ("day", "2026-12-12"), ("from", "14:00"), ("until", "16:00")];
        secretary.post(&format!("{booking}/times"), &to).await.assert_ok().assert_contains("14:00–16:00");
        secretary.post(&format!("{booking}/times"), &to).await.assert_status(409);
        secretary.post(&format!("/venues/{id}/closures"), &closure).await.assert_ok().assert_contains("换暖气");
        refused(&[], "临时关闭：换暖气").await;

        // The neighbours see when, and not who.
        let public = app.browser().get(&format!("/board/{}/venues/{id}?week=2026-12-12", app.home.code)).await;
        public.assert_ok().assert_contains("14:00–16:00").assert_contains("活动").assert_lacks("合唱队");
        app.browser().get(&format!("/board/{}/estates/{}/venues", app.home.code, place.estate)).await.assert_ok().assert_contains("王府名苑党群服务站");

        let version = secretary.get(&booking).await.input("version");
        let cancelled = [("version", version.as_str()), ("why", "下雪")];
        secretary.post(&format!("{booking}/cancellation"), &[("version", version.as_str())]).await.assert_status(422).assert_contains("为什么取消");
        secretary.post(&format!("{booking}/cancellation"), &cancelled).await.assert_ok().assert_contains("已取消");
        secretary.get(&booking).await.assert_contains("已取消：下雪");
    }

    async fn of_fifty_who_book_the_same_hour_one_has_it(app: TestApp) {
        at(&app, "2026-11-27T09:00:00+08:00");
        let place = estate(&app).await;
        let id = room(&app, Some(place.estate), "党群服务站").await;
        let start: Timestamp = "2026-12-05T09:00:00+08:00".parse().unwrap();
        let tries = (0..50).map(|n| {
            let (db, act) = (app.db.clone(), app.act());
            tokio::spawn(async move {
                let mut tx = db.begin().await.unwrap();
                // Half an hour apart, so that each overlaps its neighbours.
                let span = Span::of_minutes(start + jiff::SignedDuration::from_mins(n % 2 * 30), 60);
                let new = NewBooking { venue: id, span, title: format!("第{n}家"), purpose: Purpose::Other, subject: None };
                match venue::book(&mut tx, &act, new).await {
                    Ok(_) => tx.commit().await.map(|()| 1).unwrap(),
                    Err(doorstep::error::Error::Refused(sentence)) => {
                        assert!(sentence.contains("已经约给"), "{sentence}");
                        0
                    }
                    Err(error) => panic!("{error}"),
                }
            })
        });
        let mut booked = 0;
        for one in tries.collect::<Vec<_>>() {
            booked += one.await.unwrap();
        }
        assert_eq!(booked, 1);
    }

    async fn what_comes_again_leaves_out_holidays_and_moves_from_here_on(app: TestApp) {
        at(&app, "2026-09-10T09:00:00+08:00");
        let place = estate(&app).await;
        let secretary = branch(&app, &place).await;
        let id = room(&app, Some(place.estate), "社区活动室").await;
        let weekly = [("day", "2026-09-12"), ("repeat", "week"), ("repeat_until", "2026-10-17"), ("skip", "holidays")];
        book(&secretary, id, &[("day", "2026-09-12"), ("repeat", "week")]).await.assert_status(422).assert_contains("重复到哪一天");
        book(&secretary, id, &[weekly[0], weekly[1], ("repeat_until", "2027-12-31")]).await.assert_status(422).assert_contains("最多重复一年");
        book(&secretary, id, &[weekly[0], weekly[1], ("repeat_until", "2027-03-01"), weekly[3]]).await.assert_status(422).assert_contains("还没有 2027 年的放假调休安排");
        // Of six Saturdays one is in 中秋 and one in 国庆.
        book(&secretary, id, &weekly).await.assert_ok().assert_contains("已约好 4 次");
        let week = async |day: &str| secretary.get(&format!("/venues/{id}?week={day}")).await;
        week("2026-10-03").await.assert_lacks("合唱队排练");
        week("2026-10-10").await.assert_contains("合唱队排练");

        // Somebody else wants every Saturday: told of the days, or given the others.
        let other = [weekly[0], weekly[1], weekly[2], ("title", "书法班"), ("purpose", "class")];
        book(&secretary, id, &other).await.assert_status(422).assert_contains("有 4 次约不上").assert_contains("9月12日 09:00–10:00 已经约给");
        let spared = [&other[..], &[("skip_taken", "yes")]].concat();
        book(&secretary, id, &spared).await.assert_ok().assert_contains("已约好 2 次，4 次约不上没有约");

        // This and those that follow begin an hour later; what was before stays.
        let booking = week("2026-09-19").await.link("/bookings/0");
        let version = secretary.get(&booking).await.input("version");
        let to = [("version", version.as_str()), ("title", "合唱队排练"), ("day", "2026-09-19"), ("from", "10:00"), ("until", "11:30")];
        secretary.post(&format!("{booking}/times"), &[&to[..], &[("following", "yes")]].concat()).await.assert_ok();
        week("2026-09-12").await.assert_contains("09:00–10:00");
        week("2026-09-19").await.assert_contains("10:00–11:30");
        week("2026-10-17").await.assert_contains("10:00–11:30");
        // Only one of them, onto where the other class is.
        let third = week("2026-10-10").await.link("/bookings/0");
        let version = secretary.get(&third).await.input("version");
        let onto = [("version", version.as_str()), ("title", "合唱队排练"), ("day", "2026-10-03"), ("from", "09:00"), ("until", "10:00")];
        secretary.post(&format!("{third}/times"), &onto).await.assert_status(422).assert_contains("已经约给“书法班”");
        // The rest is given up.
        let gone = [("version", version.as_str()), ("why", "合唱队解散"), ("following", "yes")];
        secretary.post(&format!("{third}/cancellation"), &gone).await.assert_ok();
        week("2026-10-17").await.assert_lacks("合唱队排练");
        week("2026-09-19").await.assert_contains("合唱队排练");
    }

    async fn a_meeting_books_its_room_moves_it_and_gives_it_up(app: TestApp) {
        at(&app, "2026-11-27T09:00:00+08:00");
        let place = estate(&app).await;
        let secretary = branch(&app, &place).await;
        let id = room(&app, Some(place.estate), "党群服务站").await;
        let hall = room(&app, None, "社区活动室").await;
        let estate = place.estate.to_string();
        secretary.get(&format!("/meetings/new?estate={estate}")).await.assert_ok().assert_contains("党群服务站").assert_contains("社区活动室");
        let (venue, hall) = (id.to_string(), hall.to_string());
        let form = [("estate", estate.as_str()), ("kind", "deliberation"), ("day", "2026-12-05"), ("time", "09:30"), ("host", "王书记"), ("topics", "停车位设置")];
        let held = [&form[..], &[("venue", venue.as_str()), ("minutes", "90")]].concat();
        book(&secretary, id, &[]).await.assert_ok();
        let page = secretary.post("/meetings", &held).await;
        page.assert_status(422).assert_contains("党群服务站：12月5日 09:00–10:00 已经约给“合唱队排练”。当天 10:00–11:30 空着").assert_contains("停车位设置");
        let later: Vec<_> = held.iter().copied().filter(|(name, _)| *name != "time").chain([("time", "10:00")]).collect();
        let page = secretary.post("/meetings", &later).await;
        page.assert_ok().assert_contains("党群服务站（3号楼一层）");
        let meeting = page.url.clone();
        let calendar = secretary.get(&format!("{meeting}/calendar.ics")).await;
        calendar.assert_contains("DTSTART:20261205T020000Z").assert_contains("DTEND:20261205T033000Z");
        let week = secretary.get(&format!("/venues/{id}?week=2026-12-05")).await;
        week.assert_contains("10:00–11:30").assert_contains("说事议事会");
        // From the room one comes to the meeting, and cannot move it there.
        let bookings: Vec<String> = week.between_all("href=\"/bookings/", "\"").map(|id| format!("/bookings/{id}")).collect();
        let booked = secretary.get(&bookings[1]).await;
        booked.assert_contains(&format!("href=\"{meeting}\"")).assert_lacks("取消预约");
        let version = booked.between_all("name=\"version\" value=\"", "\"").next().unwrap_or("1").to_owned();
        secretary.post(&format!("{}/cancellation", bookings[1]), &[("version", version.as_str()), ("why", "不开了")]).await.assert_status(422).assert_contains("会议的页面上");

        // It moves to the other room, and the first is free again.
        let seen = secretary.get(&meeting).await.input("version");
        let plan = [("version", seen.as_str()), ("day", "2026-12-05"), ("time", "14:00"), ("host", "王书记"), ("venue", hall.as_str()), ("minutes", "60")];
        secretary.post(&format!("{meeting}/plan"), &plan).await.assert_ok().assert_contains("社区活动室（3号楼一层）");
        secretary.get(&format!("/venues/{id}?week=2026-12-05")).await.assert_lacks("10:00–11:30");
        secretary.get(&format!("/venues/{hall}?week=2026-12-05")).await.assert_contains("14:00–15:00");
        let seen = secretary.get(&meeting).await.input("version");
        secretary.post(&format!("{meeting}/cancellation"), &[("version", seen.as_str()), ("cancel_reason", "改到下周再定")]).await.assert_ok();
        secretary.get(&format!("/venues/{hall}?week=2026-12-05")).await.assert_lacks("14:00–15:00");

        // The room of another estate is none of theirs.
        let act = app.act();
        let mut tx = app.db.begin().await.unwrap();
        let far = doorstep::place::create_estate(&mut tx, &act, "枣林园小区", None, None).await.unwrap();
        tx.commit().await.unwrap();
        let far = room(&app, Some(far), "枣林园党群服务站").await;
        secretary.get(&format!("/venues/{far}")).await.assert_status(404);
        book(&secretary, far, &[]).await.assert_status(404);
        let far = far.to_string();
        let elsewhere = [&form[..], &[("venue", far.as_str())]].concat();
        secretary.post("/meetings", &elsewhere).await.assert_status(422).assert_contains("用不了这个场地");
        // What is for all is booked by all, and kept by those who reach it all.
        book(&secretary, hall.parse().unwrap(), &[]).await.assert_ok();
        secretary.get(&format!("/venues/{hall}/particulars")).await.assert_status(404);
    }
}
