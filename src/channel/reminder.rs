//! Deadlines of issues are told to people who work for the community, through the channels that they have for themselves.

use std::sync::Arc;

use super::delivery::{Notice, tell};
use super::model::{Occasion, Place};
use crate::access::Act;
use crate::app::App;
use crate::error::Result;
use crate::issue::reminder::{self, Due};
use crate::outbox::{Handler, Message};

pub fn handler() -> Handler {
    Arc::new(|app, message| Box::pin(remind(app, message)))
}

async fn remind(app: App, message: Message) -> Result<()> {
    let due: Due = serde_json::from_str(&message.payload).map_err(anyhow::Error::from)?;
    let act = Act::system(message.tenant_id, &app.means);
    let mut tx = app.db.begin().await?;
    if let Some((issue, text)) = reminder::words(&mut tx, &act, &due).await? {
        let notice = Notice {
            place: Place::of(issue.estate_id, None),
            subject: ("issue", issue.id),
            occasion: Occasion::Reminder,
            edition: due.remind_at / 60_000,
            text: &text,
            path: &format!("/issues/{}", issue.id),
            // Nobody needs to hear that a deadline is near once it has passed, and if it passes by night it is said by night.
            happens_at: Some(issue.due_at).filter(|due| *due > act.at),
        };
        tell(&mut tx, &act, &notice).await?;
    }
    Ok(tx.commit().await?)
}
