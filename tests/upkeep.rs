//! What nobody needs any more is removed by itself, and nothing else.

use doorstep::{outbox, photo, upkeep};
use jiff::SignedDuration;
use uuid::Uuid;

use crate::support::TestApp;

/// A picture of one colour, as a form brings it.
async fn photo(app: &TestApp, colour: u8) -> Uuid {
    let picture = image::RgbImage::from_pixel(8, 8, image::Rgb([colour, 0, 0]));
    let mut file = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut file, image::ImageFormat::Png).unwrap();
    let picture = photo::prepare(file.into_inner().into()).await.unwrap();
    let mut tx = app.db.begin().await.unwrap();
    let id = photo::keep(&mut tx, &app.act(), &picture).await.unwrap();
    tx.commit().await.unwrap();
    id
}

async fn is_kept(app: &TestApp, id: Uuid) -> bool {
    photo::read(&mut app.db.read().await.unwrap(), app.home.tenant, id, photo::Size::Full).await.is_ok()
}

async fn pass(app: &TestApp, hours: i64) {
    app.means.clock.set(app.means.now() + SignedDuration::from_hours(hours));
    upkeep::once(&app.app).await.unwrap();
}

db_test! {
    async fn photos_of_forms_that_were_never_sent_go_after_two_days(app: TestApp) {
        let (forgotten, again, sent) = (photo(&app, 10).await, photo(&app, 120).await, photo(&app, 240).await);
        app.file_issue(vec![sent]).await;

        pass(&app, 47).await;
        assert!(is_kept(&app, forgotten).await && is_kept(&app, again).await && is_kept(&app, sent).await);
        assert_eq!(photo(&app, 120).await, again, "the same picture is kept once");
        pass(&app, 2).await;
        assert!(!is_kept(&app, forgotten).await);
        assert!(is_kept(&app, again).await, "sent a second time, it has its time again");
        pass(&app, 1000).await;
        assert!(!is_kept(&app, again).await);
        assert!(is_kept(&app, sent).await, "what an issue shows stays");
    }

    async fn delivered_messages_go_after_a_month(app: TestApp) {
        let mut tx = app.db.begin().await.unwrap();
        outbox::post(&mut tx, &app.act(), "knock", &1).await.unwrap();
        outbox::post(&mut tx, &app.act(), "knock", &2).await.unwrap();
        tx.commit().await.unwrap();
        let leased = outbox::lease(&app.db, &app.means, 1).await.unwrap();
        outbox::done(&app.db, &app.means, &leased[0]).await.unwrap();
        pass(&app, 31 * 24).await;
        let mut tx = app.db.begin().await.unwrap();
        let left = outbox::sweep(&mut tx, app.home.tenant, app.means.now() + SignedDuration::from_hours(1)).await;
        assert_eq!(left.unwrap(), 0, "the delivered one is gone already");
        drop(tx);
        assert_eq!(outbox::lease(&app.db, &app.means, 10).await.unwrap().len(), 1, "the waiting one is still there");
    }
}
