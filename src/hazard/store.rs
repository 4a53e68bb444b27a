use db::{Cursor, Page, Tx, record, statements};
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::model::{Answer, Contact, Dates, Kind, Letter, Level, Mode, Supervision};
use super::school::school_in_reach;
use super::transition::{State, Step};
use crate::access::{Act, Permission, Role, Scope, Viewer};
use crate::error::Result;
use crate::in_reach;

macro_rules! hazards {
    ($where:expr) => {
        concat!(
            "SELECT h.id, h.number, h.organisation_id, h.school_id, s.name AS school_name, h.gate_id, g.name AS gate_name, h.distance, h.place, h.kind,
                h.description, h.inspection_id, h.found_at, a.name AS found_name, h.level, h.mode, h.state, h.turn, h.due_at, h.fix_due_at, h.reply_due_at,
                h.owner_id, b.name AS owner_name, h.owner_unit, h.owner_sealed, h.measures, h.result, h.conclusion, h.fixed_by, c.name AS fixed_name,
                h.fixed_at, h.rechecked_by, d.name AS rechecked_name, h.rechecked_at, h.supervision, h.supervised_until, h.unlisted_at, h.closed_by,
                e.name AS closed_name, h.closed_at, h.shared, h.remind_at, h.lock_version,
                h.assigned_at, (SELECT t.body FROM hazard_transfers t WHERE t.tenant_id = h.tenant_id AND t.hazard_id = h.id
                    AND (t.answer IS NULL OR t.answer = 'fixed') ORDER BY t.sent_at DESC, t.id DESC LIMIT 1) AS transferred_to,
                (SELECT COUNT(*) FROM hazard_photos q JOIN hazard_events v ON v.tenant_id = q.tenant_id AND v.id = q.event_id
                    WHERE q.tenant_id = h.tenant_id AND q.hazard_id = h.id AND v.step IN ('registered', 'supplemented')) AS photos,
                (SELECT COUNT(*) FROM hazard_photos q JOIN hazard_events v ON v.tenant_id = q.tenant_id AND v.id = q.event_id
                    WHERE q.tenant_id = h.tenant_id AND q.hazard_id = h.id AND v.step IN ('progressed', 'fixed', 'failed', 'passed')) AS fix_photos
            FROM hazards h JOIN duty_schools s ON s.tenant_id = h.tenant_id AND s.id = h.school_id
            LEFT JOIN duty_gates g ON g.tenant_id = h.tenant_id AND g.id = h.gate_id
            LEFT JOIN accounts a ON a.tenant_id = h.tenant_id AND a.id = h.found_by
            LEFT JOIN accounts b ON b.tenant_id = h.tenant_id AND b.id = h.owner_id
            LEFT JOIN accounts c ON c.tenant_id = h.tenant_id AND c.id = h.fixed_by
            LEFT JOIN accounts d ON d.tenant_id = h.tenant_id AND d.id = h.rechecked_by
            LEFT JOIN accounts e ON e.tenant_id = h.tenant_id AND e.id = h.closed_by
            WHERE h.tenant_id = $1 AND ",
            $where
        )
    };
}

macro_rules! within {
    () => {
        school_in_reach!("h.school_id")
    };
}

/// Bound to $4 is whether it is open, to $5 to $7 a school, a kind and what else is asked, each or nothing, to $8 the moment.
macro_rules! asked {
    () => {
        concat!(
            "h.open = $4 AND (CAST($7 AS TEXT) <> 'ended' OR h.state = 'closed') AND (CAST($7 AS TEXT) <> 'dismissed' OR h.state = 'dismissed') AND (CAST($5 AS UUID) IS NULL OR h.school_id = $5) AND (CAST($6 AS TEXT) IS NULL OR h.kind = $6)
             AND (CAST($7 AS TEXT) <> 'late' OR h.due_at < $8) AND (CAST($7 AS TEXT) <> 'major' OR h.level = 'major')
             AND (CAST($7 AS TEXT) <> 'listed' OR h.supervision IS NOT NULL AND h.unlisted_at IS NULL)
             AND (CAST($7 AS TEXT) <> 'transferred' OR h.state = 'transferred') AND ",
            within!()
        )
    };
}

