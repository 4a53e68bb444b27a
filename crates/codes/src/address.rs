//! Where a home is: estate, building, unit, floor and room, as people write them.
//!
//! `13楼` means building 13 to one person and floor 13 to the next, so it is never read by guess.

mod label;

use std::fmt;

use crate::text::compact;
use label::{BUILDING_SUFFIXES, is_compass, is_numeral, label, number};

/// A place inside a community, as far as the text names it. Labels are keys: see [`building_key`] and [`unit_key`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Place {
    pub estate: Option<String>,
    pub building: Option<String>,
    pub unit: Option<String>,
    pub room: Option<String>,
}

/// A room with the floor that its number tells. Basements are negative.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Room {
    pub floor: i16,
    pub room: String,
}

/// Why a text is not an address, with the part that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    #[error("没有填写地址或房号")]
    Empty,
    #[error("“{0}”说的是楼栋还是楼层？楼栋请写“13号楼”，楼层请连房号一起写，如“1302室”")]
    Ambiguous(String),
    #[error("“{0}”是地下一层的房号，还是多了一条横线？地下请写“负101”，地上请去掉横线")]
    Basement(String),
    #[error("房号“{0}”看不出楼层，请连楼层一起写，如“302”或“3层2号”")]
    NoFloor(String),
    #[error("“{0}”只写了楼层，请补上房号，如“1302”")]
    NoRoom(String),
    #[error("地址“{0}”看不懂，请写成“王府名苑小区3号楼2单元1302室”或“3-2-1302”")]
    Format(String),
}

/// The key of a building: `3号楼`, `3栋`, `３幢`, `三号楼` and `3#` are `3`, `A座` is `A`; a name such as `家属楼` stays.
///
/// Meant for text that is known to name a building, such as a column 楼栋, so `13楼` is `13` here.
pub fn building_key(text: &str) -> String {
    let written = compact(text).to_uppercase();
    let bare = written.strip_prefix('第').unwrap_or(&written);
    let compass = || bare.strip_suffix(['座', '栋', '幢']).filter(|rest| is_compass(rest)).map(str::to_owned);
    let suffixes = BUILDING_SUFFIXES.into_iter().chain(["号", "楼"]);
    let named = || suffixes.filter_map(|suffix| bare.strip_suffix(suffix)).find_map(label);
    named().or_else(compass).or_else(|| label(bare)).unwrap_or(written)
}

/// The key of a unit: `2单元` and `二单元` are `2`; nothing, `无` or a dash is the empty key of a building without units.
pub fn unit_key(text: &str) -> String {
    let written = compact(text).to_uppercase();
    let bare = written.strip_suffix("单元").unwrap_or(&written);
    match bare {
        "" | "无" | "没有" | "-" | "/" => String::new(),
        _ => label(bare).unwrap_or_else(|| bare.to_owned()),
    }
}

/// Reads a room of a known building: `302`, `1302室`, `-101` and `负101` (basement), `13楼1302`, `3层2号`.
pub fn parse_room(text: &str) -> Result<Room, AddressError> {
    let written = compact(text).to_uppercase();
    let bare = written.trim_end_matches(['室', '房', '号', '户']);
    if bare.is_empty() {
        return Err(AddressError::Empty);
    }
    let (sign, above) = match bare.strip_prefix(['-', '负']) {
        Some(below) => (-1, below),
        None => (1, bare),
    };
    let signed = |floor: i16, room: String| match sign {
        1 => Room { floor, room },
        _ => Room { floor: -floor, room: format!("-{room}") },
    };
    let Some(at) = above.find(['楼', '层']) else {
        let floor = floor_of(above).ok_or_else(|| unreadable_room(bare))?;
        return Ok(signed(floor, above.to_owned()));
    };
    let (floor, rest) = (number(&above[..at]), &above[at..]);
    let (Some(floor), Some(room)) = (floor.filter(|&floor| floor > 0), rest.strip_prefix(['楼', '层'])) else {
        return Err(unreadable_room(bare));
    };
    match (room, floor_of(room)) {
        ("", _) if rest.starts_with('楼') => Err(AddressError::Ambiguous(written)),
        ("", _) => Err(AddressError::NoRoom(written)),
        (_, Some(same)) if same == floor => Ok(signed(floor, room.to_owned())),
        // The number says another floor than the text: one of the two is wrong, or the first is a building.
        (_, Some(_)) => Err(AddressError::Ambiguous(written)),
        (_, None) => match room.parse::<u8>() {
            Ok(door @ 1..=99) => Ok(signed(floor, format!("{floor}{door:02}"))),
            _ => Err(unreadable_room(bare)),
        },
    }
}

