//! A school belongs to a station and may be shared by the patrol unit: both see everything that lies around it, and nobody else anything.

use db::statements;
use doorstep::access::{self, Act, OrganisationKind, Reach, Role};
use doorstep::hazard::{self, Level, Mode, Owner, PlaceKind, Survey, Words};
use uuid::Uuid;

use super::{ADD_UNIT, Bureau, bureau, fixed, in_days, known, new, picture, register, rows, say};
use crate::support::{Browser, TestApp};

statements! {
    MOVE = "DELETE FROM duty_school_units WHERE tenant_id = $1 AND school_id = $2 AND organisation_id = $3";
}

async fn unit(app: &TestApp, name: &str) -> Uuid {
    let mut tx = app.db.begin().await.unwrap();
    let kind = OrganisationKind::Other;
    let id = access::create_organisation(&mut tx, &app.act(), None, kind, name, None).await.unwrap();
    tx.commit().await.unwrap();
    id
}

async fn cover(app: &TestApp, bureau: &Bureau, unit: Uuid) {
    let mut tx = app.db.begin().await.unwrap();
    tx.execute(ADD_UNIT.bind(app.home.tenant).bind(bureau.school.id).bind(unit)).await.unwrap();
    tx.commit().await.unwrap();
}

/// Everything that there is around the school, each with the page that shows it.
struct Around {
    hazard: Uuid,
    round: Uuid,
    place: Uuid,
    pages: Vec<String>,
}

async fn around(app: &TestApp, bureau: &Bureau) -> Around {
    let id =
        register(app, &bureau.first, hazard::NewHazard { photos: vec![bureau.photo], ..new(&bureau.school, 50) }).await;
    step!(app, bureau.first, id, grade, (Level::General, Mode::Dated), "").unwrap();
    let letter = step!(app, bureau.first, id, transfer, ("城市管理局", in_days(app, 7)), "请取缔").unwrap();
    let mut tx = app.db.begin().await.unwrap();
    let act = &bureau.first;
    let round = hazard::plan(&mut tx, act, &bureau.school, "冬季排查", in_days(app, 2)).await.unwrap();
    let words = ("北门夜市", "北门外", "");
    let place = hazard::add_place(&mut tx, act, &bureau.school, PlaceKind::Crowd, words, 150).await.unwrap();
    let survey = Survey { guards: "保安四人".to_owned(), ..Survey::default() };
    hazard::survey(&mut tx, act, &bureau.school, 0, (&survey, "开学前")).await.unwrap();
    tx.commit().await.unwrap();
    let pages = vec![
        format!("/hazards/{id}"),
        format!("/hazards/{id}/photos/{}", bureau.photo),
        format!("/hazards/{id}/transfers/{letter}"),
        format!("/hazards/{id}/transfers/{letter}/letter.docx"),
        format!("/hazard-rounds/{round}"),
        format!("/hazard-schools/{}", bureau.school.id),
    ];
    Around { hazard: id, round, place, pages }
}

async fn officer(app: &TestApp, role: Role, unit: Uuid) -> Browser {
    app.person(role).of_organisation(unit).reaching(Reach::Organisation, unit).browser().await
}

