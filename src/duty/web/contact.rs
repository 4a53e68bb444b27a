//! The security contact of a school as its form names it. The number is not shown there: an empty field leaves it as it is.

use crate::duty::school::Contact;
use crate::web::{Form, phone_hint};

/// Whom a form names, of a school whose contact is known or not. Whoever clears the name takes the contact away; another name comes with its own
/// number.
pub(super) fn named(form: &mut Form, known: Option<&Contact>) -> Option<Contact> {
    let name = form.text("contact_name", "安保联系人", 0..=20);
    let phone = form.optional_phone("contact_phone")?;
    match (name.is_empty(), phone.is_empty(), known) {
        (true, true, _) => None,
        (false, false, _) => Some(Contact { name, phone }),
        (false, true, Some(known)) if known.name == name => Some(known.clone()),
        (false, true, Some(_)) => {
            form.fail("contact_phone", "换了安保联系人，手机也要填");
            None
        }
        _ => {
            form.fail("contact_name", "安保联系人的姓名和电话要一起填");
            None
        }
    }
}

/// What stands beside the field of the number.
pub(super) fn hint(known: Option<&Contact>) -> String {
    known.map_or(String::new(), |known| phone_hint(&known.phone))
}
