//! What is put down and not needed any more is cancelled with what makes it so, in the same transaction: a day without school or of another kind, a
//! term, the days of a peak, a peak or a post that is closed, a school that is given up. Which posts have to be kept is asked of `coverage`, so what
//! nobody knows cancels nothing; and what has begun stays, and is not counted. Whoever was to stand there gets one short message for all of it.

use std::sync::Arc;

use db::{Tx, record, statements};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::model::{Peak, ShiftState};
use super::shift_store::{self, Shift};
use super::{coverage, news, person, shift};
use crate::access::Act;
use crate::app::App;
use crate::audit;
use crate::channel;
use crate::error::Result;
use crate::outbox::{self, Handler, Message};

/// Shifts ($column of them) that an occasion ($2) concerns, in a state.
macro_rules! of_occasion {
    ($column:literal, $state:literal) => {
        concat!(
            "SELECT f.",
            $column,
            " FROM duty_cancellations c JOIN duty_shifts f ON f.tenant_id = c.tenant_id AND f.id = c.shift_id
            WHERE c.tenant_id = $1 AND c.occasion_id = $2 AND f.state = '",
            $state,
            "'"
        )
    };
}

statements! {
    /// Takes the locks of all that stands at a school, before the lock of the school.
    HOLD_OFF = "UPDATE duty_shifts SET lock_version = lock_version + 0 WHERE tenant_id = $1 AND day >= $2 AND school_id = $3 AND state = 'standing'";
    NOTE = "INSERT INTO duty_cancellations (tenant_id, occasion_id, shift_id, why, cancelled_at) VALUES ($1, $2, $3, $4, $5)";
    /// Somebody may have come or pinned it since it was read.
    CALL_OFF = concat!("UPDATE duty_shifts SET state = 'cancelled', call_at = NULL, lock_version = lock_version + 1
        WHERE tenant_id = $1 AND state = 'standing' AND came_at IS NULL AND (starts_at IS NULL OR starts_at > $3) AND (roster_id IS NOT NULL OR NOT pinned)
        AND id IN (", of_occasion!("id", "standing"), ")");
    /// Nobody takes over, or comes in the place of somebody, what is cancelled.
    CLOSE_SWAPS_OFF = concat!("UPDATE duty_swaps SET state = 'refused', decided_at = $3, why = $4 WHERE tenant_id = $1 AND state IN ('asked', 'agreed') AND shift_id IN (",
        of_occasion!("id", "cancelled"), ")");
    END_CALLS_OFF = concat!("UPDATE duty_calls SET ended_at = $3, watch_at = NULL WHERE tenant_id = $1 AND answered_at IS NULL AND ended_at IS NULL AND shift_id IN (",
        of_occasion!("id", "cancelled"), ")");
    /// The schools at which something was cancelled are looked at.
    WATCH_OFF = concat!("UPDATE duty_schools SET plan_watch_at = $3 WHERE tenant_id = $1 AND id IN (", of_occasion!("school_id", "cancelled"), ")");

    /// Who was to stand there. Whoever has said that they do not come need not hear it.
    CONCERNED = "SELECT DISTINCT p.id, p.name, p.phone_sealed FROM duty_cancellations c JOIN duty_shifts f ON f.tenant_id = c.tenant_id AND f.id = c.shift_id
        JOIN duty_people p ON p.tenant_id = f.tenant_id AND p.id = f.person_id
        WHERE c.tenant_id = $1 AND c.occasion_id = $2 AND f.state = 'cancelled' AND f.absent_at IS NULL ORDER BY p.name, p.id LIMIT 2000";
    LOST = "SELECT f.day, s.name AS school_name, t.kind AS peak, f.starts_at, c.why, c.texted_at FROM duty_cancellations c
        JOIN duty_shifts f ON f.tenant_id = c.tenant_id AND f.id = c.shift_id JOIN duty_schools s ON s.tenant_id = f.tenant_id AND s.id = f.school_id
        LEFT JOIN duty_slots t ON t.tenant_id = f.tenant_id AND t.id = f.slot_id
        WHERE c.tenant_id = $1 AND c.occasion_id = $2 AND f.person_id = $3 AND f.state = 'cancelled' AND f.absent_at IS NULL
        ORDER BY f.day, f.starts_at, f.id LIMIT 500";
    /// Somebody else on the list whose name is in a text.
    NAMED_IN = "SELECT p.id FROM duty_people p WHERE p.tenant_id = $1 AND p.id <> $2 AND CAST($3 AS TEXT) LIKE '%' || p.name || '%' LIMIT 1";
    TEXTED = "UPDATE duty_cancellations SET texted_at = $4 WHERE tenant_id = $1 AND occasion_id = $2
        AND shift_id IN (SELECT f.id FROM duty_shifts f WHERE f.tenant_id = $1 AND f.person_id = $3)";
    OF_SHIFT = "SELECT c.why, c.cancelled_at, c.texted_at FROM duty_cancellations c WHERE c.tenant_id = $1 AND c.shift_id = $2
        ORDER BY c.cancelled_at DESC LIMIT 1";
}

record! {
    struct Concerned { id: Uuid, name: String, phone_sealed: Option<Vec<u8>> }
    struct Lost {
        day: String, school_name: String, peak: Option<Peak>, starts_at: Option<Timestamp>, why: String, texted_at: Option<Timestamp>,
    }
    /// Why a shift was cancelled, and when whoever was to stand there got a message.
    pub(super) struct Cancellation { pub why: String, pub cancelled_at: Timestamp, pub texted_at: Option<Timestamp> }
}

/// Where nobody has to stand any more: on some days or from now on, at one school or all, at one of its gates or in one of its peaks.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Unneeded {
    pub days: Option<(Date, Date)>,
    pub school: Option<Uuid>,
    pub gate: Option<Uuid>,
    pub slot: Option<Uuid>,
}

