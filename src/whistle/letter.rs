//! Letters between the two sides. What one side says is written down with its event, in one transaction, and the outbox delivers it
//! at least once: to a tenant of this installation directly, to another installation by a signed request to its inbox. The letter
//! has the id of the event, by which the other side knows what it already has. It is confirmed only when it is kept, so either side
//! may die at any moment.

use std::sync::Arc;
use std::time::Duration;

use db::Tx;
use jiff::Timestamp;
use reqwest::StatusCode;
use reqwest::header::CONTENT_TYPE;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::counterpart::SECRET;
use super::model::{Call, Kind, Said, Side, State};
use super::saying;
use super::store::{
    self, ADD, ADD_EVENT, CONFIRMED, Counterpart, DELIVERED, EVENT, Event, JOINED, SECRET as SECRET_OF, Sealed,
};
use crate::access::{self, Act};
use crate::app::App;
use crate::error::{Error, Result};
use crate::outbox::http::{client, is_named, is_signed, safe_url, signature};
use crate::outbox::{Handler, Message};
use crate::{audit, issue};

pub const TOPIC: &str = "whistle.letter";

/// So long somebody has to answer a letter.
const PATIENCE: Duration = Duration::from_secs(20);

/// What waits in the outbox.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Waiting {
    /// The first letter over a link, by the link's id.
    Hello(Uuid),
    /// What was said, by its event's id.
    Said(Uuid),
}

/// What travels.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Letter {
    pub id: Uuid,
    /// Milliseconds.
    pub at: i64,
    pub content: Content,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Content {
    Hello { address: String, code: String, name: String },
    Said { whistle: Uuid, said: String, words: String, score: Option<u8>, call: Option<Call> },
}

/// How taking in a letter ended.
#[derive(Debug, PartialEq, Eq)]
pub enum Taken {
    Kept,
    /// It is about something that has not arrived yet; it will be sent again.
    TooEarly,
    /// The link is over.
    Over,
    /// Nothing that could be understood.
    Nonsense,
}

pub fn handler() -> Handler {
    Arc::new(|app, message| Box::pin(deliver(app, message)))
}

async fn deliver(app: App, message: Message) -> Result<()> {
    let act = Act::system(message.tenant_id, &app.means);
    let waiting: Waiting = serde_json::from_str(&message.payload).map_err(anyhow::Error::from)?;
    let mut tx = app.db.read().await?;
    let (counterpart, letter) = write(&mut tx, &act, &app, waiting).await?;
    drop(tx);
    if counterpart.ended_at.is_some() {
        return Ok(());
    }
    let Some(code) = &counterpart.code else { return Err(Error::refused("对方还没有接通")) };
    match &counterpart.address {
        Some(address) => send(&app, &act, &counterpart, (address, code), &letter).await?,
        // The other side is in this installation, and this is how it would answer.
        None => match take_in(&app, code, counterpart.id, letter).await? {
            Taken::Kept | Taken::Over => {}
            Taken::TooEarly => return Err(Error::refused("对方还没有收到前面的消息")),
            Taken::Nonsense => return Err(Error::refused("对方看不懂这条消息")),
        },
    }
    let mut tx = app.db.begin().await?;
    match waiting {
        Waiting::Hello(id) => tx.execute(CONFIRMED.bind(act.tenant).bind(id).bind(act.at)).await?,
        Waiting::Said(id) => tx.execute(DELIVERED.bind(act.tenant).bind(id).bind(act.at)).await?,
    };
    Ok(tx.commit().await?)
}

async fn write(tx: &mut Tx, act: &Act, app: &App, waiting: Waiting) -> Result<(Counterpart, Letter)> {
    match waiting {
        Waiting::Hello(id) => {
            let counterpart = store::counterpart(tx, act.tenant, id).await?;
            let own = access::tenant(tx, act.tenant).await?;
            let content = Content::Hello { address: app.config.public_url.clone(), code: own.code, name: own.name };
            Ok((counterpart, Letter { id, at: act.at.as_millisecond(), content }))
        }
        Waiting::Said(id) => {
            let event: Event = tx.one(EVENT.bind(act.tenant).bind(id)).await?;
            let whistle = store::whistle(tx, act.tenant, event.whistle_id).await?;
            let counterpart = store::counterpart(tx, act.tenant, whistle.counterpart_id).await?;
            let call = (event.kind == Said::Blown).then(|| Call {
                number: whistle.number.clone(),
                kind: whistle.kind.code().to_owned(),
                category: whistle.category.clone(),
                place: whistle.place.clone(),
                title: whistle.title.clone(),
                acknowledge_by: whistle.acknowledge_by.as_millisecond(),
                answer_by: whistle.answer_by.as_millisecond(),
            });
            let score = event.score.and_then(|score| u8::try_from(score).ok());
            let said = event.kind.code().to_owned();
            let content = Content::Said { whistle: whistle.id, said, words: event.words, score, call };
            Ok((counterpart, Letter { id, at: event.at.as_millisecond(), content }))
        }
    }
}

