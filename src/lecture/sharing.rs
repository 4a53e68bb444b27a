//! A material that two people have looked at, or a topic, goes to a community for its volunteers' law talks (法律普讲). It travels as a message and
//! arrives as a copy of the community's own, which it takes or not, shows at its activities, and drops when it likes. What is withdrawn here
//! is told there and offered no more; whether it goes on where it is shown the community decides. Only where a minor can be recognised in it
//! (未成年人保护法 art. 103) nobody decides: the copy goes as the file here does.

use std::sync::Arc;

use db::{Cursor, Page, Tx, record, statements, text_enum};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::model::SubjectKind;
use super::store::{self, Content, File, Material, Subject};
use crate::access::{self, Act, TenantKind};
use crate::app::App;
use crate::audit;
use crate::error::{Error, Result};
use crate::outbox::{self, Handler, Message};

pub const TOPIC: &str = "lecture.material";
pub const WITHDRAWN: &str = "lecture.withdrawn";

text_enum! {
    /// What a community can be sent.
    pub enum KeptKind {
        Topic = "topic" "主题",
        Courseware = "courseware" "课件",
        Case = "case" "案例",
        Video = "video" "视频短片",
        Leaflet = "leaflet" "发放资料",
    }
}

macro_rules! kept {
    ($where:expr) => {
        concat!(
            "SELECT m.id, m.kind, m.title, m.topic, m.words, m.media_type, m.from_name, m.received_at, m.accepted_at, m.withdrawn_at, m.erased_at
            FROM law_materials m WHERE m.tenant_id = $1 AND m.dropped_at IS NULL AND ",
            $where
        )
    };
}

statements! {
    SEND = "INSERT INTO lecture_sendings (tenant_id, item_id, to_tenant_id, to_name, sent_at) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (tenant_id, item_id, to_tenant_id) DO NOTHING";
    ARRIVED = "UPDATE lecture_sendings SET arrived_at = $4 WHERE tenant_id = $1 AND item_id = $2 AND to_tenant_id = $3 AND arrived_at IS NULL
        AND void_at IS NULL";
    VOID = "UPDATE lecture_sendings SET void_at = $4 WHERE tenant_id = $1 AND item_id = $2 AND to_tenant_id = $3 AND arrived_at IS NULL
        AND void_at IS NULL";
    SENDINGS = "SELECT s.to_tenant_id, s.to_name, s.sent_at, s.arrived_at, s.void_at FROM lecture_sendings s WHERE s.tenant_id = $1 AND s.item_id = $2
        ORDER BY s.sent_at, s.to_tenant_id LIMIT 1000";
    /// A message that comes twice is one copy.
    KEEP = "INSERT INTO law_materials (tenant_id, id, kind, title, topic, words, file_name, media_type, size, content, from_name, received_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT (tenant_id, id) DO NOTHING";
    TAKEN_BACK = "UPDATE law_materials SET withdrawn_at = $3 WHERE tenant_id = $1 AND id = $2 AND withdrawn_at IS NULL";
    ERASED = "UPDATE law_materials SET erased_at = $3, content = $4, size = 0 WHERE tenant_id = $1 AND id = $2 AND erased_at IS NULL";
    KEPT = kept!("(m.received_at, m.id) < ($2, $3) ORDER BY m.received_at DESC, m.id DESC LIMIT $4");
    KEPT_ONE = kept!("m.id = $2");
    TO_SHOW = kept!("m.accepted_at IS NOT NULL AND m.withdrawn_at IS NULL ORDER BY m.received_at DESC, m.id DESC LIMIT 300");
    KEPT_FILE = "SELECT m.media_type, m.file_name, m.size, (m.accepted_at IS NOT NULL) AS reviewed FROM law_materials m
        WHERE m.tenant_id = $1 AND m.id = $2 AND m.dropped_at IS NULL AND m.erased_at IS NULL AND m.media_type <> ''";
    KEPT_PART = "SELECT SUBSTR(m.content, CAST($3 AS INTEGER), CAST($4 AS INTEGER)) AS content FROM law_materials m WHERE m.tenant_id = $1 AND m.id = $2";
    ACCEPT = "UPDATE law_materials SET accepted_at = $3 WHERE tenant_id = $1 AND id = $2 AND accepted_at IS NULL AND dropped_at IS NULL
        AND withdrawn_at IS NULL";
    DROP_KEPT = "UPDATE law_materials SET dropped_at = $3, content = $4, size = 0 WHERE tenant_id = $1 AND id = $2 AND dropped_at IS NULL";
    DROP_TALKS = "DELETE FROM law_talks WHERE tenant_id = $1 AND material_id = $2";
    ADD_TALK = "INSERT INTO law_talks (tenant_id, activity_id, material_id, added_at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (tenant_id, activity_id, material_id) DO NOTHING";
    DROP_TALK = "DELETE FROM law_talks WHERE tenant_id = $1 AND activity_id = $2 AND material_id = $3";
    OF_TALK = "SELECT m.id, m.kind, m.title, m.topic, m.words, m.media_type, m.from_name, m.received_at, m.accepted_at, m.withdrawn_at, m.erased_at
        FROM law_talks t JOIN law_materials m ON m.tenant_id = t.tenant_id AND m.id = t.material_id
        WHERE t.tenant_id = $1 AND t.activity_id = $2 AND m.dropped_at IS NULL ORDER BY t.added_at, t.material_id LIMIT 100";
    ONE_TOPIC = "SELECT s.id, s.kind, s.name, s.words, s.closed_at FROM lecture_subjects s WHERE s.tenant_id = $1 AND s.id = $2";
}

