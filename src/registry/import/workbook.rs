//! The workbooks that go out: the empty form, a filled one, and the rejected rows with what is wrong in each.

use rust_xlsxwriter::{Color, DataValidation, Format, FormatAlign, Note, Workbook, Worksheet, XlsxError};

use super::column::{Column, REASON_GIVEN_BACK, ROW_GIVEN_BACK};
use crate::error::{Error, Result};

/// A row that is given back: its number in the worksheet, its cells, and what is wrong.
#[derive(Debug, Clone)]
pub struct RejectedRow {
    pub number: u32,
    pub cells: Vec<String>,
    pub column: Column,
    pub reason: String,
}

/// A filled 居民信息登记表, each row as the columns that it has something in. No rows make the empty form.
pub fn workbook(rows: impl IntoIterator<Item = Vec<(Column, String)>>) -> Result<Vec<u8>> {
    let mut workbook = Workbook::new();
    register(workbook.add_worksheet(), rows).and_then(|()| workbook.save_to_buffer()).map_err(failed)
}

/// The same, with a mark on every printed page and below the last row that says who took it away, and when.
pub fn marked_workbook(rows: Vec<Vec<(Column, String)>>, mark: &str) -> Result<Vec<u8>> {
    let (mut workbook, last) = (Workbook::new(), rows.len() as u32 + 2);
    let sheet = workbook.add_worksheet();
    sheet.set_header(format!("&C{}", mark.replace('&', "&&"))).set_landscape();
    let written = register(sheet, rows).and_then(|()| sheet.write_string(last, 0, mark).map(drop));
    written.and_then(|()| workbook.save_to_buffer()).map_err(failed)
}

/// The rejected rows under their own header, ready to be mended and sent in again.
pub fn rejections(
    header: &[String],
    position: impl Fn(Column) -> Option<usize>,
    rows: &[RejectedRow],
) -> Result<Vec<u8>> {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    give_back(sheet, header, position, rows).and_then(|()| workbook.save_to_buffer()).map_err(failed)
}

fn failed(error: XlsxError) -> Error {
    Error::Internal(error.into())
}

fn register(
    sheet: &mut Worksheet,
    rows: impl IntoIterator<Item = Vec<(Column, String)>>,
) -> std::result::Result<(), XlsxError> {
    let text = Format::new().set_num_format("@");
    sheet.set_name("居民信息登记表")?;
    for (at, column) in (0u16..).zip(Column::ALL) {
        // Kept as text, a spreadsheet rounds no identity number and turns no room into a date.
        sheet.set_column_format(at, &text)?;
        sheet.set_column_width(at, width(*column))?;
        sheet.write_string_with_format(0, at, column.label(), &heading())?;
        if let Some(choices) = choices(*column) {
            let list = DataValidation::new().allow_list_strings(choices)?.ignore_blank(true);
            sheet.add_data_validation(1, at, 5000, at, &list)?;
        }
    }
    sheet.set_freeze_panes(1, 0)?;
    for (row, cells) in (1u32..).zip(rows) {
        for (column, value) in cells {
            let at = Column::ALL.iter().position(|known| *known == column).unwrap_or(0);
            sheet.write_string_with_format(row, at as u16, clipped(&value), &text)?;
        }
    }
    Ok(())
}

fn give_back(
    sheet: &mut Worksheet,
    header: &[String],
    position: impl Fn(Column) -> Option<usize>,
    rows: &[RejectedRow],
) -> std::result::Result<(), XlsxError> {
    const ADDED: u16 = 2;
    let text = Format::new().set_num_format("@");
    let wrapped = Format::new().set_text_wrap().set_align(FormatAlign::Top);
    let wrong = Format::new()
        .set_num_format("@")
        .set_background_color(Color::RGB(0xFF_C7_CE))
        .set_font_color(Color::RGB(0x9C_00_06));
    sheet.set_name("退回的行")?;
    sheet.set_column_width(0, 8)?.set_column_width(1, 40)?;
    for (at, words) in
        (0u16..).zip([ROW_GIVEN_BACK, REASON_GIVEN_BACK].into_iter().chain(header.iter().map(String::as_str)))
    {
        sheet.write_string_with_format(0, at, clipped(words), &heading())?;
        if at >= ADDED {
            sheet.set_column_format(at, &text)?;
            sheet.set_column_width(at, Column::read(words).map_or(12, width))?;
        }
    }
    sheet.set_freeze_panes(1, ADDED)?;
    for (row, rejected) in (1u32..).zip(rows) {
        sheet.write_number(row, 0, rejected.number)?;
        let reason = format!("{}：{}", rejected.column.label(), rejected.reason);
        sheet.write_string_with_format(row, 1, clipped(&reason), &wrapped)?;
        for (at, cell) in (ADDED..).zip(&rejected.cells) {
            if !cell.is_empty() {
                sheet.write_string_with_format(row, at, clipped(cell), &text)?;
            }
        }
        // A column that the workbook does not have is marked at the reason.
        let bad = position(rejected.column).map_or(1, |at| at as u16 + ADDED);
        let original = if bad == 1 { &reason } else { rejected.cells.get(usize::from(bad - ADDED)).unwrap_or(&reason) };
        sheet.write_string_with_format(row, bad, clipped(original), &wrong)?;
        sheet.insert_note(row, bad, &Note::new(clipped(&rejected.reason)).set_width(320).set_height(120))?;
    }
    Ok(())
}

fn heading() -> Format {
    Format::new().set_bold().set_text_wrap().set_align(FormatAlign::Center).set_background_color(Color::RGB(0xE0_F0_ED))
}

const fn width(column: Column) -> u16 {
    match column {
        Column::Serial | Column::Unit | Column::Sex => 6,
        Column::Identity => 22,
        Column::RegisteredAddress | Column::Address | Column::Workplace | Column::Note => 28,
        Column::Estate | Column::Phone | Column::Category => 16,
        _ => 12,
    }
}

/// What a cell can be chosen from, where that is a short list.
const fn choices(column: Column) -> Option<&'static [&'static str]> {
    match column {
        Column::Sex => Some(&["男", "女"]),
        Column::ResidenceState => Some(&["人户一致", "人在户不在", "户在人不在"]),
        Column::PartyHousehold | Column::Needy | Column::Alone | Column::Disabled => Some(&["是", "否"]),
        Column::Housing => Some(&["自有", "租住", "空置", "商用", "群租"]),
        _ => None,
    }
}

/// A cell holds no more than 32,767 characters, by the count of UTF-16.
fn clipped(text: &str) -> &str {
    const MOST: usize = 32_767 / 2;
    text.char_indices().nth(MOST).map_or(text, |(end, _)| &text[..end])
}
