//! What either side says about a whistle: blowing it, coming, answering, giving it back, taking it back, rating. Each is an event, a
//! state and, except who of one's own is to go, a letter to the other side, in one transaction.

use db::Tx;
use jiff::Timestamp;
use uuid::Uuid;

use super::letter::{self, Waiting};
use super::model::{Kind, Limits, Said, Side, State};
use super::store::{self, ADD, ADD_EVENT, ADVANCE, Whistle};
use crate::access::{self, Act};
use crate::error::{Error, Result};
use crate::issue::escalation::{self, News};
use crate::issue::{Issue, Score, personal_data_in};
use crate::{audit, counter, outbox, settings};

/// What is asked of the level above.
#[derive(Debug, Clone)]
pub struct NewWhistle {
    pub counterpart: Uuid,
    pub kind: Kind,
    /// What should be done. The reporter reads it, and so does the other side: no name, no phone.
    pub words: String,
}

/// What it is about: the little that goes along.
struct Subject<'a> {
    issue: Option<Uuid>,
    origin: Option<Uuid>,
    estate: Option<Uuid>,
    category: &'a str,
    place: &'a str,
    title: &'a str,
}

/// Blows the whistle about an issue, which goes up with it.
///
/// Errors: refused to anybody but a counterpart above that is connected; see `issue::escalation`.
pub async fn blow(tx: &mut Tx, act: &Act, issue: &mut Issue, seen: i64, new: NewWhistle) -> Result<Uuid> {
    // “本社区” says nothing to others.
    let place = match issue.estate_id {
        Some(_) => issue.place(),
        None => access::tenant(tx, act.tenant).await?.name,
    };
    let title = issue.title();
    let subject = Subject {
        issue: Some(issue.id),
        origin: None,
        estate: issue.estate_id,
        category: issue.category.label(),
        place: &place,
        title: &title,
    };
    let sent = send_off(tx, act, &subject, &new).await?;
    let words = format!("{}：{}", new.kind, new.words);
    escalation::escalate(tx, act, issue, seen, sent.organisation, sent.answer_by, &words).await?;
    audit::record(tx, act, Said::Blown.code(), ("whistle", sent.id), "", &[]).await?;
    Ok(sent.id)
}

/// Passes a whistle from below on to the next level. It stays to be answered here.
///
/// Errors: refused where it does not wait here, or has been passed on and waits there; stale if somebody was first.
pub async fn pass_on(tx: &mut Tx, act: &Act, origin: &mut Whistle, seen: i64, new: NewWhistle) -> Result<Uuid> {
    if seen != origin.lock_version {
        return Err(stale());
    }
    if origin.asked || !origin.state.awaited() {
        return Err(Error::refused(format!("这次吹哨现在是“{}”，不用再向上级吹哨", origin.state)));
    }
    // Whoever comes second, by the same page or at the same moment, is turned away here.
    advance(tx, act, origin).await?;
    let before = store::passed_on(tx, act.tenant, origin.id).await?;
    if let Some(before) = before.iter().find(|before| before.state.awaited() && before.ending.is_none()) {
        return Err(Error::refused(format!("已经向{}吹过哨，还没有答复", before.counterpart_name)));
    }
    let subject = Subject {
        issue: None,
        origin: Some(origin.id),
        estate: None,
        category: &origin.category,
        place: &origin.place,
        title: &origin.title,
    };
    let sent = send_off(tx, act, &subject, &new).await?;
    audit::record(tx, act, Said::Blown.code(), ("whistle", sent.id), "", &[]).await?;
    Ok(sent.id)
}

struct Sent {
    id: Uuid,
    organisation: Uuid,
    answer_by: Timestamp,
}

async fn send_off(tx: &mut Tx, act: &Act, subject: &Subject<'_>, new: &NewWhistle) -> Result<Sent> {
    if let Some(sentence) = personal_data_in(&new.words) {
        return Err(Error::refused(sentence));
    }
    let above = store::counterpart(tx, act.tenant, new.counterpart).await?;
    let (Side::Above, Some(organisation), Some(_), None) =
        (above.side, above.organisation_id, above.joined_at, above.ended_at)
    else {
        return Err(Error::refused(format!("和{}的对接现在用不了，请系统管理员看一下", above.name)));
    };
    let limits: Limits = settings::read(tx, act.tenant, act.at).await?;
    let (acknowledge_by, answer_by) = limits.due(new.kind, act.at)?;
    let date = act.at.to_zoned_datetime(calendar::shanghai()).strftime("%Y%m%d").to_string();
    let position = counter::next(tx, act.tenant, &format!("whistle.{date}")).await?;
    let number = format!("CS-{date}-{position:04}");
    let id = act.id();
    let row = ADD.bind(act.tenant).bind(id).bind(above.id).bind(true).bind(new.kind).bind(number);
    let row = row.bind(subject.category).bind(subject.place).bind(subject.title).bind(subject.issue);
    let row = row.bind(subject.origin).bind(subject.estate).bind(None::<Uuid>);
    tx.execute(row.bind(act.at).bind(acknowledge_by).bind(answer_by)).await?;
    tell(tx, act, (above.id, id), Said::Blown, &new.words, None).await?;
    Ok(Sent { id, organisation, answer_by })
}

