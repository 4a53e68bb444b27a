//! 护学岗, what is called off, for those who were to stand there: what a message says and does not say, whom the desk has to call, and what a change
//! leaves as it was.

use doorstep::access::{Reach, Role, Scope};
use doorstep::app::handlers;
use doorstep::duty::{self, NewShift, PersonKind, ShiftState};
use doorstep::outbox;
use jiff::Timestamp;
use jiff::civil::Date;
use uuid::Uuid;

use crate::duty::{Bureau, bureau};
use crate::duty_plan::{make_roster, with_sms};
use crate::support::{Browser, Page, TestApp};

fn at(app: &TestApp, moment: &str) {
    app.means.clock.set(moment.parse::<Timestamp>().unwrap());
}

async fn state(app: &TestApp, bureau: &Bureau, shift: Uuid) -> ShiftState {
    duty::shift(&mut app.db.read().await.unwrap(), bureau.community.tenant, shift).await.unwrap().state
}

/// Puts somebody down from a minute of the day to another, or without a time.
async fn put(
    app: &TestApp,
    bureau: &Bureau,
    (day, gate): (&str, Uuid),
    person: Uuid,
    minutes: Option<(i64, i64)>,
) -> Uuid {
    let day: Date = day.parse().unwrap();
    let span = minutes.map(|(from, to)| (duty::moment(day, from).unwrap(), duty::moment(day, to).unwrap()));
    let new = NewShift {
        school: bureau.schools[0],
        day,
        post: Some((gate, bureau.morning)),
        person: Some(person),
        duty: "看护学生过马路".to_owned(),
        span,
        pinned: false,
        stands_for: None,
    };
    let mut tx = app.db.begin().await.unwrap();
    let id = duty::put_shift(&mut tx, &bureau.act(app), &new).await.unwrap();
    tx.commit().await.unwrap();
    id
}

async fn cancel(chief: &Browser, shift: Uuid, why: &str) -> Page {
    chief.post(&format!("/duty-shifts/{shift}/cancellation"), &[("why", why)]).await
}

/// Sends what waits, and gives all messages that have gone out.
async fn messages(app: &TestApp, folder: &tempfile::TempDir) -> Vec<String> {
    let file = folder.path().join("sms.jsonl");
    while outbox::work(&with_sms(app, &file), &handlers()).await.unwrap() > 0 {}
    std::fs::read_to_string(&file).unwrap_or_default().lines().map(str::to_owned).collect()
}

