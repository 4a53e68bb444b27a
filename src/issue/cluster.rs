//! Where many people report the same kind of thing: it may be worth asking everybody.

use db::{Tx, record, statements};
use jiff::Timestamp;
use uuid::Uuid;

use super::Category;
use crate::access::Scope;
use crate::error::Result;
use crate::in_reach;

statements! {
    /// What was reported since a moment is open or has ended since.
    CLUSTERS = concat!("SELECT p.estate_id, e.name AS estate_name, p.category, COUNT(*) AS reports FROM (
            SELECT tenant_id, estate_id, category FROM issues WHERE tenant_id = $1 AND open AND reported_at >= $4
            UNION ALL SELECT tenant_id, estate_id, category FROM issues WHERE tenant_id = $1 AND NOT open AND ended_at >= $4
                AND reported_at >= $4 AND state NOT IN ('merged', 'withdrawn')) p
        JOIN estates e ON e.tenant_id = p.tenant_id AND e.id = p.estate_id
        WHERE ", in_reach!("$2", "$3", "$1", "p.estate_id", "NULL", "NULL"),
        " GROUP BY p.estate_id, e.name, p.category HAVING COUNT(*) >= $5 ORDER BY COUNT(*) DESC, e.name, p.category LIMIT 20");
}

record! {
    /// How many reports of a category an estate has had.
    #[derive(Debug, Clone)]
    pub struct Cluster { pub estate_id: Uuid, pub estate_name: String, pub category: Category, pub reports: i64 }
}

/// The categories of which an estate has had at least so many reports since a moment, the most frequent first; at most 20.
pub async fn clusters(tx: &mut Tx, tenant: Uuid, scope: &Scope, since: Timestamp, least: i64) -> Result<Vec<Cluster>> {
    let query = CLUSTERS.bind(tenant).bind(scope.account).bind(&scope.roles).bind(since).bind(least);
    Ok(tx.all(query).await?)
}
