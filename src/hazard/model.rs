use std::collections::BTreeMap;

use db::text_enum;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::transition::State;
use crate::settings::Setting;

text_enum! {
    /// What is dangerous there. 200 metres for internet cafés are the law's (互联网上网服务营业场所管理条例, art. 9).
    pub enum Kind {
        Disorder = "disorder" "治安复杂场所",
        Crowd = "crowd" "人员聚集区",
        Vendors = "vendors" "流动摊贩",
        Entertainment = "entertainment" "网吧、娱乐场所",
        Rental = "rental" "出租房",
        Traffic = "traffic" "交通（违停、无标线）",
        Fire = "fire" "消防",
        Food = "food" "食品",
        Knives = "knives" "文具店管制刀具",
        Tobacco = "tobacco" "电子烟、烟酒",
        Construction = "construction" "施工",
        Security = "security" "校内安保缺项",
    }
    pub enum Level { General = "general" "一般", Major = "major" "重大" }
    pub enum Mode { Immediate = "immediate" "立即整改", Dated = "dated" "限期整改" }
    /// Who has hung up the sign 挂牌督办, from below to above.
    pub enum Supervision { Bureau = "bureau" "分局挂牌", County = "county" "区县挂牌", City = "city" "市级挂牌", Province = "province" "省级挂牌" }
    /// What becomes of a transfer to another body.
    pub enum Answer { Fixed = "fixed" "已整改", Returned = "returned" "退回" }
    /// A place that rounds look at because of what it is.
    pub enum PlaceKind { Disorder = "disorder" "治安复杂地区", Crowd = "crowd" "人员聚集区" }
    pub enum RoundState { Planned = "planned" "待排查", Done = "done" "已排查", Cancelled = "cancelled" "已取消" }
    pub enum Verdict { Fine = "fine" "没有问题", Problem = "problem" "有隐患", Absent = "absent" "没有这一项" }
    /// What a round looks at by the checklist, which is a setting; the places of the list come on top.
    pub enum Item {
        Parking = "look_parking" "校门口没有违停、乱停",
        Markings = "look_markings" "标线、标志、减速带齐全",
        Vendors = "look_vendors" "没有流动摊贩占道",
        Internet = "look_internet" "200 米内没有网吧、娱乐场所",
        Rental = "look_rental" "周边出租房登记清楚",
        Fire = "look_fire" "消防通道没有堵，器材好用",
        Food = "look_food" "食品店证照齐全，没有三无食品",
        Knives = "look_knives" "文具店不卖管制刀具",
        Tobacco = "look_tobacco" "不向学生卖烟酒、电子烟",
        Construction = "look_construction" "施工围挡、车辆进出安全",
        Enclosed = "look_enclosed" "封闭化管理",
        Guards = "look_guards" "专职保安配齐、在岗",
        Alarm = "look_alarm" "一键报警、视频联网好用",
        GuardPost = "look_guard_post" "护学岗到岗",
    }
}

impl Item {
    /// What a problem with it is.
    pub const fn kind(self) -> Kind {
        match self {
            Item::Parking | Item::Markings => Kind::Traffic,
            Item::Vendors => Kind::Vendors,
            Item::Internet => Kind::Entertainment,
            Item::Rental => Kind::Rental,
            Item::Fire => Kind::Fire,
            Item::Food => Kind::Food,
            Item::Knives => Kind::Knives,
            Item::Tobacco => Kind::Tobacco,
            Item::Construction => Kind::Construction,
            Item::Enclosed | Item::Guards | Item::Alarm | Item::GuardPost => Kind::Security,
        }
    }
}

impl PlaceKind {
    pub const fn hazard(self) -> Kind {
        match self {
            PlaceKind::Disorder => Kind::Disorder,
            PlaceKind::Crowd => Kind::Crowd,
        }
    }
}

/// Which items a round asks for.
#[derive(Debug, Clone, Deserialize)]
pub struct Checklist(BTreeMap<String, String>);

impl Setting for Checklist {
    const NAME: &'static str = "hazard.checklist";
}

impl Checklist {
    pub fn items(&self) -> impl Iterator<Item = Item> {
        let asked = |item: &Item| self.0.get(item.code()).is_none_or(|value| value == "asked");
        Item::ALL.iter().copied().filter(asked)
    }
}

/// How long each part of the way may take, and how far from a gate is near.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Limits {
    pub grade_hours: i64,
    pub assign_hours: i64,
    pub immediate_hours: i64,
    pub general_days: i64,
    pub major_days: i64,
    pub reply_days: i64,
    pub recheck_days: i64,
    pub strike_days: i64,
    pub supervise_days: i64,
    pub remind_hours: i64,
    pub again_hours: i64,
    pub near_metres: i64,
    pub far_metres: i64,
}

impl Setting for Limits {
    const NAME: &'static str = "hazard.limits";
}

/// What decides the deadline of a hazard besides its state.
#[derive(Debug, Clone, Copy, Default)]
pub struct Dates {
    pub fix: Option<Timestamp>,
    pub reply: Option<Timestamp>,
    pub supervised: Option<Timestamp>,
}

impl Limits {
    /// Until when something has to happen to a hazard that came to a state at a moment. Where a sign hangs, nothing before the re-check may
    /// take longer than the sign says.
    pub fn due(&self, state: State, dates: Dates, at: Timestamp) -> Timestamp {
        let hours = |hours| at + SignedDuration::from_hours(hours);
        let due = match state {
            State::Registered => hours(self.grade_hours),
            State::Graded => hours(self.assign_hours),
            State::Assigned | State::Fixing => dates.fix.unwrap_or(hours(self.assign_hours)),
            State::Transferred => dates.reply.unwrap_or(hours(24 * self.reply_days)),
            State::Awaiting => return hours(24 * self.recheck_days),
            State::Passed => return hours(24 * self.strike_days),
            State::Closed | State::Dismissed => return at,
        };
        dates.supervised.map_or(due, |until| due.min(until))
    }

