//! The board away from a phone: a screen that turns by itself, and paper.

use doorstep::board::{NewPublication, Period, PublicationKind, Snapshot, publish};
use jiff::ToSpan;
use uuid::Uuid;

use crate::stories::cast::estate;
use crate::support::TestApp;

async fn hang(app: &TestApp, estate: Option<Uuid>, kind: PublicationKind, title: &str, days: i64) {
    let act = app.act();
    let snapshot = Snapshot {
        text: format!("{title}的正文"),
        facts: vec![("地点".into(), "东门".into())],
        photos: vec![],
        link: None,
    };
    let (period, title) = (Period::Until(act.at + (days * 24).hours()), title.to_owned());
    let new = NewPublication { kind, estate, subject: act.id(), title, snapshot, period, named: vec![] };
    let mut tx = app.db.begin().await.unwrap();
    publish(&mut tx, &act, new).await.unwrap();
    tx.commit().await.unwrap();
    // The next one is later.
    app.means.clock.set(act.at + 1.minute());
}

db_test! {
    async fn a_screen_shows_one_after_the_other(app: TestApp) {
        let place = estate(&app).await;
        let stranger = app.browser();
        let screen = format!("/board/{}/estates/{}/screen", app.home.code, place.estate);
        stranger.get(&screen).await.assert_ok().assert_contains("有事请说").assert_contains("href=\"?n=0\" data-stay=\"20\"");

        hang(&app, Some(place.estate), PublicationKind::Meeting, "说事议事会预告", 3).await;
        hang(&app, Some(place.estate), PublicationKind::Result, "路灯已修好", 7).await;
        hang(&app, Some(place.estate), PublicationKind::Result, "早就公示过的", -1).await;
        hang(&app, None, PublicationKind::Announcement, "全社区停水通知", 7).await;
        // What one can still go to is first; what has run out is not on.
        let first = stranger.get(&screen).await;
        first.assert_ok().assert_contains("<h2>说事议事会预告</h2>").assert_contains("说事议事会预告的正文");
        first.assert_contains("href=\"?n=1\" data-stay=\"20\"").assert_lacks("早就公示过的");
        let second = stranger.get(&format!("{screen}?n=1")).await;
        second.assert_ok().assert_contains("<h2>全社区停水通知</h2>").assert_contains("href=\"?n=2\" data-stay=\"20\"");
        let third = stranger.get(&format!("{screen}?n=2")).await;
        third.assert_ok().assert_contains("<h2>路灯已修好</h2>").assert_contains("href=\"?n=0\" data-stay=\"20\"");
        stranger.get(&format!("{screen}?n=7")).await.assert_ok();

        let everywhere = stranger.get(&format!("/board/{}/screen", app.home.code)).await;
        everywhere.assert_ok().assert_contains("全社区停水通知").assert_contains("路灯已修好");
        let board = stranger.get(&format!("/board/{}/estates/{}", app.home.code, place.estate)).await;
        board.assert_contains("全社区停水通知");
        let position = |title: &str| board.body.find(title).unwrap();
        assert!(position("说事议事会预告") < position("路灯已修好"));
        stranger.get("/board/000000000000/screen").await.assert_status(404);
    }

    async fn a_screen_says_what_is_over(app: TestApp) {
        let place = estate(&app).await;
        let screen = format!("/board/{}/estates/{}/screen", app.home.code, place.estate);
        hang(&app, Some(place.estate), PublicationKind::Meeting, "上个月的议事会预告", -1).await;
        hang(&app, Some(place.estate), PublicationKind::Result, "早就公示过的", -1).await;
        let page = app.browser().get(&screen).await;
        page.assert_ok().assert_contains("<h2>早就公示过的</h2>").assert_contains("公示期已满").assert_lacks("公示中");
        page.assert_lacks("上个月的议事会预告");
    }

    async fn paper_has_all_that_hangs_in_full(app: TestApp) {
        let place = estate(&app).await;
        hang(&app, Some(place.estate), PublicationKind::Result, "路灯已修好", 7).await;
        hang(&app, Some(place.estate), PublicationKind::Decision, "停车位重新划线", 7).await;
        let paper = app.browser().get(&format!("/board/{}/estates/{}/paper", app.home.code, place.estate)).await;
        paper.assert_ok().assert_contains("路灯已修好的正文").assert_contains("停车位重新划线的正文");
        paper.assert_contains("11月30日").assert_contains("<svg").assert_contains("王府名苑小区公示栏");
    }
}
