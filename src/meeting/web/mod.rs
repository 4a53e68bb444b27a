mod calendar;
mod desk;
mod members;
mod page;
mod public;

use crate::access::Routes;

pub fn routes() -> Routes {
    desk::routes().merge(calendar::routes()).merge(members::routes()).merge(page::routes()).merge(public::routes())
}
