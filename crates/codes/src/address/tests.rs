use proptest::prelude::*;

use super::*;

fn place(estate: &str, building: &str, unit: &str, room: &str) -> Result<Place, AddressError> {
    let some = |part: &str| Some(part.to_owned()).filter(|part| !part.is_empty());
    Ok(Place { estate: some(estate), building: some(building), unit: some(unit), room: some(room) })
}

fn room(text: &str) -> Result<(i16, String), AddressError> {
    parse_room(text).map(|room| (room.floor, room.room))
}

#[test]
fn building_keys() {
    for (text, key) in [
        ("3号楼", "3"),
        ("3栋", "3"),
        ("３幢", "3"),
        ("03", "3"),
        ("3#", "3"),
        ("3#楼", "3"),
        ("3楼", "3"),
        ("三号楼", "3"),
        ("第十二栋", "12"),
        ("A座", "A"),
        ("a 座", "A"),
        ("B12栋", "B12"),
        ("东座", "东"),
        ("家属楼", "家属楼"),
        ("", ""),
    ] {
        assert_eq!(building_key(text), key, "{text}");
    }
}

#[test]
fn unit_keys() {
    for (text, key) in [
        ("2单元", "2"),
        ("二单元", "2"),
        ("02", "2"),
        ("", ""),
        ("无", ""),
        ("－", ""),
        ("A单元", "A"),
        ("东单元", "东"),
    ] {
        assert_eq!(unit_key(text), key, "{text}");
    }
}

#[test]
fn rooms_tell_their_floor() {
    for (text, floor, name) in [
        ("302", 3, "302"),
        ("1302", 13, "1302"),
        ("１３０２室", 13, "1302"),
        ("0302", 3, "0302"),
        ("1302A", 13, "1302A"),
        ("-101", -1, "-101"),
        ("负101", -1, "-101"),
        ("13楼1302", 13, "1302"),
        ("十三层1302室", 13, "1302"),
        ("3层2号", 3, "302"),
    ] {
        assert_eq!(room(text), Ok((floor, name.to_owned())), "{text}");
    }
}

#[test]
fn rooms_are_never_guessed() {
    for (text, error) in [
        ("", AddressError::Empty),
        ("13楼", AddressError::Ambiguous("13楼".into())),
        ("13楼302", AddressError::Ambiguous("13楼302".into())),
        ("13层", AddressError::NoRoom("13层".into())),
        ("5", AddressError::NoFloor("5".into())),
        ("12", AddressError::NoFloor("12".into())),
        ("099", AddressError::NoFloor("099".into())),
        ("13021", AddressError::NoFloor("13021".into())),
        ("东户", AddressError::Format("东".into())),
    ] {
        assert_eq!(parse_room(text), Err(error), "{text}");
    }
}

#[test]
fn whole_addresses() {
    for (text, expected) in [
        ("王府名苑小区3号楼2单元1302室", place("王府名苑小区", "3", "2", "1302")),
        ("王府名苑小区 3号楼 2单元 1302室", place("王府名苑小区", "3", "2", "1302")),
        ("城北街道尉汾路社区王府名苑小区三号楼二单元1302", place("王府名苑小区", "3", "2", "1302")),
        ("3-2-1302", place("", "3", "2", "1302")),
        ("３－２－１３０２", place("", "3", "2", "1302")),
        ("王府名苑小区3-2-1302", place("王府名苑小区", "3", "2", "1302")),
        ("3-1302", place("", "3", "", "1302")),
        ("3号楼1302", place("", "3", "", "1302")),
        ("3号楼-1302", place("", "3", "", "1302")),
        ("3号楼2-1302", place("", "3", "2", "1302")),
        ("3#-2-1302", place("", "3", "2", "1302")),
        ("3-2单元1302", place("", "3", "2", "1302")),
        ("3号楼13楼1302", place("", "3", "", "1302")),
        ("3-2--101", place("", "3", "2", "-101")),
        ("3号楼负101", place("", "3", "", "-101")),
        ("3号楼东单元302", place("", "3", "东", "302")),
        ("王府名苑A座502", place("王府名苑", "A", "", "502")),
        ("A楼502", place("", "A", "", "502")),
        ("名苑东座502", place("名苑", "东", "", "502")),
        ("水保所家属院家属楼2单元302", place("水保所家属院", "家属楼", "2", "302")),
        ("家属楼", place("", "家属楼", "", "")),
        ("101厂家属院3-2-302", place("101厂家属院", "3", "2", "302")),
        ("鼓楼小区3-302", place("鼓楼小区", "3", "", "302")),
        ("星座花园3号楼", place("星座花园", "3", "", "")),
        ("王府名苑小区", place("王府名苑小区", "", "", "")),
        ("王府名苑小区三单元302", place("王府名苑小区", "", "3", "302")),
        ("3号楼2单元", place("", "3", "2", "")),
        ("1302", place("", "", "", "1302")),
    ] {
        assert_eq!(parse(text), expected, "{text}");
    }
}

