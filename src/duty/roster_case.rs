//! What a roster is made from: the posts, the people and what is down already as a problem of `rostering`, with what its indices mean, and in
//! words why a seat stays empty.

use std::collections::{HashMap, HashSet};

use db::Tx;
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use rostering::{
    Clash, DAY, Fixed, Flaw, Kind, Kinds, MOST_PER_DAY, Most, Post, Prepared, Problem, Rule, Seat, Span, Travel, Whom,
};
use uuid::Uuid;

use super::coverage::{Need, Posts, needs};
use super::limit::{self, Bar};
use super::model::{Alone, Peak, PersonKind, Qualification, ShiftState, Windows, monday, short};
use super::roster::Rostering;
use super::share::carried;
use super::shift_store::{self, Shift};
use super::store::{self, Leave, Person, ReachRow, WayRow};
use super::times::Times;
use super::walk::{self, Walk};
use crate::access::{Act, Scope};
use crate::error::{Error, Result};
use crate::settings;

/// The problem with what its indices mean.
pub(super) struct Built {
    pub(super) problem: Problem,
    pub(super) people: Vec<Person>,
    needs: Vec<Need>,
    /// Of each slot: its need, and the number of each of its seats.
    pub(super) slots: Vec<(usize, Vec<i64>)>,
    /// What is down already: slot, seat, person and the shift's id.
    pub(super) known: Vec<(usize, usize, usize, Shift)>,
    /// Pinned duties of the draft that is worked out again.
    pub(super) pins: Vec<Shift>,
    /// Seats of slots that somebody has against the rules: they stay as they are, and nobody else takes them.
    pub(super) settled: Vec<(usize, usize)>,
    /// 定责 of each gate.
    pub(super) duties: HashMap<Uuid, String>,
}

/// What a problem is made of besides the posts.
struct Known {
    people: Vec<Person>,
    reaches: Vec<ReachRow>,
    ways: Vec<WayRow>,
    leaves: Vec<Leave>,
    bars: Vec<Bar>,
    /// On which rounds they are to be.
    walks: HashMap<Uuid, Vec<Walk>>,
    /// What is down already, of whole weeks and a day on each side, anywhere in the bureau.
    standing: Vec<Shift>,
    /// Early and late peaks of the term so far, by person.
    carried: HashMap<Uuid, [u16; 2]>,
    pins: Vec<Shift>,
}

impl Built {
    /// `absent` is somebody who need not be on the list any more, and whose leave is what is to be mended.
    pub(super) async fn read(
        tx: &mut Tx,
        act: &Act,
        scope: &Scope,
        days: (Date, Date),
        (absent, pins): (Option<Uuid>, Vec<Shift>),
    ) -> Result<Built> {
        let windows: Windows = settings::read(tx, act.tenant, act.at).await?;
        let alone: Alone = settings::read(tx, act.tenant, act.at).await?;
        let rules: Rostering = settings::read(tx, act.tenant, act.at).await?;
        let posts = Posts::read(tx, act.tenant, scope).await?;
        let (needs, unknown) = needs(tx, act.tenant, &posts, &windows, days).await?;
        if let Some(one) = unknown.first() {
            let school = posts.schools.iter().find(|school| school.id == one.school);
            let school = school.map_or("", |school| school.name.as_str());
            return Err(Error::refused(format!(
                "不知道 {} {school}上不上课：{}。先在“学期和特殊日子”登记，再排班",
                short(one.day),
                one.why
            )));
        }
        let mut people = store::all_people(tx, act.tenant, scope).await?;
        if let Some(absent) = absent.filter(|absent| !people.iter().any(|one| one.id == *absent)) {
            people.push(store::person_within(tx, act.tenant, scope, absent).await?);
        }
        let around = |day: Date, days: i64| monday(day).checked_add(days.days()).unwrap_or(day).to_string();
        let week = (around(days.0, -1), around(days.1, 7));
        let mut leaves = store::leaves(tx, act.tenant, (&week.0, &week.1)).await?;
        leaves.retain(|leave| Some(leave.person_id) != absent);
        let mut walks = walk::of_days(tx, act.tenant, (&days.0.to_string(), &days.1.to_string())).await?;
        walks.retain(|person, _| Some(*person) != absent);
        let known = Known {
            reaches: store::reaches(tx, act.tenant).await?,
            ways: store::ways(tx, act.tenant).await?,
            leaves,
            bars: limit::all_bars(tx, act.tenant).await?,
            walks,
            standing: shift_store::of_days(tx, act.tenant, &Scope::tenant(), (&week.0, &week.1)).await?,
            carried: carried(tx, act, &people, days.0).await?,
            people,
            pins,
        };
        Built::of(&posts, needs, known, (&alone, &rules), (days, act.at))
    }

