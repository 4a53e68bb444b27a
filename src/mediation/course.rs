//! A case is registered, taken on, given to mediators to whom the parties agree, talked over, and, where nothing comes of it, ended.

use db::Tx;
use jiff::Timestamp;
use jiff::civil::Date;
use uuid::Uuid;

use super::model::{
    self, Advice, Cause, Ending, Kind, Limits, Matter, Origin, Particulars, Relation, Way, Words, all_agree,
    days_after, side,
};
use super::step::{self, check, day_of, in_words, take};
use super::store::{
    self, ADD, ADD_CONSENT, ADD_CORRECTION, ADD_GUEST, ADD_MEDIATOR, ADD_PARTY, ADD_SESSION, CHANGE_PARTY, Case,
    Correct, END_MEDIATOR, Mediation, Party, REMOVE_PARTY, SAY, Talk,
};
use super::transition::{State, Step};
use crate::access::{Act, Scope};
use crate::error::{Error, Result};
use crate::{body, counter, issue, settings};

/// More people than this, on all sides, are no case for a mediator.
const MOST_PARTIES: usize = 40;
/// With those who were one.
const MOST_EVER: usize = 80;
const MOST_MEDIATORS: usize = 20;
const MOST_SESSIONS: usize = 100;
const MOST_GUESTS: usize = 40;
const MOST_CORRECTIONS: usize = 500;

#[derive(Debug, Clone)]
pub struct NewMediation {
    pub kind: Kind,
    pub cause: Cause,
    pub origin: Origin,
    pub estate: Option<Uuid>,
    /// From which it is opened.
    pub issue: Option<Uuid>,
    pub words: Words,
    /// With their sides, from 1.
    pub parties: Vec<(i64, Particulars)>,
}

/// `(2026)人调字第001号`; the other kinds count by themselves.
async fn number(tx: &mut Tx, act: &Act, kind: Kind) -> Result<String> {
    let year = day_of(act.at).year();
    match kind.binds() {
        true => {
            let number = counter::next(tx, act.tenant, &format!("people's mediation {year}")).await?;
            Ok(format!("({year})人调字第{number:03}号"))
        }
        false => {
            let number = counter::next(tx, act.tenant, &format!("mediation {year}")).await?;
            Ok(format!("TJ-{year}-{number:04}"))
        }
    }
}

/// Registers a case. The chain of the issue from which it is opened says that it is being mediated, and nothing else.
///
/// Errors: refused if the issue is already being mediated.
pub async fn register(tx: &mut Tx, act: &Act, new: NewMediation) -> Result<Uuid> {
    if let Some(issue) = new.issue {
        if let Some(known) = store::open_of_issue(tx, act.tenant, issue).await? {
            return Err(Error::refused(format!("这件诉求已经转调解了：{}", known.number)));
        }
        issue::mediation(tx, act, issue, issue::Step::MediationBegan, "谈的内容不公开").await?;
    }
    let limits: Limits = settings::read(tx, act.tenant, act.at).await?;
    let (id, number) = (act.id(), number(tx, act, new.kind).await?);
    let due = days_after(day_of(act.at), limits.accept_days).to_string();
    let row = ADD.bind(act.tenant).bind(id).bind(new.kind).bind(number).bind(new.cause).bind(new.origin);
    let row = row.bind(new.estate).bind(new.issue).bind(store::seal(act, &new.words)?).bind(act.at).bind(due);
    tx.execute(row.bind(act.account)).await?;
    for (side, particulars) in &new.parties {
        let row = ADD_PARTY.bind(act.tenant).bind(act.id()).bind(id).bind(*side);
        tx.execute(row.bind(store::seal(act, particulars)?)).await?;
    }
    let mediation = store::mediation(tx, act.tenant, id).await?;
    step::note(tx, act, &mediation, Step::Registered, "").await?;
    Ok(id)
}