/// Errors: refused, with what stood in the way, for the next attempt.
async fn send(
    app: &App,
    act: &Act,
    counterpart: &Counterpart,
    (address, code): (&str, &str),
    letter: &Letter,
) -> Result<()> {
    let url = safe_url(address).map_err(Error::refused)?;
    if !is_named(&url, &app.config.outgoing.webhook_hosts) {
        return Err(Error::refused("对方的主机不在允许的主机里"));
    }
    let sealed: Sealed = app.db.read().await?.one(SECRET_OF.bind(act.tenant).bind(counterpart.id)).await?;
    let secret = act.open(SECRET, &sealed.secret)?;
    let body = serde_json::to_string(letter).map_err(anyhow::Error::from)?;
    let id = letter.id.to_string();
    let now = app.means.now();
    let request = client().map_err(anyhow::Error::from)?.post(format!("{address}/inbox/{code}/{}", counterpart.id));
    let request = request.header(CONTENT_TYPE, "application/json").header("webhook-id", &id);
    let request = request.header("webhook-timestamp", now.as_second());
    let request = request.header("webhook-signature", signature(secret.as_bytes(), &id, now, &body));
    // What is said of a failure names no address.
    let response = request.body(body).timeout(PATIENCE).send().await;
    match response.map(|response| response.status()) {
        Ok(StatusCode::OK | StatusCode::GONE) => Ok(()),
        Ok(status) => Err(Error::refused(format!("对方没有收下（HTTP {}）", status.as_u16()))),
        Err(error) if error.is_connect() => Err(Error::refused("连不上对方")),
        Err(_) => Err(Error::refused("对方没有及时回应")),
    }
}

/// Whether a request to the inbox comes from the other side of a link.
///
/// Errors: not found where there is no such link, or the signature is not right: the two look alike from outside.
pub async fn check(app: &App, code: &str, id: Uuid, signed: (&str, i64, &str), body: &str) -> Result<()> {
    let mut tx = app.db.read().await?;
    let tenant = access::tenant_by_code(&mut tx, code).await?.ok_or(Error::NotFound)?.tenant_id;
    let sealed: Sealed = tx.optional(SECRET_OF.bind(tenant).bind(id)).await?.ok_or(Error::NotFound)?;
    let act = Act::system(tenant, &app.means);
    let secret = act.open(SECRET, &sealed.secret)?;
    if is_signed(secret.as_bytes(), signed, body, act.at) { Ok(()) } else { Err(Error::NotFound) }
}

/// Keeps a letter that came over a link to a tenant. One that is there already is kept without doing anything.
pub async fn take_in(app: &App, code: &str, id: Uuid, letter: Letter) -> Result<Taken> {
    let mut tx = app.db.begin().await?;
    let tenant = access::tenant_by_code(&mut tx, code).await?.ok_or(Error::NotFound)?.tenant_id;
    let act = Act::system(tenant, &app.means);
    let counterpart = store::counterpart(&mut tx, tenant, id).await?;
    if counterpart.ended_at.is_some() {
        return Ok(Taken::Over);
    }
    let taken = match letter.content {
        Content::Hello { address, code, name } => {
            let address = (address != app.config.public_url).then_some(address);
            hello(&mut tx, &act, &counterpart, (address, code, name)).await?
        }
        Content::Said { whistle, said, words, score, call } => {
            let Some(said) = Said::parse(&said).filter(|said| said.is_told()) else { return Ok(Taken::Nonsense) };
            let heard = Heard { id: letter.id, at: letter.at, whistle, said, words, score, call };
            hear(&mut tx, &act, &counterpart, heard).await?
        }
    };
    if taken == Taken::Kept {
        tx.commit().await?;
    }
    Ok(taken)
}

/// Nobody writes longer than this.
const LONGEST: usize = 2000;

