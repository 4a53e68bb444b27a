//! The next best lectures: every school gets the class-hours that it is still owed, in half-days on which it has school and somebody is free who
//! may teach there. It is a flow of least cost: from schools through the topics of which they have heard least to lecturers who teach these,
//! and from there to each lecturer's half-days, each of which is one visit. Where not all is met, the cut that stops the flow names schools whose visits
//! together are more than there are half-days of lecturers for them, which proves that no arrangement of such visits can do better; what there is goes
//! to those first who have had least. What the flow does not know (nobody is met twice in one half-day, and no way is longer than the noon) is put
//! right afterwards by exchanging half-days, and whoever goes out goes to two schools that are near each other in one day. No database, no chance: the
//! same asks give the same answer.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use jiff::civil::Date;
use uuid::Uuid;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Half {
    Morning,
    Afternoon,
}

impl Half {
    fn other(self) -> Half {
        match self {
            Half::Morning => Half::Afternoon,
            Half::Afternoon => Half::Morning,
        }
    }
}

/// A half-day: enough for a way there, a visit and the way back.
pub type Slot = (Date, Half);

/// So many minutes of way fit between a visit in the morning and one at another school in the afternoon.
pub const NOON: i64 = 120;

/// What everybody's first visit is put before a second one of somebody else by: more than any way.
const FIRST: i64 = 100_000_000_000;

/// A school with the visits that it is still owed. One that has a 法治副校长 may have a second, of visits that only this person can make.
#[derive(Debug, Clone)]
pub struct Need {
    pub school: Uuid,
    pub name: String,
    /// The lecturer who alone counts.
    pub only: Option<Uuid>,
    /// Visits that it has had or was promised: whoever has had fewer comes first where there is not enough for all.
    pub had: i64,
    pub visits: i64,
    pub travel_minutes: i64,
    /// How long it takes to other schools, where somebody has entered it.
    pub near: BTreeMap<Uuid, i64>,
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

    /// From here to another school: as somebody has entered it, or else over where the lecturers work.
    fn way_to(&self, school: Uuid, travel: i64) -> i64 {
        self.near.get(&school).copied().unwrap_or(self.travel_minutes + travel)
    }

    fn is_taught_by(&self, supply: &Supply) -> bool {
        self.only.is_none_or(|only| only == supply.lecturer)
            && self.grades.iter().any(|grade| (supply.grades.0..=supply.grades.1).contains(grade))
    }
}

/// Whether somebody who is elsewhere in the other half of that day can be at a school.
fn reaches(supply: &Supply, need: &Need, slot: Slot) -> bool {
    supply.taken.iter().all(|((day, _), school, travel)| {
        *day != slot.0 || *school == need.school || need.way_to(*school, *travel) <= NOON
    })
}

/// So many links the net of these would have: whoever asks decides whether that is too many.
pub fn size(needs: &[Need], supplies: &[Supply]) -> usize {
    let slots = |need: &Need| -> usize {
        let able = supplies.iter().filter(|supply| need.only.is_none_or(|only| only == supply.lecturer));
        able.map(|supply| supply.slots.len()).sum()
    };
    needs.iter().filter(|need| need.visits > 0).map(slots).sum()
}

