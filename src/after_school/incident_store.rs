use db::{Cursor, Page, Tx, record, statements};
use jiff::Timestamp;
use uuid::Uuid;

use super::incident_model::{Ending, Kind, State, Step};
use crate::access::{Permission, Scope, Viewer};
use crate::error::Result;
use crate::in_reach;

macro_rules! incidents {
    ($where:expr) => {
        concat!(
            "SELECT i.id, i.kind, i.state, i.estate_id, e.name AS estate_name, i.happened_at, i.written_at, i.written_by, COALESCE(i.keeper_name, a.name) AS writer_name,
                i.report_due_at, i.reported_at, i.followed_at, i.closed_at, i.ending, i.erased_at, i.lock_version
            FROM class_incidents i JOIN estates e ON e.tenant_id = i.tenant_id AND e.id = i.estate_id
            LEFT JOIN accounts a ON a.tenant_id = i.tenant_id AND a.id = i.written_by WHERE i.tenant_id = $1 AND ",
            $where
        )
    };
}

/// Whoever is responsible within reach, bound to $2 and $3, and whoever wrote it, bound to $4.
macro_rules! readable {
    () => {
        concat!("(", in_reach!("$2", "$3", "i.tenant_id", "i.estate_id", "NULL", "NULL"), " OR i.written_by = $4)")
    };
}

