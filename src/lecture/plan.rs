//! What lectures are arranged for: what the team asks schools, what they ask for, and what is agreed with them by the year or by a theme.

use db::Tx;
use jiff::ToSpan;
use jiff::civil::Date;
use uuid::Uuid;

use super::model::{self, RequestState, Rules};
use super::school;
use super::session_store::{
    ADD_AGREEMENT, ADD_CALL, ADD_CAMPAIGN, ADD_REQUEST, AGREEMENTS, Agreement, CALLS, CAMPAIGN, CAMPAIGNS,
    CHANGE_AGREEMENT, CHANGE_CALL, CHANGE_CAMPAIGN, Call, Campaign, END_REQUEST, HOLD_DIARY, IN_CAMPAIGN, Request,
    VOID_AGREEMENT, VOID_CALL, VOID_CAMPAIGN,
};
use super::store::{self, Counted};
use super::summary::begins;
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

fn stale(what: &str) -> Error {
    Error::Stale(format!("{what}刚刚有变化，请看一下再改。"))
}

/// The team asks all schools what they need. A form that comes twice asks once.
///
/// Errors: refused if it ends before today.
pub async fn call(tx: &mut Tx, act: &Act, title: &str, words: &str, last_day: Date) -> Result<Uuid> {
    if last_day < model::today(act.at) {
        return Err(Error::refused("截止日期已经过了"));
    }
    tx.execute(HOLD_DIARY.bind(act.tenant)).await?;
    let open: Vec<Call> = tx.all(CALLS.bind(act.tenant).bind(model::today(act.at).to_string())).await?;
    let last = last_day.to_string();
    let same = open.iter().find(|one| (one.title.as_str(), one.words.as_str(), &one.last_day) == (title, words, &last));
    if let Some(same) = same {
        return Ok(same.id);
    }
    let id = act.id();
    tx.execute(ADD_CALL.bind(act.tenant).bind(id).bind(title).bind(words).bind(last).bind(act.at)).await?;
    audit::record(tx, act, "create", ("lecture_call", id), title, &[]).await?;
    Ok(id)
}

/// Errors: refused if it ends before today, stale if somebody else was first.
pub async fn change_call(
    tx: &mut Tx,
    act: &Act,
    (id, seen): (Uuid, i64),
    (title, words, last_day): (&str, &str, Date),
) -> Result<()> {
    if last_day < model::today(act.at) {
        return Err(Error::refused("截止日期已经过了"));
    }
    let row = CHANGE_CALL.bind(act.tenant).bind(id).bind(seen).bind(title).bind(words);
    if tx.execute(row.bind(last_day.to_string())).await? == 0 {
        return Err(stale("这次需求征集"));
    }
    audit::record(tx, act, "update", ("lecture_call", id), title, &[]).await
}

