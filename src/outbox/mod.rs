//! The outbox: what has to happen outside of a transaction is written down within it, and done afterwards at least once.
//! A worker leases messages for a while; a lease that runs out, because the worker died, makes the message available
//! again. A message that fails ten times is parked, with the reason, and disturbs nobody any more.
//!
//! A payload names rows by their ids and holds no personal values: handlers read those when they act.

pub mod http;
mod store;
pub mod web;

pub use store::{Message, STATEMENTS, backlog, done, failed, lease, post, post_if_wished, sweep, wish};

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::app::App;
use crate::error::Result;

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
pub async fn work(app: &App, handlers: &Handlers) -> Result<usize> {
    let batch = lease(&app.db, &app.means, BATCH).await?;
    let size = batch.len();
    for message in batch {
        match deliver(app, handlers, message.clone()).await {
            Ok(()) => done(&app.db, &app.means, &message).await?,
            Err(why) => {
                tracing::warn!(topic = message.topic, id = %message.id, attempts = message.attempts, why, "not delivered");
                failed(&app.db, &app.means, &message, &why).await?;
            }
        }
    }
    Ok(size)
}

/// Runs a handler in a task of its own, so that a panic is a failure like any other.
async fn deliver(app: &App, handlers: &Handlers, message: Message) -> std::result::Result<(), String> {
    let handler = handlers.get(message.topic.as_str()).ok_or("no handler for this topic")?;
    match tokio::spawn(handler(app.clone(), message)).await {
        Ok(result) => result.map_err(|error| error.to_string()),
        Err(_) => Err("the handler panicked".to_owned()),
    }
}