/// Bound to $5 is an account, to $6 whether it may approve, to $7 the moment: what is theirs to do. Striking off is for those who may, fixing
/// for its owner where that is somebody of the bureau, and once it is late for those who may approve too; neither the re-check nor the striking
/// off is for anybody who has had a hand in the fixing.
macro_rules! theirs {
    () => {
        "(h.state <> 'passed' OR $6 = TRUE)
         AND (h.state NOT IN ('assigned', 'fixing') OR h.owner_id IS NULL OR h.owner_id = $5 OR $6 = TRUE AND h.due_at < $7)
         AND (h.state NOT IN ('awaiting', 'passed') OR (h.owner_id IS NULL OR h.owner_id <> $5) AND NOT EXISTS (SELECT 1 FROM hazard_events x
            WHERE x.tenant_id = h.tenant_id AND x.hazard_id = h.id AND x.turn = h.turn
            AND (x.owner_id = $5 OR x.account_id = $5 AND x.step IN ('began', 'progressed', 'fixed'))))"
    };
}

statements! {
    ADD = "INSERT INTO hazards (tenant_id, id, number, organisation_id, school_id, gate_id, distance, place, kind, description, inspection_id, place_id,
            found_at, found_by, state, open, turn, due_at, owner_unit, measures, result, conclusion, shared, remind_at, lock_version, move, origin_id)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, 'registered', TRUE, 1, $15, '', '', '', '', FALSE, $16, 1, '>registered>registered',
            $17)";
    /// What a step changes. The database refuses a move that is not in its table, and a re-check by whoever fixed it.
    ADVANCE = "UPDATE hazards SET move = state || '>' || $5 || '>' || $4, state = $4, open = $6, level = $7, mode = $8, turn = $9, due_at = $10, fix_due_at = $11,
            reply_due_at = $12, owner_id = $13, owner_unit = $14, owner_sealed = $15, measures = $16, result = $17, conclusion = $18, fixed_by = $19,
            fixed_at = $20, rechecked_by = $21, rechecked_at = $22, supervision = $23, supervised_until = $24, unlisted_at = $25, closed_by = $26,
            closed_at = $27, shared = $28, remind_at = $29, assigned_at = $30, gate_id = $31, distance = $32, place = $33, kind = $34,
            lock_version = lock_version + 1
        WHERE tenant_id = $1 AND id = $2 AND lock_version = $3";
    GET = hazards!("h.id = $2");
    READABLE = hazards!(concat!("h.id = $4 AND ", within!()));
    BY_DISTANCE = hazards!(concat!(asked!(), " AND (h.distance, h.id) > ($9, $10) ORDER BY h.distance, h.id LIMIT $11"));
    /// What has ended is due when it ended.
    ENDED = hazards!(concat!(asked!(), " AND (h.due_at, h.id) < ($9, $10) ORDER BY h.due_at DESC, h.id DESC LIMIT $11"));
    BY_DEADLINE = hazards!(concat!(asked!(), " AND (h.due_at, h.id) > ($9, $10) ORDER BY h.due_at, h.id LIMIT $11"));
    DUE = hazards!(concat!("h.open = TRUE AND h.due_at <= $4 AND ", theirs!(), " AND ", within!(), " ORDER BY h.due_at, h.id LIMIT 50"));
    /// What is open comes first, then what was ended last.
    OF_SCHOOL = hazards!("h.school_id = $2 AND h.shared = TRUE AND (h.open = TRUE OR h.due_at > $3) ORDER BY CASE WHEN h.open = TRUE THEN 0 ELSE 1 END, h.due_at DESC, h.id DESC LIMIT 200");
    /// What is open of the places around a school.
    OF_PLACES = "SELECT h.place_id, h.id, h.number FROM hazards h WHERE h.tenant_id = $1 AND h.school_id = $2 AND h.open = TRUE AND h.place_id IS NOT NULL
        ORDER BY h.due_at, h.id LIMIT 500";
    OF_ROUND = "SELECT w.title, w.verdict, w.words, w.hazard_id, h.number FROM hazard_answers w
        LEFT JOIN hazards h ON h.tenant_id = w.tenant_id AND h.id = w.hazard_id WHERE w.tenant_id = $1 AND w.round_id = $2 ORDER BY w.position LIMIT 200";
    TO_REMIND = "SELECT id FROM hazards WHERE tenant_id = $1 AND remind_at IS NOT NULL AND remind_at <= $2 ORDER BY remind_at, id LIMIT 50";
    REMINDED = "UPDATE hazards SET remind_at = $4 WHERE tenant_id = $1 AND id = $2 AND remind_at = $3";
    /// Of those found in a span: how many there are, how many of them are struck off and how many turned out to be none.
    FOUND = concat!("SELECT COUNT(*) AS found, COUNT(*) FILTER (WHERE h.state = 'closed') AS closed, COUNT(*) FILTER (WHERE h.state = 'dismissed') AS dismissed,
            COUNT(*) FILTER (WHERE h.level = 'major' AND h.state <> 'dismissed') AS major
        FROM hazards h WHERE h.tenant_id = $1 AND h.found_at >= $4 AND h.found_at < $5 AND ", within!());
    /// Of those fixed in a span, by their last deadline. What another body has fixed was due by its answer, not by that deadline.
    FIXED = concat!("SELECT COUNT(*) AS fixed, COUNT(*) FILTER (WHERE h.fixed_at <= h.fix_due_at) AS in_time FROM hazards h
        WHERE h.tenant_id = $1 AND h.fixed_at IS NOT NULL AND h.fixed_at >= $4 AND h.fixed_at < $5 AND h.fix_due_at IS NOT NULL
            AND NOT EXISTS (SELECT 1 FROM hazard_transfers t WHERE t.tenant_id = h.tenant_id AND t.hazard_id = h.id AND t.answer = 'fixed'
                AND t.answered_at = h.fixed_at) AND ", within!());
    LATE = concat!("SELECT COUNT(*) AS late FROM hazards h WHERE h.tenant_id = $1 AND h.open = TRUE AND h.due_at < $4 AND ", within!());
    STRUCK_OFF = concat!("SELECT h.found_at, h.closed_at FROM hazards h WHERE h.tenant_id = $1 AND h.closed_at IS NOT NULL AND h.closed_at >= $4 AND h.closed_at < $5 AND ",
        within!(), " ORDER BY h.closed_at, h.id LIMIT 10000");

    LAST_EVENT = "SELECT step, at, role FROM hazard_events WHERE tenant_id = $1 AND hazard_id = $2 ORDER BY position DESC LIMIT 1";
    ADD_EVENT = "INSERT INTO hazard_events (tenant_id, id, hazard_id, position, step, turn, at, account_id, role, words, due_at, owner_id)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    EVENTS = "SELECT v.id, v.step, v.turn, v.at, v.account_id, a.name AS account_name, v.role, v.words, v.due_at, v.owner_id FROM hazard_events v
        LEFT JOIN accounts a ON a.tenant_id = v.tenant_id AND a.id = v.account_id WHERE v.tenant_id = $1 AND v.hazard_id = $2 ORDER BY v.position LIMIT 1000";
    /// Whoever has had a hand in the fixing of a turn, or was to fix it.
    FIXERS = "SELECT step, account_id, owner_id FROM hazard_events WHERE tenant_id = $1 AND hazard_id = $2 AND turn = $3
        AND step IN ('assigned', 'began', 'progressed', 'fixed') ORDER BY position LIMIT 1000";
    ADD_PHOTO = "INSERT INTO hazard_photos (tenant_id, event_id, photo_id, hazard_id, position) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (tenant_id, event_id, photo_id) DO NOTHING";
    PHOTOS = "SELECT event_id, photo_id FROM hazard_photos WHERE tenant_id = $1 AND hazard_id = $2 ORDER BY event_id, position LIMIT 500";
    HAS_PHOTO = "SELECT COUNT(*) AS amount FROM hazard_photos WHERE tenant_id = $1 AND hazard_id = $2 AND photo_id = $3";

    TRANSFER = "INSERT INTO hazard_transfers (tenant_id, id, hazard_id, body, number, words, sent_at, sent_by, reply_due_at, letter, reply)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, '')";
    HEARD = "UPDATE hazard_transfers SET reply = $3, promised_until = $4 WHERE tenant_id = $1 AND hazard_id = $2 AND answer IS NULL";
    ANSWERED = "UPDATE hazard_transfers SET reply = $3, answer = $4, answered_at = $5 WHERE tenant_id = $1 AND hazard_id = $2 AND answer IS NULL";
    OPEN_TRANSFER = "SELECT sent_at AS at FROM hazard_transfers WHERE tenant_id = $1 AND hazard_id = $2 AND answer IS NULL";
    TRANSFERS = "SELECT id, body, number, words, sent_at, reply_due_at, promised_until, letter, answer, answered_at, reply FROM hazard_transfers
        WHERE tenant_id = $1 AND hazard_id = $2 ORDER BY sent_at, id LIMIT 50";
}

record! {
    #[derive(Debug, Clone)]
    pub struct Hazard {
        pub id: Uuid, pub number: String, pub organisation_id: Uuid, pub school_id: Uuid, pub school_name: String, pub gate_id: Option<Uuid>,
        pub gate_name: Option<String>, pub distance: i64, pub place: String, pub kind: Kind, pub description: String, pub inspection_id: Option<Uuid>,
        pub found_at: Timestamp, pub found_name: Option<String>, pub level: Option<Level>, pub mode: Option<Mode>, pub state: State, pub turn: i64,
        pub due_at: Timestamp, pub fix_due_at: Option<Timestamp>, pub reply_due_at: Option<Timestamp>, pub owner_id: Option<Uuid>,
        pub owner_name: Option<String>, pub owner_unit: String, pub owner_sealed: Option<Vec<u8>>, pub measures: String, pub result: String,
        pub conclusion: String, pub fixed_by: Option<Uuid>, pub fixed_name: Option<String>, pub fixed_at: Option<Timestamp>,
        pub rechecked_by: Option<Uuid>, pub rechecked_name: Option<String>, pub rechecked_at: Option<Timestamp>,
        pub supervision: Option<Supervision>, pub supervised_until: Option<Timestamp>, pub unlisted_at: Option<Timestamp>,
        pub closed_by: Option<Uuid>, pub closed_name: Option<String>, pub closed_at: Option<Timestamp>, pub shared: bool,
        pub remind_at: Option<Timestamp>, pub assigned_at: Option<Timestamp>, pub lock_version: i64, pub transferred_to: Option<String>,
        /// Of what was found, and of what was done about it and seen again.
        pub photos: i64, pub fix_photos: i64,
    }
    #[derive(Debug, Clone)]
    pub struct Event {
        pub id: Uuid, pub step: Step, pub turn: i64, pub at: Timestamp, pub account_id: Option<Uuid>, pub account_name: Option<String>, pub role: Role,
        pub words: String, pub due_at: Timestamp,
        /// Of an assignment: to whom of the bureau.
        pub owner_id: Option<Uuid>,
    }
    #[derive(Debug, Clone)]
    pub struct OfPlace { pub place_id: Uuid, pub id: Uuid, pub number: String }
    #[derive(Debug, Clone, Copy)]
    pub struct EventPhoto { pub event_id: Uuid, pub photo_id: Uuid }
    #[derive(Debug, Clone)]
    pub struct Transfer {
        pub id: Uuid, pub body: String, pub number: String, pub words: String, pub sent_at: Timestamp, pub reply_due_at: Timestamp,
        /// Until when the body has said that it will be done.
        pub promised_until: Option<Timestamp>,
        /// JSON; empty of what was sent before letters were kept.
        pub letter: String,
        pub answer: Option<Answer>, pub answered_at: Option<Timestamp>, pub reply: String,
    }
    /// Of those found in a span.
    #[derive(Debug, Clone, Copy)]
    pub struct Found { pub found: i64, pub closed: i64, pub dismissed: i64, pub major: i64 }
    #[derive(Debug, Clone, Copy)]
    pub struct Fixed { pub fixed: i64, pub in_time: i64 }
    #[derive(Debug, Clone, Copy)]
    pub struct StruckOff { pub found_at: Timestamp, pub closed_at: Timestamp }
    pub(super) struct LastEvent { pub step: Step, pub at: Timestamp, pub role: Role }
    struct Fixer { step: Step, account_id: Option<Uuid>, owner_id: Option<Uuid> }
    struct Amount { amount: i64 }
    struct Late { late: i64 }
    struct Moment { at: Timestamp }
    struct Id { id: Uuid }
}

impl Hazard {
    pub fn dates(&self) -> Dates {
        let supervised = self.supervised_until.filter(|_| self.unlisted_at.is_none());
        Dates { fix: self.fix_due_at, reply: self.reply_due_at, supervised }
    }

    /// A sign hangs.
    pub fn listed(&self) -> bool {
        self.supervision.is_some() && self.unlisted_at.is_none()
    }

    pub fn late(&self, now: Timestamp) -> bool {
        self.state.open() && self.due_at < now
    }

    /// `北门外 120 米`
    pub fn whereabouts(&self) -> String {
        let gate = self.gate_name.as_deref().unwrap_or("校门");
        match self.distance {
            0 => format!("{gate}口"),
            metres => format!("离{gate} {metres} 米"),
        }
    }

    /// What a letter says of it that goes now.
    pub fn letter(&self) -> Letter {
        Letter {
            school: self.school_name.clone(),
            place: format!("{}（{}）", self.place, self.whereabouts()),
            kind: self.kind.to_string(),
            level: self.level.map_or_else(String::new, |level| level.to_string()),
            description: self.description.clone(),
        }
    }

    /// Whoever answers for the fixing outside the bureau, if anybody does.
    pub fn contact(&self, act: &Act) -> Result<Option<Contact>> {
        self.owner_sealed.as_deref().map(|sealed| open(act, sealed)).transpose()
    }
}

/// What the seals of this slice are for.
const PURPOSE: &str = "hazard";

pub(super) fn seal<T: Serialize>(act: &Act, value: &T) -> Result<Vec<u8>> {
    act.seal(PURPOSE, &serde_json::to_string(value).map_err(anyhow::Error::from)?)
}

pub(super) fn open<T: DeserializeOwned>(act: &Act, sealed: &[u8]) -> Result<T> {
    Ok(serde_json::from_str(&act.open(PURPOSE, sealed)?).map_err(anyhow::Error::from)?)
}

/// In which order a list goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    Distance,
    Deadline,
    /// Of what has ended, the latest first.
    Ended,
}

