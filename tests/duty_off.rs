//! 护学岗: what nobody has to do any more, or cannot do yet. Days off and closed posts take what stands there with them; a shift without anybody is
//! filled; the seats of the police stay theirs; what has begun is not planned.

use doorstep::access::Scope;
use doorstep::duty::{self, PersonKind, ShiftState};
use jiff::Timestamp;
use jiff::civil::Date;
use uuid::Uuid;

use crate::duty::{Bureau, bureau};
use crate::duty_plan::{make_roster, open, publish, standing};
use crate::support::{Browser, Page, TestApp};

fn at(app: &TestApp, moment: &str) {
    app.means.clock.set(moment.parse::<Timestamp>().unwrap());
}

async fn rates(app: &TestApp, bureau: &Bureau, day: &str) -> duty::Coverage {
    let (tenant, day): (Uuid, Date) = (bureau.community.tenant, day.parse().unwrap());
    let mut tx = app.db.read().await.unwrap();
    duty::coverage(&mut tx, tenant, &Scope::tenant(), (day, day), app.means.now()).await.unwrap()
}

async fn shift(app: &TestApp, bureau: &Bureau, id: Uuid) -> duty::Shift {
    duty::shift(&mut app.db.read().await.unwrap(), bureau.community.tenant, id).await.unwrap()
}

/// There is no school on a day, at all schools.
async fn day_off(chief: &Browser, day: &str) -> Page {
    chief.post("/duty-days", &[("day", day), ("kind", "off"), ("note", "下雪停课")]).await
}

/// Gives a shift to somebody, pinned or not.
async fn give(chief: &Browser, shift: Uuid, person: Uuid, pinned: bool) -> Page {
    let path = format!("/duty-shifts/{shift}");
    let (version, who) = (chief.get(&path).await.input("version"), person.to_string());
    let mut form = vec![
        ("version", version.as_str()),
        ("person", who.as_str()),
        ("duty", "看护"),
        ("from", "07:10"),
        ("to", "08:20"),
    ];
    if pinned {
        form.push(("pinned", "yes"));
    }
    chief.post(&format!("{path}/particulars"), &form).await
}

