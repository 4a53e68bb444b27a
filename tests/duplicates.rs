//! How often the earlier report of the same thing is among the three that are offered; docs/performance.md has the figure.

use std::collections::BTreeMap;

use doorstep::issue::Category;
use doorstep::issue::duplicate::{Report, candidates};
use jiff::Timestamp;
use uuid::Uuid;

/// The set spans two years and is thinner than life. Drawn together, each report meets about forty that are still open in
/// its estate, as in a community of five estates with a hundred reports a month.
const DRAWN_TOGETHER: i64 = 5;

struct Labelled {
    pair: Option<u32>,
    hard: bool,
    report: Report,
}

fn labelled() -> Vec<Labelled> {
    let mut estates: BTreeMap<&str, Uuid> = BTreeMap::new();
    let lines = include_str!("data/duplicates.psv").lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let [pair, hard, day, estate, building, unit, category, text] = line.split('|').collect::<Vec<_>>()[..]
            else {
                panic!("eight fields: {line}")
            };
            let number = estates.len() as u128 + 1;
            let filled = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
            Labelled {
                pair: (!pair.is_empty()).then(|| pair.parse().unwrap()),
                hard: hard == "h",
                report: Report {
                    text: text.to_owned(),
                    category: Category::parse(category).unwrap_or_else(|| panic!("a category: {line}")),
                    estate: Some(*estates.entry(estate).or_insert(Uuid::from_u128(number))),
                    building: filled(building).map(|name| codes::address::building_key(&name)),
                    unit: filled(unit),
                    at: Timestamp::from_second(day.parse::<i64>().unwrap() * 86_400 / DRAWN_TOGETHER).unwrap(),
                },
            }
        })
        .collect()
}

/// What is open in the estate of a report when it comes in: everything of the sixty days before.
fn open_before(all: &[Labelled], at: usize) -> Vec<usize> {
    let report = &all[at].report;
    let open = |other: &usize| {
        let days = report.at.duration_since(all[*other].report.at).as_hours() / 24;
        *other != at && all[*other].report.estate == report.estate && (0..=60).contains(&days)
    };
    (0..all.len()).filter(open).collect()
}

/// The indices of what is offered for a report, and among how many.
fn offered(all: &[Labelled], at: usize, most: usize) -> (Vec<usize>, usize) {
    let earlier = open_before(all, at);
    let reports: Vec<Report> = earlier.iter().map(|index| all[*index].report.clone()).collect();
    let found = candidates(&all[at].report, &reports, most);
    if std::env::var_os("DOORSTEP_SHOW").is_some() {
        println!("{}", all[at].report.text);
        for candidate in &found {
            println!("    {:.2} {} {:?}", candidate.score, reports[candidate.index].text, candidate.why);
        }
    }
    (found.into_iter().map(|candidate| earlier[candidate.index]).collect(), earlier.len())
}

/// How many of the pairs that `counts` takes have their first report among the first `most` that are offered for the second.
fn recall(all: &[Labelled], most: usize, counts: impl Fn(&Labelled) -> bool) -> (usize, usize) {
    let (mut found, mut pairs) = (0, 0);
    for (at, second) in all.iter().enumerate() {
        let first = all[..at].iter().position(|other| other.pair.is_some() && other.pair == second.pair);
        let Some(first) = first.filter(|_| counts(second)) else { continue };
        pairs += 1;
        found += usize::from(offered(all, at, most).0.contains(&first));
    }
    (found, pairs)
}

#[test]
fn three_candidates_hold_most_of_the_same_matters() {
    let mut all = labelled();
    let (of_hard, hard) = recall(&all, 3, |second| second.hard);
    let (of_easy, easy) = recall(&all, 3, |second| !second.hard);
    let (first, pairs) = recall(&all, 1, |_| true);
    let singles: Vec<usize> = (0..all.len()).filter(|at| all[*at].pair.is_none()).collect();
    let met: usize = singles.iter().map(|at| offered(&all, *at, 3).1).sum();
    let noise: usize = singles.iter().map(|at| offered(&all, *at, 3).0.len()).sum();
    println!("recall@3: {of_easy} of {easy} plain pairs, {of_hard} of {hard} hard ones; recall@1: {first} of {pairs}");
    let each = |sum: usize| sum as f64 / singles.len() as f64;
    println!("a report that has no other meets {:.0} open ones and is offered {:.1}", each(met), each(noise));
    for labelled in &mut all {
        (labelled.report.building, labelled.report.unit) = (None, None);
    }
    let (of_hard_text, _) = recall(&all, 3, |second| second.hard);
    let (of_easy_text, _) = recall(&all, 3, |second| !second.hard);
    println!("recall@3 where nobody names a building: {of_easy_text} of {easy} plain, {of_hard_text} of {hard} hard");
    assert!(hard + easy >= 200 && hard * 2 >= hard + easy, "at least 200 pairs, half of them hard");
    // What is published may get better and must not get worse unseen.
    assert!(of_easy * 100 >= easy * 97, "{of_easy} of {easy}");
    assert!(of_hard * 100 >= hard * 90, "{of_hard} of {hard}");
    assert!(of_hard_text * 100 >= hard * 60, "{of_hard_text} of {hard}");
}
