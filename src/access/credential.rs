//! Passwords and PINs after the first: changed by their owner, who gives the old one, or reset by an administrator.

use db::{Db, Tx};
use jiff::SignedDuration;
use uuid::Uuid;

use super::model::Viewer;
use super::store::{
    ADD_PAST_PASSWORD, CREDENTIALS, Credentials, EXPIRE_PASSWORD, FORGET_PAST_PASSWORDS, PAST_PASSWORDS, PastPassword,
    REVOKE_ALL, REVOKE_OTHERS, SET_PASSWORD, SET_PIN,
};
use super::{Act, password, session};
use crate::audit;
use crate::error::{Error, Result};
use crate::means::Means;
use crate::settings::{self, Sessions};

/// Puts a password in force for as long as the rules say, and keeps it among those that must not come back soon.
pub(super) async fn set_password(tx: &mut Tx, act: &Act, account: Uuid, hash: String) -> Result<()> {
    let rules: Sessions = settings::read(tx, act.tenant, act.at).await?;
    // Counted from the clock: an act may be dated back, the password is new today.
    let now = act.means.now();
    let expires = now + SignedDuration::from_hours(24 * rules.password_days);
    tx.execute_one(SET_PASSWORD.bind(act.tenant).bind(account).bind(hash.clone()).bind(expires)).await?;
    tx.execute(ADD_PAST_PASSWORD.bind(act.tenant).bind(act.id()).bind(account).bind(hash).bind(now)).await?;
    tx.execute(FORGET_PAST_PASSWORDS.bind(act.tenant).bind(account).bind(rules.history)).await?;
    Ok(())
}

/// From now on the password only lets in to be changed. An account without a password stays as it is.
pub async fn expire_password(tx: &mut Tx, act: &Act, account: Uuid) -> Result<()> {
    if tx.execute(EXPIRE_PASSWORD.bind(act.tenant).bind(account).bind(act.at)).await? > 0 {
        audit::record(tx, act, "expire_password", ("account", account), "", &[]).await?;
    }
    Ok(())
}

/// Gives an account a new password and signs it out everywhere.
pub async fn reset_password(tx: &mut Tx, act: &Act, account: Uuid, login_name: &str, new: String) -> Result<()> {
    if let Some(weakness) = password::weakness(&new, login_name) {
        return Err(Error::refused(weakness));
    }
    set_password(tx, act, account, password::hash(new).await?).await?;
    tx.execute(REVOKE_ALL.bind(act.tenant).bind(account).bind(act.at)).await?;
    audit::record(tx, act, "reset_password", ("account", account), "", &[]).await
}

/// Changes one's own password and signs out everywhere else. `false` if the old one is wrong; the old one is looked at
/// first, or a browser left alone could be used to guess it.
///
/// Errors: refused if the new one is weak or one of the last, or while the account is locked.
pub async fn change_password(db: &Db, means: &Means, viewer: &Viewer, old: String, new: String) -> Result<bool> {
    let act = Act::own(viewer, means);
    let mut tx = db.read().await?;
    let who: Credentials = tx.one(CREDENTIALS.bind(viewer.tenant).bind(viewer.account)).await?;
    let rules: Sessions = settings::read(&mut tx, viewer.tenant, act.at).await?;
    let past = PAST_PASSWORDS.bind(viewer.tenant).bind(viewer.account).bind(rules.history);
    let past: Vec<PastPassword> = tx.all(past).await?;
    drop(tx);
    let (Some(login_name), Some(hash)) = (&who.login_name, &who.password_hash) else {
        return Err(Error::refused("您的账号不用密码，用手机和 PIN 码进入"));
    };
    if !session::attempt(db, &act, &who, old, Some(hash.clone())).await? {
        return Ok(false);
    }
    if let Some(weakness) = password::weakness(&new, login_name) {
        return Err(Error::refused(weakness));
    }
    for past in past {
        if password::verify(new.clone(), Some(past.password_hash)).await {
            return Err(Error::refused(format!("最近用过的 {} 个密码不能再用，请换一个新的", rules.history)));
        }
    }
    let hash = password::hash(new).await?;
    let mut tx = db.begin().await?;
    set_password(&mut tx, &act, viewer.account, hash).await?;
    let others = REVOKE_OTHERS.bind(viewer.tenant).bind(viewer.account).bind(viewer.session).bind(act.at);
    tx.execute(others).await?;
    audit::record(&mut tx, &act, "change_password", ("account", viewer.account), "", &[]).await?;
    tx.commit().await?;
    Ok(true)
}

/// Whether somebody knows their PIN; for an account without one, whether a new one would do.
///
/// Errors: refused if it is wrong or easy to guess, or while the account is locked.
pub async fn check_pin(db: &Db, means: &Means, viewer: &Viewer, pin: String) -> Result<()> {
    let mut tx = db.read().await?;
    let who: Credentials = tx.one(CREDENTIALS.bind(viewer.tenant).bind(viewer.account)).await?;
    drop(tx);
    let Some(hash) = who.pin_hash.clone() else {
        return password::pin_weakness(&pin).map_or(Ok(()), |weakness| Err(Error::refused(weakness)));
    };
    if session::attempt(db, &Act::own(viewer, means), &who, pin, Some(hash)).await? {
        return Ok(());
    }
    Err(wrong_pin())
}

/// What somebody is told who has typed another PIN than theirs.
pub fn wrong_pin() -> Error {
    Error::refused("PIN 码不对，请再试一次。连续输错几次，账号会锁定一段时间。")
}

/// Changes one's own PIN. `false` if the old one is wrong.
///
/// Errors: refused if the new one is easy to guess or the old one, or while the account is locked.
pub async fn change_pin(db: &Db, means: &Means, viewer: &Viewer, old: String, new: String) -> Result<bool> {
    let act = Act::own(viewer, means);
    let mut tx = db.read().await?;
    let who: Credentials = tx.one(CREDENTIALS.bind(viewer.tenant).bind(viewer.account)).await?;
    drop(tx);
    let Some(hash) = &who.pin_hash else {
        return Err(Error::refused("您的账号还没有 PIN 码。请社区给您一张邀请码，用手机扫码后设。"));
    };
    let same = old == new;
    if !session::attempt(db, &act, &who, old, Some(hash.clone())).await? {
        return Ok(false);
    }
    if same {
        return Err(Error::refused("新 PIN 码和原来的一样，请换一个"));
    }
    if let Some(weakness) = password::pin_weakness(&new) {
        return Err(Error::refused(weakness));
    }
    let hash = password::hash(new).await?;
    let mut tx = db.begin().await?;
    tx.execute_one(SET_PIN.bind(viewer.tenant).bind(viewer.account).bind(hash)).await?;
    audit::record(&mut tx, &act, "change_pin", ("account", viewer.account), "", &[]).await?;
    tx.commit().await?;
    Ok(true)
}
