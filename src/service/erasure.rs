//! What somebody needed goes with their data, and follows where two residents were one; what a volunteer said goes with theirs.

use std::sync::Arc;

use uuid::Uuid;

use super::round_store::FORGET_WALKER;
use super::store::{FORGET_WORDS_OF, Found, OF_NOBODY_AT, OF_RESIDENT, RELINK};
use super::{need, round};
use crate::access::Act;
use crate::outbox::Handler;
use crate::registry::erasure::Erased;
use crate::registry::life::{self, Merged};
use crate::volunteer::Forgotten;

/// What the outbox does when a resident has been erased; it may do it twice. A need at their door of which nobody knows whose it was goes
/// too, as what was written down there on visits does.
pub fn erased() -> Handler {
    Arc::new(|app, message| {
        Box::pin(async move {
            let Erased { resident, dwelling } = serde_json::from_str(&message.payload).map_err(anyhow::Error::from)?;
            let act = Act::system(message.tenant_id, &app.means);
            let mut tx = app.db.begin().await?;
            let mut found: Vec<Found> = tx.all(OF_RESIDENT.bind(act.tenant).bind(resident)).await?;
            found.extend(tx.all::<Found>(OF_NOBODY_AT.bind(act.tenant).bind(dwelling)).await?);
            let mut found: Vec<Uuid> = found.into_iter().map(|row| row.id).collect();
            need::take_all(&mut tx, &act, &mut found).await?;
            for id in found {
                need::erase(&mut tx, &act, id).await?;
            }
            round::erase_door(&mut tx, &act, dwelling).await?;
            Ok(tx.commit().await?)
        })
    })
}

/// What the outbox does when a volunteer was erased; it may do it twice. That somebody went to a door stays, without a word of theirs or about
/// them, and which doors of a round were theirs does not.
pub fn volunteer_forgotten() -> Handler {
    Arc::new(|app, message| {
        Box::pin(async move {
            let Forgotten { volunteer } = serde_json::from_str(&message.payload).map_err(anyhow::Error::from)?;
            let act = Act::system(message.tenant_id, &app.means);
            let mut tx = app.db.begin().await?;
            tx.execute(FORGET_WORDS_OF.bind(act.tenant).bind(volunteer)).await?;
            tx.execute(FORGET_WALKER.bind(act.tenant).bind(volunteer)).await?;
            Ok(tx.commit().await?)
        })
    })
}

/// What the outbox does when two residents were one; it may do it twice.
pub fn merged() -> Handler {
    Arc::new(|app, message| {
        Box::pin(async move {
            let Merged { dropped } = serde_json::from_str(&message.payload).map_err(anyhow::Error::from)?;
            let act = Act::system(message.tenant_id, &app.means);
            let mut tx = app.db.begin().await?;
            let kept = life::standing_for(&mut tx, &act, dropped).await?;
            tx.execute(RELINK.bind(act.tenant).bind(dropped).bind(kept)).await?;
            Ok(tx.commit().await?)
        })
    })
}
