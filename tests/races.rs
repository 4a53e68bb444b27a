//! Many at once: one of them wins, the others are told who it was; and whoever walks away leaves nothing behind.

use std::time::Duration;

use db::Tx;
use doorstep::access::Role;
use futures_util::StreamExt;
use futures_util::future::join_all;
use futures_util::stream;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::stories::cast::{estate, issue_id, people, report, step};
use crate::support::{Browser, Engine, Page};

const HANDLERS: usize = 50;

/// Everybody sends the same step made from the same page, at once; exactly one gets through.
async fn everybody(crowd: &[Browser], path: &str, fields: &[(&str, &str)], by: &str, what: &str) {
    let answers: Vec<Page> = join_all(crowd.iter().map(|browser| browser.post(path, fields))).await;
    let won = answers.iter().filter(|page| page.status == 200).count();
    assert_eq!(won, 1, "{path}: {:?}", answers.iter().map(|page| page.status).collect::<Vec<_>>());
    for lost in answers.iter().filter(|page| page.status != 200) {
        lost.assert_status(409).assert_contains("刚刚有别人改过").assert_contains(&format!("{by}已在"));
        lost.assert_contains(what).assert_contains("没有提交");
        for (_, words) in fields.iter().filter(|(_, value)| !value.is_ascii()) {
            lost.assert_contains(words);
        }
    }
}

/// As many browsers as there are handlers, on ten accounts.
async fn crowd(make: impl AsyncFn() -> Browser) -> Vec<Browser> {
    let mut crowd = Vec::new();
    for _ in 0..10 {
        crowd.push(make().await);
    }
    for n in 0..HANDLERS - 10 {
        crowd.push(crowd[n % 10].again());
    }
    // Each has its token before the race begins.
    join_all(crowd.iter().map(|browser| browser.get("/issues"))).await;
    crowd
}

db_test! {
    async fn fifty_handlers_of_one_issue(app: TestApp) {
        let place = estate(&app).await;
        let people = people(&app, &place).await;
        report(&people.resident, &place).await;
        let id = issue_id(&people.staff).await;
        let version = async || people.staff.get(&format!("/issues/{id}")).await.input("version");
        let staff = crowd(async || app.person(Role::Staff).browser().await).await;
        let managers = crowd(async || {
            let manager = app.person(Role::PropertyManager).of_organisation(place.company);
            manager.reaching(doorstep::access::Reach::Organisation, place.company).browser().await
        })
        .await;

        let seen = version().await;
        let grading = [
            ("version", seen.as_str()), ("summary", "下水主管道堵塞"), ("category", "drainage"), ("tier", "ordinary"),
            ("remedy", "property"),
        ];
        everybody(&staff, &format!("/issues/{id}/acceptance"), &grading, "社区工作人员", "受理").await;
        let (seen, company) = (version().await, place.company.to_string());
        let dispatch = [("version", seen.as_str()), ("organisation", company.as_str())];
        everybody(&staff, &format!("/issues/{id}/dispatches"), &dispatch, "社区工作人员", "派单").await;
        let seen = people.manager.get(&format!("/issues/{id}")).await.input("version");
        let result = [("version", seen.as_str()), ("result_words", "主管道已经疏通")];
        everybody(&managers, &format!("/issues/{id}/result"), &result, "物业负责人", "办结").await;
        let seen = version().await;
        let text = [("version", seen.as_str()), ("publication_text", "主管道已经疏通并消毒")];
        everybody(&staff, &format!("/issues/{id}/publications"), &text, "社区工作人员", "公示").await;

        let verdict = doorstep::audit::verify(&mut app.db.read().await.unwrap(), app.home.tenant).await.unwrap();
        assert_eq!(verdict.broken, None);
        let chain = people.staff.get(&format!("/issues/{id}")).await;
        assert_eq!(chain.body.matches("<li><b>受理</b>").count(), 1);
    }

    async fn those_who_walk_away_leave_the_pools_free(app: TestApp) {
        let place = estate(&app).await;
        let people = people(&app, &place).await;
        report(&people.resident, &place).await;
        let id = issue_id(&people.staff).await;
        step(&people.staff, &id, "slips", &[]).await;
        let cookie = people.staff.cookies();
        let csrf = people.staff.get("/issues").await.input("csrf");
        let address = app.url.trim_start_matches("http://").to_owned();
        let body = format!("csrf={csrf}&version=1&reveal_reason=%E5%9B%9E%E8%AE%BF%E6%A0%B8%E5%AE%9E");
        let get = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nCookie: {cookie}\r\n\r\n");
        let post = |path: &str| {
            let length = body.len();
            format!("POST {path} HTTP/1.1\r\nHost: {address}\r\nCookie: {cookie}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n\r\n{body}")
        };
        // Some leave at once, some after the first bytes of the answer, some in the middle of their own words.
        let requests: Vec<String> = (0..400)
            .map(|n| match n % 4 {
                0 => get("/issues"),
                1 => get(&format!("/issues/{id}")),
                2 => post(&format!("/issues/{id}/reporter-reveals")),
                _ => post(&format!("/issues/{id}/slips")),
            })
            .collect();
        let storm = requests.iter().enumerate().map(|(n, request)| {
            let address = address.clone();
            async move {
                let mut line = TcpStream::connect(&address).await.unwrap();
                let words = if n % 5 == 0 { &request[..request.len() - 10] } else { request };
                let _ = line.write_all(words.as_bytes()).await;
                if n % 3 == 0 {
                    let mut first = [0; 16];
                    let _ = tokio::time::timeout(Duration::from_secs(5), line.read(&mut first)).await;
                }
            }
        });
        // Forty at a time, so that some are answered while others leave.
        stream::iter(storm).buffer_unordered(40).collect::<()>().await;

        // Every connection can be had again, all at once, and everybody is answered.
        let free = async {
            let readers = if app.engine == Engine::Sqlite { 4 } else { 15 };
            let mut held: Vec<Tx> = Vec::new();
            for _ in 0..readers {
                held.push(app.db.read().await.unwrap());
            }
            held.push(app.db.begin().await.unwrap());
        };
        tokio::time::timeout(Duration::from_secs(10), free).await.expect("a connection is still held by somebody who left");
        people.staff.get(&format!("/issues/{id}")).await.assert_ok();
        app.file_issue(vec![]).await;
        let verdict = doorstep::audit::verify(&mut app.db.read().await.unwrap(), app.home.tenant).await.unwrap();
        assert_eq!(verdict.broken, None);
    }
}
