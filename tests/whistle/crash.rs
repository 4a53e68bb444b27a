//! Two programs, each with its own database, killed with SIGKILL at moments that chance decides while letters go to and fro (ten times in
//! each run; `DOORSTEP_CRASHES` for more). When both run again, each knows all that the other has said, and knows it once. Whoever pastes
//! an invitation in second, or writes over a link that is over, comes to know that.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::Duration;

use db::{Db, record, statements};
use doorstep::access::{self, Act, TenantKind};
use doorstep::app::App;
use doorstep::config::{Config, Outgoing};
use doorstep::issue::{self, Category, NewIssue, Place, Source};
use doorstep::means::Means;
use doorstep::whistle::{self, Ending, Said, State};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use uuid::Uuid;

use super::{LONG_AGO, blow_about, score};
use crate::crash::{address_of, crashes, doorstep, open};
use crate::support::cluster;

statements! {
    HURRY = "UPDATE outbox_messages SET available_at = $1 WHERE done_at IS NULL";
    LEFT = "SELECT (SELECT COUNT(*) FROM outbox_messages WHERE done_at IS NULL OR failure IS NOT NULL)
        + (SELECT COUNT(*) FROM whistle_events WHERE own AND delivered_at IS NULL AND kind <> 'assigned') AS count";
    SAID = "SELECT id, kind, own FROM whistle_events WHERE tenant_id = $1 ORDER BY id";
    MOVED = "SELECT COUNT(*) AS count FROM issue_events WHERE tenant_id = $1 AND kind = $2";
}

record! {
    struct Count { count: i64 }
    #[derive(Debug)]
    struct Row { id: Uuid, kind: String, own: bool }
}

/// One of the two programs.
struct Party {
    data: PathBuf,
    address: String,
    port: u16,
    db: Db,
    means: Means,
    tenant: Uuid,
}

#[tokio::test]
async fn both_sides_know_all_that_was_said_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let addresses = ["a", "b"].map(|name| format!("sqlite:{}", folder.path().join(name).join("doorstep.db").display()));
    kill_either(folder.path(), addresses, crashes(10)).await;
}

#[tokio::test]
async fn both_sides_know_all_that_was_said_on_postgres() {
    let folder = tempfile::tempdir().unwrap();
    let addresses = ["a", "b"].map(|name| {
        let name = format!("doorstep_{}_whistle_{name}", std::process::id());
        cluster::shared().create_database(&name, None);
        cluster::shared().url(&name)
    });
    kill_either(folder.path(), addresses, crashes(3)).await;
}

impl Party {
    /// The port is kept over restarts, since the other side knows it.
    async fn new(data: PathBuf, address: String, kind: TenantKind, code: &str, name: &str) -> Party {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let (db, means) = open(&data, &address).await;
        let act = Act::system(means.id(), &means);
        let mut tx = db.begin().await.unwrap();
        access::create_tenant(&mut tx, &act, kind, code, name).await.unwrap();
        tx.commit().await.unwrap();
        Party { data, address, port, db, means, tenant: act.tenant }
    }

    fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    fn act(&self) -> Act {
        Act::system(self.tenant, &self.means)
    }

    /// As the program sees itself.
    fn app(&self, other: &Party) -> App {
        let one = std::num::NonZeroU32::MIN;
        let config = Config {
            public_url: format!("http://{}", self.host()),
            trusted_proxies: Vec::new(),
            public_posts_per_hour: one,
            sign_ins_per_hour: one,
            token_requests_per_minute: one,
            outgoing: Outgoing { webhook_hosts: vec![other.host()], ..Outgoing::default() },
        };
        App::new(self.db.clone(), self.means.clone(), config)
    }

    fn start(&self, other: &Party) -> Child {
        let (host, other) = (self.host(), other.host());
        let arguments = ["serve", "--listen", &host, "--webhook-host", &other];
        let mut command = doorstep(&self.data, &self.address, &arguments);
        let mut program = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        address_of(&mut program);
        program
    }

    /// What waits for its next attempt, or was in the hands of a program that died, is tried at once.
    async fn hurry(&self) {
        let mut tx = self.db.begin().await.unwrap();
        tx.execute(HURRY.bind(LONG_AGO)).await.unwrap();
        tx.commit().await.unwrap();
    }

    async fn left(&self) -> i64 {
        self.db.read().await.unwrap().one::<Count>(LEFT).await.unwrap().count
    }

