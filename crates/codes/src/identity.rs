//! Resident identity numbers (GB 11643-1999) and the residence permits that share their layout.

use std::fmt;

use crate::date::PartialDate;
use crate::division::starts_with_province;
use crate::tables::Sex;
use crate::text::{compact, is_scientific};

/// An 18-character number with a valid check digit: a resident identity card, a residence permit of Hong Kong, Macao
/// or Taiwan residents (81, 82, 83), or a foreigner's permanent residence card of 2023 (first digit 9).
///
/// `Display` gives the full number; `Debug` masks it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IdentityNumber {
    number: String,
    birth: (i16, i8, i8),
}

/// Why a text is not an identity number. Never repeats the number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    #[error("没有填写身份证号；确实没有证件的，请在证件类型中选“无证件”")]
    Empty,
    #[error("表格把身份证号存成了科学计数法，后几位已经丢失。请把该列设为“文本”后重新填写完整的 18 位号码")]
    ScientificNotation,
    #[error("15 位的旧身份证号 2013 年起已停用，请填写 18 位的新号码")]
    FifteenDigits,
    #[error("身份证号应为 18 位，这里有 {0} 位，请核对是否漏填或多填")]
    Length(usize),
    #[error("身份证号只能由数字组成，最后一位可以是 X；请去掉“{0}”")]
    Character(char),
    #[error("身份证号的前两位不是有效的省份代码，请对照证件核对")]
    Province,
    #[error("身份证号第 7 到 14 位不是有效的出生日期，请对照证件核对")]
    BirthDate,
    #[error("身份证号的最后一位校验不对，很可能有一位数字填错了，请对照证件核对")]
    Checksum,
}

impl IdentityNumber {
    /// Reads a number written with spaces, full-width digits, a lower-case x or a leading apostrophe.
    ///
    /// Of the area code only the province is checked, because abolished counties live on in the numbers of their
    /// people. Whether the birth date lies in the future is for the caller, who knows the day.
    pub fn parse(text: &str) -> Result<Self, IdentityError> {
        let number = compact(text).to_uppercase();
        check_shape(&number)?;
        if !has_province(&number) {
            return Err(IdentityError::Province);
        }
        let birth = birth_date(&number).ok_or(IdentityError::BirthDate)?;
        if check_character(&number) != number.chars().next_back() {
            return Err(IdentityError::Checksum);
        }
        Ok(Self { number, birth })
    }

    /// The 18 characters, X in upper case.
    pub fn as_str(&self) -> &str {
        &self.number
    }

    /// Year, month and day of birth.
    pub fn birth(&self) -> (i16, i8, i8) {
        self.birth
    }

    /// Male if the 17th digit is odd, female if it is even.
    pub fn sex(&self) -> Sex {
        if self.number.as_bytes()[16] % 2 == 1 { Sex::Male } else { Sex::Female }
    }

    /// `141199********0013`: the first six and the last four characters.
    pub fn masked(&self) -> String {
        format!("{}********{}", &self.number[..6], &self.number[14..])
    }
}

impl std::str::FromStr for IdentityNumber {
    type Err = IdentityError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl fmt::Display for IdentityNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.number)
    }
}

impl fmt::Debug for IdentityNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IdentityNumber({})", self.masked())
    }
}

/// Lets through exactly seventeen digits and a digit or X.
fn check_shape(number: &str) -> Result<(), IdentityError> {
    if number.is_empty() {
        return Err(IdentityError::Empty);
    }
    if is_scientific(number) {
        return Err(IdentityError::ScientificNotation);
    }
    let length = number.chars().count();
    let wrong = number.char_indices().find(|&(at, c)| !(c.is_ascii_digit() || c == 'X' && at + 1 == length));
    match (length, wrong) {
        (_, Some((_, c))) => Err(IdentityError::Character(c)),
        (18, None) => Ok(()),
        (15, None) => Err(IdentityError::FifteenDigits),
        (length, None) => Err(IdentityError::Length(length)),
    }
}

/// The permanent residence card puts a 9 before the province that issued it.
fn has_province(number: &str) -> bool {
    starts_with_province(number.strip_prefix('9').unwrap_or(number))
}

fn birth_date(number: &str) -> Option<(i16, i8, i8)> {
    let (year, month, day) = (number[6..10].parse().ok()?, number[10..12].parse().ok()?, number[12..14].parse().ok()?);
    PartialDate::new(year, Some(month), Some(day)).map(|_| (year, month, day))
}

