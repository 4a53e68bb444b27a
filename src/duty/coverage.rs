//! The posts that are to be kept, and how far somebody is put down for each: the table of a day, a week, a term.

use std::collections::{HashMap, HashSet};

use calendar::WorkingDays;
use db::Tx;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};
use uuid::Uuid;

use super::model::{
    Alone, Fixed, Fixings, OnDays, Peak, SchoolDay, ShiftState, Stand, Weekdays, Windows, around, day_of, moment, short,
    uncovered, weekday,
};
use super::shift_store::{self, Shift};
use super::store::{BELLS, Bell, GATES, Gate, SIZES, SLOT_GATES, SLOTS, Size, Slot, SlotGate, whole};
use super::{school, store};
use crate::access::Scope;
use crate::error::Result;
use crate::settings;

/// Everything that is guarded within reach.
pub(super) struct Posts {
    pub schools: Vec<store::School>,
    pub gates: Vec<Gate>,
    pub slots: Vec<Slot>,
    pub bells: HashMap<Uuid, Vec<Bell>>,
    pub open: Vec<SlotGate>,
    /// How many were needed at gates that have been changed since, the first change first.
    pub sizes: HashMap<Uuid, Vec<Size>>,
}

impl Posts {
    /// As it is now.
    pub async fn read(tx: &mut Tx, tenant: Uuid, scope: &Scope) -> Result<Posts> {
        Posts::read_since(tx, tenant, scope, Timestamp::MAX).await
    }

    /// As it is now, with what was still guarded at a moment.
    pub async fn read_since(tx: &mut Tx, tenant: Uuid, scope: &Scope, since: Timestamp) -> Result<Posts> {
        let reach = |statement: db::Statement| statement.bind(tenant).bind(scope.account).bind(&scope.roles).bind(since);
        let mut bells: HashMap<Uuid, Vec<Bell>> = HashMap::new();
        for bell in whole(tx.all::<Bell>(reach(BELLS)).await?, 20_000)? {
            bells.entry(bell.slot_id).or_default().push(bell);
        }
        let mut sizes: HashMap<Uuid, Vec<Size>> = HashMap::new();
        for size in whole(tx.all::<Size>(SIZES.bind(tenant).bind(since)).await?, 20_000)? {
            sizes.entry(size.gate_id).or_default().push(size);
        }
        let schools = whole(store::schools(tx, tenant, scope).await?, 1000)?;
        Ok(Posts {
            schools: schools.into_iter().filter(|one| one.closed_at.is_none_or(|at| at > since)).collect(),
            gates: whole(tx.all(reach(GATES)).await?, 5000)?,
            slots: whole(tx.all(reach(SLOTS)).await?, 5000)?,
            bells,
            open: whole(tx.all(reach(SLOT_GATES)).await?, 20_000)?,
            sizes,
        })
    }

    /// How many were needed at a gate at a moment, and how many of them in uniform.
    pub fn size(&self, gate: &Gate, at: Timestamp) -> (i64, i64) {
        let then = self.sizes.get(&gate.id).into_iter().flatten().find(|size| size.until_at > at);
        then.map_or((gate.seats, gate.officers), |size| (size.seats, size.officers))
    }

    /// The minutes of a day around a peak.
    pub fn window(&self, slot: &Slot, windows: &Windows) -> Option<(i64, i64)> {
        let bells: Vec<i64> = self.bells.get(&slot.id)?.iter().map(|bell| bell.minute).collect();
        around(&bells, slot.early.unwrap_or(windows.early_minutes), slot.stay.unwrap_or(windows.stay_minutes))
    }
}

/// A post that has to be kept in a peak of a day.
#[derive(Debug, Clone)]
pub struct Need {
    pub day: Date,
    pub school: Uuid,
    pub gate: Uuid,
    pub slot: Uuid,
    pub starts_at: Timestamp,
    pub ends_at: Timestamp,
}

/// A school of whose day the tables do not say whether it is one.
#[derive(Debug, Clone)]
pub struct Unknown {
    pub school: Uuid,
    /// Where it is not known of one peak alone.
    pub slot: Option<Uuid>,
    pub day: Date,
    pub why: String,
}

/// The longest period that is drawn, in days.
pub const LONGEST: i64 = 220;

