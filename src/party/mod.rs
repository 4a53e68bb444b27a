//! 党组织和党员. Organisations are a tree of any depth (`organisation`); members belong to one of them and perhaps to a 党小组
//! within it (`member`), and nobody is ever deleted. Who should attend a meeting and who may vote there is computed and
//! explained name by name (`model::standing`), and given to whoever calls a meeting by [`roll`]. The 党员花名册 that offices
//! keep comes in as a workbook and goes out as one (`member_list`). 亮身份: whoever has agreed is shown to the neighbours, with
//! name, building and post and nothing else, until the moment they take it back (`consent`). What the register forgets or merges
//! reaches the cards that are linked with it (`register`).

mod consent;
mod field;
mod instructor;
mod member;
mod member_list;
mod model;
mod organisation;
pub mod register;
mod store;
mod todo;
mod web;

pub use consent::{agree, shown_member, withdraw};
pub use field::{Field, Values};
pub use instructor::{NewInstructor, STATEMENTS as INSTRUCTOR_STATEMENTS, note, send};
pub use member::{Card, Home, add, join_post, leave, transfer};
pub use member_list::{Column, forget_old, workbook};
pub use model::{Counting, Departure, How, Kind, Member, Post, Roll, Standing, Status, Tie, standing};
pub use organisation::{NewOrganisation, begin_term, branch_of, create};
pub use store::{
    Organisation, STATEMENTS, committee_roll, organisation, organisations, posts_held, resident_of, roll, roll_of_all,
    with_committee,
};
pub use todo::todo;
pub use web::routes;
