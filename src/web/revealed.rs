//! What is shown in full once, to somebody who has said why.

use askama::Template;
use axum::response::Response;

use super::{Shell, page};
use crate::error::Result;

#[derive(Template)]
#[template(path = "web/revealed.html")]
pub struct Revealed {
    pub shell: Shell,
    /// Whose it is.
    pub name: String,
    /// `证件号码`, `联系电话`, …
    pub what: &'static str,
    pub value: String,
    pub form: ValueForm,
    pub reason: String,
    /// Where it leads back to, and in what words.
    pub back: (String, &'static str),
}

/// How a value is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueForm {
    Identity,
    Phone,
    Words,
}

impl Revealed {
    pub fn page(&self) -> Result<Response> {
        page(self)
    }

    /// The value in the groups at which a narrow screen may break it: the parts of an identity number, else all of it.
    fn groups(&self) -> Vec<&str> {
        match self.value.split_at_checked(14) {
            Some((front, last)) if self.form == ValueForm::Identity && front.is_ascii() => {
                let (area, birth) = front.split_at(6);
                vec![area, birth, last]
            }
            _ => vec![&self.value],
        }
    }
}
