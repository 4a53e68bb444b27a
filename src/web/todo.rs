use jiff::Timestamp;

use super::show::Deadline;

/// Something that waits for whoever is signed in. Each slice offers its own; the page 今日 puts them in one order.
#[derive(Debug, Clone)]
pub struct Todo {
    /// What is to be done, in two to four characters: 受理, 派单, 上门测评.
    pub verb: &'static str,
    /// What it is about. Staff read it, so it may be a public title or the name of a file, never a person's.
    pub title: String,
    pub detail: String,
    pub href: String,
    /// Decides the order.
    pub due: Timestamp,
    /// How that moment is said.
    pub deadline: Deadline,
}