record! {
    #[derive(Debug, Clone)]
    pub struct Sending {
        pub to_tenant_id: Uuid, pub to_name: String, pub sent_at: Timestamp, pub arrived_at: Option<Timestamp>, pub void_at: Option<Timestamp>,
    }
    #[derive(Debug, Clone)]
    pub struct Kept {
        pub id: Uuid, pub kind: KeptKind, pub title: String, pub topic: String, pub words: String, pub media_type: String, pub from_name: String,
        pub received_at: Timestamp, pub accepted_at: Option<Timestamp>, pub withdrawn_at: Option<Timestamp>,
        pub erased_at: Option<Timestamp>,
    }
}

impl Sending {
    /// How far it has come, in words.
    pub fn state(&self) -> &'static str {
        match (self.arrived_at, self.void_at) {
            (Some(_), _) => "已经收到",
            (None, Some(_)) => "停用了，没有送",
            (None, None) => "还在路上",
        }
    }
}

impl Kept {
    pub fn is_video(&self) -> bool {
        self.media_type.starts_with("video/") && self.erased_at.is_none()
    }

    /// There is something to open: a topic has no file, and one that was erased has none any more.
    pub fn has_file(&self) -> bool {
        !self.media_type.is_empty() && self.erased_at.is_none()
    }
}

/// What is sent: a material or a topic.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
enum What {
    Material,
    Topic,
}

#[derive(Debug, Serialize, Deserialize)]
struct Sent {
    what: What,
    item: Uuid,
    to: Uuid,
    /// Of what is withdrawn: a minor can be recognised in it, so that no copy of it may stay. Messages from before this was told have none.
    #[serde(default)]
    erased: bool,
}

/// Errors: refused of what nobody has reviewed, of a code that is no community's, and of what was sent there before.
pub async fn share(tx: &mut Tx, act: &Act, material: &Material, code: &str) -> Result<()> {
    if !material.usable() {
        return Err(Error::refused(format!("“{}”{}，不能送出去", material.title, material.state().1)));
    }
    send(tx, act, (What::Material, material.id), code).await?;
    audit::record(tx, act, "share_material", ("lecture_material", material.id), "", &[]).await
}

/// Errors: refused of a topic that is not used any more, of a code that is no community's, and of what was sent there before.
pub async fn share_topic(tx: &mut Tx, act: &Act, id: Uuid, code: &str) -> Result<()> {
    let topic: Subject = tx.one(ONE_TOPIC.bind(act.tenant).bind(id)).await?;
    if topic.kind != SubjectKind::Topic || topic.closed_at.is_some() {
        return Err(Error::refused("只能送在用的主题"));
    }
    send(tx, act, (What::Topic, topic.id), code).await?;
    audit::record(tx, act, "share_material", ("lecture_subject", topic.id), "", &[]).await
}

