//! Fills in a workbook that somebody else has made: cells that have a name get a value, and everything else in the file stays as
//! it was, byte for byte. (ECMA-376, part 1, 18.2.5 definedName, 18.3.1.4 c, 18.2.2 calcPr.)

use std::collections::BTreeMap;
use std::io::{Cursor, Read, Write};

use quick_xml::events::{BytesEnd, BytesStart, BytesText, Event};
use quick_xml::{Reader, Writer, XmlVersion};
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

use super::archive::{self, Unreadable};

#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Text(String),
    /// As a worksheet keeps it: a rate is a part of one.
    Number(f64),
}

/// Why a workbook is not filled in.
#[derive(Debug, thiserror::Error)]
pub enum Unfillable {
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    #[error("这个文件里没有一个格子用了下面的名称。请先在 Excel 里选中格子，在左上角的名称框里写上名称，保存后再来")]
    NoNames,
    #[error("名称“{0}”的格子里是公式，没有改动。请把名称放到空格子上")]
    Formula(String),
    #[error("文件里的“{0}”这部分看不懂，没有改动。请在 Excel 里另存一次再来")]
    Strange(&'static str),
}

type Result<T> = std::result::Result<T, Unfillable>;

/// Row and column, counted from 1.
type Place = (u32, u32);

/// A value, and the name for whose sake it is written.
type Values = BTreeMap<Place, (String, Value)>;

/// The workbook with the named cells filled of which `value` knows something, and how many these are.
///
/// Errors: unreadable; without any such name; a named cell that holds a formula.
pub fn fill(file: &[u8], value: impl Fn(&str) -> Option<Value>) -> Result<(Vec<u8>, usize)> {
    archive::check(file)?;
    let mut parts = ZipArchive::new(Cursor::new(file)).map_err(|_| Unreadable::Damaged)?;
    let book = part(&mut parts, "xl/workbook.xml")?;
    let relations = part(&mut parts, "xl/_rels/workbook.xml.rels")?;
    let sheets = sheets(&book, &relations)?;
    let mut by_part: BTreeMap<String, Values> = BTreeMap::new();
    for (name, reference) in names(&book)? {
        let (Some(value), Some((sheet, place))) = (value(&name), place(&reference)) else { continue };
        let Some(part) = sheets.get(&sheet) else { continue };
        by_part.entry(part.clone()).or_default().insert(place, (name, value));
    }
    let filled = by_part.values().map(BTreeMap::len).sum();
    if filled == 0 {
        return Err(Unfillable::NoNames);
    }
    let mut changed = BTreeMap::from([("xl/workbook.xml".to_owned(), recalculated(&book)?)]);
    for (path, values) in by_part {
        let sheet = part(&mut parts, &path)?;
        changed.insert(path, written(&sheet, values)?);
    }
    Ok((repacked(parts, &changed).map_err(|_| Unfillable::Strange("压缩包"))?, filled))
}

/// Bytes of a part that is read as a whole.
const LARGEST_PART: u64 = 50 << 20;

fn part(parts: &mut ZipArchive<Cursor<&[u8]>>, name: &str) -> Result<String> {
    let mut text = String::new();
    let mut part = parts.by_name(name).map_err(|_| Unreadable::Damaged)?;
    part.by_ref().take(LARGEST_PART + 1).read_to_string(&mut text).map_err(|_| Unreadable::Damaged)?;
    if text.len() as u64 > LARGEST_PART {
        return Err(Unreadable::TooLargeUnpacked.into());
    }
    Ok(text)
}

fn repacked(
    mut parts: ZipArchive<Cursor<&[u8]>>,
    changed: &BTreeMap<String, String>,
) -> zip::result::ZipResult<Vec<u8>> {
    let mut packed = ZipWriter::new(Cursor::new(Vec::new()));
    for at in 0..parts.len() {
        let part = parts.by_index_raw(at)?;
        let name = part.name()?.into_owned();
        match changed.get(&name) {
            None => packed.raw_copy_file(part)?,
            Some(text) => {
                packed.start_file(name, SimpleFileOptions::default())?;
                packed.write_all(text.as_bytes())?;
            }
        }
    }
    Ok(packed.finish()?.into_inner())
}

// ---------- what the workbook says of itself ----------

fn attribute(element: &BytesStart<'_>, name: &str) -> Option<String> {
    let attribute = element.attributes().flatten().find(|attribute| attribute.key.local_name().as_ref() == name)?;
    attribute.normalized_value(XmlVersion::Implicit1_0).ok().map(|value| value.into_owned())
}

/// The part that holds each worksheet, by the worksheet's name.
fn sheets(book: &str, relations: &str) -> Result<BTreeMap<String, String>> {
    let mut targets = BTreeMap::new();
    for element in elements(relations, "Relationship")? {
        if let Some((id, target)) = attribute(&element, "Id").zip(attribute(&element, "Target")) {
            let target = target.strip_prefix('/').map_or_else(|| format!("xl/{target}"), str::to_owned);
            targets.insert(id, target);
        }
    }
    let mut sheets = BTreeMap::new();
    for element in elements(book, "sheet")? {
        let part = attribute(&element, "id").and_then(|id| targets.get(&id).cloned());
        if let Some((name, part)) = attribute(&element, "name").zip(part) {
            sheets.insert(name, part);
        }
    }
    Ok(sheets)
}

/// Every element of a name, without what is in it.
fn elements(text: &str, name: &str) -> Result<Vec<BytesStart<'static>>> {
    let (mut reader, mut found) = (Reader::from_str(text), Vec::new());
    loop {
        match reader.read_event().map_err(|_| Unfillable::Strange("目录"))? {
            Event::Start(element) | Event::Empty(element) if element.local_name().as_ref() == name => {
                found.push(element.into_owned());
            }
            Event::Eof => return Ok(found),
            _ => {}
        }
    }
}

