//! What is in the backups of the tenant's own volumes, got back: beside in the volume itself, or as another volume.

use crate::app::App;
use crate::platform::access::{Permission, TenantScope};
use crate::platform::db::TenantTx;
use crate::platform::error::Error;
use crate::platform::ids::{BackupId, BackupRestoreId, VolumeId};
use crate::volumes::{self, TOP};

use super::super::model::{self, Backup, Of, Restore, State};
use super::super::store;
use super::{ask_restore, delete_in};

/// A backup of a volume that the scope may see.
pub async fn find_volumes(tx: &mut TenantTx, (volume, id): (VolumeId, BackupId)) -> Result<Backup, Error> {
    volumes::find(tx, volume).await?;
    store::find(tx, (Of::Volume(volume), id)).await
}

/// Removes one, and the data that only it has.
pub async fn delete_of_volume(app: &App, scope: &TenantScope, at: (VolumeId, BackupId)) -> Result<(), Error> {
    let mut tx = scope.begin().await?;
    let backup = find_volumes(&mut tx, at).await?;
    delete_in(app, tx, &scope.who, &backup).await
}

/// Gets a file, a folder or all of it back, into the top of the volume and under a name of its own.
pub async fn restore_in_volume(
    app: &App,
    scope: &TenantScope,
    at: (VolumeId, BackupId),
    (path, name): (&str, &str),
) -> Result<Restore, Error> {
    let restore = Restore {
        id: BackupRestoreId::new(&*app.ids, app.now()),
        into: Some(Of::Volume(at.0)),
        what: model::place(path)?,
        name: model::name(name)?.to_owned(),
        state: State::Waiting,
        error: None,
    };
    if restore.what.volume() != TOP {
        let message = format!("Paths in a volume's backup begin with /{TOP}.");
        return Err(Error::invalid("path", message));
    }
    let mut tx = scope.begin().await?;
    volumes::find(&mut tx, at.0).await?.check_open()?;
    let backup = find_volumes(&mut tx, at).await?;
    backup.whole()?;
    ask_restore(app, tx, &scope.who, (&backup, &restore)).await?;
    Ok(restore)
}

/// Makes another volume with what a backup holds, of the size that the first one had unless another is given. The first one may be gone.
pub async fn into_volume(
    app: &App,
    scope: &TenantScope,
    id: BackupId,
    (name, size_mib): (&str, Option<Result<i64, String>>),
) -> Result<volumes::Asked, Error> {
    if !scope.may(Permission::BackupWrite) || !scope.may(Permission::VolumeWrite) {
        return Err(Error::Forbidden);
    }
    let backup = store::any_of_volume(&mut scope.begin().await?, id).await?;
    backup.whole()?;
    let least = backup
        .about
        .as_ref()
        .and_then(|about| about.size_mib)
        .unwrap_or(0);
    let size_mib = size_mib.unwrap_or(Ok(least)).and_then(|size| enough(size, least));
    volumes::create(app, scope, (name, size_mib), Some(id)).await
}

/// What fitted into the first one fits into one that is as large.
fn enough(size_mib: i64, least: i64) -> Result<i64, String> {
    if size_mib < least {
        return Err(format!("The volume had {least} MiB. Use as much, or more."));
    }
    Ok(size_mib)
}
