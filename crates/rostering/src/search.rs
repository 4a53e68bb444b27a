//! Finding a good roster: filled seat by seat, completed by chains, then annealed in rounds that grow.

use std::ops::{ControlFlow, Range};
use std::panic::resume_unwind;

use crate::chain::Chains;
use crate::chance::Chance;
use crate::prepared::{NOBODY, Prepared};
use crate::score::{Roster, Score};
use crate::state::{InTheWay, State};

/// How long to search. The same effort gives the same roster on one machine, unless it is stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effort {
    pub seed: u64,
    /// Searches beside one another; each round begins with the best roster of all.
    pub threads: usize,
    pub rounds: u32,
    /// Steps of each thread in the first round; each later round takes twice as many as the one before.
    pub steps: u64,
}

impl Effort {
    /// Rounds without end, for a search that is stopped by its watcher.
    pub fn until_stopped(on: &Prepared, seed: u64, threads: usize) -> Self {
        Self { seed, threads, rounds: u32::MAX, steps: (on.seats() as u64 * 200).max(20_000) }
    }
}

/// Told some hundred times a second, by each thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    pub round: u32,
    /// Steps of this thread in this round, and how many there will be.
    pub steps: u64,
    pub of: u64,
    /// The best roster of this thread.
    pub best: Score,
}

/// Looks at the progress and may stop the search, from any thread and with any clock.
pub type Watch<'w> = &'w (dyn Fn(Progress) -> ControlFlow<()> + Sync);

/// Steps between two looks of the watcher.
const BLOCK: u64 = 4096;

/// A roster of which no rule is broken, as good as the effort finds, beginning with `start`, of which what is not allowed is left out.
pub fn solve(on: &Prepared, start: Option<&Roster>, effort: &Effort, watch: Watch<'_>) -> Roster {
    let mut best = first(on, start);
    let mut score = best.score;
    // Where nothing can be different there is nothing to search for, and nobody to stop it.
    if (0..on.seats.len()).all(|seat| on.is_fixed(seat) || on.candidates[seat].is_empty()) {
        return best.roster();
    }
    let mut stopped = false;
    for round in 0..effort.rounds {
        let run = |thread: usize| {
            let seed = effort.seed ^ (u64::from(round) << 32) ^ (thread as u64) << 56;
            let mut annealing = Annealing::new(best.clone(), 0..on.seats.len(), seed);
            let stopped = annealing.run(round, effort.steps << round.min(30), watch).is_break();
            (annealing.best, stopped)
        };
        let results: Vec<(Roster, bool)> = std::thread::scope(|scope| {
            let others: Vec<_> = (1..effort.threads.max(1)).map(|thread| scope.spawn(move || run(thread))).collect();
            let mine = run(0);
            let others = others.into_iter().map(|other| other.join().unwrap_or_else(|panic| resume_unwind(panic)));
            std::iter::once(mine).chain(others).collect()
        });
        for (roster, broke_off) in results {
            let mut state = State::from(on, &roster);
            state.tidy();
            complete(&mut state);
            if state.score < score {
                (score, best) = (state.score, state);
            }
            stopped |= broke_off;
        }
        if stopped {
            break;
        }
    }
    best.roster()
}

/// Seats with the fewest candidates first, each to whom it costs least; then chains.
fn first<'a>(on: &'a Prepared, start: Option<&Roster>) -> State<'a> {
    let mut state = State::from(on, start.unwrap_or(&Roster::empty(on)));
    let mut seats: Vec<usize> = (0..on.seats.len()).filter(|&seat| state.who[seat] == NOBODY).collect();
    seats.sort_by_key(|&seat| (on.candidates[seat].len(), seat));
    for seat in seats {
        let mut best: Option<(Score, usize)> = None;
        for &person in &on.candidates[seat] {
            if state.fits(person as usize, seat) {
                state.put(seat, person as usize);
                let found = (state.score, person as usize);
                if best.is_none_or(|best| found < best) {
                    best = Some(found);
                }
                state.take(seat);
            }
        }
        if let Some((_, person)) = best {
            state.put(seat, person);
        }
    }
    complete(&mut state);
    state.tidy();
    state
}

/// Fills by chains what can be filled.
fn complete(state: &mut State<'_>) {
    let on = state.on;
    for slot in 0..on.slots.len() {
        Chains::new(state, 3, 20_000, |seat| on.is_fixed(seat)).fill(slot);
    }
}

/// What counts, in this order; where nothing is repaired there are no changes. Those in vain are sent home in the end, which may be
/// unfair, so a roster without them is better whatever it costs.
pub(crate) fn key(state: &State<'_>) -> [i64; 4] {
    [state.score.unfilled, state.changes, state.in_vain, state.score.penalty]
}

