//! The phone of a grid worker: a campaign of five hundred homes in the tenant, the worker to whom they are dealt, and the
//! records that the phone sends.

use db::{Db, Query, Tx, record, statements};
use doorstep::access::{self, Act, Grant, Reach, Role, Scope, Viewer};
use doorstep::means::Means;
use doorstep::offline;
use doorstep::registry::roll::Filter;
use doorstep::visit::{self, Choice, Order, Question, QuestionKind};
use jiff::SignedDuration;
use serde_json::json;
use uuid::Uuid;

use crate::scene::find;

/// How many homes somebody takes along, each with a household.
const HOMES: i64 = 500;
const TITLE: &str = "冬季安全敲门（测量）";

statements! {
    /// The first buildings in walking order, so many that the homes fit.
    PLACES = "SELECT b.id, b.grid_id, (SELECT COUNT(*) FROM households h JOIN dwellings d ON d.tenant_id = h.tenant_id AND d.id = h.dwelling_id
            WHERE d.tenant_id = b.tenant_id AND d.building_id = b.id AND h.ended_at IS NULL) AS households
        FROM estates e JOIN buildings b ON b.tenant_id = e.tenant_id AND b.estate_id = e.id
        WHERE e.tenant_id = $1 ORDER BY e.created_at, e.id, b.position, b.key LIMIT 60";
    TAKE_BACK = "UPDATE campaign_doors SET account_id = NULL WHERE tenant_id = $1 AND campaign_id = $2";
    GIVE = "UPDATE campaign_doors SET account_id = $3 WHERE tenant_id = $1 AND campaign_id = $2 AND dwelling_id IN (
        SELECT d.dwelling_id FROM campaign_doors d WHERE d.tenant_id = $1 AND d.campaign_id = $2 AND EXISTS (SELECT 1 FROM households h
            WHERE h.tenant_id = $1 AND h.dwelling_id = d.dwelling_id AND h.ended_at IS NULL) ORDER BY d.position LIMIT $4)";
    LATEST = "SELECT c.id, d.account_id FROM campaigns c JOIN campaign_doors d ON d.tenant_id = c.tenant_id AND d.campaign_id = c.id
        WHERE c.tenant_id = $1 AND c.title = $2 AND d.account_id IS NOT NULL ORDER BY c.created_at DESC, c.id DESC LIMIT 1";
    DOORS = "SELECT d.dwelling_id, r.id AS resident_id, r.lock_version FROM campaign_doors d
        JOIN households h ON h.tenant_id = d.tenant_id AND h.dwelling_id = d.dwelling_id AND h.ended_at IS NULL
        JOIN residents r ON r.tenant_id = h.tenant_id AND r.household_id = h.id AND r.ended IS NULL
        WHERE d.tenant_id = $1 AND d.campaign_id = $2 AND d.account_id = $3 ORDER BY d.position, r.id";
}

record! {
    struct Place { id: Uuid, grid_id: Option<Uuid>, households: i64 }
    struct Latest { id: Uuid, account_id: Uuid }
    struct Door { dwelling_id: Uuid, resident_id: Uuid, lock_version: i64 }
}

pub struct Phone {
    worker: Viewer,
    campaign: Uuid,
    records: Vec<String>,
}

/// Plans and opens a campaign, and gives the session of the worker to whom five hundred homes of it are dealt.
pub async fn set_up(db: &Db, means: &Means, tenant: Uuid) -> String {
    let act = Act { role: Role::Staff, ..Act::system(tenant, means) };
    let mut tx = db.begin().await.unwrap();
    let (mut buildings, mut grids, mut households) = (Vec::new(), Vec::new(), 0);
    for place in tx.all::<Place>(PLACES.bind(tenant)).await.unwrap() {
        if households < HOMES {
            households += place.households;
            buildings.push(place.id);
            grids.extend(place.grid_id);
        }
    }
    grids.sort_unstable();
    grids.dedup();
    let grants = grids.iter().map(|grid| Grant { role: Role::GridWorker, reach: Reach::Grid, reach_id: Some(*grid) });
    let (account, login) = crate::account(&mut tx, &act, "贺网格", grants.collect()).await;
    let organisation = access::organisations(&mut tx, tenant).await.unwrap().remove(0).id;
    let order = Order {
        title: TITLE.to_owned(),
        words: "您好，我是社区网格员".to_owned(),
        organisation,
        origin: String::new(),
        questions: questions(),
        until: act.at + SignedDuration::from_hours(24 * 14),
        filter: Filter::default(),
        buildings,
    };
    let campaign = visit::create(&mut tx, &act, &Scope::tenant(), &order).await.unwrap();
    visit::open(&mut tx, &act, campaign, 1).await.unwrap();
    tx.execute(TAKE_BACK.bind(tenant).bind(campaign)).await.unwrap();
    let given = tx.execute(GIVE.bind(tenant).bind(campaign).bind(account).bind(HOMES)).await.unwrap();
    assert_eq!(given as i64, HOMES, "there are so many homes");
    tx.commit().await.unwrap();
    crate::sign_in(db, means, &login).await
}

