//! What a schedule is worth, counted from nothing: the search is judged by it.

use super::{Instance, Person, Schedule};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Score {
    /// What unmet wishes, and too few or too many people, cost.
    pub objective: i64,
    pub broken: Vec<Broken>,
}

/// A limit that somebody's days break.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    pub person: usize,
    pub limit: Limit,
    /// By how much: times, minutes, days or weekends.
    pub by: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// A shift on the day after one that it must not follow; the later day.
    Follows {
        day: usize,
    },
    /// A shift too often.
    Most {
        shift: usize,
    },
    TooManyMinutes,
    TooFewMinutes,
    /// Too many, or too few, days of work running; the first of them.
    LongRun {
        day: usize,
    },
    ShortRun {
        day: usize,
    },
    /// Too few days off running; the first of them.
    ShortRest {
        day: usize,
    },
    Weekends,
    /// Work on a day that is off.
    Off {
        day: usize,
    },
}

/// Of a schedule of the size of the instance.
pub fn score(on: &Instance, schedule: &Schedule) -> Score {
    let mut objective = 0;
    for cover in &on.covers {
        let there = schedule.iter().filter(|days| days[cover.day] == Some(cover.shift)).count();
        objective += cover.cost(there as i64);
    }
    for request in &on.requests {
        if (schedule[request.person][request.day] == Some(request.shift)) != request.wanted {
            objective += request.weight;
        }
    }
    let all = on.staff.iter().zip(schedule).enumerate();
    let broken = all.flat_map(|(at, (person, days))| {
        let limits = broken(on, person, days).into_iter();
        limits.filter(|(_, by)| *by > 0).map(move |(limit, by)| Broken { person: at, limit, by })
    });
    Score { objective, broken: broken.collect() }
}

fn broken(on: &Instance, person: &Person, days: &[Option<usize>]) -> Vec<(Limit, i64)> {
    let mut found = Vec::new();
    for (day, pair) in days.windows(2).enumerate() {
        if let [Some(before), Some(after)] = pair
            && on.shifts[*before].never_next.contains(after)
        {
            found.push((Limit::Follows { day: day + 1 }, 1));
        }
    }
    for (shift, most) in person.most.iter().enumerate() {
        let times = days.iter().filter(|worked| **worked == Some(shift)).count() as i64;
        found.push((Limit::Most { shift }, times - most));
    }
    let minutes: i64 = days.iter().flatten().map(|shift| on.shifts[*shift].minutes).sum();
    found.push((Limit::TooManyMinutes, minutes - person.minutes.end()));
    found.push((Limit::TooFewMinutes, person.minutes.start() - minutes));
    let mut day = 0;
    for run in days.chunk_by(|before, after| before.is_some() == after.is_some()) {
        let (length, at_edge) = (run.len() as i64, day == 0 || day + run.len() == days.len());
        if run[0].is_some() {
            found.push((Limit::LongRun { day }, length - person.run.end()));
            found.push((Limit::ShortRun { day }, if at_edge { 0 } else { person.run.start() - length }));
        } else if !at_edge {
            found.push((Limit::ShortRest { day }, person.rest - length));
        }
        day += run.len();
    }
    let weekends = days.chunks(7).filter(|week| week.iter().skip(5).any(Option::is_some)).count() as i64;
    found.push((Limit::Weekends, weekends - person.weekends));
    for &day in &person.off {
        found.push((Limit::Off { day }, i64::from(days[day].is_some())));
    }
    found
}