impl Order {
    /// Where a list in this order begins.
    pub const fn start(self) -> Cursor {
        match self {
            Order::Distance | Order::Deadline => Cursor::FIRST,
            Order::Ended => Cursor::LAST,
        }
    }
}

/// What of the ledger is asked for.
#[derive(Debug, Clone)]
pub struct Asked {
    pub open: bool,
    pub school: Option<Uuid>,
    pub kind: Option<Kind>,
    /// `late`, `major`, `listed`, `transferred`, and of what has ended `ended` and `dismissed`; anything else is all.
    pub which: String,
    pub order: Order,
}

pub(super) async fn hazard(tx: &mut Tx, tenant: Uuid, id: Uuid) -> Result<Hazard> {
    Ok(tx.one(GET.bind(tenant).bind(id)).await?)
}

/// One within reach; not found otherwise.
pub(super) async fn readable(tx: &mut Tx, tenant: Uuid, scope: &Scope, id: Uuid) -> Result<Hazard> {
    Ok(tx.one(READABLE.bind(tenant).bind(scope.account).bind(&scope.roles).bind(id)).await?)
}

pub(super) async fn list(
    tx: &mut Tx,
    tenant: Uuid,
    scope: &Scope,
    asked: &Asked,
    now: Timestamp,
    (after, size): (Cursor, usize),
) -> Result<Page<Hazard>> {
    let statement = match asked.order {
        Order::Distance => BY_DISTANCE,
        Order::Deadline => BY_DEADLINE,
        Order::Ended => ENDED,
    };
    let by_distance = asked.order == Order::Distance;
    let query = statement.bind(tenant).bind(scope.account).bind(&scope.roles).bind(asked.open).bind(asked.school);
    let query = query.bind(asked.kind).bind(&asked.which).bind(now).bind(after.key).bind(after.id);
    let found: Vec<Hazard> = tx.all(query.bind(size as i64 + 1)).await?;
    let key = |hazard: &Hazard| if by_distance { hazard.distance } else { hazard.due_at.as_millisecond() };
    Ok(Page::of(found, size, |hazard| Cursor { key: key(hazard), id: hazard.id }))
}

