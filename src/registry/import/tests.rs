//! The pure half of the import, from the bytes of a workbook to what each row says.

use std::collections::BTreeMap;

use codes::Sex;
use jiff::civil::date;
use proptest::prelude::*;
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};

use super::column::Column;
use super::review::review;
use super::row::{Entry, Rejection};
use super::workbook;
use crate::registry::tag::Tag;
use crate::workbook::{self as sheet, RejectedRow, Unreadable, rejections};

type Sheet = sheet::Sheet<Column>;

const TODAY: jiff::civil::Date = date(2026, 11, 23);

/// A sound row, with some of its columns changed.
fn person(changed: &[(Column, &str)]) -> Vec<(Column, String)> {
    let mut row = BTreeMap::from([
        (Column::Estate, "王府名苑小区"),
        (Column::Building, "3号楼"),
        (Column::Unit, "2单元"),
        (Column::Room, "1302"),
        (Column::Head, "张三"),
        (Column::Relation, "户主"),
        (Column::Name, "张三"),
        (Column::Identity, "141199199003070013"),
    ]);
    row.extend(changed.iter().copied());
    row.into_iter().map(|(column, value)| (column, value.to_owned())).collect()
}

fn read(rows: impl IntoIterator<Item = Vec<(Column, String)>>) -> (Sheet, Vec<Result<Entry, Rejection>>) {
    let sheet = sheet::read(&workbook(rows).unwrap()).unwrap();
    let verdicts = review(&sheet, TODAY);
    (sheet, verdicts)
}

fn one(changed: &[(Column, &str)]) -> Result<Entry, Rejection> {
    read([person(changed)]).1.remove(0)
}

/// The worksheet that staff would have drawn: the cells as text, and what else `draw` does to it.
fn drawn(rows: &[&[&str]], draw: impl FnOnce(&mut rust_xlsxwriter::Worksheet)) -> Vec<u8> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (row, cells) in (0u32..).zip(rows) {
        for (column, cell) in (0u16..).zip(*cells).filter(|(_, cell)| !cell.is_empty()) {
            sheet.write_string(row, column, *cell).unwrap();
        }
    }
    draw(sheet);
    book.save_to_buffer().unwrap()
}

#[test]
fn a_sound_row_is_read_in_full() {
    let entry = one(&[
        (Column::Sex, "男"),
        (Column::Ethnic, "汉族"),
        (Column::Birth, "1990.3.7"),
        (Column::Phone, "138 0000 1234"),
        (Column::RegisteredAddress, "山西省吕梁市石楼县"),
        (Column::Address, "王府名苑小区3号楼2单元1302室"),
        (Column::ResidenceState, "人在户不在"),
        (Column::Political, "党员"),
        (Column::Education, "大专"),
        (Column::Marital, "已婚"),
        (Column::Workplace, "离石区一中"),
        (Column::Category, "低保户、退役军人"),
        (Column::PartyHousehold, "是"),
        (Column::Needy, "否"),
        (Column::Alone, "√"),
        (Column::Disabled, "肢体三级"),
        (Column::Health, "高血压"),
        (Column::Housing, "租住"),
        (Column::Note, "无"),
    ])
    .unwrap();
    let person = entry.person;
    assert_eq!((person.sex, person.birth.unwrap().to_string().as_str()), (Sex::Male, "1990-03-07"));
    assert_eq!(person.phone.unwrap().as_str(), "13800001234");
    assert_eq!(person.health.as_deref(), Some("高血压；残疾：肢体三级"));
    assert_eq!(person.note, None);
    assert_eq!(entry.usage, Some(crate::place::Use::Rented));
    let tags: Vec<Tag> = person.tags.iter().map(|(tag, _)| *tag).collect();
    let expected =
        [Tag::SubsistenceAllowance, Tag::Veteran, Tag::PartyMemberHousehold, Tag::LivingAlone, Tag::Disabled];
    assert_eq!(tags, expected);
    assert!(person.tags[0].1.contains("人员类别"));
}