async fn send(tx: &mut Tx, act: &Act, (what, item): (What, Uuid), code: &str) -> Result<()> {
    let to = access::tenant_by_code(tx, code).await?.filter(|tenant| tenant.kind == TenantKind::Community);
    let Some(to) = to else { return Err(Error::refused("没有用这个编码的社区，请核对十二位编码")) };
    let row = SEND.bind(act.tenant).bind(item).bind(to.tenant_id).bind(&to.name).bind(act.at);
    if tx.execute(row).await? == 0 {
        return Err(Error::refused(format!("已经送给{}了", to.name)));
    }
    outbox::post(tx, act, TOPIC, &Sent { what, item, to: to.tenant_id, erased: false }).await
}

/// Whoever has been sent a material is told that it is used no more, and with `erased` that no copy may stay.
pub(super) async fn take_back(tx: &mut Tx, act: &Act, material: Uuid, erased: bool) -> Result<()> {
    for one in sendings(tx, act.tenant, material).await? {
        let sent = Sent { what: What::Material, item: material, to: one.to_tenant_id, erased };
        outbox::post(tx, act, WITHDRAWN, &sent).await?;
    }
    Ok(())
}

pub(super) async fn sendings(tx: &mut Tx, tenant: Uuid, item: Uuid) -> Result<Vec<Sending>> {
    Ok(tx.all(SENDINGS.bind(tenant).bind(item)).await?)
}

/// What a community has been sent and has not dropped, the latest first.
pub(super) async fn kept(tx: &mut Tx, tenant: Uuid, before: Cursor, size: usize) -> Result<Page<Kept>> {
    let items: Vec<Kept> = tx.all(KEPT.bind(tenant).bind(before.key).bind(before.id).bind(size as i64 + 1)).await?;
    Ok(Page::of(items, size, |item| Cursor { key: item.received_at.as_millisecond(), id: item.id }))
}

/// The community takes what it was sent, so that it can be shown.
///
/// Errors: refused if that was done before, and of what whoever sent it uses no more.
pub(super) async fn accept(tx: &mut Tx, act: &Act, id: Uuid) -> Result<()> {
    if tx.execute(ACCEPT.bind(act.tenant).bind(id).bind(act.at)).await? == 0 {
        return Err(Error::refused("已经收下了，或者已经删了、停用了"));
    }
    audit::record(tx, act, "accept_material", ("law_material", id), "", &[]).await
}

/// The community does not want it, or not any more: its copy is erased, and no activity shows it.
///
/// Errors: refused if that was done before.
pub(super) async fn drop_kept(tx: &mut Tx, act: &Act, id: Uuid) -> Result<()> {
    let row = DROP_KEPT.bind(act.tenant).bind(id).bind(act.at).bind(Vec::<u8>::new());
    if tx.execute(row).await? == 0 {
        return Err(Error::refused("已经删了"));
    }
    tx.execute(DROP_TALKS.bind(act.tenant).bind(id)).await?;
    audit::record(tx, act, "drop_material", ("law_material", id), "", &[]).await
}

/// An activity of the volunteers will show it.
///
/// Errors: refused of what the community has not taken, and of what whoever sent it uses no more.
pub(super) async fn show_at(tx: &mut Tx, act: &Act, activity: Uuid, id: Uuid) -> Result<()> {
    let kept: Kept = tx.one(KEPT_ONE.bind(act.tenant).bind(id)).await?;
    if kept.accepted_at.is_none() {
        return Err(Error::refused("先收下，再用到活动上"));
    }
    if kept.withdrawn_at.is_some() {
        return Err(Error::refused("送的单位停用了这一份，不能再加到活动上"));
    }
    tx.execute(ADD_TALK.bind(act.tenant).bind(activity).bind(id).bind(act.at)).await?;
    audit::record(tx, act, "attach_material", ("volunteer_activity", activity), "", &[]).await
}

pub(super) async fn do_not_show_at(tx: &mut Tx, act: &Act, activity: Uuid, id: Uuid) -> Result<()> {
    tx.execute_one(DROP_TALK.bind(act.tenant).bind(activity).bind(id)).await?;
    audit::record(tx, act, "detach_material", ("volunteer_activity", activity), "", &[]).await
}

/// What an activity shows.
pub(super) async fn of_talk(tx: &mut Tx, tenant: Uuid, activity: Uuid) -> Result<Vec<Kept>> {
    Ok(tx.all(OF_TALK.bind(tenant).bind(activity)).await?)
}

