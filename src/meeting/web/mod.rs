mod calendar;
mod decision;
mod desk;
mod duty;
mod members;
mod minutes;
mod page;
mod paper;
mod public;
mod roll;
mod sign_in;

use crate::access::Routes;

pub fn routes() -> Routes {
    desk::routes()
        .merge(calendar::routes())
        .merge(decision::routes())
        .merge(duty::routes())
        .merge(members::routes())
        .merge(minutes::routes())
        .merge(page::routes())
        .merge(paper::routes())
        .merge(public::routes())
        .merge(roll::routes())
        .merge(sign_in::routes())
}
