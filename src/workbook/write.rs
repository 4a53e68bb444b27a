//! The workbooks that go out: the empty form, a filled one, and the rejected rows with what is wrong in each.

use axum::body::Body;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use rust_xlsxwriter::{Color, DataValidation, Format, FormatAlign, Note, Workbook, Worksheet, XlsxError};

use super::header::{Column, Header, REASON_GIVEN_BACK, ROW_GIVEN_BACK};
use crate::error::{Error, Result};

/// A row that is given back: its number in the worksheet, its cells, and what is wrong.
#[derive(Debug, Clone)]
pub struct RejectedRow<C> {
    pub number: u32,
    pub cells: Vec<String>,
    pub column: C,
    pub reason: String,
}

/// The filled form, each row as the columns that it has something in; no rows make the empty one. A mark stands on every
/// printed page and below the last row: it says who took the list away, and when.
pub fn filled<C: Column>(rows: Vec<Vec<(C, String)>>, mark: Option<&str>) -> Result<Vec<u8>> {
    let (mut workbook, last) = (Workbook::new(), rows.len() as u32 + 2);
    let sheet = workbook.add_worksheet();
    let mut written = list(sheet, rows);
    if let Some(mark) = mark {
        written = written.and_then(|()| stamp(sheet, mark, last));
    }
    written.and_then(|()| workbook.save_to_buffer()).map_err(failed)
}

/// The rejected rows under their own header, ready to be mended and sent in again.
pub fn rejections<C: Column>(header: &Header<C>, rows: &[RejectedRow<C>]) -> Result<Vec<u8>> {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    give_back(sheet, header, rows).and_then(|()| workbook.save_to_buffer()).map_err(failed)
}

/// Any table, on a worksheet of its own.
#[derive(Debug, Clone)]
pub struct Table {
    pub name: String,
    /// Headings, each with the width of its column in characters.
    pub columns: Vec<(String, u16)>,
    pub rows: Vec<Vec<Cell>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    Text(String),
    Number(i64),
}

/// Tables with a header that stays in sight, one on each worksheet. A text is never a formula.
pub fn of_tables(tables: &[Table]) -> Result<Vec<u8>> {
    written(tables, None)
}

/// The same with a mark on every printed page and below the last row of each: it says who took it away, and when.
pub fn marked(tables: &[Table], mark: &str) -> Result<Vec<u8>> {
    written(tables, Some(mark))
}

fn written(tables: &[Table], mark: Option<&str>) -> Result<Vec<u8>> {
    let mut workbook = Workbook::new();
    for table in tables {
        let sheet = workbook.add_worksheet();
        fill(sheet, table).map_err(failed)?;
        if let Some(mark) = mark {
            stamp(sheet, mark, table.rows.len() as u32 + 2).map_err(failed)?;
        }
    }
    workbook.save_to_buffer().map_err(failed)
}

/// Says on every printed page, and in a row below the last, who took the list away and when.
fn stamp(sheet: &mut Worksheet, mark: &str, row: u32) -> std::result::Result<(), XlsxError> {
    sheet.set_header(format!("&C{}", mark.replace('&', "&&"))).set_landscape();
    sheet.write_string(row, 0, mark).map(drop)
}

fn fill(sheet: &mut Worksheet, table: &Table) -> std::result::Result<(), XlsxError> {
    sheet.set_name(&table.name)?.set_landscape().set_freeze_panes(1, 0)?;
    sheet.set_repeat_rows(0, 0)?;
    let wrapped = Format::new().set_num_format("@").set_text_wrap().set_align(FormatAlign::Top);
    for (at, (name, width)) in (0u16..).zip(&table.columns) {
        sheet.set_column_width(at, *width)?;
        sheet.write_string_with_format(0, at, name, &heading())?;
    }
    for (row, cells) in (1u32..).zip(&table.rows) {
        for (at, cell) in (0u16..).zip(cells) {
            match cell {
                Cell::Text(text) => sheet.write_string_with_format(row, at, text, &wrapped)?,
                Cell::Number(number) => sheet.write_number(row, at, *number as f64)?,
            };
        }
    }
    Ok(())
}