fn questions() -> Vec<Question> {
    let question = |id: &str, kind, text: &str, options: &[&str]| Question {
        id: id.to_owned(),
        kind,
        text: text.to_owned(),
        required: true,
        options: options.iter().map(|option| Choice { value: (*option).into(), label: (*option).into() }).collect(),
    };
    vec![
        question("q1", QuestionKind::YesNo, "家里用煤吗", &[]),
        question("q2", QuestionKind::Choice, "用什么取暖", &["暖气", "煤", "电"]),
        question("q3", QuestionKind::Text, "最担心什么", &[]),
    ]
}

impl Phone {
    /// What [`set_up`] made last; none where it has not been called.
    pub async fn read(tx: &mut Tx, tenant: Uuid) -> Option<Phone> {
        let latest: Option<Latest> = tx.optional(LATEST.bind(tenant).bind(TITLE)).await.unwrap();
        let Latest { id: campaign, account_id } = latest?;
        let worker = access::viewer_of(tx, tenant, account_id).await.unwrap();
        let mut doors: Vec<Door> = tx.all(DOORS.bind(tenant).bind(campaign).bind(account_id)).await.unwrap();
        doors.dedup_by_key(|door| door.dwelling_id);
        let records = doors.iter().enumerate().map(|(n, door)| record(&worker, campaign, n, door)).collect();
        Some(Phone { worker, campaign, records })
    }

    pub fn records(&self) -> usize {
        self.records.len()
    }

    /// A record as the phone sends it. The nil id in its text stands for one that is new each time, or nothing would be
    /// corrected when the door is visited again.
    pub fn record(&self, n: usize) -> &str {
        &self.records[n % self.records.len()]
    }

    /// The SQL of a pack.
    pub fn pack(&self) -> Vec<Query> {
        let scope = self.worker.scope(access::Permission::ResidentRead);
        let of = |name: &str| find(visit::STATEMENTS, name).bind(self.worker.tenant);
        let own = |name: &str| of(name).bind(self.worker.account);
        vec![
            own("OWN_DOORS"),
            own("OWN_PEOPLE").bind(scope.account).bind(&scope.roles),
            of("CAMPAIGN").bind(self.campaign),
        ]
    }

    /// Takes a record in, without a server.
    pub async fn receive(&self, db: &Db, means: &Means, n: usize) {
        let id = means.id();
        let text = self.record(n).replace(&Uuid::nil().to_string(), &id.to_string());
        offline::receive(db, means, &self.worker, id, text.as_bytes(), None).await.unwrap();
    }
}

/// A visit with three answers and a correction, every third with a problem.
fn record(worker: &Viewer, campaign: Uuid, n: usize, door: &Door) -> String {
    let workplace = format!("单位{}", Uuid::nil());
    let problem = json!({ "category": "lighting", "text": "六楼楼道灯不亮", "place_text": "六楼", "anonymous": true });
    let problems: Vec<_> = n.is_multiple_of(3).then_some(problem).into_iter().collect();
    json!({
        "kind": "visit", "schema": 1, "account": worker.account, "made_at": 0,
        "body": {
            "campaign": campaign, "dwelling": door.dwelling_id, "outcome": "home",
            "answers": [
                { "question": "q1", "value": if n.is_multiple_of(2) { "yes" } else { "no" } },
                { "question": "q2", "value": "暖气" },
                { "question": "q3", "value": "怕煤气中毒" },
            ],
            "edits": [{ "resident": door.resident_id, "seen": door.lock_version, "fields": { "workplace": workplace } }],
            "problems": problems,
        },
    })
    .to_string()
}
