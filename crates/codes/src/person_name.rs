//! Names of people, in whatever characters they are written.

use std::fmt;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::text::{half_width_char, is_invisible};

/// A name of 2 to 30 characters in NFC, with `·` (U+00B7) as its only middle dot. `Debug` masks it.
///
/// Rare characters, those beyond the BMP and private ones that old systems left behind are all welcome: nothing is
/// rejected for not being in a range.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PersonName(String);

/// Why a text is not a person's name. Never repeats the name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    #[error("没有填写姓名")]
    Empty,
    #[error("姓名至少要有 2 个字，请填写全名")]
    TooShort,
    #[error("姓名最多 30 个字，这里有 {0} 个，请核对")]
    TooLong(usize),
    #[error("姓名里不能有“{0}”，请只填姓名，其他说明写在备注里")]
    Character(char),
}

impl PersonName {
    /// Reads a name; drops spaces that only align Chinese characters (`张　三`) and keeps those between Latin words.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let visible: String = text.chars().filter(|&c| c.is_whitespace() || !is_invisible(c)).nfc().collect();
        // Characters that spaces kept apart may compose once they meet.
        let name: String =
            join_words(visible.trim_start_matches(|c: char| c == '\'' || c.is_whitespace())).nfc().collect();
        if let Some(wrong) = name.chars().find(|&c| is_foreign_to_names(c)) {
            return Err(NameError::Character(wrong));
        }
        match characters(&name).len() {
            0 => Err(NameError::Empty),
            1 => Err(NameError::TooShort),
            2..=30 => Ok(Self(name)),
            length => Err(NameError::TooLong(length)),
        }
    }

    /// The normal form.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The family name: two characters if it is a known compound one, otherwise the first character.
    pub fn surname(&self) -> String {
        let characters = characters(&self.0);
        let length =
            if characters.len() > 2 && COMPOUND_SURNAMES.contains(&characters[..2].concat().as_str()) { 2 } else { 1 };
        characters[..length].concat()
    }

    /// `张*`, `张*三`, `欧**娜`.
    pub fn masked(&self) -> String {
        let characters = characters(&self.0);
        match characters[..] {
            [first, _] => format!("{first}*"),
            [first, _, last] => format!("{first}*{last}"),
            [first, .., last] => format!("{first}**{last}"),
            _ => "*".into(),
        }
    }

    /// A child is shown by surname only: `张某某`.
    pub fn child_masked(&self) -> String {
        format!("{}某某", self.surname())
    }
}

impl std::str::FromStr for PersonName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl fmt::Display for PersonName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for PersonName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PersonName({})", self.masked())
    }
}

/// One dot for all middle dots, and spaces only where they part two Latin words.
fn join_words(text: &str) -> String {
    let mut name = String::with_capacity(text.len());
    let mut space = false;
    for c in text.chars() {
        if c.is_whitespace() {
            space = true;
            continue;
        }
        let c = middle_dot(c, name.chars().next_back());
        if space && is_latin(c) && name.chars().next_back().is_some_and(|before| is_latin(before) || before == '.') {
            name.push(' ');
        }
        space = false;
        name.push(c);
    }
    name
}

/// A full stop after a Chinese character is a middle dot too; after a Latin letter it abbreviates.
fn middle_dot(c: char, before: Option<char>) -> char {
    match c {
        '·' | '•' | '‧' | '・' | '･' | '．' | '∙' | '⋅' => '·',
        '.' if before.is_some_and(|before| !is_latin(before)) => '·',
        _ => c,
    }
}

fn is_latin(c: char) -> bool {
    c.is_alphabetic() && c < '\u{250}'
}

/// Digits and punctuation, full-width ones included. Not `char::is_numeric`, which counts the 〇 of real names.
fn is_foreign_to_names(c: char) -> bool {
    let narrow = half_width_char(c);
    narrow.is_ascii_digit()
        || narrow.is_ascii_punctuation() && !matches!(narrow, '\'' | '-' | '.')
        || matches!(c, '、' | '。' | '“' | '”' | '《' | '》' | '【' | '】' | '…' | '\u{fffd}')
}

