//! What everybody may read, without an account: published snapshots, and whom to call at each 党群服务站.
//! Other slices publish here; the board knows none of them.

mod display;
mod model;
mod store;
mod web;

pub use model::{NewPublication, Post, PublicationKind, Snapshot, SnapshotLink};
pub use store::{Contact, NewContact, Publication, STATEMENTS, add_contact, contacts, publication, publish, withdraw};
pub use web::{home, routes};
