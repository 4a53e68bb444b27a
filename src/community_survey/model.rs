//! How many are asked, who is drawn, who asks there, and what may be shown of the answers. No input or output, no clock.

use std::collections::{BTreeMap, BTreeSet};

use db::text_enum;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::settings::Setting;

text_enum! {
    pub enum State {
        Draft = "draft" "准备中",
        Open = "open" "正在调查",
        Ended = "ended" "已结束",
        Withdrawn = "withdrawn" "已取消",
    }
    /// How a home that was drawn stands.
    pub enum DoorState {
        Reserve = "reserve" "后备",
        Waiting = "waiting" "待上门",
        Answered = "answered" "已回答",
        Refused = "refused" "不愿意回答",
        Unreached = "unreached" "几次没人",
        Empty = "empty" "没人住",
    }
    /// What came of knocking, where nothing was answered.
    pub enum Outcome {
        Away = "away" "没人在家",
        Refused = "refused" "不愿意回答",
        Empty = "empty" "没人住",
    }
    /// Who asks about the work of a grid worker.
    #[derive(Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    pub enum OwnGrid { AnotherGrid = "another_grid" "由别的网格的人问", AnyGrid = "any_grid" "谁都可以问" }
}

/// The five levels of 好差评, the best first; a level is a number from 5 to 1.
pub const LEVELS: [(i64, &str); 5] = [(5, "非常满意"), (4, "满意"), (3, "基本满意"), (2, "不满意"), (1, "非常不满意")];

/// What a survey is drawn by. Frozen with the draw.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rules {
    /// 1960 for a confidence of 95 %: how many standard deviations lie between the mean and the bound, in thousandths.
    pub confidence_z: i64,
    /// 50 for ±5 %.
    pub margin_per_mille: i64,
    /// 500: the share at which most are needed.
    pub expected_per_mille: i64,
    /// How many more homes are drawn than are asked.
    pub reserve_percent: i64,
    /// On so many days somebody knocks before another home steps in.
    pub attempts: i64,
    pub own_grid: OwnGrid,
}

impl Setting for Rules {
    const NAME: &'static str = "survey.sample";
}

/// What a survey asks, and how long its result hangs.
#[derive(Debug, Clone, Deserialize)]
pub struct Asking {
    pub most_questions: i64,
    pub publicity_days: i64,
    /// By when the result of one that has ended should hang.
    pub publish_days: i64,
    /// When its end is near.
    pub warn_days: i64,
    /// Which of [`USUAL`] a new survey begins with.
    pub usual: BTreeMap<String, String>,
}

impl Setting for Asking {
    const NAME: &'static str = "survey.questions";
}

/// Below how many an answer says more about single people than about the work. It is the setting of the reports.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Least {
    pub least_cases: i64,
}

impl Setting for Least {
    const NAME: &'static str = "report.rates";
}

/// The questions that are usually asked, by the codes under which years are compared.
pub const USUAL: [(&str, &str); 7] = [
    ("overall", "总的来说，您对社区工作满意吗？"),
    ("clean", "楼道、院子干净吗？"),
    ("safe", "住在这里觉得安全吗？"),
    ("caretaking", "物业管得好吗？"),
    ("answered", "反映的事有人管、有回音吗？"),
    ("deliberation", "党支部工作、说事议事做得好吗？"),
    ("activities", "给老人孩子办的活动好吗？"),
];
pub const OPEN_QUESTION: &str = "最希望社区办的一件事是什么？";

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    pub key: String,
    pub text: String,
}

