//! The register of who lives where: looked up by name, door, phone or identity number, seen building by building and
//! household by household. What identifies a person is shown masked; a reveal asks for a reason and is logged.

pub mod candidate;
mod copy;
pub mod enrol;
pub mod erasure;
pub mod export;
pub mod export_request;
pub mod figures;
pub mod finding;
pub mod import;
pub mod life;
mod lookup;
mod model;
mod particular;
pub mod person;
pub mod request;
pub mod roll;
mod store;
mod tag;
pub mod tagging;
mod web;

pub use model::{CARE, HouseholdCard, age, door_words, person_words};
pub use particular::{Document, Particular, Values};
pub use person::{Clash, Edit, Ending, Person, edit, phone_at};
pub use store::{
    STATEMENTS, all_named_in, household_card, index, named_in, population, resident_in_reach, unindexed_tenants,
};
pub use tag::{ResidenceState, Tag};

use crate::access::Routes;

pub fn routes() -> Routes {
    web::routes().merge(import::routes())
}
