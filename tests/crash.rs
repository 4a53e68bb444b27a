//! Nothing that was acknowledged is lost: the program is killed with SIGKILL while many write to it, at a moment that
//! chance decides, and started again. Ten times in each run; `DOORSTEP_CRASHES=500` for more.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use db::{Db, record, statements};
use doorstep::access::{self, Act, Grant, NewAccount, Reach, Role};
use doorstep::audit;
use doorstep::config::Options;
use doorstep::means::Means;
use tokio::sync::mpsc;
use uuid::Uuid;

use crate::stories::cast::photo_of;
use crate::support::{Browser, cluster};

statements! {
    PLACE = "SELECT code, tenant_id FROM place_codes ORDER BY code LIMIT 1";
    /// Every step that stands in the database, with the photos that came with it and the audit entry that tells of it.
    STEPS = "SELECT i.receipt_code, v.kind,
            (SELECT COUNT(*) FROM issue_photos p JOIN photos f ON f.tenant_id = p.tenant_id AND f.id = p.photo_id
             WHERE p.tenant_id = v.tenant_id AND p.event_id = v.id AND LENGTH(f.content) > 0) AS photos,
            (SELECT COUNT(*) FROM audit_entries a WHERE a.tenant_id = v.tenant_id AND a.subject_id = i.id AND a.action = v.kind) AS audited
        FROM issue_events v JOIN issues i ON i.tenant_id = v.tenant_id AND i.id = v.issue_id
        JOIN receipt_codes r ON r.code = i.receipt_code AND r.issue_id = i.id
        WHERE i.position > $1";
    /// Issues whose row and chain do not agree: half of a transaction.
    LAST = "SELECT COALESCE(MAX(position), 0) AS count FROM issues";
    HALVES = "SELECT COUNT(*) AS count FROM issues i WHERE i.position > $1 AND (i.lock_version <> (SELECT MAX(v.position) FROM issue_events v
            WHERE v.tenant_id = i.tenant_id AND v.issue_id = i.id)
        OR i.lock_version <> (SELECT COUNT(*) FROM issue_events v WHERE v.tenant_id = i.tenant_id AND v.issue_id = i.id))";
}

record! {
    struct Stairwell { code: String, tenant_id: Uuid }
    struct Written { receipt_code: String, kind: String, photos: i64, audited: i64 }
    struct Count { count: i64 }
}

const CODE: &str = "141102004999";
const WRITERS: usize = 8;

/// What the program said it had written: a step of an issue, and whether a photo came with it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Acknowledged {
    code: String,
    step: &'static str,
    photo: bool,
}

#[tokio::test]
async fn nothing_acknowledged_is_lost_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let address = format!("sqlite:{}", folder.path().join("doorstep.db").display());
    kill_again_and_again(folder.path(), &address, crashes(10)).await;
}

#[tokio::test]
async fn nothing_acknowledged_is_lost_on_postgres() {
    let folder = tempfile::tempdir().unwrap();
    let name = format!("doorstep_{}_crash", std::process::id());
    cluster::shared().create_database(&name, None);
    kill_again_and_again(folder.path(), &cluster::shared().url(&name), crashes(3)).await;
}

pub fn crashes(usual: usize) -> usize {
    std::env::var("DOORSTEP_CRASHES").map_or(usual, |text| text.parse().expect("DOORSTEP_CRASHES is a number"))
}

async fn kill_again_and_again(data: &Path, address: &str, times: usize) {
    let (session, place, tenant) = prepare(data, address).await;
    let mut all = BTreeSet::new();
    let mut checked = 0;
    for round in 0..times {
        let mut acknowledged = BTreeSet::new();
        let (mut program, url) = start(data, address, &[]);
        let (said, mut hear) = mpsc::unbounded_channel();
        let numbers = Arc::new(AtomicUsize::new(0));
        let writers: Vec<_> = (0..WRITERS)
            .map(|_| tokio::spawn(write(url.clone(), session.clone(), place.clone(), said.clone(), numbers.clone())))
            .collect();
        drop(said);
        // The moment: when some writer hears the nth answer, while the others are anywhere in theirs.
        let moment = 3 + (round * 7 + std::process::id() as usize) % 40;
        for _ in 0..moment {
            acknowledged.insert(hear.recv().await.expect("the program answers until it is killed"));
        }
        program.kill().unwrap(); // SIGKILL
        program.wait().unwrap();
        for writer in writers {
            writer.await.unwrap();
        }
        while let Some(more) = hear.recv().await {
            acknowledged.insert(more);
        }
        // What earlier rounds wrote has been checked after theirs, and is once more at the end; so is the chain, and now and then.
        (_, checked) = check(data, address, tenant, &acknowledged, checked, round, round < 10 || round % 50 == 0).await;
        all.extend(acknowledged);
    }
    let (steps, _) = check(data, address, tenant, &all, 0, times, true).await;
    // The test would have ended at the first loss.
    println!("{times} kills: {} acknowledged steps of {steps} written, none lost", all.len());
    assert!(all.len() >= times * 3);
}