/// What is due until a moment and somebody's to do; at most fifty.
pub(super) async fn due(tx: &mut Tx, viewer: &Viewer, until: Timestamp, now: Timestamp) -> Result<Vec<Hazard>> {
    let scope = viewer.scope(Permission::HazardWork);
    let query = DUE.bind(viewer.tenant).bind(scope.account).bind(&scope.roles).bind(until).bind(viewer.account);
    Ok(tx.all(query.bind(viewer.may(Permission::HazardApprove)).bind(now)).await?)
}

/// What a school may see: what is open, and what has ended since a moment.
pub(super) async fn shared_with(tx: &mut Tx, tenant: Uuid, school: Uuid, since: Timestamp) -> Result<Vec<Hazard>> {
    Ok(tx.all(OF_SCHOOL.bind(tenant).bind(school).bind(since)).await?)
}

pub(super) async fn of_places(tx: &mut Tx, tenant: Uuid, school: Uuid) -> Result<Vec<OfPlace>> {
    Ok(tx.all(OF_PLACES.bind(tenant).bind(school)).await?)
}

pub(super) async fn events(tx: &mut Tx, tenant: Uuid, id: Uuid) -> Result<Vec<Event>> {
    Ok(tx.all(EVENTS.bind(tenant).bind(id)).await?)
}

