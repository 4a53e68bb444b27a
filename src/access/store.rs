use std::collections::HashMap;

use db::{Cursor, Page, Tx, record, statements};
use jiff::Timestamp;
use uuid::Uuid;

use super::model::{Grant, OrganisationKind, Permission, Reach, Role, SessionKind, TenantKind, Viewer};
use super::{Act, Link};
use crate::error::Result;

/// Grants with the name of what they reach. Estates and grids belong to the slice above, which must not be called from
/// here; that a grant can name one of them is all that this slice knows, so it reads their names and nothing else.
macro_rules! reaching {
    () => {
        "SELECT g.id, g.account_id, g.role, g.reach, COALESCE(e.name, r.name, o.name) AS reach_name FROM grants g
         LEFT JOIN estates e ON g.reach = 'estate' AND e.tenant_id = g.tenant_id AND e.id = g.reach_id
         LEFT JOIN grids r ON g.reach = 'grid' AND r.tenant_id = g.tenant_id AND r.id = g.reach_id
         LEFT JOIN organisations o ON g.reach = 'organisation' AND o.tenant_id = g.tenant_id AND o.id = g.reach_id "
    };
}

statements! {
    /// Accounts that wait for the security administrator: locked ones, and those whose owner cannot get in because they
    /// have neither a password nor a phone that is signed in nor an invitation that still holds.
    SHUT_OUT = "SELECT a.id, a.name, a.created_at, a.locked_until FROM accounts a
        WHERE a.tenant_id = $1 AND a.disabled_at IS NULL AND (a.locked_until > $2 OR (a.login_name IS NULL
          AND NOT EXISTS (SELECT 1 FROM sessions s WHERE s.tenant_id = a.tenant_id AND s.account_id = a.id
              AND s.revoked_at IS NULL AND s.expires_at > $2)
          AND NOT EXISTS (SELECT 1 FROM invitations v WHERE v.tenant_id = a.tenant_id AND v.account_id = a.id
              AND v.used_at IS NULL AND v.expires_at > $2)))
        ORDER BY a.created_at, a.id LIMIT 50";
    ADD_DIVISION = "INSERT INTO divisions (code, name, provisional) VALUES ($1, $2, $3) ON CONFLICT (code) DO NOTHING";
    ADD_TENANT = "INSERT INTO tenants (tenant_id, kind, code, name, division_code, created_at) VALUES ($1, $2, $3, $4, $5, $6)";
    ADD_TENANT_CODE = "INSERT INTO tenant_codes (code, tenant_id) VALUES ($1, $2)";
    TENANT = "SELECT tenant_id, kind, code, name FROM tenants WHERE tenant_id = $1";
    TENANT_BY_CODE = "SELECT t.tenant_id, t.kind, t.code, t.name FROM tenant_codes c
        JOIN tenants t ON t.tenant_id = c.tenant_id WHERE c.code = $1";
    TENANTS = "SELECT tenant_id, kind, code, name FROM tenants ORDER BY created_at, tenant_id LIMIT 1000";
    ADD_ORGANISATION = "INSERT INTO organisations (tenant_id, id, parent_id, kind, name, phone) VALUES ($1, $2, $3, $4, $5, $6)";
    RENAME_ORGANISATION = "UPDATE organisations SET name = $3 WHERE tenant_id = $1 AND id = $2";
    ADD_SELF_AS_ANCESTOR = "INSERT INTO organisation_ancestors (tenant_id, organisation_id, ancestor_id) VALUES ($1, $2, $2)";
    ADD_ANCESTORS = "INSERT INTO organisation_ancestors (tenant_id, organisation_id, ancestor_id)
        SELECT tenant_id, $2, ancestor_id FROM organisation_ancestors WHERE tenant_id = $1 AND organisation_id = $3";
    ORGANISATIONS = "SELECT id, kind, name, phone FROM organisations WHERE tenant_id = $1 AND closed_at IS NULL
        ORDER BY kind, name LIMIT 500";
    ORGANISATION = "SELECT id, kind, name, phone FROM organisations WHERE tenant_id = $1 AND id = $2";
    ADD_ACCOUNT = "INSERT INTO accounts
        (tenant_id, id, organisation_id, name, login_name, failures, lock_version, created_at)
        VALUES ($1, $2, $3, $4, $5, 0, 1, $6)";
    RENEW_ACCOUNT = "UPDATE accounts SET lock_version = lock_version + 1 WHERE tenant_id = $1 AND id = $2";
    ADD_LOGIN_NAME = "INSERT INTO login_names (login_name, tenant_id, account_id) VALUES ($1, $2, $3)";
    ADD_GRANT = "INSERT INTO grants (tenant_id, id, account_id, role, reach, reach_id) VALUES ($1, $2, $3, $4, $5, $6)";
    REMOVE_GRANT = "DELETE FROM grants WHERE tenant_id = $1 AND id = $2";
    WHO = "SELECT a.id, a.name, a.organisation_id, t.code AS tenant_code, t.name AS tenant_name FROM accounts a
        JOIN tenants t ON t.tenant_id = a.tenant_id WHERE a.tenant_id = $1 AND a.id = $2";
    /// Accounts with a role among some, a row for each grant.
    HOLDERS = "SELECT a.id, a.name, g.role, g.reach, g.reach_id FROM accounts a JOIN grants g ON g.tenant_id = a.tenant_id AND g.account_id = a.id
        WHERE a.tenant_id = $1 AND a.disabled_at IS NULL AND $2 LIKE '%,' || g.role || ',%' ORDER BY a.created_at, a.id, g.id LIMIT 2000";
    GRANTS = "SELECT role, reach, reach_id FROM grants WHERE tenant_id = $1 AND account_id = $2 ORDER BY id";
    LOGIN = "SELECT tenant_id, account_id FROM login_names WHERE login_name = $1";
    CREDENTIALS = "SELECT id, login_name, password_hash, pin_hash, locked_until, failures, disabled_at FROM accounts
        WHERE tenant_id = $1 AND id = $2";
    /// Counts an attempt unless the account is locked; the last one allowed locks it. A lock that has run out starts the count anew.
    COUNT_ATTEMPT = "UPDATE accounts SET failures = CASE WHEN locked_until IS NULL THEN failures + 1 ELSE 1 END,
            locked_until = CASE WHEN locked_until IS NULL AND failures + 1 >= $3 THEN CAST($4 AS BIGINT) END
        WHERE tenant_id = $1 AND id = $2 AND (locked_until IS NULL OR locked_until <= $5)";
    SUCCEED = "UPDATE accounts SET failures = 0, locked_until = NULL WHERE tenant_id = $1 AND id = $2";
    ADD_SESSION = "INSERT INTO sessions (tenant_id, id, account_id, kind, secret_hash, label, created_at, seen_at, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8)";
    SESSION = "SELECT s.kind, s.secret_hash, s.seen_at, s.expires_at, s.revoked_at,
            a.id AS account_id, a.name, a.organisation_id, a.disabled_at, a.password_expires_at,
            t.name AS tenant_name, t.code AS tenant_code
        FROM sessions s JOIN accounts a ON a.tenant_id = s.tenant_id AND a.id = s.account_id
        JOIN tenants t ON t.tenant_id = s.tenant_id WHERE s.tenant_id = $1 AND s.id = $2";
    TOUCH = "UPDATE sessions SET seen_at = $3 WHERE tenant_id = $1 AND id = $2 AND revoked_at IS NULL";
    LIVE_SESSIONS = "SELECT id, kind, label, seen_at FROM sessions WHERE tenant_id = $1 AND account_id = $2
        AND revoked_at IS NULL AND expires_at > $3 AND (kind = 'device' OR seen_at >= $4) ORDER BY seen_at DESC, id LIMIT 50";
    REVOKE = "UPDATE sessions SET revoked_at = $4 WHERE tenant_id = $1 AND account_id = $2 AND id = $3 AND revoked_at IS NULL";
    REVOKE_OTHERS = "UPDATE sessions SET revoked_at = $4
        WHERE tenant_id = $1 AND account_id = $2 AND id <> $3 AND revoked_at IS NULL";
    REVOKE_ALL = "UPDATE sessions SET revoked_at = $3 WHERE tenant_id = $1 AND account_id = $2 AND revoked_at IS NULL";
    DISABLE = "UPDATE accounts SET disabled_at = $3, lock_version = lock_version + 1
        WHERE tenant_id = $1 AND id = $2 AND disabled_at IS NULL";
    ENABLE = "UPDATE accounts SET disabled_at = NULL, failures = 0, locked_until = NULL, lock_version = lock_version + 1
        WHERE tenant_id = $1 AND id = $2";
    ADD_INVITATION = "INSERT INTO invitations (tenant_id, id, account_id, secret_hash, created_at, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6)";
    INVITATION = "SELECT i.account_id, i.secret_hash, i.expires_at, i.used_at, a.name, a.disabled_at, t.name AS tenant_name
        FROM invitations i JOIN accounts a ON a.tenant_id = i.tenant_id AND a.id = i.account_id
        JOIN tenants t ON t.tenant_id = i.tenant_id WHERE i.tenant_id = $1 AND i.id = $2";
    USE_INVITATION = "UPDATE invitations SET used_at = $3 WHERE tenant_id = $1 AND id = $2 AND used_at IS NULL";
    VOID_INVITATIONS = "UPDATE invitations SET used_at = $3 WHERE tenant_id = $1 AND account_id = $2 AND used_at IS NULL";
    SET_PIN = "UPDATE accounts SET pin_hash = $3, failures = 0, locked_until = NULL WHERE tenant_id = $1 AND id = $2";
    SET_PASSWORD = "UPDATE accounts SET password_hash = $3, password_expires_at = $4, failures = 0, locked_until = NULL
        WHERE tenant_id = $1 AND id = $2";
    EXPIRE_PASSWORD = "UPDATE accounts SET password_expires_at = $3 WHERE tenant_id = $1 AND id = $2 AND password_hash IS NOT NULL";
    ADD_PAST_PASSWORD = "INSERT INTO password_histories (tenant_id, id, account_id, password_hash, set_at) VALUES ($1, $2, $3, $4, $5)";
    PAST_PASSWORDS = "SELECT password_hash FROM password_histories WHERE tenant_id = $1 AND account_id = $2
        ORDER BY set_at DESC, id DESC LIMIT $3";
    FORGET_PAST_PASSWORDS = "DELETE FROM password_histories WHERE tenant_id = $1 AND account_id = $2 AND id NOT IN
        (SELECT id FROM password_histories WHERE tenant_id = $1 AND account_id = $2 ORDER BY set_at DESC, id DESC LIMIT $3)";
    ACCOUNT = "SELECT a.id, a.name, a.login_name, a.disabled_at, a.locked_until, a.created_at, o.name AS organisation_name,
            (SELECT MAX(s.seen_at) FROM sessions s WHERE s.tenant_id = a.tenant_id AND s.account_id = a.id) AS seen_at,
            (SELECT MAX(i.expires_at) FROM invitations i
                WHERE i.tenant_id = a.tenant_id AND i.account_id = a.id AND i.used_at IS NULL) AS invited_until
        FROM accounts a JOIN organisations o ON o.tenant_id = a.tenant_id AND o.id = a.organisation_id
        WHERE a.tenant_id = $1 AND a.id = $2";
    ACCOUNTS = "SELECT a.id, a.name, a.login_name, a.disabled_at, a.locked_until, a.created_at, o.name AS organisation_name,
            (SELECT MAX(s.seen_at) FROM sessions s WHERE s.tenant_id = a.tenant_id AND s.account_id = a.id) AS seen_at,
            (SELECT MAX(i.expires_at) FROM invitations i
                WHERE i.tenant_id = a.tenant_id AND i.account_id = a.id AND i.used_at IS NULL) AS invited_until
        FROM accounts a JOIN organisations o ON o.tenant_id = a.tenant_id AND o.id = a.organisation_id
        WHERE a.tenant_id = $1 AND (a.created_at, a.id) > ($2, $3) ORDER BY a.created_at, a.id LIMIT $4";
    GRANTS_OF_PAGE = concat!(reaching!(), "JOIN (SELECT id FROM accounts WHERE tenant_id = $1 AND (created_at, id) > ($2, $3)
        ORDER BY created_at, id LIMIT $4) p ON p.id = g.account_id WHERE g.tenant_id = $1 ORDER BY g.id");
    GRANTS_OF_ACCOUNT = concat!(reaching!(), "WHERE g.tenant_id = $1 AND g.account_id = $2 ORDER BY g.id");
    REACHES = "SELECT 'estate' AS reach, id, name FROM estates WHERE tenant_id = $1
        UNION ALL SELECT 'grid' AS reach, id, name FROM grids WHERE tenant_id = $1
        UNION ALL SELECT 'organisation' AS reach, id, name FROM organisations WHERE tenant_id = $1 AND closed_at IS NULL
        ORDER BY 1, 3 LIMIT 2000";
}

