//! Tags set, confirmed and ended by hand, each on some evidence. What follows from facts is not set by anybody. Three tags are
//! restricted 限制登记: they stand in a table of their own, which no list, figure, roll, export or search reads, and only those
//! with the permission see or set them, where the community has decided to register them at all.

use db::{Tx, record, statements, text_enum};
use jiff::Timestamp;
use serde::Deserialize;
use uuid::Uuid;

use super::enrol::{END_TAG, add_tag};
use super::tag::Tag;
use super::{figures, person};
use crate::access::Act;
use crate::audit::{self, Change};
use crate::error::{Error, Result};
use crate::settings::{self, Setting};

text_enum! {
    /// A tag that only named roles may know of.
    pub enum RestrictedTag {
        MentalDisorder = "mental_disorder" "精神障碍患者",
        CommunityCorrection = "community_correction" "社区矫正",
        Released = "released" "刑满释放（安置帮教）",
    }
}

/// Whether a community registers restricted tags at all.
#[derive(Debug, Clone, Copy, Deserialize)]
struct Restricted {
    registered: Switch,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Switch {
    Off,
    On,
}

impl Setting for Restricted {
    const NAME: &'static str = "registry.restricted_tags";
}

statements! {
    OF_RESIDENT = "SELECT t.tag, t.since, t.evidence, t.verified_at, a.name AS set_by FROM resident_tags t
        LEFT JOIN accounts a ON a.tenant_id = t.tenant_id AND a.id = t.set_by
        WHERE t.tenant_id = $1 AND t.resident_id = $2 AND t.until IS NULL ORDER BY t.tag LIMIT 100";
    CONFIRM = "UPDATE resident_tags SET verified_at = $4, evidence = $5
        WHERE tenant_id = $1 AND resident_id = $2 AND tag = $3 AND until IS NULL";
    RESTRICTED = "SELECT t.id, t.tag, t.since, t.evidence_sealed, t.verified_at, a.name AS set_by FROM restricted_tags t
        LEFT JOIN accounts a ON a.tenant_id = t.tenant_id AND a.id = t.set_by
        WHERE t.tenant_id = $1 AND t.resident_id = $2 AND t.until IS NULL ORDER BY t.tag LIMIT 10";
    ADD_RESTRICTED = "INSERT INTO restricted_tags (tenant_id, id, resident_id, tag, since, evidence_sealed, set_by, verified_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $5)";
    CONFIRM_RESTRICTED = "UPDATE restricted_tags SET verified_at = $3, evidence_sealed = $4 WHERE tenant_id = $1 AND id = $2";
    /// Those that the other record does not have.
    CARRY_RESTRICTED = "UPDATE restricted_tags SET resident_id = $3 WHERE tenant_id = $1 AND resident_id = $2 AND until IS NULL AND tag NOT IN
        (SELECT tag FROM restricted_tags WHERE tenant_id = $1 AND resident_id = $3 AND until IS NULL)";
    END_RESTRICTED = "UPDATE restricted_tags SET until = $3, evidence_sealed = $4 WHERE tenant_id = $1 AND id = $2";
}

record! {
    /// A tag that holds, as the page of tags shows it.
    #[derive(Debug, Clone)]
    pub struct HeldTag { pub tag: Tag, pub since: Timestamp, pub evidence: String, pub verified_at: Timestamp, pub set_by: Option<String> }
    struct StoredRestricted {
        id: Uuid, tag: RestrictedTag, since: Timestamp, evidence_sealed: Option<Vec<u8>>, verified_at: Timestamp, set_by: Option<String>,
    }
}

/// A restricted tag that holds.
#[derive(Debug, Clone)]
pub struct HeldRestricted {
    id: Uuid,
    pub tag: RestrictedTag,
    pub since: Timestamp,
    pub evidence: String,
    pub verified_at: Timestamp,
    pub set_by: Option<String>,
}

/// The tags of a resident that hold.
pub(super) async fn held(tx: &mut Tx, tenant: Uuid, resident: Uuid) -> Result<Vec<HeldTag>> {
    Ok(tx.all(OF_RESIDENT.bind(tenant).bind(resident)).await?)
}

/// Sets a tag that does not hold yet, or has somebody see that it still holds.
///
/// Errors: refused if the tag follows from facts.
pub(super) async fn set(tx: &mut Tx, act: &Act, resident: Uuid, tag: Tag, evidence: &str, reason: &str) -> Result<()> {
    refuse_derived(tag)?;
    let confirmed = CONFIRM.bind(act.tenant).bind(resident).bind(tag).bind(act.at).bind(evidence);
    if tx.execute(confirmed).await? > 0 {
        return audit::record(tx, act, "confirm_tag", ("resident", resident), reason, &[]).await;
    }
    add_tag(tx, act, resident, tag, evidence).await?;
    let change = Change { field: "tag", old: None, new: Some(tag.code().to_owned()) };
    tag_changed(tx, act, resident, reason, change).await
}

/// Ends a tag, with what it is known from. It may have ended before.
///
/// Errors: refused if the tag follows from facts.
pub(super) async fn end(tx: &mut Tx, act: &Act, resident: Uuid, tag: Tag, evidence: &str, reason: &str) -> Result<()> {
    refuse_derived(tag)?;
    let row = END_TAG.bind(act.tenant).bind(resident).bind(tag).bind(act.at).bind(format!("；{evidence}"));
    if tx.execute(row).await? == 0 {
        return Ok(());
    }
    let change = Change { field: "tag", old: Some(tag.code().to_owned()), new: None };
    tag_changed(tx, act, resident, reason, change).await
}

fn refuse_derived(tag: Tag) -> Result<()> {
    if tag.is_derived() {
        return Err(Error::refused(format!("“{tag}”由程序按年龄和同住的人算出，不用人填。请改出生日期或同住的人")));
    }
    Ok(())
}

async fn tag_changed(tx: &mut Tx, act: &Act, resident: Uuid, reason: &str, change: Change) -> Result<()> {
    let building = person::person(tx, act, resident).await?.building;
    figures::touch(tx, act, building).await?;
    audit::record(tx, act, "update", ("resident", resident), reason, &[change]).await
}

// ---------- restricted ----------

/// Whether the community registers restricted tags.
pub(super) async fn are_registered(tx: &mut Tx, tenant: Uuid, now: Timestamp) -> Result<bool> {
    Ok(settings::read::<Restricted>(tx, tenant, now).await?.registered == Switch::On)
}

/// The restricted tags of a resident, for those who may know of them.
pub(super) async fn restricted(tx: &mut Tx, act: &Act, resident: Uuid) -> Result<Vec<HeldRestricted>> {
    let stored: Vec<StoredRestricted> = tx.all(RESTRICTED.bind(act.tenant).bind(resident)).await?;
    let open = |stored: StoredRestricted| {
        let StoredRestricted { id, tag, since, evidence_sealed, verified_at, set_by } = stored;
        let evidence = evidence_sealed.map(|sealed| act.open("restricted_tag", &sealed)).transpose()?;
        Ok(HeldRestricted { id, tag, since, evidence: evidence.unwrap_or_default(), verified_at, set_by })
    };
    stored.into_iter().map(open).collect()
}

/// Sets a restricted tag, or has somebody see that it still holds. The audit log names neither the person nor the tag.
///
/// Errors: refused where the community does not register them.
pub(super) async fn set_restricted(
    tx: &mut Tx,
    act: &Act,
    resident: Uuid,
    tag: RestrictedTag,
    evidence: &str,
) -> Result<()> {
    if !are_registered(tx, act.tenant, act.at).await? {
        return Err(Error::refused("本社区没有开启这类标签的登记。确有法定职责的，请系统管理员在“参数”里开启。"));
    }
    let sealed = act.seal("restricted_tag", evidence)?;
    if let Some(held) = restricted(tx, act, resident).await?.into_iter().find(|held| held.tag == tag) {
        tx.execute_one(CONFIRM_RESTRICTED.bind(act.tenant).bind(held.id).bind(act.at).bind(sealed)).await?;
        return audit::record(tx, act, "confirm_tag", ("restricted_tag", held.id), "", &[]).await;
    }
    let id = act.id();
    let row = ADD_RESTRICTED.bind(act.tenant).bind(id).bind(resident).bind(tag).bind(act.at).bind(sealed);
    tx.execute(row.bind(act.account)).await?;
    audit::record(tx, act, "tag", ("restricted_tag", id), "", &[]).await
}

/// Ends a restricted tag. What was registered can be ended also where nothing new is registered any more.
///
/// Errors: not found if it does not hold.
pub(super) async fn end_restricted(
    tx: &mut Tx,
    act: &Act,
    resident: Uuid,
    tag: RestrictedTag,
    evidence: &str,
) -> Result<()> {
    let held = restricted(tx, act, resident).await?.into_iter().find(|held| held.tag == tag).ok_or(Error::NotFound)?;
    let sealed = act.seal("restricted_tag", &format!("{}；{evidence}", held.evidence))?;
    tx.execute_one(END_RESTRICTED.bind(act.tenant).bind(held.id).bind(act.at).bind(sealed)).await?;
    audit::record(tx, act, "untag", ("restricted_tag", held.id), "", &[]).await
}

/// What is restricted of somebody goes over to the record that stays.
pub(super) async fn carry_restricted(tx: &mut Tx, act: &Act, from: Uuid, to: Uuid) -> Result<()> {
    tx.execute(CARRY_RESTRICTED.bind(act.tenant).bind(from).bind(to)).await?;
    Ok(())
}
