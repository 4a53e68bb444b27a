use sqlx::Arguments;

use crate::value::Value;
use crate::{Bind, Error, Result};

/// One SQL text for every engine, with a name and the number of its placeholders.
#[derive(Debug, Clone, Copy)]
pub struct Statement {
    pub name: &'static str,
    pub text: &'static str,
    placeholders: usize,
}

/// Declares the SQL constants of a store, and `STATEMENTS`, the list of them that the tests prepare on each engine.
#[macro_export]
macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $text:expr;)+) => {
        $($(#[$doc])* pub(crate) const $name: $crate::Statement =
            $crate::Statement::new(concat!(module_path!(), "::", stringify!($name)), $text);)+
        /// Every statement of this store.
        #[allow(dead_code)]
        pub const STATEMENTS: &[$crate::Statement] = &[$($name),+];
    };
}

impl Statement {
    #[doc(hidden)]
    pub const fn new(name: &'static str, text: &'static str) -> Self {
        Statement { name, text, placeholders: highest_placeholder(text) }
    }

    /// So many rows are added by one text at most; there are not many texts then for an engine to remember.
    pub(crate) const MANY: usize = 50;

    /// The text with its one row of values written out for several.
    pub(crate) fn of_many(self, rows: usize) -> String {
        let Some((head, rest)) = self.text.split_once("VALUES (") else { return self.text.to_owned() };
        let Some((_, tail)) = rest.split_once(')') else { return self.text.to_owned() };
        let row = |row: usize| {
            let row: Vec<String> =
                (1..=self.placeholders).map(|n| format!("${}", row * self.placeholders + n)).collect();
            format!("({})", row.join(", "))
        };
        let values: Vec<String> = (0..rows).map(row).collect();
        format!("{head}VALUES {}{tail}", values.join(", "))
    }

    pub fn bind(self, value: impl Bind) -> Query {
        Query { statement: self, values: Vec::with_capacity(self.placeholders) }.bind(value)
    }
}

/// The `n` of the highest `$n` in a text.
const fn highest_placeholder(text: &str) -> usize {
    let bytes = text.as_bytes();
    let (mut at, mut highest) = (0, 0);
    while at < bytes.len() {
        if bytes[at] == b'$' {
            let mut number = 0;
            while at + 1 < bytes.len() && bytes[at + 1].is_ascii_digit() {
                number = number * 10 + (bytes[at + 1] - b'0') as usize;
                at += 1;
            }
            if number > highest {
                highest = number;
            }
        }
        at += 1;
    }
    highest
}

/// A statement and the values bound to it, in the order of its placeholders.
#[derive(Debug, Clone)]
#[must_use]
pub struct Query {
    pub(crate) statement: Statement,
    values: Vec<Value>,
}

impl From<Statement> for Query {
    fn from(statement: Statement) -> Self {
        Query { statement, values: Vec::new() }
    }
}

impl Query {
    /// The name of its statement, with the path of its module.
    pub fn name(&self) -> &'static str {
        self.statement.name
    }

    pub fn bind(mut self, value: impl Bind) -> Self {
        self.values.push(value.value());
        self
    }

    /// SQLite would take a missing value for NULL, so the values are counted here.
    pub(crate) fn values(self) -> Result<Vec<Value>> {
        let Statement { name, placeholders: wanted, .. } = self.statement;
        let found = self.values.len();
        if wanted == found { Ok(self.values) } else { Err(Error::Arity { name, wanted, found }) }
    }
}

/// Values as an engine's driver takes them.
pub(crate) fn arguments<A: Arguments>(values: Vec<Value>) -> Result<A>
where
    Option<uuid::Uuid>: for<'q> sqlx::Encode<'q, A::Database> + sqlx::Type<A::Database>,
    Option<String>: for<'q> sqlx::Encode<'q, A::Database> + sqlx::Type<A::Database>,
    Option<i64>: for<'q> sqlx::Encode<'q, A::Database> + sqlx::Type<A::Database>,
    Option<bool>: for<'q> sqlx::Encode<'q, A::Database> + sqlx::Type<A::Database>,
    Option<Vec<u8>>: for<'q> sqlx::Encode<'q, A::Database> + sqlx::Type<A::Database>,
{
    let mut arguments = A::default();
    arguments.reserve(values.len(), values.len() * 16);
    for value in values {
        match value {
            Value::Uuid(v) => arguments.add(v),
            Value::Text(v) => arguments.add(v),
            Value::Int(v) => arguments.add(v),
            Value::Bool(v) => arguments.add(v),
            Value::Bytes(v) => arguments.add(v),
        }
        .map_err(sqlx::Error::Encode)?;
    }
    Ok(arguments)
}

#[cfg(test)]
mod tests {
    use super::Statement;

    #[test]
    fn a_row_is_written_out_for_several() {
        let add =
            Statement::new("add", "INSERT INTO t (a, b) VALUES ($1, $2) ON CONFLICT (a) DO UPDATE SET b = excluded.b");
        assert_eq!(
            add.of_many(3),
            "INSERT INTO t (a, b) VALUES ($1, $2), ($3, $4), ($5, $6) ON CONFLICT (a) DO UPDATE SET b = excluded.b"
        );
    }
}
