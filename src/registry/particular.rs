//! What the register knows of a person, field by field: how each is read, kept and shown.

use std::collections::BTreeMap;

use codes::tables::{Education, Ethnic, Marital, Political, Relation};
use codes::{IdentityNumber, PersonName, Phone, Sex};
use db::text_enum;
use jiff::civil::Date;

use super::tag::ResidenceState;

text_enum! {
    /// A field of a resident. Its code is the name of its column, without `_sealed`.
    pub enum Particular {
        Name = "name" "姓名",
        Sex = "sex" "性别",
        BirthDate = "birth_date" "出生日期",
        Document = "document" "证件类型",
        Identity = "identity" "证件号码",
        Phone = "phone" "电话",
        Relation = "relation" "与户主关系",
        Ethnic = "ethnic_group" "民族",
        Political = "political_status" "政治面貌",
        Education = "education" "文化程度",
        Marital = "marital_status" "婚姻状况",
        RegisteredAddress = "registered_address" "户籍地址",
        ResidenceState = "residence_state" "人户状态",
        Workplace = "workplace" "工作单位或学校",
        Health = "health" "健康状况",
        Note = "note" "备注",
    }

    /// What a person is known by. Most people have the first; a newborn may have none.
    pub enum Document {
        IdentityCard = "identity_card" "居民身份证",
        ResidencePermit = "residence_permit" "港澳台居民居住证",
        PermanentResidence = "permanent_residence" "外国人永久居留身份证",
        Passport = "passport" "护照",
        HongKongMacaoPass = "hong_kong_macao_pass" "港澳居民来往内地通行证",
        TaiwanPass = "taiwan_pass" "台湾居民来往大陆通行证",
        None = "none" "无证件",
    }
}

/// What is known, each in the form in which it is kept. What is not known is not there.
pub type Values = BTreeMap<Particular, String>;

impl Particular {
    /// What a page shows masked, or not at all, until somebody says why they must read it.
    pub const SEALED: [Particular; 4] = [Particular::Identity, Particular::Phone, Particular::Health, Particular::Note];

    pub fn is_sealed(self) -> bool {
        Particular::SEALED.contains(&self)
    }

    /// The register of who lives here needs it, by statutory duty, for as long as somebody does; the rest is erased when they ask.
    pub const fn is_needed(self) -> bool {
        matches!(
            self,
            Particular::Name
                | Particular::Sex
                | Particular::BirthDate
                | Particular::Document
                | Particular::Identity
                | Particular::Relation
                | Particular::RegisteredAddress
                | Particular::ResidenceState
        )
    }

    /// Reads what somebody wrote into the form in which it is kept; `None` where it is left blank. The number of a document
    /// is read by [`Document::read`].
    ///
    /// Errors: a sentence that says how to mend it.
    pub fn read(self, text: &str, today: Date) -> Result<Option<String>, String> {
        let text = text.trim();
        if text.is_empty() {
            return match self {
                Particular::Name => Err("请填写姓名".to_owned()),
                Particular::Sex => Ok(Some(Sex::Unknown.code().to_owned())),
                _ => Ok(None),
            };
        }
        let kept = match self {
            Particular::Name => PersonName::parse(text).map_err(sentence)?.as_str().to_owned(),
            Particular::Sex => text.parse::<Sex>().map_err(sentence)?.code().to_owned(),
            Particular::BirthDate => {
                let birth = codes::date::parse(text).map_err(sentence)?;
                let first = Date::new(birth.year, birth.month.unwrap_or(1), birth.day.unwrap_or(1));
                if first.is_ok_and(|first| first > today) {
                    return Err("出生日期在今天以后，请核对".to_owned());
                }
                birth.to_string()
            }
            Particular::Document => {
                let document = Document::parse(text).or_else(|| labelled(Document::ALL, text, |entry| entry.label()));
                document.ok_or_else(|| "请从列表里选证件类型".to_owned())?.code().to_owned()
            }
            Particular::Identity => Document::IdentityCard.read(text)?,
            Particular::Phone => Phone::parse(text).map_err(sentence)?.as_str().to_owned(),
            Particular::Relation => text.parse::<Relation>().map_err(sentence)?.code().to_owned(),
            Particular::Ethnic => text.parse::<Ethnic>().map_err(sentence)?.code().to_owned(),
            Particular::Political => text.parse::<Political>().map_err(sentence)?.code().to_owned(),
            Particular::Education => text.parse::<Education>().map_err(sentence)?.code().to_owned(),
            Particular::Marital => text.parse::<Marital>().map_err(sentence)?.code().to_owned(),
            Particular::ResidenceState => {
                let state = ResidenceState::parse(text).or_else(|| ResidenceState::read(text));
                state.ok_or_else(|| format!("请填写{}", ResidenceState::choices()))?.code().to_owned()
            }
            Particular::RegisteredAddress | Particular::Workplace | Particular::Health => limited(text, 100)?,
            Particular::Note => limited(text, 500)?,
        };
        Ok(Some(kept))
    }

