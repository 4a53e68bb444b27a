//! 表彰奖励: what somebody was honoured with, by whom and on which day (志愿服务条例, art. 19). Staff write it down; neighbours read it only
//! of those who have agreed to stand on the board.

use db::{Cursor, Page, Tx, record, statements};
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use uuid::Uuid;

use super::card::{Card, today};
use super::model::{Joining, State as Standing};
use super::store::in_reach_of_volunteer;
use crate::access::{Act, Scope};
use crate::error::{Error, Result};
use crate::{audit, in_reach, settings};

macro_rules! honours {
    ($where:expr) => {
        concat!(
            "SELECT h.id, h.volunteer_id, v.name, h.title, h.given_by, h.on_day, h.recorded_at FROM volunteer_honours h
            JOIN volunteers v ON v.tenant_id = h.tenant_id AND v.id = h.volunteer_id WHERE h.tenant_id = $1 AND ",
            $where
        )
    };
}

statements! {
    ADD = "INSERT INTO volunteer_honours (tenant_id, id, volunteer_id, title, given_by, on_day, recorded_by, recorded_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    DROP = "DELETE FROM volunteer_honours WHERE tenant_id = $1 AND volunteer_id = $2 AND id = $3";
    FORGET = "DELETE FROM volunteer_honours WHERE tenant_id = $1 AND volunteer_id = $2";
    OF_VOLUNTEER = honours!("h.volunteer_id = $2 ORDER BY h.on_day DESC, h.id DESC LIMIT 50");
    LIST = honours!(concat!("(h.recorded_at, h.id) < ($4, $5) AND ", in_reach_of_volunteer!(), " ORDER BY h.recorded_at DESC, h.id DESC LIMIT $6"));
    /// Of the days from $4 to $5, for the workbook.
    OF_DAYS = honours!(concat!("h.on_day >= $4 AND h.on_day <= $5 AND ", in_reach_of_volunteer!(), " ORDER BY h.on_day, h.id LIMIT $6"));
    /// Those on the roll who have agreed to stand on the board, the highest star first; of minors, who were born after $3, the guardian has.
    SHOWN = "SELECT v.id, v.name, COALESCE((SELECT MAX(s.star) FROM volunteer_stars s WHERE s.tenant_id = v.tenant_id AND s.volunteer_id = v.id AND s.state = 'awarded'), 0) AS star,
            CAST(COALESCE((SELECT SUM(r.minutes) FROM volunteer_records r WHERE r.tenant_id = v.tenant_id AND r.volunteer_id = v.id AND r.state = 'approved'
                AND r.kind = 'service' AND r.books_at <= $2), 0) AS BIGINT) AS minutes
        FROM volunteer_consents c JOIN volunteers v ON v.tenant_id = c.tenant_id AND v.id = c.volunteer_id
        WHERE c.tenant_id = $1 AND c.purpose = 'honour' AND c.withdrawn_at IS NULL AND v.state = 'active' AND (c.how = 'guardian' OR v.birth_date <= $3)
        ORDER BY star DESC, minutes DESC, v.name, v.id LIMIT 200";
    OF_SHOWN = "SELECT h.id, h.volunteer_id, v.name, h.title, h.given_by, h.on_day, h.recorded_at FROM volunteer_consents c
        JOIN volunteer_honours h ON h.tenant_id = c.tenant_id AND h.volunteer_id = c.volunteer_id
        JOIN volunteers v ON v.tenant_id = c.tenant_id AND v.id = c.volunteer_id
        WHERE c.tenant_id = $1 AND c.purpose = 'honour' AND c.withdrawn_at IS NULL AND v.state = 'active' AND (c.how = 'guardian' OR v.birth_date <= $2)
        ORDER BY h.on_day DESC, h.id DESC LIMIT 1000";
}

