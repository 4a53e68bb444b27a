//! 通知渠道: the groups and lists of people that notices reach by themselves. An ordinary WeChat group has no robot, so there the
//! text is still copied; groups of 企业微信, 钉钉 and 飞书 have one, mail and short messages go to lists of addresses and numbers.
//!
//! Whoever has something to say writes it down with [`tell`], in the transaction of what it follows from: one delivery for each
//! channel whose place fits (`delivery`). A sender of its own, beside the outbox, so that a robot that does not answer holds
//! nothing else up, takes one channel at a time and its deliveries in their order (`sender`). It keeps to the rates and sizes
//! of each service, waits where it is told to, and tries again with growing pauses until somebody has to look. What may have
//! arrived already, because a process died or an answer was lost, goes out again with （可能重复） at its head.
//!
//! The address of a robot is a secret: it is sealed, never logged, and after it was entered only its end is shown (`setup`).

mod delivery;
pub mod hook;
mod mail;
mod model;
pub mod reminder;
mod robot;
mod sender;
mod setup;
mod sms;
mod store;
mod todo;
mod web;

pub use delivery::{Notice, asleep, fitting, forget_old, of_subject, tell};
pub use model::{Kind, Occasion, Place, State};
pub use sender::Sender;
pub use setup::{NewChannel, add};
pub use sms::{can_text, text};
pub use store::{Delivery, Fitting, STATEMENTS};
pub use todo::todo;
pub use web::routes;
