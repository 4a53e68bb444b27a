//! Whole journeys, told as the people in them live them.

mod branch;
pub mod cast;
mod closed_loop;
mod deliberation;
mod first_day;
mod the_page;
