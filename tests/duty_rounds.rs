//! 护学岗 beside 巡逻: whoever walks a route is put at no post in that time, by hand, by a roster or from standby, and of two who send somebody to two
//! places at once one is refused.

use doorstep::duty::{self, PersonKind};
use doorstep::patrol::Days;
use jiff::Timestamp;
use uuid::Uuid;

use crate::duty::{Bureau, bureau};
use crate::duty_plan::{make_roster, publish, standing};
use crate::patrol::laid;
use crate::support::{Browser, Page, TestApp};

fn at(app: &TestApp, moment: &str) {
    app.means.clock.set(moment.parse::<Timestamp>().unwrap());
}

/// A round of somebody; without a time where that is empty.
async fn plan(chief: &Browser, route: Uuid, (day, time, minutes): (&str, &str, &str), person: Uuid) -> Page {
    let (route, person) = (route.to_string(), person.to_string());
    let form =
        [("route", route.as_str()), ("day", day), ("at", time), ("minutes", minutes), ("person", person.as_str())];
    chief.post("/patrol-rounds", &form).await
}

async fn officer(app: &TestApp, bureau: &Bureau, name: &str, minutes: i64, standby: bool) -> Uuid {
    bureau.person(app, name, PersonKind::Officer, Some(minutes), standby).await
}

db_test! {
    async fn nobody_is_put_at_a_post_while_on_a_round(app: TestApp) {
        at(&app, "2026-08-31T09:00:00+08:00");
        let bureau = bureau(&app).await;
        let chief = bureau.chief(&app).await;
        let (route, _) = laid(&app, &bureau, bureau.stations[0], "滨河路街面", Days::Every).await;
        let walker = officer(&app, &bureau, "冯志强", 5, false).await;
        let other = officer(&app, &bureau, "高瑞芹", 5, false).await;
        // By hand; the peak is from 07:10 to 08:20.
        let page = plan(&chief, route, ("2026-09-01", "07:00", "60"), walker).await;
        page.assert_ok();
        let put = async |day: &str, person: Uuid| {
            let (school, post, person) = (bureau.schools[0].to_string(), format!("{}:{}", bureau.gate, bureau.morning), person.to_string());
            let form = [("day", day), ("school", school.as_str()), ("post", post.as_str()), ("person", person.as_str()), ("duty", "看护学生过马路")];
            chief.post("/duty-shifts", &form).await
        };
        put("2026-09-01", walker).await.assert_status(422).assert_contains("冯志强这一天 07:00–08:00 已经排在巡逻路线“滨河路街面”上，时间重叠了");
        let shift = bureau.put(&app, "2026-09-01", bureau.gate, Some(other)).await.unwrap();
        let path = format!("/duty-shifts/{shift}");
        // On another day, at another time, and once the round is called off.
        bureau.put(&app, "2026-09-02", bureau.gate, Some(walker)).await.unwrap();
        plan(&chief, route, ("2026-09-03", "08:20", "60"), walker).await.assert_ok();
        put("2026-09-03", walker).await.assert_ok();
        chief.post(&format!("{path}/cancellation"), &[("why", "另有任务")]).await.assert_ok();
        chief.post(&format!("{}/cancellation", page.url), &[("why", "下雨")]).await.assert_ok();
        put("2026-09-01", walker).await.assert_ok();

        // A roster leaves them where they are to be, and one that was made before is not put in force.
        plan(&chief, route, ("2026-09-07", "07:00", "60"), walker).await.assert_ok();
        let draft = make_roster(&chief, ("2026-09-07", "2026-09-07"), "1").await;
        publish(&chief, &draft).await.assert_ok();
        let there: Vec<Option<Uuid>> = standing(&app, &bureau, ("2026-09-07", "2026-09-07")).await.iter().map(|shift| shift.person_id).collect();
        assert_eq!(there, [Some(other)]);
        let draft = make_roster(&chief, ("2026-09-08", "2026-09-08"), "1").await;
        plan(&chief, route, ("2026-09-08", "08:00", "60"), walker).await.assert_ok();
        publish(&chief, &draft).await.assert_status(422).assert_contains("2026-09-08 冯志强已经排在巡逻路线“滨河路街面”上");
    }

    async fn whoever_is_out_on_a_round_is_not_called_from_standby(app: TestApp) {
        at(&app, "2026-08-31T09:00:00+08:00");
        let bureau = bureau(&app).await;
        let chief = bureau.chief(&app).await;
        let (route, _) = laid(&app, &bureau, bureau.stations[0], "滨河路街面", Days::Every).await;
        let ill = officer(&app, &bureau, "冯志强", 5, false).await;
        let planned = officer(&app, &bureau, "高瑞芹", 2, true).await;
        let out = officer(&app, &bureau, "薛改珍", 3, true).await;
        let later = officer(&app, &bureau, "郝春生", 6, true).await;
        officer(&app, &bureau, "任建平", 12, true).await;
        plan(&chief, route, ("2026-09-01", "08:00", "30"), planned).await.assert_ok();
        plan(&chief, route, ("2026-09-01", "08:20", "60"), later).await.assert_ok();
        let page = plan(&chief, route, ("2026-09-01", "", ""), out).await;
        let round = page.assert_ok().url.rsplit('/').next().unwrap().to_owned();
        let shift = bureau.put(&app, "2026-09-01", bureau.gate, Some(ill)).await.unwrap();
        at(&app, "2026-09-01T06:40:00+08:00");
        let own = bureau.link(&app, out).await.replace("/duty-own/", "/patrol-own/");
        app.browser().post(&format!("{own}/rounds/{round}"), &[("step", "begin")]).await.assert_ok();
        at(&app, "2026-09-01T06:50:00+08:00");
        let mut tx = app.db.begin().await.unwrap();
        let called = duty::miss(&mut tx, &bureau.act(&app), shift, "发烧").await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(called.map(|call| call.person_id), Some(later), "not who walks then, nor who has set out");
        // Whoever should be back by then is asked again, though they forgot to say so.
        at(&app, "2026-09-01T07:45:00+08:00");
        let chief = bureau.chief(&app).await;
        chief.post(&format!("/duty-shifts/{shift}/calls"), &[]).await.assert_ok().assert_contains("正在叫薛改珍");
    }

    async fn of_two_who_send_somebody_at_once_one_is_refused(app: TestApp) {
        at(&app, "2026-08-31T09:00:00+08:00");
        let bureau = bureau(&app).await;
        let (first, _) = laid(&app, &bureau, bureau.stations[0], "滨河路街面", Days::Every).await;
        let (second, _) = laid(&app, &bureau, bureau.stations[0], "城北街面", Days::Every).await;
        let walker = officer(&app, &bureau, "冯志强", 5, false).await;
        let (one, two) = (bureau.chief(&app).await, bureau.chief(&app).await);
        for day in ["2026-09-01", "2026-09-02", "2026-09-03"] {
            let (a, b) = tokio::join!(
                plan(&one, first, (day, "07:00", "60"), walker),
                plan(&two, second, (day, "07:30", "60"), walker)
            );
            let mut statuses = [a.status, b.status];
            statuses.sort_unstable();
            assert_eq!(statuses, [200, 422], "{day}\n{}\n{}", a.body, b.body);
        }
        for day in ["2026-09-07", "2026-09-08", "2026-09-09"] {
            let (walk, post) = tokio::join!(
                plan(&one, first, (day, "07:00", "60"), walker),
                bureau.put(&app, day, bureau.gate, Some(walker))
            );
            assert_eq!(walk.status == 200, post.is_err(), "{day}\n{}", walk.body);
        }
    }
}
