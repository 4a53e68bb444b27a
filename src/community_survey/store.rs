use db::{Cursor, Json, Page, Tx, record, statements};
use jiff::Timestamp;
use jiff::civil::Date;
use uuid::Uuid;

use super::model::{DoorState, Question, Rules, State, Tallies};
use crate::access::Act;
use crate::error::{Error, Result};
use crate::place::{room_words, unit_words};

macro_rules! surveys {
    ($where:expr) => {
        concat!(
            "SELECT s.id, s.title, s.from_on, s.until_on, s.state, s.questions, s.open_question, s.rules, s.homes, s.seed, s.frame, s.created_at,
                s.opened_at, s.ended_at, s.publication_id, s.lock_version FROM community_surveys s WHERE s.tenant_id = $1 AND ",
            $where
        )
    };
}

/// Where somebody lives, but in what is used as a shop or stands empty.
macro_rules! lived_in {
    () => {
        "FROM estates e CROSS JOIN buildings b CROSS JOIN units u CROSS JOIN dwellings d
        WHERE e.tenant_id = $1 AND b.tenant_id = e.tenant_id AND b.estate_id = e.id AND u.tenant_id = b.tenant_id AND u.building_id = b.id
            AND d.tenant_id = u.tenant_id AND d.unit_id = u.id AND (d.use IS NULL OR d.use NOT IN ('commercial', 'vacant'))
            AND EXISTS (SELECT 1 FROM households h WHERE h.tenant_id = d.tenant_id AND h.dwelling_id = d.id AND h.ended_at IS NULL)"
    };
}

macro_rules! doors {
    ($where:expr) => {
        concat!(
            "SELECT q.id, q.survey_id, q.estate_id, q.state, q.account_id, q.attempts, q.attempted_on, w.room, u.key AS unit_key,
                b.name AS building_name, b.grid_id, b.id AS building_id, e.name AS estate_name
            FROM community_survey_doors q
            JOIN dwellings w ON w.tenant_id = q.tenant_id AND w.id = q.dwelling_id
            JOIN units u ON u.tenant_id = w.tenant_id AND u.id = w.unit_id
            JOIN buildings b ON b.tenant_id = w.tenant_id AND b.id = w.building_id
            JOIN estates e ON e.tenant_id = b.tenant_id AND e.id = b.estate_id WHERE q.tenant_id = $1 AND ",
            $where
        )
    };
}

