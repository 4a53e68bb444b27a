//! What a row does: found out once to show it, and again when it is done.

use std::collections::{BTreeSet, HashMap};

use db::Tx;
use uuid::Uuid;

use super::row::{Column, Entry, Rejection, reject};
use super::{Effect, member};
use crate::access::{Act, Scope};
use crate::error::{Error, Result};
use crate::party::field::{Field, Values};
use crate::party::member::{Card, Home, today};
use crate::party::model::{Kind, Post, Tie};
use crate::party::organisation::{self, NewOrganisation};
use crate::party::store::{self, HeldPost, Organisation};

/// What all rows of a workbook are held against.
pub struct Known {
    /// Those within reach.
    organisations: Vec<Organisation>,
    posts: Vec<HeldPost>,
    /// Whose workbook it is.
    default: Uuid,
    /// Whoever is known of those that the rows speak of, as they were before the first row is carried out.
    by_identity: HashMap<String, Card>,
    by_name: HashMap<String, Vec<Card>>,
    /// Which row already speaks of somebody: of a number, of a name in a branch and whether with a number, of a member.
    numbers: HashMap<String, u32>,
    names: HashMap<(Uuid, String), (u32, bool)>,
    members: HashMap<Uuid, u32>,
}

impl Known {
    pub async fn read(
        tx: &mut Tx,
        act: &Act,
        scope: &Scope,
        default: Uuid,
        entries: impl Iterator<Item = &Entry> + Clone,
    ) -> Result<Known> {
        let said = |field: Field| -> Vec<&str> {
            let values: BTreeSet<&String> = entries.clone().filter_map(|entry| entry.values.get(&field)).collect();
            values.into_iter().map(String::as_str).collect()
        };
        let cards = member::with_identities(tx, act, &said(Field::Identity)).await?;
        let by_identity = cards.into_iter().filter_map(|card| Some((card.get(Field::Identity)?.to_owned(), card)));
        let mut by_name: HashMap<String, Vec<Card>> = HashMap::new();
        for card in member::with_names(tx, act, &said(Field::Name)).await? {
            by_name.entry(card.name().to_owned()).or_default().push(card);
        }
        Ok(Known {
            organisations: store::organisations(tx, act.tenant, scope).await?,
            posts: store::posts(tx, act.tenant).await?,
            default,
            by_identity: by_identity.collect(),
            by_name,
            numbers: HashMap::new(),
            names: HashMap::new(),
            members: HashMap::new(),
        })
    }

    /// The earlier row that speaks of the same person, as far as the rows themselves say.
    fn earlier(&mut self, row: u32, branch: Uuid, name: &str, identity: Option<&str>) -> Option<u32> {
        let numbered = identity.and_then(|number| self.numbers.get(number).copied());
        let named = self.names.get(&(branch, name.to_owned())).filter(|(_, other)| identity.is_none() || !other);
        let earlier = numbered.or(named.map(|(row, _)| *row));
        if earlier.is_none() {
            self.numbers.extend(identity.map(|number| (number.to_owned(), row)));
            self.names.insert((branch, name.to_owned()), (row, identity.is_some()));
        }
        earlier
    }

    /// The organisation that a cell means: its name, or the only one whose name has the same in it.
    fn organisation(&self, written: Option<&str>) -> std::result::Result<&Organisation, Rejection> {
        let all = || self.organisations.iter().filter(|known| known.kind != Kind::Group);
        let Some(written) = written else {
            let own = all().find(|known| known.id == self.default);
            return own.ok_or_else(|| reject(Column::Branch, "这个党组织不在您的管理范围内"));
        };
        if let Some(exact) = all().find(|known| known.name == written) {
            return Ok(exact);
        }
        let mut alike = all().filter(|known| known.name.contains(written) || written.contains(&known.name));
        match (alike.next(), alike.next()) {
            (Some(only), None) => Ok(only),
            (None, _) => Err(reject(Column::Branch, format!("没有“{written}”，请先在“党建”里登记，或改成登记的名称"))),
            _ => Err(reject(Column::Branch, format!("“{written}”有几个，请写全名"))),
        }
    }
}

/// What is to be done with a row.
pub struct Plan {
    before: Option<Card>,
    organisation: Uuid,
    group: Group,
    values: Values,
    posts: Vec<Post>,
    /// In words, for whoever confirms it.
    pub words: String,
    effect: Effect,
}

enum Group {
    None,
    Known(Uuid),
    /// It has to be made first.
    New(String),
}

impl Plan {
    pub fn effect(&self) -> Effect {
        self.effect
    }
}

/// Finds out what a row does.
pub fn plan(known: &mut Known, number: u32, entry: Entry) -> std::result::Result<Plan, Rejection> {
    let name = entry.values.get(&Field::Name).cloned().unwrap_or_default();
    let branch = known.organisation(entry.branch.as_deref())?.clone();
    let identity = entry.values.get(&Field::Identity).cloned();
    let same =
        |row: u32| reject(Column::Name, format!("和第 {row} 行是同一个人，请只留一行；若只是同名，请都填身份证号"));
    if let Some(row) = known.earlier(number, branch.id, &name, identity.as_deref()) {
        return Err(same(row));
    }
    let before = recognise(known, &branch, identity.as_deref(), &entry)?;
    if let Some(row) = before.as_ref().and_then(|card| known.members.insert(card.id, number)) {
        return Err(same(row));
    }
    let group = match &entry.group {
        None => before
            .as_ref()
            .filter(|card| card.home.organisation == branch.id)
            .and_then(|card| card.home.group)
            .map_or(Group::None, Group::Known),
        Some(written) => {
            let same =
                |group: &&Organisation| group.parent_id == Some(branch.id) && group.name.ends_with(written.as_str());
            known
                .organisations
                .iter()
                .find(same)
                .map_or_else(|| Group::New(written.clone()), |group| Group::Known(group.id))
        }
    };
    Ok(put_together(known, before, &branch, group, entry))
}