pub(crate) struct Annealing<'a> {
    pub state: State<'a>,
    chance: Chance,
    /// Seats that can change, whether each is one, and those of each post.
    seats: Vec<usize>,
    open: Vec<bool>,
    at_post: Vec<Vec<usize>>,
    /// What the step that is being tried has changed: the seat, and who was in it.
    changed: Vec<(usize, Option<usize>)>,
    /// What an empty seat, and a change or somebody who stands in vain, counts as while searching.
    empty: i64,
    change: i64,
    hot: f64,
    cold: f64,
    pub best: Roster,
    best_key: [i64; 4],
}

impl<'a> Annealing<'a> {
    /// Searches among the rosters in which only these seats are different.
    pub fn new(state: State<'a>, seats: impl Iterator<Item = usize>, seed: u64) -> Self {
        let on = state.on;
        let seats: Vec<usize> = seats.filter(|&seat| !on.is_fixed(seat) && !on.candidates[seat].is_empty()).collect();
        let mut at_post = vec![Vec::new(); on.problem.posts.len()];
        let mut open = vec![false; on.seats.len()];
        for &seat in &seats {
            open[seat] = true;
            at_post[on.when(seat).post as usize].push(seat);
        }
        let weights = on.problem.weights;
        let dear = weights.continuity.max(2 * weights.fairness).max(10 * weights.travel).max(1);
        Self {
            best: state.roster(),
            best_key: key(&state),
            state,
            chance: Chance::new(seed),
            seats,
            open,
            at_post,
            changed: Vec::new(),
            empty: dear * 6,
            change: dear * 2,
            hot: dear as f64 * 0.5,
            cold: dear as f64 * 0.01,
        }
    }

    /// Lets much change at once for one seat that is filled: a change counts a quarter, and the round begins four times as hot.
    pub fn boldly(mut self) -> Self {
        self.change /= 4;
        self.hot *= 4.0;
        self
    }

    /// A round. In each of three rounds running an empty seat counts differently.
    pub fn run(&mut self, round: u32, steps: u64, watch: Watch<'_>) -> ControlFlow<()> {
        if self.seats.is_empty() {
            return ControlFlow::Continue(());
        }
        self.empty <<= 2 * (round % 3);
        let hot = if round == 0 { self.hot } else { self.hot * 0.5 };
        let mut done = 0;
        while done < steps {
            let block = BLOCK.min(steps - done);
            let heat = hot * (self.cold / hot).powf(done as f64 / steps as f64);
            for _ in 0..block {
                self.step(heat);
            }
            done += block;
            if key(&self.state) < self.best_key {
                self.best_key = key(&self.state);
                self.best = self.state.roster();
            }
            let [unfilled, .., penalty] = self.best_key;
            watch(Progress { round, steps: done, of: steps, best: Score { unfilled, penalty } })?;
        }
        ControlFlow::Continue(())
    }

    fn energy(&self) -> i64 {
        let Score { unfilled, penalty } = self.state.score;
        // Standing in vain, which is undone at the end, must not look fair.
        unfilled * self.empty + (self.state.changes + self.state.in_vain) * self.change + penalty
    }

    fn step(&mut self, heat: f64) {
        let before = self.energy();
        self.changed.clear();
        let kind = self.chance.below(100);
        let done = match kind {
            0..4 => self.trade_days(),
            4 => self.move_crew(),
            // Two at once: into a pair nobody comes alone.
            5..15 => self.pass_on() && self.pass_on(),
            _ => self.pass_on(),
        };
        let worse = self.energy() - before;
        if !done || (worse > 0 && self.chance.part() >= (-worse as f64 / heat).exp()) {
            self.undo();
        }
    }

    fn set(&mut self, seat: usize, person: Option<usize>) -> bool {
        let before = self.state.take(seat);
        self.changed.push((seat, before));
        match person {
            Some(person) if self.state.on.may(person, seat) && self.state.fits(person, seat) => {
                self.state.put(seat, person);
                true
            }
            Some(_) => false,
            None => true,
        }
    }

    fn undo(&mut self) {
        for &(seat, _) in &self.changed {
            self.state.take(seat);
        }
        // A seat that changed twice had first whom it had before.
        while let Some((seat, before)) = self.changed.pop() {
            self.state.take(seat);
            if let Some(person) = before {
                self.state.put(seat, person);
            }
        }
    }

