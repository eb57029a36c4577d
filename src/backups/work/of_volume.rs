//! What is done with a volume of the tenant's own: it holds still while it is saved, gets things back, or is filled when it is new.

use serde_json::json;

use crate::app::App;
use crate::drivers::backup::{BackupError, Place, Restic, SavedVolume};
use crate::platform::db::SystemTx;
use crate::platform::error::Error;
use crate::platform::fault;
use crate::platform::ids::{BackupId, SnapshotId, VolumeId};
use crate::snapshots;
use crate::volumes::{self, TOP, Volume};

use super::super::model::{About, Backup, Restore, VolumeFill};
use super::super::store;
use super::{Trouble, emit};

fn gone() -> Trouble {
    Trouble::Failed("the volume is gone".to_owned())
}

/// The volume, while there is one.
async fn there(app: &App, id: Option<VolumeId>) -> Result<Volume, Trouble> {
    let id = id.ok_or_else(gone)?;
    let volume = volumes::find(&mut app.db.system().await?, id).await;
    volume.map_err(|error| match error {
        Error::NotFound => gone(),
        error => error.into(),
    })
}

/// One that is whole, and stays.
pub(super) async fn found(app: &App, id: Option<VolumeId>) -> Result<Volume, Trouble> {
    let volume = there(app, id).await?;
    volume
        .check_open()
        .map_err(|error| Trouble::Failed(error.sentence()))?;
    Ok(volume)
}

/// What was saved.
pub(super) fn about(volume: &Volume) -> About {
    About {
        template: String::new(),
        size: String::new(),
        volumes: vec![TOP.to_owned()],
        size_mib: Some(volume.size_mib),
    }
}

/// What the volume is, for whoever has only the repository.
pub(super) fn told(volume: &Volume) -> Vec<u8> {
    json!({ "id": volume.id.to_string(), "name": volume.name, "size_mib": volume.size_mib })
        .to_string()
        .into_bytes()
}

/// For the helper, which reaches it as the tenant's own.
fn saved(volume: &Volume) -> Result<SavedVolume, Trouble> {
    Ok(SavedVolume {
        name: TOP.to_owned(),
        key: volumes::volume_key(volume.id).map_err(BackupError::Engine)?,
    })
}

/// What was done to a volume so that it holds still.
pub(super) struct StillVolume<'a> {
    app: &'a App,
    volume: &'a Volume,
    snapshot: SnapshotId,
}

impl<'a> StillVolume<'a> {
    /// For a backup: by its id, so that whoever goes on with it finds what there is.
    pub(super) fn new(app: &'a App, volume: &'a Volume, backup: BackupId) -> Self {
        Self {
            app,
            volume,
            snapshot: SnapshotId(backup.0),
        }
    }

    /// Makes it hold still, and says what to read.
    pub(super) async fn begin(&self) -> Result<SavedVolume, Trouble> {
        let held = snapshots::hold_volume(self.app, (self.volume, self.snapshot)).await;
        match held {
            Ok(Some(key)) => Ok(SavedVolume {
                name: TOP.to_owned(),
                key,
            }),
            Ok(None) => saved(self.volume),
            Err(error) if error.passes() => Err(Trouble::Waits),
            Err(error) => {
                // One that is full, say, is saved all the same, as it is.
                tracing::warn!(volume = %self.volume.id, %error, "a backup reads the volume itself");
                saved(self.volume)
            }
        }
    }

    /// Undoes it. Harmless when there is nothing.
    pub(super) async fn end(&self) -> Result<(), Trouble> {
        match snapshots::release_volume(self.app, (self.volume, self.snapshot)).await {
            Err(error) if error.passes() => Err(Trouble::Waits),
            Err(error) => {
                tracing::warn!(volume = %self.volume.id, %error, "a backup's snapshot is left");
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }
}

/// Puts something from a backup beside what is there.
pub(super) async fn get_back(
    app: &App,
    restic: &Restic,
    place: &Place,
    (backup, restore, volume): (&Backup, &Restore, VolumeId),
) -> Result<(), Trouble> {
    let volume = found(app, Some(volume)).await?;
    let snapshot = backup.snapshot.as_deref().unwrap_or_default();
    let what = (&restore.what, restore.name.as_str());
    restic
        .restore_beside(place, snapshot, (None, &saved(&volume)?), what)
        .await?;
    Ok(())
}

/// Fills a new one. Nobody has it yet, so what a try before this one left goes first.
pub(super) async fn fill(
    app: &App,
    restic: &Restic,
    place: &Place,
    (backup, one): (&Backup, &VolumeFill),
) -> Result<(), Trouble> {
    let volume = there(app, one.volume).await?;
    if !volume.is_filling || volume.deleting_at.is_some() {
        return Err(gone());
    }
    let snapshot = backup.snapshot.as_deref().unwrap_or_default();
    restic
        .restore_over(place, snapshot, (None, &[saved(&volume)?]))
        .await?;
    fault::point("backups.filled");
    Ok(())
}

/// Writes how filling one ended, and tells whoever works on volumes.
pub(super) async fn end(
    app: &App,
    tx: &mut SystemTx,
    (backup, one): (&Backup, &VolumeFill),
    failure: Option<&str>,
) -> Result<(), Error> {
    let now = app.now();
    store::end_restore(tx, one.id, failure, now).await?;
    if let Some(volume) = one.volume {
        volumes::wake(tx, volume, now).await?;
    }
    emit(tx, backup).await
}
