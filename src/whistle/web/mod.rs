mod counterparts;
mod desk;
mod inbox;
mod page;

use crate::access::Routes;

pub fn routes() -> Routes {
    desk::routes().merge(page::routes()).merge(counterparts::routes()).merge(inbox::routes())
}
