//! What somebody needed goes with their data, and follows where two residents were one.

use std::sync::Arc;

use uuid::Uuid;

use super::store::{Found, OF_NOBODY_AT, OF_RESIDENT, RELINK};
use super::{need, round};
use crate::access::Act;
use crate::outbox::Handler;
use crate::registry::erasure::Erased;
use crate::registry::life::{self, Merged};

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
