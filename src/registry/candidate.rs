//! Somebody on another list, of members or of volunteers, may be a resident: where they live, and whom one may mean.

use db::{Tx, record, statements};
use uuid::Uuid;

use super::model::door_words;
use crate::access::{Act, Scope};
use crate::error::Result;
use crate::in_reach;

/// Where residents live, for whoever may read them.
macro_rules! homes {
    ($where:expr) => {
        concat!(
            "SELECT r.id, r.name, r.birth_date, e.name AS estate_name, b.name AS building_name, u.key AS unit_key, d.room,
                CASE WHEN r.identity_fingerprint = $4 THEN 1 ELSE 0 END AS same_identity
            FROM residents r JOIN households h ON h.tenant_id = r.tenant_id AND h.id = r.household_id
            JOIN dwellings d ON d.tenant_id = h.tenant_id AND d.id = h.dwelling_id
            JOIN units u ON u.tenant_id = d.tenant_id AND u.id = d.unit_id
            JOIN buildings b ON b.tenant_id = d.tenant_id AND b.id = d.building_id
            JOIN estates e ON e.tenant_id = b.tenant_id AND e.id = b.estate_id
            WHERE r.tenant_id = $1 AND r.ended IS NULL AND ",
            in_reach!("$2", "$3", "$1", "b.estate_id", "b.grid_id", "NULL"),
            " AND ",
            $where
        )
    };
}

statements! {
    HOME = homes!("r.id = $5");
    CANDIDATES = homes!("r.id IN (SELECT id FROM residents WHERE tenant_id = $1 AND identity_fingerprint = $4
        UNION SELECT id FROM residents WHERE tenant_id = $1 AND name = $5 AND ended IS NULL) LIMIT 10");
}

record! {
    /// A resident, and where they live.
    #[derive(Debug, Clone)]
    pub struct Candidate {
        pub id: Uuid, pub name: String, pub birth_date: Option<String>, pub estate_name: String, pub building_name: String,
        pub unit_key: String, pub room: String, pub same_identity: i64,
    }
}

impl Candidate {
    pub fn door(&self) -> String {
        door_words(&self.estate_name, &self.building_name, &self.unit_key, &self.room)
    }
}

/// Where a resident lives, within reach.
pub async fn home(tx: &mut Tx, tenant: Uuid, scope: &Scope, resident: Uuid) -> Result<Option<Candidate>> {
    let home = HOME.bind(tenant).bind(scope.account).bind(&scope.roles).bind(None::<Vec<u8>>);
    Ok(tx.optional(home.bind(resident)).await?)
}

/// Residents within reach who have the identity number or else the name.
pub async fn candidates(
    tx: &mut Tx,
    act: &Act,
    scope: &Scope,
    (identity, name): (Option<&str>, &str),
) -> Result<Vec<Candidate>> {
    let fingerprint = identity.map(|identity| act.fingerprint("identity", identity));
    let found = CANDIDATES.bind(act.tenant).bind(scope.account).bind(&scope.roles).bind(fingerprint);
    let mut found: Vec<Candidate> = tx.all(found.bind(name)).await?;
    found.sort_by_key(|candidate| (candidate.same_identity == 0, candidate.id));
    Ok(found)
}
