//! 场次 and 人次: how often the class was held and how often a child came, by kind and estate; and how many children that were, each counted
//! once. Nobody can be told from it.

use db::{Tx, record, statements};
use jiff::Timestamp;
use uuid::Uuid;

use super::session_model::Kind;
use crate::access::Scope;
use crate::error::Result;
use crate::in_reach;

statements! {
    /// What was planned and never opened is no class.
    HELD = concat!("SELECT s.estate_id, e.name AS estate_name, s.kind, COUNT(DISTINCT s.id) AS sessions, COUNT(p.child_id) AS children
        FROM class_sessions s JOIN estates e ON e.tenant_id = s.tenant_id AND e.id = s.estate_id
        LEFT JOIN class_presences p ON p.tenant_id = s.tenant_id AND p.session_id = s.id AND p.arrived_at IS NOT NULL
        WHERE s.tenant_id = $1 AND s.opened_at IS NOT NULL AND s.starts_at >= $4 AND s.starts_at < $5
            AND (CAST($6 AS UUID) IS NULL OR s.estate_id = $6) AND ", in_reach!("$2", "$3", "s.tenant_id", "s.estate_id", "NULL", "NULL"),
        " GROUP BY s.estate_id, e.name, s.kind ORDER BY e.name, s.estate_id, s.kind LIMIT 2000");
    /// Whoever came to two classes, of whatever kind, is one child; so this is no sum of the rows above.
    SERVED = concat!("SELECT COUNT(DISTINCT p.child_id) AS children
        FROM class_sessions s CROSS JOIN class_presences p
        WHERE s.tenant_id = $1 AND s.opened_at IS NOT NULL AND s.starts_at >= $4 AND s.starts_at < $5
            AND p.tenant_id = s.tenant_id AND p.session_id = s.id AND p.arrived_at IS NOT NULL AND (CAST($6 AS UUID) IS NULL OR s.estate_id = $6) AND ", in_reach!("$2", "$3", "s.tenant_id", "s.estate_id", "NULL", "NULL"));
    ON_ROLL = concat!("SELECT COUNT(*) AS children FROM children c WHERE c.tenant_id = $1 AND c.state = 'enrolled'
        AND (CAST($4 AS UUID) IS NULL OR c.estate_id = $4) AND ",
        in_reach!("$2", "$3", "c.tenant_id", "c.estate_id", "NULL", "NULL"));
}

record! {
    /// The classes of one kind in one estate, and how often a child came to one.
    #[derive(Debug, Clone)]
    pub struct OfKind { pub estate_id: Uuid, pub estate_name: String, pub kind: Kind, pub sessions: i64, pub children: i64 }
    struct Counted { children: i64 }
}

/// Which days, and as far as whom.
pub struct Wanted<'a> {
    pub scope: &'a Scope,
    pub from: Timestamp,
    /// The end, which is not in it.
    pub until: Timestamp,
    pub estate: Option<Uuid>,
}

/// What was held in these days, how many children came to it, each once, and how many are on the roll now.
#[derive(Debug, Clone)]
pub struct Figures {
    pub kinds: Vec<OfKind>,
    pub served: i64,
    pub on_roll: i64,
}

pub async fn read(tx: &mut Tx, tenant: Uuid, wanted: &Wanted<'_>) -> Result<Figures> {
    let &Wanted { scope, from, until, estate } = wanted;
    let within = |statement: db::Statement| statement.bind(tenant).bind(scope.account).bind(&scope.roles);
    Ok(Figures {
        kinds: tx.all(within(HELD).bind(from).bind(until).bind(estate)).await?,
        served: tx.one::<Counted>(within(SERVED).bind(from).bind(until).bind(estate)).await?.children,
        on_roll: tx.one::<Counted>(within(ON_ROLL).bind(estate)).await?.children,
    })
}
