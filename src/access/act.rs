use jiff::Timestamp;
use uuid::Uuid;

use super::{Permission, Role, Viewer};
use crate::error::{Error, Result};
use crate::means::Means;

/// Somebody doing something at a moment. Every operation that changes anything takes one: it says whose tenant the rows
/// belong to, who goes into the audit log, and what time it is.
#[derive(Clone)]
pub struct Act {
    pub tenant: Uuid,
    pub account: Option<Uuid>,
    pub organisation: Option<Uuid>,
    pub role: Role,
    pub at: Timestamp,
    pub means: Means,
}

impl Act {
    /// A signed-in person using a permission, in the role that has it.
    pub fn by(viewer: &Viewer, permission: Permission, means: &Means) -> Result<Act> {
        let role = viewer.acting(permission).ok_or(Error::Forbidden)?;
        let (account, organisation) = (Some(viewer.account), Some(viewer.organisation));
        Ok(Act { tenant: viewer.tenant, account, organisation, role, at: means.now(), means: means.clone() })
    }

    /// A signed-in person in an affair of their own, which needs no permission; in the first of their roles.
    pub fn own(viewer: &Viewer, means: &Means) -> Act {
        let role = viewer.grants.first().map_or(Role::System, |grant| grant.role);
        let (account, organisation) = (Some(viewer.account), Some(viewer.organisation));
        Act { account, organisation, role, ..Act::system(viewer.tenant, means) }
    }

    /// A resident without an account.
    pub fn resident(tenant: Uuid, means: &Means) -> Act {
        Act { role: Role::Resident, ..Act::system(tenant, means) }
    }

    /// Whoever stands at a post of 护学岗: an officer, a parent or a school's own guard, by the link of a police bureau.
    pub fn guard(tenant: Uuid, means: &Means) -> Act {
        Act { role: Role::Guard, ..Act::system(tenant, means) }
    }

    /// The program itself.
    pub fn system(tenant: Uuid, means: &Means) -> Act {
        let at = means.now();
        Act { tenant, account: None, organisation: None, role: Role::System, at, means: means.clone() }
    }

    pub fn id(&self) -> Uuid {
        self.means.id()
    }

    pub fn seal(&self, purpose: &str, plain: &str) -> Result<Vec<u8>> {
        self.means.keys.seal(&self.means.chance, self.tenant, purpose, plain.as_bytes())
    }

    pub fn open(&self, purpose: &str, sealed: &[u8]) -> Result<String> {
        let plain = self.means.keys.open(self.tenant, purpose, sealed)?;
        String::from_utf8(plain).map_err(|e| Error::Internal(e.into()))
    }

    pub fn fingerprint(&self, purpose: &str, value: &str) -> Vec<u8> {
        self.means.keys.fingerprint(self.tenant, purpose, value)
    }
}
