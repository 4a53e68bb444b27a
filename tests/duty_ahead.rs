//! 护学岗, before the day: somebody says early that they do not come, what is past is not planned, a swap is warned of, and what was changed is kept.

use doorstep::audit;
use doorstep::duty::{self, PersonKind, PersonSketch};
use jiff::Timestamp;
use uuid::Uuid;

use crate::duty::{Bureau, bureau};
use crate::support::TestApp;

fn at(app: &TestApp, moment: &str) {
    app.means.clock.set(format!("{moment}:00+08:00").parse::<Timestamp>().unwrap());
}

async fn watch(app: &TestApp) {
    while duty::watch_some(&app.db, &app.means).await.unwrap() {}
}

/// Whether a school has been told of the last change of its plan, once the plan was looked at; says that it has.
async fn was_told(app: &TestApp, bureau: &Bureau) -> bool {
    while duty::watch_plans(&app.db, &app.means).await.unwrap() {}
    let mut tx = app.db.begin().await.unwrap();
    let school = duty::school(&mut tx, bureau.community.tenant, bureau.schools[0]).await.unwrap();
    let told = school.plan_told_at.is_some();
    if !told {
        duty::school_told(&mut tx, &bureau.act(app), bureau.schools[0]).await.unwrap();
    }
    tx.commit().await.unwrap();
    told
}

/// What the audit log keeps of a field of a shift, the latest first.
async fn kept_of(app: &TestApp, bureau: &Bureau, shift: Uuid, field: &str) -> Vec<(Option<String>, Option<String>)> {
    let mut tx = app.db.read().await.unwrap();
    let past = audit::history(&mut tx, &bureau.act(app), shift).await.unwrap();
    let changes = past.into_iter().flat_map(|one| one.changes).filter(|change| change.field == field);
    changes.map(|change| (change.old, change.new)).collect()
}

