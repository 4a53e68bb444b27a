//! The next best lectures: every school gets the class-hours that it is still owed, in half-days on which it has school and somebody is free who
//! may teach there. It is a flow of least cost: from schools through the topics of which they have heard least to lecturers who teach these,
//! and from there to each lecturer's half-days, each of which is one visit. Where not all is met, the cut that stops the flow names schools whose visits
//! together are more than there are half-days of lecturers for them, which proves that no arrangement of such visits can do better. What the flow
//! does not know (nobody is met twice in one half-day, and no way is longer than the noon) is put right afterwards by exchanging half-days. No
//! database, no chance: the same asks give the same answer.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use jiff::civil::Date;
use uuid::Uuid;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Half {
    Morning,
    Afternoon,
}

/// A half-day: enough for a way there, a visit and the way back.
pub type Slot = (Date, Half);

/// So many minutes of way fit between a visit in the morning and one at another school in the afternoon.
pub const NOON: i64 = 120;

/// A school with the visits that it is still owed.
#[derive(Debug, Clone)]
pub struct Need {
    pub school: Uuid,
    pub name: String,
    pub visits: i64,
    pub travel_minutes: i64,
    /// The half-days on which it has school and nothing yet.
    pub slots: Vec<Slot>,
    pub grades: Vec<i64>,
    /// How often each grade has heard of each topic, or will, by what is arranged. What is not there was never heard.
    pub heard: BTreeMap<(i64, Uuid), i64>,
}

/// Who can go.
#[derive(Debug, Clone)]
pub struct Supply {
    pub lecturer: Uuid,
    pub grades: (i64, i64),
    pub topics: Vec<Uuid>,
    /// The half-days on which they may teach and have nothing yet.
    pub slots: Vec<Slot>,
    /// Where they are already, with the way there.
    pub taken: Vec<(Slot, Uuid, i64)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggestion {
    pub school: usize,
    pub lecturer: usize,
    pub slot: Slot,
    pub grade: i64,
    pub topic: Uuid,
}

/// Why not all is met: these schools together are owed more visits than lecturers have half-days for them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shortage {
    pub schools: Vec<usize>,
    pub owed: i64,
    pub possible: i64,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Balance {
    pub suggestions: Vec<Suggestion>,
    pub shortage: Option<Shortage>,
    /// Visits that the flow met and for which no half-day without a collision was found. That they are not possible is not proved.
    pub unplaced: i64,
}

#[derive(Clone, Copy)]
struct Edge {
    to: usize,
    room: i64,
    cost: i64,
}

/// Edges lie in pairs: the second of each is the way back.
#[derive(Default)]
struct Net {
    edges: Vec<Edge>,
    from: Vec<Vec<usize>>,
}

impl Net {
    fn node(&mut self) -> usize {
        self.from.push(Vec::new());
        self.from.len() - 1
    }

    fn link(&mut self, from: usize, to: usize, room: i64, cost: i64) -> usize {
        let at = self.edges.len();
        self.edges.push(Edge { to, room, cost });
        self.edges.push(Edge { to: from, room: 0, cost: -cost });
        self.from[from].push(at);
        self.from[to].push(at + 1);
        at
    }

    /// How much flows along an edge.
    fn flows(&self, at: usize) -> i64 {
        self.edges[at ^ 1].room
    }

    /// The edges of the cheapest way on which something still flows.
    fn way(&self, source: usize, sink: usize) -> Option<Vec<usize>> {
        let mut best = vec![i64::MAX; self.from.len()];
        let mut by = vec![usize::MAX; self.from.len()];
        let mut waits = vec![false; self.from.len()];
        let mut queue = VecDeque::from([source]);
        best[source] = 0;
        while let Some(node) = queue.pop_front() {
            waits[node] = false;
            for &at in &self.from[node] {
                let edge = self.edges[at];
                let cost = best[node] + edge.cost;
                if edge.room > 0 && cost < best[edge.to] {
                    (best[edge.to], by[edge.to]) = (cost, at);
                    if !waits[edge.to] {
                        waits[edge.to] = true;
                        queue.push_back(edge.to);
                    }
                }
            }
        }
        if best[sink] == i64::MAX {
            return None;
        }
        let (mut way, mut node) = (Vec::new(), sink);
        while node != source {
            way.push(by[node]);
            node = self.edges[by[node] ^ 1].to;
        }
        Some(way)
    }

    /// Sends all that can flow, the cheapest first; gives how much.
    fn fill(&mut self, source: usize, sink: usize) -> i64 {
        let mut met = 0;
        while let Some(way) = self.way(source, sink) {
            for at in way {
                self.edges[at].room -= 1;
                self.edges[at ^ 1].room += 1;
            }
            met += 1;
        }
        met
    }

