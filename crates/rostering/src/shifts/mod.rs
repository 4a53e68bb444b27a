//! A yardstick from outside: the public benchmark of shift scheduling (schedulingbenchmarks.org, Instance1 to Instance24). Its model is
//! another one than that of [posts and peaks](crate::Problem): everybody works at most one shift a day over whole weeks, the hours, runs
//! and weekends of each person have limits that are never broken, and what is wished for and how many are needed has weights. The search
//! is the same in kind: annealing with every counter kept, the same for the same seed.
//!
//! [`Instance::parse`] reads a file, [`solve`] looks for a schedule, and [`score`] says from nothing what one is worth.
//!
//! Model and format: T. Curtois and R. Qu, *Computational results on new staff scheduling benchmark instances*, 2014.
//!
//! ```
//! use rostering::shifts::{Instance, score, solve};
//!
//! let file = "SECTION_HORIZON\n7\nSECTION_SHIFTS\nD,480,\nSECTION_STAFF\nA,D=7,2400,480,5,2,2,1\nB,D=7,2400,480,5,2,2,1\n\
//!     SECTION_DAYS_OFF\nA,0\nSECTION_SHIFT_ON_REQUESTS\nB,1,D,2\nSECTION_SHIFT_OFF_REQUESTS\nSECTION_COVER\n0,D,1,100,1\n1,D,1,100,1\n";
//! let instance = Instance::parse(file).expect("a file of this format");
//! let schedule = solve(&instance, 1, 1, &|steps| steps as f64 / 50_000.0);
//! let score = score(&instance, &schedule);
//! assert_eq!((score.objective, score.broken.len()), (0, 0));
//! ```

mod format;
mod generate;
mod score;
mod search;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests;

use std::ops::RangeInclusive;

pub use format::Flaw;
pub use generate::{SHAPES, Shape, case};
pub use score::{Broken, Limit, Score, score};
pub use search::solve;

/// Who works which shift on each day: by person, then by day from 0, with numbers of shifts; nothing is a day off.
pub type Schedule = Vec<Vec<Option<usize>>>;

/// Days from a Monday on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance {
    pub days: usize,
    pub shifts: Vec<Shift>,
    pub staff: Vec<Person>,
    pub requests: Vec<Request>,
    pub covers: Vec<Cover>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shift {
    pub id: String,
    pub minutes: i64,
    /// Shifts that nobody works on the day after this one.
    pub never_next: Vec<usize>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    pub id: String,
    /// How often they work each shift at the most.
    pub most: Vec<i64>,
    /// In all.
    pub minutes: RangeInclusive<i64>,
    /// Days of work that follow each other. Before the first and after the last day they may have worked, or been off, as long as it takes.
    pub run: RangeInclusive<i64>,
    /// Days off that follow each other, at the least.
    pub rest: i64,
    /// Weekends at the most on which they work on Saturday or Sunday.
    pub weekends: i64,
    /// Days on which they do not work.
    pub off: Vec<usize>,
}

/// A wish to work a shift on a day, or not to; what it costs if it is not met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request {
    pub person: usize,
    pub day: usize,
    pub shift: usize,
    pub wanted: bool,
    pub weight: i64,
}

/// How many are needed in a shift of a day; what each one too few, or too many, costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cover {
    pub day: usize,
    pub shift: usize,
    pub needed: i64,
    pub under: i64,
    pub over: i64,
}

impl Cover {
    /// What it costs that so many are there.
    fn cost(&self, there: i64) -> i64 {
        if there < self.needed { (self.needed - there) * self.under } else { (there - self.needed) * self.over }
    }
}