impl Question {
    /// A question has the key of its words, so that the same words are compared from year to year and others are not.
    pub fn of(text: &str) -> Question {
        let usual = USUAL.iter().find(|(_, usual)| *usual == text).map(|(key, _)| (*key).to_owned());
        let key = usual.unwrap_or_else(|| hex(&Sha256::digest(text)[..6]));
        Question { key, text: text.to_owned() }
    }
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

// ---------- how many ----------

/// How many of `homes` are to be asked: `n0 / (1 + (n0 − 1) / N)` with `n0 = z² · p · (1 − p) / e²`, rounded up.
pub fn sample_size(homes: i64, rules: &Rules) -> i64 {
    let Ok(homes) = u128::try_from(homes) else { return 0 };
    if homes == 0 {
        return 0;
    }
    let (above, below) = first_size(rules);
    // With n0 = above / below it is N · above / (N · below + above − below).
    let size = (homes * above).div_ceil(homes * below + above - below);
    i64::try_from(size.min(homes)).unwrap_or(0)
}

/// `n0` as a fraction. It is never below one.
fn first_size(rules: &Rules) -> (u128, u128) {
    let number = |value: i64| u128::try_from(value.clamp(1, 1_000_000)).unwrap_or(1);
    let expected = number(rules.expected_per_mille).min(999);
    let below = 1_000_000 * number(rules.margin_per_mille).pow(2);
    let above = number(rules.confidence_z).pow(2) * expected * (1000 - expected);
    (above.max(below), below)
}

/// `n0` to two decimals, rounded.
pub fn first_size_words(rules: &Rules) -> String {
    let (above, below) = first_size(rules);
    let hundredths = (above * 100 + below / 2) / below;
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

/// The margin of error that so many answers have, in hundredths of a percent, rounded up: `z · √(p (1 − p) / n · (N − n) / (N − 1))`.
/// `None` without an answer.
pub fn margin(answers: i64, homes: i64, rules: &Rules) -> Option<i64> {
    let (n, all) = (u128::try_from(answers).ok()?, u128::try_from(homes.max(answers)).ok()?);
    if n == 0 {
        return None;
    }
    let number = |value: i64| u128::try_from(value.clamp(1, 1_000_000)).unwrap_or(1);
    let expected = number(rules.expected_per_mille).min(999);
    let above = number(rules.confidence_z).pow(2) * expected * (1000 - expected) * (all - n);
    let squared = above.div_ceil(10_000 * n * (all - 1).max(1));
    let root = squared.isqrt();
    i64::try_from(if root * root < squared { root + 1 } else { root }).ok()
}

/// How many of each stratum are asked: in proportion, what is left over to the largest remainders, and one at least of every
/// stratum in which somebody lives. Adds up to `size`, or to the number of strata where that is more.
pub fn allocate(size: i64, homes: &[i64]) -> Vec<i64> {
    let all: i64 = homes.iter().sum();
    let lived_in = homes.iter().filter(|homes| **homes > 0).count() as i64;
    let size = size.clamp(lived_in.min(all), all);
    if all == 0 {
        return vec![0; homes.len()];
    }
    let share = |homes: i64| (i128::from(homes) * i128::from(size), i128::from(all));
    let floor = |homes: &i64| {
        let (above, below) = share(*homes);
        i64::try_from(above / below).unwrap_or(0)
    };
    let mut asked: Vec<i64> = homes.iter().map(floor).collect();
    let mut by_remainder: Vec<usize> = (0..homes.len()).collect();
    by_remainder.sort_by_key(|at| {
        let (above, below) = share(homes[*at]);
        -(above % below)
    });
    let left = size - asked.iter().sum::<i64>();
    for at in by_remainder.into_iter().take(usize::try_from(left).unwrap_or(0)) {
        asked[at] += 1;
    }
    // What somebody else can best do without makes up for those who got nobody.
    for at in 0..homes.len() {
        if homes[at] > 0 && asked[at] == 0 {
            if let Some(most) = (0..homes.len()).filter(|other| asked[*other] > 1).max_by_key(|other| asked[*other]) {
                asked[most] -= 1;
            }
            asked[at] = 1;
        }
    }
    asked
}

// ---------- who ----------

/// The order in which homes are drawn: by the SHA-256 of the seed followed by the home's identifier, which anybody can compute again.
pub fn drawn(seed: &[u8], homes: &[Uuid]) -> Vec<usize> {
    let mark = |at: &usize| Sha256::new().chain_update(seed).chain_update(homes[*at].as_bytes()).finalize();
    let mut order: Vec<usize> = (0..homes.len()).collect();
    order.sort_by_cached_key(mark);
    order
}

/// What tells whether homes are the same as those among which somebody else has drawn.
pub fn frame(homes: &[Uuid]) -> String {
    let homes: BTreeSet<&Uuid> = homes.iter().collect();
    let digest = homes.into_iter().fold(Sha256::new(), |digest, home| digest.chain_update(home.as_bytes()));
    hex(&digest.finalize())
}

/// Somebody who asks, and whose grids they look after.
#[derive(Debug, Clone)]
pub struct Asker {
    pub account: Uuid,
    pub grids: BTreeSet<Uuid>,
    /// How many doors they have already.
    pub doors: usize,
}

/// Deals doors, each with its building and its grid, in walking order: grid by grid, the largest first, to whoever has fewest until they
/// have their part, and a building never to two, so that people walk little. Whoever looks after a grid is asked about there, so that
/// somebody else asks, unless nobody else is there.
pub fn deal(doors: &[(Uuid, Option<Uuid>)], askers: &[Asker], own_grid: OwnGrid) -> Vec<Option<Uuid>> {
    let mut grids: BTreeMap<Option<Uuid>, Vec<(Uuid, usize)>> = BTreeMap::new();
    for (building, grid) in doors {
        let buildings = grids.entry(*grid).or_default();
        match buildings.iter_mut().find(|(known, _)| known == building) {
            Some((_, count)) => *count += 1,
            None => buildings.push((*building, 1)),
        }
    }
    let mut loads: Vec<usize> = askers.iter().map(|asker| asker.doors).collect();
    let part = (loads.iter().sum::<usize>() + doors.len()).div_ceil(askers.len().max(1));
    let mut largest: Vec<_> = grids.into_iter().collect();
    largest.sort_by_key(|(_, buildings)| std::cmp::Reverse(buildings.iter().map(|(_, count)| count).sum::<usize>()));
    let mut dealt: BTreeMap<Uuid, Option<Uuid>> = BTreeMap::new();
    for (grid, buildings) in largest {
        let own =
            |at: usize| own_grid == OwnGrid::AnotherGrid && grid.is_some_and(|grid| askers[at].grids.contains(&grid));
        let mut walking: Option<usize> = None;
        for (building, count) in buildings {
            let goes_on = walking.filter(|at| loads[*at] < part);
            walking = goes_on.or_else(|| (0..askers.len()).min_by_key(|at| (own(*at), loads[*at], *at)));
            if let Some(at) = walking {
                loads[at] += count;
            }
            dealt.insert(building, walking.map(|at| askers[at].account));
        }
    }
    doors.iter().map(|(building, _)| dealt.get(building).copied().flatten()).collect()
}

// ---------- what may be shown ----------

/// Puts parts together until each group has at least `least`: the small ones join the next larger. Gives the group of each part, by the
/// order of the parts. If all of them together have fewer there is one group, which is still too small.
pub fn groups(counts: &[i64], least: i64) -> Vec<usize> {
    let mut by_size: Vec<usize> = (0..counts.len()).collect();
    by_size.sort_by_key(|at| (counts[*at], *at));
    let mut found: Vec<Vec<usize>> = Vec::new();
    let (mut begun, mut sum) = (Vec::new(), 0);
    for at in by_size {
        begun.push(at);
        sum += counts[at];
        if sum >= least {
            found.push(std::mem::take(&mut begun));
            sum = 0;
        }
    }
    match found.last_mut() {
        Some(last) => last.extend(begun),
        None => found.push(begun),
    }
    found.sort_by_key(|group| group.iter().min().copied());
    let mut of = vec![0; counts.len()];
    for (number, group) in found.iter().enumerate() {
        group.iter().for_each(|at| of[*at] = number);
    }
    of
}

/// How often each level was chosen for a question, the best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Tally(pub [i64; 5]);

/// The tallies of a box, by the keys of the questions.
pub type Tallies = BTreeMap<String, Tally>;

impl Tally {
    /// One more of a level from 5 to 1.
    pub fn count(&mut self, level: i64) {
        if let Some(at) = LEVELS.iter().position(|(known, _)| *known == level) {
            self.0[at] += 1;
        }
    }

    pub fn add(&mut self, other: &Tally) {
        self.0.iter_mut().zip(other.0).for_each(|(count, more)| *count += more);
    }

    pub fn answers(&self) -> i64 {
        self.0.iter().sum()
    }

    /// 非常满意 and 满意.
    pub fn satisfied(&self) -> i64 {
        self.0[..2].iter().sum()
    }

    /// With 基本满意 as well.
    pub fn content(&self) -> i64 {
        self.0[..3].iter().sum()
    }

    /// Whether the levels that are left out, since fewer than `least` chose them, would follow from those that are told: fewer than
    /// `least` are left once what is told is taken away, of all, or of those above or below the satisfied where their share is exact.
    pub fn gives_away(&self, least: i64) -> bool {
        let follows = |levels: &[i64]| (1..least).contains(&levels.iter().filter(|count| **count < least).sum());
        let satisfied = self.satisfied();
        let exact = satisfied >= least && self.answers() - satisfied >= least;
        follows(&self.0) || (exact && (follows(&self.0[..2]) || follows(&self.0[2..])))
    }

    /// `4.21`; of nobody nothing.
    pub fn mean(&self) -> String {
        let sum: i64 = self.0.iter().zip(LEVELS).map(|(count, (level, _))| count * level).sum();
        match self.answers() {
            0 => "—".to_owned(),
            answers => {
                let hundredths = (sum * 100 + answers / 2) / answers;
                format!("{}.{:02}", hundredths / 100, hundredths % 100)
            }
        }
    }
}

/// A part in tenths of a percent, rounded; `None` of nothing.
pub fn per_mille(part: i64, of: i64) -> Option<i64> {
    (of > 0).then(|| (part * 1000 + of / 2) / of)
}

/// `87.5%`
pub fn percent(part: i64, of: i64) -> String {
    match per_mille(part, of) {
        None => "—".to_owned(),
        Some(rate) if rate % 10 == 0 => format!("{}%", rate / 10),
        Some(rate) => format!("{}.{}%", rate / 10, rate % 10),
    }
}

/// What stands where a part cannot be told.
pub const UNTOLD: &str = "太少不列";

/// A part as everybody may read it: whole percents, and of a part, or a rest, of fewer than `least` only that it is no larger than that.
/// A bound that says nothing is not told.
pub fn public_percent(part: i64, of: i64, least: i64) -> String {
    let (few, few_left) = (part < least, of - part < least);
    let bound = (least * 100 + of - 1) / of.max(1);
    match (few, few_left) {
        (true, true) => UNTOLD.to_owned(),
        (true, _) | (_, true) if bound > 50 => UNTOLD.to_owned(),
        (true, false) => format!("不到 {bound}%"),
        (false, true) => format!("{}% 以上", 100 - bound),
        (false, false) => format!("{}%", (part * 100 + of / 2) / of.max(1)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const RULES: Rules = Rules {
        confidence_z: 1960,
        margin_per_mille: 50,
        expected_per_mille: 500,
        reserve_percent: 30,
        attempts: 3,
        own_grid: OwnGrid::AnotherGrid,
    };

    #[test]
    fn what_is_left_out_does_not_follow_from_what_is_told() {
        for (levels, gives_away) in [
            ([40, 30, 20, 6, 4], true),  // one level
            ([40, 30, 20, 3, 1], true),  // two levels of four together
            ([40, 30, 20, 4, 4], false), // of eight nobody knows which
            ([4, 90, 2, 50, 9], true),   // one on each side of the satisfied, whose share is exact
            ([3, 4, 45, 46, 2], true),   // seven satisfied are enough, but two below them are not
            ([3, 4, 45, 3, 3], false),
            ([96, 1, 1, 1, 1], true),
            ([0, 0, 50, 50, 0], false), // what nobody chose is no secret
        ] {
            assert_eq!(Tally(levels).gives_away(5), gives_away, "{levels:?}");
        }
    }

    #[test]
    fn of_1580_homes_310_are_asked() {
        assert_eq!(first_size_words(&RULES), "384.16");
        assert_eq!(sample_size(1580, &RULES), 310);
        assert_eq!([0, 1, 2, 10, 100, 1_000_000].map(|homes| sample_size(homes, &RULES)), [0, 1, 2, 10, 80, 385]);
        assert_eq!(sample_size(-4, &RULES), 0);
    }

    #[test]
    fn the_margin_has_the_correction_for_few_homes() {
        assert_eq!(margin(310, 1580, &RULES), Some(500));
        assert_eq!(margin(309, 1580, &RULES), Some(501), "one fewer is not enough");
        assert_eq!(margin(1580, 1580, &RULES), Some(0), "everybody has answered");
        assert_eq!((margin(0, 1580, &RULES), margin(1, 1, &RULES)), (None, Some(0)));
    }

    #[test]
    fn a_share_is_what_was_to_be_expected() {
        assert_eq!(allocate(310, &[1000, 500, 79, 1, 0]), [195, 98, 16, 1, 0]);
        assert_eq!(allocate(0, &[0, 0]), [0, 0]);
        assert_eq!(allocate(2, &[1, 1, 1]), [1, 1, 1], "nobody is left out");
    }

    #[test]
    fn whoever_looks_after_a_grid_does_not_ask_there_if_somebody_else_can() {
        let id = |n: u128| Uuid::from_u128(n);
        let asker = |account, grid| Asker { account: id(account), grids: [id(grid)].into(), doors: 0 };
        let doors = [(id(1), Some(id(51))), (id(1), Some(id(51))), (id(2), Some(id(52))), (id(3), None)];
        let both = [asker(71, 51), asker(72, 52)];
        let dealt = deal(&doors, &both, OwnGrid::AnotherGrid);
        assert_eq!(dealt[..3], [Some(id(72)), Some(id(72)), Some(id(71))]);
        assert_eq!(dealt[3], Some(id(71)), "whoever has fewer");
        assert_eq!(deal(&doors, &both[..1], OwnGrid::AnotherGrid), [Some(id(71)); 4], "nobody else is there");
        assert_eq!(deal(&doors, &[], OwnGrid::AnotherGrid), [None; 4]);
        assert_eq!(deal(&doors, &both, OwnGrid::AnyGrid)[0], Some(id(71)));
    }

    #[test]
    fn a_question_in_other_words_is_another_one() {
        assert_eq!(Question::of(USUAL[0].1).key, "overall");
        let own = Question::of("电动车充电方便吗？");
        assert_eq!(own, Question::of("电动车充电方便吗？"));
        assert_ne!(own.key, Question::of("电动车充电桩够用吗？").key);
    }

    #[test]
    fn everybody_reads_no_part_that_is_too_small() {
        assert_eq!(public_percent(248, 310, 5), "80%");
        assert_eq!([0, 1, 4].map(|part| public_percent(part, 310, 5)), ["不到 2%", "不到 2%", "不到 2%"]);
        assert_eq!([306, 310].map(|part| public_percent(part, 310, 5)), ["98% 以上", "98% 以上"]);
        assert_eq!(public_percent(3, 4, 5), UNTOLD);
        assert_eq!(public_percent(4, 6, 5), UNTOLD, "neither the part nor the rest may be told");
        assert_eq!(public_percent(1, 6, 5), UNTOLD, "that it is below 84% says nothing");
        assert_eq!(public_percent(0, 0, 5), UNTOLD);
    }

    proptest! {
        #[test]
        fn what_is_allocated_adds_up_and_fits(homes in prop::collection::vec(0i64..4000, 0..40)) {
            let all: i64 = homes.iter().sum();
            let size = sample_size(all, &RULES);
            let asked = allocate(size, &homes);
            let lived_in = homes.iter().filter(|homes| **homes > 0).count() as i64;
            prop_assert!(size <= all);
            prop_assert_eq!(asked.iter().sum::<i64>(), size.max(lived_in));
            for (asked, homes) in asked.iter().zip(&homes) {
                prop_assert!(asked <= homes && (*homes == 0 || *asked > 0), "{} of {}", asked, homes);
            }
        }

        #[test]
        fn no_group_is_too_small_unless_all_are_together(counts in prop::collection::vec(0i64..30, 1..20), least in 1i64..12) {
            let of = groups(&counts, least);
            let number = of.iter().max().map_or(0, |most| most + 1);
            for group in 0..number {
                let sum: i64 = counts.iter().zip(&of).filter(|(_, of)| **of == group).map(|(count, _)| count).sum();
                prop_assert!(sum >= least || number == 1, "{} of {:?}", sum, counts);
            }
        }

        /// From the size on which the rules ask, the margin that they ask for is kept.
        #[test]
        fn the_size_keeps_the_margin(homes in 1i64..200_000) {
            let size = sample_size(homes, &RULES);
            prop_assert!(margin(size, homes, &RULES).unwrap() <= 500);
            prop_assert!(size == 1 || margin(size - 1, homes, &RULES).unwrap() > 500);
        }

        #[test]
        fn a_draw_is_an_order_of_everybody(seed in any::<[u8; 16]>(), homes in prop::collection::vec(any::<u128>(), 0..50)) {
            let homes: Vec<Uuid> = homes.into_iter().map(Uuid::from_u128).collect();
            let order = drawn(&seed, &homes);
            let all: BTreeSet<usize> = order.iter().copied().collect();
            prop_assert_eq!((all.len(), order.len()), (homes.len(), homes.len()));
        }
    }
}
