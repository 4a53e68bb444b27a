//! What is known of people, households and doors, and how it is shown.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::str::FromStr;

use codes::{PartialDate, Sex};
use db::{record, text_enum};
use jiff::civil::Date;
use uuid::Uuid;

use super::tag::{ResidenceState, Tag};
use crate::place::{Use, floor_words, room_words, unit_words};

/// The tags that say a household wants looking after, the most pressing first.
pub const CARE: &[Tag] = &[
    Tag::ElderLivingAlone,
    Tag::ChildInDifficulty,
    Tag::LeftBehindChild,
    Tag::SeriousIllness,
    Tag::Disabled,
    Tag::ExtremePoverty,
    Tag::SubsistenceAllowance,
    Tag::NearSubsistence,
    Tag::Needy,
    Tag::TemporaryHardship,
    Tag::PovertyMonitored,
    Tag::OldestOld,
    Tag::EmptyNestElder,
    Tag::Pregnant,
    Tag::ChronicIllness,
];

text_enum! {
    /// 户别: how a household belongs here. Several hold at once for many; the one that staff plan by is kept.
    pub enum HouseholdKind {
        Local = "local" "本地户籍户",
        Migrant = "migrant" "外来户",
        Relocated = "relocated" "移民搬迁户",
        Tenant = "tenant" "租住户",
        RegisteredOnly = "registered_only" "空挂户",
        Collective = "collective" "集体户",
    }
}

record! {
    /// A household as other pages name it.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct HouseholdCard {
        pub id: Uuid, pub head_name: String, pub estate_name: String, pub building_id: Uuid, pub building_name: String,
        pub unit_key: String, pub room: String, pub people: i64,
    }

    /// A dwelling of a building with one of its residents and one of that resident's tags.
    #[derive(Debug, Clone)]
    pub(super) struct DoorRow {
        pub unit_key: String, pub dwelling_id: Uuid, pub floor: i64, pub room: String, pub usage: Option<Use>, pub household_id: Option<Uuid>,
        pub resident_id: Option<Uuid>, pub residence_state: Option<ResidenceState>, pub tag: Option<Tag>,
    }
}

impl HouseholdCard {
    /// `王府名苑小区 3号楼 2单元 1302室`
    pub fn words(&self) -> String {
        door_words(&self.estate_name, &self.building_name, &self.unit_key, &self.room)
    }
}

/// `王府名苑小区 3号楼 2单元 1302室`
pub fn door_words(estate: &str, building: &str, unit_key: &str, room: &str) -> String {
    let parts = [estate, building, &unit_words(unit_key), &format!("{}室", room_words(room))];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

/// `71 岁`; years by the calendar where the day of birth is not known.
pub fn age(birth_date: Option<&str>, today: Date) -> Option<i16> {
    let born: PartialDate = birth_date?.parse().ok()?;
    let before_birthday = match (born.month, born.day) {
        (Some(month), Some(day)) => (today.month(), today.day()) < (month, day),
        (Some(month), None) => today.month() < month,
        _ => false,
    };
    Some((today.year() - born.year - i16::from(before_birthday)).max(0))
}

/// `女 · 71 岁`, as far as it is known.
pub fn person_words(sex: &str, age: Option<i16>) -> String {
    let sex = match Sex::parse(sex) {
        Ok(sex @ (Sex::Male | Sex::Female)) => sex.label().to_owned(),
        _ => String::new(),
    };
    let age = age.map_or_else(String::new, |years| format!("{years} 岁"));
    [sex, age].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ")
}

/// The label of what a code table knows; a text that it does not know is shown as it stands.
pub fn label<T: FromStr + Display>(text: &str) -> String {
    text.parse::<T>().map_or_else(|_| text.to_owned(), |entry| entry.to_string())
}

/// How a door looks in the matrix of a building.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Door {
    pub dwelling: Uuid,
    pub room: String,
    pub usage: Option<Use>,
    /// In the order of their making; the first is where the door leads to.
    pub households: Vec<Uuid>,
    /// People who live here, without those who are only registered here.
    pub people: usize,
    pub registered_only: usize,
    pub tags: BTreeSet<Tag>,
}

impl Door {
    pub fn number(&self) -> String {
        room_words(&self.room)
    }

