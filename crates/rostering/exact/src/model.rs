//! A rostering problem as a mixed integer program. Of the engine it uses who may be where and which two duties go together;
//! everything else is written down anew.

use std::collections::HashMap;
use std::time::Duration;

use microlp::{ComparisonOp, OptimizationDirection, SolveOptions, Status, Variable};
use rostering::{Peak, Prepared, Roster};

/// What counts after empty seats.
#[derive(Clone, Copy)]
pub enum Wanted<'r> {
    /// The penalty.
    Penalty,
    /// How many seats are different from this roster.
    Changes(&'r Roster),
}

type Terms = Vec<(Variable, f64)>;

struct Model<'p> {
    on: &'p Prepared,
    program: microlp::Problem,
    takes: HashMap<(usize, usize), Variable>,
}

/// The fewest empty seats, and the least of what is wanted with so many; `None` if that is not proved in time.
pub fn optimum(on: &Prepared, wanted: Wanted<'_>, patience: Duration) -> Option<(i64, i64)> {
    let empty = solve(on, wanted, None, patience)?;
    Some((empty, solve(on, wanted, Some(empty), patience)?))
}

fn solve(on: &Prepared, wanted: Wanted<'_>, most_empty: Option<i64>, patience: Duration) -> Option<i64> {
    let program = microlp::Problem::new(OptimizationDirection::Minimize);
    let mut model = Model { on, program, takes: HashMap::new() };
    model.rules();
    let empty = model.empty(matches!(wanted, Wanted::Penalty), if most_empty.is_none() { 1.0 } else { 0.0 });
    if let Some(most) = most_empty {
        model.at_most(vec![(empty, 1.0)], most as f64);
        match wanted {
            Wanted::Penalty => model.penalty(),
            Wanted::Changes(old) => model.changes(old),
        }
    }
    let mut options = SolveOptions::default();
    options.time_limit = Some(patience);
    let solution = model.program.solve_with(options).ok()?;
    (solution.status() == Status::Optimal).then(|| solution.objective().round() as i64)
}

