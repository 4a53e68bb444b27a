//! What the work on the pages costs, told by pages that are left.

use doorstep::access::Role;
use doorstep::tally;

use crate::support::TestApp;

/// A week goes by, and with it the sessions.
fn later(app: &TestApp) {
    app.means.clock.set(app.means.now() + jiff::SignedDuration::from_hours(24 * 7));
}

db_test! {
    async fn a_week_of_a_role_is_the_sum_of_what_pages_tell(app: TestApp) {
        let worker = app.person(Role::GridWorker).browser().await;
        let other = app.person(Role::GridWorker).browser().await;
        let staff = app.person(Role::Staff).browser().await;
        let secretary = app.person(Role::Secretary).browser().await;
        staff.get("/reports/burden").await.assert_ok().assert_contains("还没有数过");
        let told = [("entries", "6"), ("taps", "14"), ("seconds", "185")];
        worker.post("/tally", &told).await.assert_status(204);
        app.app.tally.write_down(&app.db).await.unwrap();
        other.post("/tally", &told).await.assert_status(204);
        // Nonsense counts as nothing, and nobody fills in a page for a year.
        other.post("/tally", &[("entries", "很多"), ("taps", "-3"), ("seconds", "99999999")]).await.assert_status(204);
        app.app.tally.write_down(&app.db).await.unwrap();
        app.app.tally.write_down(&app.db).await.unwrap();
        let monday = tally::week_of(app.means.now());
        let mut tx = app.db.read().await.unwrap();
        let weeks = tally::weeks(&mut tx, app.home.tenant, monday).await.unwrap();
        let [week] = &weeks[..] else { panic!("{weeks:?}") };
        assert_eq!((week.week.as_str(), week.role), ("2026-11-23", Role::GridWorker));
        assert_eq!((week.entries, week.taps, week.seconds), (12, 28, 2 * 185 + 8 * 3_600));
        drop(tx);
        // What two people have done in a week is nobody's business, nor what they and one other have.
        secretary.post("/tally", &told).await.assert_status(204);
        app.app.tally.write_down(&app.db).await.unwrap();
        staff.get("/reports/burden").await.assert_ok().assert_lacks("网格员</h2>").assert_lacks("合计</h2>");
        // With more people the week that is over for them stays what it was: the fewest that there were count.
        for _ in 0..3 {
            app.person(Role::GridWorker).create().await;
        }
        worker.post("/tally", &told).await.assert_status(204);
        app.app.tally.write_down(&app.db).await.unwrap();
        staff.get("/reports/burden").await.assert_lacks("网格员</h2>").assert_lacks("合计</h2>");
        // A week later five are told by themselves, and the secretary with nobody.
        later(&app);
        let (worker, staff, secretary) = (
            app.person(Role::GridWorker).browser().await,
            app.person(Role::Staff).browser().await,
            app.person(Role::Secretary).browser().await,
        );
        worker.post("/tally", &told).await.assert_status(204);
        secretary.post("/tally", &told).await.assert_status(204);
        app.app.tally.write_down(&app.db).await.unwrap();
        let page = staff.get("/reports/burden").await;
        page.assert_contains("网格员</h2>").assert_lacks("合计</h2>");
        let rows: Vec<&str> = page.body.split("<tr>").filter(|row| row.contains("日起")).collect();
        assert!(rows[0].contains("11月30日起") && rows[0].contains("<td class=\"num\">6</td><td class=\"num\">6</td><td class=\"num\">14</td>"), "{}", rows[0]);
        assert!(rows[1].contains("11月23日起") && rows[1].contains("—") && !rows[1].contains("42"), "{}", rows[1]);
        // Three secretaries and three of the staff are told together.
        later(&app);
        let (staff, secretary) = (app.person(Role::Staff).browser().await, app.person(Role::Secretary).browser().await);
        secretary.post("/tally", &told).await.assert_status(204);
        staff.post("/tally", &told).await.assert_status(204);
        app.app.tally.write_down(&app.db).await.unwrap();
        let page = staff.get("/reports/burden").await;
        page.assert_contains("人少的岗位合计</h2>");
        page.assert_contains("<td class=\"num\">6</td><td class=\"num\">12</td><td class=\"num\">28</td>");
        app.browser().post("/tally", &told).await.assert_contains("登录");
        app.person(Role::GridWorker).browser().await.get("/reports/burden").await.assert_status(403);
    }
}
