//! Somebody is put down at a post, or changed, or taken off again; and what they do on the day.

use db::Tx;
use jiff::{SignedDuration, Timestamp, ToSpan};
use uuid::Uuid;

use super::model::{How, ShiftState, Windows, clock};
use super::shift_store::{
    self, ADD, ANSWER_CALL, CALL, CANCEL, CHANGE, CLOSE_SWAPS, COME, CONFIRM, Call, END_ACCEPTED, END_CALLS_OF_SEAT,
    HAND_OVER, HOLD, HOLD_SEEN, LEAVE, MISS, OF_SEAT, SHIFT, Shift, TAKE_MISS_BACK,
};
use super::store::{self, HOLD_PERSON, LEAVES_OF, Leave, Person};
use super::{coverage, limit, model, news, standby, walk};
use crate::access::Act;
use crate::audit::{self, Change};
use crate::error::{Error, Result};
use crate::settings;

/// An assignment as it is planned; what is not known yet is left out, and shown as missing.
#[derive(Debug, Clone)]
pub struct NewShift {
    pub school: Uuid,
    pub day: jiff::civil::Date,
    pub post: Option<(Uuid, Uuid)>,
    pub person: Option<Uuid>,
    pub duty: String,
    pub span: Option<(Timestamp, Timestamp)>,
    pub pinned: bool,
    /// Whose absence it fills, and when they are there at the latest.
    pub stands_for: Option<(Uuid, i64, Timestamp)>,
}

/// Whether somebody can take a shift. Holds their row, so that nobody is put down twice at once.
///
/// Errors: refused if they cannot.
pub(super) async fn fit(
    tx: &mut Tx,
    act: &Act,
    person: Uuid,
    (shift, (school, gate), day): (Option<Uuid>, (Uuid, Option<Uuid>), &str),
    span: Option<(Timestamp, Timestamp)>,
) -> Result<Person> {
    tx.execute_one(HOLD_PERSON.bind(act.tenant).bind(person)).await?;
    let person = store::person(tx, act.tenant, person).await?;
    let name = &person.name;
    if person.ended_at.is_some() {
        return Err(Error::refused(format!("{name}已经不在名单上了，请换一个人")));
    }
    let leaves: Vec<Leave> = tx.all(LEAVES_OF.bind(act.tenant).bind(person.id).bind(day)).await?;
    if leaves.iter().any(|leave| leave.first_day.as_str() <= day && leave.last_day.as_str() >= day) {
        return Err(Error::refused(format!("{name}这一天请假，请换一个人")));
    }
    let bars = limit::bars_of(tx, act.tenant, person.id).await?;
    if let Some(bar) = bars.iter().find(|bar| bar.keeps_from(school, gate)) {
        return Err(Error::refused(format!("{name}登记了不能站{}，请换一个人", bar.place())));
    }
    if let Some(gate) = gate {
        let gate = store::gate(tx, act.tenant, gate).await?;
        if let Some(needed) = gate.qualification.as_deref().filter(|needed| !person.has(needed)) {
            let needed = model::Qualification::parse(needed).map_or(needed, |one| one.label());
            return Err(Error::refused(format!("这个岗位要有“{needed}”，{name}没有登记")));
        }
    }
    let others = shift_store::of_person(tx, act.tenant, person.id, (day, day)).await?;
    let others: Vec<&Shift> = others.iter().filter(|one| Some(one.id) != shift && one.absent_at.is_none()).collect();
    let touches = |other: &&&Shift| match (span, other.starts_at.zip(other.ends_at)) {
        (Some((from, to)), Some((start, end))) => from < end && start < to,
        _ => false,
    };
    if let Some(other) = others.iter().find(touches) {
        let hours = other.hours();
        return Err(Error::refused(format!("{name}这一天 {hours} 已经排在{}，时间重叠了", other.place())));
    }
    let walks = walk::of_person(tx, act.tenant, person.id, day).await?;
    if let Some(walk) = walks.iter().find(|walk| walk.meets(span)) {
        let (hours, route) = (walk.hours(), &walk.route_name);
        return Err(Error::refused(format!("{name}这一天 {hours} 已经排在巡逻路线“{route}”上，时间重叠了")));
    }
    if others.len() as i64 >= person.daily {
        return Err(Error::refused(format!("{name}一天最多站 {} 班，这天已经排满", person.daily)));
    }
    Ok(person)
}

