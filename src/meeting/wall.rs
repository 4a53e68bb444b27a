//! Where the code on the wall leads, by which people sign in.

use db::Tx;
use uuid::Uuid;

use super::model::SignIn;
use crate::access::{Link, Wall};
use crate::error::Result;
use crate::keys::Keys;
use crate::means::Means;
use crate::settings;

/// What the link on the wall is for.
pub(super) const SIGN_IN: &str = "meeting sign-in";

pub(super) fn wall(tenant: Uuid, meeting: Uuid, rules: SignIn, keys: &Keys) -> Wall<'_> {
    let SignIn { code_seconds, form_minutes, .. } = rules;
    Wall { kind: "meeting", tenant, of: meeting, code_seconds, form_minutes, keys }
}

/// Where the code leads that is on the wall now, as a path of this site.
pub async fn on_the_wall(tx: &mut Tx, tenant: Uuid, meeting: Uuid, means: &Means) -> Result<String> {
    let rules: SignIn = settings::read(tx, tenant, means.now()).await?;
    let link = Link::signed(tenant, meeting, SIGN_IN, &means.keys);
    Ok(format!("/sign-in/{link}/{}", wall(tenant, meeting, rules, &means.keys).code_at(means.now())))
}