/// What a reader counts as one character: marks and variation selectors stay with their base.
fn characters(name: &str) -> Vec<&str> {
    let attached = |c: char| is_combining_mark(c) || matches!(c, '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}');
    let starts: Vec<usize> = name.char_indices().filter(|&(at, c)| at == 0 || !attached(c)).map(|(at, _)| at).collect();
    let ends = starts.iter().copied().skip(1).chain([name.len()]);
    starts.iter().zip(ends).map(|(&start, end)| &name[start..end]).collect()
}

const COMPOUND_SURNAMES: [&str; 44] = [
    "欧阳", "上官", "司马", "诸葛", "皇甫", "尉迟", "公孙", "慕容", "令狐", "司徒", "司空", "端木", "东方", "独孤",
    "南宫", "夏侯", "长孙", "宇文", "闻人", "轩辕", "钟离", "澹台", "公冶", "宗政", "濮阳", "淳于", "单于", "太叔",
    "申屠", "呼延", "赫连", "百里", "东郭", "西门", "南门", "公羊", "拓跋", "完颜", "耶律", "鲜于", "闾丘", "亓官",
    "司寇", "第五",
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn name(text: &str) -> PersonName {
        PersonName::parse(text).unwrap()
    }

    #[test]
    fn one_normal_form() {
        for (text, normal) in [
            (" 张三 ", "张三"),
            ("'张　三", "张三"),
            ("买买提•艾力", "买买提·艾力"),
            ("买买提‧艾力", "买买提·艾力"),
            ("买买提・艾力", "买买提·艾力"),
            ("买买提．艾力", "买买提·艾力"),
            ("买买提.艾力", "买买提·艾力"),
            ("John  A. Smith", "John A. Smith"),
            ("O'Neil-Lee", "O'Neil-Lee"),
            ("\u{200b}王〇一\u{feff}", "王〇一"),
            ("Jose\u{301}", "José"),
        ] {
            assert_eq!(name(text).as_str(), normal, "{text}");
        }
    }

    #[test]
    fn rare_characters_are_names() {
        for text in ["䶮龑", "㛃文", "𠅤一", "王𬱖", "王\u{e000}", "王\u{845b}\u{e0100}"] {
            assert_eq!(name(text).as_str(), text);
        }
    }

    #[test]
    fn length_counts_characters() {
        assert_eq!(PersonName::parse("𬱖"), Err(NameError::TooShort));
        assert_eq!(PersonName::parse("\u{845b}\u{e0100}"), Err(NameError::TooShort));
        assert!(PersonName::parse(&"𬱖".repeat(30)).is_ok());
        assert_eq!(PersonName::parse(&"艾".repeat(31)), Err(NameError::TooLong(31)));
        assert_eq!(PersonName::parse(" \u{200b}"), Err(NameError::Empty));
    }

    #[test]
    fn digits_and_signs_are_refused() {
        for (text, wrong) in
            [("张三1", '1'), ("张三２", '２'), ("张*三", '*'), ("张三（父）", '（'), ("张三、李四", '、')]
        {
            assert_eq!(PersonName::parse(text), Err(NameError::Character(wrong)), "{text}");
        }
    }

    #[test]
    fn masks() {
        for (text, masked, child) in [
            ("张三", "张*", "张某某"),
            ("张小三", "张*三", "张某某"),
            ("欧阳娜", "欧*娜", "欧阳某某"),
            ("欧阳娜娜", "欧**娜", "欧阳某某"),
            ("司马", "司*", "司某某"),
            ("𬱖\u{20164}三", "𬱖*三", "𬱖某某"),
            ("买买提·艾力", "买**力", "买某某"),
        ] {
            assert_eq!((name(text).masked(), name(text).child_masked()), (masked.into(), child.into()));
        }
        assert_eq!(format!("{:?}", name("张小三")), "PersonName(张*三)");
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in any::<String>(), near in "[\\p{Han}\\p{M}A-z ·.．'-]{0,34}") {
            for text in [text, near] {
                if let Ok(name) = PersonName::parse(&text) {
                    prop_assert_eq!(PersonName::parse(name.as_str()).unwrap(), name.clone());
                    prop_assert!(name.masked().contains('*') && name.child_masked().ends_with("某某"));
                }
            }
        }

        #[test]
        fn chinese_names_are_always_taken(text in "\\p{Unified_Ideograph}{2,30}") {
            prop_assert!(PersonName::parse(&text).is_ok());
        }
    }
}