/// Adds a party, or writes anew what is known of one. Who is somebody else, or stands on another side, is another party, who has said
/// nothing yet and has a link of their own. Gives the id of whoever is one now.
pub async fn write_party(
    tx: &mut Tx,
    act: &Act,
    mediation: &mut Mediation,
    seen: i64,
    (party, side): (Option<Uuid>, i64),
    particulars: &Particulars,
) -> Result<Uuid> {
    check(mediation, Step::PartyWritten)?;
    let (parties, former) = store::ever_parties(tx, act, mediation.id).await?;
    let of = |id| parties.iter().find(|known| known.id == id).ok_or(Error::NotFound);
    let before = party.map(of).transpose()?;
    let sealed = store::seal(act, particulars)?;
    if let Some(known) = before.filter(|known| known.side == side && particulars.is_still(&known.particulars)) {
        tx.execute_one(CHANGE_PARTY.bind(act.tenant).bind(mediation.id).bind(known.id).bind(sealed)).await?;
        take(tx, act, mediation, seen, Step::PartyWritten, model::side(side)).await?;
        return Ok(known.id);
    }
    if (before.is_none() && parties.len() >= MOST_PARTIES) || parties.len() + former.len() >= MOST_EVER {
        return Err(Error::refused(format!("最多登记 {MOST_PARTIES} 位当事人，连换掉的最多 {MOST_EVER} 位")));
    }
    let words = match before {
        Some(known) => {
            remove(tx, act, mediation.id, known).await?;
            format!("{}换成另一位，要重新征求同意", model::side(known.side))
        }
        None => model::side(side).to_owned(),
    };
    let id = act.id();
    tx.execute(ADD_PARTY.bind(act.tenant).bind(id).bind(mediation.id).bind(side).bind(sealed)).await?;
    take(tx, act, mediation, seen, Step::PartyWritten, &words).await?;
    Ok(id)
}

async fn remove(tx: &mut Tx, act: &Act, id: Uuid, party: &Party) -> Result<()> {
    let kept = store::seal(act, &party.particulars.names())?;
    let row = REMOVE_PARTY.bind(act.tenant).bind(id).bind(party.id).bind(act.at).bind(kept);
    Ok(tx.execute_one(row).await?)
}

/// Somebody was written down as a party who is none.
pub async fn remove_party(
    tx: &mut Tx,
    act: &Act,
    mediation: &mut Mediation,
    seen: i64,
    party: Uuid,
    reason: &str,
) -> Result<()> {
    let known = store::parties(tx, act, mediation.id).await?.into_iter().find(|known| known.id == party);
    let known = known.ok_or(Error::NotFound)?;
    remove(tx, act, mediation.id, &known).await?;
    take(tx, act, mediation, seen, Step::PartyRemoved, &format!("{}：{reason}", side(known.side))).await
}

/// It is one for the mediators. From now on the time runs.
pub async fn accept(tx: &mut Tx, act: &Act, mediation: &mut Mediation, seen: i64) -> Result<()> {
    let limits: Limits = settings::read(tx, act.tenant, act.at).await?;
    let today = day_of(act.at);
    mediation.accepted_on = Some(today.to_string());
    mediation.limit_on = Some(days_after(today, limits.limit_days).to_string());
    take(tx, act, mediation, seen, Step::Accepted, "").await
}

/// Names somebody as a mediator: an account, or somebody who has none and comes by a link.
pub async fn name_mediator(
    tx: &mut Tx,
    act: &Act,
    mediation: &mut Mediation,
    seen: i64,
    account: Option<Uuid>,
    name: &str,
) -> Result<Uuid> {
    let mediators = store::mediators(tx, act.tenant, mediation.id).await?;
    if mediators.iter().any(|known| known.name == name || (account.is_some() && known.account_id == account)) {
        return Err(Error::refused(format!("{name}已经是这件事的调解员了")));
    }
    if mediators.len() >= MOST_MEDIATORS {
        return Err(Error::refused(format!("最多 {MOST_MEDIATORS} 位调解员")));
    }
    let id = act.id();
    let row = ADD_MEDIATOR.bind(act.tenant).bind(id).bind(mediation.id).bind(account).bind(name).bind(act.at);
    tx.execute(row).await?;
    take(tx, act, mediation, seen, Step::MediatorsChanged, &format!("{name}担任调解员")).await?;
    Ok(id)
}

