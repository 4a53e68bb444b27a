//! Stars and certificates: given for what is in the ledger, to whoever asks, and as good after a restore as before.

use std::net::SocketAddr;
use std::num::NonZeroU32;

use doorstep::access::Role;
use doorstep::app::{App, router};
use doorstep::config::Config;
use doorstep::{audit, backup, volunteer};
use jiff::Timestamp;
use tokio::net::TcpListener;

use crate::stories::cast::estate;
use crate::support::office::words;
use crate::support::{Browser, Engine, fresh};
use crate::volunteer::{at, team, volunteer as joined};
use crate::volunteer_hours::{self, book, span};

db::statements! {
    SWELL = "UPDATE volunteer_certificates SET minutes = minutes + 6000 WHERE tenant_id = $1";
    PAPERS = "SELECT c.state, COUNT(c.paper_sealed) AS papers FROM volunteer_certificates c WHERE c.tenant_id = $1 GROUP BY c.state";
    EMPTY = "UPDATE volunteer_certificates SET number = NULL WHERE tenant_id = $1";
}

/// What the QR code of a Word file says to whoever scans it.
fn scanned(file: &[u8]) -> String {
    let mut parts = zip::ZipArchive::new(std::io::Cursor::new(file)).unwrap();
    let at = (0..parts.len()).find(|at| parts.by_index(*at).unwrap().name().unwrap().ends_with(".png")).unwrap();
    let mut picture = Vec::new();
    std::io::Read::read_to_end(&mut parts.by_index(at).unwrap(), &mut picture).unwrap();
    let picture = image::load_from_memory(&picture).unwrap().into_luma8();
    let (width, height) = picture.dimensions();
    let dots = |x: usize, y: usize| picture.get_pixel(x as u32, y as u32).0[0];
    let mut picture = rqrr::PreparedImage::prepare_from_greyscale(width as usize, height as usize, dots);
    picture.detect_grids().remove(0).decode().unwrap().1
}

db::record! {
    struct Kept { state: String, papers: i64 }
}

const IDENTITY: &str = "141199199003070013";

