//! Reports: months that are kept, a month that is counted from its records, and the rows behind a figure.

use db::{Db, Tx};
use doorstep::access::{Act, Scope};
use doorstep::issue::{self, Month};
use doorstep::means::Means;
use doorstep::report::{self, Figure, Period, Record, roll_up};
use doorstep::{access, place, upkeep};
use jiff::Timestamp;
use uuid::Uuid;

use crate::scene::Scenario;

/// As many rows has a page.
const PAGE: usize = 100;

/// Counts what is kept of buildings and months, in every tenant.
pub async fn count(db: &Db, means: &Means) {
    let tenants = access::tenants(&mut db.read().await.unwrap()).await.unwrap();
    for tenant in tenants {
        let mut tx = db.begin().await.unwrap();
        roll_up::begin_months(&mut tx, &Act::system(tenant.tenant_id, means)).await.unwrap();
        tx.commit().await.unwrap();
    }
    upkeep::count(db, means).await.unwrap();
    assert!(issue::month::stale(db, None).await.unwrap().is_empty(), "every month has been counted");
}

/// The last whole month, which has rows enough.
pub struct Asked {
    last: Month,
    month: Month,
    /// The last row of the page before the last; none where there is only one page.
    deep: Option<Uuid>,
    now: Timestamp,
}

impl Asked {
    pub async fn read(tx: &mut Tx, tenant: Uuid, means: &Means) -> Asked {
        let now = means.now();
        let last = Month::at(now);
        let mut asked = Asked { last, month: last.plus(-1), deep: None, now };
        let records = asked.records(tx, tenant).await;
        let period = asked.period();
        let rows: Vec<Uuid> = records
            .iter()
            .filter(|record| Figure::Reported.counts(record, &period, now))
            .map(|record| record.id)
            .collect();
        asked.deep = rows.len().checked_sub(PAGE).and_then(|at| rows.get(at.saturating_sub(1))).copied();
        asked
    }

    fn period(&self) -> Period {
        Period::month(self.month.first()).unwrap()
    }

    async fn records(&self, tx: &mut Tx, tenant: Uuid) -> Vec<Record> {
        report::records(tx, tenant, &Scope::tenant(), &self.period(), None).await.unwrap()
    }

    pub fn path(&self, scenario: Scenario, code: &str) -> String {
        let period = self.period();
        let rows = format!("/reports/rows?from={}&to={}&figure=reported", period.first, period.last);
        match scenario {
            Scenario::Trends => "/reports/trends".to_owned(),
            Scenario::BoardFigures => format!("/board/{code}/figures"),
            Scenario::Month => format!("/reports?from={}&to={}", period.first, period.last),
            Scenario::DeepRows => format!("{rows}&after={}", self.deep.expect("more rows than one page has")),
            _ => rows,
        }
    }

    /// What is read for a page, without who may see it and without settings.
    pub async fn sql(&self, tx: &mut Tx, tenant: Uuid, scenario: Scenario) {
        let span = (self.last.plus(-11), self.last);
        let everything = Scope::tenant();
        match scenario {
            Scenario::Trends => {
                roll_up::months(tx, tenant, &everything, None, span).await.unwrap();
                place::estates(tx, tenant).await.unwrap();
                roll_up::reported(tx, tenant, &everything, span).await.unwrap();
            }
            Scenario::BoardFigures => drop(roll_up::months(tx, tenant, &everything, None, span).await.unwrap()),
            _ => {
                let records = self.records(tx, tenant).await;
                let period = self.period();
                std::hint::black_box(
                    records.iter().filter(|record| Figure::Reported.counts(record, &period, self.now)).count(),
                );
            }
        }
    }
}
