//! What could not be entered, and what came twice: somebody looks at it and decides.

use db::{Json, Tx};
use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use super::model::{Ruling, Sent, State};
use super::receive::{SEAL, enter};
use super::store::{
    self, ATTACHED, Dispute, LOOSE_PHOTOS, OLDEST_DISPUTE, OLDEST_HELD, Photo, RULE, Record, SETTLE, Waiting,
};
use super::{Recorder, Taken, Words, receive};
use crate::access::{self, Act, Permission, Viewer};
use crate::app;
use crate::audit;
use crate::error::{Error, Result};
use crate::web::{Todo, show};

/// What somebody has to decide about: who wrote it down and what it says.
#[derive(Debug, Clone)]
pub(super) struct Said {
    pub by: String,
    pub made_at: Timestamp,
    pub received_at: Timestamp,
    pub words: Words,
}

/// A record, and another that came under the same id.
pub(super) struct Pair {
    pub id: Uuid,
    pub first: Said,
    pub second: Said,
}

fn recorder(kind: &str) -> Option<Recorder> {
    app::recorder(kind)
}

/// What a sealed content says.
pub(super) async fn said(
    tx: &mut Tx,
    act: &Act,
    (id, account, kind): (Uuid, Uuid, &str),
    sealed: Option<&[u8]>,
    (made_at, received_at): (Timestamp, Timestamp),
) -> Result<Said> {
    let author = access::viewer_of(tx, act.tenant, account).await?;
    let words = match sealed.map(|sealed| act.open(SEAL, sealed)).transpose()? {
        None => vec![("内容".to_owned(), "已过保存期，内容已删除".to_owned())],
        Some(text) => match (Sent::read(id, text.as_bytes(), None, act.at), recorder(kind)) {
            (Ok(sent), Some(recorder)) => (recorder.words)(tx, &author, &act.means, &sent).await?,
            _ => vec![("原始内容".to_owned(), hidden(&text.chars().take(2_000).collect::<String>()))],
        },
    };
    Ok(Said { by: author.name, made_at, received_at, words })
}

/// A text that nobody could read, with every number in it hidden that could be somebody's.
pub fn hidden(text: &str) -> String {
    let (mut shown, mut digits) = (String::new(), String::new());
    let close = |shown: &mut String, digits: &mut String| {
        shown.push_str(if digits.len() > 6 { "******" } else { digits });
        digits.clear();
    };
    for c in text.chars() {
        if c.is_ascii_digit() {
            digits.push(c);
        } else {
            close(&mut shown, &mut digits);
            shown.push(c);
        }
    }
    close(&mut shown, &mut digits);
    shown
}

pub(super) async fn pair(tx: &mut Tx, act: &Act, dispute: &Dispute) -> Result<Pair> {
    let first = store::record(tx, act.tenant, dispute.record_id).await?.ok_or(Error::NotFound)?;
    let (kind, times) = (first.kind.as_str(), (first.made_at, first.received_at));
    let one = said(tx, act, (first.id, first.account_id, kind), first.content_sealed.as_deref(), times).await?;
    let times = (dispute.made_at, dispute.received_at);
    let other = (dispute.record_id, dispute.account_id, kind);
    let second = said(tx, act, other, Some(&dispute.content_sealed), times).await?;
    Ok(Pair { id: dispute.id, first: one, second })
}

/// Enters a record that was held, now that what stood in its way is gone.
///
/// Errors: refused, with the reason, if it still cannot be entered.
pub(super) async fn retry(tx: &mut Tx, act: &Act, id: Uuid) -> Result<()> {
    let record = held(tx, act, id).await?;
    let author = access::viewer_of(tx, act.tenant, record.account_id).await?;
    let sent = content(act, &record)?;
    let answer = enter(tx, &author, &act.means, &sent).await?;
    settle(tx, act, id, State::Accepted, "", &answer).await?;
    attach_loose(tx, act, &author, &sent.kind, (id, id)).await?;
    audit::record(tx, act, "enter", ("offline_record", id), "", &[]).await
}

/// Says why a record will not be entered. It stays on record for as long as others.
pub(super) async fn dismiss(tx: &mut Tx, act: &Act, id: Uuid, reason: &str) -> Result<()> {
    held(tx, act, id).await?;
    settle(tx, act, id, State::Dismissed, reason, &Value::Null).await?;
    audit::record(tx, act, "dismiss", ("offline_record", id), reason, &[]).await
}

