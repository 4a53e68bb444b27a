//! Outside providers: who comes into the community by agreement, with a standing service on dates that leave out holidays, and how many were
//! served on each. A date that nobody came to is noted with its reason. A standing service may answer a wish that was raised.

use calendar::{Recurrence, WorkingDays};
use db::Tx;
use jiff::Timestamp;
use uuid::Uuid;

use super::call;
use super::provider_store::{
    ADD_DATE, ADD_PROVIDER, ADD_STANDING, AWAITED, Awaited, Begins, CHANGE_PROVIDER, COMING_DATES, COUNT, DATE,
    DATES_OF, Date, END_STANDING, LEFT_OUT, MISS, MISS_COMING, PROVIDER, PROVIDERS, Provider, RUNNING, Running,
    STANDINGS_OF, Standing, TAKE_DATE, UNCOUNTED,
};
use crate::access::{Act, Scope};
use crate::audit;
use crate::error::{Error, Result};
use crate::volunteer::Span;

/// What somebody writes down about a provider.
#[derive(Debug, Clone)]
pub struct ProviderSketch {
    pub name: String,
    /// `刘医生 0358-0001234`; empty where nobody is named.
    pub contact: String,
    pub agreed_from: jiff::civil::Date,
    pub agreed_until: jiff::civil::Date,
}

/// What a provider comes for, first between two moments.
#[derive(Debug, Clone)]
pub struct NewStanding {
    pub provider: Uuid,
    pub estate: Uuid,
    pub kind: Option<Uuid>,
    /// The issue in which the wish was raised.
    pub issue: Option<Uuid>,
    pub title: String,
    pub place: String,
    pub span: Span,
}

/// How many were served on a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Served {
    pub doors: i64,
    pub people: i64,
    pub leaflets: i64,
}

const CONTACT: &str = "service provider";

impl Provider {
    /// Whom to call there.
    pub fn contact(&self, act: &Act) -> Result<String> {
        self.contact_sealed.as_ref().map_or(Ok(String::new()), |sealed| act.open(CONTACT, sealed))
    }
}

impl Date {
    pub fn when(&self) -> String {
        Span { starts_at: self.starts_at, ends_at: self.ends_at }.words()
    }

    /// `12 户、30 人、宣传册 40 份`; why nobody came; nothing before it is known.
    pub fn result(&self) -> Option<String> {
        if let Some(why) = &self.missed_why {
            return Some(format!("没有来：{why}"));
        }
        let (doors, leaflets) = (self.doors.unwrap_or_default(), self.leaflets.unwrap_or_default());
        self.people.map(|people| format!("{doors} 户、{people} 人、宣传册 {leaflets} 份"))
    }
}

fn contact(act: &Act, sketch: &ProviderSketch) -> Result<Option<Vec<u8>>> {
    (!sketch.contact.is_empty()).then(|| act.seal(CONTACT, &sketch.contact)).transpose()
}

pub async fn add(tx: &mut Tx, act: &Act, sketch: &ProviderSketch) -> Result<Uuid> {
    let id = act.id();
    let row = ADD_PROVIDER.bind(act.tenant).bind(id).bind(&sketch.name).bind(contact(act, sketch)?);
    tx.execute(row.bind(sketch.agreed_from.to_string()).bind(sketch.agreed_until.to_string()).bind(act.at)).await?;
    audit::record(tx, act, "create", ("service_provider", id), &sketch.name, &[]).await?;
    Ok(id)
}