statements! {
    /// A form that comes twice is one incident.
    ADD = "INSERT INTO class_incidents (tenant_id, id, kind, state, estate_id, happened_at, written_at, written_by, keeper_name, report_due_at, lock_version)
        VALUES ($1, $2, $3, 'open', $4, $5, $6, $7, $8, $9, 1) ON CONFLICT (tenant_id, id) DO NOTHING";
    ADD_CHILD = "INSERT INTO class_incident_children (tenant_id, incident_id, child_id, sealed) VALUES ($1, $2, $3, $4)";
    ADD_ENTRY = "INSERT INTO class_incident_entries (tenant_id, id, incident_id, kind, sealed, at, written_at, account_id, keeper_name)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    ADD_REPORT = "INSERT INTO class_incident_reports (tenant_id, id, incident_id, offices, sealed, reported_at, recorded_at, recorded_by)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    READABLE = incidents!(concat!("i.id = $5 AND ", readable!()));
    RESPONSIBLE = incidents!(concat!("i.id = $4 AND ", in_reach!("$2", "$3", "i.tenant_id", "i.estate_id", "NULL", "NULL")));
    LIST = incidents!(concat!("(i.written_at, i.id) < ($5, $6) AND ", readable!(), " ORDER BY i.written_at DESC, i.id DESC LIMIT $7"));
    UNREPORTED = incidents!(concat!("i.report_due_at IS NOT NULL AND i.reported_at IS NULL AND i.state <> 'closed' AND ", readable!(), " ORDER BY i.report_due_at, i.id LIMIT 50"));
    /// A suspected harm as soon as an office was told: then it waits for whoever is responsible, like everything else.
    UNFOLLOWED = incidents!(concat!("i.state = 'open' AND (i.report_due_at IS NULL OR i.reported_at IS NOT NULL) AND ", in_reach!("$2", "$3", "i.tenant_id", "i.estate_id", "NULL", "NULL"),
        " ORDER BY i.written_at, i.id LIMIT 50"));
    /// Followed since before $4, and not ended.
    UNSETTLED = incidents!(concat!("i.state = 'followed' AND i.followed_at < $4 AND ", in_reach!("$2", "$3", "i.tenant_id", "i.estate_id", "NULL", "NULL"),
        " ORDER BY i.followed_at, i.id LIMIT 50"));
    FOLLOW = "UPDATE class_incidents SET state = 'followed', followed_at = $4, lock_version = lock_version + 1
        WHERE tenant_id = $1 AND id = $2 AND lock_version = $3 AND state = 'open'";
    CLOSE = "UPDATE class_incidents SET state = 'closed', closed_at = $4, lock_version = lock_version + 1
        WHERE tenant_id = $1 AND id = $2 AND lock_version = $3 AND state = 'followed'";
    DISMISS = "UPDATE class_incidents SET state = 'closed', closed_at = $4, ending = $5, lock_version = lock_version + 1
        WHERE tenant_id = $1 AND id = $2 AND lock_version = $3 AND state <> 'closed'";
    /// What turns out to be a suspected harm is open again.
    SUSPECT = "UPDATE class_incidents SET kind = 'harm', state = 'open', followed_at = NULL, closed_at = NULL, ending = NULL, report_due_at = $3, lock_version = lock_version + 1
        WHERE tenant_id = $1 AND id = $2 AND (kind <> 'harm' OR ending IS NOT NULL AND reported_at IS NULL) AND erased_at IS NULL";
    REPORTED = "UPDATE class_incidents SET reported_at = COALESCE(reported_at, $3), lock_version = lock_version + 1
        WHERE tenant_id = $1 AND id = $2 AND report_due_at IS NOT NULL";
    CHILDREN = "SELECT l.sealed FROM class_incident_children l WHERE l.tenant_id = $1 AND l.incident_id = $2 ORDER BY l.child_id LIMIT 50";
    ENTRIES = "SELECT n.kind, n.sealed, n.at, n.written_at, n.account_id, COALESCE(n.keeper_name, a.name) AS writer_name FROM class_incident_entries n
        LEFT JOIN accounts a ON a.tenant_id = n.tenant_id AND a.id = n.account_id
        WHERE n.tenant_id = $1 AND n.incident_id = $2 ORDER BY n.written_at, n.id LIMIT 500";
    REPORTS = "SELECT r.offices, r.sealed, r.reported_at, r.recorded_at, r.recorded_by, a.name AS recorder_name FROM class_incident_reports r
        LEFT JOIN accounts a ON a.tenant_id = r.tenant_id AND a.id = r.recorded_by
        WHERE r.tenant_id = $1 AND r.incident_id = $2 ORDER BY r.recorded_at, r.id LIMIT 100";
    OPEN = "INSERT INTO class_incident_openings (tenant_id, id, incident_id, account_id, purpose_sealed, at, until_at) VALUES ($1, $2, $3, $4, $5, $6, $7)";
    OPENED = "SELECT MAX(until_at) AS until_at FROM class_incident_openings WHERE tenant_id = $1 AND incident_id = $2 AND account_id = $3 AND until_at > $4";
    OPENINGS = "SELECT o.purpose_sealed, o.at, a.name AS reader_name FROM class_incident_openings o
        LEFT JOIN accounts a ON a.tenant_id = o.tenant_id AND a.id = o.account_id
        WHERE o.tenant_id = $1 AND o.incident_id = $2 ORDER BY o.at DESC, o.id DESC LIMIT 50";
    /// Those whose words have been kept long enough: ended before $3, and of a suspected harm before $2 as well.
    OLD = "SELECT i.id FROM class_incidents i WHERE i.tenant_id = $1 AND i.erased_at IS NULL AND i.closed_at IS NOT NULL
        AND i.closed_at < $3 AND (i.kind <> 'harm' OR i.closed_at < $2) ORDER BY i.closed_at, i.id LIMIT 200";
    ERASE = "UPDATE class_incidents SET erased_at = $3, lock_version = lock_version + 1 WHERE tenant_id = $1 AND id = $2 AND erased_at IS NULL";
    ERASE_ENTRIES = "UPDATE class_incident_entries SET sealed = NULL WHERE tenant_id = $1 AND incident_id = $2";
    ERASE_OPENINGS = "UPDATE class_incident_openings SET purpose_sealed = NULL WHERE tenant_id = $1 AND incident_id = $2";
    ERASE_CHILDREN = "UPDATE class_incident_children SET sealed = NULL WHERE tenant_id = $1 AND incident_id = $2";
    ERASE_REPORTS = "UPDATE class_incident_reports SET sealed = NULL WHERE tenant_id = $1 AND incident_id = $2";
}

