//! The outbox: what has to happen outside of a transaction is written down within it, and done afterwards at least once.
//! A worker leases messages for a while; a lease that runs out, because the worker died, makes the message available
//! again. A message that fails ten times is parked, with the reason, and disturbs nobody any more; one for which somebody elsewhere
//! is not to be reached now (`Error::Unreachable`) is tried for as long as it takes.
//!
//! A payload names rows by their ids and holds no personal values: handlers read those when they act.

pub mod http;
mod store;
pub mod web;

pub use store::{
    Message, STATEMENTS, backlog, done, failed, lease, post, post_all, post_if_wished, post_to, sweep, unanswered, wish,
};

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::app::App;
use crate::error::{Error, Result};

/// What is done with the messages of a topic. It may be called twice for one message, so it must not mind that.
pub type Handler = Arc<dyn Fn(App, Message) -> Pin<Box<dyn Future<Output = Result<()>> + Send>> + Send + Sync>;

/// Two who are told of the same thing, one after the other.
pub fn both(first: Handler, second: Handler) -> Handler {
    Arc::new(move |app, message| {
        let (first, second) = (first.clone(), second.clone());
        Box::pin(async move {
            first(app.clone(), message.clone()).await?;
            second(app, message).await
        })
    })
}

/// The handlers by topic.
pub type Handlers = BTreeMap<&'static str, Handler>;

/// How many messages a worker leases at once, and how often it looks for new ones.
const BATCH: i64 = 20;
const PAUSE: Duration = Duration::from_secs(1);

/// Delivers messages until it is told to stop; the message in hand is finished first.
pub async fn run(app: App, handlers: Handlers, mut stop: watch::Receiver<bool>) {
    loop {
        let more = work(&app, &handlers).await.unwrap_or_else(|error| {
            tracing::error!(?error, "the outbox could not be read");
            0
        });
        let pause = if more > 0 { Duration::ZERO } else { PAUSE };
        tokio::select! {
            biased;
            // Also when whoever could have told it is gone.
            _ = stop.wait_for(|stop| *stop) => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// Leases one batch, hands each message to its handler and notes how that ended. Gives the size of the batch.
///
/// Messages of one tenant and topic for one addressee go one after the other; all others are under way beside them, so that whoever
/// waits for an answer from elsewhere keeps nobody else waiting.
pub async fn work(app: &App, handlers: &Handlers) -> Result<usize> {
    let batch = lease(&app.db, &app.means, BATCH).await?;
    let size = batch.len();
    let mut lanes: BTreeMap<_, Vec<Message>> = BTreeMap::new();
    for message in batch {
        lanes.entry((message.tenant_id, message.topic.clone(), message.addressee)).or_default().push(message);
    }
    let under_way: Vec<_> =
        lanes.into_values().map(|lane| tokio::spawn(work_through(app.clone(), handlers.clone(), lane))).collect();
    // Whatever becomes of one, the others are waited for: nobody goes to an addressee beside them.
    let mut outcome = Ok(size);
    for lane in under_way {
        match lane.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => outcome = Err(error),
            Err(error) => outcome = Err(anyhow::Error::from(error).into()),
        }
    }
    outcome
}

/// Once an addressee is not to be reached, what else is for them waits with it.
async fn work_through(app: App, handlers: Handlers, lane: Vec<Message>) -> Result<()> {
    let mut away = None;
    for message in lane {
        let outcome = match &away {
            Some(why) => Err(Error::Unreachable(String::clone(why))),
            None => deliver(&app, &handlers, message.clone()).await,
        };
        let Err(error) = outcome else {
            done(&app.db, &app.means, &message).await?;
            continue;
        };
        let why = error.to_string();
        tracing::warn!(topic = message.topic, id = %message.id, attempts = message.attempts, why, "not delivered");
        if matches!(error, Error::Unreachable(_)) {
            unanswered(&app.db, &app.means, &message, &why).await?;
            // What names no addressee is for many.
            away = message.addressee.map(|_| why);
        } else {
            failed(&app.db, &app.means, &message, &why).await?;
        }
    }
    Ok(())
}

/// Runs a handler in a task of its own, so that a panic is a failure like any other.
async fn deliver(app: &App, handlers: &Handlers, message: Message) -> Result<()> {
    let handler = handlers
        .get(message.topic.as_str())
        .ok_or_else(|| Error::refused("这个版本的程序不认识这件事，请管理员看看是不是换过版本"))?;
    let outcome = tokio::spawn(handler(app.clone(), message)).await;
    outcome.unwrap_or_else(|_| Err(Error::refused("程序在做这件事的时候出错了，请管理员看日志")))
}
