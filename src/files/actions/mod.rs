//! The verbs. What they change is on the engine and not in the database, so that a transaction can't hold both: each does
//! its work, and what it did is then written into the audit log. Reading is not written there, but for whole folders.

mod change;
mod read;
mod transfer;
mod write;

use std::time::Duration;

use serde_json::Value;

use crate::app::App;
use crate::audit::{Change, Target};
use crate::catalogue::Offer;
use crate::drivers::engine::{
    EngineError, FileEntry, FilesError, FilesSpec, FilesVolume, ServerKey, TenantKey, VolumePath,
};
use crate::eggs;
use crate::platform::access::TenantScope;
use crate::platform::error::Error;
use crate::platform::ids::{ServerId, SnapshotId};
use crate::servers;
use crate::servers::model::Server;
use crate::snapshots::{self, Viewed};

use super::model::{Item, Locks, Quota, Volume, locked, name_of, refusal};

pub(super) use read::sifted;
pub use transfer::Transfer;
pub use write::{Piece, Saved, version_of};

/// So much is looked through for something locked before a folder goes or moves.
const MOST_BELOW: u64 = 200_000;

fn too_many() -> Error {
    let message =
        "There is too much in that folder to see whether something in it is locked. Take a part of it.";
    Error::conflict("file-locked", message)
}

/// So long nothing may come of a file that is being sent.
const STALLED: Duration = Duration::from_secs(30);

/// The files of one server, and who asks for them.
pub struct ServerFiles {
    app: App,
    scope: TenantScope,
    /// The server.
    pub server: Server,
    /// Its volumes, in the template's order.
    pub volumes: Vec<Volume>,
    spec: FilesSpec,
    locks: Locks,
}

impl ServerFiles {
    /// The files of a server of the scope's tenant.
    pub async fn of(app: &App, scope: &TenantScope, id: ServerId) -> Result<Self, Error> {
        let mut tx = scope.begin().await?;
        let server = servers::find(&mut tx, id).await?;
        let offer = eggs::warm(app, &mut tx, &server.template).await?;
        // The engine may be slow; the database's connection is not kept waiting for it.
        drop(tx);
        let volumes = volumes(offer.as_ref());
        Ok(Self {
            locks: Locks::of(offer.as_ref()),
            spec: spec(app, &server, &volumes).map_err(Error::internal)?,
            app: app.clone(),
            scope: scope.clone(),
            server,
            volumes,
        })
    }

    /// The files that a snapshot of a server holds, to be looked at: its volumes by their keys on the engine, and the key of
    /// the helper that looks.
    pub async fn of_views(
        app: &App,
        scope: &TenantScope,
        id: ServerId,
        viewed: SnapshotId,
    ) -> Result<Self, Error> {
        let mut files = Self::of(app, scope, id).await?;
        files.check_made()?;
        // Without a pool there is nothing to look into.
        if app.storage.is_none() {
            return Err(Error::NotFound);
        }
        let viewed = Viewed {
            server: &files.server,
            snapshot: viewed,
        };
        let names: Vec<String> = files.volumes.iter().map(|volume| volume.name.clone()).collect();
        let unavailable = |error: EngineError| match error {
            error @ (EngineError::Unavailable(_)
            | EngineError::NoVolumeDriver(_)
            | EngineError::Timeout(_)) => Error::Unavailable(error.into()),
            error => Error::internal(error),
        };
        snapshots::ensure_views(app, viewed, &names)
            .await
            .map_err(unavailable)?;
        let volume = |name: &String| {
            Ok(FilesVolume {
                name: name.clone(),
                key: viewed.key(name)?,
            })
        };
        let volumes: Result<_, EngineError> = names.iter().map(volume).collect();
        let (helper, volumes) = (
            viewed.helper().map_err(Error::internal)?,
            volumes.map_err(Error::internal)?,
        );
        (files.spec.server, files.spec.volumes) = (helper, volumes);
        Ok(files)
    }

