//! Meetings in a calendar that a phone keeps up to date: an estate's for everybody, and one's own by a secret address.

use doorstep::access::{Reach, Role};
use jiff::Timestamp;

use crate::stories::cast::estate;
use crate::support::Browser;

/// Calls a meeting of the estate for a day at ten, and gives its path.
async fn call(browser: &Browser, estate: &str, day: &str, topic: &str) -> String {
    let form = [
        ("estate", estate),
        ("kind", "deliberation"),
        ("day", day),
        ("time", "10:00"),
        ("place", "小区党群服务站"),
        ("host", "王书记"),
        ("topics", topic),
    ];
    browser.post("/meetings", &form).await.assert_ok().url.clone()
}

db_test! {
    async fn a_calendar_follows_what_is_called_moved_and_called_off(app: TestApp) {
        app.means.clock.set("2026-11-27T09:00:00+08:00".parse::<Timestamp>().unwrap());
        let place = estate(&app).await;
        let secretary = app.person(Role::BranchSecretary).reaching(Reach::Estate, place.estate).browser().await;
        let estate = place.estate.to_string();
        let meeting = call(&secretary, &estate, "2026-12-05", "停车位设置").await;
        let public = format!("/board/{}/estates/{estate}/calendar.ics", app.home.code);
        let stranger = app.browser();
        // A draft is nobody else's business.
        stranger.get(&public).await.assert_ok().assert_contains("BEGIN:VCALENDAR").assert_lacks("BEGIN:VEVENT");

        secretary.get("/meetings/calendar").await.assert_ok().assert_lacks("/calendars/");
        let page = secretary.post("/meetings/calendar", &[]).await;
        let address = |text: &str| {
            let (_, after) = text.split_once("/calendars/").unwrap();
            format!("/calendars/{}", after.split_once('<').unwrap().0)
        };
        let first = address(&page.assert_ok().body);
        let own = stranger.get(&first).await;
        own.assert_ok().assert_contains("DTSTART:20261205T020000Z").assert_contains("STATUS:TENTATIVE");

        let version = secretary.get(&meeting).await.input("version");
        let notice = [("version", version.as_str()), ("notice", "12月5日上午10点到党群服务站商量停车位。")];
        secretary.post(&format!("{meeting}/notice"), &notice).await.assert_ok();
        let told = stranger.get(&public).await;
        told.assert_contains("DTSTART:20261205T020000Z").assert_contains("STATUS:CONFIRMED").assert_contains("SEQUENCE:");
        let version = secretary.get(&meeting).await.input("version");
        let plan = [("version", version.as_str()), ("day", "2026-12-06"), ("time", "15:00"), ("place", "东门凉亭"), ("host", "王书记")];
        secretary.post(&format!("{meeting}/plan"), &plan).await.assert_ok();
        stranger.get(&public).await.assert_contains("DTSTART:20261206T070000Z").assert_lacks("DTSTART:20261205T020000Z");
        let version = secretary.get(&meeting).await.input("version");
        secretary.post(&format!("{meeting}/cancellation"), &[("version", version.as_str()), ("cancel_reason", "下雪改日再开")]).await.assert_ok();
        stranger.get(&public).await.assert_contains("STATUS:CANCELLED");

        // A new address, and the old one leads nowhere; closed, the new one neither.
        let second = address(&secretary.post("/meetings/calendar", &[]).await.body);
        assert_ne!(first, second);
        stranger.get(&first).await.assert_status(404);
        stranger.get(&second).await.assert_ok();
        secretary.post("/meetings/calendar", &[("close", "yes")]).await.assert_ok().assert_lacks("/calendars/");
        stranger.get(&second).await.assert_status(404);
        stranger.get("/calendars/x").await.assert_status(404);
    }
}
