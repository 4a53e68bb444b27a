//! The posts that are to be kept, and how far somebody is put down for each: the table of a day, a week, a term.

use std::collections::{HashMap, HashSet};

use calendar::WorkingDays;
use db::Tx;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};
use uuid::Uuid;

use super::model::{
    Alone, Fixed, Fixings, OnDays, Peak, SchoolDay, ShiftState, Stand, Weekdays, Windows, around, clock, day_of,
    moment, short, uncovered, weekday,
};
use super::shift_store::{self, Planned, Shift};
use super::store::{
    BELLS, Bell, CLOSURES, Closure, GATE_PASTS, GATES, Gate, GatePast, SLOT_GATES, SLOT_PASTS, SLOTS, Slot, SlotGate,
    SlotPast, whole,
};
use super::{school, store};
use crate::access::Scope;
use crate::error::Result;
use crate::settings::{self, Over};
use crate::web::show;

/// Everything that is guarded within reach.
pub(super) struct Posts {
    pub schools: Vec<store::School>,
    pub gates: Vec<Gate>,
    pub slots: Vec<Slot>,
    pub bells: HashMap<Uuid, Vec<Bell>>,
    pub open: Vec<SlotGate>,
    /// What was needed at a gate until a moment, the earliest first.
    pasts: HashMap<Uuid, Vec<GatePast>>,
    /// On which days of the week a peak was kept until a moment, the earliest first.
    slot_pasts: HashMap<Uuid, Vec<SlotPast>>,
    /// When a school that is guarded again had been given up.
    closures: Vec<Closure>,
}

impl Posts {
    /// What is kept now.
    pub async fn read(tx: &mut Tx, tenant: Uuid, scope: &Scope) -> Result<Posts> {
        Posts::since(tx, tenant, scope, None).await
    }

    /// What is kept now, and what was kept after a moment and is not any more.
    async fn since(tx: &mut Tx, tenant: Uuid, scope: &Scope, moment: Option<Timestamp>) -> Result<Posts> {
        let after = moment.unwrap_or(Timestamp::MAX);
        let reach =
            |statement: db::Statement| statement.bind(tenant).bind(scope.account).bind(&scope.roles).bind(after);
        let mut pasts: HashMap<Uuid, Vec<GatePast>> = HashMap::new();
        let mut slot_pasts: HashMap<Uuid, Vec<SlotPast>> = HashMap::new();
        let mut closures: Vec<Closure> = Vec::new();
        if let Some(moment) = moment {
            for past in tx.all::<GatePast>(GATE_PASTS.bind(tenant).bind(moment)).await? {
                pasts.entry(past.gate_id).or_default().push(past);
            }
            for past in tx.all::<SlotPast>(SLOT_PASTS.bind(tenant).bind(moment)).await? {
                slot_pasts.entry(past.slot_id).or_default().push(past);
            }
            closures = tx.all(CLOSURES.bind(tenant).bind(moment)).await?;
        }
        let mut bells: HashMap<Uuid, Vec<Bell>> = HashMap::new();
        for bell in whole(tx.all::<Bell>(reach(BELLS)).await?, 20_000)? {
            bells.entry(bell.slot_id).or_default().push(bell);
        }
        let schools = whole(store::schools(tx, tenant, scope).await?, 1000)?;
        Ok(Posts {
            schools: schools.into_iter().filter(|school| school.closed_at.is_none_or(|at| at > after)).collect(),
            gates: whole(tx.all(reach(GATES)).await?, 5000)?,
            slots: whole(tx.all(reach(SLOTS)).await?, 5000)?,
            bells,
            open: whole(tx.all(reach(SLOT_GATES)).await?, 20_000)?,
            pasts,
            slot_pasts,
            closures,
        })
    }

    /// How many people were needed at a gate at a moment, and how many of them police; nobody while it was not kept.
    fn needed(&self, gate: &Gate, at: Timestamp) -> (i64, i64) {
        let past = self.pasts.get(&gate.id).and_then(|pasts| pasts.iter().find(|past| past.until_at > at));
        match past {
            Some(past) => (past.seats, past.officers),
            None if gate.closed_at.is_some_and(|closed| closed <= at) => (0, 0),
            None => (gate.seats, gate.officers),
        }
    }

    /// On which days of the week a peak was kept at a moment.
    fn weekdays(&self, slot: &Slot, at: Timestamp) -> Weekdays {
        let past = self.slot_pasts.get(&slot.id).and_then(|pasts| pasts.iter().find(|past| past.until_at > at));
        Weekdays(past.map_or(slot.weekdays, |past| past.weekdays))
    }

    /// Nobody guarded a school at a moment.
    fn given_up(&self, school: &store::School, at: Timestamp) -> bool {
        let within = |one: &Closure| one.school_id == school.id && one.from_at <= at && at < one.until_at;
        school.closed_at.is_some_and(|closed| closed <= at) || self.closures.iter().any(within)
    }