impl Unneeded {
    /// From which day to which; nothing where that is past.
    fn days(&self, act: &Act) -> Option<(Date, Date)> {
        let today = coverage::today(act.at);
        let (first, last) = self.days.unwrap_or((today, Date::MAX));
        let first = first.max(today);
        let last = last.min(coverage::furthest(first));
        (first <= last).then_some((first, last))
    }

    /// Whether a shift stands there and has not begun.
    fn concerns(&self, shift: &Shift, now: Timestamp) -> bool {
        self.gate.is_none_or(|gate| shift.gate_id == Some(gate))
            && self.slot.is_none_or(|slot| shift.slot_id == Some(slot))
            && shift.came_at.is_none()
            && !shift.has_begun(now)
    }
}

/// What was cancelled at once.
#[derive(Default)]
pub struct CalledOff {
    pub shifts: u64,
    /// Whoever was to stand there, with the number, which may be empty.
    people: Vec<(String, String)>,
}

/// Holds what stands at a school, where its row is changed before that is cancelled: every step of a shift takes the shift before the school.
pub(super) async fn hold(tx: &mut Tx, act: &Act, school: Uuid) -> Result<()> {
    tx.execute(HOLD_OFF.bind(act.tenant).bind(coverage::today(act.at).to_string()).bind(school)).await?;
    Ok(())
}

/// Cancels what stands there, has not begun and does not have to be stood by what is entered now, also where somebody has said that they do not
/// come. Schools hear of it as of every change.
pub(super) async fn call_off(
    tx: &mut Tx,
    act: &Act,
    unneeded: &Unneeded,
    (subject, why): ((&str, Uuid), &str),
) -> Result<CalledOff> {
    let Some(days) = unneeded.days(act) else { return Ok(CalledOff::default()) };
    let mut ahead = shift_store::ahead(tx, act.tenant, unneeded.school, days).await?;
    ahead.retain(|shift| unneeded.concerns(shift, act.at));
    let needless = coverage::needless(tx, act.tenant, ahead, act.at).await?;
    let occasion = act.id();
    let note = |shift: &Shift| NOTE.bind(act.tenant).bind(occasion).bind(shift.id).bind(why).bind(act.at);
    tx.execute_many(NOTE, needless.iter().map(note).collect()).await?;
    let shifts = match needless.is_empty() {
        true => 0,
        false => tx.execute(CALL_OFF.bind(act.tenant).bind(occasion).bind(act.at)).await?,
    };
    if shifts == 0 {
        return Ok(CalledOff::default());
    }
    tx.execute(CLOSE_SWAPS_OFF.bind(act.tenant).bind(occasion).bind(act.at).bind(why)).await?;
    tx.execute(END_CALLS_OFF.bind(act.tenant).bind(occasion).bind(act.at)).await?;
    let looked = news::looked_at(tx, act).await?;
    tx.execute(WATCH_OFF.bind(act.tenant).bind(occasion).bind(looked)).await?;
    let people = tell(tx, act, occasion).await?;
    audit::record(tx, act, "call_off_shifts", subject, &format!("{shifts} 班：{why}"), &[]).await?;
    Ok(CalledOff { shifts, people })
}

