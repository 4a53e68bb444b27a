//! Which dwelling a row means: from the columns 小区, 楼栋, 单元 and 房号, from a 房号 such as `3-2-1302`, or from 现居住地址.

use codes::address::{self, AddressError, Room};

use super::column::{Column, Header};
use super::row::{Rejection, reject};

/// A dwelling as a register names it. `building` is as it is written, `unit` is a key; empty for a building without units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub estate: String,
    pub building: String,
    pub unit: String,
    pub room: Room,
}

/// What two rows have in common that mean the same dwelling.
pub type PlaceKey = (String, String, String, String);

impl Place {
    pub fn key(&self) -> PlaceKey {
        (self.estate.clone(), address::building_key(&self.building), self.unit.clone(), self.room.room.clone())
    }

    pub fn read(header: &Header, cells: &[String]) -> Result<Place, Rejection> {
        let mut parts = Parts { estate: estate(header.cell(cells, Column::Estate)), ..Parts::default() };
        parts.read_building(header.cell(cells, Column::Building))?;
        parts.read_unit(header.cell(cells, Column::Unit))?;
        parts.read_room(header.cell(cells, Column::Room))?;
        parts.read_address(header.cell(cells, Column::Address))?;
        // Whoever has only the one column is told to mend that one.
        let missing = |column: Column, example: &str| {
            let column = if header.has(column) { column } else { Column::Address };
            reject(column, format!("没有写{example}；与上一行相同的，可以写“同上”或合并单元格"))
        };
        Ok(Place {
            estate: parts.estate.ok_or_else(|| missing(Column::Estate, "小区，请补上，如“王府名苑小区”"))?,
            building: parts.building.ok_or_else(|| missing(Column::Building, "楼栋，请补上，如“3号楼”"))?,
            unit: parts.unit.unwrap_or_default(),
            room: parts.room.ok_or_else(|| missing(Column::Room, "房号，请补上，如“1302”"))?,
        })
    }

    /// Whether a 现居住地址 says the same place, as far as it says any.
    pub fn is_meant_by(&self, written: &str) -> bool {
        let Ok(said) = address::parse(written) else { return false };
        let estate = said.estate.is_none_or(|said| self.estate.contains(&said) || said.contains(&self.estate));
        let building = said.building.is_none_or(|said| said == address::building_key(&self.building));
        let unit = said.unit.is_none_or(|said| said == self.unit || self.unit.is_empty());
        estate && building && unit && said.room.is_none_or(|said| said == self.room.room)
    }
}

/// What is known so far while the columns of a row are read.
#[derive(Default)]
struct Parts {
    estate: Option<String>,
    building: Option<String>,
    unit: Option<String>,
    room: Option<Room>,
}

impl Parts {
    fn read_building(&mut self, written: &str) -> Result<(), Rejection> {
        refuse_date(Column::Building, written)?;
        match address::parse(written) {
            _ if written.is_empty() => {}
            Err(error @ AddressError::Ambiguous(_)) => return Err(reject(Column::Building, error.to_string())),
            // 王府名苑3号楼, 3号楼2单元
            Ok(address::Place { estate, building: Some(building), unit, room })
                if estate.is_some() || unit.is_some() || room.is_some() =>
            {
                self.estate = self.estate.take().or(estate);
                self.building = Some(address::building_label(&building));
                self.unit = unit;
                self.room = room.and_then(|room| address::parse_room(&room).ok());
            }
            _ => self.building = Some(written.to_owned()),
        }
        Ok(())
    }

    fn read_unit(&mut self, written: &str) -> Result<(), Rejection> {
        refuse_date(Column::Unit, written)?;
        if written.is_empty() {
            return Ok(());
        }
        let unit = address::unit_key(written);
        if self.unit.as_ref().is_some_and(|known| *known != unit) {
            return Err(reject(Column::Unit, "与“楼栋”列里写的单元不一致，请核对"));
        }
        self.unit = Some(unit);
        Ok(())
    }