    /// Somebody takes a seat; what they leave for it, or in exchange, goes to whom they replace, to somebody else, or to nobody.
    fn pass_on(&mut self) -> bool {
        let on = self.state.on;
        let seat = self.seats[self.chance.below(self.seats.len())];
        let before = self.state.who[seat];
        let slot = on.seats[seat] as usize;
        if before != NOBODY && !self.state.counts(slot) && self.chance.below(4) == 0 {
            return self.set(seat, None);
        }
        let person = if self.chance.below(2) == 0 {
            let same = &self.at_post[on.when(seat).post as usize];
            self.state.who[same[self.chance.below(same.len())]]
        } else {
            on.candidates[seat][self.chance.below(on.candidates[seat].len())]
        };
        if person == NOBODY || person == before || !on.may(person as usize, seat) {
            return false;
        }
        let person = person as usize;
        let left = match self.state.in_the_way(person, seat) {
            InTheWay::Blocked => return false,
            InTheWay::One(other) => Some(other),
            InTheWay::OneOf(days) => match self.any_duty(person, days) {
                None => return false,
                other => other,
            },
            InTheWay::Free if before != NOBODY && self.chance.below(2) == 0 => self.any_duty(person, 0..on.days),
            InTheWay::Free => None,
        };
        if left.is_some_and(|left| !self.open[left]) {
            return false;
        }
        if let Some(left) = left {
            self.set(left, None);
        }
        if !self.set(seat, Some(person)) {
            return false;
        }
        if let Some(left) = left {
            let suits = |state: &State<'_>, who: usize| who != person && on.may(who, left) && state.fits(who, left);
            if before != NOBODY && suits(&self.state, before as usize) {
                self.state.put(left, before as usize);
            } else {
                let other = on.candidates[left][self.chance.below(on.candidates[left].len())] as usize;
                if suits(&self.state, other) {
                    self.state.put(left, other);
                }
            }
        }
        true
    }

    fn any_duty(&mut self, person: usize, days: Range<usize>) -> Option<usize> {
        // A few days at random, then those that are left: most days of a period have duties.
        for _ in 0..4 {
            let day = days.start + self.chance.below(days.len());
            let duties = self.state.on_day(person, day);
            if !duties.is_empty() {
                let at = self.chance.below(duties.len());
                return Some(self.state.on_day(person, day)[at] as usize);
            }
        }
        self.state.during(person, days).next()
    }

    /// Two people trade all their duties of some days running.
    fn trade_days(&mut self) -> bool {
        let on = self.state.on;
        let seat = self.seats[self.chance.below(self.seats.len())];
        let one = self.state.who[seat];
        let other = on.candidates[seat][self.chance.below(on.candidates[seat].len())];
        if one == NOBODY || one == other {
            return false;
        }
        let (one, other) = (one as usize, other as usize);
        let day = on.when(seat).day as usize;
        let days = day..(day + 1 + self.chance.below(5)).min(on.days);
        let his: Vec<usize> = self.state.during(one, days.clone()).collect();
        let hers: Vec<usize> = self.state.during(other, days).collect();
        if his.iter().any(|&seat| !self.open[seat] || !on.may(other, seat))
            || hers.iter().any(|&seat| !self.open[seat] || !on.may(one, seat))
        {
            return false;
        }
        for &seat in his.iter().chain(&hers) {
            self.set(seat, None);
        }
        his.into_iter().all(|seat| self.give(seat, other)) && hers.into_iter().all(|seat| self.give(seat, one))
    }

    /// All who stand in a slot go to another one of the same day, where nobody counts, with others if need be: a pair does not move
    /// one by one.
    fn move_crew(&mut self) -> bool {
        let on = self.state.on;
        let into = on.seats[self.seats[self.chance.below(self.seats.len())]] as usize;
        let from = on.seats[self.seats[self.chance.below(self.seats.len())]] as usize;
        if from == into || on.slots[from].day != on.slots[into].day || self.state.counts(into) {
            return false;
        }
        let all = |slot: usize| on.first[slot] as usize..on.first[slot + 1] as usize;
        let seats = |slot: usize| all(slot).filter(|&seat| self.open[seat]).collect::<Vec<usize>>();
        let (leave, enter) = (seats(from), seats(into));
        let mut crew = Vec::new();
        for seat in leave {
            crew.extend(self.state.who(seat));
            self.set(seat, None);
        }
        for seat in enter {
            self.set(seat, None);
            let suits = |&person: &usize| on.may(person, seat) && self.state.fits(person, seat);
            if let Some(at) = crew.iter().position(suits) {
                let person = crew.swap_remove(at);
                self.state.put(seat, person);
            } else if !on.candidates[seat].is_empty() {
                let other = on.candidates[seat][self.chance.below(on.candidates[seat].len())] as usize;
                self.give(seat, other);
            }
        }
        true
    }

    fn give(&mut self, seat: usize, person: usize) -> bool {
        let fits = self.state.fits(person, seat);
        if fits {
            self.state.put(seat, person);
        }
        fits
    }
}
