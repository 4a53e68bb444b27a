use db::{record, statements};
use jiff::Timestamp;
use uuid::Uuid;

use crate::in_reach;

macro_rules! dates {
    ($where:expr) => {
        concat!(
            "SELECT t.id, t.standing_id, s.provider_id, p.name AS provider_name, s.kind_id, s.estate_id, e.name AS estate_name, s.title, s.place, t.starts_at, t.ends_at,
                t.doors, t.people, t.leaflets, t.missed_why, t.lock_version
            FROM service_dates t JOIN service_standings s ON s.tenant_id = t.tenant_id AND s.id = t.standing_id
            JOIN service_providers p ON p.tenant_id = s.tenant_id AND p.id = s.provider_id
            JOIN estates e ON e.tenant_id = s.tenant_id AND e.id = s.estate_id WHERE t.tenant_id = $1 AND ",
            $where
        )
    };
}

statements! {
    ADD_PROVIDER = "INSERT INTO service_providers (tenant_id, id, name, contact_sealed, agreed_from, agreed_until, created_at, lock_version)
        VALUES ($1, $2, $3, $4, $5, $6, $7, 1)";
    CHANGE_PROVIDER = "UPDATE service_providers SET name = $4, contact_sealed = $5, agreed_from = $6, agreed_until = $7, lock_version = lock_version + 1
        WHERE tenant_id = $1 AND id = $2 AND lock_version = $3";
    PROVIDER = "SELECT id, name, contact_sealed, agreed_from, agreed_until, lock_version FROM service_providers WHERE tenant_id = $1 AND id = $2";
    PROVIDERS = "SELECT id, name, contact_sealed, agreed_from, agreed_until, lock_version FROM service_providers WHERE tenant_id = $1 ORDER BY created_at, id LIMIT 200";
    ADD_STANDING = "INSERT INTO service_standings (tenant_id, id, provider_id, estate_id, kind_id, issue_id, title, place, rule, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    STANDINGS_OF = "SELECT s.id, s.title, s.place, s.rule, s.ended_at, e.name AS estate_name, s.issue_id, i.number AS issue_number FROM service_standings s
        JOIN estates e ON e.tenant_id = s.tenant_id AND e.id = s.estate_id
        LEFT JOIN issues i ON i.tenant_id = s.tenant_id AND i.id = s.issue_id
        WHERE s.tenant_id = $1 AND s.provider_id = $2 ORDER BY s.created_at DESC LIMIT 100";
    ADD_DATE = "INSERT INTO service_dates (tenant_id, id, standing_id, starts_at, ends_at, lock_version) VALUES ($1, $2, $3, $4, $5, $6)";
    DATES_OF = dates!("t.standing_id IN (SELECT o.id FROM service_standings o WHERE o.tenant_id = $1 AND o.provider_id = $2) ORDER BY t.starts_at + 0 DESC LIMIT 200");
    COMING_DATES = dates!("t.ends_at > $2 AND t.starts_at > $2 - 86400000 AND t.missed_why IS NULL ORDER BY t.starts_at, t.id LIMIT 100");
    UNCOUNTED = dates!(concat!("t.ends_at <= $4 AND t.counted_at IS NULL AND t.missed_why IS NULL AND ",
        in_reach!("$2", "$3", "s.tenant_id", "s.estate_id", "NULL", "NULL"), " ORDER BY t.ends_at, t.id LIMIT 50"));
    DATE = dates!(concat!("t.id = $4 AND ", in_reach!("$2", "$3", "s.tenant_id", "s.estate_id", "NULL", "NULL")));
    COUNT = "UPDATE service_dates SET doors = $4, people = $5, leaflets = $6, counted_at = $7, missed_why = NULL, lock_version = lock_version + 1
        WHERE tenant_id = $1 AND id = $2 AND lock_version = $3";
    /// Whoever is sent to a date holds its row, so that nobody notes meanwhile that nobody comes.
    TAKE_DATE = "UPDATE service_dates SET lock_version = lock_version WHERE tenant_id = $1 AND id = $2 AND missed_why IS NULL";
    MISS = "UPDATE service_dates SET missed_why = $4, lock_version = lock_version + 1 WHERE tenant_id = $1 AND id = $2 AND lock_version = $3 AND counted_at IS NULL";
    /// A standing service that may still be ended, with whose it is.
    RUNNING = concat!("SELECT s.provider_id FROM service_standings s WHERE s.tenant_id = $1 AND s.id = $4 AND s.ended_at IS NULL AND ",
        in_reach!("$2", "$3", "s.tenant_id", "s.estate_id", "NULL", "NULL"));
    END_STANDING = "UPDATE service_standings SET ended_at = $3 WHERE tenant_id = $1 AND id = $2 AND ended_at IS NULL";
    /// The dates still to come to which somebody with a need goes.
    AWAITED = "SELECT t.id FROM service_dates t WHERE t.tenant_id = $1 AND t.standing_id = $2 AND t.starts_at > $3 AND t.missed_why IS NULL
        AND EXISTS (SELECT 1 FROM service_calls c WHERE c.tenant_id = t.tenant_id AND c.date_id = t.id AND c.state IN ('asked', 'accepted')) ORDER BY t.starts_at LIMIT 400";
    MISS_COMING = "UPDATE service_dates SET missed_why = $4, lock_version = lock_version + 1 WHERE tenant_id = $1 AND standing_id = $2 AND starts_at > $3 AND missed_why IS NULL";
    /// A date still to come that an agreement between two moments would leave out.
    LEFT_OUT = "SELECT t.starts_at FROM service_standings s JOIN service_dates t ON t.tenant_id = s.tenant_id AND t.standing_id = s.id
        WHERE s.tenant_id = $1 AND s.provider_id = $2 AND t.starts_at > $3 AND t.missed_why IS NULL AND (t.starts_at < $4 OR t.starts_at >= $5) ORDER BY t.starts_at LIMIT 1";
}

record! {
    pub(super) struct Running { pub provider_id: Uuid }
    pub(super) struct Begins { pub starts_at: Timestamp }
    pub(super) struct Awaited { pub id: Uuid }
    #[derive(Debug, Clone)]
    pub struct Provider {
        pub id: Uuid, pub name: String, pub contact_sealed: Option<Vec<u8>>, pub agreed_from: String, pub agreed_until: String, pub lock_version: i64,
    }
    #[derive(Debug, Clone)]
    pub struct Standing {
        pub id: Uuid, pub title: String, pub place: String, pub rule: String, pub ended_at: Option<Timestamp>, pub estate_name: String, pub issue_id: Option<Uuid>,
        pub issue_number: Option<String>,
    }
    #[derive(Debug, Clone)]
    pub struct Date {
        pub id: Uuid, pub standing_id: Uuid, pub provider_id: Uuid, pub provider_name: String, pub kind_id: Option<Uuid>, pub estate_id: Uuid, pub estate_name: String,
        pub title: String, pub place: String, pub starts_at: Timestamp, pub ends_at: Timestamp, pub doors: Option<i64>, pub people: Option<i64>,
        pub leaflets: Option<i64>, pub missed_why: Option<String>, pub lock_version: i64,
    }
}
