//! The numbers that a community works by: the system administrator changes them, from a day on, with a source.

use doorstep::access::Role;
use doorstep::issue;
use jiff::SignedDuration;

use crate::support::TestApp;

/// How long a new issue may wait to be accepted, in hours.
async fn hours_to_accept(app: &TestApp) -> i64 {
    let id = app.file_issue(Vec::new()).await;
    let issue = issue::issue(&mut app.db.read().await.unwrap(), app.home.tenant, id).await.unwrap();
    issue.due_at.duration_since(issue.reported_at).as_hours()
}

/// The form of the steps' time limits as it comes, with one field changed.
fn steps<'a>(accept: &'a str, from: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("/accept_minutes", accept),
        ("/publish_minutes", "2 天"),
        ("/survey_minutes", "7 天"),
        ("/close_minutes", "3 天"),
        ("/acknowledge_minutes", "7 天"),
        ("/publicity_days", "7 天"),
        ("/contact_attempts", "3"),
        ("/extension_days", "30 天"),
        ("/soon_percent", "80%"),
        ("/clock", "natural"),
        ("effective_from", from),
        ("source", "社区居民会议 2026年11月20日 决议"),
    ]
}

db_test! {
    async fn a_new_number_holds_from_its_day_on(app: TestApp) {
        let admin = app.person(Role::SystemAdmin).browser().await;
        admin.get("/settings/issue.steps").await.assert_ok().assert_contains("多久内受理").assert_contains("1 天");
        let saved = admin.post("/settings/issue.steps", &steps("４小时", "2026-11-25")).await;
        saved.assert_ok().assert_contains("自 2026-11-25 起生效").assert_contains("4 小时");
        assert_eq!(hours_to_accept(&app).await, 24);
        app.means.clock.set(app.means.now() + SignedDuration::from_hours(48));
        assert_eq!(hours_to_accept(&app).await, 4);
        let auditor = app.person(Role::AuditAdmin).browser().await;
        auditor.get("/audit").await.assert_ok().assert_contains("定参数").assert_contains("issue.steps 自 2026-11-25 起");
    }

    async fn what_cannot_hold_is_turned_back_filled(app: TestApp) {
        let admin = app.person(Role::SystemAdmin).browser().await;
        let page = admin.post("/settings/issue.steps", &steps("一会儿", "2026-11-22")).await;
        page.assert_status(422).assert_contains("多久内受理看不懂").assert_contains("不能早于今天").assert_contains("一会儿");
        assert_eq!(hours_to_accept(&app).await, 24);
        admin.get("/settings/nothing").await.assert_status(404);
        let secretary = app.person(Role::Secretary).browser().await;
        secretary.get("/settings").await.assert_ok().assert_lacks("/settings/issue.steps");
        secretary.post("/settings/issue.steps", &steps("1 小时", "2026-11-25")).await.assert_status(403);
    }
}
