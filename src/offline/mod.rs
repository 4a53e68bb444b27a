//! What is written down without signal and sent later. The phone makes the id of a record and keeps it until it holds a
//! receipt; the server knows the id and the digest of every record that ever came, so that the same record again gets the
//! first receipt, and another content under the same id is kept beside the first and shown.
//!
//! What arrives is never turned away: a record that cannot be entered is held, sealed, until somebody enters it after all
//! or says why not (`review`). Records that could not be sent come on paper, so to speak, as an exported file (`export`).
//!
//! This slice knows no kind of record. The slices that do are [`Recorder`]s, which `app::recorder` names.

mod export;
mod model;
mod receive;
mod review;
mod store;
mod web;

pub use model::{Sent, State};
pub use receive::{Outcome, attach, forget, forget_old, receive};
pub use review::{hidden, todo};
pub use store::STATEMENTS;
pub use web::routes;

use std::pin::Pin;

use db::Tx;
use serde_json::Value;
use uuid::Uuid;

use crate::access::Viewer;
use crate::error::Result;
use crate::means::Means;

/// What a step of a recorder ends in, sooner or later.
pub type Doing<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>>;

/// What is done with the records of a kind. Each step acts for the person whose record it is, whoever brings it.
#[derive(Clone, Copy)]
pub struct Recorder {
    /// Enters a record and says what the phone is told. What it refuses leaves nothing behind.
    pub record: for<'a> fn(&'a mut Tx, &'a Viewer, &'a Means, &'a Sent) -> Doing<'a, Value>,
    /// Adds a photo to a record that has been entered.
    pub attach: for<'a> fn(&'a mut Tx, &'a Viewer, &'a Means, Taken) -> Doing<'a, ()>,
    /// What a record says, for somebody who has to decide about it.
    pub words: for<'a> fn(&'a mut Tx, &'a Viewer, &'a Means, &'a Sent) -> Doing<'a, Words>,
    /// What has to happen at once when a record is held; mostly nothing.
    pub held: for<'a> fn(&'a mut Tx, &'a Viewer, &'a Means, &'a Sent) -> Doing<'a, ()>,
}

/// A photo that has come after its record.
#[derive(Debug, Clone, Copy)]
pub struct Taken {
    pub record: Uuid,
    /// What the phone calls it.
    pub name: Uuid,
    pub photo: Uuid,
}

/// Pairs of a name and a text.
pub type Words = Vec<(String, String)>;
