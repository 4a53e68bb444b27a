use db::{Tx, record, statements};
use jiff::Timestamp;
use uuid::Uuid;

use super::Picture;
use crate::access::Act;
use crate::audit;
use crate::error::Result;

statements! {
    ADD = "INSERT INTO photos (tenant_id, id, digest, width, height, content, thumbnail, created_at, attached)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, FALSE) ON CONFLICT (tenant_id, digest) DO NOTHING";
    /// Whoever sends a picture again has as much time again to make use of it.
    AGAIN = "UPDATE photos SET created_at = $3 WHERE tenant_id = $1 AND digest = $2 RETURNING id";
    ATTACH = "UPDATE photos SET attached = TRUE WHERE tenant_id = $1 AND id = $2";
    SWEEP = "DELETE FROM photos WHERE tenant_id = $1 AND NOT attached AND created_at < $2 RETURNING id";
    REMOVE = "DELETE FROM photos WHERE tenant_id = $1 AND id = $2";
    FULL = "SELECT content AS jpeg FROM photos WHERE tenant_id = $1 AND id = $2";
    THUMBNAIL = "SELECT thumbnail AS jpeg FROM photos WHERE tenant_id = $1 AND id = $2";
}

record! {
    struct Kept { id: Uuid }
    struct Content { jpeg: Vec<u8> }
}

/// Which of the two JPEGs of a photo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    Full,
    Thumbnail,
}

/// Keeps a picture and gives its id; a tenant that has the same picture already gives the id of that.
pub async fn keep(tx: &mut Tx, act: &Act, picture: &Picture) -> Result<Uuid> {
    let id = act.id();
    let photo = ADD.bind(act.tenant).bind(id).bind(&picture.digest).bind(picture.width).bind(picture.height);
    let photo = photo.bind(picture.content.as_slice()).bind(picture.thumbnail.as_slice()).bind(act.at);
    if tx.execute(photo).await? == 0 {
        let Kept { id } = tx.one(AGAIN.bind(act.tenant).bind(&picture.digest).bind(act.at)).await?;
        return Ok(id);
    }
    audit::record(tx, act, "create", ("photo", id), "", &[]).await?;
    Ok(id)
}

/// Notes that something shows a photo from now on.
///
/// Errors: not found if it came with a form so long ago that it has been removed.
pub async fn attach(tx: &mut Tx, tenant: Uuid, id: Uuid) -> Result<()> {
    Ok(tx.execute_one(ATTACH.bind(tenant).bind(id)).await?)
}

/// Removes the photos of forms that were begun before a moment and never sent.
pub async fn sweep(tx: &mut Tx, act: &Act, before: Timestamp) -> Result<()> {
    for Kept { id } in tx.all(SWEEP.bind(act.tenant).bind(before)).await? {
        audit::record(tx, act, "remove", ("photo", id), "", &[]).await?;
    }
    Ok(())
}

/// Removes a photo.
///
/// Errors: of the database, where something shows it: then it stays.
pub async fn remove(tx: &mut Tx, act: &Act, id: Uuid) -> Result<()> {
    tx.execute(REMOVE.bind(act.tenant).bind(id)).await?;
    audit::record(tx, act, "remove", ("photo", id), "", &[]).await
}

/// The JPEG of a photo. Whether the reader may see it is for the caller to decide: a photo belongs to what it shows.
pub async fn read(tx: &mut Tx, tenant: Uuid, id: Uuid, size: Size) -> Result<Vec<u8>> {
    let statement = match size {
        Size::Full => FULL,
        Size::Thumbnail => THUMBNAIL,
    };
    let Content { jpeg } = tx.one(statement.bind(tenant).bind(id)).await?;
    Ok(jpeg)
}