    fn of(
        posts: &Posts,
        needs: Vec<Need>,
        known: Known,
        (alone, rules): (&Alone, &Rostering),
        (days, now): ((Date, Date), Timestamp),
    ) -> Result<Built> {
        let Known { people, reaches, ways, leaves, bars, walks, standing, carried, pins } = known;
        let first = origin(days.0);
        let since = Since(super::model::moment(first, 0).ok_or(Error::NotFound)?);
        let weeks = usize::try_from((days.1 - first).get_days() / 7 + 2).unwrap_or(2);
        let school_at: HashMap<Uuid, usize> = posts.schools.iter().enumerate().map(|(at, one)| (one.id, at)).collect();
        let gate_at: HashMap<Uuid, usize> = posts.gates.iter().enumerate().map(|(at, one)| (one.id, at)).collect();
        let person_at: HashMap<Uuid, usize> = people.iter().enumerate().map(|(at, one)| (one.id, at)).collect();
        let mut travel = Travel::new(posts.schools.len() + people.len());
        for row in &reaches {
            if let Some((person, school)) = person_at.get(&row.person_id).zip(school_at.get(&row.school_id)) {
                travel.set(posts.schools.len() + person, *school, row.minutes.clamp(0, 600) as u16);
            }
        }
        for row in &ways {
            if let Some((from, to)) = school_at.get(&row.from_id).zip(school_at.get(&row.to_id)) {
                travel.set(*from, *to, row.minutes.clamp(0, 600) as u16);
            }
        }
        // Whoever does the same for the same unit shares fairly.
        let mut teams: Vec<(Uuid, PersonKind)> = people.iter().map(|one| (one.organisation_id, one.kind)).collect();
        teams.sort_unstable();
        teams.dedup();
        let day_at = |text: &str| text.parse::<Date>().map_or(0, |day| i64::from((day - first).get_days()));
        let walked = |walk: &Walk| {
            let (from, to) = walk.span();
            Span { from: at(0, since.minutes(from)), to: at(0, since.minutes(to)) }
        };
        let mut barred: HashMap<Uuid, Vec<&Bar>> = HashMap::new();
        bars.iter().for_each(|bar| barred.entry(bar.person_id).or_default().push(bar));
        let barred_posts = |person: Uuid| -> Vec<usize> {
            let Some(bars) = barred.get(&person) else { return Vec::new() };
            let kept = |post: &usize| {
                let gate = &posts.gates[*post];
                bars.iter().any(|bar| bar.keeps_from(gate.school_id, Some(gate.id)))
            };
            (0..posts.gates.len()).filter(kept).collect()
        };
        let person = |(at_base, one): (usize, &Person)| rostering::Person {
            kind: kind(one.kind),
            qualifications: bits(|code| one.has(code)),
            stands_alone: alone.may(one.kind),
            base: posts.schools.len() + at_base,
            team: teams.iter().position(|team| *team == (one.organisation_id, one.kind)).unwrap_or(0),
            away: leaves
                .iter()
                .filter(|leave| leave.person_id == one.id)
                .map(|leave| Span { from: at(day_at(&leave.first_day), 0), to: at(day_at(&leave.last_day) + 1, 0) })
                .chain(walks.get(&one.id).into_iter().flatten().map(walked))
                .collect(),
            barred_slots: Vec::new(),
            barred_posts: barred_posts(one.id),
            most: Most {
                per_day: (one.daily as u16).min(MOST_PER_DAY),
                per_week: one.weekly as u16,
                per_period: 10_000,
            },
            elsewhere: vec![0; weeks],
            rest: (rules.rest_hours * 60).clamp(0, i64::from(DAY)) as i32,
            carried: carried.get(&one.id).copied().unwrap_or_default(),
        };
        let mut problem = Problem {
            people: people.iter().enumerate().map(person).collect(),
            posts: posts
                .gates
                .iter()
                .map(|gate| Post {
                    school: school_at.get(&gate.school_id).copied().unwrap_or(0),
                    place: school_at.get(&gate.school_id).copied().unwrap_or(0),
                })
                .collect(),
            travel,
            ..Problem::default()
        };
        let police = Kind::Officer | Kind::Auxiliary | Kind::Patrol;
        let asked: HashSet<(String, Uuid, Uuid)> =
            needs.iter().map(|need| (need.day.to_string(), need.gate, need.slot)).collect();
        let mut taken: HashMap<(String, Uuid, Uuid), Vec<Shift>> = HashMap::new();
        // What is no seat of the table is a duty all the same: at a school out of reach, in a week that is only begun, in a peak that has ended.
        let elsewhere = |problem: &mut Problem, shift: &Shift| {
            let Some(&person) = shift.person_id.and_then(|id| person_at.get(&id)) else { return };
            let day = day_at(&shift.day) * i64::from(DAY);
            let span = shift.starts_at.zip(shift.ends_at).map(|(from, to)| (since.minutes(from), since.minutes(to)));
            occupy(problem, person, span.unwrap_or((day, day + i64::from(DAY))));
        };
        // Whoever has said that they do not come then is not put back, and is free for the rest of the day.
        for shift in standing.iter().filter(|shift| shift.absent_at.is_some()) {
            let person = shift.person_id.and_then(|id| person_at.get(&id).copied());
            if let Some((person, (from, to))) = person.zip(shift.starts_at.zip(shift.ends_at)) {
                let span = Span { from: at(0, since.minutes(from)), to: at(0, since.minutes(to)) };
                problem.people[person].away.push(span);
            }
        }
        let mut carried_over = Vec::new();
        for shift in standing.into_iter().filter(|shift| shift.absent_at.is_none()).chain(pins) {
            match shift.gate_id.zip(shift.slot_id).map(|(gate, slot)| (shift.day.clone(), gate, slot)) {
                Some(seat) if asked.contains(&seat) => taken.entry(seat).or_default().push(shift),
                // A pin of a peak that is no longer kept goes with it.
                _ if shift.state == ShiftState::Draft => {}
                _ => elsewhere(&mut problem, &shift),
            }
        }
        let (mut slots, mut known) = (Vec::new(), Vec::new());
        for (index, need) in needs.iter().enumerate() {
            let Some(&post) = gate_at.get(&need.gate) else { continue };
            let gate = &posts.gates[post];
            let day = i64::from((need.day - first).get_days());
            let (from, to) = (
                since.minutes(need.starts_at) - day * i64::from(DAY),
                since.minutes(need.ends_at) - day * i64::from(DAY),
            );
            let window =
                Span { from: from.clamp(0, i64::from(DAY) - 1) as i32, to: to.clamp(1, i64::from(DAY)) as i32 };
            let qualifications = gate.qualification.as_deref().map_or(0, |needed| bits(|code| code == needed));
            let mut there = taken.remove(&(need.day.to_string(), need.gate, need.slot)).unwrap_or_default();
            // Nobody comes any more to what has begun; whoever stands there does.
            let begun = need.starts_at <= now;
            if begun {
                there.retain(|shift| shift.state != ShiftState::Draft);
            }
            carried_over.extend(there.iter().filter(|shift| shift.state == ShiftState::Draft).cloned());
            let placed = placed(&there, (gate.seats, gate.officers), begun);
            for shift in placed.beside {
                elsewhere(&mut problem, shift);
            }
            let (mut seats, mut numbers, mut own) = (Vec::new(), Vec::new(), Vec::new());
            for (number, uniformed, who) in placed.seats {
                let kinds = if uniformed { police } else { Kinds::ALL };
                if let Some(shift) = who {
                    let person = shift.person_id.and_then(|id| person_at.get(&id).copied());
                    let fits = person.filter(|&person| {
                        let one = &problem.people[person];
                        kinds.has(one.kind)
                            && one.qualifications & qualifications == qualifications
                            && problem.travel.get(one.base, problem.posts[post].place).is_some()
                    });
                    let Some(person) = fits else {
                        // Somebody of another unit, or whom the rules would not put there: their seat is settled.
                        elsewhere(&mut problem, shift);
                        continue;
                    };
                    own.push((seats.len(), person, shift.clone()));
                }
                seats.push(Seat { kinds, qualifications });
                numbers.push(number);
            }
            if seats.is_empty() {
                continue;
            }
            let peak = slot_peak(posts, need.slot);
            known.extend(own.into_iter().map(|(seat, person, shift)| (problem.slots.len(), seat, person, shift)));
            slots.push((index, numbers));
            // Whoever is there already and no seat of the problem makes two with one more.
            let pair = gate.pair && seats.len() > 1 && seats.len() as i64 == gate.seats;
            problem.slots.push(rostering::Slot { post, day: day as usize, window, peak, seats, pair });
        }
        // Some can come at some times only. Whoever was put down at another all the same stays there.
        let kinds: HashMap<Uuid, Peak> = posts.slots.iter().map(|slot| (slot.id, slot.kind)).collect();
        for (at, one) in people.iter().enumerate().filter(|(_, one)| Times(one.times) != Times::ALWAYS) {
            let stands: HashSet<usize> =
                known.iter().filter(|(_, _, who, _)| *who == at).map(|(slot, ..)| *slot).collect();
            let allowed = |slot: usize| {
                let need = &needs[slots[slot].0];
                Times(one.times).allow(need.lessons, kinds.get(&need.slot).copied())
            };
            problem.people[at].barred_slots =
                (0..slots.len()).filter(|slot| !stands.contains(slot) && !allowed(*slot)).collect();
        }
        let duties = posts.gates.iter().map(|gate| (gate.id, gate.duty.clone())).collect();
        let pins = carried_over;
        Ok(Built { problem, people, needs, slots, known, pins, settled: Vec::new(), duties })
    }