record! {
    pub(super) struct ShutOut { pub id: Uuid, pub name: String, pub created_at: Timestamp, pub locked_until: Option<Timestamp> }
    #[derive(Debug, Clone)]
    pub struct Tenant { pub tenant_id: Uuid, pub kind: TenantKind, pub code: String, pub name: String }
    #[derive(Debug, Clone)]
    pub struct Organisation { pub id: Uuid, pub kind: OrganisationKind, pub name: String, pub phone: Option<String> }
    pub(super) struct Login { pub tenant_id: Uuid, pub account_id: Uuid }
    pub(super) struct Credentials {
        pub id: Uuid, pub login_name: Option<String>, pub password_hash: Option<String>, pub pin_hash: Option<String>,
        pub locked_until: Option<Timestamp>, pub failures: i64, pub disabled_at: Option<Timestamp>,
    }
    pub(super) struct Session {
        pub kind: SessionKind, pub secret_hash: Vec<u8>, pub seen_at: Timestamp, pub expires_at: Timestamp,
        pub revoked_at: Option<Timestamp>, pub account_id: Uuid, pub name: String, pub organisation_id: Uuid,
        pub disabled_at: Option<Timestamp>, pub password_expires_at: Option<Timestamp>, pub tenant_name: String,
        pub tenant_code: String,
    }
    struct Who { id: Uuid, name: String, organisation_id: Uuid, tenant_code: String, tenant_name: String }
    struct Holding { id: Uuid, name: String, role: Role, reach: Reach, reach_id: Option<Uuid> }
    /// A session that still lets in, as pages list it.
    pub(super) struct LiveSession { pub id: Uuid, pub kind: SessionKind, pub label: String, pub seen_at: Timestamp }
    pub(super) struct PastPassword { pub password_hash: String }
    pub(super) struct Invitation {
        pub account_id: Uuid, pub secret_hash: Vec<u8>, pub expires_at: Timestamp, pub used_at: Option<Timestamp>,
        pub name: String, pub disabled_at: Option<Timestamp>, pub tenant_name: String,
    }
    pub(super) struct Account {
        pub id: Uuid, pub name: String, pub login_name: Option<String>, pub disabled_at: Option<Timestamp>,
        pub locked_until: Option<Timestamp>, pub created_at: Timestamp, pub organisation_name: String,
        pub seen_at: Option<Timestamp>, pub invited_until: Option<Timestamp>,
    }
    /// A grant as pages show it.
    pub(super) struct ShownGrant {
        pub id: Uuid, pub account_id: Uuid, pub role: Role, pub reach: Reach, pub reach_name: Option<String>,
    }
    /// What a grant can be limited to.
    pub(super) struct Reachable { pub reach: Reach, pub id: Uuid, pub name: String }
}