pub(super) async fn photos(tx: &mut Tx, tenant: Uuid, id: Uuid) -> Result<Vec<EventPhoto>> {
    Ok(tx.all(PHOTOS.bind(tenant).bind(id)).await?)
}

pub(super) async fn has_photo(tx: &mut Tx, tenant: Uuid, id: Uuid, photo: Uuid) -> Result<bool> {
    Ok(tx.one::<Amount>(HAS_PHOTO.bind(tenant).bind(id).bind(photo)).await?.amount > 0)
}

/// When what is still open was sent.
pub(super) async fn sent_at(tx: &mut Tx, tenant: Uuid, id: Uuid) -> Result<Option<Timestamp>> {
    Ok(tx.optional::<Moment>(OPEN_TRANSFER.bind(tenant).bind(id)).await?.map(|sent| sent.at))
}

pub(super) async fn transfers(tx: &mut Tx, tenant: Uuid, id: Uuid) -> Result<Vec<Transfer>> {
    Ok(tx.all(TRANSFERS.bind(tenant).bind(id)).await?)
}

/// Whoever has had a hand in the fixing this time.
pub(super) async fn fixers(tx: &mut Tx, tenant: Uuid, hazard: &Hazard) -> Result<Vec<Uuid>> {
    let fixers: Vec<Fixer> = tx.all(FIXERS.bind(tenant).bind(hazard.id).bind(hazard.turn)).await?;
    let hands =
        fixers.into_iter().filter_map(|fixer| if fixer.step.is_fixing() { fixer.account_id } else { fixer.owner_id });
    Ok(hands.chain(hazard.fixed_by).chain(hazard.owner_id).collect())
}

