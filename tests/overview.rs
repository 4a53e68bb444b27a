//! 小区家底: what each estate has and lacks.

use codes::PersonName;
use codes::address::parse_room;
use doorstep::access::{self, OrganisationKind, Reach, Role};
use doorstep::board::{self, NewContact, Post};
use doorstep::place::{self, Settler};
use doorstep::registry::enrol::{NewResident, enrol};
use doorstep::upkeep;

db_test! {
    async fn an_estate_says_what_it_has_and_what_it_lacks(app: TestApp) {
        let act = app.act();
        let home = Some(app.home.organisation);
        let mut tx = app.db.begin().await.unwrap();
        let room = parse_room("101").unwrap();
        let door = Settler::default().settle(&mut tx, &act, "王府名苑小区", "3号楼", "1", &room).await.unwrap();
        let name = PersonName::parse("王秀兰").unwrap();
        enrol(&mut tx, &act, door, &name, &NewResident::named(name.clone())).await.unwrap();
        let estate = place::estates(&mut tx, app.home.tenant).await.unwrap()[0].id;
        let building = place::dwelling(&mut tx, app.home.tenant, door).await.unwrap().building_id;
        let company = access::create_organisation(&mut tx, &act, home, OrganisationKind::PropertyCompany, "诚信物业", None).await.unwrap();
        let branch = access::create_organisation(&mut tx, &act, home, OrganisationKind::PartyBranch, "王府名苑小区党支部", None).await.unwrap();
        let grid = place::create_grid(&mut tx, &act, "141102004999001", "第一网格").await.unwrap();
        place::assign_grid(&mut tx, &act, building, grid).await.unwrap();
        tx.commit().await.unwrap();
        upkeep::count(&app.db, &app.means).await.unwrap();

        let staff = app.person(Role::Staff).browser().await;
        staff.get("/estates").await.assert_contains("/estates/overview");
        let page = staff.get("/estates/overview").await;
        page.assert_ok().assert_contains("缺 8 项").assert_contains("<b>1</b> 户 <b>1</b> 人").assert_contains("入住 100%");
        page.assert_contains(&format!("/estates/{estate}/contacts")).assert_contains(&format!("/estates/{estate}/particulars"));

        app.person(Role::BranchSecretary).named("冯环英").of_organisation(branch).reaching(Reach::Estate, estate).create().await;
        app.person(Role::GridWorker).named("景瑞芳").reaching(Reach::Grid, grid).create().await;
        let mut tx = app.db.begin().await.unwrap();
        let contact = NewContact { estate, post: Post::PartyInstructor, name: "蔺春生".to_owned(), phone: "0358-0001201".to_owned() };
        board::add_contact(&mut tx, &act, contact).await.unwrap();
        tx.commit().await.unwrap();
        let path = format!("/estates/{estate}/particulars");
        let chosen = company.to_string();
        let stranger = staff.post(&path, &[("station_address", "2号楼1层"), ("property_company", &branch.to_string())]).await;
        stranger.assert_status(422).assert_contains("2号楼1层");
        let saved = staff.post(&path, &[("station_address", "2号楼1层"), ("property_company", &chosen)]).await;
        saved.assert_ok().assert_contains("2号楼1层").assert_contains("诚信物业");
        let page = staff.get("/estates/overview").await;
        page.assert_contains("王府名苑小区党支部").assert_contains("冯环英").assert_contains("第一网格 景瑞芳").assert_contains("蔺春生");
        page.assert_contains("缺 2 项"); // 物管会, 包联干部

        // Whoever has one estate sees that one; whoever has a grid is told where to look.
        let mut tx = app.db.begin().await.unwrap();
        let other = place::create_estate(&mut tx, &act, "水保所家属院", None, None).await.unwrap();
        tx.commit().await.unwrap();
        let secretary = app.person(Role::BranchSecretary).reaching(Reach::Estate, other).browser().await;
        secretary.get("/estates/overview").await.assert_contains("水保所家属院").assert_lacks("王府名苑小区").assert_lacks("/particulars");
        secretary.post(&path, &[("station_address", "别处")]).await.assert_status(403);
        let cadre = app.person(Role::Staff).reaching(Reach::Estate, other).browser().await;
        cadre.post(&path, &[("station_address", "别处")]).await.assert_status(404);
        let worker = app.person(Role::GridWorker).reaching(Reach::Grid, grid).browser().await;
        worker.get("/estates/overview").await.assert_ok().assert_contains("没有可以看的小区");
    }
}
