//! What an activity is, and what stands in the way of somebody who signs up, without a database.

use calendar::shanghai;
use db::text_enum;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use uuid::Uuid;

use super::activity_store::Applicant;
use super::hours_model::Kind;
use super::model::{State, age};
use crate::settings::Setting;

text_enum! {
    pub enum Risk { Low = "low" "一般" , High = "high" "高" }
    /// How somebody stands who has signed up.
    pub enum Place { Confirmed = "confirmed" "报上了", Waiting = "waiting" "候补", Cancelled = "cancelled" "已取消" }
    /// Days on which a series does not take place although its rule names them.
    pub enum LeftOut { Nothing = "nothing" "都办", Holidays = "holidays" "法定节假日不办", DaysOff = "days_off" "休息日不办" }
    /// How it is known that somebody came or went.
    pub enum Attendance { Code = "code" "扫码", Leader = "leader" "队长登记", Later = "later" "补登" }
}

/// From a moment until another, which does not belong to it any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub starts_at: Timestamp,
    pub ends_at: Timestamp,
}

impl Span {
    /// `08:00–11:00`
    pub fn clock(&self) -> String {
        format!("{}–{}", clock_of(self.starts_at), clock_of(self.ends_at))
    }

    /// `12月5日 星期六 08:00–11:00`
    pub fn words(&self) -> String {
        let day = calendar::long_date(self.starts_at);
        // The year is plain from what stands around it.
        let day = day.split_once('年').map_or(day.as_str(), |(_, day)| day);
        format!("{day} {}", self.clock())
    }

    pub fn day(&self) -> Date {
        self.starts_at.to_zoned_datetime(shanghai()).date()
    }

    pub fn minutes(&self) -> i64 {
        self.ends_at.duration_since(self.starts_at).as_secs() / 60
    }

    /// The same on another day.
    pub fn on(&self, day: Date) -> Option<Span> {
        let time = self.starts_at.to_zoned_datetime(shanghai()).time();
        let starts_at = day.to_datetime(time).to_zoned_datetime(shanghai()).ok()?.timestamp();
        Some(Span { starts_at, ends_at: starts_at + SignedDuration::from_mins(self.minutes()) })
    }
}

pub(super) fn clock_of(at: Timestamp) -> String {
    at.to_zoned_datetime(shanghai()).strftime("%H:%M").to_string()
}

/// What is said of an activity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Whether who takes part serves or learns.
    pub kind: Kind,
    pub estate: Option<Uuid>,
    pub title: String,
    pub place: String,
    pub needs: String,
    pub span: Span,
    pub capacity: i64,
    pub risk: Risk,
    pub risk_notice: String,
    pub least_age: i64,
}

/// When people sign in and out, and when the group is reminded.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Rules {
    /// So long before the beginning somebody can sign in.
    pub opens_minutes: i64,
    /// So long after the end somebody can sign out.
    pub closes_minutes: i64,
    /// So long the code on the wall stays the same.
    pub code_seconds: i64,
    /// So long whoever has scanned it may take.
    pub form_minutes: i64,
    pub remind_hours: i64,
    /// So long after the end somebody may enter later that they were there.
    pub claim_days: i64,
    /// From this age on minors may take part where nothing else is said.
    pub least_age: i64,
}

impl Setting for Rules {
    const NAME: &'static str = "volunteer.activities";
}

/// What an activity asks of whoever takes part.
#[derive(Debug, Clone, Copy)]
pub struct Demands {
    pub day: Date,
    pub risk: Risk,
    pub least_age: i64,
    pub adult_age: i64,
    /// The team works with minors.
    pub with_children: bool,
}

impl Demands {
    /// The insurance is good on the day.
    pub(super) fn is_insured(&self, who: &Applicant) -> bool {
        let until = who.insured_until.as_deref().filter(|_| who.insurance_no.is_some());
        until.is_some_and(|until| until >= self.day.to_string().as_str())
    }

