//! Mail to people, through a server that the operator names. Whoever sends decides when to try again; here one try is made.

#[cfg(feature = "testing")]
pub mod fake;
mod smtp;

use std::fmt;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

pub use smtp::{Smtp, SmtpSettingError, sender};

/// A mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// What makes its `Message-ID`: the same for each try, so that a receiver can tell a repetition.
    pub id: String,
    /// One address.
    pub to: String,
    /// A line.
    pub subject: String,
    /// Plain text.
    pub text: String,
    /// When it was written.
    pub at: DateTime<Utc>,
    /// What only some mails have.
    pub extra: Extra,
}

/// What makes a mail a part of a conversation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Extra {
    /// Where an answer goes, if not to whom it comes from.
    pub reply_to: Option<String>,
    /// The ids of the mails before it, the oldest first, without brackets. It answers the last one.
    pub references: Vec<String>,
    /// Headers besides.
    pub headers: Vec<(&'static str, String)>,
}

/// Why a mail did not go.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MailError {
    /// It will not go later either: the server said so (5yz of RFC 5321, 4.2.1), or it can't be written.
    #[error("refused: {0}")]
    Refused(String),
    /// It may go later.
    #[error("not now: {0}")]
    NotNow(String),
}

/// Takes mail away.
#[async_trait]
pub trait Mailer: fmt::Debug + Send + Sync {
    /// Hands a mail to the server. After a success the server has taken it upon itself.
    async fn send(&self, mail: &Mail) -> Result<(), MailError>;

    /// Whether the server answers and lets us in.
    async fn check(&self) -> Result<(), MailError>;

    /// Where it is, without what opens it.
    fn address(&self) -> String;

    /// Whom mail comes from.
    fn sender(&self) -> String;
}