    /// Which nodes can still be reached.
    fn reached(&self, source: usize) -> Vec<bool> {
        let mut seen = vec![false; self.from.len()];
        let mut queue = VecDeque::from([source]);
        seen[source] = true;
        while let Some(node) = queue.pop_front() {
            for &at in &self.from[node] {
                let edge = self.edges[at];
                if edge.room > 0 && !seen[edge.to] {
                    seen[edge.to] = true;
                    queue.push_back(edge.to);
                }
            }
        }
        seen
    }
}

/// A visit without its grade.
#[derive(Debug, Clone, Copy)]
struct Visit {
    school: usize,
    lecturer: usize,
    slot: Slot,
    topic: Uuid,
}

impl Need {
    /// How often the school has heard of a topic.
    fn times(&self, topic: Uuid) -> i64 {
        self.heard.iter().filter(|((_, of), _)| *of == topic).map(|(_, times)| times).sum()
    }

    fn is_taught_by(&self, supply: &Supply) -> bool {
        self.grades.iter().any(|grade| (supply.grades.0..=supply.grades.1).contains(grade))
    }
}

/// Whether somebody who is elsewhere in the other half of that day can be at a school.
fn reaches(supply: &Supply, need: &Need, slot: Slot) -> bool {
    supply.taken.iter().all(|((day, _), school, travel)| {
        *day != slot.0 || *school == need.school || (*travel).max(need.travel_minutes) <= NOON
    })
}

/// So many links the net of these would have: whoever asks decides whether that is too many.
pub fn size(needs: &[Need], supplies: &[Supply]) -> usize {
    let slots: usize = supplies.iter().map(|supply| supply.slots.len()).sum();
    needs.iter().filter(|need| need.visits > 0).count() * slots
}

pub fn balance(needs: &[Need], supplies: &[Supply]) -> Balance {
    let mut net = Net::default();
    let (source, sink) = (net.node(), net.node());
    let all: BTreeSet<Slot> = supplies.iter().flat_map(|one| one.slots.iter().copied()).collect();
    let order: BTreeMap<Slot, i64> = all.into_iter().zip(0..).collect();
    let mut free: BTreeMap<(usize, Slot), usize> = BTreeMap::new();
    for (who, supply) in supplies.iter().enumerate() {
        for slot in &supply.slots {
            let node = net.node();
            net.link(node, sink, 1, 0);
            free.insert((who, *slot), node);
        }
    }
    let mut schools = Vec::new();
    // Which edges say of whom a school hears what, and when they come.
    let mut lessons = Vec::new();
    let mut comings = Vec::new();
    for (at, need) in needs.iter().enumerate() {
        let node = net.node();
        schools.push(node);
        // The way counts before all else: who is nearer is not left out for who is farther.
        net.link(source, node, need.visits.max(0), need.travel_minutes * 10_000_000);
        if need.visits <= 0 {
            continue;
        }
        let open: BTreeSet<Slot> = need.slots.iter().copied().collect();
        let topics: BTreeSet<Uuid> = supplies.iter().flat_map(|supply| supply.topics.iter().copied()).collect();
        let mut nodes = BTreeMap::new();
        for topic in topics {
            let that = net.node();
            let heard = need.times(topic);
            // Each time that it is taught again costs more, so that nothing is taught twice while something is missing.
            for again in 0..need.visits {
                net.link(node, that, 1, (heard + again).min(900) * 10_000);
            }
            nodes.insert(topic, that);
        }
        for (who, supply) in supplies.iter().enumerate().filter(|(_, supply)| need.is_taught_by(supply)) {
            let person = net.node();
            for topic in &supply.topics {
                lessons.push((net.link(nodes[topic], person, need.visits, 0), at, who, *topic));
            }
            for slot in supply.slots.iter().filter(|slot| open.contains(slot) && reaches(supply, need, **slot)) {
                comings.push((net.link(person, free[&(who, *slot)], 1, order[slot]), at, who, *slot));
            }
        }
    }
    let met = net.fill(source, sink);
    let owed: i64 = needs.iter().map(|need| need.visits.max(0)).sum();
    let shortage = (met < owed).then(|| {
        let seen = net.reached(source);
        let cut: Vec<usize> = (0..needs.len()).filter(|at| needs[*at].visits > 0 && seen[schools[*at]]).collect();
        let of_cut: i64 = cut.iter().map(|at| needs[*at].visits).sum();
        // All that is missing is missing here, and each half-day that one of them could have is filled by one of them: as many as these there are.
        Shortage { schools: cut, owed: of_cut, possible: of_cut - (owed - met) }
    });
    let mut visits = Vec::new();
    for (edge, school, lecturer, slot) in comings {
        if net.flows(edge) > 0 {
            let turn = visits.iter().filter(|one: &&Visit| one.school == school && one.lecturer == lecturer).count();
            let taught = lessons.iter().filter(|(_, at, who, _)| *at == school && *who == lecturer);
            let taught = taught.flat_map(|(edge, _, _, topic)| (0..net.flows(*edge)).map(move |_| *topic));
            if let Some(topic) = taught.into_iter().nth(turn) {
                visits.push(Visit { school, lecturer, slot, topic });
            }
        }
    }
    let unplaced = place(needs, supplies, &order, &mut visits);
    visits.sort_by_key(|one| (one.slot, one.school, one.lecturer));
    Balance { suggestions: graded(needs, supplies, &visits), shortage, unplaced }
}

/// So many days lie between two visits to a school, if that can be.
const APART: i32 = 14;

/// Whether a visit can be in a half-day beside the others: its school is met once, or not within so many days, and its lecturer is not too far
/// away in the other half.
fn fits(needs: &[Need], supplies: &[Supply], others: &[Visit], one: &Visit, apart: i32) -> bool {
    let (need, supply) = (&needs[one.school], &supplies[one.lecturer]);
    need.slots.binary_search(&one.slot).is_ok()
        && supply.slots.binary_search(&one.slot).is_ok()
        && reaches(supply, need, one.slot)
        && others.iter().all(|other| {
            let near = other.school == one.school && (other.slot.0 - one.slot.0).get_days().abs() < apart;
            let same = other.slot == one.slot && (other.school == one.school || other.lecturer == one.lecturer);
            let far = need.travel_minutes.max(needs[other.school].travel_minutes) > NOON;
            let hurries =
                other.lecturer == one.lecturer && other.slot.0 == one.slot.0 && other.school != one.school && far;
            !near && !same && !hurries
        })
}

/// Moves visits that collide, or follow too soon, to a half-day that is free, or exchanges them with another of the same lecturer. What is left over is taken out; gives
/// how many.
fn place(needs: &[Need], supplies: &[Supply], order: &BTreeMap<Slot, i64>, visits: &mut Vec<Visit>) -> i64 {
    let mut placed: Vec<Visit> = Vec::new();
    let mut left = 0;
    visits.sort_by_key(|one| (one.slot, one.school, one.lecturer));
    let mut waiting = Vec::new();
    for one in visits.drain(..) {
        if fits(needs, supplies, &placed, &one, APART) { placed.push(one) } else { waiting.push(one) }
    }
    for one in waiting {
        let to = |slot: &Slot| Visit { slot: *slot, ..one };
        let free = |apart: i32| order.keys().find(|slot| fits(needs, supplies, &placed, &to(slot), apart));
        if let Some(slot) = free(APART).or_else(|| free(0)) {
            placed.push(to(slot));
            continue;
        }
        let exchanged = (0..placed.len()).filter(|at| placed[*at].lecturer == one.lecturer).find_map(|at| {
            let mut others = placed.clone();
            let other = others.remove(at);
            let moved = to(&other.slot);
            if !fits(needs, supplies, &others, &moved, 0) {
                return None;
            }
            others.push(moved);
            let back = order.keys().map(|slot| Visit { slot: *slot, ..other });
            let back = back.into_iter().find(|back| fits(needs, supplies, &others, back, 0))?;
            others.push(back);
            Some(others)
        });
        match exchanged {
            Some(others) => placed = others,
            None => left += 1,
        }
    }
    *visits = placed;
    left
}

/// Each visit goes to the grade that has heard least of its topic, and least of all.
fn graded(needs: &[Need], supplies: &[Supply], visits: &[Visit]) -> Vec<Suggestion> {
    let mut heard: Vec<BTreeMap<(i64, Uuid), i64>> = needs.iter().map(|need| need.heard.clone()).collect();
    let mut found = Vec::new();
    for &Visit { school, lecturer, slot, topic } in visits {
        let (first, last) = supplies[lecturer].grades;
        let known = &heard[school];
        let key = |grade: &i64| {
            let of_topic = known.get(&(*grade, topic)).copied().unwrap_or(0);
            let of_all: i64 = known.iter().filter(|((of, _), _)| of == grade).map(|(_, times)| times).sum();
            (of_topic, of_all, *grade)
        };
        let grades = needs[school].grades.iter().copied().filter(|grade| (first..=last).contains(grade));
        if let Some(grade) = grades.min_by_key(key) {
            *heard[school].entry((grade, topic)).or_insert(0) += 1;
            found.push(Suggestion { school, lecturer, slot, grade, topic });
        }
    }
    found
}
