//! Signing in and being recognised. A session is a row that can be revoked; the browser holds a [`Link`] to it.
//! People on phones have a long session that a PIN reopens after a pause; people at PCs sign in again.

use db::{Db, Tx};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::model::{Grant, SessionKind, Viewer};
use super::store::{
    self, ADD_INVITATION, COUNT_ATTEMPT, CREDENTIALS, Credentials, DISABLE, ENABLE, INVITATION, Invitation,
    LIVE_SESSIONS, LOGIN, LiveSession, Login, REVOKE, REVOKE_ALL, SESSION, SET_PIN, SUCCEED, Session, TOUCH,
    USE_INVITATION, VOID_INVITATIONS,
};
use super::{Act, Link, password};
use crate::audit;
use crate::error::{Error, Result};
use crate::means::Means;
use crate::settings::{self, Sessions};

/// What a session's cookie turned out to be.
#[derive(Debug)]
pub enum Entry {
    /// Good for every request.
    Open(Viewer),
    /// A phone that has been put down for a while: the PIN is asked for again.
    Locked(Viewer),
    /// Not known, revoked, expired or disabled.
    Stranger,
}

/// Finds out whose session a cookie is, and notes, at most once a minute, that it is in use.
pub async fn recognise(db: &Db, link: &Link, means: &Means) -> Result<Entry> {
    let now = means.now();
    let mut tx = db.read().await?;
    let Some(session) = tx.optional::<Session>(SESSION.bind(link.tenant).bind(link.id)).await? else {
        return Ok(Entry::Stranger);
    };
    if !link.matches(&session.secret_hash)
        || session.revoked_at.is_some()
        || session.disabled_at.is_some()
        || session.expires_at <= now
    {
        return Ok(Entry::Stranger);
    }
    let grants = store::grants(&mut tx, link.tenant, session.account_id).await?;
    let rules: Sessions = settings::read(&mut tx, link.tenant, now).await?;
    drop(tx);
    let viewer = Viewer {
        tenant: link.tenant,
        tenant_code: session.tenant_code,
        tenant_name: session.tenant_name,
        account: session.account_id,
        name: session.name,
        organisation: session.organisation_id,
        session: link.id,
        kind: session.kind,
        seen_at: session.seen_at,
        password_expired: session.kind == SessionKind::Password
            && session.password_expires_at.is_some_and(|at| at <= now),
        grants,
    };
    if now.duration_since(session.seen_at) > idle(&rules, &viewer.grants) {
        return Ok(if session.kind == SessionKind::Device { Entry::Locked(viewer) } else { Entry::Stranger });
    }
    if now.duration_since(session.seen_at) > SignedDuration::from_mins(1) {
        let mut tx = db.begin().await?;
        tx.execute(TOUCH.bind(link.tenant).bind(link.id).bind(now)).await?;
        tx.commit().await?;
    }
    Ok(Entry::Open(viewer))
}

/// How long somebody with these grants may pause.
fn idle(rules: &Sessions, grants: &[Grant]) -> SignedDuration {
    let administrator = grants.iter().any(|grant| grant.role.is_administrator());
    SignedDuration::from_mins(if administrator { rules.administrator_idle_minutes } else { rules.idle_minutes })
}

/// Signs in by login name and password. `None` if the two do not belong together, whatever the cause,
/// so that nobody learns which login names exist.
///
/// Errors: refused while the account is locked after too many failures.
pub async fn sign_in(db: &Db, means: &Means, login_name: &str, secret: String, label: &str) -> Result<Option<Link>> {
    let mut tx = db.read().await?;
    let login: Option<Login> = tx.optional(LOGIN.bind(login_name.trim().to_lowercase())).await?;
    let Some(Login { tenant_id, account_id }) = login else {
        password::verify(secret, None).await;
        return Ok(None);
    };
    let credentials: Credentials = tx.one(CREDENTIALS.bind(tenant_id).bind(account_id)).await?;
    drop(tx);
    let act = Act { account: Some(account_id), ..Act::system(tenant_id, means) };
    let hash = credentials.password_hash.clone();
    if !attempt(db, &act, &credentials, secret, hash).await? {
        return Ok(None);
    }
    let mut tx = db.begin().await?;
    let rules: Sessions = settings::read(&mut tx, tenant_id, act.at).await?;
    let expires = act.at + SignedDuration::from_hours(rules.password_hours);
    let link = open_session(&mut tx, &act, account_id, SessionKind::Password, label, expires).await?;
    tx.commit().await?;
    Ok(Some(link))
}

