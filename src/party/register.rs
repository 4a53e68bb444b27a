//! A card may be linked with somebody in the register. What happens to them there reaches the link, by the outbox.

use std::sync::Arc;

use db::{Tx, record, statements};
use uuid::Uuid;

use crate::access::Act;
use crate::audit::{self, Change};
use crate::error::Result;
use crate::outbox::Handler;
use crate::registry::erasure::Erased;
use crate::registry::life::{self, Merged};

statements! {
    RELINK = "UPDATE party_members SET resident_id = $3, updated_at = $4, lock_version = lock_version + 1
        WHERE tenant_id = $1 AND resident_id = $2 RETURNING id";
}

record! {
    struct Linked { id: Uuid }
}

/// What the outbox does when a resident has been erased; it may do it twice. What the party keeps of its members is its own,
/// but a link would tell whose the nameless record was.
pub fn erased() -> Handler {
    Arc::new(|app, message| {
        Box::pin(async move {
            let Erased { resident, .. } = serde_json::from_str(&message.payload).map_err(anyhow::Error::from)?;
            let act = Act::system(message.tenant_id, &app.means);
            let mut tx = app.db.begin().await?;
            for member in relink(&mut tx, &act, resident, None).await? {
                audit::record(&mut tx, &act, "update", ("party_member", member), "居民资料已应要求删除，取消关联", &[])
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
            for member in relink(&mut tx, &act, dropped, Some(kept)).await? {
                let id = |id: Uuid| Some(id.to_string());
                let change = Change { field: "resident", old: id(dropped), new: id(kept) };
                audit::record(&mut tx, &act, "update", ("party_member", member), "居民登记合并", &[change]).await?;
            }
            Ok(tx.commit().await?)
        })
    })
}

/// Links the cards of a resident with another one, or with nobody; `None` also takes the link out of their history.
async fn relink(tx: &mut Tx, act: &Act, resident: Uuid, to: Option<Uuid>) -> Result<Vec<Uuid>> {
    let linked: Vec<Linked> = tx.all(RELINK.bind(act.tenant).bind(resident).bind(to).bind(act.at)).await?;
    let linked: Vec<Uuid> = linked.into_iter().map(|linked| linked.id).collect();
    if to.is_none() {
        for member in &linked {
            audit::erase(tx, act, *member, Some(&["resident"])).await?;
        }
    }
    Ok(linked)
}