    /// A duty stays as it is and out of the problem: its seat is nobody's, and whoever has it has a duty fewer to give.
    pub(super) fn settle(&mut self, against: &[(usize, usize)]) {
        for (person, slot) in against {
            let span = self.problem.slots[*slot].span();
            occupy(&mut self.problem, *person, (i64::from(span.from), i64::from(span.to)));
        }
        for (slot, seat, person, _) in &self.known {
            if against.contains(&(*person, *slot)) {
                self.problem.slots[*slot].seats[*seat].qualifications = NOBODY_HAS;
                // They make two with one more.
                self.problem.slots[*slot].pair = false;
                self.settled.push((*slot, *seat));
            }
        }
        self.known.retain(|(slot, _, person, _)| !against.contains(&(*person, *slot)));
    }

    /// With what is down already as it is. What the rules would not allow is taken out of the problem, and whoever has it is left alone that day.
    pub(super) fn fixed(mut self) -> Result<(Prepared, Built)> {
        let all = |built: &Built| -> Vec<Fixed> {
            built
                .known
                .iter()
                .map(|(slot, seat, person, _)| Fixed { person: *person, slot: *slot, seat: *seat })
                .collect()
        };
        loop {
            self.problem.fixed = all(&self);
            match Prepared::new(self.problem.clone()) {
                Ok(prepared) => return Ok((prepared, self)),
                Err(flaws) => {
                    let against: Vec<(usize, usize)> = flaws
                        .iter()
                        .filter_map(|flaw| match flaw {
                            Flaw::FixedAgainst { person, slot, .. } => Some((*person, *slot)),
                            _ => None,
                        })
                        .collect();
                    if against.is_empty() {
                        return Err(Error::Internal(anyhow::anyhow!("a roster cannot be made: {flaws:?}")));
                    }
                    let before = self.known.len();
                    self.settle(&against);
                    if self.known.len() == before {
                        return Err(Error::Internal(anyhow::anyhow!("a roster cannot be made: {flaws:?}")));
                    }
                }
            }
        }
    }