db_test! {
    async fn a_day_off_takes_what_stands_on_it_along(app: TestApp) {
        at(&app, "2026-08-31T09:00:00+08:00");
        let bureau = bureau(&app).await;
        let officer = bureau.person(&app, "冯志强", PersonKind::Officer, Some(5), false).await;
        let pinned = bureau.person(&app, "高瑞芹", PersonKind::Officer, Some(5), false).await;
        let today = bureau.put(&app, "2026-09-01", bureau.gate, Some(officer)).await.unwrap();
        let tomorrow = bureau.put(&app, "2026-09-02", bureau.gate, Some(officer)).await.unwrap();
        let meant = bureau.put(&app, "2026-09-01", bureau.crossing, Some(pinned)).await.unwrap();
        let chief = bureau.chief(&app).await;
        give(&chief, meant, pinned, true).await.assert_ok();
        at(&app, "2026-08-31T10:00:00+08:00");
        while duty::watch_plans(&app.db, &app.means).await.unwrap() {}
        let school = async || duty::school(&mut app.db.read().await.unwrap(), bureau.community.tenant, bureau.schools[0]).await.unwrap();
        let told = school().await.plan_changed_at;
        assert!(told.is_some());
        at(&app, "2026-09-01T06:50:00+08:00");
        let chief = bureau.chief(&app).await;
        day_off(&chief, "2026-09-01").await.assert_ok().assert_contains("已经排的 1 班一并取消了");
        assert_eq!(shift(&app, &bureau, today).await.state, ShiftState::Cancelled);
        assert_eq!(shift(&app, &bureau, tomorrow).await.state, ShiftState::Standing);
        assert_eq!(shift(&app, &bureau, meant).await.state, ShiftState::Standing, "put there by hand for its own sake");
        let own = app.browser().get(&bureau.link(&app, officer).await).await;
        own.assert_ok().assert_contains("9月2日").assert_lacks("9月1日");
        // The school hears of it as of every change.
        at(&app, "2026-09-01T07:05:00+08:00");
        while duty::watch_plans(&app.db, &app.means).await.unwrap() {}
        assert!(school().await.plan_changed_at > told);
    }

    async fn a_day_off_that_is_entered_late_counts_nobody_as_absent(app: TestApp) {
        at(&app, "2026-08-31T09:00:00+08:00");
        let bureau = bureau(&app).await;
        let officer = bureau.person(&app, "冯志强", PersonKind::Officer, Some(5), false).await;
        let came = bureau.person(&app, "高瑞芹", PersonKind::Officer, Some(5), false).await;
        let waits = bureau.put(&app, "2026-09-01", bureau.gate, Some(officer)).await.unwrap();
        let stands = bureau.put(&app, "2026-09-01", bureau.crossing, Some(came)).await.unwrap();
        at(&app, "2026-09-01T07:00:00+08:00");
        let link = bureau.link(&app, came).await;
        app.browser().post(&format!("{link}/shifts/{stands}"), &[("step", "come")]).await.assert_ok();
        at(&app, "2026-09-01T07:40:00+08:00");
        let own = bureau.link(&app, officer).await;
        app.browser().get(&own).await.assert_contains("缺岗");
        let table = rates(&app, &bureau, "2026-09-01").await;
        assert_eq!((table.rates.on_time, table.rates.planned), (1, 2));
        let chief = bureau.chief(&app).await;
        day_off(&chief, "2026-09-01").await.assert_ok().assert_lacks("一并取消");
        assert_eq!(shift(&app, &bureau, waits).await.state, ShiftState::Standing, "what has begun stays");
        app.browser().get(&own).await.assert_contains("这一天不上课，不用来").assert_lacks("缺岗").assert_lacks("我到岗了，签到");
        chief.get("/duty?day=2026-09-01").await.assert_contains("不用站");
        let table = rates(&app, &bureau, "2026-09-01").await;
        assert_eq!((table.rates.on_time, table.rates.planned), (1, 1), "whoever came was there all the same");
        assert!(table.idle.contains(&waits) && !table.idle.contains(&stands));
        // The same of a day that is past.
        at(&app, "2026-09-02T06:00:00+08:00");
        let next = bureau.put(&app, "2026-09-02", bureau.gate, Some(officer)).await.unwrap();
        at(&app, "2026-09-03T09:00:00+08:00");
        assert_eq!(rates(&app, &bureau, "2026-09-02").await.rates.planned, 1);
        let chief = bureau.chief(&app).await;
        day_off(&chief, "2026-09-02").await.assert_ok();
        assert_eq!(rates(&app, &bureau, "2026-09-02").await.rates.planned, 0);
        assert_eq!(shift(&app, &bureau, next).await.state, ShiftState::Standing);
    }

    async fn what_is_closed_takes_what_stands_there_along(app: TestApp) {
        at(&app, "2026-08-31T09:00:00+08:00");
        let bureau = bureau(&app).await;
        let officer = bureau.person(&app, "冯志强", PersonKind::Officer, Some(5), false).await;
        let other = bureau.person(&app, "高瑞芹", PersonKind::Officer, Some(5), false).await;
        let begun = bureau.put(&app, "2026-09-01", bureau.gate, Some(officer)).await.unwrap();
        for day in ["2026-09-02", "2026-09-03"] {
            bureau.put(&app, day, bureau.gate, Some(officer)).await.unwrap();
            bureau.put(&app, day, bureau.crossing, Some(other)).await.unwrap();
        }
        at(&app, "2026-09-01T07:20:00+08:00");
        let chief = bureau.chief(&app).await;
        let gate = format!("/duty-gates/{}", bureau.crossing);
        let version = chief.get(&gate).await.input("version");
        let form = [("version", version.as_str()), ("kind", "crossing"), ("name", "校门前路口"), ("duty", "看护"), ("seats", "1"), ("officers", "1"), ("closed", "yes")];
        chief.post(&gate, &form).await.assert_ok().assert_contains("已经排的 2 班一并取消了");
        let slot = format!("/duty-schools/{}/slots/{}/removal", bureau.schools[0], bureau.morning);
        chief.post(&slot, &[]).await.assert_ok().assert_contains("已经排的 2 班一并取消了");
        let left = standing(&app, &bureau, ("2026-09-01", "2026-09-30")).await;
        assert_eq!(left.iter().map(|one| one.id).collect::<Vec<_>>(), [begun], "what has begun stays");
        assert_eq!(rates(&app, &bureau, "2026-09-01").await.rates.planned, 1, "it was kept then");
    }

    async fn a_school_that_is_given_up_takes_what_stands_there_along(app: TestApp) {
        at(&app, "2026-08-31T09:00:00+08:00");
        let bureau = bureau(&app).await;
        let officer = bureau.person(&app, "冯志强", PersonKind::Officer, Some(5), false).await;
        bureau.put(&app, "2026-09-02", bureau.gate, Some(officer)).await.unwrap();
        let chief = bureau.chief(&app).await;
        let path = format!("/duty-schools/{}/particulars", bureau.schools[0]);
        let (version, station) = (chief.get(&path).await.input("version"), bureau.stations[0].to_string());
        let form = [("version", version.as_str()), ("name", "田家会小学"), ("stage", "primary"), ("station", station.as_str()), ("phone", "110"), ("closed", "yes")];
        chief.post(&path, &form).await.assert_ok().assert_contains("已经排的 1 班一并取消了");
        assert!(standing(&app, &bureau, ("2026-09-01", "2026-09-30")).await.is_empty());
    }

    async fn a_shift_without_anybody_is_filled_by_hand_and_by_a_roster(app: TestApp) {
        at(&app, "2026-08-25T09:00:00+08:00");
        let bureau = bureau(&app).await;
        let chief = bureau.chief(&app).await;
        let mut people = Vec::new();
        for name in ["冯志强", "高瑞芹"] {
            people.push(bureau.person(&app, name, PersonKind::Officer, Some(5), false).await);
        }
        let empty = bureau.put(&app, "2026-09-08", bureau.gate, None).await.unwrap();
        let filled = bureau.put(&app, "2026-09-08", bureau.gate, Some(people[0])).await.unwrap();
        assert_eq!(filled, empty);
        assert_eq!(shift(&app, &bureau, empty).await.person_id, Some(people[0]));
        let hollow = bureau.put(&app, "2026-09-07", bureau.gate, None).await.unwrap();
        let draft = make_roster(&chief, ("2026-09-07", "2026-09-07"), "1").await;
        publish(&chief, &draft).await.assert_ok().assert_contains("已发布");
        assert_eq!(shift(&app, &bureau, hollow).await.state, ShiftState::Cancelled);
        let there = standing(&app, &bureau, ("2026-09-07", "2026-09-07")).await;
        assert_eq!(there.len(), 2);
        assert!(there.iter().all(|one| one.person_id.is_some()));
        // What was pinned like that is left alone, and nothing is planned against it.
        let held = bureau.put(&app, "2026-09-09", bureau.gate, None).await.unwrap();
        let version = shift(&app, &bureau, held).await.lock_version.to_string();
        let form = [("version", version.as_str()), ("person", ""), ("duty", "看护"), ("from", "07:10"), ("to", "08:20"), ("pinned", "yes")];
        chief.post(&format!("/duty-shifts/{held}/particulars"), &form).await.assert_ok();
        let draft = make_roster(&chief, ("2026-09-09", "2026-09-09"), "1").await;
        publish(&chief, &draft).await.assert_ok().assert_contains("已发布");
        assert_eq!(shift(&app, &bureau, held).await.state, ShiftState::Standing);
        assert_eq!(standing(&app, &bureau, ("2026-09-09", "2026-09-09")).await.len(), 2);
    }

    async fn whoever_is_no_police_leaves_the_seats_of_the_police_open(app: TestApp) {
        at(&app, "2026-08-25T09:00:00+08:00");
        let bureau = bureau(&app).await;
        let chief = bureau.chief(&app).await;
        let officer = bureau.person(&app, "冯志强", PersonKind::Officer, Some(5), false).await;
        bureau.person(&app, "薛改珍", PersonKind::Officer, Some(5), false).await;
        let teacher = bureau.person(&app, "高瑞芹", PersonKind::Teacher, Some(5), false).await;
        let guard = bureau.person(&app, "任建平", PersonKind::Security, Some(5), false).await;
        let beside = bureau.put(&app, "2026-09-07", bureau.gate, Some(teacher)).await.unwrap();
        assert_eq!(shift(&app, &bureau, beside).await.seat, 1);
        // One who got the seat of a policeman stands in it already.
        let taken = bureau.put(&app, "2026-09-07", bureau.crossing, Some(officer)).await.unwrap();
        give(&chief, taken, guard, false).await.assert_ok();
        assert_eq!(shift(&app, &bureau, taken).await.seat, 0);
        let draft = make_roster(&chief, ("2026-09-07", "2026-09-07"), "1").await;
        publish(&chief, &draft).await.assert_ok().assert_contains("已发布");
        let there = standing(&app, &bureau, ("2026-09-07", "2026-09-07")).await;
        for gate in [bureau.gate, bureau.crossing] {
            let kinds: Vec<_> = there.iter().filter(|one| one.gate_id == Some(gate)).filter_map(|one| one.person_kind).collect();
            assert!(kinds.len() == 2 && kinds.contains(&PersonKind::Officer), "{kinds:?}");
            assert_eq!(open(&app, &bureau, "2026-09-07", gate).await, Some(0));
        }
        // Once they stand there, nothing is missing.
        let again = make_roster(&chief, ("2026-09-07", "2026-09-07"), "2").await;
        publish(&chief, &again).await.assert_ok();
        assert_eq!(standing(&app, &bureau, ("2026-09-07", "2026-09-07")).await.len(), 4);
    }

    async fn what_has_begun_is_not_planned_any_more(app: TestApp) {
        at(&app, "2026-08-31T09:00:00+08:00");
        let bureau = bureau(&app).await;
        for name in ["冯志强", "高瑞芹"] {
            bureau.person(&app, name, PersonKind::Officer, Some(5), false).await;
        }
        let count = async |day: &'static str| standing(&app, &bureau, (day, day)).await.len();
        // Made too late for this morning.
        at(&app, "2026-09-01T07:15:00+08:00");
        let chief = bureau.chief(&app).await;
        let draft = make_roster(&chief, ("2026-09-01", "2026-09-02"), "1").await;
        publish(&chief, &draft).await.assert_ok().assert_lacks("没有发布");
        assert_eq!((count("2026-09-01").await, count("2026-09-02").await), (0, 2));
        make_roster(&chief, ("2026-09-01", "2026-09-01"), "1").await.assert_status(422).assert_contains("没有要排的岗位");
        // Made in time, and published too late.
        at(&app, "2026-09-03T06:00:00+08:00");
        let chief = bureau.chief(&app).await;
        let draft = make_roster(&chief, ("2026-09-03", "2026-09-04"), "1").await;
        at(&app, "2026-09-03T07:30:00+08:00");
        let chief = bureau.chief(&app).await;
        publish(&chief, &draft).await.assert_ok().assert_contains("草稿里有 2 班已经开始，没有发布");
        assert_eq!((count("2026-09-03").await, count("2026-09-04").await), (0, 2));
        at(&app, "2026-09-07T06:00:00+08:00");
        let chief = bureau.chief(&app).await;
        let draft = make_roster(&chief, ("2026-09-07", "2026-09-07"), "1").await;
        at(&app, "2026-09-07T07:30:00+08:00");
        let chief = bureau.chief(&app).await;
        publish(&chief, &draft).await.assert_status(422).assert_contains("都已经开始了");
        assert_eq!(count("2026-09-07").await, 0);
    }

    async fn seats_that_were_empty_on_days_that_are_past_are_not_asked_about(app: TestApp) {
        at(&app, "2026-09-07T06:00:00+08:00");
        let bureau = bureau(&app).await;
        for name in ["冯志强", "高瑞芹"] {
            bureau.person(&app, name, PersonKind::Officer, Some(5), false).await;
        }
        // Each day one is empty: nobody knows the way to the school of the other station.
        let draft = make_roster(&bureau.chief(&app).await, ("2026-09-07", "2026-09-09"), "1").await;
        draft.assert_ok().assert_contains("还有 3 个位置没有人");
        at(&app, "2026-09-09T06:00:00+08:00");
        let (chief, version) = (bureau.chief(&app).await, draft.input("version"));
        let page = chief.post(&format!("{}/publication", draft.url), &[("version", version.as_str())]).await;
        page.assert_status(422).assert_contains("还有 1 个位置没有人").assert_lacks("还有 3 个位置没有人");
    }


    async fn what_was_pinned_is_missed_on_a_day_off_and_whoever_stands_in_stays_with_it(app: TestApp) {
        at(&app, "2026-08-31T20:00:00+08:00");
        let bureau = bureau(&app).await;
        let ill = bureau.person(&app, "冯志强", PersonKind::Officer, Some(5), false).await;
        let other = bureau.person(&app, "任建平", PersonKind::Officer, Some(5), false).await;
        let near = bureau.person(&app, "高瑞芹", PersonKind::Officer, Some(6), true).await;
        bureau.person(&app, "薛改珍", PersonKind::Officer, Some(9), true).await;
        let meant = bureau.put(&app, "2026-09-01", bureau.gate, Some(ill)).await.unwrap();
        let second = bureau.put(&app, "2026-09-01", bureau.crossing, Some(other)).await.unwrap();
        let chief = bureau.chief(&app).await;
        give(&chief, meant, ill, true).await.assert_ok();
        give(&chief, second, other, true).await.assert_ok();
        let absent = [("absent_why", "生病")];
        chief.post(&format!("/duty-shifts/{meant}/absence"), &absent).await.assert_ok().assert_contains("正在叫高瑞芹");
        let (phone, own) = (app.browser(), bureau.link(&app, near).await);
        let form = phone.get(&own).await.between_all("action=\"", "\"").find(|action| action.contains("/calls/")).unwrap().to_owned();
        phone.post(&form, &[("answer", "yes")]).await.assert_ok();
        day_off(&chief, "2026-09-01").await.assert_ok().assert_lacks("一并取消");
        let left = standing(&app, &bureau, ("2026-09-01", "2026-09-01")).await;
        let stands_in = left.iter().find(|one| one.stands_for == Some(meant)).expect("whoever stands in");
        assert!(left.iter().any(|one| one.id == meant) && left.iter().any(|one| one.id == second));
        let table = rates(&app, &bureau, "2026-09-01").await;
        assert!(![meant, second, stands_in.id].iter().any(|one| table.idle.contains(one)), "they are there for their own sake");
        // Somebody is called for what has to be kept all the same.
        chief.post(&format!("/duty-shifts/{second}/absence"), &absent).await.assert_ok().assert_contains("正在叫薛改珍");
        chief.get("/today").await.assert_contains("盯备勤");
        at(&app, "2026-09-01T07:20:00+08:00");
        phone.get(&own).await.assert_ok().assert_contains("最晚").assert_lacks("不用来");
    }

    async fn an_absence_that_is_called_off_promises_nobody(app: TestApp) {
        at(&app, "2026-08-31T20:00:00+08:00");
        let bureau = bureau(&app).await;
        let ill = bureau.person(&app, "冯志强", PersonKind::Officer, Some(5), false).await;
        bureau.person(&app, "高瑞芹", PersonKind::Officer, Some(6), true).await;
        let gone = bureau.put(&app, "2026-09-10", bureau.gate, Some(ill)).await.unwrap();
        let chief = bureau.chief(&app).await;
        let path = format!("/duty-shifts/{gone}");
        chief.post(&format!("{path}/absence"), &[("absent_why", "外出培训")]).await.assert_ok().assert_contains("起系统自动叫备勤");
        day_off(&chief, "2026-09-10").await.assert_ok().assert_contains("已经排的 1 班一并取消了");
        let kept = shift(&app, &bureau, gone).await;
        assert_eq!((kept.state, kept.call_at), (ShiftState::Cancelled, None));
        let page = chief.get(&path).await;
        page.assert_ok().assert_contains("已取消").assert_lacks("起系统自动叫备勤").assert_lacks("撤销缺岗").assert_lacks("叫下一位</button>");
    }

    async fn whoever_has_said_that_they_do_not_come_is_not_put_back_by_a_roster(app: TestApp) {
        at(&app, "2026-08-25T09:00:00+08:00");
        let bureau = bureau(&app).await;
        let chief = bureau.chief(&app).await;
        let ill = bureau.person(&app, "冯志强", PersonKind::Officer, Some(5), false).await;
        let other = bureau.person(&app, "高瑞芹", PersonKind::Officer, Some(5), false).await;
        let gone = bureau.put(&app, "2026-09-07", bureau.gate, Some(ill)).await.unwrap();
        chief.post(&format!("/duty-shifts/{gone}/absence"), &[("absent_why", "外出培训")]).await.assert_ok();
        let draft = make_roster(&chief, ("2026-09-07", "2026-09-08"), "1").await;
        publish(&chief, &draft).await.assert_ok().assert_contains("已发布");
        let there = standing(&app, &bureau, ("2026-09-07", "2026-09-07")).await;
        let who: Vec<_> = there.iter().filter(|one| one.absent_at.is_none()).filter_map(|one| one.person_id).collect();
        assert_eq!(who, [other], "nobody else can stand there then");
        let next = standing(&app, &bureau, ("2026-09-08", "2026-09-08")).await;
        assert!(next.iter().any(|one| one.person_id == Some(ill)), "the day after they can");
    }

    async fn a_shift_without_anybody_stands_in_for_nobody(app: TestApp) {
        at(&app, "2026-08-31T20:00:00+08:00");
        let bureau = bureau(&app).await;
        let ill = bureau.person(&app, "冯志强", PersonKind::Officer, Some(5), false).await;
        let near = bureau.person(&app, "高瑞芹", PersonKind::Officer, Some(6), true).await;
        let far = bureau.person(&app, "薛改珍", PersonKind::Officer, Some(9), true).await;
        let gone = bureau.put(&app, "2026-09-01", bureau.gate, Some(ill)).await.unwrap();
        let chief = bureau.chief(&app).await;
        chief.post(&format!("/duty-shifts/{gone}/absence"), &[("absent_why", "生病")]).await.assert_ok().assert_contains("正在叫高瑞芹");
        let refused = bureau.put(&app, "2026-09-01", bureau.gate, None).await.unwrap_err();
        assert!(refused.to_string().contains("缺岗的位置本来就空着"), "{refused}");
        // They can still answer, and the next is called.
        let answer = async |person: Uuid, said: &'static str| {
            let (phone, own) = (app.browser(), bureau.link(&app, person).await);
            let form = phone.get(&own).await.between_all("action=\"", "\"").find(|action| action.contains("/calls/")).unwrap().to_owned();
            phone.post(&form, &[("answer", said)]).await.assert_ok();
        };
        answer(near, "no").await;
        answer(far, "yes").await;
        let left = standing(&app, &bureau, ("2026-09-01", "2026-09-01")).await;
        let stands_in = left.iter().find(|one| one.stands_for == Some(gone)).expect("whoever stands in").id;
        // Whoever stands in is not only taken off: the shift is cancelled, and somebody is called again.
        let path = format!("/duty-shifts/{stands_in}");
        let version = chief.get(&path).await.input("version");
        let form = [("version", version.as_str()), ("person", ""), ("duty", "看护"), ("from", "07:10"), ("to", "08:20")];
        chief.post(&format!("{path}/particulars"), &form).await.assert_status(422).assert_contains("请取消顶岗的这一班");
        chief.post(&format!("{path}/cancellation"), &[("why", "也来不了")]).await.assert_ok();
        chief.get(&format!("/duty-shifts/{gone}")).await.assert_contains("叫下一位</button>");
        // Nor is somebody only taken off a draft that fills the seat.
        let draft = make_roster(&chief, ("2026-09-01", "2026-09-01"), "1").await;
        let mut drafted = None;
        for id in draft.between_all("href=\"/duty-shifts/", "\"").filter_map(|id| id.parse::<Uuid>().ok()) {
            let one = shift(&app, &bureau, id).await;
            drafted = drafted.or(Some(one).filter(|one| one.gate_id == Some(bureau.gate) && one.person_id.is_some()));
        }
        let path = format!("/duty-shifts/{}", drafted.expect("somebody for the seat").id);
        let version = chief.get(&path).await.input("version");
        let form = [("version", version.as_str()), ("person", ""), ("duty", "看护"), ("from", "07:10"), ("to", "08:20")];
        chief.post(&format!("{path}/particulars"), &form).await.assert_status(422).assert_contains("请取消顶岗的这一班");
    }
}