/// The names that people have given, each with what it refers to.
fn names(book: &str) -> Result<Vec<(String, String)>> {
    let (mut reader, mut names) = (Reader::from_str(book), Vec::new());
    let mut open: Option<(String, String)> = None;
    loop {
        match reader.read_event().map_err(|_| Unfillable::Strange("名称"))? {
            Event::Start(element) if element.local_name().as_ref() == "definedName" => {
                open = attribute(&element, "name").map(|name| (name, String::new()));
            }
            Event::Text(text) => {
                if let Some((_, reference)) = &mut open {
                    reference.push_str(&text.xml10_content());
                }
            }
            // An apostrophe or an ampersand in the name of a worksheet.
            Event::GeneralRef(entity) => {
                let meant = quick_xml::escape::resolve_predefined_entity(&entity.xml10_content());
                if let (Some((_, reference)), Some(meant)) = (&mut open, meant) {
                    reference.push_str(meant);
                }
            }
            Event::End(element) if element.local_name().as_ref() == "definedName" => names.extend(open.take()),
            Event::Eof => return Ok(names),
            _ => {}
        }
    }
}

/// `'本月 数据'!$B$3` or the first cell of `Sheet1!$B$3:$C$3`: the worksheet and the cell.
fn place(reference: &str) -> Option<(String, Place)> {
    let (sheet, cells) = reference.trim().rsplit_once('!')?;
    let sheet = match sheet.strip_prefix('\'').and_then(|sheet| sheet.strip_suffix('\'')) {
        Some(quoted) => quoted.replace("''", "'"),
        None => sheet.to_owned(),
    };
    let first = cells.split(':').next()?.replace('$', "");
    Some((sheet, cell(&first)?))
}

/// `B3` as row and column.
fn cell(text: &str) -> Option<Place> {
    let letters = text.find(|c: char| !c.is_ascii_alphabetic())?;
    let (letters, digits) = text.split_at(letters);
    let digit = |column: u32, letter: u8| {
        column.checked_mul(26)?.checked_add(u32::from(letter.to_ascii_uppercase() - b'A') + 1)
    };
    let column = letters.bytes().try_fold(0u32, digit).filter(|column| (1..=16_384).contains(column))?;
    let row = digits.parse().ok().filter(|row| (1..=1_048_576).contains(row))?;
    Some((row, column))
}

/// Row and column as `B3`.
fn cell_name((row, mut column): Place) -> String {
    let mut letters = Vec::new();
    while column > 0 {
        letters.push(char::from(b'A' + ((column - 1) % 26) as u8));
        column = (column - 1) / 26;
    }
    letters.iter().rev().chain(row.to_string().chars().collect::<Vec<_>>().iter()).collect()
}

// ---------- what is written ----------