    fn read_room(&mut self, written: &str) -> Result<(), Rejection> {
        refuse_date(Column::Room, written)?;
        if written.is_empty() {
            return Ok(());
        }
        let room = match address::parse_room(written) {
            Ok(room) => room,
            Err(error) => match address::parse(written) {
                Ok(said) if said.building.is_some() || said.unit.is_some() => self.read_compound(written, said)?,
                _ => return Err(reject(Column::Room, error.to_string())),
            },
        };
        if self.room.as_ref().is_some_and(|known| known.room != room.room) {
            return Err(reject(Column::Room, "与“楼栋”列里写的房号不一致，请核对"));
        }
        self.room = Some(room);
        Ok(())
    }

    /// A 房号 that names more than the room: `3-2-1302`, `2-1302`, `2单元1302`.
    fn read_compound(&mut self, written: &str, said: address::Place) -> Result<Room, Rejection> {
        let conflict = |what: &str| reject(Column::Room, format!("房号里的{what}与“{what}”列不一致，请核对"));
        let mut unit = said.unit;
        if let Some(building) = said.building {
            let known = self.building.as_deref().map(address::building_key);
            let bare = unit.is_none() && written.chars().all(|c| !c.is_alphabetic());
            match known {
                None => self.building = Some(address::building_label(&building)),
                // The number before the room may be the building said again, or a unit of the same number.
                Some(known) if known == building => {
                    if bare && self.unit.is_none() {
                        return Err(reject(
                            Column::Room,
                            format!(
                                "“{written}”里的“{building}”是楼栋还是单元？请把单元填在“单元”列，没有单元的填“无”"
                            ),
                        ));
                    }
                }
                Some(_) if bare => unit = Some(building),
                Some(_) => return Err(conflict("楼栋")),
            }
        }
        if let Some(unit) = unit {
            if self.unit.as_ref().is_some_and(|known| *known != unit) {
                return Err(conflict("单元"));
            }
            self.unit = Some(unit);
        }
        self.estate = self.estate.take().or(said.estate);
        let room = said.room.unwrap_or_default();
        address::parse_room(&room).map_err(|error| reject(Column::Room, error.to_string()))
    }

    /// Takes from the address only what the columns have not said.
    fn read_address(&mut self, written: &str) -> Result<(), Rejection> {
        let complete = self.estate.is_some() && self.building.is_some() && self.room.is_some();
        if written.is_empty() || (complete && self.unit.is_some()) {
            return Ok(());
        }
        let said = match address::parse(written) {
            Ok(said) => said,
            Err(_) if complete => return Ok(()),
            Err(error) => return Err(reject(Column::Address, error.to_string())),
        };
        let key = self.building.as_deref().map(address::building_key);
        let elsewhere =
            |known: &Option<String>, said: &Option<String>| known.is_some() && said.is_some() && known != said;
        if elsewhere(&key, &said.building) || elsewhere(&self.room.as_ref().map(|room| room.room.clone()), &said.room) {
            return if complete {
                Ok(())
            } else {
                Err(reject(Column::Address, "与“楼栋”“房号”列说的不是同一处，请核对"))
            };
        }
        self.estate = self.estate.take().or_else(|| said.estate.as_deref().and_then(estate));
        self.building = self.building.take().or_else(|| said.building.as_deref().map(address::building_label));
        self.unit = self.unit.take().or(said.unit);
        if let (None, Some(room)) = (&self.room, said.room) {
            self.room = Some(address::parse_room(&room).map_err(|error| reject(Column::Address, error.to_string()))?);
        }
        Ok(())
    }
}

/// The name of an estate without spaces; it has at least one letter in it.
fn estate(written: &str) -> Option<String> {
    let name: String = codes::text::half_width(written).split_whitespace().collect();
    name.chars().any(char::is_alphabetic).then_some(name)
}

