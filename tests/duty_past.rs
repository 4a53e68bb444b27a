//! 护学岗: what is changed today leaves the days before as they were, and a number that is known stays unseen where particulars are changed.

use doorstep::access::Scope;
use doorstep::duty::{self, PersonKind};
use jiff::Timestamp;
use jiff::civil::Date;
use uuid::Uuid;

use crate::duty::{Bureau, bureau};
use crate::duty_plan::open;
use crate::support::{Browser, Page, TestApp};

fn at(app: &TestApp, moment: &str) {
    app.means.clock.set(moment.parse::<Timestamp>().unwrap());
}

async fn table(app: &TestApp, bureau: &Bureau, day: &str) -> duty::Coverage {
    let (tenant, day): (Uuid, Date) = (bureau.community.tenant, day.parse().unwrap());
    let mut tx = app.db.read().await.unwrap();
    duty::coverage(&mut tx, tenant, &Scope::tenant(), (day, day), app.means.now()).await.unwrap()
}

/// Changes a post to what is said of its people, closed or not; gives the page that comes back.
async fn change_gate(chief: &Browser, gate: Uuid, name: &str, (seats, officers, closed): (&str, &str, bool)) -> Page {
    let path = format!("/duty-gates/{gate}");
    let version = chief.get(&path).await.input("version");
    let mut form = vec![("version", version.as_str()), ("kind", "gate"), ("name", name), ("duty", "看护")];
    form.extend([("seats", seats), ("officers", officers)]);
    if closed {
        form.push(("closed", "yes"));
    }
    chief.post(&path, &form).await
}

/// Somebody stands at a post of the first of September, from seven on.
async fn stand(app: &TestApp, bureau: &Bureau, gate: Uuid, person: Uuid) {
    at(app, "2026-09-01T07:00:00+08:00");
    let shift = bureau.put(app, "2026-09-01", gate, Some(person)).await.unwrap();
    let own = format!("{}/shifts/{shift}", bureau.link(app, person).await);
    app.browser().post(&own, &[("step", "come")]).await.assert_ok();
}

