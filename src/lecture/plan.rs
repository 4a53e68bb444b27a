//! What lectures are arranged for: what the team asks schools, what they ask for, and what is agreed with them by the year or by a theme.

use db::Tx;
use jiff::civil::Date;
use uuid::Uuid;

use super::model::{self, RequestState, Rules};
use super::session_store::{ADD_AGREEMENT, ADD_CALL, ADD_CAMPAIGN, ADD_REQUEST, END_REQUEST, Request};
use super::store;
use crate::access::Act;
use crate::error::{Error, Result};
use crate::{audit, settings};

#[derive(Debug, Clone)]
pub struct RequestSketch {
    pub call: Option<Uuid>,
    pub topic: Uuid,
    pub form: Uuid,
    pub grades: (i64, i64),
    pub days: (Date, Date),
    pub words: String,
}

/// The team asks all schools what they need.
///
/// Errors: refused if it ends before today.
pub async fn call(tx: &mut Tx, act: &Act, title: &str, words: &str, last_day: Date) -> Result<Uuid> {
    if last_day < model::today(act.at) {
        return Err(Error::refused("截止日期已经过了"));
    }
    let id = act.id();
    tx.execute(ADD_CALL.bind(act.tenant).bind(id).bind(title).bind(words).bind(last_day.to_string()).bind(act.at))
        .await?;
    audit::record(tx, act, "create", ("lecture_call", id), title, &[]).await?;
    Ok(id)
}

/// Errors: refused of days that are over, and of grades that the school does not have.
pub async fn ask(tx: &mut Tx, act: &Act, school: Uuid, new: &RequestSketch) -> Result<Uuid> {
    let school = store::school(tx, act.tenant, school).await?;
    if new.days.1 < model::today(act.at) {
        return Err(Error::refused("想要的日子已经过了，请选以后的"));
    }
    let rules: Rules = settings::read(tx, act.tenant, act.at).await?;
    let earliest = rules.earliest(model::today(act.at))?;
    if new.days.1 < earliest {
        return Err(Error::refused(format!(
            "要至少提前 {} 个工作日，最早可以约 {earliest}，请把日子放宽",
            rules.lead_days
        )));
    }
    let (first, last) = school.stage.grades();
    if new.grades.0 < first || new.grades.1 > last {
        return Err(Error::refused(format!("{}没有这个年级", school.stage)));
    }
    let id = act.id();
    let row = ADD_REQUEST.bind(act.tenant).bind(id).bind(school.id).bind(new.call).bind(new.topic).bind(new.form);
    let row = row.bind(new.grades.0).bind(new.grades.1).bind(new.days.0.to_string()).bind(new.days.1.to_string());
    tx.execute(row.bind(&new.words).bind(act.at)).await?;
    audit::record(tx, act, "create", ("lecture_request", id), "", &[]).await?;
    Ok(id)
}

/// It is refused by the team or taken back by the school, with a reason.
///
/// Errors: refused if it waits no more.
pub async fn end_request(tx: &mut Tx, act: &Act, request: &Request, to: RequestState, why: &str) -> Result<()> {
    let row = END_REQUEST.bind(act.tenant).bind(request.id).bind(RequestState::Waiting).bind(to).bind(why);
    if tx.execute(row).await? == 0 {
        return Err(Error::refused(format!("这条需求现在是“{}”，请刷新再看", request.state)));
    }
    audit::record(tx, act, "end_request", ("lecture_request", request.id), why, &[]).await
}

pub async fn add_agreement(
    tx: &mut Tx,
    act: &Act,
    school: Uuid,
    (title, days, intended): (&str, (Date, Date), i64),
) -> Result<Uuid> {
    let id = act.id();
    let row = ADD_AGREEMENT.bind(act.tenant).bind(id).bind(school).bind(title);
    tx.execute(row.bind(days.0.to_string()).bind(days.1.to_string()).bind(intended)).await?;
    audit::record(tx, act, "create", ("lecture_agreement", id), title, &[]).await?;
    Ok(id)
}

pub async fn add_campaign(tx: &mut Tx, act: &Act, (theme, days, intended): (&str, (Date, Date), i64)) -> Result<Uuid> {
    let id = act.id();
    let row = ADD_CAMPAIGN.bind(act.tenant).bind(id).bind(theme).bind(days.0.to_string()).bind(days.1.to_string());
    tx.execute(row.bind(intended)).await?;
    audit::record(tx, act, "create", ("lecture_campaign", id), theme, &[]).await?;
    Ok(id)
}
