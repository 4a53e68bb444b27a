//! A roster for a period as a draft: worked out from the posts and the people by `rostering`, with a reason for every seat that stays empty,
//! worked out again around what is pinned in it, or given up. `publication` puts it in force.

use std::ops::ControlFlow;

use db::Tx;
use jiff::Timestamp;
use jiff::civil::Date;
use rostering::{Clash, Effort, Prepared, bound, explain, solve};
use serde::Deserialize;
use uuid::Uuid;

use super::model::{ShiftState, day_of};
use super::roster_case::Built;
use super::shift_store::{ADD, ADD_GAP, ADD_ROSTER, DROP_ROSTER, DROP_SHIFTS, OF_ROSTER, PIN, RosterRow, Shift};
use super::store::whole;
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
        return Err(Error::refused("这几天没有要排的岗位：不上课，已经开始，或者都已经排满"));
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

pub(super) fn within(days: (Date, Date), most: i64) -> Result<()> {
    if days.1 < days.0 {
        return Err(Error::refused("最后一天要在第一天以后"));
    }
    if i64::from((days.1 - days.0).get_days()) >= most {
        return Err(Error::refused(format!("一次最多排 {most} 天，请分几次排")));
    }
    Ok(())
}

/// The same posts and people with the same seed give the same roster, whatever machine makes it.
fn effort(seats: usize, seed: i64) -> Effort {
    Effort { seed: seed as u64, threads: 2, rounds: 3, steps: (seats as u64 * 200).clamp(20_000, 400_000) }
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
        row.bind(built.slots[slot].1[of_slot]).bind(built.words(clash, slot)).bind(clash.proved)
    });
    tx.execute_many(ADD_GAP, gaps.collect()).await?;
    audit::record(tx, act, "create", ("duty_roster", id), "", &[]).await?;
    Ok(id)
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
