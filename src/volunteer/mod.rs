//! 志愿服务队和志愿者. Somebody applies on the board, or is recommended and then asked by a link of their own; the community confirms, and
//! only then are they on the roll (`joining`). Nobody is on it who has not agreed, and of whoever does not agree nothing is kept. A card is
//! read whole and changed field by field (`card`). Teams serve groups of residents in estates (`team`), and `model::grid` shows where nobody
//! does. Volunteers have no account: their link, which can be made void, leads to their own page, and to that of the team for whoever leads
//! one. Activities are planned once or by a rule (`activity`); whoever signs up holds the row of the activity, so that places and the waiting
//! list are in order however many come at once (`sign_up`); what they are booked for besides stands in `engagement`, so that nobody is in two
//! places at once; who was there is known by a code on the wall, by whoever leads with a photo,
//! or later with somebody else's word (`presence`). From there hours go into the ledger (`hours`), by the rule in `hours_model`, and for them
//! stars and certificates are given (`star`, `certificate`). Whoever was honoured stands on the board by name only if they agree (`honour`); what was
//! done all read as figures (`figures`), and the national system takes it as a workbook (`export`). The 志愿者花名册 comes in as a workbook and goes out as one (`roster`). What the register forgets or merges reaches the link with it
//! (`register`).

/// Stands where words about somebody were whose particulars are gone.
const ERASED: &str = "本人的资料已应要求删去";

mod activity;
mod activity_model;
mod activity_store;
mod card;
mod certificate;
mod certificate_store;
mod engagement;
mod export;
mod field;
mod figures;
mod honour;
mod hours;
mod hours_model;
mod hours_store;
mod joining;
mod model;
mod presence;
pub mod register;
mod roster;
mod sign_up;
mod star;
mod store;
mod team;
mod todo;
mod wall;
mod web;

pub use activity::{Following, cancel, change as change_activity, plan, remind};
pub use activity_model::{Attendance, Place, Plan, Risk, Rules, Span};
pub use activity_store::{
    Activity, STATEMENTS as ACTIVITY_STATEMENTS, SignUp, activity, coming, in_reach as activity_in_reach, sign_up_of,
    sign_ups, vetted,
};
pub use card::{Card, by_link, card};
pub use certificate::{
    Issuer, Period, apply as apply_for_certificate, issue as issue_certificate, opened as certificate_paper,
};
pub use certificate_store::{
    Certificate, Given, STATEMENTS as CERTIFICATE_STATEMENTS, by_number as certificate_by_number,
};
pub use engagement::{
    Asked, Booking, Candidate, STATEMENTS as ENGAGEMENT_STATEMENTS, candidates, engage, fullest_week, has_one_of,
    release, taken,
};
pub use export::STATEMENTS as EXPORT_STATEMENTS;
pub use field::{Field, Values};
pub use figures::{Figures, OfTeam, STATEMENTS as FIGURES_STATEMENTS, Wanted, read as figures};
pub use honour::{Given as NewHonour, Honour, STATEMENTS as HONOUR_STATEMENTS, give as give_honour};
pub use hours::{
    Correct, KeptTime, Own, TakenBack, Was, answer as answer_objection, approve as approve_hours, approve_activity,
    confirm as confirm_hours, confirm_activity, correct as correct_hours, hold, object, record_kept,
    refuse as refuse_hours, submit as submit_hours, take_back_kept,
};
pub use hours_model::{Counted, Hours, Kind, Stage, counted, in_hours, in_words};
pub use hours_store::{
    Record, STATEMENTS as HOURS_STATEMENTS, Total, Version, of_activity as records_of, of_volunteer as ledger, record,
    total, versions,
};
pub use joining::{
    FORGOTTEN, Forgotten, NewVolunteer, agree, agreed, apply, change, confirm, consent, decline, forget, forget_old,
    guardian_agrees, invite, leave, refuse, renew_link, vet, withdraw,
};
pub use model::{
    Guardian, How, Joining, Maturity, Outcome, Post, Purpose, Source, State, Target, TeamKind, Way, age, grid,
};
pub use presence::{Way as Arrival, claim, decide, forget_photos, note, note_group};
pub use roster::{Column, filled};
pub use sign_up::{give_up, sign_up};
pub use star::{STATEMENTS as STAR_STATEMENTS, apply as apply_for_star, decide as decide_star, name as star_name};
pub use store::{Membership, Placed, STATEMENTS, Team, members, memberships, team, team_named, teams};
pub use team::{Sketch, change as change_team, create as create_team, join, quit, set_post};
pub use todo::todo;
pub use wall::on_the_wall;
pub use web::routes;