impl Shift {
    /// `城北小学 · 东门`
    pub fn place(&self) -> String {
        match &self.gate_name {
            Some(gate) => format!("{} · {gate}", self.school_name),
            None => format!("{}（没有定岗）", self.school_name),
        }
    }

    /// `07:10–08:20`
    pub fn hours(&self) -> String {
        self.starts_at
            .zip(self.ends_at)
            .map_or("没有定时".to_owned(), |(from, to)| format!("{}–{}", clock(from), clock(to)))
    }

    /// `早入校`
    pub fn peak_name(&self) -> &'static str {
        self.peak.map_or("", super::model::Peak::label)
    }

    pub fn who(&self) -> &str {
        self.person_name.as_deref().unwrap_or("没有定人")
    }

    /// When whoever was called is there at the latest: at the beginning, or later where their way is longer than the time that is left.
    pub fn latest(&self) -> Option<Timestamp> {
        self.reach_by.map(|by| by.max(self.starts_at.unwrap_or(by)))
    }
}

/// The seat that a new shift takes, and the shift without anybody that it fills there, whose row is held from now on. Whoever is no police leaves the
/// seats of the police alone: while one of those is empty, police are missing.
async fn seat_of(tx: &mut Tx, act: &Act, new: &NewShift, day: &str) -> Result<(i64, Option<Shift>)> {
    if let Some((_, seat, _)) = &new.stands_for {
        return Ok((*seat, None));
    }
    let Some((gate, slot)) = new.post else { return Ok((0, None)) };
    let kind = match new.person {
        Some(person) => Some(store::person(tx, act.tenant, person).await?.kind),
        None => None,
    };
    let first = match kind {
        Some(kind) if !kind.is_uniformed() => store::gate(tx, act.tenant, gate).await?.officers,
        _ => 0,
    };
    let there: Vec<Shift> = tx.all(OF_SEAT.bind(act.tenant).bind(day).bind(gate).bind(slot)).await?;
    let hollow = |one: &&Shift| one.person_id.is_none() && one.absent_at.is_none() && one.seat >= first;
    match there.iter().find(hollow).filter(|_| kind.is_some()) {
        Some(one) => {
            tx.execute(HOLD_SEEN.bind(act.tenant).bind(one.id)).await?;
            Ok((one.seat, Some(one.clone())))
        }
        None if kind.is_some() => Ok((coverage::free_seat(&there, first), None)),
        // Nobody fills the seat of whoever is absent: somebody is called for it. Another seat is one only where the post wants more people.
        None => {
            let seat = (0..).find(|seat| there.iter().all(|one| one.seat != *seat)).unwrap_or(first);
            let taken = |seat: i64| there.iter().any(|one| one.seat == seat && one.absent_at.is_none());
            let lacking = there.iter().any(|one| one.absent_at.is_some() && !taken(one.seat));
            if lacking && seat >= store::gate(tx, act.tenant, gate).await?.seats {
                return Err(Error::refused("这个岗位缺岗的位置本来就空着，请直接排上人，或者叫备勤"));
            }
            Ok((seat, None))
        }
    }
}

fn refuse_over(act: &Act, span: Option<(Timestamp, Timestamp)>) -> Result<()> {
    match span.filter(|(_, end)| *end <= act.at) {
        Some((from, to)) => {
            Err(Error::refused(format!("{}–{} 已经过去了，请看一下日子和时间", clock(from), clock(to))))
        }
        None => Ok(()),
    }
}

/// What is past is not planned: nobody could come any more, and what has begun is never called off.
pub(super) fn refuse_past(act: &Act, day: jiff::civil::Date, span: Option<(Timestamp, Timestamp)>) -> Result<()> {
    if day < coverage::today(act.at) && span.is_none_or(|(_, end)| end <= act.at) {
        return Err(Error::refused("这一天已经过去了，请选今天或者以后的日子"));
    }
    refuse_over(act, span)
}

