//! The children on the roll by their names, for whoever knows one: names are sealed, so they are opened and compared here.

use std::collections::BTreeSet;

use codes::address::building_key;
use codes::text::compact;
use db::{Tx, record, statements};
use uuid::Uuid;

use super::child::read_json;
use super::model::{Particulars, State};
use crate::access::{Act, Scope};
use crate::error::Result;
use crate::in_reach;

statements! {
    /// Those on the roll and those who are asked, within reach.
    ON_ROLL = concat!("SELECT c.id, c.state, c.sealed, c.estate_id, e.name AS estate_name, c.building_id, b.name AS building_name FROM children c
        JOIN buildings b ON b.tenant_id = c.tenant_id AND b.id = c.building_id JOIN estates e ON e.tenant_id = c.tenant_id AND e.id = c.estate_id
        WHERE c.tenant_id = $1 AND c.state IN ('invited', 'enrolled') AND c.sealed IS NOT NULL AND ",
        in_reach!("$2", "$3", "c.tenant_id", "c.estate_id", "NULL", "NULL"), " ORDER BY c.invited_at, c.id LIMIT 2000");
    /// Those on the roll of one estate.
    IN_ESTATE = "SELECT c.id, c.state, c.sealed, c.estate_id, e.name AS estate_name, c.building_id, b.name AS building_name FROM children c
        JOIN buildings b ON b.tenant_id = c.tenant_id AND b.id = c.building_id JOIN estates e ON e.tenant_id = c.tenant_id AND e.id = c.estate_id
        WHERE c.tenant_id = $1 AND c.state = 'enrolled' AND c.estate_id = $2 ORDER BY c.invited_at, c.id LIMIT $3";
}

/// So many are read at most of one estate.
const MOST: i64 = 500;

record! {
    struct Stored {
        id: Uuid, state: State, sealed: Option<Vec<u8>>, estate_id: Uuid, estate_name: String, building_id: Uuid, building_name: String,
    }
}

/// A child as far as its name tells it from others.
#[derive(Debug, Clone)]
pub(super) struct Named {
    pub id: Uuid,
    pub state: State,
    pub estate: Uuid,
    pub estate_name: String,
    pub building: Uuid,
    pub building_name: String,
    pub particulars: Particulars,
}

pub(super) async fn on_roll(tx: &mut Tx, act: &Act, scope: &Scope) -> Result<Vec<Named>> {
    let stored: Vec<Stored> = tx.all(ON_ROLL.bind(act.tenant).bind(scope.account).bind(&scope.roles)).await?;
    stored.into_iter().map(|stored| stored.open(act)).collect()
}

/// Those on the roll of an estate; at most 500.
pub(super) async fn in_estate(tx: &mut Tx, act: &Act, estate: Uuid) -> Result<Vec<Named>> {
    let stored: Vec<Stored> = tx.all(IN_ESTATE.bind(act.tenant).bind(estate).bind(MOST)).await?;
    stored.into_iter().map(|stored| stored.open(act)).collect()
}

impl Stored {
    fn open(self, act: &Act) -> Result<Named> {
        let particulars = match &self.sealed {
            Some(sealed) => read_json(&act.open("child", sealed)?)?,
            None => Particulars::default(),
        };
        let Stored { id, state, estate_id, estate_name, building_id, building_name, .. } = self;
        Ok(Named { id, state, estate: estate_id, estate_name, building: building_id, building_name, particulars })
    }
}

impl Named {
    /// `王府名苑小区 3号楼`
    pub fn home(&self) -> String {
        format!("{} {}", self.estate_name, self.building_name)
    }

    /// Whether what stands behind the name says this child: its estate, its building, or one after the other. A building is compared as a
    /// number, so that `3号楼` is not `13号楼`.
    fn lives(&self, words: &str) -> bool {
        if words.is_empty() || words == compact(&self.estate_name) {
            return true;
        }
        let estate = compact(&self.estate_name);
        let short = estate.trim_end_matches("小区");
        let rest = words.strip_prefix(&estate).or_else(|| words.strip_prefix(short)).unwrap_or(words);
        rest.is_empty() || building_key(rest) == building_key(&self.building_name)
    }
}

