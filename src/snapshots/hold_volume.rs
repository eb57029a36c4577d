//! A volume of the tenant's own that holds still while something reads it, as a server's do: by a snapshot that is in no list.

use crate::app::App;
use crate::drivers::engine::{EngineError, EngineResult, TenantKey, VolumeDriver, VolumeKey, VolumeSpec};
use crate::drivers::pool::{PoolResult, VolumeName};
use crate::platform::ids::SnapshotId;
use crate::volumes::{self, Volume};

use super::hold::{HoldError, put_away, take};

/// Takes a snapshot of a volume, and makes a view of it, whose key this is; nothing where the volume is not in the pool. Harmless
/// when repeated: what a dead reader took is taken for that.
pub async fn hold_volume(
    app: &App,
    (volume, snapshot): (&Volume, SnapshotId),
) -> Result<Option<VolumeKey>, HoldError> {
    let (Some(storage), Some(name)) = (&app.storage, pooled(volume)?) else {
        return Ok(None);
    };
    take(storage.as_ref(), &name, snapshot).await?;
    let driver = app
        .config
        .volume_driver()
        .ok_or_else(|| EngineError::invalid("this panel is not told of a volume driver"))?;
    let view = VolumeSpec {
        key: view_key(snapshot)?,
        tenant: TenantKey::new(volume.tenant.to_string())?,
        server: None,
        driver: VolumeDriver::View {
            driver,
            of: volumes::volume_key(volume.id)?,
            snapshot: snapshot.to_string(),
        },
        size_bytes: None,
    };
    app.engine.ensure_volume(&view).await?;
    Ok(Some(view.key))
}

/// Removes it with its view, if there is one.
pub async fn release_volume(app: &App, (volume, snapshot): (&Volume, SnapshotId)) -> Result<(), HoldError> {
    let (Some(storage), Some(name)) = (&app.storage, pooled(volume)?) else {
        return Ok(());
    };
    app.engine.remove_volume(&view_key(snapshot)?).await?;
    put_away(storage.as_ref(), &name, snapshot).await?;
    Ok(())
}

fn view_key(snapshot: SnapshotId) -> EngineResult<VolumeKey> {
    VolumeKey::new(format!("{snapshot}-volume"))
}

/// Its name in the pool, where it is in there.
fn pooled(volume: &Volume) -> PoolResult<Option<VolumeName>> {
    let name = volume.engine_name.as_deref().filter(|_| volume.is_pooled);
    name.map(VolumeName::parse).transpose()
}
