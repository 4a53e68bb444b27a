//! A roster for a period, from the posts and the people, by `rostering`: made as a draft that somebody publishes, with a reason for every seat
//! that stays empty; and mended by as few changes as possible when somebody cannot come.

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;

use db::Tx;
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use rostering::{
    Clash, DAY, Effort, Fixed, Flaw, Kind, Kinds, MOST_PER_DAY, Most, Post, Prepared, Problem, Rule, Seat, Span,
    Travel, Whom, bound, explain, repair, solve,
};
use serde::Deserialize;
use uuid::Uuid;

use super::coverage::{Need, Posts, needs};
use super::model::{Alone, Peak, PersonKind, Qualification, ShiftState, Windows, clock, day_of, monday, short};
use super::shift_store::{
    self, ADD, ADD_GAP, ADD_ROSTER, DROP_ROSTER, DROP_SHIFTS, GAP_SEATS, GapSeat, OF_ROSTER, PIN, PUBLISH,
    PUBLISH_SHIFTS, RosterRow, SHARES, Share, Shift,
};
use super::store::{self, Leave, Person, ReachRow, WayRow, whole};
use super::walk::{self, Walk};
use super::{news, person, school, shift};
use crate::access::{Act, Scope};
use crate::audit;
use crate::error::{Error, Result};
use crate::settings::{self, Setting};

/// What a roster keeps to besides the limits of each person.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Rostering {
    /// Between the last duty of a day and the first of the next.
    pub rest_hours: i64,
    /// The longest period that is made at once.
    pub roster_days: i64,
}

impl Setting for Rostering {
    const NAME: &'static str = "duty.rostering";
}

