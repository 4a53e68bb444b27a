//! 法治进校园, what is shown at a lecture and kept of it: files that two people have looked at, copies that communities take, photos, and what goes
//! with whoever takes it back.

use doorstep::access::{Act, Role};
use doorstep::lecture::{self, MaterialKind, MaterialSketch};
use uuid::Uuid;

use crate::lecture::{Team, at, count, team};
use crate::lecture_course::session;
use crate::support::{Browser, TestApp};

db::statements! {
    COPIED = "SELECT COUNT(*) AS count FROM law_materials WHERE tenant_id = $1 AND size > 0";
    PICTURES = "SELECT COUNT(*) AS count FROM photos WHERE tenant_id = $1";
    FAILURES = "SELECT failure AS text FROM outbox_messages WHERE tenant_id = $1 AND failure IS NOT NULL";
    REASONS = "SELECT reason || fields AS text FROM audit_entries WHERE tenant_id = $1";
    SAME_PERSON = "UPDATE lecture_materials SET reviewed_by = desensitised_by, reviewed_at = desensitised_at WHERE tenant_id = $1 AND id = $2";
}

pub async fn work(app: &TestApp) {
    while doorstep::outbox::work(&app.app, &doorstep::app::handlers()).await.unwrap() > 0 {}
}

/// A material that two people have looked at.
pub async fn reviewed(app: &TestApp, team: &Team, content: &[u8]) -> Uuid {
    let one = app.person(Role::LectureStaff).of_community(&team.community).create().await.id;
    let other = app.person(Role::LectureLead).of_community(&team.community).create().await.id;
    let new = MaterialSketch {
        kind: MaterialKind::Video,
        title: "电子烟里的新型毒品".to_owned(),
        topic: team.topics[1],
        media_type: "video/mp4",
        content: content.to_vec(),
    };
    let mut tx = app.db.begin().await.unwrap();
    let id = lecture::add_material(&mut tx, &team.act(app), new).await.unwrap();
    for (account, first) in [(one, true), (other, false)] {
        let act = Act { account: Some(account), ..team.act(app) };
        let known = lecture::material(&mut tx, act.tenant, id).await.unwrap();
        let seen = known.lock_version;
        if first {
            lecture::desensitise(&mut tx, &act, &known, seen).await.unwrap();
        } else {
            lecture::review(&mut tx, &act, &known, seen, Ok(())).await.unwrap();
        }
    }
    tx.commit().await.unwrap();
    id
}

async fn part(browser: &Browser, app: &TestApp, path: &str, range: &str) -> (u16, Option<String>, Vec<u8>) {
    let client = reqwest::Client::new();
    let asked = client.get(format!("{}{path}", app.url)).header("range", range).header("cookie", browser.cookies());
    let answer = asked.header("accept-encoding", "gzip, br").send().await.unwrap();
    assert!(
        answer.headers().get("content-encoding").is_none(),
        "{path} {range}: {} {:?}",
        answer.status(),
        answer.headers()
    );
    let range = answer.headers().get("content-range").map(|value| value.to_str().unwrap().to_owned());
    (answer.status().as_u16(), range, answer.bytes().await.unwrap().to_vec())
}

