//! Mail that waits, in the words of Postfix (`postqueue -j`, postqueue(1)).

use chrono::{DateTime, Utc};

/// A mail's id in the queue: Postfix's, letters and digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct QueueId(String);

impl QueueId {
    /// Reads an id. Anything else never reaches a program's arguments.
    pub fn parse(text: &str) -> Option<Self> {
        let good = (5..=32).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric());
        good.then(|| Self(text.to_owned()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Which of Postfix's queues.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Queue {
    /// On its way in, or handed out just now (`maildrop`, `incoming`, `active`).
    Active,
    /// Tried, and to be tried again (`deferred`).
    Deferred,
    /// Kept until somebody says what becomes of it: by staff, or because it is spam (`hold`).
    Held,
}

/// One who has not got a mail yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// The address.
    pub address: String,
    /// Why not, as the last try said.
    pub reason: Option<String>,
}

/// A mail that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queued {
    /// Which.
    pub id: QueueId,
    /// Where it waits.
    pub queue: Queue,
    /// Who sent it; empty for a bounce (RFC 5321, 6.1).
    pub sender: String,
    /// Those who have not got it.
    pub recipients: Vec<Waiting>,
    /// Since when.
    pub arrived: DateTime<Utc>,
    /// How large it is, in bytes.
    pub bytes: i64,
}

/// What is to become of a mail that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueueAct {
    /// Try again now.
    Retry,
    /// Keep it until it is released.
    Hold,
    /// Let a held one go on.
    Release,
    /// Delete it; nobody is told.
    Delete,
}
