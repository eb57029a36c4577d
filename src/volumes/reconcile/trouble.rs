//! What goes wrong with volumes, and how it is told: people get words, the log gets all of it.

use crate::drivers::engine::{EngineError, FilesError};
use crate::drivers::pool::{PoolError, show_size};
use crate::platform::error::Error;
use crate::servers::QuotaError;

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    /// The pool.
    #[error(transparent)]
    Pool(#[from] PoolError),
    /// The engine.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// What is in it.
    #[error(transparent)]
    Files(FilesError),
    /// The database. The lease runs out and another look follows.
    #[error(transparent)]
    Database(#[from] Error),
    /// It holds more bytes than it should be able to.
    #[error("it keeps its size: it holds {} by now", show_size(*.0))]
    TooSmall(u64),
    /// A server has it, or is yet to be seen without it.
    #[error("a server's container still has it; it goes when that is made anew")]
    Held,
    /// It is read for a backup.
    #[error("a backup of it is being made")]
    Saved,
    /// It is being filled.
    #[error("it is being filled from a backup")]
    Filling,
    /// It could not be filled.
    #[error("it could not be filled from the backup: {0}")]
    Unfilled(String),
    /// The panel is not told of the pool.
    #[error("this panel is not told of a volume driver")]
    NoPool,
}

impl From<FilesError> for Trouble {
    fn from(error: FilesError) -> Self {
        match error {
            FilesError::Engine(error) => Self::Engine(error),
            other => Self::Files(other),
        }
    }
}

impl From<QuotaError> for Trouble {
    fn from(error: QuotaError) -> Self {
        match error {
            QuotaError::Pool(error) => Self::Pool(error),
            QuotaError::Database(error) => Self::Database(error),
        }
    }
}

impl Trouble {
    /// The words for people.
    pub(super) fn words(&self) -> String {
        match self {
            Self::Pool(error) => match error.code() {
                "no_driver" | "gone" => AWAY,
                "missing" => "it is not in the pool any more; the provider's log says more",
                "full" => "the node's pool of storage is full; the provider has to make it larger",
                "read_only" => {
                    "the node's pool of storage is damaged and read-only; the provider has to repair it"
                }
                _ => "the node's pool of storage refused; the provider's log says why",
            },
            Self::Engine(EngineError::InUse { .. }) => return Self::Held.to_string(),
            Self::Engine(EngineError::NoVolumeDriver(_)) => AWAY,
            Self::Engine(EngineError::Unavailable(_) | EngineError::Timeout(_)) => {
                "the container engine does not answer"
            }
            Self::Engine(EngineError::Foreign { .. } | EngineError::OtherInstallation { .. }) => {
                "its name on the engine belongs to somebody else"
            }
            Self::Engine(_) | Self::Files(_) => "the container engine refused; the provider's log says why",
            Self::Database(_) => "the database does not answer",
            Self::TooSmall(_)
            | Self::NoPool
            | Self::Held
            | Self::Saved
            | Self::Filling
            | Self::Unfilled(_) => {
                return self.to_string();
            }
        }
        .to_owned()
    }
}

const AWAY: &str = "the volume driver of its node does not answer; it goes on by itself when that is back";