record! {
    #[derive(Debug, Clone)]
    pub struct Incident {
        pub id: Uuid, pub kind: Kind, pub state: State, pub estate_id: Uuid, pub estate_name: String, pub happened_at: Timestamp,
        pub written_at: Timestamp, pub written_by: Uuid, pub writer_name: Option<String>, pub report_due_at: Option<Timestamp>,
        pub reported_at: Option<Timestamp>, pub followed_at: Option<Timestamp>, pub closed_at: Option<Timestamp>, pub ending: Option<Ending>,
        pub erased_at: Option<Timestamp>, pub lock_version: i64,
    }
    pub(super) struct SealedChild { pub sealed: Option<Vec<u8>> }
    pub(super) struct SealedEntry {
        pub kind: Step, pub sealed: Option<Vec<u8>>, pub at: Timestamp, pub written_at: Timestamp, pub account_id: Uuid,
        pub writer_name: Option<String>,
    }
    pub(super) struct SealedReport {
        pub offices: String, pub sealed: Option<Vec<u8>>, pub reported_at: Timestamp, pub recorded_at: Timestamp, pub recorded_by: Uuid,
        pub recorder_name: Option<String>,
    }
    pub(super) struct SealedOpening { pub purpose_sealed: Option<Vec<u8>>, pub at: Timestamp, pub reader_name: Option<String> }
    pub(super) struct Old { pub id: Uuid }
    struct Until { until_at: Option<Timestamp> }
}

impl Incident {
    /// It still has to be reported.
    pub fn unreported(&self) -> bool {
        self.report_due_at.is_some() && self.reported_at.is_none() && self.state != State::Closed
    }
}

/// Errors: not found by anybody who neither is responsible nor wrote it.
pub(super) async fn readable(tx: &mut Tx, viewer: &Viewer, id: Uuid) -> Result<Incident> {
    let scope = viewer.scope(Permission::IncidentManage);
    let query = READABLE.bind(viewer.tenant).bind(scope.account).bind(&scope.roles).bind(viewer.account);
    Ok(tx.one(query.bind(id)).await?)
}

/// An incident, whoever asks.
pub(super) async fn incident(tx: &mut Tx, tenant: Uuid, id: Uuid) -> Result<Incident> {
    let scope = Scope::tenant();
    Ok(tx.one(RESPONSIBLE.bind(tenant).bind(scope.account).bind(&scope.roles).bind(id)).await?)
}

/// An incident of which somebody reads more than their own words; `None` where they only wrote it.
pub(super) async fn responsible(tx: &mut Tx, viewer: &Viewer, id: Uuid) -> Result<Option<Incident>> {
    let scope = viewer.scope(Permission::IncidentManage);
    let query = RESPONSIBLE.bind(viewer.tenant).bind(scope.account).bind(&scope.roles);
    Ok(tx.optional(query.bind(id)).await?)
}

/// The latest first.
pub(super) async fn list(tx: &mut Tx, viewer: &Viewer, before: Cursor, size: usize) -> Result<Page<Incident>> {
    let scope = viewer.scope(Permission::IncidentManage);
    let query = LIST.bind(viewer.tenant).bind(scope.account).bind(&scope.roles).bind(viewer.account);
    let items: Vec<Incident> = tx.all(query.bind(before.key).bind(before.id).bind(size as i64 + 1)).await?;
    Ok(Page::of(items, size, |item| Cursor { key: item.written_at.as_millisecond(), id: item.id }))
}

/// What still has to be reported, of whoever is responsible and whoever wrote it.
pub(super) async fn unreported(tx: &mut Tx, viewer: &Viewer) -> Result<Vec<Incident>> {
    let scope = viewer.scope(Permission::IncidentManage);
    let query = UNREPORTED.bind(viewer.tenant).bind(scope.account).bind(&scope.roles);
    Ok(tx.all(query.bind(viewer.account)).await?)
}

pub(super) async fn unfollowed(tx: &mut Tx, viewer: &Viewer) -> Result<Vec<Incident>> {
    let scope = viewer.scope(Permission::IncidentManage);
    Ok(tx.all(UNFOLLOWED.bind(viewer.tenant).bind(scope.account).bind(&scope.roles)).await?)
}

/// What somebody has followed since before a moment.
pub(super) async fn unsettled(tx: &mut Tx, viewer: &Viewer, since: Timestamp) -> Result<Vec<Incident>> {
    let scope = viewer.scope(Permission::IncidentManage);
    Ok(tx.all(UNSETTLED.bind(viewer.tenant).bind(scope.account).bind(&scope.roles).bind(since)).await?)
}

/// Until when an incident is open to a reader who has said why.
pub(super) async fn opened(tx: &mut Tx, viewer: &Viewer, incident: Uuid, now: Timestamp) -> Result<Option<Timestamp>> {
    let query = OPENED.bind(viewer.tenant).bind(incident).bind(viewer.account);
    Ok(tx.one::<Until>(query.bind(now)).await?.until_at)
}
