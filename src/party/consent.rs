//! 亮身份: somebody agrees to be shown to the neighbours, and takes it back whenever they like (个人信息保护法, art. 25 and 15).
//! What is shown is read from here each time, so that nothing stays on show.

use db::Tx;
use jiff::civil::Date;
use uuid::Uuid;

use super::member;
use super::model::{How, Kind, Post};
use super::store::{self, AGREE, WITHDRAW};
use crate::access::{Act, Scope};
use crate::audit;
use crate::error::{Error, Result};

/// Notes that a member has agreed. It may have been noted before.
///
/// Errors: refused of somebody who is not here any more.
pub async fn agree(tx: &mut Tx, act: &Act, id: Uuid, how: How, on: Date) -> Result<()> {
    let member = member::card(tx, act, &Scope::tenant(), id).await?;
    if member.ended.is_some() {
        return Err(Error::refused("这名党员已不在这里，不能再公开"));
    }
    let row = AGREE.bind(act.tenant).bind(act.id()).bind(id).bind(how).bind(on.to_string());
    if tx.execute(row.bind(act.account).bind(act.at)).await? > 0 {
        audit::record(tx, act, "agree", ("party_member", id), &format!("同意亮身份（{how}）"), &[]).await?;
    }
    Ok(())
}

/// Takes a member off every public page, at once. `how` is `None` where it follows from their leaving.
pub async fn withdraw(tx: &mut Tx, act: &Act, member: Uuid, how: Option<How>, on: Date) -> Result<()> {
    let row = WITHDRAW.bind(act.tenant).bind(member).bind(how).bind(on.to_string()).bind(act.account).bind(act.at);
    if tx.execute(row).await? > 0 {
        let why = how.map_or("已不在这里，停止公开".to_owned(), |how| format!("撤回亮身份（{how}）"));
        audit::record(tx, act, "take_back", ("party_member", member), &why, &[]).await?;
    }
    Ok(())
}

/// Whoever is shown: name and posts, and nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shown {
    pub id: Uuid,
    pub name: String,
    /// With the kind of the organisation: 党支部书记.
    pub posts: Vec<(Kind, Post)>,
}

/// The name of a member whom the board of an estate shows.
///
/// Errors: not found if it does not, or not any more.
pub async fn shown_member(tx: &mut Tx, tenant: Uuid, estate: Uuid, member: Uuid) -> Result<String> {
    let shown = store::shown(tx, tenant, estate).await?;
    shown.into_iter().find(|row| row.id == member).map(|row| row.name).ok_or(Error::NotFound)
}

/// Those who have agreed and live in an estate, or belong to its branch, building by building; the building of some is not known.
pub(super) async fn shown(tx: &mut Tx, tenant: Uuid, estate: Uuid) -> Result<Vec<(Option<String>, Vec<Shown>)>> {
    let mut buildings: Vec<(Option<String>, Vec<Shown>)> = Vec::new();
    for row in store::shown(tx, tenant, estate).await? {
        if buildings.last().is_none_or(|(building, _)| *building != row.building_name) {
            buildings.push((row.building_name, Vec::new()));
        }
        let Some((_, people)) = buildings.last_mut() else { continue };
        if people.last().is_none_or(|person| person.id != row.id) {
            people.push(Shown { id: row.id, name: row.name, posts: Vec::new() });
        }
        if let Some(person) = people.last_mut() {
            person.posts.extend(row.post_kind.zip(row.post));
            person.posts.sort_unstable();
        }
    }
    Ok(buildings)
}
