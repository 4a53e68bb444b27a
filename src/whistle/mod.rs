//! 吹哨报到: what a community cannot solve it asks of its subdistrict, and that of its district. Each is a tenant of its own, here or in
//! another installation; nothing is shared, everything is told by letters (`letter`) over a link that both have agreed to
//! (`counterpart`). Who is asked comes (报到), answers or gives it back, and both rate each other (`saying`). A whistle is kept by
//! both sides under one id; each moves on at once by what it says, and `model` sees to it that they come to the same end.

mod counterpart;
pub mod letter;
mod model;
mod saying;
mod store;
mod todo;
mod web;

pub use counterpart::{Invitation, end, invite, join};
pub use model::{Ending, Kind, Said, Side, State};
pub use saying::{NewWhistle, assign, blow, pass_on, rate, say};
pub use store::{Counterpart, Event, STATEMENTS, Whistle, counterpart, counterparts, events, whistle};
pub use todo::todo;
pub use web::routes;
