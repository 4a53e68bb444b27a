mod desk;
mod page;
mod public;

use crate::access::Routes;

pub fn routes() -> Routes {
    desk::routes().merge(page::routes()).merge(public::routes())
}