#[test]
fn each_mistake_names_its_column() {
    use Column::*;
    for (changed, column, words) in [
        (&[(Identity, "1.41E+17")][..], Identity, "科学计数法"),
        (&[(Identity, "14119919900307001")], Identity, "18 位"),
        (&[(Identity, "141199900307001")], Identity, "15 位"),
        (&[(Identity, "141199199003070014")], Identity, "校验"),
        (&[(Identity, "E12345678")], Identity, "护照"),
        (&[(Identity, "同上")], Identity, "同上"),
        (&[(Name, "")], Name, "没有填写"),
        (&[(Name, "同上")], Name, "同上"),
        (&[(Sex, "女")], Sex, "身份证号"),
        (&[(Sex, "男女")], Sex, "可选范围"),
        (&[(Birth, "1990-03-08")], Birth, "不一致"),
        (&[(Birth, "昨天")], Birth, "看不懂"),
        (&[(Identity, ""), (Birth, "2030-01-01")], Birth, "还没有到"),
        (&[(Identity, ""), (Birth, "1990.1")], Birth, "10 月"),
        (&[(Phone, "1380000123")], Phone, "11 位"),
        (&[(Ethnic, "火星族")], Ethnic, "可选范围"),
        (&[(Political, "火星党")], Political, "可选范围"),
        (&[(ResidenceState, "不知道")], ResidenceState, "人户一致"),
        (&[(Category, "歌手")], Category, "低保"),
        (&[(Category, "社区矫正")], Category, "限制"),
        (&[(Needy, "可能")], Needy, "是"),
        (&[(Housing, "白住")], Housing, "租住"),
        (&[(Building, "13楼")], Building, "楼栋还是楼层"),
        (&[(Room, "")], Room, "房号"),
        (&[(Head, "李四")], Relation, "户主"),
        (&[(Head, ""), (Relation, "子")], Head, "户主"),
        (&[(Workplace, "#REF!")], Workplace, "公式"),
    ] {
        let rejection = one(changed).map(|_| ()).unwrap_err();
        assert_eq!(rejection.column, column, "{changed:?}: {}", rejection.reason);
        assert!(rejection.reason.contains(words), "{changed:?}: {}", rejection.reason);
    }
    assert!(!one(&[(Ethnic, "13800001234")]).unwrap_err().reason.contains("1380000"));
}

#[test]
fn what_spreadsheets_do_to_values_is_undone() {
    let file = drawn(
        &[
            &["尉汾路社区居民信息登记表"],
            &["填表说明：按户填写"],
            &["姓 名", "出生年月", "房号", "楼号", "小区名称", "手机号码", "身份证号码", "车牌号"],
            &["'张三", "", "1302", "３", "王府名苑小区", "", "１４１１９９１９９００３０７００１３", "晋J12345"],
            &["", "", "", "", "", "", "", ""],
            &["李四", "19900307", "302", "3", "王府名苑小区", "无", "", ""],
            &["王五", "1990年3月", "401", "3", "王府名苑小区", "", "", ""],
            &["填表人：赵六", "", "", "填表日期：2026-11-23"],
        ],
        |sheet| {
            sheet.merge_range(0, 0, 0, 7, "尉汾路社区居民信息登记表", &Format::new()).unwrap();
            sheet.write_number(3, 1, 32939).unwrap();
            sheet.write_number(3, 5, 13_800_001_234f64).unwrap();
            let day = Format::new().set_num_format("yyyy/m/d");
            sheet.write_string(8, 0, "赵六").unwrap();
            sheet.write_datetime_with_format(8, 1, ExcelDateTime::from_ymd(1985, 12, 31).unwrap(), &day).unwrap();
            sheet.write_number(8, 2, 501).unwrap().write_number(8, 3, 3).unwrap();
            sheet.write_string(8, 4, "王府名苑小区").unwrap();
            sheet.write_number(8, 6, 141_199_198_512_310_113f64).unwrap();
        },
    );
    let sheet = sheet::read(&file).unwrap();
    assert_eq!(sheet.rows.iter().map(|row| row.number).collect::<Vec<_>>(), [4, 6, 7, 9]);
    assert_eq!(sheet.rows[0].cells[1], "32939");
    assert_eq!(sheet.rows[3].cells[1], "1985-12-31");
    assert_eq!(sheet.rows[0].cells[7], "晋J12345");
    let verdicts = review(&sheet, TODAY);
    let birth = |at: usize| verdicts[at].as_ref().map(|entry| entry.person.birth.map(|birth| birth.to_string()));
    for (at, expected) in ["1990-03-07", "1990-03-07", "1990-03"].into_iter().enumerate() {
        assert_eq!(birth(at).unwrap().as_deref(), Some(expected));
    }
    let lost = verdicts[3].as_ref().unwrap_err();
    assert_eq!((lost.column, sheet.rows[3].cells[6].as_str()), (Column::Identity, "1.41E+17"));
}

