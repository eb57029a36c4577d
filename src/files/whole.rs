//! Volumes as a whole, a server's and a tenant's own, for whoever takes all of them: the tenant that leaves. What is locked stays out, as it does
//! for everybody else.

use axum::response::Response;
use bytes::Bytes;
use futures_util::StreamExt as _;

use crate::app::App;
use crate::drivers::engine::{
    EngineError, EngineStream, Expected, FileEntry, FilePart, FilesChange, FilesError, FilesSpec, NewContent,
    UploadKey, VolumePath,
};
use crate::eggs;
use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::servers::model::Server;
use crate::volumes::{self, Volume as TenantVolume};

use super::actions::{self, Transfer, sifted};
use super::download;
use super::model::{Limit, Locks, is_made, locked, name_of, refusal};

/// The volumes that a server has itself, or one that belongs to none.
pub struct WholeVolumes {
    app: App,
    spec: FilesSpec,
    locks: Locks,
    limit: Limit,
    /// Their names, in the template's order.
    pub names: Vec<String>,
}

impl WholeVolumes {
    /// A server's. One that was never made, is deleted, or uses another's has none.
    pub async fn of(app: &App, tx: &mut impl Scoped, server: &Server) -> Result<Self, Error> {
        let offer = eggs::warm(app, tx, &server.template).await?;
        let offer = offer.as_ref();
        let has_own = is_made(server) && server.home() == server.id;
        let own = if has_own {
            actions::server_volumes(offer)
        } else {
            Vec::new()
        };
        Ok(Self {
            spec: actions::server_spec(app, server, &own).map_err(Error::internal)?,
            locks: Locks::of(offer),
            limit: Limit::Server(server.resources.disk_mib),
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
            limit: Limit::Volume(volume.size_mib),
            app: app.clone(),
        })
    }

    /// One of them as a tar, in which its name is the top; nothing if the engine has lost one of the server's volumes.
    pub async fn tar(&self, name: &str) -> Result<Option<EngineStream<Bytes>>, Error> {
        let path = VolumePath::of_volume(name).map_err(Error::internal)?;
        match self.app.engine.archive_files(&self.spec, &path).await {
            Ok(tar) => Ok(Some(sifted(&self.locks, &path, tar))),
            Err(FilesError::Engine(EngineError::VolumeMissing { .. })) => Ok(None),
            Err(error) => Err(refusal(error, self.limit)),
        }
    }

    /// Refuses a place that people may not touch, whoever asks.
    fn check(&self, path: &VolumePath) -> Result<(), Error> {
        if self.locks.hold(path) {
            Err(locked(&name_of(path)))
        } else {
            Ok(())
        }
    }

    fn refused(&self, error: FilesError) -> Error {
        refusal(error, self.limit)
    }

    /// What is at a place.
    pub async fn find(&self, path: &VolumePath) -> Result<FileEntry, Error> {
        self.check(path)?;
        let entry = self.app.engine.find_file(&self.spec, path).await;
        entry.map_err(|error| self.refused(error))
    }

    /// A file, to be saved.
    pub async fn send(&self, path: &VolumePath) -> Result<Response, Error> {
        self.check(path)?;
        let file = self
            .app
            .engine
            .read_file(&self.spec, path, FilePart::default())
            .await;
        Ok(download::file(path, file.map_err(|error| self.refused(error))?))
    }

    /// A folder as a tar, to be saved.
    pub async fn send_tar(&self, path: &VolumePath) -> Result<Response, Error> {
        self.check(path)?;
        let tar = self.app.engine.archive_files(&self.spec, path).await;
        let tar = tar.map_err(|error| self.refused(error))?;
        Ok(download::tar(path, sifted(&self.locks, path, tar)))
    }

    /// Gives a file that is not there yet its content.
    pub async fn add(&self, path: &VolumePath, content: Transfer) -> Result<(), Error> {
        self.check(path)?;
        let largest = u64::from(self.app.config.max_upload_mib) << 20;
        let (content, too_long) = content.limited(largest);
        let new = self
            .whole(Expected::Nothing)
            .map_err(|error| self.refused(error))?;
        let written = self.app.engine.write_file(&self.spec, path, &new, content).await;
        if too_long.is_so() {
            return Err(Error::TooLarge);
        }
        written.map(drop).map_err(|error| self.refused(error))
    }

    /// Makes a folder, and those that it is in.
    pub async fn make_folders(&self, path: &VolumePath) -> Result<(), Error> {
        self.check(path)?;
        self.folders(path).await.map_err(|error| self.refused(error))
    }

    async fn folders(&self, path: &VolumePath) -> Result<(), FilesError> {
        let mut at = VolumePath::of_volume(path.volume()).map_err(|_| FilesError::Impossible)?;
        for name in path.parts() {
            at = at.join(name).map_err(|_| FilesError::Impossible)?;
            let change = FilesChange::MakeFolder(at.clone());
            match self.app.engine.change_files(&self.spec, &change).await {
                Ok(()) | Err(FilesError::Exists) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Content that comes in one go.
    fn whole(&self, expected: Expected) -> Result<NewContent, FilesError> {
        let upload = self.app.ids.uuid(self.app.now()).simple().to_string();
        Ok(NewContent {
            expected,
            upload: UploadKey::new(&upload).ok_or(FilesError::Impossible)?,
            offset: 0,
            total: None,
        })
    }

    /// A file that the server's own programs wrote, of at most `most` bytes. Locks do not hold it.
    pub async fn get(
        &self,
        (volume, folders, name): (&str, &[&str], &str),
        most: usize,
    ) -> Result<Vec<u8>, FilesError> {
        let path = inside(volume, folders)?
            .join_text(name)
            .map_err(|_| FilesError::Impossible)?;
        let mut file = self
            .app
            .engine
            .read_file(&self.spec, &path, FilePart::default())
            .await?;
        let mut content = Vec::new();
        while let Some(piece) = file.content.next().await {
            content.extend_from_slice(&piece?);
            if content.len() > most {
                return Err(FilesError::TooMuch);
            }
        }
        Ok(content)
    }

    /// Gives a file for the server's own programs its content, in one step; the folders that it is in are made. Nothing that a
    /// person did, so it is not in the audit log, and locks do not hold it.
    pub async fn put(
        &self,
        (volume, folders, name): (&str, &[&str], &str),
        content: impl Into<Bytes>,
    ) -> Result<(), FilesError> {
        let folder = inside(volume, folders)?;
        self.folders(&folder).await?;
        let path = folder.join_text(name).map_err(|_| FilesError::Impossible)?;
        let body = futures_util::stream::iter([Ok(content.into())]).boxed();
        let new = self.whole(Expected::Anything)?;
        self.app.engine.write_file(&self.spec, &path, &new, body).await?;
        Ok(())
    }
}

/// A folder of a volume.
fn inside(volume: &str, folders: &[&str]) -> Result<VolumePath, FilesError> {
    let top = VolumePath::of_volume(volume).map_err(|_| FilesError::Impossible)?;
    folders.iter().try_fold(top, |at, part| {
        at.join_text(part).map_err(|_| FilesError::Impossible)
    })
}
