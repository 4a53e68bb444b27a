//! Whole journeys, told as the people in them live them.

pub mod cast;
mod closed_loop;
mod deliberation;
