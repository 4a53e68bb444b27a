//! Putting a draft in force, after a last look at what has changed since it was worked out.

use std::collections::{HashMap, HashSet};

use db::Tx;
use jiff::civil::Date;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::coverage::{Posts, needs};
use super::limit::{self, Bar};
use super::model::{Windows, short};
use super::roster::drafts;
use super::shift_store::{
    self, CANCEL_HOLLOW, DROP_BEGUN, GAP_SEATS, GapSeat, HOLD_HOLLOW, PUBLISH, PUBLISH_SHIFTS, RosterRow, Shift,
};
use super::store::{self, Leave, Person};
use super::{coverage, news, person, walk};
use crate::access::{Act, Scope};
use crate::audit;
use crate::error::{Error, Result};
use crate::settings;

/// What came of it.
#[derive(Debug)]
pub enum Publication {
    /// It is in force, but for so many shifts that have begun.
    Done(usize),
    /// Nothing was done: this speaks against it, and nobody has said that they know.
    Against(String),
}

/// Puts a draft in force, but for what of it has begun by now, if whoever does it says of what speaks against it that they know. Shifts without
/// anybody, in whose seats it has somebody, give way to it.
///
/// Errors: refused if somebody has been put down otherwise since, or where all of it has begun.
pub async fn publish(
    tx: &mut Tx,
    act: &Act,
    roster: &RosterRow,
    seen: i64,
    in_spite: impl Fn(&[String]) -> bool,
) -> Result<Publication> {
    // Shifts before people, as whoever puts somebody down takes them.
    tx.execute(HOLD_HOLLOW.bind(act.tenant).bind(roster.id)).await?;
    // Nobody is put down elsewhere while this is looked at.
    let known = drafts(tx, act.tenant, roster.id).await?;
    let to_come = known.iter().filter(|draft| !draft.has_begun(act.at));
    person::hold(tx, act.tenant, to_come.filter_map(|draft| draft.person_id).collect()).await?;
    // With each draft comes when its person can come, which somebody may have saved while this waited for them.
    let all = drafts(tx, act.tenant, roster.id).await?;
    let (begun, drafts): (Vec<Shift>, Vec<Shift>) = all.into_iter().partition(|draft| draft.has_begun(act.at));
    if drafts.is_empty() && !begun.is_empty() {
        return Err(Error::refused("这份草稿里的班都已经开始了，不能再发布。请放弃这份，重新排"));
    }
    let found = conflicts(tx, act, roster, &drafts).await?;
    if let Some(first) = found.first() {
        return Err(Error::refused(format!("草稿做好以后有 {} 处变了：{first}。请用这份再排一次", found.len())));
    }
    let against = cautions(tx, act, roster, &drafts).await?;
    if let Some(first) = against.first().filter(|_| !in_spite(&against)) {
        let more = if against.len() > 1 {
            format!("，一共 {} 条，都列在下面", against.len())
        } else {
            String::new()
        };
        let words = format!("{first}{more}。确实要这样发布，请勾选“知道，还是这样发布”");
        return Ok(Publication::Against(words));
    }
    let row = PUBLISH.bind(act.tenant).bind(roster.id).bind(seen).bind(act.account).bind(act.at);
    if tx.execute(row).await? == 0 {
        return Err(Error::Stale("这份排班刚刚有人发布或者放弃了。".to_owned()));
    }
    if !begun.is_empty() {
        let today = coverage::today(act.at).to_string();
        tx.execute(DROP_BEGUN.bind(act.tenant).bind(roster.id).bind(act.at).bind(today)).await?;
    }
    tx.execute(CANCEL_HOLLOW.bind(act.tenant).bind(roster.id)).await?;
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
    audit::record(tx, act, "publish", ("duty_roster", roster.id), "", &[]).await?;
    Ok(Publication::Done(begun.len()))
}

