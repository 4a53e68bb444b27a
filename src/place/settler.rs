use std::collections::HashMap;

use codes::address::{self, Room};
use db::Tx;
use uuid::Uuid;

use super::model::{building_name, building_position};
use super::store::{
    ADD_BUILDING, ADD_DWELLING, ADD_ESTATE, ADD_PLACE_CODE, ADD_UNIT, BUILDING_BY_KEY, DWELLING_BY_ROOM,
    ESTATE_BY_NAME, UNIT_BY_KEY, found,
};
use crate::access::Act;
use crate::audit;
use crate::error::{Error, Result};

/// Finds the dwelling that a register names, and makes what is missing on the way: estate, building, unit, dwelling.
/// What it has found once it knows for as long as it lives, so it must not outlive a transaction that is rolled back.
#[derive(Debug, Default)]
pub struct Settler {
    estates: HashMap<String, Uuid>,
    buildings: HashMap<(Uuid, String), Uuid>,
    units: HashMap<(Uuid, String), Uuid>,
    dwellings: HashMap<(Uuid, String), Uuid>,
}

impl Settler {
    /// The dwelling's identifier. Labels may be written in any way that `codes::address` knows; an empty unit is
    /// a building without units.
    ///
    /// Errors: refused if the estate or the building is not named.
    pub async fn settle(
        &mut self,
        tx: &mut Tx,
        act: &Act,
        estate: &str,
        building: &str,
        unit: &str,
        room: &Room,
    ) -> Result<Uuid> {
        let estate = self.estate(tx, act, estate).await?;
        let building = self.building(tx, act, estate, building).await?;
        let unit = self.unit(tx, act, building, unit).await?;
        let key = (unit, room.room.clone());
        if let Some(known) = self.dwellings.get(&key) {
            return Ok(*known);
        }
        let lookup = DWELLING_BY_ROOM.bind(act.tenant).bind(unit).bind(&room.room);
        let id = match found(tx, lookup.clone()).await? {
            Some(id) => id,
            None => {
                let row = ADD_DWELLING.bind(act.tenant).bind(act.id()).bind(building).bind(unit).bind(room.floor);
                add(tx, act, "dwelling", row.bind(&room.room), lookup).await?
            }
        };
        self.dwellings.insert(key, id);
        Ok(id)
    }

    async fn estate(&mut self, tx: &mut Tx, act: &Act, written: &str) -> Result<Uuid> {
        let name: String = codes::text::half_width(written).split_whitespace().collect();
        if let Some(known) = self.estates.get(&name) {
            return Ok(*known);
        }
        if name.is_empty() {
            return Err(Error::refused("没有写小区名称，请补上小区，如“王府名苑小区”"));
        }
        let lookup = ESTATE_BY_NAME.bind(act.tenant).bind(&name);
        let id = match found(tx, lookup.clone()).await? {
            Some(id) => id,
            None => {
                let row = ADD_ESTATE.bind(act.tenant).bind(act.id()).bind(&name).bind(None::<String>);
                add(tx, act, "estate", row.bind(None::<Uuid>).bind(act.at), lookup).await?
            }
        };
        self.estates.insert(name, id);
        Ok(id)
    }

    async fn building(&mut self, tx: &mut Tx, act: &Act, estate: Uuid, written: &str) -> Result<Uuid> {
        let key = (estate, address::building_key(written));
        if let Some(known) = self.buildings.get(&key) {
            return Ok(*known);
        }
        if key.1.is_empty() {
            return Err(Error::refused("没有写楼栋，请补上楼栋，如“3号楼”"));
        }
        let lookup = BUILDING_BY_KEY.bind(act.tenant).bind(estate).bind(&key.1);
        let id = match found(tx, lookup.clone()).await? {
            Some(id) => id,
            None => {
                let row =
                    ADD_BUILDING.bind(act.tenant).bind(act.id()).bind(estate).bind(building_name(written, &key.1));
                add(tx, act, "building", row.bind(&key.1).bind(building_position(&key.1)), lookup).await?
            }
        };
        self.buildings.insert(key, id);
        Ok(id)
    }

    async fn unit(&mut self, tx: &mut Tx, act: &Act, building: Uuid, written: &str) -> Result<Uuid> {
        let key = (building, address::unit_key(written));
        if let Some(known) = self.units.get(&key) {
            return Ok(*known);
        }
        let lookup = UNIT_BY_KEY.bind(act.tenant).bind(building).bind(&key.1);
        let id = match found(tx, lookup.clone()).await? {
            Some(id) => id,
            None => {
                let id = act.id();
                let code = place_code_for(tx, act, id).await?;
                let row = ADD_UNIT.bind(act.tenant).bind(id).bind(building).bind(&key.1).bind(code);
                add(tx, act, "unit", row, lookup).await?
            }
        };
        self.units.insert(key, id);
        Ok(id)
    }
}

/// Adds a row, and gives the identifier under which it can now be found: somebody else's, if they were first.
async fn add(tx: &mut Tx, act: &Act, kind: &str, row: db::Query, lookup: db::Query) -> Result<Uuid> {
    let added = tx.execute(row).await? > 0;
    let id = found(tx, lookup).await?.ok_or(Error::NotFound)?;
    if added {
        audit::record(tx, act, "create", (kind, id), "", &[]).await?;
    }
    Ok(id)
}

/// A new place code that no other unit of any tenant has: 40 random bits, and another try if they are taken.
async fn place_code_for(tx: &mut Tx, act: &Act, unit: Uuid) -> Result<String> {
    loop {
        let code = act.means.chance.code(8);
        if tx.execute(ADD_PLACE_CODE.bind(&code).bind(act.tenant).bind(unit)).await? > 0 {
            return Ok(code);
        }
    }
}