    async fn said(&self) -> Vec<Row> {
        self.db.read().await.unwrap().all(SAID.bind(self.tenant)).await.unwrap()
    }
}

async fn kill_either(folder: &Path, addresses: [String; 2], times: usize) {
    let [a, b] = addresses;
    let below = Party::new(folder.join("a"), a, TenantKind::Community, "141102004999", "尉汾路社区").await;
    let above = Party::new(folder.join("b"), b, TenantKind::Subdistrict, "141102104999", "城关街道").await;
    let link = connect(&above, &below).await;
    let mut chance = StdRng::seed_from_u64(u64::from(std::process::id()));
    let mut programs = [below.start(&above), above.start(&below)];
    let mut whistles = Vec::new();
    for _ in 0..times {
        whistles.push(blow(&below, link).await);
        for party in [&below, &above] {
            party.hurry().await;
        }
        // Both go on saying what they may say, as far as they know by now.
        for _ in 0..6 {
            for party in [&below, &above] {
                let whistle = whistles[chance.random_range(0..whistles.len())];
                go_on(party, whistle, &mut chance).await;
            }
        }
        tokio::time::sleep(Duration::from_micros(chance.random_range(0..1_200_000))).await; // the moment is chance's
        let one = chance.random_range(0..2);
        programs[one].kill().unwrap(); // SIGKILL
        programs[one].wait().unwrap();
        programs[one] = if one == 0 { below.start(&above) } else { above.start(&below) };
    }
    // Said to the end: what had not arrived could not be answered.
    for _ in 0..6 {
        all_delivered(&below, &above).await;
        for whistle in &whistles {
            for party in [&below, &above] {
                finish(party, *whistle).await;
            }
        }
    }
    all_delivered(&below, &above).await;
    check(&below, &above, &whistles).await;
    // The level above ends the link, and dies while the next letter comes.
    let mut tx = above.db.begin().await.unwrap();
    let known = whistle::counterpart(&mut tx, above.tenant, link).await.unwrap();
    whistle::end(&mut tx, &above.act(), &known, known.lock_version).await.unwrap();
    tx.commit().await.unwrap();
    let late = blow(&below, link).await;
    programs[1].kill().unwrap();
    programs[1].wait().unwrap();
    programs[1] = above.start(&below);
    ended(&below, below.tenant, link, Ending::There).await;
    let events = whistle::events(&mut below.db.read().await.unwrap(), below.tenant, late).await.unwrap();
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].delivered_at, None);
    for program in &mut programs {
        program.kill().unwrap();
        program.wait().unwrap();
    }
}

/// Waits until a tenant knows that a link is over, and why.
async fn ended(party: &Party, tenant: Uuid, link: Uuid, ending: Ending) {
    let known = async {
        while whistle::counterpart(&mut party.db.read().await.unwrap(), tenant, link).await.unwrap().ending
            != Some(ending)
        {
            party.hurry().await;
            tokio::time::sleep(Duration::from_millis(200)).await; // until another process has done it
        }
    };
    tokio::time::timeout(Duration::from_secs(120), known).await.expect("it comes to know");
}

async fn connect(above: &Party, below: &Party) -> Uuid {
    let mut tx = above.db.begin().await.unwrap();
    let invitation = whistle::invite(&mut tx, &above.act(), &above.app(below), "尉汾路社区").await.unwrap();
    tx.commit().await.unwrap();
    let mut tx = below.db.begin().await.unwrap();
    let link = whistle::join(&mut tx, &below.act(), &below.app(above), &invitation).await.unwrap();
    tx.commit().await.unwrap();
    let mut programs = [below.start(above), above.start(below)];
    all_delivered(below, above).await;
    // Another community of the same installation has got hold of the same invitation.
    let late = Act::system(below.means.id(), &below.means);
    let mut tx = below.db.begin().await.unwrap();
    access::create_tenant(&mut tx, &late, TenantKind::Community, "141102004998", "凤山社区").await.unwrap();
    whistle::join(&mut tx, &late, &below.app(above), &invitation).await.unwrap();
    tx.commit().await.unwrap();
    ended(below, late.tenant, link, Ending::Taken).await;
    for program in &mut programs {
        program.kill().unwrap();
        program.wait().unwrap();
    }
    link
}