/// Reads `王府名苑小区3号楼2单元1302室`, `3号楼1302`, `3-2-1302` (building, unit, room), `3-1302` (building, room) or a
/// part of these. Text before the building is taken as the estate; a street or community before that is dropped.
pub fn parse(text: &str) -> Result<Place, AddressError> {
    let written: String = compact(text).to_uppercase().chars().filter(|c| !matches!(c, ',' | '、' | '。')).collect();
    if written.is_empty() {
        return Err(AddressError::Empty);
    }
    let local = drop_region(&written);
    let (estate, building, numbers) = match split_building(local)? {
        Some(parts) => parts,
        None => {
            let (estate, numbers) = split_numbers(local);
            (estate, None, numbers)
        }
    };
    let estate = estate.trim_matches('-');
    // Numbers that were left over, as in 3-2-东户, are no estate.
    let leftover = estate.split_once('-').is_some_and(|(head, _)| number(head).is_some());
    let nothing = building.is_none() && numbers.is_empty() && !estate.chars().any(char::is_alphabetic);
    if leftover || nothing {
        return Err(AddressError::Format(written));
    }
    let (building, unit, room) = read_numbers(building, numbers)?;
    let estate = Some(estate.to_owned()).filter(|estate| !estate.is_empty());
    Ok(Place { estate, building, unit, room })
}

impl std::str::FromStr for Place {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse(text)
    }
}

/// `王府名苑小区 3号楼 2单元 1302室`, which [`parse`] reads back.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            self.estate.clone(),
            self.building.as_deref().map(building_label),
            self.unit.as_deref().filter(|unit| !unit.is_empty()).map(|unit| format!("{unit}单元")),
            self.room.as_deref().map(|room| format!("{}室", room.replacen('-', "负", 1))),
        ];
        f.write_str(&parts.into_iter().flatten().collect::<Vec<_>>().join(" "))
    }
}

/// How a building key is shown: `3号楼`, `A座`, `B12栋`, `家属楼`.
pub fn building_label(key: &str) -> String {
    let all = |test: fn(&u8) -> bool| !key.is_empty() && key.bytes().all(|b| test(&b));
    if all(|b| b.is_ascii_digit() || *b == b'-') {
        format!("{key}号楼")
    } else if all(u8::is_ascii_alphabetic) || is_compass(key) {
        format!("{key}座")
    } else if all(|b| b.is_ascii_alphanumeric() || *b == b'-') {
        format!("{key}栋")
    } else {
        key.to_owned()
    }
}

/// The floor of a room number: three or four digits, perhaps with a letter, of which the last two are the door.
fn floor_of(room: &str) -> Option<i16> {
    let digits = room.strip_suffix(|c: char| c.is_ascii_uppercase()).unwrap_or(room);
    if !matches!(digits.len(), 3 | 4) || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let number: i16 = digits.parse().ok()?;
    (number >= 100).then_some(number / 100)
}

fn unreadable_room(room: &str) -> AddressError {
    let number = room.bytes().all(|b| b.is_ascii_digit());
    if number { AddressError::NoFloor(room.to_owned()) } else { AddressError::Format(room.to_owned()) }
}

/// What follows the last 街道 or 社区, unless nothing does.
fn drop_region(text: &str) -> &str {
    let ends = ["街道", "社区"].iter().filter_map(|word| text.rfind(word).map(|at| at + word.len()));
    ends.max().map(|end| &text[end..]).filter(|rest| !rest.is_empty()).unwrap_or(text)
}

type Split<'a> = (&'a str, Option<String>, &'a str);

