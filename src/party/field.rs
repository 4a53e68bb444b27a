//! What is known of a member, field by field: how each is read, kept and shown.

use std::collections::BTreeMap;

use db::text_enum;
use jiff::civil::Date;

use super::model::{Status, Tie, first_day};
use crate::registry::{Particular, export};

text_enum! {
    /// A field of a member, in the order of the form. Its code is the name of its column, without `_sealed`.
    pub enum Field {
        Name = "name" "姓名",
        Sex = "sex" "性别",
        Ethnic = "ethnic_group" "民族",
        Birth = "birth_date" "出生年月",
        Identity = "identity" "身份证号",
        Phone = "phone" "联系方式",
        Education = "education" "学历",
        Joined = "joined_on" "入党时间",
        Full = "full_since" "转正时间",
        Status = "status" "党员类别",
        Link = "link" "在这里的身份",
        Home = "home_organisation" "组织关系所在地",
        Note = "note" "备注",
    }
}

/// What is known, each in the form in which it is kept.
pub type Values = BTreeMap<Field, String>;

impl Field {
    pub const fn is_sealed(self) -> bool {
        matches!(self, Field::Identity | Field::Phone | Field::Note)
    }

    /// The field of the register that is read, kept and shown in the same way.
    const fn particular(self) -> Option<Particular> {
        match self {
            Field::Name => Some(Particular::Name),
            Field::Sex => Some(Particular::Sex),
            Field::Ethnic => Some(Particular::Ethnic),
            Field::Birth => Some(Particular::BirthDate),
            Field::Identity => Some(Particular::Identity),
            Field::Phone => Some(Particular::Phone),
            Field::Education => Some(Particular::Education),
            Field::Note => Some(Particular::Note),
            _ => None,
        }
    }

    /// Reads what somebody wrote into the form in which it is kept; `None` where it is left blank.
    ///
    /// Errors: a sentence that says how to mend it.
    pub fn read(self, text: &str, today: Date) -> Result<Option<String>, String> {
        if let Some(particular) = self.particular() {
            return particular.read(text, today);
        }
        let text = text.trim();
        let kept = match self {
            Field::Status if text.is_empty() => return Err("请选择党员类别".to_owned()),
            Field::Link if text.is_empty() => return Err("请选择在这里的身份".to_owned()),
            _ if text.is_empty() => return Ok(None),
            Field::Status => {
                let known = Status::ALL.iter().find(|status| status.code() == text || status.label() == text);
                known.ok_or("请从列表里选党员类别")?.code().to_owned()
            }
            Field::Link => {
                let known = Tie::ALL.iter().find(|tie| tie.code() == text || tie.label() == text);
                known.ok_or("请从列表里选在这里的身份")?.code().to_owned()
            }
            Field::Joined | Field::Full => {
                let kept = crate::workbook::date(text).map_err(|error| error.to_string())?.to_string();
                if first_day(&kept).is_some_and(|day| day > today) {
                    return Err(format!("{}在今天以后，请核对", self.label()));
                }
                kept
            }
            _ if text.chars().count() > 60 => return Err(format!("{}最多 60 个字", self.label())),
            _ => text.to_owned(),
        };
        Ok(Some(kept))
    }

    /// The values to choose from, each with its label; empty where anything may be written.
    pub fn options(self) -> Vec<(&'static str, &'static str)> {
        match (self, self.particular()) {
            (Field::Status, _) => Status::ALL.iter().map(|entry| (entry.code(), entry.label())).collect(),
            (Field::Link, _) => Tie::ALL.iter().map(|entry| (entry.code(), entry.label())).collect(),
            (_, Some(particular)) => particular.options(),
            _ => Vec::new(),
        }
    }

    /// What is kept as it is shown, with what is sealed masked.
    pub fn masked(self, kept: &str) -> String {
        match self.particular() {
            Some(particular) => particular.masked(kept),
            None => {
                let label = self.options().into_iter().find(|(code, _)| *code == kept).map(|(_, label)| label);
                label.unwrap_or(kept).to_owned()
            }
        }
    }
}

/// What is kept as a workbook shows it that leaves the building: by the rule for residents, with the name masked too.
pub fn exported(field: Field, kept: &str) -> String {
    field.particular().map_or_else(|| field.masked(kept), |particular| export::shown(particular, kept))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_from_codes_labels_and_what_people_write() {
        let today = jiff::civil::date(2026, 11, 23);
        for field in Field::ALL {
            for (code, label) in field.options() {
                assert_eq!(field.read(code, today), Ok(Some(code.to_owned())));
                assert_eq!(field.read(label, today), Ok(Some(code.to_owned())));
                assert_eq!(field.masked(code), label);
            }
        }
        assert_eq!(Field::Joined.read("1990.3", today), Ok(Some("1990-03".to_owned())));
        assert_eq!(Field::Joined.read("33055", today), Ok(Some("1990-07-01".to_owned())));
        assert!(Field::Full.read("2026-12-01", today).is_err());
        assert!(Field::Status.read("", today).is_err());
        assert_eq!(Field::Home.read(" ", today), Ok(None));
    }
}