async fn all_delivered(below: &Party, above: &Party) {
    let waited = async {
        while below.left().await + above.left().await > 0 {
            for party in [below, above] {
                party.hurry().await;
            }
            tokio::time::sleep(Duration::from_millis(200)).await; // until another process has done it
        }
    };
    tokio::time::timeout(Duration::from_secs(120), waited).await.expect("everything arrives");
}

async fn blow(below: &Party, link: Uuid) -> Uuid {
    let act = below.act();
    let mut tx = below.db.begin().await.unwrap();
    let new = NewIssue {
        source: Source::Web,
        category: Category::Sanitation,
        description: "门口摆摊".to_owned(),
        place: Place::Community,
        place_text: String::new(),
        reporter: None,
        photos: Vec::new(),
    };
    let filed = issue::file(&mut tx, &act, new).await.unwrap();
    let mut issue = issue::issue(&mut tx, act.tenant, filed.id).await.unwrap();
    let id = blow_about(&mut tx, &act, &mut issue, link).await;
    tx.commit().await.unwrap();
    id
}

/// Says one of the things that a side may say now. A letter that is taken in at the same moment may be first.
async fn go_on(party: &Party, id: Uuid, chance: &mut StdRng) {
    let mut tx = party.db.begin().await.unwrap();
    let Ok(mut whistle) = whistle::whistle(&mut tx, party.tenant, id).await else { return };
    let may = Said::ALL.iter().copied().filter(|said| {
        said.check(whistle.asked, whistle.state).is_ok() && !said.is_rating() && *said != Said::Assigned
    });
    let may: Vec<Said> = may.collect();
    if may.is_empty() {
        return;
    }
    let said = may[chance.random_range(0..may.len())];
    let seen = whistle.lock_version;
    if whistle::say(&mut tx, &party.act(), &mut whistle, seen, said, "说一句话").await.is_ok() {
        tx.commit().await.unwrap();
    }
}

/// Comes, answers and rates, as far as a side may.
async fn finish(party: &Party, id: Uuid) {
    let mut tx = party.db.begin().await.unwrap();
    let mut whistle = whistle::whistle(&mut tx, party.tenant, id).await.unwrap();
    let seen = whistle.lock_version;
    let act = party.act();
    let done = match (whistle.asked, whistle.state) {
        (false, State::Blown) => whistle::say(&mut tx, &act, &mut whistle, seen, Said::Acknowledged, "到了").await,
        (false, State::Acknowledged) => whistle::say(&mut tx, &act, &mut whistle, seen, Said::Answered, "办好了").await,
        (_, State::Answered) if whistle.own_score().is_none() => {
            whistle::rate(&mut tx, &act, &mut whistle, score("4"), "").await
        }
        _ => return,
    };
    done.unwrap();
    tx.commit().await.unwrap();
}

async fn check(below: &Party, above: &Party, whistles: &[Uuid]) {
    let [ours, theirs] = [below.said().await, above.said().await];
    assert_eq!(ours.len(), theirs.len());
    for (one, other) in ours.iter().zip(&theirs) {
        assert_eq!((one.id, &one.kind), (other.id, &other.kind));
        assert_ne!(one.own, other.own, "{one:?}");
    }
    let (mut ended, mut declined, mut recalled) = (0, 0, 0);
    for id in whistles {
        let ours = whistle::whistle(&mut below.db.read().await.unwrap(), below.tenant, *id).await.unwrap();
        let theirs = whistle::whistle(&mut above.db.read().await.unwrap(), above.tenant, *id).await.unwrap();
        assert_eq!(
            (ours.state, ours.asker_score, ours.responder_score),
            (theirs.state, theirs.asker_score, theirs.responder_score)
        );
        match ours.state {
            State::Ended => ended += 1,
            State::Declined => declined += 1,
            State::Recalled => recalled += 1,
            state => panic!("{state}"),
        }
    }
    let moved = async |kind: &str| {
        below.db.read().await.unwrap().one::<Count>(MOVED.bind(below.tenant).bind(kind)).await.unwrap().count
    };
    assert_eq!(moved("done").await, ended, "each answer moved its issue once");
    assert_eq!(moved("escalation_declined").await, declined);
    assert_eq!(moved("escalation_recalled").await, recalled);
    println!(
        "{} whistles, {} letters each way known once: {ended} rated by both, {declined} declined, {recalled} recalled",
        whistles.len(),
        ours.len()
    );
}