/// Errors: refused of an agreement that leaves out dates still to come; stale if somebody else has changed it since.
pub async fn change(tx: &mut Tx, act: &Act, id: Uuid, seen: i64, sketch: &ProviderSketch) -> Result<()> {
    let midnight = |day: jiff::civil::Date| {
        let at = day.to_zoned_datetime(calendar::shanghai()).map_err(anyhow::Error::from);
        at.map(|at| at.timestamp())
    };
    let after = sketch.agreed_until.tomorrow().map_err(anyhow::Error::from)?;
    let query = LEFT_OUT.bind(act.tenant).bind(id).bind(act.at);
    let query = query.bind(midnight(sketch.agreed_from)?).bind(midnight(after)?);
    if let Some(Begins { starts_at }) = tx.optional(query).await? {
        let day = calendar::long_date(starts_at);
        return Err(Error::refused(format!("协议外面还有排好的日子（{day}），请先登记那几次不来了，再改协议")));
    }
    let row = CHANGE_PROVIDER.bind(act.tenant).bind(id).bind(seen).bind(&sketch.name).bind(contact(act, sketch)?);
    let row = row.bind(sketch.agreed_from.to_string()).bind(sketch.agreed_until.to_string());
    if tx.execute(row).await? == 0 {
        return Err(Error::Stale("这家单位刚刚有别人改过，请看一下再改。".to_owned()));
    }
    audit::record(tx, act, "update", ("service_provider", id), &sketch.name, &[]).await
}

pub async fn provider(tx: &mut Tx, tenant: Uuid, id: Uuid) -> Result<Provider> {
    Ok(tx.one(PROVIDER.bind(tenant).bind(id)).await?)
}

/// A standing service with its dates: once, or by a rule that may leave out holidays. Gives it and how many dates there are.
///
/// Errors: refused of the past, of a date outside of the agreement and of a rule without a day.
pub async fn set_up(tx: &mut Tx, act: &Act, new: NewStanding, repeat: Option<&Recurrence>) -> Result<(Uuid, usize)> {
    let provider = provider(tx, act.tenant, new.provider).await?;
    if new.span.starts_at <= act.at || new.span.minutes() <= 0 {
        return Err(Error::refused("第一次要在以后，结束要晚于开始"));
    }
    let first = new.span.day();
    let days = match repeat {
        None => vec![first],
        Some(rule) => rule.dates(first, WorkingDays::embedded()).map_err(|error| Error::refused(error.to_string()))?,
    };
    let outside = |day: &jiff::civil::Date| {
        let day = day.to_string();
        day < provider.agreed_from || day > provider.agreed_until
    };
    if days.iter().any(outside) {
        let (from, until) = (&provider.agreed_from, &provider.agreed_until);
        return Err(Error::refused(format!("协议是 {from} 到 {until}，有的日子在外面，请改日子或先续协议")));
    }
    let spans: Vec<Span> = days.into_iter().filter_map(|day| new.span.on(day)).collect();
    if spans.is_empty() {
        return Err(Error::refused("照这样重复，一次也没有。请看一下日子和截止日期"));
    }
    let id = act.id();
    let row = ADD_STANDING.bind(act.tenant).bind(id).bind(new.provider).bind(new.estate).bind(new.kind).bind(new.issue);
    let rule = repeat.map(|rule| rule.rule(first)).unwrap_or_default();
    tx.execute(row.bind(&new.title).bind(&new.place).bind(rule).bind(act.at)).await?;
    let row =
        |span: &Span| ADD_DATE.bind(act.tenant).bind(act.id()).bind(id).bind(span.starts_at).bind(span.ends_at).bind(1);
    tx.execute_many(ADD_DATE, spans.iter().map(row).collect()).await?;
    let words = format!("{}，{} 次", new.title, spans.len());
    audit::record(tx, act, "create", ("service_standing", id), &words, &[]).await?;
    Ok((id, spans.len()))
}

pub async fn providers(tx: &mut Tx, tenant: Uuid) -> Result<Vec<Provider>> {
    Ok(tx.all(PROVIDERS.bind(tenant)).await?)
}

/// What a provider comes for, and on which dates; the latest of each first.
pub async fn of_provider(tx: &mut Tx, tenant: Uuid, id: Uuid) -> Result<(Vec<Standing>, Vec<Date>)> {
    Ok((tx.all(STANDINGS_OF.bind(tenant).bind(id)).await?, tx.all(DATES_OF.bind(tenant).bind(id)).await?))
}

/// The dates that are still to come, the next one first; at most 100.
pub async fn coming(tx: &mut Tx, act: &Act) -> Result<Vec<Date>> {
    Ok(tx.all(COMING_DATES.bind(act.tenant).bind(act.at)).await?)
}

