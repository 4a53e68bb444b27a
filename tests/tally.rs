//! What the work on the pages costs, told by pages that are left.

use doorstep::access::Role;
use doorstep::tally;

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
        for _ in 0..2 {
            app.person(Role::GridWorker).create().await;
        }
        staff.get("/reports/burden").await.assert_contains("人少的岗位合计</h2>").assert_contains("现在有 5 人").assert_lacks("网格员</h2>");
        app.person(Role::GridWorker).create().await;
        staff.get("/reports/burden").await.assert_contains("网格员</h2>").assert_contains("现在有 5 人").assert_lacks("人少的岗位合计</h2>");
        app.browser().post("/tally", &told).await.assert_contains("登录");
        worker.get("/reports/burden").await.assert_status(403);
    }
}
