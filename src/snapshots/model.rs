//! What a snapshot is, and what can be done with one when. Pure.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::platform::error::Error;
use crate::platform::ids::{ScheduleId, ServerId, SnapshotId, TenantId};
use crate::servers::model::{Quota, Server, ServerName};

/// So many a server has at most; each costs the pool a little, however small it is.
pub const MAX: i64 = 50;
/// So many snapshots of a stack's servers are shown: the newest.
pub const OF_STACK: i64 = 100;
/// How long a name may be.
const MAX_NAME: usize = 60;

/// Why it was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = SnapshotReason)]
pub enum Reason {
    /// Somebody asked for it.
    Manual,
    /// A schedule did.
    Schedule,
    /// Somebody asked for one of the whole stack.
    Stack,
    /// It keeps what a server held before it was restored.
    Safety,
}

impl Reason {
    /// The word in the database.
    pub fn word(self) -> &'static str {
        match self {
            Self::Manual => "manual",
            Self::Schedule => "schedule",
            Self::Stack => "stack",
            Self::Safety => "safety",
        }
    }

    /// The words on pages; none for what somebody asked for.
    pub fn shown(self) -> &'static str {
        match self {
            Self::Manual => "",
            Self::Schedule => "by a schedule",
            Self::Stack => "with its stack",
            Self::Safety => "kept before a restoring",
        }
    }

    /// What the database's word means.
    pub fn read(word: &str) -> Self {
        match word {
            "schedule" => Self::Schedule,
            "stack" => Self::Stack,
            "safety" => Self::Safety,
            _ => Self::Manual,
        }
    }
}

/// How it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = SnapshotState)]
pub enum State {
    /// It is being taken.
    Making,
    /// It is there.
    Ready,
    /// Its server is being restored to it.
    Restoring,
    /// It is being removed.
    Removing,
    /// It could not be taken.
    Failed,
}

impl State {
    /// All of them.
    #[cfg(test)]
    pub const ALL: [Self; 5] = [
        Self::Making,
        Self::Ready,
        Self::Restoring,
        Self::Removing,
        Self::Failed,
    ];

    /// The word in the database.
    pub fn word(self) -> &'static str {
        match self {
            Self::Making => "making",
            Self::Ready => "ready",
            Self::Restoring => "restoring",
            Self::Removing => "removing",
            Self::Failed => "failed",
        }
    }

    /// What the database's word means.
    pub fn read(word: &str) -> Self {
        match word {
            "making" => Self::Making,
            "restoring" => Self::Restoring,
            "removing" => Self::Removing,
            "failed" => Self::Failed,
            _ => Self::Ready,
        }
    }

    /// The word on pages, and its tone.
    pub fn shown(self) -> (&'static str, &'static str) {
        match self {
            Self::Making => ("Being taken", "busy"),
            Self::Ready => ("Ready", "good"),
            Self::Restoring => ("Being restored", "busy"),
            Self::Removing => ("Being deleted", "busy"),
            Self::Failed => ("Failed", "bad"),
        }
    }
}

/// A snapshot.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// Its id, which is its name in the pool.
    pub id: SnapshotId,
    /// Whose.
    pub tenant: TenantId,
    /// Of which server.
    pub server: ServerId,
    /// What people call it.
    pub name: String,
    /// Why it was taken.
    pub reason: Reason,
    /// The schedule that took it.
    pub schedule: Option<ScheduleId>,
    /// How it is.
    pub state: State,
    /// Why it could not be taken, or why the last attempt at something failed.
    pub error: Option<String>,
    /// Who asked for it.
    pub created_by: String,
    /// When.
    pub created_at: DateTime<Utc>,
    /// When it was taken.
    pub taken_at: Option<DateTime<Utc>>,
}

/// A snapshot of one of a stack's servers.
#[derive(Debug, Clone)]
pub struct PartSnapshot {
    /// What the server is called.
    pub server_name: String,
    /// The snapshot.
    pub snapshot: Snapshot,
}

impl Snapshot {
    /// Refuses what needs one that is there.
    pub fn check_ready(&self) -> Result<(), Error> {
        match self.state {
            State::Ready => Ok(()),
            State::Making => Err(Error::conflict(
                "snapshot-not-ready",
                "This snapshot is still being taken. Try again in a moment.",
            )),
            State::Restoring => Err(Error::conflict(
                "being-restored",
                "The server is being restored to this snapshot. Wait until that is done.",
            )),
            State::Removing => Err(Error::conflict(
                "snapshot-gone",
                "This snapshot is being deleted.",
            )),
            State::Failed => Err(Error::conflict(
                "snapshot-failed",
                "This snapshot could not be taken. Delete it, and take another.",
            )),
        }
    }

    /// Refuses to delete one that is needed.
    pub fn check_removable(&self) -> Result<(), Error> {
        match self.state {
            State::Ready | State::Failed | State::Removing => Ok(()),
            State::Making | State::Restoring => self.check_ready(),
        }
    }
}

/// Refuses snapshots of what has none, and says why.
pub fn check_server(server: &Server) -> Result<(), Error> {
    server.check_stays()?;
    match server.quota() {
        Some(Quota::Soft) => Err(Error::conflict("no-snapshots", WHY_NOT)),
        _ if server.home() != server.id => Err(Error::conflict("files-elsewhere", ELSEWHERE)),
        Some(Quota::Enforced) => Ok(()),
        None => Err(Error::conflict(
            "server-not-made",
            "This server has no data yet. Wait until it was made.",
        )),
    }
}

/// Why a server has no snapshots.
pub const WHY_NOT: &str = "Its data is on the engine's plain volumes, which are measured and not limited, and can't be \
                           snapshotted. Servers that are made on a node with a pool of storage have snapshots: ask your \
                           provider, or copy this server there.";

/// Why a server that has another's files has no snapshots, and where they are.
pub const ELSEWHERE: &str =
    "This server has the files of the first server of its part of the stack. Their snapshots are there.";

/// A name that people give.
pub fn parse_name(text: &str) -> Result<String, String> {
    let name = ServerName::parse(text).map_err(|error| error.to_string())?;
    if name.as_str().chars().count() > MAX_NAME {
        return Err(format!("Use at most {MAX_NAME} characters."));
    }
    Ok(name.as_str().to_owned())
}

/// The name of one to which nobody gave any.
pub fn made_up(what: &str, now: DateTime<Utc>) -> String {
    format!("{what} {}", now.format("%Y-%m-%d %H:%M:%S"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_as_they_are_written() {
        for state in State::ALL {
            assert_eq!(State::read(state.word()), state);
        }
        for reason in [Reason::Manual, Reason::Schedule, Reason::Stack, Reason::Safety] {
            assert_eq!(Reason::read(reason.word()), reason);
        }
    }

    #[test]
    fn names_are_short_and_plain() {
        assert_eq!(
            parse_name(" before the update ").as_deref(),
            Ok("before the update")
        );
        assert!(parse_name("").is_err());
        assert!(parse_name(&"x".repeat(MAX_NAME + 1)).is_err());
        assert!(parse_name("a\nb").is_err());
        assert_eq!(
            made_up("Snapshot", DateTime::<Utc>::UNIX_EPOCH),
            "Snapshot 1970-01-01 00:00:00"
        );
    }
}
