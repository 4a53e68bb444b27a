use db::Tx;
use uuid::Uuid;

use super::model::{Grant, OrganisationKind, TenantKind};
use super::store::{
    self, ADD_ACCOUNT, ADD_ANCESTORS, ADD_DIVISION, ADD_GRANT, ADD_LOGIN_NAME, ADD_ORGANISATION, ADD_SELF_AS_ANCESTOR,
    ADD_TENANT, ADD_TENANT_CODE, REMOVE_GRANT, RENAME_ORGANISATION, RENEW_ACCOUNT,
};
use super::{Act, credential, password};
use crate::error::{Error, Result};
use crate::{audit, settings};

/// Makes a tenant with its first organisation, which bears the same name, and gives it the default settings.
/// `act.tenant` is the new tenant's identifier.
///
/// Errors: refused if the code is taken.
pub async fn create_tenant(tx: &mut Tx, act: &Act, kind: TenantKind, code: &str, name: &str) -> Result<Uuid> {
    let provisional = code.ends_with("999");
    tx.execute(ADD_DIVISION.bind(code).bind(name).bind(provisional)).await?;
    let tenant = ADD_TENANT.bind(act.tenant).bind(kind).bind(code).bind(name).bind(code).bind(act.at);
    tx.execute(tenant).await?;
    match tx.execute(ADD_TENANT_CODE.bind(code).bind(act.tenant)).await {
        Err(db::Error::Duplicate(_)) => return Err(Error::refused(format!("编码 {code} 已经有一个单位在用"))),
        other => other?,
    };
    audit::begin(tx, act.tenant).await?;
    settings::set_defaults(tx, act).await?;
    audit::record(tx, act, "create", ("tenant", act.tenant), "", &[]).await?;
    let kind = if kind == TenantKind::Community { OrganisationKind::Community } else { OrganisationKind::Other };
    create_organisation(tx, act, None, kind, name, None).await
}

pub async fn create_organisation(
    tx: &mut Tx,
    act: &Act,
    parent: Option<Uuid>,
    kind: OrganisationKind,
    name: &str,
    phone: Option<&str>,
) -> Result<Uuid> {
    let id = act.id();
    let organisation = ADD_ORGANISATION.bind(act.tenant).bind(id).bind(parent).bind(kind).bind(name).bind(phone);
    tx.execute(organisation).await?;
    tx.execute(ADD_SELF_AS_ANCESTOR.bind(act.tenant).bind(id)).await?;
    if let Some(parent) = parent {
        tx.execute(ADD_ANCESTORS.bind(act.tenant).bind(id).bind(parent)).await?;
    }
    audit::record(tx, act, "create", ("organisation", id), "", &[]).await?;
    Ok(id)
}

/// An organisation is called something else from now on; what was written down before keeps its old name.
pub async fn rename_organisation(tx: &mut Tx, act: &Act, id: Uuid, name: &str) -> Result<()> {
    tx.execute_one(RENAME_ORGANISATION.bind(act.tenant).bind(id).bind(name)).await?;
    audit::record(tx, act, "update", ("organisation", id), name, &[]).await
}

/// A person who is to use the program. With a login name and password they sign in on a PC; without, by an invitation.
#[derive(Debug, Clone)]
pub struct NewAccount {
    pub name: String,
    pub organisation: Uuid,
    /// Lower-case, unique over all tenants; with the password that goes with it.
    pub login: Option<(String, String)>,
    pub grants: Vec<Grant>,
}

/// Errors: refused if the login name is taken, the password weak, or two administrator roles come together.
pub async fn create_account(tx: &mut Tx, act: &Act, new: NewAccount) -> Result<Uuid> {
    keep_administrators_apart(&new.grants)?;
    if new.grants.is_empty() {
        return Err(Error::refused("请至少选择一个角色"));
    }
    let id = act.id();
    let (login_name, password_hash) = match new.login {
        Some((login_name, password)) => {
            if let Some(weakness) = password::weakness(&password, &login_name) {
                return Err(Error::refused(weakness));
            }
            (Some(login_name.to_lowercase()), Some(password::hash(password).await?))
        }
        None => (None, None),
    };
    let account = ADD_ACCOUNT.bind(act.tenant).bind(id).bind(new.organisation).bind(new.name);
    tx.execute(account.bind(login_name.clone()).bind(act.at)).await?;
    if let Some(hash) = password_hash {
        credential::set_password(tx, act, id, hash).await?;
    }
    if let Some(login_name) = login_name {
        match tx.execute(ADD_LOGIN_NAME.bind(login_name).bind(act.tenant).bind(id)).await {
            Err(db::Error::Duplicate(_)) => return Err(Error::refused("这个登录名已经有人使用，请换一个")),
            other => other?,
        };
    }
    for grant in &new.grants {
        insert_grant(tx, act, id, grant).await?;
    }
    let roles: Vec<&str> = new.grants.iter().map(|grant| grant.role.code()).collect();
    audit::record(tx, act, "create", ("account", id), &roles.join(","), &[]).await?;
    Ok(id)
}

/// Gives an account one more role.
///
/// Errors: refused if it has this grant, if two administrator roles would come together, or for one's own account.
pub async fn add_grant(tx: &mut Tx, act: &Act, account: Uuid, grant: Grant) -> Result<()> {
    begin_granting(tx, act, account).await?;
    let mut grants = store::grants(tx, act.tenant, account).await?;
    if grants.contains(&grant) {
        return Err(Error::refused("这个账号已经有这个角色和范围"));
    }
    insert_grant(tx, act, account, &grant).await?;
    let role = grant.role.code();
    grants.push(grant);
    keep_administrators_apart(&grants)?;
    audit::record(tx, act, "grant", ("account", account), role, &[]).await
}

/// Takes a role away, at once: every request looks at the grants anew.
///
/// Errors: refused for the last grant and for one's own account.
pub async fn remove_grant(tx: &mut Tx, act: &Act, account: Uuid, grant: Uuid) -> Result<()> {
    begin_granting(tx, act, account).await?;
    let grants = store::shown_grants(tx, act.tenant, account).await?;
    let role = grants.iter().find(|known| known.id == grant).ok_or(Error::NotFound)?.role;
    if grants.len() == 1 {
        return Err(Error::refused("账号至少要有一个角色。不再使用的账号请停用；要换角色，请先给新的，再收回旧的。"));
    }
    tx.execute_one(REMOVE_GRANT.bind(act.tenant).bind(grant)).await?;
    audit::record(tx, act, "revoke_grant", ("account", account), role.code(), &[]).await
}

/// Holds the account's row, so that of two changes at once the second sees what the first did. Nobody gives themselves
/// power, nor shuts themselves out.
async fn begin_granting(tx: &mut Tx, act: &Act, account: Uuid) -> Result<()> {
    if act.account == Some(account) {
        return Err(Error::refused("不能改自己的角色，请另一位安全管理员来改"));
    }
    Ok(tx.execute_one(RENEW_ACCOUNT.bind(act.tenant).bind(account)).await?)
}

async fn insert_grant(tx: &mut Tx, act: &Act, account: Uuid, grant: &Grant) -> Result<()> {
    let row = ADD_GRANT.bind(act.tenant).bind(act.id()).bind(account).bind(grant.role).bind(grant.reach);
    tx.execute(row.bind(grant.reach_id)).await?;
    Ok(())
}

fn keep_administrators_apart(grants: &[Grant]) -> Result<()> {
    if grants.iter().filter(|grant| grant.role.is_administrator()).count() > 1 {
        return Err(Error::refused("系统管理员、安全管理员、审计管理员不能由同一个人担任"));
    }
    Ok(())
}
