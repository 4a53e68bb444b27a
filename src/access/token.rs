//! 令牌: by which another program is let in, to what its scopes name and nothing else. The text of a token is a [`Link`], shown once
//! when it is made; what is kept is a keyed hash. One that shows what residents have said lets nobody in before the secretary has
//! approved it, since whoever runs the program may not read that themselves.

use db::{Db, Tx, record, statements, text_enum};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;
use uuid::Uuid;

use super::{Act, Link, Role};
use crate::audit;
use crate::error::{Error, Result};
use crate::means::Means;
use crate::settings::Setting;

text_enum! {
    /// What a token opens. Each route for programs names one.
    pub enum TokenScope {
        ListsRead = "lists:read" "查看类别、小区和楼栋",
        IssuesRead = "issues:read" "查看诉求和公开的进度",
        IssuesInternal = "issues:internal" "查看诉求的原话和内部记录",
        IssuesReporter = "issues:reporter" "查看反映人（打码，每次留痕）",
        IssuesWrite = "issues:write" "登记诉求",
        BoardRead = "board:read" "查看公示",
        ReportsRead = "reports:read" "查看报表的数字",
    }
}

impl TokenScope {
    /// Opens what residents have said in their own words, or who they are.
    pub fn is_confidential(self) -> bool {
        matches!(self, TokenScope::IssuesInternal | TokenScope::IssuesReporter)
    }
}

statements! {
    ADD = "INSERT INTO api_tokens (tenant_id, id, name, scopes, estate_id, fingerprint, created_by, created_at, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    GET = "SELECT k.name, k.scopes, k.estate_id, k.fingerprint, k.expires_at, k.used_on, k.revoked_at, k.approved_at, t.code AS tenant_code
        FROM api_tokens k JOIN tenants t ON t.tenant_id = k.tenant_id WHERE k.tenant_id = $1 AND k.id = $2";
    USED = "UPDATE api_tokens SET used_on = $3 WHERE tenant_id = $1 AND id = $2";
    CREATOR = "SELECT created_by, scopes FROM api_tokens WHERE tenant_id = $1 AND id = $2";
    APPROVE = "UPDATE api_tokens SET approved_by = $3, approved_at = $4
        WHERE tenant_id = $1 AND id = $2 AND approved_at IS NULL AND revoked_at IS NULL";
    REVOKE = "UPDATE api_tokens SET revoked_at = $3 WHERE tenant_id = $1 AND id = $2 AND revoked_at IS NULL";
    /// Estates belong to the slice above; that a token can be limited to one is all that is known of them here.
    LIST = "SELECT k.id, k.name, k.scopes, k.created_at, k.expires_at, k.used_on, k.revoked_at, k.approved_at,
            a.name AS creator, e.name AS estate_name
        FROM api_tokens k LEFT JOIN accounts a ON a.tenant_id = k.tenant_id AND a.id = k.created_by LEFT JOIN estates e ON e.tenant_id = k.tenant_id AND e.id = k.estate_id
        WHERE k.tenant_id = $1 ORDER BY k.created_at DESC, k.id DESC LIMIT 200";
    ESTATES = "SELECT id, name FROM estates WHERE tenant_id = $1 ORDER BY created_at, id LIMIT 500";
}

record! {
    struct Kept {
        name: String, scopes: String, estate_id: Option<Uuid>, fingerprint: Vec<u8>, expires_at: Timestamp, used_on: Option<String>,
        revoked_at: Option<Timestamp>, approved_at: Option<Timestamp>, tenant_code: String,
    }
    struct Made { created_by: Option<Uuid>, scopes: String }
    /// A token as the page lists it.
    pub(super) struct Listed {
        pub id: Uuid, pub name: String, pub scopes: String, pub created_at: Timestamp, pub expires_at: Timestamp, pub used_on: Option<String>,
        pub revoked_at: Option<Timestamp>, pub approved_at: Option<Timestamp>, pub creator: Option<String>, pub estate_name: Option<String>,
    }
    pub(super) struct Named { pub id: Uuid, pub name: String }
}

/// How long a token may last.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(super) struct Rules {
    pub longest_days: i64,
}

impl Setting for Rules {
    const NAME: &'static str = "access.tokens";
}

/// Another program, as a request found it.
#[derive(Debug, Clone)]
pub struct Token {
    pub tenant: Uuid,
    pub tenant_code: String,
    pub id: Uuid,
    pub name: String,
    pub scopes: Vec<TokenScope>,
    /// The only estate that it knows of.
    pub estate: Option<Uuid>,
}

impl Token {
    pub fn may(&self, scope: TokenScope) -> bool {
        self.scopes.contains(&scope)
    }

    /// What a program files it files for a resident. That it was this program, [`note`](Token::note) says.
    pub fn act(&self, means: &Means) -> Act {
        Act::resident(self.tenant, means)
    }

    /// Whether something in an estate, or in none, is within reach.
    pub fn reaches(&self, estate: Option<Uuid>) -> bool {
        self.estate.is_none() || self.estate == estate
    }

    /// Notes in the audit log what a program has done with its token.
    pub async fn note(&self, tx: &mut Tx, means: &Means, action: &str, what: &str) -> Result<()> {
        let act = Act { role: Role::System, ..Act::system(self.tenant, means) };
        audit::record(tx, &act, action, ("api_token", self.id), &format!("{}：{what}", self.name), &[]).await
    }
}

