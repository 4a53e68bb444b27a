//! The pages of 护学岗.

mod called_off;
mod contact;
mod day;
mod gate;
mod limit;
mod own;
mod people;
mod roster;
mod school;
mod shift;
mod slot;
mod term;
mod watch;
mod ways;

pub use own::{remember as remember_phone, whose_phone};

use askama::Template;
use db::Tx;
use jiff::civil::Date;
use uuid::Uuid;

use crate::access::{Permission, Routes, Viewer};
use crate::duty::store;
use crate::error::Result;
use crate::web::{Form, Shell};

/// Values and labels of a select.
type Options = Vec<(String, String)>;

pub fn routes() -> Routes {
    Routes::default()
        .merge(school::routes())
        .merge(gate::routes())
        .merge(slot::routes())
        .merge(term::routes())
        .merge(people::routes())
        .merge(day::routes())
        .merge(shift::routes())
        .merge(called_off::routes())
        .merge(own::routes())
        .merge(roster::routes())
        .merge(ways::routes())
}

/// A link that was just given anew, with its code; it is shown this once.
#[derive(Template)]
#[template(path = "duty/web/link.html")]
struct LinkPage {
    shell: Shell,
    title: String,
    back: String,
    words: &'static str,
    address: String,
    picture: String,
}

/// The units to which somebody may assign people and schools, to be chosen from.
async fn units(tx: &mut Tx, viewer: &Viewer) -> Result<Options> {
    let units = store::units_within(tx, viewer.tenant, &viewer.scope(Permission::DutyEdit)).await?;
    Ok(units.into_iter().map(|unit| (unit.id.to_string(), unit.name)).collect())
}

fn chosen(options: &Options, code: &str) -> Option<Uuid> {
    options.iter().find(|(id, _)| id == code)?.0.parse().ok()
}

/// A whole number within a range; the label is said where it is none.
fn number(form: &mut Form, name: &str, label: &str, range: std::ops::RangeInclusive<i64>) -> Option<i64> {
    form.number(name, label, range)
}

fn optional_number(form: &mut Form, name: &str, label: &str, range: std::ops::RangeInclusive<i64>) -> Option<i64> {
    if form.value(name).trim().is_empty() { None } else { number(form, name, label, range) }
}

/// A number that tells the rosters of one week from those of another: `2637` for the 37th of 2026.
fn seed_of(day: Date) -> String {
    let week = day.iso_week_date();
    format!("{:02}{:02}", week.year().rem_euclid(100), week.week())
}

/// A day that a form or an address names, within two centuries.
fn a_day(text: &str) -> Option<Date> {
    text.trim().parse::<Date>().ok().filter(|date| (2000..=2200).contains(&date.year()))
}

/// Two days of a form, the second not before the first.
fn days(form: &mut Form) -> Option<(Date, Date)> {
    let first = form.choice("first", "第一天", a_day);
    let last = form.choice("last", "最后一天", a_day);
    let (first, last) = (first?, last?);
    if last < first {
        form.fail("last", "最后一天要在第一天以后");
        return None;
    }
    Some((first, last))
}
