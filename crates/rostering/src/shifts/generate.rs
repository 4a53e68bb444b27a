//! Instances of the sizes of the benchmark's, made around a schedule of which nothing is broken, so that what it costs is known to be
//! within reach.

use super::{Cover, Instance, Person, Request, Schedule, Shift};
use crate::chance::Chance;

#[derive(Debug, Clone, Copy)]
pub struct Shape {
    pub weeks: usize,
    pub people: usize,
    pub shifts: usize,
}

/// The sizes of Instance1 to Instance24, in their order.
pub const SHAPES: [Shape; 24] = {
    const fn shape(weeks: usize, people: usize, shifts: usize) -> Shape {
        Shape { weeks, people, shifts }
    }
    [
        shape(2, 8, 1),
        shape(2, 14, 2),
        shape(2, 20, 3),
        shape(4, 10, 2),
        shape(4, 16, 2),
        shape(4, 18, 3),
        shape(4, 20, 3),
        shape(4, 30, 4),
        shape(4, 36, 4),
        shape(4, 40, 5),
        shape(4, 50, 6),
        shape(4, 60, 10),
        shape(4, 120, 18),
        shape(6, 32, 4),
        shape(6, 45, 6),
        shape(8, 20, 3),
        shape(8, 32, 4),
        shape(12, 22, 3),
        shape(12, 40, 5),
        shape(26, 50, 6),
        shape(26, 100, 8),
        shape(52, 50, 10),
        shape(52, 100, 16),
        shape(52, 150, 32),
    ]
};

/// An instance, and the schedule that it was made around.
pub fn case(shape: Shape, seed: u64) -> (Instance, Schedule) {
    let mut chance = Chance::new(seed);
    let days = shape.weeks * 7;
    // A later shift is never followed by an earlier one; a few begin at the same hour.
    let hour = |shift: usize| shift / 2;
    let shift = |at: usize| Shift {
        id: format!("S{at}"),
        minutes: 480 + 60 * (at % 3) as i64,
        never_next: (0..shape.shifts).filter(|next| hour(*next) < hour(at)).collect(),
    };
    let shifts: Vec<Shift> = (0..shape.shifts).map(shift).collect();
    let schedule: Schedule = (0..shape.people).map(|_| days_of(&shifts, days, &mut chance)).collect();
    let staff = schedule.iter().enumerate().map(|(at, row)| person(at, row, &shifts, &mut chance)).collect();
    let mut covers = Vec::new();
    for day in 0..days {
        for shift in 0..shape.shifts {
            let there = schedule.iter().filter(|row| row[day] == Some(shift)).count() as i64;
            // Now and then one more or fewer is asked for than there can well be.
            let needed = (there + [-1, 1, 0, 0, 0, 0, 0, 0][chance.below(8)]).max(0);
            covers.push(Cover { day, shift, needed, under: 100, over: 1 });
        }
    }
    let mut requests = Vec::new();
    for (person, row) in schedule.iter().enumerate() {
        for (day, worked) in row.iter().enumerate() {
            let (shift, weight) = (chance.below(shape.shifts), 1 + chance.below(3) as i64);
            match (chance.below(10), worked) {
                (0, Some(shift)) => requests.push(Request { person, day, shift: *shift, wanted: true, weight }),
                (1, None) => requests.push(Request { person, day, shift, wanted: false, weight }),
                (2, _) if chance.below(4) == 0 => requests.push(Request { person, day, shift, wanted: true, weight }),
                _ => {}
            }
        }
    }
    (Instance { days, shifts, staff, requests, covers }, schedule)
}

/// Work of two to five days, then two to four off; within a run never back to an earlier shift.
fn days_of(shifts: &[Shift], days: usize, chance: &mut Chance) -> Vec<Option<usize>> {
    let mut row: Vec<Option<usize>> = vec![None; chance.below(4)];
    while row.len() < days {
        let mut shift = chance.below(shifts.len());
        for _ in 0..2 + chance.below(4) {
            let next = chance.below(shifts.len());
            if !shifts[shift].never_next.contains(&next) && chance.below(3) == 0 {
                shift = next;
            }
            row.push(Some(shift));
        }
        row.extend(vec![None; 2 + chance.below(3)]);
    }
    row.truncate(days);
    row
}

/// Somebody who may work these days, and not much more.
fn person(at: usize, row: &[Option<usize>], shifts: &[Shift], chance: &mut Chance) -> Person {
    let minutes: i64 = row.iter().flatten().map(|shift| shifts[*shift].minutes).sum();
    let times = |shift: usize| row.iter().filter(|worked| **worked == Some(shift)).count() as i64;
    let free: Vec<usize> = (0..row.len()).filter(|day| row[*day].is_none()).collect();
    Person {
        id: format!("P{at}"),
        most: (0..shifts.len()).map(|shift| times(shift) + chance.below(3) as i64).collect(),
        minutes: minutes - 480..=minutes + 480,
        run: 2..=5,
        rest: 2,
        weekends: row.chunks(7).filter(|week| week[5].is_some() || week[6].is_some()).count() as i64,
        off: (0..row.len() / 14).filter(|_| !free.is_empty()).map(|_| free[chance.below(free.len())]).collect(),
    }
}
