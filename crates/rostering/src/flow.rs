//! Flows: the most that can go through a network of capacities, at the least cost.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

/// Nodes are numbered as the caller likes; costs are not negative.
pub(crate) struct Network {
    heads: Vec<u32>,
    room: Vec<i32>,
    costs: Vec<i32>,
    /// The arcs out of each node; each arc and its reverse are neighbours.
    out: Vec<Vec<u32>>,
}

impl Network {
    pub fn new(nodes: usize) -> Self {
        Self { heads: Vec::new(), room: Vec::new(), costs: Vec::new(), out: vec![Vec::new(); nodes] }
    }

    pub(crate) fn node(&mut self) -> usize {
        self.out.push(Vec::new());
        self.out.len() - 1
    }

    pub fn arc(&mut self, from: usize, to: usize, room: i32, cost: i32) -> usize {
        let arc = self.heads.len();
        for (tail, head, room, cost) in [(from, to, room, cost), (to, from, 0, -cost)] {
            self.out[tail].push(self.heads.len() as u32);
            self.heads.push(head as u32);
            self.room.push(room);
            self.costs.push(cost);
        }
        arc
    }

    /// How much goes through an arc.
    pub fn through(&self, arc: usize) -> i32 {
        self.room[arc + 1]
    }

    /// Sends up to `most`, and gives how much went and what it cost: the least for so much. Never more is sent at a higher price while
    /// a lower one is open, so the cost of each amount on the way is the least too.
    ///
    /// Successive shortest paths with potentials, where all paths of one length are filled at once.
    pub fn send(&mut self, source: usize, sink: usize, most: i64) -> (i64, i64) {
        let (mut sent, mut cost) = (0, 0);
        let mut potential = vec![0i64; self.out.len()];
        while sent < most {
            let Some(distance) = self.distances(source, sink, &potential) else { break };
            let end = distance[sink];
            for (potential, &distance) in potential.iter_mut().zip(&distance) {
                *potential += distance.min(end);
            }
            let more = self.fill(source, sink, most - sent, &potential);
            sent += more;
            cost += more * potential[sink];
        }
        (sent, cost)
    }

    /// The cheapest way from the source to each node by reduced costs, if the sink can be reached.
    fn distances(&self, source: usize, sink: usize, potential: &[i64]) -> Option<Vec<i64>> {
        let mut distance = vec![i64::MAX; self.out.len()];
        let mut queue = BinaryHeap::from([(Reverse(0), source)]);
        distance[source] = 0;
        while let Some((Reverse(far), node)) = queue.pop() {
            if far > distance[node] || far >= distance[sink] {
                continue;
            }
            for &arc in &self.out[node] {
                let (arc, head) = (arc as usize, self.heads[arc as usize] as usize);
                let further = far + i64::from(self.costs[arc]) + potential[node] - potential[head];
                if self.room[arc] > 0 && further < distance[head] {
                    distance[head] = further;
                    queue.push((Reverse(further), head));
                }
            }
        }
        (distance[sink] < i64::MAX).then_some(distance)
    }

    /// Fills all shortest paths: the arcs whose reduced cost is nothing, level by level (Dinic).
    fn fill(&mut self, source: usize, sink: usize, most: i64, potential: &[i64]) -> i64 {
        let mut sent = 0;
        loop {
            let free = |network: &Self, arc: usize, node: usize| {
                let head = network.heads[arc] as usize;
                network.room[arc] > 0 && i64::from(network.costs[arc]) + potential[node] - potential[head] == 0
            };
            let mut level = vec![u32::MAX; self.out.len()];
            let mut queue = VecDeque::from([source]);
            level[source] = 0;
            while let Some(node) = queue.pop_front() {
                for &arc in &self.out[node] {
                    let head = self.heads[arc as usize] as usize;
                    if level[head] == u32::MAX && free(self, arc as usize, node) {
                        level[head] = level[node] + 1;
                        queue.push_back(head);
                    }
                }
            }
            if level[sink] == u32::MAX || sent == most {
                return sent;
            }
            let mut next = vec![0; self.out.len()];
            let mut path: Vec<usize> = Vec::new();
            let mut node = source;
            loop {
                if node == sink {
                    let room = path.iter().map(|&arc| self.room[arc]).min().unwrap_or(0);
                    let room = i64::from(room).min(most - sent);
                    for &arc in &path {
                        self.room[arc] -= room as i32;
                        self.room[arc ^ 1] += room as i32;
                    }
                    sent += room;
                    if sent == most {
                        return sent;
                    }
                    path.clear();
                    node = source;
                }
                let found = self.out[node][next[node]..].iter().position(|&arc| {
                    let head = self.heads[arc as usize] as usize;
                    level[head] == level[node] + 1 && free(self, arc as usize, node)
                });
                match found {
                    Some(at) => {
                        next[node] += at;
                        let arc = self.out[node][next[node]] as usize;
                        path.push(arc);
                        node = self.heads[arc] as usize;
                    }
                    None => {
                        next[node] = self.out[node].len();
                        let Some(arc) = path.pop() else { break };
                        node = self.heads[arc ^ 1] as usize;
                        next[node] += 1;
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Against every choice, one by one: people with a maximum take tasks at a cost.
        #[test]
        fn a_flow_is_the_most_at_the_least_cost(
            costs in proptest::collection::vec(proptest::option::of(0..9i32), 12),
            most in proptest::collection::vec(0..3i32, 3),
        ) {
            let mut network = Network::new(9);
            for task in 0..4 {
                network.arc(0, 1 + task, 1, 0);
                for person in 0..3 {
                    if let Some(cost) = costs[task * 3 + person] {
                        network.arc(1 + task, 5 + person, 1, cost);
                    }
                }
            }
            for (person, &most) in most.iter().enumerate() {
                network.arc(5 + person, 8, most, 0);
            }
            let found = network.send(0, 8, 99);
            let mut best = (0, 0);
            for choice in 0..256 {
                let mut has = [0; 3];
                let (mut done, mut cost, mut allowed) = (0, 0, true);
                for task in 0..4 {
                    let person = choice >> (2 * task) & 3;
                    if person < 3 {
                        allowed &= costs[task * 3 + person].is_some();
                        cost += i64::from(costs[task * 3 + person].unwrap_or(0));
                        has[person] += 1;
                        done += 1;
                    }
                }
                if allowed && (0..3).all(|person| has[person] <= most[person]) && (-done, cost) < (-best.0, best.1) {
                    best = (done, cost);
                }
            }
            prop_assert_eq!(found, best);
        }
    }
}
