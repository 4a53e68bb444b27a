use std::fmt::Debug;

use codes::text::half_width;

/// The columns of a list of people that offices keep in workbooks, and how they call them.
pub trait Column: Copy + Eq + Debug + Send + 'static {
    /// The name of the worksheet that goes out.
    const TITLE: &'static str;
    /// What a header must at least have, in words.
    const NEEDED: &'static str;
    const SERIAL: Self;
    const NAME: Self;
    const IDENTITY: Self;

    /// All of them, in the order of the form.
    fn all() -> &'static [Self];

    /// Those that are understood though the form does not have them.
    fn also() -> &'static [Self] {
        &[]
    }

    fn heading(self) -> &'static str;

    fn synonyms(self) -> &'static [&'static str];

    /// Of the column in the workbook that goes out, in characters.
    fn width(self) -> u16 {
        12
    }

    /// What a cell can be chosen from, where that is a short list.
    fn choices(self) -> Option<&'static [&'static str]> {
        None
    }

    /// Why a list with this header cannot be read, if so.
    fn lacking(_: &Header<Self>) -> Option<&'static str> {
        None
    }

    /// The column that a heading means, whatever it is called.
    fn read(heading: &str) -> Option<Self> {
        let heading = bare(heading);
        let known = || Self::all().iter().chain(Self::also()).copied();
        let labelled = known().find(|column| bare(column.heading()) == heading);
        labelled.or_else(|| known().find(|column| column.synonyms().contains(&heading.as_str())))
    }
}

/// The headings of the two columns that are put before rejected rows when they are given back.
pub const ROW_GIVEN_BACK: &str = "原行号";
pub const REASON_GIVEN_BACK: &str = "原因";

/// A row is a header if it names the people and at least so many known columns.
const FEWEST_COLUMNS: usize = 3;

/// A heading without what varies from office to office: spaces, line breaks, a star, what stands in brackets.
pub fn bare(heading: &str) -> String {
    let plain: String = half_width(heading).chars().filter(|c| !c.is_whitespace() && !matches!(c, '*' | ':')).collect();
    let words = plain.split_once('(').map_or(plain.as_str(), |(words, _)| words);
    words.to_uppercase()
}

/// The headings of a sheet as they stand in it, and the columns that are known among them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header<C> {
    pub cells: Vec<String>,
    columns: Vec<Option<C>>,
}

/// Two headings that mean the same column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Twice<C> {
    pub column: C,
    pub first: String,
    pub second: String,
}

impl<C: Column> Header<C> {
    /// Whether a row of cells is the header of a register.
    pub fn is_one(cells: &[String]) -> bool {
        let known: Vec<C> = cells.iter().filter_map(|cell| C::read(cell)).collect();
        known.len() >= FEWEST_COLUMNS && known.contains(&C::NAME)
    }

    pub fn read(cells: Vec<String>) -> Result<Header<C>, Twice<C>> {
        let columns: Vec<Option<C>> = cells.iter().map(|cell| C::read(cell)).collect();
        for (second, column) in columns.iter().enumerate() {
            let Some(column) = *column else { continue };
            if let Some(first) = columns[..second].iter().position(|earlier| *earlier == Some(column)) {
                return Err(Twice { column, first: cells[first].clone(), second: cells[second].clone() });
            }
        }
        Ok(Header { cells, columns })
    }

    pub fn position(&self, column: C) -> Option<usize> {
        self.columns.iter().position(|known| *known == Some(column))
    }

    pub fn has(&self, column: C) -> bool {
        self.position(column).is_some()
    }

    /// What stands under a column in a row; empty where there is no such column.
    pub fn cell<'a>(&self, cells: &'a [String], column: C) -> &'a str {
        self.position(column).and_then(|at| cells.get(at)).map_or("", String::as_str)
    }
}