pub async fn tenant(tx: &mut Tx, tenant: Uuid) -> Result<Tenant> {
    Ok(tx.one(TENANT.bind(tenant)).await?)
}

pub async fn tenant_by_code(tx: &mut Tx, code: &str) -> Result<Option<Tenant>> {
    Ok(tx.optional(TENANT_BY_CODE.bind(code)).await?)
}

/// The first thousand tenants, oldest first: for commands that serve one installation.
pub async fn tenants(tx: &mut Tx) -> Result<Vec<Tenant>> {
    Ok(tx.all(TENANTS).await?)
}

/// The organisations that an issue can be given to or an account can belong to.
pub async fn organisations(tx: &mut Tx, tenant: Uuid) -> Result<Vec<Organisation>> {
    Ok(tx.all(ORGANISATIONS.bind(tenant)).await?)
}

pub async fn organisation(tx: &mut Tx, tenant: Uuid, id: Uuid) -> Result<Organisation> {
    Ok(tx.one(ORGANISATION.bind(tenant).bind(id)).await?)
}

/// Somebody as they are when the program acts for them without a session of theirs: to enter what they wrote down.
pub async fn viewer_of(tx: &mut Tx, tenant: Uuid, account: Uuid) -> Result<Viewer> {
    let Who { id, name, organisation_id, tenant_code, tenant_name } = tx.one(WHO.bind(tenant).bind(account)).await?;
    let grants = grants(tx, tenant, account).await?;
    Ok(Viewer {
        tenant,
        tenant_code,
        tenant_name,
        account: id,
        name,
        organisation: organisation_id,
        session: Uuid::nil(),
        kind: SessionKind::Device,
        seen_at: Timestamp::UNIX_EPOCH,
        password_expired: false,
        grants,
    })
}