statements! {
    ADD = "INSERT INTO community_surveys (tenant_id, id, title, from_on, until_on, state, questions, open_question, created_by, created_at, lock_version)
        VALUES ($1, $2, $3, $4, $5, 'draft', $6, $7, $8, $9, 1)";
    REWRITE = "UPDATE community_surveys SET title = $4, from_on = $5, until_on = $6, questions = $7, open_question = $8,
            lock_version = lock_version + 1
        WHERE tenant_id = $1 AND id = $2 AND lock_version = $3 AND state = 'draft'";
    DRAW = "UPDATE community_surveys SET state = 'open', rules = $4, homes = $5, seed = $6, frame = $7, opened_at = $8, lock_version = lock_version + 1
        WHERE tenant_id = $1 AND id = $2 AND lock_version = $3 AND state = 'draft'";
    TURN = "UPDATE community_surveys SET state = $4, until_on = $5, ended_at = $6, lock_version = lock_version + 1
        WHERE tenant_id = $1 AND id = $2 AND lock_version = $3";
    PUBLISHED = "UPDATE community_surveys SET publication_id = $4, lock_version = lock_version + 1
        WHERE tenant_id = $1 AND id = $2 AND lock_version = $3";
    GET = surveys!("s.id = $2");
    LIST = surveys!("(s.created_at, s.id) < ($2, $3) ORDER BY s.created_at DESC, s.id DESC LIMIT $4");
    OVERDUE = surveys!("s.state = 'open' AND s.until_on < $2 ORDER BY s.until_on, s.id LIMIT 20");
    OPEN = surveys!("s.state = 'open' ORDER BY s.until_on, s.id LIMIT 20");
    UNPUBLISHED = surveys!("s.state = 'ended' AND s.publication_id IS NULL AND s.until_on >= $2 ORDER BY s.until_on, s.id LIMIT 20");
    /// The last one before another.
    BEFORE = surveys!("s.state = 'ended' AND s.until_on < $2 ORDER BY s.until_on DESC, s.id DESC LIMIT 1");
    /// Those of which a branch has something to hear, the latest first.
    ENDED_SINCE = surveys!("s.state = 'ended' AND s.until_on >= $2 ORDER BY s.until_on DESC, s.id DESC LIMIT 5");

    LIVED_IN = concat!("SELECT d.id AS dwelling_id, d.building_id, b.estate_id, b.grid_id ", lived_in!(),
        " ORDER BY e.created_at, e.id, b.position, b.key, LENGTH(u.key), u.key, d.floor DESC, d.room LIMIT $2");
    HOMES = "SELECT e.id AS estate_id, e.name AS estate_name FROM estates e WHERE e.tenant_id = $1 ORDER BY e.created_at, e.id LIMIT 1000";
    COUNTED = concat!("SELECT e.id AS estate_id, COUNT(*) AS homes ", lived_in!(), " GROUP BY e.id");

    ADD_BOX = "INSERT INTO community_survey_boxes (tenant_id, survey_id, box_number, tallies) VALUES ($1, $2, $3, $4)";
    ADD_STRATUM = "INSERT INTO community_survey_strata (tenant_id, survey_id, estate_id, position, homes, wanted, reserve, box_number)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    ADD_DOOR = "INSERT INTO community_survey_doors (tenant_id, id, survey_id, dwelling_id, estate_id, place, position, state, account_id, attempts)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    STRATA = "SELECT t.estate_id, e.name AS estate_name, t.homes, t.wanted, t.reserve, t.box_number FROM community_survey_strata t
        JOIN estates e ON e.tenant_id = t.tenant_id AND e.id = t.estate_id
        WHERE t.tenant_id = $1 AND t.survey_id = $2 ORDER BY t.position, t.estate_id LIMIT 1000";
    STANDING = "SELECT estate_id, state, COUNT(*) AS doors FROM community_survey_doors WHERE tenant_id = $1 AND survey_id = $2
        GROUP BY estate_id, state";
    ASKERS = "SELECT q.account_id, a.name, COUNT(*) AS doors, COUNT(*) FILTER (WHERE q.state = 'waiting') AS left_over
        FROM community_survey_doors q LEFT JOIN accounts a ON a.tenant_id = q.tenant_id AND a.id = q.account_id
        WHERE q.tenant_id = $1 AND q.survey_id = $2 AND q.state <> 'reserve' GROUP BY q.account_id, a.name ORDER BY a.name, q.account_id LIMIT 2000";
    BOXES = "SELECT box_number, tallies, open_sealed FROM community_survey_boxes WHERE tenant_id = $1 AND survey_id = $2 ORDER BY box_number LIMIT 1000";
    /// Nobody else adds to a box meanwhile.
    HOLD_BOX = "UPDATE community_survey_boxes SET tallies = tallies WHERE tenant_id = $1 AND survey_id = $2 AND box_number = $3";
    BOX = "SELECT box_number, tallies, open_sealed FROM community_survey_boxes WHERE tenant_id = $1 AND survey_id = $2 AND box_number = $3";
    FILL_BOX = "UPDATE community_survey_boxes SET tallies = $4, open_sealed = $5 WHERE tenant_id = $1 AND survey_id = $2 AND box_number = $3";

    DOOR = doors!("q.id = $2");
    OF_ASKER = doors!("q.account_id = $2 AND q.survey_id = $3 AND q.state NOT IN ('reserve', 'answered') ORDER BY q.position, q.id LIMIT 3000");
    ANSWERED_BY = "SELECT COUNT(*) AS doors FROM community_survey_doors WHERE tenant_id = $1 AND account_id = $2 AND survey_id = $3 AND state = 'answered'";
    LEFT_TO_ASK = "SELECT s.id, s.title, s.until_on, COUNT(*) AS doors FROM community_surveys s CROSS JOIN community_survey_doors q
        WHERE s.tenant_id = $1 AND s.state = 'open' AND s.from_on <= $3 AND q.tenant_id = s.tenant_id AND q.survey_id = s.id
            AND q.account_id = $2 AND q.state = 'waiting'
        GROUP BY s.id, s.title, s.until_on ORDER BY s.until_on, s.id LIMIT 20";
    ANSWERED = "UPDATE community_survey_doors SET state = 'answered', settled_on = $3 WHERE tenant_id = $1 AND id = $2 AND state NOT IN ('reserve', 'answered')";
    ATTEMPTED = "UPDATE community_survey_doors SET state = $3, attempts = attempts + 1, attempted_on = $4, settled_on = $5
        WHERE tenant_id = $1 AND id = $2 AND state = 'waiting' AND (attempted_on IS NULL OR attempted_on < $4)";
    GIVEN_UP = "UPDATE community_survey_doors SET state = $3, settled_on = $4 WHERE tenant_id = $1 AND id = $2 AND state = 'waiting'";
    /// Whoever answers or ends a survey does so one after the other.
    HOLD = "UPDATE community_surveys SET state = state WHERE tenant_id = $1 AND id = $2";
    /// The next home of an estate that can step in.
    NEXT_RESERVE = doors!("q.survey_id = $2 AND q.estate_id = $3 AND q.state = 'reserve' ORDER BY q.place LIMIT 1");
    STEP_IN = "UPDATE community_survey_doors SET state = 'waiting', account_id = $3 WHERE tenant_id = $1 AND id = $2 AND state = 'reserve'";
    WAITING_DOORS = doors!("q.survey_id = $2 AND q.state = 'waiting' ORDER BY q.position, q.id LIMIT 10000");
    WAITING = "SELECT q.id, b.id AS building_id, b.grid_id FROM community_survey_doors q
        JOIN dwellings w ON w.tenant_id = q.tenant_id AND w.id = q.dwelling_id
        JOIN buildings b ON b.tenant_id = w.tenant_id AND b.id = w.building_id
        WHERE q.tenant_id = $1 AND q.survey_id = $2 AND q.state = 'waiting' ORDER BY q.position, q.id";
    DEAL_BUILDING = "UPDATE community_survey_doors SET account_id = $4 WHERE tenant_id = $1 AND survey_id = $2 AND state = 'waiting'
        AND dwelling_id IN (SELECT d.id FROM dwellings d WHERE d.tenant_id = $1 AND d.building_id = $3)";
}