db_test! {
    async fn other_weekdays_leave_the_past_as_it_was(app: TestApp) {
        at(&app, "2026-08-31T09:00:00+08:00");
        let bureau = bureau(&app).await;
        let chief = bureau.chief(&app).await;
        let slots = format!("/duty-schools/{}/slots", bureau.schools[0]);
        let gate = bureau.gate.to_string();
        let lessons = [("weekday", "1"), ("weekday", "2"), ("weekday", "3"), ("weekday", "4")];
        let form = [&[("peak", "late_out"), ("bells", "21:00"), ("on_days", "every"), ("gate", gate.as_str())], &lessons[..]].concat();
        let page = chief.post(&slots, &form).await;
        let late = page.between_all("action=\"", "\"").filter(|path| path.ends_with("/weekdays")).last().unwrap().to_owned();
        // A month later it is kept on every day.
        at(&app, "2026-10-12T09:00:00+08:00");
        let before = table(&app, &bureau, "2026-09-04").await.rates;
        let chief = bureau.chief(&app).await;
        chief.post(&late, &[]).await.assert_ok();
        assert_eq!(open(&app, &bureau, "2026-09-03", bureau.gate).await, Some(130), "a Thursday");
        assert_eq!(open(&app, &bureau, "2026-09-04", bureau.gate).await, Some(70), "a Friday, on which it was not kept");
        assert_eq!(table(&app, &bureau, "2026-09-04").await.rates, before);
        assert_eq!(open(&app, &bureau, "2026-10-16", bureau.gate).await, Some(130), "a Friday from now on");
        chief.get("/duty/coverage?day=2026-09-03&span=week").await.assert_contains("晚自习放学（周一到周四）");
        chief.get("/duty/coverage?day=2026-10-15&span=week").await.assert_contains("晚自习放学").assert_lacks("周一到周四");
        // And what is entered for some days was never kept on all of them, not even on the morning before it was.
        at(&app, "2026-10-16T10:00:00+08:00");
        let chief = bureau.chief(&app).await;
        let form = [&[("peak", "noon_in"), ("bells", "08:30"), ("on_days", "every"), ("gate", gate.as_str())], &lessons[..]].concat();
        chief.post(&slots, &form).await.assert_ok();
        assert_eq!(open(&app, &bureau, "2026-10-16", bureau.gate).await, Some(130));
    }

    async fn a_school_that_is_taken_up_again_was_not_missed_in_between(app: TestApp) {
        at(&app, "2026-08-31T09:00:00+08:00");
        let bureau = bureau(&app).await;
        let path = format!("/duty-schools/{}/particulars", bureau.schools[0]);
        let station = bureau.stations[0].to_string();
        let change = async |closed: bool| {
            let chief = bureau.chief(&app).await;
            let version = chief.get(&path).await.input("version");
            let mut form = vec![("version", version.as_str()), ("name", "田家会小学"), ("stage", "primary"), ("station", station.as_str()), ("phone", "110")];
            if closed {
                form.push(("closed", "yes"));
            }
            chief.post(&path, &form).await.assert_ok();
        };
        at(&app, "2026-09-10T12:00:00+08:00");
        change(true).await;
        at(&app, "2026-10-12T12:00:00+08:00");
        change(false).await;
        assert_eq!(open(&app, &bureau, "2026-09-07", bureau.gate).await, Some(70));
        assert_eq!(open(&app, &bureau, "2026-09-10", bureau.gate).await, Some(70), "the morning before it was given up");
        for day in ["2026-09-11", "2026-09-28", "2026-10-12"] {
            assert_eq!(open(&app, &bureau, day, bureau.gate).await, None, "{day}");
            assert_eq!(table(&app, &bureau, day).await.rates.slots, 1, "that of the other school on {day}");
        }
        assert_eq!(open(&app, &bureau, "2026-10-13", bureau.gate).await, Some(70));
        // The same once more, and both times stay.
        at(&app, "2026-10-19T12:00:00+08:00");
        change(true).await;
        at(&app, "2026-10-21T12:00:00+08:00");
        change(false).await;
        for (day, minutes) in [("2026-09-11", None), ("2026-10-13", Some(70)), ("2026-10-20", None), ("2026-10-22", Some(70))] {
            assert_eq!(open(&app, &bureau, day, bureau.gate).await, minutes, "{day}");
        }
    }

    async fn a_post_that_is_closed_and_changed_was_kept_by_what_it_needed_then(app: TestApp) {
        at(&app, "2026-08-31T09:00:00+08:00");
        let bureau = bureau(&app).await;
        for (name, gate) in [("冯志强", bureau.gate), ("高瑞芹", bureau.crossing)] {
            let officer = bureau.person(&app, name, PersonKind::Officer, Some(5), false).await;
            stand(&app, &bureau, gate, officer).await;
        }
        let both = async || {
            (open(&app, &bureau, "2026-09-01", bureau.gate).await, open(&app, &bureau, "2026-09-01", bureau.crossing).await)
        };
        at(&app, "2026-09-10T09:00:00+08:00");
        assert_eq!(both().await, (Some(0), Some(0)));
        let chief = bureau.chief(&app).await;
        // More people in the form that closes it, and in a form once it is closed.
        change_gate(&chief, bureau.gate, "东门", ("2", "1", true)).await.assert_ok();
        change_gate(&chief, bureau.crossing, "校门前路口", ("1", "1", true)).await.assert_ok();
        at(&app, "2026-09-12T09:00:00+08:00");
        let chief = bureau.chief(&app).await;
        change_gate(&chief, bureau.crossing, "校门前路口", ("2", "2", true)).await.assert_ok();
        assert_eq!(both().await, (Some(0), Some(0)));
        at(&app, "2026-09-16T09:00:00+08:00");
        let chief = bureau.chief(&app).await;
        change_gate(&chief, bureau.gate, "东门", ("3", "2", false)).await.assert_ok();
        change_gate(&chief, bureau.crossing, "校门前路口", ("2", "2", false)).await.assert_ok();
        assert_eq!(both().await, (Some(0), Some(0)));
        assert_eq!(open(&app, &bureau, "2026-09-11", bureau.gate).await, None);
        chief.get("/duty?day=2026-09-17").await.assert_contains("要 3 人，其中警力 2 人").assert_contains("要 2 人，其中警力 2 人");
    }

    async fn whoever_has_stood_at_a_post_stays_what_they_were_there(app: TestApp) {
        at(&app, "2026-08-31T09:00:00+08:00");
        let bureau = bureau(&app).await;
        let stood = bureau.person(&app, "冯志强", PersonKind::Auxiliary, Some(5), false).await;
        let new = bureau.person(&app, "高瑞芹", PersonKind::Auxiliary, Some(5), false).await;
        stand(&app, &bureau, bureau.gate, stood).await;
        at(&app, "2026-09-10T09:00:00+08:00");
        bureau.put(&app, "2026-09-11", bureau.gate, Some(new)).await.unwrap();
        let before = table(&app, &bureau, "2026-09-01").await;
        assert_eq!((before.rates.seen, before.rates.slots), (1, 3));
        let chief = bureau.chief(&app).await;
        let station = bureau.stations[0].to_string();
        let change = async |person: Uuid, name: &str, kind: &str| {
            let path = format!("/duty-people/{person}/particulars");
            let version = chief.get(&path).await.input("version");
            let form = [("version", version.as_str()), ("name", name), ("unit", station.as_str()), ("kind", kind), ("phone", ""), ("daily", "2"), ("weekly", "10")];
            chief.post(&path, &form).await
        };
        change(stood, "冯志坚", "security").await.assert_status(422).assert_contains("这个人已经排过班").assert_contains("冯志坚");
        // Who may stand alone goes by the kind too.
        change(stood, "冯志坚", "officer").await.assert_status(422).assert_contains("这个人已经排过班");
        let after = table(&app, &bureau, "2026-09-01").await;
        assert_eq!((after.rates, after.minutes()), (before.rates, before.minutes()));
        change(stood, "冯志坚", "auxiliary").await.assert_ok().assert_contains("冯志坚");
        // Whoever has not stood anywhere yet was entered wrongly.
        change(new, "高瑞芹", "officer").await.assert_ok().assert_contains("民警");
    }

    async fn a_known_number_is_not_shown_in_a_form_and_stays(app: TestApp) {
        at(&app, "2026-08-31T09:00:00+08:00");
        let bureau = bureau(&app).await;
        let chief = bureau.chief(&app).await;
        let station = bureau.stations[0].to_string();
        let officer = bureau.person(&app, "冯志强", PersonKind::Officer, Some(5), false).await;
        let path = format!("/duty-people/{officer}/particulars");
        let change = async |more: &[(&str, &str)]| {
            let page = chief.get(&path).await;
            page.assert_ok().assert_lacks("13800001111");
            let version = page.input("version");
            let form = [("version", version.as_str()), ("name", "冯志强"), ("unit", station.as_str()), ("kind", "officer"), ("daily", "2"), ("weekly", "10")];
            chief.post(&path, &[&form[..], more].concat()).await
        };
        chief.get(&path).await.assert_contains("现在是 138****1111。不改就空着。");
        change(&[("phone", "")]).await.assert_ok().assert_contains("138****1111");
        change(&[("phone", "138")]).await.assert_status(422).assert_contains("现在是 138****1111");
        change(&[("phone", ""), ("erase", "phone")]).await.assert_ok().assert_lacks("138****1111");
        chief.get(&path).await.assert_ok().assert_lacks("现在是").assert_lacks("手机没有了，去掉");

        // The contact of a school, who goes with the name.
        let path = format!("/duty-schools/{}/particulars", bureau.schools[0]);
        let change = async |name: &str, phone: &str| {
            let page = chief.get(&path).await;
            page.assert_ok().assert_lacks("13800001111");
            let version = page.input("version");
            let form = [("version", version.as_str()), ("name", "田家会小学"), ("stage", "primary"), ("station", station.as_str()), ("phone", "110"), ("contact_name", name), ("contact_phone", phone)];
            chief.post(&path, &form).await
        };
        let contact = async || {
            let school = duty::school(&mut app.db.read().await.unwrap(), bureau.community.tenant, bureau.schools[0]).await.unwrap();
            school.contact(&bureau.act(&app)).unwrap().map(|contact| (contact.name, contact.phone))
        };
        let known = Some(("保安队长".to_owned(), "13800001111".to_owned()));
        change("保安队长", "").await.assert_status(422).assert_contains("姓名和电话要一起填");
        change("保安队长", "13800001111").await.assert_ok();
        chief.get(&path).await.assert_contains("现在是 138****1111。不改就空着。").assert_contains("保安队长");
        change("保安队长", "").await.assert_ok();
        assert_eq!(contact().await, known);
        change("安保干事", "").await.assert_status(422).assert_contains("手机也要填");
        assert_eq!(contact().await, known);
        change("", "").await.assert_ok();
        assert_eq!(contact().await, None);
    }
}
