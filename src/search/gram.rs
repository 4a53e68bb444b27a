use std::collections::BTreeSet;

/// The words somebody looks for; each must occur.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Terms {
    words: Vec<String>,
}

/// More words than these are not looked at.
const MOST_WORDS: usize = 3;
/// So many pairs are intersected at most.
const MOST_GRAMS: usize = 16;

impl Terms {
    /// From what was typed: lower case, half width, cut at white space.
    pub fn read(text: &str) -> Terms {
        let text = codes::text::half_width(text).to_lowercase();
        Terms { words: text.split_whitespace().take(MOST_WORDS).map(str::to_owned).collect() }
    }

    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Three LIKE patterns, of which those that are not needed let everything pass. The statement says `ESCAPE '\'`.
    pub fn patterns(&self) -> [String; MOST_WORDS] {
        std::array::from_fn(|n| self.words.get(n).map_or_else(|| "%".to_owned(), |word| containing(word)))
    }

    /// The grams of which the bitmaps are intersected: the pairs of each word, or its one character; of very many some,
    /// spread over all.
    pub(super) fn grams(&self) -> Vec<String> {
        let grams: BTreeSet<String> = self.words.iter().flat_map(|word| pairs_or_one(word)).collect();
        let step = grams.len().div_ceil(MOST_GRAMS).max(1);
        grams.into_iter().step_by(step).collect()
    }
}

/// A pattern that finds `needle` anywhere, whatever signs are in it; the statement says `ESCAPE '\'`.
pub fn containing(needle: &str) -> String {
    let mut pattern = String::from("%");
    for c in needle.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

/// Every gram of a text that is stored: the single characters, and the pairs that no white space parts.
pub(super) fn grams(text: &str) -> BTreeSet<String> {
    let words = text.split_whitespace();
    words.flat_map(|word| word.chars().map(String::from).chain(pairs(word))).collect()
}

fn pairs_or_one(word: &str) -> Vec<String> {
    let pairs = pairs(word);
    if pairs.is_empty() { vec![word.to_owned()] } else { pairs }
}

fn pairs(word: &str) -> Vec<String> {
    word.chars().zip(word.chars().skip(1)).map(|(a, b)| String::from_iter([a, b])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_has_its_characters_and_pairs() {
        assert_eq!(
            grams("灯不亮 b3"),
            BTreeSet::from(["灯", "不", "亮", "灯不", "不亮", "b", "3", "b3"].map(String::from))
        );
    }

    #[test]
    fn every_gram_of_a_search_is_a_gram_of_what_it_finds() {
        for (typed, text) in [
            ("路灯", "楼前路灯不亮"),
            ("灯", "楼前路灯不亮"),
            ("３号楼 漏水", "王府名苑小区 3号楼 厨房漏水"),
            ("WJF", "王娟枫 wangjuanfeng wjf"),
            ("wang 枫", "王娟枫 wangjuanfeng wjf"),
        ] {
            let terms = Terms::read(typed);
            let known = grams(text);
            assert!(!terms.grams().is_empty() && terms.grams().len() <= MOST_GRAMS);
            assert!(terms.grams().iter().all(|gram| known.contains(gram)), "{typed}: {:?}", terms.grams());
        }
    }

    #[test]
    fn nothing_typed_looks_for_nothing() {
        assert!(Terms::read(" 　").is_empty());
        assert_eq!(Terms::default().grams(), Vec::<String>::new());
        assert_eq!(Terms::default().patterns(), ["%", "%", "%"]);
    }

    #[test]
    fn signs_of_a_pattern_are_taken_as_they_stand() {
        assert_eq!(containing("50%_\\"), "%50\\%\\_\\\\%");
    }
}