/// The desk cancels one shift, of which whoever was to stand there is told; of a draft nobody has heard yet.
///
/// Errors: refused once somebody has come or is absent, or it has begun.
pub(super) async fn cancel(tx: &mut Tx, act: &Act, id: Uuid, why: &str) -> Result<CalledOff> {
    let standing = shift_store::shift(tx, act.tenant, id).await?.state == ShiftState::Standing;
    shift::cancel(tx, act, id, why).await?;
    let mut off = CalledOff { shifts: 1, people: Vec::new() };
    if standing {
        let occasion = act.id();
        tx.execute(NOTE.bind(act.tenant).bind(occasion).bind(id).bind(why).bind(act.at)).await?;
        off.people = tell(tx, act, occasion).await?;
    }
    Ok(off)
}

/// Has everybody told who was to stand there, once; gives their names and numbers.
async fn tell(tx: &mut Tx, act: &Act, occasion: Uuid) -> Result<Vec<(String, String)>> {
    let concerned: Vec<Concerned> = tx.all(CONCERNED.bind(act.tenant).bind(occasion)).await?;
    let (mut people, mut messages) = (Vec::new(), Vec::new());
    for one in concerned {
        let number = person::phone(act, one.phone_sealed.as_deref())?;
        if !number.is_empty() {
            messages.push(Cancelled { occasion, person: one.id });
        }
        people.push((one.name, number));
    }
    outbox::post_all(tx, act, TOPIC, &messages).await?;
    Ok(people)
}

/// Why a shift was cancelled, if that is known.
pub(super) async fn of_shift(tx: &mut Tx, tenant: Uuid, shift: Uuid) -> Result<Option<Cancellation>> {
    Ok(tx.optional(OF_SHIFT.bind(tenant).bind(shift)).await?)
}

/// What is said of it on the page: `。已经排的 3 班一并取消了，请打电话告诉张三`, or nothing.
pub(super) fn said(app: &App, off: &CalledOff) -> String {
    match off.shifts {
        0 => String::new(),
        shifts => format!("。已经排的 {shifts} 班一并取消了{}", told(app, off)),
    }
}

/// Who gets a message, and whom the desk has to call.
pub(super) fn told(app: &App, off: &CalledOff) -> String {
    let (texted, others): (Vec<&(String, String)>, Vec<&(String, String)>) =
        off.people.iter().partition(|one| channel::can_text(app, &one.1));
    format!("{}{}", listed("发短信告诉", &texted), listed("请打电话告诉", &others))
}

/// What is said on a page stays short, whoever many people there are: each of the shifts says for itself who was told.
const SHOWN: usize = 15;

fn listed(verb: &str, people: &[&(String, String)]) -> String {
    if people.is_empty() {
        return String::new();
    }
    let names: Vec<&str> = people.iter().take(SHOWN).map(|one| one.0.as_str()).collect();
    let more = if people.len() > SHOWN { format!("等 {} 人", people.len()) } else { String::new() };
    format!("，{verb}{}{more}", names.join("、"))
}

// ---------- what happens afterwards ----------

pub const TOPIC: &str = "duty.cancelled";

#[derive(Serialize, Deserialize)]
struct Cancelled {
    occasion: Uuid,
    person: Uuid,
}

