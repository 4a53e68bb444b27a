//! How near the search comes to schedules that are known to exist: `script/bench shifts` runs this.
//!
//!   shifts [SECONDS]     how long each instance is searched, on two cores (10)
#![allow(clippy::unwrap_used, clippy::expect_used)] // a failed measurement ends in a panic that says why

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use rostering::shifts::{SHAPES, case, score, solve};

fn main() {
    let seconds: f64 = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(10.0);
    println!("| size of | weeks | people | shifts | made around | found | broken | million steps/s |");
    println!("|---|--:|--:|--:|--:|--:|--:|--:|");
    for (at, shape) in SHAPES.into_iter().enumerate() {
        let (instance, known) = case(shape, 1);
        let known = score(&instance, &known);
        assert!(known.broken.is_empty(), "{:?}", known.broken);
        let (steps, began) = (AtomicU64::new(0), Instant::now());
        let pace = |done: u64| {
            steps.fetch_max(done, Ordering::Relaxed);
            began.elapsed().as_secs_f64() / seconds
        };
        let found = score(&instance, &solve(&instance, 1, 2, &pace));
        println!(
            "| Instance{} | {} | {} | {} | {} | {} | {} | {:.2} |",
            at + 1,
            shape.weeks,
            shape.people,
            shape.shifts,
            known.objective,
            found.objective,
            found.broken.len(),
            steps.into_inner() as f64 / began.elapsed().as_secs_f64() / 1e6
        );
    }
}
