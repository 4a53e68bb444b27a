//! 接口: how other programs read and file. `issues`, `lists`, `publications` and `figures` are the JSON interface under `/api/v1`, which a
//! token of narrow scope opens (`access::token`) and no cookie; `open311` is the public one of GeoReport v2, which shows what the board
//! shows and files what the public form files. `document` describes all of it (OpenAPI 3.1); what is not right is answered as RFC 9457
//! says (`web::failure`).
//!
//! A request to file that comes twice is answered twice and files once (`once`).
//!
//! Whatever is filed goes the way of the public form, through `issue::read_issue` and `issue::file`: the same rules, the same sentences.
//! No list says who reported something; the masked name stands behind a scope of its own, and each look at it in the audit log.

mod asked;
mod document;
mod figures;
mod issues;
mod lists;
mod once;
mod open311;
mod publications;

pub use document::document;
pub use once::{STATEMENTS, forget_old};

use crate::access::Routes;

pub fn routes() -> Routes {
    issues::routes()
        .merge(lists::routes())
        .merge(publications::routes())
        .merge(figures::routes())
        .merge(open311::routes())
}