/// Decides about a second content: the first stands, or both are entered, the second under an id of its own.
pub(super) async fn rule(tx: &mut Tx, act: &Act, dispute: &Dispute, ruling: Ruling) -> Result<()> {
    tx.execute_one(RULE.bind(act.tenant).bind(dispute.id).bind(ruling).bind(act.account)).await?;
    if ruling == Ruling::Both {
        let author = access::viewer_of(tx, act.tenant, dispute.account_id).await?;
        let text = act.open(SEAL, &dispute.content_sealed)?;
        let read = Sent::read(dispute.id, text.as_bytes(), None, dispute.received_at).map_err(Error::Refused)?;
        let sent = Sent { made_at: dispute.made_at, ..read };
        enter(tx, &author, &act.means, &sent).await?;
        attach_loose(tx, act, &author, &sent.kind, (dispute.record_id, sent.id)).await?;
    }
    audit::record(tx, act, "rule", ("offline_record", dispute.record_id), ruling.label(), &[]).await
}

/// Gives the photos that have come under an id to the record to which they belong.
async fn attach_loose(
    tx: &mut Tx,
    act: &Act,
    author: &Viewer,
    kind: &str,
    (came_under, record): (Uuid, Uuid),
) -> Result<()> {
    let Some(recorder) = recorder(kind) else { return Ok(()) };
    let photos: Vec<Photo> = tx.all(LOOSE_PHOTOS.bind(act.tenant).bind(came_under)).await?;
    for Photo { id, photo_id, .. } in photos {
        match (recorder.attach)(tx, author, &act.means, Taken { record, name: id, photo: photo_id }).await {
            Ok(()) => drop(tx.execute(ATTACHED.bind(act.tenant).bind(came_under).bind(id)).await?),
            Err(Error::Refused(_)) => {} // of the other content under this id
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

async fn held(tx: &mut Tx, act: &Act, id: Uuid) -> Result<Record> {
    let record = store::record(tx, act.tenant, id).await?.ok_or(Error::NotFound)?;
    if record.state != State::Held {
        return Err(Error::Stale(format!("这条记录刚刚有别人处理过，现在是“{}”。", record.state)));
    }
    Ok(record)
}

fn content(act: &Act, record: &Record) -> Result<Sent> {
    let Some(sealed) = &record.content_sealed else { return Err(Error::NotFound) };
    let text = act.open(SEAL, sealed)?;
    let read = Sent::read(record.id, text.as_bytes(), None, record.received_at).map_err(Error::Refused)?;
    Ok(Sent { made_at: record.made_at, ..read })
}

async fn settle(tx: &mut Tx, act: &Act, id: Uuid, state: State, sentence: &str, answer: &Value) -> Result<()> {
    let row = SETTLE.bind(act.tenant).bind(id).bind(state).bind(sentence).bind(Json(answer)).bind(act.account);
    if tx.execute(row).await? == 0 {
        return Err(Error::Stale("这条记录刚刚有别人处理过，请刷新页面再看。".to_owned()));
    }
    Ok(())
}

/// That records wait for somebody to look at them.
pub async fn todo(tx: &mut Tx, viewer: &Viewer, now: Timestamp) -> Result<Vec<Todo>> {
    if !viewer.may(Permission::UploadReview) || viewer.scope(Permission::UploadReview).account.is_some() {
        return Ok(Vec::new());
    }
    let held: Waiting = tx.one(OLDEST_HELD.bind(viewer.tenant)).await?;
    let disputed: Waiting = tx.one(OLDEST_DISPUTE.bind(viewer.tenant)).await?;
    let Some(since) = [held.since, disputed.since].into_iter().flatten().min() else { return Ok(Vec::new()) };
    let due = receive::due(tx, viewer.tenant, since, now).await?;
    Ok(vec![Todo {
        verb: "核对",
        title: format!("{} 条走访上传没能登记", held.amount + disputed.amount),
        detail: "内容都在，看一眼原因，登记或说明不登记".to_owned(),
        href: "/uploads".to_owned(),
        due,
        deadline: show::deadline(due, now, true),
    }])
}