/// A community with a stairwell, and the session of somebody on its staff.
pub async fn prepare(data: &Path, address: &str) -> (String, String, Uuid) {
    let made = doorstep(data, address, &["generate", "--tenant", CODE, "--residents", "40"]).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let (db, means) = open(data, address).await;
    let mut tx = db.begin().await.unwrap();
    let Stairwell { code, tenant_id } = tx.one(PLACE).await.unwrap();
    let organisation = access::organisations(&mut tx, tenant_id).await.unwrap().remove(0).id;
    let (login, password) = ("crash".to_owned(), "Beichuan-2026".to_owned());
    let new = NewAccount {
        name: "李社工".to_owned(),
        organisation,
        login: Some((login.clone(), password.clone())),
        grants: vec![Grant { role: Role::Staff, reach: Reach::Tenant, reach_id: None }],
    };
    access::create_account(&mut tx, &Act::system(tenant_id, &means), new).await.unwrap();
    tx.commit().await.unwrap();
    let session = access::sign_in(&db, &means, &login, password, "test").await.unwrap().expect("the right password");
    db.close().await;
    (session.to_string(), code, tenant_id)
}

pub async fn open(data: &Path, address: &str) -> (Db, Means) {
    Options { database: Some(address.to_owned()), data: data.to_owned(), key_file: None }.open().await.unwrap()
}

pub fn doorstep(data: &Path, address: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_doorstep"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("DOORSTEP_")) {
        command.env_remove(name);
    }
    command.args(arguments).arg("--data").arg(data).args(["--database", address]);
    command
}

/// Starts the program, and gives it with its address.
pub fn start(data: &Path, address: &str, more: &[&str]) -> (Child, String) {
    let serve = ["serve", "--listen", "127.0.0.1:0", "--public-posts-per-hour", "1000000"];
    let mut command = doorstep(data, address, &[&serve, more].concat());
    let mut program = command.env("DOORSTEP_LOG", "error").stdout(Stdio::piped()).spawn().unwrap();
    let url = address_of(&mut program);
    (program, url)
}

/// The address that a program says when it listens.
pub fn address_of(program: &mut Child) -> String {
    let mut line = String::new();
    BufReader::new(program.stdout.take().unwrap()).read_line(&mut line).unwrap();
    line.trim().split_once('：').expect("the address").1.to_owned()
}

/// Files reports and takes them on, one after the other, until the program is gone; tells of each answer.
async fn write(
    url: String,
    session: String,
    place: String,
    said: mpsc::UnboundedSender<Acknowledged>,
    numbers: Arc<AtomicUsize>,
) {
    let (resident, staff) = (Browser::new(&url), Browser::new(&url));
    staff.set_cookie("session", &session);
    let round = async || -> reqwest::Result<()> {
        loop {
            let number = numbers.fetch_add(1, Ordering::Relaxed);
            let words = format!("楼道灯不亮，第 {number} 次说");
            let fields = [("description", words.as_str()), ("category", "lighting")];
            let picture = photo_of(number);
            let files = [("photos", "IMG_1.jpg", &picture[..])];
            let files = if number.is_multiple_of(3) { &files[..] } else { &[] };
            let filed = resident.try_post_files(&format!("/r/{place}"), &fields, files).await?;
            filed.assert_ok();
            let code = filed.url.trim_start_matches("/receipts/").trim_end_matches("/filed").to_owned();
            let tell = |step, photo| said.send(Acknowledged { code: code.clone(), step, photo }).is_ok();
            tell("filed", !files.is_empty());
            let id = staff
                .try_get(&format!("/issues?q={code}"))
                .await?
                .link("/issues/0")
                .trim_start_matches("/issues/")
                .to_owned();
            let version = staff.try_get(&format!("/issues/{id}")).await?.input("version");
            let grading = [
                ("version", version.as_str()),
                ("summary", "楼道照明损坏"),
                ("category", "lighting"),
                ("tier", "ordinary"),
                ("remedy", "property"),
            ];
            staff.try_post(&format!("/issues/{id}/acceptance"), &grading).await?.assert_ok();
            tell("accepted", false);
        }
    };
    let gone = round().await.unwrap_err();
    assert!(gone.status().is_none(), "it answers until it is gone: {gone}");
}

/// Everything that was acknowledged of the issues after a position is there and whole. Gives the number of their steps, and
/// the position of the last issue.
async fn check(
    data: &Path,
    address: &str,
    tenant: Uuid,
    acknowledged: &BTreeSet<Acknowledged>,
    after: i64,
    round: usize,
    chain: bool,
) -> (usize, i64) {
    let (db, _) = open(data, address).await;
    let mut tx = db.read().await.unwrap();
    let written: Vec<Written> = tx.all(STEPS.bind(after)).await.unwrap();
    let steps = written.len();
    let written: BTreeMap<(String, String), (i64, i64)> =
        written.into_iter().map(|step| ((step.receipt_code, step.kind), (step.photos, step.audited))).collect();
    for step in acknowledged {
        let found = written.get(&(step.code.clone(), step.step.to_owned()));
        let Some((photos, audited)) = found else { panic!("lost after kill {round}: {step:?}") };
        assert_eq!(*photos, i64::from(step.photo), "the photo of {step:?} after kill {round}");
        assert_eq!(*audited, 1, "the audit entry of {step:?} after kill {round}");
    }
    assert_eq!(tx.one::<Count>(HALVES.bind(after)).await.unwrap().count, 0, "half a step after kill {round}");
    if chain {
        let verdict = audit::verify(&mut tx, tenant).await.unwrap();
        assert_eq!(verdict.broken, None, "the chain after kill {round}");
    }
    let last = tx.one::<Count>(LAST).await.unwrap().count;
    drop(tx);
    db.close().await;
    (steps, last)
}
