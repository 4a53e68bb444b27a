//! Reports for free: what a superior, a meeting or the board asks for is counted from the work itself, so that nobody fills in
//! a form. One reading of the work (`store`) gives a [`Record`] for each issue that a period concerns; a figure is a question to
//! such a record (`model`), so what is counted and the rows that a figure opens are the same by construction. The pages, the
//! workbook (`ledger`), the paper (`briefing`) and a superior's own form (`template`) all ask the same records.
//!
//! The other reports of a period are of one shape (`sheet`): rows, and gauges that ask them. What each is about and where its rows come
//! from says `topic`.

mod briefing;
mod ledger;
mod model;
pub mod roll_up;
mod sheet;
mod store;
mod template;
mod topic;
mod web;

pub use model::{Composite, Figure, Period, Rate, Record, Report, Rules, Weights};
pub use store::{STATEMENTS, records};
pub use web::routes;
