//! Problems of a handful of seats with a little of everything.

use crate::chance::Chance;
use crate::model::*;
use crate::prepared::Prepared;

const KINDS: [Kind; 6] =
    [Kind::Officer, Kind::Auxiliary, Kind::Patrol, Kind::SchoolSecurity, Kind::Teacher, Kind::Parent];

/// Up to five people and eight seats on two days, one of them perhaps a Sunday before a Monday.
pub fn tiny(seed: u64) -> Problem {
    let mut chance = Chance::new(seed);
    let places = 3;
    let mut travel = Travel::new(places);
    for from in 0..places {
        for to in 0..places {
            if chance.below(6) > 0 {
                travel.set(from, to, chance.below(40) as u16);
            }
        }
    }
    let posts = vec![Post { school: 0, place: 0 }, Post { school: 0, place: 1 }, Post { school: 1, place: 2 }];
    let first = [0, 6][chance.below(2)];
    let mut slots = Vec::new();
    let mut seats = 0;
    while seats < 7 {
        let from = [420, 440, 470, 700, 1020, 1200][chance.below(6)];
        let count = 1 + chance.below(2);
        seats += count;
        slots.push(Slot {
            post: chance.below(3),
            day: first + chance.below(2),
            window: Span { from, to: from + 20 + chance.below(60) as Minute },
            peak: [Peak::Early, Peak::Late, Peak::Midday][chance.below(3)],
            seats: (0..count).map(|_| seat(&mut chance)).collect(),
            pair: count == 2 && chance.below(3) == 0,
        });
    }
    let people = (0..3 + chance.below(3)).map(|_| person(&mut chance, first, slots.len())).collect();
    let weights = Weights {
        fairness: chance.below(30) as i64,
        continuity: chance.below(30) as i64,
        travel: chance.below(3) as i64,
    };
    let problem = Problem { people, posts, slots, travel, weights, fixed: Vec::new() };
    fix_one(problem, &mut chance)
}

fn seat(chance: &mut Chance) -> Seat {
    let some = KINDS[chance.below(6)] | KINDS[chance.below(6)] | KINDS[chance.below(2)];
    Seat {
        kinds: if chance.below(2) == 0 { Kinds::ALL } else { some },
        qualifications: u32::from(chance.below(5) == 0),
    }
}

fn person(chance: &mut Chance, first: usize, slots: usize) -> Person {
    let kind = KINDS[chance.below(6)];
    let from = first as Minute * DAY + chance.below(2 * DAY as usize) as Minute;
    let sometimes = |chance: &mut Chance, below| if chance.below(4) == 0 { vec![chance.below(below)] } else { vec![] };
    Person {
        kind,
        qualifications: chance.below(2) as u32,
        stands_alone: chance.below(3) > 0,
        base: chance.below(3),
        team: chance.below(2),
        away: if chance.below(3) == 0 { vec![Span { from, to: from + 300 }] } else { vec![] },
        barred_slots: sometimes(chance, slots),
        barred_posts: sometimes(chance, 3),
        most: Most {
            per_day: 1 + chance.below(3) as u16,
            per_week: 1 + chance.below(4) as u16,
            per_period: 1 + chance.below(4) as u16,
        },
        elsewhere: Vec::new(),
        rest: [0, 660, 720][chance.below(3)],
        carried: [chance.below(3) as u16, chance.below(3) as u16],
    }
}

/// Perhaps the first seat that somebody may take.
fn fix_one(mut problem: Problem, chance: &mut Chance) -> Problem {
    let prepared = Prepared::new(problem.clone()).expect("tiny problems have no flaws");
    let seat = chance.below(2 * prepared.seats());
    if let Some(&person) = prepared.candidates.get(seat).and_then(|people| people.first()) {
        let (slot, seat) = prepared.slot_of(seat);
        problem.fixed.push(Fixed { person: person as usize, slot, seat });
    }
    problem
}