/// Dates that are over and of which nobody has said how many were served.
pub(super) async fn uncounted(tx: &mut Tx, tenant: Uuid, scope: &Scope, now: Timestamp) -> Result<Vec<Date>> {
    Ok(tx.all(UNCOUNTED.bind(tenant).bind(scope.account).bind(&scope.roles).bind(now)).await?)
}

pub(super) async fn date(tx: &mut Tx, tenant: Uuid, scope: &Scope, id: Uuid) -> Result<Date> {
    Ok(tx.one(DATE.bind(tenant).bind(scope.account).bind(&scope.roles).bind(id)).await?)
}

fn stale() -> Error {
    Error::Stale("这一次刚刚有别人登记过，请看一下再改。".to_owned())
}

/// Somebody is sent to a date, of which nobody notes meanwhile that nobody comes.
///
/// Errors: stale where somebody just has.
pub(super) async fn take(tx: &mut Tx, act: &Act, date: Uuid) -> Result<()> {
    if tx.execute(TAKE_DATE.bind(act.tenant).bind(date)).await? == 0 { Err(stale()) } else { Ok(()) }
}

/// How many were served on a date; it may be put right.
///
/// Errors: refused before it has begun; stale if somebody else was first.
pub async fn count(tx: &mut Tx, act: &Act, date: &Date, seen: i64, served: Served) -> Result<()> {
    if date.starts_at > act.at {
        return Err(Error::refused("还没有到时间，来过以后再登记"));
    }
    let Served { doors, people, leaflets } = served;
    let row = COUNT.bind(act.tenant).bind(date.id).bind(seen).bind(doors).bind(people).bind(leaflets).bind(act.at);
    if tx.execute(row).await? == 0 {
        return Err(stale());
    }
    let words = format!("{doors} 户、{people} 人、{leaflets} 份");
    audit::record(tx, act, "count_served", ("service_date", date.id), &words, &[]).await
}

/// They do not come for something any more: what was to come is missed, and the needs that were to be met then wait again.
///
/// Errors: stale if somebody else was first.
pub async fn stop(tx: &mut Tx, act: &Act, id: Uuid, why: &str) -> Result<()> {
    if tx.execute(END_STANDING.bind(act.tenant).bind(id).bind(act.at)).await? == 0 {
        return Err(stale());
    }
    let awaited: Vec<Awaited> = tx.all(AWAITED.bind(act.tenant).bind(id).bind(act.at)).await?;
    call::let_go_of_dates(tx, act, awaited.into_iter().map(|date| date.id).collect(), why).await?;
    let missed = tx.execute(MISS_COMING.bind(act.tenant).bind(id).bind(act.at).bind(why)).await?;
    audit::record(tx, act, "stop_coming", ("service_standing", id), &format!("{why}，{missed} 次不来了"), &[]).await
}

/// The provider of a standing service within reach, while it runs.
pub(super) async fn whose(tx: &mut Tx, tenant: Uuid, scope: &Scope, standing: Uuid) -> Result<Uuid> {
    let query = RUNNING.bind(tenant).bind(scope.account).bind(&scope.roles).bind(standing);
    Ok(tx.one::<Running>(query).await?.provider_id)
}

/// Nobody comes, or came, on a date, and why. The needs that were to be met then wait again.
///
/// Errors: refused of a date on which people were served; stale if somebody else was first.
pub async fn miss(tx: &mut Tx, act: &Act, date: &Date, seen: i64, why: &str) -> Result<()> {
    if date.people.is_some() {
        return Err(Error::refused("这一次登记过来了多少人，不能再记没有来"));
    }
    call::let_go_of_dates(tx, act, vec![date.id], why).await?;
    if tx.execute(MISS.bind(act.tenant).bind(date.id).bind(seen).bind(why)).await? == 0 {
        return Err(stale());
    }
    if call::waits_for_date(tx, act, date.id).await? {
        return Err(stale());
    }
    audit::record(tx, act, "miss_date", ("service_date", date.id), why, &[]).await
}
