//! Exact optima of small cases, by a solver of mixed integer programs, beside what the engine finds: `script/bench exact` runs this.
//!
//!   exact [CASES] [SECONDS] [FIRST]     cases (20) of the generator, how long the solver may take to prove one (120), the first seed (0)

mod model;

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use model::{Wanted, optimum};
use rostering::{DAY, Effort, Minute, Prepared, Roster, Score, Span, generate, repair, score, solve};

fn main() {
    let argument = |at, default| std::env::args().nth(at).and_then(|text| text.parse().ok()).unwrap_or(default);
    let (cases, seconds, first) = (argument(1, 20), argument(2, 120), argument(3, 0));
    let patience = Duration::from_secs(seconds);
    println!(
        "| seed | seats | people | engine: empty, penalty | found after s | optimum: empty, penalty | above | proof s |"
    );
    println!("|--:|--:|--:|--:|--:|--:|--:|--:|");
    let mut rosters = Vec::new();
    for seed in first..first + cases {
        let on = Prepared::new(generate::case(generate::SMALL, seed)).expect("no flaws");
        let (roster, found, after) = engine(&on, Duration::from_secs(10));
        let began = Instant::now();
        let exact = optimum(&on, Wanted::Penalty, patience);
        let (shown, above) = match exact {
            Some((empty, least)) if empty == found.unfilled => {
                let above = (found.penalty - least) as f64 * 100.0 / least.max(1) as f64;
                (format!("{empty}, {least}"), format!("{above:.1} %"))
            }
            Some((empty, least)) => (format!("{empty}, {least}"), "empty seats".to_owned()),
            None => ("not proved".to_owned(), String::new()),
        };
        println!(
            "| {seed} | {} | {} | {}, {} | {:.3} | {shown} | {above} | {:.1} |",
            on.seats(),
            on.problem().people.len(),
            found.unfilled,
            found.penalty,
            after.as_secs_f64(),
            began.elapsed().as_secs_f64()
        );
        rosters.push((seed, on, roster));
    }
    println!(
        "\n| absences | repaired by the fewest changes | one more | two or more | a seat more empty | not proved | longest ms |"
    );
    println!("|--:|--:|--:|--:|--:|--:|--:|");
    repairs(&rosters, patience);
}

/// The engine's roster on two cores, its score, and when it was found.
fn engine(on: &Prepared, span: Duration) -> (Roster, Score, Duration) {
    let began = Instant::now();
    let last = std::sync::Mutex::new((Score { unfilled: i64::MAX, penalty: 0 }, Duration::ZERO));
    let roster = solve(on, None, &Effort::until_stopped(on, 1, 2), &|progress| {
        if let Ok(mut last) = last.lock()
            && progress.best < last.0
        {
            *last = (progress.best, began.elapsed());
        }
        if began.elapsed() < span { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    let found = score(on, &roster);
    let after = last.lock().map(|last| last.1).unwrap_or(span);
    (roster, found, after)
}

/// Each person of each case absent on each day on which they have a duty.
fn repairs(rosters: &[(u64, Prepared, Roster)], patience: Duration) {
    let (mut fewest, mut one, mut more, mut emptier, mut unknown, mut all) = (0, 0, 0, 0, 0, 0);
    let mut longest = Duration::ZERO;
    for (seed, on, roster) in rosters {
        for person in 0..on.problem().people.len() {
            for day in 0..3 {
                let span = Span { from: day as Minute * DAY, to: (day as Minute + 1) * DAY };
                let slots = &on.problem().slots;
                let is_on_duty = |seat: usize| roster.who(seat) == Some(person) && slots[on.slot_of(seat).0].day == day;
                if !(0..on.seats()).any(is_on_duty) {
                    continue;
                }
                let began = Instant::now();
                let changed = Prepared::new(on.problem().with_absence(person, span)).expect("no flaws");
                let mended = repair(&changed, roster, 0, *seed);
                longest = longest.max(began.elapsed());
                all += 1;
                let unfilled = score(&changed, &mended.roster).unfilled;
                let exact = optimum(&changed, Wanted::Changes(roster), patience);
                let ours = (unfilled, mended.changes.len() as i64);
                if exact != Some(ours) {
                    eprintln!("case {seed}, person {person} away on day {day}: {ours:?} instead of {exact:?}");
                }
                match exact {
                    None => unknown += 1,
                    Some((least, _)) if least < unfilled => emptier += 1,
                    Some((_, changes)) => match mended.changes.len() as i64 - changes {
                        0 => fewest += 1,
                        1 => one += 1,
                        _ => more += 1,
                    },
                }
            }
        }
    }
    println!("| {all} | {fewest} | {one} | {more} | {emptier} | {unknown} | {} |", longest.as_millis());
}
