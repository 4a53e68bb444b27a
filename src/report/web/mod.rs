//! The pages of reports: `figures` for the issues of a period, `topic` for everything else, each with the rows behind it; `template` for
//! a superior's own form; `trend` for how it goes from month to month, and `board` for what of it
//! everybody may see. `frame` is what they begin with.

mod board;
mod figures;
mod frame;
mod template;
mod topic;
mod trend;

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use serde::Deserialize;
use uuid::Uuid;

use super::model::{Figure, Period};
use crate::access::Routes;
use crate::error::Result;
use crate::issue::Category;

pub fn routes() -> Routes {
    figures::routes().merge(topic::routes()).merge(template::routes()).merge(trend::routes()).merge(board::routes())
}

/// What somebody asks for in the address.
#[derive(Debug, Default, Deserialize)]
struct Asked {
    #[serde(default)]
    from: String,
    #[serde(default)]
    to: String,
    #[serde(default)]
    estate: String,
    #[serde(default)]
    figure: String,
    #[serde(default)]
    category: String,
}

impl Asked {
    /// The period; this month where none is named, or where it cannot be read.
    fn period(&self, now: Timestamp) -> Result<Period> {
        let read = self.from.parse::<Date>().ok().zip(self.to.parse::<Date>().ok());
        match read {
            Some((first, last)) => Period::of(first, last),
            None => Period::month(today(now)),
        }
    }

    fn estate(&self) -> Option<Uuid> {
        self.estate.parse().ok()
    }

    fn figure(&self) -> Option<Figure> {
        Figure::parse(&self.figure)
    }

    /// The code of a figure, whichever report it belongs to.
    fn gauge(&self) -> &str {
        &self.figure
    }

    fn category(&self) -> Option<Category> {
        Category::parse(&self.category)
    }
}

fn today(now: Timestamp) -> Date {
    now.to_zoned_datetime(calendar::shanghai()).date()
}

/// The address of a page for a period and a place.
fn address(path: &str, period: &Period, estate: Option<Uuid>) -> String {
    let estate = estate.map(|id| format!("&estate={id}")).unwrap_or_default();
    format!("{path}?from={}&to={}{estate}", period.first, period.last)
}

/// Periods that are often asked for, by their names.
fn presets(now: Timestamp) -> Result<Vec<(&'static str, Period)>> {
    let today = today(now);
    let month = today.first_of_month();
    let quarter = month.saturating_sub(((month.month() - 1) % 3).months());
    let year = today.first_of_year();
    Ok(vec![
        ("本月", Period::month(month)?),
        ("上月", Period::month(month.saturating_sub(1.month()))?),
        ("本季度", Period::of(quarter, quarter.saturating_add(2.months()).last_of_month())?),
        ("今年", Period::of(year, year.last_of_year())?),
        ("去年", Period::of(year.saturating_sub(1.year()), year.saturating_sub(1.day()))?),
    ])
}
