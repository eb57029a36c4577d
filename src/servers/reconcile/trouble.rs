//! What goes wrong in a step, and how it is told: the page gets words, the log gets all of it.

use crate::catalogue::BuildError;
use crate::drivers::engine::EngineError;
use crate::drivers::pool::PoolError;
use crate::platform::error::Error;

use super::quotas::Uncompared;

const MIB: u64 = 1024 * 1024;
/// What servers tell that need the volume driver. They are woken when it is back.
pub(super) const DRIVER_AWAY: &str =
    "the volume driver of its node does not answer; it goes on by itself when that is back";

/// Why a step did not succeed.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    /// The engine.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The pool that its volumes are in.
    #[error(transparent)]
    Storage(#[from] PoolError),
    /// The image.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// It can't be said what the container should be, for this reason.
    #[error("{0}")]
    Unspecified(String),
    /// Nothing would keep the server from the host, for this reason.
    #[error("the network guard is not ready: {0}")]
    Unguarded(String),
    /// The database. The lease runs out and another attempt follows.
    #[error(transparent)]
    Database(#[from] Error),
    /// Something in the way was put aside.
    #[error("{0}")]
    Cleared(String),
    /// Its folder could not be filled, for this reason.
    #[error("{0}")]
    Uninstalled(String),
    /// Its data could not be copied, for this reason.
    #[error("its data could not be copied: {0}")]
    Uncopied(String),
    /// The engine has lost a volume that is attached to it, of this name.
    #[error(
        "the volume {0} that is attached to it is missing on the engine; the provider has to bring it back, or detach it"
    )]
    Lost(String),
    /// Another server has to do something first.
    #[error("it waits for another server")]
    Waits,
    /// A new wish came in between.
    #[error("somebody wished for something else")]
    Overtaken,
    /// The container is gone between two steps.
    #[error("its container vanished while it was being started")]
    Vanished,
}

impl From<Uncompared> for Trouble {
    fn from(error: Uncompared) -> Self {
        match error {
            Uncompared::Pool(error) => Self::Storage(error),
            Uncompared::Database(error) => Self::Database(error),
        }
    }
}

impl Trouble {
    /// Whether the engine does not answer at all.
    pub(super) fn is_engine_away(&self) -> bool {
        let (Self::Engine(error) | Self::Build(BuildError::Engine(error))) = self else {
            return false;
        };
        matches!(error, EngineError::Unavailable(_))
    }

    /// The words for the page. What the engine says in its own words stays in the log: it tells of the host's inside.
    pub(super) fn words(&self) -> String {
        match self {
            Self::Engine(error) | Self::Build(BuildError::Engine(error)) => engine_words(error),
            Self::Build(BuildError::Failed(_)) => "its image could not be built".to_owned(),
            Self::Database(_) => "the database does not answer".to_owned(),
            Self::Uncopied(why) => why.clone(),
            Self::Storage(error) => pool_words(error),
            Self::Build(BuildError::Changed { .. } | BuildError::Unfetched { .. })
            | Self::Unspecified(_)
            | Self::Unguarded(_)
            | Self::Cleared(_)
            | Self::Uninstalled(_)
            | Self::Lost(_)
            | Self::Waits
            | Self::Overtaken
            | Self::Vanished => self.to_string(),
        }
    }
}

fn pool_words(error: &PoolError) -> String {
    match error.code() {
        "no_driver" | "gone" => DRIVER_AWAY.to_owned(),
        "too_small" => format!("its disk can't become so small: {error}"),
        "full" => "the node's pool of storage is full; the provider has to make it larger".to_owned(),
        "read_only" => {
            "the node's pool of storage is damaged and read-only; the provider has to repair it".to_owned()
        }
        _ => format!("its volumes could not be prepared: {error}"),
    }
}

fn engine_words(error: &EngineError) -> String {
    let words = match error {
        EngineError::PortInUse { port } => {
            return format!("port {port} of the host is used by something else");
        }
        EngineError::MemoryInUse { used, limit } => {
            return format!(
                "it uses {} MiB of memory now, more than the {} MiB of its new size; let it free some, restart it, or \
                 choose a larger size",
                used.div_ceil(MIB),
                limit / MIB
            );
        }
        EngineError::NoVolumeDriver(_) => DRIVER_AWAY,
        EngineError::Unavailable(_) => "the engine does not answer",
        EngineError::Timeout(_) => "the engine did not answer in time",
        EngineError::ImageMissing { .. } => "its image is missing",
        EngineError::NetworkMissing { .. } => "its network is missing",
        EngineError::VolumeMissing { .. } => "one of its volumes is missing",
        EngineError::Foreign { .. } => "its name on the engine belongs to somebody else",
        EngineError::OtherInstallation { .. } => {
            "its name on the engine belongs to another installation of Berth; the provider has to give one of the two \
             another BERTH_INSTANCE"
        }
        EngineError::InUse { .. } => "something that must go is still in use",
        EngineError::NoAddresses => "the engine has no addresses left for its network",
        EngineError::BuildFailed(_) => "its image could not be built",
        _ => "the engine refused; the provider's log says why",
    };
    words.to_owned()
}