record! {
    #[derive(Debug, Clone)]
    pub struct Survey {
        pub id: Uuid, pub title: String, pub from_on: String, pub until_on: String, pub state: State, pub questions: Json<Vec<Question>>,
        pub open_question: String, pub rules: Option<Json<Rules>>, pub homes: Option<i64>, pub seed: Option<String>, pub frame: Option<String>,
        pub created_at: Timestamp, pub opened_at: Option<Timestamp>, pub ended_at: Option<Timestamp>, pub publication_id: Option<Uuid>,
        pub lock_version: i64,
    }
    #[derive(Debug, Clone, Copy)]
    pub(super) struct Home { pub dwelling_id: Uuid, pub building_id: Uuid, pub estate_id: Uuid, pub grid_id: Option<Uuid> }
    struct Named { estate_id: Uuid, estate_name: String }
    struct Counted { estate_id: Uuid, homes: i64 }
    /// An estate and its part of the sample.
    #[derive(Debug, Clone)]
    pub struct Stratum { pub estate_id: Uuid, pub estate_name: String, pub homes: i64, pub wanted: i64, pub reserve: i64, pub box_number: i64 }
    #[derive(Debug, Clone, Copy)]
    pub(super) struct Standing { pub estate_id: Uuid, pub state: DoorState, pub doors: i64 }
    #[derive(Debug, Clone)]
    pub struct ListedAsker { pub account_id: Option<Uuid>, pub name: Option<String>, pub doors: i64, pub left_over: i64 }
    #[derive(Debug, Clone)]
    pub(super) struct Kept { pub box_number: i64, pub tallies: Json<Tallies>, pub open_sealed: Option<Vec<u8>> }
    /// A home that was drawn. Of what was answered there it says nothing.
    #[derive(Debug, Clone)]
    pub struct Door {
        pub id: Uuid, pub survey_id: Uuid, pub estate_id: Uuid, pub state: DoorState, pub account_id: Option<Uuid>, pub attempts: i64,
        pub attempted_on: Option<String>, pub room: String, pub unit_key: String, pub building_name: String, pub grid_id: Option<Uuid>,
        pub building_id: Uuid, pub estate_name: String,
    }
    pub(super) struct Unsettled { pub building_id: Uuid, pub grid_id: Option<Uuid> }
    #[derive(Debug, Clone)]
    pub(super) struct LeftToAsk { pub id: Uuid, pub title: String, pub until_on: String, pub doors: i64 }
    struct Amount { doors: i64 }
}

impl Survey {
    pub fn until(&self) -> Option<Date> {
        self.until_on.parse().ok()
    }

