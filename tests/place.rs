//! Where people live, and what hangs in their stairwells.

use codes::Room;
use codes::address::parse_room;
use doorstep::access::{Reach, Role};
use doorstep::place::{self, Settler, Use};
use uuid::Uuid;

use crate::support::TestApp;

fn room(text: &str) -> Room {
    parse_room(text).unwrap()
}

/// Settles one dwelling in each of the buildings of an estate, and gives the buildings.
async fn settled(app: &TestApp, estate: &str, buildings: &[&str]) -> Vec<place::Building> {
    let mut tx = app.db.begin().await.unwrap();
    let mut settler = Settler::default();
    for building in buildings {
        settler.settle(&mut tx, &app.act(), estate, building, "1单元", &room("101")).await.unwrap();
    }
    let estates = place::estates(&mut tx, app.home.tenant).await.unwrap();
    let estate = estates.iter().find(|found| found.name == estate).unwrap().id;
    let found = place::buildings(&mut tx, app.home.tenant, estate).await.unwrap();
    tx.commit().await.unwrap();
    found
}

db_test! {
    async fn a_dwelling_is_settled_once_however_it_is_written(app: TestApp) {
        let act = app.act();
        let mut tx = app.db.begin().await.unwrap();
        let mut settler = Settler::default();
        let first = settler.settle(&mut tx, &act, "王府名苑小区", "3号楼", "2单元", &room("1302")).await.unwrap();
        let again = settler.settle(&mut tx, &act, " 王府名苑小区", "３栋", "2", &room("1302室")).await.unwrap();
        tx.commit().await.unwrap();
        let mut tx = app.db.begin().await.unwrap();
        let later = Settler::default().settle(&mut tx, &act, "王府名苑小区", "3", "二单元", &room("1302")).await.unwrap();
        let other = Settler::default().settle(&mut tx, &act, "王府名苑小区", "3", "", &room("1302")).await.unwrap();
        assert_eq!((first, first), (again, later));
        assert_ne!(first, other, "a building without units has a stairwell of its own");

        let dwelling = place::dwelling(&mut tx, app.home.tenant, first).await.unwrap();
        assert_eq!((dwelling.floor, dwelling.room.as_str(), dwelling.usage), (13, "1302", None));
        assert!(place::set_use(&mut tx, &act, first, Use::Rented).await.unwrap());
        assert!(!place::set_use(&mut tx, &act, first, Use::Rented).await.unwrap(), "nothing new");
        let buildings = place::all_buildings(&mut tx, app.home.tenant).await.unwrap();
        assert_eq!(buildings.iter().map(|building| building.name.as_str()).collect::<Vec<_>>(), ["3号楼"]);
    }

    async fn a_place_code_leads_to_its_stairwell(app: TestApp) {
        let building = settled(&app, "水保所家属院", &["2号楼"]).await.remove(0);
        let mut tx = app.db.read().await.unwrap();
        let unit = place::units(&mut tx, app.home.tenant, building.id).await.unwrap().remove(0);
        let written = format!("{}-{}", unit.place_code[..4].to_lowercase(), &unit.place_code[4..]);
        let (tenant, spot) = place::spot_by_code(&mut tx, &written).await.unwrap().unwrap();
        assert_eq!((tenant, spot.words().as_str()), (app.home.tenant, "水保所家属院 2号楼 1单元"));
        assert_eq!(spot.unit_id, Some(unit.id));
        assert!(place::spot_by_code(&mut tx, "00000000").await.unwrap().is_none());
        let spot = place::spot(&mut tx, app.home.tenant, building.id).await.unwrap();
        assert_eq!((spot.words().as_str(), spot.unit_id), ("水保所家属院 2号楼", None));
        let elsewhere = place::spot(&mut tx, Uuid::nil(), building.id).await;
        assert!(elsewhere.is_err(), "a tenant sees only its own");
    }

    async fn names_and_codes_are_taken_once(app: TestApp) {
        let act = app.act();
        let mut tx = app.db.begin().await.unwrap();
        place::create_estate(&mut tx, &act, "枣林园小区", Some("3号楼一层"), None).await.unwrap();
        assert!(place::create_estate(&mut tx, &act, "枣林园小区", None, None).await.is_err());
        let grid = place::create_grid(&mut tx, &act, "141102004999001", "第一网格").await.unwrap();
        assert!(place::create_grid(&mut tx, &act, "141102004999001", "第二网格").await.is_err());
        Settler::default().settle(&mut tx, &act, "枣林园小区", "1号楼", "", &room("101")).await.unwrap();
        let building = place::all_buildings(&mut tx, app.home.tenant).await.unwrap().remove(0);
        place::assign_grid(&mut tx, &act, building.id, grid).await.unwrap();
        assert_eq!(place::all_buildings(&mut tx, app.home.tenant).await.unwrap()[0].grid_id, Some(grid));
        assert!(place::assign_grid(&mut tx, &act, Uuid::nil(), grid).await.is_err());
        assert_eq!(place::estates(&mut tx, app.home.tenant).await.unwrap().len(), 1);
    }

    async fn an_empty_register_says_what_to_do(app: TestApp) {
        let staff = app.person(Role::Staff).browser().await;
        staff.get("/estates").await.assert_ok().assert_contains("还没有小区").assert_contains("href=\"/imports\"");
    }

    async fn every_stairwell_has_a_label_to_print(app: TestApp) {
        let building = settled(&app, "王府名苑小区", &["3号楼"]).await.remove(0);
        let mut tx = app.db.begin().await.unwrap();
        Settler::default().settle(&mut tx, &app.act(), "王府名苑小区", "3", "2", &room("101")).await.unwrap();
        tx.commit().await.unwrap();

        let staff = app.person(Role::Staff).browser().await;
        let estate = staff.get("/estates").await.assert_ok().assert_contains("王府名苑小区").link("/estates/0");
        let page = staff.get(&estate).await;
        page.assert_ok().assert_contains("3号楼").assert_contains("2 个").assert_contains("2 套");
        let sheets = staff.get(&format!("/buildings/{}/sheets", building.id)).await;
        sheets.assert_ok().assert_contains("王府名苑小区 3号楼 1单元").assert_contains("王府名苑小区 3号楼 2单元");
        assert_eq!(sheets.body.matches("class=\"qr-label\"").count(), 2);
        sheets.assert_contains("尉汾路社区");
    }

    async fn a_grid_worker_sees_the_buildings_of_the_grid(app: TestApp) {
        let buildings = settled(&app, "王府名苑小区", &["1号楼", "2号楼"]).await;
        settled(&app, "水保所家属院", &["7号楼"]).await;
        let mut tx = app.db.begin().await.unwrap();
        let grid = place::create_grid(&mut tx, &app.act(), "141102004999001", "第一网格").await.unwrap();
        place::assign_grid(&mut tx, &app.act(), buildings[0].id, grid).await.unwrap();
        tx.commit().await.unwrap();

        let worker = app.person(Role::GridWorker).reaching(Reach::Grid, grid).browser().await;
        let estates = worker.get("/estates").await;
        estates.assert_ok().assert_contains("王府名苑小区").assert_contains("1 栋").assert_lacks("水保所家属院");
        let estate = worker.get(&format!("/estates/{}", buildings[0].estate_id)).await;
        estate.assert_ok().assert_contains("1号楼").assert_contains("第一网格").assert_lacks("2号楼");
        worker.get(&format!("/buildings/{}/sheets", buildings[0].id)).await.assert_ok();
        worker.get(&format!("/buildings/{}/sheets", buildings[1].id)).await.assert_status(404);

        let branch = app.person(Role::BranchSecretary).reaching(Reach::Estate, buildings[0].estate_id).browser().await;
        let estate = branch.get(&format!("/estates/{}", buildings[0].estate_id)).await;
        estate.assert_ok().assert_contains("2号楼");
        assert!(!estate.contains(&format!("href=\"/buildings/{}\"", buildings[0].id)), "who lives there is not the branch's to see");
        branch.get("/estates").await.assert_lacks("水保所家属院");

        let neighbour = app.community("141126004999", "石楼县社区").await;
        let stranger = app.person(Role::Staff).of_community(&neighbour).browser().await;
        stranger.get(&format!("/estates/{}", buildings[0].estate_id)).await.assert_status(404);
        stranger.get(&format!("/buildings/{}/sheets", buildings[0].id)).await.assert_status(404);
    }
}