/// The workbook, which asks whoever opens it to compute its formulas anew: they may add up what is filled in.
fn recalculated(book: &str) -> Result<String> {
    let strange = |_| Unfillable::Strange("目录");
    let known = !elements(book, "calcPr")?.is_empty();
    let (mut reader, mut writer) = (Reader::from_str(book), Writer::new(Vec::new()));
    loop {
        let event = reader.read_event().map_err(|_| Unfillable::Strange("目录"))?;
        match &event {
            Event::Eof => return text(writer),
            Event::Start(element) if element.local_name().as_ref() == "calcPr" => {
                writer.write_event(Event::Start(anew(element))).map_err(strange)?;
            }
            Event::Empty(element) if element.local_name().as_ref() == "calcPr" => {
                writer.write_event(Event::Empty(anew(element))).map_err(strange)?;
            }
            Event::End(element) if !known && element.local_name().as_ref() == "definedNames" => {
                let name = named_like(element.name().as_ref(), "calcPr");
                writer.write_event(event.borrow()).map_err(strange)?;
                writer.write_event(Event::Empty(anew(&BytesStart::new(name)))).map_err(strange)?;
            }
            _ => writer.write_event(event).map_err(strange)?,
        }
    }
}

fn anew(element: &BytesStart<'_>) -> BytesStart<'static> {
    let mut new = BytesStart::new(element.name().as_ref().to_owned());
    new.extend_attributes(element.attributes().flatten().filter(|one| one.key.as_ref() != "fullCalcOnLoad"));
    new.push_attribute(("fullCalcOnLoad", "1"));
    new
}

/// A name with the prefix that another one has.
fn named_like(other: &str, name: &str) -> String {
    other.split_once(':').map_or_else(|| name.to_owned(), |(prefix, _)| format!("{prefix}:{name}"))
}

fn text(writer: Writer<Vec<u8>>) -> Result<String> {
    String::from_utf8(writer.into_inner()).map_err(|_| Unfillable::Strange("文字"))
}

/// A worksheet with values in some of its cells. A cell keeps how it looks.
fn written(sheet: &str, values: Values) -> Result<String> {
    let mut pen = Pen { writer: Writer::new(Vec::new()), values, like: String::new(), row: 0, column: 0 };
    let mut reader = Reader::from_str(sheet);
    let next = |reader: &mut Reader<&[u8]>| {
        reader.read_event().map(Event::into_owned).map_err(|_| Unfillable::Strange("工作表"))
    };
    loop {
        let event = next(&mut reader)?;
        let name = match &event {
            Event::Start(element) | Event::Empty(element) => element.local_name().as_ref().to_owned(),
            Event::End(element) => element.local_name().as_ref().to_owned(),
            Event::Eof => break,
            _ => String::new(),
        };
        match (event, name.as_str()) {
            (Event::Start(element), "sheetData") => {
                pen.like = element.name().as_ref().to_owned();
                pen.put(Event::Start(element))?;
            }
            (Event::Empty(element), "sheetData") => {
                pen.like = element.name().as_ref().to_owned();
                pen.put(Event::Start(element.borrow()))?;
                pen.rows_before(u32::MAX)?;
                pen.put(Event::End(element.to_end()))?;
            }
            (Event::End(element), "sheetData") => {
                pen.rows_before(u32::MAX)?;
                pen.put(Event::End(element))?;
            }
            (Event::Start(element), "row") => {
                pen.begin_row(&element)?;
                pen.put(Event::Start(element))?;
            }
            (Event::Empty(element), "row") => {
                pen.begin_row(&element)?;
                if pen.values.range((pen.row, 0)..(pen.row + 1, 0)).next().is_none() {
                    pen.put(Event::Empty(element))?;
                } else {
                    pen.put(Event::Start(element.borrow()))?;
                    pen.cells_before(u32::MAX)?;
                    pen.put(Event::End(element.to_end()))?;
                }
            }
            (Event::End(element), "row") => {
                pen.cells_before(u32::MAX)?;
                pen.put(Event::End(element))?;
            }
            (Event::Empty(element), "c") => {
                pen.begin_cell(&element)?;
                match pen.values.remove(&(pen.row, pen.column)) {
                    None => pen.put(Event::Empty(element))?,
                    Some((_, value)) => pen.cell(attribute(&element, "s"), &value)?,
                }
            }
            (Event::Start(element), "c") => {
                pen.begin_cell(&element)?;
                let Some((name, value)) = pen.values.remove(&(pen.row, pen.column)) else {
                    pen.put(Event::Start(element))?;
                    continue;
                };
                // What the cell held until now is left out.
                loop {
                    match next(&mut reader)? {
                        Event::Start(inner) | Event::Empty(inner) if inner.local_name().as_ref() == "f" => {
                            return Err(Unfillable::Formula(name));
                        }
                        Event::End(end) if end.local_name().as_ref() == "c" => break,
                        Event::Eof => return Err(Unfillable::Strange("工作表")),
                        _ => {}
                    }
                }
                pen.cell(attribute(&element, "s"), &value)?;
            }
            (event, _) => pen.put(event)?,
        }
    }
    match pen.values.is_empty() {
        true => text(pen.writer),
        // A worksheet without rows, such as one that is a chart.
        false => Err(Unfillable::Strange("工作表")),
    }
}

/// Writes a worksheet, and what is still to be filled in where it belongs.
struct Pen {
    writer: Writer<Vec<u8>>,
    values: Values,
    /// A name whose prefix new elements get.
    like: String,
    row: u32,
    column: u32,
}

impl Pen {
    fn put<'a>(&mut self, event: impl Into<Event<'a>>) -> Result<()> {
        self.writer.write_event(event).map_err(|_| Unfillable::Strange("工作表"))
    }

    /// A row says its number, or follows the one before it; so does a cell.
    fn begin_row(&mut self, element: &BytesStart<'_>) -> Result<()> {
        let row = attribute(element, "r").and_then(|row| row.parse().ok()).unwrap_or(self.row + 1);
        self.rows_before(row)?;
        (self.row, self.column) = (row, 0);
        Ok(())
    }

    fn begin_cell(&mut self, element: &BytesStart<'_>) -> Result<()> {
        let column = attribute(element, "r").and_then(|name| cell(&name)).map_or(self.column + 1, |(_, column)| column);
        self.cells_before(column)?;
        self.column = column;
        Ok(())
    }

    /// Rows that the worksheet does not have yet.
    fn rows_before(&mut self, row: u32) -> Result<()> {
        while let Some((&(next, _), _)) = self.values.range(..(row, 0)).next() {
            let mut element = BytesStart::new(named_like(&self.like, "row"));
            element.push_attribute(("r", next.to_string().as_str()));
            let end = element.to_end().into_owned();
            self.put(Event::Start(element.borrow()))?;
            self.row = next;
            self.cells_before(u32::MAX)?;
            self.put(Event::End(end))?;
        }
        Ok(())
    }

    /// Cells of this row that the worksheet does not have yet.
    fn cells_before(&mut self, column: u32) -> Result<()> {
        let row = self.row;
        while let Some((&place, _)) = self.values.range((row, 0)..(row, column)).next() {
            let Some((_, value)) = self.values.remove(&place) else { continue };
            self.column = place.1;
            self.cell(None, &value)?;
        }
        Ok(())
    }

    /// The cell at hand, with its style.
    fn cell(&mut self, style: Option<String>, value: &Value) -> Result<()> {
        let named = |name: &str| named_like(&self.like, name);
        let (c, v, is, t) = (named("c"), named("v"), named("is"), named("t"));
        let mut element = BytesStart::new(c.clone());
        element.push_attribute(("r", cell_name((self.row, self.column)).as_str()));
        if let Some(style) = &style {
            element.push_attribute(("s", style.as_str()));
        }
        match value {
            Value::Number(number) => {
                self.put(Event::Start(element))?;
                self.put(Event::Start(BytesStart::new(v.as_str())))?;
                self.put(Event::Text(BytesText::new(&number.to_string())))?;
                self.put(Event::End(BytesEnd::new(v.as_str())))?;
            }
            Value::Text(text) => {
                element.push_attribute(("t", "inlineStr"));
                self.put(Event::Start(element))?;
                self.put(Event::Start(BytesStart::new(is.as_str())))?;
                self.put(Event::Start(BytesStart::new(t.as_str())))?;
                self.put(Event::Text(BytesText::new(text)))?;
                self.put(Event::End(BytesEnd::new(t.as_str())))?;
                self.put(Event::End(BytesEnd::new(is.as_str())))?;
            }
        }
        self.put(Event::End(BytesEnd::new(c.as_str())))
    }
}

