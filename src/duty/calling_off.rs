//! What is put down and not needed any more is cancelled with what makes it so, in the same transaction: a day without school or of another kind, a
//! term, the days of a peak, a peak or a post that is closed, a school that is given up. Which posts have to be kept is asked of `coverage`, so what
//! nobody knows cancels nothing; what nobody had to stand before the change stays; and what has begun stays, and is not counted. Whoever was to
//! stand there gets one short message for all of it, or is called.

use std::collections::HashSet;
use std::sync::Arc;

use calendar::WorkingDays;
use db::{Tx, record, statements};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::model::{Peak, ShiftState};
use super::store::{WATCH_PLAN, school_in_reach, whole};
use super::{coverage, news, person, shift, shift_store};
use crate::access::{Act, Scope};
use crate::app::App;
use crate::audit;
use crate::channel;
use crate::error::{Error, Result};
use crate::in_reach;
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

/// A cancelled shift of which it is not too late, at a moment ($4) of a day ($5), to say so to whoever was to stand there.
macro_rules! to_come {
    () => {
        "f.state = 'cancelled' AND f.absent_at IS NULL AND (f.starts_at > $4 OR f.starts_at IS NULL AND f.day >= $5)"
    };
}

/// Whether whoever was to stand there has to stand at the same school that day all the same, after a moment ($now): in another part of the peak, or
/// put down again meanwhile.
macro_rules! stays {
    ($now:literal) => {
        concat!(
            "CAST(CASE WHEN EXISTS (SELECT 1 FROM duty_shifts o WHERE o.tenant_id = f.tenant_id AND o.person_id = f.person_id AND o.day = f.day
            AND o.school_id = f.school_id AND o.state = 'standing' AND o.absent_at IS NULL AND (o.ends_at IS NULL OR o.ends_at > ",
            $now,
            ")) THEN 1 ELSE 0 END AS BIGINT) AS stays"
        )
    };
}

statements! {
    NOTE = "INSERT INTO duty_cancellations (tenant_id, occasion_id, shift_id, why_sealed, cancelled_at) VALUES ($1, $2, $3, $4, $5)";
    /// Somebody may have come, pinned it or cancelled it since it was read: then it is nothing of this occasion.
    DROP_NOTES = "DELETE FROM duty_cancellations WHERE tenant_id = $1 AND occasion_id = $2 AND NOT EXISTS (SELECT 1 FROM duty_shifts f
        WHERE f.tenant_id = $1 AND f.id = duty_cancellations.shift_id AND f.state = 'standing' AND f.came_at IS NULL
        AND (f.starts_at IS NULL OR f.starts_at > $3) AND (f.roster_id IS NOT NULL OR NOT f.pinned))";
    CALL_OFF = concat!("UPDATE duty_shifts SET state = 'cancelled', call_at = NULL, lock_version = lock_version + 1 WHERE tenant_id = $1 AND id IN (",
        of_occasion!("id", "standing"), ")");
    /// Nobody takes over, or comes in the place of somebody, what is cancelled.
    CLOSE_SWAPS_OFF = concat!("UPDATE duty_swaps SET state = 'refused', decided_at = $3, why = $4 WHERE tenant_id = $1 AND state IN ('asked', 'agreed') AND shift_id IN (",
        of_occasion!("id", "cancelled"), ")");
    /// Who was asked to come in the place of somebody, and has not answered.
    CALLED = concat!("SELECT DISTINCT p.id, p.name, p.phone_sealed FROM duty_calls c JOIN duty_people p ON p.tenant_id = c.tenant_id AND p.id = c.person_id
        WHERE c.tenant_id = $1 AND c.answered_at IS NULL AND c.ended_at IS NULL AND c.shift_id IN (", of_occasion!("id", "cancelled"), ")
        ORDER BY p.name, p.id LIMIT 20000");
    END_CALLS_OFF = concat!("UPDATE duty_calls SET ended_at = $3, watch_at = NULL WHERE tenant_id = $1 AND answered_at IS NULL AND ended_at IS NULL AND shift_id IN (",
        of_occasion!("id", "cancelled"), ")");
    /// The schools at which something was cancelled, in the order in which everybody takes them.
    SCHOOLS_OFF = "SELECT DISTINCT f.school_id FROM duty_cancellations c JOIN duty_shifts f ON f.tenant_id = c.tenant_id AND f.id = c.shift_id
        WHERE c.tenant_id = $1 AND c.occasion_id = $2 AND f.state = 'cancelled' ORDER BY f.school_id LIMIT 5000";

    /// Who was to stand there. Whoever has said that they do not come need not hear it.
    CONCERNED = "SELECT DISTINCT p.id, p.name, p.phone_sealed FROM duty_cancellations c JOIN duty_shifts f ON f.tenant_id = c.tenant_id AND f.id = c.shift_id
        JOIN duty_people p ON p.tenant_id = f.tenant_id AND p.id = f.person_id
        WHERE c.tenant_id = $1 AND c.occasion_id = $2 AND f.state = 'cancelled' AND f.absent_at IS NULL ORDER BY p.name, p.id LIMIT 20000";
    LOST = concat!("SELECT f.day, s.name AS school_name, t.kind AS peak, c.why_sealed, ", stays!("$4"), " FROM duty_cancellations c
        JOIN duty_shifts f ON f.tenant_id = c.tenant_id AND f.id = c.shift_id JOIN duty_schools s ON s.tenant_id = f.tenant_id AND s.id = f.school_id
        LEFT JOIN duty_slots t ON t.tenant_id = f.tenant_id AND t.id = f.slot_id
        WHERE c.tenant_id = $1 AND c.occasion_id = $2 AND c.texted_at IS NULL AND c.told_at IS NULL AND f.person_id = $3 AND ", to_come!(), "
        ORDER BY f.day, f.starts_at, f.id LIMIT 500");
    /// Somebody else on the list whose name is in a text.
    NAMED_IN = "SELECT p.id FROM duty_people p WHERE p.tenant_id = $1 AND p.id <> $2 AND CAST($3 AS TEXT) LIKE '%' || p.name || '%' LIMIT 1";
    TEXTED = concat!("UPDATE duty_cancellations SET texted_at = $4 WHERE tenant_id = $1 AND occasion_id = $2 AND told_at IS NULL
        AND shift_id IN (SELECT f.id FROM duty_shifts f WHERE f.tenant_id = $1 AND f.person_id = $3 AND ", to_come!(), ")");
    OF_SHIFT = "SELECT c.why_sealed, c.cancelled_at, c.texted_at, c.told_at FROM duty_cancellations c WHERE c.tenant_id = $1 AND c.shift_id = $2
        ORDER BY c.cancelled_at DESC LIMIT 1";

    /// Of a day ($5) and later, cancelled since a moment ($4), as it is now ($6): along the few that wait, and not along all shifts to come.
    UNTOLD = concat!("SELECT p.id AS person_id, p.name, p.phone_sealed, f.id AS shift_id, f.day, s.name AS school_name, t.kind AS peak, f.starts_at, c.cancelled_at, ",
        stays!("$6"), " FROM duty_cancellations c JOIN duty_shifts f ON f.tenant_id = c.tenant_id AND f.id = c.shift_id
        JOIN duty_people p ON p.tenant_id = f.tenant_id AND p.id = f.person_id JOIN duty_schools s ON s.tenant_id = f.tenant_id AND s.id = f.school_id
        LEFT JOIN duty_slots t ON t.tenant_id = f.tenant_id AND t.id = f.slot_id
        WHERE c.tenant_id = $1 AND c.texted_at IS NULL AND c.told_at IS NULL AND c.cancelled_at >= $4 AND f.state = 'cancelled' AND f.absent_at IS NULL
        AND f.day || '' >= $5 AND ", school_in_reach!("f.school_id"), " ORDER BY p.name, p.id, f.day, f.starts_at, f.id LIMIT 5000");
    /// What was cancelled up to a moment ($7), so that nothing is noted that nobody has seen.
    TOLD = concat!("UPDATE duty_cancellations SET told_at = $5, told_by = $6 WHERE tenant_id = $1 AND texted_at IS NULL AND told_at IS NULL AND cancelled_at <= $7
        AND shift_id IN (SELECT f.id FROM duty_shifts f WHERE f.tenant_id = $1 AND f.person_id = $4 AND f.state = 'cancelled' AND ",
        school_in_reach!("f.school_id"), ")");
}

record! {
    struct SchoolOff { school_id: Uuid }
    struct Concerned { id: Uuid, name: String, phone_sealed: Option<Vec<u8>> }
    struct Lost { day: String, school_name: String, peak: Option<Peak>, why_sealed: Vec<u8>, stays: i64 }
    struct OfShift { why_sealed: Vec<u8>, cancelled_at: Timestamp, texted_at: Option<Timestamp>, told_at: Option<Timestamp> }
    /// A cancelled shift of which whoever was to stand there has not heard.
    pub(super) struct Untold {
        pub person_id: Uuid, pub name: String, pub phone_sealed: Option<Vec<u8>>, pub shift_id: Uuid, pub day: String, pub school_name: String,
        pub peak: Option<Peak>, pub starts_at: Option<Timestamp>, pub cancelled_at: Timestamp, pub stays: i64,
    }
}

/// Why a shift was cancelled, and when whoever was to stand there got a message, or was told.
pub(super) struct Cancellation {
    pub why: String,
    pub cancelled_at: Timestamp,
    pub texted_at: Option<Timestamp>,
    pub told_at: Option<Timestamp>,
}

/// Why is sealed: it may be an illness.
const WHY: &str = "duty cancellation";

/// A message is on its way for so many minutes; whoever has none by then is called.
const ON_ITS_WAY: i64 = 3;

/// A message that has not gone out by now is not waited for.
pub(super) fn is_late(cancelled_at: Timestamp, now: Timestamp) -> bool {
    cancelled_at + SignedDuration::from_mins(ON_ITS_WAY) <= now
}

/// Where nobody has to stand any more: on some days or from now on, at one school or all, at one of its gates or in one of its peaks.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Unneeded {
    pub days: Option<(Date, Date)>,
    pub school: Option<Uuid>,
    pub gate: Option<Uuid>,
    pub slot: Option<Uuid>,
    /// Only on days on which people work: of others no term says whether there is school.
    pub working: bool,
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

    /// What stands there, has not begun, and does not have to be stood by what is entered now.
    async fn needless(&self, tx: &mut Tx, act: &Act) -> Result<Vec<Uuid>> {
        let Some(days) = self.days(act) else { return Ok(Vec::new()) };
        let place = (self.school, self.gate, self.slot);
        let mut ahead = shift_store::ahead(tx, act.tenant, place, days, act.at).await?;
        if self.working {
            let working = WorkingDays::embedded();
            let works = |day: Date| !matches!(working.is_working(day), Ok(false));
            ahead.retain(|shift| shift.day.parse::<Date>().is_ok_and(works));
        }
        coverage::needless(tx, act.tenant, &ahead, act.at).await
    }
}

/// What nobody had to stand before a change: somebody was put there all the same, and the change takes nothing of it along.
pub(super) struct Before {
    place: Unneeded,
    needless: HashSet<Uuid>,
}

/// Comes before the change, and [`call_off`] after it.
pub(super) async fn before(tx: &mut Tx, act: &Act, place: Unneeded) -> Result<Before> {
    let needless = place.needless(tx, act).await?.into_iter().collect();
    Ok(Before { place, needless })
}

/// What was cancelled at once.
#[derive(Default)]
pub struct CalledOff {
    pub shifts: u64,
    /// Whoever was to stand there, with the number, which may be empty.
    people: Vec<(String, String)>,
    /// Whoever was asked to come in the place of somebody, and need not any more.
    called: Vec<(String, String)>,
}

/// Holds what stands at a school, where its row is changed before that is cancelled: every step of a shift takes the shift before the school.
pub(super) async fn hold(tx: &mut Tx, act: &Act, school: Uuid) -> Result<()> {
    let today = coverage::today(act.at);
    let days = (today, coverage::furthest(today));
    let ahead = shift_store::ahead(tx, act.tenant, (Some(school), None, None), days, act.at).await?;
    shift_store::hold(tx, act.tenant, ahead.iter().map(|shift| shift.id).collect()).await
}

/// Cancels what stands there, has not begun and does not have to be stood since the change, also where somebody has said that they do not come.
/// Schools hear of it as of every change.
pub(super) async fn call_off(
    tx: &mut Tx,
    act: &Act,
    before: Before,
    (subject, why): ((&str, Uuid), &str),
) -> Result<CalledOff> {
    let Before { place, needless: mut known } = before;
    let occasion = act.id();
    // Of two changes that make the same shift needless at once, the second waits in the first look. Meanwhile somebody may have been put down
    // in the place of whoever does not come: the second look finds them.
    for _ in 0..2 {
        let mut needless = place.needless(tx, act).await?;
        needless.retain(|shift| known.insert(*shift));
        if needless.is_empty() {
            break;
        }
        note(tx, act, occasion, &needless, why).await?;
        shift_store::hold(tx, act.tenant, needless).await?;
    }
    tx.execute(DROP_NOTES.bind(act.tenant).bind(occasion).bind(act.at)).await?;
    let shifts = tx.execute(CALL_OFF.bind(act.tenant).bind(occasion)).await?;
    if shifts == 0 {
        return Ok(CalledOff::default());
    }
    tx.execute(CLOSE_SWAPS_OFF.bind(act.tenant).bind(occasion).bind(act.at).bind("这一班取消了")).await?;
    let asked: Vec<Concerned> = whole(tx.all(CALLED.bind(act.tenant).bind(occasion)).await?, 20_000)?;
    let mut called = Vec::new();
    for one in asked {
        let number = person::phone(act, one.phone_sealed.as_deref())?;
        called.push((one.name, number));
    }
    tx.execute(END_CALLS_OFF.bind(act.tenant).bind(occasion).bind(act.at)).await?;
    let looked = news::looked_at(tx, act).await?;
    let schools: Vec<SchoolOff> = tx.all(SCHOOLS_OFF.bind(act.tenant).bind(occasion)).await?;
    for school in schools {
        tx.execute(WATCH_PLAN.bind(act.tenant).bind(school.school_id).bind(looked)).await?;
    }
    let people = tell(tx, act, occasion).await?;
    audit::record(tx, act, "call_off_shifts", subject, &format!("{shifts} 班"), &[]).await?;
    Ok(CalledOff { shifts, people, called })
}

async fn note(tx: &mut Tx, act: &Act, occasion: Uuid, shifts: &[Uuid], why: &str) -> Result<()> {
    let sealed = act.seal(WHY, why)?;
    let note = |shift: &Uuid| NOTE.bind(act.tenant).bind(occasion).bind(*shift).bind(sealed.as_slice()).bind(act.at);
    Ok(tx.execute_many(NOTE, shifts.iter().map(note).collect()).await?)
}

/// The desk cancels one shift, of which whoever was to stand there is told; of a draft nobody has heard yet.
///
/// Errors: refused once somebody has come or is absent, or it has begun.
pub(super) async fn cancel(tx: &mut Tx, act: &Act, id: Uuid, why: &str) -> Result<CalledOff> {
    shift_store::hold(tx, act.tenant, vec![id]).await?;
    let standing = shift_store::shift(tx, act.tenant, id).await?.state == ShiftState::Standing;
    // The audit log has no word of why.
    shift::cancel(tx, act, id, "").await?;
    if standing { tell_of(tx, act, &[id], why).await } else { Ok(CalledOff { shifts: 1, ..CalledOff::default() }) }
}

/// Has everybody told who was to stand in shifts that stood and have just been cancelled one by one.
pub(super) async fn tell_of(tx: &mut Tx, act: &Act, cancelled: &[Uuid], why: &str) -> Result<CalledOff> {
    let occasion = act.id();
    note(tx, act, occasion, cancelled, why).await?;
    let people = tell(tx, act, occasion).await?;
    Ok(CalledOff { shifts: cancelled.len() as u64, people, called: Vec::new() })
}

/// Has everybody told who was to stand there, once; gives their names and numbers.
async fn tell(tx: &mut Tx, act: &Act, occasion: Uuid) -> Result<Vec<(String, String)>> {
    let concerned: Vec<Concerned> = whole(tx.all(CONCERNED.bind(act.tenant).bind(occasion)).await?, 20_000)?;
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
pub(super) async fn of_shift(tx: &mut Tx, act: &Act, shift: Uuid) -> Result<Option<Cancellation>> {
    let Some(one) = tx.optional::<OfShift>(OF_SHIFT.bind(act.tenant).bind(shift)).await? else { return Ok(None) };
    let why = act.open(WHY, &one.why_sealed)?;
    Ok(Some(Cancellation { why, cancelled_at: one.cancelled_at, texted_at: one.texted_at, told_at: one.told_at }))
}

/// What was cancelled of today and later, within reach, and whoever was to stand there has neither got a message nor been told; by person.
pub(super) async fn untold(tx: &mut Tx, tenant: Uuid, scope: &Scope, now: Timestamp) -> Result<Vec<Untold>> {
    let since = now - SignedDuration::from_hours(24 * coverage::LONGEST);
    let query = UNTOLD.bind(tenant).bind(scope.account).bind(&scope.roles).bind(since);
    Ok(tx.all(query.bind(coverage::today(now).to_string()).bind(now)).await?)
}

/// The desk has told somebody of all that was cancelled up to a moment, within reach.
///
/// Errors: refused if there is nothing to tell.
pub(super) async fn note_told(tx: &mut Tx, act: &Act, scope: &Scope, person: Uuid, until: Timestamp) -> Result<()> {
    let row = TOLD.bind(act.tenant).bind(scope.account).bind(&scope.roles).bind(person).bind(act.at);
    if tx.execute(row.bind(act.account).bind(until)).await? == 0 {
        return Err(Error::refused("没有要告诉本人的，或者已经告诉了"));
    }
    audit::record(tx, act, "tell_called_off", ("duty_person", person), "电话", &[]).await
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
    let (texted, others): (Vec<_>, Vec<_>) = off.people.iter().partition(|one| channel::can_text(app, &one.1));
    let called: Vec<&(String, String)> = off.called.iter().collect();
    let asked = match listed("请打电话告诉", &called) {
        names if names.is_empty() => names,
        names => format!("{names}不用去顶岗了"),
    };
    format!("{}{}{asked}", listed("发短信告诉", &texted), listed("请打电话告诉", &others))
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
    let today = coverage::today(act.at).to_string();
    let lost = LOST.bind(act.tenant).bind(cancelled.occasion).bind(cancelled.person).bind(act.at).bind(&today);
    let lost: Vec<Lost> = tx.all(lost).await?;
    let Some(first) = lost.first() else { return Ok(()) };
    // The desk wrote it for itself: what names somebody else on the list, or has a number in it, stays there.
    let why = act.open(WHY, &first.why_sealed)?;
    let named = !tx.rows(NAMED_IN.bind(act.tenant).bind(cancelled.person).bind(&why)).await?.is_empty();
    let why = Some(why.as_str()).filter(|why| !named && !has_number(why));
    let person = super::store::person(&mut tx, act.tenant, cancelled.person).await?;
    drop(tx);
    if channel::text(&app, message.id, &person.phone(&act)?, &words(&lost, why)).await? {
        let mut tx = app.db.begin().await?;
        let row = TEXTED.bind(act.tenant).bind(cancelled.occasion).bind(cancelled.person).bind(act.at);
        tx.execute(row.bind(&today)).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// A telephone, on a desk too, or an identity number may be in it.
fn has_number(text: &str) -> bool {
    let digits = codes::text::half_width(text);
    let mut runs = digits.split(|c: char| !c.is_ascii_digit());
    codes::text::personal(text).is_some() || runs.any(|run| run.len() >= 7)
}

/// A message is short: so many days are written out, and so much of the reason; less of it where there are more days.
const DAYS: usize = 6;
const REASON: usize = 40;
const REASON_OF_MANY: usize = 20;

/// `【护学岗】您 11月30日、12月1日 城北小学 早入校的班取消了，不用来：下雪停课`. Whoever has to come there that day all the same is not told that they
/// need not.
fn words(lost: &[Lost], why: Option<&str>) -> String {
    let (changed, gone): (Vec<&Lost>, Vec<&Lost>) = lost.iter().partition(|one| one.stays > 0);
    let days = if changed.is_empty() || gone.is_empty() { DAYS } else { DAYS / 2 };
    let mut sentences = Vec::new();
    if !gone.is_empty() {
        let length = if lost.len() > days { REASON_OF_MANY } else { REASON };
        let why = why.map_or(String::new(), |why| format!("：{}", why.chars().take(length).collect::<String>()));
        sentences.push(format!("{}取消了，不用来{why}", places(&gone, days)));
    }
    if !changed.is_empty() {
        sentences.push(format!("{}有变动，请打开自己的护学岗链接看", places(&changed, days)));
    } else if gone.len() > days {
        sentences.push("还有哪些班要站，请看自己的护学岗链接".to_owned());
    }
    format!("【护学岗】您 {}", sentences.join("。"))
}

/// `11月30日、12月1日 城北小学 早入校的班`
fn places(lost: &[&Lost], most: usize) -> String {
    let mut places: Vec<(String, Vec<String>)> = Vec::new();
    for one in lost.iter().take(most) {
        let place = format!("{} {}", one.school_name, one.peak.map_or("", Peak::label));
        let day = one.day.parse::<Date>().map_or(one.day.clone(), |day| day.strftime("%-m月%-d日").to_string());
        match places.iter_mut().find(|(known, _)| *known == place) {
            Some((_, days)) if days.contains(&day) => {}
            Some((_, days)) => days.push(day),
            None => places.push((place, vec![day])),
        }
    }
    let places: Vec<String> = places.iter().map(|(place, days)| format!("{} {place}", days.join("、"))).collect();
    let more = if lost.len() > most { format!("等 {} 班", lost.len()) } else { "的班".to_owned() };
    format!("{}{more}", places.join("；"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lost(day: u8, school: &str, stays: i64) -> Lost {
        let (day, school_name) = (format!("2026-09-{day:02}"), school.to_owned());
        Lost { day, school_name, peak: Some(Peak::MorningIn), why_sealed: Vec::new(), stays }
    }

    #[test]
    fn a_message_is_short_and_names_each_place_once() {
        let all = [lost(1, "城北小学", 0), lost(2, "城北小学", 0), lost(3, "城北中学", 0)];
        let said = words(&all, Some("下雪停课"));
        let peak = Peak::MorningIn.label();
        let expected =
            format!("【护学岗】您 9月1日、9月2日 城北小学 {peak}；9月3日 城北中学 {peak}的班取消了，不用来：下雪停课");
        assert_eq!(said, expected);
        let term: Vec<Lost> = (1..=30).map(|day| lost(day, "城北小学", 0)).collect();
        let said = words(&term, Some(&"很长".repeat(50)));
        assert!(said.contains("等 30 班取消了") && said.contains("9月6日") && !said.contains("9月7日"), "{said}");
        assert!(said.ends_with("还有哪些班要站，请看自己的护学岗链接"), "{said}");
        assert!(said.chars().count() < 140, "{said}");
    }

    #[test]
    fn whoever_has_to_come_that_day_all_the_same_is_not_told_that_they_need_not() {
        let peak = Peak::MorningIn.label();
        let said = words(&[lost(1, "城北小学", 1)], Some("下雪停课"));
        assert_eq!(said, format!("【护学岗】您 9月1日 城北小学 {peak}的班有变动，请打开自己的护学岗链接看"));
        let said = words(&[lost(1, "城北小学", 1), lost(2, "城北小学", 0)], Some("下雪停课"));
        let gone = format!("【护学岗】您 9月2日 城北小学 {peak}的班取消了，不用来：下雪停课。");
        assert_eq!(said, format!("{gone}9月1日 城北小学 {peak}的班有变动，请打开自己的护学岗链接看"));
    }

    #[test]
    fn a_message_is_waited_for_only_some_minutes() {
        let after = |minutes: i64| Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minutes);
        assert!(!is_late(after(0), after(ON_ITS_WAY - 1)));
        assert!(is_late(after(0), after(ON_ITS_WAY)));
    }

    #[test]
    fn a_reason_with_a_number_in_it_is_known() {
        for text in ["打 8221234 问", "打０３５８－８２２１２３４问", "13800001111", "138 0000 1111"] {
            assert!(has_number(text), "{text}");
        }
        for text in ["9月12日 07:40 停课", "下雪停课", "2026-09-12 考试"] {
            assert!(!has_number(text), "{text}");
        }
    }
}
