//! Pages: `desk` is the list of volunteers and the form for somebody new, `page` one of them, `team` the teams and the volunteer grid, `roster`
//! the workbook that comes in, `public` what is on the board, `own` what a volunteer sees by their link, `own_hours` their ledger. `activity` is what staff do with activities, `leading`
//! what whoever runs one does, `arrival` the code on the wall. `honour` is honours
//! and figures, `export` the workbook for the national system.

mod activity;
mod arrival;
mod certificate;
mod desk;
mod export;
mod honour;
mod hours;
mod leading;
mod own;
mod own_hours;
mod page;
mod public;
mod roster;
mod team;

use jiff::civil::Date;

use super::activity_store::Named;
use super::field::{Field, Values};
use super::model::{Guardian, Post, Target, TeamKind, Way};
use crate::access::{Role, Routes};
use crate::audit;
use crate::web::Form;

pub fn routes() -> Routes {
    Routes::default()
        .merge(desk::routes())
        .merge(page::routes())
        .merge(team::routes())
        .merge(roster::routes())
        .merge(public::routes())
        .merge(own::routes())
        .merge(own_hours::routes())
        .merge(hours::routes())
        .merge(certificate::routes())
        .merge(export::routes())
        .merge(honour::routes())
        .merge(activity::routes())
        .merge(leading::routes())
        .merge(arrival::routes())
}

type Options = Vec<(String, String)>;

fn labels<T: Copy>(all: &[T], code: fn(T) -> &'static str, label: fn(T) -> &'static str) -> Options {
    all.iter().map(|one| (code(*one).to_owned(), label(*one).to_owned())).collect()
}

fn ways() -> Options {
    labels(Way::ALL, Way::code, Way::label)
}

fn posts() -> Options {
    labels(Post::ALL, Post::code, Post::label)
}

fn kinds() -> Options {
    labels(TeamKind::ALL, TeamKind::code, TeamKind::label)
}

fn targets() -> Options {
    labels(Target::ALL, Target::code, Target::label)
}

/// Reads fields over what is known. A sealed one that is empty stays, unless somebody says that it is to go.
fn read_values(form: &mut Form, fields: &[Field], known: &Values, today: Date) -> Values {
    let mut values = known.clone();
    for field in fields {
        let written = form.value(field.code()).to_owned();
        if field.is_sealed() && written.trim().is_empty() && !form.is("erase", field.code()) {
            continue;
        }
        match field.read(&written, today) {
            Ok(Some(kept)) => _ = values.insert(*field, kept),
            Ok(None) => _ = values.remove(field),
            Err(sentence) => form.fail(field.code(), sentence),
        }
    }
    // The number tells both better than what somebody writes beside it.
    let number = values.get(&Field::Identity).and_then(|number| codes::IdentityNumber::parse(number).ok());
    if let Some(number) = number {
        let (year, month, day) = number.birth();
        values.insert(Field::Birth, format!("{year:04}-{month:02}-{day:02}"));
        values.insert(Field::Sex, number.sex().code().to_owned());
    }
    values
}

/// The guardian whom a form names, if it names one.
fn read_guardian(form: &mut Form) -> Option<Guardian> {
    if ["guardian_name", "guardian_phone"].iter().all(|field| form.value(field).trim().is_empty()) {
        return None;
    }
    let name = form.person_name("guardian_name");
    let relation = form.text("guardian_relation", "是本人的什么人", 1..=20);
    let phone = form.phone("guardian_phone");
    Some(Guardian { name: name?, relation, phone: phone? })
}

/// The history of a volunteer or an activity as its page tells it: whoever has no account here is a volunteer.
fn told(past: Vec<audit::Past>, in_words: impl Fn(&audit::PastChange) -> String) -> Vec<audit::Told> {
    let told = past.into_iter().map(|entry| {
        let mut told = entry.told(&in_words);
        if told.who == Role::Resident.label() {
            "志愿者".clone_into(&mut told.who);
        }
        told
    });
    told.collect()
}

/// Who or what an id in the history stands for, in words.
fn named(names: &[Named], id: Option<&str>) -> String {
    let known = names.iter().find(|named| id.is_some_and(|id| named.id.to_string() == id));
    known.map(|named| named.name.as_str()).filter(|name| !name.is_empty()).unwrap_or("（已删去）").to_owned()
}
