//! What the program does in a second, and what the machine and the SQL alone would do: `script/bench` runs this.
//!
//!   load pages              5,000 residents on SQLite and on PostgreSQL
//!   load million [FOLDER]   1,000,000 residents in 200 tenants, one of them of 100,000, on SQLite
//!   load import             a workbook of 100,000 rows
//!   load start              cold start, and the memory of the demonstration
//!
//! Every scenario runs over 16 connections against the program in a process of its own, then against a floor in a process
//! of its own: the same router and the same SQL, answering with as many bytes, but without sessions, forms and templates.
//! The bare SQL runs in this process, one after the other. Everything shares the same cores, the client too.
//! `DOORSTEP_SCENARIOS=tagroll,visit` measures only some.
#![allow(clippy::unwrap_used, clippy::expect_used)] // a failed measurement ends in a panic that says why

mod client;
#[path = "../../tests/support/cluster.rs"]
mod cluster;
mod floor;
mod import;
mod meeting;
mod million;
mod phone;
mod process;
mod register;
mod report;
mod scene;
mod start;

use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use client::{Load, Request};
use db::{Db, Tx};
use doorstep::access;
use doorstep::config::Options;
use doorstep::means::Means;
use indicatif::ProgressBar;
use process::Server;
use scene::{Scenario, Scene};
use uuid::Uuid;

/// How long each scenario is measured, after a second of warming up.
const SPAN: Duration = Duration::from_secs(5);
const CONNECTIONS: usize = 16;

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["floor", folder, database, tenant] => floor::serve(Path::new(folder), database, tenant).await,
        ["pages"] => pages().await,
        ["million"] => million::run(None).await,
        ["million", folder] => million::run(Some(Path::new(folder))).await,
        ["import"] => import::run().await,
        ["start"] => start::run().await,
        _ => eprintln!("which? pages, million, import or start"),
    }
}

/// The code of the tenant that is measured first.
pub const CODE: &str = "141102004999";

async fn pages() {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = format!("sqlite:{}", folder.path().join("doorstep.db").display());
    cluster::shared().create_database("bench", None);
    let postgres = cluster::shared().url("bench");
    for (engine, database) in [("SQLite", sqlite), ("PostgreSQL", postgres)] {
        let data = tempfile::tempdir().unwrap();
        generate(data.path(), &database, CODE, 5_000).await;
        measure(&format!("{engine}, 5,000 residents and issues"), data.path(), &database, CODE).await;
    }
    cluster::shared().drop_database("bench");
}

pub async fn open(data: &Path, database: &str) -> (Db, Means) {
    Options { database: Some(database.to_owned()), data: data.to_owned(), key_file: None }.open().await.unwrap()
}

/// A community with as many issues as residents, made by the program's own operations, and known to the search.
pub async fn generate(data: &Path, database: &str, code: &str, size: usize) {
    let began = Instant::now();
    let (db, means) = open(data, database).await;
    let order = doorstep::demo::Order {
        code: code.to_owned(),
        name: "示例社区".to_owned(),
        residents: size,
        issues: size,
        seed: 1,
    };
    doorstep::demo::generate(&db, &means, &order, &ProgressBar::hidden()).await.unwrap();
    let generated = began.elapsed();
    doorstep::upkeep::index(&db).await.unwrap();
    report::count(&db, &means).await;
    let indexed = began.elapsed() - generated;
    db.close().await;
    eprintln!("{size} residents and issues: generated in {generated:.1?}, indexed in {indexed:.1?}");
}

/// Measures every scenario in one tenant of a database, and prints a table.
pub async fn measure(title: &str, data: &Path, database: &str, code: &str) {
    let (db, means) = open(data, database).await;
    let (staff, worker) = people(&db, &means, code).await;
    let scene = Scene::read(&db, &means, code).await;
    println!("\n### {title}\n");
    println!(
        "| | requests/s | CPU ms each | p50 ms | p99 ms | bytes | floor requests/s | of the floor | floor CPU ms | bare SQL ms |"
    );
    println!("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|");
    let mut peak = 0;
    let chosen = std::env::var("DOORSTEP_SCENARIOS").unwrap_or_default();
    let chosen: Vec<&str> = chosen.split(',').filter(|name| !name.is_empty()).collect();
    let is_chosen = |scenario: &Scenario| chosen.is_empty() || chosen.contains(&scenario.name().as_str());
    for scenario in Scenario::ALL.into_iter().filter(is_chosen) {
        let server = Server::program(data, database);
        let session = if matches!(scenario, Scenario::Pack | Scenario::Visit) { &worker } else { &staff };
        let requests = requests(&server, &scene, scenario, session).await;
        let size = size(&server, &requests, scenario).await;
        if scenario == Scenario::Pack {
            alone(&server, &requests[0]).await;
        }
        let load = run(&server, requests).await;
        peak = peak.max(server.memory());
        drop(server);
        let floor = Server::floor(data, database, code);
        let plain = (0..scene.variations(scenario))
            .map(|n| Request::get(&format!("/{}/{n}/{size}", scenario.name()), &floor.address, ""));
        let least = run(&floor, plain.collect()).await;
        drop(floor);
        let bare = bare(&db, &means, &scene, scenario).await;
        println!(
            "| {} | {:.0} | {:.2} | {:.1} | {:.1} | {size} | {:.0} | {:.0} % | {:.2} | {:.2} |",
            scenario.title(),
            load.per_second,
            load.cpu_millis,
            load.p50,
            load.p99,
            least.per_second,
            load.per_second / least.per_second * 100.0,
            least.cpu_millis,
            bare
        );
    }
    println!("\nMost memory in use by the program: {} MB.", peak / 1_000_000);
    db.close().await;
}