/// What each 法治副校长 will teach, for each need of theirs how often each topic: that of which the school has heard least, and of that what fewest
/// others teach. It is settled before the flow, so that what others teach there is something else.
fn reserved(needs: &[Need], supplies: &[Supply]) -> Vec<BTreeMap<Uuid, i64>> {
    let mut settled: Vec<BTreeMap<Uuid, i64>> = Vec::new();
    for need in needs {
        let mut own: BTreeMap<Uuid, i64> = BTreeMap::new();
        let who = supplies.iter().find(|supply| need.only == Some(supply.lecturer));
        let visits = if who.is_some() { need.visits } else { 0 };
        for _ in 0..visits {
            let key = |topic: &Uuid| {
                let before = settled.iter().zip(needs).filter(|(_, other)| other.school == need.school);
                let before: i64 = before.filter_map(|(topics, _)| topics.get(topic)).sum();
                let others = supplies.iter().filter(|supply| supply.topics.contains(topic)).count();
                (need.times(*topic) + before + own.get(topic).copied().unwrap_or(0), others, *topic)
            };
            let topics = who.iter().flat_map(|supply| supply.topics.iter().copied());
            let Some(topic) = topics.min_by_key(key) else { break };
            *own.entry(topic).or_insert(0) += 1;
        }
        settled.push(own);
    }
    settled
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
    let reserved = reserved(needs, supplies);
    let mut schools = Vec::new();
    // Which edges say of whom a school hears what, and when they come.
    let mut lessons = Vec::new();
    let mut comings = Vec::new();
    for (at, need) in needs.iter().enumerate() {
        let node = net.node();
        schools.push(node);
        // Whoever has had less counts before all else, so that nobody has a second visit while somebody who could be met has none; then the way.
        for turn in need.had..need.had + need.visits.max(0) {
            net.link(source, node, 1, turn * FIRST + need.travel_minutes * 10_000_000);
        }
        if need.visits <= 0 {
            continue;
        }
        let open: BTreeSet<Slot> = need.slots.iter().copied().collect();
        let topics: BTreeSet<Uuid> = supplies.iter().flat_map(|supply| supply.topics.iter().copied()).collect();
        let mut nodes = BTreeMap::new();
        for topic in topics {
            if need.only.is_some() {
                if let Some(times) = reserved[at].get(&topic) {
                    let that = net.node();
                    net.link(node, that, *times, 0);
                    nodes.insert(topic, that);
                }
                continue;
            }
            let that = net.node();
            let own = needs.iter().zip(&reserved).filter(|(other, _)| other.school == need.school);
            let heard = need.times(topic) + own.filter_map(|(_, topics)| topics.get(&topic)).sum::<i64>();
            // Each time that it is taught again costs more, so that nothing is taught twice while something is missing.
            for again in 0..need.visits {
                net.link(node, that, 1, (heard + again).min(900) * 10_000);
            }
            nodes.insert(topic, that);
        }
        for (who, supply) in supplies.iter().enumerate().filter(|(_, supply)| need.is_taught_by(supply)) {
            let person = net.node();
            for topic in &supply.topics {
                if let Some(&that) = nodes.get(topic) {
                    lessons.push((net.link(that, person, need.visits, 0), at, who, *topic));
                }
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
    pair(needs, supplies, &mut visits);
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
            let there = &needs[other.school];
            let here = there.school == need.school;
            let near = here && (other.slot.0 - one.slot.0).get_days().abs() < apart;
            let same = other.slot == one.slot && (here || other.lecturer == one.lecturer);
            let far = need.way_to(there.school, there.travel_minutes) > NOON;
            let hurries = other.lecturer == one.lecturer && other.slot.0 == one.slot.0 && !here && far;
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

/// Whether this is the only visit of its lecturer on that day.
fn alone(visits: &[Visit], one: Visit) -> bool {
    visits.iter().filter(|other| other.lecturer == one.lecturer && other.slot.0 == one.slot.0).count() == 1
}

/// The half of a day that is left beside a school to which somebody goes in the other half.
#[derive(Debug, Clone, Copy)]
struct Beside {
    lecturer: usize,
    slot: Slot,
    school: Uuid,
    travel: i64,
}

/// Which visit, of those from a place on, saves most of the way if it is moved beside a school that is near.
fn nearest(needs: &[Need], supplies: &[Supply], visits: &[Visit], from: usize, beside: Beside) -> Option<usize> {
    let mut best: Option<(i64, usize)> = None;
    for (at, one) in visits.iter().copied().enumerate().skip(from) {
        let need = &needs[one.school];
        let Some(way) = need.near.get(&beside.school) else { continue };
        let saved = need.travel_minutes + beside.travel - way;
        let most = best.map_or(0, |(most, _)| most);
        let elsewhere = supplies[one.lecturer].taken.iter().any(|((day, _), ..)| *day == one.slot.0);
        if one.lecturer != beside.lecturer || saved <= most || elsewhere || !alone(visits, one) {
            continue;
        }
        let mut others = visits.to_vec();
        others.remove(at);
        if fits(needs, supplies, &others, &Visit { slot: beside.slot, ..one }, APART) {
            best = Some((saved, at));
        }
    }
    best.map(|(_, at)| at)
}

/// Whoever goes to one school in a day goes to another that is near it in the other half of that day, where that saves some of the way: beside what is
/// arranged, then beside what is suggested, where the later of the two is moved.
fn pair(needs: &[Need], supplies: &[Supply], visits: &mut [Visit]) {
    for (lecturer, supply) in supplies.iter().enumerate() {
        for &((day, half), school, travel) in &supply.taken {
            let slot = (day, half.other());
            let beside = Beside { lecturer, slot, school, travel };
            if let Some(at) = nearest(needs, supplies, visits, 0, beside) {
                visits[at].slot = slot;
            }
        }
    }
    for at in 0..visits.len() {
        let Visit { school, lecturer, slot: (day, half), .. } = visits[at];
        if !alone(visits, visits[at]) {
            continue;
        }
        let need = &needs[school];
        let slot = (day, half.other());
        let beside = Beside { lecturer, slot, school: need.school, travel: need.travel_minutes };
        if let Some(later) = nearest(needs, supplies, visits, at + 1, beside) {
            visits[later].slot = slot;
        }
    }
}

/// Each visit goes to the grade that has heard least of its topic, and least of all.
fn graded(needs: &[Need], supplies: &[Supply], visits: &[Visit]) -> Vec<Suggestion> {
    let mut heard: BTreeMap<Uuid, BTreeMap<(i64, Uuid), i64>> =
        needs.iter().map(|need| (need.school, need.heard.clone())).collect();
    let mut found = Vec::new();
    for &Visit { school, lecturer, slot, topic } in visits {
        let (first, last) = supplies[lecturer].grades;
        let known = heard.entry(needs[school].school).or_default();
        let key = |grade: &i64| {
            let of_topic = known.get(&(*grade, topic)).copied().unwrap_or(0);
            let of_all: i64 = known.iter().filter(|((of, _), _)| of == grade).map(|(_, times)| times).sum();
            (of_topic, of_all, *grade)
        };
        let grades = needs[school].grades.iter().copied().filter(|grade| (first..=last).contains(grade));
        if let Some(grade) = grades.min_by_key(key) {
            *known.entry((grade, topic)).or_insert(0) += 1;
            found.push(Suggestion { school, lecturer, slot, grade, topic });
        }
    }
    found
}
