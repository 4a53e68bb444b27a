use proptest::prelude::*;

use super::*;
use crate::chance::Chance;

const FILE: &str = "# Two people\r\nSECTION_HORIZON\r\n# days\r\n14\r\n\r\nSECTION_SHIFTS\r\nE,480,\r\nL,600,E|L\r\n\r\nSECTION_STAFF\r\nA,E=14|L=3,4320,960,5,2,2,1\r\n\
    B,E=2,4320,0,3,1,1,0\r\nSECTION_DAYS_OFF\r\nA,0,13\r\nB,5\r\nSECTION_SHIFT_ON_REQUESTS\r\nA,2,E,3\r\nSECTION_SHIFT_OFF_REQUESTS\r\n\
    B,3,L,2\r\nSECTION_COVER\r\n0,E,1,100,1\r\n3,L,1,50,7\r\n";

#[test]
fn a_file_of_the_benchmark_is_read() {
    let instance = Instance::parse(FILE).unwrap();
    assert_eq!(instance.days, 14);
    assert_eq!(instance.shifts[1], Shift { id: "L".to_owned(), minutes: 600, never_next: vec![0, 1] });
    let [a, b] = &instance.staff[..] else { panic!("{:?}", instance.staff) };
    assert_eq!((a.id.as_str(), &a.most, &a.minutes), ("A", &vec![14, 3], &(960..=4320)));
    assert_eq!((&a.run, a.rest, a.weekends, &a.off), (&(2..=5), 2, 1, &vec![0, 13]));
    // A shift that is not named may be worked as often as there are days.
    assert_eq!(b.most, [2, 14]);
    let on = Request { person: 0, day: 2, shift: 0, wanted: true, weight: 3 };
    assert_eq!(instance.requests, [on, Request { person: 1, day: 3, shift: 1, wanted: false, weight: 2 }]);
    assert_eq!(instance.covers[1], Cover { day: 3, shift: 1, needed: 1, under: 50, over: 7 });
}

#[test]
fn what_cannot_be_read_is_named_with_its_line() {
    let bad = |from: &str, to: &str| Instance::parse(&FILE.replacen(from, to, 1)).unwrap_err().to_string();
    assert_eq!(bad("14\r\n", "很多\r\n"), "第 4 行：“天数”应是 0 到 3660 的整数，写的是“很多”");
    assert_eq!(bad("14\r\n", "0\r\n"), "缺少 SECTION_HORIZON 一节，或者这一节是空的");
    assert_eq!(bad("SECTION_COVER", "SECTION_COVERS"), "第 20 行：不认识的一节“SECTION_COVERS”");
    assert_eq!(bad("A,0,13", "A,0,14"), "第 14 行：“第几天”应是 0 到 13 的整数，写的是“14”");
    assert_eq!(bad("B,5\r\n", "C,5\r\n"), "第 15 行：没有叫“C”的人");
    assert_eq!(bad("L,600,E|L", "L,600,E|N"), "第 8 行：没有叫“N”的班次");
    assert_eq!(bad("B,E=2,", "A,E=2,"), "第 12 行：“A”写了两次");
    assert_eq!(bad("0,E,1,100,1", "0,E,1"), "第 21 行：少了“少一人的权重”");
    assert_eq!(bad("3,L,1,50,7", "0,E,2,50,7"), "第 22 行：“0,E”写了两次");
    assert!(matches!(Instance::parse(""), Err(Flaw::Missing("SECTION_HORIZON"))));
}

/// Every limit by itself, on days written as a line: `.` is off, others are shifts by their first letter.
#[test]
fn each_limit_that_is_broken_is_counted() {
    let instance = Instance::parse(FILE).unwrap();
    let limits = |person: usize, line: &str| {
        let days = |line: &str| line.chars().map(|kind| "EL".find(kind)).collect::<Vec<_>>();
        let mut schedule = vec![days(".............."); 2];
        schedule[1 - person] = days(["EE............", "EE............"][person]);
        schedule[person] = days(line);
        let broken = score(&instance, &schedule).broken.into_iter();
        broken.filter(|broken| broken.person == person).map(|broken| (broken.limit, broken.by)).collect::<Vec<_>>()
    };
    // Runs at the edges may have begun before or go on after.
    assert_eq!(limits(0, ".E..EE..EE...."), [(Limit::ShortRun { day: 1 }, 1)]);
    let expected = [(Limit::ShortRest { day: 3 }, 1), (Limit::ShortRun { day: 12 }, 1), (Limit::Weekends, 1)];
    assert_eq!(limits(0, ".EE.EE......E."), expected);
    assert_eq!(limits(0, ".EEEEEEE......"), [(Limit::LongRun { day: 1 }, 2)]);
    assert_eq!(limits(0, "EE............"), [(Limit::Off { day: 0 }, 1)]);
    assert_eq!(limits(0, ".............."), [(Limit::TooFewMinutes, 960)]);
    assert_eq!(limits(0, ".LE..........."), [(Limit::Follows { day: 2 }, 1)]);
    assert_eq!(
        limits(1, "EEE.EL.......E"),
        [(Limit::Most { shift: 0 }, 3), (Limit::Weekends, 2), (Limit::Off { day: 5 }, 1)]
    );
    assert_eq!(limits(1, ".............."), []);
}