    /// The longest that fixing may take, in days.
    pub const fn longest_days(&self, level: Level) -> i64 {
        match level {
            Level::General => self.general_days,
            Level::Major => self.major_days,
        }
    }

    /// When somebody is to be reminded next of a deadline; never of what has ended.
    pub fn remind(&self, state: State, due: Timestamp, after: Timestamp) -> Option<Timestamp> {
        if !state.open() {
            return None;
        }
        let early = due - SignedDuration::from_hours(self.remind_hours);
        let again = after + SignedDuration::from_hours(self.again_hours);
        Some([early, due].into_iter().find(|at| *at > after).unwrap_or(again))
    }

    /// `校门口`, `200 米内` … as the rings of the setting have it.
    pub fn ring(&self, distance: i64) -> String {
        match distance {
            0 => "校门口".to_owned(),
            near if near <= self.near_metres => format!("{} 米内", self.near_metres),
            far if far <= self.far_metres => format!("{} 米内", self.far_metres),
            _ => format!("{} 米外", self.far_metres),
        }
    }
}

/// Who answers for fixing where it is nobody of the bureau. Sealed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    pub name: String,
    pub phone: String,
}

impl Contact {
    /// For lists and workbooks.
    pub fn masked(&self) -> String {
        codes::PersonName::parse(&self.name).map_or_else(|_| String::new(), |name| name.masked())
    }
}

/// The survey of a school, on which the next plan rests. Sealed: it tells how strong the school's own guard is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Survey {
    pub students: String,
    pub gates: String,
    pub peaks: String,
    pub roads: String,
    pub order: String,
    pub guards: String,
    pub wishes: String,
}

impl Survey {
    /// Its fields in their order: the name in the form, the label, and what it holds.
    pub fn fields(&self) -> [(&'static str, &'static str, &str); 7] {
        [
            ("students", "学生和教职工人数", &self.students),
            ("gates", "校门、开放时间", &self.gates),
            ("peaks", "上下学高峰的人流、车流", &self.peaks),
            ("roads", "周边道路、停车、公交", &self.roads),
            ("order", "周边治安情况、复杂场所", &self.order),
            ("guards", "学校安保力量、器材、技防", &self.guards),
            ("wishes", "学校的意见和建议", &self.wishes),
        ]
    }

    pub fn of(mut value: impl FnMut(&'static str, &'static str) -> String) -> Survey {
        let mut texts = Survey::default().fields().map(|(name, label, _)| value(name, label)).into_iter();
        let mut next = || texts.next().unwrap_or_default();
        Survey {
            students: next(),
            gates: next(),
            peaks: next(),
            roads: next(),
            order: next(),
            guards: next(),
            wishes: next(),
        }
    }
}

/// The middle of some lengths of time, in days and tenths; the mean of the two middle ones where they are even in number.
pub fn median_days(mut lengths: Vec<SignedDuration>) -> Option<String> {
    lengths.sort();
    let (count, half) = (lengths.len(), lengths.len() / 2);
    let middle = match count {
        0 => return None,
        odd if odd % 2 == 1 => lengths.get(half)?.as_secs(),
        _ => (lengths.get(half - 1)?.as_secs() + lengths.get(half)?.as_secs()) / 2,
    };
    let tenths = (middle * 10 + 43_200) / 86_400;
    Some(format!("{}.{}", tenths / 10, tenths % 10))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn the_median_is_the_middle_and_of_an_even_number_the_mean_of_two() {
        let days = |days: &[i64]| median_days(days.iter().map(|days| SignedDuration::from_hours(24 * days)).collect());
        assert_eq!(days(&[]), None);
        assert_eq!(days(&[9, 1, 4]).as_deref(), Some("4.0"));
        assert_eq!(days(&[1, 2]).as_deref(), Some("1.5"));
    }

    #[test]
    fn a_sign_shortens_what_comes_before_the_recheck_and_nothing_else() {
        let limits: Limits = crate::settings::by_default().unwrap();
        let now = at("2026-11-23T01:00:00Z");
        let dates =
            Dates { fix: Some(at("2026-12-23T00:00:00Z")), reply: None, supervised: Some(at("2026-11-23T06:00:00Z")) };
        assert_eq!(limits.due(State::Fixing, dates, now), at("2026-11-23T06:00:00Z"));
        assert_eq!(limits.due(State::Fixing, Dates { supervised: None, ..dates }, now), at("2026-12-23T00:00:00Z"));
        assert!(limits.due(State::Awaiting, dates, now) > at("2026-11-23T06:00:00Z"));
        assert_eq!(limits.due(State::Closed, dates, now), now);
    }

    #[test]
    fn a_deadline_is_reminded_of_before_at_and_after_it_and_never_of_what_has_ended() {
        let limits: Limits = crate::settings::by_default().unwrap();
        let (now, due) = (at("2026-11-23T00:00:00Z"), at("2026-11-30T00:00:00Z"));
        let early = limits.remind(State::Fixing, due, now).unwrap();
        assert_eq!(early, due - SignedDuration::from_hours(limits.remind_hours));
        assert_eq!(limits.remind(State::Fixing, due, early), Some(due));
        assert_eq!(limits.remind(State::Fixing, due, due), Some(due + SignedDuration::from_hours(limits.again_hours)));
        assert_eq!(limits.remind(State::Closed, due, now), None);
    }

    #[test]
    fn a_survey_reads_back_what_it_says() {
        let read = Survey::of(|name, _| name.to_owned());
        assert!(read.fields().iter().all(|(name, label, value)| name == value && !label.is_empty()));
    }
}
