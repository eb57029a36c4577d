//! What a notification is, and when one has failed. Pure.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::drivers::mailer::MailError;
use crate::platform::error::Error;
use crate::platform::ids::{NotificationId, TenantId};

/// After so many tries a mail has failed. The queue waits e^n seconds after the n-th, six hours at most: a day and a half.
pub const MAX_ATTEMPTS: i32 = 14;

/// How it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = NotificationState)]
pub enum State {
    /// On its way, or to be tried again.
    Waiting,
    /// The mail server has taken it.
    Sent,
    /// It is not tried again by itself.
    Failed,
}

impl State {
    /// As the database writes it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Sent => "sent",
            Self::Failed => "failed",
        }
    }

    /// The state of a word; one that nobody knows has failed.
    pub fn read(word: &str) -> Self {
        match word {
            "waiting" => Self::Waiting,
            "sent" => Self::Sent,
            _ => Self::Failed,
        }
    }

    /// For people.
    pub fn label(self) -> &'static str {
        match self {
            Self::Waiting => "Waiting",
            Self::Sent => "Sent",
            Self::Failed => "Failed",
        }
    }

    /// Which look a page gives it.
    pub fn look(self) -> &'static str {
        match self {
            Self::Waiting => "busy",
            Self::Sent => "good",
            Self::Failed => "bad",
        }
    }
}

/// What is to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// A line.
    pub subject: String,
    /// Plain text.
    pub text: String,
    /// What it tells of.
    pub about: Option<Uuid>,
}

/// A mail to somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    /// Which.
    pub id: NotificationId,
    /// Whom it concerns, and what they are called.
    pub tenant: Option<(TenantId, String)>,
    /// The address.
    pub recipient: String,
    /// The line.
    pub subject: String,
    /// The text.
    pub text: String,
    /// What it tells of.
    pub about: Option<Uuid>,
    /// How it is.
    pub state: State,
    /// How often it was tried.
    pub attempts: i32,
    /// Why it did not go at the last try.
    pub error: Option<String>,
    /// When it was written.
    pub created_at: DateTime<Utc>,
    /// When it went.
    pub sent_at: Option<DateTime<Utc>>,
}

impl Notification {
    /// What it is after a try.
    pub fn after(&self, outcome: &Result<(), MailError>) -> State {
        match outcome {
            Ok(()) => State::Sent,
            Err(MailError::NotNow(_)) if self.attempts + 1 < MAX_ATTEMPTS => State::Waiting,
            Err(_) => State::Failed,
        }
    }

    /// Refuses to send again what has not failed.
    pub fn check_failed(&self) -> Result<(), Error> {
        match self.state {
            State::Failed => Ok(()),
            State::Waiting | State::Sent => Err(Error::conflict(
                "notification-not-failed",
                "Only a mail that could not be sent can be sent again.",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_refuses_fails_and_what_it_does_not_take_now_fails_in_the_end() {
        let mut one = Notification {
            id: NotificationId(Uuid::nil()),
            tenant: None,
            recipient: "ada@example.com".to_owned(),
            subject: "x".to_owned(),
            text: "y".to_owned(),
            about: None,
            state: State::Waiting,
            attempts: 0,
            error: None,
            created_at: DateTime::UNIX_EPOCH,
            sent_at: None,
        };
        let away = Err(MailError::NotNow("421".to_owned()));
        assert_eq!(one.after(&Ok(())), State::Sent);
        assert_eq!(one.after(&away), State::Waiting);
        assert_eq!(
            one.after(&Err(MailError::Refused("550".to_owned()))),
            State::Failed
        );
        one.attempts = MAX_ATTEMPTS - 1;
        assert_eq!(one.after(&away), State::Failed);
        assert!(one.check_failed().is_err());
        for state in [State::Waiting, State::Sent, State::Failed] {
            assert_eq!(State::read(state.word()), state);
        }
    }
}
