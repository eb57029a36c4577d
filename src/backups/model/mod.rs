//! What a backup is, and what may be done with one.

mod of;
mod retention;

use chrono::{DateTime, Utc};

use crate::drivers::backup::InBackup;
use crate::platform::error::Error;
use crate::platform::ids::{
    BackupId, BackupRepositoryId, BackupRestoreId, OperationId, ScheduleId, ServerId, TenantId, VolumeId,
};

pub use of::Of;
pub use retention::{BySchedule, MOST_KEPT, Retention};

/// A server or volume has at most so many, whatever became of them.
pub const MOST: i64 = 60;
/// An organisation has at most so many, of all of its servers and of those that are gone.
pub const MOST_OF_TENANT: i64 = 2000;
/// So many things of an organisation's wait to be got back at once.
pub const MOST_RESTORES: i64 = 50;
/// So many backups of a stack's servers are shown: the newest.
pub const OF_STACK: i64 = 100;
/// So many of an organisation's backups are shown: the newest.
pub const OF_TENANT: i64 = 100;
/// So many servers that a backup fits are shown: the first by name.
pub const FITTING: i64 = 200;
/// So many repositories of all tenants are shown: the largest.
pub const ALL_SHOWN: i64 = 200;
/// So many restores of a backup are shown: the newest.
pub const SHOWN: i64 = 20;
/// The longest name that something restored gets.
pub const MAX_NAME: usize = 100;

/// How a backup is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = BackupState)]
pub enum State {
    /// It waits for its turn.
    Waiting,
    /// It is being made.
    Running,
    /// It is whole.
    Done,
    /// It is not, and will not be.
    Failed,
    /// It is being removed.
    Deleting,
}

impl State {
    /// As the database has it.
    pub fn parse(text: &str) -> Result<Self, Error> {
        Ok(match text {
            "waiting" => Self::Waiting,
            "running" => Self::Running,
            "done" => Self::Done,
            "failed" => Self::Failed,
            "deleting" => Self::Deleting,
            other => return Err(Error::Internal(format!("a backup is {other:?}").into())),
        })
    }

    /// For people.
    pub fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Deleting => "being deleted",
        }
    }

    /// The colour and shape that it is shown in.
    pub fn tone(self) -> &'static str {
        match self {
            Self::Done => "good",
            Self::Failed => "bad",
            Self::Waiting | Self::Deleting => "idle",
            Self::Running => "busy",
        }
    }
}

/// Why there is a backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = BackupReason)]
pub enum Reason {
    /// Somebody wanted it.
    Manual,
    /// A schedule's step.
    Schedule,
    /// Somebody wanted one of the whole stack.
    Stack,
    /// It keeps what a restore in place replaces.
    Safety,
}

impl Reason {
    /// All of them.
    const ALL: [Self; 4] = [Self::Manual, Self::Schedule, Self::Stack, Self::Safety];

    /// The word in the database and the API.
    pub fn word(self) -> &'static str {
        match self {
            Self::Manual => "manual",
            Self::Schedule => "schedule",
            Self::Stack => "stack",
            Self::Safety => "safety",
        }
    }

    /// As the database has it.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let found = Self::ALL.into_iter().find(|reason| reason.word() == text);
        found.ok_or_else(|| Error::Internal(format!("a backup is for {text:?}").into()))
    }
}

/// A backup.
#[derive(Debug, Clone)]
pub struct Backup {
    /// Its id.
    pub id: BackupId,
    /// Whose it is.
    pub tenant: TenantId,
    /// Where it is.
    pub repository: BackupRepositoryId,
    /// The server that it is of, while there is one.
    pub server: Option<ServerId>,
    /// The volume that it is of, while there is one.
    pub volume: Option<VolumeId>,
    /// Whether it is of a volume, also of one that is gone.
    pub is_of_volume: bool,
    /// What the server or volume was called.
    pub server_name: String,
    /// How it is.
    pub state: State,
    /// Why there is one.
    pub reason: Reason,
    /// What it reports to; several may report to one.
    pub operation: Option<OperationId>,
    /// The schedule that made it.
    pub schedule: Option<ScheduleId>,
    /// What is kept of those that the schedule made, once this one is whole.
    pub retention: Option<Retention>,
    /// Who wanted it.
    pub asked_by: String,
    /// When.
    pub created_at: DateTime<Utc>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
    /// Bytes that were looked at.
    pub done_bytes: i64,
    /// Bytes that there are.
    pub total_bytes: i64,
    /// Bytes that the repository has grown by.
    pub added_bytes: i64,
    /// Its name in the repository.
    pub snapshot: Option<String>,
    /// Why it failed.
    pub error: Option<String>,
    /// What was saved, once that is known.
    pub about: Option<About>,
}

/// What a backup is of, for whoever has the server or volume no more.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct About {
    /// The server's template; empty for a volume, and so no template's.
    pub template: String,
    /// The server's size; empty for a volume.
    pub size: String,
    /// Its volumes.
    pub volumes: Vec<String>,
    /// What a volume of the tenant's own could hold, in MiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size_mib: Option<i64>,
}

/// How a whole server is got back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whole {
    /// Into the empty volumes of a new one.
    Fill,
    /// Over what it has now, which is kept by a backup first.
    Over,
}

