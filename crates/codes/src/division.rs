//! Statistical division codes: province, city, county (GB/T 2260), street or town, community or village.

use std::fmt;

use crate::text::compact;

/// Twelve digits; the levels below the one it names are zero. `141102004000` is a street of 离石区.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DivisionCode([u8; 12]);

/// The level that a code names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    Province,
    City,
    County,
    /// 街道, 镇 or 乡.
    Street,
    /// 居委会 or 村委会.
    Community,
}

/// Why a text is not a division code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DivisionError {
    #[error("没有填写区划代码")]
    Empty,
    #[error("区划代码应为 2、4、6、9 或 12 位数字，这里有 {0} 位，请核对")]
    Length(usize),
    #[error("区划代码只能由数字组成，请去掉“{0}”")]
    Character(char),
    #[error("区划代码的前两位不是有效的省份代码，如山西省应为 14")]
    Province,
}

/// Each level with the number of digits that name it.
const LEVELS: [(Level, usize); 5] =
    [(Level::Province, 2), (Level::City, 4), (Level::County, 6), (Level::Street, 9), (Level::Community, 12)];

impl DivisionCode {
    /// Reads the twelve digits, or only those down to some level.
    ///
    /// Fifteen digits are refused: the last three may be an urban-rural class or a grid, and length cannot tell.
    pub fn parse(text: &str) -> Result<Self, DivisionError> {
        let written = compact(text);
        if let Some(wrong) = written.chars().find(|c| !c.is_ascii_digit()) {
            return Err(DivisionError::Character(wrong));
        }
        if written.is_empty() {
            return Err(DivisionError::Empty);
        }
        if !LEVELS.iter().any(|&(_, digits)| digits == written.len()) {
            return Err(DivisionError::Length(written.len()));
        }
        if !starts_with_province(&written) {
            return Err(DivisionError::Province);
        }
        let mut digits = [b'0'; 12];
        digits[..written.len()].copy_from_slice(written.as_bytes());
        Ok(Self(digits))
    }

    /// All twelve digits.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The level of the last part that is not zero.
    pub fn level(&self) -> Level {
        self.named().0
    }

    /// The digits that name the division, which every code inside it starts with.
    pub fn significant(&self) -> &str {
        &self.as_str()[..self.named().1]
    }

    /// Whether `other` is this division or lies inside it.
    pub fn contains(&self, other: &Self) -> bool {
        other.as_str().starts_with(self.significant())
    }

    /// The division that contains this one; `None` for a province. Cities without counties are the parent of their
    /// streets.
    pub fn parent(&self) -> Option<Self> {
        let own = self.named().1;
        let (_, keep) = LEVELS.iter().rev().find(|&&(_, digits)| digits < own)?;
        let mut digits = self.0;
        digits[*keep..].fill(b'0');
        Some(Self(digits))
    }

    fn named(&self) -> (Level, usize) {
        let used = self.0.iter().rposition(|&digit| digit != b'0').map_or(0, |last| last + 1);
        LEVELS.into_iter().find(|&(_, digits)| digits >= used).unwrap_or(LEVELS[0])
    }
}

impl std::str::FromStr for DivisionCode {
    type Err = DivisionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl fmt::Display for DivisionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Whether a run of digits begins with a code of GB/T 2260 for a province.
pub(crate) fn starts_with_province(digits: &str) -> bool {
    let code = digits.get(..2).and_then(|code| code.parse::<u8>().ok());
    matches!(code, Some(11..=15 | 21..=23 | 31..=37 | 41..=46 | 50..=54 | 61..=65 | 71 | 81..=83))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn code(text: &str) -> DivisionCode {
        DivisionCode::parse(text).unwrap()
    }

    #[test]
    fn levels_and_parents() {
        let community = code("141102004999");
        assert_eq!(community.level(), Level::Community);
        let chain: Vec<_> =
            std::iter::successors(Some(community), DivisionCode::parent).map(|c| c.to_string()).collect();
        assert_eq!(chain, ["141102004999", "141102004000", "141102000000", "141100000000", "140000000000"]);
        assert_eq!(code("14").level(), Level::Province);
        assert_eq!(code("141102004").level(), Level::Street);
        // A city without counties has streets of its own.
        assert_eq!(code("441900003").parent(), Some(code("4419")));
    }

    #[test]
    fn containment_is_by_prefix() {
        let (county, street, community) = (code("141102"), code("141102004"), code("141102004999"));
        assert!(county.contains(&community) && street.contains(&community) && community.contains(&community));
        assert!(!community.contains(&street) && !code("141102005").contains(&community));
        assert!(!code("141126").contains(&community));
        assert_eq!(street.significant(), "141102004");
    }

    #[test]
    fn mistakes() {
        assert_eq!(code(" １４１１０２ "), code("141102"));
        assert_eq!(DivisionCode::parse(""), Err(DivisionError::Empty));
        assert_eq!(DivisionCode::parse("141102004999111"), Err(DivisionError::Length(15)));
        assert_eq!(DivisionCode::parse("14110a"), Err(DivisionError::Character('a')));
        assert_eq!(DivisionCode::parse("001102"), Err(DivisionError::Province));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in any::<String>(), near in "[0-9]{2,12}") {
            for text in [text, near] {
                if let Ok(code) = DivisionCode::parse(&text) {
                    prop_assert_eq!(DivisionCode::parse(code.as_str()).unwrap(), code);
                    prop_assert!(code.parent().is_none_or(|parent| parent.contains(&code) && parent != code));
                }
            }
        }
    }
}
