//! What a pupil confides by the code that hangs beside the quiz; nothing leads from one to the other. It is sealed, told of without a word of
//! it, reported by law (未成年人保护法 art. 11) and read by whoever answers for the team and nobody else. While nobody has reported it or found that
//! nobody was harmed, those who work are told again and again.

use db::{Db, Tx};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::model::{ConfidenceRules, Ending, Office, Rules, StepKind, office_codes, office_labels};
use super::quiz_store::{
    self, ADD_ENTRY, ALARM, CLOSE, CONFIDE, Confidence, DUE_CONFIDENCES, Due, ENTRIES, ERASE, ERASE_ENTRIES, EntryRow,
    OLD, OldConfidence, READ_BY, REPORTED, ReadBy,
};
use super::session_store::{self, Session};
use crate::access::{Act, Link};
use crate::channel::{self, Notice, Occasion, Place};
use crate::error::{Error, Result};
use crate::keys::Keys;
use crate::means::Means;
use crate::{audit, settings};

/// The link behind the code by which pupils ask for help.
pub fn help_link(tenant: Uuid, session: Uuid, keys: &Keys) -> Link {
    Link::signed(tenant, session, "lecture help", keys)
}

/// Whoever has the code can ask for help, whether the lecture takes place or not.
///
/// Errors: not found by a link that was not made for this.
pub(super) async fn by_help_link(tx: &mut Tx, link: &Link, keys: &Keys) -> Result<Session> {
    if !link.is_signed("lecture help", keys) {
        return Err(Error::NotFound);
    }
    session_store::session(tx, link.tenant, link.id).await
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Confided {
    pub words: String,
    /// Who asks for help, if they say so, and where they can be found.
    pub who: String,
}

const CONFIDED: &str = "lecture confidence";

/// Tells those who work that something waits, and no word of what or where. Nobody waits for the morning.
async fn tell(tx: &mut Tx, act: &Act, id: Uuid, text: &str) -> Result<()> {
    let notice = Notice {
        place: Place::Community,
        subject: ("lecture_confidence", id),
        occasion: Occasion::Reminder,
        edition: act.at.as_millisecond() / 60_000,
        text,
        path: &format!("/lecture-confidences/{id}"),
        happens_at: Some(act.at + SignedDuration::from_hours(1)),
    };
    channel::tell(tx, act, &notice).await?;
    Ok(())
}

/// A pupil asks for help.
pub async fn confide(tx: &mut Tx, act: &Act, session: Uuid, said: &Confided) -> Result<Uuid> {
    let rules: Rules = settings::read(tx, act.tenant, act.at).await?;
    let id = act.id();
    let sealed = act.seal(CONFIDED, &serde_json::to_string(said).map_err(anyhow::Error::from)?)?;
    let due = act.at + SignedDuration::from_mins(rules.tell_minutes);
    tx.execute(CONFIDE.bind(act.tenant).bind(id).bind(session).bind(sealed).bind(act.at).bind(due)).await?;
    tell(tx, act, id, "【法治进校园】有学生求助，请负责人马上打开看。").await?;
    audit::record(tx, act, "confide", ("lecture_confidence", id), "", &[]).await?;
    Ok(id)
}

/// Tells again of what is still unreported when its time is up; tells whether there may be more.
pub async fn watch_some(db: &Db, means: &Means) -> Result<bool> {
    let due: Vec<Due> = db.read().await?.all(DUE_CONFIDENCES.bind(means.now())).await?;
    let mut done = false;
    // What goes wrong with one does not keep the others waiting.
    for Due { tenant_id, id } in due {
        match alarm(db, &Act::system(tenant_id, means), id).await {
            Ok(()) => done = true,
            Err(error) => tracing::error!(?error, confidence = %id, "nobody was told again of a call for help"),
        }
    }
    Ok(done)
}

async fn alarm(db: &Db, act: &Act, id: Uuid) -> Result<()> {
    let mut tx = db.begin().await?;
    let rules: ConfidenceRules = settings::read(&mut tx, act.tenant, act.at).await?;
    let next = act.at + SignedDuration::from_mins(rules.again_minutes.max(1));
    // Another process may have been first, or somebody has reported it since.
    if tx.execute(ALARM.bind(act.tenant).bind(id).bind(act.at).bind(next)).await? == 1 {
        let known = quiz_store::confidence(&mut tx, act.tenant, id).await?;
        let text = format!(
            "【法治进校园·警报】学生的求助还没有登记报告，已经超时。请负责人马上打开看（第 {} 次提醒）。",
            known.alarms
        );
        tell(&mut tx, act, id, &text).await?;
    }
    Ok(tx.commit().await?)
}

#[derive(Debug, Clone)]
pub struct Entry {
    pub kind: StepKind,
    /// `None` once it has been kept long enough.
    pub words: Option<String>,
    /// Who was told, and when; of a report alone.
    pub told: Option<(String, Timestamp)>,
    pub writer: String,
    pub at: Timestamp,
}

type Told<'a> = Option<(&'a [Office], Timestamp)>;

async fn add_entry(tx: &mut Tx, act: &Act, id: Uuid, (kind, words): (StepKind, &str), told: Told<'_>) -> Result<()> {
    let writer = act.account.ok_or(Error::Forbidden)?;
    let row = ADD_ENTRY.bind(act.tenant).bind(act.id()).bind(id).bind(kind).bind(act.seal(CONFIDED, words)?);
    let (offices, told_at) = told.map(|(offices, at)| (office_codes(offices), at)).unzip();
    tx.execute(row.bind(writer).bind(act.at).bind(offices).bind(told_at)).await?;
    Ok(())
}

