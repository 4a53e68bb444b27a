//! The next best lectures: every school gets the class-hours that it is still owed, on days on which it has school and somebody is free who may
//! teach its grades. It is a flow of least cost from schools through their days to lecturers on those days; where not all is met, the cut that
//! stops the flow says which schools and why, which proves that no arrangement can do better. No database, no chance: the same asks give the same answer.

use std::collections::{BTreeMap, VecDeque};

use jiff::civil::Date;
use uuid::Uuid;

/// A school with the visits that it is still owed.
#[derive(Debug, Clone)]
pub struct Need {
    pub school: Uuid,
    pub name: String,
    pub visits: i64,
    pub travel_minutes: i64,
    /// The days on which it has school and nothing yet.
    pub days: Vec<Date>,
    /// Grades of the school, those first that have heard least.
    pub grades: Vec<i64>,
    /// Topics, those first of which the school has heard least.
    pub topics: Vec<Uuid>,
}

/// Who can go.
#[derive(Debug, Clone)]
pub struct Supply {
    pub lecturer: Uuid,
    pub grades: (i64, i64),
    pub topics: Vec<Uuid>,
    /// The days on which they may teach and have nothing yet.
    pub days: Vec<Date>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggestion {
    pub school: usize,
    pub lecturer: usize,
    pub day: Date,
    pub grade: i64,
    pub topic: Uuid,
}

/// Why not all is met: these schools together are owed more than can be given to them.
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

/// What somebody can teach at a school: the grade and the topic of which it has heard least.
fn lesson(need: &Need, supply: &Supply) -> Option<(i64, Uuid)> {
    let (first, last) = supply.grades;
    let grade = need.grades.iter().copied().find(|grade| (first..=last).contains(grade))?;
    let topic = need.topics.iter().copied().find(|topic| supply.topics.contains(topic))?;
    Some((grade, topic))
}

pub fn balance(needs: &[Need], supplies: &[Supply]) -> Balance {
    let mut net = Net::default();
    let (source, sink) = (net.node(), net.node());
    let mut free: BTreeMap<(Date, usize), usize> = BTreeMap::new();
    let mut days: Vec<Date> = supplies.iter().flat_map(|one| one.days.iter().copied()).collect();
    days.sort_unstable();
    days.dedup();
    for (who, supply) in supplies.iter().enumerate() {
        for day in &supply.days {
            let node = net.node();
            net.link(node, sink, 1, 0);
            free.insert((*day, who), node);
        }
    }
    let mut schools = Vec::new();
    let mut visits = Vec::new();
    for (at, need) in needs.iter().enumerate() {
        let node = net.node();
        schools.push(node);
        net.link(source, node, need.visits.max(0), 0);
        for day in &need.days {
            let Ok(soon) = days.binary_search(day) else { continue };
            let that_day = net.node();
            net.link(node, that_day, 1, 0);
            for (who, supply) in supplies.iter().enumerate() {
                let Some(&goal) = free.get(&(*day, who)) else { continue };
                if lesson(need, supply).is_some() {
                    // The way counts first, an earlier day second.
                    let cost = need.travel_minutes * 10_000 + i64::try_from(soon).unwrap_or(0);
                    visits.push((net.link(that_day, goal, 1, cost), at, who, *day));
                }
            }
        }
    }
    let mut met = 0;
    while let Some(way) = net.way(source, sink) {
        for at in way {
            net.edges[at].room -= 1;
            net.edges[at ^ 1].room += 1;
        }
        met += 1;
    }
    let mut suggestions = Vec::new();
    let mut heard: Vec<usize> = vec![0; needs.len()];
    visits.sort_by_key(|(_, at, who, day)| (*day, *at, *who));
    for (edge, at, who, day) in visits {
        if net.edges[edge].room > 0 {
            continue;
        }
        // Each visit to a school goes on to the next grade and the next topic, so that nothing is taught twice while something is missing.
        let turn = heard[at];
        heard[at] += 1;
        let mut need = needs[at].clone();
        let (grades, topics) = (need.grades.len().max(1), need.topics.len().max(1));
        need.grades.rotate_left(turn % grades);
        need.topics.rotate_left(turn % topics);
        if let Some((grade, topic)) = lesson(&need, &supplies[who]) {
            suggestions.push(Suggestion { school: at, lecturer: who, day, grade, topic });
        }
    }
    let owed: i64 = needs.iter().map(|need| need.visits.max(0)).sum();
    let shortage = (met < owed).then(|| {
        let seen = net.reached(source);
        let cut: Vec<usize> = (0..needs.len()).filter(|at| seen[schools[*at]]).collect();
        let of_cut: i64 = cut.iter().map(|at| needs[*at].visits.max(0)).sum();
        Shortage { schools: cut, owed: of_cut, possible: of_cut - (owed - met) }
    });
    Balance { suggestions, shortage }
}

#[cfg(test)]
mod tests {
    use jiff::ToSpan;

