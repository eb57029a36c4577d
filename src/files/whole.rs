//! Volumes as a whole, a server's and a tenant's own, for whoever takes all of them: the tenant that leaves. What is locked stays out, as it does
//! for everybody else.

use bytes::Bytes;

use crate::app::App;
use crate::catalogue::Offer;
use crate::drivers::engine::{EngineError, EngineStream, FilesError, FilesSpec, VolumePath};
use crate::platform::error::Error;
use crate::servers::model::Server;
use crate::volumes::{self, Volume as TenantVolume};

use super::actions::{self, sifted, spec};
use super::model::{Locks, Quota, refusal};

/// The volumes that a server has itself, or one that belongs to none.
pub struct WholeVolumes {
    app: App,
    spec: FilesSpec,
    locks: Locks,
    quota: Quota,
    /// Their names, in the template's order.
    pub names: Vec<String>,
}

impl WholeVolumes {
    /// A server's. One that was never made, is deleted, or uses another's has none.
    pub fn of(app: &App, server: &Server, offer: Option<&Offer>) -> Result<Self, Error> {
        let is_made = server.observed_generation > 0 && !server.is_deleted();
        let has_own = is_made && server.home() == server.id;
        let own = if has_own {
            actions::volumes(offer)
        } else {
            Vec::new()
        };
        Ok(Self {
            spec: spec(app, server, &own).map_err(Error::internal)?,
            locks: Locks::of(offer),
            quota: Quota {
                disk_mib: server.resources.disk_mib,
            },
            names: own.into_iter().map(|volume| volume.name).collect(),
            app: app.clone(),
        })
    }

    /// One of the tenant's own, under the name that its paths begin with.
    pub fn of_volume(app: &App, volume: &TenantVolume) -> Result<Self, Error> {
        let spec = volumes::files_spec(app, volume).map_err(Error::internal)?;
        Ok(Self {
            names: spec.volumes.iter().map(|volume| volume.name.clone()).collect(),
            spec,
            locks: Locks::of(None),
            quota: Quota {
                disk_mib: volume.size_mib,
            },
            app: app.clone(),
        })
    }

    /// One of them as a tar, in which its name is the top; nothing if the engine has lost one of the server's volumes.
    pub async fn tar(&self, name: &str) -> Result<Option<EngineStream<Bytes>>, Error> {
        let path = VolumePath::of_volume(name).map_err(Error::internal)?;
        match self.app.engine.archive_files(&self.spec, &path).await {
            Ok(tar) => Ok(Some(sifted(&self.locks, &path, tar))),
            Err(FilesError::Engine(EngineError::VolumeMissing { .. })) => Ok(None),
            Err(error) => Err(refusal(error, self.quota)),
        }
    }
}
