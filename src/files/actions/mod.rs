//! The verbs. What they change is on the engine and not in the database, so that a transaction can't hold both: each does
//! its work, and what it did is then written into the audit log. Reading is not written there, but for whole folders.

mod change;
mod read;
mod transfer;
mod write;

use std::time::Duration;

use serde_json::Value;

use crate::app::App;
use crate::audit::Change;
use crate::catalogue::Offer;
use crate::drivers::engine::{
    EngineError, FileEntry, FilesError, FilesResult, FilesSpec, FilesVolume, ServerKey, TenantKey, VolumePath,
};
use crate::eggs;
use crate::platform::access::TenantScope;
use crate::platform::error::Error;
use crate::platform::ids::{ServerId, SnapshotId, VolumeId};
use crate::servers;
use crate::servers::model::Server;
use crate::snapshots::{self, Viewed};
use crate::volumes::{self, Volume as TenantVolume};

use super::model::{Item, Keeper, KeeperId, Locks, Volume, locked, name_of, refusal};

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
pub const STALLED: Duration = Duration::from_secs(30);

/// The files of one keeper, and who asks for them.
pub struct Files {
    app: App,
    scope: TenantScope,
    /// Whose they are.
    pub keeper: Keeper,
    /// The volumes that they are in: a server's in the template's order.
    pub volumes: Vec<Volume>,
    spec: FilesSpec,
    locks: Locks,
}

impl Files {
    /// The files of a server of the scope's tenant, or of one of its volumes.
    pub async fn of(app: &App, scope: &TenantScope, id: KeeperId) -> Result<Self, Error> {
        match id {
            KeeperId::Server(id) => {
                let (server, offer) = load_server(app, scope, id).await?;
                Self::of_server(app, scope, server, offer.as_ref())
            }
            KeeperId::Volume(id) => {
                let volume = volumes::find(&mut scope.begin().await?, id).await?;
                Self::of_volume(app, scope, volume)
            }
        }
    }

    fn of_server(
        app: &App,
        scope: &TenantScope,
        server: Server,
        offer: Option<&Offer>,
    ) -> Result<Self, Error> {
        let volumes = server_volumes(offer);
        Ok(Self {
            locks: Locks::of(offer),
            spec: server_spec(app, &server, &volumes).map_err(Error::internal)?,
            app: app.clone(),
            scope: scope.clone(),
            keeper: Keeper::Server(Box::new(server)),
            volumes,
        })
    }

    /// No template has a say in what is in a volume of the tenant's own: nothing there is locked.
    fn of_volume(app: &App, scope: &TenantScope, volume: TenantVolume) -> Result<Self, Error> {
        let spec = volumes::files_spec(app, &volume).map_err(Error::internal)?;
        let volumes = spec.volumes.iter().map(|volume| Volume {
            name: volume.name.clone(),
            mounted_at: None,
            purpose: String::new(),
        });
        Ok(Self {
            locks: Locks::default(),
            volumes: volumes.collect(),
            app: app.clone(),
            scope: scope.clone(),
            keeper: Keeper::Volume(Box::new(volume)),
            spec,
        })
    }

    /// The files that a snapshot of a server holds, to be looked at, and the server: its volumes by their keys on the engine, and
    /// the key of the helper that looks.
    pub async fn of_views(
        app: &App,
        scope: &TenantScope,
        id: ServerId,
        viewed: SnapshotId,
    ) -> Result<(Server, Self), Error> {
        let (server, offer) = load_server(app, scope, id).await?;
        let mut files = Self::of_server(app, scope, server.clone(), offer.as_ref())?;
        files.keeper.check_open()?;
        // Without a pool there is nothing to look into.
        if app.storage.is_none() {
            return Err(Error::NotFound);
        }
        let viewed = Viewed {
            server: &server,
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
        Ok((server, files))
    }

    /// What the engine answered, or why it did not, as it is told to people.
    async fn told<T>(&self, answer: FilesResult<T>) -> Result<T, Error> {
        match answer {
            Ok(answer) => Ok(answer),
            Err(error) => Err(self.refused(error).await),
        }
    }

    async fn refused(&self, error: FilesError) -> Error {
        match (&self.keeper, error) {
            (Keeper::Volume(volume), FilesError::Engine(EngineError::VolumeMissing { .. })) => {
                let gone = self.check_stays(volume.id).await.err();
                gone.unwrap_or_else(|| volume.lost())
            }
            (_, error) => refusal(error, self.keeper.limit()),
        }
    }

    /// Refuses a volume that was deleted since its row was read.
    async fn check_stays(&self, volume: VolumeId) -> Result<(), Error> {
        let mut tx = self.scope.begin().await?;
        volumes::find(&mut tx, volume).await?.check_stays()
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
            Err(error) => return Err(self.refused(error).await),
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
        let mut tx = self.scope.begin().await?;
        let (target, change) = (self.keeper.target(), Change::to(action, what));
        self.app.audit(&mut tx, &self.scope.who, &target, &change).await?;
        tx.commit().await
    }
}

/// A server of the tenant's, and what it is made from. The engine may be slow: the database's connection is not kept for it.
async fn load_server(app: &App, scope: &TenantScope, id: ServerId) -> Result<(Server, Option<Offer>), Error> {
    let mut tx = scope.begin().await?;
    let server = servers::find(&mut tx, id).await?;
    let offer = eggs::warm(app, &mut tx, &server.template).await?;
    Ok((server, offer))
}

/// The volumes that a server has of its template.
pub(super) fn server_volumes(offer: Option<&Offer>) -> Vec<Volume> {
    let Some(offer) = offer else {
        return Vec::new();
    };
    let volumes = offer.template.volumes.iter().map(|volume| Volume {
        name: volume.name.clone(),
        mounted_at: Some(volume.path.display().to_string()),
        purpose: volume.purpose.clone(),
    });
    volumes.collect()
}

/// These for the helper.
pub(super) fn server_spec(app: &App, server: &Server, volumes: &[Volume]) -> Result<FilesSpec, EngineError> {
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