/// ISO 7064 MOD 11-2 over the first seventeen digits.
fn check_character(number: &str) -> Option<char> {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 = number.bytes().zip(WEIGHTS).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
    "10X98765432".chars().nth((sum % 11) as usize)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str) -> Result<IdentityNumber, IdentityError> {
        IdentityNumber::parse(text)
    }

    #[test]
    fn known_numbers() {
        for (number, birth, sex) in [
            ("141199199003070013", (1990, 3, 7), Sex::Male),
            ("141199195801010025", (1958, 1, 1), Sex::Female),
            ("141199201709010039", (2017, 9, 1), Sex::Male),
            ("141199201709010047", (2017, 9, 1), Sex::Female),
            ("141199198512310113", (1985, 12, 31), Sex::Male),
            ("141199201202290027", (2012, 2, 29), Sex::Female),
            ("11010519491231002X", (1949, 12, 31), Sex::Female),
            ("810000199001010019", (1990, 1, 1), Sex::Male),
        ] {
            let parsed = parse(number).unwrap();
            assert_eq!((parsed.to_string().as_str(), parsed.birth(), parsed.sex()), (number, birth, sex));
        }
    }

    #[test]
    fn habits_of_spreadsheets_are_accepted() {
        assert_eq!(parse(" '11010519491231002x ").unwrap().as_str(), "11010519491231002X");
        assert_eq!(parse("１４１１９９　１９９００３０７　００１３").unwrap().as_str(), "141199199003070013");
        assert_eq!(parse("\u{200b}141199199003070013\r\n").unwrap().as_str(), "141199199003070013");
    }

    #[test]
    fn each_mistake_has_its_own_error() {
        for (text, error) in [
            ("", IdentityError::Empty),
            ("1.41E+17", IdentityError::ScientificNotation),
            ("141199900307001", IdentityError::FifteenDigits),
            ("14119919900307001", IdentityError::Length(17)),
            ("1411991990030700133", IdentityError::Length(19)),
            ("14119919900307O013", IdentityError::Character('O')),
            ("1411991990030700X3", IdentityError::Character('X')),
            ("141199********0013", IdentityError::Character('*')),
            ("991199199003070013", IdentityError::Province),
            ("001199199003070013", IdentityError::Province),
            ("141199199002300013", IdentityError::BirthDate),
            ("141199201102290027", IdentityError::BirthDate),
            ("141199199003070014", IdentityError::Checksum),
        ] {
            assert_eq!(parse(text), Err(error), "{text}");
        }
        assert!(IdentityError::ScientificNotation.to_string().contains("“文本”"));
    }

    #[test]
    fn debug_and_mask_hide_the_middle() {
        let number = parse("141199199003070013").unwrap();
        assert_eq!(number.masked(), "141199********0013");
        assert_eq!(format!("{number:?}"), "IdentityNumber(141199********0013)");
    }

    fn valid() -> impl Strategy<Value = String> {
        (1900u16..2030, 1u8..=12, 1u8..=28, 0u16..1000).prop_map(|(year, month, day, sequence)| {
            let body = format!("141199{year:04}{month:02}{day:02}{sequence:03}");
            let check = check_character(&body).unwrap();
            format!("{body}{check}")
        })
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in any::<String>(), near in "[0-9xX９x']{14,20}") {
            let _ = (parse(&text), parse(&near));
        }

        #[test]
        fn display_parses_back(number in valid()) {
            let parsed = parse(&number).unwrap();
            prop_assert_eq!(&parse(&parsed.to_string()).unwrap(), &parsed);
            prop_assert_eq!(parsed.to_string(), number);
        }

        #[test]
        fn one_changed_digit_is_noticed(number in valid(), at in 0usize..17, shift in 1u8..10) {
            let mut bytes = number.into_bytes();
            bytes[at] = b'0' + (bytes[at] - b'0' + shift) % 10;
            prop_assert!(parse(&String::from_utf8(bytes).unwrap()).is_err());
        }

        #[test]
        fn two_neighbours_swapped_are_noticed(number in valid(), at in 0usize..16) {
            let mut bytes = number.clone().into_bytes();
            bytes.swap(at, at + 1);
            let swapped = String::from_utf8(bytes).unwrap();
            prop_assume!(swapped != number);
            prop_assert!(parse(&swapped).is_err());
        }
    }
}
