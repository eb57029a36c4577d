//! What can go wrong with a container engine, in the words that its callers decide by.
//!
//! A thing that is gone is a value ([`Outcome::Gone`](super::Outcome), [`ObservedState::Gone`](super::ObservedState)),
//! not an error. An error never holds a container's environment: sources that could carry one are dropped on the way.

use std::time::Duration;

use super::ServerKey;

/// What caused an error, kept for the log.
pub type Source = Box<dyn std::error::Error + Send + Sync>;

/// The result of a call to the engine.
pub type EngineResult<T> = Result<T, EngineError>;

/// Why the engine did not do what it was asked to.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// Nobody answers: the engine is down, restarting, or may not be reached from here. Nothing is wrong with the
    /// request; the same call works when the engine is back.
    #[error("the container engine cannot be reached")]
    Unavailable(#[source] Source),
    /// The engine was reached but did not answer in time. The call may still take effect: look again.
    #[error("the container engine did not answer within {0:?}")]
    Timeout(Duration),
    /// The image has to be built first.
    #[error("image {image} is not on the engine")]
    ImageMissing {
        /// The image's tag.
        image: String,
    },
    /// The container's network has to be made first.
    #[error("network {network} does not exist")]
    NetworkMissing {
        /// The network's name on the engine.
        network: String,
    },
    /// A volume of the container has to be made first. The engine would make one without labels and without quota.
    #[error("volume {volume} does not exist")]
    VolumeMissing {
        /// The volume's name on the engine.
        volume: String,
    },
    /// Another process or container of the host has the port.
    #[error("port {port} of the host is in use")]
    PortInUse {
        /// The host's port.
        port: u16,
    },
    /// The name belongs to something that this instance of Berth did not make. It was not touched.
    #[error("{name} on the engine belongs to somebody else")]
    Foreign {
        /// The name on the engine.
        name: String,
    },
    /// The name belongs to another installation of Berth that has our instance's name. It was not touched.
    #[error(
        "{name} on the engine belongs to another installation of Berth with the same BERTH_INSTANCE: give one of the \
         two another"
    )]
    OtherInstallation {
        /// The name on the engine.
        name: String,
    },
    /// The plugin that keeps a volume does not answer, or not as the engine wants. With the engine's words.
    #[error("a volume's driver does not answer: {0}")]
    NoVolumeDriver(String),
    /// The network or volume cannot be removed while a container uses it.
    #[error("{name} is in use")]
    InUse {
        /// The name on the engine.
        name: String,
    },
    /// The server's processes use more memory than it should be limited to.
    #[error("{used} bytes of memory are in use, more than {limit}")]
    MemoryInUse {
        /// What they use.
        used: u64,
        /// What they should be limited to.
        limit: u64,
    },
    /// The call needs a running container.
    #[error("server {0} is not running")]
    NotRunning(ServerKey),
    /// The server's container was made without an open input.
    #[error("server {0} takes no input")]
    NoInput(ServerKey),
    /// The path, or the server that it should be in, does not exist.
    #[error("{0} does not exist")]
    NotFound(String),
    /// The engine has no addresses left for another network: its address pools are too small.
    #[error("the engine has no addresses left for another network")]
    NoAddresses,
    /// The guard is there and its rules are not: customers' servers are not kept apart from the host. With the guard's
    /// own words.
    #[error("the network guard does not hold: {0}")]
    Unguarded(String),
    /// The request itself is wrong; repeating it does not help.
    #[error("{0}")]
    Invalid(String),
    /// A step of an image's build failed.
    #[error("the image was not built: {0}")]
    BuildFailed(String),
    /// An image could not be fetched. With the words of the engine, or of the registry.
    #[error("the image was not fetched: {0}")]
    PullFailed(String),
    /// Anything else that the engine said.
    #[error("the container engine answered {status}: {message}")]
    Failed {
        /// The HTTP status, or 0 if the failure came in the middle of an answer.
        status: u16,
        /// The engine's words.
        message: String,
        /// What caused it, if it was not an answer of the engine.
        #[source]
        source: Option<Source>,
    },
}

impl EngineError {
    /// An [`EngineError::Invalid`] with these words.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::Invalid(message.into())
    }
}