/// Errors: refused of days that are over, and of grades that the school does not have.
pub async fn ask(tx: &mut Tx, act: &Act, school: Uuid, new: &RequestSketch) -> Result<Uuid> {
    let school = store::school(tx, act.tenant, school).await?;
    if new.days.1 < model::today(act.at) {
        return Err(Error::refused("想要的日子已经过了，请选以后的"));
    }
    let rules: Rules = settings::read(tx, act.tenant, act.at).await?;
    // Where nobody knows the working days to come yet, the team sees what can be done.
    let today = model::today(act.at);
    let table = school::timetable(tx, act.tenant, today).await?;
    let earliest = match rules.earliest_with(today, &table, school.id) {
        Ok(day) => Some(day),
        Err(Error::Refused(_)) => None,
        Err(other) => return Err(other),
    };
    if let Some(earliest) = earliest.filter(|earliest| new.days.1 < *earliest) {
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

/// How many are intended, when, and under which name.
pub type Intent<'a> = (&'a str, (Date, Date), i64);

fn in_words((title, days, intended): Intent<'_>) -> String {
    format!("{title}，{} 到 {}，{intended} 场", days.0, days.1)
}

/// A form that comes twice makes one: whoever enters holds the diary, and what is there already in all its parts is what was meant.
pub async fn add_agreement(tx: &mut Tx, act: &Act, school: Uuid, what: Intent<'_>) -> Result<Uuid> {
    let (title, (first, last), intended) = (what.0, (what.1.0.to_string(), what.1.1.to_string()), what.2);
    tx.execute(HOLD_DIARY.bind(act.tenant)).await?;
    let known: Vec<Agreement> = tx.all(AGREEMENTS.bind(act.tenant)).await?;
    let same = known.iter().find(|one| {
        (one.school_id, one.title.as_str(), one.intended) == (school, title, intended)
            && (&one.first_day, &one.last_day) == (&first, &last)
    });
    if let Some(same) = same {
        return Ok(same.id);
    }
    let id = act.id();
    let row = ADD_AGREEMENT.bind(act.tenant).bind(id).bind(school).bind(title);
    tx.execute(row.bind(first).bind(last).bind(intended)).await?;
    audit::record(tx, act, "create", ("lecture_agreement", id), title, &[]).await?;
    Ok(id)
}

/// An agreement that was entered wrongly, for another school as well. Figures go by what it says now.
///
/// Errors: stale if somebody else was first.
pub async fn change_agreement(
    tx: &mut Tx,
    act: &Act,
    (id, seen): (Uuid, i64),
    school: Uuid,
    what: Intent<'_>,
) -> Result<()> {
    let row = CHANGE_AGREEMENT.bind(act.tenant).bind(id).bind(seen).bind(school).bind(what.0);
    if tx.execute(row.bind(what.1.0.to_string()).bind(what.1.1.to_string()).bind(what.2)).await? == 0 {
        return Err(stale("这份共建协议"));
    }
    audit::record(tx, act, "update", ("lecture_agreement", id), &in_words(what), &[]).await
}

/// A form that comes twice makes one.
pub async fn add_campaign(tx: &mut Tx, act: &Act, what: Intent<'_>) -> Result<Uuid> {
    let (theme, (first, last), intended) = (what.0, (what.1.0.to_string(), what.1.1.to_string()), what.2);
    tx.execute(HOLD_DIARY.bind(act.tenant)).await?;
    let known: Vec<Campaign> = tx.all(CAMPAIGNS.bind(act.tenant)).await?;
    let same = known.iter().find(|one| {
        (one.theme.as_str(), one.intended) == (theme, intended) && (&one.first_day, &one.last_day) == (&first, &last)
    });
    if let Some(same) = same {
        return Ok(same.id);
    }
    let id = act.id();
    let row = ADD_CAMPAIGN.bind(act.tenant).bind(id).bind(theme).bind(first).bind(last);
    tx.execute(row.bind(intended)).await?;
    audit::record(tx, act, "create", ("lecture_campaign", id), theme, &[]).await?;
    Ok(id)
}

/// Errors: stale if somebody else was first.
pub async fn change_campaign(tx: &mut Tx, act: &Act, (id, seen): (Uuid, i64), what: Intent<'_>) -> Result<()> {
    let row = CHANGE_CAMPAIGN.bind(act.tenant).bind(id).bind(seen).bind(what.0);
    if tx.execute(row.bind(what.1.0.to_string()).bind(what.1.1.to_string()).bind(what.2)).await? == 0 {
        return Err(stale("这个专项活动"));
    }
    audit::record(tx, act, "update", ("lecture_campaign", id), &in_words(what), &[]).await
}

/// What is planned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Planned {
    Agreement,
    Campaign,
    Call,
}

/// It was entered wrongly and is counted nowhere any more; the team still reads who voided it, when and why.
///
/// Errors: refused of a campaign in which lectures are arranged or were given.
pub async fn void(tx: &mut Tx, act: &Act, what: Planned, id: Uuid, why: &str) -> Result<()> {
    if what == Planned::Campaign {
        // No lecture becomes one of it while it goes.
        tx.execute(HOLD_DIARY.bind(act.tenant)).await?;
        let known: Campaign = tx.one(CAMPAIGN.bind(act.tenant).bind(id)).await?;
        let first: Date = known.first_day.parse().map_err(|error: jiff::Error| Error::Internal(error.into()))?;
        // One may have begun before its campaign was to begin, of which the year may be the mistake.
        let since = begins(first.min(model::today(act.at)).saturating_sub(20.years()))?;
        let own: Counted = tx.one(IN_CAMPAIGN.bind(act.tenant).bind(id).bind(since)).await?;
        if own.count > 0 {
            return Err(Error::refused(format!(
                "“{}”里有 {} 节课，不能作废；登记错了的，可以改",
                known.theme, own.count
            )));
        }
    }
    let (statement, kind) = match what {
        Planned::Agreement => (VOID_AGREEMENT, "lecture_agreement"),
        Planned::Campaign => (VOID_CAMPAIGN, "lecture_campaign"),
        Planned::Call => (VOID_CALL, "lecture_call"),
    };
    tx.execute_one(statement.bind(act.tenant).bind(id).bind(act.at).bind(act.account).bind(why)).await?;
    audit::record(tx, act, "void", (kind, id), why, &[]).await
}