/// What has to be kept from one day to another, both included, and where nobody knows.
pub(super) async fn needs(
    tx: &mut Tx,
    tenant: Uuid,
    posts: &Posts,
    windows: &Windows,
    days: (Date, Date),
) -> Result<(Vec<Need>, Vec<Unknown>)> {
    needs_by(tx, tenant, posts, &|_| *windows, days).await
}

/// Whether something was there in the time of a peak.
fn lasted(opened: Option<Timestamp>, closed: [Option<Timestamp>; 2], peak: (Timestamp, Timestamp)) -> bool {
    opened.is_none_or(|at| at < peak.1) && closed.into_iter().flatten().all(|at| at > peak.0)
}

/// The same with the minutes around the bells as they were on each day.
async fn needs_by(
    tx: &mut Tx,
    tenant: Uuid,
    posts: &Posts,
    windows: &(dyn Fn(Date) -> Windows + Sync),
    (from, to): (Date, Date),
) -> Result<(Vec<Need>, Vec<Unknown>)> {
    let table = school::timetable(tx, tenant, from, to).await?;
    let working = WorkingDays::embedded();
    let gates: HashMap<Uuid, &Gate> = posts.gates.iter().map(|gate| (gate.id, gate)).collect();
    let (mut needs, mut unknown) = (Vec::new(), Vec::new());
    for day in from.series(1.day()).take_while(|day| *day <= to).take(LONGEST as usize) {
        for school in &posts.schools {
            let exams = match table.of(school.id, day, working) {
                SchoolDay::Lessons => false,
                SchoolDay::Exams => true,
                SchoolDay::Off(_) => continue,
                SchoolDay::Unknown(why) => {
                    unknown.push(Unknown { school: school.id, slot: None, day, why });
                    continue;
                }
            };
            let kept = |slot: &&Slot| {
                slot.school_id == school.id
                    && match slot.days {
                        OnDays::Every => true,
                        OnDays::Lessons => !exams,
                        OnDays::Exams => exams,
                    }
            };
            let (windows, follows) = (windows(day), table.follows(school.id, day));
            for slot in posts.slots.iter().filter(kept) {
                let Some((first, last)) = posts.window(slot, &windows) else { continue };
                let Some((starts_at, ends_at)) = moment(day, first).zip(moment(day, last)) else { continue };
                if !lasted(slot.opened_at, [slot.closed_at, school.closed_at], (starts_at, ends_at)) {
                    continue;
                }
                match Weekdays(slot.weekdays).on(follows, weekday(day)) {
                    Some(true) => {}
                    Some(false) => continue,
                    None => {
                        let why = format!("{} 上周几的课没有登记", short(day));
                        unknown.push(Unknown { school: school.id, slot: Some(slot.id), day, why });
                        continue;
                    }
                }
                for open in posts.open.iter().filter(|open| open.slot_id == slot.id) {
                    let gate = gates.get(&open.gate_id);
                    if gate.is_some_and(|gate| lasted(gate.opened_at, [gate.closed_at, None], (starts_at, ends_at))) {
                        let (school, gate, slot) = (school.id, open.gate_id, slot.id);
                        needs.push(Need { day, school, gate, slot, starts_at, ends_at });
                    }
                }
            }
        }
    }
    Ok((needs, unknown))
}

/// How a shift stands now, as the class of a tag and its word.
pub fn standing(shift: &Shift, windows: &Windows, now: Timestamp) -> (&'static str, &'static str) {
    let late = |at: Timestamp| shift.starts_at.is_some_and(|start| at > start);
    if shift.state == ShiftState::Cancelled {
        ("", "已取消")
    } else if shift.absent_at.is_some() {
        ("late", "缺岗")
    } else if shift.left_at.is_some() {
        ("done", if shift.came_at.is_some_and(late) { "迟到，已离岗" } else { "已离岗" })
    } else if let Some(came) = shift.came_at {
        if late(came) { ("soon", "迟到，在岗") } else { ("done", "在岗") }
    } else if shift.starts_at.is_some_and(|start| now > start + SignedDuration::from_mins(windows.missing_minutes)) {
        ("late", "缺岗，没有来")
    } else if late(now) {
        ("late", "到点没到")
    } else if shift.person_id.is_none() {
        ("late", "没有人")
    } else if shift.confirmed_at.is_some() {
        ("done", "已确认")
    } else {
        ("", "待确认")
    }
}

