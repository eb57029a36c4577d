//! What an import and its lines are. Pure.

mod cells;
mod file;
mod judge;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::mail::aliases::AliasKind;
use crate::platform::ids::MailImportId;
use crate::platform::secret::Secret;

pub use cells::{HEADER, csv_line, header_line, inert};
pub use file::{MAX_BYTES, read};
pub use judge::judge;

/// What a line makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LineKind {
    /// A mailbox.
    Mailbox,
    /// Another name.
    Alias,
    /// Many people under one address.
    Group,
    /// What nobody has.
    CatchAll,
}

impl LineKind {
    /// The word that the database has.
    pub fn word(self) -> &'static str {
        match self.alias() {
            Some(kind) => kind.word(),
            None => "mailbox",
        }
    }

    /// Reads the word.
    pub fn read(word: &str) -> Self {
        match AliasKind::read(word) {
            Some(AliasKind::Alias) => Self::Alias,
            Some(AliasKind::Group) => Self::Group,
            Some(AliasKind::CatchAll) => Self::CatchAll,
            None => Self::Mailbox,
        }
    }

    /// Which kind of alias it is, if it is one.
    pub fn alias(self) -> Option<AliasKind> {
        match self {
            Self::Mailbox => None,
            Self::Alias => Some(AliasKind::Alias),
            Self::Group => Some(AliasKind::Group),
            Self::CatchAll => Some(AliasKind::CatchAll),
        }
    }
}

/// What became of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LineState {
    /// It can't be used as it is.
    Bad,
    /// It waits for its turn.
    Waiting,
    /// It was made.
    Done,
    /// It could not be made.
    Failed,
    /// The import was cancelled before its turn.
    Skipped,
}

impl LineState {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Bad, Self::Waiting, Self::Done, Self::Failed, Self::Skipped];

    /// The word that the database has.
    pub fn word(self) -> &'static str {
        match self {
            Self::Bad => "bad",
            Self::Waiting => "waiting",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }

    /// Reads the word.
    pub fn read(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }
}

/// A line that can be used, as it was read.
#[derive(Debug, Clone)]
pub struct Entry {
    /// What it makes.
    pub kind: LineKind,
    /// The person's name.
    pub name: String,
    /// The password that it has.
    pub password: Option<Secret>,
    /// The hash that it has in place of one, as the mail service reads it.
    pub password_hash: Option<String>,
    /// What it may hold; nothing for no limit of its own.
    pub quota_mib: Option<i64>,
    /// Where its mail goes: an alias's targets, or a mailbox's forwards.
    pub targets: Vec<String>,
    /// Whether a mailbox that forwards keeps its mail.
    pub keeps_copy: bool,
    /// Whether it is turned on.
    pub is_enabled: bool,
    /// What an alias is for.
    pub description: String,
}

/// A line of a file.
#[derive(Debug, Clone)]
pub struct Line {
    /// Where it stands in the file.
    pub number: i32,
    /// Its address, as it was read or as it was typed.
    pub address: String,
    /// What it makes, or what is wrong with it.
    pub entry: Result<Entry, String>,
}

/// A line, as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// Where it stands in the file.
    pub number: i32,
    /// What it makes.
    pub kind: LineKind,
    /// Its address.
    pub address: String,
    /// What became of it.
    pub state: LineState,
    /// What is wrong with it.
    pub reason: Option<String>,
}

/// How far an import is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ImportState {
    /// It was read, and nothing is made yet.
    Preview,
    /// It is worked on.
    Running,
    /// All lines are done with.
    Done,
    /// It was given up.
    Cancelled,
}

impl ImportState {
    /// Reads the word that the database has.
    pub fn read(word: &str) -> Self {
        match word {
            "running" => Self::Running,
            "done" => Self::Done,
            "cancelled" => Self::Cancelled,
            _ => Self::Preview,
        }
    }
}

/// An import.
#[derive(Debug, Clone)]
pub struct Import {
    /// Its id.
    pub id: MailImportId,
    /// What the file was called.
    pub file_name: String,
    /// How far it is.
    pub state: ImportState,
    /// How many lines the file has.
    pub lines: i32,
    /// How many of them can't be used.
    pub bad: i32,
    /// How many were made.
    pub done: i32,
    /// How many could not be made.
    pub failed: i32,
    /// Who uploaded it.
    pub created_by: String,
    /// When.
    pub created_at: DateTime<Utc>,
    /// When it was started.
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
}

impl Import {
    /// How many lines can be used.
    pub fn good(&self) -> i32 {
        self.lines - self.bad
    }

    /// How much of it is done with, of a hundred.
    pub fn percent(&self) -> u32 {
        let (past, all) = (i64::from(self.done + self.failed), i64::from(self.good()));
        u32::try_from(past * 100 / all.max(1))
            .unwrap_or_default()
            .min(100)
    }
}

/// What an import would add, against what the plan allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// Mailboxes that it makes.
    pub mailboxes: i64,
    /// Mailboxes that are there.
    pub has_mailboxes: i64,
    /// Mailboxes that are allowed.
    pub max_mailboxes: i64,
    /// Aliases that it makes.
    pub aliases: i64,
    /// Aliases that are there.
    pub has_aliases: i64,
    /// Aliases that are allowed.
    pub max_aliases: i64,
}

impl Room {
    /// Why there is no room for it, in a sentence; nothing if there is.
    pub fn lack(&self) -> Option<String> {
        let sentence = |what: &str, new: i64, has: i64, max: i64| {
            (new > 0 && has + new > max)
                .then(|| format!("It would make {new} {what}. The plan allows {max}, and {has} are in use."))
        };
        let mailboxes = sentence(
            "mailboxes",
            self.mailboxes,
            self.has_mailboxes,
            self.max_mailboxes,
        );
        let aliases = sentence("aliases", self.aliases, self.has_aliases, self.max_aliases);
        match (mailboxes, aliases) {
            (Some(one), Some(other)) => Some(format!("{one} {other}")),
            (one, other) => one.or(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_plan_lacks_is_told_before() {
        let mut room = Room {
            mailboxes: 3,
            has_mailboxes: 7,
            max_mailboxes: 10,
            aliases: 0,
            has_aliases: 9,
            max_aliases: 5,
        };
        assert_eq!(room.lack(), None, "no alias is added");
        room.mailboxes = 4;
        room.aliases = 1;
        let lack = room.lack().unwrap();
        assert!(
            lack.contains("4 mailboxes") && lack.contains("1 aliases"),
            "{lack}"
        );
    }

    #[test]
    fn words_are_read_as_they_are_written() {
        for state in LineState::ALL {
            assert_eq!(LineState::read(state.word()), Some(state));
        }
        for kind in [
            LineKind::Mailbox,
            LineKind::Alias,
            LineKind::Group,
            LineKind::CatchAll,
        ] {
            assert_eq!(LineKind::read(kind.word()), kind);
        }
    }
}