/// Who mediates for the 人民调解委员会 without sitting on it, so that it has to have engaged them (人民调解法, art. 13).
pub(super) async fn outside(tx: &mut Tx, act: &Act, case: &Case) -> Result<Vec<Uuid>> {
    if !case.mediation.kind.binds() {
        return Ok(Vec::new());
    }
    let bodies = body::bodies(tx, act.tenant, &Scope::tenant()).await?;
    let seats = match bodies.iter().find(|body| body.kind == body::Kind::MediationCommittee) {
        Some(committee) => body::seats_on(tx, act.tenant, committee.id, day_of(act.at)).await?,
        None => Vec::new(),
    };
    let sits = |name: &str| seats.iter().any(|seat| seat.name == name);
    Ok(case.mediators.iter().filter(|known| !sits(&known.name)).map(|known| known.id).collect())
}

/// Somebody mediates no more, and sees the case no more.
pub async fn release_mediator(
    tx: &mut Tx,
    act: &Act,
    mediation: &mut Mediation,
    seen: i64,
    mediator: Uuid,
) -> Result<()> {
    let known = store::mediators(tx, act.tenant, mediation.id).await?.into_iter().find(|known| known.id == mediator);
    let name = known.ok_or(Error::NotFound)?.name;
    tx.execute_one(END_MEDIATOR.bind(act.tenant).bind(mediation.id).bind(mediator).bind(act.at)).await?;
    take(tx, act, mediation, seen, Step::MediatorsChanged, &format!("{name}不再担任调解员")).await
}

async fn consent(
    tx: &mut Tx,
    act: &Act,
    id: Uuid,
    party: Uuid,
    (matter, given, way): (Matter, bool, Way),
) -> Result<()> {
    let row = ADD_CONSENT.bind(act.tenant).bind(act.id()).bind(id).bind(party).bind(matter).bind(given).bind(way);
    tx.execute(row.bind(act.account).bind(act.at)).await?;
    Ok(())
}

/// What a party says, who has been given the notice of rights and duties, to being mediated by those who are named. A no ends the
/// mediation, before it begins and at any time after.
///
/// Errors: refused if nobody is named yet to whom they could agree.
pub async fn say(
    tx: &mut Tx,
    act: &Act,
    mediation: &mut Mediation,
    seen: i64,
    party: Uuid,
    (agrees, way): (bool, Way),
) -> Result<()> {
    let known = store::parties(tx, act, mediation.id).await?.into_iter().find(|known| known.id == party);
    let known = known.ok_or(Error::NotFound)?;
    if agrees && store::mediators(tx, act.tenant, mediation.id).await?.is_empty() {
        return Err(Error::refused("还没有定调解员。先定下谁来调解，再请当事人同意"));
    }
    let row = SAY.bind(act.tenant).bind(mediation.id).bind(party).bind(agrees).bind(act.at).bind(way);
    tx.execute_one(row).await?;
    consent(tx, act, mediation.id, party, (Matter::Mediation, agrees, way)).await?;
    let (step, ending) = match (agrees, mediation.state) {
        (true, _) => (Step::Consented, None),
        (false, State::Registered | State::Accepted) => (Step::Refused, Some(Ending::Refused)),
        (false, _) => (Step::Withdrew, Some(Ending::Withdrew)),
    };
    mediation.ending = ending;
    take(tx, act, mediation, seen, step, &format!("{}，{way}", side(known.side))).await
}

/// Every party has to have said yes to something.
///
/// Errors: refused, with the sentence, if one is missing.
pub(super) async fn consent_of_all(
    tx: &mut Tx,
    act: &Act,
    mediation: &Mediation,
    matter: Matter,
    (agreeing, way): (&[Uuid], Way),
) -> Result<()> {
    let parties = store::parties(tx, act, mediation.id).await?;
    let missing: Vec<&str> =
        parties.iter().filter(|party| !agreeing.contains(&party.id)).map(|party| side(party.side)).collect();
    if parties.is_empty() || !missing.is_empty() {
        let missing = if parties.is_empty() { "当事人".to_owned() } else { missing.join("、") };
        return Err(Error::refused(format!("{matter}要各方都同意，还缺{missing}")));
    }
    for party in &parties {
        consent(tx, act, mediation.id, party.id, (matter, true, way)).await?;
    }
    Ok(())
}

