//! A server's disk in the node's pool: what keeps its volumes, how large they are, and whose quota they count for.
//!
//! What the pool was told last is noted beside each volume, after the pool was told: whoever goes on after a crash tells it
//! again, which changes nothing. A volume that exists keeps what it is: one of the engine's own stays that, and says so.

use std::sync::Arc;

use crate::app::App;
use crate::drivers::engine::{self, VolumeDriver};
use crate::drivers::pool::{Kind, PoolError, Storage, TenantName, VolumeName};
use crate::platform::error::Error;
use crate::platform::fault;
use crate::volumes::{self, Mount};

use super::super::model::{DiskChange, Server, Volume, disk_change, share};
use super::super::store;
use super::quotas;
use super::steps::Effects;
use super::trouble::Trouble;

/// What keeps the volumes that are made from now on.
pub(super) fn driver(app: &App) -> VolumeDriver {
    match app.config.volume_driver() {
        Some(driver) => VolumeDriver::Berth { driver },
        None => VolumeDriver::Local,
    }
}

/// Whether the volumes that it has need another size. A server that has another's volumes leaves them to that.
pub(super) async fn change(app: &App, server: &Server) -> Result<Option<DiskChange>, Error> {
    if app.storage.is_none() || server.volumes_of.is_some() || server.is_deleted() {
        return Ok(None);
    }
    let mut tx = app.db.system().await?;
    let volumes = store::volumes(&mut tx, server.id).await?;
    Ok(disk_change(server.resources.disk_mib, &volumes))
}

/// Notes a volume that is there now.
pub(super) async fn note(effects: &Effects<'_>, made: &engine::Volume, size: u64) -> Result<(), Trouble> {
    fault::point("servers.volume_there");
    let (app, home) = (effects.app, effects.server().home());
    let known = store::volumes(&mut app.db.system().await?, home).await?;
    if known.iter().any(|volume| volume.name == made.name) {
        return Ok(());
    }
    let is_pooled = app.config.volume_driver().as_ref() == Some(&made.driver);
    let mut is_enforced = false;
    if let (true, Some(storage)) = (is_pooled, &app.storage) {
        // One that was made by somebody who died before noting it may have another size.
        storage.resize(&VolumeName::parse(&made.name)?, size).await?;
        is_enforced = storage.kind().await? == Kind::Enforced;
    }
    let volume = Volume {
        name: made.name.clone(),
        is_pooled,
        is_enforced,
        size,
        used: None,
    };
    let mut tx = app.db.system().await?;
    store::note_volume(&mut tx, home, &volume).await?;
    Ok(tx.commit().await?)
}

/// Gives each volume its share of the disk, at once and while it is used.
pub(super) async fn resize(effects: &Effects<'_>) -> Result<(), Trouble> {
    let (app, server) = (effects.app, effects.server());
    let volumes = store::volumes(&mut app.db.system().await?, server.id).await?;
    let size = share(server.resources.disk_mib, volumes.len());
    for volume in volumes
        .iter()
        .filter(|volume| volume.is_pooled && volume.size != size)
    {
        storage(app)?
            .resize(&VolumeName::parse(&volume.name)?, size)
            .await?;
        fault::point("servers.volume_resized");
        let mut tx = app.db.system().await?;
        store::note_size(&mut tx, server.id, &volume.name, size).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// Has a moved server's volumes count for the tenant that it has now.
pub(super) async fn give(effects: &Effects<'_>) -> Result<(), Trouble> {
    let (app, server) = (effects.app, effects.server());
    let volumes = store::volumes(&mut app.db.system().await?, server.id).await?;
    let tenant = TenantName::parse(&server.tenant.to_string())?;
    let pooled: Vec<&Volume> = volumes.iter().filter(|volume| volume.is_pooled).collect();
    if pooled.is_empty() {
        return Ok(());
    }
    let storage = storage(app)?;
    quotas::hold_quota(app, server.tenant).await?;
    for volume in pooled {
        match storage.give(&VolumeName::parse(&volume.name)?, &tenant).await {
            Err(error) if error.code() == "missing" => {}
            other => other?,
        }
        fault::point("servers.volume_given");
    }
    Ok(())
}

/// Whether the pool serves what the server is about to mount. The engine would find out as well, after 15 seconds.
pub(super) async fn ready(effects: &Effects<'_>) -> Result<(), Trouble> {
    let (app, home) = (effects.app, effects.server().home());
    let Some(storage) = &app.storage else {
        return Ok(());
    };
    if effects
        .mounts
        .iter()
        .any(|mount| mount.is_wanted && mount.is_pooled)
    {
        storage.kind().await?;
    }
    let own = store::volumes(&mut app.db.system().await?, home).await?;
    for volume in own.iter().filter(|volume| volume.is_pooled) {
        storage
            .resize(&VolumeName::parse(&volume.name)?, volume.size)
            .await?;
    }
    Ok(())
}

/// Whether the engine has the volumes that the tenant attached to the server. One that is yet to be made is waited for; one that
/// was lost holds the server, as an empty folder in its place would pass for the data.
pub(super) async fn attached_there(effects: &Effects<'_>) -> Result<(), Trouble> {
    let wanted: Vec<&Mount> = effects.mounts.iter().filter(|mount| mount.is_wanted).collect();
    if wanted.is_empty() {
        return Ok(());
    }
    let there = effects.app.engine.list_volumes().await?;
    for mount in wanted {
        if !mount.is_made {
            return Err(Trouble::Waits);
        }
        let key = volumes::volume_key(mount.volume)?;
        if !there.iter().any(|volume| volume.key == key) {
            return Err(Trouble::Lost(mount.name.clone()));
        }
    }
    Ok(())
}

fn storage(app: &App) -> Result<&Arc<dyn Storage>, Trouble> {
    app.storage.as_ref().ok_or_else(|| {
        PoolError::Invalid(
            "its volumes are in a pool, and this panel is not told of its driver: BERTH_VOLUME_DRIVER_SOCKET"
                .to_owned(),
        )
        .into()
    })
}
