//! Annealing: days of one person change, or two people trade some days. What a person's days break counts with a weight that follows the
//! search, so that it goes along the border of what is allowed; the best schedule of which nothing is broken is kept.

use std::ops::Range;
use std::panic::resume_unwind;

use super::{Instance, Schedule};
use crate::chance::Chance;

/// Steps between two looks at the pace.
const BLOCK: u64 = 1024;

/// A schedule as good as is found. `pace` tells, for the steps that a thread has taken, which part of the effort is spent, and ends the
/// search from 1 on: by the steps alone it is the same for the same seed, by a clock it ends in time.
///
/// If no schedule is found of which nothing is broken, it is the one of which the least is.
pub fn solve(on: &Instance, seed: u64, threads: usize, pace: &(dyn Fn(u64) -> f64 + Sync)) -> Schedule {
    let tables = Tables::new(on);
    let run = |thread: usize| {
        let mut search = Search::new(&tables, seed ^ (thread as u64) << 56);
        search.run(pace);
        (search.best, search.best_rows)
    };
    let results: Vec<(Worth, Vec<u8>)> = std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads.max(1)).map(|thread| scope.spawn(move || run(thread))).collect();
        let mine = run(0);
        let others = others.into_iter().map(|other| other.join().unwrap_or_else(|panic| resume_unwind(panic)));
        std::iter::once(mine).chain(others).collect()
    });
    let best = results.into_iter().min_by_key(|(worth, _)| *worth);
    tables.schedule(&best.map(|(_, rows)| rows).unwrap_or_default())
}

/// Of schedules the less broken one is the better, then the one with the lower objective.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) struct Worth {
    pub broken: i64,
    pub cost: i64,
}

/// The instance by numbers of cells: 0 is a day off, others are shifts from 1.
pub(super) struct Tables<'a> {
    on: &'a Instance,
    days: usize,
    people: usize,
    kinds: usize,
    minutes: Vec<i64>,
    /// What one shift too many or too few in somebody's minutes is.
    step: i64,
    /// By the cell before, a bit for each cell that may not follow.
    never_next: Vec<u64>,
    /// By person and cell: how often at the most.
    most: Vec<i64>,
    /// By person, day and cell: what unmet wishes cost there.
    wishes: Vec<i64>,
    /// By person and day.
    is_off: Vec<bool>,
    /// By day and cell: needed, under, over. What is not said costs nothing.
    covers: Vec<[i64; 3]>,
    /// Days and cells of which more or fewer cost something.
    needed: Vec<(usize, u8)>,
    /// What the dearest that can be wrong costs, and at which heat hardly anything that costs is accepted any more.
    dear: f64,
    cold: f64,
}

impl<'a> Tables<'a> {
    pub fn new(on: &'a Instance) -> Self {
        let (days, people, kinds) = (on.days, on.staff.len(), on.shifts.len() + 1);
        let mut wishes = vec![0; people * days * kinds];
        for request in &on.requests {
            let first = (request.person * days + request.day) * kinds;
            for (kind, wish) in wishes[first..first + kinds].iter_mut().enumerate() {
                if (kind == request.shift + 1) != request.wanted {
                    *wish += request.weight;
                }
            }
        }
        let mut is_off = vec![false; people * days];
        for (at, person) in on.staff.iter().enumerate() {
            person.off.iter().for_each(|day| is_off[at * days + day] = true);
        }
        let mut covers = vec![[0; 3]; days * kinds];
        let mut needed = Vec::new();
        for cover in &on.covers {
            covers[cover.day * kinds + cover.shift + 1] = [cover.needed, cover.under, cover.over];
            needed.push((cover.day, cover.shift as u8 + 1));
        }
        let follows = |shift: &super::Shift| shift.never_next.iter().fold(0, |bits, next| bits | 1 << (next + 1));
        let weights = || {
            on.covers
                .iter()
                .flat_map(|cover| [cover.under, cover.over])
                .chain(on.requests.iter().map(|request| request.weight))
        };
        let dear = weights().max().unwrap_or(1).max(1) as f64;
        let cheap = weights().filter(|weight| *weight > 0).min().unwrap_or(1) as f64;
        Self {
            minutes: std::iter::once(0).chain(on.shifts.iter().map(|shift| shift.minutes)).collect(),
            most: on
                .staff
                .iter()
                .flat_map(|person| std::iter::once(i64::MAX).chain(person.most.iter().copied()))
                .collect(),
            step: on.shifts.iter().map(|shift| shift.minutes).min().unwrap_or(1).max(1),
            never_next: std::iter::once(0).chain(on.shifts.iter().map(follows)).collect(),
            dear,
            cold: cheap * 0.15,
            on,
            days,
            people,
            kinds,
            wishes,
            is_off,
            covers,
            needed,
        }
    }

