//! 为民服务, outside providers: dates within the agreement that leave out holidays, what was served on each, and that their coming dates are
//! suggested for needs and stand on the board.

use calendar::{Every, Recurrence, Skip};
use doorstep::access::{Reach, Role, Scope};
use doorstep::error::Error;
use doorstep::place::{self, Settler};
use doorstep::service::{self, NewNeed, NewStanding, Particulars, ProviderSketch, Served, State, Wanted, Whom};
use doorstep::volunteer::Span;
use jiff::civil::date;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::stories::cast::{Estate, estate};
use crate::support::TestApp;
use crate::volunteer::at;

fn span(starts_at: &str) -> Span {
    let starts_at: Timestamp = starts_at.parse().unwrap();
    Span { starts_at, ends_at: starts_at + SignedDuration::from_hours(3) }
}

async fn provider(app: &TestApp) -> Uuid {
    let sketch = ProviderSketch {
        name: "城关卫生院".to_owned(),
        contact: "刘医生 0358-0001234".to_owned(),
        agreed_from: date(2026, 9, 1),
        agreed_until: date(2026, 12, 31),
    };
    let mut tx = app.db.begin().await.unwrap();
    let id = service::add_provider(&mut tx, &app.act(), &sketch).await.unwrap();
    tx.commit().await.unwrap();
    id
}

fn standing(place: &Estate, provider: Uuid, kind: Option<Uuid>, first: &str) -> NewStanding {
    NewStanding {
        provider,
        estate: place.estate,
        kind,
        issue: None,
        title: "量血压、测血糖，儿童口腔检查".to_owned(),
        place: "党群服务站".to_owned(),
        span: span(first),
    }
}

fn weekly(until: jiff::civil::Date, skip: Skip) -> Recurrence {
    Recurrence { every: Every::Weeks { interval: 1, days: Vec::new() }, until, skip }
}