/// The children whom somebody has written down by name, `刘小雨、高小明 3号楼、高小明 王府名苑 5号楼`: a home tells two of one name apart.
///
/// Errors: a sentence that names nobody, of a name that is not on the roll or that two have.
pub(super) fn find<'a>(known: &'a [Named], words: &str) -> std::result::Result<Vec<&'a Named>, String> {
    let mut found: Vec<&Named> = Vec::new();
    let parts = words.split(['、', '，', ',', '；', ';', '\n']).map(str::trim).filter(|part| !part.is_empty());
    for (number, part) in (1..).zip(parts) {
        let mut parts = part.split_whitespace();
        let name = parts.next().unwrap_or_default();
        let home = compact(&parts.collect::<String>());
        let fits = |one: &&Named| one.particulars.name == name && one.lives(&home);
        let fitting: Vec<&Named> = known.iter().filter(fits).collect();
        match fitting[..] {
            [one] if found.iter().any(|other| other.id == one.id) => {}
            [one] => found.push(one),
            [] => {
                return Err(format!("第 {number} 个名字不在名单上，请核对；不是班上的孩子，请写在经过里"));
            }
            _ => {
                let homes: BTreeSet<String> = fitting.iter().map(|one| one.home()).collect();
                return Err(match homes.len() {
                    1 => format!("第 {number} 个名字有同名的孩子，住在同一栋楼，请写在经过里"),
                    _ => {
                        let homes = homes.into_iter().collect::<Vec<_>>().join("、");
                        format!("第 {number} 个名字有同名的孩子，住在 {homes}，请在后面空一格写是哪个小区、哪栋楼")
                    }
                });
            }
        }
    }
    Ok(found)
}

/// The children whom somebody looks for by parts of the name, or by where they live: `刘`, `小雨 3号楼`.
pub(super) fn search<'a>(known: &'a [Named], words: &str) -> Vec<&'a Named> {
    let parts: Vec<String> = words.split_whitespace().map(compact).filter(|part| !part.is_empty()).collect();
    let fits = |one: &&Named| parts.iter().all(|part| one.particulars.name.contains(part.as_str()) || one.lives(part));
    if parts.is_empty() { Vec::new() } else { known.iter().filter(fits).collect() }
}

/// The one child whom somebody at the door names, with the home behind the name if two have it. Where others live is not said.
///
/// Errors: a sentence that says what is wrong with the name.
pub(super) fn one<'a>(known: &'a [Named], words: &str) -> std::result::Result<&'a Named, &'static str> {
    let mut parts = words.split_whitespace();
    let name = parts.next().ok_or("请写孩子的姓名")?;
    let home = compact(&parts.collect::<String>());
    let mut fitting = known.iter().filter(|one| one.particulars.name == name && one.lives(&home));
    match (fitting.next(), fitting.next()) {
        (Some(one), None) => Ok(one),
        (None, _) => Err("在册的孩子里没有这个名字，请核对；还没有登记的，请社区先登记"),
        _ => Err("有同名的孩子，请在名字后面空一格写住哪栋楼，如“3号楼”；还分不清的，请工作人员来加"),
    }
}

/// The first name of a child that stands in a text.
pub(super) fn named_in<'a>(known: impl Iterator<Item = &'a Named>, text: &str) -> Option<String> {
    let mut names = known.map(|one| &one.particulars.name).filter(|name| name.chars().count() > 1);
    names.find(|name| text.contains(name.as_str())).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_home_tells_two_of_one_name_apart() {
        let named = |id: u128, estate: &str, building: &str| Named {
            id: Uuid::from_u128(id),
            state: State::Enrolled,
            estate: Uuid::nil(),
            estate_name: estate.to_owned(),
            building: Uuid::nil(),
            building_name: building.to_owned(),
            particulars: Particulars { name: "高小明".to_owned(), ..Particulars::default() },
        };
        let known =
            [named(1, "王府名苑小区", "3号楼"), named(2, "王府名苑小区", "13号楼"), named(3, "凤凰苑小区", "3号楼")];
        let of =
            |words: &str| find(&known, words).map(|found| found.iter().map(|one| one.id.as_u128()).collect::<Vec<_>>());
        assert_eq!(of("高小明 13号楼"), Ok(vec![2]));
        assert_eq!(of("高小明 王府名苑小区 3号楼、高小明 凤凰苑"), Ok(vec![1, 3]));
        assert_eq!(of("高小明 王府名苑3号楼"), Ok(vec![1]));
        let both = of("高小明 3号楼").unwrap_err();
        assert!(both.contains("凤凰苑小区 3号楼、王府名苑小区 3号楼") && !both.contains("13"), "{both}");
        assert!(of("高小明 1号楼").unwrap_err().contains("不在名单上"));
        let at = |words: &str| super::one(&known, words).map(|one| one.id.as_u128());
        assert_eq!(at("高小明 13号楼"), Ok(2));
        let both = at("高小明").unwrap_err();
        assert!(both.contains("同名") && !both.contains("凤凰苑"), "{both}");
        assert!(at("高大明").unwrap_err().contains("没有这个名字") && at(" ").is_err());
        let found = |words: &str| search(&known, words).iter().map(|one| one.id.as_u128()).collect::<Vec<_>>();
        assert_eq!((found("小明"), found("高 凤凰苑小区"), found("13号楼")), (vec![1, 2, 3], vec![3], vec![2]));
        assert!(found("").is_empty() && found("刘").is_empty());
    }
}
