//! Figures of each month, counted after a change and kept, so that pages read a year of a large community in a moment. A
//! month is counted anew from its records, by the same questions as everywhere else: what is kept can be nothing but a recount.

use std::collections::BTreeMap;

use db::{Db, Tx, record, statements};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::model::{Figure, Period, Record, Report};
use super::store;
use crate::access::{Act, Scope};
use crate::error::Result;
use crate::in_reach;
use crate::issue::{Category, Month, month};
use crate::means::Means;

/// When a month was counted, in milliseconds.
const COUNTED: &str = "counted";
const CATEGORY: &str = "category:";
const BUILDING: &str = "building:";

statements! {
    FORGET = "DELETE FROM issue_figures WHERE tenant_id = $1 AND month = $2";
    ADD = "INSERT INTO issue_figures (tenant_id, estate_id, month, facet, amount) VALUES ($1, $2, $3, $4, $5)";
    FIRST = "SELECT reported_at FROM issues WHERE tenant_id = $1 ORDER BY reported_at LIMIT 1";
    COUNTED_MONTHS = "SELECT month FROM issue_figures WHERE tenant_id = $1 AND estate_id = $1 AND facet = 'counted' LIMIT 5000";
    /// When months were counted, which is written once for all estates.
    COUNTED_AT = "SELECT month, facet, amount FROM issue_figures WHERE tenant_id = $1 AND estate_id = $1 AND facet = 'counted'
        AND month BETWEEN $2 AND $3 LIMIT 5000";
    /// Of the whole tenant, or of one estate.
    OF_ONE = "SELECT month, facet, amount FROM issue_figures WHERE tenant_id = $1 AND estate_id = $2 AND month BETWEEN $3 AND $4
        ORDER BY month, facet LIMIT 50000";
    /// Of all estates within reach together.
    OF_REACH = concat!("SELECT f.month, f.facet, CAST(SUM(f.amount) AS BIGINT) AS amount FROM estates e CROSS JOIN issue_figures f
        WHERE e.tenant_id = $1 AND f.tenant_id = e.tenant_id AND f.estate_id = e.id AND f.month BETWEEN $4 AND $5 AND ",
        in_reach!("$2", "$3", "$1", "e.id", "NULL", "NULL"), " GROUP BY f.month, f.facet ORDER BY f.month, f.facet LIMIT 50000");
    /// How many were reported in each month of each estate within reach.
    REPORTED = concat!("SELECT e.id AS estate_id, f.month, f.amount FROM estates e CROSS JOIN issue_figures f
        WHERE e.tenant_id = $1 AND f.tenant_id = e.tenant_id AND f.estate_id = e.id AND f.month BETWEEN $4 AND $5 AND f.facet = 'reported' AND ",
        in_reach!("$2", "$3", "$1", "e.id", "NULL", "NULL"), " LIMIT 50000");
}

record! {
    struct FirstRow { reported_at: Timestamp }
    struct MonthRow { month: i64 }
    struct FacetRow { month: i64, facet: String, amount: i64 }
    struct ReportedRow { estate_id: Uuid, month: i64, amount: i64 }
}

/// The figures of some months.
#[derive(Debug, Default)]
pub struct Months {
    amounts: BTreeMap<(Month, String), i64>,
}

impl Months {
    pub fn get(&self, month: Month, figure: Figure) -> i64 {
        self.amount(month, figure.code())
    }

    pub fn of_category(&self, month: Month, category: Category) -> i64 {
        self.amount(month, &format!("{CATEGORY}{}", category.code()))
    }

    pub fn of_building(&self, month: Month, building: Uuid) -> i64 {
        self.amount(month, &format!("{BUILDING}{building}"))
    }

    /// When the month was last counted.
    pub fn counted_at(&self, month: Month) -> Option<Timestamp> {
        Timestamp::from_millisecond(self.amount(month, COUNTED)).ok().filter(|at| at.as_millisecond() > 0)
    }

    fn amount(&self, month: Month, facet: &str) -> i64 {
        self.amounts.get(&(month, facet.to_owned())).copied().unwrap_or_default()
    }
}

impl FromIterator<FacetRow> for Months {
    fn from_iter<I: IntoIterator<Item = FacetRow>>(rows: I) -> Self {
        let entry = |row: FacetRow| Month::from_number(row.month).map(|month| ((month, row.facet), row.amount));
        Months { amounts: rows.into_iter().filter_map(entry).collect() }
    }
}

