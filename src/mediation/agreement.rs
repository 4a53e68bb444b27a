//! What the parties agree on: written with all that the law names and signed by everybody before it takes effect, or by word of mouth,
//! which holds at once; and what becomes of it.

use db::Tx;
use jiff::civil::Date;
use uuid::Uuid;

use super::course::{consent_of_all, refuse_unless_all_agree};
use super::model::{
    Confirmation, Form, Item, Limits, Matter, Ruling, SignatureWay, Terms, Way, missing, side, unsigned,
};
use super::step::{check, day_of, in_words, take};
use super::store::{self, ADD_DUTY, DRAFT, Mediation, PERFORM, REMOVE_DUTY, SIGN, Task, VOID_SIGNATURES};
use super::transition::{State, Step};
use crate::access::Act;
use crate::error::{Error, Result};
use crate::settings;

const MOST_DUTIES: usize = 60;

/// Writes down what is being agreed, as far as it goes.
pub async fn draft(tx: &mut Tx, act: &Act, mediation: &mut Mediation, seen: i64, terms: &Terms) -> Result<()> {
    tx.execute(DRAFT.bind(act.tenant).bind(mediation.id).bind(store::seal(act, terms)?)).await?;
    take(tx, act, mediation, seen, Step::Drafted, "").await
}

async fn add_duty(tx: &mut Tx, act: &Act, id: Uuid, what: &str, due: Date) -> Result<()> {
    let task = Task { what: what.to_owned(), proof: String::new() };
    let row = ADD_DUTY.bind(act.tenant).bind(act.id()).bind(id).bind(store::seal(act, &task)?);
    tx.execute(row.bind(due.to_string())).await?;
    Ok(())
}

/// Something that a party will have done by a day.
pub async fn write_duty(
    tx: &mut Tx,
    act: &Act,
    mediation: &mut Mediation,
    seen: i64,
    what: &str,
    due: Date,
) -> Result<()> {
    if store::duties(tx, act, mediation.id).await?.len() >= MOST_DUTIES {
        return Err(Error::refused(format!("最多登记 {MOST_DUTIES} 项")));
    }
    add_duty(tx, act, mediation.id, what, due).await?;
    take(tx, act, mediation, seen, Step::DutyWritten, "").await
}

/// What was written down by mistake, or is not to be done after all. The event says what it was.
pub async fn remove_duty(tx: &mut Tx, act: &Act, mediation: &mut Mediation, seen: i64, duty: Uuid) -> Result<()> {
    let known = store::duties(tx, act, mediation.id).await?.into_iter().find(|known| known.id == duty);
    let known = known.ok_or(Error::NotFound)?;
    tx.execute_one(REMOVE_DUTY.bind(act.tenant).bind(mediation.id).bind(duty)).await?;
    take(tx, act, mediation, seen, Step::DutyRemoved, &known.task.what).await
}

/// What a written agreement still lacks.
pub async fn lacks(tx: &mut Tx, act: &Act, mediation: &Mediation) -> Result<Vec<Item>> {
    let words = store::open(act, mediation.words_sealed.as_deref())?;
    let parties = store::parties(tx, act, mediation.id).await?;
    let duties = store::duties(tx, act, mediation.id).await?.len();
    Ok(missing(&words, &parties, &store::terms(tx, act, mediation.id).await?, duties))
}

/// When it was agreed, which is not when somebody types it.
///
/// Errors: refused before they have last talked, and in the future.
async fn refuse_unless_agreed_by(tx: &mut Tx, act: &Act, mediation: &Mediation, day: Date) -> Result<()> {
    let sessions = store::sessions(tx, act, mediation.id).await?;
    let first = day_of(sessions.last().map_or(mediation.registered_at, |session| session.held_at));
    if first <= day && day <= day_of(act.at) {
        return Ok(());
    }
    let since = if sessions.is_empty() { "登记" } else { "最后一次谈" };
    Err(Error::refused(format!("谈成的日子不早于{since}的 {}，也不晚于今天", in_words(first))))
}

/// The written agreement is settled, and is signed as it stands.
///
/// Errors: refused, naming each, while something is missing that the law wants in it, or on a day that cannot be.
pub async fn agree(tx: &mut Tx, act: &Act, mediation: &mut Mediation, seen: i64, day: Date) -> Result<()> {
    check(mediation, Step::Agreed)?;
    refuse_unless_all_agree(tx, act, mediation).await?;
    refuse_unless_agreed_by(tx, act, mediation, day).await?;
    let lacks: Vec<&str> = lacks(tx, act, mediation).await?.into_iter().map(Item::label).collect();
    if !lacks.is_empty() {
        return Err(Error::refused(format!("协议书还缺：{}。补上以后再定稿", lacks.join("、"))));
    }
    mediation.form = Some(Form::Written);
    mediation.agreed_on = Some(day.to_string());
    take(tx, act, mediation, seen, Step::Agreed, Form::Written.label()).await
}