/// The problem with what its indices mean.
struct Built {
    problem: Problem,
    people: Vec<Person>,
    needs: Vec<Need>,
    /// Of each slot: its need, and the number of each of its seats.
    slots: Vec<(usize, Vec<i64>)>,
    /// What is down already: slot, seat, person and the shift's id.
    known: Vec<(usize, usize, usize, Shift)>,
    /// Pinned duties of the draft that is worked out again.
    pins: Vec<Shift>,
    /// Seats of slots that somebody has against the rules: they stay as they are, and nobody else takes them.
    settled: Vec<(usize, usize)>,
    /// 定责 of each gate.
    duties: HashMap<Uuid, String>,
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

fn at(day: i64, minute: i64) -> i32 {
    (day * i64::from(DAY) + minute).clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32
}

/// Days and minutes since the midnight of a day.
struct Since(Timestamp);

impl Since {
    fn minutes(&self, at: Timestamp) -> i64 {
        (at.as_second() - self.0.as_second()).div_euclid(60)
    }
}

/// Day 0 of a problem: the Monday of the week before, so that the night before its first day lies in it too.
fn origin(first: Date) -> Date {
    monday(first).checked_sub(7.days()).unwrap_or(first)
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

/// What a problem is made of besides the posts.
struct Known {
    people: Vec<Person>,
    reaches: Vec<ReachRow>,
    ways: Vec<WayRow>,
    leaves: Vec<Leave>,
    /// On which rounds they are to be.
    walks: HashMap<Uuid, Vec<Walk>>,
    /// What is down already, of whole weeks and a day on each side, anywhere in the bureau.
    standing: Vec<Shift>,
    /// Early and late peaks of the term so far, by person.
    carried: HashMap<Uuid, [u16; 2]>,
    pins: Vec<Shift>,
}

/// How many early and late peaks of the term somebody has had, compared with the others of their unit and kind. Whoever was not on the list yet, or
/// had leave, is credited what the others had in that time: nobody makes up for it.
async fn carried(tx: &mut Tx, act: &Act, people: &[Person], first: Date) -> Result<HashMap<Uuid, [u16; 2]>> {
    let table = school::timetable(tx, act.tenant, first, first).await?;
    let terms = table.terms.iter().filter(|term| (term.first..=term.last).contains(&first));
    let Some(since) = terms.map(|term| term.first).min().filter(|since| *since < first) else {
        return Ok(HashMap::new());
    };
    let until = first.checked_sub(1.day()).unwrap_or(first);
    let (from, to) = (since.to_string(), first.to_string());
    let mut had: HashMap<Uuid, [f64; 2]> = HashMap::new();
    for share in whole(tx.all::<Share>(SHARES.bind(act.tenant).bind(&from).bind(&to)).await?, 20_000)? {
        let kind = match share.peak {
            Peak::MorningIn => 0,
            Peak::EveningOut | Peak::LateOut => 1,
            Peak::NoonOut | Peak::NoonIn => continue,
        };
        had.entry(share.person_id).or_default()[kind] += share.shifts as f64;
    }
    let leaves = store::leaves(tx, act.tenant, (&from, &until.to_string())).await?;
    let days = f64::from((first - since).get_days());
    let missed = |person: &Person| -> f64 {
        let joined = day_of(person.created_at).clamp(since, first);
        let on_leave = leaves.iter().filter(|leave| leave.person_id == person.id).map(|leave| {
            let (Ok(start), Ok(end)) = (leave.first_day.parse::<Date>(), leave.last_day.parse::<Date>()) else {
                return 0;
            };
            ((end.min(until) - start.max(joined)).get_days() + 1).max(0)
        });
        f64::from((joined - since).get_days() + on_leave.sum::<i32>()).min(days)
    };
    let mut teams: HashMap<(Uuid, PersonKind), Vec<&Person>> = HashMap::new();
    for person in people {
        teams.entry((person.organisation_id, person.kind)).or_default().push(person);
    }
    let mut carried: HashMap<Uuid, [u16; 2]> = HashMap::new();
    for team in teams.values() {
        for kind in 0..2 {
            let own = |person: &Person| had.get(&person.id).map_or(0.0, |had| had[kind]);
            let (sum, present) = team
                .iter()
                .fold((0.0, 0.0), |(sum, present), person| (sum + own(person), present + days - missed(person)));
            let rate = if present > 0.0 { sum / present } else { 0.0 };
            let counts: Vec<f64> = team.iter().map(|person| own(person) + rate * missed(person)).collect();
            // Only what one has more than another counts.
            let least = counts.iter().copied().fold(f64::INFINITY, f64::min);
            for (person, count) in team.iter().zip(&counts) {
                carried.entry(person.id).or_default()[kind] = (count - least).round().clamp(0.0, 1000.0) as u16;
            }
        }
    }
    Ok(carried)
}

impl Built {
    /// `absent` is somebody who need not be on the list any more, and whose leave is what is to be mended.
    async fn read(
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
            walks,
            standing: shift_store::of_days(tx, act.tenant, &Scope::tenant(), (&week.0, &week.1)).await?,
            carried: carried(tx, act, &people, days.0).await?,
            people,
            pins,
        };
        Built::of(&posts, needs, known, (&alone, &rules), days)
    }

    fn of(
        posts: &Posts,
        needs: Vec<Need>,
        known: Known,
        (alone, rules): (&Alone, &Rostering),
        days: (Date, Date),
    ) -> Result<Built> {
        let Known { people, reaches, ways, leaves, walks, standing, carried, pins } = known;
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
            barred_posts: Vec::new(),
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
            let there = taken.remove(&(need.day.to_string(), need.gate, need.slot)).unwrap_or_default();
            carried_over.extend(there.iter().filter(|shift| shift.state == ShiftState::Draft).cloned());
            for shift in there.iter().filter(|shift| !(0..gate.seats).contains(&shift.seat)) {
                elsewhere(&mut problem, shift);
            }
            let (mut seats, mut numbers, mut own) = (Vec::new(), Vec::new(), Vec::new());
            for number in 0..gate.seats {
                let kinds = if number < gate.officers { police } else { Kinds::ALL };
                let who = there.iter().find(|shift| shift.seat == number && shift.person_id.is_some());
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
            problem.slots.push(rostering::Slot { post, day: day as usize, window, peak, seats, pair: false });
        }
        let duties = posts.gates.iter().map(|gate| (gate.id, gate.duty.clone())).collect();
        let pins = carried_over;
        Ok(Built { problem, people, needs, slots, known, pins, settled: Vec::new(), duties })
    }

    /// A duty stays as it is and out of the problem: its seat is nobody's, and whoever has it has a duty fewer to give.
    fn settle(&mut self, against: &[(usize, usize)]) {
        for (person, slot) in against {
            let span = self.problem.slots[*slot].span();
            occupy(&mut self.problem, *person, (i64::from(span.from), i64::from(span.to)));
        }
        for (slot, seat, person, _) in &self.known {
            if against.contains(&(*person, *slot)) {
                self.problem.slots[*slot].seats[*seat].qualifications = NOBODY_HAS;
                self.settled.push((*slot, *seat));
            }
        }
        self.known.retain(|(slot, _, person, _)| !against.contains(&(*person, *slot)));
    }

    /// With what is down already as it is. What the rules would not allow is taken out of the problem, and whoever has it is left alone that day.
    fn fixed(mut self) -> Result<(Prepared, Built)> {
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

    fn need(&self, slot: usize) -> &Need {
        &self.needs[self.slots[slot].0]
    }

    fn name(&self, person: usize) -> &str {
        &self.people[person].name
    }

    /// `没有空：3 人当天请假；2 人一周已满`
    fn words(&self, clash: &Clash) -> String {
        let mut parts: Vec<(Rule, usize)> = Vec::new();
        for (rule, _) in clash.rules.iter().filter(|(_, whom)| matches!(whom, Whom::Person(_))) {
            match parts.iter_mut().find(|(known, _)| known == rule) {
                Some((_, count)) => *count += 1,
                None => parts.push((*rule, 1)),
            }
        }
        parts.sort();
        let mut words: Vec<String> =
            parts.into_iter().map(|(rule, count)| format!("{count} 人{}", because(rule))).collect();
        if clash.rules.iter().any(|(rule, _)| *rule == Rule::Company) {
            words.push("只剩不能单独上岗的人".to_owned());
        }
        if !clash.seats.is_empty() {
            words.push(format!("能来的人都要留给别的 {} 个岗位", clash.seats.len()));
        }
        if words.is_empty() { "名单上没有人".to_owned() } else { words.join("；") }
    }
}

fn slot_peak(posts: &Posts, slot: Uuid) -> rostering::Peak {
    match posts.slots.iter().find(|one| one.id == slot).map(|one| one.kind) {
        Some(Peak::MorningIn) => rostering::Peak::Early,
        Some(Peak::EveningOut | Peak::LateOut) => rostering::Peak::Late,
        _ => rostering::Peak::Midday,
    }
}

fn because(rule: Rule) -> &'static str {
    match rule {
        Rule::Qualified => "不是要的人员或者缺资格",
        Rule::Available => "请假、当天或者这一周另有安排",
        Rule::Barred => "不能站这个岗",
        Rule::WayKnown => "没有填到这所学校要几分钟",
        Rule::OneAtATime => "同一天站别的学校，赶不过来",
        Rule::Rest => "休息不够",
        Rule::PerDay => "当天已满",
        Rule::PerWeek => "这一周已满",
        Rule::PerPeriod => "已满",
        Rule::Company => "不能单独上岗",
    }
}

/// The same posts and people with the same seed give the same roster, whatever machine makes it.
fn effort(seats: usize, seed: i64) -> Effort {
    Effort { seed: seed as u64, threads: 2, rounds: 3, steps: (seats as u64 * 200).clamp(20_000, 400_000) }
}

fn within(days: (Date, Date), most: i64) -> Result<()> {
    if days.1 < days.0 {
        return Err(Error::refused("最后一天要在第一天以后"));
    }
    if i64::from((days.1 - days.0).get_days()) >= most {
        return Err(Error::refused(format!("一次最多排 {most} 天，请分几次排")));
    }
    Ok(())
}

/// A roster that has been worked out and not written down yet.
pub struct Draft {
    days: (Date, Date),
    seed: i64,
    built: Built,
    prepared: Prepared,
    roster: rostering::Roster,
    clashes: Vec<Clash>,
    least: i64,
    /// The draft in whose place it comes, with its unit.
    replaces: Option<(Uuid, Uuid)>,
}

/// Works a roster out for a period: whoever is down already stays, the other seats are filled. It takes some seconds and only reads, so that
/// nobody waits for it at a gate.
///
/// Errors: refused if it is not known whether there is school, nobody is on the list, or nothing is to be kept.
pub async fn work_out(tx: &mut Tx, act: &Act, scope: &Scope, days: (Date, Date), seed: i64) -> Result<Draft> {
    worked_out(tx, act, scope, (days, seed), (Vec::new(), None)).await
}

/// Works a draft out again, with another seed or after something has changed: what was pinned in it stays.
///
/// Errors: refused as [`work_out`] is, and where it is no draft any more.
pub async fn work_out_again(tx: &mut Tx, act: &Act, scope: &Scope, roster: &RosterRow, seed: i64) -> Result<Draft> {
    if roster.state != "draft" {
        return Err(Error::refused("已经发布或者放弃了，不能再排"));
    }
    let day = |text: &str| text.parse::<Date>().map_err(|error| Error::Internal(error.into()));
    let days = (day(&roster.first_day)?, day(&roster.last_day)?);
    let mut pins = drafts(tx, act.tenant, roster.id).await?;
    pins.retain(|shift| shift.pinned && shift.person_id.is_some());
    worked_out(tx, act, scope, (days, seed), (pins, Some((roster.id, roster.organisation_id)))).await
}

async fn worked_out(
    tx: &mut Tx,
    act: &Act,
    scope: &Scope,
    (days, seed): ((Date, Date), i64),
    (pins, replaces): (Vec<Shift>, Option<(Uuid, Uuid)>),
) -> Result<Draft> {
    let rules: Rostering = settings::read(tx, act.tenant, act.at).await?;
    within(days, rules.roster_days)?;
    if days.0 < day_of(act.at) {
        return Err(Error::refused("从今天或者以后排起"));
    }
    let built = Built::read(tx, act, scope, days, (None, pins)).await?;
    if built.people.is_empty() {
        return Err(Error::refused("人员名单还是空的，先登记人员"));
    }
    if built.problem.slots.is_empty() {
        return Err(Error::refused("这几天没有要排的岗位：不上课，或者都已经排满"));
    }
    let (prepared, built) = built.fixed()?;
    let worked = tokio::task::spawn_blocking(move || {
        let roster = solve(&prepared, None, &effort(prepared.seats(), seed), &|_| ControlFlow::Continue(()));
        let (clashes, least) = (explain(&prepared, &roster), bound(&prepared).unfilled);
        (prepared, roster, clashes, least)
    });
    let (prepared, roster, mut clashes, least) = worked.await.map_err(|error| Error::Internal(error.into()))?;
    clashes.retain(|clash| !built.settled.contains(&prepared.slot_of(clash.seat)));
    let least = (least - built.settled.len() as i64).max(0);
    Ok(Draft { days, seed, built, prepared, roster, clashes, least, replaces })
}

/// Writes down what [`work_out`] has found, for somebody to publish. What has changed since is found then.
pub async fn draft(tx: &mut Tx, act: &Act, draft: &Draft) -> Result<Uuid> {
    let Draft { days, seed, built, prepared, roster, clashes, least, replaces } = draft;
    let unit = replaces.map(|(_, unit)| unit).or(act.organisation).ok_or(Error::Forbidden)?;
    if let Some((before, _)) = replaces {
        let mut now = drafts(tx, act.tenant, *before).await?;
        now.retain(|shift| shift.pinned && shift.person_id.is_some());
        let same = |pin: &Shift| now.iter().any(|one| (one.id, one.lock_version) == (pin.id, pin.lock_version));
        if !built.pins.iter().all(same) {
            return Err(Error::Stale("草稿里固定的班刚刚有变化，请看一下再排。".to_owned()));
        }
        drop_draft(tx, act, *before).await?;
    }
    let id = act.id();
    let row = ADD_ROSTER.bind(act.tenant).bind(id).bind(unit).bind(days.0.to_string()).bind(days.1.to_string());
    let row = row.bind(*seed).bind(prepared.seats() as i64).bind(clashes.len() as i64).bind(*least).bind(act.account);
    tx.execute(row.bind(act.at)).await?;
    let mut shifts = Vec::new();
    for seat in 0..prepared.seats() {
        let (slot, of_slot) = prepared.slot_of(seat);
        let fixed = built.known.iter().any(|(known, number, ..)| *known == slot && *number == of_slot);
        let empty = clashes.iter().any(|clash| clash.seat == seat);
        let Some(person) = roster.who(seat).filter(|_| !fixed && !empty) else { continue };
        let need = built.need(slot);
        let duty = built.duties.get(&need.gate).map_or("", String::as_str);
        let row = ADD.bind(act.tenant).bind(act.id()).bind(id).bind(need.school).bind(need.day.to_string());
        let row = row.bind(need.gate).bind(need.slot).bind(built.slots[slot].1[of_slot]).bind(built.people[person].id);
        let row = row.bind(duty).bind(need.starts_at).bind(need.ends_at).bind(ShiftState::Draft).bind(false).bind("");
        shifts.push(row.bind(None::<Uuid>).bind(None::<Timestamp>).bind("").bind(act.at).bind(1));
    }
    for pin in &built.pins {
        let row = ADD.bind(act.tenant).bind(act.id()).bind(id).bind(pin.school_id).bind(&pin.day);
        let row = row.bind(pin.gate_id).bind(pin.slot_id).bind(pin.seat).bind(pin.person_id).bind(&pin.duty);
        let row = row.bind(pin.starts_at).bind(pin.ends_at).bind(ShiftState::Draft).bind(true).bind("");
        shifts.push(row.bind(None::<Uuid>).bind(None::<Timestamp>).bind("").bind(act.at).bind(1));
    }
    tx.execute_many(ADD, shifts).await?;
    let gaps = clashes.iter().map(|clash| {
        let (slot, of_slot) = prepared.slot_of(clash.seat);
        let need = built.need(slot);
        let row = ADD_GAP.bind(act.tenant).bind(id).bind(need.day.to_string()).bind(need.gate).bind(need.slot);
        row.bind(built.slots[slot].1[of_slot]).bind(built.words(clash)).bind(clash.proved)
    });
    tx.execute_many(ADD_GAP, gaps.collect()).await?;
    audit::record(tx, act, "create", ("duty_roster", id), "", &[]).await?;
    Ok(id)
}

/// What is wrong with putting a draft in force as it is; nothing if all is well. Whoever calls holds everybody who is in it.
async fn conflicts(tx: &mut Tx, act: &Act, roster: &RosterRow, drafts: &[Shift]) -> Result<Vec<String>> {
    let scope = Scope::tenant();
    let span = (roster.first_day.as_str(), roster.last_day.as_str());
    let standing = shift_store::of_days(tx, act.tenant, &scope, span).await?;
    let standing: Vec<&Shift> = standing.iter().filter(|shift| shift.absent_at.is_none()).collect();
    let leaves = store::leaves(tx, act.tenant, span).await?;
    let mut on_leave: HashMap<Uuid, Vec<&Leave>> = HashMap::new();
    leaves.iter().for_each(|leave| on_leave.entry(leave.person_id).or_default().push(leave));
    let walks = walk::of_days(tx, act.tenant, span).await?;
    // What is kept on these days, as it is known now.
    let posts = Posts::read(tx, act.tenant, &scope).await?;
    let windows: Windows = settings::read(tx, act.tenant, act.at).await?;
    let day = |text: &str| text.parse::<Date>().map_err(|error| Error::Internal(error.into()));
    let (needs, _) = needs(tx, act.tenant, &posts, &windows, (day(span.0)?, day(span.1)?)).await?;
    let asked: HashSet<(String, Uuid, Uuid)> =
        needs.iter().map(|need| (need.day.to_string(), need.gate, need.slot)).collect();
    let gates: HashMap<Uuid, &store::Gate> = posts.gates.iter().map(|gate| (gate.id, gate)).collect();
    let mut people: HashMap<Uuid, Person> = HashMap::new();
    for draft in drafts {
        if let Some(person) = draft.person_id.filter(|id| !people.contains_key(id)) {
            people.insert(person, store::person(tx, act.tenant, person).await?);
        }
    }
    let mut by_person: HashMap<(Uuid, &str), Vec<&Shift>> = HashMap::new();
    type Seat<'a> = (&'a str, Option<Uuid>, Option<Uuid>, i64);
    let mut by_seat: HashMap<Seat<'_>, &Shift> = HashMap::new();
    for shift in &standing {
        if let Some(person) = shift.person_id {
            by_person.entry((person, &shift.day)).or_default().push(shift);
        }
        by_seat.insert((&shift.day, shift.gate_id, shift.slot_id, shift.seat), shift);
    }
    let mut found = Vec::new();
    for draft in drafts {
        let seat = draft.gate_id.zip(draft.slot_id).map(|(gate, slot)| (draft.day.clone(), gate, slot));
        if seat.is_none_or(|seat| !asked.contains(&seat)) {
            found.push(format!("{} {} 不用站了，或者不知道上不上课", draft.day, draft.place()));
            continue;
        }
        if let Some(other) = by_seat.get(&(draft.day.as_str(), draft.gate_id, draft.slot_id, draft.seat)) {
            found.push(format!("{} {} 已经由{}站", draft.day, draft.place(), other.who()));
        }
        let Some(person) = draft.person_id.and_then(|id| people.get(&id)) else { continue };
        if person.ended_at.is_some() {
            found.push(format!("{} {}已经不在名单上", draft.day, person.name));
        }
        let away = |leave: &&&Leave| leave.first_day <= draft.day && leave.last_day >= draft.day;
        if on_leave.get(&person.id).into_iter().flatten().any(|leave| away(&leave)) {
            found.push(format!("{} {}请假", draft.day, person.name));
        }
        let needed = draft.gate_id.and_then(|gate| gates.get(&gate)?.qualification.as_deref());
        if needed.is_some_and(|needed| !person.has(needed)) {
            found.push(format!("{} {} 要的资格，{}没有登记", draft.day, draft.place(), person.name));
        }
        let hours = draft.starts_at.zip(draft.ends_at);
        let walk = walks.get(&person.id).and_then(|walks| walks.iter().find(|walk| walk.meets(hours)));
        if let Some(walk) = walk {
            found.push(format!("{} {}已经排在巡逻路线“{}”上", draft.day, person.name, walk.route_name));
        }
        // Of two drafts the second is found against the first.
        let others = by_person.entry((person.id, &draft.day)).or_default();
        let touches = |other: &&&Shift| {
            let times = draft.starts_at.zip(draft.ends_at).zip(other.starts_at.zip(other.ends_at));
            times.is_some_and(|((from, to), (start, end))| from < end && start < to)
        };
        if let Some(other) = others.iter().find(touches) {
            found.push(format!("{} {} 已经排在{}", draft.day, draft.who(), other.place()));
        }
        if others.len() as i64 >= person.daily {
            found.push(format!("{} {} 一天最多站 {} 班", draft.day, draft.who(), person.daily));
        }
        others.push(draft);
    }
    Ok(found)
}