    pub(super) fn need(&self, slot: usize) -> &Need {
        &self.needs[self.slots[slot].0]
    }

    pub(super) fn name(&self, person: usize) -> &str {
        &self.people[person].name
    }

    /// Of a clash in a slot: `3 人请假、当天或者这一周另有安排；2 人这一周已满`
    pub(super) fn words(&self, clash: &Clash, slot: usize) -> String {
        let mut parts: Vec<(Rule, &'static str, usize)> = Vec::new();
        for (rule, whom) in &clash.rules {
            let Whom::Person(person) = whom else { continue };
            let why = self.because(*rule, *person, slot);
            match parts.iter_mut().find(|(_, known, _)| *known == why) {
                Some((.., count)) => *count += 1,
                None => parts.push((*rule, why, 1)),
            }
        }
        parts.sort();
        let mut words: Vec<String> = parts.into_iter().map(|(_, why, count)| format!("{count} 人{why}")).collect();
        if clash.rules.iter().any(|(rule, _)| *rule == Rule::Company) {
            let pair = self.problem.slots[slot].pair;
            words.push(if pair { "必须两人同时在，凑不齐" } else { "只剩不能单独上岗的人" }.to_owned());
        }
        if !clash.seats.is_empty() {
            words.push(format!("能来的人都要留给别的 {} 个岗位", clash.seats.len()));
        }
        if words.is_empty() { "名单上没有人".to_owned() } else { words.join("；") }
    }

    /// Why a rule keeps somebody from a slot, or, where it keeps them from another that had to be filled instead, in general.
    fn because(&self, rule: Rule, person: usize, slot: usize) -> &'static str {
        let (who, wanted) = (&self.problem.people[person], &self.problem.slots[slot]);
        match rule {
            Rule::Barred if who.barred_posts.contains(&wanted.post) => "不能站这个岗",
            Rule::Barred if who.barred_slots.contains(&slot) => "这个时段来不了",
            Rule::Company if wanted.pair => "没有人一起站",
            _ => because(rule),
        }
    }
}