db_test! {
    async fn whoever_says_days_before_that_they_do_not_come_wakes_nobody(app: TestApp) {
        at(&app, "2026-08-31T22:30");
        let bureau = bureau(&app).await;
        let ill = bureau.person(&app, "冯志强", PersonKind::Officer, Some(5), false).await;
        let near = bureau.person(&app, "高瑞芹", PersonKind::Officer, Some(6), true).await;
        bureau.person(&app, "薛改珍", PersonKind::Officer, Some(9), true).await;
        let shift = bureau.put(&app, "2026-09-10", bureau.gate, Some(ill)).await.unwrap();
        let (own, near_own) = (bureau.link(&app, ill).await, bureau.link(&app, near).await);
        let (phone, near_phone) = (app.browser(), app.browser());
        phone.get(&own).await.assert_ok().assert_contains("来不了</button>").assert_lacks("来不了，叫备勤");
        let absent = [("step", "absent"), ("why", "外出培训")];
        phone.post(&format!("{own}/shifts/{shift}"), &absent).await.assert_ok().assert_contains("会另外安排");
        assert!(!duty::watch_some(&app.db, &app.means).await.unwrap(), "nobody is called at night");
        near_phone.get(&near_own).await.assert_lacks("请您去顶岗");
        let chief = bureau.chief(&app).await;
        let today = chief.get("/today").await;
        today.assert_contains("重新安排").assert_contains("9月10日 周四 07:10–08:20 田家会小学 · 东门").assert_contains("9月9日 周三 19:10");
        today.assert_lacks("叫下一位").assert_lacks("盯备勤").assert_lacks("警报");
        let page = chief.get(&format!("/duty-shifts/{shift}")).await;
        page.assert_contains("9月9日 周三 19:10 起系统自动叫备勤").assert_contains("换一个人站").assert_contains("重新安排这一天");
        page.assert_lacks("备勤都问过了");
        // Twelve hours before the beginning the clock calls, since nobody has been put there meanwhile.
        at(&app, "2026-09-09T19:09");
        watch(&app).await;
        near_phone.get(&near_own).await.assert_lacks("请您去顶岗");
        at(&app, "2026-09-09T19:10");
        watch(&app).await;
        let page = near_phone.get(&near_own).await;
        page.assert_contains("请您去顶岗").assert_contains("19:13");
        bureau.chief(&app).await.get("/today").await.assert_contains("盯备勤").assert_lacks("重新安排");
        // And whoever accepts the evening before is due when it begins, and not on the way all night.
        at(&app, "2026-09-09T19:12");
        let form = page.between_all("action=\"", "\"").find(|action| action.contains("/calls/")).unwrap().to_owned();
        let page = near_phone.post(&form, &[("answer", "yes")]).await;
        page.assert_ok().assert_contains("到时候请准时到岗").assert_contains("最晚 07:10 到岗").assert_lacks("请马上出发");
        bureau.chief(&app).await.get("/duty?day=2026-09-10").await.assert_contains("已确认").assert_lacks("正在赶来");
        at(&app, "2026-09-10T06:09");
        bureau.chief(&app).await.get("/duty").await.assert_lacks("正在赶来");
        at(&app, "2026-09-10T06:10");
        bureau.chief(&app).await.get("/duty").await.assert_contains("正在赶来，最晚 07:10");
    }

    async fn whom_the_desk_asks_early_is_asked_alone(app: TestApp) {
        at(&app, "2026-08-31T20:00");
        let bureau = bureau(&app).await;
        let ill = bureau.person(&app, "冯志强", PersonKind::Officer, Some(5), false).await;
        let near = bureau.person(&app, "高瑞芹", PersonKind::Officer, Some(6), true).await;
        let far = bureau.person(&app, "薛改珍", PersonKind::Officer, Some(9), true).await;
        let shift = bureau.put(&app, "2026-09-10", bureau.gate, Some(ill)).await.unwrap();
        let chief = bureau.chief(&app).await;
        let path = format!("/duty-shifts/{shift}");
        chief.post(&format!("{path}/absence"), &[("absent_why", "外出培训")]).await.assert_ok().assert_contains("离上岗还早，没有叫备勤");
        chief.post(&format!("{path}/calls"), &[]).await.assert_ok().assert_contains("正在叫高瑞芹");
        let (near_own, far_own) = (bureau.link(&app, near).await, bureau.link(&app, far).await);
        let phone = app.browser();
        at(&app, "2026-08-31T20:03");
        watch(&app).await;
        phone.get(&far_own).await.assert_lacks("请您去顶岗");
        bureau.chief(&app).await.get(&path).await.assert_contains("叫下一位").assert_lacks("备勤都问过了");
        // They can still say so the day after.
        at(&app, "2026-09-01T12:00");
        phone.get(&near_own).await.assert_contains("请您去顶岗");
        // Taken back, it is called for by nobody; noted anew, the next is called when the time has come.
        let chief = bureau.chief(&app).await;
        chief.post(&format!("{path}/absence/removal"), &[("back_why", "培训取消了")]).await.assert_ok();
        chief.get("/today").await.assert_lacks("重新安排");
        chief.post(&format!("{path}/absence"), &[("absent_why", "又去培训")]).await.assert_ok();
        chief.get("/today").await.assert_contains("重新安排");
        at(&app, "2026-09-09T19:10");
        watch(&app).await;
        phone.get(&far_own).await.assert_contains("请您去顶岗");
    }

    async fn a_seat_that_somebody_has_taken_is_called_for_no_more(app: TestApp) {
        at(&app, "2026-08-31T20:00");
        let bureau = bureau(&app).await;
        let ill = bureau.person(&app, "冯志强", PersonKind::Officer, Some(5), false).await;
        let near = bureau.person(&app, "高瑞芹", PersonKind::Officer, Some(6), true).await;
        let other = bureau.person(&app, "薛改珍", PersonKind::Officer, Some(9), false).await;
        let shift = bureau.put(&app, "2026-09-10", bureau.gate, Some(ill)).await.unwrap();
        let chief = bureau.chief(&app).await;
        chief.post(&format!("/duty-shifts/{shift}/absence"), &[("absent_why", "外出培训")]).await.assert_ok();
        let page = chief.get(&format!("/duty-shifts/{shift}")).await;
        chief.get(&page.link_called("换一个人站")).await.assert_ok().assert_contains("value=\"2026-09-10\"");
        bureau.put(&app, "2026-09-10", bureau.gate, Some(other)).await.unwrap();
        chief.get("/today").await.assert_lacks("重新安排");
        at(&app, "2026-09-09T19:10");
        watch(&app).await;
        app.browser().get(&bureau.link(&app, near).await).await.assert_lacks("请您去顶岗");
    }

    async fn what_is_past_is_not_planned(app: TestApp) {
        at(&app, "2026-08-31T09:00");
        let bureau = bureau(&app).await;
        let officer = bureau.person(&app, "冯志强", PersonKind::Officer, Some(5), false).await;
        at(&app, "2026-09-02T09:00");
        let chief = bureau.chief(&app).await;
        let (school, who) = (bureau.schools[0].to_string(), officer.to_string());
        let post = format!("{}:{}", bureau.gate, bureau.morning);
        let put = async |day: &str, from: &str, to: &str| {
            let form = [
                ("day", day), ("school", school.as_str()), ("post", post.as_str()), ("person", who.as_str()), ("duty", "看护"), ("from", from), ("to", to),
            ];
            chief.post("/duty-shifts", &form).await
        };
        let page = put("2026-09-01", "", "").await;
        page.assert_status(422).assert_contains("这一天已经过去了").assert_contains("value=\"2026-09-01\"").assert_contains("看护");
        put("2026-09-02", "", "").await.assert_status(422).assert_contains("07:10–08:20 已经过去了");
        put("2026-09-02", "10:00", "11:00").await.assert_ok().assert_contains("已排上");
        let refused = bureau.put(&app, "2026-09-01", bureau.crossing, None).await;
        assert!(refused.is_err_and(|error| error.to_string().contains("已经过去了")));
        // Nor is what is ahead moved there, where nobody could call it off.
        let shift = bureau.put(&app, "2026-09-03", bureau.gate, Some(officer)).await.unwrap();
        at(&app, "2026-09-03T06:00");
        let chief = bureau.chief(&app).await;
        let version = chief.get(&format!("/duty-shifts/{shift}")).await.input("version");
        let form = [("version", version.as_str()), ("person", who.as_str()), ("duty", "看护"), ("from", "04:00"), ("to", "05:00")];
        chief.post(&format!("/duty-shifts/{shift}/particulars"), &form).await.assert_status(422).assert_contains("04:00–05:00 已经过去了");
    }

    async fn a_swap_is_warned_of_like_what_is_put_down_and_the_log_keeps_whose_it_was(app: TestApp) {
        at(&app, "2026-08-31T09:00");
        let bureau = bureau(&app).await;
        let from = bureau.person(&app, "冯志强", PersonKind::Officer, Some(5), false).await;
        let third = bureau.person(&app, "薛改珍", PersonKind::Officer, Some(5), false).await;
        let sketch = PersonSketch {
            unit: bureau.stations[0], kind: PersonKind::Officer, name: "高瑞芹".to_owned(), phone: "13800001111".to_owned(), qualifications: Vec::new(),
            daily: 2, weekly: 1, standby: false, ended_at: None,
        };
        let mut tx = app.db.begin().await.unwrap();
        let to = duty::create_person(&mut tx, &bureau.act(&app), &sketch).await.unwrap();
        tx.commit().await.unwrap();
        let shift = bureau.put(&app, "2026-09-01", bureau.gate, Some(from)).await.unwrap();
        bureau.put(&app, "2026-09-02", bureau.gate, Some(to)).await.unwrap();
        let (mine, theirs) = (bureau.link(&app, from).await, bureau.link(&app, to).await);
        let (from, to, third) = (from.to_string(), to.to_string(), third.to_string());
        app.browser().post(&format!("{mine}/shifts/{shift}"), &[("step", "swap"), ("to", to.as_str())]).await.assert_ok();
        let asked = app.browser();
        let form = asked.get(&theirs).await.between_all("action=\"", "\"").find(|action| action.contains("/swaps/")).unwrap().to_owned();
        asked.post(&form, &[("answer", "yes")]).await.assert_ok();
        let chief = bureau.chief(&app).await;
        let decision = format!("/duty-shifts/{shift}/swaps/{}/decision", form.rsplit('/').next().unwrap());
        let page = chief.post(&decision, &[("decision", "yes"), ("swap_why", "")]).await;
        page.assert_status(422).assert_contains("高瑞芹这一周已经排了 1 班").assert_contains("知道，还是这样排");
        assert_eq!(page.body.matches("id=\"in_spite\"").count(), 1);
        assert!(kept_of(&app, &bureau, shift, "person_id").await.is_empty());
        chief.post(&decision, &[("decision", "yes"), ("swap_why", ""), ("in_spite", "yes")]).await.assert_ok().assert_contains("已同意换岗");
        assert_eq!(kept_of(&app, &bureau, shift, "person_id").await, [(Some(from.clone()), Some(to.clone()))]);
        // By hand: whose it was, and when, as far as that has changed.
        let version = chief.get(&format!("/duty-shifts/{shift}")).await.input("version");
        let form = [("version", version.as_str()), ("person", third.as_str()), ("duty", "看护"), ("from", "07:20"), ("to", "08:20")];
        chief.post(&format!("/duty-shifts/{shift}/particulars"), &form).await.assert_ok();
        let kept = kept_of(&app, &bureau, shift, "person_id").await;
        assert_eq!(kept, [(Some(to.clone()), Some(third)), (Some(from), Some(to))]);
        assert_eq!(kept_of(&app, &bureau, shift, "starts_at").await.len(), 1);
        assert!(kept_of(&app, &bureau, shift, "ends_at").await.is_empty());
        assert!(kept_of(&app, &bureau, shift, "pinned").await.is_empty());
    }

    async fn a_school_hears_that_somebody_stands_there_after_all(app: TestApp) {
        at(&app, "2026-08-31T09:00");
        let bureau = bureau(&app).await;
        let officer = bureau.person(&app, "冯志强", PersonKind::Officer, Some(5), false).await;
        let shift = bureau.put(&app, "2026-09-01", bureau.gate, Some(officer)).await.unwrap();
        let path = format!("/duty-shifts/{shift}");
        at(&app, "2026-08-31T09:11");
        assert!(!was_told(&app, &bureau).await);
        at(&app, "2026-08-31T09:20");
        bureau.chief(&app).await.post(&format!("{path}/absence"), &[("absent_why", "看错了人")]).await.assert_ok();
        at(&app, "2026-08-31T09:31");
        assert!(!was_told(&app, &bureau).await, "that nobody stands there");
        assert!(was_told(&app, &bureau).await);
        at(&app, "2026-08-31T09:40");
        bureau.chief(&app).await.post(&format!("{path}/absence/removal"), &[("back_why", "点错了")]).await.assert_ok();
        at(&app, "2026-08-31T09:51");
        assert!(!was_told(&app, &bureau).await, "that somebody does");
        // The same where whoever was absent comes.
        at(&app, "2026-09-01T06:20");
        bureau.chief(&app).await.post(&format!("{path}/absence"), &[("absent_why", "没有来")]).await.assert_ok();
        at(&app, "2026-09-01T06:31");
        assert!(!was_told(&app, &bureau).await);
        let own = bureau.link(&app, officer).await;
        app.browser().post(&format!("{own}/shifts/{shift}"), &[("step", "come")]).await.assert_ok();
        at(&app, "2026-09-01T06:42");
        assert!(!was_told(&app, &bureau).await);
    }


    async fn nobody_is_called_for_a_shift_that_nobody_has_to_stand(app: TestApp) {
        at(&app, "2026-08-31T20:00");
        let bureau = bureau(&app).await;
        let ill = bureau.person(&app, "冯志强", PersonKind::Officer, Some(5), false).await;
        let other = bureau.person(&app, "任建平", PersonKind::Officer, Some(5), false).await;
        let near = bureau.person(&app, "高瑞芹", PersonKind::Officer, Some(6), true).await;
        let called_off = bureau.put(&app, "2026-09-10", bureau.gate, Some(ill)).await.unwrap();
        let absent = [("absent_why", "外出培训")];
        let chief = bureau.chief(&app).await;
        let path = format!("/duty-shifts/{called_off}");
        chief.post(&format!("{path}/absence"), &absent).await.assert_ok().assert_contains("起系统自动叫备勤");
        // The peak is not kept on Thursdays any more, which cancels what stands then, and somebody is put there all the same.
        let mut tx = app.db.begin().await.unwrap();
        let days = duty::Weekdays::of([1, 2, 3, 5]);
        duty::set_weekdays(&mut tx, &bureau.act(&app), bureau.schools[0], bureau.morning, days).await.unwrap();
        tx.commit().await.unwrap();
        chief.get(&path).await.assert_contains("已取消").assert_lacks("起系统自动叫备勤");
        let ahead = bureau.put(&app, "2026-09-10", bureau.gate, Some(ill)).await.unwrap();
        let later = bureau.put(&app, "2026-09-10", bureau.crossing, Some(other)).await.unwrap();
        let path = format!("/duty-shifts/{ahead}");
        chief.post(&format!("{path}/absence"), &absent).await.assert_ok().assert_contains("本来就不用站，没有叫备勤");
        chief.get(&path).await.assert_lacks("起系统自动叫备勤");
        chief.get("/today").await.assert_lacks("重新安排");
        let own = bureau.link(&app, near).await;
        at(&app, "2026-09-09T18:00");
        bureau.chief(&app).await.get("/today").await.assert_lacks("重新安排");
        at(&app, "2026-09-09T19:10");
        watch(&app).await;
        app.browser().get(&own).await.assert_lacks("请您去顶岗");
        let chief = bureau.chief(&app).await;
        chief.post(&format!("/duty-shifts/{later}/absence"), &absent).await.assert_ok().assert_contains("本来就不用站，没有叫备勤");
        app.browser().get(&own).await.assert_lacks("请您去顶岗");
    }

    async fn an_absence_is_taken_back_only_by_whoever_can_still_come(app: TestApp) {
        at(&app, "2026-08-31T20:00");
        let bureau = bureau(&app).await;
        let officer = bureau.person(&app, "冯志强", PersonKind::Officer, Some(5), false).await;
        let shift = bureau.put(&app, "2026-09-10", bureau.gate, Some(officer)).await.unwrap();
        let chief = bureau.chief(&app).await;
        let path = format!("/duty-shifts/{shift}/absence");
        chief.post(&path, &[("absent_why", "外出培训")]).await.assert_ok();
        let elsewhere = bureau.put(&app, "2026-09-10", bureau.crossing, Some(officer)).await.unwrap();
        let back = [("back_why", "培训取消了")];
        chief.post(&format!("{path}/removal"), &back).await.assert_status(422).assert_contains("时间重叠了");
        chief.post(&format!("/duty-shifts/{elsewhere}/cancellation"), &[("why", "排错了")]).await.assert_ok();
        chief.post(&format!("{path}/removal"), &back).await.assert_ok().assert_contains("缺岗已撤销");
    }
}
