//! Pictures of a session, for the guardians of whoever is in them. A picture is sealed as it comes and nobody sees it until it is said who is
//! in it; in it may be only children whose guardians agree. Whoever takes that back takes away every picture in which their child is.

use db::{Tx, record, statements};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::child;
use super::session::note;
use super::session_model::Rules;
use crate::access::Act;
use crate::audit;
use crate::error::{Error, Result};
use crate::photo::{Picture as Jpeg, Size};
use crate::settings;

statements! {
    ADD = "INSERT INTO class_pictures (tenant_id, id, session_id, content_sealed, thumbnail_sealed, taken_by, added_at) VALUES ($1, $2, $3, $4, $5, $6, $7)";
    COUNT = "SELECT COUNT(*) AS amount FROM class_pictures WHERE tenant_id = $1 AND session_id = $2";
    SHOW = "INSERT INTO class_picture_children (tenant_id, picture_id, child_id) VALUES ($1, $2, $3) ON CONFLICT (tenant_id, picture_id, child_id) DO NOTHING";
    /// Whoever says who is in a picture, or takes one away of which nobody has said it, holds it until then.
    HOLD = "UPDATE class_pictures SET taken_by = taken_by WHERE tenant_id = $1 AND id = $2";
    HOLD_OF_CHILD = "UPDATE class_pictures SET taken_by = taken_by WHERE tenant_id = $1
        AND id IN (SELECT c.picture_id FROM class_picture_children c WHERE c.tenant_id = $1 AND c.child_id = $2)";
    SHOW_NOBODY = "DELETE FROM class_picture_children WHERE tenant_id = $1 AND picture_id = $2";
    REMOVE = "DELETE FROM class_pictures WHERE tenant_id = $1 AND id = $2";
    OF_SESSION = "SELECT id, session_id, taken_by, added_at FROM class_pictures WHERE tenant_id = $1 AND session_id = $2 ORDER BY added_at, id LIMIT 100";
    SHOWN_AT = "SELECT c.picture_id, c.child_id FROM class_picture_children c WHERE c.tenant_id = $1
        AND c.picture_id IN (SELECT q.id FROM class_pictures q WHERE q.tenant_id = $1 AND q.session_id = $2) LIMIT 2000";
    OF_CHILD = "SELECT q.id, q.session_id, q.taken_by, q.added_at FROM class_picture_children c CROSS JOIN class_pictures q
        WHERE c.tenant_id = $1 AND c.child_id = $2 AND q.tenant_id = c.tenant_id AND q.id = c.picture_id ORDER BY q.added_at + 0 DESC, q.id LIMIT 100";
    FULL = "SELECT session_id, content_sealed AS sealed FROM class_pictures WHERE tenant_id = $1 AND id = $2";
    THUMBNAIL = "SELECT session_id, thumbnail_sealed AS sealed FROM class_pictures WHERE tenant_id = $1 AND id = $2";
    /// Those present whose guardians agree to pictures.
    AGREED_AT = "SELECT c.child_id AS id FROM child_consents c WHERE c.tenant_id = $1 AND c.purpose = 'photos' AND c.withdrawn_at IS NULL
        AND c.child_id IN (SELECT p.child_id FROM class_presences p WHERE p.tenant_id = $1 AND p.session_id = $2 AND p.arrived_at IS NOT NULL) LIMIT 200";
    /// Those of which nobody has said who is in them.
    UNSHOWN = "SELECT q.id, q.session_id, q.taken_by, q.added_at FROM class_pictures q WHERE q.tenant_id = $1 AND q.added_at < $2 AND NOT EXISTS (
            SELECT 1 FROM class_picture_children c WHERE c.tenant_id = q.tenant_id AND c.picture_id = q.id) ORDER BY q.added_at, q.id LIMIT 200";
    OLD = "SELECT id, session_id, taken_by, added_at FROM class_pictures WHERE tenant_id = $1 AND added_at < $2 ORDER BY added_at, id LIMIT 200";
}

record! {
    #[derive(Debug, Clone)]
    pub struct Picture { pub id: Uuid, pub session_id: Uuid, pub taken_by: String, pub added_at: Timestamp }
    #[derive(Debug, Clone, Copy)]
    pub struct Shown { pub picture_id: Uuid, pub child_id: Uuid }
    struct Known { id: Uuid }
    struct Sealed { session_id: Uuid, sealed: Vec<u8> }
    struct Amount { amount: i64 }
}

/// What the purpose of a sealed picture is called.
const SEAL: &str = "class picture";

/// Keeps a picture of a session. Nobody sees it yet.
///
/// Errors: refused of more than the setting allows.
pub async fn add(tx: &mut Tx, act: &Act, session: Uuid, jpeg: &Jpeg, by: &str) -> Result<Uuid> {
    let rules: Rules = settings::read(tx, act.tenant, act.at).await?;
    let Amount { amount } = tx.one(COUNT.bind(act.tenant).bind(session)).await?;
    if amount >= rules.most_pictures {
        return Err(Error::refused(format!("一次课最多 {} 张照片，请先删掉几张", rules.most_pictures)));
    }
    let seal = |bytes: &[u8]| act.means.keys.seal(&act.means.chance, act.tenant, SEAL, bytes);
    let id = act.id();
    let row = ADD.bind(act.tenant).bind(id).bind(session).bind(seal(&jpeg.content)?).bind(seal(&jpeg.thumbnail)?);
    tx.execute(row.bind(by).bind(act.at)).await?;
    audit::record(tx, act, "add_picture", ("class_session", session), by, &[]).await?;
    Ok(id)
}