/// How those who are down at a post lie in the seats that it needs.
struct Placed<'a> {
    /// Each seat by its number, whether it is one of the police, and who has it.
    seats: Vec<(i64, bool, Option<&'a Shift>)>,
    /// Who stands there beside all that are needed.
    beside: Vec<&'a Shift>,
}

/// The police of a post take the seats of the police, whatever number they have, and a teacher with the number of one leaves it open; a seat in which
/// nobody is keeps a number that nobody has. What is pinned without anybody stays empty, and so does what nobody has once it has begun.
fn placed(there: &[Shift], (seats, officers): (i64, i64), begun: bool) -> Placed<'_> {
    let (mut of_police, mut of_all) = (officers, seats - officers);
    let mut known: Vec<&Shift> = Vec::new();
    for shift in there {
        if shift.person_id.is_some() && !known.iter().any(|one| one.seat == shift.seat) {
            known.push(shift);
        }
    }
    known.sort_by_key(|shift| shift.seat);
    let held: Vec<i64> = there
        .iter()
        .filter(|shift| shift.person_id.is_none() && shift.pinned)
        .map(|shift| shift.seat)
        .filter(|seat| !known.iter().any(|one| one.seat == *seat))
        .collect();
    for seat in held.iter().filter(|seat| **seat < seats) {
        let one = if *seat < officers { &mut of_police } else { &mut of_all };
        *one = (*one - 1).max(0);
    }
    let (mut placed, mut beside, mut left) = (Vec::new(), Vec::new(), Vec::new());
    for shift in &known {
        let uniformed = shift.person_kind.is_some_and(PersonKind::is_uniformed);
        if uniformed && of_police > 0 {
            of_police -= 1;
            placed.push((shift.seat, true, Some(*shift)));
        } else {
            left.push(*shift);
        }
    }
    for shift in left {
        if of_all > 0 {
            of_all -= 1;
            placed.push((shift.seat, false, Some(shift)));
        } else {
            beside.push(shift);
        }
    }
    if !begun {
        let free = (0..).filter(|seat| !held.contains(seat) && !known.iter().any(|one| one.seat == *seat));
        let open = (0..of_police).map(|_| true).chain((0..of_all).map(|_| false));
        placed.extend(free.zip(open).map(|(seat, uniformed)| (seat, uniformed, None)));
    }
    placed.sort_by_key(|(seat, ..)| *seat);
    Placed { seats: placed, beside }
}