/// What is missing of what has to be settled.
pub fn missing(shift: &Shift, fixings: &Fixings) -> Vec<Fixed> {
    let lacks = |fixed: &Fixed| match fixed {
        Fixed::School => false,
        Fixed::Point | Fixed::Post => shift.gate_id.is_none(),
        Fixed::Person => shift.person_id.is_none(),
        Fixed::Time => shift.starts_at.is_none(),
        Fixed::Duty => shift.duty.trim().is_empty(),
    };
    fixings.list().into_iter().filter(lacks).collect()
}

/// A post in a peak of a day, with who is put down.
#[derive(Debug, Clone)]
pub struct Kept {
    pub need: Need,
    pub shifts: Vec<Shift>,
    /// How many people were needed then, and how many of them in uniform.
    pub seats: i64,
    pub officers: i64,
    /// Minutes for which the post is not kept, by what is put down.
    pub uncovered: i64,
    /// Some of its shifts are not wholly settled.
    pub unsettled: bool,
}

/// A row of the table: a gate in a peak.
pub struct Row {
    pub school: String,
    pub gate: Gate,
    pub slot: Uuid,
    pub peak: Peak,
    /// `周一到周四`; empty for every school day.
    pub weekdays: String,
    /// `早入校 07:10–08:20`
    pub hours: String,
    /// `7:40 一二年级、7:50 三四年级`
    pub bells: String,
    pub kept: Vec<Kept>,
}

/// What of it happened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rates {
    /// Shifts whose beginning has come, and those who were there by then.
    pub planned: i64,
    pub on_time: i64,
    /// Posts in peaks that have begun, and those where somebody in uniform was.
    pub slots: i64,
    pub seen: i64,
}

impl Rates {
    /// `92.3%`; a dash where nothing has begun.
    pub fn percent(part: i64, of: i64) -> String {
        if of == 0 { "—".to_owned() } else { format!("{:.1}%", part as f64 * 100.0 / of as f64) }
    }

    pub fn attendance(&self) -> String {
        Rates::percent(self.on_time, self.planned)
    }

    pub fn presence(&self) -> String {
        Rates::percent(self.seen, self.slots)
    }
}

pub struct Coverage {
    pub from: Date,
    pub to: Date,
    pub rows: Vec<Row>,
    pub unknown: Vec<Unknown>,
    /// What stands in no peak of the table: without a post, or of a peak that is not kept that day.
    pub others: Vec<Shift>,
    pub rates: Rates,
    pub windows: Windows,
    pub fixings: Fixings,
    /// Who has leave, and on which days.
    away: HashSet<(Uuid, String)>,
}

impl Coverage {
    /// Somebody is down who does not come: they have leave, or are no longer on the list.
    pub fn gone(&self, shift: &Shift) -> Option<&'static str> {
        let person = shift.person_id.filter(|_| shift.came_at.is_none() && shift.absent_at.is_none())?;
        if shift.person_ended_at.is_some_and(|at| shift.ends_at.is_none_or(|end| at < end)) {
            return Some("已经不站岗");
        }
        self.away.contains(&(person, shift.day.clone())).then_some("请假")
    }

    pub fn gaps(&self) -> usize {
        self.rows.iter().flat_map(|row| &row.kept).filter(|kept| kept.uncovered > 0).count()
    }

    pub fn minutes(&self) -> i64 {
        self.rows.iter().flat_map(|row| &row.kept).map(|kept| kept.uncovered).sum()
    }

    pub fn unsettled(&self) -> usize {
        self.rows.iter().flat_map(|row| &row.kept).filter(|kept| kept.unsettled).count()
    }

    /// Each thing that is not known, once, with how many days and schools it concerns.
    pub fn questions(&self) -> Vec<(String, usize)> {
        let mut questions: Vec<(String, usize)> = Vec::new();
        for one in &self.unknown {
            match questions.iter_mut().find(|(why, _)| *why == one.why) {
                Some((_, count)) => *count += 1,
                None => questions.push((one.why.clone(), 1)),
            }
        }
        questions
    }
}

