//! The estate and the people whom the stories share.

use doorstep::access::{self, OrganisationKind, Reach, Role};
use doorstep::place;
use uuid::Uuid;

use crate::support::{Browser, Page, TestApp};

/// A photo such as a phone makes: JPEG with a position in its metadata.
pub fn photo() -> Vec<u8> {
    photo_of(90)
}

/// One that can be told from the others: equal photos are kept once.
pub fn photo_of(number: usize) -> Vec<u8> {
    let mut jpeg = Vec::new();
    let shade = |x: u32| (x as usize * (number + 1) / 16) as u8;
    let picture = image::RgbImage::from_fn(640, 480, |x, y| image::Rgb([x as u8, shade(y), number as u8]));
    let encoder = image::codecs::jpeg::JpegEncoder::new(&mut jpeg);
    image::DynamicImage::from(picture).write_with_encoder(encoder).unwrap();
    jpeg
}

/// 王府名苑小区, its third building with two stairwells, a grid, and the company that serves it.
pub struct Estate {
    pub company: Uuid,
    pub estate: Uuid,
    pub grid: Uuid,
    pub place_code: String,
}

pub async fn estate(app: &TestApp) -> Estate {
    let act = app.act();
    let mut tx = app.db.begin().await.unwrap();
    let kind = OrganisationKind::PropertyCompany;
    let company = access::create_organisation(&mut tx, &act, None, kind, "安心物业", None).await.unwrap();
    let estate = place::create_estate(&mut tx, &act, "王府名苑小区", Some("3号楼一层"), Some(company)).await.unwrap();
    let room = codes::address::parse_room("1302").unwrap();
    let mut settler = place::Settler::default();
    settler.settle(&mut tx, &act, "王府名苑小区", "3号楼", "2单元", &room).await.unwrap();
    let building = place::buildings(&mut tx, act.tenant, estate).await.unwrap().remove(0).id;
    let grid = place::create_grid(&mut tx, &act, "141102004999001", "第一网格").await.unwrap();
    place::assign_grid(&mut tx, &act, building, grid).await.unwrap();
    let place_code = place::units(&mut tx, act.tenant, building).await.unwrap().remove(0).place_code;
    tx.commit().await.unwrap();
    Estate { company, estate, grid, place_code }
}

/// The people of the story, each in a browser of their own.
pub struct People {
    pub resident: Browser,
    pub staff: Browser,
    pub manager: Browser,
    pub grid_worker: Browser,
    pub branch: Browser,
}

pub async fn people(app: &TestApp, place: &Estate) -> People {
    People {
        resident: app.browser(),
        staff: app.person(Role::Staff).browser().await,
        manager: app
            .person(Role::PropertyManager)
            .of_organisation(place.company)
            .reaching(Reach::Organisation, place.company)
            .browser()
            .await,
        grid_worker: app.person(Role::GridWorker).reaching(Reach::Grid, place.grid).browser().await,
        branch: app.person(Role::BranchSecretary).reaching(Reach::Estate, place.estate).browser().await,
    }
}

/// A step on an issue: fetches its page for the version, and sends the form.
pub async fn step(browser: &Browser, id: &str, step: &str, fields: &[(&str, &str)]) -> Page {
    let version = browser.get(&format!("/issues/{id}")).await.input("version");
    let fields = [&[("version", version.as_str())], fields].concat();
    browser.post(&format!("/issues/{id}/{step}"), &fields).await
}

pub async fn report(resident: &Browser, place: &Estate) -> String {
    report_as(resident, place, "13800001234").await
}

/// A report of the same by whoever has this phone; gives the code of the receipt.
pub async fn report_as(resident: &Browser, place: &Estate, phone: &str) -> String {
    let path = format!("/r/{}", place.place_code);
    let fields = [("description", "下水道堵了，脏水往外冒"), ("category", "drainage"), ("phone", phone)];
    let filed = resident.post_files(&path, &fields, &[("photos", "IMG_1.jpg", &photo())]).await;
    filed.assert_ok().assert_contains("收到了").assert_contains("/ratings/");
    filed.url.trim_start_matches("/receipts/").trim_end_matches("/filed").to_owned()
}

pub async fn issue_id(staff: &Browser) -> String {
    let link = staff.get("/issues").await.link("/issues/0");
    link.trim_start_matches("/issues/").to_owned()
}
