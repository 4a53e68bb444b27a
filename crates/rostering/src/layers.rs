//! A roster as a flow: seats go to people through their peaks, days, weeks and period, each of which has room for so many.
//!
//! Peaks of a day that all have a minute in common share room for one; that is most of what keeps the duties of a day apart. Rest, ways
//! between duties, company and the wishes but travel are left out, so what the flow cannot do no roster can.

use std::collections::HashMap;

use crate::flow::Network;
use crate::model::Minute;
use crate::prepared::Prepared;
use crate::score::Rule;

const SOURCE: usize = 0;
const SINK: usize = 1;

pub(crate) struct Layers<'a, E> {
    on: &'a Prepared,
    /// Whether a rule holds for a person.
    holds: E,
    network: Network,
    nodes: HashMap<(Rule, usize, usize), usize>,
    groups: &'a [u32],
    /// The seat and the person of each arc between them.
    choices: Vec<(usize, usize, usize)>,
}

impl<'a, E: Fn(usize, Rule) -> bool> Layers<'a, E> {
    /// `groups` are those of [`groups`].
    pub fn new(on: &'a Prepared, groups: &'a [u32], holds: E) -> Self {
        Self { on, holds, network: Network::new(2), nodes: HashMap::new(), groups, choices: Vec::new() }
    }

    /// A seat, and who may take it.
    pub fn add(&mut self, seat: usize, people: impl Iterator<Item = usize>) {
        let node = self.network.node();
        self.network.arc(SOURCE, node, 1, 0);
        for person in people {
            let minutes = self.on.reach(person, self.on.when(seat).post as usize).unwrap_or(0);
            let peak = self.peak(person, seat);
            let arc = self.network.arc(node, peak, 1, i32::from(minutes));
            self.choices.push((arc, seat, person));
        }
    }

    /// How many seats can be filled at most, and the fewest minutes of travel with which so many are.
    pub fn fill(&mut self) -> (i64, i64) {
        self.network.send(SOURCE, SINK, i64::MAX)
    }

    /// Who has which seat after [`fill`](Self::fill).
    pub fn filled(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        let chosen = self.choices.iter().filter(|&&(arc, ..)| self.network.through(arc) > 0);
        chosen.map(|&(_, seat, person)| (seat, person))
    }

    fn peak(&mut self, person: usize, seat: usize) -> usize {
        let most = self.on.problem.people[person].most;
        let day = self.on.when(seat).day as usize;
        let group = self.groups[self.on.seats[seat] as usize] as usize;
        let layers = [
            (Rule::PerPeriod, 0, most.per_period),
            (Rule::PerWeek, day / 7, self.on.problem.people[person].room_in(day / 7)),
            (Rule::PerDay, day, most.per_day),
            (Rule::OneAtATime, group, 1),
        ];
        let mut into = SINK;
        for (rule, number, room) in layers {
            let room = if (self.holds)(person, rule) { i32::from(room) } else { i32::MAX };
            let network = &mut self.network;
            into = *self.nodes.entry((rule, person, number)).or_insert_with(|| {
                let node = network.node();
                network.arc(node, into, room, 0);
                node
            });
        }
        into
    }
}

/// The number of each slot's group: all slots of a group are on one day and have a minute in common.
pub(crate) fn groups(on: &Prepared) -> Vec<u32> {
    let mut order: Vec<usize> = (0..on.slots.len()).collect();
    order.sort_by_key(|&slot| on.slots[slot].to);
    let mut groups = vec![0; on.slots.len()];
    let (mut group, mut minute) = (0, Minute::MIN);
    for slot in order {
        let when = on.slots[slot];
        if when.from >= minute {
            (group, minute) = (group + 1, when.to);
        }
        groups[slot] = group;
    }
    groups
}