db_test! {
    async fn a_file_that_shows_somebody_goes_back_or_goes_altogether(app: TestApp) {
        at(&app, "2026-08-28T09:00:00+08:00");
        let team = team(&app).await;
        let (one, other, tenant) = (team.staff(&app).await, team.lead(&app).await, team.community.tenant);
        let topic = team.topics[1].to_string();
        let fields = [("kind", "case"), ("title", "校园欺凌案例"), ("topic", topic.as_str())];
        let page = one.post_files("/lecture-materials", &fields, &[("file", "高小二的案例.pdf", &b"%PDF-1.7 one"[..])]).await;
        page.assert_ok().assert_contains("校园欺凌案例.pdf").assert_lacks("高小二");
        let (address, steps) = (page.url.clone(), format!("{}/steps", page.url));
        let id: Uuid = address.trim_start_matches("/lecture-materials/").parse().unwrap();
        let version = page.input("version");
        one.post(&steps, &[("step", "desensitise"), ("sure", "yes"), ("version", version.as_str())]).await.assert_ok();
        // Not by the same person, whatever the program thinks.
        let mut tx = app.db.begin().await.unwrap();
        assert!(tx.execute(SAME_PERSON.bind(tenant).bind(id)).await.is_err());
        drop(tx);
        let version = other.get(&address).await.input("version");
        other.post(&steps, &[("step", "give_back"), ("version", version.as_str()), ("why", "第二页写着高小二家住哪里")]).await.assert_ok();
        let page = one.get(&address).await;
        page.assert_contains("退回来的").assert_contains("第二页").assert_contains("换一个处理过的文件");
        let version = page.input("version");
        one.post_files(&steps, &[("step", "replace"), ("version", version.as_str())], &[]).await.assert_status(422).assert_contains("请选择文件");
        one.post_files(&steps, &[("step", "replace"), ("version", version.as_str())], &[("file", "b.pdf", &b"%PDF-1.7 two"[..])]).await.assert_ok().assert_contains("待脱敏");
        assert_eq!(one.download(&format!("{address}/file")).await, b"%PDF-1.7 two");
        // The old version is not what somebody has seen any more.
        one.post(&steps, &[("step", "desensitise"), ("sure", "yes"), ("version", version.as_str())]).await.assert_status(409);
        let version = one.get(&address).await.input("version");
        one.post(&steps, &[("step", "desensitise"), ("sure", "yes"), ("version", version.as_str())]).await.assert_ok();
        let version = one.get(&address).await.input("version");
        one.post_files(&steps, &[("step", "replace"), ("version", version.as_str())], &[("file", "b.pdf", &b"%PDF-1.7 six"[..])]).await.assert_status(422).assert_contains("不能换文件");
        // What nobody has reviewed goes with its file, and the audit log has no word of why.
        one.post(&steps, &[("step", "withdraw"), ("version", version.as_str()), ("why", "还是认得出高小二")]).await.assert_ok().assert_contains("文件也删了").assert_contains("高小二");
        one.get(&format!("{address}/file")).await.assert_status(404);
        assert_eq!(lecture::material(&mut app.db.read().await.unwrap(), tenant, id).await.unwrap().size, 0);
        for row in app.db.read().await.unwrap().rows(REASONS.bind(tenant)).await.unwrap() {
            let text: String = row.get("text").unwrap();
            assert!(!text.contains("高小二"), "{text}");
        }
    }

    async fn a_material_that_is_withdrawn_plays_nowhere_any_more(app: TestApp) {
        at(&app, "2026-08-28T09:00:00+08:00");
        let team = team(&app).await;
        let film = [&b"\0\0\0\x18ftypmp42"[..], &[7; 4000]].concat();
        let id = reviewed(&app, &team, &film).await;
        let (held, coming) = (
            team.agreed(&app, "2026-09-08T14:30:00+08:00", "2026-09-08T16:00:00+08:00").await,
            team.agreed(&app, "2026-09-15T14:30:00+08:00", "2026-09-15T16:00:00+08:00").await,
        );
        let mut tx = app.db.begin().await.unwrap();
        for session in [held, coming] {
            lecture::attach(&mut tx, &team.act(&app), session, id).await.unwrap();
        }
        tx.commit().await.unwrap();
        let (staff, file, own) = (team.staff(&app).await, format!("/lecture-materials/{id}/file"), team.own(&app, 0).await);
        // A player asks for parts; past the end there is none.
        let whole = film.len();
        let (status, range, content) = part(&staff, &app, &file, "bytes=2-7").await;
        assert_eq!((status, range, content), (206, Some(format!("bytes 2-7/{whole}")), film[2..8].to_vec()));
        let (status, range, content) = part(&staff, &app, &file, "bytes=4000-").await;
        assert_eq!((status, range, content), (206, Some(format!("bytes 4000-{}/{whole}", whole - 1)), film[4000..].to_vec()));
        let (status, range, _) = part(&staff, &app, &file, &format!("bytes={whole}-")).await;
        assert_eq!((status, range), (416, Some(format!("bytes */{whole}"))));
        assert_eq!(part(&staff, &app, &file, "bytes=0-1,4-5").await.2, film);
        let phone = app.browser();
        phone.get(&own).await.assert_contains("<video");
        let (status, _, content) = part(&phone, &app, &format!("{own}/materials/{id}"), "bytes=-4").await;
        assert_eq!((status, content), (206, film[whole - 4..].to_vec()));
        // The first lecture is given; then somebody recognises a pupil.
        at(&app, "2026-09-08T17:00:00+08:00");
        let staff = team.staff(&app).await;
        let version = session(&app, &team, held).await.lock_version.to_string();
        let record = [("version", version.as_str()), ("pupils", "96"), ("teachers", "1"), ("parents", "0"), ("minutes", "90"), ("handouts", "0"), ("course", "")];
        staff.post(&format!("/lectures/{held}/record"), &record).await.assert_ok();
        let mut tx = app.db.begin().await.unwrap();
        let known = lecture::material(&mut tx, team.community.tenant, id).await.unwrap();
        lecture::withdraw(&mut tx, &team.act(&app), &known, known.lock_version, ("认得出人", true)).await.unwrap();
        tx.commit().await.unwrap();
        staff.get(&format!("/lectures/{held}")).await.assert_contains("电子烟里的新型毒品").assert_contains("已停用，打不开了").assert_lacks("<video");
        staff.get(&format!("/lectures/{coming}")).await.assert_lacks("<video").assert_lacks("打不开了");
        staff.get(&file).await.assert_status(404);
        app.browser().get(&own).await.assert_lacks("<video");
        app.browser().get(&format!("{own}/materials/{id}")).await.assert_status(404);
    }

    async fn a_community_takes_what_it_likes_and_shows_it_at_a_law_talk(app: TestApp) {
        at(&app, "2026-08-28T09:00:00+08:00");
        let team = team(&app).await;
        let film = [&b"\0\0\0\x18ftypmp42"[..], &[9; 900]].concat();
        let (id, late) = (reviewed(&app, &team, &film).await, reviewed(&app, &team, &film).await);
        let staff = team.staff(&app).await;
        let code = app.home.code.clone();
        staff.post(&format!("/lecture-materials/{id}/sendings"), &[("code", code.as_str())]).await.assert_ok();
        staff.post(&format!("/lecture-subjects/{}/sendings", team.topics[0]), &[("code", code.as_str())]).await.assert_ok().assert_contains("主题已送出");
        staff.post(&format!("/lecture-subjects/{}/sendings", team.topics[0]), &[("code", code.as_str())]).await.assert_status(422).assert_contains("已经送给");
        // One is withdrawn before it is on its way.
        staff.post(&format!("/lecture-materials/{late}/sendings"), &[("code", code.as_str())]).await.assert_ok();
        let mut tx = app.db.begin().await.unwrap();
        let known = lecture::material(&mut tx, team.community.tenant, late).await.unwrap();
        lecture::withdraw(&mut tx, &team.act(&app), &known, known.lock_version, ("换了新的", false)).await.unwrap();
        tx.commit().await.unwrap();
        work(&app).await;
        work(&app).await;
        let secretary = app.person(Role::Secretary).browser().await;
        let page = secretary.get("/law-materials").await;
        page.assert_ok().assert_contains("电子烟里的新型毒品").assert_contains("网络沉迷").assert_contains("新收到");
        assert_eq!(page.body.matches("<h2>电子烟里的新型毒品").count(), 1);
        staff.get(&format!("/lecture-materials/{late}")).await.assert_contains("停用了，没有送");
        staff.get(&format!("/lecture-materials/{id}")).await.assert_contains("已经收到");
        // An activity of the volunteers shows what was taken.
        let place = crate::stories::cast::estate(&app).await;
        let group = crate::volunteer::team(&app, "引领先锋志愿服务队", &[place.estate], &[]).await;
        let plan = crate::volunteer_activity::plan("2026-09-05T08:00:00+08:00", 6);
        let activity = crate::volunteer_activity::planned(&app, group, &plan).await;
        let talk = format!("/law-talks/{activity}");
        secretary.get(&format!("/activities/{activity}")).await.assert_contains(&talk);
        let material = id.to_string();
        secretary.post(&talk, &[("step", "attach"), ("material", material.as_str())]).await.assert_status(422).assert_contains("先收下");
        for item in [id, team.topics[0]] {
            secretary.post(&format!("/law-materials/{item}/steps"), &[("step", "accept")]).await.assert_ok();
            secretary.post(&talk, &[("step", "attach"), ("material", item.to_string().as_str())]).await.assert_ok();
        }
        let page = secretary.get(&talk).await;
        page.assert_contains("电子烟里的新型毒品").assert_contains("网络保护").assert_contains("<svg");
        let own = page.between_all("id=\"talk-link\">", "<").next().unwrap().to_owned();
        let own = own.trim_start_matches(&app.url).to_owned();
        let volunteer = app.browser();
        volunteer.get(&own).await.assert_ok().assert_contains("<video").assert_contains("网络保护");
        assert_eq!(volunteer.download(&format!("{own}/materials/{id}")).await, film);
        volunteer.get(&format!("{own}/materials/{late}")).await.assert_status(404);
        // Withdrawn by whoever sent it, it stays the community's own, which is told and decides.
        let mut tx = app.db.begin().await.unwrap();
        let known = lecture::material(&mut tx, team.community.tenant, id).await.unwrap();
        lecture::withdraw(&mut tx, &team.act(&app), &known, known.lock_version, ("换了新的", false)).await.unwrap();
        tx.commit().await.unwrap();
        work(&app).await;
        secretary.get("/law-materials").await.assert_contains("送的单位停用了");
        assert_eq!(volunteer.download(&format!("{own}/materials/{id}")).await, film);
        secretary.post(&format!("/law-materials/{id}/steps"), &[("step", "drop")]).await.assert_ok().assert_lacks("电子烟里的新型毒品");
        volunteer.get(&own).await.assert_ok().assert_lacks("<video");
        volunteer.get(&format!("{own}/materials/{id}")).await.assert_status(404);
        app.person(Role::GridWorker).browser().await.get(&talk).await.assert_status(403);
    }

    async fn a_copy_in_which_a_minor_can_be_recognised_opens_nowhere_any_more(app: TestApp) {
        at(&app, "2026-08-28T09:00:00+08:00");
        let team = team(&app).await;
        let film = [&b"\0\0\0\x18ftypmp42"[..], &[9; 900]].concat();
        let mut ids = [Uuid::nil(); 3];
        for id in &mut ids {
            *id = reviewed(&app, &team, &film).await;
        }
        let [shown, waiting, taken] = ids;
        let (staff, code) = (team.staff(&app).await, app.home.code.clone());
        for id in ids {
            staff.post(&format!("/lecture-materials/{id}/sendings"), &[("code", code.as_str())]).await.assert_ok();
        }
        work(&app).await;
        let secretary = app.person(Role::Secretary).browser().await;
        let place = crate::stories::cast::estate(&app).await;
        let group = crate::volunteer::team(&app, "引领先锋志愿服务队", &[place.estate], &[]).await;
        let plan = crate::volunteer_activity::plan("2026-09-05T08:00:00+08:00", 6);
        let activity = crate::volunteer_activity::planned(&app, group, &plan).await;
        let (talk, material) = (format!("/law-talks/{activity}"), shown.to_string());
        secretary.post(&format!("/law-materials/{shown}/steps"), &[("step", "accept")]).await.assert_ok();
        secretary.post(&talk, &[("step", "attach"), ("material", material.as_str())]).await.assert_ok();
        // A third was taken and is not shown yet: the page offers it.
        secretary.post(&format!("/law-materials/{taken}/steps"), &[("step", "accept")]).await.assert_ok();
        secretary.get(&talk).await.assert_contains(&format!("value=\"{taken}\""));
        let own = secretary.get(&talk).await.between_all("id=\"talk-link\">", "<").next().unwrap().to_owned();
        let own = own.trim_start_matches(&app.url).to_owned();
        let volunteer = app.browser();
        assert_eq!(volunteer.download(&format!("{own}/materials/{shown}")).await, film);
        assert_eq!(count(&app, COPIED, app.home.tenant).await, 3);
        // Somebody can be recognised in the one; the others are only used no more, and one of them was never taken.
        for (id, erased) in [(shown, true), (waiting, false), (taken, false)] {
            let mut tx = app.db.begin().await.unwrap();
            let known = lecture::material(&mut tx, team.community.tenant, id).await.unwrap();
            lecture::withdraw(&mut tx, &team.act(&app), &known, known.lock_version, ("不再用", erased)).await.unwrap();
            tx.commit().await.unwrap();
        }
        work(&app).await;
        assert_eq!(count(&app, COPIED, app.home.tenant).await, 2);
        secretary.get("/law-materials").await.assert_ok().assert_contains("文件已经删掉").assert_lacks(&format!("/law-materials/{shown}/file"));
        secretary.get(&format!("/law-materials/{shown}/file")).await.assert_status(404);
        secretary.get(&talk).await.assert_contains("文件已删");
        volunteer.get(&own).await.assert_ok().assert_contains("请不要再放").assert_lacks("<video").assert_lacks("电子烟里的新型毒品");
        volunteer.get(&format!("{own}/materials/{shown}")).await.assert_status(404);
        // What is used no more is neither taken nor offered.
        secretary.post(&format!("/law-materials/{waiting}/steps"), &[("step", "accept")]).await.assert_status(422).assert_contains("停用");
        secretary.post(&talk, &[("step", "detach"), ("material", material.as_str())]).await.assert_ok().assert_lacks(&format!("value=\"{shown}\""));
        secretary.post(&talk, &[("step", "attach"), ("material", material.as_str())]).await.assert_status(422).assert_contains("停用");
        secretary.get(&talk).await.assert_ok().assert_lacks(&format!("value=\"{taken}\""));
        let material = taken.to_string();
        secretary.post(&talk, &[("step", "attach"), ("material", material.as_str())]).await.assert_status(422).assert_contains("停用");
    }

    async fn word_that_something_is_withdrawn_waits_for_it_and_says_so(app: TestApp) {
        at(&app, "2026-08-28T09:00:00+08:00");
        let team = team(&app).await;
        let id = reviewed(&app, &team, b"\0\0\0\x18ftypmp42").await;
        let staff = team.staff(&app).await;
        staff.post(&format!("/lecture-materials/{id}/sendings"), &[("code", app.home.code.as_str())]).await.assert_ok();
        let mut tx = app.db.begin().await.unwrap();
        let known = lecture::material(&mut tx, team.community.tenant, id).await.unwrap();
        lecture::withdraw(&mut tx, &team.act(&app), &known, known.lock_version, ("换了新的", false)).await.unwrap();
        tx.commit().await.unwrap();
        // What is sent is not brought yet.
        let mut others = doorstep::app::handlers();
        others.remove(lecture::sharing::TOPIC);
        while doorstep::outbox::work(&app.app, &others).await.unwrap() > 0 {}
        let rows = app.db.read().await.unwrap().rows(FAILURES.bind(team.community.tenant)).await.unwrap();
        let said: Vec<String> = rows.iter().map(|row| row.get("text").unwrap()).collect();
        assert!(said.iter().any(|text| text == "材料还没有送到，停用的通知等它送到再发"), "{said:?}");
    }

    async fn photos_go_with_their_consent_and_in_time(app: TestApp) {
        at(&app, "2026-08-28T09:00:00+08:00");
        let team = team(&app).await;
        let id = team.agreed(&app, "2026-09-08T14:30:00+08:00", "2026-09-08T16:00:00+08:00").await;
        at(&app, "2026-09-08T16:30:00+08:00");
        let staff = team.staff(&app).await;
        let pictures = async || crate::lecture::count(&app, PICTURES, team.community.tenant).await;
        let photo = crate::stories::cast::photo();
        let files = [("photos", "a.jpg", photo.as_slice())];
        staff.post_files(&format!("/lectures/{id}/photos"), &[("consent", "")], &files).await.assert_status(422).assert_contains("谁同意拍");
        let consent = [("consent", "家长会上都签了字")];
        let page = staff.post_files(&format!("/lectures/{id}/photos"), &consent, &files).await;
        page.assert_ok().assert_contains("家长会上都签了字");
        let address = page.between_all("<img src=\"", "\"").find(|address| address.contains("/photos/")).unwrap().to_owned();
        assert!(staff.download(&address).await.starts_with(&[0xff, 0xd8]));
        // Somebody takes back that it may be shown: it is gone, not only hidden.
        staff.post(&format!("{address}/removal"), &[]).await.assert_ok().assert_lacks("家长会上都签了字");
        staff.get(&address).await.assert_status(404);
        assert_eq!(pictures().await, 0);
        // What nobody takes back goes after the time that the settings say.
        staff.post_files(&format!("/lectures/{id}/photos"), &consent, &files).await.assert_ok();
        at(&app, "2027-09-08T16:00:00+08:00");
        doorstep::upkeep::once(&app.app).await.unwrap();
        assert_eq!(pictures().await, 1);
        at(&app, "2027-09-08T17:00:00+08:00");
        doorstep::upkeep::once(&app.app).await.unwrap();
        assert_eq!(pictures().await, 0);
    }
}
