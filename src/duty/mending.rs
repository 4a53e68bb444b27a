//! Mending what is down when somebody cannot come, by as few changes as possible.

use std::collections::HashSet;

use db::Tx;
use jiff::civil::Date;
use rostering::{Fixed, Flaw, Prepared, Span, repair};
use uuid::Uuid;

use super::calling_off::{self, CalledOff};
use super::coverage::Need;
use super::model::{clock, short};
use super::roster::{Rostering, within};
use super::roster_case::{Built, Since, at, origin};
use super::shift_store::{self, Shift};
use super::{person, shift, standby, store};
use crate::access::{Act, Scope};
use crate::error::{Error, Result};
use crate::settings;

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

/// Writes what [`mend`] has found: first everybody is taken off, then put down, so that nobody is at two posts in between. Gives what is cancelled.
///
/// Errors: refused or stale if something has changed since.
pub async fn apply(tx: &mut Tx, act: &Act, changes: &[Mended]) -> Result<CalledOff> {
    // Everything is held before the first change is noted in the audit log, for whose one row others wait: shifts before people, in the order of
    // their ids.
    let shifts = changes.iter().filter_map(|change| Some(change.shift.as_ref()?.id)).collect();
    shift_store::hold(tx, act.tenant, shifts).await?;
    let people = changes.iter().filter_map(|change| Some(change.to.as_ref()?.0)).collect();
    person::hold(tx, act.tenant, people).await?;
    let mut cancelled = Vec::new();
    for change in changes {
        if let Some(one) = &change.shift {
            // Where somebody was to stand for another the seat is to be filled again.
            if change.to.is_none() && standby::fills(tx, act, one).await? {
                if shift_store::shift(tx, act.tenant, one.id).await?.lock_version != one.lock_version {
                    return Err(shift::stale());
                }
                shift::cancel(tx, act, one.id, "重新安排").await?;
                cancelled.push(one.id);
                continue;
            }
            let to = (None, one.duty.as_str(), one.starts_at.zip(one.ends_at), one.pinned);
            shift::give(tx, act, one, one.lock_version, to).await?;
        }
    }
    // Seats that were empty come last: whoever is put there fills a shift without anybody, and would get one that was just left.
    let (known, fresh): (Vec<&Mended>, Vec<&Mended>) = changes.iter().partition(|one| one.shift.is_some());
    for change in known.into_iter().chain(fresh) {
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
    calling_off::tell_of(tx, act, &cancelled, "重新安排").await
}