    pub fn schedule(&self, rows: &[u8]) -> Schedule {
        let row = |row: &[u8]| row.iter().map(|cell| usize::from(*cell).checked_sub(1)).collect();
        rows.chunks(self.days).map(row).collect()
    }

    /// At which heat to begin: the fewer steps there are for each cell, the less hot, since it would not cool down.
    fn heat(&self, steps: f64) -> f64 {
        let each = (steps / (self.people * self.days) as f64).max(1.0);
        self.cold * (self.dear * 0.5 / self.cold).max(1.0).powf((each.log10() / 4.0).min(1.0))
    }

    fn cover(&self, day: usize, kind: u8, there: i64) -> i64 {
        let [needed, under, over] = self.covers[day * self.kinds + usize::from(kind)];
        if there < needed { (needed - there) * under } else { (there - needed) * over }
    }

    fn wish(&self, person: usize, day: usize, kind: u8) -> i64 {
        self.wishes[(person * self.days + day) * self.kinds + usize::from(kind)]
    }

    /// What the runs break that some days of somebody, which are not none, belong to or are next to, and on how many weekends of these days'
    /// weeks they work. Other days than those do not change it.
    fn around(&self, person: usize, row: &[u8], days: &Range<usize>) -> (i64, i64) {
        let works = |day: usize| row[day] != 0;
        let (mut start, mut end) = (days.start.saturating_sub(1), (days.end + 1).min(row.len()));
        while start > 0 && works(start - 1) == works(start) {
            start -= 1;
        }
        while end < row.len() && works(end) == works(end - 1) {
            end += 1;
        }
        let limits = &self.on.staff[person];
        let (mut broken, mut began) = (0, start);
        for day in start + 1..=end {
            if day < end && works(day) == works(day - 1) {
                broken += (self.never_next[usize::from(row[day - 1])] >> row[day] & 1) as i64;
                continue;
            }
            let length = (day - began) as i64;
            let at_edge = began == 0 || day == row.len();
            let (least, most) =
                if works(began) { (*limits.run.start(), *limits.run.end()) } else { (limits.rest, i64::MAX) };
            broken += (length - most).max(0) + if at_edge { 0 } else { (least - length).max(0) };
            began = day;
        }
        let weekend = |week: &usize| (week * 7 + 5..(week * 7 + 7).min(row.len())).any(works);
        let weekends = (days.start / 7..=(days.end - 1) / 7).filter(weekend).count();
        (broken, weekends as i64)
    }

    fn worth(&self, person: usize, sums: &Sums) -> Worth {
        let limits = &self.on.staff[person];
        let beyond = (sums.minutes - limits.minutes.end()).max(limits.minutes.start() - sums.minutes).max(0);
        let weekends = (sums.weekends - limits.weekends).max(0);
        Worth {
            broken: sums.runs + sums.too_often + (beyond + self.step - 1) / self.step + weekends,
            cost: sums.wishes,
        }
    }
}

/// What is counted of somebody's days, and follows each change of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Sums {
    minutes: i64,
    wishes: i64,
    weekends: i64,
    /// Broken by runs of work and of days off, and by shifts that must not follow each other.
    runs: i64,
    /// How often shifts are worked beyond what is allowed.
    too_often: i64,
}

pub(super) struct Search<'a> {
    on: &'a Tables<'a>,
    chance: Chance,
    /// Cells by person and day.
    pub rows: Vec<u8>,
    sums: Vec<Sums>,
    /// By person and cell.
    times: Vec<i64>,
    /// By day and cell.
    there: Vec<i64>,
    pub total: Worth,
    /// What is broken counts as so much.
    weight: f64,
    best: Worth,
    best_rows: Vec<u8>,
    /// What a step wants: days and cells of one person, or of two.
    wanted: [(usize, Vec<(usize, u8)>); 2],
    /// What it has changed: person and day, and the cell before; and the people, with their sums before.
    changed: Vec<(usize, usize, u8)>,
    touched: Vec<(usize, Sums)>,
}