pub fn handler() -> Handler {
    Arc::new(|app, message| Box::pin(text(app, message)))
}

/// A short message to whoever was to stand there, if they have a mobile phone and it is not too late.
async fn text(app: App, message: Message) -> Result<()> {
    let cancelled: Cancelled = serde_json::from_str(&message.payload).map_err(anyhow::Error::from)?;
    let act = Act::system(message.tenant_id, &app.means);
    let mut tx = app.db.read().await?;
    let lost: Vec<Lost> = tx.all(LOST.bind(act.tenant).bind(cancelled.occasion).bind(cancelled.person)).await?;
    let to_come = |one: &&Lost| one.texted_at.is_none() && one.starts_at.is_none_or(|start| start > act.at);
    let lost: Vec<&Lost> = lost.iter().filter(to_come).collect();
    let Some(first) = lost.first() else { return Ok(()) };
    // The desk wrote it for itself: what names somebody else, or has a number in it, stays there.
    let named = !tx.rows(NAMED_IN.bind(act.tenant).bind(cancelled.person).bind(&first.why)).await?.is_empty();
    let why = Some(first.why.as_str()).filter(|why| !named && codes::text::personal(why).is_none());
    let person = super::store::person(&mut tx, act.tenant, cancelled.person).await?;
    drop(tx);
    if channel::text(&app, message.id, &person.phone(&act)?, &words(&lost, why)).await? {
        let mut tx = app.db.begin().await?;
        let row = TEXTED.bind(act.tenant).bind(cancelled.occasion).bind(cancelled.person).bind(act.at);
        tx.execute(row).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// A message is short: so many days are written out, and so much of the reason.
const DAYS: usize = 6;
const REASON: usize = 40;

/// `【护学岗】您 11月30日、12月1日 城北小学 早入校的班取消了，不用来：下雪停课`
fn words(lost: &[&Lost], why: Option<&str>) -> String {
    let mut places: Vec<(String, Vec<String>)> = Vec::new();
    for one in lost.iter().take(DAYS) {
        let place = format!("{} {}", one.school_name, one.peak.map_or("", Peak::label));
        let day = one.day.parse::<Date>().map_or(one.day.clone(), |day| day.strftime("%-m月%-d日").to_string());
        match places.iter_mut().find(|(known, _)| *known == place) {
            Some((_, days)) if days.contains(&day) => {}
            Some((_, days)) => days.push(day),
            None => places.push((place, vec![day])),
        }
    }
    let places: Vec<String> = places.iter().map(|(place, days)| format!("{} {place}", days.join("、"))).collect();
    let more = if lost.len() > DAYS { format!("等 {} 班", lost.len()) } else { "的班".to_owned() };
    let why = why.map_or(String::new(), |why| format!("：{}", why.chars().take(REASON).collect::<String>()));
    format!("【护学岗】您 {}{more}取消了，不用来{why}", places.join("；"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_short_and_names_each_place_once() {
        let lost = |day: u8, school: &str| Lost {
            day: format!("2026-09-{day:02}"),
            school_name: school.to_owned(),
            peak: Some(Peak::MorningIn),
            starts_at: None,
            why: String::new(),
            texted_at: None,
        };
        let all = [lost(1, "城北小学"), lost(2, "城北小学"), lost(3, "城北中学")];
        let said = words(&all.iter().collect::<Vec<_>>(), Some("下雪停课"));
        let peak = Peak::MorningIn.label();
        let expected =
            format!("【护学岗】您 9月1日、9月2日 城北小学 {peak}；9月3日 城北中学 {peak}的班取消了，不用来：下雪停课");
        assert_eq!(said, expected);
        let term: Vec<Lost> = (1..=30).map(|day| lost(day, "城北小学")).collect();
        let long = "很长".repeat(50);
        let said = words(&term.iter().collect::<Vec<_>>(), Some(&long));
        assert!(said.contains("等 30 班取消了") && said.contains("9月6日") && !said.contains("9月7日"), "{said}");
        assert!(said.chars().count() < 140, "{said}");
    }
}