/// Somebody who is put down where a shift has nobody yet gets that one.
///
/// Errors: refused if whoever is put down cannot take it, or it is past.
pub async fn put(tx: &mut Tx, act: &Act, new: &NewShift) -> Result<Uuid> {
    refuse_past(act, new.day, new.span)?;
    let day = new.day.to_string();
    // The shift before its people, as every step of the day takes them.
    let (seat, hollow) = seat_of(tx, act, new, &day).await?;
    if let Some(person) = new.person {
        let place = (new.school, new.post.map(|(gate, _)| gate));
        fit(tx, act, person, (None, place, &day), new.span).await?;
    }
    if let Some(one) = hollow {
        let row = CHANGE.bind(act.tenant).bind(one.id).bind(one.lock_version).bind(new.person).bind(&new.duty);
        let row = row.bind(new.span.map(|span| span.0)).bind(new.span.map(|span| span.1)).bind(new.pinned);
        if tx.execute(row).await? == 0 {
            return Err(Error::Stale("这个岗位刚刚有人排上了，请看一下再排。".to_owned()));
        }
        settled(tx, act, new, (&day, seat)).await?;
        audit::record(tx, act, "update", ("duty_shift", one.id), "", &[]).await?;
        return Ok(one.id);
    }
    let id = act.id();
    let row = ADD.bind(act.tenant).bind(id).bind(None::<Uuid>).bind(new.school).bind(&day);
    let row = row.bind(new.post.map(|(gate, _)| gate)).bind(new.post.map(|(_, slot)| slot)).bind(seat).bind(new.person);
    let row = row.bind(&new.duty).bind(new.span.map(|span| span.0)).bind(new.span.map(|span| span.1));
    let row = row.bind(ShiftState::Standing).bind(new.pinned).bind("");
    let row = row.bind(new.stands_for.map(|(shift, ..)| shift)).bind(new.stands_for.map(|(_, _, by)| by));
    match tx.execute(row.bind("").bind(act.at).bind(1)).await {
        Err(db::Error::Duplicate(_)) => return Err(Error::Stale("这个岗位刚刚有人排上了，请看一下再排。".to_owned())),
        other => other?,
    };
    settled(tx, act, new, (&day, seat)).await?;
    audit::record(tx, act, "create", ("duty_shift", id), "", &[]).await?;
    Ok(id)
}

/// Nobody is called any more for a seat in which somebody is put down, and the school may hear of it.
async fn settled(tx: &mut Tx, act: &Act, new: &NewShift, (day, seat): (&str, i64)) -> Result<()> {
    if let Some((gate, slot)) = new.post {
        let row = END_CALLS_OF_SEAT.bind(act.tenant).bind(day).bind(gate).bind(slot).bind(seat).bind(act.at);
        tx.execute(row).await?;
    }
    news::watch(tx, act, new.school, day).await
}

/// Who stands there, when and for what is changed before it begins; a shift without anybody can be given to somebody until it is over.
///
/// Errors: refused if whoever is put down cannot take it, if nobody would fill the seat of whoever is absent, or once it has begun; stale if
/// somebody else was first.
pub(super) async fn change(
    tx: &mut Tx,
    act: &Act,
    shift: &Shift,
    seen: i64,
    to: (Option<Uuid>, &str, Option<(Timestamp, Timestamp)>, bool),
) -> Result<()> {
    let emptied = to.0.is_none() && shift.person_id.is_some();
    if emptied && standby::fills(tx, act, shift).await? {
        return Err(Error::refused("这一班是替缺岗的人站的，不能只去掉人：请取消顶岗的这一班"));
    }
    give(tx, act, shift, seen, to).await
}

/// Somebody else was first.
pub(super) fn stale() -> Error {
    Error::Stale("这一班刚刚有变化（有人到岗、缺岗或者改过），请看一下再改。".to_owned())
}

