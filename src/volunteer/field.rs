//! What is known of a volunteer, field by field: how each is read, kept and shown.

use std::collections::BTreeMap;

use db::text_enum;
use jiff::civil::Date;

use super::model::Source;
use crate::registry::{Particular, export};

text_enum! {
    /// A field of a volunteer, in the order of the form. Its code is the name of its column, without `_sealed`.
    pub enum Field {
        Name = "name" "姓名",
        Sex = "sex" "性别",
        Birth = "birth_date" "出生日期",
        Identity = "identity" "身份证号",
        Phone = "phone" "联系电话",
        Political = "political_status" "政治面貌",
        Source = "source" "来源",
        Skills = "skills" "特长",
        Qualifications = "qualifications" "资格证书",
        Services = "services" "服务类别",
        Available = "available" "什么时候有空",
        National = "national_no" "全国志愿者编号",
        Insurance = "insurance_no" "保险单号",
        InsuredUntil = "insured_until" "保险到哪天",
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
            Field::Birth => Some(Particular::BirthDate),
            Field::Identity => Some(Particular::Identity),
            Field::Phone => Some(Particular::Phone),
            Field::Political => Some(Particular::Political),
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
        if text.is_empty() {
            return Ok(None);
        }
        match self {
            Field::Source => {
                let known = Source::ALL.iter().find(|source| source.code() == text || source.label() == text);
                Ok(Some(known.ok_or("请从列表里选来源")?.code().to_owned()))
            }
            Field::National | Field::Insurance if text.chars().count() > 40 => {
                Err(format!("{}最多 40 个字", self.label()))
            }
            Field::National | Field::Insurance => Ok(Some(text.to_owned())),
            Field::InsuredUntil => {
                let day = codes::date::parse(text).ok().and_then(|day| day.to_string().parse::<Date>().ok());
                let day = day.ok_or("保险到哪天请写年月日，如 2027-05-01")?;
                Ok(Some(day.to_string()))
            }
            _ if text.chars().count() > 100 => Err(format!("{}最多 100 个字", self.label())),
            // These stand open on pages, where no number of anybody belongs.
            _ if codes::text::personal(text).is_some() => Err(format!("{}里不要写电话或身份证号", self.label())),
            _ => Ok(Some(text.to_owned())),
        }
    }

    /// The values to choose from, each with its label; empty where anything may be written.
    pub fn options(self) -> Vec<(&'static str, &'static str)> {
        match (self, self.particular()) {
            (Field::Source, _) => Source::ALL.iter().map(|entry| (entry.code(), entry.label())).collect(),
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

    /// What is kept, in words, with nothing masked.
    pub fn words(self, kept: &str) -> String {
        self.particular().map_or_else(|| self.masked(kept), |particular| particular.words(kept))
    }

    /// What is kept as a workbook shows it that leaves the building, with the name masked too.
    pub fn exported(self, kept: &str) -> String {
        self.particular().map_or_else(|| self.masked(kept), |particular| export::shown(particular, kept))
    }
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
        assert_eq!(Field::Birth.read("1990.3.7", today), Ok(Some("1990-03-07".to_owned())));
        assert!(Field::Birth.read("2027-01-01", today).is_err());
        assert!(Field::Skills.read("会修水管，电话 13800001234", today).is_err());
        assert_eq!(Field::Available.read(" 周六上午 ", today), Ok(Some("周六上午".to_owned())));
        assert_eq!(Field::InsuredUntil.read("2027年5月1日", today), Ok(Some("2027-05-01".to_owned())));
        assert!(Field::InsuredUntil.read("明年", today).is_err());
        assert_eq!(Field::Phone.masked("13800001234"), "138****1234");
    }
}
