//! Reads a workbook: finds the header, fills merged cells and 同上, and leaves what is no person's row.

use std::collections::BTreeMap;
use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use calamine::{DataRef, Dimensions, Reader, SheetType, SheetVisible, Xlsx};

use super::archive::{self, Unreadable};
use super::cell::is_repetition;
use super::header::{Column, Header, REASON_GIVEN_BACK, ROW_GIVEN_BACK};

const MOST_ROWS: usize = 200_000;
const MOST_COLUMNS: usize = 200;
/// Of text in all cells together, in bytes: a string that is stored once can be shown in every cell.
const MOST_TEXT: usize = 256 << 20;
/// How many rows of titles and explanations may stand above the header.
const ROWS_ABOVE_HEADER: usize = 50;

/// A list as it stands in a worksheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheet<C> {
    pub header: Header<C>,
    pub rows: Vec<Row>,
}

/// A person's row. `number` is the worksheet's own, from 1; `cells` are as many as the header's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub number: u32,
    pub cells: Vec<String>,
}

/// A table whose columns are not known beforehand: every heading, each once, and the rows below.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlainSheet {
    pub headings: Vec<String>,
    pub rows: Vec<Row>,
}

/// Reads the first table of a workbook, whatever its columns are. It may take seconds, so it belongs on a blocking thread.
pub fn plain(file: &[u8], most_rows: usize) -> Result<PlainSheet, Unreadable> {
    archive::check(file)?;
    catch_unwind(AssertUnwindSafe(|| read_plain(file, most_rows))).unwrap_or(Err(Unreadable::Damaged))
}

/// A row with fewer cells is a title or an explanation.
const FEWEST_HEADINGS: usize = 3;

fn read_plain(file: &[u8], most_rows: usize) -> Result<PlainSheet, Unreadable> {
    let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(file)).map_err(damaged)?;
    for name in visible(&workbook) {
        let Grid(mut rows) = Grid::read(&mut workbook, &name, true)?;
        let filled = |cells: &Vec<String>| cells.iter().filter(|cell| !cell.is_empty()).count();
        let found = rows.iter().take(ROWS_ABOVE_HEADER).find(|(_, cells)| filled(cells) >= FEWEST_HEADINGS);
        let Some(at) = found.map(|(at, _)| *at) else { continue };
        let mut below = rows.split_off(&at);
        let mut cells = below.remove(&at).unwrap_or_default();
        let width = below.values().map(Vec::len).max().unwrap_or(0).max(cells.len());
        cells.resize(width, String::new());
        let mut headings: Vec<String> = Vec::new();
        for (column, heading) in (1..).zip(cells) {
            let known = headings.contains(&heading);
            headings.push(if heading.is_empty() || known {
                format!("{heading}（第 {column} 列）")
            } else {
                heading
            });
        }
        below.retain(|_, cells| filled(cells) > 1);
        match below.len() {
            0 => return Err(Unreadable::NoRows),
            many if many > most_rows => return Err(Unreadable::TooManyRows(most_rows)),
            _ => {}
        }
        let row = |(row, mut cells): (u32, Vec<String>)| {
            cells.resize(width, String::new());
            Row { number: row.saturating_add(1), cells }
        };
        return Ok(PlainSheet { headings, rows: below.into_iter().map(row).collect() });
    }
    Err(Unreadable::NoHeader("三列以上、每列有名称"))
}

fn visible(workbook: &Xlsx<Cursor<&[u8]>>) -> Vec<String> {
    let sheets = workbook.sheets_metadata().iter();
    let visible = sheets.filter(|sheet| sheet.typ == SheetType::WorkSheet && sheet.visible == SheetVisible::Visible);
    visible.map(|sheet| sheet.name.clone()).collect()
}

/// Reads the one list in a workbook. It may take seconds, so it belongs on a blocking thread.
pub fn read<C: Column>(file: &[u8]) -> Result<Sheet<C>, Unreadable> {
    archive::check(file)?;
    // A parser that stumbles over a damaged file must not take the program with it.
    catch_unwind(AssertUnwindSafe(|| read_workbook(file))).unwrap_or(Err(Unreadable::Damaged))
}

fn read_workbook<C: Column>(file: &[u8]) -> Result<Sheet<C>, Unreadable> {
    let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(file)).map_err(damaged)?;
    let names = visible(&workbook);
    let mut lists = Vec::new();
    for name in names {
        let grid = Grid::read(&mut workbook, &name, false)?;
        if let Some(at) = grid.header::<C>() {
            let merged = workbook.merge_cells_by_sheet_name(&name).map_err(damaged)?;
            lists.push((name, grid, at, merged));
        }
    }
    match lists.len() {
        0 => Err(Unreadable::NoHeader(C::NEEDED)),
        1 => lists.pop().map_or(Err(Unreadable::NoHeader(C::NEEDED)), |(_, grid, at, merged)| grid.sheet(at, &merged)),
        _ => {
            let names: Vec<String> = lists.into_iter().map(|(name, ..)| format!("“{name}”")).collect();
            Err(Unreadable::SeveralSheets(names.join("、")))
        }
    }
}