impl<'a> Search<'a> {
    pub fn new(on: &'a Tables<'a>, seed: u64) -> Self {
        let rows = vec![0; on.people * on.days];
        let mut there = vec![0; on.days * on.kinds];
        there.iter_mut().step_by(on.kinds).for_each(|off| *off = on.people as i64);
        let mut times = vec![0; on.people * on.kinds];
        times.iter_mut().step_by(on.kinds).for_each(|off| *off = on.days as i64);
        let all = 0..on.days;
        let sums = |(person, row): (usize, &[u8])| {
            let (runs, weekends) = on.around(person, row, &all);
            let wishes = all.clone().map(|day| on.wish(person, day, 0)).sum();
            Sums { minutes: 0, wishes, weekends, runs, too_often: 0 }
        };
        let sums: Vec<Sums> = rows.chunks(on.days).enumerate().map(sums).collect();
        let covers: i64 = on.needed.iter().map(|&(day, kind)| on.cover(day, kind, 0)).sum();
        let mut total = Worth { broken: 0, cost: covers };
        for (person, sums) in sums.iter().enumerate() {
            let Worth { broken, cost } = on.worth(person, sums);
            (total.broken, total.cost) = (total.broken + broken, total.cost + cost);
        }
        Self {
            on,
            chance: Chance::new(seed),
            sums,
            times,
            there,
            total,
            weight: on.dear,
            best: total,
            best_rows: rows.clone(),
            rows,
            wanted: Default::default(),
            changed: Vec::new(),
            touched: Vec::new(),
        }
    }

    /// Goes downhill for a moment, from which is known how many steps there will be; cools down once over most of the effort, then twice
    /// more from the best, less hot.
    fn run(&mut self, pace: &dyn Fn(u64) -> f64) {
        const CYCLES: [(f64, f64); 4] = [(0.0, 0.02), (0.02, 0.7), (0.7, 0.85), (0.85, 1.0)];
        let (mut steps, mut cycle, mut hot) = (0, 0, self.on.cold);
        loop {
            let spent = pace(steps);
            if spent >= 1.0 {
                break;
            }
            while spent >= CYCLES[cycle].1 {
                cycle += 1;
                match cycle {
                    1 => hot = self.on.heat(steps as f64 / spent),
                    _ => {
                        hot = (hot * 0.2).max(self.on.cold);
                        self.begin_again();
                    }
                }
            }
            let (from, until) = CYCLES[cycle];
            let heat = hot * (self.on.cold / hot).powf((spent - from) / (until - from));
            for _ in 0..BLOCK {
                self.step(heat);
            }
            steps += BLOCK;
            let (least, most) = (heat.max(1.0), self.on.dear * 100.0);
            self.weight = (self.weight * if self.total.broken > 0 { 1.02 } else { 0.98 }).clamp(least, most);
        }
    }

    fn begin_again(&mut self) {
        for person in 0..self.on.people {
            let days = person * self.on.days..(person + 1) * self.on.days;
            self.wanted[0] = (person, self.best_rows[days].iter().copied().enumerate().collect());
            self.wanted[1].1.clear();
            self.apply();
        }
    }

    pub fn step(&mut self, heat: f64) {
        let before = self.total;
        self.wanted.iter_mut().for_each(|(_, cells)| cells.clear());
        match self.chance.below(10) {
            0..4 => self.trade(),
            4 => self.fill(),
            5 => self.move_along(),
            _ => self.change(),
        }
        self.apply();
        let worse = (self.total.cost - before.cost) as f64 + self.weight * (self.total.broken - before.broken) as f64;
        if worse > 0.0 && self.chance.part() >= (-worse / heat).exp() {
            while let Some((person, day, kind)) = self.changed.pop() {
                self.set(person, day, kind);
            }
            while let Some((person, sums)) = self.touched.pop() {
                self.sums[person] = sums;
            }
            self.total = before;
        } else if self.total < self.best {
            self.best = self.total;
            self.best_rows.copy_from_slice(&self.rows);
        }
    }

    /// Two people trade some days running.
    fn trade(&mut self) {
        let (one, other) = (self.chance.below(self.on.people), self.chance.below(self.on.people));
        if one == other {
            return;
        }
        let days = self.some_days(14);
        for day in days {
            let (his, hers) = (self.cell(one, day), self.cell(other, day));
            let may = |person: usize, kind: u8| kind == 0 || !self.on.is_off[person * self.on.days + day];
            if may(one, hers) && may(other, his) {
                self.want(0, one, day, hers);
                self.want(1, other, day, his);
            }
        }
    }

