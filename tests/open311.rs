//! GeoReport v2, as its documentation has it: what a client sees, files and follows, in both formats.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::num::NonZeroU32;

use codes::address::parse_room;
use doorstep::access::{Role, TokenScope};
use doorstep::app::{App, router};
use doorstep::config::Config;
use doorstep::issue::{self, Category, NewIssue, Place, Source};
use doorstep::place::Settler;
use doorstep::{place, settings};
use jiff::SignedDuration;
use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use uuid::Uuid;

use crate::api::{Program, token};
use crate::support::TestApp;

/// A document as its elements say it: text, or the children by their names.
#[derive(Debug, PartialEq)]
enum Element {
    Text(String),
    Children(Vec<(String, Element)>),
}

/// An element that has begun: its name, its text so far, its children.
type Open = (String, String, Vec<(String, Element)>);

impl Element {
    /// Reads a document with a parser that knows nothing of the program, and gives the root's name with it.
    fn read(text: &str) -> (String, Element) {
        assert!(text.starts_with(r#"<?xml version="1.0" encoding="utf-8"?>"#), "{text}");
        let mut reader = Reader::from_str(text);
        let mut open: Vec<Open> = Vec::new();
        loop {
            match reader.read_event().unwrap() {
                Event::Start(start) => open.push((start.name().as_ref().to_owned(), String::new(), Vec::new())),
                Event::Text(words) => {
                    if let Some((_, text, _)) = open.last_mut() {
                        text.push_str(&words.xml10_content());
                    }
                }
                Event::GeneralRef(name) => {
                    let meant = quick_xml::escape::resolve_predefined_entity(&name.xml10_content()).unwrap();
                    open.last_mut().unwrap().1.push_str(meant);
                }
                Event::End(_) => {
                    let (name, text, children) = open.pop().unwrap();
                    let element = if children.is_empty() { Element::Text(text) } else { Element::Children(children) };
                    match open.last_mut() {
                        Some((_, _, children)) => children.push((name, element)),
                        None => return (name, element),
                    }
                }
                Event::Decl(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    fn children(&self) -> &[(String, Element)] {
        match self {
            Element::Children(children) => children,
            Element::Text(text) => {
                assert_eq!(text, "", "no list");
                &[]
            }
        }
    }

    /// The same as JSON has it: members of lists lose their names, and numbers and booleans are words.
    fn as_json(&self, lists: &[&str], name: &str) -> Value {
        match self {
            _ if lists.contains(&name) => {
                self.children().iter().map(|(name, child)| child.as_json(lists, name)).collect()
            }
            Element::Text(text) => Value::from(text.clone()),
            Element::Children(children) => children
                .iter()
                .map(|(name, child)| (name.clone(), child.as_json(lists, name)))
                .collect::<BTreeMap<_, _>>()
                .into_iter()
                .collect(),
        }
    }
}

const LISTS: [&str; 7] = ["services", "attributes", "values", "service_requests", "errors", "endpoints", "formats"];

/// JSON with every value as the words that XML has for it.
fn in_words(value: &Value) -> Value {
    match value {
        Value::Null => json!(""),
        Value::Array(members) => members.iter().map(in_words).collect(),
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| (name.clone(), in_words(value))).collect::<serde_json::Map<_, _>>().into()
        }
        Value::String(text) => json!(text),
        other => json!(other.to_string()),
    }
}

/// Asks for a resource in both formats, finds the same in both, and gives it.
async fn get(program: &Program, resource: &str, root: &str) -> Value {
    let (path, query) = resource.split_once('?').unwrap_or((resource, ""));
    let json = program.get(&format!("/open311/v2/{path}.json?{query}")).await;
    let xml = program.get(&format!("/open311/v2/{path}.xml?{query}")).await;
    assert_eq!((json.status, xml.status), (200, 200), "{json:?} {xml:?}");
    assert_eq!((json.kind.as_str(), xml.kind.as_str()), ("application/json; charset=utf-8", "text/xml; charset=utf-8"));
    let (name, element) = Element::read(&xml.body);
    assert_eq!(name, root);
    if root == "service_requests" || root == "services" {
        let member = if root == "services" { "service" } else { "request" };
        assert!(element.children().iter().all(|(name, _)| name == member), "{element:?}");
    }
    assert_eq!(element.as_json(&LISTS, root), in_words(&json.json()), "{path}");
    json.json()
}

/// What the standard says of an error, in both formats.
async fn refused(program: &Program, resource: &str, status: u16) -> String {
    let (path, query) = resource.split_once('?').unwrap_or((resource, ""));
    let json = program.get(&format!("/open311/v2/{path}.json?{query}")).await;
    assert_eq!(json.status, status, "{json:?}");
    let xml = program.get(&format!("/open311/v2/{path}.xml?{query}")).await;
    let (name, element) = Element::read(&xml.body);
    assert_eq!((name.as_str(), element.as_json(&LISTS, "errors")), ("errors", in_words(&json.json())));
    assert_eq!(json.json()[0]["code"], status);
    json.json()[0]["description"].as_str().unwrap().to_owned()
}

/// The fields of a request as the documentation lists them, each with what may stand in it.
fn check_request(request: &Value) {
    let fields = [
        "address",
        "address_id",
        "agency_responsible",
        "description",
        "expected_datetime",
        "lat",
        "long",
        "media_url",
        "requested_datetime",
        "service_code",
        "service_name",
        "service_notice",
        "service_request_id",
        "status",
        "status_notes",
        "updated_datetime",
        "zipcode",
    ];
    assert_eq!(request.as_object().unwrap().keys().map(String::as_str).collect::<Vec<_>>(), fields);
    assert!(matches!(request["status"].as_str(), Some("open" | "closed")));
    for moment in ["requested_datetime", "updated_datetime", "expected_datetime"] {
        // The w3 note: with seconds and an offset.
        let Some(text) = request[moment].as_str() else { continue };
        assert!(text.len() == 25 && text.ends_with("+08:00") && text.parse::<jiff::Timestamp>().is_ok(), "{text}");
    }
}

async fn estate(app: &TestApp) -> Uuid {
    let mut tx = app.db.begin().await.unwrap();
    let id = place::create_estate(&mut tx, &app.act(), "王府名苑小区", None, None).await.unwrap();
    tx.commit().await.unwrap();
    id
}

async fn allow_everybody(app: &TestApp) {
    let mut tx = app.db.begin().await.unwrap();
    let day = jiff::civil::date(2026, 11, 1);
    settings::set(&mut tx, &app.act(), "interface.open311", day, &json!({"without_token": "allowed"}), "社区定的")
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

/// An issue that was worked on to the end of its loop's public part: its result hangs on the board.
async fn published(app: &TestApp, category: Category, days_ago: i64) -> issue::Filed {
    let now = app.means.now();
    app.means.clock.set(now - SignedDuration::from_hours(24 * days_ago));
    let new = NewIssue {
        source: Source::Web,
        category,
        description: "楼下王秀兰家的灯坏了".to_owned(),
        place: Place::Community,
        place_text: String::new(),
        reporter: None,
        photos: Vec::new(),
    };
    let act = app.act();
    let mut tx = app.db.begin().await.unwrap();
    let filed = issue::file(&mut tx, &act, new).await.unwrap();
    let one = doorstep::board::NewPublication {
        kind: doorstep::board::PublicationKind::Result,
        estate: None,
        subject: filed.id,
        title: "路灯修好了".to_owned(),
        snapshot: doorstep::board::Snapshot {
            text: "已换灯".to_owned(),
            facts: Vec::new(),
            photos: Vec::new(),
            link: None,
        },
        period: doorstep::board::Period::days(7),
        named: Vec::new(),
    };
    doorstep::board::publish(&mut tx, &act, one).await.unwrap();
    tx.commit().await.unwrap();
    app.means.clock.set(now);
    filed
}

db_test! {
    async fn a_client_finds_its_way_files_and_follows(app: TestApp) {
        let estate = estate(&app).await;
        let client = Program::new(&app.url, None);
        let discovery = get(&client, "discovery", "discovery").await;
        let endpoint = &discovery["endpoints"][0];
        assert_eq!(endpoint["specification"], "http://wiki.open311.org/GeoReport_v2");
        assert_eq!(endpoint["url"], json!(format!("{}/open311/v2", app.url)));
        let services = get(&client, "services", "services").await;
        let lift = services.as_array().unwrap().iter().find(|service| service["service_name"] == "电梯").unwrap();
        assert_eq!((&lift["metadata"], &lift["type"]), (&json!(true), &json!("realtime")));
        let code = lift["service_code"].as_str().unwrap();
        let definition = get(&client, &format!("services/{code}"), "service_definition").await;
        let attribute = &definition["attributes"][0];
        assert_eq!((&attribute["code"], &attribute["datatype"]), (&json!("estate"), &json!("singlevaluelist")));
        assert_eq!(attribute["values"], json!([{"key": estate, "name": "王府名苑小区"}]));

        let key = token(&app, &app.home, &[TokenScope::IssuesWrite], None).await;
        let fields = [("api_key", key.as_str()), ("service_code", code), ("description", "3号楼电梯停了两天"), ("lat", "37.52"), ("long", "111.14"),
            ("attribute[estate]", attribute["values"][0]["key"].as_str().unwrap()), ("first_name", "建国"), ("last_name", "王"), ("phone", "13800001234"),
            ("device_id", "x"), ("email", "somebody@example.org")];
        let answer = client.post_form("/open311/v2/requests.xml", &fields).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        let (root, element) = Element::read(&answer.body);
        assert_eq!(root, "service_requests");
        let created = element.as_json(&LISTS, &root)[0].clone();
        let id = created["service_request_id"].as_str().unwrap();
        let notice = created["service_notice"].as_str().unwrap();
        let code = notice.split("/receipts/").nth(1).unwrap().get(..12).unwrap();
        app.browser().get(&format!("/receipts/{code}")).await.assert_ok().assert_contains("其他系统").assert_contains("王府名苑小区");

        let followed = get(&client, &format!("requests/{id}"), "service_requests").await;
        check_request(&followed[0]);
        assert_eq!((&followed[0]["status"], &followed[0]["service_code"]), (&json!("open"), &json!("lift")));
        assert_eq!(get(&client, &format!("tokens/{id}"), "service_requests").await[0]["service_request_id"], json!(id));
        assert_eq!(get(&client, &format!("requests?service_request_id={id},{}", Uuid::nil()), "service_requests").await, followed);
        // Followed, but not listed: it does not hang on the board.
        assert_eq!(get(&client, "requests", "service_requests").await, json!([]));
        for body in [followed.to_string(), get(&client, "services", "services").await.to_string()] {
            for secret in [code, "建国", "1380000", "停了两天", "37.52"] {
                assert!(!body.contains(secret), "{secret} in {body}");
            }
        }
        app.person(Role::AuditAdmin).browser().await.get("/audit").await.assert_contains("凭令牌登记诉求");
    }

    async fn only_what_hangs_on_the_board_is_listed(app: TestApp) {
        let light = published(&app, Category::Lighting, 3).await;
        let lift = published(&app, Category::Lift, 40).await;
        let old = published(&app, Category::Lift, 100).await;
        app.file_issue(Vec::new()).await;
        let client = Program::new(&app.url, None);
        let asked = async |query: &str| -> Vec<String> {
            let list = get(&client, &format!("requests?{query}"), "service_requests").await;
            list.as_array().unwrap().iter().map(|request| { check_request(request); request["service_request_id"].as_str().unwrap().to_owned() }).collect()
        };
        let ids = |filed: &[&issue::Filed]| filed.iter().map(|filed| filed.id.to_string()).collect::<Vec<_>>();
        assert_eq!(asked("").await, ids(&[&light, &lift]));
        assert_eq!(asked("service_code=lift,noise").await, ids(&[&lift]));
        assert_eq!(asked("status=open").await, ids(&[&light, &lift]));
        assert_eq!(asked("status=closed").await, ids(&[]));
        assert_eq!(asked("status=open,closed").await, ids(&[&light, &lift]));
        assert_eq!(asked("end_date=2026-10-01T00:00:00Z").await, ids(&[&old]));
        assert_eq!(asked("start_date=2026-11-01").await, ids(&[&light]));
        assert_eq!(asked("start_date=2026-08-01T00:00:00Z&end_date=2026-10-20T00:00:00Z").await, ids(&[&lift, &old]));
        let all = client.get("/open311/v2/requests.json").await.body;
        assert!(!all.contains(&light.receipt_code) && !all.contains("王秀兰"), "{all}");

        assert!(refused(&client, "requests?start_date=2026-01-01&end_date=2026-10-20", 400).await.contains("90 天"));
        refused(&client, "requests?start_date=yesterday", 400).await;
        refused(&client, "requests?status=done", 400).await;
        refused(&client, "requests?service_code=potholes", 404).await;
        refused(&client, "requests/1", 404).await;
        refused(&client, &format!("requests/{}", light.receipt_code), 404).await;
        refused(&client, "services/potholes", 404).await;
        client.get("/open311/v2/nothing.json").await.refused(404);
        assert_eq!(client.post("/open311/v2/services.json", &json!({})).await.status, 405);

        // Withdrawn from the board, it is gone from the list.
        let mut tx = app.db.begin().await.unwrap();
        doorstep::board::withdraw(&mut tx, &app.act(), light.id, "写错了").await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(asked("").await, ids(&[&lift]));
    }

    async fn of_several_communities_each_has_its_own(app: TestApp) {
        let light = published(&app, Category::Lighting, 3).await;
        let other = app.community("141102004998", "凤山社区").await;
        let client = Program::new(&app.url, None);
        assert!(refused(&client, "services", 400).await.contains("jurisdiction_id"));
        refused(&client, "services?jurisdiction_id=city.gov", 404).await;
        let of = async |code: &str| get(&client, &format!("requests?jurisdiction_id={code}"), "service_requests").await.as_array().unwrap().len();
        assert_eq!((of(&app.home.code).await, of(&other.code).await), (1, 0));
        refused(&client, &format!("requests/{}?jurisdiction_id={}", light.id, other.code), 404).await;
        let key = token(&app, &app.home, &[TokenScope::IssuesWrite], None).await;
        let fields = [("api_key", key.as_str()), ("service_code", "lift"), ("description", "电梯停了两天"), ("address_string", "3号楼"), ("jurisdiction_id", &other.code)];
        assert_eq!(client.post_form("/open311/v2/requests.json", &fields).await.status, 403, "a key of another community");
    }

    async fn a_subdistrict_is_no_jurisdiction(app: TestApp) {
        let above = crate::whistle::subdistrict(&app, &app.home).await;
        let client = Program::new(&app.url, None);
        refused(&client, &format!("services?jurisdiction_id={}", above.code), 404).await;
        get(&client, &format!("services?jurisdiction_id={}", app.home.code), "services").await;
    }

    async fn what_a_client_sends_again_is_filed_once(app: TestApp) {
        let client = Program::new(&app.url, None);
        let key = token(&app, &app.home, &[TokenScope::IssuesWrite], None).await;
        let fields = [("api_key", key.as_str()), ("service_code", "lift"), ("description", "电梯停了两天"), ("address_string", "3号楼")];
        let post = async || client.post_form("/open311/v2/requests.json", &fields).await.json();
        let first = post().await;
        assert_eq!(post().await, first);
        app.means.clock.set(app.means.now() + SignedDuration::from_mins(11));
        assert_ne!(post().await, first, "it has stopped again");
    }

    async fn a_form_may_be_sent_in_parts(app: TestApp) {
        let client = Program::new(&app.url, None);
        let key = token(&app, &app.home, &[TokenScope::IssuesWrite], None).await;
        let photo = reqwest::multipart::Part::bytes(vec![0xff; 2 << 20]).file_name("1.jpg");
        let form = reqwest::multipart::Form::new().text("api_key", key.clone()).text("service_code", "lift").text("description", "电梯停了两天")
            .text("address_string", "3号楼").part("media", photo);
        let url = format!("{}/open311/v2/requests.json", app.url);
        let answer = client.send(client.client.post(&url).multipart(form)).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        let json = client.post("/open311/v2/requests.json", &json!({"api_key": key, "service_code": "lift"})).await;
        assert_eq!((json.status, &json.json()[0]["code"]), (415, &json!(415)));
        let broken = client.client.post(&url).header("content-type", "multipart/form-data").body("x");
        assert_eq!(client.send(broken).await.status, 400);
    }

    async fn the_label_of_a_stairwell_counts_for_a_token_of_its_estate(app: TestApp) {
        let mut tx = app.db.begin().await.unwrap();
        let (mut settler, room) = (Settler::default(), parse_room("1302").unwrap());
        let mut codes = Vec::new();
        for estate in ["王府名苑小区", "青禾里小区"] {
            settler.settle(&mut tx, &app.act(), estate, "3号楼", "2单元", &room).await.unwrap();
        }
        for building in place::all_buildings(&mut tx, app.home.tenant).await.unwrap() {
            codes.push(place::units(&mut tx, app.home.tenant, building.id).await.unwrap().remove(0).place_code);
        }
        let estate = place::spot_by_code(&mut tx, &codes[0]).await.unwrap().unwrap().1.estate_id;
        tx.commit().await.unwrap();
        let client = Program::new(&app.url, None);
        let key = token(&app, &app.home, &[TokenScope::IssuesWrite], Some(estate)).await;
        let post = async |code: &str| {
            let fields = [("api_key", key.as_str()), ("service_code", "lift"), ("description", "电梯停了两天"), ("address_id", code)];
            client.post_form("/open311/v2/requests.json", &fields).await
        };
        let filed = post(&codes[0]).await;
        assert_eq!(filed.status, 201, "{filed:?}");
        let id = filed.json()[0]["service_request_id"].as_str().unwrap().to_owned();
        let address = get(&client, &format!("requests/{id}"), "service_requests").await[0]["address"].clone();
        assert!(address.as_str().unwrap().contains("2单元"), "{address}");
        assert_eq!(post(&codes[1]).await.status, 400, "of another estate");
    }

    async fn who_may_file_and_what_is_turned_back(app: TestApp) {
        let config = Config { public_posts_per_hour: NonZeroU32::new(2).unwrap(), ..(*app.app.config).clone() };
        let service = router(App::new(app.db.clone(), app.means.clone(), config)).into_make_service_with_connect_info::<SocketAddr>();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = Program::new(&format!("http://{}", listener.local_addr().unwrap()), None);
        tokio::spawn(async move { axum::serve(listener, service).await });

        let right = [("service_code", "lift"), ("description", "电梯停了两天"), ("address_string", "3号楼 <2单元>")];
        let post = async |fields: &[(&str, &str)]| client.post_form("/open311/v2/requests.json", fields).await;
        let without = post(&right).await;
        assert_eq!((without.status, &without.json()[0]["code"]), (403, &json!(403)));
        assert_eq!(post(&[&right[..], &[("api_key", "x")]].concat()).await.status, 403);
        let reader = token(&app, &app.home, &[TokenScope::IssuesRead], None).await;
        assert_eq!(post(&[&right[..], &[("api_key", reader.as_str())]].concat()).await.status, 403);
        let estate = estate(&app).await;
        let own = token(&app, &app.home, &[TokenScope::IssuesWrite], Some(estate)).await;
        let elsewhere = Uuid::nil().to_string();
        let there = [&right[..], &[("api_key", own.as_str()), ("attribute[estate]", elsewhere.as_str())]].concat();
        assert_eq!(post(&there).await.status, 400, "a token of one estate");
        let filed = post(&[&right[..], &[("api_key", own.as_str())]].concat()).await;
        assert_eq!(filed.status, 201);
        let id = filed.json()[0]["service_request_id"].as_str().unwrap().to_owned();
        assert_eq!(get(&client, &format!("requests/{id}"), "service_requests").await[0]["address"], "王府名苑小区");
        allow_everybody(&app).await;
        for (fields, status) in [
            (&right[1..], 400),
            (&[("service_code", "potholes"), right[1], right[2]][..], 404),
            (&right[..2], 400),
            (&[right[0], right[1], ("lat", "37.5")][..], 400),
            (&[right[0], right[1], ("lat", "97.5"), ("long", "111")][..], 400),
            (&[right[0], ("description", "坏了"), right[2], ("phone", "12")][..], 400),
            (&[right[0], right[1], ("address_id", "nowhere")][..], 400),
            (&[right[0], right[1], right[2], ("attribute[estate]", "x")][..], 400),
        ] {
            let answer = post(fields).await;
            assert_eq!(answer.status, status, "{fields:?} {answer:?}");
            assert!(answer.json().as_array().unwrap().iter().all(|error| error["code"] == status && !error["description"].as_str().unwrap().is_empty()));
        }
        let two = post(&[right[0], ("description", "坏了"), right[2], ("phone", "12")]).await.json();
        assert_eq!(two.as_array().unwrap().len(), 2, "each fault is told: {two}");
        assert_eq!(post(&right).await.status, 201);
        assert_eq!(post(&right).await.status, 201);
        assert_eq!(post(&right).await.status, 429, "the rate of the public form");
        let large = "电".repeat(400_000);
        assert_eq!(post(&[right[0], ("description", &large), right[2]]).await.status, 413);
    }
}
