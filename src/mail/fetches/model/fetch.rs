//! A fetch and how far it is.

use chrono::{DateTime, Utc};

use crate::drivers::mail::FetchTls;
use crate::platform::ids::{MailFetchId, MailboxId, OperationId, TenantId};

/// How far a fetch is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = MailFetchState)]
pub enum FetchState {
    /// Its turn has not come, or it is tried again.
    Waiting,
    /// Mail comes.
    Running,
    /// All of it came.
    Done,
    /// It was given up. What came stays.
    Failed,
    /// Somebody did not want it any more. What came stays.
    Cancelled,
}

impl FetchState {
    /// What the database has.
    pub fn read(word: &str) -> Self {
        match word {
            "running" => Self::Running,
            "done" => Self::Done,
            "failed" => Self::Failed,
            "cancelled" => Self::Cancelled,
            _ => Self::Waiting,
        }
    }

    /// For the database.
    pub fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether it will change no more.
    pub fn is_over(self) -> bool {
        !matches!(self, Self::Waiting | Self::Running)
    }
}

/// Which folders come.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[schema(as = MailFetchFolders)]
pub enum Folders {
    /// All.
    #[default]
    All,
    /// All but junk and trash.
    WithoutJunk,
}

impl Folders {
    /// The name in the database and in forms.
    pub fn word(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::WithoutJunk => "without_junk",
        }
    }

    /// What a word means.
    pub fn read(word: &str) -> Option<Self> {
        [Self::All, Self::WithoutJunk]
            .into_iter()
            .find(|one| one.word() == word)
    }
}

/// What is asked of another server, but for the password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// Its name, or its address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is encrypted.
    pub tls: FetchTls,
    /// Which folders come.
    pub folders: Folders,
    /// The certificate that was accepted.
    pub fingerprint: Option<String>,
}

/// A fetch.
#[derive(Debug, Clone)]
pub struct Fetch {
    /// Its id.
    pub id: MailFetchId,
    /// Whose it is.
    pub tenant: TenantId,
    /// Into which mailbox.
    pub mailbox: MailboxId,
    /// That one's address.
    pub address: String,
    /// Whether that one was deleted meanwhile.
    pub is_deleted: bool,
    /// From where.
    pub wish: Wish,
    /// Who signs in there.
    pub user: String,
    /// How far it is.
    pub state: FetchState,
    /// Somebody does not want it any more.
    pub is_cancelled: bool,
    /// Why it failed, or the last try did: a word for programs.
    pub reason: Option<String>,
    /// The same as a sentence.
    pub error: Option<String>,
    /// The certificate that was refused.
    pub seen_fingerprint: Option<String>,
    /// Folders that are to come.
    pub total_folders: i32,
    /// Messages in them.
    pub total_messages: i64,
    /// Folders that are done.
    pub done_folders: i32,
    /// Messages that came.
    pub done_messages: i64,
    /// Bytes that came.
    pub done_bytes: i64,
    /// The folder that is open.
    pub folder: String,
    /// The operation that tells of it.
    pub operation: OperationId,
    /// Who asked.
    pub created_by: String,
    /// When.
    pub created_at: DateTime<Utc>,
    /// When the mail service began.
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
}

impl Fetch {
    /// Bytes in a second, all along; nothing before anything came.
    pub fn speed(&self, now: DateTime<Utc>) -> Option<i64> {
        let took = self.finished_at.unwrap_or(now) - self.started_at?;
        let milliseconds = took.num_milliseconds();
        (milliseconds > 0 && self.done_bytes > 0).then(|| self.done_bytes.saturating_mul(1000) / milliseconds)
    }

    /// How much of it is done. Messages that were here before do not come again, so folders count as well.
    pub fn percent(&self) -> u32 {
        let of = |done: i64, total: i64| {
            if total > 0 {
                done.saturating_mul(100) / total
            } else {
                0
            }
        };
        let messages = of(self.done_messages, self.total_messages);
        let folders = of(i64::from(self.done_folders), i64::from(self.total_folders));
        match self.state {
            FetchState::Done => 100,
            _ => u32::try_from(messages.max(folders).clamp(0, 99)).unwrap_or(0),
        }
    }
}

#[cfg(test)]
pub(in crate::mail::fetches) fn example() -> Fetch {
    let nil = uuid::Uuid::nil();
    Fetch {
        id: MailFetchId(nil),
        tenant: TenantId(nil),
        mailbox: MailboxId(nil),
        address: "ann@a.example".to_owned(),
        is_deleted: false,
        wish: Wish {
            host: "imap.old.example".to_owned(),
            port: 993,
            tls: FetchTls::Implicit,
            folders: Folders::All,
            fingerprint: None,
        },
        user: "ann".to_owned(),
        state: FetchState::Running,
        is_cancelled: false,
        reason: None,
        error: None,
        seen_fingerprint: None,
        total_folders: 4,
        total_messages: 100,
        done_folders: 1,
        done_messages: 10,
        done_bytes: 5000,
        folder: "INBOX".to_owned(),
        operation: OperationId(nil),
        created_by: "ada".to_owned(),
        created_at: DateTime::UNIX_EPOCH,
        started_at: Some(DateTime::UNIX_EPOCH),
        finished_at: None,
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn it_is_as_far_as_its_messages_or_its_folders() {
        let mut fetch = example();
        assert_eq!(fetch.percent(), 25);
        fetch.done_messages = 60;
        assert_eq!(fetch.percent(), 60);
        fetch.done_messages = 200;
        assert_eq!(fetch.percent(), 99);
        (fetch.total_folders, fetch.total_messages) = (0, 0);
        assert_eq!(fetch.percent(), 0);
        fetch.state = FetchState::Done;
        assert_eq!(fetch.percent(), 100);
    }

    #[test]
    fn its_speed_is_what_came_in_its_time() {
        let fetch = example();
        assert_eq!(fetch.speed(DateTime::UNIX_EPOCH), None);
        assert_eq!(
            fetch.speed(DateTime::UNIX_EPOCH + TimeDelta::seconds(5)),
            Some(1000)
        );
    }

    #[test]
    fn words_are_read_as_they_are_written() {
        use FetchState as S;
        for state in [S::Waiting, S::Running, S::Done, S::Failed, S::Cancelled] {
            assert_eq!(S::read(state.word()), state);
        }
        assert_eq!(Folders::read("without_junk"), Some(Folders::WithoutJunk));
        assert_eq!(Folders::read("some"), None);
    }
}
