//! The pages of the ledger: the list, the form of a new hazard and what is taken away (`desk`), one hazard with the steps that its reader may
//! take (`page`, `steps`), rounds and the list of places (`round`), and schools with their surveys and what they see themselves (`school`).

mod desk;
mod page;
mod round;
mod school;
mod steps;

pub use desk::MOST_PHOTOS;

use uuid::Uuid;

use super::School;
use crate::access::Routes;
use crate::error::{Error, Result};
use crate::web::Form;

pub fn routes() -> Routes {
    desk::routes().merge(page::routes()).merge(steps::routes()).merge(round::routes()).merge(school::routes())
}

/// The choices of a form, each with its label.
type Options = Vec<(String, String)>;

fn options<T: Copy>(all: &[T], code: fn(T) -> &'static str, label: fn(T) -> &'static str) -> Options {
    all.iter().map(|choice| (code(*choice).to_owned(), label(*choice).to_owned())).collect()
}

fn school_options(schools: &[School]) -> Options {
    schools.iter().map(|school| (school.id.to_string(), school.name.clone())).collect()
}

/// Words of the ledger name places and what was done, and no number that belongs to a person.
fn words(form: &mut Form, field: &str, label: &str, least: usize, most: usize) -> String {
    form.open_text(field, label, least..=most, "这里不要写手机号和身份证号，电话请填到责任人那一栏（加密保存）")
}

/// Metres, as people write them: `120`, `120米`.
fn metres(form: &mut Form, field: &str, label: &str) -> Option<i64> {
    form.choice(field, label, |text| {
        let text = codes::text::half_width(text.trim());
        let number = text.trim_end_matches(['米', 'm']).trim().parse::<i64>().ok();
        number.filter(|metres| (0..=20_000).contains(metres))
    })
}

/// The school that a form names, if it is within reach of whoever sends it.
fn of_schools(form: &mut Form, field: &str, schools: &[School]) -> Option<School> {
    form.choice(field, "学校", |id| {
        let id: Uuid = id.parse().ok()?;
        schools.iter().find(|school| school.id == id).cloned()
    })
}

/// What the handler of a form needs of the one whose subject it is.
fn found<T>(found: Option<T>) -> Result<T> {
    found.ok_or(Error::NotFound)
}