/// How many seats of a draft nobody has now: some of its gaps may have been filled by hand, and some of its people taken off.
async fn empty_now(tx: &mut Tx, act: &Act, roster: &RosterRow, drafts: &[Shift]) -> Result<i64> {
    let gaps: Vec<GapSeat> = tx.all(GAP_SEATS.bind(act.tenant).bind(roster.id)).await?;
    let span = (roster.first_day.as_str(), roster.last_day.as_str());
    let standing = shift_store::of_days(tx, act.tenant, &Scope::tenant(), span).await?;
    let filled: HashSet<(String, Uuid, Uuid, i64)> = standing
        .into_iter()
        .filter(|shift| shift.absent_at.is_none() && shift.person_id.is_some())
        .filter_map(|shift| shift.gate_id.zip(shift.slot_id).map(|(gate, slot)| (shift.day, gate, slot, shift.seat)))
        .collect();
    let open = gaps.into_iter().filter(|gap| !filled.contains(&(gap.day.clone(), gap.gate_id, gap.slot_id, gap.seat)));
    Ok((open.count() + drafts.iter().filter(|draft| draft.person_id.is_none()).count()) as i64)
}

/// The shifts of a draft.
pub(super) async fn drafts(tx: &mut Tx, tenant: Uuid, roster: Uuid) -> Result<Vec<Shift>> {
    whole(tx.all(OF_ROSTER.bind(tenant).bind(roster).bind("")).await?, 50_000)
}

