//! What must not hang on a board: numbers of people, and residents by name. Everything that is published goes through here,
//! whoever wrote it, and whoever wrote it learns which words stopped it, half hidden.

use codes::PersonName;
use db::Tx;
use uuid::Uuid;

use super::model::Snapshot;
use super::store;
use crate::error::{Error, Result};
use crate::registry;

/// A word of one character before or after a name of two says that it is a person's; `高兴` and `文明` are names, too.
const BEFORE: [&str; 11] = ["老人", "居民", "业主", "住户", "户主", "租户", "党员", "儿童", "孩子", "学生", "家长"];
const AFTER: [&str; 12] =
    ["家", "同志", "大爷", "大妈", "大娘", "阿姨", "叔叔", "先生", "女士", "老人", "小朋友", "反映"];

/// Errors: refused, with the words, if a snapshot gives somebody away. `consented` are names that may stand in it, and so may those
/// whom the board already names as contacts.
pub(super) async fn check(
    tx: &mut Tx,
    tenant: Uuid,
    estate: Option<Uuid>,
    title: &str,
    snapshot: &Snapshot,
    consented: &[String],
) -> Result<()> {
    let parts = [("标题", title), ("正文", snapshot.text.as_str())].into_iter();
    let facts = snapshot.facts.iter().flat_map(|(name, value)| [(name.as_str(), name.as_str()), (name, value)]);
    let parts: Vec<(&str, &str)> = parts.chain(facts).collect();
    if let Some(found) = parts.iter().find_map(|(place, text)| number(place, text)) {
        return Err(Error::refused(found));
    }
    let whole: String = parts.iter().map(|(_, text)| squeezed(text)).collect::<Vec<_>>().join("\n");
    if let Some(name) = named(tx, tenant, estate, &whole, consented).await? {
        let place = parts.iter().find(|(_, text)| squeezed(text).contains(&name)).map_or("正文", |(place, _)| place);
        return Err(Error::refused(format!(
            "“{place}”里有居民姓名“{}”，不能公示。请改成“一位居民”“反映人”这样的说法",
            hidden(&name)
        )));
    }
    Ok(())
}

/// Without spaces and what cannot be seen: 王　平 is 王平.
fn squeezed(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '\u{200B}'..='\u{200F}' | '\u{2060}' | '\u{FEFF}'))
        .collect()
}

/// The same for words that are public beside a publication, as an answer is, or will be published; `what` names them.
pub async fn check_words(tx: &mut Tx, tenant: Uuid, estate: Option<Uuid>, what: &str, text: &str) -> Result<()> {
    check_words_but(tx, tenant, estate, (what, text), &[]).await
}

/// The same where some names may stand, as that of whoever chairs a meeting.
pub async fn check_words_but(
    tx: &mut Tx,
    tenant: Uuid,
    estate: Option<Uuid>,
    (what, text): (&str, &str),
    named: &[String],
) -> Result<()> {
    let facts = vec![(what.to_owned(), text.to_owned())];
    let snapshot = Snapshot { text: String::new(), facts, photos: Vec::new(), link: None };
    check(tx, tenant, estate, "", &snapshot, named).await
}

/// The sentence that names the number which stands in a text: of a person, or of a home.
fn number(place: &str, text: &str) -> Option<String> {
    if let Some(home) = home(text) {
        return Some(format!("“{place}”里有门牌“{home}”，不能公示。请写到楼栋或单元为止"));
    }
    let (kind, words) = codes::text::personal_words(text)?;
    let what = match kind {
        codes::text::PersonalData::Phone => "手机号",
        codes::text::PersonalData::Identity => "身份证号",
    };
    Some(format!("“{place}”里有{what}“{words}”，不能公示，请删掉"))
}

/// `2单元1301`: who lives behind a door is known by it. A room without a stairwell may be one in which people meet.
fn home(text: &str) -> Option<String> {
    let plain: String = codes::text::half_width(text).chars().filter(|c| !c.is_whitespace()).collect();
    plain.match_indices("单元").find_map(|(at, word)| {
        let digits: String = plain[at + word.len()..].chars().take_while(char::is_ascii_digit).collect();
        (3..=4).contains(&digits.len()).then(|| format!("单元{digits}"))
    })
}

/// The first resident of an estate, or of the whole community, who is named in a text and may not be.
async fn named(
    tx: &mut Tx,
    tenant: Uuid,
    estate: Option<Uuid>,
    text: &str,
    consented: &[String],
) -> Result<Option<String>> {
    let mut names = registry::all_named_in(tx, tenant, estate, text).await?;
    names.retain(|name| !consented.contains(name) && (name.chars().count() > 2 || is_person(text, name)));
    if names.is_empty() {
        return Ok(None);
    }
    let shown = store::named_contacts(tx, tenant).await?;
    Ok(names.into_iter().find(|name| !shown.contains(name)))
}

/// Whether two characters are somebody's name where they stand.
fn is_person(text: &str, name: &str) -> bool {
    text.match_indices(name).any(|(at, _)| {
        let (before, after) = (&text[..at], &text[at + name.len()..]);
        BEFORE.iter().any(|word| before.ends_with(word)) || AFTER.iter().any(|word| after.starts_with(word))
    })
}

fn hidden(name: &str) -> String {
    PersonName::parse(name).map_or_else(|_| "＊".to_owned(), |name| name.masked())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_characters_are_a_name_only_beside_a_word_for_a_person() {
        assert!(is_person("感谢老人高兴的支持", "高兴") && is_person("王平阿姨说", "王平"));
        assert!(!is_person("大家都很高兴", "高兴") && !is_person("文明养犬", "文明"));
    }

    #[test]
    fn a_number_is_named_half_hidden() {
        assert_eq!(number("正文", "电话 138 0000 1234").unwrap(), "“正文”里有手机号“138****1234”，不能公示，请删掉");
        assert_eq!(number("正文", "18-3-1302 停电"), None);
        assert!(number("正文", "3号楼2单元 1301 低保户已走访").unwrap().contains("单元1301"));
        assert_eq!(number("正文", "3号楼2单元电梯 1 台，201 室开会"), None);
    }
}
