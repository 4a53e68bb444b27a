//! Party organisations are made and changed. Each has an organisation of `access`, so that its campaigns and meetings are its
//! own and a grant can reach it; a 党小组 has that of its branch.

use db::Tx;
use jiff::ToSpan;
use jiff::civil::Date;
use uuid::Uuid;

use super::model::{Kind, Rules};
use super::store::{self, ADD_ORGANISATION, CHANGE_ORGANISATION, END_TERM, Organisation};
use crate::access::{self, Act, OrganisationKind, Scope};
use crate::audit::{self, Change};
use crate::error::{Error, Result};
use crate::settings;

#[derive(Debug, Clone)]
pub struct NewOrganisation {
    pub kind: Kind,
    pub name: String,
    pub parent: Option<Uuid>,
    /// Without one it looks after the estate of its parent, if that has one.
    pub estate: Option<Uuid>,
    pub founded_on: Option<String>,
}

/// Errors: refused if the name is taken or the kind cannot stand below the parent.
pub async fn create(tx: &mut Tx, act: &Act, new: NewOrganisation) -> Result<Uuid> {
    let everything = Scope::tenant();
    if store::named(tx, act.tenant, &everything, &new.name).await?.is_some() {
        return Err(Error::refused("已经有一个同名的党组织"));
    }
    let parent = match new.parent {
        Some(id) => Some(store::organisation(tx, act.tenant, &everything, id).await?),
        None => None,
    };
    match &parent {
        Some(parent) if !parent.kind.holds(new.kind) => {
            return Err(Error::refused(format!("{}下面不能设{}", parent.kind, new.kind)));
        }
        None if new.kind == Kind::Group => return Err(Error::refused("党小组要设在一个党支部下面，请选上级")),
        _ => {}
    }
    let organisation = match &parent {
        Some(parent) if new.kind == Kind::Group => parent.organisation_id,
        _ => own(tx, act, parent.as_ref(), &new.name).await?,
    };
    let estate = new.estate.or(parent.as_ref().and_then(|parent| parent.estate_id));
    let id = act.id();
    let row = ADD_ORGANISATION.bind(act.tenant).bind(id).bind(new.parent).bind(new.kind).bind(&new.name).bind(estate);
    tx.execute(row.bind(organisation).bind(new.founded_on).bind(act.at)).await?;
    audit::record(tx, act, "create", ("party_organisation", id), &new.name, &[]).await?;
    Ok(id)
}

/// The organisation of the same name that is nobody's yet, or a new one.
async fn own(tx: &mut Tx, act: &Act, parent: Option<&Organisation>, name: &str) -> Result<Uuid> {
    let known = access::organisations(tx, act.tenant).await?;
    let same = |known: &&access::Organisation| known.kind == OrganisationKind::PartyBranch && known.name == name;
    if let Some(same) = known.iter().find(same)
        && store::branch_of(tx, act.tenant, same.id).await?.is_none()
    {
        return Ok(same.id);
    }
    let above = parent.map(|parent| parent.organisation_id).or(act.organisation);
    access::create_organisation(tx, act, above, OrganisationKind::PartyBranch, name, None).await
}

/// The party organisation whose campaigns and meetings an organisation's are.
pub async fn branch_of(tx: &mut Tx, tenant: Uuid, organisation: Uuid) -> Result<Option<Uuid>> {
    store::branch_of(tx, tenant, organisation).await
}

/// What its place in the tree does not allow it to become, in words.
async fn refuse_misplaced(tx: &mut Tx, act: &Act, now: &Organisation) -> Result<()> {
    let all = store::organisations(tx, act.tenant, &Scope::tenant()).await?;
    if let Some(parent) = all.iter().find(|known| Some(known.id) == now.parent_id && !known.kind.holds(now.kind)) {
        return Err(Error::refused(format!("{}下面不能设{}", parent.kind, now.kind)));
    }
    if let Some(child) = all.iter().find(|known| known.parent_id == Some(now.id) && !now.kind.holds(known.kind)) {
        return Err(Error::refused(format!("下面有{}“{}”，不能改成{}", child.kind, child.name, now.kind)));
    }
    Ok(())
}

/// Writes what has become of an organisation that somebody saw in some version. What issues are given to bears its new name, too.
///
/// Errors: stale if somebody else has changed it since; refused if it cannot be of that kind where it stands.
pub(super) async fn change(tx: &mut Tx, act: &Act, before: &Organisation, now: &Organisation) -> Result<()> {
    if now.kind != before.kind {
        refuse_misplaced(tx, act, now).await?;
    }
    if now.name != before.name && now.kind != Kind::Group {
        access::rename_organisation(tx, act, now.organisation_id, &now.name).await?;
    }
    let row = CHANGE_ORGANISATION.bind(act.tenant).bind(now.id).bind(before.lock_version).bind(now.kind);
    let row = row.bind(&now.name).bind(now.estate_id).bind(now.founded_on.as_deref());
    let row = row.bind(now.term_began_on.as_deref()).bind(now.term_ends_on.as_deref());
    if tx.execute(row).await? == 0 {
        return Err(Error::Stale("这个党组织刚刚有别人改过，请看一下再改。".to_owned()));
    }
    let mut changes = Vec::new();
    let mut compare = |field, old: Option<String>, new: Option<String>| {
        if old != new {
            changes.push(Change { field, old, new });
        }
    };
    compare("kind", Some(before.kind.to_string()), Some(now.kind.to_string()));
    compare("name", Some(before.name.clone()), Some(now.name.clone()));
    compare("estate", before.estate_id.map(|id| id.to_string()), now.estate_id.map(|id| id.to_string()));
    compare("founded_on", before.founded_on.clone(), now.founded_on.clone());
    compare("term_began_on", before.term_began_on.clone(), now.term_began_on.clone());
    compare("term_ends_on", before.term_ends_on.clone(), now.term_ends_on.clone());
    audit::record(tx, act, "update", ("party_organisation", now.id), "", &changes).await?;
    // A new committee takes office: whoever sat on the old one sits there only if they were elected again.
    if let Some(began) = now.term_began_on.as_deref().filter(|began| before.term_began_on.as_deref() < Some(began)) {
        tx.execute(END_TERM.bind(act.tenant).bind(now.id).bind(began)).await?;
    }
    Ok(())
}

/// The last day of a term that begins on a day, by the setting.
pub(super) fn term_end(rules: &Rules, began: Date) -> Option<Date> {
    began.checked_add(rules.term_years.years()).ok()?.checked_sub(1.day()).ok()
}

/// A new committee takes office; what it was before stays in the history.
pub async fn begin_term(tx: &mut Tx, act: &Act, id: Uuid, began: Date) -> Result<()> {
    let rules: Rules = settings::read(tx, act.tenant, act.at).await?;
    let before = store::organisation(tx, act.tenant, &Scope::tenant(), id).await?;
    let ends = term_end(&rules, began).map(|day| day.to_string());
    let now = Organisation { term_began_on: Some(began.to_string()), term_ends_on: ends, ..before.clone() };
    change(tx, act, &before, &now).await
}
