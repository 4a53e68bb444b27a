use std::collections::BTreeMap;

use db::{Db, Tx, record, statements};
use jiff::civil::Date;
use uuid::Uuid;

use super::{Cost, Key};
use crate::access::Role;
use crate::error::Result;

statements! {
    ADD = "INSERT INTO work_weeks (tenant_id, week, role, entries, taps, seconds, people) VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (tenant_id, week, role) DO UPDATE SET entries = work_weeks.entries + excluded.entries,
            taps = work_weeks.taps + excluded.taps, seconds = work_weeks.seconds + excluded.seconds,
            people = CASE WHEN excluded.people < work_weeks.people THEN excluded.people ELSE work_weeks.people END";
    WEEKS = "SELECT week, role, entries, taps, seconds, people FROM work_weeks WHERE tenant_id = $1 AND week >= $2 ORDER BY week, role LIMIT 1000";
    PEOPLE = "SELECT g.role, COUNT(DISTINCT g.account_id) AS people FROM grants g
        JOIN accounts a ON a.tenant_id = g.tenant_id AND a.id = g.account_id AND a.disabled_at IS NULL
        WHERE g.tenant_id = $1 AND NOT EXISTS (SELECT 1 FROM grants h WHERE h.tenant_id = g.tenant_id AND h.account_id = g.account_id AND h.id < g.id)
        GROUP BY g.role";
}

record! {
    struct Of { role: Role, people: i64 }
    /// What the work of a role has cost in a week, which is named by its Monday.
    #[derive(Debug, Clone)]
    pub struct Week { pub week: String, pub role: Role, pub entries: i64, pub taps: i64, pub seconds: i64, pub people: i64 }
}

pub(super) async fn add(db: &Db, sums: &BTreeMap<Key, Cost>) -> Result<()> {
    let mut tx = db.begin().await?;
    let mut heads: BTreeMap<Uuid, BTreeMap<Role, i64>> = BTreeMap::new();
    for ((tenant, week, role), cost) in sums {
        if !heads.contains_key(tenant) {
            heads.insert(*tenant, people(&mut tx, *tenant).await?);
        }
        let people = heads[tenant].get(role).copied().unwrap_or_default();
        let row = ADD.bind(*tenant).bind(week.to_string()).bind(*role);
        tx.execute(row.bind(cost.entries).bind(cost.taps).bind(cost.seconds).bind(people)).await?;
    }
    Ok(tx.commit().await?)
}

/// How many work in each role now; whoever has several, in the first.
async fn people(tx: &mut Tx, tenant: Uuid) -> Result<BTreeMap<Role, i64>> {
    let rows: Vec<Of> = tx.all(PEOPLE.bind(tenant)).await?;
    Ok(rows.into_iter().map(|of| (of.role, of.people)).collect())
}

/// Every role's weeks since a Monday, the earliest first.
pub async fn weeks(tx: &mut Tx, tenant: Uuid, since: Date) -> Result<Vec<Week>> {
    Ok(tx.all(WEEKS.bind(tenant).bind(since.to_string())).await?)
}