/// The same, of whatever fills a seat.
pub(super) async fn give(
    tx: &mut Tx,
    act: &Act,
    shift: &Shift,
    seen: i64,
    (person, duty, span, pinned): (Option<Uuid>, &str, Option<(Timestamp, Timestamp)>, bool),
) -> Result<()> {
    if shift.is_over(act.at) {
        return Err(Error::refused("这一班已经结束，不能再改。实际到岗、离岗的时间在下面登记"));
    }
    if shift.has_begun(act.at) && shift.person_id.is_some() {
        return Err(Error::refused("这一班已经开始，不能再改。人没来的，记缺岗、叫备勤"));
    }
    refuse_over(act, span)?;
    // The shift before its people, as every step of the day takes them.
    tx.execute(HOLD_SEEN.bind(act.tenant).bind(shift.id)).await?;
    if let Some(person) = person {
        let place = (shift.school_id, shift.gate_id);
        fit(tx, act, person, (Some(shift.id), place, &shift.day), span).await?;
    }
    if person != shift.person_id {
        tx.execute(CLOSE_SWAPS.bind(act.tenant).bind(shift.id).bind(act.at).bind("值班室改了这一班")).await?;
    }
    let row = CHANGE.bind(act.tenant).bind(shift.id).bind(seen).bind(person).bind(duty);
    let row = row.bind(span.map(|span| span.0)).bind(span.map(|span| span.1)).bind(pinned);
    if tx.execute(row).await? == 0 {
        return Err(stale());
    }
    if shift.state == ShiftState::Standing {
        news::watch(tx, act, shift.school_id, &shift.day).await?;
    }
    let at = |at: Option<Timestamp>| at.map(|at| at.to_string());
    let changes = [
        ("person_id", shift.person_id.map(|id| id.to_string()), person.map(|id| id.to_string())),
        ("starts_at", at(shift.starts_at), at(span.map(|span| span.0))),
        ("ends_at", at(shift.ends_at), at(span.map(|span| span.1))),
        ("pinned", Some(shift.pinned.to_string()), Some(pinned.to_string())),
    ];
    let changed = changes.into_iter().filter(|(_, old, new)| old != new);
    let changes: Vec<Change> = changed.map(|(field, old, new)| Change { field, old, new }).collect();
    audit::record(tx, act, "update", ("duty_shift", shift.id), "", &changes).await
}

/// Errors: refused once somebody has come or is absent, or it has begun: what happened stays.
pub async fn cancel(tx: &mut Tx, act: &Act, id: Uuid, why: &str) -> Result<()> {
    let shift = shift_store::shift(tx, act.tenant, id).await?;
    if shift.has_begun(act.at) {
        return Err(Error::refused("已经开始的班次不能取消。人没来的，记缺岗、叫备勤"));
    }
    if tx.execute(CANCEL.bind(act.tenant).bind(id)).await? == 0 {
        return Err(Error::refused("已经到岗或者记了缺岗的班次，不能取消"));
    }
    tx.execute(CLOSE_SWAPS.bind(act.tenant).bind(id).bind(act.at).bind("这一班取消了")).await?;
    // Whose place they were to take is to be filled again.
    if let Some((root, person)) = shift.stands_for.zip(shift.person_id) {
        tx.execute(END_ACCEPTED.bind(act.tenant).bind(root).bind(person).bind(act.at)).await?;
    }
    news::watch(tx, act, shift.school_id, &shift.day).await?;
    audit::record(tx, act, "cancel", ("duty_shift", id), why, &[]).await
}

/// Takes the row's lock and reads it as it stands then.
pub(super) async fn held(tx: &mut Tx, act: &Act, id: Uuid) -> Result<Shift> {
    tx.execute_one(HOLD.bind(act.tenant).bind(id)).await?;
    let shift: Shift = tx.one(SHIFT.bind(act.tenant).bind(id)).await?;
    if shift.state != ShiftState::Standing {
        return Err(Error::refused("这一班还没有发布，或者已经取消了"));
    }
    Ok(shift)
}

/// The same for whoever has the shift: it may have changed hands since they saw it.
///
/// Errors: not found if it is somebody else's.
pub(super) async fn own(tx: &mut Tx, act: &Act, id: Uuid, person: Uuid) -> Result<Shift> {
    tx.execute_one(HOLD.bind(act.tenant).bind(id)).await?;
    let shift = shift_store::shift(tx, act.tenant, id).await?;
    if shift.person_id == Some(person) { Ok(shift) } else { Err(Error::NotFound) }
}

pub async fn confirm(tx: &mut Tx, act: &Act, id: Uuid) -> Result<()> {
    let shift = held(tx, act, id).await?;
    if shift.confirmed_at.is_none() {
        tx.execute(CONFIRM.bind(act.tenant).bind(id).bind(act.at)).await?;
        audit::record(tx, act, "confirm", ("duty_shift", id), "", &[]).await?;
    }
    Ok(())
}

/// From when until when somebody can have come.
fn open_hours(shift: &Shift, windows: &Windows) -> Option<(Timestamp, Timestamp)> {
    let (start, end) = shift.starts_at.zip(shift.ends_at)?;
    Some((start - SignedDuration::from_mins(windows.check_in_minutes), end))
}

