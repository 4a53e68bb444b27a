use db::Tx;
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};

use super::model::{Asking, DoorState};
use super::plan::day_of;
use super::store::{self, LEFT_TO_ASK, LeftToAsk, OPEN, Survey, UNPUBLISHED};
use crate::access::{Permission, Viewer};
use crate::error::Result;
use crate::settings;
use crate::web::{Todo, show};

/// The doors at which somebody still has to ask; for those who look after the survey that it ends soon with too few, and that its
/// result should hang.
pub async fn todo(tx: &mut Tx, viewer: &Viewer, now: Timestamp) -> Result<Vec<Todo>> {
    let today = day_of(now);
    let mut todos = Vec::new();
    if viewer.may(Permission::CommunitySurveyAsk) {
        let query = LEFT_TO_ASK.bind(viewer.tenant).bind(viewer.account).bind(today.to_string());
        for left in tx.all::<LeftToAsk>(query).await? {
            let last = left.until_on.parse().unwrap_or(today);
            let detail = format!("还有 {} 户没问", left.doors);
            todos.push(of("上门问", left.title, detail, "/community-surveys/doors".to_owned(), (last, now), 3)?);
        }
    }
    if viewer.may(Permission::CommunitySurveyManage)
        && viewer.scope(Permission::CommunitySurveyManage).account.is_none()
    {
        let asking: Asking = settings::read(tx, viewer.tenant, now).await?;
        let near = today + asking.warn_days.clamp(0, 365).days();
        for survey in tx.all::<Survey>(OPEN.bind(viewer.tenant)).await? {
            let last = survey.until().unwrap_or(today);
            let strata = store::strata(tx, viewer.tenant, survey.id).await?;
            let wanted: i64 = strata.iter().map(|stratum| stratum.wanted).sum();
            let standing = store::standing(tx, viewer.tenant, survey.id).await?;
            let answered = standing.iter().filter(|doors| doors.state == DoorState::Answered);
            let answered: i64 = answered.map(|doors| doors.doors).sum();
            if last <= near && answered < wanted {
                let detail = format!("快到截止日了，{wanted} 户里问到 {answered} 户");
                todos.push(of(
                    "催问",
                    survey.title,
                    detail,
                    format!("/community-surveys/{}", survey.id),
                    (last, now),
                    asking.warn_days,
                )?);
            }
        }
        // What nobody has published for a year nobody will.
        let since = (today - 1.year()).to_string();
        for survey in tx.all::<Survey>(UNPUBLISHED.bind(viewer.tenant).bind(since)).await? {
            let last = survey.until().unwrap_or(today) + asking.publish_days.clamp(0, 365).days();
            let href = format!("/community-surveys/{}", survey.id);
            todos.push(of("公示结果", survey.title, "调查结束了，结果还没有公示".to_owned(), href, (last, now), 3)?);
        }
    }
    Ok(todos)
}

fn of(
    verb: &'static str,
    title: String,
    detail: String,
    href: String,
    (last, now): (Date, Timestamp),
    near: i64,
) -> Result<Todo> {
    let due = last.at(23, 59, 59, 0).to_zoned_datetime(calendar::shanghai()).map_err(anyhow::Error::from)?.timestamp();
    let soon = due.duration_since(now).as_hours() < near * 24;
    Ok(Todo { verb, title, detail, href, due, deadline: show::deadline(due, now, soon) })
}