db_test! {
    async fn the_patrol_unit_sees_what_it_shares_and_another_station_nothing(app: TestApp) {
        let bureau = bureau(&app).await;
        let (patrol, elsewhere) = (unit(&app, "巡特警大队").await, unit(&app, "凤山派出所").await);
        cover(&app, &bureau, patrol).await;
        let around = around(&app, &bureau).await;
        for role in [Role::DutyStaff, Role::DutyChief] {
            for one in [bureau.station, patrol] {
                let browser = officer(&app, role, one).await;
                for page in &around.pages {
                    assert!(!browser.download(page).await.is_empty(), "{page}");
                }
                for list in ["/hazards", "/hazard-rounds", "/hazard-places", "/hazard-schools", "/hazards/print"] {
                    browser.get(list).await.assert_ok().assert_contains("育英小学");
                }
                browser.get("/today").await.assert_contains("冬季排查").assert_contains("YH-2026-0001");
                browser.get("/hazards/figures").await.assert_contains("<b>1</b>发现");
                browser.get(&format!("/hazards/new?school={}", bureau.school.id)).await.assert_contains("北门夜市");
            }
        }
        let stranger = officer(&app, Role::DutyChief, elsewhere).await;
        for page in &around.pages {
            stranger.get(page).await.assert_status(404);
        }
        for list in ["/hazards", "/hazard-rounds", "/hazard-places", "/hazard-schools", "/hazards/print", "/today"] {
            stranger.get(list).await.assert_ok().assert_lacks("育英小学").assert_lacks("YH-");
        }
        stranger.get("/hazards/figures").await.assert_contains("<b>0</b>发现");
        let ledger = |file: Vec<u8>| rows(file).len();
        assert_eq!(ledger(stranger.download("/hazards/ledger.xlsx").await), 0);
        assert_eq!(ledger(officer(&app, Role::DutyStaff, patrol).await.download("/hazards/ledger.xlsx").await), 1);
        let Around { hazard, round, place, .. } = around;
        for (path, fields) in [
            (format!("/hazards/{hazard}/supplements"), [("version", "3"), ("supplements-words", "看到了")]),
            (format!("/hazards/{hazard}/contact"), [("contact-reason", "要打电话核实"), ("", "")]),
            (format!("/hazard-rounds/{round}/answers"), [("round_words", "看过了"), ("", "")]),
            (format!("/hazard-rounds/{round}/cancellation"), [("cancel_words", "不查了"), ("", "")]),
            (format!("/hazard-places/{place}/closure"), [("reason", "搬走了"), ("", "")]),
            (format!("/hazard-schools/{}/surveys", bureau.school.id), [("version", "1"), ("reason", "开学前")]),
        ] {
            stranger.post(&path, &fields).await.assert_status(404);
        }
        stranger.get(&format!("/hazard-schools/{}/link", bureau.school.id)).await.assert_status(404);

        // The unit that does not share the school any more sees nothing of it, of what was before neither.
        let browser = officer(&app, Role::DutyStaff, patrol).await;
        let mut tx = app.db.begin().await.unwrap();
        tx.execute(MOVE.bind(app.home.tenant).bind(bureau.school.id).bind(patrol)).await.unwrap();
        tx.commit().await.unwrap();
        browser.get(&around.pages[0]).await.assert_status(404);
    }

    async fn the_patrol_unit_works_on_what_it_shares(app: TestApp) {
        let bureau = bureau(&app).await;
        let patrol = unit(&app, "巡特警大队").await;
        cover(&app, &bureau, patrol).await;
        let id = fixed(&app, &bureau, Level::General).await;
        let browser = officer(&app, Role::DutyStaff, patrol).await;
        browser.get("/today").await.assert_contains("复查");
        say(&browser, &id.to_string(), "recheck", &[("recheck-words", "没有摊位了")]).await.assert_ok();
        let school = bureau.school.id.to_string();
        let fields = [("school", school.as_str()), ("kind", "fire"), ("place", "门口"), ("distance", "0"), ("description", "通道堵了")];
        let found = browser.post_files("/hazards", &fields, &[("photos", "1.png", &picture(3))]).await;
        found.assert_ok().assert_contains("请定级");
    }

    async fn nobody_is_given_what_they_cannot_open(app: TestApp) {
        let bureau = bureau(&app).await;
        let elsewhere = unit(&app, "凤山派出所").await;
        let stranger = app.person(Role::DutyStaff).named("武俊杰").of_organisation(elsewhere).reaching(Reach::Organisation, elsewhere).create().await;
        let own = app.person(Role::DutyStaff).named("任晓东").of_organisation(bureau.station).reaching(Reach::Organisation, bureau.station).create().await;
        let browser = app.browser_of(&own).await;
        let id = register(&app, &bureau.first, new(&bureau.school, 50)).await;
        step!(app, bureau.first, id, grade, (Level::General, Mode::Dated), "").unwrap();
        browser.get(&format!("/hazards/{id}")).await.assert_contains("任晓东</option>").assert_lacks("武俊杰</option>");
        let account = stranger.id.to_string();
        let assignment = [("assignment-unit", "凤山派出所"), ("assignment-account", account.as_str()), ("assignment-words", "劝离摊贩"), ("assignment-until", "2026-11-28")];
        let again = say(&browser, &id.to_string(), "assignment", &assignment).await;
        again.assert_status(422).assert_contains("管不到这所学校的隐患").assert_contains("劝离摊贩");

        // What is late at its owner's stands on the page of who leads, and whoever had a hand in it is not asked to look again.
        step!(app, bureau.first, id, assign, (Owner::Own(own.id), "田家会派出所"), Some(in_days(&app, 2)), "劝离摊贩").unwrap();
        let chief = app.person(Role::DutyChief).create().await;
        app.browser_of(&chief).await.get("/today").await.assert_lacks("YH-2026-0001");
        app.means.clock.set(in_days(&app, 3));
        app.browser_of(&chief).await.get("/today").await.assert_contains("催办").assert_contains("YH-2026-0001");
        step!(app, bureau.second, id, progress, Words::from("帮着劝离")).unwrap();
        step!(app, bureau.first, id, fix, Words { words: "劝离了", photos: &[bureau.photo] }).unwrap();
        assert_eq!(known(&app, id).await.fixed_by, bureau.first.account);
        for (act, asked) in [(&bureau.first, false), (&bureau.second, false), (&bureau.commander, true)] {
            let mut tx = app.db.read().await.unwrap();
            let viewer = access::viewer_of(&mut tx, app.home.tenant, act.account.unwrap()).await.unwrap();
            let todos = hazard::todo(&mut tx, &viewer, app.means.now()).await.unwrap();
            assert_eq!(todos.iter().any(|todo| todo.verb == "复查"), asked);
        }
        app.browser_of(&own).await.get("/today").await.assert_lacks("YH-2026-0001");
    }
}
