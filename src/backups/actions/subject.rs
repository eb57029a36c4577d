//! What is backed up: a server, or a volume of the tenant's own; and whether it can be.

use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::ids::TenantId;
use crate::servers::model::Server;
use crate::volumes::Volume;

use super::super::model::{MOST, Of};
use super::super::store;

/// What is backed up.
#[derive(Debug, Clone, Copy)]
pub(super) enum Subject<'a> {
    /// All that a server has of its own.
    Server(&'a Server),
    /// A volume of the tenant's own.
    Volume(&'a Volume),
}

impl Subject<'_> {
    /// Which.
    pub(super) fn of(self) -> Of {
        match self {
            Self::Server(server) => Of::Server(server.id),
            Self::Volume(volume) => Of::Volume(volume.id),
        }
    }

    /// Whose.
    pub(super) fn tenant(self) -> TenantId {
        match self {
            Self::Server(server) => server.tenant,
            Self::Volume(volume) => volume.tenant,
        }
    }

    /// What people call it.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Server(server) => &server.name,
            Self::Volume(volume) => &volume.name,
        }
    }

    /// Refuses what can't be backed up, and what has as many backups as it can have.
    pub(super) async fn check(self, tx: &mut impl Scoped) -> Result<(), Error> {
        let what = match self {
            Self::Server(server) if server.is_deleted() => {
                return Err(Error::conflict(
                    "server-deleted",
                    "The server is deleted. Restore it first.",
                ));
            }
            Self::Server(_) => "backups of this server",
            Self::Volume(_) => "backups of this volume",
        };
        let used = store::count(tx, self.of()).await?;
        if used >= MOST {
            return Err(Error::LimitReached {
                what,
                limit: MOST,
                used,
            });
        }
        Ok(())
    }
}