pub(super) async fn to_remind(tx: &mut Tx, act: &Act) -> Result<Vec<Uuid>> {
    let ids: Vec<Id> = tx.all(TO_REMIND.bind(act.tenant).bind(act.at)).await?;
    Ok(ids.into_iter().map(|id| id.id).collect())
}

pub(super) async fn found(tx: &mut Tx, tenant: Uuid, scope: &Scope, span: (Timestamp, Timestamp)) -> Result<Found> {
    Ok(tx.one(FOUND.bind(tenant).bind(scope.account).bind(&scope.roles).bind(span.0).bind(span.1)).await?)
}

pub(super) async fn fixed(tx: &mut Tx, tenant: Uuid, scope: &Scope, span: (Timestamp, Timestamp)) -> Result<Fixed> {
    Ok(tx.one(FIXED.bind(tenant).bind(scope.account).bind(&scope.roles).bind(span.0).bind(span.1)).await?)
}

pub(super) async fn late(tx: &mut Tx, tenant: Uuid, scope: &Scope, now: Timestamp) -> Result<i64> {
    Ok(tx.one::<Late>(LATE.bind(tenant).bind(scope.account).bind(&scope.roles).bind(now)).await?.late)
}

pub(super) async fn struck_off(
    tx: &mut Tx,
    tenant: Uuid,
    scope: &Scope,
    span: (Timestamp, Timestamp),
) -> Result<Vec<StruckOff>> {
    Ok(tx.all(STRUCK_OFF.bind(tenant).bind(scope.account).bind(&scope.roles).bind(span.0).bind(span.1)).await?)
}
