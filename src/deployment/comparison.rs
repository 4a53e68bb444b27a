//! Two versions side by side: only what is not the same, and how many people there are in each peak.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::model::clock;
use super::store::{Patrol, Post, Reach, Reserve};
use crate::duty::Peak;

/// What a version is made of.
#[derive(Debug, Clone, Default)]
pub struct Parts {
    pub posts: Vec<Post>,
    pub patrols: Vec<Patrol>,
    pub reserves: Vec<Reserve>,
    pub reaches: Vec<Reach>,
}

/// Something that is not the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// `东门 早入校`
    pub what: String,
    /// Empty where it was not there.
    pub before: String,
    pub after: String,
    /// `新增`, `撤掉`, `多 1 人`, …
    pub change: String,
    /// The class of its tag.
    pub class: &'static str,
}

/// How many people there are in one version and in the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Total {
    pub what: String,
    pub before: i64,
    pub after: i64,
}

impl Total {
    /// `多 2`, `少 1`, `不变`
    pub fn change(&self) -> String {
        match self.after - self.before {
            0 => "不变".to_owned(),
            more if more > 0 => format!("多 {more}"),
            fewer => format!("少 {}", -fewer),
        }
    }
}

#[derive(Debug, Clone, Default)]
pub struct Comparison {
    /// Each school with its lines, then the patrols and the reserve.
    pub groups: Vec<(String, Vec<Line>)>,
    pub totals: Vec<Total>,
}

impl Post {
    /// `东门 早入校`
    pub fn what(&self) -> String {
        format!("{} {}", self.gate_name, self.peak)
    }

    /// `07:10–08:20`
    pub fn hours(&self) -> String {
        format!("{}–{}", clock(self.from_minute), clock(self.to_minute))
    }

    /// `2 人（警力 1 人）07:10–08:20`
    pub fn strength(&self) -> String {
        format!("{} 人（警力 {} 人）{}", self.people, self.police, self.hours())
    }
}

impl Patrol {
    /// `2 人、1 辆车，06:30–08:30，间隔 30 分钟`
    pub fn strength(&self) -> String {
        let vehicles = if self.vehicles == 0 { "步行".to_owned() } else { format!("{} 辆车", self.vehicles) };
        let hours = format!("{}–{}", clock(self.from_minute), clock(self.to_minute));
        format!("{} 人、{vehicles}，{hours}，间隔 {} 分钟", self.people, self.interval_minutes)
    }
}

impl Reserve {
    /// `2 人，在派出所，田家会小学 5 分钟，目标 5 分钟`
    pub fn strength(&self, reaches: &[Reach]) -> String {
        let own = reaches.iter().filter(|reach| reach.reserve_id == self.id);
        let ways: Vec<String> = own.map(|reach| format!("{} {} 分钟", reach.school_name, reach.minutes)).collect();
        let ways = if ways.is_empty() { "到校分钟数没有填".to_owned() } else { ways.join("、") };
        let base = if self.base.is_empty() { String::new() } else { format!("在{}，", self.base) };
        format!("{} 人，{base}{ways}，目标 {} 分钟", self.people, self.response_minutes)
    }
}

/// How a number of people and of police among them has changed.
fn changed(before: (i64, i64), after: (i64, i64)) -> (String, &'static str) {
    match (after.0 - before.0, after.1 - before.1) {
        (0, 0) => ("有变化".to_owned(), ""),
        (0, more) if more > 0 => (format!("警力多 {more} 人"), "done"),
        (0, fewer) => (format!("警力少 {} 人", -fewer), "soon"),
        (more, _) if more > 0 => (format!("多 {more} 人"), "done"),
        (fewer, _) => (format!("少 {} 人", -fewer), "soon"),
    }
}

/// What is the same in both is left out.
fn line(what: String, before: Option<(String, (i64, i64))>, after: Option<(String, (i64, i64))>) -> Option<Line> {
    let (change, class) = match (&before, &after) {
        (None, None) => return None,
        (None, Some(_)) => ("新增".to_owned(), "done"),
        (Some(_), None) => ("撤掉".to_owned(), "late"),
        (Some(before), Some(after)) if before == after => return None,
        (Some(before), Some(after)) => changed(before.1, after.1),
    };
    let words = |side: Option<(String, _)>| side.map_or_else(String::new, |(words, _)| words);
    Some(Line { what, before: words(before), after: words(after), change, class })
}