    /// Nobody has found out who lives here.
    pub fn is_unknown(&self) -> bool {
        self.households.is_empty() && !matches!(self.usage, Some(Use::Vacant | Use::Commercial))
    }

    pub fn is_empty(&self) -> bool {
        !self.is_unknown() && self.people == 0 && self.usage != Some(Use::Commercial)
    }

    /// The most pressing tag of its people.
    pub fn care(&self) -> Option<Tag> {
        CARE.iter().copied().find(|tag| self.tags.contains(tag))
    }

    pub fn class(&self) -> String {
        let state = match self.usage {
            _ if self.is_unknown() => " unknown",
            _ if self.is_empty() => " empty",
            Some(Use::Rented | Use::Shared) => " rent",
            _ => "",
        };
        let care = if self.care().is_some() { " care" } else { "" };
        format!("door{state}{care}")
    }

    /// What stands below the number: how it is lived in, and what its people are.
    pub fn words(&self) -> Vec<String> {
        let people = format!("{}人", self.people);
        let state = match self.usage {
            _ if self.is_unknown() => "未登记".to_owned(),
            Some(Use::Commercial) if self.people == 0 => "商用".to_owned(),
            _ if self.is_empty() && self.registered_only > 0 => "空挂".to_owned(),
            _ if self.is_empty() => "空房".to_owned(),
            Some(usage @ (Use::Rented | Use::Shared | Use::Commercial)) => format!("{usage} {people}"),
            _ => people,
        };
        let member = self.tags.contains(&Tag::PartyMemberHousehold).then_some(Tag::PartyMemberHousehold);
        let tag = self.care().or(member).map(|tag| tag.label().to_owned());
        std::iter::once(state).chain(tag).collect()
    }
}

/// One stairwell of a building: its floors from the top, every floor with a place for each door of the stairwell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stairwell {
    pub words: String,
    pub floors: Vec<Floor>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Floor {
    pub words: String,
    pub doors: Vec<Option<Door>>,
}

/// What a building's matrix counts up to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Figures {
    pub households: usize,
    pub people: usize,
    pub care: usize,
    pub unknown: usize,
}

/// The doors of a stairwell, by floor and room.
type Doors = BTreeMap<(i64, String), Door>;

/// Folds the rows of a building, which come in the order of its units.
pub(super) fn matrix(rows: Vec<DoorRow>) -> (Vec<Stairwell>, Figures) {
    let mut units: Vec<(String, Doors)> = Vec::new();
    let mut seen = BTreeSet::new();
    for row in rows {
        if units.last().is_none_or(|(key, _)| *key != row.unit_key) {
            units.push((row.unit_key.clone(), BTreeMap::new()));
        }
        let Some((_, doors)) = units.last_mut() else { continue };
        let door = doors.entry((row.floor, row.room.clone())).or_default();
        (door.dwelling, door.room, door.usage) = (row.dwelling_id, row.room, row.usage);
        door.households.extend(row.household_id.filter(|id| !door.households.contains(id)));
        if row.resident_id.is_some_and(|id| seen.insert(id)) {
            match row.residence_state {
                Some(ResidenceState::RegisteredHereOnly) => door.registered_only += 1,
                _ => door.people += 1,
            }
        }
        door.tags.extend(row.tag);
    }
    let mut figures = Figures { people: seen.len(), ..Figures::default() };
    for door in units.iter().flat_map(|(_, doors)| doors.values()) {
        figures.households += door.households.len();
        figures.care += usize::from(door.care().is_some());
        figures.unknown += usize::from(door.is_unknown());
    }
    (units.into_iter().map(|(key, doors)| stairwell(&key, doors)).collect(), figures)
}

fn stairwell(key: &str, doors: Doors) -> Stairwell {
    let columns: BTreeSet<String> = doors.keys().map(|(floor, room)| column(*floor, room).to_owned()).collect();
    let mut floors: BTreeMap<i64, BTreeMap<String, Door>> = BTreeMap::new();
    for ((floor, room), door) in doors {
        floors.entry(floor).or_default().insert(column(floor, &room).to_owned(), door);
    }
    let floors = floors.into_iter().rev().map(|(floor, mut doors)| Floor {
        words: floor_words(floor),
        doors: columns.iter().map(|column| doors.remove(column)).collect(),
    });
    Stairwell { words: unit_words(key), floors: floors.collect() }
}