/// How many bytes an answer has; in the register, where one search finds more than another, forty answers in the mean.
async fn size(server: &Server, requests: &[Request], scenario: Scenario) -> usize {
    let most = if scenario.is_of_register() { 40 } else { 1 };
    let mut sizes = Vec::new();
    for request in requests.iter().take(most) {
        sizes.push(client::answer(&server.address, request).await.len());
    }
    sizes.iter().sum::<usize>() / sizes.len()
}

/// How long one request takes that nobody else is waiting beside, and what its answer weighs on the way to a phone.
async fn alone(server: &Server, request: &Request) {
    let mut waits = Vec::new();
    let mut body = Vec::new();
    for _ in 0..20 {
        let began = Instant::now();
        body = client::answer(&server.address, request).await;
        waits.push(began.elapsed().as_secs_f64() * 1000.0);
    }
    waits.sort_by(f64::total_cmp);
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(&body).unwrap();
    let packed = packed.finish().unwrap().len();
    eprintln!("alone: {:.1} ms in the median, {} bytes, {packed} compressed", waits[10], body.len());
}

/// Somebody on the staff and a grid worker with a campaign, both signed in.
async fn people(db: &Db, means: &Means, code: &str) -> (String, String) {
    let mut tx = db.begin().await.unwrap();
    let tenant = access::tenant_by_code(&mut tx, code).await.unwrap().unwrap().tenant_id;
    let act = access::Act::system(tenant, means);
    let grants = vec![access::Grant { role: access::Role::Staff, reach: access::Reach::Tenant, reach_id: None }];
    let (_, login) = account(&mut tx, &act, "李社工", grants).await;
    tx.commit().await.unwrap();
    meeting::set_up(db, means, tenant).await;
    (sign_in(db, means, &login).await, phone::set_up(db, means, tenant).await)
}

const PASSWORD: &str = "Beichuan-2026";

/// An account, and its login name.
pub async fn account(tx: &mut Tx, act: &access::Act, name: &str, grants: Vec<access::Grant>) -> (Uuid, String) {
    let login = format!("bench{}", act.means.chance.code(6).to_lowercase());
    let organisation = access::organisations(tx, act.tenant).await.unwrap().remove(0).id;
    let login_and_password = Some((login.clone(), PASSWORD.to_owned()));
    let new = access::NewAccount { name: name.to_owned(), organisation, login: login_and_password, grants };
    (access::create_account(tx, act, new).await.unwrap(), login)
}

/// The session of an account.
pub async fn sign_in(db: &Db, means: &Means, login: &str) -> String {
    access::sign_in(db, means, login, PASSWORD.to_owned(), "bench").await.unwrap().unwrap().to_string()
}

/// The cookie to which the token of a form belongs.
const BROWSER: &str = "browser=AAAAAAAAAAAAAAAAAAAAAA";

async fn requests(server: &Server, scene: &Scene, scenario: Scenario, session: &str) -> Vec<Request> {
    let (cookie, address) = (format!("session={session}; {BROWSER}"), &server.address);
    let each = 0..scene.variations(scenario);
    match scenario {
        Scenario::Filing => {
            let token = client::token(address, BROWSER).await;
            vec![Request::report(&format!("/r/{}", scene.place), address, BROWSER, &token)]
        }
        Scenario::Board | Scenario::BoardFigures => vec![Request::get(&scene.path(scenario, 0), address, "")],
        Scenario::Visit => {
            let token = client::token(address, &cookie).await;
            each.map(|n| Request::record(address, &cookie, &token, scene.phone().record(n))).collect()
        }
        _ if scenario.is_people_search() => {
            let token = client::token(address, &cookie).await;
            let form = |n| [("csrf", token.as_str()), ("q", scene.register.searched(scenario, n))];
            each.map(|n| Request::form("/residents/search", address, &cookie, &form(n))).collect()
        }
        _ => each.map(|n| Request::get(&scene.path(scenario, n), address, &cookie)).collect(),
    }
}

async fn run(server: &Server, requests: Vec<Request>) -> Load {
    let requests = Arc::new(requests);
    client::load(&server.address, requests.clone(), CONNECTIONS, Duration::from_secs(1)).await;
    let cpu = server.cpu();
    let mut load = client::load(&server.address, requests, CONNECTIONS, SPAN).await;
    load.cpu_millis = (server.cpu() - cpu).as_secs_f64() * 1000.0 / load.answers as f64;
    load
}

/// Milliseconds of the SQL of a scenario, one after the other, without anything around it.
async fn bare(db: &Db, means: &Means, scene: &Scene, scenario: Scenario) -> f64 {
    let began = Instant::now();
    let mut runs = 0;
    while began.elapsed() < Duration::from_secs(2) {
        scene.sql(db, means, scenario, runs).await;
        runs += 1;
    }
    began.elapsed().as_secs_f64() * 1000.0 / runs as f64
}