    use super::*;

    fn days(first: &str, count: i64) -> Vec<Date> {
        let first: Date = first.parse().unwrap();
        (0..count).map(|after| first.saturating_add(after.days())).collect()
    }

    fn need(at: u128, visits: i64, count: i64) -> Need {
        Need {
            school: Uuid::from_u128(at),
            name: format!("第{at}中学"),
            visits,
            travel_minutes: 10 + at as i64,
            days: days("2026-09-07", count),
            grades: vec![7, 8, 9],
            topics: vec![Uuid::from_u128(1001), Uuid::from_u128(1002)],
        }
    }

    fn supply(at: u128, count: i64) -> Supply {
        let topics = vec![Uuid::from_u128(1001), Uuid::from_u128(1002)];
        Supply { lecturer: Uuid::from_u128(at), grades: (7, 9), topics, days: days("2026-09-07", count) }
    }

    #[test]
    fn thirty_schools_get_their_year() {
        // Four class-hours are two visits of two.
        let needs: Vec<Need> = (1..=30).map(|at| need(at, 2, 40)).collect();
        let supplies = [supply(1, 40), supply(2, 40)];
        let found = balance(&needs, &supplies);
        assert_eq!((found.suggestions.len(), &found.shortage), (60, &None));
        for at in 0..30 {
            let own: Vec<&Suggestion> = found.suggestions.iter().filter(|one| one.school == at).collect();
            assert_eq!(own.len(), 2);
            assert!(own[0].day != own[1].day && own[0].topic != own[1].topic && own[0].grade != own[1].grade);
        }
        for (n, one) in found.suggestions.iter().enumerate() {
            let twice = found.suggestions.iter().skip(n + 1).any(|other| other.lecturer == one.lecturer && other.day == one.day);
            assert!(!twice, "{one:?}");
        }
        assert_eq!(found, balance(&needs, &supplies));
    }

    #[test]
    fn a_shortage_is_proved_and_the_longest_way_is_left() {
        let needs: Vec<Need> = (1..=3).map(|at| need(at, 1, 2)).collect();
        let found = balance(&needs, &[supply(1, 2)]);
        let mut met: Vec<usize> = found.suggestions.iter().map(|one| one.school).collect();
        met.sort_unstable();
        assert_eq!(met, [0, 1]);
        let shortage = found.shortage.unwrap();
        assert_eq!((shortage.schools, shortage.owed, shortage.possible), (vec![0, 1, 2], 3, 2));
        // Nobody teaches its grades: it alone is short, whatever else is free.
        let mut odd = need(4, 1, 2);
        odd.grades = vec![3];
        let found = balance(&[need(1, 1, 2), odd], &[supply(1, 2)]);
        let shortage = found.shortage.unwrap();
        assert_eq!((shortage.schools, shortage.owed, shortage.possible), (vec![1], 1, 0));
    }
}
