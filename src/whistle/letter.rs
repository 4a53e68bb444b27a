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

use super::counterpart::{SECRET, close};
use super::model::{Call, Ending, Kind, Said, Side};
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
const PATIENCE: Duration = Duration::from_secs(10);

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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    Kept,
    /// It is about something that has not arrived yet; it will be sent again.
    TooEarly,
    /// The link is over.
    Over,
    /// Somebody else has answered the invitation.
    Occupied,
    /// Nothing that could be understood.
    Nonsense,
}

impl Taken {
    const STATUSES: [(Taken, StatusCode); 5] = [
        (Taken::Kept, StatusCode::OK),
        (Taken::TooEarly, StatusCode::CONFLICT),
        (Taken::Over, StatusCode::GONE),
        (Taken::Occupied, StatusCode::LOCKED),
        (Taken::Nonsense, StatusCode::UNPROCESSABLE_ENTITY),
    ];

    /// How it is told to another installation.
    pub fn status(self) -> StatusCode {
        let known = Self::STATUSES.into_iter().find(|(taken, _)| *taken == self);
        known.map_or(StatusCode::INTERNAL_SERVER_ERROR, |(_, status)| status)
    }

    fn parse(status: StatusCode) -> Option<Taken> {
        Self::STATUSES.into_iter().find(|(_, known)| *known == status).map(|(taken, _)| taken)
    }
}

pub fn handler() -> Handler {
    Arc::new(|app, message| Box::pin(deliver(app, message)))
}

/// The header with the id of a letter, in the request and in its answer.
pub const ID: &str = "webhook-id";

/// A letter on its way, signed in the way of Standard Webhooks.
pub struct Signed {
    pub id: String,
    pub seconds: i64,
    pub signature: String,
    pub body: String,
}

async fn deliver(app: App, message: Message) -> Result<()> {
    let act = Act::system(message.tenant_id, &app.means);
    let waiting: Waiting = serde_json::from_str(&message.payload).map_err(anyhow::Error::from)?;
    let mut tx = app.db.read().await?;
    let (counterpart, letter) = write(&mut tx, &act, &app, waiting).await?;
    if counterpart.ended_at.is_some() {
        return Ok(());
    }
    let Some(code) = &counterpart.code else { return Err(Error::Unreachable("对方还没有接通".to_owned())) };
    let signed = sign(&mut tx, &act, counterpart.id, &letter).await?;
    drop(tx);
    let taken = match &counterpart.address {
        Some(address) => send(&app, (address, code), counterpart.id, signed).await?,
        // The other side is in this installation, and looks at it as closely as at one from elsewhere.
        None => receive(&app, code, counterpart.id, &signed).await.map_err(|error| match error {
            Error::NotFound => Error::Unreachable("对方没有这个对接".to_owned()),
            error => error,
        })?,
    };
    let mut tx = app.db.begin().await?;
    match (taken, waiting) {
        (Taken::Kept, Waiting::Hello(id)) => {
            tx.execute(CONFIRMED.bind(act.tenant).bind(id).bind(act.at)).await?;
        }
        (Taken::Kept, Waiting::Said(id)) => {
            tx.execute(DELIVERED.bind(act.tenant).bind(id).bind(act.at)).await?;
        }
        (Taken::Over, _) => {
            close(&mut tx, &act, &counterpart, Ending::There).await?;
        }
        (Taken::Occupied, _) => {
            close(&mut tx, &act, &counterpart, Ending::Taken).await?;
        }
        (Taken::TooEarly, _) => return Err(Error::Stale("对方还没有收到前面的消息".to_owned())),
        (Taken::Nonsense, _) => return Err(Error::refused("对方看不懂这条消息")),
    }
    Ok(tx.commit().await?)
}

