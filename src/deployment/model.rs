//! How far a version has come, and how fast a reserve and a school ought to be reached.

use db::text_enum;
use serde::Deserialize;

use crate::settings::Setting;

text_enum! {
    pub enum State {
        Draft = "draft" "草稿",
        Submitted = "submitted" "等批准",
        Approved = "approved" "已批准",
        Returned = "returned" "退回修改",
    }
}

impl State {
    /// Whether it can still be written.
    pub const fn is_open(self) -> bool {
        matches!(self, State::Draft | State::Returned)
    }

    /// The class of its tag.
    pub const fn class(self) -> &'static str {
        match self {
            State::Draft => "",
            State::Submitted => "soon",
            State::Approved => "done",
            State::Returned => "late",
        }
    }
}

/// How fast a reserve ought to be there, and schools ought to know.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Targets {
    pub response_minutes: i64,
    pub inform_hours: i64,
}

impl Setting for Targets {
    const NAME: &'static str = "deployment.targets";
}

/// `07:20` of a minute of the day.
pub fn clock(minute: i64) -> String {
    format!("{:02}:{:02}", minute.div_euclid(60).rem_euclid(24), minute.rem_euclid(60))
}