/// The months from one to another, of what is within reach; of one estate where one is named.
pub async fn months(
    tx: &mut Tx,
    tenant: Uuid,
    scope: &Scope,
    estate: Option<Uuid>,
    (first, last): (Month, Month),
) -> Result<Months> {
    let query = match (estate, scope.account) {
        (Some(estate), _) => OF_ONE.bind(tenant).bind(estate),
        (None, None) => OF_ONE.bind(tenant).bind(tenant),
        (None, Some(_)) => OF_REACH.bind(tenant).bind(scope.account).bind(&scope.roles),
    };
    let mut rows: Vec<FacetRow> = tx.all(query.bind(first.number()).bind(last.number())).await?;
    rows.extend(tx.all::<FacetRow>(COUNTED_AT.bind(tenant).bind(first.number()).bind(last.number())).await?);
    Ok(rows.into_iter().collect())
}

/// How many were reported in each month, by estate.
pub async fn reported(
    tx: &mut Tx,
    tenant: Uuid,
    scope: &Scope,
    (first, last): (Month, Month),
) -> Result<BTreeMap<(Uuid, Month), i64>> {
    let query = REPORTED.bind(tenant).bind(scope.account).bind(&scope.roles);
    let rows: Vec<ReportedRow> = tx.all(query.bind(first.number()).bind(last.number())).await?;
    let entry = |row: ReportedRow| Month::from_number(row.month).map(|month| ((row.estate_id, month), row.amount));
    Ok(rows.into_iter().filter_map(entry).collect())
}

/// Counts some of the months in which something has changed, each in a transaction of its own; tells whether there may be more. What
/// goes wrong in one tenant does not keep the others waiting: its month is looked at again the next time.
pub async fn count_some(db: &Db, means: &Means) -> Result<bool> {
    let mut after = None;
    loop {
        let stale = month::stale(db, after).await?;
        let Some(last) = stale.last() else { return Ok(false) };
        after = Some(*last);
        let mut counted = false;
        for (tenant, month) in stale {
            match count_one(db, &Act::system(tenant, means), month).await {
                Ok(()) => counted = true,
                Err(error) => tracing::error!(?error, %tenant, month = month.number(), "a month was not counted"),
            }
        }
        if counted {
            return Ok(true);
        }
    }
}

async fn count_one(db: &Db, act: &Act, month: Month) -> Result<()> {
    let mut tx = db.begin().await?;
    if month::take(&mut tx, act.tenant, month).await? {
        count(&mut tx, act, month).await?;
    }
    Ok(tx.commit().await?)
}

/// Lets the months that have never been counted be counted: of a month in which nothing has happened yet, what is open has to be
/// known too.
pub async fn begin_months(tx: &mut Tx, act: &Act) -> Result<()> {
    let Some(first) = tx.optional::<FirstRow>(FIRST.bind(act.tenant)).await? else { return Ok(()) };
    let counted: Vec<MonthRow> = tx.all(COUNTED_MONTHS.bind(act.tenant)).await?;
    let counted: Vec<i64> = counted.into_iter().map(|row| row.month).collect();
    let months = Month::at(first.reported_at).until(Month::at(act.at));
    month::mark(tx, act, months.filter(|month| !counted.contains(&month.number()))).await
}

async fn count(tx: &mut Tx, act: &Act, month: Month) -> Result<()> {
    let period = Period::month(month.first())?;
    let records = store::all_records(tx, act.tenant, &period).await?;
    // What has happened in this very moment has happened.
    let report = Report { period, now: act.at + SignedDuration::from_millis(1), records };
    tx.execute(FORGET.bind(act.tenant).bind(month.number())).await?;
    let row = |((estate, facet), amount): ((Option<Uuid>, String), i64)| {
        let row = ADD.bind(act.tenant).bind(estate.unwrap_or(act.tenant)).bind(month.number());
        row.bind(facet).bind(amount)
    };
    let mut rows: Vec<db::Query> = facets(&report).into_iter().map(row).collect();
    rows.push(row(((None, COUNTED.to_owned()), act.at.as_millisecond())));
    Ok(tx.execute_many(ADD, rows).await?)
}

/// What a month has: of everything together, and of each estate.
fn facets(report: &Report) -> BTreeMap<(Option<Uuid>, String), i64> {
    let mut facets = BTreeMap::new();
    let mut add = |record: &Record, facet: String| {
        let estate = record.estate.as_ref().map(|(estate, _)| *estate);
        if estate.is_some() {
            *facets.entry((estate, facet.clone())).or_default() += 1;
        }
        // Of everything together nobody asks for single buildings.
        if !facet.starts_with(BUILDING) {
            *facets.entry((None, facet)).or_default() += 1;
        }
    };
    // What is late now is a question about now, not about a month.
    for figure in Figure::ALL.iter().filter(|figure| **figure != Figure::Overdue) {
        report.rows(*figure).for_each(|record| add(record, figure.code().to_owned()));
    }
    for record in report.rows(Figure::Reported) {
        add(record, format!("{CATEGORY}{}", record.category.code()));
        if let Some((building, _)) = &record.building {
            add(record, format!("{BUILDING}{building}"));
        }
    }
    facets
}
