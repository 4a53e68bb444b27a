//! 七彩四点半, the class after school: which children are on the roll, and whom their guardians let fetch them. Nobody is on the roll whose
//! guardian has not agreed, by a signed link of their own or on paper; what is known of a child is sealed, and staff who want to read it say
//! why first (`child`). `paper` writes all of it down for the guardian. `presence` is what becomes of a child at a session, without a
//! database: who comes, who is missing, and with whom a child may go. `record` takes its steps from phones that had no network, and `pack` is what these
//! take along; `picture` keeps pictures for the guardians of whoever is in them. `incident` is what happened and must not be lost, `help` which
//! children ought to be asked, `message` what the class and the guardians tell each other,
//! `figures` how often it was held.

mod attendance;
mod child;
mod code;
mod figures;
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
mod pack;
mod paper;
mod picture;
pub mod presence;
mod record;
mod roll;
mod rota;
mod session;
mod session_model;
mod session_store;
mod store;
mod watch;
mod web;

pub use attendance::{Visit, of_child as visits};
pub use child::{
    Child, Consent, Sketch, Wishes, adults, agree, agreed, by_link, change, child, consent, consents, decline, enrol,
    enrolled, forget, forget_old, invite, leave, open, renew_link, withdraw,
};
pub use code::{make as make_code, standing as standing_code, withdraw as withdraw_code};
pub use figures::{Figures, OfKind, STATEMENTS as FIGURE_STATEMENTS, Wanted, read as figures};
pub use help_model::{Help, HelpRules, Match, Reason};
pub use help_store::STATEMENTS as HELP_STATEMENTS;
pub use incident_model::{
    Concerned, Ending, Kind as IncidentKind, Office, Report, Rules as IncidentRules, State as IncidentState,
    Step as IncidentStep,
};
pub use incident_store::{Incident, STATEMENTS as INCIDENT_STATEMENTS};
pub use message_store::STATEMENTS as MESSAGE_STATEMENTS;
pub use model::{Adult, How, Particulars, Person, Purpose, Rules, State, age, edition};
pub use names::STATEMENTS as NAME_STATEMENTS;
pub use pack::take_along;
pub use picture::{
    STATEMENTS as PICTURE_STATEMENTS, add as add_picture, agreed_at as may_be_shown, of_session as pictures,
    show as show_picture,
};
pub use record::{KIND, RECORDER};
pub use roll::{
    Fetch, Row, Step, Taken, arrive_unexpected, came as keeper_came, open as open_session, rows, take, take_leave,
};
pub use rota::{
    Added, Who, add as add_keeper, keepers, link as keeper_link, not_there as keeper_not_there,
    remove as remove_keeper, vet as vet_staff,
};
pub use session::{cancel as cancel_session, change as change_session, expect, not_expected, plan, told};
pub use session_model::{Answer, Call, Kind, Plan, RotaKeeper, Rules as SessionRules};
pub use session_store::{STATEMENTS as SESSION_STATEMENTS, Session, session};
pub use store::{STATEMENTS, openings};
pub use watch::{alarms, over, raise as raise_alarm, todo, watch_some};
pub use web::routes;
