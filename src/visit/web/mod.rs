mod desk;
mod page;
mod walk;

use super::store::Sight;
use crate::access::{Permission, Routes, Scope, Viewer};

pub fn routes() -> Routes {
    desk::routes().merge(page::routes()).merge(walk::routes())
}

/// How far somebody sees campaigns.
struct Eyes {
    plans: Scope,
    knocks: Scope,
}

impl Eyes {
    fn of(viewer: &Viewer) -> Eyes {
        Eyes { plans: viewer.scope(Permission::VisitPlan), knocks: viewer.scope(Permission::VisitRecord) }
    }

    fn sight(&self, viewer: &Viewer) -> Sight<'_> {
        Sight { tenant: viewer.tenant, account: viewer.account, plans: &self.plans, knocks: &self.knocks }
    }
}
