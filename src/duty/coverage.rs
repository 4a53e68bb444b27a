//! The posts that are to be kept, and how far somebody is put down for each: the table of a day, a week, a term.

use std::collections::HashMap;

use calendar::WorkingDays;
use db::Tx;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};
use uuid::Uuid;

use super::model::{
    Alone, Fixed, Fixings, OnDays, Peak, SchoolDay, ShiftState, Stand, Windows, around, day_of, moment, uncovered,
};
use super::shift_store::{self, Shift};
use super::store::{BELLS, Bell, GATES, Gate, SLOT_GATES, SLOTS, Slot, SlotGate};
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
}

impl Posts {
    pub async fn read(tx: &mut Tx, tenant: Uuid, scope: &Scope) -> Result<Posts> {
        let reach = |statement: db::Statement| statement.bind(tenant).bind(scope.account).bind(&scope.roles);
        let mut bells: HashMap<Uuid, Vec<Bell>> = HashMap::new();
        for bell in tx.all::<Bell>(reach(BELLS)).await? {
            bells.entry(bell.slot_id).or_default().push(bell);
        }
        let schools = store::schools(tx, tenant, scope).await?;
        Ok(Posts {
            schools: schools.into_iter().filter(|school| school.closed_at.is_none()).collect(),
            gates: tx.all(reach(GATES)).await?,
            slots: tx.all(reach(SLOTS)).await?,
            bells,
            open: tx.all(reach(SLOT_GATES)).await?,
        })
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
                    unknown.push(Unknown { school: school.id, day, why });
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
            for slot in posts.slots.iter().filter(kept) {
                let Some((first, last)) = posts.window(slot, windows) else { continue };
                let Some((starts_at, ends_at)) = moment(day, first).zip(moment(day, last)) else { continue };
                for open in posts.open.iter().filter(|open| open.slot_id == slot.id) {
                    if gates.contains_key(&open.gate_id) {
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
    /// Minutes for which the post is not kept, by what is put down.
    pub uncovered: i64,
    /// Some of its shifts are not wholly settled.
    pub unsettled: bool,
}

/// A row of the table: a gate in a peak.
pub struct Row {
    pub school: String,
    pub gate: Gate,
    pub peak: Peak,
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
}

impl Coverage {
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
    let windows: Windows = settings::read(tx, tenant, now).await?;
    let fixings: Fixings = settings::read(tx, tenant, now).await?;
    let alone: Alone = settings::read(tx, tenant, now).await?;
    let posts = Posts::read(tx, tenant, scope).await?;
    let (needs, unknown) = needs(tx, tenant, &posts, &windows, days).await?;
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
    let missing = SignedDuration::from_mins(windows.missing_minutes);
    let mut rates = Rates::default();
    let mut kept: HashMap<(Uuid, Uuid), Vec<Kept>> = HashMap::new();
    for need in needs {
        let shifts = by_seat.remove(&(need.day.to_string(), need.gate, need.slot)).unwrap_or_default();
        let Some(gate) = posts.gates.iter().find(|gate| gate.id == need.gate) else { continue };
        let who: Vec<Stand> = shifts.iter().filter_map(|shift| stands(shift, &need, &alone, missing, now)).collect();
        let uncovered = uncovered((need.starts_at, need.ends_at), gate.seats, gate.officers, &who);
        if need.starts_at <= now {
            rates.slots += 1;
            let seen = |shift: &Shift| {
                shift.came_at.is_some_and(|came| came <= need.ends_at)
                    && shift.person_kind.is_some_and(super::model::PersonKind::is_uniformed)
            };
            rates.seen += i64::from(shifts.iter().any(seen));
        }
        let unsettled = shifts.iter().any(|shift| !self::missing(shift, &fixings).is_empty());
        kept.entry((need.gate, need.slot)).or_default().push(Kept { need, shifts, uncovered, unsettled });
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
            own.push(Row { school, gate: gate.clone(), peak, hours, bells, kept });
        }
        own.sort_by(|a, b| a.hours.cmp(&b.hours));
        rows.extend(own);
    }
    Ok(Coverage { from: days.0, to: days.1, rows, unknown, others, rates, windows, fixings })
}

/// The seat of a post that is free next, or one more beside all that are needed.
pub(super) fn free_seat(shifts: &[Shift]) -> i64 {
    (0..).find(|seat| !shifts.iter().any(|shift| shift.seat == *seat && shift.absent_at.is_none())).unwrap_or(0)
}

/// Today, by the clock of Shanghai.
pub(super) fn today(now: Timestamp) -> Date {
    day_of(now)
}
