//! 法治进校园: the prosecutors' team is a tenant of its own, and schools are its guests by links (`school`). Lecturers have topics, grades and a
//! yearly query (`lecturer`); materials are de-identified by one and reviewed by another before a session can point to them (`material`). A school
//! asks (`plan`), the team proposes, the school agrees; nobody and nothing is in two places at once (`session`). Classes are counted in (`presence`),
//! and what became of it is written down and confirmed, or denied (`given`). Before and after, pupils answer a quiz that
//! is kept as sums (`quiz`), and can ask for help in confidence (`confidence`). `summary` tells what a term came to; `sharing` sends a material to a community; `next` and `balance` say what to arrange so that every
//! school gets its class-hours, or why that cannot be; `offer` says how a request could be met, and `affected` what is arranged and cannot take place like that any more.
//! `turn` moves the classes of a school up when its year is over; what they had heard stays with the grade in which they were.

mod affected;
mod balance;
mod confidence;
mod given;
mod lecturer;
mod material;
mod model;
mod next;
mod offer;
mod plan;
mod presence;
mod quiz;
mod quiz_store;
mod school;
mod session;
mod session_store;
pub mod sharing;
mod store;
mod summary;
mod summary_store;
mod todo;
mod turn;
mod web;

pub use affected::{Affected, affected};
pub use balance::{Balance, Half, Need, Shortage, Slot, Suggestion, Supply, balance};
pub use confidence::{Confided, confide, forget_old as forget_confidences, help_link, watch_some as watch_confidences};
pub use given::{
    Paper, Record, add_photos, add_question as note_question, confirm, confirm_on_paper, dispute, drop_photo,
    forget_photos, record,
};
pub use lecturer::{LecturerSketch, create as create_lecturer, vet, void_vetting};
pub use material::{
    MaterialSketch, add as add_material, desensitise, erase as erase_material, get as material,
    recall as recall_materials, review, withdraw,
};
pub use model::{MaterialKind, PeriodKind, Phase, RequestState, SessionState, Stage, StepKind, SubjectKind, grade};
pub use next::{Next, next};
pub use offer::{Offer, offers};
pub use plan::{
    Planned, RequestSketch, add_agreement, add_campaign, ask, call, change_agreement, change_call, change_campaign,
    void as void_planned,
};
pub use presence::{set_present, sign_in, sign_in_link};
pub use quiz::{
    Outcome, Outcomes, Sheet, add_question, close as close_quiz, close_old as close_quizzes, hand_in, outcomes,
    quiz_link,
};
pub use quiz_store::STATEMENTS as QUIZ_STATEMENTS;
pub use school::{
    Contact, SchoolSketch, add_class, add_hall, add_period, add_subject, add_term, add_usual_subjects, appoint,
    change_hall, create as create_school, drop_post, set_pupils, set_way,
};
pub use session::{SessionSketch, agree, apart, attach, cancel, change, propose, remind, unvetted};
pub use session_store::{STATEMENTS as SESSION_STATEMENTS, Session, session};
pub use store::{STATEMENTS, classes, halls, lecturer, lecturers, school, schools, subjects};
pub use summary::{AgreedYear, Standing, Summary, of_period as summary};
pub use summary_store::STATEMENTS as SUMMARY_STATEMENTS;
pub use todo::todo;
pub use turn::{regrade, take_back as turn_back, turn};
pub use web::routes;