/// Some instance of few people and days, with whatever limits.
fn tiny(seed: u64) -> Instance {
    let mut chance = Chance::new(seed);
    let mut below = |end: usize| chance.below(end) as i64;
    let (people, kinds, days) = [(2, 1, 7), (3, 1, 5), (2, 2, 5), (1, 3, 6)][below(4) as usize];
    let mut file = format!("SECTION_HORIZON\n{days}\nSECTION_SHIFTS\n");
    for kind in 0..kinds {
        let next = if kind > 0 && below(2) == 0 { "S0" } else { "" };
        file += &format!("S{kind},{},{next}\n", 300 + 60 * below(4));
    }
    file += "SECTION_STAFF\n";
    for person in 0..people {
        let (least, most) = (below(3) * 300, 900 + below(4) * 400);
        file += &format!(
            "P{person},S0={},{most},{least},{},{},{},{}\n",
            1 + below(5),
            2 + below(3),
            1 + below(2),
            1 + below(2),
            below(2)
        );
    }
    file += "SECTION_DAYS_OFF\n";
    for person in 0..people {
        file += &format!("P{person},{}\n", below(days));
    }
    for (section, wishes) in [("SECTION_SHIFT_ON_REQUESTS", 3), ("SECTION_SHIFT_OFF_REQUESTS", 3)] {
        file += &format!("{section}\n");
        for _ in 0..wishes {
            file += &format!("P{},{},S{},{}\n", below(people), below(days), below(kinds), 1 + below(3));
        }
    }
    file += "SECTION_COVER\n";
    for day in 0..days {
        for kind in 0..kinds {
            file += &format!("{day},S{kind},{},{},{}\n", below(people + 1), 10 + below(90), 1 + below(3));
        }
    }
    Instance::parse(&file).unwrap()
}

/// The best of all schedules, by counting through them.
fn best(on: &Instance) -> Option<i64> {
    let (kinds, cells) = (on.shifts.len() + 1, on.staff.len() * on.days);
    let schedule = |mut number: usize| -> Schedule {
        let mut cells = (0..cells).map(|_| {
            let kind = number % kinds;
            number /= kinds;
            kind.checked_sub(1)
        });
        (0..on.staff.len()).map(|_| cells.by_ref().take(on.days).collect()).collect()
    };
    let scores = (0..kinds.pow(cells as u32)).map(|number| score(on, &schedule(number)));
    scores.filter(|score| score.broken.is_empty()).map(|score| score.objective).min()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// Step by step the search counts what the score counts from nothing.
    #[test]
    fn what_is_counted_step_by_step_is_what_is_counted_from_nothing(seed: u64, size in 0usize..6) {
        let (instance, _) = case(SHAPES[size], seed);
        let tables = search::Tables::new(&instance);
        let mut search = search::Search::new(&tables, seed);
        for heat in [1000.0, 30.0, 1.0] {
            for _ in 0..500 {
                search.step(heat);
            }
            let (counted, from_nothing) = (search.total, score(&instance, &tables.schedule(&search.rows)));
            prop_assert_eq!(counted.cost, from_nothing.objective);
            prop_assert_eq!(counted.broken == 0, from_nothing.broken.is_empty());
        }
    }

    #[test]
    fn of_tiny_instances_the_best_schedule_is_found(seed: u64) {
        let instance = tiny(seed);
        let schedule = solve(&instance, seed, 1, &|steps| steps as f64 / 120_000.0);
        let found = score(&instance, &schedule);
        match best(&instance) {
            Some(best) => prop_assert_eq!((found.broken, found.objective), (vec![], best)),
            None => prop_assert!(!found.broken.is_empty()),
        }
        prop_assert_eq!(schedule, solve(&instance, seed, 1, &|steps| steps as f64 / 120_000.0));
    }
}