/// Somebody is at their post. Saying it twice changes nothing.
///
/// Errors: refused too early, too late, or when somebody else stands there in their place.
pub async fn come(tx: &mut Tx, act: &Act, id: Uuid, how: How, place: &str) -> Result<()> {
    let shift = held(tx, act, id).await?;
    if shift.came_at.is_some() {
        return Ok(());
    }
    let windows: Windows = settings::read(tx, act.tenant, act.at).await?;
    if let Some((opens, end)) = open_hours(&shift, &windows) {
        if act.at < opens {
            return Err(Error::refused(format!("还早：{} 起才能签到", clock(opens))));
        }
        if act.at > end {
            return Err(Error::refused(format!(
                "这一班 {} 已经结束，不能再签到。实际来过的，请值班室填上到岗的时间和原因",
                clock(end)
            )));
        }
    }
    arrive(tx, act, &shift, act.at, (how, place)).await?;
    audit::record(tx, act, "come_on_post", ("duty_shift", id), how.label(), &[]).await
}

/// They are there since a moment, whatever was noted before.
async fn arrive(tx: &mut Tx, act: &Act, shift: &Shift, at: Timestamp, (how, place): (How, &str)) -> Result<()> {
    if shift.person_id.is_none() {
        return Err(Error::refused("这一班还没有定人，先排上人"));
    }
    if shift.absent_at.is_some()
        && let Some(other) = standby::in_place(tx, act, shift).await?
    {
        return Err(Error::refused(format!("这一班已经由{}顶岗了，请和值班室说一声", other.who())));
    }
    let place = Some(place).filter(|place| !place.is_empty());
    match tx.execute(COME.bind(act.tenant).bind(shift.id).bind(at).bind(how).bind(place)).await {
        Err(db::Error::Duplicate(_)) => {
            return Err(Error::refused("这个位置刚刚有别人站上了，请和值班室说一声"));
        }
        other => other?,
    };
    // The school has been told, or is about to be, that nobody stands there.
    if shift.absent_at.is_some() {
        news::watch(tx, act, shift.school_id, &shift.day).await?;
    }
    standby::end(tx, act, shift.id).await
}

/// Errors: refused if they have not come, or long after the end.
pub async fn leave(tx: &mut Tx, act: &Act, id: Uuid) -> Result<()> {
    let shift = held(tx, act, id).await?;
    if shift.left_at.is_some() {
        return Ok(());
    }
    if shift.came_at.is_none() {
        return Err(Error::refused("还没有签到，先签到再签退"));
    }
    let windows: Windows = settings::read(tx, act.tenant, act.at).await?;
    if shift.ends_at.is_some_and(|end| act.at > end + SignedDuration::from_mins(windows.check_out_minutes)) {
        return Err(Error::refused("结束太久了，请值班室填上实际离岗的时间和原因"));
    }
    tx.execute(LEAVE.bind(act.tenant).bind(id).bind(act.at)).await?;
    audit::record(tx, act, "leave_post", ("duty_shift", id), "", &[]).await
}

/// Which of the two moments the desk writes down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Came,
    Left,
}

/// The desk writes down when somebody really came or went, also afterwards, and why it is written now.
///
/// Errors: refused of a moment that cannot be, or when somebody else stood there.
pub(super) async fn correct(tx: &mut Tx, act: &Act, id: Uuid, way: Way, at: Timestamp, why: &str) -> Result<()> {
    let shift = held(tx, act, id).await?;
    if at > act.at {
        return Err(Error::refused("还没有到这个时间，不能先登记"));
    }
    let windows: Windows = settings::read(tx, act.tenant, shift.starts_at.unwrap_or(act.at)).await?;
    let (field, old) = match way {
        Way::Came => {
            if let Some((opens, end)) = open_hours(&shift, &windows)
                && !(opens..=end).contains(&at)
            {
                let (opens, end) = (clock(opens), clock(end));
                return Err(Error::refused(format!("到岗的时间要在 {opens} 到 {end} 之间")));
            }
            if let Some(left) = shift.left_at.filter(|left| *left < at) {
                return Err(Error::refused(format!("{} 已经离岗，到岗要在那以前", clock(left))));
            }
            arrive(tx, act, &shift, at, (How::Desk, "")).await?;
            ("came_at", shift.came_at)
        }
        Way::Left => {
            let Some(came) = shift.came_at else {
                return Err(Error::refused("还没有登记到岗，先登记到岗的时间"));
            };
            let latest = shift.ends_at.map(|end| end + SignedDuration::from_mins(windows.check_out_minutes));
            if at < came || latest.is_some_and(|latest| at > latest) {
                let until = latest.map_or(String::new(), |latest| format!("、{} 以前", clock(latest)));
                return Err(Error::refused(format!("离岗的时间要在 {} 到岗以后{until}", clock(came))));
            }
            tx.execute(LEAVE.bind(act.tenant).bind(id).bind(at)).await?;
            ("left_at", shift.left_at)
        }
    };
    let change = Change { field, old: old.map(|at| at.to_string()), new: Some(at.to_string()) };
    audit::record(tx, act, "correct_presence", ("duty_shift", id), why, &[change]).await
}

