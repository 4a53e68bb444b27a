//! 巡逻: routes around schools and along streets, with points at which whoever walks says that they are there, so that 不间断 is a figure. A
//! route has hours, days and a longest interval (`route`); what is asked of it is kept from day to day, so that a later change leaves earlier
//! figures as they were. A round is walked by people of `duty`, who have a link and no account, and check in at each point by it or by the
//! code that hangs there (`round`). `model` lays the checks of a point into the hours of a day, and `figure` adds that up for a day, a week, a
//! term. What somebody saw on the way waits for the desk, which makes a hazard of it with the words that are there.
//!
//! Routes are of a unit of the bureau and seen by whoever reaches it, and by whoever walks them; nobody else knows that there are any.

mod model;
mod store;

pub use model::{Days, How, RouteKind};
pub use store::{Route, STATEMENTS, routes_within};
