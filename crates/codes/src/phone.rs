//! Telephone numbers of mainland China.

use std::fmt;

use crate::text::{compact, is_scientific};

/// A mobile number (`13800001234`) or a landline with its area code (`0358-8221234`). `Debug` masks it.
///
/// A family may share a number, so it identifies nobody.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Phone(String);

/// Why a text is not a telephone number. Never repeats the number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PhoneError {
    #[error("没有填写电话号码")]
    Empty,
    #[error("表格把电话号码存成了科学计数法。请把该列设为“文本”后重新填写完整的号码")]
    ScientificNotation,
    #[error("这里有不止一个电话号码，请只留一个，其余的写在备注里")]
    Several,
    #[error("电话号码里有不认识的字符“{0}”，请只填数字")]
    Character(char),
    #[error("手机号应为 11 位，这里有 {0} 位，请核对是否漏填或多填")]
    MobileLength(usize),
    #[error("固定电话请加上区号，如 0358-8221234")]
    AreaCode,
    #[error("这不是有效的手机号或固定电话；手机号为 11 位，固定电话请写成 0358-8221234 的样子")]
    Format,
}

impl Phone {
    /// Reads a number with or without `+86`, spaces, dashes, brackets or full-width digits.
    pub fn parse(text: &str) -> Result<Self, PhoneError> {
        let written = compact(text);
        if written.is_empty() {
            return Err(PhoneError::Empty);
        }
        if is_scientific(&written) {
            return Err(PhoneError::ScientificNotation);
        }
        if written.contains(['/', '、', ',', ';', '或']) {
            return Err(PhoneError::Several);
        }
        let plain: String = written.chars().filter(|c| !matches!(c, '-' | '(' | ')' | '.')).collect();
        let (abroad, digits) = match plain.strip_prefix("+86").or_else(|| plain.strip_prefix("0086")) {
            Some(rest) => (true, rest),
            None => (false, plain.strip_prefix("86").filter(|rest| rest.len() >= 10).unwrap_or(&plain)),
        };
        if let Some(wrong) = digits.chars().find(|c| !c.is_ascii_digit()) {
            return Err(PhoneError::Character(wrong));
        }
        if is_mobile(digits) {
            return Ok(Self(digits.to_owned()));
        }
        // After the country code the area code loses its zero.
        let national = if abroad && !digits.starts_with('0') { format!("0{digits}") } else { digits.to_owned() };
        if let Some((area, local)) = split_landline(&national) {
            return Ok(Self(format!("{area}-{local}")));
        }
        Err(match digits.len() {
            7 | 8 if !digits.starts_with(['0', '1']) => PhoneError::AreaCode,
            length if is_mobile_prefix(digits) => PhoneError::MobileLength(length),
            _ => PhoneError::Format,
        })
    }

    /// `13800001234` or `0358-8221234`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it can receive text messages.
    pub fn is_mobile(&self) -> bool {
        is_mobile(&self.0)
    }

    /// `138****1234`; a landline keeps its area code and last three digits: `0358-****234`.
    pub fn masked(&self) -> String {
        match self.0.split_once('-') {
            Some((area, local)) => format!("{area}-****{}", &local[local.len() - 3..]),
            None => format!("{}****{}", &self.0[..3], &self.0[7..]),
        }
    }
}

impl std::str::FromStr for Phone {
    type Err = PhoneError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl fmt::Display for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Phone({})", self.masked())
    }
}

fn is_mobile(digits: &str) -> bool {
    digits.len() == 11 && is_mobile_prefix(digits) && digits.bytes().all(|b| b.is_ascii_digit())
}

fn is_mobile_prefix(digits: &str) -> bool {
    matches!(digits.as_bytes(), [b'1', b'3'..=b'9', ..])
}

/// Area codes are 010, 02x or four digits from 03xx to 09xx; the local number has seven or eight.
fn split_landline(digits: &str) -> Option<(&str, &str)> {
    let area = match digits.as_bytes() {
        [b'0', b'1', b'0', ..] | [b'0', b'2', b'0'..=b'9', ..] => 3,
        [b'0', b'3'..=b'9', _, _, ..] => 4,
        _ => return None,
    };
    let (area, local) = digits.split_at(area);
    (matches!(local.len(), 7 | 8) && !local.starts_with(['0', '1'])).then_some((area, local))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str) -> Result<Phone, PhoneError> {
        Phone::parse(text)
    }

    #[test]
    fn one_normal_form() {
        for text in [
            "13800001234",
            "'138 0000 1234",
            "138-0000-1234",
            "１３８００００１２３４",
            "+8613800001234",
            "+86 138 0000 1234",
            "8613800001234",
            "0086-13800001234",
        ] {
            assert_eq!(parse(text).unwrap().as_str(), "13800001234", "{text}");
        }
        for text in ["0358-8221234", "03588221234", "（0358）8221234", "+86 358 8221234", "86-0358-8221234"] {
            assert_eq!(parse(text).unwrap().as_str(), "0358-8221234", "{text}");
        }
        assert_eq!(parse("01062221234").unwrap().as_str(), "010-62221234");
    }

    #[test]
    fn each_mistake_has_its_own_error() {
        for (text, error) in [
            (" ", PhoneError::Empty),
            ("1.38E+10", PhoneError::ScientificNotation),
            ("13800001234/13900001234", PhoneError::Several),
            ("1380000123O", PhoneError::Character('O')),
            ("138****1234", PhoneError::Character('*')),
            ("1380000123", PhoneError::MobileLength(10)),
            ("138000012345", PhoneError::MobileLength(12)),
            ("8221234", PhoneError::AreaCode),
            ("12345", PhoneError::Format),
            ("12800001234", PhoneError::Format),
            ("0358", PhoneError::Format),
        ] {
            assert_eq!(parse(text), Err(error), "{text}");
        }
    }

    #[test]
    fn masks() {
        assert_eq!(parse("13800001234").unwrap().masked(), "138****1234");
        assert_eq!(parse("0358-8221234").unwrap().masked(), "0358-****234");
        assert_eq!(format!("{:?}", parse("13800001234").unwrap()), "Phone(138****1234)");
        assert!(parse("13800001234").unwrap().is_mobile() && !parse("0358-8221234").unwrap().is_mobile());
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in any::<String>(), near in "[+0-9 ()-]{5,18}") {
            for text in [text, near] {
                if let Ok(phone) = parse(&text) {
                    prop_assert_eq!(&parse(phone.as_str()).unwrap(), &phone);
                    prop_assert!(phone.masked().contains("****"));
                }
            }
        }

        #[test]
        fn mobile_numbers_survive_any_spacing(number in "1[3-9][0-9]{9}", at in 1usize..10) {
            let (head, tail) = number.split_at(at);
            let parsed = parse(&format!("+86 {head} - {tail}")).unwrap();
            prop_assert_eq!(parsed.as_str(), number.as_str());
        }
    }
}