/// What was agreed by word of mouth on a day holds from then on; the mediator writes it down.
///
/// Errors: refused on a day that cannot be, or if it is to be done before it.
pub async fn agree_orally(
    tx: &mut Tx,
    act: &Act,
    mediation: &mut Mediation,
    seen: i64,
    terms: &Terms,
    (day, due): (Date, Option<Date>),
) -> Result<()> {
    check(mediation, Step::Agreed)?;
    refuse_unless_all_agree(tx, act, mediation).await?;
    refuse_unless_agreed_by(tx, act, mediation, day).await?;
    if due.is_some_and(|due| due < day) {
        return Err(Error::refused("做到的日子不会早于谈成的日子"));
    }
    tx.execute(DRAFT.bind(act.tenant).bind(mediation.id).bind(store::seal(act, terms)?)).await?;
    if let Some(due) = due {
        add_duty(tx, act, mediation.id, &terms.terms, due).await?;
    }
    mediation.form = Some(Form::Oral);
    mediation.agreed_on = Some(day.to_string());
    take(tx, act, mediation, seen, Step::Agreed, Form::Oral.label()).await?;
    take_effect(tx, act, mediation, day).await
}

async fn take_effect(tx: &mut Tx, act: &Act, mediation: &mut Mediation, day: Date) -> Result<()> {
    mediation.effective_on = Some(day.to_string());
    if mediation.kind.binds() {
        let limits: Limits = settings::read(tx, act.tenant, act.at).await?;
        mediation.confirm_by = Some(limits.confirm_by(day).to_string());
    }
    let seen = mediation.lock_version;
    take(tx, act, mediation, seen, Step::TookEffect, &format!("{} 起生效", in_words(day))).await
}

/// Somebody has put their name, seal or fingerprint to the agreement: a party, a mediator, or the committee with its seal. With the
/// last of them it takes effect, on the day of the latest. Gives what is still missing.
///
/// Errors: refused if they have signed, or on a day that cannot be.
pub async fn sign(
    tx: &mut Tx,
    act: &Act,
    mediation: &mut Mediation,
    seen: i64,
    signer: Option<Uuid>,
    (way, day): (SignatureWay, Date),
) -> Result<Vec<String>> {
    check(mediation, Step::Signed)?;
    let parties = store::parties(tx, act, mediation.id).await?;
    let mediators = store::mediators(tx, act.tenant, mediation.id).await?;
    let party = parties.iter().find(|party| Some(party.id) == signer).map(|party| side(party.side));
    let mediator = mediators.iter().find(|mediator| Some(mediator.id) == signer).map(|_| "调解员");
    let who = match signer {
        None if mediation.kind.binds() && way == SignatureWay::Seal => "人民调解委员会",
        None => return Err(Error::refused("人民调解委员会的印章只盖在人民调解的协议书上")),
        Some(_) => party.or(mediator).ok_or(Error::NotFound)?,
    };
    if mediator.is_some() && way != SignatureWay::Signature {
        return Err(Error::refused("调解员要签名"));
    }
    let before = store::signatures(tx, act.tenant, mediation.id).await?;
    if before.iter().any(|signature| signature.signer_id == signer) {
        return Err(Error::refused(format!("{who}已经登记过了")));
    }
    let agreed: Option<Date> = mediation.agreed_on.as_deref().and_then(|day| day.parse().ok());
    if day > day_of(act.at) || agreed.is_some_and(|agreed| day < agreed) {
        return Err(Error::refused("签字的日子不早于谈成那天，也不晚于今天"));
    }
    let row = SIGN.bind(act.tenant).bind(act.id()).bind(mediation.id).bind(signer).bind(way).bind(day.to_string());
    tx.execute(row.bind(act.account).bind(act.at)).await?;
    take(tx, act, mediation, seen, Step::Signed, &format!("{who}{way}，{}", in_words(day))).await?;
    let signatures = store::signatures(tx, act.tenant, mediation.id).await?;
    let lacks = unsigned(mediation.kind, &parties, &mediators, &signatures);
    if lacks.is_empty() {
        let last = signatures.iter().filter_map(|signature| signature.signed_on.parse::<Date>().ok()).max();
        take_effect(tx, act, mediation, last.unwrap_or(day)).await?;
    }
    Ok(lacks)
}

/// They talk again before everybody has signed. What was signed is void.
pub async fn rework(tx: &mut Tx, act: &Act, mediation: &mut Mediation, seen: i64, words: &str) -> Result<()> {
    tx.execute(VOID_SIGNATURES.bind(act.tenant).bind(mediation.id)).await?;
    (mediation.form, mediation.agreed_on) = (None, None);
    take(tx, act, mediation, seen, Step::Reworked, words).await
}

