//! A volunteer may be linked with somebody in the register. What happens to them there reaches the link, by the outbox.

use std::sync::Arc;

use db::Tx;
use uuid::Uuid;

use super::store::{Linked, RELINK};
use crate::access::Act;
use crate::audit::{self, Change};
use crate::error::Result;
use crate::outbox::Handler;
use crate::registry::erasure::Erased;
use crate::registry::life::{self, Merged};

/// What the outbox does when a resident has been erased; it may do it twice. Being a volunteer is an affair of its own, but a link would
/// tell whose the nameless record was.
pub fn erased() -> Handler {
    Arc::new(|app, message| {
        Box::pin(async move {
            let Erased { resident, .. } = serde_json::from_str(&message.payload).map_err(anyhow::Error::from)?;
            let act = Act::system(message.tenant_id, &app.means);
            let mut tx = app.db.begin().await?;
            for id in relink(&mut tx, &act, resident, None).await? {
                audit::erase(&mut tx, &act, id, Some(&["resident"])).await?;
                audit::record(&mut tx, &act, "update", ("volunteer", id), "居民资料已应要求删除，取消关联", &[])
                    .await?;
            }
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
            for id in relink(&mut tx, &act, dropped, Some(kept)).await? {
                let text = |id: Uuid| Some(id.to_string());
                let change = Change { field: "resident", old: text(dropped), new: text(kept) };
                audit::record(&mut tx, &act, "update", ("volunteer", id), "居民登记合并", &[change]).await?;
            }
            Ok(tx.commit().await?)
        })
    })
}

async fn relink(tx: &mut Tx, act: &Act, resident: Uuid, to: Option<Uuid>) -> Result<Vec<Uuid>> {
    let linked: Vec<Linked> = tx.all(RELINK.bind(act.tenant).bind(resident).bind(to)).await?;
    Ok(linked.into_iter().map(|linked| linked.id).collect())
}
