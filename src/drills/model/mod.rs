//! What a drill is, which backup is next, and what a throw-away server says about itself. Pure.

mod choice;
mod night;
mod watch;

use chrono::{DateTime, Utc};

use crate::platform::error::Error;
use crate::platform::ids::{BackupId, DrillId, ServerId, TenantId};

pub use choice::{Candidate, choose};
pub use night::{Setting, night};
pub use watch::{Verdict, Watched, longest, verdict};

/// How a drill is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = DrillState)]
pub enum State {
    /// It waits for its turn.
    Waiting,
    /// The backup is restored, or the throw-away server watched.
    Running,
    /// The restored server works.
    Proven,
    /// It does not, or could not be restored.
    Failed,
}

impl State {
    /// As the database has it.
    pub fn parse(text: &str) -> Result<Self, Error> {
        match text {
            "waiting" => Ok(Self::Waiting),
            "running" => Ok(Self::Running),
            "proven" => Ok(Self::Proven),
            "failed" => Ok(Self::Failed),
            other => Err(Error::Internal(format!("a drill is {other:?}").into())),
        }
    }

    /// For people.
    pub fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Proven => "restored and working",
            Self::Failed => "failed",
        }
    }

    /// The colour and shape that it is shown in.
    pub fn tone(self) -> &'static str {
        match self {
            Self::Waiting => "idle",
            Self::Running => "busy",
            Self::Proven => "good",
            Self::Failed => "bad",
        }
    }
}

/// A drill.
#[derive(Debug, Clone)]
pub struct Drill {
    /// Its id, which is also what is made for it on the engine is called by.
    pub id: DrillId,
    /// Whose it is.
    pub tenant: TenantId,
    /// The server whose backup it restores, while there is one.
    pub server: Option<ServerId>,
    /// What that was called.
    pub server_name: String,
    /// The backup, while there is one.
    pub backup: Option<BackupId>,
    /// From when that is.
    pub backup_at: DateTime<Utc>,
    /// How it is.
    pub state: State,
    /// Who asked for it; nobody for the night's.
    pub asked_by: Option<String>,
    /// What is being done.
    pub step: Option<String>,
    /// Why it failed.
    pub error: Option<String>,
    /// What was restored.
    pub bytes: i64,
    /// How often it was begun.
    pub attempts: i32,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
    /// When it ended.
    pub ended_at: Option<DateTime<Utc>>,
}

/// What is known of a server's backups.
#[derive(Debug, Clone)]
pub struct Proof {
    /// When one was proven last.
    pub proven_at: Option<DateTime<Utc>>,
    /// From when that was.
    pub proven_backup_at: Option<DateTime<Utc>>,
    /// Since when none can be: the alert.
    pub failed_since: Option<DateTime<Utc>>,
    /// Why.
    pub reason: Option<String>,
}
