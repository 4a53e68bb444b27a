//! A material that two people have looked at goes to a community for its volunteers' law talks (法律普讲). It travels as a message and arrives as a
//! copy of the community's own: what becomes of it here changes nothing there.

use std::sync::Arc;

use db::{Cursor, Page, Tx, record, statements};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::model::MaterialKind;
use super::store::{self, Content, Material};
use crate::access::{self, Act, TenantKind};
use crate::app::App;
use crate::audit;
use crate::error::{Error, Result};
use crate::outbox::{self, Handler, Message};

pub const TOPIC: &str = "lecture.material";

statements! {
    SEND = "INSERT INTO lecture_sendings (tenant_id, material_id, to_tenant_id, to_name, sent_at) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (tenant_id, material_id, to_tenant_id) DO NOTHING";
    ARRIVED = "UPDATE lecture_sendings SET arrived_at = $4 WHERE tenant_id = $1 AND material_id = $2 AND to_tenant_id = $3 AND arrived_at IS NULL";
    SENDINGS = "SELECT s.to_name, s.sent_at, s.arrived_at FROM lecture_sendings s WHERE s.tenant_id = $1 AND s.material_id = $2
        ORDER BY s.sent_at, s.to_tenant_id LIMIT 100";
    /// A message that comes twice is one copy.
    KEEP = "INSERT INTO law_materials (tenant_id, id, kind, title, topic, file_name, media_type, size, content, from_name, received_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (tenant_id, id) DO NOTHING";
    KEPT = "SELECT m.id, m.kind, m.title, m.topic, m.media_type, m.from_name, m.received_at FROM law_materials m
        WHERE m.tenant_id = $1 AND (m.received_at, m.id) < ($2, $3) ORDER BY m.received_at DESC, m.id DESC LIMIT $4";
    KEPT_CONTENT = "SELECT m.media_type, m.file_name, m.content FROM law_materials m WHERE m.tenant_id = $1 AND m.id = $2";
}

record! {
    #[derive(Debug, Clone)]
    pub struct Sending { pub to_name: String, pub sent_at: Timestamp, pub arrived_at: Option<Timestamp> }
    #[derive(Debug, Clone)]
    pub struct Kept {
        pub id: Uuid, pub kind: MaterialKind, pub title: String, pub topic: String, pub media_type: String, pub from_name: String,
        pub received_at: Timestamp,
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct Sent {
    material: Uuid,
    to: Uuid,
}

/// Errors: refused of what nobody has reviewed, of a code that is no community's, and of what was sent there before.
pub async fn share(tx: &mut Tx, act: &Act, material: &Material, code: &str) -> Result<()> {
    if !material.usable() {
        return Err(Error::refused(format!("“{}”{}，不能送出去", material.title, material.state().1)));
    }
    let to = access::tenant_by_code(tx, code).await?.filter(|tenant| tenant.kind == TenantKind::Community);
    let Some(to) = to else { return Err(Error::refused("没有用这个编码的社区，请核对十二位编码")) };
    let row = SEND.bind(act.tenant).bind(material.id).bind(to.tenant_id).bind(&to.name).bind(act.at);
    if tx.execute(row).await? == 0 {
        return Err(Error::refused(format!("已经送给{}了", to.name)));
    }
    outbox::post(tx, act, TOPIC, &Sent { material: material.id, to: to.tenant_id }).await?;
    audit::record(tx, act, "share_material", ("lecture_material", material.id), "", &[]).await
}

pub(super) async fn sendings(tx: &mut Tx, tenant: Uuid, material: Uuid) -> Result<Vec<Sending>> {
    Ok(tx.all(SENDINGS.bind(tenant).bind(material)).await?)
}

/// What a community has been sent, the latest first.
pub(super) async fn kept(tx: &mut Tx, tenant: Uuid, before: Cursor, size: usize) -> Result<Page<Kept>> {
    let items: Vec<Kept> = tx.all(KEPT.bind(tenant).bind(before.key).bind(before.id).bind(size as i64 + 1)).await?;
    Ok(Page::of(items, size, |item| Cursor { key: item.received_at.as_millisecond(), id: item.id }))
}

pub fn handler() -> Handler {
    Arc::new(|app, message| Box::pin(deliver(app, message)))
}

/// Errors: whatever the database says. What was withdrawn meanwhile is not delivered.
async fn deliver(app: App, message: Message) -> Result<()> {
    let sent: Sent = serde_json::from_str(&message.payload).map_err(anyhow::Error::from)?;
    let mut tx = app.db.read().await?;
    let material = store::material(&mut tx, message.tenant_id, sent.material).await?;
    if !material.usable() {
        return Ok(());
    }
    let content: Content = tx.one(store::CONTENT.bind(message.tenant_id).bind(sent.material)).await?;
    let from = access::tenant(&mut tx, message.tenant_id).await?;
    drop(tx);
    let act = Act::system(sent.to, &app.means);
    let mut tx = app.db.begin().await?;
    let row = KEEP.bind(sent.to).bind(material.id).bind(material.kind).bind(&material.title).bind(&material.topic_name);
    let row = row.bind(&material.file_name).bind(&material.media_type).bind(material.size).bind(content.content);
    if tx.execute(row.bind(&from.name).bind(act.at)).await? > 0 {
        audit::record(&mut tx, &act, "receive_material", ("law_material", material.id), "", &[]).await?;
    }
    tx.commit().await?;
    let mut tx = app.db.begin().await?;
    tx.execute(ARRIVED.bind(message.tenant_id).bind(material.id).bind(sent.to).bind(act.at)).await?;
    Ok(tx.commit().await?)
}
