//! Courseware, cases, videos and leaflets. Nothing of a minor may be known by them (未成年人保护法 art. 103), so one person takes out what leads
//! to somebody and says so, and another looks again. Only then can a session point to a material; the database holds the same.

use axum::body::Bytes;
use db::Tx;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::model::{MaterialKind, media_type};
use super::store::{self, ADD_MATERIAL, DESENSITISE, GIVE_BACK, Material, REVIEW, WITHDRAW};
use crate::access::Act;
use crate::error::{Error, Result};
use crate::{audit, photo};

/// What a file may weigh, in megabytes.
pub const LIMIT_MB: usize = 40;

#[derive(Debug, Clone)]
pub struct MaterialSketch {
    pub kind: MaterialKind,
    pub title: String,
    pub topic: Uuid,
    pub file_name: String,
    pub media_type: &'static str,
    pub content: Vec<u8>,
}

impl Material {
    pub fn usable(&self) -> bool {
        self.reviewed_by.is_some() && self.withdrawn_at.is_none()
    }

    pub fn is_video(&self) -> bool {
        self.media_type.starts_with("video/")
    }

    pub fn is_picture(&self) -> bool {
        self.media_type.starts_with("image/")
    }

    /// `1.3 MB`
    pub fn weight(&self) -> String {
        if self.size < 100_000 { format!("{} KB", self.size.max(1024) / 1024) } else { format!("{:.1} MB", self.size as f64 / 1_048_576.0) }
    }

    /// What it waits for, in words.
    pub fn state(&self) -> (&'static str, &'static str) {
        if self.withdrawn_at.is_some() {
            ("late", "已停用")
        } else if self.reviewed_by.is_some() {
            ("done", "已脱敏、已审核")
        } else if self.desensitised_by.is_some() {
            ("soon", "已脱敏，待审核")
        } else {
            ("soon", "待脱敏")
        }
    }
}

/// Reads a file that came with a form. A picture is written anew, so that nothing hides in it.
///
/// Errors: refused, with what to do, if it cannot be used.
pub async fn read(content: Bytes, file_name: &str) -> Result<(&'static str, Vec<u8>)> {
    if content.len() > LIMIT_MB << 20 {
        return Err(Error::refused(format!("文件超过 {LIMIT_MB} MB，请压缩视频或拆开再传")));
    }
    let kind = media_type(&content, file_name)?;
    if kind == "image/jpeg" {
        return Ok((kind, photo::prepare(content).await?.content));
    }
    Ok((kind, content.to_vec()))
}

pub async fn add(tx: &mut Tx, act: &Act, new: MaterialSketch) -> Result<Uuid> {
    let id = act.id();
    let digest: String = Sha256::digest(&new.content).iter().map(|byte| format!("{byte:02x}")).collect();
    let row = ADD_MATERIAL.bind(act.tenant).bind(id).bind(new.kind).bind(&new.title).bind(new.topic).bind(&new.file_name);
    let row = row.bind(new.media_type).bind(new.content.len() as i64).bind(new.content).bind(digest);
    tx.execute(row.bind(act.account).bind(act.at)).await?;
    audit::record(tx, act, "create", ("lecture_material", id), "", &[]).await?;
    Ok(id)
}

fn stale() -> Error {
    Error::Stale("这份材料刚刚有变化，请看一下再继续。".to_owned())
}

/// Somebody says that nothing in it leads to a minor any more.
///
/// Errors: refused if it was said before; stale if somebody else was first.
pub async fn desensitise(tx: &mut Tx, act: &Act, material: &Material, seen: i64) -> Result<()> {
    let by = act.account.ok_or(Error::Forbidden)?;
    if material.desensitised_by.is_some() || material.withdrawn_at.is_some() {
        return Err(Error::refused(format!("这份材料现在是“{}”，不用再点脱敏", material.state().1)));
    }
    let row = DESENSITISE.bind(act.tenant).bind(material.id).bind(seen).bind(by).bind(act.at);
    if tx.execute(row).await? == 0 {
        return Err(stale());
    }
    audit::record(tx, act, "desensitise", ("lecture_material", material.id), "", &[]).await
}

/// Somebody else has looked again. If it is not good enough, it goes back with the reason.
///
/// Errors: refused for whoever has de-identified it, and before that; stale if somebody else was first.
pub async fn review(tx: &mut Tx, act: &Act, material: &Material, seen: i64, good: std::result::Result<(), &str>) -> Result<()> {
    let by = act.account.ok_or(Error::Forbidden)?;
    if material.desensitised_by.is_none() || material.reviewed_by.is_some() || material.withdrawn_at.is_some() {
        return Err(Error::refused(format!("这份材料现在是“{}”，不能审核", material.state().1)));
    }
    if material.desensitised_by == Some(by) {
        return Err(Error::refused("脱敏是您做的，审核要由另一个人来做"));
    }
    let row = match good {
        Ok(()) => REVIEW.bind(act.tenant).bind(material.id).bind(seen).bind(by).bind(act.at),
        Err(_) => GIVE_BACK.bind(act.tenant).bind(material.id).bind(seen),
    };
    if tx.execute(row).await? == 0 {
        return Err(stale());
    }
    let (action, why) = good.map_or_else(|why| ("give_back", why), |()| ("approve", ""));
    audit::record(tx, act, action, ("lecture_material", material.id), why, &[]).await
}

/// It is used no more. Sessions that point to it keep pointing to it.
pub(super) async fn withdraw(tx: &mut Tx, act: &Act, material: &Material, seen: i64, why: &str) -> Result<()> {
    if tx.execute(WITHDRAW.bind(act.tenant).bind(material.id).bind(seen).bind(act.at)).await? == 0 {
        return Err(stale());
    }
    audit::record(tx, act, "withdraw_material", ("lecture_material", material.id), why, &[]).await
}

/// A material within the tenant.
pub async fn get(tx: &mut Tx, tenant: Uuid, id: Uuid) -> Result<Material> {
    store::material(tx, tenant, id).await
}
