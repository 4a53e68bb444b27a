use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

/// A place in a list ordered by `(key, id)`: the last row seen. Written `key.id` in a URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    pub key: i64,
    pub id: Uuid,
}

impl Cursor {
    /// Before the first row of an ascending list.
    pub const FIRST: Cursor = Cursor { key: i64::MIN, id: Uuid::nil() };
    /// Before the first row of a descending list.
    pub const LAST: Cursor = Cursor { key: i64::MAX, id: Uuid::max() };
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.key, self.id.simple())
    }
}

impl FromStr for Cursor {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        let (key, id) = text.split_once('.').ok_or(())?;
        Ok(Cursor { key: key.parse().map_err(drop)?, id: id.parse().map_err(drop)? })
    }
}

/// Some rows of a list, and where the next ones begin.
#[derive(Debug, Clone)]
pub struct Page<T> {
    pub items: Vec<T>,
    pub next: Option<Cursor>,
}

impl<T> Page<T> {
    /// From a query that asked for one row more than fits: the extra row only tells that there are more.
    pub fn of(mut items: Vec<T>, size: usize, cursor: impl Fn(&T) -> Cursor) -> Self {
        let more = items.len() > size;
        items.truncate(size);
        let next = if more { items.last().map(cursor) } else { None };
        Page { items, next }
    }
}