#[cfg(test)]
mod tests {
    use rust_xlsxwriter::{Format, Formula, Workbook};

    use super::*;

    fn known(name: &str) -> Option<Value> {
        match name {
            "新反映" => Some(Value::Number(37.0)),
            "满意率" => Some(Value::Number(0.958)),
            "单位" => Some(Value::Text("甲 & 乙 <社区>".to_owned())),
            _ => None,
        }
    }

    fn template() -> Vec<u8> {
        let mut book = Workbook::new();
        let sheet = book.add_worksheet();
        sheet.set_name("本月 数据").unwrap();
        sheet.write_string(0, 0, "报表").unwrap();
        sheet.write_blank(2, 1, &Format::new().set_bold()).unwrap();
        sheet.write_number(2, 3, 5).unwrap();
        sheet.write_formula(3, 3, Formula::new("=B3+1")).unwrap();
        for (name, place) in
            [("新反映", "$B$3"), ("满意率", "$C$3"), ("单位", "$A$9"), ("没听说过", "$E$5"), ("公式格", "$D$4")]
        {
            book.define_name(name, &format!("='本月 数据'!{place}")).unwrap();
        }
        book.save_to_buffer().unwrap()
    }

    fn sheet(file: &[u8]) -> String {
        part(&mut ZipArchive::new(Cursor::new(file)).unwrap(), "xl/worksheets/sheet1.xml").unwrap()
    }