/// What is handed over to whoever stands there next: said by whoever goes, or whoever comes in their place.
pub async fn hand_over(tx: &mut Tx, act: &Act, id: Uuid, words: &str) -> Result<()> {
    let shift = held(tx, act, id).await?;
    if shift.came_at.is_none() {
        return Err(Error::refused("签到以后才能写交接"));
    }
    tx.execute(HAND_OVER.bind(act.tenant).bind(id).bind(words).bind(act.at)).await?;
    audit::record(tx, act, "hand_over_post", ("duty_shift", id), "", &[]).await
}

const ABSENCE: &str = "duty absence";

/// Why somebody does not come. It may be an illness, so it is sealed, and the audit log has no word of it.
pub(super) fn absent_why(act: &Act, shift: &Shift) -> Result<String> {
    match &shift.absent_sealed {
        Some(sealed) => act.open(ABSENCE, sealed),
        None => Ok(shift.absent_why.clone()),
    }
}

/// Somebody does not come. The nearest on standby is called at once where the beginning is near, and by the clock when it is. Gives whom; nobody
/// of a shift that is over.
///
/// Errors: refused if they have come.
pub async fn miss(tx: &mut Tx, act: &Act, id: Uuid, why: &str) -> Result<Option<Call>> {
    let shift = held(tx, act, id).await?;
    if shift.came_at.is_some() {
        return Err(Error::refused("已经签到在岗，不能记缺岗"));
    }
    if shift.person_id.is_none() {
        return Err(Error::refused("这一班没有定人，直接排上人就行"));
    }
    if shift.absent_at.is_some() {
        return Ok(None);
    }
    // Days before nobody has to answer within minutes, and there is time to arrange it well.
    let call_at = standby::call_at(tx, act, &shift).await?;
    tx.execute(MISS.bind(act.tenant).bind(id).bind(act.at).bind(act.seal(ABSENCE, why)?).bind(call_at)).await?;
    tx.execute(CLOSE_SWAPS.bind(act.tenant).bind(id).bind(act.at).bind("记了缺岗")).await?;
    let shift = Shift { absent_at: Some(act.at), call_at, ..shift };
    let called = standby::go_on(tx, act, &shift).await?;
    // People before the school, as whoever puts somebody down takes them.
    news::watch(tx, act, shift.school_id, &shift.day).await?;
    audit::record(tx, act, "absent_from_post", ("duty_shift", id), "", &[]).await?;
    if called.is_some() {
        audit::record(tx, act, "call_standby", ("duty_shift", id), "", &[]).await?;
    }
    Ok(called)
}

/// An absence was noted by mistake. Whoever was called need not answer any more.
///
/// Errors: refused if there is none, somebody stands there in their place, or they cannot come any more, as where they are put down elsewhere.
pub(super) async fn take_miss_back(tx: &mut Tx, act: &Act, id: Uuid, why: &str) -> Result<()> {
    let shift = held(tx, act, id).await?;
    if shift.absent_at.is_none() {
        return Err(Error::refused("这一班没有记缺岗"));
    }
    if let Some(other) = standby::in_place(tx, act, &shift).await? {
        return Err(Error::refused(format!("{}已经顶岗。要撤销缺岗，先取消顶岗的那一班", other.who())));
    }
    if let Some(person) = shift.person_id.filter(|_| !shift.is_over(act.at)) {
        let (place, span) = ((shift.school_id, shift.gate_id), shift.starts_at.zip(shift.ends_at));
        fit(tx, act, person, (Some(id), place, &shift.day), span).await?;
    }
    match tx.execute(TAKE_MISS_BACK.bind(act.tenant).bind(id)).await {
        Err(db::Error::Duplicate(_)) => {
            return Err(Error::refused("这个位置刚刚有人站上了，不能撤销缺岗"));
        }
        other => other?,
    };
    news::watch(tx, act, shift.school_id, &shift.day).await?;
    standby::end(tx, act, id).await?;
    audit::record(tx, act, "take_absence_back", ("duty_shift", id), why, &[]).await
}

