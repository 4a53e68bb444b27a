//! The one crate that knows sqlx. The rest of the program sees [`Db`], [`Tx`], [`Statement`], [`Row`] and [`Error`].
//!
//! One SQL text serves SQLite, PostgreSQL and Citus. A statement can only be made by [`statements!`], so its text is
//! constant (data can only be bound), it has a name, and a test can prepare every one of them on every engine.

mod copy;
mod engine;
mod error;
mod migrate;
mod page;
mod statement;
mod value;
mod writer;

pub use copy::{Kind, Table, tables};
pub use engine::{Db, Tx};
pub use error::{Error, Result};
pub use migrate::{Migration, applied, migrate};
pub use page::{Cursor, Page};
pub use statement::{Query, Statement};
pub use value::{Bind, Column, Json, Record, Row, Value};
