//! What the pages and the files of the ledger keep, refuse and show.

use db::Tx;
use doorstep::access::{Act, Role};
use doorstep::hazard::{self, Contact, Level, Mode, Owner, PlaceKind, Round, Seen, Verdict, Words};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::{Bureau, add_school, bureau, fixed, in_days, known, new, picture, refused, register, rows, say};
use crate::support::{Browser, Page, TestApp};

async fn planned(app: &TestApp, bureau: &Bureau) -> Uuid {
    let mut tx = app.db.begin().await.unwrap();
    let by = in_days(app, 2);
    let id = hazard::plan(&mut tx, &bureau.first, &bureau.school, "冬季排查", by).await.unwrap();
    tx.commit().await.unwrap();
    id
}

async fn add_place(app: &TestApp, bureau: &Bureau, name: &str, distance: i64) -> Uuid {
    let mut tx = app.db.begin().await.unwrap();
    let words = (name, "北门外", "");
    let id =
        hazard::add_place(&mut tx, &bureau.first, &bureau.school, PlaceKind::Crowd, words, distance).await.unwrap();
    tx.commit().await.unwrap();
    id
}

/// Every line of the page of a round, answered; `odd` says what is different at the lines whose key ends so.
fn answers(page: &Page, odd: &[(&str, &[(&str, &str)])]) -> Vec<(String, String)> {
    let mut fields = Vec::new();
    for key in page.between_all("name=\"words-", "\"") {
        let (_, different) = odd.iter().find(|(end, _)| key.ends_with(end)).unwrap_or(&("", &[("verdict", "fine")]));
        fields.extend(different.iter().map(|(name, value)| (format!("{name}-{key}"), (*value).to_owned())));
    }
    fields
}

async fn send(browser: &Browser, round: Uuid, fields: &[(String, String)], files: &[(&str, &str, &[u8])]) -> Page {
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    browser.post_files(&format!("/hazard-rounds/{round}/answers"), &fields, files).await
}

/// A round that says one thing of every line but of those that `odd` knows.
async fn done(tx: &mut Tx, bureau: &Bureau, at: Timestamp, odd: impl Fn(&str) -> Option<Verdict>) -> Round {
    let act = Act { at, ..bureau.first.clone() };
    let by = at + SignedDuration::from_hours(24);
    let id = hazard::plan(tx, &act, &bureau.school, "冬季排查", by).await.unwrap();
    let round = hazard::a_round(tx, act.tenant, id).await.unwrap();
    let seen: Vec<_> = hazard::lines(tx, &act, bureau.school.id)
        .await
        .unwrap()
        .into_iter()
        .map(|line| {
            let verdict = odd(&line.title).unwrap_or(Verdict::Fine);
            (
                line,
                Seen {
                    verdict,
                    words: "看过了".to_owned(),
                    place: "校园里".to_owned(),
                    distance: 0,
                    photos: Vec::new(),
                },
            )
        })
        .collect();
    hazard::finish(tx, &act, &round, &bureau.school, &seen, "").await.unwrap();
    hazard::a_round(tx, act.tenant, id).await.unwrap()
}

