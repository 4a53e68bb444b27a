//! 场地: rooms such as a 党群服务站 or a 社区活动室, when they are open, and who has booked them. Whoever books takes the lock of the room
//! first (`booking`), so that nothing is in one room twice, however many book at once. What stands in the way, and what is free,
//! is worked out without the database (`model::Diary`).

mod booking;
mod model;
mod room;
mod store;
mod web;

pub use booking::{Following, NewBooking, Repeat, book, book_series, cancel, rebook, release, shift};
pub use model::{Diary, Hours, Purpose, Span};
pub use room::{NewVenue, close, create, set_hours};
pub use store::{Booking, STATEMENTS, Venue, of_subject, usable, venue};
pub use web::routes;