pub fn handler() -> Handler {
    Arc::new(|app, message| Box::pin(deliver(app, message)))
}

/// What is told where a material was withdrawn.
pub fn withdrawal_handler() -> Handler {
    Arc::new(|app, message| Box::pin(tell_withdrawn(app, message)))
}

/// A copy that is under way.
struct Copied {
    kind: KeptKind,
    title: String,
    topic: String,
    words: String,
    file: File,
    content: Vec<u8>,
}

/// What was withdrawn meanwhile is `None`.
async fn copied(tx: &mut Tx, tenant: Uuid, sent: &Sent) -> Result<Option<Copied>> {
    let none = File { media_type: String::new(), file_name: String::new(), size: 0, reviewed: true };
    Ok(match sent.what {
        What::Topic => {
            let topic: Subject = tx.one(ONE_TOPIC.bind(tenant).bind(sent.item)).await?;
            Some(Copied {
                kind: KeptKind::Topic,
                title: topic.name.clone(),
                topic: topic.name,
                words: topic.words,
                file: none,
                content: Vec::new(),
            })
        }
        What::Material => {
            let material = store::material(tx, tenant, sent.item).await?;
            if !material.usable() {
                return Ok(None);
            }
            let file: File = tx.one(store::FILE.bind(tenant).bind(sent.item)).await?;
            let Content { content } = tx.one(store::PART.bind(tenant).bind(sent.item).bind(1).bind(file.size)).await?;
            let kind = KeptKind::parse(material.kind.code()).unwrap_or(KeptKind::Leaflet);
            let (title, topic) = (material.title, material.topic_name);
            Some(Copied { kind, title, topic, words: String::new(), file, content })
        }
    })
}

/// Errors: whatever the database says.
async fn deliver(app: App, message: Message) -> Result<()> {
    let sent: Sent = serde_json::from_str(&message.payload).map_err(anyhow::Error::from)?;
    let mut tx = app.db.read().await?;
    let copied = copied(&mut tx, message.tenant_id, &sent).await?;
    let from = access::tenant(&mut tx, message.tenant_id).await?;
    drop(tx);
    let act = Act::system(sent.to, &app.means);
    let done = if copied.is_some() { ARRIVED } else { VOID };
    if let Some(Copied { kind, title, topic, words, file, content }) = copied {
        let mut tx = app.db.begin().await?;
        let row = KEEP.bind(sent.to).bind(sent.item).bind(kind).bind(&title).bind(&topic).bind(&words);
        let row = row.bind(&file.file_name).bind(&file.media_type).bind(file.size).bind(content);
        if tx.execute(row.bind(&from.name).bind(act.at)).await? > 0 {
            audit::record(&mut tx, &act, "receive_material", ("law_material", sent.item), "", &[]).await?;
        }
        tx.commit().await?;
    }
    let mut tx = app.db.begin().await?;
    tx.execute(done.bind(message.tenant_id).bind(sent.item).bind(sent.to).bind(act.at)).await?;
    Ok(tx.commit().await?)
}

async fn tell_withdrawn(app: App, message: Message) -> Result<()> {
    let sent: Sent = serde_json::from_str(&message.payload).map_err(anyhow::Error::from)?;
    let sendings = sendings(&mut app.db.read().await?, message.tenant_id, sent.item).await?;
    // The copy itself may still be under way.
    if sendings.iter().any(|one| one.to_tenant_id == sent.to && one.arrived_at.is_none() && one.void_at.is_none()) {
        return Err(Error::refused("材料还没有送到，停用的通知等它送到再发"));
    }
    let act = Act::system(sent.to, &app.means);
    let mut tx = app.db.begin().await?;
    if tx.execute(TAKEN_BACK.bind(sent.to).bind(sent.item).bind(act.at)).await? > 0 {
        audit::record(&mut tx, &act, "take_back_material", ("law_material", sent.item), "", &[]).await?;
    }
    if sent.erased {
        let row = ERASED.bind(sent.to).bind(sent.item).bind(act.at).bind(Vec::<u8>::new());
        if tx.execute(row).await? > 0 {
            audit::record(&mut tx, &act, "erase", ("law_material", sent.item), "", &[]).await?;
        }
    }
    Ok(tx.commit().await?)
}