/// Invites a relative, a neighbour or an expert to whom all parties agree.
pub async fn invite(
    tx: &mut Tx,
    act: &Act,
    mediation: &mut Mediation,
    seen: i64,
    (relation, name): (Relation, &str),
    consents: (&[Uuid], Way),
) -> Result<()> {
    check(mediation, Step::GuestInvited)?;
    if store::guests(tx, act, mediation.id).await?.len() >= MOST_GUESTS {
        return Err(Error::refused(format!("最多请 {MOST_GUESTS} 位参加")));
    }
    consent_of_all(tx, act, mediation, Matter::Guest, consents).await?;
    let row = ADD_GUEST.bind(act.tenant).bind(act.id()).bind(mediation.id).bind(relation);
    tx.execute(row.bind(store::seal(act, &name)?).bind(act.at)).await?;
    take(tx, act, mediation, seen, Step::GuestInvited, relation.label()).await
}

pub(super) async fn refuse_unless_all_agree(tx: &mut Tx, act: &Act, mediation: &Mediation) -> Result<()> {
    let parties = store::parties(tx, act, mediation.id).await?;
    if all_agree(&parties, &store::mediators(tx, act.tenant, mediation.id).await?) {
        return Ok(());
    }
    Err(Error::refused("各方都看过告知书、同意由现在的调解员来调解以后，才能谈"))
}

pub async fn begin(tx: &mut Tx, act: &Act, mediation: &mut Mediation, seen: i64) -> Result<()> {
    check(mediation, Step::Began)?;
    refuse_unless_all_agree(tx, act, mediation).await?;
    take(tx, act, mediation, seen, Step::Began, "").await
}

/// Who can take part: the parties, their representatives, the mediators, and guests to whom all have agreed.
pub async fn invited(tx: &mut Tx, act: &Act, id: Uuid) -> Result<Vec<String>> {
    let parties = store::parties(tx, act, id).await?;
    let of_party = |Party { side, particulars, .. }: &Party| {
        let side = model::side(*side);
        let own = format!("{side} {}", particulars.name);
        let other = &particulars.representative;
        std::iter::once(own).chain((!other.is_empty()).then(|| format!("{side}代理人 {other}"))).collect::<Vec<_>>()
    };
    let mut people: Vec<String> = parties.iter().flat_map(of_party).collect();
    people
        .extend(store::mediators(tx, act.tenant, id).await?.into_iter().map(|known| format!("调解员 {}", known.name)));
    people.extend(
        store::guests(tx, act, id).await?.into_iter().map(|guest| format!("{} {}", guest.relation, guest.name)),
    );
    Ok(people)
}

/// Writes down a session. It is never changed; what has to be put right stands beside it.
///
/// Errors: refused if not everybody agrees any more, or somebody took part who was not to.
pub async fn meet(
    tx: &mut Tx,
    act: &Act,
    mediation: &mut Mediation,
    seen: i64,
    (held_at, public, recorder): (Timestamp, bool, &str),
    talk: &Talk,
) -> Result<()> {
    check(mediation, Step::Met)?;
    refuse_unless_all_agree(tx, act, mediation).await?;
    if held_at > act.at {
        return Err(Error::refused("时间还没有到，谈过以后再记"));
    }
    let invited = invited(tx, act, mediation.id).await?;
    if talk.present.is_empty() || talk.present.iter().any(|who| !invited.contains(who)) {
        return Err(Error::refused("请选参加的人。没有各方同意的人不能参加"));
    }
    if store::sessions(tx, act, mediation.id).await?.len() >= MOST_SESSIONS {
        return Err(Error::refused(format!("最多记 {MOST_SESSIONS} 次")));
    }
    let row = ADD_SESSION.bind(act.tenant).bind(act.id()).bind(mediation.id).bind(held_at).bind(public);
    let row = row.bind(store::seal(act, talk)?).bind(recorder).bind(act.account).bind(act.at);
    tx.execute(row).await?;
    take(tx, act, mediation, seen, Step::Met, "").await
}

