//! Incidents of the class and the report that the law demands of a suspected harm, without a database.

use db::text_enum;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::model::Person;
use crate::settings::Setting;

text_enum! {
    pub enum Kind {
        Hurt = "hurt" "受伤、身体不适",
        Lost = "lost" "走失",
        Conflict = "conflict" "冲突",
        Property = "property" "财物",
        Custody = "custody" "监护问题",
        /// 未成年人保护法, art. 11.
        Harm = "harm" "疑似侵害（强制报告）",
    }
    pub enum State { Open = "open" "新记的", Followed = "followed" "跟进中", Closed = "closed" "已了结" }
    pub enum Step {
        Account = "account" "经过",
        Done = "done" "做了什么",
        Told = "told" "告诉了谁",
        Later = "later" "补充",
        Suspected = "suspected" "发现疑似侵害",
        Followed = "followed" "开始跟进",
        Closed = "closed" "了结",
    }
    /// How an incident ends. What was written down twice or by mistake need not be followed, nor reported once more.
    pub enum Ending {
        Settled = "settled" "处理完了",
        Duplicate = "duplicate" "和另一件重复",
        Mistaken = "mistaken" "选错了、记错了",
    }
    /// Who is to be told of a suspected harm.
    pub enum Office { Police = "police" "公安", Civil = "civil" "民政", Education = "education" "教育" }
}

impl Step {
    /// What anybody who reads an incident may add at any time.
    pub const ADDED: [Step; 3] = [Step::Later, Step::Done, Step::Told];
}

/// Who a child was when an incident was written down: its own record may be erased by a guardian, and this may not.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Concerned {
    pub name: String,
    pub birth_month: String,
    /// `王府名苑小区 3号楼`
    pub home: String,
    pub guardians: Vec<Person>,
}

impl Concerned {
    /// `刘小雨（2016-05 生） 王府名苑小区 3号楼，监护人：刘建军（父亲）13800001234`
    pub fn words(&self) -> String {
        let Concerned { name, birth_month, home, guardians } = self;
        let born = if birth_month.is_empty() { String::new() } else { format!("（{birth_month} 生）") };
        let guardians: Vec<String> = guardians.iter().map(Person::with_phone).collect();
        let guardians = match guardians[..] {
            [] => String::new(),
            _ => format!("，监护人：{}", guardians.join("、")),
        };
        format!("{name}{born} {home}{guardians}")
    }
}

/// What is kept of a report besides to whom and when.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    pub by: String,
    /// What the office gave as the number of the case; empty where it gave none.
    pub answer: String,
    pub words: String,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Rules {
    /// So long after it was written down a suspected harm has to be reported.
    pub report_minutes: i64,
    /// So long after it was written down somebody has to have looked after any other.
    pub follow_hours: i64,
    /// So long after somebody began to follow it, it has to have ended.
    pub settle_days: i64,
    /// What is said to have happened longer ago is a slip of the pen.
    pub earliest_days: i64,
    /// Whom to call, as it is dialled.
    pub police_number: String,
    pub hotline_number: String,
    pub youth_number: String,
    /// So long after the end the words are kept, and those of a suspected harm.
    pub keep_incidents_days: i64,
    pub keep_harm_days: i64,
    pub open_minutes: i64,
}

impl Setting for Rules {
    const NAME: &'static str = "after_school.incidents";
}

impl Rules {
    /// Whom to call, for what.
    pub fn numbers(&self) -> [(&str, &'static str); 3] {
        [
            (&self.police_number, "公安报警：孩子有危险、受了伤害，先打这个"),
            (&self.hotline_number, "政务服务热线：转民政、教育等部门"),
            (&self.youth_number, "青少年服务台：法律和心理帮助"),
        ]
    }

    /// Until when an incident has to be reported, if it has to be.
    pub fn report_due(&self, kind: Kind, written_at: Timestamp) -> Option<Timestamp> {
        (kind == Kind::Harm).then(|| written_at + SignedDuration::from_mins(self.report_minutes))
    }

    pub fn settle_due(&self, followed_at: Timestamp) -> Timestamp {
        followed_at + SignedDuration::from_hours(24 * self.settle_days)
    }

    pub fn follow_due(&self, written_at: Timestamp) -> Timestamp {
        written_at + SignedDuration::from_hours(self.follow_hours)
    }
}

/// The codes of offices, as they are kept.
pub fn codes(offices: &[Office]) -> String {
    offices.iter().map(|office| office.code()).collect::<Vec<_>>().join(",")
}

/// `公安、民政`
pub fn labels(codes: &str) -> String {
    codes.split(',').filter_map(Office::parse).map(Office::label).collect::<Vec<_>>().join("、")
}
