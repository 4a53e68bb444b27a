mod calendar;
mod called;
mod decision;
mod desk;
mod duty;
mod joint;
mod minutes;
mod page;
mod paper;
mod procedure;
mod public;
mod roll;
mod sign_in;

use crate::access::Routes;

pub fn routes() -> Routes {
    desk::routes()
        .merge(calendar::routes())
        .merge(decision::routes())
        .merge(duty::routes())
        .merge(called::routes())
        .merge(joint::routes())
        .merge(procedure::routes())
        .merge(minutes::routes())
        .merge(page::routes())
        .merge(paper::routes())
        .merge(public::routes())
        .merge(roll::routes())
        .merge(sign_in::routes())
}
