//! A phone number that is known already: a form does not show it whole, an empty field leaves it as it is, and a tick takes it away.

use super::Form;

/// As much of a number as everybody sees; nothing where there is none.
pub fn masked_phone(number: &str) -> String {
    match codes::Phone::parse(number) {
        _ if number.is_empty() => String::new(),
        Ok(phone) => phone.masked(),
        Err(_) => "已登记".to_owned(),
    }
}

/// What stands beside the field of a number; nothing where none is known.
pub fn phone_hint(known: &str) -> String {
    if known.is_empty() { String::new() } else { format!("现在是 {}。不改就空着。", masked_phone(known)) }
}

impl Form {
    /// A number of which an empty field says nothing new; under `erase` it is ticked that there is none any more.
    pub fn kept_phone(&mut self, name: &str, known: &str) -> Option<String> {
        match self.optional_phone(name) {
            Some(phone) if phone.is_empty() && !self.is("erase", name) => Some(known.to_owned()),
            other => other,
        }
    }
}
