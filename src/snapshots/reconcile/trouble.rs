//! What goes wrong with snapshots, and how it is told: people get words, the log gets all of it.

use crate::drivers::engine::EngineError;
use crate::drivers::pool::PoolError;
use crate::platform::error::Error;

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub(in super::super) enum Trouble {
    /// The pool.
    #[error(transparent)]
    Pool(#[from] PoolError),
    /// The engine.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The database. The lease runs out and another look follows.
    #[error(transparent)]
    Database(#[from] Error),
    /// The server works on something, or has not stopped yet.
    #[error("the server has not stopped yet")]
    Waits,
    /// Another server is being filled from it.
    #[error("another server is being made from it")]
    Read,
    /// The server is on its way out.
    #[error("the server was deleted")]
    Gone,
    /// The panel is not told of the pool.
    #[error("this panel is not told of a volume driver")]
    NoPool,
}

impl Trouble {
    /// Whether trying again helps, without anybody doing something.
    pub(in super::super) fn passes(&self) -> bool {
        match self {
            Self::Pool(error) => matches!(error.code(), "no_driver" | "gone" | "busy" | "failed"),
            Self::Engine(EngineError::InUse { .. } | EngineError::NoVolumeDriver(_))
            | Self::Database(_)
            | Self::NoPool
            | Self::Read
            | Self::Waits => true,
            Self::Engine(error) => matches!(error, EngineError::Unavailable(_) | EngineError::Timeout(_)),
            Self::Gone => false,
        }
    }

    /// The words for people.
    pub(in super::super) fn words(&self) -> String {
        match self {
            Self::Pool(error) => match error.code() {
                "no_driver" | "gone" => "the volume driver of its node does not answer".to_owned(),
                "quota_reached" => {
                    "its disk, or your organisation's, is full: delete files or snapshots, or choose a larger size".to_owned()
                }
                "missing" => "what it needs is not in the pool any more".to_owned(),
                "full" => "the node's pool of storage is full; the provider has to make it larger".to_owned(),
                _ => "the node's pool of storage refused; the provider's log says why".to_owned(),
            },
            Self::Engine(EngineError::InUse { .. }) => "somebody is looking at it".to_owned(),
            Self::Engine(_) => "the container engine does not answer".to_owned(),
            Self::Database(_) => "the database does not answer".to_owned(),
            Self::Waits | Self::Read | Self::Gone | Self::NoPool => self.to_string(),
        }
    }
}
