use db::Tx;
use jiff::{SignedDuration, Timestamp};

use super::activity_model::Rules;
use super::hours_model::{Hours, Stage, moment};
use super::model::Joining;
use super::{activity_store, certificate_store, hours_store, star, store};
use crate::access::{Permission, Viewer};
use crate::error::Result;
use crate::settings;
use crate::web::{Todo, show};

fn days(days: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * days)
}

fn waits(verb: &'static str, title: &str, detail: String, href: String, due: Timestamp, now: Timestamp) -> Todo {
    Todo { verb, title: title.to_owned(), detail, href, due, deadline: show::deadline(due, now, true) }
}

/// Those who have applied or agreed and wait for the community, activities at which somebody says later that they were, and hours on their
/// way into the ledger.
pub async fn todo(tx: &mut Tx, viewer: &Viewer, now: Timestamp) -> Result<Vec<Todo>> {
    if !viewer.may(Permission::VolunteerEdit) {
        return Ok(Vec::new());
    }
    let scope = viewer.scope(Permission::VolunteerEdit);
    let rules: Joining = settings::read(tx, viewer.tenant, now).await?;
    let answer = days(rules.answer_days);
    let waiting = store::waiting(tx, viewer.tenant, &scope).await?;
    let rules: Rules = settings::read(tx, viewer.tenant, now).await?;
    let claimed = activity_store::claimed(tx, viewer.tenant, &scope).await?;
    let mut todo: Vec<Todo> = waiting
        .into_iter()
        .map(|waiting| {
            let detail =
                format!("{} · {}", waiting.way, waiting.estate_name.as_deref().unwrap_or("没有写住在哪个小区"));
            waits("确认", "志愿者报名", detail, format!("/volunteers/{}", waiting.id), waiting.applied_at + answer, now)
        })
        .collect();
    todo.extend(claimed.into_iter().map(|activity| {
        let detail = format!("{} · {}", activity.title, activity.when());
        let due = activity.ends_at + days(rules.claim_days) + answer;
        waits("核对", "志愿服务补登", detail, format!("/activities/{}", activity.id), due, now)
    }));
    todo.extend(hours(tx, viewer, now).await?);
    Ok(todo)
}

/// What somebody has entered, or the program has noted.
fn entered(record: &hours_store::Record) -> &'static str {
    if record.noted_from.is_some() { "带班的时长" } else { "自己填报的时长" }
}

async fn hours(tx: &mut Tx, viewer: &Viewer, now: Timestamp) -> Result<Vec<Todo>> {
    let scope = viewer.scope(Permission::VolunteerEdit);
    let rules: Hours = settings::read(tx, viewer.tenant, now).await?;
    let answer = days(rules.answer_days);
    let mut todo = Vec::new();
    // Whoever leads has had their days; what nobody has confirmed stays here until somebody does.
    let between = (Timestamp::UNIX_EPOCH, now - answer);
    for activity in activity_store::unrecorded(tx, viewer.tenant, &scope, between).await? {
        let detail = format!("{} · {}，队长还没有确认", activity.title, activity.when());
        let due = activity.ends_at + answer + answer;
        todo.push(waits("确认", "志愿服务时长", detail, format!("/activities/{}", activity.id), due, now));
    }
    let late = (Stage::Submitted, now - answer);
    for record in hours_store::own_in_state(tx, viewer.tenant, &scope, late, viewer.account).await? {
        let due = record.created_at + answer + answer;
        let detail = format!("{} · {}，队长还没有确认", record.title, record.when());
        todo.push(waits("确认", entered(&record), detail, format!("/volunteer-hours/{}", record.id), due, now));
    }
    if !viewer.may(Permission::HoursApprove) {
        return Ok(todo);
    }
    let scope = viewer.scope(Permission::HoursApprove);
    for waiting in hours_store::to_approve(tx, viewer.tenant, &scope, viewer.account).await? {
        let detail = format!("{} · {} 人", waiting.title, waiting.people);
        let (href, due) = (format!("/activities/{}", waiting.activity_id), waiting.since + answer);
        todo.push(waits("审核", "志愿服务时长", detail, href, due, now));
    }
    let confirmed = (Stage::Confirmed, now);
    for record in hours_store::own_in_state(tx, viewer.tenant, &scope, confirmed, viewer.account).await? {
        let detail = format!("{} · {}", record.title, record.when());
        let due = record.confirmed_at.unwrap_or(record.created_at) + answer;
        todo.push(waits("审核", entered(&record), detail, format!("/volunteer-hours/{}", record.id), due, now));
    }
    for record in hours_store::objected(tx, viewer.tenant, &scope).await? {
        let detail = format!("{} · {}", record.title, record.when());
        let due = record.objected_at.unwrap_or(now) + answer;
        todo.push(waits("答复", "时长异议", detail, format!("/volunteer-hours/{}", record.id), due, now));
    }
    for waiting in star::waiting(tx, viewer.tenant, &scope).await? {
        let (href, due) = (format!("/volunteers/{}", waiting.volunteer_id), waiting.applied_at + answer);
        todo.push(waits("审核", "星级志愿者", star::name(waiting.star), href, due, now));
    }
    for waiting in certificate_store::waiting(tx, viewer.tenant, &scope).await? {
        let due = waiting.due_on.as_deref().and_then(last_second).unwrap_or(waiting.applied_at + answer + answer);
        let href = format!("/volunteer-certificates/{}", waiting.id);
        todo.push(waits("出具", "服务记录证明", "志愿者申请".to_owned(), href, due, now));
    }
    Ok(todo)
}

/// The end of a day that is kept as text.
fn last_second(day: &str) -> Option<Timestamp> {
    moment(day.parse().ok()?, jiff::civil::time(23, 59, 59, 0))
}