    /// The values to choose from, each with its label; empty where anything may be written.
    pub fn options(self) -> Vec<(&'static str, &'static str)> {
        match self {
            Particular::Sex => Sex::ALL.iter().map(|entry| (entry.code(), entry.label())).collect(),
            Particular::Document => Document::ALL.iter().map(|entry| (entry.code(), entry.label())).collect(),
            Particular::Relation => Relation::ALL.iter().map(|entry| (entry.code(), entry.label())).collect(),
            Particular::Ethnic => Ethnic::ALL.iter().map(|entry| (entry.code(), entry.label())).collect(),
            Particular::Political => Political::ALL.iter().map(|entry| (entry.code(), entry.label())).collect(),
            Particular::Education => Education::ALL.iter().map(|entry| (entry.code(), entry.label())).collect(),
            Particular::Marital => Marital::ALL.iter().map(|entry| (entry.code(), entry.label())).collect(),
            Particular::ResidenceState => {
                ResidenceState::ALL.iter().map(|entry| (entry.code(), entry.label())).collect()
            }
            _ => Vec::new(),
        }
    }

    /// What is kept, in words, with nothing masked.
    pub fn words(self, kept: &str) -> String {
        let label = self.options().into_iter().find(|(code, _)| *code == kept).map(|(_, label)| label);
        label.map_or_else(|| kept.to_owned(), str::to_owned)
    }

    /// What is kept as it is shown before anybody has said why they must read it.
    pub fn masked(self, kept: &str) -> String {
        match self {
            Particular::Identity => IdentityNumber::parse(kept).map_or_else(|_| ends(kept), |number| number.masked()),
            Particular::Phone => Phone::parse(kept).map_or_else(|_| "已登记".to_owned(), |phone| phone.masked()),
            Particular::Health | Particular::Note => "已登记".to_owned(),
            _ => self.words(kept),
        }
    }
}

impl Document {
    /// Reads the number of such a document.
    pub fn read(self, text: &str) -> Result<String, String> {
        match self {
            Document::IdentityCard | Document::ResidencePermit | Document::PermanentResidence => {
                Ok(IdentityNumber::parse(text).map_err(sentence)?.as_str().to_owned())
            }
            Document::Passport | Document::HongKongMacaoPass | Document::TaiwanPass => {
                let number: String = codes::text::compact(text).to_uppercase();
                let good = (5..=20).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_alphanumeric());
                if good {
                    Ok(number)
                } else {
                    Err("证件号码应为 5 到 20 位字母或数字，请对照证件核对".to_owned())
                }
            }
            Document::None => Err("选了“无证件”，就不用填号码".to_owned()),
        }
    }
}

/// `E1******89`: the first and the last two characters.
fn ends(number: &str) -> String {
    let characters: Vec<char> = number.chars().collect();
    match characters.as_slice() {
        [a, b, .., y, z] => format!("{a}{b}******{y}{z}"),
        _ => "已登记".to_owned(),
    }
}

fn labelled<T: Copy>(all: &[T], text: &str, label: impl Fn(T) -> &'static str) -> Option<T> {
    all.iter().copied().find(|entry| label(*entry) == text)
}

fn limited(text: &str, most: usize) -> Result<String, String> {
    let characters = text.chars().count();
    if characters > most {
        Err(format!("最多 {most} 个字，现在有 {characters} 个字"))
    } else {
        Ok(text.to_owned())
    }
}

fn sentence(error: impl std::error::Error) -> String {
    error.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TODAY: Date = jiff::civil::date(2026, 11, 24);

    #[test]
    fn every_choice_is_read_from_its_code_and_its_label() {
        for particular in Particular::ALL {
            for (code, label) in particular.options() {
                assert_eq!(particular.read(code, TODAY), Ok(Some(code.to_owned())));
                assert_eq!(particular.read(label, TODAY), Ok(Some(code.to_owned())));
                assert_eq!(particular.words(code), label);
            }
        }
    }

    #[test]
    fn blanks_erase_all_but_the_name_and_the_sex() {
        for particular in Particular::ALL {
            match particular {
                Particular::Name => assert!(particular.read("  ", TODAY).is_err()),
                Particular::Sex => assert_eq!(particular.read("", TODAY), Ok(Some("0".to_owned()))),
                _ => assert_eq!(particular.read(" ", TODAY), Ok(None)),
            }
        }
    }

    #[test]
    fn a_number_is_read_by_its_document() {
        assert_eq!(Document::Passport.read(" e12345678 "), Ok("E12345678".to_owned()));
        assert!(Document::Passport.read("141199199003070014").is_ok());
        assert!(Document::IdentityCard.read("141199199003070014").is_err(), "the check digit");
        assert_eq!(Document::ResidencePermit.read("810000199001010019"), Ok("810000199001010019".to_owned()));
        assert!(Document::None.read("1").is_err());
        assert_eq!(Particular::Identity.masked("E12345678"), "E1******78");
        assert!(Particular::BirthDate.read("2027-01-01", TODAY).is_err());
    }
}