/// PostgreSQL keeps no text with the character zero.
fn is_kept(text: &str) -> bool {
    text.chars().count() <= LONGEST && !text.contains('\0')
}

async fn hello(
    tx: &mut Tx,
    act: &Act,
    counterpart: &Counterpart,
    (address, code, name): (Option<String>, String, String),
) -> Result<Taken> {
    let reachable = address.as_ref().is_none_or(|address| is_kept(address) && safe_url(address).is_ok());
    let readable = reachable && is_kept(&code) && is_kept(&name);
    if counterpart.side != Side::Below || !readable {
        return Ok(Taken::Nonsense);
    }
    if counterpart.joined_at.is_some() {
        let same = counterpart.address == address && counterpart.code.as_ref() == Some(&code);
        return Ok(if same { Taken::Kept } else { Taken::Over });
    }
    let row = JOINED.bind(act.tenant).bind(counterpart.id).bind(address).bind(&code).bind(&name).bind(act.at);
    if tx.execute(row).await? == 0 {
        return Ok(Taken::TooEarly);
    }
    audit::record(tx, act, "join", ("counterpart", counterpart.id), &name, &[]).await?;
    Ok(Taken::Kept)
}

/// What the other side has said.
struct Heard {
    id: Uuid,
    at: i64,
    whistle: Uuid,
    said: Said,
    words: String,
    score: Option<u8>,
    call: Option<Call>,
}

async fn hear(tx: &mut Tx, act: &Act, counterpart: &Counterpart, heard: Heard) -> Result<Taken> {
    let Heard { id, at, whistle, said, words, score, call } = heard;
    let Ok(at) = Timestamp::from_millisecond(at) else { return Ok(Taken::Nonsense) };
    // Who stands below blows; who stands above answers.
    let from_asker = counterpart.side == Side::Below;
    let score = score.filter(|score| (1..=5).contains(score));
    if said.by_asker() != from_asker || !is_kept(&words) || said.is_rating() != score.is_some() {
        return Ok(Taken::Nonsense);
    }
    if said == Said::Blown {
        let Some(call) = call.filter(readable) else { return Ok(Taken::Nonsense) };
        if !begin(tx, act, counterpart, (whistle, at), &call).await? {
            return Ok(Taken::Kept);
        }
    }
    let known = store::whistle(tx, act.tenant, whistle).await;
    let mut known = match known {
        Err(Error::NotFound) => return Ok(Taken::TooEarly),
        known => known?,
    };
    if known.counterpart_id != counterpart.id {
        return Ok(Taken::Nonsense);
    }
    let event = ADD_EVENT.bind(act.tenant).bind(id).bind(whistle).bind(said).bind(false).bind(None::<Uuid>);
    if tx.execute(event.bind(words.as_str()).bind(score).bind(at)).await? == 0 {
        return Ok(Taken::Kept);
    }
    // What crossed a recall is kept, and changes nothing.
    let recalled = known.state == State::Recalled;
    saying::apply(tx, act, &mut known, said, score, at).await?;
    if let (Some(issue), Some(news), false) = (known.issue_id, saying::news(said), recalled) {
        issue::escalation::hear(tx, act, issue, news, &words).await?;
    }
    audit::record(tx, act, said.code(), ("whistle", whistle), "", &[]).await?;
    Ok(Taken::Kept)
}

fn readable(call: &Call) -> bool {
    let times = [call.acknowledge_by, call.answer_by].into_iter().all(|at| Timestamp::from_millisecond(at).is_ok());
    let texts = [&call.number, &call.category, &call.place, &call.title];
    times && Kind::parse(&call.kind).is_some() && texts.into_iter().all(|text| is_kept(text))
}

/// Enters a whistle from below; tells whether it was new.
async fn begin(
    tx: &mut Tx,
    act: &Act,
    counterpart: &Counterpart,
    (id, at): (Uuid, Timestamp),
    call: &Call,
) -> Result<bool> {
    let row = ADD.bind(act.tenant).bind(id).bind(counterpart.id).bind(false).bind(Kind::parse(&call.kind));
    let row = row.bind(&call.number).bind(&call.category).bind(&call.place).bind(&call.title);
    let row = row.bind(None::<Uuid>).bind(None::<Uuid>).bind(None::<Uuid>).bind(None::<Uuid>);
    Ok(tx.execute(row.bind(at).bind(call.acknowledge_by).bind(call.answer_by)).await? > 0)
}
