//! Mail, by a real mail server, and short messages, by the gateway that writes a file.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;

use doorstep::app::App;
use doorstep::channel::{Kind, Sender};
use doorstep::config::{Config, Outgoing};
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::sending::{AGAIN, failures, open, pass, register, sender_of, set, tell, work, work_on};

/// The program of `tests/data/mail_server.py`.
struct MailServer {
    program: Child,
    output: BufReader<ChildStdout>,
    port: u16,
}

impl MailServer {
    fn start() -> MailServer {
        // Debian's package belongs to Debian's Python, which may not be the first on the path.
        let pythons = ["python3", "/usr/bin/python3"];
        let has = |python: &&&str| {
            let asked = Command::new(python).args(["-c", "import aiosmtpd"]).stderr(Stdio::null()).status();
            asked.is_ok_and(|status| status.success())
        };
        let python = pythons.iter().find(has).expect("aiosmtpd, which script/test installs");
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/mail_server.py");
        let mut program = Command::new(python).arg(script).stdout(Stdio::piped()).spawn().unwrap();
        let mut output = BufReader::new(program.stdout.take().unwrap());
        let mut port = String::new();
        output.read_line(&mut port).unwrap();
        MailServer { program, output, port: port.trim().parse().expect("a port") }
    }

    fn way(&self) -> Outgoing {
        Outgoing {
            smtp_url: Some(format!("smtp://127.0.0.1:{}", self.port)),
            smtp_from: Some("王府名苑党支部 <zhibu@example.org>".to_owned()),
            ..Outgoing::default()
        }
    }

    /// The next message that it took.
    fn next(&mut self) -> Value {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        _ = self.program.kill();
        _ = self.program.wait();
    }
}

const NOTICE: &str = "【党员大会】请全体党员9点到小区党群服务站开会。\n议题：楼道照明\n.\n带上笔";

db_test! {
    async fn mail_reaches_each_without_showing_the_others(app: TestApp) {
        let mut server = MailServer::start();
        register(&app, Kind::Mail, "a@example.org\nb@example.org", None, &[]).await;
        let mut sender = sender_of(&app, server.way());
        tell(&app, &app.act(), NOTICE).await;
        set(&app, "channel.limits", &json!({ "mail": { "bytes": 3000, "per_minute": 30, "per_second": 5 } })).await;
        tell(&app, &app.act(), &"长".repeat(2000)).await;
        work(&mut sender).await;
        let mail = server.next();
        assert_eq!(mail["from"], "zhibu@example.org");
        assert_eq!(mail["to"], json!(["a@example.org", "b@example.org"]));
        assert_eq!(mail["subject"], "【党员大会】请全体党员9点到小区党群服务站开会。");
        assert_eq!(mail["text"].as_str().unwrap().replace("\r\n", "\n").trim_end(), NOTICE);
        assert!(!mail["header_to"].as_str().unwrap().contains("a@"), "{mail}");
        assert!(mail["date"].as_str().unwrap().starts_with("Mon, 23 Nov 2026 01:00:00"), "{mail}");
        let long = server.next();
        assert!(long["text"].as_str().unwrap().contains("（太长，全文见"));
        assert_eq!(open(&app).await, 0, "{:?}", failures(&app).await);
    }

    async fn mail_that_is_turned_away_comes_again_and_is_known_by_its_id(app: TestApp) {
        let mut server = MailServer::start();
        set(&app, "channel.sending", &json!({ "answer_seconds": 1, "tries": 3 })).await;
        register(&app, Kind::Mail, "full@example.org\nsilent@example.org", None, &[]).await;
        register(&app, Kind::Mail, "a@example.org\ngone@example.org", None, &[]).await;
        let mut sender = sender_of(&app, server.way());
        tell(&app, &app.act(), NOTICE).await;
        work(&mut sender).await;
        // A mailbox that is gone keeps nobody else from being told.
        let served = server.next();
        assert_eq!(served["to"], json!(["a@example.org"]));
        let why = failures(&app).await;
        assert!(why.iter().any(|why| why.contains("有 1 个邮箱收不到，其余 1 个已经送到")), "{why:?}");
        pass(&app, SignedDuration::from_secs(15));
        work(&mut sender).await;
        let first = server.next();
        work_on(&app, &mut sender).await;
        let second = server.next();
        assert_eq!(first["id"], second["id"], "so that a mailbox can drop it");
        assert!(!first["text"].as_str().unwrap().starts_with(AGAIN));
        assert!(second["text"].as_str().unwrap().starts_with(AGAIN));
        let why = failures(&app).await;
        assert_eq!(why.len(), 1, "the list with the mailbox that is gone: {why:?}");
        assert!(why[0].contains("有 1 个邮箱收不到"), "{why:?}");
        assert_eq!(open(&app).await, 0);
    }

    async fn without_a_mail_server_or_a_gateway_somebody_is_told(app: TestApp) {
        register(&app, Kind::Mail, "a@example.org", None, &[]).await;
        register(&app, Kind::Sms, "13800001234", None, &[]).await;
        let mut sender = sender_of(&app, Outgoing::default());
        tell(&app, &app.act(), NOTICE).await;
        work_on(&app, &mut sender).await;
        let why = failures(&app).await;
        assert!(why.iter().any(|why| why.contains("没有设邮件服务器")) && why.iter().any(|why| why.contains("没有接短信")), "{why:?}");
    }

    async fn short_messages_are_lines_of_a_file(app: TestApp) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("sms.jsonl");
        let outgoing = Outgoing { sms_file: Some(file.clone()), ..Outgoing::default() };
        register(&app, Kind::Sms, "138-0000-1234", None, &[]).await;
        let mut sender = sender_of(&app, outgoing);
        tell(&app, &app.act(), NOTICE).await;
        tell(&app, &app.act(), &"长".repeat(2000)).await;
        work(&mut sender).await;
        let written = std::fs::read_to_string(&file).unwrap();
        let lines: Vec<Value> = written.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[0]["numbers"], json!(["13800001234"]));
        assert_eq!(lines[0]["text"], NOTICE);
        assert!(lines[1]["text"].as_str().unwrap().len() <= 1500);
        assert_ne!(lines[0]["id"], lines[1]["id"]);
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600, "the numbers are for its owner");
    }

    async fn a_mail_password_is_neither_shown_nor_sent_in_the_clear(app: TestApp) {
        let way = |url: &str| Outgoing {
            smtp_url: Some(url.to_owned()),
            smtp_from: Some("zhibu@example.org".to_owned()),
            ..Outgoing::default()
        };
        assert!(!format!("{:?}", way("smtps://u:geheim@example.org")).contains("geheim"));
        let config = |url: &str| Config { outgoing: way(url), ..(*app.app.config).clone() };
        let open = |url: &str| Sender::new(App { config: Arc::new(config(url)), ..app.app.clone() }).err();
        for right in ["smtps://u:geheim@example.org", "smtp://u:geheim@example.org?tls=required", "smtp://127.0.0.1:25"] {
            assert!(open(right).is_none(), "{right}");
        }
        for wrong in ["smtp://u:geheim@example.org", "smtps://u:geheim@:0:x", "geheim"] {
            let error = open(wrong).expect("an error");
            assert!(!format!("{error:?}").contains("geheim"), "{error:?}");
        }
    }
}