    /// Whether the server was made, so that there are files to be looked at.
    pub fn is_made(&self) -> bool {
        self.server.observed_generation > 0 && !self.server.is_deleted()
    }

    /// Its volumes are filled from the image when its container is first made: nobody may be there before.
    fn check_made(&self) -> Result<(), Error> {
        if self.is_made() {
            Ok(())
        } else {
            Err(Error::NotFound)
        }
    }

    fn refused(&self, error: FilesError) -> Error {
        let quota = Quota {
            disk_mib: self.server.resources.disk_mib,
        };
        refusal(error, quota)
    }

    /// What is at a place, as it is told to people.
    fn item(&self, path: VolumePath, entry: FileEntry) -> Item {
        Item {
            is_locked: self.locks.hold(&path),
            path,
            entry,
        }
    }

    /// Refuses a place that people may not touch. Everything that reads or changes one asks this first.
    fn check_unlocked(&self, path: &VolumePath) -> Result<(), Error> {
        if self.locks.hold(path) {
            Err(locked(&name_of(path)))
        } else {
            Ok(())
        }
    }

    /// Refuses what would take something locked away with a folder, or bring something to where it is locked, with the folder
    /// that it is in. What the server's own programs make meanwhile is theirs; people can't make anything there.
    async fn check_unlocked_below(&self, path: &VolumePath, to: Option<&VolumePath>) -> Result<(), Error> {
        if self.locks.is_empty() {
            return Ok(());
        }
        let all = self.app.engine.places_below(&self.spec, path, MOST_BELOW).await;
        let all = match all {
            Ok(all) => all.ok_or_else(too_many)?,
            // It is no folder, or is not there: then nothing is below, and the change itself says what is wrong.
            Err(FilesError::NotAFolder | FilesError::Link | FilesError::NotFound) => return Ok(()),
            Err(error) => return Err(self.refused(error)),
        };
        for below in &all {
            for place in std::iter::once(path).chain(to) {
                let mut at = place.parts().to_vec();
                at.push(below.clone());
                if self.locks.hold_bytes(&at.join(&b'/')) {
                    let name = format!("{}/{}", name_of(place), String::from_utf8_lossy(below));
                    return Err(locked(&name));
                }
            }
        }
        Ok(())
    }

    /// Writes into the audit log what was done to a path.
    async fn note(&self, action: &'static str, path: &VolumePath, mut what: Value) -> Result<(), Error> {
        what["path"] = path.to_string().into();
        let target = Target {
            kind: "server",
            id: Some(self.server.id.0),
            label: &self.server.name,
            tenant: Some(self.server.tenant),
        };
        let mut tx = self.scope.begin().await?;
        let change = Change::to(action, what);
        self.app.audit(&mut tx, &self.scope.who, &target, &change).await?;
        tx.commit().await
    }
}

pub(super) fn volumes(offer: Option<&Offer>) -> Vec<Volume> {
    let Some(offer) = offer else {
        return Vec::new();
    };
    let volumes = offer.template.volumes.iter().map(|volume| Volume {
        name: volume.name.clone(),
        mounted_at: volume.path.display().to_string(),
        purpose: volume.purpose.clone(),
    });
    volumes.collect()
}

pub(super) fn spec(app: &App, server: &Server, volumes: &[Volume]) -> Result<FilesSpec, EngineError> {
    let volume = |volume: &Volume| {
        Ok(FilesVolume {
            name: volume.name.clone(),
            key: servers::volume_key(server, &volume.name)?,
        })
    };
    Ok(FilesSpec {
        server: ServerKey::new(server.id.to_string())?,
        tenant: TenantKey::new(server.tenant.to_string())?,
        base_image: app.config.base_image.clone(),
        volumes: volumes.iter().map(volume).collect::<Result<_, EngineError>>()?,
    })
}
