//! How it goes from month to month: what comes in and is done, the rates, and where it comes from.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use jiff::Timestamp;

use super::frame::Frame;
use super::{Asked, address, today};
use crate::access::{Permission, Routes, Viewer};
use crate::app::App;
use crate::error::Result;
use crate::issue::{Category, Month};
use crate::place::{self, Estate};
use crate::report::model::{self, Figure, Period, Rate, Rules};
use crate::report::roll_up::{self, Months};
use crate::web::chart::Columns;
use crate::web::{Shell, page};
use crate::workbook::{Cell, Table};
use crate::{settings, workbook};

pub fn routes() -> Routes {
    Routes::default().get("/reports/trends", Permission::ReportRead, show).get(
        "/reports/trends.xlsx",
        Permission::ReportRead,
        file,
    )
}

pub(super) const MONTHS: usize = 12;
/// Fewer reports than that in a year are no trend.
const LEAST: i64 = 3;
/// More buildings or estates than that nobody looks through.
const MOST: usize = 30;
/// What is drawn month by month.
const DRAWN: [Figure; 4] = [Figure::Reported, Figure::Done, Figure::Closed, Figure::Open];

/// Twelve months, the present one last, with what each has.
struct Trend {
    frame: Frame,
    rules: Rules,
    all: [Month; MONTHS],
    months: Months,
}

/// The months that end with the present one.
pub(super) fn until_now(now: Timestamp) -> [Month; MONTHS] {
    let last = Month::of(today(now));
    std::array::from_fn(|at| last.plus(at as i32 - (MONTHS as i32 - 1)))
}

/// A column for each month.
pub(super) fn columns(months: &[Month; MONTHS], counts: [i64; MONTHS]) -> Columns {
    let label = |month: &Month| month.first().strftime("%-m月").to_string();
    Columns::new(months.iter().map(label).zip(counts).collect())
}

async fn read(tx: &mut db::Tx, viewer: &Viewer, now: Timestamp, asked: &Asked) -> Result<Trend> {
    let all = until_now(now);
    let frame = Frame::read(tx, viewer, asked, now, "/reports/trends").await?;
    let months = roll_up::months(tx, viewer.tenant, &frame.scope, frame.estate, (all[0], all[MONTHS - 1])).await?;
    let rules = settings::read(tx, viewer.tenant, now).await?;
    Ok(Trend { frame, rules, all, months })
}

impl Trend {
    fn rates(&self, month: &Month) -> Vec<Rate> {
        model::rates(|figure| self.months.get(*month, figure))
    }

    fn counts(&self, count: impl Fn(Month) -> i64) -> [i64; MONTHS] {
        self.all.map(count)
    }
}

/// What is drawn under a name.
pub(super) struct Drawn {
    pub name: String,
    pub columns: Columns,
}

#[derive(Template)]
#[template(path = "report/web/trends.html")]
struct TrendsPage {
    shell: Shell,
    trend: Trend,
    least: i64,
    most: usize,
    counted_at: Option<Timestamp>,
    figures: Vec<Drawn>,
    categories: Vec<Drawn>,
    /// Of an estate its buildings, of the whole community its estates.
    places: Vec<Drawn>,
}

impl TrendsPage {
    fn report(&self, month: &Month) -> String {
        let period = Period::month(month.first());
        period.map(|period| address("/reports", &period, self.trend.frame.estate)).unwrap_or_default()
    }

    fn file(&self) -> String {
        let estate = self.trend.frame.estate.map(|id| format!("?estate={id}")).unwrap_or_default();
        format!("/reports/trends.xlsx{estate}")
    }

    fn latest_first(&self) -> impl Iterator<Item = &Month> {
        self.trend.all.iter().rev()
    }
}

async fn show(State(app): State<App>, viewer: Viewer, shell: Shell, Query(asked): Query<Asked>) -> Result<Response> {
    let mut tx = app.db.read().await?;
    let trend = read(&mut tx, &viewer, app.means.now(), &asked).await?;
    // Those of which there are enough, the most frequent first.
    let drawn = |counted: Vec<(String, [i64; MONTHS])>| {
        let mut drawn: Vec<Drawn> =
            counted.into_iter().map(|(name, counts)| Drawn { name, columns: columns(&trend.all, counts) }).collect();
        drawn.retain(|drawn| drawn.columns.total >= LEAST);
        drawn.sort_by(|a, b| b.columns.total.cmp(&a.columns.total).then_with(|| a.name.cmp(&b.name)));
        drawn.truncate(MOST);
        drawn
    };
    let figures = DRAWN.map(|figure| Drawn {
        name: figure.to_string(),
        columns: columns(&trend.all, trend.counts(|month| trend.months.get(month, figure))),
    });
    let category =
        |category: &Category| (category.to_string(), trend.counts(|month| trend.months.of_category(month, *category)));
    let categories = drawn(Category::ALL.iter().map(category).collect());
    let places = match trend.frame.estate {
        Some(estate) => {
            let buildings = place::buildings(&mut tx, viewer.tenant, estate).await?;
            buildings
                .into_iter()
                .map(|building| (building.name, trend.counts(|month| trend.months.of_building(month, building.id))))
                .collect()
        }
        // Of more estates nobody looks through all, and each can be chosen.
        None if trend.frame.estates.len() > MOST => Vec::new(),
        None => {
            let span = (trend.all[0], trend.all[MONTHS - 1]);
            let reported = roll_up::reported(&mut tx, viewer.tenant, &trend.frame.scope, span).await?;
            let of = |estate: &Estate| {
                let count = |month| reported.get(&(estate.id, month)).copied().unwrap_or_default();
                (estate.name.clone(), trend.counts(count))
            };
            trend.frame.estates.iter().map(of).collect()
        }
    };
    let places = drawn(places);
    let counted_at = trend.all.iter().filter_map(|month| trend.months.counted_at(*month)).max();
    page(&TrendsPage {
        shell,
        least: LEAST,
        most: MOST,
        counted_at,
        figures: figures.into_iter().collect(),
        categories,
        places,
        trend,
    })
}

async fn file(State(app): State<App>, viewer: Viewer, Query(asked): Query<Asked>) -> Result<Response> {
    let trend = read(&mut app.db.read().await?, &viewer, app.means.now(), &asked).await?;
    let figures = || Figure::ALL.iter().filter(|figure| **figure != Figure::Overdue);
    let mut columns = vec![("月份".to_owned(), 12)];
    columns.extend(figures().map(|figure| (figure.to_string(), 14)));
    columns.extend(trend.rates(&trend.all[0]).iter().map(|rate| (rate.label.to_owned(), 12)));
    let row = |month: &Month| {
        let mut row = vec![Cell::Text(month.first().strftime("%Y年%-m月").to_string())];
        row.extend(figures().map(|figure| Cell::Number(trend.months.get(*month, *figure))));
        row.extend(trend.rates(month).iter().map(|rate| Cell::Text(rate.words(&trend.rules))));
        row
    };
    let rows = trend.all.iter().map(row).collect();
    let file = workbook::of_tables(&[Table { name: "逐月".to_owned(), columns, rows }])?;
    Ok(workbook::response(file, &format!("{}十二个月走势.xlsx", trend.frame.place)))
}
