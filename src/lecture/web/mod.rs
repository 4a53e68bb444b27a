//! The pages of 法治进校园.

mod about;
mod arrange;
mod balance;
mod confidence;
mod contact;
mod corrected;
mod given;
mod kept;
mod lecturer;
mod material;
mod own;
mod plan;
mod presence;
mod quiz;
mod request;
mod school;
mod session;
mod summary;
mod turn;

use askama::Template;
use axum::response::Response;
use jiff::civil::Date;
use uuid::Uuid;

use super::model::grade;
use super::store::Subject;
use crate::access::Routes;
use crate::error::Result;
use crate::web::{Form, Shell, page, qr};

/// Values and labels of a select.
type Options = Vec<(String, String)>;

pub fn routes() -> Routes {
    Routes::default()
        .merge(session::routes())
        .merge(arrange::routes())
        .merge(given::routes())
        .merge(presence::routes())
        .merge(request::routes())
        .merge(plan::routes())
        .merge(school::routes())
        .merge(corrected::routes())
        .merge(turn::routes())
        .merge(lecturer::routes())
        .merge(material::routes())
        .merge(own::routes())
        .merge(quiz::routes())
        .merge(confidence::routes())
        .merge(summary::routes())
        .merge(balance::routes())
        .merge(kept::routes())
}

fn chosen(options: &Options, code: &str) -> Option<Uuid> {
    options.iter().find(|(id, _)| id == code)?.0.parse().ok()
}

/// All that are ticked under a name, of those that are offered.
fn ticked(form: &Form, name: &str, options: &Options) -> Vec<Uuid> {
    form.values(name).filter_map(|code| chosen(options, code)).collect()
}

/// The subjects that are in use, to be chosen from.
fn offered(subjects: &[Subject]) -> Options {
    let open = subjects.iter().filter(|subject| subject.closed_at.is_none());
    open.map(|subject| (subject.id.to_string(), subject.name.clone())).collect()
}

fn all_grades() -> Options {
    (1..=12).map(|at| (at.to_string(), grade(at).to_owned())).collect()
}

/// The first and the last grade of a form, the second not before the first.
fn two_grades(form: &mut Form) -> Option<(i64, i64)> {
    let read = |code: &str| code.parse::<i64>().ok().filter(|at| (1..=12).contains(at));
    let first = form.choice("first_grade", "从哪个年级", read);
    let last = form.choice("last_grade", "到哪个年级", read);
    let (first, last) = (first?, last?);
    if last < first {
        form.fail("last_grade", "到哪个年级要不低于从哪个年级");
        return None;
    }
    Some((first, last))
}

/// A whole number within a range; the label is said where it is none.
fn number(form: &mut Form, name: &str, label: &str, range: std::ops::RangeInclusive<i64>) -> Option<i64> {
    let text = codes::text::half_width(form.value(name).trim());
    let read = text.parse().ok().filter(|number| range.contains(number));
    if read.is_none() {
        form.fail(name, format!("{label}请填 {} 到 {} 的整数", range.start(), range.end()));
    }
    read
}

/// A day that a form names, within two centuries.
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

/// Whether a sentence that stands in the way of a date asks for a term or for days to be entered, which is done on a page of its own.
fn asks_for_days(words: &str) -> bool {
    // By the ways out that `model::way_out` names: titles and notes speak of terms too.
    words.contains("先登记学期") || words.contains("在“学期和考试”里")
}

/// A new link of somebody, which is shown once.
#[derive(Template)]
#[template(path = "lecture/web/link.html")]
struct LinkPage {
    shell: Shell,
    title: String,
    back: String,
    words: &'static str,
    address: String,
    picture: String,
}

fn link_page(shell: Shell, title: String, back: String, words: &'static str, address: String) -> Result<Response> {
    page(&LinkPage { shell, title, back, words, picture: qr(&address)?, address })
}

#[cfg(test)]
mod tests {
    use super::asks_for_days;
    use crate::lecture::model::unknown;

    #[test]
    fn only_what_asks_for_days_leads_to_where_they_are_entered() {
        let day = "2027-01-06".parse().unwrap();
        assert!(
            asks_for_days(&unknown(day, "还没有登记学期"))
                && asks_for_days(&unknown(day, "还没有 2027 年的放假调休安排"))
        );
        assert!(!asks_for_days("报告厅这个时间已经约了：2026年9月8日 14:30–15:15，石楼中学，新学期法治课"));
        assert!(!asks_for_days("2026-12-28 学校学期末复习，请换一天"));
    }
}
