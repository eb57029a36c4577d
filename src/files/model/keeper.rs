//! Whose files they are: a server's, in its template's volumes, or those in a volume that belongs to no server. What differs
//! between the two is told here; pages, actions and the API are the same for both.

use serde::de::DeserializeOwned;

use crate::audit::Target;
use crate::platform::error::Error;
use crate::platform::ids::{ServerId, VolumeId};
use crate::servers::model::{Quota, Server};
use crate::volumes::Volume as TenantVolume;

use super::refusal::Limit;

/// Which one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeeperId {
    /// A server.
    Server(ServerId),
    /// A volume of the tenant's own.
    Volume(VolumeId),
}

impl From<ServerId> for KeeperId {
    fn from(id: ServerId) -> Self {
        Self::Server(id)
    }
}

impl From<VolumeId> for KeeperId {
    fn from(id: VolumeId) -> Self {
        Self::Volume(id)
    }
}

/// An id in an address that says whose files are meant.
pub trait Keeps: Into<KeeperId> + DeserializeOwned + Send + 'static {}

impl Keeps for ServerId {}
impl Keeps for VolumeId {}

/// What keeps files.
#[derive(Debug, Clone)]
pub enum Keeper {
    /// A server.
    Server(Box<Server>),
    /// A volume of the tenant's own.
    Volume(Box<TenantVolume>),
}

/// Whether a server was made and stays. Its volumes are filled from the image when its container is first made: nobody may be
/// there before.
pub fn is_made(server: &Server) -> bool {
    server.observed_generation > 0 && !server.is_deleted()
}

impl Keeper {
    /// Refuses while there is nothing that could be looked at.
    pub fn check_open(&self) -> Result<(), Error> {
        match self {
            Self::Server(server) if is_made(server) => Ok(()),
            Self::Server(_) => Err(Error::NotFound),
            Self::Volume(volume) => volume.check_open(),
        }
    }

    /// How much it may store.
    pub fn limit(&self) -> Limit {
        match self {
            Self::Server(server) => Limit::Server(server.resources.disk_mib),
            Self::Volume(volume) => Limit::Volume(volume.size_mib),
        }
    }

    /// Whether that is enforced; nothing before it is known.
    pub fn quota(&self) -> Option<Quota> {
        match self {
            Self::Server(server) => server.quota(),
            Self::Volume(volume) => volume.quota(),
        }
    }

    /// The same as what is acted on, for the audit log.
    pub fn target(&self) -> Target<'_> {
        match self {
            Self::Server(server) => Target {
                kind: "server",
                id: Some(server.id.0),
                label: &server.name,
                tenant: Some(server.tenant),
            },
            Self::Volume(volume) => Target {
                kind: "volume",
                id: Some(volume.id.0),
                label: &volume.name,
                tenant: Some(volume.tenant),
            },
        }
    }
}
