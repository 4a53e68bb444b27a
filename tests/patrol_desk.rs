//! What the desk of the patrols closes, is reminded of and takes away: a route with its rounds, a round on which nobody has set out, and lists of
//! which nothing is cut off.

use std::io::Cursor;

use calamine::{Reader, Xlsx, open_workbook_from_rs};
use db::statements;
use doorstep::duty::{self, PersonKind};
use doorstep::error::Error;
use doorstep::patrol::{self, Days};
use uuid::Uuid;

use crate::duty::bureau;
use crate::patrol::{at, clock, laid, own, planned, tap};

statements! {
    RARE = "UPDATE patrol_routes SET interval_minutes = 60, tolerance_minutes = 5 WHERE tenant_id = $1 AND id = $2";
    ROUND = "INSERT INTO patrol_rounds (tenant_id, id, route_id, day, words, created_at, lock_version) VALUES ($1, $2, $3, $4, $5, $6, $7)";
    WALKER = "INSERT INTO patrol_walkers (tenant_id, round_id, person_id, day) VALUES ($1, $2, $3, $4)";
    PLACE = "INSERT INTO hazard_places (tenant_id, id, organisation_id, school_id, kind, name, place, distance, busy, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
}

db_test! {
    async fn a_route_is_renamed_and_closed_however_rare_and_takes_along_what_has_not_begun(app: TestApp) {
        at(&app, "2026-08-31T06:00:00+08:00");
        let bureau = bureau(&app).await;
        let tenant = bureau.community.tenant;
        let (route, points) = laid(&app, &bureau, bureau.stations[0], "滨河路街面", Days::Every).await;
        let officer = bureau.person(&app, "冯志强", PersonKind::Officer, None, false).await;
        let guard = bureau.person(&app, "高瑞芹", PersonKind::Officer, None, false).await;
        let missed = planned(&app, &bureau, route, "2026-08-31", &[guard]).await;
        let begun = planned(&app, &bureau, route, "2026-09-01", &[officer]).await;
        let waiting = planned(&app, &bureau, route, "2026-09-01", &[guard]).await;
        let later = planned(&app, &bureau, route, "2026-09-02", &[officer]).await;
        // As it could be entered once.
        let mut tx = app.db.begin().await.unwrap();
        assert_eq!(tx.execute(RARE.bind(tenant).bind(route)).await.unwrap(), 1);
        tx.commit().await.unwrap();
        clock(&app, "07:20:00");
        let (mine, phone) = (own(&app, &bureau, officer).await, app.browser());
        tap(&phone, &mine, begun, points[0], "").await.assert_ok();

        let chief = bureau.chief(&app).await;
        let (edit, unit) = (format!("/patrol-routes/{route}/particulars"), bureau.stations[0].to_string());
        let version = chief.get(&edit).await.input("version");
        let rest = [("name", "滨河路夜市"), ("unit", unit.as_str()), ("kind", "street"), ("days", "every"), ("from", "07:00"), ("to", "09:00"), ("tolerance", "5")];
        let form = [&[("version", version.as_str()), ("interval", "60")][..], &rest].concat();
        chief.post(&edit, &form).await.assert_ok().assert_contains("已改好，从今天起照新的算").assert_contains("滨河路夜市");
        let version = chief.get(&edit).await.input("version");
        let rarer = [&[("version", version.as_str()), ("interval", "61")][..], &rest].concat();
        chief.post(&edit, &rarer).await.assert_status(422).assert_contains("不能超过整段时间的一半");

        let known = patrol::route(&mut app.db.read().await.unwrap(), tenant, route).await.unwrap();
        let form = [&[("version", version.as_str()), ("interval", "60"), ("closed", "yes")][..], &rest].concat();
        chief.post(&edit, &form).await.assert_ok().assert_contains("已停走，取消了还没出发的 2 轮，请告诉要去走的人");
        for round in [waiting, later] {
            chief.get(&format!("/patrol-rounds/{round}")).await.assert_ok().assert_contains("已取消").assert_contains("路线停走了");
        }
        // What was not walked before stays so, and whoever is on the way goes on.
        chief.get(&format!("/patrol-rounds/{missed}")).await.assert_ok().assert_contains("没有走");
        tap(&phone, &mine, begun, points[1], "").await.assert_ok();
        app.browser().get(&own(&app, &bureau, guard).await).await.assert_ok().assert_lacks("滨河路夜市");
        // Somebody who had it open still plans nothing along it.
        let mut tx = app.db.begin().await.unwrap();
        let person = duty::person(&mut tx, tenant, guard).await.unwrap();
        let done = patrol::plan(&mut tx, &bureau.act(&app), &known, ("2026-09-03".parse().unwrap(), None), &[person]).await;
        assert!(matches!(done.unwrap_err(), Error::Refused(words) if words.contains("已经停走")));
    }

    async fn a_round_on_which_nobody_has_set_out_is_to_be_done_soon_after_its_time(app: TestApp) {
        at(&app, "2026-08-31T06:00:00+08:00");
        let bureau = bureau(&app).await;
        let (route, _) = laid(&app, &bureau, bureau.stations[0], "滨河路街面", Days::Every).await;
        let officer = bureau.person(&app, "冯志强", PersonKind::Officer, None, false).await;
        let (id, who) = (route.to_string(), officer.to_string());
        let form = [("route", id.as_str()), ("day", "2026-09-01"), ("at", "07:00"), ("person", who.as_str())];
        let page = bureau.chief(&app).await.post("/patrol-rounds", &form).await;
        let round: Uuid = page.assert_ok().url.rsplit('/').next().unwrap().parse().unwrap();
        clock(&app, "07:09:00");
        let chief = bureau.chief(&app).await;
        chief.get("/today").await.assert_ok().assert_lacks("催出发");
        clock(&app, "07:10:00");
        let today = chief.get("/today").await;
        today.assert_contains("催出发").assert_contains("滨河路街面 · 07:00 的一轮").assert_contains(&format!("/patrol-rounds/{round}"));
        today.assert_lacks("催巡逻").assert_lacks("冯志强");
        let mine = own(&app, &bureau, officer).await;
        app.browser().post(&format!("{mine}/rounds/{round}"), &[("step", "begin")]).await.assert_ok();
        chief.get("/today").await.assert_lacks("催出发");
        // An hour is what a round takes of which nothing else is said.
        clock(&app, "08:19:00");
        let chief = bureau.chief(&app).await;
        chief.get("/today").await.assert_ok().assert_contains("今日").assert_lacks("问回来没有");
        clock(&app, "08:20:00");
        chief.get("/today").await.assert_contains("问回来没有").assert_contains("滨河路街面 · 07:10 出发的一轮");
        app.browser().post(&format!("{mine}/rounds/{round}"), &[("step", "end"), ("words", "")]).await.assert_ok();
        chief.get("/today").await.assert_lacks("问回来没有");
    }

    async fn a_workbook_has_every_round_and_everybody_who_walks_it(app: TestApp) {
        at(&app, "2026-08-31T06:00:00+08:00");
        let bureau = bureau(&app).await;
        let tenant = bureau.community.tenant;
        let (route, _) = laid(&app, &bureau, bureau.stations[0], "滨河路街面", Days::Every).await;
        let mut people = Vec::new();
        for name in ["冯志强", "高瑞芹", "薛改珍", "任建平"] {
            people.push(bureau.person(&app, name, PersonKind::Officer, None, false).await);
        }
        let act = bureau.act(&app);
        let rounds: Vec<Uuid> = (0..5_001).map(|_| act.id()).collect();
        let made = rounds.iter().map(|round| ROUND.bind(tenant).bind(*round).bind(route).bind("2026-09-01").bind("").bind(act.at).bind(1i64));
        let walk = rounds.iter().flat_map(|round| people.iter().map(move |person| WALKER.bind(tenant).bind(*round).bind(*person).bind("2026-09-01")));
        let mut tx = app.db.begin().await.unwrap();
        tx.execute_many(ROUND, made.collect()).await.unwrap();
        tx.execute_many(WALKER, walk.collect()).await.unwrap();
        tx.commit().await.unwrap();
        at(&app, "2026-09-07T06:00:00+08:00");
        let chief = bureau.chief(&app).await;
        let file = chief.download_by_form(&format!("/patrol-routes/{route}/figures/workbook"), &[("day", "2026-09-01"), ("span", "week")]).await;
        let mut workbook: Xlsx<_> = open_workbook_from_rs(Cursor::new(file)).unwrap();
        let rows = workbook.worksheet_range("轮次").unwrap();
        assert_eq!(rows.rows().filter(|row| row[1].to_string().split('、').count() == 4).count(), 5_001);
    }

    async fn the_places_of_one_s_own_school_are_offered_however_many_are_nearer_to_others(app: TestApp) {
        at(&app, "2026-08-31T06:00:00+08:00");
        let bureau = bureau(&app).await;
        let act = bureau.act(&app);
        let (route, _) = laid(&app, &bureau, bureau.stations[0], "一小周边", Days::School).await;
        let place = |school: usize, name: String, distance: i64| {
            let row = PLACE.bind(act.tenant).bind(act.id()).bind(bureau.stations[school]).bind(bureau.schools[school]).bind("crowd");
            row.bind(name).bind("路边").bind(distance).bind("").bind(act.at)
        };
        let mut rows: Vec<_> = (0..1_001).map(|n| place(1, format!("中学周边 {n}"), 10)).collect();
        rows.push(place(0, "滨河路夜市".to_owned(), 900));
        let mut tx = app.db.begin().await.unwrap();
        tx.execute_many(PLACE, rows).await.unwrap();
        tx.commit().await.unwrap();
        let chief = bureau.chief(&app).await;
        chief.get(&format!("/patrol-routes/{route}")).await.assert_ok().assert_contains("滨河路夜市").assert_contains("离校门 900 米");
    }

    async fn a_round_without_a_length_goes_on_beyond_midnight_for_the_usual_time(app: TestApp) {
        at(&app, "2026-08-31T09:00:00+08:00");
        let bureau = bureau(&app).await;
        let (route, _) = laid(&app, &bureau, bureau.stations[0], "滨河路街面", Days::Every).await;
        let officer = bureau.person(&app, "冯志强", PersonKind::Officer, None, false).await;
        let round = planned(&app, &bureau, route, "2026-09-01", &[officer]).await;
        let mine = own(&app, &bureau, officer).await;
        clock(&app, "23:40:00");
        app.browser().post(&format!("{mine}/rounds/{round}"), &[("step", "begin")]).await.assert_ok();
        let path = format!("/patrol-rounds/{round}");
        at(&app, "2026-09-02T00:10:00+08:00");
        bureau.chief(&app).await.get(&path).await.assert_contains("在走").assert_lacks("没有点结束");
        at(&app, "2026-09-02T00:41:00+08:00");
        bureau.chief(&app).await.get(&path).await.assert_contains("没有点结束");
    }
}
