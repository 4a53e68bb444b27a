//! What a session is, how many adults it needs, and who may hold it, without a database.

use db::text_enum;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use uuid::Uuid;

use super::presence::Terms;
use super::session_store::RotaRow;
use crate::settings::Setting;
use crate::volunteer::{Span, age as age_of};

text_enum! {
    /// Help with homework, and no new subject is taught.
    pub enum Kind { Homework = "homework" "作业辅导", Crafts = "crafts" "手工制作", Classics = "classics" "诵读经典" }
    /// What came of calling the guardian of a child that is missing.
    pub enum Call { OnWay = "on_way" "在路上，马上到", NotComing = "not_coming" "今天不来", NoAnswer = "no_answer" "没打通" }
    /// What somebody does about a child that nobody has fetched.
    pub enum Answer {
        Calling = "calling" "正在给家长打电话",
        OnWay = "on_way" "联系上了，家长在路上",
        Reported = "reported" "联系不上，已报网格员和派出所",
    }
}

/// No session is longer.
pub const LONGEST: SignedDuration = SignedDuration::from_hours(12);

/// When a term is held, and how far ahead its rota is looked at.
#[derive(Debug, Clone, Deserialize)]
pub struct TermRules {
    /// 寒假 and 暑假 of each year, as `calendar` reads them: the education office of the place sets them.
    pub vacations: String,
    pub rota_days: i64,
}

impl Setting for TermRules {
    const NAME: &'static str = "after_school.terms";
}

/// How a session is held safely.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Rules {
    pub least_adults: i64,
    pub children_per_adult: i64,
    /// The same where a child up to `young_age` is there.
    pub young_per_adult: i64,
    pub young_age: i64,
    /// So far ahead a term may reach.
    pub term_days: i64,
    /// So long before the beginning the doors may be opened.
    pub doors_minutes: i64,
    /// So long after the beginning staff are told that nobody has opened them.
    pub unopened_minutes: i64,
    pub tardy_minutes: i64,
    /// Within this time the guardian of a child that is missing without leave is called.
    pub call_minutes: i64,
    /// After the end, until the alarm.
    pub alarm_minutes: i64,
    /// Until the alarm comes again without an answer, and with one.
    pub repeat_minutes: i64,
    pub answered_minutes: i64,
    /// So long a second person may agree to an emergency.
    pub asked_minutes: i64,
    pub code_hours: i64,
    pub code_tries: i64,
    /// So many of one session, and so long each is kept.
    pub most_pictures: i64,
    pub picture_days: i64,
    /// So long one is kept of which nobody says who is in it.
    pub unshown_hours: i64,
}

impl Setting for Rules {
    const NAME: &'static str = "after_school.sessions";
}

impl Rules {
    pub fn terms(&self, span: Span) -> Terms {
        let minutes = SignedDuration::from_mins;
        Terms {
            starts_at: span.starts_at,
            ends_at: span.ends_at,
            late: minutes(self.tardy_minutes),
            alarm: minutes(self.alarm_minutes),
            again: minutes(self.repeat_minutes),
            answered: minutes(self.answered_minutes),
            asked: minutes(self.asked_minutes),
        }
    }

    /// How many adults so many children need, by their ages; one whose age is not known counts as young.
    pub fn adults_for(&self, ages: &[Option<i64>]) -> i64 {
        let young = ages.iter().any(|age| age.is_none_or(|age| age <= self.young_age));
        let each = if young { self.young_per_adult } else { self.children_per_adult };
        let children = ages.len() as i64;
        ((children + each - 1) / each).max(self.least_adults)
    }
}

/// What is said of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    pub estate: Uuid,
    pub place: String,
    pub kind: Kind,
    pub theme: String,
    pub span: Span,
    pub capacity: i64,
}

/// Somebody of the rota.
#[derive(Debug, Clone)]
pub struct RotaKeeper {
    pub id: Uuid,
    pub volunteer: Option<Uuid>,
    pub account: Option<Uuid>,
    pub name: String,
    pub came_at: Option<Timestamp>,
    /// Of a volunteer, once it is over: the record of their hours, or why there is none.
    pub record: Option<Uuid>,
    pub unrecorded: Option<String>,
    /// Why they may not be with the children that day.
    pub obstacle: Option<String>,
}