/// Says something about a whistle; `words` go to the other side, and of an issue to its reporter.
///
/// Errors: refused if it is not for this side to say now, or has a number of somebody in it; stale if somebody was first.
pub async fn say(tx: &mut Tx, act: &Act, whistle: &mut Whistle, seen: i64, said: Said, words: &str) -> Result<()> {
    speak(tx, act, whistle, seen, said, words, None).await?;
    // Who has asked and takes it back has the matter in hand again.
    if let (Said::Recalled, Some(issue)) = (said, whistle.issue_id) {
        escalation::hear(tx, act, issue, News::Recalled, words).await?;
    }
    audit::record(tx, act, said.code(), ("whistle", whistle.id), "", &[]).await
}

/// Rates the other side, once. Nobody has to have seen the latest for it: the rating of the other side, which is hidden until one has
/// rated, may come at any moment.
///
/// Errors: refused if one has rated already, or the words have a number of somebody in them; stale if something came in this very moment.
pub async fn rate(tx: &mut Tx, act: &Act, whistle: &mut Whistle, score: Score, words: &str) -> Result<()> {
    if whistle.own_score().is_some() {
        return Err(Error::refused("本单位已经评过了，评价不能改"));
    }
    let said = if whistle.asked { Said::AskerRated } else { Said::ResponderRated };
    speak(tx, act, whistle, whistle.lock_version, said, words, Some(score.number())).await?;
    audit::record(tx, act, said.code(), ("whistle", whistle.id), "", &[]).await
}

/// Says who of one's own is to go. Only one's own side knows.
pub async fn assign(
    tx: &mut Tx,
    act: &Act,
    whistle: &mut Whistle,
    seen: i64,
    organisation: Uuid,
    words: &str,
) -> Result<()> {
    let party = access::organisation(tx, act.tenant, organisation).await?;
    whistle.organisation_id = Some(party.id);
    let words = if words.is_empty() { party.name } else { format!("{}：{words}", party.name) };
    speak(tx, act, whistle, seen, Said::Assigned, &words, None).await?;
    audit::record(tx, act, Said::Assigned.code(), ("whistle", whistle.id), "", &[]).await
}

async fn speak(
    tx: &mut Tx,
    act: &Act,
    whistle: &mut Whistle,
    seen: i64,
    said: Said,
    words: &str,
    score: Option<u8>,
) -> Result<()> {
    if seen != whistle.lock_version {
        return Err(stale());
    }
    whistle.check(said)?;
    if let Some(sentence) = personal_data_in(words) {
        return Err(Error::refused(sentence));
    }
    apply(tx, act, whistle, said, score, act.at).await?;
    tell(tx, act, (whistle.counterpart_id, whistle.id), said, words, score).await
}

/// Writes an event down, and lets it be told.
async fn tell(
    tx: &mut Tx,
    act: &Act,
    (counterpart, whistle): (Uuid, Uuid),
    said: Said,
    words: &str,
    score: Option<u8>,
) -> Result<()> {
    let id = act.id();
    let event = ADD_EVENT.bind(act.tenant).bind(id).bind(whistle).bind(said).bind(true).bind(act.account);
    tx.execute(event.bind(words).bind(score).bind(act.at)).await?;
    if said.is_told() {
        outbox::post_to(tx, act, letter::TOPIC, counterpart, &Waiting::Said(id)).await?;
    }
    Ok(())
}

/// What something that was said by either side makes of a whistle.
///
/// Errors: stale if somebody was first.
pub(super) async fn apply(
    tx: &mut Tx,
    act: &Act,
    whistle: &mut Whistle,
    said: Said,
    score: Option<u8>,
    at: Timestamp,
) -> Result<()> {
    whistle.state = whistle.state.met(said.state());
    match said {
        Said::Acknowledged => whistle.acknowledged_at = Some(at),
        Said::Answered => whistle.answered_at = Some(at),
        Said::AskerRated => whistle.asker_score = score.map(i64::from),
        Said::ResponderRated => whistle.responder_score = score.map(i64::from),
        _ => {}
    }
    if whistle.state == State::Answered && whistle.asker_score.is_some() && whistle.responder_score.is_some() {
        whistle.state = State::Ended;
    }
    advance(tx, act, whistle).await
}

/// Errors: stale if somebody was first.
async fn advance(tx: &mut Tx, act: &Act, whistle: &mut Whistle) -> Result<()> {
    let row = ADVANCE.bind(act.tenant).bind(whistle.id).bind(whistle.lock_version).bind(whistle.state);
    let row = row.bind(whistle.state.open()).bind(whistle.organisation_id).bind(whistle.acknowledged_at);
    let row = row.bind(whistle.answered_at).bind(whistle.asker_score).bind(whistle.responder_score);
    if tx.execute(row).await? == 0 {
        return Err(stale());
    }
    whistle.lock_version += 1;
    Ok(())
}

/// What an issue hears of it.
pub(super) fn news(said: Said) -> Option<News> {
    match said {
        Said::Acknowledged => Some(News::Acknowledged),
        Said::Progressed => Some(News::Progressed),
        Said::Answered => Some(News::Answered),
        Said::Declined => Some(News::Declined),
        _ => None,
    }
}

fn stale() -> Error {
    Error::Stale("这次吹哨刚刚有变化，您刚才的操作没有提交，请返回后刷新，看过再决定。".to_owned())
}
