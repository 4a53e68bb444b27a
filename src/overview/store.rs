use db::{Tx, record, statements};
use uuid::Uuid;

use crate::access::{OrganisationKind, Role};
use crate::board::Post;
use crate::error::Result;

statements! {
    /// Who works for one estate, and for which organisation.
    STAFF = "SELECT g.reach_id AS estate_id, g.role, a.name, o.kind, o.name AS organisation FROM grants g
        JOIN accounts a ON a.tenant_id = g.tenant_id AND a.id = g.account_id AND a.disabled_at IS NULL
        JOIN organisations o ON o.tenant_id = a.tenant_id AND o.id = a.organisation_id
        WHERE g.tenant_id = $1 AND g.reach = 'estate' AND g.reach_id IS NOT NULL ORDER BY a.created_at, a.id LIMIT 5000";
    /// The grids of each estate, each with its workers.
    GRIDS = "SELECT DISTINCT b.estate_id, r.code, r.name, a.name AS worker FROM buildings b
        JOIN grids r ON r.tenant_id = b.tenant_id AND r.id = b.grid_id
        LEFT JOIN grants g ON g.tenant_id = r.tenant_id AND g.reach = 'grid' AND g.reach_id = r.id AND g.role = 'grid_worker'
        LEFT JOIN accounts a ON a.tenant_id = g.tenant_id AND a.id = g.account_id AND a.disabled_at IS NULL
        WHERE b.tenant_id = $1 ORDER BY r.code LIMIT 5000";
    CONTACTS = "SELECT estate_id, post, name FROM contacts WHERE tenant_id = $1 ORDER BY estate_id, position LIMIT 5000";
}

record! {
    pub struct Staff { pub estate_id: Uuid, pub role: Role, pub name: String, pub kind: OrganisationKind, pub organisation: String }
    pub struct GridOf { pub estate_id: Uuid, pub name: String, pub worker: Option<String> }
    pub struct Contact { pub estate_id: Uuid, pub post: Post, pub name: String }
}

pub async fn staff(tx: &mut Tx, tenant: Uuid) -> Result<Vec<Staff>> {
    Ok(tx.all(STAFF.bind(tenant)).await?)
}

pub async fn grids(tx: &mut Tx, tenant: Uuid) -> Result<Vec<GridOf>> {
    Ok(tx.all(GRIDS.bind(tenant)).await?)
}

pub async fn contacts(tx: &mut Tx, tenant: Uuid) -> Result<Vec<Contact>> {
    Ok(tx.all(CONTACTS.bind(tenant)).await?)
}