/// Whoever a row is about, if they are known: by number, or by name and birth in the branch.
fn recognise(
    known: &Known,
    branch: &Organisation,
    identity: Option<&str>,
    entry: &Entry,
) -> std::result::Result<Option<Card>, Rejection> {
    let name = entry.values.get(&Field::Name).map(String::as_str).unwrap_or_default();
    if let Some(number) = identity
        && let Some(card) = known.by_identity.get(number)
    {
        if card.name() != name {
            return Err(reject(Column::Name, "这个身份证号登记的是另一个姓名，请核对"));
        }
        if let Some(ending) = card.ended {
            return Err(reject(Column::Name, format!("这名党员已登记“{ending}”，请先在他的页面上恢复")));
        }
        if !known.organisations.iter().any(|known| known.id == card.home.organisation) {
            return Err(reject(Column::Branch, format!("这名党员在{}，不在您的管理范围内", card.organisation_name)));
        }
        return Ok(Some(card.clone()));
    }
    let mut same = known.by_name.get(name).cloned().unwrap_or_default();
    let birth = entry.values.get(&Field::Birth).map(String::as_str);
    same.retain(|card| {
        let agrees = match (card.get(Field::Birth), birth) {
            (Some(known), Some(said)) => known.starts_with(said) || said.starts_with(known),
            _ => true,
        };
        let numbered = identity.is_some() && card.get(Field::Identity).is_some();
        card.home.organisation == branch.id && agrees && !numbered
    });
    if same.len() > 1 {
        return Err(reject(Column::Name, "这个支部有几名同名的党员，请填写身份证号"));
    }
    Ok(same.pop())
}

fn put_together(known: &Known, before: Option<Card>, branch: &Organisation, group: Group, entry: Entry) -> Plan {
    let mut values = before.as_ref().map(|card| card.values.clone()).unwrap_or_default();
    values.extend(entry.values);
    let is_new = before.is_none();
    let status = entry.status.or(is_new.then_some(entry.supposed));
    values.extend(status.map(|status| (Field::Status, status.code().to_owned())));
    let link = entry.link.or(is_new.then_some(Tie::Here));
    values.extend(link.map(|link| (Field::Link, link.code().to_owned())));
    let holds = |post: &Post| {
        let own = |held: &&HeldPost| held.party_organisation_id == branch.id && held.post == *post;
        known.posts.iter().filter(own).any(|held| before.as_ref().is_some_and(|card| card.id == held.member_id))
    };
    let posts: Vec<Post> = entry.posts.into_iter().filter(|post| !holds(post)).collect();

    let mut words = Vec::new();
    if let Some(card) = &before {
        if card.home.organisation != branch.id {
            words.push(format!("从{}转到{}", card.organisation_name, branch.name));
        }
        let changed = Field::ALL.iter().filter(|field| card.values.get(field) != values.get(field));
        words.extend(changed.map(|field| format!("改{field}")));
        if !matches!(group, Group::New(_)) && Some(card.home.group) != Some(group.id()) {
            words.push("换党小组".to_owned());
        }
    } else {
        let label = |field: Field| values.get(&field).map_or_else(String::new, |kept| field.masked(kept));
        words.push(format!("新增到{}，{}，{}", branch.name, label(Field::Status), label(Field::Link)));
    }
    if let Group::New(name) = &group {
        words.push(format!("新建党小组“{name}”"));
    }
    words.extend(posts.iter().map(|post| format!("登记为{post}")));
    let effect = match (is_new, words.is_empty()) {
        (true, _) => Effect::New,
        (false, false) => Effect::Changed,
        (false, true) => Effect::Same,
    };
    let words = if words.is_empty() { "没有变化".to_owned() } else { words.join("；") };
    Plan { before, organisation: branch.id, group, values, posts, words, effect }
}

impl Group {
    fn id(&self) -> Option<Uuid> {
        match self {
            Group::Known(id) => Some(*id),
            _ => None,
        }
    }
}

/// Does what has been planned.
pub async fn carry_out(tx: &mut Tx, act: &Act, known: &mut Known, plan: Plan) -> Result<()> {
    let group = match plan.group {
        Group::New(written) => Some(make_group(tx, act, known, plan.organisation, &written).await?),
        group => group.id(),
    };
    let home = Home { organisation: plan.organisation, group };
    let id = match plan.before {
        None => member::add(tx, act, home, &plan.values, None).await?,
        Some(before) => {
            let moved = before.home != home;
            let changed = Card { values: plan.values, ..before.clone() };
            member::save(tx, act, &before, &changed, "导入党员花名册").await?;
            if moved {
                let everything = Scope::tenant();
                let now = member::card(tx, act, &everything, before.id).await?;
                member::transfer(tx, act, &now, home, today(act), "导入党员花名册").await?;
            }
            before.id
        }
    };
    for post in plan.posts {
        member::join_post(tx, act, plan.organisation, id, post, today(act)).await?;
    }
    Ok(())
}

async fn make_group(tx: &mut Tx, act: &Act, known: &mut Known, branch: Uuid, written: &str) -> Result<Uuid> {
    let above = known.organisations.iter().find(|known| known.id == branch).ok_or(Error::NotFound)?;
    // Every branch has a first and a second group, and names are unique.
    let name = format!("{}{written}", above.name);
    let new = NewOrganisation { kind: Kind::Group, name, parent: Some(branch), estate: None, founded_on: None };
    let id = organisation::create(tx, act, new).await?;
    known.organisations.push(store::organisation(tx, act.tenant, &Scope::tenant(), id).await?);
    Ok(id)
}