/// What the header of a request turned out to be.
#[derive(Debug, Clone)]
pub enum Bearer {
    Known(Token),
    /// Not known, not approved, revoked or expired.
    Stranger,
    /// Asks too often: in so many seconds again.
    TooOften(u64),
    /// The database did not answer.
    Unknown,
}

/// Finds out whose token a text is, and notes once a day that it is in use.
pub async fn recognise(db: &Db, text: &str, means: &Means) -> Result<Option<Token>> {
    let Ok(link) = text.trim().parse::<Link>() else { return Ok(None) };
    let mut tx = db.read().await?;
    let Some(kept) = tx.optional::<Kept>(GET.bind(link.tenant).bind(link.id)).await? else { return Ok(None) };
    drop(tx);
    let now = means.now();
    // Keyed hashes are compared, so how long it takes says nothing about the token.
    if kept.fingerprint != fingerprint(means, &link) || kept.revoked_at.is_some() || kept.expires_at <= now {
        return Ok(None);
    }
    if is_confidential(&kept.scopes) && kept.approved_at.is_none() {
        return Ok(None);
    }
    let today = day(now).to_string();
    if kept.used_on.as_deref() != Some(&today) {
        let mut tx = db.begin().await?;
        tx.execute(USED.bind(link.tenant).bind(link.id).bind(today)).await?;
        tx.commit().await?;
    }
    Ok(Some(Token {
        tenant: link.tenant,
        tenant_code: kept.tenant_code,
        id: link.id,
        name: kept.name,
        scopes: scopes(&kept.scopes),
        estate: kept.estate_id,
    }))
}

/// A token in the making.
pub struct NewToken {
    pub name: String,
    pub scopes: Vec<TokenScope>,
    pub estate: Option<Uuid>,
    /// The last moment at which it is good.
    pub expires_at: Timestamp,
}

/// Makes a token. Its text is in what this returns and nowhere else.
pub async fn create(tx: &mut Tx, act: &Act, new: NewToken) -> Result<Link> {
    let link = Link::new(act.tenant, &act.means);
    let codes: Vec<&str> = new.scopes.iter().map(|scope| scope.code()).collect();
    let row = ADD.bind(act.tenant).bind(link.id).bind(&new.name).bind(codes.join(" ")).bind(new.estate);
    let row = row.bind(fingerprint(&act.means, &link)).bind(act.account).bind(act.at).bind(new.expires_at);
    tx.execute(row).await?;
    let what = format!("{}：{}", new.name, codes.join(" "));
    audit::record(tx, act, "create", ("api_token", link.id), &what, &[]).await?;
    Ok(link)
}

/// Lets a token in that shows what residents have said.
///
/// Errors: refused to whoever made it; stale if it has been approved or revoked.
pub async fn approve(tx: &mut Tx, act: &Act, id: Uuid) -> Result<()> {
    let made = of_confidential(tx, act, id).await?;
    if act.account.is_some() && act.account == made.created_by {
        return Err(Error::refused("自己建的令牌不能自己批，请另一位社区书记批准"));
    }
    if tx.execute(APPROVE.bind(act.tenant).bind(id).bind(act.account).bind(act.at)).await? == 0 {
        return Err(Error::Stale("这个令牌刚刚已经批准或作废，请刷新页面再看。".to_owned()));
    }
    audit::record(tx, act, "approve_token", ("api_token", id), "", &[]).await
}

/// Does not let in a token that shows what residents have said. Others are none of a secretary's.
///
/// Errors: not found if there is no such token that still lets in.
pub(super) async fn refuse(tx: &mut Tx, act: &Act, id: Uuid) -> Result<()> {
    of_confidential(tx, act, id).await?;
    revoke(tx, act, id).await
}

/// Errors: not found if the token shows nothing that would have to be approved.
async fn of_confidential(tx: &mut Tx, act: &Act, id: Uuid) -> Result<Made> {
    let made: Made = tx.one(CREATOR.bind(act.tenant).bind(id)).await?;
    if is_confidential(&made.scopes) { Ok(made) } else { Err(Error::NotFound) }
}

/// Errors: not found if there is no such token that still lets in.
pub(super) async fn revoke(tx: &mut Tx, act: &Act, id: Uuid) -> Result<()> {
    if tx.execute(REVOKE.bind(act.tenant).bind(id).bind(act.at)).await? == 0 {
        return Err(Error::NotFound);
    }
    audit::record(tx, act, "revoke_token", ("api_token", id), "", &[]).await
}

/// The latest first; at most 200.
pub(super) async fn list(tx: &mut Tx, tenant: Uuid) -> Result<Vec<Listed>> {
    Ok(tx.all(LIST.bind(tenant)).await?)
}

/// The estates to which a token can be limited.
pub(super) async fn estates(tx: &mut Tx, tenant: Uuid) -> Result<Vec<Named>> {
    Ok(tx.all(ESTATES.bind(tenant)).await?)
}

pub(super) fn is_confidential(codes: &str) -> bool {
    scopes(codes).into_iter().any(TokenScope::is_confidential)
}

pub(super) fn scopes(codes: &str) -> Vec<TokenScope> {
    codes.split(' ').filter_map(TokenScope::parse).collect()
}

fn fingerprint(means: &Means, link: &Link) -> Vec<u8> {
    means.keys.fingerprint(link.tenant, "api token", &link.to_string())
}

fn day(at: Timestamp) -> Date {
    at.to_zoned_datetime(calendar::shanghai()).date()
}
