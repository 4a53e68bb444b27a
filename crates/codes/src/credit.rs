//! Unified social credit codes of organisations (GB 32100-2015).

use std::fmt;

use crate::text::{compact, is_scientific};

/// An 18-character code whose own check character and that of the organisation code inside it (GB 11714) are valid.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CreditCode(String);

/// Why a text is not a unified social credit code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CreditError {
    #[error("没有填写统一社会信用代码")]
    Empty,
    #[error("表格把统一社会信用代码存成了科学计数法。请把该列设为“文本”后重新填写完整的 18 位代码")]
    ScientificNotation,
    #[error("统一社会信用代码应为 18 位，这里有 {0} 位，请对照证照核对")]
    Length(usize),
    #[error("统一社会信用代码只用数字和大写字母，且不用 I、O、S、V、Z；请核对“{0}”")]
    Character(char),
    #[error("统一社会信用代码第 9 到 17 位（组织机构代码）校验不对，请对照证照核对")]
    Organisation,
    #[error("统一社会信用代码的最后一位校验不对，很可能有一位填错了，请对照证照核对")]
    Checksum,
}

const ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";

impl CreditCode {
    /// Reads a code in any case, full-width or with spaces.
    pub fn parse(text: &str) -> Result<Self, CreditError> {
        let code = compact(text).to_uppercase();
        if code.is_empty() {
            return Err(CreditError::Empty);
        }
        if is_scientific(&code) {
            return Err(CreditError::ScientificNotation);
        }
        if let Some(wrong) = code.chars().find(|&c| !(c.is_ascii() && ALPHABET.contains(&(c as u8)))) {
            return Err(CreditError::Character(wrong));
        }
        if code.len() != 18 {
            return Err(CreditError::Length(code.len()));
        }
        let bytes = code.as_bytes();
        if organisation_check(&bytes[8..16]) != bytes[16] {
            return Err(CreditError::Organisation);
        }
        if check_character(&bytes[..17]) != bytes[17] {
            return Err(CreditError::Checksum);
        }
        Ok(Self(code))
    }

    /// The 18 characters in upper case.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for CreditCode {
    type Err = CreditError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl fmt::Display for CreditCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn check_character(code: &[u8]) -> u8 {
    const WEIGHTS: [usize; 17] = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];
    let value = |c: &u8| ALPHABET.iter().position(|letter| letter == c).unwrap_or(0);
    let sum: usize = code.iter().zip(WEIGHTS).map(|(c, weight)| value(c) * weight).sum();
    ALPHABET[(31 - sum % 31) % 31]
}

/// GB 11714 counts over all letters, A = 10 to Z = 35.
fn organisation_check(code: &[u8]) -> u8 {
    const WEIGHTS: [u32; 8] = [3, 7, 9, 10, 5, 8, 4, 2];
    let value = |c: u8| char::from(c).to_digit(36).unwrap_or(0);
    let sum: u32 = code.iter().zip(WEIGHTS).map(|(&c, weight)| value(c) * weight).sum();
    b"0X987654321"[(sum % 11) as usize]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str) -> Result<CreditCode, CreditError> {
        CreditCode::parse(text)
    }

    #[test]
    fn known_codes() {
        for code in ["91350100M000100Y43", "91141102MA0KX7Y00T"] {
            assert_eq!(parse(code).unwrap().as_str(), code);
        }
        assert_eq!(parse(" ９１１４１１０２ma0kx7y00t").unwrap().to_string(), "91141102MA0KX7Y00T");
    }

    #[test]
    fn each_mistake_has_its_own_error() {
        for (text, error) in [
            ("  ", CreditError::Empty),
            ("9.11411E+17", CreditError::ScientificNotation),
            ("91350100M000100Y4", CreditError::Length(17)),
            ("91350100M0O0100Y43", CreditError::Character('O')),
            ("91350100M000100社43", CreditError::Character('社')),
            ("91350100M000100Y53", CreditError::Organisation),
            ("91350100M000100Y44", CreditError::Checksum),
        ] {
            assert_eq!(parse(text), Err(error), "{text}");
        }
    }

    prop_compose! {
        fn valid()(head in "9[123][0-9]{6}", organisation in "[0-9A-HJ-NPQRTUWXY]{8}") -> String {
            let mut code = format!("{head}{organisation}");
            code.push(organisation_check(organisation.as_bytes()).into());
            code.push(check_character(code.as_bytes()).into());
            code
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in any::<String>(), near in "[0-9A-Z]{17,19}") {
            let _ = (parse(&text), parse(&near));
        }

        #[test]
        fn display_parses_back(code in valid()) {
            prop_assert_eq!(parse(&code).unwrap().to_string(), code);
        }

        #[test]
        fn one_changed_character_is_noticed(code in valid(), at in 0usize..18, shift in 1usize..31) {
            let mut bytes = code.into_bytes();
            let value = ALPHABET.iter().position(|c| *c == bytes[at]).unwrap();
            bytes[at] = ALPHABET[(value + shift) % 31];
            prop_assert!(parse(&String::from_utf8(bytes).unwrap()).is_err());
        }
    }
}