/// The days on which somebody has leave, from one day to another.
async fn away(tx: &mut Tx, tenant: Uuid, (from, to): (Date, Date)) -> Result<HashSet<(Uuid, String)>> {
    let mut away = HashSet::new();
    for leave in store::leaves(tx, tenant, (&from.to_string(), &to.to_string())).await? {
        let (Ok(first), Ok(last)) = (leave.first_day.parse::<Date>(), leave.last_day.parse::<Date>()) else { continue };
        let (first, last) = (first.max(from), last.min(to));
        away.extend(first.series(1.day()).take_while(|day| *day <= last).map(|day| (leave.person_id, day.to_string())));
    }
    Ok(away)
}

/// When somebody stands there: as planned until it is known better, then from when they came until they went; whoever has not come in time
/// is not there.
fn stands(shift: &Shift, need: &Need, alone: &Alone, missing: SignedDuration, now: Timestamp) -> Option<Stand> {
    let kind = shift.person_kind?;
    if shift.absent_at.is_some() {
        return None;
    }
    let (from, to) = (shift.starts_at.unwrap_or(need.starts_at), shift.ends_at.unwrap_or(need.ends_at));
    if shift.came_at.is_none() && now > shift.reach_by.unwrap_or(from).max(from) + missing {
        return None;
    }
    // Whoever is called while the post is open is there when they said.
    let from = shift.came_at.or(shift.reach_by).unwrap_or(from);
    let to = shift.left_at.map_or(to, |left| left.min(to));
    Some(Stand { from, to, uniformed: kind.is_uniformed(), alone: alone.may(kind) })
}

/// The table from one day to another, both included.
pub async fn read(tx: &mut Tx, tenant: Uuid, scope: &Scope, days: (Date, Date), now: Timestamp) -> Result<Coverage> {
    let fixings: Fixings = settings::read(tx, tenant, now).await?;
    let rules = Rules::read(tx, tenant, days, now).await?;
    let windows = rules.now.0;
    let posts = Posts::read_since(tx, tenant, scope, moment(days.0, 0).unwrap_or(now)).await?;
    let (needs, unknown) = needs_by(tx, tenant, &posts, &|day| rules.on(day).0, days).await?;
    let away = away(tx, tenant, days).await?;
    let (from, to) = (days.0.to_string(), days.1.to_string());
    let shifts = shift_store::of_days(tx, tenant, scope, (&from, &to)).await?;
    let mut by_seat: HashMap<(String, Uuid, Uuid), Vec<Shift>> = HashMap::new();
    let mut others = Vec::new();
    for shift in shifts {
        match (shift.gate_id, shift.slot_id) {
            (Some(gate), Some(slot)) => by_seat.entry((shift.day.clone(), gate, slot)).or_default().push(shift),
            _ => others.push(shift),
        }
    }
    let mut table = Coverage {
        from: days.0,
        to: days.1,
        rows: Vec::new(),
        unknown,
        others: Vec::new(),
        rates: Rates::default(),
        windows,
        fixings,
        away,
    };
    let gates: HashMap<Uuid, &Gate> = posts.gates.iter().map(|gate| (gate.id, gate)).collect();
    let mut rates = Rates::default();
    let mut kept: HashMap<(Uuid, Uuid), Vec<Kept>> = HashMap::new();
    for need in needs {
        let shifts = by_seat.remove(&(need.day.to_string(), need.gate, need.slot)).unwrap_or_default();
        let Some(gate) = gates.get(&need.gate) else { continue };
        let (windows, alone) = rules.on(need.day);
        let missing = SignedDuration::from_mins(windows.missing_minutes);
        let there = shifts.iter().filter(|shift| table.gone(shift).is_none());
        let who: Vec<Stand> = there.filter_map(|shift| stands(shift, &need, alone, missing, now)).collect();
        let (seats, officers) = posts.size(gate, need.starts_at);
        let uncovered = uncovered((need.starts_at, need.ends_at), seats, officers, &who);
        if need.starts_at <= now {
            rates.slots += 1;
            let seen = |shift: &Shift| {
                shift.came_at.is_some_and(|came| came <= need.ends_at)
                    && shift.person_kind.is_some_and(super::model::PersonKind::is_uniformed)
            };
            rates.seen += i64::from(shifts.iter().any(seen));
        }
        let unsettled = shifts.iter().any(|shift| !self::missing(shift, &table.fixings).is_empty());
        let one = Kept { seats, officers, uncovered, unsettled, shifts, need };
        kept.entry((one.need.gate, one.need.slot)).or_default().push(one);
    }
    others.extend(by_seat.into_values().flatten());
    others.sort_by(|a, b| (&a.day, a.starts_at, a.id).cmp(&(&b.day, b.starts_at, b.id)));
    let all = kept.values().flatten().flat_map(|kept| &kept.shifts).chain(&others);
    // Who stands in for somebody is not planned once more.
    for shift in all.filter(|shift| shift.stands_for.is_none() && shift.person_id.is_some()) {
        if let Some(start) = shift.starts_at.filter(|start| *start <= now) {
            rates.planned += 1;
            rates.on_time += i64::from(shift.came_at.is_some_and(|came| came <= start));
        }
    }
    let mut rows = Vec::new();
    for gate in &posts.gates {
        let mut own: Vec<Row> = Vec::new();
        for slot in posts.slots.iter().filter(|slot| slot.school_id == gate.school_id) {
            let Some(mut kept) = kept.remove(&(gate.id, slot.id)) else { continue };
            kept.sort_by_key(|kept| kept.need.day);
            let clock =
                |minute: i64| format!("{:02}:{:02}", minute.div_euclid(60).rem_euclid(24), minute.rem_euclid(60));
            let hours =
                posts.window(slot, &windows).map_or(String::new(), |(a, b)| format!("{}–{}", clock(a), clock(b)));
            let bells = posts.bells.get(&slot.id).into_iter().flatten();
            let bells: Vec<String> =
                bells.map(|bell| format!("{} {}", clock(bell.minute), bell.grades).trim().to_owned()).collect();
            let (school, peak, bells) = (gate.school_name.clone(), slot.kind, bells.join("、"));
            let weekdays = Weekdays(slot.weekdays).words();
            own.push(Row { school, gate: gate.clone(), slot: slot.id, peak, weekdays, hours, bells, kept });
        }
        own.sort_by(|a, b| a.hours.cmp(&b.hours));
        rows.extend(own);
    }
    (table.rows, table.others, table.rates) = (rows, others, rates);
    Ok(table)
}

