mod agenda;
mod calendar;
mod called;
mod decision;
mod desk;
mod duty;
mod joint;
mod minutes;
mod page;
mod paper;
mod procedure;
mod public;
mod roll;
mod sign_in;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;

use crate::access::Routes;

/// Which month a page is about.
#[derive(Deserialize)]
struct Month {
    /// Any day of it; this month if there is none.
    month: Option<String>,
}

impl Month {
    fn first_day(&self, now: Timestamp) -> Date {
        let today = now.to_zoned_datetime(::calendar::shanghai()).date();
        // A date of somebody's own making may lie at the end of all calendars.
        let asked = self.month.as_deref().and_then(|text| text.parse::<Date>().ok());
        asked.filter(|day| (2000..=2200).contains(&day.year())).unwrap_or(today).first_of_month()
    }
}

pub fn routes() -> Routes {
    desk::routes()
        .merge(agenda::routes())
        .merge(calendar::routes())
        .merge(decision::routes())
        .merge(duty::routes())
        .merge(called::routes())
        .merge(joint::routes())
        .merge(procedure::routes())
        .merge(minutes::routes())
        .merge(page::routes())
        .merge(paper::routes())
        .merge(public::routes())
        .merge(roll::routes())
        .merge(sign_in::routes())
}