/// An account with those of its grants that carry a permission.
#[derive(Debug, Clone)]
pub struct Holder {
    pub account: Uuid,
    pub name: String,
    pub grants: Vec<Grant>,
}

/// Who has a permission, the oldest accounts first.
pub async fn holders(tx: &mut Tx, tenant: Uuid, permission: Permission) -> Result<Vec<Holder>> {
    let roles: Vec<&str> = permission.roles().iter().map(|role| role.code()).collect();
    let rows: Vec<Holding> = tx.all(HOLDERS.bind(tenant).bind(format!(",{},", roles.join(",")))).await?;
    let mut holders: Vec<Holder> = Vec::new();
    for Holding { id, name, role, reach, reach_id } in rows {
        if holders.last().is_none_or(|last| last.account != id) {
            holders.push(Holder { account: id, name, grants: Vec::new() });
        }
        if let Some(last) = holders.last_mut() {
            last.grants.push(Grant { role, reach, reach_id });
        }
    }
    Ok(holders)
}

pub(super) async fn grants(tx: &mut Tx, tenant: Uuid, account: Uuid) -> Result<Vec<Grant>> {
    Ok(tx.all(GRANTS.bind(tenant).bind(account)).await?)
}

pub(super) async fn account(tx: &mut Tx, tenant: Uuid, id: Uuid) -> Result<(Account, Vec<ShownGrant>)> {
    let account = tx.one(ACCOUNT.bind(tenant).bind(id)).await?;
    Ok((account, shown_grants(tx, tenant, id).await?))
}

