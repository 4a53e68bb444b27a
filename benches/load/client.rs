//! A client that costs little: requests are bytes made beforehand, answers are read to their end and only counted.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use uuid::Uuid;

/// The bytes of a request, and where in them an id stands that is new each time it is sent.
#[derive(Debug, Clone)]
pub struct Request(Vec<u8>, Vec<usize>);

/// What came of a load.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    pub answers: usize,
    pub per_second: f64,
    /// Of the server's processor time.
    pub cpu_millis: f64,
    pub p50: f64,
    pub p99: f64,
}

impl Request {
    pub fn get(path: &str, host: &str, cookie: &str) -> Request {
        Request(format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\n\r\n").into_bytes(), Vec::new())
    }

    /// A form as a browser sends it.
    pub fn form(path: &str, host: &str, cookie: &str, fields: &[(&str, &str)]) -> Request {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let kind = "Content-Type: application/x-www-form-urlencoded";
        Request::with_body("POST", path, host, &[&format!("Cookie: {cookie}"), kind], &body)
    }

    /// A record as a phone sends it; the nil id stands for its own.
    pub fn record(host: &str, cookie: &str, token: &str, record: &str) -> Request {
        let nil = Uuid::nil().to_string();
        let lines = [&format!("Cookie: {cookie}"), &format!("X-Csrf: {token}"), "Content-Type: application/json"];
        let Request(bytes, _) = Request::with_body("PUT", &format!("/offline/records/{nil}"), host, &lines, record);
        let places = (0..bytes.len()).filter(|at| bytes[*at..].starts_with(nil.as_bytes())).collect();
        Request(bytes, places)
    }

    fn with_body(method: &str, path: &str, host: &str, lines: &[&str], body: &str) -> Request {
        let lines = lines.join("\r\n");
        let head =
            format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\n{lines}\r\nContent-Length: {}\r\n\r\n", body.len());
        Request((head + body).into_bytes(), Vec::new())
    }

    /// What is sent now.
    fn bytes(&self) -> Cow<'_, [u8]> {
        if self.1.is_empty() {
            return Cow::Borrowed(&self.0);
        }
        let (mut bytes, id) = (self.0.clone(), Uuid::now_v7().to_string());
        self.1.iter().for_each(|at| bytes[*at..*at + id.len()].copy_from_slice(id.as_bytes()));
        Cow::Owned(bytes)
    }

    /// A resident's report, as the form sends it.
    pub fn report(path: &str, host: &str, cookie: &str, token: &str) -> Request {
        let fields = [
            ("csrf", token),
            ("description", "三单元门口的路灯坏了三天，晚上黑得看不见台阶，老人出门不方便"),
            ("category", "lighting"),
            ("place_text", "三单元门口"),
        ];
        let field =
            |(name, value)| format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        let body: String = fields.into_iter().map(field).chain(["--b--\r\n".to_owned()]).collect();
        let kind = "Content-Type: multipart/form-data; boundary=b";
        Request::with_body("POST", path, host, &[&format!("Cookie: {cookie}"), kind], &body)
    }
}

struct Line(BufReader<TcpStream>);

impl Line {
    async fn to(address: &str) -> Line {
        let stream = TcpStream::connect(address).await.expect("the server listens");
        stream.set_nodelay(true).expect("no delay");
        Line(BufReader::with_capacity(1 << 16, stream))
    }

    /// Sends a request, and gives the body of its answer.
    async fn ask(&mut self, request: &Request) -> Vec<u8> {
        self.0.get_mut().write_all(&request.bytes()).await.expect("written");
        let (mut line, mut length, mut status) = (String::new(), 0, String::new());
        loop {
            line.clear();
            assert!(self.0.read_line(&mut line).await.expect("read") > 0, "the server hung up");
            if status.is_empty() {
                line.trim_end().clone_into(&mut status);
            }
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().expect("a number");
            }
            if line == "\r\n" {
                break;
            }
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).await.expect("read");
        let well = status.contains(" 200") || status.contains(" 303");
        assert!(well, "{status}: {}", String::from_utf8_lossy(&request.0).lines().next().unwrap_or_default());
        body
    }
}

/// The body of an answer.
pub async fn answer(address: &str, request: &Request) -> Vec<u8> {
    Line::to(address).await.ask(request).await
}

/// The token of a browser's forms.
pub async fn token(address: &str, cookie: &str) -> String {
    let page = Line::to(address).await.ask(&Request::get("/receipts", address, cookie)).await;
    let page = String::from_utf8(page).expect("text");
    let after = page.split("name=\"csrf\" value=\"").nth(1).expect("a token");
    after.split('"').next().expect("its end").to_owned()
}

/// Sends requests over so many connections, each the next one when the last is answered.
pub async fn load(address: &str, requests: Arc<Vec<Request>>, connections: usize, span: Duration) -> Load {
    let began = Instant::now();
    let clients: Vec<_> = (0..connections)
        .map(|client| {
            let (address, requests) = (address.to_owned(), requests.clone());
            tokio::spawn(async move {
                let mut line = Line::to(&address).await;
                let (mut taken, mut next) = (Vec::new(), client * 37);
                while began.elapsed() < span {
                    let sent = Instant::now();
                    line.ask(&requests[next % requests.len()]).await;
                    taken.push(sent.elapsed().as_secs_f64() * 1000.0);
                    next += 1;
                }
                taken
            })
        })
        .collect();
    let mut taken = Vec::new();
    for client in clients {
        taken.extend(client.await.expect("a client"));
    }
    let span = began.elapsed().as_secs_f64();
    taken.sort_by(f64::total_cmp);
    let at = |part: f64| taken[((taken.len() - 1) as f64 * part) as usize];
    Load { answers: taken.len(), per_second: taken.len() as f64 / span, cpu_millis: 0.0, p50: at(0.5), p99: at(0.99) }
}