/// A duty of a draft stays when it is worked out again, or does not have to.
///
/// Errors: stale if somebody else was first, or it is in force.
pub(super) async fn pin(tx: &mut Tx, act: &Act, shift: &Shift, seen: i64, pinned: bool) -> Result<()> {
    if tx.execute(PIN.bind(act.tenant).bind(shift.id).bind(seen).bind(pinned)).await? == 0 {
        return Err(Error::Stale("这一班刚刚有变化，请看一下再固定。".to_owned()));
    }
    audit::record(tx, act, if pinned { "pin" } else { "unpin" }, ("duty_shift", shift.id), "", &[]).await
}

/// Puts a draft in force. Whoever knows that seats are empty says so.
///
/// Errors: refused if somebody has been put down otherwise since, or if empty seats were not looked at.
pub async fn publish(tx: &mut Tx, act: &Act, roster: &RosterRow, seen: i64, in_spite: bool) -> Result<()> {
    let drafts = drafts(tx, act.tenant, roster.id).await?;
    // Nobody is put down elsewhere while this is looked at.
    person::hold(tx, act.tenant, drafts.iter().filter_map(|draft| draft.person_id).collect()).await?;
    let found = conflicts(tx, act, roster, &drafts).await?;
    if let Some(first) = found.first() {
        return Err(Error::refused(format!("草稿做好以后有 {} 处变了：{first}。请用这份再排一次", found.len())));
    }
    let empty = empty_now(tx, act, roster, &drafts).await?;
    if empty > 0 && !in_spite {
        return Err(Error::refused(format!("还有 {empty} 个位置没有人。确实要这样发布，请勾选")));
    }
    let row = PUBLISH.bind(act.tenant).bind(roster.id).bind(seen).bind(act.account).bind(act.at);
    if tx.execute(row).await? == 0 {
        return Err(Error::Stale("这份排班刚刚有人发布或者放弃了。".to_owned()));
    }
    match tx.execute(PUBLISH_SHIFTS.bind(act.tenant).bind(roster.id)).await {
        Err(db::Error::Duplicate(_)) => return Err(Error::Stale("有岗位刚刚排上了人，请重新排一次。".to_owned())),
        other => other?,
    };
    let mut schools: Vec<(Uuid, &str)> = drafts.iter().map(|draft| (draft.school_id, draft.day.as_str())).collect();
    // Of each school the last day is enough.
    schools.sort_unstable_by(|a, b| a.0.cmp(&b.0).then(b.1.cmp(a.1)));
    schools.dedup_by_key(|(school, _)| *school);
    for (school, day) in schools {
        news::watch(tx, act, school, day).await?;
    }
    audit::record(tx, act, "publish", ("duty_roster", roster.id), "", &[]).await
}

