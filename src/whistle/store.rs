use db::{Cursor, Page, Tx, record, statements};
use jiff::Timestamp;
use uuid::Uuid;

use super::model::{Ending, Kind, Said, Side, State};
use crate::access::Scope;
use crate::error::{Error, Result};
use crate::in_reach;

macro_rules! counterparts {
    ($where:expr) => {
        concat!(
            "SELECT id, side, name, organisation_id, address, code, created_at, joined_at, ended_at, ending, lock_version FROM counterparts
            WHERE tenant_id = $1 AND ",
            $where
        )
    };
}

macro_rules! whistles {
    ($where:expr) => {
        concat!(
            "SELECT w.id, w.counterpart_id, c.name AS counterpart_name, c.ending, w.asked, w.kind, w.number, w.category, w.place, w.title, w.issue_id, w.origin_id,
                f.state AS origin_state, w.organisation_id, o.name AS organisation_name, w.state, w.blown_at, w.acknowledge_by, w.answer_by, w.acknowledged_at,
                w.answered_at, w.asker_score, w.responder_score, w.lock_version
            FROM whistles w JOIN counterparts c ON c.tenant_id = w.tenant_id AND c.id = w.counterpart_id
            LEFT JOIN whistles f ON f.tenant_id = w.tenant_id AND f.id = w.origin_id
            LEFT JOIN organisations o ON o.tenant_id = w.tenant_id AND o.id = w.organisation_id WHERE w.tenant_id = $1 AND ",
            $where
        )
    };
}

macro_rules! reached {
    () => {
        in_reach!("$2", "$3", "w.tenant_id", "w.estate_id", "NULL", "w.organisation_id")
    };
}