/// Calls the nearest on standby who has not been called for this shift and can take it. `None` if there is nobody left.
///
/// Errors: refused while somebody stands there or the last may still answer, and once the shift is over.
pub async fn call_next(tx: &mut Tx, act: &Act, id: Uuid) -> Result<Option<Call>> {
    let shift = held(tx, act, id).await?;
    let called = standby::next(tx, act, &shift).await?;
    if called.is_some() {
        audit::record(tx, act, "call_standby", ("duty_shift", id), "", &[]).await?;
    }
    Ok(called)
}

/// Whoever was called says whether they come. Who accepts is put down in the place of whoever is absent, also when they answer late and nobody
/// was faster; who declines, the next is called.
///
/// Errors: refused if it has been answered, nobody is needed any more, or the shift is over before they are there.
pub async fn answer(tx: &mut Tx, act: &Act, call: Uuid, accepts: bool) -> Result<()> {
    let asked: Call = tx.one(CALL.bind(act.tenant).bind(call)).await?;
    let shift = held(tx, act, asked.shift_id).await?;
    let asked: Call = tx.one(CALL.bind(act.tenant).bind(call)).await?;
    if asked.answered_at.is_some() {
        return Err(Error::refused("这次备勤已经答复过了"));
    }
    if shift.is_over(act.at) {
        return Err(Error::refused("这一班已经结束，不用去了"));
    }
    if shift.absent_at.is_none() {
        return Err(Error::refused("原来的人已经到岗，不用去了"));
    }
    if asked.ended_at.is_some() || standby::in_place(tx, act, &shift).await?.is_some() {
        return Err(Error::refused("已经有别人顶岗了，不用去了"));
    }
    let by = act.at + SignedDuration::from_mins(asked.minutes);
    if accepts && shift.ends_at.is_some_and(|end| by >= end) {
        return Err(Error::refused("现在出发，到的时候这一班已经结束，不用去了"));
    }
    // Nobody has to be there before it begins.
    let by = by.max(shift.starts_at.unwrap_or(by));
    tx.execute_one(ANSWER_CALL.bind(act.tenant).bind(call).bind(act.at).bind(accepts)).await?;
    let shift_id = shift.id;
    if !accepts {
        // Somebody else may still have time to answer.
        let called = standby::go_on(tx, act, &shift).await?;
        audit::record(tx, act, "decline_standby", ("duty_shift", shift_id), "", &[]).await?;
        if called.is_some() {
            audit::record(tx, act, "call_standby", ("duty_shift", shift_id), "", &[]).await?;
        }
        return Ok(());
    }
    standby::end(tx, act, shift_id).await?;
    let day = shift.day.parse().map_err(|error: jiff::Error| Error::Internal(error.into()))?;
    let new = NewShift {
        school: shift.school_id,
        day,
        post: shift.gate_id.zip(shift.slot_id),
        person: Some(asked.person_id),
        duty: shift.duty.clone(),
        span: shift.starts_at.zip(shift.ends_at),
        // A day off keeps both or neither.
        pinned: shift.pinned && shift.roster_id.is_none(),
        stands_for: Some((shift_id, shift.seat, by)),
    };
    let id = put(tx, act, &new).await?;
    confirm(tx, act, id).await?;
    audit::record(tx, act, "accept_standby", ("duty_shift", shift_id), "", &[]).await
}

/// The days around now that somebody sees on their own page.
pub(super) fn shown(now: Timestamp) -> (String, String) {
    let today = coverage::today(now);
    let shifted = |days: i64| today.checked_add(days.days()).unwrap_or(today).to_string();
    (shifted(-1), shifted(28))
}
