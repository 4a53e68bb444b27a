//! Somebody asks a colleague to take a shift over; the colleague agrees, and staff decide.

use db::Tx;
use jiff::Timestamp;
use uuid::Uuid;

use super::model::ShiftState;
use super::news;
use super::shift::{fit, held};
use super::shift_store::{ADD_SWAP, AGREE, DECIDE, GIVE_TO, SWAP, SWAP_OF_SHIFT, Shift, Swap};
use super::store::{self, COLLEAGUES, Person, REACHES_OF_COLLEAGUES, ReachRow};
use crate::access::Act;
use crate::audit::{self, Change};
use crate::error::{Error, Result};

/// Whom somebody may ask to take shifts over: of the same unit and kind; of people from outside those who can come to the same school.
#[derive(Debug, Clone, Default)]
pub(super) struct Colleagues {
    people: Vec<(Uuid, String)>,
    /// Of people from outside: who can come to which school.
    schools: Option<std::collections::HashSet<(Uuid, Uuid)>>,
}

impl Colleagues {
    pub async fn of(tx: &mut Tx, tenant: Uuid, person: &Person) -> Result<Colleagues> {
        let query = COLLEAGUES.bind(tenant).bind(person.organisation_id).bind(person.kind).bind(person.id);
        let people: Vec<Person> = tx.all(query).await?;
        let schools = match person.kind.is_uniformed() {
            true => None,
            false => {
                let query = REACHES_OF_COLLEAGUES.bind(tenant).bind(person.organisation_id).bind(person.kind);
                let rows: Vec<ReachRow> = tx.all(query).await?;
                Some(rows.into_iter().map(|row| (row.person_id, row.school_id)).collect())
            }
        };
        Ok(Colleagues { people: people.into_iter().map(|one| (one.id, one.name)).collect(), schools })
    }

    /// Those for a shift at a school.
    pub fn at(&self, school: Uuid) -> impl Iterator<Item = &(Uuid, String)> {
        let can = move |id: Uuid| self.schools.as_ref().is_none_or(|schools| schools.contains(&(id, school)));
        self.people.iter().filter(move |(id, _)| can(*id))
    }
}

/// Somebody asks a colleague to take a shift over. Where the colleague cannot, nothing of what else they do is said.
///
/// Errors: refused if it has begun, a swap of it is open, or they cannot.
pub async fn ask(tx: &mut Tx, act: &Act, shift: &Shift, to: Uuid) -> Result<()> {
    let Some(from) = shift.person_id else {
        return Err(Error::refused("请选择换给谁"));
    };
    if shift.state != ShiftState::Standing
        || shift.has_begun(act.at)
        || shift.came_at.is_some()
        || shift.absent_at.is_some()
    {
        return Err(Error::refused("这一班已经开始，不能换了。来不了请点“来不了”"));
    }
    let person = store::person(tx, act.tenant, from).await?;
    let colleagues = Colleagues::of(tx, act.tenant, &person).await?;
    if !colleagues.at(shift.school_id).any(|(id, _)| *id == to) {
        return Err(Error::refused("请选择换给谁"));
    }
    let span = shift.starts_at.zip(shift.ends_at);
    match fit(tx, act, to, (None, (shift.school_id, shift.gate_id), &shift.day), span).await {
        Err(Error::Refused(_)) => return Err(Error::refused("对方这时候不能来，请换一个人")),
        other => other?,
    };
    let id = act.id();
    match tx.execute(ADD_SWAP.bind(act.tenant).bind(id).bind(shift.id).bind(from).bind(to).bind(act.at)).await {
        Err(db::Error::Duplicate(_)) => return Err(Error::refused("这一班已经在申请换岗，等对方和值班室答复")),
        other => other?,
    };
    audit::record(tx, act, "ask_swap", ("duty_shift", shift.id), "", &[]).await
}

/// Holds the shift of a swap, and reads both as they stand then.
async fn held_swap(tx: &mut Tx, act: &Act, id: Uuid) -> Result<(Swap, Shift)> {
    let swap: Swap = tx.one(SWAP.bind(act.tenant).bind(id)).await?;
    let shift = held(tx, act, swap.shift_id).await?;
    Ok((tx.one(SWAP.bind(act.tenant).bind(id)).await?, shift))
}

impl Swap {
    /// How it stands, for whoever asked and for staff.
    pub(super) fn outcome(&self, now: Timestamp) -> String {
        let too_late = self.starts_at.is_some_and(|start| start <= now);
        match self.state.as_str() {
            "asked" | "agreed" if too_late => "到点没有办完，没有换成".to_owned(),
            "asked" => format!("等{}答复", self.to_name),
            "agreed" => format!("{}同意了，等值班室批", self.to_name),
            "approved" => format!("已经换给{}", self.to_name),
            _ if self.why.is_empty() => "没有换成".to_owned(),
            _ => format!("没有换成：{}", self.why),
        }
    }