db_test! {
    async fn a_certificate_says_what_the_ledger_says_and_is_good_until_it_is_revoked(app: TestApp) {
        app.means.keys.check(&app.db, &app.means.chance).await.unwrap();
        at(&app, "2026-11-02T09:00:00+08:00");
        let place = estate(&app).await;
        let team = team(&app, "雷锋大妈志愿服务队", &[place.estate], &[]).await;
        let (person, own) = joined(&app, "刘建军", team, volunteer::Post::Member).await;
        let phone = app.browser();
        phone.post(&format!("{own}/certificates"), &[("identity", IDENTITY)]).await.assert_status(422).assert_contains("还没有入账的时长");
        book(&app, person, team, span("2026-11-02T10:00:00+08:00", "2026-11-02T12:20:00+08:00")).await;
        book(&app, person, team, span("2026-11-09T14:00:00+08:00", "2026-11-09T15:00:59+08:00")).await;
        let ledger = volunteer::total(&mut app.db.read().await.unwrap(), app.home.tenant, person, app.means.now()).await.unwrap();
        assert_eq!((ledger.service, ledger.times), (200, 2));

        // The number has to stand on it, so it is asked once.
        phone.post(&format!("{own}/certificates"), &[]).await.assert_status(422).assert_contains("请填写身份证号");
        phone.post(&format!("{own}/certificates"), &[("identity", "141199199003070012")]).await.assert_status(422);
        phone.post(&format!("{own}/certificates"), &[("identity", IDENTITY)]).await.assert_ok().assert_contains("等社区出具").assert_contains("2026年11月30日");
        phone.post(&format!("{own}/certificates"), &[]).await.assert_status(422).assert_contains("已经申请过一份");

        let clerk = app.person(Role::Staff).named("任建平").create().await;
        let desk = app.browser_of(&clerk).await;
        desk.get("/today").await.assert_contains("服务记录证明");
        let page = desk.get("/volunteer-certificates?state=applied").await.link("/volunteer-certificates/0");
        let version = desk.get(&page).await.assert_contains("3 小时 20 分，2 次").input("version");
        let by = [("version", version.as_str()), ("head", "王娟枫"), ("contact", "0358-0001234"), ("note", "")];
        desk.post(&format!("{page}/issue"), &by[..2]).await.assert_status(422).assert_contains("请填写联系方式").assert_contains("王娟枫");
        let issued = desk.post(&format!("{page}/issue"), &by).await;
        issued.assert_ok().assert_contains("2026-0001").assert_lacks(IDENTITY);
        desk.post(&format!("{page}/issue"), &by).await.assert_status(409);
        let code = issued.between_all("<dt>查验码</dt><dd class=\"num\">", "<").next().unwrap().to_owned();

        // The paper has all of it, and every printing is written down.
        let paper = desk.post(&format!("{page}/papers"), &[("as", "page")]).await;
        for words in ["志愿服务记录证明", "刘建军", IDENTITY, "3.33 小时（3 小时 20 分），2 次", "王娟枫", "任建平", "0358-0001234", "2026年11月2日 至 2026年11月9日", "class=\"qr\"", &code] {
            paper.assert_ok().assert_contains(words);
        }
        let file = desk.download_by_form(&format!("{page}/papers"), &[("as", "docx")]).await;
        let read = words(&file);
        assert!(read.contains("3.33 小时") && read.contains(IDENTITY) && read.contains(&code), "{read}");
        assert_eq!(scanned(&file), format!("{}/board/{}/certificates?number=2026-0001&check={code}", app.url, app.home.code));
        app.person(Role::BranchSecretary).browser().await.post(&format!("{page}/papers"), &[]).await.assert_status(403);
        desk.get(&page).await.assert_contains("下载 Word 文件");

        // Everybody to whom it is shown can check it, and sees no whole name and no number.
        let check = format!("/board/{}/certificates", app.home.code);
        let stranger = app.browser();
        let asked = async |number: &str, code: &str| stranger.get(&format!("{check}?number={number}&check={code}")).await;
        stranger.get(&check).await.assert_ok().assert_lacks("没有查到");
        asked("2026-0001", &code.to_lowercase()).await.assert_contains("有效").assert_contains("刘*军").assert_contains("3.33 小时").assert_lacks("刘建军").assert_lacks(IDENTITY);
        asked("2026-0001", "00000000").await.assert_contains("没有查到").assert_lacks("刘*军");
        asked("2026-0002", &code).await.assert_contains("没有查到");
        phone.get(&format!("{own}/hours")).await.assert_contains("2026-0001").assert_contains(&code);

        // Whoever corrects hours of those days sees that they stand on it.
        let record = volunteer_hours::ledger(&app, person).await.remove(0).id;
        desk.get(&format!("/volunteer-hours/{record}")).await.assert_contains("这一天已经写进证明").assert_contains("2026-0001");

        // What comes later changes nothing of it.
        book(&app, person, team, span("2026-11-20T14:00:00+08:00", "2026-11-20T16:00:00+08:00")).await;
        asked("2026-0001", &code).await.assert_contains("3.33 小时");

        // It comes back from a backup as good as it was, on either engine; a row that somebody has written over is good no more.
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("backup");
        backup::write(&app.db, &file, Timestamp::UNIX_EPOCH, |_| ()).await.unwrap();
        for engine in [Engine::Sqlite, Engine::Postgres] {
            let (db, _storage) = fresh(engine).await;
            backup::restore(&db, &app.means.keys, &file, Timestamp::UNIX_EPOCH, |_| ()).await.unwrap();
            let mut tx = db.begin().await.unwrap();
            let certificate = volunteer::certificate_by_number(&mut tx, app.home.tenant, "2026-0001").await.unwrap().unwrap();
            let good = certificate.check_code(app.home.tenant, &app.means.keys);
            assert_eq!((good.as_deref(), certificate.minutes), (Some(code.as_str()), Some(200)));
            let paper = volunteer::certificate_paper(&app.act(), &certificate).unwrap();
            assert!(serde_json::to_string(&paper).unwrap().contains("3.33 小时（3 小时 20 分）"));
            let ledger = volunteer::total(&mut tx, app.home.tenant, person, app.means.now()).await.unwrap();
            assert_eq!(ledger.service, 320);
            tx.execute(SWELL.bind(app.home.tenant)).await.unwrap();
            let swollen = volunteer::certificate_by_number(&mut tx, app.home.tenant, "2026-0001").await.unwrap().unwrap();
            assert_ne!(swollen.check_code(app.home.tenant, &app.means.keys), good);
            assert!(tx.execute(EMPTY.bind(app.home.tenant)).await.is_err(), "what was issued is whole");
        }

        let desk = app.browser_of(&clerk).await;
        let version = desk.get(&page).await.input("version");
        desk.post(&format!("{page}/revocation"), &[("version", &version)]).await.assert_status(422).assert_contains("请填写为什么撤销");
        desk.post(&format!("{page}/revocation"), &[("version", &version), ("revoked_why", "记错了人")]).await.assert_ok();
        desk.post(&format!("{page}/papers"), &[("as", "page")]).await.assert_status(422).assert_contains("已撤销");
        asked("2026-0001", &code).await.assert_contains("已撤销").assert_lacks("记错了人");
        // The next one has the next number.
        let mut tx = app.db.read().await.unwrap();
        assert_eq!(audit::verify(&mut tx, app.home.tenant).await.unwrap().broken, None);
    }

    /// Whoever wants nothing kept of them has no number left in a paper; who was shown one can still ask whether it is good.
    async fn nothing_of_the_whole_number_stays_of_whoever_is_erased(app: TestApp) {
        at(&app, "2026-11-02T09:00:00+08:00");
        let place = estate(&app).await;
        let team = team(&app, "雷锋大妈志愿服务队", &[place.estate], &[]).await;
        let (person, own) = joined(&app, "刘建军", team, volunteer::Post::Member).await;
        book(&app, person, team, span("2026-11-02T10:00:00+08:00", "2026-11-02T12:00:00+08:00")).await;
        // The number tells the day of birth better than what was written.
        let phone = app.browser();
        phone.post(&format!("{own}/certificates"), &[("identity", "141199198001010012")]).await.assert_ok();
        let card = volunteer::card(&mut app.db.read().await.unwrap(), &app.act(), person).await.unwrap();
        assert_eq!((card.get(volunteer::Field::Birth), card.get(volunteer::Field::Sex)), (Some("1980-01-01"), Some("1")));

        let desk = app.person(Role::Staff).browser().await;
        let page = desk.get("/volunteer-certificates?state=applied").await.link("/volunteer-certificates/0");
        let version = desk.get(&page).await.input("version");
        let by = [("version", version.as_str()), ("head", "王娟枫"), ("contact", "0358-0001234"), ("note", "")];
        let code = desk.post(&format!("{page}/issue"), &by).await.between_all("<dt>查验码</dt><dd class=\"num\">", "<").next().unwrap().to_owned();
        phone.post(&format!("{own}/certificates"), &[]).await.assert_ok().assert_contains("等社区出具");
        phone.post(&format!("{own}/departure"), &[]).await.assert_ok();
        phone.post(&format!("{own}/erasure"), &[]).await.assert_ok();

        let mut tx = app.db.read().await.unwrap();
        let kept: Vec<Kept> = tx.all(PAPERS.bind(app.home.tenant)).await.unwrap();
        let mut states: Vec<(&str, i64)> = kept.iter().map(|one| (one.state.as_str(), one.papers)).collect();
        states.sort_unstable();
        assert_eq!(states, [("issued", 0), ("refused", 0)]);
        drop(tx);
        desk.get(&page).await.assert_contains("资料已应要求删去").assert_lacks("打开打印");
        desk.post(&format!("{page}/papers"), &[("as", "page")]).await.assert_status(422).assert_contains("没有留");
        desk.get("/today").await.assert_lacks("服务记录证明");
        let check = format!("/board/{}/certificates?number=2026-0001&check={code}", app.home.code);
        app.browser().get(&check).await.assert_contains("有效").assert_contains("刘*军");
    }

    /// A company that hires looks at more papers than one address may post forms.
    async fn many_may_be_checked_from_one_address(app: TestApp) {
        let config = Config { public_posts_per_hour: NonZeroU32::MIN, sign_ins_per_hour: NonZeroU32::new(3).unwrap(), ..(*app.app.config).clone() };
        let service = router(App::new(app.db.clone(), app.means.clone(), config)).into_make_service_with_connect_info::<SocketAddr>();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stranger = Browser::new(&format!("http://{}", listener.local_addr().unwrap()));
        tokio::spawn(async move { axum::serve(listener, service).await });
        let check = format!("/board/{}/certificates?number=2026-0001&check=00000000", app.home.code);
        for _ in 0..3 {
            stranger.get(&check).await.assert_ok().assert_contains("没有查到");
        }
        stranger.get(&check).await.assert_status(429);
    }

    async fn a_star_is_asked_for_looked_at_and_never_rounded_up(app: TestApp) {
        at(&app, "2026-11-02T09:00:00+08:00");
        let place = estate(&app).await;
        let team = team(&app, "雷锋大妈志愿服务队", &[place.estate], &[]).await;
        let (person, own) = joined(&app, "刘建军", team, volunteer::Post::Member).await;
        let mut first: Timestamp = "2026-11-02T08:00:00+08:00".parse().unwrap();
        // Twelve days of eight hours and one of less: a minute short of a hundred hours.
        for day in 0..13 {
            let ends_at = first + jiff::SignedDuration::from_mins(if day < 12 { 480 } else { 239 });
            book(&app, person, team, volunteer::Span { starts_at: first, ends_at }).await;
            first += jiff::SignedDuration::from_hours(24 * 8);
        }
        let phone = app.browser();
        phone.post(&format!("{own}/stars"), &[]).await.assert_status(422).assert_contains("再服务 1 分，就够一星");
        book(&app, person, team, volunteer::Span { starts_at: first, ends_at: first + jiff::SignedDuration::from_mins(1) }).await;
        phone.post(&format!("{own}/stars"), &[]).await.assert_ok().assert_contains("一星").assert_contains("等社区审核");
        phone.post(&format!("{own}/stars"), &[]).await.assert_status(422).assert_contains("已经申请过");
        let desk = app.person(Role::Staff).browser().await;
        desk.get("/today").await.assert_contains("星级志愿者");
        let shown = desk.get(&format!("/volunteers/{person}")).await;
        let decision = format!("/volunteers/{person}/stars/{}/decision", shown.between_all("/stars/", "/decision").next().unwrap());
        desk.post(&decision, &[("decision", "no")]).await.assert_status(422).assert_contains("请填写为什么不授予");
        desk.post(&decision, &[("decision", "yes")]).await.assert_ok().assert_contains("一星志愿者");
        desk.post(&decision, &[("decision", "yes")]).await.assert_status(409);
        phone.get(&own).await.assert_contains("一星志愿者");
        phone.post(&format!("{own}/stars"), &[]).await.assert_status(422).assert_contains("已经是一星志愿者");

        // A day was too long: what the ledger carries no more is marked, and taken back by whoever approves.
        let withdraw = [("decision", "withdraw"), ("withdrawn_why", "有一次时长更正了")];
        desk.post(&decision, &withdraw).await.assert_status(422).assert_contains("不能收回");
        let record = volunteer_hours::ledger(&app, person).await.remove(3);
        let there = volunteer::Span { starts_at: record.counts_from, ends_at: record.counts_from + jiff::SignedDuration::from_mins(30) };
        volunteer_hours::correct(&app, volunteer_hours::staff(&app).await.act(), record.id, there, 0).await.unwrap();
        desk.get(&format!("/volunteers/{person}")).await.assert_contains("入账的时长不够了");
        desk.post(&decision, &withdraw[..1]).await.assert_status(422).assert_contains("为什么收回");
        desk.post(&decision, &withdraw).await.assert_ok().assert_contains("收回：有一次时长更正了").assert_lacks("入账的时长不够了");
        phone.get(&own).await.assert_lacks("一星志愿者");
    }
}