/// Tries the PIN of a locked phone. `false` if it is wrong.
pub async fn unlock(db: &Db, means: &Means, viewer: &Viewer, pin: String) -> Result<bool> {
    let mut tx = db.read().await?;
    let credentials: Credentials = tx.one(CREDENTIALS.bind(viewer.tenant).bind(viewer.account)).await?;
    drop(tx);
    let act = Act { account: Some(viewer.account), ..Act::system(viewer.tenant, means) };
    let hash = credentials.pin_hash.clone();
    if !attempt(db, &act, &credentials, pin, hash).await? {
        return Ok(false);
    }
    let mut tx = db.begin().await?;
    tx.execute(TOUCH.bind(viewer.tenant).bind(viewer.session).bind(act.at)).await?;
    tx.commit().await?;
    Ok(true)
}

/// Compares a secret with its hash. The attempt is counted as a failure before the comparison, which takes long, so that
/// many guesses at once get no more tries than one after another; a right one clears the count.
pub(super) async fn attempt(
    db: &Db,
    act: &Act,
    who: &Credentials,
    secret: String,
    hash: Option<String>,
) -> Result<bool> {
    let mut tx = db.begin().await?;
    let rules: Sessions = settings::read(&mut tx, act.tenant, act.at).await?;
    let until = act.at + SignedDuration::from_mins(rules.lock_minutes);
    let counted = COUNT_ATTEMPT.bind(act.tenant).bind(who.id).bind(rules.failures).bind(until).bind(act.at);
    let locked = tx.execute(counted).await? == 0;
    tx.commit().await?;
    if locked {
        let until = who.locked_until.filter(|until| *until > act.at).unwrap_or(until);
        let minutes = until.duration_since(act.at).as_mins() + 1;
        return Err(Error::refused(format!(
            "连续输错次数过多，账号已锁定，请 {minutes} 分钟后再试，或请安全管理员解锁"
        )));
    }
    let right = password::verify(secret, hash).await && who.disabled_at.is_none();
    let mut tx = db.begin().await?;
    if right {
        tx.execute(SUCCEED.bind(act.tenant).bind(who.id)).await?;
    } else {
        audit::record(&mut tx, act, "sign_in_failed", ("account", who.id), "", &[]).await?;
    }
    tx.commit().await?;
    Ok(right)
}

async fn open_session(
    tx: &mut Tx,
    act: &Act,
    account: Uuid,
    kind: SessionKind,
    label: &str,
    expires: Timestamp,
) -> Result<Link> {
    let link = Link::new(act.tenant, &act.means);
    store::add_session(tx, act, &link, account, kind, label, expires).await?;
    audit::record(tx, act, "sign_in", ("session", link.id), "", &[]).await?;
    Ok(link)
}

pub async fn sign_out(tx: &mut Tx, viewer: &Viewer, means: &Means) -> Result<()> {
    let act = Act::own(viewer, means);
    tx.execute(REVOKE.bind(viewer.tenant).bind(viewer.account).bind(viewer.session).bind(act.at)).await?;
    audit::record(tx, &act, "sign_out", ("session", viewer.session), "", &[]).await
}

/// The sessions of an account that still let in, the latest first: phones, and PCs that have not paused for too long.
pub async fn live_sessions(tx: &mut Tx, tenant: Uuid, account: Uuid, now: Timestamp) -> Result<Vec<LiveSession>> {
    let grants = store::grants(tx, tenant, account).await?;
    let rules: Sessions = settings::read(tx, tenant, now).await?;
    let since = now - idle(&rules, &grants);
    Ok(tx.all(LIVE_SESSIONS.bind(tenant).bind(account).bind(now).bind(since)).await?)
}

/// Ends one session of an account.
pub async fn revoke(tx: &mut Tx, act: &Act, account: Uuid, session: Uuid) -> Result<()> {
    tx.execute_one(REVOKE.bind(act.tenant).bind(account).bind(session).bind(act.at)).await?;
    audit::record(tx, act, "revoke", ("session", session), "", &[]).await
}

