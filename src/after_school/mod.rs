//! 七彩四点半, the class after school: which children are on the roll, and whom their guardians let fetch them. Nobody is on the roll whose
//! guardian has not agreed, by a signed link of their own or on paper; what is known of a child is sealed, and staff who want to read it say
//! why first (`child`). `paper` writes all of it down for the guardian. `presence` is what becomes of a child at a session, without a
//! database: who comes, who is missing, and with whom a child may go. `incident` is what happened and must not be lost, `help` which
//! children ought to be asked, `message` what the class and the guardians tell each other.

mod child;
pub mod help;
mod help_model;
mod help_store;
pub mod incident;
mod incident_model;
mod incident_store;
pub mod message;
mod message_store;
mod model;
mod names;
mod paper;
pub mod presence;
mod store;
mod web;

pub use child::{
    Child, Consent, Sketch, Wishes, adults, agree, agreed, by_link, change, child, consent, consents, decline, enrol,
    enrolled, forget, forget_old, invite, leave, open, renew_link, withdraw,
};
pub use help_model::{Help, HelpRules, Match, Reason};
pub use help_store::STATEMENTS as HELP_STATEMENTS;
pub use incident_model::{Kind, Office, Report, Rules as IncidentRules, State as IncidentState, Step};
pub use incident_store::{Incident, STATEMENTS as INCIDENT_STATEMENTS};
pub use message_store::STATEMENTS as MESSAGE_STATEMENTS;
pub use model::{Adult, How, Particulars, Person, Purpose, Rules, State, age, edition};
pub use names::STATEMENTS as NAME_STATEMENTS;
pub use store::{STATEMENTS, openings};
pub use web::routes;
