mod import;
mod instructor;
mod member;
mod organisation;
mod particulars;
mod public;

use crate::access::Routes;

pub fn routes() -> Routes {
    let pages = organisation::routes().merge(member::routes()).merge(particulars::routes());
    pages.merge(instructor::routes()).merge(import::routes()).merge(public::routes())
}
