//! Workbooks, above all those that list people, as they come from offices and as they go out. `archive` refuses what no parser should see,
//! `sheet` finds the header and resolves merged cells and 同上, `cell` reads what people write into a cell, `write` makes the
//! empty form, a filled one, rejected rows with what is wrong in each, and any other table; `fill` writes into named cells of
//! a workbook that somebody else has made; `staged` is what is kept of one until it is written. What the columns are, a list says itself by
//! implementing [`Column`]; who the people are, nothing here knows.

mod archive;
mod cell;
pub mod fill;
mod header;
mod sheet;
mod staged;
mod write;

pub use archive::Unreadable;
pub use cell::{date, is_cut, is_formula_error, is_nothing, is_repetition, shortened, without_numbers};
#[cfg(test)]
pub use header::bare;
pub use header::{Column, Header, Twice};
pub use sheet::{PlainSheet, Row, Sheet, plain, read};
pub use staged::{Staged, StagedRow, given_back, read_most};
pub use write::{Cell, RejectedRow, Table, filled, marked, of_tables, rejections, response};
