//! What an explanation says, checked by trying everything.

use super::{prepared, solve_well};
use crate::prepared::Prepared;
use crate::tests::tiny::tiny;
use crate::*;

/// Whether all of these seats can be filled by these rules alone, by people who count where company is asked for.
fn possible(on: &Prepared, seats: &[usize], rules: &[(Rule, Whom)]) -> bool {
    // Whoever else stands in the slot may have to be there for company.
    let mut all = seats.to_vec();
    for slot in company(rules) {
        let others = (0..on.problem().slots[slot].seats.len()).map(|at| on.seat(slot, at));
        all.extend(others.filter(|seat| !seats.contains(seat)));
    }
    fill(on, &all, seats.len(), rules, &mut Vec::new())
}

fn company(rules: &[(Rule, Whom)]) -> impl Iterator<Item = usize> {
    rules.iter().filter_map(|&(_, whom)| match whom {
        Whom::Slot(slot) => Some(slot),
        Whom::Person(_) => None,
    })
}

fn fill(
    on: &Prepared,
    seats: &[usize],
    must: usize,
    rules: &[(Rule, Whom)],
    done: &mut Vec<(usize, Option<usize>)>,
) -> bool {
    if done.len() == seats.len() {
        return company(rules).all(|slot| {
            let there = || done.iter().filter(|(seat, _)| on.slot_of(*seat).0 == slot).filter_map(|&(_, who)| who);
            let leads = there().any(|who| on.problem().people[who].stands_alone);
            leads && !(on.problem().slots[slot].pair && there().count() < 2)
        });
    }
    let seat = seats[done.len()];
    let nobody = (done.len() >= must).then_some(None);
    let fixed = on.problem().fixed.iter().find(|fixed| on.seat(fixed.slot, fixed.seat) == seat);
    for who in (0..on.problem().people.len()).map(Some).chain(nobody) {
        let allowed = who.is_none_or(|person| {
            let mut roster = Roster(vec![crate::prepared::NOBODY; on.seats()]);
            roster.put(seat, who);
            done.iter().filter(|(_, other)| *other == who).for_each(|&(seat, _)| roster.put(seat, who));
            fixed.is_none_or(|fixed| fixed.person == person)
                && broken(on, &roster).into_iter().all(|broken| !rules.contains(&(broken.rule, Whom::Person(person))))
        });
        if allowed {
            done.push((seat, who));
            let possible = fill(on, seats, must, rules, done);
            done.pop();
            if possible {
                return true;
            }
        }
    }
    false
}

fn check(on: &Prepared, clash: &Clash) {
    let seats: Vec<usize> = std::iter::once(clash.seat).chain(clash.seats.iter().copied()).collect();
    assert!(!possible(on, &seats, &clash.rules), "what is said to clash can be had");
    for left_out in 0..clash.rules.len() {
        let mut fewer = clash.rules.clone();
        fewer.remove(left_out);
        assert!(possible(on, &seats, &fewer), "{:?} is not needed", clash.rules[left_out]);
    }
    for left_out in 1..seats.len() {
        let mut fewer = seats.clone();
        fewer.remove(left_out);
        assert!(possible(on, &fewer, &clash.rules), "seat {} is not needed", seats[left_out]);
    }
}

/// The best rosters are given, so each empty seat is unavoidable, and each explanation proves it with nothing too much.
#[test]
fn an_explanation_is_a_clash_and_a_smallest_one() {
    let mut seats = 0;
    let mut explained = 0;
    for seed in 0..120 {
        let on = Prepared::new(tiny(seed)).unwrap();
        let roster = solve_well(&on, seed);
        for clash in explain(&on, &roster) {
            assert!(clash.proved, "seed {seed}: {clash:?}");
            check(&on, &clash);
            explained += 1;
            seats += clash.seats.len();
        }
    }
    assert!(explained > 100 && seats > 40, "{explained} with {seats} other seats");
}

/// An officer at two gates at once, and nobody else who may.
#[test]
fn a_clash_names_the_seat_that_would_have_to_be_given_up() {
    let mut problem = generate::case(generate::SMALL, 1);
    problem.fixed.clear();
    let officer = Seat { kinds: Kind::Officer.into(), qualifications: 1 };
    let slot = Slot {
        post: 0,
        day: 0,
        window: Span { from: 420, to: 480 },
        peak: Peak::Early,
        seats: vec![officer],
        pair: false,
    };
    problem.slots = vec![slot.clone(), Slot { post: 1, ..slot }];
    problem.people.truncate(2);
    for person in &mut problem.people {
        person.kind = Kind::Officer;
        person.away.clear();
        person.barred_posts.clear();
        person.base = problem.posts[0].place;
    }
    problem.people[1].away.push(Span { from: 0, to: DAY });
    problem.people[0].qualifications = 1;
    problem.people[1].qualifications = 1;
    problem.travel.set(problem.posts[0].place, problem.posts[1].place, 5);
    let on = Prepared::new(problem).unwrap();
    let roster = solve_well(&on, 1);
    let clashes = explain(&on, &roster);
    assert_eq!(clashes.len(), 1);
    let other = 1 - clashes[0].seat;
    assert_eq!((&clashes[0].seats, clashes[0].proved), (&vec![other], true));
    assert_eq!(clashes[0].rules, [(Rule::Available, Whom::Person(1)), (Rule::OneAtATime, Whom::Person(0))]);
}

#[test]
fn every_empty_seat_of_the_small_cases_is_explained() {
    let mut explained = 0;
    for seed in 0..12 {
        let on = prepared(generate::SMALL, seed);
        let roster = solve_well(&on, seed);
        for clash in explain(&on, &roster) {
            assert!(clash.proved, "{seed}: {clash:?}");
            explained += 1;
        }
    }
    assert!(explained > 3);
}
