//! Children, their guardians and what these agree to, and the rules of age, without a database.

use db::text_enum;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::settings::Setting;

text_enum! {
    pub enum State {
        Invited = "invited" "等监护人答复",
        Enrolled = "enrolled" "在册",
        Declined = "declined" "监护人没有同意",
        Left = "left" "已退出",
    }
    /// What a guardian agrees to, each by itself.
    pub enum Purpose {
        Class = "class" "参加七彩四点半",
        Photos = "photos" "拍照",
        Alone = "alone" "自行离开",
    }
    pub enum How { Link = "link" "监护人在手机上点的", Signed = "signed" "监护人书面签字" }
}

/// Somebody of a child's family or whom it trusts, or whom the guardian does not want near it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    pub name: String,
    pub relation: String,
    pub phone: String,
}

impl Person {
    /// `高建国（父亲）`
    pub fn words(&self) -> String {
        if self.relation.is_empty() { self.name.clone() } else { format!("{}（{}）", self.name, self.relation) }
    }

    /// `高建国（父亲）13800002222`
    pub fn with_phone(&self) -> String {
        format!("{}{}", self.words(), self.phone)
    }

    /// The same human being, as far as can be told: by the name, or by the phone.
    pub fn is(&self, other: &Person) -> bool {
        self.name == other.name || (!self.phone.is_empty() && self.phone == other.phone)
    }
}

/// Everything that is known of a child but its health and who may fetch it. It is sealed as one value.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Particulars {
    pub name: String,
    /// `1` or `2`; empty before the guardian has agreed.
    pub sex: String,
    /// `2017-05`
    pub birth_month: String,
    pub school: String,
    pub grade: String,
    pub guardians: Vec<Person>,
    pub emergency: Option<Person>,
    /// 监护缺失说明: that the parents are away for work, say.
    pub absence: String,
}

impl Particulars {
    pub fn masked_name(&self) -> String {
        codes::PersonName::parse(&self.name).map_or_else(|_| "（已删去）".to_owned(), |name| name.child_masked())
    }

    /// `None` where the month of birth is not known.
    pub fn age(&self, on: Date) -> Option<i64> {
        age(&self.birth_month, on)
    }
}

/// How old a child is at least that was born in a month: it has its birthday on the last day of that month.
pub fn age(birth_month: &str, on: Date) -> Option<i64> {
    let first: Date = format!("{birth_month}-01").parse().ok()?;
    let birth = first.last_of_month();
    let years = i64::from(on.year()) - i64::from(birth.year());
    let had = on >= on.first_of_year().with().month(birth.month()).build().ok()?.last_of_month();
    Some(years - i64::from(!had))
}

/// Who may fetch a child, or must not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adult {
    pub id: Uuid,
    pub barred: bool,
    pub person: Person,
}

/// Who may be on the roll, and how long what is kept.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Rules {
    pub least_age: i64,
    pub alone_age: i64,
    pub most_adults: i64,
    /// So long a guardian's answer is waited for.
    pub answer_within_days: i64,
    /// So long after the end of service a child's particulars are kept.
    pub keep_after_days: i64,
    /// So long it is kept who has agreed (个人信息保护法, art. 56).
    pub keep_consents_days: i64,
    pub open_minutes: i64,
}

impl Setting for Rules {
    const NAME: &'static str = "after_school.children";
}

impl Purpose {
    /// What a guardian reads before they agree, with the names and terms that hold now.
    pub fn wording(self, community: &str, rules: &Rules) -> Vec<String> {
        let Rules { alone_age, keep_after_days, keep_consents_days, .. } = rules;
        match self {
            Purpose::Class => vec![
                format!("谁在用：{community}居民委员会。七彩四点半是公益服务，不收钱，也不上新课。"),
                "为什么要：放学后照看孩子、点名、把孩子交给您认的人，有急事找得到您。".to_owned(),
                "要什么：孩子的姓名、性别、出生年月、学校年级、住哪栋楼，监护人和紧急联系人的姓名电话，谁能接、谁不能接；身体要注意的可以不填。不要身份证号。".to_owned(),
                "怎么保管：存在社区自己的系统里，加密保存，不给别的单位。社区工作人员每看一次都要写原因、留记录；当天带课的人只在当天看得到。带课的工作人员怕没有网，手机里会存一份当天孩子的姓名、年级、谁能接、谁不能接和您的电话，加密、用 PIN 码锁着，过了当天自动清掉。".to_owned(),
                format!("存多久：退出以后 {keep_after_days} 天自动删除，您也可以要求马上删。谁同意过、什么时候同意的，按法律另存 {keep_consents_days} 天；孩子在班上受伤一类的事，当时的记录另外保管，不跟着删。"),
                "您可以：用这个链接随时看、改、下载、撤回同意、删除。觉得不妥，找社区，也可以打 12345。".to_owned(),
                "不同意会怎样：孩子不能参加七彩四点半，现在记下的马上删掉；不影响您和孩子办任何别的事。".to_owned(),
            ],
            Purpose::Photos => vec![
                "同意以后，课堂照片里可以有孩子，只给家长看、留作活动记录；上公示栏以前另外问您。".to_owned(),
                "不同意，孩子照样上课，拍照时请孩子站到旁边。随时可以改。".to_owned(),
            ],
            Purpose::Alone => vec![
                format!("孩子满 {alone_age} 岁才可以。同意以后，下课时孩子可以自己走，路上由您负责。"),
                "不同意，孩子照样上课，一定等到您写下的人来接。随时可以改。".to_owned(),
            ],
        }
    }
}

/// Tells one wording from another.
pub fn edition(wording: &[String]) -> String {
    Sha256::digest(wording.join("\n")).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_child_has_its_birthday_at_the_end_of_the_month() {
        for (month, on, years) in [
            ("2016-11", date(2026, 11, 29), 9),
            ("2016-11", date(2026, 11, 30), 10),
            ("2016-02", date(2026, 2, 27), 9),
            ("2016-02", date(2026, 2, 28), 10),
            ("2016-12", date(2026, 11, 30), 9),
            ("2016-10", date(2026, 11, 1), 10),
        ] {
            assert_eq!(age(month, on), Some(years), "{month} {on}");
        }
        assert_eq!(age("", date(2026, 1, 1)), None);
        assert_eq!(age("2016", date(2026, 1, 1)), None);
    }

    #[test]
    fn a_wording_that_changes_is_another_edition() {
        let rules: Rules = crate::settings::by_default().unwrap();
        let of = |rules: &Rules| edition(&Purpose::Class.wording("尉汾路社区", rules));
        assert_eq!(of(&rules).len(), 64);
        assert_ne!(of(&rules), of(&Rules { keep_after_days: 30, ..rules }));
        for purpose in Purpose::ALL {
            assert!(purpose.wording("尉汾路社区", &rules).iter().any(|line| line.contains("不同意")), "{purpose:?}");
        }
    }

    #[test]
    fn people_are_the_same_by_name_or_phone() {
        let person = |name: &str, phone: &str| Person { name: name.into(), phone: phone.into(), ..Person::default() };
        assert!(person("王强", "1").is(&person("王强", "2")));
        assert!(person("王强", "1").is(&person("王刚", "1")));
        assert!(!person("王强", "").is(&person("王刚", "")));
    }
}
