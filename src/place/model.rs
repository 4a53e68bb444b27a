//! Estates, buildings, stairwells and dwellings, and how they are ordered and named.

use codes::address;
use db::{record, text_enum};
use jiff::Timestamp;
use uuid::Uuid;

text_enum! {
    /// What a dwelling serves for.
    pub enum Use {
        OwnerOccupied = "owner_occupied" "自住",
        Rented = "rented" "租住",
        Vacant = "vacant" "空置",
        Commercial = "commercial" "商用",
        Shared = "shared" "群租",
    }
}

record! {
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Estate {
        pub id: Uuid, pub name: String, pub station_address: Option<String>, pub property_company_id: Option<Uuid>,
        /// When it was entered here.
        pub created_at: Timestamp,
    }

    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Grid { pub id: Uuid, pub code: String, pub name: String }

    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Building { pub id: Uuid, pub estate_id: Uuid, pub grid_id: Option<Uuid>, pub name: String, pub key: String }

    /// A stairwell. A building without units has one, whose key is empty.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Unit { pub id: Uuid, pub building_id: Uuid, pub key: String, pub place_code: String }

    /// `usage` is `None` until somebody has found out.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Dwelling {
        pub id: Uuid, pub building_id: Uuid, pub unit_id: Uuid, pub floor: i64, pub room: String, pub usage: Option<Use>,
    }

    /// A stairwell, or a whole building: where something can happen.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Spot {
        pub estate_id: Uuid, pub estate_name: String, pub building_id: Uuid, pub building_name: String,
        pub unit_id: Option<Uuid>, pub unit_key: String, pub grid_id: Option<Uuid>,
    }
}

impl Use {
    /// Reads `自有`, `租住`, `出租`, `空置` and the like; `None` if it says something else.
    pub fn read(text: &str) -> Option<Use> {
        match codes::text::half_width(text).trim() {
            "自住" | "自有" | "自有住房" | "产权房" => Some(Use::OwnerOccupied),
            "租住" | "出租" | "租赁" | "租房" => Some(Use::Rented),
            "空置" | "空房" | "空挂" | "无人居住" => Some(Use::Vacant),
            "商用" | "商住" | "经营" => Some(Use::Commercial),
            "群租" | "合租" => Some(Use::Shared),
            _ => None,
        }
    }
}

impl Unit {
    /// `2单元`; empty for the one stairwell of a building without units.
    pub fn words(&self) -> String {
        unit_words(&self.key)
    }
}

impl Spot {
    /// `王府名苑小区 3号楼 2单元`
    pub fn words(&self) -> String {
        let parts = [self.estate_name.clone(), self.building_name.clone(), unit_words(&self.unit_key)];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
    }
}

/// `2单元`; empty for an empty key.
pub fn unit_words(key: &str) -> String {
    if key.is_empty() { String::new() } else { format!("{key}单元") }
}

/// `1302`, `负101`
pub fn room_words(room: &str) -> String {
    room.replacen('-', "负", 1)
}

/// `16层`, `地下1层`
pub fn floor_words(floor: i64) -> String {
    if floor < 0 { format!("地下{}层", -floor) } else { format!("{floor}层") }
}

/// How a building is shown when a register names it only by its key: `3` becomes `3号楼`, `3栋` stays.
pub(super) fn building_name(written: &str, key: &str) -> String {
    let written: String = codes::text::half_width(written).split_whitespace().collect();
    if written.eq_ignore_ascii_case(key) { address::building_label(key) } else { written }
}

/// The order of buildings: numbers first, then letters, then names in the order of their making.
pub(super) fn building_position(key: &str) -> i64 {
    let digits = key.find(|c: char| !c.is_ascii_digit()).unwrap_or(key.len());
    match (key[..digits].parse::<i64>(), key.bytes().next()) {
        (Ok(number), _) => number,
        (Err(_), Some(letter)) if letter.is_ascii_alphabetic() => 100_000 + i64::from(letter.to_ascii_uppercase()),
        _ => 200_000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spot_is_named_without_what_it_lacks() {
        let spot = Spot {
            estate_id: Uuid::nil(),
            estate_name: "王府名苑小区".into(),
            building_id: Uuid::nil(),
            building_name: "3号楼".into(),
            unit_id: None,
            unit_key: String::new(),
            grid_id: None,
        };
        assert_eq!(spot.words(), "王府名苑小区 3号楼");
        assert_eq!(Spot { unit_key: "2".into(), ..spot }.words(), "王府名苑小区 3号楼 2单元");
    }

    #[test]
    fn a_building_keeps_the_name_that_people_use() {
        assert_eq!(building_name("3", "3"), "3号楼");
        assert_eq!(building_name(" 3 栋 ", "3"), "3栋");
        assert_eq!(building_name("ａ座", "A"), "a座");
        assert_eq!(building_name("家属楼", "家属楼"), "家属楼");
    }

    #[test]
    fn buildings_stand_in_the_order_of_their_numbers() {
        let mut keys = ["家属楼", "10", "B", "2", "A"];
        keys.sort_by_key(|key| building_position(key));
        assert_eq!(keys, ["2", "10", "A", "B", "家属楼"]);
    }

    #[test]
    fn the_use_of_a_dwelling_is_read_in_the_words_of_registers() {
        assert_eq!(Use::read(" 自有 "), Some(Use::OwnerOccupied));
        assert_eq!(Use::read("租住"), Some(Use::Rented));
        assert_eq!(Use::read("不详"), None);
    }
}