    /// Nobody guarded it from one midnight to the next, or longer.
    fn given_up_all(&self, school: &store::School, day: Date) -> bool {
        let around =
            |one: &Closure| one.school_id == school.id && day_of(one.from_at) < day && day < day_of(one.until_at);
        school.closed_at.is_some_and(|closed| day_of(closed) < day) || self.closures.iter().any(around)
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
    /// Whose lessons the day has there, from 1, Monday.
    pub lessons: i64,
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

/// Whether something was entered by a day, and not closed yet at a moment of it.
fn kept_then(opened: Option<Timestamp>, closed: Option<Timestamp>, day: Date, at: Timestamp) -> bool {
    opened.is_none_or(|opened| day_of(opened) <= day) && closed.is_none_or(|closed| closed > at)
}

/// The same with what the settings said on each day.
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
        let windows = windows(day);
        for school in posts.schools.iter().filter(|school| !posts.given_up_all(school, day)) {
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
            let (follows, lessons) = (table.follows(school.id, day), table.lessons(school.id, day));
            for slot in posts.slots.iter().filter(kept) {
                let Some((first, last)) = posts.window(slot, &windows) else { continue };
                let Some((starts_at, ends_at)) = moment(day, first).zip(moment(day, last)) else { continue };
                if !kept_then(slot.opened_at, slot.closed_at, day, starts_at) || posts.given_up(school, starts_at) {
                    continue;
                }
                match posts.weekdays(slot, starts_at).on(follows, weekday(day)) {
                    Some(true) => {}
                    Some(false) => continue,
                    None => {
                        let why = format!("{} 补周几的课没有登记", short(day));
                        unknown.push(Unknown { school: school.id, slot: Some(slot.id), day, why });
                        continue;
                    }
                }
                for open in posts.open.iter().filter(|open| open.slot_id == slot.id) {
                    let kept = |gate: &&Gate| {
                        kept_then(gate.opened_at, None, day, starts_at) && posts.needed(gate, starts_at).0 > 0
                    };
                    if gates.get(&open.gate_id).is_some_and(kept) {
                        let (school, gate, slot) = (school.id, open.gate_id, slot.id);
                        needs.push(Need { day, school, gate, slot, starts_at, ends_at, lessons });
                    }
                }
            }
        }
    }
    Ok((needs, unknown))
}

/// Where nobody knows whether something has to be kept.
struct Unsure(HashSet<(Uuid, String, Option<Uuid>)>);

impl Unsure {
    fn of(unknown: &[Unknown]) -> Unsure {
        Unsure(unknown.iter().map(|one| (one.school, one.day.to_string(), one.slot)).collect())
    }

    fn covers(&self, school: Uuid, day: &str, slot: Option<Uuid>) -> bool {
        let of = |slot: Option<Uuid>| self.0.contains(&(school, day.to_owned(), slot));
        of(None) || of(slot)
    }
}

/// Those of some shifts to come for which nobody has to come, by what is entered of days, peaks and posts now. Where that is not known, or further
/// ahead than a table reaches, a shift is none of them.
pub(super) async fn needless(tx: &mut Tx, tenant: Uuid, shifts: &[Planned], now: Timestamp) -> Result<Vec<Uuid>> {
    let days: Vec<Date> = shifts.iter().filter_map(|shift| shift.day.parse().ok()).collect();
    let Some((first, last)) = days.iter().min().copied().zip(days.iter().max().copied()) else {
        return Ok(Vec::new());
    };
    let last = last.min(furthest(first));
    let mut posts = Posts::read(tx, tenant, &Scope::tenant()).await?;
    let schools: HashSet<Uuid> = shifts.iter().map(|shift| shift.school_id).collect();
    posts.schools.retain(|school| schools.contains(&school.id));
    let windows: Windows = settings::read(tx, tenant, now).await?;
    let (asked, unknown) = needs(tx, tenant, &posts, &windows, (first, last)).await?;
    let kept: HashSet<(String, Uuid, Uuid)> =
        asked.into_iter().map(|need| (need.day.to_string(), need.gate, need.slot)).collect();
    let unsure = Unsure::of(&unknown);
    // What is closed needs nobody, whether there is school or not.
    let open: HashSet<Uuid> =
        posts.gates.iter().map(|gate| gate.id).chain(posts.slots.iter().map(|slot| slot.id)).collect();
    let until = last.to_string();
    let idle = |shift: &&Planned| {
        let (gate, slot) = (shift.gate_id, shift.slot_id);
        let closed = !open.contains(&gate) || !open.contains(&slot);
        let known = closed || !unsure.covers(shift.school_id, &shift.day, Some(slot));
        known && shift.day <= until && !kept.contains(&(shift.day.clone(), gate, slot))
    };
    Ok(shifts.iter().filter(idle).map(|shift| shift.id).collect())
}