/// What settings said on each day: a change of today does not change the past.
struct Rules {
    now: (Windows, Alone),
    /// Where they differ within the days that are drawn.
    by_day: HashMap<Date, (Windows, Alone)>,
}

impl Rules {
    async fn at(tx: &mut Tx, tenant: Uuid, at: Timestamp) -> Result<(Windows, Alone)> {
        Ok((settings::read(tx, tenant, at).await?, settings::read(tx, tenant, at).await?))
    }

    async fn read(tx: &mut Tx, tenant: Uuid, (from, to): (Date, Date), now: Timestamp) -> Result<Rules> {
        let mut rules = Rules { now: Rules::at(tx, tenant, now).await?, by_day: HashMap::new() };
        let noon = |day: Date| moment(day, 12 * 60).unwrap_or(now);
        let (first, last) = (Rules::at(tx, tenant, noon(from)).await?, Rules::at(tx, tenant, noon(to)).await?);
        if first == rules.now && last == rules.now {
            return Ok(rules);
        }
        for day in from.series(1.day()).take_while(|day| *day <= to).take(LONGEST as usize) {
            rules.by_day.insert(day, Rules::at(tx, tenant, noon(day)).await?);
        }
        Ok(rules)
    }

    fn on(&self, day: Date) -> &(Windows, Alone) {
        self.by_day.get(&day).unwrap_or(&self.now)
    }
}

/// The seat of a post that is free next, or one more beside all that are needed.
pub(super) fn free_seat(shifts: &[Shift]) -> i64 {
    (0..).find(|seat| !shifts.iter().any(|shift| shift.seat == *seat && shift.absent_at.is_none())).unwrap_or(0)
}

/// Today, by the clock of Shanghai.
pub(super) fn today(now: Timestamp) -> Date {
    day_of(now)
}