/// Gives a draft up.
///
/// Errors: refused once it is published.
pub(super) async fn drop_draft(tx: &mut Tx, act: &Act, id: Uuid) -> Result<()> {
    if tx.execute(DROP_ROSTER.bind(act.tenant).bind(id)).await? == 0 {
        return Err(Error::refused("已经发布的排班不能放弃，要改就一班一班地改"));
    }
    tx.execute(DROP_SHIFTS.bind(act.tenant).bind(id)).await?;
    audit::record(tx, act, "give_up", ("duty_roster", id), "", &[]).await
}

/// One seat that changes when somebody cannot come.
#[derive(Debug, Clone)]
pub struct Mended {
    pub need: Need,
    /// The shift as it stands; `None` for a seat that was empty.
    pub shift: Option<Shift>,
    pub to: Option<(Uuid, String)>,
}

impl Mended {
    /// `9月1日 周二 07:10–08:20`
    pub fn when(&self) -> String {
        format!("{} {}–{}", short(self.need.day), clock(self.need.starts_at), clock(self.need.ends_at))
    }

    pub fn before(&self) -> &str {
        self.shift.as_ref().map_or("（空着）", Shift::who)
    }

    pub fn after(&self) -> &str {
        self.to.as_ref().map_or("没有人能站", |(_, name)| name)
    }
}

