use db::Tx;
use jiff::{SignedDuration, Timestamp};

use super::model::Rules;
use super::store::{self, Stored};
use super::{provider, round};
use crate::access::{Permission, Viewer};
use crate::error::Result;
use crate::settings;
use crate::web::{Todo, show};

/// Needs for which nobody has been asked yet, those of which whoever was asked is silent, and those to which somebody has gone, or should have; the rounds of today, and earlier ones that are not done; and dates of providers that nobody has counted.
pub async fn todo(tx: &mut Tx, viewer: &Viewer, now: Timestamp) -> Result<Vec<Todo>> {
    if !viewer.may(Permission::ServiceArrange) {
        return Ok(Vec::new());
    }
    let rules: Rules = settings::read(tx, viewer.tenant, now).await?;
    let wait = SignedDuration::from_hours(24 * rules.arrange_days);
    let scope = viewer.scope(Permission::ServiceArrange);
    let (open, visited) = store::waiting(tx, viewer.tenant, &scope, now).await?;
    let waits = |verb: &'static str, need: Stored| {
        let due = need.created_at + wait;
        let (detail, href) = (need.door(), format!("/services/{}", need.id));
        Todo { verb, title: need.kind_name, detail, href, due, deadline: show::deadline(due, now, true) }
    };
    let mut todo: Vec<Todo> = open.into_iter().map(|need| waits("派人上门", need)).collect();
    todo.extend(visited.into_iter().map(|need| waits("问办好没", need)));
    let silent = store::unanswered(tx, viewer.tenant, &scope, now).await?;
    todo.extend(silent.into_iter().map(|(need, due)| Todo {
        verb: "催答复",
        detail: need.door(),
        href: format!("/services/{}", need.id),
        title: need.kind_name,
        due,
        deadline: show::deadline(due, now, true),
    }));
    let today = now.to_zoned_datetime(calendar::shanghai()).date();
    let rounds = round::of_day(tx, viewer.tenant, &scope, today).await?;
    for round in rounds {
        todo.push(Todo {
            verb: "入户",
            detail: format!("{} · {} · {}/{} 户", round.estate_name, round.team_name, round.noted, round.doors),
            href: format!("/service-rounds/{}", round.id),
            title: round.title,
            due: round.ends_at,
            deadline: show::deadline(round.ends_at, now, true),
        });
    }
    let dates = provider::uncounted(tx, viewer.tenant, &scope, now).await?;
    todo.extend(dates.into_iter().map(|date| {
        let (due, when) = (date.ends_at + wait, date.when());
        Todo {
            verb: "登记人数",
            title: date.title,
            detail: format!("{} · {when}", date.provider_name),
            href: format!("/service-providers/{}", date.provider_id),
            due,
            deadline: show::deadline(due, now, true),
        }
    }));
    Ok(todo)
}
