//! Other programs, their tokens, and what they read and file.

use std::net::SocketAddr;
use std::num::NonZeroU32;

use axum::http::Method;
use doorstep::access::token::{self, NewToken};
use doorstep::access::{Need, Role, TokenScope};
use doorstep::app::{App, route_table, router};
use doorstep::config::Config;
use doorstep::issue::{self, Category, NewIssue, Place, Reporter, Source};
use doorstep::place;
use jiff::SignedDuration;
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use uuid::Uuid;

use crate::support::{Community, TestApp};

/// A program somewhere else.
pub struct Program {
    pub client: Client,
    url: String,
    token: Option<String>,
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub kind: String,
    pub allow: String,
    pub cookies: bool,
    pub body: String,
}

impl Answer {
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

    #[track_caller]
    pub fn ok(&self) -> Value {
        assert_eq!(self.status, 200, "{self:?}");
        self.json()
    }

    /// The detail of a refusal.
    #[track_caller]
    pub fn refused(&self, status: u16) -> String {
        assert_eq!(self.status, status, "{self:?}");
        assert_eq!(self.kind, "application/problem+json", "{self:?}");
        let problem = self.json();
        assert_eq!(problem["status"], status);
        assert!(problem["request_id"].as_str().is_some_and(|id| id.len() == 10));
        problem["detail"].as_str().unwrap().to_owned()
    }
}

impl Program {
    pub fn new(url: &str, token: Option<String>) -> Program {
        _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder().no_proxy().tls_certs_only([]).build().unwrap();
        Program { client, url: url.to_owned(), token }
    }

    pub async fn send(&self, request: RequestBuilder) -> Answer {
        let request = match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        };
        let answer = request.send().await.unwrap();
        let text =
            |name: &str| answer.headers().get(name).map_or(String::new(), |value| value.to_str().unwrap().to_owned());
        let (kind, allow) = (text("content-type"), text("allow"));
        let cookies = answer.headers().contains_key("set-cookie");
        Answer { status: answer.status().as_u16(), kind, allow, cookies, body: answer.text().await.unwrap() }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.client.get(format!("{}{path}", self.url))).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(self.client.post(format!("{}{path}", self.url)).json(body)).await
    }

    pub async fn post_form(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.send(self.client.post(format!("{}{path}", self.url)).form(fields)).await
    }
}

/// A token of a community for scopes, for a year.
pub async fn token(app: &TestApp, community: &Community, scopes: &[TokenScope], estate: Option<Uuid>) -> String {
    let act = doorstep::access::Act::system(community.tenant, &app.means);
    let expires_at = act.at + SignedDuration::from_hours(24 * 365);
    let new = NewToken { name: "数据大屏".to_owned(), scopes: scopes.to_vec(), estate, expires_at };
    let mut tx = app.db.begin().await.unwrap();
    let link = token::create(&mut tx, &act, new).await.unwrap();
    if scopes.iter().any(|scope| scope.is_confidential()) {
        token::approve(&mut tx, &act, link.id).await.unwrap();
    }
    tx.commit().await.unwrap();
    link.to_string()
}

pub async fn program(app: &TestApp, scopes: &[TokenScope]) -> Program {
    Program::new(&app.url, Some(token(app, &app.home, scopes, None).await))
}

async fn estate(app: &TestApp, name: &str) -> Uuid {
    let mut tx = app.db.begin().await.unwrap();
    let id = place::create_estate(&mut tx, &app.act(), name, None, None).await.unwrap();
    tx.commit().await.unwrap();
    id
}

async fn file(app: &TestApp, estate: Option<(Uuid, &str)>, category: Category) -> issue::Filed {
    let place = match estate {
        Some((id, name)) => Place::Estate { id, name: name.to_owned(), grid: None },
        None => Place::Community,
    };
    let new = NewIssue {
        source: Source::Web,
        category,
        description: "楼下王秀兰家的水漏到门口了".to_owned(),
        place,
        place_text: "一层东户门口".to_owned(),
        reporter: Some(Reporter { name: "贺海霞".to_owned(), phone: "13800001234".to_owned() }),
        photos: Vec::new(),
    };
    let mut tx = app.db.begin().await.unwrap();
    let filed = issue::file(&mut tx, &app.act(), new).await.unwrap();
    tx.commit().await.unwrap();
    filed
}