/// How what is down from one day to another has to change so that somebody need not come: as few seats as are found, pinned ones never.
/// Nothing is written.
///
/// Errors: refused if it is not known whether there is school.
pub async fn mend(tx: &mut Tx, act: &Act, scope: &Scope, person: Uuid, days: (Date, Date)) -> Result<Vec<Mended>> {
    let rules: Rostering = settings::read(tx, act.tenant, act.at).await?;
    within(days, rules.roster_days)?;
    let mut built = Built::read(tx, act, scope, days, (Some(person), Vec::new())).await?;
    let Some(absent) = built.people.iter().position(|one| one.id == person) else { return Err(Error::NotFound) };
    if built.problem.slots.is_empty() {
        return Ok(Vec::new());
    }
    let first = origin(days.0);
    let span = {
        let day = |day: Date| i64::from((day - first).get_days());
        Span { from: at(day(days.0), 0), to: at(day(days.1) + 1, 0) }
    };
    let since = Since(super::model::moment(first, 0).ok_or(Error::NotFound)?);
    let now = since.minutes(act.at).clamp(0, i64::from(i32::MAX)) as i32;
    // Whatever they have done already is done.
    let done: Vec<(usize, usize)> = built
        .known
        .iter()
        .filter(|(_, _, who, shift)| *who == absent && shift.came_at.is_some())
        .map(|(slot, _, who, _)| (*who, *slot))
        .collect();
    built.settle(&done);
    // What is down against the rules is nobody's business here: it is settled, and nothing else is let go for it.
    let (_, mut built) = built.fixed()?;
    let settled: HashSet<usize> = built.settled.iter().map(|(slot, _)| *slot).collect();
    // What has been pinned stays, and whoever is there already.
    let stays = |(slot, seat, who, shift): &(usize, usize, usize, Shift)| {
        let stays = shift.pinned || shift.came_at.is_some() || settled.contains(slot);
        (stays && *who != absent).then_some(Fixed { person: *who, slot: *slot, seat: *seat })
    };
    built.problem.fixed = built.known.iter().filter_map(stays).collect();
    let broken = |flaws: Vec<Flaw>| Error::Internal(anyhow::anyhow!("a roster cannot be mended: {flaws:?}"));
    let prepared = Prepared::new(built.problem.with_absence(absent, span)).map_err(broken)?;
    let mut old = rostering::Roster::empty(&prepared);
    for (slot, seat, who, _) in &built.known {
        old.put(prepared.seat(*slot, *seat), Some(*who));
    }
    let worked = tokio::task::spawn_blocking(move || {
        let mended = repair(&prepared, &old, now, 1);
        (prepared, mended)
    });
    let (prepared, mended) = worked.await.map_err(|error| Error::Internal(error.into()))?;
    let change = |change: &rostering::Change| {
        let (slot, seat) = prepared.slot_of(change.seat);
        let shift = built.known.iter().find(|(known, number, ..)| (*known, *number) == (slot, seat));
        Mended {
            need: built.need(slot).clone(),
            shift: shift.map(|(.., shift)| shift.clone()),
            to: change.after.map(|after| (built.people[after].id, built.name(after).to_owned())),
        }
    };
    Ok(mended.changes.iter().map(change).collect())
}