pub fn compare(before: &Parts, after: &Parts) -> Comparison {
    let mut groups: Vec<(String, Vec<Line>)> = Vec::new();
    let mut add = |group: &str, line: Line| match groups.iter_mut().find(|(name, _)| name == group) {
        Some((_, lines)) => lines.push(line),
        None => groups.push((group.to_owned(), vec![line])),
    };
    let post = |parts: &Parts, key: (Uuid, Uuid)| {
        let found = parts.posts.iter().find(|post| (post.gate_id, post.slot_id) == key);
        found.map(|post| (post.strength(), (post.people, post.police)))
    };
    let mut known = BTreeSet::new();
    for one in after.posts.iter().chain(&before.posts) {
        let key = (one.gate_id, one.slot_id);
        if known.insert(key)
            && let Some(line) = line(one.what(), post(before, key), post(after, key))
        {
            add(&one.school_name, line);
        }
    }
    let patrol = |parts: &Parts, route: Uuid| {
        let found = parts.patrols.iter().find(|patrol| patrol.route_id == route);
        found.map(|patrol| (patrol.strength(), (patrol.people, patrol.people)))
    };
    let mut known = BTreeSet::new();
    for one in after.patrols.iter().chain(&before.patrols) {
        if known.insert(one.route_id)
            && let Some(line) = line(one.name.clone(), patrol(before, one.route_id), patrol(after, one.route_id))
        {
            add("巡逻", line);
        }
    }
    // The reserve of another version is another row: it is known by its name.
    let reserve = |parts: &Parts, name: &str| {
        let found = parts.reserves.iter().find(|reserve| reserve.name == name);
        found.map(|reserve| (reserve.strength(&parts.reaches), (reserve.people, reserve.people)))
    };
    let mut known = BTreeSet::new();
    for one in after.reserves.iter().chain(&before.reserves) {
        if known.insert(one.name.clone())
            && let Some(line) = line(one.name.clone(), reserve(before, &one.name), reserve(after, &one.name))
        {
            add("动态备勤", line);
        }
    }
    Comparison { groups, totals: totals(before, after) }
}

/// Of each peak that either has, then of the patrols and the reserve.
pub fn totals(before: &Parts, after: &Parts) -> Vec<Total> {
    let of = |parts: &Parts, peak: Peak, police: bool| -> i64 {
        let posts = parts.posts.iter().filter(|post| post.peak == peak);
        posts.map(|post| if police { post.police } else { post.people }).sum()
    };
    let mut totals = Vec::new();
    for peak in Peak::ALL {
        if before.posts.iter().chain(&after.posts).any(|post| post.peak == *peak) {
            let total = |what: String, police| Total {
                what,
                before: of(before, *peak, police),
                after: of(after, *peak, police),
            };
            totals.push(total(peak.label().to_owned(), false));
            totals.push(total(format!("{peak}，其中警力"), true));
        }
    }
    let patrols = |parts: &Parts| parts.patrols.iter().map(|patrol| patrol.people).sum::<i64>();
    let reserves = |parts: &Parts| parts.reserves.iter().map(|reserve| reserve.people).sum::<i64>();
    for (what, before, after) in
        [("巡逻", patrols(before), patrols(after)), ("动态备勤", reserves(before), reserves(after))]
    {
        if before + after > 0 {
            totals.push(Total { what: what.to_owned(), before, after });
        }
    }
    totals
}

#[cfg(test)]
mod tests {
    use super::*;

    fn post(gate: u128, people: i64, police: i64) -> Post {
        Post {
            gate_id: Uuid::from_u128(gate),
            slot_id: Uuid::from_u128(1),
            school_id: Uuid::from_u128(2),
            school_name: "田家会小学".to_owned(),
            gate_name: format!("{gate} 号门"),
            peak: Peak::MorningIn,
            from_minute: 430,
            to_minute: 500,
            people,
            police,
        }
    }

    #[test]
    fn only_what_differs_is_told_and_totals_are_of_everything() {
        let reserve = |id: u128, people| Reserve {
            id: Uuid::from_u128(id),
            position: 0,
            name: "机动一组".to_owned(),
            base: String::new(),
            people,
            response_minutes: 5,
        };
        let before = Parts {
            posts: vec![post(1, 1, 1), post(2, 2, 1), post(3, 1, 1), post(5, 2, 1)],
            reserves: vec![reserve(31, 2)],
            ..Parts::default()
        };
        let after = Parts {
            posts: vec![post(1, 1, 1), post(2, 3, 1), post(4, 1, 0), post(5, 2, 2)],
            reserves: vec![reserve(32, 1)],
            ..Parts::default()
        };
        let told = compare(&before, &after);
        let lines: Vec<(&str, &str)> =
            told.groups[0].1.iter().map(|line| (line.what.as_str(), line.change.as_str())).collect();
        assert_eq!(
            lines,
            [
                ("2 号门 早入校", "多 1 人"),
                ("4 号门 早入校", "新增"),
                ("5 号门 早入校", "警力多 1 人"),
                ("3 号门 早入校", "撤掉"),
            ]
        );
        assert_eq!(told.groups[0].1[0].before, "2 人（警力 1 人）07:10–08:20");
        assert_eq!((told.groups[1].0.as_str(), told.groups[1].1[0].change.as_str()), ("动态备勤", "少 1 人"));
        let totals: Vec<(i64, i64, String)> =
            told.totals.iter().map(|total| (total.before, total.after, total.change())).collect();
        assert_eq!(totals, [(6, 7, "多 1".to_owned()), (4, 4, "不变".to_owned()), (2, 1, "少 1".to_owned())]);
        assert!(compare(&after, &after).groups.is_empty(), "a version differs in nothing from itself");
    }
}