fn said(act: &Act, confidence: &Confidence) -> Result<Confided> {
    let Some(sealed) = &confidence.sealed else {
        return Err(Error::refused("保管期满，内容已经删去，没有要打开的"));
    };
    Ok(serde_json::from_str(&act.open(CONFIDED, sealed)?).map_err(anyhow::Error::from)?)
}

/// Somebody reads what was confided. Why stands beside it; the audit log has no word of either.
///
/// Errors: refused of what is erased.
pub async fn read(tx: &mut Tx, act: &Act, confidence: &Confidence, purpose: &str) -> Result<Confided> {
    let said = said(act, confidence)?;
    add_entry(tx, act, confidence.id, (StepKind::Read, purpose), None).await?;
    audit::record(tx, act, "read_confidence", ("lecture_confidence", confidence.id), "", &[]).await?;
    Ok(said)
}

async fn has_read(tx: &mut Tx, act: &Act, id: Uuid, since: Timestamp) -> Result<bool> {
    let row = READ_BY.bind(act.tenant).bind(id).bind(act.account).bind(since);
    Ok(tx.one::<ReadBy>(row).await?.count > 0)
}

/// What whoever has just said why they read it still sees, whatever else they do; `None` for everybody else.
pub async fn still_open(tx: &mut Tx, act: &Act, confidence: &Confidence) -> Result<Option<(Confided, Vec<Entry>)>> {
    let rules: ConfidenceRules = settings::read(tx, act.tenant, act.at).await?;
    let since = act.at - SignedDuration::from_mins(rules.open_minutes);
    if confidence.sealed.is_none() || !has_read(tx, act, confidence.id, since).await? {
        return Ok(None);
    }
    Ok(Some((said(act, confidence)?, entries(tx, act, confidence.id).await?)))
}

pub async fn entries(tx: &mut Tx, act: &Act, id: Uuid) -> Result<Vec<Entry>> {
    let rows: Vec<EntryRow> = tx.all(ENTRIES.bind(act.tenant).bind(id)).await?;
    let open = |row: EntryRow| {
        let words = row.sealed.map(|sealed| act.open(CONFIDED, &sealed)).transpose()?;
        let told = row.offices.map(|codes| office_labels(&codes)).zip(row.told_at);
        Ok(Entry { kind: row.kind, words, told, writer: row.writer, at: row.at })
    };
    rows.into_iter().map(open).collect()
}

/// An office was told; it was followed; it has ended, reported or because nobody was harmed.
///
/// Errors: refused of a report that names no office or a moment that cannot be, to end what nobody has reported, to judge what one has not
/// read, and of what is erased.
pub async fn take(
    tx: &mut Tx,
    act: &Act,
    confidence: &Confidence,
    (kind, words): (StepKind, &str),
    told: Told<'_>,
) -> Result<()> {
    if confidence.erased_at.is_some() {
        return Err(Error::refused("保管期满，内容已经删去，不能再登记"));
    }
    let (action, told) = match kind {
        StepKind::Read => return Err(Error::refused("请选做了什么")),
        StepKind::Reported => {
            let Some((offices, at)) = told.filter(|(offices, _)| !offices.is_empty()) else {
                return Err(Error::refused("请选报给了哪个部门"));
            };
            // Forms know minutes.
            if at > act.at || at + SignedDuration::from_mins(1) <= confidence.at {
                return Err(Error::refused("报告的时间要在收到求助以后，也不能比现在晚"));
            }
            tx.execute_one(REPORTED.bind(act.tenant).bind(confidence.id).bind(at)).await?;
            ("report_confidence", Some((offices, at)))
        }
        StepKind::Followed => ("follow_confidence", None),
        StepKind::Closed => {
            end(
                tx,
                act,
                confidence,
                Ending::Settled,
                "先报告、登记，再了结；没有人受到侵害的，选“核实没有受到侵害”；已经了结的不用再点",
            )
            .await?;
            ("close_confidence", None)
        }
        StepKind::Harmless | StepKind::Duplicate => {
            if !has_read(tx, act, confidence.id, Timestamp::UNIX_EPOCH).await? {
                return Err(Error::refused("先看内容，再判断"));
            }
            let ending = if kind == StepKind::Harmless { Ending::Harmless } else { Ending::Duplicate };
            end(tx, act, confidence, ending, "已经了结，不用再点").await?;
            ("dismiss_confidence", None)
        }
    };
    add_entry(tx, act, confidence.id, (kind, words), told).await?;
    audit::record(tx, act, action, ("lecture_confidence", confidence.id), "", &[]).await
}

async fn end(tx: &mut Tx, act: &Act, confidence: &Confidence, ending: Ending, otherwise: &str) -> Result<()> {
    let row = CLOSE.bind(act.tenant).bind(confidence.id).bind(act.at).bind(ending);
    match tx.execute(row.bind(ending == Ending::Settled)).await? {
        0 => Err(Error::refused(otherwise)),
        _ => Ok(()),
    }
}

/// Takes the words away that have been kept long enough. That somebody asked for help, when, and that it was reported, stays.
pub async fn forget_old(tx: &mut Tx, act: &Act) -> Result<()> {
    let rules: Rules = settings::read(tx, act.tenant, act.at).await?;
    let before = act.at - SignedDuration::from_hours(24 * rules.keep_confidence_days);
    for OldConfidence { id } in tx.all::<OldConfidence>(OLD.bind(act.tenant).bind(before)).await? {
        tx.execute(ERASE_ENTRIES.bind(act.tenant).bind(id)).await?;
        tx.execute(ERASE.bind(act.tenant).bind(id).bind(act.at)).await?;
        audit::record(tx, act, "erase", ("lecture_confidence", id), "", &[]).await?;
    }
    Ok(())
}
