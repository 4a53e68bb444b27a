//! What somebody who types into the one search box is looking for.

use codes::address::{self, AddressError, Place};
use codes::{IdentityNumber, Phone};

/// A search, read without guessing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Query {
    Blank,
    /// Part of a name, its pinyin or its initials, in lower case.
    Name(String),
    Identity(IdentityNumber),
    Phone(Phone),
    /// A building, a unit of it, or doors.
    Place(Place),
    /// The doors of a floor, in the buildings that the place names.
    Floor(Place, i64),
    /// `13楼`: the same search with the building meant, and with the floor meant.
    BuildingOrFloor {
        building: String,
        floor: String,
    },
    /// What is wrong with it, in a sentence.
    Unreadable(String),
}

impl Query {
    pub fn read(text: &str) -> Query {
        let text = codes::text::half_width(text);
        let text = text.trim();
        let compact: String = text.split_whitespace().collect::<String>().to_uppercase();
        if compact.is_empty() {
            return Query::Blank;
        }
        if let Ok(identity) = IdentityNumber::parse(&compact) {
            return Query::Identity(identity);
        }
        if let Ok(phone) = Phone::parse(&compact) {
            return Query::Phone(phone);
        }
        let digits = compact.chars().filter(char::is_ascii_digit).count();
        if digits == compact.chars().count() && digits > 4 {
            return Query::Unreadable(unfinished(&compact));
        }
        if digits >= 17 {
            return Query::Unreadable(unfinished(&compact));
        }
        match address::parse(&compact) {
            // A text without any digit is a name, even where an estate or a building could be called so.
            Ok(place) if digits > 0 || place.unit.is_some() || place.room.is_some() => Query::Place(place),
            Ok(_) => Query::Name(text.to_lowercase()),
            Err(AddressError::Ambiguous(part)) => building_or_floor(&compact, &part),
            Err(AddressError::NoRoom(part)) => floor(&compact, &part),
            Err(_) if digits == 0 => Query::Name(text.to_lowercase()),
            Err(error) => Query::Unreadable(error.to_string()),
        }
    }
}

/// Why a long row of digits finds nobody: what the parser of its length says.
fn unfinished(digits: &str) -> String {
    match digits.len() {
        15 | 17.. => IdentityNumber::parse(digits).map_or_else(|error| error.to_string(), |_| String::new()),
        11 => Phone::parse(digits).map_or_else(|error| error.to_string(), |_| String::new()),
        _ => "电话和身份证号要写全才能查，房号请写成 3-2-1302 的样子".to_owned(),
    }
}

fn building_or_floor(text: &str, part: &str) -> Query {
    let number = part.strip_suffix('楼').map(address::building_key).unwrap_or_default();
    if number.is_empty() || !number.bytes().all(|b| b.is_ascii_digit()) {
        return Query::Unreadable(AddressError::Ambiguous(part.to_owned()).to_string());
    }
    let meant = |suffix| text.replacen(part, &format!("{number}{suffix}"), 1);
    Query::BuildingOrFloor { building: meant("号楼"), floor: meant("层") }
}

fn floor(text: &str, part: &str) -> Query {
    let number: Option<i64> = part.strip_suffix('层').and_then(|number| address::building_key(number).parse().ok());
    let head = text.strip_suffix(part).unwrap_or(text);
    match (number, head) {
        (Some(floor), "") => Query::Floor(Place::default(), floor),
        (Some(floor), head) => match address::parse(head) {
            Ok(place) => Query::Floor(place, floor),
            Err(error) => Query::Unreadable(error.to_string()),
        },
        (None, _) => Query::Unreadable(AddressError::NoRoom(part.to_owned()).to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(building: &str, unit: Option<&str>, room: Option<&str>) -> Query {
        let text = |text: &str| Some(text.to_owned());
        Query::Place(Place {
            building: text(building),
            unit: unit.and_then(text),
            room: room.and_then(text),
            estate: None,
        })
    }

    #[test]
    fn a_name_its_pinyin_and_its_initials_are_names() {
        for (typed, needle) in [("王娟枫", "王娟枫"), (" WJF ", "wjf"), ("wang juan", "wang juan"), ("张楼", "张楼")]
        {
            assert_eq!(Query::read(typed), Query::Name(needle.to_owned()), "{typed}");
        }
        assert_eq!(Query::read("　"), Query::Blank);
    }

    #[test]
    fn a_door_is_read_in_the_ways_people_write_it() {
        assert_eq!(Query::read("3-2-1302"), place("3", Some("2"), Some("1302")));
        assert_eq!(Query::read("３号楼1302"), place("3", None, Some("1302")));
        assert_eq!(Query::read("3号楼"), place("3", None, None));
        assert_eq!(Query::read("1302"), Query::Place(Place { room: Some("1302".into()), ..Place::default() }));
    }

    #[test]
    fn thirteen_lou_is_asked_about_and_never_guessed() {
        let question =
            |building: &str, floor: &str| Query::BuildingOrFloor { building: building.into(), floor: floor.into() };
        assert_eq!(Query::read("13楼"), question("13号楼", "13层"));
        assert_eq!(Query::read("王府名苑小区十三楼"), question("王府名苑小区13号楼", "王府名苑小区13层"));
        assert_eq!(Query::read("13层"), Query::Floor(Place::default(), 13));
        let third = Place { building: Some("3".into()), ..Place::default() };
        assert_eq!(Query::read("3号楼13层"), Query::Floor(third, 13));
    }

    #[test]
    fn numbers_are_whole_or_not_looked_up() {
        assert!(matches!(Query::read("14119919900307001３"), Query::Identity(_)));
        assert!(matches!(Query::read("138 0000 1234"), Query::Phone(_)));
        assert!(matches!(Query::read("0358-8221234"), Query::Phone(_)));
        assert!(matches!(Query::read("1380000"), Query::Unreadable(_)));
        assert!(matches!(Query::read("141199199003070014"), Query::Unreadable(sentence) if !sentence.contains("1411")));
    }
}
