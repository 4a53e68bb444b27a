//! Which children of the register want looking after, and how sure it is that one of them is on the roll, without a database.

use db::text_enum;
use jiff::ToSpan;
use jiff::civil::Date;
use serde::Deserialize;
use uuid::Uuid;

use super::model::State;
use super::names::Named;
use crate::settings::Setting;

text_enum! {
    /// What was done for a child of the list.
    pub enum Help {
        Visited = "visited" "已上门",
        Invited = "invited" "已邀请",
        NotNeeded = "not_needed" "不需要",
        AskedHelp = "asked_help" "求助",
        /// Somebody has looked, and knows the child from the class.
        Same = "same" "就是班上的孩子",
    }
    /// Why a child stands on the list, the most pressing first.
    pub enum Reason {
        /// 未成年人保护法, art. 21: nobody under sixteen lives alone.
        Alone = "alone" "家里没有登记大人（儿童独自在家，请核实）",
        InDifficulty = "in_difficulty" "困境儿童",
        LeftBehind = "left_behind" "留守儿童",
        OnlyElders = "only_elders" "登记里没有父母，只有老人或别的大人",
        AgesUnknown = "ages_unknown" "大人的年龄没有登记",
        NotInClass = "not_in_class" "还没有参加",
    }
    /// How sure it is that a child of the register is one of the class: no identity number says it.
    pub enum Match {
        Sure = "sure" "姓名、出生年月、楼栋都一样",
        Likely = "likely" "很可能已经在班上，请核对",
        Possible = "possible" "班上有同名的孩子，请核对",
    }
}

#[derive(Debug, Clone, Copy, Deserialize)]
pub struct HelpRules {
    pub from_age: i64,
    pub under_age: i64,
    pub tagged_under_age: i64,
    pub grown_age: i64,
    pub elder_age: i64,
    /// When somebody looks again, where they have not said.
    pub next_days: i64,
    pub keep_help_days: i64,
    pub open_minutes: i64,
}

impl Setting for HelpRules {
    const NAME: &'static str = "after_school.help";
}

/// Whoever was born after this day is younger than so many years, and whoever was born on it or before is not.
pub fn born_before(today: Date, years: i64) -> String {
    today.saturating_sub(years.years()).to_string()
}

/// A child of the register, as far as it has to be told from those of the class.
pub struct Traits<'a> {
    pub name: &'a str,
    /// `2016-05-01`, or less of it.
    pub birth_date: &'a str,
    pub building: Uuid,
}

impl Traits<'_> {
    /// How sure it is that one child of the class is this one.
    fn fits(&self, one: &Named) -> Option<Match> {
        if one.particulars.name != self.name {
            return None;
        }
        let month = one.particulars.birth_month.as_str();
        // Of who is only asked yet no month is known.
        let asked = month.is_empty() && one.state == State::Invited;
        let known = !month.is_empty() && self.birth_date.len() >= 7;
        let same_month = known && self.birth_date.starts_with(month);
        let same_home = one.building == self.building;
        Some(match (same_month, same_home) {
            (true, true) => Match::Sure,
            (true, false) => Match::Likely,
            (false, true) if asked || !known => Match::Likely,
            _ => Match::Possible,
        })
    }

    /// The child of the class that fits best, and how well.
    pub fn best<'a>(&self, roll: &'a [Named]) -> Option<(Match, &'a Named)> {
        let fitting = roll.iter().filter_map(|one| Some((self.fits(one)?, one)));
        fitting.min_by_key(|(how, _)| *how)
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::after_school::Particulars;

    fn named(name: &str, month: &str, building: u128) -> Named {
        let particulars =
            Particulars { name: name.to_owned(), birth_month: month.to_owned(), ..Particulars::default() };
        let state = if month.is_empty() { State::Invited } else { State::Enrolled };
        let id = Uuid::from_u128(building + 100);
        Named {
            id,
            state,
            estate: Uuid::nil(),
            estate_name: String::new(),
            building: Uuid::from_u128(building),
            building_name: String::new(),
            particulars,
        }
    }

    #[test]
    fn a_match_says_how_sure_it_is() {
        let roll = [named("刘小雨", "2016-05", 1), named("刘小雨", "2018-01", 2), named("高小明", "", 3)];
        let best = |name: &str, birth_date: &str, building: u128| {
            let traits = Traits { name, birth_date, building: Uuid::from_u128(building) };
            traits.best(&roll).map(|(how, _)| how)
        };
        assert_eq!(best("刘小雨", "2016-05-20", 1), Some(Match::Sure));
        assert_eq!(best("刘小雨", "2016-05-20", 9), Some(Match::Likely));
        assert_eq!(best("刘小雨", "2016", 1), Some(Match::Likely));
        assert_eq!(best("刘小雨", "2017-05-20", 1), Some(Match::Possible));
        assert_eq!(best("高小明", "2017-05-20", 3), Some(Match::Likely));
        assert_eq!(best("高小明", "2017-05-20", 4), Some(Match::Possible));
        assert_eq!(best("高小红", "2016-05-20", 1), None);
    }

    #[test]
    fn a_birthday_ends_being_younger() {
        assert_eq!(born_before(date(2026, 11, 23), 16), "2010-11-23");
        assert_eq!(born_before(date(2028, 2, 29), 6), "2022-02-28");
    }
}
