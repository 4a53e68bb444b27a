//! 家门口 (Doorstep): the software that a residential community runs to look after its people.
//! ARCHITECTURE.md draws the map; each slice's `mod.rs` tells its story.

pub mod access;
pub mod app;
pub mod audit;
pub mod backup;
pub mod board;
pub mod body;
pub mod channel;
pub mod cli;
pub mod config;
pub mod counter;
pub mod demo;
pub mod document;
pub mod error;
pub mod help;
pub mod issue;
pub mod keys;
pub mod means;
pub mod meeting;
pub mod metrics;
pub mod offline;
pub mod outbox;
pub mod overview;
pub mod party;
pub mod photo;
pub mod place;
pub mod registry;
pub mod schema;
pub mod search;
pub mod settings;
pub mod today;
pub mod upkeep;
pub mod venue;
pub mod visit;
pub mod web;
pub mod workbook;