/// A whole server that is got back.
#[derive(Debug, Clone)]
pub struct WholeRestore {
    /// Its id.
    pub id: BackupRestoreId,
    /// The server that gets it.
    pub server: ServerId,
    /// How.
    pub how: Whole,
    /// The work to watch.
    pub operation: Option<OperationId>,
    /// The backup that keeps what was there.
    pub safety: Option<BackupId>,
    /// Whether what was there has begun to be replaced.
    pub is_begun: bool,
}

/// A new volume that is filled.
#[derive(Debug, Clone)]
pub struct VolumeFill {
    /// Its id.
    pub id: BackupRestoreId,
    /// The volume, while there is one.
    pub volume: Option<VolumeId>,
    /// What that is called.
    pub name: String,
    /// How it is: as for backups.
    pub state: State,
    /// Why it failed.
    pub error: Option<String>,
}

impl Backup {
    /// What it is of, while there is that.
    pub fn of(&self) -> Option<Of> {
        Of::new(self.server, self.volume)
    }

    /// How far it is, in percent.
    pub fn percent(&self) -> i64 {
        match (self.state, self.total_bytes) {
            (State::Done, _) => 100,
            (_, total) if total > 0 => (self.done_bytes.saturating_mul(100) / total).clamp(0, 99),
            _ => 0,
        }
    }

    /// The snapshot to look into.
    pub fn whole(&self) -> Result<&str, Error> {
        match (self.state, &self.snapshot) {
            (State::Done, Some(snapshot)) => Ok(snapshot),
            _ => Err(Error::conflict(
                "backup-not-done",
                "There is nothing to look into: this backup is not whole.",
            )),
        }
    }
}

/// A repository, as its organisation sees it.
#[derive(Debug, Clone)]
pub struct Repository {
    /// Its id.
    pub id: BackupRepositoryId,
    /// The name of where it is.
    pub target: String,
    /// Backups in it that are whole.
    pub backups: i64,
    /// Bytes that they take together.
    pub bytes: i64,
    /// When the newest of them was made.
    pub newest: Option<DateTime<Utc>>,
    /// When its key was shown.
    pub key_shown_at: Option<DateTime<Utc>>,
    /// To whom.
    pub key_shown_by: Option<String>,
    /// What checks of it came to.
    pub checks: Checks,
}

/// What checks of a repository came to.
#[derive(Debug, Clone, Default)]
pub struct Checks {
    /// When one passed last.
    pub passed_at: Option<DateTime<Utc>>,
    /// Since when none does.
    pub failed_at: Option<DateTime<Utc>>,
    /// Why.
    pub error: Option<String>,
}

/// A repository that no check passes of.
#[derive(Debug, Clone)]
pub struct FailedCheck {
    /// Whose it is.
    pub tenant_name: String,
    /// The name of where it is.
    pub target: String,
    /// What is wrong.
    pub reason: String,
    /// Since when.
    pub since: DateTime<Utc>,
}

/// A server or volume whose backups need somebody.
#[derive(Debug, Clone)]
pub struct Alert {
    /// Which.
    pub of: Of,
    /// What it is called.
    pub name: String,
    /// Whose it is.
    pub tenant: TenantId,
    /// What they are called.
    pub tenant_name: String,
    /// What is wrong.
    pub reason: String,
    /// Since when.
    pub since: DateTime<Utc>,
}

/// Something that is got back.
#[derive(Debug, Clone)]
pub struct Restore {
    /// Its id.
    pub id: BackupRestoreId,
    /// Where it goes, while there is that.
    pub into: Option<Of>,
    /// What.
    pub what: InBackup,
    /// What it is then called in the volume's root.
    pub name: String,
    /// How it is: as for backups.
    pub state: State,
    /// Why it failed.
    pub error: Option<String>,
}

/// A place in a backup, from what people and programs say.
pub fn place(path: &str) -> Result<InBackup, Error> {
    let path = path.trim_start_matches('/');
    let (volume, rest) = path.split_once('/').unwrap_or((path, ""));
    InBackup::new(volume, rest)
        .ok_or_else(|| Error::invalid("path", "Give a volume and a path in it: /data/folder."))
}

/// The name that something restored gets.
pub fn name(text: &str) -> Result<&str, Error> {
    let text = text.trim();
    let is_good = !text.is_empty()
        && text.chars().count() <= MAX_NAME
        && !text.starts_with('.')
        && !text.contains('/')
        && !text.chars().any(char::is_control);
    if is_good {
        Ok(text)
    } else {
        Err(Error::invalid(
            "name",
            "Give a name of at most 100 characters, without slashes and not beginning with a dot.",
        ))
    }
}

/// Bytes in the largest unit that leaves a whole number before the point.
#[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
pub fn bytes(amount: i64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let (mut amount, mut unit) = (amount as f64, 0);
    while amount >= 1024.0 && unit + 1 < UNITS.len() {
        amount /= 1024.0;
        unit += 1;
    }
    let digits = usize::from(unit > 0 && amount < 10.0);
    format!("{amount:.digits$} {}", UNITS[unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_have_a_volume_and_stay_in_it() {
        let found = place("/data/a/b").unwrap();
        assert_eq!((found.volume(), found.path()), ("data", "/a/b"));
        assert_eq!(place("/data").unwrap().path(), "");
        for bad in ["", "/", "/data/../x", "/-x"] {
            place(bad).unwrap_err();
        }
    }

    #[test]
    fn names_are_plain() {
        assert_eq!(name(" again ").unwrap(), "again");
        for bad in ["", ".x", "a/b", "a\nb"] {
            name(bad).unwrap_err();
        }
    }
}
