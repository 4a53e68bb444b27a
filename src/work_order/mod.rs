//! 工单: what the hotline 12345 sends as a workbook and wants answered in one. There is no direct interface, and each district's workbook
//! has columns of its own: somebody says once which is which (`model::Layout`), and it is remembered.
//!
//! A workbook is looked at before it is taken in (`intake`): row by row what is new, what has come before and what is wrong. Taken in, a
//! row is an issue like any other, filed by `issue::file_with`, with the deadline that the order states; an enquiry is counted in no rate.
//! The same number comes in once. `reply` writes results and what the reporters have said into the same columns.

mod intake;
mod model;
mod reply;
mod store;
mod web;

pub use intake::{forget_old, take_in};
pub use model::{Field, Kind};
pub use store::STATEMENTS;
pub use web::routes;