    /// It still waits for somebody.
    pub(super) fn is_open(&self, now: Timestamp) -> bool {
        matches!(self.state.as_str(), "asked" | "agreed") && self.starts_at.is_none_or(|start| start > now)
    }
}

/// The colleague takes it, or does not.
///
/// Errors: refused if that has been answered, or the shift has changed or begun since.
pub async fn agree(tx: &mut Tx, act: &Act, id: Uuid, agrees: bool) -> Result<()> {
    let (swap, shift) = held_swap(tx, act, id).await?;
    match swap.state.as_str() {
        "asked" => {}
        "agreed" if agrees => return Err(Error::refused("您已经同意过了，等值班室批")),
        "agreed" => return Err(Error::refused("您已经同意过了，不想换请告诉值班室")),
        _ => return Err(Error::refused(format!("这次换岗已经了结：{}", swap.outcome(act.at)))),
    }
    if agrees && (shift.has_begun(act.at) || shift.person_id != Some(swap.from_id) || shift.absent_at.is_some()) {
        return Err(Error::refused("这一班已经开始或者变了，不用换了"));
    }
    if agrees {
        tx.execute_one(AGREE.bind(act.tenant).bind(id).bind(act.at)).await?;
    } else {
        let row = DECIDE.bind(act.tenant).bind(id).bind("refused").bind(None::<Uuid>).bind(act.at).bind("对方不换");
        tx.execute_one(row).await?;
    }
    let said = if agrees { "agree_swap" } else { "refuse_swap" };
    audit::record(tx, act, said, ("duty_shift", shift.id), "", &[]).await
}

/// Whoever asked wants to keep the shift after all.
///
/// Errors: refused once it is settled.
pub(super) async fn withdraw(tx: &mut Tx, act: &Act, id: Uuid) -> Result<()> {
    let (swap, shift) = held_swap(tx, act, id).await?;
    let row = DECIDE.bind(act.tenant).bind(id).bind("refused").bind(None::<Uuid>).bind(act.at).bind("本人撤回");
    if tx.execute(row).await? == 0 {
        return Err(Error::refused(format!("这次换岗已经了结：{}", swap.outcome(act.at))));
    }
    audit::record(tx, act, "withdraw_swap", ("duty_shift", shift.id), "", &[]).await
}

/// Staff approve a swap, or say why not.
///
/// Errors: refused if the colleague has not agreed or can no longer take it, or the shift has begun.
pub async fn decide(tx: &mut Tx, act: &Act, id: Uuid, approved: bool, why: &str) -> Result<()> {
    let (swap, shift) = held_swap(tx, act, id).await?;
    if !matches!(swap.state.as_str(), "asked" | "agreed") {
        return Err(Error::refused(format!("这次换岗已经了结：{}", swap.outcome(act.at))));
    }
    if approved {
        if swap.state != "agreed" {
            return Err(Error::refused("对方还没有同意"));
        }
        if shift.has_begun(act.at) {
            return Err(Error::refused("这一班已经开始，不能再换"));
        }
        if shift.person_id != Some(swap.from_id) || shift.came_at.is_some() || shift.absent_at.is_some() {
            return Err(Error::refused("这一班已经变了，不能按原来的申请换"));
        }
        let place = (shift.school_id, shift.gate_id);
        let span = shift.starts_at.zip(shift.ends_at);
        fit(tx, act, swap.to_id, (Some(shift.id), place, &shift.day), span).await?;
        tx.execute(GIVE_TO.bind(act.tenant).bind(shift.id).bind(swap.to_id).bind(act.at)).await?;
        news::watch(tx, act, shift.school_id, &shift.day).await?;
    }
    let state = if approved { "approved" } else { "refused" };
    let row = DECIDE.bind(act.tenant).bind(id).bind(state).bind(act.account).bind(act.at).bind(why);
    tx.execute_one(row).await?;
    let said = if approved { "approve_swap" } else { "refuse_swap" };
    // Whose it was before is nowhere else once it is given to the other.
    let given = Change { field: "person_id", old: Some(swap.from_id.to_string()), new: Some(swap.to_id.to_string()) };
    let changes: Vec<Change> = approved.then_some(given).into_iter().collect();
    audit::record(tx, act, said, ("duty_shift", shift.id), why, &changes).await
}

/// The last swap that was asked of a shift.
pub(super) async fn last(tx: &mut Tx, tenant: Uuid, shift: Uuid) -> Result<Option<Swap>> {
    Ok(tx.optional(SWAP_OF_SHIFT.bind(tenant).bind(shift)).await?)
}
