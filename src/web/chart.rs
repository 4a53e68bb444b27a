//! Charts are drawn on the server, as SVG that prints: the pages allow no inline style and load nothing from elsewhere.

/// Numbers side by side, each with a name below it.
#[derive(Debug, Clone)]
pub struct Columns {
    pub columns: Vec<Column>,
    pub total: i64,
}

/// A column, in the units of the drawing.
#[derive(Debug, Clone)]
pub struct Column {
    pub label: String,
    pub count: i64,
    pub x: i64,
    pub y: i64,
    pub height: i64,
}

impl Columns {
    /// The width of a column with the gap beside it, and of the column.
    const STEP: i64 = 50;
    pub const WIDTH: i64 = 34;
    /// Where the columns stand, below their numbers.
    pub const FLOOR: i64 = 130;
    const HEAD: i64 = 24;

    pub fn new(counts: Vec<(String, i64)>) -> Columns {
        let most = counts.iter().map(|(_, count)| *count).max().unwrap_or(0).max(1);
        let total = counts.iter().map(|(_, count)| count).sum();
        let column = |(at, (label, count)): (i64, (String, i64))| {
            // Something is never drawn as nothing.
            let height = if count > 0 { ((Self::FLOOR - Self::HEAD) * count / most).max(2) } else { 0 };
            let x = at * Self::STEP + (Self::STEP - Self::WIDTH) / 2;
            Column { label, count, x, y: Self::FLOOR - height, height }
        };
        Columns { columns: (0..).zip(counts).map(column).collect(), total }
    }

    pub fn width(&self) -> i64 {
        self.columns.len() as i64 * Self::STEP
    }

    /// All of it in words, for whoever does not see the drawing: `1月 3，2月 5`.
    pub fn words(&self) -> String {
        self.columns.iter().map(|column| format!("{} {}", column.label, column.count)).collect::<Vec<_>>().join("，")
    }
}
