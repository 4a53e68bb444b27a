//! Every integration test, in one binary, so that the program is linked once and PostgreSQL started once.
#![allow(clippy::unwrap_used, clippy::expect_used)] // clippy's own leave covers only `#[test]` functions

#[macro_use]
mod support;

mod access;
mod access_matrix;
mod agenda;
mod api;
mod architecture;
mod backup;
mod board;
mod body_meeting;
mod branch_meeting;
mod channel;
mod citus;
mod cli;
mod community_survey;
mod crash;
mod demo;
mod duplicates;
mod export;
mod feed;
mod finding;
mod fuzz;
mod help;
mod import;
mod level;
mod mediation;
mod metrics;
mod offline;
mod open311;
mod outbox;
mod overview;
mod party;
mod place;
mod publicity;
mod races;
mod registry;
mod reminder;
mod report;
mod request;
mod roll;
mod roll_up;
mod search;
mod settings;
mod statements;
mod stories;
mod tagging;
mod today;
mod upkeep;
mod venue;
mod visit;
mod way;
mod way_at_random;
mod whistle;
mod work_order;
