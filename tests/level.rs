//! 分级办理: who leads on an issue, and how it goes from one level to another.

use doorstep::access::{Act, Reach, Role};
use doorstep::issue::{self, Category, Level, NewIssue, Place, Source};
use doorstep::place;
use uuid::Uuid;

use crate::support::TestApp;

async fn estate(app: &TestApp) -> Uuid {
    let mut tx = app.db.begin().await.unwrap();
    let id = place::create_estate(&mut tx, &app.act(), "王府名苑小区", None, None).await.unwrap();
    tx.commit().await.unwrap();
    id
}

fn new(estate: Uuid) -> NewIssue {
    NewIssue {
        source: Source::Web,
        category: Category::Lift,
        description: "电梯一停电就困人，要装双电源".to_owned(),
        place: Place::Estate { id: estate, name: "王府名苑小区".to_owned(), grid: None },
        place_text: String::new(),
        reporter: None,
        photos: Vec::new(),
    }
}

async fn file(app: &TestApp, estate: Uuid) -> Uuid {
    let mut tx = app.db.begin().await.unwrap();
    let id = issue::file(&mut tx, &app.act(), new(estate)).await.unwrap().id;
    tx.commit().await.unwrap();
    id
}

async fn issue(app: &TestApp, id: Uuid) -> issue::Issue {
    issue::issue(&mut app.db.read().await.unwrap(), app.home.tenant, id).await.unwrap()
}

