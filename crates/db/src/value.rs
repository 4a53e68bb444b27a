use jiff::Timestamp;
use serde::{Serialize, de::DeserializeOwned};
use sqlx::Row as _;
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use crate::{Error, Result};

/// A bound value. Null keeps its type: PostgreSQL prepares a statement once, with the types first seen.
#[derive(Debug, Clone)]
pub enum Value {
    Uuid(Option<Uuid>),
    Text(Option<String>),
    Int(Option<i64>),
    Bool(Option<bool>),
    Bytes(Option<Vec<u8>>),
}

/// A type that can be bound to a placeholder.
pub trait Bind {
    fn value(self) -> Value;
    /// The null of this type's column.
    fn null() -> Value;
}

impl<T: Bind> Bind for Option<T> {
    fn value(self) -> Value {
        self.map_or_else(T::null, T::value)
    }
    fn null() -> Value {
        T::null()
    }
}

macro_rules! bind {
    ($($variant:ident: $($type:ty),+;)*) => {$($(
        impl Bind for $type {
            fn value(self) -> Value { Value::$variant(Some(self.into())) }
            fn null() -> Value { Value::$variant(None) }
        }
    )+)*};
}
bind! { Uuid: Uuid; Text: String, &str, &String; Int: i64, i32, i16, u32, u16, u8; Bool: bool; Bytes: Vec<u8>, &[u8]; }

/// A moment is a BIGINT of milliseconds since 1970.
impl Bind for Timestamp {
    fn value(self) -> Value {
        Value::Int(Some(self.as_millisecond()))
    }
    fn null() -> Value {
        Value::Int(None)
    }
}

/// A value kept as JSON in a TEXT column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Json<T>(pub T);

impl<T: Serialize> Bind for Json<T> {
    fn value(self) -> Value {
        Value::Text(serde_json::to_string(&self.0).ok())
    }
    fn null() -> Value {
        Value::Text(None)
    }
}

/// A row of either engine.
#[derive(Debug)]
pub enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

impl Row {
    pub fn get<T: Column>(&self, name: &str) -> Result<T> {
        T::required(self, name)
    }
}

/// A type that a column can be read as; `Option<T>` reads a column that may be null.
pub trait Column: Sized {
    fn optional(row: &Row, name: &str) -> Result<Option<Self>>;

    fn required(row: &Row, name: &str) -> Result<Self> {
        Self::optional(row, name)?.ok_or_else(|| unknown(name, "NULL"))
    }
}

impl<T: Column> Column for Option<T> {
    fn optional(row: &Row, name: &str) -> Result<Option<Self>> {
        T::optional(row, name).map(Some)
    }
    fn required(row: &Row, name: &str) -> Result<Self> {
        T::optional(row, name)
    }
}

macro_rules! column {
    ($($type:ty),+) => {$(
        impl Column for $type {
            fn optional(row: &Row, name: &str) -> Result<Option<Self>> {
                Ok(match row { Row::Sqlite(r) => r.try_get(name)?, Row::Postgres(r) => r.try_get(name)? })
            }
        }
    )+};
}
column!(Uuid, String, bool, Vec<u8>);

/// PostgreSQL keeps INTEGER and SMALLINT apart from BIGINT; here they are all `i64`.
impl Column for i64 {
    fn optional(row: &Row, name: &str) -> Result<Option<Self>> {
        match row {
            Row::Sqlite(r) => Ok(r.try_get(name)?),
            Row::Postgres(r) => Ok(r
                .try_get(name)
                .or_else(|_| r.try_get::<Option<i32>, _>(name).map(|v| v.map(i64::from)))
                .or_else(|_| r.try_get::<Option<i16>, _>(name).map(|v| v.map(i64::from)))?),
        }
    }
}

impl Column for Timestamp {
    fn optional(row: &Row, name: &str) -> Result<Option<Self>> {
        let Some(millis) = i64::optional(row, name)? else { return Ok(None) };
        Timestamp::from_millisecond(millis).map(Some).map_err(|_| unknown(name, millis))
    }
}

impl<T: DeserializeOwned> Column for Json<T> {
    fn optional(row: &Row, name: &str) -> Result<Option<Self>> {
        let Some(text) = String::optional(row, name)? else { return Ok(None) };
        serde_json::from_str(&text).map(|v| Some(Json(v))).map_err(|_| unknown(name, text))
    }
}

#[doc(hidden)]
pub fn unknown(column: &str, value: impl ToString) -> Error {
    Error::Unknown { column: column.to_owned(), value: value.to_string() }
}

/// A struct whose fields are the columns of a row, declared with [`crate::record!`].
pub trait Record: Sized {
    fn from_row(row: &Row) -> Result<Self>;
}

/// Declares a struct that is read from a row: each field from the column of its name.
#[macro_export]
macro_rules! record {
    ($($(#[$meta:meta])* $vis:vis struct $name:ident { $($(#[$fmeta:meta])* $fvis:vis $field:ident: $type:ty),+ $(,)? })+) => {$(
        $(#[$meta])* $vis struct $name { $($(#[$fmeta])* $fvis $field: $type),+ }
        impl $crate::Record for $name {
            fn from_row(row: &$crate::Row) -> $crate::Result<Self> {
                Ok($name { $($field: row.get(stringify!($field))?),+ })
            }
        }
    )+};
}

/// Declares an enum that is stored as a short TEXT code and shown by its Chinese label.
#[macro_export]
macro_rules! text_enum {
    ($($(#[$meta:meta])* $vis:vis enum $name:ident { $($(#[$vmeta:meta])* $variant:ident = $code:literal $label:literal),+ $(,)? })+) => {$(
        $(#[$meta])* #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        $vis enum $name { $($(#[$vmeta])* $variant),+ }
        #[allow(dead_code)]
        impl $name {
            pub const ALL: &'static [$name] = &[$($name::$variant),+];
            pub const fn code(self) -> &'static str { match self { $($name::$variant => $code),+ } }
            pub const fn label(self) -> &'static str { match self { $($name::$variant => $label),+ } }
            pub fn parse(code: &str) -> Option<Self> { match code { $($code => Some($name::$variant),)+ _ => None } }
        }
        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result { f.write_str(self.label()) }
        }
        impl $crate::Bind for $name {
            fn value(self) -> $crate::Value { $crate::Value::Text(Some(self.code().to_owned())) }
            fn null() -> $crate::Value { $crate::Value::Text(None) }
        }
        impl $crate::Column for $name {
            fn optional(row: &$crate::Row, name: &str) -> $crate::Result<Option<Self>> {
                let Some(code) = <String as $crate::Column>::optional(row, name)? else { return Ok(None) };
                $name::parse(&code).map(Some)
                    .ok_or_else(|| $crate::Error::Unknown { column: name.to_owned(), value: code })
            }
        }
    )+};
}
