//! When somebody can come: in which peaks of which days of the week. A day that is made up for counts as the day whose lessons it has.

use super::model::{Peak, Weekdays};

/// Pairs of a weekday, from 1, Monday, and a peak, one bit each, as they are kept; none at all is always.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Times(pub i64);

/// Days with what is the same on all of them.
type Group = (Vec<i64>, Vec<Peak>);

impl Times {
    pub const ALWAYS: Times = Times(0);

    pub fn of(pairs: impl IntoIterator<Item = (i64, Peak)>) -> Times {
        let bits = pairs.into_iter().fold(0i64, |bits, (day, peak)| bits | bit(day, peak));
        // Every pair is the same as none.
        if bits == (1i64 << (7 * PEAKS)) - 1 { Times::ALWAYS } else { Times(bits) }
    }

    /// In these peaks, on whatever day.
    pub fn daily(peaks: &[Peak]) -> Times {
        Times::of((1..=7).flat_map(|day| peaks.iter().map(move |peak| (day, *peak))))
    }

    /// Whether a pair is named.
    pub fn has(self, day: i64, peak: Peak) -> bool {
        self.0 & bit(day, peak) != 0
    }

    /// Whether somebody can come on a day with the lessons of a weekday. Of a shift without a peak only the day is known.
    pub fn allow(self, day: i64, peak: Option<Peak>) -> bool {
        let fits = |one: &Peak| self.has(day, *one) && peak.is_none_or(|peak| peak == *one);
        self == Times::ALWAYS || Peak::ALL.iter().any(fits)
    }

    /// `周一、周三早入校；周五晚放学`, told by days or by peaks, whichever is shorter; empty for always.
    pub fn words(self) -> String {
        let (mut by_day, mut by_peak): (Vec<Group>, Vec<Group>) = (Vec::new(), Vec::new());
        for day in 1..=7 {
            let peaks: Vec<Peak> = Peak::ALL.iter().copied().filter(|peak| self.has(day, *peak)).collect();
            match by_day.iter_mut().find(|(_, known)| *known == peaks) {
                Some((days, _)) => days.push(day),
                None if peaks.is_empty() => {}
                None => by_day.push((vec![day], peaks)),
            }
        }
        for peak in Peak::ALL.iter().copied() {
            let days: Vec<i64> = (1..=7).filter(|day| self.has(*day, peak)).collect();
            match by_peak.iter_mut().find(|(known, _)| *known == days) {
                Some((_, peaks)) => peaks.push(peak),
                None if days.is_empty() => {}
                None => by_peak.push((days, vec![peak])),
            }
        }
        let (by_day, by_peak) = (said(&by_day), said(&by_peak));
        if by_peak.chars().count() < by_day.chars().count() { by_peak } else { by_day }
    }
}

/// How many peaks a day has.
const PEAKS: i64 = Peak::ALL.len() as i64;

/// A weekday that is none has no bit.
fn bit(day: i64, peak: Peak) -> i64 {
    if (1..=7).contains(&day) { 1 << ((day - 1) * PEAKS + peak as i64) } else { 0 }
}

/// All days or all peaks need not be named.
fn said(groups: &[Group]) -> String {
    let one = |(days, peaks): &Group| {
        let named: Vec<&str> = match peaks.len() == Peak::ALL.len() {
            true => Vec::new(),
            false => peaks.iter().map(|peak| peak.label()).collect(),
        };
        format!("{}{}", Weekdays::of(days.iter().copied()).words(), named.join("、"))
    };
    groups.iter().map(one).collect::<Vec<_>>().join("；")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn somebody_who_names_nothing_or_everything_can_always_come() {
        assert_eq!((Times::of([]), Times::daily(Peak::ALL)), (Times::ALWAYS, Times::ALWAYS));
        assert!(Times::ALWAYS.allow(3, Some(Peak::LateOut)) && Times::ALWAYS.allow(7, None));
        let times = Times::of([(1, Peak::MorningIn), (3, Peak::MorningIn), (5, Peak::EveningOut)]);
        assert!(
            times.allow(1, Some(Peak::MorningIn)) && times.allow(5, Some(Peak::EveningOut)) && times.allow(3, None)
        );
        assert!(
            !times.allow(1, Some(Peak::EveningOut)) && !times.allow(2, Some(Peak::MorningIn)) && !times.allow(2, None)
        );
        assert!(!times.allow(0, Some(Peak::MorningIn)) && !times.allow(8, None), "no weekday");
    }

    #[test]
    fn when_somebody_can_come_is_said_shortly() {
        let days = |days: &[i64], peak| days.iter().map(move |day| (*day, peak)).collect::<Vec<_>>();
        let words = |pairs: &[Vec<(i64, Peak)>]| Times::of(pairs.concat()).words();
        assert_eq!(Times::ALWAYS.words(), "");
        assert_eq!(Times::daily(&[Peak::NoonIn, Peak::MorningIn]).words(), "早入校、午返校");
        assert_eq!(
            words(&[days(&[1, 3], Peak::MorningIn), days(&[5], Peak::EveningOut)]),
            "周一、周三早入校；周五晚放学"
        );
        assert_eq!(words(&[days(&[1, 2, 3, 4, 5], Peak::MorningIn)]), "周一到周五早入校");
        let whole: Vec<_> = Peak::ALL.iter().map(|peak| days(&[1, 3], *peak)).collect();
        assert_eq!(words(&whole), "周一、周三");
        let mixed = [days(&[1, 2, 3, 4, 5, 6, 7], Peak::MorningIn), days(&[5], Peak::EveningOut)];
        assert_eq!(words(&mixed), "早入校；周五晚放学");
    }

    #[test]
    fn what_was_known_of_peaks_alone_holds_on_every_day() {
        let migration = include_str!("../../migrations/0091_duty_times.sql");
        for peak in Peak::ALL {
            let line = format!("'%,{},%' THEN {} ", peak.code(), Times::daily(&[*peak]).0);
            assert!(migration.contains(&line), "{line}");
        }
    }
}
