//! Somebody is put down at a post, or changed, or taken off again; and what they do on the day.

use db::Tx;
use jiff::{SignedDuration, Timestamp, ToSpan};
use uuid::Uuid;

use super::model::{How, ShiftState, Windows, clock};
use super::shift_store::{
    self, ADD, ADD_CALL, ADD_SWAP, AGREE, ANSWER_CALL, CALL, CANCEL, CHANGE, COME, CONFIRM, Call, DECIDE, GIVE_TO,
    HAND_OVER, HOLD, LEAVE, MISS, OF_SEAT, SHIFT, STANDING_FOR, SWAP, SWAP_OF_SHIFT, Shift, Swap,
};
use super::store::{self, HOLD_PERSON, LEAVES_OF, Leave, NEAREST, Person, REACHES_OF, ReachRow};
use super::{coverage, model};
use crate::access::Act;
use crate::audit;
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
    (shift, gate, day): (Option<Uuid>, Option<Uuid>, &str),
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
}

/// Errors: refused if whoever is put down cannot take it.
pub async fn put(tx: &mut Tx, act: &Act, new: &NewShift) -> Result<Uuid> {
    let day = new.day.to_string();
    if let Some(person) = new.person {
        fit(tx, act, person, (None, new.post.map(|(gate, _)| gate), &day), new.span).await?;
    }
    let seat = match (new.post, &new.stands_for) {
        (_, Some((_, seat, _))) => *seat,
        (Some((gate, slot)), None) => {
            let there: Vec<Shift> = tx.all(OF_SEAT.bind(act.tenant).bind(&day).bind(gate).bind(slot)).await?;
            coverage::free_seat(&there)
        }
        (None, None) => 0,
    };
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
    audit::record(tx, act, "create", ("duty_shift", id), "", &[]).await?;
    Ok(id)
}

/// Who stands there, when and for what is changed while nobody has come.
///
/// Errors: refused if whoever is put down cannot take it; stale if somebody else was first.
pub(super) async fn change(
    tx: &mut Tx,
    act: &Act,
    shift: &Shift,
    seen: i64,
    (person, duty, span, pinned): (Option<Uuid>, &str, Option<(Timestamp, Timestamp)>, bool),
) -> Result<()> {
    if let Some(person) = person {
        fit(tx, act, person, (Some(shift.id), shift.gate_id, &shift.day), span).await?;
    }
    let row = CHANGE.bind(act.tenant).bind(shift.id).bind(seen).bind(person).bind(duty);
    let row = row.bind(span.map(|span| span.0)).bind(span.map(|span| span.1)).bind(pinned);
    if tx.execute(row).await? == 0 {
        return Err(Error::Stale("这一班刚刚有变化（有人到岗、缺岗或者改过），请看一下再改。".to_owned()));
    }
    audit::record(tx, act, "update", ("duty_shift", shift.id), "", &[]).await
}

/// Errors: refused once somebody has come or is absent: what happened stays.
pub(super) async fn cancel(tx: &mut Tx, act: &Act, id: Uuid, why: &str) -> Result<()> {
    if tx.execute(CANCEL.bind(act.tenant).bind(id)).await? == 0 {
        return Err(Error::refused("已经到岗或者记了缺岗的班次，不能取消"));
    }
    audit::record(tx, act, "cancel", ("duty_shift", id), why, &[]).await
}

/// Takes the row's lock and reads it as it stands then.
async fn held(tx: &mut Tx, act: &Act, id: Uuid) -> Result<Shift> {
    tx.execute_one(HOLD.bind(act.tenant).bind(id)).await?;
    let shift: Shift = tx.one(SHIFT.bind(act.tenant).bind(id)).await?;
    if shift.state != ShiftState::Standing {
        return Err(Error::refused("这一班还没有发布，或者已经取消了"));
    }
    Ok(shift)
}

pub async fn confirm(tx: &mut Tx, act: &Act, id: Uuid) -> Result<()> {
    let shift = held(tx, act, id).await?;
    if shift.confirmed_at.is_none() {
        tx.execute(CONFIRM.bind(act.tenant).bind(id).bind(act.at)).await?;
        audit::record(tx, act, "confirm", ("duty_shift", id), "", &[]).await?;
    }
    Ok(())
}

