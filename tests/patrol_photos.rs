//! Photos of what was seen on a round: from the phone to the desk and on into the ledger, sent once.

use doorstep::access::{Reach, Role, Scope};
use doorstep::duty::PersonKind;
use doorstep::hazard::{self, PlaceKind};
use doorstep::patrol::{Days, How};
use uuid::Uuid;

use crate::duty::bureau;
use crate::patrol::{at, checks, clock, code, laid, own, planned, tap};
use crate::stories::cast::photo_of;
use crate::support::{Browser, Page};

/// What a form carries on of the photos that came with an earlier try.
fn kept(page: &Page, field: &str) -> Vec<String> {
    let before = format!("name=\"{field}-kept\" value=\"");
    page.between_all(&before, "\"").map(str::to_owned).collect()
}

/// The addresses of the pictures on a page that begin with something.
fn pictures(page: &Page, begin: &str) -> Vec<String> {
    let before = format!("<img src=\"{begin}");
    page.between_all(&before, "\"").map(|rest| format!("{begin}{rest}")).collect()
}

/// Which photos they are.
fn ids(pictures: &[String]) -> Vec<&str> {
    pictures.iter().map(|picture| picture.rsplit('/').next().unwrap()).collect()
}

db_test! {
    async fn photos_go_with_a_note_to_the_desk_and_on_into_the_ledger_and_are_sent_once(app: TestApp) {
        at(&app, "2026-08-31T09:00:00+08:00");
        let bureau = bureau(&app).await;
        let (route, points) = laid(&app, &bureau, bureau.stations[0], "滨河路街面", Days::Every).await;
        let officer = bureau.person(&app, "冯志强", PersonKind::Officer, None, false).await;
        let round = planned(&app, &bureau, route, "2026-09-01", &[officer]).await;
        let (mine, phone) = (own(&app, &bureau, officer).await, app.browser());
        clock(&app, "07:20:00");
        let (field, other) = (format!("photos-{round}-{}", points[0]), format!("photos-{round}-{}", points[1]));
        phone.get(&mine).await.assert_ok().assert_contains(&format!("name=\"{field}\"")).assert_contains(&format!("name=\"{other}\""));
        let (step, point, carried) = (format!("{mine}/rounds/{round}"), points[0].to_string(), format!("{field}-kept"));
        let (first, second) = (photo_of(1), photo_of(2));
        // Photos of which nobody says what they show wait for words, and only in the form of their point.
        let silent = [("step", "check"), ("point", point.as_str()), ("note", "")];
        let page = phone.post_files(&step, &silent, &[(field.as_str(), "1.jpg", first.as_slice())]).await;
        page.assert_status(422).assert_contains("请再写一句看到了什么").assert_contains("已收到 1 张照片");
        let brought = kept(&page, &field);
        assert_eq!((brought.len(), kept(&page, &other).len()), (1, 0));
        // The list of errors leads to the field, which says it as well.
        page.assert_contains("href=\"#note\"").assert_contains("<textarea id=\"note\" name=\"note\"").assert_contains("id=\"note-error\"");
        page.assert_contains("aria-describedby=\"note-error\"").assert_contains(&format!("id=\"note-{round}-{}\"", points[1]));
        assert_eq!(page.body.matches("id=\"note\"").count(), 1);
        assert!(checks(&app, &bureau, round).await.is_empty());
        // What is no photo is said to be none, and loses neither words nor the other photos.
        let form = [("step", "check"), ("point", point.as_str()), ("note", "井盖松动"), (carried.as_str(), brought[0].as_str())];
        let files = [(field.as_str(), "2.jpg", second.as_slice()), (field.as_str(), "x.jpg", b"no photo".as_slice())];
        let page = phone.post_files(&step, &form, &files).await;
        page.assert_status(422).assert_contains("这张照片打不开").assert_contains(">井盖松动</textarea>").assert_contains("已收到 2 张照片");
        let brought = kept(&page, &field);
        let form = [&form[..3], &[(carried.as_str(), brought[0].as_str()), (carried.as_str(), brought[1].as_str())]].concat();
        phone.post_files(&step, &form, &[]).await.assert_ok().assert_contains("到了，已记下");
        // Nobody has to take one.
        tap(&phone, &mine, round, points[1], "").await.assert_ok();
        let end = [("step", "end"), ("words", "有事打 13800001111")];
        let page = phone.post(&step, &end).await;
        page.assert_status(422).assert_contains("href=\"#words\"").assert_contains("<textarea id=\"words\"").assert_contains("id=\"words-error\"");

        let note = checks(&app, &bureau, round).await.iter().find(|check| check.waiting).unwrap().id;
        let chief = bureau.chief(&app).await;
        let begin = format!("/patrol-notes/{note}/photos/");
        let shown = pictures(&chief.get(&format!("/patrol-rounds/{round}")).await, &begin);
        assert_eq!(shown.len(), 2);
        assert!(chief.download(&shown[0]).await.starts_with(&[0xff, 0xd8]));
        // Neither another station nor another tenant sees them, and a note shows no other photo.
        let far = app.person(Role::DutyChief).of_community(&bureau.community).of_organisation(bureau.stations[1]);
        far.reaching(Reach::Organisation, bureau.stations[1]).browser().await.get(&shown[0]).await.assert_status(404);
        app.person(Role::DutyChief).browser().await.get(&shown[0]).await.assert_status(404);
        chief.get(&format!("{begin}{}", Uuid::nil())).await.assert_status(404);

        // The desk makes a hazard of it: the photos come along.
        let page = chief.get("/patrols").await;
        assert_eq!(pictures(&page, &begin), shown);
        let (brought, origin, school) = (kept(&page, "photos"), page.input("origin"), bureau.schools[0].to_string());
        assert_eq!(brought.len(), 2);
        let known = [("origin", origin.as_str()), ("school", school.as_str()), ("place", "滨河路口附近"), ("description", "井盖松动"), ("photos-kept", brought[0].as_str()), ("photos-kept", brought[1].as_str())];
        let form = chief.post("/hazards/new", &known).await;
        form.assert_ok().assert_contains("已收到 2 张照片");
        assert_eq!(kept(&form, "photos"), brought);
        // Another school is chosen on the form itself: a link to another page would lose all of it.
        form.assert_contains("<select id=\"school\"").assert_contains(&format!("value=\"{school}\" selected")).assert_lacks("换一所");
        let send = [&known[..], &[("distance", "50"), ("listed", ""), ("kind", "crowd")]].concat();
        let page = chief.post("/hazards", &send).await;
        page.assert_ok().assert_contains("已登记，请定级");
        let found = pictures(&page, "/hazards/");
        assert_eq!(ids(&found), ids(&shown));
        assert!(chief.download(&found[1]).await.starts_with(&[0xff, 0xd8]));
        // The note keeps them too.
        assert_eq!(pictures(&chief.get(&format!("/patrol-rounds/{round}")).await, &begin), shown);
    }

    async fn another_school_is_chosen_for_what_was_seen_without_losing_any_of_it(app: TestApp) {
        at(&app, "2026-08-31T09:00:00+08:00");
        let bureau = bureau(&app).await;
        let (route, points) = laid(&app, &bureau, bureau.stations[0], "滨河路街面", Days::Every).await;
        let mut tx = app.db.begin().await.unwrap();
        let near = hazard::school(&mut tx, bureau.community.tenant, &Scope::tenant(), bureau.schools[0]).await.unwrap();
        let words = ("滨河路夜市", "滨河路中段", "晚上");
        let place = hazard::add_place(&mut tx, &bureau.act(&app), &near, PlaceKind::Crowd, words, 180).await.unwrap().to_string();
        tx.commit().await.unwrap();
        let officer = bureau.person(&app, "冯志强", PersonKind::Officer, None, false).await;
        let round = planned(&app, &bureau, route, "2026-09-01", &[officer]).await;
        clock(&app, "07:20:00");
        tap(&app.browser(), &own(&app, &bureau, officer).await, round, points[0], "摊位占了消防通道").await.assert_ok();
        let chief = bureau.chief(&app).await;
        let origin = chief.get("/patrols").await.input("origin");
        let (guessed, other) = (bureau.schools[0].to_string(), bureau.schools[1].to_string());
        let post = async |browser: &Browser, path: &str, school: &str| {
            let fields = [("origin", origin.as_str()), ("school", school), ("place", "滨河路中段"), ("distance", "180"), ("listed", place.as_str()), ("kind", "crowd"), ("description", "摊位占了消防通道")];
            browser.post(path, &fields).await
        };
        let form = post(&chief, "/hazards/new", &guessed).await;
        form.assert_ok().assert_contains(&format!("value=\"{guessed}\" selected")).assert_contains(&format!("value=\"{place}\" selected"));
        // The place is not around the other school, which has none: so that is said of the school, and the next try goes without.
        let page = post(&chief, "/hazards", &other).await;
        page.assert_status(422).assert_contains("href=\"#school\">这个部位不在所选学校周边").assert_lacks("name=\"listed\"");
        page.assert_contains(&format!("value=\"{other}\" selected")).assert_contains(">摊位占了消防通道</textarea>");
        assert_eq!(page.input("origin"), origin);
        // While no school is chosen there is no list of places, and the one that came along is kept.
        let far = app.person(Role::DutyChief).of_community(&bureau.community).of_organisation(bureau.stations[1]);
        let far = far.reaching(Reach::Organisation, bureau.stations[1]).browser().await;
        let form = post(&far, "/hazards/new", &guessed).await;
        form.assert_ok().assert_contains("<select id=\"school\"").assert_lacks("田家会小学");
        assert_eq!(form.input("listed"), place);
        let page = post(&far, "/hazards", "").await;
        assert_eq!(page.assert_status(422).input("listed"), place);
    }

    async fn the_same_photos_twice_are_once_and_others_wait_by_themselves(app: TestApp) {
        at(&app, "2026-08-31T09:00:00+08:00");
        let bureau = bureau(&app).await;
        let (route, points) = laid(&app, &bureau, bureau.stations[0], "滨河路街面", Days::Every).await;
        let officer = bureau.person(&app, "冯志强", PersonKind::Officer, None, false).await;
        let round = planned(&app, &bureau, route, "2026-09-01", &[officer]).await;
        let (mine, phone) = (own(&app, &bureau, officer).await, app.browser());
        let step = format!("{mine}/rounds/{round}");
        let send = async |point: Uuid, note: &str, numbers: &[usize]| {
            let (field, point) = (format!("photos-{round}-{point}"), point.to_string());
            let photos: Vec<Vec<u8>> = numbers.iter().map(|number| photo_of(*number)).collect();
            let files: Vec<(&str, &str, &[u8])> = photos.iter().map(|photo| (field.as_str(), "1.jpg", photo.as_slice())).collect();
            phone.post_files(&step, &[("step", "check"), ("point", point.as_str()), ("note", note)], &files).await
        };
        clock(&app, "07:20:00");
        tap(&phone, &mine, round, points[0], "井盖松动").await.assert_ok();
        // Somebody may have looked at the words meanwhile, so the photo waits by itself; a second tap of the same adds nothing.
        send(points[0], "井盖松动", &[1]).await.assert_ok();
        send(points[0], "井盖松动", &[1]).await.assert_ok();
        tap(&phone, &mine, round, points[0], "井盖松动").await.assert_ok();
        assert_eq!(checks(&app, &bureau, round).await.len(), 2);
        let chief = bureau.chief(&app).await;
        let page = chief.get(&format!("/patrol-rounds/{round}")).await;
        assert_eq!(pictures(&page, "/patrol-notes/").len(), 1);
        // A tap without words takes both.
        clock(&app, "07:30:00");
        tap(&phone, &mine, round, points[1], "").await.assert_ok();
        send(points[1], "路灯坏了两盏", &[2, 3]).await.assert_ok();
        let made = checks(&app, &bureau, round).await;
        assert_eq!((made.len(), made[2].note.as_str()), (3, "路灯坏了两盏"));
        let page = chief.get("/patrols").await;
        assert_eq!(pictures(&page, &format!("/patrol-notes/{}/photos/", made[2].id)).len(), 2);
        // As many as with a hazard, and no more.
        clock(&app, "07:40:00");
        let page = send(points[1], "摊位占了消防通道", &[4, 5, 6, 7, 8, 9, 10]).await;
        page.assert_status(422).assert_contains("最多 6 张照片").assert_contains("已收到 6 张照片").assert_contains(">摊位占了消防通道</textarea>");
        // Nobody sends one for a round that is not theirs.
        let stranger = bureau.person(&app, "薛改珍", PersonKind::Officer, None, false).await;
        let theirs = own(&app, &bureau, stranger).await;
        let form = [("step", "check"), ("point", "x"), ("note", "路过")];
        app.browser().post_files(&format!("{theirs}/rounds/{round}"), &form, &[]).await.assert_status(404);
    }

    async fn the_code_at_a_point_takes_photos_of_whoever_walks_there(app: TestApp) {
        at(&app, "2026-08-31T09:00:00+08:00");
        let bureau = bureau(&app).await;
        let (route, points) = laid(&app, &bureau, bureau.stations[0], "滨河路街面", Days::Every).await;
        let officer = bureau.person(&app, "冯志强", PersonKind::Officer, None, false).await;
        let round = planned(&app, &bureau, route, "2026-09-01", &[officer]).await;
        let path = code(&app, &bureau, points[0]).await;
        clock(&app, "07:20:00");
        let picture = photo_of(1);
        let files = [("photos", "1.jpg", picture.as_slice())];
        app.browser().post_files(&path, &[("note", "路过")], &files).await.assert_status(422).assert_lacks("已收到");
        let phone = app.browser();
        phone.get(&bureau.link(&app, officer).await).await.assert_ok();
        let page = phone.post_files(&path, &[("note", "")], &files).await;
        page.assert_status(422).assert_contains("请再写一句看到了什么").assert_contains("已收到 1 张照片");
        let brought = kept(&page, "photos");
        let form = [("note", "路灯坏了两盏"), ("photos-kept", brought[0].as_str())];
        phone.post_files(&path, &form, &[]).await.assert_ok().assert_contains("07:20 您到过这里");
        let made = checks(&app, &bureau, round).await;
        assert_eq!((made.len(), made[0].how), (1, How::Code));
        let chief = bureau.chief(&app).await;
        assert_eq!(pictures(&chief.get(&format!("/patrol-rounds/{round}")).await, "/patrol-notes/").len(), 1);
    }
}
