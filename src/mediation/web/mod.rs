//! The pages of mediations: the list and the form of a new one (`desk`), a case with the steps that its reader may take (`page`,
//! `steps`), its papers (`paper`), what mediators and parties without an account see by their links (`link`), and what everybody may
//! know (`board`).

mod board;
mod desk;
mod link;
mod page;
mod paper;
mod steps;

use jiff::Timestamp;
use jiff::civil::{Date, Time};

use crate::access::Routes;
use crate::mediation::model::{Particulars, SIDES};
use crate::web::Form;

pub fn routes() -> Routes {
    desk::routes()
        .merge(page::routes())
        .merge(steps::routes())
        .merge(paper::routes())
        .merge(link::routes())
        .merge(board::routes())
}

/// The choices of a form, each with its label.
type Options = Vec<(String, String)>;

fn options<T: Copy>(all: &[T], code: fn(T) -> &'static str, label: fn(T) -> &'static str) -> Options {
    all.iter().map(|choice| (code(*choice).to_owned(), label(*choice).to_owned())).collect()
}

fn sides() -> Options {
    (1..).zip(SIDES).map(|(number, label): (i64, _)| (number.to_string(), label.to_owned())).collect()
}

/// Words that are kept in a file may name people, but no number that has a field of its own.
fn words(form: &mut Form, field: &str, label: &str, least: usize, most: usize) -> String {
    let words = form.text(field, label, least..=most);
    if codes::text::personal(&words).is_some() {
        form.fail(field, "这里不要写手机号和身份证号，请填到当事人那一栏（加密保存）");
    }
    words
}

fn day(form: &mut Form, field: &str, label: &str) -> Option<Date> {
    form.choice(field, label, |text| text.parse().ok())
}

/// A day and a time of it, by the clock of Shanghai.
fn moment(day: Option<Date>, time: Option<Time>) -> Option<Timestamp> {
    Some(day?.to_datetime(time?).to_zoned_datetime(calendar::shanghai()).ok()?.timestamp())
}

/// Reads who somebody is from fields that begin alike. What is left empty stays as it was, if something was known of a person of that name.
fn particulars(form: &mut Form, prefix: &str, before: Option<&Particulars>) -> Particulars {
    let field = |name: &str| format!("{prefix}_{name}");
    let is_empty = |form: &Form, name: &str| form.value(&field(name)).trim().is_empty();
    let name = match before {
        Some(known) if is_empty(form, "name") => known.name.clone(),
        _ => form.person_name(&field("name")).unwrap_or_default(),
    };
    let before = before.filter(|known| known.name == name);
    let kept = |pick: fn(&Particulars) -> &String| before.map(pick).cloned().unwrap_or_default();
    let phone = match is_empty(form, "phone") {
        true => kept(|known| &known.phone),
        false => form.phone(&field("phone")).unwrap_or_default(),
    };
    let identity = match is_empty(form, "identity") {
        true => kept(|known| &known.identity),
        false => match codes::IdentityNumber::parse(form.value(&field("identity"))) {
            Ok(number) => number.as_str().to_owned(),
            Err(error) => {
                form.fail(&field("identity"), error.to_string());
                String::new()
            }
        },
    };
    let address = match is_empty(form, "address") {
        true => kept(|known| &known.address),
        false => form.text(&field("address"), "住址", 2..=60),
    };
    let representative = match is_empty(form, "representative") {
        true => kept(|known| &known.representative),
        false => form.person_name(&field("representative")).unwrap_or_default(),
    };
    Particulars { name, phone, identity, address, representative }
}