    /// What stands in the way of somebody who wants to take part, in words; `None` if nothing does.
    pub(super) fn unmet(&self, who: &Applicant) -> Option<String> {
        if who.state != State::Active {
            return Some(format!("{}不在册，不能报名", who.name));
        }
        let years = who.birth_date.as_deref().and_then(|birth| age(birth, self.day));
        if years.is_none_or(|years| years < self.least_age) {
            return Some(format!("这次活动要满 {} 岁", self.least_age));
        }
        // 志愿服务条例, art. 15: minors take part with the consent of a guardian.
        if years.is_none_or(|years| years < self.adult_age) && who.guardian_agreed_on.is_none() {
            return Some(format!(
                "{}不满 {} 岁，要先有监护人的书面同意。请社区登记以后再报名",
                who.name, self.adult_age
            ));
        }
        if self.risk == Risk::High {
            if years.is_none_or(|years| years < self.adult_age) {
                return Some(format!("这次活动有危险，不满 {} 岁不能参加", self.adult_age));
            }
            // 志愿服务条例, art. 17: the insurance comes before the task.
            if who.insurance_no.is_none() {
                return Some("这次活动有危险，要先有人身意外保险。请社区登记保险单号以后再报名".to_owned());
            }
            if !self.is_insured(who) {
                return Some(format!(
                    "这次活动有危险，登记的保险管不到那一天（{}）。请社区登记新的以后再报名",
                    self.day
                ));
            }
        }
        // 未成年人保护法, art. 62: whoever works closely with minors has been asked about.
        let vetted = who.vetted_until.as_deref().is_some_and(|until| until >= self.day.to_string().as_str());
        if self.with_children && !vetted {
            return Some("这支队陪孩子，要先有有效的从业查询".to_owned());
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span() -> Span {
        let starts_at: Timestamp = "2026-12-05T08:00:00+08:00".parse().unwrap();
        Span { starts_at, ends_at: starts_at + SignedDuration::from_mins(180) }
    }

    fn demands(risk: Risk, with_children: bool) -> Demands {
        Demands { day: span().day(), risk, least_age: 14, adult_age: 18, with_children }
    }

    fn applicant(birth: &str) -> Applicant {
        let (id, name, birth_date) = (Uuid::nil(), "刘建军".to_owned(), Some(birth.to_owned()));
        let guardian_agreed_on = Some("2026-11-27".to_owned());
        Applicant {
            id,
            name,
            state: State::Active,
            birth_date,
            insurance_no: None,
            insured_until: None,
            guardian_agreed_on,
            vetted_until: None,
        }
    }

    #[test]
    fn danger_wants_grown_ups_with_insurance() {
        let (low, high) = (demands(Risk::Low, false), demands(Risk::High, false));
        let until = |until: Option<&str>| Applicant {
            insurance_no: Some("BX-1".to_owned()),
            insured_until: until.map(str::to_owned),
            ..applicant("1990-01-01")
        };
        let insured = |birth: &str| Applicant { birth_date: Some(birth.to_owned()), ..until(Some("2026-12-05")) };
        for ended in [Some("2026-12-04"), None] {
            assert!(high.unmet(&until(ended)).unwrap().contains("管不到那一天"), "{ended:?}");
        }
        assert_eq!(low.unmet(&applicant("2012-12-05")), None, "fourteen that day");
        assert!(low.unmet(&applicant("2012-12-06")).unwrap().contains("满 14 岁"));
        assert!(high.unmet(&insured("2009-01-01")).unwrap().contains("不满 18 岁"));
        assert!(high.unmet(&applicant("1990-01-01")).unwrap().contains("保险单号"));
        assert_eq!(high.unmet(&insured("1990-01-01")), None);
        let gone = Applicant { state: State::Left, ..insured("1990-01-01") };
        assert!(low.unmet(&gone).unwrap().contains("不在册"));
    }

    #[test]
    fn a_minor_takes_part_once_a_guardian_has_agreed() {
        let alone = |birth| Applicant { guardian_agreed_on: None, ..applicant(birth) };
        let low = demands(Risk::Low, false);
        assert!(low.unmet(&alone("2008-12-06")).unwrap().contains("监护人的书面同意"));
        assert_eq!(low.unmet(&alone("2008-12-05")), None, "eighteen that day");
        assert_eq!(low.unmet(&applicant("2008-12-06")), None);
    }

    #[test]
    fn whoever_is_with_children_has_been_asked_about() {
        let until = |day: &str| Applicant { vetted_until: Some(day.to_owned()), ..applicant("1990-01-01") };
        for (who, fit) in [(applicant("1990-01-01"), false), (until("2026-12-04"), false), (until("2026-12-05"), true)]
        {
            assert_eq!(demands(Risk::Low, true).unmet(&who).is_none(), fit, "{who:?}");
            assert_eq!(demands(Risk::Low, false).unmet(&who), None);
        }
    }

    #[test]
    fn a_span_is_said_and_moved_to_another_day() {
        assert_eq!(span().words(), "12月5日 星期六 08:00–11:00");
        let moved = span().on(jiff::civil::date(2026, 12, 12)).unwrap();
        assert_eq!((moved.clock(), moved.minutes()), ("08:00–11:00".to_owned(), 180));
    }
}
