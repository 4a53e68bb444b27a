//! The labels of buildings and units: numbers in either script, letters, points of the compass.

/// Words after a label that make it a building, longest first. Bare 楼 is not among them: it may be a floor.
pub(super) const BUILDING_SUFFIXES: [&str; 7] = ["号楼", "号栋", "#楼", "栋", "幢", "座", "#"];

/// The normal form of a label of Latin letters, digits and inner dashes, or of a Chinese numeral; otherwise `None`.
pub(super) fn label(text: &str) -> Option<String> {
    let plain = text.trim_matches('-');
    let latin = plain.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    match number(plain) {
        Some(number) => Some(number.to_string()),
        None => (latin && !plain.is_empty() && plain.len() <= 8).then(|| plain.to_owned()),
    }
}

/// A number from 0 to 9999 in digits, or from 1 to 99 in Chinese numerals.
pub(super) fn number(text: &str) -> Option<i16> {
    if text.bytes().all(|b| b.is_ascii_digit()) {
        return if text.len() <= 4 { text.parse().ok() } else { None };
    }
    let digit = |text: &str| {
        let mut characters = text.chars();
        let single = characters.next().filter(|_| characters.next().is_none())?;
        (1..).zip("一二三四五六七八九".chars()).find(|&(_, numeral)| numeral == single).map(|(value, _)| value)
    };
    match text.split_once('十') {
        Some((tens, ones)) => {
            let tens = if tens.is_empty() { 1 } else { digit(tens)? };
            let ones = if ones.is_empty() { 0 } else { digit(ones)? };
            Some(tens * 10 + ones)
        }
        None => digit(text),
    }
}

/// 一 to 十.
pub(super) fn is_numeral(c: char) -> bool {
    "一二三四五六七八九十".contains(c)
}

/// One of the characters that name the wings and blocks of an estate.
pub(super) fn is_compass(text: &str) -> bool {
    let mut characters = text.chars();
    let single = characters.next().filter(|_| characters.next().is_none());
    single.is_some_and(|c| "东西南北中甲乙丙丁戊己庚辛".contains(c))
}