#[test]
fn what_could_mean_two_things_is_asked() {
    for text in ["13楼", "１３ 楼", "十三楼", "王府名苑小区13楼", "13楼1302", "鼓楼小区13楼", "3楼2单元302"]
    {
        let error = parse(text).unwrap_err();
        assert!(matches!(error, AddressError::Ambiguous(_)), "{text}");
        assert!(error.to_string().contains("楼栋还是楼层"));
    }
    assert_eq!(parse("3号楼-101"), Err(AddressError::Basement("-101".into())));
    assert_eq!(parse("-101"), Err(AddressError::Basement("-101".into())));
}

#[test]
fn unreadable_addresses_are_refused() {
    assert_eq!(parse("  "), Err(AddressError::Empty));
    assert_eq!(parse("3-2"), Err(AddressError::NoFloor("2".into())));
    assert_eq!(parse("3号楼2单元13楼"), Err(AddressError::Ambiguous("13楼".into())));
    for text in ["1-2-3-1302", "3号楼1-2-1302", "---", "3-2-东户"] {
        assert!(matches!(parse(text), Err(AddressError::Format(_))), "{text}");
    }
}

/// Reads a text as everything that it may be. What is read as a building is read so again.
fn read_or_refused(text: &str) {
    let _ = (parse(text).map(|place| parse(&place.to_string())), parse_room(text), unit_key(text));
    let key = building_key(text);
    assert_eq!(building_key(&key), key, "{text:?}");
}

/// The lines of the corpus, which is that of the whole program.
fn corpus() -> Vec<String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/data/corpus/addresses");
    let files = std::fs::read_dir(folder).unwrap().map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap());
    files.flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>()).collect()
}

#[test]
fn every_address_of_the_corpus_is_read_or_refused() {
    let lines = corpus();
    assert!(lines.len() > 80);
    lines.iter().for_each(|line| read_or_refused(line));
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in any::<String>(), near in "[0-9A-C三十号楼栋座单元室层负小区院第东#-]{0,14}") {
        read_or_refused(&text);
        read_or_refused(&near);
    }

    #[test]
    fn two_addresses_of_the_corpus_in_one_are_read_or_refused(
        one in any::<prop::sample::Index>(), other in any::<prop::sample::Index>(), cut in any::<prop::sample::Index>(),
    ) {
        let lines = corpus();
        let text = format!("{}{}", one.get(&lines), other.get(&lines));
        let characters: Vec<char> = text.chars().collect();
        read_or_refused(&characters[..cut.index(characters.len() + 1)].iter().collect::<String>());
    }

    #[test]
    fn display_parses_back(
        estate in proptest::option::of(proptest::sample::select(vec!["王府名苑小区", "水保所家属院"])),
        building in proptest::option::of("[1-9][0-9]?|[A-Z]|[A-Z][1-9]|[1-9]-[1-9]|家属楼|甲"),
        unit in proptest::option::of("[1-9]|[A-Z]"),
        room in proptest::option::of("-?[1-9][0-9]?0[1-9]"),
    ) {
        prop_assume!(estate.is_some() || building.is_some() || unit.is_some() || room.is_some());
        // A room below ground without anything before it is shown with 负 and read back too.
        let place = Place { estate: estate.map(str::to_owned), building, unit, room };
        prop_assert_eq!(parse(&place.to_string()), Ok(place));
    }

    #[test]
    fn chinese_and_arabic_numerals_agree(tens in 0usize..10, ones in 0usize..10) {
        prop_assume!(tens + ones > 0);
        let digits = ["", "一", "二", "三", "四", "五", "六", "七", "八", "九"];
        let ten = match tens { 0 => String::new(), 1 => "十".into(), _ => format!("{}十", digits[tens]) };
        prop_assert_eq!(building_key(&format!("{ten}{}号楼", digits[ones])), (tens * 10 + ones).to_string());
    }
}