/// The part of a room's number that tells the doors of a floor apart: `02` of `1302`.
fn column(floor: i64, room: &str) -> &str {
    let above = room.trim_start_matches('-');
    above.strip_prefix(&floor.unsigned_abs().to_string()).filter(|rest| !rest.is_empty()).unwrap_or(room)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(unit: &str, floor: i64, room: &str) -> DoorRow {
        DoorRow {
            unit_key: unit.into(),
            dwelling_id: Uuid::nil(),
            floor,
            room: room.into(),
            usage: None,
            household_id: None,
            resident_id: None,
            residence_state: None,
            tag: None,
        }
    }

    fn lived_in(room: &str, resident: u128, tag: Option<Tag>) -> DoorRow {
        let (household_id, resident_id) = (Some(Uuid::from_u128(1)), Some(Uuid::from_u128(resident)));
        DoorRow { household_id, resident_id, tag, ..row("1", 3, room) }
    }

    #[test]
    fn age_counts_birthdays_and_does_with_less() {
        let today = jiff::civil::date(2026, 11, 23);
        for (birth, years) in [("1990-11-23", 36), ("1990-11-24", 35), ("1990-12", 35), ("1990", 36), ("2026-12-01", 0)]
        {
            assert_eq!(age(Some(birth), today), Some(years), "{birth}");
        }
        assert_eq!(age(None, today), None);
        assert_eq!(person_words("2", Some(71)), "女 · 71 岁");
        assert_eq!(person_words("0", None), "");
    }

    #[test]
    fn a_person_with_two_tags_is_counted_once() {
        let rows = vec![
            lived_in("301", 7, Some(Tag::PartyMemberHousehold)),
            lived_in("301", 7, Some(Tag::ElderLivingAlone)),
            lived_in("301", 8, None),
            row("1", 3, "302"),
        ];
        let (stairwells, figures) = matrix(rows);
        assert_eq!(figures, Figures { households: 1, people: 2, care: 1, unknown: 1 });
        let doors: Vec<&Door> = stairwells[0].floors[0].doors.iter().flatten().collect();
        assert_eq!((doors[0].class().as_str(), doors[0].words()), ("door care", vec!["2人".into(), "独居老人".into()]));
        assert_eq!((doors[1].class().as_str(), doors[1].words()), ("door unknown", vec!["未登记".to_owned()]));
    }

    #[test]
    fn floors_stand_from_the_top_and_doors_above_one_another() {
        let rows = vec![
            row("1", -1, "-101"),
            row("1", 1, "101"),
            row("1", 1, "102"),
            row("1", 12, "1202"),
            row("2", 1, "101"),
        ];
        let (stairwells, _) = matrix(rows);
        assert_eq!(stairwells.len(), 2);
        let floors: Vec<&str> = stairwells[0].floors.iter().map(|floor| floor.words.as_str()).collect();
        assert_eq!(floors, ["12层", "1层", "地下1层"]);
        let top: Vec<bool> = stairwells[0].floors[0].doors.iter().map(Option::is_some).collect();
        assert_eq!(top, [false, true], "1202 stands above 102");
    }

    #[test]
    fn a_door_says_what_is_known_of_it() {
        let door = Door { usage: Some(Use::Vacant), ..Door::default() };
        assert_eq!((door.class().as_str(), door.words()), ("door empty", vec!["空房".to_owned()]));
        let door = Door { usage: Some(Use::Rented), people: 3, households: vec![Uuid::nil()], ..Door::default() };
        assert_eq!((door.class().as_str(), door.words()), ("door rent", vec!["租住 3人".to_owned()]));
        let door = Door { registered_only: 2, households: vec![Uuid::nil()], ..Door::default() };
        assert_eq!((door.class().as_str(), door.words()), ("door empty", vec!["空挂".to_owned()]));
    }

    #[test]
    fn what_a_table_does_not_know_is_shown_as_it_stands() {
        assert_eq!(label::<codes::tables::Political>("01"), "中共党员");
        assert_eq!(label::<codes::tables::Relation>("远房"), "远房");
    }
}
