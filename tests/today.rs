//! 今日: each role sees what waits for it, the most urgent first, and nothing else.

use doorstep::access::{Reach, Role};
use doorstep::issue::Reporter;
use jiff::ToSpan;

use crate::stories::cast::{People, estate, issue_id, people, photo, report, step};
use crate::support::{Browser, TestApp};

/// The verbs on somebody's page, in order.
async fn verbs(browser: &Browser) -> Vec<String> {
    let page = browser.get("/today").await;
    page.assert_ok();
    let verbs = page.body.split("<span class=\"verb\">").skip(1);
    verbs.map(|rest| rest.split('<').next().unwrap().to_owned()).collect()
}

/// Lets time pass while everybody stays at the screen, so that no session ends for idleness.
async fn wait(app: &TestApp, people: &People, minutes: i64) {
    for _ in 0..minutes / 25 {
        let now = app.means.now();
        app.means.clock.set(now + 25.minutes());
        for somebody in [&people.staff, &people.manager, &people.grid_worker, &people.branch] {
            somebody.get("/today").await.assert_ok();
        }
    }
}

db_test! {
    async fn an_issue_walks_from_desk_to_desk(app: TestApp) {
        let place = estate(&app).await;
        let people = people(&app, &place).await;
        let nothing: [&str; 0] = [];
        for everybody in [&people.staff, &people.manager, &people.grid_worker, &people.branch] {
            assert_eq!(verbs(everybody).await, nothing);
            everybody.get("/today").await.assert_contains("现在没有等您办的事");
        }

        report(&people.resident, &place).await;
        let id = issue_id(&people.staff).await;
        assert_eq!(verbs(&people.staff).await, ["受理"]);
        assert_eq!(verbs(&people.branch).await, ["受理"]);
        assert_eq!(verbs(&people.manager).await, nothing);
        assert_eq!(verbs(&people.grid_worker).await, nothing);

        let grading = [("summary", "下水主管道堵塞"), ("category", "drainage"), ("tier", "sudden"), ("remedy", "property")];
        step(&people.staff, &id, "acceptance", &grading).await.assert_ok();
        assert_eq!(verbs(&people.staff).await, ["派单"]);
        let company = place.company.to_string();
        step(&people.staff, &id, "dispatches", &[("organisation", &company)]).await.assert_ok();
        assert_eq!(verbs(&people.staff).await, nothing, "others are at work");
        assert_eq!(verbs(&people.manager).await, ["办理"]);

        // What is late is chased by those who gave it out; what asks for time is decided.
        wait(&app, &people, 150).await;
        assert_eq!(verbs(&people.staff).await, ["催办"]);
        people.staff.get("/today").await.assert_contains("1 件已超期").assert_contains("安心物业");
        step(&people.manager, &id, "extensions", &[("until", "2026-12-04"), ("extension_reason", "等厂家的配件到货")])
            .await
            .assert_ok();
        assert_eq!(verbs(&people.staff).await, ["审批申请"]);
        step(&people.staff, &id, "petition-decisions", &[("granted", "yes"), ("decision_words", "同意")]).await.assert_ok();
        assert_eq!(verbs(&people.staff).await, nothing);

        let version = people.manager.get(&format!("/issues/{id}")).await.input("version");
        let result = [("version", version.as_str()), ("result_words", "主管道已经疏通")];
        let files = [("result_photos", "done.jpg", &photo()[..])];
        people.manager.post_files(&format!("/issues/{id}/result"), &result, &files).await.assert_ok();
        assert_eq!(verbs(&people.manager).await, nothing);
        assert_eq!(verbs(&people.branch).await, nothing, "publishing is the community's");
        assert_eq!(verbs(&people.staff).await, ["公示"]);
        step(&people.staff, &id, "publications", &[("publication_text", "主管道已经疏通并消毒")]).await.assert_ok();
        assert_eq!(verbs(&people.staff).await, nothing);
        assert_eq!(verbs(&people.grid_worker).await, ["上门测评"]);

        // A neighbour who is not content is the branch's to look at, before anybody can close.
        for (respondent, score) in [("neighbour", "1"), ("reporter", "4")] {
            let version = people.grid_worker.get(&format!("/issues/{id}/survey")).await.input("version");
            let answer = [("version", version.as_str()), ("respondent", respondent), ("solved", "yes"), ("score", score)];
            people.grid_worker.post(&format!("/issues/{id}/surveys"), &answer).await.assert_ok();
        }
        assert_eq!(verbs(&people.grid_worker).await, nothing);
        assert_eq!(verbs(&people.staff).await, nothing);
        assert_eq!(verbs(&people.branch).await, ["支部阅知"]);
        step(&people.branch, &id, "acknowledgements", &[("acknowledge_words", "支部已回访邻居")]).await.assert_ok();
        assert_eq!(verbs(&people.staff).await, ["销号"]);
        step(&people.staff, &id, "closure", &[]).await.assert_ok();
        for everybody in [&people.staff, &people.manager, &people.grid_worker, &people.branch] {
            assert_eq!(verbs(everybody).await, nothing);
        }
    }

    async fn the_most_urgent_stands_first_and_leads_home(app: TestApp) {
        let staff = app.person(Role::Staff).browser().await;
        let first = app.file_issue(Vec::new()).await;
        let now = app.means.now();
        app.means.clock.set(now + 5.minutes());
        let second = app.file_issue(Vec::new()).await;
        let page = staff.get("/").await;
        assert_eq!(page.url, "/today");
        let position = |id: uuid::Uuid| page.body.find(&id.to_string()).unwrap();
        assert!(position(first) < position(second));
    }

    async fn what_is_out_of_reach_does_not_wait_for_anybody(app: TestApp) {
        let place = estate(&app).await;
        let staff = app.person(Role::Staff).browser().await;
        let worker = app.person(Role::GridWorker).reaching(Reach::Grid, place.grid).browser().await;
        // It lies in no grid, and is given to the community, to which the grid worker belongs too.
        let id = app.file_issue(Vec::new()).await.to_string();
        let grading = [("summary", "公共照明损坏"), ("category", "lighting"), ("tier", "ordinary"), ("remedy", "self")];
        step(&staff, &id, "acceptance", &grading).await.assert_ok();
        let community = app.home.organisation.to_string();
        step(&staff, &id, "dispatches", &[("organisation", &community)]).await.assert_ok();
        assert_eq!(verbs(&staff).await, ["办理"]);
        worker.get(&format!("/issues/{id}")).await.assert_status(404);
        assert!(verbs(&worker).await.is_empty());
    }

    async fn what_lies_in_no_estate_is_the_secretarys_to_note(app: TestApp) {
        let place = estate(&app).await;
        let people = people(&app, &place).await;
        let secretary = app.person(Role::Secretary).browser().await;
        let worker = app.person(Role::GridWorker).browser().await;
        let reporter = Reporter { name: "王五".to_owned(), phone: "13800001234".to_owned() };
        let id = app.file_issue_of(Some(reporter), Vec::new()).await.to_string();
        let grading = [("summary", "公共照明损坏"), ("category", "lighting"), ("tier", "ordinary"), ("remedy", "property")];
        step(&people.staff, &id, "acceptance", &grading).await.assert_ok();
        let company = place.company.to_string();
        step(&people.staff, &id, "dispatches", &[("organisation", &company)]).await.assert_ok();
        let version = people.manager.get(&format!("/issues/{id}")).await.input("version");
        let result = [("version", version.as_str()), ("result_words", "灯换好了，亮了")];
        people.manager.post_files(&format!("/issues/{id}/result"), &result, &[]).await.assert_ok();
        step(&people.staff, &id, "publications", &[("publication_text", "路灯已经换好")]).await.assert_ok();
        let survey = async |score: &str, respondent: &str| {
            let version = worker.get(&format!("/issues/{id}/survey")).await.input("version");
            let answer = [("version", version.as_str()), ("respondent", respondent), ("solved", "yes"), ("score", score)];
            worker.post(&format!("/issues/{id}/surveys"), &answer).await.assert_ok();
        };
        survey("4", "reporter").await;
        survey("1", "neighbour").await;
        assert_eq!(verbs(&secretary).await, ["支部阅知"]);
        step(&secretary, &id, "acknowledgements", &[("acknowledge_words", "社区已回访")]).await.assert_ok();
        let now = app.means.now();
        app.means.clock.set(now + 5.minutes());
        // Another neighbour speaks up: there is something to look at again, and the button is there again.
        survey("2", "neighbour").await;
        secretary.get(&format!("/issues/{id}")).await.assert_contains("acknowledge_words");
        step(&secretary, &id, "acknowledgements", &[]).await.assert_ok().assert_contains("社区党委已阅知测评结果");
        secretary.get(&format!("/issues/{id}")).await.assert_lacks("acknowledge_words");
        assert_eq!(verbs(&secretary).await, ["销号"]);
        assert!(verbs(&people.branch).await.is_empty());
    }

    async fn another_community_stays_out_of_sight(app: TestApp) {
        app.file_issue(Vec::new()).await;
        let other = app.community("141102005999", "滨河社区").await;
        let stranger = app.person(Role::Staff).of_community(&other).browser().await;
        assert!(verbs(&stranger).await.is_empty());
    }

    async fn a_security_administrator_sees_who_cannot_get_in(app: TestApp) {
        let security = app.person(Role::SecurityAdmin).browser().await;
        assert!(verbs(&security).await.is_empty());
        let locked = app.person(Role::Staff).named("李社工").create().await;
        for _ in 0..5 {
            app.browser().sign_in(&locked.login, "wrong").await;
        }
        assert_eq!(verbs(&security).await, ["解锁账号"]);
        security.get("/today").await.assert_contains("李社工");
    }
}
