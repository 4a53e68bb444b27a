//! What everybody may read, without an account: published snapshots, and whom to call at each 党群服务站.
//! Other slices publish here; the board knows none of them but the register, whose names must not hang on it (`filter`).
//!
//! What hangs for a number of days hangs for whole ones (`period`). Whoever disagrees says so where it hangs (`objection`); until
//! they have an answer the days do not count, and what should follow waits. Staff look after all of it at one desk (`desk`).

mod desk;
mod display;
mod filter;
mod model;
mod objection;
mod period;
mod store;
mod todo;
mod web;

pub use filter::{check_words, check_words_but};
pub use model::{NewPublication, Post, PublicationKind, Snapshot, SnapshotLink};
pub use objection::{
    NewObjection, STATEMENTS as OBJECTION_STATEMENTS, Verdict, answer, concern, forget_old, object,
    refuse_while_objected,
};
pub use period::{Count, Period};
pub use store::{
    Contact, NewContact, POSTED, Publication, STATEMENTS, add_contact, add_proof, contacts, holders, of_subject,
    publication, publications, publish, withdraw,
};
pub use todo::todo;
pub use web::{home, routes};
