//! What is in a volume, as the engine's helper for files reads it.

use crate::app::App;
use crate::drivers::engine::{
    EngineError, FilesChange, FilesError, FilesSpec, FilesVolume, PathError, ServerKey, TenantKey, VolumePath,
};

use super::model::Volume;
use super::reconcile::volume_key;

/// What paths in it begin with, and what it is called in its backups.
pub const TOP: &str = "data";
/// All of a tenant's servers may write, whatever user their programs run as: they are one another's equals there.
const SHARED: u32 = 0o777;

/// A volume for the helper, which goes by the volume's id because no server has it.
pub fn files_spec(app: &App, volume: &Volume) -> Result<FilesSpec, EngineError> {
    Ok(FilesSpec {
        server: ServerKey::new(volume.id.to_string())?,
        tenant: TenantKey::new(volume.tenant.to_string())?,
        base_image: app.config.base_image.clone(),
        volumes: vec![FilesVolume {
            name: TOP.to_owned(),
            key: volume_key(volume.id)?,
        }],
    })
}

/// The folder that all paths in it begin with.
pub fn top_folder() -> Result<VolumePath, PathError> {
    VolumePath::of_volume(TOP)
}

/// Lets everybody who mounts a new volume write into it.
pub(super) async fn open_up(app: &App, volume: &Volume) -> Result<(), FilesError> {
    let spec = files_spec(app, volume)?;
    let top = top_folder().map_err(|_| FilesError::Impossible)?;
    let change = FilesChange::SetMode(top, SHARED);
    let done = app.engine.change_files(&spec, &change).await;
    app.engine.close_files(&spec.server).await?;
    done
}