/// Says what has to be read instead of what was written down, and why.
pub async fn correct(
    tx: &mut Tx,
    act: &Act,
    mediation: &mut Mediation,
    seen: i64,
    session: Uuid,
    correct: &Correct,
) -> Result<()> {
    let known = store::sessions(tx, act, mediation.id).await?;
    if !known.iter().any(|known| known.id == session) {
        return Err(Error::NotFound);
    }
    if known.iter().map(|known| known.corrections.len()).sum::<usize>() >= MOST_CORRECTIONS {
        return Err(Error::refused(format!("最多更正 {MOST_CORRECTIONS} 处")));
    }
    let row = ADD_CORRECTION.bind(act.tenant).bind(act.id()).bind(mediation.id).bind(session);
    tx.execute(row.bind(store::seal(act, correct)?).bind(act.account).bind(act.at)).await?;
    take(tx, act, mediation, seen, Step::Corrected, &correct.reason).await
}

/// Gives it more time, to which all parties agree.
pub async fn extend(
    tx: &mut Tx,
    act: &Act,
    mediation: &mut Mediation,
    seen: i64,
    until: Date,
    consents: (&[Uuid], Way),
) -> Result<()> {
    check(mediation, Step::Extended)?;
    let limits: Limits = settings::read(tx, act.tenant, act.at).await?;
    let today = day_of(act.at);
    let limit = mediation.limit().unwrap_or(today);
    // What has run out gets more time from today.
    let furthest = days_after(limit.max(today), limits.longer_days);
    if until <= limit || until < today || until > furthest {
        return Err(Error::refused(format!("现在到 {} 为止，一次可以延到 {}", in_words(limit), in_words(furthest))));
    }
    consent_of_all(tx, act, mediation, Matter::Extension, consents).await?;
    mediation.limit_on = Some(until.to_string());
    take(tx, act, mediation, seen, Step::Extended, &format!("延到 {}", in_words(until))).await
}

/// Records that the police have been told of a likely crime, or of people who may come to harm. What is being talked over pauses.
pub async fn tell_police(tx: &mut Tx, act: &Act, mediation: &mut Mediation, seen: i64, words: &str) -> Result<()> {
    take(tx, act, mediation, seen, Step::PoliceTold, words).await
}

pub async fn pause(tx: &mut Tx, act: &Act, mediation: &mut Mediation, seen: i64, words: &str) -> Result<()> {
    take(tx, act, mediation, seen, Step::Paused, words).await
}

pub async fn resume(tx: &mut Tx, act: &Act, mediation: &mut Mediation, seen: i64, words: &str) -> Result<()> {
    take(tx, act, mediation, seen, Step::Resumed, words).await
}

/// Nothing has come of it, and the parties have been told which way is open.
pub async fn fail(
    tx: &mut Tx,
    act: &Act,
    mediation: &mut Mediation,
    seen: i64,
    advice: Advice,
    words: &str,
) -> Result<()> {
    mediation.ending = Some(Ending::NoAgreement);
    mediation.advice = Some(advice);
    take(tx, act, mediation, seen, Step::Failed, words).await
}

/// It is not one for the mediators, or not any more.
pub async fn terminate(
    tx: &mut Tx,
    act: &Act,
    mediation: &mut Mediation,
    seen: i64,
    (ending, advice): (Ending, Advice),
    words: &str,
) -> Result<()> {
    mediation.ending = Some(ending);
    mediation.advice = Some(advice);
    take(tx, act, mediation, seen, Step::Terminated, words).await
}

/// The parties of a case that a party has ended are told which way is open.
pub async fn advise(
    tx: &mut Tx,
    act: &Act,
    mediation: &mut Mediation,
    seen: i64,
    advice: Advice,
    words: &str,
) -> Result<()> {
    mediation.advice = Some(advice);
    take(tx, act, mediation, seen, Step::Advised, words).await
}