/// Estate, building key and what follows, if the text names its building in words.
fn split_building(text: &str) -> Result<Option<Split<'_>>, AddressError> {
    for (at, _) in text.char_indices() {
        let (before, here) = text.split_at(at);
        let suffix = BUILDING_SUFFIXES.into_iter().find(|suffix| here.starts_with(suffix));
        let run = trailing_label(before);
        let estate = &before[..before.len() - run.len()];
        let estate = estate.strip_suffix('第').unwrap_or(estate);
        if let (Some(suffix), Some(key)) = (suffix, label(run)) {
            return Ok(Some((estate, Some(key), &here[suffix.len()..])));
        }
        if let (Some(suffix @ ("座" | "栋" | "幢")), Some((start, last))) = (suffix, before.char_indices().next_back())
            && is_compass(&before[start..])
        {
            return Ok(Some((&before[..start], Some(last.into()), &here[suffix.len()..])));
        }
        let Some(rest) = here.strip_prefix('楼') else { continue };
        match label(run) {
            Some(key) if key.contains(|c: char| c.is_ascii_alphabetic()) => return Ok(Some((estate, Some(key), rest))),
            Some(_) => return Err(AddressError::Ambiguous(format!("{run}楼"))),
            None if ends_a_name(rest) => {
                let (estate, _) = split_estate(before);
                return Ok(Some((estate, Some(text[estate.len()..at + '楼'.len_utf8()].to_owned()), rest)));
            }
            None => {}
        }
    }
    Ok(None)
}

/// The run of Latin letters, digits and dashes, or else of Chinese numerals, that ends `text`.
fn trailing_label(text: &str) -> &str {
    let run = |test: fn(char) -> bool| &text[text.trim_end_matches(test).len()..];
    let latin = run(|c| c.is_ascii_alphanumeric() || c == '-');
    if latin.is_empty() { run(is_numeral) } else { latin }
}

/// After the name of a building come only the numbers of units and rooms: 鼓楼小区 does not name a building.
fn ends_a_name(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with(|c: char| c.is_ascii_alphanumeric() || is_numeral(c) || matches!(c, '-' | '负'))
}

/// The estate that a text begins with, by the usual last words of estate names, and what follows.
fn split_estate(text: &str) -> (&str, &str) {
    let ends = ["小区", "院", "苑", "园", "区", "村", "城"]
        .iter()
        .filter_map(|word| text.rfind(word).map(|at| at + word.len()));
    text.split_at(ends.filter(|&end| end < text.len()).max().unwrap_or(0))
}

/// The estate and the numbers at the end of a text that names no building.
fn split_numbers(text: &str) -> (&str, &str) {
    let part = |c: char| {
        c.is_ascii_alphanumeric()
            || is_numeral(c)
            || matches!(c, '-' | '负' | '单' | '元' | '室' | '房' | '号' | '户' | '层')
    };
    let tail = &text[text.trim_end_matches(part).len()..];
    if !tail.contains(|c: char| c.is_ascii_digit()) && !tail.contains("单元") {
        return (text, "");
    }
    text.split_at(text.len() - tail.len())
}

type Numbers = (Option<String>, Option<String>, Option<String>);

/// Building, unit and room from what follows the estate or the building.
fn read_numbers(building: Option<String>, numbers: &str) -> Result<Numbers, AddressError> {
    let unreadable = || AddressError::Format(numbers.to_owned());
    // A second dash in a row is the sign of a basement.
    let numbers = numbers.replace("--", "-负");
    let joined = match numbers.strip_prefix('-') {
        Some(room) if matches!(floor_of(room.trim_end_matches(['室', '房', '号', '户'])), Some(1 | 2)) => {
            return Err(AddressError::Basement(numbers));
        }
        Some(rest) => rest,
        None => &numbers,
    };
    let (before, room) = match joined.split_once("单元") {
        Some((before, room)) => {
            let room = room.strip_prefix('-').unwrap_or(room);
            (before.split('-').map(Some).collect::<Vec<_>>(), room)
        }
        None => {
            let (before, room) = joined.rsplit_once('-').unwrap_or(("", joined));
            let mut before: Vec<_> = before.split('-').filter(|part| !part.is_empty()).map(Some).collect();
            // Without the word 单元 a single number before the room is the building, unless that is known.
            if building.is_none() && before.len() == 1 {
                before.push(None);
            }
            (before, room)
        }
    };
    let compass = |part: &str| is_compass(part).then(|| part.to_owned());
    let key =
        |part: Option<&str>| part.map(|part| label(part).or_else(|| compass(part)).ok_or_else(unreadable)).transpose();
    let (building, unit) = match (building, before[..].iter().as_slice()) {
        (known, []) => (known, None),
        (known, [unit]) => (known, key(*unit)?),
        (None, [building, unit]) => (key(building.map(|part| part.trim_end_matches('号')))?, key(*unit)?),
        _ => return Err(unreadable()),
    };
    let room = if room.is_empty() { None } else { Some(parse_room(room)?.room) };
    Ok((building, unit, room))
}

#[cfg(test)]
mod tests;