    #[test]
    fn named_cells_are_filled_and_everything_else_stays() {
        let before = template();
        let (after, filled) = fill(&before, known).unwrap();
        assert_eq!(filled, 3);
        let (was, is) = (sheet(&before), sheet(&after));
        assert!(is.contains(r#"<c r="B3" s="1"><v>37</v></c><c r="C3"><v>0.958</v></c><c r="D3">"#), "{is}");
        assert!(
            is.contains(
                r#"<row r="9"><c r="A9" t="inlineStr"><is><t>甲 &amp; 乙 &lt;社区&gt;</t></is></c></row></sheetData>"#
            ),
            "{is}"
        );
        // Taken out again, it is what it was.
        let undone = is.replace(r#"<c r="B3" s="1"><v>37</v></c><c r="C3"><v>0.958</v></c>"#, r#"<c r="B3" s="1"/>"#);
        let undone = undone
            .replace(r#"<row r="9"><c r="A9" t="inlineStr"><is><t>甲 &amp; 乙 &lt;社区&gt;</t></is></c></row>"#, "");
        assert_eq!(undone, was);
        for name in ["xl/styles.xml", "xl/sharedStrings.xml", "[Content_Types].xml", "docProps/core.xml"] {
            let of = |file: &[u8]| part(&mut ZipArchive::new(Cursor::new(file)).unwrap(), name).unwrap();
            assert_eq!(of(&before), of(&after), "{name}");
        }
        let book = part(&mut ZipArchive::new(Cursor::new(&after[..])).unwrap(), "xl/workbook.xml").unwrap();
        assert_eq!(book.matches("fullCalcOnLoad=\"1\"").count(), 1, "{book}");
        // Filled in again, with the next month's figures.
        let (again, _) = fill(&after, known).unwrap();
        assert_eq!(sheet(&again), is);
    }

    #[test]
    fn what_cannot_be_filled_is_said() {
        assert!(matches!(fill(b"name,value", known), Err(Unfillable::Unreadable(Unreadable::NotWorkbook))));
        assert!(matches!(fill(&template(), |_| None), Err(Unfillable::NoNames)));
        let told = fill(&template(), |name| (name == "公式格").then_some(Value::Number(1.0)));
        assert!(matches!(told, Err(Unfillable::Formula(name)) if name == "公式格"));
    }

    #[test]
    fn cells_by_their_names() {
        for (name, place) in [("A1", (1, 1)), ("Z9", (9, 26)), ("AA10", (10, 27)), ("XFD1048576", (1_048_576, 16_384))]
        {
            assert_eq!(cell(name), Some(place));
            assert_eq!(cell_name(place), name);
        }
        for wrong in ["", "A", "1", "A0", "XFE1", "A1048577", "AAAAAAAAAAAA1"] {
            assert_eq!(cell(wrong), None, "{wrong}");
        }
        assert_eq!(place("'甲''乙'!$B$3:$C$3"), Some(("甲'乙".to_owned(), (3, 2))));
        assert_eq!(place("#REF!"), None);
    }
}
