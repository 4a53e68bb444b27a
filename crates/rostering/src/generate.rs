//! Cases that look like a county's: stations with the schools around them, staggered bells, night shifts, leave, a holiday and the
//! Saturday that makes up for it. The same shape and seed give the same case for ever, so figures can be repeated.
//!
//! An area is a station with five schools. Its officers and auxiliaries set out from it; patrols set out from one base and know the
//! ways to all schools; guards, teachers and parents stand at their own school. Ways between areas are not known.

use crate::chance::Chance;
use crate::model::*;
use crate::prepared::Prepared;

/// How large a case is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    pub schools: usize,
    pub weeks: usize,
    /// Days of school in a week, from Monday; five but in small cases.
    pub days: usize,
    /// People for each five schools, of the kinds in the order of [`Kind`].
    pub people: [usize; 6],
}

/// Twenty schools, eighty people, four weeks.
pub const TOWN: Shape = Shape { schools: 20, weeks: 4, days: 5, people: [5, 5, 2, 5, 2, 1] };
/// Ten times as many.
pub const COUNTY: Shape = Shape { schools: 200, ..TOWN };
/// Two schools for three days, ten people: small enough to be solved exactly.
pub const SMALL: Shape = Shape { schools: 2, weeks: 1, days: 3, people: [3, 2, 1, 2, 1, 1] };

const SCHOOLS_OF_A_STATION: usize = 5;

/// A case.
pub fn case(shape: Shape, seed: u64) -> Problem {
    let mut chance = Chance::new(seed);
    let days = school_days(shape, &mut chance);
    let mut problem = Problem::default();
    let map = lay_out(shape, &mut problem, &mut chance);
    for school in 0..shape.schools {
        add_slots(&mut problem, school, &days, &mut chance);
    }
    for area in 0..shape.schools.div_ceil(SCHOOLS_OF_A_STATION) {
        add_people(&mut problem, shape, &map, area, &days, &mut chance);
    }
    fix_some(problem, &mut chance)
}

/// Weekdays without a holiday of one to three days, which a Saturday makes up for; the small case has no holiday.
fn school_days(shape: Shape, chance: &mut Chance) -> Vec<usize> {
    let mut days: Vec<usize> = (0..shape.weeks * 7).filter(|day| day % 7 < shape.days).collect();
    if shape.weeks > 1 {
        let first = 7 * (1 + chance.below(shape.weeks - 1)) + chance.below(3);
        let length = 1 + chance.below(3);
        days.retain(|&day| day < first || day >= first + length);
        days.push(first / 7 * 7 + 5);
        days.sort_unstable();
    }
    days
}

/// Where everything is: first the base of the patrols, then the stations, then the schools' posts.
struct Map {
    stations: Vec<usize>,
    /// The gate of each school.
    gates: Vec<usize>,
}

fn lay_out(shape: Shape, problem: &mut Problem, chance: &mut Chance) -> Map {
    let areas = shape.schools.div_ceil(SCHOOLS_OF_A_STATION);
    // Each place lies somewhere in the square of its area, ten minutes wide.
    let mut places = vec![(0, (5, 5))];
    let mut spot = |places: &mut Vec<(usize, (i32, i32))>, area| {
        places.push((area, (chance.below(11) as i32, chance.below(11) as i32)));
        places.len() - 1
    };
    let stations = (0..areas).map(|area| spot(&mut places, area)).collect();
    let mut gates = Vec::new();
    for school in 0..shape.schools {
        let place = spot(&mut places, school / SCHOOLS_OF_A_STATION);
        gates.push(place);
        problem.posts.push(Post { school, place });
        if school.is_multiple_of(3) {
            // The crossing before the school.
            let place = spot(&mut places, school / SCHOOLS_OF_A_STATION);
            problem.posts.push(Post { school, place });
        }
    }
    let mut travel = Travel::new(places.len());
    for (from, &(area, (x, y))) in places.iter().enumerate() {
        for (to, &(other, (u, v))) in places.iter().enumerate() {
            let far = if from == 0 || to == 0 { 6 } else { 0 };
            // Some ways nobody has filled in.
            if from != to && (area == other || far > 0) && chance.below(40) > 0 {
                let minutes = 2 + far + (x - u).abs() + (y - v).abs() + chance.below(3) as i32;
                travel.set(from, to, minutes as u16);
            }
        }
    }
    // The way from a gate to its own crossing is always known.
    for pair in problem.posts.windows(2).filter(|pair| pair[0].school == pair[1].school) {
        travel.set(pair[0].place, pair[1].place, 2);
        travel.set(pair[1].place, pair[0].place, 2);
    }
    problem.travel = travel;
    Map { stations, gates }
}