#[test]
fn merged_cells_and_ditto_marks_fill_the_rows_below() {
    let header: &[&str] = &["序号", "小区", "楼栋", "单元", "房号", "户主姓名", "与户主关系", "姓名", "身份证号"];
    let file = drawn(
        &[
            header,
            &["1", "", "3号楼", "2", "1302", "", "户主", "张三", "141199199003070013"],
            &["2", "", "同上", "〃", "″", "", "妻", "李四", "141199195801010025"],
            &["3", "", "\"", "同上", "同上", "", "子", "张小明", "141199201709010039"],
            &["4", "", "", "", "", "", "", "", ""],
            header,
            &["5", "甲小区", "1", "", "302", "王五", "户主", "王五", "同上"],
        ],
        |sheet| {
            sheet.merge_range(1, 1, 4, 1, "王府名苑小区", &Format::new()).unwrap();
            sheet.merge_range(1, 5, 3, 5, "张三", &Format::new()).unwrap();
        },
    );
    let sheet = sheet::read(&file).unwrap();
    assert_eq!(sheet.rows.iter().map(|row| row.number).collect::<Vec<_>>(), [2, 3, 4, 7]);
    let verdicts = review(&sheet, TODAY);
    for verdict in &verdicts[..3] {
        let entry = verdict.as_ref().unwrap();
        let (estate, building, unit, room) = entry.place.key();
        assert_eq!([&*estate, &*building, &*unit, &*room], ["王府名苑小区", "3", "2", "1302"]);
        assert_eq!(entry.head.as_ref().unwrap().as_str(), "张三");
    }
    assert_eq!(verdicts[3].as_ref().unwrap_err().column, Column::Identity);
}

#[test]
fn members_find_the_head_of_their_household() {
    let member = |name: &str, relation: &str, identity: &str, head: &str| {
        person(&[
            (Column::Name, name),
            (Column::Relation, relation),
            (Column::Identity, identity),
            (Column::Head, head),
        ])
    };
    let (_, verdicts) = read([
        member("李四", "妻", "141199195801010025", ""),
        member("张三", "户主", "1.41E+17", ""),
        member("张小明", "子", "141199201709010039", ""),
    ]);
    assert_eq!(verdicts[0].as_ref().unwrap().head.as_ref().unwrap().as_str(), "张三");
    assert_eq!(verdicts[1].as_ref().unwrap_err().column, Column::Identity);
    assert!(verdicts[2].is_ok());
    let (_, verdicts) = read([
        member("张三", "户主", "141199199003070013", ""),
        member("王五", "户主", "141199198512310113", ""),
        member("张小明", "子", "141199201709010039", ""),
    ]);
    assert_eq!(verdicts[2].as_ref().unwrap_err().column, Column::Head);
}

#[test]
fn where_nobody_is_named_as_head_the_first_one_is() {
    let member = |name: &str, relation: &str, identity: &str, room: &str| {
        let changed =
            [(Column::Name, name), (Column::Relation, relation), (Column::Identity, identity), (Column::Room, room)];
        let named = person(&changed).into_iter();
        named.filter(|(column, value)| *column != Column::Head && !value.is_empty()).collect::<Vec<_>>()
    };
    let (_, verdicts) = read([
        member("李四", "", "141199195801010025", "302"),
        member("张三", "", "141199199003070013", "302"),
        member("王五", "", "141199198512310113", "401"),
    ]);
    let heads: Vec<(String, bool)> = verdicts
        .into_iter()
        .map(|verdict| verdict.map(|entry| (entry.head.unwrap().as_str().to_owned(), entry.supposed)).unwrap())
        .collect();
    assert_eq!(heads, [("李四".to_owned(), true), ("李四".to_owned(), true), ("王五".to_owned(), true)]);
    // Whoever is said to be a relative is not the head.
    let (_, verdicts) =
        read([member("李四", "妻", "141199195801010025", "302"), member("张三", "", "141199199003070013", "302")]);
    assert_eq!(verdicts[0].as_ref().unwrap().head.as_ref().unwrap().as_str(), "张三");
    let (_, verdicts) =
        read([member("李四", "妻", "141199195801010025", "302"), member("张三", "子", "141199199003070013", "302")]);
    assert!(verdicts.iter().all(Result::is_err));
}