/// Makes a new invitation for an account; earlier ones that nobody has used stop working.
pub async fn invite(tx: &mut Tx, act: &Act, account: Uuid) -> Result<Link> {
    let _: Credentials = tx.one(CREDENTIALS.bind(act.tenant).bind(account)).await?;
    let rules: Sessions = settings::read(tx, act.tenant, act.at).await?;
    tx.execute(VOID_INVITATIONS.bind(act.tenant).bind(account).bind(act.at)).await?;
    let link = Link::new(act.tenant, &act.means);
    let expires = act.at + SignedDuration::from_hours(rules.invitation_hours);
    let row = ADD_INVITATION.bind(act.tenant).bind(link.id).bind(account).bind(link.hash()).bind(act.at).bind(expires);
    tx.execute(row).await?;
    audit::record(tx, act, "invite", ("account", account), "", &[]).await?;
    Ok(link)
}

/// Whom an invitation is for, and in which community, if it still works.
///
/// Errors: refused with the reason if it was used, is too old, or its account is disabled.
pub async fn invitation(tx: &mut Tx, link: &Link, now: Timestamp) -> Result<(Uuid, String, String)> {
    let invitation: Option<Invitation> = tx.optional(INVITATION.bind(link.tenant).bind(link.id)).await?;
    let invitation = invitation.filter(|row| link.matches(&row.secret_hash)).ok_or(Error::NotFound)?;
    if invitation.used_at.is_some() {
        return Err(Error::refused("这个邀请码已经用过了。请向社区工作人员要一张新的。"));
    }
    if invitation.expires_at <= now {
        return Err(Error::refused("这个邀请码已经过期。请向社区工作人员要一张新的。"));
    }
    if invitation.disabled_at.is_some() {
        return Err(Error::refused("这个账号已停用。请联系社区工作人员。"));
    }
    Ok((invitation.account_id, invitation.name, invitation.tenant_name))
}

/// Takes an invitation up: sets the PIN and opens a session on this phone. Other phones of the account are signed out.
pub async fn join(db: &Db, means: &Means, link: &Link, pin: String, label: &str) -> Result<Link> {
    if let Some(weakness) = password::pin_weakness(&pin) {
        return Err(Error::refused(weakness));
    }
    let pin_hash = password::hash(pin).await?;
    let mut tx = db.begin().await?;
    let (account, ..) = invitation(&mut tx, link, means.now()).await?;
    let act = Act { account: Some(account), ..Act::system(link.tenant, means) };
    if tx.execute(USE_INVITATION.bind(link.tenant).bind(link.id).bind(act.at)).await? == 0 {
        return Err(Error::refused("这个邀请码刚刚被用过了。请向社区工作人员要一张新的。"));
    }
    tx.execute(SET_PIN.bind(link.tenant).bind(account).bind(pin_hash)).await?;
    tx.execute(REVOKE_ALL.bind(link.tenant).bind(account).bind(act.at)).await?;
    let rules: Sessions = settings::read(&mut tx, link.tenant, act.at).await?;
    let expires = act.at + SignedDuration::from_hours(24 * rules.device_days);
    let session = open_session(&mut tx, &act, account, SessionKind::Device, label, expires).await?;
    tx.commit().await?;
    Ok(session)
}

/// Stops an account and all its sessions.
pub async fn disable(tx: &mut Tx, act: &Act, account: Uuid, reason: &str) -> Result<()> {
    if act.account == Some(account) {
        return Err(Error::refused("不能停用自己的账号"));
    }
    tx.execute_one(DISABLE.bind(act.tenant).bind(account).bind(act.at)).await?;
    tx.execute(REVOKE_ALL.bind(act.tenant).bind(account).bind(act.at)).await?;
    tx.execute(VOID_INVITATIONS.bind(act.tenant).bind(account).bind(act.at)).await?;
    audit::record(tx, act, "disable", ("account", account), reason, &[]).await
}

/// Lets a disabled or locked account in again.
pub async fn enable(tx: &mut Tx, act: &Act, account: Uuid) -> Result<()> {
    tx.execute_one(ENABLE.bind(act.tenant).bind(account)).await?;
    audit::record(tx, act, "enable", ("account", account), "", &[]).await
}