fn add_slots(problem: &mut Problem, school: usize, days: &[usize], chance: &mut Chance) {
    let uniform = Kind::Officer | Kind::Patrol;
    let own = Kind::SchoolSecurity | Kind::Teacher | Kind::Parent;
    let seat = |kinds| Seat { kinds, qualifications: 0 };
    let bell = 10 * chance.below(7) as Minute;
    let peaks = 2 + chance.below(3);
    // Arrive before, bell, stay after; the bells of a school are staggered against those of others.
    let early = (Peak::Early, 7 * 60 + 10 + bell, 30, 20);
    let late = (Peak::Late, 16 * 60 + 40 + bell, 10, 40);
    let noon = (Peak::Midday, 11 * 60 + 30 + bell / 2, 10, 30);
    let back = (Peak::Midday, 13 * 60 + 50 + bell / 2, 30, 10);
    let posts: Vec<usize> = (0..problem.posts.len()).filter(|&post| problem.posts[post].school == school).collect();
    let busy = chance.below(2) == 0;
    for &day in days {
        for (at, &(peak, bell, before, after)) in [early, late, noon, back].iter().take(peaks).enumerate() {
            let window = Span { from: bell - before, to: bell + after };
            for (crossing, &post) in posts.iter().enumerate() {
                let seats = match (crossing, at) {
                    (0, 0 | 1) => vec![seat(uniform | Kind::Auxiliary), seat(own | Kind::Auxiliary)],
                    (0, _) => vec![seat(uniform | own)],
                    (_, 0 | 1) if busy => vec![seat(uniform | Kind::Auxiliary), seat(uniform | Kind::Auxiliary)],
                    (_, 0 | 1) => vec![seat(uniform)],
                    _ => continue,
                };
                problem.slots.push(Slot { post, day, window, peak, seats, pair: crossing == 1 && busy && at < 2 });
            }
        }
    }
}

fn add_people(problem: &mut Problem, shape: Shape, map: &Map, area: usize, days: &[usize], chance: &mut Chance) {
    let schools: Vec<usize> = (area * SCHOOLS_OF_A_STATION..shape.schools).take(SCHOOLS_OF_A_STATION).collect();
    let kinds = [Kind::Officer, Kind::Auxiliary, Kind::Patrol, Kind::SchoolSecurity, Kind::Teacher, Kind::Parent];
    for (at, kind) in kinds.into_iter().enumerate() {
        for number in 0..shape.people[at] {
            let school = schools[number % schools.len()];
            let (per_day, per_week, per_period) = match kind {
                Kind::Officer | Kind::Patrol => (2, 9, 34),
                Kind::Auxiliary => (3, 10, 38),
                Kind::SchoolSecurity => (3, 10, 40),
                Kind::Teacher => (1, 3, 10),
                Kind::Parent => (1, 1, 3),
            };
            let base = match kind {
                Kind::Officer | Kind::Auxiliary => map.stations[area],
                Kind::Patrol => 0,
                _ => map.gates[school],
            };
            let mut away = Vec::new();
            let mut carried = [chance.below(2) as u16, chance.below(2) as u16];
            if kind == Kind::Officer {
                // A night in eight, from ten until half past eight.
                let nights = (0..shape.weeks * 7).filter(|day| (day + number * 3 + area).is_multiple_of(8));
                away.extend(nights.map(|day| span(day, 22 * 60, day + 1, 8 * 60 + 30)));
            }
            if chance.below(5) == 0 {
                let (first, length) = (days[chance.below(days.len())], 1 + chance.below(5));
                let missed = days.iter().filter(|&&day| (first..first + length).contains(&day)).count() as u16;
                away.push(span(first, 0, first + length, 0));
                carried = carried.map(|peaks| peaks + missed / 2);
            }
            let own =
                |post: &Post| matches!(kind, Kind::Officer | Kind::Auxiliary | Kind::Patrol) || post.school == school;
            let mut barred_posts: Vec<usize> =
                (0..problem.posts.len()).filter(|&post| !own(&problem.posts[post])).collect();
            if chance.below(10) == 0 {
                barred_posts.push(chance.below(problem.posts.len()));
            }
            problem.people.push(Person {
                kind,
                qualifications: 0,
                stands_alone: matches!(kind, Kind::Officer | Kind::Patrol | Kind::SchoolSecurity),
                base,
                team: if kind == Kind::Patrol { 0 } else { 1 + area * kinds.len() + at },
                away,
                barred_slots: Vec::new(),
                barred_posts,
                most: Most { per_day, per_week, per_period },
                elsewhere: Vec::new(),
                rest: 11 * 60,
                carried,
            });
        }
    }
}

fn span(day: usize, from: Minute, until: usize, to: Minute) -> Span {
    Span { from: day as Minute * DAY + from, to: until as Minute * DAY + to }
}

/// A tenth of the guards has an early peak of the first day fixed: the school has said so.
fn fix_some(problem: Problem, chance: &mut Chance) -> Problem {
    let Ok(prepared) = Prepared::new(problem.clone()) else { return problem };
    let mut problem = problem;
    for person in 0..problem.people.len() {
        if problem.people[person].kind != Kind::SchoolSecurity || chance.below(3) > 0 {
            continue;
        }
        let seat = (0..prepared.seats()).find(|&seat| {
            let (slot, at) = prepared.slot_of(seat);
            prepared.may(person, seat)
                && problem.slots[slot].peak == Peak::Early
                && !problem.fixed.iter().any(|fixed| fixed.slot == slot && fixed.seat == at)
        });
        if let Some((slot, seat)) = seat.map(|seat| prepared.slot_of(seat)) {
            problem.fixed.push(Fixed { person, slot, seat });
        }
    }
    problem
}