#[test]
fn a_plain_no_ends_a_tag_and_a_blank_does_not() {
    let ended = |changed: &[(Column, &str)]| -> Vec<Tag> {
        one(changed).unwrap().person.ended.into_iter().map(|(tag, _)| tag).collect()
    };
    assert_eq!(ended(&[(Column::Needy, "否"), (Column::Disabled, "×")]), [Tag::Needy, Tag::Disabled]);
    assert_eq!(ended(&[(Column::Alone, "否")]), [Tag::LivingAlone]);
    assert_eq!(ended(&[(Column::Needy, ""), (Column::Alone, "/"), (Column::PartyHousehold, "□")]), []);
    assert_eq!(ended(&[(Column::Disabled, "否"), (Column::Category, "残疾人")]), []);
}

#[test]
fn a_header_may_have_two_lines() {
    let file = drawn(
        &[
            &["居民信息登记表"],
            &["序号", "姓名", "", "", "", "", "身份证号"],
            &["", "", "小区", "楼栋", "单元", "房号"],
            &["1", "张三", "王府名苑小区", "3号楼", "2单元", "1302", "141199199003070013"],
        ],
        |sheet| {
            sheet.merge_range(1, 2, 1, 5, "现住址", &Format::new()).unwrap();
            sheet.merge_range(1, 1, 2, 1, "姓名", &Format::new()).unwrap();
        },
    );
    let sheet = sheet::read(&file).unwrap();
    assert_eq!(sheet.header.cells, ["序号", "姓名", "小区", "楼栋", "单元", "房号", "身份证号"]);
    assert_eq!(sheet.rows.iter().map(|row| row.number).collect::<Vec<_>>(), [4]);
    let entry = review(&sheet, TODAY).remove(0).unwrap();
    assert_eq!((entry.place.room.room.as_str(), entry.head.unwrap().as_str()), ("1302", "张三"));
}

#[test]
fn nobody_stands_in_a_file_twice() {
    let baby = |note| {
        let named =
            [(Column::Name, "张小宝"), (Column::Relation, "子"), (Column::Identity, "无"), (Column::Birth, "2026-10")];
        person(&[named.as_slice(), &[(Column::Note, note)]].concat())
    };
    let (_, verdicts) = read([person(&[]), baby("甲"), person(&[(Column::Room, "302")]), baby("乙")]);
    assert!(verdicts[0].is_ok() && verdicts[1].is_ok());
    let twice = verdicts[2].as_ref().unwrap_err();
    assert_eq!(twice.column, Column::Identity);
    assert!(twice.reason.contains("第 2 行"), "{}", twice.reason);
    let twice = verdicts[3].as_ref().unwrap_err();
    assert_eq!(twice.column, Column::Name);
    assert!(twice.reason.contains("第 3 行"), "{}", twice.reason);
}

#[test]
fn a_dwelling_serves_for_one_thing() {
    let wife = [
        (Column::Name, "李四"),
        (Column::Relation, "妻"),
        (Column::Identity, "141199195801010025"),
        (Column::Housing, "租住"),
    ];
    let (_, verdicts) = read([person(&[(Column::Housing, "自有")]), person(&wife)]);
    let rejection = verdicts[1].as_ref().unwrap_err();
    assert!(rejection.column == Column::Housing && rejection.reason.contains("第 2 行"), "{rejection:?}");
}

#[test]
fn whoever_is_said_to_live_alone_is_noted_as_that_at_any_age() {
    let elder = one(&[(Column::Identity, "141199195801010025"), (Column::Alone, "是")]).unwrap();
    assert_eq!(elder.person.tags[0].0, Tag::LivingAlone);
}

#[test]
fn where_somebody_lives_instead_is_noted() {
    let entry =
        one(&[(Column::ResidenceState, "户在人不在"), (Column::Address, "太原市迎泽区"), (Column::Note, "常回来")]);
    assert_eq!(entry.unwrap().person.note.as_deref(), Some("常回来；现居住地址：太原市迎泽区"));
}

#[test]
fn what_is_no_register_is_told_apart() {
    type Expected = fn(&Unreadable) -> bool;
    let cases: [(Vec<u8>, Expected); 6] = [
        (drawn(&[&["日期", "金额"], &["1", "2"]], |_| {}), |error| matches!(error, Unreadable::NoHeader(_))),
        (drawn(&[&["姓名", "性别", "民族"], &["张三", "男", "汉"]], |_| {}), |error| {
            matches!(error, Unreadable::Lacking(_))
        }),
        (drawn(&[&["姓名", "房号", "电话", "手机"]], |_| {}), |error| {
            matches!(error, Unreadable::ColumnTwice { .. })
        }),
        (workbook([]).unwrap(), |error| *error == Unreadable::NoRows),
        (b"PK\x03\x04 not really".to_vec(), |error| *error == Unreadable::Truncated),
        (
            {
                let mut book = Workbook::new();
                for _ in 0..2 {
                    book.add_worksheet().write_row(0, 0, ["姓名", "房号", "楼栋"]).unwrap();
                }
                book.save_to_buffer().unwrap()
            },
            |error| matches!(error, Unreadable::SeveralSheets(_)),
        ),
    ];
    for (at, (file, expected)) in cases.iter().enumerate() {
        let error = sheet::read::<Column>(file).unwrap_err();
        assert!(expected(&error), "{at}: {error}");
    }
}