db_test! {
    async fn dates_keep_to_the_agreement_and_leave_out_holidays(app: TestApp) {
        at(&app, "2026-09-20T09:00:00+08:00");
        let place = estate(&app).await;
        let id = provider(&app).await;
        let set_up = async |rule: &Recurrence| {
            let mut tx = app.db.begin().await.unwrap();
            let new = standing(&place, id, None, "2026-09-24T09:00:00+08:00");
            let done = service::set_up_standing(&mut tx, &app.act(), new, Some(rule)).await;
            tx.commit().await.unwrap();
            done
        };
        // Thursdays: 1 October is the national day.
        let (_, times) = set_up(&weekly(date(2026, 10, 15), Skip::Holidays)).await.unwrap();
        assert_eq!(times, 3 - usize::from(calendar::WorkingDays::embedded().festival(date(2026, 10, 8)).is_some()));
        let (_, dates) = service::of_provider(&mut app.db.read().await.unwrap(), app.home.tenant, id).await.unwrap();
        assert!(dates.iter().all(|one| one.when() != "10月1日 星期四 09:00–12:00"), "{dates:?}");
        let over = set_up(&weekly(date(2027, 1, 14), Skip::Nothing)).await;
        assert!(matches!(over, Err(Error::Refused(why)) if why.contains("协议是")));

        let staff = app.person(Role::Staff).browser().await;
        let path = format!("/service-providers/{id}");
        staff.get(&path).await.assert_ok().assert_contains("刘医生").assert_contains("量血压、测血糖");
        app.browser().get(&format!("/board/{}/services", app.home.code)).await.assert_contains("城关卫生院").assert_contains("9月24日").assert_lacks("刘医生");
        // After it: counted, and the one that nobody came to with its reason.
        at(&app, "2026-10-16T09:00:00+08:00");
        let staff = app.person(Role::Staff).browser().await;
        staff.get("/today").await.assert_contains("登记人数");
        let first = dates.last().unwrap();
        let served = [("version", "1"), ("doors", "12"), ("people", "30"), ("leaflets", "40")];
        let count = format!("/service-dates/{}/count", first.id);
        staff.post(&count, &[("version", "1"), ("doors", "x"), ("people", "30"), ("leaflets", "40")]).await.assert_status(422);
        staff.post(&count, &served).await.assert_ok().assert_contains("12 户、30 人、宣传册 40 份");
        staff.post(&count, &served).await.assert_status(409);
        staff.post(&format!("/service-dates/{}/absence", first.id), &[("version", "2"), ("why", "下雨")]).await.assert_status(422);
        let last = &dates[0];
        staff.post(&format!("/service-dates/{}/absence", last.id), &[("version", "1"), ("why", "医生出诊")]).await.assert_ok().assert_contains("没有来：医生出诊");
        // Not of another estate, and not of another community.
        let mut tx = app.db.begin().await.unwrap();
        let other = place::create_estate(&mut tx, &app.act(), "水保所家属院", None, None).await.unwrap();
        tx.commit().await.unwrap();
        let branch = app.person(Role::BranchSecretary).reaching(Reach::Estate, other).browser().await;
        branch.post(&count, &served).await.assert_status(404);
        let far = app.community("141102004998", "凤山社区").await;
        let foreign = app.person(Role::Staff).of_community(&far).browser().await;
        foreign.get(&path).await.assert_status(404);
    }

    async fn a_coming_date_is_suggested_for_a_need_and_served(app: TestApp) {
        at(&app, "2026-11-27T09:00:00+08:00");
        let place = estate(&app).await;
        let id = provider(&app).await;
        let act = app.act();
        let mut tx = app.db.begin().await.unwrap();
        service::enter_usual(&mut tx, &act).await.unwrap();
        let kind = service::kinds(&mut tx, act.tenant).await.unwrap().remove(0).id;
        let new = standing(&place, id, Some(kind), "2026-12-03T09:00:00+08:00");
        service::set_up_standing(&mut tx, &act, new, None).await.unwrap();
        let room = codes::address::parse_room("1302").unwrap();
        let dwelling = Settler::default().settle(&mut tx, &act, "王府名苑小区", "3号楼", "2单元", &room).await.unwrap();
        let building = place::dwelling(&mut tx, act.tenant, dwelling).await.unwrap().building_id;
        let (particulars, wanted) = (Particulars::default(), Wanted::default());
        let new = NewNeed { kind, dwelling, building, particulars, wanted, keeps: None, shares: false };
        let need = service::file(&mut tx, &act, new).await.unwrap();
        tx.commit().await.unwrap();
        let found = service::suggestions(&mut app.db.read().await.unwrap(), &act, &Scope::tenant(), &need).await.unwrap();
        assert_eq!(found.len(), 1);
        assert!(matches!(found[0].whom, Whom::Date(_)) && found[0].reason.contains("城关卫生院"), "{found:?}");
        let mut tx = app.db.begin().await.unwrap();
        let call = service::accept(&mut tx, &act, &Scope::tenant(), &need, need.version, &found[0].key()).await.unwrap();
        tx.commit().await.unwrap();
        assert!(call.who().contains("城关卫生院"));
        let need = service::need(&mut app.db.read().await.unwrap(), &act, need.id).await.unwrap();
        assert_eq!(need.state, State::Matched);
        // Nobody has to answer for whoever comes from outside.
        at(&app, "2026-12-02T12:00:00+08:00");
        let staff = app.person(Role::Staff).browser().await;
        staff.get("/today").await.assert_lacks("催答复");
        // On the day it is counted, and may be put right.
        at(&app, "2026-12-03T12:30:00+08:00");
        let (_, dates) = service::of_provider(&mut app.db.read().await.unwrap(), app.home.tenant, id).await.unwrap();
        for (seen, served) in [(1, Served { doors: 1, people: 2, leaflets: 3 }), (2, Served { doors: 4, people: 5, leaflets: 6 })] {
            let mut tx = app.db.begin().await.unwrap();
            service::count_served(&mut tx, &app.act(), &dates[0], seen, served).await.unwrap();
            tx.commit().await.unwrap();
        }
        let (_, dates) = service::of_provider(&mut app.db.read().await.unwrap(), app.home.tenant, id).await.unwrap();
        assert_eq!((dates[0].doors, dates[0].people, dates[0].leaflets), (Some(4), Some(5), Some(6)));
        // What nobody has counted waits however long.
        let mut tx = app.db.begin().await.unwrap();
        service::set_up_standing(&mut tx, &app.act(), standing(&place, id, None, "2026-12-10T09:00:00+08:00"), None).await.unwrap();
        tx.commit().await.unwrap();
        at(&app, "2027-03-20T09:00:00+08:00");
        app.person(Role::Staff).browser().await.get("/today").await.assert_contains("登记人数");
    }

    async fn what_they_do_not_come_for_any_more_waits_for_somebody_else(app: TestApp) {
        at(&app, "2026-11-27T09:00:00+08:00");
        let place = estate(&app).await;
        let id = provider(&app).await;
        let act = app.act();
        let mut tx = app.db.begin().await.unwrap();
        service::enter_usual(&mut tx, &act).await.unwrap();
        let kind = service::kinds(&mut tx, act.tenant).await.unwrap().remove(0).id;
        let new = standing(&place, id, Some(kind), "2026-12-03T09:00:00+08:00");
        let rule = weekly(date(2026, 12, 24), Skip::Nothing);
        let (running, times) = service::set_up_standing(&mut tx, &act, new, Some(&rule)).await.unwrap();
        assert_eq!(times, 4);
        let room = codes::address::parse_room("1302").unwrap();
        let dwelling = Settler::default().settle(&mut tx, &act, "王府名苑小区", "3号楼", "2单元", &room).await.unwrap();
        let building = place::dwelling(&mut tx, act.tenant, dwelling).await.unwrap().building_id;
        let (particulars, wanted) = (Particulars::default(), Wanted::default());
        let new = NewNeed { kind, dwelling, building, particulars, wanted, keeps: None, shares: false };
        let need = service::file(&mut tx, &act, new).await.unwrap();
        let found = service::suggestions(&mut tx, &act, &Scope::tenant(), &need).await.unwrap();
        service::accept(&mut tx, &act, &Scope::tenant(), &need, need.version, &found[0].key()).await.unwrap();
        tx.commit().await.unwrap();
        // An agreement does not end before what is arranged.
        let staff = app.person(Role::Staff).browser().await;
        let path = format!("/service-providers/{id}");
        let version = staff.get(&path).await.input("version");
        let shorter = [("version", version.as_str()), ("name", "城关卫生院"), ("agreed_from", "2026-09-01"), ("agreed_until", "2026-12-05")];
        staff.post(&format!("{path}/particulars"), &shorter).await.assert_status(422).assert_contains("12月10日").assert_contains("2026-12-05");
        let end = format!("/service-standings/{running}/end");
        staff.post(&end, &[("why", "")]).await.assert_status(422);
        staff.post(&end, &[("why", "医生调走了")]).await.assert_ok().assert_contains("不再来了").assert_contains("没有来：医生调走了");
        staff.post(&end, &[("why", "医生调走了")]).await.assert_status(404);
        let need = service::need(&mut app.db.read().await.unwrap(), &act, need.id).await.unwrap();
        assert_eq!(need.state, State::Open);
        let found = service::suggestions(&mut app.db.read().await.unwrap(), &act, &Scope::tenant(), &need).await.unwrap();
        assert!(found.iter().all(|one| !matches!(one.whom, Whom::Date(_))), "{found:?}");
        let version = staff.get(&path).await.input("version");
        let shorter = [("version", version.as_str()), ("name", "城关卫生院"), ("agreed_from", "2026-09-01"), ("agreed_until", "2026-12-05")];
        staff.post(&format!("{path}/particulars"), &shorter).await.assert_ok();
        let branch = app.person(Role::BranchSecretary).reaching(Reach::Estate, place.estate).browser().await;
        branch.post(&end, &[("why", "医生调走了")]).await.assert_status(404);
    }
}
