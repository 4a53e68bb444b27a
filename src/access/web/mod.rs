mod accounts;
mod me;
mod organisations;
mod signing;
mod tokens;

use super::{Routes, Viewer};
use crate::web::ViewerName;

/// Somebody whose phone asks for the PIN again.
#[derive(Debug, Clone)]
pub struct LockedViewer(pub Viewer);

/// How somebody is named in the bar of a page.
pub fn shown(viewer: &Viewer) -> ViewerName {
    let roles: Vec<&str> = viewer.grants.iter().map(|grant| grant.role.label()).collect();
    ViewerName { name: viewer.name.clone(), role: roles.join("、") }
}

pub fn routes() -> Routes {
    signing::routes()
        .merge(me::routes())
        .merge(accounts::routes())
        .merge(organisations::routes())
        .merge(tokens::routes())
}
