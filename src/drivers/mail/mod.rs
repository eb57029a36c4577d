//! The mail service: Postfix, Dovecot and rspamd in one container. It reads who has which mailbox from PostgreSQL by itself; here
//! is only what it is told or asked beside that. It may be away at any moment, and mail goes on while the panel is.

mod docker;
#[cfg(feature = "testing")]
pub mod fake;
#[cfg(feature = "testing")]
mod fake_fetch;
mod fetch;
mod ports;
mod queue;
mod recent;
mod said;

use std::fmt;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use futures_util::stream::BoxStream;

pub use docker::DockerMail;
#[cfg(feature = "testing")]
pub use fake_fetch::FakeFetches;
pub use fetch::{Fetch, FetchAt, FetchEvent, FetchFailure, FetchReason, FetchTls};
pub use ports::MailPorts;
pub use queue::{Queue, QueueAct, QueueId, Queued, Waiting};

/// Why the mail service did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MailServiceError {
    /// Its container or engine is not there, does not run, or does not answer.
    #[error("the mail service does not answer: {0}")]
    Away(String),
    /// What was asked about is not there (any more).
    #[error("there is no such thing in the mail service")]
    Gone,
    /// It refused.
    #[error("the mail service refused: {0}")]
    Refused(String),
}

/// A line that a program of the service wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailLogLine {
    /// When the engine took it; unique enough to go on after it.
    pub at: DateTime<Utc>,
    /// The line, without its end.
    pub text: String,
}

/// What its programs say of themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailHealth {
    /// The program: `postfix`, `dovecot`, `rspamd`, `redis`, `keys`, `database`.
    pub program: String,
    /// Whether it works.
    pub is_up: bool,
    /// What it says; empty where all is well.
    pub says: String,
}

/// Tells and asks the mail service.
#[async_trait]
pub trait MailService: fmt::Debug + Send + Sync {
    /// What each of its programs says of itself.
    async fn health(&self) -> Result<Vec<MailHealth>, MailServiceError>;

    /// The mail that waits, as it was some seconds ago at most. What the panel did to it meanwhile is seen.
    async fn queue(&self) -> Result<Vec<Queued>, MailServiceError>;

    /// Does something with one mail that waits, or, without an id, with all.
    async fn act(&self, id: Option<&QueueId>, act: QueueAct) -> Result<(), MailServiceError>;

    /// The headers of a mail that waits, as they are.
    async fn headers(&self, id: &QueueId) -> Result<String, MailServiceError>;

    /// Ends all sessions of a mailbox's address; none is no error.
    async fn kick(&self, address: &str) -> Result<(), MailServiceError>;

    /// Removes all mail of a mailbox from disk, by its id (a UUID, the name of its folder). What is not there is no error.
    async fn erase(&self, mailbox: uuid::Uuid) -> Result<(), MailServiceError>;

    /// Puts a mail (RFC 5322) into a mailbox's inbox past all queues, filters and quotas.
    async fn put(&self, address: &str, mail: &str) -> Result<(), MailServiceError>;

    /// What the programs write from `since` on, for as long as the container runs.
    async fn logs(
        &self,
        since: Option<DateTime<Utc>>,
    ) -> Result<BoxStream<'static, Result<MailLogLine, MailServiceError>>, MailServiceError>;

    /// Fetches a mailbox from another IMAP server, and says how far it is. Asking again is harmless: what is here already does not
    /// come again. Who drops what it says does not want it any more, and it ends.
    async fn fetch(
        &self,
        what: &Fetch,
    ) -> Result<BoxStream<'static, Result<FetchEvent, MailServiceError>>, MailServiceError>;
}