/// A workbook to be kept under a name.
pub fn response(content: Vec<u8>, name: &str) -> Response {
    let name: String = form_urlencoded::byte_serialize(name.as_bytes()).collect();
    let disposition = format!("attachment; filename=\"doorstep.xlsx\"; filename*=UTF-8''{name}");
    let kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet".to_owned();
    ([(CONTENT_TYPE, kind), (CONTENT_DISPOSITION, disposition)], Body::from(content)).into_response()
}

fn failed(error: XlsxError) -> Error {
    Error::Internal(error.into())
}

fn list<C: Column>(sheet: &mut Worksheet, rows: Vec<Vec<(C, String)>>) -> std::result::Result<(), XlsxError> {
    let text = Format::new().set_num_format("@");
    sheet.set_name(C::TITLE)?;
    for (at, column) in (0u16..).zip(C::all()) {
        // Kept as text, a spreadsheet rounds no identity number and turns no room into a date.
        sheet.set_column_format(at, &text)?;
        sheet.set_column_width(at, column.width())?;
        sheet.write_string_with_format(0, at, column.heading(), &heading())?;
        if let Some(choices) = column.choices() {
            let list = DataValidation::new().allow_list_strings(choices)?.ignore_blank(true);
            sheet.add_data_validation(1, at, 5000, at, &list)?;
        }
    }
    sheet.set_freeze_panes(1, 0)?;
    for (row, cells) in (1u32..).zip(rows) {
        for (column, value) in cells {
            // A column that is only understood has no place in the form.
            if let Some(at) = C::all().iter().position(|known| *known == column) {
                sheet.write_string_with_format(row, at as u16, clipped(&value), &text)?;
            }
        }
    }
    Ok(())
}

fn give_back<C: Column>(
    sheet: &mut Worksheet,
    header: &Header<C>,
    rows: &[RejectedRow<C>],
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
        (0u16..).zip([ROW_GIVEN_BACK, REASON_GIVEN_BACK].into_iter().chain(header.cells.iter().map(String::as_str)))
    {
        sheet.write_string_with_format(0, at, clipped(words), &heading())?;
        if at >= ADDED {
            sheet.set_column_format(at, &text)?;
            sheet.set_column_width(at, C::read(words).map_or(12, C::width))?;
        }
    }
    sheet.set_freeze_panes(1, ADDED)?;
    for (row, rejected) in (1u32..).zip(rows) {
        sheet.write_number(row, 0, rejected.number)?;
        let reason = format!("{}：{}", rejected.column.heading(), rejected.reason);
        sheet.write_string_with_format(row, 1, clipped(&reason), &wrapped)?;
        for (at, cell) in (ADDED..).zip(&rejected.cells) {
            if !cell.is_empty() {
                sheet.write_string_with_format(row, at, clipped(cell), &text)?;
            }
        }
        // A column that the workbook does not have is marked at the reason.
        let bad = header.position(rejected.column).map_or(1, |at| at as u16 + ADDED);
        let original = if bad == 1 { &reason } else { rejected.cells.get(usize::from(bad - ADDED)).unwrap_or(&reason) };
        sheet.write_string_with_format(row, bad, clipped(original), &wrong)?;
        sheet.insert_note(row, bad, &Note::new(clipped(&rejected.reason)).set_width(320).set_height(120))?;
    }
    Ok(())
}

fn heading() -> Format {
    Format::new().set_bold().set_text_wrap().set_align(FormatAlign::Center).set_background_color(Color::RGB(0xE0_F0_ED))
}

/// A cell holds no more than 32,767 characters, by the count of UTF-16.
fn clipped(text: &str) -> &str {
    const MOST: usize = 32_767 / 2;
    text.char_indices().nth(MOST).map_or(text, |(end, _)| &text[..end])
}
