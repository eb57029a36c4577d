//! What a backup is of, and what something from it goes to: a server, or a volume of the tenant's own.

use uuid::Uuid;

use crate::platform::ids::{ServerId, VolumeId};

/// One of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    /// A server, with all of its own volumes.
    Server(ServerId),
    /// A volume that belongs to no server.
    Volume(VolumeId),
}

impl Of {
    /// As the database has it; nothing once it is gone.
    pub fn new(server: Option<ServerId>, volume: Option<VolumeId>) -> Option<Self> {
        server.map(Self::Server).or(volume.map(Self::Volume))
    }

    /// The server, if it is one.
    pub fn server(self) -> Option<ServerId> {
        match self {
            Self::Server(server) => Some(server),
            Self::Volume(_) => None,
        }
    }

    /// The volume, if it is one.
    pub fn volume(self) -> Option<VolumeId> {
        match self {
            Self::Server(_) => None,
            Self::Volume(volume) => Some(volume),
        }
    }

    /// What events about it have as their target.
    pub fn uuid(self) -> Uuid {
        match self {
            Self::Server(server) => server.0,
            Self::Volume(volume) => volume.0,
        }
    }
}