pub(super) async fn shown_grants(tx: &mut Tx, tenant: Uuid, account: Uuid) -> Result<Vec<ShownGrant>> {
    let grants = tx.all(GRANTS_OF_ACCOUNT.bind(tenant).bind(account)).await?;
    named(tx, tenant, grants).await
}

/// Names what a grant of everything reaches, by the kind of the tenant.
async fn named(tx: &mut Tx, tenant: Uuid, mut grants: Vec<ShownGrant>) -> Result<Vec<ShownGrant>> {
    let whole = self::tenant(tx, tenant).await?.kind.whole();
    for grant in grants.iter_mut().filter(|grant| grant.reach == Reach::Tenant) {
        grant.reach_name = Some(whole.to_owned());
    }
    Ok(grants)
}

/// A page of accounts, in the order in which they were made, each with its grants.
pub(super) async fn accounts(
    tx: &mut Tx,
    tenant: Uuid,
    after: Cursor,
    size: usize,
) -> Result<Page<(Account, Vec<ShownGrant>)>> {
    let limit = i64::try_from(size + 1).unwrap_or(i64::MAX);
    let accounts: Vec<Account> = tx.all(ACCOUNTS.bind(tenant).bind(after.key).bind(after.id).bind(limit)).await?;
    let grants: Vec<ShownGrant> =
        tx.all(GRANTS_OF_PAGE.bind(tenant).bind(after.key).bind(after.id).bind(limit)).await?;
    let grants = named(tx, tenant, grants).await?;
    let mut grants_by_account: HashMap<Uuid, Vec<ShownGrant>> = HashMap::new();
    for grant in grants {
        grants_by_account.entry(grant.account_id).or_default().push(grant);
    }
    let accounts = accounts.into_iter().map(|account| {
        let grants = grants_by_account.remove(&account.id).unwrap_or_default();
        (account, grants)
    });
    let cursor = |(account, _): &(Account, _)| Cursor { key: account.created_at.as_millisecond(), id: account.id };
    Ok(Page::of(accounts.collect(), size, cursor))
}

/// The estates, grids and organisations that a grant can be limited to.
pub(super) async fn reaches(tx: &mut Tx, tenant: Uuid) -> Result<Vec<Reachable>> {
    Ok(tx.all(REACHES.bind(tenant)).await?)
}

pub(super) async fn add_session(
    tx: &mut Tx,
    act: &Act,
    link: &Link,
    account: Uuid,
    kind: SessionKind,
    label: &str,
    expires_at: Timestamp,
) -> Result<()> {
    let session = ADD_SESSION.bind(link.tenant).bind(link.id).bind(account).bind(kind).bind(link.hash()).bind(label);
    tx.execute(session.bind(act.at).bind(expires_at)).await?;
    Ok(())
}

/// Accounts whose owner cannot sign in now; at most 50.
pub(super) async fn shut_out(tx: &mut Tx, tenant: Uuid, now: Timestamp) -> Result<Vec<ShutOut>> {
    Ok(tx.all(SHUT_OUT.bind(tenant).bind(now)).await?)
}