/// Somebody is at their post. Saying it twice changes nothing.
///
/// Errors: refused too early, too late, or when somebody else stands there in their place.
pub async fn come(tx: &mut Tx, act: &Act, id: Uuid, how: How, place: &str) -> Result<()> {
    let shift = held(tx, act, id).await?;
    if shift.came_at.is_some() {
        return Ok(());
    }
    if shift.person_id.is_none() {
        return Err(Error::refused("这一班还没有定人，先排上人"));
    }
    let windows: Windows = settings::read(tx, act.tenant, act.at).await?;
    if let Some((start, end)) = shift.starts_at.zip(shift.ends_at) {
        let opens = start - SignedDuration::from_mins(windows.check_in_minutes);
        if act.at < opens {
            return Err(Error::refused(format!("还早：{} 起才能签到", clock(opens))));
        }
        if act.at > end {
            return Err(Error::refused(format!("这一班 {} 已经结束，不能再签到。有出入请告诉值班室", clock(end))));
        }
    }
    let replaced: Option<Shift> = tx.optional(STANDING_FOR.bind(act.tenant).bind(id)).await?;
    if let Some(other) = replaced.filter(|other| other.state == ShiftState::Standing) {
        return Err(Error::refused(format!("这一班已经由{}顶岗了，请和值班室说一声", other.who())));
    }
    let place = Some(place).filter(|place| !place.is_empty());
    tx.execute(COME.bind(act.tenant).bind(id).bind(act.at).bind(how).bind(place)).await?;
    audit::record(tx, act, "come_on_post", ("duty_shift", id), how.label(), &[]).await
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
    let latest = |end: Timestamp| end + SignedDuration::from_mins(windows.check_out_minutes);
    if shift.ends_at.is_some_and(|end| act.at > latest(end)) {
        return Err(Error::refused("结束太久了，请值班室登记"));
    }
    tx.execute(LEAVE.bind(act.tenant).bind(id).bind(act.at)).await?;
    audit::record(tx, act, "leave_post", ("duty_shift", id), "", &[]).await
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

/// Somebody does not come; the nearest on standby is called at once. Gives whom.
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
    if shift.absent_at.is_none() {
        tx.execute(MISS.bind(act.tenant).bind(id).bind(act.at).bind(why)).await?;
        audit::record(tx, act, "absent_from_post", ("duty_shift", id), why, &[]).await?;
    }
    call_next(tx, act, id).await
}

/// Calls the nearest on standby who has not been called for this shift and can take it. `None` if there is nobody left.
///
/// Errors: refused while somebody has accepted, or the last may still answer.
pub async fn call_next(tx: &mut Tx, act: &Act, id: Uuid) -> Result<Option<Call>> {
    let shift = held(tx, act, id).await?;
    if shift.absent_at.is_none() {
        return Err(Error::refused("没有记缺岗，不用叫备勤"));
    }
    let calls = shift_store::calls_of(tx, act.tenant, id).await?;
    if let Some(taken) = calls.iter().find(|call| call.accepted == Some(true)) {
        return Err(Error::refused(format!("{}已经答应顶岗", taken.person_name)));
    }
    if let Some(open) = calls.iter().find(|call| call.answered_at.is_none() && call.answer_by > act.at) {
        return Err(Error::refused(format!("{}还可以答复到 {}，先打电话问", open.person_name, clock(open.answer_by))));
    }
    let windows: Windows = settings::read(tx, act.tenant, act.at).await?;
    let nearest: Vec<Person> = tx.all(NEAREST.bind(act.tenant).bind(shift.school_id).bind(&shift.day)).await?;
    let span = shift.starts_at.zip(shift.ends_at);
    for person in nearest {
        if Some(person.id) == shift.person_id || calls.iter().any(|call| call.person_id == person.id) {
            continue;
        }
        match fit(tx, act, person.id, (None, shift.gate_id, &shift.day), span).await {
            Err(Error::Refused(_)) => continue,
            other => other?,
        };
        let reaches: Vec<ReachRow> = tx.all(REACHES_OF.bind(act.tenant).bind(person.id)).await?;
        let minutes = reaches.iter().find(|row| row.school_id == shift.school_id).map_or(0, |row| row.minutes);
        let call = act.id();
        let by = act.at + SignedDuration::from_mins(windows.standby_minutes);
        let row = ADD_CALL.bind(act.tenant).bind(call).bind(id).bind(person.id).bind(minutes).bind(act.at);
        tx.execute(row.bind(by)).await?;
        audit::record(tx, act, "call_standby", ("duty_shift", id), "", &[]).await?;
        return Ok(Some(tx.one(CALL.bind(act.tenant).bind(call)).await?));
    }
    Ok(None)
}

