//! What an archive is made of, and what is known about one. Pure.

mod name;
mod sums;
mod tar;

use chrono::{DateTime, Utc};

use crate::platform::error::Error;
use crate::platform::ids::ExitArchiveId;

pub use name::Names;
pub use sums::Sums;
pub use tar::{Count, Noted, Splice, end, entry};

/// How a download is, or how it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ArchiveState)]
pub enum State {
    /// It is being sent.
    Running,
    /// All of it was sent.
    Whole,
    /// It was not, so that it has no end marker.
    Broken,
}

impl State {
    /// As the database has it.
    pub fn parse(text: &str) -> Result<Self, Error> {
        match text {
            "running" => Ok(Self::Running),
            "whole" => Ok(Self::Whole),
            "broken" => Ok(Self::Broken),
            other => Err(Error::Internal(format!("an archive is {other:?}").into())),
        }
    }

    /// For people.
    pub fn word(self) -> &'static str {
        match self {
            Self::Running => "under way",
            Self::Whole => "complete",
            Self::Broken => "cut off",
        }
    }

    /// The colour and shape that it is shown in.
    pub fn tone(self) -> &'static str {
        match self {
            Self::Running => "busy",
            Self::Whole => "good",
            Self::Broken => "bad",
        }
    }
}

/// A download of all that a tenant has.
#[derive(Debug, Clone)]
pub struct Download {
    /// Its id, which the archive names too.
    pub id: ExitArchiveId,
    /// How it is.
    pub state: State,
    /// Who asked for it.
    pub asked_by: String,
    /// Whether secrets are in it.
    pub has_secrets: bool,
    /// How many files were sent so far.
    pub files: i64,
    /// How much was in them.
    pub bytes: i64,
    /// Why it was cut off.
    pub error: Option<String>,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it ended.
    pub ended_at: Option<DateTime<Utc>>,
}