/// A party has done what they were to do; with the last of it all is done.
pub async fn perform(
    tx: &mut Tx,
    act: &Act,
    mediation: &mut Mediation,
    seen: i64,
    (duty, day): (Uuid, Date),
    proof: &str,
) -> Result<()> {
    check(mediation, Step::DutyPerformed)?;
    let duties = store::duties(tx, act, mediation.id).await?;
    let known = duties.iter().find(|known| known.id == duty).ok_or(Error::NotFound)?;
    if known.performed_on.is_some() {
        return Err(Error::refused("这一项已经登记履行了"));
    }
    if day > day_of(act.at) {
        return Err(Error::refused("履行的日子还没有到"));
    }
    let task = Task { proof: proof.to_owned(), ..known.task.clone() };
    let row = PERFORM.bind(act.tenant).bind(mediation.id).bind(duty).bind(store::seal(act, &task)?);
    tx.execute_one(row.bind(day.to_string())).await?;
    take(tx, act, mediation, seen, Step::DutyPerformed, "").await?;
    let left = duties.iter().any(|other| other.id != duty && other.performed_on.is_none());
    if left || mediation.state == State::CalledBack {
        return Ok(());
    }
    let seen = mediation.lock_version;
    take(tx, act, mediation, seen, Step::Performed, "").await
}

/// Everything is done that was agreed, where nothing is left on the list.
pub async fn complete(tx: &mut Tx, act: &Act, mediation: &mut Mediation, seen: i64, words: &str) -> Result<()> {
    check(mediation, Step::Performed)?;
    let duties = store::duties(tx, act, mediation.id).await?;
    if duties.iter().any(|duty| duty.performed_on.is_none()) {
        return Err(Error::refused("还有事项没有登记履行，请一项一项登记"));
    }
    take(tx, act, mediation, seen, Step::Performed, words).await
}

pub async fn default(tx: &mut Tx, act: &Act, mediation: &mut Mediation, seen: i64, words: &str) -> Result<()> {
    take(tx, act, mediation, seen, Step::Defaulted, words).await
}

pub async fn urge(tx: &mut Tx, act: &Act, mediation: &mut Mediation, seen: i64, words: &str) -> Result<()> {
    take(tx, act, mediation, seen, Step::Urged, words).await
}

/// All parties have asked a court together to confirm the agreement, within the days that the law gives (人民调解法, art. 33). Whether it is
/// still in time is for the court to say: gives the last day if they asked after it.
///
/// Errors: refused if it cannot be confirmed, or if not all of them ask.
pub async fn ask_confirmation(
    tx: &mut Tx,
    act: &Act,
    mediation: &mut Mediation,
    seen: i64,
    day: Date,
    consents: (&[Uuid], Way),
) -> Result<Option<Date>> {
    check(mediation, Step::ConfirmationAsked)?;
    let Some(last) = mediation.confirmable_until() else {
        return Err(Error::refused("只有人民调解的协议能申请司法确认"));
    };
    if mediation.confirmation.is_some() {
        return Err(Error::refused("已经登记过申请司法确认了"));
    }
    let effective: Option<Date> = mediation.effective_on.as_deref().and_then(|day| day.parse().ok());
    if day > day_of(act.at) || effective.is_some_and(|effective| day < effective) {
        return Err(Error::refused("申请的日子在协议生效以后、今天以前"));
    }
    consent_of_all(tx, act, mediation, Matter::Confirmation, consents).await?;
    mediation.confirmation = Some(Confirmation::Asked);
    mediation.confirmation_on = Some(day.to_string());
    let missed = (day > last).then_some(last);
    let late = missed.map(|last| format!("，过了最晚的 {}", in_words(last))).unwrap_or_default();
    take(tx, act, mediation, seen, Step::ConfirmationAsked, &format!("{}{late}", in_words(day))).await?;
    Ok(missed)
}

/// What the court has said. If the parties took back what they asked for, they can ask again.
pub async fn decide_confirmation(
    tx: &mut Tx,
    act: &Act,
    mediation: &mut Mediation,
    seen: i64,
    (ruling, day): (Ruling, Date),
    words: &str,
) -> Result<()> {
    let asked: Option<Date> = mediation.confirmation_on.as_deref().and_then(|day| day.parse().ok());
    if mediation.confirmation != Some(Confirmation::Asked) {
        return Err(Error::refused("先登记双方共同申请，再登记法院的裁定"));
    }
    if day > day_of(act.at) || asked.is_some_and(|asked| day < asked) {
        return Err(Error::refused("裁定的日子在申请以后、今天以前"));
    }
    mediation.confirmation = match ruling {
        Ruling::Confirmed => Some(Confirmation::Confirmed),
        Ruling::Refused => Some(Confirmation::Refused),
        Ruling::Withdrawn => None,
    };
    mediation.confirmation_on = mediation.confirmation.map(|_| day.to_string());
    let said = format!("{ruling}，{}", in_words(day));
    let said = if words.is_empty() { said } else { format!("{said}，{words}") };
    take(tx, act, mediation, seen, Step::ConfirmationDecided, &said).await
}

/// Somebody has asked the parties how it went.
pub async fn call_back(tx: &mut Tx, act: &Act, mediation: &mut Mediation, seen: i64, words: &str) -> Result<()> {
    take(tx, act, mediation, seen, Step::CalledBack, words).await
}
