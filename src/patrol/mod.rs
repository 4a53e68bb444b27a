//! 巡逻: routes around schools and along streets, with points at which whoever walks says that they are there, so that 不间断 is a figure. A
//! route has hours, days and a longest interval (`route`); what is asked of it is kept from day to day, so that a later change leaves earlier
//! figures as they were. A round is walked by people of `duty`, who have a link and no account, and check in at each point by it or by the
//! code that hangs there (`round`). `model` lays the checks of a point into the hours of a day, and `figure` adds that up for a day, a week, a
//! term. What somebody saw on the way waits for the desk, which makes a hazard of it with the words and photos that are there.
//!
//! Routes are of a unit of the bureau and seen by whoever reaches it, and by whoever walks them; nobody else knows that there are any.

mod figure;
mod model;
mod round;
mod route;
mod store;
mod todo;
mod web;

pub use model::{Asked, Days, How, RouteKind};
pub use round::{NewCheck, begin, check, end, plan};
pub use route::{PointSketch, RouteSketch, add_points, create, point_link};
pub use store::{Check, Point, Round, Route, STATEMENTS, point, points_of, route, routes_within};
pub use todo::todo;
pub use web::routes;

use db::Tx;
use uuid::Uuid;

use crate::error::Result;

/// Each time somebody was at a point in a round.
pub async fn checks(tx: &mut Tx, tenant: Uuid, round: Uuid) -> Result<Vec<Check>> {
    store::checks_of_round(tx, tenant, round).await
}
