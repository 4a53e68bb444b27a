//! 找党员: a resident finds a member on the board who has agreed to be shown, and turns to them. That opens an issue with a receipt
//! like any other (`asking`). Members have no account: somebody of the branch passes a link on (`desk`), by which the member takes
//! the matter on, passes it to the branch, or mediates once both parties have agreed by a link of their own (`answering`). What is
//! done stands on the chain of the issue; this slice keeps only who was asked, and who agreed.

mod answering;
mod asking;
mod model;
mod store;
mod todo;
mod web;

pub use answering::{Side, agree, mediate, pass_on, reconcile, take};
pub use asking::{ask, link};
pub use model::State;
pub use store::{Help, STATEMENTS, help, of_issue};
pub use todo::todo;
pub use web::routes;