/// Whoever was called says whether they come. Who accepts is put down in the place of whoever is absent; who declines, the next is called.
///
/// Errors: refused if it has been answered, or somebody else was faster.
pub async fn answer(tx: &mut Tx, act: &Act, call: Uuid, accepts: bool) -> Result<()> {
    let asked: Call = tx.one(CALL.bind(act.tenant).bind(call)).await?;
    let shift = held(tx, act, asked.shift_id).await?;
    match tx.execute(ANSWER_CALL.bind(act.tenant).bind(call).bind(act.at).bind(accepts)).await {
        Err(db::Error::Duplicate(_)) => return Err(Error::refused("已经有别人答应顶岗了，不用去了")),
        Ok(0) => return Err(Error::refused("这次备勤已经答复过了")),
        other => other?,
    };
    let said = if accepts { "accept_standby" } else { "decline_standby" };
    audit::record(tx, act, said, ("duty_shift", shift.id), "", &[]).await?;
    if !accepts {
        // Somebody else has accepted meanwhile, or has still time to answer.
        return match call_next(tx, act, shift.id).await {
            Ok(_) | Err(Error::Refused(_)) => Ok(()),
            Err(error) => Err(error),
        };
    }
    if shift.absent_at.is_none() {
        return Err(Error::refused("原来的人已经到岗，不用去了"));
    }
    let by = act.at + SignedDuration::from_mins(asked.minutes);
    let day = shift.day.parse().map_err(|error: jiff::Error| Error::Internal(error.into()))?;
    let new = NewShift {
        school: shift.school_id,
        day,
        post: shift.gate_id.zip(shift.slot_id),
        person: Some(asked.person_id),
        duty: shift.duty.clone(),
        span: shift.starts_at.zip(shift.ends_at),
        pinned: false,
        stands_for: Some((shift.id, shift.seat, by)),
    };
    let id = put(tx, act, &new).await?;
    confirm(tx, act, id).await
}

/// Somebody asks a colleague to take a shift over.
///
/// Errors: refused if it has begun, or a swap of it is open.
pub async fn ask_swap(tx: &mut Tx, act: &Act, shift: &Shift, to: Uuid) -> Result<()> {
    let Some(from) = shift.person_id.filter(|from| *from != to) else {
        return Err(Error::refused("请选择换给谁"));
    };
    if shift.starts_at.is_some_and(|start| start <= act.at) || shift.came_at.is_some() || shift.absent_at.is_some() {
        return Err(Error::refused("这一班已经开始，不能换了。来不了请点“来不了”"));
    }
    fit(tx, act, to, (None, shift.gate_id, &shift.day), shift.starts_at.zip(shift.ends_at)).await?;
    let id = act.id();
    match tx.execute(ADD_SWAP.bind(act.tenant).bind(id).bind(shift.id).bind(from).bind(to).bind(act.at)).await {
        Err(db::Error::Duplicate(_)) => return Err(Error::refused("这一班已经在申请换岗，等对方和值班室答复")),
        other => other?,
    };
    audit::record(tx, act, "ask_swap", ("duty_shift", shift.id), "", &[]).await
}

/// The colleague takes it, or does not.
pub async fn agree_swap(tx: &mut Tx, act: &Act, id: Uuid, agrees: bool) -> Result<()> {
    let swap: Swap = tx.one(SWAP.bind(act.tenant).bind(id)).await?;
    if agrees {
        tx.execute_one(AGREE.bind(act.tenant).bind(id).bind(act.at)).await?;
    } else {
        let row = DECIDE.bind(act.tenant).bind(id).bind("refused").bind(None::<Uuid>).bind(act.at).bind("对方不换");
        tx.execute_one(row).await?;
    }
    let said = if agrees { "agree_swap" } else { "refuse_swap" };
    audit::record(tx, act, said, ("duty_shift", swap.shift_id), "", &[]).await
}

/// Staff approve a swap, or say why not.
///
/// Errors: refused if the colleague has not agreed, or can no longer take it.
pub async fn decide_swap(tx: &mut Tx, act: &Act, id: Uuid, approved: bool, why: &str) -> Result<()> {
    let swap: Swap = tx.one(SWAP.bind(act.tenant).bind(id)).await?;
    let shift = held(tx, act, swap.shift_id).await?;
    if approved {
        if swap.state != "agreed" {
            return Err(Error::refused("对方还没有同意"));
        }
        if shift.person_id != Some(swap.from_id) || shift.came_at.is_some() || shift.absent_at.is_some() {
            return Err(Error::refused("这一班已经变了，不能按原来的申请换"));
        }
        fit(tx, act, swap.to_id, (Some(shift.id), shift.gate_id, &shift.day), shift.starts_at.zip(shift.ends_at))
            .await?;
        tx.execute(GIVE_TO.bind(act.tenant).bind(shift.id).bind(swap.to_id).bind(act.at)).await?;
    }
    let state = if approved { "approved" } else { "refused" };
    let row = DECIDE.bind(act.tenant).bind(id).bind(state).bind(act.account).bind(act.at).bind(why);
    tx.execute_one(row).await?;
    let said = if approved { "approve_swap" } else { "refuse_swap" };
    audit::record(tx, act, said, ("duty_shift", shift.id), why, &[]).await
}

pub(super) async fn open_swap(tx: &mut Tx, tenant: Uuid, shift: Uuid) -> Result<Option<Swap>> {
    Ok(tx.optional(SWAP_OF_SHIFT.bind(tenant).bind(shift)).await?)
}

/// The days around now that somebody sees on their own page.
pub(super) fn shown(now: Timestamp) -> (String, String) {
    let today = coverage::today(now);
    let shifted = |days: i64| today.checked_add(days.days()).unwrap_or(today).to_string();
    (shifted(-1), shifted(28))
}