fn damaged(error: calamine::XlsxError) -> Unreadable {
    match error {
        calamine::XlsxError::Password => Unreadable::Encrypted,
        _ => Unreadable::Damaged,
    }
}

/// The rows of a worksheet that hold anything, by their zero-based number.
struct Grid(BTreeMap<u32, Vec<String>>);

impl Grid {
    fn read(workbook: &mut Xlsx<Cursor<&[u8]>>, name: &str, times: bool) -> Result<Grid, Unreadable> {
        let mut reader = workbook.worksheet_cells_reader(name).map_err(damaged)?;
        let mut rows: BTreeMap<u32, Vec<String>> = BTreeMap::new();
        let mut text = 0;
        while let Some(cell) = reader.next_cell().map_err(damaged)? {
            let value = written(cell.get_value(), times);
            if value.is_empty() {
                continue;
            }
            let ((row, column), value) = (cell.get_position(), value);
            let column = column as usize;
            text += value.len();
            if column >= MOST_COLUMNS {
                return Err(Unreadable::TooManyColumns(MOST_COLUMNS));
            }
            if text > MOST_TEXT {
                return Err(Unreadable::TooLargeUnpacked);
            }
            let cells = rows.entry(row).or_default();
            if cells.len() <= column {
                cells.resize(column + 1, String::new());
            }
            cells[column] = value;
            if rows.len() > MOST_ROWS + ROWS_ABOVE_HEADER {
                return Err(Unreadable::TooManyRows(MOST_ROWS));
            }
        }
        Ok(Grid(rows))
    }

    fn header<C: Column>(&self) -> Option<u32> {
        let (at, _) = self.0.iter().take(ROWS_ABOVE_HEADER).find(|(_, cells)| Header::<C>::is_one(cells))?;
        Some(*at)
    }

    fn sheet<C: Column>(mut self, at: u32, merged: &[Dimensions]) -> Result<Sheet<C>, Unreadable> {
        let mut below = self.0.split_off(&at);
        let mut heading = below.remove(&at).unwrap_or_default();
        let width = below.values().map(Vec::len).max().unwrap_or(0).max(heading.len());
        heading.resize(width, String::new());
        let mut headings = vec![heading.clone()];
        below.values_mut().for_each(|cells| cells.resize(width, String::new()));

        // A group such as 现住址 stands above 小区, 楼栋, 单元 and 房号: the lower heading is the one that counts.
        if let Some(lower) = below.get(&(at + 1)).filter(|cells| are_headings::<C>(cells)).cloned() {
            for (cell, lower) in heading.iter_mut().zip(&lower).filter(|(_, lower)| !lower.is_empty()) {
                cell.clone_from(lower);
            }
            headings.push(lower);
        }

        let header = header::<C>(heading.clone())?;
        let serial = header.position(C::SERIAL);
        // Numbered rows that nobody filled in, the header again at the top of a printed page, and what stands below the list.
        below.retain(|_, cells| {
            let blank = cells.iter().enumerate().all(|(at, cell)| cell.is_empty() || Some(at) == serial);
            !blank && !headings.contains(cells) && !is_footer(&header, cells)
        });
        fill_merged(&mut below, merged)?;
        fill_repeated(&header, &mut below);

        // Columns that an earlier import has added are left out, so that a mended workbook can be sent in as it is.
        let added = |cell: &String| cell == ROW_GIVEN_BACK || cell == REASON_GIVEN_BACK;
        let own: Vec<bool> = heading.iter().map(|cell| !added(cell)).collect();
        let kept =
            |cells: Vec<String>| cells.into_iter().zip(&own).filter_map(|(cell, own)| own.then_some(cell)).collect();
        let header = self::header(kept(heading))?;
        let rows = below.into_iter().map(|(row, cells)| Row { number: row.saturating_add(1), cells: kept(cells) });
        let rows: Vec<Row> = rows.collect();
        match rows.len() {
            0 => Err(Unreadable::NoRows),
            many if many > MOST_ROWS => Err(Unreadable::TooManyRows(MOST_ROWS)),
            _ => Ok(Sheet { header, rows }),
        }
    }
}

