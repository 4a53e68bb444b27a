//! Taking a record in, so that it is there once however often it comes.

use axum::body::Bytes;
use db::{Db, Tx};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::Taken;
use super::model::{Sent, State};
use super::store::{
    self, ADD_PHOTO, ANSWER, CLAIM, DISPUTE, DISPUTES_OF, FORGET, FORGET_DISPUTES, FORGET_ONE, HELD_OF, Held, Known,
    PHOTO, Photo, RECEIPT, Record,
};
use crate::access::{Act, Viewer};
use crate::app;
use crate::error::{Error, Result};
use crate::means::Means;
use crate::settings::{self, Setting};
use crate::{audit, photo};

#[derive(Debug, Clone, Copy, Deserialize)]
struct Rules {
    keep_days: i64,
    review_hours: i64,
    /// So many records of one account are held at most.
    held_most: i64,
}

impl Setting for Rules {
    const NAME: &'static str = "offline.records";
}

/// What the purpose of a sealed record is called.
pub(super) const SEAL: &str = "offline";

/// How often a record is tried again that met somebody else's change at the very moment.
const TRIES: u8 = 3;

/// What a phone is told of a record. It may forget the record once it has this.
#[derive(Debug, Clone, Serialize)]
pub struct Receipt {
    pub id: Uuid,
    pub state: &'static str,
    pub sentence: String,
    /// Milliseconds since 1970.
    pub received_at: i64,
    pub answer: Value,
}

#[derive(Debug, Clone)]
pub enum Outcome {
    Receipt(Receipt),
    /// Another content has come under this id before.
    Disputed {
        made_at: Timestamp,
        received_at: Timestamp,
    },
}

impl From<Record> for Receipt {
    fn from(record: Record) -> Receipt {
        let Record { id, state, sentence, received_at, answer, .. } = record;
        Receipt { id, state: state.code(), sentence, received_at: received_at.as_millisecond(), answer: answer.0 }
    }
}

/// Takes the bytes of a record in and enters it. What cannot be entered is held.
///
/// Errors: forbidden if the record says that it is somebody else's; whatever the database has to say, in which case
/// nothing has been kept and the phone tries again.
pub async fn receive(
    db: &Db,
    means: &Means,
    author: &Viewer,
    id: Uuid,
    bytes: &[u8],
    sent_at: Option<i64>,
) -> Result<Outcome> {
    let read = Sent::read(id, bytes, sent_at, means.now());
    if read.as_ref().is_ok_and(|sent| sent.account != author.account) {
        return Err(Error::Forbidden);
    }
    let act = Act::own(author, means);
    let digest = Sha256::digest(bytes).to_vec();
    let claim = |state: State, sentence: &str| {
        let kind = read.as_ref().map_or("", |sent| sent.kind.as_str());
        let row = CLAIM.bind(act.tenant).bind(id).bind(author.account).bind(kind).bind(digest.as_slice());
        Ok::<_, Error>(row.bind(act.seal(SEAL, &String::from_utf8_lossy(bytes))?).bind(state).bind(sentence))
    };
    let made_at = read.as_ref().map_or(act.at, |sent| sent.made_at);

    let mut tries = 0;
    let refused = loop {
        let sent = match &read {
            Ok(sent) => sent,
            Err(sentence) => break sentence.clone(),
        };
        let mut tx = db.begin().await?;
        if tx.execute(claim(State::Accepted, "")?.bind(made_at).bind(act.at)).await? == 0 {
            return again(tx, &act, id, &digest, bytes, made_at).await;
        }
        match enter(&mut tx, author, means, sent).await {
            Ok(answer) => {
                tx.execute(ANSWER.bind(act.tenant).bind(id).bind(answer.to_string())).await?;
                let record = store::record(&mut tx, act.tenant, id).await?.ok_or(Error::NotFound)?;
                tx.commit().await?;
                return Ok(Outcome::Receipt(record.into()));
            }
            // Somebody else was writing at this moment; what they wrote is there at the next try.
            Err(Error::Stale(_)) if tries < TRIES => tries += 1,
            Err(error) => break why_held(error)?,
        }
    };
    let mut tx = db.begin().await?;
    let rules: Rules = settings::read(&mut tx, act.tenant, act.at).await?;
    let Held { amount } = tx.one(HELD_OF.bind(act.tenant).bind(author.account).bind(rules.held_most)).await?;
    if amount >= rules.held_most {
        // It stays on the phone, and comes again when some of the others have been looked at.
        return Err(Error::TooMany(3600));
    }
    if tx.execute(claim(State::Held, &refused)?.bind(made_at).bind(act.at)).await? == 0 {
        return again(tx, &act, id, &digest, bytes, made_at).await;
    }
    audit::record(&mut tx, &act, "hold", ("offline_record", id), "", &[]).await?;
    if let Some((sent, recorder)) = read.as_ref().ok().and_then(|sent| Some((sent, app::recorder(&sent.kind)?))) {
        (recorder.held)(&mut tx, author, means, sent).await?;
    }
    let record = store::record(&mut tx, act.tenant, id).await?.ok_or(Error::NotFound)?;
    tx.commit().await?;
    Ok(Outcome::Receipt(record.into()))
}

/// Hands a record to whoever knows its kind.
pub(super) async fn enter(tx: &mut Tx, author: &Viewer, means: &Means, sent: &Sent) -> Result<Value> {
    let Some(recorder) = app::recorder(&sent.kind) else {
        return Err(Error::refused("这个版本的程序还不认识这种记录，请升级后再登记"));
    };
    (recorder.record)(tx, author, means, sent).await
}

