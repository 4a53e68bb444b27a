//! How good the engine's rosters are, and how fast: `script/bench roster` runs this.
//!
//!   roster [SECONDS] [SHAPE]     how long each case is searched, on two cores (10), and of which shape: small, town or county (all)
//!
//! Everything is compared with the bound of the same case, and each case with what the first filling gives, before any search.
#![allow(clippy::unwrap_used, clippy::expect_used)] // a failed measurement ends in a panic that says why

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rostering::generate::{COUNTY, SMALL, Shape, TOWN};
use rostering::{
    DAY, Effort, Minute, Peak, Prepared, Roster, Score, Span, Wish, bound, broken, explain, generate, items, repair,
    score, solve,
};

const CASES: [(&str, Shape, std::ops::Range<u64>); 3] =
    [("small", SMALL, 0..4), ("town", TOWN, 1..5), ("county", COUNTY, 1..3)];

fn main() {
    let seconds = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(10);
    let mut rosters = Vec::new();
    println!(
        "| case, seed | seats | people | empty: bound, first, found | penalty: bound, first, found | gap | fairness range early, late | \
         million steps/s | bound ms |"
    );
    println!("|---|--:|--:|--:|--:|--:|--:|--:|--:|");
    let wanted = |name: &str| {
        let mut named = std::env::args().filter(|argument| CASES.iter().any(|(name, ..)| argument == name)).peekable();
        named.peek().is_none() || named.any(|argument| argument == name)
    };
    for (name, shape, seeds) in CASES.into_iter().filter(|(name, ..)| wanted(name)) {
        for seed in seeds {
            let on = Prepared::new(generate::case(shape, seed)).unwrap();
            let roster = search(&format!("{name}, {seed}"), &on, Duration::from_secs(seconds));
            rosters.push((name, seed, on, roster));
        }
    }
    println!("\n| case, seed | empty seats | proved unavoidable | other seats, rules in a clash | ms |");
    println!("|---|--:|--:|--:|--:|");
    for (name, seed, on, roster) in &rosters {
        clashes(&format!("{name}, {seed}"), on, roster);
    }
    println!(
        "\n| case, seed | absences | duties lost | changes | of the lost | seats left empty | mean ms | longest ms |"
    );
    println!("|---|--:|--:|--:|--:|--:|--:|--:|");
    for (name, seed, on, roster) in &rosters {
        absences(&format!("{name}, {seed}"), on, roster);
    }
}

fn search(name: &str, on: &Prepared, span: Duration) -> Roster {
    let began = Instant::now();
    let bound = bound(on);
    let bounded = began.elapsed();
    let first = score(
        on,
        &solve(on, None, &Effort { seed: 1, threads: 1, rounds: 0, steps: 0 }, &|_| ControlFlow::Continue(())),
    );
    let steps = AtomicU64::new(0);
    let began = Instant::now();
    let roster = solve(on, None, &Effort::until_stopped(on, 1, 2), &|_| {
        steps.fetch_add(4096, Ordering::Relaxed);
        if began.elapsed() < span { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    let taken = began.elapsed().as_secs_f64();
    assert!(broken(on, &roster).is_empty());
    let Score { unfilled, penalty } = score(on, &roster);
    let gap = if unfilled == bound.unfilled {
        format!("{:.1} %", (penalty - bound.penalty) as f64 * 100.0 / penalty.max(1) as f64)
    } else {
        "empty seats".to_owned()
    };
    println!(
        "| {name} | {} | {} | {}, {}, {unfilled} | {}, {}, {penalty} | {gap} | {}, {} | {:.1} | {:.0} |",
        on.seats(),
        on.problem().people.len(),
        bound.unfilled,
        first.unfilled,
        bound.penalty,
        first.penalty,
        range(on, &roster, Peak::Early),
        range(on, &roster, Peak::Late),
        steps.load(Ordering::Relaxed) as f64 / taken / 1e6,
        bounded.as_secs_f64() * 1e3
    );
    roster
}

/// The largest difference between two people of a team.
fn range(on: &Prepared, roster: &Roster, peak: Peak) -> i64 {
    let problem = on.problem();
    let mut shares: Vec<i64> = problem.people.iter().map(|person| i64::from(person.carried[peak as usize])).collect();
    for seat in 0..on.seats() {
        if let Some(person) = roster.who(seat).filter(|_| problem.slots[on.slot_of(seat).0].peak == peak) {
            shares[person] += 1;
        }
    }
    let teams = problem.people.iter().map(|person| person.team).max().unwrap() + 1;
    let of = |team| (0..shares.len()).filter(move |&who| problem.people[who].team == team).map(|who| shares[who]);
    let range = |team| Some(of(team).max()? - of(team).min()?);
    let widest = (0..teams).filter_map(range).max().unwrap_or(0);
    let fair = !items(on, roster).iter().any(|item| matches!(item.wish, Wish::Fairness { peak: of, .. } if of == peak));
    assert_eq!(widest <= 1, fair, "a range of one is what costs nothing");
    widest
}

fn clashes(name: &str, on: &Prepared, roster: &Roster) {
    let began = Instant::now();
    let clashes = explain(on, roster);
    let taken = began.elapsed().as_secs_f64() * 1e3;
    let proved = clashes.iter().filter(|clash| clash.proved).count();
    let seats: usize = clashes.iter().map(|clash| clash.seats.len()).sum();
    let rules: usize = clashes.iter().map(|clash| clash.rules.len()).sum();
    let mean = |sum: usize| sum as f64 / clashes.len().max(1) as f64;
    println!("| {name} | {} | {proved} | {:.1}, {:.1} | {taken:.1} |", clashes.len(), mean(seats), mean(rules));
}

/// Forty people, each absent for a day and for five, known that morning.
fn absences(name: &str, on: &Prepared, roster: &Roster) {
    let (mut all, mut lost, mut changed, mut emptier) = (0, 0, 0, 0);
    let (mut sum, mut longest) = (Duration::ZERO, Duration::ZERO);
    let people = on.problem().people.len();
    let days = on.problem().slots.iter().map(|slot| slot.day).max().unwrap() + 1;
    for number in 0..40.min(people) {
        let (person, day) = (number * people / 40.min(people), (number * 5 % days) as Minute);
        for length in [1, 5] {
            let span = Span { from: day * DAY, to: (day + length) * DAY };
            let slots = &on.problem().slots;
            let is_lost =
                |&seat: &usize| roster.who(seat) == Some(person) && slots[on.slot_of(seat).0].span().touches(span);
            let missing = (0..on.seats()).filter(is_lost).count();
            if missing == 0 {
                continue;
            }
            let began = Instant::now();
            let then = Prepared::new(on.problem().with_absence(person, span)).unwrap();
            let mended = repair(&then, roster, span.from, 1);
            let taken = began.elapsed();
            assert!(broken(&then, &mended.roster).is_empty());
            assert!(mended.changes.iter().all(|change| slots[on.slot_of(change.seat).0].span().from >= span.from));
            all += 1;
            lost += missing;
            changed += mended.changes.len();
            emptier += score(&then, &mended.roster).unfilled - score(on, roster).unfilled;
            sum += taken;
            longest = longest.max(taken);
        }
    }
    println!(
        "| {name} | {all} | {lost} | {changed} | {:.2} | {emptier} | {:.0} | {:.0} |",
        changed as f64 / f64::from(lost.max(1) as u32),
        sum.as_secs_f64() * 1e3 / f64::from(all.max(1)),
        longest.as_secs_f64() * 1e3
    );
}