async fn sign(tx: &mut Tx, act: &Act, link: Uuid, letter: &Letter) -> Result<Signed> {
    let body = serde_json::to_string(letter).map_err(anyhow::Error::from)?;
    let id = letter.id.to_string();
    let sealed: Sealed = tx.one(SECRET_OF.bind(act.tenant).bind(link)).await?;
    let secret = act.open(SECRET, &sealed.secret)?;
    let signature = signature(secret.as_bytes(), &id, act.at, &body);
    Ok(Signed { id, seconds: act.at.as_second(), signature, body })
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

/// Errors: unreachable, with what stood in the way, for the next attempt; refused to go to a host that nobody has named.
async fn send(app: &App, (address, code): (&str, &str), link: Uuid, signed: Signed) -> Result<Taken> {
    let url = safe_url(address).map_err(Error::refused)?;
    if !is_named(&url, &app.config.outgoing.webhook_hosts) {
        return Err(Error::refused("对方的主机不在允许的主机里"));
    }
    let Signed { id, seconds, signature, body } = signed;
    let request = client().map_err(anyhow::Error::from)?.post(format!("{address}/inbox/{code}/{link}"));
    let request = request.header(CONTENT_TYPE, "application/json").header(ID, &id);
    let request = request.header("webhook-timestamp", seconds).header("webhook-signature", signature);
    // What is said of a failure names no address.
    let response = request.body(body).timeout(PATIENCE).send().await;
    match response {
        Ok(response) => {
            // Anything that stands in between may answer; only the other side says for which letter.
            let theirs = response.headers().get(ID).is_some_and(|known| known.as_bytes() == id.as_bytes());
            let taken = Taken::parse(response.status()).filter(|_| theirs);
            let status = response.status().as_u16();
            taken.ok_or_else(|| Error::Unreachable(format!("对方没有收下（HTTP {status}）")))
        }
        Err(error) if error.is_connect() => Err(Error::Unreachable("连不上对方".to_owned())),
        Err(_) => Err(Error::Unreachable("对方没有及时回应".to_owned())),
    }
}

/// Takes in a letter, if it comes from the other side of a link.
///
/// Errors: not found where there is no such link, or the signature is not right: the two look alike from outside.
pub async fn receive(app: &App, code: &str, link: Uuid, signed: &Signed) -> Result<Taken> {
    let Signed { id, seconds, signature, body } = signed;
    let mut tx = app.db.read().await?;
    let tenant = access::tenant_by_code(&mut tx, code).await?.ok_or(Error::NotFound)?.tenant_id;
    let sealed: Sealed = tx.optional(SECRET_OF.bind(tenant).bind(link)).await?.ok_or(Error::NotFound)?;
    drop(tx);
    let act = Act::system(tenant, &app.means);
    let secret = act.open(SECRET, &sealed.secret)?;
    if !is_signed(secret.as_bytes(), (id, *seconds, signature), body, act.at) {
        return Err(Error::NotFound);
    }
    match serde_json::from_str::<Letter>(body) {
        Ok(letter) if letter.id.to_string() == *id => take_in(app, &act, link, letter).await,
        _ => Ok(Taken::Nonsense),
    }
}

/// Keeps a letter. One that is there already is kept without doing anything.
async fn take_in(app: &App, act: &Act, link: Uuid, letter: Letter) -> Result<Taken> {
    let mut tx = app.db.begin().await?;
    let counterpart = store::counterpart(&mut tx, act.tenant, link).await?;
    if counterpart.ended_at.is_some() {
        return Ok(Taken::Over);
    }
    let taken = match letter.content {
        Content::Hello { address, code, name } => {
            let address = (address != app.config.public_url).then_some(address);
            hello(&mut tx, act, &counterpart, (address, code, name)).await?
        }
        Content::Said { whistle, said, words, score, call } => {
            let Some(said) = Said::parse(&said).filter(|said| said.is_told()) else { return Ok(Taken::Nonsense) };
            let heard = Heard { id: letter.id, at: letter.at, whistle, said, words, score, call };
            hear(&mut tx, act, &counterpart, heard).await?
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
        return Ok(if same { Taken::Kept } else { Taken::Occupied });
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
    // What is overtaken, by a recall or a later whistle, is kept, and the issue does not hear of it.
    let hears = known.state.hears(said);
    saying::apply(tx, act, &mut known, said, score, at).await?;
    if let (Some(issue), Some(news), true) = (known.issue_id, saying::news(said), hears)
        && store::is_newest(tx, act.tenant, issue, whistle).await?
    {
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
