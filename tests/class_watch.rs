//! 七彩四点半, what is watched: no child is left behind, and none is missing without anybody asking.

use doorstep::access::Role;
use doorstep::after_school;

use crate::after_school::link as guardian_link;
use crate::class_sessions::{Class, START, adult, form, group, notices, row, step, watch};
use crate::volunteer::at;

db_test! {
    async fn a_child_that_is_missing_is_called_about(app: TestApp) {
        let class = Class::new(&app).await;
        group(&app).await;
        let (child, ill) = (class.child(&app, &[]).await, class.child(&app, &[("child_name", "高小明")]).await);
        let own = guardian_link(&class.staff(&app).await, &ill).await;
        let coming = app.browser().get(&own).await;
        coming.assert_contains("要上的课").assert_contains("请假");
        let session = class.id().to_string();
        app.browser().post(&format!("{own}/leaves"), &[("session", &session)]).await.assert_ok().assert_contains("请好假了");
        let keepers = class.open(&app).await;
        let phone = app.browser();
        at(&app, START);
        app.browser().post(&format!("{own}/leaves"), &[("session", &session)]).await.assert_contains("已经开始上课");
        step(&phone, &keepers[0], &child, "absent", &[]).await.assert_ok().assert_contains("给监护人打电话").assert_contains("13800001234");
        class.staff(&app).await.get("/today").await.assert_contains("有孩子没来，没请假").assert_lacks("刘小雨");
        at(&app, "2026-12-01T16:46:00+08:00");
        watch(&app).await;
        watch(&app).await;
        assert_eq!(notices(&app, &class).await, 1, "nobody has called within a quarter of an hour");
        phone.get(&keepers[0]).await.assert_contains("已经晚了");
        step(&phone, &keepers[0], &child, "call", &[("value", "no_answer")]).await.assert_ok().assert_contains("没打通").assert_lacks("已经晚了");
        step(&phone, &keepers[0], &child, "call", &[("value", "on_way")]).await.assert_ok();
        class.staff(&app).await.get("/today").await.assert_lacks("有孩子没来，没请假");
        // Who is on the way has not come yet.
        at(&app, "2026-12-01T17:02:00+08:00");
        watch(&app).await;
        assert_eq!(notices(&app, &class).await, 2, "nobody has seen whether the child came");
        class.staff(&app).await.get("/today").await.assert_contains("有孩子没来，没请假");
        step(&phone, &keepers[0], &child, "call", &[("value", "on_way")]).await.assert_ok();
        class.staff(&app).await.get("/today").await.assert_lacks("有孩子没来，没请假");
        step(&phone, &keepers[0], &child, "arrive", &[]).await.assert_ok().assert_contains("迟到");
        // Who was on leave comes after all.
        step(&phone, &keepers[0], &ill, "arrive", &[]).await.assert_ok();
    }

    async fn a_child_of_whom_nothing_is_tapped_is_missed(app: TestApp) {
        let class = Class::new(&app).await;
        group(&app).await;
        let child = class.child(&app, &[]).await;
        let keepers = class.open(&app).await;
        let phone = app.browser();
        at(&app, "2026-12-01T16:54:00+08:00");
        watch(&app).await;
        assert_eq!(notices(&app, &class).await, 0);
        class.staff(&app).await.get("/today").await.assert_lacks("有孩子没来，没请假");
        at(&app, "2026-12-01T16:55:00+08:00");
        watch(&app).await;
        assert_eq!(notices(&app, &class).await, 1, "ten minutes late, and a quarter of an hour to call");
        class.staff(&app).await.get("/today").await.assert_contains("有孩子没来，没请假");
        phone.get(&keepers[0]).await.assert_contains("tel:13800001234");
        // Put down when the class has begun, a child is missed later.
        let other = class.child(&app, &[("child_name", "高小明")]).await;
        step(&phone, &keepers[0], &child, "call", &[("value", "not_coming")]).await.assert_ok().assert_contains("没来，没请假");
        class.staff(&app).await.get("/today").await.assert_lacks("有孩子没来，没请假");
        at(&app, "2026-12-01T17:20:00+08:00");
        watch(&app).await;
        assert_eq!(notices(&app, &class).await, 2);
        step(&phone, &keepers[0], &other, "arrive", &[]).await.assert_ok();
        class.staff(&app).await.get("/today").await.assert_lacks("有孩子没来，没请假");
    }

    async fn a_class_that_was_never_opened_alarms_until_somebody_says_what_became_of_the_children(app: TestApp) {
        let class = Class::new(&app).await;
        class.child(&app, &[]).await;
        group(&app).await;
        for (moment, told) in [("16:41", 1), ("18:29", 1), ("18:30", 2), ("18:39", 2), ("18:40", 3)] {
            at(&app, &format!("2026-12-01T{moment}:00+08:00"));
            watch(&app).await;
            assert_eq!(notices(&app, &class).await, told, "{moment}");
        }
        let staff = class.staff(&app).await;
        staff.get("/today").await.assert_contains("课没有开，孩子怎样了没人知道");
        staff.get(&class.path).await.assert_contains("警报：这次课没有开");
        step(&staff, &class.path, "", "account", &[("account", " ")]).await.assert_status(422).assert_contains("每个孩子");
        let words = [("account", "停电了，都由家长当场领回")];
        step(&staff, &class.path, "", "account", &words).await.assert_ok().assert_contains("任建平：停电了").assert_lacks("警报");
        staff.get("/today").await.assert_lacks("孩子怎样了没人知道");
        at(&app, "2026-12-01T19:30:00+08:00");
        watch(&app).await;
        assert_eq!(notices(&app, &class).await, 3);
    }

    async fn nobody_is_left_behind(app: TestApp) {
        let class = Class::new(&app).await;
        group(&app).await;
        let child = class.child(&app, &[]).await;
        let keepers = class.open(&app).await;
        let phone = app.browser();
        step(&phone, &keepers[0], &child, "arrive", &[]).await.assert_ok();
        at(&app, "2026-12-01T18:29:59+08:00");
        watch(&app).await;
        assert_eq!(row(&app, &class, &child).await.presence.alarms, 0);
        at(&app, "2026-12-01T18:30:00+08:00");
        watch(&app).await;
        watch(&app).await;
        assert_eq!(row(&app, &class, &child).await.presence.alarms, 1, "and not again at once");
        assert_eq!(notices(&app, &class).await, 1);
        let staff = class.staff(&app).await;
        for page in ["/today", "/class-sessions", "/children"] {
            staff.get(page).await.assert_contains("警报").assert_lacks("刘小雨");
        }
        staff.get(&class.path).await.assert_contains("警报：刘某某还没接走");
        phone.get(&keepers[1]).await.assert_contains("警报：刘小雨还没接走").assert_contains("tel:13800001234");
        at(&app, "2026-12-01T18:40:00+08:00");
        watch(&app).await;
        assert_eq!(row(&app, &class, &child).await.presence.alarms, 2, "nobody has answered");
        assert_eq!(notices(&app, &class).await, 2);
        // An answer puts it off; the child is still here.
        step(&class.staff(&app).await, &class.path, &child, "answer", &[("value", "on_way")]).await.assert_ok().assert_lacks("警报");
        at(&app, "2026-12-01T18:54:00+08:00");
        watch(&app).await;
        assert!(row(&app, &class, &child).await.presence.alarm_at.is_none());
        at(&app, "2026-12-01T18:55:00+08:00");
        watch(&app).await;
        assert_eq!(row(&app, &class, &child).await.presence.alarms, 3);
        // Staff who do not hold the class let nobody go.
        let value = adult(&phone.get(&keepers[0]).await, "王桂香");
        step(&class.staff(&app).await, &class.path, &child, "listed", &[("value", &value)]).await.assert_status(422).assert_contains("不在这次课的带班表上");
        step(&phone, &keepers[0], &child, "listed", &[("value", &value)]).await.assert_ok().assert_lacks("警报");
        at(&app, "2026-12-01T20:00:00+08:00");
        watch(&app).await;
        assert_eq!(row(&app, &class, &child).await.presence.alarms, 3);
        class.staff(&app).await.get("/today").await.assert_lacks("警报");
    }

    async fn where_nobody_hears_the_alarms_that_is_said(app: TestApp) {
        let admin = app.person(Role::SecurityAdmin).browser().await;
        admin.get("/accounts").await.assert_contains("没有人管七彩四点半");
        app.person(Role::Staff).create().await;
        admin.get("/accounts").await.assert_lacks("没有人管七彩四点半");
    }

    async fn staff_are_told_of_a_class_that_nobody_has_opened(app: TestApp) {
        let class = Class::new(&app).await;
        class.child(&app, &[]).await;
        group(&app).await;
        at(&app, "2026-12-01T16:41:00+08:00");
        class.staff(&app).await.get("/today").await.assert_contains("到点还没开课");
        watch(&app).await;
        assert!(!after_school::watch_some(&app.db, &app.means).await.unwrap(), "once");
        assert_eq!(notices(&app, &class).await, 1);
    }

    async fn that_a_child_was_left_behind_stands_on_every_page_of_the_class(app: TestApp) {
        let class = Class::new(&app).await;
        let child = class.child(&app, &[]).await;
        let place = class.estate.to_string();
        let mut later = form(&place);
        later.retain(|(name, _)| *name != "day");
        later.push(("day", "2026-12-02"));
        let other = class.staff(&app).await.post("/class-sessions", &later).await.assert_ok().url.clone();
        let keepers = class.open(&app).await;
        let phone = app.browser();
        step(&phone, &keepers[0], &child, "arrive", &[]).await.assert_ok();
        let staff = class.staff(&app).await;
        staff.get("/class-sessions/new").await.assert_lacks("警报");
        at(&app, "2026-12-01T18:30:00+08:00");
        watch(&app).await;
        let staff = class.staff(&app).await;
        let (edit, child) = (format!("{other}/particulars"), format!("/children/{child}"));
        for page in ["/children", "/children/new", child.as_str(), "/class-sessions", "/class-sessions/new", other.as_str(), edit.as_str(), "/class-vettings", "/class-messages",
            "/class-help", "/class-incidents", "/class-incidents/new"] {
            let page = staff.get(page).await;
            page.assert_ok().assert_contains("警报：还有孩子没接走").assert_contains(&class.path).assert_lacks("刘小雨");
        }
        staff.post("/class-sessions", &[]).await.assert_status(422).assert_contains("警报：还有孩子没接走");
        staff.get(&class.path).await.assert_contains("警报：刘某某还没接走").assert_lacks("警报：还有孩子没接走");
        phone.get(&format!("{}/pictures", keepers[0])).await.assert_contains("警报：还有孩子没接走");
        staff.get("/issues").await.assert_lacks("警报：还有孩子没接走");
    }
}