/// Says who is in a picture: their guardians see it from now on. A guardian who takes the consent back meanwhile was first, or finds the
/// picture and takes it away.
///
/// Errors: refused of a child that was not there, or whose guardian does not agree; not found if somebody has removed it.
pub async fn show(tx: &mut Tx, act: &Act, picture: &Picture, children: &[Uuid]) -> Result<()> {
    child::hold_all(tx, act, children).await?;
    tx.execute_one(HOLD.bind(act.tenant).bind(picture.id)).await?;
    let agreed = agreed_at(tx, act.tenant, picture.session_id).await?;
    if !children.iter().all(|child| agreed.contains(child)) {
        return Err(Error::refused("照片里有监护人没有同意拍照的孩子，请换一张，或者请孩子站到旁边再拍"));
    }
    tx.execute(SHOW_NOBODY.bind(act.tenant).bind(picture.id)).await?;
    let rows = children.iter().map(|child| SHOW.bind(act.tenant).bind(picture.id).bind(*child)).collect();
    tx.execute_many(SHOW, rows).await?;
    for child in children {
        note(tx, act, "show_picture", picture.session_id, *child, "").await?;
    }
    Ok(())
}

/// Those who were there and whose guardians agree to pictures.
pub async fn agreed_at(tx: &mut Tx, tenant: Uuid, session: Uuid) -> Result<Vec<Uuid>> {
    let known: Vec<Known> = tx.all(AGREED_AT.bind(tenant).bind(session)).await?;
    Ok(known.into_iter().map(|known| known.id).collect())
}

pub async fn remove(tx: &mut Tx, act: &Act, picture: &Picture, why: &str) -> Result<()> {
    tx.execute(SHOW_NOBODY.bind(act.tenant).bind(picture.id)).await?;
    tx.execute(REMOVE.bind(act.tenant).bind(picture.id)).await?;
    audit::record(tx, act, "remove_picture", ("class_session", picture.session_id), why, &[]).await
}

/// The pictures of a session of which nobody has said who is in them.
pub async fn unshown(tx: &mut Tx, tenant: Uuid, session: Uuid) -> Result<Vec<Picture>> {
    let (mut pictures, shown) = of_session(tx, tenant, session).await?;
    pictures.retain(|picture| !shown.iter().any(|shown| shown.picture_id == picture.id));
    Ok(pictures)
}

/// Staff remove a picture of which nobody has said who is in it, without looking at it.
///
/// Errors: not found of another one, and of one that is gone.
pub async fn remove_unshown(tx: &mut Tx, act: &Act, session: Uuid, id: Uuid) -> Result<()> {
    tx.execute_one(HOLD.bind(act.tenant).bind(id)).await?;
    let known = unshown(tx, act.tenant, session).await?.into_iter().find(|known| known.id == id);
    remove(tx, act, &known.ok_or(Error::NotFound)?, "没有写里面有谁，工作人员删的").await
}

/// Nobody says who is in a picture of a child until the transaction ends. Whoever writes into the audit log holds that until then too, so it
/// is done before: otherwise two could wait for each other.
pub async fn hold_of(tx: &mut Tx, act: &Act, child: Uuid) -> Result<()> {
    tx.execute(HOLD_OF_CHILD.bind(act.tenant).bind(child)).await?;
    Ok(())
}

/// The guardian of a child does not agree any more, or the child is erased: no picture of it is kept.
pub async fn remove_of(tx: &mut Tx, act: &Act, child: Uuid) -> Result<()> {
    loop {
        let some = of_child(tx, act.tenant, child).await?;
        if some.is_empty() {
            return Ok(());
        }
        for picture in some {
            remove(tx, act, &picture, "监护人不再同意").await?;
        }
    }
}

/// What has been kept for as long as it may be goes.
pub async fn remove_old(tx: &mut Tx, act: &Act) -> Result<()> {
    let rules: Rules = settings::read(tx, act.tenant, act.at).await?;
    let before = act.at - SignedDuration::from_hours(24 * rules.picture_days);
    for picture in tx.all::<Picture>(OLD.bind(act.tenant).bind(before)).await? {
        remove(tx, act, &picture, "过了保存期").await?;
    }
    let before = act.at - SignedDuration::from_hours(rules.unshown_hours);
    for picture in tx.all::<Picture>(UNSHOWN.bind(act.tenant).bind(before)).await? {
        remove(tx, act, &picture, "没有写里面有谁").await?;
    }
    Ok(())
}

pub async fn of_session(tx: &mut Tx, tenant: Uuid, session: Uuid) -> Result<(Vec<Picture>, Vec<Shown>)> {
    let pictures = tx.all(OF_SESSION.bind(tenant).bind(session)).await?;
    Ok((pictures, tx.all(SHOWN_AT.bind(tenant).bind(session)).await?))
}

/// What the guardian of a child sees, the latest first.
pub async fn of_child(tx: &mut Tx, tenant: Uuid, child: Uuid) -> Result<Vec<Picture>> {
    Ok(tx.all(OF_CHILD.bind(tenant).bind(child)).await?)
}

/// The JPEG of a picture of a session. Whether the reader may see it is for the caller to decide.
pub async fn read(tx: &mut Tx, act: &Act, (session, id): (Uuid, Uuid), size: Size) -> Result<Vec<u8>> {
    let statement = if size == Size::Full { FULL } else { THUMBNAIL };
    let Sealed { session_id, sealed } = tx.one(statement.bind(act.tenant).bind(id)).await?;
    if session_id != session {
        return Err(Error::NotFound);
    }
    act.means.keys.open(act.tenant, SEAL, &sealed)
}