impl RotaKeeper {
    pub(super) fn of(row: RotaRow, day: Date, adult_age: i64) -> RotaKeeper {
        let obstacle = row.obstacle(day, adult_age);
        let RotaRow { id, volunteer_id, account_id, name, came_at, record_id, unrecorded_why, .. } = row;
        let (volunteer, account, record, unrecorded) = (volunteer_id, account_id, record_id, unrecorded_why);
        RotaKeeper { id, volunteer, account, name, came_at, record, unrecorded, obstacle }
    }

    /// The volunteer or the account: whoever it is, and not which line of the rota.
    pub fn person(&self) -> Uuid {
        self.volunteer.or(self.account).unwrap_or(self.id)
    }

    pub fn is_there(&self) -> bool {
        self.came_at.is_some() && self.obstacle.is_none()
    }
}

impl RotaRow {
    /// 未成年人保护法, art. 62: whoever is with children has been asked about, and is asked about anew every year.
    pub(super) fn obstacle(&self, day: Date, adult_age: i64) -> Option<String> {
        let name = &self.name;
        if self.standing == 0 {
            return Some(format!("{name}不在册或者账号停用了，不能带班"));
        }
        if self.volunteer_id.is_some() {
            let years = self.birth_date.as_deref().and_then(|birth| age_of(birth, day));
            if years.is_none_or(|years| years < adult_age) {
                return Some(format!("{name}不满 {adult_age} 岁或者没有登记出生日期，不能带班"));
            }
        }
        match self.vetted_until.as_deref() {
            None => Some(format!("{name}没有通过从业查询，不能带班。请先登记查询结果")),
            Some(until) if until < day.to_string().as_str() => {
                Some(format!("{name}的从业查询到 {until} 为止，到那天已经过期。请先重新查询"))
            }
            Some(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn adults_are_two_at_least_and_more_where_children_are_young() {
        let rules: Rules = crate::settings::by_default().unwrap();
        let of = |children: usize, age: i64| rules.adults_for(&vec![Some(age); children]);
        assert_eq!([of(0, 10), of(1, 10), of(20, 10), of(21, 10)], [2, 2, 2, 3]);
        assert_eq!([of(16, 8), of(17, 8), of(16, 9)], [2, 3, 2]);
        let one_is_young: Vec<Option<i64>> = (0..17).map(|at| Some(if at == 3 { 7 } else { 11 })).collect();
        assert_eq!(rules.adults_for(&one_is_young), 3);
        assert_eq!(rules.adults_for(&[None; 17]), 3);
    }

    #[test]
    fn whoever_was_not_asked_about_does_not_hold_a_class() {
        let day = date(2026, 12, 1);
        let row = |vetted: Option<&str>| RotaRow {
            id: Uuid::nil(),
            session_id: Uuid::nil(),
            volunteer_id: Some(Uuid::nil()),
            account_id: None,
            name: "张爱莲".to_owned(),
            came_at: None,
            record_id: None,
            unrecorded_why: None,
            standing: 1,
            birth_date: Some("1970-01-01".to_owned()),
            vetted_until: vetted.map(str::to_owned),
        };
        assert_eq!(row(Some("2026-12-01")).obstacle(day, 18), None, "the last day counts");
        assert!(row(Some("2026-11-30")).obstacle(day, 18).is_some_and(|words| words.contains("过期")));
        assert!(row(None).obstacle(day, 18).is_some_and(|words| words.contains("没有通过")));
        let minor = RotaRow { birth_date: Some("2009-01-01".to_owned()), ..row(Some("2027-01-01")) };
        assert!(minor.obstacle(day, 18).is_some());
        let gone = RotaRow { standing: 0, ..row(Some("2027-01-01")) };
        assert!(gone.obstacle(day, 18).is_some());
        let staff =
            RotaRow { volunteer_id: None, account_id: Some(Uuid::nil()), birth_date: None, ..row(Some("2027-01-01")) };
        assert_eq!(staff.obstacle(day, 18), None);
    }
}
