use db::Tx;
use jiff::{SignedDuration, Timestamp};

use super::activity_model::Rules;
use super::model::Joining;
use super::{activity_store, store};
use crate::access::{Permission, Viewer};
use crate::error::Result;
use crate::settings;
use crate::web::{Todo, show};

/// Those who have applied or agreed and wait for the community, and activities at which somebody says later that they were.
pub async fn todo(tx: &mut Tx, viewer: &Viewer, now: Timestamp) -> Result<Vec<Todo>> {
    if !viewer.may(Permission::VolunteerEdit) {
        return Ok(Vec::new());
    }
    let rules: Joining = settings::read(tx, viewer.tenant, now).await?;
    let answer = SignedDuration::from_hours(24 * rules.answer_days);
    let waiting = store::waiting(tx, viewer.tenant, &viewer.scope(Permission::VolunteerEdit)).await?;
    let rules: Rules = settings::read(tx, viewer.tenant, now).await?;
    let claims = SignedDuration::from_hours(24 * rules.claim_days) + answer;
    let claimed = activity_store::claimed(tx, viewer.tenant, &viewer.scope(Permission::VolunteerEdit)).await?;
    let claimed = claimed.into_iter().map(|activity| Todo {
        verb: "核对",
        title: "志愿服务补登".to_owned(),
        detail: format!("{} · {}", activity.title, activity.when()),
        href: format!("/activities/{}", activity.id),
        due: activity.ends_at + claims,
        deadline: show::deadline(activity.ends_at + claims, now, true),
    });
    let todo = waiting.into_iter().map(|waiting| Todo {
        verb: "确认",
        title: "志愿者报名".to_owned(),
        detail: format!("{} · {}", waiting.way, waiting.estate_name.as_deref().unwrap_or("没有写住在哪个小区")),
        href: format!("/volunteers/{}", waiting.id),
        due: waiting.applied_at + answer,
        deadline: show::deadline(waiting.applied_at + answer, now, true),
    });
    Ok(todo.chain(claimed).collect())
}