db_test! {
    async fn what_the_estate_cannot_solve_the_community_decides(app: TestApp) {
        let estate = estate(&app).await;
        let id = file(&app, estate).await;
        assert_eq!(issue(&app, id).await.level, Level::Branch);
        let branch = app.person(Role::BranchSecretary).reaching(Reach::Estate, estate).browser().await;
        let staff = app.person(Role::Staff).browser().await;
        let path = format!("/issues/{id}");
        branch.get(&path).await.assert_contains("办不了，上报社区").assert_contains("受理并派单");
        let seen = issue(&app, id).await.lock_version.to_string();
        let said = [("version", seen.as_str()), ("raise_reason", "打 13800001234")];
        branch.post(&format!("{path}/raising"), &said).await.assert_status(422).assert_contains("电话");
        let said = [("version", seen.as_str()), ("raise_reason", "要全体业主出钱，小区定不了")];
        branch.post(&format!("{path}/raising"), &said).await.assert_ok().assert_contains("已上报社区");
        assert_eq!(issue(&app, id).await.level, Level::Community);
        branch.get("/today").await.assert_ok().assert_lacks("小区上报").assert_lacks(&path);
        // The branch reads on, and decides no more.
        branch.get(&path).await.assert_ok().assert_lacks("受理并派单").assert_lacks("办不了，上报");
        let seen = issue(&app, id).await.lock_version.to_string();
        let refusal = [("version", seen.as_str()), ("refusal_reason", "这件事不归我们")];
        branch.post(&format!("{path}/refusal"), &refusal).await.assert_status(422).assert_contains("由社区来定");
        let again = [("version", seen.as_str()), ("raise_reason", "还是办不了，再报一次")];
        branch.post(&format!("{path}/raising"), &again).await.assert_status(422).assert_contains("不用再上报");
        // The reporter reads why.
        let receipt = format!("/receipts/{}", issue(&app, id).await.receipt_code);
        app.browser().get(&receipt).await.assert_contains("上报社区：要全体业主出钱");
        staff.get("/today").await.assert_contains("小区上报");
        let back = [("version", seen.as_str()), ("lower_reason", "维修资金够用，小区可以办")];
        staff.post(&format!("{path}/lowering"), &back).await.assert_ok().assert_contains("已交给小区党支部");
        assert_eq!(issue(&app, id).await.level, Level::Branch);
        branch.get(&path).await.assert_contains("受理并派单");
    }

    async fn what_a_grid_worker_has_brought_in_goes_up_level_by_level(app: TestApp) {
        let estate = estate(&app).await;
        let worker = app.person(Role::GridWorker).create().await;
        let brings = Act { role: Role::GridWorker, account: Some(worker.id), organisation: Some(app.home.organisation), ..app.act() };
        let mut tx = app.db.begin().await.unwrap();
        let grid = place::create_grid(&mut tx, &app.act(), "141102004999001", "第一网格").await.unwrap();
        let new = NewIssue { place: Place::Estate { id: estate, name: "王府名苑小区".to_owned(), grid: Some(grid) }, ..new(estate) };
        let id = issue::file(&mut tx, &brings, new).await.unwrap().id;
        tx.commit().await.unwrap();
        assert_eq!(issue(&app, id).await.level, Level::Grid);
        let path = format!("/issues/{id}");
        let branch = app.person(Role::BranchSecretary).reaching(Reach::Estate, estate).browser().await;
        branch.get(&path).await.assert_contains("办不了，上报社区");
        let worker = app.browser_of(&worker).await;
        worker.get(&path).await.assert_contains("办不了，上报小区党支部");
        let said = [("version", "1"), ("raise_reason", "网格里办不了的事")];
        worker.post(&format!("{path}/raising"), &said).await.assert_ok().assert_contains("已上报小区党支部");
        assert_eq!(issue(&app, id).await.level, Level::Branch);
        let said = [("version", "2"), ("raise_reason", "支部也办不了的事")];
        branch.post(&format!("{path}/raising"), &said).await.assert_ok().assert_contains("已上报社区");
        assert_eq!(issue(&app, id).await.level, Level::Community);
    }

    async fn whoever_has_two_roles_acts_in_the_higher(app: TestApp) {
        let estate = estate(&app).await;
        let id = file(&app, estate).await;
        let both = app.person(Role::BranchSecretary).reaching(Reach::Estate, estate).and(Role::Staff, Reach::Estate, estate);
        let both = both.browser().await;
        let branch = app.person(Role::BranchSecretary).reaching(Reach::Estate, estate).browser().await;
        let said = [("version", "1"), ("raise_reason", "要全体业主出钱")];
        branch.post(&format!("/issues/{id}/raising"), &said).await.assert_ok();
        both.get(&format!("/issues/{id}")).await.assert_contains("交给小区党支部牵头");
        let back = [("version", "2"), ("lower_reason", "维修资金够用，小区可以办")];
        both.post(&format!("/issues/{id}/lowering"), &back).await.assert_ok().assert_contains("已交给小区党支部");
    }

    async fn a_grid_worker_does_not_pass_on_what_is_with_the_branch(app: TestApp) {
        let estate = estate(&app).await;
        let worker = app.person(Role::GridWorker).browser().await;
        let staff = app.person(Role::Staff).browser().await;
        let id = file(&app, estate).await;
        // It is with the branch already.
        worker.get(&format!("/issues/{id}")).await.assert_ok().assert_lacks("办不了，上报");
        let seen = issue(&app, id).await.lock_version.to_string();
        let said = [("version", seen.as_str()), ("raise_reason", "我这里办不了")];
        worker.post(&format!("/issues/{id}/raising"), &said).await.assert_status(422).assert_contains("由小区党支部牵头");
        let lowered = [("version", seen.as_str()), ("lower_reason", "小区里能办的事")];
        staff.post(&format!("/issues/{id}/lowering"), &lowered).await.assert_status(422).assert_contains("社区牵头的");
        app.person(Role::PropertyManager).browser().await.post(&format!("/issues/{id}/raising"), &said).await.assert_status(403);
    }

    async fn what_lies_in_no_estate_is_the_communitys(app: TestApp) {
        let id = app.file_issue(Vec::new()).await;
        assert_eq!(issue(&app, id).await.level, Level::Community);
        app.person(Role::Staff).browser().await.get(&format!("/issues/{id}")).await.assert_contains("由哪一级牵头").assert_lacks("交给小区党支部牵头");
    }
}