db_test! {
    async fn nothing_is_cut_off_a_list_that_is_taken_away(app: TestApp) {
        let bureau = bureau(&app).await;
        let mut tx = app.db.begin().await.unwrap();
        for _ in 0..301 {
            hazard::register(&mut tx, &bureau.first, new(&bureau.school, 10)).await.unwrap();
        }
        tx.commit().await.unwrap();
        let officer = app.person(Role::DutyStaff).browser().await;
        officer.get("/hazards/print").await.assert_status(422).assert_contains("超过 300 处");
        assert_eq!(rows(officer.download("/hazards/ledger.xlsx").await).len(), 301);
        officer.get("/hazards/print?kind=fire").await.assert_ok().assert_contains("共 0 处");
    }

    async fn what_has_ended_has_lists_of_its_own_the_latest_first(app: TestApp) {
        let bureau = bureau(&app).await;
        let mut ended = Vec::new();
        for _ in 0..2 {
            let id = fixed(&app, &bureau, Level::General).await;
            app.means.clock.set(app.means.now() + SignedDuration::from_hours(1));
            step!(app, bureau.second, id, pass, Words::from("没有了")).unwrap();
            step!(app, bureau.commander, id, close, "").unwrap();
            ended.push(known(&app, id).await.number);
        }
        let id = register(&app, &bureau.first, new(&bureau.school, 5)).await;
        step!(app, bureau.first, id, grade, (Level::General, Mode::Dated), "").unwrap();
        step!(app, bureau.commander, id, share, true).unwrap();
        step!(app, bureau.commander, id, dismiss, "重复登记").unwrap();
        assert!(!known(&app, id).await.shared, "the school does not see what is none");
        let number = known(&app, id).await.number;
        let officer = app.person(Role::DutyStaff).browser().await;
        let page = officer.get("/hazards?which=ended").await;
        let numbers: Vec<&str> = page.between_all("<b>YH-2026-", " ").collect();
        assert_eq!(numbers, [ended[1].trim_start_matches("YH-2026-"), ended[0].trim_start_matches("YH-2026-")]);
        officer.get("/hazards?which=dismissed").await.assert_contains(&number).assert_lacks(&ended[0]);
        // The whole ledger has all of them.
        assert_eq!(rows(officer.download("/hazards/ledger.xlsx").await).len(), 3);
        officer.get("/hazards/figures").await.assert_contains("<b>3</b>发现").assert_contains("<b>2</b>销号");
    }

    async fn a_school_sees_what_is_new_and_for_a_while_what_has_ended(app: TestApp) {
        let bureau = bureau(&app).await;
        let id = fixed(&app, &bureau, Level::General).await;
        step!(app, bureau.commander, id, share, true).unwrap();
        step!(app, bureau.second, id, pass, Words::from("没有了")).unwrap();
        step!(app, bureau.commander, id, close, "").unwrap();
        let leader = app.person(Role::DutyChief).browser().await;
        let page = leader.get(&format!("/hazard-schools/{}/link", bureau.school.id)).await;
        let link = format!("/school-hazards/{}", page.between_all("/school-hazards/", "<").next().unwrap());
        let school = app.browser();
        school.get(&link).await.assert_contains("已销号");
        app.means.clock.set(in_days(&app, 89));
        school.get(&link).await.assert_contains("已销号");
        app.means.clock.set(in_days(&app, 2));
        school.get(&link).await.assert_lacks("已销号").assert_contains("没有要告诉学校的隐患");
    }

    async fn whoever_comes_second_is_told_so_whatever_else_is_wrong(app: TestApp) {
        let bureau = bureau(&app).await;
        let officer = app.person(Role::DutyStaff).browser().await;
        let id = register(&app, &bureau.first, new(&bureau.school, 5)).await;
        let path = format!("/hazards/{id}/dismissal");
        let leader = app.person(Role::DutyChief).browser().await;
        // The form that comes back is still that of the version that was seen.
        let again = leader.post(&path, &[("version", "1"), ("dismissal-words", "短")]).await;
        again.assert_status(422);
        let form = again.body.split_once("id=\"dismissal\"").unwrap().1;
        assert!(form.split_once("</form>").unwrap().0.contains("name=\"version\" value=\"1\""));
        step!(app, bureau.first, id, supplement, Words::from("放学时最多")).unwrap();
        let late = leader.post(&path, &[("version", "1"), ("dismissal-words", "短短")]).await;
        late.assert_status(409).assert_contains("补充情况");
        // And so of a survey that says nothing.
        let survey = format!("/hazard-schools/{}/surveys", bureau.school.id);
        officer.post(&survey, &[("version", "0"), ("guards", "保安两人"), ("reason", "开学前")]).await.assert_ok();
        let late = officer.post(&survey, &[("version", "0"), ("guards", "保安四人在岗"), ("reason", "")]).await;
        late.assert_status(409).assert_contains("保安四人在岗");
        let again = officer.post(&survey, &[("version", "1"), ("guards", "保安四人"), ("reason", "给13800001111打过电话")]).await;
        again.assert_status(422).assert_contains("这里不要写手机号");
        assert_eq!(again.input("version"), "1");
    }

    async fn a_round_keeps_what_is_not_asked_any_more(app: TestApp) {
        let bureau = bureau(&app).await;
        let place = add_place(&app, &bureau, "北门夜市", 150).await;
        let round = planned(&app, &bureau).await;
        let officer = app.person(Role::DutyStaff).browser().await;
        let page = officer.get(&format!("/hazard-rounds/{round}")).await;
        let end = place.simple().to_string();
        let fields = answers(&page, &[(end.as_str(), &[("verdict", "problem"), ("words", "占了消防车道")])]);
        officer.post(&format!("/hazard-places/{place}/closure"), &[(format!("reason-{place}").as_str(), "搬走了")]).await.assert_ok();
        let again = send(&officer, round, &fields, &[]).await;
        again.assert_status(422).assert_contains("您在那一项写的是“占了消防车道”");
        send(&officer, round, &answers(&again, &[]), &[]).await.assert_ok().assert_contains("没有发现隐患");

        // A round that was cancelled meanwhile says so.
        let round = planned(&app, &bureau).await;
        let page = officer.get(&format!("/hazard-rounds/{round}")).await;
        let leader = app.person(Role::DutyChief).browser().await;
        leader.post(&format!("/hazard-rounds/{round}/cancellation"), &[("cancel_words", "并到下周")]).await.assert_ok();
        send(&officer, round, &answers(&page, &[]), &[]).await.assert_status(409).assert_contains("已经有人取消了");
    }

    async fn what_is_open_already_is_not_registered_again(app: TestApp) {
        let bureau = bureau(&app).await;
        let place = add_place(&app, &bureau, "北门夜市", 150).await;
        let officer = app.person(Role::DutyStaff).browser().await;
        let end = place.simple().to_string();
        let first = planned(&app, &bureau).await;
        let page = officer.get(&format!("/hazard-rounds/{first}")).await;
        page.assert_lacks("还是老问题");
        let problem = [(end.as_str(), &[("verdict", "problem"), ("words", "摊位占了半条路")][..])];
        send(&officer, first, &answers(&page, &problem), &[]).await.assert_contains("1 处隐患进了台账");
        let second = planned(&app, &bureau).await;
        let page = officer.get(&format!("/hazard-rounds/{second}")).await;
        page.assert_contains("YH-2026-0001").assert_contains("还是老问题");
        let known_again = [(end.as_str(), &[("verdict", "known"), ("words", "还占着")][..])];
        let shown = format!("photos-{end}");
        let taken = picture(50);
        let done = send(&officer, second, &answers(&page, &known_again), &[(shown.as_str(), "1.png", &taken)]).await;
        done.assert_contains("没有发现隐患").assert_contains("YH-2026-0001");
        let found = officer.get("/hazards").await;
        assert_eq!(found.body.matches("<b>YH-").count(), 1);
        let hazard = officer.get(&found.link("/hazards/0")).await;
        hazard.assert_contains("排查时还是老问题。还占着").assert_contains("/photos/");
        // Once it is struck off it cannot be said to be the same.
        let mut tx = app.db.begin().await.unwrap();
        let lines = hazard::lines(&mut tx, &bureau.first, bureau.school.id).await.unwrap();
        let seen: Vec<_> = lines.into_iter().map(|line| {
            let seen = Seen { verdict: Verdict::Known, words: String::new(), place: String::new(), distance: 0, photos: Vec::new() };
            (hazard::Line { open: None, ..line }, seen)
        }).collect();
        let third = hazard::plan(&mut tx, &bureau.first, &bureau.school, "冬季排查", in_days(&app, 2)).await.unwrap();
        let third = hazard::a_round(&mut tx, app.home.tenant, third).await.unwrap();
        refused(hazard::finish(&mut tx, &bureau.first, &third, &bureau.school, &seen, "").await, "请选“有隐患”");
    }

    async fn a_place_that_is_back_is_listed_again(app: TestApp) {
        let bureau = bureau(&app).await;
        for at in 0..31 {
            add_place(&app, &bureau, &format!("第{at}处"), at).await;
        }
        let officer = app.person(Role::DutyStaff).browser().await;
        let next = officer.get(&officer.get("/hazard-places").await.link_called("下一页")).await;
        next.assert_contains("第30处");
        let path = next.link("/hazard-places/0");
        let id = path.trim_start_matches("/hazard-places/").trim_end_matches("/closure").to_owned();
        let field = format!("reason-{id}");
        let after = next.input("after");
        // What fails on the second page comes back there.
        let again = officer.post(&path, &[(field.as_str(), ""), ("after", after.as_str())]).await;
        again.assert_status(422).assert_contains("第30处").assert_lacks("第0处");
        officer.post(&path, &[(field.as_str(), "搬走了")]).await.assert_ok();
        let place = add_place(&app, &bureau, "第30处", 40).await;
        assert_eq!(place.to_string(), id, "the same row");
        let mut tx = app.db.begin().await.unwrap();
        let words = ("第30处", "北门外", "");
        refused(hazard::add_place(&mut tx, &bureau.first, &bureau.school, PlaceKind::Crowd, words, 4).await, "已经登记过");
    }

    async fn the_school_is_chosen_first_and_then_its_gates(app: TestApp) {
        let bureau = bureau(&app).await;
        let mut tx = app.db.begin().await.unwrap();
        add_school(&mut tx, &app.act(), bureau.station, "凤山小学").await;
        tx.commit().await.unwrap();
        add_place(&app, &bureau, "北门夜市", 150).await;
        let officer = app.person(Role::DutyStaff).browser().await;
        officer.get("/hazards/new").await.assert_contains("凤山小学").assert_lacks("name=\"description\"");
        let page = officer.get(&format!("/hazards/new?school={}", bureau.school.id)).await;
        page.assert_contains("北门夜市").assert_contains("北门</option>").assert_contains("name=\"description\"");
        let (school, place) = (bureau.school.id.to_string(), page.between_all("<option value=\"0", "\">北门夜市").next().unwrap().rsplit('"').next().unwrap().to_owned());
        let listed = format!("0{place}");
        let fields = [("school", school.as_str()), ("kind", "crowd"), ("place", "北门外"), ("distance", "150"), ("description", "占了消防车道"), ("listed", listed.as_str())];
        let late = [&fields[..], &[("found", "2026-11-24")]].concat();
        officer.post("/hazards", &late).await.assert_status(422).assert_contains("发现的日子要在今天以前").assert_contains("占了消防车道");
        let before = [&fields[..], &[("found", "2026-11-20")]].concat();
        officer.post("/hazards", &before).await.assert_ok().assert_contains("2026年11月20日");
    }

    async fn whoever_answers_outside_is_shown_for_a_reason(app: TestApp) {
        let bureau = bureau(&app).await;
        let id = register(&app, &bureau.first, new(&bureau.school, 5)).await;
        step!(app, bureau.first, id, grade, (Level::General, Mode::Immediate), "").unwrap();
        let owner = Owner::Outside(Contact { name: "李强".to_owned(), phone: "13800001111".to_owned() });
        step!(app, bureau.first, id, assign, (owner, "便利店"), None, "下架电子烟").unwrap();
        let officer = app.person(Role::DutyStaff).browser().await;
        officer.get(&format!("/hazards/{id}")).await.assert_contains("李*").assert_lacks("李强").assert_lacks("13800001111");
        let path = format!("/hazards/{id}/contact");
        officer.post(&path, &[("contact-reason", "")]).await.assert_status(422).assert_lacks("13800001111");
        officer.post(&path, &[("contact-reason", "要打电话催他下架")]).await.assert_ok().assert_contains("13800001111");
        app.person(Role::AuditAdmin).browser().await.get("/audit").await.assert_contains("责任人：要打电话催他下架").assert_lacks("13800001111");
        // No number gets into what stands open.
        let other = register(&app, &bureau.first, new(&bureau.school, 5)).await.to_string();
        say(&officer, &other, "grade", &[("grade-level", "general"), ("grade-mode", "dated")]).await.assert_ok();
        let transfer = [("transfers-body", "城管局13800001111"), ("transfers-words", "请取缔"), ("transfers-until", "2026-11-30")];
        say(&officer, &other, "transfers", &transfer).await.assert_status(422).assert_contains("这里不要写手机号");
        // What is wrong with a day stands at the day.
        let transfer = [("transfers-body", "城管局"), ("transfers-words", "请取缔摊点"), ("transfers-until", "2026-11-22")];
        say(&officer, &other, "transfers", &transfer).await.assert_status(422).assert_contains("href=\"#transfers-until\">这一天已经过了");
        let transfer = [("transfers-body", "城管局"), ("transfers-words", "请取缔摊点"), ("transfers-until", "2026-11-23")];
        say(&officer, &other, "transfers", &transfer).await.assert_ok();
        officer.get("/hazards/figures?until=9999-12-31").await.assert_ok();
    }

    async fn where_it_is_can_be_corrected(app: TestApp) {
        let bureau = bureau(&app).await;
        let id = register(&app, &bureau.first, new(&bureau.school, 120)).await;
        let officer = app.person(Role::DutyStaff).browser().await;
        let page = officer.get(&format!("/hazards/{id}")).await;
        assert_eq!(page.input("correction-distance\" type=\"text"), "120");
        let fields = [("correction-place", "南门外"), ("correction-distance", "30米"), ("correction-kind", "fire"), ("correction-words", "看错了门")];
        say(&officer, &id.to_string(), "correction", &fields).await.assert_ok().assert_contains("位置“北门外巷口”改为“南门外”");
        let now = known(&app, id).await;
        assert_eq!((now.distance, now.place.as_str()), (30, "南门外"));
    }

    async fn the_four_figures_of_schools_are_those_of_the_last_round_of_each(app: TestApp) {
        let bureau = bureau(&app).await;
        let mut tx = app.db.begin().await.unwrap();
        let now = app.means.now();
        let day = SignedDuration::from_hours(24);
        done(&mut tx, &bureau, now - day * 3, |title| title.contains("封闭化").then_some(Verdict::Problem)).await;
        done(&mut tx, &bureau, now - day, |title| title.contains("专职保安").then_some(Verdict::Problem)).await;
        let school = add_school(&mut tx, &app.act(), bureau.station, "凤山小学").await;
        let other = Bureau { school, ..bureau };
        done(&mut tx, &other, now - day, |title| title.contains("一键报警").then_some(Verdict::Absent)).await;
        tx.commit().await.unwrap();
        let officer = app.person(Role::DutyStaff).browser().await;
        let page = officer.get("/hazards/figures").await;
        let said: Vec<&str> = page.between_all("</b>（", "所）").collect();
        assert_eq!(said, ["2 ÷ 2 ", "1 ÷ 2 ", "1 ÷ 1 ", "2 ÷ 2 "], "{}", page.body);
        // Before the second round the first one is what was known.
        let page = officer.get("/hazards/figures?from=2026-11-19&until=2026-11-21").await;
        page.assert_contains("0 ÷ 1 所");
    }
}