/// What is wrong with putting a draft in force as it is; nothing if all is well. Whoever calls holds everybody who is in it.
async fn conflicts(tx: &mut Tx, act: &Act, roster: &RosterRow, drafts: &[Shift]) -> Result<Vec<String>> {
    let scope = Scope::tenant();
    let span = (roster.first_day.as_str(), roster.last_day.as_str());
    let standing = shift_store::of_days(tx, act.tenant, &scope, span).await?;
    // A seat in which nobody is down yet is free, unless it was pinned like that.
    let taken = |shift: &&Shift| shift.absent_at.is_none() && (shift.person_id.is_some() || shift.pinned);
    let standing: Vec<&Shift> = standing.iter().filter(taken).collect();
    let leaves = store::leaves(tx, act.tenant, span).await?;
    let mut on_leave: HashMap<Uuid, Vec<&Leave>> = HashMap::new();
    leaves.iter().for_each(|leave| on_leave.entry(leave.person_id).or_default().push(leave));
    let bars = limit::all_bars(tx, act.tenant).await?;
    let mut barred: HashMap<Uuid, Vec<&Bar>> = HashMap::new();
    bars.iter().for_each(|bar| barred.entry(bar.person_id).or_default().push(bar));
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
        let keeps = |bar: &&&Bar| bar.keeps_from(draft.school_id, draft.gate_id);
        if let Some(bar) = barred.get(&person.id).into_iter().flatten().find(keeps) {
            found.push(format!("{} {}登记了不能站{}", draft.day, person.name, bar.place()));
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

/// What speaks against putting a draft in force where nothing forbids it, each in a sentence: seats that nobody has, and shifts at times at which
/// those who have them cannot come, as it is known now. What has begun is left out.
pub(super) async fn cautions(tx: &mut Tx, act: &Act, roster: &RosterRow, drafts: &[Shift]) -> Result<Vec<String>> {
    let drafts: Vec<&Shift> = drafts.iter().filter(|draft| !draft.has_begun(act.at)).collect();
    let mut found = Vec::new();
    let empty = empty_now(tx, act, roster, &drafts).await?;
    if empty > 0 {
        found.push(format!("还有 {empty} 个位置没有人"));
    }
    for (draft, why) in limit::untimely(tx, act.tenant, &drafts).await? {
        let day = draft.day.parse().map_or(draft.day.clone(), short);
        found.push(format!("{day} {} {}：{why}", draft.place(), draft.peak_name()));
    }
    Ok(found)
}

/// By which it is known whether a list of cautions is still the one that somebody has seen.
pub(super) fn mark(cautions: &[String]) -> String {
    Sha256::digest(cautions.join("\n")).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// How many seats of a draft nobody has now: some of its gaps may have been filled by hand, and some of its people taken off. Those of days that
/// are past are nobody's to fill.
async fn empty_now(tx: &mut Tx, act: &Act, roster: &RosterRow, drafts: &[&Shift]) -> Result<i64> {
    let gaps: Vec<GapSeat> = tx.all(GAP_SEATS.bind(act.tenant).bind(roster.id)).await?;
    let span = (roster.first_day.as_str(), roster.last_day.as_str());
    let standing = shift_store::of_days(tx, act.tenant, &Scope::tenant(), span).await?;
    let filled: HashSet<(String, Uuid, Uuid, i64)> = standing
        .into_iter()
        .filter(|shift| shift.absent_at.is_none() && shift.person_id.is_some())
        .filter_map(|shift| shift.gate_id.zip(shift.slot_id).map(|(gate, slot)| (shift.day, gate, slot, shift.seat)))
        .collect();
    let today = coverage::today(act.at).to_string();
    let gaps = gaps.into_iter().filter(|gap| gap.day >= today);
    let open = gaps.filter(|gap| !filled.contains(&(gap.day.clone(), gap.gate_id, gap.slot_id, gap.seat)));
    Ok((open.count() + drafts.iter().filter(|draft| draft.person_id.is_none()).count()) as i64)
}
