//! Views: a snapshot's volumes under keys of their own on the engine, so that a container can be given them. They are read-only
//! in any container, as snapshots are. Whoever made them removes them; what is left over goes with the snapshot.

use crate::app::App;
use crate::drivers::engine::{
    EngineError, EngineResult, ServerKey, TenantKey, VolumeDriver, VolumeKey, VolumeSpec,
};
use crate::platform::ids::SnapshotId;
use crate::servers::{self, model::Server};

/// A snapshot that is looked at.
#[derive(Debug, Clone, Copy)]
pub struct Viewed<'a> {
    /// Whose volumes it is of.
    pub server: &'a Server,
    /// Which.
    pub snapshot: SnapshotId,
}

impl Viewed<'_> {
    /// The key of one volume's view, by the template's name for the volume.
    pub fn key(&self, volume: &str) -> EngineResult<VolumeKey> {
        VolumeKey::new(format!("{}-{volume}", self.snapshot))
    }

    /// The key of whatever looks at it: the server's own belongs to its present files.
    pub fn helper(&self) -> EngineResult<ServerKey> {
        ServerKey::new(self.snapshot.to_string())
    }
}

/// Makes views of these volumes of a server, as they were when a snapshot was taken. Harmless when repeated.
pub async fn ensure(app: &App, viewed: Viewed<'_>, volumes: &[String]) -> EngineResult<()> {
    let driver = app
        .config
        .volume_driver()
        .ok_or_else(|| EngineError::invalid("this panel is not told of a volume driver"))?;
    for name in volumes {
        let view = VolumeSpec {
            key: viewed.key(name)?,
            tenant: TenantKey::new(viewed.server.tenant.to_string())?,
            server: Some(ServerKey::new(viewed.server.home().to_string())?),
            driver: VolumeDriver::View {
                driver: driver.clone(),
                of: servers::volume_key(viewed.server, name)?,
                snapshot: viewed.snapshot.to_string(),
            },
            size_bytes: None,
        };
        app.engine.ensure_volume(&view).await?;
    }
    Ok(())
}

/// Removes all views of a snapshot, and ends what looks at them.
pub async fn remove(app: &App, viewed: Viewed<'_>) -> EngineResult<()> {
    app.engine.close_files(&viewed.helper()?).await?;
    let start = format!("{}-", viewed.snapshot);
    for volume in app.engine.list_volumes().await? {
        if volume.key.as_str().starts_with(&start) {
            app.engine.remove_volume(&volume.key).await?;
        }
    }
    Ok(())
}