/// Writes what [`mend`] has found: first everybody is taken off, then put down, so that nobody is at two posts in between.
///
/// Errors: refused or stale if something has changed since.
pub async fn apply(tx: &mut Tx, act: &Act, changes: &[Mended]) -> Result<()> {
    for change in changes {
        if let Some(one) = &change.shift {
            let to = (None, one.duty.as_str(), one.starts_at.zip(one.ends_at), one.pinned);
            shift::change(tx, act, one, one.lock_version, to).await?;
        }
    }
    for change in changes {
        let Some((person, _)) = &change.to else { continue };
        match &change.shift {
            Some(one) => {
                let to = (Some(*person), one.duty.as_str(), one.starts_at.zip(one.ends_at), one.pinned);
                shift::change(tx, act, one, one.lock_version + 1, to).await?;
            }
            None => {
                let need = &change.need;
                let duty = store::gate(tx, act.tenant, need.gate).await?.duty;
                let new = shift::NewShift {
                    school: need.school,
                    day: need.day,
                    post: Some((need.gate, need.slot)),
                    person: Some(*person),
                    duty,
                    span: Some((need.starts_at, need.ends_at)),
                    pinned: false,
                    stands_for: None,
                };
                shift::put(tx, act, &new).await?;
            }
        }
    }
    Ok(())
}
