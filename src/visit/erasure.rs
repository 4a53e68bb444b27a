//! When somebody has had their data erased, what was written down about their home at the door goes too.

use std::sync::Arc;

use db::{Tx, record, statements};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::model::Rules;
use crate::access::Act;
use crate::error::Result;
use crate::outbox::Handler;
use crate::registry::erasure::Erased;
use crate::{audit, offline, settings};

statements! {
    AT = "SELECT id FROM visits WHERE tenant_id = $1 AND dwelling_id = $2 ORDER BY made_at, id LIMIT 1000";
    WORDS = "UPDATE visits SET answers_sealed = NULL, note_sealed = NULL WHERE tenant_id = $1 AND dwelling_id = $2";
    CHOICES = "DELETE FROM campaign_answers WHERE tenant_id = $1 AND dwelling_id = $2";
    OLD = "UPDATE visits SET answers_sealed = NULL, note_sealed = NULL WHERE tenant_id = $1 AND made_at < $2
        AND (answers_sealed IS NOT NULL OR note_sealed IS NOT NULL)";
}

record! {
    struct Found { id: Uuid }
}

/// What the outbox does when somebody has been erased; it may do it twice.
pub fn handler() -> Handler {
    Arc::new(|app, message| {
        Box::pin(async move {
            let Erased { dwelling, .. } = serde_json::from_str(&message.payload).map_err(anyhow::Error::from)?;
            let act = Act::system(message.tenant_id, &app.means);
            let mut tx = app.db.begin().await?;
            erase(&mut tx, &act, dwelling).await?;
            Ok(tx.commit().await?)
        })
    })
}

async fn erase(tx: &mut Tx, act: &Act, dwelling: Uuid) -> Result<()> {
    for Found { id } in tx.all::<Found>(AT.bind(act.tenant).bind(dwelling)).await? {
        offline::forget(tx, act.tenant, id).await?;
    }
    tx.execute(WORDS.bind(act.tenant).bind(dwelling)).await?;
    tx.execute(CHOICES.bind(act.tenant).bind(dwelling)).await?;
    audit::record(tx, act, "erase", ("dwelling", dwelling), "走访时写下的", &[]).await
}

/// Removes what was written down at doors longer ago than the setting says. That somebody was there stays.
pub async fn forget_old(tx: &mut Tx, act: &Act) -> Result<()> {
    let rules: Rules = settings::read(tx, act.tenant, act.at).await?;
    let before: Timestamp = act.at - SignedDuration::from_hours(24 * rules.keep_days);
    tx.execute(OLD.bind(act.tenant).bind(before)).await?;
    Ok(())
}