record! {
    #[derive(Debug, Clone)]
    pub struct Honour {
        pub id: Uuid, pub volunteer_id: Uuid, pub name: String, pub title: String, pub given_by: String, pub on_day: String, pub recorded_at: Timestamp,
    }
    pub(super) struct Shown { pub id: Uuid, pub name: String, pub star: i64, pub minutes: i64 }
}

/// What somebody was given.
#[derive(Debug, Clone)]
pub struct Given<'a> {
    pub title: &'a str,
    pub by: &'a str,
    pub on: Date,
}

/// Writes down that somebody was honoured.
///
/// Errors: refused of a day to come, and of somebody who never was on the roll or of whom nothing is kept.
pub async fn give(tx: &mut Tx, act: &Act, card: &Card, given: &Given<'_>) -> Result<Uuid> {
    if given.on > today(act) {
        return Err(Error::refused("这一天还没有到"));
    }
    if !matches!(card.state, Standing::Active | Standing::Left) || card.erased() {
        return Err(Error::refused(format!("现在是“{}”，不能登记表彰", card.state)));
    }
    let id = act.id();
    let row = ADD.bind(act.tenant).bind(id).bind(card.id).bind(given.title).bind(given.by).bind(given.on.to_string());
    tx.execute(row.bind(act.account).bind(act.at)).await?;
    audit::record(tx, act, "honour", ("volunteer", card.id), given.title, &[]).await?;
    Ok(id)
}

/// It was written down by mistake.
///
/// Errors: not found if it is not there.
pub async fn take_back(tx: &mut Tx, act: &Act, honour: &Honour) -> Result<()> {
    tx.execute_one(DROP.bind(act.tenant).bind(honour.volunteer_id).bind(honour.id)).await?;
    audit::record(tx, act, "take_back_honour", ("volunteer", honour.volunteer_id), &honour.title, &[]).await
}

/// It goes with the particulars of somebody.
pub(super) async fn forget(tx: &mut Tx, act: &Act, volunteer: Uuid) -> Result<()> {
    tx.execute(FORGET.bind(act.tenant).bind(volunteer)).await?;
    Ok(())
}

/// The latest first; at most 50.
pub async fn of_volunteer(tx: &mut Tx, tenant: Uuid, volunteer: Uuid) -> Result<Vec<Honour>> {
    Ok(tx.all(OF_VOLUNTEER.bind(tenant).bind(volunteer)).await?)
}

/// Those that were written down last come first.
pub(super) async fn list(
    tx: &mut Tx,
    tenant: Uuid,
    scope: &Scope,
    before: Cursor,
    size: usize,
) -> Result<Page<Honour>> {
    let query = LIST.bind(tenant).bind(scope.account).bind(&scope.roles).bind(before.key).bind(before.id);
    let items: Vec<Honour> = tx.all(query.bind(size as i64 + 1)).await?;
    Ok(Page::of(items, size, |item: &Honour| Cursor { key: item.recorded_at.as_millisecond(), id: item.id }))
}

/// Those of some days, in their order; at most so many.
pub(super) async fn of_days(
    tx: &mut Tx,
    tenant: Uuid,
    scope: &Scope,
    (from, until): (Date, Date),
    most: usize,
) -> Result<Vec<Honour>> {
    let query = OF_DAYS.bind(tenant).bind(scope.account).bind(&scope.roles).bind(from.to_string());
    Ok(tx.all(query.bind(until.to_string()).bind(most as i64)).await?)
}

/// Those who have agreed to stand on the board, at most 200, and what they were honoured with.
pub(super) async fn shown(tx: &mut Tx, tenant: Uuid, now: Timestamp) -> Result<(Vec<Shown>, Vec<Honour>)> {
    let rules: Joining = settings::read(tx, tenant, now).await?;
    let day = now.to_zoned_datetime(calendar::shanghai()).date();
    let adults = day.saturating_sub(rules.adult_age.years()).to_string();
    let shown = tx.all(SHOWN.bind(tenant).bind(now).bind(&adults)).await?;
    Ok((shown, tx.all(OF_SHOWN.bind(tenant).bind(&adults)).await?))
}
