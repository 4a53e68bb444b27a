//! How many reports there were in each of the last twelve months, of each category and at each building.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use jiff::ToSpan;
use jiff::civil::Date;

use super::{Asked, today};
use crate::access::{Permission, Routes, Viewer};
use crate::app::App;
use crate::error::Result;
use crate::report::model::Period;
use crate::report::store::{self, Reported};
use crate::web::chart::Columns;
use crate::web::{Shell, page};

pub fn routes() -> Routes {
    Routes::default().get("/reports/trends", Permission::ReportRead, show)
}

const MONTHS: usize = 12;
/// Fewer reports than that in a year are no trend.
const LEAST: i64 = 3;
/// More buildings than that nobody looks through.
const MOST: usize = 30;

#[derive(Template)]
#[template(path = "report/web/trends.html")]
struct TrendsPage {
    shell: Shell,
    least: i64,
    all: Columns,
    categories: Vec<(String, Columns)>,
    buildings: Vec<(String, Columns)>,
}

async fn show(State(app): State<App>, viewer: Viewer, shell: Shell, Query(asked): Query<Asked>) -> Result<Response> {
    let today = today(app.means.now());
    let first = today.first_of_month().saturating_sub((MONTHS as i32 - 1).months());
    let period = Period::of(first, today.last_of_month())?;
    let scope = viewer.scope(Permission::ReportRead);
    let mut tx = app.db.read().await?;
    let reported = store::reported(&mut tx, viewer.tenant, &scope, &period, asked.estate()).await?;
    let of = |belongs: &dyn Fn(&Reported) -> bool| months(first, reported.iter().filter(|one| belongs(one)));
    let mut categories: BTreeMap<_, i64> = BTreeMap::new();
    let mut buildings: BTreeMap<_, (i64, String)> = BTreeMap::new();
    for one in &reported {
        *categories.entry(one.category).or_default() += 1;
        if let (Some(id), Some(estate), Some(building)) = (one.building_id, &one.estate_name, &one.building_name) {
            buildings.entry(id).or_insert_with(|| (0, format!("{estate} {building}"))).0 += 1;
        }
    }
    let mut categories: Vec<_> = categories.into_iter().filter(|(_, count)| *count >= LEAST).collect();
    categories.sort_by_key(|(category, count)| (-count, *category));
    let mut buildings: Vec<_> = buildings.into_iter().filter(|(_, (count, _))| *count >= LEAST).collect();
    buildings.sort_by(|(_, (a, first)), (_, (b, second))| b.cmp(a).then_with(|| first.cmp(second)));
    buildings.truncate(MOST);
    page(&TrendsPage {
        shell,
        least: LEAST,
        all: of(&|_| true),
        categories: categories
            .into_iter()
            .map(|(category, _)| (category.to_string(), of(&|one| one.category == category)))
            .collect(),
        buildings: buildings
            .into_iter()
            .map(|(id, (_, name))| (name, of(&|one| one.building_id == Some(id))))
            .collect(),
    })
}

/// How many of some reports lie in each month from the first on.
fn months<'a>(first: Date, reported: impl Iterator<Item = &'a Reported>) -> Columns {
    let mut counts = [0i64; MONTHS];
    for one in reported {
        let day = today(one.reported_at);
        let month = i32::from(day.year() - first.year()) * 12 + i32::from(day.month() - first.month());
        if let Some(count) = usize::try_from(month).ok().and_then(|month| counts.get_mut(month)) {
            *count += 1;
        }
    }
    let label = |month: usize| first.saturating_add((month as i32).months()).strftime("%-m月").to_string();
    Columns::new(counts.iter().enumerate().map(|(month, count)| (label(month), *count)).collect())
}
