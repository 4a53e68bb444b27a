//! Whole journeys, told as the people in them live them.

mod closed_loop;
