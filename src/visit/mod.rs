//! 敲门行动. A party branch or the community plans a campaign (`plan`): which doors, what to ask, until when. The doors are
//! dealt out to the people who knock (`model::deal`). On the phone they are a building matrix and a list in walking order
//! (`pack`), which works without signal; what is written down at a door comes as a record of `offline` and is entered here
//! (`record`): the outcome, the answers, corrections of the register, and each problem as an issue. Where nobody was in,
//! the door comes back by itself for an evening or a weekend.

pub mod erasure;
mod model;
mod pack;
mod plan;
mod record;
mod results;
mod slip;
mod store;
mod todo;
mod web;

pub use model::{Choice, DoorState, Outcome, Part, Question, QuestionKind};
pub use plan::{Order, create, deal, end_overdue, join, open};
pub use record::{KIND, RECORDER};
pub use store::{STATEMENTS, doors_of};
pub use todo::todo;
pub use web::routes;