    /// Somebody enters a shift that has too few, or leaves one that has too many.
    fn fill(&mut self) {
        if self.on.needed.is_empty() {
            return;
        }
        let (day, kind) = self.on.needed[self.chance.below(self.on.needed.len())];
        let cell = day * self.on.kinds + usize::from(kind);
        let person = self.chance.below(self.on.people);
        if self.there[cell] < self.on.covers[cell][0] {
            self.want(0, person, day, kind);
        } else if self.there[cell] > self.on.covers[cell][0] && self.cell(person, day) == kind {
            let other = self.chance.below(self.on.kinds) as u8;
            self.want(0, person, day, other);
        }
    }

    /// Some days of one person and as many others of theirs change places.
    fn move_along(&mut self) {
        let person = self.chance.below(self.on.people);
        let (from, into) = (self.some_days(4), self.some_days(4));
        if from.start < into.end && into.start < from.end {
            return;
        }
        for (from, into) in from.zip(into) {
            let (one, other) = (self.cell(person, from), self.cell(person, into));
            self.want(0, person, from, other);
            self.want(0, person, into, one);
        }
    }

    /// Some days of one person all become the same: off, a shift, or what the day before is.
    fn change(&mut self) {
        let person = self.chance.below(self.on.people);
        let days = self.some_days(4);
        let kind = match self.chance.below(3) {
            0 => 0,
            1 if days.start > 0 => self.cell(person, days.start - 1),
            _ => self.chance.below(self.on.kinds) as u8,
        };
        for day in days {
            self.want(0, person, day, kind);
        }
    }

    /// Days running, rather few than many.
    fn some_days(&mut self, most: usize) -> Range<usize> {
        let start = self.chance.below(self.on.days);
        let most = 1 + self.chance.below(most);
        start..(start + 1 + self.chance.below(most)).min(self.on.days)
    }

    fn cell(&self, person: usize, day: usize) -> u8 {
        self.rows[person * self.on.days + day]
    }

    /// Nobody works on a day that is off.
    fn want(&mut self, side: usize, person: usize, day: usize, kind: u8) {
        if self.cell(person, day) != kind && (kind == 0 || !self.on.is_off[person * self.on.days + day]) {
            self.wanted[side].0 = person;
            self.wanted[side].1.push((day, kind));
        }
    }

    /// Does what is wanted, and counts what follows from it.
    fn apply(&mut self) {
        self.changed.clear();
        self.touched.clear();
        for side in 0..2 {
            let person = self.wanted[side].0;
            let cells = std::mem::take(&mut self.wanted[side].1);
            let days = cells.iter().map(|(day, _)| *day);
            if let (Some(first), Some(last)) = (days.clone().min(), days.max()) {
                let days = first..last + 1;
                let before = self.sums[person];
                self.touched.push((person, before));
                let old = self.around(person, &days);
                for &(day, kind) in &cells {
                    self.changed.push((person, day, self.cell(person, day)));
                    self.set(person, day, kind);
                }
                let new = self.around(person, &days);
                let sums = &mut self.sums[person];
                sums.runs += new.0 - old.0;
                sums.weekends += new.1 - old.1;
                let (old, new) = (self.on.worth(person, &before), self.on.worth(person, sums));
                self.total.broken += new.broken - old.broken;
                self.total.cost += new.cost - old.cost;
            }
            self.wanted[side].1 = cells;
        }
    }

    fn around(&self, person: usize, days: &Range<usize>) -> (i64, i64) {
        self.on.around(person, &self.rows[person * self.on.days..(person + 1) * self.on.days], days)
    }

    /// Changes a cell, and what is counted by cells.
    fn set(&mut self, person: usize, day: usize, kind: u8) {
        let cell = &mut self.rows[person * self.on.days + day];
        let before = std::mem::replace(cell, kind);
        let sums = &mut self.sums[person];
        for (kind, more) in [(before, -1), (kind, 1)] {
            let there = &mut self.there[day * self.on.kinds + usize::from(kind)];
            self.total.cost -= self.on.cover(day, kind, *there);
            *there += more;
            self.total.cost += self.on.cover(day, kind, *there);
            sums.minutes += more * self.on.minutes[usize::from(kind)];
            sums.wishes += more * self.on.wish(person, day, kind);
            let times = &mut self.times[person * self.on.kinds + usize::from(kind)];
            let most = self.on.most[person * self.on.kinds + usize::from(kind)];
            sums.too_often -= (*times - most).max(0);
            *times += more;
            sums.too_often += (*times - most).max(0);
        }
    }
}