statements! {
    ADD_COUNTERPART = "INSERT INTO counterparts (tenant_id, id, side, name, organisation_id, address, code, secret, created_at, lock_version)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1) ON CONFLICT (tenant_id, id) DO NOTHING";
    /// The first answer to an invitation holds; the same again changes nothing.
    JOINED = "UPDATE counterparts SET address = $3, code = $4, name = $5, joined_at = $6, lock_version = lock_version + 1
        WHERE tenant_id = $1 AND id = $2 AND joined_at IS NULL AND ended_at IS NULL";
    CONFIRMED = "UPDATE counterparts SET joined_at = $3, lock_version = lock_version + 1
        WHERE tenant_id = $1 AND id = $2 AND joined_at IS NULL AND ended_at IS NULL";
    END = "UPDATE counterparts SET ended_at = $3, ending = $4, lock_version = lock_version + 1 WHERE tenant_id = $1 AND id = $2 AND ended_at IS NULL";
    COUNTERPART = counterparts!("id = $2");
    COUNTERPARTS = counterparts!("1 = 1 ORDER BY ended_at IS NOT NULL, side, created_at, id LIMIT 200");
    ABOVE = counterparts!("side = 'above' AND joined_at IS NOT NULL AND ended_at IS NULL ORDER BY created_at, id LIMIT 50");
    SECRET = "SELECT secret FROM counterparts WHERE tenant_id = $1 AND id = $2";

    ADD = "INSERT INTO whistles (tenant_id, id, counterpart_id, asked, kind, number, category, place, title, issue_id, origin_id, estate_id,
            organisation_id, state, open, blown_at, acknowledge_by, answer_by, lock_version)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 'blown', TRUE, $14, $15, $16, 1) ON CONFLICT (tenant_id, id) DO NOTHING";
    ADVANCE = "UPDATE whistles SET state = $4, open = $5, organisation_id = $6, acknowledged_at = $7, answered_at = $8, asker_score = $9,
            responder_score = $10, lock_version = lock_version + 1
        WHERE tenant_id = $1 AND id = $2 AND lock_version = $3";
    GET = whistles!("w.id = $2");
    GET_IN_REACH = whistles!(concat!(reached!(), " AND w.id = $4"));
    OF_ISSUE = whistles!(concat!(reached!(), " AND w.issue_id = $4 ORDER BY w.blown_at DESC, w.id DESC LIMIT 1"));
    NEWEST = "SELECT id FROM whistles WHERE tenant_id = $1 AND issue_id = $2 ORDER BY blown_at DESC, id DESC LIMIT 1";
    PASSED_ON = whistles!("w.origin_id = $2 ORDER BY w.blown_at DESC, w.id DESC LIMIT 20");
    LIST = whistles!(concat!(reached!(), " AND w.asked = $4 AND (w.blown_at, w.id) < ($5, $6) ORDER BY w.blown_at DESC, w.id DESC LIMIT $7"));
    /// What this side still has to say something about: who is asked comes and answers, both rate, and who has asked for somebody
    /// that does not come asks again, or takes back what has become idle.
    WAITING = whistles!(concat!(reached!(), " AND w.open AND (c.ending IS NULL OR (w.asked AND w.state IN ('blown', 'acknowledged')))
        AND ((NOT w.asked AND w.state IN ('blown', 'acknowledged'))
            OR (w.asked AND w.state IN ('blown', 'acknowledged') AND (c.ending IS NOT NULL OR f.state IN ('recalled', 'declined')))
            OR (w.asked AND w.state = 'blown' AND w.acknowledge_by < $4) OR (w.asked AND w.state = 'acknowledged' AND w.answer_by < $4)
            OR (w.state = 'answered' AND CASE WHEN w.asked THEN w.asker_score ELSE w.responder_score END IS NULL))
        ORDER BY w.answer_by, w.id LIMIT 50"));
    /// What the other side has not got, since a moment.
    UNDELIVERED = whistles!(concat!(reached!(), " AND c.ending IS NULL AND w.id IN (SELECT v.whistle_id FROM whistle_events v
            WHERE v.tenant_id = $1 AND v.own AND v.delivered_at IS NULL AND v.kind <> 'assigned' AND v.at <= $4)
        ORDER BY w.answer_by, w.id LIMIT 50"));
    ADD_EVENT = "INSERT INTO whistle_events (tenant_id, id, whistle_id, kind, own, account_id, words, score, at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (tenant_id, id) DO NOTHING";
    EVENTS = "SELECT v.id, v.whistle_id, v.kind, v.own, v.words, v.score, v.at, v.delivered_at, a.name AS account_name FROM whistle_events v
        LEFT JOIN accounts a ON a.tenant_id = v.tenant_id AND a.id = v.account_id
        WHERE v.tenant_id = $1 AND v.whistle_id = $2 ORDER BY v.at, v.id LIMIT 200";
    EVENT = "SELECT v.id, v.whistle_id, v.kind, v.own, v.words, v.score, v.at, v.delivered_at, CAST(NULL AS TEXT) AS account_name FROM whistle_events v
        WHERE v.tenant_id = $1 AND v.id = $2";
    DELIVERED = "UPDATE whistle_events SET delivered_at = $3 WHERE tenant_id = $1 AND id = $2 AND delivered_at IS NULL";
}

record! {
    /// Another tenant, above or below, here or in another installation.
    #[derive(Debug, Clone)]
    pub struct Counterpart {
        pub id: Uuid, pub side: Side, pub name: String, pub organisation_id: Option<Uuid>,
        /// Where its letters go; `None` of one in this installation.
        pub address: Option<String>, pub code: Option<String>, pub created_at: Timestamp, pub joined_at: Option<Timestamp>,
        pub ended_at: Option<Timestamp>, pub ending: Option<Ending>, pub lock_version: i64,
    }
    pub(super) struct Found { pub id: Uuid }
    pub(super) struct Sealed { pub secret: Vec<u8> }
    #[derive(Debug, Clone)]
    pub struct Whistle {
        pub id: Uuid, pub counterpart_id: Uuid, pub counterpart_name: String,
        /// How the link ended, if it did: nothing is told any more.
        pub ending: Option<Ending>,
        /// Blown by this tenant, or to be answered by it.
        pub asked: bool,
        pub kind: Kind, pub number: String, pub category: String, pub place: String, pub title: String,
        pub issue_id: Option<Uuid>, pub origin_id: Option<Uuid>, pub origin_state: Option<State>, pub organisation_id: Option<Uuid>, pub organisation_name: Option<String>,
        pub state: State, pub blown_at: Timestamp, pub acknowledge_by: Timestamp, pub answer_by: Timestamp,
        pub acknowledged_at: Option<Timestamp>, pub answered_at: Option<Timestamp>,
        pub asker_score: Option<i64>, pub responder_score: Option<i64>, pub lock_version: i64,
    }
    #[derive(Debug, Clone)]
    pub struct Event {
        pub id: Uuid, pub whistle_id: Uuid, pub kind: Said, pub own: bool, pub words: String, pub score: Option<i64>, pub at: Timestamp,
        pub delivered_at: Option<Timestamp>, pub account_name: Option<String>,
    }
}

impl Counterpart {
    pub fn standing(&self) -> &'static str {
        match (self.joined_at, self.ending) {
            (_, Some(ending)) => ending.label(),
            (Some(_), None) => "已接通",
            (None, None) => "等对方接通",
        }
    }
}

impl Whistle {
    /// What this side has rated the other with.
    pub fn own_score(&self) -> Option<i64> {
        if self.asked { self.asker_score } else { self.responder_score }
    }

    /// Whether this side may say something now.
    ///
    /// Errors: a sentence that says why not.
    pub fn check(&self, said: Said) -> Result<()> {
        match self.ending {
            // What nobody hears any more can still be taken back.
            Some(ending) if said != Said::Recalled => {
                Err(Error::refused(format!("和{}的对接断了（{ending}），说什么对方都收不到", self.counterpart_name)))
            }
            _ => said.check(self.asked, self.state),
        }
    }

    /// Why nothing will come of what this side has asked for, if so: it should be taken back.
    pub fn idle(&self) -> Option<String> {
        if !self.asked || !self.state.awaited() {
            return None;
        }
        match (self.ending, self.origin_state) {
            (Some(ending), _) => Some(format!("和{}的对接断了：{ending}", self.counterpart_name)),
            (None, Some(State::Recalled)) => Some("下级已经撤哨".to_owned()),
            (None, Some(State::Declined)) => Some("下级吹来的哨已经退回".to_owned()),
            _ => None,
        }
    }

    /// What the other side has rated; kept back until this side has rated too, so that neither answers the other's.
    pub fn shows(&self, event: &Event) -> bool {
        event.own || !event.kind.is_rating() || self.own_score().is_some()
    }

    /// Nobody has come, or answered, by when they should have.
    pub fn is_late(&self, now: Timestamp) -> bool {
        match self.state {
            State::Blown => self.acknowledge_by < now,
            State::Acknowledged => self.answer_by < now,
            _ => false,
        }
    }
}

pub async fn counterpart(tx: &mut Tx, tenant: Uuid, id: Uuid) -> Result<Counterpart> {
    Ok(tx.one(COUNTERPART.bind(tenant).bind(id)).await?)
}

/// Those above and below, the ones that are over last; at most 200.
pub async fn counterparts(tx: &mut Tx, tenant: Uuid) -> Result<Vec<Counterpart>> {
    Ok(tx.all(COUNTERPARTS.bind(tenant)).await?)
}

/// Whom a whistle can be blown to.
pub(super) async fn above(tx: &mut Tx, tenant: Uuid) -> Result<Vec<Counterpart>> {
    Ok(tx.all(ABOVE.bind(tenant)).await?)
}

pub async fn whistle(tx: &mut Tx, tenant: Uuid, id: Uuid) -> Result<Whistle> {
    Ok(tx.one(GET.bind(tenant).bind(id)).await?)
}

pub(super) async fn whistle_in_reach(tx: &mut Tx, tenant: Uuid, scope: &Scope, id: Uuid) -> Result<Whistle> {
    Ok(tx.one(GET_IN_REACH.bind(tenant).bind(scope.account).bind(&scope.roles).bind(id)).await?)
}

/// The last whistle that was blown about an issue.
pub(super) async fn of_issue(tx: &mut Tx, tenant: Uuid, scope: &Scope, issue: Uuid) -> Result<Whistle> {
    Ok(tx.one(OF_ISSUE.bind(tenant).bind(scope.account).bind(&scope.roles).bind(issue)).await?)
}

/// The whistles with which one from below was passed on.
pub(super) async fn passed_on(tx: &mut Tx, tenant: Uuid, origin: Uuid) -> Result<Vec<Whistle>> {
    Ok(tx.all(PASSED_ON.bind(tenant).bind(origin)).await?)
}

/// Whether no other whistle has been blown about an issue since.
pub(super) async fn is_newest(tx: &mut Tx, tenant: Uuid, issue: Uuid, id: Uuid) -> Result<bool> {
    let newest: Found = tx.one(NEWEST.bind(tenant).bind(issue)).await?;
    Ok(newest.id == id)
}

/// The latest first.
pub(super) async fn whistles(
    tx: &mut Tx,
    tenant: Uuid,
    scope: &Scope,
    asked: bool,
    before: Cursor,
    size: usize,
) -> Result<Page<Whistle>> {
    let query = LIST.bind(tenant).bind(scope.account).bind(&scope.roles).bind(asked).bind(before.key).bind(before.id);
    let items: Vec<Whistle> = tx.all(query.bind(size as i64 + 1)).await?;
    Ok(Page::of(items, size, |item| Cursor { key: item.blown_at.as_millisecond(), id: item.id }))
}

pub(super) async fn waiting(tx: &mut Tx, tenant: Uuid, scope: &Scope, now: Timestamp) -> Result<Vec<Whistle>> {
    Ok(tx.all(WAITING.bind(tenant).bind(scope.account).bind(&scope.roles).bind(now)).await?)
}

/// The whistles of which the other side has not got all that was said here until a moment.
pub(super) async fn undelivered(tx: &mut Tx, tenant: Uuid, scope: &Scope, until: Timestamp) -> Result<Vec<Whistle>> {
    Ok(tx.all(UNDELIVERED.bind(tenant).bind(scope.account).bind(&scope.roles).bind(until)).await?)
}

pub async fn events(tx: &mut Tx, tenant: Uuid, whistle: Uuid) -> Result<Vec<Event>> {
    Ok(tx.all(EVENTS.bind(tenant).bind(whistle)).await?)
}
