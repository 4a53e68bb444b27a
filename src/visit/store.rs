use db::{Cursor, Json, Page, Tx, record, statements};
use jiff::Timestamp;
use uuid::Uuid;

use super::model::{Again, Choice, DoorState, Knock, Outcome, Part, Question, State};
use crate::access::Scope;
use crate::error::Result;
use crate::in_reach;
use crate::place::Use;
use crate::registry::{ResidenceState, Tag};

/// A campaign with the names of whose it is and where it goes.
macro_rules! campaign {
    () => {
        "SELECT c.id, c.title, c.words, c.organisation_id, o.name AS organisation_name, c.estate_id, e.name AS estate_name,
            c.origin, c.questions, c.until, c.state, c.created_at, c.opened_at, c.ended_at, c.lock_version
        FROM campaigns c JOIN organisations o ON o.tenant_id = c.tenant_id AND o.id = c.organisation_id
        LEFT JOIN estates e ON e.tenant_id = c.tenant_id AND e.id = c.estate_id WHERE c.tenant_id = $1 AND "
    };
}

/// Campaigns that somebody may see: those they plan, those they knock for, and open ones with doors in their reach.
macro_rules! campaigns {
    ($condition:expr) => {
        concat!(
            campaign!(),
            "(",
            in_reach!("$2", "$3", "$1", "c.estate_id", "NULL", "c.organisation_id"),
            " OR EXISTS (SELECT 1 FROM campaign_walkers w WHERE w.tenant_id = c.tenant_id AND w.campaign_id = c.id AND w.account_id = $4)
             OR (c.state = 'open' AND EXISTS (SELECT 1 FROM campaign_doors d JOIN buildings b ON b.tenant_id = d.tenant_id AND b.id = d.building_id
                WHERE d.tenant_id = c.tenant_id AND d.campaign_id = c.id AND ",
            in_reach!("$6", "$5", "$1", "b.estate_id", "b.grid_id", "NULL"),
            "))) AND ",
            $condition
        )
    };
}

statements! {
    ADD = "INSERT INTO campaigns (tenant_id, id, title, words, organisation_id, estate_id, origin, questions, until, state, created_by, created_at, lock_version)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'draft', $10, $11, 1)";
    ADD_DOOR = "INSERT INTO campaign_doors (tenant_id, campaign_id, dwelling_id, building_id, position, state, attempts)
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    ADD_WALKER = "INSERT INTO campaign_walkers (tenant_id, campaign_id, account_id, joined, joined_at)
        VALUES ($1, $2, $3, $4, $5) ON CONFLICT (tenant_id, campaign_id, account_id) DO NOTHING";
    REMOVE_WALKER = "DELETE FROM campaign_walkers WHERE tenant_id = $1 AND campaign_id = $2 AND account_id = $3";
    TURN = "UPDATE campaigns SET state = $4, until = $5, opened_at = $6, ended_at = $7, lock_version = lock_version + 1
        WHERE tenant_id = $1 AND id = $2 AND lock_version = $3";

    CAMPAIGN = concat!(campaign!(), "c.id = $2");
    OVERDUE = concat!(campaign!(), "c.state = 'open' AND c.until < $2 ORDER BY c.until, c.id LIMIT 100");
    SEEN = campaigns!("c.id = $7");
    LIST = concat!(campaigns!("(c.created_at, c.id) < ($7, $8)"), " ORDER BY c.created_at DESC, c.id DESC LIMIT $9");
    PROGRESS = "SELECT d.campaign_id, COUNT(*) AS doors, COUNT(*) FILTER (WHERE d.state IN ('done', 'given_up')) AS settled
        FROM campaign_doors d WHERE d.tenant_id = $1 AND d.campaign_id IN
            (SELECT c.id FROM campaigns c WHERE c.tenant_id = $1 AND (c.created_at, c.id) < ($2, $3) ORDER BY c.created_at DESC, c.id DESC LIMIT $4)
        GROUP BY d.campaign_id";

    WALKERS = "SELECT w.account_id, a.name, w.joined, a.disabled_at FROM campaign_walkers w
        JOIN accounts a ON a.tenant_id = w.tenant_id AND a.id = w.account_id
        WHERE w.tenant_id = $1 AND w.campaign_id = $2 ORDER BY w.joined_at, a.name LIMIT 500";
    WALKS = "SELECT account_id FROM campaign_walkers WHERE tenant_id = $1 AND campaign_id = $2 AND account_id = $3";
    /// The doors that are still to be knocked at, in walking order.
    UNSETTLED = "SELECT d.position, b.grid_id, b.estate_id FROM campaign_doors d
        JOIN buildings b ON b.tenant_id = d.tenant_id AND b.id = d.building_id
        WHERE d.tenant_id = $1 AND d.campaign_id = $2 AND d.state IN ('open', 'again') ORDER BY d.position LIMIT 5000";
    DEAL = "UPDATE campaign_doors SET account_id = $3 WHERE tenant_id = $1 AND campaign_id = $2
        AND position >= $4 AND position <= $5 AND state IN ('open', 'again')";
    DEAL_BUILDING = "UPDATE campaign_doors SET account_id = $3 WHERE tenant_id = $1 AND campaign_id = $2 AND building_id = $4
        AND state IN ('open', 'again')";
    DEAL_LEFT = "UPDATE campaign_doors SET account_id = $3 WHERE tenant_id = $1 AND campaign_id = $2 AND account_id IS NULL
        AND state IN ('open', 'again')";
    COVERAGE = "SELECT d.building_id, b.name AS building_name, e.name AS estate_name, d.account_id, a.name AS walker, COUNT(*) AS doors,
            COUNT(*) FILTER (WHERE d.state = 'done') AS done, COUNT(*) FILTER (WHERE d.state = 'again') AS again,
            COUNT(*) FILTER (WHERE d.state = 'given_up') AS given_up, COUNT(*) FILTER (WHERE d.last_outcome = 'refused') AS refused
        FROM campaign_doors d JOIN buildings b ON b.tenant_id = d.tenant_id AND b.id = d.building_id
        JOIN estates e ON e.tenant_id = b.tenant_id AND e.id = b.estate_id
        LEFT JOIN accounts a ON a.tenant_id = d.tenant_id AND a.id = d.account_id
        WHERE d.tenant_id = $1 AND d.campaign_id = $2
        GROUP BY d.building_id, b.name, e.name, d.account_id, a.name, e.created_at, e.id, b.position, b.key
        ORDER BY e.created_at, e.id, b.position, b.key, a.name LIMIT 2000";

    DOOR = "SELECT d.building_id, d.account_id, d.state, w.unit_id, w.room, u.key AS unit_key, b.name AS building_name, e.name AS estate_name,
            (SELECT COUNT(*) FROM households h WHERE h.tenant_id = d.tenant_id AND h.dwelling_id = d.dwelling_id AND h.ended_at IS NULL) AS households
        FROM campaign_doors d JOIN dwellings w ON w.tenant_id = d.tenant_id AND w.id = d.dwelling_id
        JOIN units u ON u.tenant_id = w.tenant_id AND u.id = w.unit_id
        JOIN buildings b ON b.tenant_id = d.tenant_id AND b.id = d.building_id
        JOIN estates e ON e.tenant_id = b.tenant_id AND e.id = b.estate_id
        WHERE d.tenant_id = $1 AND d.campaign_id = $2 AND d.dwelling_id = $3";
    ADD_VISIT = "INSERT INTO visits (tenant_id, id, campaign_id, dwelling_id, account_id, outcome, again_on, again_part, answers_sealed,
            note_sealed, made_at, received_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    LIVING = "SELECT r.id, r.lock_version FROM households h CROSS JOIN residents r WHERE h.tenant_id = $1 AND h.dwelling_id = $2
        AND h.ended_at IS NULL AND r.tenant_id = h.tenant_id AND r.household_id = h.id AND r.ended IS NULL ORDER BY r.id LIMIT 50";
    /// Locks a door until the transaction is over, so that of two visits that arrive at once the second sees the first.
    HOLD_DOOR = "UPDATE campaign_doors SET attempts = attempts WHERE tenant_id = $1 AND campaign_id = $2 AND dwelling_id = $3";
    /// The visits of a campaign to a door, in the order in which they were made.
    KNOCKS = "SELECT id, outcome, again_on, again_part, made_at, answers_sealed IS NOT NULL AS answered FROM visits
        WHERE tenant_id = $1 AND dwelling_id = $2 AND campaign_id = $3 ORDER BY made_at, id LIMIT 200";
    SET_DOOR = "UPDATE campaign_doors SET state = $4, attempts = $5, again_on = $6, again_part = $7, last_outcome = $8, visited_at = $9
        WHERE tenant_id = $1 AND campaign_id = $2 AND dwelling_id = $3";
    FORGET_ANSWERS = "DELETE FROM campaign_answers WHERE tenant_id = $1 AND campaign_id = $2 AND dwelling_id = $3";
    ADD_ANSWER = "INSERT INTO campaign_answers (tenant_id, campaign_id, dwelling_id, question, value) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (tenant_id, campaign_id, question, value, dwelling_id) DO NOTHING";
    ADD_ISSUE = "INSERT INTO visit_issues (tenant_id, visit_id, position, campaign_id, issue_id, photos) VALUES ($1, $2, $3, $4, $5, $6)";
    ISSUES = "SELECT issue_id, photos FROM visit_issues WHERE tenant_id = $1 AND visit_id = $2 ORDER BY position LIMIT 20";

    /// The doors that somebody has to knock at, those first that are not settled, campaign by campaign in walking order.
    OWN_DOORS = "SELECT d.campaign_id, d.dwelling_id, d.building_id, d.position, d.state, d.attempts, d.again_on, d.again_part, d.last_outcome,
            d.visited_at, w.floor, w.room, w.use AS usage, u.key AS unit_key, b.name AS building_name, e.name AS estate_name
        FROM campaign_doors d JOIN campaigns c ON c.tenant_id = d.tenant_id AND c.id = d.campaign_id
        JOIN dwellings w ON w.tenant_id = d.tenant_id AND w.id = d.dwelling_id
        JOIN units u ON u.tenant_id = w.tenant_id AND u.id = w.unit_id
        JOIN buildings b ON b.tenant_id = d.tenant_id AND b.id = d.building_id
        JOIN estates e ON e.tenant_id = b.tenant_id AND e.id = b.estate_id
        WHERE d.tenant_id = $1 AND d.account_id = $2 AND c.state = 'open'
        ORDER BY CASE WHEN d.state IN ('open', 'again') THEN 0 ELSE 1 END, c.until, c.id, d.position LIMIT 5000";
    OWN_CAMPAIGNS = concat!(campaign!(), "c.state = 'open' AND EXISTS (SELECT 1 FROM campaign_doors d WHERE d.tenant_id = c.tenant_id
        AND d.account_id = $2 AND d.campaign_id = c.id) ORDER BY c.until, c.id LIMIT 50");
    /// Who lives behind those doors, as far as the reader may know: a row for each tag of a person. On SQLite the doors come first, as they
    /// stand; on PostgreSQL they do if the server knows how full the register is, which is why an import has it look (`Db::analyze`).
    OWN_PEOPLE = concat!("SELECT h.dwelling_id, h.id AS household_id, h.head_name, r.id, r.lock_version, r.name, r.sex, r.birth_date, r.relation,
            r.political_status, r.education, r.marital_status, r.registered_address, r.residence_state, r.workplace, r.phone_sealed, t.tag
        FROM (SELECT DISTINCT d.dwelling_id FROM campaigns c CROSS JOIN campaign_doors d
            WHERE c.tenant_id = $1 AND c.state = 'open' AND d.tenant_id = c.tenant_id AND d.account_id = $2 AND d.campaign_id = c.id) p
        CROSS JOIN households h CROSS JOIN residents r CROSS JOIN buildings b
        LEFT JOIN resident_tags t ON t.tenant_id = r.tenant_id AND t.resident_id = r.id AND t.until IS NULL
        WHERE h.tenant_id = $1 AND h.dwelling_id = p.dwelling_id AND h.ended_at IS NULL AND r.tenant_id = h.tenant_id
            AND r.household_id = h.id AND r.ended IS NULL AND b.tenant_id = r.tenant_id AND b.id = r.building_id AND ", in_reach!("$3", "$4", "$1", "b.estate_id", "b.grid_id", "NULL"), "
        ORDER BY h.created_at, h.id, CASE WHEN r.name = h.head_name THEN 0 ELSE 1 END, COALESCE(r.birth_date, '9999'), r.id, t.tag LIMIT 50000");
    DEALT_TO = "SELECT dwelling_id FROM campaign_doors WHERE tenant_id = $1 AND account_id = $2 AND campaign_id = $3
        ORDER BY position LIMIT 5000";
    LEFT_TO_DO = "SELECT c.id, c.title, c.until, COUNT(*) AS doors, COUNT(*) FILTER (WHERE d.again_on <= $3) AS again
        FROM campaigns c JOIN campaign_doors d ON d.tenant_id = c.tenant_id AND d.campaign_id = c.id
        WHERE c.tenant_id = $1 AND c.state = 'open' AND d.account_id = $2 AND d.state IN ('open', 'again')
        GROUP BY c.id, c.title, c.until ORDER BY c.until, c.id LIMIT 20";
    /// What has been chosen, question by question.
    TALLY = "SELECT question, value, COUNT(*) AS doors FROM campaign_answers WHERE tenant_id = $1 AND campaign_id = $2
        GROUP BY question, value ORDER BY question, value LIMIT 500";
    /// The doors at which something was chosen, with the head of the household, in walking order.
    ANSWERED = concat!("SELECT d.dwelling_id, d.position, h.id AS household_id, h.head_name, w.room, u.key AS unit_key, b.name AS building_name, e.name AS estate_name
        FROM campaign_answers s JOIN campaign_doors d ON d.tenant_id = s.tenant_id AND d.campaign_id = s.campaign_id AND d.dwelling_id = s.dwelling_id
        JOIN dwellings w ON w.tenant_id = d.tenant_id AND w.id = d.dwelling_id
        JOIN units u ON u.tenant_id = w.tenant_id AND u.id = w.unit_id
        JOIN buildings b ON b.tenant_id = d.tenant_id AND b.id = d.building_id
        JOIN estates e ON e.tenant_id = b.tenant_id AND e.id = b.estate_id
        LEFT JOIN households h ON h.tenant_id = d.tenant_id AND h.dwelling_id = d.dwelling_id AND h.ended_at IS NULL
        WHERE s.tenant_id = $1 AND s.campaign_id = $2 AND s.question = $3 AND s.value = $4
            AND (d.position > $5 OR (d.position = $5 AND h.id > $9)) AND ",
        in_reach!("$6", "$7", "$1", "b.estate_id", "b.grid_id", "NULL"), " ORDER BY d.position, h.id LIMIT $8");
    /// The visits of a campaign that brought answers, within a scope, the latest first.
    TEXTS = concat!("SELECT v.id, v.dwelling_id, v.made_at, v.answers_sealed, w.room, u.key AS unit_key, b.name AS building_name, e.name AS estate_name
        FROM visits v CROSS JOIN dwellings w CROSS JOIN units u CROSS JOIN buildings b CROSS JOIN estates e
        WHERE v.tenant_id = $1 AND v.campaign_id = $2 AND v.answers_sealed IS NOT NULL AND (v.made_at, v.id) < ($5, $6)
            AND w.tenant_id = v.tenant_id AND w.id = v.dwelling_id AND u.tenant_id = w.tenant_id AND u.id = w.unit_id
            AND b.tenant_id = w.tenant_id AND b.id = w.building_id AND e.tenant_id = b.tenant_id AND e.id = b.estate_id AND ",
        in_reach!("$3", "$4", "$1", "b.estate_id", "b.grid_id", "NULL"), " ORDER BY v.made_at DESC, v.id DESC LIMIT $7");
    FOUND_ISSUES = "SELECT i.id, i.number, i.category, i.state FROM visit_issues v JOIN issues i ON i.tenant_id = v.tenant_id AND i.id = v.issue_id
        WHERE v.tenant_id = $1 AND v.campaign_id = $2 ORDER BY v.issue_id DESC LIMIT 200";
    /// Every visit to a door, of whatever campaign, the latest first.
    VISITS = "SELECT v.id, v.outcome, v.made_at, v.answers_sealed, v.note_sealed, a.name AS walker, c.title, c.questions FROM visits v
        JOIN accounts a ON a.tenant_id = v.tenant_id AND a.id = v.account_id
        JOIN campaigns c ON c.tenant_id = v.tenant_id AND c.id = v.campaign_id
        WHERE v.tenant_id = $1 AND v.dwelling_id = $2 ORDER BY v.made_at DESC, v.id DESC LIMIT 50";
}

record! {
    #[derive(Debug, Clone)]
    pub(super) struct Campaign {
        pub id: Uuid, pub title: String, pub words: String, pub organisation_id: Uuid, pub organisation_name: String,
        pub estate_id: Option<Uuid>, pub estate_name: Option<String>, pub origin: String, pub questions: Json<Vec<Question>>,
        pub until: Timestamp, pub state: State, pub created_at: Timestamp, pub opened_at: Option<Timestamp>,
        pub ended_at: Option<Timestamp>, pub lock_version: i64,
    }
    #[derive(Debug, Clone, Copy)]
    pub(super) struct Progress { pub campaign_id: Uuid, pub doors: i64, pub settled: i64 }
    #[derive(Debug, Clone)]
    pub(super) struct ListedWalker { pub account_id: Uuid, pub name: String, pub joined: bool, pub disabled_at: Option<Timestamp> }
    pub(super) struct Living { pub id: Uuid, pub lock_version: i64 }
    struct Walks { account_id: Uuid }
    struct Dealt { dwelling_id: Uuid }
    #[derive(Debug, Clone, Copy)]
    pub(super) struct Unsettled { pub position: i64, pub grid_id: Option<Uuid>, pub estate_id: Uuid }
    #[derive(Debug, Clone)]
    pub(super) struct Coverage {
        pub building_id: Uuid, pub building_name: String, pub estate_name: String, pub account_id: Option<Uuid>,
        pub walker: Option<String>, pub doors: i64, pub done: i64, pub again: i64, pub given_up: i64, pub refused: i64,
    }
    #[derive(Debug, Clone)]
    pub(super) struct Door {
        pub building_id: Uuid, pub account_id: Option<Uuid>, pub state: DoorState, pub unit_id: Uuid, pub room: String,
        pub unit_key: String, pub building_name: String, pub estate_name: String, pub households: i64,
    }
    struct Visited { id: Uuid, outcome: Outcome, again_on: Option<String>, again_part: Option<Part>, made_at: Timestamp, answered: Answered }
    #[derive(Debug, Clone)]
    pub(super) struct VisitIssue { pub issue_id: Uuid, pub photos: Json<Vec<Uuid>> }
    #[derive(Debug, Clone)]
    pub(super) struct OwnDoor {
        pub campaign_id: Uuid, pub dwelling_id: Uuid, pub building_id: Uuid, pub position: i64, pub state: DoorState,
        pub attempts: i64, pub again_on: Option<String>, pub again_part: Option<Part>, pub last_outcome: Option<Outcome>,
        pub visited_at: Option<Timestamp>, pub floor: i64, pub room: String, pub usage: Option<Use>, pub unit_key: String,
        pub building_name: String, pub estate_name: String,
    }
    #[derive(Debug, Clone)]
    pub(super) struct OwnPerson {
        pub dwelling_id: Uuid, pub household_id: Uuid, pub head_name: String, pub id: Uuid, pub lock_version: i64,
        pub name: String, pub sex: String, pub birth_date: Option<String>, pub relation: Option<String>,
        pub political_status: Option<String>, pub education: Option<String>, pub marital_status: Option<String>,
        pub registered_address: Option<String>, pub residence_state: Option<ResidenceState>, pub workplace: Option<String>,
        pub phone_sealed: Option<Vec<u8>>, pub tag: Option<Tag>,
    }
    pub(super) struct LeftToDo { pub id: Uuid, pub title: String, pub until: Timestamp, pub doors: i64, pub again: i64 }
    #[derive(Debug, Clone)]
    pub(super) struct Tally { pub question: String, pub value: String, pub doors: i64 }
    #[derive(Debug, Clone)]
    pub(super) struct AnsweredDoor {
        pub dwelling_id: Uuid, pub position: i64, pub household_id: Option<Uuid>, pub head_name: Option<String>,
        pub room: String, pub unit_key: String, pub building_name: String, pub estate_name: String,
    }
    #[derive(Debug, Clone)]
    pub(super) struct TextDoor {
        pub id: Uuid, pub dwelling_id: Uuid, pub made_at: Timestamp, pub answers_sealed: Vec<u8>, pub room: String,
        pub unit_key: String, pub building_name: String, pub estate_name: String,
    }
    #[derive(Debug, Clone)]
    pub(super) struct FoundIssue {
        pub id: Uuid, pub number: String, pub category: crate::issue::Category, pub state: String,
    }
    #[derive(Debug, Clone)]
    pub(super) struct PastVisit {
        pub id: Uuid, pub outcome: Outcome, pub made_at: Timestamp, pub answers_sealed: Option<Vec<u8>>,
        pub note_sealed: Option<Vec<u8>>, pub walker: String, pub title: String, pub questions: Json<Vec<Question>>,
    }
}

/// SQLite has no booleans of its own, so that what is computed comes as a number there and as a boolean elsewhere.
struct Answered(bool);

impl db::Column for Answered {
    fn optional(row: &db::Row, name: &str) -> db::Result<Option<Self>> {
        let computed = match bool::optional(row, name) {
            Ok(said) => said,
            Err(_) => i64::optional(row, name)?.map(|number| number != 0),
        };
        Ok(computed.map(Answered))
    }
}

/// Whoever asks for campaigns: the tenant, the account, and how far they plan and how far they knock.
pub(super) struct Sight<'a> {
    pub tenant: Uuid,
    pub account: Uuid,
    pub plans: &'a Scope,
    pub knocks: &'a Scope,
}

impl Sight<'_> {
    fn bind(&self, statement: db::Statement) -> db::Query {
        let query = statement.bind(self.tenant).bind(self.plans.account).bind(&self.plans.roles).bind(self.account);
        query.bind(&self.knocks.roles).bind(self.knocks.account)
    }
}

pub(super) async fn campaign(tx: &mut Tx, tenant: Uuid, id: Uuid) -> Result<Campaign> {
    Ok(tx.one(CAMPAIGN.bind(tenant).bind(id)).await?)
}

/// A campaign that somebody may see; not found otherwise.
pub(super) async fn seen(tx: &mut Tx, sight: &Sight<'_>, id: Uuid) -> Result<Campaign> {
    Ok(tx.one(sight.bind(SEEN).bind(id)).await?)
}

/// A page of campaigns, the latest first, each with how far it has come.
pub(super) async fn list(
    tx: &mut Tx,
    sight: &Sight<'_>,
    before: Cursor,
    size: usize,
) -> Result<Page<(Campaign, Option<Progress>)>> {
    let limit = size as i64 + 1;
    let campaigns: Vec<Campaign> = tx.all(sight.bind(LIST).bind(before.key).bind(before.id).bind(limit)).await?;
    let progress: Vec<Progress> =
        tx.all(PROGRESS.bind(sight.tenant).bind(before.key).bind(before.id).bind(500)).await?;
    let with = |campaign: Campaign| {
        let progress = progress.iter().find(|progress| progress.campaign_id == campaign.id).copied();
        (campaign, progress)
    };
    let cursor = |(campaign, _): &(Campaign, _)| Cursor { key: campaign.created_at.as_millisecond(), id: campaign.id };
    Ok(Page::of(campaigns.into_iter().map(with).collect(), size, cursor))
}

pub(super) async fn walkers(tx: &mut Tx, tenant: Uuid, campaign: Uuid) -> Result<Vec<ListedWalker>> {
    Ok(tx.all(WALKERS.bind(tenant).bind(campaign)).await?)
}

pub(super) async fn walks(tx: &mut Tx, tenant: Uuid, campaign: Uuid, account: Uuid) -> Result<bool> {
    let walks: Option<Walks> = tx.optional(WALKS.bind(tenant).bind(campaign).bind(account)).await?;
    Ok(walks.is_some_and(|walks| walks.account_id == account))
}

pub(super) async fn door(tx: &mut Tx, tenant: Uuid, campaign: Uuid, dwelling: Uuid) -> Result<Option<Door>> {
    Ok(tx.optional(DOOR.bind(tenant).bind(campaign).bind(dwelling)).await?)
}

/// The visits of a campaign to a door, in the order in which they were made, and the last one that brought answers.
pub(super) async fn knocks(
    tx: &mut Tx,
    tenant: Uuid,
    campaign: Uuid,
    dwelling: Uuid,
) -> Result<(Vec<Knock>, Option<Uuid>)> {
    let visited: Vec<Visited> = tx.all(KNOCKS.bind(tenant).bind(dwelling).bind(campaign)).await?;
    let answered = visited.iter().rev().find(|visit| visit.answered.0).map(|visit| visit.id);
    let knock = |visit: Visited| Knock {
        outcome: visit.outcome,
        made_at: visit.made_at,
        again: again(visit.again_on.as_deref(), visit.again_part),
    };
    Ok((visited.into_iter().map(knock).collect(), answered))
}

pub(super) fn again(day: Option<&str>, part: Option<Part>) -> Option<Again> {
    Some(Again { day: day?.parse().ok()?, part: part? })
}

/// The label of what was chosen.
pub(super) fn label<'a>(options: &'a [Choice], value: &'a str) -> &'a str {
    options.iter().find(|option| option.value == value).map_or(value, |option| &option.label)
}

/// How far each building has come, a row for each who knocks there.
pub(super) async fn coverage(tx: &mut Tx, tenant: Uuid, campaign: Uuid) -> Result<Vec<Coverage>> {
    Ok(tx.all(COVERAGE.bind(tenant).bind(campaign)).await?)
}

/// The homes that a campaign deals to somebody, in walking order.
pub async fn doors_of(tx: &mut Tx, tenant: Uuid, account: Uuid, campaign: Uuid) -> Result<Vec<Uuid>> {
    let dealt: Vec<Dealt> = tx.all(DEALT_TO.bind(tenant).bind(account).bind(campaign)).await?;
    Ok(dealt.into_iter().map(|door| door.dwelling_id).collect())
}