impl Model<'_> {
    fn at_most(&mut self, terms: Terms, most: f64) {
        self.program.add_constraint(terms, ComparisonOp::Le, most);
    }

    fn equal(&mut self, terms: Terms, to: f64) {
        self.program.add_constraint(terms, ComparisonOp::Eq, to);
    }

    fn of(&self, chosen: impl Fn(usize, usize) -> bool) -> Terms {
        let mut pairs: Vec<_> = self.takes.iter().filter(|&(&(person, seat), _)| chosen(person, seat)).collect();
        pairs.sort_by_key(|(pair, _)| **pair);
        pairs.into_iter().map(|(_, &take)| (take, 1.0)).collect()
    }

    fn rules(&mut self) {
        let problem = self.on.problem();
        let people = problem.people.len();
        let day = |seat: usize| problem.slots[self.on.slot_of(seat).0].day;
        for seat in 0..self.on.seats() {
            for person in (0..people).filter(|&person| self.on.may(person, seat)) {
                self.takes.insert((person, seat), self.program.add_binary_var(0.0));
            }
        }
        for fixed in &problem.fixed {
            let seat = self.on.seat(fixed.slot, fixed.seat);
            self.equal(self.of(|person, other| person == fixed.person && other == seat), 1.0);
        }
        for seat in 0..self.on.seats() {
            self.at_most(self.of(|_, other| other == seat), 1.0);
        }
        for person in 0..people {
            let seats: Vec<usize> = (0..self.on.seats()).filter(|&seat| self.on.may(person, seat)).collect();
            for (at, &a) in seats.iter().enumerate() {
                for &b in seats[at + 1..].iter().filter(|&&b| !self.on.together(person, a, b)) {
                    self.at_most(self.of(|who, seat| who == person && (seat == a || seat == b)), 1.0);
                }
            }
            let who = &problem.people[person];
            let most = who.most;
            self.at_most(self.of(|who, _| who == person), most.per_period.into());
            let days = seats.iter().map(|&seat| day(seat)).max().map_or(0, |last| last + 1);
            for today in 0..days {
                self.at_most(self.of(|who, seat| who == person && day(seat) == today), most.per_day.into());
            }
            for week in 0..days.div_ceil(7) {
                self.at_most(
                    self.of(|who, seat| who == person && day(seat) / 7 == week),
                    (most.per_week - who.elsewhere.get(week).copied().unwrap_or(0).min(most.per_week)).into(),
                );
            }
        }
    }

    /// How many seats are empty, at so much each. Where `tidy`, nobody stands in vain but by a fixed duty.
    fn empty(&mut self, tidy: bool, cost: f64) -> Variable {
        let problem = self.on.problem();
        let seats = self.on.seats() as f64;
        let empty = self.program.add_var(cost, (0.0, seats));
        let mut total = vec![(empty, 1.0)];
        for (slot, wanted) in problem.slots.iter().enumerate() {
            let seats = wanted.seats.len() as f64;
            let inside = |seat: usize| self.on.slot_of(seat).0 == slot;
            let there = self.of(|_, seat| inside(seat));
            let leading = self.of(|person, seat| inside(seat) && problem.people[person].stands_alone);
            let is_fixed = |seat: usize| problem.fixed.iter().any(|fixed| self.on.seat(fixed.slot, fixed.seat) == seat);
            let free = self.of(|_, seat| inside(seat) && !is_fixed(seat));
            let counts = self.program.add_binary_var(0.0);
            let filled = self.program.add_var(0.0, (0.0, seats));
            let without = |terms: &Terms, variable, times| {
                let minus = terms.iter().map(|&(variable, times)| (variable, -times));
                minus.chain([(variable, times)]).collect::<Terms>()
            };
            self.at_most(without(&leading, counts, 1.0), 0.0);
            if wanted.pair {
                self.at_most(without(&there, counts, 2.0), 0.0);
            }
            self.at_most(without(&there, filled, 1.0), 0.0);
            self.at_most(vec![(filled, 1.0), (counts, -seats)], 0.0);
            if tidy {
                // One by one, which is tighter than all together.
                free.iter().for_each(|&take| self.at_most(vec![take, (counts, -1.0)], 0.0));
            }
            total.push((filled, 1.0));
        }
        self.equal(total, seats);
        empty
    }

    fn penalty(&mut self) {
        let problem = self.on.problem();
        let weights = problem.weights;
        let total = self.program.add_var(1.0, (0.0, f64::INFINITY));
        let mut all = vec![(total, -1.0)];
        for (&(person, seat), &take) in &self.takes {
            let place = problem.posts[problem.slots[self.on.slot_of(seat).0].post].place;
            let minutes = problem.travel.get(problem.people[person].base, place).unwrap_or(0);
            all.push((take, f64::from(minutes) * weights.travel as f64));
        }
        for person in 0..problem.people.len() {
            let more = self.program.add_var(0.0, (0.0, f64::INFINITY));
            let mut posts = vec![(more, -1.0)];
            for post in 0..problem.posts.len() {
                let stands = self.program.add_binary_var(0.0);
                let at = |seat: usize| problem.slots[self.on.slot_of(seat).0].post == post;
                for take in self.of(|who, seat| who == person && at(seat)) {
                    self.at_most(vec![take, (stands, -1.0)], 0.0);
                }
                posts.push((stands, 1.0));
            }
            self.at_most(posts, 1.0);
            all.push((more, weights.continuity as f64));
        }
        let teams = problem.people.iter().map(|person| person.team + 1).max().unwrap_or(0);
        for (team, peak) in (0..teams).flat_map(|team| [(team, Peak::Early), (team, Peak::Late)]) {
            let members: Vec<usize> =
                (0..problem.people.len()).filter(|&who| problem.people[who].team == team).collect();
            let fair = self.program.add_integer_var(0.0, (0, 200));
            for person in members {
                // How far a share is from the fair one costs `off * (off - 1)`: between whole numbers, a line.
                let carried = f64::from(problem.people[person].carried[peak as usize]);
                let of_peak = |seat: usize| problem.slots[self.on.slot_of(seat).0].peak == peak;
                let mut off = self.of(|who, seat| who == person && of_peak(seat));
                let most = off.len() as i32 + carried as i32 + 2;
                off.push((fair, -1.0));
                let cost = self.program.add_var(0.0, (0.0, f64::INFINITY));
                for step in -most..=most {
                    let slope = 2.0 * f64::from(step);
                    let mut line: Terms = off.iter().map(|&(variable, times)| (variable, slope * times)).collect();
                    line.push((cost, -1.0));
                    self.at_most(line, f64::from(step * (step + 1)) - slope * carried);
                }
                all.push((cost, weights.fairness as f64));
            }
        }
        self.equal(all, 0.0);
    }

    fn changes(&mut self, old: &Roster) {
        let changes = self.program.add_var(1.0, (0.0, f64::INFINITY));
        let mut total = vec![(changes, 1.0)];
        let mut kept = 0.0;
        for seat in 0..self.on.seats() {
            match old.who(seat) {
                Some(person) => {
                    kept += 1.0;
                    total.extend(self.of(|who, other| who == person && other == seat));
                }
                None => {
                    let comes = self.of(|_, other| other == seat).into_iter();
                    total.extend(comes.map(|(variable, times)| (variable, -times)));
                }
            }
        }
        self.equal(total, kept);
    }
}