#[test]
fn rejected_rows_come_back_and_go_in_again() {
    let (sheet, verdicts) =
        read([person(&[]), person(&[(Column::Name, "李四"), (Column::Identity, "1.41E+17"), (Column::Head, "")])]);
    let rejection = verdicts[1].as_ref().unwrap_err();
    let row = RejectedRow {
        number: sheet.rows[1].number,
        cells: sheet.rows[1].cells.clone(),
        column: rejection.column,
        reason: rejection.reason.clone(),
    };
    let file = rejections(&sheet.header, &[row]).unwrap();
    let again = sheet::read(&file).unwrap();
    assert_eq!(again.header, sheet.header);
    assert_eq!(again.rows[0].cells, sheet.rows[1].cells);
    assert_eq!(review(&again, TODAY)[0].as_ref().unwrap_err(), rejection);
}

#[test]
fn every_cell_that_goes_out_is_text() {
    let file = workbook([person(&[(Column::Note, "=1+1")])]).unwrap();
    assert_eq!(sheet::read::<Column>(&file).unwrap().rows[0].cells.last().map(String::as_str), Some("=1+1"));
}

/// The workbooks of the corpus, each of which had a parser stumble somewhere, or might.
fn corpus() -> Vec<(String, Vec<u8>)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/corpus/workbooks");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    let named = |file: &std::path::PathBuf| file.file_name().unwrap().to_str().unwrap().to_owned();
    files.iter().map(|file| (named(file), std::fs::read(file).unwrap())).collect()
}

#[test]
fn every_workbook_of_the_corpus_is_read_or_refused() {
    let mut people = BTreeMap::new();
    for (name, file) in corpus() {
        if let Ok(sheet) = sheet::read(&file) {
            let verdicts = review(&sheet, TODAY);
            assert_eq!(verdicts.len(), sheet.rows.len(), "{name}");
            people.insert(name, verdicts.iter().filter(|verdict| verdict.is_ok()).count());
        }
    }
    assert_eq!(people["a_sound_row.xlsx"], 1);
    assert_eq!(people["ditto_marks_and_merged_cells.xlsx"], 2);
    assert_eq!(people["dimension_that_is_not_so.xlsx"], 1);
    for refused in ["a_column_for_every_day.xlsx", "a_letter.xlsx", "nothing.xlsx", "strings_more_than_memory.xlsx"] {
        assert!(!people.contains_key(refused), "{refused}");
    }
    assert!(people.values().sum::<usize>() < 40, "nothing is read into more than it says: {people:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_damaged_workbook_of_the_corpus_is_read_or_refused(
        which in any::<prop::sample::Index>(), at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<prop::sample::Index>(),
    ) {
        let files = corpus();
        let mut file = which.get(&files).1.clone();
        prop_assume!(!file.is_empty());
        let at = at.index(file.len());
        file[at] = byte;
        let _ = sheet::read(&file).map(|sheet| review(&sheet, TODAY));
        file.truncate(cut.index(file.len()));
        let _ = sheet::read(&file).map(|sheet| review(&sheet, TODAY));
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..2000), zip in any::<bool>()) {
        let file = if zip { [b"PK\x03\x04".as_slice(), &bytes].concat() } else { bytes };
        let _ = sheet::read::<Column>(&file);
    }

    #[test]
    fn a_damaged_workbook_is_read_or_refused(at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<prop::sample::Index>()) {
        let mut file = workbook([person(&[])]).unwrap();
        let at = at.index(file.len());
        file[at] = byte;
        let _ = sheet::read::<Column>(&file);
        file.truncate(cut.index(file.len()));
        let _ = sheet::read::<Column>(&file);
    }

    #[test]
    fn any_cells_are_read_or_refused(cells in proptest::collection::vec(".{0,12}", Column::ALL.len())) {
        let row = Column::ALL.iter().copied().zip(cells).collect();
        if let Ok(sheet) = sheet::read(&workbook([row]).unwrap()) {
            let _ = review(&sheet, TODAY);
        }
    }
}
