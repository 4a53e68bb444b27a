//! Where the code on the wall leads, by which people sign in and out at an activity.

use db::Tx;
use uuid::Uuid;

use super::activity_model::Rules;
use crate::access::{Link, Wall};
use crate::error::Result;
use crate::keys::Keys;
use crate::means::Means;
use crate::settings;

/// What the link on the wall is for.
pub(super) const ARRIVAL: &str = "volunteer arrival";

pub(super) fn wall(tenant: Uuid, activity: Uuid, rules: Rules, keys: &Keys) -> Wall<'_> {
    let Rules { code_seconds, form_minutes, .. } = rules;
    Wall { kind: "volunteer", tenant, of: activity, code_seconds, form_minutes, keys }
}

/// Where the code leads that is on the wall now, as a path of this site.
pub async fn on_the_wall(tx: &mut Tx, tenant: Uuid, activity: Uuid, means: &Means) -> Result<String> {
    let rules: Rules = settings::read(tx, tenant, means.now()).await?;
    let link = Link::signed(tenant, activity, ARRIVAL, &means.keys);
    Ok(format!("/arrivals/{link}/{}", wall(tenant, activity, rules, &means.keys).code_at(means.now())))
}
