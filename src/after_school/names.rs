//! The children on the roll by their names, for whoever knows one: names are sealed, so they are opened and compared here.

use db::{Tx, record, statements};
use uuid::Uuid;

use super::child::read_json;
use super::model::{Particulars, State};
use crate::access::{Act, Scope};
use crate::error::Result;
use crate::in_reach;

statements! {
    /// Those on the roll and those who are asked, within reach.
    ON_ROLL = concat!("SELECT c.id, c.state, c.sealed, c.building_id, b.name AS building_name FROM children c
        JOIN buildings b ON b.tenant_id = c.tenant_id AND b.id = c.building_id
        WHERE c.tenant_id = $1 AND c.state IN ('invited', 'enrolled') AND c.sealed IS NOT NULL AND ",
        in_reach!("$2", "$3", "c.tenant_id", "c.estate_id", "NULL", "NULL"), " ORDER BY c.invited_at, c.id LIMIT 2000");
}

record! {
    struct Stored {
        id: Uuid, state: State, sealed: Option<Vec<u8>>, building_id: Uuid, building_name: String,
    }
}

/// A child as far as its name tells it from others.
#[derive(Debug, Clone)]
pub(super) struct Named {
    pub id: Uuid,
    pub state: State,
    pub building: Uuid,
    pub building_name: String,
    pub particulars: Particulars,
}

pub(super) async fn on_roll(tx: &mut Tx, act: &Act, scope: &Scope) -> Result<Vec<Named>> {
    let stored: Vec<Stored> = tx.all(ON_ROLL.bind(act.tenant).bind(scope.account).bind(&scope.roles)).await?;
    let open = |stored: Stored| -> Result<Named> {
        let particulars = match &stored.sealed {
            Some(sealed) => read_json(&act.open("child", sealed)?)?,
            None => Particulars::default(),
        };
        let Stored { id, state, building_id, building_name, .. } = stored;
        Ok(Named { id, state, building: building_id, building_name, particulars })
    };
    stored.into_iter().map(open).collect()
}

/// The children whom somebody has written down by name, `刘小雨、高小明 3号楼`: a building tells two of one name apart.
///
/// Errors: a sentence that names nobody, of a name that is not on the roll or that two have.
pub(super) fn find(known: &[Named], words: &str) -> std::result::Result<Vec<Uuid>, String> {
    let mut found = Vec::new();
    let parts = words.split(['、', '，', ',', '；', ';', '\n']).map(str::trim).filter(|part| !part.is_empty());
    for (number, part) in (1..).zip(parts) {
        let mut parts = part.split_whitespace();
        let name = parts.next().unwrap_or_default();
        let building = parts.collect::<String>();
        let fits = |one: &&Named| one.particulars.name == name && one.building_name.contains(&building);
        let fitting: Vec<Uuid> = known.iter().filter(fits).map(|one| one.id).collect();
        match fitting[..] {
            [id] if found.contains(&id) => {}
            [id] => found.push(id),
            [] => {
                return Err(format!("第 {number} 个名字不在名单上，请核对；不是班上的孩子，请写在经过里"));
            }
            _ => return Err(format!("第 {number} 个名字有同名的孩子，请在后面空一格写楼号，如“3号楼”")),
        }
    }
    Ok(found)
}

/// Whether a text has the name of a child in it.
pub(super) fn names_somebody<'a>(mut known: impl Iterator<Item = &'a Named>, text: &str) -> bool {
    known.any(|one| one.particulars.name.chars().count() > 1 && text.contains(&one.particulars.name))
}
