//! The bodies through which residents govern themselves: 物管会 of an estate, 居民代表, the 居委会 and its 人民调解委员会. Each has seats, which
//! somebody holds from a day to a day, for one side or another. What one of them lacks by the rules is said and never stops anybody.
//! Their meetings are held in `meeting`, which asks here who sits on a body on a day.

mod model;
mod seat;
mod store;
mod web;

pub use model::{Kind, Part, Post, Rules, lacks};
pub use seat::{NewSeat, publish, sit, stand_down};
pub use store::{Body, NewBody, STATEMENTS, Seat, bodies, body, create, seats_on};
pub use web::routes;
