//! The closed loop. A resident reports (`filing`), staff take the issue on and give it to somebody (`decision`), that
//! party works and proves the result (`handling`), or asks for time, a stop or another party (`petition`); what one level cannot solve goes up to the next (`level`), and beyond the community (`escalation`); the result is published, asked about and struck off (`closure`).
//! Every change is a named step (`step`), and which one may follow is one table (`transition`): the new state, its event and the audit entry in one transaction.
//! The events are the chain of the receipt (`receipt`); what waits for whom stands on 今日 (`todo`), and reports of
//! the same thing are found by `duplicate`.
//!
//! The slice that others are copied from: rules in `model`, SQL in `store`, pages in `web`.

mod closure;
pub mod cluster;
mod decision;
pub mod duplicate;
mod emergency;
pub mod escalation;
pub mod exclusion;
mod filing;
mod handling;
pub mod level;
mod model;
pub mod month;
pub mod owners;
mod petition;
mod receipt;
pub mod reminder;
mod step;
mod store;
mod todo;
mod transition;
mod web;

pub use closure::{Answer, acknowledge, close, contact_failed, publish, rate, survey};
pub use cluster::{Cluster, clusters};
pub use decision::{Due, Elsewhere, Grading, accept, deliberate, dispatch, merge, put_on_agenda, redirect, refuse};
pub use filing::{
    Filed, NewIssue, Place, Reporter, Terms, file, file_with, give_rating_link, masked_reporter, names_somebody,
    reporter, supplement, withdraw,
};
pub use handling::{finish, mediation, member_says, progress};
pub use model::{Category, Channel, Clock, Level, Remedy, Respondent, Score, Solved, Source, State, Step, Tier};
pub use model::{NAMES_SOMEBODY, number_in, personal_data_in};
pub use month::Month;
pub use petition::{Petition, ask, decide as decide_petition, resume};
pub use receipt::{ChainLink, Receipt, Standing, spaced};
pub use step::STEPPED;
pub use store::{
    Event, Followed, Issue, STATEMENTS, changed, events, hanging, index, issue, issue_by_number, issue_in_scope,
    reports, to_deliberate, unindexed_tenants,
};
pub use todo::todo;
pub use transition::{TRANSITIONS, Transition};
pub use web::{ApiDoc, categories, chosen_place, filed, read_issue, receipt_of, routes};
