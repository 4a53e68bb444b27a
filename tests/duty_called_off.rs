//! 护学岗, what is called off: other days of a peak, days of another kind and terms take along what nobody has to stand any more, what nobody knows takes
//! nothing along, and whoever was to stand there gets one message.

use doorstep::access::{Reach, Role};
use doorstep::app::handlers;
use doorstep::duty::{self, NewShift, OnDays, Peak, PersonKind, PersonSketch, ShiftState, SlotSketch};
use doorstep::outbox;
use jiff::Timestamp;
use jiff::civil::Date;
use uuid::Uuid;

use crate::duty::{Bureau, bureau};
use crate::duty_plan::with_sms;
use crate::support::TestApp;

fn at(app: &TestApp, moment: &str) {
    app.means.clock.set(moment.parse::<Timestamp>().unwrap());
}

fn date(text: &str) -> Date {
    text.parse().unwrap()
}

async fn state(app: &TestApp, bureau: &Bureau, shift: Uuid) -> ShiftState {
    duty::shift(&mut app.db.read().await.unwrap(), bureau.community.tenant, shift).await.unwrap().state
}

db_test! {
    async fn other_weekdays_of_a_peak_take_along_what_stands_on_the_others(app: TestApp) {
        at(&app, "2026-08-31T09:00:00+08:00");
        let bureau = bureau(&app).await;
        let officer = bureau.person(&app, "冯志强", PersonKind::Officer, Some(5), false).await;
        let other = bureau.person(&app, "高瑞芹", PersonKind::Officer, Some(5), false).await;
        let begun = bureau.put(&app, "2026-09-03", bureau.gate, Some(officer)).await.unwrap();
        let friday = bureau.put(&app, "2026-09-04", bureau.gate, Some(officer)).await.unwrap();
        let thursday = bureau.put(&app, "2026-09-10", bureau.gate, Some(officer)).await.unwrap();
        let meant = bureau.put(&app, "2026-09-10", bureau.crossing, Some(other)).await.unwrap();
        let chief = bureau.chief(&app).await;
        let path = format!("/duty-shifts/{meant}");
        let (version, who) = (chief.get(&path).await.input("version"), other.to_string());
        let form = [("version", version.as_str()), ("person", who.as_str()), ("duty", "看护"), ("from", "07:10"), ("to", "08:20"), ("pinned", "yes")];
        chief.post(&format!("{path}/particulars"), &form).await.assert_ok();
        at(&app, "2026-09-03T07:30:00+08:00");
        let chief = bureau.chief(&app).await;
        let weekdays = format!("/duty-schools/{}/slots/{}/weekdays", bureau.schools[0], bureau.morning);
        let page = chief.post(&weekdays, &[("weekday", "1"), ("weekday", "2"), ("weekday", "5")]).await;
        page.assert_ok().assert_contains("以后按这几天站。已经排的 1 班一并取消了，请打电话告诉冯志强");
        assert_eq!(state(&app, &bureau, thursday).await, ShiftState::Cancelled);
        assert_eq!(state(&app, &bureau, friday).await, ShiftState::Standing);
        assert_eq!(state(&app, &bureau, begun).await, ShiftState::Standing, "what has begun stays");
        assert_eq!(state(&app, &bureau, meant).await, ShiftState::Standing, "put there by hand for its own sake");
        chief.post(&weekdays, &[]).await.assert_ok().assert_lacks("一并取消");
    }

    async fn a_day_of_another_kind_takes_along_what_does_not_take_place_then(app: TestApp) {
        at(&app, "2026-08-31T09:00:00+08:00");
        let bureau = bureau(&app).await;
        let officer = bureau.person(&app, "冯志强", PersonKind::Officer, Some(5), false).await;
        let sketch = SlotSketch {
            kind: Peak::EveningOut, days: OnDays::Lessons, early: Some(10), stay: Some(10), bells: vec![(1000, String::new())], gates: vec![bureau.gate],
        };
        let mut tx = app.db.begin().await.unwrap();
        let evening = duty::add_slot(&mut tx, &bureau.act(&app), bureau.schools[0], &sketch).await.unwrap();
        let day = date("2026-09-07");
        let new = NewShift {
            school: bureau.schools[0], day, post: Some((bureau.gate, evening)), person: Some(officer), duty: "看护".to_owned(),
            span: duty::moment(day, 990).zip(duty::moment(day, 1010)), pinned: false, stands_for: None,
        };
        let lessons = duty::put_shift(&mut tx, &bureau.act(&app), &new).await.unwrap();
        tx.commit().await.unwrap();
        let every = bureau.put(&app, "2026-09-07", bureau.gate, Some(officer)).await.unwrap();
        let chief = bureau.chief(&app).await;
        let exams = [("day", "2026-09-07"), ("kind", "exams"), ("note", "摸底考试")];
        chief.post("/duty-days", &exams).await.assert_ok().assert_contains("已经排的 1 班一并取消了");
        assert_eq!(state(&app, &bureau, lessons).await, ShiftState::Cancelled);
        chief.get(&format!("/duty-shifts/{lessons}")).await.assert_contains("这一天考试，这个时段不用站（摸底考试）");
        assert_eq!(state(&app, &bureau, every).await, ShiftState::Standing);
        // A Saturday that is made up for, and is not after all.
        let saturday = [("day", "2026-09-12"), ("kind", "lessons"), ("note", "补课")];
        let page = chief.post("/duty-days", &saturday).await;
        page.assert_ok().assert_lacks("一并取消");
        let made_up = bureau.put(&app, "2026-09-12", bureau.gate, Some(officer)).await.unwrap();
        let removals = page.between_all("action=\"", "\"").filter(|path| path.starts_with("/duty-days/") && path.ends_with("/removal"));
        let removal = removals.last().unwrap().to_owned();
        chief.post(&removal, &[]).await.assert_ok().assert_contains("按平常算。已经排的 1 班一并取消了");
        assert_eq!(state(&app, &bureau, made_up).await, ShiftState::Cancelled);
        chief.get(&format!("/duty-shifts/{made_up}")).await.assert_contains("这一天改回平常安排，这个时段不用站");
        assert_eq!(state(&app, &bureau, every).await, ShiftState::Standing);
    }

    async fn terms_take_along_only_what_is_known_to_be_a_holiday(app: TestApp) {
        at(&app, "2026-08-31T09:00:00+08:00");
        let bureau = bureau(&app).await;
        let officer = bureau.person(&app, "冯志强", PersonKind::Officer, Some(5), false).await;
        let early = bureau.put(&app, "2026-09-02", bureau.gate, Some(officer)).await.unwrap();
        let between = bureau.put(&app, "2026-09-22", bureau.gate, Some(officer)).await.unwrap();
        let chief = bureau.chief(&app).await;
        // Without a term nobody knows.
        let page = chief.get("/duty-terms").await;
        let term = page.between_all("action=\"", "\"").find(|path| path.starts_with("/duty-terms/") && path.ends_with("/removal")).unwrap().to_owned();
        chief.post(&term, &[]).await.assert_ok().assert_contains("学期已删去").assert_lacks("一并取消");
        let first = [("school", ""), ("name", "秋季学期前半"), ("first", "2026-09-01"), ("last", "2026-09-20")];
        chief.post("/duty-terms", &first).await.assert_ok().assert_contains("学期已登记").assert_lacks("一并取消");
        let second = [("school", ""), ("name", "秋季学期后半"), ("first", "2026-10-08"), ("last", "2026-12-31")];
        chief.post("/duty-terms", &second).await.assert_ok().assert_contains("学期已登记。已经排的 1 班一并取消了");
        assert_eq!(state(&app, &bureau, between).await, ShiftState::Cancelled);
        // A school with a term of its own goes by it until that is taken out.
        let mut tx = app.db.begin().await.unwrap();
        let days = (date("2026-09-01"), date("2026-12-31"));
        let own = duty::add_term(&mut tx, &bureau.act(&app), Some(bureau.schools[0]), "毕业班", days).await.unwrap();
        tx.commit().await.unwrap();
        let later = bureau.put(&app, "2026-09-23", bureau.gate, Some(officer)).await.unwrap();
        chief.post(&format!("/duty-terms/{own}/removal"), &[]).await.assert_ok().assert_contains("已经排的 1 班一并取消了");
        assert_eq!(state(&app, &bureau, later).await, ShiftState::Cancelled);
        assert_eq!(state(&app, &bureau, early).await, ShiftState::Standing);
    }

    async fn a_term_that_was_entered_wrongly_is_changed_in_one_step(app: TestApp) {
        at(&app, "2026-08-31T09:00:00+08:00");
        let bureau = bureau(&app).await;
        let officer = bureau.person(&app, "冯志强", PersonKind::Officer, Some(5), false).await;
        let chief = bureau.chief(&app).await;
        let page = chief.get("/duty-terms").await;
        let term = page.between_all("action=\"", "\"").find(|path| path.starts_with("/duty-terms/") && path.ends_with("/removal")).unwrap().to_owned();
        chief.post(&term, &[]).await.assert_ok();
        let mut tx = app.db.begin().await.unwrap();
        let act = bureau.act(&app);
        let first = duty::add_term(&mut tx, &act, None, "前半", (date("2026-09-01"), date("2026-09-25"))).await.unwrap();
        duty::add_term(&mut tx, &act, None, "后半", (date("2026-10-08"), date("2026-12-31"))).await.unwrap();
        tx.commit().await.unwrap();
        let early = bureau.put(&app, "2026-09-02", bureau.gate, Some(officer)).await.unwrap();
        let between = bureau.put(&app, "2026-09-22", bureau.gate, Some(officer)).await.unwrap();
        let to = |first: &'static str, last: &'static str| [("term_name", "改好的学期"), ("term_first", first), ("term_last", last)];
        let path = format!("/duty-terms/{first}/particulars");
        let overlapping = chief.post(&path, &to("2026-09-01", "2026-10-10")).await;
        overlapping.assert_status(422).assert_contains("重叠").assert_contains("value=\"2026-10-10\"");
        chief.post(&path, &to("2026-09-20", "2026-09-01")).await.assert_status(422).assert_contains("最后一天要在第一天以后");
        // A station does not say it of all schools.
        let unit = bureau.stations[0];
        let station = app.person(Role::DutyChief).of_community(&bureau.community).of_organisation(unit).reaching(Reach::Organisation, unit).browser().await;
        station.post(&path, &to("2026-09-01", "2026-09-20")).await.assert_status(403);
        let changed = chief.post(&path, &to("2026-09-01", "2026-09-20")).await;
        changed.assert_ok().assert_contains("学期已改。已经排的 1 班一并取消了").assert_contains("改好的学期");
        assert_eq!(state(&app, &bureau, between).await, ShiftState::Cancelled);
        assert_eq!(state(&app, &bureau, early).await, ShiftState::Standing);
        // The only term of a school's own: without it, these days would be a holiday for a moment.
        let mut tx = app.db.begin().await.unwrap();
        let days = (date("2026-09-01"), date("2026-12-31"));
        let own = duty::add_term(&mut tx, &bureau.act(&app), Some(bureau.schools[0]), "毕业班", days).await.unwrap();
        tx.commit().await.unwrap();
        let later = bureau.put(&app, "2026-09-23", bureau.gate, Some(officer)).await.unwrap();
        let changed = chief.post(&format!("/duty-terms/{own}/particulars"), &to("2026-09-01", "2026-12-30")).await;
        changed.assert_ok().assert_contains("学期已改").assert_contains("2026-12-30").assert_lacks("一并取消");
        assert_eq!(state(&app, &bureau, later).await, ShiftState::Standing);
    }

    async fn a_special_day_that_was_entered_wrongly_is_changed_in_one_step(app: TestApp) {
        at(&app, "2026-08-31T09:00:00+08:00");
        let bureau = bureau(&app).await;
        let officer = bureau.person(&app, "冯志强", PersonKind::Officer, Some(5), false).await;
        let chief = bureau.chief(&app).await;
        let saturday = [("day", "2026-09-12"), ("kind", "lessons"), ("note", "补课")];
        chief.post("/duty-days", &saturday).await.assert_ok().assert_contains("已登记");
        let made_up = bureau.put(&app, "2026-09-12", bureau.gate, Some(officer)).await.unwrap();
        let saturday = [("day", "2026-09-12"), ("kind", "lessons"), ("follows", "3"), ("note", "补国庆前的课")];
        let page = chief.post("/duty-days", &saturday).await;
        page.assert_ok().assert_contains("已改").assert_contains("补国庆前的课").assert_lacks("一并取消");
        assert_eq!(page.between_all("action=\"", "\"").filter(|path| path.starts_with("/duty-days/")).count(), 1);
        assert_eq!(state(&app, &bureau, made_up).await, ShiftState::Standing);
        // A change takes along what it makes needless, as whatever is entered first does.
        let sketch = SlotSketch {
            kind: Peak::EveningOut, days: OnDays::Exams, early: Some(10), stay: Some(10), bells: vec![(1000, String::new())], gates: vec![bureau.gate],
        };
        let mut tx = app.db.begin().await.unwrap();
        let evening = duty::add_slot(&mut tx, &bureau.act(&app), bureau.schools[0], &sketch).await.unwrap();
        tx.commit().await.unwrap();
        let exams = [("day", "2026-09-07"), ("kind", "exams"), ("note", "")];
        chief.post("/duty-days", &exams).await.assert_ok().assert_contains("已登记");
        let day = date("2026-09-07");
        let new = NewShift {
            school: bureau.schools[0], day, post: Some((bureau.gate, evening)), person: Some(officer), duty: "看护".to_owned(),
            span: duty::moment(day, 990).zip(duty::moment(day, 1010)), pinned: false, stands_for: None,
        };
        let mut tx = app.db.begin().await.unwrap();
        let shift = duty::put_shift(&mut tx, &bureau.act(&app), &new).await.unwrap();
        tx.commit().await.unwrap();
        let lessons = [("day", "2026-09-07"), ("kind", "lessons"), ("note", "")];
        chief.post("/duty-days", &lessons).await.assert_ok().assert_contains("已改。已经排的 1 班一并取消了");
        assert_eq!(state(&app, &bureau, shift).await, ShiftState::Cancelled);
        chief.get(&format!("/duty-shifts/{shift}")).await.assert_contains("这一天调课或补课，这个时段不用站");
    }

    async fn whoever_was_to_stand_there_gets_one_message_and_nobody_is_named_in_it(app: TestApp) {
        at(&app, "2026-08-31T09:00:00+08:00");
        let bureau = bureau(&app).await;
        let officer = bureau.person(&app, "冯志强", PersonKind::Officer, Some(5), false).await;
        let sketch = PersonSketch {
            unit: bureau.stations[0], kind: PersonKind::Officer, name: "高瑞芹".to_owned(), phone: String::new(), qualifications: Vec::new(),
            daily: 2, weekly: 10, standby: false, ended_at: None,
        };
        let mut tx = app.db.begin().await.unwrap();
        let unreached = duty::create_person(&mut tx, &bureau.act(&app), &sketch).await.unwrap();
        tx.commit().await.unwrap();
        let mut own = Vec::new();
        for day in ["2026-09-02", "2026-09-03", "2026-09-04", "2026-09-09", "2026-09-10"] {
            own.push(bureau.put(&app, day, bureau.gate, Some(officer)).await.unwrap());
        }
        let hers = bureau.put(&app, "2026-09-02", bureau.crossing, Some(unreached)).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("sms.jsonl");
        let delivered = async || { while outbox::work(&with_sms(&app, &file), &handlers()).await.unwrap() > 0 {} };
        let messages = || -> Vec<String> { std::fs::read_to_string(&file).unwrap_or_default().lines().map(str::to_owned).collect() };
        let chief = bureau.chief(&app).await;
        // One at a time, by the desk; what it wrote for itself stays there where it names somebody.
        let cancel = async |shift: Uuid, why: &'static str| chief.post(&format!("/duty-shifts/{shift}/cancellation"), &[("why", why)]).await;
        cancel(own[3], "路口封了").await.assert_ok().assert_contains("这一班已取消，请打电话告诉冯志强").assert_contains("路口封了");
        delivered().await;
        assert_eq!(messages().len(), 1);
        assert!(messages()[0].contains("9月9日 田家会小学 早入校的班取消了，不用来：路口封了"), "{:?}", messages());
        cancel(own[4], "高瑞芹替他站").await.assert_ok();
        delivered().await;
        assert!(messages().len() == 2 && messages()[1].contains("9月10日") && !messages()[1].contains("高瑞芹"), "{:?}", messages());
        // Many at once; whoever has said that they do not come need not hear that they need not.
        chief.post(&format!("/duty-shifts/{}/absence", own[2]), &[("absent_why", "外出培训")]).await.assert_ok();
        let removal = format!("/duty-schools/{}/slots/{}/removal", bureau.schools[0], bureau.morning);
        let page = chief.post(&removal, &[]).await;
        page.assert_ok().assert_contains("已经排的 4 班一并取消了，请打电话告诉").assert_contains("冯志强").assert_contains("高瑞芹");
        delivered().await;
        delivered().await;
        assert_eq!(messages().len(), 3, "one to somebody, and none to somebody without a phone");
        let last = &messages()[2];
        assert!(last.contains("13800001111") && last.contains("9月2日、9月3日 田家会小学 早入校的班取消了，不用来：这个时段停用了"), "{last}");
        for secret in ["9月4日", "高瑞芹", "东门", "路口", "警", "duty-own"] {
            assert!(!last.contains(secret), "{last}");
        }
        chief.get(&format!("/duty-shifts/{}", own[0])).await.assert_contains("发短信告诉了本人").assert_contains("这个时段停用了");
        chief.get(&format!("/duty-shifts/{hers}")).await.assert_contains("收不到短信，请打电话告诉本人");
        chief.get(&format!("/duty-shifts/{}", own[2])).await.assert_lacks("告诉本人");
    }
}
