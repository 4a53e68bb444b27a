//! The pages of the patrols: today (`today`), routes with their points and codes (`route`), one round (`round`), figures of a day, a week, a
//! term (`figure`), and what whoever walks sees without an account (`own`).

mod figure;
mod own;
mod round;
mod route;
mod today;

use jiff::civil::Date;
use uuid::Uuid;

use super::store::{Check, CheckPhoto};
use crate::access::Routes;
use crate::duty;
use crate::hazard;

pub fn routes() -> Routes {
    today::routes().merge(route::routes()).merge(round::routes()).merge(figure::routes()).merge(own::routes())
}

/// Values and labels of a select.
type Options = Vec<(String, String)>;

/// So many places of the list are offered, those of the route's own school and the nearest first.
const MOST_PLACES: usize = 1_000;

/// What somebody saw on the way, as whoever looks at it needs it.
struct Note {
    check: Check,
    photos: Vec<Uuid>,
    /// The same, as the form of a hazard takes them over.
    carried: Vec<String>,
    /// Where it is, as far as the list of schools and places says: what the form of a hazard begins with.
    school: Option<Uuid>,
    place: Option<hazard::Place>,
}

impl Note {
    fn school(&self) -> String {
        self.school.map(|id| id.to_string()).unwrap_or_default()
    }

    /// In words, for the ledger.
    fn whereabouts(&self) -> String {
        self.place.as_ref().map_or(format!("{}附近", self.check.point_name), |place| place.place.clone())
    }

    /// The day on which it was seen.
    fn found(&self) -> String {
        duty::day_of(self.check.at).to_string()
    }

    fn distance(&self) -> String {
        self.place.as_ref().map(|place| place.distance.to_string()).unwrap_or_default()
    }

    fn kind(&self) -> &'static str {
        self.place.as_ref().map_or("", |place| place.kind.hazard().code())
    }

    fn listed(&self) -> String {
        self.place.as_ref().map(|place| place.id.to_string()).unwrap_or_default()
    }
}

/// Those of one note, in their order.
fn photos_of(photos: &[CheckPhoto], check: &Check) -> Vec<Uuid> {
    photos.iter().filter(|photo| photo.check_id == check.id).map(|photo| photo.photo_id).collect()
}

/// A day that a form or an address names, within two centuries.
fn a_day(text: &str) -> Option<Date> {
    text.trim().parse::<Date>().ok().filter(|date| (2000..=2200).contains(&date.year()))
}

/// The day that an address names, or today.
fn day_or_today(text: Option<&str>, now: jiff::Timestamp) -> Date {
    text.and_then(a_day).unwrap_or_else(|| duty::day_of(now))
}

/// Words of whoever walks are read by staff, and become words of the ledger.
const NO_NUMBERS: &str = "不要写电话或身份证号";
