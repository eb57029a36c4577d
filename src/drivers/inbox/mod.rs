//! A mailbox that the panel reads: what is new in it, one mail after another, and what was taken is marked. Whoever takes mail knows
//! each by its key and takes none twice; the mark only spares the next look.

#[cfg(feature = "testing")]
pub mod fake;
mod imap;
mod wire;

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;

pub use imap::{Imap, InboxSettingError};

/// Which mail of an inbox it is, for ever: what UIDVALIDITY and UID of IMAP say together (RFC 9051, 2.3.1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MailKey {
    /// Changes if the mailbox is made anew.
    pub validity: u32,
    /// Counts up.
    pub uid: u32,
}

/// Why the inbox could not be read. It is tried again later in any case.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InboxError {
    /// It does not answer, or not in time.
    #[error("no connection: {0}")]
    Away(String),
    /// It does not let us in, or does not do what we ask.
    #[error("refused: {0}")]
    Refused(String),
    /// What it answers is no IMAP, or more than we take.
    #[error("an answer that is not understood: {0}")]
    Strange(String),
}

/// Gives mail.
#[async_trait]
pub trait Inbox: fmt::Debug + Send + Sync {
    /// Those without a mark whose number is above `after`, the oldest first, at most `most`.
    async fn new_mails(&self, after: u32, most: usize) -> Result<Vec<MailKey>, InboxError>;

    /// The first `limit` bytes of one; nothing if somebody took it away.
    async fn fetch(&self, key: MailKey, limit: usize) -> Result<Option<Vec<u8>>, InboxError>;

    /// Marks one as taken.
    async fn mark_done(&self, key: MailKey) -> Result<(), InboxError>;

    /// Marks one as taken and for people to look at.
    async fn put_aside(&self, key: MailKey) -> Result<(), InboxError>;

    /// Waits until the inbox tells that mail has come, or for so long. Says whether it can tell; if not, it does not wait.
    async fn wait(&self, longest: Duration) -> Result<bool, InboxError>;

    /// The host that it is at, without what opens it.
    fn host(&self) -> &str;
}