fn kind(kind: PersonKind) -> Kind {
    match kind {
        PersonKind::Officer => Kind::Officer,
        PersonKind::Auxiliary => Kind::Auxiliary,
        PersonKind::Patrol => Kind::Patrol,
        PersonKind::Security => Kind::SchoolSecurity,
        PersonKind::Teacher => Kind::Teacher,
        PersonKind::Parent => Kind::Parent,
    }
}

fn bits(has: impl Fn(&str) -> bool) -> u32 {
    Qualification::ALL.iter().enumerate().filter(|(_, one)| has(one.code())).map(|(at, _)| 1 << at).sum()
}

/// A qualification that is on no list.
const NOBODY_HAS: u32 = 1 << 31;

fn slot_peak(posts: &Posts, slot: Uuid) -> rostering::Peak {
    match posts.slots.iter().find(|one| one.id == slot).map(|one| one.kind) {
        Some(Peak::MorningIn) => rostering::Peak::Early,
        Some(Peak::EveningOut | Peak::LateOut) => rostering::Peak::Late,
        _ => rostering::Peak::Midday,
    }
}

/// Day 0 of a problem: the Monday of the week before, so that the night before its first day lies in it too.
pub(super) fn origin(first: Date) -> Date {
    monday(first).checked_sub(7.days()).unwrap_or(first)
}

/// Days and minutes since the midnight of a day.
pub(super) struct Since(pub(super) Timestamp);

impl Since {
    pub(super) fn minutes(&self, at: Timestamp) -> i64 {
        (at.as_second() - self.0.as_second()).div_euclid(60)
    }
}

pub(super) fn at(day: i64, minute: i64) -> i32 {
    (day * i64::from(DAY) + minute).clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32
}

/// Whoever has a duty that the problem does not know is left alone that day, sleeps before and after it, and has one duty fewer in that week.
fn occupy(problem: &mut Problem, person: usize, (from, to): (i64, i64)) {
    let day = from.div_euclid(i64::from(DAY));
    let who = &mut problem.people[person];
    who.away.push(Span { from: at(day, 0), to: at(day + 1, 0) });
    let rest = i64::from(who.rest);
    who.away.push(Span { from: at(0, from - rest), to: at(0, to + rest) });
    let Some(week) = usize::try_from(day.div_euclid(7)).ok().and_then(|week| who.elsewhere.get_mut(week)) else {
        return;
    };
    *week += 1;
    if *week >= who.most.per_week {
        // One has to be left; the week is not theirs.
        *week = who.most.per_week.saturating_sub(1);
        let monday = day.div_euclid(7) * 7;
        who.away.push(Span { from: at(monday, 0), to: at(monday + 7, 0) });
    }
}

fn because(rule: Rule) -> &'static str {
    match rule {
        Rule::Qualified => "不是要的人员或者缺资格",
        Rule::Available => "请假、当天或者这一周另有安排",
        Rule::Barred => "有的岗位或者时段不能站",
        Rule::WayKnown => "没有填到这所学校要几分钟",
        Rule::OneAtATime => "同一天站别的学校，赶不过来",
        Rule::Rest => "休息不够",
        Rule::PerDay => "当天已满",
        Rule::PerWeek => "这一周已满",
        Rule::PerPeriod => "已满",
        Rule::Company => "不能单独上岗",
    }
}
