use jiff::Timestamp;
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// A field that an action changed. Values are kept only in the sealed history.
#[derive(Debug, Clone)]
pub struct Change {
    pub field: &'static str,
    pub old: Option<String>,
    pub new: Option<String>,
}

/// An entry about a subject, with the values of the sealed history as far as they have not been erased.
#[derive(Debug, Clone)]
pub struct Past {
    pub position: i64,
    pub at: Timestamp,
    /// In words.
    pub role: String,
    pub account_name: Option<String>,
    pub reason: String,
    pub changes: Vec<PastChange>,
}

#[derive(Debug, Clone)]
pub struct PastChange {
    pub field: String,
    pub old: Option<String>,
    pub new: Option<String>,
}

/// An entry as the page of what it is about tells it: when, who by role and name, why, and each change in words.
pub struct Told {
    pub at: Timestamp,
    pub who: String,
    pub reason: String,
    pub changes: Vec<String>,
}

impl Past {
    /// Puts each change into words by `in_words`: only the slice of the subject knows its fields.
    pub fn told(self, in_words: impl Fn(&PastChange) -> String) -> Told {
        let who = match self.account_name {
            Some(name) => format!("{} {name}", self.role),
            None => self.role,
        };
        Told { at: self.at, who, reason: self.reason, changes: self.changes.iter().map(in_words).collect() }
    }
}

/// What an entry's hash is taken over, besides the hash before it.
pub(super) struct Content<'a> {
    pub position: i64,
    pub at: Timestamp,
    pub account_id: Option<Uuid>,
    pub role: &'a str,
    pub action: &'a str,
    pub subject_kind: &'a str,
    pub subject_id: Uuid,
    pub reason: &'a str,
    pub fields: &'a str,
}

impl Content<'_> {
    /// SHA-256 over the hash before and the parts of the entry, each with its length in front so that none can run into the next.
    pub fn hash(&self, before: &[u8]) -> Vec<u8> {
        let mut hasher = Sha256::new();
        let account = self.account_id.map_or_else(String::new, |id| id.to_string());
        let numbers = format!("{} {}", self.position, self.at.as_millisecond());
        let subject = self.subject_id.to_string();
        let parts = [&numbers, &account, self.role, self.action, self.subject_kind, &subject, self.reason, self.fields];
        hasher.update(before);
        for part in parts {
            hasher.update((part.len() as u64).to_be_bytes());
            hasher.update(part);
        }
        hasher.finalize().to_vec()
    }
}

/// SHA-256 of a value behind its salt, in hexadecimal.
pub(super) fn digest(salt: &[u8], value: &str) -> String {
    hex(&Sha256::new().chain_update(salt).chain_update(value).finalize())
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What `verify` found of one tenant's chain.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Verdict {
    pub entries: i64,
    /// The hash at the chain's end, in hexadecimal: an anchor to keep elsewhere.
    pub head: String,
    pub broken: Option<Broken>,
}

/// The first link that does not hold.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Broken {
    pub position: i64,
    pub why: &'static str,
}