fn filled(path: &str, id: Uuid) -> String {
    let query = if path == "/api/v1/figures" { "?from=2026-11-01&to=2026-11-30" } else { "" };
    format!("{}{query}", path.replace("{id}", &id.to_string()))
}

db_test! {
    async fn a_route_opens_to_the_token_that_has_its_scope_and_to_nothing_else(app: TestApp) {
        let filed = file(&app, None, Category::Lift).await;
        let other = app.community("141102004998", "凤山社区").await;
        let foreign = Program::new(&app.url, Some(token(&app, &other, TokenScope::ALL, None).await));
        let expired = token(&app, &app.home, TokenScope::ALL, None).await;
        app.means.clock.set(app.means.now() + SignedDuration::from_hours(24 * 366));
        let staff = app.person(Role::SystemAdmin).and(Role::Secretary, doorstep::access::Reach::Tenant, app.home.tenant).browser().await;
        let mut walked = 0;
        for route in route_table() {
            let Need::Token(scope) = route.need else {
                let beside = route.path == "/api/v1/receipts/{code}" || !route.path.starts_with("/api/");
                assert!(beside, "{} asks for no token", route.path);
                continue;
            };
            walked += 1;
            let path = filled(route.path, filed.id);
            let call = async |token: Option<String>| {
                let program = Program::new(&app.url, token);
                if route.method == Method::GET { program.get(&path).await } else { program.post(&path, &json!({})).await }
            };
            let right = call(Some(token(&app, &app.home, &[scope], None).await)).await;
            assert!(!matches!(right.status, 401 | 403 | 429 | 500..), "{path}: {right:?}");
            let others: Vec<TokenScope> = TokenScope::ALL.iter().copied().filter(|other| *other != scope).collect();
            call(Some(token(&app, &app.home, &others, None).await)).await.refused(403);
            for none in [None, Some("x".to_owned()), Some(Uuid::nil().to_string()), Some(expired.clone())] {
                let answer = call(none).await;
                answer.refused(401);
                assert!(!answer.cookies, "{path}");
            }
            let forged = token(&app, &app.home, &[scope], None).await;
            let last = if forged.ends_with('A') { 'Q' } else { 'A' };
            call(Some(format!("{}{last}", &forged[..63]))).await.refused(401);
            // Whatever somebody may do at a page, their cookie opens nothing here.
            assert_eq!(staff.get_direct(&path).await.status, 401, "{path}");
        }
        assert_eq!(walked, 10);
        // A token of another community finds nothing of this one.
        app.means.clock.set(app.means.now() - SignedDuration::from_hours(24 * 366));
        for path in ["", "/events", "/reporter"] {
            foreign.get(&format!("/api/v1/issues/{}{path}", filed.id)).await.refused(404);
        }
        assert_eq!(foreign.get("/api/v1/issues").await.ok()["items"], json!([]));
    }

    async fn a_token_is_shown_once_and_revoked_for_good(app: TestApp) {
        let admin = app.person(Role::SystemAdmin).browser().await;
        let wrong = admin.post("/tokens", &[("name", "数据大屏"), ("until", "2026-11-22")]).await;
        wrong.assert_status(422).assert_contains("请至少选一项").assert_contains("请选今天以后");
        admin.post("/tokens", &[("name", "数据大屏"), ("scopes", "lists:read"), ("until", "2028-01-01")]).await.assert_status(422);
        let fields = [("name", "数据大屏"), ("scopes", "lists:read"), ("scopes", "issues:read"), ("until", "2026-12-31")];
        let sheet = admin.post("/tokens", &fields).await;
        sheet.assert_ok().assert_contains("只显示这一次").assert_contains("查看类别、小区和楼栋");
        let text = sheet.between_all("readonly>", "</textarea>").next().unwrap().to_owned();
        assert_eq!(text.len(), 64);
        let program = Program::new(&app.url, Some(text.clone()));
        assert_eq!(program.get("/api/v1/categories").await.ok()["items"].as_array().unwrap().len(), Category::ALL.len());
        program.get("/api/v1/publications").await.refused(403);

        let list = admin.get("/tokens").await;
        list.assert_contains("数据大屏").assert_contains("2026-11-23").assert_contains("在用").assert_lacks(&text).assert_lacks(&text[43..]);
        let revocation = list.link("/tokens/0");
        // What shows nothing of residents is none of the secretary's.
        let secretary = app.person(Role::Secretary).browser().await;
        for step in ["approval", "refusal"] {
            secretary.post(&format!("/tokens/{}/{step}", revocation.split('/').nth(2).unwrap()), &[]).await.assert_status(404);
        }
        program.get("/api/v1/categories").await.ok();
        admin.post(&revocation, &[]).await.assert_ok().assert_contains("已作废");
        program.get("/api/v1/categories").await.refused(401);
        admin.post(&revocation, &[]).await.assert_status(404);
        let log = app.person(Role::AuditAdmin).browser().await.get("/audit").await;
        log.assert_contains("接口令牌").assert_contains("作废令牌").assert_contains("lists:read").assert_lacks(&text);
    }

    async fn a_token_that_shows_what_residents_say_waits_for_the_secretary(app: TestApp) {
        let filed = file(&app, None, Category::Lift).await;
        // Who runs the program may be the secretary's own deputy, and still approves nothing of their own.
        let admin = app.person(Role::SystemAdmin).and(Role::Secretary, doorstep::access::Reach::Tenant, app.home.tenant).browser().await;
        let secretary = app.person(Role::Secretary).browser().await;
        for (scope, path) in [("issues:internal", "events"), ("issues:reporter", "reporter")] {
            let fields = [("name", "街道数据大屏"), ("scopes", "lists:read"), ("scopes", scope), ("until", "2026-12-31")];
            let sheet = admin.post("/tokens", &fields).await;
            sheet.assert_ok().assert_contains("还不能用");
            let text = sheet.between_all("readonly>", "</textarea>").next().unwrap().to_owned();
            let program = Program::new(&app.url, Some(text));
            program.get("/api/v1/categories").await.refused(401);
            admin.get("/tokens").await.assert_contains("等书记批准");
            secretary.get("/today").await.assert_contains("批准令牌").assert_contains("街道数据大屏");
            let page = secretary.get("/tokens/approvals").await;
            let approval = page.between_all("action=\"", "\"").find(|path| path.ends_with("/approval")).unwrap().to_owned();
            admin.post(&approval, &[]).await.assert_status(422).assert_contains("自己建的令牌不能自己批");
            program.get("/api/v1/categories").await.refused(401);
            secretary.post(&approval, &[]).await.assert_ok().assert_contains("在用");
            secretary.post(&approval, &[]).await.assert_status(409);
            program.get(&format!("/api/v1/issues/{}/{path}", filed.id)).await.ok();
            secretary.post(&approval.replace("/approval", "/refusal"), &[]).await.assert_ok().assert_contains("没有这样的令牌");
            program.get("/api/v1/categories").await.refused(401);
        }
        secretary.get("/today").await.assert_lacks("批准令牌");
        app.person(Role::SystemAdmin).browser().await.get("/tokens/approvals").await.assert_status(403);
        // Each look is noted.
        let log = app.person(Role::AuditAdmin).browser().await.get("/audit").await;
        log.assert_contains("批准令牌").assert_contains("凭令牌查看诉求原话").assert_contains("凭令牌查看反映人").assert_contains(&filed.number);
    }

    async fn issues_are_followed_in_the_order_of_their_changes(app: TestApp) {
        let wangfu = estate(&app, "王府名苑小区").await;
        let qinghe = estate(&app, "青禾里小区").await;
        let mut filed = Vec::new();
        for (which, category) in [Category::Lift, Category::Parking, Category::Lift, Category::Noise, Category::Other].into_iter().enumerate() {
            app.means.clock.set(app.means.now() + SignedDuration::from_mins(1));
            let place = if which % 2 == 0 { (wangfu, "王府名苑小区") } else { (qinghe, "青禾里小区") };
            filed.push(file(&app, Some(place), category).await.id);
        }
        let before = app.means.now();
        app.means.clock.set(before + SignedDuration::from_mins(1));
        let staff = app.person(Role::Staff).browser().await;
        let page = staff.get(&format!("/issues/{}", filed[0])).await;
        let version = page.input("version");
        staff.post(&format!("/issues/{}/refusal", filed[0]), &[("version", &version), ("refusal_reason", "同一件事已经在办，进度可以在公示栏看到")]).await.assert_ok();

        let program = program(&app, &[TokenScope::IssuesRead]).await;
        let ids = |list: &Value| -> Vec<Uuid> {
            list["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().parse().unwrap()).collect()
        };
        let (mut seen, mut path) = (Vec::new(), "/api/v1/issues?limit=2".to_owned());
        loop {
            let list = program.get(&path).await.ok();
            seen.extend(ids(&list));
            let Some(next) = list["next"].as_str() else { break };
            path = format!("/api/v1/issues?limit=2&after={next}");
        }
        let mut order = filed.clone();
        order.rotate_left(1); // the first has changed last
        assert_eq!(seen, order);
        let asked = async |query: String| ids(&program.get(&format!("/api/v1/issues?{query}")).await.ok());
        assert_eq!(asked(format!("updated_since={before}")).await, [filed[4], filed[0]]);
        assert_eq!(asked("state=refused".to_owned()).await, [filed[0]]);
        assert_eq!(asked("category=lift".to_owned()).await, [filed[2], filed[0]]);
        assert_eq!(asked(format!("estate={qinghe}&state=submitted")).await, [filed[1], filed[3]]);
        for wrong in ["state=open", "limit=0", "limit=x", "stat=closed", "after=1", "updated_since=yesterday", "estate=1", "state="] {
            program.get(&format!("/api/v1/issues?{wrong}")).await.refused(422);
        }

        let limited = Program::new(&app.url, Some(token(&app, &app.home, &[TokenScope::IssuesRead, TokenScope::ListsRead], Some(qinghe)).await));
        assert_eq!(ids(&limited.get("/api/v1/issues").await.ok()), [filed[1], filed[3]]);
        limited.get(&format!("/api/v1/issues?estate={wangfu}")).await.refused(404);
        limited.get(&format!("/api/v1/issues/{}", filed[0])).await.refused(404);
        let estates = limited.get("/api/v1/estates").await.ok();
        assert_eq!((estates["items"].as_array().unwrap().len(), &estates["items"][0]["name"]), (1, &json!("青禾里小区")));
    }

    async fn nobody_is_named_but_behind_the_scope_that_says_so(app: TestApp) {
        let filed = file(&app, None, Category::Drainage).await;
        let reader = program(&app, &[TokenScope::IssuesRead]).await;
        let path = format!("/api/v1/issues/{}", filed.id);
        for path in ["/api/v1/issues", &path] {
            let body = reader.get(path).await.body;
            for secret in ["贺海霞", "1380000", "王秀兰", "一层东户", filed.receipt_code.as_str()] {
                assert!(!body.contains(secret), "{secret} in {body}");
            }
        }
        let one = reader.get(&path).await.ok();
        assert_eq!((&one["issue"]["state"], &one["chain"][0]["step"]), (&json!("submitted"), &json!("filed")));
        let insider = program(&app, &[TokenScope::IssuesInternal]).await;
        let events = insider.get(&format!("{path}/events")).await.ok();
        assert_eq!(events["description"], "楼下王秀兰家的水漏到门口了");
        assert!(!events.to_string().contains("贺海霞"));
        let officer = program(&app, &[TokenScope::IssuesReporter]).await;
        let masked = officer.get(&format!("{path}/reporter")).await.ok();
        assert_eq!(masked, json!({"name": "贺*霞", "phone": "138****1234"}));
        app.person(Role::AuditAdmin).browser().await.get("/audit").await.assert_contains("凭令牌查看反映人").assert_contains(&filed.number);
    }

    async fn a_program_files_by_the_rules_of_the_form(app: TestApp) {
        let wangfu = estate(&app, "王府名苑小区").await;
        let program = program(&app, &[TokenScope::IssuesWrite, TokenScope::IssuesRead]).await;
        let wrong = program.post("/api/v1/issues", &json!({"description": "坏了", "category": "lifts", "reporter": {"phone": "12"}})).await.refused(422);
        assert!(wrong.contains("description：") && wrong.contains("category：") && wrong.contains("phone："), "{wrong}");
        for body in [json!({}), json!([]), json!({"description": "电梯坏了一个", "photo": "x"}), json!({"description": "电梯坏了一个", "estate_id": Uuid::nil()}),
            json!({"description": "电梯坏了一个", "place_code": "nowhere"}), json!({"description": "打电话 13800001234 找我"})] {
            program.post("/api/v1/issues", &body).await.refused(422);
        }
        let large = "电".repeat(400_000);
        program.post("/api/v1/issues", &json!({"description": large})).await.refused(413);
        assert_eq!(program.get("/api/v1/issues").await.ok()["items"], json!([]));

        let answer = program.post("/api/v1/issues", &json!({"description": "电梯坏了一个\u{0}礼拜", "category": "lift", "estate_id": wangfu,
            "place_text": "2单元", "reporter": {"name": "王建国", "phone": "138 0000 1234"}})).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        let filed = answer.json();
        let one = program.get(&format!("/api/v1/issues/{}", filed["id"].as_str().unwrap())).await.ok();
        assert_eq!((&one["issue"]["source"], &one["issue"]["estate_id"]), (&json!("interface"), &json!(wangfu)));
        let code = filed["receipt_code"].as_str().unwrap();
        app.browser().get(&format!("/receipts/{code}")).await.assert_ok().assert_contains("其他系统");
        let rating = filed["rating_url"].as_str().unwrap().strip_prefix(&app.url).unwrap().to_owned();
        app.browser().get(&rating).await.assert_ok();
        app.person(Role::AuditAdmin).browser().await.get("/audit").await.assert_contains("凭令牌登记诉求");

        let elsewhere = estate(&app, "青禾里小区").await;
        let limited = Program::new(&app.url, Some(token(&app, &app.home, &[TokenScope::IssuesWrite], Some(elsewhere)).await));
        limited.post("/api/v1/issues", &json!({"description": "电梯坏了一个礼拜", "estate_id": wangfu})).await.refused(422);
        let id = limited.post("/api/v1/issues", &json!({"description": "电梯坏了一个礼拜"})).await.json()["id"].clone();
        let one = program.get(&format!("/api/v1/issues/{}", id.as_str().unwrap())).await.ok();
        assert_eq!(one["issue"]["estate_id"], json!(elsewhere));
    }

    async fn what_a_program_sends_again_is_filed_once(app: TestApp) {
        let text = token(&app, &app.home, &[TokenScope::IssuesWrite, TokenScope::IssuesRead], None).await;
        let program = Program::new(&app.url, Some(text));
        let post = async |program: &Program, key: &str, description: &str| {
            let body = json!({"description": description});
            program.send(program.client.post(format!("{}/api/v1/issues", app.url)).header("idempotency-key", key).json(&body)).await
        };
        let first = post(&program, "one", "小区路灯不亮了").await;
        assert_eq!(first.status, 201, "{first:?}");
        let again = post(&program, "one", "小区路灯不亮了").await;
        assert_eq!((again.status, again.json()), (201, first.json()), "the same receipt, the same link");
        assert!(post(&program, "one", "小区电梯停了").await.refused(422).contains("Idempotency-Key"));
        for wrong in ["", "a b", &"x".repeat(256)] {
            post(&program, wrong, "小区路灯不亮了").await.refused(422);
        }
        // What was refused has not used the key up.
        post(&program, "two", "坏了").await.refused(422);
        assert_eq!(post(&program, "two", "小区电梯停了").await.status, 201);
        // Two at once, and the keys of another program, which are its own.
        let (one, other) = tokio::join!(post(&program, "three", "地下车库进水了"), post(&program, "three", "地下车库进水了"));
        assert_eq!((one.status, one.json()), (201, other.json()));
        let another = Program::new(&app.url, Some(token(&app, &app.home, &[TokenScope::IssuesWrite], None).await));
        assert_ne!(post(&another, "one", "小区路灯不亮了").await.json(), first.json());
        assert_eq!(program.get("/api/v1/issues").await.ok()["items"].as_array().unwrap().len(), 4);
        // A day later nobody asks any more.
        app.means.clock.set(app.means.now() + SignedDuration::from_hours(25));
        doorstep::upkeep::once(&app.app).await.unwrap();
        assert_ne!(post(&program, "one", "小区路灯不亮了").await.json(), first.json());
    }

    async fn figures_are_those_of_the_report(app: TestApp) {
        for _ in 0..6 {
            file(&app, None, Category::Lift).await;
        }
        let program = program(&app, &[TokenScope::ReportsRead]).await;
        let figures = program.get("/api/v1/figures?from=2026-11-01&to=2026-11-30").await.ok();
        let count = |code: &str| figures["figures"].as_array().unwrap().iter().find(|figure| figure["code"] == code).unwrap()["count"].clone();
        assert_eq!((count("reported"), count("property"), count("closed")), (json!(6), json!(6), json!(0)));
        let rates = figures["rates"].as_array().unwrap();
        assert_eq!((&rates[3]["label"], &rates[3]["per_mille"], &rates[0]["per_mille"]), (&json!("物业类占比"), &json!(1000), &Value::Null));
        for wrong in ["", "?from=2026-11-01", "?from=2026-11-30&to=2026-11-01", "?from=2020-01-01&to=2026-01-01"] {
            program.get(&format!("/api/v1/figures{wrong}")).await.refused(422);
        }
        program.get(&format!("/api/v1/figures?from=2026-11-01&to=2026-11-30&estate={}", Uuid::nil())).await.refused(404);
    }

    async fn the_board_is_read_as_it_hangs(app: TestApp) {
        let mut tx = app.db.begin().await.unwrap();
        let new = doorstep::board::NewPublication {
            kind: doorstep::board::PublicationKind::Announcement,
            estate: None,
            subject: app.means.id(),
            title: "停水通知".to_owned(),
            snapshot: doorstep::board::Snapshot { text: "周六停水".to_owned(), facts: vec![("时间".to_owned(), "周六".to_owned())], photos: Vec::new(), link: None },
            period: doorstep::board::Period::days(7),
            named: Vec::new(),
        };
        let id = doorstep::board::publish(&mut tx, &app.act(), new).await.unwrap();
        tx.commit().await.unwrap();
        let program = program(&app, &[TokenScope::BoardRead]).await;
        let list = program.get("/api/v1/publications").await.ok();
        assert_eq!(list["items"][0], program.get(&format!("/api/v1/publications/{id}")).await.ok());
        let item = &list["items"][0];
        assert_eq!((&item["text"], &item["running"], &item["facts"][0]["name"]), (&json!("周六停水"), &json!(true), &json!("时间")));
        let path = item["url"].as_str().unwrap().strip_prefix(&app.url).unwrap().to_owned();
        app.browser().get(&path).await.assert_ok().assert_contains("周六停水");
        program.get(&format!("/api/v1/publications/{}", Uuid::nil())).await.refused(404);
        program.get("/api/v1/publications/x").await.refused(404);
    }

    async fn whoever_asks_too_often_waits_and_nobody_else(app: TestApp) {
        let config = Config { token_requests_per_minute: NonZeroU32::new(2).unwrap(), ..(*app.app.config).clone() };
        let service = router(App::new(app.db.clone(), app.means.clone(), config)).into_make_service_with_connect_info::<SocketAddr>();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, service).await });
        let first = Program::new(&url, Some(token(&app, &app.home, &[TokenScope::ListsRead], None).await));
        first.get("/api/v1/categories").await.ok();
        first.get("/api/v1/categories").await.ok();
        assert!(first.get("/api/v1/categories").await.refused(429).contains("秒后再试"));
        Program::new(&url, Some(token(&app, &app.home, &[TokenScope::ListsRead], None).await)).get("/api/v1/categories").await.ok();
    }

    async fn the_document_says_what_each_route_needs(app: TestApp) {
        let program = program(&app, TokenScope::ALL).await;
        let document = program.get("/api/openapi.json").await.ok();
        assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
        let described: Vec<(String, String)> = document["paths"].as_object().unwrap().iter()
            .flat_map(|(path, item)| item.as_object().unwrap().keys().map(|method| (method.to_uppercase(), path.clone())).collect::<Vec<_>>())
            .filter(|(_, path)| path.starts_with("/api/"))
            .collect();
        let mut known = 0;
        for route in route_table().into_iter().filter(|route| route.path.starts_with("/api/")) {
            known += 1;
            let operation = &document["paths"][route.path][route.method.as_str().to_lowercase()];
            assert!(operation.is_object(), "{} {} is not described", route.method, route.path);
            let scopes = &operation["security"][0]["token"];
            match route.need {
                Need::Token(scope) => assert_eq!(*scopes, json!([scope.code()]), "{}", route.path),
                _ => assert!(scopes.is_null(), "{}", route.path),
            }
        }
        assert_eq!(described.len(), known, "{described:?}");
        let wrong_method = program.post("/api/v1/figures", &json!({})).await;
        wrong_method.refused(405);
        assert_eq!(wrong_method.allow, "GET,HEAD");
        program.get("/api/v1/nothing").await.refused(404);
    }
}