db_test! {
    async fn whoever_stands_there_that_day_all_the_same_is_not_told_that_they_need_not(app: TestApp) {
        at(&app, "2026-08-31T09:00:00+08:00");
        let bureau = bureau(&app).await;
        let officer = bureau.person(&app, "冯志强", PersonKind::Officer, Some(5), false).await;
        let folder = tempfile::tempdir().unwrap();
        let chief = bureau.chief(&app).await;
        // The peak in two parts.
        let first = put(&app, &bureau, ("2026-09-02", bureau.gate), officer, Some((430, 460))).await;
        put(&app, &bureau, ("2026-09-02", bureau.crossing), officer, Some((460, 500))).await;
        cancel(&chief, first, "人手够了").await.assert_ok();
        let sent = messages(&app, &folder).await;
        assert!(sent.len() == 1 && sent[0].contains("9月2日 田家会小学 早入校的班有变动"), "{sent:?}");
        assert!(!sent[0].contains("不用来"), "{sent:?}");
        // Put down again before the message goes out.
        let again = put(&app, &bureau, ("2026-09-03", bureau.gate), officer, Some((430, 500))).await;
        cancel(&chief, again, "排错了岗位").await.assert_ok();
        put(&app, &bureau, ("2026-09-03", bureau.crossing), officer, Some((430, 500))).await;
        let sent = messages(&app, &folder).await;
        assert!(sent.len() == 2 && sent[1].contains("9月3日") && !sent[1].contains("不用来"), "{sent:?}");
    }

    async fn whoever_has_stood_already_that_day_is_told_that_they_need_not_come_again(app: TestApp) {
        at(&app, "2026-09-02T06:00:00+08:00");
        let bureau = bureau(&app).await;
        let officer = bureau.person(&app, "冯志强", PersonKind::Officer, Some(5), false).await;
        put(&app, &bureau, ("2026-09-02", bureau.gate), officer, Some((430, 500))).await;
        let afternoon = put(&app, &bureau, ("2026-09-02", bureau.crossing), officer, Some((990, 1010))).await;
        at(&app, "2026-09-02T12:00:00+08:00");
        let chief = bureau.chief(&app).await;
        cancel(&chief, afternoon, "下雪停课").await.assert_ok();
        at(&app, "2026-09-02T12:03:00+08:00");
        chief.get("/duty/cancelled").await.assert_ok().assert_contains("冯志强").assert_lacks("还有别的班");
        let sent = messages(&app, &tempfile::tempdir().unwrap()).await;
        assert!(sent.len() == 1 && sent[0].contains("9月2日 田家会小学 早入校的班取消了，不用来：下雪停课"), "{sent:?}");
    }

    async fn whoever_is_put_in_the_place_of_somebody_meanwhile_is_cancelled_as_well(app: TestApp) {
        at(&app, "2026-08-31T09:00:00+08:00");
        let bureau = bureau(&app).await;
        let absent = bureau.person(&app, "高瑞芹", PersonKind::Officer, Some(5), false).await;
        let officer = bureau.person(&app, "冯志强", PersonKind::Officer, Some(5), false).await;
        let theirs = bureau.put(&app, "2026-09-02", bureau.gate, Some(absent)).await.unwrap();
        let chief = bureau.chief(&app).await;
        chief.post(&format!("/duty-shifts/{theirs}/absence"), &[("absent_why", "外出培训")]).await.assert_ok();
        // Somebody is being put there while the peak is closed: the shift of whoever does not come is held, and the other is not seen yet.
        let day: Date = "2026-09-02".parse().unwrap();
        let new = NewShift {
            school: bureau.schools[0], day, post: Some((bureau.gate, bureau.morning)), person: Some(officer), duty: "看护".to_owned(),
            span: duty::moment(day, 430).zip(duty::moment(day, 500)), pinned: false, stands_for: None,
        };
        let mut tx = app.db.begin().await.unwrap();
        let act = bureau.act(&app);
        duty::confirm(&mut tx, &act, theirs).await.unwrap();
        let instead = duty::put_shift(&mut tx, &act, &new).await.unwrap();
        let put_down = async {
            app.until_somebody_waits().await;
            tx.commit().await.unwrap();
        };
        let removal = format!("/duty-schools/{}/slots/{}/removal", bureau.schools[0], bureau.morning);
        let (page, ()) = tokio::join!(chief.post(&removal, &[]), put_down);
        page.assert_ok().assert_contains("已经排的 2 班一并取消了，请打电话告诉冯志强");
        for shift in [theirs, instead] {
            assert_eq!(state(&app, &bureau, shift).await, ShiftState::Cancelled);
        }
    }

    async fn of_a_draft_that_is_published_meanwhile_whoever_loses_a_shift_hears_of_it(app: TestApp) {
        at(&app, "2026-08-31T09:00:00+08:00");
        let bureau = bureau(&app).await;
        bureau.person(&app, "冯志强", PersonKind::Officer, Some(5), false).await;
        let chief = bureau.chief(&app).await;
        let draft = make_roster(&chief, ("2026-09-07", "2026-09-07"), "1").await;
        draft.assert_ok();
        let shift: Uuid = draft.link("/duty-shifts/").trim_start_matches("/duty-shifts/").parse().unwrap();
        let roster: Uuid = draft.url.trim_start_matches("/duty-rosters/").parse().unwrap();
        let mut tx = app.db.begin().await.unwrap();
        let act = bureau.act(&app);
        let roster = duty::roster(&mut tx, act.tenant, roster).await.unwrap();
        duty::publish_roster(&mut tx, &act, &roster, roster.lock_version, |_| true).await.unwrap();
        let published = async {
            app.until_somebody_waits().await;
            tx.commit().await.unwrap();
        };
        let (page, ()) = tokio::join!(cancel(&chief, shift, "人手够了"), published);
        page.assert_ok().assert_contains("这一班已取消，请打电话告诉冯志强");
        assert_eq!(state(&app, &bureau, shift).await, ShiftState::Cancelled);
    }

    async fn whoever_was_asked_to_stand_in_is_named_to_the_desk(app: TestApp) {
        at(&app, "2026-09-02T06:00:00+08:00");
        let bureau = bureau(&app).await;
        let absent = bureau.person(&app, "高瑞芹", PersonKind::Officer, Some(5), false).await;
        bureau.person(&app, "冯志强", PersonKind::Officer, Some(5), true).await;
        let theirs = bureau.put(&app, "2026-09-02", bureau.gate, Some(absent)).await.unwrap();
        let chief = bureau.chief(&app).await;
        chief.post(&format!("/duty-shifts/{theirs}/absence"), &[("absent_why", "外出培训")]).await.assert_ok();
        let removal = format!("/duty-schools/{}/slots/{}/removal", bureau.schools[0], bureau.morning);
        let page = chief.post(&removal, &[]).await;
        page.assert_ok().assert_contains("已经排的 1 班一并取消了，请打电话告诉冯志强不用去顶岗了");
    }

    async fn whoever_stood_in_and_is_taken_off_by_a_repair_hears_of_it(app: TestApp) {
        at(&app, "2026-08-31T09:00:00+08:00");
        let bureau = bureau(&app).await;
        let absent = bureau.person(&app, "高瑞芹", PersonKind::Officer, Some(5), false).await;
        let officer = bureau.person(&app, "冯志强", PersonKind::Officer, Some(5), false).await;
        let theirs = bureau.put(&app, "2026-09-02", bureau.gate, Some(absent)).await.unwrap();
        let chief = bureau.chief(&app).await;
        chief.post(&format!("/duty-shifts/{theirs}/absence"), &[("absent_why", "外出培训")]).await.assert_ok();
        let instead = bureau.put(&app, "2026-09-02", bureau.gate, Some(officer)).await.unwrap();
        let day: Date = "2026-09-02".parse().unwrap();
        let mut tx = app.db.begin().await.unwrap();
        let act = bureau.act(&app);
        let changes = duty::mend(&mut tx, &act, &Scope::tenant(), officer, (day, day)).await.unwrap();
        duty::apply_mending(&mut tx, &act, &changes).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(state(&app, &bureau, instead).await, ShiftState::Cancelled);
        let sent = messages(&app, &tempfile::tempdir().unwrap()).await;
        assert!(sent.len() == 1 && sent[0].contains("9月2日 田家会小学 早入校的班取消了，不用来：重新安排"), "{sent:?}");
    }

    async fn a_reason_stays_at_the_desk_where_it_has_a_number_and_nowhere_in_the_log(app: TestApp) {
        at(&app, "2026-08-31T09:00:00+08:00");
        let bureau = bureau(&app).await;
        let officer = bureau.person(&app, "冯志强", PersonKind::Officer, Some(5), false).await;
        let folder = tempfile::tempdir().unwrap();
        let shift = bureau.put(&app, "2026-09-02", bureau.gate, Some(officer)).await.unwrap();
        let chief = bureau.chief(&app).await;
        chief.get(&format!("/duty-shifts/{shift}")).await.assert_contains("请不要写别人的姓名、电话");
        chief.get("/duty-terms").await.assert_contains("请不要写别人的姓名、电话");
        cancel(&chief, shift, "门卫室 8221234 来电话").await.assert_ok().assert_contains("门卫室 8221234 来电话");
        let sent = messages(&app, &folder).await;
        assert!(sent.len() == 1 && sent[0].contains("取消了，不用来") && !sent[0].contains("8221234"), "{sent:?}");
        let audit = app.person(Role::AuditAdmin).of_community(&bureau.community).browser().await.get("/audit").await;
        audit.assert_ok().assert_contains("取消").assert_lacks("门卫室");
    }

    async fn whoever_gets_no_message_is_on_a_list_until_the_desk_has_called(app: TestApp) {
        at(&app, "2026-08-31T09:00:00+08:00");
        let bureau = bureau(&app).await;
        let officer = bureau.person(&app, "冯志强", PersonKind::Officer, Some(5), false).await;
        let absent = bureau.person(&app, "高瑞芹", PersonKind::Officer, Some(5), false).await;
        let own = bureau.put(&app, "2026-09-02", bureau.gate, Some(officer)).await.unwrap();
        bureau.put(&app, "2026-09-03", bureau.gate, Some(officer)).await.unwrap();
        let hers = bureau.put(&app, "2026-09-03", bureau.crossing, Some(absent)).await.unwrap();
        let chief = bureau.chief(&app).await;
        chief.post(&format!("/duty-shifts/{hers}/absence"), &[("absent_why", "外出培训")]).await.assert_ok();
        chief.get("/duty/cancelled").await.assert_ok().assert_contains("没有要打电话告诉的人");
        let removal = format!("/duty-schools/{}/slots/{}/removal", bureau.schools[0], bureau.morning);
        chief.post(&removal, &[]).await.assert_ok().assert_contains("已经排的 3 班一并取消了");
        // A message may still be on its way.
        chief.get("/today").await.assert_ok().assert_lacks("还没有告诉本人");
        at(&app, "2026-08-31T09:03:00+08:00");
        chief.get("/today").await.assert_contains("1 人的班取消了，还没有告诉本人").assert_contains("/duty/cancelled");
        let page = chief.get("/duty/cancelled").await;
        page.assert_ok().assert_contains("冯志强").assert_contains("13800001111").assert_contains("9月2日").assert_contains("9月3日");
        page.assert_lacks("高瑞芹");
        // Another station does not reach the school.
        let of = async |unit| app.person(Role::DutyChief).of_community(&bureau.community).of_organisation(unit).reaching(Reach::Organisation, unit).browser().await;
        let elsewhere = of(bureau.stations[1]).await;
        elsewhere.get("/duty/cancelled").await.assert_ok().assert_lacks("冯志强");
        elsewhere.get("/today").await.assert_lacks("还没有告诉本人");
        let (path, until) = (page.link("/duty-people/"), page.input("until"));
        elsewhere.post(&path, &[("until", until.as_str())]).await.assert_status(422);
        chief.post(&path, &[("until", until.as_str())]).await.assert_ok().assert_contains("没有要打电话告诉的人");
        chief.post(&path, &[("until", until.as_str())]).await.assert_status(422);
        chief.get("/today").await.assert_lacks("还没有告诉本人");
        chief.get(&format!("/duty-shifts/{own}")).await.assert_contains("打电话告诉了本人");
        assert!(messages(&app, &tempfile::tempdir().unwrap()).await.is_empty(), "they know");
        let audit = app.person(Role::AuditAdmin).of_community(&bureau.community).browser().await.get("/audit").await;
        audit.assert_contains("告诉本人班取消了");
    }

    async fn a_change_takes_along_only_what_it_made_needless(app: TestApp) {
        at(&app, "2026-08-31T09:00:00+08:00");
        let bureau = bureau(&app).await;
        let officer = bureau.person(&app, "冯志强", PersonKind::Officer, Some(5), false).await;
        let other = bureau.person(&app, "高瑞芹", PersonKind::Officer, Some(5), false).await;
        // A Saturday, on which somebody wants them to come all the same.
        let saturday = bureau.put(&app, "2026-09-12", bureau.gate, Some(officer)).await.unwrap();
        let sunday = bureau.put(&app, "2026-09-13", bureau.crossing, Some(officer)).await.unwrap();
        let thursday = bureau.put(&app, "2026-09-10", bureau.crossing, Some(other)).await.unwrap();
        let chief = bureau.chief(&app).await;
        let term = [("school", ""), ("name", "春季学期"), ("first", "2027-03-01"), ("last", "2027-07-10")];
        chief.post("/duty-terms", &term).await.assert_ok().assert_contains("学期已登记").assert_lacks("一并取消");
        // A term is taken out, and entered anew.
        let page = chief.get("/duty-terms").await;
        let mut removals = page.between_all("action=\"", "\"").filter(|path| path.starts_with("/duty-terms/") && path.ends_with("/removal"));
        let autumn = removals.next().unwrap().to_owned();
        chief.post(&autumn, &[]).await.assert_ok().assert_contains("学期已删去").assert_lacks("一并取消");
        let term = [("school", ""), ("name", "秋季学期"), ("first", "2026-09-01"), ("last", "2026-12-31")];
        chief.post("/duty-terms", &term).await.assert_ok().assert_contains("学期已登记").assert_lacks("一并取消");
        let day = [("day", "2026-09-13"), ("kind", "off"), ("note", "停电")];
        chief.post("/duty-days", &day).await.assert_ok().assert_lacks("一并取消");
        let weekdays = format!("/duty-schools/{}/slots/{}/weekdays", bureau.schools[0], bureau.morning);
        let page = chief.post(&weekdays, &[("weekday", "1"), ("weekday", "2"), ("weekday", "5")]).await;
        page.assert_ok().assert_contains("已经排的 1 班一并取消了");
        assert_eq!(state(&app, &bureau, thursday).await, ShiftState::Cancelled);
        let gate = format!("/duty-gates/{}", bureau.crossing);
        let version = chief.get(&gate).await.input("version");
        let form = [("version", version.as_str()), ("kind", "crossing"), ("name", "校门前路口"), ("duty", "看护"), ("seats", "1"), ("officers", "1"), ("closed", "yes")];
        chief.post(&gate, &form).await.assert_ok().assert_lacks("一并取消");
        for shift in [saturday, sunday] {
            assert_eq!(state(&app, &bureau, shift).await, ShiftState::Standing);
        }
    }

    async fn of_two_changes_at_once_each_person_hears_once(app: TestApp) {
        at(&app, "2026-08-31T09:00:00+08:00");
        let bureau = bureau(&app).await;
        let folder = tempfile::tempdir().unwrap();
        let officer = bureau.person(&app, "冯志强", PersonKind::Officer, Some(5), false).await;
        let (one, two) = (bureau.chief(&app).await, bureau.chief(&app).await);
        let weekdays = format!("/duty-schools/{}/slots/{}/weekdays", bureau.schools[0], bureau.morning);
        // A Wednesday each, on which there is no school, and on which the peak is not kept.
        for (heard, day) in ["2026-09-02", "2026-09-09", "2026-09-16"].into_iter().enumerate() {
            let shift = bureau.put(&app, day, bureau.gate, Some(officer)).await.unwrap();
            let off = [("day", day), ("kind", "off"), ("note", "")];
            let others = [("weekday", "1"), ("weekday", "2"), ("weekday", "4"), ("weekday", "5")];
            let (off, others) = tokio::join!(one.post("/duty-days", &off), two.post(&weekdays, &others));
            let said = [&off, &others].into_iter().filter(|page| page.body.contains("已经排的 1 班一并取消了")).count();
            assert_eq!((off.status, others.status, said), (200, 200, 1));
            assert_eq!(state(&app, &bureau, shift).await, ShiftState::Cancelled);
            assert_eq!(messages(&app, &folder).await.len(), heard + 1);
            one.post(&weekdays, &[]).await.assert_ok();
        }
    }

    async fn what_has_begun_before_the_message_goes_out_is_not_said_to_have_been_told(app: TestApp) {
        at(&app, "2026-09-02T07:05:00+08:00");
        let bureau = bureau(&app).await;
        let folder = tempfile::tempdir().unwrap();
        let officer = bureau.person(&app, "冯志强", PersonKind::Officer, Some(5), false).await;
        let other = bureau.person(&app, "高瑞芹", PersonKind::Officer, Some(5), false).await;
        let today = bureau.put(&app, "2026-09-02", bureau.gate, Some(officer)).await.unwrap();
        let tomorrow = bureau.put(&app, "2026-09-03", bureau.gate, Some(officer)).await.unwrap();
        put(&app, &bureau, ("2026-09-02", bureau.crossing), other, None).await;
        let chief = bureau.chief(&app).await;
        let removal = format!("/duty-schools/{}/slots/{}/removal", bureau.schools[0], bureau.morning);
        chief.post(&removal, &[]).await.assert_ok().assert_contains("已经排的 3 班一并取消了");
        at(&app, "2026-09-02T07:15:00+08:00");
        let sent = messages(&app, &folder).await;
        assert_eq!(sent.len(), 2, "{sent:?}");
        let own = sent.iter().find(|text| text.contains("9月3日")).unwrap();
        assert!(!own.contains("9月2日"), "{own}");
        chief.get(&format!("/duty-shifts/{tomorrow}")).await.assert_contains("发短信告诉了本人");
        chief.get(&format!("/duty-shifts/{today}")).await.assert_lacks("发短信告诉了本人").assert_contains("请打电话告诉本人");
    }

    async fn a_message_that_waited_past_a_day_without_a_time_is_not_sent(app: TestApp) {
        at(&app, "2026-09-02T20:00:00+08:00");
        let bureau = bureau(&app).await;
        let folder = tempfile::tempdir().unwrap();
        let officer = bureau.person(&app, "冯志强", PersonKind::Officer, Some(5), false).await;
        let shift = put(&app, &bureau, ("2026-09-02", bureau.gate), officer, None).await;
        cancel(&bureau.chief(&app).await, shift, "不用了").await.assert_ok();
        at(&app, "2026-09-03T08:00:00+08:00");
        assert!(messages(&app, &folder).await.is_empty());
    }

    async fn an_absence_long_before_is_arranged_for_without_the_whole_term(app: TestApp) {
        at(&app, "2026-08-31T09:00:00+08:00");
        let bureau = bureau(&app).await;
        let officer = bureau.person(&app, "冯志强", PersonKind::Officer, Some(5), false).await;
        let late = bureau.put(&app, "2026-11-11", bureau.gate, Some(officer)).await.unwrap();
        let needless = bureau.put(&app, "2026-09-12", bureau.gate, Some(officer)).await.unwrap();
        let chief = bureau.chief(&app).await;
        for shift in [late, needless] {
            chief.post(&format!("/duty-shifts/{shift}/absence"), &[("absent_why", "外出培训")]).await.assert_ok();
        }
        let today = chief.get("/today").await;
        today.assert_contains("重新安排").assert_contains("11月11日").assert_lacks("9月12日");
    }
}