    /// `2026年11月23日 至 2026年12月6日`
    pub fn days(&self) -> String {
        use crate::web::show::kept_day;
        format!("{} 至 {}", kept_day(&self.from_on), kept_day(&self.until_on))
    }
}

impl Door {
    /// `3号楼 2单元 1302`
    pub fn words(&self) -> String {
        let parts = [self.building_name.clone(), unit_words(&self.unit_key), room_words(&self.room)];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
    }
}

pub(super) async fn survey(tx: &mut Tx, tenant: Uuid, id: Uuid) -> Result<Survey> {
    Ok(tx.one(GET.bind(tenant).bind(id)).await?)
}

/// The latest first.
pub(super) async fn surveys(tx: &mut Tx, tenant: Uuid, before: Cursor, size: usize) -> Result<Page<Survey>> {
    let items: Vec<Survey> = tx.all(LIST.bind(tenant).bind(before.key).bind(before.id).bind(size as i64 + 1)).await?;
    Ok(Page::of(items, size, |item| Cursor { key: item.created_at.as_millisecond(), id: item.id }))
}

/// The survey that ended last before another began to end.
pub(super) async fn before(tx: &mut Tx, tenant: Uuid, survey: &Survey) -> Result<Option<Survey>> {
    Ok(tx.optional(BEFORE.bind(tenant).bind(&survey.until_on)).await?)
}

/// More homes than a community has.
const MOST: i64 = 200_000;

/// Every home that is lived in, in walking order.
pub(super) async fn lived_in(tx: &mut Tx, tenant: Uuid) -> Result<Vec<Home>> {
    Ok(tx.all(LIVED_IN.bind(tenant).bind(MOST)).await?)
}

/// Every estate with its name and how many of its homes are lived in.
pub(super) async fn homes(tx: &mut Tx, tenant: Uuid) -> Result<Vec<(Uuid, String, i64)>> {
    let named: Vec<Named> = tx.all(HOMES.bind(tenant)).await?;
    let counted: Vec<Counted> = tx.all(COUNTED.bind(tenant)).await?;
    let of = |estate| counted.iter().find(|counted| counted.estate_id == estate).map_or(0, |counted| counted.homes);
    Ok(named.into_iter().map(|named| (named.estate_id, named.estate_name, of(named.estate_id))).collect())
}

pub(super) async fn strata(tx: &mut Tx, tenant: Uuid, survey: Uuid) -> Result<Vec<Stratum>> {
    Ok(tx.all(STRATA.bind(tenant).bind(survey)).await?)
}

pub(super) async fn standing(tx: &mut Tx, tenant: Uuid, survey: Uuid) -> Result<Vec<Standing>> {
    Ok(tx.all(STANDING.bind(tenant).bind(survey)).await?)
}

pub(super) async fn askers(tx: &mut Tx, tenant: Uuid, survey: Uuid) -> Result<Vec<ListedAsker>> {
    Ok(tx.all(ASKERS.bind(tenant).bind(survey)).await?)
}

pub(super) async fn door(tx: &mut Tx, tenant: Uuid, id: Uuid) -> Result<Door> {
    Ok(tx.one(DOOR.bind(tenant).bind(id)).await?)
}

/// The doors at which somebody has to ask or has not been answered, in walking order, and how many have answered.
pub(super) async fn of_asker(tx: &mut Tx, tenant: Uuid, account: Uuid, survey: Uuid) -> Result<(Vec<Door>, i64)> {
    let doors = tx.all(OF_ASKER.bind(tenant).bind(account).bind(survey)).await?;
    let answered: Amount = tx.one(ANSWERED_BY.bind(tenant).bind(account).bind(survey)).await?;
    Ok((doors, answered.doors))
}

/// What the seals of this slice are for.
const PURPOSE: &str = "community survey";

pub(super) fn seal(act: &Act, texts: &[String]) -> Result<Vec<u8>> {
    act.seal(PURPOSE, &serde_json::to_string(texts).map_err(anyhow::Error::from)?)
}

pub(super) fn open(act: &Act, sealed: Option<&[u8]>) -> Result<Vec<String>> {
    let Some(sealed) = sealed else { return Ok(Vec::new()) };
    serde_json::from_str(&act.open(PURPOSE, sealed)?).map_err(|error| Error::Internal(error.into()))
}

/// Every door that waits, in walking order.
pub(super) async fn waiting(tx: &mut Tx, tenant: Uuid, survey: Uuid) -> Result<Vec<Door>> {
    Ok(tx.all(WAITING_DOORS.bind(tenant).bind(survey)).await?)
}
