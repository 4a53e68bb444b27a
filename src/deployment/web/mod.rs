//! The pages of deployment plans: the list and one version with its steps (`desk`), writing one (`edit`), two side by side (`compare`), trying
//! one out (`simulate`), and what a school sees and says (`school`).

mod compare;
mod desk;
mod edit;
mod school;
mod simulate;

use askama::Template;
use db::Tx;
use uuid::Uuid;

use super::store::{self, Plan};
use crate::access::{Permission, Routes, Viewer};
use crate::document::Paper;
use crate::error::Result;
use crate::web::{Form, Shell, show};

pub fn routes() -> Routes {
    Routes::default()
        .merge(desk::routes())
        .merge(edit::routes())
        .merge(compare::routes())
        .merge(simulate::routes())
        .merge(school::routes())
}

/// Values and labels of a select.
type Options = Vec<(String, String)>;

/// A paper as it is printed.
#[derive(Template)]
#[template(path = "deployment/web/paper.html")]
struct PaperPage {
    shell: Shell,
    paper: Paper,
    back: (String, String),
    /// Where its Word file is, if there is one.
    file: Option<String>,
}

/// A number within a form, ready to be drawn.
struct Field {
    name: String,
    label: String,
    /// Said to screen readers in front of the label.
    of: String,
    value: String,
    error: String,
}

impl Field {
    fn of(form: &Form, name: String, label: &str, of: &str) -> Field {
        let (value, error) = (form.value(&name).to_owned(), form.error(&name).unwrap_or_default().to_owned());
        Field { label: label.to_owned(), of: of.to_owned(), value, error, name }
    }
}

/// A whole number within a range, or nothing where nothing or 0 is written.
fn amount(form: &mut Form, name: &str, label: &str, most: i64) -> Option<i64> {
    let text = codes::text::half_width(form.value(name).trim());
    if text.is_empty() {
        return None;
    }
    match text.parse().ok().filter(|number| (0..=most).contains(number)) {
        Some(0) => None,
        Some(number) => Some(number),
        None => {
            form.fail(name, format!("{label}请填 0 到 {most} 的整数"));
            None
        }
    }
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

/// Words of a plan name places and reasons, and no number that belongs to a person.
fn words(form: &mut Form, field: &str, label: &str, length: std::ops::RangeInclusive<usize>) -> String {
    form.open_text(field, label, length, "不要写电话或身份证号")
}

fn to(id: Uuid) -> String {
    format!("/deployment-plans/{id}")
}

/// One within reach of a permission; not found otherwise.
async fn reached(tx: &mut Tx, viewer: &Viewer, permission: Permission, id: Uuid) -> Result<Plan> {
    store::plan_within(tx, viewer.tenant, &viewer.scope(permission), id).await
}

/// `11月18日 星期三 19:42 郝志刚 打印，内部使用`
fn mark(viewer: &Viewer, at: &jiff::Timestamp, what: &str) -> String {
    format!("{} {} {what}，内部使用", show::day_and_time(at), viewer.name)
}