fn header<C: Column>(cells: Vec<String>) -> Result<Header<C>, Unreadable> {
    let header = Header::<C>::read(cells).map_err(|twice| Unreadable::ColumnTwice {
        column: twice.column.heading(),
        first: twice.first,
        second: twice.second,
    })?;
    match C::lacking(&header) {
        Some(sentence) => Err(Unreadable::Lacking(sentence)),
        None => Ok(header),
    }
}

/// Whether a row holds nothing but headings. One alone could be anything.
fn are_headings<C: Column>(cells: &[String]) -> bool {
    let written: Vec<&String> = cells.iter().filter(|cell| !cell.is_empty()).collect();
    written.len() > 1 && written.iter().all(|cell| C::read(cell).is_some())
}

/// A line for signatures, a sum or a remark below the list: it names nobody and begins with one of these words.
fn is_footer<C: Column>(header: &Header<C>, cells: &[String]) -> bool {
    const BEGINNINGS: [&str; 17] = [
        "填表",
        "填报",
        "制表",
        "审核",
        "复核",
        "负责人",
        "联系人",
        "单位负责",
        "登记人",
        "登记日期",
        "日期",
        "合计",
        "总计",
        "共计",
        "小计",
        "注:",
        "说明",
    ];
    let plain = |cell: &str| codes::text::half_width(cell).replace(' ', "");
    let name = plain(header.cell(cells, C::NAME));
    // The first column may be that of the names.
    let unnamed = name.is_empty() || name.contains(':') || BEGINNINGS.contains(&name.as_str());
    let first = cells.iter().find(|cell| !cell.is_empty()).map(|cell| plain(cell)).unwrap_or_default();
    unnamed && header.cell(cells, C::IDENTITY).is_empty() && BEGINNINGS.iter().any(|words| first.starts_with(words))
}

/// Gives the value of a merged region to each row that it covers, in its first column.
fn fill_merged(rows: &mut BTreeMap<u32, Vec<String>>, merged: &[Dimensions]) -> Result<(), Unreadable> {
    // Regions cannot overlap in a sound workbook, so together they cover no more than there is.
    let mut left = rows.len() * MOST_COLUMNS;
    for region in merged {
        let (first, column) = (region.start.0, region.start.1 as usize);
        let Some(value) = rows.get(&first).and_then(|cells| cells.get(column)).filter(|cell| !cell.is_empty()).cloned()
        else {
            continue;
        };
        if region.end.0 <= first {
            continue;
        }
        for cells in rows.range_mut(first + 1..=region.end.0).map(|(_, cells)| cells) {
            left = left.checked_sub(1).ok_or(Unreadable::Damaged)?;
            if let Some(cell) = cells.get_mut(column).filter(|cell| cell.is_empty()) {
                cell.clone_from(&value);
            }
        }
    }
    Ok(())
}

/// 同上 and its signs become what stands in the row above. A name or an identity number is nobody else's, so there they stay.
fn fill_repeated<C: Column>(header: &Header<C>, rows: &mut BTreeMap<u32, Vec<String>>) {
    let own = [C::NAME, C::IDENTITY].map(|column| header.position(column));
    let mut above: Option<&Vec<String>> = None;
    for cells in rows.values_mut() {
        for (at, cell) in cells.iter_mut().enumerate() {
            if is_repetition(cell)
                && !own.contains(&Some(at))
                && let Some(value) = above.and_then(|above| above.get(at))
            {
                cell.clone_from(value);
            }
        }
        above = Some(cells);
    }
}

/// A cell as text: whole numbers without a decimal point, dates as `1990-03-07`, and numbers too long for a spreadsheet
/// in the notation that shows that digits are lost.
fn written(value: &DataRef<'_>, times: bool) -> String {
    let text = match value {
        DataRef::Empty => return String::new(),
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(number) => number_written(*number),
        DataRef::String(text) => text.clone(),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Bool(true) => "是".to_owned(),
        DataRef::Bool(false) => "否".to_owned(),
        DataRef::DateTime(moment) if moment.is_datetime() && moment.as_f64() >= 1.0 => {
            let (year, month, day, hour, minute, ..) = moment.to_ymd_hms_milli();
            let day = format!("{year:04}-{month:02}-{day:02}");
            // Of people only days are asked; a cell that has only a day in it is at midnight.
            if times && (hour, minute) != (0, 0) { format!("{day} {hour:02}:{minute:02}") } else { day }
        }
        DataRef::DateTime(moment) => number_written(moment.as_f64()),
        DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.clone(),
        DataRef::Error(error) => error.to_string(),
    };
    text.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}').trim_start_matches('\'').trim_start().to_owned()
}

/// Spreadsheets keep fifteen digits; what is longer has lost the rest.
fn number_written(number: f64) -> String {
    if number.abs() < 1e15 {
        return format!("{number}");
    }
    let written = format!("{number:.2E}");
    written.replacen('E', "E+", 1)
}
