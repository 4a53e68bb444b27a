//! Courseware, cases, videos and leaflets. Nothing of a minor may be known by them (未成年人保护法 art. 103), so one person takes out what leads
//! to somebody and says so, and another looks again. Only then can a session point to a material; the database holds the same. Whoever finds
//! that somebody can be recognised gives it back for another file, or withdraws it and the file with it, at once or later.

use axum::body::Bytes;
use db::Tx;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::model::{MaterialKind, ending, media_type};
use super::sharing;
use super::store::{
    self, ADD_MATERIAL, DESENSITISE, ERASE_FILE, Erased, GIVE_BACK, Material, RECALLED, REPLACE, REVIEW, TAKE_OFF,
    TO_RECALL, WITHDRAW,
};
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
        if self.size < 100_000 {
            format!("{} KB", self.size.max(1024) / 1024)
        } else {
            format!("{:.1} MB", self.size as f64 / 1_048_576.0)
        }
    }

    /// What it waits for, in words.
    pub fn state(&self) -> (&'static str, &'static str) {
        if self.withdrawn_at.is_some() {
            if self.erased_at.is_some() { ("late", "已停用，文件已删") } else { ("late", "已停用") }
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

fn digest(content: &[u8]) -> String {
    Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// `网络保护典型案例.pdf`: the name that a file came with may name somebody.
fn name_of(title: &str, media_type: &str) -> String {
    format!("{title}.{}", ending(media_type))
}

pub async fn add(tx: &mut Tx, act: &Act, new: MaterialSketch) -> Result<Uuid> {
    let id = act.id();
    let (name, digest) = (name_of(&new.title, new.media_type), digest(&new.content));
    let row = ADD_MATERIAL.bind(act.tenant).bind(id).bind(new.kind).bind(&new.title).bind(new.topic).bind(name);
    let row = row.bind(new.media_type).bind(new.content.len() as i64).bind(new.content).bind(digest);
    tx.execute(row.bind(act.account).bind(act.at)).await?;
    audit::record(tx, act, "create", ("lecture_material", id), "", &[]).await?;
    Ok(id)
}

fn stale() -> Error {
    Error::Stale("这份材料刚刚有变化，请看一下再继续。".to_owned())
}

/// Another file comes in place of one that nobody has called de-identified.
///
/// Errors: refused after that; stale if somebody else was first.
pub async fn replace(
    tx: &mut Tx,
    act: &Act,
    material: &Material,
    seen: i64,
    (media_type, content): (&'static str, Vec<u8>),
) -> Result<()> {
    if material.desensitised_by.is_some() || material.withdrawn_at.is_some() {
        return Err(Error::refused(format!("这份材料现在是“{}”，不能换文件", material.state().1)));
    }
    let (name, digest) = (name_of(&material.title, media_type), digest(&content));
    let row = REPLACE.bind(act.tenant).bind(material.id).bind(seen).bind(name).bind(media_type);
    let row = row.bind(content.len() as i64).bind(content).bind(digest).bind(act.account).bind(act.at);
    if tx.execute(row).await? == 0 {
        return Err(stale());
    }
    audit::record(tx, act, "replace_file", ("lecture_material", material.id), "", &[]).await
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

/// Somebody else has looked again. If it is not good enough, it goes back with the reason, for another file.
///
/// Errors: refused for whoever has de-identified it, and before that; stale if somebody else was first.
pub async fn review(
    tx: &mut Tx,
    act: &Act,
    material: &Material,
    seen: i64,
    good: std::result::Result<(), &str>,
) -> Result<()> {
    let by = act.account.ok_or(Error::Forbidden)?;
    if material.desensitised_by.is_none() || material.reviewed_by.is_some() || material.withdrawn_at.is_some() {
        return Err(Error::refused(format!("这份材料现在是“{}”，不能审核", material.state().1)));
    }
    if material.desensitised_by == Some(by) {
        return Err(Error::refused("脱敏是您做的，审核要由另一个人来做"));
    }
    let row = match good {
        Ok(()) => REVIEW.bind(act.tenant).bind(material.id).bind(seen).bind(by).bind(act.at),
        Err(why) => GIVE_BACK.bind(act.tenant).bind(material.id).bind(seen).bind(why),
    };
    if tx.execute(row).await? == 0 {
        return Err(stale());
    }
    let action = if good.is_ok() { "approve" } else { "give_back" };
    audit::record(tx, act, action, ("lecture_material", material.id), "", &[]).await
}

/// It is used no more, by nobody: what is still to come goes without it, and communities that have a copy are told. With `erased` the file
/// goes too, and each copy of it; one that nobody has reviewed always goes.
///
/// Errors: refused if it was withdrawn before; stale if somebody else was first.
pub async fn withdraw(
    tx: &mut Tx,
    act: &Act,
    material: &Material,
    seen: i64,
    (why, erased): (&str, bool),
) -> Result<()> {
    if material.withdrawn_at.is_some() {
        return Err(Error::refused("这份材料已经停用了"));
    }
    let row = WITHDRAW.bind(act.tenant).bind(material.id).bind(seen).bind(act.at).bind(why);
    if tx.execute(row).await? == 0 {
        return Err(stale());
    }
    tx.execute(TAKE_OFF.bind(act.tenant).bind(material.id).bind(act.at)).await?;
    audit::record(tx, act, "withdraw_material", ("lecture_material", material.id), "", &[]).await?;
    if erased || material.reviewed_by.is_none() {
        return take_away(tx, act, material.id).await;
    }
    sharing::take_back(tx, act, material.id, false).await
}

/// Somebody is recognised in what was withdrawn long ago for another reason: its file goes now, and each copy of it.
///
/// Errors: refused of what is still used; stale if it is gone already.
pub async fn erase(tx: &mut Tx, act: &Act, material: &Material) -> Result<()> {
    if material.withdrawn_at.is_none() {
        return Err(Error::refused("这份材料还没有停用，请先停用"));
    }
    take_away(tx, act, material.id).await
}

async fn take_away(tx: &mut Tx, act: &Act, material: Uuid) -> Result<()> {
    let row = ERASE_FILE.bind(act.tenant).bind(material).bind(Vec::<u8>::new()).bind(act.at);
    if tx.execute(row).await? == 0 {
        return Err(stale());
    }
    sharing::take_back(tx, act, material, true).await?;
    audit::record(tx, act, "erase", ("lecture_material", material), "", &[]).await
}

/// Calls back what was erased before communities were told of that: their copies still open.
pub async fn recall(tx: &mut Tx, act: &Act) -> Result<()> {
    for Erased { id } in tx.all::<Erased>(TO_RECALL.bind(act.tenant)).await? {
        if tx.execute(RECALLED.bind(act.tenant).bind(id).bind(act.at)).await? == 1 {
            sharing::take_back(tx, act, id, true).await?;
            audit::record(tx, act, "erase", ("lecture_material", id), "各社区的副本", &[]).await?;
        }
    }
    Ok(())
}

/// A material within the tenant.
pub async fn get(tx: &mut Tx, tenant: Uuid, id: Uuid) -> Result<Material> {
    store::material(tx, tenant, id).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_file_that_weighs_too_much_is_refused() {
        let mut film = b"\0\0\0\x18ftypmp42".to_vec();
        film.resize((LIMIT_MB << 20) + 1, 0);
        let content = Bytes::from(film);
        assert!(matches!(read(content.clone(), "a.mp4").await, Err(Error::Refused(words)) if words.contains("40 MB")));
        assert!(read(content.slice(1..1 << 20), "a.mp4").await.is_err());
        assert_eq!(read(content.slice(..LIMIT_MB << 20), "a.mp4").await.unwrap().0, "video/mp4");
    }

    #[test]
    fn a_name_tells_what_was_reviewed_and_no_more() {
        assert_eq!(name_of("网络保护典型案例", "application/pdf"), "网络保护典型案例.pdf");
    }
}