/// The last day of the longest period that begins on a day.
pub(super) fn furthest(first: Date) -> Date {
    first.saturating_add((LONGEST - 1).days())
}

/// When somebody is to be there: at the beginning, or when whoever was called later has said.
pub fn expected(shift: &Shift) -> Option<Timestamp> {
    shift.starts_at.map(|start| shift.latest().unwrap_or(start))
}

/// How a shift stands now, as the class of a tag and its words.
pub fn standing(shift: &Shift, windows: &Windows, now: Timestamp) -> (&'static str, String) {
    // Whoever has said the evening before that they come is not on the way all night.
    let near = |by: Timestamp| {
        let start = shift.starts_at.unwrap_or(by);
        by > start || start - SignedDuration::from_mins(windows.check_in_minutes) <= now
    };
    let on_way = |by: &Timestamp| shift.stands_for.is_some() && now <= *by && near(*by);
    match shift.latest().filter(on_way) {
        Some(by) if shift.came_at.is_none() && shift.absent_at.is_none() && shift.state == ShiftState::Standing => {
            ("soon", format!("正在赶来，最晚 {}", clock(by)))
        }
        _ => {
            let (class, words) = stage(shift, windows, now);
            (class, words.to_owned())
        }
    }
}

fn stage(shift: &Shift, windows: &Windows, now: Timestamp) -> (&'static str, &'static str) {
    let expected = expected(shift);
    let late = |at: Timestamp| expected.is_some_and(|start| at > start);
    if shift.state == ShiftState::Cancelled {
        ("", "已取消")
    } else if shift.absent_at.is_some() {
        ("late", "缺岗")
    } else if shift.left_at.is_some() {
        ("done", if shift.came_at.is_some_and(late) { "迟到，已离岗" } else { "已离岗" })
    } else if shift.came_at.is_some() && shift.ends_at.is_some_and(|end| now > end) {
        ("soon", "已过时间，没有签退")
    } else if let Some(came) = shift.came_at {
        if late(came) { ("soon", "迟到，在岗") } else { ("done", "在岗") }
    } else if shift.person_id.is_none() {
        ("late", "没有人")
    } else if expected.is_some_and(|start| now > start + SignedDuration::from_mins(windows.missing_minutes)) {
        ("late", "缺岗，没有来")
    } else if late(now) {
        ("late", "到点没到")
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
    /// How many people were needed then, and how many of them police.
    pub seats: i64,
    pub officers: i64,
    pub shifts: Vec<Shift>,
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
    /// Shifts whose beginning has come, without a person or not, and those where somebody was there at it. Where nothing had to be kept, only those
    /// to which somebody came.
    pub planned: i64,
    pub on_time: i64,
    /// Posts in peaks that have begun, and those where somebody in uniform was in that time.
    pub slots: i64,
    pub seen: i64,
}

impl Rates {
    /// `92.3%`; a dash where nothing has begun.
    pub fn attendance(&self) -> String {
        show::percent(self.on_time, self.planned)
    }

    pub fn presence(&self) -> String {
        show::percent(self.seen, self.slots)
    }
}

pub struct Coverage {
    pub from: Date,
    pub to: Date,
    pub rows: Vec<Row>,
    pub unknown: Vec<Unknown>,
    /// What stands in no peak of the table: without a post, or of a peak that is not kept that day.
    pub others: Vec<Shift>,
    /// Those of the others for which nobody has to come: the day or the peak is known not to be kept, they are not there for their own sake, and
    /// nobody has come.
    pub idle: HashSet<Uuid>,
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

/// Somebody was there for a while between two moments.
fn was_there(shift: &Shift, from: Timestamp, to: Timestamp) -> bool {
    shift.came_at.is_some_and(|came| came.max(from) < shift.left_at.unwrap_or(to).min(to))
}

/// They had come by the beginning, and not gone again.
fn on_time(shift: &Shift, start: Timestamp) -> bool {
    shift.came_at.is_some_and(|came| came <= start) && shift.left_at.is_none_or(|left| left > start)
}

/// The table from one day to another, both included. What was needed on a day of the past, and how it was counted, is what held then.
pub async fn read(tx: &mut Tx, tenant: Uuid, scope: &Scope, days: (Date, Date), now: Timestamp) -> Result<Coverage> {
    let windows: Over<Windows> = settings::over(tx, tenant, days.1).await?;
    let fixings: Over<Fixings> = settings::over(tx, tenant, days.1).await?;
    let alone: Over<Alone> = settings::over(tx, tenant, days.1).await?;
    let posts = Posts::since(tx, tenant, scope, moment(days.0, 0)).await?;
    let (needs, unknown) = needs_by(tx, tenant, &posts, &|day| *windows.on(day), days).await?;
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
        idle: HashSet::new(),
        rates: Rates::default(),
        windows: *windows.on(days.1),
        fixings: fixings.on(days.1).clone(),
        away,
    };
    let gates: HashMap<Uuid, &Gate> = posts.gates.iter().map(|gate| (gate.id, gate)).collect();
    let mut rates = Rates::default();
    let unsure = Unsure::of(&table.unknown);
    let mut kept: HashMap<(Uuid, Uuid), Vec<Kept>> = HashMap::new();
    for need in needs {
        let shifts = by_seat.remove(&(need.day.to_string(), need.gate, need.slot)).unwrap_or_default();
        let Some(gate) = gates.get(&need.gate) else { continue };
        let (alone, missing) = (alone.on(need.day), SignedDuration::from_mins(windows.on(need.day).missing_minutes));
        let there = shifts.iter().filter(|shift| table.gone(shift).is_none());
        let who: Vec<Stand> = there.filter_map(|shift| stands(shift, &need, alone, missing, now)).collect();
        let (seats, officers) = posts.needed(gate, need.starts_at);
        let uncovered = uncovered((need.starts_at, need.ends_at), seats, officers, &who);
        if need.starts_at <= now {
            rates.slots += 1;
            let seen = |shift: &Shift| {
                was_there(shift, need.starts_at, need.ends_at)
                    && shift.person_kind.is_some_and(super::model::PersonKind::is_uniformed)
            };
            rates.seen += i64::from(shifts.iter().any(seen));
        }
        let unsettled = shifts.iter().any(|shift| !self::missing(shift, fixings.on(need.day)).is_empty());
        let one = Kept { seats, officers, shifts, uncovered, unsettled, need };
        kept.entry((one.need.gate, one.need.slot)).or_default().push(one);
    }
    others.extend(by_seat.into_values().flatten());
    others.sort_by(|a, b| (&a.day, a.starts_at, a.id).cmp(&(&b.day, b.starts_at, b.id)));
    // Whoever was down on a day off, or in a peak that was not kept, is not missed, also where that was entered afterwards.
    let asked =
        |shift: &Shift| shift.is_for_its_own_sake() || unsure.covers(shift.school_id, &shift.day, shift.slot_id);
    let idle: HashSet<Uuid> =
        others.iter().filter(|one| one.came_at.is_none() && !asked(one)).map(|one| one.id).collect();
    let all = kept.values().flatten().flat_map(|kept| &kept.shifts).chain(&others);
    // Who stands in for somebody is not planned once more.
    for shift in all.filter(|shift| shift.stands_for.is_none() && !idle.contains(&shift.id)) {
        if let Some(start) = shift.starts_at.filter(|start| *start <= now) {
            rates.planned += 1;
            rates.on_time += i64::from(on_time(shift, start));
        }
    }
    let mut rows = Vec::new();
    for gate in &posts.gates {
        let mut own: Vec<Row> = Vec::new();
        for slot in posts.slots.iter().filter(|slot| slot.school_id == gate.school_id) {
            let Some(mut kept) = kept.remove(&(gate.id, slot.id)) else { continue };
            kept.sort_by_key(|kept| kept.need.day);
            let hours = kept.first().map(|one| &one.need);
            let hours =
                hours.map_or(String::new(), |need| format!("{}–{}", clock(need.starts_at), clock(need.ends_at)));
            let clock =
                |minute: i64| format!("{:02}:{:02}", minute.div_euclid(60).rem_euclid(24), minute.rem_euclid(60));
            let bells = posts.bells.get(&slot.id).into_iter().flatten();
            let bells: Vec<String> =
                bells.map(|bell| format!("{} {}", clock(bell.minute), bell.grades).trim().to_owned()).collect();
            let (school, peak, bells) = (gate.school_name.clone(), slot.kind, bells.join("、"));
            // Where they were changed in between, those of the last day that is shown.
            let weekdays = kept.last().map_or(Weekdays(slot.weekdays), |one| posts.weekdays(slot, one.need.starts_at));
            let weekdays = weekdays.words();
            own.push(Row { school, gate: gate.clone(), slot: slot.id, peak, weekdays, hours, bells, kept });
        }
        own.sort_by(|a, b| a.hours.cmp(&b.hours));
        rows.extend(own);
    }
    (table.rows, table.others, table.idle, table.rates) = (rows, others, idle, rates);
    Ok(table)
}

/// The seat of a post that is free next from one on, or one more beside all that are needed.
pub(super) fn free_seat(shifts: &[Shift], first: i64) -> i64 {
    (first..).find(|seat| !shifts.iter().any(|shift| shift.seat == *seat && shift.absent_at.is_none())).unwrap_or(first)
}

/// Today, by the clock of Shanghai.
pub(super) fn today(now: Timestamp) -> Date {
    day_of(now)
}