/// Why a record is held, if the reason lies in the record. What lies in the database is an error, and the record comes again.
pub(super) fn why_held(error: Error) -> Result<String> {
    match error {
        Error::Db(db::Error::Driver(error)) => Err(Error::Db(db::Error::Driver(error))),
        Error::Db(_) | Error::Internal(_) => {
            tracing::error!(?error, "a record could not be entered");
            Ok("程序没能登记这条记录，内容已保存，请社区工作人员处理".to_owned())
        }
        said => Ok(said.to_string()),
    }
}

/// A record whose id is taken: the first receipt for the same content; another content is kept beside it.
async fn again(mut tx: Tx, act: &Act, id: Uuid, digest: &[u8], bytes: &[u8], made_at: Timestamp) -> Result<Outcome> {
    let first = store::record(&mut tx, act.tenant, id).await?.ok_or(Error::NotFound)?;
    if first.digest == digest && Some(first.account_id) == act.account {
        return Ok(Outcome::Receipt(first.into()));
    }
    let dispute = DISPUTE.bind(act.tenant).bind(act.id()).bind(id).bind(act.account).bind(digest);
    let dispute = dispute.bind(act.seal(SEAL, &String::from_utf8_lossy(bytes))?).bind(made_at).bind(act.at);
    if tx.execute(dispute).await? > 0 {
        audit::record(&mut tx, act, "dispute", ("offline_record", id), "", &[]).await?;
    }
    tx.commit().await?;
    Ok(Outcome::Disputed { made_at: first.made_at, received_at: first.received_at })
}

/// Takes a photo of a record in. The same photo again changes nothing. The photo of a record that is held waits with it.
///
/// Errors: not found where the record has not come yet; refused if it is no picture; stale if another picture has come
/// under this id.
pub async fn attach(db: &Db, means: &Means, author: &Viewer, record: Uuid, id: Uuid, bytes: Bytes) -> Result<()> {
    let act = Act::own(author, means);
    let digest = Sha256::digest(&bytes).to_vec();
    let mut tx = db.read().await?;
    of_author(&mut tx, &act, record).await?;
    let known: Option<Photo> = tx.optional(PHOTO.bind(act.tenant).bind(record).bind(id)).await?;
    drop(tx);
    if let Some(known) = known {
        return same(&known, &digest);
    }
    let picture = photo::prepare(bytes).await?;
    let mut tx = db.begin().await?;
    let of = of_author(&mut tx, &act, record).await?;
    let photo = photo::keep(&mut tx, &act, &picture).await?;
    let mut entered = of.state == State::Accepted;
    if let Some(recorder) = app::recorder(&of.kind).filter(|_| entered) {
        match (recorder.attach)(&mut tx, author, means, Taken { record, name: id, photo }).await {
            // It may belong to the other content that has come under this id, and then waits with that.
            Err(Error::Refused(_)) if !tx.all::<Known>(DISPUTES_OF.bind(act.tenant).bind(record)).await?.is_empty() => {
                entered = false;
            }
            other => other?,
        }
    }
    let row = ADD_PHOTO.bind(act.tenant).bind(record).bind(id).bind(digest.as_slice()).bind(photo);
    if tx.execute(row.bind(entered).bind(act.at)).await? == 0 {
        let known: Photo = tx.one(PHOTO.bind(act.tenant).bind(record).bind(id)).await?;
        return same(&known, &digest);
    }
    photo::attach(&mut tx, act.tenant, photo).await?;
    Ok(tx.commit().await?)
}

/// The receipts of some records of an account as they stand now; at most a hundred.
pub(super) async fn receipts(tx: &mut Tx, author: &Viewer, ids: &[Uuid]) -> Result<Vec<Receipt>> {
    let mut receipts = Vec::new();
    for id in ids.iter().take(100) {
        let record: Option<Record> = tx.optional(RECEIPT.bind(author.tenant).bind(*id).bind(author.account)).await?;
        receipts.extend(record.map(Receipt::from));
    }
    Ok(receipts)
}

async fn of_author(tx: &mut Tx, act: &Act, record: Uuid) -> Result<Record> {
    let record = store::record(tx, act.tenant, record).await?;
    record.filter(|record| Some(record.account_id) == act.account).ok_or(Error::NotFound)
}

fn same(known: &Photo, digest: &[u8]) -> Result<()> {
    if known.digest == digest {
        return Ok(());
    }
    Err(Error::Stale("这张照片的编号下已经有另一张照片，请重新拍一张".to_owned()))
}

/// Until when somebody should have looked at what has been held since a moment.
pub(super) async fn due(tx: &mut Tx, tenant: Uuid, since: Timestamp, now: Timestamp) -> Result<Timestamp> {
    let rules: Rules = settings::read(tx, tenant, now).await?;
    Ok(since + SignedDuration::from_hours(rules.review_hours))
}

/// Removes the bytes of one record that has been entered.
pub async fn forget(tx: &mut Tx, tenant: Uuid, id: Uuid) -> Result<()> {
    tx.execute(FORGET_ONE.bind(tenant).bind(id)).await?;
    Ok(())
}

/// Removes the bytes of records that were entered long ago; their ids and digests stay, so that none is entered twice.
pub async fn forget_old(tx: &mut Tx, act: &Act) -> Result<()> {
    let rules: Rules = settings::read(tx, act.tenant, act.at).await?;
    let before = act.at - SignedDuration::from_hours(24 * rules.keep_days);
    tx.execute(FORGET.bind(act.tenant).bind(before)).await?;
    tx.execute(FORGET_DISPUTES.bind(act.tenant).bind(before)).await?;
    Ok(())
}