/// Spreadsheets take `3-2` for the second of March.
fn refuse_date(column: Column, written: &str) -> Result<(), Rejection> {
    let bytes = written.as_bytes();
    let date = bytes.len() == 10 && bytes[4] == b'-' && bytes[7] == b'-';
    if date {
        let sentence = "表格把“3-2”这样的写法变成了日期。请把这一列设为“文本”，重新填写";
        return Err(reject(column, sentence));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(estate: &str, building: &str, unit: &str, room: &str, address: &str) -> Result<String, Column> {
        let columns = [Column::Estate, Column::Building, Column::Unit, Column::Room, Column::Address, Column::Name];
        let header = Header::read(columns.iter().map(|column| column.label().to_owned()).collect()).unwrap();
        let cells = [estate, building, unit, room, address, "张三"].map(str::to_owned);
        let place = Place::read(&header, &cells).map_err(|rejection| rejection.column)?;
        let (estate, building, unit, room) = place.key();
        Ok(format!("{estate}|{building}|{unit}|{room}"))
    }

    #[test]
    fn columns_compounds_and_addresses_mean_the_same() {
        let same = Ok("王府名苑小区|3|2|1302".to_owned());
        for (estate, building, unit, room, address) in [
            ("王府名苑小区", "3号楼", "2单元", "1302", ""),
            ("王府名苑 小区", "３栋", "二单元", "１３０２室", ""),
            ("王府名苑小区", "", "", "3-2-1302", ""),
            ("王府名苑小区", "3", "", "2-1302", ""),
            ("王府名苑小区", "3", "2", "3-2-1302", ""),
            ("王府名苑小区", "3号楼2单元", "", "1302", ""),
            ("", "王府名苑小区3号楼", "2", "1302", ""),
            ("王府名苑小区", "3", "", "2单元1302", ""),
            ("", "", "", "", "王府名苑小区3号楼2单元1302室"),
            ("王府名苑小区", "3号楼", "", "", "3-2-1302"),
            ("王府名苑小区", "3号楼", "", "1302", "王府名苑小区3号楼2单元1302室"),
            ("王府名苑小区", "3号楼", "2", "1302", "太原市迎泽区五一路"),
        ] {
            assert_eq!(
                read(estate, building, unit, room, address),
                same,
                "{estate} {building} {unit} {room} {address}"
            );
        }
        assert_eq!(read("水保所家属院", "家属楼", "无", "302", ""), Ok("水保所家属院|家属楼||302".to_owned()));
        assert_eq!(read("甲小区", "3", "无", "3-1302", ""), Ok("甲小区|3||1302".to_owned()));
        assert_eq!(read("甲小区", "A座", "", "负101", ""), Ok("甲小区|A||-101".to_owned()));
    }

    #[test]
    fn what_could_mean_two_places_is_given_back() {
        for (estate, building, unit, room, address, column) in [
            ("甲小区", "13楼", "", "1302", "", Column::Building),
            ("甲小区", "3", "", "13楼", "", Column::Room),
            ("甲小区", "3", "", "3-1302", "", Column::Room),
            ("甲小区", "3", "1", "2-1302", "", Column::Room),
            ("甲小区", "3", "1", "4-1-1302", "", Column::Room),
            ("甲小区", "3", "1", "2", "", Column::Room),
            ("甲小区", "3", "1", "2026-03-02", "", Column::Room),
            ("", "3", "1", "302", "", Column::Estate),
            ("甲小区", "", "1", "302", "", Column::Building),
            ("甲小区", "3", "1", "", "", Column::Room),
            ("甲小区", "", "", "", "13楼", Column::Address),
            ("甲小区", "4", "", "", "3号楼2单元1302", Column::Address),
        ] {
            assert_eq!(read(estate, building, unit, room, address), Err(column), "{building} {unit} {room} {address}");
        }
    }
}
