//! What people type, made uniform; and personal data that slipped into free text.

use crate::identity::{IdentityError, IdentityNumber};
use crate::phone::Phone;

/// Full-width ASCII, the ideographic space and the many dashes become plain ASCII; everything else stays.
pub fn half_width(text: &str) -> String {
    text.chars().map(half_width_char).collect()
}

/// A code in Crockford's letters as somebody typed it: dashes, spaces, small and full-width letters, and what looks like a digit, are forgiven.
pub fn typed_code(text: &str) -> String {
    let meant = |c: char| match c.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        c => c,
    };
    text.chars().map(half_width_char).filter(char::is_ascii_alphanumeric).map(meant).collect()
}

pub(crate) fn half_width_char(c: char) -> char {
    match c {
        '\u{3000}' | '\u{a0}' => ' ',
        '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
        '！'..='～' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
        _ => c,
    }
}

/// Half-width, without any white space, invisible characters or the apostrophe that marks a spreadsheet cell as text.
pub fn compact(text: &str) -> String {
    let visible: String = half_width(text).chars().filter(|&c| !c.is_whitespace() && !is_invisible(c)).collect();
    visible.trim_start_matches(['\'', '‘', '’']).to_owned()
}

/// Characters that take no room and have no business in a name or a code: zero-width, direction marks, controls.
pub(crate) fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{ad}')
        || c.is_control()
}

/// A number that a spreadsheet has rounded and shows as `1.41E+17`.
pub(crate) fn is_scientific(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once(['E', 'e']) else { return false };
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    digits(exponent.trim_start_matches('+')) && mantissa.split('.').count() <= 2 && mantissa.split('.').all(digits)
}

/// What kind of personal data a text gives away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PersonalData {
    /// A mobile phone number.
    Phone,
    /// An identity number, even one with a wrong check digit.
    Identity,
}

/// The first mobile phone or identity number in free text, also when it is written in groups (`138 0000 1234`).
///
/// Groups shorter than three digits are not joined, so that `18-3-1302` stays an address.
pub fn personal(text: &str) -> Option<PersonalData> {
    find_personal(text).map(|(kind, _)| kind)
}

/// The same with the number itself, half hidden: `138****1234`.
pub fn personal_words(text: &str) -> Option<(PersonalData, String)> {
    find_personal(text).map(|(kind, digits)| {
        let (head, tail) = (&digits[..3], &digits[digits.len() - 4..]);
        (kind, format!("{head}****{tail}"))
    })
}

fn find_personal(text: &str) -> Option<(PersonalData, String)> {
    let text = half_width(text);
    let groups = digit_groups(&text);
    (0..groups.len()).find_map(|first| {
        let mut joined = String::new();
        for (index, group) in groups.iter().enumerate().skip(first) {
            let apart =
                index > first && (!group.follows || group.digits.len() < 3 || groups[index - 1].digits.len() < 3);
            if apart || joined.len() + group.digits.len() > 18 {
                break;
            }
            joined.push_str(group.digits);
            if let Some(found) = classify(&joined) {
                return Some((found, joined));
            }
        }
        None
    })
}

fn classify(digits: &str) -> Option<PersonalData> {
    match digits.len() {
        11 | 13 | 15 if Phone::parse(digits).is_ok_and(|phone| phone.is_mobile()) => Some(PersonalData::Phone),
        18 if matches!(IdentityNumber::parse(digits), Ok(_) | Err(IdentityError::Checksum)) => {
            Some(PersonalData::Identity)
        }
        _ => None,
    }
}

struct Group<'a> {
    digits: &'a str,
    /// Only one space, dash or dot stands between this group and the one before.
    follows: bool,
}

/// The runs of digits in `text`, each with a closing X if it has one.
fn digit_groups(text: &str) -> Vec<Group<'_>> {
    let bytes = text.as_bytes();
    let mut groups = Vec::new();
    let (mut at, mut last_end) = (0, None);
    while at < bytes.len() {
        let start = at;
        while at < bytes.len() && bytes[at].is_ascii_digit() {
            at += 1;
        }
        if at == start {
            at += 1;
            continue;
        }
        if at < bytes.len() && bytes[at].eq_ignore_ascii_case(&b'x') {
            at += 1;
        }
        let follows = last_end.is_some_and(|end| start - end == 1 && matches!(bytes[end], b' ' | b'-' | b'.'));
        // Both ends stand beside ASCII digits, so they are character boundaries.
        groups.push(Group { digits: &text[start..at], follows });
        last_end = Some(at);
    }
    groups
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn full_width_becomes_half_width() {
        assert_eq!(half_width("１３８－Ａｘ　（家）"), "138-Ax (家)");
        assert_eq!(half_width("3—2–1302"), "3-2-1302");
    }

    #[test]
    fn a_code_is_understood_as_people_type_it() {
        assert_eq!(typed_code(" 7k3m－oil2 "), "7K3M0112");
        assert_eq!(typed_code("ｏil0"), "0110");
    }

    #[test]
    fn scientific_notation_is_recognised() {
        for text in ["1.41E+17", "1.41199E+17", "1e17", "1.38E10"] {
            assert!(is_scientific(text), "{text}");
        }
        for text in ["141199", "E17", "1.4E", "1.2.3E+4", "1.41E-3", "家E1"] {
            assert!(!is_scientific(text), "{text}");
        }
    }

    #[test]
    fn personal_data_is_found() {
        for text in
            ["电话13800001234找我", "１３８００００１２３４", "打138 0000 1234", "138-0000-1234", "+8613800001234"]
        {
            assert_eq!(personal(text), Some(PersonalData::Phone), "{text}");
        }
        for text in [
            "我身份证141199199003070013",
            "11010519491231002x",
            "141199 19900307 0013",
            "校验位写错141199199003070014。",
        ] {
            assert_eq!(personal(text), Some(PersonalData::Identity), "{text}");
        }
    }

    #[test]
    fn ordinary_numbers_are_left_alone() {
        for text in [
            "3-2-1302 漏水",
            "18-3-1302 2026年报修",
            "2026-11-23 19:42 停电",
            "12345热线",
            "订单20261123000017",
            "0358-8221234",
            "三楼下水道堵了",
        ] {
            assert_eq!(personal(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn nothing_panics(text in "\\PC{0,60}", bytes in any::<String>()) {
            let _ = (personal(&text), personal(&bytes), compact(&bytes), is_scientific(&text));
        }

        #[test]
        fn digits_and_separators_never_panic(text in "[0-9xX .家-]{0,60}") {
            let _ = personal(&text);
        }

        #[test]
        fn half_width_is_idempotent(text in any::<String>()) {
            prop_assert_eq!(half_width(&half_width(&text)), half_width(&text));
        }

        #[test]
        fn a_mobile_number_is_found_anywhere(before in "\\p{Han}{0,5}", number in "1[3-9][0-9]{9}", after in "\\p{Han}{0,5}") {
            prop_assert_eq!(personal(&format!("{before}{number}{after}")), Some(PersonalData::Phone));
        }
    }
}
